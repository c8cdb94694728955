"""An activation in exact form: on each interval a sum of terms."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import sympy as sp
from sympy import Expr, Symbol

from hermiso.pieces import split
from hermiso.symbolic.moments import Moments
from hermiso.symbolic.terms import Terms, multiply, terms

__all__ = ["ExactFunction", "Segment", "exact"]


@dataclass(frozen=True)
class Segment:
    """A sum of terms on an interval."""

    lower: Expr
    upper: Expr
    terms: Terms

    def __hash__(self) -> int:
        return hash((self.lower, self.upper))


@dataclass(frozen=True)
class ExactFunction:
    """A function of the exact class: segments that cover the line, in the variable x."""

    x: Symbol
    segments: tuple[Segment, ...]

    @cached_property
    def moments(self) -> tuple[Moments, ...]:
        """The Gaussian integrals over each segment's interval."""
        return tuple(Moments(s.lower, s.upper, self.x) for s in self.segments)

    def expectation(self, weight: Terms | None = None) -> Expr:
        """Return E[f(z) weight(z)]."""
        return sp.Add(
            *(
                m.expectation(s.terms if weight is None else multiply(s.terms, weight))
                for m, s in zip(self.moments, self.segments, strict=True)
            )
        )

    def second_moment(self) -> Expr:
        """Return E[f(z)^2]."""
        return sp.Add(
            *(
                m.expectation(multiply(s.terms, s.terms))
                for m, s in zip(self.moments, self.segments, strict=True)
            )
        )


def exact(expression: Expr, x: Symbol) -> ExactFunction:
    """Convert an expression to exact form.

    Raises:
        NoClosedForm: if a piece is outside the term algebra.
    """
    segments = []
    for p in split(expression, x):
        side = 1 if p.lower.is_nonnegative else -1 if p.upper.is_nonpositive else 0
        segments.append(Segment(p.lower, p.upper, terms(p.expression, x, side)))
    return ExactFunction(x, tuple(segments))
