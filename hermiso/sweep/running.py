"""A sweep: the parent claims cells, its workers compute them, and it writes each as it comes."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Event, Thread
from typing import Any

from hermiso.errors import StoreError
from hermiso.store import LEASE_SECONDS, Cell, Store
from hermiso.sweep.engines import engine
from hermiso.sweep.grid import Experiment, Planned, cells
from hermiso.sweep.packages import needed
from hermiso.sweep.tasks import Done, Engine, Limits, Task, WorkerLost

__all__ = ["Failure", "Tally", "Watch", "named", "run"]

POLL_SECONDS = 0.5  # between looks at cells that another sweep computes


@dataclass(frozen=True)
class Failure:
    """A cell that raised, and its traceback."""

    cell: Cell
    error: str


@dataclass(frozen=True)
class Tally:
    """How far a sweep is.

    Attributes:
        total: number of cells.
        known: cells that were in the store already or came there from another sweep.
        finished: cells that this sweep has finished.
        failed: cells that raised, with their tracebacks.
        awaited: cells that another sweep is computing, when nothing else is left.
        other_code: results of this experiment that other code has computed; they are not used.
    """

    total: int = 0
    known: int = 0
    finished: int = 0
    failed: tuple[Failure, ...] = ()
    awaited: int = 0
    other_code: int = 0

    @property
    def left(self) -> int:
        """Number of cells without an outcome."""
        return self.total - self.known - self.finished - len(self.failed)


Watch = Callable[[Tally], None]


def run(
    experiment: str | Experiment,
    grid: Mapping[str, Sequence[Any]] | None = None,
    seeds: Iterable[int] | None = None,
    *,
    store: str | Path = "runs.sqlite",
    jobs: int | None = None,
    on: str = "processes",
    quick: bool = False,
    limits: Limits | None = None,
    watch: Watch = lambda tally: None,
) -> Tally:
    """Compute the cells of a grid that the store does not hold yet.

    Args:
        experiment: a name, or the experiment.
        grid: field of the config -> values; other fields keep theirs.
        seeds: by default the seed of the config.
        store: the file, made if there is none; other sweeps may be using it.
        jobs: how many cells at once; by default one for each core.
        on: where, as `engine` takes it.
        quick: depart from the quick config.
        limits: of time and memory for every cell; one that is over them has failed.
        watch: is told how far the sweep is, after every change.

    Returns:
        The tally; cells that raised are in it, and open for the next sweep.

    Raises:
        SweepError: if the grid or the engine cannot be.
        StoreError: if the file cannot be used; what is finished stays in it.
    """
    chosen = named(experiment) if isinstance(experiment, str) else experiment
    planned = cells(chosen, grid, seeds, quick=quick)
    compute = engine(on, jobs, limits)
    needed("pandas")  # else every cell would fail for want of it
    with Store(store) as opened, _enrolled(opened) as sweep, compute as entered:
        return _Sweep(opened, sweep, chosen.run, watch).over(planned, entered)


def named(name: str) -> Experiment:
    """Return the experiment of a name."""
    from hermiso.experiments import get

    return get(name)


@contextmanager
def _enrolled(store: Store) -> Iterator[str]:
    """A sweep of the store whose claims live as long as this."""
    sweep, over = store.enrol(), Event()

    def beat() -> None:
        while not over.wait(LEASE_SECONDS / 6):
            # One that fails is made good by the next; the worst is a cell computed twice.
            with suppress(StoreError):
                store.beat(sweep)

    heart = Thread(target=beat, daemon=True)
    heart.start()
    try:
        yield sweep
    finally:
        over.set()
        heart.join()
        with suppress(StoreError):  # the claims lapse on their own
            store.withdraw(sweep)


@dataclass
class _Sweep:
    store: Store
    sweep: str
    function: Callable[[Any], Any]
    watch: Watch
    tally: Tally = Tally()

    def over(self, planned: Sequence[Planned], compute: Engine) -> Tally:
        open_ = {p.cell.key: p for p in planned if not self.store.is_finished(p.cell)}
        stale = self.store.count_of_other_code(planned[0].cell)
        self.count(total=len(planned), known=len(planned) - len(open_), other_code=stale)
        try:
            self.rounds(open_, compute)
        except KeyboardInterrupt:
            # It may have come between a write and its count.
            kept = sum(self.store.is_finished(p.cell) for p in planned)
            self.count(known=kept - self.tally.finished)
            raise
        return self.tally

    def rounds(self, open_: dict[str, Planned], compute: Engine) -> None:
        while open_:
            before = len(open_)
            self.round(open_, compute)
            self.drop_known(open_)
            # What is left is with another sweep, which may yet die.
            self.count(awaited=len(open_))
            if len(open_) == before:
                time.sleep(POLL_SECONDS)

    def round(self, open_: dict[str, Planned], compute: Engine) -> None:
        """Compute what can be claimed; the outcome of a cell takes it from the open ones."""
        claimed: list[Task] = []
        try:
            self.collect(open_, compute, self.claims(tuple(open_.values()), claimed))
        except WorkerLost:
            # Which cell it died of is found by computing those it may have been one by one.
            for task in claimed:
                if task.key in open_:
                    self.alone(open_, compute, task)

    def alone(self, open_: dict[str, Planned], compute: Engine, task: Task) -> None:
        try:
            self.collect(open_, compute, iter([task]))
        except WorkerLost as lost:
            error = f"{lost}\nthe worker died: it was killed, or is out of memory\n"
            self.record(open_, Done(task.key, None, error, 0.0))

    def collect(self, open_: dict[str, Planned], compute: Engine, tasks: Iterator[Task]) -> None:
        outcomes = compute(tasks)
        try:
            for done in outcomes:
                self.record(open_, done)
        except BaseException as stop:
            outcomes.throw(stop)  # the engine stops its workers and raises it again

    def claims(self, planned: Sequence[Planned], claimed: list[Task]) -> Iterator[Task]:
        """Yield the cells that are free when their turn comes."""
        for entry in planned:
            if self.store.claim(entry.cell, self.sweep):
                claimed.append(Task(entry.cell.key, self.function, entry.config, entry.cell.code))
                yield claimed[-1]

    def record(self, open_: dict[str, Planned], done: Done) -> None:
        cell = open_[done.key].cell
        if done.result is None:
            error = done.error or ""
            self.store.fail(cell, error, done.seconds)
            self.count(failed=(*self.tally.failed, Failure(cell, error)))
        else:
            self.store.finish(cell, done.result, done.seconds)
            self.count(finished=self.tally.finished + 1)
        del open_[done.key]

    def drop_known(self, open_: dict[str, Planned]) -> None:
        found = [key for key, p in open_.items() if self.store.is_finished(p.cell)]
        for key in found:
            del open_[key]
        self.count(known=self.tally.known + len(found))

    def count(self, **changes: Any) -> None:
        self.tally = replace(self.tally, **changes)
        self.watch(self.tally)
