"""Features that no fixed grid of samples sees, against mpmath on panels laid around them."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence
from typing import Any

import mpmath
import numpy as np
import pytest
import sympy as sp

import hermiso
from hermiso import budget, numeric
from hermiso.errors import ActivationError, BudgetExceeded, PrecisionError
from hermiso.numeric.bivariate import BUDGET, Derivative
from hermiso.numeric.cells import MAX_CELLS, ball_function, log_bound
from hermiso.numeric.model import model

x = sp.Symbol("x", real=True)
R = sp.Rational


def mp_panels(at: mpmath.mpf, width: mpmath.mpf, far: Sequence[float]) -> list[mpmath.mpf]:
    """Edges that close in on a feature by factors of 3."""
    steps = [width * mpmath.mpf(3) ** k for k in range(-1, 40) if width * 3**k < 1]
    return sorted(
        {mpmath.mpf(t) for t in far} | {at + s * d for d in steps for s in (-1, 1)} | {at}
    )


def moments(f: Callable[[Any], Any], edges: Sequence[Any]) -> tuple[Any, Any, Any]:
    """E[f], E[z f], E[f^2] by 30-digit quadrature."""
    t, w = np.polynomial.legendre.leggauss(24)
    t, w = sharpened(t)
    sums = [mpmath.mpf(0)] * 3
    for a, b in itertools.pairwise(edges):
        for node, weight in zip(t, w, strict=True):
            z = (a + b) / 2 + (b - a) / 2 * node
            mass, value = weight * (b - a) / 2 * mpmath.npdf(z), f(z)
            for k, term in enumerate((value, z * value, value**2)):
                sums[k] += mass * term
    return sums[0], sums[1], sums[2]


def sharpened(t: Any) -> tuple[list[Any], list[Any]]:
    """Gauss-Legendre nodes and weights to working precision, by Newton's method."""
    nodes, weights, n = [], [], len(t)
    for start in t:
        node = mpmath.mpf(start)
        for _ in range(3):
            p, before = mpmath.legendre(n, node), mpmath.legendre(n - 1, node)
            slope = n * (before - node * p) / (1 - node**2)
            node -= p / slope
        nodes.append(node)
        weights.append(2 / ((1 - node**2) * slope**2))
    return nodes, weights


FAR = [k / 2 for k in range(-24, 25)]
CASES: dict[str, tuple[sp.Expr, Callable[[Any], Any], str, str]] = {
    "bump 1e-3": (
        sp.tanh(x) + sp.exp(-(10**6) * (x - R(3, 10)) ** 2),
        lambda z: mpmath.tanh(z) + mpmath.exp(-(10**6) * (z - mpmath.mpf(3) / 10) ** 2),
        "0.3",
        "1e-3",
    ),
    "logistic step": (
        sp.tanh(10**5 * (x - R(3, 10))) + x,
        lambda z: mpmath.tanh(10**5 * (z - mpmath.mpf(3) / 10)) + z,
        "0.3",
        "1e-5",
    ),
    "Lorentzian": (
        sp.tanh(x) + 1 / (1 + 10**8 * (x - R(3, 10)) ** 2),
        lambda z: mpmath.tanh(z) + 1 / (1 + 10**8 * (z - mpmath.mpf(3) / 10) ** 2),
        "0.3",
        "1e-4",
    ),
    "bump in the reach of a Taylor series": (
        sp.exp(x) + 2 * sp.exp(-(10**8) * (x - 1) ** 2),
        lambda z: mpmath.exp(z) + 2 * mpmath.exp(-(10**8) * (z - 1) ** 2),
        "1",
        "1e-4",
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_narrow_features_are_seen(case: str) -> None:
    e, f, at, width = CASES[case]
    with mpmath.workdps(30):
        mean, first, square = moments(f, mp_panels(mpmath.mpf(at), mpmath.mpf(width), FAR))
        variance = square - mean**2
        truth = (variance - first**2) / variance
        assert abs(numeric.beta_minus_one(e) / truth - 1) <= 1e-13
        c = numeric.coefficients(e, 2)
        assert abs(c[0] - mean) <= 1e-14 * mpmath.sqrt(square)
        assert abs(c[1] - first) <= 1e-14 * mpmath.sqrt(square)


def test_terms_that_cancel_are_taken_again_on_balls() -> None:
    """A function that is -4/5 + x near 0: float64 has 5 digits of beta - 1 less than needed."""
    e = sp.tanh(x) + R(4, 5) * sp.erf(1000 * x - 300)
    plain = numeric.beta_minus_one("tanh", gain=0.01)
    assert numeric.beta_minus_one(e, gain=0.01) == pytest.approx(plain, rel=1e-13, abs=0)


def test_a_formula_that_cancels_in_floats() -> None:
    """Multiplied out, the square loses 1e6 ulps of the Lorentzian."""
    e = x + R(7, 10) / (1 + (1000 * (x - sp.sqrt(2))) ** 2)
    m = model(hermiso.as_activation(e))
    sound = numeric.beta_minus_one(e)
    shifted = numeric.beta_minus_one(x + R(7, 10) / (1 + 10**6 * (x - R(2**0.5)) ** 2))
    assert sound == pytest.approx(shifted, rel=1e-13, abs=0)
    assert m.cells.agrees(m.accurate, 39.0, 1.0)
    assert not m.cells.agrees(lambda u: m.value(u) + 1e-6 * (abs(u) > 1), 39.0, 1.0)


def test_zeros_far_from_a_kink_are_exact() -> None:
    """Beyond 1 the function is x up to 1e-17000 until it steps by 2 at 1.2, 24 gains away."""
    late = sp.Piecewise((x, x < 1), (x + sp.tanh(10**5 * (x - R(6, 5))) + sp.tanh(2 * 10**4), True))
    with mpmath.workdps(40):
        t, g = mpmath.mpf(6) / 5 / mpmath.mpf(0.05), mpmath.mpf(0.05)
        step, slope = 2 * mpmath.ncdf(-t), 2 * mpmath.npdf(t)
        rest = 2 * step - step**2 - slope**2
        truth = rest / (g**2 + 2 * g * slope + 2 * step - step**2)
        found = numeric.beta_minus_one(late, gain=0.05)
        assert abs(found / truth - 1) <= 3e-3  # the step has a width of 1e-5
    assert numeric.beta_minus_one(x + sp.exp(-(10**8) * (x - 5) ** 2), gain=0.01) == 0.0


def test_probes_fall_on_the_feature() -> None:
    e = sp.tanh(x) + sp.exp(-(10**12) * (x - R(3, 10)) ** 2)
    probes = model(hermiso.as_activation(e)).cells.probes(39.0, 1.0)
    assert np.sum(np.abs(probes - 0.3) < 2e-6) >= 4
    assert np.all(np.diff(probes) > 0)
    assert probes.size < 2000


def test_boxes_certify_holomorphy() -> None:
    box = ball_function(1 / (1 + x**2), x).box
    assert 0 < log_bound(box, 0.0, 0.5, 0.5) < 3
    assert log_bound(box, 0.0, 0.5, 1.0) == np.inf  # a pole at i
    assert ball_function(sp.Function("f")(x), x) is None


def test_too_many_features_are_refused() -> None:
    with pytest.raises(PrecisionError, match=rf"more than {MAX_CELLS} panels"):
        numeric.beta(x + sp.sin(10**6 * x))


@pytest.mark.parametrize(
    "e",
    [
        sp.tanh(100 * x),
        sp.Max(x, 0) + sp.exp(-(10**4) * (x - 1) ** 2),
    ],
    ids=str,
)
def test_kernel_maps_of_narrow_features(e: sp.Expr) -> None:
    """At rho = 0.9977 the plane is at work, and ten thousand coefficients suffice to 1e-12."""
    p = numeric.coefficients(e, 10_000)[1:] ** 2
    f, kinks = model(hermiso.as_activation(e)).value, model(hermiso.as_activation(e)).kinks
    edges = np.unique([*np.arange(-12, 12.01, 0.01), *np.arange(0.2, 0.4, 1e-3), *kinks])
    t, w = np.polynomial.legendre.leggauss(20)
    z = ((edges[1:] + edges[:-1])[:, None] + np.diff(edges)[:, None] * t) / 2
    mass = np.diff(edges)[:, None] / 2 * w * np.exp(-(z**2) / 2) / np.sqrt(2 * np.pi)
    variance = np.sum(mass * f(z) ** 2) - np.sum(mass * f(z)) ** 2
    kappa = numeric.kernel_map(e)
    for rho in (0.9977, -0.9977):
        by_series = np.sum(p * rho ** np.arange(1, 10_000)) / variance
        assert kappa(rho) == pytest.approx(by_series, abs=2e-12)


@pytest.mark.parametrize(
    "e",
    [sp.cos(sp.exp(x)), sp.sin(x**5), sp.cos(1000 * x)],
    ids=str,
)
def test_fast_oscillations_are_refused_early(e: sp.Expr) -> None:
    """By the budget of cells, before any quadrature."""
    with pytest.raises(PrecisionError, match=r"more than 4096 panels.*hermiso\.certified"):
        numeric.beta(e)
    with pytest.raises(PrecisionError, match=r"hermiso\.certified"):
        numeric.kernel_map(e)


def test_the_plane_has_a_budget() -> None:
    m = model(hermiso.as_activation("tanh"))
    d = Derivative(m.slope, (), ())
    d.spend(BUDGET)
    with pytest.raises(PrecisionError, match=rf"more than {BUDGET} points of the plane"):
        d.plane(np.array([0.1]))


def test_a_steep_softplus_is_nearly_relu() -> None:
    """softplus(b x)/b = relu + r(b x)/b, where r is even: c_1 is 1/2 for every b."""
    e = sp.log(1 + sp.exp(100 * x)) / 100
    kappa = numeric.kernel_map(e)
    p = numeric.coefficients(e, 10_000)
    variance = numeric.mean_and_variance(e)[1]
    k = np.arange(1, 10_000)
    by_series = np.sum(p[1:] ** 2 * 0.9**k) / variance
    assert kappa(0.9) == pytest.approx(by_series, abs=1e-14 + kappa.error)
    assert p[1] == pytest.approx(0.5, abs=1e-14)


LOG_CDF = [sp.log((1 + sp.erf(x / sp.sqrt(2))) / 2), sp.log(sp.erfc(-x / sp.sqrt(2)) / 2)]


@pytest.mark.parametrize("e", LOG_CDF, ids=str)
def test_the_logarithm_of_a_normal_tail(e: sp.Expr) -> None:
    """Phi(z) is uniform, so the mean is -1 and the variance 1; 1 + erf(x) is 0 below -6."""
    assert float(numeric.beta(e)) == pytest.approx(1.184234663341467, rel=1e-14)
    assert numeric.mean_and_variance(e) == pytest.approx((-1.0, 1.0), rel=1e-13)


def test_the_logarithm_of_a_normal_tail_has_a_kernel_map() -> None:
    """Its slope is a ratio of two functions that underflow at -38."""
    p = numeric.coefficients(LOG_CDF[0], 400)[1:] ** 2  # the variance is 1
    kappa = numeric.kernel_map(LOG_CDF[0])
    k = np.arange(1, 400)
    for rho in (0.5, -0.7):
        assert kappa(rho) == pytest.approx(np.sum(p * rho**k), abs=1e-14 + kappa.error)


def test_every_question_has_a_budget() -> None:
    bump = sp.tanh(x) + sp.exp(-(10**4) * (x - sp.Rational(7, 10)) ** 2)
    for ask in (numeric.kernel_map, numeric.beta, lambda e: numeric.coefficients(e, 9)):
        message = r"of tanh.* more than 9 boxes.*certified"
        with budget.limited(boxes=9), pytest.raises(BudgetExceeded, match=message):
            ask(bump)
    assert numeric.beta(bump) > 1  # nothing of it was kept


ONE_SIDED = {  # the limits at 0 of the parts on the right are 0
    "x*log(x)": x * sp.log(x),
    "exp(-1/x)": sp.exp(-1 / x),
}


@pytest.mark.parametrize("right", ONE_SIDED.values(), ids=ONE_SIDED)
def test_limits_are_taken_at_points(right: sp.Expr, monkeypatch: pytest.MonkeyPatch) -> None:
    e = sp.Piecewise((right, x > 0), (1, True))
    certain = float(hermiso.certified.beta_minus_one(e))
    monkeypatch.setattr(sp, "limit", None)
    assert model(hermiso.as_activation(e)).jumps == ((0.0, -1.0),)
    assert numeric.beta_minus_one(e) == pytest.approx(certain, rel=1e-13)


def test_a_variance_that_underflows_is_not_that_of_a_constant() -> None:
    for ask in (numeric.kernel_map, numeric.beta):
        with pytest.raises(ActivationError, match="constant, or so small that its square under"):
            ask(sp.Rational(1, 10**200) * sp.tanh(x))


def test_mean_squares_of_a_derivative() -> None:
    """E cos(z)^2 = (1 + exp(-2))/2, and what is left of 1 is that of the slope."""
    d = Derivative(np.cos, (), ())
    assert d.second == pytest.approx((1 + math.exp(-2)) / 2, rel=1e-14)
    assert d.waves == pytest.approx(math.tanh(1), rel=1e-10)


def test_a_derivative_beyond_the_range_of_floats_is_refused() -> None:
    with pytest.raises(PrecisionError, match="leaves the range of float64"):
        numeric.kernel_map("exp(40*x)")
