from __future__ import annotations

import json
import math
import subprocess
import sys
from pathlib import Path

import mpmath
import numpy as np
import pytest
import sympy as sp
import torch

import hermiso
from hermiso import numeric
from hermiso.errors import ActivationError, PrecisionError

x = sp.Symbol("x", real=True)
TRUTH = json.loads(
    (Path(__file__).parents[2] / "data" / "numeric.json").read_text(encoding="utf-8")
)["complement"]
CASES = [(name, d, v) for name, row in TRUTH.items() for d, v in row.items()]
GRID = np.concatenate([np.linspace(-1, 1, 81), 1 - 10.0 ** -np.arange(2, 17, 2)])
DELTAS = ["1e-300", "1e-100", "1e-30", "1e-12", "1e-6", "0.1", "1"]

# kappa by its closed form, as a function of an mpmath number
CLOSED = {
    "identity": lambda r: r,
    "relu": lambda r: (
        (2 * r * mpmath.asin(r) + mpmath.pi * r + 2 * mpmath.sqrt(1 - r**2) - 2)
        / (2 * mpmath.pi - 2)
    ),
    "abs": lambda r: (2 * r * mpmath.asin(r) + 2 * mpmath.sqrt(1 - r**2) - 2) / (mpmath.pi - 2),
    "step": lambda r: 2 * mpmath.asin(r) / mpmath.pi,
    "sign": lambda r: 2 * mpmath.asin(r) / mpmath.pi,
    "erf": lambda r: mpmath.asin(2 * r / 3) / mpmath.asin(mpmath.mpf(2) / 3),
    "sin": lambda r: mpmath.sinh(r) / mpmath.sinh(1),
    "cos": lambda r: (mpmath.cosh(r) - 1) / (mpmath.cosh(1) - 1),
    "exp": lambda r: mpmath.expm1(r) / mpmath.expm1(1),
    "square": lambda r: r**2,
    "gaussian": lambda r: (2 / mpmath.sqrt(4 - r**2) - 1) / (2 / mpmath.sqrt(3) - 1),
}


@pytest.fixture(scope="module", params=CLOSED)
def closed(request: pytest.FixtureRequest) -> tuple[numeric.KernelMap, object]:
    return numeric.kernel_map(request.param), CLOSED[request.param]


def test_absolute_error_against_closed_forms(closed) -> None:
    kappa, formula = closed
    with mpmath.workdps(40):
        exact = np.array([float(formula(mpmath.mpf(r))) for r in GRID])
    assert np.max(np.abs(kappa(GRID) - exact)) <= 1e-14


def test_complement_against_closed_forms(closed) -> None:
    kappa, formula = closed
    for text in DELTAS:
        with mpmath.workdps(700):
            delta = mpmath.mpf(float(text))
            exact = 1 - formula(1 - delta)
            error = mpmath.mpf(kappa.complement(float(text))) / exact - 1
        assert abs(error) <= (1e-14 if delta < 0.5 else 1e-13)


def test_derivative_against_closed_forms(closed) -> None:
    kappa, formula = closed
    for r in (-0.9, -0.3, 0.0, 0.5, 0.99):
        with mpmath.workdps(40):
            exact = mpmath.diff(formula, mpmath.mpf(r))
        assert kappa.derivative(r) == pytest.approx(float(exact), rel=1e-13, abs=1e-14)


@pytest.mark.parametrize(("name", "delta", "truth"), CASES)
def test_against_means_in_the_plane(name: str, delta: str, truth: str) -> None:
    kappa = numeric.kernel_map(name)
    with mpmath.workdps(30):
        exact = mpmath.mpf(truth)
        assert abs(mpmath.mpf(kappa.complement(float(delta))) / exact - 1) <= 1e-12
        if float(delta) >= 1e-6:  # 1 - 1e-12 is rounded, and kappa may be steep there
            assert abs(mpmath.mpf(kappa(1 - float(delta))) - (1 - exact)) <= 1e-14


@pytest.mark.parametrize("name", ["tanh", "mish", "hardtanh", "hardshrink", "elu", "damped_linear"])
def test_against_the_coefficients(name: str) -> None:
    """At rho = 0.9, where ten thousand coefficients are plenty whatever the kinks."""
    p = numeric.coefficients(name, 2000)[1:] ** 2
    if name == "hardshrink":
        variance = float(hermiso.moment(hermiso.as_activation(name).expression ** 2))
    else:
        m = hermiso.numeric.expansion.expansion(hermiso.as_activation(name).numpy(), (), 1)
        variance = m.second_moment - m.coefficients[0] ** 2
    kappa = numeric.kernel_map(name)
    for r in (-0.9, -0.4, 0.3, 0.9):
        k = np.arange(1, 2000)
        assert kappa(r) == pytest.approx(np.sum(p * r**k) / variance, abs=2e-14)


def test_slope_at_one() -> None:
    assert numeric.kernel_map("exp").slope_at_one == pytest.approx(math.e / (math.e - 1), rel=1e-14)
    assert numeric.kernel_map("relu").slope_at_one == pytest.approx(
        math.pi / (math.pi - 1), rel=1e-14
    )
    k = np.arange(2000)
    p = numeric.coefficients("tanh", 2000) ** 2
    by_series = np.sum(k * p) / np.sum(p[1:])
    assert numeric.kernel_map("tanh").slope_at_one == pytest.approx(by_series, rel=1e-13)
    assert numeric.kernel_map("step").slope_at_one == math.inf


@pytest.mark.parametrize("gain", [1e-6, 0.01, 30.0, -3.0])
def test_gains(gain: float) -> None:
    kappa = numeric.kernel_map("sin", gain=gain)
    a = mpmath.mpf(gain) ** 2
    for r in (-1.0, -0.7, 0.2, 0.999):
        with mpmath.workdps(60):
            exact = mpmath.sinh(a * r) / mpmath.sinh(a)
        assert kappa(r) == pytest.approx(float(exact), abs=1e-14)
    relu = numeric.kernel_map("relu", gain=gain)
    assert relu(0.3) == pytest.approx(numeric.kernel_map("relu")(0.3), abs=1e-15)


def test_steep_tanh_by_series_and_by_panels() -> None:
    """At gain 5 ten thousand coefficients suffice; at gain 100 it is a step but for 1e-2."""
    c = numeric.coefficients("tanh", 10_000, gain=5)
    k = np.arange(1, 10_000)
    kappa = numeric.kernel_map("tanh", gain=5)
    for r in (-0.95, 0.5, 0.99):
        assert kappa(r) == pytest.approx(np.sum(c[1:] ** 2 * r**k) / np.sum(c**2), abs=1e-14)
    steep = numeric.kernel_map("tanh", gain=100)
    assert steep(0.5) == pytest.approx(1 / 3, abs=1e-2)
    assert steep(-1) == pytest.approx(-1, abs=1e-14)


def test_kinks_without_formula_give_an_estimate() -> None:
    kappa = numeric.kernel_map(sp.Abs(sp.sin(x)), gain=0.05)
    assert kappa.estimated
    c = numeric.coefficients(sp.Abs(sp.sin(x)), 3000, gain=0.05)
    m = hermiso.numeric.expansion.expansion(lambda z: np.abs(np.sin(0.05 * z)), (), 1)
    variance = m.second_moment - m.coefficients[0] ** 2
    by_series = np.sum(c[1:] ** 2 * 0.8 ** np.arange(1, 3000)) / variance
    assert kappa(0.8) == pytest.approx(by_series, abs=1e-12)


def test_ends_are_exact() -> None:
    for name in ("relu", "tanh", "step", "hardswish"):
        kappa = numeric.kernel_map(name)
        assert kappa(1.0) == 1.0
        assert kappa.complement(0.0) == 0.0


# --- types ------------------------------------------------------------------------------------


def test_numbers_and_arrays() -> None:
    kappa = numeric.kernel_map("tanh")
    assert isinstance(kappa(0.5), float)
    assert isinstance(kappa(1), float)
    single = kappa(np.float32([[0.5, 1.0]]))
    assert single.dtype == np.float32
    assert single.shape == (1, 2)
    assert kappa(np.zeros((0, 3))).shape == (0, 3)
    assert kappa(np.array([1, 0, -1])).tolist() == pytest.approx([1, 0, -1], abs=1e-14)
    rho = np.linspace(-1, 1, 7)
    before = rho.copy()
    kappa(rho)
    assert (rho == before).all()
    rounded = np.array([1 + 2e-16, -1 - 2e-16])  # a correlation that rounding left above 1
    assert kappa(rounded).tolist() == pytest.approx([kappa(1.0), kappa(-1.0)], abs=2e-14)


@pytest.mark.parametrize("name", ["tanh", "relu", "step"])
def test_tensors(name: str) -> None:
    """Each library is within 1e-14 of the truth (above), its derivative within 1e-13."""
    kappa = numeric.kernel_map(name)
    rho = torch.linspace(-0.95, 0.95, 9, dtype=torch.float64, requires_grad=True)
    for method, slope in ((kappa, kappa.derivative), (kappa.complement, None)):
        t = rho if slope else rho.abs()
        y = method(t)
        assert y.dtype == torch.float64
        assert y.detach().numpy() == pytest.approx(method(t.detach().numpy()), rel=2e-14, abs=2e-14)
    (gradient,) = torch.autograd.grad(kappa(rho).sum(), rho)
    assert gradient.numpy() == pytest.approx(kappa.derivative(rho.detach().numpy()), rel=2e-13)
    delta = torch.tensor([0.3], dtype=torch.float64, requires_grad=True)
    (gradient,) = torch.autograd.grad(kappa.complement(delta).sum(), delta)
    assert gradient.item() == pytest.approx(kappa.derivative(0.7), rel=1e-14)
    assert kappa(torch.tensor([0.5])).dtype == torch.float32
    if name != "step":
        ends = torch.tensor([-1.0, 1.0], dtype=torch.float64, requires_grad=True)
        (gradient,) = torch.autograd.grad(kappa(ends).sum(), ends)
        assert torch.isfinite(gradient).all()


def test_torch_is_not_imported_for_arrays() -> None:
    code = (
        "import sys, numpy as np; from hermiso import numeric; "
        "numeric.kernel_map('tanh')(np.zeros(3)); numeric.beta(np.tanh); "
        "sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize(
    ("method", "value", "seen"),
    [
        ("__call__", 1.1, "rho is 1.1"),
        ("__call__", np.array([0.1, -1.5]), r"rho is -1.5"),
        ("__call__", math.nan, "rho is nan"),
        ("derivative", -2.0, "rho is -2.0"),
        ("complement", -1e-9, "delta is -1e-09"),
        ("complement", 2.5, "delta is 2.5"),
        ("__call__", "half", "rho is a str"),
        ("__call__", np.array([1j]), "dtype complex128"),
        ("__call__", True, "rho is a bool"),
    ],
)
def test_bad_arguments(method: str, value: object, seen: str) -> None:
    with pytest.raises(ActivationError, match=seen):
        getattr(numeric.kernel_map("tanh"), method)(value)


def test_bad_activations() -> None:
    with pytest.raises(ActivationError, match="gain has shape"):
        numeric.kernel_map("tanh", gain=[1.0, 2.0])
    with pytest.raises(PrecisionError, match="unbounded"):
        numeric.kernel_map(sp.sqrt(sp.Abs(x)))
    with pytest.raises(PrecisionError, match="range of float64"):
        numeric.kernel_map("exp", gain=1000)


def test_repr() -> None:
    assert repr(numeric.kernel_map("relu")) == "<kernel map of relu, slope 1.46694 at 1>"
    assert "at gain 2" in repr(numeric.kernel_map("relu", gain=2))


@pytest.mark.parametrize("a", [20, 30, 40])
def test_fast_waves_keep_their_share(a: int) -> None:
    """Half of the variance of sin(a x) has its coefficients near k = a^2: kappa(1/2) = 1/3."""
    kappa = numeric.kernel_map(sp.sin(a * sp.Symbol("x")) + sp.Symbol("x"))
    assert abs(kappa(0.5) - 1 / 3) < 1e-14
