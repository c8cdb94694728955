"""Command line of sweeps: python -m hermiso sweep figure-3 --set width=100,1000 --seeds 0-9."""

from __future__ import annotations

import argparse
import math
import os
import sys
from collections.abc import Callable, Sequence
from time import perf_counter
from typing import Any

from hermiso.errors import HermisoError, StoreError, SweepError
from hermiso.sweep.grid import Experiment
from hermiso.sweep.progress import progress
from hermiso.sweep.running import Tally, named, run
from hermiso.sweep.settings import choices, seed_list
from hermiso.sweep.tasks import Limits
from hermiso.terminal import Parser, legible

__all__ = ["main"]

FAILED, BAD_INPUT, INTERRUPTED = 1, 2, 130
_SHOWN = 10  # failed cells that are named

_EPILOG = """\
examples:
  python -m hermiso sweep figure-3 --set width=100,1000 --set activation=relu,tanh --seeds 0-9
  python -m hermiso sweep figure-4 --quick --store runs.sqlite --jobs 2
  python -m hermiso sweep figure-3 --seeds 0-99 --engine dask=tcp://host:8786
  python -m hermiso sweep figure-4 --quick --set 'activation=["max(x, 0)", "tanh"]'
  python -m hermiso results runs.sqlite --output runs.csv

A field that holds a list takes one list, activations=relu,tanh; in the singular, activation=..., a
cell for each entry. Lists may be written as JSON. Commas in parentheses part nothing.
The same command goes on with a sweep that was stopped or killed, and repeats no finished cell.
Results of other code are not used. A cluster runs what whoever reaches its scheduler sends it.
"""


def main(arguments: Sequence[str], find: Callable[[str], Any] = named) -> int:
    """Run a grid of an experiment, every finished cell at once into one file.

    Args:
        arguments: what follows `sweep`.
        find: name -> experiment.

    Returns:
        The exit status: 0 all cells are finished, 1 some failed or the file could not be written,
        2 bad input, 130 interrupted.
    """
    options = _parser().parse_args(arguments)
    tally, start = Tally(), perf_counter()
    try:
        experiment = find(options.experiment)
        with progress(options.experiment, sys.stderr) as shown:

            def watch(now: Tally) -> None:
                nonlocal tally
                tally = now
                shown(now)

            _run(experiment, options, watch)
    except KeyboardInterrupt:
        return _interrupted(tally, options.store) if tally.total else INTERRUPTED
    except StoreError as error:
        return _complain(str(error), FAILED)
    except (HermisoError, ImportError) as error:
        return _complain(str(error), BAD_INPUT)
    _say(_summary(options, tally, perf_counter() - start))
    return _failures(tally, options.store) if tally.failed else 0


def _parser() -> argparse.ArgumentParser:
    parser = Parser(
        prog="python -m hermiso sweep",
        description="Run a grid of an experiment, every finished cell at once into one file.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("experiment", metavar="EXPERIMENT", help="such as figure-3")
    parser.add_argument(
        "--set",
        metavar="FIELD=A,B",
        action="append",
        default=[],
        help="values of a field of the config (repeatable)",
    )
    parser.add_argument("--seeds", metavar="0-9", help="such as 0-9 or 0,3,10-12")
    parser.add_argument("--quick", action="store_true", help="depart from the quick config")
    parser.add_argument(
        "--store", metavar="FILE", default="runs.sqlite", help="the file (runs.sqlite)"
    )
    parser.add_argument("--jobs", metavar="N", type=int, help="cells at once (one for each core)")
    parser.add_argument(
        "--engine",
        metavar="ENGINE",
        default="processes",
        help="processes (the default), dask=tcp://HOST:PORT, ray or ray=ADDRESS",
    )
    parser.add_argument(
        "--cell-time-limit", metavar="SECONDS", type=float, help="of each cell (none)"
    )
    parser.add_argument(
        "--cell-memory-limit",
        metavar="GB",
        type=float,
        help="of each cell (with processes, that of this machine; else none)",
    )
    return parser


def _run(
    experiment: Experiment, options: argparse.Namespace, watch: Callable[[Tally], None]
) -> None:
    run(
        experiment,
        choices(experiment, options.set, quick=options.quick),
        None if options.seeds is None else seed_list(options.seeds),
        store=options.store,
        jobs=options.jobs,
        on=options.engine,
        quick=options.quick,
        limits=_limits(options),
        watch=watch,
    )


def _limits(options: argparse.Namespace) -> Limits:
    memory = options.cell_memory_limit
    if memory is None:
        return Limits(
            options.cell_time_limit, _installed() if options.engine == "processes" else None
        )
    if not 0 < memory < math.inf:
        raise SweepError(f"the memory limit of a cell is {memory} GB; it must be above 0")
    return Limits(options.cell_time_limit, round(memory * 1e9))


def _installed() -> int | None:
    """Bytes of memory of this machine, where it tells."""
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):
        return None


def _summary(options: argparse.Namespace, tally: Tally, seconds: float) -> str:
    counts = {
        "were finished before": tally.known,
        "finished": tally.finished,
        "failed": len(tally.failed),
    }
    told = ", ".join(f"{count} {what}" for what, count in counts.items() if count)
    cells = f"{tally.total} {'cell' if tally.total == 1 else 'cells'}"
    line = f"{options.experiment}: {cells}, {told} in {seconds:.1f} s: {options.store}"
    if not tally.other_code:
        return line
    of = f"{tally.other_code} {'cell' if tally.other_code == 1 else 'cells'}"
    return f"{line}\nresults of other code: {of}, not used"


def _failures(tally: Tally, store: str) -> int:
    lines = [
        f"  {failure.cell}: {(failure.error.splitlines() or [''])[-1]}"
        for failure in tally.failed[:_SHOWN]
    ]
    more = len(tally.failed) - len(lines)
    lines += [f"  and {more} more"] if more > 0 else []
    return _complain(
        "\n".join(
            [
                f"{len(tally.failed)} of {tally.total} cells failed:",
                *lines,
                f"tracebacks: python -m hermiso results {store} --failed",
                "the same command tries these cells again",
            ]
        ),
        FAILED,
    )


def _interrupted(tally: Tally, store: str) -> int:
    kept = tally.known + tally.finished
    told = f"{kept} of {tally.total} cells are finished and kept in {store}, {tally.total - kept}"
    _say(
        f"interrupted: {told} are left; the same command goes on" if tally.total else "interrupted"
    )
    return INTERRUPTED


def _complain(message: str, status: int) -> int:
    _say(f"error: {message}")
    return status


def _say(message: str) -> None:
    print(legible(message), file=sys.stderr)
