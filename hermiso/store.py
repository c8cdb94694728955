"""Finished cells of sweeps in one SQLite file that several sweeps may share.

The file is in WAL mode with `synchronous=FULL`: what `finish` has returned from survives a kill
and a power cut. A cell that is being computed is claimed by its sweep, and the claim lapses when
the sweep is dead or silent. A file that is no sound store is refused and left as it is.
"""

from __future__ import annotations

import hashlib
import json
import os
import socket
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import astuple, dataclass
from functools import cached_property
from pathlib import Path
from threading import Lock
from types import TracebackType
from typing import Any
from uuid import uuid4

from hermiso.errors import StoreError

APPLICATION_ID = 0x68726D73  # "hrms", bytes 68 to 71 of the file
FORMAT = 1
LEASE_SECONDS = 30.0  # a claim lapses when its sweep has been silent for so long
PATIENCE_SECONDS = 60.0  # how long a lock of another process is waited for

_SCHEMA = f"""
CREATE TABLE sweeps (id TEXT PRIMARY KEY, host TEXT NOT NULL, pid INTEGER NOT NULL,
                     beat REAL NOT NULL);
CREATE TABLE cells (
  key TEXT PRIMARY KEY,
  experiment TEXT NOT NULL, config TEXT NOT NULL, seed INTEGER NOT NULL, version TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('running', 'failed', 'finished')),
  sweep TEXT, error TEXT, result TEXT, seconds REAL, written REAL NOT NULL,
  CHECK ((state = 'finished') = (result IS NOT NULL)));
PRAGMA application_id = {APPLICATION_ID};
PRAGMA user_version = {FORMAT};
"""
_CLAIM = """
INSERT INTO cells (key, experiment, config, seed, version, state, sweep, written)
VALUES (?, ?, ?, ?, ?, 'running', ?, ?)
ON CONFLICT (key) DO UPDATE SET state = 'running', sweep = excluded.sweep
"""
# The first result stands: a sweep that was thought dead may finish a cell a second time.
_WRITE = """
INSERT INTO cells (key, experiment, config, seed, version, state, result, error, seconds, written)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (key) DO UPDATE SET
  state = excluded.state, sweep = NULL, result = excluded.result, error = excluded.error,
  seconds = excluded.seconds, written = excluded.written
WHERE cells.state != 'finished'
"""


@dataclass(frozen=True)
class Cell:
    """One computation of a sweep, named by all that decides its result.

    Attributes:
        experiment: its name.
        config: the fields of its config but the seed, as a JSON object.
        seed: the seed.
        version: of the package.
    """

    experiment: str
    config: str
    seed: int
    version: str

    @cached_property
    def key(self) -> str:
        """SHA-256 of the four; fields in any order and 1 beside 1.0 give the same one."""
        config = _canonical(json.loads(self.config))
        parts = [self.experiment, config, self.seed, self.version]
        return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()

    def __str__(self) -> str:
        fields = {**json.loads(self.config), "seed": self.seed}
        return f"{self.experiment} {' '.join(f'{k}={v}' for k, v in fields.items())}"


@dataclass(frozen=True)
class Record:
    """A cell with what came of it: a result, or the traceback of a failure."""

    cell: Cell
    result: str | None
    error: str | None
    seconds: float


class Store:
    """An open store; a context manager, usable from several threads.

    Args:
        path: the file, made if there is none.

    Raises:
        StoreError: if the file is no sound store of this format or its place cannot be written.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(os.path.realpath(path))
        if not self.path.exists():
            _create(self.path)
        _check(self.path)
        if not os.access(self.path, os.W_OK):
            raise StoreError(f"{self.path} is write-protected; change that or choose another path")
        self._lock = Lock()
        with _translated(self.path):
            self._db = _connect(self.path, "mode=rw")
            self._db.execute("PRAGMA synchronous = FULL")

    def __enter__(self) -> Store:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the file; the last one to do so leaves it without side files."""
        with self._lock:
            self._db.close()

    def enrol(self) -> str:
        """Enter a new sweep of this process and return its id; `beat` keeps its claims alive."""
        sweep = uuid4().hex
        with self._writing() as db:
            entry = (sweep, socket.gethostname(), os.getpid(), time.time())
            db.execute("INSERT INTO sweeps VALUES (?, ?, ?, ?)", entry)
        return sweep

    def beat(self, sweep: str) -> None:
        """Say that a sweep is alive."""
        with self._writing() as db:
            db.execute("UPDATE sweeps SET beat = ? WHERE id = ?", (time.time(), sweep))

    def withdraw(self, sweep: str) -> None:
        """End a sweep: what it has claimed and not finished is free again."""
        with self._writing() as db:
            mine = "state = 'running' AND sweep = ?"
            db.execute(f"DELETE FROM cells WHERE {mine} AND error IS NULL", (sweep,))
            db.execute(f"UPDATE cells SET state = 'failed', sweep = NULL WHERE {mine}", (sweep,))
            db.execute("DELETE FROM sweeps WHERE id = ?", (sweep,))

    def claim(self, cell: Cell, sweep: str) -> bool:
        """Take a cell for a sweep; False if it is finished or with another sweep that lives."""
        with self._writing() as db:
            query = "SELECT state, sweep, host, pid, beat FROM cells LEFT JOIN sweeps ON sweep = id"
            found = db.execute(f"{query} WHERE key = ?", (cell.key,)).fetchone()
            state, owner, *life = found or ("open", None)
            if state == "finished" or (state == "running" and owner != sweep and _alive(*life)):
                return False
            db.execute(_CLAIM, (cell.key, *astuple(cell), sweep, time.time()))
        return True

    def is_finished(self, cell: Cell) -> bool:
        """Whether the cell has a result."""
        with self._lock, _translated(self.path):
            query = "SELECT 1 FROM cells WHERE key = ? AND state = 'finished'"
            return self._db.execute(query, (cell.key,)).fetchone() is not None

    def finish(self, cell: Cell, result: str, seconds: float) -> None:
        """Keep the result of a cell, on disk when this returns."""
        self._write(cell, "finished", result, None, seconds)

    def fail(self, cell: Cell, error: str, seconds: float) -> None:
        """Keep the traceback of a cell, which stays open for the next sweep."""
        self._write(cell, "failed", None, error, seconds)

    def _write(self, cell: Cell, state: str, *outcome: str | float | None) -> None:
        with self._writing() as db:
            db.execute(_WRITE, (cell.key, *astuple(cell), state, *outcome, time.time()))

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        """One transaction, whole or not at all."""
        with self._lock, _translated(self.path):
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield self._db
                self._db.execute("COMMIT")
            finally:
                if self._db.in_transaction:  # SQLite may have rolled back on its own
                    with suppress(sqlite3.Error):
                        self._db.execute("ROLLBACK")


def read(path: str | Path, experiment: str | None = None) -> tuple[Record, ...]:
    """Return the finished and the failed cells of a store in the order of their first claim.

    Args:
        path: the file; it may be on a read-only disk.
        experiment: a name; by default all.

    Raises:
        StoreError: if there is no such file or it is no sound store of this format.
    """
    path = Path(os.path.realpath(path))
    if not path.exists():
        raise StoreError(f"{path} does not exist; a sweep makes it")
    _check(path)
    query = (
        "SELECT experiment, config, seed, version, result, error, seconds FROM cells"
        " WHERE state != 'running' AND ? IN ('', experiment) ORDER BY rowid"
    )
    with _translated(path), closing(_reader(path)) as db:
        rows = db.execute(query, (experiment or "",)).fetchall()
    return tuple(Record(Cell(*row[:4]), *row[4:]) for row in rows)


def _canonical(value: Any) -> Any:
    """Equal values get equal text: the float 1.0 becomes the integer 1."""
    match value:
        case dict():
            return {key: _canonical(entry) for key, entry in value.items()}
        case list():
            return [_canonical(entry) for entry in value]
        case float() if value.is_integer():
            return int(value)
    return value


def _alive(host: str | None, pid: int | None, beat: float | None) -> bool:
    """Whether a sweep has given a sign of life; one of this machine must also have a process."""
    if host is None or pid is None or beat is None:
        return False
    # A beat of the future comes from a clock that was set back.
    if abs(time.time() - beat) > LEASE_SECONDS:
        return False
    if host != socket.gethostname() or os.name != "posix":
        return True
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:  # a process of another user
        return True
    return True


# --- the file -------------------------------------------------------------------------------


def _connect(path: Path, query: str) -> sqlite3.Connection:
    # Transactions are begun by hand, and a lock of the store keeps its threads apart.
    return sqlite3.connect(
        f"{path.as_uri()}?{query}",
        uri=True,
        timeout=PATIENCE_SECONDS,
        isolation_level=None,
        check_same_thread=False,
    )


def _create(path: Path) -> None:
    """Make an empty store: it appears under its name complete, and never over another file."""
    unfinished = path.with_name(f".{path.name}.{uuid4().hex[:8]}.unfinished")
    try:
        with closing(sqlite3.connect(unfinished, isolation_level=None)) as db:
            db.executescript(f"BEGIN;{_SCHEMA}COMMIT;")
            # Only now: `_check` relies on the id standing in the file itself, not in a log.
            db.execute("PRAGMA journal_mode = WAL")
        with suppress(FileExistsError):  # another sweep was faster
            os.link(unfinished, path)
        _settle(path.parent)
    except (OSError, sqlite3.Error) as error:
        raise StoreError(
            f"{path} cannot be made ({error}); its folder must exist and be writable"
        ) from None
    finally:
        with suppress(OSError):
            unfinished.unlink()


def _check(path: Path) -> None:
    """Refuse what is no sound store without changing a byte of it."""
    if not path.is_file():
        kind = "a folder" if path.is_dir() else "no regular file"
        raise StoreError(f"{path} is {kind}; a store is one file: choose another path")
    advice = "it is left as it is: choose another path"
    size = path.stat().st_size
    if size < 512:  # SQLite takes it for a database without tables
        raise StoreError(f"{path} has {size} bytes, no store; remove it or choose another path")
    # Opened as immutable, even a foreign database keeps its bytes and gets no side files.
    with _translated(path), closing(_connect(path, "mode=ro&immutable=1")) as db:
        # A checkpoint of another sweep may have written the size before the pages.
        db.execute("PRAGMA writable_schema = ON")
        [application], [version] = (
            db.execute(f"PRAGMA {name}").fetchone() for name in ("application_id", "user_version")
        )
    if application != APPLICATION_ID:
        raise StoreError(
            f"{path} is an SQLite database of another application (id {application:#x}, a store"
            f" has {APPLICATION_ID:#x}); {advice}"
        )
    if version != FORMAT:
        raise StoreError(
            f"{path} has format {version}, this release of hermiso reads format {FORMAT}; use the"
            " release that wrote it, or choose another path"
        )
    fault = _fault(path)
    if fault:
        raise StoreError(f"{path} is damaged ({' '.join(fault.split())}); {advice}")


def _fault(path: Path) -> str:
    """Return what the database finds wrong with its pages, "" if nothing."""
    before = _stamp(path)
    # Without a log the file is all there is, and an immutable one gets no side files.
    query = "mode=ro" if _log(path).exists() else "mode=ro&immutable=1"
    with _translated(path), closing(_connect(path, query)) as db:
        try:
            [fault] = db.execute("PRAGMA quick_check(1)").fetchone()
        except sqlite3.DatabaseError as error:
            if error.sqlite_errorcode & 0xFF not in {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}:
                raise
            fault = str(error)
    if fault == "ok":
        return ""
    # Another sweep may have begun to write meanwhile: then the pages were no one state.
    return str(fault) if _stamp(path) == before else _fault(path)


def _stamp(path: Path) -> tuple[bool, int]:
    return _log(path).exists(), path.stat().st_mtime_ns


def _reader(path: Path) -> sqlite3.Connection:
    """Open for reading; the last one to close leaves no side files where it may remove them."""
    if os.access(path, os.W_OK) and os.access(path.parent, os.W_OK):
        return _connect(path, "mode=rw")
    return _connect(path, "mode=ro" if _log(path).exists() else "mode=ro&immutable=1")


def _log(path: Path) -> Path:
    return path.with_name(f"{path.name}-wal")


def _settle(folder: Path) -> None:
    """Have a new name on disk, where the system can say so."""
    with suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


@contextmanager
def _translated(path: Path) -> Iterator[None]:
    """Errors of SQLite as errors that say what to do."""
    try:
        yield
    except sqlite3.Error as error:
        said = getattr(error, "sqlite_errorname", "")
        advice = next((a for name, a in _ADVICE.items() if said.startswith(name)), "")
        raise StoreError(f"{path}: {error}{advice}") from None


_ADVICE = {
    "SQLITE_NOTADB": ", not a store; it is left as it is: choose another path",
    "SQLITE_CORRUPT": ": the file is damaged and left as it is; choose another path",
    "SQLITE_FULL": "; finished cells are kept: make room and start the sweep again",
    "SQLITE_IOERR": "; finished cells are kept: mend the disk and start the sweep again",
    "SQLITE_BUSY": f" by another process for {PATIENCE_SECONDS:.0f} s; end it or wait for it",
    "SQLITE_READONLY": "; change that or choose another path",
    "SQLITE_CANTOPEN": "; check the path and its permissions",
}
