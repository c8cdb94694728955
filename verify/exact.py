"""Linear algebra over the rationals: determinants without a rounding error."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from math import lcm, prod
from typing import TypeAlias

__all__ = [
    "Matrix",
    "Vector",
    "det",
    "gram",
    "largest_correlation",
    "mean",
    "scaled",
    "trace",
    "variance",
]

Matrix: TypeAlias = tuple[tuple[Fraction, ...], ...]
Vector: TypeAlias = tuple[Fraction, ...]

_LARGE = 8  # rows from which the modular determinant is faster


def mean(a: Sequence[Fraction]) -> Fraction:
    """Arithmetic mean."""
    return sum(a, Fraction(0)) / len(a)


def variance(a: Sequence[Fraction]) -> Fraction:
    """Mean squared distance from the mean."""
    centre = mean(a)
    return mean([(entry - centre) ** 2 for entry in a])


def trace(G: Matrix) -> Fraction:
    """Sum of the diagonal."""
    return sum((row[i] for i, row in enumerate(G)), Fraction(0))


def gram(vectors: Sequence[Vector]) -> Matrix:
    """Inner products of vectors."""
    return tuple(
        tuple(sum((a * b for a, b in zip(x, y, strict=True)), Fraction(0)) for y in vectors)
        for x in vectors
    )


def scaled(G: Matrix, a: Sequence[Fraction]) -> Matrix:
    """D G D for D = diag(a)."""
    return tuple(
        tuple(a[i] * entry * a[j] for j, entry in enumerate(row)) for i, row in enumerate(G)
    )


def largest_correlation(G: Matrix) -> Fraction:
    """max_{i != j} |G_ij| of a matrix with unit diagonal, at least 2 x 2."""
    return max(abs(entry) for i, row in enumerate(G) for j, entry in enumerate(row) if i != j)


def det(G: Matrix) -> Fraction:
    """Determinant, by fraction-free elimination (Bareiss) on integers, or modular if large."""
    scales = [lcm(*(entry.denominator for entry in row)) for row in G]
    rows = [
        [entry.numerator * (s // entry.denominator) for entry in row]
        for row, s in zip(G, scales, strict=True)
    ]
    whole = _integer_det(rows) if len(rows) < _LARGE else _modular_det(rows)
    return Fraction(whole, prod(scales))


def _modular_det(rows: list[list[int]]) -> int:
    from flint import fmpz_mat

    return int(fmpz_mat(rows).det())


def _integer_det(rows: list[list[int]]) -> int:
    n, sign, previous = len(rows), 1, 1
    for k in range(n - 1):
        pivot = next((i for i in range(k, n) if rows[i][k]), None)
        if pivot is None:
            return 0
        if pivot != k:
            rows[k], rows[pivot], sign = rows[pivot], rows[k], -sign
        for i in range(k + 1, n):
            for j in range(k + 1, n):
                cross = rows[i][j] * rows[k][k] - rows[i][k] * rows[k][j]
                rows[i][j] = cross // previous
        previous = rows[k][k]
    return sign * rows[-1][-1]
