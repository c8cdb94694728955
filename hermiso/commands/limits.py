"""Limits of time and memory, as options of every command that runs apart."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from hermiso import memory

__all__ = ["LimitError", "Limits", "defaults", "taken"]

_QUESTION = 2e9
# A question watches a budget of its own and ends long before; this is for what cannot watch it.
_SECONDS = 60.0
_LONGEST = 1e9


@dataclass(frozen=True)
class Limits:
    """What a command may take; None is no limit.

    Attributes:
        seconds: of wall clock.
        memory: bytes that it holds.
        sudden: whether the kernel refuses a leap beyond it; a driver of an accelerator sets aside
            more than it will ever hold.
    """

    seconds: float | None = None
    memory: float | None = None
    sudden: bool = True


class LimitError(ValueError):
    """A limit is no amount of time or memory."""


def defaults(question: bool) -> Limits:
    """The limits where none are given: a question's are small, others may take what is free."""
    free = memory.available()
    return Limits(_SECONDS, min(_QUESTION, free)) if question else Limits(None, free, sudden=False)


def taken(arguments: Sequence[str]) -> tuple[list[str], dict[str, Any]]:
    """Take --time-limit and --memory-limit out of the arguments; what is given for `Limits`.

    Raises:
        LimitError: if one of them has a value that it cannot have.
    """
    rest: list[str] = []
    given: dict[str, Any] = {}
    left = iter(arguments)
    for argument in left:
        name, equals, value = argument.partition("=")
        if name == "--time-limit":
            given["seconds"] = _seconds(value if equals else next(left, ""))
        elif name == "--memory-limit":
            given["memory"] = _bytes(value if equals else next(left, ""))
        else:
            rest.append(argument)
    return rest, given


def _seconds(text: str) -> float | None:
    if text == "none":
        return None
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not 0 < seconds <= _LONGEST:
        raise LimitError(f"--time-limit is {text!r}; give seconds > 0, such as 60, or none")
    return seconds


def _bytes(text: str) -> float | None:
    if text == "none":
        return None
    try:
        return memory.amount(text)
    except ValueError:
        raise LimitError(
            f"--memory-limit is {text!r}; give an amount such as 500MB or 2GB, or none"
        ) from None
