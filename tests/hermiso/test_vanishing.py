"""Equations: true on the line, at isolated points, or undecided; and steps on flat parts."""

from __future__ import annotations

import numpy as np
import pytest
import sympy as sp
from sympy import Eq, Heaviside, Max, Min, Ne, Piecewise, cosh, exp, log, sin, sinh, sqrt, tan, tanh

import hermiso
from hermiso import certified, numeric
from hermiso.errors import NoClosedForm, UnknownSign
from hermiso.vanishing import vanishes

x = sp.Symbol("x", real=True)
a, p = sp.Symbol("a", real=True), sp.Symbol("p", positive=True)
ONE = sin(x) ** 2 + sp.cos(x) ** 2


@pytest.mark.parametrize(
    ("u", "everywhere"),
    [
        (x, False), (x**2 - 2, False), ((x + 1) ** 2 - x**2 - 2 * x - 1, True), (p * x, False),
        (ONE - 1, True), (tanh(x) - sinh(x) / cosh(x), True), (tanh(x) - x, False),
        (tan(x) - x, False), (exp(1 / x) - 1, False), (log(1 + exp(x)) - x, False),
        (sp.gamma(x + 1) - x * sp.gamma(x), True), (sqrt(1 + x**2) - 1, False),
        (sin(x) - 10**-9, False), (sp.S.Zero, True), (p, False),
    ],
    ids=str,
)  # fmt: skip
def test_decided(u: sp.Expr, everywhere: bool) -> None:
    assert vanishes(sp.sympify(u), x) is everywhere


@pytest.mark.parametrize(
    "u",
    [
        sp.atan(tan(x)) - x,  # on (-pi/2, pi/2), and nowhere else
        sqrt(x**2 + 2 * x + 1) - x - 1,  # on x > -1
        log(x**2 + 2 * x + 1) - 2 * log(x + 1), sin(a * x), sp.Function("f")(x),
        sp.asinh(1 / x) - sp.asinh(sqrt(1 / x**2)),
    ],
    ids=str,
)  # fmt: skip
def test_undecided(u: sp.Expr) -> None:
    with pytest.raises(NoClosedForm, match="may hold on an interval"):
        vanishes(u, x)


def test_a_parameter_that_may_be_0_is_asked_for() -> None:
    with pytest.raises(UnknownSign, match=r"declare that a is not, e.g. positive=True"):
        vanishes(a * x, x)


HALF = sp.Rational(1, 2)
PHI = 1 / sp.sqrt(2 * sp.pi)
MEANS = [
    (Heaviside(Max(x, 0), 0), HALF), (Heaviside(Min(x, 0), 1), HALF),
    (Heaviside(Max(x, 0), 3), 2), (Heaviside(Max(x, 0)), sp.Rational(3, 4)),
    (Heaviside(Max(x, 0), x), HALF - PHI),
    (sp.sign(Max(x, 0)), HALF), (Piecewise((1, Max(x, 0) > 0), (x, True)), HALF - PHI),
    (Piecewise((x**2, Max(x, 0) >= 0), (x, True)), 1), (Piecewise((1, Eq(Max(x, 0), 0)), (x, True)),
     HALF + PHI), (Piecewise((1, Ne(Max(x, 0), x)), (x, True)), HALF + PHI),
    (Piecewise((x**2, Eq(ONE, 1)), (x, True)), 1), (Piecewise((x**2, Ne(ONE, 1)), (x, True)), 0),
    (Piecewise((x**2, Eq(tanh(x), x)), (exp(x), True)), exp(HALF)),
    (Piecewise((x**2, Ne(tanh(x), x)), (exp(x), True)), 1),
    (Heaviside(Max(sin(x), 0), 0), HALF), (sp.sign(Max(sin(x), 0)), HALF),
    (Piecewise((1, Max(sin(x), 0) > 0), (0, True)), HALF),
    (Piecewise((1, Eq(Max(sin(x), 0), 0)), (0, True)), HALF),
    (sp.floor(tanh(Max(x, 0))) + x, 0), (sp.ceiling(sp.erf(Max(x, 0))), HALF),
    (sp.floor(tanh(x - sp.Abs(x))), -HALF),
]  # fmt: skip


@pytest.mark.parametrize(("e", "mean"), MEANS, ids=lambda v: str(v)[:60])
def test_means_of_what_is_flat_or_equal_on_intervals(e: sp.Expr, mean: sp.Expr) -> None:
    e, mean = sp.sympify(e), sp.sympify(mean)
    assert certified.moment(e, digits=10).contains(mean.evalf(40))
    assert float(hermiso.moment(e).evalf(15)) == pytest.approx(float(mean), abs=1e-13)
    if not e.has(Eq, Ne, sp.StrictGreaterThan) or not e.has(sin):  # no kink without a formula
        c0 = numeric.mean_and_variance(e)[0]
        assert c0 == pytest.approx(float(mean), abs=1e-13)


def test_an_identity_as_a_condition() -> None:
    e = Piecewise((tanh(x), Eq(ONE, 1)), (x**3, True))
    right = certified.beta("tanh", digits=15)
    assert certified.beta(e, digits=15).overlaps(right)
    assert hermiso.beta(e).evalf(15) == pytest.approx(float(right), abs=1e-14)


def test_values_of_flat_steps() -> None:
    for e in (Heaviside(Max(x, 0), 0), Heaviside(Max(sin(x), 0), 0)):
        assert hermiso.as_activation(e).numpy()(np.array([-1.0, 1.0])).tolist() == [0.0, 1.0]


def test_an_arc_cotangent_of_what_is_flat() -> None:
    """Acot(0) is pi/2: E acot(max(z, 0)) = pi/4 + E[pi/2 - atan(z); z > 0]."""
    smooth = certified.moment(Piecewise((sp.pi / 2 - sp.atan(x), x > 0), (0, True)), digits=15)
    assert certified.moment(sp.acot(Max(x, 0)), digits=12).overlaps(smooth + sp.pi.evalf(30) / 4)


@pytest.mark.parametrize("text", ["relu(tanh(x-2))", "floor(x^2/9)", "max(0, atan(x^2-9))"])
def test_what_varies_far_out_is_not_called_constant(text: str) -> None:
    assert float(certified.beta(text, digits=8)) == pytest.approx(numeric.beta(text), abs=1e-7)
    assert hermiso.kernel_map(text).free_symbols
