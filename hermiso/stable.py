"""Rewrite smooth expressions so that floats keep full relative accuracy, and evaluate them.

exp(u) - 1 cancels near 0, log(1 + exp(u)) overflows, 1 + erf(u) loses its left tail: small rules
replace each by a function that does not, such as expm1, softplus or erfc. The rewritten
expression has one symbol; `float_function` turns it into a function on arrays.

The same code serves numpy and torch: a `Library` holds the two namespaces that differ.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial, reduce
from itertools import combinations, permutations
from typing import Any

import sympy as sp
from sympy import Expr

from hermiso import algebra
from hermiso.errors import ActivationError

# Heads of the rewritten expressions; their arithmetic is in _STABLE or in the library.
expm1, log1p, expit, erfc = sp.symbols("expm1 log1p expit erfc", cls=sp.Function)
softplus, log_cosh, tanhshrink = sp.symbols("softplus log_cosh tanhshrink", cls=sp.Function)
gaussian, gaussian_tail = sp.symbols("gaussian gaussian_tail", cls=sp.Function)


# --- rewriting ------------------------------------------------------------------------------

_SPELLED_OUT = {
    sp.erfc: lambda u: 1 - sp.erf(u),
    sp.sech: lambda u: 1 / sp.cosh(u),
    sp.csch: lambda u: 1 / sp.sinh(u),
    sp.coth: lambda u: 1 / sp.tanh(u),
}


def _tail(u: Any) -> Any:
    """Return erfc(u), for u = k x prepared for the tail."""
    k, t = u.as_coeff_Mul() if u.is_Symbol else u.as_independent(*u.free_symbols, as_Add=False)
    return gaussian_tail(k, k**2, t) if t.is_Symbol else erfc(u)


# 1 + s f(u) for s = 1, -1, written without the cancellation.
_ONE_PLUS: dict[Any, Callable[[Any], Any]] = {
    (sp.exp, -1): lambda u: -expm1(u),
    (sp.erf, 1): lambda u: _tail(-u),
    (sp.erf, -1): _tail,
    (sp.tanh, 1): lambda u: 2 * expit(2 * u),
    (sp.tanh, -1): lambda u: 2 * expit(-2 * u),
    (sp.cos, -1): lambda u: 2 * sp.sin(u / 2) ** 2,
    (sp.cosh, -1): lambda u: -2 * sp.sinh(u / 2) ** 2,
    (expit, -1): lambda u: expit(-u),
}

# f(u) g(-u), where one factor may overflow while the other underflows.
_PRODUCTS: dict[Any, Callable[[Any], Any]] = {
    (sp.exp, expit): expit,
    (expm1, expit): lambda u: sp.tanh(u / 2),
}


def stabilized(e: Expr) -> Expr:
    """Rewrite a smooth expression in one variable: no cancellation, no overflow on the way."""
    for head, definition in _SPELLED_OUT.items():
        e = e.replace(head, definition)
    return _rewritten(sp.factor_terms(e))


def _rewritten(e: Any) -> Any:
    if e.is_Symbol or not e.free_symbols:
        return e
    args = [_rewritten(a) for a in e.args]
    if args != list(e.args):
        # evaluation would multiply 2 (x + 1) out again
        e = sp.Mul(*args, evaluate=False) if e.is_Mul else e.func(*args)
    rule = _RULES.get(e.func)
    return rule(e) if rule else e


def _sum(e: Any) -> Any:
    if e.is_polynomial():
        return algebra.factor(e)  # exact at its rational zeros
    for a, b in combinations(e.args, 2):
        joined = _joined(a, b) or _joined(b, a)
        if joined is not None:
            rest = sp.Add(*(t for t in e.args if t not in (a, b)))
            return joined if rest == 0 else _sum(sp.Add(joined, rest))
    return e


def _joined(a: Any, b: Any) -> Any:
    """Rewrite a + b, with b = k f(u), if a rule knows it."""
    k, f = b.as_coeff_Mul()
    if f.func is sp.tanh and a == -k * f.args[0]:
        return -k * tanhshrink(f.args[0])
    rule = _ONE_PLUS.get((f.func, k / a)) if a.is_Number else None
    return a * rule(f.args[0]) if rule else None


def _product(e: Any) -> Any:
    for a, b in permutations(e.args, 2):
        rule = _PRODUCTS.get((a.func, b.func))
        if rule and a.args[0] == -b.args[0]:
            rest = [t for t in e.args if t not in (a, b)]
            return sp.Mul(*rest, rule(a.args[0]), evaluate=False)
    return e


def _power(e: Any) -> Any:
    u = _exponent_of_one_plus_exp(e.base)
    return expit(-u) ** -e.exp if u is not None and e.exp.is_negative else e


def _logarithm(e: Any) -> Any:
    v = e.args[0]
    base, power = v.as_base_exp()
    u = _exponent_of_one_plus_exp(v)
    if u is not None:
        return softplus(u)
    if base.func == expit and power.is_number:
        return -power * softplus(-base.args[0])
    if v.func is sp.cosh:
        return log_cosh(v.args[0])
    return log1p(v - 1) if v.is_Add and 1 in v.args else e


def _exponent_of_one_plus_exp(v: Any) -> Any:
    """Return u if v is 1 + exp(u), else None."""
    rest = v - 1 if v.is_Add and len(v.args) == 2 and 1 in v.args else v
    return rest.args[0] if rest is not v and rest.func is sp.exp else None


def _exponential(e: Any) -> Any:
    c, u = e.args[0].as_independent(*e.free_symbols, as_Add=False)
    return gaussian(-c, u.base) if u.is_Pow and u.base.is_Symbol and u.exp == 2 and c < 0 else e


_RULES: dict[Any, Callable[[Any], Any]] = {
    sp.Add: _sum,
    sp.Mul: _product,
    sp.Pow: _power,
    sp.exp: _exponential,
    sp.log: _logarithm,
}


# --- arithmetic -----------------------------------------------------------------------------


@dataclass(frozen=True)
class Library:
    """numpy with scipy.special, or torch with torch.special."""

    array: Any
    special: Any


def _softplus(lib: Library, u: Any) -> Any:
    return lib.array.logaddexp(lib.array.zeros_like(u), u)


def _log_cosh(lib: Library, u: Any) -> Any:
    """Cosh u = 1 + 2 sinh^2(u/2) near 0; cosh u = e^|u| (1 + e^{-2|u|})/2 elsewhere."""
    xp, size = lib.array, abs(u)
    near = size < 1
    small = xp.log1p(2 * xp.sinh(xp.where(near, u, 0.0) / 2) ** 2)
    return xp.where(near, small, size + xp.log1p(xp.exp(-2 * size)) - math.log(2))


# u cosh u - sinh u = sum_k 2k u^{2k+1}/(2k+1)!: nine positive terms suffice on |u| < 1
_TANHSHRINK = tuple(2 * k / math.factorial(2 * k + 1) for k in range(9, 0, -1))


def _tanhshrink(lib: Library, u: Any) -> Any:
    xp = lib.array
    near = abs(u) < 1
    s = xp.where(near, u, 0.0)
    series = reduce(lambda total, c: total * s**2 + c, _TANHSHRINK)
    return xp.where(near, s**3 * series / xp.cosh(s), u - xp.tanh(u))


def _gaussian(lib: Library, q: float, x: Any) -> Any:
    """exp(-q x^2), where rounding x^2 would cost q x^2 ulps: h^2 is exact for x = h + (x - h)."""
    xp, end = lib.array, math.sqrt(800 / q)  # exp(-800) is 0
    x = xp.clip(x, -end, end)
    h = xp.round(16 * x) / 16
    return xp.exp(-q * h**2) * xp.exp(-q * (x - h) * (x + h))


def _gaussian_tail(lib: Library, k: float, q: float, x: Any) -> Any:
    """erfc(k x) with q = k^2; in the tail through erfcx(u) = exp(u^2) erfc(u)."""
    xp = lib.array
    far = k * x > 1
    t = xp.where(far, x, 0.0)
    tail = _gaussian(lib, q, t) * lib.special.erfcx(k * t)
    return xp.where(far, tail, lib.special.erfc(k * xp.where(far, 0.0, x)))


def _larger(lib: Library, *values: Any) -> Any:
    return reduce(lambda a, b: lib.array.where(a > b, a, b), values)


def _smaller(lib: Library, *values: Any) -> Any:
    return reduce(lambda a, b: lib.array.where(a < b, a, b), values)


_STABLE: dict[str, Callable[..., Any]] = {
    "softplus": _softplus,
    "log_cosh": _log_cosh,
    "tanhshrink": _tanhshrink,
    "gaussian": _gaussian,
    "gaussian_tail": _gaussian_tail,
    "Max": _larger,
    "Min": _smaller,
    "Heaviside": lambda lib, u, _: (lib.array.sign(u) + 1) / 2,
    "sinc": lambda lib, u: lib.array.sinc(u / math.pi),
}
# sympy's names, and those that numpy and torch share
_ARRAY = {n: n for n in (
    "exp", "expm1", "log", "log1p", "sin", "cos", "tan", "sinh", "cosh", "tanh", "sign", "floor",
)} | {
    "asin": "arcsin", "acos": "arccos", "atan": "arctan", "asinh": "arcsinh", "acosh": "arccosh",
    "atanh": "arctanh", "Abs": "abs", "ceiling": "ceil",
}  # fmt: skip
_SPECIAL = ("erf", "erfc", "expit")


def _named(name: str, lib: Library) -> Any:
    """The function of a library that a sympy head stands for."""
    if name in _STABLE:
        return partial(_STABLE[name], lib)
    if name in _ARRAY:
        return getattr(lib.array, _ARRAY[name])
    if name in _SPECIAL:
        return getattr(lib.special, name)
    raise ActivationError(
        f"no numerical form of {name} is known; there are those of exp, log, powers, circular and "
        "hyperbolic functions and their inverses, erf, erfc, Abs, sign, Max, Min, floor, ceiling"
    )


def float_function(e: Any, lib: Library) -> Callable[[Any], Any]:
    """Return the function of a stabilized expression on arrays of the library.

    Raises:
        ActivationError: if a function in it has no numerical form.
    """
    if not e.free_symbols:
        constant = number(e)
        return lambda v: constant
    if e.is_Symbol:
        return lambda v: v
    if e.is_Add:
        terms = [float_function(a, lib) for a in e.args]
        return lambda v: reduce(operator.add, (t(v) for t in terms))
    if e.is_Mul:
        return _quotient(e, lib)
    if e.is_Pow:
        return _power_function(e, lib)
    f = _named(e.func.__name__, lib)
    args = [float_function(a, lib) for a in e.args]
    return lambda v: f(*(a(v) for a in args))


def _quotient(e: Any, lib: Library) -> Callable[[Any], Any]:
    """A product: one constant, factors above and factors below the line."""
    scale = number(sp.Mul(*(f for f in e.args if not f.free_symbols)))
    factors = [f for f in e.args if f.free_symbols]
    below = [f for f in factors if _is_reciprocal(f)]
    top = [float_function(f, lib) for f in factors if f not in below]
    bottom = [float_function(1 / f, lib) for f in below]

    def value(v: Any) -> Any:
        product = math.prod(f(v) for f in top)
        product = product if scale == 1 else scale * product
        return product / math.prod(f(v) for f in bottom) if bottom else product

    return value


def _is_reciprocal(e: Any) -> bool:
    return bool(e.is_Pow and e.exp.is_number and e.exp.is_negative)


def _power_function(e: Any, lib: Library) -> Callable[[Any], Any]:
    if _is_reciprocal(e):
        inverse = float_function(1 / e, lib)
        return lambda v: 1 / inverse(v)
    base, power = float_function(e.base, lib), float_function(e.exp, lib)
    if e.exp == sp.Rational(1, 2):
        return lambda v: lib.array.sqrt(base(v))
    if e.exp.is_Integer:
        return lambda v: base(v) ** int(e.exp)
    return lambda v: base(v) ** power(v)


def number(e: Any) -> float:
    """Return a constant expression correctly rounded.

    Raises:
        ActivationError: if it is no real number.
    """
    value = sp.sympify(e).evalf(30)
    if not value.is_extended_real:
        raise ActivationError(f"{e} is no real number; activations are real functions")
    return float(value)
