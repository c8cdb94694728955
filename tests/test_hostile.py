"""What a user types is text: it is refused or read as a formula, and never run."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

import hermiso
from hermiso.__main__ import main

# each would leave a mark, or be seen, if it were evaluated as Python, sympy, a shell or a format
HOSTILE = [
    "__import__('os').system('true')",
    "().__class__.__base__.__subclasses__()",
    "x.__class__",
    "(lambda x: x)(1)",
    "[x for x in (1, 2)]",
    "exec('1')",
    "eval('1')",
    "open('/etc/passwd')",
    "print(x)",
    "Symbol('x')",
    "S('x')",
    "f'{x}'",
    "{x}",
    "(x := 1)",
    "x\nimport os",
    "$(id)",
    "`id`",
]
QUESTIONS: list[Callable[[str], Any]] = [
    hermiso.beta,
    hermiso.certified.beta,
    hermiso.numeric.beta,
    hermiso.parse,
    hermiso.as_activation,
]


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_is_refused(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    for ask in QUESTIONS:
        with pytest.raises(hermiso.HermisoError):
            ask(text)
    assert main(["beta", text]) == 2
    seen = capsys.readouterr()
    assert seen.out == ""
    assert seen.err.count("error: ") == 1
    assert "Traceback" not in seen.err


CODE = "print('evaluated')"
ARGUMENTS: list[Callable[[], Any]] = [
    lambda: hermiso.beta("relu", CODE),  # type: ignore[arg-type]
    lambda: hermiso.beta("relu", gain=CODE),
    lambda: hermiso.coefficient("relu", CODE),
    lambda: hermiso.coefficients("relu", CODE),
    lambda: hermiso.dual("relu", CODE),  # type: ignore[arg-type]
    lambda: hermiso.smoothing("relu", CODE),  # type: ignore[arg-type]
    lambda: hermiso.certified.kernel_map("relu", CODE),
    lambda: hermiso.certified.dual("relu", CODE),
    lambda: hermiso.numeric.beta("relu", gain=CODE),
    lambda: hermiso.parse("a*x", {CODE: {"positive": True}}),
]


@pytest.mark.parametrize("ask", ARGUMENTS)
def test_text_in_place_of_a_number_is_not_evaluated(
    ask: Callable[[], Any], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(hermiso.HermisoError):
        ask()
    assert capsys.readouterr().out == ""
