"""Owen's T(h, a) = (1/2 pi) int_0^a exp(-h^2 (1 + x^2)/2)/(1 + x^2) dx, and the binormal by it.

The quickest way to a probability of moderate size. It is a difference (Owen 1956), so that tails
lose what they are smaller than 1; `hermiso.balls.binormal` takes them another way.
"""

from __future__ import annotations

from flint import acb, arb

from hermiso.balls.tails import erfc

__all__ = ["below", "by_owen"]


def by_owen(h: arb, k: arb, rho: arb) -> arb:
    """Enclose P(X <= h, Y <= k) for exact h and k, not both 0, and an exact rho in (-1, 1)."""
    opposite = h * k < 0 or (h * k == 0 and h + k < 0)
    root = ((1 - rho) * (1 + rho)).sqrt()
    rest = _owen(h, _gap(h, k, rho) / root) + _owen(k, _gap(k, h, rho) / root)
    return (below(h) + below(k) - int(opposite)) / 2 - rest


def below(h: arb) -> arb:
    """Enclose P(X <= h)."""
    return erfc(-h / arb(2).sqrt()) / 2


def _gap(h: arb, k: arb, rho: arb) -> arb:
    """K - rho h without cancellation near |rho| = 1."""
    return (k - h) + h * (1 - rho) if rho > 0 else (k + h) - h * (1 + rho)


def _owen(h: arb, q: arb) -> arb:
    """T(h, q/h) of an exact h; h = 0 stands for its limit from above."""
    if abs(q) <= abs(h):
        return _integral(h, q / h) if h != 0 else arb(0)
    root = arb(2).sqrt()
    size = (1 - (abs(h) / root).erf() * (abs(q) / root).erf()) / 4
    return (size - _integral(abs(q), abs(h / q))) * (-q if h < 0 else q).sgn()


def _integral(h: arb, a: arb) -> arb:
    """T(h, a) for |a| <= 1; meromorphic, so that boxes need no flag."""
    square = -(h * h) / 2

    def integrand(x: acb, _: bool) -> acb:
        y = x * x
        return (square * y).exp() / (1 + y)

    return acb.integral(integrand, 0, a).real * square.exp() / (2 * arb.pi())
