"""Activations that are only known by calling them: checks, kinks by bisection, a derivative.

Nothing here is proved: a spike between the points where the function was called stays unseen.
Jumps are looked for on a grid of distance 1/2^17, for |z| <= 5; smooth features on one of 1/4000.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from hermiso.errors import ActivationError, NotSquareIntegrable
from hermiso.numeric.expansion import REACH, importance
from hermiso.numeric.panels import ORDER, Array, Function, Goal, Panels, resolve

__all__ = [
    "FINEST",
    "SCANNED",
    "Elementwise",
    "SampledModel",
    "find_kinks",
    "probes",
    "slope_panels",
    "slope_size",
]

_PROBES = np.array([-31.7, -11.3, -3.3, -1.7, -0.61, -0.13, 0.0, 0.17, 0.59, 1.6, 3.1, 12.1, 30.9])
_NOISE = 32.0  # eps of the result's dtype: functions are rarely correct to the last digit
_KINK = 1e-5  # a panel this narrow holds a kink
_STEP = 1e-4  # from which both sides of a kink are extrapolated
_POLE = 1e-9  # a panel this narrow that outweighs all others holds a pole
_CLOSE = 1e-14  # no two kinks
_NEAREST = 1e-30  # of the bracket: as close as bisection goes to 0
_ZERO = 1e-10  # of the step
_ROUNDS = 6
_HALVED = 1e-3  # of a first panel: narrower ones show a kink
_JUMP = 1e-9  # of the root of E sigma^2
_FINE = 1 / 4000  # distance of probes in z
_LIMIT = 20_000
SCANNED, FINEST = 5.0, 2.0**-17  # |z| and distance of the grid on which jumps are looked for
_GROUP, _SUDDEN, _MOST_JUMPS = 64, 8.0, 50
_OFFSET = 0.381966  # of the first panels: a kink at a whole number is not to hide between them


@dataclass(frozen=True)
class Elementwise:
    """A callable on numpy arrays or torch tensors, as a checked function on float64 arrays."""

    f: Callable[[Any], Any]

    def __call__(self, x: Any) -> Array:
        """Evaluate; the result has the shape of x."""
        return np.asarray(self._called(x), float)

    @cached_property
    def noise(self) -> float:
        """The relative error its values are taken to have."""
        return _NOISE * float(np.finfo(self._called(_PROBES).dtype).eps)

    def _called(self, x: Any) -> Any:
        x = np.asarray(x, float)
        call = self._call
        try:
            with np.errstate(all="ignore"):
                y = np.asarray(call(x.ravel()))
        except Exception as error:  # whatever a user's function may raise
            raise ActivationError(
                f"{self.name} fails on {x.size} points: {type(error).__name__}: {error}"
            ) from error
        if y.dtype.kind not in "biuf":
            raise ActivationError(
                f"{self.name} returns dtype {y.dtype}; an activation is a real function"
            )
        if y.shape != (x.size,):
            raise ActivationError(
                f"{self.name} turns shape {(x.size,)} into {y.shape}; it must act on each entry"
            )
        return y.reshape(x.shape).astype(y.dtype if y.dtype.kind == "f" else float)

    @property
    def name(self) -> str:
        """What the callable calls itself."""
        return str(getattr(self.f, "__name__", type(self.f).__name__))

    @cached_property
    def _call(self) -> Callable[[Array], Any]:
        """The first way of calling that works: numpy, torch in float64, torch in float32."""
        first: Exception | None = None
        for way in (self.f, *(self._torch(bits) for bits in (64, 32) if "torch" in sys.modules)):
            try:
                with np.errstate(all="ignore"):
                    np.asarray(way(_PROBES.copy()))
            except Exception as error:  # whatever a user's function may raise
                first = first or error
            else:
                return way
        raise ActivationError(
            f"{self.name} fails on a float64 array: {type(first).__name__}: {first}; it must "
            "accept numpy arrays or torch tensors of any length"
        ) from first

    def _torch(self, bits: int) -> Callable[[Array], Any]:
        torch: Any = sys.modules["torch"]

        def way(x: Array) -> Any:
            tensor = torch.as_tensor(x, dtype=getattr(torch, f"float{bits}"))
            with torch.no_grad():
                return self.f(tensor).detach().cpu().numpy()

        return way

    def check(self) -> None:
        """Raise ActivationError unless values are finite, repeatable and elementwise."""
        y = self(_PROBES)
        bad = _PROBES[~np.isfinite(y)]
        if bad.size:
            at = bad[np.argmin(np.abs(bad))]
            raise ActivationError(f"{self.name} is {self(np.array([at]))[0]} at x = {at}")
        if not np.array_equal(y, self(_PROBES)):
            raise ActivationError(f"{self.name} gives other values when called again: it is random")
        single = np.concatenate([self(_PROBES[i : i + 1]) for i in range(_PROBES.size)])
        if not np.allclose(y, single, rtol=2 * self.noise, atol=1e-300):
            raise ActivationError(
                f"{self.name} does not act on each entry: a value depends on its neighbours"
            )


def find_kinks(f: Elementwise, gain: float, declared: tuple[float, ...]) -> tuple[float, ...]:
    """The declared kinks and those that bisection finds, for sigma(gain z), in u = gain z."""
    known = tuple(sorted({*declared, *_jumps_on_grid(f, abs(gain), declared)}))
    for _ in range(_ROUNDS):  # two kinks close together take two rounds
        p = _resolved(f, gain, known)
        found = {_bisected(f, a, b, h) for a, b, h in _brackets(p, known, abs(gain))}
        fresh = {
            t for t in found if all(abs(t - k) > _CLOSE * max(abs(t), abs(gain)) for k in known)
        }
        if not fresh:
            break
        known = tuple(sorted({*known, *fresh}))
    return known


def _jumps_on_grid(f: Elementwise, scale: float, known: tuple[float, ...]) -> list[float]:
    """Where f changes far more from one point of a fine grid to the next than around them."""
    u = scale * np.linspace(-SCANNED, SCANNED, round(2 * SCANNED / FINEST) + 1)
    v = np.concatenate([f(part) for part in np.array_split(u, 8)])
    with np.errstate(all="ignore"):
        steps = np.abs(np.diff(v))
        steps = np.where(np.isfinite(steps), steps, 0.0)[: steps.size // _GROUP * _GROUP]
        most = np.max(steps.reshape(-1, _GROUP), axis=1)
        around = np.pad(most, 2, mode="edge")
        usual = np.maximum(around[:-4], around[4:]) + f.noise * np.nanmax(np.abs(v))
        sudden = np.flatnonzero(most > _SUDDEN * usual)[:_MOST_JUMPS]
    if not sudden.size:
        return []
    at = (sudden[:, None] * _GROUP + np.arange(_GROUP)).ravel()
    at = at[steps[at] > np.repeat(most[sudden], _GROUP) / 4]
    found = (_halved(f, float(u[i]), float(u[i + 1])) for i in at)
    return [t for t in found if all(abs(t - k) > FINEST * scale / 100 for k in known)]


def _halved(f: Elementwise, a: float, b: float) -> float:
    """The first float at which f is nearer to f(b) than to f(a)."""
    low, high = f(np.array([a, b]))
    while a < (middle := (a + b) / 2) < b and b - a > _NEAREST:
        value = f(np.array([middle]))[0]
        a, b = (middle, b) if abs(value - low) <= abs(value - high) else (a, middle)
    return b


def _brackets(p: Panels, known: tuple[float, ...], scale: float) -> list[tuple[float, ...]]:
    """Intervals around kinks, and steps outwards within which the function is smooth.

    Halving towards a kink leaves ever narrower panels on both sides of it.
    """
    width, first = p.upper - p.lower, _edges(scale, known)
    whole = np.diff(first)[np.searchsorted(first, p.lower, side="right") - 1]
    smallest = (width <= np.append(width[1:], np.inf)) & (width <= np.append(np.inf, width[:-1]))
    smallest &= (width < _KINK * scale) & (width < _HALVED * whole)
    ends = np.flatnonzero(np.diff(smallest.astype(int), prepend=0, append=0))
    spans = [
        (p.lower[max(first - 1, 0)], p.upper[min(last, width.size - 1)])
        for first, last in zip(ends[::2], ends[1::2], strict=True)
    ]
    points = np.sort([-np.inf, *known, *(t for span in spans for t in span), np.inf])
    return [
        (a, b, min(_STEP * scale, *(np.min(np.abs(others - t)) / 6 for t in (a, b))))
        for a, b in spans
        for others in (points[(points != a) & (points != b)],)
    ]


def probes(gain: float) -> Array:
    """Points in u where the polynomials of panels are checked against the function.

    A feature that is wider than their distance, 1/4000 in z, does not pass unseen.
    """
    near, far = (
        np.arange(-r, r, h) + _OFFSET * h for r, h in ((10.0, _FINE), (REACH, 100 * _FINE))
    )
    return np.sort(abs(gain) * np.concatenate([near, far]))


def _edges(scale: float, kinks: tuple[float, ...]) -> Array:
    """The first panel edges in u."""
    inner = [t for t in kinks if abs(t) < REACH * scale]
    found: Array = np.unique([*(scale * (np.arange(-REACH, REACH) + _OFFSET)), *inner])
    return found


def _resolved(f: Elementwise, gain: float, kinks: tuple[float, ...]) -> Panels:
    g = abs(gain)
    goal = Goal(lambda a, b: importance(a / g, b / g), noise=f.noise, probes=probes(g))
    p = resolve(f, _edges(g, kinks), goal, limit=_LIMIT)
    _check_size(f, gain, p)
    return p


def _check_size(f: Elementwise, gain: float, p: Panels) -> None:
    g = abs(gain)
    mass = importance(p.lower / g, p.upper / g)
    with np.errstate(all="ignore"):
        size = np.max(np.abs(p.values), axis=1) * mass
    if np.any(np.isnan(p.values) & (mass > 0)[:, None]):
        at = float(np.min(np.abs(p.nodes[np.isnan(p.values)])))
        raise ActivationError(f"{f.name} is nan at |x| = {at:.6g}; it must be real on the line")
    top = int(np.argmax(size))
    if p.upper[top] - p.lower[top] < _POLE * g:
        raise NotSquareIntegrable(
            f"E[sigma(z)^2] of {f.name} at gain {gain:g} is infinite: it is unbounded near "
            f"x = {p.lower[top]:.6g}"
        )
    if not np.all(np.isfinite(size)) or (top in (0, size.size - 1) and size[top] > 0):
        raise NotSquareIntegrable(
            f"E[sigma(z)^2] of {f.name} at gain {gain:g} is infinite or beyond float64: the "
            f"integrand still grows at |z| = {REACH}"
        )


def _bisected(f: Elementwise, a: float, b: float, step: float) -> float:
    """The first float where the function is what it is right of b, not what it is left of a."""
    h = step * np.arange(1, 6)
    left = np.polynomial.Polynomial.fit(a - h, f(a - h), 3)
    right = np.polynomial.Polynomial.fit(b + h, f(b + h), 3)
    start = b - a
    for _ in range(200):
        middle = (a + b) / 2
        if not a < middle < b or b - a < _NEAREST * start:
            break
        value = float(f(np.array([middle]))[0])
        if abs(value - left(middle)) <= abs(value - right(middle)):
            a = middle
        else:
            b = middle
    return 0.0 if abs(b) < _ZERO * step else b


@dataclass(frozen=True)
class SampledModel:
    """The float64 model of a callable: what `hermiso.numeric.model.Model` is to an expression."""

    value: Elementwise
    kinks: tuple[float, ...]
    gain: float

    @property
    def name(self) -> str:
        """What the callable calls itself."""
        return self.value.name

    @property
    def noise(self) -> float:
        """The relative error of a value."""
        return self.value.noise

    @cached_property
    def panels(self) -> Panels:
        """Panels in u = gain z that resolve the function, split at the kinks."""
        return _resolved(self.value, self.gain, self.kinks)

    @cached_property
    def jumps(self) -> tuple[tuple[float, float], ...]:
        """(t, sigma(t+) - sigma(t-)) where the function is seen to jump."""
        p, g = self.panels, abs(self.gain)
        mass = importance(p.lower / g, p.upper / g) ** 2
        with np.errstate(over="ignore", invalid="ignore"):
            square = np.nansum(np.mean(p.values**2, axis=1) * mass)
        size = math.sqrt(min(square, 1e300)) + 1e-300
        sides = ((t, self._beside(t)) for t in self.kinks)
        return tuple((t, high - low) for t, (low, high) in sides if abs(high - low) > _JUMP * size)

    def _beside(self, t: float) -> tuple[float, float]:
        """The limits at a kink, by the polynomials of the panels that meet there."""
        p = self.panels
        right = int(np.argmin(np.abs(p.lower - t)))
        low, high = p.at(np.array([t, t]), np.array([max(right - 1, 0), right]))
        return float(low), float(high)


def slope_panels(m: SampledModel) -> Panels:
    """The derivative inside the panels, in u."""
    p = m.panels
    slope = p.slopes
    constant = np.max(np.abs(slope), axis=1) <= ORDER**2 * np.finfo(float).eps * _steepest(p)
    return replace(p, values=np.where(constant[:, None], 0.0, slope))


def _steepest(p: Panels) -> Array:
    """What the largest values of panels might change by in u, per panel."""
    return np.asarray(np.max(np.abs(p.values), axis=1) * 2 / (p.upper - p.lower))


def slope_size(m: SampledModel) -> Function:
    """What the rounding of the derivative is relative to, at points in u."""
    p = m.panels
    steepest = np.max(np.abs(p.slopes), axis=1) + 0.3 * _steepest(p)

    def size(u: Array) -> Array:
        panel = np.searchsorted(p.lower, u, side="right") - 1
        return np.asarray(steepest[np.clip(panel, 0, steepest.size - 1)])

    return size
