"""Figure B.2: the influence of the gain on the way to isometry."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from hermiso.experiments import experiment
from hermiso.experiments.experiment import Experiment, Table, networks
from hermiso.experiments.pictures import curves, legend
from hermiso.finite import Architecture

__all__ = ["EXPERIMENT", "Config", "plot", "run"]


@dataclass(frozen=True)
class Config(experiment.Config):
    """Hyper-parameters, and the gains alpha of sigma(alpha x).

    Attributes:
        gains: one network each.
    """

    gains: tuple[float, ...] = (0.5, 1.0, 2.0, 4.0)


CONFIG = Config(("relu", "tanh", "sigmoid", "gelu", "selu", "sin"))


def run(config: Config) -> Table:
    """Simulate the paper's network at every gain."""

    def at(gain: float) -> Callable[[Any], Architecture]:
        return lambda name: Architecture(name, gain=gain)

    return networks(config, {f"α = {gain}": at(gain) for gain in config.gains})


def plot(table: Table, config: Config) -> Any:
    """Draw the mean gaps with their 99% intervals."""
    return legend(*curves(table))


EXPERIMENT = Experiment(
    "figure-b2",
    "gap at several gains",
    CONFIG,
    replace(CONFIG, width=500, depth=20, runs=5),
    run,
    plot,
)
