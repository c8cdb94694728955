"""Results that were damaged, or made to harm, are named and the rest is shown."""

import os
import re
from pathlib import Path

import pandas as pd
import pytest

from hermiso.errors import SweepError
from hermiso.store import Store
from hermiso.sweep import cells, export, results, run
from hermiso.sweep.reporting import main as report
from tests.toy_experiments import TOYS

TOY = TOYS["toy"]
HOSTILE = {
    "deep": "[" * 100_000,
    "a huge number": f'{{"rows": {"1" * 10_000}, "columns": {{}}}}',
    "infinitely many": '{"rows": 1e999, "columns": {}}',
    "fewer": '{"rows": 3, "columns": {"a": {"type": "float64", "values": [1]}}}',
    "a wide type": '{"rows": 1, "columns": {"a": {"type": "U1000000000", "values": ["b"]}}}',
    "an object": '{"rows": 1, "columns": {"a": {"type": "object", "values": [{}]}}}',
    "text": '{"rows": 1, "columns": {"a": {"type": "float64", "values": ["1.5"]}}}',
    "a big integer": '{"rows": 1, "columns": {"a": {"type": "int8", "values": [1000]}}}',
    "half a sign": '{"rows": 1, "columns": {"a": {"type": "str", "values": ["\\ud800"]}}}',
    "more": '{"rows": 1, "columns": {"a": {"type": "str", "values": ["b"], "x": 1}}}',
    "nothing": "",
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_result_is_named_and_the_rest_is_shown(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, text: str
) -> None:
    store = tmp_path / "runs.sqlite"
    run(TOY, store=store, jobs=1)
    with Store(store) as opened:
        [hostile] = cells(TOY, {"activation": ["ta\x1b[2Jnh"]})
        opened.finish(hostile.cell, text, 1.0)
    assert report([str(store)]) == 1
    printed = capsys.readouterr()
    assert "4 rows of 16 columns" in printed.out
    assert re.fullmatch(r".* is damaged: it is no table \(.*\); it is left out\n", printed.err)
    assert "\x1b" not in printed.err


def test_many_rows_of_no_columns_cost_no_memory(tmp_path: Path) -> None:
    with Store(tmp_path / "runs.sqlite") as opened:
        opened.finish(cells(TOY)[0].cell, '{"rows": 1000000000000000, "columns": {}}', 1.0)
    assert results(tmp_path / "runs.sqlite").empty


def test_columns_that_a_file_cannot_hold_are_named(tmp_path: Path) -> None:
    mixed = pd.DataFrame({"a": [1, "b"]}, dtype=object)
    with pytest.raises(SweepError, match=r"t\.parquet cannot be written \(.*; choose another path"):
        export(mixed, tmp_path / "t.parquet")
    assert os.listdir(tmp_path) == []
