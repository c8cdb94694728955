"""Gaussian means by quadrature: quickly in float64, or adaptively to any number of digits.

Both integrate f(x) phi(x) panel by panel between the kinks. The float64 rule is for checks.
The mpmath rule bisects a panel until its own error estimate is below the target; it is an
estimate, not an enclosure.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from itertools import pairwise
from typing import Any

import mpmath

from hermiso.errors import PrecisionError

REACH = 40.0  # phi(40) is 1e-348: below the smallest float64
_MAX_DEPTH = 30


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


def gaussian_mean(f: Callable[[Any], Any], kinks: Sequence[Any], digits: int) -> Any:
    """Return E[f(z)] with an estimated error of 10^-digits relative to E|f(z)|.

    Args:
        f: a function of an mpmath real.
        kinks: where f is not smooth, in any order.
        digits: the target, at the working precision digits + 15.

    Raises:
        PrecisionError: if a panel does not converge.
    """
    with mpmath.workdps(digits + 15):
        edges = _edges(f, kinks, digits)
        scale = sum(_magnitude(f, a, b) for a, b in pairwise(edges))
        if scale == 0:
            return mpmath.mpf(0)
        tolerance = scale * mpmath.mpf(10) ** (-digits - 3) / len(edges)
        return mpmath.fsum(_panel(f, a, b, tolerance, _MAX_DEPTH) for a, b in pairwise(edges))


def _weighted(f: Callable[[Any], Any], x: Any) -> Any:
    value = f(x)
    if isinstance(value, mpmath.mpc):
        if value.imag:
            raise PrecisionError(f"the integrand is complex at {mpmath.nstr(x, 8)}")
        value = value.real
    return value * mpmath.npdf(x)


def _magnitude(f: Callable[[Any], Any], a: Any, b: Any) -> Any:
    inside = [a + (b - a) * mpmath.mpf(j) / 8 for j in range(1, 8)]
    return (b - a) * max(abs(_weighted(f, x)) for x in inside)


def _edges(f: Callable[[Any], Any], kinks: Sequence[Any], digits: int) -> list[Any]:
    """Panel edges: the kinks and a grid as far out as the integrand matters."""
    left, right = (_reach(f, side, digits) for side in (-1, 1))
    grid = [mpmath.mpf(j) for j in range(-left, right + 1)]
    marks = [mpmath.mpf(k) for k in kinks if -left < k < right]
    edges = sorted({*grid, *marks})
    return edges


def _reach(f: Callable[[Any], Any], side: int, digits: int) -> int:
    """The first integer beyond which f phi stays negligible."""
    start = int(mpmath.sqrt(2 * mpmath.log(10) * (digits + 8))) + 4
    top = max(abs(_weighted(f, mpmath.mpf(side * (2 * j + 1)) / 2)) for j in range(start))
    quiet, at = 0, start
    while quiet < 3:
        value = abs(_weighted(f, mpmath.mpf(side * at) + mpmath.mpf(side) / 3))
        top = max(top, value)
        quiet = quiet + 1 if value <= top * mpmath.mpf(10) ** (-digits - 8) else 0
        at += 1
        if at > 5000:
            raise PrecisionError(
                "E[f(z)] does not converge: f(x) phi(x) is not small at |x| = 5000"
            )
    return at


def _panel(f: Callable[[Any], Any], a: Any, b: Any, tolerance: Any, depth: int) -> Any:
    value, error = mpmath.quad(lambda x: _weighted(f, x), [a, b], error=True, maxdegree=7)
    if error <= tolerance:
        return value
    if depth == 0:
        raise PrecisionError(
            f"the integral does not converge near x = {mpmath.nstr(a, 8)}; "
            "is the function square-integrable, with kinks that are known exactly?"
        )
    middle = (a + b) / 2
    return _panel(f, a, middle, tolerance, depth - 1) + _panel(f, middle, b, tolerance, depth - 1)
