"""A cell on its way to a worker and back."""

from __future__ import annotations

import time
import traceback
from collections.abc import Callable, Generator, Iterable
from dataclasses import dataclass
from typing import Any

from hermiso.sweep.sources import digest
from hermiso.sweep.tables import encoded

__all__ = ["Done", "Engine", "Limits", "Outcomes", "Task", "WorkerLost", "carried_out"]


@dataclass(frozen=True)
class Task:
    """A function of a config.

    Attributes:
        key: of the cell.
        run: the function.
        config: its argument.
        code: digest of the code that shall compute it; "" if any may.
    """

    key: str
    run: Callable[[Any], Any]
    config: Any
    code: str = ""


@dataclass(frozen=True)
class Done:
    """The table of a cell as text, or the traceback of its failure."""

    key: str
    result: str | None
    error: str | None
    seconds: float


@dataclass(frozen=True)
class Limits:
    """What a cell may use.

    Attributes:
        seconds: of wall clock, from its first line on; None for any.
        memory: bytes that its process may hold; None for any.
    """

    seconds: float | None = None
    memory: int | None = None


Outcomes = Generator[Done, None, None]
Engine = Callable[[Iterable[Task]], Outcomes]


class WorkerLost(Exception):
    """A worker died under one of its cells: out of memory, or killed."""


def carried_out(task: Task) -> Done:
    """Compute a cell, in a worker; what it raises is its outcome."""
    start = time.perf_counter()
    result = error = None
    try:
        error = _other_code(task)
        result = encoded(task.run(task.config)) if error is None else None
    except (Exception, SystemExit):
        error = traceback.format_exc()
    return Done(task.key, result, error, time.perf_counter() - start)


def _other_code(task: Task) -> str | None:
    """Say that a worker has not the code under whose name the result would be kept."""
    if not task.code or getattr(task.run, "__module__", "") == "__main__":  # sent with the task
        return None
    own = digest(task.run)
    if own == task.code:
        return None
    return (
        f"the worker has code {own} and the sweep {task.code}; have the same sources and packages"
        " on both, and start the sweep again\n"
    )
