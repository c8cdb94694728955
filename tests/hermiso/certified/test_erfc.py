"""Functions of 1 + erf, whose left tail is exp(-x^2/2): with erfc and with erf, in balls."""

import mpmath
import pytest
import sympy as sp
from flint import arb, ctx
from sympy import Rational, erf, erfc

from hermiso import certified
from hermiso.balls.tails import erfc as enclosed_erfc
from tests.data.certified import X

Z = X / sp.sqrt(2)
PHI, BELL = (1 + erf(Z)) / 2, sp.exp(-(X**2) / 2)
PAIRS = {  # by erf, by erfc
    "log": (sp.log(PHI), sp.log(erfc(-Z) / 2)),
    "mirrored log": (sp.log((1 - erf(Z)) / 2), sp.log(erfc(Z) / 2)),
    "Mills": (BELL / PHI, BELL / erfc(-Z) * 2),
    "root": (PHI ** Rational(1, 3), (erfc(-Z) / 2) ** Rational(1, 3)),
    "product": (X * PHI, X * erfc(-Z) / 2),
    "x log": (X * sp.log(PHI), X * sp.log(erfc(-Z) / 2)),
}


@pytest.mark.parametrize("name", PAIRS)
@pytest.mark.parametrize("question", [certified.moment, certified.beta])
def test_both_forms_have_20_digits(name, question):
    a, b = (question(f, digits=20) for f in PAIRS[name])
    assert a.overlaps(b)
    assert min(a.digits, b.digits) >= 20


def test_the_logarithm_of_the_normal_distribution():
    """Phi(z) is uniform, and E log of it is -1."""
    assert certified.moment(PAIRS["log"][0], digits=20).contains(-1)
    assert (
        abs(certified.beta(PAIRS["log"][1], digits=20).mid - mpmath.mpf("1.184234663341467"))
        < 1e-15
    )


def test_mills_ratio_by_quadrature():
    """E phi/Phi = int phi^2/Phi, sqrt(2 pi) of it here."""
    with mpmath.workdps(30):
        f = lambda t: mpmath.exp(-t * t) / mpmath.ncdf(t) / mpmath.sqrt(2 * mpmath.pi)  # noqa: E731
        expected = mpmath.quad(f, mpmath.linspace(-14, 14, 15))
    assert abs(certified.moment(PAIRS["Mills"][0], digits=20).mid - expected) < 1e-19


@pytest.mark.parametrize("u", [-3, 5, 999, 1001, 10**6])
def test_far_erfc_has_relative_digits(u):
    with ctx.workprec(120):
        ball = enclosed_erfc(arb(u))
    man, exp = ball.mid().man_exp()
    with mpmath.workdps(60):
        value = mpmath.ldexp(mpmath.mpf(int(man)), int(exp))
        assert abs(value / mpmath.erfc(u) - 1) < mpmath.mpf(2) ** -70  # exp loses log2(u^2) bits
    assert ball.rel_accuracy_bits() > 70
