"""sin(t) E[s(x) s(y)] at correlation cos(t), s a piecewise smooth function plus Dirac masses.

By Price's theorem the derivative of the dual activation is the dual of sigma', and sigma' is s
inside the pieces and a Dirac mass at every jump. In u = (x + y)/(2 c), v = (x - y)/(2 d), with
c = cos(t/2), d = sin(t/2), the measure is the standard normal of the plane at every t, and for
fixed v the integrand is smooth between the points where x or y meets a panel edge of s. Nothing
cancels as t -> 0 or t -> pi.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import cached_property, partial

import numpy as np

from hermiso.budget import spend_boxes
from hermiso.errors import PrecisionError
from hermiso.numeric.expansion import REACH, importance
from hermiso.numeric.panels import POINTS, Array, Function, Goal, Panels, legendre, resolve

__all__ = ["BUDGET", "Derivative"]

_INNER = 32  # nodes of the inner panels: exact for products of what 32 nodes resolve
_NOISE = 4e-15  # of the inner means
_NEAR = 9.0  # exp(-9^2/2) is 3e-18
_WIDEST = 3.0  # of the inner panels: exp(-u^2/2) is resolved as well
_FIRST = np.linspace(-40.0, 40.0, 21)  # panel edges of s, before halving
_NEGLIGIBLE = 1e-18
_SAME = 1e-14
_MAX_EDGES = 2000
_UNRESOLVED = 1e-13
_TOLERANCE = 1e-16
_ROUNDED = 4 * float(np.finfo(float).eps)
_CHUNK = 2**21  # points of the plane at a time
_MAX_OUTER = 200
BUDGET = 2**26  # points of the plane for one kernel map: some ten seconds
_PROBES = 48
_CLOSING = 1 / 4  # ratio of panels towards v = 0
_HALVINGS = 12
_ROOT = math.sqrt(2 * math.pi)


@dataclass(frozen=True)
class Derivative:
    """sigma' as a distribution: a function, smooth between kinks, and jumps of sigma (t, J).

    Attributes:
        steps: the jumps of the smooth part, if it is constant between kinks.
        noise: relative error of its values, if it is not that of float64.
        size: what the noise is relative to, if that is larger than the values.
        probes: points at which the polynomials of panels are to be checked.
        gaps: the differences of the points of the jumps, if the points are rounded.
    """

    smooth: Function
    kinks: tuple[float, ...]
    jumps: tuple[tuple[float, float], ...]
    steps: tuple[tuple[float, float], ...] | None = None
    noise: float | None = None
    size: Function | None = None
    probes: Array | None = None
    gaps: Array | None = None

    @cached_property
    def panels(self) -> Panels:
        """Panels of the smooth part that matter under N(0, 1)."""
        p, square = self._weighed
        return p.kept((square > _NEGLIGIBLE * np.sum(square)) & (square > 0))

    @cached_property
    def support(self) -> tuple[float, float]:
        """Outside of it the smooth part does not matter, whatever it is multiplied with."""
        p, square = self._weighed
        here = square > _NEGLIGIBLE**2 * np.max(square, initial=0.0)
        return (float(p.lower[here][0]), float(p.upper[here][-1])) if here.any() else (0.0, 0.0)

    @cached_property
    def parity(self) -> int:
        """1 if the smooth part is even, -1 if it is odd, as far as its samples show; else 0."""
        p = self.panels
        top, mirrored = np.max(np.abs(p.values), initial=0.0), self.smooth(-p.nodes)
        for sign in (1, -1):
            if np.max(np.abs(mirrored - sign * p.values), initial=0.0) <= _SAME * top:
                return sign
        return 0

    @cached_property
    def centre(self) -> float:
        """The constant that leaves an odd function, if there is one; else 0."""
        p = self.panels
        if self.parity or not p.lower.size:
            return 0.0
        sums = (p.values + self.smooth(-p.nodes)) / 2
        constant = bool(np.ptp(sums) <= _SAME * np.max(np.abs(p.values)))
        return float(np.median(sums)) if constant else 0.0

    def less(self, constant: float) -> Derivative:
        """The smooth part alone, less a constant."""
        return replace(self, smooth=lambda z: self.smooth(z) - constant, jumps=(), gaps=None)

    @cached_property
    def _weighed(self) -> tuple[Panels, Array]:
        """Panels, and the mean squares on them."""
        inner = [t for t in self.kinks if abs(t) < REACH]
        edges = np.unique([*_FIRST, *inner])
        goal = Goal(importance, self.size, _TOLERANCE, self.noise, self.probes)
        p = resolve(self.smooth, edges, goal, limit=_MAX_EDGES)
        mass = importance(p.lower, p.upper)
        with np.errstate(over="ignore", invalid="ignore"):
            square = (np.max(np.abs(p.values), axis=1) * mass) ** 2  # the squares may overflow
        if not np.all(np.isfinite(square) | (mass == 0)):
            raise PrecisionError("E[sigma'(z)^2] leaves the range of float64 (1e308)")
        if np.any(square[~p.resolved] > _UNRESOLVED * np.sum(square)):
            at = p.lower[np.argmax(np.where(p.resolved, 0.0, square))]
            raise PrecisionError(
                f"sigma' is not resolved near {at:.6g} by panels in float64: it is unbounded "
                "there, or oscillates too fast; use hermiso.kernel_map"
            )
        return p, square

    @cached_property
    def relative(self) -> float:
        """The relative error of means."""
        if self.noise is None or self.size is None:
            return max(self.noise or _NOISE, self._rounding)
        p, square = self._weighed
        top = np.max(self.size(p.nodes), axis=1) * importance(p.lower, p.upper)
        total = float(np.sum(square)) + sum((j * math.exp(-t * t / 4)) ** 2 for t, j in self.jumps)
        return self.noise * max(1.0, math.sqrt(np.sum(top**2) / total) if total else 1.0)

    @cached_property
    def _rounding(self) -> float:
        """What the rounding of x changes, eps |x s'(x)|, relative to s."""
        change = self._mean_square(self.panels.nodes * self.panels.slopes)
        return _ROUNDED * math.sqrt(change / self.second) if self.second else 0.0

    @cached_property
    def edges(self) -> Array:
        """Panel edges of the smooth part, and the kinks."""
        p = self.panels
        found: Array = np.unique([*p.lower, *p.upper, *(t for t in self.kinks if abs(t) < REACH)])
        return found

    @cached_property
    def features(self) -> Array:
        """Kinks, and the panel edges between which s changes fast."""
        fixed = [*_FIRST[_FIRST != 0.0], *self.kinks]
        found = np.unique([*fixed, *self.edges])
        seen = np.sort(self._weighed[0].nodes.ravel())
        goal = Goal(importance, self.size, _TOLERANCE, self.noise, seen)
        for parity in range(2 * _HALVINGS):
            loose = ~np.isin(found, fixed)
            loose[parity % 2 :: 2] = False  # no two neighbours at once
            at = np.flatnonzero(loose)
            p, _ = goal.judged(self.smooth, found[at - 1], found[at + 1], self.second)
            found = np.delete(found, at[p.resolved])
        return found[~np.isin(found, np.setdiff1d(_FIRST[_FIRST != 0.0], self.kinks))]

    @cached_property
    def second(self) -> float:
        """E[s(z)^2] of the smooth part."""
        return self._mean_square(self.panels.values)

    def _mean_square(self, values: Array) -> float:
        p = self.panels  # the squares may overflow
        return float(np.sum(p.weights * (values * np.exp(-(p.nodes**2) / 4)) ** 2)) / _ROOT

    @cached_property
    def waves(self) -> float:
        """E[s'(z)^2]/E[s(z)^2], the mean degree of s but for kinks."""
        return self._mean_square(self.panels.slopes) / self.second if self.second else 0.0

    @cached_property
    def narrowest(self) -> float:
        """The width of the narrowest panel."""
        return float(np.min(self.panels.upper - self.panels.lower, initial=1.0))

    @cached_property
    def finest(self) -> float:
        """The smallest scale: of panels, or between kinks."""
        return float(min(self.narrowest, np.min(np.diff(self.kinks), initial=1.0)))

    @cached_property
    def reach(self) -> float:
        """How far out the plane matters: where s^2 phi is a float of its maximum."""
        z = np.abs(np.r_[self.panels.nodes.ravel(), [t for t, _ in self.jumps]])
        s = np.r_[self.panels.values.ravel(), [j for _, j in self.jumps]]
        density = s**2 * np.exp(-(z**2) / 2)
        return max(_NEAR, float(np.max(z[density > _NEGLIGIBLE * np.max(density)])))

    @cached_property
    def _spent(self) -> list[int]:
        return [0]

    def spend(self, points: int) -> None:
        """Count points of the plane; raise PrecisionError beyond the budget."""
        spend_boxes(points / POINTS)
        self._spent[0] += points
        if self._spent[0] > BUDGET:
            raise PrecisionError(
                f"more than {BUDGET} points of the plane would be needed; use hermiso.certified"
            )

    def plane(self, theta: Array, sign: int = 1) -> Array:
        """E[s(x) s(sign y)] of the smooth part at angles t in (0, pi/2), by quadrature."""
        found = [_Plane(self, t, sign).mean() for t in theta.ravel().tolist()]
        return np.array(found).reshape(theta.shape)

    def mixed(self, theta: Array) -> Array:
        """The sum over jumps of J phi(t) E[s(y) | x = t]."""
        total = np.zeros(theta.shape)
        if self.panels.lower.size:
            for t, jump in self.jumps:
                density = math.exp(-(t**2) / 2) / _ROOT
                total += jump * density * self._given(t, theta)
        return total

    def _given(self, t: float, theta: Array) -> Array:
        """E[s(y) | x = t] for y = rho t + root w, on panels in w between the edges of s."""
        rho, root = np.cos(theta)[:, None], np.sin(theta)[:, None]
        with np.errstate(divide="ignore", over="ignore", invalid="ignore"):
            moving = np.nan_to_num((self.edges - rho * t) / root)
        base = np.linspace(-self.reach, self.reach, math.ceil(2 * self.reach / _WIDEST) + 1)
        edges = np.hstack([np.broadcast_to(base, (theta.size, base.size)), moving])
        w, weight = _nodes(np.sort(np.clip(edges, -self.reach, self.reach), axis=1))
        s = self.smooth(rho[..., None] * t + root[..., None] * w)
        mean = np.sum(s * weight * np.exp(-(w**2) / 2), axis=(1, 2))
        return np.asarray(mean / _ROOT)


@dataclass(frozen=True)
class _Plane:
    """The mean of s(x) s(sign y) at one angle.

    The integrand is even in v for sign = 1, else in u: half of that line is taken twice.
    """

    d: Derivative
    angle: float
    sign: int

    @cached_property
    def axes(self) -> tuple[float, float]:
        """cos(t/2), sin(t/2)."""
        return math.cos(self.angle / 2), math.sin(self.angle / 2)

    def mean(self) -> float:
        """Integrate over v the mean over u."""
        if self.outer.size < 2:  # the supports of the two factors meet beyond the reach
            return 0.0
        noise, usual = self.d.relative, self.d.second
        size = partial(np.full_like, fill_value=usual)
        goal = Goal(importance, size, noise / 10, noise, self.probes)
        p = resolve(self.inner, self.outer, goal, limit=_MAX_OUTER)
        weight = p.weights * np.exp(-(p.nodes**2) / 2)
        return float(2 * np.sum(weight * p.values)) / _ROOT

    def _ends(self, scale: float, halved: bool) -> tuple[float, float]:
        """The range of u or v, from that of x and y."""
        a, b = self.d.support
        a, b = (0.0, (b - a) / (2 * scale)) if halved else (a / scale, b / scale)
        return max(a, -self.d.reach), min(b, self.d.reach)

    @property
    def probes(self) -> Array | None:
        """Points in v down to where x and y are one: for sign = 1 narrow features meet there."""
        end = self.outer[-1]
        start = self.d.narrowest / (16 * self.axes[1])
        return np.geomspace(start, end, _PROBES) if self.sign > 0 and start < end / 64 else None

    @cached_property
    def outer(self) -> Array:
        """Panel edges in v: where lines x = t and sign y = t' of kinks cross."""
        side = self.axes[1]
        a, b = self._ends(side, self.sign > 0)
        kinks = np.array(self.d.kinks)
        steps = np.linspace(a, b, max(1, math.ceil((b - a) / _NEAR)) + 1)
        crossings = np.subtract.outer(kinks, self.sign * kinks).ravel() / (2 * side)
        middles = self.d.features / side if self.sign < 0 else self._closing(b)
        found = np.unique([*steps, *crossings, *middles])
        found = found[(found >= a) & (found <= b)]
        return np.asarray(found[np.diff(found, prepend=-math.inf) > 1e-9])

    def _closing(self, end: float) -> Array:
        """Edges that close in on v = 0, down to where x and y are one: halving would find them."""
        scale = self.d.narrowest / (4 * self.axes[1])
        return end * _CLOSING ** np.arange(2.0, math.log(max(scale / end, 1e-99), _CLOSING))

    def inner(self, v: Array) -> Array:
        """The mean over u for every v."""
        flat = v.ravel()
        step = max(1, _CHUNK // (_INNER * (2 * self.d.features.size + 20)))
        means = [self._inner(flat[i : i + step]) for i in range(0, v.size, step)]
        return np.concatenate(means).reshape(v.shape)

    def _inner(self, v: Array) -> Array:
        (c, side), s = self.axes, self.d.smooth
        shift = side * v[:, None]
        edges = self._edges(shift)
        self.d.spend(_INNER * edges.size)
        u, w = _nodes(edges)
        values = s(c * u + shift[..., None]) * s(self.sign * (c * u - shift[..., None]))
        values *= w * np.exp(-(u**2) / 2)
        return np.asarray(np.sum(values, axis=(1, 2)) * (2 if self.folded else 1) / _ROOT)

    @property
    def folded(self) -> bool:
        """Whether the integrand is even in u as well: half of that line is taken twice too."""
        return self.sign > 0 and self.d.parity != 0

    def _edges(self, shift: Array) -> Array:
        """Panel edges in u, for every v: also where x or sign y meets an edge of s."""
        c, d = self.axes[0], self.d
        a, b = self._ends(c, self.sign < 0 or self.folded)
        base = np.linspace(a, b, max(1, math.ceil((b - a) / _WIDEST)) + 1)
        moving = d.features
        if d.reach * self.axes[1] < d.narrowest / 2:  # only kinks are to be met exactly
            moving = np.array(d.kinks)
            base = np.unique(
                [*base, *np.clip(np.outer([1, self.sign], d.features) / c, a, b).ravel()]
            )
        with np.errstate(over="ignore"):
            met = np.hstack([moving - shift, self.sign * moving + shift]) / c
        fixed = np.broadcast_to(base, (shift.size, base.size))
        return np.sort(np.hstack([fixed, np.clip(met, a, b)]), axis=1)


def _nodes(edges: Array) -> tuple[Array, Array]:
    """Nodes and weights on the panels between sorted edges, shape (n, panels, nodes)."""
    t, w, _ = legendre(_INNER)
    half = np.diff(edges, axis=1)[..., None] / 2
    middle = (edges[:, 1:] + edges[:, :-1])[..., None] / 2
    return middle + half * t, half * w
