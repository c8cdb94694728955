"""Every inequality between curves, at points of the half line, in balls of 128 bits."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
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
    parts,
    peak,
    supremum,
    valley,
)

quarters = st.integers(-16, 16).map(lambda k: k / 4)
curves = st.builds(
    lambda *c: Curve(*map(arb, c)),
    quarters,
    quarters,
    st.one_of(st.just(0.0), quarters),
    st.sampled_from([0.0, 0.0, -0.5, -2.0, 0.25]),
)
starts = st.sampled_from([1, 2, 8])
everywhere = settings(max_examples=150, derandomize=True, deadline=None, database=None)


@pytest.fixture(autouse=True, scope="module")
def _sharp() -> Iterator[None]:
    with ctx.workprec(128):
        yield


def points(start: int) -> list[arb]:
    return [start + arb(t) for t in (0, 2.0**-20, 0.1, 0.7, 1, 2.25, 6, 19, 77)]


def at(f: Curve, t: arb) -> arb:
    return f.const + f.log * t.log() + f.linear * t + f.square * t * t


def below(small: arb, large: arb) -> bool:
    """No certain violation; at points where both sides are equal nothing more can be seen."""
    assert small.is_finite()
    assert large.is_finite()
    assert (large - small).rad() < 2.0**-80 * (1 + abs(small) + abs(large))
    return not small > large


def test_a_violation_is_seen() -> None:
    f = Curve(arb(1) / 3, arb(0), arb(0), arb(0))
    assert below(at(f, arb(2)), at(f, arb(2)))
    assert not below(at(f.raised(arb(2) ** -70), arb(2)), at(f, arb(2)))


@everywhere
@given(curves, starts)
def test_extreme_values(f: Curve, start: int) -> None:
    line = HalfLine.beyond(start)
    top, bottom = supremum(f, line), infimum(f, line)
    falls = f.square < 0 or (f.square == 0 and f.linear < 0)
    rises = f.square > 0 or (f.square == 0 and f.linear > 0)
    flat = not falls and not rises
    assert (top is not None) == bool(falls or (flat and f.log <= 0))
    assert (bottom is not None) == bool(rises or (flat and f.log >= 0))
    for t in points(start):
        assert top is None or below(at(f, t), top)
        assert bottom is None or below(bottom, at(f, t))


@everywhere
@given(curves, starts)
def test_exponentials(f: Curve, start: int) -> None:
    line = HalfLine.beyond(start)
    above, under = exp_above(f, line), exp_below(f, line)
    for t in points(start):
        assert above is None or below(at(f, t).exp(), at(above, t))
        assert below(at(under, t), at(f, t).exp())


@everywhere
@given(curves, starts)
def test_logarithms(f: Curve, start: int) -> None:
    line = HalfLine.beyond(start)
    above = log_above(f, line)
    for t in points(start):
        if at(f, t) > 0:
            assert below(at(f, t).log(), at(above, t))
        for p in parts(f, line):
            assert p.lower is None or below(at(p.lower, t), at(p.upper, t))


@everywhere
@given(st.lists(curves, min_size=1, max_size=4), starts)
def test_several_curves(fs: list[Curve], start: int) -> None:
    line = HalfLine.beyond(start)
    top, bottom, total = peak(fs, line), valley(fs, line), log_of_sum(fs, line)
    for t in points(start):
        for f in fs:
            assert below(at(f, t), at(top, t))
            assert below(at(bottom, t), at(f, t))
        assert below(sum((at(f, t).exp() for f in fs), arb(0)).log(), at(total, t))


@everywhere
@given(st.lists(curves, min_size=1, max_size=4))
def test_the_best_of_several_is_one_of_them(fs: list[Curve]) -> None:
    far = arb(2) ** 60
    low, high = least(None, *fs), greatest(*fs, None)
    assert any(low is f for f in fs)
    assert any(high is f for f in fs)
    for f in fs:
        assert low is not None
        assert high is not None
        assert below(at(low, far), at(f, far))
        assert below(at(f, far), at(high, far))
    assert least(None) is None
    assert greatest() is None


def test_powers_one_and_two_stay_exact() -> None:
    line = HalfLine.beyond(2)
    for p in (0, 1, 2):
        f = Curve(arb(0), arb(p), arb(0), arb(0))
        wanted = Curve(arb(p == 0), arb(0), arb(p == 1), arb(p == 2))
        assert exp_above(f, line) == wanted == exp_below(f, line)


def test_a_parabola_peaks_where_it_peaks() -> None:
    """The largest value of 6e4 x - 1e4 x^2 + l log x, seen from x >= 1, is next to x = 3."""
    line = HalfLine.beyond(1)
    for power in (0, 2, 50):
        f = Curve(arb(-90_000), arb(power), arb(60_000), arb(-10_000))
        top = supremum(f, line)
        assert top is not None
        best = max((at(f, 3 + arb(k) / 10_000) for k in range(-50, 51)), key=float)
        assert below(best, top)
        assert top < best + 1e-3


def test_curves_that_are_small_everywhere_add_a_constant() -> None:
    line = HalfLine.beyond(2)
    bump = Curve(arb(-90_000), arb(0), arb(60_000), arb(-10_000))
    flat = Curve(arb(0), arb(0), arb(0), arb(0))
    total, top = log_of_sum([bump, flat], line), peak([bump, flat], line)
    assert total[1:] == flat[1:] == top[1:]
    assert total.const < 0.6932
    assert top.const < 1e-9


def test_a_slow_parabola_is_not_paid_for_by_a_constant() -> None:
    """Below x^2/10^6 + C, 30 x would need C = 2e8."""
    line = HalfLine.beyond(2)
    fast, slow = Curve(*map(arb, (0, 0, 30, 0))), Curve(*map(arb, (0, 0, 0, 1e-6)))
    assert peak([fast, slow], line).const < 1
