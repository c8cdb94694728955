"""Theorem 4 at finite width: the paper's bound, the bound for every layer, the floor."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtrit

from hermiso import bounds, numeric
from hermiso.errors import FiniteError
from hermiso.finite.architecture import Architecture
from hermiso.finite.mlp import input_gram
from hermiso.finite.sampler import plan, simulate
from hermiso.gram import isometry_gap

__all__ = ["VERDICTS", "Array", "Report", "Verdict", "check_theorem4", "interval"]

Array = NDArray[np.float64]
Verdict = Literal["mean-field bound", "finite-width floor", "undecided", "violation"]
_LEAST_WIDTH = 4  # times n, the least width that the floor law is asked about
VERDICTS: tuple[Verdict, ...] = (
    "mean-field bound", "finite-width floor", "undecided", "violation",
)  # fmt: skip


@dataclass(frozen=True)
class Report:
    """The mean gap of R networks against the bounds, at layers 0, ..., L.

    Attributes:
        gap: mean over the runs, shape (L + 1,).
        low: lower end of its confidence interval.
        high: upper end.
        theorem4: the paper's bound (12).
        all_layers: the bound without "sufficiently large", docs/bounds.md, Corollary 1.
        floor: where the gap of a network of this width settles, at leading order in 1/d.
        verdicts: of each layer, see `check_theorem4`.
    """

    gap: Array
    low: Array
    high: Array
    theorem4: Array
    all_layers: Array
    floor: float
    verdicts: tuple[Verdict, ...]

    @property
    def verdict(self) -> Verdict:
        """The worst of the layers."""
        return max(self.verdicts, key=VERDICTS.index)

    def __str__(self) -> str:
        count = Counter(self.verdicts)
        layers = ", ".join(f"{count[v]} by the {v}" for v in VERDICTS[:2] if count[v])
        unclear = f"; undecided {count['undecided']}: take more runs" if count["undecided"] else ""
        bad = [layer for layer, v in enumerate(self.verdicts) if v == "violation"]
        violated = f"; violated at layers {bad}" if bad else ""
        return (
            f"{self.verdict}: of {len(self.gap)} layers {layers or 'none'} covered"
            f"{unclear}{violated}; "
            f"last gap {self.gap[-1]:.4g} in [{self.low[-1]:.4g}, {self.high[-1]:.4g}], "
            f"bound {self.all_layers[-1]:.4g}, floor {self.floor:.4g}"
        )


def check_theorem4(
    activation: Any,
    X: Any,
    width: int,
    depth: int,
    *,
    runs: int = 10,
    seed: int = 0,
    confidence: float = 0.99,
    resolution: float = 0.1,
    **options: Any,
) -> Report:
    """Compare networks of finite width with Theorem 4 (isometry paper, eq. 12).

    The verdict of a layer: "mean-field bound" if the confidence interval of the mean gap reaches
    down to the sharper bound for every layer, and so to the paper's; "finite-width floor" if it
    reaches down to that bound plus 1 + resolution + (4 kurtosis + n)/d times the floor;
    "violation" if it does not; "undecided" if the interval, longer than twice bound and floor,
    would cover anything. The kurtosis is E (sigma - c_0)^4/Var^2: the floor law is of leading
    order in 1/d, and tails and samples make up the next.

    Args:
        activation: whatever `hermiso.beta` takes.
        X: samples, shape (n, d_0); centred and normalized first.
        width: d of every layer.
        depth: number of layers.
        runs: R >= 2.
        seed: of the weights.
        confidence: of the intervals of all layers together, by Student's t and Bonferroni.
        resolution: the relative error allowed to the floor law beside its next order.
        **options: of `simulate`.

    Raises:
        FiniteError: if an argument is out of its domain: degenerate samples, beta = 1, a width
            below 4 n; or if a network leaves the range of floats, as ReLU does where all features
            of a sample are 0.
    """
    if runs < 2 or not 0 < confidence < 1 or not resolution >= 0:
        raise FiniteError(
            f"runs = {runs}, confidence = {confidence}, resolution = {resolution}; at least 2 "
            "runs, a confidence between 0 and 1 and a resolution >= 0 are required"
        )
    if hasattr(X, "__len__"):
        _check_width(len(X), width)
        plan(len(X), width, depth, runs=runs, seed=seed, **options)
    G0 = input_gram(X)
    beta, n = float(numeric.beta(activation)), len(G0)
    gap0 = float(isometry_gap(G0.numpy()))
    _check_case(beta, gap0)
    net = Architecture(activation)
    gap = simulate(G0, net, width, depth, runs=runs, seed=seed, **options).gap
    _check_gap(gap)
    mean, (low, high) = gap.mean(0), interval(gap, 1 - (1 - confidence) / (depth + 1))
    layers = np.arange(depth + 1)
    sharp = bounds.all_layers(beta, n, gap0, layers)
    floor = bounds.floor(beta, n, width)
    allowed = floor * (1 + resolution + (4 * _kurtosis(net) + n) / width)
    verdicts = tuple(_verdict(*row, floor, allowed) for row in zip(low, high, sharp, strict=True))
    paper = bounds.theorem4(beta, n, gap0, layers)
    return Report(mean, low, high, paper, sharp, floor, verdicts)


def _check_width(n: int, width: Any) -> None:
    if hasattr(width, "__index__") and 1 <= width < _LEAST_WIDTH * n:
        raise FiniteError(
            f"the width is {width} for {n} samples; the floor law is of leading order in n/d and "
            f"needs a width of {_LEAST_WIDTH * n} or more"
        )


def _check_case(beta: float, gap0: float) -> None:
    if gap0 == math.inf:
        raise FiniteError(
            "the input is degenerate, so that its gap and every bound are infinite: samples are "
            "equal, or more than their centred features can span; leave some out"
        )
    if beta == 1:
        raise FiniteError("beta is 1: a linear network has no bound below its input and no floor")


def _kurtosis(net: Architecture) -> float:
    """E (sigma - c_0)^4/Var^2: how heavy the tails are that the next order in 1/d depends on."""
    c0, variance, _ = net.constants
    if net.known is None:
        sigma = net.activation
        mean, spread = numeric.mean_and_variance(lambda z: (sigma(z) - c0) ** 2)
    else:
        square = (net.known.expression - c0) ** 2
        mean, spread = numeric.mean_and_variance(square, net.known.variable)
    return float((spread + mean**2) / variance**2)


def _check_gap(gap: Array) -> None:
    lost = np.isnan(gap)
    if lost.any():
        run, layer = (int(i[0]) for i in np.nonzero(lost))
        raise FiniteError(
            f"run {run} left the range of floats at layer {layer}: the features of a sample "
            "overflow or are all equal; choose a larger width, or float64"
        )


def interval(values: Array, confidence: float) -> tuple[Array, Array]:
    """Student's confidence interval of the mean over the first axis.

    A mean that is not finite is both of its ends.
    """
    runs = len(values)
    if runs < 2:
        raise FiniteError(f"there are {runs} runs; a confidence interval needs at least 2")
    finite = np.isfinite(values).all(0)
    spread = np.where(finite, values, 0.0).std(0, ddof=1) / math.sqrt(runs)
    reach = float(stdtrit(runs - 1, (1 + confidence) / 2)) * spread
    return values.mean(0) - reach, values.mean(0) + reach


def _verdict(low: float, high: float, bound: float, floor: float, allowed: float) -> Verdict:
    reach = bound * (1 + 1e-12)  # at layer 0 the bound is the gap itself
    if not low <= reach + allowed:
        return "violation"
    if high > low + 2 * max(bound, floor):  # the runs are too few to tell
        return "undecided"
    return "mean-field bound" if low <= reach else "finite-width floor"
