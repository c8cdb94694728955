"""What is recorded of a network: gap, potential and norms after each part of each layer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hermiso.errors import GramError
from hermiso.extras import naming_extras
from hermiso.gram import isometry_gap, potential

__all__ = ["Array", "Recorder", "Series", "Tensor", "Trajectory", "measured"]

Tensor = Any
Array = NDArray[np.float64]

_AT_ONCE = 2**22  # numbers measured in one call


@dataclass(frozen=True)
class Series:
    """One part of the layers: column l is layer l, the input is layer 0.

    NaN stands where a part does not exist (the input has only "output") and where a network left
    the range of floats: features that overflow, are all 0, or lie in the rounding of their mean
    (an `MLP` may go on where `simulate` stops: it has no such check of its own).

    Attributes:
        gap: isometry gaps -log I, shape (runs, L + 1).
        potential: potentials gamma, shape (runs, L + 1).
        norm_mean: mean over the samples of a_i = |h_i|/sqrt(d), shape (runs, L + 1).
        norm_variance: variance over the samples of a_i, shape (runs, L + 1).
    """

    gap: Array
    potential: Array
    norm_mean: Array
    norm_variance: Array


@dataclass(frozen=True)
class Trajectory:
    """Gram matrices of a network, layer by layer.

    Attributes:
        parts: name of a part -> its `Series`; "output" is what the next layer is given, the
            others are "preactivation", "activation", "centred" and "normalized" if recorded.
        gram: Gram matrices of the outputs, shape (runs, L + 1, n, n), if they were kept.
    """

    parts: Mapping[str, Series]
    gram: Array | None = None

    @property
    def gap(self) -> Array:
        """Gaps of the outputs, shape (runs, L + 1)."""
        return self.parts["output"].gap

    @property
    def potential(self) -> Array:
        """Potentials of the outputs, shape (runs, L + 1)."""
        return self.parts["output"].potential

    def frame(self) -> Any:
        """Return a tidy pandas table: run, layer, part, gap, potential, norm mean and variance."""
        with naming_extras():
            import pandas as pd

        tables = []
        for part, series in self.parts.items():
            runs, layers = np.indices(series.gap.shape)
            columns = {"run": runs.ravel(), "layer": layers.ravel(), "part": part}
            values = {name: value.ravel() for name, value in vars(series).items()}
            tables.append(pd.DataFrame({**columns, **values}))
        return pd.concat(tables, ignore_index=True).dropna(subset="norm_mean", ignore_index=True)


def measured(G: Array) -> Array:
    """Gap, potential, mean and variance of the norms of Gram matrices: (m, n, n) -> (m, 4)."""
    positive = np.diagonal(G, axis1=-2, axis2=-1).max(-1) > 0
    good = np.isfinite(G).all((-2, -1)) & positive
    out = np.full((len(G), 4), np.nan)
    if good.any():
        out[good] = _measured(G[good])
    return out


def _measured(G: Array) -> Array:
    a = np.sqrt(np.clip(np.diagonal(G, axis1=-2, axis2=-1), 0, None))
    try:
        return np.stack([isometry_gap(G), potential(G), a.mean(-1), a.var(-1)], axis=-1)
    except GramError:  # rounding has made one of them indefinite
        if len(G) == 1:
            return np.full((1, 4), np.nan)
        half = len(G) // 2
        return np.concatenate([_measured(G[:half]), _measured(G[half:])])


class Recorder:
    """Collects the Gram matrices of a run and measures them, many at once.

    Args:
        runs: number of networks.
        depth: number of layers.
        keep_gram: whether the Gram matrices of the outputs are kept.
    """

    def __init__(self, runs: int, depth: int, keep_gram: bool = False) -> None:
        self._shape = (runs, depth + 1, 4)
        self._values: dict[str, Array] = {}
        self._waiting: list[tuple[str, int, Array]] = []
        self._outputs: list[Array] | None = [] if keep_gram else None

    def note(self, part: str, layer: int, G: Tensor) -> None:
        """Take the Gram matrices of one part, shape (runs, n, n)."""
        M = ((G + G.mT) / 2).cpu().numpy()
        self._waiting.append((part, layer, M))
        if part == "output" and self._outputs is not None:
            self._outputs.append(M)
        if len(self._waiting) * M.size > _AT_ONCE:
            self._measure()

    def _measure(self) -> None:
        parts, layers, grams = zip(*self._waiting, strict=True)
        stack = np.stack(grams)
        found = measured(stack.reshape(-1, *stack.shape[-2:])).reshape(*stack.shape[:2], 4)
        for part, layer, values in zip(parts, layers, found, strict=True):
            table = self._values.setdefault(part, np.full(self._shape, np.nan))
            table[:, layer] = values
        self._waiting.clear()

    def trajectory(self) -> Trajectory:
        """Return what has been noted."""
        if self._waiting:
            self._measure()
        parts = {
            part: Series(*(values[..., i] for i in range(4)))
            for part, values in self._values.items()
        }
        return Trajectory(parts, None if self._outputs is None else np.stack(self._outputs, 1))
