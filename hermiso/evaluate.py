"""Evaluate a sympy expression over numpy arrays or mpmath numbers by walking its tree.

Written for confirmation and quadrature: no code is generated, so an expression costs
microseconds per node, and the values are computed from the expression as given, kinks and
all, independently of how the exact routes cut and rewrite it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache, reduce
from typing import Any

import mpmath
import sympy as sp
from sympy import Expr

from hermiso.errors import NoClosedForm

__all__ = ["Table", "over_mpmath", "over_numpy", "sp"]

Table = Mapping[Any, Callable[..., Any]]


def over_mpmath(e: Expr, values: Mapping[Any, Any]) -> Any:
    """Evaluate with mpmath numbers at its working precision."""
    return _walk(e, dict(values), _mpmath_table(), mpmath.mpmathify)


def over_numpy(e: Expr, values: Mapping[Any, Any]) -> Any:
    """Evaluate in float64 over arrays; overflow gives inf and undefined points nan."""
    import numpy as np

    with np.errstate(all="ignore"):
        return _walk(e, dict(values), _numpy_table(), float)


def _walk(e: Any, known: dict[Any, Any], table: Table, number: Callable[[Any], Any]) -> Any:
    if e in known:
        return known[e]
    known[e] = value = _value(e, known, table, number)
    return value


def _value(e: Any, known: dict[Any, Any], table: Table, number: Callable[[Any], Any]) -> Any:
    if e.is_Number or e.is_NumberSymbol:
        return _constant(e, number)
    if isinstance(e, sp.Tuple):
        return tuple(_walk(a, known, table, number) for a in e.args)
    if isinstance(e, sp.Piecewise):
        return _piecewise(e, known, table, number)
    near = _around_one(e)
    if near is not None:
        name, k, u = near
        return _constant(k, number) * table[name](_walk(u, known, table, number))
    function = table.get(e.func) or getattr(e, "numerical", None)
    if function is None:
        if not e.free_symbols & known.keys() and e.is_number:
            return _constant(e, number)
        raise NoClosedForm(f"{e.func} has no numerical counterpart here")
    return function(*(_walk(a, known, table, number) for a in e.args))


@cache
def _around_one(e: Any) -> tuple[Any, Any, Any] | None:
    """log(1 + v), k (exp(u) - 1) and c (1 + erf(u)) by functions that keep all digits."""
    if isinstance(e, sp.log) and e.args[0].is_Add and sp.S.One in e.args[0].args:
        return "log1p", sp.S.One, e.args[0] - 1
    if e.is_Add and len(e.args) == 2 and e.args[0].is_Number:
        k, f = e.args[1].as_coeff_Mul()
        if isinstance(f, sp.exp) and k == -e.args[0]:
            return "expm1", k, f.args[0]
        if isinstance(f, sp.erf) and abs(k) == abs(e.args[0]):
            return sp.erfc, e.args[0], -f.args[0] if k == e.args[0] else f.args[0]
    return None


def _constant(e: Any, number: Callable[[Any], Any]) -> Any:
    if number is float:
        return float(e)
    if e.is_Integer:
        return mpmath.mpf(int(e))
    if e.is_Rational:
        return mpmath.mpf(int(e.p)) / int(e.q)
    return mpmath.mpmathify(e._to_mpmath(mpmath.mp.prec + 10))


def _piecewise(e: Any, known: dict[Any, Any], table: Table, number: Callable[[Any], Any]) -> Any:
    choose = table["where"]
    result = number("nan")
    for value, condition in reversed(e.args):
        test = _walk(condition, known, table, number)
        if test is True:
            result = _walk(value, known, table, number)
        elif test is not False:
            result = choose(test, lambda v=value: _walk(v, known, table, number), result)
    return result


def _fold(f: Callable[[Any, Any], Any]) -> Callable[..., Any]:
    return lambda *a: reduce(f, a)


_LARGEST = 20_000  # bits before the point
_COMMON: dict[Any, Callable[..., Any]] = {
    sp.Add: lambda *a: sum(a[1:], a[0]),
    sp.Mul: _fold(lambda a, b: a * b),
    sp.StrictGreaterThan: lambda a, b: a > b,
    sp.GreaterThan: lambda a, b: a >= b,
    sp.StrictLessThan: lambda a, b: a < b,
    sp.LessThan: lambda a, b: a <= b,
    sp.Eq: lambda a, b: a == b,
    sp.Ne: lambda a, b: a != b,
    sp.And: _fold(lambda a, b: a & b),
    sp.Or: _fold(lambda a, b: a | b),
    sp.core.logic.And: _fold(lambda a, b: a & b),
    type(sp.true): lambda: True,
    type(sp.false): lambda: False,
}
_SHARED = (
    *("exp", "log", "sin", "cos", "tan", "sinh", "cosh", "tanh"),
    *("asinh", "acosh", "atanh", "atan", "asin", "acos"),
)
_RECIPROCAL = {sp.sec: "cos", sp.csc: "sin", sp.cot: "tan", sp.sech: "cosh", sp.csch: "sinh"}
_RECIPROCAL[sp.coth] = "tanh"
_ARC_OF_RECIPROCAL = {sp.acot: "atan", sp.asec: "acos", sp.acsc: "asin"}
_ARC_OF_RECIPROCAL |= {sp.acoth: "atanh", sp.asech: "acosh", sp.acsch: "asinh"}


def _with_reciprocals(names: dict[Any, Callable[..., Any]]) -> dict[Any, Callable[..., Any]]:
    """Add 1/cos and its like, and acos(1/x) and its like."""

    def after(f: Any) -> Any:
        return lambda u: 1 / f(u)

    def before(f: Any) -> Any:
        return lambda u: f(1 / u)

    return {
        **names,
        **{k: after(names[getattr(sp, n)]) for k, n in _RECIPROCAL.items()},
        **{k: before(names[getattr(sp, n)]) for k, n in _ARC_OF_RECIPROCAL.items()},
    }


def _below_limit(f: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Refuse cos(exp(exp(50))): its argument is reduced with as many bits as it has."""

    def limited(u: Any) -> Any:
        if mpmath.mag(u) > _LARGEST:
            raise NoClosedForm(f"an argument is larger than 2^{_LARGEST}")
        return f(u)

    return limited


@cache
def _mpmath_table() -> Table:
    mp = mpmath
    several = [*_SHARED, "erf", "erfc", "erfi", "gamma"]
    names = {getattr(sp, n): _below_limit(getattr(mp, n)) for n in several}
    return {
        **_COMMON,
        **_with_reciprocals(names),
        sp.Pow: lambda a, b: mp.power(a, b),
        sp.Abs: abs,
        sp.sign: mp.sign,
        sp.Heaviside: lambda u, at_zero: mp.mpf(1) if u > 0 else (mp.mpf(0) if u < 0 else at_zero),
        sp.Max: max,
        sp.Min: min,
        sp.Not: lambda a: not a,
        sp.Ei: mp.ei,
        sp.uppergamma: lambda s, x: mp.gammainc(s, x),
        sp.hyper: lambda a, b, z: mp.hyper(list(a), list(b), z),
        sp.factorial: mp.factorial,
        sp.erfinv: mp.erfinv,
        sp.LambertW: mp.lambertw,
        sp.besselj: mp.besselj,
        sp.sinc: mp.sinc,
        "expm1": mp.expm1,
        "log1p": mp.log1p,
        sp.loggamma: mp.loggamma,
        sp.zeta: mp.zeta,
        sp.polygamma: mp.polygamma,
        sp.floor: mp.floor,
        sp.ceiling: mp.ceil,
        sp.frac: mp.frac,
        sp.Mod: lambda a, b: a - b * mp.floor(a / b),
        "where": lambda test, value, other: value() if test else other,
    }


@cache
def _numpy_table() -> Table:
    import numpy as np
    from scipy import special

    names = {getattr(sp, n): getattr(np, f"arc{n[1:]}" if n[0] == "a" else n) for n in _SHARED}
    return {
        **_COMMON,
        **_with_reciprocals(names),
        sp.Pow: _numpy_power,
        sp.erf: special.erf,
        sp.erfc: special.erfc,
        sp.erfi: special.erfi,
        sp.gamma: special.gamma,
        sp.loggamma: special.gammaln,
        sp.Abs: np.abs,
        sp.sign: np.sign,
        sp.Heaviside: np.heaviside,
        sp.Max: _fold(np.maximum),
        sp.Min: _fold(np.minimum),
        sp.Not: np.logical_not,
        sp.Ei: special.expi,
        sp.erfinv: special.erfinv,
        sp.LambertW: lambda u: np.where(u >= -1 / np.e, special.lambertw(u).real, np.nan),
        sp.besselj: special.jv,
        sp.sinc: lambda u: np.sinc(u / np.pi),
        "expm1": np.expm1,
        "log1p": np.log1p,
        sp.floor: np.floor,
        sp.ceiling: np.ceil,
        sp.zeta: special.zeta,
        sp.polygamma: special.polygamma,
        sp.frac: lambda u: u - np.floor(u),
        sp.Mod: np.mod,
        "where": lambda test, value, other: np.where(test, value(), other),
    }


def _numpy_power(base: Any, exponent: Any) -> Any:
    import numpy as np

    if isinstance(exponent, float) and exponent.is_integer() and abs(exponent) < 64:
        return (
            np.power(base, int(exponent)) if exponent >= 0 else 1.0 / np.power(base, int(-exponent))
        )
    return np.power(base, exponent)
