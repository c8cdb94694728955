"""The commands: each prints, and returns the exit status."""

from __future__ import annotations

import argparse
import json
import os
import signal
import stat
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from time import monotonic

from rich.console import Console
from rich.progress import Progress, TaskID

from verify import report, runner
from verify.caches import default_folder
from verify.claim import Claim
from verify.judging import Outcome
from verify.profile import Profile
from verify.registry import Registry
from verify.results import Result, results
from verify.store import Store
from verify.writing import STDOUT, write

__all__ = [
    "INTERRUPTED",
    "Run",
    "check",
    "console",
    "ending",
    "heeding_termination",
    "show_claims",
    "show_list",
    "show_mutants",
    "show_table",
]

INTERRUPTED = 130
_ENDING = [number for name in ("SIGTERM", "SIGHUP") if (number := getattr(signal, name, None))]


class Terminated(KeyboardInterrupt):
    """SIGTERM or SIGHUP: it ends a run as Ctrl-C does; its argument is the exit status."""


@dataclass(frozen=True)
class Run:
    """The results of a run, its wall time, and the exit status of what broke it off, if so."""

    results: tuple[Result, ...]
    outcomes: tuple[Outcome, ...]
    seconds: float
    broken: int = 0

    @property
    def complete(self) -> bool:
        """Whether it came to its end."""
        return not self.broken


def show_list(registry: Registry, claims: Sequence[Claim], options: argparse.Namespace) -> int:
    """Print the claims; with `--errata` those that are false, after looking for counterexamples."""
    if not options.errata:
        console().print(report.listing(claims))
        return 0
    wrong = [claim for claim in claims if claim.correction is not None]
    found = perform(registry, wrong, options, mutants=False)
    console().print(report.errata(claims, found.outcomes), soft_wrap=True)
    return _status(found)


def show_claims(registry: Registry, claims: Sequence[Claim], options: argparse.Namespace) -> int:
    """Print all that some claims state about themselves."""
    for claim in claims:
        console().print(report.portrait(claim), soft_wrap=True)
    return 0


def show_mutants(registry: Registry, claims: Sequence[Claim], options: argparse.Namespace) -> int:
    """Print which check refutes which mutant."""
    found = perform(registry, claims, options)
    with _recorded(found, options):
        out = console(error=options.json == STDOUT)
        out.print(report.kill_table(found.results))
        out.print(report.kill_summary(found.results))
    if not found.complete:
        return found.broken
    return 0 if report.all_killed(found.results) else 1


def show_table(registry: Registry, claims: Sequence[Claim], options: argparse.Namespace) -> int:
    """Write the Markdown table of claims, unless a verdict is not the expected one."""
    found = perform(registry, claims, options)
    status = _status(found)
    if status:
        console(error=True).print(report.summary(found.results, found.seconds))
        return status
    write(options.output or STDOUT, report.document(found.results, seed=options.seed))
    return 0


def check(registry: Registry, claims: Sequence[Claim], options: argparse.Namespace) -> int:
    """Check claims and print what became of them."""
    found = perform(registry, claims, options)
    with _recorded(found, options):
        out = console(error=options.json == STDOUT)
        out.print(report.table(found.results))
        out.print(report.summary(found.results, found.seconds))
    return _status(found)


def perform(
    registry: Registry,
    claims: Sequence[Claim],
    options: argparse.Namespace,
    *,
    mutants: bool = True,
) -> Run:
    """Run the checks of claims under a progress bar, until Ctrl-C or a signal to end at most."""
    profile, started = Profile.named(options.profile), monotonic()
    outcomes: list[Outcome] = []
    broken = 0
    screen = console(error=True)
    with report.progress(screen) as bar:
        row = bar.add_task("", total=sum(len(claim.due(profile)) for claim in claims))
        bar.refresh()
        checks = runner.run(
            registry,
            claims,
            jobs=options.jobs,
            seed=options.seed,
            profile=profile,
            mutants=mutants,
            store=_store(options, screen),
            time_limit=options.time_limit,
            memory_limit=options.memory_limit,
        )
        try:
            for outcome in checks:
                outcomes.append(outcome)
                _advance(bar, row, outcome, profile)
        except KeyboardInterrupt as reason:
            broken = ending(reason)
    found = results(registry, claims, outcomes, profile)
    return Run(found, tuple(outcomes), monotonic() - started, broken)


def _advance(bar: Progress, row: TaskID, outcome: Outcome, profile: Profile) -> None:
    """Show one more outcome; where hours of them go to a file, as a line each."""
    bar.update(row, advance=1, description=f"{outcome.claim}: {outcome.verdict}")
    bar.refresh()
    if profile is Profile.THOROUGH and not bar.console.is_terminal:
        done, total = bar.tasks[0].completed, bar.tasks[0].total
        said = f"{outcome.claim} {outcome.check}: {outcome.verdict}, {outcome.seconds:.1f} s"
        bar.console.print(f"{done:.0f}/{total:.0f} {said}", markup=False, soft_wrap=True)


def ending(reason: KeyboardInterrupt) -> int:
    """Return the exit status of a run that was broken off."""
    return int(reason.args[0]) if isinstance(reason, Terminated) else INTERRUPTED


@contextmanager
def heeding_termination() -> Iterator[None]:
    """Within this context the first SIGTERM or SIGHUP raises Terminated.

    The later ones are ignored, so that the results are written: a terminal that closes sends
    several. So are those that were ignored before, as `nohup` has it. Only the main thread may
    heed a signal.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def terminate(number: int, frame: object) -> None:
        for other in heeded:
            signal.signal(other, signal.SIG_IGN)
        _leave_terminal()
        raise Terminated(128 + number)

    heeded = [number for number in _ENDING if signal.getsignal(number) is not signal.SIG_IGN]
    before = [signal.signal(number, terminate) for number in heeded]
    try:
        yield
    finally:
        for number, handler in zip(heeded, before, strict=True):
            signal.signal(number, handler)


def _leave_terminal() -> None:
    """Print into nothing if the terminal is gone: to write to it would fail."""
    for number in (1, 2):
        with suppress(OSError):
            if stat.S_ISCHR(os.fstat(number).st_mode) and not os.isatty(number):
                os.dup2(os.open(os.devnull, os.O_WRONLY), number)


def _store(options: argparse.Namespace, screen: Console) -> Store | None:
    if options.no_cache:
        return None

    def warn(line: str) -> None:
        screen.print(f"verify: warning: {line}", markup=False, soft_wrap=True)

    return Store(options.cache or default_folder(), warn)


def _status(found: Run) -> int:
    if not found.complete:
        return found.broken
    return 0 if all(result.as_expected for result in found.results) else 1


@contextmanager
def _recorded(found: Run, options: argparse.Namespace) -> Iterator[None]:
    """Print within this context; the results are written though nobody may read what is printed."""
    try:
        yield
    finally:
        _write_records(found, options)


def _write_records(found: Run, options: argparse.Namespace) -> None:
    if options.json:
        data = report.record(
            found.results,
            seed=options.seed,
            profile=Profile.named(options.profile),
            seconds=found.seconds,
            complete=found.complete,
        )
        write(options.json, f"{json.dumps(data, indent=2)}\n")
    if options.junit:
        write(options.junit, report.junit(found.results, found.seconds))


def console(*, error: bool = False) -> Console:
    """Return a console; where there is no terminal, wide enough for the table."""
    stream = sys.stderr if error else sys.stdout
    return Console(stderr=error, width=None if stream.isatty() else 160, highlight=False)
