"""Symmetry of an activation about 0, seen without derivation."""

from __future__ import annotations

import sympy as sp
from sympy import Expr, Symbol

MAX_OPERATIONS = 60  # beyond it simplification costs more than quadrature


def symmetry(e: Expr, x: Symbol) -> tuple[int, Expr]:
    """Return (parity, p): e - p is even (1) or odd (-1) for a polynomial p; parity 0: not seen.

    sigmoid(x) - 1/2 is odd, log(1 + e^x) - x/2 is even; deeper symmetries are not seen.
    """
    mirrored = e.subs(x, -x)
    if mirrored == e:
        return 1, sp.S.Zero
    if e.count_ops() > MAX_OPERATIONS:
        return 0, sp.S.Zero
    mirrored = mirrored.replace(sp.log, _exponentials_out)
    for parity in (1, -1):
        rest = sp.expand(e - parity * mirrored)
        if not rest.is_polynomial(x) and rest.has(sp.exp):
            rest = sp.cancel(sp.together(e - parity * mirrored))
        if rest.is_polynomial(x):
            return parity, sp.expand(rest / 2)
    return 0, sp.S.Zero


def _exponentials_out(u: Expr) -> Expr:
    """Write log(1 + e^-x) as log(1 + e^x) - x."""
    numerator, denominator = sp.fraction(sp.together(u))
    if isinstance(denominator, sp.exp):
        return sp.log(numerator) - denominator.exp
    return sp.log(u)
