"""Cut a smooth piece where its formula is not holomorphic, or make it so.

sin(x)/x is holomorphic at 0, though its formula is not: such quotients are replaced. What is left
are poles, as of (1 - |x|)/x on x > 0, and branch points, as of log(x^2) and (x^2)^(1/3).
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import sympy as sp
from flint import acb, arb, ctx
from sympy import Expr, Symbol

from hermiso import algebra
from hermiso.balls.compile import compiled, constant
from hermiso.balls.heads import Quotient
from hermiso.balls.isolate import SWITCHES
from hermiso.balls.zeros import order, zeros
from hermiso.errors import HermisoError
from hermiso.pieces import Piece

__all__ = ["around", "cut", "mended"]

HIGHEST = 4  # order of a zero that is divided out
LARGEST = 200  # nodes of a sum that is written as one fraction
NEAR, BITS = 2.0**-20, 128
_AT_ONE = (sp.acosh, sp.asin, sp.acos, sp.atanh)
_AT_MINUS_ONE = (sp.asin, sp.acos, sp.atanh)


def cut(p: Piece, x: Symbol) -> list[Piece]:
    """Return a piece as pieces between the points where no formula of it is holomorphic."""
    e = mended(p.expression, x)
    inside = {t for t in _rough(e, x) if p.lower < t < p.upper}
    ends = [p.lower, *sorted(inside, key=lambda t: t.evalf(30)), p.upper]
    return [Piece(a, b, e) for a, b in pairwise(ends)]


def _rough(e: Any, x: Symbol) -> Iterator[Expr]:
    """Zeros of denominators and branch points."""
    if x not in e.free_symbols:
        return
    for a in e.args:
        yield from _rough(a, x)
    if isinstance(e, Quotient):
        yield from zeros(e.args[1], x) - {t for t, _ in e.filled}
    elif isinstance(e, sp.log) or (e.is_Pow and not (e.exp.is_integer and e.exp.is_positive)):
        yield from zeros(e.args[0], x)
    elif isinstance(e, _AT_ONE):
        yield from zeros(e.args[0] - 1, x)
        if isinstance(e, _AT_MINUS_ONE):
            yield from zeros(e.args[0] + 1, x)


def around(e: Expr, x: Symbol, t: Expr, w: Expr) -> Expr:
    """Return e at x = t + w; x^2 - 2 near sqrt(2) is no difference of constants any more."""
    e = e.replace(lambda u: u.is_Add and u.is_polynomial(x), lambda u: _shifted(u, x, t, w))
    near = e.subs(x, t + w)
    (v,) = w.free_symbols
    return near.replace(lambda u: u.is_Add and u.is_rational_function(v), algebra.expand)


def _shifted(u: Expr, x: Symbol, t: Expr, w: Expr) -> Expr:
    """The Taylor polynomial around t, without coefficients that are 0."""
    p, total = algebra.poly(u, x), sp.S.Zero
    for j in range(p.degree() + 1):
        reduced = sp.rem(p, sp.Poly(t.poly.as_expr(x), x)) if isinstance(t, sp.CRootOf) else p
        total += algebra.expand(reduced.as_expr().subs(x, t)) * w**j / sp.factorial(j)
        p = p.diff(x)
    return total


# --- quotients without poles ----------------------------------------------------------------


def mended(e: Any, x: Symbol) -> Any:
    """Return an expression with its removable singularities, where they are found, removed."""
    if x not in e.free_symbols or not e.args:
        return e
    if e.is_Mul or e.is_Pow:
        quotient = _quotient(e, x)
        if quotient is not None:
            return quotient
    args = tuple(mended(a, x) for a in e.args)
    if e.is_Add:
        return _sum(args, x)
    return e if args == e.args else e.func(*args)


def _sum(terms: tuple[Any, ...], x: Symbol) -> Any:
    """Terms with poles as one fraction, if their poles cancel: coth(x) - 1/x."""
    poles = [a for a in terms if _has_pole(a, x)]
    total = sp.Add(*poles)
    if len(poles) > 1 and sp.count_ops(total) < LARGEST:
        quotient = _quotient(algebra.together(total), x)
        if quotient is not None:
            return sp.Add(quotient, *(a for a in terms if a not in poles))
    return sp.Add(*terms)


def _has_pole(term: Any, x: Symbol) -> bool:
    return bool(zeros(_fraction(term)[1], x))


def _quotient(e: Any, x: Symbol) -> Quotient | None:
    n, d = _fraction(e)
    if not zeros(d, x) or e.has(Quotient, *SWITCHES):
        return None
    filled = []
    for t in sorted(zeros(d, x), key=sp.default_sort_key):
        k = order(d, x, t, HIGHEST)
        if k is not None and k <= HIGHEST and (order(n, x, t, k - 1) or 0) >= k:
            filled += [t, sp.Integer(k)]
    found = Quotient(n, d, *filled)
    return found if filled and _is_smooth(found, x) else None


def _fraction(e: Any) -> tuple[Expr, Expr]:
    """Numerator and denominator of a product, as it is written."""
    below = [a for a in sp.Mul.make_args(e) if a.is_Pow and a.exp.is_Integer and a.exp < 0]
    above = [a for a in sp.Mul.make_args(e) if a not in below]
    return sp.Mul(*above), sp.Mul(*(1 / a for a in below))


def _is_smooth(q: Quotient, x: Symbol) -> bool:
    """Whether boxes around the zeros are finite."""
    with ctx.workprec(BITS):
        try:
            box = compiled(q, x).box
        except HermisoError:
            return False
        small = acb(arb(0, NEAR), arb(0, NEAR))
        return all(box(constant(t) + small).is_finite() for t, _ in q.filled)
