"""What commands say: one legible message on stderr, whatever stood in the input."""

from __future__ import annotations

import argparse
import re
import sys
from typing import NoReturn

__all__ = ["LIMITS", "Parser", "complain", "legible", "shielded"]

LIMITS = """\
limits, for every command but sweep and verify:
  --time-limit SECONDS   end it after so long, or none (questions: 60)
  --memory-limit SIZE    such as 500MB or 2GB, or none (questions: 2GB; others: what is free)
Exit status: 0 done, 1 no answer could be reached, 2 bad input, 124 time limit, 137 out of memory,
128 + n ended by signal n (139 for SIGSEGV, 136 for SIGFPE), 130 interrupted, 141 nobody reads.
"""

_WORD, _MESSAGE = 200, 2000  # characters that are shown whole


def legible(text: str) -> str:
    r"""Abbreviate long words and long texts, and escape what cannot be printed.

    >>> legible("a lone \ud800, a bell \a")
    'a lone \\ud800, a bell \\x07'
    """
    text = re.sub(rf"\S{{{_WORD + 1},}}", lambda word: _shortened(word[0], _WORD), text)
    text = _shortened(text, _MESSAGE)
    return "".join(c if c.isprintable() or c == "\n" else _escaped(c) for c in text)


def _shortened(text: str, most: int) -> str:
    if len(text) <= most:
        return text
    end = most // 4
    return f"{text[: most - end - 3]}...{text[-end:]}"


def _escaped(character: str) -> str:
    return character.encode("unicode_escape").decode("ascii")


def complain(message: str, status: int) -> int:
    """Print an error and return the exit status."""
    print(f"error: {legible(message)}", file=sys.stderr)
    return status


class Parser(argparse.ArgumentParser):
    """A parser of arguments whose complaints are legible."""

    def error(self, message: str) -> NoReturn:
        """Print the usage and what is wrong, and exit with 2."""
        super().error(legible(message))


def shielded(argument: str) -> str:
    """Put a space before a formula that starts with a minus: argparse takes it for an option."""
    option = re.match(r"--|-$|-h$|-n[0-9]*$", argument)
    return f" {argument}" if argument.startswith("-") and not option else argument
