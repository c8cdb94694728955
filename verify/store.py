"""Counterexamples of refuted statements on disk: one small JSON file per check.

A file that cannot be read costs a warning and nothing else: the search then starts without it. A
folder that cannot be used costs one warning, at the start. Files are replaced as a whole, so a run
that is killed leaves no half of one.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Sequence
from dataclasses import asdict
from functools import cache
from pathlib import Path

from verify.judging import Order
from verify.memory import Counterexample
from verify.writing import try_folder, write_whole

__all__ = ["Store", "origin"]

_FORMAT = 1
_MOST = 50  # counterexamples of one check; the oldest go first


class Store:
    """A folder of counterexamples.

    Attributes:
        folder: made at once, so that a run knows whether it can store anything.
        warn: takes one line for each file that cannot be read, and one for the folder.
    """

    def __init__(self, folder: Path, warn: Callable[[str], None]) -> None:
        self.folder = folder
        self.warn = warn
        self._keeps = True
        reason = _obstacle(folder)
        if reason:
            self._give_up(reason)

    def _give_up(self, reason: object) -> None:
        self._keeps = False
        self.warn(f"{self.folder}: no counterexample of this run is stored there: {reason}")

    def path(self, claim: str, check: str) -> Path:
        """Return the file of a check."""
        return self.folder / f"{claim.replace(':', '.')}.{check}.json"

    def known(self, claim: str, check: str) -> tuple[Counterexample, ...]:
        """Return the counterexamples of a check, oldest first; () if there is no good file."""
        path = self.path(claim, check)
        try:
            return _read(path.read_text(encoding="utf-8"))
        except (FileNotFoundError, NotADirectoryError):
            return ()
        except (OSError, ValueError) as error:
            self.warn(f"{path}: no counterexamples can be read from it ({error}); it is ignored")
            return ()

    def keep(self, claim: str, check: str, found: Counterexample) -> None:
        """Add a counterexample in place of an older one of the same search and origin."""
        if not self._keeps:
            return
        known = self.known(claim, check)
        if found in known:
            return
        place = (found.origin, found.search)
        others = [entry for entry in known if (entry.origin, entry.search) != place]
        path = self.path(claim, check)
        try:
            _replace(path, _text([*others, found][-_MOST:]))
        except OSError as error:
            self._give_up(error)


def _obstacle(folder: Path) -> str:
    """Make a folder; say why nothing can be stored in it, "" if something can."""
    nearest = next(path for path in (folder, *folder.absolute().parents) if path.exists())
    if not nearest.is_dir():
        return f"{nearest} is no folder"
    if not os.access(nearest, os.W_OK | os.X_OK):
        return f"{nearest} cannot be written to"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        try_folder(folder)
    except OSError as error:
        return f"it cannot be made or written to ({error.strerror})"
    return ""


def _read(text: str) -> tuple[Counterexample, ...]:
    data = json.loads(text)
    if not isinstance(data, dict) or data.get("format") != _FORMAT:
        raise ValueError(f"it is no record of format {_FORMAT}")
    try:
        found = tuple(Counterexample(**entry) for entry in data["counterexamples"])
    except (KeyError, TypeError) as error:
        raise ValueError(f"an entry is malformed: {error}") from None
    for entry in found:
        if [type(value) for value in asdict(entry).values()] != [str, int, str, str]:
            raise ValueError(f"an entry is malformed: {entry}")
    return found


def _text(entries: Sequence[Counterexample]) -> str:
    data = {"format": _FORMAT, "counterexamples": [asdict(entry) for entry in entries]}
    return f"{json.dumps(data, indent=2)}\n"


def _replace(path: Path, text: str) -> None:
    """Write a file as a whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(path, text)


def origin(order: Order, module: str) -> str:
    """Return seed, profile and sources of a run: what decides which cases a search meets."""
    return f"{order.origin}, sources {_sources(module)}"


@cache
def _sources(module: str) -> str:
    """Digest of the checker and of the module that holds the claim."""
    from verify.registry import file_of

    here = Path(__file__).parent
    core = [*here.glob("*.py"), *here.glob("strategies/*.py")]
    digest = hashlib.sha256()
    for path in [*sorted(core), *filter(None, [file_of(module)])]:
        digest.update(path.read_bytes())
    return digest.hexdigest()[:12]
