from itertools import pairwise

import pytest
import sympy as sp
from flint import arb, ctx

from hermiso.balls import strip
from hermiso.balls.compile import compiled
from hermiso.balls.line import Line
from hermiso.balls.moments import hermite, power, residual
from hermiso.balls.panels import Goal, Segment
from hermiso.balls.rule import Rule

X = sp.Symbol("x", real=True)
WEIGHTS = (power(1), power(1, 1), power(2), residual(arb(1) / 4, arb(1) / 2), hermite(3))
SMOOTH = [
    sp.erf(X),
    sp.tanh(X) + X / 3,
    1 / (1 + sp.exp(-X)),
    sp.log(1 + sp.exp(X)),
    sp.exp(X / 2) * sp.cos(X),
    sp.sin(X) / (2 + sp.cos(X)),
]


def on_strip(e: sp.Expr, bits: int, most: int = 10**6) -> Rule | None:
    """The trapezoid rule with its tails, at the current precision."""
    line = Line(e, X)
    goal = Goal(WEIGHTS, (bits,) * len(WEIGHTS), bits)
    tails = line.tails(goal)
    reach = max((t.cut for t in tails), key=lambda cut: cut.mid())
    with ctx.workprec(53):
        coarse = compiled(e, X)
    rule = strip.strip_rule(Segment(-reach, reach, compiled(e, X), coarse), reach, goal, most)
    return rule and Rule(rule.rows, rule.cells, rule.slits, tails)


@pytest.mark.parametrize("e", SMOOTH, ids=str)
@pytest.mark.parametrize("bits", [100, 400])
def test_strip_and_panels_agree(e: sp.Expr, bits: int) -> None:
    with ctx.workprec(bits + 60):
        rule = on_strip(e, bits)
        assert rule is not None
        panels = Line(e, X).rule(Goal(WEIGHTS, (bits,) * len(WEIGHTS), bits))
        for weight in WEIGHTS:
            value, other = rule.mean(weight), panels.mean(weight)
            assert value.overlaps(other)
            assert value.rad() < arb(2) ** (10 - bits)


@pytest.mark.parametrize("e", SMOOTH[:3], ids=str)
def test_the_error_is_needed(e: sp.Expr, monkeypatch: pytest.MonkeyPatch) -> None:
    """A step twice as long with the bound of the short one misses the truth."""
    bits = 200
    with ctx.workprec(bits + 60):
        truth = Line(e, X).rule(Goal(WEIGHTS, (bits,) * 5, bits)).mean(power(2))
        found = strip._strip

        def doubled(segment: Segment, reach: arb, goal: Goal) -> object:
            a, h, top = found(segment, reach, goal)  # type: ignore[misc]
            return a, 2 * h, top

        monkeypatch.setattr(strip, "_strip", doubled)
        rule = on_strip(e, bits)
        assert rule is not None
        honest = rule.mean(power(2))  # its bound knows the step
        assert honest.overlaps(truth)
        assert not Rule(rule.rows, (), (), rule.tails).mean(power(2)).overlaps(truth)


def test_a_pole_on_the_line_has_no_strip() -> None:
    with ctx.workprec(160):
        assert on_strip(1 / (1 + 10**12 * X**2), 100, most=1000) is None


def test_many_digits_by_the_better_rule() -> None:
    """At 400 digits erf goes by the strip, arctan with its branch point at i by panels."""
    bits = 1340
    with ctx.workprec(bits + 60):
        goal = Goal((power(2),), (bits,), bits)
        smooth, near = (Line(f(X), X).rule(goal) for f in (sp.erf, sp.atan))
        assert len(spacings(smooth)) == 1
        assert len(spacings(near)) > 1
        assert smooth.mean(power(2)).overlaps(2 * (arb(2) / 3).asin() / arb.pi())


def spacings(rule: Rule) -> set[str]:
    """The distances between neighbours among the first nodes."""
    zs = [z for z, _, _ in rule.rows[:10]]
    return {str((b - a).mid()) for a, b in pairwise(zs)}
