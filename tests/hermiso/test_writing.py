"""Files that appear complete or not at all."""

import os
import stat
from pathlib import Path

import pytest

from hermiso.writing import replacing, unfinished


def test_a_file_appears_when_it_is_complete(tmp_path: Path) -> None:
    path = tmp_path / "table"
    path.write_text("old")
    path.chmod(0o640)
    with replacing(path) as file:
        file.write(b"new")
        assert path.read_text() == "old"
        assert len(os.listdir(tmp_path)) == 2
    assert path.read_text() == "new"
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert os.listdir(tmp_path) == ["table"]


def test_what_breaks_off_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "table"
    path.write_text("old")

    def half() -> None:
        with replacing(path) as file:
            file.write(b"ha")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        half()
    assert path.read_text() == "old"
    assert os.listdir(tmp_path) == ["table"]


def test_a_link_is_replaced_and_a_planted_one_never_opened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine, path = tmp_path / "mine", tmp_path / "table"
    mine.write_text("mine")
    path.symlink_to(mine)
    with replacing(path) as file:
        file.write(b"new")
    assert (mine.read_text(), path.read_text(), path.is_symlink()) == ("mine", "new", False)
    monkeypatch.setattr("secrets.token_hex", lambda count: "known")
    (tmp_path / ".unfinished-known").symlink_to(mine)
    with pytest.raises(FileExistsError):
        unfinished(tmp_path)
    assert mine.read_text() == "mine"
