"""The command line: exit status, table, JSON, Ctrl-C."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from verify import Claim, Outcome, Registry, runner
from verify.__main__ import main

TOYS = "tests.verify.toys"
ROOT = Path(__file__).resolve().parents[2]


def call(*arguments: str) -> int:
    return main(arguments, package=TOYS)


def test_right_claims_give_status_0_and_a_table(capsys: pytest.CaptureFixture[str]) -> None:
    assert call("toy:square", "toy:half", "toy:half:corrected") == 0
    out = capsys.readouterr().out
    for expected in ("claim", "place", "verdict", "level", "domain", "time"):
        assert expected in out
    assert "toy:square" in out
    assert "page 1" in out
    assert "all x" in out
    assert "refuted: derived 1/2, stated 1/8" in out
    assert "false as printed toy:half (page 2): the denominators were added." in out
    assert "3 claims: 2 proved, 1 refuted" in out
    assert "no unexpected verdicts" in out


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("ignores-its-argument", "toothless, expected proved"),
        ("crashes", "error, expected proved"),
        ("dies", "its process ended with exit code 7"),
        ("refutes-everything", "refuted, expected proved"),
        ("cannot-decide", "undecided, expected proved"),
        ("cannot-run", "skipped, expected proved"),
    ],
)
def test_any_other_verdict_gives_status_1(
    name: str, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert call(f"toy:{name}", "toy:square") == 1
    out = capsys.readouterr().out
    assert said in out
    assert "1 unexpected verdict;" in out
    assert "proved" in out


def test_unknown_label_gives_status_2_and_close_matches(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert call("toy:sqare") == 2
    assert "no claim or group is called 'toy:sqare'; did you mean toy:square" in (
        capsys.readouterr().err
    )


@pytest.mark.parametrize(
    "arguments", [[], ["all", "--jobs", "0"], ["all", "--jobs", "two"], ["all", "--fast"]]
)
def test_bad_usage_gives_status_2(arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        call(*arguments)
    assert caught.value.code == 2


def test_show_needs_a_label(capsys: pytest.CaptureFixture[str]) -> None:
    assert call("show") == 2
    assert "show needs a label" in capsys.readouterr().err
    assert call("show", "toy:hal") == 2


def test_show_prints_the_claim(capsys: pytest.CaptureFixture[str]) -> None:
    assert call("show", "toy:half") == 0
    out = capsys.readouterr().out
    for line in ("1/4 + 1/4 = 1/8", "refuted: the denominators", "added (proved)", "product"):
        assert line in out


def test_list_prints_every_claim(capsys: pytest.CaptureFixture[str]) -> None:
    assert call("list") == 0
    out = capsys.readouterr().out
    assert all(label in out for label in ("toy:square", "toy:half:corrected", "toy:hangs"))
    assert call("list", "toy:square") == 0
    assert "toy:half" not in capsys.readouterr().out


def test_json_to_a_file(tmp_path: Path) -> None:
    path = tmp_path / "results.json"
    assert call("toy:below", "--json", str(path), "--seed", "3", "--jobs", "1") == 0
    data = json.loads(path.read_text())
    assert (data["as_expected"], data["complete"], data["seed"]) == (True, True, 3)
    (claim,) = data["claims"]
    assert (claim["label"], claim["verdict"], claim["expected"]) == (
        "toy:below",
        "searched",
        "searched",
    )
    (check,) = claim["checks"]
    assert (check["level"], check["domain"], check["cases"]) == ("searched", "0..99", 100)
    assert check["mutants_rejected"] == ["50"]


@pytest.mark.parametrize("flag", [["--json"], ["--json", "-"]], ids=" ".join)
def test_json_to_standard_output_is_alone_there(
    flag: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert call("toy:half", *flag) == 0
    captured = capsys.readouterr()
    (claim,) = json.loads(captured.out)["claims"]
    assert (claim["verdict"], claim["corrected"]) == ("refuted", "toy:half:corrected")
    assert "toy:half" in captured.err


def test_interrupt_prints_what_is_decided(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted(registry: Registry, claims: list[Claim], **_: Any) -> Iterator[Outcome]:
        yield runner.judge(claims[0], claims[0].checks[0])
        raise KeyboardInterrupt

    monkeypatch.setattr(runner, "run", interrupted)
    path = tmp_path / "results.json"
    assert call("toy:square", "toy:below", "--json", str(path)) == 130
    out = capsys.readouterr().out
    assert "2 claims: 1 proved; 1 interrupted" in out
    data = json.loads(path.read_text())
    assert (data["complete"], data["as_expected"]) == (False, False)
    assert [claim["verdict"] for claim in data["claims"]] == ["proved", None]


INTERRUPTED = """
import os, signal, sys, threading
from verify import runner
from verify.__main__ import main

start = runner._start

def start_and_interrupt(*arguments):
    worker = start(*arguments)
    threading.Timer(0.5, os.kill, (os.getpid(), signal.SIGINT)).start()
    return worker

if __name__ == "__main__":
    runner._start = start_and_interrupt
    sys.exit(main(["slow:forever"], package="tests.verify.slow_toys"))
"""


def test_a_real_interrupt_ends_the_processes() -> None:
    done = subprocess.run(
        [sys.executable, "-c", INTERRUPTED], cwd=ROOT, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 130, done.stderr
    assert "1 claims: none decided; 1 interrupted" in done.stdout
    assert done.stderr.strip() == ""
