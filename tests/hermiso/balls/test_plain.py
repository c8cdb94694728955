"""Rewritten formulas have the values of the given ones, and show their zeros and bends."""

from itertools import pairwise

import pytest
import sympy as sp
from flint import acb, arb, ctx

from hermiso.balls.compile import compiled
from hermiso.balls.cuts import around, cut, mended
from hermiso.balls.heads import OnePlusErf, Quotient, restored
from hermiso.balls.isolate import NotIsolated, resolved
from hermiso.balls.meter import Meter
from hermiso.balls.panels import Segment
from hermiso.balls.plain import plain
from hermiso.balls.zeros import order, zeros
from hermiso.errors import PrecisionError
from hermiso.pieces import Piece

x = sp.Symbol("x", real=True)
third = sp.Rational(1, 3)
POINTS = [sp.Rational(p, 97) for p in (-411, -71, 3, 107)]

FORMULAS = [
    sp.coth(x), sp.csch(x), sp.sech(x), sp.cot(x), sp.sec(x), sp.csc(x),
    sp.acot(x), sp.acsch(x), sp.asech(1 / sp.cosh(x)), sp.acoth(2 + x**2),
    sp.asec(sp.cosh(x)), sp.acsc(sp.cosh(x)),
    sp.frac(x), sp.Mod(x, third), sp.floor(5 * sp.tanh(x)), sp.ceiling(third - 3 * sp.erf(x)),
    sp.floor(2 * sp.atan(x - 1)), sp.frac(-sp.Rational(7, 2) * sp.tanh(x) + third),
    sp.sqrt(1 - sp.cos(x)), sp.sqrt(2 + 2 * sp.cos(3 * x)), sp.sqrt(sp.cosh(x) - 1),
    sp.sqrt(1 - sp.sin(x)), sp.sqrt(1 + sp.sin(x)), sp.sqrt(1 - sp.tanh(x) ** 2),
    sp.sqrt(5 * sp.cosh(x) ** 2 - 5), sp.sqrt(1 + sp.sinh(x) ** 2), sp.sqrt(1 + sp.cosh(x)),
    sp.sqrt(1 - sp.cos(x) ** 2), sp.log(1 - sp.sin(x) ** 2),
    sp.asin(sp.sin(x)), sp.acos(sp.cos(x)), sp.asin(sp.cos(x)), sp.acos(sp.sin(x)),
    sp.asin(sp.tanh(x)), sp.acos(1 / sp.cosh(x)), sp.asin(2 * x / (1 + x**2)),
    sp.asin(sp.erf(x) ** 2), sp.acosh(1 + x**2), sp.acosh(sp.cosh(x)), sp.atan(sp.tan(x)),
    sp.log(3 + 3 * sp.tanh(x)), sp.log(1 - sp.erf(x)), sp.sqrt(1 - sp.erf(x) ** 2),
    sp.sqrt(x**2 - 2 * x + 1), (1 - sp.tanh(x)) ** third,
]  # fmt: skip


@pytest.mark.parametrize("e", FORMULAS, ids=str)
def test_values_stay(e: sp.Expr) -> None:
    new = restored(plain(e, x))
    for point in POINTS:
        difference = (e - new).subs(x, point).evalf(40, maxn=500)
        assert abs(difference) < sp.Rational(1, 10**30), point


def test_differences_that_cancel_become_squares() -> None:
    assert plain(sp.sqrt(1 - sp.cos(x)), x) == sp.sqrt(2) * sp.Abs(sp.sin(x / 2))
    assert plain(sp.sqrt(1 - sp.tanh(x) ** 2), x) == 1 / sp.cosh(x)
    assert plain(sp.log(2 - 2 * sp.erf(x)), x) == sp.log(2 * OnePlusErf(-x))


# --- zeros ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("u", "found"),
    [
        (x**2 * (x - 1), {0, 1}),
        (sp.sinh(x**2 - 2), {-sp.sqrt(2), sp.sqrt(2)}),
        (sp.exp(x**2) - 1, {0}),
        (sp.exp(x) - 1 - x, {0}),
        (sp.sin(sp.tanh(x)), {0}),
        (1 + x**2, set()),
        (sp.exp(x), set()),
    ],
    ids=lambda v: str(v) if isinstance(v, sp.Expr) else "",
)
def test_zeros_of_any_order(u: sp.Expr, found: set[sp.Expr]) -> None:
    assert zeros(u, x) == found


def test_orders() -> None:
    assert order(sp.exp(x) - 1 - x, x, sp.S.Zero, 4) == 2
    assert order(sp.cos(x), x, sp.S.Zero, 4) == 0
    assert order((x**2 - 2) ** 3, x, sp.sqrt(2), 4) == 3
    assert order(x**7, x, sp.S.Zero, 4) == 5
    assert order(sp.log(x**2), x, sp.S.Zero, 4) is None


def test_pieces_end_at_branch_points() -> None:
    pieces = cut(Piece(-sp.oo, sp.oo, sp.log(x**2 * (x - 2) ** 2)), x)
    assert [p.upper for p in pieces] == [0, 2, sp.oo]


def test_a_root_is_no_difference_of_constants() -> None:
    w = sp.Symbol("w", positive=True)
    for p in (x**2 - 2, x**3 - 3 * x + 1):
        for t in sp.real_roots(p):
            near = around(sp.log(p), x, t, w).args[0]
            assert near.subs(w, 0) == 0
            assert abs((near - p.subs(x, t + w)).subs(w, third).evalf(30)) < 1e-25


# --- quotients ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "q",
    [
        sp.sin(x) / x, (1 - sp.cos(x)) / x**2, (sp.exp(x) - sp.E) / (x - 1) * sp.cos(x),
        sp.tanh(x) / sp.sin(sp.tanh(x)), 1 / sp.tanh(x) - 1 / x,
    ],
    ids=str,
)  # fmt: skip
def test_a_box_around_a_removable_singularity(q: sp.Expr) -> None:
    e = mended(q, x)
    assert e.has(Quotient)
    assert restored(e).equals(q)
    (t, _), *_ = next(iter(e.atoms(Quotient))).filled
    with ctx.workprec(64):
        box = acb(arb(int(t), 0.1), arb(0, 0.1))
        value = compiled(e, x).box(box)
        assert value.is_finite()
        assert value.rad() < 2
        for offset in (0.09, -0.05, 0.001j, 0.07 + 0.03j):
            exact = complex(q.subs(x, int(t) + sp.sympify(offset)).evalf(30))
            assert value.overlaps(acb(exact.real, exact.imag) + acb(arb(0, 1e-12), arb(0, 1e-12)))


@pytest.mark.parametrize("q", [1 / x, sp.cos(x) / x, sp.sin(x) / x**2, 1 / sp.tanh(x) + 1 / x])
def test_poles_stay(q: sp.Expr) -> None:
    assert mended(q, x) == q


def test_a_quotient_of_a_bent_function_stays() -> None:
    q = sp.Abs(x) / x
    assert mended(q, x) == q


# --- steps ----------------------------------------------------------------------------------


@pytest.mark.parametrize("u", [x**2, 3 * sp.sin(x), 2 * x - third], ids=str)
@pytest.mark.parametrize("step", [sp.floor, sp.ceiling])
def test_steps_are_found(u: sp.Expr, step: sp.Function) -> None:
    with ctx.workprec(100):
        parts = resolved(step(u), x, arb(-3), arb(3))
        assert all(a.upper.overlaps(b.lower) for a, b in pairwise(parts))
        long = [p for p in parts if p.upper - p.lower > 1e-6]
        assert sum((p.upper - p.lower for p in long), arb(0)).overlaps(arb(6, 1e-20))
        inside = [p.lower + (p.upper - p.lower) / 3 for p in long]
    for p, t in zip(long, inside, strict=True):
        assert p.expression == step(u).subs(x, sp.Float(t.str(25, radius=False), 25))


def test_too_many_steps() -> None:
    with ctx.workprec(100), pytest.raises(NotIsolated):
        resolved(sp.floor(10**6 * x), x, arb(-3), arb(3))


# --- what work may cost ---------------------------------------------------------------------


def test_boxes_run_out_and_the_rough_part_is_named() -> None:
    e = sp.exp(x) * sp.log(sp.sin(x) + 2) + sp.Abs(sp.sin(x))
    with ctx.workprec(64):
        f = compiled(e, x)
        meter = Meter(e, x)
        box = meter.watched(Segment(arb(0), arb(1), f, f)).coarse.box
        assert meter.complaint() == ""
        assert not box(acb(arb(0, 0.1), arb(0, 0.1))).is_finite()
        assert "Abs(sin(x))" in meter.complaint()
        meter.left = 0
        with pytest.raises(PrecisionError, match=r"too rough near x = 0\.5"):
            box(acb(0.5))


def test_one_plus_erf_has_its_digits() -> None:
    value = OnePlusErf(sp.Integer(-9)).evalf(20)
    assert abs(value / sp.erfc(9).evalf(30) - 1) < 1e-19
    assert OnePlusErf(x).evalf(20) == OnePlusErf(x)
