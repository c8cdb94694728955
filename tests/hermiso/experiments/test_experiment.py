"""What experiments share: their inputs, their tables, their means."""

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from hermiso.errors import ExperimentError
from hermiso.experiments import Config, samples, summary
from hermiso.experiments.experiment import checked, joined, networks, trajectories
from hermiso.finite import Architecture, input_gram

CONFIG = Config(("relu", "tanh"), samples=4, width=20, depth=2, runs=3, seed=7)


def test_samples_are_gaussian_with_one_strong_direction() -> None:
    """The largest singular value is 10 times what it is without degeneracy, the others the same."""
    plain, strong = (
        np.linalg.svd(samples(replace(CONFIG, degeneracy=f)).numpy())[1] for f in (1.0, 10.0)
    )
    assert strong == pytest.approx(plain * np.array([10, 1, 1, 1]), rel=1e-12)
    assert samples(CONFIG).shape == (4, 20)


def test_samples_are_standard_normal_without_degeneracy() -> None:
    """40 000 of them, at 4 standard errors."""
    X = samples(replace(CONFIG, samples=100, width=400, degeneracy=1.0)).numpy()
    assert abs(X.mean()) < 4 / 200
    assert abs(X.var() - 1) < 4 * math.sqrt(2) / 200


@pytest.mark.parametrize("field", ["seed", "samples", "width"])
def test_samples_depend_on_seed_number_and_width(field: str) -> None:
    other = replace(CONFIG, **{field: getattr(CONFIG, field) + 1})
    assert np.array_equal(samples(CONFIG), samples(replace(CONFIG, depth=9, runs=1)))
    assert not np.allclose(samples(CONFIG)[:4, :20], samples(other)[:4, :20])


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("samples", 0),
        ("width", -1),
        ("depth", 0),
        ("runs", 2.5),
        ("runs", True),
        ("degeneracy", 0.0),
        ("degeneracy", math.inf),
        ("degeneracy", math.nan),
        ("dtype", "float16"),
    ],
    ids=str,
)
def test_a_config_that_cannot_run_is_refused(field: str, value: Any) -> None:
    with pytest.raises(ExperimentError, match=f"{field} is {value!r}; it must be"):
        checked(replace(CONFIG, **{field: value}))
    assert checked(CONFIG) is CONFIG


def test_networks_are_run_for_every_activation_and_variant() -> None:
    table = networks(CONFIG, {"a": Architecture, "b": lambda s: Architecture(s, "none")})
    assert list(table.columns[:4]) == ["activation", "variant", "run", "layer"]
    assert len(table) == 2 * 2 * 3 * 3
    blocks = table[["activation", "variant"]].drop_duplicates().to_numpy().tolist()
    assert blocks == [["relu", "a"], ["relu", "b"], ["tanh", "a"], ["tanh", "b"]]


def test_layers_out_of_range_are_left_out() -> None:
    config = replace(CONFIG, depth=12)
    net = Architecture("exp", "none", "none")
    table = trajectories(config, input_gram(samples(config)), "exp", "plain", net)
    assert 0 < table["layer"].max() < 12
    assert table["gap"].notna().all()


def table(gaps: dict[tuple[str, str], list[list[float]]]) -> Any:
    """Gaps of curves, a list for each run."""
    blocks = [
        pd.DataFrame(
            {"activation": a, "variant": v, "run": run, "layer": range(len(gap)), "gap": gap}
        )
        for (a, v), runs in gaps.items()
        for run, gap in enumerate(runs)
    ]
    return joined(blocks)


def test_a_summary_is_the_mean_with_student_s_interval() -> None:
    """Runs 1, 2, 6: mean 3, s = sqrt(7), t(0.95, 2) = 2.919986 for an interval of 90%."""
    found = summary(table({("relu", "a"): [[1.0], [2.0], [6.0]]}), confidence=0.9)
    assert list(found.columns) == [
        "activation", "variant", "layer", "runs", "mean", "low", "high", "least", "most",
    ]  # fmt: skip
    reach = 2.9199855803537 * math.sqrt(7 / 3)
    assert found.iloc[0].tolist() == [
        "relu", "a", 0, 3, 3.0, pytest.approx(3 - reach), pytest.approx(3 + reach), 1.0, 6.0,
    ]  # fmt: skip


def test_the_interval_is_of_99_percent_unless_asked_for() -> None:
    """Two runs 0, 2: the mean 1 -+ t(0.995, 1) = 63.6567."""
    found = summary(table({("relu", "a"): [[0.0], [2.0]]}))
    assert found["high"].item() == pytest.approx(1 + 63.6567411628716)


def test_a_summary_keeps_the_order_of_curves_and_layers() -> None:
    found = summary(table({("tanh", "b"): [[1, 2], [3, 4]], ("exp", "a"): [[5, 6], [7, 8]]}))
    assert found["activation"].tolist() == ["tanh", "tanh", "exp", "exp"]
    assert found["layer"].tolist() == [0, 1, 0, 1]
    assert found["mean"].tolist() == [2, 3, 6, 7]


def test_a_summary_counts_the_runs_that_are_left() -> None:
    found = summary(table({("exp", "a"): [[1.0, 2.0, 3.0], [1.0, 4.0], [1.0]]}))
    assert found["runs"].tolist() == [3, 2, 1]
    assert found["mean"].tolist() == [1.0, 3.0, 3.0]
    assert found["low"].isna().tolist() == [False, False, True]


def test_an_infinite_gap_has_no_interval() -> None:
    found = summary(table({("relu", "a"): [[math.inf], [1.0]]}))
    assert found["mean"].item() == math.inf
    assert found[["low", "high"]].isna().all(axis=None)
    assert (found["least"].item(), found["most"].item()) == (1.0, math.inf)


def test_another_column_can_be_summed_up() -> None:
    rows = table({("relu", "a"): [[1.0], [2.0]]}).assign(error=[5.0, 7.0])
    assert summary(rows, "error")["mean"].item() == 6.0
