"""Fit a composite Gauss-Legendre rule: panels halved until a small rule is certainly enough.

A panel is taken whole if f is holomorphic on some ellipse around it and the bound there asks
for few enough points. A panel that stays unfit - a kink that could not be isolated, a branch
point at its end - is halved until what is left is a slit: so short, or so far out, that it does
not matter.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import log2
from typing import Any

from flint import acb, arb, ctx

from hermiso.balls.compile import BallFunction
from hermiso.balls.legendre import ELLIPSES, error_factor, nodes, points_needed
from hermiso.balls.rule import Box, Cell, Rule, Slit, Tail, Weight
from hermiso.budget import leeway
from hermiso.errors import PrecisionError

__all__ = ["BELL", "COARSE", "Goal", "Segment", "TooRough", "fit", "log2_upper", "points"]

COARSE = 53  # bits, for boxes
MAX_PANELS = 20_000
PROBED = 600  # steps, about half of them halvings, after which what is needed is estimated
PROBES = 4  # points of an interval where it is tried
WIDEST = 4  # half the width of a panel
PER_BIT = 0.36  # points for every bit: from there on two halves cost less than the whole
SHORT = 0.01  # a slit that may need all of the goal
SPARED = 10  # bits that a longer one stays below it
DEEPEST = 1  # how often a box that is not finite is quartered
DEEP = 1000  # bits, see _fitted
MODERATE = 3.5  # the ellipse of a panel covered by columns
OVERRATED = 20  # bits by which a column may exceed the function
FEWEST_COLUMNS, MOST_COLUMNS = 16, 512
UNIT = arb(0, 1)
ENDLESS = 10**15  # so large a size is halved or refused, so small a one is nothing
BELL = arb("0.3989422804014327 +/- 1e-16").upper()  # 1/sqrt(2 pi)


class TooRough(PrecisionError):
    """The integrand needs more panels or boxes than there may be."""


@dataclass(frozen=True)
class Segment:
    """A function on balls, meant on the interval from lower to upper."""

    lower: arb
    upper: arb
    function: BallFunction
    coarse: BallFunction


@dataclass(frozen=True)
class Goal:
    """What a fit is for.

    Attributes:
        weights: the integrands.
        bits: the absolute error that each may have is 2^-bits.
        relative: about how many bits that is below their size.
    """

    weights: tuple[Weight, ...]
    bits: tuple[int, ...]
    relative: int

    def log2_size(self, boxes: Sequence[Box]) -> float:
        """Return log2 of the largest bound of an integrand, in units of its error."""
        worst = -1e9
        for weight, bits in zip(self.weights, self.bits, strict=True):
            top = max((log2_upper(weight.size(F, Z) * bell) for Z, F, bell in boxes))
            worst = max(worst, top + bits)
        return worst


def log2_upper(bound: arb) -> float:
    """Return a float slightly above log2 of a non-negative bound; inf if it is not finite."""
    if not bound.is_finite():
        return float("inf")
    man, exp = bound.upper().man_exp()
    if man == 0:
        return -1e9
    return log2(abs(int(man))) + max(min(int(exp), ENDLESS), -ENDLESS) + 1e-6


def fit(segments: Sequence[Segment], tails: Sequence[Tail], goal: Goal) -> Rule:
    """Return a rule whose error per integrand is about its goal; precision as set.

    Raises:
        PrecisionError: if an interval stays unfit however short.
    """
    fitted = [_fitted(segment, goal) for segment in segments]
    rows = tuple(
        row
        for segment, (panels, _) in zip(segments, fitted, strict=True)
        for panel in panels
        for row in panel.rows(segment.function.real)
    )
    cells = tuple(panel.cell() for panels, _ in fitted for panel in panels)
    return Rule(rows, cells, tuple(s for _, slits in fitted for s in slits), tuple(tails))


def points(segments: Sequence[Segment], goal: Goal) -> int:
    """Return how many nodes a fit has."""
    return sum(panel.n for segment in segments for panel in _fitted(segment, goal)[0])


@dataclass(frozen=True)
class _Panel:
    a: arb
    b: arb
    r: float
    n: int
    boxes: tuple[Box, ...]

    def cell(self) -> Cell:
        return Cell(error_factor(self.r, self.n) * (self.b - self.a) / 2, self.boxes)

    def rows(self, f: Any) -> Iterator[tuple[arb, arb, arb]]:
        """Yield (z, weight phi(z), f(z))."""
        middle, half = (self.a + self.b) / 2, (self.b - self.a) / 2
        scale = half / (2 * arb.pi()).sqrt()
        for t, w in nodes(self.n):
            z = middle + half * t
            yield z, scale * w * (-(z * z) / 2).exp(), f(z)


def _fitted(segment: Segment, goal: Goal) -> tuple[list[_Panel], list[Slit]]:
    panels: list[_Panel] = []
    slits: list[Slit] = []
    waiting = [(segment.lower, segment.upper, 0)]
    most = min(MAX_PANELS * max(1, leeway()), ENDLESS)
    for step in range(int(most)):
        if not waiting:
            return panels, slits
        a, b, start = waiting.pop()
        panel, slit, start = _tried(segment, a, b, goal, start)
        if panel is not None:
            panels.append(panel)
        elif slit is not None:
            slits.append(slit)
        else:
            middle = ((a + b) / 2).mid()
            waiting += [(middle, b, start), (a, middle, start)]
        if step == PROBED and sum(_count(segment, *w, goal) for w in waiting) > most / 2:
            break
    raise TooRough(
        f"the integrand is too rough near x = {float(a):.8g}: more than {most:g} panels; ask for "
        "fewer digits, or allow more: with hermiso.budget.limited(boxes=4e6, seconds=100)"
    )


def _tried(
    segment: Segment, a: arb, b: arb, goal: Goal, start: int
) -> tuple[_Panel | None, Slit | None, int]:
    """An interval as a panel, or else as a slit, and the ellipse from which its halves start."""
    enough, deepest = max(12, int(PER_BIT * goal.relative)), DEEP + 4 * max(*goal.bits, 0)
    deep = max(0, -int(log2_upper((b - a).abs_lower())))
    if deep > deepest:  # no slit has a bound here
        raise TooRough(
            f"the integrand is too rough near x = {float(a):.8g}: a panel shorter than "
            f"2^-{deepest}; ask for fewer digits"
        )
    with ctx.workprec(COARSE + 2 * deep):  # switches may touch 0 quadratically
        f = segment.coarse if deep < 8 else segment.function
        panel, start = _panel(f, a, b, goal, start, enough)
        return panel, _slit(f, a, b, goal) if panel is None else None, start


def _count(segment: Segment, a: arb, b: arb, start: int, goal: Goal) -> float:
    """Estimate how many panels an interval needs from those at a few of its points."""
    counts = []
    for i in range(PROBES):
        low, high, first, count = a, b, start, 1.0
        point = a + (b - a) * (2 * i + 1) / (2 * PROBES)
        while True:
            panel, slit, first = _tried(segment, low, high, goal, first)
            if panel is not None or slit is not None:
                break
            middle, count = ((low + high) / 2).mid(), 2 * count
            low, high = (low, middle) if point < middle else (middle, high)
        counts.append(count)
    return sum(counts) / PROBES


def _panel(
    f: BallFunction, a: arb, b: arb, goal: Goal, start: int, enough: int
) -> tuple[_Panel | None, int]:
    """The panel with the fewest points, and the ellipse from which its halves may start."""
    middle, half = (a + b) / 2, (b - a) / 2
    best: _Panel | None = None
    radius = half.upper()
    if radius > WIDEST:
        return None, 0
    for j in range(start, len(ELLIPSES)):
        r = ELLIPSES[j]
        boxes = _cover(f.box, middle, radius * (r + 1 / r) / 2, radius * (r - 1 / r) / 2)
        if boxes is None:
            start = j
            continue
        n = points_needed(r, goal.log2_size(boxes) + log2_upper(radius) + 5)
        if best is not None and (n is None or n >= best.n):
            break
        if n is not None:
            best = _Panel(a, b, r, n, boxes)
    if best is not None and best.n > enough:
        # more points than the goal asks for, unless the function is larger than was guessed
        tight = _cover(f.box, middle, radius, radius * ELLIPSES[-1] / 4)
        if tight is None or best.n > PER_BIT * goal.log2_size(tight):
            best = _in_columns(f, best, goal, enough)
    return best, max(start - 3, 0)


def _in_columns(f: BallFunction, panel: _Panel, goal: Goal, enough: int) -> _Panel | None:
    """The panel by narrower boxes, where wide ones overrate the function, as exp(1000 z)."""
    a, b, r = panel.a, panel.b, min(panel.r, MODERATE)
    middle, radius = (a + b) / 2, ((b - a) / 2).upper()
    true = goal.log2_size([_box(f.box, acb(t)) for t in (a, middle, b)])
    excess = goal.log2_size(panel.boxes) - true
    columns = int(excess / OVERRATED) if excess < 1e9 else MOST_COLUMNS + 1
    if not FEWEST_COLUMNS <= columns <= MOST_COLUMNS:
        return None
    boxes = _cover(f.box, middle, radius * (r + 1 / r) / 2, radius * (r - 1 / r) / 2, columns)
    if boxes is None:
        return None
    n = points_needed(r, goal.log2_size(boxes) + log2_upper(radius) + 5)
    return _Panel(a, b, r, n, boxes) if n and n <= max(enough, PER_BIT * true) else None


def _cover(box: Any, centre: arb, a: arb, b: arb, columns: int = 2) -> tuple[Box, ...] | None:
    """Enclose a function on the upper half of an ellipse's rectangle; None where it is unfit."""
    found: list[Box] = []
    half = a / columns
    waiting = [(centre + s * half, b / 2, half, b / 2, 0) for s in range(1 - columns, columns, 2)]
    while waiting:
        x, y, dx, dy, depth = waiting.pop()
        enclosed = _box(box, acb(x + dx * UNIT, y + dy * UNIT))
        if enclosed[1].is_finite():
            found.append(enclosed)
        elif depth == DEEPEST:
            return None
        else:
            u, v = dx / 2, dy / 2
            waiting += [(x + i * u, y + j * v, u, v, depth + 1) for i in (-1, 1) for j in (1, -1)]
    return tuple(found)


def _box(box: Any, Z: acb) -> Box:
    return Z, acb(box(Z)), abs((-(Z * Z) / 2).exp()).upper() * BELL


def _slit(f: BallFunction, a: arb, b: arb, goal: Goal) -> Slit | None:
    """The interval as a slit, if all it may add is within the goal; far below it if it is long."""
    z = a.union(b)
    width, nearest = (b - a).upper(), z.abs_lower()
    short = bool(width <= SHORT)
    if not (short or nearest > 0):
        return None
    slit = Slit(z, f.real(z), (width * (-(nearest * nearest) / 2).exp() * BELL).upper())
    sizes = (
        log2_upper(abs(slit.mean(w)).upper()) + bits
        for w, bits in zip(goal.weights, goal.bits, strict=True)
    )
    return slit if all(size < (0 if short else -SPARED) for size in sizes) else None
