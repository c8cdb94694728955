"""The public exact route: moments, coefficients, strength, dual activation of an activation.

Every function takes a sympy expression, a catalogue name, a `torch.nn` module or functional,
or an `Activation`; `gain` g stands for sigma(g x). Parameters are real unless declared
otherwise. A result is a closed form that has been confirmed against quadrature, or, where none
can be derived, an unevaluated node whose `.evalf(n)` has n digits.
"""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import sympy as sp
from sympy import Expr, Symbol

from hermiso.errors import ActivationError, NoClosedForm
from hermiso.hermite import isometry_strength
from hermiso.problem import Problem, stated
from hermiso.symbolic import coefficients as rules
from hermiso.symbolic.confirm import Integrand, same_value
from hermiso.symbolic.dual import dual as dual_of
from hermiso.symbolic.nodes import (
    DualActivation,
    GaussianMean,
    HermiteCoefficient,
    IsometryStrength,
    KernelMap,
    mean_of,
)
from hermiso.symbolic.present import expanded, strength, tidy
from hermiso.symbolic.terms import Term, polynomial

MAX_DEGREE = 2_000
_HIGHER = "hermiso.certified and hermiso.numeric go to 10000"
EVERY_DEGREE = 200  # beyond it the formula for every degree is evaluated


def moment(source: Any, x: Symbol | None = None, *, gain: Any = None) -> Expr:
    """Return E[sigma(z)] for z ~ N(0, 1).

    Args:
        source: the activation: a sympy expression, catalogue name, torch module or Activation.
        x: the variable; needed if the expression has several symbols and none is named x.
        gain: g in sigma(g x).

    Returns:
        A sympy expression in the parameters.

    Raises:
        ActivationError: if the source is no square-integrable real activation.
        UnknownSign: if a parameter's sign is needed and not declared.
    """
    with stated("moment", source, x, gain) as p:
        return p.restored(_mean(p))


def _mean(p: Problem) -> Expr:
    try:
        closed = p.mean()
        p.require_square_integrable()
        return closed
    except NoClosedForm:
        p.screen()
        return mean_of(p.expression, p.x)


def beta(source: Any, x: Symbol | None = None, *, gain: Any = None) -> Expr:
    """Return the isometry strength beta = 2 - c_1^2/Var sigma(z), in [1, 2].

    (isometry paper, Definition 3, eq. 11). Arguments and errors as in `moment`.

    >>> import sympy, hermiso
    >>> x, alpha = sympy.symbols("x alpha")
    >>> hermiso.beta(sympy.Max(x, 0))
    (-4 + 3*pi)/(-2 + 2*pi)
    >>> hermiso.beta(sympy.exp(x), gain=alpha)
    -alpha**2/(exp(alpha**2) - 1) + 2
    >>> hermiso.beta("tanh").evalf(20)
    1.0695300763847050714
    """
    with stated("beta", source, x, gain) as p:
        return p.restored(_strength(p))


def _strength(p: Problem) -> Expr:
    try:
        c0 = p.exact.expectation()
        c1 = p.exact.expectation(polynomial([0, 1]))
        second = p.exact.second_moment()
    except NoClosedForm:
        p.screen()
        if p.parity == 1 and not p.polynomial_part and p.is_shown:
            p.require_varying()
            return sp.Integer(2)
        return IsometryStrength(p.expression, p.x)
    try:
        for reference in p.references:
            reference.confirm(c0, Integrand(), "c_0")
            reference.confirm(c1, Integrand(times=1), "c_1")
            reference.confirm(second, Integrand(power=2), "E[sigma(z)^2]")
        result = strength(c0, c1, second)
        for sample in p.samples:
            same_value(result, (c0, c1, second), isometry_strength, sample, "beta")
        return result
    except NoClosedForm:
        return IsometryStrength(p.expression, p.x)


def coefficient(source: Any, k: Any, x: Symbol | None = None, *, gain: Any = None) -> Expr:
    """Return c_k = E[sigma(z) he_k(z)], he_k = He_k/sqrt(k!) (isometry paper, Definition 2).

    Args:
        source: the activation, as in `moment`.
        k: an integer >= 0, or a symbol: then the result holds for every integer k >= 0.
        x: the variable.
        gain: g in sigma(g x).

    >>> import sympy, hermiso
    >>> hermiso.coefficient("relu", 2)
    1/(2*sqrt(pi))
    """
    degree = _degree(k)
    with stated("coefficient", source, x, gain) as p:
        compute = _coefficient if degree.is_Integer else _symbolic_coefficient
        return p.restored(compute(p, degree))


def coefficients(
    source: Any, n: Any, x: Symbol | None = None, *, gain: Any = None
) -> tuple[Expr, ...]:
    """Return (c_0, ..., c_{n-1}); arguments as in `coefficient`."""
    if isinstance(n, bool) or not hasattr(n, "__index__") or not 0 <= n <= MAX_DEGREE:
        raise ActivationError(
            f"coefficients: n is {n!r}; it must be an integer in 0..{MAX_DEGREE}; {_HIGHER}"
        )
    with stated("coefficients", source, x, gain) as p:
        return tuple(p.restored(_coefficient(p, sp.Integer(k))) for k in range(int(n)))


def _degree(k: Any) -> Expr:
    try:
        degree = sp.sympify(k, strict=True)
    except sp.SympifyError:
        raise ActivationError(
            f"the degree is {k!r}; it must be an integer in 0..{MAX_DEGREE} or a symbol"
        ) from None
    if degree.is_Symbol:
        if degree.is_integer is False or degree.is_nonnegative is False:
            raise ActivationError(f"the degree {k} is not declared an integer >= 0")
        return degree
    if not degree.is_Integer or not 0 <= degree <= MAX_DEGREE:
        raise ActivationError(
            f"the degree is {k}; it must be an integer in 0..{MAX_DEGREE} or a symbol; {_HIGHER}"
        )
    return degree


def _coefficient(p: Problem, k: Expr) -> Expr:
    n = int(k)
    vanishing = p.parity == (1 if n % 2 else -1)  # but for the polynomial part
    if vanishing and not p.polynomial_part:
        p.screen_unless_exact()
        return sp.S.Zero if p.is_shown else HermiteCoefficient(p.expression, p.x, k)
    try:
        if n > EVERY_DEGREE:
            with suppress(NoClosedForm):
                return p.general_coefficient.at(n)
        closed = tidy(rules.hermite_mean(p.exact, n) / sp.sqrt(sp.factorial(n)))
        p.require_square_integrable()
        p.confirm_coefficient(closed, n)
        return closed
    except NoClosedForm:
        p.screen()
        if vanishing and p.is_shown:
            return rules.polynomial_coefficient(p.polynomial_part, p.x, n)
        return HermiteCoefficient(p.expression, p.x, k)


def _symbolic_coefficient(p: Problem, k: Expr) -> Expr:
    try:
        formula = p.general_coefficient
    except NoClosedForm:
        p.screen()
        return HermiteCoefficient(p.expression, p.x, k)
    general, n, low = formula.expression, formula.degree, formula.low
    low_orders = [_coefficient(p, sp.Integer(j)) for j in range(low)]
    exceptions = [
        (c, j) for j, c in enumerate(low_orders) if not p.same_at_degree(general, n, j, c)
    ]
    branches = [(c, sp.Eq(k, j)) for c, j in exceptions]
    general = general.xreplace({n: k})
    return sp.Piecewise(*branches, (general, True)) if branches else general


def smoothing(
    source: Any, t: Symbol | None = None, x: Symbol | None = None, *, gain: Any = None
) -> Expr:
    """Return T(t) = E sigma(z + t), the Gaussian smoothing; c_k = T^(k)(0)/sqrt(k!).

    Args:
        source: the activation, as in `moment`.
        t: the symbol of the result, by default Symbol("t").
        x: the variable.
        gain: g in sigma(g x).

    >>> import hermiso
    >>> hermiso.smoothing("sin")
    exp(-1/2)*sin(t)
    """
    argument = _argument(t, "t")
    with stated("smoothing", source, x, gain, argument) as p:
        s = p.argument
        shifted = p.shifted(s)
        try:
            tilt = {Term(lin=s): sp.exp(-(s**2) / 2)}
            closed = tidy(p.exact.expectation(tilt))
            p.require_square_integrable()
            for reference in shifted.references:
                reference.confirm(closed, Integrand(), "E[sigma(z + t)]")
            return p.restored(closed)
        except NoClosedForm:
            p.screen()
            return p.restored(GaussianMean(shifted.expression, p.x))


def _argument(given: Any, name: str) -> Symbol:
    if given is None:
        return Symbol(name)
    if not isinstance(given, Symbol):
        raise ActivationError(f"{name} is {given!r}; it must be a Symbol: substitute afterwards")
    return given


def dual(
    source: Any, rho: Symbol | None = None, x: Symbol | None = None, *, gain: Any = None
) -> Expr:
    """Return the dual activation E[sigma(x) sigma(y)] at correlation rho (Definition 5, eq. 35).

    Args:
        source: the activation, as in `moment`.
        rho: the symbol of the result, in [-1, 1]; by default Symbol("rho").
        x: the variable.
        gain: g in sigma(g x).

    >>> import hermiso
    >>> hermiso.dual("sin")
    exp(-1)*sinh(rho)
    """
    argument = _argument(rho, "rho")
    with stated("dual", source, x, gain, argument) as p:
        hat = _dual(p)
        values = (p.square_moment, p.mirrored_moment)
        return p.restored(hat if isinstance(hat, DualActivation) else p.with_ends(hat, values))


def _dual(p: Problem) -> Expr:
    try:
        closed = tidy(dual_of(p.exact, p.argument))
        p.require_square_integrable()
        p.confirm_dual(closed, p.argument)
        return closed
    except NoClosedForm:
        p.screen()
        return DualActivation(p.expression, p.x, p.argument)


def kernel_map(
    source: Any, rho: Symbol | None = None, x: Symbol | None = None, *, gain: Any = None
) -> Expr:
    """Return kappa(rho) = (dual(rho) - c_0^2)/Var sigma(z), the mean-field map of a correlation.

    (isometry paper, eq. 36-37.) Arguments as in `dual`.

    >>> import hermiso
    >>> hermiso.kernel_map("step")
    2*asin(rho)/pi
    """
    argument = _argument(rho, "rho")
    with stated("kernel_map", source, x, gain, argument) as p:
        return p.restored(_kernel_map(p))


def _kernel_map(p: Problem) -> Expr:
    hat = _dual(p)
    if not isinstance(hat, DualActivation):
        with suppress(NoClosedForm):
            return _closed_kernel_map(p, hat)
    p.require_varying()
    return KernelMap(p.expression, p.x, p.argument)


def _closed_kernel_map(p: Problem, hat: Expr) -> Expr:
    c0, second = p.exact.expectation(), p.exact.second_moment()
    variance = expanded(second - c0**2)
    if variance == 0:
        raise ActivationError("Var sigma(z) is 0: a constant has no kernel map")
    kappa = p.quotient(expanded(hat - c0**2), variance)
    ends = (lambda: sp.S.One, lambda: (p.mirrored_moment() - c0**2) / variance)
    return p.with_ends(kappa, ends)


__all__ = [
    "beta",
    "coefficient",
    "coefficients",
    "dual",
    "kernel_map",
    "moment",
    "smoothing",
]
