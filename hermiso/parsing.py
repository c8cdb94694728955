"""Formulas as text, read by a small grammar; nothing of the text is ever evaluated as Python.

    sum        = product (("+" | "-") product)*
    product    = power (("*" | "/") power)*
    power      = signed ("^" signed)*                   right to left; "**" is "^"
    signed     = ("+" | "-")* atom                      -x^2 is -(x^2)
    atom       = number | constant | symbol | function "(" arguments ")" | "(" sum ")" | "|" sum "|"
    arguments  = sum ("," sum)* ("," name "=" sum)*
    condition  = comparison (("and" | "or") comparison)*    "and" binds closer; "&", "|" too
    comparison = sum (("<" | "<=" | ">" | ">=") sum)+

Numbers are exact: 0.1 is 1/10. Symbols are real. Conditions stand in where(c, a, b),
indicator(c) and piecewise((a, c), ..., (b, true)) only. The functions are those of
`hermiso.vocabulary` and the names of the catalogue: gelu(2*x) is that activation at 2 x, and its
parameters follow, by place or by name: leaky_relu(x, 0.2), softplus(x, beta=3). What sympy prints
of such a formula (Max, Piecewise, ...) is read back.

Limits keep a hostile text from costing more than seconds: length, parts, nesting, exponents,
digits of numbers, size of constants. Each is a ParseError that shows its place.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NoReturn

import sympy as sp
from sympy import Expr, Symbol
from sympy.core.evalf import PrecisionExhausted

from hermiso import vocabulary as words
from hermiso.errors import ParseError
from hermiso.tokens import Token, refuse, shown, tokens

__all__ = ["MAX_LENGTH", "MAX_NESTING", "parse"]

MAX_LENGTH = 10_000
MAX_NESTING = 100
MAX_NUMBER_LENGTH = 100
MAX_NAME_LENGTH = 100

_AS_IN = '{"alpha": {"positive": True}}'
Assumptions = Mapping[str, Mapping[str, bool]]


def parse(text: str, assumptions: Assumptions | None = None) -> Expr:
    """Return the formula as a sympy expression in real symbols.

    Args:
        text: the formula, such as "max(alpha*x, 0)"; grammar in the module's docstring. The
            functions are exp, expm1, log (ln), log1p, sqrt, sin, cos, tan, sinc, sinh, cosh,
            tanh, sech, asinh, atan, erf, erfc, erfcx, erfi, erfinv, ndtr (Phi), log_ndtr,
            lambertw, besselj, abs (|x|), sign, heaviside, max, min, clip, floor, ceil, round,
            where, indicator, piecewise, and the names of `hermiso.catalogue` with their
            parameters. sinc(x) is sin(x)/x.
        assumptions: sympy assumptions of symbols, such as {"alpha": {"positive": True}}.

    Raises:
        ParseError: names what is not allowed and shows its position.

    >>> parse("x*(1 + erf(x/sqrt(2)))/2")
    x*(erf(sqrt(2)*x/2) + 1)/2
    >>> parse("where(x > 0, x, 0.01*x)")
    Piecewise((x, x > 0), (x/100, True))
    >>> parse("leaky_relu(x, 0.2)") == parse("leaky_relu(x, negative_slope=1/5)")
    True
    """
    if not isinstance(text, str):
        raise ParseError(f"a formula is text, and this is a {type(text).__name__}: {text!r:.60}")
    if len(text) > MAX_LENGTH:
        raise ParseError(f"the formula has {len(text)} characters; at most {MAX_LENGTH}")
    if not isinstance(assumptions, Mapping | None):
        raise ParseError(f"assumptions are {shown(assumptions)}; write them as in {_AS_IN}")
    parser = _Parser(text, assumptions or {})
    try:
        return parser.formula()
    except RecursionError:
        raise ParseError("the formula is nested too deeply; write it flatter") from None
    except PrecisionExhausted:
        raise ParseError("a number is too close to a jump of floor or ceil to tell") from None


_CONDITIONS = "where(c, a, b), indicator(c) or piecewise((a, c), (b, true))"


def _are_facts(given: Any) -> bool:
    return isinstance(given, Mapping) and all(
        isinstance(key, str) and hasattr(Symbol, f"is_{key}") and isinstance(value, bool)
        for key, value in given.items()
    )


def _listed(names: list[str]) -> str:
    """Names in a message, the first ten of many."""
    more = f" and {len(names) - 10} more" if len(names) > 10 else ""
    return ", ".join(map(shown, names[:10])) + more or "none"


class _Parser:
    """Recursive descent over the tokens: one method for each rule of the grammar."""

    def __init__(self, text: str, assumptions: Assumptions) -> None:
        self.text = text
        self.assumptions = assumptions
        self.tokens = tokens(text)
        self.index = 0
        self.depth = 0
        self.builder = words.Builder()
        self.in_condition = False
        self.symbols: dict[str, Any] = {}

    def formula(self) -> Any:
        result = self.sum()
        if self.token.kind != "end":
            self.unexpected("the end")
        unused = sorted(map(str, set(self.assumptions) - set(self.symbols)))
        if unused:
            raise ParseError(
                f"assumptions are given for {_listed(unused)}, no symbol of the formula; "
                f"its symbols: {_listed(sorted(self.symbols))}"
            )
        return result

    # Tokens.

    @property
    def token(self) -> Token:
        return self.tokens[self.index]

    def advance(self) -> Token:
        self.index += 1
        return self.tokens[self.index - 1]

    def accept(self, *texts: str) -> Token | None:
        return self.advance() if self.token.text in texts else None

    def expect(self, text: str) -> None:
        if not self.accept(text):
            self.unexpected(repr(text))

    def open(self) -> None:
        self.expect("(")
        self.deeper()

    def deeper(self) -> None:
        self.depth += 1
        if self.depth > MAX_NESTING:
            self.refuse(f"the formula is nested more than {MAX_NESTING} deep")

    def close(self) -> None:
        self.expect(")")
        self.depth -= 1

    def refuse(self, message: str, token: Token | None = None) -> NoReturn:
        token = token or self.token
        if token.text == "=":
            message = "the character '=' is not allowed; use <= or >="
        refuse(message, self.text, token.at)

    def placed(self, token: Token, build: Callable[..., Any], *arguments: Any) -> Any:
        """Build a part; an error gets the place of the token."""
        try:
            return build(*arguments)
        except ParseError as error:
            self.refuse(str(error), token)

    def unexpected(self, expected: str) -> NoReturn:
        token = self.token
        if token.text == "|" and not self.in_condition:
            self.refuse(f"an operator is missing before {token}; |x| is an absolute value")
        if token.text in words.RELATIONS or token.text in words.CONNECTIVES:
            self.refuse(f"{token} belongs in a condition: {_CONDITIONS}")
        if token.kind in {"name", "number"} or token.text == "(":
            self.refuse(f"an operator is missing before {token}; products need a *")
        self.refuse(f"expected {expected}, found {token}")

    # Rules.

    def sum(self) -> Any:
        start = self.token
        terms = [self.product()]
        while operator := self.accept("+", "-"):
            term = self.number(self.product(), operator)
            terms.append(-term if operator.text == "-" else term)
        return terms[0] if len(terms) == 1 else sp.Add(self.number(terms[0], start), *terms[1:])

    def product(self) -> Any:
        start = self.token
        factors = [self.power()]
        while operator := self.accept("*", "/"):
            factor = self.number(self.power(), operator)
            if operator.text == "/":
                factor = self.placed(operator, self.builder.power, factor, sp.S.NegativeOne)
            factors.append(factor)
        if len(factors) == 1:
            return factors[0]
        return sp.Mul(self.number(factors[0], start), *factors[1:])

    def power(self) -> Any:
        chain = [(self.minus(), self.atom())]
        operators = []
        while operator := self.accept("^", "**"):
            operators.append(operator)
            chain.append((self.minus(), self.atom()))
        minus, result = chain.pop()
        if minus:
            result = -self.number(result, minus)
        for (minus, base), operator in zip(reversed(chain), reversed(operators), strict=True):
            base, exponent = self.number(base, operator), self.number(result, operator)
            result = self.placed(operator, self.builder.power, base, exponent)
            result = -result if minus else result
        return result

    def minus(self) -> Token | None:
        """Signs before an atom: the last minus if they amount to one."""
        last = None
        while sign := self.accept("+", "-"):
            if sign.text == "-":
                last = None if last else sign
        return last

    def atom(self) -> Any:
        token = self.token
        if token.kind == "number":
            return self.literal(self.advance())
        if token.kind == "name" and token.text not in {"and", "or", "not"}:
            self.advance()
            return self.call(token) if self.token.text == "(" else self.symbol(token)
        if token.text == "|":
            return self.bars()
        if token.text != "(":
            self.refuse(f"expected a number, a symbol, a function or '(', found {token}")
        self.open()
        result = self.condition() if self.in_condition else self.sum()
        self.close()
        return result

    def bars(self) -> Any:
        """|u|: a bar opens where a number is expected and closes where an operator is."""
        token = self.advance()
        self.deeper()
        outer, self.in_condition = self.in_condition, False
        inside = self.sum()
        self.in_condition = outer
        self.expect("|")
        self.depth -= 1
        return self.placed(token, self.builder.call, "abs", [inside])

    def condition(self) -> Any:
        """Comparisons joined by and, or; a number where no comparison stands."""
        start = self.token
        alternatives, clause = [], [self.comparison()]
        while operator := self.accept(*words.CONNECTIVES):
            if words.CONNECTIVES[operator.text] is sp.Or:
                alternatives.append(self.joined(sp.And, clause, start))
                clause = []
            clause.append(self.comparison())
        alternatives.append(self.joined(sp.And, clause, start))
        return self.joined(sp.Or, alternatives, start)

    def comparison(self) -> Any:
        left = self.sum()
        relations = []
        while operator := self.accept(*words.RELATIONS):
            right, left = self.number(self.sum(), operator), self.number(left, operator)
            relations.append(words.built(words.RELATIONS[operator.text], left, right))
            left = right
        return self.joined(sp.And, relations, self.token) if relations else left

    def joined(self, build: Any, conditions: list[Any], token: Token) -> Any:
        if len(conditions) == 1:
            return conditions[0]
        if any(isinstance(c, Expr) for c in conditions):
            self.refuse("'and' and 'or' join conditions such as x > 0", token)
        return words.built(build, *conditions)

    def number(self, value: Any, token: Token) -> Any:
        if not isinstance(value, Expr):
            self.refuse("a condition is no number; indicator(c) makes it one", token)
        return value

    # Leaves.

    def literal(self, token: Token) -> Any:
        if len(token.text) > MAX_NUMBER_LENGTH:
            length = len(token.text)
            self.refuse(f"a number has {length} characters; at most {MAX_NUMBER_LENGTH}", token)
        return self.placed(token, self.builder.literal, token.text)

    def symbol(self, token: Token) -> Any:
        name = token.text
        if len(name) > MAX_NAME_LENGTH:
            self.refuse(f"a name has {len(name)} characters; at most {MAX_NAME_LENGTH}", token)
        if name in words.CONSTANTS:
            return words.CONSTANTS[name]
        if name in words.TRUTH:
            if not self.in_condition:
                self.refuse(f"{token} belongs in a condition: {_CONDITIONS}", token)
            return words.TRUTH[name]
        if name in words.INFINITE_OR_COMPLEX:
            self.refuse(f"{name} is not allowed: a formula is real and finite", token)
        if words.is_function(name):
            self.refuse(f"{name} is a function; write {name}(...)", token)
        if name not in self.symbols:
            self.symbols[name] = self.declared(name)
        return self.symbols[name]

    def declared(self, name: str) -> Any:
        given = self.assumptions.get(name, {})
        if not _are_facts(given):
            raise ParseError(
                f"the assumptions of {name} are {shown(given)}; write them as in {_AS_IN}"
            )
        try:
            return Symbol(name, **{"real": True, **given})
        except ValueError as error:
            raise ParseError(
                f"the assumptions {shown(dict(given))} of {name} contradict each other"
            ) from error

    # Functions.

    def call(self, token: Token) -> Any:
        name = token.text
        if name in words.CUTS:
            if self.in_condition:
                self.refuse(f"{name} may not stand in a condition", token)
            return self.cut(name)
        if not words.is_function(name):
            self.refuse(f"there is no function {token}; {words.suggestion(name)}", token)
        self.open()
        outer, self.in_condition = self.in_condition, False
        arguments, named = self.arguments()
        self.in_condition = outer
        self.close()
        return self.placed(token, self.builder.call, name, arguments, named)

    def arguments(self) -> tuple[list[Any], dict[str, Any]]:
        """Values by place, then values by name."""
        values: list[Any] = [self.sum()]
        named: dict[str, Any] = {}
        while self.accept(","):
            key = self.keyword()
            if key is None and named:
                self.refuse("a value without a name follows one with a name")
            if key is None:
                values.append(self.sum())
            elif key.text in named:
                self.refuse(f"{shown(key.text)} is given twice", key)
            else:
                named[key.text] = self.sum()
        return values, named

    def keyword(self) -> Token | None:
        """The name before "=", if one stands here."""
        if self.token.kind != "name" or self.tokens[self.index + 1].text != "=":
            return None
        key = self.advance()
        self.advance()
        return key

    def cut(self, name: str) -> Any:
        """where(c, a, b), indicator(c), piecewise((a, c), ..., (b, true))."""
        self.open()
        if name == "indicator":
            branches = [(sp.S.One, self.decision()), (sp.S.Zero, sp.true)]
        elif name == "where":
            condition = self.decision()
            self.expect(",")
            first = self.sum()
            self.expect(",")
            branches = [(first, condition), (self.sum(), sp.true)]
        else:
            branches = [self.branch()]
            while self.accept(","):
                branches.append(self.branch())
            if branches[-1][1] != sp.true:
                self.refuse(f"the last condition of {name} must be true, to cover the line")
        self.close()
        return sp.Piecewise(*branches, evaluate=False)

    def branch(self) -> tuple[Any, Any]:
        self.open()
        value = self.sum()
        self.expect(",")
        condition = self.decision()
        self.close()
        return value, condition

    def decision(self) -> Any:
        """A condition in its place in where, indicator or piecewise."""
        start = self.token
        self.in_condition = True
        result = self.condition()
        self.in_condition = False
        if isinstance(result, Expr):
            self.refuse("expected a condition such as x > 0", start)
        if result.has(sp.Piecewise):
            self.refuse("a condition may not contain a function cut into pieces", start)
        return result
