import mpmath
import numpy as np
import pytest

from hermiso.errors import PrecisionError
from hermiso.quadrature import gaussian_mean, gaussian_rule, nodes

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


@pytest.mark.parametrize("digits", [10, 30, 80])
def test_adaptive_rule_reaches_its_digits(digits: int) -> None:
    with mpmath.workdps(digits + 20):
        cases = [
            (lambda t: mpmath.exp(3 * t), [], mpmath.exp(mpmath.mpf(9) / 2)),
            (lambda t: abs(t), [mp.mpf(0)], mpmath.sqrt(2 / mp.pi)),
            (lambda t: mpmath.sin(20 * t) ** 2, [], (1 - mpmath.exp(-800)) / 2),
            (
                lambda t: mpmath.exp(-1000 * (t - 3) ** 2),
                [],
                mpmath.exp(-mpmath.mpf(9000) / 2001) / mpmath.sqrt(2001),
            ),
        ]
        for f, kinks, exact in cases:
            assert abs(gaussian_mean(f, kinks, digits) / exact - 1) < mpmath.mpf(10) ** -digits


def test_adaptive_rule_finds_an_undeclared_kink() -> None:
    with mpmath.workdps(40):
        third = mpmath.mpf(1) / 3
        exact = mpmath.npdf(third) - third * mpmath.ncdf(-third)
        assert abs(gaussian_mean(lambda t: max(t - third, 0), [], 20) - exact) < 1e-20


def test_one_rule_serves_several_weights() -> None:
    with mpmath.workdps(35):
        rule = gaussian_rule(mpmath.tanh, [], 20, [lambda f, z: f * z, lambda f, z: f * f])
        direct = gaussian_mean(lambda t: mpmath.tanh(t) ** 2, [], 20)
        assert abs(rule.mean(lambda f, z: f * f) - direct) < 1e-20
        assert abs(rule.mean(lambda f, z: z * z) - 1) < 1e-20


@pytest.mark.parametrize(
    ("f", "message"),
    [
        (lambda t: mpmath.exp(t * t), "not small at"),
        (lambda t: 1 / (t - mpmath.mpf(1) / 3) ** 2, "near x = 0.333"),
        (lambda t: mpmath.sqrt(t), "complex at"),
    ],
    ids=["growth", "pole", "complex"],
)
def test_divergence_is_an_error(f, message: str) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(PrecisionError, match=message):
        gaussian_mean(f, [], 15)
