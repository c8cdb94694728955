"""The helpers of the isometry claims against the literal reference and against each other."""

from fractions import Fraction

import mpmath
import numpy as np
import pytest
import sympy as sp

from tests import reference
from verify import Claim, Evidence, Level, Refuted
from verify.claims.isometry import _gauss, _gram, lemma_a6, lemma_a8
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


def test_coefficients_of_the_generating_function_are_the_moments() -> None:
    for n, k in ((0, 0), (3, 3), (2, 4), (5, 1)):
        he = (_gauss.rodrigues(order, x) for order in (n, k))
        moment = _gauss.GAUSSIAN.expectation(*he, x, rho)
        derived = lemma_a8._root(n, k) * lemma_a8._coefficient(n, k)
        assert sp.simplify(derived.subs(lemma_a8.rho, rho) - moment) == 0


def test_correlation_of_the_generating_functions_up_to_order_4() -> None:
    s, t = sp.symbols("s t", real=True)
    derived = sp.series(sp.simplify(lemma_a8._correlation(s, t)).subs(s, t), t, 0, 5).removeO()
    assert sp.expand(derived - (1 + rho * t**2 + rho**2 * t**4 / 2)) == 0


def test_rows_of_the_double_sum() -> None:
    c, n = sp.Symbol("c", real=True), sp.Symbol("n", integer=True, nonnegative=True)
    assert lemma_a6._row(n + 1, c) == c**2 * rho ** (n + 1)
    assert lemma_a6._row(sp.S.Zero, c) == c**2


@pytest.mark.parametrize("claim", [lemma_a6.dual_corrected, lemma_a6.reduced_corrected])
def test_the_rows_alone_refute_wrong_series(claim: Claim, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lemma_a6, "_lowest_orders", lambda _: Evidence(Level.PROVED, ""))
    for slip, wrong in claim.mutants.items():
        if slip != "as printed: any joint law":
            with pytest.raises(Refuted):
                lemma_a6.term_by_term(wrong)


def test_the_symbolic_orders_alone_refute_wrong_moments(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lemma_a8, "compared", lambda *_: Evidence(Level.PROVED, ""))
    for slip, wrong in lemma_a8.corrected.mutants.items():
        if slip != "as printed: any joint law":
            with pytest.raises(Refuted):
                lemma_a8.by_the_generating_function(wrong)


def test_kernel_of_a_spectrum() -> None:
    p = (Fraction(1, 4), Fraction(3, 4))
    assert strength(p) == Fraction(7, 4)
    assert kernel(p, R) == Fraction(5, 16)
    assert odds(Fraction(-1, 3)) == Fraction(1, 2)
