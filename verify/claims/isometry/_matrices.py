"""Exact vectors and positive semidefinite matrices, with their isometry, volume and spectrum."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from fractions import Fraction
from functools import cache
from math import prod
from typing import Any, TypeVar

import sympy as sp
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from verify import Claim, Refuted
from verify.claims.isometry._domains import Stated, require_values, restricted
from verify.exact import Matrix, Vector, det, gram, mean, trace
from verify.searching import show
from verify.strategies import norms

__all__ = [
    "Case",
    "cleared",
    "diagonal",
    "divided_power",
    "eigenvalues",
    "exactly",
    "heights",
    "inner",
    "isometry_power",
    "matrices",
    "orthogonal_matrices",
    "product",
    "psd_matrices",
    "reflection",
    "refute",
    "require_isometries",
    "squared_volume",
    "transposed",
    "vectors",
    "with_spectra",
    "without_zero",
]

Case = TypeVar("Case")


def refute(cases: Iterable[Case], holds: Callable[[Case], bool]) -> None:
    """Raise Refuted at the first of some small exact cases for which a statement is false."""
    for case in cases:
        if not holds(case):
            raise Refuted(f"fails for {show(case)}")


def exactly(rows: Sequence[Sequence[int]]) -> Matrix:
    """A matrix of integers as a matrix of fractions."""
    return tuple(tuple(map(Fraction, row)) for row in rows)


def diagonal(values: Sequence[Fraction | int]) -> Matrix:
    """Diagonal matrix."""
    return tuple(
        tuple(Fraction(v) if i == j else Fraction(0) for j in range(len(values)))
        for i, v in enumerate(values)
    )


def transposed(X: Matrix) -> Matrix:
    """Transpose."""
    return tuple(zip(*X, strict=True))


def inner(x: Sequence[Fraction], y: Sequence[Fraction]) -> Fraction:
    """Inner product."""
    return sum((a * b for a, b in zip(x, y, strict=True)), Fraction(0))


def isometry_power(G: Matrix) -> Fraction:
    """I(G)^n = det(G) / (tr(G) / n)^n (Definition 1); G is not zero."""
    return det(G) / (trace(G) / len(G)) ** len(G)


def without_zero(
    label: str,
    *,
    where: str,
    says: str,
    value: Any,
    slips: Mapping[str, Any],
    uses: tuple[str, ...] = (),
    matrix: str = "M",
) -> tuple[Claim, Claim]:
    """Return a statement with I(M), printed for any M >= 0, and the corrected one, for M != 0.

    Args:
        label: of the printed claim.
        where: the place in the paper.
        says: the statement, LaTeX.
        value: what is stated.
        slips: wrong values.
        uses: labels that the corrected claim rests on.
        matrix: its name.
    """
    return restricted(
        label,
        where=where,
        says=says,
        given=rf"{matrix} \neq 0",
        why="the zero matrix is positive semidefinite and degenerate, and its isometry is 0/0.",
        value=value,
        condition=lambda M: any(map(any, M)),
        looser={"at least two samples": lambda M: len(M) >= 2},
        slips=slips,
        uses=uses,
    )


def require_isometries(stated: Stated[Any]) -> None:
    """Refute a statement that admits a matrix without an isometry."""

    def missing(M: Matrix) -> str:
        return "" if trace(M) else "I(M) is 0/0"

    require_values(stated, (diagonal([0]), diagonal([0, 0])), missing, "M")


def divided_power(rows: Sequence[Vector], squares: Sequence[Fraction]) -> Fraction:
    """I^n of the Gram matrix of rows that are divided by the roots of the squares."""
    G = gram(rows)
    norms = [row[i] / square for i, (row, square) in enumerate(zip(G, squares, strict=True))]
    return det(G) / prod(squares, start=Fraction(1)) / mean(norms) ** len(G)


def heights(vectors: Sequence[Vector]) -> list[Fraction]:
    """Squared distance of each vector from the span of those before it (Gram-Schmidt)."""
    basis: list[Vector] = []
    found = []
    for vector in vectors:
        rest = vector
        for b in basis:
            share = inner(rest, b) / inner(b, b)
            rest = tuple(r - share * c for r, c in zip(rest, b, strict=True))
        found.append(inner(rest, rest))
        if found[-1]:
            basis.append(rest)
    return found


def squared_volume(vectors: Sequence[Vector]) -> Fraction:
    """Squared volume of the parallelepiped that the vectors span: height times base."""
    return prod(heights(vectors), start=Fraction(1))


# Matrices of a given spectrum


def reflection(v: Sequence[int]) -> Matrix:
    """I - 2 v v^T / |v|^2, orthogonal and rational."""
    size = sum(entry**2 for entry in v)
    return tuple(
        tuple(Fraction(i == j) - Fraction(2 * a * b, size) for j, b in enumerate(v))
        for i, a in enumerate(v)
    )


def product(A: Matrix, B: Matrix) -> Matrix:
    """Matrix product."""
    columns = transposed(B)
    return tuple(tuple(inner(row, column) for column in columns) for row in A)


@cache
def vectors(*, smallest: int = 1, largest: int = 5) -> SearchStrategy[Vector]:
    """Vectors of small integers, constant and zero ones among them."""
    entries = st.integers(-4, 4).map(Fraction)
    sizes = st.integers(smallest, largest)
    free = sizes.flatmap(lambda d: st.lists(entries, min_size=d, max_size=d))
    constant = st.builds(lambda d, v: [v] * d, sizes, entries)
    return st.one_of(free, constant).map(tuple)


@cache
def matrices(*, largest: int = 4) -> SearchStrategy[Matrix]:
    """Matrices of small integers of any shape; zero rows and equal rows occur."""

    def build(shape: tuple[int, int]) -> SearchStrategy[Matrix]:
        row = st.lists(st.integers(-3, 3).map(Fraction), min_size=shape[1], max_size=shape[1])
        zero = st.just([Fraction(0)] * shape[1])
        rows = st.sampled_from([row] * 5 + [zero]).flatmap(lambda chosen: chosen)
        return st.lists(rows.map(tuple), min_size=shape[0], max_size=shape[0]).map(tuple)

    size = st.integers(1, largest)
    return st.tuples(size, size).flatmap(build)


@cache
def orthogonal_matrices(n: int) -> SearchStrategy[Matrix]:
    """Products of two rational reflections."""
    v = st.lists(st.integers(-3, 3), min_size=n, max_size=n).filter(any)
    return st.builds(product, v.map(reflection), v.map(reflection))


@cache
def eigenvalues(n: int) -> SearchStrategy[Vector]:
    """Spectra of nonzero positive semidefinite matrices: equal, singular, or spread."""
    some = st.lists(st.integers(0, 3).map(Fraction), min_size=n, max_size=n).filter(any)
    return st.one_of(some.map(tuple), norms(n))


@cache
def with_spectra(*, smallest: int = 1, largest: int = 5) -> SearchStrategy[tuple[Vector, Matrix]]:
    """Eigenvalues and a matrix Q diag(eigenvalues) Q^T that has them."""

    def build(values: Vector, Q: Matrix) -> tuple[Vector, Matrix]:
        return values, product(product(Q, diagonal(values)), transposed(Q))

    return st.integers(smallest, largest).flatmap(
        lambda n: st.builds(build, eigenvalues(n), orthogonal_matrices(n))
    )


@cache
def psd_matrices(*, largest: int = 5) -> SearchStrategy[Matrix]:
    """Positive semidefinite matrices; zero, diagonal and singular ones occur."""
    sizes = st.integers(1, largest)
    entries = st.integers(0, 3)
    diagonals = sizes.flatmap(lambda n: st.lists(entries, min_size=n, max_size=n).map(diagonal))
    return st.one_of(diagonals, with_spectra(largest=largest).map(lambda case: case[1]))


def cleared(value: Any) -> Any:
    """Powers of powers of positive bases, such as (c^n)^(1/n), brought to one."""
    return sp.powsimp(sp.expand_power_base(sp.sympify(value), force=True))
