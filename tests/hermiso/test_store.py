"""The file of finished cells: durable, shared, and never in place of what is no store."""

import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from hermiso import store as stores
from hermiso.errors import StoreError
from hermiso.store import Cell, Store, read

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
        monkeypatch.setattr(time, "time", lambda: now + stores.LEASE_SECONDS - 1)
        assert not store.claim(CELL, loud)
        store.beat(silent)
        monkeypatch.setattr(time, "time", lambda: now + stores.LEASE_SECONDS + 1)
        assert not store.claim(CELL, loud)
        monkeypatch.setattr(time, "time", lambda: now + 2 * stores.LEASE_SECONDS + 1)
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
    monkeypatch.setattr(stores, "PATIENCE_SECONDS", 0.05)
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
        db.execute("PRAGMA user_version = 2")


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
    "newer": (newer, "has format 2, this release of hermiso reads format 1; use the release"),
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
