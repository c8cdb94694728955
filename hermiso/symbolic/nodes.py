"""Unevaluated results: what is returned where no closed form can be derived.

A node binds the variable of its activation. It prints, LaTeXes, substitutes parameters,
differentiates in them, and evaluates with `.evalf(n)` to certified digits: `enclosure(n)` is a
ball whose radius is below 10^-n of the value.
"""

from __future__ import annotations

from functools import lru_cache
from itertools import pairwise
from typing import Any

import sympy as sp
from sympy import Expr, Symbol

from hermiso import algebra
from hermiso.activation import exact
from hermiso.budget import question
from hermiso.errors import ActivationError, HermisoError, NoClosedForm, PrecisionError
from hermiso.hermite import he, isometry_strength
from hermiso.integrability import is_shown
from hermiso.pieces import split
from hermiso.symbolic.coefficients import polynomial_coefficient
from hermiso.symbolic.points import code
from hermiso.symbolic.samples import samples
from hermiso.symbolic.symmetry import symmetry

__all__ = [
    "DualActivation",
    "GaussianMean",
    "HermiteCoefficient",
    "IsometryStrength",
    "KernelMap",
    "Unevaluated",
    "mean_of",
]


class Unevaluated(Expr):
    """Base of all nodes: args are (expression, variable, further arguments...)."""

    is_commutative = True
    is_extended_real = True
    is_finite = True

    def __new__(cls, expression: Expr, variable: Symbol, *rest: Any) -> Unevaluated:
        """Build the node; the variable is bound, Floats are the decimals they print as."""
        node: Unevaluated = Expr.__new__(cls, exact(expression), variable, *map(exact, rest))
        return node

    expression = property(lambda self: self.args[0])
    variable = property(lambda self: self.args[1])

    @property
    def bound_symbols(self) -> list[Symbol]:
        """The variable of the activation."""
        return [self.variable]

    @property
    def free_symbols(self) -> set[Symbol]:
        """The parameters."""
        inside: set[Symbol] = self.expression.free_symbols - {self.variable}
        return inside.union(*(a.free_symbols for a in self.args[2:]))

    def _eval_subs(self, old: Any, new: Any) -> Any:
        if old == self.variable:
            return self
        e, x, *rest = self.args
        new = sp.sympify(new)
        if x in new.free_symbols:  # rename the bound variable instead of capturing the new one
            fresh = sp.Dummy(x.name, real=True)
            e, x = e.xreplace({x: fresh}), fresh
        return self.func(e.subs(old, new), x, *(a.subs(old, new) for a in rest))

    def _eval_evalf(self, prec: int) -> Any:
        if self.free_symbols:
            return None
        from hermiso.balls.ball import rounded

        try:
            with question():
                return rounded(self.enclosure(int(prec / 3.3219) + 2), prec)
        except NoClosedForm as error:  # a function that balls lack
            raise PrecisionError(f"{self}: {error}") from error

    def enclosure(self, digits: int) -> Any:
        """Return flint's ball around the value; one that may be 0 is 0 within its scale."""
        raise NotImplementedError

    def _line(self) -> Any:
        return _line(self.expression, self.variable)

    def _code(self, printer: Any) -> str:
        return code(self, printer)

    _numpycode = _mpmathcode = _pythoncode = _lambdacode = _code

    def _eval_derivative(self, s: Symbol) -> Any:
        return self.as_means()._eval_derivative(s) if self.has(s) else sp.Integer(0)

    def as_means(self) -> Expr:
        """Return the node in terms of `GaussianMean`."""
        raise NotImplementedError


@lru_cache(maxsize=64)
def _line(expression: Expr, variable: Symbol) -> Any:
    from hermiso.balls.line import Line

    return Line(expression, variable)


class GaussianMean(Unevaluated):
    """E[expression(z)] for z ~ N(0, 1)."""

    def enclosure(self, digits: int) -> Any:
        """Enclose the mean."""
        from hermiso.balls.line import Line
        from hermiso.balls.moments import mean, power

        base, n = self.expression.as_base_exp()
        if n.is_Integer and n > 1:  # E f^2 may be finite where E f^4 is not
            return mean(Line(base, self.variable, int(n)), power(int(n)), digits)
        return mean(Line(self.expression, self.variable, 1), power(1), digits)

    def as_means(self) -> Expr:
        """Return the node itself."""
        return self

    def _eval_derivative(self, s: Symbol) -> Any:
        """Leibniz: the mean of the derivative, and the jumps at kinks that move with s."""
        e, x = self.args[:2]
        if s not in self.free_symbols:
            return sp.Integer(0)
        try:
            pieces = split(e, x)
        except NoClosedForm:
            return sp.Derivative(self, s, evaluate=False)
        moved = sp.Add(*(_moving_jump(a, b, x, s) for a, b in pairwise(pieces)))
        branches = [(p.expression.diff(s), x < p.upper) for p in pieces[:-1]]
        inner = sp.Piecewise(*branches, (pieces[-1].expression.diff(s), True))
        return moved + mean_of(inner, x)

    def _sympystr(self, printer: Any) -> str:
        return f"E[{printer._print(self.expression)}]"

    def _latex(self, printer: Any) -> str:
        return rf"\mathbb{{E}}\left[{printer._print(self.expression)}\right]"


def mean_of(e: Expr, x: Symbol) -> Expr:
    """Return E[e] as a node, or its value where symmetry shows it."""
    if x not in e.free_symbols:
        return e
    parity, p = symmetry(e, x)
    odd = parity == -1 and all(is_shown(f, x, 1) for f in _at_samples(e, x))
    return polynomial_coefficient(p, x, 0) if odd else GaussianMean(e, x)


def _at_samples(e: Expr, x: Symbol) -> list[Expr]:
    return [e.xreplace(sample) for sample in samples(e.free_symbols - {x})]


def _slope(e: Expr, x: Symbol) -> Expr | None:
    """The derivative of a function without jumps, or None."""
    try:
        pieces = split(e, x)
    except HermisoError:
        return None
    for a, b in pairwise(pieces):
        if algebra.simplify((a.expression - b.expression).subs(x, a.upper)) != 0:
            return None
    branches = [(p.expression.diff(x), x < p.upper) for p in pieces[:-1]]
    return sp.Piecewise(*branches, (pieces[-1].expression.diff(x), True))


def _moving_jump(left: Any, right: Any, x: Symbol, s: Symbol) -> Expr:
    t = left.upper
    jump = (left.expression - right.expression).subs(x, t)
    density = sp.exp(-(t**2) / 2) / sp.sqrt(2 * sp.pi)
    return algebra.simplify(jump) * density * t.diff(s) if t.has(s) else sp.Integer(0)


class IsometryStrength(Unevaluated):
    """beta = 2 - c_1^2/Var sigma(z) (isometry paper, eq. 11)."""

    def enclosure(self, digits: int) -> Any:
        """Enclose beta; beta - 1 has the digits too."""
        from flint import ctx

        from hermiso.balls.moments import strength

        excess = strength(self._line(), digits)
        with ctx.workprec(excess.bits() + 64):
            return 1 + excess

    def as_means(self) -> Expr:
        """Return 2 - E[z sigma]^2/(E[sigma^2] - E[sigma]^2)."""
        e, x = self.args[:2]
        return isometry_strength(*(mean_of(f, x) for f in (e, x * e, e**2)))

    def _sympystr(self, printer: Any) -> str:
        return f"beta({printer._print(self.expression)})"

    def _latex(self, printer: Any) -> str:
        return rf"\beta\left[{printer._print(self.expression)}\right]"


class HermiteCoefficient(Unevaluated):
    """c_k = E[expression(z) he_k(z)], he_k normalized (Definition 2)."""

    degree = property(lambda self: self.args[2])

    def enclosure(self, digits: int) -> Any:
        """Enclose c_k."""
        from hermiso.balls.moments import coefficient

        if not self.degree.is_Integer or self.degree < 0:
            raise ActivationError(f"the degree is {self.degree}; it must be an integer >= 0")
        return coefficient(self._line(), int(self.degree), digits)

    def as_means(self) -> Expr:
        """Return the mean for an integer degree."""
        e, x, k = self.args
        return mean_of(e * he(int(k), x), x) if k.is_Integer else self

    def _eval_derivative(self, s: Symbol) -> Any:
        if self.degree.is_Integer:
            return super()._eval_derivative(s)
        return sp.Derivative(self, s, evaluate=False)

    def _sympystr(self, printer: Any) -> str:
        return f"c_{{{printer._print(self.degree)}}}[{printer._print(self.expression)}]"

    def _latex(self, printer: Any) -> str:
        e, _, k = (printer._print(a) for a in self.args)
        return rf"c_{{{k}}}\left[{e}\right]"


class DualActivation(Unevaluated):
    """E[expression(x) expression(y)] for standard Gaussians with correlation rho."""

    rho = property(lambda self: self.args[2])

    def enclosure(self, digits: int) -> Any:
        """Enclose the dual activation."""
        from hermiso.balls.correlation import dual_at

        if not abs(self.rho) <= 1:
            raise ActivationError(f"the dual activation needs |rho| <= 1; rho = {self.rho}")
        return dual_at(self._line(), None, self.rho, digits)

    def as_means(self) -> Expr:
        """Return the node itself: it is no one-dimensional mean."""
        return self

    def _eval_derivative(self, s: Symbol) -> Any:
        """Price: d/drho E f(x) f(y) = E f'(x) f'(y), for an f without jumps."""
        e, x, rho = self.args
        if s not in self.free_symbols:
            return sp.Integer(0)
        slope = _slope(e, x) if s not in e.free_symbols else None
        if slope is None:
            return sp.Derivative(self, s, evaluate=False)
        return DualActivation(slope, x, rho) * rho.diff(s)

    def _sympystr(self, printer: Any) -> str:
        return f"dual({printer._print(self.expression)}, {printer._print(self.rho)})"

    def _latex(self, printer: Any) -> str:
        return rf"\hat\sigma\left({printer._print(self.rho)}\right)"


class KernelMap(Unevaluated):
    """kappa(rho) = (E[expression(x) expression(y)] - c_0^2)/Var (eq. 36-37)."""

    rho = property(lambda self: self.args[2])

    def enclosure(self, digits: int) -> Any:
        """Enclose kappa, relative to its own size."""
        from hermiso.balls.correlation import kernel_map_at

        if not abs(self.rho) <= 1:
            raise ActivationError(f"the kernel map needs |rho| <= 1; rho = {self.rho}")
        return kernel_map_at(self._line(), None, self.rho, digits)

    def as_means(self) -> Expr:
        """Return the node itself: it is no one-dimensional mean."""
        return self

    def _eval_derivative(self, s: Symbol) -> Any:
        """The slope of the dual activation over the variance."""
        e, x, rho = self.args
        slope = DualActivation(e, x, rho)._eval_derivative(s)
        if slope.has(sp.Derivative):
            return sp.Derivative(self, s, evaluate=False)
        return slope / (GaussianMean(e**2, x) - mean_of(e, x) ** 2)

    def _sympystr(self, printer: Any) -> str:
        return f"kappa({printer._print(self.expression)}, {printer._print(self.rho)})"

    def _latex(self, printer: Any) -> str:
        return rf"\kappa\left({printer._print(self.rho)}\right)"
