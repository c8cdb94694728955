"""Command line of the checker: `python -m verify all`.

Exit status: 0 if every verdict is the expected one, 1 if not, 2 for bad usage, 130 after
Ctrl-C and 143 after SIGTERM, which both print what is decided so far.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from verify.options import parser
from verify.writing import same

if TYPE_CHECKING:
    from verify.claim import Claim
    from verify.registry import Registry

_COMMANDS = ("list", "show", "mutants", "table")


def main(arguments: Sequence[str] | None = None, *, package: str = "verify.claims") -> int:
    """Run the command line on the claims of a package and return the exit status."""
    options = parser().parse_intermixed_args(arguments)
    from verify.registry import RegistryError, UnknownLabel, discover

    try:
        registry = discover(options.package or package, options.file)
        return _command(registry, options)
    except (RegistryError, UnknownLabel, _Usage) as error:
        print(f"verify: {error}", file=sys.stderr)
        return 2
    except OSError as error:  # a result that cannot be written
        print(f"verify: {error.filename}: {error.strerror}", file=sys.stderr)
        return 2


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
    sys.exit(main())
