"""Unevaluated results: what is returned where no closed form can be derived.

A node binds the variable of its activation. It prints, LaTeXes, substitutes parameters,
differentiates in them, and evaluates with `.evalf(n)`.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import mpmath
import sympy as sp
from sympy import Expr, Symbol

from hermiso.errors import ActivationError, HermisoError, NoClosedForm, PrecisionError
from hermiso.hermite import he, isometry_strength
from hermiso.quadrature import GaussianRule, Weight, gaussian_rule
from hermiso.pieces import split
from hermiso.symbolic.symmetry import symmetry

MAX_SERIES = 2000
MAX_HALVINGS = 8


def _identity(value: Any, z: Any) -> Any:
    return value


class Unevaluated(Expr):
    """Base of all nodes: args are (expression, variable, further arguments...)."""

    is_commutative = True
    is_extended_real = True
    is_finite = True

    def __new__(cls, expression: Expr, variable: Symbol, *rest: Any) -> Unevaluated:
        """Build the node; the variable is bound."""
        node: Unevaluated = Expr.__new__(
            cls, sp.sympify(expression), variable, *map(sp.sympify, rest)
        )
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
        digits = int(prec / 3.3219) + 2
        with mpmath.workdps(digits + 15):
            return sp.Float._new(mpmath.mpf(self._value(digits))._mpf_, prec)

    def _value(self, digits: int) -> Any:
        raise NotImplementedError

    def _eval_derivative(self, s: Symbol) -> Any:
        return self.as_means()._eval_derivative(s) if self.has(s) else sp.Integer(0)

    def as_means(self) -> Expr:
        """Return the node in terms of `GaussianMean`."""
        raise NotImplementedError

    def _rule(self, digits: int, *weights: Weight) -> GaussianRule:
        f = sp.lambdify(self.variable, self.expression, "mpmath")
        return gaussian_rule(f, self._kinks(digits), digits, weights)

    def _nonzero_mean(self, digits: int, weight: Weight) -> Any:
        """A mean to n digits of itself: more where it cancels, 0 where nothing is left."""
        for working in (digits, 2 * digits + 10):
            with mpmath.workdps(working + 15):
                rule = self._rule(working, weight)
                value = rule.mean(weight)
                scale = rule.mean(lambda f, z: abs(weight(f, z)))
                if abs(value) > scale * mpmath.mpf(10) ** (digits - working - 2):
                    return value
        return mpmath.mpf(0)

    def _kinks(self, digits: int) -> list[Any]:
        try:
            pieces = split(self.expression, self.variable)
        except HermisoError:
            return []
        return [p.upper._to_mpmath(int(3.33 * digits) + 60) for p in pieces[:-1]]


class GaussianMean(Unevaluated):
    """E[expression(z)] for z ~ N(0, 1)."""

    def _value(self, digits: int) -> Any:
        return self._nonzero_mean(digits, _identity)

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
    parity, centre = symmetry(e, x)
    return centre if parity == -1 else GaussianMean(e, x)


def _against_line(f: Any, rho: Any, line: list[tuple[Any, Any]]) -> Weight:
    return lambda value, z: value * mpmath.fsum(w * f(rho * z + u) for u, w in line)


def _trapezoid(s: Any, step: Any, digits: int) -> list[tuple[Any, Any]]:
    """Rows (s w, weight) of the trapezoid rule for a standard Gaussian w."""
    count = int(mpmath.sqrt(2 * mpmath.log(10) * (digits + 6)) / step) + 1
    nodes = (j * step for j in range(-count, count + 1))
    return [(s * w, step * mpmath.npdf(w)) for w in nodes]


def _slope(e: Expr, x: Symbol) -> Expr | None:
    """The derivative of a function without jumps, or None."""
    try:
        pieces = split(e, x)
    except HermisoError:
        return None
    for a, b in pairwise(pieces):
        if sp.simplify((a.expression - b.expression).subs(x, a.upper)) != 0:
            return None
    branches = [(p.expression.diff(x), x < p.upper) for p in pieces[:-1]]
    return sp.Piecewise(*branches, (pieces[-1].expression.diff(x), True))


def _moving_jump(left: Any, right: Any, x: Symbol, s: Symbol) -> Expr:
    t = left.upper
    jump = (left.expression - right.expression).subs(x, t)
    density = sp.exp(-(t**2) / 2) / sp.sqrt(2 * sp.pi)
    return sp.simplify(jump) * density * t.diff(s) if t.has(s) else sp.Integer(0)


class IsometryStrength(Unevaluated):
    """beta = 2 - c_1^2/Var sigma(z) (isometry paper, eq. 11)."""

    def _value(self, digits: int) -> Any:
        rule = self._rule(digits + 5, _identity, lambda f, z: f * z, lambda f, z: f * f)
        c0, c1 = rule.mean(), rule.mean(lambda f, z: f * z)
        variance = rule.mean(lambda f, z: (f - c0) ** 2)
        if variance == 0:
            raise ActivationError(f"{self.expression} is constant: it has no isometry strength")
        # residual form: beta - 1 keeps its digits when sigma is nearly affine
        return 1 + rule.mean(lambda f, z: (f - c0 - c1 * z) ** 2) / variance

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

    def _value(self, digits: int) -> Any:
        if not self.degree.is_Integer or self.degree < 0:
            raise ActivationError(f"the degree is {self.degree}; it must be an integer >= 0")
        k = int(self.degree)
        return self._nonzero_mean(digits, lambda f, z: f * he(k, z))

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

    def _value(self, digits: int) -> Any:
        rho = self.rho._to_mpmath(mpmath.mp.prec)
        if abs(rho) > 1:
            raise ActivationError(f"the dual activation needs |rho| <= 1; rho = {self.rho}")
        if abs(rho) == 1:
            return self._rule(digits, lambda f, z: f * f).mean(self._against(rho))
        return self._series(rho, digits) if self._kinks(digits) else self._nested(rho, digits)

    def _nested(self, rho: Any, digits: int) -> Any:
        """E f(z) f(rho z + s w) without kinks: in w by the trapezoid rule, halved until still."""
        f = sp.lambdify(self.variable, self.expression, "mpmath")
        s = mpmath.sqrt((1 - rho) * (1 + rho))
        rule = self._rule(digits, lambda value, z: value * value)
        # aliasing of a bell exp(-2 pi^2/h^2), its truncation exp(-R^2/2)
        step = mpmath.pi * mpmath.sqrt(2 / (mpmath.log(10) * (digits + 6)))
        goal = mpmath.mpf(10) ** (-digits) * rule.mean(lambda value, z: value * value)
        last = None
        for _ in range(MAX_HALVINGS):
            value = rule.mean(_against_line(f, rho, _trapezoid(s, step, digits)))
            if last is not None and abs(value - last) <= goal:
                return value
            step, last = step / 2, value
        raise PrecisionError(f"the dual activation at rho = {self.rho} does not converge")

    def _against(self, rho: Any) -> Weight:
        f = sp.lambdify(self.variable, self.expression, "mpmath")
        return lambda value, z: value * f(rho * z)

    def _series(self, rho: Any, digits: int) -> Any:
        """Sum c_k^2 rho^k until the rest of E[sigma^2], times |rho|^k, is negligible."""
        goal = mpmath.mpf(10) ** (-digits - 2)
        last = int(mpmath.log(goal) / mpmath.log(abs(rho))) + 2 if rho else 1
        if last > MAX_SERIES:
            raise PrecisionError(
                f"the dual activation at rho = {self.rho} needs {last} coefficients for {digits} "
                f"digits, above {MAX_SERIES}; ask for fewer digits"
            )
        rule = self._rule(digits, lambda f, z: f * f, lambda f, z: f * he(last, z))
        left = second = rule.mean(lambda f, z: f * f)
        weighted = [w * f for _, w, f in rule.rows]
        h, previous = [mpmath.mpf(1)] * len(weighted), [mpmath.mpf(0)] * len(weighted)
        total, k = mpmath.mpf(0), 0
        while left * abs(rho) ** k > goal * second and k <= last:
            square = mpmath.fdot(weighted, h) ** 2
            total, left = total + square * rho**k, left - square
            r, s = 1 / mpmath.sqrt(k + 1), mpmath.sqrt(k)
            h, previous = (
                [
                    (z * u - s * v) * r
                    for (z, _, _), u, v in zip(rule.rows, h, previous, strict=True)
                ],
                h,
            )
            k += 1
        return total

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
