"""What an experiment is: a frozen config, a run that gives a tidy table, a picture of it."""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import numpy as np
import torch

from hermiso.activation import Activation, as_activation
from hermiso.errors import ExperimentError, HermisoError
from hermiso.extras import naming_extras
from hermiso.finite import Architecture, input_gram, simulate
from hermiso.finite.devices import affordable
from hermiso.finite.theorem4 import interval
from hermiso.parsing import parse

__all__ = [
    "Config",
    "Experiment",
    "Table",
    "checked",
    "joined",
    "known",
    "networks",
    "read_activation",
    "samples",
    "summary",
    "trajectories",
]

Table = Any  # a pandas DataFrame

_RANGES = {  # of the fields of a config
    "samples": (2, 10_000),
    "width": (3, 10**12),
    "depth": (1, 10**6),
    "runs": (1, 10**6),
    "seed": (0, 2**63 - 1),
}
_LOG = logging.getLogger(__name__)
_STEEPEST = 1e6  # beyond it the other directions are lost beside the first


@dataclass(frozen=True)
class Config:
    """The hyper-parameters that the figures share; the paper's defaults (section 6, appendix B.1).

    Attributes:
        activations: names of the catalogue, or formulas such as "max(x, 0)".
        samples: n.
        width: d.
        depth: number of layers; the paper does not state it.
        runs: independent networks, averaged over.
        degeneracy: factor on the largest singular value of the Gaussian input.
        seed: of input and weights.
        dtype: "float64", or "float32", in which the features of the networks are faster.
    """

    activations: tuple[str, ...]
    samples: int = 10
    width: int = 1000
    depth: int = 40
    runs: int = 10
    degeneracy: float = 10.0
    seed: int = 0
    dtype: str = "float64"


def checked(config: Any) -> Any:
    """Refuse a config that no network can be built from."""
    for field, (least, most) in _RANGES.items():
        value = getattr(config, field, least)
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
            raise ExperimentError(f"{field} is {value!r}; it must be an integer in {least}..{most}")
    if config.samples >= config.width:
        raise ExperimentError(
            f"{config.samples} samples in width {config.width}: their Gram matrix is singular once "
            "features are centred; give more width than samples"
        )
    degeneracy = config.degeneracy
    if not 0 < degeneracy <= _STEEPEST:
        raise ExperimentError(f"degeneracy is {degeneracy!r}; it must be in (0, {_STEEPEST:g}]")
    if config.dtype not in ("float32", "float64"):
        raise ExperimentError(f"dtype is {config.dtype!r}; it must be float32 or float64")
    known(config.activations)
    return config


def known(activations: Iterable[str]) -> None:
    """Refuse a text that is neither a name of the catalogue nor a formula, or none at all."""
    names = tuple(activations)
    if not names:
        raise ExperimentError("there is no activation; give at least one")
    for name in names:
        read_activation(name)


@cache
def read_activation(text: str) -> Activation:
    """Return the activation that a name of the catalogue or a formula says.

    >>> read_activation("max(x, 0)").expression
    Max(0, x)

    Raises:
        ExperimentError: if it is neither.
    """
    if not isinstance(text, str):
        raise ExperimentError(f"an activation is {text!r:.80}; it must be a name or a formula")
    try:
        found = as_activation(text if text.isidentifier() else parse(text))
    except HermisoError as error:
        raise ExperimentError(f"activation {text:.80}: {error}") from None
    return replace(found, name=text)


@dataclass(frozen=True)
class Experiment:
    """A figure of a paper as something to run.

    Attributes:
        name: on the command line, such as "figure-3".
        title: what is compared.
        config: the paper's hyper-parameters.
        quick: the same at a small cost.
        run: config -> tidy table.
        plot: (table, config) -> matplotlib figure.
        value: the column that the figure shows.
        check: refuses a config that cannot be run, before anything is.
    """

    name: str
    title: str
    config: Any
    quick: Any
    run: Callable[[Any], Table]
    plot: Callable[[Table, Any], Any]
    value: str = "gap"
    check: Callable[[Any], Any] = checked


def samples(config: Config) -> Any:
    """Gaussian samples, shape (n, d), their largest singular value times the degeneracy."""
    n, d = config.samples, config.width
    affordable(f"{n} samples of {d} features", 6 * 8 * n * d, 6 * n**2 * d)  # X, its factors, ...
    generator = np.random.default_rng([config.seed, config.samples, config.width])
    X = generator.standard_normal((config.samples, config.width))
    U, s, Vt = np.linalg.svd(X, full_matrices=False)
    X += (config.degeneracy - 1) * s[0] * np.outer(U[:, 0], Vt[0])
    return torch.from_numpy(X)


def networks(config: Config, variants: Mapping[str, Callable[[Any], Architecture]]) -> Table:
    """Simulate every variant for every activation on the same input.

    Returns:
        A table with columns activation, variant, run, layer, gap, potential, norm_mean,
        norm_variance, without the layers at which a network has left the range of floats.
    """
    G0 = input_gram(samples(checked(config)))
    return joined(
        trajectories(config, G0, name, variant, build(read_activation(name)))
        for name in config.activations
        for variant, build in variants.items()
    )


def trajectories(
    config: Config, G0: Any, activation: str, variant: str, net: Architecture, **options: Any
) -> Table:
    """Simulate one network in all runs of the config: one block of rows of its table."""
    _LOG.info("%s, %s", activation, variant)
    dtype = getattr(torch, config.dtype)
    options = {"widths": config.width, "depth": config.depth, "dtype": dtype} | options
    found = simulate(G0, net, runs=config.runs, seed=config.seed, **options)
    frame = found.frame().drop(columns="part")
    frame.insert(0, "variant", variant)
    frame.insert(0, "activation", activation)
    return frame


def joined(tables: Any) -> Table:
    """One table of several, in their order."""
    with naming_extras():
        import pandas as pd

    return pd.concat(list(tables), ignore_index=True)


def summary(table: Table, value: str = "gap", confidence: float = 0.99) -> Table:
    """Mean over the runs with its confidence interval, by activation, variant and layer.

    Returns:
        A table with columns activation, variant, layer, runs (those still in the range of floats),
        mean, low, high, least and most; fewer than 2 runs, or an infinite gap among them, have an
        interval of NaN.
    """
    with naming_extras():
        import pandas as pd

    rows = []
    keys = ["activation", "variant", "layer"]
    for key, group in table.groupby(keys, sort=False):
        values = group[value].to_numpy(float)
        enough = values.size > 1 and np.isfinite(values).all()
        low, high = interval(values, confidence) if enough else (math.nan, math.nan)
        spread = (float(low), float(high), values.min(), values.max())
        rows.append((*key, values.size, values.mean(), *spread))
    return pd.DataFrame(rows, columns=[*keys, "runs", "mean", "low", "high", "least", "most"])
