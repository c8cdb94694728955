"""The words of a formula: numbers, names and operators, each with its place; and refusals there."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, NoReturn

from hermiso.errors import ParseError

__all__ = ["MAX_SHOWN", "MAX_TOKENS", "Token", "refuse", "shown", "tokens"]

MAX_TOKENS = 2_000
MAX_SHOWN = 40  # characters of a name in a message


def shown(thing: Any) -> str:
    """A name or text on one line: long ones are cut, characters that do not print escaped."""
    text = str(thing)
    cut = text if len(text) <= MAX_SHOWN else f"{text[: MAX_SHOWN - 3]}..."
    return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in cut)


@dataclass(frozen=True)
class Token:
    """A word of the formula and where it stands."""

    kind: str  # number, name, operator or end
    text: str
    at: int

    def __str__(self) -> str:
        return self.text if self.kind == "end" else repr(shown(self.text))


_TOKEN = re.compile(
    r"(?P<number>(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)"
    r"|(?P<name>[A-Za-z][A-Za-z0-9_]*)"
    r"|(?P<operator>\*\*|<=|>=|[-+*/^(),<>&|=])"
    r"|(?P<space>[ \t\r\n]+)"
)
_INSTEAD = {
    "=": "<= or >=", "[": "(", "]": ")", "{": "(", "}": ")", "\u2212": "-", "\u00b7": "*",
    "\u00d7": "*", "\u00f7": "/", "\u2264": "<=", "\u2265": ">=", "\u03c0": "pi",
}  # fmt: skip


def refuse(message: str, text: str, at: int) -> NoReturn:
    """Raise with the part of the text around a position, and a caret below it."""
    start = max(0, at - 30)
    line = "".join(c if c.isprintable() else " " for c in text[start : at + 30])
    raise ParseError(f"{message} (position {at + 1})\n  {line}\n  {' ' * (at - start)}^")


def tokens(text: str) -> list[Token]:
    """Cut a text into its words, with one for the end."""
    found: list[Token] = []
    at = 0
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            hint = f"; use {_INSTEAD[text[at]]}" if text[at] in _INSTEAD else ""
            refuse(f"the character {text[at]!r} is not allowed{hint}", text, at)
        if match.lastgroup != "space":
            found.append(Token(str(match.lastgroup), match.group(), at))
        at = match.end()
    if len(found) > MAX_TOKENS:
        excess = found[MAX_TOKENS].at
        refuse(f"the formula has {len(found)} parts; at most {MAX_TOKENS}", text, excess)
    return [*found, Token("end", "the end", len(text))]
