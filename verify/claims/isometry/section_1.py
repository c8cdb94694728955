"""Section 1, Contributions: what batch and layer normalization, centred or not, do to isometry."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import sympy as sp
from hypothesis import assume, reject
from hypothesis import strategies as st

from verify import (
    Claim,
    Evidence,
    Level,
    Refuted,
    Undecided,
    Verdict,
    bounded,
    equal,
    nonnegative,
    together,
)
from verify.claims.isometry._entries import ANY, CENTRED, D, Entries
from verify.claims.isometry._gram import any_number
from verify.claims.isometry._matrices import (
    divided_power,
    exactly,
    isometry_power,
    matrices,
    product,
    transposed,
)
from verify.claims.isometry.theorem_1_proof import below_quotient, line_9
from verify.exact import Matrix, Vector, gram, mean
from verify.searching import show

Rows = Callable[[Entries], tuple[Any, Any, Any]]


@dataclass(frozen=True)
class Normalization:
    """Rows are shifted and divided; a Gram matrix is compared before and after.

    Attributes:
        rows: a row -> what is subtracted before, what after, and the square of the divisor.
        columns: whether the Gram matrix is that of the columns, not of the rows.
    """

    rows: Rows
    columns: bool = False

    def powers(self, X: Matrix) -> tuple[Fraction, Fraction] | None:
        """I^n before and after; None if a row is divided by 0 or all are 0."""
        parts = [self.rows(_entries(row)) for row in X]
        squares = [square for _, _, square in parts]
        before, after = (
            tuple(tuple(t - part[k] for t in row) for row, part in zip(X, parts, strict=True))
            for k in (0, 1)
        )
        if 0 in squares or not (any(map(any, before)) and any(map(any, after))):
            return None
        if self.columns:
            return isometry_power(gram(transposed(before))), _of_columns(after, squares)
        return isometry_power(gram(before)), divided_power(after, squares)


def _entries(row: Vector) -> Entries:
    return Entries(len(row), (Fraction(1), mean(row), mean([t**2 for t in row])))


def _of_columns(rows: Matrix, squares: Sequence[Fraction]) -> Fraction:
    """I^n of the Gram matrix of the columns, whose rows are divided by the roots of squares."""
    weighted = tuple(
        tuple(t / square for t in row) for row, square in zip(rows, squares, strict=True)
    )
    return isometry_power(product(transposed(weighted), rows))


# Layer normalization: the rows are the samples; section 2: it "centers and divides"

_centred = Normalization(lambda x: (0, x.mean, x.variance))

layer_corrected = Claim(
    label="isometry:sec-1-layer:corrected",
    where="section 1, Contributions, with section 2, 'centers and divides'",
    says=r"I(G(\mathrm{LN}(x_1 - \bar x_1), \dots, \mathrm{LN}(x_n - \bar x_n))) \geq "
    r"I(G(x_1 - \bar x_1, \dots, x_n - \bar x_n))",
    value=Normalization(lambda x: (x.mean, x.mean, x.variance)),
    mutants={
        "as printed: compared with the samples before centering": _centred,
        "divided by the root mean square of the uncentred sample": Normalization(
            lambda x: (x.mean, x.mean, x.mean_square)
        ),
        "root forgotten": Normalization(lambda x: (x.mean, x.mean, x.variance**2)),
    },
    uses=("isometry:thm-1", "isometry:sec-2-ln"),
)
layer = Claim(
    label="isometry:sec-1-layer",
    where="section 1, Contributions, with section 2, 'centers and divides'",
    says=r"I(G(\mathrm{LN}(x_1 - \bar x_1), \dots, \mathrm{LN}(x_n - \bar x_n))) \geq "
    r"I(G(x_1, \dots, x_n))",
    value=_centred,
    mutants={
        "divided, not centred": Normalization(lambda x: (0, 0, x.variance)),
        "root forgotten": Normalization(lambda x: (0, x.mean, x.variance**2)),
        "divided by the root mean square of the uncentred sample": Normalization(
            lambda x: (0, x.mean, x.mean_square)
        ),
    },
    correction=layer_corrected,
    why="centering may lower the isometry, of (1, 0) and (0, 1) from 1 to 0; the division that "
    "follows does not, and LN of Table 1 is the division alone.",
    expected=Verdict.REFUTED,
)


# Batch normalization: the rows are the features, the columns the samples

_of_the_samples = Normalization(lambda x: (0, 0, x.mean_square), columns=True)

batch_corrected = Claim(
    label="isometry:sec-1-batch:corrected",
    where="section 1, Contributions",
    says=r"I(\tilde X \tilde X^\top) \geq I(X X^\top), \quad \tilde X = \mathrm{BN}(X)",
    value=Normalization(lambda x: (0, 0, x.mean_square)),
    mutants={
        "as printed: the Gram matrix of the samples": _of_the_samples,
        "with centering": Normalization(lambda x: (0, x.mean, x.variance)),
        "standard deviation without centering": Normalization(lambda x: (0, 0, x.variance)),
        "root forgotten": Normalization(lambda x: (0, 0, x.mean_square**2)),
    },
    uses=("isometry:thm-1", "isometry:table-1-bn:corrected", "isometry:cor-3-rows:corrected"),
)
batch = Claim(
    label="isometry:sec-1-batch",
    where="section 1, Contributions, with (2)",
    says=r"I(\tilde X^\top \tilde X) \geq I(X^\top X), \quad \tilde X = \mathrm{BN}(X)",
    value=_of_the_samples,
    mutants={
        "with centering": Normalization(lambda x: (0, x.mean, x.variance), columns=True),
        "standard deviation without centering": Normalization(
            lambda x: (0, 0, x.variance), columns=True
        ),
        "root forgotten": Normalization(lambda x: (0, 0, x.mean_square**2), columns=True),
    },
    correction=batch_corrected,
    why="BN equalizes the features, not the samples: it is the covariance X X^T of Corollary 3 "
    "that gains, while the Gram matrix X^T X of (2) may lose.",
    expected=Verdict.REFUTED,
)

_FIRST = tuple(
    exactly(rows)
    for rows in (
        [[1, 0], [0, 1]],
        [[1, 0], [1, 1], [1, -1]],
        [[-1, 1], [1, 2]],
        [[1, 1], [1, 1], [1, -2]],
        [[1, 1, 0], [1, 0, 0]],
        [[2, 0, 0], [0, 2, 0], [0, 0, 1]],
        [[2, -2, 0, 0], [0, 0, 2, -2], [1, 1, -1, -1]],
    )
)


@layer.check(Level.PROVED)
@layer_corrected.check(Level.PROVED)
@batch.check(Level.PROVED)
@batch_corrected.check(Level.PROVED)
def theorem_1_for_the_rows(stated: Normalization) -> Evidence:
    """Small matrices first, where it may fail; then any rows, by Theorem 1.

    A row that is divided by its root mean square gets the norm sqrt(d), and the factor of (4)
    is at least 1; both are needed of the row that is compared.
    """
    for X in _FIRST:
        _refute(stated, X)
    if stated.columns:
        raise Undecided("Theorem 1 compares the Gram matrices of the vectors it normalizes")
    m = sp.Symbol("m", real=True, nonzero=True)
    found = []
    for x in (ANY, CENTRED, Entries(D, (1, m, m**2))):
        first, second, square = stated.rows(x)
        if square != 0:  # else this row is none of the claim
            found.append(equal(first, second, domain="directions"))
            left = x.mean_square - 2 * second * x.mean + second**2
            found.append(equal(left / square, 1, domain="norms"))
    m, v = sp.symbols("m v", positive=True)
    found.append(nonnegative(sp.cancel(line_9(any_number()) - 1), [m, v], domain="factor"))
    domain = "all numbers and lengths of rows, of which none is divided by 0"
    return together(*found, below_quotient(line_9), domain=domain)


def _refute(stated: Normalization, X: Matrix) -> None:
    powers = stated.powers(X)
    if powers is not None and powers[1] < powers[0]:
        before, after = powers
        n = len(X[0]) if stated.columns else len(X)
        raise Refuted(f"X = {show(X)}: I^{n} falls from {before} to {after}")


@layer.check(Level.SEARCHED)
@layer_corrected.check(Level.SEARCHED)
@batch.check(Level.SEARCHED)
@batch_corrected.check(Level.SEARCHED)
def exact_matrices(stated: Normalization, *, seed: int) -> Evidence:
    """Determinants and traces before and after."""

    def sides(X: Matrix) -> tuple[Fraction, Fraction]:
        assume(all(map(any, X)))
        powers = stated.powers(X)
        return reject() if powers is None else powers

    cases = st.one_of(st.sampled_from(_FIRST), matrices())
    covered = "exact matrices up to 4 x 4 without zero rows"
    return bounded(sides, cases, domain=covered, examples=60, seed=seed)


claims = (layer, layer_corrected, batch, batch_corrected)
