"""Pictures of bounds: python -m hermiso.plots bounds.png."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from hermiso import bounds as bound
from hermiso import numeric
from hermiso.extras import naming_extras
from hermiso.meanfield import mean_field
from hermiso.writing import replacing

__all__ = ["SEED", "STARTS", "bounds", "main"]

ACTIVATIONS = ("relu", "tanh", "gelu")
SAMPLES, DEPTH, SEED = 10, 100, 0
NOISE = 1e-15  # below it the gap of a float64 matrix says nothing


def random_start(n: int, generator: Any) -> Any:
    """Gram matrix of independent samples in n dimensions."""
    X = generator.standard_normal((n, n))
    return X @ X.T


def clustered_start(n: int, generator: Any) -> Any:
    """All samples near one direction, 1/4 away."""
    X = generator.standard_normal(n) + generator.standard_normal((n, n)) / 4
    return X @ X.T


def near_duplicate_start(n: int, generator: Any) -> Any:
    """Independent samples, two of them 1e-5 apart."""
    X = generator.standard_normal((n, n))
    X[-1] = X[0] + 1e-5 * X[-1]
    return X @ X.T


STARTS: Mapping[str, Callable[[int, Any], Any]] = {
    "independent": random_start,
    "clustered": clustered_start,
    "one near-duplicate": near_duplicate_start,
}


def bounds(activations: Sequence[Any] = ACTIVATIONS, n: int = SAMPLES, depth: int = DEPTH) -> Any:
    """Draw the gap in the mean field against the paper's bound and the bounds for every layer.

    Args:
        activations: one column each; whatever `hermiso.beta` takes.
        n: number of samples.
        depth: number of layers.

    Returns:
        A matplotlib figure with one row per start: independent, clustered, one near-duplicate.
    """
    with naming_extras():
        from matplotlib.figure import Figure

    size = (3.6 * len(activations), 2.6 * len(STARTS))
    figure = Figure(figsize=size, layout="constrained")
    grid = figure.subplots(len(STARTS), len(activations), sharex=True, squeeze=False)
    for row, (start, build) in zip(grid, STARTS.items(), strict=True):
        G0 = build(n, np.random.default_rng(SEED))
        for axes, activation in zip(row, activations, strict=True):
            _panel(axes, G0, activation, depth)
        row[0].set_ylabel(f"{start}\nisometry gap")
    for axes, activation in zip(grid[0], activations, strict=True):
        axes.set_title(f"{activation}, β = {float(numeric.beta(activation)):.4f}")
    for axes in grid[-1]:
        axes.set_xlabel("layer")
    handles, labels = grid[0][0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=len(labels))
    return figure


def _panel(axes: Any, G0: Any, activation: Any, depth: int) -> None:
    found = mean_field(G0, activation, depth)
    beta, n, layers = float(numeric.beta(activation)), len(G0), np.arange(depth + 1)
    gap0 = float(found.gap[0])
    axes.semilogy(layers, bound.theorem4(beta, n, gap0, layers), "--", label="Theorem 4")
    oppenheim = bound.oppenheim_schur(beta, n, gap0, layers)
    axes.semilogy(layers, oppenheim, "-.", label="Oppenheim-Schur")
    axes.semilogy(layers, bound.logistic(beta, n, gap0, layers), ":", label="logistic")
    axes.semilogy(layers, bound.samplewise(beta, found.gram[0], layers), label="by samples")
    seen = np.where(found.gap > NOISE, found.gap, np.nan)
    axes.semilogy(layers, seen, "k", linewidth=2, label="mean field")
    axes.grid(alpha=0.3)


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the picture of the bounds to a file."""
    parser = argparse.ArgumentParser(prog="python -m hermiso.plots", description=main.__doc__)
    parser.add_argument("path", type=Path, help="where to write it: .png, .pdf or .svg")
    parser.add_argument("--activations", nargs="+", default=ACTIVATIONS, metavar="NAME")
    options = parser.parse_args(arguments)
    try:
        picture = bounds(options.activations)
        with replacing(options.path) as file:
            picture.savefig(file, dpi=110, format=options.path.suffix[1:] or None)
    except (ImportError, OSError, ValueError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
