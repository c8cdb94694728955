"""Enclose P(X <= h, Y <= k) for standard Gaussians with correlation rho in [-1, 1].

The probability at rho = -1 is that of an interval, and its derivative in rho, the density, is
positive (Plackett 1954). With rho = (1 - w^2)/(1 + w^2), a = |h + k| and b = |h - k|,

    P = P_{-1} + (1/pi) int_{w0}^oo exp(-(a^2 (1 + w^2) + b^2 (1 + 1/w^2))/8)/(1 + w^2) dw

Nothing cancels, so that tails and correlations near the ends keep relative accuracy. Where P is
not small, Owen's T has its digits ten times as fast, and is asked first. P grows in each argument:
a ball is enclosed by its corners.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flint import acb, arb, ctx

from hermiso.balls.owen import below, by_owen
from hermiso.budget import spend_boxes

__all__ = ["binormal"]

GUARD = 24
MANY = 1500  # bits of a box


def binormal(h: arb, k: arb, rho: arb) -> arb:
    """Enclose the probability, to about 2^-p of itself for exact arguments at precision p.

    Args:
        h: a ball.
        k: a ball.
        rho: a ball that meets [-1, 1]; what lies beyond is ignored.

    Returns:
        A ball; nan if an argument is not finite or rho lies outside.
    """
    if not (h.is_finite() and k.is_finite() and rho.is_finite()) or abs(rho) > 1:
        return arb("nan")
    with ctx.workprec(ctx.prec + GUARD):
        low, high = rho.lower().max(arb(-1)), rho.upper().min(arb(1))
        value = _at_point(h.lower(), k.lower(), low)
        if not (h.is_exact() and k.is_exact() and low == high):
            value = value.union(_at_point(h.upper(), k.upper(), high))
    return +value


def _at_point(h: arb, k: arb, rho: arb) -> arb:
    if rho == 1:
        return below(h.min(k))
    start = _between(-k, h) if h + k > 0 else arb(0)
    if rho == -1:
        return start
    end = ((1 - rho) / (1 + rho)).sqrt()
    if h == 0 and k == 0:
        return (1 / end).atan() / arb.pi()
    quick = by_owen(h, k, rho)
    if quick.rel_accuracy_bits() >= ctx.prec - GUARD:
        return quick
    return start + _rise(abs(h + k), abs(h - k), end, start)


def _between(low: arb, high: arb) -> arb:
    """Phi(high) - Phi(low), from the tails on the side where they are smaller."""
    return below(-low) - below(-high) if low + high > 0 else below(high) - below(low)


def _rise(a: arb, b: arb, end: arb, start: arb) -> arb:
    """Enclose the integral over pi from w0 = end on, to 2^-p of its sum with the start."""
    bell = _Bell.of(a, b, end)
    height = bell.height()
    most = 2 * (-height).exp()
    if start > 0 and most < start * arb(2) ** -ctx.prec:
        return arb(0).union(most)
    lost = int((height + 2).log().upper().ceil().unique_fmpz()) * 2  # by exp of the height
    with ctx.workprec(ctx.prec + lost):
        size = (-bell.height()).exp() / arb.pi()
    if a == 0:  # in 1/w
        return size * bell.mass(arb(0), 1 / end)
    return size * bell.mass(end - bell.peak)


@dataclass(frozen=True)
class _Bell:
    """The integrand around the largest value of its exponential, which stands at `peak`.

    With w = peak + s, its exponent is -(height + depth(s)); it is convex in w. A bell with
    peak 0 has b = 0.
    """

    a: arb
    b: arb
    peak: arb

    @staticmethod
    def of(a: arb, b: arb, end: arb) -> _Bell:
        """Return the bell of an integral from w0 = end on; in 1/w if a is 0."""
        if a == 0:
            return _Bell(b, a, arb(0))
        top = (b / a).sqrt().mid()
        return _Bell(a, b, top if top > end else end)

    def height(self) -> arb:
        """The exponent at the peak."""
        a, b, w = self.a, self.b, self.peak
        return (a * a * (1 + w * w) + (b * b * (1 + 1 / (w * w)) if b > 0 else 0)) / 8

    def depth(self, s: Any) -> Any:
        """How far the exponent has fallen at peak + s, without cancellation."""
        a, b, w = self.a, self.b, self.peak
        bend = a * a - (b / (w * (w + s))) ** 2 if b > 0 else a * a
        return s * (2 * w + s) * bend / 8

    def value(self, s: Any) -> Any:
        """The integrand over exp(-height)."""
        w = self.peak + s
        return (-self.depth(s)).exp() / (1 + w * w)

    def beyond(self, s: arb) -> arb:
        """Bound the integral from peak + s on by the slope of the exponent, which grows."""
        w = self.peak + s
        slope = (self.a * self.a * w - (self.b * self.b / w**3 if self.b > 0 else 0)) / 4
        return (self.value(s) / slope).upper() if slope > 0 else arb("inf")

    def width(self) -> arb:
        """About how far to the right the integrand stays near its value at the peak."""
        s = (1 + self.peak).mid()
        while self.depth(s) > 1:
            s /= 2
        while self.depth(2 * s) < 1 and s < 1 + self.peak:
            s *= 2
        return s

    def mass(self, low: arb, high: arb | None = None) -> arb:
        """Enclose the integral of `value` from low on, perhaps to high only."""
        s = self.width() if high is None else self.width().min(high)
        enough = (s * self.value(s)).lower() * arb(2) ** -ctx.prec  # of at least the integral
        while (high is None or s < high) and not self.beyond(s) < enough:
            s *= 2
        top, rest = (s, self.beyond(s)) if high is None or s < high else (high, arb(0))
        integral = acb.integral(self._counted, low, top, abs_tol=enough)
        return integral.real + rest * arb(0.5, 0.5)

    def _counted(self, z: acb, _: bool) -> acb:
        spend_boxes(1 + ctx.prec // MANY)
        return acb(self.value(z))
