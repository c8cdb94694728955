"""Signs of parameter expressions: decided, or asked for by name."""

from __future__ import annotations

from typing import Any

import sympy as sp

from hermiso import algebra
from hermiso.errors import ActivationError, UnknownSign

__all__ = ["sign_of"]


def sign_of(u: Any, because: str = "") -> int:
    """Return the sign -1, 0 or 1 of a real parameter expression.

    Raises:
        UnknownSign: names the symbols and the assumption to declare.
        ActivationError: if u is a number that is not real.
    """
    u = sp.sympify(u)
    if u.is_number and not u.is_Atom and (found := _of_digits(u, 15)):
        return found  # cheap, where assumptions may ask for the roots of a cubic
    if u.is_positive:
        return 1
    if u.is_negative:
        return -1
    if u.is_zero:
        return 0
    if u.is_number:
        return _sign_of_number(u)
    factored = algebra.factor(algebra.together(u))
    for candidate in (factored, algebra.expand(u)):
        if candidate.is_positive:
            return 1
        if candidate.is_negative:
            return -1
        if candidate.is_zero:
            return 0
    raise UnknownSign(_question(factored, because))


def _sign_of_number(u: Any) -> int:
    if u.is_extended_real is False:
        raise ActivationError(f"{u!s:.200} is not real; activations are real functions")
    for digits in (50, 200):
        if found := _of_digits(u, digits):
            return found
    return 0 if algebra.simplify(u) == 0 else _refuse(u)


def _of_digits(u: Any, digits: int) -> int:
    """The sign of a number that has certain digits, else 0."""
    value = u.evalf(digits, maxn=4 * digits)
    if not value.is_Float or value._prec == 1 or value == 0:  # precision 1: all digits cancelled
        return 0
    return 1 if value > 0 else -1


def _refuse(u: Any) -> int:
    raise UnknownSign(f"the sign of {u!s:.200} could not be decided with 200 digits; simplify it")


def _question(u: Any, because: str) -> str:
    reason = f" ({because})" if because else ""
    names = ", ".join(sorted(str(s) for s in u.free_symbols))
    deciding = [f"{s} = Symbol('{s}', {fact}=True)" for s, fact in _deciding(u)]
    if deciding:
        hint = f"declare {' or '.join(deciding)}"
    else:
        hint = f"declare assumptions on {names} that decide it, or substitute numbers"
    return f"the sign of {u!s:.200} is needed and unknown{reason}; {hint}"


def _deciding(u: Any) -> list[tuple[Any, str]]:
    """Single assumptions that would decide the sign of u."""
    found = []
    free = [s for s in u.free_symbols if not (s.is_positive or s.is_negative)]
    for s in sorted(free, key=str):
        for fact in ("positive", "negative"):
            value = u.xreplace({s: sp.Symbol(s.name, **{fact: True})})
            if s.is_extended_real is not False and (value.is_positive or value.is_negative):
                found.append((s, fact))
    return found
