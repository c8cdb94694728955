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
from numbers import Real
from typing import Any

import numpy as np
from sympy import Expr

from hermiso.errors import ActivationError, PrecisionError
from hermiso.numeric.arguments import quoted
from hermiso.numeric.bivariate import Derivative
from hermiso.numeric.dual import dual, flux
from hermiso.numeric.panels import ORDER, Array, Goal, Panels, legendre, lengths, resolve
from hermiso.numeric.table import Table, interpolation, tabulated

_NOISE = 1e-14
_MAX_PANELS = 128
_SAFETY = 3.0  # of an estimated relative error
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


def build(name: str, d: Derivative, *, estimated: bool = False) -> KernelMap:
    """Build the map from sigma' as a distribution, all scales being arbitrary."""
    noise = max(_NOISE, d.relative)
    jumps = bool(d.jumps)
    f = flux(d) if jumps else dual(d)

    edges = np.linspace(0, math.pi, 5)
    goal = Goal(lengths, tolerance=1e-16, noise=noise, probes=_probes(d))
    p = resolve(lambda t: f(t.ravel()).reshape(t.shape), edges, goal, limit=_MAX_PANELS)
    if not np.all(np.isfinite(p.values)):
        raise PrecisionError(f"{name}: the kernel map leaves the range of float64 (1e308)")
    quotient, variance = _quotients(p, jumps)
    if not variance > 0:
        raise ActivationError(f"{name}: Var sigma(z) is 0: a constant has no kernel map")
    p, quotient = _scaled(p, 1 / variance), _scaled(quotient, 1 / variance)
    slope = tabulated(p)
    at_one = math.inf if jumps else float(slope(np.zeros(1), np)[0])
    rough = float(np.sum(np.where(p.resolved, noise / 10, p.tail) * (p.upper - p.lower)))
    rough += _SAFETY * d.relative if estimated else 0.0
    return KernelMap(name, at_one, rough, tabulated(quotient), slope, jumps, estimated)


def _probes(d: Derivative) -> Array:
    """Angles down to the smallest scale of sigma', near 0 and pi."""
    near = np.geomspace(d.finest / 8, 0.1, 100)
    return np.concatenate([near, math.pi - near[::-1]])


def _scaled(p: Panels, factor: float) -> Panels:
    return replace(p, values=p.values * factor, tail=p.tail * factor)


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
