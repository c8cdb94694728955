"""The all-layer theorem from the Oppenheim-Schur inequality: g_l = -log det G_l, every layer.

g_{l+1} <= -sum_k p_k log(1 - (1 - e^{-g_l})^k) <= g_l - (beta - 1) log(2 - e^{-g_l}). Each
inequality of the proof is a claim; determinants are compared as rationals, with the weights'
common denominator as the power.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from math import lcm, prod
from typing import Any

import sympy as sp
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from verify import Claim, Evidence, Level, bounded, equal, nonnegative, together
from verify.claims.beyond._correlations import hadamard, matrices, pairs, step, strength
from verify.claims.beyond.am_gm import union, weighted
from verify.claims.isometry._mean_field import pair
from verify.exact import Matrix, Vector, det

Bound = Callable[..., Any]

schur = Claim(
    label="beyond:oppenheim-schur",
    where="docs/bounds.md, Oppenheim-Schur",
    says=r"\det(A \circ B) \geq 1 - (1 - \det A)(1 - \det B)",
    value=lambda a, b: 1 - (1 - a) * (1 - b),
    mutants={
        "sign of the product, multiplied out": lambda a, b: a + b + a * b,
        "square of the product": lambda a, b: 1 - ((1 - a) * (1 - b)) ** 2,
        "one complement missing": lambda a, b: 1 - (1 - a) * b,
    },
    uses=("beyond:multiple-product",),
)


def _rational_products(stated: Bound, seed: int, examples: int) -> Evidence:
    def sides(case: tuple[Matrix, Matrix]) -> tuple[Fraction, Fraction]:
        first, second = case
        return Fraction(stated(det(first), det(second))), det(hadamard(first, second))

    domain = "exact correlation matrices of all families, n = 2..4"
    return bounded(sides, pairs(), domain=domain, examples=examples, seed=seed)


@schur.check(Level.SEARCHED)
def rational_products(stated: Bound, *, seed: int) -> Evidence:
    """Determinants in rational arithmetic."""
    return _rational_products(stated, seed, 50)


@schur.check(Level.PROVED)
def by_induction_over_samples(stated: Bound) -> Evidence:
    """With det A = (1 - s) a: (1 - s t)(1 - (1 - a)(1 - b)) >= 1 - (1 - (1-s)a)(1 - (1-t)b).

    For one sample both sides are 1, and 1 - s(A o B) >= 1 - s t by the product lemma.
    """
    _rational_products(stated, 0, 25)
    s, t, a, b = (1 / (1 + v) for v in sp.symbols("v1:5", positive=True))
    smaller = stated((1 - s) * a, (1 - t) * b)
    larger = (1 - s * t) * stated(a, b)
    start = equal(stated(sp.S.One, sp.S.One), 1, domain="n = 1")
    variables = list(sp.symbols("v1:5", positive=True))
    induction = nonnegative(larger - smaller, variables, domain="n - 1 -> n", refutable=False)
    return together(start, induction, domain="all n, by induction; all correlation matrices")


layer = Claim(
    label="beyond:oppenheim-schur-layer",
    where="docs/bounds.md, Oppenheim-Schur",
    says=r"g_{l+1} \leq -\sum_k p_k \log(1 - (1 - e^{-g_l})^k)",
    value=lambda k, u: 1 - u**k,
    mutants={
        "next power": lambda k, u: 1 - u ** (k + 1),
        "square of the determinant": lambda k, u: 1 - u ** (2 * k),
        "all terms like the second": lambda k, u: 1 - u ** max(k, 2),
    },
    uses=("beyond:multiple-lemma", "beyond:weighted-am-gm", "beyond:union-power"),
)


@layer.check(Level.SEARCHED)
def rational_layers(stated: Bound, *, seed: int) -> Evidence:
    """Compare det(kappa(G))^N with prod (1 - u^k)^(N p_k) in rational arithmetic."""
    return _rational_layers(stated, seed, 60)


def _few_orders() -> SearchStrategy[Vector]:
    """Spectra of at most 4 orders whose common denominator is small."""
    few = st.lists(st.integers(0, 3), min_size=1, max_size=4).filter(any)
    return few.map(lambda w: tuple(Fraction(v, sum(w)) for v in w))


def _rational_layers(stated: Bound, seed: int, examples: int) -> Evidence:
    def sides(case: tuple[Vector, Matrix]) -> tuple[Fraction, Fraction]:
        p, G = case
        common, u = lcm(*(weight.denominator for weight in p)), 1 - det(G)
        factors = [Fraction(stated(k, u)) ** int(common * w) for k, w in enumerate(p, start=1)]
        return prod(factors, start=Fraction(1)), det(step(p, G)) ** common

    cases = st.tuples(_few_orders(), matrices(largest=3))
    domain = "exact spectra of at most 4 orders with small denominators, n = 2..3"
    return bounded(sides, cases, domain=domain, examples=examples, seed=seed)


@layer.check(Level.PROVED)
def by_multiple_correlations(stated: Bound) -> Evidence:
    """Sample by sample 1 - s(kappa(G)) >= sum p_k (1 - s^k) >= prod (1 - s^k)^(p_k) by AM-GM.

    So one more sample multiplies the factor of order k by 1 - s^k, and u = 1 - det becomes
    s + t - s t. What is left is (s + t - s t)^k >= s^k + t^k - s^k t^k (beyond:union-power).
    Below, a = s^k, b = t^k and U = (s + t - s t)^k.
    """
    _rational_layers(stated, 0, 25)
    k, U = sp.symbols("k U", positive=True)
    s, t, a, b = sp.symbols("s t a b", positive=True)
    joined, weights, u = s + t - s * t, sp.symbols("w1:4", positive=True), (s, s**2, s**3)
    added = (1 - s**k) * stated(k, t) - stated(k, joined)
    powers = {joined**k: U, s**k: a, t**k: b}
    left, right = (sp.expand(v).subs(powers) for v in (added, U - union.value(k, s, t)))
    means = weighted.value(weights, [1 - v for v in u])
    return together(
        equal(sum(weights) - weighted.value(weights, u), means, domain="1 - kappa(s) as a mean"),
        equal(stated(k, sp.S.Zero), 1, domain="no sample"),
        equal(sp.expand(left), sp.expand(right), domain="one more sample"),
        domain="all n, all spectra, all correlation matrices",
    )


worst = Claim(
    label="beyond:oppenheim-schur-worst",
    where="docs/bounds.md, Oppenheim-Schur",
    says=r"g_{l+1} \leq -\sum_k p_k \log(1 - (1 - e^{-g_l})^k) "
    r"\leq g_l - (\beta - 1) \log(2 - e^{-g_l})",
    value=lambda q: (1, q),  # powers of d = e^-g and 2 - d in a lower bound of e^-g_{l+1}
    mutants={
        "beta in place of beta - 1": lambda q: (1, 1 + q),
        "2 - beta in place of beta - 1": lambda q: (1, 1 - q),
        "first order without its determinant": lambda q: (q, q),
    },
    uses=("beyond:oppenheim-schur-layer",),
)


@worst.check(Level.SEARCHED)
def next_determinants(stated: Bound, *, seed: int) -> Evidence:
    """Compare det(kappa(G)) with the two powers in rational arithmetic."""
    return _next_determinants(stated, seed, 50)


def _next_determinants(stated: Bound, seed: int, examples: int) -> Evidence:
    def sides(case: tuple[Vector, Matrix]) -> tuple[Fraction, Fraction]:
        p, G = case
        first, second = (Fraction(v) for v in stated(strength(p) - 1))
        common, d = lcm(first.denominator, second.denominator), det(G)
        bound = d ** int(first * common) * (2 - d) ** int(second * common)
        return bound, det(step(p, G)) ** common

    near = st.sampled_from([pair(1 - Fraction(1, 10**k)) for k in (3, 6)])
    cases = st.tuples(_few_orders(), st.one_of(near, matrices(largest=3)))
    domain = "exact spectra of at most 4 orders with small denominators, n = 2..3"
    return bounded(sides, cases, domain=domain, examples=examples, seed=seed)


@worst.check(Level.PROVED)
def by_the_second_power(stated: Bound) -> Evidence:
    """For k >= 2: 1 - u^k >= 1 - u^2 = d (2 - d), d = 1 - u; those p_k add up to q = beta - 1.

    Below, x = -log d and y = log(2 - d), of which the stated bound must not be the smaller gap.
    """
    _next_determinants(stated, 0, 25)
    q, u, v, x, y = sp.symbols("q u v x y", positive=True)
    k = sp.Symbol("k", integer=True, positive=True)
    first, second = stated(q)
    gap = (1 - q) * x + q * (x - y)  # p_1 of the first power, the rest of the second
    domain = "all n, all spectra, all correlation matrices"
    return together(
        equal(u**k - u ** (k + 1), u**k * (1 - u), domain="u^k falls with k"),
        nonnegative((1 - u).subs(u, 1 / (1 + v)), [v], domain="0 <= u <= 1"),
        equal(1 - u**2, (1 - u) * (2 - (1 - u)), domain="1 - u^2 = d (2 - d)"),
        nonnegative(first * x - second * y - gap, [q, x, y], domain=domain, refutable=False),
        domain=domain,
    )


claims = (schur, layer, worst)
