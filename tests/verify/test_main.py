"""The command line: exit status, table, JSON, Ctrl-C."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

import hermiso
from verify import Claim, Evidence, Level, Outcome, Registry, Result, judge, runner
from verify.__main__ import main
from verify.report import junit

TOYS = "tests.verify.toys"
ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(autouse=True)
def _cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


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
    "arguments",
    [
        ["--profile", "quick"],
        ["all", "--jobs", "0"],
        ["all", "--jobs", "two"],
        ["all", "--fast"],
        ["all", "--profile", "slow"],
    ],
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
    assert (data["as_expected"], data["complete"]) == (True, True)
    assert (data["seed"], data["profile"]) == (3, "default")
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


# Selections


def decided(capsys: pytest.CaptureFixture[str]) -> list[str]:
    return [claim["label"] for claim in json.loads(capsys.readouterr().out)["claims"]]


@pytest.mark.parametrize(
    ("arguments", "labels"),
    [
        (["all", "--only", "toy:square"], ["toy:square"]),
        (["all", "--only", "toy:half*"], ["toy:half", "toy:half:corrected"]),
        (["toy", "--only", "*:square", "--only", "*:below"], ["toy:square", "toy:below"]),
        (["toy:half*", "--only", "*:corrected"], ["toy:half:corrected"]),
    ],
)
def test_patterns_select(
    arguments: list[str], labels: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert call(*arguments, "--json") == 0
    assert decided(capsys) == labels


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["all", "--only", "*:nothing"], "no claim or group is called '*:nothing'"),
        (["toy:square", "--only", "toy:half"], "--only toy:half leaves no claim of toy:square"),
        (["toy:square", "--errata"], "--errata belongs to list"),
        (["list", "--output", "x.md"], "--output belongs to table"),
        (["list", "--json"], "list gives no results"),
        (["all", "--package", "tests.verify.nowhere"], "is no package of claims"),
        (["all", "--from", "nowhere.py"], "there is no such file"),
    ],
)
def test_what_does_not_fit_gives_status_2(
    arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert call(*arguments) == 2
    assert said in capsys.readouterr().err


# Errata and mutants


def test_errata_are_printed_with_counterexample_and_correction(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert call("list", "--errata", "toy:square", "toy:half") == 0
    out = capsys.readouterr().out
    for line in (
        "toy:half (page 2)",
        "printed         1/4 + 1/4 = 1/8",
        "counterexample  derived 1/2, stated 1/8",
        "because         the denominators were added.",
        "corrected       1/4 + 1/4 = 1/2",
        "checked as toy:half:corrected (page 2)",
        "1 of 2 claims are false as printed",
    ):
        assert line in out
    assert "toy:square" not in out


def test_kill_table(capsys: pytest.CaptureFixture[str]) -> None:
    assert call("mutants", "toy:square", "toy:half") == 0
    out = capsys.readouterr().out
    assert re.search(r"toy:square +no middle term +expanded *\n +sign +expanded", out)
    assert re.search(r"toy:half +product +added", out)
    assert "3 mutants of 2 claims, killed 3 times; every one by every check" in out


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("accepts-one-mutant", r"three +nothing +accepts_one_mutant"),
        ("crashes", r"two +nothing +crashes \(not tried: error\)"),
    ],
)
def test_surviving_mutants_give_status_1(
    name: str, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert call("mutants", f"toy:{name}") == 1
    out = capsys.readouterr().out
    assert re.search(said, out)
    assert f"survive: toy:{name}: t" in out


# JUnit


def test_junit(tmp_path: Path) -> None:
    path = tmp_path / "results.xml"
    labels = ("toy:square", "toy:half", "toy:crashes", "toy:ignores-its-argument", "toy:cannot-run")
    assert call(*labels, "--junit", str(path)) == 1
    suite = ElementTree.parse(path).getroot()[0]
    found = {
        f"{case.get('classname')}.{case.get('name')}": [mark.tag for mark in case] for case in suite
    }
    assert found == {
        "toy.square.expanded": [],
        "toy.square.verdict": [],
        "toy.half.added": [],
        "toy.half.verdict": [],
        "toy.crashes.crashes": ["error"],
        "toy.crashes.verdict": ["failure"],
        "toy.ignores-its-argument.ignores_its_argument": ["failure"],
        "toy.ignores-its-argument.verdict": ["failure"],
        "toy.cannot-run.cannot_run": ["skipped"],
        "toy.cannot-run.verdict": ["failure"],
    }
    totals = [suite.get(name) for name in ("tests", "failures", "errors", "skipped")]
    assert totals == ["10", "4", "1", "1"]


def test_what_xml_cannot_hold_is_replaced() -> None:
    claim = Claim(label="toy:odd", where="nowhere", says="1", value=1, mutants={"two": 2})

    @claim.check(Level.PROVED)
    def odd(stated: int) -> Evidence:
        raise ValueError("\x00 < & \x1b")

    result = Result(claim, (judge(claim, claim.checks[0]),))
    text = junit([result], 1.0)
    message = ElementTree.fromstring(text)[0][0][0].get("message")
    assert message is not None
    assert "ValueError: ? < & ?" in message


# What a check prints, and Ctrl-C


def test_interrupt_prints_what_is_decided(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted(registry: Registry, claims: list[Claim], **_: Any) -> Iterator[Outcome]:
        yield judge(claims[0], claims[0].checks[0])
        raise KeyboardInterrupt

    monkeypatch.setattr(runner, "run", interrupted)
    path = tmp_path / "results.json"
    assert call("toy:square", "toy:below", "--json", str(path)) == 130
    out = capsys.readouterr().out
    assert "2 claims: 1 proved; 1 interrupted" in out
    data = json.loads(path.read_text())
    assert (data["complete"], data["as_expected"]) == (False, False)
    assert [claim["verdict"] for claim in data["claims"]] == ["proved", None]


def test_what_a_check_prints_does_not_spoil_the_json(tmp_path: Path) -> None:
    path = tmp_path / "noisy.py"
    path.write_text(NOISY)
    done = subprocess.run(
        [sys.executable, "-m", "verify", "all", "--from", str(path), "--package", TOYS, "--json"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=100,
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["as_expected"]
    assert "a word by the way" in done.stderr


NOISY = """
from verify import Claim, Level, equal

claim = Claim(label="own:noisy", where="here", says="1 = 1", value=1, mutants={"two": 2})

@claim.check(Level.PROVED)
def noisy(stated):
    print("a word by the way")
    return equal(1, stated, domain="one number")
"""


@pytest.mark.parametrize("option", ["--json", "--junit"])
def test_a_path_that_cannot_be_written_is_refused_before_the_run(
    option: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "nowhere" / "results"
    with pytest.raises(SystemExit, match="2"):
        call("toy:square", option, str(path))
    assert "no folder that can be written to" in capsys.readouterr().err


@pytest.mark.parametrize("body", ["claims = 3", "claims = None", "import sys; sys.exit(3)"])
def test_a_file_that_offers_no_claims(
    body: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "mine.py"
    path.write_text(body)
    assert call("all", "--from", str(path)) == 2
    assert "mine.py" in capsys.readouterr().err


def test_without_arguments_a_first_screen(capsys: pytest.CaptureFixture[str]) -> None:
    assert call() == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) <= 10
    assert "all --profile quick" in lines[2]


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="0"):
        call("--version")
    assert capsys.readouterr().out == f"hermiso {hermiso.__version__}\n"


SURROGATE = r"""
from verify import Claim, Level, Refuted, equal

fine = Claim("own:fine", where="p. \udc80", says="1 = 1\udc81", value=1, mutants={"\udc82": 2})
false = Claim(label="own:false", where="here", says="1 = 1", value=1, mutants={"two": 2})

@fine.check(Level.PROVED)
def whole(stated):
    return equal(1, stated, domain="one \udc83")

@fine.check(Level.PROVED, only="a part \udc84")
def part(stated):
    return equal(1, stated, domain="one")

@false.check(Level.PROVED)
def raises(stated):
    raise ValueError("bad \udc85")

@false.check(Level.PROVED)
def refutes(stated):
    raise Refuted("found \udc86")

claims = (fine, false)
"""


def test_a_lone_surrogate_is_shown_by_its_number(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "own.py"
    path.write_text(SURROGATE)
    records, junit = tmp_path / "r.json", tmp_path / "r.xml"
    run = ["--from", str(path), "--no-cache", "--json", str(records), "--junit", str(junit)]
    assert call("all", *run) == 1
    shown = capsys.readouterr().out
    for number in (0x80, 0x83, 0x84, 0x85, 0x86):
        assert f"\\udc{number:x}" in shown
    text = records.read_text(encoding="utf-8")
    json.dumps(json.loads(text), ensure_ascii=False).encode("utf-8")  # as a strict reader does
    assert r"\\udc81" in text
    assert r"found \udc86" in junit.read_text(encoding="utf-8")
    assert call("show", "own:fine", "--from", str(path)) == 0
    assert call("mutants", "own:fine", "--from", str(path), "--no-cache") == 0
    table = tmp_path / "table.md"
    assert call("table", "own:fine", "--from", str(path), "--output", str(table)) == 0
    assert r"one \\udc83" in table.read_text(encoding="utf-8")


SMALL = """
from hypothesis import strategies as st
from verify import Claim, Level, search

claim = Claim(label="own:small", where="here", says="n < 9", value=9, mutants={"none": 0})

@claim.check(Level.SEARCHED)
def small(stated, *, seed):
    return search(lambda n: n < stated, st.integers(0, 5), domain="n <= 5", seed=seed)
"""


def test_hypothesis_leaves_nothing_in_the_folder_of_the_user(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    (home / "own.py").write_text(SMALL)
    environment = dict(os.environ, PYTHONPATH=str(ROOT), XDG_CACHE_HOME=str(tmp_path / "cache"))
    environment.pop("HYPOTHESIS_STORAGE_DIRECTORY", None)
    alone = "from own import claim; from verify import judge; judge(claim, claim.checks[0])"
    for way in (["-m", "verify", "all", "--from", "own.py", "--profile", "quick"], ["-c", alone]):
        command = [sys.executable, "-B", *way]
        subprocess.run(command, cwd=home, env=environment, check=True, capture_output=True)
        assert [path.name for path in home.iterdir()] == ["own.py"]
