"""A piecewise function as one smooth function and jumps: f = f_left + sum_t [f]_t 1(x > t)."""

from __future__ import annotations

from itertools import pairwise

import sympy as sp
from sympy import Expr

from hermiso.symbolic.exact import ExactFunction
from hermiso.symbolic.terms import Terms, add, scale

__all__ = ["Edge", "edges"]

Edge = tuple[Expr | None, Terms]  # (t, jump function); None for the smooth part


def edges(f: ExactFunction) -> list[Edge]:
    """Return [(None, f_left), (t_1, [f]_1), ...], without vanishing parts."""
    found: list[Edge] = [(None, f.segments[0].terms)]
    for left, right in pairwise(f.segments):
        found.append((left.upper, add(right.terms, scale(left.terms, -sp.S.One))))
    return [(t, g) for t, g in found if g]
