from __future__ import annotations

import math

import mpmath
import numpy as np
import pytest
import sympy as sp
from scipy.special import gammaln

import hermiso
from hermiso import numeric
from hermiso.errors import ActivationError, PrecisionError
from hermiso.numeric.expansion import expansion
from hermiso.numeric.model import model

x = sp.Symbol("x", real=True)
N = 10_000
K = np.arange(N)


def norm(name: str) -> float:
    return float(sp.N(hermiso.moment(hermiso.as_activation(name).expression ** 2), 20)) ** 0.5


def hermite_values(n: int, t: str) -> list[mpmath.mpf]:
    """he_0(t)..he_{n-1}(t) by the recurrence with 400 digits."""
    with mpmath.workdps(400):
        t, h, previous = mpmath.mpf(t), mpmath.mpf(1), mpmath.mpf(0)
        found = []
        for k in range(n):
            found.append(h)
            h, previous = (t * h - mpmath.sqrt(k) * previous) / mpmath.sqrt(k + 1), h
    return found


def test_exponential_and_sine_to_ten_thousand() -> None:
    exact = np.exp(0.5 - gammaln(K + 1) / 2)
    assert np.max(np.abs(numeric.coefficients("exp", N) - exact)) <= 1e-14 * math.e
    signs = np.tile([0, 1, 0, -1], N // 4)
    exact = signs * np.exp(-0.5 - gammaln(K + 1) / 2)
    assert np.max(np.abs(numeric.coefficients("sin", N) - exact)) <= 1e-14 * norm("sin")


def test_jumps_and_kinks_to_ten_thousand() -> None:
    """c_k of 1[x > t] is he_{k-1}(t) phi(t)/sqrt(k), that of Max(x - t, 0) one step further."""
    h = hermite_values(N, "0.7")
    with mpmath.workdps(30):
        phi = mpmath.npdf(mpmath.mpf("0.7"))
        step = [phi * h[k - 1] / mpmath.sqrt(k) for k in range(1, N)]
        ramp = [phi * h[k - 2] / mpmath.sqrt(k * (k - 1)) for k in range(2, N)]
    t = sp.Rational(7, 10)
    for e, exact, first in ((sp.Heaviside(x - t), step, 1), (sp.Max(x - t, 0), ramp, 2)):
        exact = np.array(exact, float)
        by_formula = numeric.coefficients(e, N)[first:]
        m = model(hermiso.as_activation(e))
        by_panels = expansion(m.value, m.kinks, N).coefficients[first:]
        assert np.max(np.abs(by_formula - exact)) <= 1e-15
        assert np.max(np.abs(by_panels - exact)) <= 1e-14 * 0.5


def test_a_transcendental_piece_to_ten_thousand() -> None:
    """For k >= 1: e^x on x < 0 alone has c_k sqrt(k) = c_{k-1} - he_{k-1}(0) phi(0)."""
    n = 2000
    h = hermite_values(n, "0")
    with mpmath.workdps(400):
        c = [mpmath.exp(0.5) * mpmath.ncdf(-1)]
        for k in range(1, n):
            c.append((c[-1] - h[k - 1] * mpmath.npdf(0)) / mpmath.sqrt(k))
    e = sp.Piecewise((sp.exp(x), x < 0), (0, True))
    values = numeric.coefficients(e, n)
    assert np.max(np.abs(values - np.array(c, float))) <= 1e-14 * 0.4


@pytest.mark.parametrize("name", hermiso.catalogue.names())
def test_low_coefficients_of_the_whole_catalogue(name: str) -> None:
    """Against mpmath on panels of length 1/2 between the kinks."""
    a = hermiso.as_activation(name)
    m = model(a)
    f = a.numpy()
    t, w = np.polynomial.legendre.leggauss(40)
    edges = np.unique([*np.arange(-20, 20.5, 0.5), *m.kinks])
    half, middle = np.diff(edges) / 2, (edges[1:] + edges[:-1]) / 2
    z = (middle[:, None] + half[:, None] * t).ravel()
    weight = (half[:, None] * w).ravel() * np.exp(-(z**2) / 2) / math.sqrt(2 * math.pi)
    value = f(z)
    scale = math.sqrt(float(np.sum(weight * value**2)))
    for k, c in enumerate(numeric.coefficients(name, 12)):
        assert abs(c - np.sum(weight * value * hermiso.he(k, z))) <= 3e-14 * scale


def test_high_coefficient_of_a_smooth_activation() -> None:
    with mpmath.workdps(40):
        exact = 2 * mpmath.quad(
            lambda z: mpmath.tanh(z) * hermiso.he(41, z) * mpmath.npdf(z), range(16)
        )
    assert abs(numeric.coefficients("tanh", 50)[41] - exact) <= 1e-15


def test_gains() -> None:
    c = numeric.coefficients("sin", 40, gain=5)
    k = np.arange(40)
    size = np.exp(k * math.log(5) - 12.5 - gammaln(k + 1) / 2)
    assert np.max(np.abs(c - np.tile([0, 1, 0, -1], 10) * size)) <= 1e-14
    mirrored = numeric.coefficients("relu", 40, gain=-3)
    expected = 3 * numeric.coefficients("relu", 40) * (-1.0) ** k
    assert np.max(np.abs(mirrored - expected)) <= 1e-14


def test_kinks_that_nearly_cancel_are_left_to_panels() -> None:
    """hardtanh at gain 1000: two kinks of size 1000, a sum of size 1."""
    h = {s: hermite_values(1500, s) for s in ("0.001", "-0.001")}
    with mpmath.workdps(60):
        g = mpmath.mpf(1000)
        phi = mpmath.npdf(mpmath.mpf("0.001"))
        exact = [
            g * phi * (h["-0.001"][k - 2] - h["0.001"][k - 2]) / mpmath.sqrt(k * (k - 1))
            for k in range(2, 1500)
        ]
    c = numeric.coefficients("hardtanh", 1500, gain=1000)[2:]
    assert np.max(np.abs(c - np.array(exact, float))) <= 1e-14


def test_sizes() -> None:
    assert numeric.coefficients("relu", 0).shape == (0,)
    assert numeric.coefficients("relu", 1) == pytest.approx([1 / math.sqrt(2 * math.pi)], rel=1e-15)
    long, short = numeric.coefficients("gelu", 300), numeric.coefficients("gelu", 7)
    assert np.max(np.abs(long[:7] - short)) <= 1e-15


@pytest.mark.parametrize("n", [-1, True, 10_001, 2.0, "3", None])
def test_bad_numbers_of_coefficients(n: object) -> None:
    with pytest.raises(ActivationError, match=f"n is {n!r}"):
        numeric.coefficients("relu", n)


def test_growth_beyond_float64() -> None:
    with pytest.raises(PrecisionError, match="range of float64"):
        numeric.coefficients("exp", 5, gain=100)
