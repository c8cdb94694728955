"""Command line: python -m hermiso beta "max(alpha*x, 0)" --positive alpha.

Exit status: 0 done, 1 no answer could be reached, 2 bad input, 130 interrupted, 141 nobody
reads the output.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import sys
from collections.abc import Iterable, Sequence
from importlib import import_module
from typing import Any

from hermiso import checker
from hermiso.errors import MissingExtra

MAX_DIGITS = 10_000
DEFAULT_DIGITS = 15
MAX_COEFFICIENTS = 100_000
NO_ANSWER, BAD_INPUT, INTERRUPTED, BROKEN_PIPE = 1, 2, 130, 141

_COMMANDS = {
    "beta": "isometry strength 2 - c_1^2/Var sigma(z)",
    "coefficient": "Hermite coefficient c_k of integer or symbolic degree k",
    "coefficients": "the first Hermite coefficients c_0, c_1, ...",
    "dual": "dual activation E[sigma(x) sigma(y)] at correlation rho",
    "kernel-map": "map of a correlation rho through a normalized layer",
    "smoothing": "Gaussian smoothing E[sigma(z + t)]",
    "moment": "Gaussian mean E[sigma(z)]",
}
_ROOMS = {
    "run": "hermiso.experiments.command",
    "theorem4": "hermiso.finite.command",
    "sweep": "hermiso.sweep.command",
    "results": "hermiso.sweep.reporting",
}
_EPILOG = """\
EXPR is a name of the catalogue (gelu, leaky_relu, ...) or a formula in x:
  python -m hermiso beta gelu --digits 30
  python -m hermiso beta "max(alpha*x, 0)" --positive alpha
  python -m hermiso coefficient relu k --latex
  python -m hermiso coefficients "where(x > 0, x, s*x)" -n 4
  python -m hermiso dual sin --gain a --json

More commands, each with a --help of its own:
  python -m hermiso run figure-3 --quick       a figure of the paper: table and picture
  python -m hermiso theorem4 relu --width 1000 networks of finite width against Theorem 4
  python -m hermiso sweep figure-3 --seeds 0-9 a grid of experiments, kept in one file
  python -m hermiso results runs.sqlite        what the file holds
"""
_NAME = r"[A-Za-z][A-Za-z0-9_]*"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return the exit status.

    Args:
        arguments: what follows `python -m hermiso`; by default those of the process.
    """
    try:
        status = _run(sys.argv[1:] if arguments is None else arguments)
        sys.stdout.flush()
    except SystemExit as stop:  # argparse has printed what it had to say
        return int(stop.code or 0)
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        # Python flushes once more at exit, which would fail again.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return BROKEN_PIPE
    return status


def _run(arguments: Sequence[str]) -> int:
    if arguments and arguments[0] in _ROOMS:  # commands of rooms with options of their own
        try:
            return int(import_module(_ROOMS[arguments[0]]).main(arguments[1:]))
        except MissingExtra as error:
            return _complain(str(error), BAD_INPUT)
    if arguments and arguments[0] == "verify":
        return checker.main(arguments[1:])
    options = _parser().parse_args([_shielded(a) for a in arguments])
    from hermiso.errors import ActivationError, HermisoError, ParseError, UnknownSign

    try:
        print(_answer(options))
    except UnknownSign as error:
        return _complain(
            f"{error}\non the command line: --positive NAME or --negative NAME", BAD_INPUT
        )
    except (ActivationError, ParseError) as error:
        return _complain(str(error), BAD_INPUT)
    except HermisoError as error:
        return _complain(str(error), NO_ANSWER)
    except RecursionError:
        return _complain("the formula is nested too deeply; write it flatter", NO_ANSWER)
    return 0


def _complain(message: str, status: int) -> int:
    print(f"error: {message}", file=sys.stderr)
    return status


# --- options --------------------------------------------------------------------------------


def _shielded(argument: str) -> str:
    """Put a space before a formula that starts with a minus: argparse takes it for an option."""
    option = re.match(r"--|-$|-h$|-n[0-9]*$", argument)
    return f" {argument}" if argument.startswith("-") and not option else argument


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m hermiso",
        description="Isometry strength, Hermite coefficients and dual activations.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, says in _COMMANDS.items():
        command = commands.add_parser(name, help=says, description=says)
        command.add_argument("expr", metavar="EXPR", help="a catalogue name or a formula")
        if name == "coefficient":
            command.add_argument("k", metavar="K", help="an integer, or a name for any integer")
        if name == "coefficients":
            command.add_argument("-n", type=_count, default=8, help="how many (8)")
        _add_common(command)
    return parser


def _add_common(command: argparse.ArgumentParser) -> None:
    command.add_argument("--x", metavar="NAME", help="the variable")
    command.add_argument("--gain", metavar="G", help="g in sigma(g x), a formula")
    for sign in ("positive", "negative"):
        says = f"declare a symbol {sign} (repeatable)"
        command.add_argument(f"--{sign}", metavar="NAME", action="append", default=[], help=says)
    command.add_argument(
        "--digits", metavar="N", type=_digits, help="print N decimal digits of a number"
    )
    form = command.add_mutually_exclusive_group()
    form.add_argument("--latex", action="store_true", help="print LaTeX")
    form.add_argument("--json", action="store_true", help="print one JSON object")


def _count(text: str) -> int:
    return _integer(text, 1, MAX_COEFFICIENTS)


def _digits(text: str) -> int:
    return _integer(text, 1, MAX_DIGITS)


def _integer(text: str, least: int, most: int) -> int:
    if not re.fullmatch(r"\s*[0-9]{1,9}\s*", text) or not least <= int(text) <= most:
        raise argparse.ArgumentTypeError(f"{text.strip()[:40]!r} is no integer in {least}..{most}")
    return int(text)


# --- question -------------------------------------------------------------------------------


def _activation(options: argparse.Namespace) -> Any:
    from hermiso import catalogue
    from hermiso.activation import as_activation

    name = options.expr.strip()
    named = re.fullmatch(_NAME, name) and name not in {"x", options.x}
    gains = [] if options.gain is None else [options.gain]
    formulas = _formulas([*([] if named else [options.expr]), *gains], options)
    gain = formulas.pop() if gains else None
    source: Any = catalogue.get(name) if named else formulas[0]
    symbols = {source.variable} if named else source.free_symbols
    return as_activation(source, _variable(options.x, symbols), gain=gain)


def _formulas(texts: Sequence[str], options: argparse.Namespace) -> list[Any]:
    from hermiso.errors import ActivationError
    from hermiso.parsing import parse

    facts: dict[str, dict[str, bool]] = {}
    for sign in ("positive", "negative"):
        for name in getattr(options, sign):
            facts.setdefault(name, {})[sign] = True
    found = [set(re.findall(_NAME, text)) for text in texts]
    absent = sorted(set(facts).difference(*found))
    if absent:
        raise ActivationError(f"the sign of {', '.join(absent)} is given, but it does not occur")
    return [
        parse(text, {name: facts[name] for name in names.intersection(facts)})
        for text, names in zip(texts, found, strict=True)
    ]


def _variable(name: str | None, symbols: Iterable[Any]) -> Any:
    from hermiso.errors import ActivationError

    named = {s.name: s for s in symbols}
    found = ", ".join(sorted(named)) or "none"
    if name is None:
        if len(named) > 1 and "x" not in named:
            raise ActivationError(f"the formula has the symbols {found}; choose one with --x NAME")
        return None
    if name not in named:
        raise ActivationError(f"--x is {name}, no symbol of the activation; it has {found}")
    return named[name]


def _degree(text: str, activation: Any) -> Any:
    from sympy import Symbol

    from hermiso.errors import ActivationError

    text = text.strip()
    if re.fullmatch(r"[0-9]{1,9}", text):
        return int(text)
    if not re.fullmatch(_NAME, text):
        raise ActivationError(f"K is {text[:40]!r}; it must be an integer >= 0 or a name")
    if text in {s.name for s in activation.expression.free_symbols}:
        raise ActivationError(f"K is {text}, a symbol of the activation; choose another name")
    return Symbol(text, integer=True, nonnegative=True)


# --- answer ---------------------------------------------------------------------------------


def _answer(options: argparse.Namespace) -> str:
    activation = _activation(options)
    results = _results(activation, options)
    several = options.command == "coefficients"
    if options.json:
        rows = [_fields(result, options) for result in results]
        answer = {key: [row[key] for row in rows] for key in rows[0]} if several else rows[0]
        return json.dumps(
            {
                "command": options.command,
                "expression": str(activation.expression),
                "variable": activation.variable.name,
                **answer,
            }
        )
    lines = [_line(result, options) for result in results]
    label = "c_{{{}}} = {}" if options.latex else "c_{} = {}"
    return "\n".join(label.format(k, v) if several else v for k, v in enumerate(lines))


def _results(activation: Any, options: argparse.Namespace) -> tuple[Any, ...]:
    import hermiso

    if options.command == "coefficients":
        return hermiso.coefficients(activation, options.n)
    if options.command == "coefficient":
        return (hermiso.coefficient(activation, _degree(options.k, activation)),)
    return (getattr(hermiso, options.command.replace("-", "_"))(activation),)


def _fields(result: Any, options: argparse.Namespace) -> dict[str, Any]:
    from sympy import latex

    return {
        "result": str(result),
        "latex": latex(result),
        "numeric": _numeric(result, options.digits),
        "closed_form": _is_closed(result),
    }


def _line(result: Any, options: argparse.Namespace) -> str:
    from sympy import latex

    number = _numeric(result, options.digits)
    if options.digits and number:
        return number
    if options.latex:
        return str(latex(result))
    return str(result) if _is_closed(result) or number is None else f"{result} = {number}"


def _numeric(result: Any, digits: int | None) -> str | None:
    """Decimal digits; None for a result with symbols, an error if digits were asked of one."""
    from hermiso.errors import ActivationError

    if not result.free_symbols:
        n = digits or DEFAULT_DIGITS
        return str(result.evalf(n, maxn=2 * n + 200))
    if digits:
        names = ", ".join(sorted(s.name for s in result.free_symbols))
        raise ActivationError(
            f"--digits needs a number, and the result depends on {names}: {result}"
        )
    return None


def _is_closed(result: Any) -> bool:
    from hermiso.symbolic.nodes import Unevaluated

    return not result.has(Unevaluated)


if __name__ == "__main__":
    # Exact coefficients have long integers; the length of the input is limited elsewhere.
    sys.set_int_max_str_digits(0)
    sys.exit(main())
