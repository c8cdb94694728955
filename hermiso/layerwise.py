"""Bounds that step from layer to layer, in logarithms, and the layer at which one is reached."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, TypeAlias, TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from hermiso.errors import BoundError

Array: TypeAlias = NDArray[np.float64]
Value = TypeVar("Value", float, Array)

FARTHEST = 2**62  # layers that a search for a depth tries
DEEPEST = 2**17  # layers that are stepped through
GRID = 4096  # layers that a search for a depth looks at together
HUGE = 40.0  # g beyond which e^-g is lost beside 1


def walked(step: Callable[[Value], Value], start: Value, layers: Array) -> Array:
    """Return the value at each of the layers, step by step from layer 0."""
    wanted = np.unique(layers).astype(np.int64)
    if wanted.size and wanted[-1] > DEEPEST:
        raise BoundError(
            f"layer {wanted[-1]}: this bound steps through the layers, so they must be at most "
            f"{DEEPEST}; all_layers has a closed form"
        )
    found, value, reached = [], start, 0
    for layer in wanted.tolist():
        for _ in range(layer - reached):
            value = step(value)
        found.append(value)
        reached = layer
    return np.asarray(found)[np.searchsorted(wanted, layers)]


def logistic_step(beta: float, y: Any) -> Any:
    """Log x -> log(x (2 - beta + x)/(1 + beta x)), entry by entry and without overflow."""
    small = np.exp(-np.abs(y))  # x or 1/x, whichever is below 1
    p = 2 - beta
    with np.errstate(divide="ignore", invalid="ignore"):  # of the form that is not taken
        below = y + np.log(p + small) - np.log1p(beta * small)
    return np.where(y > 0, y + np.log1p(p * small) - np.log(beta + small), below)


def oppenheim_step(p: Array, g: float) -> float:
    """-sum p_k log(1 - u^k), u = 1 - e^-g, to full relative accuracy for every g."""
    if g == 0 or g == math.inf:
        return g
    k = np.arange(1, p.size + 1)
    if g < 0.5:
        return float(-(p @ np.log1p(-((-math.expm1(-g)) ** k))))
    if g > HUGE:  # 1 - u^k = k e^-g
        return float(g - p @ np.log(k))
    return float(-(p @ np.log(-np.expm1(k * math.log1p(-math.exp(-g))))))


def log_expm1(y: float) -> float:
    """log(e^y - 1) for y >= 0, without overflow."""
    if y == 0:
        return -math.inf
    return y + math.log(-math.expm1(-y))


def first_layer(at: Callable[[ArrayLike], Any], target: float) -> int:
    """Return the first layer with at(layer) <= target, where layer 0 does not reach it.

    Raises:
        BoundError: no layer reaches it.
    """
    low, high = 0, 1
    while not at(high) <= target:
        low, high = high, 2 * high
        if high > FARTHEST:
            seen = f"the bound is {float(at(low)):.6g} at layer {low}"
            raise BoundError(f"{seen}, above the target {target:.6g}, which must be larger")
    while high - low > 1:
        low, high = _narrowed(at, target, low, high)
    return high


def _narrowed(
    at: Callable[[ArrayLike], Any], target: float, low: int, high: int
) -> tuple[int, int]:
    """The neighbours on a grid between which the target is reached."""
    stride = max(1, (high - low) // GRID)
    grid = np.arange(low + stride, high, stride)
    reached = np.asarray(at(grid)) <= target
    before, after = grid[~reached], grid[reached]
    return int(before[-1]) if before.size else low, int(after[0]) if after.size else high
