import mpmath
import pytest
import sympy as sp
from sympy import Rational

from hermiso.symbolic.exact import exact
from hermiso.symbolic.nodes import GaussianMean
from hermiso.symbolic.terms import polynomial
from tests.expressions import Case, X, brute_moments

x = X
half = Rational(1, 2)
ZERO = frozenset({sp.S.Zero})

CASES = {
    "two poles": Case(x**2 / (abs(x) + 3) + x / (abs(x) + 1), ZERO),
    "double poles": Case(x / (abs(x) + 3) ** 2 + x / (abs(x) + 1) ** 2, ZERO),
    "four complex poles": Case(1 / ((x**2 + 1) * (x**2 + x + 3))),
    "cube of complex poles": Case(x**4 / (x**2 - x / 2 + 2) ** 3),
    "complex poles on a half-line": Case(
        sp.Piecewise((x / (x**2 + 3) ** 2, x > 0), (1, True)), ZERO
    ),
    "pole under a bell": Case(sp.exp(-(x**2)) / (1 + x**2)),
    "flat window": Case(
        sp.Piecewise((x**2 * sp.exp(x**2 / 2), (x > 0) & (x < 1)), (0, True)),
        frozenset({sp.S.Zero, sp.S.One}),
    ),
    "tilted flat window": Case(
        sp.Piecewise((x * sp.exp(x**2 / 2 + x) * sp.cos(x), (x > 0) & (x < 1)), (0, True)),
        frozenset({sp.S.Zero, sp.S.One}),
    ),
    "growing window": Case(
        sp.Piecewise((x**3 * sp.exp(x**2 + x), (x > -1) & (x < half)), (0, True)),
        frozenset({-sp.S.One, half}),
    ),
    "wave from a kink": Case(sp.Piecewise((sp.sin(3 * x + 1), x > half), (x, True)), {half}),
    "erf from a kink": Case(sp.Piecewise((x * sp.erf(x + half), x > half), (1, True)), {half}),
    "erf and a wave": Case(sp.erf(2 * x + 1) * sp.sin(x - 1) * x),
    "two shifted erfs": Case(x * sp.erf(x + 1) * sp.erf(x / 2 - 1)),
    "two erfs on a half-line": Case(
        sp.Piecewise((sp.erf(x) * sp.erf(2 * x), x > 0), (0, True)), ZERO
    ),
    "incomplete gamma": Case(sp.Piecewise((sp.sqrt(x), x > 1), (0, True)), frozenset({sp.S.One})),
    "high power": Case(x**30),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_means_and_first_coefficients(case: Case) -> None:
    f = exact(case.expression, x)
    truth = brute_moments(case, [lambda f, z: f, lambda f, z: f * z])
    for ours, (value, scale) in zip(
        (f.expectation(), f.expectation(polynomial([0, 1]))), truth, strict=True
    ):
        assert abs(ours.evalf(40) - sp.Float(mpmath.nstr(value, 40), 40)) < scale * Rational(
            1, 10**28
        )


def test_the_adaptive_rule_agrees_with_the_brute_one() -> None:
    case = CASES["four complex poles"]
    ((value, _),) = brute_moments(case, [lambda f, z: f])
    assert (
        abs(GaussianMean(case.expression, x).evalf(30) - sp.Float(mpmath.nstr(value, 40), 40))
        < 1e-29
    )
