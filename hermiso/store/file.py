"""The file itself: made whole, looked at before it is trusted, brought to today's format."""

from __future__ import annotations

import os
import socket
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

from hermiso.errors import StoreError
from hermiso.store.cell import COLUMNS, MAX_RESULT, Damaged, checksum, sound
from hermiso.writing import unfinished

__all__ = [
    "APPLICATION_ID",
    "FORMAT",
    "LEASE_SECONDS",
    "PATIENCE_SECONDS",
    "alive",
    "check",
    "connect",
    "create",
    "first_columns",
    "migrate",
    "reader",
    "translated",
    "version",
]

APPLICATION_ID = 0x68726D73  # "hrms", bytes 68 to 71 of the file
FORMAT = 2
LEASE_SECONDS = 30.0  # a claim lapses when its sweep has been silent for so long
PATIENCE_SECONDS = 60.0  # how long a lock of another process is waited for

# Columns without types and conditions: a row is judged by its checksum, so that a damaged one
# does not make the database refuse all of them.
_SCHEMA = f"""
CREATE TABLE sweeps (id PRIMARY KEY, host, pid, beat);
CREATE TABLE cells ({COLUMNS[0]} PRIMARY KEY, {", ".join(COLUMNS[1:])});
PRAGMA application_id = {APPLICATION_ID};
PRAGMA user_version = {FORMAT};
"""
_TABLES = {"sweeps": ("id", "host", "pid", "beat"), "cells": COLUMNS}
_LEFT = "it is left as it is: choose another path"
# Format 1 kept neither the code of a result nor a checksum.
_FIRST = tuple(name for name in COLUMNS if name not in {"code", "checksum"})


def connect(path: Path, query: str) -> sqlite3.Connection:
    """Open a database; transactions are begun by hand, threads kept apart by the caller."""
    db = sqlite3.connect(
        f"{path.as_uri()}?{query}",
        uri=True,
        timeout=PATIENCE_SECONDS,
        isolation_level=None,
        check_same_thread=False,
    )
    db.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, 2 * MAX_RESULT)
    for guard in ("trusted_schema = OFF", "cell_size_check = ON"):
        db.execute(f"PRAGMA {guard}")
    return db


def create(path: Path) -> None:
    """Make an empty store: it appears under its name complete, and never over another file."""
    try:
        name, handle = unfinished(path.parent)
    except OSError as error:
        raise _unmade(path, error) from None
    os.close(handle)
    try:
        with closing(sqlite3.connect(name, isolation_level=None)) as db:
            db.executescript(f"BEGIN;{_SCHEMA}COMMIT;")
            # Only now: `check` relies on the id standing in the file itself, not in a log.
            db.execute("PRAGMA journal_mode = WAL")
        with suppress(FileExistsError):  # another sweep was faster
            os.link(name, path)
        _settle(path.parent)
    except (OSError, sqlite3.Error) as error:
        raise _unmade(path, error) from None
    finally:
        with suppress(OSError):
            os.unlink(name)


def _unmade(path: Path, error: Exception) -> StoreError:
    return StoreError(f"{path} cannot be made ({error}); its folder must exist and be writable")


def check(path: Path, *, whole: bool) -> None:
    """Refuse what is no sound store without changing a byte of it.

    Args:
        path: the file.
        whole: ask also that every row is found by its key, as a sweep needs it.
    """
    if not path.is_file():
        kind = "a folder" if path.is_dir() else "no regular file"
        raise StoreError(f"{path} is {kind}; a store is one file: choose another path")
    size = path.stat().st_size
    if size < 512:  # SQLite takes it for a database without tables
        raise StoreError(f"{path} has {size} bytes, no store; remove it or choose another path")
    # Opened as immutable, even a foreign database keeps its bytes and gets no side files.
    with translated(path), closing(connect(path, "mode=ro&immutable=1")) as db:
        # A checkpoint of another sweep may have written the size before the pages.
        db.execute("PRAGMA writable_schema = ON")
        [application] = db.execute("PRAGMA application_id").fetchone()
        if application != APPLICATION_ID:
            raise StoreError(
                f"{path} is an SQLite database of another application (id {application:#x}, a"
                f" store has {APPLICATION_ID:#x}); {_LEFT}"
            )
        version(db, path)
    fault = _fault(path, "integrity_check" if whole else "quick_check")
    if fault:
        rest = "; results can still be read from it" if whole and not _fault(path) else ""
        raise StoreError(f"{path} is damaged ({' '.join(fault.split())}){rest}; {_LEFT}")


def version(db: sqlite3.Connection, path: Path) -> int:
    """Return the format of an open store, which must be one that is known.

    Raises:
        StoreError: if it is another one, or the file does not hold its tables.
    """
    [found] = db.execute("PRAGMA user_version").fetchone()
    if found not in (1, FORMAT):
        raise StoreError(
            f"{path} has format {found}, this release of hermiso reads formats 1 to {FORMAT}; use"
            " the release that wrote it, or choose another path"
        )

    _schema(db, path, COLUMNS if found == FORMAT else _FIRST)
    return int(found)


def _schema(db: sqlite3.Connection, path: Path, cells: tuple[str, ...]) -> None:
    """Refuse other tables than ours, and whatever runs by itself: views, triggers, modules."""
    wanted = {("table", name, True) for name in _TABLES}
    wanted |= {("index", f"sqlite_autoindex_{name}_1", True) for name in _TABLES}
    held = db.execute("SELECT type, name, rootpage > 0 FROM sqlite_master").fetchmany(100)
    odd = {(kind, name, bool(rooted)) for kind, name, rooted in held} ^ wanted
    for name, columns in (_TABLES | {"cells": cells}).items() if not odd else ():
        found = [(row[1], row[6]) for row in db.execute(f"PRAGMA table_xinfo({name})")]
        odd |= {(name, *f) for f in set(found) ^ {(column, 0) for column in columns}}
    if odd:
        told = ", ".join(f"{what[0]} {what[1]!r}" for what in sorted(odd, key=str))
        raise StoreError(f"{path} does not hold the tables of a store ({told:.200}); {_LEFT}")


def migrate(db: sqlite3.Connection, path: Path) -> None:
    """Bring a store of format 1 to today's, in one transaction; its results stay.

    Raises:
        StoreError: if a sweep of the older release is running in it.
    """
    db.execute("BEGIN IMMEDIATE")
    try:
        if version(db, path) != FORMAT:  # no other sweep was faster
            _refuse_running(db, path)
            _rewrite(db)
        db.execute("COMMIT")
    finally:
        if db.in_transaction:
            db.execute("ROLLBACK")


def _refuse_running(db: sqlite3.Connection, path: Path) -> None:
    if any(alive(*life) for life in db.execute("SELECT host, pid, beat FROM sweeps")):
        raise StoreError(
            f"a sweep of an older release is running in {path}; wait for its end, or choose"
            " another path"
        )


def _rewrite(db: sqlite3.Connection) -> None:
    for name in _TABLES:
        db.execute(f"ALTER TABLE {name} RENAME TO old_{name}")
    for statement in _SCHEMA.split(";"):
        db.execute(statement)
    place = ", ".join("?" * len(COLUMNS))
    chosen = "SELECT {} FROM old_cells ORDER BY rowid"
    for row in db.execute(chosen.format(first_columns())):
        with suppress(Damaged):  # it keeps no checksum, and is named whenever it is met
            record, _ = sound(row, summed=False)
            kept = checksum(record.cell, record.result, record.error, *row[-3:-1])
            row = (*row[:-1], kept)
        db.execute(f"INSERT INTO cells VALUES ({place})", row)
    for name in _TABLES:
        db.execute(f"DROP TABLE old_{name}")


def first_columns() -> str:
    """The columns of format 1 in the order of today's."""
    absent = {"code": "''", "checksum": "NULL"}
    return ", ".join(absent.get(name, name) for name in COLUMNS)


def alive(host: Any, pid: Any, beat: Any) -> bool:
    """Whether a sweep has given a sign of life; one of this machine must also have a process."""
    if not isinstance(host, str) or not isinstance(beat, float | int):
        return False
    if not isinstance(pid, int) or pid <= 0:  # a signal to -1 would ask after all processes
        return False
    # A beat of the future comes from a clock that was set back.
    if abs(time.time() - beat) > LEASE_SECONDS:
        return False
    if host != socket.gethostname() or os.name != "posix":
        return True
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:  # a process of another user
        return True
    return True


def _fault(path: Path, pragma: str = "quick_check") -> str:
    """Return what the database finds wrong with its pages, "" if nothing."""
    before = _stamp(path)
    # Without a log the file is all there is, and an immutable one gets no side files.
    query = "mode=ro" if _log(path).exists() else "mode=ro&immutable=1"
    with translated(path), closing(connect(path, query)) as db:
        try:
            [fault] = db.execute(f"PRAGMA {pragma}(1)").fetchone()
        except sqlite3.DatabaseError as error:
            if error.sqlite_errorcode & 0xFF not in {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}:
                raise
            fault = str(error)
    if fault == "ok":
        return ""
    # Another sweep may have begun to write meanwhile: then the pages were no one state.
    return str(fault) if _stamp(path) == before else _fault(path, pragma)


def _stamp(path: Path) -> tuple[bool, int]:
    return _log(path).exists(), path.stat().st_mtime_ns


def reader(path: Path) -> sqlite3.Connection:
    """Open for reading; the last one to close leaves no side files where it may remove them."""
    if os.access(path, os.W_OK) and os.access(path.parent, os.W_OK):
        return connect(path, "mode=rw")
    return connect(path, "mode=ro" if _log(path).exists() else "mode=ro&immutable=1")


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
def translated(path: Path) -> Iterator[None]:
    """Errors of SQLite as errors that say what to do."""
    try:
        yield
    except sqlite3.Error as error:
        said = getattr(error, "sqlite_errorname", "")
        advice = next((a for name, a in _ADVICE.items() if said.startswith(name)), "")
        told = " ".join(str(error).split())
        raise StoreError(f"{path}: {told:.200}{advice}") from None


_ADVICE = {
    "SQLITE_NOTADB": ", not a store; it is left as it is: choose another path",
    "SQLITE_CORRUPT": ": the file is damaged and left as it is; choose another path",
    "SQLITE_FULL": "; finished cells are kept: make room and start the sweep again",
    "SQLITE_IOERR": "; finished cells are kept: mend the disk and start the sweep again",
    "SQLITE_BUSY": f" by another process for {PATIENCE_SECONDS:.0f} s; end it or wait for it",
    "SQLITE_READONLY": "; change that or choose another path",
    "SQLITE_CANTOPEN": "; check the path and its permissions",
}
