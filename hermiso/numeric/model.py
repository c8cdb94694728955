"""An activation in float64: its smooth pieces as functions on arrays, and what is known at kinks.

Two sources give a model: an expression, cut at its kinks, whose derivatives and Taylor series
are exact; and a callable, of which only values are known (see `hermiso.numeric.sampled`).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import pairwise
from typing import Any

import numpy as np
import sympy as sp
from sympy import Expr, Symbol, oo

from hermiso.activation import Activation
from hermiso.errors import ActivationError, NoClosedForm, PrecisionError
from hermiso.numeric.cells import Cells, ball_function
from hermiso.numeric.exactly import Exactly
from hermiso.numeric.panels import Array, Function
from hermiso.numeric.taylor import ORDER, radius, taylor
from hermiso.pieces import Piece, split
from hermiso.stable import Library, float_function, number, stabilized

__all__ = ["Local", "Model", "model"]

_DISTANCES = (100, 150, 200)  # digits after the point
_MEET = sp.Rational(1, 10**30)
_LONG = 60  # operations of a formula too long for sympy's limits


@dataclass(frozen=True)
class PiecewiseFunction:
    """Functions on the intervals between cuts; each is evaluated only where it applies."""

    cuts: tuple[float, ...]
    functions: tuple[Function, ...]

    def __call__(self, x: Any) -> Array:
        """Evaluate on a float64 array; overflow gives inf."""
        x = np.asarray(x, float)
        with np.errstate(all="ignore"):
            if not self.cuts:
                return np.broadcast_to(self.functions[0](x), x.shape).astype(float)
            out = np.empty(x.shape)
            below = np.zeros(x.shape, bool)
            for f, cut in zip(self.functions, (*self.cuts, math.inf), strict=True):
                here = ~below & (x < cut) if cut < math.inf else ~below
                out[here] = f(x[here])
                below |= here
            return out


@dataclass(frozen=True)
class Local:
    """What a piece is near an end at `at`, less an affine function: sum_k terms_k h^k.

    The series is used for |h| <= radius, where it loses less than the difference does.
    """

    at: float
    terms: tuple[float, ...]
    radius: float

    def __call__(self, h: Array) -> Array:
        """Evaluate at at + h by Horner's rule."""
        total = np.zeros_like(h)
        for c in reversed(np.trim_zeros(self.terms, "b")):
            total = total * h + c
        return total


@dataclass(frozen=True)
class Model:
    """Pieces of an expression in one real variable, without parameters.

    Attributes:
        exact: whether the pieces are smooth; False if there may be kinks without a formula.
    """

    name: str
    x: Symbol
    pieces: tuple[Piece, ...]
    exact: bool = True
    noise = None  # that of float64

    @cached_property
    def kinks(self) -> tuple[float, ...]:
        """The points between pieces."""
        return tuple(number(p.upper) for p in self.pieces[:-1])

    @cached_property
    def value(self) -> PiecewiseFunction:
        """The activation on arrays."""
        return self._compiled(lambda e: e)

    @cached_property
    def slope(self) -> PiecewiseFunction:
        """The derivative inside the pieces."""
        return self._compiled(lambda e: sp.diff(e, self.x))

    @cached_property
    def cells(self) -> Cells:
        """Where the activation may change fast."""
        return self._bounded(lambda e: e)

    @cached_property
    def slope_cells(self) -> Cells:
        """Where the derivative may change fast."""
        return self._bounded(lambda e: sp.diff(e, self.x))

    def _bounded(self, change: Callable[[Expr], Expr]) -> Cells:
        smooth = tuple(change(p.expression) for p in self.pieces)
        return Cells(self.x, self.kinks, smooth if self.exact else ())

    def _compiled(self, change: Callable[[Expr], Expr]) -> PiecewiseFunction:
        functions = (_function(change(p.expression)) for p in self.pieces)
        return PiecewiseFunction(self.kinks, tuple(functions))

    @cached_property
    def jumps(self) -> tuple[tuple[float, float], ...]:
        """(t, sigma(t+) - sigma(t-)) where the two differ."""
        return tuple((number(t), jump) for t, jump in self._jumps)

    @cached_property
    def jump_gaps(self) -> Array:
        """The differences of the points where it jumps, each rounded once."""
        points = [t for t, _ in self._jumps]
        gaps = [float(sp.N(s - t, 20, chop=False)) for s in points for t in points]
        return np.reshape(gaps, (len(points), len(points)))

    @cached_property
    def slips(self) -> tuple[tuple[float, float, float], ...]:
        """(t, what rounding has added to t, jump) where it jumps: a strip in which it is wrong."""
        exact = ((number(t), t, jump) for t, jump in self._jumps)
        return tuple((t, float(sp.N(sp.Rational(t) - s, 20)), jump) for t, s, jump in exact)

    def strips(self, value: Function) -> tuple[Array, Array, Array]:
        """Nodes, weights and values that move every jump of a function to its place."""
        t, slip, jump = np.reshape([row for row in self.slips if row[1]], (-1, 3)).T
        high = value(t) if t.size else t  # right of the jump
        return np.repeat(t, 2), np.outer(slip, [1, -1]).ravel(), np.c_[high, high - jump].ravel()

    @cached_property
    def _jumps(self) -> tuple[tuple[Expr, float], ...]:
        found = []
        for left, right in pairwise(self.pieces):
            jump = _limit(right, self.x, left.upper) - _limit(left, self.x, left.upper)
            if abs(jump) > sp.Float("1e-25"):
                found.append((left.upper, float(jump)))
        return tuple(found)

    @cached_property
    def centre(self) -> tuple[Piece, Piece]:
        """The pieces just left and just right of 0."""
        signs = [1 if t > 0 else (-1 if t < 0 else 0) for t in self.kinks]
        left, right = signs.count(-1), len(signs) - signs.count(1)
        return self.pieces[left], self.pieces[right]

    @cached_property
    def degree(self) -> int | None:
        """The highest degree of the pieces if all are polynomials."""
        if not all(p.expression.is_polynomial(self.x) for p in self.pieces):
            return None
        degrees = (sp.degree(p.expression, self.x) for p in self.pieces if p.expression != 0)
        return max(map(int, degrees), default=0)

    @cached_property
    def derivative_jumps(self) -> tuple[tuple[float, tuple[float, ...]], ...]:
        """(t, jumps of sigma, sigma', ... at t) of a piecewise polynomial."""
        found = []
        for left, right in pairwise(self.pieces):
            t, step = left.upper, right.expression - left.expression
            orders = range((self.degree or 0) + 1)
            derivatives = [sp.diff(step, self.x, j).subs(self.x, t) for j in orders]
            found.append((number(t), tuple(float(sp.N(d, 40, chop=True)) for d in derivatives)))
        return tuple(found)

    @cached_property
    def tangent(self) -> Expr | None:
        """The affine function of the piece at 0, exactly, if that piece is affine."""
        left, right = self.centre
        if left is not right or not left.expression.is_polynomial(self.x):
            return None
        return left.expression if sp.degree(left.expression, self.x) < 2 else None

    @cached_property
    def expansions(self) -> tuple[tuple[float, ...], ...] | None:
        """Taylor coefficients at 0 of the pieces left and right of it, if they exist."""
        left, right = self.centre
        try:
            first = taylor(left.expression, self.x, sp.S.Zero, ORDER)
            second = first if right is left else taylor(right.expression, self.x, sp.S.Zero, ORDER)
        except NoClosedForm:
            return None
        return first, second

    @cached_property
    def reaches(self) -> tuple[float, ...]:
        """How far left and right of 0 these series stand for the activation."""
        ends = zip(self.centre, self.expansions or (), strict=False)
        return tuple(self._reach(piece, 0.0, terms) for piece, terms in ends)

    def _reach(self, piece: Piece, at: float, terms: tuple[float, ...]) -> float:
        if piece.expression.is_polynomial(self.x):
            return math.inf
        balls = ball_function(piece.expression, self.x)
        return radius(terms, balls and balls.box, at)

    def accurate(self, u: Array) -> Array:
        """The values by way of balls, where floats would cancel."""
        values = self.value(u)
        self._exactly.mend(values, np.ones(u.shape, bool), u)
        return values

    @cached_property
    def _exactly(self) -> Exactly:
        return self.less(sp.S.Zero, sp.S.Zero)

    def less(self, left: Expr, right: Expr) -> Exactly:
        """The activation less an expression on either side of 0."""
        known = self.exact and not (left + right).has(sp.nan, sp.zoo, oo)
        parts = ((left if t <= 0 else right, p) for p in self.pieces for t in (p.upper,))
        pieces = tuple(p.expression - e for e, p in parts) if known else (sp.nan,)
        return Exactly(self.x, self.kinks if known else (), pieces)

    def beyond(self, side: int) -> Local | None:
        """Around the kink that ends the affine piece at 0, the next piece less that affine one."""
        i = self.pieces.index(self.centre[0])
        j = i + side
        if not 0 <= j < len(self.pieces):
            return None
        t = self.pieces[i].upper if side > 0 else self.pieces[i].lower
        terms = taylor(self.pieces[j].expression - self.tangent, self.x, t, ORDER)
        reach = self._reach(self.pieces[j], number(t), terms)
        return Local(number(t), terms, reach)


def _limit(piece: Piece, x: Symbol, t: Expr) -> Expr:
    value = sp.N(piece.expression.subs(x, t), 40)
    if value.is_finite and value.is_real:
        return value
    side = -1 if t == piece.upper else 1
    value = _approached(piece.expression, x, t, side)
    if value is None:
        value = sp.N(sp.limit(_short(piece.expression), x, t, "+" if side > 0 else "-"), 40)
    if not value.is_finite:
        raise NoClosedForm(f"{piece.expression!s:.200} is unbounded at {t}")
    return value


def _approached(e: Expr, x: Symbol, t: Expr, side: int) -> Expr | None:
    """What the values at ever smaller distances agree in, or None; limits are slow to derive."""
    near = (t + side * sp.Rational(1, 10**k) for k in _DISTANCES)
    values = [sp.N(e.subs(x, s), 40, maxn=10 * _DISTANCES[-1]) for s in near]
    if not all(v.is_Float for v in values):
        return None
    apart = max(abs(v - values[-1]) for v in values)
    return values[-1] if apart <= _MEET * (1 + abs(values[-1])) else None


def _short(e: Expr) -> Expr:
    if e.count_ops() > _LONG:
        raise PrecisionError(f"the limits of {e!s:.200} are not known; use hermiso.certified")
    return e


def _function(e: Expr) -> Function:
    import scipy.special

    return float_function(stabilized(e), Library(np, scipy.special))


@lru_cache(maxsize=256)
def model(activation: Activation) -> Model:
    """Cut an activation into pieces.

    Raises:
        ActivationError: if a parameter has no value.
    """
    e, x = activation.expression, activation.variable
    parameters = sorted(str(s) for s in e.free_symbols - {x})
    if parameters:
        raise ActivationError(
            f"{activation.name:.200} has no number: {', '.join(parameters)} has no value; "
            "substitute a number for every parameter first, e.g. expression.subs(...)"
        )
    try:
        pieces = split(e, x)
    except NoClosedForm:  # kinks without a formula, as in Abs(sin(x)): found by bisection
        return Model(activation.name, x, (Piece(-oo, oo, e),), exact=False)
    if len(pieces) > 1:
        from hermiso.balls.agreement import confirm_pieces

        confirm_pieces(e, x, pieces)
    return Model(activation.name, x, pieces)
