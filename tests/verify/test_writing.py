"""Result files: refused before the run, written as a whole, nothing else harmed."""

import errno
import json
import os
import stat
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from xml.etree import ElementTree

import pytest

from verify import runner
from verify.__main__ import main
from verify.writing import refusal, same, write

TOYS = "tests.verify.toys"


@pytest.fixture(autouse=True)
def _cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


@pytest.fixture
def umask() -> Iterator[int]:
    before = os.umask(0o027)
    yield 0o027
    os.umask(before)


@pytest.fixture
def fifo(tmp_path: Path) -> Path:
    path = tmp_path / "fifo"
    os.mkfifo(path)
    return path


def call(*arguments: str) -> int:
    return main(arguments, package=TOYS)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def forbid_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    def started(*_: object, **__: object) -> None:
        raise AssertionError("the run was started")

    monkeypatch.setattr(runner, "run", started)


# Refused before the run


@pytest.mark.parametrize("option", ["--json", "--junit", "--output"])
@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("", "the path is empty"),
        (".", ". is a folder; give a file"),
        ("{}", "is a folder; give a file"),
        ("{}/new/", "new/ is a folder; give a file"),
        ("{}/nowhere/results", "nowhere is no folder that can be written to: No such file"),
        ("{}/file/results", "file/results: Not a directory"),
        ("{}/circle", "circle: Too many levels of symbolic links"),
        ("{}/" + "x" * 300, "File name too long"),
    ],
)
def test_what_cannot_be_written_is_refused(
    option: str,
    path: str,
    said: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    forbid_runs(monkeypatch)
    (tmp_path / "file").write_text("")
    (tmp_path / "circle").symlink_to(tmp_path / "circle")
    before = sorted(os.listdir(tmp_path))
    with pytest.raises(SystemExit, match="2"):
        call("table" if option == "--output" else "all", option, path.format(tmp_path))
    err = capsys.readouterr().err
    assert f"argument {option}: " in err
    assert said in err
    assert sorted(os.listdir(tmp_path)) == before


def test_a_file_that_is_read_only_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "results"
    path.write_text("old")
    monkeypatch.setattr(os, "access", lambda path, mode: False)  # root may write to all of them
    assert refusal(str(path)) == f"{path} cannot be written to"


def test_a_folder_that_takes_no_file_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def read_only(*_: object) -> int:
        raise OSError(errno.EROFS, "Read-only file system")

    path = tmp_path / "results"
    assert refusal(str(path)) == ""
    path.write_text("old")
    assert refusal(str(path)) == ""
    monkeypatch.setattr(os, "open", read_only)
    assert refusal(str(path)) == (
        f"{tmp_path} is no folder that can be written to: Read-only file system"
    )


@pytest.mark.parametrize("other", ["results", "./results", "link"])
def test_one_path_for_two_results_is_refused(
    other: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    forbid_runs(monkeypatch)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "link").symlink_to("results")
    assert call("all", "--json", str(tmp_path / "results"), "--junit", other) == 2
    assert f"--json and --junit both write to {other}; give two" in capsys.readouterr().err


def test_standard_output_takes_one_result(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    forbid_runs(monkeypatch)
    assert call("all", "--junit", "-", "--json") == 2
    assert "both write to -" in capsys.readouterr().err
    assert not same("-", str(tmp_path / "-"))


# Written


def test_new_files_follow_the_umask(tmp_path: Path, umask: int) -> None:
    results, cases = tmp_path / "results.json", tmp_path / "results.xml"
    assert call("toy:half", "--json", str(results), "--junit", str(cases)) == 0
    assert json.loads(results.read_text())["complete"]
    assert ElementTree.parse(cases).getroot().tag == "testsuites"
    assert [mode(results), mode(cases)] == [0o666 & ~umask] * 2
    assert sorted(os.listdir(tmp_path)) == ["cache", "results.json", "results.xml"]


@pytest.mark.parametrize("kept", [0o600, 0o664])
def test_existing_files_keep_their_mode(kept: int, tmp_path: Path, umask: int) -> None:
    path = tmp_path / "results"
    path.write_text("old")
    path.chmod(kept)
    write(str(path), "new")
    assert (path.read_text(), mode(path)) == ("new", kept)


@pytest.mark.parametrize("exists", [True, False])
def test_symlinks_are_written_through(exists: bool, tmp_path: Path) -> None:
    folder, link = tmp_path / "folder", tmp_path / "link"
    folder.mkdir()
    target = folder / "results"
    if exists:
        target.write_text("old")
    link.symlink_to(target)
    assert refusal(str(link)) == ""
    write(str(link), "new")
    assert link.is_symlink()
    assert target.read_text() == "new"
    assert os.listdir(folder) == ["results"]


def test_a_named_pipe_is_written_to(fifo: Path) -> None:
    assert refusal(str(fifo)) == ""
    with ThreadPoolExecutor(1) as pool:
        text = pool.submit(fifo.read_text)
        write(str(fifo), "new")
        assert text.result(timeout=30) == "new"
    assert fifo.is_fifo()
    assert os.listdir(fifo.parent) == ["fifo"]


def test_a_full_disk_keeps_the_old_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    path = tmp_path / "results"
    path.write_text("old")
    monkeypatch.setattr(os, "fsync", full)
    assert call("toy:square", "--json", str(path), "--no-cache") == 2
    assert f"verify: {path}: No space left on device" in capsys.readouterr().err
    assert path.read_text() == "old"
    assert os.listdir(tmp_path) == ["results"]


def test_an_interrupt_leaves_no_unfinished_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "replace", interrupted)
    with pytest.raises(KeyboardInterrupt):
        write(str(tmp_path / "results"), "new")
    assert os.listdir(tmp_path) == []
