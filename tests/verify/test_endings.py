"""How a run ends early: interrupts, time limits, a folder it cannot use, checks left out."""

import json
import os
import signal
import subprocess
import sys
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


def test_a_terminated_run_keeps_what_it_has(tmp_path: Path) -> None:
    path = tmp_path / "two.py"
    path.write_text(TWO)
    report = tmp_path / "results.json"
    command = ["-m", "verify", "all", "--from", str(path), "--jobs", "2", "--no-cache"]
    running = subprocess.Popen(
        [sys.executable, *command, "--json", str(report)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    pids = tmp_path / "pids"
    limit = monotonic() + 60
    while not (pids.exists() and (tmp_path / "done").exists()) and monotonic() < limit:
        sleep(0.05)
    sleep(0.5)
    running.send_signal(signal.SIGTERM)
    out, err = running.communicate(timeout=60)
    assert running.returncode == 143, err
    assert "2 claims: 1 proved; 1 interrupted" in out
    found = {claim["label"]: claim["verdict"] for claim in json.loads(report.read_text())["claims"]}
    assert found == {"own:fast": "proved", "own:endless": None}
    with pytest.raises(ProcessLookupError):
        os.kill(int(pids.read_text()), 0)


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
