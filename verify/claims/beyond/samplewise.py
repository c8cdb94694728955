"""The bound by samples: each multiple correlation takes the logistic step on its own."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from itertools import pairwise
from math import log, prod
from typing import Any

import sympy as sp
from hypothesis import strategies as st

from hermiso import bounds
from verify import Claim, Evidence, Level, Refuted, bounded, equal, nonnegative, search, together
from verify.claims.beyond._correlations import matrices, step, strength
from verify.claims.isometry._mean_field import pair
from verify.exact import Matrix, Vector, det
from verify.searching import show
from verify.strategies import exact_spectra

Bound = Callable[..., Any]

_LAYERS = 3
_PAIRS = [
    ((1 - Fraction(1, share), Fraction(1, share)), pair(1 - Fraction(1, 10**nines)))
    for share in (1, 2, 10)
    for nines in (1, 4)
]
_NEAR = 1e-9  # of the library to the exact product
_Q, _S, _T, _X = sp.symbols("q s t x", positive=True)
_SHARE = _Q / (1 + _Q)  # as q runs over (0, oo), this runs over (0, 1)

each = Claim(
    label="beyond:samplewise",
    where="docs/bounds.md, Corollary 2",
    says=r"1 - s_i = \frac{\det G_{1..i}}{\det G_{1..i-1}},\ x_{i,0} = \frac{s_i}{1 - s_i},\ "
    r"x_{i,l+1} = \frac{x_{i,l} (2 - \beta + x_{i,l})}{1 + \beta x_{i,l}}: \quad "
    r"\mathrm{gap}_l \leq \frac1n \sum_i \log(1 + x_{i,l}) \quad \text{for every } l \geq 0",
    value=lambda beta, x: x * (2 - beta + x) / (1 + beta * x),
    mutants={
        "(2 - beta) x, right for small x only": lambda beta, x: (2 - beta) * x,
        "2 in the denominator": lambda beta, x: x * (2 - beta + x) / (1 + 2 * x),
        "as without a first order": lambda beta, x: x**2 / (1 + 2 * x),
        "square of beta": lambda beta, x: x / beta**2,
    },
    uses=("beyond:multiple-lemma",),
)


def _odds(G: Matrix) -> list[Fraction]:
    """s_i/(1 - s_i) of each sample with those before it."""
    minors = [Fraction(1), *(det(tuple(row[:i] for row in G[:i])) for i in range(1, len(G) + 1))]
    return [before / after - 1 for before, after in pairwise(minors)]


def _orbits(stated: Bound, seed: int, examples: int) -> Evidence:
    def sides(case: tuple[Vector, Matrix]) -> tuple[Fraction, Fraction]:
        p, G = case
        x, found = _odds(G), []
        for _ in range(_LAYERS):
            G, x = step(p, G), [Fraction(stated(strength(p), v)) for v in x]
            found.append((1 / det(G), prod((1 + v for v in x), start=Fraction(1))))
        return max(found, key=lambda pair: pair[0] / pair[1])

    for case in _PAIRS:
        smaller, larger = sides(case)
        if smaller > larger:
            raise Refuted(f"{float(smaller):.8g} <= {float(larger):.8g} fails for {show(case)}")
    domain = "exact, spectra of at most 3 orders, n = 2..3, layers 1 to 3"
    cases = st.tuples(exact_spectra(orders=3), matrices(largest=3))
    return bounded(sides, cases, domain=domain, examples=examples, seed=seed)


@each.check(Level.SEARCHED)
def rational_orbits(stated: Bound, *, seed: int) -> Evidence:
    """Determinants of three layers in rational arithmetic; the closest one counts."""
    return _orbits(stated, seed, 40)


@each.check(Level.PROVED)
def sample_by_sample(stated: Bound) -> Evidence:
    """By Lemma 1 s' <= kappa(s) <= h(s) = (1 - q) s + q s^2, q = beta - 1, for every sample.

    In odds h is the stated step, and it rises; so by induction over the layers the odds of every
    sample stay below x_{i,l}, and 1/det is the product of 1 + odds.
    """
    _orbits(stated, 0, 25)
    middle, k = each.value(1 + _SHARE, _X), sp.Symbol("k", integer=True, positive=True)
    s, h = _X / (1 + _X), (1 - _Q) * _S + _Q * _S**2
    minor, before = sp.symbols("d D", positive=True)
    domain = "every layer, all n, all spectra, all correlation matrices with det > 0"
    return together(
        equal(before / minor - 1, (1 - minor / before) / (minor / before), domain="odds"),
        equal(_S**k - _S ** (k + 1), _S**k * (1 - _S), domain="s^k <= s^2 for k >= 2"),
        nonnegative((h - (1 - _Q) * _S - _Q * _S**2 / (1 + _T)), [_Q, _S, _T], domain="kappa <= h"),
        equal((h / (1 - h)).subs({_S: s, _Q: _SHARE}), middle, domain="h in odds"),
        nonnegative(sp.diff(middle, _X), [_Q, _X], domain="which rises"),
        nonnegative(stated(1 + _SHARE, _X) - middle, [_Q, _X], domain=domain, refutable=False),
        domain=domain,
    )


@each.check(Level.SEARCHED, only="layers 1 to 3")
def as_the_library_has_it(stated: Bound, *, seed: int) -> Evidence:
    """hermiso.bounds.samplewise against the exact product."""

    def holds(case: tuple[Fraction, Matrix]) -> bool:
        beta, G = case
        x, n = _odds(G), len(G)
        floats = [[float(entry) for entry in row] for row in G]
        found = bounds.samplewise(float(beta), floats, [1, 2, 3])
        for value in found:
            x = [Fraction(stated(beta, v)) for v in x]
            exact = sum(log(1 + v) for v in x) / n
            if abs(value - exact) > _NEAR * (1 + exact):
                return False
        return True

    strengths = st.integers(0, 16).map(lambda k: 1 + Fraction(k, 16))
    regular = matrices(largest=3).filter(lambda G: det(G) > Fraction(1, 10**3))
    domain = "hermiso.bounds.samplewise, n = 2..3, det > 1e-3, layers 1 to 3, to 1e-9"
    return search(holds, st.tuples(strengths, regular), domain=domain, examples=30, seed=seed)


def _grown(q: Any, d: Any) -> Any:
    """F(d) = d (1 + q (1 - d)), the determinant after a logistic step."""
    return d * (1 + q * (1 - d))


sharper = Claim(
    label="beyond:samplewise-below-logistic",
    where="docs/bounds.md, Corollary 2, against Theorem 1",
    says=r"F(d) = d (1 + (\beta - 1)(1 - d)): \quad F(a) F(b) \geq F(ab),\ F' \geq 0; \quad "
    r"\text{so } \prod_i F^l(d_i) \geq F^l\Big(\prod_i d_i\Big) \text{ for every } l",
    value=lambda q, a, b: _grown(q, a * b),
    mutants={
        "linear growth": lambda q, a, b: (1 + q) * a * b,
        "beta in place of beta - 1": lambda q, a, b: _grown(1 + q, a * b),
        "the factor squared": lambda q, a, b: a * b * (1 + q * (1 - a * b)) ** 2,
        "one determinant alone": lambda q, a, b: _grown(q, a),
    },
    uses=("beyond:samplewise", "beyond:logistic"),
)


@sharper.check(Level.PROVED)
def factor_by_factor(stated: Bound) -> Evidence:
    """Two factors, one of them maybe 1, at rationals first; then all, as F rises."""
    a, b, d = 1 / (1 + _S), 1 / (1 + _T), 1 / (1 + _X)
    room = _grown(_SHARE, a) * _grown(_SHARE, b) - stated(_SHARE, a, b)
    slope = sp.diff(_grown(_Q, _X), _X).subs({_X: d, _Q: _SHARE}, simultaneous=True)
    return together(
        nonnegative(room, [_Q, _S, _T], domain="F(a) F(b) >= F(ab)"),
        nonnegative(slope, [_Q, _X], domain="F rises"),
        domain="every layer, any number of samples, 1 <= beta <= 2",
    )


claims = (each, sharper)
