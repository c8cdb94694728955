"""Sweeps: every cell once, whatever is killed, shared, or raises."""

import io
import json
import math
import os
import re
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import hermiso
from hermiso import experiments
from hermiso.errors import HermisoError, MissingExtra, SweepError
from hermiso.store import read
from hermiso.sweep import (
    Tally,
    cells,
    choices,
    clusters,
    engine,
    export,
    results,
    run,
    running,
    seed_list,
    sources,
)
from hermiso.sweep.command import main
from hermiso.sweep.progress import progress
from hermiso.sweep.reporting import main as report
from hermiso.sweep.tables import decoded, encoded
from hermiso.sweep.tasks import Task
from tests.toy_experiments import TOYS, logged

TOY = TOYS["toy"]
POSIX = pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")


@pytest.fixture
def store(tmp_path: Path) -> Path:
    return tmp_path / "runs.sqlite"


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "log"


def ran(log: Path) -> Counter[tuple[int, str, int]]:
    """How often each cell was computed: width, activation, seed."""
    lines = log.read_text().split("\n")[:-1] if log.exists() else []
    return Counter((int(w), a, int(s)) for w, a, s, _ in map(str.split, lines))


def kept(store: Path) -> set[tuple[int, str, int]]:
    """The finished cells of a store."""
    found = [(json.loads(r.cell.config), r) for r in read(store) if r.result is not None]
    return {(config["width"], config["activation"], r.cell.seed) for config, r in found}


# Tables


def bits(column: Any) -> list[bytes]:
    return [value.tobytes() for value in column.to_numpy()]


def test_a_table_comes_back_with_the_same_bits() -> None:
    tiny, rng = np.nextafter(0, 1), np.random.default_rng(0)
    drawn = np.frombuffer(rng.bytes(8 * 500), float)
    reals = np.array([0.1, -0.0, 1e22, tiny, math.inf, -math.inf, math.nan, *drawn])
    reals[np.isnan(reals)] = math.nan
    n = len(reals)
    table = pd.DataFrame(
        {
            "real": reals,
            "single": np.linspace(0, 1, n, dtype=np.float32),
            "half": np.linspace(0, 1, n, dtype=np.float16),
            "integer": [-(2**63), 2**63 - 1, *range(n - 2)],
            "unsigned": np.array([2**64 - 1, *range(n - 1)], dtype=np.uint64),
            "small": np.arange(n).astype(np.int8),
            "truth": [True, False, *[True] * (n - 2)],
            "text": ["ι₁", None, "", '"', *["\n"] * (n - 4)],
        }
    )
    back = decoded(encoded(table))
    pd.testing.assert_frame_equal(back, table, check_exact=True)
    for name in ("real", "single", "half", "integer", "unsigned"):
        assert bits(back[name]) == bits(table[name])


@pytest.mark.parametrize("rows", [0, 2])
def test_tables_without_rows_or_columns_come_back(rows: int) -> None:
    for names in ([], ["a", "b"]):
        table = pd.DataFrame({name: np.ones(rows) for name in names}, index=range(rows))
        back = decoded(encoded(table))
        assert (back.shape, list(back.columns)) == (table.shape, names)


@pytest.mark.parametrize(
    ("table", "says"),
    [
        ([1], "returned a list, not a DataFrame"),
        (pd.DataFrame({1: [2]}), r"the columns are \[1\]"),
        (pd.DataFrame([[1, 2]], columns=["a", "a"]), r"the columns are \['a', 'a'\]"),
        (pd.DataFrame({"a": [1]}, index=pd.Index([3], name="layer")), r"call reset_index\(\)"),
        (pd.DataFrame({"a": [1j]}), r"column a is complex128 and holds 1j"),
        (pd.DataFrame({"a": [(1, 2)]}), r"column a is object and holds \(1, 2\)"),
        (pd.DataFrame({"a": pd.to_datetime(["2024-01-01"])}), "column a is datetime64"),
        (pd.DataFrame({"a": np.ones(1, np.longdouble)}), "at most 64 bits"),
    ],
)
def test_what_cannot_be_kept_is_named(table: Any, says: str) -> None:
    with pytest.raises(SweepError, match=says):
        encoded(table)


# Grids


def test_a_grid_has_every_combination_once() -> None:
    grid = {"width": [3, 1, 3], "activation": ["relu", "tanh"]}
    planned = cells(TOY, grid, [0, 5])
    points = [(p.config.width, p.config.activation, p.config.seed) for p in planned]
    assert points == [(w, a, s) for w in (3, 1) for a in ("relu", "tanh") for s in (0, 5)]
    assert all(p.cell.seed == p.config.seed for p in planned)
    assert {p.cell.version for p in planned} == {hermiso.__version__}
    assert len({p.cell.key for p in planned}) == 8


def test_a_grid_departs_from_a_config() -> None:
    ((full,), (quick,)) = (cells(TOY, quick=quick) for quick in (False, True))
    assert (full.config, quick.config) == (TOY.config, TOY.quick)


@pytest.mark.parametrize(
    ("grid", "seeds", "says"),
    [
        ({"wdith": [1]}, None, "toy has no field 'wdith'; it has width, gain, activation, shapes"),
        ({"seed": [1]}, None, "give seeds of their own"),
        ({"width": [1, 0]}, None, "toy cannot be run with width=0 seed=0: width is 0"),
        ({"width": []}, None, "no value is given for width"),
        ({"gain": [1j]}, None, r"gain is 1j; a config must hold numbers"),
        ({}, [], "no value is given for seed"),
        ({}, [-1], "the seed is -1; it must be an integer from 0"),
        ({}, [2**63], "it must be an integer from 0 to 9223372036854775807"),
        ({}, [True], "the seed is True"),
        ({"width": range(1, 2000)}, range(1000), "has 1999000 cells; at most 1000000"),
    ],
)
def test_a_grid_that_cannot_be_is_refused(grid: Any, seeds: Any, says: str) -> None:
    with pytest.raises(SweepError, match=says):
        cells(TOY, grid, seeds)


@pytest.mark.parametrize(
    ("text", "name", "values"),
    [
        ("width=100,1000", "width", [100, 1000]),
        ("gain = 1, 2.5,1e-3 ", "gain", [1.0, 2.5, 0.001]),
        ("activation=relu,tanh", "activation", ["relu", "tanh"]),
        ('activation=["max(x, 0)", "tanh"]', "activation", ["max(x, 0)", "tanh"]),
        ("activation=max(x, 0), tanh", "activation", ["max(x, 0)", "tanh"]),
        ("shapes=1,2,3", "shapes", [(1, 2, 3)]),
        ("shapes=[[1, 2], []]", "shapes", [(1, 2), ()]),
        ("shape=1,2", "shapes", [(1,), (2,)]),
        ("kind=odd", "kind", ["odd"]),
        ("bound=none,0.5", "bound", [None, 0.5]),
        ("centred=true,False", "centred", [True, False]),
    ],
)
def test_values_are_read_by_the_type_of_their_field(text: str, name: str, values: Any) -> None:
    found = choices(TOY, [text])
    assert found == {name: values}
    assert [type(v) for v in found[name]] == [type(v) for v in values]


@pytest.mark.parametrize(
    ("texts", "says"),
    [
        (["widht=1"], "toy has no field 'widht'; it has width,"),
        (["seed=1"], "--seeds"),
        (["width"], "'width' sets nothing; write FIELD=VALUE"),
        (["width=1.5"], "width is set to '1.5'; it must be of type int"),
        (["width=1_0"], "it must be of type int"),
        (["width=1,,2"], "width is set to ''"),
        (["width=[true]"], "width is set to True"),
        (["width=[1"], "no JSON list"),
        (["gain=big"], "gain is set to 'big'; it must be of type float"),
        (["centred=1"], "it must be of type bool"),
        (["kind=even"], r"kind is set to 'even'; it must be of type .*Literal\['plain', 'odd'\]"),
        (["bound=much"], r"it must be of type float \| None"),
        (["shapes=a,b"], r"shapes is set to \['a', 'b'\]; it must be of type tuple\[int, \.\.\.\]"),
        (["activation="], "activation is set to ''"),
        (["width=1", "width=2"], "width is set twice"),
    ],
)
def test_values_that_cannot_be_read_are_named(texts: list[str], says: str) -> None:
    with pytest.raises(SweepError, match=says):
        choices(TOY, texts)


@pytest.mark.parametrize(
    ("text", "seeds"),
    [("0-3", (0, 1, 2, 3)), ("7", (7,)), ("0, 3,2-4", (0, 3, 2, 4))],
)
def test_seeds_are_read(text: str, seeds: tuple[int, ...]) -> None:
    assert seed_list(text) == seeds


@pytest.mark.parametrize("text", ["", "3-1", "-1", "a", "1.5", "0-", "0-99999999"])
def test_seeds_that_cannot_be_read_are_named(text: str) -> None:
    with pytest.raises(SweepError, match=f"the seeds are {text!r}; write them like 0-9"):
        seed_list(text)


# Sweeps


def test_a_sweep_repeats_no_finished_cell(store: Path, log: Path) -> None:
    toy = logged("toy", log)
    first = run(toy, {"width": [1, 2]}, range(2), store=store, jobs=1)
    assert first == Tally(total=4, finished=4)
    second = run(toy, {"width": [1, 2, 3]}, range(3), store=store, jobs=1)
    assert second == Tally(total=9, known=4, finished=5)
    assert ran(log) == Counter({(w, "relu", s): 1 for w in (1, 2, 3) for s in range(3)})


def test_another_version_computes_anew(
    store: Path, log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for version in ("1", "2", "2"):
        monkeypatch.setattr(hermiso, "__version__", version)
        run(logged("toy", log), store=store, jobs=1)
    assert ran(log) == Counter({(10, "relu", 0): 2})
    with pytest.warns(UserWarning, match="results of toy by other code: 1 cell, not used"):
        assert list(results(store)["version"].unique()) == ["2"]
    assert list(results(store, all_code=True)["version"].unique()) == ["1", "2"]


def test_results_are_one_table(store: Path) -> None:
    run(TOY, {"width": [1, 2], "shapes": [(1, 2), ()]}, [3], store=store, jobs=1)
    run(TOYS["fails"], {"bound": [0.5]}, store=store, jobs=1)
    table = results(store, "toy")
    names = ["experiment", "version", "code", "seed", "config.width"]
    assert list(table.columns[:5]) == names
    assert set(table["code"]) == {sources.digest(TOY.run)}
    assert list(table.columns[-3:]) == ["layer", "value", "name"]
    assert len(table) == 16
    assert set(table["config.shapes"]) == {(1, 2), ()}
    assert set(table["seed"]) == {3}
    assert set(table["config.bound"].isna()) == {True}
    second = table[(table["config.width"] == 2) & (table["layer"] == 0)]
    assert list(second["value"]) == [2.0, 2.0]
    assert len(results(store)) == 20
    assert results(store, "absent").empty


def seeds_of_its_own(config: Any) -> Any:
    return pd.DataFrame({"seed": [7], "config.width": [8]})


def test_columns_named_like_those_of_the_store_are_kept_apart(store: Path) -> None:
    run(replace(TOY, run=seeds_of_its_own), None, [1], store=store, jobs=1)
    table = results(store)
    assert [list(table[n]) for n in ("seed", "result.seed")] == [[1], [7]]
    assert [list(table[n]) for n in ("config.width", "result.config.width")] == [[10], [8]]


def test_cells_that_raise_are_kept_as_failed_and_tried_again(store: Path, log: Path) -> None:
    grid = {"activation": ["relu", "tanh", "gelu"]}
    for known in (0, 2):
        tally = run(logged("fails", log), grid, store=store, jobs=1)
        assert (tally.known, tally.finished, tally.left) == (known, 2 - known, 0)
        (failure,) = tally.failed
        assert "activation=tanh" in str(failure.cell)
        assert failure.error.endswith("RuntimeError: no tanh of width 10\n")
        assert "Traceback" in failure.error
    mended = replace(logged("toy", log), name="fails")
    assert run(mended, grid, store=store, jobs=1) == Tally(total=3, known=2, finished=1)
    assert ran(log) == Counter({(10, a, 0): 1 for a in grid["activation"]})
    assert [r.error for r in read(store)] == [None] * 3


def test_a_worker_that_dies_costs_its_own_cell_alone(store: Path, log: Path) -> None:
    grid = {"activation": ["relu", "tanh", "gelu"], "width": [1, 2]}
    tally = run(logged("killer", log), grid, store=store, jobs=2)
    assert (tally.finished, tally.left) == (4, 0)
    assert {json.loads(f.cell.config)["activation"] for f in tally.failed} == {"tanh"}
    assert all("the worker died" in f.error for f in tally.failed)


def test_a_full_store_stops_the_sweep(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run(TOY, store=store, jobs=1)

    def filled(self: Any, *_: Any) -> None:
        with self._writing() as db:
            db.execute("PRAGMA max_page_count = 1")
            db.execute("CREATE TABLE more AS SELECT randomblob(100000)")

    monkeypatch.setattr("hermiso.store.Store.finish", filled)
    with pytest.raises(HermisoError, match="full; finished cells are kept: make room"):
        run(TOY, {"width": [1, 2, 3]}, range(4), store=store, jobs=2)
    monkeypatch.undo()
    assert run(TOY, {"width": [1, 2, 10]}, store=store, jobs=1).known == 1


# The command line


def swept(
    capsys: pytest.CaptureFixture[str], *arguments: str, log: Path | str = "", status: int = 0
) -> str:
    """What the command says on stderr."""
    found = main(arguments, lambda name: logged(name, log))
    printed = capsys.readouterr()
    assert printed.out == ""
    assert found == status, printed.err
    return printed.err


def test_the_command_says_what_was_done(
    capsys: pytest.CaptureFixture[str], store: Path, log: Path
) -> None:
    grid = ["--set", "width=1,2", "--set", "activation=relu,tanh", "--seeds", "0-1", "--quick"]
    command = ["toy", *grid, "--store", str(store), "--jobs", "2"]
    said = swept(capsys, *command, log=log)
    assert re.fullmatch(rf"toy: 8 cells, 8 finished in [0-9.]+ s: {store}\n", said)
    said = swept(capsys, *command, log=log)
    assert "8 cells, 8 were finished before in" in said


def test_the_command_names_failed_cells(capsys: pytest.CaptureFixture[str], store: Path) -> None:
    command = ["fails", "--set", "activation=relu,tanh", "--store", str(store), "--jobs", "1"]
    said = swept(capsys, *command, status=1)
    assert "2 cells, 1 finished, 1 failed" in said
    assert re.search(r"activation=tanh .*: RuntimeError: no tanh of width 10\n", said)
    assert f"python -m hermiso results {store} --failed" in said
    assert report([str(store), "--failed"]) == 0
    assert "Traceback" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "says", "status"),
    [
        (["--set", "wdith=1"], "has no field 'wdith'", 2),
        (["--set", "width=a"], "it must be of type int", 2),
        (["--seeds", "x"], "the seeds are 'x'", 2),
        (["--jobs", "0"], "the number of jobs is 0", 2),
        (["--engine", "slurm"], "it must be processes, dask=tcp://HOST:PORT, ray", 2),
        (["--engine", "dask"], "the engine is 'dask'", 2),
        (["--engine", "dask=tcp://127.0.0.1:9"], "no Dask scheduler answers at tcp://127.0.0.1", 2),
        (["--store", "/"], "/ is a folder", 1),
    ],
)
def test_what_cannot_be_swept_is_named(
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    store: Path,
    arguments: list[str],
    says: str,
    status: int,
) -> None:
    monkeypatch.setattr(clusters, "CONNECT_SECONDS", 0.2)
    said = swept(capsys, "toy", "--store", str(store), *arguments, status=status)
    assert said.startswith("error: ")
    assert says in said
    assert "Traceback" not in said


@pytest.mark.parametrize(
    ("name", "absent", "extra"),
    [("ray", "ray", "ray"), ("dask=tcp://h:1", "distributed", "dask"), ("processes", "joblib", "")],
)
def test_an_engine_that_is_not_installed_says_how(
    monkeypatch: pytest.MonkeyPatch, store: Path, name: str, absent: str, extra: str
) -> None:
    monkeypatch.setitem(sys.modules, absent, None)
    wanted = rf'{absent} is not installed; .*pip install "hermiso\[{extra or "experiments"}\]"'
    with pytest.raises(MissingExtra, match=wanted):
        run(TOY, store=store, on=name)


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
def test_results_go_to_a_file(
    capsys: pytest.CaptureFixture[str], store: Path, tmp_path: Path, suffix: str
) -> None:
    run(TOY, {"shapes": [(1, 2), (3,)]}, range(2), store=store, jobs=1)
    path = tmp_path / f"table{suffix}"
    path.write_text("old")
    assert report([str(store), "--output", str(path)]) == 0
    assert capsys.readouterr().out == f"16 rows of 16 columns: {path}\n"
    table = pd.read_csv(path) if suffix == ".csv" else pd.read_parquet(path)
    held = results(store)
    assert list(table.columns) == list(held.columns)
    assert list(table["config.shapes"]) == [json.dumps(v) for v in held["config.shapes"]]
    np.testing.assert_array_equal(table["value"], held["value"])
    assert sorted(os.listdir(tmp_path)) == ["runs.sqlite", path.name]


def test_results_are_shown(capsys: pytest.CaptureFixture[str], store: Path) -> None:
    run(TOYS["fails"], {"activation": ["tanh"]}, store=store, jobs=1)
    assert report([str(store)]) == 0
    assert capsys.readouterr().out == "no cell is finished\n"
    run(TOY, None, range(10), store=store, jobs=1)
    assert report([str(store), "--experiment", "toy"]) == 0
    printed = capsys.readouterr().out
    assert "config.width" in printed
    assert printed.endswith("40 rows of 16 columns\n")
    assert report([str(store), "--failed", "--experiment", "toy"]) == 0
    assert capsys.readouterr().out == "no cell has failed\n"


def test_a_file_that_cannot_be_written_whole_stays_as_it_was(
    store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(TOY, store=store, jobs=1)
    table, path = results(store), tmp_path / "table.csv"
    path.write_text("old")

    def half(self: Any, file: Any, **_: Any) -> None:
        file.write(b"ha")
        raise OSError("no space left")

    monkeypatch.setattr(pd.DataFrame, "to_csv", half)
    with pytest.raises(SweepError, match=r"table\.csv cannot be written \(no space left\)"):
        export(table, path)
    assert path.read_text() == "old"
    assert sorted(os.listdir(tmp_path)) == ["runs.sqlite", "table.csv"]


@pytest.mark.parametrize(
    ("output", "says"),
    [("t.xls", "ends in '.xls'; it must end in .csv or .parquet"), ("absent/t.csv", "written")],
)
def test_outputs_that_cannot_be_are_named(
    capsys: pytest.CaptureFixture[str], store: Path, tmp_path: Path, output: str, says: str
) -> None:
    run(TOY, store=store, jobs=1)
    assert report([str(store), "--output", str(tmp_path / output)]) == 2
    assert says in capsys.readouterr().err
    csv = store.with_name("store.csv")
    csv.symlink_to(store)
    before = store.read_bytes()
    assert report([str(store), "--output", str(csv)]) == 2
    assert "is the store itself" in capsys.readouterr().err
    assert store.read_bytes() == before
    assert report([str(tmp_path / "absent")]) == 1


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_terminal_shows_how_far_and_how_long() -> None:
    terminal = Terminal()
    with progress("toy", terminal) as watch:
        watch(Tally(total=4, known=1))
        for finished in (1, 2):
            time.sleep(0.01)
            watch(Tally(total=4, known=1, finished=finished))
    last = terminal.getvalue()
    assert "3/4" in last
    assert re.search(r"left .*0:00:0[01]", last)


def test_nobody_is_shown_nothing() -> None:
    nobody = io.StringIO()
    with progress("toy", nobody) as watch:
        watch(Tally(total=1, finished=1))
    assert nobody.getvalue() == ""


# Killed, interrupted and shared

GRID = ["--set", "width=1,2", "--set", "activation=relu,tanh", "--seeds", "0-4", "--jobs", "2"]
ALL = {(w, a, s) for w in (1, 2) for a in ("relu", "tanh") for s in range(5)}


def sweeping(store: Path, log: Path, *arguments: str) -> subprocess.Popen[str]:
    """A sweep of 20 cells of 0.1 s in a session of its own."""
    command = [sys.executable, "-m", "tests.toy_experiments", str(log), "0.1", "toy", *GRID]
    return subprocess.Popen(
        [*command, "--store", str(store), *arguments],
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        cwd=Path(__file__).parents[2],
        # a suite that runs in the background may have been told to ignore it
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL) and None,
    )


def wait_for(store: Path, count: int) -> None:
    wait_until(lambda: store.exists() and len(kept(store)) >= count)


def wait_until(holds: Callable[[], bool]) -> None:
    end = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.02)


def workers(log: Path) -> set[int]:
    lines = log.read_text().splitlines() if log.exists() else []
    return {int(line.split()[3]) for line in lines}


@POSIX
def test_a_killed_sweep_goes_on_and_repeats_no_finished_cell(store: Path, log: Path) -> None:
    with sweeping(store, log) as process:
        wait_for(store, 4)
        process.kill()
    before = kept(store)
    assert 4 <= len(before) < len(ALL)
    with sweeping(store, log) as process:
        _, said = process.communicate(timeout=60)
    assert process.returncode == 0, said
    assert kept(store) == ALL
    times = ran(log)
    assert set(times) == ALL
    assert {cell for cell in before if times[cell] != 1} == set()
    # Only what the two workers had in hand may have been computed twice, once each.
    assert sum(times.values()) <= len(ALL) + 2 * 2
    assert len(results(store)) == 4 * len(ALL)


def runs(pid: int) -> bool:
    """Whether a process is there and no zombie."""
    try:
        os.kill(pid, 0)
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (ProcessLookupError, FileNotFoundError):
        return False


@pytest.mark.skipif(sys.platform != "linux", reason="processes are looked up in /proc")
def test_workers_end_with_a_killed_sweep(store: Path, log: Path) -> None:
    with sweeping(store, log) as process:
        wait_until(lambda: len(workers(log)) == 2)
        process.kill()
    wait_until(lambda: not any(map(runs, workers(log))))


@POSIX
def test_an_interrupted_sweep_says_what_is_left(store: Path, log: Path) -> None:
    with sweeping(store, log) as process:
        wait_until(lambda: len(workers(log)) == 2)  # both have begun
        os.killpg(process.pid, signal.SIGINT)  # as a terminal does: workers get it too
        _, said = process.communicate(timeout=60)
    assert process.returncode == 130
    found = re.fullmatch(
        r"interrupted: (\d+) of 20 cells are finished and kept in .*, (\d+) are left; .*\n", said
    )
    assert found, said
    assert int(found[1]) == len(kept(store)) < 20
    assert int(found[2]) == 20 - int(found[1])
    assert os.listdir(store.parent) in (["log", "runs.sqlite"], ["runs.sqlite", "log"])


def test_two_sweeps_share_a_file(store: Path, log: Path) -> None:
    with sweeping(store, log) as one, sweeping(store, log) as two:
        said = [process.communicate(timeout=60)[1] for process in (one, two)]
    assert [one.returncode, two.returncode] == [0, 0], said
    assert ran(log) == Counter(dict.fromkeys(ALL, 1))
    assert kept(store) == ALL
    finished = [int(n) for n in re.findall(r"(\d+) finished in", "".join(said))]
    assert sum(finished) == len(ALL), said


def test_a_sweep_waits_for_cells_of_another_and_takes_them_over(
    store: Path, log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from hermiso.store import Store

    monkeypatch.setattr(running, "POLL_SECONDS", 0.01)
    toy = logged("toy", log)
    taken, lapsing = cells(toy, {"width": [1, 2]})
    awaited = []
    with Store(store) as other:
        sweep = other.enrol()
        assert all(other.claim(p.cell, sweep) for p in (taken, lapsing))

        def watch(tally: Tally) -> None:
            awaited.append(tally.awaited)
            if awaited.count(2) == 3:
                other.finish(taken.cell, encoded(pd.DataFrame({"layer": [0]})), 0.0)
            if awaited.count(1) == 3:
                other.withdraw(sweep)

        tally = run(toy, {"width": [1, 2]}, store=store, jobs=1, watch=watch)
    assert tally == Tally(total=2, known=1, finished=1)
    assert ran(log) == Counter({(2, "relu", 0): 1})


# Clusters


def test_a_dask_cluster_of_two_processes(store: Path, log: Path, tmp_path: Path) -> None:
    from distributed import LocalCluster

    with LocalCluster(
        n_workers=2,
        threads_per_worker=1,
        processes=True,
        dashboard_address=None,
        local_directory=str(tmp_path / "dask"),
    ) as cluster:
        on = f"dask={cluster.scheduler_address}"
        grid = {"width": [1, 2], "activation": ["relu", "tanh"]}
        toy = logged("toy", log, pause=0.05)
        first = run(toy, grid, range(2), store=store, on=on)
        second = run(toy, grid, range(3), store=store, on=on, jobs=2)
        failing = run(logged("fails", log), grid, store=store, on=on)
    assert first == Tally(total=8, finished=8)
    assert second == Tally(total=12, known=8, finished=4)
    assert (failing.finished, len(failing.failed)) == (2, 2)
    assert len(workers(log)) == 2
    assert os.getpid() not in workers(log)
    assert len(results(store, "toy")) == 4 * 12


def test_an_engine_is_entered_alone() -> None:
    with engine("processes", 1) as compute:
        tasks = [Task(str(n), TOY.run, replace(TOY.config, width=n)) for n in (1, 2)]
        assert [done.key for done in compute(iter(tasks))] == ["1", "2"]


def test_a_config_that_cannot_run_is_refused_before_any_cell_is() -> None:
    figure = experiments.get("figure-4")
    with pytest.raises(SweepError, match=r"cannot be run with width=5 .*: 10 samples in width 5"):
        cells(figure, {"width": [100, 5]})


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("activation=reul,tanh", "cannot be run with activations=.*: activation reul: .*reul"),
        ("activation=max(x", r"activation max\(x: "),
        ('activation=["import os"]', "activation import os: "),
    ],
)
def test_activations_are_read_before_any_cell_is(text: str, says: str) -> None:
    figure = experiments.get("figure-4")
    with pytest.raises(SweepError, match=says):
        cells(figure, choices(figure, [text]))


def test_the_example_of_the_help_runs(capsys: pytest.CaptureFixture[str], store: Path) -> None:
    with pytest.raises(SystemExit):
        main(["--help"])
    given = re.search(r"--set '(activation=\[.*\])'", capsys.readouterr().out)
    assert given
    figure = experiments.get("figure-4")
    grid = choices(figure, [given[1], "width=20", "depth=2", "runs=1", "samples=3"])
    assert run(figure, grid, store=store, jobs=1) == Tally(total=2, finished=2)
    assert set(results(store)["activation"]) == {"max(x, 0)", "tanh"}
