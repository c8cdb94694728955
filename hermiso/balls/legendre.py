"""Gauss-Legendre nodes in balls, and the ellipses that bound the error of their rules.

For f holomorphic and |f| <= M on the ellipse with foci -1, 1 and sum of half-axes r > 1, the
n-point rule is off by at most (64/15) M r^(1 - 2n)/(r - 1).
"""

from __future__ import annotations

from functools import lru_cache
from math import ceil, log2

from flint import arb, ctx

from hermiso.budget import spend_boxes

__all__ = ["ELLIPSES", "error_factor", "nodes", "points_needed"]

LADDER = tuple(sorted({round(4 * 1.22**j) for j in range(1, 48)}))
ELLIPSES = (16.0, 11.0, 8.0, 6.0, 4.5, 3.5, 2.75, 2.25, 1.875, 1.625)

BITS, PER_BOX = 1500, 50  # a polynomial of degree 50 takes as long as a box


@lru_cache(maxsize=256)
def _nodes(n: int, bits: int) -> tuple[tuple[arb, arb], ...]:
    with ctx.workprec(bits):
        half = [_root(n, k) for k in range((n + 1) // 2)]
        return tuple(half) + tuple((-t, w) for t, w in half[: n // 2])


def _root(n: int, k: int) -> tuple[arb, arb]:
    spend_boxes(n * (1 + ctx.prec // BITS) / PER_BOX)
    found: tuple[arb, arb] = arb.legendre_p_root(n, k, weight=True)
    return found


def nodes(n: int) -> tuple[tuple[arb, arb], ...]:
    """Return the nodes and weights of the n-point rule on [-1, 1], at the current precision."""
    return _nodes(n, ctx.prec)


def points_needed(r: float, log2_bound: float) -> int | None:
    """Return an n of the ladder with (64/15) 2^log2_bound r^(1 - 2n)/(r - 1) < 1, or None."""
    n = ceil((log2_bound + 2.1 - log2(r - 1) + log2(r)) / (2 * log2(r)))
    return next((m for m in LADDER if m >= n), None)


def error_factor(r: float, n: int) -> arb:
    """Return (64/15) r^(1 - 2n)/(r - 1)."""
    return arb(64) / 15 * arb(r) ** (1 - 2 * n) / (r - 1)
