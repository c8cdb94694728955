"""Command line: python -m hermiso beta "max(alpha*x, 0)" --positive alpha.

Exit status: 0 done, 1 no answer could be reached, 2 bad input, 124 time limit, 137 out of memory,
128 + n ended by signal n, 130 interrupted, 141 nobody reads the output.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from dataclasses import replace
from difflib import get_close_matches
from functools import partial
from importlib import import_module

from hermiso import checker
from hermiso.commands.limits import LimitError, defaults, taken
from hermiso.commands.screen import OTHERS, QUESTIONS, screen, version
from hermiso.errors import MissingExtra
from hermiso.terminal import complain

BAD_INPUT, INTERRUPTED, BROKEN_PIPE = 2, 130, 141

_ROOMS = {
    "run": "hermiso.experiments.command",
    "theorem4": "hermiso.finite.command",
    "sweep": "hermiso.sweep.command",
    "results": "hermiso.sweep.reporting",
}
_ALONE = ("sweep", "verify")  # their work has processes of its own already


def main(arguments: Sequence[str] | None = None, *, apart: bool = False) -> int:
    """Run the command line and return the exit status.

    Args:
        arguments: what follows `python -m hermiso`; by default those of the process.
        apart: whether a command runs in a process of its own, under its limits.
    """
    whole = list(sys.argv[1:] if arguments is None else arguments)
    command = whole[0] if whole else ""
    if command in _ALONE or command not in {**QUESTIONS, **OTHERS}:
        return _finished(whole)
    from hermiso.commands import isolation

    try:
        rest, given = taken(whole)
    except LimitError as error:
        return complain(str(error), BAD_INPUT)
    limits = replace(defaults(command in QUESTIONS), **given)
    work = partial(_finished, rest, given.get("seconds"))
    return isolation.apart(work, limits) if apart else isolation.here(work)


def _finished(arguments: Sequence[str], seconds: float | None = None) -> int:
    """The exit status, however the command ends."""
    try:
        status = _run(arguments, seconds)
        sys.stdout.flush()
    except SystemExit as stop:  # argparse has printed what it had to say
        return int(stop.code or 0)
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        # Python flushes once more at exit, which would fail again.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return BROKEN_PIPE
    return status


def _run(arguments: Sequence[str], seconds: float | None) -> int:
    command, *rest = arguments or ["--help"]
    if command in QUESTIONS:
        from hermiso.commands import questions

        return questions.main(command, rest, seconds)
    if command == "verify":
        return checker.main(rest)
    if command in _ROOMS:  # they have options of their own
        try:
            return int(import_module(_ROOMS[command]).main(rest))
        except MissingExtra as error:
            return complain(str(error), BAD_INPUT)
    if command in ("-h", "--help"):
        print(screen())
    elif command == "--version":
        print(version())
    else:
        return _unknown(command)
    return 0


def _unknown(command: str) -> int:
    close = get_close_matches(command, {**QUESTIONS, **OTHERS}, 1)
    meant = f"did you mean {close[0]}? " if close else ""
    meant = "options follow the command; " if command.startswith("-") else meant
    return complain(
        f"invalid choice: {command!r} is no command; {meant}`python -m hermiso` lists them",
        BAD_INPUT,
    )


if __name__ == "__main__":
    # Exact coefficients have long integers; the length of the input is limited elsewhere.
    sys.set_int_max_str_digits(0)
    sys.exit(main(apart=True))
