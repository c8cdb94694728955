"""The file of finished cells: durable, shared, and never in place of what is no store."""

import json
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from hermiso.errors import StoreError
from hermiso.store import LEASE_SECONDS, MAX_TEXT, Cell, Record, Store, file, read, reading
from hermiso.store.cell import COLUMNS

CELL = Cell("figure-3", '{"width": 100, "gain": 1.0}', 0, "0.1.0")
OTHER = replace(CELL, seed=1)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    (tmp_path / "folder").mkdir()
    return tmp_path / "folder" / "runs.sqlite"


def finished(path: Path) -> dict[Cell, str]:
    return {r.cell: r.result for r in read(path) if r.result is not None}


# What is kept


def test_what_is_finished_is_read(path: Path) -> None:
    with Store(path) as store:
        sweep = store.enrol()
        assert store.claim(CELL, sweep)
        assert not store.is_finished(CELL)
        assert read(path) == ()
        store.finish(CELL, "{}", 1.5)
        assert store.is_finished(CELL)
        assert not store.claim(CELL, sweep)
    (record,) = read(path)
    assert (record.cell, record.result, record.error, record.seconds) == (CELL, "{}", None, 1.5)
    assert read(path, "figure-3") == (record,)
    assert read(path, "figure-4") == ()
    assert os.listdir(path.parent) == ["runs.sqlite"]


def test_a_failed_cell_is_open_and_its_result_replaces_the_traceback(path: Path) -> None:
    with Store(path) as store:
        sweep = store.enrol()
        store.claim(CELL, sweep)
        store.fail(CELL, "Traceback", 1.0)
        assert [(r.result, r.error) for r in read(path)] == [(None, "Traceback")]
        assert store.claim(CELL, sweep)
        store.finish(CELL, "{}", 2.0)
    assert [(r.result, r.error) for r in read(path)] == [("{}", None)]


def test_the_first_result_stands(path: Path) -> None:
    with Store(path) as store:
        store.finish(CELL, "first", 1.0)
        store.finish(CELL, "second", 1.0)
        store.fail(CELL, "third", 1.0)
    assert finished(path) == {CELL: "first"}


def test_the_log_is_ahead_and_on_disk_before_the_call_returns(path: Path) -> None:
    with Store(path) as store:
        assert store._db.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        assert store._db.execute("PRAGMA synchronous").fetchone() == (2,)  # FULL


@pytest.mark.parametrize(
    ("changes", "same"),
    [
        ({"config": '{"gain": 1, "width": 100.0}'}, True),
        ({"config": '{"width": 100, "gain": 1.5}'}, False),
        ({"config": '{"width": "100", "gain": 1.0}'}, False),
        ({"config": '{"width": 100}'}, False),
        ({"experiment": "figure-4"}, False),
        ({"seed": 1}, False),
        ({"version": "0.2.0"}, False),
    ],
)
def test_a_key_follows_all_that_decides_the_result(changes: dict[str, str], same: bool) -> None:
    other = replace(CELL, **changes)  # type: ignore[arg-type]
    assert (other.key == CELL.key) is same


# Claims


def test_a_claim_closes_a_cell_to_others_until_it_is_withdrawn(path: Path) -> None:
    with Store(path) as one, Store(path) as two:
        first, second = one.enrol(), two.enrol()
        assert one.claim(CELL, first)
        assert one.claim(CELL, first)
        assert not two.claim(CELL, second)
        assert two.claim(OTHER, second)
        one.withdraw(first)
        assert two.claim(CELL, second)
        two.withdraw(second)
    assert read(path) == ()


def test_a_withdrawn_claim_leaves_an_earlier_failure(path: Path) -> None:
    with Store(path) as store:
        sweep = store.enrol()
        store.fail(CELL, "Traceback", 1.0)
        assert store.claim(CELL, sweep)
        assert read(path) == ()
        store.withdraw(sweep)
    assert [r.error for r in read(path)] == ["Traceback"]


def test_a_silent_sweep_loses_its_claims_and_no_result(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Store(path) as store:
        silent, loud = store.enrol(), store.enrol()
        assert store.claim(CELL, silent)
        now = time.time()
        monkeypatch.setattr(time, "time", lambda: now + LEASE_SECONDS - 1)
        assert not store.claim(CELL, loud)
        store.beat(silent)
        monkeypatch.setattr(time, "time", lambda: now + LEASE_SECONDS + 1)
        assert not store.claim(CELL, loud)
        monkeypatch.setattr(time, "time", lambda: now + 2 * LEASE_SECONDS + 1)
        assert store.claim(CELL, loud)
        store.withdraw(loud)
        store.finish(CELL, "late", 1.0)
    assert finished(path) == {CELL: "late"}


CLAIMS = """
import os, signal, sys
from hermiso.store import Cell, Store
store = Store(sys.argv[1])
store.claim(Cell(*eval(sys.argv[2])), store.enrol())
os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.skipif(os.name != "posix", reason="the end of a process is seen by its lease alone")
def test_a_dead_sweep_loses_its_claims_at_once(path: Path) -> None:
    fields = repr((CELL.experiment, CELL.config, CELL.seed, CELL.version))
    dead = subprocess.run([sys.executable, "-c", CLAIMS, str(path), fields], timeout=60)
    assert dead.returncode == -signal.SIGKILL
    with Store(path) as store:
        assert store.claim(CELL, store.enrol())


def test_many_may_make_the_file_at_once(path: Path) -> None:
    def enter(seed: int) -> None:
        with Store(path) as store:
            cell = replace(CELL, seed=seed)
            assert store.claim(cell, store.enrol())
            store.finish(cell, str(seed), 0.0)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(enter, range(16)))
    assert sorted(finished(path).values(), key=int) == [str(seed) for seed in range(16)]
    assert os.listdir(path.parent) == ["runs.sqlite"]


# Kill and full disk

WRITES = """
import resource, sys
from hermiso.errors import StoreError
from hermiso.store import Cell, Store
with Store(sys.argv[1]) as store:
    limit = int(sys.argv[2])
    if limit:
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
    for seed in range(10**6):
        try:
            store.finish(Cell("e", "{}", seed, "0"), "x" * 20_000, 0.0)
        except StoreError as error:
            print(error, flush=True)
            sys.exit(3)
        print(seed, flush=True)
"""


def writer(path: Path, limit: int) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", WRITES, str(path), str(limit)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def test_what_is_finished_survives_a_kill(path: Path) -> None:
    with writer(path, 0) as process:
        assert process.stdout is not None
        said = [process.stdout.readline() for _ in range(20)]
        process.kill()
        said += process.stdout.readlines()
    seeds = {cell.seed for cell in finished(path)}
    assert seeds >= {int(line) for line in said}
    assert seeds == set(range(len(seeds)))
    with Store(path) as store:
        store.finish(replace(CELL, seed=10**7), "{}", 0.0)


@pytest.mark.skipif(sys.platform == "win32", reason="a disk is filled by a limit of POSIX")
def test_a_full_disk_costs_the_last_cell_alone(path: Path) -> None:
    with writer(path, 500_000) as process:
        assert process.stdout is not None
        *said, complaint = process.stdout.readlines()
        assert process.wait(60) == 3
    assert "finished cells are kept" in complaint
    assert len(said) > 5
    assert {cell.seed for cell in finished(path)} == set(range(len(said)))


def test_a_lock_is_waited_for_and_then_named(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(file, "PATIENCE_SECONDS", 0.05)
    with Store(path) as store, closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreError, match=r"database is locked by another process"):
            store.finish(CELL, "{}", 0.0)
        other.execute("ROLLBACK")
        store.finish(CELL, "{}", 0.0)
    assert finished(path) == {CELL: "{}"}


# What is no store


def foreign(path: Path, *statements: str) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        for statement in ("CREATE TABLE notes (text)", *statements):
            db.execute(statement)


def filled(path: Path) -> None:
    with Store(path) as store:
        for seed in range(20):
            store.finish(replace(CELL, seed=seed), "x" * 5000, 0.0)


def newer(path: Path) -> None:
    filled(path)
    with closing(sqlite3.connect(path)) as db:
        db.execute("PRAGMA user_version = 3")


def cut(path: Path) -> None:
    filled(path)
    path.write_bytes(path.read_bytes()[:20_000])


def overwritten(path: Path) -> None:
    filled(path)
    data = bytearray(path.read_bytes())
    data[8192:16384] = bytes(range(256)) * 32
    path.write_bytes(data)


REFUSED = {
    "empty": (lambda path: path.write_bytes(b""), "has 0 bytes, no store; remove it"),
    "text": (lambda path: path.write_text("width,gap\n" * 100), "file is not a database"),
    "short": (lambda path: path.write_bytes(b"\x00"), "has 1 bytes, no store"),
    "binary": (lambda path: path.write_bytes(bytes(range(256)) * 40), "file is not a database"),
    "foreign": (foreign, r"database of another application \(id 0x0, a store has 0x68726d73\)"),
    "numbered": (lambda path: foreign(path, "PRAGMA application_id = 7"), r"\(id 0x7,"),
    "logged": (lambda path: foreign(path, "PRAGMA journal_mode = WAL"), "another application"),
    "newer": (newer, "has format 3, this release of hermiso reads formats 1 to 2; use the release"),
    "cut": (cut, "is damaged|malformed"),
    "overwritten": (overwritten, "is damaged|malformed"),
    "folder": (lambda path: path.mkdir(), "is a folder; a store is one file"),
}


@pytest.mark.parametrize("case", REFUSED)
@pytest.mark.parametrize("opened", [Store, read], ids=["Store", "read"])
def test_what_is_no_store_is_refused_and_left_alone(path: Path, case: str, opened: type) -> None:
    make, says = REFUSED[case]
    make(path)  # type: ignore[operator]
    before = path.is_file() and path.read_bytes()
    with pytest.raises(StoreError, match=says) as caught:
        opened(path)
    assert str(path) in str(caught.value)
    assert any(word in str(caught.value) for word in ("choose", "use the release"))
    assert (path.is_file() and path.read_bytes()) == before
    assert os.listdir(path.parent) == ["runs.sqlite"]


def damaged(data: bytearray) -> None:
    data[24576:32768] = b"\x07" * 8192


def shortened(data: bytearray) -> None:
    del data[20_000:]


def renumbered(data: bytearray) -> None:
    data[68:72] = b"\x00\x00\x00\x07"  # another application's id


@pytest.mark.parametrize("spoil", [damaged, shortened, renumbered])
def test_a_log_beside_what_is_refused_is_left_alone_too(
    path: Path, spoil: Callable[[bytearray], None]
) -> None:
    filled(path)
    copy, log = (path.with_name(f"copy.sqlite{end}") for end in ("", "-wal"))
    with Store(path) as store:
        store.finish(replace(CELL, seed=99), "{}", 0.0)  # stands in the log alone
        data = bytearray(path.read_bytes())
        log.write_bytes(path.with_name("runs.sqlite-wal").read_bytes())
    spoil(data)
    copy.write_bytes(data)
    before = log.read_bytes()
    for opened in (Store, read):
        with pytest.raises(StoreError, match=r"copy\.sqlite"):
            opened(copy)
        assert copy.read_bytes() == data
        assert log.read_bytes() == before


@pytest.mark.parametrize("place", ["absent/runs.sqlite", "file/runs.sqlite"])
def test_a_place_that_cannot_be_written_is_named(tmp_path: Path, place: str) -> None:
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(StoreError, match=r"cannot be made \(.*its folder must exist"):
        Store(tmp_path / place)
    with pytest.raises(StoreError, match="does not exist; a sweep makes it"):
        read(tmp_path / place)
    assert os.listdir(tmp_path) == ["file"]


def test_a_write_protected_file_is_read_and_not_swept(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    filled(path)
    monkeypatch.setattr(os, "access", lambda *_: False)
    assert len(read(path)) == 20
    with pytest.raises(StoreError, match="is write-protected"):
        Store(path)
    assert os.listdir(path.parent) == ["runs.sqlite"]


def test_a_link_leads_to_its_file(path: Path) -> None:
    filled(path)
    link = path.with_name("link.sqlite")
    link.symlink_to(path)
    with Store(link) as store:
        store.finish(replace(CELL, seed=99), "{}", 0.0)
    assert len(finished(path)) == 21


def test_names_with_signs_of_addresses_are_names(tmp_path: Path) -> None:
    path = tmp_path / "a b?mode=ro#100%.sqlite"
    filled(path)
    assert len(read(path)) == 20


# Damage, one bit at a time, and files that were made to harm


def small(path: Path) -> tuple[Record, ...]:
    """Eight finished and two failed cells in 10 pages."""
    with Store(path) as store:
        for seed in range(10):
            cell = replace(CELL, seed=seed, code="0123456789abcdef")
            if seed % 5 == 4:
                store.fail(cell, "Traceback\nRuntimeError: no", 0.5)
            else:
                store.finish(cell, json.dumps({"values": [seed / 7] * (1 + 70 * seed)}), 1.5)
    return read(path)


def test_one_flipped_bit_never_gives_another_table(path: Path) -> None:
    whole = small(path)
    data, rng, outcomes = path.read_bytes(), np.random.default_rng(11), Counter[str]()
    for place in rng.integers(0, 8 * len(data), 60):
        spoilt = bytearray(data)
        spoilt[place // 8] ^= 1 << int(place % 8)
        path.write_bytes(spoilt)
        said: list[str] = []
        try:
            found = read(path, warn=said.append)
        except StoreError:
            outcomes["refused"] += 1
            continue
        assert set(found) <= set(whole), place
        assert len(found) + len(said) == len(whole), place
        outcomes["named" if said else "the same"] += 1
    assert outcomes["named"] > 10, outcomes
    assert outcomes["the same"] > 10, outcomes


def edited(path: Path, *statements: str) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        for statement in statements:
            db.execute(statement)


def test_a_damaged_row_is_named_and_computed_anew(path: Path) -> None:
    whole = small(path)
    edited(path, "UPDATE cells SET result = replace(result, '0.1', '0.2') WHERE seed = 1")
    with pytest.warns(UserWarning, match=r"row 2 is damaged: its checksum .* computes it anew"):
        assert read(path) == (whole[0], *whole[2:])
    with Store(path) as store:
        sweep, cell = store.enrol(), whole[1].cell
        assert not store.is_finished(cell)
        assert store.claim(cell, sweep)
        store.finish(cell, whole[1].result or "", 1.5)
        store.withdraw(sweep)
    assert {(r.cell, r.result) for r in read(path)} == {(r.cell, r.result) for r in whole}


def test_of_many_damaged_rows_ten_are_named(path: Path) -> None:
    filled(path)
    edited(path, "UPDATE cells SET version = '0.1.1'")
    said: list[str] = []
    assert read(path, warn=said.append) == ()
    assert [len(said), said[-1]] == [11, f"{path}: 10 more rows are damaged and left out"]


SPOILT = {
    "a blob": "result = x'00'",
    "no text": "error = CAST(x'ff' AS TEXT)",
    "a number for text": "experiment = 7",
    "text for a number": "seed = 'seven'",
    "infinite": "seconds = 9e999",
    "no such state": "state = 'done'",
    "a deep config": f"config = '{{\"a\": {'[' * 100_000}{']' * 100_000}}}'",
    "a nested config": 'config = \'{"a": {"b": 1}}\'',
    "a huge number": f"config = '{{\"a\": {'1' * 10_000}}}'",
    "a list": "config = '[]'",
    "a lone surrogate": 'config = \'{"a": "\\ud800"}\'',
    "a bomb": "result = zeroblob(30001)",
    "a bomb beyond all limits": "result = zeroblob(60001)",
    "a long name": f"experiment = CAST(zeroblob({MAX_TEXT + 1}) AS TEXT)",
}


@pytest.mark.parametrize("change", SPOILT.values(), ids=SPOILT)
def test_a_hostile_row_is_named_and_the_rest_is_read(
    path: Path, monkeypatch: pytest.MonkeyPatch, change: str
) -> None:
    whole = small(path)
    if "result = zeroblob" in change:
        for module in (file, reading):
            monkeypatch.setattr(module, "MAX_RESULT", 30_000)  # small bombs, quickly written
    edited(path, f"UPDATE cells SET {change} WHERE seed = 3")
    said: list[str] = []
    assert read(path, warn=said.append) == (*whole[:3], *whole[4:])
    (told,) = said
    assert "row 4 is damaged: " in told
    assert "\n" not in told
    assert len(told) < 400


HOSTILE = {
    "view": ("DROP TABLE cells", "CREATE VIEW cells AS SELECT zeroblob(4000000000) AS key"),
    "trigger": ("CREATE TRIGGER t AFTER INSERT ON cells BEGIN DELETE FROM cells; END",),
    "table": ("CREATE TABLE more (a)",),
    "absent": ("DROP TABLE sweeps",),
    "column": ("ALTER TABLE cells ADD COLUMN more",),
    "computed": (
        "DROP TABLE cells",
        f"CREATE TABLE cells (key PRIMARY KEY, {', '.join(COLUMNS[1:-1])},"
        " checksum AS (zeroblob(4000000000)))",
    ),
}


@pytest.mark.parametrize("case", HOSTILE)
@pytest.mark.parametrize("opened", [Store, read], ids=["Store", "read"])
def test_other_tables_are_refused(path: Path, case: str, opened: type) -> None:
    small(path)
    edited(path, *HOSTILE[case])
    with pytest.raises(StoreError, match="does not hold the tables of a store") as caught:
        opened(path)
    assert "\n" not in str(caught.value)


def test_a_sweep_that_claims_to_be_every_process_is_dead(path: Path) -> None:
    with Store(path) as store:
        sweep = store.enrol()
        assert store.claim(CELL, sweep)
        for pid in ("-1", "'1'", "1e300", "99999999999999999", "x'00'"):
            edited(path, f"UPDATE sweeps SET pid = {pid}")
            assert store.claim(CELL, store.enrol()), pid


@pytest.mark.parametrize("place", ["find", "rfind"])  # its index, or the table
def test_a_row_whose_key_is_lost_is_read_past_and_not_swept_over(path: Path, place: str) -> None:
    whole, data = small(path), bytearray(path.read_bytes())
    key = replace(CELL, seed=0, code="0123456789abcdef").key.encode()
    assert data.count(key) == 2
    data[getattr(data, place)(key)] ^= 1
    path.write_bytes(data)
    said: list[str] = []
    assert read(path, warn=said.append) == whole[len(said) :]
    with pytest.raises(StoreError, match=r"is damaged .*; results can still be read from it"):
        Store(path)


# Files of the first format

FIRST = """
CREATE TABLE sweeps (id TEXT PRIMARY KEY, host TEXT NOT NULL, pid INTEGER NOT NULL,
                     beat REAL NOT NULL);
CREATE TABLE cells (
  key TEXT PRIMARY KEY,
  experiment TEXT NOT NULL, config TEXT NOT NULL, seed INTEGER NOT NULL, version TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('running', 'failed', 'finished')),
  sweep TEXT, error TEXT, result TEXT, seconds REAL, written REAL NOT NULL,
  CHECK ((state = 'finished') = (result IS NOT NULL)));
PRAGMA application_id = 1752329587;
PRAGMA user_version = 1;
PRAGMA journal_mode = WAL;
"""
# Of a figure-3 of width 100, gain 1.0, seed 0 of version 0.1.0, as that release wrote it.
FIRST_KEY = "3fb1f49c46cf4ed9f9c47a17749abb430cc9a0c4333430a937ee217e1e025839"


def first_format(path: Path) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        db.executescript(FIRST)
        row = "INSERT INTO cells VALUES (?, ?, ?, ?, ?, ?, NULL, ?, ?, 1, 1e9)"
        fields = (CELL.experiment, CELL.config, CELL.seed, CELL.version)
        db.execute(row, (FIRST_KEY, *fields, "finished", None, "{}"))
        db.execute(row, (OTHER.key, *fields[:2], 1, fields[3], "failed", "Traceback", None))
        db.execute(row, ("0" * 64, *fields[:2], 2, fields[3], "finished", None, "{}"))


def test_results_of_the_first_format_are_read_and_kept(path: Path) -> None:
    first_format(path)
    bytes_before, said = path.read_bytes(), list[str]()
    before = read(path, warn=said.append)
    assert [(r.cell, r.result, r.error) for r in before] == [
        (CELL, "{}", None),
        (OTHER, None, "Traceback"),
    ]
    assert CELL.code == ""
    assert "row 3 is damaged: its key is that of another cell" in said[0]
    assert path.read_bytes() == bytes_before
    with Store(path) as store:
        assert store.is_finished(CELL)
        new = replace(CELL, code="0123456789abcdef")
        assert not store.is_finished(new)
        assert store.count_of_other_code(new) == 2
    assert read(path, warn=said.append) == before
    assert said[1] == said[0]
    edited(path, "UPDATE cells SET result = '[]' WHERE seed = 0")
    assert read(path, warn=said.append) == before[1:]


def test_a_file_is_not_changed_under_a_sweep_of_the_older_release(path: Path) -> None:
    first_format(path)
    life = (socket.gethostname(), os.getpid(), time.time())
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        db.execute("INSERT INTO sweeps VALUES ('a', ?, ?, ?)", life)
    with pytest.raises(StoreError, match="a sweep of an older release is running"):
        Store(path)
    assert len(read(path, warn=lambda message: None)) == 2
