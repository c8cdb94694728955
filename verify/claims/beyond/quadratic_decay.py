"""Without a first order, c_1 = 0: the gap is squared from layer to layer."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from math import log, log1p
from typing import Any

import sympy as sp
from hypothesis import assume
from hypothesis import strategies as st

from verify import Claim, Evidence, Level, Refuted, bounded, charts, equal, nonnegative, together
from verify.claims.beyond._correlations import matrices, step
from verify.claims.isometry._mean_field import by_monotony, pair
from verify.directed import Chart
from verify.exact import Matrix, Vector, det
from verify.searching import show
from verify.strategies import exact_spectra

Bound = Callable[[Any, Any], Any]

claim = Claim(
    label="beyond:quadratic-decay",
    where="docs/bounds.md, the sharp rate, beta = 2",
    says=r"c_1 = 0 \implies -\log I(\kappa(G)) \leq n \left(\log I(G)\right)^2, \quad "
    r"n\,\mathrm{gap}_l \leq (n\,\mathrm{gap}_k)^{2^{l-k}} \text{ for } l \geq k",
    value=lambda n, gap: n * gap**2,
    mutants={
        "no factor n": lambda n, gap: gap**2,
        "n - 1 in place of n": lambda n, gap: (n - 1) * gap**2,
        "half, as for tr E^2": lambda n, gap: n * gap**2 / 2,
        "third power": lambda n, gap: n**2 * gap**3,
    },
    uses=("beyond:multiple-lemma",),
)


def _gap(G: Matrix) -> float:
    """-log det G/n; det G - 1 is exact, so that small gaps keep all their digits."""
    d = det(G)
    return -(log1p(float(d - 1)) if d > Fraction(1, 2) else log(d)) / len(G)


def _square(G: Matrix) -> Matrix:
    return step((Fraction(0), Fraction(1)), G)


@claim.check(Level.PROVED)
def sample_by_sample(stated: Bound) -> Evidence:
    """Split n gap = sum y_i, y = -log(1 - s) of the multiple correlations s of the samples so far.

    In the next layer s' <= kappa(s) <= s^2 as p_1 = 0, and -log(1 - s^2) <= y^2: with the
    derivative 2 (y - s/(1 + s))/(1 - s) of the difference, where y >= s/(1 + s). Last,
    sum y_i^2 <= (sum y_i)^2, sample by sample.
    """
    for G in (pair(Fraction(1, 100)), pair(Fraction(1, 2)), pair(Fraction(99, 100))):
        _refute(stated, G)
    s, t = sp.symbols("s t", positive=True)
    n, before, last = sp.symbols("n Y y", positive=True)
    free, y = {s: t / (1 + t)}, -sp.log(1 - s)
    difference = y**2 + sp.log(1 - s**2)
    slope = 2 * (y - s / (1 + s)) / (1 - s)
    domain = "every layer, all n, all spectra with p_1 = 0"
    squares = (before + last) ** 2 - (before**2 + last**2)
    return together(
        equal(difference.subs(s, 0), 0, domain="at s = 0"),
        equal(sp.diff(difference, s), slope, domain="beyond"),
        by_monotony(y - s / (1 + s), s, free, [t], "0 <= s < 1"),
        nonnegative(squares, [before, last], domain="one more sample"),
        nonnegative(n * stated(n, before / n) - before**2, [n, before], domain=domain),
        domain=domain,
    )


def _refute(stated: Bound, G: Matrix) -> None:
    after, bound = _gap(_square(G)), float(stated(len(G), _gap(G)))
    if after > bound * (1 + 1e-9):
        seen = f"kappa = rho^2, G = {show(G)}"
        raise Refuted(f"{after:.8g} <= {bound:.8g} fails for {seen}")


@claim.check(Level.SEARCHED)
def determinants_of_the_next_layer(stated: Bound, *, seed: int) -> Evidence:
    """Exact determinants, their logarithms to 15 digits."""

    def sides(case: tuple[Vector, Matrix]) -> tuple[float, float]:
        p, G = case
        assume(det(G) > Fraction(1, 10**100))
        return _gap(step((Fraction(0), *p), G)), float(stated(len(G), _gap(G)))

    dependent = matrices().filter(lambda G: 0 < det(G) < 1 - Fraction(1, 10**6))
    near = st.sampled_from([pair(Fraction(1, k)) for k in (2, 10, 100)])
    one: Chart[Vector] = Chart(point=lambda p: (), case=lambda t: (Fraction(1),))
    return bounded(
        sides,
        st.tuples(exact_spectra(orders=3), st.one_of(near, dependent)),
        domain="exact spectra of orders 2 to 4, all families of correlations, n = 2..4",
        resolution=1e-11,
        chart=charts.product(one, charts.unit_vectors()),
        examples=40,
        most=200,
        seed=seed,
    )
