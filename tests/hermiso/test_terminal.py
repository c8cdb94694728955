"""Messages on the terminal: legible, whatever stood in the input."""

import pytest

from hermiso.__main__ import main
from hermiso.terminal import Parser, legible, shielded


def test_a_long_word_keeps_its_ends() -> None:
    text = legible(f"'{'a' * 10_000}z' is no name")
    assert len(text) < 250
    assert text.startswith("'aaaa")
    assert text.endswith("aaaz' is no name")


def test_a_long_text_is_abbreviated() -> None:
    assert len(legible("word " * 10_000)) == 2000


def test_what_can_be_read_is_left_alone() -> None:
    text = "E σ² is infinite\n  x + $\n      ^"
    assert legible(text) == text


@pytest.mark.parametrize(
    ("character", "shown"),
    [("\ud800", r"\ud800"), ("\x1b", r"\x1b"), ("\u202e", r"\u202e"), ("\0", r"\x00")],
)
def test_what_cannot_be_printed_is_escaped(character: str, shown: str) -> None:
    assert legible(f"a{character}b") == f"a{shown}b"


@pytest.mark.parametrize("text", ["-x^2", "-1", "-(x)"])
def test_a_formula_may_start_with_a_minus(text: str) -> None:
    assert shielded(text) == f" {text}"


@pytest.mark.parametrize("text", ["--json", "-n", "-n5", "-h", "-", "x"])
def test_an_option_stays_one(text: str) -> None:
    assert shielded(text) == text


def test_a_parser_complains_legibly(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        Parser(prog="p").parse_args(["\ud800" * 10_000])
    err = capsys.readouterr().err
    assert len(err) < 3000
    assert "\\ud800" in err


HOSTILE = {
    "a surrogate": "\ud800x",
    "long": "q" * 100_000,
    "a colour": "\x1b[31mred",
    "turned": "\u202ex",
    "a nought": "x\0",
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
@pytest.mark.parametrize(
    "arguments",
    [
        ["{}"],
        ["beta", "{}"],
        ["beta", "x + {}"],
        ["beta", "x", "--x", "{}"],
        ["beta", "x", "--gain", "{}"],
        ["beta", "x", "--positive", "{}"],
        ["beta", "x", "--digits", "{}"],
        ["beta", "x", "--time-limit", "{}"],
        ["beta", "x", "--memory-limit", "{}"],
        ["coefficient", "x", "{}!"],
        ["dual", "x", "--at", "{}"],
        ["theorem4", "x", "--depth", "{}"],
        ["theorem4", "x", "--seed", "{}"],
        ["theorem4", "x", "--confidence", "{}"],
        ["theorem4", "x", "--dtype", "{}"],
        ["run", "{}"],
        ["run", "figure-4", "--set", "{}"],
        ["run", "figure-4", "--set", "width={}"],
        ["results", "x", "{}"],
        ["sweep", "figure-4", "--seeds", "{}"],
        ["sweep", "figure-4", "--set", "{}"],
        ["sweep", "figure-4", "--set", "width={}"],
    ],
    ids=" ".join,
)
def test_hostile_input_is_answered_in_a_few_legible_lines(
    arguments: list[str], text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([argument.replace("{}", text) for argument in arguments]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert 0 < len(err) < 4000
    assert all(c.isprintable() or c == "\n" for c in err)
    assert "Traceback" not in err
    assert "fault of hermiso" not in err
