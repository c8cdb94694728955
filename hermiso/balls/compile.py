"""Compile a sympy expression to functions on balls.

`compiled(e, x)` gives two functions: `real` on real balls, and `box` on complex ones. A finite
value of `box(Z)` encloses e on Z and certifies that e is holomorphic there: poles make balls
infinite by themselves, branch cuts and switches (Abs, Max, Piecewise ...) are checked. Trusting
a box without that check gives confident wrong digits.

Constants are rounded outwards to the precision at the time of compilation.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, reduce
from typing import Any

import sympy as sp
from flint import acb, arb, ctx, fmpq
from sympy import Expr, Symbol

from hermiso.balls.boxes import BOX_FUNCTIONS, NAN, sharper
from hermiso.balls.conditions import STEPS, piecewise, step
from hermiso.balls.heads import Quotient
from hermiso.balls.real_functions import (
    OF_SEVERAL,
    REAL_FUNCTIONS,
    real_integer_power,
    real_power,
)
from hermiso.budget import spend_boxes
from hermiso.errors import NoClosedForm

__all__ = ["BallFunction", "Function", "compiled", "constant"]

Function = Callable[[Any], Any]
BITS = 1500  # from where on a box costs more
SLOW = (sp.erf, sp.erfc, sp.erfi, sp.gamma, sp.loggamma)  # as slow as 20 boxes
NARROW = 0.25  # half the side of a box on which Taylor's formula is tried


@dataclass(frozen=True)
class BallFunction:
    """An expression on real balls, and on complex ones with a certificate of holomorphy."""

    real: Function
    box: Function


def compiled(e: Expr, x: Symbol) -> BallFunction:
    """Compile at the current precision.

    Args:
        e: an expression whose only free symbol is x.
        x: the variable.

    Raises:
        NoClosedForm: if a function in it has no ball version; the message names it.
    """
    cost = (1 + sp.count_ops(e) // 20 + 4 * len(e.atoms(*SLOW))) * (1 + ctx.prec // BITS)
    return BallFunction(*(_counted(_closure(e, x, t), cost) for t in (_REAL, _BOX)))


def _counted(f: Function, cost: int) -> Function:
    def counted(z: Any) -> Any:
        spend_boxes(cost)
        return f(z)

    return counted


def constant(e: Expr) -> arb:
    """Enclose a number, e.g. sqrt(2)*pi, at the current precision.

    Raises:
        NoClosedForm: if a function in it has no ball version.
    """
    if e.is_Integer:
        return arb(int(e))
    if e.is_Rational:
        return arb(fmpq(int(e.p), int(e.q)))
    return _closure(e, None, _REAL)(None)


# --- from trees to closures -----------------------------------------------------------------


@dataclass(frozen=True)
class _Table:
    """What a head means: `unary` functions, and the heads with rules of their own."""

    unary: dict[Any, Function]
    power: Callable[[Any, Any], Any]
    integer_power: Callable[[Any, int], Any]
    larger: Callable[[Any, Any], Any]
    smaller: Callable[[Any, Any], Any]
    sign: Function
    rewrite: Callable[[Any], Any]
    undefined: Any
    undecided: Any  # what a condition is that may hold on a part of a ball


def _closure(e: Any, x: Any, table: _Table) -> Function:
    if e == x:
        return lambda z: z
    if e.is_Rational:
        value = constant(e)
        return lambda z: value
    if x is not None and not e.has(x):
        value = _closure(e, None, _REAL)(None)
        return lambda z: value
    e = table.rewrite(e)
    if e in _CONSTANTS:
        number = _CONSTANTS[e]()
        return lambda z: number
    rule = _RULES.get(e.func)
    if rule is not None:
        return rule(e, x, table)
    if isinstance(e, sp.CRootOf):
        value = _root(e)
        return lambda z: value
    return _call(e, x, table)


def _call(e: Any, x: Any, table: _Table) -> Function:
    f = table.unary.get(e.func)
    if f is not None and len(e.args) == 1:
        return _applied(f, e.args[0], x, table)
    if hasattr(e, "enclosure"):  # a mean that has no closed form
        value = e.enclosure(ctx.dps)
        return lambda z: value
    several = getattr(e, "over_balls", None) or OF_SEVERAL.get(e.func)
    if several is None or table is not _REAL:
        raise NoClosedForm(f"{e!s:.200}: the function {e.func.__name__} has no ball version")
    args = [_closure(a, x, table) for a in e.args]
    return lambda z: several(*(a(z) for a in args))


def _applied(f: Function, e: Any, x: Any, table: _Table) -> Function:
    """f(e), where e is small by Taylor's formula if its own box is too wide for f.

    The terms of exp(x) - 1 - x cancel near 0, their boxes do not; f may be a logarithm.
    """
    u = _closure(e, x, table)
    if table is not _BOX or not e.has(sp.Add) or e.has(*STEPS):
        return lambda z: f(u(z))
    taylor = _taylor(e, x)

    def value(z: Any) -> Any:
        w = u(z)
        v = f(w)
        return v if v.is_finite() or not w.is_finite() or z.rad() > NARROW else f(taylor(z))

    return value


def _taylor(e: Any, x: Any) -> Function:
    """e(m) + e'(m) h + e''(z) h^2/2 on a box z around m; compiled when it is needed."""
    bits = ctx.prec

    @cache
    def derivatives() -> list[Function]:
        with ctx.workprec(bits):
            return [_closure(e.diff(x, k), x, _BOX) for k in range(3)]

    def value(z: Any) -> Any:
        f, slope, bend = derivatives()
        m = acb(z.real.mid(), z.imag.mid())
        h = z - m
        return f(m) + h * (slope(m) + h * bend(z) / 2)

    return value


def _root(e: Any) -> arb:
    bits = ctx.prec + 10
    q = e.eval_rational(sp.Rational(1, 2**bits), sp.Rational(1, 2**bits))
    return constant(q) + arb(0, arb(2) ** -bits)


def _sum(e: Any, x: Any, table: _Table) -> Function:
    fixed, rest = e.as_independent(x, as_Add=True) if x is not None else (sp.S.Zero, e)
    for a in sp.Add.make_args(rest) if fixed.is_number and fixed != 0 else ():
        k, f = a.as_coeff_Mul()
        if f.func is sp.exp and k == -fixed:
            return _with_difference(k, f.args[0], rest - a, x, table)
    terms = [_closure(a, x, table) for a in sp.Add.make_args(rest)]
    first, *others = [*terms, *([_closure(fixed, None, _REAL)] if fixed != 0 else [])]
    if len(others) == 1:
        second = others[0]
        return lambda z: first(z) + second(z)
    return lambda z: reduce(lambda total, term: total + term(z), others, first(z))


def _with_difference(k: Any, u: Any, rest: Any, x: Any, table: _Table) -> Function:
    """K (exp(u) - 1) + rest, with all digits near u = 0."""
    scale, f = constant(k), _closure(u, x, table)
    others = None if rest == 0 else _closure(rest, x, table)

    def value(z: Any) -> Any:
        w = f(z)
        v = scale * (w.expm1() if abs(w) < 1 else w.exp() - 1)
        return v if others is None else v + others(z)

    return value


def _logarithm(e: Any, x: Any, table: _Table) -> Function:
    """log(1 + v), with all digits near v = 0."""
    log, (u,) = table.unary[sp.log], e.args
    plain = _applied(log, u, x, table)
    if not (u.is_Add and sp.S.One in u.args):
        return plain
    small = _closure(u - 1, x, table)

    def value(z: Any) -> Any:
        w = small(z)
        v = w.log1p() if abs(w) < 0.5 else log(1 + w)
        return v if v.is_finite() or table is _REAL else plain(z)

    return value


def _bessel(e: Any, x: Any, table: _Table) -> Function:
    n, u = e.args
    if not n.is_Integer:
        raise NoClosedForm(f"{e!s:.200}: besselj has a ball version for integer orders only")
    f, order = _closure(u, x, table), acb(int(n))
    real = table is _REAL

    def value(z: Any) -> Any:
        v = acb(f(z)).bessel_j(order)
        return v.real if real else v

    return value


def _product(e: Any, x: Any, table: _Table) -> Function:
    factors = [table.rewrite(a) if x is not None and a.has(x) else a for a in e.args]
    above = [a for a in factors if not _is_reciprocal(a)]
    below = [1 / a for a in factors if _is_reciprocal(a)]
    top = _multiplied([_closure(a, x, table) for a in above])
    if not below:
        return top
    bottom = _multiplied([_closure(a, x, table) for a in below])
    return (lambda z: top(z) / bottom(z)) if above else (lambda z: 1 / bottom(z))


def _multiplied(factors: list[Function]) -> Function:
    if len(factors) == 2:
        a, b = factors
        return lambda z: a(z) * b(z)
    return lambda z: reduce(lambda total, factor: total * factor(z), factors[1:], factors[0](z))


def _is_reciprocal(e: Any) -> bool:
    return bool(e.is_Pow and e.exp.is_Rational and e.exp.is_negative)


def _power(e: Any, x: Any, table: _Table) -> Function:
    base, exponent = e.base, e.exp
    if base is sp.E:
        return _closure(sp.exp(exponent, evaluate=False), x, table)
    if exponent.is_Integer:
        u, n, power = _closure(base, x, table), int(exponent), table.integer_power
        return (lambda z: power(u(z), n)) if n > 0 else (lambda z: 1 / power(u(z), -n))
    if exponent == sp.S.Half:
        return _applied(table.unary[sp.sqrt], base, x, table)
    v, power = _closure(exponent, x, table), table.power
    if x is None or not exponent.has(x):
        p = v(None)
        return _applied(lambda u: power(u, p), base, x, table)
    u = _closure(base, x, table)
    return lambda z: power(u(z), v(z))


def _quotient(e: Any, x: Any, table: _Table) -> Function:
    """n/d, and n^(k)/d^(k) around the zeros of d."""
    n, d = e.args[:2]
    f, g = (_closure(u, x, table) for u in (n, d))
    near = [(constant(t), *(_closure(u.diff(x, k), x, table) for u in (n, d))) for t, k in e.filled]

    def value(z: Any) -> Any:
        for t, top, bottom in near:
            if z.overlaps(type(z)(t)):
                around = z.union(type(z)(t))
                # n and d themselves must be holomorphic, not only their derivatives
                sound = f(around).is_finite() and g(around).is_finite()
                return top(around) / bottom(around) if sound else table.undefined
        return f(z) / g(z)

    return value


def _exponential(e: Any, x: Any, table: _Table) -> Function:
    u = _closure(e.args[0], x, table)
    return lambda z: u(z).exp()


def _extremum(e: Any, x: Any, table: _Table) -> Function:
    choose = table.larger if isinstance(e, sp.Max) else table.smaller
    first, *others = (_closure(a, x, table) for a in e.args)
    return lambda z: reduce(lambda best, f: choose(best, f(z)), others, first(z))


def _heaviside(e: Any, x: Any, table: _Table) -> Function:
    u, at_zero = (_closure(a, x, table) for a in e.args)
    return step(u, at_zero, table)


def _piecewise(e: Any, x: Any, table: _Table) -> Function:
    return piecewise(e, x, lambda part: _closure(part, x, table), table)


_CONSTANTS: dict[Any, Callable[[], Any]] = {
    sp.pi: arb.pi,
    sp.E: arb.const_e,
    sp.EulerGamma: arb.const_euler,
    sp.Catalan: arb.const_catalan,
    sp.GoldenRatio: lambda: (1 + arb(5).sqrt()) / 2,
}
_RULES: dict[Any, Callable[[Any, Any, _Table], Function]] = {
    sp.Add: _sum,
    sp.Mul: _product,
    sp.Pow: _power,
    sp.exp: _exponential,
    sp.log: _logarithm,
    sp.besselj: _bessel,
    sp.Max: _extremum,
    sp.Min: _extremum,
    sp.Heaviside: _heaviside,
    sp.Piecewise: _piecewise,
    Quotient: _quotient,
}


# --- real and complex balls -----------------------------------------------------------------

_REAL = _Table(
    unary=REAL_FUNCTIONS,
    power=real_power,
    integer_power=real_integer_power,
    larger=arb.max,
    smaller=arb.min,
    sign=arb.sgn,
    rewrite=lambda e: e,
    undefined=arb("nan"),
    undecided=arb(0.5, 0.5),
)

_BOX = _Table(
    unary=BOX_FUNCTIONS,
    power=lambda u, v: acb(u).pow(acb(v), analytic=True),
    integer_power=lambda u, n: u**n,
    larger=lambda a, b: acb(a).real_max(acb(b), analytic=True),
    smaller=lambda a, b: acb(a).real_min(acb(b), analytic=True),
    sign=lambda z: acb(z).real_sgn(analytic=True),
    rewrite=sharper,
    undefined=NAN,
    undecided=NAN,
)
