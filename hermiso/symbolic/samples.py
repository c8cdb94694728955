"""Sample values for parameters, within what their symbols declare."""

from __future__ import annotations

from collections.abc import Iterable

from sympy import Rational, Symbol

from hermiso.errors import ActivationError

__all__ = ["samples"]

_VALUES = [
    Rational(7, 9), Rational(17, 12), Rational(-5, 11), Rational(-13, 9), Rational(4, 13),
    *map(Rational, (2, 3, 1, 4, -1, -2, -3, 0)),
]  # fmt: skip
_CHECKED = (
    *("positive", "negative", "nonnegative", "nonpositive", "zero", "nonzero"),
    *("integer", "noninteger", "even", "odd", "rational"),
)


def samples(symbols: Iterable[Symbol], count: int = 2) -> list[dict[Symbol, Rational]]:
    """Return assignments of values that satisfy the assumptions of every symbol.

    Raises:
        ActivationError: if no sample value fits, naming the symbol.
    """
    ordered = sorted(symbols, key=str)
    if not ordered:
        return [{}]
    choices = {s: _fitting(s) for s in ordered}
    return [
        {s: choices[s][(j + i) % len(choices[s])] for i, s in enumerate(ordered)}
        for j in range(count)
    ]


def _fitting(s: Symbol) -> list[Rational]:
    known = s.assumptions0
    wanted = {key: known[key] for key in _CHECKED if key in known}
    found = [v for v in _VALUES if all(getattr(v, f"is_{k}") == w for k, w in wanted.items())]
    if not found:
        raise ActivationError(f"no sample value fits the assumptions on {s}: {wanted}")
    return found
