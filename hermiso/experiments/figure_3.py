"""Figure 3: the isometry gap of networks of finite width against Theorem 4."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from hermiso import bounds, numeric
from hermiso.experiments.experiment import (
    Config,
    Experiment,
    Table,
    networks,
    read_activation,
    samples,
)
from hermiso.experiments.pictures import curves, legend
from hermiso.finite import Architecture, input_gram
from hermiso.gram import isometry_gap

__all__ = ["EXPERIMENT", "plot", "run"]

CONFIG = Config(("relu", "tanh", "sigmoid"), samples=100, width=5000, depth=50, dtype="float32")


def run(config: Config) -> Table:
    """Simulate the paper's network: layer centring and normalization after the activation."""
    return networks(config, {"network": Architecture})


def plot(table: Table, config: Config) -> Any:
    """Draw the mean gap, beta^-l (Theorem 4 "with constant C = 1"), and the bounds that hold.

    Theorem 4 with its own constant, 4n e^(n gap0), is off the scale for 100 samples and named in
    the title.
    """
    figure, axes = curves(table)
    layers = np.arange(config.depth + 1)
    G0 = input_gram(samples(config)).numpy()
    for name, panel in axes.items():
        beta, n, gap0 = float(numeric.beta(read_activation(name))), len(G0), float(isometry_gap(G0))
        panel.semilogy(layers, beta**-layers, "--", label="C β^-l, C = 1")
        panel.semilogy(layers, bounds.all_layers(beta, n, gap0, layers), ":", label="all layers")
        panel.semilogy(layers, bounds.samplewise(beta, G0, layers), "-.", label="by samples")
        panel.axhline(bounds.floor(beta, n, config.width), color="gray", lw=0.8, label="floor")
        last = float(bounds.theorem4(beta, n, gap0, config.depth))
        panel.set_title(f"{name}, β = {beta:.4f}\nTheorem 4 at layer {config.depth}: {last:.0e}")
    return legend(figure, axes)


EXPERIMENT = Experiment(
    "figure-3",
    "isometry gap against Theorem 4",
    CONFIG,
    replace(CONFIG, samples=10, width=1000, depth=20, runs=4),
    run,
    plot,
)
