"""All cells of a store, the damaged ones named."""

from __future__ import annotations

import os
import sqlite3
import warnings
from collections.abc import Callable, Iterator
from contextlib import closing
from itertools import islice
from pathlib import Path

from hermiso.errors import StoreError
from hermiso.store.cell import COLUMNS, MAX_RESULT, MAX_TEXT, Damaged, Record, sound
from hermiso.store.file import FORMAT, check, first_columns, reader, translated, version

__all__ = ["read", "warned"]

_NAMED = 10  # damaged rows
_SIZES = ", ".join(f"length(CAST({name} AS BLOB))" for name in COLUMNS)


def warned(message: str) -> None:
    """Tell the caller of a function that returns less than the file holds."""
    warnings.warn(message, stacklevel=4)


def read(
    path: str | Path, experiment: str | None = None, warn: Callable[[str], None] = warned
) -> tuple[Record, ...]:
    """Return the finished and the failed cells of a store in the order of their first claim.

    Args:
        path: the file; it may be on a read-only disk.
        experiment: a name; by default all.
        warn: is told of rows that are damaged and left out.

    Raises:
        StoreError: if there is no such file or it is no sound store of a known format.
    """
    path = Path(os.path.realpath(path))
    if not path.exists():
        raise StoreError(f"{path} does not exist; a sweep makes it")
    check(path, whole=False)
    records: list[Record] = []
    damaged: list[str] = []
    with translated(path), closing(reader(path)) as db:
        db.execute("BEGIN")  # all rows of one state
        for found in _rows(db, first=version(db, path) != FORMAT):
            if isinstance(found, str):
                damaged.append(found)
            elif experiment in (None, found.cell.experiment):
                records.append(found)
    _name(damaged, path, warn)
    return tuple(records)


def _rows(db: sqlite3.Connection, *, first: bool) -> Iterator[Record | str]:
    """Every record, or what is wrong with its row."""
    columns = first_columns() if first else ", ".join(COLUMNS)
    sizes = _SIZES.replace("CAST(code", "CAST(''").replace("CAST(checksum", "CAST(''")
    for (row,) in db.execute("SELECT rowid FROM cells ORDER BY rowid").fetchall():
        try:
            _sized(db, sizes if first else _SIZES, row)
            values = db.execute(f"SELECT {columns} FROM cells WHERE rowid = ?", (row,)).fetchone()
            record, state = sound(values, summed=not first)
        except Damaged as fault:
            yield f"row {row} is damaged: {fault}"
        except sqlite3.Error as error:
            if getattr(error, "sqlite_errorcode", None) not in (None, sqlite3.SQLITE_TOOBIG):
                raise
            yield f"row {row} is damaged: {error}"
        else:
            if state != "running":
                yield record


def _sized(db: sqlite3.Connection, sizes: str, row: int) -> None:
    """Refuse a row that would fill the memory before it is read."""
    found = db.execute(f"SELECT {sizes} FROM cells WHERE rowid = ?", (row,)).fetchone()
    for name, size in zip(COLUMNS, found, strict=True):
        most = MAX_RESULT if name == "result" else MAX_TEXT
        if size is not None and size > most:
            raise Damaged(f"its {name} has {size} bytes, at most {most} are kept")


def _name(damaged: list[str], path: Path, warn: Callable[[str], None]) -> None:
    for fault in islice(damaged, _NAMED):
        warn(f"{path}: {fault}; it is left out, and the same sweep computes it anew")
    if len(damaged) > _NAMED:
        warn(f"{path}: {len(damaged) - _NAMED} more rows are damaged and left out")
