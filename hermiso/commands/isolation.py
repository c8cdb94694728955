"""Work in a process of its own: its crash, its hunger and its delay end there.

The process is a fork from before any heavy import, so nothing is loaded twice. The kernel refuses
it memory beyond its limit, the parent looks at what it holds (on Linux) and at the clock, and it
ends with its parent. Where there is no fork, the work runs in this process, without limits.
"""

from __future__ import annotations

import logging
import os
import select
import signal
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from threading import Thread
from typing import Any, NoReturn

from hermiso.commands.limits import Limits
from hermiso.memory import shown
from hermiso.terminal import complain

__all__ = ["Work", "apart", "here"]

FAILED, TIMED_OUT, INTERRUPTED, OUT_OF_MEMORY, SIGNALLED = 1, 124, 130, 137, 128

Work = Callable[[], int]

_TICK = 0.1  # seconds between looks at memory and clock
_QUIET = 1.0  # seconds before anything is said about the progress
_ERASE = "\x1b[K"  # from the cursor to the end of the line
_THREAD = 2**27  # bytes that each thread of the linear algebra sets aside and mostly leaves unused


def apart(work: Work, limits: Limits) -> int:
    """Run the work in a process of its own, and return its exit status.

    Args:
        work: returns the exit status; what it prints is printed.
        limits: of time and memory.

    Returns:
        The work's status; 124 after the time limit, 137 out of memory, 128 + n if signal n ended
        it, 130 after Ctrl-C. The last but one come with a line on stderr.
    """
    if not hasattr(os, "fork"):
        return here(work)
    sys.stdout.flush()
    sys.stderr.flush()
    watched = sys.stderr.isatty()
    reading, writing = os.pipe()
    parent = os.getpid()
    child = os.fork()
    if not child:
        os.close(reading)
        _child(work, limits, parent, writing if watched else None)
    os.close(writing)
    try:
        stopped = _watch(child, reading, limits, watched)
    except KeyboardInterrupt:
        return _interrupted(child)
    finally:
        os.close(reading)
    code = os.waitstatus_to_exitcode(_waited(child))
    if code < 0 and not stopped:
        return _ended_by(-code, limits)
    return _told(stopped or code, limits)


def here(work: Work) -> int:
    """Run the work in this process."""
    try:
        return work()
    except MemoryError:
        return _told(OUT_OF_MEMORY, Limits())


# --- child ----------------------------------------------------------------------------------


def _child(work: Work, limits: Limits, parent: int, notes: int | None) -> NoReturn:
    status = FAILED
    try:
        _end_with(parent)
        _cap(limits)
        if notes is not None:
            _note_steps(notes)
            sys.stdout, sys.stderr = _over_progress(sys.stdout), _over_progress(sys.stderr)
        status = work()
        sys.stdout.flush()
    except MemoryError:
        status = OUT_OF_MEMORY
    except KeyboardInterrupt:
        status = INTERRUPTED
    except BaseException:
        sys.excepthook(*sys.exc_info())
    finally:
        with suppress(Exception):
            sys.stderr.flush()
        os._exit(status)


def _end_with(parent: int) -> None:
    """Have the process killed when its parent dies: by the kernel on Linux, else by looking."""
    if sys.platform == "linux":
        import ctypes

        ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG
    else:
        Thread(target=_look_for, args=(parent,), daemon=True).start()
    if os.getppid() != parent:  # it died before this was asked for
        os._exit(FAILED)


def _look_for(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(_TICK)
    os._exit(FAILED)


def _cap(limits: Limits) -> None:
    """Have the kernel refuse memory beyond the limit; what threads set aside is not the work's."""
    if limits.memory is None or not limits.sudden or sys.platform != "linux":
        return
    import resource

    pages = int(Path("/proc/self/statm").read_text().split()[5])
    aside = _THREAD * (os.cpu_count() or 1)
    most = int(pages * resource.getpagesize() + limits.memory + aside)
    soft, hard = resource.getrlimit(resource.RLIMIT_DATA)
    if soft == resource.RLIM_INFINITY or most < soft:
        resource.setrlimit(resource.RLIMIT_DATA, (most, hard))


def _note_steps(writing: int) -> None:
    """Send what the library logs about its progress to the parent, a line each."""
    handler = logging.StreamHandler(os.fdopen(writing, "w", buffering=1, errors="replace"))
    handler.setFormatter(logging.Formatter("%(name)s\t%(message)s"))
    log = logging.getLogger("hermiso")
    log.addHandler(handler)
    log.setLevel(logging.INFO)


def _over_progress(stream: Any) -> Any:
    """The stream, whose lines erase the progress that the parent shows in their place."""
    return _Erasing(stream) if stream.isatty() else stream


class _Erasing:
    """A stream on a terminal; each line and its erasure are written at once."""

    def __init__(self, stream: Any) -> None:
        self._stream, self._at_start = stream, True

    def write(self, text: str) -> int:
        if text and self._at_start:
            self._stream.write(_ERASE)
        self._at_start = text.endswith("\n") or (self._at_start and not text)
        whole, last = text[:-1], text[-1:]
        self._stream.write(whole.replace("\n", f"\n{_ERASE}") + last)
        return len(text)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


# --- parent ---------------------------------------------------------------------------------


def _watch(child: int, reading: int, limits: Limits, shows: bool) -> int:
    """Wait for the end of the child; the status if a limit ended it, else 0."""
    start = time.monotonic()
    steps: dict[str, str] = {}
    try:
        while not _is_over(child):
            ready, _, _ = select.select([reading], [], [], _TICK)
            if ready and not (said := os.read(reading, 65536)):
                break  # the child has ended
            steps |= _steps(said) if ready else {}
            seconds = time.monotonic() - start
            if limits.seconds is not None and seconds > limits.seconds:
                return _killed(child, TIMED_OUT)
            if limits.memory is not None and _held(child) > limits.memory:
                return _killed(child, OUT_OF_MEMORY)
            if shows and seconds > _QUIET:
                _show(f"{seconds:.0f} s  {', '.join(steps.values())}")
    finally:
        if shows:
            _show("")
    return 0


def _steps(said: bytes) -> dict[str, str]:
    """The latest step of each part of the library."""
    lines = (line.partition("\t") for line in said.decode("utf-8", "replace").splitlines())
    return {name: text for name, tab, text in lines if tab}


def _is_over(child: int) -> bool:
    """Whether the child is a zombie, of which something else may hold the pipe."""
    with suppress(AttributeError, ChildProcessError):
        flags = os.WEXITED | os.WNOHANG | os.WNOWAIT
        return os.waitid(os.P_PID, child, flags) is not None
    return False


def _held(child: int) -> float:
    """Bytes that the child holds in memory; 0 where the system does not tell."""
    with suppress(OSError, ValueError, IndexError):
        pages = int(Path(f"/proc/{child}/statm").read_text().split()[1])
        return float(pages) * os.sysconf("SC_PAGE_SIZE")
    return 0.0


def _show(text: str) -> None:
    """One line that the next one overwrites, cut to the terminal's width."""
    columns = os.get_terminal_size(sys.stderr.fileno()).columns or 80
    sys.stderr.write(f"\r{_ERASE}{text[: max(columns - 1, 0)]}\r")
    sys.stderr.flush()


def _killed(child: int, status: int) -> int:
    with suppress(ProcessLookupError):
        os.kill(child, signal.SIGKILL)
    return status


def _interrupted(child: int) -> int:
    """After Ctrl-C, which the terminal sends to the child too: see that it ends."""
    for sent, seconds in ((None, 0.5), (signal.SIGINT, 3.0), (signal.SIGKILL, 0.0)):
        with suppress(KeyboardInterrupt, ProcessLookupError):
            if sent:
                os.kill(child, sent)
            until = time.monotonic() + seconds
            while time.monotonic() < until and not _is_over(child):
                time.sleep(0.02)
        if _is_over(child):
            break
    _waited(child)
    return INTERRUPTED


def _waited(child: int) -> int:
    return os.waitpid(child, 0)[1]


def _told(status: int, limits: Limits) -> int:
    """The status, with a line of what it means where a limit gave it."""
    if status == TIMED_OUT:
        message = f"no answer within {limits.seconds:g} s; raise --time-limit, or ask for less"
    elif status == OUT_OF_MEMORY:
        most = "" if limits.memory is None else f": more than {shown(limits.memory)} is needed"
        message = f"out of memory{most}; raise --memory-limit, or ask for less"
    else:
        return status
    return complain(f"{message} (digits, coefficients, sizes, a simpler formula)", status)


def _ended_by(number: int, limits: Limits) -> int:
    name = {s.value: s.name for s in signal.Signals}.get(number, f"signal {number}")
    most = "" if limits.memory is None else f" (--memory-limit is {shown(limits.memory)})"
    told: dict[int, str] = {
        signal.SIGKILL: f"the process was killed ({name}), as the system does without memory",
        signal.SIGABRT: f"a library gave up ({name}), as they do without memory{most}",
        signal.SIGTERM: f"the process was ended ({name})",
    }
    said = told.get(number, f"a library crashed ({name})")
    advice = "nothing else is affected; ask for less or write it differently, and report it"
    return complain(f"{said}; {advice}", SIGNALLED + number)
