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

from verify import Claim, Evidence, Level, bounded, equal, nonnegative, together
from verify.claims.beyond._correlations import hadamard, pairs, step, steps, strength
from verify.exact import Matrix, Vector, det
from verify.strategies import unit_interval

Bound = Callable[..., Any]

schur = Claim(
    label="beyond:oppenheim-schur",
    where="docs/bounds.md, Oppenheim-Schur",
    says=r"\det(A \circ B) \geq 1 - (1 - \det A)(1 - \det B)",
    value=lambda a, b: 1 - (1 - a) * (1 - b),
    mutants={
        "sum of the determinants": lambda a, b: a + b,
        "square of the product": lambda a, b: 1 - ((1 - a) * (1 - b)) ** 2,
        "half of the product": lambda a, b: 1 - (1 - a) * (1 - b) / 2,
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
    return _rational_products(stated, seed, 100)


@schur.check(Level.PROVED)
def by_induction_over_samples(stated: Bound) -> Evidence:
    """With det A = (1 - s) a: (1 - s t)(1 - (1 - a)(1 - b)) >= 1 - (1 - (1-s)a)(1 - (1-t)b).

    For one sample both sides are 1, and 1 - s(A o B) >= 1 - s t by the product lemma.
    """
    _rational_products(stated, 0, 40)
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
    uses=("beyond:multiple-lemma", "isometry:eq-8-am-gm"),
)


@layer.check(Level.SEARCHED)
def rational_layers(stated: Bound, *, seed: int) -> Evidence:
    """Compare det(kappa(G))^N with prod (1 - u^k)^(N p_k) in rational arithmetic."""

    def sides(case: tuple[Vector, Matrix]) -> tuple[Fraction, Fraction]:
        p, G = case
        common, u = lcm(*(weight.denominator for weight in p)), 1 - det(G)
        factors = [Fraction(stated(k, u)) ** int(common * w) for k, w in enumerate(p, start=1)]
        return prod(factors, start=Fraction(1)), det(step(p, G)) ** common

    few = st.lists(st.integers(0, 3), min_size=1, max_size=4).filter(any)
    spectra = few.map(lambda w: tuple(Fraction(v, sum(w)) for v in w))
    cases = st.tuples(spectra, steps(largest=3).map(lambda case: case[1]))
    domain = "exact spectra of at most 4 orders with small denominators, n = 2..3"
    return bounded(sides, cases, domain=domain, examples=80, seed=seed)


@layer.check(Level.PROVED)
def by_multiple_correlations(stated: Bound) -> Evidence:
    """Sample by sample 1 - s(kappa(G)) >= sum p_k (1 - s^k) >= prod (1 - s^k)^(p_k) by AM-GM.

    The product over the samples is in the end at least 1 - u^k, by induction over k:
    (s + t - s t)^k >= s^k + t^k - s^k t^k. Below, a = s^k and b = t^k.
    """
    rational_layers(stated, seed=0)
    u, k = sp.symbols("u k", positive=True)
    variables = list(sp.symbols("v1:5", positive=True))
    s, t, a, b = (v / (1 + v) for v in variables)
    union, powers = s + t - s * t, a + b - a * b
    induction = union * powers - (s * a + t * b - s * t * a * b)
    return together(
        equal(stated(k, u), 1 - u**k, domain="the term of order k"),
        equal(stated(1, union), stated(1, s) * stated(1, t), domain="k = 1"),
        nonnegative(induction, variables, domain="k -> k + 1"),
        domain="all n, all spectra, all correlation matrices",
    )


worst = Claim(
    label="beyond:oppenheim-schur-worst",
    where="docs/bounds.md, Oppenheim-Schur",
    says=r"-\sum_k p_k \log(1 - u^k) \leq g - (\beta - 1) \log(2 - e^{-g}), \quad u = 1 - e^{-g}",
    value=lambda q, u: (1 - q, q),
    mutants={
        "beta in place of beta - 1": lambda q, u: (-q, 1 + q),
        "beta - 1 squared": lambda q, u: (1 - q, q**2),
        "no first power": lambda q, u: (0, q),
    },
    uses=("beyond:oppenheim-schur-layer",),
)


@worst.check(Level.SEARCHED)
def rational_spectra(stated: Bound, *, seed: int) -> Evidence:
    """Compare (1 - u)^a (1 - u^2)^b with prod (1 - u^k)^(p_k) as rational powers."""

    def sides(case: tuple[Vector, Fraction]) -> tuple[Fraction, Fraction]:
        p, u = case
        first, second = (Fraction(v) for v in stated(strength(p) - 1, u))
        common = lcm(first.denominator, second.denominator, *(w.denominator for w in p))
        powers = (int(first * common), int(second * common))
        bound = (1 - u) ** powers[0] * (1 - u**2) ** powers[1]
        factors = [(1 - u**k) ** int(w * common) for k, w in enumerate(p, start=1)]
        return bound, prod(factors, start=Fraction(1))

    few = st.lists(st.integers(0, 3), min_size=1, max_size=4).filter(any)
    spectra = few.map(lambda w: tuple(Fraction(v, sum(w)) for v in w))
    middle = unit_interval().filter(lambda u: u.denominator < 100)
    domain = "exact spectra of at most 4 orders, u in (0, 1)"
    return bounded(sides, st.tuples(spectra, middle), domain=domain, examples=100, seed=seed)


@worst.check(Level.PROVED)
def by_the_second_power(stated: Bound) -> Evidence:
    """For k >= 2: 1 - u^k >= 1 - u^2 = (1 - u)(2 - e^-g); those p_k add up to beta - 1."""
    rational_spectra(stated, seed=0)
    q, u, v = sp.symbols("q u v", positive=True)
    k = sp.Symbol("k", integer=True, positive=True)
    first, second = stated(q, u)
    return together(
        equal(u**k - u ** (k + 1), u**k * (1 - u), domain="u^k falls with k"),
        nonnegative((1 - u).subs(u, 1 / (1 + v)), [v], domain="0 <= u <= 1"),
        equal((1 - u**2) / (1 - u), 2 - (1 - u), domain="1 - u^2 = (1 - u)(2 - e^-g)"),
        equal(first + second, 1, domain="weights"),
        equal(second, q, domain="weights"),
        domain="all spectra, all 0 <= u < 1",
    )


claims = (schur, layer, worst)
