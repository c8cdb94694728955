"""Gaussian means in float64, by Gauss-Legendre on panels split at the kinks.

For checks: panels of width 1/2 with 20 nodes each, and no error estimate.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

__all__ = ["nodes"]

REACH = 40.0  # phi(40) is 1e-348: below the smallest float64


@cache
def _legendre(n: int = 20) -> tuple[Any, Any]:
    import numpy as np

    return np.polynomial.legendre.leggauss(n)


def nodes(kinks: Sequence[float], graded: bool = False) -> tuple[Any, Any]:
    """Return float64 nodes and weights for E[f(z)] with panels split at the kinks.

    Graded panels halve their width towards every kink, for powers |x - t|^s.
    """
    import numpy as np

    steps = [0.0, *(s * 0.5**j for j in range(2, 160) for s in (-1, 1))] if graded else [0.0]
    inner = [k + s for k in kinks for s in steps if -REACH < k + s < REACH]
    edges = np.unique([*np.arange(-REACH, REACH + 0.25, 0.5), *inner])
    t, w = _legendre()
    half, middle = np.diff(edges) / 2, (edges[1:] + edges[:-1]) / 2
    x = (middle[:, None] + half[:, None] * t).ravel()
    phi = np.exp(-(x**2) / 2) / np.sqrt(2 * np.pi)
    return x, (half[:, None] * w).ravel() * phi
