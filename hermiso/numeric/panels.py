"""Adaptive Gauss-Legendre panels: a function is sampled until every panel resolves it.

A panel carries 32 nodes and the Legendre coefficients of the polynomial through them. When the
last quarter of the coefficients is not negligible, the panel is halved: that finds poles near
the line, oscillations, endpoint singularities and kinks alike.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hermiso.budget import spend_boxes

__all__ = [
    "ORDER",
    "POINTS",
    "Array",
    "Function",
    "Goal",
    "Panels",
    "legendre",
    "lengths",
    "resolve",
    "spread",
]

Array = NDArray[np.float64]
Function = Callable[[Any], Any]

ORDER = 32
POINTS = 1000  # evaluations in floats that count as one on balls
TAIL = 8  # coefficients that must be negligible
MAX_PANELS = 20_000
NARROWEST = 2.0**-50  # of the distance to 0
_AGREES = 100.0  # probes have not the luck of an average
_CLOSE = 1e-6  # of a panel
_FLAT = 0.1
_CHUNK = 2**15  # probes at a time
_NOISE = 16 * np.finfo(float).eps  # of the largest value: nothing smaller can be resolved


@cache
def legendre(order: int = ORDER) -> tuple[Array, Array, Array]:
    """Nodes and weights on [-1, 1], and the matrix from values to Legendre coefficients."""
    from flint import arb, ctx

    with ctx.workprec(128):  # numpy's leggauss(32) has weights wrong by 6e-14
        pairs = [arb.legendre_p_root(order, k, weight=True) for k in reversed(range(order))]
        t, w = (np.array([float(v) for v in column]) for column in zip(*pairs, strict=True))
    basis = np.polynomial.legendre.legvander(t, order - 1)
    return t, w, (basis * w[:, None]).T * (np.arange(order)[:, None] + 0.5)


@dataclass(frozen=True)
class Panels:
    """P panels [lower, upper] in increasing order, and a function on their nodes (P, 32).

    Attributes:
        tail: per panel, the size of what is not resolved.
        resolved: whether the tail is negligible; False where the limits stopped the search.
    """

    lower: Array
    upper: Array
    values: Array
    tail: Array
    resolved: NDArray[np.bool_]

    @property
    def nodes(self) -> Array:
        """The nodes, shape (P, 32)."""
        return spread(self.lower, self.upper)

    @property
    def weights(self) -> Array:
        """The weights of the integral over the line, shape (P, 32)."""
        return (self.upper - self.lower)[:, None] / 2 * legendre()[1]

    @property
    def slopes(self) -> Array:
        """The derivatives of the polynomials on the nodes, shape (P, 32)."""
        slopes: Array = (
            self.values @ _differentiation().T * (2 / (self.upper - self.lower))[:, None]
        )
        return slopes

    def at(self, x: Array, panel: Any) -> Array:
        """The polynomials of given panels at points x."""
        coefficients = self.values @ legendre()[2].T
        t = (2 * x - self.lower[panel] - self.upper[panel]) / (self.upper - self.lower)[panel]
        basis = np.polynomial.legendre.legvander(t, ORDER - 1)
        return np.asarray(np.einsum("nk,nk->n", basis, coefficients[panel]))

    def kept(self, mask: Any) -> Panels:
        """The panels of a mask or an order."""
        return Panels(*(getattr(self, f.name)[mask] for f in fields(self)))


@cache
def _differentiation() -> Array:
    """From values on the nodes to the derivative of their polynomial; exactly 0 for constants."""
    t, w, _ = legendre()
    barycentric = (-1.0) ** np.arange(ORDER) * np.sqrt((1 - t**2) * w)
    gaps = t[:, None] - t + np.eye(ORDER)
    matrix: Array = barycentric / barycentric[:, None] / gaps * (1 - np.eye(ORDER))
    return matrix - np.diag(np.sum(matrix, axis=1))


def spread(lower: Any, upper: Any, order: int = ORDER) -> Array:
    """Gauss-Legendre nodes of many panels, shape (P, order)."""
    t = legendre(order)[0]
    nodes: Array = ((lower + upper)[:, None] + (upper - lower)[:, None] * t) / 2
    return nodes


def lengths(lower: Any, upper: Any) -> Any:
    """The importance of panels under the measure dx."""
    return np.sqrt(upper - lower)


@dataclass(frozen=True)
class Goal:
    """When a panel counts as resolved.

    Attributes:
        importance: of panels [a, b]: the square root of the mass of the measure on them.
        size: the magnitude of the terms of which f is the sum, if they cancel.
        tolerance: see `resolve`.
        noise: relative error of f, or of its terms, if it is not that of float64.
        probes: points, increasing, where f must be what the polynomials of its panels are.
    """

    importance: Callable[[Any, Any], Any]
    size: Function | None = None
    tolerance: float = 1e-17
    noise: float | None = None
    probes: Array | None = None

    def judged(self, f: Function, a: Array, b: Array, known: float) -> tuple[Panels, Array]:
        """Sample f on panels; also the mean squares of f on them."""
        x, weight = spread(a, b), self.importance(a, b)
        v = _moved(f(x), x, a, b)
        relative = _NOISE if self.noise is None else self.noise
        before, tail = _tails(v)
        flat = tail > _FLAT * before  # else the series still converges
        floor = relative * _top(v, x, self.size) + np.where(flat, _rounding(v, x), 0.0)
        with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
            mass = weight**2 * np.mean(v**2, axis=1)
            known += float(np.sum(mass[np.isfinite(mass)]))
            floor = np.maximum(floor, self.tolerance * np.sqrt(known) / weight)
        fine = (tail <= floor) | (weight == 0)
        p = Panels(a, b, v, tail, fine)
        if self.probes is not None:
            fine[fine] = ~_contradicted(f, p.kept(fine), _AGREES * floor[fine], self.probes)
        return p, mass


def resolve(f: Function, edges: Any, goal: Goal, *, limit: int = MAX_PANELS) -> Panels:
    """Halve panels until f is resolved on each.

    A panel is done when its tail is rounding noise, or when tail * importance is below the
    tolerance times the norm of f, sqrt(sum importance^2 mean f^2).

    Args:
        f: the function on arrays; values that are not finite count as unresolved.
        edges: the first panel edges, increasing.
        goal: when a panel is resolved.
        limit: on the number of panels.
    """
    a, b = np.asarray(edges[:-1], float), np.asarray(edges[1:], float)
    done, count, total = [], 0, 0.0
    while a.size:
        spend_boxes(a.size * ORDER / POINTS)
        p, mass = goal.judged(f, a, b, total)
        narrow = (b - a) <= NARROWEST * np.maximum(abs(a), abs(b))
        lost = ~np.isfinite(p.values).any(axis=1)
        ready = p.resolved | narrow | lost | (count + 2 * a.size > limit)
        done.append(p.kept(ready))
        count += int(np.sum(ready))
        total += float(np.sum(mass[ready & np.isfinite(mass)]))
        a, b = _halves(a, (a + b) / 2, b, ~ready)
    joined = Panels(*(np.concatenate([getattr(p, f.name) for p in done]) for f in fields(Panels)))
    return joined.kept(np.argsort(joined.lower))


def _contradicted(f: Function, p: Panels, allowed: Array, probes: Array) -> NDArray[np.bool_]:
    """The panels that hold a probe at which f is not what their polynomial is."""
    first, last = np.searchsorted(probes, p.lower), np.searchsorted(probes, p.upper)
    count = last - first
    found = np.zeros(count.size, bool)
    parts = np.searchsorted(np.cumsum(count), np.arange(_CHUNK, count.sum() + _CHUNK, _CHUNK))
    for some in np.split(np.arange(count.size), np.unique(parts + 1)):
        panel = np.repeat(some, count[some])
        if not panel.size:
            continue
        start = np.repeat(np.cumsum(count[some]) - count[some], count[some])
        x = probes[first[panel] + np.arange(panel.size) - start]
        off = np.abs(f(x) - p.kept(some).at(x, panel - some[0]))
        found[panel[~(off <= allowed[panel])]] = True
    return found


def _moved(values: Array, x: Array, a: Array, b: Array) -> Array:
    """Values at the nodes themselves, from those at nodes rounded to floats.

    On a panel as narrow as 1e-5 far from 0, rounding moves a node by 1e-11 of the panel.
    """
    half = (b - a)[:, None] / 2
    move = legendre()[0] - ((x - a[:, None]) / half - 1)
    with np.errstate(all="ignore"):
        change = values @ _differentiation().T * move
    known = np.max(np.abs(move), axis=1) < _CLOSE
    return np.where(known[:, None], values + change, values)


def _tails(values: Array) -> Array:
    """The root mean squares over a panel of the last terms of its Legendre series, 8 by 8."""
    with np.errstate(all="ignore"):
        squares = (values @ _tail_matrix()) ** 2
        tails = np.sqrt(squares.reshape(*squares.shape[:-1], 2, TAIL).sum(axis=-1)).T
    return np.where(np.isfinite(tails), tails, np.inf)


@cache
def _tail_matrix() -> Array:
    degrees = np.arange(ORDER - 2 * TAIL, ORDER)
    matrix: Array = (legendre()[2][-2 * TAIL :] / np.sqrt(2 * degrees + 1)[:, None]).T
    return matrix


def _rounding(values: Array, x: Array) -> Array:
    """What the rounding of the nodes changes: eps |x| |f'|."""
    with np.errstate(all="ignore"):
        slope = np.max(np.abs(np.diff(values) / np.diff(x)), axis=1)
        shift: Array = np.finfo(float).eps * np.max(np.abs(x), axis=1) * slope
    return np.where(np.isfinite(shift), shift, 0.0)


def _top(values: Array, x: Array, size: Function | None) -> Array:
    magnitude = np.abs(values) if size is None else np.maximum(size(x), np.abs(values))
    top: Array = np.max(magnitude, axis=1)
    return np.where(np.isfinite(top), top, 0.0)


def _halves(a: Array, middle: Array, b: Array, mask: Any) -> tuple[Array, Array]:
    lower = np.concatenate([a[mask], middle[mask]])
    upper = np.concatenate([middle[mask], b[mask]])
    return lower, upper
