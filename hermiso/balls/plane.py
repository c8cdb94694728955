"""E f(x) g(y) for correlated Gaussians by certified quadrature on the plane.

With x = c u + s v, y = c u - s v, c^2 - s^2 = rho and c^2 + s^2 = 1, u and v are independent. The
kinks of f and g are lines in the plane; between them the integrand is holomorphic in both
variables. For v between two crossings the strips between neighbouring lines are mapped to
0 <= t <= 1, cut into cells, and a product of two Gauss-Legendre rules is used on each. Its error
is at most that of one rule, uniformly in the other variable, plus that of the other.

Beyond |x| > X or |y| > X the Cauchy-Schwarz inequality and a growth certificate bound the rest.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from math import ceil
from typing import Any

from flint import acb, arb

from hermiso.balls.legendre import ELLIPSES, error_factor, nodes, points_needed
from hermiso.balls.line import Line
from hermiso.balls.moments import mean, power
from hermiso.balls.panels import Segment, log2_upper
from hermiso.balls.rule import dot
from hermiso.errors import PrecisionError

__all__ = ["Cell", "Ray", "Rule", "product_mean"]

MAX_CELLS = 4000
MAX_POINTS = 4_000_000
UNIT = arb(0, 1)


@dataclass(frozen=True)
class Ray:
    """Where x (or y) stands at a kink: x, y and u as functions of v, each value + slope v."""

    x: tuple[arb, arb]
    y: tuple[arb, arb]
    u: tuple[arb, arb]

    def at(self, v: Any) -> tuple[Any, Any, Any]:
        """Return (x, y, u)."""
        (x, dx), (y, dy), (u, du) = self.x, self.y, self.u
        return x + dx * v, y + dy * v, u + du * v


@dataclass(frozen=True)
class Cell:
    """The strip between two rays, for t and v in intervals."""

    left: Ray
    right: Ray
    f: Segment
    g: Segment
    t: tuple[arb, arb]
    v: tuple[arb, arb]

    def on_box(self, t: Any, v: Any) -> Any:
        """Return the integrand on a box."""
        return self._row(self.f.coarse.box, self.g.coarse.box, [t], v)[0]

    def row(self, ts: Sequence[arb], v: arb) -> list[arb]:
        """Return the integrand at real numbers t of one v."""
        return self._row(self.f.function.real, self.g.function.real, ts, v)

    def _row(self, f: Any, g: Any, ts: Sequence[Any], v: Any) -> list[Any]:
        """Return f(x) g(y) exp(-(u^2 + v^2)/2) du/dt."""
        x, y, u = self.left.at(v)
        dx, dy, du = (b - a for a, b in zip((x, y, u), self.right.at(v), strict=True))
        shift = v * v / 2
        found = []
        for t in ts:
            w = u + du * t
            found.append(f(x + dx * t) * g(y + dy * t) * (-(w * w / 2 + shift)).exp() * du)
        return found

    def halves(self, along_t: bool) -> tuple[Cell, Cell]:
        """Cut the cell across one variable."""
        a, b = self.t if along_t else self.v
        m = ((a + b) / 2).mid()
        if along_t:
            return replace(self, t=(a, m)), replace(self, t=(m, b))
        return replace(self, v=(a, m)), replace(self, v=(m, b))


def product_mean(f: Line, g: Line, rho: arb, bits: int, relative: int) -> arb:
    """Enclose E f(x) g(y) at a correlation 0 <= rho <= 1, with an error of about 2^-bits.

    Args:
        f: the first function.
        g: the second one; if it is f, half the plane suffices.
        rho: the correlation.
        bits: the absolute goal; the precision must carry it.
        relative: how many bits that is below the size of the integral.

    Raises:
        PrecisionError: if the cells do not fit, as at unbounded kinks.
    """
    norm_f, norm_g = (_norm(line) for line in (f, g))
    left, beyond_f = f.clipped(bits + 6 + max(0, ceil(log2_upper(norm_g))))
    right, beyond_g = g.clipped(bits + 6 + max(0, ceil(log2_upper(norm_f))))
    outside = (beyond_f.sqrt() * norm_g + beyond_g.sqrt() * norm_f).upper()
    cells, rest = _cells(left, right, rho, bits, f is g)
    total, error, enough = arb(0), rest, max(10, int(0.36 * relative))
    waiting, points = list(cells), 0
    for _ in range(MAX_CELLS):
        if not waiting:
            mass = (2 if f is g else 1) / (2 * arb.pi())
            return (total + UNIT * error.upper()) * mass + UNIT * outside
        cell = waiting.pop()
        rules = [_rule(cell, along_t, bits + 8) for along_t in (True, False)]
        unfit = [rule is None or rule[1] > enough for rule in rules]
        if any(unfit):
            waiting += cell.halves(_along_t(cell, *unfit))
            continue
        (_, n, e), (_, m, d) = rules  # type: ignore[misc]
        points += n * m
        if points > MAX_POINTS:
            break
        total, error = total + _sum(cell, n, m), error + e + d
    raise PrecisionError(
        f"the plane of {f.expression} at correlation {rho.str(6)} needs too many points near "
        f"x = {float(cell.left.at(cell.v[0])[0]):.4g}; ask for fewer digits"
    )


def _norm(f: Line) -> arb:
    """A bound of the square root of E f^2."""
    return mean(f, power(2), 3).sqrt().upper()


def _along_t(cell: Cell, unfit_t: bool, unfit_v: bool) -> bool:
    """Which way to cut: across the unfit variable, unless the cell is much longer the other way.

    A cell that is long in v is unfit in t too, since a rule in t must do for all its v.
    """
    middle = (cell.v[0] + cell.v[1]) / 2
    width = abs(cell.right.at(middle)[2] - cell.left.at(middle)[2]) * (cell.t[1] - cell.t[0])
    ratio = float((width / (cell.v[1] - cell.v[0])).mid())
    if unfit_t and unfit_v:
        return ratio > 1
    return ratio > (0.5 if unfit_t else 2)


def _cells(
    f: Sequence[Segment], g: Sequence[Segment], rho: arb, bits: int, symmetric: bool
) -> tuple[Iterator[Cell], arb]:
    """The strips of the plane where both functions live, and a bound of what is left out."""
    c, s = ((1 + rho) / 2).sqrt(), ((1 - rho) / 2).nonnegative_part().sqrt()
    xs, ys = _ends(f), _ends(g)
    rays = [Ray((t, arb(0)), (t, -2 * s), (t / c, -s / c)) for t in xs]
    rays += [Ray((t, 2 * s), (t, arb(0)), (t / c, s / c)) for t in ys]
    size = _largest(f) * _largest(g)
    reach = next(k for k in range(2, 10**6) if _beyond(arb(k) / 2) * size < arb(2) ** -bits)
    top = arb(reach) / 2
    crossings, unclear = _crossings(xs, ys, s, top) if s > 0 else ([], arb(0))
    start = arb(0) if symmetric else -top
    inner = [v for v in crossings if v > start]
    strips = pairwise([start, *inner, top])
    found = (cell for a, b in strips for cell in _strip(rays, f, g, a, b))
    return found, 2 * (2 * arb.pi()).sqrt() * size * (_beyond(top) + unclear)


def _beyond(v: arb) -> arb:
    """A bound of the integral of exp(-w^2/2) over w > v."""
    return ((-(v * v) / 2).exp() / v).upper()


def _ends(pieces: Sequence[Segment]) -> list[arb]:
    return [pieces[0].lower, *(p.upper for p in pieces)]


def _largest(pieces: Sequence[Segment]) -> arb:
    """A bound of |f| on all pieces."""
    worst = arb(0)
    for p in pieces:
        waiting = [(p.lower, p.upper)]
        for _ in range(MAX_CELLS):
            if not waiting:
                break
            a, b = waiting.pop()
            value = abs(p.coarse.real(a.union(b)))
            if value.is_finite() and b - a < 2:
                worst = worst.max(value.upper())
            else:
                m = ((a + b) / 2).mid()
                waiting += [(a, m), (m, b)]
        if waiting:
            return arb("inf")
    return worst


def _crossings(xs: Sequence[arb], ys: Sequence[arb], s: arb, top: arb) -> tuple[list[arb], arb]:
    """The v in (-top, top) where two rays meet, in order, and the width of what is unclear."""
    found: list[arb] = []
    unclear = arb(0)
    for v in sorted(((a - b) / (2 * s) for a in xs for b in ys), key=lambda v: float(v.mid())):
        if v.overlaps(arb(0)) or not abs(v) < top or (found and found[-1].overlaps(v)):
            unclear += 4 * v.rad()  # taken for 0, for the end, or for the one before
        if abs(v) < top and not (found and found[-1].overlaps(v)):
            found.append(v)
    return found, unclear.upper()


def _strip(
    rays: Sequence[Ray], f: Sequence[Segment], g: Sequence[Segment], a: arb, b: arb
) -> Iterator[Cell]:
    """The cells between neighbouring rays for v in [a, b], where no two rays cross."""
    middle = ((a + b) / 2).mid()
    ordered = sorted(rays, key=lambda ray: ray.at(middle)[2].mid())
    for left, right in pairwise(ordered):
        x0, y0, u0 = left.at(middle)
        x1, y1, u1 = right.at(middle)
        if not u0 < u1:
            continue  # the same line, at s = 0
        p, q = _piece(f, (x0 + x1) / 2), _piece(g, (y0 + y1) / 2)
        if p is not None and q is not None:
            yield Cell(left, right, p, q, (arb(0), arb(1)), (a, b))


def _piece(pieces: Sequence[Segment], x: arb) -> Segment | None:
    return next((p for p in pieces if p.lower < x < p.upper), None)


Rule = tuple[float, int, arb]  # ellipse, points, error of the integral over the cell


def _rule(cell: Cell, along_t: bool, bits: int) -> Rule | None:
    """The cheapest rule in one variable, uniformly in the other."""
    (a, b), (p, q) = (cell.t, cell.v) if along_t else (cell.v, cell.t)
    across, width = p.union(q), (q - p).upper()
    middle, half = (a + b) / 2, ((b - a) / 2).upper()
    best: Rule | None = None
    for r in ELLIPSES:
        bound = _bound(
            cell, along_t, middle, half * (r + 1 / r) / 2, half * (r - 1 / r) / 2, across
        )
        if bound is None:
            continue
        size = (bound * half * width).upper()
        n = points_needed(r, log2_upper(size) + bits)
        if best is not None and (n is None or n >= best[1]):
            break
        if n is not None:
            best = r, n, (error_factor(r, n) * size).upper()
    return best


def _bound(cell: Cell, along_t: bool, x: arb, a: arb, b: arb, across: arb) -> arb | None:
    worst = arb(0)
    for i in (-1, 1):
        Z = acb(x + i * a / 2 + UNIT * a / 2, b / 2 + UNIT * b / 2)
        w = acb(across)
        value = cell.on_box(Z, w) if along_t else cell.on_box(w, Z)
        if not value.is_finite():
            return None
        worst = worst.max(abs(value).upper())
    return worst


def _sum(cell: Cell, n: int, m: int) -> arb:
    """The product rule on a cell."""
    (a, b), (p, q) = cell.t, cell.v
    half, other = (b - a) / 2, (q - p) / 2
    ts, ws = [(a + b) / 2 + half * t for t, _ in nodes(n)], [w for _, w in nodes(n)]
    total = arb(0)
    for z, weight in nodes(m):
        v = (p + q) / 2 + other * z
        total += weight * dot(ws, cell.row(ts, v))
    return total * half * other
