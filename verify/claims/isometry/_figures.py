"""Curves of random networks of finite width with intervals, and what they decide.

A statement about a figure is a predicate over curves. It answers with a Finding: true, false, or
open where an interval straddles. Every interval is Student's, at CONFIDENCE, of the mean logarithm
over independent networks; variants that are compared share their input and weights run by run.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING, Any

from verify import Evidence, Level, Refuted, Skipped, Undecided

if TYPE_CHECKING:
    from verify.strategies import Array

__all__ = [
    "CONFIDENCE",
    "RUNS",
    "SAMPLES",
    "WIDTH",
    "Curve",
    "Finding",
    "Interval",
    "above",
    "below",
    "between",
    "decided",
    "every",
    "finite",
    "gaps",
    "input_gram",
    "misses",
    "networks",
    "opposite",
    "reaches",
    "some",
    "student",
    "trajectory",
]

CONFIDENCE = 1 - 1e-7
RUNS, SAMPLES, WIDTH = 20, 10, 1000  # n = 10 and d = 1000 are the paper's (section 6)
REACHED = 0.2  # a gap below it, an isometry above 0.8, is called isometry
_LOST = 100.0  # stands for the gap of a network that is degenerate or out of the range of floats


@dataclass(frozen=True)
class Finding:
    """What a comparison of intervals says; None is open."""

    truth: bool | None
    says: str
    cases: int = 1


@dataclass(frozen=True)
class Interval:
    """Where a mean lies, and of what."""

    low: float
    high: float
    name: str

    def __str__(self) -> str:
        return f"{self.name} in [{self.low:.3g}, {self.high:.3g}]"


@dataclass(frozen=True, eq=False)
class Curve:
    """A positive quantity, such as the gap, of each network and layer: shape (runs, L + 1)."""

    name: str
    values: Array

    def at(self, layer: int = -1) -> Interval:
        """The geometric mean over the networks at a layer; the last one is -1."""
        return self._mean(self.values[:, layer], self.name, layer)

    def over(self, other: Curve, layer: int = -1) -> Interval:
        """The geometric mean of the quotient of two curves."""
        quotient = self.values[:, layer] / other.values[:, layer]
        return self._mean(quotient, f"({self.name})/({other.name})", layer)

    def growth(self, start: int, end: int) -> Interval:
        """The geometric mean of the quotient of two layers."""
        quotient = self.values[:, end] / self.values[:, start]
        return self._mean(quotient, f"{self.name}, over that of layer {start},", end)

    def _mean(self, values: Array, name: str, layer: int) -> Interval:
        import numpy as np

        low, high = student(np.log(values))
        number = layer % self.values.shape[1]
        return Interval(math.exp(low), math.exp(high), f"{name} at layer {number}")


def student(values: Array) -> tuple[float, float]:
    """Return Student's interval of a mean, at CONFIDENCE."""
    from scipy.special import stdtrit

    runs = len(values)
    reach = stdtrit(runs - 1, (1 + CONFIDENCE) / 2) * values.std(ddof=1) / math.sqrt(runs)
    return float(values.mean() - reach), float(values.mean() + reach)


# Networks


def finite() -> Any:
    """Return hermiso.finite, which needs torch."""
    try:
        import hermiso.finite
    except ImportError as error:
        raise Skipped(f"{error}; pip install 'hermiso[torch]'") from error
    return hermiso.finite


@cache
def input_gram(seed: int, samples: int = SAMPLES, width: int = WIDTH, factor: float = 10.0) -> Any:
    """Gram matrix of Gaussian samples, their largest singular value times a factor."""
    import numpy as np

    X = np.random.default_rng([seed, samples, width]).standard_normal((samples, width))
    U, s, Vt = np.linalg.svd(X, full_matrices=False)
    X += (factor - 1) * s[0] * np.outer(U[:, 0], Vt[0])
    return finite().input_gram(X).numpy()


@cache
def trajectory(
    seed: int,
    activation: str,
    depth: int,
    *,
    width: int | tuple[int, ...] = WIDTH,
    runs: int = RUNS,
    samples: int = SAMPLES,
    keep_gram: bool = False,
    **layer: Any,
) -> Any:
    """Simulate networks of depth layers; the rest describes a layer (hermiso.finite)."""
    G0 = input_gram(seed, samples)
    widths = [width] * depth if isinstance(width, int) else list(width)
    net = finite().Architecture(activation, **layer)
    return finite().simulate(G0, net, widths, runs=runs, seed=seed, keep_gram=keep_gram)


def gaps(seed: int, activation: str, depth: int, name: str = "", **options: Any) -> Curve:
    """The isometry gap; see `trajectory`."""
    import numpy as np

    found = trajectory(seed, activation, depth, **options).gap
    name = f"gap of {activation}{name and ', '}{name}"
    return Curve(name, np.minimum(np.nan_to_num(found, nan=_LOST), _LOST))


# Comparisons


def below(measured: Interval, number: float) -> Finding:
    """Whether a mean is below a number."""
    truth = True if measured.high < number else False if measured.low > number else None
    return Finding(truth, f"{measured}, stated < {number:.3g}")


def above(measured: Interval, number: float) -> Finding:
    """Whether a mean is above a number."""
    return replace(opposite(below(measured, number)), says=f"{measured}, stated > {number:.3g}")


def between(measured: Interval, low: float, high: float) -> Finding:
    """Whether a mean is between two numbers."""
    return every(above(measured, low), below(measured, high))


def reaches(gap: Curve, layer: int = -1) -> Finding:
    """Whether there is isometry at a layer."""
    return below(gap.at(layer), REACHED)


def misses(gap: Curve, layer: int = -1) -> Finding:
    """Whether there is none."""
    return above(gap.at(layer), REACHED)


def opposite(found: Finding) -> Finding:
    """Not."""
    truth = None if found.truth is None else not found.truth
    return replace(found, truth=truth, says=f"not ({found.says})")


def every(*found: Finding) -> Finding:
    """And: false if one is, open if one is."""
    for truth in (False, None):
        deciding = [f.says for f in found if f.truth is truth]
        if deciding:
            return Finding(truth, "; ".join(deciding), sum(f.cases for f in found))
    return Finding(True, "; ".join(f.says for f in found), sum(f.cases for f in found))


def some(*found: Finding) -> Finding:
    """Or: true if one is, open if one is."""
    for truth in (True, None):
        deciding = [f.says for f in found if f.truth is truth]
        if deciding:
            return Finding(truth, "; ".join(deciding), sum(f.cases for f in found))
    return Finding(False, "; ".join(f.says for f in found), sum(f.cases for f in found))


def decided(found: Iterable[Finding], domain: str) -> Evidence:
    """Return evidence if all findings are true; name those that are not."""
    total = every(*found)
    if total.truth is None:
        raise Undecided(total.says)
    if not total.truth:
        raise Refuted(total.says)
    return Evidence(Level.MEASURED, domain, total.cases)


def networks(depth: int, width: Any = WIDTH, runs: int = RUNS, samples: Any = SAMPLES) -> str:
    """The domain in words."""
    return (
        f"n = {samples}, d = {width}, {depth} layers, mean of {runs} networks, "
        f"intervals at 1 - {1 - CONFIDENCE:.0e}"
    )
