import math
from functools import partial
from typing import Any

import pytest
import sympy as sp
from sympy import Symbol, exp, tanh

import hermiso
from hermiso import catalogue, certified, integrability, numeric
from hermiso.errors import ActivationError, HermisoError, NotSquareIntegrable, PrecisionError
from hermiso.integrability import is_shown, log_abs, screen
from hermiso.symbolic.nodes import Unevaluated

x = Symbol("x", real=True)
a = Symbol("a", real=True)


@pytest.mark.parametrize(
    "e",
    [
        tanh(x) * exp(3 * x),
        sp.log(sp.cosh(x)),
        tanh(exp(exp(x))),
        exp(x**2 / 5) * tanh(x),
        sp.log(abs(x)) + tanh(x),
        tanh(x) / x,
        tanh(x) * abs(x) ** sp.Rational(-1, 3),
        sp.tan(tanh(x)),
        exp(1000 * x) / (1 + exp(1000 * x)),
        sp.besselj(1, x),
        exp(x**2 / 4) / (1 + x**2),
        exp(x**2 / 4) / sp.sqrt(1 + x**2),
        exp(x**2 / 4 - abs(x)),
        1 / sp.gamma(1 + x**2),
        sp.gamma(1 + abs(x)),
        sp.loggamma(1 + x**2),
        sp.zeta(2 + x**2),
        sp.polygamma(0, 1 + x**2),
        sp.atan(sp.tan(x)),
        tanh(sp.tan(x)),
        1 / (1 + sp.tan(x) ** 2),
        sp.sin(1 / x),
        sp.sin(x) / x,
        sp.log(abs(sp.sin(x))),
        abs(sp.sin(x)) ** sp.Rational(-1, 3),
        tanh(x) + exp(-(10**4) * (x - 3) ** 2),
    ],
    ids=str,
)
def test_square_integrable_functions_pass(e: sp.Expr) -> None:
    screen(e, x, {})


@pytest.mark.parametrize(
    ("e", "message"),
    [
        (exp(exp(x)) * tanh(x), "outgrows .* -> oo"),
        (exp(-(x**3)), "-> -oo"),
        (tanh(x) * exp(x**2 / 3), "outgrows"),
        (sp.Max(exp(exp(x)), 0), "outgrows"),
        (exp(x**2) * tanh(x) + 1, "outgrows"),
        (tanh(x) / (x**2 - 4), "pole at x = -2"),
        (1 / (exp(x) - 1), "pole at x = 0"),
        (sp.cot(x), "pole near x = 0, and a function with poles on the line"),
        (sp.tan(x), "pole near x = -1.571"),
        (abs(sp.tan(x)), "pole near x = -1.571"),
        (sp.gamma(x), "pole near x = 0"),
        (1 / sp.sqrt(abs(x)), "pole .* x = 0"),
        (1 / (1 - sp.cos(x)), "pole at x = 0"),
        (exp(1 / x), "pole at x = 0"),
        (sp.coth(x), "pole .* x = 0"),
        (tanh(x) + 1 / sp.sin(x), "pole near x = 0"),
        (1 / (x * exp(x) - 1), "pole near x = 0.5671"),
        (exp(x**2 / 4), "outgrows"),
        (exp(x**2 / 4) / (1 + x**2) ** sp.Rational(1, 4), "outgrows"),
        (sp.gamma(3 + x**2), "outgrows"),
    ],
    ids=str,
)
def test_others_are_named(e: sp.Expr, message: str) -> None:
    with pytest.raises(NotSquareIntegrable, match=message):
        screen(e, x, {})


@pytest.mark.parametrize(
    ("e", "reason"),
    [
        (1 / sp.gamma(x - 8), r"gamma\(x - 8\) .* resisted"),
        (1 / (sp.cos(x - 1) - 1), "near x = 1"),
    ],
    ids=str,
)
def test_suspects_are_not_called_infinite(e: sp.Expr, reason: str) -> None:
    with pytest.raises(ActivationError, match=f"cannot show .* finite.*{reason}") as caught:
        screen(e, x, {})
    assert not isinstance(caught.value, NotSquareIntegrable)


def test_the_sample_is_named_with_the_proof() -> None:
    with pytest.raises(NotSquareIntegrable, match=r"outgrows .*tried a = 0.5"):
        screen(exp(a * x**2) * tanh(x), x, {a: 0.5})
    with pytest.raises(NotSquareIntegrable, match=r"tried a = 0.5.*pole at x = 1/2"):
        screen(tanh(x) / (x - a), x, {a: 0.5})


def test_a_proof_costs_no_sampling(monkeypatch: pytest.MonkeyPatch) -> None:
    """Bounds are sharper than samples, and cheaper: numpy and scipy need not be loaded."""
    monkeypatch.setattr(integrability, "over_numpy", None)
    for name in catalogue.names():
        entry = catalogue.get(name)
        screen(entry.expression, entry.variable, {})


def test_complex_values_are_named_with_the_sample() -> None:
    with pytest.raises(ActivationError, match=r"complex-valued or undefined at x = .*a = 0.5"):
        screen(sp.log(x + a) * tanh(x), x, {a: 0.5})


def test_log_abs_does_not_overflow() -> None:
    assert log_abs(exp(x**4), x, 1000.0, {}) == pytest.approx(1e12)
    assert log_abs(exp(x) * x**2, x, 1e5, {}) == pytest.approx(1e5 + 2 * math.log(1e5))
    assert log_abs(exp(exp(x)), x, 1e4, {}) == math.inf


@pytest.mark.parametrize("route", [hermiso, certified, numeric], ids=["exact", "balls", "floats"])
@pytest.mark.parametrize(
    "e",
    [
        sp.sqrt(x + 50), sp.sqrt(x**2 - sp.Rational(1, 10**4)), sp.atanh(x / 40), sp.log(x + 300),
        sp.acosh(x + 70), (x + 900) ** sp.Rational(1, 3), sp.LambertW(x + 80),
    ],
    ids=str,
)  # fmt: skip
def test_real_at_the_first_points_is_not_real_everywhere(route: Any, e: sp.Expr) -> None:
    with pytest.raises(ActivationError, match="complex-valued at x = "):
        route.beta(e)


def test_cancellation_far_out_is_not_called_complex() -> None:
    """It is 1, but at x = 1000 the root of one rounding or another, by 300 digits or by 900."""
    e = sp.sqrt(2 * sp.cosh(2 * x) ** 2 - sp.cosh(4 * x))
    assert screen(e, x, {}) is False
    with pytest.raises(HermisoError) as refused:
        certified.beta(e + x)
    assert "complex" not in str(refused.value)


@pytest.mark.parametrize(
    ("e", "shown"),
    [
        (sp.tanh(x), True), (sp.sqrt(1 + x**2), True), (sp.sqrt(sp.Abs(x)), True),
        (sp.log(sp.Abs(x)), True), (sp.erfi(x), False), (sp.sin(x) / x, True),
        (sp.Piecewise((sp.sqrt(x), x > 0), (0, True)), True), (sp.zeta(2 + x**2), False),
    ],
    ids=str,
)  # fmt: skip
def test_shown_by_balls(e: sp.Expr, shown: bool) -> None:
    assert is_shown(e, x) is shown


def test_symmetry_answers_nothing_before_integrability_is_shown() -> None:
    """E erfi(z)^4 and E|erfi(z)^3| are infinite: erfi(x) grows as exp(x^2)/x."""
    for power in (1, 2, 3):
        e = sp.erfi(x) ** power
        for found in (hermiso.beta(e), hermiso.coefficient(e, power + 1), hermiso.moment(e)):
            assert found.has(Unevaluated)
            with pytest.raises(PrecisionError):
                found.evalf(5)
        for question in (certified.moment, certified.beta, partial(certified.coefficient, k=power)):
            with pytest.raises(PrecisionError, match="no rule for erfi"):
                question(e)
    assert hermiso.coefficient(sp.erfi(x) ** 2 + x, 3).has(Unevaluated)
    a = sp.Symbol("a", real=True)
    assert hermiso.moment(sp.erfi(a * x)).has(Unevaluated)
    assert hermiso.moment(sp.tanh(a * x)) == 0
