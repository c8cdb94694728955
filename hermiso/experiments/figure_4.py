"""Figure 4: layer against mean-field centring, both before layer normalization."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from hermiso.experiments.experiment import Config, Experiment, Table, networks
from hermiso.experiments.pictures import curves, legend
from hermiso.finite import Architecture

__all__ = ["EXPERIMENT", "plot", "run"]

CONFIG = Config(("relu", "tanh", "sigmoid", "gelu", "selu", "exp"))


def run(config: Config) -> Table:
    """Centre by the mean of the features, by c_0, or (not in the paper) not at all."""
    return networks(
        config,
        {
            "LN(a - mean a)": Architecture,
            "LN(a - c_0)": lambda s: Architecture(s, "mean-field"),
            "LN(a)": lambda s: Architecture(s, "none"),
        },
    )


def plot(table: Table, config: Config) -> Any:
    """Draw the mean gaps with their 99% intervals."""
    return legend(*curves(table))


EXPERIMENT = Experiment(
    "figure-4",
    "layer against mean-field centring",
    CONFIG,
    replace(CONFIG, width=500, depth=20, runs=5),
    run,
    plot,
)
