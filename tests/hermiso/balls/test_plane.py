import pytest
import sympy as sp
from flint import arb, ctx

from hermiso import certified
from hermiso.balls.line import Line
from hermiso.balls.plane import product_mean

X = sp.Symbol("x", real=True)


def large_product(bits: int) -> arb:
    """E f(x) f(y) = 10^23 for a steep f, with an absolute error of 2^-bits."""
    with ctx.workprec(200):
        line = Line(X**20 * sp.tanh(X), X)
        return product_mean(line, line, arb(9) / 10, bits, bits + 80)


def test_the_rest_of_the_plane_is_bounded() -> None:
    """Where E f^2 is large, the cut of the line must follow it, and the rest be added."""
    assert large_product(-20).overlaps(large_product(20))


def test_without_the_rest_the_truth_is_missed(monkeypatch: pytest.MonkeyPatch) -> None:
    truth = large_product(20)
    clipped = Line.clipped
    monkeypatch.setattr(Line, "clipped", lambda self, bits: (clipped(self, -60)[0], arb(0)))
    assert not large_product(-20).overlaps(truth)


def test_size_does_not_matter() -> None:
    silu = X / (1 + sp.exp(-X))
    rho = sp.Rational(9, 10)
    plain = certified.dual(silu, rho, digits=20)
    large = certified.dual(10**60 * silu, rho, digits=20)
    assert (large / 10**120).overlaps(plain)


def test_jumps_that_no_formula_finds_have_no_slope() -> None:
    """1 - kappa grows like sqrt(delta) for a step, however close to 1."""
    wave = sp.Piecewise((1, sp.sin(X) > 0), (0, True))
    near, far = (certified.complement(wave, sp.Rational(1, 10**k), digits=5) for k in (16, 14))
    assert abs(float(far) / float(near) / 10 - 1) < 1e-3


@pytest.mark.parametrize(
    ("e", "exact"),
    [
        (sp.Piecewise((1, sp.Eq(sp.sign(X), 1)), (0, True)), sp.Rational(1, 2)),
        (sp.Piecewise((1, sp.Eq(sp.floor(X), 0)), (0, True)), sp.erf(1 / sp.sqrt(2)) / 2),
        (sp.Piecewise((5, sp.Eq(X, 0)), (X**2, True)), sp.Integer(1)),
    ],
    ids=str,
)
def test_equalities_may_hold_on_intervals(e: sp.Expr, exact: sp.Expr) -> None:
    assert certified.moment(e, X, digits=15).contains(exact)
