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


def test_dual_of_a_polynomial_is_its_series() -> None:
    rho = mpmath.mpf(3) / 10
    assert reference.dual(lambda z: z**2, rho) == pytest.approx(1 + 2 * rho**2, rel=1e-12)
    assert reference.reduced_dual(lambda z: z**2, -1) == pytest.approx(2, rel=1e-12)


def test_dual_of_relu_is_the_arc_cosine_kernel() -> None:
    rho = mpmath.mpf(-1) / 2
    theta = mpmath.acos(rho)
    kernel = (mpmath.sin(theta) + (mpmath.pi - theta) * rho) / (2 * mpmath.pi)
    assert reference.dual(relu, rho, [0]) == pytest.approx(kernel, rel=1e-10)


def test_mean_field_step_keeps_the_diagonal_and_shrinks_correlations() -> None:
    (first, r), _ = reference.mean_field_step(lambda z: z**2 + z, [[1, 0.5], [0.5, 1]])
    assert (first, r) == pytest.approx((1, (0.5 + 2 * 0.25) / 3), rel=1e-12)
