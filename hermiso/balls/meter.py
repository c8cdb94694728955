"""Bound the work of a fit, and say which part of a function makes it hard."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import sympy as sp
from flint import acb, arb, ctx
from sympy import Expr, Symbol

from hermiso.balls.compile import BallFunction, compiled
from hermiso.balls.panels import Segment, TooRough
from hermiso.budget import leeway
from hermiso.errors import HermisoError

__all__ = ["MOST", "Box", "Meter"]

MOST = 1_000_000  # boxes; about 20 times what a singular function takes at 30 digits
BITS = 500  # from where on a box costs more, and more of them are allowed
SLOW = (sp.erf, sp.erfc, sp.erfi, sp.gamma, sp.loggamma)  # as slow as 20 boxes
Box = Callable[[Any], Any]


class Meter:
    """The boxes of one fit: how many there may still be, and the last one that was not finite."""

    def __init__(self, e: Expr, x: Symbol) -> None:
        self.e, self.x = e, x
        self.cost = 1 + sp.count_ops(e) // 20 + 20 * len(e.atoms(*SLOW))
        self.most = MOST * max(1, leeway())
        self.left = self.most * (1 + ctx.prec // BITS)
        self.last: Any = None

    def watched(self, s: Segment) -> Segment:
        """Return a segment whose boxes are counted.

        Its boxes raise TooRough when there are too many.
        """
        function, coarse = (BallFunction(f.real, self._counted(f.box)) for f in _both(s))
        return replace(s, function=function, coarse=coarse)

    def _counted(self, box: Box) -> Box:
        def counted(Z: Any) -> Any:
            self.left -= self.cost * (1 + ctx.prec // BITS)
            if self.left < 0:
                raise TooRough(
                    f"the integrand is too rough near x = {float(Z.real.mid()):.8g}: more than "
                    f"{self.most:g} boxes; ask for fewer digits, or allow more: with "
                    "hermiso.budget.limited(boxes=4e6, seconds=100)"
                )
            value = box(Z)
            if not value.is_finite():
                self.last = Z
            return value

        return counted

    def complaint(self) -> str:
        """Return which part was not finite on the last such box."""
        if self.last is None:
            return ""
        part = _culprit(self.e, self.x, acb(self.last.real, arb(0, self.last.imag.abs_upper())))
        return "" if part is None else f"; there {part} is not certainly smooth"


def _both(s: Segment) -> tuple[BallFunction, BallFunction]:
    return s.function, s.coarse


def _culprit(e: Any, x: Symbol, Z: acb) -> Any:
    """The first part of an expression, from its leaves, that has no finite box."""
    if not isinstance(e, Expr) or x not in e.free_symbols:
        return None
    for a in e.args:
        found = _culprit(a, x, Z)
        if found is not None:
            return found
    try:
        return None if compiled(e, x).box(Z).is_finite() else e
    except HermisoError:
        return e
