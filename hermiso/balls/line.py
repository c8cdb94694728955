"""The real line under a function: pieces between kinks, tails, singular points.

A `Line` is what an expression looks like to the quadrature: prepared once, then fitted at any
precision. Kinks that sympy finds exactly split the line; where it cannot (Abs(sin(x))) the
expression stays whole and the panels close in on its kinks.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import sympy as sp
from flint import arb, ctx
from sympy import Expr, Symbol, oo

from hermiso.balls.compile import BallFunction, compiled, constant
from hermiso.balls.growth import Growth, growth
from hermiso.balls.panels import BELL, COARSE, Goal, Segment, fit, log2_upper
from hermiso.balls.rule import Rule, Tail, Weight
from hermiso.errors import ActivationError, NoClosedForm, PrecisionError, UnknownSign
from hermiso.pieces import Piece, split

SAMPLES = 128  # on either side
NEAR = 2.0**-20
FULL = Weight(lambda f, z: f * f, lambda f, z, spread: (f * f,))
SQUARES = Weight(lambda f, z: f * f + z * z, lambda f, z, spread: (f * f, z * z))


@dataclass(frozen=True)
class Line:
    """A function of a standard Gaussian, ready to be integrated.

    Attributes:
        expression: a real function of x alone.
        x: the variable.
    """

    expression: Expr
    x: Symbol

    def __post_init__(self) -> None:
        names = sorted(str(s) for s in self.expression.free_symbols - {self.x})
        if names:
            raise ActivationError(
                f"{self.expression} has no number: {', '.join(names)} has no value; substitute "
                "a number for every parameter first"
            )

    @cached_property
    def pieces(self) -> tuple[Piece, ...]:
        """Smooth pieces; one, unresolved, where the kinks have no closed form."""
        try:
            return split(self.expression, self.x)
        except (NoClosedForm, UnknownSign):
            return (Piece(-oo, oo, self.expression),)

    @cached_property
    def growths(self) -> tuple[Growth, Growth]:
        """Bounds of |f| far to the left and far to the right."""
        return growth(self.expression, self.x, -1), growth(self.expression, self.x, 1)

    def tails(self, goal: Goal) -> tuple[Tail, ...]:
        """Cut both ends where no integrand matters any more."""
        return tuple(Tail(g, _cut(g, goal)) for g in self.growths) + self._singular(goal)

    @cached_property
    def slope(self) -> Line | None:
        """The derivative of a function without kinks, else None."""
        (first, *others) = self.pieces
        return None if others else Line(first.expression.diff(self.x), self.x)

    @cached_property
    def _coarse(self) -> tuple[BallFunction, ...]:
        with ctx.workprec(COARSE):
            return tuple(compiled(p.expression, self.x) for p in self.pieces)

    @cached_property
    def _singularities(self) -> tuple[tuple[int, int, Growth], ...]:
        """Kinks where a neighbouring piece is unbounded: (kink, side, its growth)."""
        found = []
        for i, p in enumerate(self.pieces):
            for k, t, side in ((i - 1, p.lower, 1), (i, p.upper, -1)):
                if t in (-oo, oo):
                    continue
                with ctx.workprec(COARSE):
                    near = constant(t) + side * arb(NEAR / 2, NEAR / 2)
                    bounded = self._coarse[i].real(near).is_finite()
                if not bounded:
                    found.append((k, side, _growth_at(p.expression, self.x, t, side)))
        return tuple(found)

    def _singular(self, goal: Goal) -> tuple[Tail, ...]:
        return tuple(
            Tail(g, _cut(g, goal, at=t), t)
            for k, side, g in self._singularities
            for t in (constant(self.pieces[k].upper),)
        )

    def rule(self, goal: Goal) -> Rule:
        """Fit a rule to a goal, at the current precision."""
        tails = self.tails(goal)
        return fit(self._segments(tails), tails, goal)

    def clipped(self, bits: int) -> list[Segment]:
        """Return the pieces, cut where E f^2 has less than 2^-2 bits left."""
        if self._singularities:
            raise PrecisionError(f"{self.expression} is unbounded at a kink")
        goal = Goal((FULL,), (2 * bits,), bits)
        return self._segments(self.tails(goal))

    def _segments(self, tails: Sequence[Tail]) -> list[Segment]:
        left, right = -tails[0].cut, tails[1].cut
        gaps = {
            (k, s): 1 / tail.cut
            for (k, s, _), tail in zip(self._singularities, tails[2:], strict=True)
        }
        found = []
        for i, (p, coarse) in enumerate(zip(self.pieces, self._coarse, strict=True)):
            a = left if p.lower is -oo else constant(p.lower) + gaps.get((i - 1, 1), 0)
            b = right if p.upper is oo else constant(p.upper) - gaps.get((i, -1), 0)
            a, b = (left if not a > left else a), (right if not b < right else b)
            if not (a < b or b <= a):
                raise PrecisionError(f"the kink {p.upper} of {self.expression} lies on a cut")
            if a < b:
                found.append(Segment(a, b, compiled(p.expression, self.x), coarse))
        return found

    def scales(self, weights: Sequence[Weight]) -> list[float]:
        """Return log2 E|g(f(z), z)| by sampling: a guess, to set goals by; 0 if all vanish."""
        with ctx.workprec(COARSE):
            return [
                _log2(sum(_finite(abs(w.value(f, z)) * m for z, f, m in self._sampled), arb(0)))
                for w in weights
            ]

    def guess(self, weight: Weight) -> arb:
        """Return about E[g(f(z), z)], by sampling."""
        with ctx.workprec(COARSE):
            return sum(_finite(weight.value(f, z) * m for z, f, m in self._sampled), arb(0))

    @cached_property
    def _sampled(self) -> list[tuple[arb, arb, arb]]:
        """Rows (z, f(z), mass) of a midpoint rule as far as f^2 and z^2 matter to 40 bits."""
        with ctx.workprec(COARSE):
            goal = Goal((SQUARES,), (40,), 40)
            steps = [
                side * _cut(g, goal) / SAMPLES
                for side, g in zip((-1, 1), self.growths, strict=True)
            ]
            return [
                (z, f, abs(step) * BELL * (-(z * z) / 2).exp())
                for step in steps
                for z, f in self._samples(step)
            ]

    def _samples(self, step: arb) -> Any:
        bounds = [constant(p.upper) for p in self.pieces[:-1]]
        for j in range(SAMPLES):
            z = ((j + arb(0.375)) * step).mid()
            piece = sum(1 for b in bounds if b < z)
            yield z, self._coarse[piece].real(z)


def _finite(terms: Iterable[arb]) -> Iterator[arb]:
    return (t.mid() for t in terms if t.is_finite())


def _log2(total: arb) -> float:
    return log2_upper(total) if total > 0 else 0.0


def _cut(g: Growth, goal: Goal, at: arb | None = None) -> arb:
    """Where the tails of all integrands fall below their goals."""
    cut = arb(g.start)
    for weight, bits in zip(goal.weights, goal.bits, strict=True):
        cut = cut.max(Tail(g, cut, at).cut_for(weight, bits + 4))
    return cut


def _growth_at(e: Expr, x: Symbol, t: Expr, side: int) -> Growth:
    """Bound |e(t + side/v)| for large v."""
    v = sp.Dummy("v", positive=True)
    return growth(e.subs(x, t + side / v), v, 1)
