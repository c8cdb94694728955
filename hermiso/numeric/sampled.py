"""Activations that are only known by calling them: checks, kinks by bisection, a derivative.

Nothing here is proved: a spike between the points where the function was called stays unseen.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache, cached_property
from typing import Any

import numpy as np

from hermiso.errors import ActivationError, NotSquareIntegrable
from hermiso.numeric.expansion import REACH, importance
from hermiso.numeric.panels import ORDER, Array, Panels, legendre, resolve

_PROBES = np.array([-31.7, -11.3, -3.3, -1.7, -0.61, -0.13, 0.0, 0.17, 0.59, 1.6, 3.1, 12.1, 30.9])
_NOISE = 32.0  # eps of the result's dtype: functions are rarely correct to the last digit
_KINK = 1e-5  # a panel this narrow holds a kink
_STEP = 1e-4  # from which both sides of a kink are extrapolated
_LIMIT = 4000
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
        with np.errstate(all="ignore"):
            y = np.asarray(self._call(x.ravel()))
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
                way(_PROBES.copy())
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
    p = _resolved(f, gain, declared)
    narrow = (p.upper - p.lower) < _KINK * abs(gain)
    found = []
    edges = np.flatnonzero(np.diff(narrow.astype(int), prepend=0, append=0))
    for start, stop in zip(edges[::2], edges[1::2], strict=True):
        a, b = p.lower[start], p.upper[stop - 1]
        if not any(a <= t <= b for t in declared):
            found.append(_bisected(f, a, b, abs(gain)))
    return tuple(sorted({*declared, *found}))


def _resolved(f: Elementwise, gain: float, kinks: tuple[float, ...]) -> Panels:
    g = abs(gain)
    inner = [t for t in kinks if abs(t) < REACH * g]
    edges = np.unique([*(g * (np.arange(-REACH, REACH) + _OFFSET)), *inner])
    p = resolve(f, edges, lambda a, b: importance(a / g, b / g), noise=f.noise, limit=_LIMIT)
    mass = importance(p.lower / g, p.upper / g)
    with np.errstate(all="ignore"):
        size = np.max(np.abs(p.values), axis=1) * mass
    if np.any(np.isnan(p.values) & (mass > 0)[:, None]):
        at = float(np.min(np.abs(p.nodes[np.isnan(p.values)])))
        raise ActivationError(f"{f.name} is nan at |x| = {at:.6g}; it must be real on the line")
    if not np.all(np.isfinite(size)) or np.argmax(size) in (0, size.size - 1):
        raise NotSquareIntegrable(
            f"E[sigma(z)^2] of {f.name} at gain {gain:g} is infinite or beyond float64: the "
            f"integrand still grows at |z| = {REACH}"
        )
    return p


def _bisected(f: Elementwise, a: float, b: float, scale: float) -> float:
    """Where the function changes from what it is left of a to what it is right of b."""
    h = _STEP * scale * np.arange(1, 6)
    left = np.polynomial.Polynomial.fit(a - h, f(a - h), 3)
    right = np.polynomial.Polynomial.fit(b + h, f(b + h), 3)
    for _ in range(80):
        middle = (a + b) / 2
        if not a < middle < b:
            break
        value = float(f(np.array([middle]))[0])
        if abs(value - left(middle)) <= abs(value - right(middle)):
            a = middle
        else:
            b = middle
    return 0.0 if abs(a + b) < 1e-14 * scale else (a + b) / 2


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
        size = float(np.median(np.abs(self.panels.values))) + 1e-300
        found = []
        for t in self.kinks:
            h = 1e-9 * max(abs(self.gain), abs(t))
            low, high = self.value(np.array([t - h, t + h]))
            if abs(high - low) > 1e-5 * size:
                found.append((t, float(high - low)))
        return tuple(found)


def slope_panels(m: SampledModel) -> Panels:
    """The derivative inside the panels, in u."""
    p = m.panels
    scale = (2 / (p.upper - p.lower))[:, None]
    slope = p.values @ _differentiation().T * scale
    # rounding of a constant: the derivative of a polynomial of degree 31 may be 31^2 times it
    rounding = ORDER**2 * np.finfo(float).eps * np.max(np.abs(p.values), axis=1) * scale[:, 0]
    constant = np.max(np.abs(slope), axis=1) <= rounding
    return replace(p, values=np.where(constant[:, None], 0.0, slope))


@cache
def _differentiation() -> Array:
    """From values on the nodes to the derivative of their polynomial; exactly 0 for constants."""
    t, w, _ = legendre()
    barycentric = (-1.0) ** np.arange(ORDER) * np.sqrt((1 - t**2) * w)
    gaps = t[:, None] - t + np.eye(ORDER)
    matrix: Array = barycentric / barycentric[:, None] / gaps * (1 - np.eye(ORDER))
    return matrix - np.diag(np.sum(matrix, axis=1))
