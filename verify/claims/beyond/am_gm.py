"""AM-GM with weights, what it makes of determinants, and a power of a union."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from math import prod
from typing import Any

import sympy as sp
from hypothesis import assume
from hypothesis import strategies as st

from verify import Claim, Evidence, Level, bounded, equal, nonnegative, together
from verify.claims.beyond._correlations import pairs
from verify.claims.isometry._mean_field import by_monotony
from verify.exact import Matrix, det
from verify.strategies import unit_interval

Mean = Callable[..., Any]
Numbers = list[tuple[int, Fraction]]  # N p_k, u_k

weighted = Claim(
    label="beyond:weighted-am-gm",
    where="docs/bounds.md, Oppenheim-Schur, AM-GM",
    says=r"\prod_k u_k^{p_k} \leq \sum_k p_k u_k, \quad u_k > 0,\ p_k \geq 0,\ \sum_k p_k = 1",
    value=lambda p, u: sum(w * v for w, v in zip(p, u, strict=True)),
    mutants={
        "equal weights": lambda p, u: sum(u) / len(u),
        "harmonic mean": lambda p, u: 1 / sum(w / v for w, v in zip(p, u, strict=True)),
        "weights squared": lambda p, u: sum(w**2 * v for w, v in zip(p, u, strict=True)),
        "first term left out": lambda p, u: sum(w * v for w, v in list(zip(p, u, strict=True))[1:]),
    },
)


def _rational_means(stated: Mean, seed: int, examples: int) -> Evidence:
    def sides(case: Numbers) -> tuple[Fraction, Fraction]:
        total, u = sum(w for w, _ in case), [v for _, v in case]
        assume(total > 0)
        mean = Fraction(stated([Fraction(w, total) for w, _ in case], u))
        return prod((v**w for w, v in case), start=Fraction(1)), mean**total

    number = st.tuples(st.integers(1, 6), st.integers(1, 9)).map(lambda v: Fraction(v[1], v[0]))
    cases = st.lists(st.tuples(st.integers(0, 4), number), min_size=1, max_size=4)
    domain = "exact, up to 4 numbers, weights of small denominators, as powers"
    return bounded(sides, cases, domain=domain, examples=examples, seed=seed)


@weighted.check(Level.SEARCHED)
def rational_means(stated: Mean, *, seed: int) -> Evidence:
    """Both sides to the power of the common denominator."""
    return _rational_means(stated, seed, 50)


@weighted.check(Level.PROVED)
def by_the_tangent_of_the_logarithm(stated: Mean) -> Evidence:
    """With A = sum p_k u_k: sum p_k log(u_k/A) <= sum p_k (u_k/A - 1) = A/A - 1 = 0."""
    _rational_means(stated, 0, 25)
    v, w = sp.symbols("v w", positive=True)
    p, u = sp.symbols("p1:5", positive=True), sp.symbols("u1:5", positive=True)
    p = (*p[:3], 1 - sum(p[:3]))
    mean = stated(p, u)
    terms = sum(a * (b / mean - 1) for a, b in zip(p, u, strict=True))
    above, below = v - sp.log(1 + v), 1 / (1 + v) - 1 + sp.log(1 + v)
    tangent = "log y <= y - 1"
    return together(
        by_monotony(above, v, {v: w}, [w], f"{tangent}, y = 1 + v"),
        by_monotony(below, v, {v: w}, [w], f"{tangent}, y = 1/(1 + v)"),
        equal(terms, 0, domain="terms of the weighted mean"),
        domain="any number of terms, all weights",
    )


concave = Claim(
    label="beyond:log-det-concave",
    where="docs/bounds.md, Oppenheim-Schur, determinants of mixtures",
    says=r"\det(p A + (1-p) B) \geq (\det A)^p (\det B)^{1-p}, \quad 0 \leq p \leq 1",
    value=lambda p: (p, 1 - p),  # the powers
    mutants={
        "weights exchanged": lambda p: (1 - p, p),
        "half of the powers": lambda p: (p / 2, (1 - p) / 2),
        "second determinant left out": lambda p: (p, 0 * p),
    },
    uses=("beyond:multiple-mixture", "beyond:weighted-am-gm"),
)


def _rational_mixtures(stated: Mean, seed: int, examples: int) -> Evidence:
    def sides(case: tuple[tuple[Matrix, Matrix], Fraction]) -> tuple[Fraction, Fraction]:
        (first, second), p = case
        a, b = (Fraction(power) for power in stated(p))
        mixed = tuple(
            tuple(p * x + (1 - p) * y for x, y in zip(r, s, strict=True))
            for r, s in zip(first, second, strict=True)
        )
        common = 2 * p.denominator
        bound = det(first) ** int(common * a) * det(second) ** int(common * b)
        return bound, det(mixed) ** common

    shares = st.sampled_from([Fraction(k, 6) for k in range(7)])
    domain = "exact correlation matrices of all families, n = 2..3, p = 0, 1/6, ..., 1"
    cases = st.tuples(pairs(largest=3), shares)
    return bounded(sides, cases, domain=domain, examples=examples, seed=seed)


@concave.check(Level.SEARCHED)
def rational_mixtures(stated: Mean, *, seed: int) -> Evidence:
    """Determinants in rational arithmetic, as powers."""
    return _rational_mixtures(stated, seed, 50)


@concave.check(Level.PROVED)
def by_both_means(stated: Mean) -> Evidence:
    """Sample by sample: 1 - s(pA + qB) >= p (1 - s) + q (1 - t) >= (1 - s)^p (1 - t)^q.

    So the powers a sample brings are p and q, and determinants are products over samples.
    """
    _rational_mixtures(stated, 0, 25)
    p, s, t = sp.symbols("p s t", positive=True)
    first, second = stated(p)
    mixture = 1 - (p * s + (1 - p) * t)
    domain = "all n, all correlation matrices"
    return together(
        equal(mixture, weighted.value((p, 1 - p), (1 - s, 1 - t)), domain="one sample"),
        equal(first, p, domain=domain),
        equal(second, 1 - p, domain=domain),
        domain=domain,
    )


union = Claim(
    label="beyond:union-power",
    where="docs/bounds.md, Oppenheim-Schur, one more sample",
    says=r"(s + t - s t)^k \geq s^k + t^k - s^k t^k, \quad 0 \leq s, t \leq 1,\ k \geq 1",
    value=lambda k, s, t: s**k + t**k - s**k * t**k,
    mutants={
        "product left out": lambda k, s, t: s**k + t**k,
        "product added": lambda k, s, t: s**k + t**k + s**k * t**k,
        "next power of the product": lambda k, s, t: s**k + t**k - (s * t) ** (k + 1),
    },
)


def _rational_powers(stated: Mean, seed: int, examples: int) -> Evidence:
    def sides(case: tuple[int, Fraction, Fraction]) -> tuple[Fraction, Fraction]:
        k, s, t = case
        return Fraction(stated(k, s, t)), (s + t - s * t) ** k

    share = unit_interval(closed=True)
    cases = st.tuples(st.integers(1, 6), share, share)
    domain = "exact, 0 <= s, t <= 1, k = 1..6"
    return bounded(sides, cases, domain=domain, examples=examples, seed=seed)


@union.check(Level.SEARCHED)
def rational_powers(stated: Mean, *, seed: int) -> Evidence:
    """Both sides in rational arithmetic."""
    return _rational_powers(stated, seed, 50)


@union.check(Level.PROVED)
def by_induction_over_powers(stated: Mean) -> Evidence:
    """(s + t - st)(a + b - ab) >= sa + tb - st ab, a = s^k, b = t^k; even for all a, b in [0, 1].

    So one power more keeps the inequality, and the first power is an equality.
    """
    _rational_powers(stated, 0, 25)
    variables = list(sp.symbols("v1:5", positive=True))
    s, t, a, b = (v / (1 + v) for v in variables)
    S, T = sp.symbols("s t", positive=True)
    k = sp.Symbol("k", integer=True, positive=True)
    following = (s + t - s * t) * (a + b - a * b) - (s * a + t * b - s * t * a * b)
    return together(
        equal(stated(1, S, T), S + T - S * T, domain="k = 1"),
        equal(stated(k, S, T), S**k + T**k - S**k * T**k, domain="a + b - ab"),
        nonnegative(following, variables, domain="k -> k + 1"),
        domain="every power, all s and t",
    )


claims = (weighted, concave, union)
