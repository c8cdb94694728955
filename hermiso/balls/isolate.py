"""Find kinks in balls where sympy finds no closed form for them.

Abs, Max, Min, sign, Heaviside and Piecewise switch where some smooth u changes sign, floor and
ceiling where it is an integer. On a bounded interval these points are isolated: a part of the
interval where u is certainly no such value, or its derivative certainly not 0, is settled,
anything else is cut in two. Roots come out as thin balls, by the interval Newton method. Around a
multiple root, as of 1 - cos(x), a short interval stays unresolved.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import sympy as sp
from flint import arb, ctx
from sympy import Expr, Symbol

from hermiso.balls.compile import compiled

__all__ = [
    "MOST",
    "SWITCHES",
    "Cell",
    "Function",
    "NotIsolated",
    "Part",
    "has_switches",
    "resolved",
]

STEPS = (sp.floor, sp.ceiling)
SWITCHES = (sp.Abs, sp.sign, sp.Heaviside, sp.Max, sp.Min, sp.Piecewise, *STEPS)
UNEVEN = arb(487) / 1024  # where an interval is cut: not at a likely root
NEWTON = 64
MOST, PER_BIT = 20_000, 40  # intervals
MOST_PIECES = 4000
Function = Callable[[arb], arb]
Cell = Callable[[arb], int | None]
Part = tuple[arb, arb, int | None]  # from, to, cell


class NotIsolated(Exception):
    """Too many sign changes, or a condition that is no comparison."""


@dataclass(frozen=True)
class Resolved:
    """An expression on the interval from lower to upper; without switches unless it is short."""

    lower: arb
    upper: arb
    expression: Expr


def has_switches(e: Expr, x: Symbol) -> bool:
    """Whether an expression switches with x."""
    return _innermost(e, x) is not None


def resolved(e: Expr, x: Symbol, lower: arb, upper: arb) -> list[Resolved]:
    """Cut an interval at the kinks of an expression; open intervals shrink to 2^-precision.

    Raises:
        NotIsolated: if the kinks are too many.
    """
    switch = _innermost(e, x)
    if switch is None:
        return [Resolved(lower, upper, e)]
    found = []
    u, shortest = _decider(switch), arb(2) ** -ctx.prec
    cell = _floor if isinstance(switch, STEPS) else _side
    with ctx.workprec(2 * ctx.prec + 64):  # near a double root u is the square of the distance
        parts = _parts(u, x, lower, upper, shortest, cell)
    for a, b, n in parts:
        if n is None:
            found.append(Resolved(a, b, e))
            continue
        found += resolved(e.xreplace({switch: _branch(switch, u, n)}), x, a, b)
    if len(found) > MOST_PIECES:
        raise NotIsolated
    return found


def _innermost(e: Any, x: Symbol) -> Any:
    """A switch none of whose arguments switches."""
    if x not in e.free_symbols:
        return None
    for a in e.args:
        inner = _innermost(a, x)
        if inner is not None:
            return inner
    return e if isinstance(e, SWITCHES) else None


def _decider(switch: Any) -> Expr:
    """The function whose sign decides the first choice of a switch."""
    if isinstance(switch, (sp.Max, sp.Min)):
        a, b = switch.args[:2]
        return a - b
    if isinstance(switch, sp.Piecewise):
        comparison = next(iter(_comparisons(switch)))
        return comparison.lhs - comparison.rhs
    return switch.args[0]


def _comparisons(switch: Any) -> list[Any]:
    found = [
        c
        for _, condition in switch.args
        for c in sp.preorder_traversal(condition)
        if isinstance(c, sp.core.relational.Relational)
    ]
    if not found:
        raise NotIsolated
    return found


def _branch(switch: Any, u: Expr, cell: int) -> Expr:
    """What a switch is where its decider is in a cell: u > 0 is cell 0, u < 0 cell -1."""
    if isinstance(switch, STEPS):
        return sp.Integer(cell + isinstance(switch, sp.ceiling))
    sign = 2 * cell + 1
    if isinstance(switch, sp.Abs):
        return sign * switch.args[0]
    if isinstance(switch, sp.sign):
        return sp.Integer(sign)
    if isinstance(switch, sp.Heaviside):
        return sp.Integer((1 + sign) // 2)
    if isinstance(switch, sp.Piecewise):
        known = {
            c: sp.sympify(bool(c.func(sign, 0))) for c in _comparisons(switch) if c.lhs - c.rhs == u
        }
        return switch.xreplace(known)
    a, b, *rest = switch.args
    larger = a if sign > 0 else b
    smaller = b if sign > 0 else a
    kept = larger if isinstance(switch, sp.Max) else smaller
    return switch.func(kept, *rest, evaluate=False) if rest else kept


def _floor(value: arb) -> int | None:
    """The floor of a value, if it is certain."""
    floor = value.floor().unique_fmpz() if value.is_finite() else None
    return None if floor is None else int(floor)


def _side(value: arb) -> int | None:
    """0 above 0 and -1 below, if it is certain."""
    return 0 if value > 0 else -1 if value < 0 else None


def _parts(u: Expr, x: Symbol, lower: arb, upper: arb, shortest: arb, cell: Cell) -> list[Part]:
    """The intervals on which u stays in one cell; cells n - 1 and n meet at the value n."""
    f, slope = (compiled(g, x).real for g in (u, u.diff(x)))
    cuts: list[tuple[arb, arb]] = []  # roots, and intervals that stay open
    waiting = [(lower, upper)]
    for _ in range(MOST + PER_BIT * ctx.prec):
        if not waiting or len(cuts) > MOST_PIECES:
            break
        a, b = waiting.pop()
        z = a.union(b)
        if cell(f(z)) is not None:
            continue
        steep = _side(slope(z)) is not None
        levels = _crossed(cell(f(a)), cell(f(b))) if steep else None
        if levels is not None:
            cuts += [(root, root) for root in _newton(f, slope, a, b, levels)]
        elif b - a < shortest:
            cuts.append((a, b))
        else:
            m = (a + (b - a) * UNEVEN).mid()
            waiting += [(m, b), (a, m)]
    if waiting:
        raise NotIsolated
    return _between(f, lower, upper, sorted(cuts, key=lambda cut: cut[0].mid()), cell)


def _crossed(a: int | None, b: int | None) -> range | None:
    """The values between two cells."""
    return None if a is None or b is None else range(min(a, b) + 1, max(a, b) + 1)


def _between(
    f: Function, lower: arb, upper: arb, cuts: list[tuple[arb, arb]], cell: Cell
) -> list[Part]:
    """Intervals between cuts with the cell of f, open cuts among them with None."""
    found: list[Part] = []
    start = lower
    for a, b in [*cuts, (upper, upper)]:
        if not (start < a or a <= start):
            raise NotIsolated  # two roots that the precision does not separate
        if start < a:
            found.append((start, a, cell(f(((start + a) / 2).mid()))))
        if a < b:
            found.append((a, b, None))
        start = b
    return found


def _newton(f: Function, slope: Function, a: arb, b: arb, levels: range) -> Iterator[arb]:
    """Thin balls around the points in [a, b] where the monotone f is at a level."""
    if levels.stop - levels.start > MOST_PIECES:
        raise NotIsolated
    for level in levels:
        z = a.union(b)
        for _ in range(NEWTON):
            m = arb(z.mid())
            step = m - (f(m) - level) / slope(z)
            if not step.overlaps(z):
                raise NotIsolated
            better = step.intersection(z)
            if not better.rad() < z.rad() / 2:
                yield better
                break
            z = better
        else:
            yield z
