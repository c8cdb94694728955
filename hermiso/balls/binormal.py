"""Enclose P(X <= h, Y <= k) for standard Gaussians with correlation rho in [-1, 1].

At the midpoints the probability is Owen's (1956, eq. 2.1)

    (Phi(h) + Phi(k) - [h and k of opposite sign])/2 - T(h, a) - T(k, b),
    a = (k - rho h)/(h sqrt(1 - rho^2)), b likewise,
    T(h, a) = (1/2pi) int_0^a e^{-h^2 (1 + x^2)/2}/(1 + x^2) dx,

where T with |a| > 1 reduces to |a| < 1: the poles at i and -i stay away however near rho is
to an end. Radii enter by bounds of the partial derivatives: phi(h), phi(k), and by Plackett
e^{-Q}/(2 pi) <= 1/(2 pi) in asin(rho).
"""

from __future__ import annotations

from flint import acb, arb, ctx

from hermiso.balls.real_functions import real_asin

GUARD = 20
QUARTER = arb(0.25)
UNIT = arb(0, 1)


def binormal(h: arb, k: arb, rho: arb) -> arb:
    """Enclose the probability, to about 2^-p for exact arguments at precision p.

    Args:
        h: a ball.
        k: a ball.
        rho: a ball that meets [-1, 1]; what lies beyond is ignored.

    Returns:
        A ball; nan if an argument is not finite or rho lies outside.
    """
    if not (h.is_finite() and k.is_finite() and rho.is_finite()) or abs(rho) > 1:
        return arb("nan")
    if rho == -1 and h + k <= 0:
        return arb(0)
    with ctx.workprec(ctx.prec + GUARD):
        rho = +rho
        middle = _middle(rho)
        value = _at_point(h.mid(), k.mid(), middle)
        value += UNIT * (h.rad() * _density(h) + k.rad() * _density(k))
        if not rho.is_exact():
            value += UNIT * _spread(h, k, rho, middle)
        value = value.max(arb(0)).min(arb(1))
    return +value


def _middle(rho: arb) -> arb:
    """Return the midpoint, or the end that the ball touches."""
    return next((arb(s) for s in (1, -1) if rho.contains(s)), rho.mid())


def _density(h: arb) -> arb:
    return (-(h * h) / 2).exp() / (2 * arb.pi()).sqrt()


def _spread(h: arb, k: arb, rho: arb, middle: arb) -> arb:
    """Bound the change between rho and its midpoint."""
    change = abs(real_asin(rho) - middle.asin()) / (2 * arb.pi())
    form = h * h - 2 * h * k * rho + k * k
    room = (1 - rho * rho).upper()
    return change * (-form / (2 * room)).exp() if form > 0 and room > 0 else change


def _at_point(h: arb, k: arb, rho: arb) -> arb:
    if rho == 1:
        return _below(h.min(k))
    if rho == -1:
        return (_below(h) - _below(-k)).max(arb(0))
    if h == 0 and k == 0:
        return QUARTER + rho.asin() / (2 * arb.pi())
    opposite = h * k < 0 or (h * k == 0 and h + k < 0)
    root = ((1 - rho) * (1 + rho)).sqrt()
    rest = _owen(h, _gap(h, k, rho) / root) + _owen(k, _gap(k, h, rho) / root)
    return (_below(h) + _below(k) - int(opposite)) / 2 - rest


def _below(h: arb) -> arb:
    """Phi(h)."""
    return (-h / arb(2).sqrt()).erfc() / 2


def _gap(h: arb, k: arb, rho: arb) -> arb:
    """K - rho h without cancellation near |rho| = 1."""
    return (k - h) + h * (1 - rho) if rho > 0 else (k + h) - h * (1 + rho)


def _owen(h: arb, q: arb) -> arb:
    """T(h, q/h) of an exact h; h = 0 stands for its limit from above."""
    if abs(q) <= abs(h):
        return _owen_integral(h, q / h) if h != 0 else arb(0)
    root = arb(2).sqrt()
    size = (1 - (abs(h) / root).erf() * (abs(q) / root).erf()) / 4
    return (size - _owen_integral(abs(q), abs(h / q))) * (-q if h < 0 else q).sgn()


def _owen_integral(h: arb, a: arb) -> arb:
    """T(h, a) for |a| <= 1; meromorphic, so that boxes need no flag."""
    square = -(h * h) / 2

    def integrand(x: acb, _: bool) -> acb:
        y = x * x
        return (square * y).exp() / (1 + y)

    return acb.integral(integrand, 0, a).real * square.exp() / (2 * arb.pi())
