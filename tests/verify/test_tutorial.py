"""The tutorial's code is run as it stands, and does what the tutorial says."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TUTORIAL = (ROOT / "docs" / "checking-a-claim.md").read_text(encoding="utf-8")
CODE, COMMAND, OUTPUT = re.findall(r"^```(?:python|sh|)\n(.*?)^```$", TUTORIAL, re.M | re.S)[:3]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "my_claims.py").write_text(CODE, encoding="utf-8")
    return tmp_path


def call(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "verify", *arguments, "--cache", str(folder / "cache")]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=200)
    done.stdout = " ".join(done.stdout.split())
    return done


def test_the_file_is_short() -> None:
    assert len([line for line in CODE.splitlines() if line.strip()]) <= 35


def test_the_command_prints_what_the_tutorial_shows(folder: Path) -> None:
    words = COMMAND.split()
    assert words[:3] == ["python", "-m", "verify"]
    done = call(folder, *words[3:])
    assert done.returncode == 0, done.stderr
    shown = [cell for line in OUTPUT.splitlines() for cell in re.split(r" {2,}|\.\.\.", line)]
    missing = [cell for cell in shown if " ".join(cell.split()) not in done.stdout]
    assert len(shown) > 12
    assert missing == []


def test_a_check_without_teeth_is_found_out(folder: Path) -> None:
    path = folder / "my_claims.py"
    path.write_text(CODE.replace("return stated(det(G)), det(squared)", "return 0, det(squared)"))
    done = call(folder, "own", "--from", "my_claims.py", "--profile", "quick")
    assert done.returncode == 1
    assert "own:hadamard-square: toothless, expected searched" in done.stdout


def test_a_false_statement_is_refuted(folder: Path) -> None:
    path = folder / "my_claims.py"
    path.write_text(CODE.replace("value=lambda d: d,", "value=lambda d: (1 + 3 * d) / 4,"))
    done = call(folder, "all", "--from", "my_claims.py", "--profile", "quick")
    assert done.returncode == 1
    assert "own:hadamard-square: refuted, expected searched" in done.stdout


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("import nowhere", "ModuleNotFoundError: No module named 'nowhere'"),
        ("claim = (", "SyntaxError"),
        ("x = 1", "offer `claim`, a Claim, or `claims`, a tuple of them"),
        (CODE.replace("own:hadamard-square", "Own"), 'the label must be "group:name"'),
    ],
)
def test_a_file_that_is_no_file_of_claims_gives_status_2(
    folder: Path, code: str, said: str
) -> None:
    (folder / "my_claims.py").write_text(code, encoding="utf-8")
    done = call(folder, "all", "--from", "my_claims.py")
    assert done.returncode == 2
    assert said in " ".join(done.stderr.split())
    assert "Traceback" not in done.stderr
