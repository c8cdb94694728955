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
from functools import reduce
from math import prod
from typing import Any

import sympy as sp
from flint import acb, arb, ctx, fmpq
from sympy import Expr, Symbol
from sympy.functions.special.hyper import TupleArg

from hermiso.balls.boxes import BOX_FUNCTIONS, NAN, sharper
from hermiso.errors import NoClosedForm

Function = Callable[[Any], Any]


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
    return BallFunction(_closure(e, x, _REAL), _closure(e, x, _BOX))


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
        (u,) = (_closure(a, x, table) for a in e.args)
        return lambda z: f(u(z))
    several = getattr(e, "over_balls", None) or _SEVERAL.get(e.func)
    if several is None or table is not _REAL:
        raise NoClosedForm(f"{e}: the function {e.func.__name__} has no ball version")
    args = [_closure(a, x, table) for a in e.args]
    return lambda z: several(*(a(z) for a in args))


def _root(e: Any) -> arb:
    bits = ctx.prec + 10
    q = e.eval_rational(sp.Rational(1, 2**bits), sp.Rational(1, 2**bits))
    return constant(q) + arb(0, arb(2) ** -bits)


def _sum(e: Any, x: Any, table: _Table) -> Function:
    fixed, rest = e.as_independent(x, as_Add=True) if x is not None else (sp.S.Zero, e)
    terms = [_closure(a, x, table) for a in sp.Add.make_args(rest)]
    first, *others = [*terms, *([_closure(fixed, None, _REAL)] if fixed != 0 else [])]
    if len(others) == 1:
        second = others[0]
        return lambda z: first(z) + second(z)
    return lambda z: reduce(lambda total, term: total + term(z), others, first(z))


def _product(e: Any, x: Any, table: _Table) -> Function:
    factors = [table.rewrite(a) for a in e.args]
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
    u = _closure(base, x, table)
    if exponent.is_Integer:
        n, power = int(exponent), table.integer_power
        return (lambda z: power(u(z), n)) if n > 0 else (lambda z: 1 / power(u(z), -n))
    if exponent == sp.S.Half:
        root = table.unary[sp.sqrt]
        return lambda z: root(u(z))
    v, power = _closure(exponent, x, table), table.power
    return lambda z: power(u(z), v(z))


def _exponential(e: Any, x: Any, table: _Table) -> Function:
    u = _closure(e.args[0], x, table)
    return lambda z: u(z).exp()


def _extremum(e: Any, x: Any, table: _Table) -> Function:
    choose = table.larger if isinstance(e, sp.Max) else table.smaller
    first, *others = (_closure(a, x, table) for a in e.args)
    return lambda z: reduce(lambda best, f: choose(best, f(z)), others, first(z))


def _heaviside(e: Any, x: Any, table: _Table) -> Function:
    u, sign = _closure(e.args[0], x, table), table.sign
    return lambda z: (1 + sign(u(z))) / 2


def _piecewise(e: Any, x: Any, table: _Table) -> Function:
    """Blend the branches by conditions in [0, 1]: 1 where one certainly holds."""
    branches = [(_closure(v, x, table), _condition(c, x, table)) for v, c in e.args]

    def value(z: Any) -> Any:
        total, left = None, arb(1)
        for f, holds in branches:
            h = holds(z)
            if h.contains(0) and h.is_exact():
                continue
            term = f(z) if left.is_exact() and h.is_exact() and left == 1 == h else left * h * f(z)
            total, left = (term if total is None else total + term), left * (1 - h)
            if left.is_zero():
                return total
        return NAN

    return value


def _condition(c: Any, x: Any, table: _Table) -> Function:
    """1 where the condition certainly holds, 0 where it certainly fails, else [0, 1]."""
    if c in (sp.true, sp.false):
        verdict = arb(int(bool(c)))
        return lambda z: verdict
    if isinstance(c, sp.core.relational.Relational):
        return _relation(c, x, table)
    parts = [_condition(a, x, table) for a in c.args]
    if isinstance(c, sp.Not):
        return lambda z: 1 - parts[0](z)
    if isinstance(c, sp.And):
        return lambda z: reduce(lambda h, p: h * p(z), parts, arb(1))
    if isinstance(c, sp.Or):
        return lambda z: 1 - reduce(lambda h, p: h * (1 - p(z)), parts, arb(1))
    raise NoClosedForm(f"the condition {c} is not made of comparisons")


def _relation(c: Any, x: Any, table: _Table) -> Function:
    if isinstance(c, (sp.Eq, sp.Ne)):
        return _equality(c, x, table)
    u, sign = _closure(c.gts - c.lts, x, table), table.sign
    return lambda z: (1 + sign(u(z))) / 2


def _equality(c: Any, x: Any, table: _Table) -> Function:
    """A smooth equality holds on a null set; one of steps may hold on intervals."""
    holds = int(isinstance(c, sp.Eq))
    u = c.lhs - c.rhs
    if not u.has(*_STEPS):
        verdict = arb(1 - holds)
        return lambda z: verdict
    f, undecided = _closure(u, x, table), NAN if table is _BOX else arb(0.5, 0.5)

    def value(z: Any) -> Any:
        v = f(z)
        if v.is_zero():
            return arb(holds)
        return undecided if v.contains(0) else arb(1 - holds)

    return value


_STEPS = (sp.Abs, sp.sign, sp.Heaviside, sp.Max, sp.Min, sp.Piecewise, sp.floor, sp.ceiling)
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
    sp.Max: _extremum,
    sp.Min: _extremum,
    sp.Heaviside: _heaviside,
    sp.Piecewise: _piecewise,
}


# --- real balls -----------------------------------------------------------------------------

_SHARED = ("log", "sin", "cos", "tan", "sinh", "cosh", "tanh", "asinh", "atan", "asin", "acos",
           "acosh", "atanh", "erf", "erfc", "erfi", "gamma", "coth", "sech", "csch", "cot", "sec",
           "csc", "sinc", "floor")  # fmt: skip


def _real_power(u: Any, v: Any) -> Any:
    """u^v of a base >= 0; a base that touches 0 needs its own rule."""
    if u > 0:
        return u**v
    if not (u >= 0 or u.upper() > 0) or not v > 0:
        return arb("nan")
    top = arb(u.upper()) ** v
    return top.union(arb(0))


def _real_integer_power(u: Any, n: int) -> Any:
    """u^n; python-flint's arb gives nan for a ball around 0, its acb does not."""
    if not u.contains(0):
        return u**n
    v = (acb(u) ** n).real
    return v.nonnegative_part() if n % 2 == 0 else v


def _real_root(u: Any) -> Any:
    """The square root of a number known to be >= 0 whose ball may reach below."""
    return u.nonnegative_part().sqrt() if u.overlaps(arb(0)) else u.sqrt()


def real_asin(u: Any) -> Any:
    """Asin of a number known to be in [-1, 1] whose ball may reach beyond: it is monotone."""
    if abs(u) < 1 or u.is_exact() or not u.is_finite():
        return u.asin()
    lower, upper = u.lower().max(arb(-1)), u.upper().min(arb(1))
    return lower.asin().union(upper.asin()) if lower <= upper else arb("nan")


def _real_acos(u: Any) -> Any:
    return u.acos() if abs(u) < 1 or u.is_exact() else arb.pi() / 2 - real_asin(u)


def _real_hypergeometric(above: Any, below: Any, u: Any) -> Any:
    """Enclose pFq; on a ball that touches 1, F(a, a; c; u) with c > 0 by its monotony."""
    value = u.hypgeom(above, below)
    squares = len(above) == 2 and len(below) == 1 and repr(above[0]) == repr(above[1])
    if value.is_finite() or not squares or not (below[0] > 0 and u > 0 and u.contains(1)):
        return value
    return u.lower().hypgeom(above, below).union(arb(1).hypgeom(above, below))


def _real_double_factorial(u: Any) -> Any:
    n = u.unique_fmpz()
    if n is None or n < -1:
        return arb("nan")
    return arb(prod(range(int(n), 0, -2)))


_SEVERAL: dict[Any, Callable[..., Any]] = {
    TupleArg: lambda *items: list(items),
    sp.hyper: _real_hypergeometric,
    sp.uppergamma: lambda s, u: u.gamma_upper(s),
    sp.lowergamma: lambda s, u: u.gamma_lower(s),
    sp.factorial: lambda u: (u + 1).gamma(),
    sp.factorial2: _real_double_factorial,
    sp.loggamma: lambda u: u.lgamma(),
    sp.Ei: lambda u: u.ei(),
    sp.erfinv: lambda u: u.erfinv(),
    sp.erfcinv: lambda u: u.erfcinv(),
    sp.LambertW: lambda u: u.lambertw(),
    sp.ceiling: lambda u: u.ceil(),
}
_REAL = _Table(
    unary={getattr(sp, n): getattr(arb, n) for n in _SHARED}
    | {sp.sqrt: _real_root, sp.asin: real_asin, sp.acos: _real_acos, sp.Abs: abs, sp.sign: arb.sgn},
    power=_real_power,
    integer_power=_real_integer_power,
    larger=arb.max,
    smaller=arb.min,
    sign=arb.sgn,
    rewrite=lambda e: e,
)

_BOX = _Table(
    unary=BOX_FUNCTIONS,
    power=lambda u, v: acb(u).pow(acb(v), analytic=True),
    integer_power=lambda u, n: u**n,
    larger=lambda a, b: acb(a).real_max(acb(b), analytic=True),
    smaller=lambda a, b: acb(a).real_min(acb(b), analytic=True),
    sign=lambda z: acb(z).real_sgn(analytic=True),
    rewrite=sharper,
)
