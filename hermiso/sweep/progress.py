"""How far a sweep is, on a terminal."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TextIO

from hermiso.sweep.running import Tally, Watch

__all__ = ["progress"]

_DAY = 86_400.0  # the speed is the mean over the whole sweep: cells may take hours


@contextmanager
def progress(title: str, stream: TextIO) -> Iterator[Watch]:
    """Show a bar with the time left while entered; nothing where nobody watches."""
    bar = _bar(stream) if stream.isatty() else None
    if bar is None:
        yield lambda tally: None
        return
    task = bar.add_task(title, total=None)
    with bar:
        yield lambda tally: _show(bar, task, title, tally)


def _bar(stream: TextIO) -> Any:
    try:
        from rich.console import Console
        from rich.progress import (
            BarColumn,
            MofNCompleteColumn,
            Progress,
            TextColumn,
            TimeElapsedColumn,
            TimeRemainingColumn,
        )
    except ModuleNotFoundError:  # rich comes with an extra
        return None
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
        console=Console(file=stream),
        speed_estimate_period=_DAY,
    )


def _show(bar: Any, task: Any, title: str, tally: Tally) -> None:
    notes = [title]
    notes += [f"{len(tally.failed)} failed"] if tally.failed else []
    notes += [f"{tally.awaited} with another sweep"] if tally.awaited else []
    bar.update(
        task,
        total=tally.total,
        completed=tally.total - tally.left,
        description=", ".join(notes),
    )
