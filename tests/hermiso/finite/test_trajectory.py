"""What is recorded: gap, potential and norms against literal formulas, NaN where they are lost."""

from typing import Any

import mpmath
import numpy as np
import pandas as pd
import pytest
import torch

from hermiso.finite import trajectory
from hermiso.finite.trajectory import Recorder, measured
from tests import reference

Array = Any


def grams(count: int, n: int = 3, d: int = 5, seed: int = 0) -> Array:
    X = np.random.default_rng(seed).standard_normal((count, n, d))
    return X @ X.swapaxes(-1, -2)


def test_measures_are_the_definitions() -> None:
    G = grams(4)
    for row, each in zip(measured(G), G, strict=True):
        a = np.sqrt(np.diag(each))
        M = mpmath.matrix(each.tolist()).tolist()
        expected = [reference.isometry_gap(M), reference.potential(M), a.mean(), a.var()]
        assert row == pytest.approx([float(v) for v in expected], rel=1e-12)


SINGULAR = np.ones((3, 3))
LOST = {
    "nan": np.full((3, 3), np.nan),
    "inf": np.diag([1.0, np.inf, 1.0]),
    "zero": np.zeros((3, 3)),
    "indefinite": np.array([[1.0, 2.0, 0.0], [2.0, 1.0, 0.0], [0.0, 0.0, 1.0]]),
}


@pytest.mark.parametrize("name", LOST)
def test_a_lost_matrix_is_nan_and_leaves_the_others(name: str) -> None:
    good = grams(7)
    stack = np.concatenate([good[:3], LOST[name][None], good[3:]])
    found = measured(stack)
    assert np.isnan(found[3]).all()
    np.testing.assert_allclose(np.delete(found, 3, axis=0), measured(good), rtol=1e-12)


def test_several_lost_matrices_are_found_one_by_one() -> None:
    good = grams(5)
    stack = np.stack([LOST["indefinite"], *good, LOST["zero"], LOST["indefinite"], LOST["nan"]])
    assert np.isnan(measured(stack)).all(-1).tolist() == [True] + [False] * 5 + [True] * 3


def test_a_singular_matrix_is_not_lost() -> None:
    gap, potential, mean, variance = measured(SINGULAR[None])[0]
    assert (gap, potential, mean, variance) == (np.inf, np.inf, 1.0, 0.0)


def recorded(keep_gram: bool = False) -> Any:
    G = torch.from_numpy(grams(8)).reshape(2, 4, 3, 3)
    recorder = Recorder(4, 1, keep_gram)
    recorder.note("output", 0, G[0])
    recorder.note("activation", 1, G[1] + 1)
    recorder.note("output", 1, G[1])
    return recorder.trajectory()


def test_a_recorder_puts_every_part_at_its_layer() -> None:
    found, G = recorded(), grams(8).reshape(2, 4, 3, 3)
    assert list(found.parts) == ["output", "activation"]
    for column, values in enumerate(["gap", "potential", "norm_mean", "norm_variance"]):
        table = getattr(found.parts["output"], values)
        assert table == pytest.approx(measured(G.reshape(8, 3, 3))[:, column].reshape(2, 4).T)
    assert np.isnan(found.parts["activation"].gap[:, 0]).all()
    assert found.parts["activation"].gap[:, 1] == pytest.approx(measured(G[1] + 1)[:, 0])
    assert found.gap is found.parts["output"].gap
    assert found.potential is found.parts["output"].potential


@pytest.mark.parametrize("at_once", [1, 36, 40, 72, 80, 10**9])
def test_a_recorder_may_measure_at_any_time(at_once: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also right after the last note, when nothing waits."""
    expected = recorded()
    monkeypatch.setattr(trajectory, "_AT_ONCE", at_once)
    pd.testing.assert_frame_equal(recorded().frame(), expected.frame())


def test_gram_matrices_are_kept_if_asked_for() -> None:
    assert recorded().gram is None
    gram = recorded(keep_gram=True).gram
    assert gram.shape == (4, 2, 3, 3)
    assert np.allclose(gram, grams(8).reshape(2, 4, 3, 3).swapaxes(0, 1), rtol=1e-15)


def test_rounding_does_not_make_a_matrix_unsymmetric() -> None:
    recorder = Recorder(1, 0, True)
    recorder.note("output", 0, torch.tensor([[[1.0, 0.5], [0.5 + 1e-9, 1.0]]], dtype=torch.float64))
    gram = recorder.trajectory().gram
    assert gram is not None
    assert gram[0, 0, 0, 1] == gram[0, 0, 1, 0]


def test_the_frame_is_tidy_and_without_what_is_lost() -> None:
    frame = recorded().frame()
    columns = ["run", "layer", "part", "gap", "potential", "norm_mean", "norm_variance"]
    assert list(frame.columns) == columns
    assert len(frame) == 4 * 2 + 4  # the input has no activation
    assert list(frame.index) == list(range(12))
    row = frame[(frame["part"] == "output") & (frame["run"] == 2) & (frame["layer"] == 1)]
    assert row["gap"].item() == recorded().gap[2, 1]


def test_the_frame_keeps_infinite_gaps() -> None:
    recorder = Recorder(1, 0)
    recorder.note("output", 0, torch.from_numpy(SINGULAR)[None])
    assert recorder.trajectory().frame()["gap"].tolist() == [np.inf]
