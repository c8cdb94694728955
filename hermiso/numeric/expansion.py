"""Hermite coefficients c_k = E[sigma(z) he_k(z)] in float64, for all k < n at once.

The Hermite functions h_k = he_k sqrt(phi) are bounded and orthonormal on the line, and their
three-term recurrence neither overflows nor loses accuracy: at k = 10^4 its error was measured
to be 8e-16. c_k is the integral of sigma sqrt(phi) h_k, on panels that resolve sigma and
are so narrow that h_k, of wavelength pi/sqrt(k) near 0, is resolved as well.

For a piecewise polynomial, parts (Rodrigues) leave the values at the kinks alone: for k above
the degree,

    c_k = sum_t sum_j [sigma^(j)]_t he_{k-1-j}(t) phi(t) sqrt((k-1-j)!/k!).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from hermiso.errors import PrecisionError
from hermiso.numeric.cells import Cells
from hermiso.numeric.model import Model
from hermiso.numeric.panels import ORDER, Array, Function, Goal, legendre, resolve

__all__ = ["REACH", "Expansion", "expansion", "importance", "model_expansion", "rescaled"]

REACH = 39
_PHASE = 14.0  # of h_k across half a panel: 32 nodes leave room for sigma
_BLOCK = 64  # rows of Hermite functions per product
_NEGLIGIBLE = 1e-18
_MODEST = 20.0  # what the jumps may add up to, in units of the norm of sigma


@dataclass(frozen=True)
class Expansion:
    """Coefficients c_0..c_{n-1}, E[sigma^2], and what the panels left unresolved.

    Attributes:
        error: an estimate of the error of every coefficient.
    """

    coefficients: Array
    second_moment: float
    error: float


def importance(a: Any, b: Any) -> Any:
    """The square root of the mass of N(0, 1) on [a, b], up to a factor near 1."""
    inner = np.where((a < 0) & (b > 0), 0.0, np.minimum(abs(a), abs(b)))
    # the root is taken of the exponential first: it underflows later
    return np.sqrt(b - a) * np.exp(-(inner**2) / 4) / (2 * math.pi) ** 0.25


def expansion(f: Function, kinks: tuple[float, ...], n: int, goal: Goal | None = None) -> Expansion:
    """Return c_0..c_{n-1} of a function on arrays with the given kinks.

    Args:
        f: the function on float64 arrays.
        kinks: where it is not smooth; kinks that are left out are found by bisection.
        n: how many.
        goal: when its panels are resolved, with `importance`.

    Raises:
        PrecisionError: if E[f^2] leaves the range of float64.
    """
    inner = [t for t in kinks if abs(t) < REACH]
    edges = np.unique([*np.arange(-REACH, REACH + 1.0), *inner])
    panels = resolve(f, edges, goal or Goal(importance))
    mass = importance(panels.lower, panels.upper)
    size = np.max(np.abs(panels.values), axis=1) * mass
    if not np.all(np.isfinite(size)):
        raise PrecisionError("E[sigma(z)^2] leaves the range of float64 (1e308)")
    # sigma sqrt(phi), not sigma phi, is integrated against bounded functions
    kept = panels.kept(size > _NEGLIGIBLE * np.max(size))
    z, w = _folded(np.unique(np.abs([*kept.lower, *kept.upper])), n)
    root = np.exp(-(z**2) / 4) / (2 * math.pi) ** 0.25
    left, right = root * f(-z), root * f(z)
    second = float(np.sum(w * (right**2 + left**2)))
    rough = float(np.sum(np.where(panels.resolved, 0.0, panels.tail * mass)))
    c = _projected(z, root, w * (right + left), w * (right - left), n)
    return Expansion(c, second, rough)


def _folded(edges: Array, n: int) -> tuple[Array, Array]:
    """Nodes and weights on z >= 0, on panels as narrow as h_n requires."""
    widest = 2 * _PHASE / math.sqrt(n + 1)
    parts = np.ceil(np.diff(edges) / widest).astype(int)
    starts = np.repeat(edges[:-1], parts)
    steps = np.repeat(np.diff(edges) / parts, parts)
    within = np.arange(parts.sum()) - np.repeat(np.cumsum(parts) - parts, parts)
    a = starts + within * steps
    t, w, _ = legendre(ORDER)
    nodes = a[:, None] + steps[:, None] * (t + 1) / 2
    return nodes.ravel(), (steps[:, None] / 2 * w).ravel()


def _projected(z: Array, start: Array, even: Array, odd: Array, n: int) -> Array:
    """The sums over nodes of even h_k and odd h_k, by parity of k."""
    c = np.empty(n + _BLOCK)
    rows = np.empty((_BLOCK, z.size))
    roots = np.sqrt(np.arange(n + _BLOCK + 1.0))
    h, previous, spare = start.copy(), np.zeros_like(z), np.empty_like(z)
    for first in range(0, n, _BLOCK):
        for i in range(_BLOCK):
            rows[i] = h
            k = first + i
            previous *= -roots[k] / roots[k + 1]
            np.multiply(z, h, out=spare)
            spare /= roots[k + 1]
            spare += previous
            h, previous, spare = spare, h, previous
        c[first : first + _BLOCK : 2] = rows[::2] @ even
        c[first + 1 : first + _BLOCK : 2] = rows[1::2] @ odd
    return c[:n]


def rescaled(cells: Cells, gain: float) -> Array | None:
    """Probes of sigma(gain z) in z."""
    found = cells.probes(REACH * abs(gain), abs(gain))
    return None if found is None else np.sort(found / gain)


def model_expansion(m: Model, gain: float, n: int) -> Expansion:
    """The expansion of sigma(gain z)."""

    def by_panels(n: int) -> Expansion:
        kinks = tuple(t / gain for t in m.kinks)
        goal = Goal(importance, probes=rescaled(m.cells, gain))
        agrees = m.cells.agrees(m.value, REACH * abs(gain), abs(gain))
        value = m.value if agrees else m.accurate
        return expansion(lambda z: value(gain * z), kinks, n, goal)

    return _moved_back(m, gain, _expanded(m, gain, n, by_panels))


def _moved_back(m: Model, gain: float, e: Expansion) -> Expansion:
    """Give every jump the place that it has: kinks at 3/10 and 1/10^8 farther have other gaps.

    Between the place t and its float t + s a jump J is missing: J he_k(t) phi(t) s of c_k.
    """
    c, second = e.coefficients.copy(), e.second_moment
    for t, slip, jump in m.slips:
        z = t / gain
        shift = slip / abs(gain) + float(Fraction(z) - Fraction(t) / Fraction(gain)) * np.sign(gain)
        if shift:
            high = float(m.value(np.array([t]))[0])  # right of it
            strip = shift * math.exp(-(z**2) / 2) / math.sqrt(2 * math.pi)
            second += strip * jump * (2 * high - jump)
            c += shift * jump * _hermite_phi(z, c.size)
    return Expansion(c, second, e.error)


def _expanded(m: Model, gain: float, n: int, by_panels: Callable[[int], Expansion]) -> Expansion:
    degree = m.degree
    if degree is None or n <= degree + 1:
        return by_panels(n)
    low = by_panels(degree + 1)
    jumps = [
        (t / gain, [math.copysign(1.0, gain) * j * gain**i for i, j in enumerate(row)])
        for t, row in m.derivative_jumps
    ]
    if sum(abs(j) for _, row in jumps for j in row) > _MODEST * math.sqrt(low.second_moment):
        return by_panels(n)  # the kinks nearly cancel
    c = sum((_from_kink(t, row, n) for t, row in jumps), np.zeros(n))
    c[: degree + 1] = low.coefficients
    return Expansion(c, low.second_moment, low.error)


def _from_kink(t: float, jumps: list[float], n: int) -> Array:
    """The terms of one kink: jumps_j he_{k-1-j}(t) phi(t) sqrt((k-1-j)!/k!), k < n."""
    he_phi = _hermite_phi(t, n)
    c = np.zeros(n)
    factor = np.ones(n)
    for j, jump in enumerate(jumps):
        order = np.arange(j + 1, n)
        factor[order] /= np.sqrt(order - j)
        c[order] += jump * he_phi[order - 1 - j] * factor[order]
    return c


def _hermite_phi(t: float, n: int) -> Array:
    """he_k(t) phi(t) for k < n."""
    found = np.zeros(n)
    h, previous = math.exp(-(t**2) / 4) / (2 * math.pi) ** 0.25, 0.0
    root = h
    for k in range(n):
        found[k] = h * root
        h, previous = (t * h - math.sqrt(k) * previous) / math.sqrt(k + 1), h
    return found
