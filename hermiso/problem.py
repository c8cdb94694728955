"""One question about one activation: its exact form, its quadratures, its names.

Parameters that are not declared real are replaced by real symbols of the same name while a
question is worked on, and put back in the answer; so is a frequency that no quadrature resolves.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import mpmath
import sympy as sp
from sympy import Expr, Symbol

from hermiso.activation import Activation, as_activation
from hermiso.budget import question
from hermiso.errors import (
    ActivationError,
    HermisoError,
    NoClosedForm,
    NotSquareIntegrable,
    PrecisionError,
    UnknownSign,
)
from hermiso.evaluate import over_mpmath
from hermiso.hermite import ProbabilistHermite
from hermiso.integrability import is_shown, screen
from hermiso.symbolic.coefficients import symbolic_hermite_mean
from hermiso.symbolic.confirm import Integrand, Reference, references, same_value
from hermiso.symbolic.exact import ExactFunction, exact
from hermiso.symbolic.nodes import Unevaluated, mean_of
from hermiso.symbolic.present import ratio, tidy
from hermiso.symbolic.samples import samples
from hermiso.symbolic.sums import certain
from hermiso.symbolic.symmetry import symmetry

__all__ = ["Problem", "located", "stated"]

_VARIED = (0.3, 1.7, -2.9, -0.8, 0.02, 2.6, 3.7, -4.4, 5.9, -7.3)
_FAST = 100  # radians; the float quadratures resolve this many
_CORRELATIONS = (sp.Rational(5, 9), sp.Rational(-4, 11), sp.Rational(6, 7))


@dataclass(frozen=True)
class GeneralCoefficient:
    """A formula for c_n, n >= low.

    Attributes:
        expression: c_n.
        degree: the symbol n.
        low: the degree from which on it holds.
    """

    expression: Expr
    degree: Symbol
    low: int

    def at(self, n: int) -> Expr:
        """Return c_n with factorials and gamma functions as they stand, not multiplied out."""
        return _kept(self.expression, self.degree, sp.Integer(n))


_KEPT = (sp.gamma, sp.factorial, ProbabilistHermite)


def _kept(e: Expr, n: Symbol, value: Expr) -> Expr:
    if not e.has(n):
        return e
    if e == n:
        return value
    args = [_kept(a, n, value) for a in e.args]
    pole = isinstance(e, sp.gamma) and args[0].is_Integer and args[0] <= 0
    return e.func(*args, evaluate=False) if isinstance(e, _KEPT) and not pole else e.func(*args)


@dataclass(frozen=True)
class Problem:
    """An activation with real parameters.

    Attributes:
        expression: sigma(x).
        x: the variable.
        argument: the symbol of the result (rho, t), if any.
        names: what is put back in the answer: real symbols -> the user's symbols and numbers.
    """

    expression: Expr
    x: Symbol
    argument: Any = None
    names: dict[Symbol, Expr] = field(default_factory=dict)

    @cached_property
    def exact(self) -> ExactFunction:
        """The activation as sums of terms; raises NoClosedForm."""
        return exact(self.expression, self.x)

    @cached_property
    def samples(self) -> list[dict[Symbol, Expr]]:
        """Values of the parameters at which results are confirmed."""
        return samples(self.expression.free_symbols - {self.x})

    @cached_property
    def references(self) -> list[Reference]:
        """Quadratures at the samples."""
        kinks = [s.upper for s in self.exact.segments[:-1]]
        return references(self.expression, self.x, kinks)

    @cached_property
    def parity(self) -> int:
        """1 if sigma is visibly even up to a polynomial, -1 if it is odd, else 0."""
        return symmetry(self.expression, self.x)[0]

    @cached_property
    def polynomial_part(self) -> Expr:
        """The polynomial p that leaves sigma - p even or odd."""
        return symmetry(self.expression, self.x)[1]

    def restored(self, e: Expr) -> Expr:
        """Put the user's symbols back; sums keep their digits."""
        return certain(e.xreplace(self.names))

    def screen(self) -> None:
        """Raise if the function visibly has no Hermite expansion."""
        _ = self._screened

    @cached_property
    def _screened(self) -> list[bool]:
        """For every sample, whether the function certainly has one."""
        return [
            screen(self.expression, self.x, {s: float(v) for s, v in sample.items()})
            for sample in self.samples
        ]

    @cached_property
    def is_shown(self) -> bool:
        """Whether E[sigma(z)^2] is certainly finite; before it is, symmetry answers nothing."""
        pairs = zip(self._screened, self.samples, strict=True)
        return all(ok or is_shown(self.expression.xreplace(s), self.x) for ok, s in pairs)

    def require_square_integrable(self) -> None:
        """Raise NotSquareIntegrable if the exact second moment diverges."""
        try:
            _ = self._second_moment
        except NoClosedForm:
            self.screen()

    @cached_property
    def _second_moment(self) -> Expr:
        return self.exact.second_moment()

    def require_varying(self) -> None:
        """Raise ActivationError if the expression has one value at points chosen at random."""
        e = self.expression.xreplace(self.samples[0])
        with mpmath.workdps(40), suppress(NoClosedForm):  # no table has every function
            values = [over_mpmath(e, {self.x: mpmath.mpf(t)}) for t in _VARIED]
            if max(values) - min(values) <= mpmath.mpf(10) ** -30 * abs(values[0]):
                raise ActivationError(
                    f"{self.expression!s:.200} is constant, or varies only where no point was "
                    f"tried: it is the same at {', '.join(map(str, _VARIED))}; of a constant "
                    "Var sigma(z) is 0 and beta undefined"
                )

    def screen_unless_exact(self) -> None:
        """Check integrability by the exact route if there is one, else by growth."""
        try:
            _ = self.exact
        except NoClosedForm:
            self.screen()
        else:
            self.require_square_integrable()

    def confirm_coefficient(self, closed: Expr, k: int) -> None:
        """Compare c_k with quadrature at every sample."""
        for reference in self.references:
            reference.confirm(closed, Integrand(degree=k), f"c_{k}")

    @cached_property
    def general_coefficient(self) -> GeneralCoefficient:
        """The coefficient for every degree above a low one, confirmed; raises NoClosedForm."""
        n = sp.Dummy("k", integer=True, nonnegative=True)
        mean, low = symbolic_hermite_mean(self.exact, n)
        self.require_square_integrable()
        general = sp.factor_terms(sp.powsimp(mean) / sp.sqrt(sp.factorial(n)))
        for j in (low, low + 1, low + 2, low + 5, low + 8):
            self.confirm_coefficient(general.subs(n, j).doit(), j)
        return GeneralCoefficient(general, n, low)

    def same_at_degree(self, general: Expr, n: Symbol, k: int, stated_value: Expr) -> bool:
        """Whether a formula in the degree n gives a known value at n = k."""
        try:
            value = general.subs(n, k).doit()
            if value.has(sp.nan, sp.zoo, sp.oo):
                return False
            for sample in self.samples:
                same_value(value, [stated_value], lambda c: c, sample, f"c_{k}")
        except HermisoError:
            return False
        return True

    def confirm_dual(self, closed: Expr, rho: Symbol) -> None:
        """Compare a dual activation with the series of squared coefficients (Lemma A.6)."""
        for reference in self.references:
            for r in _CORRELATIONS:
                reference.confirm_series(closed, rho, r)

    def quotient(self, numerator: Expr, denominator: Expr) -> Expr:
        """Return a ratio in lowest terms, confirmed to equal the plain one."""
        result = ratio(numerator, denominator, self.argument)
        for sample in self.samples:
            full = {**sample, self.argument: _CORRELATIONS[0]}
            same_value(result, (numerator, denominator), lambda n, d: n / d, full, "the kernel map")
        return result

    def mirrored_moment(self) -> Expr:
        """Return E[sigma(z) sigma(-z)], the dual activation at -1."""
        mirrored = self.expression.subs(self.x, -self.x)
        return Problem(self.expression * mirrored, self.x)._mean_or_node()

    def square_moment(self) -> Expr:
        """Return E[sigma(z)^2], the dual activation at 1."""
        return Problem(self.expression**2, self.x)._mean_or_node()

    def _mean_or_node(self) -> Expr:
        try:
            return self.mean()
        except (NoClosedForm, UnknownSign):
            return mean_of(self.expression, self.x)

    def mean(self) -> Expr:
        """Return E[sigma(z)], confirmed; raises NoClosedForm."""
        closed = tidy(self.exact.expectation())
        for reference in self.references:
            reference.confirm(closed, Integrand(), "E[sigma(z)]")
        return closed

    def with_ends(self, closed: Expr, ends: Sequence[Callable[[], Expr]]) -> Expr:
        """Give a function of rho its values at 1 and -1 where its formula has none."""
        rho, branches = self.argument, []
        for at, value in zip((1, -1), ends, strict=True):
            if closed.subs(rho, at).has(sp.nan, sp.zoo, sp.oo):
                found = value()
                looks = found if found.has(Unevaluated) else tidy(found)
                branches.append((looks, sp.Eq(rho, at)))
        return sp.Piecewise(*branches, (closed, True)) if branches else closed

    def shifted(self, t: Symbol) -> Problem:
        """Return the problem of sigma(x + t)."""
        return Problem(self.expression.subs(self.x, self.x + t), self.x, t, self.names)


@contextmanager
def stated(
    what: str, source: Any, x: Symbol | None, gain: Any, argument: Symbol | None = None
) -> Iterator[Problem]:
    """State a problem; errors inside carry what was asked and about which activation."""
    with question():
        activation = as_activation(source, x, gain=gain)
        with located(what, activation):
            yield _problem(activation.expression, activation.variable, argument)


@contextmanager
def located(what: str, activation: Activation) -> Iterator[None]:
    """Add what was asked, and of which activation, to the errors raised inside."""
    try:
        with question():
            yield
    except NotSquareIntegrable as error:
        raise NotSquareIntegrable(
            f"{what} of {activation.name:.200}: it is not square-integrable under N(0, 1): {error}"
        ) from error
    except NoClosedForm as error:  # a function that no route here knows
        raise PrecisionError(f"{what} of {activation.name:.200}: {error}") from error
    except (ActivationError, PrecisionError) as error:
        raise type(error)(f"{what} of {activation.name:.200}: {error}") from error


def _problem(e: Expr, x: Symbol, argument: Symbol | None) -> Problem:
    if argument is not None and argument.name in {s.name for s in e.free_symbols}:
        raise ActivationError(
            f"the symbol {argument} of the result is also in {e!s:.200}; pass another one"
        )
    symbols = (e.free_symbols | ({argument} if argument is not None else set())) - {x}
    real = {s: _real(s) for s in symbols if s.is_extended_real is None}
    names: dict[Symbol, Expr] = {r: s for s, r in real.items()}
    inner = real.get(argument, argument) if argument is not None else None
    slow, frequency = _slowed(e.xreplace(real), x)
    return Problem(slow, x, inner, names | frequency)


def _slowed(e: Expr, x: Symbol) -> tuple[Expr, dict[Symbol, Expr]]:
    """Put symbols in the place of the frequencies of fast waves.

    The closed form is analytic in them, and is confirmed where a quadrature can.
    """
    waves = {f: f.args[0].coeff(x) for f in e.atoms(sp.sin, sp.cos) if x in f.free_symbols}
    fast = {f: c for f, c in waves.items() if c.is_number and c.is_real and abs(c) >= _FAST}
    stand_ins = {f: sp.Dummy() for f in fast}
    if any(f.args[0].diff(x) != c for f, c in fast.items()) or not (
        e.xreplace(stand_ins).is_polynomial(*stand_ins.values())
    ):
        return e, {}
    symbols = {c: sp.Dummy("w", positive=True) for c in map(abs, fast.values())}
    slow = {
        f: f.func(sp.expand(f.args[0] - c * x) + sp.sign(c) * symbols[abs(c)] * x)
        for f, c in fast.items()
    }
    return e.xreplace(slow), {w: c for c, w in symbols.items()}


def _real(s: Symbol) -> Symbol:
    return Symbol(s.name, **{**s.assumptions0, "real": True})
