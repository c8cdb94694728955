"""Command line of the checker: `python -m verify all`.

Exit status: 0 if every verdict is the expected one, 1 if not, 2 for bad usage, 130 after
Ctrl-C, which prints what is decided so far.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console

    from verify.claim import Claim
    from verify.registry import Registry
    from verify.runner import Outcome

_EPILOG = """\
examples:
  python -m verify all                       check every claim
  python -m verify isometry:thm-1            check one claim (or several, or a group)
  python -m verify list                      list the claims
  python -m verify show isometry:thm-1       print one claim
  python -m verify all --json                results as JSON on standard output
  python -m verify all --json results.json   ... or in a file
"""


def main(arguments: Sequence[str] | None = None, *, package: str = "verify.claims") -> int:
    """Run the command line on the claims of a package and return the exit status."""
    options = _parser().parse_args(arguments)
    from verify.registry import UnknownLabel, discover

    registry = discover(package)
    command, *labels = options.names
    try:
        if command == "list":
            return _list(registry, labels or ["all"])
        if command == "show":
            return _show(registry, labels)
        return _verify(registry, registry.select(options.names), options)
    except UnknownLabel as error:
        print(f"verify: {error}", file=sys.stderr)
        return 2


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m verify",
        description="Check claims: each check on the statement and on every wrong version.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "names",
        nargs="+",
        metavar="all | GROUP | LABEL | list | show LABEL",
        help="what to check, or what to print",
    )
    parser.add_argument(
        "--json",
        nargs="?",
        const="-",
        metavar="PATH",
        help="write the results there; no PATH or - for stdout, the table then goes to stderr",
    )
    parser.add_argument("--seed", type=int, default=0, help="seed of the searches (default 0)")
    parser.add_argument(
        "--jobs",
        type=_positive,
        default=os.cpu_count() or 1,
        help="checks at once (default: one per core)",
    )
    return parser


def _positive(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of processes; give 1 or more")
    return int(text)


def _list(registry: Registry, names: Sequence[str]) -> int:
    from verify.report import listing

    _console().print(listing(registry.select(names)))
    return 0


def _show(registry: Registry, names: Sequence[str]) -> int:
    from verify.report import portrait

    if not names:
        print("verify: show needs a label; `list` prints them all", file=sys.stderr)
        return 2
    for claim in registry.select(names):
        _console().print(portrait(claim), soft_wrap=True)
    return 0


def _verify(registry: Registry, claims: Sequence[Claim], options: argparse.Namespace) -> int:
    from verify.report import record, summary, table
    from verify.runner import results

    started = monotonic()
    outcomes: list[Outcome] = []
    complete = _watch(registry, claims, options, outcomes)
    seconds = monotonic() - started
    found = results(registry, claims, outcomes)
    console = _console(error=options.json == "-")
    console.print(table(found))
    console.print(summary(found, seconds))
    if options.json:
        data = record(found, seed=options.seed, seconds=seconds, complete=complete)
        _write(options.json, json.dumps(data, indent=2))
    if not complete:
        return 130
    return 0 if all(result.as_expected for result in found) else 1


def _watch(
    registry: Registry,
    claims: Sequence[Claim],
    options: argparse.Namespace,
    outcomes: list[Outcome],
) -> bool:
    """Run the claims under a progress bar; return False if Ctrl-C ended it."""
    from verify.report import progress
    from verify.runner import run

    with progress(_console(error=True)) as bar:
        row = bar.add_task("", total=sum(len(claim.checks) for claim in claims))
        bar.refresh()
        try:
            for outcome in run(registry, claims, jobs=options.jobs, seed=options.seed):
                outcomes.append(outcome)
                bar.update(row, advance=1, description=f"{outcome.claim}: {outcome.verdict}")
                bar.refresh()
        except KeyboardInterrupt:
            return False
    return True


def _write(path: str, text: str) -> None:
    if path == "-":
        print(text)
    else:
        Path(path).write_text(f"{text}\n", encoding="utf-8")


def _console(*, error: bool = False) -> Console:
    """Return a console; where there is no terminal, wide enough for the table."""
    from rich.console import Console

    stream = sys.stderr if error else sys.stdout
    return Console(stderr=error, width=None if stream.isatty() else 160, highlight=False)


if __name__ == "__main__":
    sys.exit(main())
