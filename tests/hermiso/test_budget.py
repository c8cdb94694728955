"""Every question ends: what is counted, what happens at a limit, and who shares a budget."""

from __future__ import annotations

from threading import Thread

import mpmath
import pytest
import sympy as sp

import hermiso
from hermiso import budget, certified
from hermiso.errors import (
    ActivationError,
    BudgetExceeded,
    HermisoError,
    NoClosedForm,
    NotSquareIntegrable,
    PrecisionError,
)
from hermiso.hermite import isometry_strength
from hermiso.parsing import parse
from hermiso.symbolic.nodes import Unevaluated

x = sp.Symbol("x", real=True)


def test_a_limit_on_boxes_names_itself_and_what_to_allow() -> None:
    node = hermiso.beta("tanh")
    with budget.limited(boxes=50), pytest.raises(BudgetExceeded, match=r"50 boxes.*boxes=500"):
        node.evalf(15)
    assert abs(node.evalf(15) - sp.Float("1.06953007638470507", 20)) < 1e-14


def test_a_limit_on_terms_leaves_a_node_with_the_same_value() -> None:
    e = sp.Max(x, 0) ** 3 - sp.Min(x, sp.Rational(1, 3)) ** 2
    closed = hermiso.beta(e)
    with budget.limited(terms=10):
        node = hermiso.beta(e)
    assert node.has(Unevaluated)
    assert not closed.has(Unevaluated)
    assert abs((closed - node).evalf(15)) < 1e-14


def test_no_time_left_ends_a_question_at_its_first_look_at_the_clock() -> None:
    with budget.limited(seconds=0), pytest.raises(BudgetExceeded, match="0 seconds"):
        certified.beta(x + sp.sin(3 * x) / 7, digits=20)


def test_limits_are_of_the_block_and_of_the_thread() -> None:
    found = []
    node = hermiso.moment(sp.tanh(x + 1))
    with budget.limited(boxes=1):
        thread = Thread(target=lambda: found.append(node.evalf(10)))
        thread.start()
        thread.join()
    assert abs(node.evalf(10) - found[0]) < 1e-9


def repeated(node: sp.Expr, times: int) -> None:
    for digits in range(10, 10 + times):
        node.evalf(digits)


def test_questions_inside_a_question_share_its_budget() -> None:
    node = hermiso.moment(sp.tanh(x + 1))
    with budget.limited(boxes=2000):
        node.evalf(10)  # alone it fits
        with pytest.raises(BudgetExceeded), budget.question():
            repeated(node, 100)


def test_what_fails_after_the_end_is_the_end() -> None:
    def spent(error: Exception) -> None:
        with budget.limited(boxes=1), budget.question():
            with pytest.raises(PrecisionError):
                budget.spend_boxes(2)
            raise error

    with pytest.raises(BudgetExceeded):
        spent(ActivationError("it is complex-valued"))
    with pytest.raises(NotSquareIntegrable):  # raised with a proof only
        spent(NotSquareIntegrable("it has a pole"))


def test_without_a_question_nothing_is_counted() -> None:
    budget.spend_boxes(1e12)
    budget.spend_terms(1e12)
    with budget.limited(terms=5), budget.question(), pytest.raises(NoClosedForm, match="5 terms"):
        budget.spend_terms(6)
    with budget.limited(terms=None, boxes=None, seconds=None), budget.question():
        budget.spend_boxes(1e12)
        budget.spend_terms(1e12)


def test_failures_below_are_refusals_and_our_own_are_not() -> None:
    with pytest.raises(ActivationError, match="cannot work with it"), budget.question():
        sp.Max(sp.I, x)
    with pytest.raises(ActivationError, match="nested too deeply"), budget.question():
        raise RecursionError
    with pytest.raises(BudgetExceeded, match="memory"), budget.question():
        raise MemoryError


@pytest.mark.parametrize(
    ("formula", "value"),
    [
        ("exp(0.3*x)/(1+exp(0.1234567891234*x))", "1.024256234328349304"),
        ("sigmoid(0.7311*x-1)+sigmoid(1.2247*x)", "1.018606735877482093"),
    ],
)
def test_long_decimals_in_exponents_have_a_strength(formula: str, value: str) -> None:
    assert abs(hermiso.beta(parse(formula)).evalf(19) - sp.Float(value, 25)) < 1e-18


def test_long_decimals_in_exponents_have_a_moment() -> None:
    e = parse("1/(1+exp(0.3333333333*x+1)) + 1/(1+exp(0.7071067812*x))")
    assert abs(hermiso.moment(e).evalf(17) - sp.Float("0.77380631559873017", 25)) < 1e-17


def test_a_root_of_a_long_exponent_has_a_strength() -> None:
    value = hermiso.beta(parse("sqrt(1+exp(-0.7071067812*x))")).evalf(15)

    def mean(power: int, times: int) -> mpmath.mpf:
        rate = mpmath.mpf("0.7071067812")
        return mpmath.quad(
            lambda z: mpmath.sqrt(1 + mpmath.exp(-rate * z)) ** power * z**times * mpmath.npdf(z),
            range(-16, 17, 2),
        )

    with mpmath.workdps(25):
        expected = isometry_strength(mean(1, 0), mean(1, 1), mean(2, 0))
        assert abs(value - sp.Float(expected, 25)) < 1e-14


@pytest.mark.parametrize(
    "ask",
    [
        lambda: hermiso.beta("tanh").evalf(10_000),
        lambda: hermiso.moment(parse("where(x>0,1e999,2)^1000")).evalf(15),
        lambda: hermiso.moment(parse("where(x>0,where(x>1,1e999,2)^1000,1)^1000")),
        lambda: hermiso.coefficient("relu", 100_000),
        lambda: hermiso.coefficients("relu", 100_000),
    ],
)
def test_too_large_a_question_is_refused(ask: object) -> None:
    with pytest.raises(HermisoError):
        print(ask())  # type: ignore[operator]
