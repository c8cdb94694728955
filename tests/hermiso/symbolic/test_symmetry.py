"""Parity is refuted at points, and proved where they agree."""

from __future__ import annotations

import pytest
import sympy as sp

from hermiso import algebra
from hermiso.parsing import parse
from hermiso.symbolic.symmetry import symmetry

x = sp.Symbol("x", real=True)


@pytest.mark.parametrize(
    ("formula", "parity", "rest"),
    [
        ("sigmoid(x)", -1, "1/2"),
        ("softplus(x)", 1, "x/2"),
        ("gelu(x)", 1, "x/2"),
        ("silu(a*x)", 1, "a*x/2"),
        ("tanh(x) + x^20", -1, "x^20"),
        ("x^2*sigmoid(0.37*x)", -1, "x^2/2"),
        ("sigmoid(0.1234567891234*x) + sigmoid(0.3*x) + x^3", -1, "1"),
        ("log(2*cosh(x))", 1, "0"),
        ("mish(x)", 0, "0"),
        ("sigmoid(x - 1e-9)", 0, "0"),
        ("exp(0.3*x)/(1 + exp(0.1234567891234*x))", 0, "0"),
    ],
)
def test_parities(formula: str, parity: int, rest: str) -> None:
    found, p = symmetry(parse(formula), x)
    assert found == parity
    assert sp.expand(p - parse(f"x - x + {rest}")) == 0


def test_points_refute_without_algebra(monkeypatch: pytest.MonkeyPatch) -> None:
    def forbidden(e: sp.Expr) -> sp.Expr:
        raise AssertionError(f"algebra of {e}")

    monkeypatch.setattr(algebra, "cancel", forbidden)
    assert symmetry(parse("1/(1+exp(0.333*x+1)) + 1/(1+exp(0.707*x))"), x) == (0, 0)
    with pytest.raises(AssertionError, match="algebra"):
        symmetry(parse("1/(1+exp(0.333*x)) + 1/(1+exp(0.707*x))"), x)
