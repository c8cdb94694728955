"""Figure 9: how far a finite network departs from the mean field, with and without layer norm."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import torch

from hermiso.experiments.experiment import (
    Config,
    Experiment,
    Table,
    checked,
    joined,
    read_activation,
    samples,
)
from hermiso.experiments.pictures import curves, legend
from hermiso.extras import naming_extras
from hermiso.finite import Architecture, input_gram, simulate
from hermiso.meanfield import mean_field

__all__ = ["EXPERIMENT", "plot", "run"]

CONFIG = Config(("relu",), depth=100)


def run(config: Config) -> Table:
    """Compare every Gram matrix with its mean field from the same input.

    Returns:
        A table with columns activation, variant, run, layer, error: ||G - G*||_F/||G*||_F.
    """
    G0 = input_gram(samples(checked(config)))
    return joined(
        _errors(config, G0, name, variant, net)
        for name in config.activations
        for sigma in [read_activation(name)]
        for variant, net in (
            ("(a - c_0)/sqrt(var)", Architecture(sigma, "mean-field", "mean-field")),
            ("LN(a - c_0)", Architecture(sigma, "mean-field")),
        )
    )


def _errors(config: Config, G0: Any, name: str, variant: str, net: Architecture) -> Table:
    with naming_extras():
        import pandas as pd

    G = simulate(
        G0,
        net,
        config.width,
        config.depth,
        runs=config.runs,
        seed=config.seed,
        dtype=getattr(torch, config.dtype),
        keep_gram=True,
    ).gram
    expected = mean_field(G0.numpy(), read_activation(name), config.depth).gram
    assert G is not None
    size = np.linalg.norm(expected, axis=(-2, -1))
    errors = np.linalg.norm(G - expected, axis=(-2, -1)) / size
    runs, layers = np.indices(errors.shape)
    columns = {"run": runs.ravel(), "layer": layers.ravel(), "error": errors.ravel()}
    return pd.DataFrame({"activation": name, "variant": variant, **columns})


def plot(table: Table, config: Config) -> Any:
    """Draw the mean relative errors with their 99% intervals."""
    return legend(*curves(table, "error of the mean field", "error"))


EXPERIMENT = Experiment(
    "figure-9",
    "error of the mean field against depth",
    CONFIG,
    replace(CONFIG, width=500, depth=30, runs=5),
    run,
    plot,
    "error",
)
