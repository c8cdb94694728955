"""A cell, what came of it, and how a row of the file is told from a damaged one."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

__all__ = [
    "COLUMNS",
    "MAX_RESULT",
    "MAX_TEXT",
    "STATES",
    "Cell",
    "Damaged",
    "Record",
    "checksum",
    "is_plain",
    "sound",
]

MAX_RESULT = 1 << 28  # bytes of a result
MAX_TEXT = 1 << 20  # bytes of anything else
STATES = ("running", "failed", "finished")
COLUMNS = (
    "key", "experiment", "config", "seed", "version", "code", "state", "sweep", "result", "error",
    "seconds", "written", "checksum",
)  # fmt: skip


@dataclass(frozen=True)
class Cell:
    """One computation of a sweep, named by all that decides its result.

    Attributes:
        experiment: its name.
        config: the fields of its config but the seed, as a JSON object.
        seed: the seed.
        version: of the package.
        code: digest of the code that computes it; "" in files of releases that did not keep it.
    """

    experiment: str
    config: str
    seed: int
    version: str
    code: str = ""

    @cached_property
    def key(self) -> str:
        """SHA-256 of these; fields in any order and 1 beside 1.0 give the same one."""
        config = _canonical(json.loads(self.config))
        parts = [self.experiment, config, self.seed, self.version, self.code]
        kept = parts if self.code else parts[:-1]
        return hashlib.sha256(json.dumps(kept, sort_keys=True).encode()).hexdigest()

    def __str__(self) -> str:
        fields = {**json.loads(self.config), "seed": self.seed}
        return f"{self.experiment} {' '.join(f'{k}={v}' for k, v in fields.items())}"


@dataclass(frozen=True)
class Record:
    """A cell with what came of it: a result, or the traceback of a failure.

    Attributes:
        cell: the cell.
        result: its table as text.
        error: the traceback.
        seconds: that it took.
        written: when, in seconds since 1970.
    """

    cell: Cell
    result: str | None
    error: str | None
    seconds: float
    written: float = 0.0


class Damaged(Exception):
    """A row is not what a sweep has written."""


def checksum(cell: Cell, *outcome: Any) -> str:
    """SHA-256 of a row but for state and sweep, which change while it is claimed."""
    result, *rest = outcome
    own = None if result is None else hashlib.sha256(result.encode()).hexdigest()
    parts = [cell.key, cell.config, own, *rest]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def sound(row: Sequence[Any], *, summed: bool = True) -> tuple[Record, str]:
    """Return the record and the state of a row.

    Args:
        row: its values in the order of COLUMNS.
        summed: whether it has a checksum.

    Raises:
        Damaged: with the reason.
    """
    key, *fields, state, _, result, error, seconds, written, own = row
    _typed(zip(COLUMNS, row, strict=True))
    cell = Cell(*fields)
    _plain(cell.config)
    if key != cell.key:
        raise Damaged("its key is that of another cell")
    if summed and own != checksum(cell, result, error, seconds, written):
        raise Damaged("its checksum is that of other content")
    if (state == "finished") != (result is not None):
        raise Damaged(f"it is {state} {'with' if result is not None else 'without'} a result")
    return Record(cell, result, error, seconds, written), state


def _typed(values: Any) -> None:
    wanted: dict[str, Any] = {"seed": int, "seconds": float | int | None, "written": float | int}
    wanted |= dict.fromkeys(["sweep", "result", "error", "checksum"], str | None)
    for name, value in values:
        if isinstance(value, bytes) or not isinstance(value, wanted.get(name, str)):
            raise Damaged(f"its {name} is of type {type(value).__name__}")
        if isinstance(value, float) and not math.isfinite(value):
            raise Damaged(f"its {name} is {value}")
        if name == "state" and value not in STATES:
            raise Damaged(f"its state is {value!r:.40}")


def _plain(config: str) -> None:
    try:
        fields = json.loads(config)
        config.encode()
    except (ValueError, RecursionError):
        raise Damaged("its config is no JSON") from None
    if not isinstance(fields, dict) or not all(map(is_plain, fields.values())):
        raise Damaged("its config is no object of numbers, text, truth values and lists of these")


def is_plain(value: Any, depth: int = 20) -> bool:
    """Whether a field of a config can be kept."""
    if isinstance(value, tuple | list):
        return depth > 0 and all(is_plain(entry, depth - 1) for entry in value)
    return value is None or type(value) in {int, float, str, bool}


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
