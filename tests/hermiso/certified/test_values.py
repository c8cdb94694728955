"""Enclosures against values that mpmath computed to 60 digits (tests/data)."""

from fractions import Fraction
from typing import Any

import pytest
import sympy as sp

import hermiso
from hermiso import catalogue, certified
from tests.data.certified import (
    DUALS,
    ENCLOSURES,
    QUADRATURE,
    RHOS,
    VALUES,
    Reference,
    X,
    assert_encloses,
    assert_overlap,
    check_quadrature,
    check_value,
    data,
    ends,
    expression,
    parsed,
)

# Kinks that no formula gives and roots make these slow, and every coefficient as slow as the next.
SLOW = {
    "median of three": ("moment",),
    "logarithm": ("moment", "coefficient 5"),
    "singular power": ("moment", "beta minus one"),
    "root": ("moment", "coefficient 5"),
    "cube root times tanh": ("moment",),
    "staircase": ("moment", "coefficient 5"),
    "log_ndtr": ("beta minus one", "coefficient 20"),
    "erfc times a power": ("moment", "coefficient 5"),
}
# c_1 is inside beta, and c_2 comes of the same rule as c_5 and c_20.
KEYS = [key for key in ENCLOSURES if key not in ("coefficient 1", "coefficient 2")]
CASES = [(name, key) for name in VALUES for key in SLOW.get(name, KEYS)]


@pytest.mark.parametrize(("name", "key"), CASES)
def test_enclosures_contain_the_reference_and_shrink(name: str, key: str) -> None:
    check_value(name, key, 30 if name in SLOW else 60)


# The slow ones have no other route. Nothing remains of a line, so no quadrature can find a digit of
# what remains of it. c_1 is inside beta.
FEASIBLE = [
    (name, key)
    for name in VALUES
    for key in QUADRATURE
    if name not in SLOW and key != "coefficient 1" and (name, key) != ("identity", "beta minus one")
]


@pytest.mark.parametrize(("name", "key"), FEASIBLE)
def test_quadrature_alone_finds_the_reference(name: str, key: str) -> None:
    check_quadrature(name, key)


def test_the_data_cover_the_catalogue() -> None:
    assert set(catalogue.names()) <= set(VALUES)


@pytest.mark.parametrize("name", catalogue.names())
def test_a_name_of_the_catalogue_means_the_formula_of_the_data(name: str) -> None:
    entry = data()["values"][name]
    for key, ball in [
        ("coefficient 2", certified.coefficient(name, 2, digits=20)),
        ("beta minus one", certified.beta_minus_one(name, digits=20)),
    ]:
        assert_encloses(ball, parsed(entry[key]), 20, f"{key} of {name}")


@pytest.mark.parametrize("name", ["tanh", "tiny sigmoid", "tiny softplus", "steep tanh", "root"])
def test_beta_is_sharp_relative_to_its_distance_from_1(name: str) -> None:
    entry = data()["values"][name]
    gap = parsed(entry["beta minus one"])
    ball = certified.beta(expression(entry), X, digits=30)
    lower, upper = ends(ball)
    assert lower - 1 <= gap.value + gap.error
    assert upper - 1 >= gap.value - gap.error
    assert (upper - lower) / 2 <= gap.value / 10**30


def test_many_coefficients_at_once() -> None:
    entry = data()["values"]["tanh above a line"]
    balls = certified.coefficients(expression(entry), 21, X, digits=30)
    assert len(balls) == 21
    for k in (2, 5, 20):
        assert_encloses(balls[k], parsed(entry[f"coefficient {k}"]), 30, f"c_{k}")
    assert_overlap(balls[0], certified.moment(expression(entry), X), "c_0")


def test_a_gain_multiplies_the_argument() -> None:
    for name, gain in [("tiny tanh", sp.Rational(1, 10**6)), ("steep tanh", 50)]:
        truth = parsed(data()["values"][name]["beta minus one"])
        ball = certified.beta_minus_one(sp.tanh(X), X, gain=gain, digits=30)
        assert_encloses(ball, truth, 30, name)


def test_the_function_at_top_level_is_the_moment() -> None:
    truth = parsed(data()["values"]["asinh"]["second moment"])
    assert_encloses(hermiso.enclose(sp.asinh(X) ** 2, digits=40), truth, 40, "enclose")


# --- duals ----------------------------------------------------------------------------------


def rational(text: str) -> sp.Rational:
    return sp.Rational(text)


# Near 1 and -1 the plane is integrated, for seconds: a bend, poles near the line, and neither.
ON_THE_PLANE = ("-9/10", "99/100", "999999/1000000")
DUAL_CASES = [
    (name, rho)
    for name in DUALS
    for rho in RHOS
    if rho not in ON_THE_PLANE or name in ("silu", "arctan", "tanh above a line")
]


@pytest.mark.parametrize(("name", "rho"), DUAL_CASES)
def test_duals(name: str, rho: str) -> None:
    entry = data()["duals"][name]
    truth = parsed(entry[rho])
    coarse, fine = (certified.dual(expression(entry), rational(rho), X, digits=n) for n in (15, 30))
    assert_encloses(coarse, truth, 15, f"dual of {name} at {rho}")
    assert_encloses(fine, truth, 30, f"dual of {name} at {rho}")
    assert_overlap(coarse, fine, f"dual of {name} at {rho}")


def quotient(top: Reference, bottom: Reference) -> Reference:
    """An interval quotient, for a positive denominator."""
    value = top.value / bottom.value
    error = (top.error + abs(value) * bottom.error) / (bottom.value - bottom.error)
    return Reference(value, error)


def difference(a: Reference, b: Reference) -> Reference:
    return Reference(a.value - b.value, a.error + b.error)


def square(a: Reference) -> Reference:
    return Reference(a.value**2, a.error * (2 * abs(a.value) + a.error))


def kernel_reference(name: str, rho: str) -> Reference:
    mean_square = square(parsed(data()["values"][name]["moment"]))
    at_rho, at_one = (parsed(data()["duals"][name][r]) for r in (rho, "1"))
    return quotient(difference(at_rho, mean_square), difference(at_one, mean_square))


def complement_reference(name: str, rho: str) -> Reference:
    """1 - kappa(rho) = (dual(1) - dual(rho)) / Var."""
    mean_square = square(parsed(data()["values"][name]["moment"]))
    at_rho, at_one = (parsed(data()["duals"][name][r]) for r in (rho, "1"))
    return quotient(difference(at_one, at_rho), difference(at_one, mean_square))


KERNEL_CASES = [(name, "3/10") for name in DUALS]
KERNEL_CASES += [("sigmoid", "-9/10"), ("softplus", "999999/1000000"), ("mish", "999999/1000000")]


@pytest.mark.parametrize(("name", "rho"), KERNEL_CASES)
def test_kernel_maps(name: str, rho: str) -> None:
    e = expression(data()["duals"][name])
    ball = certified.kernel_map(e, rational(rho), X, digits=25)
    assert_encloses(ball, kernel_reference(name, rho), 25, f"kernel map of {name} at {rho}")


@pytest.mark.parametrize("rho", ["99/100", "999999/1000000"])
@pytest.mark.parametrize("name", ["symlog", "tanh above a line"])
def test_complements_are_sharp_relative_to_themselves(name: str, rho: str) -> None:
    e = expression(data()["duals"][name])
    ball = certified.complement(e, 1 - rational(rho), X, digits=25)
    assert_encloses(ball, complement_reference(name, rho), 25, f"complement of {name} at {rho}")


def test_a_complement_at_a_tiny_distance_is_close_to_its_slope() -> None:
    """1 - kappa(1 - delta) = kappa'(1) delta - O(delta^2), kappa'(1) = E sigma'^2 / Var."""
    e, delta = sp.tanh(X), sp.Rational(1, 10**300)
    slope = certified.moment(sp.diff(e, X) ** 2, X, digits=40)
    variance = certified.moment(e**2, X, digits=40)  # tanh has mean 0
    low, high = (a / b for a, b in zip(ends(slope), reversed(ends(variance)), strict=True))
    lower, upper = (end * 10**300 for end in ends(certified.complement(e, delta, X, digits=30)))
    assert low * (1 - Fraction(1, 10**290)) <= upper
    assert lower <= high
    assert (upper - lower) / 2 <= high / 10**30


def test_a_kernel_map_takes_a_ball_and_contains_all_its_values() -> None:
    half = certified.coefficient(sp.Max(X, 0), 1, X, digits=30)  # c_1 of ReLU is 1/2
    wide = certified.kernel_map(sp.tanh(X), half, X, digits=20)
    assert_overlap(wide, certified.kernel_map(sp.tanh(X), sp.Rational(1, 2), X), "at 1/2")
    for end in (half.lower, half.upper):
        assert_overlap(wide, certified.kernel_map(sp.tanh(X), end, X), "at an end")


# --- the nodes of the symbolic route --------------------------------------------------------

# E tanh(z) he_7(z) and the same for sigmoid, from tests.data.rules with DEGREES = (7,)
DEGREE_7 = {
    "tanh": "-0.0314454192876786105234596358641439731754966785904961553394620186",
    "sigmoid": "-0.001726656287568166874270076020759173414071199538449314894776896709",
}


def assert_rounded(number: Any, truth: Reference, digits: int) -> None:
    """The printed digits are the rounded ones: half a unit, and what 50 digits of bits lose."""
    text = str(number)
    unit = Fraction(10) ** (digits_before_point(truth.value) - digits)
    assert abs(Fraction(text) - truth.value) <= truth.error + unit * Fraction(6, 10), text


def digits_before_point(value: Fraction) -> int:
    """Return n with 10^(n - 1) <= |value| < 10^n."""
    n = 0
    while abs(value) >= Fraction(10) ** n:
        n += 1
    while abs(value) < Fraction(10) ** (n - 1):
        n -= 1
    return n


@pytest.mark.parametrize("digits", [15, 50])
@pytest.mark.parametrize(
    "name", ["tanh", "sigmoid", "mish", "symlog", "tanh above a line", "growing tanh"]
)
def test_nodes_evaluate_to_the_last_printed_digit(name: str, digits: int) -> None:
    entry = data()["values"][name]
    e, gap = expression(entry), parsed(entry["beta minus one"])
    assert_rounded(hermiso.beta(e, X).evalf(digits), Reference(gap.value + 1, gap.error), digits)
    five = parsed(entry["coefficient 5"])
    assert_rounded(hermiso.coefficient(e, 5, X).evalf(digits), five, digits)


@pytest.mark.parametrize("name", DEGREE_7)
def test_a_coefficient_of_degree_7_to_50_digits(name: str) -> None:
    truth = Reference(Fraction(DEGREE_7[name]), Fraction(1, 10**62))
    e = expression(data()["values"][name])
    assert_rounded(hermiso.coefficient(e, 7, X).evalf(50), truth, 50)
    assert_encloses(certified.coefficient(e, 7, X, digits=50), truth, 50, f"c_7 of {name}")


@pytest.mark.parametrize("rho", ["-1/3", "99/100"])
def test_dual_nodes_evaluate_to_the_last_printed_digit(rho: str) -> None:
    r = sp.Symbol("r", real=True)
    for name in ("tanh", "silu"):
        entry = data()["duals"][name]
        node = hermiso.dual(expression(entry), r, X).subs(r, rational(rho))
        assert_rounded(node.evalf(30), parsed(entry[rho]), 30)


# --- the comparison itself ------------------------------------------------------------------


def test_the_comparison_refuses_a_value_beside_the_ball() -> None:
    ball = certified.beta_minus_one(sp.tanh(X), X, digits=30)
    truth = parsed(data()["values"]["tanh"]["beta minus one"])
    for sign, side in [(1, "below"), (-1, "above")]:
        moved = Reference(truth.value * (1 + sign * Fraction(2, 10**30)), truth.error)
        with pytest.raises(AssertionError, match=f"lies {side}"):
            assert_encloses(ball, moved, 30, "tanh")


def test_the_comparison_refuses_a_ball_that_is_too_wide() -> None:
    ball = certified.beta_minus_one(sp.tanh(X), X, digits=10)
    truth = parsed(data()["values"]["tanh"]["beta minus one"])
    with pytest.raises(AssertionError, match="too wide for 1000 digits"):
        assert_encloses(ball, truth, 1000, "tanh")
