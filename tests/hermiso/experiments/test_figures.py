"""Every figure: its quick config runs, its table is tidy, it is drawn, its seed decides."""

from dataclasses import fields, replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from torch.nn.init import calculate_gain

from hermiso import bounds, numeric
from hermiso.errors import ExperimentError
from hermiso.experiments import get, names, samples, summary
from hermiso.experiments.figure_b3 import xavier_gain
from hermiso.experiments.figure_b4 import shapes
from hermiso.finite import Architecture, input_gram, simulate
from hermiso.meanfield import mean_field

KEYS = ["activation", "variant", "run", "layer"]
MEASURES = ["gap", "potential", "norm_mean", "norm_variance"]
COLUMNS = {
    "figure-9": [*KEYS, "error"],
    "figure-b1": ["activation", "gain", "beta_minus_one", "beta"],
}
RANDOM = [name for name in names() if name != "figure-b1"]
PNG = b"\x89PNG\r\n\x1a\n"


@cache
def quick(name: str) -> Any:
    experiment = get(name)
    return experiment.run(experiment.quick)


def tiny(name: str, **changes: Any) -> Any:
    """The quick config at a hundredth of its cost."""
    config = get(name).quick
    small = {"width": 40, "depth": 3, "runs": 2, "activations": config.activations[:2]}
    return replace(config, **(small | changes))


def test_every_figure_is_found_by_its_name() -> None:
    assert len(set(names())) == len(names()) == 12
    assert [get(name).name for name in names()] == list(names())


def test_an_unknown_figure_is_answered_by_the_names() -> None:
    with pytest.raises(ExperimentError, match=r"'figure-7'; there are figure-3, .* figure-b4"):
        get("figure-7")


@pytest.mark.parametrize("name", names())
def test_a_quick_run_has_a_tidy_table(name: str) -> None:
    table, config = quick(name), get(name).quick
    assert list(table.columns) == COLUMNS.get(name, [*KEYS, *MEASURES])
    assert list(table.index) == list(range(len(table)))
    assert list(dict.fromkeys(table["activation"])) == list(config.activations)
    assert not table[get(name).value].isna().any()
    keys = [
        column for column in ("activation", "variant", "run", "layer", "gain") if column in table
    ]
    assert not table.duplicated(keys).any()


@pytest.mark.parametrize("name", RANDOM)
def test_every_run_starts_at_the_same_input(name: str) -> None:
    table, config = quick(name), get(name).quick
    assert set(table["run"]) == set(range(config.runs))
    assert set(table["layer"]) <= set(range(config.depth + 1))
    start = table[table["layer"] == 0]
    curves = start.groupby(["activation", "variant"]).ngroups
    assert len(start) == curves * config.runs
    assert start[get(name).value].nunique() == 1


@pytest.mark.parametrize("name", names())
def test_the_picture_is_drawn_without_a_warning(name: str, tmp_path: Path) -> None:
    """Warnings are errors in this suite."""
    experiment, path = get(name), tmp_path / "figure.png"
    figure = experiment.plot(quick(name), experiment.quick)
    figure.savefig(path, dpi=40)
    assert path.read_bytes().startswith(PNG)
    panels = [axes for axes in figure.axes if axes.get_visible()]
    assert len(panels) == (2 if name == "figure-b1" else len(experiment.quick.activations))
    assert all(axes.lines for axes in panels)


@pytest.mark.parametrize("name", RANDOM)
def test_the_seed_decides(name: str) -> None:
    run = get(name).run
    first, again, other = (run(tiny(name, seed=seed)) for seed in (0, 0, 1))
    pd.testing.assert_frame_equal(first, again, check_exact=True)
    value = get(name).value
    assert not np.allclose(first[value][:8], other[value][:8], rtol=1e-3)


def test_the_figure_of_gains_is_not_random() -> None:
    experiment = get("figure-b1")
    again = experiment.run(replace(experiment.quick, seed=5))
    pd.testing.assert_frame_equal(quick("figure-b1"), again, check_exact=True)


@pytest.mark.parametrize("name", RANDOM)
def test_edge_configs_run_and_are_drawn(name: str, tmp_path: Path) -> None:
    """One run has no interval; more samples than neurons have an infinite gap."""
    config = tiny(name, runs=1, samples=12, width=27)
    table = get(name).run(config)
    get(name).plot(table, config).savefig(tmp_path / "figure.png", dpi=30)


# What each figure compares


def of(name: str, activation: str, variant: str, config: Any) -> Any:
    """The gaps of one curve, shape (runs, layers)."""
    table = get(name).run(config)
    rows = table[(table["activation"] == activation) & (table["variant"] == variant)]
    return rows.pivot(index="run", columns="layer", values="gap").to_numpy()


VARIANTS: list[tuple[str, str, Architecture]] = [
    ("figure-3", "network", Architecture("relu")),
    ("figure-4", "LN(a - mean a)", Architecture("relu", "layer", "layer")),
    ("figure-4", "LN(a - c_0)", Architecture("relu", "mean-field", "layer")),
    ("figure-4", "LN(a)", Architecture("relu", "none", "layer")),
    ("figure-5", "a - c_0", Architecture("relu", "mean-field", "none")),
    ("figure-5", "LN(a - c_0)", Architecture("relu", "mean-field", "layer")),
    ("figure-6", "(a - c_0)/sqrt(var)", Architecture("relu", "mean-field", "mean-field")),
    ("figure-8a", "offset and scale", Architecture("relu", "mean-field", "mean-field")),
    ("figure-8a", "neither", Architecture("relu", "none", "none")),
    ("figure-8b", "normalization first", Architecture("relu", order="normalization-first")),
    ("figure-a1", "network", Architecture("relu")),
    ("figure-b2", "α = 0.5", Architecture("relu", gain=0.5)),
    ("figure-b3", "mean field", Architecture("relu", "mean-field", "mean-field")),
    ("figure-b3", "Xavier", Architecture("relu", "none", "none", gain=2**0.5)),
]


@pytest.mark.parametrize(("name", "variant", "net"), VARIANTS, ids=lambda v: str(v)[:24])
def test_a_variant_is_the_network_it_names(name: str, variant: str, net: Architecture) -> None:
    config = tiny(name, activations=("relu",), dtype="float64")
    G0 = input_gram(samples(config))
    expected = simulate(G0, net, config.width, config.depth, runs=config.runs, dtype=torch.float64)
    assert of(name, "relu", variant, config) == pytest.approx(expected.gap, rel=1e-9)


@pytest.mark.parametrize("name", ["relu", "leaky_relu", "tanh", "sigmoid", "selu"])
def test_xavier_gains_are_torch_s(name: str) -> None:
    assert xavier_gain(name) == calculate_gain(name)


def test_figure_9_measures_the_distance_to_the_mean_field() -> None:
    config = tiny("figure-9")
    table = get("figure-9").run(config)
    G0 = input_gram(samples(config)).numpy()
    expected = mean_field(G0, "relu", config.depth).gram
    found = simulate(
        G0, Architecture("relu", "mean-field"), config.width, config.depth, runs=2, keep_gram=True,
        dtype=torch.float64,
    ).gram  # fmt: skip
    assert found is not None
    rows = table[(table["variant"] == "LN(a - c_0)") & (table["run"] == 1)]
    errors = [
        np.linalg.norm(G - E) / np.linalg.norm(E) for G, E in zip(found[1], expected, strict=True)
    ]
    assert rows["error"].to_numpy() == pytest.approx(errors, rel=1e-9, abs=1e-15)
    assert errors[0] < 1e-14


def test_figure_b1_has_the_strength_at_every_gain() -> None:
    table, config = quick("figure-b1"), get("figure-b1").quick
    gains = np.geomspace(config.low, config.high, config.points)
    for name in ("relu", "tanh", "sin"):
        rows = table[table["activation"] == name]
        assert rows["gain"].to_numpy() == pytest.approx(gains)
        expected = [float(numeric.beta_minus_one(name, gain=g)) for g in gains]
        assert rows["beta_minus_one"].to_numpy() == pytest.approx(expected, rel=1e-12)
        assert np.array_equal(rows["beta"], 1 + rows["beta_minus_one"])


@pytest.mark.parametrize(
    "changes", [{"low": 0.0}, {"low": 5.0, "high": 2.0}, {"points": 1}, {"low": np.nan}], ids=str
)
def test_figure_b1_refuses_an_empty_grid(changes: dict[str, float]) -> None:
    with pytest.raises(ExperimentError, match="0 < low < high < inf and 2 to 100000 points"):
        get("figure-b1").run(replace(get("figure-b1").quick, **changes))


@pytest.mark.parametrize("depth", [1, 2, 5, 40])
def test_shapes_have_a_width_for_every_layer(depth: int) -> None:
    found = shapes(100, depth)
    assert list(found) == ["fixed", "growing", "narrowing", "alternating"]
    assert {len(widths) for widths in found.values()} == {depth}
    assert all(50 <= width <= 200 for widths in found.values() for width in widths)
    assert found["growing"] == sorted(found["growing"]) == found["narrowing"][::-1]
    assert found["growing"][0] == 50
    assert found["alternating"][:2] == [50, 200][:depth]
    if depth > 1:
        assert found["growing"][-1] == 200


def test_figure_b4_uses_those_shapes() -> None:
    config = tiny("figure-b4", activations=("relu",))
    G0, options = input_gram(samples(config)), {"runs": 2, "dtype": torch.float64}
    for shape, widths in shapes(config.width, config.depth).items():
        expected = simulate(G0, Architecture("relu"), widths, **options).gap
        assert of("figure-b4", "relu", shape, config) == pytest.approx(expected, rel=1e-9)


# Their scientific content, at the quick sizes


def test_layer_normalization_reaches_the_floor_in_figure_3() -> None:
    ends = summary(quick("figure-3")).groupby("activation").last()
    config = get("figure-3").quick
    floor = bounds.floor(float(numeric.beta("relu")), config.samples, config.width)
    assert ends.loc["relu", "mean"] < 3 * floor
    assert ends.loc["relu", "mean"] > floor / 3


def test_without_normalization_the_gap_does_not_vanish_in_figure_8a() -> None:
    last = summary(quick("figure-8a")).groupby(["activation", "variant"])["mean"].last()
    assert last["relu", "neither"] > 100 * last["relu", "layer norm"]


def test_every_config_has_a_seed_and_activations() -> None:
    for name in names():
        for config in (get(name).config, get(name).quick):
            assert {"seed", "activations"} <= {field.name for field in fields(config)}
