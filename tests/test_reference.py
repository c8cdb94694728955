"""The reference against values that can be worked out by hand."""

import mpmath
import pytest
import sympy as sp

from tests import reference

x = sp.Symbol("x", real=True)


def relu(z: mpmath.mpf) -> mpmath.mpf:
    return max(z, mpmath.mpf(0))


def test_determinant_of_three() -> None:
    assert reference.determinant([[2, 1, 0], [1, 3, 1], [0, 1, 4]]) == 18


def test_isometry_of_two_vectors() -> None:
    assert reference.isometry([[4, 0], [0, 9]]) == pytest.approx(12 / 13)
    assert reference.isometry([[1, 1], [1, 1]]) == 0
    assert reference.isometry_gap([[5, 0], [0, 5]]) == pytest.approx(0)


def test_potential_is_the_largest_odds() -> None:
    G = [[4, 1, 0], [1, 1, 0], [0, 0, 9]]
    assert reference.potential(G) == pytest.approx(1)


def test_first_polynomials() -> None:
    expected = [1, x, (x**2 - 1) / sp.sqrt(2), (x**3 - 3 * x) / sp.sqrt(6)]
    assert all(sp.expand(reference.he(k, x) - e) == 0 for k, e in enumerate(expected))


def test_relu() -> None:
    with mpmath.workdps(20):
        close = {"rel": 1e-15}
        root = mpmath.sqrt(2 * mpmath.pi)
        expected = [1 / root, mpmath.mpf(1) / 2, 1 / (mpmath.sqrt(2) * root), mpmath.mpf(0)]
        found = [reference.coefficient(relu, k, [0]) for k in range(4)]
        assert found == pytest.approx(expected, abs=1e-15)
        pi = mpmath.pi
        assert reference.beta(relu, [0]) == pytest.approx((3 * pi - 4) / (2 * pi - 2), **close)
        partial = [reference.beta_partial(relu, orders, [0]) for orders in (1, 2, 4)]
        assert 1 == partial[0] < partial[1] < partial[2] < reference.beta(relu, [0])
