"""What the exact route cannot do never ends a question: it is a node there and a ball here."""

from collections.abc import Callable
from typing import Any

import pytest
import sympy as sp
from sympy import Rational

import hermiso
from hermiso import certified
from hermiso.errors import NoClosedForm, PrecisionError
from hermiso.symbolic.nodes import Unevaluated
from tests.data.certified import X

rho = sp.Symbol("rho")
HALF = Rational(1, 2)
HARD = [
    sp.erf(X) + sp.Max(X - 1, 0),  # two error functions on a half-line, only in E sigma^2
    sp.Max(sp.erf(X), 0) + X,
    sp.erf(X) * sp.Heaviside(X - 1) + sp.sin(X),
    1 / (1 + X**2) + sp.Max(X - 1, 0),
    sp.Abs(X) ** Rational(1, 3) + sp.Heaviside(X - 1),
]
EXACT: dict[str, Callable[[sp.Expr], Any]] = {
    "moment": hermiso.moment,
    "beta": hermiso.beta,
    "coefficient": lambda e: hermiso.coefficient(e, 2),
    "symbolic coefficient": lambda e: hermiso.coefficient(e, sp.Symbol("k")),
    "smoothing": lambda e: hermiso.smoothing(e, sp.Symbol("t")),
    "dual": hermiso.dual,
    "kernel_map": hermiso.kernel_map,
}
ENCLOSED: dict[str, Callable[[sp.Expr], Any]] = {
    "moment": certified.moment,
    "beta": certified.beta,
    "coefficient": lambda e: certified.coefficient(e, 2),
    "dual": lambda e: certified.dual(e, Rational(1, 4)),
    "kernel_map": lambda e: certified.kernel_map(e, -1),
    "complement": lambda e: certified.complement(e, 2),
}


@pytest.mark.parametrize("e", HARD, ids=str)
@pytest.mark.parametrize("question", EXACT)
def test_the_exact_route_answers_with_a_form_or_a_node(question: str, e: sp.Expr) -> None:
    assert isinstance(EXACT[question](e), sp.Expr)


def test_the_ends_of_a_dual_are_numbers() -> None:
    for at in (1, -1):
        value = hermiso.dual(HARD[0]).subs(rho, at)
        assert abs(certified.dual(HARD[0], at, digits=12).mid - value.evalf(20)) < 1e-11


def test_a_kernel_map_that_the_exact_route_lacks() -> None:
    ball = certified.kernel_map(HARD[0], HALF, digits=6)
    node = hermiso.kernel_map(HARD[0])
    assert node.has(Unevaluated)
    value = node.subs(rho, HALF).evalf(6)
    assert abs(float(ball.mid) / float(value) - 1) < 2e-6
    dual, (c0, second) = (
        certified.dual(HARD[0], HALF, digits=7),
        [certified.moment(f, digits=7) for f in (HARD[0], HARD[0] ** 2)],
    )
    assert ((dual - c0 * c0) / (second - c0 * c0)).overlaps(ball)


def test_a_function_that_balls_lack_is_named() -> None:
    e = sp.Max(0, sp.tanh(X)) * sp.zeta(3 + sp.cos(X), evaluate=False)
    for ask in (*ENCLOSED.values(), lambda f: hermiso.beta(f).evalf()):
        with pytest.raises(PrecisionError, match="zeta") as caught:
            ask(e)
        assert not isinstance(caught.value, NoClosedForm)


def test_an_oscillation_is_refused_at_30_digits_and_has_10() -> None:
    """The value is that of a quadrature of 45 s, which the budget named in the message allows."""
    with pytest.raises(PrecisionError, match=r"too rough.*fewer digits.*allow more.*boxes=4e6"):
        certified.beta(sp.sin(X**5))
    assert certified.beta(sp.sin(X**5), digits=10).contains("1.916461645156151359005178273208")
