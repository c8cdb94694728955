"""beta - 1 of an activation that is affine around 0, far from the kinks that end that piece.

Everything is then of the size of phi(t/gain), t the nearest kink: exp(-50) at t/gain = 10, and
no float at all at 40. So the means are taken beyond the kinks only, in the distance y from them
and relative to that density, which is multiplied in at the end:

    z = (|t| + y)/gain,   phi(z) = phi(t/gain) exp(-(|t| y + y^2/2)/gain^2).
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import sympy as sp

from hermiso.numeric.exactly import LOST
from hermiso.numeric.model import Local, Model
from hermiso.numeric.panels import Array, Goal, Panels, resolve

__all__ = ["dead_zone"]

_DECAY = 90.0  # exp(-90) is nothing, also times a polynomial


def dead_zone(m: Model, gains: Array, low: float) -> Array:
    """Return beta - 1 at gains in [low, 2 low), the nearest kink being at least 6 low away."""
    sides = [(side, local) for side in (-1, 1) if (local := m.beyond(side)) is not None]
    if not sides:
        return np.zeros(gains.shape)  # affine on the whole line
    nearest = min((local for _, local in sides), key=lambda local: abs(local.at))
    sums = sum(_sums(m, side, local, abs(nearest.at), gains, low) for side, local in sides)
    return _ratio(m, sums, gains, _density(m, nearest, gains))


def _density(m: Model, nearest: Local, gains: Array) -> Array:
    """exp(-(t/gain)^2/2): the exponent is needed to more digits than a float64 has."""
    exact = next(p.upper for p in m.pieces if float(p.upper) == nearest.at)
    t = np.longdouble(str(sp.N(exact, 25)))
    return np.asarray(np.exp(-((t / gains.astype(np.longdouble)) ** 2) / 2), float)


def _ratio(m: Model, sums: Any, gains: Array, density: Array) -> Array:
    square, mean, first = sums
    rest = square - density * (mean**2 + first**2)
    slope = float(sp.diff(m.tangent, m.x))
    if slope == 0:
        return np.asarray(rest / (square - density * mean**2))
    return np.asarray(density * rest / (density * rest + (slope * gains + density * first) ** 2))


def _sums(m: Model, side: int, local: Local, nearest: float, gains: Array, low: float) -> Array:
    """E[d^2], E[d] and E[z d] beyond one kink over exp(-(nearest/gain)^2/2)."""
    p = _panels(m, side, local, nearest, low)
    strips = _strips(m, side, local)
    y, w, d = (
        np.append(a.ravel(), b) for a, b in zip((p.nodes, p.weights, p.values), strips, strict=True)
    )
    w = w / math.sqrt(2 * math.pi)
    g, t = gains[:, None], abs(local.at)
    farther = (t - nearest) * (t + nearest) / 2
    weight = np.exp(-(farther + t * y + y**2 / 2) / g**2) * w / g
    z = side * (t + y) / g
    return np.array([weight @ d**2, weight @ d, (weight * z) @ d])


def _strips(m: Model, side: int, local: Local) -> tuple[Array, Array, Array]:
    """Distances, weights and values that move every jump of a side to its place."""
    assert m.tangent is not None
    a, b = (float(c) for c in (sp.diff(m.tangent, m.x), m.tangent.subs(m.x, 0)))
    u, w, s = m.strips(m.value)
    here = side * (u - local.at) >= 0
    return side * (u - local.at)[here], w[here], (s - a * u - b)[here]


def _panels(m: Model, side: int, local: Local, nearest: float, low: float) -> Panels:
    t, high = abs(local.at), 2 * low
    assert m.tangent is not None
    exact = m.less(m.tangent, m.tangent)
    a, b = (float(c) for c in (sp.diff(m.tangent, m.x), m.tangent.subs(m.x, 0)))

    def difference(y: Array) -> Array:
        u = local.at + side * y
        s = m.value(u)
        d = s - a * u - b
        near = y < min(local.radius, room)
        exact.mend(d, ~near & (abs(d) < LOST * (abs(s) + abs(a * u) + abs(b))), u)
        d[near] = local(side * y[near])
        return d

    def importance(lower: Any, upper: Any) -> Any:
        exponent = (t - nearest) * (t + nearest) / 2 + t * lower + lower**2 / 2
        return np.sqrt((upper - lower) / high * np.exp(-exponent / high**2))

    others = sorted(y for k in m.kinks if (y := side * (k - local.at)) > 0)
    room = others[0] if others else math.inf
    scale, end = low**2 / t, _DECAY * high**2 / t
    grid = scale / 4 * 2.0 ** np.arange(0, math.ceil(math.log2(4 * end / scale)) + 1)
    edges = np.unique([0.0, *grid, *(y for y in others if y < grid[-1])])
    probes = m.cells.probes(t + edges[-1], high, beyond=nearest)
    beyond = None if probes is None else np.unique(side * (probes - local.at))
    return resolve(difference, edges, Goal(importance, probes=beyond))
