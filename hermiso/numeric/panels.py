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

Array = NDArray[np.float64]
Function = Callable[[Any], Any]

ORDER = 32
TAIL = 8  # coefficients that must be negligible
MAX_PANELS = 20_000
NARROWEST = 2.0**-50  # of the distance to 0
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

    def kept(self, mask: Any) -> Panels:
        """The panels of a mask or an order."""
        return Panels(*(getattr(self, f.name)[mask] for f in fields(self)))


def spread(lower: Any, upper: Any, order: int = ORDER) -> Array:
    """Gauss-Legendre nodes of many panels, shape (P, order)."""
    t = legendre(order)[0]
    nodes: Array = ((lower + upper)[:, None] + (upper - lower)[:, None] * t) / 2
    return nodes


def resolve(
    f: Function,
    edges: Any,
    importance: Callable[[Any, Any], Any],
    *,
    size: Function | None = None,
    tolerance: float = 1e-17,
    noise: float | None = None,
    limit: int = MAX_PANELS,
) -> Panels:
    """Halve panels until f is resolved on each.

    A panel is done when its tail is rounding noise, or when tail * importance is below the
    tolerance times the norm of f, sqrt(sum importance^2 mean f^2).

    Args:
        f: the function on arrays; values that are not finite count as unresolved.
        edges: the first panel edges, increasing.
        importance: of panels [a, b]: the square root of the mass of the measure on them.
        size: the magnitude of the terms of which f is the sum, if they cancel.
        tolerance: see above.
        noise: relative error of f, or of its terms, if it is not that of float64.
        limit: on the number of panels.
    """
    a, b = np.asarray(edges[:-1], float), np.asarray(edges[1:], float)
    relative = _NOISE if noise is None else noise
    done: list[Panels] = []
    total = 0.0
    while a.size:
        x = spread(a, b)
        v, weight = f(x), importance(a, b)
        tail, floor = _tail(v), relative * _top(v, x, size) + _rounding(v, x)
        with np.errstate(over="ignore", invalid="ignore"):
            mass = weight**2 * np.mean(v**2, axis=1)
            known = total + float(np.sum(mass[np.isfinite(mass)]))
            small = tail * weight <= tolerance * np.sqrt(known)
        fine = (tail <= floor) | small | (weight == 0)
        middle = (a + b) / 2
        narrow = (b - a) <= NARROWEST * np.maximum(abs(a), abs(b))
        lost = ~np.isfinite(v).any(axis=1)
        stop = narrow | lost | (sum(p.lower.size for p in done) + 2 * a.size > limit)
        ready = fine | stop
        done.append(Panels(a, b, v, tail, fine).kept(ready))
        total += float(np.sum(mass[ready & np.isfinite(mass)]))
        a, b = _halves(a, middle, b, ~ready)
    joined = Panels(*(np.concatenate([getattr(p, f.name) for p in done]) for f in fields(Panels)))
    return joined.kept(np.argsort(joined.lower))


def _tail(values: Array) -> Array:
    """The root mean square over a panel of the last terms of its Legendre series."""
    with np.errstate(all="ignore"):
        tail: Array = np.sqrt(np.sum((values @ _tail_matrix()) ** 2, axis=1))
    return np.where(np.isfinite(tail), tail, np.inf)


@cache
def _tail_matrix() -> Array:
    degrees = np.arange(ORDER - TAIL, ORDER)
    matrix: Array = (legendre()[2][-TAIL:] / np.sqrt(2 * degrees + 1)[:, None]).T
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
