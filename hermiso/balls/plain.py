"""Write an expression with functions that the quadrature knows best; its values stay the same.

Quotients become visible as such, so that their zeros and poles can be looked for: coth(u) is
1/tanh(u). Steps are written by floor. Differences that cancel, such as 1 - cos(u), become squares;
then the bend of sqrt(1 - cos(u)) = sqrt(2) |sin(u/2)| is one of Abs, and

    asin(u) = 2 atan(u/(1 + sqrt(1 - u^2))),   acosh(u) = 2 asinh(sqrt((u - 1)/2))

show theirs, if the roots are squares.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import sympy as sp
from sympy import Expr, Symbol

from hermiso import algebra
from hermiso.balls.heads import OnePlusErf

__all__ = ["plain"]

FEW, HIGHEST = 60, 24  # nodes and powers of a sum that is factored
MOST_STEPS = 100
BOUNDED = {  # odd and increasing: the limit at oo, and the inverse
    sp.tanh: (sp.S.One, sp.atanh),
    sp.erf: (sp.S.One, sp.erfinv),
    sp.atan: (sp.pi / 2, sp.tan),
}


def plain(e: Any, x: Symbol) -> Any:
    """Return an expression with the same values as e for real x, up to a null set."""
    if x not in e.free_symbols or not e.args:
        return e
    args = tuple(plain(a, x) for a in e.args)
    e = e if args == e.args else e.func(*args)
    change = _CHANGES.get(e.func)
    return e if change is None else change(e)


def _floor(e: Any) -> Any:
    """floor(a + c F(v)) as a sum of steps in v, for a bounded, odd and increasing F."""
    a, rest = e.args[0].as_coeff_Add()
    c, f = rest.as_coeff_Mul()
    if f.func not in BOUNDED:
        return e
    top, inverse = BOUNDED[f.func]
    first, end = sp.floor(a - abs(c) * top) + 1, sp.ceiling(a + abs(c) * top)
    if end - first > MOST_STEPS:
        return e
    v = sp.sign(c) * f.args[0]
    steps = (sp.Heaviside(v - inverse((k - a) / abs(c)), 1) for k in range(first, end))
    return first - 1 + sp.Add(*steps)


def _atan(e: Any) -> Any:
    """atan(tan(u)) = u - pi floor(u/pi + 1/2)."""
    (u,) = e.args
    return u.args[0] - sp.pi * sp.floor(u.args[0] / sp.pi + sp.S.Half) if u.func is sp.tan else e


def _asin(e: Any) -> Expr:
    (u,) = e.args
    root = _root(1 - u**2)
    return e if root is None else 2 * sp.atan(u / (1 + root))


def _acos(e: Any) -> Expr:
    (u,) = e.args
    root = _root(1 - u**2)
    return e if root is None else sp.pi / 2 - 2 * sp.atan(u / (1 + root))


def _acosh(e: Any) -> Expr:
    root = _root((e.args[0] - 1) / 2)
    return e if root is None else 2 * sp.asinh(root)


def _root(square: Expr) -> Expr | None:
    """The square root without roots of sums, if there is one."""
    square = _sum(square) if square.is_Add else square
    if square.is_Add and _is_small(square):
        square = algebra.factor(square)
    factors = (_sum(_complement(a)) if a.is_Add else a for a in sp.Mul.make_args(square))
    root = sp.sqrt(sp.Mul(*factors))
    rough = any(not (p.exp.is_integer or p.base.is_positive) for p in root.atoms(sp.Pow))
    return None if rough or root.has(sp.I) else root


def _log(e: Any) -> Any:
    """log(c + c tanh(u)) = log(2 c) - log(1 + exp(-2 u)); log(c + c erf(u))."""
    c, sign, f = _ones(e.args[0])
    if f is not None and f.func is sp.tanh:
        return sp.log(2 * c) - sp.log(1 + sp.exp(-2 * sign * f.args[0]))
    return sp.log(_complement(e.args[0]))


def _power(e: Any) -> Any:
    """Reciprocals of 1 + erf(u), and roots of sums that are products: 1 - erf(u)^2."""
    if e.exp.is_negative and e.base.is_Add and e.base.has(sp.erf, sp.erfc):
        return sp.Pow(_complement(e.base), e.exp)
    if e.exp.is_integer or not e.base.is_Add or not _is_small(e.base):
        return e
    parts = sp.Mul.make_args(algebra.factor(e.base))
    changed = sp.Mul(*map(_complement, parts))
    squared = any(a.is_Pow and a.exp.is_even for a in parts)
    return sp.Pow(changed, e.exp) if squared or changed != sp.Mul(*parts) else e


def _is_small(e: Any) -> bool:
    """Whether a sum is factored at once."""
    powers = (p.exp for p in e.atoms(sp.Pow) if p.exp.is_Integer)
    return bool(sp.count_ops(e) < FEW and all(abs(n) <= HIGHEST for n in powers))


def _product(e: Any) -> Any:
    """exp(u^2) (1 + erf(u)): what cancels may be large again."""
    if not any(a.func is sp.exp for a in e.args):
        return e
    return sp.Mul(*(_complement(a) if a.is_Add else a for a in e.args))


def _complement(e: Any) -> Any:
    """1 + erf(u), 2 - erfc(u) and 1 + tanh(u) without cancellation."""
    c, sign, f = _ones(e.replace(sp.erfc, lambda u: 1 - sp.erf(u)) if e.has(sp.erfc) else e)
    if f is None or f.func not in (sp.erf, sp.tanh):
        return e
    u = sign * f.args[0]
    return c * OnePlusErf(u) if f.func is sp.erf else 2 * c / (1 + sp.exp(-2 * u))


def _ones(e: Any) -> tuple[Any, int, Any]:
    """c, s and f of c (1 + s f) with s = 1 or -1; f is None for other sums."""
    c, rest = e.as_coeff_Add()
    scale, f = rest.as_coeff_Mul()
    return (c, int(scale / c), f) if c != 0 and abs(c) == abs(scale) else (c, 0, None)


def _sum(e: Any) -> Expr:
    """C - c cos(u) and its kin as one square."""
    c, sign, f = _ones(e)
    if f is None:
        return e
    squared = bool(f.is_Pow and f.exp == 2)
    f = f.base if squared else f
    change = _SQUARES.get((f.func, squared, sign > 0))
    return e if change is None else c * change(f.args[0])


# (f, whether it is squared, whether it is added): 1 +- f(u)^1 or 2 as one square
_SQUARES: dict[tuple[Any, bool, bool], Callable[[Any], Expr]] = {
    (sp.cos, False, True): lambda u: 2 * sp.cos(u / 2) ** 2,
    (sp.cos, False, False): lambda u: 2 * sp.sin(u / 2) ** 2,
    (sp.cosh, False, True): lambda u: 2 * sp.cosh(u / 2) ** 2,
    (sp.cosh, False, False): lambda u: -2 * sp.sinh(u / 2) ** 2,
    (sp.sin, False, True): lambda u: 2 * sp.sin(u / 2 + sp.pi / 4) ** 2,
    (sp.sin, False, False): lambda u: 2 * sp.sin(u / 2 - sp.pi / 4) ** 2,
    (sp.cos, True, False): lambda u: sp.sin(u) ** 2,
    (sp.sin, True, False): lambda u: sp.cos(u) ** 2,
    (sp.tanh, True, False): lambda u: sp.cosh(u) ** -2,
    (sp.cosh, True, False): lambda u: -(sp.sinh(u) ** 2),
    (sp.sinh, True, True): lambda u: sp.cosh(u) ** 2,
}

_CHANGES: dict[Any, Callable[[Any], Any]] = {
    sp.Add: _sum,
    sp.Mul: _product,
    sp.Pow: _power,
    sp.log: _log,
    sp.coth: lambda e: 1 / sp.tanh(*e.args),
    sp.sech: lambda e: 1 / sp.cosh(*e.args),
    sp.csch: lambda e: 1 / sp.sinh(*e.args),
    sp.cot: lambda e: sp.cos(*e.args) / sp.sin(*e.args),
    sp.sec: lambda e: 1 / sp.cos(*e.args),
    sp.csc: lambda e: 1 / sp.sin(*e.args),
    sp.acot: lambda e: sp.pi * (sp.Heaviside(*e.args, 1) - sp.S.Half) - sp.atan(*e.args),
    sp.acoth: lambda e: sp.atanh(1 / e.args[0]),
    sp.asech: lambda e: _acosh(sp.acosh(1 / e.args[0])),
    sp.acsch: lambda e: sp.asinh(1 / e.args[0]),
    sp.asec: lambda e: _acos(sp.acos(1 / e.args[0])),
    sp.acsc: lambda e: _asin(sp.asin(1 / e.args[0])),
    sp.asin: _asin,
    sp.acos: _acos,
    sp.acosh: _acosh,
    sp.floor: _floor,
    sp.ceiling: lambda e: -_floor(sp.floor(-e.args[0])),
    sp.frac: lambda e: e.args[0] - _floor(sp.floor(e.args[0])),
    sp.Mod: lambda e: e.args[0] - e.args[1] * _floor(sp.floor(e.args[0] / e.args[1])),
    sp.atan: _atan,
}
