"""The proof of Lemma A.6, (54) to (56), and its last sentences."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import sympy as sp

from verify import Claim, Evidence, Level, equal, together
from verify.claims.isometry._gauss import (
    COUPLINGS,
    GAUSSIAN,
    naming,
    rodrigues,
    same_polynomials,
)
from verify.claims.isometry.lemma_a6 import _row

x, rho, s = sp.symbols("x rho s", real=True)

_COUNT = 5
_LOW = "polynomials of degree <= 4"


def _polynomial(count: int = _COUNT) -> tuple[tuple[Any, ...], Any]:
    """Symbolic c_0, c_1, ... and sigma = sum c_k He_k."""
    c = sp.symbols(f"c0:{count}", real=True)
    return c, sp.Add(*(c[k] * rodrigues(k, x) for k in range(count)))


# (55)

DoubleTerm = Callable[[Any, Any, int, int], Any]  # c_n, c_k, n, k -> factor of E He_n(X) He_k(Y)

eq_55 = Claim(
    label="isometry:eq-55",
    where="Lemma A.6, proof, (54) = (55)",
    says=r"E \sigma(X) \sigma(Y) = \sum_{n,k=0}^\infty c_n c_k E He_n(X) He_k(Y)",
    value=lambda c_n, c_k, n, k: c_n * c_k,
    mutants={
        "sum from 1": lambda c_n, c_k, n, k: c_n * c_k * min(n, k, 1),
        "c_n^2": lambda c_n, c_k, n, k: c_n**2,
        "divided by n!": lambda c_n, c_k, n, k: c_n * c_k / sp.factorial(n),
        "n < k alone": lambda c_n, c_k, n, k: c_n * c_k if n < k else sp.S.Zero,
    },
)


@eq_55.check(Level.PROVED)
def by_bilinearity(stated: DoubleTerm) -> Evidence:
    """Symbolic c_k and every coupling; then from partial sums p of sigma to sigma.

    E sigma sigma' - E p p' = E (sigma - p) sigma' + E p (sigma' - p'), where ' is the value at
    Y; both terms go to 0 with |sigma - p| (Cauchy-Schwarz, cited).
    """
    c, sigma = _polynomial()
    found = []
    for coupling in COUPLINGS:
        double = sp.Add(
            *(
                stated(c[n], c[k], n, k)
                * coupling.expectation(rodrigues(n, x), rodrigues(k, x), x, rho)
                for n in range(_COUNT)
                for k in range(_COUNT)
            )
        )
        with naming(coupling.name):
            derived = coupling.expectation(sigma, sigma, x, rho)
            found.append(same_polynomials(derived, double, domain=_LOW))
    a, b, p, q = sp.symbols("a b p q", real=True)
    split = equal(a * b - p * q, (a - p) * b + p * (b - q), domain="the rest of the sum")
    c_n, c_k = sp.symbols("c_n c_k", real=True)
    terms = [equal(c_n * c_k, stated(c_n, c_k, n, k), domain="terms") for n, k in ((7, 9), (9, 7))]
    domain = f"{_LOW}, symbolic c_k; in prose: all of L^2(N(0, 1)), by Cauchy-Schwarz"
    return together(*found, split, *terms, domain=domain)


# (56)

Term = Callable[[Any, Any, Any], Any]

eq_56 = Claim(
    label="isometry:eq-56",
    where="Lemma A.6, proof, (55) = (56)",
    says=r"\sum_{n,k=0}^\infty c_n c_k E He_n(X) He_k(Y) = \sum_{k=0}^\infty c_k^2 \rho^k",
    value=lambda c, k, r: c**2 * r**k,
    mutants={
        "sum from 1": lambda c, k, r: c**2 * r**k if k != 0 else sp.S.Zero,
        "rho^(2k)": lambda c, k, r: c**2 * r ** (2 * k),
        "c_k not squared": lambda c, k, r: c * r**k,
        "k! of the unnormalized ones": lambda c, k, r: sp.factorial(k) * c**2 * r**k,
    },
    uses=("isometry:eq-55", "isometry:lem-a8:corrected"),
)


@eq_56.check(Level.PROVED)
def row_by_row(stated: Term) -> Evidence:
    """Row n of the double sum for symbolic n, by Lemma A.8; the lowest orders by moments."""
    c, sigma = _polynomial()
    total = sp.Add(*(stated(c[k], sp.Integer(k), rho) for k in range(_COUNT)))
    low = same_polynomials(GAUSSIAN.expectation(sigma, sigma, x, rho), total, domain=_LOW)
    n, c_n = sp.Symbol("n", integer=True, nonnegative=True), sp.Symbol("c_n", real=True)
    rows = [
        equal(_row(order, c_n), stated(c_n, order, rho), domain="row n, symbolic n")
        for order in (sp.S.Zero, n + 1)
    ]
    return together(low, *rows, domain="all c_k with sum c_k^2 < oo, symbolic n, |rho| <= 1")


# "observe that E sigma(X) = c_0"

mean = Claim(
    label="isometry:lem-a6-mean",
    where="Lemma A.6, proof, after (56)",
    says=r"E_{X \sim N(0, 1)} \sigma(X) = c_0",
    value=lambda c, k: c if k == 0 else sp.S.Zero,
    mutants={
        "c_1": lambda c, k: c if k == 1 else sp.S.Zero,
        "c_0^2": lambda c, k: c**2 if k == 0 else sp.S.Zero,
        "sum of all c_k": lambda c, k: c,
    },
)


@mean.check(Level.PROVED)
def by_the_generating_function(stated: Callable[[Any, Any], Any]) -> Evidence:
    """E e^(sX - s^2/2) = 1 for all s: E He_0 = 1 and E He_k = 0 for k >= 1."""
    c, sigma = _polynomial()
    total = sp.Add(*(stated(c[k], sp.Integer(k)) for k in range(_COUNT)))
    low = same_polynomials(GAUSSIAN.expectation(sigma, sp.S.One, x, rho), total, domain=_LOW)
    density = sp.exp(-(x**2) / 2) / sp.sqrt(2 * sp.pi)
    transform = sp.integrate(sp.exp(s * x) * density, (x, -sp.oo, sp.oo))
    k, c_k = sp.Symbol("k", integer=True, positive=True), sp.Symbol("c_k", real=True)
    return together(
        low,
        equal(transform * sp.exp(-(s**2) / 2), 1, domain="all s"),
        equal(0, stated(c_k, k), domain="k >= 1"),
        domain="all square-integrable sigma, symbolic k",
    )


# "the reduction of mean will cancel the k = 0 term"

cancelled = Claim(
    label="isometry:lem-a6-cancel",
    where="Lemma A.6, proof, last sentence",
    says=r"\hat\sigma(\rho) - c_0^2 = \sum_{k=1}^\infty c_k^2 \rho^k",
    value=1,
    mutants={"k = 0 stays": 0, "k = 1 goes too": 2, "first three go": 3},
    uses=("isometry:eq-35-reduction", "isometry:eq-56", "isometry:lem-a6-mean"),
)


@cancelled.check(Level.PROVED)
def first_order_left(stated: int) -> Evidence:
    """The terms of (56) minus c_0^2: 0 at k = 0, unchanged for k >= 1."""
    c, r = sp.Symbol("c_k", real=True), rho
    k = sp.Symbol("k", integer=True, nonnegative=True)
    found = []
    for order in (sp.S.Zero, sp.S.One, sp.Integer(2), k + 3):
        left = eq_56.value(c, order, r) - (c**2 if order == 0 else 0)
        kept = c**2 * r**order if order == k + 3 or order >= stated else sp.S.Zero
        found.append(equal(left, kept, domain="all c_k, symbolic k"))
    return together(*found)


claims = (eq_55, eq_56, mean, cancelled)
