"""Exact correlation matrices under the mean-field step, and multiple correlations."""

from __future__ import annotations

from fractions import Fraction

from hypothesis import assume
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from verify.exact import Matrix, Vector, det
from verify.strategies import exact_correlation_matrices, exact_spectra

__all__ = [
    "ORDERS",
    "hadamard",
    "kappa",
    "matrices",
    "multiple",
    "pairs",
    "step",
    "steps",
    "strength",
]

ORDERS = 5  # of the spectra: rationals stay short


def multiple(G: Matrix) -> Fraction:
    """Squared multiple correlation of the last sample with the others: 1 - det G/det G'."""
    others = det(tuple(row[:-1] for row in G[:-1]))
    assume(others > 0)
    return 1 - det(G) / others


def hadamard(A: Matrix, B: Matrix) -> Matrix:
    """Product entry by entry."""
    return tuple(tuple(a * b for a, b in zip(r, s, strict=True)) for r, s in zip(A, B, strict=True))


def kappa(p: Vector, rho: Fraction) -> Fraction:
    """Sum of p_k rho^k, p_1 first."""
    value = Fraction(0)
    for weight in reversed(p):
        value = (value + weight) * rho
    return value


def step(p: Vector, G: Matrix) -> Matrix:
    """The mean-field step: kappa of every entry."""
    return tuple(tuple(kappa(p, entry) for entry in row) for row in G)


def strength(p: Vector) -> Fraction:
    """Beta = 2 - p_1."""
    return 2 - p[0]


def matrices(largest: int = 4) -> SearchStrategy[Matrix]:
    """Exact correlation matrices with a positive determinant."""
    return exact_correlation_matrices(largest=largest).filter(lambda G: det(G) > 0)


def pairs(largest: int = 4) -> SearchStrategy[tuple[Matrix, Matrix]]:
    """Two exact correlation matrices of one size."""
    return st.integers(2, largest).flatmap(
        lambda n: st.tuples(
            exact_correlation_matrices(smallest=n, largest=n),
            exact_correlation_matrices(smallest=n, largest=n),
        )
    )


def steps(largest: int = 4) -> SearchStrategy[tuple[Vector, Matrix]]:
    """A spectrum and a correlation matrix with a positive determinant."""
    return st.tuples(exact_spectra(orders=ORDERS), matrices(largest))
