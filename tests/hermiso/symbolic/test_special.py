import mpmath
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


def test_the_density_is_plackett() -> None:
    assert sp.diff(binormal(h, k, rho), rho) == binormal_density(h, k, rho)


def test_printing() -> None:
    assert sp.latex(binormal(h, k, rho)) == r"\Phi_2\left(h, k; \rho\right)"
    assert "Re" in sp.latex(erf_re(u, v))
    assert "Im" in sp.latex(erf_im(u, v))
