"""Symmetry of an activation about 0, seen without derivation."""

from __future__ import annotations

import sympy as sp
from sympy import Expr, Symbol

MAX_OPERATIONS = 60  # beyond it simplification costs more than quadrature


def symmetry(e: Expr, x: Symbol) -> tuple[int, Expr]:
    """Return (parity, c): 1 if e is even, -1 if e - c is odd for a constant c, else 0.

    A parity of 0 means that none was seen: sigmoid(x) + sigmoid(-x) = 1 is, deeper ones are not.
    """
    mirrored = e.subs(x, -x)
    if mirrored == e:
        return 1, sp.S.Zero
    if e.count_ops() > MAX_OPERATIONS:
        return 0, sp.S.Zero
    if sp.expand(mirrored - e) == 0:
        return 1, sp.S.Zero
    total = sp.expand(mirrored + e)
    if x in total.free_symbols and total.has(sp.exp):
        total = sp.cancel(sp.together(mirrored + e))
    return (0, sp.S.Zero) if x in total.free_symbols else (-1, total / 2)
