"""hermiso.stable: what is rewritten, and the few functions of its own against 50 digits."""

import mpmath
import numpy as np
import pytest
import scipy.special
import sympy as sp
import torch
from sympy import Rational, cosh, cot, erf, erfc, exp, log, pi, sqrt, tanh

from hermiso import stable
from hermiso.errors import ActivationError
from hermiso.identities import near_one, plus_root
from hermiso.stable import (
    Library,
    expit,
    expm1,
    gaussian,
    gaussian_tail,
    log1p,
    softplus,
    stabilized,
)

x = sp.Symbol("x", real=True)
NUMPY = Library(np, scipy.special)
TORCH = Library(torch, torch.special)
EPS = 2.0**-52

REWRITTEN = [
    (2 * exp(x) - 2, 2 * expm1(x)),
    (Rational(1, 3) - exp(2 * x) / 3, -expm1(2 * x) / 3),
    (x + exp(x) - 1, x + expm1(x)),
    (log(1 + x), log1p(x)),
    (log(1 + exp(3 * x)), softplus(3 * x)),
    (log(1 / (1 + exp(-x))), -softplus(-x)),
    (1 / (1 + exp(x)), expit(-x)),
    (exp(x) / (1 + exp(x)), expit(x)),
    (1 - 1 / (1 + exp(x)), expit(x)),
    (x / (1 + exp(-x)) ** 2, x * expit(x) ** 2),
    ((exp(2 * x) - 1) / (exp(2 * x) + 1), tanh(x)),
    (1 + tanh(x), 2 * expit(2 * x)),
    (1 + erf(x + 1), stable.erfc(-x - 1)),
    (1 - erf(x), gaussian_tail(1, 1, x)),
    (x / 2 + x * erf(x / sqrt(2)) / 2, x * gaussian_tail(-sqrt(2) / 2, Rational(1, 2), x) / 2),
    (erfc(-2 * x), gaussian_tail(-2, 4, x)),
    (exp(-(x**2) / 2), gaussian(Rational(1, 2), x)),
    (exp(-(x**2) / 2 + x), exp(-(x**2) / 2 + x)),
    (exp(x**2 / 8), exp(x**2 / 8)),
    (x * exp(x**2) * erfc(x), x * stable.erfcx(x)),
    (exp(x**2 / 2) * (1 + erf(x / sqrt(2))), stable.erfcx(-x / sqrt(2))),
    (exp((x + 1) ** 2) * erfc(x + 1), stable.erfcx(x + 1)),
    (exp(x**2 + 2 * x + 1) * erfc(x + 1), stable.erfcx(x + 1)),
    (exp(-(x**2)) / erfc(x), 1 / stable.erfcx(x)),
    (exp(x**2) * erfc(2 * x), exp(x**2) * gaussian_tail(2, 4, x)),
    (log(cosh(x)), stable.log_cosh(x)),
    (log(erfc(x)), stable.log_erfc(x)),
    (log(erfc(x) / 2), stable.log_tail(x)),
    (x - tanh(x), stable.tanhshrink(x)),
    (x - tanh(2 * x), x - tanh(2 * x)),
    (1 - sp.cos(x), 2 * sp.sin(x / 2) ** 2),
    (cosh(x) - 1, 2 * sp.sinh(x / 2) ** 2),
    (x**2 - 1, (x - 1) * (x + 1)),
    (sp.sech(x), 1 / cosh(x)),
    (sp.sinh(x) / cosh(x), tanh(x)),
    (sp.sinh(x) ** 3 / cosh(x) ** 2, sp.sinh(x) * tanh(x) ** 2),
    (cosh(x) / sp.sinh(x), 1 / tanh(x)),
    ((exp(x) - exp(-x)) / (exp(x) + exp(-x)), tanh(x)),
    (exp(3 * x) - exp(x), exp(x) * expm1(2 * x)),
    (log(exp(x) + exp(-x)), stable.log_cosh(x) + log(2)),
    (log(2 + exp(x)), softplus(x - log(2)) + log(2)),
    (log((1 + exp(x)) / 2), near_one(expm1(x) / 2, softplus(x) - log(2))),
    (
        log((2 + cosh(x)) / 3),
        near_one(2 * sp.sinh(x / 2) ** 2 / 3, log(cosh(x) / 3 + 2 / Rational(3))),
    ),
    (1 / (1 + 2 * exp(-x)), expit(x - log(2))),
    (1 / (3 + exp(x)) ** 2, expit(log(3) - x) ** 2 / 9),
    (exp(2 * x) / (1 + exp(x)) ** 2, expit(x) ** 2),
    (exp(-x) / (1 + exp(-x)) ** 2, expit(x) * expit(-x)),
    (x * exp(x) / (2 + exp(x)), x * expit(x - log(2))),
    (1 - 2 / (1 + exp(x)), tanh(x / 2)),
    (sqrt(1 + x**2) - 1, x**2 / (sqrt(1 + x**2) + 1)),
    (1 - 1 / sqrt(1 + x**2), x**2 / (1 + x**2 + sqrt(1 + x**2))),
    (1 - 1 / (1 + x**2), x**2 / (1 + x**2)),
    ((1 + x**2) ** Rational(1, 3) - 1, expm1(log1p(x**2) / 3)),
    (x + sqrt(x**2 + 4), plus_root(x, x**2 + 4, 4)),
    (2 * x + sqrt(x**2 + 4), 2 * x + sqrt(x**2 + 4)),
]


@pytest.mark.parametrize(("given", "expected"), REWRITTEN, ids=lambda e: str(e))
def test_rewrites(given, expected):
    assert sp.expand(stabilized(given) - expected) == 0


def test_keeps_a_factored_polynomial_factored():
    assert str(stabilized(x / 6 + Rational(1, 2))) == "(x + 3)/6"


@pytest.mark.parametrize(
    ("rewritten", "f"),
    [
        (stable.tanhshrink(x), lambda t: t - mpmath.tanh(t)),
        (stable.log_cosh(x), lambda t: mpmath.log(mpmath.cosh(t))),
        (stable.log_erfc(x), lambda t: mpmath.log(mpmath.erfc(t))),
        (softplus(x), lambda t: mpmath.log1p(mpmath.exp(t))),
        (gaussian(Rational(1, 2), x), lambda t: mpmath.exp(-(t**2) / 2)),
        (
            gaussian_tail(-sqrt(2) / 2, Rational(1, 2), x),
            lambda t: mpmath.erfc(-t / mpmath.sqrt(2)),
        ),
    ],
    ids=["tanhshrink", "log_cosh", "log_erfc", "softplus", "gaussian", "gaussian_tail"],
)
@pytest.mark.parametrize("lib", [NUMPY, TORCH], ids=["numpy", "torch"])
def test_own_functions_are_accurate(rewritten, f, lib):
    t = np.concatenate([np.linspace(-37, 37, 401), [-1e-8, 1e-8, 1e-3, 1.0, np.nextafter(1, 0)]])
    values = stable.float_function(rewritten, lib)(torch.tensor(t) if lib is TORCH else t)
    with mpmath.workdps(60):
        exact = [f(mpmath.mpf(float(s))) for s in t]
        errors = [abs(mpmath.mpf(float(v)) - e) for v, e in zip(values, exact, strict=True)]
        # two exponentials, erfcx and two products: at most 8 roundings
        assert all(d <= 8 * EPS * abs(e) for d, e in zip(errors, exact, strict=True))


def test_constants_are_correctly_rounded():
    assert stable.number(sqrt(2) / 2) == 0.7071067811865476
    assert stable.number(Rational(1, 10)) == 0.1
    assert stable.number(pi) == np.pi


def test_refuses_constants_that_are_not_real():
    with pytest.raises(ActivationError, match="sqrt\\(2\\)\\*I is no real number"):
        stable.number(sp.sqrt(-2))


def test_names_a_function_without_numerical_form():
    with pytest.raises(ActivationError, match="no numerical form of cot is known; there are those"):
        stable.float_function(cot(x), NUMPY)
