"""Rational numbers: unit interval, correlations, norms."""

from __future__ import annotations

from fractions import Fraction
from functools import cache

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from verify.exact import Vector

__all__ = ["correlations", "norms", "unit_interval"]


@cache
def unit_interval(*, closed: bool = False) -> SearchStrategy[Fraction]:
    """Rationals in (0, 1), or [0, 1]; close to both ends too."""
    tiny = st.integers(1, 12).map(lambda k: Fraction(1, 10**k))
    middle = st.integers(2, 60).flatmap(
        lambda d: st.integers(1, d - 1).map(lambda n: Fraction(n, d))
    )
    inner = st.one_of(middle, tiny, tiny.map(lambda t: 1 - t))
    return st.one_of(inner, st.sampled_from([Fraction(0), Fraction(1)])) if closed else inner


@cache
def correlations() -> SearchStrategy[Fraction]:
    """Rationals in (-1, 1); close to -1, 0 and 1 too."""
    signs = st.sampled_from([1, -1])
    return st.builds(lambda r, s: s * r, st.one_of(unit_interval(), st.just(Fraction(0))), signs)


@cache
def norms(n: int) -> SearchStrategy[Vector]:
    """Norms of n samples: equal, nearly equal, or many orders of magnitude apart."""
    equal = st.integers(1, 9).map(lambda a: (Fraction(a),) * n)
    near = st.lists(st.integers(-3, 3), min_size=n, max_size=n).map(
        lambda a: tuple(1 + Fraction(v, 100) for v in a)
    )
    small = st.builds(Fraction, st.integers(1, 12), st.integers(1, 12))
    spread = st.builds(_shifted, small, st.integers(-4, 4))
    lists = [st.lists(entry, min_size=n, max_size=n).map(tuple) for entry in (small, spread)]
    shapes = st.one_of(equal, near, *lists)
    return st.builds(lambda a, k: tuple(_shifted(v, k) for v in a), shapes, st.integers(-3, 3))


def _shifted(value: Fraction, power: int) -> Fraction:
    return value * Fraction(10) ** power
