"""Running checks, each in a process of its own.

A check that hangs is killed at its time limit, a check that crashes takes nothing with it, and
the others go on.
"""

from __future__ import annotations

import os
import signal
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from multiprocessing import get_all_start_methods, get_context
from multiprocessing.connection import Connection, wait
from time import monotonic
from typing import Any

from verify.claim import Check, Claim, Verdict
from verify.judging import Order, Outcome, carried_out
from verify.memory import Counterexample
from verify.profile import Profile
from verify.registry import Registry, find, is_file
from verify.store import Store, origin

_STARTING = 120.0  # seconds until a process must have imported its claim
_STARTED = "started"
_PRELOADED = "verify.strategies"  # brings sympy and Hypothesis


@dataclass(frozen=True)
class _Worker:
    """A running check: its process, its time limit, and the moment at which it is killed."""

    claim: Claim
    check: Check
    process: Any
    limit: float
    began: float
    deadline: float

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
    """
    order = Order(seed, profile, mutants)
    context = _context(registry)
    waiting = deque((claim, check) for claim in claims for check in claim.due(profile))
    running: dict[Connection, _Worker] = {}
    try:
        while waiting or running:
            while waiting and len(running) < jobs:
                claim, check = waiting.popleft()
                module = registry.modules[claim.label]
                running.update([_start(context, module, claim, check, order, store)])
            for outcome in _collect(running):
                if store is not None and outcome.found is not None:
                    store.keep(outcome.claim, outcome.check, outcome.found)
                yield outcome
    finally:
        for worker in running.values():
            _end(worker)


def _context(registry: Registry) -> Any:
    """Processes fork from a server that has imported the claims, where there are such."""
    if "forkserver" not in get_all_start_methods():
        return get_context("spawn")
    context = get_context("forkserver")
    modules = sorted({name for name in registry.modules.values() if not is_file(name)})
    context.set_forkserver_preload([_PRELOADED, *modules])
    return context


def _start(
    context: Any, module: str, claim: Claim, check: Check, order: Order, store: Store | None
) -> tuple[Connection, _Worker]:
    here, there = context.Pipe(duplex=False)
    known = store.known(claim.label, check.name) if store else ()
    job = (module, claim.label, check.name, order, known)
    process = context.Process(target=_serve, args=(there, *job), daemon=True)
    process.start()
    there.close()
    now, limit = monotonic(), check.time_limit * order.profile.patience
    return here, _Worker(claim, check, process, limit, now, now + _STARTING)


def _serve(
    connection: Connection,
    module: str,
    label: str,
    name: str,
    order: Order,
    known: tuple[Counterexample, ...],
) -> None:
    """Judge one check, in its own process."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent decides
    os.dup2(2, 1)  # what a check prints must not get between the results
    claim = find(module, label)
    check = next(check for check in claim.checks if check.name == name)
    with suppress(BrokenPipeError):  # the parent has ended
        connection.send(_STARTED)
        connection.send(carried_out(claim, check, order, known, origin(order, module)))


def _collect(running: dict[Connection, _Worker]) -> Iterator[Outcome]:
    """Wait for the next message or deadline; remove and yield what is finished."""
    soonest = min(worker.deadline for worker in running.values())
    for connection in wait(list(running), timeout=max(0.0, soonest - monotonic())):
        assert isinstance(connection, Connection)
        outcome = _receive(connection, running)
        if outcome is not None:
            yield outcome
    for connection, worker in list(running.items()):
        if worker.deadline <= monotonic():
            _end(running.pop(connection))
            yield worker.failed(f"killed at its time limit of {worker.limit:g} s")


def _receive(connection: Connection, running: dict[Connection, _Worker]) -> Outcome | None:
    worker = running[connection]
    try:
        message = connection.recv()
    except (EOFError, OSError):  # before or within a message
        worker.process.join()
        message = worker.failed(f"its process ended with exit code {worker.process.exitcode}")
    if message == _STARTED:
        now = monotonic()
        running[connection] = replace(worker, began=now, deadline=now + worker.limit)
        return None
    del running[connection]
    _end(worker)
    assert isinstance(message, Outcome)
    return message


def _end(worker: _Worker) -> None:
    with suppress(ProcessLookupError):
        worker.process.kill()
    worker.process.join()
