"""`.evalf(n)` of closed forms, against integrals over one variable that no closed form enters."""

import mpmath
import pytest
import sympy as sp
from sympy import Rational

import hermiso
from hermiso.errors import PrecisionError
from hermiso.symbolic.special import binormal, erf_im
from hermiso.symbolic.sums import CertainSum, certain

x, rho = sp.symbols("x rho")
DIGITS = 15
NEAR = Rational(1, 10**12)


def conditioned(t: int, power: int, r: mpmath.mpf) -> mpmath.mpf:
    """E (X - t)+^p (Y - t)+^p for p = 0, 1: E[... | X] is Phi and phi; x falls fast beyond t."""
    s = mpmath.sqrt((1 - r) * (1 + r))
    scale = (1 + r) / t  # of exp(-x^2/2 - (t - r x)^2/(2 s^2)) beyond x = t,
    size = mpmath.exp(-t * t / (1 + r))  # and its size there: quad's errors are absolute

    def rest(u: mpmath.mpf) -> mpmath.mpf:
        v = (r * u - t) / s
        mean = s / scale * (v * mpmath.ncdf(v) + mpmath.npdf(v)) if power else mpmath.ncdf(v)
        return mpmath.npdf(u) * ((u - t) / scale) ** power * mean / size

    steps = [t + k * scale for k in (0, 1, 3, 6, 10, 20, 40, 80, 160)]
    return mpmath.quad(rest, steps) * size * scale ** (2 * power)


@pytest.mark.parametrize("power", [0, 1])
@pytest.mark.parametrize(
    ("t", "r"),
    [(1, Rational(-1, 2)), (12, Rational(-1, 2)), (1, NEAR - 1), (12, 1 - NEAR)],
)
def test_duals_of_kinks_far_out(t: int, power: int, r: sp.Expr) -> None:
    sigma = sp.Max(x - t, 0) if power else sp.Heaviside(x - t)
    value = hermiso.dual(sigma).subs(rho, r).evalf(DIGITS)
    mirrored = hermiso.dual(sigma.subs(x, -x)).subs(rho, r).evalf(DIGITS)
    with mpmath.workdps(60):
        expected = conditioned(t, power, mpmath.mpf(r.p) / r.q)
        for found in (value, mirrored):
            assert abs(mpmath.mpf(found._mpf_) / expected - 1) < mpmath.mpf(10) ** -DIGITS


def test_the_printed_values() -> None:
    step = hermiso.dual(sp.Heaviside(x - 8)).subs(rho, Rational(-1, 2))
    assert str(step.evalf(17)) == "1.8229947991158436e-59"
    relu = hermiso.dual(sp.Max(x - 12, 0)).subs(rho, Rational(1, 2))
    assert str(relu.evalf(16)) == "8.421788104843938e-47"


@pytest.mark.parametrize("r", [-1, 1, NEAR**2 - 1])
def test_the_complement_of_a_tail(r: sp.Expr) -> None:
    """1 - 1(x > -8) is the step of -x, though its form is 1 - 2 Phi + P."""
    upper, lower = sp.Heaviside(x - 8), 1 - sp.Heaviside(x + 8)
    values = [hermiso.dual(f).subs(rho, r).evalf(DIGITS) for f in (upper, lower)]
    assert abs(values[0] - values[1]) <= values[0] * Rational(1, 10 ** (DIGITS - 1))


@pytest.mark.parametrize("gain", [Rational(1, 10**6), 10**6])
@pytest.mark.parametrize("name", ["elu", "gelu"])
def test_gains_small_and_large(name: str, gain: sp.Expr) -> None:
    """A parameter substituted late: erfc(10^6/sqrt(2)) is there, and terms of 10^12 cancel."""
    g = sp.Symbol("g", positive=True)
    for form in (
        hermiso.beta(name, gain=g),
        hermiso.coefficient(name, 3 if name != "gelu" else 4, gain=g),
    ):
        number = form.subs(g, gain)
        assert abs(number.evalf(DIGITS) / number.evalf(60) - 1) < Rational(1, 10 ** (DIGITS - 1))


def test_a_certain_sum_is_the_sum() -> None:
    e = hermiso.dual(sp.Heaviside(x - 1) - x)
    plain = sp.Add(*e.args)
    assert isinstance(e, CertainSum)
    assert type(plain) is sp.Add
    assert (e == plain, plain == e, hash(e) == hash(plain), e != plain) == (True, True, True, False)
    assert (e + 1, 2 * e, e - plain) == (plain + 1, 2 * plain, 0)
    assert sp.diff(e, rho) == sp.diff(plain, rho)
    assert e.func(*e.args) == e.xreplace({rho: rho + 1}).subs(rho, rho - 1) == e
    assert (str(e), sp.latex(e)) == (str(plain), sp.latex(plain))
    assert e.evalf(5).free_symbols == {rho}
    assert isinstance(e.subs(rho, Rational(1, 3)), CertainSum)


def test_a_result_is_an_activation_again() -> None:
    t = sp.Symbol("t")
    smooth = hermiso.smoothing("relu", t)
    assert hermiso.moment(smooth) == hermiso.moment(sp.Add(*smooth.args))
    assert hermiso.certified.moment(smooth, digits=10).contains(1 / sp.sqrt(sp.pi))


def test_digits_that_cannot_be_had_are_refused() -> None:
    nothing = sp.Add(sp.sqrt(2 + sp.sqrt(3)), -(sp.sqrt(2) + sp.sqrt(6)) / 2, evaluate=False)
    with pytest.raises(PrecisionError, match="not to"):
        certain(sp.Add(1, sp.log(nothing, evaluate=False), evaluate=False)).evalf()


TINY = Rational(1, 10**20)


@pytest.mark.parametrize("r", [0, TINY, -TINY, NEAR, Rational(1, 2), 1 - NEAR**2, 1])
@pytest.mark.parametrize("name", ["sigmoid", "softplus", "squareplus"])
def test_kernel_maps_do_not_see_a_constant(name: str, r: sp.Expr) -> None:
    """kappa of sigma + 10^6, whose dual is 10^12 and a little, next to sigma's own at 30 digits."""
    shifted = hermiso.as_activation(name).expression + 10**6
    found = [hermiso.kernel_map(e).subs(rho, r).evalf(DIGITS) for e in (name, shifted)]
    ball = hermiso.certified.kernel_map(name, r, digits=30)
    for value in found:
        assert abs(mpmath.mpf(str(value)) - ball.mid) <= abs(ball.mid) * mpmath.mpf(10) ** -14
    if r == TINY:  # c_1^2/Var is 2 - beta, and the next term is TINY of it
        slope = 2 - hermiso.certified.beta(name, digits=30).mid
        assert abs(ball.mid / slope * 10**20 - 1) < 1e-18


def test_a_sum_of_nodes_evaluates() -> None:
    """The variance of sigma + 10^6 is that of sigma, and what is left of it is half of it."""
    z = sp.Symbol("z", real=True)
    s = sp.tanh(z) ** 2
    variance, shifted = (
        certain(hermiso.moment(f**2) - hermiso.moment(f) ** 2) for f in (s, s + 10**6)
    )
    assert abs(variance.evalf(20) / shifted.evalf(20) - 1) < Rational(1, 10**18)
    assert abs(certain(variance - shifted / 2).evalf(20) / variance.evalf(20) * 2 - 1) < 1e-18


def test_the_complement_of_a_kernel_map_near_one() -> None:
    """1 - kappa(1 - delta) is kappa'(1) delta - O(delta^2)."""
    kappa = hermiso.kernel_map("softplus")
    slope = sp.diff(kappa, rho).subs(rho, 1).evalf(DIGITS)
    found = certain(1 - kappa.subs(rho, 1 - NEAR**3)).evalf(DIGITS)
    assert abs(found / slope / NEAR**3 - 1) < Rational(1, 10 ** (DIGITS - 1))


def test_what_is_small_beside_1() -> None:
    value = erf_im(40, Rational(1, 3)).evalf(20)
    with mpmath.workdps(1500):
        expected = mpmath.erf(mpmath.mpc(40, mpmath.mpf(1) / 3)).imag
    assert abs(mpmath.mpf(value._mpf_) / expected - 1) < 1e-15
    assert binormal(-40, -41, Rational(1, 3)).evalf(20) > 0
