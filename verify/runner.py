"""Running checks: the statement, then every mutant, each check in a process of its own.

`judge` decides one check in this process. `run` isolates it: a check that hangs is killed at
its time limit, a check that crashes takes nothing with it, and the others go on.
"""

from __future__ import annotations

import signal
import traceback
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from multiprocessing import get_all_start_methods, get_context
from multiprocessing.connection import Connection, wait
from time import monotonic
from typing import Any

from verify.claim import Check, Claim, Evidence, Level, Refuted, Skipped, Undecided, Verdict
from verify.registry import Registry, find
from verify.searching import first_counterexample

_STARTING = 120.0  # seconds until a process must have imported its claim
_STARTED = "started"


@dataclass(frozen=True)
class Outcome:
    """What one check found.

    Attributes:
        claim: label of the claim.
        check: name of the check.
        verdict: what it says about the claim.
        level: the declared level.
        only: the part of the claim that the check covers, None for the whole.
        evidence: what was quantified over; None if nothing speaks for the statement.
        rejected: the mutants that were refuted.
        detail: counterexample, accepted mutant or error message.
        seconds: wall time.
    """

    claim: str
    check: str
    verdict: Verdict
    level: Level
    only: str | None = None
    evidence: Evidence | None = None
    rejected: tuple[str, ...] = ()
    detail: str = ""
    seconds: float = 0.0


def judge(claim: Claim, check: Check, seed: int = 0) -> Outcome:
    """Give a check the statement and every mutant, and say what it is worth.

    A check supports the claim if it returns evidence of its declared level for the statement
    and refutes every mutant. If it refutes a statement that has a correction, it must also
    support the corrected statement: a check that refutes everything shows nothing.

    Args:
        claim: the claim.
        check: one of its checks.
        seed: handed to checks that search.

    Returns:
        The outcome; no exception of the check escapes.
    """
    started = monotonic()
    outcome = _attempt(claim, check, claim.value, seed)
    if outcome.verdict is Verdict.REFUTED and claim.correction is not None:
        outcome = _controlled(outcome, claim, check, seed)
        outcome = _with_mutants(outcome, claim, check, seed)
    elif outcome.verdict.supports:
        outcome = _with_mutants(outcome, claim, check, seed)
    return replace(outcome, seconds=monotonic() - started)


def _attempt(claim: Claim, check: Check, stated: Any, seed: int) -> Outcome:
    """Run a check on one value."""
    blank = Outcome(claim.label, check.name, Verdict.ERROR, check.level, check.only)
    try:
        evidence: object = check(stated, seed)
    except Refuted as counterexample:
        return replace(blank, verdict=Verdict.REFUTED, detail=str(counterexample))
    except Undecided as reason:
        return replace(blank, verdict=Verdict.UNDECIDED, detail=str(reason))
    except Skipped as reason:
        return replace(blank, verdict=Verdict.SKIPPED, detail=str(reason))
    except Exception as error:
        return replace(blank, detail=_described(error))
    if not isinstance(evidence, Evidence):
        return replace(blank, detail=f"returned {evidence!r}; a check returns Evidence")
    if evidence.level < check.level:
        seen = f"declared {check.level.name}, but its evidence is {evidence.level.name}"
        return replace(blank, detail=seen)
    return replace(blank, verdict=Verdict.of(check.level), evidence=evidence)


def _controlled(outcome: Outcome, claim: Claim, check: Check, seed: int) -> Outcome:
    assert claim.correction is not None
    control = _attempt(claim, check, claim.correction.value, seed)
    if control.verdict.supports:
        return outcome
    verdict = Verdict.ERROR if control.verdict is Verdict.ERROR else Verdict.TOOTHLESS
    detail = f"does not support the corrected statement either: {control.detail}"
    return replace(outcome, verdict=verdict, detail=detail)


def _with_mutants(outcome: Outcome, claim: Claim, check: Check, seed: int) -> Outcome:
    if outcome.verdict in (Verdict.ERROR, Verdict.TOOTHLESS):
        return outcome
    for slip, mutant in claim.mutants.items():
        with first_counterexample():
            answer = _attempt(claim, check, mutant, seed)
        if answer.verdict is Verdict.ERROR:
            return replace(answer, detail=f"on the mutant {slip!r}: {answer.detail}")
        if answer.verdict is not Verdict.REFUTED:
            said = f"{answer.verdict}: {answer.detail}" if answer.detail else str(answer.verdict)
            detail = f"does not refute the mutant {slip!r} ({said})"
            return replace(outcome, verdict=Verdict.TOOTHLESS, detail=detail)
        outcome = replace(outcome, rejected=(*outcome.rejected, slip))
    return outcome


def _described(error: Exception) -> str:
    place = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__}: {error} ({place.name}, line {place.lineno})"


# Isolation


@dataclass(frozen=True)
class _Worker:
    """A running check: its process, and the moment at which it is killed."""

    claim: Claim
    check: Check
    process: Any
    began: float
    deadline: float

    def failed(self, detail: str) -> Outcome:
        """Return the outcome of a process that gave none."""
        blank = Outcome(self.claim.label, self.check.name, Verdict.ERROR, self.check.level)
        elapsed = monotonic() - self.began
        return replace(blank, only=self.check.only, detail=detail, seconds=elapsed)


def run(
    registry: Registry, claims: Sequence[Claim], *, jobs: int = 2, seed: int = 0
) -> Iterator[Outcome]:
    """Run every check of some claims and yield the outcomes as they come.

    Closing the iterator, or an exception such as KeyboardInterrupt, ends all processes.

    Args:
        registry: where the claims live.
        claims: a selection of it.
        jobs: how many processes at once.
        seed: handed to checks that search.
    """
    context = _context(sorted(set(registry.modules.values())))
    waiting = deque((claim, check) for claim in claims for check in claim.checks)
    running: dict[Connection, _Worker] = {}
    try:
        while waiting or running:
            while waiting and len(running) < jobs:
                claim, check = waiting.popleft()
                start = _start(context, registry.modules[claim.label], claim, check, seed)
                running.update([start])
            yield from _collect(running)
    finally:
        for worker in running.values():
            _end(worker)


def _context(modules: list[str]) -> Any:
    """Processes fork from a server that has imported the claims, where there are such."""
    if "forkserver" not in get_all_start_methods():
        return get_context("spawn")
    context = get_context("forkserver")
    context.set_forkserver_preload(modules)
    return context


def _start(
    context: Any, module: str, claim: Claim, check: Check, seed: int
) -> tuple[Connection, _Worker]:
    here, there = context.Pipe(duplex=False)
    arguments = (there, module, claim.label, check.name, seed)
    process = context.Process(target=_serve, args=arguments, daemon=True)
    process.start()
    there.close()
    now = monotonic()
    return here, _Worker(claim, check, process, now, now + _STARTING)


def _serve(connection: Connection, module: str, label: str, name: str, seed: int) -> None:
    """Judge one check, in its own process."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent decides
    claim = find(module, label)
    check = next(check for check in claim.checks if check.name == name)
    with suppress(BrokenPipeError):  # the parent has ended
        connection.send(_STARTED)
        connection.send(judge(claim, check, seed))


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
            limit = worker.check.time_limit
            yield worker.failed(f"killed at its time limit of {limit:g} s")


def _receive(connection: Connection, running: dict[Connection, _Worker]) -> Outcome | None:
    worker = running[connection]
    try:
        message = connection.recv()
    except EOFError:
        worker.process.join()
        message = worker.failed(f"its process ended with exit code {worker.process.exitcode}")
    if message == _STARTED:
        now = monotonic()
        running[connection] = replace(worker, began=now, deadline=now + worker.check.time_limit)
        return None
    del running[connection]
    _end(worker)
    assert isinstance(message, Outcome)
    return message


def _end(worker: _Worker) -> None:
    with suppress(ProcessLookupError):
        worker.process.kill()
    worker.process.join()


# From checks to claims


@dataclass(frozen=True)
class Result:
    """What a run says about one claim.

    Attributes:
        claim: the claim.
        outcomes: of its checks, in their order; fewer if the run was interrupted.
        rests: whether all ancestors have support; None if one of them was not run.
    """

    claim: Claim
    outcomes: tuple[Outcome, ...]
    rests: bool | None = None

    @property
    def complete(self) -> bool:
        """Whether every check came to an end."""
        return len(self.outcomes) == len(self.claim.checks)

    @property
    def verdict(self) -> Verdict:
        """The worst of error, toothless and refuted; else the best level for the whole claim."""
        found = [outcome.verdict for outcome in self.outcomes]
        for verdict in (Verdict.ERROR, Verdict.TOOTHLESS, Verdict.REFUTED):
            if verdict in found:
                return verdict
        whole = [o.level for o in self.outcomes if o.verdict.supports and o.only is None]
        if whole:
            return Verdict.of(max(whole))
        skipped = bool(found) and all(verdict is Verdict.SKIPPED for verdict in found)
        return Verdict.SKIPPED if skipped else Verdict.UNDECIDED

    @property
    def as_expected(self) -> bool:
        """Whether the verdict is the known one and no check was left undecided."""
        undecided = any(o.verdict is Verdict.UNDECIDED for o in self.outcomes)
        return self.complete and self.verdict is self.claim.expects and not undecided


def results(
    registry: Registry, claims: Sequence[Claim], outcomes: Sequence[Outcome]
) -> tuple[Result, ...]:
    """Collect outcomes by claim."""
    found = {}
    for claim in claims:
        own = {o.check: o for o in outcomes if o.claim == claim.label}
        ordered = tuple(own[check.name] for check in claim.checks if check.name in own)
        found[claim.label] = Result(claim, ordered)
    supported = {label: r.complete and r.verdict.supports for label, r in found.items()}
    return tuple(
        replace(result, rests=_rests(registry.ancestors(result.claim), supported))
        for result in found.values()
    )


def _rests(ancestors: set[str], supported: dict[str, bool]) -> bool | None:
    if not ancestors <= supported.keys():
        return None
    return all(supported[label] for label in ancestors)
