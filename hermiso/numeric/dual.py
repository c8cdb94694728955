"""E[s(x) s(y)] at correlation cos(t), as a function of t that costs little.

Three ways, from the cheapest: sums of Dirac masses if s is a step function; the series
sum_k q_k cos(t)^k of squared coefficients, everywhere if it converges, else where cos(t)^k
does; quadrature in the plane near t = 0 and t = pi. There s looks like itself at ever smaller
scales, so that a few polynomials in log t stand for all of them.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from hermiso.errors import PrecisionError
from hermiso.numeric.bivariate import Derivative
from hermiso.numeric.expansion import Expansion, expansion, importance
from hermiso.numeric.masses import Masses
from hermiso.numeric.panels import Array, Function, Goal, Panels, legendre, lengths, resolve

__all__ = ["ROUNDED", "dual", "slope"]

_LENGTHS = (256, 1024, 4096, 16_384, 65_536)
_MIDDLE = 4096, 16_384  # from there on the series serves but for both ends
_FEW = 16  # features that make the plane cheap
_SLOW = 64.0  # mean degree likewise
_MAX_PANELS = 150
_CONVERGED = 1e-17
_PARSEVAL = 1e-12
_NOISE = 1e-14
_BLOCK = 256  # powers of a correlation per product
_LIMIT = 64
_MEET = 100.0  # noise of both
ROUNDED = 2e-15  # relative error of pairs of jumps, term by term
_CLOSEST = 1e-8  # angles below are taken together


def slope(d: Derivative) -> Function:
    """E[sigma'(x) sigma'(y)] at angles t in (0, pi), but for the pairs of two jumps."""
    smooth = dual(d)
    return lambda theta: smooth(theta) + 2 * d.mixed(theta) if d.jumps else smooth(theta)


def dual(d: Derivative) -> Function:
    """E[s(x) s(y)] of the smooth part."""
    if d.steps is not None:
        return _between_steps(d)
    if d.centre:  # odd but for a constant, as a logistic function: a quarter of the plane is enough
        odd = dual(d.less(d.centre))
        return lambda theta: odd(theta) + d.centre**2
    found, complete = _coefficients(d)
    series = _Series(found.coefficients**2)
    return series if complete else _Joined(d, series)


# --- the series -----------------------------------------------------------------------------


def _coefficients(d: Derivative) -> tuple[Expansion, bool]:
    """The coefficients of s, and whether those that are left out are negligible."""
    goal = Goal(importance, d.size, noise=d.noise, probes=d.probes)
    middle = _MIDDLE[0 if d.features.size <= _FEW and d.waves <= _SLOW else 1]
    for n in _LENGTHS:
        if n == middle or d.kinks:
            _refuse(d, d.waves > _LENGTHS[-1])
        found = expansion(d.smooth, d.kinks, n, goal)
        q = found.coefficients**2
        # Parseval: fast waves have their coefficients far out, after a gap
        complete = abs(np.sum(q) - found.second_moment) <= _PARSEVAL * found.second_moment
        ended = np.sum(q[3 * n // 4 :]) <= _CONVERGED * found.second_moment
        if complete and ended:
            return found, True
        if n == middle and not ended:
            return found, False
    _refuse(d, True)
    return found, False


def _refuse(d: Derivative, waves: bool) -> None:
    """Raise if panels do not resolve s, or too many do."""
    if waves and d.panels.lower.size > _MAX_PANELS:
        raise PrecisionError(
            f"sigma' oscillates too fast: {d.panels.lower.size} panels are too many for "
            "quadrature in the plane; use hermiso.kernel_map"
        )


@dataclass(frozen=True)
class _Series:
    """sum_k q_k cos(t)^k."""

    q: Array

    def __call__(self, theta: Array) -> Array:
        counted = np.cumsum(self.q[::-1])[::-1] > 0.01 * _CONVERGED * np.sum(self.q)
        blocks = -(-max(1, int(np.sum(counted))) // _BLOCK)
        q = np.resize(np.pad(self.q, (0, _BLOCK)), (blocks, _BLOCK))
        rho = np.cos(theta)
        inner = np.power.outer(rho, np.arange(_BLOCK)) @ q.T
        total, step = np.zeros(theta.shape), rho**_BLOCK
        for column in np.moveaxis(inner, -1, 0)[::-1]:
            total = total * step + column
        return total

    @property
    def closest(self) -> float:
        """The angle above which terms that are not there would be negligible."""
        return math.sqrt(-2 * math.log(_CONVERGED) / self.q.size)


# --- both ends ------------------------------------------------------------------------------


class _Joined:
    """The series in the middle, polynomials near t = 0 and t = pi."""

    def __init__(self, d: Derivative, series: _Series) -> None:
        self.series, self.closest = series, series.closest
        self.near = _near_zero(d.plane, d, self.closest)
        if d.parity:
            self.far: Function = lambda t: d.parity * self.near(t)
        else:
            self.far = _near_zero(lambda t: d.plane(t, -1), d, self.closest)

        self._compare(d)

    def _compare(self, d: Derivative) -> None:
        """Series and plane know nothing of each other: they must meet."""
        at = np.array([self.closest])
        allowed = _MEET * max(_NOISE, d.relative) * d.second
        for end, angle in ((self.near, at), (self.far, math.pi - at)):
            off = abs(float(end(at)[0] - self.series(angle)[0]))
            if not off <= allowed:
                raise PrecisionError(
                    f"two quadratures differ by {off:.1e} at an angle of {angle[0]:.3g}, by "
                    f"{allowed:.1e} at most if both were right; use hermiso.certified"
                )

    def __call__(self, theta: Array) -> Array:
        total = np.empty(theta.shape)
        low, high = theta < self.closest, theta > math.pi - self.closest
        middle = ~(low | high)
        total[low] = self.near(theta[low])
        total[high] = self.far(math.pi - theta[high])
        total[middle] = self.series(theta[middle])
        return total


def _near_zero(f: Function, d: Derivative, end: float) -> Function:
    """An interpolant of f on [0, end]: in t at first, in log t from the smallest scale on."""
    start = max(_CLOSEST, min(end, d.narrowest / 4))
    first = _interpolant(f, 0.0, start, d)
    if start == end:
        return first
    rest = _interpolant(lambda v: f(np.exp(v)), math.log(start), math.log(end), d)

    def joined(theta: Array) -> Array:
        total, low = np.empty(theta.shape), theta < start
        total[low] = first(theta[low])
        total[~low] = rest(np.log(theta[~low]))
        return total

    return joined


def _interpolant(f: Function, a: float, b: float, d: Derivative) -> Function:
    noise = max(_NOISE, d.relative)
    goal = Goal(lengths, lambda t: np.full(t.shape, d.second), 1e-16, noise)
    p = resolve(f, [a, b], goal, limit=_LIMIT)

    def value(x: Array) -> Array:
        panel = np.clip(np.searchsorted(p.lower, x, side="right") - 1, 0, p.lower.size - 1)
        return p.at(x, panel)

    return value


# --- step functions -------------------------------------------------------------------------


def _between_steps(d: Derivative) -> Function:
    """E[s(x) s(y)] of a step function, by Price once more: an integral of Dirac masses."""
    p = d.panels
    mean = np.sum(p.weights * p.values * np.exp(-(p.nodes**2) / 2)) / math.sqrt(2 * math.pi)
    steps = Masses.of(d.steps or ())
    q = resolve(steps.flux, np.linspace(0, math.pi, 9), Goal(lengths, steps.size, noise=ROUNDED))
    return _integral(q, steps.flux, float(mean) ** 2)


def _integral(q: Panels, f: Function, at_middle: float) -> Function:
    """at_middle plus the integral of f from t to pi/2, on panels that resolve f.

    Taken from the middle outwards: what is large near the ends must not enter there.
    """
    t, w, _ = legendre()
    whole = np.sum(q.weights * q.values, axis=1)
    left = q.lower < math.pi / 2
    after = np.append(np.cumsum(np.where(left, whole, 0.0)[:0:-1])[::-1], 0.0)
    before = np.append(0.0, np.cumsum(np.where(left, 0.0, whole)[:-1]))

    def value(theta: Array) -> Array:
        i = np.clip(np.searchsorted(q.lower, theta, side="right") - 1, 0, q.lower.size - 1)
        start = np.where(left[i], q.upper[i], q.lower[i])
        scale = (theta - start)[..., None] / 2
        part = np.sum(scale * w * f(start[..., None] + scale * (t + 1)), axis=-1)
        return np.asarray(at_middle + after[i] - before[i] - part)

    return value
