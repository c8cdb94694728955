"""Definition 5: the dual activation and its mean-reduced version."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import sympy as sp

from verify import Claim, Evidence, Level, Refuted, Verdict, equal, nonnegative, together
from verify.claims.isometry._gauss import COUPLINGS, naming, rodrigues, same_polynomials

x, rho = sp.symbols("x rho", real=True)

# "define its dual activation sigma_hat: R -> R"

domain_corrected = Claim(
    label="isometry:def-5-domain:corrected",
    where="Definition 5",
    says=r"\hat\sigma, \bar\sigma: [-1, 1] \to \mathbb{R}",
    value=sp.Interval(-1, 1),
    mutants={
        "as printed": sp.Reals,
        "(-1, 1)": sp.Interval.open(-1, 1),
        "[0, 1]": sp.Interval(0, 1),
    },
)
domain_of_dual = Claim(
    label="isometry:def-5-domain",
    where="Definition 5",
    says=r"\hat\sigma, \bar\sigma: \mathbb{R} \to \mathbb{R}",
    value=sp.Reals,
    mutants={
        "[0, oo)": sp.Interval(0, sp.oo),
        "[-2, 2]": sp.Interval(-2, 2),
        "positive numbers": sp.Interval.open(0, sp.oo),
    },
    correction=domain_corrected,
    why="no two standard normal variables have covariance 2; a covariance lies in [-1, 1].",
    expected=Verdict.REFUTED,
)


@domain_of_dual.check(Level.PROVED)
@domain_corrected.check(Level.PROVED)
def covariances_that_occur(stated: Any) -> Evidence:
    """E (X +- Y)^2 = 2 +- 2 rho >= 0; if so, Y = rho X + sqrt(1 - rho^2) Z has covariance rho."""
    for value in (sp.Integer(2), sp.S.NegativeOne, sp.S.One, sp.S.Zero):
        square = min(2 + 2 * value, 2 - 2 * value)
        if (square >= 0) != (value in stated):
            said = f"E (X -+ Y)^2 = {square} < 0" if square < 0 else "it occurs, and is left out"
            raise Refuted(f"rho = {value}: {said}")
    r = sp.Symbol("r", real=True)
    both = sp.And(2 + 2 * r >= 0, 2 - 2 * r >= 0).as_set()
    if both != stated:
        raise Refuted(f"the covariances are {both}, stated {stated}")
    return Evidence(Level.PROVED, "all pairs of standard normal variables")


# "that is square integrable with respect to the Gaussian kernel"

integrable = Claim(
    label="isometry:def-5-integrable",
    where="Definition 5",
    says=r"E|\sigma(z)|^q < \infty, q = 2 \implies "
    r"E|\sigma(X) \sigma(Y)| < \infty \text{ for all } \rho \in [-1, 1]",
    value=sp.Integer(2),
    mutants={
        "integrable": sp.Integer(1),
        "q = 3/2": sp.Rational(3, 2),
        "q = 19/10": sp.Rational(19, 10),
    },
    uses=("isometry:def-5-domain:corrected",),
)


@integrable.check(Level.PROVED)
def by_the_mean_of_squares(stated: Any) -> Evidence:
    """|ab| <= (a^2 + b^2) / 2; and sigma = exp(p x^2), whose |sigma|^q is integrable iff pq < 1/2.

    At rho = 1 the product is sigma(X)^2: p = 1/4 refutes every q < 2.
    """
    p = sp.Rational(1, 4)
    if stated * p < sp.S.Half <= 2 * p:
        raise Refuted(f"sigma = exp(x^2/4): E|sigma|^{stated} < oo, E sigma(X)^2 = oo at rho = 1")
    a, b, d = sp.symbols("a b d", positive=True)
    smaller = [(a, a + d), (a + d, a)]
    means = [
        nonnegative((first**2 + second**2) / 2 - first * second, [a, d], domain="|a|, |b|")
        for first, second in smaller
    ]
    exponent = equal((a**stated + b**stated) / 2, (a**2 + b**2) / 2, domain="both in L^1")
    return together(*means, exponent, domain="all square-integrable sigma, all joint laws")


# (35): the mean-reduced dual


Reduction = Callable[[Any, Any], Any]  # sigma_hat(rho) and c_0 -> sigma_bar(rho)

reduction = Claim(
    label="isometry:eq-35-reduction",
    where="Definition 5, (35); Lemma A.6, proof, last sentence",
    says=r"E[(\sigma(X) - E\sigma(X))(\sigma(Y) - E\sigma(Y))] = \hat\sigma(\rho) - c_0^2",
    value=lambda hat, c_0: hat - c_0**2,
    mutants={
        "c_0 in place of its square": lambda hat, c_0: hat - c_0,
        "c_0^2 twice": lambda hat, c_0: hat - 2 * c_0**2,
        "c_0^2 added": lambda hat, c_0: hat + c_0**2,
        "mean not removed": lambda hat, c_0: hat,
    },
)


@reduction.check(Level.PROVED)
def by_linearity(stated: Reduction) -> Evidence:
    """Expand the product; E sigma(X) = E sigma(Y) = c_0 as X and Y have one law."""
    hat, c_0, a, b = sp.symbols("h c_0 a b", real=True)
    means = {a * b: hat, a: c_0, b: c_0}  # a = sigma(X), b = sigma(Y)
    expanded = sp.expand((a - c_0) * (b - c_0))
    expectation = expanded.subs(a * b, hat).subs(means)
    return together(
        _for_polynomials(stated, 3),
        equal(expectation, stated(hat, c_0), domain="all square-integrable sigma, all joint laws"),
        domain="all square-integrable sigma, all joint laws",
    )


def _for_polynomials(stated: Reduction, count: int) -> Evidence:
    """Compare for symbolic c_0, c_1, ..., for each coupling."""
    c = sp.symbols(f"c0:{count}", real=True)
    sigma = sp.Add(*(c[k] * rodrigues(k, x) for k in range(count)))
    found = []
    for coupling in COUPLINGS:
        hat = coupling.expectation(sigma, sigma, x, rho)
        bar = coupling.expectation(sigma - c[0], sigma - c[0], x, rho)
        with naming(coupling.name):
            found.append(same_polynomials(bar, stated(hat, c[0]), domain="polynomials"))
    return together(*found)


claims = (domain_of_dual, domain_corrected, integrable, reduction)
