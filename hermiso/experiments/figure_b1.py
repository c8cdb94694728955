"""Figure B.1: isometry strength against gain."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from hermiso import numeric
from hermiso.errors import ExperimentError
from hermiso.experiments.experiment import Experiment, Table, joined, known, read_activation
from hermiso.extras import naming_extras

__all__ = ["EXPERIMENT", "Config", "checked", "plot", "run"]

_MOST = 100_000
_NAMES = ("relu", "leaky_relu", "tanh", "sigmoid", "gelu", "silu", "selu", "elu", "sin", "exp")


@dataclass(frozen=True)
class Config:
    """Gains on a logarithmic grid; nothing is random.

    Attributes:
        activations: names of the catalogue, or formulas.
        low: smallest gain.
        high: largest gain.
        points: how many.
        seed: not used; every config has one.
    """

    activations: tuple[str, ...] = _NAMES
    low: float = 0.1
    high: float = 10.0
    points: int = 200
    seed: int = 0


CONFIG = Config()


def checked(config: Config) -> None:
    """Refuse a grid of gains that is none, and what is no activation."""
    if not 0 < config.low < config.high < math.inf or not 2 <= config.points <= _MOST:
        raise ExperimentError(
            f"gains from {config.low} to {config.high} in {config.points} points; "
            f"0 < low < high < inf and 2 to {_MOST} points are required"
        )
    known(config.activations)


def run(config: Config) -> Table:
    """Return a table with columns activation, gain, beta_minus_one, beta."""
    with naming_extras():
        import pandas as pd

    checked(config)
    gains = np.geomspace(config.low, config.high, config.points)

    def rows(name: str) -> Table:
        excess = _beta_minus_one(name, gains)
        return pd.DataFrame(
            {"activation": name, "gain": gains, "beta_minus_one": excess, "beta": 1 + excess}
        )

    return joined(rows(name) for name in config.activations)


def _beta_minus_one(name: str, gains: Any) -> Any:
    """Of exp at gains beyond 18, E sigma^2 = exp(2 g^2) leaves the range of floats: NaN."""
    return np.asarray(numeric.beta_minus_one(read_activation(name), gain=gains))


def plot(table: Table, config: Config) -> Any:
    """Draw beta, and beta - 1 on a logarithmic scale, against the gain."""
    with naming_extras():
        from matplotlib.figure import Figure

    figure = Figure(figsize=(9.5, 4), layout="constrained")
    left, right = figure.subplots(1, 2)
    for name, group in table.groupby("activation", sort=False):
        left.semilogx(group["gain"], group["beta"], label=name)
        right.loglog(group["gain"], group["beta_minus_one"])
    left.set_ylabel("isometry strength β(α)")
    right.set_ylabel("β(α) − 1")
    for axes in (left, right):
        axes.set_xlabel("gain α")
        axes.grid(alpha=0.3)
    figure.legend(loc="outside lower center", ncols=5)
    return figure


EXPERIMENT = Experiment(
    "figure-b1",
    "isometry strength against gain",
    CONFIG,
    replace(CONFIG, points=20),
    run,
    plot,
    "beta",
    checked,
)
