"""Processes of this machine, each of which computes one cell after another.

A process that dies, or is stopped because its cell is over a limit, costs that cell alone and is
replaced. All of them end when their parent does, however it ends.
"""

from __future__ import annotations

import ctypes
import json
import os
import pickle
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterable, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import suppress
from dataclasses import astuple
from itertools import islice
from threading import Event, Thread, Timer
from typing import Any

from hermiso.errors import SweepError
from hermiso.sweep.packages import needed
from hermiso.sweep.tasks import Done, Limits, Outcomes, Task, carried_out

__all__ = ["Pool", "Process", "serve"]

_START = (
    "import json, sys; sys.path[:], *given = json.loads(sys.argv.pop());"
    "from hermiso.sweep.processes import serve; serve(*given)"
)
_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS")
_MEMORY_RAN_OUT = re.compile(r"MemoryError|allocate memory|bad_alloc|out of memory", re.IGNORECASE)
_DIE_WITH_PARENT = 1  # PR_SET_PDEATHSIG


class Process:
    """One process, started by its first cell and used by one thread at a time."""

    def __init__(self, limits: Limits, threads: int | None = None) -> None:
        self._limits = limits
        given = {} if threads is None else dict.fromkeys(_THREADS, str(threads))
        self._environment: Mapping[str, str] = {**given, **os.environ}
        self._child: subprocess.Popen[bytes] | None = None
        self._stopped = False

    def compute(self, task: Task) -> Done:
        """Return the outcome of a cell; that the process died of it is an outcome too."""
        data = needed("cloudpickle").dumps(task)
        start, over = time.perf_counter(), Event()
        child = self._child or self._started()
        answer = self._answer(child, data, over)
        status = self.stop(final=False) if over.is_set() or not answer else 0
        if answer:
            result, error, seconds = json.loads(answer)
            return Done(task.key, result, error and self._explained(error), seconds)
        told = self._end(status, timed_out=over.is_set())
        return Done(task.key, None, told, time.perf_counter() - start)

    def stop(self, *, final: bool = True) -> int:
        """End the process and return its exit status."""
        self._stopped = self._stopped or final
        child, self._child = self._child, None
        if child is None:
            return 0
        child.kill()
        for pipe in (child.stdin, child.stdout):
            with suppress(OSError):
                pipe.close()  # type: ignore[union-attr]
        return child.wait()

    def _started(self) -> subprocess.Popen[bytes]:
        if self._stopped:
            raise SweepError("the sweep has ended")
        given = json.dumps([list(map(str, sys.path)), os.getpid(), self._limits.memory])
        self._child = child = subprocess.Popen(
            [sys.executable, "-c", _START, given],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=self._environment,
            start_new_session=True,  # Ctrl-C is the parent's affair
        )
        if self._stopped:  # meanwhile
            self.stop()
        return child

    def _answer(self, child: subprocess.Popen[bytes], data: bytes, over: Event) -> bytes:
        """The line that the process writes, b"" if it ends first."""
        assert child.stdin is not None
        assert child.stdout is not None

        def end() -> None:
            over.set()
            child.kill()

        try:
            child.stdin.write(data)
            child.stdin.flush()
            child.stdout.readline()  # now it has loaded what the cell needs, and begins
            timer = Timer(self._limits.seconds or 0, end)
            if self._limits.seconds is not None:
                timer.start()
            answer = child.stdout.readline()
            timer.cancel()
            if self._limits.seconds is not None:
                timer.join()  # it may have struck just now
        except (OSError, ValueError):  # the pipe is broken, or closed by `stop`
            return b""
        return answer if answer.endswith(b"\n") else b""

    def _explained(self, error: str) -> str:
        *_, last = error.splitlines() or [""]
        if self._limits.memory is None or not _MEMORY_RAN_OUT.search(last):
            return error
        return f"{error.rstrip()}\nover the memory limit of {self._limits.memory / 1e9:g} GB\n"

    def _end(self, status: int, *, timed_out: bool) -> str:
        if timed_out:
            return f"over the time limit of {self._limits.seconds:g} s\n"
        how = f"by signal {-status}" if status < 0 else f"with exit status {status}"
        limit = f" of {self._limits.memory / 1e9:g} GB" if self._limits.memory else ""
        return f"the worker died {how}: it was killed, crashed, or is out of memory{limit}\n"


class Pool:
    """So many processes as an engine; a context manager."""

    def __init__(self, jobs: int, limits: Limits, threads: int) -> None:
        self._processes = [Process(limits, threads) for _ in range(jobs)]
        self._free = list(self._processes)
        self._threads = ThreadPoolExecutor(jobs, thread_name_prefix="cell")

    def __enter__(self) -> Pool:
        return self

    def __exit__(self, *exception: Any) -> None:
        self._stop()
        self._threads.shutdown(wait=True)

    def _stop(self) -> None:
        for process in self._processes:
            process.stop()

    def __call__(self, tasks: Iterable[Task]) -> Outcomes:
        """Compute tasks, no more of them taken ahead than there are processes."""
        queue = iter(tasks)
        running: set[Future[Done]] = set()
        try:
            while True:
                running |= {
                    self._threads.submit(self._compute, task)
                    for task in islice(queue, len(self._processes) - len(running))
                }
                if not running:
                    return
                ready, running = wait(running, return_when=FIRST_COMPLETED)
                for future in ready:
                    yield future.result()
        except BaseException:
            self._stop()
            raise

    def _compute(self, task: Task) -> Done:
        process = self._free.pop()  # one for each thread
        try:
            return process.compute(task)
        finally:
            self._free.append(process)


# In the process


def serve(parent: int, memory: int | None) -> None:
    """Compute the cells that come in, until there are no more or the parent is gone."""
    _die_with(parent)
    if memory is not None:
        _limit(memory)
    tasks, answers = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    # What a cell prints goes where errors go, and it reads nothing.
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(2, 1)
    while True:
        try:
            task = pickle.load(tasks)
        except EOFError:
            return
        except Exception as error:
            task = Task("", _raises, error)
        answers.write(b"begun\n")
        answers.flush()
        _, *outcome = astuple(carried_out(task))
        answers.write(json.dumps(outcome).encode() + b"\n")
        answers.flush()


def _raises(error: Exception) -> None:
    raise error


def _die_with(parent: int) -> None:
    """End with the parent, also while C code keeps Python from running."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_DIE_WITH_PARENT, signal.SIGKILL)

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(1)
        os._exit(1)

    Thread(target=watch, daemon=True).start()


def _limit(memory: int) -> None:
    import resource

    _, hard = resource.getrlimit(resource.RLIMIT_DATA)
    most = memory if hard == resource.RLIM_INFINITY else min(memory, hard)
    resource.setrlimit(resource.RLIMIT_DATA, (most, hard))
