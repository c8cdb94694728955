"""The public ball: what it prints, decides, converts to and keeps under arithmetic."""

import copy
import math
import operator
import pickle
from decimal import Decimal
from fractions import Fraction

import mpmath
import numpy as np
import pytest
import sympy as sp
from flint import arb, ctx, fmpq
from hypothesis import given, settings
from hypothesis import strategies as st

from hermiso.balls.ball import Ball
from hermiso.errors import PrecisionError

PI_50 = "3.14159265358979323846264338327950288419716939937510"


def ball(mid: Fraction, rad: Fraction = Fraction(0), bits: int = 200) -> Ball:
    with ctx.workprec(bits):
        middle = arb(fmpq(mid.numerator, mid.denominator))
        return Ball(middle + arb(0, 1) * arb(fmpq(rad.numerator, rad.denominator)))


def of(f, bits: int = 200) -> Ball:
    with ctx.workprec(bits):
        return Ball(f())


about_pi = of(arb.pi)
two = Ball(arb(2))


# --- printing -------------------------------------------------------------------------------


def test_prints_its_certain_digits_and_its_radius():
    assert str(about_pi).startswith("[" + PI_50)
    assert str(about_pi).endswith(" +/- 5.73e-60]")
    assert repr(about_pi) == f'Ball("{about_pi}")'
    assert "\\pm 5.73 \\cdot 10^{-60}" in about_pi._repr_latex_()


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (2, "2"),
        (0, "0"),
        (-100, "-100"),
        (0.375, "0.375"),
        (2.0**-8, "0.00390625"),
    ],
)
def test_exact_numbers_print_plainly(number, text):
    assert str(Ball(arb(number))) == text


def test_a_printed_ball_is_read_back():
    assert eval(repr(about_pi)).contains(about_pi)
    assert Ball("[1.5 +/- 1e-3]").contains("1.501")


@given(st.fractions(-(10**6), 10**6), st.integers(5, 60))
@settings(max_examples=60)
def test_printed_midpoint_is_within_the_printed_radius(number, digits):
    shown = str(ball(number, Fraction(1, 10**digits)))
    middle, radius = shown.strip("[]").split("+/-")
    assert abs(Fraction(middle.strip() or "0") - number) <= Fraction(radius.strip())


# --- what is known --------------------------------------------------------------------------


def test_ends_are_exact_whatever_the_precision():
    exact = Fraction(2**300 + 1, 2**300)
    with ctx.workprec(20), mpmath.workprec(10):
        b = Ball(arb(arb((2**300 + 1, -300)), arb((1, -400))))
        values = b.mid, b.lower, b.upper
    mid, lower, upper = (Fraction(v.man) * Fraction(2) ** v.exp for v in values)
    assert mid == exact
    assert lower < mid < upper
    assert upper - mid == mid - lower
    assert 2**-400 <= upper - mid <= 1.001 * 2**-400


@pytest.mark.parametrize("precision", [10, 53, 5000])
def test_results_do_not_depend_on_the_callers_precision(precision):
    expected = [str(f()) for f in _USES]
    with ctx.workprec(precision), mpmath.workprec(precision):
        assert [str(f()) for f in _USES] == expected
        assert ctx.prec == mpmath.mp.prec == precision


_USES = (
    lambda: about_pi + 1,
    lambda: about_pi / 3,
    lambda: about_pi * sp.sqrt(2),
    lambda: two / Ball(arb(3)),
    lambda: -about_pi,
    lambda: abs(about_pi),
    lambda: about_pi**-3,
    lambda: about_pi < sp.Rational(22, 7),
    lambda: about_pi.contains(sp.pi),
    lambda: about_pi.to_sympy(),
    lambda: about_pi.digits,
    lambda: float(about_pi),
    lambda: pickle.loads(pickle.dumps(about_pi)),
)


def test_digits():
    for b in (about_pi, about_pi / 10**40, ball(Fraction(1, 3), Fraction(1, 10**20))):
        assert b.rad <= mpmath.mpf(10) ** -b.digits * b.mid
        assert b.rad > mpmath.mpf(10) ** -(b.digits + 1.001) * b.mid
    assert two.digits == math.inf
    assert Ball("[0 +/- 1e-10]").digits == 0
    assert ball(Fraction(1, 10**30), Fraction(1, 10**50)).digits in {19, 20}


@pytest.mark.parametrize(
    "number",
    [Fraction(1, 3), 0.25, 7, Decimal("1.1"), mpmath.mpf(5) / 7, "0.1", "1/3", sp.Rational(2, 7),
     np.float32(0.1), np.int64(3), sp.Float("0.3", 40)],
)  # fmt: skip
def test_contains_numbers_of_every_type_exactly(number):
    exact = fraction(number)
    tiny = Fraction(1, 2**150)
    assert ball(exact, tiny).contains(number) is True
    assert ball(exact + 3 * tiny, tiny).contains(number) is False


def fraction(number):
    if isinstance(number, mpmath.mpf):
        return Fraction(number.man) * Fraction(2) ** number.exp
    if isinstance(number, sp.Expr):
        return Fraction(int(sp.Rational(number).p), int(sp.Rational(number).q))
    return Fraction(number.item() if isinstance(number, np.generic) else number)


def test_contains_irrational_numbers():
    assert about_pi.contains(sp.pi) is True
    assert about_pi.contains(sp.pi + sp.Rational(1, 10**58)) is False
    assert of(lambda: arb(2).sqrt()).contains(sp.sqrt(2)) is True
    assert two.contains(sp.Add(sp.sqrt(2) * sp.sqrt(3), -sp.sqrt(6), 2, evaluate=False)) in {
        True,
        None,
    }
    assert Ball(arb(3)).contains(sp.pi) is False


def test_contains_other_balls():
    wide = Ball("[3 +/- 1]")
    assert wide.contains(about_pi) is True
    assert about_pi.contains(wide) is None
    assert about_pi.contains(two) is False
    assert wide.overlaps(about_pi)
    assert not about_pi.overlaps(two)


@pytest.mark.parametrize("number", [mpmath.pi, mpmath.nan, sp.I, sp.nan, [], "pi"])
def test_what_is_no_real_number_is_refused(number):
    with pytest.raises((TypeError, ValueError)):
        about_pi.contains(number)


def test_infinite_balls_are_refused():
    with pytest.raises(PrecisionError, match="not finite"):
        Ball(arb("nan"))
    with pytest.raises(PrecisionError, match="not finite"):
        Ball(arb(0, "inf"))


def test_extreme_exponents_do_not_fill_the_memory():
    nothing = of(lambda: (-(arb(10) ** 30)).exp())
    assert nothing.contains(0)
    assert nothing < Fraction(1, 10**1000)
    assert (1 + nothing).contains(1)
    assert str(of(lambda: (-(arb(10) ** 6)).exp())).startswith("[3.2968314")
    with pytest.raises(PrecisionError, match="too large"):
        of(lambda: (arb(10) ** 30).exp())


# --- comparisons ----------------------------------------------------------------------------


def test_decided_comparisons_are_bools():
    assert about_pi < 4
    assert about_pi > Fraction(3)
    assert about_pi <= 3.5
    assert about_pi >= sp.Rational(3)
    assert sp.Rational(1, 3) < about_pi
    assert mpmath.mpf(4) > about_pi
    assert about_pi != 3
    assert two == 2
    assert about_pi != sp.sqrt(10)
    assert bool(about_pi)
    assert not Ball(arb(0))
    assert (np.array([1.0, 4.0]) < about_pi).tolist() == [True, False]


def test_exact_ends_decide():
    assert (two < 2, two <= 2, two > 2, two >= 2) == (False, True, False, True)
    halves = Ball(arb(1.5, 0.5))  # flint stores [1 - tiny, 2 + tiny]
    assert halves.less(3) is True
    assert halves.less(0.5) is False
    assert halves.less(1.5) is None


@pytest.mark.parametrize("relation", [operator.lt, operator.le, operator.gt, operator.ge,
                                      operator.eq, operator.ne])  # fmt: skip
@pytest.mark.parametrize("other", [sp.pi, about_pi, about_pi.mid])
def test_undecided_comparisons_raise(relation, other):
    assert about_pi.less(other) is None
    with pytest.raises(PrecisionError, match="ask for more digits"):
        relation(about_pi, other)


def test_the_truth_of_an_ambiguous_ball_raises():
    with pytest.raises(PrecisionError, match="undecided"):
        bool(Ball("[0 +/- 1]"))


def test_balls_have_no_hash():
    with pytest.raises(TypeError):
        hash(about_pi)


# --- arithmetic -----------------------------------------------------------------------------

RATIONALS = st.fractions(-1000, 1000, max_denominator=10**6)
RADII = st.sampled_from([Fraction(0), Fraction(1, 10**4), Fraction(1, 10**30), Fraction(1, 7**70)])
OPERATIONS = [operator.add, operator.sub, operator.mul, operator.truediv]


@given(RATIONALS, RADII, RATIONALS, RADII, st.sampled_from(OPERATIONS), st.sampled_from("BQSR"))
@settings(max_examples=150)
def test_results_contain_the_exact_result(p, r, q, s, operation, kind):
    if operation is operator.truediv and abs(q if kind != "R" else p) <= 2 * max(r, s):
        return
    a, b = ball(p, r, 100), ball(q, s, 250)
    other = {"B": b, "Q": q, "S": sp.Rational(q.numerator, q.denominator), "R": b}[kind]
    if kind == "R":
        assert operation(q, a).contains(operation(q, p))
    else:
        assert operation(a, other).contains(operation(p, q))


@given(RATIONALS, RADII, RATIONALS, RADII)
@settings(max_examples=60)
def test_radii_are_as_small_as_the_operands_allow(p, r, q, s):
    a, b = ball(p, r, 400), ball(q, s, 400)
    exact_rad = mpmath.mpf(a.rad) + mpmath.mpf(b.rad)
    slack = mpmath.mpf(2) ** -330 * (abs(a.mid) + abs(b.mid))
    assert (a + b).rad <= exact_rad * (1 + mpmath.mpf(2) ** -20) + slack
    product = abs(a.mid) * b.rad + abs(b.mid) * a.rad + a.rad * b.rad
    # a radius is at least 2^-31 of the sharper operand's
    assert (a * b).rad <= product * (1 + mpmath.mpf(2) ** -15) + slack * 1000


@given(RATIONALS, RADII, st.integers(-4, 6))
@settings(max_examples=60)
def test_powers(p, r, n):
    if n < 0 and abs(p) <= 2 * r + Fraction(1, 2**60):
        return
    assert (ball(p, r) ** n).contains(p**n)


def test_tiny_differences_keep_their_relative_digits():
    beta = ball(1 + Fraction(1, 10**40), Fraction(1, 10**70), 300)
    assert (beta - 1).digits >= 29
    assert (beta - 1).contains(Fraction(1, 10**40))
    assert (1 - beta).digits >= 29
    with ctx.workprec(30):
        assert (beta - 1).digits >= 29


def test_exact_arithmetic_stays_exact():
    assert str(two + 0.5) == "2.5"
    assert str(two**-2 * 3) == "0.75"
    assert 100 <= (two / 3).digits < 120  # a quotient that does not fit is rounded
    assert (two * 2**200 + 1 - two * 2**200) == 1
    assert (-two) ** 3 == -8
    assert abs(-two) == 2
    assert +two == 2


def test_mixed_types_and_either_side():
    for one in (1, sp.Integer(1), Fraction(1), mpmath.mpf(1), np.int64(1), Decimal(1), 1.0):
        assert isinstance(one + about_pi, Ball)
        assert (one + about_pi).contains(sp.pi + 1)
        assert (about_pi - one).contains(sp.pi - 1)
    assert (sp.sqrt(2) * about_pi).contains(sp.sqrt(2) * sp.pi)
    assert (sp.pi - about_pi).contains(0)
    assert sum([about_pi, about_pi]).contains(2 * sp.pi)


def test_division_by_zero():
    with pytest.raises(ZeroDivisionError):
        about_pi / 0
    with pytest.raises(PrecisionError, match="contains 0"):
        about_pi / (about_pi - sp.pi)


def test_other_operands_are_refused():
    for bad in ("1", [1], sp.Symbol("x"), None):
        with pytest.raises(TypeError):
            about_pi + bad
    with pytest.raises(TypeError):
        about_pi**0.5
    with pytest.raises(sp.SympifyError):
        sp.sympify(about_pi)


# --- conversions ----------------------------------------------------------------------------


def test_interval_has_exactly_the_ends():
    with mpmath.workprec(20):
        precision = mpmath.iv.prec
        interval = about_pi.to_interval()
        assert mpmath.iv.prec == precision
    assert interval._mpi_ == (about_pi.lower._mpf_, about_pi.upper._mpf_)
    assert mpmath.iv.mpf(3) < interval < mpmath.iv.mpf(4)


@pytest.mark.parametrize("digits", [2, 5, 17, 50])
def test_sympy_floats_print_only_certain_digits(digits):
    value = of(lambda: arb.pi() + arb(0, f"1e-{digits}")).to_sympy()
    shown = str(value)
    assert abs(Fraction(shown) - Fraction(PI_50)) <= Fraction(6, 10) * Fraction(
        1, 10 ** (len(shown) - 2)
    )
    assert digits - 2 <= len(shown) - 2 <= digits


@given(st.fractions(0, 10**4), st.integers(2, 40))
@settings(max_examples=60)
def test_the_last_digit_of_a_sympy_float_is_right(number, digits):
    number += Fraction(1, 3)
    shown = str(ball(number, number / 10**digits).to_sympy())
    value = Decimal(shown)
    last = Fraction(10) ** value.as_tuple().exponent
    assert abs(Fraction(value) - number) <= last * Fraction(6, 10)


def test_sympy_floats_at_the_edges():
    assert sp.Rational(two.to_sympy()) == 2
    assert float(Ball("[0 +/- 1]").to_sympy()) == 0
    assert Ball("[0.1 +/- 0.05]").to_sympy() > 0
    exact = Ball(arb((2**200 + 1, -200)))
    assert exact.contains(exact.to_sympy())


def test_float_is_the_nearest_to_the_midpoint():
    assert float(about_pi) == math.pi
    assert float(ball(Fraction(1, 3))) == 1 / 3
    assert float(Ball(arb((3, -1076)))) == 5e-324  # 0.75 of the least float
    assert float(Ball("[1 +/- 0.5]")) == 1.0


@given(RATIONALS, RADII, st.integers(30, 300))
@settings(max_examples=60)
def test_copies_and_pickles_are_equal_to_the_bit(p, r, bits):
    b = ball(p, r, bits)
    for twin in (pickle.loads(pickle.dumps(b)), copy.copy(b), copy.deepcopy(b)):
        assert (twin.mid, twin.rad) == (b.mid, b.rad)


def test_immutable():
    with pytest.raises(AttributeError):
        about_pi.value = arb(3)


def test_arrays_of_balls():
    array = np.asarray([about_pi, two])
    assert array.dtype == object
    assert (array * 2)[1] == 4
    assert np.asarray([about_pi, two], dtype=float).tolist() == [math.pi, 2.0]
