"""Floats with an exponent of their own: m e^s stands for what overflows on the way.

x/sqrt(1 + x^2) at 1e200 and log(2 + e^x) at 1000 are finite, x^2 and e^x are not. Here every
intermediate value is a pair (m, s): m carries the digits and the gradient, s is a constant shift.
Terms of a sum are aligned at the largest s, so that a sum of exponentials is divided by the
dominating one, whichever it is. It costs a few times the plain evaluation; `overflows` tells where
that is not enough.

Beyond e^(the largest float) a number counts as infinite: s is the largest float.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from functools import partial, reduce
from typing import Any

import sympy as sp

from hermiso.floats import Library
from hermiso.identities import plus_root
from hermiso.stable import float_function, named, number

__all__ = ["Function", "Pair", "fixed", "overflows", "scaled_function"]

Pair = tuple[Any, Any]
Function = Callable[[Any], Any]
_LARGEST_POWER = 64  # of a mantissa between e^-1/2 and e^1/2 in float32
_ROUNDED = 32  # ulps of two exponents in which their difference is noise
_SOFTENED = 1e-3  # digits lost by an underflow on the way


def scaled_function(e: Any, lib: Library) -> Function:
    """Return the function of a stabilized expression on arrays, finite where its value is.

    Raises:
        ActivationError: if a function in it has no numerical form.
    """
    f = _compiled(e, lib)

    def value(v: Any) -> Any:
        top = _largest(lib, v)
        m, s = f(lib.array.clip(v, -top, top))
        far = 3 * math.log(top)
        return _times_exp(lib, m, lib.array.clip(s, -far, far))

    return value


def overflows(e: Any, lower: float, upper: float, lib: Library) -> bool:
    """Whether plain floats are infinite, or nearly all zeros, on the way to a finite value.

    Both precisions are tried at points of every size; lib is that of numpy.
    """
    import numpy as np

    plain, scaled = float_function(e, lib), scaled_function(e, lib)
    sizes = np.concatenate([np.geomspace(1e-307, 1e307, 308), np.geomspace(0.1, 2e3, 200)])
    points = np.concatenate([-sizes, [0.0], sizes])
    for dtype in (np.float32, np.float64):
        inside = (lower < points) & (points < upper) & (abs(points) < np.finfo(dtype).max)
        v = points[inside].astype(dtype)
        with np.errstate(all="ignore"):
            value, better = plain(v), scaled(v)
            good = np.isfinite(value)
            noise = 2 * np.maximum(1, abs(v)) * np.finfo(dtype).tiny  # x times a subnormal number
            lost = abs(value - better) > _SOFTENED * abs(better) + noise
        if (np.isfinite(better) & (~good | lost)).any() or _raises(plain, v[good]):
            return True
    return False


def _raises(plain: Function, v: Any) -> bool:
    import numpy as np

    try:
        with np.errstate(over="raise", divide="raise", invalid="raise", under="ignore"):
            plain(v)
    except FloatingPointError:
        return True
    return False


# --- from an expression to pairs ------------------------------------------------------------


def _compiled(e: Any, lib: Library) -> Callable[[Any], Pair]:
    if not e.free_symbols:
        return _constant(e, lib)
    if e.is_Symbol:
        return lambda v: _normal(lib, v, lib.array.zeros_like(v))
    if e.is_Pow and not e.exp.free_symbols:
        base, p = _compiled(e.base, lib), e.exp
        return lambda v: _power(lib, base(v), p)
    name = e.func.__name__
    rule = _ARITHMETIC.get(name) or partial(_plain, named(name, lib))
    as_floats = e.func not in _ALGEBRA
    arguments = [_argument(a, lib) if as_floats else _compiled(a, lib) for a in e.args]
    return lambda v: rule(lib, *(a(v) for a in arguments))


def _argument(e: Any, lib: Library) -> Callable[[Any], Pair]:
    """An affine argument of a function as it is: no digit is lost to an exponent."""
    if not (e.free_symbols and e.is_polynomial() and sp.degree(e) == 1):
        return _compiled(e, lib)
    f = float_function(e, lib)

    def pair(v: Any) -> Pair:
        u = f(v)
        return u, lib.array.zeros_like(u)

    return pair


def _constant(e: Any, lib: Library) -> Callable[[Any], Pair]:
    moderate = e.is_zero or 1e-6 < abs(e) < 1e6
    shift = sp.S.Zero if moderate else sp.floor(sp.log(abs(e)).evalf(30))
    m, s = number(e * sp.exp(-shift)), float(shift)
    return lambda v: (lib.array.full_like(v, m), lib.array.full_like(v, s))


# --- pairs ----------------------------------------------------------------------------------


def _largest(lib: Library, like: Any) -> float:
    return float(lib.array.finfo(like.dtype).max)


def fixed(a: Any) -> Any:
    """A number without a gradient."""
    return a.detach() if hasattr(a, "detach") else a


def _times_exp(lib: Library, m: Any, s: Any) -> Any:
    """M e^s in two steps, of which neither overflows if the result does not."""
    half = lib.array.floor(s / 2)
    return m * lib.array.exp(half) * lib.array.exp(s - half)


def _normal(lib: Library, m: Any, s: Any, wild: float | None = None) -> Pair:
    """The same number with a mantissa of moderate size; 0 and infinity stay what they are."""
    xp, size = lib.array, abs(fixed(m))
    top = _largest(lib, m)
    wild = top**0.25 if wild is None else wild  # its cube is far from overflow
    beyond = ((size > wild) | (size < 1 / wild)) & (size > 0) & (size <= top)
    k = xp.round(xp.log(xp.where(beyond, size, 1.0)))
    return _times_exp(lib, m, -k), s + k


def _difference(lib: Library, s: Any, t: Any) -> Any:
    """S - t, or 0 where rounding has left nothing of it: exponents that cancel do so exactly."""
    noise = _ROUNDED * lib.array.finfo(s.dtype).eps
    d = s - t
    return lib.array.where(abs(d) <= noise * abs(s), 0.0, d)


def _value(lib: Library, pair: Pair) -> Any:
    """As a float; what is too large becomes the largest float, without a gradient."""
    xp, (m, s) = lib.array, pair
    top = _largest(lib, m)
    plain = xp.clip(xp.where(s == 0, m, 0.0), -top, top)
    m, s = _normal(lib, xp.where(s == 0, 0.0, m), s, wild=math.sqrt(math.e))
    size = abs(fixed(m))
    over = (size > top) | (xp.log(xp.where(size > 0, size, 1.0)) + s >= math.log(top)) & (size > 0)
    far = 3 * math.log(top)
    inner = _times_exp(lib, xp.where(over, 0.0, m), xp.where(over, 0.0, xp.clip(s, -far, far)))
    return plain + xp.where(over, top * xp.sign(fixed(m)), inner)


def _add(lib: Library, *terms: Pair) -> Pair:
    """Align at the largest exponent of a term that is not 0; one that is 0 has a slope."""
    xp, low = lib.array, -_largest(lib, terms[0][1])
    s = reduce(xp.maximum, (xp.where(fixed(m) == 0, low, t) for m, t in terms))
    s = xp.where(s == low, reduce(xp.maximum, (t for _, t in terms)), s)
    most = math.log(-low) / 2
    parts = [m * xp.exp(xp.clip(_difference(lib, t, s), low, most)) for m, t in terms]
    return _normal(lib, reduce(operator.add, parts), s)


def _bounded(lib: Library, s: Any) -> Any:
    return lib.array.clip(s, -_largest(lib, s), _largest(lib, s))


def _multiply(lib: Library, *factors: Pair) -> Pair:
    def two(a: Pair, b: Pair) -> Pair:
        return _normal(lib, a[0] * b[0], _bounded(lib, _difference(lib, a[1], -b[1])))

    return reduce(two, factors)


def _power(lib: Library, base: Pair, p: Any) -> Pair:
    """(m e^s)^p for a constant p."""
    xp, q = lib.array, float(p)
    m, s = base if abs(q) <= 3 else _normal(lib, *base, wild=math.sqrt(math.e))
    if abs(q) > _LARGEST_POWER:
        sign = xp.sign(fixed(m)) if p.is_Integer and p % 2 else 1.0
        root, t = _exp(lib, _multiply(lib, _log(lib, (abs(m), s)), _like(lib, m, q)))
        return sign * root, t
    t = _bounded(lib, s * q)
    k = xp.round(t) if not (2 * p).is_Integer else t
    power = m ** int(abs(q)) if p.is_Integer else m ** abs(q)
    power = 1 / power if q < 0 else power
    return _normal(lib, power * xp.exp(t - k), k)


def _like(lib: Library, m: Any, value: float) -> Pair:
    return lib.array.full_like(m, value), lib.array.zeros_like(m)


def _general_power(lib: Library, base: Pair, p: Pair) -> Pair:
    return _exp(lib, _multiply(lib, p, _log(lib, base)))


def _exp(lib: Library, u: Pair) -> Pair:
    value = _value(lib, u)
    k = lib.array.round(fixed(value))
    return lib.array.exp(value - k), k


def _log(lib: Library, u: Pair) -> Pair:
    xp, (m, s) = lib.array, u
    infinite = abs(s) >= _largest(lib, s)
    total = xp.where(infinite, xp.sign(s), xp.log(m) + s)
    return _normal(lib, total, xp.where(infinite, _largest(lib, s), 0.0 * s))


def _log1p(lib: Library, u: Pair) -> Pair:
    xp, w = lib.array, _value(lib, u)
    near = fixed(abs(w)) < 1
    m, s = _log(lib, _chosen(lib, near, _like(lib, w, 1.0), _add(lib, u, _like(lib, w, 1.0))))
    return _chosen(lib, near, (xp.log1p(xp.where(near, w, 0.0)), 0.0 * s), (m, s))


def _chosen(lib: Library, where: Any, a: Pair, b: Pair) -> Pair:
    return lib.array.where(where, a[0], b[0]), lib.array.where(where, a[1], b[1])


def _near_zero(lib: Library, u: Pair, f: Function, far: Callable[[Pair], Pair]) -> Pair:
    """F of a float where |u| < 1, pairs elsewhere."""
    xp, w = lib.array, _value(lib, u)
    near = fixed(abs(w)) < 1
    inner = f(xp.where(near, w, 0.0))
    outer = far(_chosen(lib, near, _like(lib, w, 1.0), u))
    return _chosen(lib, near, (inner, xp.zeros_like(inner)), outer)


def _negative(u: Pair) -> Pair:
    return -u[0], u[1]


def _expm1(lib: Library, u: Pair) -> Pair:
    def far(t: Pair) -> Pair:
        return _add(lib, _exp(lib, t), _like(lib, t[0], -1.0))

    return _near_zero(lib, u, lib.array.expm1, far)


def _sinh(lib: Library, u: Pair) -> Pair:
    def far(t: Pair) -> Pair:
        return _half_sum(lib, _exp(lib, t), _negative(_exp(lib, _negative(t))))

    return _near_zero(lib, u, lib.array.sinh, far)


def _cosh(lib: Library, u: Pair) -> Pair:
    return _half_sum(lib, _exp(lib, u), _exp(lib, _negative(u)))


def _half_sum(lib: Library, a: Pair, b: Pair) -> Pair:
    m, s = _add(lib, a, b)
    return m / 2, s


def _expit(lib: Library, u: Pair) -> Pair:
    one = _like(lib, u[0], 1.0)
    return _power(lib, _add(lib, one, _exp(lib, _negative(u))), sp.S.NegativeOne)


def _gaussian(lib: Library, q: Pair, x: Pair) -> Pair:
    """exp(-q x^2); as in `hermiso.stable`, h^2 is exact for x = h + (x - h)."""
    xp, w = lib.array, _value(lib, x)
    exact = fixed(abs(w)) < 2.0**7
    h = xp.where(exact, xp.round(16 * fixed(w)) / 16, 0.0)
    rough = _multiply(lib, _negative(q), _pair(lib, w - h), _pair(lib, w + h))
    square = _multiply(lib, _negative(q), _pair(lib, h * h))
    return _multiply(lib, _exp(lib, square), _exp(lib, rough))


def _pair(lib: Library, value: Any) -> Pair:
    return _normal(lib, value, lib.array.zeros_like(value))


def _erfc(lib: Library, u: Pair) -> Pair:
    return _gaussian_tail(lib, _like(lib, u[0], 1.0), _like(lib, u[0], 1.0), u)


def _gaussian_tail(lib: Library, k: Pair, q: Pair, x: Pair) -> Pair:
    """erfc(k x), q = k^2; in the tail erfcx(k x) exp(-q x^2)."""
    xp, w = lib.array, _value(lib, _multiply(lib, k, x))
    far = fixed(w) > 1
    tail = _gaussian(lib, q, _chosen(lib, far, x, _like(lib, w, 0.0)))
    tail = _multiply(lib, tail, _pair(lib, lib.special.erfcx(xp.where(far, w, 1.0))))
    return _chosen(lib, far, tail, _pair(lib, lib.special.erfc(xp.where(far, 0.0, w))))


def _plus_root(lib: Library, t: Pair, v: Pair, difference: Pair) -> Pair:
    size = lib.array.where(fixed(t[0]) < 0, -t[0], t[0])  # unlike that of abs, its slope at 0 is 1
    far = _add(lib, _power(lib, v, sp.S.Half), (size, t[1]))
    other = _multiply(lib, difference, _power(lib, far, sp.S.NegativeOne))
    return _chosen(lib, fixed(t[0]) < 0, other, far)


def _plain(f: Function, lib: Library, *arguments: Pair) -> Pair:
    """A function without a rule of its own, on floats."""
    return _pair(lib, f(*(_value(lib, a) for a in arguments)))


_ALGEBRA = (sp.Add, sp.Mul, sp.Pow, sp.log, sp.Abs, sp.Max, sp.Min, plus_root)
_ARITHMETIC: dict[str, Callable[..., Pair]] = {
    "Add": _add,
    "Mul": _multiply,
    "Pow": _general_power,
    "exp": _exp,
    "log": _log,
    "log1p": _log1p,
    "expm1": _expm1,
    "sinh": _sinh,
    "cosh": _cosh,
    "expit": _expit,
    "gaussian": _gaussian,
    "erfc": _erfc,
    "gaussian_tail": _gaussian_tail,
    "plus_root": _plus_root,
    "Abs": lambda lib, u: (abs(u[0]), u[1]),
}
