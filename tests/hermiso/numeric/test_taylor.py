from __future__ import annotations

import mpmath
import numpy as np
import pytest
import sympy as sp

from hermiso.errors import NoClosedForm
from hermiso.numeric.panels import Goal, legendre, lengths, resolve, spread
from hermiso.numeric.taylor import ORDER, radius, taylor

x = sp.Symbol("x", real=True)
SMOOTH = [
    sp.tanh(x) * sp.sinh(x) + sp.cosh(2 * x),
    x * sp.tanh(sp.log(1 + sp.exp(x))),
    x * (1 + sp.erf(x / sp.sqrt(2))) / 2 + sp.erfc(x),
    sp.atan(3 * x) + sp.asinh(x) + sp.tan(x / 2) + sp.asin(x / 3) + sp.atanh(x / 4),
    sp.sin(x) * sp.cos(x) / (2 + x) ** 3,
    (1 + x**2) ** sp.Rational(1, 3) + (2 + x) ** x + sp.erfi(x) * sp.sech(x) * sp.coth(2 + x),
]


@pytest.mark.parametrize("e", SMOOTH, ids=str)
@pytest.mark.parametrize("at", [0, sp.Rational(1, 5)])
def test_coefficients_against_differentiation(e: sp.Expr, at: sp.Expr) -> None:
    at = sp.sympify(at)
    with mpmath.workdps(60):
        exact = mpmath.taylor(sp.lambdify(x, e, "mpmath"), mpmath.mpf(int(at.p)) / int(at.q), 12)
    np.testing.assert_allclose(
        taylor(e, x, at, 20)[:13], [float(c) for c in exact], rtol=1e-15, atol=1e-25
    )


def test_zero_coefficients_are_zero() -> None:
    assert taylor(1 / (1 + sp.exp(-x)), x, sp.S.Zero, ORDER)[2::2] == (0.0,) * 21


@pytest.mark.parametrize("e", [sp.log(x), 1 / x, sp.sqrt(x), sp.gamma(x + 1)], ids=str)
def test_no_series(e: sp.Expr) -> None:
    with pytest.raises(NoClosedForm):
        taylor(e, x, sp.S.Zero, ORDER)


@pytest.mark.parametrize(
    "e", [sp.tanh(x), 1 / (1 + 100 * x**2), sp.sin(x), sp.exp(-40 * (x - 2) ** 2)], ids=str
)
def test_the_series_stands_for_the_function_within_the_radius(e: sp.Expr) -> None:
    terms = taylor(e, x, sp.S.Zero, ORDER)
    r = radius(terms)
    with mpmath.workdps(40):
        exact = sp.lambdify(x, e, "mpmath")(mpmath.mpf(r))
        value = mpmath.polyval([mpmath.mpf(c) for c in reversed(terms)], mpmath.mpf(r))
        size = max(abs(c) * r**k for k, c in enumerate(terms))
        assert abs(value - exact) <= 1e-15 * size


def test_gauss_legendre_weights_to_the_last_digit() -> None:
    t, w, analysis = legendre()
    for k in range(0, 64, 2):
        assert np.sum(w * t**k) == pytest.approx(2 / (k + 1), rel=2e-15)
    assert analysis @ t == pytest.approx(np.eye(32)[1], abs=2e-14)


def test_panels_find_a_kink_and_stop() -> None:
    edges = np.array([-1.0, 2.0])
    p = resolve(lambda v: np.abs(v - 0.3), edges, Goal(lengths))
    assert np.sum(p.weights * p.values) == pytest.approx((1.3**2 + 1.7**2) / 2, rel=1e-15)
    assert (p.lower[1:] == p.upper[:-1]).all()
    assert p.resolved.all()
    narrowest = np.argmin(p.upper - p.lower)
    assert p.lower[narrowest] - 1e-6 <= 0.3 <= p.upper[narrowest] + 1e-6


def test_panels_report_what_they_could_not_resolve() -> None:
    noise = np.random.default_rng(0)
    p = resolve(
        lambda v: noise.normal(size=v.shape),
        np.array([0.0, 1.0]),
        Goal(lambda a, b: b - a),
        limit=50,
    )
    assert p.lower.size <= 100
    assert not p.resolved.all()
    assert (p.tail[~p.resolved] > 0.01).all()
    assert spread(np.zeros(1), np.ones(1)).shape == (1, 32)
