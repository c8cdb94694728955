"""What the certified route refuses, and what it says."""

import re
import time
from collections.abc import Callable
from typing import Any

import pytest
import sympy as sp

import hermiso
from hermiso import certified
from hermiso.errors import ActivationError, HermisoError, NotSquareIntegrable
from tests.data.certified import X, assert_overlap

a, y = sp.symbols("a y", real=True)

EVERY: dict[str, Callable[..., Any]] = {
    "enclose": hermiso.enclose,
    "moment": certified.moment,
    "coefficient": lambda e, **options: certified.coefficient(e, 3, **options),
    "coefficients": lambda e, **options: certified.coefficients(e, 3, **options),
    "beta": certified.beta,
    "beta_minus_one": certified.beta_minus_one,
    "dual": lambda e, **options: certified.dual(e, sp.Rational(1, 3), **options),
    "kernel_map": lambda e, **options: certified.kernel_map(e, sp.Rational(1, 3), **options),
    "complement": lambda e, **options: certified.complement(e, sp.Rational(1, 3), **options),
}


@pytest.mark.parametrize("function", EVERY)
@pytest.mark.parametrize(
    "e",
    [sp.exp(X**2 / 2), sp.exp(X**2 / 4), 1 / X, 1 / sp.sqrt(sp.Abs(X)), sp.exp(sp.exp(X))],
    ids=str,
)
def test_not_square_integrable(e: sp.Expr, function: str) -> None:
    with pytest.raises(NotSquareIntegrable, match="square"):
        EVERY[function](e)


@pytest.mark.parametrize(
    "e", [1 / (X**2 - 2), sp.tan(X), 1 / sp.sinh(X), 1 / sp.log(X**2)], ids=str
)
def test_a_pole_on_the_line_is_no_number(e: sp.Expr) -> None:
    with pytest.raises(HermisoError):
        certified.moment(e)


@pytest.mark.parametrize("function", EVERY)
@pytest.mark.parametrize("digits", [0, -1, "a", True, 2.5, None], ids=repr)
def test_digits_must_be_a_positive_integer(digits: Any, function: str) -> None:
    with pytest.raises(HermisoError, match=rf"digits.*{re.escape(repr(digits))}"):
        EVERY[function](sp.tanh(X), digits=digits)


@pytest.mark.parametrize("function", EVERY)
def test_a_million_digits_are_refused_at_once(function: str) -> None:
    start = time.perf_counter()
    with pytest.raises(HermisoError, match="1000000"):
        EVERY[function](sp.tanh(X), digits=10**6)
    assert time.perf_counter() - start < 5


@pytest.mark.parametrize("function", [certified.dual, certified.kernel_map])
@pytest.mark.parametrize("rho", [2, -1.5, sp.sqrt(2), sp.oo, "a", None, 1j], ids=repr)
def test_rho_must_be_a_correlation(rho: Any, function: Callable[..., Any]) -> None:
    with pytest.raises(HermisoError, match="rho"):
        function(sp.tanh(X), rho)


@pytest.mark.parametrize("delta", [-sp.Rational(1, 10**9), 3, "a"], ids=repr)
def test_delta_must_be_the_distance_of_a_correlation_from_1(delta: Any) -> None:
    with pytest.raises(HermisoError, match="delta"):
        certified.complement(sp.tanh(X), delta)


def test_a_ball_of_correlations_beyond_1() -> None:
    beyond = 1 + certified.moment(sp.tanh(X) ** 2, digits=5)
    with pytest.raises(HermisoError, match="rho"):
        certified.dual(sp.tanh(X), beyond)


def test_a_ball_of_correlations_around_1_counts_up_to_1() -> None:
    fuzzy = 1 + certified.moment(sp.tanh(X) ** 2 + 1 / sp.cosh(X) ** 2 - 1, digits=20)
    assert fuzzy.less(1) is None
    ball = certified.dual(sp.tanh(X), fuzzy)
    assert_overlap(ball, certified.dual(sp.tanh(X), 1), "at 1")


@pytest.mark.parametrize("k", [-1, 1.5, "k", None], ids=repr)
def test_the_degree_must_be_a_natural_number(k: Any) -> None:
    with pytest.raises(HermisoError, match=re.escape(str(k))):
        certified.coefficient(sp.tanh(X), k)


@pytest.mark.parametrize("function", EVERY)
def test_parameters_without_values_are_named(function: str) -> None:
    with pytest.raises(HermisoError, match=r"\ba\b"):
        EVERY[function](sp.Max(a * X, 0) + sp.tanh(X), x=X)
    with pytest.raises(HermisoError, match=r"\ba\b"):
        EVERY[function](sp.tanh(X), gain=a)


def test_several_symbols_none_of_them_x() -> None:
    with pytest.raises(ActivationError, match="y"):
        certified.moment(a * y)


@pytest.mark.parametrize(
    ("e", "culprit"),
    [
        (sp.tanh(X) + sp.besselj(sp.Rational(1, 3), X**2), r"besselj\(1/3, x\*\*2\)"),
        (sp.Max(X, 0) * sp.zeta(2 + X**2), r"zeta\(x\*\*2 \+ 2\)"),
        (sp.log(2 + sp.Function("f", real=True)(X)), r"f\(x\)"),
    ],
    ids=str,
)
def test_the_subexpression_that_resists_is_named(e: sp.Expr, culprit: str) -> None:
    with pytest.raises(HermisoError, match=culprit):
        certified.moment(e)


@pytest.mark.parametrize(
    "e", [sp.I * X, sp.sqrt(X), sp.log(X), sp.asin(X), X ** sp.Rational(1, 3)], ids=str
)
def test_complex_values_are_refused(e: sp.Expr) -> None:
    with pytest.raises(ActivationError, match=r"complex|real"):
        certified.moment(e)
