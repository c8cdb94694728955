"""The questions of the command line: beta, coefficients, dual activations, ... of a formula."""

from __future__ import annotations

import argparse
import json
import re
from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager, nullcontext
from traceback import walk_tb
from typing import Any

from hermiso.commands.screen import QUESTIONS
from hermiso.terminal import LIMITS, Parser, complain, shielded

__all__ = ["main"]

MAX_DIGITS = 10_000
DEFAULT_DIGITS = 15
MAX_COEFFICIENTS = 100_000
NO_ANSWER, BAD_INPUT = 1, 2

_ARGUMENTS = {"dual": "rho", "kernel-map": "rho", "smoothing": "t"}  # of results that are functions
_EPILOG = """\
EXPR is a name of the catalogue (gelu, leaky_relu, ...) or a formula in x:
  python -m hermiso beta gelu --digits 30
  python -m hermiso beta "max(alpha*x, 0)" --positive alpha
  python -m hermiso coefficient relu k --latex
  python -m hermiso coefficients "where(x > 0, x, s*x)" -n 4
  python -m hermiso dual sin --gain a --json
  python -m hermiso dual tanh --at 1/2 --digits 10

"""
_NAME = r"[A-Za-z][A-Za-z0-9_]*"


def main(command: str, arguments: Sequence[str], seconds: float | None = None) -> int:
    """Answer a question and return the exit status.

    Args:
        command: which, a key of `QUESTIONS`.
        arguments: what follows it.
        seconds: of work, in place of the budget that every question has.
    """
    options = _parser(command).parse_args([shielded(a) for a in arguments])
    from hermiso.budget import shared
    from hermiso.errors import (
        ActivationError,
        BudgetExceeded,
        HermisoError,
        ParseError,
        UnknownSign,
    )

    try:
        with _allowed(seconds), shared():
            answer = _answer(options)
        print(answer)
    except UnknownSign as error:
        return complain(
            f"{error}\non the command line: --positive NAME or --negative NAME", BAD_INPUT
        )
    except (ActivationError, ParseError) as error:
        return complain(str(error), BAD_INPUT)
    except BudgetExceeded as error:
        return complain(f"{error}\non the command line: --time-limit SECONDS", NO_ANSWER)
    except HermisoError as error:
        return complain(str(error), NO_ANSWER)
    except RecursionError:
        return complain("the formula is nested too deeply; write it flatter", NO_ANSWER)
    except (MemoryError, BrokenPipeError):
        raise
    except Exception as error:
        return complain(_fault(error), NO_ANSWER)
    return 0


def _allowed(seconds: float | None) -> AbstractContextManager[None]:
    """The budget of work of a question; a time that was given stands in place of its limits."""
    if seconds is None:
        return nullcontext()
    from hermiso.budget import limited

    return limited(terms=None, boxes=None, seconds=seconds)


def _fault(error: Exception) -> str:
    *_, (frame, line) = walk_tb(error.__traceback__)
    place = f"{frame.f_globals.get('__name__', '?')}:{line}"
    return f"a fault of hermiso ({type(error).__name__} at {place}: {error}); report this command"


# --- options --------------------------------------------------------------------------------


def _parser(command: str) -> argparse.ArgumentParser:
    parser = Parser(
        prog=f"python -m hermiso {command}",
        description=QUESTIONS[command],
        epilog=_EPILOG + LIMITS,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.set_defaults(command=command, at=None)
    parser.add_argument("expr", metavar="EXPR", help="a catalogue name or a formula")
    if command == "coefficient":
        parser.add_argument("k", metavar="K", help="an integer, or a name for any integer")
    if command == "coefficients":
        parser.add_argument("-n", type=_count, default=8, help="how many (8)")
    if command in _ARGUMENTS:
        name = _ARGUMENTS[command]
        says = f"the value at this {name}, a number or a formula such as 1/2"
        parser.add_argument("--at", metavar=name.upper(), help=says)
    _add_common(parser)
    return parser


def _add_common(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--x", metavar="NAME", help="the variable")
    parser.add_argument("--gain", metavar="G", help="g in sigma(g x), a formula")
    for sign in ("positive", "negative"):
        says = f"declare a symbol {sign} (repeatable)"
        parser.add_argument(f"--{sign}", metavar="NAME", action="append", default=[], help=says)
    parser.add_argument(
        "--digits", metavar="N", type=_digits, help="print N decimal digits of a number"
    )
    form = parser.add_mutually_exclusive_group()
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
                **({} if options.at is None else {"at": options.at.strip()}),
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
    result = getattr(hermiso, options.command.replace("-", "_"))(activation)
    if options.at is None:
        return (result,)
    return (result.subs(_ARGUMENTS[options.command], _at(options.at, options.command)),)


def _at(text: str, command: str) -> Any:
    """The number at which a result is asked for; a correlation is one in [-1, 1]."""
    from hermiso.errors import ActivationError
    from hermiso.parsing import parse

    number = parse(text)
    correlation = _ARGUMENTS[command] == "rho"
    finite = not number.free_symbols and number.is_extended_real and number.is_finite
    if not finite or (correlation and abs(number) > 1):
        wanted = "a number in [-1, 1]" if correlation else "a finite number"
        raise ActivationError(f"--at is {text.strip()}; it must be {wanted}, such as 1/2")
    return number


def _fields(result: Any, options: argparse.Namespace) -> dict[str, Any]:
    from sympy import latex

    return {
        "result": str(result),
        "latex": latex(result),
        "numeric": _numeric(result, options),
        "closed_form": _is_closed(result),
    }


def _line(result: Any, options: argparse.Namespace) -> str:
    from sympy import latex

    number = _numeric(result, options)
    if options.digits and number:
        return number
    if options.latex:
        return str(latex(result))
    return str(result) if _is_closed(result) or number is None else f"{result} = {number}"


def _numeric(result: Any, options: argparse.Namespace) -> str | None:
    """Decimal digits; None for a result with symbols, an error if digits were asked of one."""
    from hermiso.errors import ActivationError

    digits, argument = options.digits, _ARGUMENTS.get(options.command, "")
    if not result.free_symbols:
        n = digits or DEFAULT_DIGITS
        return str(result.evalf(n, maxn=2 * n + 200))
    if digits:
        names = sorted(s.name for s in result.free_symbols)
        advice = f"; give --at {argument.upper()}" if argument in names else ""
        raise ActivationError(
            f"--digits needs a number, and the result depends on {', '.join(names)}: "
            f"{result}{advice}"
        )
    return None


def _is_closed(result: Any) -> bool:
    from hermiso.symbolic.nodes import Unevaluated

    return not result.has(Unevaluated)
