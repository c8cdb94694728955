from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import sympy as sp
import torch

import hermiso
from hermiso import numeric
from hermiso.errors import ActivationError, HermisoError, NotSquareIntegrable, PrecisionError

x = sp.Symbol("x", real=True)
TWINS: dict[str, tuple[Callable[[Any], Any], Any]] = {
    "tanh": (np.tanh, "tanh"),
    "relu": (lambda v: np.maximum(v, 0), "relu"),
    "clip": (lambda v: np.clip(v, -1, 1), "hardtanh"),
    "odd kinks": (
        lambda v: np.abs(v - 0.3) + (v > 1.234),
        sp.Abs(x - sp.Rational(3, 10)) + sp.Heaviside(x - sp.Rational(1234, 1000)),
    ),
    "product": (lambda v: np.maximum(v, 0) * np.tanh(v), sp.Max(x, 0) * sp.tanh(x)),
    "softsign": (lambda v: v / (1 + np.abs(v)), "softsign"),
    "torch": (lambda v: torch.relu(v) * torch.sigmoid(v), sp.Max(x, 0) / (1 + sp.exp(-x))),
    "not in the catalogue": (torch.sinh, sp.sinh(x)),
}


@pytest.mark.parametrize("case", TWINS)
def test_estimates_agree_with_the_expression(case: str) -> None:
    f, e = TWINS[case]
    beta = numeric.beta(f)
    assert isinstance(beta, numeric.Estimate)
    assert abs(beta.value - numeric.beta(e)) <= beta.error <= 1e-12
    c = numeric.coefficients(f, 200)
    assert np.max(np.abs(c.value - numeric.coefficients(e, 200))) <= c.error <= 1e-12


@pytest.mark.parametrize("case", ["tanh", "relu", "clip", "torch"])
def test_kernel_maps_agree_with_the_expression(case: str) -> None:
    f, e = TWINS[case]
    kappa, exact = numeric.kernel_map(f), numeric.kernel_map(e)
    rho = np.linspace(-1, 1, 41)
    assert kappa.estimated
    assert not exact.estimated
    assert np.max(np.abs(kappa(rho) - exact(rho))) <= kappa.error <= 1e-11
    for delta in (1e-200, 1e-9):
        assert kappa.complement(delta) == pytest.approx(exact.complement(delta), rel=kappa.error)


SHOWN = "{} (estimate, error about {} if nothing hides between samples)"


def test_kernel_map_with_a_jump() -> None:
    kappa = numeric.kernel_map(lambda v: np.where(v > 0, 1.0, 0.0))
    assert kappa(0.5) == pytest.approx(1 / 3, abs=1e-12)
    assert kappa.slope_at_one == np.inf


class Scaled(torch.nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.w = torch.nn.Parameter(torch.tensor([1.5]))

    def forward(self, v: torch.Tensor) -> torch.Tensor:
        return torch.tanh(self.w * v)


class Single(Scaled):
    def forward(self, v: torch.Tensor) -> torch.Tensor:
        return super().forward(v.float())


def test_modules_that_the_catalogue_does_not_know() -> None:
    exact = numeric.beta("tanh", gain=1.5)
    double, single = numeric.beta(Scaled()), numeric.beta(Single())
    assert abs(double.value - exact) <= double.error <= 1e-13
    assert abs(single.value - exact) <= single.error <= 1e-5
    assert single.error > 1e-8  # float32 is seen as such


def test_kinks_are_detected_or_declared() -> None:
    f = TWINS["odd kinks"][0]
    found = numeric.estimate(f)
    assert found.kinks == pytest.approx((0.3, 1.234), abs=1e-14)
    declared = numeric.estimate(f, kinks=(1.234, 0.3))
    assert declared.kinks == (0.3, 1.234)
    assert declared.beta.value == pytest.approx(found.beta.value, abs=1e-14)
    assert repr(found) == "<<lambda>, sampled; kinks: 0.3, 1.234>"
    assert repr(numeric.estimate(np.tanh)) == "<tanh, sampled; kinks: none seen>"


def test_gains() -> None:
    gains = np.array([0.1, 1.0, 10.0])
    found = numeric.beta_minus_one(np.tanh, gain=gains)
    exact = numeric.beta_minus_one("tanh", gain=gains)
    assert (np.abs(found.value - exact) <= found.error).all()
    assert numeric.estimate(np.tanh, gain=10.0).beta.value == pytest.approx(1 + exact[2], rel=1e-14)


def test_gains_of_a_sampled_activation_multiply() -> None:
    doubled = numeric.estimate(np.tanh, gain=2.0)
    kappa, exact = numeric.kernel_map(doubled, gain=1.5), numeric.kernel_map("tanh", gain=3.0)
    assert kappa(0.5) == pytest.approx(exact(0.5), rel=1e-12)
    for question in (numeric.beta, numeric.beta_minus_one, numeric.mean_and_variance):
        found, right = question(doubled, gain=1.5), question("tanh", gain=3.0)
        assert np.asarray(found) == pytest.approx(np.asarray(right), rel=1e-12), question
    found = numeric.coefficients(doubled, 5, gain=1.5)
    assert found.value == pytest.approx(numeric.coefficients("tanh", 5, gain=3.0), abs=1e-13)
    found = numeric.beta(doubled, gain=[0.5, 1.5])
    assert found.value == pytest.approx(numeric.beta("tanh", gain=[1.0, 3.0]), rel=1e-12)


@pytest.mark.parametrize("scale", [1e-6, 1e6])
def test_the_error_of_beta_does_not_depend_on_the_scale(scale: float) -> None:
    small, scaled = (numeric.estimate(lambda v, a=a: a * np.tanh(v)) for a in (1.0, scale))
    assert scaled.beta.error == pytest.approx(small.beta.error, rel=0.1)


def test_what_oscillates_too_fast_is_named_where_it_matters() -> None:
    with pytest.raises(PrecisionError, match=r"not resolved near -?9\."):
        numeric.beta(lambda v: np.tanh(v) + np.where(np.abs(v) > 9, np.sin(1e6 * v * v), 0))


def test_small_gains_show_their_error() -> None:
    found = numeric.beta_minus_one(lambda v: 1 / (1 + np.exp(-v)), gain=1e-3)
    exact = numeric.beta_minus_one("sigmoid", gain=1e-3)
    assert abs(found.value - exact) <= found.error
    assert found.error > 1e-5 * exact  # float64 values do not have the digits


def test_printing() -> None:
    assert str(numeric.Estimate(1.26652889, 2e-5)) == SHOWN.format("1.2665", "2e-05")
    assert str(numeric.Estimate(0.0, 0.0)) == SHOWN.format("0", "0e+00")
    assert "estimates, errors up to about 2e-05" in str(
        numeric.Estimate(np.array([1.0, 2.0]), np.array([1e-5, 2e-5]))
    )
    assert float(numeric.Estimate(1.5, 0.1)) == 1.5
    assert np.asarray(numeric.Estimate([1.5], 0.1)).tolist() == [1.5]
    assert "certified" not in str(numeric.beta(np.tanh))


def noisy(v: Any) -> Any:
    return v + np.random.default_rng().normal(size=v.shape)


@pytest.mark.parametrize(
    ("f", "seen"),
    [
        (lambda v: 1 / 0, "ZeroDivisionError"),
        (lambda v: v[:3], r"shape \(13,\) into \(3,\)"),
        (lambda v: 2.0, r"into \(\)"),
        (lambda v: np.log(np.abs(v)), "is -inf at x = 0.0"),
        (lambda v: np.where(v > 20, np.nan, v), "is nan at x = 30.9"),
        (lambda v: np.sqrt(v - 40), "is nan"),
        (lambda v: 1j * v, "dtype complex128"),
        (noisy, "it is random"),
        (lambda v: v / np.linalg.norm(v), "depends on its neighbours"),
        (torch.nn.Softmax(dim=0), "depends on its neighbours"),
        (torch.nn.RReLU(), "it is random"),
        (lambda v: 0 * v + 3, "constant"),
        (lambda v: np.exp(v * v / 3), "infinite or beyond float64"),
    ],
)
def test_bad_callables(f: Callable[[Any], Any], seen: str) -> None:
    with pytest.raises(HermisoError, match=seen):
        numeric.beta(f)


def test_bad_arguments() -> None:
    with pytest.raises(ActivationError, match="3 is not callable"):
        numeric.estimate(3)  # type: ignore[arg-type]
    with pytest.raises(ActivationError, match="kinks is 5"):
        numeric.estimate(np.tanh, kinks=5)  # type: ignore[arg-type]
    with pytest.raises(ActivationError, match="kinks contains inf"):
        numeric.estimate(np.tanh, kinks=(np.inf,))
    with pytest.raises(ActivationError, match="no name of the catalogue"):
        numeric.beta("tanhh")


@pytest.mark.parametrize("power", [1, 2])
def test_a_kink_without_a_jump_has_a_finite_slope_at_one(power: int) -> None:
    kappa = numeric.kernel_map(lambda x: np.maximum(x, 0) * np.tanh(x) ** power)
    assert math.isfinite(kappa.slope_at_one)
    assert kappa.complement(1e-300) == pytest.approx(1e-300 * kappa.slope_at_one, rel=1e-10)


def test_mean_and_variance_of_a_callable_are_those_of_its_formula() -> None:
    sampled = numeric.mean_and_variance(lambda x: np.maximum(x, 0), gain=2.0)
    assert sampled == pytest.approx(numeric.mean_and_variance("relu", gain=2.0), rel=1e-12)


@pytest.mark.parametrize("name", ["relu", "cos", "sigmoid", "exp", "gelu"])
def test_mean_and_variance_match_certified_moments(name: str) -> None:
    mean, variance = numeric.mean_and_variance(name)
    sigma = hermiso.as_activation(name)
    square = float(hermiso.enclose(sigma.expression**2, digits=20))
    first = float(hermiso.enclose(sigma.expression, digits=20))
    assert mean == pytest.approx(first, rel=1e-13)
    assert variance == pytest.approx(square - first**2, rel=1e-12)


def test_a_spike_of_width_1e_5_is_seen() -> None:
    """The floats of 3/10 and 3/10 + 1e-5 are up to 3e-17 off, 3e-12 of the width."""
    beta = numeric.beta(lambda v: v + 1000 * ((v > 0.3) & (v < 0.3 + 1e-5)))
    assert beta.value == pytest.approx(1.791889693796, abs=1e-11)


def test_no_estimate_claims_more_digits_than_floats_have() -> None:
    """On the identity every sum is exact; a spike of 1e-6 is not seen, and `unseen` says so."""
    narrow = numeric.estimate(lambda v: v + 1000 * ((v > 0.3) & (v < 0.3 + 1e-6)))
    assert narrow.beta_minus_one.error >= 4 * np.finfo(float).eps
    assert narrow.coefficients(3).error >= 4 * np.finfo(float).eps
    assert numeric.estimate(lambda v: v).unseen == pytest.approx(25 * 2**-17 * 0.39894228, rel=1e-6)


@pytest.mark.parametrize(
    ("f", "exact"),
    [(np.tanh, "tanh"), (torch.round, None), (torch.special.log_ndtr, None), (Scaled(), None)],
    ids=["np.tanh", "torch.round", "log_ndtr", "module"],
)
def test_what_has_no_formula_is_taken(f: Callable[[Any], Any], exact: str | None) -> None:
    mean, variance = numeric.mean_and_variance(f)
    if exact:
        assert (mean, variance) == pytest.approx(numeric.mean_and_variance(exact), abs=1e-13)
    z, w = hermiso.quadrature.nodes([k + 0.5 for k in range(-12, 12)])
    y = f(z) if exact else f(torch.as_tensor(z)).detach().numpy()
    inner = np.abs(z) < 12
    y, w = y[inner].astype(float), w[inner]
    assert mean == pytest.approx(w @ y, abs=1e-7 if f is not torch.round else 1e-13)
    assert variance == pytest.approx(w @ y**2 - (w @ y) ** 2, rel=1e-6)


@pytest.mark.parametrize("f", [lambda v: 0 * v, lambda v: 1.0 * (v > 45), lambda v: 0 * v + 3])
def test_what_is_constant_in_floats_is_not_called_infinite(f: Callable[[Any], Any]) -> None:
    with pytest.raises(ActivationError, match="constant") as refused:
        numeric.beta(f)
    assert not isinstance(refused.value, NotSquareIntegrable)
