"""Random expressions of the exact class, and their Gaussian moments by brute quadrature.

The quadrature knows the kinks from how an expression was built, not from hermiso.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from typing import Any

import mpmath
import sympy as sp
from hypothesis import strategies as st
from mpmath.calculus.quadrature import GaussLegendre

X = sp.Symbol("x", real=True)
DIGITS = 40


@dataclass(frozen=True)
class Case:
    """An expression in X, the points where it is not smooth, and whether it is singular there."""

    expression: sp.Expr
    kinks: frozenset[sp.Rational] = frozenset()
    singular: bool = False

    def __add__(self, other: Case) -> Case:
        return self._joined(other, self.expression + other.expression)

    def __mul__(self, other: Case) -> Case:
        return self._joined(other, self.expression * other.expression)

    def _joined(self, other: Case, e: sp.Expr) -> Case:
        return Case(e, self.kinks | other.kinks, self.singular or other.singular)


def rationals(low: int = -2, high: int = 2) -> st.SearchStrategy[sp.Rational]:
    return st.fractions(low, high, max_denominator=4).map(
        lambda q: sp.Rational(q.numerator, q.denominator)
    )


nonzero = rationals().filter(bool)
slopes = st.one_of(nonzero, st.sampled_from([sp.Rational(1, 100), sp.Integer(5)]))
affine = st.builds(lambda a, b: a * X + b, nonzero, rationals())


def smooth(e: sp.Expr) -> Case:
    return Case(sp.sympify(e))


@st.composite
def smooth_factors(draw: st.DrawFn) -> Case:
    u = draw(affine)
    kind = draw(st.sampled_from(["power", "exp", "bell", "sin", "cos", "sinh", "cosh", "hermite"]))
    functions: dict[str, Callable[[], sp.Expr]] = {
        "power": lambda: u ** draw(st.integers(1, 3)),
        "exp": lambda: sp.exp(u / 2),
        "bell": lambda: sp.exp(-draw(rationals(0, 2).filter(bool)) * X**2 + u),
        "sin": lambda: sp.sin(u),
        "cos": lambda: sp.cos(u),
        "sinh": lambda: sp.sinh(u / 2),
        "cosh": lambda: sp.cosh(u / 2),
        "hermite": lambda: sp.hermite_prob(draw(st.integers(0, 5)), X),
    }
    return smooth(functions[kind]())


@st.composite
def kinked_factors(draw: st.DrawFn) -> Case:
    t = draw(st.one_of(rationals(), rationals(-12, 12)))
    u = X - t
    kind = draw(st.sampled_from(["relu", "abs", "step", "sign", "clip", "leaky", "min", "window"]))
    if kind == "clip":
        width = draw(rationals(0, 2).filter(bool))
        return Case(sp.Min(sp.Max(X, t), t + width), frozenset({t, t + width}))
    if kind == "window":
        width = draw(rationals(0, 2).filter(bool))
        inside = sp.And(t < X, t + width > X)
        return Case(sp.Piecewise((X, inside), (draw(rationals()), True)), frozenset({t, t + width}))
    functions = {
        "relu": sp.Max(u, 0),
        "abs": sp.Abs(u),
        "step": sp.Heaviside(u),
        "sign": sp.sign(u),
        "leaky": sp.Piecewise((X, t < X), (draw(rationals()) * X + draw(rationals()), True)),
        "min": sp.Min(u, draw(st.sampled_from([sp.S.Zero, -u, 2 * u]))),
    }
    return Case(functions[kind], frozenset({t}))


@st.composite
def erfs(draw: st.DrawFn) -> Case:
    u = draw(slopes) * X + draw(rationals())
    outer = draw(st.sampled_from([sp.S.One, X, X**2, sp.exp(X / 2)]))
    return smooth(draw(st.sampled_from([sp.erf, sp.erfc]))(u) * outer)


@st.composite
def powers(draw: st.DrawFn) -> Case:
    p = draw(
        st.sampled_from(
            [sp.Rational(1, 2), sp.Rational(3, 2), sp.Rational(5, 2), sp.Rational(-1, 5)]
        )
    )
    e = draw(st.sampled_from([sp.Abs(X) ** p, sp.Max(X, 0) ** p if p > 0 else sp.Abs(X) ** p]))
    return Case(e * X ** draw(st.integers(0, 1)), frozenset({sp.S.Zero}), singular=True)


@st.composite
def rational_functions(draw: st.DrawFn) -> Case:
    c = draw(rationals(1, 3))
    top = draw(st.sampled_from([sp.S.One, X, X**2]))
    n = draw(st.integers(1, 2))
    if draw(st.booleans()):
        return Case(top / (c + sp.Abs(X)) ** n, frozenset({sp.S.Zero}))
    return smooth(top / (X**2 + draw(rationals(-1, 1)) * X + c) ** n)


def elementary() -> st.SearchStrategy[Case]:
    """Products of at most two smooth factors and one kinked factor, summed."""
    product = st.builds(
        lambda a, b: a * b, smooth_factors(), st.one_of(smooth_factors(), kinked_factors())
    )
    single = st.one_of(smooth_factors(), kinked_factors(), product)
    return st.builds(lambda a, b, c: a + Case(c * b.expression, b.kinks), single, single, nonzero)


def covered() -> st.SearchStrategy[Case]:
    """Expressions whose mean, c_1 and second moment all have closed forms."""
    return st.one_of(elementary(), erfs(), powers(), rational_functions())


def mixed() -> st.SearchStrategy[Case]:
    """Sums over all families: mean and c_1 are exact, the square may not be."""
    return st.builds(lambda a, b: a + b, covered(), covered())


@cache
def _rule() -> list[tuple[Any, Any]]:
    """48 Gauss-Legendre nodes and weights on [-1, 1]."""
    with mpmath.workdps(DIGITS + 10):
        return list(GaussLegendre(mpmath.mp).calc_nodes(5, mpmath.mp.prec))


def brute_moments(case: Case, weights: list[Callable[[Any, Any], Any]]) -> list[tuple[Any, Any]]:
    """Return (E w(f(z), z), E |w|) for several weights, to about 35 digits."""
    f = sp.lambdify(X, case.expression, "mpmath")
    with mpmath.workdps(DIGITS):
        edges = sorted(
            {
                *(mpmath.mpf(j) for j in range(-24, 25)),
                *(mpmath.mpf(int(k.p)) / int(k.q) for k in case.kinks),
            }
        )
        totals = [[mpmath.mpf(0), mpmath.mpf(0)] for _ in weights]
        for a, b in pairwise(edges):
            for z, w in _nodes(a, b, case.singular and 0 in (a, b)):
                value, density = f(z), w * mpmath.npdf(z)
                for total, weight in zip(totals, weights, strict=True):
                    term = weight(value, z) * density
                    total[0] += term
                    total[1] += abs(term)
        return [(t[0], t[1]) for t in totals]


def _nodes(a: Any, b: Any, singular: bool) -> list[tuple[Any, Any]]:
    middle, half = (a + b) / 2, (b - a) / 2
    if not singular:
        return [(middle + half * t, half * w) for t, w in _rule()]
    # x = s u^10: every |x|^(p/5) becomes a polynomial in u
    found = []
    for panel in range(8):
        for t, w in _rule():
            u = (panel + (t + 1) / 2) / 8
            found.append((2 * middle * u**10, (b - a) * 10 * u**9 * w / 16))
    return found
