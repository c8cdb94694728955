"""--time-limit and --memory-limit: read wherever they stand, refused where they make no sense."""

import pytest

from hermiso import memory
from hermiso.__main__ import main
from hermiso.commands.limits import LimitError, Limits, defaults, taken


def test_they_are_taken_from_anywhere() -> None:
    arguments = ["beta", "--time-limit", "5", "-x^2", "--memory-limit=500MB", "--digits", "3"]
    rest, given = taken(arguments)
    assert rest == ["beta", "-x^2", "--digits", "3"]
    assert given == {"seconds": 5, "memory": 500_000_000}


def test_none_lifts_a_limit() -> None:
    arguments = ["beta", "x", "--time-limit=none", "--memory-limit", "none"]
    assert taken(arguments) == (["beta", "x"], {"seconds": None, "memory": None})


@pytest.mark.parametrize(
    "arguments",
    [
        ["--time-limit"],
        ["--time-limit", "0"],
        ["--time-limit", "-1"],
        ["--time-limit", "nan"],
        ["--time-limit", "inf"],
        ["--time-limit", "soon"],
        ["--memory-limit", "5"],
        ["--memory-limit", "0MB"],
        ["--memory-limit=-5MB"],
        ["--memory-limit="],
    ],
    ids=" ".join,
)
def test_what_is_no_limit_is_refused(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(LimitError, match=arguments[0].partition("=")[0]):
        taken(arguments)
    assert main(["beta", "x", *arguments]) == 2
    assert capsys.readouterr().err.startswith(f"error: {arguments[0].partition('=')[0]} is '")


def test_a_question_has_small_limits_and_other_commands_what_is_free(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(memory, "available", lambda: 8e9)
    assert (defaults(True), defaults(False)) == (Limits(60, 2e9), Limits(None, 8e9, sudden=False))
    monkeypatch.setattr(memory, "available", lambda: 1e9)
    assert defaults(True) == Limits(60, 1e9)
