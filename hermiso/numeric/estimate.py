"""Estimates for activations that are no expressions: any numpy or torch function."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from hermiso.errors import ActivationError
from hermiso.numeric.arguments import degree, one_gain
from hermiso.numeric.bivariate import Derivative
from hermiso.numeric.expansion import Expansion, expansion, importance
from hermiso.numeric.kernel import KernelMap, build
from hermiso.numeric.panels import Array, Goal
from hermiso.numeric.sampled import (
    FINEST,
    SCANNED,
    Elementwise,
    SampledModel,
    find_kinks,
    probes,
    slope_panels,
    slope_size,
)
from hermiso.numeric.strength import strengths
from hermiso.numeric.table import tabulated

__all__ = ["Estimate", "SampledActivation", "estimate"]

_SUPPOSED = " if nothing hides between samples"
_DIFFERENTIATED = 100.0  # what the derivative of a panel's polynomial loses


@dataclass(frozen=True)
class Estimate:
    """A number, or an array, with an estimate of its absolute error; never certified.

    The error is that of rounding and of quadrature for the function that the samples show: jumps
    at least 1/2^17 apart for |z| <= 5, and smooth features wider than 1/4000, in units of the
    standard deviation, are seen. It says nothing about features between samples: one of height H
    and width w changes E sigma^2 by up to H^2 w/2.5, and no number of values excludes it; see
    `SampledActivation.unseen`. It is never below four units in the last place of 1 or of the value.
    """

    value: Any
    error: Any

    def __float__(self) -> float:
        return float(self.value)

    def __array__(self, dtype: Any = None, copy: Any = None) -> Any:
        return np.array(self.value, dtype=dtype)

    def __str__(self) -> str:
        error = float(np.max(self.error, initial=0.0))
        if np.ndim(self.value):
            return f"{self.value} (estimates, errors up to about {error:.0e}{_SUPPOSED})"
        size = abs(float(self.value))
        digits = 17 if not 0 < error < size else max(1, math.ceil(math.log10(size / error)))
        shown = f"{float(self.value):.{min(digits, 17)}g}"
        return f"{shown} (estimate, error about {error:.0e}{_SUPPOSED})"


@dataclass(frozen=True)
class SampledActivation:
    """A callable taken as an activation: everything about it is an `Estimate`.

    Attributes:
        model: the checked function, its kinks (declared or detected) and the gain.
    """

    model: SampledModel

    def __repr__(self) -> str:
        kinks = ", ".join(f"{t:.6g}" for t in self.model.kinks) or "none seen"
        return f"<{self.model.name}, sampled; kinks: {kinks}>"

    @property
    def kinks(self) -> tuple[float, ...]:
        """Where the function is not smooth: declared, or detected by bisection."""
        return self.model.kinks

    @property
    def unseen(self) -> float:
        """How far off beta is if one feature, as high as the function, hides between two samples.

        That is H^2 w phi(0)/Var sigma(z), H the largest |sigma| for |z| <= 5 and w = 1/2^17,
        the distance of samples there. `Estimate.error` supposes that there is none.
        """
        e, reach = self._expanded, self.model.gain * np.linspace(-SCANNED, SCANNED, 1001)
        height = float(np.max(np.abs(self.model.value(reach) - self._base)))
        variance = e.second_moment - e.coefficients[0] ** 2
        return float(height**2 * FINEST / math.sqrt(2 * math.pi) / variance)

    @property
    def beta(self) -> Estimate:
        """The isometry strength."""
        excess = self.beta_minus_one
        return Estimate(1.0 + excess.value, excess.error + np.finfo(float).eps)

    @property
    def beta_minus_one(self) -> Estimate:
        """Beta - 1."""
        value = float(strengths(self.model, np.array([abs(self.model.gain)]))[0])
        e, noise = self._expanded, self.model.noise
        variance = e.second_moment - e.coefficients[0] ** 2
        rest = max(value, noise) * variance  # E of the squared residual
        change = noise * (math.sqrt(e.second_moment) + abs(self._base)) + e.error
        if not change**2 < variance:
            raise ActivationError(
                f"{self.model.name}: Var sigma(z) is {variance:.3g}, lost in the rounding of its "
                "values: the function is constant, or the gain too small for a sampled one"
            )
        return Estimate(value, _floored(2 * math.sqrt(rest) * change / variance, value))

    @cached_property
    def _base(self) -> float:
        """The value at 0: less it, the variance keeps its digits."""
        return float(self.model.value(np.zeros(1))[0])

    @cached_property
    def _expanded(self) -> Expansion:
        return self._expansion(2, self._base)

    def _expansion(self, n: int, base: float = 0.0) -> Expansion:
        m = self.model

        def f(z: Array) -> Array:
            return np.asarray(m.value(m.gain * z) - base)

        size = (lambda z: np.abs(f(z)) + abs(base)) if base else None
        goal = Goal(importance, size, noise=m.noise, probes=probes(1.0))
        return expansion(f, tuple(t / m.gain for t in m.kinks), n, goal)

    def coefficients(self, n: int) -> Estimate:
        """c_0..c_{n-1}, with one error for all of them."""
        e = self._expansion(degree(n))
        size = math.sqrt(e.second_moment)
        return Estimate(e.coefficients, _floored(self.model.noise * size + e.error, size))

    @property
    def second_moment(self) -> float:
        """E sigma(z)^2."""
        return self._expansion(1).second_moment

    def kernel_map(self) -> KernelMap:
        """The kernel map, from the derivative of the polynomials through the samples."""
        m, g = self.model, abs(self.model.gain)
        table, size = tabulated(slope_panels(m), searched=True), slope_size(m)

        def smooth(z: Array) -> Array:
            return g * np.asarray(table(g * np.asarray(z), np))

        kinks = tuple(t / g for t in m.kinks)
        jumps = tuple((t / g, j) for t, j in m.jumps)
        noise = _DIFFERENTIATED * m.noise
        seen = np.sort(np.concatenate([m.panels.nodes.ravel() / g, probes(1.0)]))
        d = Derivative(
            smooth, kinks, jumps, noise=noise, size=lambda z: g * size(g * z), probes=seen
        )
        return build(m.name, d, estimated=True)


def _floored(error: float, size: float) -> float:
    """No error below four units in the last place: samples support no more digits."""
    return max(error, 4 * float(np.finfo(float).eps) * max(1.0, abs(size)))


def estimate(
    f: Callable[[Any], Any], kinks: Iterable[float] = (), *, gain: float = 1.0
) -> SampledActivation:
    """Take any elementwise numpy or torch function as an activation.

    >>> import numpy as np
    >>> from hermiso import numeric
    >>> swish = numeric.estimate(lambda x: np.maximum(x, 0) * np.tanh(x))
    >>> print(swish.beta)
    1.3601231476506... (estimate, error about ...)

    Args:
        f: a function of an array, or of a tensor, of any length.
        kinks: points where it is not smooth; others are looked for by bisection.
        gain: g in sigma(g x).

    Raises:
        ActivationError: if f fails, is not elementwise, real, finite and repeatable, or visibly
            not square-integrable.
    """
    if not callable(f):
        raise ActivationError(f"{f!r} is not callable; give a function on arrays or tensors")
    declared, g = _declared(kinks), one_gain(gain)
    function = Elementwise(f)
    function.check()
    return SampledActivation(SampledModel(function, find_kinks(function, g, declared), g))


def _declared(kinks: Iterable[float]) -> tuple[float, ...]:
    try:
        declared = tuple(sorted(float(t) for t in kinks))
    except (TypeError, ValueError):
        raise ActivationError(f"kinks is {kinks!r}; it must be a sequence of numbers") from None
    for t in declared:
        if not math.isfinite(t):
            raise ActivationError(f"kinks contains {t}; every kink must be finite")
    return declared
