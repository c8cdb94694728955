"""Balls as the certified route returns them: printing, conversion, comparison, arithmetic."""

import operator
import pickle
import re
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import mpmath
import pytest
import sympy as sp

from hermiso import certified
from hermiso.errors import PrecisionError
from tests.data.certified import X, data, ends, exact, parsed

TANH = parsed(data()["values"]["tanh"]["beta minus one"])


@dataclass(frozen=True)
class Balls:
    """tanh's beta - 1, about 0.0695, to 10 and 40 digits; sin's, about 0.149; a 0 in disguise."""

    coarse: Any
    fine: Any
    sin: Any
    zero: Any


@pytest.fixture(scope="module")
def balls() -> Balls:
    tanh, sin = sp.tanh(X), sp.sin(X)
    return Balls(
        certified.beta_minus_one(tanh, X, digits=10),
        certified.beta_minus_one(tanh, X, digits=40),
        certified.beta_minus_one(sin, X, digits=40),
        certified.moment(tanh**2 + 1 / sp.cosh(X) ** 2 - 1, X, digits=20),
    )


NAMES = ("coarse", "fine", "sin", "zero")


# --- what is shown --------------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
def test_the_printed_ball_contains_the_ball(balls: Balls, name: str) -> None:
    ball = getattr(balls, name)
    text = str(ball)
    match = re.fullmatch(r"\[(?:(\S+) )?\+/- (\S+)\]", text)
    assert match, text
    middle, radius = (Fraction(part or 0) for part in match.groups())
    lower, upper = ends(ball)
    assert middle - radius <= lower
    assert upper <= middle + radius
    assert radius <= 100 * (upper - lower)


def test_the_printed_ball_shows_the_digits(balls: Balls) -> None:
    assert str(balls.fine).startswith("[0.06953007638470507135381574591163577681")
    assert not str(balls.coarse).startswith("[0.0695300763847050713538157459116357768")


@pytest.mark.parametrize("name", NAMES)
def test_ends_middle_and_radius_fit_exactly(balls: Balls, name: str) -> None:
    ball = getattr(balls, name)
    middle, radius = exact(ball.mid), exact(ball.rad)
    assert (middle - radius, middle + radius) == ends(ball)
    assert radius > 0


# --- conversions ----------------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
def test_an_interval_holds_the_ball(balls: Balls, name: str) -> None:
    ball = getattr(balls, name)
    interval = ball.to_interval()
    assert isinstance(interval, type(mpmath.iv.mpf(1)))
    low, high = (mpmath.mp.make_mpf(part) for part in interval._mpi_)
    assert exact(low) <= ends(ball)[0]
    assert ends(ball)[1] <= exact(high)
    assert exact(high) - exact(low) <= 2 * (ends(ball)[1] - ends(ball)[0])


def test_a_sympy_number_has_the_precision_that_is_certain(balls: Balls) -> None:
    for ball, digits in ((balls.coarse, 10), (balls.fine, 40)):
        number = ball.to_sympy()
        assert isinstance(number, sp.Float)
        exact_number = Fraction(int(sp.Rational(number).p), int(sp.Rational(number).q))
        lower, upper = ends(ball)
        unit = abs(exact_number) / 2 ** (number._prec - 1)
        assert max(abs(exact_number - lower), abs(exact_number - upper)) <= 2 * unit
        assert number._prec >= digits * 3.32 - 4
        shown = Fraction(str(number))
        assert abs(shown - TANH.value) <= abs(shown) / 10 ** (digits - 2)


def test_a_sympy_number_of_a_ball_around_0(balls: Balls) -> None:
    assert not balls.zero.to_sympy()


def test_a_float_is_the_nearest(balls: Balls) -> None:
    assert float(balls.fine) == float(TANH.value)
    assert abs(float(balls.zero)) < 1e-19


def test_a_ball_survives_pickling(balls: Balls) -> None:
    assert ends(pickle.loads(pickle.dumps(balls.fine))) == ends(balls.fine)


# --- three-valued comparison ----------------------------------------------------------------


def test_decided_comparisons(balls: Balls) -> None:
    assert balls.fine.less(balls.sin) is True
    assert balls.sin.less(balls.fine) is False
    for ball, other in (
        (balls.fine, balls.sin),
        (balls.fine, sp.Rational(7, 100)),
        (balls.fine, 0.07),
        (balls.fine, 1),
    ):
        assert ball < other
        assert ball <= other
        assert not ball > other
        assert not ball >= other
    assert sp.Rational(69, 1000) < balls.fine
    assert balls.fine.less(sp.sqrt(2) / 20) is True
    assert balls.fine.less(sp.sqrt(2) / 21) is False


@pytest.mark.parametrize("relation", [operator.lt, operator.le, operator.gt, operator.ge])
def test_undecided_comparisons_raise(balls: Balls, relation: Any) -> None:
    for other in (balls.coarse, balls.fine, balls.fine.mid, TANH.value):
        assert balls.fine.less(other) is None
        with pytest.raises(PrecisionError, match="undecided"):
            relation(balls.fine, other)
    with pytest.raises(PrecisionError, match="undecided"):
        bool(balls.zero)


def test_comparison_at_the_very_end_of_a_ball(balls: Balls) -> None:
    unit = Fraction(1, 10**80)
    lower, upper = ends(balls.fine)
    assert balls.fine.less(upper) is None
    assert balls.fine.less(upper + unit) is True
    assert balls.fine.less(lower) is False
    assert balls.fine.less(lower + unit) is None


def test_contains_and_overlaps(balls: Balls) -> None:
    lower, upper = ends(balls.fine)
    unit = Fraction(1, 10**80)
    assert balls.fine.contains(TANH.value) is True
    for number, inside in (
        (lower, True),
        (upper, True),
        (lower - unit, False),
        (upper + unit, False),
    ):
        assert balls.fine.contains(number) is inside
    assert balls.coarse.overlaps(balls.fine) is True
    assert balls.fine.overlaps(balls.coarse) is True
    assert balls.fine.overlaps(balls.sin) is False
    assert balls.zero.contains(0) is True


# --- arithmetic -----------------------------------------------------------------------------


@pytest.mark.parametrize("operation", [operator.add, operator.sub, operator.mul, operator.truediv])
@pytest.mark.parametrize("other", ["sin", 3, Fraction(1, 3), sp.Rational(1, 7), 0.1])
def test_results_contain_all_combinations(balls: Balls, operation: Any, other: Any) -> None:
    other = balls.sin if other == "sin" else other
    corners = ends(other) if hasattr(other, "lower") else (as_fraction(other),)
    for left, right in ((balls.fine, other), (other, balls.fine)):
        result = operation(left, right)
        values = [
            operation(*((a, b) if left is balls.fine else (b, a)))
            for a in ends(balls.fine)
            for b in corners
        ]
        lower, upper = ends(result)
        assert lower <= min(values)
        assert max(values) <= upper
        assert upper - lower <= 2 * (max(values) - min(values))


def as_fraction(number: Any) -> Fraction:
    return (
        Fraction(int(number.p), int(number.q)) if isinstance(number, sp.Expr) else Fraction(number)
    )


def test_a_ball_minus_itself_contains_0_and_is_as_wide_as_both(balls: Balls) -> None:
    lower, upper = ends(balls.fine - balls.fine)
    assert lower < 0 < upper
    assert upper - lower >= 2 * (ends(balls.fine)[1] - ends(balls.fine)[0])


def test_division_by_a_ball_around_0(balls: Balls) -> None:
    with pytest.raises(PrecisionError, match="contains 0"):
        balls.fine / balls.zero


def test_arithmetic_ignores_the_precision_around_it(balls: Balls) -> None:
    from flint import ctx

    with ctx.workprec(20), mpmath.mp.workdps(5):
        narrow = balls.sin * balls.fine
        assert balls.fine.less(balls.coarse + 1) is True
    assert ends(narrow) == ends(balls.sin * balls.fine)


def test_every_number_is_below_infinity(balls: Balls) -> None:
    for infinity in (sp.oo, float("inf"), mpmath.inf):
        assert balls.fine < infinity
        assert balls.fine > -infinity
        assert balls.fine.contains(infinity) is False


@pytest.mark.parametrize("number", [float("nan"), mpmath.nan, sp.nan, sp.zoo, sp.I, "abc"], ids=str)
def test_what_is_no_real_number_is_named(balls: Balls, number: Any) -> None:
    with pytest.raises(ValueError, match=re.escape(str(number).strip("'"))):
        balls.fine.contains(number)
    with pytest.raises(ValueError, match="no"):
        balls.fine.less(number)


def test_a_ball_is_read_from_text_or_numbers() -> None:
    with pytest.raises(ValueError, match=r"Ball\('abc'\): write a number"):
        certified.Ball("abc")
    for other in (None, [1], 1j, True):
        with pytest.raises(TypeError, match="a number or text is required"):
            certified.Ball(other)


def test_a_ball_is_no_key(balls: Balls) -> None:
    with pytest.raises(TypeError, match="unhashable"):
        hash(balls.fine)
