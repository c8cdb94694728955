"""The kernel map kappa(rho) as a compiled object: a table of polynomials in arccos(rho).

kappa' = dual of sigma' / Var is a sum of positive terms for rho >= 0, so

    1 - kappa(cos t) = integral of sin(s) kappa'(cos s) over s in [0, t]

loses nothing. Tabulated are the quotients g of that integral by 1 - rho for the smooth part of
sigma', by sqrt(2 (1 - rho)) for pairs of its Dirac masses: smooth functions of t. So kappa is
right absolutely, and the complement delta g + sqrt(2 delta) h relatively, for delta = 1 - rho of
any size, however small the jumps are.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import cache, partial
from numbers import Real
from typing import Any

import numpy as np
from sympy import Expr

from hermiso.errors import ActivationError, PrecisionError
from hermiso.numeric.arguments import quoted
from hermiso.numeric.bivariate import Derivative
from hermiso.numeric.dual import ROUNDED, slope
from hermiso.numeric.masses import Masses
from hermiso.numeric.panels import ORDER, Array, Goal, Panels, legendre, lengths, resolve
from hermiso.numeric.strength import NO_VARIANCE
from hermiso.numeric.table import Table, interpolation, tabulated

__all__ = ["KernelMap", "Part", "build"]

_NOISE = 1e-14
_MAX_PANELS = 128
_AGREES = 3e-13  # two ways to the variance, with the factor below
_WORST = 1e-9  # relative error that is not refused
_SAFETY = 3.0  # of an estimated relative error
_SMALLEST = 1e-150  # angle: 1 - rho = 5e-301
_SLACK = 8  # eps of the input's dtype by which a correlation may exceed 1


@dataclass(frozen=True)
class Part:
    """A part of kappa' and its integral from the angle 0, tabulated over the variance.

    Attributes:
        slope: the part of kappa'; of masses, times sin(t).
        quotient: its share of 1 - kappa over 1 - rho; of masses, over sqrt(2 (1 - rho)).
    """

    slope: Table
    quotient: Table


@dataclass(frozen=True, repr=False)
class KernelMap:
    """kappa(rho) = sum_k p_k rho^k of one activation, on numbers, numpy arrays, torch tensors.

    Attributes:
        name: the activation, with its gain.
        slope_at_one: kappa'(1) = sum_k k p_k = E[sigma'(z)^2]/Var sigma(z); inf if sigma jumps.
        error: an estimate of the relative error of the complement, and so of the absolute one of
            kappa; a map with more than 1e-9 is refused.
        estimated: whether the activation is only known by calling it; then the error is that of
            the function through its samples, and knows nothing of what hides between them
            (`SampledActivation.unseen`).
    """

    name: str
    slope_at_one: float
    error: float
    _smooth: Part | None
    _masses: Part | None
    estimated: bool = False

    def __repr__(self) -> str:
        note = f" (estimate, error about {self.error:.0e})" if self.estimated else ""
        return f"<kernel map of {self.name}, slope {self.slope_at_one:.6g} at 1{note}>"

    def __call__(self, rho: Any) -> Any:
        """Return kappa(rho), of the type, dtype and device of rho.

        Args:
            rho: correlations in [-1, 1]: a number, numpy array or torch tensor.

        Raises:
            ActivationError: if an entry is outside [-1, 1] or NaN.
        """
        return _applied(self._value, rho, -1.0, "rho", self._derivative)

    def derivative(self, rho: Any) -> Any:
        """Return kappa'(rho); inf at rho = 1, and -1 for sigma with jumps. Arguments as above."""
        return _applied(self._derivative, rho, -1.0, "rho")

    def complement(self, delta: Any) -> Any:
        """Return 1 - kappa(1 - delta) to full relative accuracy, delta in [0, 2] of any size."""
        return _applied(self._complement, delta, 0.0, "delta", self._complement_slope)

    def _value(self, rho: Any, xp: Any) -> Any:
        return 1.0 - self._from(xp.acos(rho), 1.0 - rho, xp)

    def _complement(self, delta: Any, xp: Any) -> Any:
        return self._from(2.0 * xp.asin(xp.sqrt(delta / 2.0)), delta, xp)

    def _from(self, theta: Any, delta: Any, xp: Any) -> Any:
        total = 0.0 * theta
        if self._smooth:
            total += self._smooth.quotient(theta, xp) * delta
        if self._masses:
            total += self._masses.quotient(theta, xp) * xp.sqrt(2.0 * delta)
        return total

    def _derivative(self, rho: Any, xp: Any) -> Any:
        return self._steepness(xp.acos(rho), (1.0 - rho) * (1.0 + rho), xp)

    def _complement_slope(self, delta: Any, xp: Any) -> Any:
        theta = 2.0 * xp.asin(xp.sqrt(delta / 2.0))
        return self._steepness(theta, delta * (2.0 - delta), xp)

    def _steepness(self, theta: Any, squared_sine: Any, xp: Any) -> Any:
        total = self._smooth.slope(theta, xp) if self._smooth else 0.0 * theta
        if self._masses:
            total += _divided(self._masses.slope(theta, xp), xp.sqrt(squared_sine))
        return total


def _divided(a: Any, b: Any) -> Any:
    with np.errstate(divide="ignore"):
        return a / b


# --- application ----------------------------------------------------------------------------


def _applied(f: Any, value: Any, low: float, what: str, derivative: Any = None) -> Any:
    """Check and convert the argument, evaluate in float64, convert back."""
    if isinstance(value, Real | Expr) and not isinstance(value, bool | np.generic):
        return float(_applied(f, _number(value, what), low, what))
    xp = _namespace(value, what)
    if not xp.isdtype(value.dtype, ("real floating", "integral")):
        raise ActivationError(f"{what} has dtype {value.dtype}; real numbers are required")
    dtype = value.dtype if xp.isdtype(value.dtype, "real floating") else xp.float64
    v = _checked(xp.astype(value, xp.float64), float(xp.finfo(dtype).eps), low, what, xp)
    if derivative is not None and getattr(v, "requires_grad", False):
        return xp.astype(_differentiable()(v, f, derivative, xp), dtype)
    flat = xp.reshape(v, (-1,))
    out = xp.astype(xp.reshape(f(flat, xp), v.shape), dtype, copy=False)
    return out[()] if isinstance(out, np.ndarray) and not out.ndim else out


def _number(value: Any, what: str) -> Any:
    try:
        return np.float64(float(value))
    except (TypeError, ValueError, OverflowError):
        raise ActivationError(f"{what} is {quoted(value)}; a real number is required") from None


def _namespace(value: Any, what: str) -> Any:
    """The array namespace of dense values that are there."""
    from array_api_compat import array_namespace

    seen = type(value).__name__
    try:
        xp = array_namespace(value)
    except TypeError:
        raise ActivationError(
            f"{what} is a {seen}; give a number, a numpy array or a torch tensor"
        ) from None
    if isinstance(value, np.ma.MaskedArray):
        raise ActivationError(f"{what} is a {seen}; fill or compress it first")
    if getattr(value, "is_meta", False) or getattr(value, "is_sparse", False):
        kind = "on the meta device: it has no values" if value.is_meta else "sparse: make it dense"
        raise ActivationError(f"{what} is a {seen} {kind}")
    return xp


def _checked(v: Any, eps: float, low: float, what: str, xp: Any) -> Any:
    if math.prod(v.shape) == 0:
        return v
    high = low + 2.0
    values = v.detach() if hasattr(v, "detach") else v
    least, most = float(xp.min(values)), float(xp.max(values))
    if not (low - _SLACK * eps * (low < 0) <= least and most <= high + _SLACK * eps):
        seen = least if not least >= low else most
        raise ActivationError(f"{what} is {seen!r}; it must lie in [{low:g}, {high:g}]")
    return xp.clip(v, low, high) if least < low or most > high else v


@cache
def _differentiable() -> Any:
    """The map as an operation of torch whose gradient is the tabulated derivative."""
    import torch

    class Apply(torch.autograd.Function):
        @staticmethod
        def forward(ctx: Any, v: Any, f: Any, derivative: Any, xp: Any) -> Any:
            ctx.save_for_backward(v)
            ctx.rest = derivative, xp
            return f(v.reshape(-1), xp).reshape(v.shape)

        @staticmethod
        @torch.autograd.function.once_differentiable  # type: ignore[untyped-decorator]
        def backward(ctx: Any, g: Any) -> Any:
            (v,), (derivative, xp) = ctx.saved_tensors, ctx.rest
            return g * derivative(v.reshape(-1), xp).reshape(v.shape), None, None, None

    return Apply.apply


# --- building -------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Share:
    """Panels of a part of kappa' times the variance, and of the quotient of its integral.

    Attributes:
        variance: its integral over [0, pi/2].
        lost: per panel, what the values may be wrong by.
        masses: whether the measure is dt, not sin(t) dt.
    """

    panels: Panels
    quotient: Panels
    variance: float
    lost: Array
    masses: bool

    def part(self, variance: float) -> Part:
        return Part(*(tabulated(_scaled(p, 1 / variance)) for p in (self.panels, self.quotient)))

    def at(self, theta: Array) -> tuple[Array, Array]:
        """The integral from 0 to angles, and what it may be wrong by."""
        i = np.clip(np.searchsorted(self.panels.lower, theta, "right") - 1, 0, self.lost.size - 1)
        ends = np.append(self.panels.lower, math.pi)
        mass = ends if self.masses else 2 * np.sin(ends / 2) ** 2
        here = theta if self.masses else 2 * np.sin(theta / 2) ** 2
        before = np.append(0.0, np.cumsum(self.lost * np.diff(mass)))
        wrong = before[i] + self.lost[i] * (here - mass[i])
        over = 2 * np.sin(theta / 2) if self.masses else here
        return np.abs(self.quotient.at(theta, i)) * over, wrong


def build(
    name: str, d: Derivative, *, variance: float | None = None, estimated: bool = False
) -> KernelMap:
    """Build the map from sigma' as a distribution.

    Args:
        name: what it is the map of.
        d: sigma', at any scale if the variance is not given.
        variance: that of sigma, found otherwise: a feature that is not seen here shows there.
        estimated: whether sigma is only known by calling it.

    Raises:
        PrecisionError: if the relative error of the complement may exceed 1e-9.
    """
    noise = max(_NOISE, d.relative)
    shares = [_smooth_share(d, noise), *([_masses_share(d)] if d.jumps else [])]
    shares = [share for share in shares if share.panels.values.any()]
    if not all(np.all(np.isfinite(share.panels.values)) for share in shares):
        raise PrecisionError(f"{name}: the kernel map leaves the range of float64 (1e308)")
    total = sum(share.variance for share in shares)
    if not total > 0:
        raise ActivationError(f"{name:.100}: {NO_VARIANCE}")
    error = noise / 3 + _worst(shares) + (_SAFETY * d.relative if estimated else 0.0)
    if variance:
        seen = _SAFETY * abs(total / variance - 1)
        if seen > _WORST:
            raise PrecisionError(
                f"Var sigma(z) is {variance:.12g} by the values of sigma and {total:.12g} by its "
                "derivative: some feature is not seen, or kinks are too close for float64; "
                "use hermiso.certified"
            )
        error = max(error, seen if seen > _AGREES else 0.0)
    if error > _WORST and not estimated:
        raise PrecisionError(
            f"the error of the kernel map may be {error:.0e}, {_WORST:.0e} at most is allowed: "
            "jumps or narrow features nearly cancel in float64; use hermiso.certified"
        )
    parts = {share.masses: share.part(total) for share in shares}
    at_one = math.inf if d.jumps else float(parts[False].slope(np.zeros(1), np)[0])
    return KernelMap(name, at_one, error, parts.get(False), parts.get(True), estimated)


def _worst(shares: list[_Share]) -> float:
    """The largest relative error of the sum of integrals over [0, t], at nodes and as t -> 0."""
    nodes = [share.panels.nodes.ravel() for share in shares]
    angles = np.unique(np.concatenate([[_SMALLEST, math.pi], *nodes]))
    integrals, wrong = zip(*(share.at(angles) for share in shares), strict=True)
    error, total = sum(wrong), sum(integrals)
    with np.errstate(invalid="ignore", divide="ignore"):
        relative = error / total
    return float(np.max(np.where(error == 0, 0.0, relative)))  # 0/0: both underflow


def _smooth_share(d: Derivative, noise: float) -> _Share:
    f = slope(d)
    jumps = sum(abs(j) * math.exp(-t * t / 2) for t, j in d.jumps)
    size = ROUNDED / noise * jumps * math.sqrt(d.second)
    goal = Goal(lengths, partial(np.full_like, fill_value=size), 1e-16, noise, _probes(d))
    p = _resolved(f, goal, _MAX_PANELS)
    lost = np.where(p.resolved, 0.0, p.tail) + np.finfo(float).eps * jumps * math.sqrt(d.second)
    return _Share(p, *_quotients(p, masses=False), lost, False)


def _masses_share(d: Derivative) -> _Share:
    masses = Masses.of(d.jumps, d.gaps)
    goal = Goal(lengths, masses.size, 1e-16, ROUNDED, _probes(d))
    p = _resolved(masses.flux, goal, 4 * _MAX_PANELS)
    rounding = ROUNDED * np.max(masses.size(p.nodes), axis=1)
    return _Share(p, *_quotients(p, masses=True), np.maximum(p.tail, rounding), True)


def _resolved(f: Any, goal: Goal, limit: int) -> Panels:
    edges = np.linspace(0, math.pi, 5)
    return resolve(lambda t: f(t.ravel()).reshape(t.shape), edges, goal, limit=limit)


def _probes(d: Derivative) -> Array:
    """Angles down to the smallest scale of sigma', near 0 and pi."""
    near = np.geomspace(d.finest / 8, 0.1, 100)
    return np.concatenate([near, math.pi - near[::-1]])


def _scaled(p: Panels, factor: float) -> Panels:
    return replace(p, values=p.values * factor, tail=p.tail * factor)


def _quotients(p: Panels, *, masses: bool) -> tuple[Panels, float]:
    """The integral from 0 over 1 - cos(t), of masses over 2 sin(t/2); and that over [0, pi/2]."""
    t, w, _ = legendre()
    within = (t[:, None] + 1) * (t[None, :] + 1) / 2 - 1  # nodes of [-1, t_j]
    between = interpolation(within.ravel())
    half = (p.upper - p.lower)[:, None] / 2
    start, out = 0.0, np.empty_like(p.values)
    middle = 0.0
    for i in range(p.lower.size):
        f = (between @ p.values[i]).reshape(ORDER, ORDER)
        angle = p.lower[i] + half[i] * (within + 1)
        theta = p.lower[i] + half[i] * (t + 1)
        part = np.sum(f * (1.0 if masses else np.sin(angle)) * w, axis=1)
        total = start + half[i] * (t + 1) / 2 * part
        out[i] = total / (2 * np.sin(theta / 2) if masses else 2 * np.sin(theta / 2) ** 2)
        whole = p.values[i] * (1.0 if masses else np.sin(theta))
        start += float(half[i, 0] * (whole @ w))
        middle = start if p.upper[i] <= math.pi / 2 * (1 + 1e-15) else middle
    return replace(p, values=out), middle
