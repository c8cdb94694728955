"""The floor law, its exact part: where an autoregression of the correlations settles.

At finite width a layer turns a small correlation r into p_1 r + noise. What follows from that is
proved here; that a network of width d does so is a matter of measurement.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from itertools import product
from typing import Any

import sympy as sp
from hypothesis import strategies as st

from hermiso import bounds
from verify import Claim, Evidence, Level, Refuted, equal, search, together
from verify.exact import mean

Law = Callable[..., Any]

_D = sp.Symbol("d", integer=True, positive=True)
_P, _V = sp.symbols("p1 v", positive=True)

noise = Claim(
    label="beyond:floor-noise",
    where="docs/bounds.md, the floor",
    says=r"x_k, y_k \text{ independent},\ E x_k = E y_k = 0,\ E x_k^2 = E y_k^2 = 1 \implies "
    r"\mathrm{Var}\, \frac1d \sum_{k=1}^d x_k y_k = \frac1d",
    value=lambda d: 1 / d,
    mutants={
        "1/d^2": lambda d: 1 / d**2,
        "standard deviation": lambda d: 1 / sp.sqrt(d),
        "variance of a squared norm of Gaussians": lambda d: 2 / d,
        "d + 1 in place of d": lambda d: 1 / (d + 1),
    },
)


@noise.check(Level.PROVED)
def by_counting_the_moments(stated: Law) -> Evidence:
    """E x_k y_k x_l y_l is E x_k^2 E y_k^2 = 1 for k = l, d times, and 0 for the other pairs.

    The signs +-1 come first, enumerated.
    """
    for d in (1, 2, 3, 4):
        signs = list(product((-1, 1), repeat=d))
        squares = [Fraction(_inner(x, y), d) ** 2 for x, y in product(signs, signs)]
        if stated(sp.Integer(d)) != sp.Rational(mean(squares)):
            raise Refuted(f"d = {d}, signs: {mean(squares)}, stated {stated(sp.Integer(d))}")
    k = sp.Symbol("k", integer=True)
    derived = sp.Sum(1, (k, 1, _D)).doit() / _D**2
    return equal(derived, stated(_D), domain="every width, all distributions with these moments")


def _inner(x: tuple[int, ...], y: tuple[int, ...]) -> int:
    return sum(a * b for a, b in zip(x, y, strict=True))


stationary = Claim(
    label="beyond:floor-variance",
    where="docs/bounds.md, the floor",
    says=r"r' = p_1 r + \varepsilon,\ \mathrm{Var}\, \varepsilon = \tfrac1d,\ 0 \leq p_1 < 1: "
    r"\quad \mathrm{Var}\, r_\ell \to v = \frac{1}{d (1 - p_1^2)}",
    value=lambda p1, d: 1 / (d * (1 - p1**2)),
    mutants={
        "p_1 not squared": lambda p1, d: 1 / (d * (1 - p1)),
        "noise of one layer": lambda p1, d: 1 / d,
        "plus in the denominator": lambda p1, d: 1 / (d * (1 + p1**2)),
        "standard deviations add up": lambda p1, d: 1 / (d * (1 - p1) ** 2),
    },
    uses=("beyond:floor-noise",),
)


@stationary.check(Level.PROVED)
def by_the_recursion(stated: Law) -> Evidence:
    """The variance goes from w to p_1^2 w + 1/d: its distance to v shrinks by p_1^2 a layer."""
    w, v = sp.Symbol("w", positive=True), stated(_P, _D)
    domain = "all 0 <= p_1 < 1, every width"
    return together(
        equal(_P**2 * v + 1 / _D, v, domain="stationary"),
        equal(_P**2 * w + 1 / _D - v, _P**2 * (w - v), domain="attracting"),
        domain=domain,
    )


law = Claim(
    label="beyond:floor-law",
    where="docs/bounds.md, the floor",
    says=r"E r_{ij}^2 = v,\ i \neq j: \quad E \frac1n \cdot \frac12 \sum_{i \neq j} r_{ij}^2 "
    r"= \frac{n - 1}{2 d (1 - (2 - \beta)^2)}",
    value=lambda n, d, beta: (n - 1) / (2 * d * (1 - (2 - beta) ** 2)),
    mutants={
        "n in place of n - 1": lambda n, d, beta: n / (2 * d * (1 - (2 - beta) ** 2)),
        "every pair twice": lambda n, d, beta: (n - 1) / (d * (1 - (2 - beta) ** 2)),
        "rate of the correlations": lambda n, d, beta: (n - 1) / (2 * d * (beta - 1)),
        "rate of Theorem 4": lambda n, d, beta: (n - 1) / (2 * d * (1 - 1 / beta)),
        "not divided by n": lambda n, d, beta: n * (n - 1) / (2 * d * (1 - (2 - beta) ** 2)),
    },
    uses=("beyond:floor-variance", "beyond:log-det-second-order"),
)


@law.check(Level.PROVED)
def by_the_second_order_of_the_gap(stated: Law) -> Evidence:
    """There are n (n - 1) entries of variance v, p_1 = 2 - beta; the gap is tr E^2/(2n)."""
    n, beta = sp.symbols("n beta", positive=True)
    i, j = sp.symbols("i j", integer=True)
    for size in (2, 3):
        pairs = sp.Sum(sp.Sum(_V * (1 - sp.KroneckerDelta(i, j)), (i, 1, size)), (j, 1, size))
        equal(pairs.doit(), size * (size - 1) * _V, domain="number of entries")
    v = stationary.value(2 - beta, _D)
    domain = "every width, all n, 1 < beta <= 2; the leading order in 1/d"
    return equal(n * (n - 1) * v / (2 * n), stated(n, _D, beta), domain=domain)


@law.check(Level.SEARCHED)
def as_the_library_has_it(stated: Law, *, seed: int) -> Evidence:
    """hermiso.bounds.floor."""

    def holds(case: tuple[int, int, Fraction]) -> bool:
        n, d, beta = case
        exact = float(stated(n, d, beta))
        return bool(abs(bounds.floor(float(beta), n, d) - exact) <= 1e-9 * exact)

    strengths = st.integers(1, 64).map(lambda k: 1 + Fraction(k, 64))
    cases = st.tuples(st.integers(2, 100), st.integers(1, 10**5), strengths)
    domain = "hermiso.bounds.floor, n = 2..100, d to 100000, beta > 1, resolution 1e-9"
    return search(holds, cases, domain=domain, examples=30, seed=seed)


claims = (noise, stationary, law)
