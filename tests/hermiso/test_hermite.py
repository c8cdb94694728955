import mpmath
import numpy as np
import pytest
import sympy as sp
from sympy import Rational, Symbol, exp, factorial, sqrt

import hermiso
from hermiso.hermite import (
    ProbabilistHermite,
    he,
    isometry_strength,
    probabilist,
    probabilist_at_zero,
)

x = Symbol("x", real=True)
n = Symbol("n", integer=True, nonnegative=True)


@pytest.mark.parametrize("k", range(8))
def test_he_is_the_rodrigues_formula(k: int) -> None:
    # Definition 2: (k!)^{-1/2} (-1)^k e^{x^2/2} d^k/dx^k e^{-x^2/2}
    rodrigues = (-1) ** k * exp(x**2 / 2) * sp.diff(exp(-(x**2) / 2), x, k) / sqrt(factorial(k))
    assert sp.expand(he(k, x) - sp.simplify(rodrigues)) == 0


@pytest.mark.parametrize("j", range(6))
@pytest.mark.parametrize("k", range(6))
def test_he_is_orthonormal(j: int, k: int) -> None:
    product = he(j, x) * he(k, x)
    assert product == 1 or hermiso.moment(product) == (1 if j == k else 0)


def test_he_does_not_overflow() -> None:
    z = np.linspace(-10, 10, 5)
    values = he(5000, z) * np.exp(-(z**2) / 4)
    assert np.all(np.abs(values) < 1)
    assert np.any(values != 0)


def test_he_over_floats_is_he_over_rationals() -> None:
    assert he(30, 1.25) == pytest.approx(float(he(30, x).subs(x, Rational(5, 4))), rel=1e-12)


def test_he_over_mpmath_keeps_its_precision() -> None:
    with mpmath.workdps(40):
        exact = mpmath.mpf(str(he(7, Rational(5, 4)).evalf(45)))
        assert abs(he(7, mpmath.mpf(5) / 4) - exact) < mpmath.mpf(10) ** -38


def test_he_refuses_a_negative_degree() -> None:
    with pytest.raises(ValueError, match="degree is -1"):
        he(-1, x)


@pytest.mark.parametrize("k", range(9))
def test_values_at_zero_for_a_symbolic_degree(k: int) -> None:
    assert probabilist_at_zero(n).subs(n, k) == probabilist(k, sp.S.Zero)
    assert probabilist_at_zero(k) == probabilist(k, sp.S.Zero)


def test_a_symbolic_degree_waits_for_its_value() -> None:
    e = ProbabilistHermite(n, Rational(1, 2))
    assert e.has(ProbabilistHermite)
    assert e.subs(n, 3) == Rational(1, 8) - Rational(3, 2)
    assert ProbabilistHermite(n, -x) == (-1) ** n * ProbabilistHermite(n, x)
    assert sp.latex(ProbabilistHermite(n, x)) == r"\mathrm{He}_{n}\left(x\right)"
    assert ProbabilistHermite(sp.Integer(-1), x) is sp.nan


def test_isometry_strength_serves_any_number() -> None:
    assert isometry_strength(0.0, 1.0, 1.0) == 1.0
    assert isometry_strength(Rational(1, 2), Rational(1, 2), Rational(1, 2)) == 1
