"""python -m hermiso theorem4: a table, an exit status, and errors that say what is wrong."""

import re

import pytest

from hermiso.__main__ import main
from hermiso.finite import command, theorem4

SMALL = ["--samples", "4", "--input", "12", "--width", "60", "--depth", "20", "--runs", "4"]


def test_a_covered_network_exits_with_0(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["theorem4", "relu", *SMALL, "--runs", "100"]) == 0
    out, err = capsys.readouterr()
    lines = out.splitlines()
    assert err == ""
    assert lines[0].split()[:2] == ["layer", "gap"]
    assert [int(line.split()[0]) for line in lines[1:-1]][:: len(lines) - 3] == [0, 20]
    assert lines[-1].startswith(("mean-field bound: of 21 layers", "finite-width floor: of 21"))


def test_the_seed_decides(capsys: pytest.CaptureFixture[str]) -> None:
    told = []
    for seed in ("0", "0", "1"):
        main(["theorem4", "tanh", *SMALL, "--seed", seed, "--dtype", "float64"])
        told.append(capsys.readouterr().out)
    assert told[0] == told[1] != told[2]


def test_few_layers_are_all_in_the_table(capsys: pytest.CaptureFixture[str]) -> None:
    main(["theorem4", "relu", *SMALL, "--depth", "3"])
    assert len(capsys.readouterr().out.splitlines()) == 1 + 4 + 1


def test_a_violation_exits_with_1(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    architecture = theorem4.Architecture
    monkeypatch.setattr(theorem4, "Architecture", lambda a: architecture(a, "none"))
    assert main(["theorem4", "relu", *SMALL, "--depth", "40", "--runs", "100"]) == 1
    assert "violation: of 41 layers" in capsys.readouterr().out


def test_too_few_runs_exit_with_1(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["theorem4", "relu", *SMALL, "--runs", "2"]) == 1
    assert "take more runs" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--seed", "-1"], "seed = -1; .* a seed >= 0"),
        (["--samples", "-2"], "samples = -2, .*at least 1 sample"),
        (["--samples", "0"], "samples = 0, .*at least 1 sample"),
        (["--input", "1"], "input = 1, .*at least 2 features"),
        (["--width", "0"], "the width is 0"),
        (["--depth", "-1"], "the depth is -1"),
        (["--runs", "1"], "runs = 1"),
        (["--confidence", "2"], "confidence = 2.0"),
        (["--device", "nowhere"], "nowhere"),
    ],
    ids=str,
)
def test_bad_options_are_one_line_and_exit_with_2(
    options: list[str], says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["theorem4", "relu", *SMALL, *options]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("error: ")
    assert len(err.splitlines()) == 1
    assert re.search(says, err)


def test_an_unknown_activation_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["theorem4", "reluu", *SMALL]) == 2
    assert "'reluu' is no name of the catalogue; did you mean relu" in capsys.readouterr().err


@pytest.mark.parametrize(
    "bad", [["--dtype", "float16"], ["--depth", "x"], ["--no-such", "1"]], ids=" ".join
)
def test_what_argparse_refuses_exits_with_2(
    bad: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["theorem4", "relu", *bad]) == 2
    assert "usage: python -m hermiso theorem4" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("name", "rank", "device"),
    [
        ("cpu", "1", "cpu"),
        ("cuda", "1", "cuda:1"),
        ("cuda", None, "cuda"),
        ("cuda:3", "1", "cuda:3"),
    ],
)
def test_a_process_of_several_has_a_gpu_of_its_own(
    name: str, rank: str | None, device: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("LOCAL_RANK", raising=False)
    if rank is not None:
        monkeypatch.setenv("LOCAL_RANK", rank)
    assert command._device(name) == device
