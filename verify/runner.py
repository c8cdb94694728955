"""Running checks in processes of their own.

A check that hangs is killed at its time limit, a check that crashes takes only itself with it, and
the others go on. A process that is well goes on to the next check: what sympy has cached by then
saves most of the time of a short one.

In a thorough run, where an honest search takes hours, the time limit is that of a single step:
every sign of life starts it anew.

No process outlives the run, even one that is killed, and none takes more than its memory.
"""

from __future__ import annotations

import os
import signal
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from multiprocessing import get_all_start_methods, get_context
from multiprocessing.connection import Connection, wait
from time import monotonic
from typing import Any

from verify.caches import hypothesis_folder
from verify.claim import Check, Claim, Level, Verdict
from verify.isolation import MEMORY_LIMIT, end_group, end_with_parent, limited_memory
from verify.judging import Order, Outcome, carried_out
from verify.memory import Counterexample
from verify.profile import Profile, pulsing
from verify.registry import Registry, find, is_file
from verify.store import Store, origin

__all__ = ["run"]

_STARTING = 120.0  # seconds until a process must have imported its claim
_STARTED, _ALIVE = "started", "alive"
_PULSE = 1.0  # seconds between signs of life, at least
_PRELOADED = "verify.strategies"  # brings sympy and Hypothesis


@dataclass(frozen=True)
class _Task:
    """A running check: its time limit, and the moments at which it began and is killed."""

    claim: Claim
    check: Check
    limit: float
    renews: bool
    began: float
    deadline: float

    @property
    def overdue(self) -> str:
        """Why it is killed."""
        if self.renews:
            return f"killed after {self.limit:g} s without a sign of life"
        return f"killed at its time limit of {self.limit:g} s"

    def failed(self, detail: str) -> Outcome:
        """Return the outcome of a process that gave none."""
        blank = Outcome(self.claim.label, self.check.name, Verdict.ERROR, self.check.level)
        elapsed = monotonic() - self.began
        return replace(blank, only=self.check.only, detail=detail, seconds=elapsed)


def run(
    registry: Registry,
    claims: Sequence[Claim],
    *,
    jobs: int = 2,
    seed: int = 0,
    profile: Profile = Profile.QUICK,
    mutants: bool = True,
    store: Store | None = None,
    time_limit: float | None = None,
    memory_limit: int = MEMORY_LIMIT,
) -> Iterator[Outcome]:
    """Run the checks of some claims and yield the outcomes as they come.

    Closing the iterator, or an exception such as KeyboardInterrupt, ends all processes.

    Args:
        registry: where the claims live.
        claims: a selection of it.
        jobs: how many processes at once.
        seed: handed to checks that search.
        profile: which checks run, and with how much effort.
        mutants: whether they get the mutants too, or the statements alone.
        store: counterexamples of earlier runs; new ones are added.
        time_limit: seconds for every check, in place of what the claims and the profile allow.
        memory_limit: bytes for every check; one that needs more is an error (on Linux).
    """
    order = Order(seed, profile, mutants)
    due = [(claim, check) for claim in claims for check in claim.due(profile)]
    waiting = deque(_ordered(due, profile))
    crew = _Crew(_context(registry), registry, order, store, time_limit, memory_limit)
    try:
        while waiting or crew.running:
            while waiting and len(crew.running) < jobs:
                crew.start(*waiting.popleft())
            for outcome in crew.collect():
                if store is not None and outcome.found is not None:
                    store.keep(outcome.claim, outcome.check, outcome.found)
                yield outcome
    finally:
        crew.dismiss()


def _ordered(due: list[tuple[Claim, Check]], profile: Profile) -> list[tuple[Claim, Check]]:
    """The long checks first; but where searches take hours, what is decided in seconds."""

    def rank(job: tuple[Claim, Check]) -> tuple[bool, float]:
        check = job[1]
        return profile.renews and check.level is Level.SEARCHED, -check.time_limit

    return sorted(due, key=rank)


def _context(registry: Registry) -> Any:
    """Processes fork from a server that has imported the claims, where there are such."""
    if "forkserver" not in get_all_start_methods():
        return get_context("spawn")
    context = get_context("forkserver")
    modules = sorted({name for name in registry.modules.values() if not is_file(name)})
    context.set_forkserver_preload([_PRELOADED, *modules])
    return context


class _Crew:
    """The processes of a run: those at work by their connection, and those without."""

    def __init__(
        self,
        context: Any,
        registry: Registry,
        order: Order,
        store: Store | None,
        time_limit: float | None,
        memory_limit: int,
    ) -> None:
        self.context, self.registry, self.order, self.store = context, registry, order, store
        self.time_limit, self.memory_limit = time_limit, memory_limit
        self.running: dict[Connection, _Task] = {}
        self.idle: list[Connection] = []
        self.processes: dict[Connection, Any] = {}

    def start(self, claim: Claim, check: Check) -> None:
        """Give a check to a process."""
        connection = self.idle.pop() if self.idle else self._hired()
        known = self.store.known(claim.label, check.name) if self.store else ()
        job = (self.registry.modules[claim.label], claim.label, check.name, self.order, known)
        self.running[connection] = self._task(claim, check)
        with suppress(BrokenPipeError):  # it has died in between: noticed when it is read
            connection.send(job)

    def _task(self, claim: Claim, check: Check) -> _Task:
        now, profile = monotonic(), self.order.profile
        limit, renews = check.time_limit * profile.patience, profile.renews
        if self.time_limit is not None:
            limit, renews = self.time_limit, False
        return _Task(claim, check, limit, renews, now, now + _STARTING)

    def _hired(self) -> Connection:
        here, there = self.context.Pipe()
        process = self.context.Process(target=_serve, args=(there, self.memory_limit), daemon=True)
        process.start()
        there.close()
        self.processes[here] = process
        return here  # type: ignore[no-any-return]

    def collect(self) -> Iterator[Outcome]:
        """Wait for the next message or deadline; yield what is finished."""
        soonest = min(task.deadline for task in self.running.values())
        for connection in wait(list(self.running), timeout=max(0.0, soonest - monotonic())):
            assert isinstance(connection, Connection)
            outcome = self._receive(connection)
            if outcome is not None:
                yield outcome
        for connection, task in list(self.running.items()):
            if task.deadline <= monotonic():
                self._end(connection)
                yield task.failed(task.overdue)

    def _receive(self, connection: Connection) -> Outcome | None:
        task = self.running[connection]
        try:
            message = connection.recv()
        except (EOFError, OSError):  # before or within a message
            process = self.processes[connection]
            process.join()
            self._end(connection)
            return task.failed(f"its process ended {_manner(process.exitcode)}")
        if message == _STARTED:
            now = monotonic()
            self.running[connection] = replace(task, began=now, deadline=now + task.limit)
            return None
        if message == _ALIVE:
            if task.renews:
                self.running[connection] = replace(task, deadline=monotonic() + task.limit)
            return None
        assert isinstance(message, Outcome)
        del self.running[connection]
        self.idle.append(connection)
        return message

    def _end(self, connection: Connection) -> None:
        self.running.pop(connection, None)
        process = self.processes.pop(connection)
        end_group(process.pid)
        process.join()
        connection.close()

    def dismiss(self) -> None:
        """End all processes."""
        for connection in list(self.processes):
            self._end(connection)


def _manner(code: int) -> str:
    """How a process has ended: by itself, or by a signal, as when C code finds no memory."""
    if code >= 0:
        return f"with exit code {code}"
    return f"by signal {-code}, {signal.strsignal(-code)} (a crash, or its memory limit)"


Job = tuple[str, str, str, Order, tuple[Counterexample, ...]]


def _serve(connection: Connection, memory: int) -> None:
    """Judge one check after the other."""
    end_with_parent()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent decides
    os.dup2(2, 1)  # what a check prints must not get between the results
    os.environ.setdefault("OMP_NUM_THREADS", "1")  # for torch, once loaded: the crew has the cores
    os.environ.setdefault("HYPOTHESIS_STORAGE_DIRECTORY", str(hypothesis_folder()))
    with suppress(BrokenPipeError, EOFError):  # the parent has ended
        while True:
            _judge(connection, connection.recv(), memory)


def _judge(connection: Connection, job: Job, memory: int) -> None:
    module, label, name, order, known = job
    claim = find(module, label)
    check = next(check for check in claim.checks if check.name == name)
    connection.send(_STARTED)
    with pulsing(_pulse(connection)), limited_memory(memory):
        outcome = carried_out(claim, check, order, known, origin(order, module))
    connection.send(outcome)


def _pulse(connection: Connection) -> Callable[[], None]:
    """Return a function that sends a sign of life, unless it has just sent one."""
    last = monotonic()

    def pulse() -> None:
        nonlocal last
        now = monotonic()
        if now - last >= _PULSE:
            last = now
            connection.send(_ALIVE)

    return pulse
