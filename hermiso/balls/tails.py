"""The complementary error function on real balls, however far out."""

from __future__ import annotations

from flint import arb

__all__ = ["erfc"]

FAR = 1000  # flint's own bound of erfc is 2^-(10^7) from somewhere beyond
HALF = arb(0.5)


def erfc(u: arb) -> arb:
    """Enclose it to relative accuracy, far out as exp(-u^2) U(1/2, 1/2, u^2)/sqrt(pi)."""
    if not u > FAR:
        return u.erfc()
    square = u * u
    return (-square).exp() * square.hypgeom_u(HALF, HALF) / arb.pi().sqrt()
