"""Growth certificates against values of the function itself, in mpmath."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import mpmath
import pytest
import sympy as sp
from flint import arb
from hypothesis import HealthCheck, given, reject, settings
from hypothesis import strategies as st
from sympy import (
    Abs,
    Heaviside,
    Max,
    Min,
    Piecewise,
    Rational,
    atan,
    cos,
    cosh,
    erf,
    erfc,
    exp,
    log,
    sign,
    sin,
    sinh,
    sqrt,
    tanh,
)

from hermiso import catalogue
from hermiso.balls.growth import Growth, NoGrowthBound, growth
from hermiso.balls.growth_functions import FUNCTIONS
from hermiso.errors import NotSquareIntegrable, PrecisionError
from tests.expressions import affine, nonzero, rationals

x = sp.Symbol("x", real=True)
v = sp.Symbol("v", positive=True)
ROUNDING = mpmath.mpf(10) ** -40  # values are right to 45 digits, bounds to more
MPMATH = {
    "Heaviside": lambda u, at_zero=0.5: at_zero if u == 0 else int(u > 0),
    "frac": lambda u: u - mpmath.floor(u),
    "acot": lambda u: mpmath.atan(1 / u),
}
OFFSETS = (0, 2.0**-20, 0.3, 1, 3.7, 8, 20.3)
FAR = (97.3, 1e3, 1e4 + 0.7, 1e6)


def evaluator(e: sp.Expr) -> Callable[[Any], Any]:
    """|e| at a point, once two precisions agree to 45 digits; None if they never do."""
    (t,) = e.free_symbols or {x}
    f = sp.lambdify(t, e, modules=[MPMATH, "mpmath"])

    def value(at: Any) -> Any:
        last = None
        for digits in (60, 120, 240, 960, 1500):
            with mpmath.workdps(digits):
                try:
                    found = abs(mpmath.mpmathify(f(at)))
                except ZeroDivisionError:  # all digits cancelled
                    return None
            if last is not None and abs(found - last) <= abs(found) * mpmath.mpf(10) ** -45:
                return found
            last = found
        return None

    return value


def exact(c: arb) -> Any:
    """A ball without radius as an mpf."""
    man, exponent = c.man_exp()
    return mpmath.ldexp(int(man), int(exponent))


def bound(g: Growth, at: Any) -> Any:
    r = abs(at)
    scale, power, linear, quadratic = map(exact, (g.scale, g.power, g.linear, g.quadratic))
    return scale * r**power * mpmath.exp(linear * r + quadratic * r * r)


def violations(e: sp.Expr, side: int, g: Growth, points: tuple[float, ...]) -> list[Any]:
    """Points beyond the start where |e| exceeds the bound; at least five must be judged."""
    value = evaluator(e)
    with mpmath.workdps(80):
        start = exact(g.start)
        grid = [start + p for p in OFFSETS] + [mpmath.mpf(p) for p in points if p > start]
        judged = [(p, found) for p in grid if (found := value(side * p)) is not None]
        assert len(judged) >= 5, f"{e} could not be evaluated"
        return [p for p, found in judged if not found <= bound(g, p) * (1 + ROUNDING)]


# --- soundness ----------------------------------------------------------------------------------

STAIRS = sum(Heaviside(x - Rational(k, 3) + 8) for k in range(50))

ADVERSARIES = [
    exp(-1000 * (x - 3) ** 2), exp(3 * x), x**40, atan(100 * x), 1 / (1 + 100 * x**2), STAIRS,
    tanh(50 * x), sin(40 * x), log(1 + x**2), sqrt(Abs(x)), Abs(x) ** Rational(-1, 5),
    log(Abs(x)), exp(x**2 / 5), x * exp(-Abs(x)), log(cosh(x)), x * tanh(log(1 + exp(x))),
    sp.tan(tanh(x)), exp(sin(x) * x), exp(x * tanh(x)), 1 / (2 + cos(x)), cos(x**2),
    exp(x) / (1 + exp(x)) ** 2, sqrt(1 + x**2) - 1, (1 + x**4) ** Rational(1, 3),
    erf(x) * exp(x**2 / 8), log(1 + exp(-x)), sp.asinh(exp(x)), exp(-(x**4)),
    exp(x**2 * tanh(x) / 5),
]  # fmt: skip

# one or more for every rule
RULED = [
    x**3 - 100 * x**2 + 7, (x - 3) ** 40, (x + 1) ** 4 - x**4, sqrt(2) * x - sp.pi,
    Abs(x) ** Rational(5, 3),
    1 / x + x, x**-3 - x**-1, 1 / (x**2 - x - 1), (x**2 + 1) / (x**3 - 50 * x + 1),
    exp(x**2 / 6 - Abs(x) ** 3) + 1, exp(3 * x - x**4), exp(-sqrt(Abs(x))),
    exp(2 * Abs(x) ** Rational(3, 2)),
    Abs(x) ** x, 2**x, Abs(x) ** sin(x), (1 + x**2) ** tanh(x), Abs(x) ** sqrt(2),
    1 + erf(x), 1 - erf(x / 3), 2 - erfc(x), log(1 + erf(x)), log(1 - tanh(x)), 3 - 3 * tanh(x),
    1 / (1 - tanh(x)), exp(x) - 1, 1 - exp(-x), x / (exp(x) - 1), cosh(x) - 1,
    log(2 + sin(x)), log(1 + exp(-Abs(x)) * sin(x)), log(log(2 + x**2)), log(erfc(x)),
    erfc(Abs(x)) * exp(x**2),
    erfc(x**2 - 5), erfc(sin(x)), sinh(x) * exp(-x), sinh(x) / cosh(x), sp.sech(x), sp.csch(x),
    sp.coth(1 + x**2), sp.sinh(1 / x), sinh(sin(x)), cosh(sin(x)), tanh(1 / x), atan(exp(x)),
    erf(1 / x), sp.asinh(x), sp.asinh(x * sin(x)), sp.acosh(1 + x**2), sp.acot(x), sp.acos(tanh(x)),
    sp.asin(sin(x)), sp.asin(1 / (1 + x**2)), sp.atanh(tanh(x) / 2), sp.tan(1 / x),
    sp.cot(1 / (1 + x**2)), sp.sec(1 / x), sp.csc(1 / x), sp.sinc(x), sin(1 / x) * x,
    1 / cos(1 / x),
    sp.floor(x), sp.ceiling(x / 3), sp.frac(x), sign(x - 40) * x, Heaviside(sin(x)),
    Heaviside(x, 3),
    sign(x**2 - 50 * x), Max(x * tanh(x), x / 2), Max(sin(x), cos(x)), Min(Max(x, -20), 20),
    Min(x**2, exp(x)), Max(-5, Min(5, x * sin(x))), Min(x, 1, x**2), Abs(sin(x) - x),
    Abs(3 * sin(x)), log(Max(sin(x), exp(-Abs(x)))), 1 / Min(sin(x), -1 / (1 + x**2)),
    Piecewise((exp(x**2), Abs(x) < 20), (x, True)),
    Piecewise((x, sp.And(x > 3, x < 70)), (1, True)),
    Piecewise((x, sp.Or(x < -9, x > 9)), (x**2, True)), Piecewise((1, sin(x) > 0), (x, True)),
    Piecewise((1, sp.Ne(x, 0)), (exp(x**2), True)), Piecewise((2, x**2 >= x), (exp(x**2), True)),
    Piecewise((1, exp(x**2 / 9) > x), (exp(x**2), x <= 0), (x, True)),
    exp(x**2 / 4) / x**2, exp(x**2 / 4 - Abs(x)), sin(x) * exp(x**2 / 3),
    sp.gamma(1 + Abs(x)), 1 / sp.gamma(1 + x**2), sp.gamma(2 + tanh(x)), sp.gamma(1 / (1 + x**2)),
    sp.gamma(1 + exp(-(x**2))),
    sp.erfinv(tanh(x) / 2), sp.erfinv(1 / (1 + x**2)), sp.erfinv(exp(-Abs(x)) / 2) * exp(Abs(x)),
    sp.LambertW(exp(x)), sp.LambertW(x**2), sp.LambertW(Abs(x)) - log(1 + Abs(x)),
    sp.LambertW(exp(-Abs(x))) * exp(Abs(x)), sp.LambertW(sin(x) / 3), sp.LambertW(exp(x**2 / 5)),
    1 / sp.LambertW(1 + x**2), 1 / sp.LambertW(3 + 1 / (1 + x**2)), sp.LambertW(3 + exp(-(x**2))),
    1 / sp.erfinv(1 / (2 + x**2)),
    sp.besselj(0, x), sp.besselj(1, x / 3), sp.besselj(3, tanh(x)), 1 / sp.besselj(2, 1 / x),
    sp.besselj(0, 1 / x) / x, sp.besselj(1, sin(x)) * x, sp.besselj(5, exp(-Abs(x))) * exp(3 * x),
    exp(x**2) * erfc(Abs(x)), exp(x**2 / 9) * erfc(x / 3), x**2 * exp(x**2) * erfc(Abs(x)),
    exp(1 + x**2) * erfc(sqrt(1 + x**2)), exp(x**2 - x) * erfc(Max(x, -x, evaluate=False)),
    exp(log(1 + exp(x)) ** 2) * erfc(log(1 + exp(x))), exp(x**2) * (1 - erf(Abs(x))),
    exp(Max(x, 0) ** 2) * erfc(Max(x, 0)), 1 / (exp(x**2) * erfc(Abs(x))),
    exp(sin(x) ** 2) * erfc(sin(x)), exp((x / 5 - 3) ** 2) * erfc(x / 5 - 3),
    sp.floor(x + Rational(1, 2)), sp.floor(5 * tanh(x)), sp.sinc(sp.pi * x),
]  # fmt: skip

# functions too large or too small for mpmath at 1e6
STEEP = [
    exp(-exp(x)), tanh(exp(exp(x / 4))), 1 / (1 + exp(exp(x / 4))), exp(-exp(-x)),
    log(1 + exp(exp(-Abs(x)))),
    exp(-cosh(x)), exp(-x * exp(x)), Rational(1, 3) ** (x**2 * exp(Abs(x))),
]  # fmt: skip

SINGULAR = [
    Abs(x) ** Rational(-1, 5), log(Abs(x)), sin(1 / x), log(1 + 1 / Abs(x)), tanh(x) / x,
    x / (exp(x) - 1), (1 - cos(x)) / x**2, log(1 + x) / x, exp(x) * Abs(x) ** Rational(-1, 3),
    x * log(Abs(x)), log(Abs(sin(x))), sp.asin(x) / x, exp(-1 / x**2), 1 / sqrt(1 - x),
]  # fmt: skip


@pytest.mark.parametrize("side", [1, -1])
@pytest.mark.parametrize("name", catalogue.names())
def test_catalogue_is_bounded(name: str, side: int) -> None:
    e, t = catalogue.get(name).expression, next(iter(catalogue.get(name).expression.free_symbols))
    for f in (e, e**2, e.xreplace({t: t - 3}), e.xreplace({t: Rational(1, 7) * t + 1})):
        assert violations(f, side, growth(f, t, side), FAR) == []


@pytest.mark.parametrize("side", [1, -1])
@pytest.mark.parametrize("e", [*ADVERSARIES, *RULED], ids=str)
def test_bounds_hold(e: sp.Expr, side: int) -> None:
    assert violations(e, side, growth(e, x, side), FAR) == []


@pytest.mark.parametrize("side", [1, -1])
@pytest.mark.parametrize("e", STEEP, ids=str)
def test_bounds_of_steep_functions_hold(e: sp.Expr, side: int) -> None:
    assert violations(e, side, growth(e, x, side), ()) == []


@pytest.mark.parametrize("side", [1, -1])
@pytest.mark.parametrize("e", SINGULAR, ids=str)
def test_bounds_near_singular_points_hold(e: sp.Expr, side: int) -> None:
    near = e.subs(x, side / v)
    g = growth(near, v, 1)
    assert g.power < 1
    assert g.linear <= 0
    assert violations(near, 1, g, FAR) == []


UNARY: list[Callable[[Any], Any]] = [
    tanh, atan, sin, cos, erf, erfc, sp.asinh, Abs, sign, Heaviside, sp.floor,
    lambda u: log(1 + Abs(u)), lambda u: sqrt(1 + u**2), lambda u: 1 / (1 + u**2),
    lambda u: 1 / (2 + cos(u)), lambda u: exp(-Abs(u)), lambda u: log(1 + exp(-Abs(u))),
    lambda u: Max(u, 0), lambda u: u**3, lambda u: 1 - tanh(u), lambda u: 1 + erf(u),
    lambda u: Abs(u) ** Rational(2, 3), lambda u: 1 / (1 + exp(-Abs(u))),
    lambda u: sp.LambertW(Abs(u)), lambda u: sp.besselj(2, u), lambda u: sp.erfinv(tanh(u) / 2),
    lambda u: exp(u**2) * erfc(u, evaluate=False),
]  # fmt: skip
BINARY: list[Callable[[Any, Any], Any]] = [
    lambda a, b: a + b, lambda a, b: a * b, lambda a, b: a - b,
    lambda a, b: Max(a, b, evaluate=False), lambda a, b: Min(a, b, evaluate=False),
    lambda a, b: a / (1 + Abs(b)), lambda a, b: Piecewise((a, x > 3), (b, True), evaluate=False),
    lambda a, b: Piecewise((a, sp.Gt(a, b, evaluate=False)), (b, True), evaluate=False),
]  # fmt: skip
simple = st.one_of(
    affine,
    affine.map(exp),
    affine.map(lambda u: cosh(u / 2)),
    st.builds(lambda u, q: exp(u - q * x**2), affine, rationals(0, 2)),
    st.builds(lambda k, c: c * x**k, st.integers(-2, 4), nonzero),
)
compositions = st.recursive(
    simple,
    lambda inner: st.one_of(
        st.builds(lambda f, u: f(u), st.sampled_from(UNARY), inner),
        st.builds(lambda f, a, b: f(a, b), st.sampled_from(BINARY), inner, inner),
    ),
    max_leaves=4,
)


@settings(
    max_examples=120, derandomize=True, deadline=None, database=None,
    suppress_health_check=[HealthCheck.too_slow],
)  # fmt: skip
@given(compositions, st.sampled_from([1, -1]))
def test_random_compositions(e: sp.Expr, side: int) -> None:
    try:
        g = growth(e, x, side)
    except NoGrowthBound:
        reject()  # the health check of Hypothesis fails if this is frequent
    if g.start > 1000:
        reject()
    assert violations(e, side, g, ()) == []


# --- the tests above can fail -------------------------------------------------------------------


@pytest.mark.parametrize("e", [x, exp(3 * x), tanh(x), x**40, exp(-1000 * (x - 3) ** 2)], ids=str)
def test_half_the_bound_is_caught(e: sp.Expr) -> None:
    g = growth(e, x, 1)
    assert violations(e, 1, g, FAR) == []
    wrong = Growth(g.scale / 2, g.power, g.linear, g.quadratic, g.start)
    assert len(violations(e, 1, wrong, FAR)) >= 5


@pytest.mark.parametrize("field", ["power", "linear", "quadratic"])
def test_a_smaller_exponent_is_caught(field: str) -> None:
    e = x**3 * exp(2 * x - x**2)
    right = growth(e, x, 1)
    fields = {n: getattr(right, n) for n in ("scale", "power", "linear", "quadratic", "start")}
    assert violations(e, 1, Growth(**fields), FAR) == []
    wrong = Growth(**{**fields, field: fields[field] - arb(1) / 100})
    assert violations(e, 1, wrong, FAR)


@pytest.mark.parametrize(
    ("function", "e"), [(sp.cosh, cosh(x)), (sp.sin, x + sin(x)), (sp.Abs, exp(Abs(x)))], ids=str
)
def test_a_wrong_rule_is_caught(function: Any, e: sp.Expr, monkeypatch: pytest.MonkeyPatch) -> None:
    assert violations(e, 1, growth(e, x, 1), FAR) == []
    monkeypatch.setitem(FUNCTIONS, function, FUNCTIONS[sp.sech])
    assert violations(e, 1, growth(e, x, 1), FAR)


# --- tightness ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("e", "side", "scale", "power", "linear", "quadratic"),
    [
        (exp(3 * x - 2), 1, exp(-2), 0, 3, 0),
        (exp(3 * x - 2), -1, exp(-2), 0, -3, 0),
        (x**40, -1, 1, 40, 0, 0),
        (Max(x, 0), 1, 1, 1, 0, 0),
        (Max(x, 0), -1, 0, 0, 0, 0),
        (exp(-1000 * (x - 3) ** 2), 1, exp(-9000), 0, 6000, -1000),
        (exp(-1000 * (x - 3) ** 2), -1, exp(-9000), 0, -6000, -1000),
        (tanh(x), 1, 1, 0, 0, 0),
        (1 / (1 + exp(-x)), 1, 1, 0, 0, 0),
        (1 / (1 + exp(-x)), -1, 1, 0, -1, 0),
        (log(1 + exp(x)), -1, 1, 0, -1, 0),
        (exp(x**2 / 8), 1, 1, 0, 0, Rational(1, 8)),
        (x * exp(-Abs(x)), -1, 1, 1, -1, 0),
        (x * (1 + erf(x / 2)) / 2, -1, Rational(1, 2), 1, 0, Rational(-1, 4)),
        (Min(Max(x, 0), 6), 1, 6, 0, 0, 0),
        (log(cosh(x)), 1, 1, 1, 0, 0),
        (Abs(x) ** Rational(1, 2), 1, 1, Rational(1, 2), 0, 0),
        (exp(x**2) * (1 + erf(x)), -1, 1 / sqrt(sp.pi), -1, 0, 0),
        (exp(x**2) * erfc(x), 1, 1 / sqrt(sp.pi), -1, 0, 0),
        (sp.LambertW(exp(x)), -1, 1, 0, -1, 0),
        (Piecewise((exp(x**2), x < 20), (x, True)), 1, 1, 1, 0, 0),
    ],
    ids=str,
)
def test_exponents_are_exact(
    e: Any, side: int, scale: Any, power: Any, linear: Any, quadratic: Any
) -> None:
    g = growth(e, x, side)
    found = [exact(c) for c in (g.scale, g.power, g.linear, g.quadratic)]
    for f, wanted in zip(found, (scale, power, linear, quadratic), strict=True):
        with mpmath.workdps(40):
            right = mpmath.mpmathify(sp.N(wanted, 40))
            assert abs(f - right) <= 2.0**-48 * abs(right)  # 9000 costs 13 of 64 bits


def test_the_inverse_of_an_exponential_grows_like_its_exponent() -> None:
    g = growth(sp.LambertW(exp(x)), x, 1)
    assert (g.linear, g.quadratic) == (0, 0)
    assert g.power < 1.001


def test_functions_that_end_vanish_from_their_last_jump_on() -> None:
    g = growth(Heaviside(10 - x) * exp(x**2), x, 1)
    assert (g.scale, g.start) == (0, 16)
    assert violations(Heaviside(10 - x) * x, 1, g, FAR) == []


def test_polynomial_scales_come_close() -> None:
    assert growth(x**2 - 100 * x, x, 1).scale < 51.01  # 1 + 100/start
    assert growth(x**2 + 1, x, 1).scale < 1.2501  # 1 + 1/start^2


@pytest.mark.parametrize(
    ("e", "power", "linear", "scale"),
    [
        (tanh(x) + exp(-(10**4) * (x - 3) ** 2), 0, 0, 2),
        (erf(x) + exp(-(10**8) * (x - 3) ** 2), 0, 0, 2),
        (tanh(x) - x**5 * exp(-(10**6) * (x - 3) ** 2), 0, 0, 245),
        (x + 7 * exp(100 * x - 10**4 * x**2), 1, 0, 1),
        (log(1 + exp(10**4 * (x - 3))), 1, 0, 15_000),
        (Max(tanh(x), exp(-(10**4) * (x - 3) ** 2)), 0, 0, 1),
        (exp(-x) + exp(-(10**4) * (x - 3) ** 2), 0, -1, 22),
        (exp(x**2 / 4 - x) + exp(x), 0, -1, 60),
    ],
    ids=str,
)
def test_what_is_small_everywhere_does_not_push_the_bound_out(
    e: sp.Expr, power: int, linear: int, scale: float
) -> None:
    g = growth(e, x, 1)
    assert (g.start, g.power, g.linear) == (2, power, linear)
    assert g.scale < scale * 1.001
    assert violations(e, 1, g, FAR) == []


# --- tails --------------------------------------------------------------------------------------

TAILS = [
    (1, 0, 0, 0), (2, 1, 0, 0), (3, 40, 0, 0), (1, -0.2, 0, 0), (1, -2, 3, 0), (5, 1, 5, 0),
    (1, 0, -4, 0), (1, 2, 1, 0.25), (1, 0, 0, 0.45), (1, 0, 6000, -1000), (1, 0, -1, 0.5),
]  # fmt: skip


@pytest.mark.parametrize("fields", TAILS, ids=str)
@pytest.mark.parametrize("cut", [9, 14, 40.125])
def test_tail_bounds_the_integral(fields: tuple[float, ...], cut: float) -> None:
    g = Growth(*(arb(c) for c in fields), arb(1))
    with mpmath.workdps(30):

        def integrand(t: Any) -> Any:
            return bound(g, t) * mpmath.npdf(t)

        rate = max(1, (1 - 2 * fields[3]) * cut - fields[2])
        edges = [cut + t / rate for t in (0, 1, 3, 8, 20, 50, 120, 300)]
        true = mpmath.quad(integrand, edges)
    tail = g.tail(cut)
    assert tail.is_finite()
    assert true <= exact(tail)
    assert exact(tail) <= 3 * true


@pytest.mark.parametrize(
    ("g", "cut"),
    [
        (Growth(arb(1), arb(0), arb(0), arb(0), arb(4)), 3),  # before the bound holds
        (Growth(arb(1), arb(0), arb(9), arb(0), arb(1)), 9),  # still growing
        (Growth(arb(1), arb(40), arb(0), arb(0), arb(1)), 6),
        (Growth(arb(1), arb(0), arb(0), arb(0.5), arb(1)), 9),
        (Growth(arb(1), arb(-9), arb(-1), arb(0.6), arb(1)), 9),
    ],
)
def test_tail_is_infinite_without_a_proof(g: Growth, cut: float) -> None:
    assert g.tail(cut) == arb("inf")


@pytest.mark.parametrize("fields", TAILS, ids=str)
@pytest.mark.parametrize("bits", [10, 60, 3400])
def test_cut_is_small_enough_and_not_smaller(fields: tuple[float, ...], bits: int) -> None:
    g = Growth(*(arb(c) for c in fields), arb(1))
    cut = g.cut_for(bits)
    assert (8 * cut).is_integer()
    assert cut >= g.start
    assert g.tail(cut) < arb(2) ** -bits
    before = cut - arb(1) / 8
    assert before < g.start or not g.tail(before) < arb(2) ** -bits


def test_cut_for_a_function_too_large_names_it() -> None:
    g = Growth(arb(1), arb(0), arb(0), arb(0.5), arb(1))
    with pytest.raises(PrecisionError, match=r"0\.500000 x\^2.* stays above 2\^-60"):
        g.cut_for(60)


# --- algebra ------------------------------------------------------------------------------------


@pytest.mark.parametrize("at", [2, 3.5, 20, 1000])
def test_algebra_bounds_sums_products_and_powers(at: float) -> None:
    f, g = growth(exp(x) * x, x, 1), growth(exp(-(x**2)) + x**3, x, 1)
    with mpmath.workdps(80):
        a, b = bound(f, at), bound(g, at)
        pairs = [
            (a + b, f + g), (a * b, f * g), (a**2, f**2), (mpmath.sqrt(a), f ** arb(0.5)),
            (a * mpmath.exp(mpmath.mpf(at) ** 2 / 4), f.times_bell(0.25)), (mpmath.mpf(1), g**0),
            (mpmath.mpf(at) ** 3, Growth.monomial(3)), (mpmath.mpf(7), Growth.constant(-7)),
            (a, f + Growth.constant(0)), (b, Growth.constant(0) + g),
        ]  # fmt: skip
        for true, found in pairs:
            slack = 1 + mpmath.mpf(2) ** -55
            assert true <= bound(found, at) * (1 + ROUNDING)
            assert found.start == max(f.start, g.start) or found.start <= f.start
            assert bound(found, at) <= true * slack or found.power != f.power


@pytest.mark.parametrize(
    ("fields", "moment", "finite"),
    [
        ((1, 9, 9, 0.24), 2, True), ((1, -9, -9, 0.26), 2, False), ((1, 9, -1, 0.25), 2, True),
        ((1, -1, 0, 0.25), 2, True), ((1, -0.5, 0, 0.25), 2, False), ((1, 9, 0, 0.49), 1, True),
        ((1, -1, 0, 0.5), 1, False), ((1, -1.5, 0, 0.5), 1, True),
    ],
)  # fmt: skip
def test_moments_of_a_bound(fields: tuple[float, ...], moment: int, finite: bool) -> None:
    assert Growth(*(arb(c) for c in fields), arb(2)).has_moment(moment) is finite


def test_negative_powers_of_a_bound_are_refused() -> None:
    with pytest.raises(ValueError, match="must be >= 0"):
        growth(x, x, 1) ** -1


# --- what has no bound --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("e", "side"),
    [
        (exp(x**2 / 4), 1), (exp(x**2 / 4), -1), (exp(x**2), -1), (exp(x**3), 1),
        (exp(-(x**3)), -1),
        (exp(exp(x)), 1), (exp(exp(x / 10)), 1), (cosh(x**2), 1), (sinh(x**2), -1),
        (exp(x**3 / 1000), 1), (exp(x**2 / 4) / sqrt(Abs(x)), 1), (exp(x**2 / 4 - x), -1),
        (x * exp(x**2) + x**9, 1), (Max(exp(exp(x)), 0), 1), (exp(x**2) * tanh(x) + 1, -1),
        (Piecewise((x, x < 90), (exp(x**2), True)), 1), (exp(x**2 / 3) * (2 + sin(x)), 1),
    ],
    ids=str,
)  # fmt: skip
def test_too_large_functions_are_named(e: sp.Expr, side: int) -> None:
    end = "-oo" if side < 0 else "oo"
    with pytest.raises(NotSquareIntegrable, match=rf"outgrows exp\(x\*\*2/4\) as x -> {end}"):
        growth(e, x, side)
    with mpmath.workdps(80):  # the square times the density decays no faster than 1/x
        found = evaluator(e)(1000 * side)
        assert found * mpmath.sqrt(1000) >= mpmath.exp(mpmath.mpf(10) ** 6 / 4) * (1 - ROUNDING)


@pytest.mark.parametrize(
    ("e", "part"),
    [
        (sp.tan(x), r"tan\(x\) resisted, its argument does not certainly stay between the poles"),
        (sp.gamma(-x), r"gamma\(-x\) resisted, its argument is not certainly positive"),
        (sp.zeta(2 + x), r"zeta\(x \+ 2\) resisted, there is no rule for zeta"),
        (1 / sin(x), r"1/sin\(x\) resisted, its base is not certainly away from 0"),
        (x + exp(sp.tan(x)) * 2, r"tan\(x\) in x \+ 2\*exp\(tan\(x\)\) resisted"),
        (log(sin(x)), r"log\(sin\(x\)\) resisted, its argument is not certainly positive"),
        (sp.Mod(x, 2), r"Mod\(x, 2\) resisted, there is no rule"),
        (exp(sin(x) * exp(x)), r"exp\(exp\(x\)\*sin\(x\)\) resisted, its exponent"),
        (Piecewise((sp.tan(x), x > 9), (x, True)), r"tan\(x\) in Piecewise.* resisted"),
    ],
    ids=str,
)
def test_the_part_that_resists_is_named(e: sp.Expr, part: str) -> None:
    with pytest.raises(NoGrowthBound, match=part + r".*tried \|x\| >= 2, 4, .*rewrite it"):
        growth(e, x, 1)
    assert issubclass(NoGrowthBound, PrecisionError)


@pytest.mark.parametrize(
    ("e", "side"), [(exp(x**2 / 4 - x), 1), (exp(x**2 / 4) / x, 1), (exp(x**3), -1)], ids=str
)
def test_the_edge_of_integrability_is_not_too_large(e: sp.Expr, side: int) -> None:
    g = growth(e, x, side)
    assert g.quadratic <= 0.25
