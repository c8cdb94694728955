"""Lemma A.1: scale, range and ends of isometry.

The zero matrix has no isometry (see Definition 1): the corrected claims are for M != 0.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import sympy as sp
from hypothesis import strategies as st

from verify import (
    Claim,
    Evidence,
    Level,
    Refuted,
    Verdict,
    bounded,
    equal,
    nonnegative,
    search,
    together,
)
from verify.claims.isometry._domains import Stated, unconditional
from verify.claims.isometry._matrices import (
    diagonal,
    isometry_power,
    require_isometries,
    with_spectra,
    without_zero,
)
from verify.claims.isometry.lemma_a1_proof import (
    ALL,
    SPECTRA,
    by_the_product_of_eigenvalues,
    strict_tangent,
)
from verify.claims.isometry.theorem_1_proof import am_gm, by_the_tangent_of_the_logarithm
from verify.exact import Matrix, Vector, trace

_N = sp.Symbol("n", integer=True, positive=True)


def _nonzero(largest: int) -> st.SearchStrategy[Matrix]:
    return with_spectra(largest=largest).map(lambda case: case[1])


def _same_isometry(case: tuple[Matrix, Fraction]) -> bool:
    """Whether I(cM) is defined, which takes tr(cM) > 0, and is I(M)."""
    M, c = case
    scaled = tuple(tuple(c * entry for entry in row) for row in M)
    return trace(scaled) > 0 and isometry_power(scaled) == isometry_power(M)


scale = unconditional(
    "isometry:lem-a1-scale",
    where='Lemma A.1, 1), and its proof: "any constant"',
    says=r"I(cM) = I(M) \text{ for any constant } c",
    mended=r"M \neq 0 \implies (I(cM) \text{ is defined and equal to } I(M) \iff c > 0)",
    why="for c = 0 it is 0/0; for c < 0 cM is not PSD, and (3) would give I(-I_2) = -1.",
    condition=lambda case: case[1] > 0,
    defined=_same_isometry,
    mutants={
        "c != 0": lambda case: case[1] != 0,
        "c >= 0": lambda case: case[1] >= 0,
        "c >= 1": lambda case: case[1] >= 1,
    },
    cases=st.tuples(_nonzero(3), st.builds(Fraction, st.integers(-3, 3), st.integers(1, 3))),
    domain="exact positive semidefinite M != 0, n = 1..3, rational c of both signs and 0",
    uses=("isometry:sec-3-scale:corrected",),
)

# 2) range

span, span_corrected = without_zero(
    "isometry:lem-a1-range",
    where="Lemma A.1, 2)",
    says=r"I(M) \in [0, 1]",
    value=(Fraction(0), Fraction(1)),
    slips={
        "at most 9/10": (Fraction(0), Fraction(9, 10)),
        "at least 1/100": (Fraction(1, 100), Fraction(1)),
        "upside down": (Fraction(1), Fraction(0)),
    },
    uses=("isometry:lem-a1-proof-eigenvalues:corrected", "isometry:lem-a1-proof-am-gm"),
)


@span.check(Level.PROVED)
@span_corrected.check(Level.PROVED)
def between_zero_and_the_mean(stated: Stated[tuple[Fraction, Fraction]]) -> Evidence:
    """I is 0 somewhere and 1 somewhere, never less than 0, and never more than 1 by AM-GM."""
    low, high = (sp.Rational(end) for end in stated.value)
    ends = nonnegative(-low, [], domain="0"), nonnegative(high - 1, [], domain="1")
    require_isometries(stated)
    return together(*ends, by_the_tangent_of_the_logarithm(am_gm.value), domain=ALL)


@span.check(Level.SEARCHED)
@span_corrected.check(Level.SEARCHED)
def of_given_spectra(stated: Stated[tuple[Fraction, Fraction]], *, seed: int) -> Evidence:
    """Determinants and traces in rational arithmetic."""
    low, high = stated.value

    def sides(case: tuple[Vector, Matrix]) -> tuple[Fraction, Fraction]:
        n, power = len(case[0]), isometry_power(case[1])
        return (power, high**n) if power >= low**n else (low**n, power)

    found = bounded(sides, with_spectra(), domain=SPECTRA, examples=100, seed=seed)
    require_isometries(stated)
    return found


# 3) maximum, with the sentence of the proof that it comes from

Multiple = Callable[[Any], Any]  # mean eigenvalue c -> the m of "M = m I_n"


def _multiple_of_identity(label: str, where: str, says: str, mended: str) -> tuple[Claim, Claim]:
    shared = {"square": lambda c: c**2, "twice": lambda c: 2 * c, "minus": lambda c: -c}
    corrected = Claim(
        label=f"{label}:corrected",
        where=where,
        says=mended,
        value=lambda c: c,
        mutants={"as printed": lambda c: sp.Integer(1), **shared},
        uses=("isometry:lem-a1-proof-tight",),
    )
    printed = Claim(
        label=label,
        where=where,
        says=says,
        value=corrected.mutants["as printed"],
        mutants=shared,
        correction=corrected,
        why="every multiple c I_n, c > 0, has equal eigenvalues and isometry 1, by 1).",
        expected=Verdict.REFUTED,
    )
    for claim in (printed, corrected):
        claim.check(Level.PROVED)(tight_means_a_multiple)
        claim.check(Level.SEARCHED)(multiples_among_matrices)
    return printed, corrected


def tight_means_a_multiple(stated: Multiple) -> Evidence:
    """Isometry 1 makes all eigenvalues equal to their mean c: M = Q (c I) Q^T = c I."""
    for c in (1, 2):
        M = diagonal([c, c])
        if isometry_power(M) == 1 and stated(c) != c:
            raise Refuted(f"M = {c} I_2 has isometry 1 and is not {stated(c)} I_2")
    c = sp.Symbol("c", positive=True)
    identity = c * sp.Identity(_N)
    reached = sp.det(identity) / (sp.trace(identity) / _N) ** _N
    found = equal(reached, 1, domain="I(cI) = 1"), equal(c, stated(c), domain="M = cI")
    return together(*found, strict_tangent(), domain=ALL)


def multiples_among_matrices(stated: Multiple, *, seed: int) -> Evidence:
    """I(M) = 1 against M = m I_n, entry by entry."""

    def holds(M: Matrix) -> bool:
        m = Fraction(str(stated(trace(M) / len(M))))
        return (isometry_power(M) == 1) == (diagonal([m] * len(M)) == M)

    return search(holds, _nonzero(5), domain=SPECTRA, examples=100, seed=seed)


highest = _multiple_of_identity(
    "isometry:lem-a1-max",
    "Lemma A.1, 3), maximum",
    r"I(M) = 1 \iff M = I_n",
    r"M \neq 0 \implies (I(M) = 1 \iff M = c I_n \text{ for a } c > 0)",
)
only_identity = _multiple_of_identity(
    "isometry:lem-a1-proof-identity",
    'Lemma A.1, proof: "which holds only for identity"',
    r"\lambda_1 = \dots = \lambda_n \iff M = I_n",
    r"M \neq 0 \implies (\lambda_1 = \dots = \lambda_n \iff M = c I_n \text{ for a } c > 0)",
)

# 3) minimum

lowest, lowest_corrected = without_zero(
    "isometry:lem-a1-min",
    where="Lemma A.1, 3), minimum",
    says=r"I(M) = 0 \iff M \text{ is degenerate}",
    value=lambda rank, n: rank < n,
    slips={
        "rank 1": lambda rank, n: rank <= 1,
        "rank below n - 1": lambda rank, n: rank < n - 1,
        "full rank": lambda rank, n: rank >= n,
    },
    uses=("isometry:lem-a1-proof-zero:corrected",),
)
for _claim in (lowest, lowest_corrected):
    _claim.check(Level.PROVED)(by_the_product_of_eigenvalues)

claims = (
    *scale,
    span,
    span_corrected,
    *highest,
    *only_identity,
    lowest,
    lowest_corrected,
)
