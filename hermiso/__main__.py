"""Command line: python -m hermiso beta "max(alpha*x, 0)" --positive alpha.

Exit status: 0 done, 1 an answer could not be reached, 2 bad input, 130 interrupted, 141 nobody
read the output.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import sys
from collections.abc import Sequence
from typing import Any

MAX_DIGITS = 10_000
DEFAULT_DIGITS = 15
BAD_INPUT, INTERRUPTED, BROKEN_PIPE = 2, 130, 141

_COMMANDS = {
    "beta": "isometry strength 2 - c_1^2/Var sigma(z)",
    "coefficient": "Hermite coefficient c_k, for a number or a symbol k",
    "coefficients": "the first Hermite coefficients",
    "dual": "dual activation E[sigma(x) sigma(y)] at correlation rho",
    "kernel-map": "map of a correlation rho through a normalized layer",
    "smoothing": "Gaussian smoothing E[sigma(z + t)]",
    "moment": "Gaussian mean E[sigma(z)]",
}
_EPILOG = """\
EXPR is a name of the catalogue (gelu, leaky_relu, ...) or a formula in x:
  python -m hermiso beta gelu --digits 30
  python -m hermiso beta "max(alpha*x, 0)" --positive alpha
  python -m hermiso coefficient relu k --latex
  python -m hermiso dual "sin(a*x)" --json
  python -m hermiso coefficients "where(x > 0, x, s*x)" -n 4
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return the exit status.

    Args:
        arguments: what follows `python -m hermiso`; by default those of the process.
    """
    try:
        status = _run(sys.argv[1:] if arguments is None else list(arguments))
        sys.stdout.flush()
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        # What is still buffered would fail again when Python flushes it at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return BROKEN_PIPE
    return status


def _run(arguments: list[str]) -> int:
    options = _parser().parse_args([_shielded(a) for a in arguments])
    from hermiso.errors import ActivationError, HermisoError, ParseError, UnknownSign

    try:
        print(_answered(options))
    except UnknownSign as error:
        return _complain(f"{error}\non the command line: --positive NAME or --negative NAME")
    except (ActivationError, ParseError) as error:
        return _complain(str(error))
    except HermisoError as error:
        return _complain(str(error), status=1)
    return 0


def _complain(message: str, status: int = BAD_INPUT) -> int:
    print(f"error: {message}", file=sys.stderr)
    return status


def _shielded(argument: str) -> str:
    """A formula that starts with a minus is no option: argparse sees that by a space."""
    option = argument.startswith("--") or re.fullmatch(r"-h|-n[0-9]*|-", argument)
    return f" {argument}" if argument.startswith("-") and not option else argument


# --- options --------------------------------------------------------------------------------


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m hermiso",
        description="Isometry strength, Hermite coefficients and dual activations.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, says in _COMMANDS.items():
        sub = commands.add_parser(name, help=says, description=says)
        sub.add_argument("expr", metavar="EXPR", help="a catalogue name or a formula")
        if name == "coefficient":
            sub.add_argument("k", metavar="K", help="an integer >= 0, or a name: any integer")
        if name == "coefficients":
            sub.add_argument("-n", type=_count, default=8, help="how many (default: 8)")
        _add_common(sub)
    return parser


def _add_common(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--x", metavar="NAME", help="the variable")
    parser.add_argument("--gain", metavar="G", help="g in sigma(g x), a formula")
    for sign in ("positive", "negative"):
        parser.add_argument(
            f"--{sign}", action="append", default=[], metavar="NAME", help=f"NAME is {sign}"
        )
    parser.add_argument("--digits", type=_digits, metavar="N", help="decimal digits")
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--latex", action="store_true", help="print LaTeX")
    form.add_argument("--json", action="store_true", help="print one JSON object")


def _digits(text: str) -> int:
    return _integer(text, 1, MAX_DIGITS)


def _count(text: str) -> int:
    return _integer(text, 0, 100_000)


def _integer(text: str, least: int, most: int) -> int:
    if not re.fullmatch(r"[0-9]{1,9}", text) or not least <= int(text) <= most:
        raise argparse.ArgumentTypeError(f"{text[:40]!r} is no integer in {least}..{most}")
    return int(text)


# --- question and answer --------------------------------------------------------------------


def _answered(options: argparse.Namespace) -> str:
    """What to print."""
    activation = _activation(options)
    result = _result(activation, options)
    results = result if isinstance(result, tuple) else (result,)
    if options.json:
        fields = {"command": options.command, **_described(activation)}
        rows = [_fields(r, options.digits) for r in results]
        listed = isinstance(result, tuple)
        fields |= {key: [row[key] for row in rows] for key in rows[0]} if listed else rows[0]
        return json.dumps(fields)
    lines = [_line(r, options) for r in results]
    if isinstance(result, tuple):
        label = "c_{{{}}} = {}" if options.latex else "c_{} = {}"
        lines = [label.format(k, line) for k, line in enumerate(lines)]
    return "\n".join(lines)


def _activation(options: argparse.Namespace) -> Any:
    from hermiso import catalogue
    from hermiso.activation import as_activation

    name, declared = options.expr.strip(), _declared(options)
    if name in catalogue.names():
        source: Any = catalogue.get(name)
        symbols, texts = source.expression.free_symbols, [options.gain or ""]
    else:
        source = _formula(options.expr, declared)
        symbols, texts = source.free_symbols, [options.expr, options.gain or ""]
    _check_declared(declared, texts)
    gain = None if options.gain is None else _formula(options.gain, declared)
    return as_activation(source, _variable(options.x, symbols), gain=gain)


def _result(activation: Any, options: argparse.Namespace) -> Any:
    import hermiso

    if options.command == "coefficient":
        return hermiso.coefficient(activation, _degree(options.k, activation))
    if options.command == "coefficients":
        return hermiso.coefficients(activation, options.n)
    return getattr(hermiso, options.command.replace("-", "_"))(activation)


def _degree(text: str, activation: Any) -> Any:
    from sympy import Symbol

    from hermiso.errors import ActivationError

    text = text.strip()
    if re.fullmatch(r"[0-9]{1,9}", text):
        return int(text)
    if not re.fullmatch(_NAME, text):
        raise ActivationError(f"K is {text[:40]!r}; it must be an integer >= 0 or a name")
    if text in {s.name for s in activation.expression.free_symbols}:
        raise ActivationError(f"K is {text}, a symbol of the formula; choose another name")
    return Symbol(text, integer=True, nonnegative=True)


def _declared(options: argparse.Namespace) -> dict[str, dict[str, bool]]:
    declared: dict[str, dict[str, bool]] = {}
    for sign in ("positive", "negative"):
        for name in getattr(options, sign):
            declared.setdefault(name, {})[sign] = True
    return declared


def _formula(text: str, declared: dict[str, dict[str, bool]]) -> Any:
    from hermiso.parsing import parse

    names = set(re.findall(_NAME, text))
    return parse(text, {name: facts for name, facts in declared.items() if name in names})


def _check_declared(declared: dict[str, dict[str, bool]], texts: list[str]) -> None:
    from hermiso.errors import ActivationError

    known = set(re.findall(_NAME, " ".join(texts)))
    for name in declared:
        if name not in known:
            raise ActivationError(f"{name} is declared {_words(declared[name])} but does not occur")
