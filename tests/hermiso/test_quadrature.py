import mpmath
import numpy as np
import pytest

from hermiso.quadrature import nodes

mp = mpmath.mp


def double_factorial_moment(m: int) -> int:
    return int(mpmath.fac2(m - 1)) if m % 2 == 0 else 0


@pytest.mark.parametrize("m", [0, 1, 2, 10, 21, 40])
def test_float64_rule_has_the_moments(m: int) -> None:
    z, w = nodes([])
    exact = double_factorial_moment(m)
    assert w @ z**m == pytest.approx(
        exact, rel=1e-12, abs=1e-12 * double_factorial_moment(m + m % 2)
    )


def test_float64_rule_splits_at_kinks() -> None:
    exact = float(mpmath.npdf(0.3) - 0.3 * mpmath.ncdf(-0.3))  # E max(z - 0.3, 0)
    for kinks, close in (([0.3], True), ([], False)):
        z, w = nodes(kinks)
        assert (abs(w @ np.maximum(z - 0.3, 0) - exact) < 1e-15) == close


def test_graded_panels_serve_singular_powers() -> None:
    exact = float(
        2 ** mpmath.mpf("-0.1") * mpmath.gamma(mpmath.mpf("0.4")) / mpmath.sqrt(mpmath.pi)
    )
    errors = []
    for graded in (False, True):
        z, w = nodes([0.0], graded)
        errors.append(abs(w @ np.abs(z) ** -0.2 - exact))
    assert errors[1] < 1e-13 < 1e-5 < errors[0]
