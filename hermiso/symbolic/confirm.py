"""Confirm every derived closed form against quadrature before it leaves the library.

The quadrature evaluates the expression as the user gave it, at sample parameters; it shares no
code with the term algebra. A float64 rule is tried first; where it disagrees (singular or very
wide integrands), a certified enclosure decides.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import mpmath
import sympy as sp
from sympy import Expr, Symbol

from hermiso.errors import (
    ActivationError,
    BudgetExceeded,
    ConfirmationError,
    HermisoError,
    NoClosedForm,
    PrecisionError,
)
from hermiso.evaluate import over_mpmath, over_numpy
from hermiso.hermite import he
from hermiso.quadrature import nodes
from hermiso.symbolic.samples import samples
from hermiso.symbolic.special import binormal

__all__ = ["Integrand", "Reference", "evaluated", "references", "same_value"]

FLOAT_TOLERANCE = 1e-10  # 6400 float64 terms, relative to the mean of |f|
DIGITS = 16
SATURATED = 200  # digits
_PRECISIONS = (40, 80, 160, 320, 640, 1280)
SERIES_DEGREE = 256  # (6/7)^256 = 7e-18
SERIES_TOLERANCE = 1e-9


@dataclass(frozen=True)
class Integrand:
    """sigma^power z^times he_degree(z)."""

    power: int = 1
    times: int = 0
    degree: int = 0

    def __call__(self, f: Any, z: Any) -> Any:
        """Return the integrand at numbers or arrays."""
        product = f**self.power * z**self.times
        return product * he(self.degree, z) if self.degree else product

    def enclosed(self, e: Expr, x: Symbol, digits: int) -> Any:
        """Enclose its mean for sigma = e, without parameters."""
        from hermiso.balls.line import Line
        from hermiso.balls.moments import coefficient, mean, power

        line = Line(e, x)
        if self.degree:
            return coefficient(line, self.degree, digits)
        return mean(line, power(self.power, self.times), digits)


@dataclass(frozen=True)
class Reference:
    """Quadrature of one activation at one assignment of its parameters."""

    expression: Expr
    x: Symbol
    kinks: tuple[Expr, ...]
    sample: Mapping[Symbol, Expr]

    @cached_property
    def _floats(self) -> dict[Symbol, float]:
        return {s: float(v) for s, v in self.sample.items()}

    @cached_property
    def _points(self) -> list[float]:
        return [float(evaluated(k, self.sample)) for k in self.kinks]

    @cached_property
    def _grid(self) -> tuple[Any, Any, Any]:
        return self._values_on(graded=False)

    @cached_property
    def _graded_grid(self) -> tuple[Any, Any, Any]:
        return self._values_on(graded=True)

    def _values_on(self, graded: bool) -> tuple[Any, Any, Any]:
        import numpy as np

        z, w = nodes(self._points, graded)
        values = np.broadcast_to(over_numpy(self.expression, {**self._floats, self.x: z}), z.shape)
        with np.errstate(all="ignore"):
            # |he_k(z)| <= exp(z^2/4), so this bounds what any weight in use can add
            size = np.abs(values) * w * (np.exp(z * z / 4) + np.abs(values))
            kept = ~(size < 1e-30 * np.max(size))
        return values[kept], z[kept], w[kept]

    def confirm(self, closed: Expr, weight: Integrand, what: str) -> None:
        """Raise ConfirmationError unless closed = E[weight(sigma(z), z)] at the sample."""
        value = self._closed_value(closed, {})
        if _agree(value, self._grid, weight) or _agree(value, self._graded_grid, weight):
            return
        try:
            ball = self._enclosure(weight)
        except BudgetExceeded:
            raise
        except HermisoError as error:
            raise NoClosedForm(f"{what} could not be confirmed: {error}") from error
        slack = max(abs(value), ball.rad) * mpmath.mpf(10) ** (4 - DIGITS)
        if abs(value - ball.mid) > ball.rad + slack:
            raise ConfirmationError(
                f"{what} of {self.expression} at {dict(self.sample)}: the closed form {closed} "
                f"is {mpmath.nstr(value, 15)}, its enclosure {ball}; "
                "this is a bug of hermiso, please report it"
            )

    def _enclosure(self, weight: Integrand) -> Any:
        from hermiso.balls.ball import Ball

        e = self.expression.subs(dict(self.sample))
        return Ball(weight.enclosed(e, self.x, DIGITS))

    def confirm_series(self, closed: Expr, rho: Symbol, at: Expr) -> None:
        """Raise ConfirmationError unless closed(rho) = sum c_k^2 rho^k (Lemma A.6) at one rho."""
        value = float(self._closed_value(closed, {rho: at}))
        powers = float(at) ** _degrees()
        totals = [float(squares @ powers) for squares in self._coefficients]
        if any(abs(t - value) <= SERIES_TOLERANCE * self._second_moment for t in totals):
            return
        ball = self._dual_enclosure(at)  # slow series: kinks, narrow peaks
        if not abs(value - float(ball)) <= SERIES_TOLERANCE * abs(value) + float(ball.rad):
            raise ConfirmationError(
                f"the dual activation of {self.expression} at {dict(self.sample)}, rho = {at}: "
                f"{closed} is {value!r}, its enclosure {ball}; "
                "this is a bug of hermiso, please report it"
            )

    def _dual_enclosure(self, rho: Expr) -> Any:
        from hermiso.balls.ball import Ball
        from hermiso.balls.correlation import dual_at
        from hermiso.balls.line import Line

        line = Line(self.expression.subs(dict(self.sample)), self.x)
        try:
            return Ball(dual_at(line, None, rho, DIGITS - 4))
        except BudgetExceeded:
            raise
        except HermisoError as error:
            raise NoClosedForm(f"the dual could not be confirmed: {error}") from error

    @cached_property
    def _second_moment(self) -> float:
        values, _, w = self._graded_grid
        return float((values * values) @ w)

    @cached_property
    def _coefficients(self) -> list[Any]:
        """Return c_0^2, c_1^2, ... on the plain and the graded grid."""
        return [_squared_coefficients(*grid) for grid in (self._grid, self._graded_grid)]

    def _closed_value(self, closed: Expr, extra: Mapping[Any, Any]) -> Any:
        return evaluated(closed, {**self.sample, **extra})


def evaluated(closed: Expr, values: Mapping[Any, Any]) -> Any:
    """Return a closed form's value; precision grows until two values agree to 20 digits.

    Closed forms cancel: 1 - erf(20) is 5e-176. The first precision is such that no erf in the
    form rounds to 1.
    """
    digits, last = 30 + _saturation(closed, values), None
    if digits > SATURATED or closed.has(binormal):  # mpmath integrates it in seconds
        return _in_balls(closed.subs(dict(values)))
    for _ in range(6):
        with mpmath.workdps(digits):
            value = mpmath.re(over_mpmath(closed, _at_precision(values)))
            if last is not None and abs(value - last) <= abs(value) * mpmath.mpf(10) ** -20:
                return value
            if last is not None and abs(value) + last**2 < mpmath.mpf(10) ** (-0.8 * digits):
                return mpmath.mpf(0)  # it shrinks with the rounding error
        digits, last = 2 * digits, value
    raise NoClosedForm(f"{closed} cancels more than {digits // 2} digits")


def _in_balls(number: Expr) -> Any:
    """The value by balls, whose erf is fast at thousands of digits."""
    from hermiso.balls.ball import Ball
    from hermiso.balls.closed import enclosed

    try:
        return Ball(enclosed(number, 20)).mid
    except PrecisionError as error:
        raise NoClosedForm(f"{number} cannot be evaluated: {error}") from error


def _saturation(closed: Expr, values: Mapping[Any, Any]) -> int:
    """The digits that 1 - |erf(u)| needs, for the largest u; u = h/sqrt(2) for `binormal`."""
    with mpmath.workdps(15):
        known = _at_precision(values)
        squares = [abs(over_mpmath(f.args[0], known)) ** 2 for f in closed.atoms(sp.erf, sp.erfc)]
        for f in closed.atoms(binormal):
            squares += [abs(over_mpmath(h, known)) ** 2 / 2 for h in f.args[:2]]
        return int(min(max(squares, default=0) / 2, 10 * SATURATED))


def _at_precision(values: Mapping[Any, Any]) -> dict[Any, Any]:
    return {
        s: mpmath.mpf(int(v.p)) / int(v.q) if isinstance(v, sp.Rational) else v
        for s, v in values.items()
    }


def _agree(value: Any, grid: tuple[Any, Any, Any], weight: Integrand) -> bool:
    import numpy as np

    values, z, w = grid
    with np.errstate(all="ignore"):
        terms = weight(values, z) * w
        total, scale = float(np.sum(terms)), float(np.sum(np.abs(terms)))
    return bool(abs(total - float(value)) <= FLOAT_TOLERANCE * scale < np.inf)


def _squared_coefficients(values: Any, z: Any, w: Any) -> Any:
    import numpy as np

    weighted, found = values * w, []
    h, previous = np.ones_like(z), np.zeros_like(z)
    for k in range(SERIES_DEGREE):
        found.append((weighted @ h) ** 2)
        h, previous = (z * h - k**0.5 * previous) / (k + 1) ** 0.5, h
    return np.array(found)


def _degrees() -> Any:
    import numpy as np

    return np.arange(SERIES_DEGREE)


def references(e: Expr, x: Symbol, kinks: Sequence[Expr]) -> list[Reference]:
    """Return the quadratures at the sample parameters of an expression."""
    parameters = e.free_symbols - {x}
    return [Reference(e, x, tuple(kinks), sample) for sample in samples(parameters)]


def same_value(
    closed: Expr,
    parts: Sequence[Expr],
    combine: Callable[..., Any],
    sample: Mapping[Symbol, Expr],
    what: str,
) -> None:
    """Raise ConfirmationError unless closed = combine(*parts) to 25 digits at a sample.

    Raises:
        NoClosedForm: if error functions in it are 1 to 1280 digits.
        PrecisionError: if combine divides by what 1280 digits do not tell from 0.
    """
    expected = None
    slow = [e for e in (closed, *parts) if e.has(binormal)]  # seconds each at 1280 digits
    if any(_saturation(e, sample) > _PRECISIONS[-1] for e in slow):
        raise NoClosedForm(f"{what}: more than {_PRECISIONS[-1]} digits cancel")
    for digits in _PRECISIONS:  # both sides may cancel
        with mpmath.workdps(digits), suppress(ZeroDivisionError, ActivationError):
            exact = _at_precision(sample)
            value, *others = (
                mpmath.mpmathify(over_mpmath(sp.sympify(e), exact)) for e in (closed, *parts)
            )
            expected = combine(*others)
            if abs(value - expected) <= mpmath.mpf(10) ** -25 * max(1, abs(expected)):
                return
    if expected is None:
        raise PrecisionError(
            f"{what}: its denominator is 0 to {digits} digits, so {closed} cannot be confirmed; "
            "derive it with a symbolic parameter and substitute"
        )
    raise ConfirmationError(
        f"{what}: {closed} is {mpmath.nstr(value, 15)} at {dict(sample)}, "
        f"{mpmath.nstr(expected, 15)} is right; this is a bug of hermiso, please report it"
    )
