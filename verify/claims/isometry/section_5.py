"""Section 5.2: the gap as a Lyapunov function, and the strength by sampling."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import sympy as sp
from hypothesis import assume
from hypothesis import strategies as st

from verify import (
    Claim,
    Evidence,
    Level,
    Refuted,
    bounded,
    equal,
    nonnegative,
    together,
    within_error,
)
from verify.claims.isometry._mean_field import (
    ball,
    dynamics,
    layer,
    pair,
    sides,
    step,
    strength,
)
from verify.exact import Matrix, Vector, det

if TYPE_CHECKING:
    from verify.strategies import Array

Factor = Callable[[Any], Any]

lyapunov = Claim(
    label="isometry:sec-5-lyapunov",
    where="section 5.2, 'can serve as a Lyapunov function'",
    says=r"-\log I(G_*^{\ell+1}) \leq -\log I(G_*^\ell)",
    value=lambda beta: beta / beta,
    mutants={
        "divided by beta": lambda beta: 1 / beta,
        "times p_1 = 2 - beta": lambda beta: 2 - beta,
        "halved": lambda beta: beta / (2 * beta),
        "divided by beta squared": lambda beta: 1 / beta**2,
    },
    uses=("isometry:eq-37", "beyond:logistic"),
)


@lyapunov.check(Level.PROVED)
def by_the_logistic_bound(stated: Factor) -> Evidence:
    """Near duplicates first; then det' >= D (1 + (beta - 1)(1 - D)) >= D = det G, any n."""
    p, G = (Fraction(1, 2), Fraction(1, 2)), pair(1 - Fraction(1, 10**4))
    before, after = (layer(p, G, ell).gap for ell in (0, 1))
    bound = ball(Fraction(stated(strength(p)))) * before
    if after > bound:
        raise Refuted(
            f"{float(after.mid()):.6g} <= {float(bound.mid()):.6g} fails for kappa = "
            f"(rho + rho^2)/2 and G_12 = {G[0][1]}"
        )
    x, q, beta = sp.symbols("x q beta", positive=True)
    D = 1 / (1 + x)
    domain = "all n, all spectra, all correlation matrices"
    return together(
        nonnegative(D * (1 + q * (1 - D)) - D, [x, q], domain=domain),
        equal(stated(beta), 1, domain=domain),
    )


@lyapunov.check(Level.SEARCHED)
def rational_layers(stated: Factor, *, seed: int) -> Evidence:
    """Powers of the determinants in rational arithmetic: det' >= det^q, q = factor."""

    def both(case: tuple[Vector, Matrix]) -> tuple[Fraction, Fraction]:
        p, G = case
        q = Fraction(stated(strength(p)))
        assume(len(G) <= 8 and q.denominator <= 12)
        return det(G) ** q.numerator, det(step(p, G)) ** q.denominator

    domain = "exact, one layer, up to 6 orders, n = 2..8, all families"
    cases = dynamics(orders=6, largest=5)
    return bounded(both, cases, domain=domain, examples=120, seed=seed)


@lyapunov.check(Level.SEARCHED)
def layers_in_balls(stated: Factor, *, seed: int) -> Evidence:
    """Layers 1 to 30, n up to 64."""

    def both(case: tuple[tuple[Vector, Matrix], int]) -> tuple[float, float]:
        (p, G), ell = case
        before, after = (layer(p, G, depth).gap for depth in (ell, ell + 1))
        assume(before is not None and after is not None and before > 0)
        larger = ball(Fraction(stated(strength(p)))) * before
        assume(larger > 0)
        return sides(after, larger)

    domain = "256-bit balls, layers 1 to 30, up to 8 orders, n = 2..7 and to 64"
    cases = st.tuples(dynamics(orders=8, largest=7), st.sampled_from([0, 1, 2, 5, 30]))
    return bounded(both, cases, domain=domain, resolution=1e-11, examples=100, seed=seed)


# "it can be computed numerically by sampling"

Estimator = Callable[["Array", "Array"], Any]

_SAMPLES, _BATCHES = 50_000, 20


def _sampled(z: Array, a: Array) -> Any:
    return 2 - (a * z).mean(axis=1) ** 2 / a.var(axis=1)


sampling = Claim(
    label="isometry:sec-5-sampling",
    where="section 5.2, after (12), 'computed numerically by sampling'",
    says=r"2 - \left(\tfrac1N \sum \sigma(z_i) z_i\right)^2 / \widehat{\mathrm{Var}}\, \sigma(z) "
    r"\to \beta_\sigma, \quad z_i \sim N(0, 1)",
    value=_sampled,
    mutants={
        "second moment in place of the variance": lambda z, a: (
            2 - (a * z).mean(axis=1) ** 2 / (a**2).mean(axis=1)
        ),
        "share of the first order": lambda z, a: 2 - _sampled(z, a),
        "c_1 not squared": lambda z, a: 2 - (a * z).mean(axis=1) / a.var(axis=1),
    },
    uses=("isometry:sec-6-2-variance", "isometry:table-2-relu", "isometry:table-2-exponential"),
)


@sampling.check(Level.MEASURED)
def relu_and_exponential(stated: Estimator, *, seed: int) -> Evidence:
    """Against the closed forms of Table 2, for max(x, 0) and exp(x/2): Table B.1 at gain 1/2."""
    import numpy as np

    z = np.random.default_rng(seed).standard_normal((_BATCHES, _SAMPLES))
    e = sp.exp(sp.Rational(1, 4))
    closed = {
        "ReLU": (np.maximum(z, 0), (3 * sp.pi - 4) / (2 * sp.pi - 2)),
        "exp(x/2)": (np.exp(z / 2), 2 - sp.Rational(1, 4) / (e - 1)),
    }
    found = []
    for name, (a, beta) in closed.items():
        values = stated(z, a)
        error = values.std(ddof=1) / _BATCHES**0.5
        domain = f"{name}, {_BATCHES} x {_SAMPLES} samples, 5 standard errors"
        found.append(within_error(values.mean(), error, beta, resolution=0.05, domain=domain))
    return together(*found)


claims = (lyapunov, sampling)
