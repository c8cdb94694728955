"""Functions cut into pieces, on balls: branches are blended where conditions are undecided.

A `table` is that of `compile`: its sign of a number, and its values for nothing and for doubt.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import reduce
from typing import Any

import sympy as sp
from flint import arb
from sympy import Symbol

from hermiso.errors import NoClosedForm
from hermiso.vanishing import vanishes

__all__ = ["STEPS", "Function", "piecewise", "step"]

Function = Callable[[Any], Any]
Closure = Callable[[Any], Function]  # how a part is compiled
STEPS = (sp.Abs, sp.sign, sp.Heaviside, sp.Max, sp.Min, sp.Piecewise, sp.floor, sp.ceiling)


def piecewise(e: Any, x: Symbol, closure: Closure, table: Any) -> Function:
    """Blend the branches by conditions in [0, 1]: 1 where one certainly holds."""
    branches = [(closure(v), _condition(c, x, closure, table)) for v, c in e.args]

    def value(z: Any) -> Any:
        total, left = None, arb(1)
        for f, holds in branches:
            h = holds(z)
            if h.contains(0) and h.is_exact():
                continue
            term = f(z) if left.is_exact() and h.is_exact() and left == 1 == h else left * h * f(z)
            total, left = (term if total is None else total + term), left * (1 - h)
            if left.is_zero():
                return total
        return table.undefined

    return value


def _condition(c: Any, x: Symbol, closure: Closure, table: Any) -> Function:
    """1 where the condition certainly holds, 0 where it certainly fails, else [0, 1]."""
    if c in (sp.true, sp.false):
        verdict = arb(int(bool(c)))
        return lambda z: verdict
    if isinstance(c, sp.core.relational.Relational):
        return _relation(c, x, closure, table)
    parts = [_condition(a, x, closure, table) for a in c.args]
    if isinstance(c, sp.Not):
        return lambda z: 1 - parts[0](z)
    if isinstance(c, sp.And):
        return lambda z: reduce(lambda h, p: h * p(z), parts, arb(1))
    if isinstance(c, sp.Or):
        return lambda z: 1 - reduce(lambda h, p: h * (1 - p(z)), parts, arb(1))
    raise NoClosedForm(f"the condition {c} is not made of comparisons")


def _relation(c: Any, x: Symbol, closure: Closure, table: Any) -> Function:
    if isinstance(c, (sp.Eq, sp.Ne)):
        return _equality(c, x, closure, table)
    strict = isinstance(c, (sp.StrictGreaterThan, sp.StrictLessThan))
    at_zero = arb(0 if strict else 1)
    return step(closure(c.gts - c.lts), lambda z: at_zero, table)


def step(u: Function, at_zero: Function, table: Any) -> Function:
    """1 where u > 0, 0 where u < 0, and a function where u is exactly 0, as on a flat part."""
    sign, between = table.sign, table.undecided

    def value(z: Any) -> Any:
        v = u(z)
        if v.is_zero():
            return at_zero(z)
        either = v.contains(0) and between.is_finite()
        return between.union(at_zero(z)) if either else (1 + sign(v)) / 2

    return value


def _equality(c: Any, x: Symbol, closure: Closure, table: Any) -> Function:
    """A smooth equality holds everywhere or on a null set; one of steps may hold on intervals."""
    holds = int(isinstance(c, sp.Eq))
    u = c.lhs - c.rhs
    if not u.has(*STEPS):
        verdict = arb(int(vanishes(u, x) == holds))
        return lambda z: verdict
    f, undecided = closure(u), table.undecided

    def value(z: Any) -> Any:
        v = f(z)
        if v.is_zero():
            return arb(holds)
        return undecided if v.contains(0) else arb(1 - holds)

    return value
