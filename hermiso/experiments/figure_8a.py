"""Figure 8 (a): activations that reach isometry by offset and scale alone."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from hermiso.experiments.experiment import Config, Experiment, Table, networks
from hermiso.experiments.pictures import curves, legend
from hermiso.finite import Architecture

__all__ = ["EXPERIMENT", "plot", "run"]

CONFIG = Config(("selu", "tanh", "relu"), depth=100)


def run(config: Config) -> Table:
    """Shift by c_0 and scale by the root of Var sigma, against layer normalization and nothing."""
    return networks(
        config,
        {
            "offset and scale": lambda s: Architecture(s, "mean-field", "mean-field"),
            "layer norm": Architecture,
            "neither": lambda s: Architecture(s, "none", "none"),
        },
    )


def plot(table: Table, config: Config) -> Any:
    """Draw the mean gaps with their 99% intervals."""
    return legend(*curves(table))


EXPERIMENT = Experiment(
    "figure-8a",
    "self-normalized activations",
    CONFIG,
    replace(CONFIG, width=500, depth=40, runs=5),
    run,
    plot,
)
