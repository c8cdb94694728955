"""Any formula of up to 200 characters is answered or refused within 10 s and 1 GB.

`python -m tests.fuzz -n 2000` prints the counts and the slowest ten.
"""

from __future__ import annotations

import os

import pytest

from tests import fuzz

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="cases run in forked processes")


def faults(number: int, first: int = 0) -> list[str]:
    fuzz.preload()
    outcomes = [fuzz.outcome(*case) for case in fuzz.cases(fuzz.SEED, number, first)]
    print(fuzz.summary(outcomes))
    assert sum(o.kind == "answer" for o in outcomes) > number / 3
    return [f"{o.kind}: {o.question} {o.formula}" for o in outcomes if o.is_fault]


def test_a_few_formulas() -> None:
    assert faults(16) == []


@pytest.mark.parametrize(
    ("question", "formula", "kind"),
    [  # signs of cubics by roots, evalf of a tower, binormal at thousands of digits
        (
            "moment",
            "max(x + (sqrt(2)*x)*x + (pi*x)*x, (x - 4.50) - 0.91740506615/(x - 8)*x"
            " - (x - 2.4536822)*x*x)",
            "refused: NotSquareIntegrable",
        ),
        (
            "beta",
            "1/(1 + exp(1.1230*x))*cosh(0.0413*mish(erf((4*x - x*x*(1*x) - 0.5071393537030*x/x)^0.3"
            " - tanh(x*x + x))*quick_gelu(x)) - erf(4.91*x))",
            "refused: ActivationError",
        ),
        ("beta", "erfc(3*x - 1000)", "refused: PrecisionError"),
        ("beta", "exp(-x^2)/(1 - erf(x/sqrt(2)))", "answer"),
    ],
)
def test_what_once_hung(question: str, formula: str, kind: str) -> None:
    assert fuzz.asked(question, formula)[0] == kind


@pytest.mark.search
def test_many_formulas() -> None:
    assert faults(100_000, 1_000_000) == []


def test_a_hanging_or_greedy_question_is_a_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    def hang(_: object) -> None:
        while True:
            pass

    monkeypatch.setitem(fuzz.QUESTIONS, "hang", hang)
    monkeypatch.setitem(fuzz.QUESTIONS, "crash", lambda _: os.abort())
    monkeypatch.setitem(fuzz.QUESTIONS, "eat", lambda _: bytes(2 * fuzz.MEMORY))
    assert fuzz.outcome("hang", "x", seconds=1).kind == "timeout"
    assert fuzz.outcome("crash", "x").kind == "killed by signal 6"
    assert fuzz.outcome("eat", "x").kind == "refused: BudgetExceeded"
