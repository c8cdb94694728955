"""Lemma A.4: the determinant of a correlation matrix between two functions of max |G_ij|."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import sympy as sp

from verify import Claim, Evidence, Level, bounded, nonnegative
from verify.exact import Matrix, det, largest_correlation
from verify.strategies import dominant_correlation_matrices, exact_correlation_matrices

Bound = Callable[[int, Any], Any]

lower = Claim(
    label="isometry:lem-a4-lower",
    where="Lemma A.4, (24), left",
    says=r"(n-1) \max_{i \neq j} |G_{ij}| \leq 1 \implies "
    r"\left(1 - (n-1) \max_{i \neq j} |G_{ij}|\right)^n \leq \det(G)",
    value=lambda n, m: (1 - (n - 1) * m) ** n,
    mutants={
        "n - 2 in place of n - 1": lambda n, m: (1 - (n - 2) * m) ** n,
        "half of the row": lambda n, m: (1 - (n - 1) * m / 2) ** n,
        "upper end of the disc": lambda n, m: (1 + (n - 1) * m) ** n,
    },
)
upper = Claim(
    label="isometry:lem-a4-upper",
    where="Lemma A.4, (24), right",
    says=r"\det(G) \leq 1 - \max_{i \neq j} G_{ij}^2",
    value=lambda n, m: 1 - m**2,
    mutants={
        "not squared": lambda n, m: 1 - m,
        "twice the square": lambda n, m: 1 - 2 * m**2,
        "power n": lambda n, m: (1 - m**2) ** n,
    },
)


def det_2(m: Any) -> Any:
    """Determinant for n = 2."""
    return 1 - m**2


def det_3(x: Any, y: Any, m: Any) -> Any:
    """Determinant for n = 3."""
    return 1 - x**2 - y**2 - m**2 + 2 * x * y * m


def _chain(top: Any) -> tuple[Any, Any, Any, list[Any]]:
    """All 0 <= x <= y <= m < top as rational functions of three variables >= 0.

    The inequalities are not strict and polynomial, so m = top follows by continuity.
    """
    s, t, w = variables = list(sp.symbols("s t w", positive=True))
    m = top * w / (1 + w)
    y = m / (1 + t)
    return y / (1 + s), y, m, variables


@lower.check(Level.PROVED, only="n = 2")
def two_samples_from_below(stated: Bound) -> Evidence:
    """Det G = 1 - m^2."""
    *_, m, variables = _chain(sp.S.One)
    return nonnegative(det_2(m) - stated(2, m), variables[2:], domain="all |G_12| <= 1")


@lower.check(Level.PROVED, only="n = 3")
def three_samples_from_below(stated: Bound) -> Evidence:
    """The determinant is least where the product of the three entries is negative."""
    x, y, m, variables = _chain(sp.Rational(1, 2))
    return nonnegative(det_3(-x, y, m) - stated(3, m), variables, domain="all |G_ij| <= 1/2")


@lower.check(Level.SEARCHED)
def rational_matrices_from_below(stated: Bound, *, seed: int) -> Evidence:
    """Determinants in rational arithmetic."""

    def sides(G: Matrix) -> tuple[Fraction, Fraction]:
        return stated(len(G), largest_correlation(G)), det(G)

    domain = "exact, n = 2..6, all families scaled to (n - 1) max |G_ij| <= 1"
    strategy = dominant_correlation_matrices(largest=6)
    return bounded(sides, strategy, domain=domain, examples=150, seed=seed)


@upper.check(Level.PROVED, only="n = 2")
def two_samples_from_above(stated: Bound) -> Evidence:
    """Det G = 1 - m^2."""
    *_, m, variables = _chain(sp.S.One)
    return nonnegative(stated(2, m) - det_2(m), variables[2:], domain="all |G_12| <= 1")


@upper.check(Level.PROVED, only="n = 3")
def three_samples_from_above(stated: Bound) -> Evidence:
    """The determinant is largest where the product of the three entries is positive."""
    x, y, m, variables = _chain(sp.S.One)
    return nonnegative(stated(3, m) - det_3(x, y, m), variables, domain="all |G_ij| <= 1")


@upper.check(Level.SEARCHED)
def rational_matrices_from_above(stated: Bound, *, seed: int) -> Evidence:
    """Determinants in rational arithmetic."""

    def sides(G: Matrix) -> tuple[Fraction, Fraction]:
        return det(G), stated(len(G), largest_correlation(G))

    domain = "exact, n = 2..6, all families"
    strategy = exact_correlation_matrices(largest=6)
    return bounded(sides, strategy, domain=domain, examples=150, seed=seed)


claims = (lower, upper)
