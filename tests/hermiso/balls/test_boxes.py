"""Boxes of functions with branch cuts: finite only off the cut, and around every value."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import pytest
import sympy as sp
from flint import acb, arb
from mpmath import mp

from hermiso.balls.compile import compiled

x = sp.Symbol("x", real=True)


def inverse_erf(w: Any) -> Any:
    """The branch that is real on (-1, 1), by Newton's method along a path from the real line."""
    z = mp.mpc(mp.erfinv(w.real))
    for k in range(1, 11):
        goal = mp.mpc(w.real, w.imag * k / 10)
        for _ in range(4):
            z -= (mp.erf(z) - goal) * mp.exp(z * z) * mp.sqrt(mp.pi) / 2
    return z


FUNCTIONS: dict[Any, tuple[Callable[[Any], Any], float, float]] = {  # and where, on the real line
    sp.erfinv(x): (inverse_erf, -0.95, 0.95),
    sp.LambertW(x): (mp.lambertw, -0.3, 9.0),
    sp.besselj(2, x): (lambda w: mp.besselj(2, w), -9.0, 9.0),
    sp.exp(x) - 1: (mp.expm1, -1.0, 1.0),
    sp.log(1 + x): (mp.log1p, -0.9, 1.0),
    sp.exp(x**2) * sp.erfc(x): (lambda w: mp.exp(w * w) * mp.erfc(w), -3.0, 6.0),
}


@pytest.mark.parametrize("e", FUNCTIONS, ids=str)
def test_boxes_hold_all_values(e: sp.Expr) -> None:
    f, low, high = FUNCTIONS[e]
    box, draw, finite = compiled(e, x).box, random.Random(1), 0
    for _ in range(30):
        centre, height = draw.uniform(low, high), draw.uniform(-0.2, 0.2)
        radius = 10 ** draw.uniform(-6, -1)
        value = box(acb(arb(centre, radius), arb(height, radius)))
        finite += value.is_finite()
        for _ in range(2):
            u, v = (draw.uniform(-1, 1) * radius for _ in range(2))
            found = f(mp.mpc(centre + u, height + v))
            assert value.overlaps(acb(arb(found.real, 1e-12), arb(found.imag, 1e-12)))
    assert finite > 12


@pytest.mark.parametrize(
    ("e", "at"),
    [
        (sp.erfinv(x), 1.0), (sp.erfinv(x), -2.0), (sp.erfinv(x), 1 + 0.5j),
        (sp.LambertW(x), -1.0), (sp.LambertW(x), -0.36),
        (sp.log(1 + x), -1.5), (sp.log(1 + x), -1.0),
    ],
)  # fmt: skip
def test_a_box_at_a_cut_is_not_finite(e: sp.Expr, at: complex) -> None:
    z = acb(arb(complex(at).real, 0.05), arb(complex(at).imag, 0.05))
    assert not compiled(e, x).box(z).is_finite()


def test_real_values_are_those_of_the_real_function() -> None:
    for e in FUNCTIONS:
        for t in (arb(1) / 3, arb(-1) / 4, arb("0.7")):
            f = compiled(e, x)
            assert f.box(acb(t)).real.overlaps(f.real(t))
            assert f.box(acb(t)).imag.contains(0)
