"""Gaussian means by quadrature: quickly in float64, or adaptively to any number of digits.

Both integrate f(x) phi(x) panel by panel between the kinks, by Gauss-Legendre. The float64
rule is for checks. The mpmath rule bisects a panel until one rule on it agrees with two on its
halves; it is an estimate, not an enclosure.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from typing import Any

import mpmath
from mpmath.calculus.quadrature import GaussLegendre

from hermiso.errors import PrecisionError

REACH = 40.0  # phi(40) is 1e-348: below the smallest float64
MAX_BISECTIONS = 1500
FAR = 5000
Weight = Callable[[Any, Any], Any]  # (f(z), z) -> integrand


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


@dataclass(frozen=True)
class GaussianRule:
    """Nodes fitted to a function: rows (z, w phi(z), f(z)) in mpmath numbers."""

    rows: tuple[tuple[Any, Any, Any], ...]

    def mean(self, weight: Weight = lambda value, z: value) -> Any:
        """Return E[weight(f(z), z)]."""
        return mpmath.fsum(w * weight(value, z) for z, w, value in self.rows)


def gaussian_rule(
    f: Callable[[Any], Any], kinks: Sequence[Any], digits: int, weights: Sequence[Weight]
) -> GaussianRule:
    """Fit a rule at the working precision that is right for several weights at once.

    Args:
        f: a function of an mpmath real.
        kinks: where f is not smooth, in any order.
        digits: the target for each mean, relative to the mean of the absolute integrand.
        weights: the integrands E[weight(f(z), z)] that the rule is wanted for.

    Raises:
        PrecisionError: if a panel does not converge, or the integrand has no end.
    """
    table = _table(digits, mpmath.mp.prec)
    sampled = _Sampled(f, tuple(weights))
    edges = _edges(sampled, kinks, digits)
    panels = [sampled.panel(a, b, table) for a, b in pairwise(edges)]
    scales = [
        mpmath.fsum(abs(v) for v in column)
        for column in zip(*(p.sums for p in panels), strict=True)
    ]
    goal = mpmath.mpf(10) ** (-digits - 3)
    tolerances = [goal * s / len(panels) for s in scales]
    return GaussianRule(tuple(_refined(sampled, panels, table, tolerances)))


def gaussian_mean(f: Callable[[Any], Any], kinks: Sequence[Any], digits: int) -> Any:
    """Return E[f(z)] with an estimated error of 10^-digits relative to E|f(z)|."""
    with mpmath.workdps(digits + 15):
        return gaussian_rule(f, kinks, digits, [lambda value, z: value]).mean()


@cache
def _table(digits: int, prec: int) -> list[tuple[Any, Any]]:
    """Gauss-Legendre nodes and weights, enough of them for the digits."""
    degree = 4
    while 3 * 2 ** (degree - 1) < 0.8 * digits + 12:
        degree += 1
    return list(GaussLegendre(mpmath.mp).calc_nodes(degree, prec))


@dataclass(frozen=True)
class _Panel:
    a: Any
    b: Any
    rows: tuple[tuple[Any, Any, Any], ...]
    sums: tuple[Any, ...]


@dataclass(frozen=True)
class _Sampled:
    f: Callable[[Any], Any]
    weights: tuple[Weight, ...]

    def value(self, x: Any) -> Any:
        value = self.f(x)
        if isinstance(value, mpmath.mpc):
            if value.imag:
                raise PrecisionError(f"the integrand is complex at {mpmath.nstr(x, 8)}")
            return value.real
        return value

    def size(self, x: Any) -> Any:
        """The largest integrand at x."""
        value = self.value(x)
        return max(abs(weight(value, x)) for weight in self.weights) * mpmath.npdf(x)

    def panel(self, a: Any, b: Any, table: list[tuple[Any, Any]]) -> _Panel:
        middle, half = (a + b) / 2, (b - a) / 2
        rows = []
        for t, w in table:
            z = middle + half * t
            rows.append((z, half * w * mpmath.npdf(z), self.value(z)))
        sums = (mpmath.fsum(w * g(v, z) for z, w, v in rows) for g in self.weights)
        return _Panel(a, b, tuple(rows), tuple(sums))


def _refined(
    sampled: _Sampled,
    panels: Sequence[_Panel],
    table: list[tuple[Any, Any]],
    tolerances: Sequence[Any],
) -> list[tuple[Any, Any, Any]]:
    """Bisect panels until halving them changes nothing; return the rows of the halves."""
    rows: list[tuple[Any, Any, Any]] = []
    waiting = list(panels)
    limit = len(panels) + MAX_BISECTIONS
    for _ in range(limit):
        p = waiting.pop()
        middle = (p.a + p.b) / 2
        halves = sampled.panel(p.a, middle, table), sampled.panel(middle, p.b, table)
        changes = (
            abs(s - u - v) for s, u, v in zip(p.sums, *(h.sums for h in halves), strict=True)
        )
        if all(change <= tol for change, tol in zip(changes, tolerances, strict=True)):
            rows += [*halves[0].rows, *halves[1].rows]
        else:
            waiting += halves
        if not waiting:
            return rows
    raise PrecisionError(
        f"the integral does not converge near x = {mpmath.nstr(waiting[-1].a, 8)}; "
        "is the function square-integrable, with kinks that are known exactly?"
    )


def _edges(sampled: _Sampled, kinks: Sequence[Any], digits: int) -> list[Any]:
    """Panel edges: the kinks and a grid as far out as the integrands matter."""
    left, right = (_reach(sampled, side, digits) for side in (-1, 1))
    grid = [mpmath.mpf(j) for j in range(-left, right + 1)]
    sizes = [sampled.size(j + 1 / mpmath.pi) for j in grid]  # between kinks and poles
    small = max(sizes) * mpmath.mpf(10) ** (-digits - 12)
    first = next(i for i, s in enumerate(sizes) if s > small) if max(sizes) else 0
    last = next(i for i, s in enumerate(reversed(sizes)) if s > small) if max(sizes) else 0
    # a bump far out leaves most of the line empty
    low, high = max(first - 3, 0), len(grid) - max(last - 3, 0)
    grid = grid[low:high]
    return sorted({*grid, *(+k for k in kinks if grid[0] < k < grid[-1])})


def _reach(sampled: _Sampled, side: int, digits: int) -> int:
    """The first integer beyond which the integrands stay negligible."""
    start = int(mpmath.sqrt(2 * mpmath.log(10) * (digits + 8))) + 4
    top = max(sampled.size(side * (mpmath.mpf(j) + 0.5)) for j in range(start))
    quiet, at = 0, start
    while quiet < 3:
        size = sampled.size(side * (at + 1 / mpmath.pi))
        top = max(top, size)
        quiet = quiet + 1 if size <= top * mpmath.mpf(10) ** (-digits - 8) else 0
        at += 1
        if at > FAR:
            raise PrecisionError(f"E[f(z)] does not converge: f phi is not small at |x| = {FAR}")
    return at
