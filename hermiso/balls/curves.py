"""Curves a + l log x + b x + q x^2 on a half line x >= R, the currency of growth bounds.

A curve bounds a function f directly (f <= curve) or in logarithms (log|f| <= curve, that is
|f| <= e^a x^l exp(b x + q x^2)). So exp and log turn one kind into the other without loss.

Each function below is an inequality valid on the whole half line. Coefficients are balls; a
branch is taken only where its condition certainly holds.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import starmap
from math import inf, sqrt
from typing import NamedTuple

from flint import arb

__all__ = [
    "FLAT",
    "ONE",
    "ZERO",
    "Curve",
    "HalfLine",
    "Part",
    "Shape",
    "constant_curve",
    "exp_above",
    "exp_below",
    "greatest",
    "infimum",
    "is_below",
    "least",
    "log_above",
    "log_of_sum",
    "monomial",
    "parts",
    "peak",
    "supremum",
    "valley",
]

ZERO, ONE = arb(0), arb(1)


@dataclass(frozen=True)
class HalfLine:
    """The half line x >= start, start >= 1, and log(start)."""

    start: arb
    log: arb

    @classmethod
    def beyond(cls, start: int) -> HalfLine:
        """Return the half line x >= start."""
        return cls(arb(start), arb(start).log())


class Curve(NamedTuple):
    """The function const + log * log x + linear * x + square * x^2."""

    const: arb
    log: arb
    linear: arb
    square: arb

    def plus(self, other: Curve) -> Curve:
        """Add two curves."""
        return Curve(*(p + q for p, q in zip(self, other, strict=True)))

    def raised(self, c: arb) -> Curve:
        """Add a constant."""
        return Curve(self.const + c, self.log, self.linear, self.square)

    def times(self, c: arb) -> Curve:
        """Multiply by a constant."""
        return Curve(self.const * c, self.log * c, self.linear * c, self.square * c)

    def minus(self, other: Curve) -> Curve:
        """Subtract a curve."""
        return Curve(*(p - q for p, q in zip(self, other, strict=True)))

    def finite(self) -> bool:
        """Say whether all coefficients are finite."""
        return all(c.is_finite() for c in self)


def constant_curve(c: arb) -> Curve:
    """Return the constant c as a curve."""
    return Curve(c, ZERO, ZERO, ZERO)


def monomial(p: arb) -> Curve:
    """Return log x^p."""
    return Curve(ZERO, p, ZERO, ZERO)


FLAT = constant_curve(ZERO)


# --- the better of two: a matter of taste, never of truth -------------------------------------


def is_below(f: Curve, g: Curve) -> bool:
    """Say whether f is certainly below g at the end of the line."""
    for p, q in ((f.square, g.square), (f.linear, g.linear), (f.log, g.log), (f.const, g.const)):
        if p < q:
            return True
        if p > q:
            return False
    return False


def least(*curves: Curve | None) -> Curve | None:
    """Return the curve that ends lowest; the first of equals."""
    best = None
    for f in curves:
        if f is not None and (best is None or is_below(f, best)):
            best = f
    return best


def greatest(*curves: Curve | None) -> Curve | None:
    """Return the curve that ends highest; the first of equals."""
    best = None
    for f in curves:
        if f is not None and (best is None or is_below(best, f)):
            best = f
    return best


# --- several curves at once -------------------------------------------------------------------


def _aligned(f: Curve, log: arb, linear: arb, square: arb, line: HalfLine) -> arb:
    """The constant for which f touches, at x = R, a curve with other coefficients."""
    r = line.start
    return f.const + (f.log - log) * line.log + (f.linear - linear + (f.square - square) * r) * r


def peak(curves: Sequence[Curve], line: HalfLine) -> Curve:
    """Return a curve >= each of the curves."""
    if len(curves) == 1:
        return curves[0]
    return _tighter(
        Curve(_fold(arb.max, consts), *shape) for consts, shape in _common_shapes(curves, line)
    )


def valley(curves: Sequence[Curve], line: HalfLine) -> Curve:
    """Return a curve <= each of the curves."""
    return peak([f.times(-ONE) for f in curves], line).times(-ONE)


def log_of_sum(curves: Sequence[Curve], line: HalfLine) -> Curve:
    """Return a curve >= log of the sum of the exp(curve)."""
    if len(curves) == 1:
        return curves[0]
    return _tighter(
        Curve(_log_of_sum(consts), *shape) for consts, shape in _common_shapes(curves, line)
    )


def _log_of_sum(consts: list[arb]) -> arb:
    top = _fold(arb.max, consts)
    return top + sum(((c - top).exp() for c in consts), ZERO).log()


Shape = tuple[arb, arb, arb]  # log, linear, square


def _common_shapes(curves: Sequence[Curve], line: HalfLine) -> Iterator[tuple[list[arb], Shape]]:
    """Yield shapes, with the constants for which a curve of that shape is >= each of the curves.

    The largest coefficients always do; with them 6e4 x - 1e4 x^2, which is small everywhere,
    and 0 give 6e4 x. The shape of the curve that ends highest gives what it must rise by.
    """
    log, linear, square = (_fold(arb.max, [f[i] for f in curves]) for i in (1, 2, 3))
    largest = log, linear, square
    yield [_aligned(f, *largest, line) for f in curves], largest
    last = greatest(*curves)
    assert last is not None
    shape = last.log.upper(), last.linear.upper(), last.square.upper()
    if all(top <= c for top, c in zip(largest, shape, strict=True)):
        return
    raised = [supremum(f.minus(Curve(ZERO, *shape)), line) for f in curves]
    consts = [c for c in raised if c is not None]
    if len(consts) == len(curves):
        yield consts, shape


def _tighter(found: Iterable[Curve]) -> Curve:
    """The curve that ends lowest, unless another is much sooner below a parabola: taste again."""
    first, *others = found
    for f in others:
        if _reach(f) <= 2 * _reach(first):
            first = f
    return first


def _reach(f: Curve) -> float:
    """About where f - x^2/4 falls below -100: beyond, exp(f) adds nothing to a Gaussian mean."""
    a, b, p = float(f.const) + 100, float(f.linear), 0.25 - float(f.square)
    if not p > 0:
        return inf
    root = b * b + 4 * p * a
    return max(b + sqrt(root), 0.0) / (2 * p) if root > 0 else 0.0


def _fold(pick: object, values: list[arb]) -> arb:
    best = values[0]
    for v in values[1:]:
        best = pick(best, v)  # type: ignore[operator]
    return best


# --- extreme values ---------------------------------------------------------------------------


def supremum(f: Curve, line: HalfLine) -> arb | None:
    """Return a bound of f from above; None if none is certain.

    The derivative l/x + b + 2 q x is at most max(l, 0)/R + b + 2 q R for q <= 0.
    """
    r, log = line.start, _positive(f.log)
    if f.square <= 0 and log / r + f.linear + 2 * f.square * r <= 0:
        return f.const + f.log * line.log + (f.linear + f.square * r) * r
    if f.square < 0:
        return f.const + _peak_of_parabola(log, _positive(f.linear), f.square, r)
    if f.square.is_zero() and f.linear < 0:
        return f.const + _peak_of_log(log, -f.linear)
    return None


def _peak_of_parabola(p: arb, b: arb, q: arb, r: arb) -> arb:
    """A bound of p log t + b t + q t^2, sharp if it peaks beyond r: log lies below its tangents."""
    if p.is_zero():
        return -b * b / (4 * q)
    at = r.max((b + (b * b - 8 * q * p).sqrt()) / (-4 * q)).mid()
    slope = b + p / at
    return p * (at.log() - 1) - slope * slope / (4 * q)


def _peak_of_log(p: arb, decay: arb) -> arb:
    """The maximum p (log(p/d) - 1) of p log t - d t over t > 0; p >= 0 is exact."""
    return ZERO if p.is_zero() else p * ((p / decay).log() - 1)


def _positive(c: arb) -> arb:
    """An exact number >= max(c, 0)."""
    return c.max(ZERO).upper()


def infimum(f: Curve, line: HalfLine) -> arb | None:
    """Return a bound of f from below; None if none is certain."""
    top = supremum(f.times(-ONE), line)
    return None if top is None else -top


# --- from logarithms to values and back -------------------------------------------------------


def exp_above(f: Curve, line: HalfLine) -> Curve | None:
    """Return a curve >= exp(f), None if f grows too fast.

    x^p lies below its tangent at R for 0 < p < 1, and x^p = x x^(p-1) for 1 < p < 2.
    """
    if not (f.square.is_zero() and f.linear.is_zero() and f.log > 0):
        top = supremum(f, line)
        return None if top is None else constant_curve(top.exp())
    p, r = f.log, line.start
    if p == 1:
        return Curve(ZERO, ZERO, f.const.exp(), ZERO)
    if p == 2:
        return Curve(ZERO, ZERO, ZERO, f.const.exp())
    if p < 1:
        at_r = (f.const + p * line.log).exp()
        return Curve((1 - p) * at_r, ZERO, p * at_r / r, ZERO)
    if p > 1 and p < 2:
        at_r = (f.const + (p - 1) * line.log).exp()
        return Curve(ZERO, ZERO, (2 - p) * at_r, (p - 1) * at_r / r)
    return None


def exp_below(f: Curve, line: HalfLine) -> Curve:
    """Return a curve <= exp(f)."""
    if f.square.is_zero() and f.linear.is_zero():
        return _power_below(f.const, f.log, line)
    if f.square > 0:
        return _gaussian_below(f, line)
    if f.square.is_zero() and f.linear > 0:
        return _exponential_below(f, line)
    return FLAT


def _power_below(const: arb, p: arb, line: HalfLine) -> Curve:
    """Below e^c x^p: its tangent, in x^2 for p > 2, in x for p > 1, in log x for p > 0."""
    if p == 1:
        return Curve(ZERO, ZERO, const.exp(), ZERO)
    if p >= 2:
        return Curve(ZERO, ZERO, ZERO, (const + (p - 2) * line.log).exp())
    at_r = (const + p * line.log).exp()
    if p > 1:
        return Curve((1 - p) * at_r, ZERO, p * at_r / line.start, ZERO)
    if p >= 0:
        return Curve((1 - p * line.log) * at_r, p * at_r, ZERO, ZERO)
    return FLAT


def _without_log(f: Curve, line: HalfLine) -> Curve:
    """Below f: l log x >= l log R for l >= 0, and the tangent of log at R for l < 0."""
    if f.log >= 0:
        return Curve(f.const + f.log * line.log, ZERO, f.linear, f.square)
    low = f.log.min(ZERO)
    return Curve(f.const + low * (line.log - 1), ZERO, f.linear + low / line.start, f.square)


def _gaussian_below(f: Curve, line: HalfLine) -> Curve:
    """e^y >= e^s (1 + y - s), s the value at R."""
    g, r = _without_log(f, line), line.start
    s = (g.linear + g.square * r) * r
    at_r = (g.const + s).exp()
    return Curve(1 - s, ZERO, g.linear, g.square).times(at_r)


def _exponential_below(f: Curve, line: HalfLine) -> Curve:
    """e^(b x) >= e^(b R) (1 + t + t^2/2), t = b (x - R)."""
    g, r = _without_log(f, line), line.start
    if not g.linear > 0:
        return FLAT
    b, s = g.linear, g.linear * r
    at_r = (g.const + s).exp()
    return Curve(1 - s + s * s / 2, ZERO, b - b * s, b * b / 2).times(at_r)


_SLOW = ONE / 8  # log x <= x^p/(e p), p small: powers of logarithms stay small powers


class Part(NamedTuple):
    """A part coefficient * exp(upper or lower) of a curve."""

    coefficient: arb
    upper: Curve
    lower: Curve | None


def parts(f: Curve, line: HalfLine) -> list[Part]:
    """Split a curve into its four parts; vanishing ones are left out."""
    slow = Curve(-(_SLOW.log()) - 1, _SLOW, ZERO, ZERO)
    logarithm = constant_curve(line.log.log()) if line.log > 0 else None
    powers = [monomial(arb(p)) for p in range(3)]
    found = starmap(
        Part,
        (
            (f.const, powers[0], powers[0]),
            (f.log, slow, logarithm),
            (f.linear, powers[1], powers[1]),
            (f.square, powers[2], powers[2]),
        ),
    )
    return [p for p in found if not p.coefficient.is_zero()]


def log_above(f: Curve, line: HalfLine) -> Curve:
    """Return a curve >= log max(f, 0)."""
    above = [
        p.upper.raised(p.coefficient.upper().log())
        for p in parts(f, line)
        if not p.coefficient <= 0
    ]
    return log_of_sum(above, line) if above else FLAT
