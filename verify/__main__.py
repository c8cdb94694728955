"""Command line of the checker: `python -m verify all`.

Exit status: 0 if every verdict is the expected one, 1 if not, 2 for bad usage, 130 after Ctrl-C,
143 after SIGTERM and 129 after SIGHUP, which print what is decided so far; 141 if nobody reads it.
"""

from __future__ import annotations

import argparse
import io
import os
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from hermiso import checker
from hermiso.errors import MissingExtra
from hermiso.extras import naming_extras
from verify.caches import hypothesis_folder
from verify.options import FIRST_SCREEN, parser
from verify.registry import RegistryError, UnknownLabel, discover
from verify.writing import same

if TYPE_CHECKING:
    from verify.claim import Claim
    from verify.registry import Registry

BAD_USAGE, BROKEN_PIPE = 2, 141
_COMMANDS = ("list", "show", "mutants", "table")


def main(arguments: Sequence[str] | None = None, *, package: str = "verify.claims") -> int:
    """Run the command line on the claims of a package and return the exit status."""
    options = parser().parse_intermixed_args(arguments)
    if not options.names:
        if arguments if arguments is not None else sys.argv[1:]:
            parser().error("name what to check or to print; `all` is everything")
        print(FIRST_SCREEN, end="")
        return 0
    try:
        with naming_extras("verify"):
            return _run(options, package)
    except (RegistryError, UnknownLabel, MissingExtra, _Usage) as error:
        return _complain(str(error))
    except OSError as error:
        if error.filename is not None:  # a result that cannot be written
            return _complain(f"{error.filename}: {error.strerror}")
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # flushed again at exit
        return BROKEN_PIPE
    except SystemExit:  # rich has found that nobody reads, and has done the same
        return BROKEN_PIPE


def _run(options: argparse.Namespace, package: str) -> int:
    from verify import commands

    _print_anything()
    os.environ.setdefault("HYPOTHESIS_STORAGE_DIRECTORY", str(hypothesis_folder()))
    try:
        with commands.heeding_termination():
            registry = discover(options.package or package, options.file)
            return _command(registry, options)
    except KeyboardInterrupt as reason:
        return commands.ending(reason)


def _print_anything() -> None:
    """Let a character that a stream cannot print appear as its number."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def _complain(message: str) -> int:
    print(f"verify: {message}", file=sys.stderr)
    return BAD_USAGE


class _Usage(Exception):
    """Arguments that do not fit together."""


def _command(registry: Registry, options: argparse.Namespace) -> int:
    from verify import commands

    first, *others = options.names
    _refuse(first, options)
    if first not in _COMMANDS:
        return commands.check(registry, _chosen(registry, options.names, options), options)
    if first == "show" and not others:
        raise _Usage("show needs a label; `list` prints them all")
    run = {
        "list": commands.show_list,
        "show": commands.show_claims,
        "mutants": commands.show_mutants,
        "table": commands.show_table,
    }[first]
    return run(registry, _chosen(registry, others or ["all"], options), options)


def _refuse(command: str, options: argparse.Namespace) -> None:
    """Refuse an option that the command would not heed."""
    if options.errata and command != "list":
        raise _Usage("--errata belongs to list")
    if options.output and command != "table":
        raise _Usage("--output belongs to table")
    if (options.json or options.junit) and command in ("list", "show", "table"):
        raise _Usage(f"{command} gives no results; --json and --junit belong to a run")
    if options.json and options.junit and same(options.json, options.junit):
        raise _Usage(f"--json and --junit both write to {options.junit}; give two paths")


def _chosen(
    registry: Registry, names: Sequence[str], options: argparse.Namespace
) -> tuple[Claim, ...]:
    claims = registry.select(names)
    if options.only is None:
        return claims
    allowed = {claim.label for claim in registry.select(options.only)}
    chosen = tuple(claim for claim in claims if claim.label in allowed)
    if not chosen:
        raise _Usage(f"--only {' '.join(options.only)} leaves no claim of {' '.join(names)}")
    return chosen


if __name__ == "__main__":
    sys.exit(checker.main())
