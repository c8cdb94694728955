"""sin(t) E[s(x) s(y)] at correlation cos(t), s a piecewise smooth function plus Dirac masses.

By Price's theorem the derivative of the dual activation is the dual of sigma', and sigma' is s
inside the pieces and a Dirac mass at every jump. In u = (x + y)/(2 c), v = (x - y)/(2 d), with
c = cos(t/2), d = sin(t/2), the measure is the standard normal of the plane at every t, and for
fixed v the integrand is smooth between the points where x or y meets a panel edge of s. Nothing
cancels as t -> 0 or t -> pi.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from hermiso.errors import PrecisionError
from hermiso.numeric.expansion import REACH, importance
from hermiso.numeric.panels import Array, Function, Panels, legendre, resolve

_INNER = 20  # nodes of the inner panels
_NOISE = 4e-15  # of the inner means
_NEAR = 9.0  # exp(-9^2/2) is 3e-18
_WIDEST = 2.0  # of the inner panels: exp(-u^2/2) and a smooth s are resolved
_FIRST = np.linspace(-40.0, 40.0, 21)  # panel edges of s, before halving
_NEGLIGIBLE = 1e-18
_MAX_EDGES = 2000
_UNRESOLVED = 1e-13
_CHUNK = 2**21  # points of the plane at a time


@dataclass(frozen=True)
class Derivative:
    """sigma' as a distribution: a function, smooth between kinks, and jumps of sigma (t, J).

    Attributes:
        steps: the jumps of the smooth part, if it is constant between kinks.
        noise: relative error of its values, if it is not that of float64.
        given: panels that resolve the smooth part, if they are known.
    """

    smooth: Function
    kinks: tuple[float, ...]
    jumps: tuple[tuple[float, float], ...]
    steps: tuple[tuple[float, float], ...] | None = None
    noise: float | None = None
    given: Panels | None = None

    @cached_property
    def panels(self) -> Panels:
        """Panels of the smooth part that matter under N(0, 1)."""
        p = self.given or self._resolved()
        mass = importance(p.lower, p.upper) ** 2
        with np.errstate(over="ignore", invalid="ignore"):
            square = np.max(p.values**2, axis=1) * mass
        if not np.all(np.isfinite(square) | (mass == 0)):
            raise PrecisionError("E[sigma'(z)^2] leaves the range of float64 (1e308)")
        if self.given is None and np.any(square[~p.resolved] > _UNRESOLVED * np.sum(square)):
            at = p.lower[~p.resolved][0]
            raise PrecisionError(
                f"sigma' is not resolved near {at:.6g} by panels in float64: it is unbounded "
                "there, or oscillates too fast; use hermiso.kernel_map"
            )
        return p.kept((square > _NEGLIGIBLE * np.sum(square)) & (square > 0))

    def _resolved(self) -> Panels:
        inner = [t for t in self.kinks if abs(t) < REACH]
        edges = np.unique([*_FIRST, *inner])
        return resolve(self.smooth, edges, importance, tolerance=1e-16, limit=_MAX_EDGES)

    @cached_property
    def edges(self) -> Array:
        """Panel edges of the smooth part, and the kinks."""
        p = self.panels
        found: Array = np.unique([*p.lower, *p.upper, *(t for t in self.kinks if abs(t) < REACH)])
        return found

    @cached_property
    def features(self) -> Array:
        """Kinks, and edges that halving put where s changes fast."""
        return np.setdiff1d(self.edges, _FIRST[_FIRST != 0.0])

    @cached_property
    def reach(self) -> float:
        """How far out the plane matters: where s^2 phi is a float of its maximum."""
        z = np.abs(np.r_[self.panels.nodes.ravel(), [t for t, _ in self.jumps]])
        s = np.r_[self.panels.values.ravel(), [j for _, j in self.jumps]]
        density = s**2 * np.exp(-(z**2) / 2)
        return max(_NEAR, float(np.max(z[density > _NEGLIGIBLE * np.max(density)])))

    def _grid(self) -> Array:
        return np.linspace(-self.reach, self.reach, math.ceil(2 * self.reach / _WIDEST) + 1)

    def flux(self, theta: Array) -> Array:
        """sin(t) E[sigma'(x) sigma'(y)] at angles t in (0, pi), shape (n,)."""
        total = np.sin(theta) * self.dual(theta)
        if self.jumps:
            total = total + 2 * np.sin(theta) * self._mixed(theta) + _masses(self.jumps, theta)
        return np.asarray(total)

    def dual(self, theta: Array) -> Array:
        """E[s(x) s(y)] of the smooth part."""
        if not self.panels.lower.size:
            return np.zeros(theta.shape)
        if self.steps is not None:
            return self._between_steps(theta)
        return np.array([self._dual(float(t)) for t in theta])

    def _between_steps(self, theta: Array) -> Array:
        """E[s(x) s(y)] of a step function, by Price once more: a sum of Dirac masses."""
        p = self.panels
        mean = np.sum(p.weights * p.values * np.exp(-(p.nodes**2) / 2)) / math.sqrt(2 * math.pi)

        def masses(t: Array) -> Array:
            return _masses(self.steps, t)

        q = resolve(masses, np.linspace(0, math.pi, 9), lambda a, b: np.sqrt(b - a))
        t, w, _ = legendre()
        start, end = np.minimum(theta, math.pi / 2), np.maximum(theta, math.pi / 2)
        total = np.full(theta.shape, float(mean) ** 2)
        sign = np.where(theta < math.pi / 2, 1.0, -1.0)
        for a, b in zip(q.lower, q.upper, strict=True):
            left = np.clip(start, a, b)
            half = (np.clip(end, a, b) - left)[:, None] / 2
            total += sign * np.sum(half * w * masses(left[:, None] + half * (t + 1)), axis=1)
        return total

    def _dual(self, t: float) -> float:
        c, d = math.cos(t / 2), math.sin(t / 2)
        outer = self._outer(c, d)

        def inner(v: Array) -> Array:
            step = max(1, _CHUNK // (_INNER * (2 * self.edges.size + 20)))
            parts = range(0, v.size, step)
            flat = v.ravel()
            means = [self._inner(flat[i : i + step], c, d) for i in parts]
            return np.concatenate(means).reshape(v.shape)

        noise = _NOISE if self.noise is None else self.noise
        p = resolve(inner, outer, importance, tolerance=noise / 10, noise=noise, limit=200)
        weight = p.weights * np.exp(-(p.nodes**2) / 2)
        return float(2 * np.sum(weight * p.values)) / math.sqrt(2 * math.pi)

    def _outer(self, c: float, d: float) -> Array:
        """Panel edges in v: where lines x = t and y = t' cross, and where both kinks smooth out.

        At v = |t|/d the mean over u passes a kink, over a distance of order c/d.
        """
        steps = np.linspace(0.0, self.reach, math.ceil(self.reach / 3) + 1)
        gaps = [abs(s - k) / (2 * d) for s in self.kinks for k in self.kinks]
        wide = () if c > 0.3 * d else (-9, -3, 3, 9)
        layers = [(abs(t) + i * c) / d for t in self.kinks for i in wide]
        found = np.unique(np.abs([*steps, *gaps, *layers, *(self.features / d)]))
        outer: Array = found[found <= self.reach]
        return outer[np.diff(outer, prepend=-1.0) > 1e-9]

    def _inner(self, v: Array, c: float, d: float) -> Array:
        """The mean over u for every v, on panels between the points where x or y meets an edge."""
        shift = d * v[:, None]
        base = self._grid()
        with np.errstate(over="ignore", divide="ignore"):
            moving = np.hstack([self.edges - shift, self.edges + shift]) / c
        moving = np.clip(moving, -self.reach, self.reach)
        edges = np.sort(np.hstack([np.broadcast_to(base, (v.size, base.size)), moving]), axis=1)
        u, w = _nodes(edges)
        values = self.smooth(c * u + shift[..., None]) * self.smooth(c * u - shift[..., None])
        values *= w * np.exp(-(u**2) / 2)
        return np.asarray(np.sum(values, axis=(1, 2)) / math.sqrt(2 * math.pi))

    def _mixed(self, theta: Array) -> Array:
        """The sum over jumps of J phi(t) E[s(y) | x = t]."""
        total = np.zeros(theta.shape)
        if not self.panels.lower.size:
            return total
        rho, root = np.cos(theta)[:, None], np.sin(theta)[:, None]
        for t, jump in self.jumps:
            with np.errstate(divide="ignore", over="ignore", invalid="ignore"):
                moving = np.nan_to_num((self.edges - rho * t) / root)
            base = self._grid()
            edges = np.hstack([np.broadcast_to(base, (theta.size, base.size)), moving])
            w, weight = _nodes(np.sort(np.clip(edges, -self.reach, self.reach), axis=1))
            mean = np.sum(
                self.smooth(rho[..., None] * t + root[..., None] * w)
                * weight
                * np.exp(-(w**2) / 2),
                axis=(1, 2),
            )
            total += jump * math.exp(-(t**2) / 2) / (2 * math.pi) * mean
        return total


def _masses(jumps: Any, theta: Array) -> Array:
    """The sum over pairs of jumps of J J' sin(t) times the density at both."""
    c, d = np.cos(theta / 2), np.sin(theta / 2)
    total = np.zeros(theta.shape)
    for s, first in jumps:
        for t, second in jumps:
            exponent = _squared_ratio(s + t, c) + _squared_ratio(s - t, d)
            total += first * second * np.exp(-exponent / 8) / (2 * math.pi)
    return total


def _squared_ratio(a: float, b: Array) -> Any:
    with np.errstate(divide="ignore", over="ignore"):
        return (a / b) ** 2 if a else np.zeros_like(b)


def _nodes(edges: Array) -> tuple[Array, Array]:
    """Nodes and weights on the panels between sorted edges, shape (n, panels, nodes)."""
    t, w, _ = legendre(_INNER)
    half = np.diff(edges, axis=1)[..., None] / 2
    middle = (edges[:, 1:] + edges[:, :-1])[..., None] / 2
    return middle + half * t, half * w
