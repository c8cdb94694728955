"""Result files: refused before the run if they cannot be written, and then written as a whole.

A regular file is replaced, so that a run that breaks off and a disk that is full leave the old one;
its mode is kept. Through a symlink it is the file behind it. A device or a named pipe is written
to, never replaced. A lone surrogate, which no file can hold, is written as its number.
"""

from __future__ import annotations

import os
import secrets
import stat
import sys
from contextlib import suppress
from pathlib import Path

__all__ = ["STDOUT", "encodable", "refusal", "same", "try_folder", "write", "write_whole"]

STDOUT = "-"


def encodable(text: str) -> str:
    r"""Return a text in which every lone surrogate is replaced by its number.

    >>> encodable("caf\udce9")
    'caf\\udce9'
    """
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def refusal(path: str) -> str:
    """Say why a file cannot be written; "" if it can."""
    if path == STDOUT:
        return ""
    if not path:
        return "the path is empty"
    try:
        status = _status(path)
        if status is None:
            return _refusal_of_new(path)
        if stat.S_ISDIR(status.st_mode):
            return f"{path} is a folder; give a file"
        if stat.S_ISSOCK(status.st_mode) or not os.access(path, os.W_OK):
            return f"{path} cannot be written to"
        return _refusal_in(_resolved(path).parent) if stat.S_ISREG(status.st_mode) else ""
    except OSError as error:
        return f"{path}: {error.strerror}"


def _refusal_of_new(path: str) -> str:
    if os.path.basename(path) in ("", os.curdir, os.pardir):
        return f"{path} is a folder; give a file"
    return _refusal_in(_resolved(path).parent)


def _refusal_in(folder: Path) -> str:
    try:
        try_folder(folder)
    except OSError as error:
        return f"{folder} is no folder that can be written to: {error.strerror}"
    return ""


def try_folder(folder: Path) -> None:
    """Make a file in a folder and remove it, for permissions do not tell whether that works.

    Raises:
        OSError: it cannot be made.
    """
    name, handle = _unfinished(folder)
    os.close(handle)
    os.unlink(name)


def same(one: str, other: str) -> bool:
    """Whether two paths lead to one file."""
    if STDOUT in (one, other):
        return one == other
    return _resolved(one) == _resolved(other)


def write(path: str, text: str) -> None:
    """Write a result to a file, a device or, for "-", standard output.

    Raises:
        OSError: it cannot be written; a regular file is then as before.
    """
    try:
        if path == STDOUT:
            sys.stdout.write(encodable(text))
            sys.stdout.flush()
            return
        status = _status(path)
        if status is None or stat.S_ISREG(status.st_mode):
            write_whole(_resolved(path), text)
        else:
            with os.fdopen(os.open(path, os.O_WRONLY), "w", encoding="utf-8") as file:
                file.write(encodable(text))
    except OSError as error:
        named = "standard output" if path == STDOUT else path
        raise OSError(error.errno, error.strerror, named) from error


def write_whole(target: Path, text: str) -> None:
    """Write a regular file as a whole or not at all; an existing one keeps its mode."""
    status = _status(target)
    name, handle = _unfinished(target.parent)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(encodable(text))
            file.flush()
            os.fsync(file.fileno())  # some file systems say only here that they are full
        if status is not None:
            os.chmod(name, stat.S_IMODE(status.st_mode))
        os.replace(name, target)
    except BaseException:
        with suppress(OSError):
            os.unlink(name)
        raise


def _unfinished(folder: Path) -> tuple[str, int]:
    """Make a file of a new name, with the mode that the umask leaves."""
    name = os.path.join(folder, f".unfinished-{secrets.token_hex(8)}")
    return name, os.open(name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)


def _status(path: str | Path) -> os.stat_result | None:
    """Return the status of what a path leads to; None if there is nothing yet."""
    try:
        return os.stat(path)
    except FileNotFoundError:
        return None


def _resolved(path: str) -> Path:
    return Path(os.path.realpath(path))
