"""P(X <= h, Y <= k) on balls, against an integral that neither Plackett nor Owen appears in."""

import mpmath
import pytest
from flint import arb, ctx, fmpq
from hypothesis import given, settings
from hypothesis import strategies as st

from hermiso.balls.ball import Ball
from hermiso.balls.binormal import binormal

DIGITS = 30


def conditioned(h, k, rho):
    """Integrate phi(x) P(Y <= k given x) over x <= h, split where the step of width s is."""
    h, k, rho = map(mpmath.mpf, (h, k, rho))
    s = mpmath.sqrt((1 - rho) * (1 + rho))
    step = [k / rho + j * s / abs(rho) for j in (-12, -6, -3, 0, 3, 6, 12)] if rho else []
    cuts = sorted(c for c in (*step, -14, -7, -3, 0) if -14 <= c < h)
    f = lambda x: mpmath.npdf(x) * mpmath.ncdf((k - rho * x) / s)  # noqa: E731
    return mpmath.quad(f, [*cuts, h], maxdegree=8)


def at(h, k, rho, bits=150):
    with ctx.workprec(bits):
        return Ball(binormal(*(arb(fmpq(*map(int, v.as_integer_ratio()))) for v in (h, k, rho))))


POINTS = [
    (1.0, -1.0, 0.5),
    (1.0, 1.0, 0.984375),
    (0.0, 1.0, 0.5),
    (0.5, 0.0, -0.75),
    (0.0, -1.0, 0.25),
    (-1.0, -0.5, -0.875),
    (-2.0, -2.0, 0.25),
    (1.0, 1.0 + 2**-12, 1 - 2**-10),
    (1.0, -1.0, -1 + 2**-10),
    (-1.5, -1.0, 1 - 2**-20),
    (3.0, 1.0, 0.3),
    (0.5, 1.0, 0.5),  # k = rho h the other way round: T(k, 0)
    (2.0, 1.0, 0.5),
    (1e-30, 1.0, 0.5),
    (1e-30, -1e-25, -0.5),
]


@pytest.mark.parametrize("point", POINTS)
def test_against_conditioning(point):
    enclosure = at(*point)
    assert enclosure.rad < mpmath.mpf(2) ** -145
    with mpmath.workdps(DIGITS + 10):
        assert abs(conditioned(*point) - enclosure.mid) < mpmath.mpf(10) ** -DIGITS


def test_precision_is_the_callers():
    for bits in (53, 200, 1000):
        assert at(0.5, -1.5, 0.75, bits).rad < mpmath.mpf(2) ** (4 - bits)
        assert at(0.5, -1.5, 0.75, bits).overlaps(at(0.5, -1.5, 0.75, 1200))


coordinates = st.floats(-6, 6, allow_subnormal=False)
correlations = st.floats(-1, 1, allow_subnormal=False)


def Phi(h):
    with ctx.workprec(200):
        return Ball((-arb(h) / arb(2).sqrt()).erfc() / 2)


@given(coordinates, coordinates, correlations)
@settings(max_examples=100)
def test_identities(h, k, rho):
    value = at(h, k, rho)
    assert value.overlaps(at(k, h, rho))
    assert (value + at(h, -k, -rho)).overlaps(Phi(h))
    assert (value - at(-h, -k, rho)).overlaps(Phi(h) + Phi(k) - 1)


@given(coordinates, coordinates, correlations, st.tuples(*[st.integers(-999, 999)] * 3))
@settings(max_examples=150)
def test_a_ball_contains_the_values_at_its_points(h, k, rho, shift):
    with ctx.workprec(150):
        radii = [arb(1) / 100, arb(1) / 10**6, arb(1) / 30]
        balls = [arb(v) + arb(0, 1) * r for v, r in zip((h, k, rho), radii, strict=True)]
        point = [arb(v) + r * j / 1000 for v, r, j in zip((h, k, rho), radii, shift, strict=True)]
        point[2] = point[2].mid().max(arb(-1)).min(arb(1))
        wide, sharp = Ball(binormal(*balls)), Ball(binormal(*point))
    assert wide.contains(sharp)
    assert wide.rad < 0.1  # the slope in rho grows without bound at the end


def test_radii_are_of_the_size_of_the_derivatives():
    with ctx.workprec(200):
        tiny = arb(0, 1e-40)
        value = Ball(binormal(arb(1) + tiny, arb(0) + tiny, arb(1) / 2 + tiny))
        far = Ball(binormal(arb(30) + tiny, arb(0), arb(1) / 2))
        end = Ball(binormal(arb(1), arb(2), arb(1) + tiny))
    assert 1e-41 < value.rad < 2e-40
    assert far.rad < mpmath.mpf(2) ** -195
    assert end.rad < mpmath.mpf(2) ** -195  # the density at h != k is flat at the end


@pytest.mark.parametrize(("h", "k"), [(1, 2), (2, 1), (-1, -1), (0, 0), (-3, 3), (-2, 1), (2, -1)])
def test_the_ends(h, k):
    assert at(h, k, 1).overlaps(Phi(min(h, k)))
    lower = Phi(h) - Phi(-k) if h + k > 0 else Ball(arb(0))
    assert at(h, k, -1).overlaps(lower)
    with ctx.workprec(150):
        for end in (1, -1):
            near = Ball(binormal(arb(h), arb(k), arb(end) + arb(0, 1e-30)))
            assert near.contains(at(h, k, end, 300))
            assert near.rad < 1e-14


def test_nothing_is_below_the_antidiagonal():
    assert at(1, -1, -1) == 0
    assert at(-1, -1, -1) == 0


@given(correlations)
@settings(max_examples=30)
def test_orthant(rho):
    with ctx.workprec(200):
        expected = Ball(arb(1) / 4 + arb(rho).asin() / (2 * arb.pi()))
    assert at(0.0, 0.0, rho).overlaps(expected)


def test_what_is_outside_is_nan():
    assert binormal(arb(1), arb(1), arb(2)).is_nan()
    assert binormal(arb("nan"), arb(1), arb(0)).is_nan()
    assert binormal(arb(1), arb("inf"), arb(0)).is_nan()
