"""Route 3, float64 that is right to the last digits: coefficients, strengths, kernel maps.

>>> from hermiso import numeric
>>> numeric.beta_minus_one("sigmoid", gain=[1e-6, 1.0])
array([4.16666667e-26, 1.58328331e-02])
"""

from __future__ import annotations

from hermiso.numeric.estimate import Estimate, SampledActivation, estimate
from hermiso.numeric.kernel import KernelMap
from hermiso.numeric.route import (
    beta,
    beta_minus_one,
    coefficients,
    kernel_map,
    mean_and_variance,
)

__all__ = [
    "Estimate",
    "KernelMap",
    "SampledActivation",
    "beta",
    "beta_minus_one",
    "coefficients",
    "estimate",
    "kernel_map",
    "mean_and_variance",
]
