import math

import pytest
import sympy as sp
from sympy import Symbol, exp, tanh

from hermiso.errors import ActivationError, NotSquareIntegrable
from hermiso.integrability import log_abs, screen

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
        (sp.cot(x), "poles on the line"),
    ],
    ids=str,
)
def test_others_are_named(e: sp.Expr, message: str) -> None:
    with pytest.raises(NotSquareIntegrable, match=message):
        screen(e, x, {})


def test_complex_values_are_named_with_the_sample() -> None:
    with pytest.raises(ActivationError, match=r"complex-valued or undefined at x = .*a = 0.5"):
        screen(sp.log(x + a) * tanh(x), x, {a: 0.5})


def test_log_abs_does_not_overflow() -> None:
    assert log_abs(exp(x**4), x, 1000.0, {}) == pytest.approx(1e12)
    assert log_abs(exp(x) * x**2, x, 1e5, {}) == pytest.approx(1e5 + 2 * math.log(1e5))
    assert log_abs(exp(exp(x)), x, 1e4, {}) == math.inf
