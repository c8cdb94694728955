"""Rewrite smooth expressions so that floats keep full relative accuracy, and evaluate them.

exp(u) - 1 cancels near 0, log(1 + exp(u)) overflows, 1 + erf(u) loses its left tail: small rules
replace each by a function that does not, such as expm1, softplus or erfc. The rewritten
expression has one symbol; `float_function` turns it into a function on arrays. What overflows on
the way to a finite value is left to `hermiso.scaled`.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from functools import partial, reduce
from itertools import combinations, permutations
from typing import Any

import sympy as sp
from sympy import Expr

from hermiso import algebra, floats
from hermiso import identities as identity
from hermiso.errors import ActivationError
from hermiso.floats import Library as Library
from hermiso.identities import expit, expm1, log1p, near_one

__all__ = [
    "erfc",
    "erfcx",
    "float_function",
    "gaussian",
    "gaussian_tail",
    "log_cosh",
    "named",
    "number",
    "softplus",
    "stabilized",
    "tanhshrink",
]

# Heads of the rewritten expressions; their arithmetic is in _STABLE or in the library.
erfc = sp.Function("erfc")
softplus, log_cosh, tanhshrink = sp.symbols("softplus log_cosh tanhshrink", cls=sp.Function)
gaussian, gaussian_tail = sp.symbols("gaussian gaussian_tail", cls=sp.Function)
log_tail, log_erfc, erfcx = sp.symbols("log_tail log_erfc erfcx", cls=sp.Function)


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
    (expit, -2): lambda u: -sp.tanh(u / 2),
}

# f(u) g(-u), where one factor may overflow while the other underflows.
_PRODUCTS: dict[Any, Callable[[Any], Any]] = {
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
    if rule:
        return a * rule(f.args[0])
    found = (join(a, b) for join in _JOINTS)
    return next((e for e in found if e is not None), None)


_JOINTS = (identity.hyperbolic_sum, identity.power_less_one, identity.conjugate)


def _product(e: Any) -> Any:
    e = identity.flat_product(e) if e.is_Mul else e
    if not e.is_Mul:
        return e
    scaled = _scaled_tail(e)
    if scaled is not None:
        return _product(scaled)
    for a, b in permutations(e.args, 2):
        found = identity.shifted_expit(a, b) or _mirrored_product(a, b)
        if found:
            rest = [t for t in e.args if t not in (a, b)]
            return _product(sp.Mul(*rest, *found, evaluate=False))
    return identity.hyperbolic_quotient(e) or e


def _mirrored_product(a: Any, b: Any) -> list[Any]:
    rule = _PRODUCTS.get((a.func, b.func))
    return [rule(a.args[0])] if rule and a.args[0] == -b.args[0] else []


def _scaled_tail(e: Any) -> Any:
    """Return exp(u^2) erfc(u), where one overflows and one underflows, as erfcx(u).

    And 1/erfcx(u) for the reciprocal; None for other products.
    """
    for a, b in permutations(e.args, 2):
        for tail, joined in ((b, erfcx), (1 / b, lambda u: 1 / erfcx(u))):
            growing = a if tail is b else 1 / a
            u = _of_tail(tail)
            if u is not None and _is_exp_of_square(growing, u):
                rest = [f for f in e.args if f not in (a, b)]
                return sp.Mul(*rest, joined(u), evaluate=False)
    return None


def _of_tail(e: Any) -> Any:
    """The u of erfc(u)."""
    if e.func is erfc:
        return e.args[0]
    return e.args[0] * e.args[2] if e.func is gaussian_tail else None


def _is_exp_of_square(e: Any, u: Any) -> bool:
    """Whether e is exp(u^2)."""
    below = 1 / e
    if e.func is sp.exp:
        v = e.args[0]
    elif below.func is gaussian:
        v = below.args[0] * below.args[1] ** 2
    else:
        return False
    small = identity.is_small_polynomial(v) and identity.is_small_polynomial(u)
    return bool(v == u**2 or (small and sp.expand(v - u**2) == 0))


def _power(e: Any) -> Any:
    found = identity.one_plus_exp(e.base)
    if found is None or not (e.exp.is_number and e.exp.is_negative):
        return e
    scale, u = found
    return scale**e.exp * expit(-u) ** -e.exp


def _logarithm_of_tail(e: Any) -> Any:
    """Return log(erfc(u)), or log(c erfc(u)) as log(2 c) + log(erfc(u)/2): no underflow."""
    c, v = e.args[0].as_coeff_Mul()
    u = _of_tail(v)
    if u is None:
        return None
    return log_erfc(u) if c == 1 else sp.log(2 * c) + log_tail(u)


def _logarithm(e: Any) -> Any:
    tail = _logarithm_of_tail(e)
    if tail is not None:
        return tail
    c, v = e.args[0].as_coeff_Mul()
    if v.is_Add:
        c, v = sp.S.One, sp.Add(*(c * t for t in v.args))
    if not c.is_positive:
        return e
    far = _log(v)
    small = identity.less_one(v) if v.is_Add and far.func is not softplus else None
    return sp.log(c) + far if small is None else near_one(small, far)


def _log(v: Any) -> Any:
    base, power = v.as_base_exp()
    found = identity.one_plus_exp(v)
    if found is not None:
        return sp.log(found[0]) + softplus(found[1])
    if base.func == expit and power.is_number:
        return -power * softplus(-base.args[0])
    if v.func is sp.cosh:
        return log_cosh(v.args[0])
    return log1p(v - 1) if v.is_Add and 1 in v.args else sp.log(v)


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
    end = math.sqrt(800 / q)  # beyond it erfcx would overflow in the gradient
    t = xp.clip(xp.where(far, x, 0.0), -end, end)
    tail = _gaussian(lib, q, t) * lib.special.erfcx(k * t)
    return xp.where(far, tail, lib.special.erfc(k * xp.where(far, 0.0, x)))


_STABLE: dict[str, Callable[..., Any]] = {
    "softplus": floats.softplus,
    "log_cosh": floats.log_cosh,
    "tanhshrink": floats.tanhshrink,
    "near_one": floats.near_one,
    "plus_root": floats.plus_root,
    "gaussian": _gaussian,
    "gaussian_tail": _gaussian_tail,
    "log_erfc": floats.log_erfc,
    "log_tail": floats.log_tail,
    "Max": floats.larger,
    "Min": floats.smaller,
    "Heaviside": lambda lib, u, h: lib.array.where(u == 0, h, (lib.array.sign(u) + 1) / 2),
    "sinc": lambda lib, u: lib.array.sinc(u / math.pi),
}
# sympy's names, and those that numpy and torch share
_ARRAY = {n: n for n in (
    "exp", "expm1", "log", "log1p", "sin", "cos", "tan", "sinh", "cosh", "tanh", "sign", "floor",
)} | {
    "asin": "arcsin", "acos": "arccos", "atan": "arctan", "asinh": "arcsinh", "acosh": "arccosh",
    "atanh": "arctanh", "Abs": "abs", "ceiling": "ceil",
}  # fmt: skip
_SPECIAL = ("erf", "erfc", "erfcx", "expit", "erfinv")
_SCIPY: dict[str, Callable[..., Any]] = {  # torch lacks these, or their gradients
    "besselj": lambda special, n, u: special.jv(n, u),
    "LambertW": lambda special, u: special.lambertw(u).real,
}


def named(name: str, lib: Library) -> Any:
    """The function of a library that a sympy head stands for."""
    if name in _STABLE:
        return partial(_STABLE[name], lib)
    if name in _ARRAY:
        return getattr(lib.array, _ARRAY[name])
    if name in _SPECIAL:
        return getattr(lib.special, name)
    if name in _SCIPY and hasattr(lib.special, "jv"):
        return partial(_SCIPY[name], lib.special)
    if name in _SCIPY:
        raise ActivationError(f"torch has no {name}; numpy arrays and hermiso.numeric take it")
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
        halved = _halved(e)
        return float_function(halved, lib) if halved.is_Add else _quotient(e, lib)
    if e.is_Pow:
        return _power_function(e, lib)
    f = named(e.func.__name__, lib)
    args = [float_function(a, lib) for a in e.args]
    end = _saturated_from(e)
    if end is not None:
        return lambda v: f(args[0](lib.array.clip(v, -end, end)))
    return lambda v: f(*(a(v) for a in args))


def _saturated_from(e: Any) -> float | None:
    """An R such that e = f(p(x)) is constant in floats for |x| >= R: |p| >= 2000 there.

    Beyond it a large power in p would overflow, and be NaN in the gradient.
    """
    u = e.args[0]
    if e.func not in (sp.tanh, sp.erf, erfc, expit, sp.exp) or not u.is_polynomial():
        return None
    leading, *others = sp.Poly(u, *u.free_symbols).all_coeffs()
    falling = len(others) % 2 == 0 and leading.is_negative
    if len(others) < 2 or (e.func is sp.exp and not falling):
        return None
    return number(1 + (2000 + sum(map(abs, others))) / abs(leading))


def _halved(e: Any) -> Any:
    """2^-k (a + b) as 2^-k a + 2^-k b: the same roundings, and (2x - 1)/2 is finite."""
    c, rest = e.as_coeff_Mul()
    power = c.is_Rational and abs(c) < 1 and abs(c.p) == 1 and c.q & (c.q - 1) == 0
    return sp.Add(*(c * a for a in rest.args)) if power and rest.is_Add else e


def _quotient(e: Any, lib: Library) -> Callable[[Any], Any]:
    """A product: one constant, factors above and factors below the line."""
    scale = number(sp.Mul(*(f for f in e.args if not f.free_symbols)))
    factors = [f for f in e.args if f.free_symbols]
    below = [f for f in factors if _is_reciprocal(f)]
    top = [float_function(f, lib) for f in factors if f not in below]
    bottom = [float_function(1 / f, lib) for f in below]

    first = scale if abs(scale) < 1 else 1  # a small factor first, so that 2x/2 is finite
    last = scale / first

    def value(v: Any) -> Any:
        product = math.prod((f(v) for f in top), start=first)
        product = product if last == 1 else last * product
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
        raise ActivationError(f"{e!s:.200} is no real number; activations are real functions")
    return float(value)
