"""Figure B.4: the same decay at fixed, growing, narrowing and alternating widths.

The paper's inputs are MNIST and CIFAR10; here they are Gaussian with one strong direction, as
such images have in their mean.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from hermiso.errors import ExperimentError
from hermiso.experiments.experiment import (
    Config,
    Experiment,
    Table,
    checked,
    joined,
    read_activation,
    samples,
    trajectories,
)
from hermiso.experiments.pictures import curves, legend
from hermiso.finite import Architecture, input_gram

__all__ = ["EXPERIMENT", "plot", "run", "shapes"]

CONFIG = Config(("relu",))


def shapes(width: int, depth: int) -> dict[str, list[int]]:
    """Return the widths of the layers: d; d/2 to 2d; 2d to d/2; d/2 and 2d in turn."""
    growing = [round(width * 2 ** (2 * layer / max(1, depth - 1) - 1)) for layer in range(depth)]
    return {
        "fixed": [width] * depth,
        "growing": growing,
        "narrowing": growing[::-1],
        "alternating": [width * 2 if layer % 2 else -(-width // 2) for layer in range(depth)],
    }


def wide_enough(config: Config) -> None:
    """Refuse more samples than the narrowest layers can tell apart."""
    if checked(config).samples >= config.width // 2:
        raise ExperimentError(
            f"{config.samples} samples, and the narrowest layers have {config.width // 2} neurons; "
            "give a width of more than twice the samples"
        )


def run(config: Config) -> Table:
    """Simulate the paper's network in the four shapes."""
    wide_enough(config)
    G0 = input_gram(samples(config))
    return joined(
        trajectories(config, G0, name, shape, net, widths=widths, depth=None)
        for name in config.activations
        for net in [Architecture(read_activation(name))]
        for shape, widths in shapes(config.width, config.depth).items()
    )


def plot(table: Table, config: Config) -> Any:
    """Draw the mean gaps with their 99% intervals."""
    return legend(*curves(table), columns=2)


EXPERIMENT = Experiment(
    "figure-b4",
    "gap at four shapes of the widths",
    CONFIG,
    replace(CONFIG, width=500, depth=20, runs=5),
    run,
    plot,
    check=wide_enough,
)
