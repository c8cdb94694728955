"""Random finite compositions, for tests/halving.py to integrate.

A composition carries its sympy expression beside a function on numpy arrays that is built along
with it, from the same choices: neither sympy's simplifications nor hermiso's reading of the
expression take part in the truth. It also carries what makes it legal: a range of its values
(so that logarithms, powers and quotients stay real and finite) and its growth (so that it is
square-integrable). Kinks that are known by construction are kept with it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import sympy as sp
from hypothesis import strategies as st

X = sp.Symbol("x", real=True)
Real = np.longdouble
EPS = float(np.finfo(Real).eps)
INF = float("inf")
PI = 4 * np.arctan(Real(1))
Arrays = Callable[[Any], Any]


@dataclass(frozen=True)
class Composition:
    """A function of x, written twice.

    Attributes:
        expression: for hermiso.
        f: on arrays.
        low: no value lies below.
        high: no value lies above.
        rate: |f| grows at most like a polynomial times exp(rate |x|).
        degree: of that polynomial.
        kinks: points where f is not smooth, as far as they are known.
        unbounded: points where f is unbounded.
    """

    expression: sp.Expr
    f: Arrays = field(repr=False)
    low: float = -INF
    high: float = INF
    rate: float = 0.0
    degree: float = 0.0
    kinks: frozenset[Any] = frozenset()
    unbounded: frozenset[Any] = frozenset()

    @property
    def bounded(self) -> bool:
        return self.low > -INF and self.high < INF


def rationals(low: int = -2, high: int = 2) -> st.SearchStrategy[sp.Rational]:
    return st.fractions(low, high, max_denominator=4).map(
        lambda q: sp.Rational(q.numerator, q.denominator)
    )


nonzero = rationals().filter(bool)
positive = rationals(0, 2).filter(bool)


def real(number: Any) -> Any:
    """Return a rational or a square root of one, rounded once."""
    if number.is_Rational:
        return Real(int(number.p)) / Real(int(number.q))
    return np.sqrt(real(number**2)) * (1 if number > 0 else -1)


# --- building blocks ------------------------------------------------------------------------


def constant(c: Any) -> Composition:
    value = real(c)
    return Composition(sp.sympify(c), lambda x: value + 0 * x, float(value), float(value))


@st.composite
def affine(draw: st.DrawFn) -> Composition:
    """a x + b; its zero is a kink of whatever bends there."""
    a, b = draw(nonzero), draw(rationals())
    p, q = real(a), real(b)
    return Composition(a * X + b, lambda x: p * x + q, degree=1)


@st.composite
def proportional(draw: st.DrawFn) -> Composition:
    """a x, whose zero numbers come as close to as they please."""
    a = draw(nonzero)
    p = real(a)
    return Composition(a * X, lambda x: p * x, degree=1)


def zeros(u: Composition) -> frozenset[float]:
    """The zero of an affine function with rational coefficients: halving finds the others."""
    if u.expression.is_polynomial(X) and sp.degree(u.expression, X) == 1:
        b, a = (u.expression.coeff(X, j) for j in (0, 1))
        return frozenset({real(-b / a)}) if (b / a).is_Rational else frozenset()
    return frozenset()


def joined(u: Composition, v: Composition, e: sp.Expr, f: Arrays, **more: Any) -> Composition:
    return Composition(e, f, kinks=u.kinks | v.kinks, unbounded=u.unbounded | v.unbounded, **more)


def bound(u: Composition, head: Any, f: Arrays, low: float, high: float) -> Composition:
    """A bounded function of anything; it has no growth any more."""
    return replace(
        u, expression=head(u.expression), f=lambda x: f(u.f(x)), low=low, high=high,
        rate=0.0, degree=0.0,
    )  # fmt: skip


def erf(x: Any) -> Any:
    """By a series of terms of one sign."""
    x = np.asarray(x, Real)
    square, term = 2 * np.minimum(x * x, 81), np.clip(x, -9, 9)
    total = term.copy()
    for n in range(1, 400):
        term = term * square / (2 * n + 1)
        total += term
        if (abs(term) <= EPS * abs(total) / 8).all():
            break
    return np.exp(-square / 2) * total * 2 / np.sqrt(PI)


BOUNDED: dict[str, tuple[Any, Arrays, float, float]] = {
    "tanh": (sp.tanh, np.tanh, -1, 1),
    "atan": (sp.atan, np.arctan, -1.5708, 1.5708),
    "erf": (sp.erf, erf, -1, 1),
    "erfc": (sp.erfc, lambda t: 1 - erf(t), 0, 2),
    "bell": (lambda t: sp.exp(-(t**2)), lambda t: np.exp(-t * t), 0, 1),
    "witch": (lambda t: 1 / (1 + t**2), lambda t: 1 / (1 + t * t), 0, 1),
    "logistic": (lambda t: 1 / (1 + sp.exp(-t)), lambda t: (1 + np.tanh(t / 2)) / 2, 0, 1),
    "tan of tanh": (lambda t: sp.tan(sp.tanh(t)), lambda t: np.tan(np.tanh(t)), -1.5575, 1.5575),
}
WAVES: dict[str, tuple[Any, Arrays]] = {"sin": (sp.sin, np.sin), "cos": (sp.cos, np.cos)}


@st.composite
def bounded(draw: st.DrawFn, inner: st.SearchStrategy[Composition]) -> Composition:
    head, f, low, high = BOUNDED[draw(st.sampled_from(sorted(BOUNDED)))]
    return bound(draw(inner), head, f, low, high)


@st.composite
def waves(draw: st.DrawFn, inner: st.SearchStrategy[Composition]) -> Composition:
    """sin and cos of what turns slowly enough to be resolved."""
    u = draw(inner.filter(lambda u: u.rate == 0 and u.degree <= 2 and not u.unbounded))
    head, f = WAVES[draw(st.sampled_from(sorted(WAVES)))]
    return bound(u, head, f, -1, 1)


@st.composite
def steps(draw: st.DrawFn) -> Composition:
    """sign and Heaviside of an affine function: elsewhere sign changes may be too many."""
    u = draw(affine())
    head, f, low = draw(
        st.sampled_from(
            [(sp.sign, np.sign, -1.0), (sp.Heaviside, lambda t: (1 + np.sign(t)) / 2, 0.0)]
        )
    )
    return replace(bound(u, head, f, low, 1.0), kinks=zeros(u))


@st.composite
def logarithms(draw: st.DrawFn, inner: st.SearchStrategy[Composition]) -> Composition:
    """log(c + |u|), log(c + u^2), log of a positive function, log|a x + b|."""
    kind = draw(st.sampled_from(["abs", "square", "exp", "singular"]))
    if kind == "singular":
        u = draw(affine())
        e, f = sp.log(sp.Abs(u.expression)), lambda x: np.log(abs(u.f(x)))
        return Composition(e, f, degree=1, kinks=zeros(u), unbounded=zeros(u))
    u, c = (
        draw(
            inner.filter(
                lambda u: not u.unbounded and (kind != "exp" or (u.rate == 0 and u.degree <= 2))
            )
        ),
        draw(positive),
    )
    p = real(c)
    e, f = {
        "abs": (c + sp.Abs(u.expression), lambda x: p + abs(u.f(x))),
        "square": (c + u.expression**2, lambda x: p + u.f(x) ** 2),
        "exp": (c + sp.exp(u.expression), lambda x: p + np.exp(u.f(x))),
    }[kind]
    kinks = u.kinks | zeros(u) if kind == "abs" else u.kinks
    growing = max(u.degree, 1.0) if u.rate or kind == "exp" else 1.0
    high = INF if not u.bounded else 2 + max(abs(u.low), abs(u.high)) * 2
    return Composition(
        sp.log(e), lambda x: np.log(f(x)), low=float(np.log(p)), high=high, degree=growing,
        kinks=kinks,
    )  # fmt: skip


@st.composite
def exponentials(draw: st.DrawFn, inner: st.SearchStrategy[Composition]) -> Composition:
    """exp of an affine function, of a bounded one, or of minus a square or an exponential."""
    kind = draw(st.sampled_from(["affine", "bounded", "double"]))
    if kind == "affine":
        u = draw(affine())
        rate = abs(float(u.expression.coeff(X, 1))) / 2
        return replace(
            u, expression=sp.exp(u.expression / 2), f=lambda x: np.exp(u.f(x) / 2), low=0.0,
            rate=rate, degree=0.0,
        )  # fmt: skip
    if kind == "double":
        u = draw(affine())
        return bound(u, lambda t: sp.exp(-sp.exp(t)), lambda t: np.exp(-np.exp(t)), 0, 1)
    u = draw(bounded(inner))
    return bound(u, sp.exp, np.exp, float(np.exp(u.low)), float(np.exp(u.high)))


@st.composite
def powers(draw: st.DrawFn, inner: st.SearchStrategy[Composition]) -> Composition:
    """Integer powers, roots of c + |u| or c + u^2, and |a x + b|^p."""
    kind = draw(st.sampled_from(["integer", "root", "singular"]))
    if kind == "singular":
        p = sp.Rational(draw(st.sampled_from(["1/2", "1/3", "5/2", "-1/5"])))
        u, q = draw(affine() if p > 0 else proportional()), real(p)
        e, f = sp.Abs(u.expression) ** p, lambda x: abs(u.f(x)) ** q
        return Composition(
            e, f, low=0.0, degree=3, kinks=zeros(u), unbounded=zeros(u) if p < 0 else frozenset()
        )
    u = draw(inner.filter(lambda u: not u.unbounded and u.rate <= 1 and u.degree <= 2))
    if kind == "integer":
        n = draw(st.integers(2, 3))
        ends = [u.low**n, u.high**n] if u.bounded else [-INF, INF]
        return replace(
            u, expression=u.expression**n, f=lambda x: u.f(x) ** n, rate=n * u.rate,
            degree=n * u.degree, low=0.0 if n == 2 else ends[0], high=max(abs(e) for e in ends),
        )  # fmt: skip
    c, p = draw(positive), sp.Rational(draw(st.sampled_from(["1/2", "-1/2", "1/3", "3/2"])))
    shift, q = real(c), real(p)
    return replace(
        u, expression=(c + u.expression**2) ** p, f=lambda x: (shift + u.f(x) ** 2) ** q, low=0.0,
        high=INF, rate=3 * u.rate, degree=3 * u.degree,
    )  # fmt: skip


@st.composite
def bends(draw: st.DrawFn, inner: st.SearchStrategy[Composition]) -> Composition:
    """Abs, Max, Min, asinh."""
    u = draw(inner)
    kind = draw(st.sampled_from(["abs", "max", "min", "asinh"]))
    if kind == "asinh":
        low, high = float(np.arcsinh(u.low)), float(np.arcsinh(u.high))
        return replace(
            u, expression=sp.asinh(u.expression), f=lambda x: np.arcsinh(u.f(x)), low=low, high=high
        )
    if kind == "abs":
        return replace(
            u, expression=sp.Abs(u.expression), f=lambda x: abs(u.f(x)), kinks=u.kinks | zeros(u),
            low=0.0, high=max(abs(u.low), abs(u.high)),
        )  # fmt: skip
    v = draw(inner)
    head, f, best = {"max": (sp.Max, np.maximum, max), "min": (sp.Min, np.minimum, min)}[kind]
    difference = replace(u, expression=sp.expand(u.expression - v.expression))
    both = joined(u, v, head(u.expression, v.expression), lambda x: f(u.f(x), v.f(x)))
    return replace(
        both, low=best(u.low, v.low), high=best(u.high, v.high), rate=max(u.rate, v.rate),
        degree=max(u.degree, v.degree), kinks=both.kinks | zeros(difference),
    )  # fmt: skip


@st.composite
def pieces(draw: st.DrawFn, inner: st.SearchStrategy[Composition]) -> Composition:
    """Piecewise in x < t, with t rational, a square root, or where exp(x) or tanh(x) is given."""
    u, v, t = draw(inner), draw(inner), draw(rationals())
    condition, at = draw(
        st.sampled_from(
            [
                (t > X, real(t)),
                (X - sp.sqrt(2) < t, real(t) + np.sqrt(Real(2))),
                (sp.exp(X) < 2, np.log(Real(2))),
                (sp.tanh(X) < sp.Rational(1, 3), np.arctanh(Real(1) / 3)),
            ]
        )
    )
    e = sp.Piecewise((u.expression, condition), (v.expression, True))
    both = joined(u, v, e, lambda x: np.where(x < at, u.f(x), v.f(x)))
    return replace(
        both, low=min(u.low, v.low), high=max(u.high, v.high), rate=max(u.rate, v.rate),
        degree=max(u.degree, v.degree), kinks=both.kinks | {at},
    )  # fmt: skip


@st.composite
def arithmetic(draw: st.DrawFn, inner: st.SearchStrategy[Composition]) -> Composition:
    """Sums, products, and quotients by what stays away from 0."""
    u, kind = draw(inner), draw(st.sampled_from(["+", "*", "/"]))
    v = draw(inner.filter(lambda v: not (u.unbounded and v.unbounded)))
    if kind == "+":
        c = draw(nonzero)
        p = real(c)
        e, f = u.expression + c * v.expression, lambda x: u.f(x) + p * v.f(x)
        ends = sorted([float(p) * v.low, float(p) * v.high])
        return joined(
            u, v, e, f, low=u.low + ends[0], high=u.high + ends[1], rate=max(u.rate, v.rate),
            degree=max(u.degree, v.degree),
        )  # fmt: skip
    if kind == "*":
        corners = [a * b for a in (u.low, u.high) for b in (v.low, v.high)]
        low, high = (min(corners), max(corners)) if u.bounded and v.bounded else (-INF, INF)
        e, f = u.expression * v.expression, lambda x: u.f(x) * v.f(x)
        return joined(
            u, v, e, f, low=low, high=high, rate=u.rate + v.rate, degree=u.degree + v.degree
        )
    c = draw(positive)
    p = real(c)
    e, f = u.expression / (c + v.expression**2), lambda x: u.f(x) / (p + v.f(x) ** 2)
    scale = 1 / float(p)
    return joined(
        u, v, e, f, low=min(u.low * scale, 0.0), high=max(u.high * scale, 0.0), rate=u.rate,
        degree=u.degree,
    )  # fmt: skip


def _larger(inner: st.SearchStrategy[Composition]) -> st.SearchStrategy[Composition]:
    return st.one_of(
        bounded(inner), waves(inner), logarithms(inner), exponentials(inner), powers(inner),
        bends(inner), pieces(inner), arithmetic(inner),
    )  # fmt: skip


def integrable(u: Composition) -> bool:
    """Whether it is tame enough to be integrated, and depends on x at all."""
    return bool(u.rate <= 2 and u.degree <= 6 and u.expression.has(X) and len(u.unbounded) <= 1)


def compositions() -> st.SearchStrategy[Composition]:
    """Compositions of depth two to four."""
    leaves = st.one_of(affine(), affine(), steps(), nonzero.map(constant))
    middle = _larger(leaves)
    outer = _larger(st.one_of(middle, middle, leaves))
    return st.one_of(outer, outer, _larger(outer)).filter(integrable)
