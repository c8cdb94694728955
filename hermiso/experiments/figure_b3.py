"""Figure B.3: mean-field centring and scale against Xavier initialization with torch's gains."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from hermiso.errors import ExperimentError
from hermiso.experiments.experiment import Config, Experiment, Table, checked, networks
from hermiso.experiments.pictures import curves, legend
from hermiso.finite import Architecture

__all__ = ["EXPERIMENT", "plot", "run", "xavier_gain"]

CONFIG = Config(("relu", "leaky_relu", "tanh", "sigmoid", "selu"))


def xavier_gain(activation: str) -> float:
    """Return what `torch.nn.init.calculate_gain` recommends for an activation of the catalogue."""
    from torch.nn.init import calculate_gain

    try:
        return float(calculate_gain(activation))
    except ValueError as error:
        raise ExperimentError(f"torch recommends no gain for {activation}: {error}") from error


def recommended(config: Config) -> None:
    """Refuse activations that torch recommends no gain for."""
    for name in checked(config).activations:
        xavier_gain(name)


def run(config: Config) -> Table:
    """Mean-field offset and scale; or weights N(0, gain^2/d) and neither (Xavier, equal widths)."""
    return networks(
        config,
        {
            "mean field": lambda s: Architecture(s, "mean-field", "mean-field"),
            "Xavier": lambda s: Architecture(s, "none", "none", gain=xavier_gain(s.name)),
        },
    )


def plot(table: Table, config: Config) -> Any:
    """Draw the mean gaps with their 99% intervals."""
    return legend(*curves(table))


EXPERIMENT = Experiment(
    "figure-b3",
    "mean-field scale against Xavier gains",
    CONFIG,
    replace(CONFIG, width=500, depth=20, runs=5),
    run,
    plot,
    check=recommended,
)
