"""Zeros on the real line that can be written down and proved, of any order.

Not every zero is found: a missed one costs time, where the function fails to be smooth there, or
a refusal, but no digits.
"""

from __future__ import annotations

from typing import Any

import sympy as sp
from sympy import Expr, Symbol

from hermiso.errors import HermisoError
from hermiso.pieces import signs
from hermiso.signs import sign_of

__all__ = ["order", "zeros"]

TURNS = 8  # zeros of sin(u) are looked for at |u| <= 8 pi
CANDIDATES = (sp.S.Zero, sp.S.One, sp.S.NegativeOne)
_AS_THEIR_ARGUMENT = (
    *(sp.sinh, sp.tanh, sp.erf, sp.erfi, sp.atan),
    *(sp.asinh, sp.asin, sp.atanh, sp.Abs),
)


def zeros(u: Any, x: Symbol) -> frozenset[Expr]:
    """Return real zeros of u, exact; of u = 0 none."""
    if x not in u.free_symbols:
        return frozenset()
    if u.is_Mul:
        return frozenset().union(*(zeros(a, x) for a in u.args))
    if u.is_Pow:
        return zeros(u.base, x) if u.exp.is_positive else frozenset()
    if isinstance(u, _AS_THEIR_ARGUMENT):
        return zeros(u.args[0], x)
    if isinstance(u, (sp.sin, sp.tan, sp.cos)):
        shift = sp.S.Half if isinstance(u, sp.cos) else 0
        turns = range(-TURNS, TURNS + 1)
        return frozenset().union(*(zeros(u.args[0] - (k + shift) * sp.pi, x) for k in turns))
    c, rest = u.as_independent(x, as_Add=True)
    a, f = rest.as_independent(x, as_Add=False)
    if isinstance(f, sp.exp) and (c / a).is_negative:
        return zeros(f.args[0] - sp.log(-c / a), x)
    try:
        return frozenset(hi for _, hi, _ in signs(u, x)[:-1])
    except HermisoError:
        return frozenset(t for t in CANDIDATES if order(u, x, t, 0))


def order(u: Expr, x: Symbol, t: Expr, most: int) -> int | None:
    """Return the order of the zero of u at t, most + 1 if it is higher; None if unknown."""
    for k in range(most + 1):
        value = u.subs(x, t)
        if not (value.is_number and value.evalf().is_finite and value.evalf().is_real):
            return None
        try:
            if sign_of(value):
                return k
        except HermisoError:
            return None
        u = u.diff(x)
    return most + 1
