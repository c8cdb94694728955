"""Branches of a Piecewise on balls: the one that holds, and both where that is undecided."""

from __future__ import annotations

import pytest
import sympy as sp
from flint import arb

from hermiso.balls.compile import compiled

x = sp.Symbol("x", real=True)
HALF = sp.Rational(1, 2)
STRICT, WEAK = sp.sin(x) > HALF, x <= sp.exp(x) - 2


@pytest.mark.parametrize(
    "condition",
    [
        STRICT, WEAK, sp.Not(STRICT), sp.And(STRICT, WEAK), sp.Or(STRICT, WEAK),
        sp.Or(sp.Not(WEAK), sp.Eq(sp.floor(x), 2)), sp.Ne(sp.floor(x), -1), sp.Eq(x**2, 2 * x),
    ],
    ids=str,
)  # fmt: skip
def test_the_branch_that_holds_is_taken(condition: sp.Basic) -> None:
    f = compiled(sp.Piecewise((7, condition), (x, True)), x)
    for at in (-4.25, -1.5, -0.5, 0.25, 1.25, 2.5, 3.75):  # not on a boundary
        holds = bool(condition.subs(x, sp.Rational(at)))
        assert f.real(arb(at)) == (7 if holds else at), at


def test_both_branches_where_it_is_undecided() -> None:
    f = compiled(sp.Piecewise((7, STRICT), (5, True)), x)
    around = f.real(arb(sp.N(sp.pi / 6), 0.01))
    assert around.contains(5)
    assert around.contains(7)
    assert f.real(arb(1, 0.01)) == 7
