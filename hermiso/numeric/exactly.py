"""Differences that cancel in float64, taken on balls of 160 bits and rounded once."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sympy import Expr, Symbol

from hermiso.numeric.cells import BITS, ball_function
from hermiso.numeric.panels import Array

__all__ = ["LOST", "Exactly"]

LOST = 2.0**-10  # of the terms: smaller differences are taken again


@dataclass(frozen=True)
class Exactly:
    """A function in pieces, each an expression.

    Attributes:
        cuts: the points between pieces.
        expressions: one per piece.
    """

    x: Symbol
    cuts: tuple[float, ...]
    expressions: tuple[Expr, ...]

    def mend(self, values: Array, lost: NDArray[np.bool_], u: Array) -> None:
        """Replace the values at u that are lost."""
        from flint import arb, ctx

        if not lost.any() or None in self._balls:
            return
        points = u[lost]
        found = values[lost]
        pieces = np.searchsorted(self.cuts, points, side="right")
        with ctx.workprec(BITS):
            for k, (at, i) in enumerate(zip(points.tolist(), pieces, strict=True)):
                ball = self._balls[i].real(arb(at))
                if ball.is_finite():
                    found[k] = float(ball.mid())
        values[lost] = found

    @cached_property
    def _balls(self) -> tuple[Any, ...]:
        return tuple(ball_function(e, self.x) for e in self.expressions)
