"""Where cells are computed: processes of this machine, or a Dask or Ray cluster.

An engine takes tasks one at a time, as its workers become free, and gives back each outcome as
soon as it is there, in any order.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager

from hermiso.errors import SweepError
from hermiso.sweep.clusters import dask, ray
from hermiso.sweep.packages import needed
from hermiso.sweep.processes import Pool
from hermiso.sweep.tasks import Engine, Limits, carried_out

LONGEST = 1e9  # seconds that a timer takes

__all__ = ["engine"]


def engine(
    name: str = "processes", jobs: int | None = None, limits: Limits | None = None
) -> AbstractContextManager[Engine]:
    """Return the engine of a name, to be entered.

    Args:
        name: "processes", "dask=tcp://host:8786", "ray" (a cluster named by RAY_ADDRESS, or one
            of this machine) or "ray=ADDRESS".
        jobs: how many cells at once; by default one for each core. One without limits is computed
            in this process.
        limits: of every cell; by default none.

    Raises:
        SweepError: if there is no such engine; on entering, if it cannot be reached.
    """
    limits = limits or Limits()
    _check(jobs, limits)
    kind, _, address = name.partition("=")
    if name == "processes":
        return _processes(jobs, limits)
    if kind == "dask" and re.fullmatch(r"(\w+://)?[\w.\[\]-]+:[0-9]+", address):
        return dask(address, jobs, limits)
    if kind == "ray":
        return ray(address or None, jobs, limits)
    raise SweepError(
        f"the engine is {name!r}; it must be processes, dask=tcp://HOST:PORT, ray or ray=ADDRESS"
    )


def _check(jobs: int | None, limits: Limits) -> None:
    if jobs is not None and jobs < 1:
        raise SweepError(f"the number of jobs is {jobs}; it must be at least 1")
    if limits.seconds is not None and not 0 < limits.seconds <= LONGEST:
        raise SweepError(
            f"the time limit of a cell is {limits.seconds:g} s; it must be above 0 and at most "
            f"{LONGEST:g}, or None for no limit"
        )
    if limits.memory is not None and limits.memory < 1:
        raise SweepError(f"the memory limit of a cell is {limits.memory} bytes; at least 1")
    if limits.memory is not None and os.name != "posix":
        raise SweepError("this system has no memory limit of a process; leave it out")


@contextmanager
def _processes(jobs: int | None, limits: Limits) -> Iterator[Engine]:
    cores = needed("joblib").cpu_count()
    if jobs == 1 and limits == Limits():
        yield lambda tasks: (carried_out(task) for task in tasks)
        return
    count = jobs or cores
    with Pool(count, limits, max(1, cores // count)) as pool:
        yield pool
