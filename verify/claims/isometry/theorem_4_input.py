"""What Theorem 4 asks of the input: duplicated, opposite and dependent samples."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import sympy as sp
from hypothesis import assume
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from verify import Claim, Evidence, Level, Refuted, Undecided, Verdict, equal, search, together
from verify.claims.isometry._mean_field import apart, kernel, off_diagonal, pair, step, strength
from verify.exact import Matrix, Vector, det, largest_correlation
from verify.strategies import exact_correlation_matrices, exact_spectra, shrunk

Condition = Callable[[Matrix], bool]

# "if the input batch contains a duplicated sample ..., all G^l will be degenerate"


def _duplicated(G: Matrix) -> bool:
    return any(entry == 1 for entry in off_diagonal(G))


@st.composite
def _degenerate(draw: DrawFn) -> Matrix:
    """Equal, opposite or three planar samples, low rank, or one sample repeated."""
    simplex = shrunk(((Fraction(1),) * 3,) * 3, Fraction(-1, 2))
    few = [pair(Fraction(-1)), pair(Fraction(1, 2)), pair(Fraction(1)), simplex]
    many = exact_correlation_matrices(largest=4, families=("low-rank", "generic"))
    G = draw(st.one_of(st.sampled_from(few), many))
    if draw(st.booleans()):
        return G
    return tuple((*row, row[0]) for row in (*G, G[0]))


duplicates = Claim(
    label="isometry:thm-4-duplicates",
    where="section 5.2, after (12)",
    says=r"x_i = x_j \text{ for some } i \neq j \text{, that is, } G_{ij} = 1, \implies "
    r"\det(G_*^\ell) = 0 \text{ for all } \ell \geq 0, \text{ and they remain duplicated}",
    value=sp.FiniteSet(1),  # of the G_ij
    mutants={
        "opposite samples": sp.FiniteSet(-1),
        "parallel samples": sp.FiniteSet(-1, 1),
        "a positive correlation": sp.Interval.Lopen(0, 1),
        "a correlation of 1/2 or more": sp.Interval(sp.S.Half, 1),
    },
    uses=("isometry:eq-10",),
)


@duplicates.check(Level.PROVED)
def by_two_equal_rows(stated: Any) -> Evidence:
    """|x_i - x_j|^2 = 2 - 2 G_ij = 0, so that two rows are equal; and kappa(1) = sum p_k = 1.

    Two samples first, where a value may refute. A determinant with two equal rows is its own
    negative, for any n; it is computed for n = 2, 3, 4.
    """
    half = (Fraction(1, 2), Fraction(1, 2))
    for r in (Fraction(-1), Fraction(1, 2)):
        G = pair(r)
        after = det(step(half, G))
        if sp.Rational(r) in stated and (det(G) or after):
            raise Refuted(f"G_12 = {r}, kappa = (rho + rho^2) / 2: det G is {det(G)}, then {after}")
    if stated != sp.FiniteSet(1):
        raise Undecided(f"{stated} is not seen to be 1 alone")
    domain = "all n, all spectra, every layer"
    squares = sp.symbols("c1:5_2", positive=True)
    kappa_1 = kernel([square / sp.Add(*squares) for square in squares], sp.S.One)
    found = [equal(2 - 2 * sp.S.One, 0, domain=domain), equal(kappa_1, 1, domain=domain)]
    for n in (2, 3, 4):
        rows = [sp.symbols(f"g{i}_1:{n + 1}") for i in range(n)]
        matrix = sp.Matrix([rows[0], *rows[:-1]])  # the first row twice
        found.append(equal(matrix.det(method="berkowitz").expand(), 0, domain=domain))
    return together(*found, domain=domain)


@duplicates.check(Level.SEARCHED)
def from_layer_to_layer(stated: Any, *, seed: int) -> Evidence:
    """Induction: the condition makes the determinant 0, and the next layer meets it too."""

    def duplicated(G: Matrix) -> bool:
        return any(sp.Rational(entry) in stated for entry in off_diagonal(G))

    def holds(case: tuple[Vector, Matrix]) -> bool:
        p, G = case
        assume(duplicated(G))
        after = step(p, G)
        return det(G) == 0 and det(after) == 0 and duplicated(after)

    domain = "exact, n = 2..5, up to 6 orders, one layer at a time"
    return search(holds, _steps(), domain=domain, examples=100, seed=seed)


def _steps() -> SearchStrategy[tuple[Vector, Matrix]]:
    """Opposite samples under (rho + rho^2) / 2, and all others."""
    opposite = ((Fraction(1, 2), Fraction(1, 2)), pair(Fraction(-1)))
    return st.one_of(st.just(opposite), st.tuples(exact_spectra(orders=6), _degenerate()))


# "the condition on input being non-degenerate is essential to reach isometry"

essential_corrected = Claim(
    label="isometry:thm-4-essential:corrected",
    where="section 5.2, after (12)",
    says=r"-\log I(G_*^\ell) \to 0 \implies x_i \neq x_j \text{ for all } i \neq j",
    value=lambda G: not _duplicated(G),
    mutants={
        "as printed: a nonsingular input": lambda G: det(G) > 0,
        "no parallel samples": apart,
        "a dominant diagonal": lambda G: (len(G) - 1) * largest_correlation(G) < 1,
    },
    uses=("isometry:cor-a3:corrected", "isometry:thm-4-duplicates"),
)
essential = Claim(
    label="isometry:thm-4-essential",
    where="section 5.2, after (12)",
    says=r"-\log I(G_*^\ell) \to 0 \implies \det(G_*^0) > 0",
    value=essential_corrected.mutants["as printed: a nonsingular input"],
    mutants={
        "a dominant diagonal": essential_corrected.mutants["a dominant diagonal"],
        "determinant above 1/2": lambda G: 2 * det(G) > 1,
        "no negative entry": lambda G: min(off_diagonal(G)) >= 0,
    },
    correction=essential_corrected,
    why="read as: necessary. Dependent samples of which no two are equal reach isometry, such as "
    "x and -x; duplicates are what never comes apart.",
    expected=Verdict.REFUTED,
)


@essential.check(Level.SEARCHED)
@essential_corrected.check(Level.SEARCHED)
def inputs_that_come_apart(stated: Condition, *, seed: int) -> Evidence:
    """A finite gamma after one layer goes to 0 if beta > 1 (Corollary A.3), the gap with it."""

    def holds(case: tuple[Vector, Matrix]) -> bool:
        p, G = case
        reached = strength(p) > 1 and apart(step(p, G))
        return stated(G) or not reached

    domain = "exact, n = 2..5, up to 6 orders, low rank, duplicated and opposite samples"
    return search(holds, _steps(), domain=domain, examples=120, seed=seed)


claims = (duplicates, essential, essential_corrected)
