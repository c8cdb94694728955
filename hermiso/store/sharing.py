"""An open store: claims, results and failures of the sweeps that share the file."""

from __future__ import annotations

import os
import socket
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import astuple
from pathlib import Path
from threading import Lock
from types import TracebackType
from uuid import uuid4

from hermiso.errors import StoreError
from hermiso.store.cell import COLUMNS, MAX_TEXT, Cell, Damaged, checksum, sound
from hermiso.store.file import (
    FORMAT,
    LEASE_SECONDS,
    alive,
    check,
    connect,
    create,
    migrate,
    translated,
    version,
)

__all__ = ["LEASE_SECONDS", "Store"]

_PLACES = ", ".join("?" * len(COLUMNS))
_CLAIM = f"""
INSERT INTO cells VALUES ({_PLACES})
ON CONFLICT (key) DO UPDATE SET state = 'running', sweep = excluded.sweep
"""
# The first result stands: a sweep that was thought dead may finish a cell a second time.
_WRITE = f"""
INSERT INTO cells VALUES ({_PLACES})
ON CONFLICT (key) DO UPDATE SET
  {", ".join(f"{name} = excluded.{name}" for name in COLUMNS[1:])}
WHERE cells.state != 'finished'
"""


class Store:
    """An open store; a context manager, usable from several threads.

    Args:
        path: the file, made if there is none, brought to today's format if it has an older one.

    Raises:
        StoreError: if the file is no sound store or its place cannot be written.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(os.path.realpath(path))
        if not self.path.exists():
            create(self.path)
        check(self.path, whole=True)
        if not os.access(self.path, os.W_OK):
            raise StoreError(f"{self.path} is write-protected; change that or choose another path")
        self._lock = Lock()
        with translated(self.path):
            self._db = connect(self.path, "mode=rw")
            try:
                self._db.execute("PRAGMA synchronous = FULL")
                if version(self._db, self.path) != FORMAT:
                    migrate(self._db, self.path)
            except BaseException:
                self._db.close()
                raise

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
        """Take a cell for a sweep; False if it is finished or with another sweep that lives.

        A damaged row of the cell is dropped.
        """
        with self._writing() as db:
            state, owner = self._standing(cell)
            if state == "damaged":
                db.execute("DELETE FROM cells WHERE key = ?", (cell.key,))
            if state == "finished" or (
                state == "running" and owner != sweep and self._lives(owner)
            ):
                return False
            db.execute(_CLAIM, _row(cell, "running", sweep, None, None, None))
        return True

    def is_finished(self, cell: Cell) -> bool:
        """Whether the cell has a sound result."""
        with self._lock, translated(self.path):
            return self._standing(cell)[0] == "finished"

    def count_of_other_code(self, cell: Cell) -> int:
        """Count the finished cells of the experiment that other code has computed."""
        query = (
            "SELECT count(*) FROM cells WHERE experiment = ? AND state = 'finished'"
            " AND (code != ? OR version != ?)"
        )
        with self._lock, translated(self.path):
            wanted = (cell.experiment, cell.code, cell.version)
            return int(self._db.execute(query, wanted).fetchone()[0])

    def finish(self, cell: Cell, result: str, seconds: float) -> None:
        """Keep the result of a cell, on disk when this returns."""
        self._write(cell, "finished", result, None, seconds)

    def fail(self, cell: Cell, error: str, seconds: float) -> None:
        """Keep the traceback of a cell, or its end, which stays open for the next sweep."""
        told = error.encode(errors="backslashreplace")[-MAX_TEXT:].decode(errors="ignore")
        self._write(cell, "failed", None, told, seconds)

    def _write(
        self, cell: Cell, state: str, result: str | None, error: str | None, seconds: float
    ) -> None:
        with self._writing() as db:
            db.execute(_WRITE, _row(cell, state, None, result, error, seconds))

    def _standing(self, cell: Cell) -> tuple[str, str | None]:
        """The state of a cell, open and damaged among them, and the sweep that claims it."""
        query = f"SELECT {', '.join(COLUMNS)} FROM cells WHERE key = ?"
        row = self._db.execute(query, (cell.key,)).fetchone()
        if row is None:
            return "open", None
        try:
            return sound(row)[1], row[COLUMNS.index("sweep")]
        except Damaged:
            return "damaged", None

    def _lives(self, sweep: str | None) -> bool:
        query = "SELECT host, pid, beat FROM sweeps WHERE id = ?"
        found = self._db.execute(query, (sweep,)).fetchone()
        return found is not None and alive(*found)

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        """One transaction, whole or not at all."""
        with self._lock, translated(self.path):
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield self._db
                self._db.execute("COMMIT")
            finally:
                if self._db.in_transaction:  # SQLite may have rolled back on its own
                    with suppress(sqlite3.Error):
                        self._db.execute("ROLLBACK")


def _row(
    cell: Cell,
    state: str,
    sweep: str | None,
    result: str | None,
    error: str | None,
    seconds: float | None,
) -> tuple[str | float | None, ...]:
    written = time.time()
    own = checksum(cell, result, error, seconds, written)
    return (cell.key, *astuple(cell), state, sweep, result, error, seconds, written, own)
