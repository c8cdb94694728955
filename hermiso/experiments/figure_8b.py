"""Figure 8 (b): activation before or after normalization."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from hermiso.experiments.experiment import Config, Experiment, Table, networks
from hermiso.experiments.pictures import curves, legend
from hermiso.finite import Architecture

__all__ = ["EXPERIMENT", "plot", "run"]

CONFIG = Config(("relu", "tanh", "sigmoid", "gelu", "selu", "exp"))


def run(config: Config) -> Table:
    """Layer centring and normalization after or before the activation."""
    return networks(
        config,
        {
            "activation first": Architecture,
            "normalization first": lambda s: Architecture(s, order="normalization-first"),
        },
    )


def plot(table: Table, config: Config) -> Any:
    """Draw the mean gaps with their 99% intervals."""
    return legend(*curves(table))


EXPERIMENT = Experiment(
    "figure-8b",
    "order of activation and normalization",
    CONFIG,
    replace(CONFIG, width=500, depth=20, runs=5),
    run,
    plot,
)
