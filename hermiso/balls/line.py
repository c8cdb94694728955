"""The real line under a function: pieces between kinks, tails, singular points.

A `Line` is what an expression looks like to the quadrature: prepared once, then fitted at any
precision. Kinks that sympy finds exactly split the line; where it cannot (Abs(sin(x))) the
expression stays whole and the panels close in on its kinks.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise
from math import ceil

import sympy as sp
from flint import arb, ctx
from sympy import Expr, Symbol, oo

from hermiso.balls.agreement import confirm_pieces
from hermiso.balls.compile import BallFunction, compiled, constant
from hermiso.balls.cuts import around, cut
from hermiso.balls.growth import Growth, NoGrowthBound, growth
from hermiso.balls.heads import restored
from hermiso.balls.isolate import NotIsolated, has_switches, resolved
from hermiso.balls.meter import Meter
from hermiso.balls.panels import BELL, COARSE, Goal, Segment, fit, log2_upper, points
from hermiso.balls.plain import plain
from hermiso.balls.rule import Rule, Tail, Weight
from hermiso.balls.strip import strip_rule
from hermiso.errors import (
    ActivationError,
    BudgetExceeded,
    NoClosedForm,
    NotSquareIntegrable,
    PrecisionError,
    UnknownSign,
)
from hermiso.pieces import Piece, split

__all__ = ["FLOOR", "Line", "Unseparated"]

MANY = 1200  # bits from which a strip is looked for: the search costs as much as 1000 nodes
FLOOR = 160.0
SAMPLES = 128  # on either side
NEAR = 2.0**-20
ZOOMS, FINER = 20, 24
PLAIN = Weight(lambda f, z: f, lambda f, z, spread: (f, z * z))
FULL = Weight(lambda f, z: f * f, lambda f, z, spread: (f * f,))
SQUARES = Weight(lambda f, z: f * f + z * z, lambda f, z, spread: (f * f, z * z))


class Unseparated(PrecisionError):
    """The precision does not tell two ends of a piece apart."""


@dataclass(frozen=True)
class Line:
    """A function of a standard Gaussian, ready to be integrated.

    Attributes:
        expression: a real function of x alone.
        x: the variable.
        moment: the highest power of it that is to be integrated.
    """

    expression: Expr
    x: Symbol
    moment: int = 2

    def __post_init__(self) -> None:
        names = sorted(str(s) for s in self.expression.free_symbols - {self.x})
        if names:
            raise ActivationError(
                f"{self.expression!s:.200} has no number: {', '.join(names)} has no value; "
                "substitute a number for every parameter first"
            )

    @cached_property
    def plain(self) -> Expr:
        """The expression in functions that show their kinks and poles."""
        return plain(self.expression, self.x)

    @cached_property
    def pieces(self) -> tuple[Piece, ...]:
        """Smooth pieces, cut at zeros of denominators too; one where kinks have no closed form."""
        try:
            parts = split(self.plain, self.x)
        except (NoClosedForm, UnknownSign):
            parts = (Piece(-oo, oo, self.plain),)
        confirm_pieces(self.expression, self.x, parts)
        return tuple(q for p in parts for q in cut(p, self.x))

    @cached_property
    def growths(self) -> tuple[Growth, Growth]:
        """Bounds of |f| far to the left and far to the right."""
        left, right = (self._growth(s) for s in (-1, 1))
        return left, right

    def _growth(self, side: int) -> Growth:
        try:
            return growth(self.expression, self.x, side, self.moment)
        except NoGrowthBound:
            if self.plain == self.expression:
                raise
        return growth(restored(self.plain), self.x, side, self.moment)

    def tails(self, goal: Goal) -> tuple[Tail, ...]:
        """Cut both ends where no integrand matters any more."""
        if goal not in self._tails:
            ends = tuple(Tail(g, _cut(g, goal)) for g in self.growths)
            self._tails[goal] = ends + self._singular(goal)
        return self._tails[goal]

    @cached_property
    def _tails(self) -> dict[Goal, tuple[Tail, ...]]:
        """The tails known so far."""
        return {}

    @cached_property
    def slope(self) -> Line | None:
        """The derivative of a function without kinks, else None."""
        (first, *others) = self.pieces
        if others or has_switches(*self._function):
            return None
        return Line(restored(first.expression).diff(self.x), self.x)

    @cached_property
    def _coarse(self) -> tuple[BallFunction, ...]:
        return tuple(_coarsely(p.expression, self.x) for p in self.pieces)

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
                    found.append((k, side, self._growth_at(p.expression, t, side)))
        return tuple(found)

    def _growth_at(self, e: Expr, t: Expr, side: int) -> Growth:
        """Bound |e(t + side/v)| for large v."""
        v = sp.Dummy("v", real=True)
        try:
            return growth(around(restored(e), self.x, t, side / v), v, 1)
        except NotSquareIntegrable:
            raise NotSquareIntegrable(
                f"E[sigma(z)^2] is infinite for sigma({self.x}) = {self.expression!s:.200}: "
                f"it is too large near {self.x} = {t}"
            ) from None

    def _singular(self, goal: Goal) -> tuple[Tail, ...]:
        return tuple(
            Tail(g, _cut(g, goal, at=t), t)
            for k, side, g in self._singularities
            for t in (constant(self.pieces[k].upper),)
        )

    def rule(self, goal: Goal) -> Rule:
        """Fit a rule to a goal, at the current precision."""
        tails = self.tails(goal)
        if goal.relative >= MANY and len(self.pieces) == 1 and not has_switches(*self._function):
            rule = self._on_strip(tails, goal)
            if rule is not None:
                return rule
        if self._singularities:  # the distance from the point must keep its bits
            closest = max(log2_upper(tail.cut) for tail in tails[2:])
            with ctx.workprec(ctx.prec + ceil(closest)):
                return self._fit(tails, tails, goal)
        if not self.parity:
            return self._fit(tails, tails, goal)
        right = max(tails, key=lambda tail: tail.cut.mid())
        half = self._fit((replace(right, cut=arb(0)), right), (), goal)
        return replace(half.mirrored(self.parity), tails=(right, right))

    def _fit(self, ends: Sequence[Tail], tails: Sequence[Tail], goal: Goal) -> Rule:
        """Fit panels between two ends; if there are too many, name the part that needs them."""
        segments, meter = self._segments(ends), Meter(*self._function)
        try:
            return fit([meter.watched(s) for s in segments], tails, goal)
        except BudgetExceeded:
            raise
        except PrecisionError as error:
            raise type(error)(f"{error}{meter.complaint()}") from None

    def _on_strip(self, tails: Sequence[Tail], goal: Goal) -> Rule | None:
        """The trapezoid rule, if it needs fewer nodes than the panels."""
        segments = self._segments(tails)
        reach = max((tail.cut for tail in tails), key=lambda cut: cut.mid())
        rule = strip_rule(segments[0], reach, goal, points(segments, goal), self.parity)
        return None if rule is None else replace(rule, tails=tuple(tails))

    @property
    def _function(self) -> tuple[Expr, Symbol]:
        return self.plain, self.x

    @cached_property
    def parity(self) -> int:
        """1 for an even function, -1 for an odd one, if it is plain to see; else 0."""
        mirrored = self.expression.subs(self.x, -self.x)
        return 1 if mirrored == self.expression else -1 if mirrored == -self.expression else 0

    def clipped(self, bits: int) -> tuple[list[Segment], arb]:
        """Return the pieces, cut where E f^2 has less than 2^-(2 bits) left, and what is left."""
        if self._singularities:
            raise PrecisionError(f"{self.expression!s:.200} is unbounded at a kink")
        goal = Goal((FULL,), (2 * bits,), bits)
        tails = self.tails(goal)
        return self._segments(tails), sum((t.error(FULL) for t in tails), arb(0)).upper()

    def _segments(self, tails: Sequence[Tail]) -> list[Segment]:
        left, right = -tails[0].cut, tails[1].cut
        gaps = {
            (k, s): 1 / tail.cut
            for (k, s, _), tail in zip(self._singularities, tails[2:], strict=True)
        }
        found: list[Segment] = []
        for i, (p, coarse) in enumerate(zip(self.pieces, self._coarse, strict=True)):
            a = left if p.lower is -oo else constant(p.lower) + gaps.get((i - 1, 1), 0)
            b = right if p.upper is oo else constant(p.upper) - gaps.get((i, -1), 0)
            a, b = (left if not a > left else a), (right if not b < right else b)
            if not (a < b or b <= a):
                raise Unseparated(f"{ctx.prec} bits do not separate {p.lower} and {p.upper}")
            if a < b:
                found += self._cut_at_kinks(p.expression, coarse, a, b)
        return found

    def _cut_at_kinks(self, e: Expr, coarse: BallFunction, a: arb, b: arb) -> list[Segment]:
        """A piece as segments; several if it has kinks that only balls can find."""
        if not has_switches(e, self.x):
            return [Segment(a, b, compiled(e, self.x), coarse)]
        try:
            parts = resolved(e, self.x, a, b)
        except NotIsolated:
            return [Segment(a, b, compiled(e, self.x), coarse)]
        found = [
            Segment(
                p.lower, p.upper, compiled(p.expression, self.x), _coarsely(p.expression, self.x)
            )
            for p in parts
        ]
        for left, right in pairwise(found):
            self._require_bounds(left.function.real, left.upper, -1)
            self._require_bounds(right.function.real, right.lower, 1)
        return found

    def _require_bounds(self, f: Callable[[arb], arb], t: arb, side: int) -> None:
        """A kink without closed form has no growth certificate: f must be bounded beside it."""
        if not f(t.union(t + side * arb(2) ** -ctx.prec)).is_finite():
            raise PrecisionError(
                f"{self.expression!s:.200} is not certainly bounded near "
                f"x = {t.str(10, radius=False)}, which has no closed form; cut it off there by a "
                "Piecewise"
            )

    def scales(self, weights: Sequence[Weight]) -> list[float]:
        """Return log2 E|g(f(z), z)| by sampling: a guess, to set goals by.

        Samples may miss a narrow peak, so a guess is never below 2^-FLOOR.
        """
        return [self._scale(w) for w in weights]

    def _scale(self, weight: Weight) -> float:
        if weight not in self._scales:
            with ctx.workprec(COARSE):
                sizes = (abs(weight.value(f, z)) * m for z, f, m in self._sampled)
                self._scales[weight] = _log2(sum(_finite(sizes), arb(0)))
        return self._scales[weight]

    @cached_property
    def _scales(self) -> dict[Weight, float]:
        """The scales known so far."""
        return {}

    def guess(self, weight: Weight) -> arb:
        """Return about E[g(f(z), z)], by sampling."""
        with ctx.workprec(COARSE):
            return sum(_finite(weight.value(f, z) * m for z, f, m in self._sampled), arb(0))

    @cached_property
    def _sampled(self) -> list[tuple[arb, arb, arb]]:
        """Rows (z, f(z), mass) of a midpoint rule as far as f^2 and z^2 matter to 40 bits."""
        with ctx.workprec(COARSE):
            goal = Goal((SQUARES if self.moment > 1 else PLAIN,), (40,), 40)
            steps = [
                side * _cut(g, goal) / SAMPLES
                for side, g in zip((-1, 1), self.growths, strict=True)
            ]
            rows = [row for step in steps for row in self._rows(arb(0), step, SAMPLES)]
            for power in (1, 2):
                rows = self._zoomed(rows, power)
            return [row[:3] for row in rows]

    def _zoomed(self, rows: list[_Sample], power: int) -> list[_Sample]:
        """Sample finer where one sample has a quarter of |f|^power, as of exp(1000 x)."""
        for _ in range(ZOOMS):
            sizes = [(abs(f) ** power * mass).mid() for _, f, mass, _ in rows]
            sizes = [s if s.is_finite() else arb(0) for s in sizes]
            top = max(range(len(rows)), key=lambda i: sizes[i])
            if not 4 * sizes[top] > sum(sizes, arb(0)):
                break
            z, _, _, step = rows[top]
            near = [row for row in rows if abs(row[0] - z) < 1.5 * step]
            low, high = min(r[0] - r[3] / 2 for r in near), max(r[0] + r[3] / 2 for r in near)
            rows = [row for row in rows if not abs(row[0] - z) < 1.5 * step]
            rows += self._rows(low, (high - low) / FINER, FINER)
        return rows

    def _rows(self, start: arb, step: arb, count: int) -> Iterator[_Sample]:
        bounds = [constant(p.upper) for p in self.pieces[:-1]]
        for j in range(count):
            z = (start + (j + arb(0.375)) * step).mid()
            piece = sum(1 for b in bounds if b < z)
            f = self._coarse[piece].real(z)
            yield z, f, abs(step) * BELL * (-(z * z) / 2).exp(), abs(step)


_Sample = tuple[arb, arb, arb, arb]  # z, f(z), mass, width


def _coarsely(e: Expr, x: Symbol) -> BallFunction:
    with ctx.workprec(COARSE):
        return compiled(e, x)


def _finite(terms: Iterable[arb]) -> Iterator[arb]:
    return (t.mid() for t in terms if t.is_finite())


def _log2(total: arb) -> float:
    return max(log2_upper(total), -FLOOR) if total > 0 else 0.0


def _cut(g: Growth, goal: Goal, at: arb | None = None) -> arb:
    """Where the tails of all integrands fall below their goals."""
    cut = arb(g.start)
    for weight, bits in zip(goal.weights, goal.bits, strict=True):
        cut = cut.max(Tail(g, cut, at).cut_for(weight, bits + 4))
    return cut
