"""Where a function may change fast: the line cut into cells on which bounds exclude surprises.

Samples see nothing of exp(-10^12 (x - 0.3)^2) unless one falls on it; a box does. A cell [a, b]
is fine if sigma is holomorphic on the ellipse around it whose axes are (3 + 1/3)/2 and
(3 - 1/3)/2 of its half width, and bounded there by 10^4 times a value in the cell. Then it
has no features that are much narrower than the cell, and a few probes see them all. Other cells
are halved, unless they have no weight at the gain in question.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from math import inf, log2
from typing import Any

import numpy as np
import sympy as sp
from sympy import Expr, Symbol

from hermiso.errors import NoClosedForm, PrecisionError
from hermiso.numeric.panels import Array

__all__ = ["BITS", "MAX_CELLS", "Cells", "ball_function", "log_bound"]

RHO = 3.0
LARGER = log2(1e4)  # by how much a bound may exceed the values
MAX_CELLS = 2**12  # about a second's work
_LONG, _HIGH = (RHO + 1 / RHO) / 2, (RHO - 1 / RHO) / 2
_WEIGHTLESS = 133.0  # bits: 1e-40 of the norm
_WILD = 100.0  # bits by which no value exceeds the norm, where no bound is known
_NARROW = 2.0**-45  # of the distance to 0
_ROUNDED = 1e-13  # relative: a larger error is cancellation
_EXACT = 50.0  # bits of the norm: smaller errors do not matter
_TINY = -1000.0  # log2 of what counts as 0
_HUGE = 1000.0  # and of what counts as overflow
_SAMPLES = (-0.83, 0.67)  # where a cell is sampled, on [-1, 1]
_PROBES = np.array([0.04, 0.27, 0.52, 0.74, 0.97])
BITS = 160  # 1 + erf(x) keeps a sense of size where it is 1e-40


@dataclass(frozen=True)
class Cells:
    """Bounds of a function in pieces; those that were asked for are kept.

    Attributes:
        cuts: the points between pieces.
        expressions: one per piece, smooth inside it; none if they are not known to be.
    """

    x: Symbol
    cuts: tuple[float, ...]
    expressions: tuple[Expr, ...]

    def probes(self, reach: float, gain: float, *, beyond: float = 0.0) -> Array | None:
        """Points that no feature of sigma(gain z) escapes, given in u = gain z.

        Args:
            reach: |u| is at most about that.
            gain: its size: what has no weight at this gain is left out.
            beyond: only |u| >= beyond counts.

        Returns:
            Five points in every cell, increasing; None if there are no bounds to be had.

        Raises:
            PrecisionError: if more than 2^17 cells are needed.
        """
        if not self._balls or None in self._balls:
            return None
        found = self._cover(reach, gain, beyond)
        points: Array = found[:-1, None] + np.diff(found)[:, None] * _PROBES
        return points.ravel()

    def agrees(self, value: Any, reach: float, gain: float) -> bool:
        """Whether a float function has no more than rounding errors, by one ball per cell."""
        if not self._balls or None in self._balls:
            return True
        found = self._cover(reach, gain, 0.0)
        a, b = found[:-1], found[1:]
        _, seen, exact, other = self._sizes(a, b)
        at = _sample(a, b, _SAMPLES[0])
        weight = _log_weight(a, b, gain, 0.0)
        norm = np.max(seen + weight)
        with np.errstate(all="ignore"):
            off = np.abs(value(at) - exact)
            shift = np.finfo(float).eps * np.abs(at) * np.abs(other - exact) / (b - a)
            wrong = off > _ROUNDED * np.abs(exact) + 20 * shift
            return not np.any(wrong & (np.log2(off) + weight > norm - _EXACT))

    def _cover(self, reach: float, gain: float, beyond: float) -> Array:
        key = reach, gain, beyond
        if key not in self._latest:
            self._latest.clear()
            self._latest[key] = self._fine(self._first(reach), gain, beyond)
        return self._latest[key]

    def _first(self, reach: float) -> Array:
        far = 2.0 ** np.arange(max(1, np.ceil(log2(reach)) + 1)) if reach > 1 else np.ones(1)
        inner = [t for t in self.cuts if abs(t) < far[-1]]
        return np.unique([*-far, 0.0, *far, *inner])

    def _fine(self, edges: Array, gain: float, beyond: float) -> Array:
        """Edges of cells, halved where they are not fine."""
        a, b = edges[:-1], edges[1:]
        found, norm = [edges], -inf
        count = a.size
        while a.size:
            bound, seen, *_ = self._sizes(a, b)
            weight = _log_weight(a, b, gain, beyond)
            norm = max(norm, float(np.max(seen + weight)))
            likely = np.where(bound < inf, bound, np.maximum(seen, norm) + _WILD)
            fine = (bound <= seen + LARGER) | (likely + weight <= norm - _WEIGHTLESS)
            fine |= (np.maximum(abs(a), abs(b)) <= beyond) | (seen >= _HUGE)
            fine |= b - a <= _NARROW * np.maximum(gain / 2, np.maximum(abs(a), abs(b)))
            a, b = a[~fine], b[~fine]
            middle = (a + b) / 2
            found.append(middle)
            count += a.size
            limit = round(MAX_CELLS * min(max(1.0, gain / 128), 8.0))  # at large gains more is seen
            if count > limit:
                raise PrecisionError(
                    f"near {middle[0]:.6g} it changes too fast: more than {limit} panels "
                    "would be needed; use hermiso.certified"
                )
            a, b = np.concatenate([a, middle]), np.concatenate([middle, b])
        return np.unique(np.concatenate(found))

    def _sizes(self, a: Array, b: Array) -> Array:
        """log2 of the bounds around cells and of the values seen in them; two of the values."""
        cells = list(zip(a.tolist(), b.tolist(), strict=True))
        self._measure([cell for cell in cells if cell not in self._known])
        return np.array([self._known[cell] for cell in cells]).T

    @cached_property
    def _latest(self) -> dict[tuple[float, float, float], Array]:
        return {}

    @cached_property
    def _known(self) -> dict[tuple[float, float], tuple[float, ...]]:
        return {}

    @cached_property
    def _balls(self) -> tuple[Any, ...]:
        """Per piece its function on balls and boxes; None if it has none."""
        return tuple(ball_function(e, self.x) for e in self.expressions)

    def _measure(self, cells: Sequence[tuple[float, float]]) -> None:
        from flint import arb, ctx

        pieces = np.searchsorted(self.cuts, [(a + b) / 2 for a, b in cells])
        with ctx.workprec(BITS):
            for (a, b), i in zip(cells, pieces, strict=True):
                f, r = self._balls[i], (b - a) / 2
                bound = log_bound(f.box, (a + b) / 2, _LONG * r, _HIGH * r)
                values = [f.real(arb(_sample(a, b, t))) for t in _SAMPLES[: 2 - (bound == inf)]]
                seen = max(_log_size(v) for v in values)
                self._known[a, b] = bound, seen, float(values[0].mid()), float(values[-1].mid())


def ball_function(e: Expr, x: Symbol) -> Any:
    """The function on balls and boxes, or None if a head in it has none."""
    from flint import ctx

    from hermiso.balls.boxes import sharper
    from hermiso.balls.compile import compiled

    several = _with_logistics(_with_tails(e)).replace(
        lambda p: p.is_Pow and p.exp.is_Integer and p.exp < -1,
        lambda p: sharper(1 / p.base) ** -p.exp,  # powers of a logistic function
    )
    far = several.replace(lambda f: f.func is sp.log and f.args[0].func is sp.cosh, _far_log_cosh)
    try:
        with ctx.workprec(BITS):
            found = compiled(several, x)
            return found if far == several else _Either(found, compiled(far, x))
    except NoClosedForm:
        return None


@dataclass(frozen=True)
class _Either:
    """A function with two forms on boxes: the second where the first is not seen to be finite."""

    near: Any
    far: Any

    @property
    def real(self) -> Any:
        return self.near.real

    def box(self, z: Any) -> Any:
        """The function on a box."""
        found = self.near.box(z)
        return found if found.is_finite() else self.far.box(z)


def _far_log_cosh(e: Expr) -> Expr:
    """Write log(cosh(u)) so that wide boxes far from 0 keep off its branch points."""
    u = sp.Abs(e.args[0].args[0])
    return u + sp.log(1 + sp.exp(-2 * u)) - sp.log(2)


def _with_tails(e: Expr) -> Expr:
    """Write c + c erf(u) as c erfc(-u): at u = -11 the sum has none of its 160 bits left."""
    from hermiso.balls.heads import OnePlusErf

    def tail(sum_: Expr) -> Expr:
        c, rest = sum_.as_coeff_Add()
        k, f = rest.as_coeff_Mul()
        return c * OnePlusErf(k / c * f.args[0]) if f.func is sp.erf and k in (c, -c) else sum_

    return e.replace(sp.erfc, lambda u: 1 - sp.erf(u)).replace(lambda s: s.is_Add, tail)


def _with_logistics(e: Expr) -> Expr:
    """Write exp(u)/(1 + exp(u)) as 1/(1 + exp(-u)): far out the boxes of both factors are wide."""

    def joined(product: Expr) -> Expr:
        for f in product.args:
            if f.func is sp.exp and 1 / (1 + f) in product.args:
                return product / f * (1 + f) / (1 + 1 / f)
        return product

    return e.replace(lambda p: p.is_Mul, joined)


def log_bound(box: Any, centre: float, across: float, up: float) -> float:
    """log2 of a bound on a rectangle, by its upper half; inf if it may not be holomorphic."""
    from flint import acb, arb

    from hermiso.balls.panels import log2_upper

    size = abs(acb(box(acb(arb(centre, across), arb(up / 2, up / 2)))))
    return max(log2_upper(size), _TINY) if size.is_finite() else inf


def _log_size(value: Any) -> float:
    """log2 of about |f|."""
    from hermiso.balls.panels import log2_upper

    return max(log2_upper(abs(value.mid())), _TINY) if value.is_finite() else _TINY


def _sample(a: Any, b: Any, t: float) -> Any:
    """A point of a cell, the same float each time."""
    return (a + b) / 2 + t * ((b - a) / 2)


def _log_weight(a: Array, b: Array, gain: float, beyond: float) -> Array:
    """log2 of the root of the mass of a cell, up to a factor near 1; from `beyond` on."""
    inner = np.where((a < 0) & (b > 0), 0.0, np.minimum(abs(a), abs(b)))
    z = np.maximum(inner, beyond) / gain
    width = np.minimum((b - a) / gain, 1.0)
    inside = np.maximum(abs(a), abs(b)) <= beyond
    weight: Array = np.log2(width) / 2 - z * z / 4 * log2(np.e)
    return np.where(inside, -inf, weight)
