"""Curves show the means that float64 knows, and bands that a logarithmic scale has room for."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from hermiso.experiments import summary
from hermiso.experiments.pictures import curves, legend, panels


def table(runs: list[list[float]], activation: str = "relu") -> Any:
    blocks = [
        {"activation": activation, "variant": "a", "run": r, "layer": layer, "gap": gap}
        for r, gaps in enumerate(runs)
        for layer, gap in enumerate(gaps)
    ]
    return pd.DataFrame(blocks)


def test_a_curve_is_the_mean_without_what_is_rounding() -> None:
    _, axes = curves(table([[0.1, 1e-3, 0.0], [0.3, 3e-3, 1e-17]]))
    (line,) = axes["relu"].lines
    assert line.get_xdata().tolist() == [0, 1, 2]
    assert line.get_ydata()[:2] == pytest.approx([0.2, 2e-3])
    assert np.isnan(line.get_ydata()[2])


def test_a_band_is_the_interval_but_not_below_the_least_run() -> None:
    rows = table([[0.1, 1.0], [0.3, 1.0]])
    _, axes = curves(rows)
    corners = axes["relu"].collections[0].get_paths()[0].vertices
    first = corners[corners[:, 0] == 0][:, 1]
    assert first.min() == pytest.approx(0.1)
    assert first.max() == pytest.approx(summary(rows)["high"].iloc[0])


@pytest.mark.parametrize(("count", "grid"), [(1, (1, 1)), (2, (1, 2)), (3, (1, 3)), (4, (2, 3))])
def test_there_is_a_panel_for_every_activation(count: int, grid: tuple[int, int]) -> None:
    names = [f"name {i}" for i in range(count)]
    figure, axes = panels(names, "gap")
    assert list(axes) == names
    assert [panel.get_title() for panel in axes.values()] == names
    assert sum(panel.get_visible() for panel in figure.axes) == count
    assert len(figure.axes) == grid[0] * grid[1]


def test_the_legend_names_every_curve_once() -> None:
    rows = pd.concat([table([[0.1, 0.2]]), table([[0.1, 0.2]], "tanh")])
    figure, axes = curves(rows)
    legend(figure, axes)
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["a"]
