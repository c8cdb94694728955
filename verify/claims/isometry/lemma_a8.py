"""Lemma A.8: Hermite polynomials of two correlated Gaussian variables."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import product
from typing import Any

import sympy as sp

from verify import Claim, Evidence, Level, Verdict, equal, together
from verify.claims.isometry._gauss import (
    COUPLINGS,
    Coupling,
    jointly_gaussian,
    rodrigues,
    standard_marginals,
)

x, rho = sp.symbols("x rho", real=True)


@dataclass(frozen=True)
class Statement:
    """E He_n(X) He_k(Y) = moment(n, k, rho) for all couplings that are admitted."""

    admits: Callable[[Coupling], bool]
    moment: Callable[[Any, Any, Any], Any]


def _kronecker(n: Any, k: Any, rho: Any) -> Any:
    return rho**n * sp.KroneckerDelta(n, k)


PRINTED = Statement(standard_marginals, _kronecker)
CORRECTED = Statement(jointly_gaussian, _kronecker)

corrected = Claim(
    label="isometry:lem-a8:corrected",
    where="Lemma A.8",
    says=r"(X, Y) \text{ jointly Gaussian}, X, Y \sim N(0, 1), E XY = \rho \implies "
    r"E He_n(X) He_k(Y) = \rho^n \delta_{nk}",
    value=CORRECTED,
    mutants={
        "as printed: any joint law": PRINTED,
        "no rho, as (58)": Statement(jointly_gaussian, lambda n, k, rho: sp.KroneckerDelta(n, k)),
        "n! of the unnormalized ones": Statement(
            jointly_gaussian, lambda n, k, rho: sp.factorial(n) * _kronecker(n, k, rho)
        ),
        "exponent n + k": Statement(
            jointly_gaussian, lambda n, k, rho: rho**k * _kronecker(n, k, rho)
        ),
    },
)
lemma = Claim(
    label="isometry:lem-a8",
    where="Lemma A.8",
    says=r"X, Y \sim N(0, 1), E XY = \rho \implies E He_n(X) He_k(Y) = \rho^n \delta_{nk}",
    value=PRINTED,
    mutants={
        "no rho": Statement(standard_marginals, lambda n, k, rho: sp.KroneckerDelta(n, k)),
        "rho^2n": Statement(standard_marginals, lambda n, k, rho: _kronecker(n, k, rho**2)),
    },
    correction=corrected,
    why="(X, Y) must be jointly Gaussian: Y = S X with a random sign S, E S = rho, "
    "has E He_2(X) He_2(Y) = 1.",
    expected=Verdict.REFUTED,
)


def compared(stated: Statement, orders: int) -> Evidence:
    """Compare all n, k < orders, for every admitted coupling."""
    found = []
    for coupling, n, k in product(COUPLINGS, range(orders), range(orders)):
        if stated.admits(coupling):
            derived = coupling.expectation(rodrigues(n, x), rodrigues(k, x), x, rho)
            domain = f"{coupling.name}, n = {n}, k = {k}, symbolic rho"
            found.append(equal(derived, stated.moment(n, k, rho), domain=domain))
    return together(*found, domain="symbolic rho, by exact Gaussian moments")


@lemma.check(Level.PROVED, only="n, k <= 8")
@corrected.check(Level.PROVED, only="n, k <= 8")
def by_gaussian_moments(stated: Statement) -> Evidence:
    """Expand the polynomials and pair the factors (Isserlis)."""
    return compared(stated, 9)


@lemma.check(Level.PROVED)
@corrected.check(Level.PROVED)
def by_the_generating_function(stated: Statement) -> Evidence:
    """Sum_n He_n(x) s^n / sqrt(n!) = e^(sx - s^2/2), whose correlation is e^(s t rho).

    So sqrt(n! k!) times the coefficient of s^n t^k, rho^n / n! on the diagonal, is the moment.
    """
    small = compared(Statement(stated.admits, stated.moment), 3)
    s, t = sp.symbols("s t", real=True)
    n = sp.Symbol("n", integer=True, nonnegative=True)
    m = sp.Symbol("m", integer=True, positive=True)
    variance = s**2 + 2 * s * t * rho + t**2  # of s X + t Y, for a Gaussian vector
    correlation = sp.exp(variance / 2 - s**2 / 2 - t**2 / 2)
    diagonal = sp.sqrt(sp.factorial(n)) ** 2 * rho**n / sp.factorial(n)
    domain = "all n, k >= 0 and rho"
    return together(
        small,
        _generating(s),
        equal(correlation, sp.exp(s * t * rho), domain=domain),
        equal(diagonal, stated.moment(n, n, rho), domain=domain),
        equal(0, stated.moment(n, n + m, rho), domain=domain),
        equal(0, stated.moment(n + m, n, rho), domain=domain),
        domain=domain,
    )


def _generating(s: Any) -> Evidence:
    """Identify phi(x - s) / phi(x), whose Taylor series in s is Definition 2."""
    return equal(
        sp.exp(-((x - s) ** 2) / 2) * sp.exp(x**2 / 2), sp.exp(s * x - s**2 / 2), domain="all s, x"
    )


claims = (lemma, corrected)
