"""Processes for cells: limits, crashes, and the end of their parent."""

import json
import math
import os
from pathlib import Path

import pytest

from hermiso.errors import SweepError
from hermiso.store import read
from hermiso.sweep import Limits, run
from tests.toy_experiments import TOYS, logged

POSIX = pytest.mark.skipif(os.name != "posix", reason="memory limits of POSIX")


@POSIX
def test_a_cell_over_a_limit_has_failed_and_the_others_go_on(tmp_path: Path) -> None:
    store = tmp_path / "runs.sqlite"
    grid = {"activation": ["eats", "sleeps", "tanh"]}
    limits = Limits(seconds=4.0, memory=2 * 10**9)
    toy = logged("greedy", tmp_path / "log")
    tally = run(toy, grid, store=store, jobs=1, limits=limits)
    assert (tally.finished, tally.left) == (1, 0)
    said = {json.loads(f.cell.config)["activation"]: f.error for f in tally.failed}
    assert said["sleeps"] == "over the time limit of 4 s\n"
    assert said["eats"].endswith("over the memory limit of 2 GB\n")
    assert [r.error for r in read(store) if r.error] == list(said.values())


@pytest.mark.parametrize(
    ("limits", "says"),
    [
        (Limits(seconds=0.0), r"time limit of a cell is 0 s; it must be above 0"),
        (Limits(seconds=1e300), r"time limit of a cell is 1e\+300 s; .* at most 1e\+09"),
        (Limits(seconds=math.nan), "time limit of a cell is nan s"),
        (Limits(memory=0), "memory limit of a cell is 0 bytes"),
    ],
)
def test_limits_that_cannot_be_are_named(tmp_path: Path, limits: Limits, says: str) -> None:
    with pytest.raises(SweepError, match=says):
        run(TOYS["toy"], store=tmp_path / "runs.sqlite", limits=limits)
