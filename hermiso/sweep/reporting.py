"""Command line of results: python -m hermiso results runs.sqlite --output runs.parquet."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from hermiso.errors import HermisoError, StoreError, SweepError
from hermiso.store import Record, read
from hermiso.sweep.tables import current, export, results
from hermiso.terminal import Parser, complain

__all__ = ["main"]

REFUSED, BAD_INPUT = 1, 2
_ROWS = 20  # of the table on the screen


def main(arguments: Sequence[str]) -> int:
    """Print the results of sweeps, or write them to a file.

    Args:
        arguments: what follows `results`.

    Returns:
        The exit status: 0 done, 1 the store cannot be read or some of its rows are damaged, 2 bad
        input.
    """
    options = _parser().parse_args(arguments)
    said: list[str] = []
    try:
        print(_plain(_failed(options, said) if options.failed else _results(options, said)))
    except StoreError as error:
        return complain(str(error), REFUSED)
    except HermisoError as error:
        return complain(str(error), BAD_INPUT)
    for message in said:
        print(_plain(message), file=sys.stderr)
    return REFUSED if any(" damaged" in message for message in said) else 0


def _plain(text: str) -> str:
    """Text of a file without what moves a terminal or cannot be printed."""
    return "".join(c if c.isprintable() or c in "\n\t" else ascii(c)[1:-1] for c in text)


def _parser() -> argparse.ArgumentParser:
    parser = Parser(
        prog="python -m hermiso results",
        description="Print the results of sweeps, or write them to a file.",
    )
    parser.add_argument("store", metavar="FILE", help="the file that a sweep has written")
    parser.add_argument("--experiment", metavar="NAME", help="only this one")
    parser.add_argument(
        "--all-code", action="store_true", help="with results of other code than today's"
    )
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--output", metavar="OUT", help="write the table to OUT.csv or OUT.parquet")
    form.add_argument("--failed", action="store_true", help="print the tracebacks of failed cells")
    return parser


def _results(options: argparse.Namespace, said: list[str]) -> str:
    table = results(options.store, options.experiment, all_code=options.all_code, warn=said.append)
    shape = f"{len(table)} rows of {len(table.columns)} columns"
    if options.output is None:
        shown = table.to_string(max_rows=_ROWS, index=False)
        return f"{shown}\n{shape}" if len(table) else "no cell is finished"
    if os.path.realpath(options.output) == os.path.realpath(options.store):
        raise SweepError(f"the output {options.output} is the store itself; choose another path")
    export(table, Path(options.output))
    return f"{shape}: {options.output}"


def _failed(options: argparse.Namespace, said: list[str]) -> str:
    records = read(options.store, options.experiment, said.append)
    if not options.all_code:
        records = tuple(current(records)[0])
    return "\n".join(_told(r) for r in records if r.error is not None) or "no cell has failed"


def _told(record: Record) -> str:
    return f"{record.cell}\n{record.error}"
