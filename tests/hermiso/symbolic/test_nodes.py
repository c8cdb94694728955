import mpmath
import pytest
import sympy as sp
from sympy import Rational, Symbol, exp, tanh

import hermiso
from hermiso.errors import ActivationError, NotSquareIntegrable, PrecisionError
from hermiso.symbolic.nodes import (
    DualActivation,
    GaussianMean,
    HermiteCoefficient,
    IsometryStrength,
)

x, a, k, rho = sp.symbols("x a k rho")
X = Symbol("x", real=True)


def brute(f, digits: int) -> mpmath.mpf:  # type: ignore[no-untyped-def]
    with mpmath.workdps(digits + 20):
        return mpmath.quad(lambda t: f(t) * mpmath.npdf(t), mpmath.linspace(-22, 22, 89))


@pytest.mark.parametrize("digits", [5, 15, 30, 60])
def test_evalf_has_the_digits_it_shows(digits: int) -> None:
    node = hermiso.beta("softplus")
    reference = node.evalf(80)
    assert abs(node.evalf(digits) - reference) < Rational(1, 10 ** (digits - 1))


def test_coefficients_and_means_evaluate() -> None:
    c3 = hermiso.coefficient("tanh", 3)
    assert isinstance(c3, HermiteCoefficient)
    expected = brute(lambda t: mpmath.tanh(t) * (t**3 - 3 * t) / mpmath.sqrt(6), 25)
    with mpmath.workdps(30):
        assert abs(mpmath.mpf(str(c3.evalf(25))) - expected) < mpmath.mpf(10) ** -24
    assert abs(hermiso.moment("sigmoid").evalf(20) - Rational(1, 2)) < Rational(1, 10**19)


def test_parity_is_exact() -> None:
    assert hermiso.moment("tanh") == 0
    assert hermiso.coefficient("tanh", 4) == 0
    assert hermiso.coefficient("log_cosh", 7) == 0


def test_dual_of_tanh_is_the_double_integral() -> None:
    r = mpmath.mpf(1) / 2
    side = mpmath.sqrt(1 - r * r)
    step = mpmath.mpf(1) / 8  # the trapezoid rule is exponentially accurate on the plane
    grid = [j * step for j in range(-72, 73)]
    weight = [step * mpmath.npdf(z) for z in grid]
    exact = mpmath.fsum(
        u
        * mpmath.tanh(z)
        * mpmath.fsum(v * mpmath.tanh(r * z + side * w) for w, v in zip(grid, weight, strict=True))
        for z, u in zip(grid, weight, strict=True)
    )
    node = hermiso.dual("tanh").subs(rho, Rational(1, 2))
    assert float(node.evalf(12)) == pytest.approx(float(exact), abs=1e-11)


@pytest.mark.parametrize("r", [1, -1, 0])
def test_dual_at_the_ends(r: int) -> None:
    node = hermiso.dual("sigmoid").subs(rho, r)
    means = {
        1: hermiso.moment(1 / (1 + exp(-x)) ** 2),
        -1: hermiso.moment(1 / (1 + exp(-x)) / (1 + exp(x))),
        0: sp.Rational(1, 4),
    }
    assert abs(node.evalf(15) - means[r].evalf(20)) < Rational(1, 10**13)


def test_dual_outside_says_so() -> None:
    with pytest.raises(ActivationError, match="<= 1; rho = 2"):
        hermiso.dual("tanh").subs(rho, 2).evalf()


def test_dual_of_a_kinked_function_near_the_end() -> None:
    """The slope at rho = 1 is E sigma'^2, up to terms of higher order."""
    node = hermiso.dual(sp.Max(tanh(x), 0))
    delta = Rational(1, 10**6)
    slope = hermiso.moment(sp.Piecewise((1 / sp.cosh(X) ** 4, X > 0), (0, True))).evalf(20)
    fall = (hermiso.moment(sp.Max(tanh(x), 0) ** 2) - node.subs(rho, 1 - delta)).evalf(20)
    assert abs(fall / delta / slope - 1) < 2e-3  # sqrt(delta) beside 1


def test_printing() -> None:
    node = hermiso.beta("tanh", gain=a)
    assert str(node) == "beta(tanh(a*x))"
    assert sp.latex(node) == r"\beta\left[\tanh{\left(a x \right)}\right]"
    assert str(hermiso.coefficient("tanh", k)) == "c_{k}[tanh(x)]"
    assert sp.latex(hermiso.moment("softplus")).startswith(r"\mathbb{E}")
    assert sp.latex(hermiso.dual("tanh")) == r"\hat\sigma\left(\rho\right)"


def test_the_variable_is_bound() -> None:
    node = hermiso.beta("tanh", gain=a)
    assert node.free_symbols == {a}
    assert node.bound_symbols == [X]
    assert node.subs(X, 7) == node
    renamed = node.subs(a, X)
    assert renamed.free_symbols == {X}
    assert node.subs(a, 2) == hermiso.beta("tanh", gain=2)
    assert node.evalf() == node  # free parameters: stays as it is


@pytest.mark.parametrize(
    "node",
    [
        hermiso.beta(tanh(x), gain=a),
        hermiso.coefficient(tanh(a * x), 3, x),
        hermiso.moment(sp.log(1 + exp(a * x)), x),
        hermiso.moment(sp.Piecewise((tanh(x), x > a), (0, True)), x),
        hermiso.moment(sp.Max(sp.sinh(x) - a, 0) * tanh(x), x),
    ],
    ids=str,
)
def test_derivatives_in_a_parameter_are_the_slopes(node: sp.Expr) -> None:
    at, step = Rational(3, 4), Rational(1, 10**5)
    slope = (node.subs(a, at + step) - node.subs(a, at - step)).evalf(25) / (2 * step)
    derived = sp.diff(node, a).subs(a, at).evalf(15)
    assert abs(slope - derived) < Rational(1, 10**8)


def test_derivatives_that_are_not_derived_stay() -> None:
    assert isinstance(sp.diff(DualActivation(tanh(a * X), X, rho), a), sp.Derivative)
    assert isinstance(sp.diff(HermiteCoefficient(tanh(a * X), X, k), a), sp.Derivative)
    assert isinstance(sp.diff(GaussianMean(abs(sp.sin(a * X)), X), a), sp.Derivative)
    assert sp.diff(IsometryStrength(tanh(X), X), a) == 0


def test_an_integral_that_does_not_converge_says_so() -> None:
    with pytest.raises(NotSquareIntegrable, match="it has no mean"):
        GaussianMean(exp(X**2), X).evalf()
    with pytest.raises(PrecisionError, match="near x ="):
        GaussianMean(tanh(X) / (X - Rational(1, 3)) ** 2, X).evalf(15)


def test_a_mean_needs_no_second_moment() -> None:
    """E exp(2 z^2/5) = sqrt(5), though its square has no mean."""
    node = GaussianMean(exp(2 * X**2 / 5), X)
    assert abs(node.evalf(30) - sp.sqrt(5)) < Rational(1, 10**28)
