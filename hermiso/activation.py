"""Activations: a real function of one real variable, and how it is read from what users pass.

An activation is a sympy expression in one symbol declared real. `as_activation` accepts an
expression, a name of the catalogue, a formula as text, a torch.nn module or a torch function, and
refuses what is no activation, with the reason. Floats are read as the decimals they print as: 0.01
is 1/100.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import mpmath
import sympy as sp
from sympy import Expr, Symbol

from hermiso.errors import ActivationError, NoClosedForm, ParseError
from hermiso.evaluate import over_mpmath
from hermiso.pieces import split

__all__ = ["INSTEAD", "Activation", "as_activation", "exact"]

_LARGEST = 10_000  # nodes; what takes sympy a second to print
_REAL_FACTS = Symbol("x", real=True).assumptions0
_ACCEPTED = (
    "required: a sympy expression, an Activation, a name of the catalogue, a formula as text, "
    "a torch.nn module or a torch function"
)
INSTEAD = (
    'write it in sympy or as text such as "floor(x)", or use hermiso.numeric, which takes any '
    "function on arrays"
)


@dataclass(frozen=True)
class Activation:
    """A named activation: expression(variable), with the variable declared real.

    Attributes:
        name: a name of the catalogue, or the formula as text.
        expression: a sympy expression; its other symbols are parameters.
        variable: the symbol that runs over the real line.
    """

    name: str
    expression: Expr
    variable: Symbol

    @cached_property
    def kinks(self) -> tuple[Expr, ...]:
        """The points between smooth pieces, in increasing order.

        Raises:
            UnknownSign: if their order depends on the undeclared sign of a parameter.
            NoClosedForm: if they cannot be found exactly.
        """
        return tuple(p.upper for p in split(self.expression, self.variable)[:-1])

    def numpy(self) -> Callable[[Any], Any]:
        """Return the compiled function on numpy arrays; see `hermiso.compiled`."""
        from hermiso.compiled import numpy_function

        return numpy_function(self.expression, self.variable)

    def torch(self) -> Callable[[Any], Any]:
        """Return the compiled, differentiable function on torch tensors."""
        from hermiso.compiled import torch_function

        return torch_function(self.expression, self.variable)

    def __call__(self, value: Any = None, /, *others: Any, **parameters: Any) -> Any:
        """Evaluate at a sympy expression, a torch tensor, or a number or numpy array.

        Parameters of an entry of the catalogue are given by keyword: catalogue.leaky_relu(0.2) is
        the value at 0.2, catalogue.leaky_relu(negative_slope=0.2) the activation of that slope.

        Raises:
            ActivationError: if it is no entry of the catalogue with these parameters.
        """
        if others:
            raise TypeError(
                f"{self.name}() takes one value; its parameters are given by keyword, and "
                f"hermiso.parse('{self.name}(x, ...)') reads them by place"
            )
        if parameters:
            return self._with(parameters) if value is None else self._with(parameters)(value)
        if value is None:
            raise TypeError(f"{self.name}() needs the point at which to evaluate")
        if isinstance(value, sp.Basic):
            return self.expression.subs(self.variable, value)
        return self.torch()(value) if _is_tensor(value) else self.numpy()(value)

    def _with(self, parameters: dict[str, Any]) -> Activation:
        from hermiso import catalogue

        if self.name not in catalogue.names() or self != catalogue.get(self.name):
            raise ActivationError(
                f"{self.name} is no entry of the catalogue; substitute in its formula"
            )
        return catalogue.get(self.name, **parameters)


def as_activation(source: Any, x: Symbol | None = None, *, gain: Any = None) -> Activation:
    """Read an activation, optionally with a gain: sigma(gain x).

    >>> as_activation("softplus", gain=0.5).expression
    log(exp(x/2) + 1)

    Args:
        source: a sympy expression, an Activation, a name of the catalogue or a formula as text
            (names come first; see `hermiso.parse`), a torch.nn module or a torch function.
        x: the variable of an expression; by default its only symbol, or else the one named x.
        gain: a nonzero real number or sympy expression that multiplies the variable.

    Raises:
        ActivationError: if the source is no real function of one real variable.
    """
    if x is not None and not isinstance(x, Symbol):
        raise ActivationError(f"x is {x!r}; it must be a sympy Symbol, e.g. Symbol('x')")
    if isinstance(source, str) and not _is_name(source):
        formula = _parsed(source)
        activation = _from_expression(formula, _of_that_name(formula, x))
    elif isinstance(source, Expr):
        activation = _from_expression(source, x)
    else:
        activation = source if isinstance(source, Activation) else _by_name(source)
        if x is not None and x.name != activation.variable.name:
            raise ActivationError(
                f"x is {x}, but the variable of {activation.name:.200} is {activation.variable}; "
                "give x for expressions only"
            )
    return activation if gain is None else _amplified(activation, gain)


def exact(value: Any) -> Expr:
    """Return a number or expression with every float as the decimal it prints as.

    Raises:
        ActivationError: if the value is neither.
    """
    try:
        e = sp.sympify(value, strict=True)
    except sp.SympifyError:
        raise ActivationError(f"{value!r} is neither a number nor a sympy expression") from None
    return e.xreplace({f: _decimal(f) for f in e.atoms(sp.Float)})


def _decimal(f: Any) -> Any:
    # 53 bits print the way Python prints them: the shortest decimal that reads back the same
    return sp.Rational(repr(float(f)) if f._prec == 53 else str(f))


def _is_name(text: str) -> bool:
    """Whether it stands for an entry of the catalogue, known or misspelt; x is a formula."""
    return (text.isidentifier() and len(text) > 1) or not text.strip()


def _parsed(text: str) -> Expr:
    from hermiso.parsing import parse

    try:
        return parse(text)
    except ParseError as error:
        raise ActivationError(f"the formula cannot be read: {error}") from error


def _of_that_name(formula: Expr, x: Symbol | None) -> Symbol | None:
    """The symbol of a parsed formula that the user's x means."""
    return next((s for s in formula.free_symbols if x is not None and s.name == x.name), x)


def _by_name(source: Any) -> Activation:
    from hermiso import catalogue

    if isinstance(source, str):
        return catalogue.get(source)
    activation = catalogue.from_torch(source)
    if activation is None:
        raise ActivationError(_refusal(source))
    return activation


def _refusal(source: Any) -> str:
    if isinstance(source, (int, float, complex)):
        return (
            f"{source!r:.60} is constant: there is no variable; {_ACCEPTED} (parameters of an "
            "activation are given by keyword: catalogue.leaky_relu(negative_slope=0.2))"
        )
    if isinstance(source, sp.logic.boolalg.Boolean):
        said = f"{source!s:.60}"
        return f"{said} is a condition; write Piecewise((1, {said}), (0, True)); {_ACCEPTED}"
    if callable(source):
        return f"the formula of the function {source!r:.60} is unknown; {INSTEAD}; {_ACCEPTED}"
    return f"{source!r:.60} is of type {type(source).__name__}; {_ACCEPTED}"


def _from_expression(source: Expr, x: Symbol | None) -> Activation:
    try:
        return _checked(source, x)
    except RecursionError:
        raise ActivationError("the expression is nested too deeply; flatten it") from None


def _checked(source: Expr, x: Symbol | None) -> Activation:
    nodes = _written_out(source, {})
    if nodes > _LARGEST:
        raise ActivationError(
            f"the expression has {nodes} nodes when written out; at most {_LARGEST} are accepted"
        )
    if getattr(source, "is_Matrix", False) or not source.is_commutative:
        raise ActivationError(f"{source!s:.200} is not a scalar; {_ACCEPTED}")
    e = exact(source)
    _check_values(e)
    x = _variable(e, x)
    _check_symbols(e, x)
    real = Symbol(x.name, real=True)
    e = e if x == real else e.xreplace({x: real})  # replacing simplifies nested Max again
    if real not in e.free_symbols:
        raise ActivationError(f"{source!s:.200} is constant on the real line: there is no variable")
    return Activation(str(e), _real(e, real), real)


def _written_out(e: sp.Basic, seen: dict[sp.Basic, int]) -> int:
    """The size as a tree; as a graph with shared parts the expression may be tiny."""
    if e not in seen:
        seen[e] = 1 + sum(_written_out(a, seen) for a in e.args)
    return seen[e]


def _variable(e: Expr, x: Symbol | None) -> Symbol:
    symbols = sorted(e.free_symbols, key=_declaration)
    if not symbols:
        raise ActivationError(f"{e!s:.200} is constant: there is no variable")
    if x is None:
        named = symbols if len(symbols) == 1 else [s for s in symbols if s.name == "x"]
        if len(named) != 1:
            names = ", ".join(map(_declaration, symbols))
            raise ActivationError(f"the variable of {e!s:.200} may be any of {names}; pass x=...")
        return named[0]
    if x not in symbols:
        names = ", ".join(map(_declaration, symbols))
        raise ActivationError(
            f"{e!s:.200} does not contain x={_declaration(x)}; its symbols are {names} "
            "(symbols of one name differ when their assumptions do)"
        )
    return x


def _check_values(e: Expr) -> None:
    for bad in (sp.nan, sp.zoo, sp.oo, -sp.oo):
        if e.has(bad):
            what = f"the expression is {bad}" if e == bad else f"{e!s:.200} contains {bad}"
            raise ActivationError(f"{what}; every number in it must be finite")
    arrays = sorted(str(s) for s in e.free_symbols if not isinstance(s, Symbol))
    if arrays:
        raise ActivationError(f"{e!s:.200} contains the array {arrays[0]}; put a symbol there")
    unknown = sorted(map(str, e.atoms(sp.core.function.AppliedUndef)))
    if unknown:
        raise ActivationError(
            f"{e!s:.200} contains the unknown function {unknown[0]}; give its formula"
        )


def _check_symbols(e: Expr, x: Symbol) -> None:
    extra = [k for k, v in x.assumptions0.items() if _REAL_FACTS.get(k) != v]
    if extra:
        raise ActivationError(
            f"the variable is {_declaration(x)}; it must run over the whole real line: "
            f"declare Symbol('{x}', real=True)"
        )
    names = Counter(s.name for s in e.free_symbols)
    for s in e.free_symbols - {x}:
        if names[s.name] > 1:
            raise ActivationError(f"{e!s:.200} has two symbols named {s}; rename the parameter")
        if s.is_extended_real is False or (s.is_complex and s.is_real is None):
            raise ActivationError(
                f"the parameter is {_declaration(s)}; parameters must be real: "
                f"declare Symbol('{s}', real=True)"
            )


def _declaration(s: Symbol) -> str:
    """How the user declared a symbol, e.g. "x" or "x (positive=True)"."""
    given = [f"{k}={v}" for k, v in s._assumptions_orig.items() if k != "commutative"]
    return f"{s} ({', '.join(given)})" if given else str(s)


# Irregular points: a formula that is real at all of them is taken to be real on the line.
_DIGITS = 50  # sympy's evalf may take minutes for a tower of functions
_PROBES = [sp.Rational(p, 100) for p in (-397, -231, -113, -41, 31, 107, 229, 403)]


def _real(e: Expr, x: Symbol) -> Expr:
    """Return e if it is real on the real line, without I where I drops out."""
    partial = any(p.args[-1].cond is not sp.true for p in e.atoms(sp.Piecewise))
    if e.is_real and not partial:
        return e
    parameters = {s: _sample(s) for s in e.free_symbols - {x}}
    f = e.xreplace(parameters)
    for t in _PROBES:
        value = _probed(f, x, t)
        if value is sp.nan:
            raise ActivationError(
                f"{e!s:.200} is undefined at {x} = {t}; it must be real on the line"
            )
        re, im = value.as_real_imag()
        if im.is_number and abs(im) > 1e-9 * (1 + abs(re)):
            at = ", ".join(f"{s} = {v}" for s, v in {x: t, **parameters}.items())
            raise ActivationError(
                f"{e!s:.200} is complex-valued: {value.evalf(5)} at {at}; it must be real on the "
                "whole real line (say, with Abs(x) or Max(x, 0) in place of x)"
            )
    return e.as_real_imag()[0] if e.has(sp.I) else e


def _probed(f: Expr, x: Symbol, t: Expr) -> Any:
    """The value at a point, nan outside a domain, 0 where it is beyond evaluation."""
    with mpmath.workdps(_DIGITS):
        try:
            return sp.sympify(over_mpmath(f, {x: mpmath.mpf(int(t.p)) / int(t.q)}))
        except (NoClosedForm, ZeroDivisionError):  # 1/(1 - erf(20 x)): left to the screen
            return sp.S.Zero
        except (ValueError, TypeError, ArithmeticError):
            return sp.nan


def _sample(s: Symbol) -> Expr:
    """A value that the assumptions on a parameter allow."""
    size = sp.Integer(2) if s.is_integer else sp.Rational(7, 10)
    return -size if s.is_negative or s.is_nonpositive else size


def _amplified(activation: Activation, gain: Any) -> Activation:
    g, x = exact(gain), activation.variable
    if not isinstance(g, Expr) or g.is_zero or g.is_finite is False or g.is_real is False:
        raise ActivationError(f"gain is {gain}; it must be a nonzero real number or expression")
    _check_values(g)
    if x.name in map(str, g.free_symbols):
        raise ActivationError(f"gain is {gain}; it may not contain the variable {x}")
    _check_symbols(g, x)
    expression = activation.expression.subs(x, g * x)
    return Activation(f"{activation.name}({g * x})", expression, x)


def _is_tensor(value: Any) -> bool:
    bases = type(value).__mro__
    return any(b.__name__ == "Tensor" and b.__module__.startswith("torch") for b in bases)
