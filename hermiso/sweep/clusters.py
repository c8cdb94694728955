"""Cells on a Dask or Ray cluster.

A cluster runs what its scheduler is sent, and a worker what the scheduler sends it: whoever can
reach either address can run code there, and a scheduler answers with data that is unpickled here.
"""

from __future__ import annotations

import os
import re
import socket
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as TooLate
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from itertools import islice
from typing import Any

from hermiso.errors import HermisoError, SweepError
from hermiso.sweep.packages import needed
from hermiso.sweep.processes import Process
from hermiso.sweep.tasks import Done, Engine, Limits, Outcomes, Task, WorkerLost, carried_out

__all__ = ["Cluster", "computed_by", "dask", "ray"]

CONNECT_SECONDS = 10.0
START_SECONDS = 60.0  # in which a Ray cluster that answers must let this process in
WORKERLESS_SECONDS = 60.0  # after which a cluster without workers is given up
_LOOK_SECONDS = 1.0  # between looks at whether it has any
_LOST = {"KilledWorker", "WorkerCrashedError", "OutOfMemoryError", "NodeDiedError"}


@dataclass(frozen=True)
class Cluster:
    """What is asked of a cluster.

    Attributes:
        name: in messages.
        submit: sends a task and returns a handle of it.
        ready: the handles that have an outcome after at most so many seconds.
        outcome: of such a handle; raises what the cluster has met.
        room: how many cells its workers compute at once; 0 without workers.
        cancel: stops a task.
    """

    name: str
    submit: Callable[[Task], Any]
    ready: Callable[[list[Any], float], list[Any]]
    outcome: Callable[[Any], Done]
    room: Callable[[], int]
    cancel: Callable[[Any], None]


def computed_by(cluster: Cluster, jobs: int | None, tasks: Iterable[Task]) -> Outcomes:
    """Compute tasks, no more of them sent ahead than there are workers, or jobs.

    Raises:
        WorkerLost: if a worker died under a cell.
        SweepError: if the cluster fails, or has had no worker for WORKERLESS_SECONDS.
    """
    queue, running = iter(tasks), list[Any]()
    seen = time.monotonic()
    try:
        while True:
            with _named_errors():
                room = cluster.room()
                seen = time.monotonic() if room else seen
                most = jobs or max(room, 1)
                running += [cluster.submit(task) for task in islice(queue, most - len(running))]
                if not running:
                    return
                ready = cluster.ready(running, _LOOK_SECONDS)
            for handle in ready:
                running.remove(handle)
                with _named_errors():
                    done = cluster.outcome(handle)
                yield done
            _refuse_idle(cluster, time.monotonic() - seen)
    finally:
        for handle in running:
            with suppress(Exception):  # it may be gone already
                cluster.cancel(handle)


def _refuse_idle(cluster: Cluster, seconds: float) -> None:
    if seconds > WORKERLESS_SECONDS:
        raise SweepError(
            f"{cluster.name} has had no worker for {seconds:.0f} s; finished cells are kept: start"
            " workers and then the sweep again"
        )


def _within(limits: Limits, task: Task) -> Done:
    """Compute a cell, with limits in a process of its own beside the worker."""
    if limits == Limits():
        return carried_out(task)
    process = Process(limits)
    try:
        return process.compute(task)
    finally:
        process.stop()


@contextmanager
def dask(address: str, jobs: int | None, limits: Limits) -> Iterator[Engine]:
    """Compute cells on the Dask cluster of a scheduler."""
    distributed = needed("distributed")
    try:
        client = distributed.Client(address, timeout=CONNECT_SECONDS, set_as_default=False)
    except (OSError, ValueError, TypeError) as error:
        raise SweepError(
            f"no Dask scheduler answers at {address} ({error}); start one with: dask scheduler"
        ) from error
    work = partial(_within, limits)

    def ready(handles: list[Any], seconds: float) -> list[Any]:
        with client.as_current(), suppress(distributed.TimeoutError, TimeoutError):
            distributed.wait(handles, timeout=seconds, return_when="FIRST_COMPLETED")
        return [handle for handle in handles if handle.done()]

    with client:
        cluster = Cluster(
            f"the Dask cluster at {address}",
            lambda task: client.submit(work, task, pure=False),
            ready,
            lambda future: future.result(),
            lambda: sum(client.nthreads().values()),
            lambda future: future.cancel(),
        )
        yield lambda tasks: computed_by(cluster, jobs, tasks)


@contextmanager
def ray(address: str | None, jobs: int | None, limits: Limits) -> Iterator[Engine]:
    """Compute cells on a Ray cluster; without an address that of RAY_ADDRESS, or one made here."""
    module = needed("ray")
    ours = not module.is_initialized()
    if ours:
        _enter(module, address)
    try:
        submit = module.remote(max_retries=0)(_function(limits)).remote
        cluster = Cluster(
            f"the Ray cluster at {address or 'this machine'}",
            submit,
            lambda handles, seconds: module.wait(handles, num_returns=1, timeout=seconds)[0],
            module.get,
            lambda: int(module.cluster_resources().get("CPU", 0)),
            lambda handle: module.cancel(handle, force=True),
        )
        yield lambda tasks: computed_by(cluster, jobs, tasks)
    finally:
        if ours:
            module.shutdown()


def _function(limits: Limits) -> Callable[[Task], Done]:
    """A function proper: Ray takes no partial."""

    def work(task: Task) -> Done:
        return _within(limits, task)

    return work


def _enter(module: Any, address: str | None) -> None:
    """Enter a cluster within a stated time; Ray itself would try for minutes."""
    where = address or os.environ.get("RAY_ADDRESS") or ""
    found = re.fullmatch(r"(?:ray://)?\[?([^/\[\]]+)\]?:([0-9]+)", where)
    if found:
        try:
            socket.create_connection((found[1], int(found[2])), CONNECT_SECONDS).close()
        except (OSError, OverflowError) as error:
            raise SweepError(f"no Ray cluster answers at {where} ({error}); {_HOW}") from None
    entrance = ThreadPoolExecutor(1)
    options = {"log_to_driver": False, "configure_logging": False}
    try:
        with _named_errors(f"no Ray cluster at {where or 'this machine'}"):
            entrance.submit(module.init, address=address, **options).result(START_SECONDS)
    except TooLate:
        raise SweepError(
            f"the Ray cluster at {where or 'this machine'} let nobody in for {START_SECONDS:.0f} s;"
            f" {_HOW}"
        ) from None
    finally:
        entrance.shutdown(wait=False)


_HOW = "start one with: ray start --head"


@contextmanager
def _named_errors(what: str = "the engine stopped") -> Iterator[None]:
    """Tell a lost worker from an engine that does not work at all."""
    try:
        yield
    except (HermisoError, TooLate):
        raise
    except Exception as error:
        name = type(error).__name__
        if name in _LOST:
            raise WorkerLost(f"{name}: {error}") from error
        raise SweepError(f"{what} ({name}: {error})") from error
