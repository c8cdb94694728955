"""Nodes at Floats, in compiled code and in plots."""

import mpmath
import numpy as np
import pytest
import sympy as sp
from sympy import Rational

import hermiso

rho, a, x = sp.symbols("rho a x")
DUAL = hermiso.dual("tanh")
HALF = DUAL.subs(rho, Rational(1, 2)).evalf(30)
NODES = [
    (DUAL, rho),
    (hermiso.beta("tanh", gain=a), a),
    (hermiso.coefficient("tanh", 3, gain=a), a),
    (hermiso.moment("softplus", gain=a), a),
    (hermiso.dual(sp.log(1 + sp.exp(a * x)), x=x).subs(rho, Rational(1, 4)), a),
]


@pytest.mark.parametrize(("node", "s"), NODES, ids=str)
def test_a_float_is_the_decimal_it_prints_as(node: sp.Expr, s: sp.Symbol) -> None:
    exact = node.subs(s, Rational(1, 10)).n(25)
    for value in (0.1, sp.Float("0.1", 30), np.float64(0.1)):
        assert node.subs(s.name, value).n(25) == exact
    assert abs(float(node.subs(s, 0.1)) / float(exact) - 1) <= 2**-52


def test_evaluation_with_substitution() -> None:
    assert abs(DUAL.evalf(15, subs={rho: 0.5}) - HALF) < Rational(1, 10**15)


@pytest.mark.parametrize("modules", [None, "numpy", "scipy", "math"])
def test_compiled_nodes(modules: str | None) -> None:
    f = sp.lambdify(rho, 2 * DUAL + rho, modules)
    assert f(0.5) == pytest.approx(float(2 * HALF + Rational(1, 2)), rel=2**-51)
    if modules != "math":
        found = f(np.array([[-0.5, 0.5], [0, 0.5]]))
        assert found.shape == (2, 2)
        assert found[0, 0] == -found[0, 1] == -found[1, 1]


def test_compiled_for_mpmath_and_sympy() -> None:
    with mpmath.workdps(30):
        found = sp.lambdify(rho, DUAL, "mpmath")(mpmath.mpf(1) / 2)
        assert abs(found - mpmath.mpf(HALF._mpf_)) < mpmath.mpf(10) ** -29
    assert sp.lambdify(rho, DUAL, "sympy")(Rational(1, 2)) == DUAL.subs(rho, Rational(1, 2))


def test_compiled_parameters_broadcast() -> None:
    f = sp.lambdify((rho, a), hermiso.dual("tanh", gain=a))
    found = f(np.array([[0.5], [1.0]]), np.array([0.5, 1.0]))
    assert found.shape == (2, 2)
    assert found[0, 1] == pytest.approx(float(HALF), rel=2**-51)


def test_functions_with_branches_are_built_anew() -> None:
    node = hermiso.moment(sp.Piecewise((sp.tanh(a * x), (x > -1) & (x < sp.pi)), (sp.E, True)), x)
    found = sp.lambdify(a, node)(0.25)
    assert found == pytest.approx(float(node.subs(a, Rational(1, 4))), rel=2**-51)


def test_a_plot_has_the_values() -> None:
    for e in (DUAL, hermiso.kernel_map("tanh")):
        series = sp.plot(e, (rho, -1, 1), show=False, adaptive=False, n=5)[0]
        points, values = series.get_points()
        assert np.allclose(points, [-1, -0.5, 0, 0.5, 1])
        assert values[3] == pytest.approx(float(e.subs(rho, Rational(1, 2))), rel=2**-50)
