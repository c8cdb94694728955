"""Gaps at layers with gamma(G^l) < 1/(2n - 2), where the proof of Theorem 4 works, and others."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

from hypothesis import assume
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from verify import Evidence, Refuted, bounded
from verify.claims.isometry._mean_field import (
    apart,
    ball,
    dynamics,
    layer,
    orbit_chart,
    pair,
    sides,
    strength,
)
from verify.exact import Matrix, Vector
from verify.searching import show

__all__ = ["Bound", "gap_below", "late_examples"]

Bound = Callable[[int, Matrix, Any], Any]

_LATE = "256-bit balls, layers with gamma(G^l) < 1/(2n - 2), up to 1500, n = 2..4"
_EVERY = "256-bit balls, layers 0 to 1500, n = 2..4"


def _slow(share: int, nines: int) -> tuple[Vector, Matrix]:
    """Two nearly equal samples, p_2 = 1/share."""
    p = (1 - Fraction(1, share), Fraction(1, share))
    return p, pair(1 - Fraction(1, 10**nines))


def _late_layers() -> SearchStrategy[tuple[tuple[Vector, Matrix], int]]:
    """Layers of slow orbits, the first of them with gamma(G^l) < 1/(2n - 2), and of others."""
    slow = [(_slow(10, 8), 220), (_slow(20, 4), 400), (_slow(10, 3), 150), (_slow(100, 6), 1500)]
    layers = st.sampled_from([0, 1, 2, 5, 20])
    return st.one_of(
        st.sampled_from(slow), st.tuples(dynamics(orders=6, largest=4, structured=False), layers)
    )


def gap_below(bound: Bound, seed: int, *, every: bool = False) -> Evidence:
    """Look for a gap above bound(n, G^0, beta^-l).

    Args:
        bound: may be 0, which leaves the case out.
        seed: of the search.
        every: take every layer, not only those with gamma(G^l) < 1/(2n - 2).
    """

    def both(case: tuple[tuple[Vector, Matrix], int]) -> tuple[float, float]:
        (p, G), ell = case
        assume(apart(G))
        found = layer(p, G, ell)
        assume(found.gap is not None)
        assume(every or found.potential * (2 * len(G) - 2) < 1)
        larger = bound(len(G), G, ball(strength(p)) ** -ell)
        assume(larger > 0)
        return sides(found.gap, larger)

    return bounded(
        both,
        _late_layers(),
        domain=_EVERY if every else _LATE,
        resolution=1e-11,
        chart=orbit_chart(),
        examples=80,
        most=150,  # orbits of hundreds of layers
        seed=seed,
    )


def late_examples(bound: Bound) -> None:
    """Raise Refuted if a slow orbit is above bound(n, G^0, beta^-l), in balls."""
    for (p, G), ell in ((_slow(10, 8), 220), (_slow(20, 4), 400), (_slow(2, 8), 60)):
        gap = layer(p, G, ell).gap
        larger = bound(len(G), G, ball(strength(p)) ** -ell)
        if gap > larger:
            raise Refuted(
                f"-log I(G^{ell}) = {float(gap.mid()):.6g} <= {float(larger.mid()):.6g} fails for "
                f"p = {show(p)}, n = 2, G_12 = {show(G[0][1])}"
            )
