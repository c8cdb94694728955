"""Signs of parameter expressions: decided, or asked for by name."""

from __future__ import annotations

from typing import Any

import sympy as sp

from hermiso import algebra
from hermiso.errors import ActivationError, UnknownSign

__all__ = ["sign_of"]

LONG = 60  # operations of a number that sympy is asked about


def sign_of(u: Any, because: str = "") -> int:
    """Return the sign -1, 0 or 1 of a real parameter expression.

    Raises:
        UnknownSign: names the symbols and the assumption to declare.
        ActivationError: if u is a number that is not real.
    """
    u = sp.sympify(u)
    if u.is_number:  # by digits: assumptions may ask for the roots of a cubic
        return _sign_of_number(u)
    if u.is_positive:
        return 1
    if u.is_negative:
        return -1
    if u.is_zero:
        return 0
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
    for digits in (15, 50, 200):
        value = u.evalf(digits, maxn=4 * digits)
        if _has_digits(value.as_real_imag()[1]):
            raise ActivationError(f"{u!s:.200} is not real; activations are real functions")
        if _has_digits(value):
            return 1 if value > 0 else -1
    if u == 0 or (u.count_ops() <= LONG and not u.has(sp.CRootOf) and algebra.simplify(u) == 0):
        return 0  # sympy may not end on roots of polynomials
    return _refuse(u)


def _has_digits(value: Any) -> bool:
    """Whether a value is a number other than 0; precision 1 means that all digits cancelled."""
    if value.is_Float:
        return bool(value._prec != 1 and value != 0)
    return bool(value.is_infinite or (value.is_Rational and value != 0))


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
