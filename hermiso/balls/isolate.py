"""Find kinks in balls where sympy finds no closed form for them.

Abs, Max, Min, sign, Heaviside and Piecewise switch where some smooth u changes sign. On a bounded
interval the sign changes of u are isolated: a part of the interval where u or its derivative is
certainly not 0 is settled, anything else is cut in two. Roots come out as thin balls, by the
interval Newton method. Around a multiple root, as of 1 - cos(x), a short interval stays
unresolved.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import sympy as sp
from flint import arb, ctx
from sympy import Expr, Symbol

from hermiso.balls.compile import compiled

SWITCHES = (sp.Abs, sp.sign, sp.Heaviside, sp.Max, sp.Min, sp.Piecewise)
UNEVEN = arb(487) / 1024  # where an interval is cut: not at a likely root
NEWTON = 64
MOST = 20_000  # intervals


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
    with ctx.workprec(2 * ctx.prec + 64):  # near a double root u is the square of the distance
        parts = _signs(u, x, lower, upper, shortest)
    for a, b, sign in parts:
        if not sign:
            found.append(Resolved(a, b, e))
            continue
        found += resolved(e.xreplace({switch: _branch(switch, u, sign)}), x, a, b)
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


def _branch(switch: Any, u: Expr, sign: int) -> Expr:
    """What a switch is where its decider has a sign."""
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


def _signs(u: Expr, x: Symbol, lower: arb, upper: arb, shortest: arb) -> list[tuple[arb, arb, int]]:
    """The sign of u on the intervals between its roots; 0 where it stays open."""
    if u.has(sp.floor, sp.ceiling):
        raise NotIsolated  # no derivative
    f, slope = (compiled(g, x).real for g in (u, u.diff(x)))
    cuts: list[tuple[arb, arb]] = []  # roots, and intervals that stay open
    waiting = [(lower, upper)]
    for _ in range(MOST):
        if not waiting:
            break
        a, b = waiting.pop()
        z = a.union(b)
        if _sign(f(z)):
            continue
        if _sign(slope(z)) and _sign(f(a)) and _sign(f(b)):
            if _sign(f(a)) != _sign(f(b)):
                root = _newton(f, slope, a, b)
                cuts.append((root, root))
            continue
        if b - a < shortest:
            cuts.append((a, b))
            continue
        m = (a + (b - a) * UNEVEN).mid()
        waiting += [(m, b), (a, m)]
    if waiting:
        raise NotIsolated
    return _between(f, lower, upper, sorted(cuts, key=lambda cut: cut[0].mid()))


def _between(
    f: Any, lower: arb, upper: arb, cuts: list[tuple[arb, arb]]
) -> list[tuple[arb, arb, int]]:
    """Intervals between cuts with the sign of f, open cuts among them with 0."""
    found, start = [], lower
    for a, b in [*cuts, (upper, upper)]:
        if not (start < a or a <= start):
            raise NotIsolated  # two roots that the precision does not separate
        if start < a:
            found.append((start, a, _sign(f(((start + a) / 2).mid()))))
        if a < b:
            found.append((a, b, 0))
        start = b
    return found


def _sign(value: arb) -> int:
    """1 or -1 if certain, else 0."""
    return 1 if value > 0 else -1 if value < 0 else 0


def _newton(f: Any, slope: Any, a: arb, b: arb) -> arb:
    """A thin ball around the only root in [a, b]."""
    z = a.union(b)
    for _ in range(NEWTON):
        m = arb(z.mid())
        step = m - f(m) / slope(z)
        if not step.overlaps(z):
            raise NotIsolated
        better = step.intersection(z)
        if not better.rad() < z.rad() / 2:
            return better
        z = better
    return z
