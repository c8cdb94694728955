"""What can be said on the command line."""

from __future__ import annotations

import argparse
import math
import os
import re
from pathlib import Path

import hermiso
from verify.isolation import MEMORY_LIMIT
from verify.profile import Profile
from verify.writing import STDOUT, refusal

__all__ = ["FIRST_SCREEN", "parser"]

_EPILOG = """\
examples:
  python -m verify all                       check every claim
  python -m verify isometry:thm-1            check one claim (or several, or a group)
  python -m verify all --only '*:eq-*'       check the claims whose labels fit a pattern
  python -m verify all --profile quick       under half a minute; thorough takes days
  python -m verify list                      list the claims
  python -m verify list --errata             what is false as printed, with counterexamples
  python -m verify show isometry:thm-1       print one claim
  python -m verify mutants                   which check refutes which wrong version
  python -m verify table --output FILE.md    the table of claims, in Markdown
  python -m verify all --json results.json   results as JSON; no path: on standard output
  python -m verify all --from my_claims.py   claims of your own (docs/checking-a-claim.md)

profiles: on two cores quick takes under half a minute, default under 3 minutes, and thorough, with
up to a million cases a claim, about two days. A check that the profile leaves out is named in table
and JSON, a claim that is thereby skipped in the summary; neither is an unexpected verdict.

time limits: 15 s a check in quick, 60 s in default (more where a claim asks for it); in thorough,
10 minutes without a decided case. A check that exceeds its limit is killed and reported as error;
so is one that takes more than 4 GB of memory on top of the libraries that it uses (on Linux).

exit status: 0 if every verdict is the expected one, 1 if not, 2 for bad usage; 130 after Ctrl-C,
143 after SIGTERM and 129 after SIGHUP, which all print what is decided; 141 if nobody reads it
"""

FIRST_SCREEN = """\
python -m verify checks claims: each check on the statement and on every wrong version of it.

  python -m verify all --profile quick       check every claim, in under half a minute
  python -m verify all                       the same with more cases, in under 3 minutes
  python -m verify list                      list the claims
  python -m verify show isometry:thm-1       print one claim
  python -m verify list --errata             what is false as printed, with counterexamples
  python -m verify all --from my_claims.py   check claims of your own
  python -m verify --help                    everything else
"""


def parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    made = argparse.ArgumentParser(
        prog="python -m verify",
        description="Check claims: each check on the statement and on every wrong version.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    made.add_argument("--version", action="version", version=f"hermiso {hermiso.__version__}")
    made.add_argument(
        "names",
        nargs="*",
        metavar="all | GROUP | LABEL | PATTERN | list | show | mutants | table",
        help="what to check or to print; claims may follow a command",
    )
    _add_selection(made)
    _add_effort(made)
    _add_output(made)
    return made


def _add_selection(made: argparse.ArgumentParser) -> None:
    made.add_argument(
        "--only",
        action="append",
        metavar="PATTERN",
        help="of these, only the claims whose labels fit, such as '*:thm-*'; may be repeated",
    )
    made.add_argument(
        "--from", dest="file", type=Path, metavar="FILE.py", help="check the claims of this file"
    )
    made.add_argument("--package", metavar="NAME", help="check the claims of this package")


def _add_effort(made: argparse.ArgumentParser) -> None:
    made.add_argument(
        "--profile",
        choices=[profile.word for profile in Profile],
        default=Profile.DEFAULT.word,
        help="how much effort the searches take (default: default)",
    )
    made.add_argument("--seed", type=int, default=0, help="seed of the searches (default 0)")
    made.add_argument(
        "--jobs",
        type=_positive,
        default=os.cpu_count() or 1,
        help="checks at once (default: one per core)",
    )
    made.add_argument(
        "--time-limit",
        type=_seconds,
        metavar="SECONDS",
        help="kill any check after so long (default: by profile, see below)",
    )
    made.add_argument(
        "--memory-limit",
        type=_bytes,
        default=MEMORY_LIMIT,
        metavar="SIZE",
        help="of any check, on top of what is loaded, such as 500MB (default: 4GB)",
    )
    made.add_argument(
        "--cache",
        type=Path,
        metavar="FOLDER",
        help="where counterexamples are stored, to be replayed first (default: user's cache)",
    )
    made.add_argument("--no-cache", action="store_true", help="store and replay nothing")


def _add_output(made: argparse.ArgumentParser) -> None:
    made.add_argument(
        "--json",
        nargs="?",
        const=STDOUT,
        type=_writable,
        metavar="PATH",
        help="write the results there; no PATH or - for stdout, the table then goes to stderr",
    )
    made.add_argument(
        "--junit", type=_writable, metavar="PATH", help="write the results there as JUnit XML"
    )
    made.add_argument("--errata", action="store_true", help="list: only what is false as printed")
    made.add_argument(
        "--output", type=_writable, metavar="PATH", help="table: write it there, not on stdout"
    )


def _positive(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of processes; give 1 or more")
    return int(text)


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = math.nan
    if not 0 < seconds < math.inf:
        raise argparse.ArgumentTypeError(f"{text!r} is no time; give a number of seconds above 0")
    return seconds


def _bytes(text: str) -> int:
    found = re.fullmatch(r"\s*([0-9]{1,9}(?:\.[0-9]{1,9})?)\s*(k|M|G|T)B\s*", text, re.IGNORECASE)
    size = float(found[1]) * 1000 ** (1 + "kmgt".index(found[2].lower())) if found else 0.0
    if size < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no size; give one such as 500MB or 4GB")
    return int(size)


def _writable(text: str) -> str:
    """Refuse a path before the run, not after it."""
    reason = refusal(text)
    if reason:
        raise argparse.ArgumentTypeError(reason)
    return text
