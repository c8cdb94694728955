"""How a run ends early: interrupts, time limits, a folder it cannot use, checks left out."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from time import monotonic, sleep

import pytest

from verify.__main__ import main

TOYS = "tests.verify.toys"
ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(autouse=True)
def _cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


def call(*arguments: str) -> int:
    return main(arguments, package=TOYS)


INTERRUPTED = """
import os, signal, sys, threading
from verify import runner
from verify.__main__ import main

start = runner._Crew.start

def start_and_interrupt(*arguments):
    start(*arguments)
    threading.Timer(0.5, os.kill, (os.getpid(), signal.SIGINT)).start()

if __name__ == "__main__":
    runner._Crew.start = start_and_interrupt
    sys.exit(main(["slow:forever"], package="tests.verify.slow_toys"))
"""


def test_a_real_interrupt_ends_the_processes() -> None:
    done = subprocess.run(
        [sys.executable, "-c", INTERRUPTED], cwd=ROOT, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 130, done.stderr
    assert "1 claims: none decided; 1 interrupted" in done.stdout
    assert done.stderr.strip() == ""


TERMINATED = INTERRUPTED.replace("SIGINT", "SIGTERM")


def test_termination_prints_what_is_decided_and_ends_the_processes() -> None:
    script = TERMINATED.replace('["slow:forever"]', '["slow:forever", "--jobs", "2"]')
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 143, done.stderr
    assert "1 claims: none decided; 1 interrupted" in done.stdout
    assert done.stderr.strip() == ""


def ended(pid: int) -> bool:
    """Whether a process runs no more; its parent may be gone and nobody have asked for it."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return True
    return state == "Z"


def waited_for(happens: Callable[[], bool], seconds: float = 60) -> bool:
    limit = monotonic() + seconds
    while not happens() and monotonic() < limit:
        sleep(0.05)
    return happens()


@pytest.mark.parametrize(("number", "status"), [(signal.SIGTERM, 143), (signal.SIGHUP, 129)])
def test_a_terminated_run_keeps_what_it_has(
    tmp_path: Path, number: signal.Signals, status: int
) -> None:
    path = tmp_path / "two.py"
    path.write_text(TWO)
    report, junit = tmp_path / "results.json", tmp_path / "results.xml"
    command = ["-m", "verify", "all", "--from", str(path), "--jobs", "2", "--no-cache"]
    running = subprocess.Popen(
        [sys.executable, *command, "--json", str(report), "--junit", str(junit)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    pids = tmp_path / "pids"
    assert waited_for(lambda: pids.exists() and (tmp_path / "done").exists())
    sleep(0.5)
    running.send_signal(number)
    out, err = running.communicate(timeout=60)
    assert running.returncode == status, err
    assert "2 claims: 1 proved; 1 interrupted" in out
    found = {claim["label"]: claim["verdict"] for claim in json.loads(report.read_text())["claims"]}
    assert found == {"own:fast": "proved", "own:endless": None}
    assert 'message="interrupted"' in junit.read_text()
    assert ended(int(pids.read_text()))


TWO = """
import os, time
from pathlib import Path
from verify import Claim, Level, equal

HERE = Path(__file__).parent
fast = Claim(label="own:fast", where="here", says="1 = 1", value=1, mutants={"two": 2})
endless = Claim(label="own:endless", where="here", says="1 = 1", value=1, mutants={"two": 2})

@fast.check(Level.PROVED)
def compared(stated):
    if stated == 2:
        (HERE / "done").touch()
    return equal(1, stated, domain="one number")

@endless.check(Level.PROVED)
def sleeps(stated):
    (HERE / "pids").write_text(str(os.getpid()))
    time.sleep(600)

claims = (fast, endless)
"""


# As `python -m verify`, with another way to start processes, or as the leader of a terminal
RUN = """
import fcntl, sys, termios
from multiprocessing import get_context
from verify import runner
from verify.__main__ import main

if __name__ == "__main__":
    way, path, *others = sys.argv[1:]
    if way == "spawn":
        runner._context = lambda registry: get_context("spawn")
    if way == "terminal":
        fcntl.ioctl(0, termios.TIOCSCTTY, 0)
    sys.exit(main(["all", "--from", path, "--no-cache", "--jobs", "2", *others]))
"""
HANGING = """
import os, subprocess
from pathlib import Path
from verify import Claim, Level, equal

claim = Claim(label="own:hangs", where="here", says="1 = 1", value=1, mutants={"two": 2})

@claim.check(Level.PROVED)
def hangs(stated):
    child = subprocess.Popen(["sleep", "600"])
    Path(__file__).with_name("pids").write_text(f"{os.getpid()} {child.pid} .")
    return 3 ** 10 ** 9  # in C, and no other thread of Python gets a turn
"""


@pytest.mark.parametrize("way", ["forkserver", "spawn"])
def test_no_check_outlives_a_run_that_is_killed(tmp_path: Path, way: str) -> None:
    path, pids = tmp_path / "hanging.py", tmp_path / "pids"
    path.write_text(HANGING)
    running = subprocess.Popen(
        [sys.executable, "-c", RUN, way, str(path)], cwd=ROOT, stderr=subprocess.DEVNULL
    )
    assert waited_for(lambda: pids.exists() and pids.read_text().endswith("."))
    check, child = map(int, pids.read_text().split()[:2])
    assert not ended(check)
    assert not ended(child)
    running.kill()
    running.wait(60)
    assert waited_for(lambda: ended(check) and ended(child))


def test_a_terminal_that_closes_leaves_the_results(tmp_path: Path) -> None:
    path, report = tmp_path / "two.py", tmp_path / "results.json"
    path.write_text(TWO)
    master, terminal = os.openpty()
    running = subprocess.Popen(
        [sys.executable, "-c", RUN, "terminal", str(path), "--json", str(report)],
        cwd=ROOT,
        start_new_session=True,
        stdin=terminal,
        stdout=terminal,
        stderr=terminal,
    )
    os.close(terminal)
    assert waited_for(lambda: (tmp_path / "done").exists() and (tmp_path / "pids").exists())
    sleep(0.5)
    os.close(master)
    assert running.wait(60) == 129
    found = {claim["label"]: claim["verdict"] for claim in json.loads(report.read_text())["claims"]}
    assert found == {"own:fast": "proved", "own:endless": None}
    assert ended(int((tmp_path / "pids").read_text()))


def test_a_reader_who_goes_away_is_no_traceback(tmp_path: Path) -> None:
    script = RUN.replace("main([", "main(['list', ")
    gone, pipe = os.pipe()
    os.close(gone)
    (tmp_path / "two.py").write_text(TWO)
    command = [sys.executable, "-c", script, "", str(tmp_path / "two.py")]
    done = subprocess.run(command, cwd=ROOT, stdout=pipe, stderr=subprocess.PIPE, timeout=60)
    os.close(pipe)
    assert (done.returncode, done.stderr) == (141, b"")


GREEDY = """
import os
from verify import Claim, Level, equal

def claim_of(name):
    made = Claim(label=f"own:{name}", where="here", says="1 = 1", value=1, mutants={"two": 2})
    return made, made.check(Level.PROVED)

greedy, check = claim_of("greedy")

@check
def takes_all(stated):
    return len(bytearray(10**9))

aborts, check = claim_of("aborts")

@check
def gives_up(stated):
    os.abort()

modest, check = claim_of("modest")

@check
def takes_little(stated):
    bytearray(10**8)
    return equal(1, stated, domain="one number")

claims = (greedy, aborts, modest)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="no other system limits memory")
def test_a_check_that_wants_too_much_memory_is_an_error_of_its_own(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "greedy.py"
    path.write_text(GREEDY)
    assert call("all", "--from", str(path), "--memory-limit", "300MB", "--jobs", "1") == 1
    out = capsys.readouterr().out
    assert "it needs more memory than it is given (--memory-limit): MemoryError" in out
    assert "its process ended by signal 6, Aborted" in out
    assert "3 claims: 1 proved, 2 error" in out


@pytest.mark.parametrize("text", ["0GB", "-1GB", "nan", "4", "much"])
def test_sizes_are_positive(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        call("toy:square", f"--memory-limit={text}")
    assert "give one such as 500MB or 4GB" in capsys.readouterr().err


@pytest.mark.parametrize("text", ["0", "-1", "nan", "inf", "soon"])
def test_time_limits_are_positive(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        call("toy:square", f"--time-limit={text}")
    assert "give a number of seconds above 0" in capsys.readouterr().err


def test_a_check_that_hangs_is_an_error_and_the_others_go_on(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert call("toy:hangs", "toy:square", "--time-limit", "0.5") == 1
    out = capsys.readouterr().out
    assert "killed at its time limit of 0.5 s" in out
    assert "2 claims: 1 proved, 1 error" in out


def test_a_folder_that_cannot_be_written_costs_one_warning(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("")
    assert call("toy:half", "toy:below", "--cache", str(blocked / "cache")) == 0
    err = capsys.readouterr().err
    assert err.count("verify: warning:") == 1
    assert f"no counterexample of this run is stored there: {blocked} is no folder" in err


LATE = """
from verify import Claim, Level, equal

claim = Claim(label="own:late", where="here", says="1 = 1", value=1, mutants={"two": 2})

@claim.check(Level.PROVED, profile="default")
def whole(stated):
    return equal(1, stated, domain="one number")

@claim.check(Level.PROVED, only="a part")
def part(stated):
    return equal(1, stated, domain="one number")
"""


def test_what_a_profile_leaves_out_is_visible(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "late.py"
    path.write_text(LATE)
    results = tmp_path / "results.json"
    run = ["all", "--from", str(path), "--json", str(results), "--profile"]
    assert call(*run, "quick") == 0
    out = capsys.readouterr().out
    assert "1 claims: 1 skipped (needs --profile default); " in out
    assert "not run in profile quick: 1 check, it needs --profile default" in out
    assert "not run: whole needs --profile default" in out
    (claim,) = json.loads(results.read_text())["claims"]
    assert (claim["verdict"], claim["as_expected"]) == ("skipped", True)
    assert claim["left_out"] == [{"name": "whole", "needs_profile": "default"}]
    assert call(*run, "default") == 0
    assert "needs --profile" not in capsys.readouterr().out
    assert json.loads(results.read_text())["claims"][0]["left_out"] == []


def test_a_thorough_run_that_no_terminal_shows_prints_a_line_per_check(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert call("toy:half", "toy:square", "--profile", "thorough") == 0
    lines = [line for line in capsys.readouterr().err.splitlines() if line.strip()]
    assert [line.partition(" ")[0] for line in lines] == ["1/2", "2/2"]
    assert call("toy:half", "toy:square") == 0
    assert capsys.readouterr().err.strip() == ""
