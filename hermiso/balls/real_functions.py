"""Functions on real balls, of numbers that are known to lie in a domain.

A ball around x^2 near 0 reaches below 0, though the number does not: roots, asin and acosh take
the part of the ball inside their domain.
"""

from __future__ import annotations

from collections.abc import Callable
from math import prod
from typing import Any

import sympy as sp
from flint import acb, arb
from sympy.functions.special.hyper import TupleArg

from hermiso.balls.heads import OnePlusErf
from hermiso.balls.tails import erfc

__all__ = ["OF_SEVERAL", "REAL_FUNCTIONS", "real_integer_power", "real_power"]

_PLAIN = ("log", "sin", "cos", "tan", "sinh", "cosh", "tanh", "asinh", "atan", "asin", "acos",
           "acosh", "atanh", "erf", "erfc", "erfi", "gamma", "coth", "sech", "csch", "cot", "sec",
           "csc", "sinc", "floor")  # fmt: skip


def real_power(u: Any, v: Any) -> Any:
    """u^v of a base >= 0; a base that touches 0 needs its own rule."""
    if u > 0:
        return u**v
    if not (u >= 0 or u.upper() > 0) or not v > 0:
        return arb("nan")
    top = arb(u.upper()) ** v
    return top.union(arb(0))


def real_integer_power(u: Any, n: int) -> Any:
    """u^n; python-flint's arb gives nan for a ball around 0, its acb does not."""
    if not u.contains(0):
        return u**n
    v = (acb(u) ** n).real
    return v.nonnegative_part() if n % 2 == 0 else v


def _root(u: Any) -> Any:
    """The square root of a number known to be >= 0 whose ball may reach below."""
    return u.nonnegative_part().sqrt() if u.overlaps(arb(0)) else u.sqrt()


def real_asin(u: Any) -> Any:
    """Asin of a number known to be in [-1, 1] whose ball may reach beyond: it is monotone."""
    if abs(u) < 1 or u.is_exact() or not u.is_finite():
        return u.asin()
    lower, upper = u.lower().max(arb(-1)), u.upper().min(arb(1))
    return lower.asin().union(upper.asin()) if lower <= upper else arb("nan")


def _acosh(u: Any) -> Any:
    """Acosh of a number known to be at least 1 whose ball may reach below."""
    if u > 1 or u.is_exact() or not u.upper() >= 1:
        return u.acosh()
    return arb(0).union(u.upper().acosh())


def _acos(u: Any) -> Any:
    return u.acos() if abs(u) < 1 or u.is_exact() else arb.pi() / 2 - real_asin(u)


def _hypergeometric(above: Any, below: Any, u: Any) -> Any:
    """Enclose pFq; on a ball that touches 1, F(a, a; c; u) with c > 0 by its monotony."""
    value = u.hypgeom(above, below)
    squares = len(above) == 2 and len(below) == 1 and repr(above[0]) == repr(above[1])
    if value.is_finite() or not squares or not (below[0] > 0 and u > 0 and u.contains(1)):
        return value
    return u.lower().hypgeom(above, below).union(arb(1).hypgeom(above, below))


def _double_factorial(u: Any) -> Any:
    n = u.unique_fmpz()
    if n is None or n < -1:
        return arb("nan")
    return arb(prod(range(int(n), 0, -2)))


OF_SEVERAL: dict[Any, Callable[..., Any]] = {
    TupleArg: lambda *items: list(items),
    sp.hyper: _hypergeometric,
    sp.uppergamma: lambda s, u: u.gamma_upper(s),
    sp.lowergamma: lambda s, u: u.gamma_lower(s),
    sp.factorial: lambda u: (u + 1).gamma(),
    sp.factorial2: _double_factorial,
    sp.loggamma: lambda u: u.lgamma(),
    sp.Ei: lambda u: u.ei(),
    sp.erfcinv: lambda u: u.erfcinv(),
    sp.ceiling: lambda u: u.ceil(),
}

REAL_FUNCTIONS: dict[Any, Callable[[Any], Any]] = {
    **{getattr(sp, n): getattr(arb, n) for n in _PLAIN},
    OnePlusErf: lambda u: erfc(-u),
    sp.erfc: erfc,
    sp.sqrt: _root,
    sp.asin: real_asin,
    sp.acos: _acos,
    sp.acosh: _acosh,
    sp.erfinv: arb.erfinv,
    sp.LambertW: lambda u: u.lambertw(),
    sp.Abs: abs,
    sp.sign: arb.sgn,
}
