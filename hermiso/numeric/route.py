"""The public float64 route: coefficients, strength and kernel map of an activation.

Every function takes what `hermiso.beta` takes, or any callable on numpy arrays or torch
tensors; of a callable the result is an estimate. A gain g stands for sigma(g x), and is the
float as it is given: 0.1 is 0.1000000000000000055.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import lru_cache
from typing import Any

import numpy as np
import sympy as sp
from sympy import Expr, Symbol

from hermiso.activation import Activation, as_activation
from hermiso.budget import question
from hermiso.errors import ActivationError, BudgetExceeded, NotSquareIntegrable, PrecisionError
from hermiso.integrability import log_abs, screen
from hermiso.numeric import audit
from hermiso.numeric.arguments import degree, gains, one_gain
from hermiso.numeric.bivariate import Derivative
from hermiso.numeric.estimate import Estimate, SampledActivation, estimate
from hermiso.numeric.expansion import model_expansion, rescaled
from hermiso.numeric.kernel import KernelMap, build
from hermiso.numeric.model import Model, model
from hermiso.numeric.panels import Array
from hermiso.numeric.strength import strengths

__all__ = ["beta", "beta_minus_one", "coefficients", "kernel_map", "mean_and_variance"]

_LINEAR = 0.1  # part of the variance from which it is found by c_1
_FAR = (64.0, 256.0, 1024.0)


def coefficients(source: Any, n: Any, x: Symbol | None = None, *, gain: Any = None) -> Any:
    """Return c_0..c_{n-1}, c_k = E[sigma(z) he_k(z)] (isometry paper, Definition 2).

    The absolute error is about 1e-15 sqrt(E sigma^2), for every k.

    Args:
        source: a sympy expression, catalogue name, torch module, Activation or a callable.
        n: how many, at most 10_000.
        x: the variable of an expression with several symbols.
        gain: g in sigma(g x), a number.

    Returns:
        An array of shape (n,); an `Estimate` of one for a callable.

    Raises:
        ActivationError: if the source is no square-integrable activation or n is out of range.
    """
    count, g = degree(n), one_gain(gain)
    found = _read(source, x, g)
    if isinstance(found, SampledActivation):
        return found.coefficients(count)
    with _asked("coefficients", found, g):
        values = model_expansion(model(found), g, count).coefficients
        if audit.doubtful(found):
            audit.check_coefficients(found, g, values)
        return values


def mean_and_variance(source: Any, x: Symbol | None = None, *, gain: Any = None) -> Any:
    """Return c_0 = E sigma(z) and Var sigma(z), what mean-field normalization shifts and scales by.

    >>> from hermiso import numeric
    >>> print("%.6f %.6f" % numeric.mean_and_variance("relu"))
    0.398942 0.340845

    Args:
        source: a sympy expression, catalogue name, torch module, Activation or a callable.
        x: the variable of an expression with several symbols.
        gain: g in sigma(g x), a number.

    Returns:
        Two floats; of a callable they are estimates.

    Raises:
        ActivationError: if the source is no square-integrable activation.
    """
    c0, c1 = map(float, np.asarray(coefficients(source, 2, x, gain=gain)))
    linear = 1.0 - float(beta_minus_one(source, x, gain=gain))
    if linear > _LINEAR:  # nothing cancels
        return c0, c1**2 / linear
    g = one_gain(gain)
    found = _read(source, x, g)
    if isinstance(found, SampledActivation):
        return c0, found.second_moment - c0**2
    return c0, model_expansion(model(found), g, 1).second_moment - c0**2


def beta(source: Any, x: Symbol | None = None, *, gain: Any = None) -> Any:
    """Return the isometry strength beta = 2 - c_1^2/Var sigma(z), in [1, 2].

    Arguments and results as in `beta_minus_one`.

    >>> from hermiso import numeric
    >>> print(numeric.beta("relu"))
    1.26652889653...
    """
    excess = beta_minus_one(source, x, gain=gain)
    if isinstance(excess, Estimate):
        return Estimate(1.0 + excess.value, excess.error + np.finfo(float).eps)
    return 1.0 + excess


def beta_minus_one(source: Any, x: Symbol | None = None, *, gain: Any = None) -> Any:
    """Return beta - 1 with a relative error of about 1e-15, however small it is.

    Args:
        source: a sympy expression, catalogue name, torch module, Activation or a callable.
        x: the variable of an expression with several symbols.
        gain: a number, or an array of any shape: beta of sigma(g x) for each g.

    Returns:
        A float, or an array of the shape of gain; an `Estimate` for a callable.

    Raises:
        ActivationError: if the source is no square-integrable activation.
        PrecisionError: if E[sigma(z)^2] leaves the range of float64 where it matters.
    """
    all_gains = gains(gain)
    widest = float(all_gains.flat[np.argmax(np.abs(all_gains))]) if all_gains.size else 1.0
    found = _read(source, x, widest)
    if isinstance(found, SampledActivation):
        own = source.model.gain if isinstance(source, SampledActivation) else 1.0
        return _estimated(found, own * all_gains)
    with _stated("beta", found, widest):
        values = _strengths(found, np.abs(all_gains).ravel()).reshape(all_gains.shape)
    return values if values.ndim else float(values)


def _strengths(activation: Activation, gains: Array) -> Array:
    certain = audit.strengths(activation, gains) if audit.doubtful(activation) else None
    return strengths(model(activation), gains) if certain is None else certain


def kernel_map(source: Any, x: Symbol | None = None, *, gain: Any = None) -> KernelMap:
    """Build kappa(rho) = (E[sigma(x) sigma(y)] - c_0^2)/Var sigma(z) (isometry paper, eq. 36-37).

    >>> from hermiso import numeric
    >>> kappa = numeric.kernel_map("relu")
    >>> round(kappa(0.5), 12)
    0.426422342013
    >>> kappa.complement(1e-300)
    1.466942206924...e-300

    Args:
        source: a sympy expression, catalogue name, torch module, Activation or a callable.
        x: the variable of an expression with several symbols.
        gain: g in sigma(g x), a number.

    Raises:
        ActivationError: if the source is no square-integrable activation.
    """
    g = one_gain(gain)
    found = _read(source, x, g)
    if isinstance(found, SampledActivation):
        return found.kernel_map()
    with _asked("kernel_map", found, g):
        return _built(found, g)


@lru_cache(maxsize=256)
def _built(activation: Activation, gain: float) -> KernelMap:
    name = activation.name if gain == 1 else f"{activation.name:.200} at gain {gain:g}"
    if not model(activation).exact:
        found = estimate(model(activation).value, gain=gain).kernel_map()
        return replace(found, name=name)
    built = build(name, _derivative(model(activation), gain), variance=_variance(activation, gain))
    if audit.doubtful(activation):
        audit.check_kernel(activation, gain, float(built(float(audit.POINT))))
    return built


def _variance(activation: Activation, gain: float) -> float | None:
    """Var sigma(gain z) by quadrature on the line; None where that has no answer."""
    x = activation.variable
    moving = activation.expression.as_independent(x, as_Add=True)[1]  # a large mean costs digits
    try:
        return float(mean_and_variance(moving, x, gain=gain)[1])
    except PrecisionError:
        return None


def _derivative(m: Model, gain: float) -> Derivative:
    """sigma'(gain z) times gain: the derivative of sigma(gain z)."""
    sign = math.copysign(1.0, gain)
    jumps = tuple((t / gain, sign * j) for t, j in m.jumps)
    steps = None
    if m.degree is not None and m.degree <= 1:
        rows = ((t, *row, 0.0) for t, row in m.derivative_jumps)  # t, jumps of sigma and sigma'
        steps = tuple((row[0] / gain, sign * gain * row[2]) for row in rows)

    def slope(z: Array) -> Array:
        with np.errstate(over="ignore"):
            return gain * m.slope(gain * z)

    kinks = tuple(sorted(t / gain for t in m.kinks))
    probes = rescaled(m.slope_cells, gain)
    return Derivative(slope, kinks, jumps, steps, probes=probes, gaps=m.jump_gaps / gain)


# --- reading arguments ----------------------------------------------------------------------


def _read(source: Any, x: Symbol | None, gain: float) -> Activation | SampledActivation:
    """An activation that may be expanded at this gain; a callable without a formula is sampled."""
    if isinstance(source, SampledActivation):
        return estimate(source.model.value.f, source.kinks, gain=source.model.gain * gain)
    try:
        activation = as_activation(source, x)
    except ActivationError:
        if isinstance(source, Expr | str | type) or not callable(source):
            raise
        return estimate(source, gain=gain)
    with question():
        model(activation)  # names parameters without a value
    with _asked("the Hermite expansion", activation, gain):
        _screened(activation, gain)
    return activation


@lru_cache(maxsize=256)
def _screened(activation: Activation, gain: float) -> None:
    """Raise if sigma(gain z) is visibly not square-integrable."""
    e, x = activation.expression, activation.variable
    screen(e.subs(x, sp.Float(gain) * x) if abs(gain) < 1 else e, x, {})
    if abs(gain) <= 1:
        return
    pieces = model(activation).pieces
    for side, end in ((-1, pieces[0].expression), (1, pieces[-1].expression)):
        # as far out, in units of the gain, as exp(gain x) needs to fall below exp(x^2/4)
        far = [f * abs(gain) for f in _FAR]
        h = [2 * log_abs(end, x, side * abs(gain) * z, {}) - z * z / 2 for z in far]
        if h[-1] > h[-2] > 0 or h[-1] == math.inf:
            raise NotSquareIntegrable(
                f"E[sigma(z)^2] is infinite: sigma({gain:g} {x}) outgrows exp({x}**2/4) as "
                f"{x} -> {'-' * (side < 0)}oo; lower the gain"
            )


@contextmanager
def _asked(what: str, activation: Activation, gain: float) -> Iterator[None]:
    """A question about an activation, with a budget."""
    with _stated(what, activation, gain), question():
        yield


@contextmanager
def _stated(what: str, activation: Activation, gain: float) -> Iterator[None]:
    """Errors inside carry what was asked and about which activation."""
    asked = f"{what} of {activation.name:.200}{'' if gain == 1 else f' at gain {gain:g}'}"
    try:
        yield
    except NotSquareIntegrable as error:
        raise NotSquareIntegrable(
            f"{asked}: it is not square-integrable under N(0, 1): {error}"
        ) from error
    except BudgetExceeded as error:
        raise BudgetExceeded(f"{asked}: {error}; or use hermiso.certified") from error
    except (ActivationError, PrecisionError) as error:
        raise type(error)(f"{asked}: {error}") from error


def _estimated(found: SampledActivation, many: Array) -> Estimate:
    f, kinks = found.model.value.f, found.kinks
    each = [estimate(f, kinks, gain=float(g)).beta_minus_one for g in many.ravel()]
    if not many.ndim:
        return each[0]
    value = np.array([e.value for e in each]).reshape(many.shape)
    return Estimate(value, np.array([e.error for e in each]).reshape(many.shape))
