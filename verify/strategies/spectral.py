"""Hermite spectra p_1, p_2, ...: nonnegative, of sum 1; entry k - 1 is p_k."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from functools import cache
from typing import TYPE_CHECKING

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from verify.exact import Vector
from verify.strategies.arrays import as_array
from verify.strategies.numbers import unit_interval

if TYPE_CHECKING:
    from verify.strategies.arrays import Array

__all__ = [
    "SPECTRA",
    "arbitrary_spectra",
    "concentrated_spectra",
    "exact_spectra",
    "heavy_tailed_spectra",
    "spectra",
    "two_order_spectra",
]


def _normalized(weights: Sequence[Fraction | int]) -> Vector:
    total = sum((Fraction(w) for w in weights), Fraction(0))
    return tuple(Fraction(w) / total for w in weights)


def _unit(k: int, value: Fraction, orders: int) -> list[Fraction]:
    return [value if j == k else Fraction(0) for j in range(1, orders + 1)]


@cache
def arbitrary_spectra(orders: int) -> SearchStrategy[Vector]:
    """Any weights."""
    weights = st.lists(st.integers(0, 20), min_size=orders, max_size=orders)
    return weights.filter(any).map(_normalized)


@cache
@st.composite
def concentrated_spectra(draw: DrawFn, orders: int) -> Vector:
    """All weight on one order, but for at most one part in ten."""
    rest = draw(arbitrary_spectra(orders))
    peak = _unit(draw(st.integers(1, orders)), Fraction(1), orders)
    share = Fraction(1, 10 ** draw(st.integers(1, 9)))
    return tuple((1 - share) * p + share * r for p, r in zip(peak, rest, strict=True))


@cache
@st.composite
def two_order_spectra(draw: DrawFn, orders: int) -> Vector:
    """Weight on at most two orders."""
    j, k = draw(st.integers(1, orders)), draw(st.integers(1, orders))
    s = draw(unit_interval(closed=True))
    first, second = _unit(j, s, orders), _unit(k, 1 - s, orders)
    return tuple(p + q for p, q in zip(first, second, strict=True))


@cache
def heavy_tailed_spectra(orders: int) -> SearchStrategy[Vector]:
    """p_k proportional to k^-s, s = 1, 2, 3, possibly on odd or even orders alone."""

    def build(s: int, start: int, step: int) -> Vector:
        kept = range(start, orders + 1, step)
        return _normalized([Fraction(1, k**s) if k in kept else 0 for k in range(1, orders + 1)])

    return st.builds(build, st.integers(1, 3), st.integers(1, min(2, orders)), st.integers(1, 2))


SPECTRA: Mapping[str, Callable[[int], SearchStrategy[Vector]]] = {
    "arbitrary": arbitrary_spectra,
    "concentrated": concentrated_spectra,
    "two orders": two_order_spectra,
    "heavy-tailed": heavy_tailed_spectra,
}


def exact_spectra(*, orders: int = 12) -> SearchStrategy[Vector]:
    """Exact Hermite spectra of all kinds with up to `orders` orders."""
    lengths = st.integers(1, orders)
    return st.one_of([lengths.flatmap(kind) for kind in SPECTRA.values()])


def spectra(*, orders: int = 40) -> SearchStrategy[Array]:
    """Hermite spectra of all kinds as float64 arrays of shape (orders,), p_1 first."""
    return exact_spectra(orders=orders).map(as_array)
