"""Taylor coefficients of a smooth expression, to hundreds of bits.

Near 0 an activation is its tangent plus a remainder q, and in float64 the difference
s(x) - s(0) - s'(0) x loses q altogether. Its Taylor coefficients lose nothing: they are computed
here by power-series arithmetic on balls, head by head, and only then rounded.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import reduce
from typing import Any

import numpy as np
import sympy as sp
from sympy import Expr, Symbol

from hermiso.errors import NoClosedForm
from hermiso.numeric.cells import log_bound

__all__ = ["ORDER", "Series", "constant", "radius", "taylor"]

BITS = 320
ORDER = 44  # Taylor coefficients
_RATIO = 0.5  # of the radius of convergence, at most
_LAST = 8
_TRUNCATED = 1e-17
_FARTHEST = 1e3
_SMALLER = 0.75  # from disc to disc
Series = list[Any]  # balls: u_0, u_1, ...


def taylor(e: Expr, x: Symbol, at: Expr, order: int) -> tuple[float, ...]:
    """Return the first Taylor coefficients of a smooth expression, each rounded once.

    A coefficient is 0 if its ball contains 0, or if it underflows.

    Raises:
        NoClosedForm: if a function has no series here, or none at this point.
    """
    from flint import arb, ctx

    with ctx.workprec(BITS):
        start = [constant(at), arb(1), *[arb(0)] * order][:order]
        try:
            found = _Walk(x, start).series(e)
        except (ZeroDivisionError, ValueError) as error:
            raise NoClosedForm(f"{e!s:.200} has no Taylor series at {at}: {error}") from error
        if not all(c.is_finite() for c in found):
            raise NoClosedForm(f"{e!s:.200} has no Taylor series at {at}")
        return tuple(0.0 if c.contains(0) else float(c) for c in found)


def radius(terms: tuple[float, ...], box: Any = None, at: float = 0.0) -> float:
    """How far from a point a Taylor polynomial stands for its function.

    The last terms must vanish beside the largest. That proves nothing: the series of a narrow
    bump far away starts with zeros. By Cauchy, a bound M on a disc of radius r does: at distance
    h the series leaves less than M (h/r)^44/(1 - h/r).

    Args:
        terms: the coefficients of h^0, h^1, ...
        box: the function on boxes, if it has one.
        at: the point.
    """
    guess = _guessed(terms)
    if box is None:
        return guess
    best, r = 0.0, 4 * min(guess, _FARTHEST)
    least = r * 1e-18
    while r > max(best, least):
        h = _proved(terms, log_bound(box, at, r, r), r, guess)
        if h < best:
            break
        best, r = h, r * _SMALLER
    return best


def _proved(terms: tuple[float, ...], bound: float, r: float, guess: float) -> float:
    """The largest h for which log2(M) = bound on a disc of radius r suffices, up to 7 %."""
    if bound == math.inf:
        return 0.0
    h = min(guess, r / 2) * 0.93 ** np.arange(150)
    with np.errstate(divide="ignore"):
        sizes = np.log2(np.abs(terms[2:])) + np.arange(2, len(terms)) * np.log2(h)[:, None]
    left = bound + 1 + len(terms) * np.log2(h / r)
    enough = left <= np.max(sizes, axis=1) + math.log2(_TRUNCATED)
    return float(h[np.argmax(enough)]) if enough.any() else 0.0


def _guessed(terms: tuple[float, ...]) -> float:
    """Where the last terms vanish beside the largest, within half the radius of convergence."""
    a = np.abs(np.array(terms))
    k = np.arange(a.size)
    if not a[-_LAST:].any():
        return math.inf
    r = _RATIO / float(np.max(a[ORDER // 3 :] ** (1 / k[ORDER // 3 :])))
    with np.errstate(over="ignore", under="ignore", invalid="ignore"):
        while not np.max((a * r**k)[-_LAST:]) <= _TRUNCATED * np.max((a * r**k)[2:]):
            r *= 0.9
    return r


def constant(e: Any) -> Any:
    """Return a constant expression as a ball."""
    from flint import arb, fmpq

    if e.is_Rational:
        return arb(fmpq(int(e.p), int(e.q)))
    value = sp.N(e, 110)
    if not value.is_Float:
        raise NoClosedForm(f"{e!s:.200} is no real number")
    return arb(str(value))


class _Walk:
    """One expression: the series of x, and of the subexpressions seen so far."""

    def __init__(self, x: Symbol, start: Series) -> None:
        self.x, self.seen = x, {x: start}
        self.n = len(start)

    def series(self, e: Any) -> Series:
        if e not in self.seen:
            self.seen[e] = self._series(e)
        return self.seen[e]

    def _series(self, e: Any) -> Series:
        from flint import arb

        if self.x not in e.free_symbols:
            return [constant(e), *[arb(0)] * (self.n - 1)]
        if e.is_Add:
            return [sum(c[1:], c[0]) for c in zip(*map(self.series, e.args), strict=True)]
        if e.is_Mul:
            return reduce(_product, map(self.series, e.args))
        if e.is_Pow:
            return self._power(e.base, e.exp)
        rule = _RULES.get(e.func)
        if rule is None:
            raise NoClosedForm(f"no Taylor series of {e.func} is known")
        return rule(self.series(e.args[0]))

    def _power(self, base: Expr, exponent: Expr) -> Series:
        if self.x in exponent.free_symbols:
            return _exp(_product(self.series(exponent), _log(self.series(base))))
        u = self.series(base)
        if not exponent.is_Integer:
            return _real_power(u, constant(exponent))
        power = reduce(_product, [u] * abs(int(exponent)))
        return power if exponent > 0 else _inverse(power)


def _product(u: Series, v: Series) -> Series:
    return [_convolved(u, v, k) for k in range(len(u))]


def _convolved(u: Series, v: Series, k: int) -> Any:
    return sum((a * b for a, b in zip(u[1 : k + 1], v[k - 1 :: -1], strict=False)), u[0] * v[k])


def _inverse(u: Series) -> Series:
    v = [1 / u[0]]
    for k in range(1, len(u)):
        v.append(-sum(u[j] * v[k - j] for j in range(1, k + 1)) / u[0])
    return v


def _derivative(u: Series) -> Series:
    return [*(k * c for k, c in enumerate(u[1:], 1)), 0 * u[0]]


def _integral(v: Series, start: Any) -> Series:
    return [start, *(c / (k + 1) for k, c in enumerate(v[:-1]))]


def _exp(u: Series) -> Series:
    du, v = _derivative(u), [u[0].exp()]
    for k in range(1, len(u)):
        v.append(sum(du[j] * v[k - 1 - j] for j in range(k)) / k)
    return v


def _log(u: Series) -> Series:
    return _integral(_product(_derivative(u), _inverse(u)), u[0].log())


def _real_power(u: Series, power: Any) -> Series:
    v = [u[0] ** power]
    for k in range(1, len(u)):
        terms = ((power * j - (k - j)) * u[j] * v[k - j] for j in range(1, k + 1))
        v.append(sum(terms) / (k * u[0]))
    return v


def _sin_cos(u: Series) -> tuple[Series, Series]:
    du, s, c = _derivative(u), [u[0].sin()], [u[0].cos()]
    for k in range(1, len(u)):
        ds = sum(du[j] * c[k - 1 - j] for j in range(k)) / k
        dc = -sum(du[j] * s[k - 1 - j] for j in range(k)) / k
        s.append(ds)
        c.append(dc)
    return s, c


def _scaled(u: Series, factor: Any) -> Series:
    return [factor * c for c in u]


def _shifted(u: Series, by: int) -> Series:
    return [u[0] + by, *u[1:]]


def _sum(u: Series, v: Series) -> Series:
    return [a + b for a, b in zip(u, v, strict=True)]


def _tanh(u: Series) -> Series:
    return _shifted(_scaled(_inverse(_shifted(_exp(_scaled(u, 2)), 1)), -2), 1)


def _hyperbolic(u: Series, sign: int) -> Series:
    return _scaled(_sum(_exp(u), _scaled(_exp(_scaled(u, -1)), sign)), 0.5)


def _gauss(u: Series, sign: int) -> Series:
    """2/sqrt(pi) exp(sign u^2)."""
    from flint import arb

    return _scaled(_exp(_scaled(_product(u, u), sign)), 2 / arb.pi().sqrt())


def _primitive(
    value: Callable[[Any], Any], derivative: Callable[[Series], Series]
) -> Callable[[Series], Series]:
    """The rule of a function that is known by its derivative."""
    return lambda u: _integral(_product(_derivative(u), derivative(u)), value(u[0]))


def _squared_plus(u: Series, sign: int) -> Series:
    """1 + sign u^2."""
    return _shifted(_scaled(_product(u, u), sign), 1)


def _root(u: Series) -> Series:
    from flint import arb

    return _real_power(u, arb(-0.5))


_RULES: dict[Any, Callable[[Series], Series]] = {
    sp.exp: _exp,
    sp.log: _log,
    sp.sin: lambda u: _sin_cos(u)[0],
    sp.cos: lambda u: _sin_cos(u)[1],
    sp.tan: lambda u: _product(_sin_cos(u)[0], _inverse(_sin_cos(u)[1])),
    sp.tanh: _tanh,
    sp.sinh: lambda u: _hyperbolic(u, -1),
    sp.cosh: lambda u: _hyperbolic(u, 1),
    sp.sech: lambda u: _inverse(_hyperbolic(u, 1)),
    sp.coth: lambda u: _inverse(_tanh(u)),
    sp.atan: _primitive(lambda a: a.atan(), lambda u: _inverse(_squared_plus(u, 1))),
    sp.asinh: _primitive(lambda a: a.asinh(), lambda u: _root(_squared_plus(u, 1))),
    sp.atanh: _primitive(lambda a: a.atanh(), lambda u: _inverse(_squared_plus(u, -1))),
    sp.asin: _primitive(lambda a: a.asin(), lambda u: _root(_squared_plus(u, -1))),
    sp.erf: _primitive(lambda a: a.erf(), lambda u: _gauss(u, -1)),
    sp.erfc: _primitive(lambda a: a.erfc(), lambda u: _scaled(_gauss(u, -1), -1)),
    sp.erfi: _primitive(lambda a: a.erfi(), lambda u: _gauss(u, 1)),
}
