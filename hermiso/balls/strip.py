"""The trapezoid rule for a function that is holomorphic on a strip around the line.

On the rectangle |Re z| <= X, 0 <= Im z <= a, with nodes jh, |j| <= N, and X = (N + 1/2) h,

    |rule - integral| <= 2 int |g(z)| / (exp(2 pi Im z/h) -+ 1) |dz|

along its top (minus) and its sides (plus), where exp(2 pi i z/h) is -exp(-2 pi Im z/h): the
residues of g(z) cot(pi z/h)/2i are h g(jh)/h. No nodes need be computed, and at many digits fewer
of them do than panels take, unless a pole is near. It cannot cross a kink.
"""

from __future__ import annotations

from collections.abc import Iterator
from math import log, log2, pi

from flint import acb, arb, ctx

from hermiso.balls.panels import BELL, COARSE, Goal, Segment
from hermiso.balls.rule import Box, Cell, Rule

__all__ = ["Row", "Top", "strip_rule"]

STEP = 0.5  # width of a box
SMALLEST, GROWTH, REFINEMENTS = 0.25, 1.5, 4
DEEPEST = 3
SLICES = 16
UNIT = arb(0, 1)
Row = tuple[arb, arb, arb]


def strip_rule(segment: Segment, reach: arb, goal: Goal, most: int, parity: int = 0) -> Rule | None:
    """Return the rule on |z| <= X with X >= reach, without tails.

    Args:
        segment: the function on the whole line.
        reach: where the tails begin.
        goal: the integrands and their errors.
        most: None is returned if more nodes would be needed.
        parity: f(-z) = parity f(z), if it is not 0.
    """
    with ctx.workprec(COARSE):
        found = _strip(segment, reach, goal)
    if found is None:
        return None
    a, h, top = found
    count = int((reach / h).ceil().unique_fmpz())
    if 2 * count + 1 > most or h > STEP:  # the top reaches as far as X for h <= STEP only
        return None
    rows = _rows(segment, h, count, parity)
    with ctx.workprec(COARSE):
        sides = tuple(_sides(segment, (count + arb(0.5)) * h, a, h))
        if any(not F.is_finite() for cell in sides for _, F, _ in cell.boxes):
            return None
        damping = 2 / ((2 * arb.pi() * a / h).exp() - 1)
        cells = tuple(Cell(damping * width, (box,)) for width, box in top)
    return Rule(rows, cells + sides, (), ())


Top = list[tuple[arb, Box]]


def _rows(segment: Segment, h: arb, count: int, parity: int) -> tuple[Row, ...]:
    scale, f = h / (2 * arb.pi()).sqrt(), segment.function.real
    points = (j * h for j in range(0 if parity else -count, count + 1))
    rows = tuple((z, scale * (-(z * z) / 2).exp(), f(z)) for z in points)
    return rows + tuple((-z, w, parity * f) for z, w, f in rows[1:]) if parity else rows


def _strip(segment: Segment, reach: arb, goal: Goal) -> tuple[arb, arb, Top] | None:
    """The height, step and top side that need the fewest nodes."""
    best: tuple[float, arb, Top] | None = None
    low, a, tries = 0.0, SMALLEST, 0
    edge = None  # a height that is too much
    while tries <= REFINEMENTS:
        top = _top(segment, reach, low, a)
        h = None if top is None else _step(top, a, goal)
        if h is not None and (best is None or h > best[0]):
            assert top is not None
            best, low = (h, arb(a), top), a
        else:
            edge, tries = a, tries + 1
        a = GROWTH * low if edge is None and low else (low + edge) / 2 if edge else a
        if not low:
            return None
    if best is None:
        return None
    step = best[0]
    dyadic = int(step * 2**12)
    return (best[1], arb(dyadic) / 2**12, best[2]) if dyadic > 0 else None


def _step(top: Top, a: float, goal: Goal) -> float | None:
    """The largest h for which the top side stays within the goal."""
    size = goal.log2_size([box for _, box in top]) + log2(len(top)) + 2
    return 2 * pi * a / (max(size, 1.0) * log(2)) if size < 1e8 else None


def _top(segment: Segment, reach: arb, low: float, a: float) -> Top | None:
    """Boxes along the line at height a, if the function is holomorphic from low up to it."""
    found: Top = []
    half = int((reach / STEP).ceil().unique_fmpz()) + 2
    for j in range(-half, half):
        x = (arb(j) + 0.5) * STEP
        if not _holomorphic(segment, x, arb(low + a) / 2, arb(STEP) / 2, arb(a - low) / 2, 0):
            return None
        box = _box(segment, acb(x + UNIT * STEP / 2, arb(a)))
        if not box[1].is_finite():
            return None
        found.append((arb(STEP), box))
    return found


def _box(segment: Segment, Z: acb) -> Box:
    return Z, acb(segment.coarse.box(Z)), abs((-(Z * Z) / 2).exp()).upper() * BELL


def _holomorphic(segment: Segment, x: arb, y: arb, dx: arb, dy: arb, depth: int) -> bool:
    if segment.coarse.box(acb(x + UNIT * dx, y + UNIT * dy)).is_finite():
        return True
    if depth == DEEPEST:
        return False
    u, v = dx / 2, dy / 2
    corners = ((x + i * u, y + j * v) for i in (-1, 1) for j in (-1, 1))
    return all(_holomorphic(segment, p, q, u, v, depth + 1) for p, q in corners)


def _sides(segment: Segment, x: arb, a: arb, h: arb) -> Iterator[Cell]:
    """Both ends of the rectangle, in slices: int exp(-2 pi y/h) dy <= h/(2 pi) exp(-2 pi y0/h)."""
    for end in (-x, x):
        for j in range(SLICES):
            low, high = a * j / SLICES, a * (j + 1) / SLICES
            factor = 2 * h / (2 * arb.pi()) * (-2 * arb.pi() * low / h).exp()
            yield Cell(factor.upper(), (_box(segment, acb(end, low.union(high))),))
