"""Symmetry of an activation about 0, seen without derivation."""

from __future__ import annotations

from functools import lru_cache
from itertools import pairwise
from typing import Any

import mpmath
import sympy as sp
from sympy import Expr, Symbol

from hermiso import algebra
from hermiso.errors import HermisoError
from hermiso.evaluate import over_mpmath
from hermiso.symbolic.samples import samples

__all__ = ["MAX_DEGREE", "symmetry"]

MAX_OPERATIONS = 60  # beyond it simplification costs more than quadrature
MAX_DEGREE = 12  # of the polynomial beside terms that are powers of x by themselves
DIGITS = 60
AGREEING = 25  # digits; differences of order 13 lose at most 2^13
STEP = mpmath.mpf("0.1718")


@lru_cache(maxsize=256)
def symmetry(e: Expr, x: Symbol) -> tuple[int, Expr]:
    """Return (parity, p): e - p is even (1) or odd (-1) for a polynomial p; parity 0: not seen.

    sigmoid(x) - 1/2 is odd, log(1 + e^x) - x/2 is even; deeper symmetries are not seen. Values at
    points refute most formulas before any algebra.
    """
    mirrored = e.subs(x, -x)
    if mirrored == e:
        return 1, sp.S.Zero
    if e.count_ops() > MAX_OPERATIONS:
        return 0, sp.S.Zero
    mirrored = mirrored.replace(sp.log, _exponentials_out)
    for parity in (1, -1):
        rest = None if _refuted(e, x, parity) else _polynomial(e - parity * mirrored, x)
        if rest is not None:
            return parity, sp.expand(rest / 2)
    return 0, sp.S.Zero


def _refuted(e: Expr, x: Symbol, parity: int) -> bool:
    """Whether e(x) - parity e(-x) is certainly no polynomial of a low degree."""
    rough = sp.Add(*(a for a in sp.Add.make_args(e) if not a.is_polynomial(x)))
    with mpmath.workdps(DIGITS):
        try:
            (known, *_) = samples(e.free_symbols - {x})
            at = {s: mpmath.mpf(int(v.p)) / int(v.q) for s, v in known.items()}
            values = [_rest(rough, x, parity, j * STEP, at) for j in range(1, MAX_DEGREE + 5)]
        except (HermisoError, ArithmeticError, ValueError, TypeError):
            return False
        size = max(map(abs, values))
        for _ in range(MAX_DEGREE + 1):
            values = [b - a for a, b in pairwise(values)]
        return bool(max(map(abs, values)) > size * mpmath.mpf(10) ** -AGREEING)


def _rest(e: Expr, x: Symbol, parity: int, t: Any, known: dict[Symbol, Any]) -> Any:
    left, right = (over_mpmath(e, {**known, x: s * t}) for s in (-1, 1))
    return right - parity * left


def _polynomial(e: Expr, x: Symbol) -> Expr | None:
    """Return an expression as a polynomial in x, if algebra of a low degree shows that it is."""
    rest = algebra.expand(e)
    if not rest.is_polynomial(x) and rest.has(sp.exp):
        rest = algebra.cancel_exponentials(e)
    return rest if rest.is_polynomial(x) else None


def _exponentials_out(u: Expr) -> Expr:
    """Write log(1 + e^-x) as log(1 + e^x) - x."""
    numerator, denominator = sp.fraction(algebra.together(u))
    if isinstance(denominator, sp.exp):
        return sp.log(numerator) - denominator.exp
    return sp.log(u)
