"""What keeps a check within bounds that it cannot lift: the life of its run, and its memory."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from multiprocessing import parent_process
from multiprocessing.connection import wait
from pathlib import Path
from threading import Thread

__all__ = ["MEMORY_LIMIT", "end_group", "end_with_parent", "limited_memory"]

MEMORY_LIMIT = 4 * 10**9  # bytes that a check may take on top of what is loaded


def end_with_parent() -> None:
    """Lead a group of processes that is killed as soon as the parent has ended, however it did.

    A child of multiprocessing reads a pipe that the parent alone holds open. On Linux the kernel
    itself sends the group SIGIO when that closes, so no C library that hangs can miss it.
    """
    parent = parent_process()
    assert parent is not None, "only a process that multiprocessing has started has a parent"
    os.setpgid(0, 0)
    if sys.platform == "linux":
        from fcntl import F_GETFL, F_SETFL, F_SETOWN, fcntl

        signal.signal(signal.SIGIO, signal.SIG_DFL)
        fcntl(parent.sentinel, F_SETOWN, -os.getpid())
        fcntl(parent.sentinel, F_SETFL, fcntl(parent.sentinel, F_GETFL) | os.O_ASYNC)
        if wait([parent.sentinel], 0):  # it has ended in between
            end_group(os.getpid())
    else:
        Thread(target=_watch, args=(parent.sentinel,), daemon=True).start()


def _watch(sentinel: int) -> None:
    wait([sentinel])
    end_group(os.getpid())


def end_group(leader: int) -> None:
    """Kill a process and all that it has started."""
    for end in (os.killpg, os.kill):  # it may not lead a group yet
        with suppress(ProcessLookupError):
            end(leader, signal.SIGKILL)


@contextmanager
def limited_memory(size: int) -> Iterator[None]:
    """Within this context the process cannot allocate more than so many bytes anew.

    What exceeds them fails as MemoryError, or ends the process where a C library knows no better.
    Elsewhere than on Linux nothing is limited: no other system heeds such a limit.
    """
    if sys.platform != "linux":
        yield
        return
    from resource import RLIM_INFINITY, RLIMIT_DATA, getrlimit, setrlimit

    soft, hard = getrlimit(RLIMIT_DATA)
    allowed = [_held() + size, *(limit for limit in (soft, hard) if limit != RLIM_INFINITY)]
    setrlimit(RLIMIT_DATA, (min(allowed), hard))
    try:
        yield
    finally:
        setrlimit(RLIMIT_DATA, (soft, hard))


def _held() -> int:
    """Bytes that count against RLIMIT_DATA: private and writable, files and stacks apart."""
    status = Path("/proc/self/status").read_text(encoding="ascii", errors="replace")
    line = next(line for line in status.splitlines() if line.startswith("VmData:"))
    return int(line.split()[1]) * 1024
