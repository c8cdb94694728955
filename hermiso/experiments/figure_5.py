"""Figure 5: no normalization against layer normalization, both after mean-field centring."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from hermiso.experiments.experiment import Config, Experiment, Table, networks
from hermiso.experiments.pictures import curves, legend
from hermiso.finite import Architecture

__all__ = ["EXPERIMENT", "plot", "run"]

CONFIG = Config(("relu", "tanh", "sigmoid", "gelu", "selu", "leaky_relu"))


def run(config: Config) -> Table:
    """Centre by c_0; then normalize each sample, or nothing."""
    return networks(
        config,
        {
            "a - c_0": lambda s: Architecture(s, "mean-field", "none"),
            "LN(a - c_0)": lambda s: Architecture(s, "mean-field"),
        },
    )


def plot(table: Table, config: Config) -> Any:
    """Draw the mean gaps with their 99% intervals."""
    return legend(*curves(table))


EXPERIMENT = Experiment(
    "figure-5",
    "no normalization against layer normalization",
    CONFIG,
    replace(CONFIG, width=500, depth=20, runs=5),
    run,
    plot,
)
