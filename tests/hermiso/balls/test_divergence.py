"""Proofs of boundedness and of poles, on functions that have them and on lookalikes."""

from __future__ import annotations

import pytest
import sympy as sp
from sympy import Abs, Rational, cos, exp, gamma, log, sin, sqrt, tan, tanh

from hermiso.balls.divergence import diverges_at, doubtful, is_real, pole, poles

x = sp.Symbol("x", real=True)
HALF = Rational(1, 2)


@pytest.mark.parametrize(
    "e", [tanh(10**4 * x), exp(-1 / (1 + x**2)), sqrt(Abs(x)), Abs(sin(x)), x**40, tan(tanh(x))]
)
def test_bounded_functions_leave_no_doubt(e: sp.Expr) -> None:
    assert doubtful(e, x, -9.0, 9.0) == []


@pytest.mark.parametrize(
    ("e", "points"),
    [(1 / x, [0]), (log(Abs(x - 2)), [2]), (1 / (x**2 - 2), [-(2**0.5), 2**0.5])],
)
def test_every_unbounded_point_is_in_doubt(e: sp.Expr, points: list[float]) -> None:
    found = doubtful(e, x, -9.0, 9.0)
    assert len(found) == len(points)
    assert all(a <= p <= b and b - a < 1e-5 for (a, b), p in zip(found, points, strict=True))


def test_a_function_with_too_many_poles_stays_in_doubt() -> None:
    found = doubtful(tan(10**5 * x), x, -9.0, 9.0)
    assert sum(b - a for a, b in found) > 17.99


# --- strong poles, and those that a square survives ---------------------------------------------

STRONG = [
    (1 / sin(x), 0), (tan(x), 1.5708), (tan(Abs(x)), -1.5708), (1 / (x * exp(x) - 1), 0.56714),
    (Abs(sin(x)) ** -HALF, 0), (sin(x) ** -2, 0), (gamma(x), 0), (gamma(x), -3),
    (gamma(x) / gamma(x + 1), 0), (tanh(x) + 1 / sin(x), 0), (Abs(tan(x)), 1.5708),
    (cos(x) / (tanh(x) - x / 3), 2.98470), (exp(x) * sp.coth(x), 0), (1 / log(x**2), 1),
    (sp.sec(x) * exp(sin(x)), 1.5708), (x / tan(x), 3.14159),
]  # fmt: skip
WEAK = [
    (sin(x) / tan(x), 0), (Abs(sin(x)) ** Rational(-49, 100), 0), (x / sin(x), 0),
    (1 / gamma(x), 0), (gamma(x) * sin(sp.pi * x), -1), (gamma(1 + x**2), 0),
    (log(Abs(sin(x))), 0), (sin(1 / x), 0), (sp.atan(tan(x)), 1.5708),
    (1 / (1 + tan(x) ** 2), 1.5708),
]  # fmt: skip


@pytest.mark.parametrize(("e", "at"), STRONG, ids=str)
def test_a_strong_pole_is_found(e: sp.Expr, at: float) -> None:
    found = pole(e, x, (at - 0.0031, at + 0.0043))
    assert found == pytest.approx(at, abs=1e-5)


@pytest.mark.parametrize(("e", "at"), [*STRONG, *WEAK], ids=str)
def test_nothing_else_is_called_a_pole(e: sp.Expr, at: float) -> None:
    if (e, at) in WEAK:
        assert pole(e, x, (at - 0.0031, at + 0.0043)) is None
    assert pole(e, x, (at + 0.1, at + 0.105)) is None


def test_poles_next_to_0_come_first() -> None:
    e = 1 / sin(2 * x)
    found = list(poles(e, x, doubtful(e, x, -9.0, 9.0), 3))
    assert found == pytest.approx([0, -1.570796, 1.570796], abs=1e-5)


# --- at a known point ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("e", "t"),
    [
        (1 / x, 0), (Abs(x) ** -HALF, 0), (1 / (1 - cos(x)), 0), (exp(1 / x), 0),
        (exp(1 / x**2), 0), (sp.sinh(1 / x), 0), (1 / (x**2 - 2), sqrt(2)), (tanh(x) / (x - 1), 1),
        (sp.Max(1 / x, 0), 0), (sp.Piecewise((1 / x, x > 0), (0, True)), 0), (sp.csch(x), 0),
        (Abs(x) ** -HALF * log(Abs(x)), 0),
    ],
    ids=str,
)  # fmt: skip
def test_divergence_at_a_point(e: sp.Expr, t: sp.Expr) -> None:
    assert diverges_at(e, x, sp.sympify(t))


@pytest.mark.parametrize(
    ("e", "t"),
    [
        (sin(x) / x, 0), (Abs(x) ** Rational(-49, 100), 0), (log(Abs(x)) ** 9, 0),
        (sin(1 / x), 0), (exp(-1 / x**2), 0), ((x**2 - 2) / (x - sqrt(2)), sqrt(2)),
        (1 / x, 1), ((1 - cos(x)) / x**2, 0),
    ],
    ids=str,
)  # fmt: skip
def test_integrable_points_do_not_diverge(e: sp.Expr, t: sp.Expr) -> None:
    assert not diverges_at(e, x, sp.sympify(t))


def test_complex_values_are_not_real() -> None:
    assert is_real(log(1 + x**2), x, (-3.0, 0.0, 5.0))
    assert not is_real(sqrt(x), x, (-3.0, 0.0, 5.0))
