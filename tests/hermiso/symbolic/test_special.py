import mpmath
import numpy as np
import pytest
import sympy as sp
from sympy import Rational, asin, erf, erfi, oo, pi

from hermiso.symbolic.special import Phi, binormal, binormal_density, erf_im, erf_re

u, v, h, k, rho = sp.symbols("u v h k rho", real=True)


def value(e: sp.Expr) -> float:
    return float(e.evalf(20))


def test_reductions() -> None:
    assert erf_re(u, 0) == erf(u)
    assert erf_im(0, v) == erfi(v)
    assert erf_re(0, v) == erf_im(u, 0) == 0
    assert erf_re(-u, v) == -erf_re(u, v)
    assert erf_im(u, -v) == -erf_im(u, v)
    assert binormal(0, 0, rho) == Rational(1, 4) + asin(rho) / (2 * pi)
    assert binormal(h, oo, rho) == Phi(h)
    assert binormal(-oo, k, rho) == 0
    assert binormal(h, k, 0) == Phi(h) * Phi(k)
    assert binormal(h, k, rho) == binormal(k, h, rho)


@pytest.mark.parametrize(("x", "y"), [(0.3, 0.7), (1.5, -0.2), (-0.4, 2)])
def test_complex_erf(x: float, y: float) -> None:
    exact = mpmath.erf(mpmath.mpc(x, y))
    assert value(erf_re(sp.Rational(str(x)), sp.Rational(str(y)))) == pytest.approx(
        float(exact.real)
    )
    assert value(erf_im(sp.Rational(str(x)), sp.Rational(str(y)))) == pytest.approx(
        float(exact.imag)
    )


@pytest.mark.parametrize(
    ("a", "b", "r"), [(0.3, -0.7, 0.5), (1, 1, -0.9), (-2, 0.5, 0.99), (0.5, 0.5, 0.999)]
)
def test_binormal_is_the_double_integral(a: float, b: float, r: float) -> None:
    # P(X <= a, Y <= b) = int_{-oo}^a phi(x) Phi((b - r x)/sqrt(1 - r^2)) dx
    side = mpmath.sqrt(1 - mpmath.mpf(r) ** 2)
    exact = mpmath.quad(
        lambda x: mpmath.npdf(x) * mpmath.ncdf((b - r * x) / side), mpmath.linspace(-9, a, 60)
    )
    ours = binormal(*(sp.Rational(str(c)) for c in (a, b, r)))
    assert value(ours) == pytest.approx(float(exact), abs=1e-12)


@pytest.mark.parametrize("function", [erf_re(u, v), erf_im(u, v), binormal(h, k, rho)], ids=str)
def test_derivatives_are_the_slopes(function: sp.Expr) -> None:
    at = dict(
        zip((u, v, h, k, rho), map(sp.Rational, ("0.4", "0.3", "0.2", "-0.6", "0.5")), strict=True)
    )
    step = Rational(1, 10**6)
    for s in function.free_symbols:
        slope = (
            function.subs({**at, s: at[s] + step}) - function.subs({**at, s: at[s] - step})
        ).evalf(30)
        assert float(slope / (2 * step)) == pytest.approx(
            value(sp.diff(function, s).subs(at)), rel=1e-9
        )


EDGES = [-6.0, -1.0, -1e-9, -0.0, 0.0, 1e-300, 0.3, 1.0, 1 + 1e-9, 2.5]
CORRELATIONS = [-1.0, -1 + 1e-7, -0.95, -0.5, -1e-9, 0.0, 0.3, 0.8, 0.99, 1 - 1e-7, 1.0]


def probability(h: float, k: float, rho: float) -> mpmath.mpf:
    """P(X <= h, Y <= k), in balls where the distribution is not degenerate."""
    a, b, r = map(mpmath.mpf, (h, k, rho))
    if r == 1:
        return mpmath.ncdf(min(a, b))
    if r == -1:
        return max(mpmath.mpf(0), mpmath.ncdf(a) - mpmath.ncdf(-b))
    return binormal.numerical(a, b, r)


@pytest.mark.parametrize("r", CORRELATIONS)
def test_binormal_on_arrays(r: float) -> None:
    a, b = np.meshgrid(EDGES, EDGES)
    with mpmath.workdps(25):
        exact = [float(probability(s, t, r)) for s, t in zip(a.flat, b.flat, strict=True)]
    for modules in ("numpy", "scipy"):
        compiled = sp.lambdify((h, k, rho), binormal(h, k, rho), modules)
        # few roundings of numbers below 1, each at most 2^-53
        assert np.abs(compiled(a, b, r).ravel() - exact).max() < 1e-15
        assert np.isnan(compiled(np.nan, 0.5, r))


def test_binormal_of_infinite_and_broadcast_arguments() -> None:
    compiled = sp.lambdify((h, k, rho), binormal(h, k, rho), "numpy")
    assert compiled(np.inf, np.array([[0.0], [-np.inf]]), np.array([0.5, -1])).tolist() == [
        [0.5, 0.5],
        [0, 0],
    ]
    assert np.isnan(compiled(0.1, 0.2, 1.5))


@pytest.mark.parametrize("modules", ["numpy", "scipy"])
def test_complex_erf_on_arrays(modules: str) -> None:
    compiled = sp.lambdify((u, v), erf_re(u, v) + sp.I * erf_im(u, v), modules)
    a, b = np.meshgrid([-7, -1.5, -1e-3, 0, 0.4, 3], [-5, -0.7, 0, 1e-8, 2.0, 9])
    exact = np.array(
        [complex(mpmath.erf(mpmath.mpc(*z))) for z in zip(a.flat, b.flat, strict=True)]
    )
    error = np.abs(compiled(a, b).ravel() - exact)
    assert (error <= 1e-14 * np.abs(exact)).all()


def test_lambdify_for_mpmath_keeps_the_working_precision() -> None:
    constant = erf_re(1, 2) + erf_im(Rational(1, 3), 2) + binormal(1, 2, Rational(1, 3))
    compiled = sp.lambdify((u, h), constant + erf_re(u, 1) + binormal(h, 1, u), "mpmath")
    with mpmath.workdps(40):
        value = compiled(mpmath.mpf("0.5"), 2)
    expected = (constant + erf_re(Rational(1, 2), 1) + binormal(2, 1, Rational(1, 2))).evalf(40)
    assert abs(sp.Float(value, 40) - expected) < 1e-37


def test_compiled_functions_leave_evaluation_alone() -> None:
    for node in (erf_re(u, 1), erf_im(u, 1), binormal(u, 1, Rational(1, 2))):
        assert node.evalf() == node
        assert node.subs(u, sp.I).evalf().has(type(node))
        assert abs(node.subs(u, 2).evalf(50) - node.subs(u, 2).evalf(70)) < 1e-49


def test_the_density_is_plackett() -> None:
    assert sp.diff(binormal(h, k, rho), rho) == binormal_density(h, k, rho)


def test_printing() -> None:
    assert sp.latex(binormal(h, k, rho)) == r"\Phi_2\left(h, k; \rho\right)"
    assert "Re" in sp.latex(erf_re(u, v))
    assert "Im" in sp.latex(erf_im(u, v))
