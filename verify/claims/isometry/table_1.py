"""Section 3, normalization layers: Table 1 and the sentence before it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import sympy as sp
from hypothesis import assume

from verify import Claim, Evidence, Level, Refuted, Verdict, equal, search
from verify.claims.isometry._domains import unconditional
from verify.claims.isometry._entries import ANY, Formula, layer_norm
from verify.claims.isometry._matrices import exactly, matrices, refute, transposed, vectors
from verify.comparing import show
from verify.exact import Matrix, Vector, mean

_ALL = "all d and all x with sum x_i^2 > 0"


ln = Claim(
    label="isometry:table-1-ln",
    where="Table 1, Layer Norm, with section 2",
    says=r"\mathrm{LN}(x) = x / \sqrt{\frac1d\sum_i x_i^2} \implies "
    r"\frac1d\sum_i \mathrm{LN}(x)_i^2 = 1",
    value=layer_norm,
    mutants={
        "1/d forgotten": lambda x, t: t / sp.sqrt(x.d * x.mean_square),
        "root forgotten": lambda x, t: t / x.mean_square,
        "standard deviation of uncentred entries": lambda x, t: (
            t / sp.sqrt(x.mean_square - x.mean**2)
        ),
        "1/d outside the root": lambda x, t: t * sp.sqrt(x.d) / sp.sqrt(x.mean_square),
    },
)


@ln.check(Level.PROVED)
def unit_mean_square(stated: Formula) -> Evidence:
    """Average the squares; with mean 0 too, where a mean is divided by."""
    derived = ANY.average(lambda t: stated(ANY, t) ** 2)
    return equal(derived, 1, domain=_ALL)


# "LN : R^d -> R^d and BN : R^(d x n) -> R^(d x n) denote batch and layer normalization"


def _squares(X: Matrix) -> tuple[Matrix, Matrix]:
    """Squared entries of LN of each column, and of BN with the sum over all columns."""
    return transposed(_over_mean_squares(transposed(X))), _over_mean_squares(X)


def _over_mean_squares(lines: Matrix) -> Matrix:
    return tuple(tuple(x**2 / _mean_square(line) for x in line) for line in lines)


def _mean_square(x: Vector) -> Fraction:
    return mean([entry**2 for entry in x])


def _normalizes(squares: Matrix, kind: str) -> bool:
    """What section 2 says of each: features over the batch, or samples; or all entries."""
    if kind == "all":
        return {entry for row in squares for entry in row} == {1}
    lines = squares if kind == "batch" else transposed(squares)
    return all(mean(line) == 1 for line in lines)


names_corrected = Claim(
    label="isometry:sec-3-names:corrected",
    where="section 3, before Table 1",
    says=r"\mathrm{LN} \text{ is layer and } \mathrm{BN} \text{ is batch normalization}",
    value=("layer", "batch"),
    mutants={
        "as printed": ("batch", "layer"),
        "both batch": ("batch", "batch"),
        "both layer": ("layer", "layer"),
        "LN takes the sign of each entry": ("all", "batch"),
    },
)
names = Claim(
    label="isometry:sec-3-names",
    where="section 3, before Table 1",
    says=r"\mathrm{LN} \text{ is batch and } \mathrm{BN} \text{ is layer normalization}",
    value=names_corrected.mutants["as printed"],
    mutants={
        "both layer": ("layer", "layer"),
        "LN takes the sign of each entry": ("all", "batch"),
        "BN takes the sign of each entry": ("layer", "all"),
    },
    correction=names_corrected,
    why="the two names are exchanged: LN of Table 1 normalizes a sample, BN a feature.",
    expected=Verdict.REFUTED,
)


@names.check(Level.SEARCHED)
@names_corrected.check(Level.SEARCHED)
def what_each_normalizes(stated: tuple[str, str], *, seed: int) -> Evidence:
    """Mean squares of rows (features) and columns (samples) after each map of Table 1."""

    def holds(X: Matrix) -> bool:
        assume(all(map(any, X)) and all(map(any, transposed(X))))
        return all(_normalizes(Y, kind) for Y, kind in zip(_squares(X), stated, strict=True))

    for rows in ([[1, 2]], [[1], [2]]):
        for name, Y, kind in zip(("LN", "BN"), _squares(exactly(rows)), stated, strict=True):
            if not _normalizes(Y, kind):
                raise Refuted(f"X = {rows}: the squares of {name}(X) are {show(Y)}")
    domain = "exact matrices up to 4 x 4 without zero rows and columns"
    return search(holds, matrices(), domain=domain, examples=100, seed=seed)


# Where the two are defined


ln_domain = unconditional(
    "isometry:sec-3-ln-domain",
    where="section 3, before Table 1",
    says=r"\mathrm{LN} : \mathbb R^d \to \mathbb R^d",
    mended=r"\mathrm{LN}(x) \text{ is defined} \iff x \neq 0",
    why="LN(0) is 0/0.",
    condition=any,
    defined=lambda x: sum(entry**2 for entry in x) != 0,
    mutants={
        "nonzero sum": lambda x: sum(x) != 0,
        "all entries nonzero": all,
        "at least two entries": lambda x: len(x) >= 2,
    },
    cases=vectors(),
    domain="exact vectors, d = 1..5",
)
bn_domain = unconditional(
    "isometry:sec-3-bn-domain",
    where="section 3, before Table 1",
    says=r"\mathrm{BN} : \mathbb R^{d \times n} \to \mathbb R^{d \times n}",
    mended=r"\mathrm{BN}(X) \text{ is defined} \iff X_{i\cdot} \neq 0 \text{ for all } i",
    why="a feature that is 0 on the whole batch is divided by 0.",
    condition=lambda X: all(map(any, X)),
    defined=lambda X: all(_mean_square(row) != 0 for row in X),
    mutants={
        "X nonzero": lambda X: any(map(any, X)),
        "no zero column": lambda X: all(map(any, transposed(X))),
        "row sums nonzero": lambda X: all(sum(row) != 0 for row in X),
    },
    cases=matrices(),
    domain="exact matrices up to 4 x 4",
)


# Batch norm: the range of its sum


@dataclass(frozen=True)
class Row:
    """A row of X, d x n, by its sums of squares: total(k) = sum_{j <= k} X_ij^2."""

    n: Any
    d: Any
    total: Callable[[Any], Any]


Denominator = Callable[[Row], Any]  # the square of what X_ij is divided by

bn_corrected = Claim(
    label="isometry:table-1-bn:corrected",
    where="Table 1, Batch Norm, with section 2",
    says=r"\mathrm{BN}(X)_{ij} = X_{ij} / \sqrt{\frac1n\sum_{k=1}^n X_{ik}^2} \implies "
    r"\frac1n\sum_j \mathrm{BN}(X)_{ij}^2 = 1",
    value=lambda row: row.total(row.n) / row.n,
    mutants={
        "as printed": lambda row: row.total(row.d) / row.n,
        "1/d in place of 1/n": lambda row: row.total(row.n) / row.d,
        "1/n forgotten": lambda row: row.total(row.n),
        "last column left out": lambda row: row.total(row.n - 1) / row.n,
    },
)
bn = Claim(
    label="isometry:table-1-bn",
    where="Table 1, Batch Norm, with section 2",
    says=r"\mathrm{BN}(X)_{ij} = X_{ij} / \sqrt{\frac1n\sum_k^d X_{ik}^2} \implies "
    r"\frac1n\sum_j \mathrm{BN}(X)_{ij}^2 = 1",
    value=bn_corrected.mutants["as printed"],
    mutants={
        "1/d in place of 1/n": lambda row: row.total(row.d) / row.d,
        "1/n forgotten": lambda row: row.total(row.d),
        "d - 1 columns": lambda row: row.total(row.d - 1) / row.n,
    },
    correction=bn_corrected,
    why="the sum over the batch has n terms, not d.",
    expected=Verdict.REFUTED,
)


def _row(x: Vector, d: int) -> Row:
    def total(k: int) -> Fraction:
        if k > len(x):
            raise Refuted(f"d = {d}, n = {len(x)}: the sum needs a column {k} of X")
        return sum((entry**2 for entry in x[:k]), Fraction(0))

    return Row(Fraction(len(x)), d, lambda k: total(int(k)))


@bn.check(Level.PROVED)
@bn_corrected.check(Level.PROVED)
def unit_mean_square_over_the_batch(stated: Denominator) -> Evidence:
    """Section 2: each feature gets unit variance; without centering, unit mean square.

    Small matrices first, where another value refutes; then any d and n.
    """
    shapes = [exactly([[1] * n] * d) for d in (1, 2, 3) for n in (2, 1, 3)]
    refute(shapes, lambda X: bool(_mean_square(X[0]) == stated(_row(X[0], len(X)))))
    n, d = sp.symbols("n d", integer=True, positive=True)
    row = Row(n, d, sp.Function("S", positive=True))
    return equal(row.total(n) / n / stated(row), 1, domain="all d, n and all rows X_i != 0")


claims = (ln, names, names_corrected, *ln_domain, *bn_domain, bn, bn_corrected)
