"""Bounds that step from layer to layer, in logarithms, and the layer at which one is reached.

Beside them, how the arguments of bounds are read: each reader returns what it read, or raises.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from inspect import Parameter, signature
from typing import Any, TypeAlias, TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from hermiso.errors import BoundError, GramError
from hermiso.gram import isometry_gap

__all__ = [
    "DEEPEST",
    "FARTHEST",
    "Array",
    "Bound",
    "Value",
    "as_arguments",
    "as_depth",
    "as_floats",
    "as_gap",
    "as_layers",
    "as_matrix",
    "as_norms",
    "as_number",
    "as_samples",
    "as_spectrum",
    "as_strength",
    "asked_by",
    "check_reach",
    "check_start",
    "first_layer",
    "log_expm1",
    "logistic_step",
    "of_layer",
    "oppenheim_step",
    "walked",
]

Array: TypeAlias = NDArray[np.float64]
Bound: TypeAlias = Callable[..., Any]
Value = TypeVar("Value", float, Array)

FARTHEST = 2**62  # layers that a search for a depth tries
DEEPEST = 2**17  # layers that are stepped through
GRID = 4096  # layers that a search for a depth looks at together
_FEW = 8  # terms of a spectrum
_MEMORY = 4e9  # bytes
_COPIES = 12  # matrices of float64 that a layer takes while its gap is computed
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
    if isinstance(y, float) and beta < 2:  # numpy takes ten times as long for one number
        ratio = math.exp(-abs(y))
        if y > 0:
            return y + math.log1p((2 - beta) * ratio) - math.log(beta + ratio)
        return y + math.log(2 - beta + ratio) - math.log1p(beta * ratio)
    small = np.exp(-np.abs(y))  # x or 1/x, whichever is below 1
    p = 2 - beta
    with np.errstate(divide="ignore", invalid="ignore"):  # of the form that is not taken
        below = y + np.log(p + small) - np.log1p(beta * small)
    return np.where(y > 0, y + np.log1p(p * small) - np.log(beta + small), below)


def oppenheim_step(p: Array, g: float) -> float:
    """-sum p_k log(1 - u^k), u = 1 - e^-g, to full relative accuracy for every g."""
    if g == 0 or g == math.inf:
        return g
    if g < HUGE and p.size < _FEW:  # numpy takes ten times as long for a few numbers
        return -math.fsum(q * _log_rest(g, k) for k, q in enumerate(p.tolist(), 1))
    k = np.arange(1, p.size + 1)
    if g < 0.5:
        return float(-(p @ np.log1p(-((-math.expm1(-g)) ** k))))
    if g > HUGE:  # 1 - u^k = k e^-g
        return float(g - p @ np.log(k))
    return float(-(p @ np.log(-np.expm1(k * math.log1p(-math.exp(-g))))))


def _log_rest(g: float, k: int) -> float:
    """log(1 - u^k), u = 1 - e^-g."""
    if g < 0.5:
        return math.log1p(-((-math.expm1(-g)) ** k))
    return math.log(-math.expm1(k * math.log1p(-math.exp(-g))))


def log_expm1(y: float) -> float:
    """log(e^y - 1) for y >= 0, without overflow."""
    if y == 0:
        return -math.inf
    return y + math.log(-math.expm1(-y))


def first_layer(at: Callable[[ArrayLike], Any], target: float, farthest: int = FARTHEST) -> int:
    """Return the first layer with at(layer) <= target, where layer 0 does not reach it.

    Args:
        at: a bound as a function of the layer, vectorised; it never rises.
        target: what it is to reach.
        farthest: the last layer to try.

    Raises:
        BoundError: no layer reaches it.
    """
    low, high = 0, 1
    while not (value := at(high)) <= target:
        if high >= farthest:
            seen = f"the bound is {float(value):.6g} at layer {high}, the last one tried"
            raise BoundError(f"{seen}, above the target {target:.6g}")
        low, high = high, min(8 * high, farthest)  # a bound that steps starts anew each time
    while high - low > 1:
        low, high = _narrowed(at, target, low, high)
    return high


def check_start(
    gap0: float | None, G0: ArrayLike | None = None, potential0: float | None = None, **_: Any
) -> None:
    """Refuse an input that no number of layers separates."""
    seen = "the input is degenerate: its {} is infinite at every layer; it must be finite"
    if gap0 == math.inf or (G0 is not None and isometry_gap(as_matrix(G0)) == math.inf):
        raise BoundError(seen.format("gap"))
    if potential0 == math.inf:
        raise BoundError(seen.format("potential"))


def check_reach(beta: float, start: float, target: float) -> None:
    """Say at once what no step can reach: each keeps 2 - beta of a bound at least."""
    last = start * (2 - beta) ** DEEPEST
    if last > target:
        raise BoundError(
            f"the bound is at least {last:.6g} at layer {DEEPEST}, the last one that is stepped "
            f"to, above the target {target:.6g}"
        )


def _narrowed(
    at: Callable[[ArrayLike], Any], target: float, low: int, high: int
) -> tuple[int, int]:
    """The neighbours on a grid between which the target is reached."""
    stride = max(1, (high - low) // GRID)
    grid = np.arange(low + stride, high, stride)
    reached = np.asarray(at(grid)) <= target
    before, after = grid[~reached], grid[reached]
    return int(before[-1]) if before.size else low, int(after[0]) if after.size else high


def asked_by(bound: Bound) -> dict[str, Parameter]:
    """Return the arguments of a bound; it must have a layer."""
    name = getattr(bound, "__name__", repr(bound))
    try:
        asked = dict(signature(bound).parameters)
    except (TypeError, ValueError):
        seen = f"bound is {bound!r}; it must be a function"
        raise BoundError(f"{seen} of beta, gap0, n and layer, such as all_layers") from None
    if "layer" not in asked:
        hint = "leading_order has that rate" if name == "sharp_rate" else "all_layers has one"
        raise BoundError(f"{name} has no argument `layer`, which a bound must have; {hint}")
    return asked


def of_layer(bound: Bound, **arguments: Any) -> Callable[[ArrayLike], Any]:
    """Return the bound as a function of the layer, its other arguments given by name."""
    given, asked = {k: v for k, v in arguments.items() if v is not None}, asked_by(bound)
    needed = {name for name, p in asked.items() if p.default is p.empty} - {"layer"}
    wrong = sorted(needed - given.keys()), sorted(given.keys() - asked.keys())
    if any(wrong):
        name = getattr(bound, "__name__", bound)
        raise BoundError(f"{name} must be given {wrong[0]} too, and must not be given {wrong[1]}")
    return lambda layer: bound(layer=layer, **given)


# --- reading arguments ----------------------------------------------------------------------


def as_arguments(
    beta: float, n: int, gap0: float, layer: ArrayLike
) -> tuple[float, int, float, Array]:
    """Read beta, n, the gap of the input and layers."""
    return as_strength(beta), as_samples(n), as_gap(gap0), as_layers(layer)


def as_gap(value: float) -> float:
    """Read a gap, a number >= 0."""
    gap = as_number("the gap", value)
    if not gap >= 0:
        raise BoundError(f"the gap is {gap}; it must be >= 0")
    return gap


def as_number(what: str, value: Any) -> float:
    """Read a number that is no text."""
    try:
        if not isinstance(value, str | bytes):
            return float(value)
    except (TypeError, ValueError, OverflowError):
        pass
    raise BoundError(f"{what} is {value!r}; it must be a number")


def as_floats(what: str, values: Any, error: type[BoundError | GramError] = BoundError) -> Array:
    """Read an array of real numbers that is no text."""
    try:
        if np.asarray(values).dtype.kind not in "USc":
            return np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError):
        pass
    raise error(f"{what} is {values!r}; it must be an array of real numbers")


def as_strength(beta: float) -> float:
    """Read an isometry strength, in [1, 2]."""
    strength = as_number("beta", beta)
    if not 1 <= strength <= 2:
        raise BoundError(f"beta is {beta}; an isometry strength lies in [1, 2]")
    return strength


def as_samples(n: int) -> int:
    """Read a number of samples, an integer >= 1."""
    if isinstance(n, bool) or not hasattr(n, "__index__") or n < 1:
        raise BoundError(f"n is {n!r}; it must be an integer >= 1")
    return int(n)


def as_layers(layer: ArrayLike) -> Array:
    """Read layers, integers >= 0."""
    try:
        layers = np.asarray(layer)
    except ValueError:  # rows of different lengths
        layers = np.asarray(math.nan)
    if layers.dtype == bool or layers.dtype.kind not in "iu" or np.any(layers < 0):
        raise BoundError(f"layer is {layer!r}; layers are integers >= 0")
    return layers.astype(np.float64)


def as_depth(depth: int, n: int) -> int:
    """Read a depth, an integer >= 0 whose layers of n samples fit into memory."""
    if isinstance(depth, bool) or not hasattr(depth, "__index__") or depth < 0:
        raise BoundError(f"the depth is {depth!r}; it must be an integer >= 0")
    needed = 8 * _COPIES * (int(depth) + 1) * n**2
    if needed > _MEMORY:
        raise BoundError(
            f"the depth is {depth}: with {n} samples its layers take {needed / 1e9:.3g} GB; at "
            f"most {_MEMORY / 1e9:g} GB are allowed: ask for fewer layers"
        )
    return int(depth)


def as_norms(norms: ArrayLike) -> Array:
    """Read a list of positive numbers."""
    a = as_floats("the list of norms", norms)
    if a.ndim != 1 or not a.size or not np.all((a > 0) & (a < np.inf)):
        raise BoundError(f"the norms are {norms!r}; they must be a list of positive numbers")
    return a


def as_spectrum(beta: float, spectrum: Sequence[float] | None) -> Array:
    """Read p_1, p_2, ... of sum 1, p_1 = 2 - beta; by default of two orders."""
    if spectrum is None:
        return np.array([2 - beta, beta - 1])
    p = as_floats("the spectrum", spectrum)
    if p.ndim != 1 or not p.size or not np.all(p >= 0) or abs(p.sum() - 1) > 1e-9:
        raise BoundError(f"the spectrum is {spectrum!r}; it must be >= 0 and of sum 1")
    if abs(p[0] - (2 - beta)) > 1e-9:
        raise BoundError(f"p_1 is {p[0]}; it must be 2 - beta = {2 - beta}")
    return p


def as_matrix(G0: ArrayLike | None) -> Array:
    """Read one matrix."""
    G = as_floats("G0", G0, GramError)
    if G.ndim != 2:
        raise GramError(f"G0 has shape {G.shape}; one Gram matrix is required")
    return G
