"""Every inequality between curves, at points of the half line."""

from __future__ import annotations

from typing import Any

import mpmath
from flint import arb, ctx
from hypothesis import given, settings
from hypothesis import strategies as st

from hermiso.balls.curves import (
    Curve,
    HalfLine,
    exp_above,
    exp_below,
    greatest,
    infimum,
    least,
    log_above,
    log_of_sum,
    peak,
    supremum,
    valley,
)

coefficients = st.one_of(st.just(0.0), st.integers(-16, 16).map(lambda k: k / 4))
curves = st.builds(
    lambda *c: Curve(*map(arb, c)), *(st.integers(-8, 8),), *(coefficients,) * 2, st.sampled_from(
        [0.0, 0.0, -0.5, -2.0, 0.25]))  # fmt: skip
starts = st.sampled_from([1, 2, 8])
everywhere = settings(max_examples=120, derandomize=True, deadline=None, database=None)
GRID = [mpmath.mpf(1) + t for t in (0, 2.0**-20, 0.1, 0.7, 1, 2.3, 6, 19, 77)]
SLACK = mpmath.mpf(2) ** -45  # curves are 53-bit balls, read off at their upper ends


def points(start: int) -> list[Any]:
    return [start * t for t in GRID]


def at(f: Curve, t: Any) -> Any:
    """The value at t, with the coefficients' midpoints."""
    a, b, c, d = (mpmath.mpmathify(str(v.mid().str(30, radius=False))) for v in f)
    return a + b * mpmath.log(t) + c * t + d * t * t


def below(small: Any, large: Any, size: Any = 0) -> bool:
    """Small <= large up to the rounding of 53-bit coefficients."""
    return bool(small <= large + SLACK * (abs(small) + abs(large) + size))


def magnitude(f: Curve, t: Any) -> Any:
    """The sum of the sizes of the four parts: what rounding is relative to."""
    return sum(abs(at(g, t)) for g in (
        Curve(f.const, *[arb(0)] * 3), Curve(arb(0), f.log, arb(0), arb(0)),
        Curve(arb(0), arb(0), f.linear, arb(0)), Curve(*[arb(0)] * 3, f.square)))  # fmt: skip


@everywhere
@given(curves, starts)
def test_extreme_values(f: Curve, start: int) -> None:
    line = HalfLine.beyond(start)
    top, bottom = supremum(f, line), infimum(f, line)
    for t in points(start):
        if top is not None:
            assert below(at(f, t), mpmath.mpf(str(top.upper())), magnitude(f, t))
        if bottom is not None:
            assert below(mpmath.mpf(str(bottom.lower())), at(f, t), magnitude(f, t))
    if (f.square < 0) or (f.square == 0 and f.linear < 0):
        assert top is not None
    if f.square > 0 or (f.square == 0 and f.linear > 0):
        assert top is None
        assert bottom is not None
