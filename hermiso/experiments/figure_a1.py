"""Figure A.1: the potential of networks of finite width against Corollary A.3."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from hermiso import bounds, numeric
from hermiso.experiments.experiment import Config, Experiment, Table, networks, read_activation
from hermiso.experiments.pictures import curves, legend
from hermiso.finite import Architecture

__all__ = ["EXPERIMENT", "plot", "run"]

CONFIG = Config(("tanh", "relu", "sigmoid"), samples=10, width=10_000, dtype="float32")


def run(config: Config) -> Table:
    """Simulate the paper's network; its table has the potential beside the gap."""
    return networks(config, {"network": Architecture})


def plot(table: Table, config: Config) -> Any:
    """Draw the mean potential, the bound gamma_0 beta^-l, and the scale 1/sqrt(d) of noise."""
    figure, axes = curves(table, "potential γ", "potential")
    layers = np.arange(config.depth + 1)
    for name, panel in axes.items():
        start = table[(table["activation"] == name) & (table["layer"] == 0)]["potential"].iloc[0]
        bound = bounds.corollary_a3(
            float(numeric.beta(read_activation(name))), float(start), layers
        )
        panel.semilogy(layers, bound, "--", label="Corollary A.3")
        panel.axhline(config.width**-0.5, color="gray", lw=0.8, label="1/sqrt(d)")
    return legend(figure, axes)


EXPERIMENT = Experiment(
    "figure-a1",
    "potential against Corollary A.3",
    CONFIG,
    replace(CONFIG, width=1000, depth=20, runs=4),
    run,
    plot,
    "potential",
)
