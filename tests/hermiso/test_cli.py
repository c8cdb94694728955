"""python -m hermiso: what is printed where, and the exit status."""

import json
import os
import re
import subprocess
import sys
from typing import Any

import mpmath
import pytest
import sympy as sp

import hermiso
from hermiso import __main__ as cli
from hermiso import budget
from hermiso.commands import questions
from hermiso.commands.screen import OTHERS, QUESTIONS
from hermiso.errors import ConfirmationError


def output(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """What a successful command prints."""
    status = cli.main(arguments)
    printed = capsys.readouterr()
    assert (status, printed.err) == (0, "")
    return printed.out.removesuffix("\n")


def complaint(capsys: pytest.CaptureFixture[str], *arguments: str, status: int = 2) -> str:
    """What a failing command says."""
    assert cli.main(arguments) == status
    printed = capsys.readouterr()
    assert printed.out == ""
    assert "Traceback" not in printed.err
    return printed.err


def value(text: str) -> Any:
    return hermiso.parse(text)


def test_beta_of_a_scaled_relu(capsys: pytest.CaptureFixture[str]) -> None:
    printed = output(capsys, "beta", "max(alpha*x, 0)", "--positive", "alpha")
    assert sp.simplify(value(printed) - (3 * sp.pi - 4) / (2 * sp.pi - 2)) == 0


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["beta", "relu"], "(3*pi - 4)/(2*pi - 2)"),
        (["beta", "sin", "--gain", "2"], "2 - 8*exp(-4)/(1 - exp(-8))"),
        (["beta", "exp(a*y)", "--x", "y"], "2 - a^2/(exp(a^2) - 1)"),
        (["beta", "relu", "--gain", "g", "--negative", "g"], "(3*pi - 4)/(2*pi - 2)"),
        (["coefficient", "relu", "1"], "1/2"),
        (["smoothing", "-x^2"], "-t^2 - 1"),
        (["smoothing", "sin(x)"], "exp(-1/2)*sin(t)"),
        (["dual", "exp"], "exp(1 + rho)"),
        (["kernel-map", "x^2"], "rho^2"),
        (["moment", "x^4"], "3"),
        (["beta", "whatever", "--x", "whatever"], "1"),
    ],
    ids=lambda case: " ".join(case) if isinstance(case, list) else "",
)
def test_answers(capsys: pytest.CaptureFixture[str], arguments: list[str], expected: str) -> None:
    assert sp.simplify(value(output(capsys, *arguments)) - value(expected)) == 0


def test_a_degree_may_be_a_symbol(capsys: pytest.CaptureFixture[str]) -> None:
    k = sp.Symbol("k", integer=True, nonnegative=True)
    assert output(capsys, "coefficient", "exp", "k") == str(hermiso.coefficient("exp", k))


def test_coefficients_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    lines = output(capsys, "coefficients", "x^3", "-n", "4").splitlines()
    assert [line.split(" = ")[0] for line in lines] == ["c_0", "c_1", "c_2", "c_3"]
    assert [value(line.split(" = ")[1]) for line in lines] == [0, 3, 0, sp.sqrt(6)]
    assert len(output(capsys, "coefficients", "relu").splitlines()) == 8


def test_latex(capsys: pytest.CaptureFixture[str]) -> None:
    assert output(capsys, "beta", "relu", "--latex") == sp.latex(hermiso.beta("relu"))
    assert output(capsys, "coefficients", "x", "-n", "2", "--latex") == "c_{0} = 0\nc_{1} = 1"


@pytest.mark.parametrize("digits", [1, 30, 10_000])
def test_digits(capsys: pytest.CaptureFixture[str], digits: int) -> None:
    printed = output(capsys, "beta", "relu", "--digits", str(digits))
    assert len(printed.replace(".", "")) == digits
    with mpmath.workdps(digits + 10):
        exact = mpmath.nstr((3 * mpmath.pi - 4) / (2 * mpmath.pi - 2), digits + 5)
    assert exact.startswith(printed[: max(1, digits - 1)])  # all but a rounded last digit


def test_without_a_closed_form_the_value_is_printed_too(capsys: pytest.CaptureFixture[str]) -> None:
    name, number = output(capsys, "beta", "tanh").split(" = ")
    assert name == str(hermiso.beta("tanh"))
    assert number == str(hermiso.beta("tanh").evalf(15))
    assert output(capsys, "beta", "tanh", "--digits", "20") == str(hermiso.beta("tanh").evalf(20))


def test_json_of_a_closed_form(capsys: pytest.CaptureFixture[str]) -> None:
    assert json.loads(output(capsys, "beta", "relu", "--gain", "2", "--json")) == {
        "command": "beta",
        "expression": "Max(0, 2*x)",
        "variable": "x",
        "result": str(hermiso.beta("relu")),
        "latex": sp.latex(hermiso.beta("relu")),
        "numeric": str(hermiso.beta("relu").evalf(15)),
        "closed_form": True,
    }


def test_json_of_a_function_has_no_number(capsys: pytest.CaptureFixture[str]) -> None:
    answer = json.loads(output(capsys, "dual", "cos(a*y)", "--x", "y", "--json"))
    assert (answer["variable"], answer["numeric"], answer["closed_form"]) == ("y", None, True)


def test_json_of_a_node(capsys: pytest.CaptureFixture[str]) -> None:
    answer = json.loads(output(capsys, "moment", "softplus", "--json", "--digits", "25"))
    assert answer["closed_form"] is False
    assert answer["numeric"] == str(hermiso.moment("softplus").evalf(25))


def test_json_of_a_list(capsys: pytest.CaptureFixture[str]) -> None:
    answer = json.loads(output(capsys, "coefficients", "x^2", "-n", "3", "--json"))
    assert answer["command"] == "coefficients"
    assert answer["result"] == ["1", "0", "sqrt(2)"]
    assert answer["numeric"] == ["1.00000000000000", "0", "1.41421356237310"]
    assert answer["closed_form"] == [True, True, True]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["beta", "max(alpha*x, 0)"], "sign of alpha is needed"),
        (["beta", "max(alpha*x, 0)"], "on the command line: --positive NAME or --negative NAME"),
        (["beta", "x + $"], "the character '$' is not allowed (position 5)\n  x + $\n      ^"),
        (["beta", "__import__('os')"], "the character '_' is not allowed"),
        (["beta", "gellu"], "no name of the catalogue; did you mean gelu"),
        (["beta", "x", "--positive", "alhpa"], "the sign of alhpa is given, but it does not occur"),
        (["beta", "a*x", "--positive", "a", "--negative", "a"], "contradict each other"),
        (["beta", "max(x, 0)", "--positive", "x"], "must run over the whole real line"),
        (["beta", "x", "--gain", ""], "expected a number"),
        (["beta", "a*y"], "the symbols a, y; choose one with --x NAME"),
        (["beta", "a*y", "--x", "z"], "--x is z, no symbol of the activation; it has a, y"),
        (["beta", "3"], "constant"),
        (["beta", "exp(x^2/2)"], "not square-integrable"),
        (["beta", "1/x"], "not square-integrable"),
        (["beta", "log(x)"], "complex-valued"),
        (
            ["dual", "relu", "--digits", "3"],
            "--digits needs a number, and the result depends on rho",
        ),
        (["coefficient", "relu", "-1"], "K is '-1'; it must be an integer >= 0 or a name"),
        (["coefficient", "relu", "1.5"], "K is '1.5'"),
        (["coefficient", "a*x", "a"], "K is a, a symbol of the activation"),
        (["coefficients", "relu", "-n", "-3"], "'-3' is no integer in 1..100000"),
        (["beta", "relu", "--digits", "0"], "'0' is no integer in 1..10000"),
        (["beta", "relu", "--digits", "10001"], "'10001' is no integer in 1..10000"),
        (["beta", "relu", "--latex", "--json"], "not allowed with argument"),
        (
            ["gamma", "relu"],
            "invalid choice: 'gamma' is no command; `python -m hermiso` lists them",
        ),
        (["betta", "relu"], "'betta' is no command; did you mean beta?"),
        (["--digits", "5"], "'--digits' is no command; options follow the command"),
        (["--nonsense"], "invalid choice: '--nonsense'"),
        (
            ["dual", "tanh", "--digits", "3"],
            "the result depends on rho: dual(tanh(x), rho); give --at",
        ),
        (["smoothing", "sin", "--digits", "3"], "give --at T"),
        (["dual", "a*x", "--at", "1/2", "--digits", "3"], "the result depends on a: a**2/2"),
        (["dual", "relu", "--at", "2"], "--at is 2; it must be a number in [-1, 1]"),
        (
            ["kernel-map", "relu", "--at", "-1.001"],
            "--at is -1.001; it must be a number in [-1, 1]",
        ),
        (["kernel-map", "relu", "--at", "rho"], "--at is rho; it must be a number in [-1, 1]"),
        (["smoothing", "relu", "--at", "a"], "--at is a; it must be a finite number"),
        (["dual", "relu", "--at", ""], "expected a number"),
        (["beta", "relu", "--at", "1/2"], "unrecognized arguments: --at 1/2"),
    ],
    ids=lambda case: " ".join(case) if isinstance(case, list) else "",
)
def test_bad_input(capsys: pytest.CaptureFixture[str], arguments: list[str], message: str) -> None:
    assert message in complaint(capsys, *arguments)


@pytest.mark.parametrize("arguments", [[], ["-h"], ["--help"]], ids=str)
def test_the_first_screen_lists_every_command_once(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    lines = output(capsys, *arguments).splitlines()
    assert len(lines) < 40
    for command in [*QUESTIONS, *OTHERS]:
        assert sum(line.startswith(f"    {command} ") for line in lines) == 1
    assert set(OTHERS) == {*cli._ROOMS, "verify"}


def test_the_version_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    assert output(capsys, "--version") == f"hermiso {hermiso.__version__}"


def test_help_of_every_command_is_light() -> None:
    script = (
        "import sys\nfrom hermiso.__main__ import main\n"
        f"for command in {[*QUESTIONS, *cli._ROOMS]}:\n"
        "    assert main([command, '--help']) == 0\n"
        "print(*sys.modules, file=sys.stderr)"
    )
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    heavy = {"flint", "joblib", "matplotlib", "numpy", "pandas", "scipy", "sympy", "torch"}
    assert heavy & set(run.stderr.split()) == set()
    assert run.stdout.count("usage: python -m hermiso") == len(QUESTIONS) + len(cli._ROOMS)
    assert run.stdout.count("--memory-limit SIZE") >= len(QUESTIONS) + 2


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["dual", "step", "--at", "1/2"], "1/3"),
        (["kernel-map", "step", "--at", "-1/2"], "-1/3"),
        (["dual", "x^2", "--at", "1"], "3"),
        (["smoothing", "x^2", "--at", "-3"], "10"),
        (["dual", "a*x", "--at", "0.5"], "a^2/2"),
    ],
    ids=lambda case: " ".join(case) if isinstance(case, list) else "",
)
def test_values_of_functions(
    capsys: pytest.CaptureFixture[str], arguments: list[str], expected: str
) -> None:
    assert sp.simplify(value(output(capsys, *arguments)) - value(expected)) == 0


def test_digits_of_a_value(capsys: pytest.CaptureFixture[str]) -> None:
    # E[erf(x) erf(y)] = (2/pi) asin(2 rho/3) for erf itself, by Sheppard's formula.
    with mpmath.workdps(30):
        exact = 2 / mpmath.pi * mpmath.asin(mpmath.mpf(1) / 3)
    printed = output(capsys, "dual", "erf", "--at", "1/2", "--digits", "20")
    assert printed == mpmath.nstr(exact, 20)
    answer = json.loads(output(capsys, "dual", "tanh", "--at", "1/2", "--json"))
    assert answer["at"] == "1/2"
    assert answer["numeric"] == str(hermiso.dual("tanh").subs("rho", sp.Rational(1, 2)).evalf(15))


def test_an_unforeseen_error_is_one_line(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(options: Any) -> str:
        raise TypeError("unforeseen")

    monkeypatch.setattr(questions, "_answer", fail)
    said = complaint(capsys, "beta", "relu", status=1)
    assert re.match(r"error: a fault of hermiso \(TypeError at \S+:\d+: unforeseen\)", said)


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (KeyboardInterrupt(), 130),
        (ConfirmationError("a bug"), 1),
        (RecursionError(), 1),
        (MemoryError(), 137),
    ],
    ids=lambda case: type(case).__name__,
)
def test_status_of_failures(
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    error: BaseException,
    status: int,
) -> None:
    def fail(options: Any) -> str:
        raise error

    monkeypatch.setattr(questions, "_answer", fail)
    complaint(capsys, "beta", "relu", status=status)


def test_all_results_of_a_command_share_a_budget(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def answer(options: Any) -> str:
        for _ in range(2):
            with budget.question():
                budget.spend_boxes(6)
        return "12 boxes"

    monkeypatch.setattr(questions, "_answer", answer)
    with budget.limited(boxes=10):
        said = complaint(capsys, "beta", "relu", status=1)
    assert "more than 10 boxes" in said
    assert said.endswith("on the command line: --time-limit SECONDS\n")


def test_as_a_process() -> None:
    question = ["moment", "10^1000*10^1000*x^4", "--gain", "10^1000"]
    run = [sys.executable, "-m", "hermiso", *question]
    process = subprocess.run(run, capture_output=True, text=True, check=False)
    assert (process.returncode, process.stderr) == (0, "")
    assert len(process.stdout) > 4300  # digits, more than Python prints by default


def test_a_closed_pipe_is_no_traceback() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    process = subprocess.Popen(
        [sys.executable, "-m", "hermiso", "beta", "relu"],
        stdout=writing,
        stderr=subprocess.PIPE,
        text=True,
    )
    os.close(writing)
    _, complaints = process.communicate()
    assert (process.returncode, complaints) == (141, "")


def test_a_process_ends_at_its_time_limit() -> None:
    run = [
        sys.executable,
        "-m",
        "hermiso",
        "beta",
        "tanh",
        "--digits",
        "500",
        "--time-limit",
        "0.1",
    ]
    process = subprocess.run(run, capture_output=True, text=True, check=False)
    assert (process.returncode, process.stdout) == (124, "")
    assert process.stderr.startswith("error: no answer within 0.1 s")
    assert len(process.stderr.splitlines()) == 1
