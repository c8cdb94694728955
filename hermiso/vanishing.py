"""Decide whether an equation holds on an interval or at isolated points only.

A function that is meromorphic around the line is 0 everywhere or at isolated points: one value
that is certainly not 0 decides. That it is 0 everywhere has to be shown by algebra.
"""

from __future__ import annotations

from typing import Any

import sympy as sp
from sympy import Rational, Symbol

from hermiso import algebra
from hermiso.errors import NoClosedForm, UnknownSign
from hermiso.signs import sign_of

__all__ = ["vanishes"]

LARGEST = 60  # operations of what sympy is asked to simplify
DIGITS = 200
_POINTS = (Rational(3, 7), Rational(-11, 9), Rational(31, 13))
# single-valued, without poles on the line, and with some there
_FINITE = (
    sp.exp, sp.sin, sp.cos, sp.sinh, sp.cosh, sp.tanh, sp.sech, sp.erf, sp.erfc, sp.erfi, sp.sinc,
)  # fmt: skip
_WITH_POLES = (sp.tan, sp.cot, sp.sec, sp.csc, sp.coth, sp.csch, sp.gamma)
_BRANCHED = (sp.asinh, sp.atan)  # analytic on the line, but not around a pole of what is inside


def vanishes(u: Any, x: Symbol) -> bool:
    """Whether a function without kinks is 0 everywhere, and not only at isolated points.

    Raises:
        UnknownSign: if that depends on a parameter; names the assumption to declare.
        NoClosedForm: if it is undecided.
    """
    if x not in u.free_symbols:
        return sign_of(u) == 0
    if u.is_polynomial(x):
        return _is_zero(algebra.poly(u, x).all_coeffs(), u)
    if u.free_symbols == {x} and _is_meromorphic(u, x):
        if any(_certainly_not_zero(u.subs(x, t)) for t in _POINTS):
            return False
        if u.count_ops() <= LARGEST and algebra.simplify(u) == 0:
            return True
    raise NoClosedForm(f"{sp.Eq(u, 0, evaluate=False)!s:.200} may hold on an interval")


def _is_zero(coefficients: list[Any], u: Any) -> bool:
    if any(c.is_nonzero or (c.is_number and sign_of(c)) for c in coefficients):
        return False
    unknown = [c for c in coefficients if not c.is_number]
    if not unknown:
        return True
    raise UnknownSign(
        f"{u!s:.200} may be 0 everywhere; declare that {unknown[0]} is not, e.g. positive=True"
    )


def _certainly_not_zero(value: Any) -> bool:
    found = value.evalf(15, maxn=DIGITS)
    return bool(found.is_Float and found._prec != 1 and found != 0)


def _is_meromorphic(e: Any, x: Symbol) -> bool:
    """Whether e is single-valued around the line but for isolated points, as its formula shows."""
    if _is_analytic(e, x):
        return True
    known = e.is_Add or e.is_Mul or isinstance(e, (*_FINITE, *_WITH_POLES))
    known = known or (e.is_Pow and e.exp.is_Integer)
    return known and all(_is_meromorphic(a, x) for a in e.args)


def _is_analytic(e: Any, x: Symbol) -> bool:
    """Whether e is analytic at every point of the line, as its formula shows."""
    if x not in e.free_symbols or e == x:
        return True
    if e.is_Pow:
        known = e.base.is_positive or (e.exp.is_Integer and e.exp.is_positive)
    elif isinstance(e, sp.log):
        known = e.args[0].is_positive
    else:
        known = e.is_Add or e.is_Mul or isinstance(e, (*_FINITE, *_BRANCHED))
    return bool(known) and all(_is_analytic(a, x) for a in e.args)
