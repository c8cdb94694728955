"""Functions made to mislead a quadrature, with formulas of their moments evaluated by mpmath.

Those without a formula stand in tests/data. Here the value may be far smaller than the function,
and the function may live where no sample falls.
"""

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import mpmath
import pytest
import sympy as sp
from mpmath import mp, mpf

from hermiso import certified
from hermiso.errors import ActivationError, PrecisionError
from tests.data.certified import (
    Reference,
    X,
    assert_encloses,
    assert_overlap,
    check_value,
    data,
    ends,
    exact,
    parsed,
)

THIRD = sp.Rational(1, 3)
DPS = 400


def tail(t: Any) -> Any:
    """P(z > t)."""
    return mp.erfc(t / mp.sqrt(2)) / 2


def ramp(t: Any) -> Any:
    """E max(z - t, 0)."""
    return mp.npdf(t) - t * tail(t)


def bell(a: Any, m: Any) -> Any:
    """E exp(-a (z - m)^2)."""
    return mp.exp(-a * m**2 / (1 + 2 * a)) / mp.sqrt(1 + 2 * a)


def power_mean(s: Any) -> Any:
    """E |z|^s."""
    return mp.mpf(2) ** (mpf(s) / 2) * mp.gamma((mpf(s) + 1) / 2) / mp.sqrt(mp.pi)


def log_cumulants() -> tuple[Any, Any, Any]:
    """Cumulants of log|z|, from log E|z|^s = s log(2)/2 + loggamma((s + 1)/2) - log(pi)/2."""
    half = mpf(1) / 2
    return (
        (mp.psi(0, half) + mp.log(2)) / 2,
        mp.psi(1, half) / 4,
        mp.psi(2, half) / 8,
    )


def log_cubed() -> Any:
    a, b, c = log_cumulants()
    return c + 3 * a * b + a**3


def spike(centre: Any, width: Any) -> Any:
    """E max(0, 1 - |z - centre|/width), a second difference."""
    c, w = centre, width
    return (ramp(c - w) - 2 * ramp(c) + ramp(c + w)) / w


def tiny(n: int) -> sp.Rational:
    return sp.Rational(1, 10**n)


@dataclass(frozen=True)
class Adversary:
    """A function, which moment of it, and a formula for that."""

    expression: sp.Expr
    truth: Callable[[], Any]
    degree: int = 0


ADVERSARIES = {
    "a bump of width 1e-8": Adversary(
        sp.exp(-(10**16) * (X - THIRD) ** 2),
        lambda: bell(mpf(10) ** 16, mpf(1) / 3),
    ),
    "a bump far out": Adversary(
        sp.exp(-1000 * (X - 12) ** 2), lambda: bell(mpf(1000), mpf(12))
    ),
    "x^400": Adversary(X**400, lambda: mp.fac2(399)),
    "fast cosine": Adversary(sp.cos(40 * X), lambda: mp.exp(-800)),
    "fast sine, c_1": Adversary(sp.sin(40 * X), lambda: 40 * mp.exp(-800), 1),
    "exponential of 20 x": Adversary(sp.exp(20 * X), lambda: mp.exp(200)),
    "a step at 30": Adversary(sp.Heaviside(X - 30), lambda: tail(mpf(30))),
    "a ramp from 40": Adversary(sp.Max(X - 40, 0), lambda: ramp(mpf(40))),
    "a ramp down to -25, c_1": Adversary(
        sp.Min(X + 25, 0), lambda: tail(mpf(25)), 1
    ),
    "a window of width 1e-80": Adversary(
        sp.Piecewise((10**40, (X > THIRD) & (THIRD + tiny(80) > X)), (0, True)),
        lambda: mpf(10) ** 40 * (tail(mpf(1) / 3) - tail(mpf(1) / 3 + mpf(10) ** -80)),
    ),
    "the square of a window of width 1e-80": Adversary(
        sp.Piecewise((10**80, (X > THIRD) & (THIRD + tiny(80) > X)), (0, True)),
        lambda: mpf(10) ** 80 * (tail(mpf(1) / 3) - tail(mpf(1) / 3 + mpf(10) ** -80)),
    ),
    "a spike of width 1e-6": Adversary(
        sp.Max(0, 1 - 10**6 * sp.Abs(X - 2)), lambda: spike(mpf(2), mpf(10) ** -6)
    ),
    "a spike of width 1e-30": Adversary(
        sp.Max(0, 1 - 10**30 * sp.Abs(X - 2)), lambda: spike(mpf(2), mpf(10) ** -30)
    ),
    "kinks at sqrt(2) and 1e-50 beside it": Adversary(
        sp.Max(X - sp.sqrt(2), 0) - sp.Max(X - sp.sqrt(2) - tiny(50), 0),
        lambda: ramp(mp.sqrt(2)) - ramp(mp.sqrt(2) + mpf(10) ** -50),
    ),
    "sin(x)/x": Adversary(
        sp.sin(X) / X, lambda: mp.sqrt(mp.pi / 2) * mp.erf(1 / mp.sqrt(2))
    ),
    "(exp(x) - 1)/x": Adversary(
        (sp.exp(X) - 1) / X, lambda: mp.sqrt(mp.pi / 2) * mp.erfi(1 / mp.sqrt(2))
    ),
    "x log|x|, c_1": Adversary(
        X * sp.log(sp.Abs(X)), lambda: (mp.psi(0, mpf(3) / 2) + mp.log(2)) / 2, 1
    ),
    "log^3": Adversary(sp.log(sp.Abs(X)) ** 3, log_cubed),
    "nearly no mean": Adversary(
        sp.Abs(X) ** sp.Rational(-49, 100), lambda: power_mean(mpf(-49) / 100)
    ),
    "a difference quotient": Adversary(
        10**8 * (sp.exp(X / 10**8) - 1), lambda: mpf(10) ** 8 * mp.expm1(mpf(10) ** -16 / 2)
    ),
    "0 in disguise": Adversary(sp.tanh(X) ** 2 + 1 / sp.cosh(X) ** 2 - 1, lambda: mpf(0)),
    "a bend of 1e-20": Adversary(
        X + sp.Abs(X) / 10**20, lambda: mp.sqrt(2 / mp.pi) / mpf(10) ** 20
    ),
}  # fmt: skip


def reference(adversary: Adversary) -> Reference:
    """Evaluate the formula at two precisions; what they differ by is its error."""
    with mp.workdps(DPS):
        coarse = adversary.truth()
    with mp.workdps(2 * DPS):
        fine = +adversary.truth()
    value = exact(fine)
    error = 100 * abs(exact(coarse) - value) + abs(value) / 10**70
    assert error <= abs(value) / 10**62 or value == 0, "the formula cancels"
    return Reference(value, error)


@pytest.mark.parametrize("digits", [15, 60])
@pytest.mark.parametrize("name", ADVERSARIES)
def test_formulas(name: str, digits: int) -> None:
    adversary = ADVERSARIES[name]
    if adversary.degree:
        ball = certified.coefficient(adversary.expression, adversary.degree, X, digits=digits)
    else:
        ball = certified.moment(adversary.expression, X, digits=digits)
    assert_encloses(ball, reference(adversary), digits, name)


# --- beta - 1 -------------------------------------------------------------------------------


@pytest.mark.parametrize("shift", [10**10, 10**30])
def test_a_large_constant_does_not_drown_beta(shift: int) -> None:
    truth = parsed(data()["values"]["tanh"]["beta minus one"])
    ball = certified.beta_minus_one(sp.tanh(X) + shift, X, digits=30)
    assert_encloses(ball, truth, 30, f"tanh + {shift}")


@pytest.mark.parametrize("slope", [10**10, -(10**20)])
def test_a_large_line_leaves_the_residual(slope: int) -> None:
    """beta - 1 of tanh(x) + s x is R/(R + (c_1 + s)^2), with R the residual of tanh."""
    entry = data()["values"]["tanh"]
    gap, c1 = parsed(entry["beta minus one"]), parsed(entry["coefficient 1"])
    residual = gap.value / (1 - gap.value) * c1.value**2
    value = residual / (residual + (c1.value + slope) ** 2)
    ball = certified.beta_minus_one(sp.tanh(X) + slope * X, X, digits=30)
    assert_encloses(ball, Reference(value, value / 10**55), 30, f"tanh + {slope} x")


@pytest.mark.parametrize("gain", [10**6, 10**9])
def test_a_steep_tanh_is_nearly_a_sign(gain: int) -> None:
    """E tanh^2 = 1 - E sech(gz)^2 and c_1 = g E sech(gz)^2: both from one mean of width 1/g.

    E sech(g z)^2 = phi(0) int sech(t)^2 (1 - t^2/(2 g^2) + ...) dt / g
    = phi(0) (2 - pi^2/(12 g^2) + O(g^-4)) / g, int t^2 sech(t)^2 dt = pi^2/6.
    """
    with mp.workdps(60):
        g = mpf(gain)
        mean = mp.npdf(0) * (2 - mp.pi**2 / (12 * g**2)) / g
        value = exact(1 - (g * mean) ** 2 / (1 - mean))
    ball = certified.beta_minus_one(sp.tanh(X), X, gain=gain, digits=30)
    lower, upper = ends(ball)
    assert abs((lower + upper) / 2 - value) <= Fraction(10, gain**4)
    assert (upper - lower) / 2 <= value / 10**30


def test_a_line_has_strength_1_exactly() -> None:
    ball = certified.beta_minus_one(3 * X - 2, X, digits=30)
    assert_encloses(ball, Reference(Fraction(0), Fraction(0)), 30, "a line")


def test_a_constant_in_disguise_has_no_strength() -> None:
    with pytest.raises(ActivationError, match="constant"):
        certified.beta(sp.tanh(X) ** 2 + 1 / sp.cosh(X) ** 2, X)


# --- structure ------------------------------------------------------------------------------


def test_parts_add_up() -> None:
    """E f over the line is the sum over two half lines with an irrational border."""
    f = sp.exp(sp.sin(X)) * sp.atan(X)
    left = sp.Piecewise((f, sp.pi / 7 > X), (0, True))
    right = sp.Piecewise((0, sp.pi / 7 > X), (f, True))
    whole, first, second = (certified.moment(e, X, digits=40) for e in (f, left, right))
    assert_overlap(whole, first + second, "halves")
    assert exact((first + second).rad) <= 10 * Fraction(1, 10**40)


def test_a_function_written_twice_has_one_value() -> None:
    for first, second in [
        (sp.sqrt(X**2), sp.Abs(X)),
        (sp.log(sp.cosh(X)), X + sp.log(1 + sp.exp(-2 * X)) - sp.log(2)),
        (sp.Max(X, 0), (X + sp.Abs(X)) / 2),
        (sp.tanh(X), 1 - 2 / (1 + sp.exp(2 * X))),
        (sp.Abs(X) ** THIRD, (X**2) ** sp.Rational(1, 6)),
        (sp.sign(X) * sp.asinh(X), sp.asinh(sp.Abs(X))),
        (sp.atan(1 / X) * sp.sign(X), sp.pi / 2 - sp.atan(sp.Abs(X))),
        (sp.Max(sp.sin(X), sp.cos(X)), (sp.sin(X) + sp.cos(X) + sp.Abs(sp.sin(X) - sp.cos(X))) / 2),
    ]:
        a, b = (certified.moment(e * sp.exp(X / 3), X, digits=30) for e in (first, second))
        assert_overlap(a, b, f"{first} and {second}")
        assert exact(a.rad) <= Fraction(1, 10**29), first


def test_parseval_bounds_the_second_moment() -> None:
    """E f^2 >= sum of c_k^2: enclosures of many quantities of one function fit together."""
    f = sp.Max(sp.tanh(X), X / 3)
    squares = [c * c for c in certified.coefficients(f, 40, X, digits=30)]
    partial = sum(squares[1:], squares[0])
    second = certified.moment(f**2, X, digits=30)
    rest = second - partial
    assert (rest > 0) is True
    assert (rest < sp.Rational(1, 1000)) is True


def test_the_process_keeps_its_precision() -> None:
    from flint import ctx

    before, working = ctx.prec, mpmath.mp.prec
    check_value("silu", "beta minus one")
    assert (ctx.prec, mpmath.mp.prec) == (before, working)


@pytest.mark.parametrize("width", [100, 1000, 3000])
def test_the_strength_of_a_clip_at_a_tiny_gain(width: int) -> None:
    """Kinks at +-T, T = 1/gain: E (sigma - c_1 z)^2/gain^2 = q + T^2 q - 2 T phi(T) - q^2."""
    ball = certified.beta_minus_one("hardtanh", gain=sp.Rational(1, width), digits=30)
    with mpmath.workdps(80):
        t = mpf(width)
        q, bell = mpmath.erfc(t / mpmath.sqrt(2)), mpmath.npdf(t)
        rest = q + t**2 * q - 2 * t * bell - q**2
        expected = rest / (rest + (1 - q) ** 2)
        assert abs(ball.mid / expected - 1) < mpmath.mpf(10) ** -29
    assert ball.digits >= 30
    assert certified.beta("hardtanh", gain=sp.Rational(1, width), digits=10) > 1


def test_a_strength_too_small_for_a_ball() -> None:
    with pytest.raises(PrecisionError, match=r"too small for a ball; ask for beta"):
        certified.beta_minus_one("hardtanh", gain=1e-6)
    assert certified.beta("hardtanh", gain=1e-6).overlaps(certified.Ball(1))


def test_a_moment_far_below_its_integrand() -> None:
    """E[cos(60 z) tanh(z)^2] is 1e-39: 5 digits of it are 5 digits, not a ball around 0."""
    few, many = (certified.moment(sp.cos(60 * X) * sp.tanh(X) ** 2, X, digits=d) for d in (5, 40))
    assert few.digits >= 5
    assert_overlap(few, many, "E[cos(60 z) tanh(z)^2]")
    with mpmath.workdps(60):
        expected = mpmath.quad(
            lambda t: mpmath.cos(60 * t) * mpmath.tanh(t) ** 2 * mpmath.npdf(t),
            mpmath.linspace(-20, 20, 161),
        )
        assert abs(many.mid / expected - 1) < mpmath.mpf(10) ** -15


def test_coefficients_have_the_digits_asked_for() -> None:
    """Those that vanish by symmetry do not raise the precision of the others."""
    for name in ("tanh", "silu", "gelu_tanh", "softplus"):
        found = certified.coefficients(name, 12, digits=30)
        assert all(30 <= c.digits < 50 or c.is_exact or c.contains(0.5) for c in found)
        assert sum(c.is_exact and c == 0 for c in found) >= 5
