"""Where cells are computed: processes of this machine, or a Dask or Ray cluster.

An engine takes tasks one at a time, as its workers become free, and gives back each outcome as
soon as it is there, in any order.
"""

from __future__ import annotations

import os
import re
import signal
import time
import traceback
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import BrokenExecutor
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass
from functools import cache, partial
from itertools import islice
from threading import Thread
from typing import Any

from hermiso.errors import HermisoError, SweepError
from hermiso.sweep.packages import needed
from hermiso.sweep.tables import encoded

CONNECT_SECONDS = 10


@dataclass(frozen=True)
class Task:
    """A function of a config.

    Attributes:
        key: of the cell.
        run: the function.
        config: its argument.
    """

    key: str
    run: Callable[[Any], Any]
    config: Any


@dataclass(frozen=True)
class Done:
    """The table of a cell as text, or the traceback of its failure."""

    key: str
    result: str | None
    error: str | None
    seconds: float


Outcomes = Generator[Done, None, None]
Engine = Callable[[Iterable[Task]], Outcomes]


class WorkerLost(Exception):
    """A worker died under one of its cells: out of memory, or killed."""


def carried_out(task: Task) -> Done:
    """Compute a cell, in a worker; what it raises is its outcome."""
    start = time.perf_counter()
    result = error = None
    try:
        result = encoded(task.run(task.config))
    except (Exception, SystemExit):
        error = traceback.format_exc()
    return Done(task.key, result, error, time.perf_counter() - start)


def carried_out_below(parent: int, task: Task) -> Done:
    """Compute a cell in a process that ends when its parent does."""
    if os.getpid() != parent:
        _serve(parent)
    return carried_out(task)


@cache
def _serve(parent: int) -> None:
    """Leave it to the parent when to stop: at Ctrl-C, which reaches both, and when it is killed."""
    with suppress(ValueError):  # not the main thread: the signal goes elsewhere
        signal.signal(signal.SIGINT, signal.SIG_IGN)

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(1)
        os._exit(1)

    Thread(target=watch, daemon=True).start()


def engine(name: str = "processes", jobs: int | None = None) -> AbstractContextManager[Engine]:
    """Return the engine of a name, to be entered.

    Args:
        name: "processes", "dask=tcp://host:8786", "ray" (a cluster named by RAY_ADDRESS, or one
            of this machine) or "ray=ADDRESS".
        jobs: how many cells at once; by default one for each core.

    Raises:
        SweepError: if there is no such engine; on entering, if it cannot be reached.
    """
    if jobs is not None and jobs < 1:
        raise SweepError(f"the number of jobs is {jobs}; it must be at least 1")
    kind, _, address = name.partition("=")
    if name == "processes":
        return _processes(jobs)
    if kind == "dask" and re.fullmatch(r"(\w+://)?[\w.\[\]-]+:[0-9]+", address):
        return _dask(address, jobs)
    if kind == "ray":
        return _ray(address or None, jobs)
    raise SweepError(
        f"the engine is {name!r}; it must be processes, dask=tcp://HOST:PORT, ray or ray=ADDRESS"
    )


@contextmanager
def _processes(jobs: int | None) -> Iterator[Engine]:
    joblib = needed("joblib")
    below = partial(carried_out_below, os.getpid())
    yield _joblib(below, jobs or joblib.cpu_count(), lambda: joblib.parallel_config("loky"))


@contextmanager
def _dask(address: str, jobs: int | None) -> Iterator[Engine]:
    joblib, distributed = needed("joblib"), needed("distributed")
    try:
        client = distributed.Client(address, timeout=CONNECT_SECONDS, set_as_default=False)
    except (OSError, ValueError, TypeError) as error:
        raise SweepError(
            f"no Dask scheduler answers at {address} ({error}); start one with: dask scheduler"
        ) from error
    with client:
        yield _joblib(carried_out, jobs, lambda: joblib.parallel_config("dask", client=client))


def _joblib(work: Callable[[Task], Done], jobs: int | None, backend: Callable[[], Any]) -> Engine:
    joblib = needed("joblib")

    def outcomes(tasks: Iterable[Task]) -> Outcomes:
        with backend():
            # One cell a batch, and no more of them ahead than there are workers: a cell that
            # waits here is closed to the other sweeps of the file.
            parallel = joblib.Parallel(
                n_jobs=jobs or -1,
                batch_size=1,
                pre_dispatch=jobs or "n_jobs",
                return_as="generator_unordered",
                max_nbytes=None,
            )
        with _named_errors():
            yield from parallel(joblib.delayed(work)(task) for task in tasks)

    return outcomes


@contextmanager
def _ray(address: str | None, jobs: int | None) -> Iterator[Engine]:
    ray = needed("ray")
    ours = not ray.is_initialized()
    if ours:
        with _named_errors(f"no Ray cluster at {address or 'this machine'}"):
            ray.init(address=address, log_to_driver=False, configure_logging=False)
    try:
        most = jobs or max(1, int(ray.cluster_resources().get("CPU", 1)))
        # Not through joblib: its Ray backend gives no outcome before all of them are there.
        yield lambda tasks: _by_ray(ray, tasks, most)
    finally:
        if ours:
            ray.shutdown()


def _by_ray(ray: Any, tasks: Iterable[Task], most: int) -> Outcomes:
    submit = ray.remote(carried_out).remote
    queue = iter(tasks)
    running = [submit(task) for task in islice(queue, most)]
    try:
        while running:
            ready, running = ray.wait(running, num_returns=1)
            with _named_errors():
                done = ray.get(ready[0])
            running += [submit(task) for task in islice(queue, 1)]
            yield done
    finally:
        for reference in running:
            ray.cancel(reference, force=True)


@contextmanager
def _named_errors(what: str = "the engine stopped") -> Iterator[None]:
    """Tell a lost worker from an engine that does not work at all."""
    try:
        yield
    except HermisoError:
        raise
    except Exception as error:
        name = type(error).__name__
        if isinstance(error, BrokenExecutor) or name in {"KilledWorker", "WorkerCrashedError"}:
            raise WorkerLost(f"{name}: {error}") from error
        if name == "OutOfMemoryError":
            raise WorkerLost(f"{name}: {error}") from error
        raise SweepError(f"{what} ({name}: {error})") from error
