"""Lemma A.4: the determinant of a correlation matrix between two functions of max |G_ij|."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Any

import sympy as sp

from verify import Claim, Evidence, Level, Undecided, bounded, charts, equal, nonnegative, together
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


@lower.check(Level.PROVED)
def below_by_gershgorin(stated: Bound) -> Evidence:
    """Few samples first; then every eigenvalue is at least b = 1 - (n-1) m >= 0, any n.

    Let |v_i| be the largest entry of an eigenvector, scaled to v_i = 1: the eigenvalue is
    1 + sum_{j != i} G_ij v_j, so that it exceeds b by n - 1 terms m + G_ij v_j >= 0. The product
    of n numbers b + e, e >= 0, is at least b^n by induction on their number.
    """
    two, three = two_samples_from_below(stated), three_samples_from_below(stated)
    k, s, t, u = variables = list(sp.symbols("k s t u", positive=True))
    n, m = k + 2, 1 / ((k + 1) * (1 + s))  # m = max |G_ij|, (n - 1) m <= 1
    b = 1 - (n - 1) * m
    B, E, e = sp.symbols("B E e", positive=True)  # b^j, excess of j factors, of one factor
    domain = "all n >= 2, all G with (n - 1) max |G_ij| <= 1"
    return together(
        two,
        three,
        nonnegative(m - m / ((1 + t) * (1 + u)), variables, domain=domain),
        nonnegative(b, variables, domain=domain),
        nonnegative((B + E) * (b + e) - B * b, [*variables, B, E, e], domain=domain),
        equal(stated(n, m), b**n, domain=domain),
        domain=domain,
    )


@lower.check(Level.SEARCHED)
def rational_matrices_from_below(stated: Bound, *, seed: int) -> Evidence:
    """Determinants in rational arithmetic."""

    def sides(G: Matrix) -> tuple[Fraction, Fraction]:
        return stated(len(G), largest_correlation(G)), det(G)

    domain = "exact, n = 2..6, all families scaled to (n - 1) max |G_ij| <= 1"
    strategy = dominant_correlation_matrices(largest=6)
    chart = charts.dominant_correlations()
    return bounded(sides, strategy, domain=domain, chart=chart, examples=120, seed=seed)


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


@upper.check(Level.PROVED, only="n = 4")
def four_samples_by_squares(stated: Bound) -> Evidence:
    """Write 1 - G_12^2 - det G as sums of squares over leading minors, G_12 the largest.

    D_k - D_{k+1} = D_k sum_{j <= k} M_j^2 / (D_{j-1} D_j): M_j has the rows 1..j and the columns
    1..j-1 and k+1. Where a D_j is 0, so is det G.
    """
    G = sp.Matrix(4, 4, lambda i, j: 1 if i == j else sp.Symbol(f"r{min(i, j)}{max(i, j)}"))
    D = [sp.S.One, *(G[:j, :j].det(method="berkowitz") for j in range(1, 5))]
    domain = "all positive semidefinite G with unit diagonal, n = 4"
    found = []
    for k in (2, 3):
        squares = [
            _minor(G, range(j), [*range(j - 1), k]) ** 2 / (D[j - 1] * D[j])
            for j in range(1, k + 1)
        ]
        found.append(equal(D[k] - D[k] * sp.Add(*squares), D[k + 1], domain=domain))
    *_, m, variables = _chain(sp.S.One)
    two_more = nonnegative(stated(4, m) - det_2(m), variables[2:], domain="two more, orthogonal")
    return together(*found, two_more, domain=domain)


def _minor(G: Any, rows: Sequence[int], columns: Sequence[int]) -> Any:
    return G.extract(list(rows), list(columns)).det(method="berkowitz")


@upper.check(Level.PROVED)
def above_by_bordering(stated: Bound) -> Evidence:
    """Few samples first; then D_2 = 1 - m^2, and every further sample lowers the determinant.

    The samples are labelled so that G_12 is the largest. If A, the matrix of k samples, is
    singular, so is G; else the next determinant is det(A) (1 - q), q = g' A^-1 g >= 0.
    """
    two, three = two_samples_from_above(stated), three_samples_from_above(stated)
    n, m, D, q = sp.symbols("n m D q", positive=True)
    domain = "all n >= 2, all positive semidefinite G with unit diagonal"
    return together(
        two,
        three,
        bordered(domain),
        nonnegative(D - D * (1 - q), [D, q], domain=domain),
        equal(stated(n, m), det_2(m), domain=domain),
        domain=domain,
    )


def bordered(domain: str) -> Evidence:
    """Factor [[A, g], [g', 1]] = [[1, 0], [g' A^-1, 1]] [[A, g], [0, 1 - g' A^-1 g]], any size.

    By det(LU) = det L det U the determinant is det(A) (1 - g' A^-1 g).
    """
    k = sp.Symbol("k", integer=True, positive=True)
    A, g, one = sp.MatrixSymbol("A", k, k), sp.MatrixSymbol("g", k, 1), sp.Identity(1)
    below, above = sp.ZeroMatrix(1, k), sp.ZeroMatrix(k, 1)
    L = sp.BlockMatrix([[sp.Identity(k), above], [g.T * A.inv(), one]])
    U = sp.BlockMatrix([[A, g], [below, one - g.T * A.inv() * g]])
    product = sp.block_collapse(L * U)
    if product != sp.BlockMatrix([[A, g], [g.T, one]]):
        raise Undecided(f"the factors multiply to {product}")
    return Evidence(Level.PROVED, domain)


@upper.check(Level.SEARCHED)
def rational_matrices_from_above(stated: Bound, *, seed: int) -> Evidence:
    """Determinants in rational arithmetic."""

    def sides(G: Matrix) -> tuple[Fraction, Fraction]:
        return det(G), stated(len(G), largest_correlation(G))

    domain = "exact, n = 2..6, all families"
    strategy = exact_correlation_matrices(largest=6)
    chart = charts.unit_vectors()
    return bounded(sides, strategy, domain=domain, chart=chart, examples=120, seed=seed)


claims = (lower, upper)
