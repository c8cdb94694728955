"""python -m hermiso run: a table, a picture, and errors that say what is wrong."""

import math
from pathlib import Path

import pandas as pd
import pytest

from hermiso.__main__ import main
from hermiso.experiments import get, names
from hermiso.experiments.command import _ends

TINY = ["--set", "width=40", "--set", "depth=3", "--set", "runs=2", "--set", "activations=relu"]


def test_a_run_writes_the_table_and_the_picture(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "new" / "folder"
    assert main(["run", "figure-4", "--quick", "--output", str(folder)]) == 0
    assert sorted(path.name for path in folder.iterdir()) == ["figure-4.csv", "figure-4.png"]
    out, err = capsys.readouterr()
    assert err == ""
    assert out.startswith("figure-4: layer against mean-field centring\n  activations = relu tanh")
    assert str(folder / "figure-4.csv") in out
    assert str(folder / "figure-4.png") in out
    written = pd.read_csv(folder / "figure-4.csv")
    expected = get("figure-4").run(get("figure-4").quick)
    pd.testing.assert_frame_equal(written, expected, rtol=1e-12)


@pytest.mark.parametrize("name", names())
def test_every_figure_prints_where_its_curves_end(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = ["--set", "points=5"] if name == "figure-b1" else TINY
    command = ["run", name, "--quick", "--no-plot", "--output", str(tmp_path), *settings]
    assert main(command) == 0
    assert [path.name for path in tmp_path.iterdir()] == [f"{name}.csv"]
    lines = capsys.readouterr().out.splitlines()
    assert any(line.split()[:1] == ["relu"] for line in lines[2:])
    assert lines[-1].endswith(f"{name}.csv")


def test_settings_reach_the_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", "figure-3", "--quick", "--no-plot", "--output", str(tmp_path), *TINY]) == 0
    assert "width = 40, depth = 3, runs = 2" in capsys.readouterr().out
    table = pd.read_csv(tmp_path / "figure-3.csv")
    assert set(table["activation"]) == {"relu"}
    assert table["layer"].max() == 3


def test_several_figures_are_run_in_order(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    figures = ["figure-a1", "figure-9"]
    assert main(["run", *figures, "--quick", "--no-plot", "--output", str(tmp_path), *TINY]) == 0
    titles = [line for line in capsys.readouterr().out.splitlines() if line.startswith("figure-")]
    assert [line.partition(":")[0] for line in titles] == figures


def test_a_second_run_replaces_the_first(tmp_path: Path) -> None:
    command = ["run", "figure-3", "--quick", "--no-plot", "--output", str(tmp_path), *TINY]
    (tmp_path / "figure-3.csv").write_text("old")
    assert main(command) == 0
    assert (tmp_path / "figure-3.csv").read_text().startswith("activation,")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["figure-7"], "no experiment is called 'figure-7'; there are figure-3"),
        (["figure-4", "figure-7"], "no experiment is called 'figure-7'"),
        (["figure-4", "--set", "breadth=3"], "'breadth=3' is no setting; write FIELD=VALUE"),
        (["figure-4", "--set", "width"], "'width' is no setting; write FIELD=VALUE"),
        (["figure-4", "--set", "width=wide"], "width is set to 'wide'; it must be of type int"),
        (["figure-4", "--set", "width=1e12"], "of memory, and"),
        (["figure-4", "--set", "width=0"], "width is 0; it must be an integer in 3"),
        (["figure-4", "--set", "dtype=half"], "dtype is 'half'; it must be float32 or float64"),
        (["figure-4", "--set", "activations=reluu"], "'reluu' is no name of the catalogue"),
        (["figure-b1", "--set", "points=1"], "2 to 100000 points are required"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_bad_input_is_one_line_and_exits_with_2(
    arguments: list[str], says: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["run", *arguments, "--quick", "--output", str(tmp_path)]) == 2
    err = capsys.readouterr().err
    assert err.startswith("error: ")
    assert says in err
    assert len(err.splitlines()) == 1
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_a_file_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "file"
    path.write_text("mine")
    assert main(["run", "figure-3", "--quick", "--output", str(path), *TINY]) == 2
    assert str(path) in capsys.readouterr().err
    assert path.read_text() == "mine"


@pytest.mark.parametrize("arguments", [[], ["figure-4", "--nonsense"]], ids=["no name", "option"])
def test_what_argparse_refuses_exits_with_2(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["run", *arguments]) == 2
    assert "usage: python -m hermiso run" in capsys.readouterr().err


def test_the_last_mean_stands_beside_its_own_interval() -> None:
    """An infinite gap has no interval: that of an earlier layer must not stand in for it."""
    rows = [
        (run, layer, gap) for run in (0, 1) for layer, gap in enumerate((1.0, 2.0 + run, math.inf))
    ]
    table = pd.DataFrame(rows, columns=["run", "layer", "gap"])
    table.insert(0, "variant", "v")
    table.insert(0, "activation", "a")
    last = _ends(table, "gap").splitlines()[-1].split()
    assert last == ["a", "v", "1", "2", "2", "inf", "NaN", "NaN"]


def test_planted_links_are_not_followed(tmp_path: Path) -> None:
    folder, mine = tmp_path / "figures", tmp_path / "mine"
    folder.mkdir()
    mine.write_text("mine")
    for name in ("figure-4.csv", "figure-4.csv.part", "figure-4.png", "figure-4.part.png"):
        (folder / name).symlink_to(mine)
    command = ["run", "figure-4", "--quick", "--output", str(folder), *TINY]
    assert main(command) == 0
    assert mine.read_text() == "mine"
    assert not (folder / "figure-4.csv").is_symlink()
    assert not (folder / "figure-4.png").is_symlink()
    assert (folder / "figure-4.png").read_bytes().startswith(b"\x89PNG")


def test_all_figures_are_looked_at_before_the_first_is_run(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = ["--set", "activations=relu,reul"]
    command = ["run", "figure-4", "--quick", "--output", str(tmp_path / "new"), *settings]
    assert main(command) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert "activation reul" in err
    assert (
        main(["run", "figure-4", "figure-b1", "--set", "width=40", "--output", str(tmp_path)]) == 2
    )
    out, err = capsys.readouterr()
    assert out == ""
    assert "'width=40' is no setting" in err
    assert list(tmp_path.iterdir()) == []


def test_formulas_are_activations(tmp_path: Path) -> None:
    settings = [*TINY[:-1], 'activations=["max(x, 0)"]']
    command = ["run", "figure-9", "--quick", "--output", str(tmp_path), *settings]
    assert main(command) == 0
    formula = pd.read_csv(tmp_path / "figure-9.csv")
    assert set(formula["activation"]) == {"max(x, 0)"}
    assert main(["run", "figure-9", "--quick", "--no-plot", "--output", str(tmp_path), *TINY]) == 0
    named = pd.read_csv(tmp_path / "figure-9.csv")
    # One function in two compiled forms: a few units of the last place, grown over three layers.
    assert (formula["error"] - named["error"]).abs().max() < 1e-12
