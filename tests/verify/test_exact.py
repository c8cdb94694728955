"""Rational linear algebra against sympy and against the definitions."""

from fractions import Fraction
from math import factorial, prod

import pytest
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from verify.exact import Matrix, det, gram, largest_correlation, mean, scaled, trace, variance

FRACTIONS = st.builds(Fraction, st.integers(-9, 9), st.integers(1, 9))
ROWS = st.integers(1, 5).flatmap(
    lambda n: st.lists(
        st.lists(FRACTIONS, min_size=n, max_size=n).map(tuple), min_size=n, max_size=n
    ).map(tuple)
)


@given(ROWS)
@settings(max_examples=60, deadline=None)
def test_det_is_the_determinant(G: Matrix) -> None:
    expected = sp.Matrix([[sp.Rational(v) for v in row] for row in G]).det()
    assert sp.Rational(det(G)) == expected


@pytest.mark.parametrize("n", [7, 8, 12])
def test_large_determinants_agree_with_elimination(n: int) -> None:
    """1 / (i + j + 1), the Hilbert matrix: 1/det is a known integer sequence (OEIS A005249)."""
    G = tuple(tuple(Fraction(1, i + j + 1) for j in range(n)) for i in range(n))
    c = [prod(factorial(i) for i in range(m)) for m in (n, 2 * n)]
    assert det(G) == Fraction(c[0] ** 4, c[1])
    assert det((*G[:-1], G[0])) == 0


def test_det_with_zero_pivots() -> None:
    zero, one = Fraction(0), Fraction(1)
    assert det(((zero, one), (one, zero))) == -1
    assert det(((zero, one), (zero, one))) == 0
    assert det(((zero, zero, one), (zero, one, zero), (one, zero, zero))) == -1


def test_gram_matrices() -> None:
    half = Fraction(1, 2)
    G = gram([(Fraction(1), Fraction(0)), (half, half)])
    assert [list(row) for row in G] == [[1, half], [half, half]]
    assert trace(G) == Fraction(3, 2)
    assert largest_correlation(G) == half
    assert [*scaled(G, (Fraction(2), Fraction(3)))] == [(4, 3), (3, Fraction(9, 2))]


def test_moments() -> None:
    assert mean([Fraction(1), Fraction(2)]) == Fraction(3, 2)
    assert variance([Fraction(1), Fraction(2)]) == Fraction(1, 4)
