"""Files that appear complete or not at all."""

from __future__ import annotations

import os
import secrets
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

__all__ = ["replacing", "unfinished"]


@contextmanager
def replacing(path: str | Path) -> Iterator[Any]:
    """Yield a file of bytes that takes this name, on disk, when the block ends well.

    Until then it stands in the same folder under a name that cannot be foreseen. A link of that
    name is replaced, not followed; a file that is replaced passes its mode on.

    Raises:
        OSError: if it cannot be written; what stood there is then as before.
    """
    path = Path(path)
    name, handle = unfinished(path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())  # some file systems say only here that they are full
        with suppress(FileNotFoundError):
            old = os.lstat(path).st_mode
            if stat.S_ISREG(old):
                os.chmod(name, stat.S_IMODE(old))
        os.replace(name, path)
    except BaseException:
        with suppress(OSError):
            os.unlink(name)
        raise


def unfinished(folder: Path) -> tuple[str, int]:
    """Make a file of a new name and return both, with the mode that the umask leaves."""
    name = os.path.join(folder, f".unfinished-{secrets.token_hex(8)}")
    # Exclusive: neither a file nor a link that stands there already is opened.
    return name, os.open(name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)
