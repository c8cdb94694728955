"""The kernel map kappa(rho) as a compiled object: a table of polynomials in arccos(rho).

kappa' = dual of sigma' / Var is a sum of positive terms for rho >= 0, so

    1 - kappa(cos t) = integral of sin(s) kappa'(cos s) over s in [0, t]

loses nothing. Tabulated is the quotient g = (1 - kappa)/(1 - rho), or by sqrt(2 (1 - rho)) if
sigma jumps: a smooth function of t, positive at 0. So kappa = 1 - delta g is right absolutely,
and the complement delta g relatively, for delta = 1 - rho of any size.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import numpy as np

from hermiso.errors import ActivationError, PrecisionError
from hermiso.numeric.bivariate import Derivative
from hermiso.numeric.expansion import expansion
from hermiso.numeric.panels import ORDER, Array, Function, Panels, legendre, resolve
from hermiso.numeric.table import Table, interpolation, tabulated

_LENGTHS = (256, 1024, 4096, 10_000)
_CONVERGED = 1e-17
_PARSEVAL = 1e-12
_NOISE = 1e-14
_MAX_PANELS = 128
_SLACK = 8  # eps of the input's dtype by which a correlation may exceed 1


@dataclass(frozen=True, repr=False)
class KernelMap:
    """kappa(rho) = sum_k p_k rho^k of one activation, on numbers, numpy arrays, torch tensors.

    Attributes:
        name: the activation, with its gain.
        slope_at_one: kappa'(1) = sum_k k p_k = E[sigma'(z)^2]/Var sigma(z); inf if sigma jumps.
        error: an estimate of the relative error of the complement.
        estimated: whether the activation is only known by calling it.
    """

    name: str
    slope_at_one: float
    error: float
    _quotient: Table
    _slope: Table
    _jumps: bool
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
        total = self._quotient(theta, xp)
        total *= xp.sqrt(2.0 * delta) if self._jumps else delta
        return total

    def _derivative(self, rho: Any, xp: Any) -> Any:
        slope = self._slope(xp.acos(rho), xp)
        return _divided(slope, xp.sqrt((1.0 - rho) * (1.0 + rho))) if self._jumps else slope

    def _complement_slope(self, delta: Any, xp: Any) -> Any:
        slope = self._slope(2.0 * xp.asin(xp.sqrt(delta / 2.0)), xp)
        return _divided(slope, xp.sqrt(delta * (2.0 - delta))) if self._jumps else slope


def _divided(a: Any, b: Any) -> Any:
    with np.errstate(divide="ignore"):
        return a / b


# --- application ----------------------------------------------------------------------------


def _applied(f: Any, value: Any, low: float, what: str, derivative: Any = None) -> Any:
    """Check and convert the argument, evaluate in float64, convert back."""
    if type(value) in (int, float):
        return float(_applied(f, np.float64(value), low, what))
    try:
        from array_api_compat import array_namespace

        xp = array_namespace(value)
    except TypeError:
        seen = type(value).__name__
        raise ActivationError(
            f"{what} is a {seen}; give a number, a numpy array or a torch tensor"
        ) from None
    if not xp.isdtype(value.dtype, ("real floating", "integral")):
        raise ActivationError(f"{what} has dtype {value.dtype}; real numbers are required")
    dtype = value.dtype if xp.isdtype(value.dtype, "real floating") else xp.float64
    v = _checked(xp.astype(value, xp.float64), float(xp.finfo(dtype).eps), low, what, xp)
    if derivative is not None and getattr(v, "requires_grad", False):
        return xp.astype(_differentiable()(v, f, derivative, xp), dtype)
    flat = xp.reshape(v, (-1,))
    out = xp.astype(xp.reshape(f(flat, xp), v.shape), dtype, copy=False)
    return out[()] if isinstance(out, np.ndarray) and not out.ndim else out


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


def build(name: str, d: Derivative, *, estimated: bool = False) -> KernelMap:
    """Build the map from sigma' as a distribution, all scales being arbitrary."""
    noise = _NOISE if d.noise is None else max(_NOISE, d.noise)
    jumps = bool(d.jumps)
    f = d.flux if jumps else _dual(d)

    def sampled(theta: Array) -> Array:
        return f(theta.ravel()).reshape(theta.shape)

    edges = np.linspace(0, math.pi, 5)
    p = resolve(
        sampled, edges, lambda a, b: np.sqrt(b - a), tolerance=1e-16, noise=noise,
        limit=_MAX_PANELS,
    )  # fmt: skip
    if not np.all(np.isfinite(p.values)):
        raise PrecisionError(f"{name}: the kernel map leaves the range of float64 (1e308)")
    quotient, variance = _quotients(p, jumps)
    if not variance > 0:
        raise ActivationError(f"{name}: Var sigma(z) is 0: a constant has no kernel map")
    p, quotient = _scaled(p, 1 / variance), _scaled(quotient, 1 / variance)
    slope = tabulated(p)
    at_one = math.inf if jumps else float(slope(np.zeros(1), np)[0])
    rough = float(np.sum(np.where(p.resolved, noise / 10, p.tail) * (p.upper - p.lower)))
    return KernelMap(name, at_one, rough, tabulated(quotient), slope, jumps, estimated)


def _scaled(p: Panels, factor: float) -> Panels:
    return replace(p, values=p.values * factor, tail=p.tail * factor)


def _dual(d: Derivative) -> Function:
    """E[sigma'(x) sigma'(y)] as a function of the angle, without jumps."""
    q = None if d.kinks else _series(d)
    if q is None:
        return d.dual

    def series(theta: Array) -> Array:
        rho, total = np.cos(theta), np.zeros(theta.shape)
        for c in q[::-1]:
            total *= rho
            total += c
        return total

    return series


def _series(d: Derivative) -> Array | None:
    """The squared coefficients of sigma', if they decay fast enough to be summed."""
    for n in _LENGTHS:
        found = expansion(d.smooth, (), n, noise=d.noise)
        q = found.coefficients**2
        # Parseval: fast waves have their coefficients far out, after a gap
        complete = abs(np.sum(q) - found.second_moment) <= _PARSEVAL * found.second_moment
        if complete and np.sum(q[3 * n // 4 :]) <= _CONVERGED * np.sum(q):
            counted = np.cumsum(q[::-1])[::-1] > 0.01 * _CONVERGED * np.sum(q)
            return np.asarray(q[: int(np.sum(counted))])
    return None


def _quotients(p: Panels, jumps: bool) -> tuple[Panels, float]:
    """(1 - kappa)/(1 - rho), or by sqrt(2 (1 - rho)), times the variance; and the variance."""
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
        part = np.sum(f * (1.0 if jumps else np.sin(angle)) * w, axis=1)
        total = start + half[i] * (t + 1) / 2 * part
        out[i] = total / (2 * np.sin(theta / 2) if jumps else 2 * np.sin(theta / 2) ** 2)
        whole = p.values[i] * (1.0 if jumps else np.sin(theta))
        start += float(half[i, 0] * (whole @ w))
        middle = start if p.upper[i] <= math.pi / 2 * (1 + 1e-15) else middle
    return replace(p, values=out), middle
