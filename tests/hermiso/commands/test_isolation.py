"""Work in a process of its own: what its end means, and that it never outlives its parent."""

import os
import pty
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork to test")

_SCRIPT = """\
import logging, os, signal, sys, time
from hermiso.commands import isolation
from hermiso.commands.limits import Limits
def work():
    {work}
    return 0
sys.exit(isolation.apart(work, Limits({limits})))
"""
_GUARD = 60  # seconds, against a hang of the test itself


def command(work: str, limits: str = "") -> list[str]:
    return [sys.executable, "-c", _SCRIPT.format(work=work, limits=limits)]


def ended(work: str, limits: str = "") -> tuple[int, str, str]:
    """Exit status and what was printed."""
    run = subprocess.run(
        command(work, limits), capture_output=True, text=True, timeout=_GUARD, check=False
    )
    return run.returncode, run.stdout, run.stderr


def test_status_and_output_are_those_of_the_work() -> None:
    assert ended("print('out'); print('err', file=sys.stderr); return 7") == (7, "out\n", "err\n")


def test_it_is_another_process() -> None:
    status, out, _ = ended("print(os.getppid())")
    assert status == 0
    assert int(out) != os.getpid()


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("SIGFPE", "a library crashed (SIGFPE)"),
        ("SIGSEGV", "a library crashed (SIGSEGV)"),
        ("SIGABRT", "a library gave up (SIGABRT)"),
        ("SIGKILL", "was killed (SIGKILL), as the system does without memory"),
    ],
)
def test_a_crash_is_one_line(name: str, says: str) -> None:
    status, out, err = ended(f"os.kill(os.getpid(), signal.{name})")
    assert (status, out) == (128 + signal.Signals[name], "")
    assert err.startswith("error: ")
    assert says in err
    assert len(err.splitlines()) == 1


def test_a_sleeper_ends_at_the_time_limit() -> None:
    status, out, err = ended("time.sleep(120)", "seconds=0.3")
    assert (status, out) == (124, "")
    assert err.startswith("error: no answer within 0.3 s; raise --time-limit")


@pytest.mark.parametrize(
    ("work", "limits"),
    [
        (
            "held = bytes(2**27 * os.cpu_count() + 10**9); time.sleep(9)",
            "memory=2e8",
        ),  # never touched
        ("[bytearray(b'x' * 10**6) for _ in range(10**6)]", "memory=2e8"),
        (
            "held = [bytearray(b'x' * 10**6) for _ in range(400)]; time.sleep(99)",
            "None, 2e8, False",
        ),
    ],
    ids=["at once", "little by little", "seen by the parent"],
)
@pytest.mark.skipif(sys.platform != "linux", reason="no other system limits memory")
def test_a_hog_ends_at_the_memory_limit(work: str, limits: str) -> None:
    status, out, err = ended(work, limits)
    assert (status, out) == (137, "")
    assert err.startswith("error: out of memory: more than 200 MB is needed; raise --memory-limit")
    assert len(err.splitlines()) == 1


def test_limits_leave_modest_work_alone() -> None:
    assert ended("print(len(bytearray(10**7)))", "seconds=30, memory=2e8") == (0, "10000000\n", "")


def test_an_error_shows_where_it_was() -> None:
    status, _, err = ended("raise ValueError('wrong')")
    assert status == 1
    assert err.rstrip().endswith("ValueError: wrong")


def test_without_fork_the_work_is_done_here() -> None:
    script = "import os, sys\npid = os.getpid()\ndel os.fork\n" + _SCRIPT.format(
        work="assert os.getpid() == pid; raise MemoryError", limits=""
    )
    run = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=_GUARD, check=False
    )
    assert run.returncode == 137
    assert run.stderr.startswith("error: out of memory; raise --memory-limit")


def is_gone(process: int) -> bool:
    """Whether it has ended; one that nobody waits for stays as a zombie."""
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return True
    stat = Path(f"/proc/{process}/stat")
    return stat.exists() and stat.read_text().rpartition(")")[2].split()[0] == "Z"


# A suite that runs in the background may have been told to ignore these.
_HEEDED = """\
import signal
signal.signal(signal.SIGHUP, signal.SIG_DFL)
signal.signal(signal.SIGINT, signal.default_int_handler)
"""


def sleeping(change: str = "") -> tuple[subprocess.Popen[str], int]:
    """A running parent, in a session of its own, and the number of its child."""
    script = _SCRIPT.format(work="print(os.getpid(), flush=True); time.sleep(120)", limits="")
    parent = subprocess.Popen(
        [sys.executable, "-c", _HEEDED + change + script],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert parent.stdout is not None
    return parent, int(parent.stdout.readline())


def wait_for(done: Callable[[], bool]) -> None:
    until = time.monotonic() + _GUARD
    while not done():
        assert time.monotonic() < until
        time.sleep(0.02)


@pytest.mark.parametrize("name", ["SIGKILL", "SIGTERM", "SIGHUP"])
def test_the_child_ends_with_its_parent(name: str) -> None:
    parent, child = sleeping()
    parent.send_signal(signal.Signals[name])
    parent.communicate(timeout=_GUARD)
    assert parent.returncode == -signal.Signals[name]
    wait_for(lambda: is_gone(child))


def test_the_child_ends_with_its_parent_on_other_systems_too() -> None:
    parent, child = sleeping("import sys; sys.platform = 'other'\n")
    parent.kill()
    parent.communicate(timeout=_GUARD)
    wait_for(lambda: is_gone(child))


@pytest.mark.parametrize("group", [True, False], ids=["of the terminal", "of the parent alone"])
def test_an_interrupt_ends_both(group: bool) -> None:
    parent, child = sleeping()
    (os.killpg if group else os.kill)(parent.pid, signal.SIGINT)
    _, err = parent.communicate(timeout=_GUARD)
    assert (parent.returncode, err) == (130, "")
    assert is_gone(child)


def test_a_child_that_hears_nothing_is_killed() -> None:
    parent, child = sleeping()
    os.kill(child, signal.SIGSTOP)
    os.kill(parent.pid, signal.SIGINT)
    parent.communicate(timeout=_GUARD)
    assert parent.returncode == 130
    assert is_gone(child)


STEPS = (
    "logging.getLogger('hermiso.a').info('relu'); "
    "logging.getLogger('hermiso.b').info('layer 3 of 4'); time.sleep(1.5)"
)


def test_a_terminal_shows_the_progress_in_a_line_that_goes_again() -> None:
    leader, follower = pty.openpty()
    with subprocess.Popen(command(STEPS), stderr=follower) as run:
        assert run.wait(_GUARD) == 0
    os.close(follower)
    shown = everything(leader).decode()
    assert "1 s  relu, layer 3 of 4" in shown
    assert shown.rpartition("\r\x1b[K")[2].strip() == ""
    assert "\n" not in shown


def test_what_is_printed_stands_alone_on_its_line() -> None:
    leader, follower = pty.openpty()
    work = f"{STEPS}; print(2); print('a\\nb'); print('c', file=sys.stderr)"
    with subprocess.Popen(command(work), stdout=follower, stderr=follower) as run:
        assert run.wait(_GUARD) == 0
    os.close(follower)
    lines = everything(leader).decode().split("\r\n")
    # Of each line the terminal shows what follows its last erasure.
    assert [line.rpartition("\x1b[K")[2] for line in lines[:-1]] == ["2", "a", "b", "c"]


def everything(leader: int) -> bytes:
    os.set_blocking(leader, False)
    read = b""
    try:
        while part := os.read(leader, 65536):
            read += part
    except (BlockingIOError, OSError):
        pass
    os.close(leader)
    return read


def test_a_file_sees_no_progress() -> None:
    assert ended(STEPS) == (0, "", "")
