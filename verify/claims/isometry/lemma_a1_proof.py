"""The proof of Lemma A.1: eigenvalues, their two means, equality, and zero."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from itertools import product as pairs
from math import prod
from typing import Any

import sympy as sp
from hypothesis import strategies as st

from verify import (
    Claim,
    Evidence,
    Level,
    Refuted,
    Undecided,
    bounded,
    equal,
    nonnegative,
    search,
    together,
)
from verify.claims.isometry._domains import Stated
from verify.claims.isometry._matrices import (
    diagonal,
    eigenvalues,
    isometry_power,
    require_isometries,
    with_spectra,
    without_zero,
)
from verify.claims.isometry.theorem_1_proof import am_gm, by_the_tangent_of_the_logarithm
from verify.exact import Matrix, Vector, mean

ALL = "all n and all positive semidefinite M != 0"
SPECTRA = "exact Q diag(lambda) Q^T, n = 1..5, equal and zero eigenvalues too"

_N = sp.Symbol("n", integer=True, positive=True)

spectral, spectral_corrected = without_zero(
    "isometry:lem-a1-proof-eigenvalues",
    where="Lemma A.1, proof",
    says=r"I(M) = \Big(\prod_i \lambda_i\Big)^{1/n} / \Big(\frac1n\sum_i \lambda_i\Big)",
    value=lambda product, average, n: product ** (1 / sp.S(n)) / average,
    slips={
        "root forgotten": lambda product, average, n: product / average,
        "sum in place of the mean": lambda product, average, n: (
            product ** (1 / sp.S(n)) / (n * average)
        ),
        "square root": lambda product, average, n: sp.sqrt(product) / average,
    },
)


@spectral.check(Level.PROVED)
@spectral_corrected.check(Level.PROVED)
def of_a_conjugate_of_a_diagonal(stated: Stated[Callable[[Any, Any, Any], Any]]) -> Evidence:
    """M = Q L Q^T = sum l_i q_i q_i^T: det(M) = det(L) det(Q Q^T) and tr(q q^T) = q^T q = 1."""
    Q, L = sp.MatrixSymbol("Q", _N, _N), sp.MatrixSymbol("L", _N, _N)
    q = sp.MatrixSymbol("q", _N, 1)
    if sp.Trace(q * q.T).rewrite(sp.Sum).as_dummy() != (q.T * q)[0, 0].as_dummy():
        raise Undecided("tr(q q^T) is not seen to be q^T q")
    product, average = sp.symbols("P m", positive=True)  # prod lambda_i = det(L), mean lambda_i
    determinant = sp.Determinant(Q * L * Q.T).doit() / sp.Determinant(Q * Q.T).doit()
    derived = determinant.subs(sp.Determinant(L), product) ** (1 / _N) / average
    covered = f"{ALL}; where a lambda_i is 0 both sides are 0"
    found = equal(derived, stated.value(product, average, _N), domain=covered)
    require_isometries(stated)
    return found


@spectral.check(Level.SEARCHED)
@spectral_corrected.check(Level.SEARCHED)
def of_exact_matrices(stated: Stated[Callable[[Any, Any, Any], Any]], *, seed: int) -> Evidence:
    """Eigenvalues first, then a matrix that has them."""

    def holds(case: tuple[Vector, Matrix]) -> bool:
        values, M = case
        product, average = sp.Rational(prod(values)), sp.Rational(mean(values))
        power = sp.expand(stated.value(product, average, len(M)) ** len(M))
        return bool(power == sp.Rational(isometry_power(M)))

    found = search(holds, with_spectra(), domain=SPECTRA, examples=60, seed=seed)
    require_isometries(stated)
    return found


means = Claim(
    label="isometry:lem-a1-proof-am-gm",
    where="Lemma A.1, proof",
    says=r"\lambda_i \geq 0 \implies "
    r"\Big(\prod_i \lambda_i\Big)^{1/n} \leq \frac1n\sum_i \lambda_i",
    value=am_gm.value,
    mutants=am_gm.mutants,
    uses=("isometry:eq-8-am-gm",),
)


@means.check(Level.PROVED)
def by_the_tangent_or_a_zero(stated: Callable[[Any], Any]) -> Evidence:
    """As beside (8) for positive eigenvalues; if one is 0, so is the left side."""
    found = by_the_tangent_of_the_logarithm(stated)
    return together(found, domain="all n and all lambda_i >= 0")


@means.check(Level.SEARCHED)
def rational_spectra(stated: Callable[[Any], Any], *, seed: int) -> Evidence:
    """Both sides to the power that clears the root."""

    def sides(values: Vector) -> tuple[Fraction, Fraction]:
        exponent = Fraction(str(stated(len(values))))
        left = prod(values, start=Fraction(1)) ** exponent.numerator
        return left, mean(values) ** exponent.denominator

    cases = st.integers(1, 5).flatmap(eigenvalues)
    covered = "exact spectra, n = 1..5, equal and zero eigenvalues too"
    return bounded(sides, cases, domain=covered, examples=120, seed=seed)


def strict_tangent() -> Evidence:
    """Prove log t < t - 1 for t != 1, so that AM-GM is strict unless all are equal."""
    t, s = sp.symbols("t s", positive=True)
    distance = t - 1 - sp.log(t)
    slope = sp.diff(distance, t)
    return together(
        equal(distance.subs(t, 1), 0, domain="contact"),
        nonnegative(slope.subs(t, 1 + s), [s], domain="t > 1", strict=True),
        nonnegative(-slope.subs(t, 1 / (1 + s)), [s], domain="t < 1", strict=True),
    )


tight = Claim(
    label="isometry:lem-a1-proof-tight",
    where="Lemma A.1, proof",
    says=r"\Big(\prod_i \lambda_i\Big)^{1/n} = \frac1n\sum_i \lambda_i =: m > 0 "
    r"\iff \lambda_i = m \text{ for all } i",
    value=lambda m, i, n: m,
    mutants={
        "all equal to 1": lambda m, i, n: sp.Integer(1),
        "an arithmetic progression": lambda m, i, n: 2 * i * m / (n + 1),
        "a geometric progression": lambda m, i, n: n * m * 2 ** (i - 1) / (2**n - 1),
    },
    uses=("isometry:lem-a1-proof-am-gm",),
)


@tight.check(Level.PROVED)
def by_the_strict_tangent(stated: Callable[[Any, Any, Any], Any]) -> Evidence:
    """Equality in log t <= t - 1 for every t = lambda_i / m means t = 1."""
    m, i = sp.Symbol("m", positive=True), sp.Symbol("i", integer=True, positive=True)
    found = equal(stated(m, i, _N), m, domain="lambda_i = m")
    return together(found, strict_tangent(), domain="all n and all lambda_i >= 0, not all 0")


zero, zero_corrected = without_zero(
    "isometry:lem-a1-proof-zero",
    where="Lemma A.1, proof, last sentence",
    says=r"I(M) = 0 \iff \lambda_i = 0 \text{ for at least one } i",
    value=lambda rank, n: n - rank >= 1,
    slips={
        "at least two": lambda rank, n: n - rank >= 2,
        "exactly one": lambda rank, n: sp.Eq(n - rank, 1) == True,  # noqa: E712
        "none": lambda rank, n: n - rank <= 0,
    },
    uses=("isometry:lem-a1-proof-eigenvalues:corrected",),
)


@zero.check(Level.PROVED)
@zero_corrected.check(Level.PROVED)
def by_the_product_of_eigenvalues(stated: Stated[Callable[[Any, Any], Any]]) -> Evidence:
    """A product is 0 iff a factor is; the trace of M != 0 is positive.

    All ranks up to n = 6 first, where it may fail; then rank n and n - k, k >= 1, for any n.
    """
    for n, rank in pairs(range(1, 7), range(1, 7)):
        if rank <= n:
            M = diagonal([1] * rank + [0] * (n - rank))
            if (isometry_power(M) == 0) != bool(stated.value(rank, n)):
                raise Refuted(f"fails for n = {n} and rank {rank}: I(M)^n = {isometry_power(M)}")
    k = sp.Symbol("k", integer=True, positive=True)
    for rank, degenerate in ((_N, False), (_N - k, True)):
        seen = sp.sympify(stated.value(rank, _N))
        if seen != sp.sympify(degenerate):
            raise Undecided(f"rank {rank}: {seen} is not seen to be {degenerate}")
    require_isometries(stated)
    return Evidence(Level.PROVED, ALL)


claims = (spectral, spectral_corrected, means, tight, zero, zero_corrected)
