"""Comparators: each supports a right statement and refutes, or leaves undecided, a wrong one."""

from typing import Any

import pytest
import sympy as sp

from verify import (
    Evidence,
    Level,
    Refuted,
    Undecided,
    equal,
    nonnegative,
    sample_points,
    together,
    within_error,
)

x = sp.Symbol("x", real=True)
a = sp.Symbol("a", positive=True)
k = sp.Symbol("k", integer=True, nonnegative=True)


# equal


@pytest.mark.parametrize(
    ("derived", "stated"),
    [
        (sp.Integer(2), 2),
        ((x + 1) ** 2, x**2 + 2 * x + 1),
        (sp.sin(x) ** 2, 1 - sp.cos(x) ** 2),
        (sp.sqrt(3 + 2 * sp.sqrt(2)), 1 + sp.sqrt(2)),
        (2 - a**2 / (sp.exp(a**2) - 1), (2 - 2 * sp.exp(a**2) + a**2) / (1 - sp.exp(a**2))),
        (sp.factorial(k + 1) / sp.factorial(k), k + 1),
        (1 / (x - 1) - 1 / (x + 1), 2 / (x**2 - 1)),
    ],
)
def test_identities_are_proved(derived: Any, stated: Any) -> None:
    assert equal(derived, stated, domain="here") == Evidence(Level.PROVED, "here")


@pytest.mark.parametrize(
    ("derived", "stated", "message"),
    [
        (sp.Integer(2), 3, "derived 2, stated 3"),
        (sp.pi, sp.Rational(355, 113), r"derived 3\.14159265359, stated 355/113"),
        (x**2, x, "at x = 1/3: derived 1/9, stated 1/3"),
        (sp.sqrt(x**2), x, "at x = -2/5: derived 2/5, stated -2/5"),
        (sp.exp(-a), 0, r"at a = 1/3: derived 0\.7165.*, stated 0"),
        (sp.factorial(k), k, "at k = 3: derived 6, stated 3"),
    ],
)
def test_differences_are_refuted_with_a_point(derived: Any, stated: Any, message: str) -> None:
    with pytest.raises(Refuted, match=message):
        equal(derived, stated, domain="here")


def test_a_tiny_difference_of_numbers_is_seen() -> None:
    with pytest.raises(Refuted):
        equal(sp.pi + sp.Rational(1, 10**18), sp.pi, domain="here")


def test_what_is_neither_shown_nor_refuted_is_undecided() -> None:
    with pytest.raises(Undecided, match="not shown to be 0"):
        equal(sp.pi + sp.Rational(1, 10**45), sp.pi, domain="here")


def test_expressions_without_a_value_are_undecided() -> None:
    f = sp.Function("f")
    with pytest.raises(Undecided):
        equal(f(x), f(-x), domain="here")


def test_sample_points_respect_assumptions() -> None:
    symbols = sp.symbols("p", positive=True), sp.symbols("n", integer=True, negative=True), x, k
    points = list(sample_points(set(symbols)))
    assert len(points) >= 5
    p, n = symbols[:2]
    assert all(point[p] > 0 and point[n] < 0 and point[k] >= 0 for point in points)
    assert all(point[n].is_integer and point[k].is_integer for point in points)
    assert {sp.sign(point[x]) for point in points} == {1, -1}


# nonnegative

s, t = sp.symbols("s t", positive=True)


@pytest.mark.parametrize(
    "expression",
    [s**2 + t, s / (1 + t), 1 - s / (1 + s), (s + t) ** 2 - 4 * s * t + 4 * s * t, sp.S.Zero],
)
def test_inequalities_are_proved(expression: Any) -> None:
    assert nonnegative(expression, [s, t], domain="here").level is Level.PROVED


@pytest.mark.parametrize("expression", [s - t, -s * t, 1 / (1 + s) - sp.Rational(1, 2), -sp.S.One])
def test_negative_values_refute(expression: Any) -> None:
    with pytest.raises(Refuted, match=r"at s = .*, t = .*: the difference is -.*, not >= 0"):
        nonnegative(expression, [s, t], domain="here")


def test_negative_values_of_relaxed_variables_do_not_refute() -> None:
    with pytest.raises(Undecided, match="both signs"):
        nonnegative(s - t, [s, t], domain="here", refutable=False)


def test_a_square_is_beyond_the_method() -> None:
    with pytest.raises(Undecided, match="both signs"):
        nonnegative((s - t) ** 2, [s, t], domain="here")


def test_zero_is_nonnegative_and_not_positive() -> None:
    thirds = s / 3 + s / 3 + s / 3 - s  # 0, and not 0 in floats
    assert nonnegative(thirds, [s], domain="here").level is Level.PROVED
    with pytest.raises(Refuted, match="not > 0"):
        nonnegative(thirds, [s], domain="here", strict=True)


def test_rounding_is_no_counterexample() -> None:
    root = sp.sqrt(s) * sp.sqrt(s + 1) - sp.sqrt(s**2 + s)
    with pytest.raises(Undecided):
        nonnegative(root, [s], domain="here")


def test_no_value_at_a_pole_is_no_counterexample() -> None:
    assert nonnegative(s / (s + t), [s, t], domain="here").level is Level.PROVED


def test_strict_inequality_on_the_open_orthant() -> None:
    assert nonnegative(s * t, [s, t], domain="here", strict=True).level is Level.PROVED


# within_error and together


def test_measurements_support_up_to_their_resolution() -> None:
    found = within_error(1.0001, 1e-5, 1, resolution=1e-3, domain="here")
    assert (found.level, found.domain) == (Level.MEASURED, "here, resolution 1e-03")


def test_measurements_refute_a_departure_of_one_resolution() -> None:
    with pytest.raises(Refuted, match=r"measured 1\.001 .* stated 1: here"):
        within_error(1.001, 1e-5, 1, resolution=1e-3, domain="here")


@pytest.mark.parametrize("error", [1e-3, 2e-4])
def test_a_measurement_too_weak_to_see_a_departure_is_undecided(error: float) -> None:
    with pytest.raises(Undecided, match="cannot resolve"):
        within_error(1.0, error, 1, resolution=1e-3, domain="here")


def test_a_measurement_that_is_no_number_is_undecided() -> None:
    with pytest.raises(Undecided, match="must be finite"):
        within_error(float("nan"), 1e-9, 1, resolution=1e-3, domain="here")


def test_evidence_of_several_steps_is_as_strong_as_the_weakest() -> None:
    steps = (
        Evidence(Level.PROVED, "all n"),
        Evidence(Level.SEARCHED, "n < 9", 5, 0.5),
        Evidence(Level.SEARCHED, "n < 9", 7, 0.9),
    )
    assert together(*steps) == Evidence(Level.SEARCHED, "all n; n < 9", 12, 0.9)
    assert together(*steps, domain="both").domain == "both"


def test_a_symbol_that_cancels_does_not_hide_a_difference() -> None:
    x, n = sp.symbols("x n", positive=True)
    with pytest.raises(Refuted):
        equal(sp.sin(x) ** 2 + n, n + 1 - sp.cos(2 * x) ** 2, domain="all x, n")
