"""Theorem 4 for every layer: the determinant grows at least as a logistic sequence.

With d = det G, q = beta - 1 and x = 1/d - 1: d_{l+1} >= d_l (1 + q (1 - d_l)), that is
x_{l+1} <= x_l (2 - beta + x_l)/(1 + beta x_l) <= x_l/beta, for every number of samples.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import sympy as sp
from hypothesis import assume
from hypothesis import strategies as st

from verify import Claim, Evidence, Level, Refuted, bounded, equal, nonnegative, together
from verify.claims.beyond._correlations import matrices, step, steps, strength
from verify.claims.isometry._mean_field import ball, dynamics, layer, pair, sides
from verify.exact import Matrix, Vector, det
from verify.searching import show
from verify.strategies import exact_spectra

Bound = Callable[..., Any]

q, s, u, x = sp.symbols("q s u x", positive=True)
_FIRST = 12  # layers of an orbit that are all looked at
SHARE = q / (1 + q)  # as q runs over (0, oo), this runs over (0, 1)


def _ratio(v: Any) -> Any:
    """Map (0, oo) onto (0, 1)."""
    return v / (1 + v)


def _rational_steps(stated: Bound, seed: int, examples: int) -> Evidence:
    def sides(case: tuple[Vector, Matrix]) -> tuple[Fraction, Fraction]:
        p, G = case
        return Fraction(stated(strength(p) - 1, det(G))), det(step(p, G))

    domain = "exact spectra of at most 5 orders, correlation matrices of all families, n = 2..4"
    return bounded(sides, steps(), domain=domain, examples=examples, seed=seed)


logistic = Claim(
    label="beyond:logistic",
    where="docs/bounds.md, Theorem 1",
    says=r"\det \kappa(G) \geq \det G \,(1 + (\beta - 1)(1 - \det G))",
    value=lambda q, d: d * (1 + q * (1 - d)),
    mutants={
        "beta in place of beta - 1": lambda q, d: d * (1 + (1 + q) * (1 - d)),
        "linear growth": lambda q, d: d * (1 + q),
        "square root of the gap": lambda q, d: d * (1 + q * (1 - d**2)),
    },
    uses=("beyond:multiple-lemma",),
)


@logistic.check(Level.SEARCHED)
def rational_steps(stated: Bound, *, seed: int) -> Evidence:
    """One mean-field step in rational arithmetic."""
    return _rational_steps(stated, seed, 50)


@logistic.check(Level.PROVED)
def by_induction_over_samples(stated: Bound) -> Evidence:
    """Add a sample with multiple correlation s: det = (1 - s) d, and 1 - kappa(s) as for two.

    1 - kappa(s) >= 1 - (1 - q) s - q s^2 = (1 - s)(1 + q s), as s^k <= s^2 for k >= 2; then
    (1 - s)(1 + q s) d (1 + q (1 - d)) is at least the bound at (1 - s) d.
    """
    _rational_steps(stated, 0, 25)
    two = equal(1 - (1 - q) * s - q * s**2, (1 - s) * (1 + q * s), domain="one more sample")
    share, multiple, d = SHARE, _ratio(s), 1 / (1 + x)
    grown = (1 - multiple) * (1 + share * multiple) * stated(share, d)
    induction = nonnegative(
        grown - stated(share, (1 - multiple) * d), [q, s, x], domain="n - 1 -> n", refutable=False
    )
    start = equal(stated(q, sp.S.One), 1, domain="n = 1")
    return together(two, start, induction, domain="all n, all spectra, all correlation matrices")


contraction = Claim(
    label="beyond:odds",
    where="docs/bounds.md, Theorem 1",
    says=r"x = \tfrac1{\det G} - 1: \quad x_{l+1} \leq \frac{x_l (2 - \beta + x_l)}{1 + \beta x_l}"
    r" \leq \frac{x_l}{\beta}",
    value=lambda beta, x: x / beta,
    mutants={
        "square of beta": lambda beta, x: x / beta**2,
        "(2 - beta) x, right for small x only": lambda beta, x: (2 - beta) * x,
        "2 in place of beta": lambda beta, x: x / 2,
    },
    uses=("beyond:logistic",),
)


@contraction.check(Level.SEARCHED)
def rational_odds(stated: Bound, *, seed: int) -> Evidence:
    """One mean-field step in rational arithmetic."""

    def sides(case: tuple[Vector, Matrix]) -> tuple[Fraction, Fraction]:
        p, G = case
        return 1 / det(step(p, G)) - 1, Fraction(stated(strength(p), 1 / det(G) - 1))

    domain = "exact spectra of at most 5 orders, correlation matrices of all families, n = 2..4"
    return bounded(sides, steps(), domain=domain, examples=60, seed=seed)


@contraction.check(Level.PROVED)
def by_the_logistic_step(stated: Bound) -> Evidence:
    """Insert d = 1/(1 + x) into the logistic bound."""
    rational_odds(stated, seed=0)
    share = SHARE
    inserted = 1 / logistic.value(share, 1 / (1 + x)) - 1
    middle = x * (1 - share + x) / (1 + (1 + share) * x)
    return together(
        equal(sp.cancel(inserted), sp.cancel(middle), domain="first inequality"),
        nonnegative(stated(1 + share, x) - middle, [q, x], domain="second inequality"),
        domain="all x >= 0, 1 <= beta <= 2",
    )


theorem = Claim(
    label="beyond:thm-4-every-layer",
    where="docs/bounds.md, Corollary 1",
    says=r"\tfrac1{\det G_l} - 1 \leq \beta^{-l} \left(\tfrac1{\det G_0} - 1\right), "
    r"\quad -\log I(G_l) \leq \frac{\beta^{-l}}{n} \left(e^{-n \log I(G_0)} - 1\right)"
    r"\quad \text{for every } l \geq 0",
    value=lambda beta, layer, x: x / beta**layer,
    mutants={
        "one layer more": lambda beta, layer, x: x / beta ** (layer + 1),
        "rate beta^2": lambda beta, layer, x: x / beta ** (2 * layer),
        "2 in place of beta": lambda beta, layer, x: x / 2**layer,
    },
    uses=("beyond:odds",),
)


@theorem.check(Level.SEARCHED)
def three_rational_layers(stated: Bound, *, seed: int) -> Evidence:
    """Layers 0 to 3 in rational arithmetic; the closest one counts."""

    def sides(case: tuple[Vector, Matrix]) -> tuple[Fraction, Fraction]:
        p, G = case
        start, found = 1 / det(G) - 1, []
        for ell in range(4):
            found.append((1 / det(G) - 1, Fraction(stated(strength(p), ell, start))))
            G = step(p, G) if ell < 3 else G
        return max(found, key=lambda pair: pair[0] - pair[1])

    domain = "exact spectra of at most 3 orders, n = 2..3, layers 0 to 3"
    cases = st.tuples(exact_spectra(orders=3), matrices(largest=3))
    return bounded(sides, cases, domain=domain, examples=40, seed=seed)


@theorem.check(Level.PROVED)
def by_induction_over_layers(stated: Bound) -> Evidence:
    """x_{l+1} <= x_l/beta; and g = log(1 + x) <= x for the gap g/n."""
    three_rational_layers(stated, seed=0)
    beta, t = sp.Symbol("beta", positive=True), sp.Symbol("t", positive=True)
    ell = sp.Symbol("l", integer=True, nonnegative=True)
    following = contraction.value(beta, stated(beta, ell, x))
    slope = sp.diff(t - sp.log(1 + t), t)
    return together(
        equal(stated(beta, 0, x), x, domain="l = 0"),
        equal(following, stated(beta, ell + 1, x), domain="l -> l + 1"),
        equal((t - sp.log(1 + t)).subs(t, 0), 0, domain="log(1 + x) <= x at 0"),
        nonnegative(slope, [t], domain="and beyond"),
        domain="every layer, all n, all spectra, all correlation matrices",
    )


printed = Claim(
    label="beyond:thm-4-conjecture",
    where="docs/bounds.md, Corollary 1; Theorem 4, (12), without its condition on the layer",
    says=r"-\log I(G_l) \leq \exp(-l \log\beta - n \log I(G_0) + \log(4n)) "
    r"\quad \text{for every } l \geq 0",
    value=lambda n, d, decay: 4 * n * decay / d,
    mutants={
        "a 9n^2-th of it": lambda n, d, decay: 4 * decay / d / (9 * n),
        "no determinant, 1/n": lambda n, d, decay: decay / n,
        "determinant upside down": lambda n, d, decay: 4 * n * decay * d,
        "rate beta^2": lambda n, d, decay: 4 * n * decay**2 / d,
    },
    uses=("beyond:thm-4-every-layer",),
)


@printed.check(Level.PROVED)
def by_the_theorem_for_every_layer(stated: Bound) -> Evidence:
    """Orbits first; then (1/d - 1) beta^-l/n is below 4n beta^-l/d, by a factor of 4n^2 at least.

    The decay beta^-l is at most 1. A bound below the sufficient one is undecided, not refuted.
    """
    for (p, G), ell in _ORBITS:
        _refute_orbit(stated, p, G, ell)
    n, t = sp.symbols("n t", positive=True)
    d, decay = 1 / (1 + x), 1 / (1 + t)
    room = stated(1 + n, d, decay) / (4 * (1 + n) ** 2) - decay * (1 / d - 1) / (1 + n)
    domain = "every layer, all n, beta and G_0"
    return nonnegative(room, [n, t, x], domain=domain, refutable=False)


def _slow(share: int, distance: int) -> tuple[Vector, Matrix]:
    """Two samples with the correlation 1 - 1/distance, p_2 = 1/share."""
    p = (1 - Fraction(1, share), Fraction(1, share))
    return p, pair(1 - Fraction(1, distance))


_ORBITS = [
    (_slow(2, 10**6), 0),
    (_slow(2, 10**6), 33),
    (_slow(10, 10**3), 68),
    (_slow(100, 10**4), 880),
    (_slow(1, 10**6), 1),
]


def _refute_orbit(stated: Bound, p: Vector, G: Matrix, ell: int) -> None:
    """Compare enclosures of both sides, from rationals."""
    bound = stated(len(G), ball(det(G)), _decay(p, ell))
    gap = layer(p, G, ell).gap
    if gap > bound:
        seen = f"{float(gap.mid()):.6g} <= {float(bound.mid()):.6g}"
        raise Refuted(
            f"{seen} fails at layer {ell} for p = {show(p)}, n = {len(G)}, G_12 = {G[0][1]}"
        )


def _decay(p: Vector, ell: int) -> Any:
    return ball(strength(p)) ** -ell


@printed.check(Level.SEARCHED)
def orbits_of_many_layers(stated: Bound, *, seed: int) -> Evidence:
    """Rational spectra and correlation matrices, every layer up to a last one, in balls."""

    def both(case: tuple[tuple[Vector, Matrix], int]) -> tuple[float, float]:
        (p, G), last = case
        assume(det(G) > 0)
        closest = (0.0, 1.0)
        for ell in (*range(min(last, _FIRST)), last):
            gap = layer(p, G, ell).gap
            assume(gap is not None)
            found = sides(gap, stated(len(G), ball(det(G)), _decay(p, ell)))
            closest = max(closest, found)
        return closest

    domain = "256-bit balls, n = 2..4, the first 12 layers; late ones, to 880, of slow orbits"
    slow = st.sampled_from(_ORBITS)
    orbits = st.tuples(dynamics(orders=3, largest=4, structured=False), st.integers(0, _FIRST))
    cases = st.one_of(slow, orbits)
    return bounded(both, cases, domain=domain, resolution=1e-11, examples=40, seed=seed)


claims = (logistic, contraction, theorem, printed)
