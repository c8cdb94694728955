from __future__ import annotations

import json
import math
from pathlib import Path

import mpmath
import numpy as np
import pytest
import sympy as sp

import hermiso
from hermiso import numeric
from hermiso.errors import ActivationError, NotSquareIntegrable, PrecisionError

x = sp.Symbol("x", real=True)
TRUTH = json.loads(
    (Path(__file__).parents[2] / "data" / "numeric.json").read_text(encoding="utf-8")
)["beta_minus_one"]
CASES = [(name, float(g), v) for name, row in TRUTH.items() for g, v in row.items()]
HOMOGENEOUS = ("relu", "leaky_relu", "prelu", "rrelu", "step", "sign")


def relative(value: float, truth: str | float) -> float:
    with mpmath.workdps(40):
        return float(abs(mpmath.mpf(value) / mpmath.mpf(truth) - 1))


@pytest.mark.parametrize(("name", "gain", "truth"), CASES)
def test_relative_error_against_mpmath(name: str, gain: float, truth: str) -> None:
    assert relative(numeric.beta_minus_one(name, gain=gain), truth) <= 1e-13


@pytest.mark.parametrize("name", HOMOGENEOUS)
def test_homogeneous_activations_do_not_see_the_gain(name: str) -> None:
    truth = sp.N(hermiso.beta(name) - 1, 30)
    for value in numeric.beta_minus_one(name, gain=np.geomspace(1e-6, 1e3, 10)):
        assert relative(value, str(truth)) <= 1e-14


CLOSED = {
    "sin": lambda a: 1 - a**2 / mpmath.sinh(a**2),
    "exp": lambda a: 1 - a**2 / mpmath.expm1(a**2),
    "erf": lambda a: 1 - 2 * a**2 / (1 + 2 * a**2) / mpmath.asin(2 * a**2 / (1 + 2 * a**2)),
}


@pytest.mark.parametrize("gain", [1e-6, 1e-4, 0.01, 0.1, 1.0, 10.0, 1000.0])
@pytest.mark.parametrize("name", CLOSED)
def test_closed_forms_at_every_gain(name: str, gain: float) -> None:
    with mpmath.workdps(120):
        truth = CLOSED[name](mpmath.mpf(gain))
    assert relative(numeric.beta_minus_one(name, gain=gain), truth) <= 1e-13


def hard_strength(threshold: mpmath.mpf, gain: float) -> mpmath.mpf:
    """beta - 1 of clip(x, -t, t), by tails of the normal law: c_1 = g P, everything in z."""
    t = threshold / mpmath.mpf(gain)
    phi, tail = mpmath.npdf(t), mpmath.erfc(t / mpmath.sqrt(2)) / 2
    c1 = 1 - 2 * tail
    second = 1 - 2 * tail - 2 * t * phi + 2 * t**2 * tail
    return 1 - c1**2 / second


@pytest.mark.parametrize("gain", [0.027, 0.03, 0.05, 0.1, 0.17, 0.3, 1.0, 30.0])
def test_kinks_far_out_keep_their_digits(gain: float) -> None:
    with mpmath.workdps(900):
        one, three = (hard_strength(mpmath.mpf(t), gain) for t in (1, 3))
    assert relative(numeric.beta_minus_one("hardtanh", gain=gain), one) <= 1e-13
    if three > 1e-300:
        assert relative(numeric.beta_minus_one("hardsigmoid", gain=gain), three) <= 1e-13


@pytest.mark.parametrize("name", ["hardshrink", "softshrink", "threshold"])
def test_constant_around_zero(name: str) -> None:
    tiny = numeric.beta_minus_one(name, gain=[1e-6, 1e-3])
    assert tiny.tolist() == [1.0, 1.0]


def test_beyond_the_smallest_float_hardtanh_is_linear() -> None:
    assert numeric.beta_minus_one("hardtanh", gain=1e-6) == 0.0


@pytest.mark.parametrize("name", ["cos", "abs", "square", "gaussian", "log_cosh", "he2"])
def test_even_activations_have_beta_two(name: str) -> None:
    values = numeric.beta(name, gain=np.geomspace(1e-6, 1e3, 7))
    np.testing.assert_allclose(values, 2.0, rtol=1e-15)


def test_affine_activations_have_beta_one() -> None:
    assert numeric.beta_minus_one(3 * x - 2, gain=[1e-6, 1.0, 1e3]).tolist() == [0.0, 0.0, 0.0]


ADVERSARIES = [
    sp.exp(-1000 * (x - 3) ** 2),
    sp.exp(-40 * (x - 3) ** 2),  # its Taylor series at 0 starts with nothing
    sp.exp(3 * x),
    x**40 + x,
    sp.exp(x**2 / 8 + x),
    sum(sp.Heaviside(x - sp.Rational(k, 10)) for k in range(-25, 25)),
    sp.sin(40 * x) + x,
    sp.Max(x - 2, 0) + sp.exp(-(x**2)),
]


@pytest.mark.parametrize("e", ADVERSARIES, ids=str)
def test_adversaries_with_closed_forms(e: sp.Expr) -> None:
    truth = sp.N(hermiso.beta(e) - 1, 30)
    assert relative(numeric.beta_minus_one(e), str(truth)) <= 1e-13


def test_growth_times_decay() -> None:
    """exp(u^2) erfc(u): one factor overflows where the other underflows."""
    one_sided = hermiso.parse("where(x < 0, erfcx(-x), x)")
    truth = float(hermiso.certified.beta_minus_one(one_sided))
    assert relative(numeric.beta_minus_one(one_sided), truth) <= 1e-13
    # of 30 digits by mpmath in test_vocabulary.py
    even = numeric.beta_minus_one(hermiso.parse("erfcx(|x|) + x"))
    assert relative(even, "0.04187474369131007975038518146") <= 1e-13


def test_growth_beyond_float64_is_judged_by_logarithms() -> None:
    assert numeric.beta("exp", gain=[12.0, 20.0, 1e3]).tolist() == [2.0, 2.0, 2.0]
    assert numeric.beta(sp.sinh(x), gain=500.0) == 2.0


def test_arrays_of_gains() -> None:
    gains = np.array([[0.5, -0.5], [2.0, -2.0]])
    values = numeric.beta("gelu", gain=gains)
    assert values.shape == (2, 2)
    assert values[0, 0] == values[0, 1]
    assert values[1, 0] == pytest.approx(numeric.beta("gelu", gain=2), rel=1e-14)
    assert numeric.beta("gelu", gain=[]).shape == (0,)
    assert isinstance(numeric.beta("gelu"), float)


def test_neighbouring_octaves_agree() -> None:
    gains = np.array([math.nextafter(0.25, 0), 0.25])
    first, second = numeric.beta_minus_one("mish", gain=gains)
    assert first == pytest.approx(second, rel=1e-14)


@pytest.mark.parametrize(
    ("gain", "seen"),
    [
        (0, "gain is 0.0"),
        (math.nan, "gain is nan"),
        ([1.0, math.inf], "gain is inf"),
        ("two", "gain is 'two'"),
        (True, "gain is True"),
        (1j, "gain is 1j"),
        (sp.Symbol("alpha"), "alpha has no value"),
    ],
)
def test_bad_gains(gain: object, seen: str) -> None:
    with pytest.raises(ActivationError, match=seen):
        numeric.beta("tanh", gain=gain)


def test_parameters_need_values() -> None:
    with pytest.raises(ActivationError, match="slope has no value"):
        numeric.beta(sp.tanh(sp.Symbol("slope") * x), x)


def test_not_square_integrable_names_the_gain() -> None:
    assert numeric.beta(sp.exp(x**2 / 8), gain=1.2) == 2.0
    with pytest.raises(NotSquareIntegrable, match="at gain 2"):
        numeric.beta(sp.exp(x**2 / 8), gain=2)
    with pytest.raises(NotSquareIntegrable, match="pole"):
        numeric.beta(1 / x)


def test_moments_beyond_float64_where_they_matter() -> None:
    with pytest.raises(PrecisionError, match="range of float64"):
        numeric.beta(sp.exp(sp.Rational(249, 1000) * x**2) * x)


@pytest.mark.parametrize("e", [sp.Max(x, 0) * sp.Min(x, 0), sp.Min(0, sp.Heaviside(x))], ids=str)
def test_a_constant_in_disguise(e: sp.Expr) -> None:
    """0 in both pieces: its coefficients are known, a strength it has none."""
    assert np.array_equal(numeric.coefficients(e, 3), np.zeros(3))  # exact: no rounding on the way
    with pytest.raises(ActivationError, match="constant"):
        numeric.beta(e)
