"""Figure 6: layer normalization against the constant scale of the mean field."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from hermiso.experiments.experiment import Config, Experiment, Table, networks
from hermiso.experiments.pictures import curves, legend
from hermiso.finite import Architecture

__all__ = ["EXPERIMENT", "plot", "run"]

CONFIG = Config(("tanh", "sigmoid", "relu", "exp"))


def run(config: Config) -> Table:
    """Centre by c_0; then divide by the norm of the sample, or by the root of Var sigma."""
    return networks(
        config,
        {
            "LN(a - c_0)": lambda s: Architecture(s, "mean-field"),
            "(a - c_0)/sqrt(var)": lambda s: Architecture(s, "mean-field", "mean-field"),
        },
    )


def plot(table: Table, config: Config) -> Any:
    """Draw the mean gaps with their 99% intervals."""
    return legend(*curves(table))


EXPERIMENT = Experiment(
    "figure-6",
    "layer against mean-field normalization",
    CONFIG,
    replace(CONFIG, width=500, depth=20, runs=5),
    run,
    plot,
)
