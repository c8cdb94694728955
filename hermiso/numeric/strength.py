"""beta - 1 in float64 to full relative accuracy, for many gains at once.

beta does not change when an affine function is subtracted from sigma. For small gains that is
done exactly: with q(u) = sigma(u) - sigma(0) - m u, from Taylor series near 0,

    beta - 1 = R / (R + (c_1(q) + m alpha)^2),    R = E[(q(alpha z) - c_0(q) - c_1(q) z)^2],

and nothing cancels. Gains of one octave share the nodes in u = alpha z; only the density is
evaluated for each of them. Where sigma is affine around 0, all that counts happens beyond its
kinks: `hermiso.numeric.deadzone`. The gain is the float as given, not the decimal it prints as.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Any

import numpy as np
import sympy as sp

from hermiso.budget import question
from hermiso.errors import ActivationError, PrecisionError
from hermiso.integrability import log_abs
from hermiso.numeric.deadzone import dead_zone
from hermiso.numeric.exactly import LOST, Exactly
from hermiso.numeric.model import Model
from hermiso.numeric.panels import Array, Function, Goal, Panels, resolve
from hermiso.numeric.sampled import SampledModel, probes

__all__ = ["NO_VARIANCE", "edges", "overflows", "ratios", "strengths"]

REACH = 39.0  # standard deviations: phi(39) is 1e-331
_CHUNK = 2**20  # gains times nodes
_LARGEST = 1e140  # its square, times a variance, is a float
_FAR_ZONE = 3.0
_NEGLIGIBLE = 1e-19
_UNRESOLVED = 1e-14
_CHANGED = 1e-12  # roundings at many nodes nearly cancel
AnyModel = Model | SampledModel
NO_VARIANCE = (
    "Var sigma(z) is 0 in floats: sigma is constant, or so small that its square underflows; "
    "hermiso.certified tells which"
)


def strengths(m: AnyModel, gains: Array) -> Array:
    """Return beta - 1 at positive gains, shape (n,); every octave is a question of its own."""
    out = np.empty(gains.shape)
    octaves = np.frexp(gains)[1]
    for octave in np.unique(octaves):
        here = octaves == octave
        with question():
            out[here] = _octave(m, gains[here], 2.0 ** (int(octave) - 1))
    return out


def _octave(m: AnyModel, gains: Array, low: float) -> Array:
    """Beta - 1 at gains in [low, 2 low)."""
    if isinstance(m, Model) and m.tangent is not None:
        if not m.kinks and m.x not in m.tangent.free_symbols:
            raise ActivationError(NO_VARIANCE)
        nearest = min(map(abs, m.kinks), default=math.inf)
        if nearest >= _FAR_ZONE * 2 * low:
            return dead_zone(m, gains, low)
    shape = _shape(m, low)
    high = float(gains.max())
    p = _resolved(m, shape, edges(low, m.kinks), 2 * low)
    kept = p.kept(_matters(p, high))
    if overflows(p, kept):
        return _overflowing(m, gains)
    u, w, q = (a.ravel() for a in (kept.nodes, kept.weights, kept.values))
    if isinstance(m, Model):
        u, w, q = (np.append(*a) for a in zip((u, w, q), m.strips(shape.value), strict=True))
    return ratios(u, w, q, gains, shape.slope)


@dataclass(frozen=True)
class _Shape:
    """sigma less the affine function s0 + slope u, and the size of what was subtracted.

    Attributes:
        exact: the same function, without cancellation and slow, if there is one.
    """

    value: Function
    size: Function
    slope: float
    exact: Any = None


def _resolved(m: AnyModel, shape: _Shape, first: Array, gain: float) -> Panels:
    """Panels that resolve sigma less its tangent, by way of balls if floats cancel.

    Raises:
        PrecisionError: if some do not.
    """
    reach = float(first[-1])
    points = m.cells.probes(reach, gain) if isinstance(m, Model) else probes(m.gain)
    goal = Goal(_importance(gain), shape.size, noise=m.noise, probes=points)

    def panels(value: Function) -> Panels:
        return resolve(value, first, goal)

    exact = isinstance(m, Model) and not m.cells.agrees(m.value, reach, gain)
    p = panels(partial(shape.exact, everywhere=True) if exact else shape.value)
    if isinstance(m, Model) and not exact:
        if _rough(p, gain) is not None:
            p = panels(partial(shape.exact, everywhere=True))
        elif _lost(shape, p, gain):
            p = panels(shape.exact)
    if (at := _rough(p, gain)) is not None:
        raise PrecisionError(
            f"sigma is not resolved near {at:.6g} by {p.lower.size} panels in float64: it is "
            "unbounded there, or oscillates too fast; use hermiso.certified"
        )
    return p


def _rough(p: Panels, gain: float) -> float | None:
    """Where panels that are not resolved matter most, if they do."""
    mass = _importance(gain)(p.lower, p.upper) ** 2
    with np.errstate(all="ignore"):
        square = np.sum(np.mean(p.values**2, axis=1) * mass)
        left = np.where(p.resolved, 0.0, p.tail**2 * mass)
    if np.isfinite(np.sum(left)) and np.sum(left) > _UNRESOLVED**2 * square:
        return float(p.lower[np.argmax(left)])
    return None


def _lost(shape: _Shape, p: Panels, gain: float) -> bool:
    """Whether rounding of the terms may show in the mean square of their sum."""
    mass = _importance(gain)(p.lower, p.upper) ** 2
    with np.errstate(all="ignore"):
        square = np.sum(np.mean(p.values**2, axis=1) * mass)
        change = np.sum(np.mean(np.abs(p.values) * shape.size(p.nodes), axis=1) * mass)
    return bool(np.finfo(float).eps * change > _CHANGED * square)


def _shape(m: AnyModel, low: float) -> _Shape:
    """Subtract the tangent at 0 if that makes the function smaller at this gain."""
    if isinstance(m, SampledModel):
        return _Shape(m.value, np.zeros_like, 0.0)
    if m.expansions is None:
        return _Shape(m.value, np.zeros_like, 0.0, lambda u, everywhere=False: m.accurate(u))
    (a0, a1, *_), (b0, b1, *_) = m.expansions
    z, slope = np.linspace(-6, 6, 97), (a1 + b1) / 2
    values, density = m.value(1.5 * low * z), np.exp(-(z**2) / 2)
    with np.errstate(over="ignore", invalid="ignore"):  # of a jump at 0 the side that lasts
        s0 = min(((a0 + b0) / 2, a0, b0), key=lambda c: float(density @ (values - c) ** 2))
    s = values - s0
    rest = s - slope * 1.5 * low * z
    with np.errstate(over="ignore", invalid="ignore"):
        tilted = bool(density @ rest**2 < density @ s**2)
    return _remainder(m, s0, slope if tilted else 0.0)


def _remainder(m: Model, s0: float, slope: float) -> _Shape:
    near = [_near(m, side, s0, slope) for side in (0, 1)]
    left, right = near[0][0], near[1][0]

    def series(u: Array) -> Any:
        return (u > -left) & (u < right)

    def size(u: Array) -> Array:
        terms = np.abs(m.value(u)) + abs(s0) + np.abs(slope * u)
        return np.where(series(u), 0.0, terms)

    def joined(u: Array, q: Array) -> Array:
        for where, f in ((series(u) & (u < 0), near[0][1]), (series(u) & (u >= 0), near[1][1])):
            q[where] = f(u[where])
        return q

    def value(u: Array) -> Array:
        return joined(u, m.value(u) - s0 - slope * u)

    def exact(u: Array, *, everywhere: bool = False) -> Array:
        q = m.value(u) - s0 - slope * u
        small = np.ones(u.shape, bool) if everywhere else np.abs(q) < LOST * size(u)
        _exactly(m, s0, slope).mend(q, small, u)
        return joined(u, q)

    return _Shape(value, size, slope, exact)


@lru_cache(maxsize=256)
def _exactly(m: Model, s0: float, slope: float) -> Exactly:
    """The activation less s0 + slope u and less what the rounding of its series changes."""
    assert m.expansions is not None
    sides = []
    for piece, (a0, a1, *_) in zip(m.centre, m.expansions, strict=True):
        e = piece.expression
        at_zero, rise = e.subs(m.x, 0), sp.diff(e, m.x).subs(m.x, 0)
        a0, a1, b0, b1 = (sp.Rational(c) for c in (a0, a1, s0, slope))
        sides.append(at_zero - a0 + b0 + (rise - a1 + b1) * m.x)
    return m.less(*sides)


def _near(m: Model, side: int, s0: float, slope: float) -> tuple[float, Function]:
    """How far from 0 the Taylor series of one side is better than the difference, and it."""
    assert m.expansions is not None
    a = np.array(m.expansions[side])
    rest = np.array([a[0] - s0, a[1] - slope, *a[2:]])
    reach = m.reaches[side]
    while 1e-9 < reach < math.inf and _series_size(rest, reach) > abs(s0) + abs(slope) * reach:
        reach *= 0.8
    end = m.centre[side].upper if side else -m.centre[side].lower
    trimmed = np.trim_zeros(rest, "b")
    return min(reach, float(end)), lambda u: np.polynomial.polynomial.polyval(u, [*trimmed, 0.0])


def _series_size(a: Array, h: float) -> float:
    return float(np.sum(np.abs(a) * h ** np.arange(a.size)))


def edges(low: float, kinks: tuple[float, ...]) -> Array:
    """First panel edges for gains in [low, 2 low): steps of 2 low, finer at the scale of 1."""
    end = 2 * low * REACH
    steps = np.arange(0, end + low, 2 * low)
    fine = np.arange(0.0, 12.0) if low > 1 / 2 else np.empty(0)
    growth = 12 * 2.0 ** np.arange(0, 64)
    half = np.unique([*steps, *fine, *(growth[growth < 2 * low] if low > 1 / 2 else ())])
    inner = [t for t in kinks if abs(t) < end]
    found: Array = np.unique([*-half, *half, *inner])
    return found


def _importance(gain: float) -> Callable[[Any, Any], Any]:
    def importance(a: Any, b: Any) -> Any:
        inner = np.where((a < 0) & (b > 0), 0.0, np.minimum(abs(a), abs(b))) / gain
        return np.sqrt((b - a) / gain) * np.exp(-(inner**2) / 4) / (2 * math.pi) ** 0.25

    return importance


def _matters(p: Panels, gain: float) -> Any:
    """The panels that contribute to a mean square of f, of 1 or of z."""
    mass = _importance(gain)(p.lower, p.upper) ** 2
    far = 1 + (np.maximum(abs(p.lower), abs(p.upper)) / gain) ** 2
    with np.errstate(over="ignore", invalid="ignore"):
        square = np.max(p.values**2, axis=1) * mass * far
    limit = _NEGLIGIBLE * np.sum(square[np.isfinite(square)])
    return ~((square <= limit) & (mass * far <= _NEGLIGIBLE)) & (mass > 0)


def overflows(p: Panels, kept: Panels) -> bool:
    """Whether the means have parts beyond the range of floats or of the panels."""
    if not kept.lower.size or not np.all(np.abs(kept.values) < _LARGEST):
        return True
    return bool(kept.lower[0] == p.lower[0] or kept.upper[-1] == p.upper[-1])


def ratios(u: Array, w: Array, q: Array, gains: Array, slope: float) -> Array:
    """R / (R + (c_1 + slope gain)^2) at every gain, from nodes and weights in u = gain z."""
    w = w / math.sqrt(2 * math.pi)
    step = max(1, _CHUNK // u.size)
    parts = [_ratios(u, w, q, gains[i : i + step], slope) for i in range(0, gains.size, step)]
    return np.concatenate(parts)


def _ratios(u: Array, w: Array, q: Array, gains: Array, slope: float) -> Array:
    z = u / gains[:, None]
    weight = np.exp(-(z**2) / 2)
    weight *= w / gains[:, None]
    c0 = weight @ q
    c1 = np.einsum("gn,gn,n->g", weight, z, q)
    z *= -c1[:, None]
    z += q - c0[:, None]  # the residual
    z *= z
    rest = np.einsum("gn,gn->g", weight, z)
    total = rest + (c1 + slope * gains) ** 2
    if not np.all(total > 0):
        raise ActivationError(NO_VARIANCE)
    return np.asarray(rest / total)


def _overflowing(m: AnyModel, gains: Array) -> Array:
    """1 where c_1^2/Var vanishes in float64, judged by logarithms.

    The largest of log|sigma|^2 - z^2/2 stands for log Var, that of log|z sigma| - z^2/2 for
    log|c_1|: both up to a few units and to what a geometric grid misses of the peak.
    """
    if isinstance(m, SampledModel):
        raise PrecisionError(f"E[sigma(z)^2] of {m.name} leaves the range of float64 (1e308)")
    u = np.geomspace(1.0, 1e8, 400)
    ends = ((-1, m.pieces[0]), (1, m.pieces[-1]))
    sizes = [[log_abs(p.expression, m.x, s * float(v), {}) for v in u] for s, p in ends]
    for gain in (gains.min(), gains.max()):
        z = u / gain
        second = np.max(2 * np.array(sizes) - z**2 / 2)
        first = np.max(np.array(sizes) + np.log(z) - z**2 / 2)
        if not 2 * first - second < -60 - 0.005 * abs(second):
            raise PrecisionError(
                "E[sigma(z)^2] leaves the range of float64 (1e308); lower the gain, or use "
                "hermiso.beta, which is exact"
            )
    return np.ones(gains.shape)
