"""Coefficients of high degree: short, quick, and equal to those by other ways."""

from __future__ import annotations

import pytest
import sympy as sp

import hermiso
from hermiso import certified, closed_form
from hermiso.errors import ActivationError
from hermiso.hermite import ProbabilistHermite, probabilist
from hermiso.parsing import parse

x, s, t = sp.symbols("x s t", real=True)


@pytest.mark.parametrize("n", [9, 10, 16, 41])
def test_a_shifted_gelu_has_two_hermite_terms(n: int) -> None:
    c = hermiso.coefficient(parse("gelu(t + s*x)"), n, x)
    assert len(c.atoms(ProbabilistHermite)) == 2
    assert c.count_ops() < 100
    number = c.subs({s: sp.Rational(-5, 7), t: sp.Rational(2, 3)}).evalf(20)
    ball = certified.coefficient(parse("gelu(2/3 - 5*x/7)"), n, digits=20)
    assert abs(number - sp.Float(ball.mid, 30)) < 1e-18 * abs(number)


def test_hermite_polynomials_at_symbols_differentiate_and_evaluate() -> None:
    for n in (3, 12):
        assert (ProbabilistHermite(n, t).diff(t) - probabilist(n, t).diff(t)).subs(t, 3) == 0
    root = ProbabilistHermite(30, sp.sqrt(2))
    assert root.is_number
    assert root.count_ops() < 100
    assert root == sp.expand(probabilist(30, x).subs(x, sp.sqrt(2)))


@pytest.mark.parametrize(("name", "n"), [("relu", 202), ("gelu", 202), ("exp", 300)])
def test_high_degrees_by_the_formula_for_every_degree(name: str, n: int) -> None:
    source = sp.exp(x / 3) if name == "exp" else name
    closed = hermiso.coefficient(source, n)
    ball = certified.coefficient(source, n, digits=15)
    recurrence = hermiso.coefficient(source, n - 2)
    assert abs(closed.evalf(15) / sp.Float(ball.mid, 20) - 1) < 1e-13
    assert len(str(closed)) < 500
    assert abs(closed.evalf(15)) < abs(recurrence.evalf(15))


def test_too_high_a_degree_names_other_routes(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ActivationError, match=r"0\.\.2000.*certified.*numeric"):
        hermiso.coefficient("relu", 100_000)
    known = certified.coefficient("tanh", 5, digits=10)
    monkeypatch.setattr(closed_form, "MAX_DEGREE", 4)
    with pytest.raises(ActivationError, match=r"0\.\.4"):
        hermiso.coefficient("tanh", 5)
    assert certified.coefficient("tanh", 5, digits=10).overlaps(known)
    assert certified.coefficients("tanh", 6, digits=10)[5].overlaps(known)
