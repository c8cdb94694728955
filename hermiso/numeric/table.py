"""Functions of an angle in [0, pi] as piecewise polynomials, for numpy arrays and torch tensors."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.polynomial import chebyshev

from hermiso.numeric.panels import ORDER, Array, Panels, legendre

__all__ = ["Table", "interpolation", "tabulated"]

DEGREE = 13
SPLIT = 4  # intervals of the table to a panel of 32 nodes
MAX_CELLS = 2**14


@dataclass(frozen=True)
class Table:
    """Polynomials of degree 13 on intervals that cover [0, pi].

    Attributes:
        lower: left ends of the intervals.
        scale: 2/length of each.
        coefficients: shape (14, intervals), of the powers of a local variable in [-1, 1].
        cells: the interval that holds each of equally many parts of [0, pi]; None if some
            interval is too short for that: then the interval is searched for.
    """

    lower: Array
    scale: Array
    coefficients: Array
    cells: Any

    def __call__(self, theta: Any, xp: Any) -> Any:
        """Evaluate at angles, an array of the namespace xp."""
        lower, scale, rows = (_like(theta, a, xp) for a in self._arrays())
        at = self._interval(theta, lower, xp)
        s = (theta - lower.take(at)) * scale.take(at) - 1.0
        total = rows[DEGREE].take(at)
        for k in reversed(range(DEGREE)):
            total *= s
            total += rows[k].take(at)
        return total

    def _arrays(self) -> tuple[Array, Array, Array]:
        return self.lower, self.scale, self.coefficients

    def _interval(self, theta: Any, lower: Any, xp: Any) -> Any:
        if self.cells is None:
            at = xp.searchsorted(lower, theta, side="right") - 1
            return xp.clip(at, 0, self.lower.size - 1)
        n = self.cells.size
        cell = xp.clip(xp.astype(theta * (n / math.pi), xp.int64), 0, n - 1)
        return _like(theta, self.cells, xp).take(cell)


def _like(theta: Any, a: Any, xp: Any) -> Any:
    return a if isinstance(theta, np.ndarray) else xp.asarray(a, device=theta.device)


def tabulated(p: Panels, *, searched: bool = False) -> Table:
    """Rewrite panels of [0, pi], or of any interval if it is to be searched, as a table."""
    length = (p.upper - p.lower) / SPLIT
    lower = (p.lower[:, None] + length[:, None] * np.arange(SPLIT)).ravel()
    series, to_powers = _conversions()
    # in two steps: high powers are large multiples of small Chebyshev coefficients
    coefficients = np.einsum("idn,pn->dpi", series, p.values).reshape(DEGREE + 1, -1)
    powers = to_powers @ coefficients
    scale = np.repeat(2 / length, SPLIT)
    cells = None if searched else _cells(lower, length.min())
    return Table(lower, scale, np.ascontiguousarray(powers), cells)


def _cells(lower: Array, shortest: float) -> Any:
    n = round(math.pi / shortest)
    if n > MAX_CELLS:
        return None
    middles = (np.arange(n) + 0.5) * (math.pi / n)
    return np.searchsorted(lower, middles, side="right") - 1


@cache
def _conversions() -> tuple[Array, Array]:
    """From values on 32 nodes to Chebyshev series on each part of a panel; and to powers."""
    n = DEGREE + 1
    odd = 2 * np.arange(n) + 1
    points = np.cos(odd * math.pi / (2 * n))
    # the angle reduced, so that the cosines are orthogonal to the last digit
    analysis = np.cos(np.outer(np.arange(n), odd) % (4 * n) * (math.pi / (2 * n))) * (2 / n)
    analysis[0] /= 2
    parts = [(2 * i + 1 - SPLIT + points) / SPLIT for i in range(SPLIT)]
    series = np.stack([analysis @ interpolation(s) for s in parts])
    rows = [chebyshev.cheb2poly(row) for row in np.eye(DEGREE + 1)]
    return series, np.column_stack([np.pad(r, (0, DEGREE + 1 - r.size)) for r in rows])


def interpolation(s: Array) -> Array:
    """The matrix from values on the 32 nodes of [-1, 1] to values at s, by barycentric weights."""
    t, w, _ = legendre()
    signs = (-1.0) ** np.arange(ORDER)
    distance = s[:, None] - t
    hit = distance == 0
    weights = signs * np.sqrt((1 - t**2) * w) / np.where(hit, 1.0, distance)
    weights = np.where(hit.any(axis=1)[:, None], hit, weights)
    matrix: Array = weights / np.sum(weights, axis=1, keepdims=True)
    return matrix
