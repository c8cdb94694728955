"""What a formula may contain: constants, functions, activations; and how they are built.

Errors here are short facts; the parser adds the place. Sympy simplifies when it builds: powers
of numbers are multiplied out, an exponent is copied into every factor and piece of its base, and
max, abs or comparisons are examined at a cost that can grow exponentially with nesting. `Builder`
limits the first two, `built` leaves the third out where arguments are long or nested.
"""

from __future__ import annotations

import difflib
import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, partial
from itertools import islice
from typing import Any

import sympy as sp

from hermiso.errors import ActivationError, ParseError
from hermiso.tokens import MAX_SHOWN, shown

__all__ = [
    "CONNECTIVES", "CONSTANTS", "CUTS", "FUNCTIONS", "INFINITE_OR_COMPLEX", "MAX_NODES",
    "RELATIONS", "TRUTH", "Builder", "Function", "built", "is_function", "suggestion",
]  # fmt: skip

MAX_NODES = 10_000
MAX_FOLDED_NODES = 200
MAX_EXPONENT = 1_000
MAX_BITS = 14_000  # Python prints integers of up to 4300 digits
MAX_ROOT_BITS = 1_000
MAX_ORDER = 100  # of Bessel functions
MAX_LOG_CONSTANT = 7_000  # e^7000 has about 3000 digits
MAX_HEIGHT = 150  # of expression trees; sympy's cost grows with its third power or so
MAX_CONSTANT_HEIGHT = 16  # and exponentially for constants
SIMPLE_NODES = 40

CONSTANTS = {"pi": sp.pi, "e": sp.E, "E": sp.E}
TRUTH = {"true": sp.true, "True": sp.true, "false": sp.false, "False": sp.false}
INFINITE_OR_COMPLEX = {"I", "inf", "infinity", "nan", "oo", "zoo"}
RELATIONS = {"<": sp.Lt, "<=": sp.Le, ">": sp.Gt, ">=": sp.Ge}
CONNECTIVES = {"and": sp.And, "&": sp.And, "or": sp.Or, "|": sp.Or}
CUTS = {"where", "indicator", "piecewise", "Piecewise"}

_STEPS = (sp.Max, sp.Min, sp.Abs, sp.sign, sp.Heaviside, sp.floor, sp.ceiling)
_SWITCHES = (*_STEPS, sp.Piecewise)
_GUARDED = (*_STEPS, *RELATIONS.values(), sp.And, sp.Or)


@dataclass(frozen=True)
class Function:
    """How to build a call, its number of arguments (None: any) and the largest constant one.

    Without `build` it is made of powers, or an activation of the catalogue.
    """

    build: Callable[..., Any] | None
    arity: int | None = 1
    limit: float = 1e300


def built(build: Any, *arguments: Any) -> Any:
    """Return build(*arguments), unevaluated where sympy's simplification may be slow."""
    if build in {sp.Max, sp.Min} and len(arguments) == 1:
        return arguments[0]
    simple = sum(_nodes(a, SIMPLE_NODES) for a in arguments) <= SIMPLE_NODES
    simple = simple and not any(a.has(*_SWITCHES) for a in arguments)
    return build(*arguments, evaluate=simple)


def _guarded(function: Any, arity: int | None = 1) -> Function:
    return Function(partial(built, function), arity)


def _clip(u: Any, lower: Any, upper: Any) -> Any:
    return built(sp.Min, built(sp.Max, u, lower), upper)


def _normal_cdf(u: Any) -> Any:
    return (1 + sp.erf(u / sp.sqrt(2))) / 2


def _besselj(n: Any, u: Any) -> Any:
    if not (n.is_Integer and abs(n) <= MAX_ORDER):
        raise ParseError(f"the order of besselj must be an integer of at most {MAX_ORDER}")
    return sp.besselj(n, u)


FUNCTIONS: dict[str, Function] = {
    "exp": Function(None, limit=MAX_LOG_CONSTANT),
    "sqrt": Function(None),
    "log": Function(sp.log),
    "ln": Function(sp.log),
    "sin": Function(sp.sin),
    "cos": Function(sp.cos),
    "tan": Function(sp.tan),
    "sinh": Function(sp.sinh, limit=MAX_LOG_CONSTANT),
    "cosh": Function(sp.cosh, limit=MAX_LOG_CONSTANT),
    "tanh": Function(sp.tanh),
    "asinh": Function(sp.asinh),
    "atan": Function(sp.atan),
    "erf": Function(sp.erf, limit=80),
    "erfc": Function(sp.erfc, limit=80),
    "erfi": Function(sp.erfi, limit=80),
    "Phi": Function(_normal_cdf, limit=80),
    "ndtr": Function(_normal_cdf, limit=80),
    "log_ndtr": Function(lambda u: sp.log(_normal_cdf(u)), limit=80),
    "erfcx": Function(None, limit=80),
    "erfinv": Function(sp.erfinv, limit=1),
    "lambertw": Function(sp.LambertW),
    "besselj": Function(_besselj, 2),
    "expm1": Function(None, limit=MAX_LOG_CONSTANT),
    "log1p": Function(lambda u: sp.log(1 + u)),
    "sech": Function(sp.sech, limit=MAX_LOG_CONSTANT),
    "sinc": Function(sp.sinc),
    "floor": _guarded(sp.floor),
    "ceil": _guarded(sp.ceiling),
    "round": _guarded(lambda u, evaluate: sp.floor(u + sp.S.Half, evaluate=evaluate)),
    "abs": _guarded(sp.Abs),
    "sign": _guarded(sp.sign),
    "heaviside": _guarded(sp.Heaviside),
    "max": _guarded(sp.Max, None),
    "min": _guarded(sp.Min, None),
    "clip": Function(_clip, 3),
}
_PRINTED = {
    "Abs": "abs",
    "Heaviside": "heaviside",
    "Max": "max",
    "Min": "min",
    "ceiling": "ceil",
    "LambertW": "lambertw",
}  # by sympy
FUNCTIONS |= {printed: FUNCTIONS[name] for printed, name in _PRINTED.items()}

_OF_POWERS: dict[str, Callable[[Builder, Any], Any]] = {
    "exp": lambda b, u: b.power(sp.E, u),
    "sqrt": lambda b, u: b.power(u, sp.S.Half),
    "expm1": lambda b, u: b.power(sp.E, u) - 1,
    "erfcx": lambda b, u: b.power(sp.E, b.power(b.copied(u, 2), sp.Integer(2))) * sp.erfc(u),
}

_ACTIVATION = Function(None, limit=1000)


def is_function(name: str) -> bool:
    """Whether a call name(...) has a meaning."""
    return name in FUNCTIONS or name in CUTS or name in _catalogue()


def suggestion(name: str) -> str:
    """What to write in place of an unknown function."""
    known = dict.fromkeys([*FUNCTIONS, *sorted(CUTS), *_catalogue()])
    close = difflib.get_close_matches(name[:MAX_SHOWN], known, n=3)
    if close:
        return f"did you mean {' or '.join(close)}?"
    own = ", ".join(sorted({*FUNCTIONS, *CUTS} - {*_PRINTED, "Piecewise"}))
    return f"there are {own} and the names of hermiso.catalogue"


@cache
def _catalogue() -> tuple[str, ...]:
    from hermiso import catalogue

    return (*catalogue.names(), *catalogue.ALIASES)


class Builder:
    """Builds numbers, powers and calls within limits for the formula as a whole.

    Every number of a formula stems from a literal or a power and is used once, so the bits of
    those bound the bits of all sums and products.
    """

    def __init__(self) -> None:
        self._bits = 0
        self._nodes = 0

    def literal(self, text: str) -> Any:
        """Return the exact value of a decimal number."""
        mantissa, _, exponent = text.lower().partition("e")
        whole, _, fraction = mantissa.partition(".")
        power = int(exponent or 0)
        if abs(power) > MAX_EXPONENT:
            raise ParseError(f"a decimal exponent is larger than {MAX_EXPONENT}")
        result = int(whole + fraction) * sp.Rational(10) ** (power - len(fraction))
        self._charge(_bits(result))
        return result

    def power(self, base: Any, exponent: Any) -> Any:
        """Return base^exponent, after a look at how large it would be."""
        if base.is_zero and exponent.is_negative:
            raise ParseError("division by zero")
        if exponent.is_Rational:
            self._check_exponent(base, exponent)
        self._check_logarithms(exponent)
        _check_size(base, "^")
        _check_size(exponent, "^")
        if not (base.free_symbols or exponent.free_symbols or base.is_zero):
            size = exponent * sp.log(abs(base), evaluate=False)
            _check_size(size, "exp", MAX_LOG_CONSTANT)
        result = _raised(base, exponent)
        powers = [f for f in sp.Mul.make_args(result) if f.is_Pow and f.exp.is_Rational]
        if any(abs(f.exp) > MAX_EXPONENT for f in powers):
            raise ParseError(f"an exponent is larger than {MAX_EXPONENT}")
        return _real(result)

    def call(self, name: str, arguments: list[Any], named: dict[str, Any] | None = None) -> Any:
        """Return the function or activation of that name at the arguments."""
        function = FUNCTIONS.get(name, _ACTIVATION)
        parameters = () if name in FUNCTIONS else _parameters(name)
        values = _by_name(name, parameters, arguments[1:], named or {}) if parameters else {}
        if parameters:
            arguments = arguments[:1]
        elif named:
            raise ParseError(f"{name} has no parameter {shown(next(iter(named)))!r}")
        if function.arity not in {len(arguments), None}:
            plural = "" if function.arity == 1 else "s"
            raise ParseError(
                f"{name} takes {function.arity} argument{plural}, not {len(arguments)}"
            )
        for argument in arguments:
            _check_size(argument, name, function.limit)
        if name in _OF_POWERS:
            return _real(_OF_POWERS[name](self, *arguments))
        if function.build:
            return _real(function.build(*arguments))
        return _real(self._activation(name, arguments[0], values))

    def copied(self, argument: Any, copies: int) -> Any:
        """Return an argument that a formula holds several times, counted as such."""
        self._charge(copies * _bits_within(argument))
        self._nodes += copies * _nodes(argument, MAX_NODES)
        if self._nodes > MAX_NODES:
            raise ParseError(f"the formula grows beyond {MAX_NODES} operations")
        return argument

    def _entry(self, name: str, values: dict[str, Any], argument: Any) -> Any:
        """The formula of the catalogue at the given parameters, and its variable."""
        from hermiso import catalogue

        for key, value in values.items():
            if value.has(sp.Piecewise):
                raise ParseError(f"{key} of {name} may not be cut into pieces")
            shared = argument.free_symbols & value.free_symbols
            if shared and shared == argument.free_symbols:
                raise ParseError(f"{key} of {name} may not contain the variable {shown(*shared)}")
            _check_size(value, name, _ACTIVATION.limit)
        try:
            entry = catalogue.get(name, **values)
        except ActivationError as error:
            raise ParseError(str(error)) from error
        if values:
            self.copied(entry.expression, 1)
        return entry.expression, entry.variable

    def _activation(self, name: str, argument: Any, values: dict[str, Any]) -> Any:
        formula, x = self._entry(name, values, argument)
        self.copied(argument, formula.count(x))
        if not (formula.has(sp.Piecewise) and argument.has(sp.Piecewise)):
            return self._replaced(formula, x, argument)
        # Conditions must stay free of pieces, so go through the pieces of the argument.
        if _nodes(argument, MAX_FOLDED_NODES) > MAX_FOLDED_NODES:
            raise ParseError("functions cut into pieces are nested too deeply")
        folded = sp.piecewise_fold(argument, evaluate=False)
        pieces = folded.args if isinstance(folded, sp.Piecewise) else [(folded, sp.true)]
        if any(piece.has(sp.Piecewise) for piece, _ in pieces):
            raise ParseError("functions cut into pieces are nested too deeply")
        branches = [(self._replaced(formula, x, piece), condition) for piece, condition in pieces]
        return sp.Piecewise(*branches, evaluate=False)

    def _replaced(self, expression: Any, x: Any, argument: Any) -> Any:
        """Put the argument in the place of x, with the same restraint as for typed formulas."""
        if expression == x:
            return argument
        if not expression.args:
            return expression
        parts = [self._replaced(part, x, argument) for part in expression.args]
        if isinstance(expression, sp.Piecewise):
            return sp.Piecewise(*parts, evaluate=False)
        if isinstance(expression, sp.exp):
            return self.power(sp.E, *parts)
        if expression.is_Pow:
            return self.power(*parts)
        if isinstance(expression, _GUARDED):
            return built(expression.func, *parts)
        return expression.func(*parts)

    def _charge(self, bits: int) -> None:
        self._bits += bits
        if self._bits > MAX_BITS:
            digits = int(MAX_BITS * math.log10(2))
            raise ParseError(f"the numbers of the formula have more than {digits} digits")

    def _check_exponent(self, base: Any, exponent: Any) -> None:
        if abs(exponent) > MAX_EXPONENT:
            raise ParseError(f"an exponent is larger than {MAX_EXPONENT}")
        if not exponent.is_Integer and _bits(base) > MAX_ROOT_BITS:
            raise ParseError("a root is taken of a number with too many digits")
        self._charge(math.ceil(abs(exponent)) * _bits(base))

    def _check_logarithms(self, exponent: Any) -> None:
        """Sympy turns exp(n log(q)) into q^n, a power in disguise."""
        for term in sp.Add.make_args(exponent):
            if term.has(sp.log):
                factor, rest = term.as_coeff_Mul()
                if abs(factor) > MAX_EXPONENT:
                    raise ParseError(f"an exponent is larger than {MAX_EXPONENT}")
                self._charge(math.ceil(abs(factor)) * _bits_within(rest))


def _parameters(name: str) -> tuple[str, ...]:
    from hermiso import catalogue

    return tuple(catalogue.defaults(name))


def _by_name(
    name: str, parameters: tuple[str, ...], given: list[Any], named: dict[str, Any]
) -> dict[str, Any]:
    """The values of parameters that are given in their order and by name."""
    known = ", ".join(parameters)
    if len(given) > len(parameters):
        raise ParseError(
            f"{name} takes {1 + len(parameters)} arguments at most, not {1 + len(given)}: "
            f"its own and {known}"
        )
    found = dict(zip(parameters, given, strict=False))
    for key, value in named.items():
        if key not in parameters:
            raise ParseError(f"{name} has no parameter {shown(key)!r}; its parameters: {known}")
        if key in found:
            raise ParseError(f"{key} of {name} is given twice")
        found[key] = value
    return found


def _raised(base: Any, exponent: Any) -> Any:
    """base^exponent; as written where sympy would copy a long exponent into factors and pieces."""
    long = bool(base.free_symbols) and _nodes(exponent, SIMPLE_NODES) > SIMPLE_NODES
    return sp.Pow(base, exponent, evaluate=False) if long else base**exponent


def _check_size(argument: Any, name: str, limit: float = 1e300) -> None:
    constant = not argument.free_symbols
    if _height(argument) > (MAX_CONSTANT_HEIGHT if constant else MAX_HEIGHT):
        what = "a constant" if constant else "the formula"
        raise ParseError(f"{what} is nested too deeply; give inner parts as symbols")
    if not constant:
        return
    size = abs(argument.evalf(15))
    if size.is_comparable and size > limit:
        raise ParseError(f"the constant argument of {name} is larger than {limit:g}")


def _real(result: Any) -> Any:
    if not result.free_symbols and result.has(sp.floor, sp.ceiling):
        raise ParseError("a number is too close to a jump of floor or ceil to tell")
    if result.has(sp.nan, sp.zoo, sp.oo, -sp.oo):
        raise ParseError("the value is not finite here")
    if result.has(sp.I) or (not result.free_symbols and result.is_extended_real is False):
        raise ParseError("the value is not real here")
    return result


def _nodes(expression: Any, limit: int) -> int:
    """Size of the expression tree, counted no further than just above the limit."""
    return sum(1 for _ in islice(sp.preorder_traversal(expression), limit + 1))


def _height(expression: Any) -> int:
    height, level = 0, [expression]
    while level:
        height, level = height + 1, [part for whole in level for part in whole.args]
    return height


def _bits(expression: Any) -> int:
    """Bits of the rational factors, which a power of the expression multiplies."""
    bases = (f.base if f.is_Pow else f for f in sp.Mul.make_args(expression))
    return sum(map(_bits_of_factor, bases))


def _bits_of_factor(base: Any) -> int:
    if isinstance(base, sp.Piecewise):  # sympy raises its values to the power, one by one
        return sum(_bits(value) for value, _ in base.args)
    return int(base.p).bit_length() + int(base.q).bit_length() if base.is_Rational else 0


def _bits_within(expression: Any) -> int:
    return sum(map(_bits, expression.atoms(sp.Rational)))
