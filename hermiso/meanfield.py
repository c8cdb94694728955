"""The mean-field recursion of Gram matrices, G_{l+1} = kappa(G_l) entry by entry (eq. 10)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from hermiso.errors import BoundError, GramError
from hermiso.gram import isometry_gap, potential
from hermiso.numeric import kernel_map


@dataclass(frozen=True)
class Trajectory:
    """Layers 0, ..., L of a network of infinite width.

    Attributes:
        gram: correlation matrices, shape (L + 1, n, n).
        gap: isometry gaps -log I, shape (L + 1,).
        potential: potentials gamma, shape (L + 1,).
    """

    gram: NDArray[np.float64]
    gap: NDArray[np.float64]
    potential: NDArray[np.float64]


def mean_field(G0: ArrayLike, activation: Any, depth: int, *, gain: Any = None) -> Trajectory:
    """Iterate the Gram matrix of an infinitely wide network (isometry paper, eq. 10).

    Each layer: Gaussian weights, activation, centring and normalization of every sample.

    Args:
        G0: Gram matrix of the input, shape (n, n); its samples are normalized first.
        activation: whatever `hermiso.beta` takes.
        depth: number of layers L >= 0.
        gain: g in sigma(g x).

    >>> import numpy as np
    >>> mean_field(np.array([[1.0, 0.5], [0.5, 1.0]]), "sin", 2).gap.round(6)
    array([0.143841, 0.109459, 0.0824  ])
    """
    if isinstance(depth, bool) or not hasattr(depth, "__index__") or depth < 0:
        raise BoundError(f"the depth is {depth!r}; it must be an integer >= 0")
    layers = [_correlations(G0)]
    kappa = kernel_map(activation, gain=gain)
    for _ in range(int(depth)):
        R = np.asarray(kappa(layers[-1]))
        np.fill_diagonal(R, 1.0)
        layers.append(R)
    gram = np.stack(layers)
    return Trajectory(gram, np.asarray(isometry_gap(gram)), np.asarray(potential(gram)))


def _correlations(G0: ArrayLike) -> NDArray[np.float64]:
    G = np.asarray(G0, dtype=np.float64)
    if G.ndim != 2 or G.shape[0] != G.shape[1] or not np.all(np.diag(G) > 0):
        raise GramError(f"G0 has shape {G.shape}; a Gram matrix of nonzero samples is required")
    scale = np.sqrt(np.diag(G))
    R = np.clip(G / np.multiply.outer(scale, scale), -1.0, 1.0)
    np.fill_diagonal(R, 1.0)
    return R
