"""Formulas whose meaning float64 does not decide: answered by balls, or refused by name."""

import numpy as np
import pytest
import sympy as sp

from hermiso import certified, numeric
from hermiso.errors import PrecisionError

X = sp.Symbol("x", real=True)
STEPS = sp.floor(5 * sp.tanh(X))  # float64 takes a sixth step where tanh rounds to 1


@pytest.mark.parametrize("gain", [7.3, 1000.0])
def test_steps_that_float64_does_not_take(gain: float) -> None:
    """E over +-atanh(k/5): sigma is 4 beyond the last one, never 5."""
    jumps = np.arctanh(np.arange(-4, 5) / 5) / gain
    phi = np.exp(-(jumps**2) / 2) / np.sqrt(2 * np.pi)
    c1 = phi.sum()
    tail = 0.5 * np.vectorize(lambda t: float(sp.erfc(t / sp.sqrt(2)).evalf(17)))(jumps)
    k = np.arange(-4, 5)
    mean = -5 + tail.sum()
    square = 25 + ((k - 0.0) ** 2 - (k - 1.0) ** 2) @ tail  # from k - 1 to k at each jump
    expected = 1 - c1**2 / (square - mean**2)
    assert numeric.beta_minus_one(STEPS, X, gain=gain) == pytest.approx(expected, rel=1e-12)


def test_what_balls_contradict_is_an_error() -> None:
    with pytest.raises(PrecisionError, match=r"the certified value is .*; use hermiso\.certified"):
        numeric.coefficients(STEPS, 41, X, gain=3.7)
    with pytest.raises(PrecisionError, match="some feature is not seen, or kinks are too close"):
        numeric.kernel_map(sp.atan(1 / X), X)


@pytest.mark.parametrize("e", [sp.sin(X) / X, X * sp.coth(X)], ids=str)
def test_removable_singularities_at_a_tiny_gain(e: sp.Expr) -> None:
    assert numeric.beta_minus_one(e, X, gain=1e-6) == 1.0  # even


def test_the_kernel_map_of_a_narrow_bump_far_out() -> None:
    bump = sp.exp(-1000 * (X - 3) ** 2)
    kappa = numeric.kernel_map(bump, X)
    for rho in (sp.Rational(1, 2), sp.Rational(-1, 2), sp.Integer(-1)):
        expected = float(certified.kernel_map(bump, rho, X, digits=17))
        assert kappa(float(rho)) == pytest.approx(expected, abs=1e-14)
