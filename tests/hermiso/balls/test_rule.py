"""The parts of a rule against integrals known otherwise."""

from __future__ import annotations

from math import log

import pytest
from flint import arb, ctx
from sympy import Symbol, exp, tanh

from hermiso.balls.compile import compiled
from hermiso.balls.moments import power
from hermiso.balls.panels import Goal, Segment, fit, log2_upper
from hermiso.balls.rule import Slit

X = Symbol("x", real=True)


def mass(a: float, b: float) -> arb:
    with ctx.workprec(2000):  # for what cancels
        return ((b / arb(2).sqrt()).erf() - (a / arb(2).sqrt()).erf()) / 2


@pytest.mark.parametrize(("a", "b"), [(1.0, 1.01), (-3.01, -3.0), (20.0, 1000.0)])
@pytest.mark.parametrize("value", [1, -2])
def test_a_slit_contains_the_integral_of_a_constant(a: float, b: float, value: int) -> None:
    """The mass of a slit is a bound: the smaller true share must be inside, too."""
    width, near = arb(b) - arb(a), min(abs(a), abs(b))
    bound = (width * (-(arb(near) ** 2) / 2).exp()).upper()
    slit = Slit(arb(a).union(arb(b)), arb(value), bound)
    assert slit.mean(power(1)).contains(value * mass(a, b))
    assert slit.mean(power(1)).contains(value * bound)


def test_what_is_far_out_is_one_slit() -> None:
    """A growth bound from 2^30 on: the line up to there has a million panels, or one slit."""
    f = compiled(tanh(X) + 1 / (1 + (X - 2**29) ** 2), X)
    segment = Segment(arb(0), arb(2) ** 30, f, f)
    rule = fit([segment], (), Goal((power(2),), (120,), 120))
    assert len(rule.cells) < 20
    assert len(rule.slits) < 60
    assert any(s.z.rad() > 2**20 for s in rule.slits)
    whole = fit([Segment(arb(0), arb(40), f, f)], (), Goal((power(2),), (120,), 120))
    assert rule.mean(power(2)).overlaps(whole.mean(power(2)))
    assert rule.rest(power(2)).rad() < arb(2) ** -110


def test_wide_boxes_overrate_an_exponential_and_columns_do_not() -> None:
    """E exp(g z) = exp(g^2/2): boxes as wide as a panel ask for ten times as many nodes."""
    gain, bits = 2000, 120
    with ctx.workprec(200):
        f = compiled(exp(gain * X), X)
        size = int(gain**2 / 2 / log(2))
        segment = Segment(arb(gain - 300), arb(gain + 300), f, f)
        rule = fit([segment], (), Goal((power(1),), (bits - size,), bits))
        value = rule.mean(power(1)) / arb(gain**2 / 2).exp()
        assert value.contains(1)
        assert value.rad() < arb(2) ** (20 - bits)
    assert len(rule.rows) < 4000


def test_the_size_of_astronomical_numbers() -> None:
    for size in (10**600, -(10**600)):
        assert abs(log2_upper(arb((1, size)))) >= 10**15
    assert log2_upper(arb(8)) == pytest.approx(3)
