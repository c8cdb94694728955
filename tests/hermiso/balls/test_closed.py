"""Closed forms on balls, against mpmath evaluations of the same expressions."""

from fractions import Fraction

import mpmath
import pytest
import sympy as sp
from flint import arb, ctx
from sympy import Rational, erf, exp, pi, sqrt

import hermiso
from hermiso import catalogue, certified
from hermiso.balls.ball import Ball
from hermiso.balls.closed import enclosed, unlimited
from hermiso.balls.compile import compiled
from hermiso.errors import NoClosedForm, PrecisionError
from hermiso.evaluate import over_mpmath
from hermiso.hermite import ProbabilistHermite, probabilist
from hermiso.symbolic.nodes import Unevaluated
from hermiso.symbolic.special import binormal, erf_im, erf_re

rho, x = sp.symbols("rho x")
q, third = Rational(1, 4), Rational(1, 3)
DIGITS = 50
SAMPLES = (Rational(1, 3), Rational(-9, 10), sp.Integer(1), sp.Integer(-1))
INTEGRALS = {"arctan", "gelu_tanh", "logsigmoid", "mish", "quick_gelu", "sigmoid",
             "silu", "softplus", "symlog", "tanh", "tanhshrink", "asinh", "log_ndtr",
             "squareplus", "serf"}  # fmt: skip

# a second to derive, and written with the same functions as the dual
SLOW = {"hardshrink", "hardsigmoid", "hardswish", "relu6", "selu", "softshrink"}


def check(e, digits=DIGITS):
    """Assert that the enclosure has its digits and contains the value by mpmath."""
    ball = Ball(enclosed(e, digits))
    with mpmath.workdps(2 * digits):
        value = over_mpmath(e, {})
        noise = mpmath.mpf(10) ** (-2 * digits + 15)  # mpmath's own, where terms cancel
        assert abs(value - ball.mid) <= ball.rad + noise
        if ball.contains(0):
            assert abs(value) <= noise
            assert ball.rad < noise
        else:
            assert ball.rad <= mpmath.mpf(10) ** -digits * abs(ball.mid)


@pytest.mark.parametrize("name", catalogue.names())
def test_every_closed_form_of_the_catalogue(name):
    beta = hermiso.beta(name)
    numbers = [beta, *hermiso.coefficients(name, 6)]
    maps = [hermiso.dual(name)] + ([] if name in SLOW else [hermiso.kernel_map(name)])
    assert beta.has(Unevaluated) == (name in INTEGRALS)
    numbers += [m.subs(rho, value) for m in maps if not m.has(Unevaluated) for value in SAMPLES]
    for e in numbers:
        if not e.has(Unevaluated):
            check(e)


@pytest.mark.parametrize(
    "sigma", [sp.Abs(x) ** Rational(1, 3), sp.Abs(x) ** Rational(3, 2), sqrt(sp.Max(x, 0))]
)
def test_duals_by_hypergeometric_functions(sigma):
    dual = hermiso.dual(sigma)
    assert dual.has(sp.hyper)
    for value in (*SAMPLES, sqrt(2) / 2):
        check(dual.subs(rho, value))


def test_a_hypergeometric_function_at_a_ball_around_1():
    one = sp.Add(sqrt(2), sqrt(6), evaluate=False) ** 2 / (8 + 4 * sqrt(3))
    near, at = (sp.hyper((-third, -third), (sp.S.Half,), z) for z in (one, 1))
    assert Ball(enclosed(near, 30)).overlaps(Ball(enclosed(at, 60)))


def test_irrational_correlations():
    check(hermiso.dual("hardtanh").subs(rho, sqrt(3) / 2))
    check(hermiso.kernel_map("gelu").subs(rho, pi / 4))


def test_symbolic_degrees():
    k = sp.Symbol("k", integer=True, nonnegative=True)
    for name in ("relu", "sin", "step"):
        general = hermiso.coefficient(name, k)
        for degree in (0, 1, 2, 6, 7):
            check(general.subs(k, degree))


@pytest.mark.parametrize(
    "e",
    [
        exp(q) + sp.log(3) - sp.sin(q) * sp.cos(q),
        sp.asin(q) + sp.acos(third) + sp.atan(5),
        sp.sinh(q) * sp.cosh(q) - sp.tanh(3),
        erf(q) + sp.erfc(3) + sp.erfi(q),
        sp.erfinv(third),
        sp.gamma(third) + sp.loggamma(third),
        sp.uppergamma(third, 2),
        sp.Ei(2) + sp.Ei(-third),
        sp.hyper((1,), (third,), -2) + sp.hyper((third, q), (2,), Rational(9, 10)),
        sp.hyper((-third, -third), (sp.S.Half,), 1),
        sp.Max(sqrt(2), third) - sp.Min(pi, 3) + sp.Abs(1 - pi) + sp.sign(3 - pi),
        erf_re(q, 2) + erf_im(third, 3),
        binormal(1, -third, sqrt(2) / 2),
        2**third * 3 ** sqrt(2) * sp.E**pi,
        pi**-3 / sqrt(1 - third**2),
        sp.Float("0.1", 30) + pi,
        exp(-1000) * (1 + erf(10)),
    ],
)
def test_functions(e):
    check(e)


def test_factorials():
    for f, value in ((sp.factorial(Rational(5, 2)), sp.gamma(Rational(7, 2))),
                     (sp.factorial2(7, evaluate=False), sp.Integer(105)),
                     (sp.factorial2(-1, evaluate=False), sp.Integer(1)),
                     (sp.lowergamma(third, 2) + sp.uppergamma(third, 2), sp.gamma(third)),
                     (sp.erfcinv(third), sp.erfinv(1 - third))):  # fmt: skip
        assert Ball(enclosed(f, 40)).overlaps(Ball(enclosed(value, 40)))


def test_hermite_polynomials_of_a_degree_given_late():
    e = ProbabilistHermite(5, third, evaluate=False)
    assert Ball(enclosed(e, 40)).contains(probabilist(5, Fraction(1, 3)))
    assert ProbabilistHermite.over_balls(arb(1) / 2, arb(1)).is_nan()


def test_bases_that_are_0():
    assert Ball(enclosed(sp.Pow(0, sqrt(2), evaluate=False), 30)) == 0
    assert Ball(enclosed(sp.sqrt(sp.Integer(0), evaluate=False) + 1, 30)) == 1
    nothing = sp.Add(sqrt(2) * sqrt(3), -sqrt(6), evaluate=False)
    assert Ball(enclosed(nothing ** Rational(1, 3) + 1, 30)).contains(1)


def test_sums():
    j, i = sp.symbols("j i", integer=True)
    check(sp.Add(*[1 / pi**n for n in range(1, 8)]))
    powers = sp.Sum(1 / pi**j, (j, 1, 7))
    assert Ball(enclosed(powers, 40)).overlaps(Ball(enclosed(powers.doit(), 40)))
    double = sp.Sum(i * j, (i, 1, j), (j, 1, 3))
    assert Ball(enclosed(double, 30)) == 25
    for bad in (sp.Sum(2**-j, (j, 0, sp.oo)), sp.Sum(j, (j, 1, 10**7))):
        with pytest.raises(NoClosedForm, match="sum"):
            enclosed(bad, 10)


def branches(*pairs):
    return sp.Piecewise(*pairs, evaluate=False)


def condition(relation, left, right):
    return relation(left, right, evaluate=False)


def test_branches_are_chosen_by_conditions_on_numbers():
    one, two, three = sp.Integer(1), sp.Integer(2), sp.Integer(3)
    is_six = condition(sp.Eq, sqrt(2) * sqrt(3) - sqrt(6), 0)
    below = condition(sp.Lt, pi, Rational(22, 7))
    assert Ball(enclosed(branches((one, is_six), (two, True)), 20)) == 1
    assert Ball(enclosed(branches((one, ~below), (two, below), (three, True)), 20)) == 2
    both = sp.And(below, condition(sp.Ne, sp.E, 3), evaluate=False)
    assert Ball(enclosed(1 + branches((one, both), (two, True)), 20)) == 2
    either = sp.Or(condition(sp.Gt, sp.E, 3), condition(sp.Ge, pi, 3), evaluate=False)
    assert Ball(enclosed(branches((one, either), (two, True)), 20)) == 1
    with pytest.raises(NoClosedForm, match="no branch"):
        enclosed(branches((one, condition(sp.Gt, sp.E, 3))), 20)


def test_cancellation_is_met_by_precision():
    tiny = sp.cos(Rational(1, 10**30)) - 1
    ball = Ball(enclosed(tiny, 40))
    assert ball.digits >= 40
    assert ball.contains(
        -Fraction(1, 2 * 10**60) + Fraction(1, 24 * 10**120) - Fraction(1, 720 * 10**180)
    )


def test_what_looks_like_0_comes_back_as_a_tiny_ball_around_0():
    e = sp.Add(sqrt(2 + sqrt(3)), -(sqrt(2) + sqrt(6)) / 2, evaluate=False) * exp(100)
    ball = Ball(enclosed(e, 60))
    assert ball.contains(0)
    assert 0 < ball.rad < mpmath.mpf(10) ** -120
    assert Ball(enclosed(sp.Integer(0), 60)) == 0


def test_what_cannot_be_decided_is_refused():
    nothing = sp.Add(sqrt(2 + sqrt(3)), -(sqrt(2) + sqrt(6)) / 2, evaluate=False)
    for e in (sp.sign(nothing, evaluate=False), sp.log(nothing, evaluate=False)):
        with pytest.raises(PrecisionError, match="not to 20 digits"):
            enclosed(e, 20)


def test_equality_needs_a_proof():
    close = Rational(int(sqrt(2 * 10**2000)), 10**1000)  # sqrt(2) to 1000 digits
    equal = condition(sp.Eq, sqrt(2), close)
    with pytest.raises(PrecisionError, match="nothing here proves"):
        enclosed(branches((sp.Integer(1), equal), (sp.Integer(2), True)), 20)


def test_what_is_no_number_is_refused():
    with pytest.raises(NoClosedForm, match="depends on"):
        enclosed(sp.sin(x), 20)
    with pytest.raises(NoClosedForm, match="no ball version"):
        enclosed(sp.zeta(third, 5), 20)


def test_a_mean_without_closed_form_is_a_number():
    found = Ball(enclosed(2 - hermiso.beta("tanh"), 20))
    assert found.overlaps(2 - certified.beta("tanh", digits=30))
    assert found.digits >= 20


@pytest.mark.parametrize("precision", [15, 4000])
def test_results_do_not_depend_on_the_callers_precision(precision):
    e = hermiso.beta("gelu")
    expected = Ball(enclosed(e, 50))
    with ctx.workprec(precision), mpmath.workprec(precision):
        again = Ball(enclosed(e, 50))
        assert ctx.prec == precision
    assert (again.mid, again.rad) == (expected.mid, expected.rad)


def test_balls_that_reach_beyond_the_ends_of_a_function():
    with ctx.workprec(200):
        end = arb(1) + arb(0, 1e-30)
        for f in (sp.asin(rho), sp.acos(rho), sqrt(1 - rho**2), (1 - rho**2) ** Rational(3, 2)):
            for sign in (1, -1):
                wide = Ball(compiled(f, rho).real(sign * end))
                for value in (sign, sign * (1 - Rational(1, 10**31))):
                    inner = Ball(enclosed(sp.sympify(f.subs(rho, value)), 40))
                    assert abs(wide.mid - inner.mid) <= wide.rad + inner.rad
                assert wide.rad < 1e-12
        assert compiled(sp.asin(rho), rho).real(arb(2) + arb(0, 0.5)).is_nan()


def test_ones_cancel_before_they_are_evaluated():
    t = 500 * sqrt(2)
    ball = Ball(enclosed(unlimited(1 - erf(t) ** 2), 30))
    assert ball.overlaps(Ball(enclosed(1 - erf(t) ** 2, 30)))
    with mpmath.workdps(50):
        value = mpmath.erfc(500 * mpmath.sqrt(2))
        expected = 2 * value - value**2
    assert abs(ball.mid / expected - 1) < mpmath.mpf(10) ** -29
