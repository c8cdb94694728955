"""Formulas in floats against mpmath over the whole range of float32 and float64, and gradients."""

import math
from collections.abc import Callable
from functools import cache

import mpmath
import numpy as np
import pytest
import sympy as sp
import torch
from sympy import Rational, cosh, erf, erfc, exp, log, sinh, sqrt, tanh

from hermiso.activation import as_activation

x = sp.Symbol("x", real=True)

# Roundings of the longest chain: ten terms, each shifted twice by an exponential of two factors.
ROUNDINGS = 48
FORMULAS = [
    sinh(x) / cosh(x),
    cosh(2 * x) / cosh(x) ** 2,
    log(exp(x) + exp(-x)),
    log(2 + exp(x)),
    log(1 + exp(x) + exp(2 * x)),
    log((exp(3 * x) + exp(x) + exp(-x)) / 3),
    1 / (1 + 2 * exp(-x)),
    x * exp(-x) / (1 + exp(-x)) ** 2,
    (exp(x) - exp(-2 * x)) / (exp(x) + 3 * exp(-2 * x)),
    exp(-exp(x)),
    x * exp(-(x**2)),
    exp(-(x**4)),
    (exp(-(x**2)) + exp(-3 * x**2)) ** Rational(1, 4),
    log(erfc(x)),
    x * erf(log(1 + exp(x))),
    x / sqrt(1 + x**2),
    x**3 / (1 + x**2),
    sqrt(1 + x**2) - 1,
    1 - 1 / (1 + x**2) ** 2,
    (x + sqrt(x**2 + 4)) / 2,
    log(1 + x**2),
    (1 + x**2) ** Rational(-200, 3) * x,
    x * (1 + tanh(x + x**3)) / 2,
    (1 + x**2) ** (x / (1 + x**2)),
]
SIZES = [0.0, 1e-30, 1e-8, 1e-3, 0.1, 0.7, 1.3, 2.9, 5.5, 9.2, 17.0, 33.4, 88.0, 104.5]
SIZES += [709.0, 746.0, 800.0, 1e4, 1e10, 1e19, 2e37]
BEYOND_SINGLE = [1e-200, 1e200]


@cache
def grid(dtype: type) -> np.ndarray:
    points = np.array(SIZES, np.float32).astype(dtype)
    points = points if dtype is np.float32 else np.append(points, BEYOND_SINGLE)
    return np.unique([-points, points])


@cache
def exact_at(e: sp.Expr, t: float) -> tuple[mpmath.mpf, ...]:
    """The function and two derivatives, to 50 digits also of 1 + t^2 and 1 + tanh(t)."""
    if e == exp(-exp(x)) and t > 800:  # below e^(-10^347); mpmath would take e^t bits
        return (mpmath.mpf(0),) * 3
    digits = 400 + (0 if t == 0 else math.ceil(2 * abs(math.log10(abs(t)))))
    with mpmath.workdps(digits):
        return tuple(mpmath.mpf(f(mpmath.mpf(t))) for f in derivatives(e))


@cache
def derivatives(e: sp.Expr) -> list[Callable[[mpmath.mpf], mpmath.mpf]]:
    return [sp.lambdify(x, sp.diff(e, x, k), [{"erfc": tail}, "mpmath"]) for k in range(3)]


def tail(t: mpmath.mpf) -> mpmath.mpf:
    """erfc(t), also where mpmath overflows: the next term is 1/(2 t^2) of the first."""
    return mpmath.erfc(t) if t < 1e100 else mpmath.exp(-t * t) / (t * mpmath.sqrt(mpmath.pi))


def exact(e: sp.Expr, dtype: type) -> list[tuple[mpmath.mpf, ...]]:
    return [exact_at(e, float(t)) for t in grid(dtype)]


def check(e: sp.Expr, values: np.ndarray, order: int, dtype: type) -> None:
    """Compare with the function, or its derivative, at arguments that are off by some roundings."""
    info = np.finfo(dtype)
    for t, value, known in zip(grid(dtype), values, exact(e, dtype), strict=True):
        f, slope = known[order], known[order + 1]
        if abs(f) >= float(info.max) / 2 or abs(known[0]) >= float(info.max) / 2:
            continue
        # automatic differentiation rounds terms of the size of the derivative, and of 1
        terms = abs(f) if order == 0 else abs(f) + 1
        allowed = ROUNDINGS * float(info.eps) * (terms + abs(t * slope))
        allowed += 4 * max(1, abs(float(t))) * float(info.tiny)
        error = abs(mpmath.mpf(float(value)) - f)
        assert error <= allowed, (
            e,
            t,
            float(value),
            mpmath.nstr(f, 9),
            mpmath.nstr(error / allowed, 3),
        )


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("e", FORMULAS, ids=str)
def test_a_formula_is_finite_and_right_over_the_whole_range(e, dtype):
    f = as_activation(e)
    check(e, f(grid(dtype)), 0, dtype)
    v = torch.tensor(grid(dtype), requires_grad=True)
    value = f(v)
    check(e, value.detach().numpy(), 0, dtype)
    value.sum().backward()
    check(e, v.grad.numpy(), 1, dtype)
