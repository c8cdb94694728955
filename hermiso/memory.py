"""How much memory a process may still take, and amounts of it as text."""

from __future__ import annotations

import math
import os
import re
from contextlib import suppress
from pathlib import Path

__all__ = ["amount", "available", "shown"]

_UNITS = {"kb": 1e3, "mb": 1e6, "gb": 1e9, "tb": 1e12, "kib": 2**10, "mib": 2**20, "gib": 2**30,
          "tib": 2**40}  # fmt: skip


def available() -> float:
    """Bytes that this process may take without swapping: the least of what bounds it.

    The system's free memory, that of the control group (a container), and the limits of the
    process (`ulimit -v`, `-d`). Where the system tells none of them, inf.
    """
    return max(0.0, min(_free(), _group(), _limit()))


def _free() -> float:
    with suppress(OSError):
        found = re.search(r"MemAvailable:\s*(\d+) kB", Path("/proc/meminfo").read_text())
        if found:
            return 1024.0 * int(found[1])
    with suppress(OSError, ValueError, AttributeError):
        return float(os.sysconf("SC_PHYS_PAGES")) * os.sysconf("SC_PAGE_SIZE")
    return math.inf


def _group() -> float:
    """What the control group leaves; pages of files that it can drop count as free."""
    least = math.inf
    for folder in ("/sys/fs/cgroup" + _own_group(), "/sys/fs/cgroup"):
        with suppress(OSError, ValueError):  # no such file, or "max"
            most, used = (int(Path(folder, f"memory.{n}").read_text()) for n in ("max", "current"))
            found = re.search(r"inactive_file (\d+)", Path(folder, "memory.stat").read_text())
            least = min(least, most - used + (int(found[1]) if found else 0))
    return least


def _own_group() -> str:
    with suppress(OSError):
        found = re.search(r"(?m)^0::(/.*)$", Path("/proc/self/cgroup").read_text())
        if found:
            return found[1].rstrip("/")
    return ""


def _limit() -> float:
    try:
        import resource

        pages = [int(n) for n in Path("/proc/self/statm").read_text().split()]
    except (ImportError, OSError):
        return math.inf
    bounds = ((resource.RLIMIT_AS, pages[0]), (resource.RLIMIT_DATA, pages[5]))
    left = (
        resource.getrlimit(which)[0] - used * resource.getpagesize()
        for which, used in bounds
        if resource.getrlimit(which)[0] != resource.RLIM_INFINITY
    )
    return float(min(left, default=math.inf))


def amount(text: str) -> float:
    """Read "500MB", "2GB" or "1.5GiB" as bytes, above 0.

    Raises:
        ValueError: if it is no amount of memory.
    """
    found = re.fullmatch(r"\s*([0-9]{1,9}(?:\.[0-9]{1,9})?)\s*([kmgt]i?b)\s*", text, re.I)
    unit = _UNITS.get(found[2].lower()) if found else None
    if not found or unit is None or not float(found[1]):
        raise ValueError("no amount of memory")
    return float(found[1]) * unit


def shown(count: float) -> str:
    """Bytes in the largest unit that leaves a number of 1 or more.

    >>> shown(5_120_000_000)
    '5.12 GB'
    """
    for unit, factor in (("TB", 1e12), ("GB", 1e9), ("MB", 1e6)):
        if count >= factor:
            return f"{count / factor:.3g} {unit}"
    return f"{count / 1e3:.3g} kB"
