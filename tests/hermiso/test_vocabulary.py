"""hermiso.vocabulary: every function of formulas has its right values on every route."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest
import sympy as sp
from flint import acb, arb, ctx
from mpmath import mp

import hermiso
from hermiso import catalogue, certified, numeric
from hermiso.balls.ball import Ball
from hermiso.balls.compile import compiled
from hermiso.errors import ActivationError, NotSquareIntegrable, ParseError
from hermiso.evaluate import over_mpmath, over_numpy
from hermiso.parsing import parse
from hermiso.vocabulary import CUTS, FUNCTIONS

x, A = (sp.Symbol(name, real=True) for name in ("x", "a"))
POINTS = (-4.3, -1.9, -0.7, -0.2, 0.11, 0.6, 1.7, 3.9)
INTEGERS = tuple(range(-13, 14))
THIRDS = tuple((k + mp.mpf(0.5)) / 3 for k in range(-48, 49))
EPS = 2.0**-52


def scaled_erfc(u: Any) -> Any:
    return mp.exp(u * u) * mp.erfc(u)


def lambert(u: Any) -> Any:
    return mp.lambertw(u).real


# text: (the function in mpmath, its kinks, beta by `strength` below at 50 digits)
VALUES: dict[str, tuple[Callable[[Any], Any], Sequence[Any], str]] = {
    "ndtr(x)": (mp.ncdf, (), "1.04507034144862798538669741976"),
    "log_ndtr(x)": (lambda t: mp.log(mp.ncdf(t)), (), "1.18423466334146702351052846819"),
    "erfcx(max(x, 0))": (lambda t: scaled_erfc(max(t, 0)), (), "1.21992943552821021671570793973"),
    "erfcx(|x|) + x": (lambda t: scaled_erfc(abs(t)) + t, (), "1.04187474369131007975038518146"),
    "erfcx(softplus(x))": (
        lambda t: scaled_erfc(mp.log1p(mp.exp(t))),
        (),
        "1.01453413488987612316190723392",
    ),
    "erfinv(tanh(x)/2)": (
        lambda t: mp.erfinv(mp.tanh(t) / 2),
        (),
        "1.06163151965793857923736127117",
    ),
    "lambertw(exp(x))": (lambda t: lambert(mp.exp(t)), (), "1.0626289150547546512752296733"),
    "lambertw(|x|) + x": (lambda t: lambert(abs(t)) + t, (), "1.0549865370692560664698079949"),
    "besselj(0, x) + x": (lambda t: mp.besselj(0, t) + t, (), "1.0589492137337690895072026081"),
    "besselj(3, 5*x)": (lambda t: mp.besselj(3, 5 * t), (), "1.87534628531559209752342995729"),
    "asinh(x)": (mp.asinh, (), "1.01520571657949981090395086404"),
    "expm1(x)": (mp.expm1, (), "1.41802329313067357561499799489"),
    "log1p(x^2) + x": (lambda t: mp.log1p(t * t) + t, (), "1.21156556261988560321908801461"),
    "sech(x) + x": (lambda t: mp.sech(t) + t, (), "1.05323900780121341950245979104"),
    "sinc(x) + x": (lambda t: mp.sinc(t) + t, (), "1.03087868126191921885807251002"),
    "floor(x)": (mp.floor, INTEGERS, "1.07692307639419700987312430826"),
    "ceil(x/2) + x": (lambda t: mp.ceil(t / 2) + t, INTEGERS, "1.03566350672933726624898216512"),
    "round(3*x)": (lambda t: mp.floor(3 * t + 0.5), THIRDS, "1.0091743119266055045871559633"),
    "|x| + x/3": (lambda t: abs(t) + t / 3, (), "1.7658311078863160004057317243"),
    "leaky_relu(x, 0.2)": (lambda t: t if t > 0 else t / 5, (), "1.13904606141511276289061884954"),
    "elu(x, alpha=2)": (
        lambda t: t if t > 0 else 2 * mp.expm1(t),
        (),
        "1.02501942893017578179773461618",
    ),
    "softplus(x, 3)": (
        lambda t: mp.log1p(mp.exp(3 * t)) / 3,
        (),
        "1.20105161076909070765275667493",
    ),
}


def strength(f: Callable[[Any], Any], kinks: Sequence[Any]) -> Any:
    """Beta by mpmath's quadrature between the kinks."""
    ends = sorted({*map(mp.mpf, kinks), *map(mp.mpf, (-16, -8, -4, -2, 0, 2, 4, 8, 16))})
    mean, slope, square = (
        mp.quad(lambda t, m=m: m(f(t), t) * mp.npdf(t), ends)
        for m in (lambda v, t: v, lambda v, t: v * t, lambda v, t: v * v)
    )
    return 2 - slope**2 / (square - mean**2)


@pytest.mark.search
@pytest.mark.parametrize("text", VALUES)
def test_the_values_are_those_of_quadrature(text: str) -> None:
    f, kinks, value = VALUES[text]
    with mp.workdps(40):
        exact = (mp.mpf(2 * k + 1) / 6 for k in range(-48, 49)) if kinks is THIRDS else kinks
        assert mp.nstr(strength(f, tuple(exact)), 30) == value


@pytest.mark.parametrize("text", VALUES)
def test_balls_hold_the_value(text: str) -> None:
    ball = certified.beta(parse(text), digits=20)
    assert ball.overlaps(Ball(f"[{VALUES[text][2]} +/- 1e-29]"))
    assert ball.rad < 1e-20


@pytest.mark.parametrize("text", ["lambertw(exp(x))", "besselj(0, x) + x", "floor(x)", "ndtr(x)"])
def test_nodes_and_closed_forms_evaluate_to_the_value(text: str) -> None:
    value = sp.Float(VALUES[text][2], 30)
    assert abs(hermiso.beta(parse(text)).evalf(20) - value) < sp.Float("1e-19", 30)


# The float route promises 12 digits.
@pytest.mark.parametrize(
    "text", ["lambertw(exp(x))", "besselj(3, 5*x)", "erfinv(tanh(x)/2)", "round(3*x)", "expm1(x)"]
)
def test_floats_come_close(text: str) -> None:
    assert numeric.beta(parse(text)) == pytest.approx(float(VALUES[text][2]), rel=1e-12)


@pytest.mark.parametrize("text", VALUES)
def test_values_at_points(text: str) -> None:
    e, f = parse(text), VALUES[text][0]
    with mp.workdps(40):
        right = [f(mp.mpf(t)) for t in POINTS]
        for t, value in zip(POINTS, right, strict=True):
            assert abs(over_mpmath(e, {x: mp.mpf(t)}) - value) <= abs(value) * mp.mpf(10) ** -36
    # x^2 <= 25 in the exponent of erfcx costs 25 ulps, an inner function a few
    found = over_numpy(e, {x: np.array(POINTS)})
    size = np.abs([float(v) for v in right])
    assert np.all(np.abs(found - [float(v) for v in right]) <= 64 * EPS * np.maximum(size, 1e-2))


@pytest.mark.parametrize("text", ["expm1(x)", "3*expm1(x)", "log1p(x)", "log1p(expm1(x))"])
def test_digits_near_zero(text: str) -> None:
    """exp(x) - 1 and log(1 + x) keep relative digits where they are tiny."""
    e, scale = parse(text), 3 if text.startswith("3") else 1
    assert over_numpy(e, {x: np.array([1e-30])})[0] == pytest.approx(scale * 1e-30, rel=4 * EPS)
    with ctx.workprec(53):
        f = compiled(e, x)
        for value in (f.real(arb("1e-30")), f.box(acb("1e-30")).real):
            assert value.rel_accuracy_bits() > 45
            assert value.overlaps(scale * (arb("1e-30") + arb(0, "1e-59")))


# --- what they mean -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expression"),
    [
        ("round(x)", sp.floor(x + sp.Rational(1, 2))),
        ("sinc(x)", sp.sinc(x)),  # sin(x)/x; numpy's is sinc(pi*x)
        ("sinc(pi*x)", sp.sinc(sp.pi * x)),
        ("LambertW(1 + x^2)", sp.LambertW(1 + x**2)),
        ("ceiling(x)", sp.ceiling(x)),
        ("besselj(-1, x)", -sp.besselj(1, x)),
        ("expm1(x)", sp.exp(x) - 1),
        ("erfcx(x)", sp.exp(x**2) * sp.erfc(x)),
        ("elu(x, 2)", catalogue.get("elu", alpha=2).expression),
        ("elu(x, alpha=2)", catalogue.get("elu", alpha=2).expression),
        ("hardtanh(x, -2, max_val=3)", catalogue.get("hardtanh", min_val=-2, max_val=3).expression),
        ("leaky_relu(2*x, a)", sp.Piecewise((2 * x, 2 * x > 0), (2 * A * x, True))),
        ("||x| - 1|", abs(abs(x) - 1)),
        ("2*|x|^2 - -|x|", 2 * x**2 + abs(x)),
        ("where(|x| > 2 | x < -1, |x|, 0)", sp.Piecewise(
            (abs(x), sp.Or(sp.Gt(abs(x), 2, evaluate=False), x < -1)), (0, True))),
    ],
)  # fmt: skip
def test_meaning(text: str, expression: sp.Expr) -> None:
    assert sp.simplify(parse(text) - expression) == 0


@pytest.mark.parametrize("name", catalogue.names())
def test_every_activation_takes_its_parameters(name: str) -> None:
    """At the defaults, by place and by name, the entry itself; and the same as a function."""
    entry = catalogue.get(name)
    given = catalogue.defaults(name).items()
    defaults = {k: v for k, v in given if not isinstance(v, str) and v.is_finite}
    by_name = "".join(f", {k}={v}" for k, v in defaults.items())
    by_place = "".join(f", {v}" for v in defaults.values())
    points = np.array(POINTS)
    right = over_numpy(entry.expression, {entry.variable: points})
    for text in (f"{name}(x)", f"{name}(x{by_name})", f"{name}(x{by_place})"):
        found = over_numpy(parse(text), {x: points})
        assert found == pytest.approx(right, rel=16 * EPS, abs=16 * EPS)


REFUSED = {
    "leaky_relu(x, slope=2)": "leaky_relu has no parameter 'slope'; its parameters: negative_slope",
    "leaky_relu(x, 1, 2)": r"leaky_relu takes 2 arguments at most, not 3: .* negative_slope",
    "leaky_relu(x, 1, negative_slope=2)": "negative_slope of leaky_relu is given twice",
    "hardtanh(x, max_val=2, max_val=3)": "max_val is given twice",
    "hardtanh(x, max_val=2, 3)": "a value without a name follows one with a name",
    "leaky_relu(x, x)": "negative_slope of leaky_relu may not contain the variable x",
    "leaky_relu(t, t)": "negative_slope of leaky_relu may not contain the variable t",
    "elu(x, where(a > 0, 1, 2))": "alpha of elu may not be cut into pieces",
    "gelu(x, 1)": "approximate is 1; it must be 'none' or 'tanh'",
    "sin(x, a=2)": "sin has no parameter 'a'",
    "sin(x=2)": "the character '=' is not allowed",
    "elu(x, alpha==2)": "the character '=' is not allowed",
    "besselj(x, x)": "the order of besselj must be an integer of at most 100",
    "besselj(1/2, x)": "the order of besselj must be an integer of at most 100",
    "besselj(x)": "besselj takes 2 arguments, not 1",
    "erfinv(2)": "the constant argument of erfinv is larger than 1",
    "erfinv(1)": "the value is not finite here",
    "lambertw(-1)": "the value is not real here",
    "2|x|": r"an operator is missing before '\|'; \|x\| is an absolute value",
    "|x": r"expected '\|', found the end",
    "|x > 0|": "'>' belongs in a condition",
    "|": "found the end",
    "erfcx(" * 20 + "x" + ")" * 20: "the formula grows beyond 10000 operations",
}


@pytest.mark.parametrize("text", REFUSED, ids=lambda text: text[:40])
def test_refusals_name_what(text: str) -> None:
    with pytest.raises(ParseError, match=REFUSED[text]):
        parse(text)


def test_functions_without_a_variance_are_refused() -> None:
    with pytest.raises(NotSquareIntegrable, match="outgrows"):
        certified.beta(parse("erfcx(x)"))
    with pytest.raises(ActivationError, match=r"undefined at x|complex-valued"):
        certified.beta(parse("erfinv(x)"))
    with pytest.raises(ActivationError, match="complex-valued"):
        certified.beta(parse("lambertw(x)"))


@pytest.mark.parametrize("name", sorted({*FUNCTIONS} & {*catalogue.names()}))
def test_a_function_and_an_activation_of_one_name_agree(name: str) -> None:
    entry, points = catalogue.get(name), np.array(POINTS)
    right = over_numpy(entry.expression, {entry.variable: points})
    assert over_numpy(parse(f"{name}(x)"), {x: points}) == pytest.approx(right, rel=16 * EPS)


# --- long formulas ------------------------------------------------------------------------------

TOWERS = ["celu(x)", "(2*x)", "(x*elu(x))", "(1 + hardshrink(x))", "(a*b*x)", "max(x, 1)", "|x|"]


@pytest.mark.parametrize("operator", ["^", "*", "+", "/"])
@pytest.mark.parametrize("factor", TOWERS)
def test_a_formula_grows_with_its_length_only(factor: str, operator: str) -> None:
    """Eight factors more add no more than the eight before them."""
    real = {"a": {"positive": True}, "b": {"positive": True}} if "a*b" in factor else {}
    sizes = [len(parse_nodes(operator.join([factor] * n), real)) for n in (8, 16, 24)]
    assert sizes[2] - sizes[1] <= 1.5 * (sizes[1] - sizes[0]) + 8


def parse_nodes(text: str, assumptions: Any) -> list[Any]:
    return list(sp.preorder_traversal(parse(text, assumptions)))


@pytest.mark.parametrize("text", ["a" * 10_000, "x*" + "b" * 5000 + "(x)", "1" * 5000, "\ud800",
                                  "sin(x, " + "c" * 5000 + "=1)", "elu(x, " + "d" * 99 + "=1)"],
                         ids=ascii)  # fmt: skip
def test_messages_are_short_and_print(text: str) -> None:
    with pytest.raises(ParseError) as refusal:
        parse(text)
    assert len(str(refusal.value)) < 700
    str(refusal.value).encode()


@pytest.mark.parametrize(
    ("assumptions", "message"),
    [
        ({"z" * 1000: {}}, r"assumptions are given for z{37}\.\.\., no symbol of the formula"),
        ({str(i): {} for i in range(50)}, "and 40 more"),
        ({5: {}}, "given for 5, no symbol"),
        ({"a": 5}, "the assumptions of a are 5; write them as in"),
        ({"a": {"positive": "yes"}}, "the assumptions of a are .*; write them as in"),
        ({"a": {"possitive": True}}, "the assumptions of a are .*; write them as in"),
        ({"a": {5: True}}, "the assumptions of a are .*; write them as in"),
        ([1], "assumptions are .1.; write them as in"),
        ({"\ud800": {}}, r"given for \\ud800, no symbol"),
    ],
    ids=lambda value: ascii(value)[:20],
)
def test_wrong_assumptions_are_named(assumptions: Any, message: str) -> None:
    with pytest.raises(ParseError, match=message) as refusal:
        parse("a*x", assumptions)
    assert len(str(refusal.value)) < 300


def test_the_docstring_lists_every_function() -> None:
    listed = set(re.findall(r"\w+", str(parse.__doc__)))
    assert {*FUNCTIONS, *CUTS} - {*listed} == {"Abs", "Heaviside", "Max", "Min", "ceiling",
                                               "LambertW"}  # fmt: skip


def test_suggestions_have_no_duplicates() -> None:
    with pytest.raises(ParseError, match=r"did you mean sin or sinh or sinc\?"):
        parse("sins(x)")
