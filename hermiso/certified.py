"""The certified route: numbers with a proof. Every function returns a `Ball` around the truth.

The questions of the exact route, answered by an enclosure of any number of digits. A closed
form is evaluated in balls where there is one; else the integral is enclosed by quadrature that
bounds its own error, between the kinks, with a proved bound of the tails. Sources are those of
`hermiso.beta`: a sympy expression, a catalogue name, a torch module or an `Activation`, with
numbers for all parameters.

>>> from hermiso import certified
>>> print(certified.beta("tanh", digits=20))
[1.06953007638470507... +/- ...]
>>> certified.beta("tanh") < certified.beta("relu")
True
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from functools import lru_cache, partial
from typing import Any

from sympy import Expr, Symbol

from hermiso import closed_form
from hermiso.activation import Activation, as_activation, exact
from hermiso.balls.ball import Ball as Ball
from hermiso.balls.closed import enclosed
from hermiso.balls.correlation import complement_at, dual_at, kernel_map_at, over_range
from hermiso.balls.line import Line
from hermiso.balls.moments import coefficient as line_coefficient
from hermiso.balls.moments import mean, power, strength
from hermiso.balls.spectrum import coefficients as line_coefficients
from hermiso.budget import question
from hermiso.errors import ActivationError, NoClosedForm, PrecisionError
from hermiso.problem import located
from hermiso.symbolic.nodes import HermiteCoefficient, Unevaluated

__all__ = [
    "MAX_DEGREE",
    "beta",
    "beta_minus_one",
    "coefficient",
    "coefficients",
    "complement",
    "dual",
    "kernel_map",
    "moment",
]

MAX_DIGITS = 10_000
MAX_DEGREE = 10_000
_RHO = Symbol("_rho", real=True)


def moment(source: Any, x: Symbol | None = None, *, gain: Any = None, digits: int = 30) -> Ball:
    """Enclose E[sigma(z)] for z ~ N(0, 1); `hermiso.enclose` is this function.

    Args:
        source: the activation.
        x: the variable; needed if the expression has several symbols and none is named x.
        gain: g in sigma(g x).
        digits: the radius is below 10^-digits |value|. A value that may be 0 is enclosed to
            10^-digits of E|sigma(z)|.

    Raises:
        ActivationError: if the source is no square-integrable real activation.
        PrecisionError: if the tails cannot be bounded or the digits not be reached.
    """
    ask = partial(mean, weight=power(1), digits=digits)
    return _answer("moment", source, x, gain, digits, ask)


def coefficient(
    source: Any, k: int, x: Symbol | None = None, *, gain: Any = None, digits: int = 30
) -> Ball:
    """Enclose c_k = E[sigma(z) he_k(z)] (Definition 2); arguments as in `moment`."""
    degree = _integer("the degree", k, 0, MAX_DEGREE)
    ask = partial(line_coefficient, k=degree, digits=digits)
    if degree > closed_form.MAX_DEGREE:
        _digits(digits)
        activation = _numeric(source, x, gain)
        with located("coefficient", activation):
            return Ball(ask(_line(activation)))
    return _answer("coefficient", source, x, gain, digits, ask, degree)


@question()
def coefficients(
    source: Any, n: int, x: Symbol | None = None, *, gain: Any = None, digits: int = 30
) -> tuple[Ball, ...]:
    """Enclose c_0, ..., c_{n-1} in one pass; arguments as in `moment`."""
    _integer("n", n, 0, MAX_DEGREE)
    _digits(digits)
    activation = _numeric(source, x, gain)
    closed = _closed("coefficients", activation, min(n, closed_form.MAX_DEGREE))
    node = partial(HermiteCoefficient, activation.expression, activation.variable)
    closed += tuple(node(k) for k in range(len(closed), n))
    unknown = [k for k, c in enumerate(closed) if c.has(Unevaluated)]
    with located("coefficients", activation):
        found = line_coefficients(_line(activation), unknown, digits) if unknown else ()
    known = dict(zip(unknown, found, strict=True))
    return tuple(
        Ball(known[k] if k in known else enclosed(c, digits)) for k, c in enumerate(closed)
    )


def beta(source: Any, x: Symbol | None = None, *, gain: Any = None, digits: int = 30) -> Ball:
    """Enclose beta = 2 - c_1^2/Var sigma(z) (eq. 11) to 10^-digits (beta - 1).

    >>> import sympy, hermiso
    >>> print(hermiso.certified.beta("relu", digits=10))
    [1.26652889653787... +/- ...]
    """
    return 1 + _excess(_numeric(source, x, gain), _digits(digits))


def beta_minus_one(
    source: Any, x: Symbol | None = None, *, gain: Any = None, digits: int = 30
) -> Ball:
    """Enclose beta - 1 = sum_{k >= 2} c_k^2 / sum_{k >= 1} c_k^2 to relative digits.

    >>> from hermiso import certified
    >>> print(certified.beta_minus_one("tanh", gain=1e-6, digits=8))
    [6.666666666...e-25 +/- ...]
    """
    activation = _numeric(source, x, gain)
    ball = _excess(activation, _digits(digits))
    if ball.contains(0) and not ball.is_exact:
        raise PrecisionError(
            f"beta - 1 of {activation.name:.200} is {ball}, too small for a ball; ask for beta"
        )
    return ball


@question()
def _excess(activation: Activation, digits: int) -> Ball:
    closed = _closed("beta", activation) - 1
    with located("beta", activation):
        if closed.has(Unevaluated):
            return Ball(strength(_line(activation), digits))
        excess = enclosed(closed, digits)
        if excess.contains(0) and not excess.is_zero():
            raise PrecisionError(f"beta - 1 may be 0: it is {excess.str(5)}; it is {closed!s:.200}")
        return Ball(excess)


def dual(
    source: Any, rho: Any, x: Symbol | None = None, *, gain: Any = None, digits: int = 30
) -> Ball:
    """Enclose E[sigma(x) sigma(y)] at correlation rho (Definition 5, eq. 35).

    Args:
        source: the activation.
        rho: a number in [-1, 1] (floats are read as the decimals they print as), or a `Ball`:
            then the result contains the value at every point of it.
        x: the variable.
        gain: g in sigma(g x).
        digits: as in `moment`, for a number rho.
    """
    return _function("dual", dual_at, source, rho, (-1, 1), x, gain, digits)


def kernel_map(
    source: Any, rho: Any, x: Symbol | None = None, *, gain: Any = None, digits: int = 30
) -> Ball:
    """Enclose kappa(rho) = (dual(rho) - c_0^2)/Var sigma(z) (eq. 36-37); as in `dual`."""
    return _function("kernel_map", kernel_map_at, source, rho, (-1, 1), x, gain, digits)


def complement(
    source: Any, delta: Any, x: Symbol | None = None, *, gain: Any = None, digits: int = 30
) -> Ball:
    """Enclose 1 - kappa(1 - delta) to relative digits, for delta in [0, 2].

    >>> from hermiso import certified
    >>> print(certified.complement("tanh", 1e-30, digits=8))
    [1.1778072...e-30 +/- ...]
    """
    return _function("kernel_map", complement_at, source, delta, (0, 2), x, gain, digits)


# --- reading questions ----------------------------------------------------------------------


def _integer(name: str, value: Any, low: int, high: int) -> int:
    if isinstance(value, bool) or not hasattr(value, "__index__") or not low <= value <= high:
        raise ActivationError(f"{name} is {value!r}; it must be an integer in {low}..{high}")
    return int(value)


def _digits(digits: Any) -> int:
    return _integer("digits", digits, 1, MAX_DIGITS)


def _numeric(source: Any, x: Symbol | None, gain: Any) -> Activation:
    activation = as_activation(source, x, gain=gain)
    names = sorted(str(s) for s in activation.expression.free_symbols - {activation.variable})
    if names:
        raise ActivationError(
            f"{activation.name:.200} is no single function: {', '.join(names)} has no value; "
            "substitute a number for every parameter first, e.g. expression.subs(...)"
        )
    return activation


def _point(name: str, value: Any, low: int, high: int) -> Expr | Ball:
    """A number or ball inside an interval; a ball that reaches beyond it is clipped."""
    if isinstance(value, Ball):
        if value.less(low) or (-value).less(-high):
            raise ActivationError(f"{name} is {value}; it must lie in [{low}, {high}]")
        return value
    try:
        number = exact(value)
    except ActivationError as error:
        raise ActivationError(f"{name}: {error}") from None
    if not (number.is_number and number.is_extended_real) or not low <= number <= high:
        raise ActivationError(f"{name} is {value!r}; it must be a number in [{low}, {high}]")
    return number


# --- answers --------------------------------------------------------------------------------


@lru_cache(maxsize=512)
def _closed(what: str, activation: Activation, *rest: Any) -> Any:
    return getattr(closed_form, what)(activation, *rest)


@lru_cache(maxsize=256)
def _line(activation: Activation) -> Line:
    return Line(activation.expression, activation.variable)


@question()
def _answer(
    what: str,
    source: Any,
    x: Symbol | None,
    gain: Any,
    digits: int,
    ask: Callable[[Line], Any],
    *rest: Any,
) -> Ball:
    _digits(digits)
    activation = _numeric(source, x, gain)
    closed = _closed(what, activation, *rest)
    with located(what, activation):
        if not closed.has(Unevaluated):
            with suppress(NoClosedForm):  # a closed form may hold what balls lack
                return Ball(enclosed(closed, digits))
        return Ball(ask(_line(activation)))


@question()
def _function(
    what: str,
    at: Callable[..., Any],
    source: Any,
    point: Any,
    ends: tuple[int, int],
    x: Symbol | None,
    gain: Any,
    digits: int,
) -> Ball:
    _digits(digits)
    activation = _numeric(source, x, gain)
    where = _point("delta" if ends[0] == 0 else "rho", point, *ends)
    if (
        ends[0] < 0 and not isinstance(where, Ball) and where in (-1, 0, 1)
    ):  # moments of one variable: no dual need be derived
        with suppress(PrecisionError), located(what, activation):
            return Ball(at(_line(activation), None, where, digits))
    closed = _closed(what, activation, _RHO)
    formula = None if closed.has(Unevaluated) else (closed, _RHO)
    with located(what, activation):
        value = partial(at, _line(activation), formula, digits=digits)
        return Ball(over_range(value, where, *ends) if isinstance(where, Ball) else value(where))
