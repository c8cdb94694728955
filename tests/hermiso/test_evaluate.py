import mpmath
import numpy as np
import pytest
import sympy as sp

from hermiso.errors import NoClosedForm
from hermiso.evaluate import over_mpmath, over_numpy

x, a = sp.symbols("x a", real=True)
GRID = np.array([-3.7, -1.0, -0.2, 0.0, 0.4, 1.0, 2.9])

EXPRESSIONS = {
    "kinks": sp.Max(x, 0) + abs(x - 1) - sp.Min(x, 2, a),
    "steps": sp.sign(x) + sp.Heaviside(x - 1) + sp.Heaviside(x),
    "piecewise": sp.Piecewise((x, x > 1), (a * sp.exp(x), (x > -1) & (x <= 1)), (0, True)),
    "or, not": sp.Piecewise((1, (x < -1) | sp.Not(x < 2)), (x**2, True)),
    "functions": sp.erf(x) * sp.sin(a * x) / (1 + sp.exp(-x)) + sp.tanh(x) ** 3 + sp.sqrt(3),
    "powers": (x**2 + 1) ** sp.Rational(-3, 2) + 2**x + x**-2 * x**2 * sp.pi,
}


@pytest.mark.parametrize("e", EXPRESSIONS.values(), ids=EXPRESSIONS)
def test_numpy_and_mpmath_mean_what_sympy_means(e: sp.Expr) -> None:
    values = over_numpy(e, {x: GRID, a: 0.75})
    for z, value in zip(GRID, np.broadcast_to(values, GRID.shape), strict=True):
        exact = e.subs({x: sp.Rational(str(z)), a: sp.Rational(3, 4)}).evalf(30)
        assert value == pytest.approx(float(exact), rel=1e-14, abs=1e-14)
        with mpmath.workdps(30):
            precise = over_mpmath(e, {x: mpmath.mpf(str(z)), a: mpmath.mpf(3) / 4})
            assert abs(precise - mpmath.mpf(str(exact))) < 1e-27


def test_special_functions_of_closed_forms() -> None:
    from hermiso.symbolic.special import binormal

    e = (
        sp.uppergamma(a, 2)
        + sp.Ei(a)
        + sp.hyper((a, 1), (2,), sp.S.Half)
        + binormal(a, 1, sp.S.Half)
    )
    with mpmath.workdps(25):
        assert (
            abs(over_mpmath(e, {a: mpmath.mpf(1) / 3}) - e.subs(a, sp.S(1) / 3).evalf(30)) < 1e-23
        )


def test_overflow_is_inf_and_undefined_is_nan_without_a_warning() -> None:
    values = over_numpy(sp.exp(x**3), {x: GRID * 100})
    assert np.isinf(values).any()
    assert np.isnan(over_numpy(sp.log(x), {x: GRID})).any()


def test_what_has_no_counterpart_is_named() -> None:
    with pytest.raises(NoClosedForm, match="bessely"):
        over_numpy(sp.bessely(1, x), {x: GRID})


ELEMENTARY = (
    *(
        "sec",
        "csc",
        "cot",
        "sech",
        "csch",
        "coth",
        "acot",
        "asec",
        "acsc",
        "acoth",
        "asech",
        "acsch",
    ),
    *("acosh", "atanh", "asinh", "floor", "ceiling", "frac", "zeta", "gamma", "loggamma"),
)


@pytest.mark.parametrize("name", ELEMENTARY)
def test_elementary_functions_against_sympy(name: str) -> None:
    """At a point of each function's domain, and at its mirror image where that has a real value."""
    point = {"acosh": 1.7, "acoth": 1.7, "asec": 1.7, "acsc": 1.7, "zeta": 2.7}.get(name, 0.6)
    e = getattr(sp, name)(x)
    for t in (point, -point):
        expected = e.subs(x, t).evalf(30)
        if not expected.is_real or (name in {"gamma", "loggamma", "zeta"} and t < 0):
            continue
        with mpmath.workdps(30):
            assert mpmath.almosteq(
                over_mpmath(e, {x: mpmath.mpf(t)}), mpmath.mpf(str(expected)), 1e-15
            )
        assert float(over_numpy(e, {x: np.array([t])})[0]) == pytest.approx(
            float(expected), rel=1e-13
        )
