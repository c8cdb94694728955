"""Lemma A.8: Hermite polynomials of two correlated Gaussian variables."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import product
from typing import Any

import sympy as sp

from verify import Claim, Evidence, Level, Refuted, Verdict, equal, together
from verify.claims.isometry._gauss import (
    COUPLINGS,
    GAUSSIAN,
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
        "exponent n + 1": Statement(
            standard_marginals, lambda n, k, rho: rho * _kronecker(n, k, rho)
        ),
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
    """Compare coefficients: e^(s t rho) = sum_{n,k} E He_n(X) He_k(Y) s^n t^k / sqrt(n! k!)."""
    s, t = sp.symbols("s t", real=True)
    n = sp.Symbol("n", integer=True, nonnegative=True)
    m = sp.Symbol("m", integer=True, positive=True)
    moments = [
        equal(_root(i, k) * _coefficient(i, k), stated.moment(i, k, rho), domain="symbolic orders")
        for i, k in ((n, n), (n, n + m), (n + m, n))
    ]
    return together(
        compared(Statement(stated.admits, stated.moment), 3),
        _generating(s),
        equal(_correlation(s, t), sp.exp(s * t * rho), domain="all s, t"),
        *moments,
        domain="all n, k >= 0, |rho| <= 1; in prose: Taylor's formula for phi(x - s), and E of "
        "the double series term by term",
    )


def _generating(s: Any) -> Evidence:
    """Identify phi(x - s) / phi(x), whose Taylor series in s is Definition 2."""
    return equal(
        sp.exp(-((x - s) ** 2) / 2) * sp.exp(x**2 / 2), sp.exp(s * x - s**2 / 2), domain="all s, x"
    )


def _correlation(s: Any, t: Any) -> Any:
    """E e^(sX - s^2/2) e^(tY - t^2/2) for Y = rho X + sqrt(1 - rho^2) Z, Z independent of X."""
    a = sp.Symbol("a", real=True)
    density = sp.exp(-(x**2) / 2) / sp.sqrt(2 * sp.pi)
    transform = sp.integrate(sp.exp(a * x) * density, (x, -sp.oo, sp.oo))
    of_x = transform.subs(a, s + t * rho)
    of_z = transform.subs(a, t * sp.sqrt(1 - rho**2))
    return of_x * of_z * sp.exp(-(s**2) / 2 - t**2 / 2)


def _coefficient(i: Any, k: Any) -> Any:
    """Coefficient of s^i t^k, for symbolic orders, in e^(s t rho) = sum_j (s t rho)^j / j!."""
    j = sp.Symbol("j", integer=True, nonnegative=True)
    s, t, r = sp.symbols("s t r", positive=True)
    powers = sp.expand_power_base((s * t * r) ** j).as_powers_dict()
    here = sp.KroneckerDelta(powers[s], i) * sp.KroneckerDelta(powers[t], k)
    return sp.summation(here * rho ** powers[r] / sp.factorial(j), (j, 0, i + k))


def _root(n: Any, k: Any) -> Any:
    return sp.sqrt(sp.factorial(n)) * sp.sqrt(sp.factorial(k))


# "where delta_nk is the Dirac delta"

Delta = Callable[[Any, Any], Any]


def _dirac(n: Any, k: Any) -> Any:
    return sp.DiracDelta(n - k)


delta_corrected = Claim(
    label="isometry:lem-a8-delta:corrected",
    where="Lemma A.8, last line",
    says=r"\delta_{nk} \text{ is Kronecker's delta}",
    value=sp.KroneckerDelta,
    mutants={
        "as printed": _dirac,
        "1 - delta": lambda n, k: 1 - sp.KroneckerDelta(n, k),
        "1 for k <= n": lambda n, k: sp.Heaviside(n - k, 1),
        "n! of the unnormalized ones": lambda n, k: sp.factorial(n) * sp.KroneckerDelta(n, k),
    },
    uses=("isometry:lem-a8:corrected",),
)
delta = Claim(
    label="isometry:lem-a8-delta",
    where="Lemma A.8, last line",
    says=r"\delta_{nk} = \delta(n - k) \text{ is the Dirac delta}",
    value=_dirac,
    mutants={
        "its primitive, the step": lambda n, k: sp.Heaviside(n - k, 1),
        "1 - delta": delta_corrected.mutants["1 - delta"],
        "n! of the unnormalized ones": lambda n, k: sp.factorial(n) * sp.KroneckerDelta(n, k),
    },
    correction=delta_corrected,
    why="the Dirac delta has no value at n = k, where E He_n(X) He_n(Y) = rho^n.",
    expected=Verdict.REFUTED,
)


@delta.check(Level.PROVED)
@delta_corrected.check(Level.PROVED)
def by_lemma_a8(stated: Delta) -> Evidence:
    """E He_n(X) He_k(X), rho = 1: the lowest orders by moments, all others by the lemma."""
    n = sp.Symbol("n", integer=True, nonnegative=True)
    m = sp.Symbol("m", integer=True, positive=True)
    found = []
    for i, k in product(range(3), repeat=2):
        moment = GAUSSIAN.expectation(rodrigues(i, x), rodrigues(k, x), x, 1)
        value = sp.sympify(stated(i, k))
        if not value.is_Rational or value != moment:
            said = value if value.is_Rational else "no number"
            raise Refuted(f"n = {i}, k = {k}: E He_n(X) He_k(X) is {moment}, delta_nk is {said}")
    for i, k in ((n, n), (n, n + m), (n + m, n)):
        moment = CORRECTED.moment(i, k, sp.S.One)
        found.append(equal(moment, stated(i, k), domain="all n, k >= 0"))
    return together(*found)


claims = (lemma, corrected, delta, delta_corrected)
