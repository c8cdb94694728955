"""The helpers of the isometry claims against the literal reference and against each other."""

from fractions import Fraction

import mpmath
import numpy as np
import pytest
import sympy as sp

from tests import reference
from verify.claims.isometry import _gauss, _gram
from verify.claims.isometry.corollary_2 import layer_norm
from verify.claims.isometry.lemma_a4 import det_2, det_3
from verify.claims.isometry.lemma_a7 import kernel, odds, strength

x, rho = sp.symbols("x rho", real=True)
R = Fraction(1, 2)
PAIR = ((Fraction(1), R), (R, Fraction(1)))


@pytest.mark.parametrize("k", range(7))
def test_polynomials_agree_with_the_reference(k: int) -> None:
    assert sp.expand(_gauss.rodrigues(k, x) - reference.he(k, x)) == 0


def test_strength_agrees_with_the_reference() -> None:
    estimate, error = _gauss.strength(sp.Max(x, sp.Rational(1, 2)), x, [0.5])
    with mpmath.workdps(18):
        expected = reference.beta(lambda z: max(z, mpmath.mpf(0.5)), [0.5])
    assert abs(estimate - expected) < error < 1e-11


def test_moments_of_the_couplings() -> None:
    assert [_gauss.gaussian_moment(k) for k in range(7)] == [1, 0, 1, 0, 3, 0, 15]
    assert _gauss.GAUSSIAN.moment(2, 2, rho) == 1 + 2 * rho**2
    assert _gauss.GAUSSIAN.moment(3, 1, rho) == 3 * rho
    assert _gauss.SIGN_FLIP.moment(2, 2, rho) == 3
    assert all(coupling.moment(1, 1, rho) == rho for coupling in _gauss.COUPLINGS)
    assert all(coupling.moment(0, 4, rho) == 3 for coupling in _gauss.COUPLINGS)


def test_closed_expressions_hold_functions_of_sympy_alone() -> None:
    class Node(sp.Function):  # type: ignore[misc]
        """A stand-in for an unevaluated node."""

    assert _gauss.closed(sp.asin(rho) + sp.pi)
    assert not _gauss.closed(1 + Node(rho))


def test_rational_samples_agree_with_the_reference() -> None:
    s = _gram.rational(PAIR, (Fraction(1), Fraction(3)))
    before, after = _gram.isometry_powers(s)
    G = [[1.0, 1.5], [1.5, 9.0]]
    assert float(before) == pytest.approx(float(reference.isometry(G)) ** 2)
    assert float(after) == pytest.approx(float(reference.isometry([[1, 0.5], [0.5, 1]])) ** 2)
    assert (s.mean, s.variance, s.mean_square, s.product) == (2, 1, 5, 3)


def test_symbolic_samples_agree_with_rational_ones() -> None:
    s = _gram.symbolic(2)
    values = {"a1": 1, "a2": 3, "r12": sp.Rational(1, 2)}
    exact = _gram.rational(PAIR, (Fraction(1), Fraction(3)))
    pairs = zip(s.determinants + s.traces, exact.determinants + exact.traces, strict=True)
    assert all(
        sp.sympify(a).subs({v: values[v.name] for v in sp.sympify(a).free_symbols}) == b
        for a, b in pairs
    )


def test_samples_of_any_number_have_their_moments() -> None:
    s = _gram.any_number()
    m, v = sp.symbols("m v", positive=True)
    assert s.mean == m
    assert sp.expand(s.variance - v) == 0
    assert s.average(lambda a: 3 * a**2 + 1) == 3 * (m**2 + v) + 1


def test_layer_norm_has_norm_sqrt_d() -> None:
    normalized = layer_norm(np.array([[3.0, 4.0], [0.0, 2.0]]))
    assert np.linalg.norm(normalized, axis=1) == pytest.approx(np.sqrt([2, 2]))


def test_determinants_of_lemma_a4() -> None:
    y, m = sp.symbols("y m")
    assert sp.expand(det_2(m) - reference.determinant([[1, m], [m, 1]])) == 0
    G = [[1, x, y], [x, 1, m], [y, m, 1]]
    assert sp.expand(det_3(x, y, m) - reference.determinant(G)) == 0


def test_kernel_of_a_spectrum() -> None:
    p = (Fraction(1, 4), Fraction(3, 4))
    assert strength(p) == Fraction(7, 4)
    assert kernel(p, R) == Fraction(5, 16)
    assert odds(Fraction(-1, 3)) == Fraction(1, 2)
