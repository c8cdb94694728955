"""Curves with confidence bands, one panel an activation."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from hermiso.experiments.experiment import Table, summary
from hermiso.extras import naming_extras

__all__ = ["curves", "legend", "panels"]

COLUMNS = 3
NOISE = 1e-15  # below it a gap of float64 says nothing


def panels(names: Sequence[str], ylabel: str, xlabel: str = "layer") -> tuple[Any, dict[str, Any]]:
    """Return a matplotlib figure and its axes by name."""
    with naming_extras():
        from matplotlib.figure import Figure

    columns = min(COLUMNS, len(names))
    rows = -(-len(names) // columns)
    figure = Figure(figsize=(3.7 * columns, 2.9 * rows + 0.4), layout="constrained")
    grid = figure.subplots(rows, columns, squeeze=False).ravel()
    for axes in grid[len(names) :]:
        axes.set_visible(False)
    for i, (axes, name) in enumerate(zip(grid, names, strict=False)):
        axes.set_title(name)
        axes.grid(alpha=0.3)
        axes.set_xlabel(xlabel)
        if i % columns == 0:
            axes.set_ylabel(ylabel)
    return figure, dict(zip(names, grid, strict=False))


def curves(
    table: Table, ylabel: str = "isometry gap", value: str = "gap"
) -> tuple[Any, dict[str, Any]]:
    """Draw the mean over the runs with its 99% interval, not below the least run.

    A curve ends where the first run leaves the range of floats.
    """
    figure, axes = panels(list(dict.fromkeys(table["activation"])), ylabel)
    keys = ["activation", "variant"]
    for (name, variant), group in summary(table, value).groupby(keys, sort=False):
        group = group[group["runs"] == group["runs"].iloc[0]]
        mean = group["mean"].where(group["mean"] > NOISE)
        (line,) = axes[name].semilogy(group["layer"], mean, label=variant)
        low = np.maximum(group["low"], group["least"])  # a logarithmic scale has no room below 0
        low = low.where(group["mean"] > NOISE)
        axes[name].fill_between(
            group["layer"], low, group["high"], color=line.get_color(), alpha=0.2
        )
    return figure, axes


def legend(figure: Any, axes: dict[str, Any], columns: int = 4) -> Any:
    """One legend below all panels, of so many columns."""
    handles: dict[str, Any] = {}
    for panel in axes.values():
        found, labels = panel.get_legend_handles_labels()
        handles |= dict(zip(labels, found, strict=True))
    columns = min(columns, len(handles))
    entries = list(handles.values()), list(handles)
    figure.legend(*entries, loc="outside lower center", ncols=columns)
    return figure
