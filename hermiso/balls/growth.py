"""Growth certificates: proved bounds of a function far out, and of its Gaussian tails.

    |f(x)| <= scale |x|^power exp(linear |x| + quadratic x^2)   for all side * x >= start

The bound is derived from the expression (growth_rules), on x >= 2, 4, 8, ... until the rules
suffice. All numbers are exact and rounded so that the statement holds.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from flint import arb, ctx
from sympy import Expr, Symbol

from hermiso.balls.curves import ZERO, Curve, HalfLine, is_below
from hermiso.balls.facts import Facts
from hermiso.balls.growth_rules import Derivation
from hermiso.errors import NotSquareIntegrable, PrecisionError

__all__ = ["Growth", "NoGrowthBound", "growth"]

BITS = 64
FARTHEST = 40  # the last start tried and the last cut, as powers of 2
_INFINITE = arb("inf")


class NoGrowthBound(PrecisionError):
    """No rule bounds the expression far out; the message names the part that resisted."""


@dataclass(frozen=True)
class Growth:
    """The bound |f(x)| <= scale |x|^power exp(linear |x| + quadratic x^2), |x| >= start >= 1.

    Fields may be given as numbers or balls; they are rounded up to exact balls.
    """

    scale: arb
    power: arb
    linear: arb
    quadratic: arb
    start: arb

    def __post_init__(self) -> None:
        with ctx.workprec(BITS):
            for name in ("scale", "power", "linear", "quadratic", "start"):
                object.__setattr__(self, name, arb(getattr(self, name)).upper())

    @classmethod
    def constant(cls, c: Any) -> Growth:
        """Return the bound |c| of a constant."""
        return cls(abs(arb(c)), *_ZEROS, arb(1))

    @classmethod
    def monomial(cls, j: Any) -> Growth:
        """Return the bound |x|^j of x^j."""
        return cls(arb(1), arb(j), *_ZEROS[1:], arb(1))

    def times_bell(self, q: Any) -> Growth:
        """Return the bound of f(x) exp(q x^2)."""
        with ctx.workprec(BITS):
            return replace(self, quadratic=self.quadratic + q)

    def __mul__(self, other: Growth) -> Growth:
        """Return the bound of a product."""
        with ctx.workprec(BITS):
            return Growth(
                self.scale * other.scale,
                self.power + other.power,
                self.linear + other.linear,
                self.quadratic + other.quadratic,
                self.start.max(other.start),
            )

    def __add__(self, other: Growth) -> Growth:
        """Return a bound of a sum: the larger exponents, the scales compared at the start."""
        with ctx.workprec(BITS):
            start = self.start.max(other.start)
            terms = [g for g in (self, other) if not g.scale.is_zero()]
            if len(terms) < 2:
                return replace(terms[0] if terms else self, start=start)
            power = self.power.max(other.power)
            linear = self.linear.max(other.linear)
            quadratic = self.quadratic.max(other.quadratic)
            scale = sum((g._aligned(power, linear, quadratic, start) for g in terms), arb(0))
            return Growth(scale, power, linear, quadratic, start)

    def _aligned(self, power: arb, linear: arb, quadratic: arb, start: arb) -> arb:
        """The scale that dominates this bound from the start on, with larger exponents."""
        rest = self.linear - linear + (self.quadratic - quadratic) * start
        return self.scale * start ** (self.power - power) * (rest * start).exp()

    def __pow__(self, p: Any) -> Growth:
        """Return the bound of |f|^p, p >= 0."""
        with ctx.workprec(BITS):
            p = arb(p)
            if not p >= 0:
                raise ValueError(f"the power {p} of a bound from above; it must be >= 0")
            return Growth(
                self.scale**p, self.power * p, self.linear * p, self.quadratic * p, self.start
            )

    def has_moment(self, m: int) -> bool:
        """Whether the m-th power of the bound certainly has a Gaussian integral."""
        with ctx.workprec(BITS):
            return _is_integrable(Curve(ZERO, self.power, self.linear, self.quadratic), m)

    def tail(self, cut: Any) -> arb:
        """Bound the integral of |f| phi over x > cut (or x < -cut), phi the normal density.

        The logarithm h of the bound times phi has a decreasing derivative for power >= 0, so
        the integral is at most exp(h(cut))/(-h'(cut)) where h'(cut) < 0. A negative power is
        taken at the cut.

        Returns:
            An exact ball; infinite if h' is not certainly negative or the bound not valid yet.
        """
        with ctx.workprec(BITS):
            cut = arb(cut)
            if self.scale.is_zero():
                return arb(0)
            bell = self.quadratic - arb(0.5)
            slope = self.power.max(arb(0)) / cut + self.linear + 2 * bell * cut
            if not (cut >= self.start and bell <= 0 and slope < 0):
                return _INFINITE
            h = self.scale.log() + self.power * cut.log() + (self.linear + bell * cut) * cut
            return (h.exp() / (-slope * (2 * arb.pi()).sqrt())).upper()

    def cut_for(self, bits: int) -> arb:
        """Return a multiple of 1/8 beyond which the tail is below 2^-bits.

        Raises:
            PrecisionError: if no cut up to 2^40 will do.
        """
        with ctx.workprec(BITS):
            goal = arb(2) ** -bits
            low = _eighths(self.start)
            high = next((k for k in _doubled(low) if self.tail(arb(k) / 8) < goal), None)
            if high is None:
                raise PrecisionError(self._uncut(bits))
            while high - low > 1:
                middle = (low + high) // 2
                low, high = (low, middle) if self.tail(arb(middle) / 8) < goal else (middle, high)
            return arb(low if self.tail(arb(low) / 8) < goal else high) / 8

    def _uncut(self, bits: int) -> str:
        why = (
            "its Gaussian integral is finite, but falls too slowly to be cut off"
            if self.has_moment(1)
            else "at most exp(x**2/2) times a decaying function has a Gaussian integral"
        )
        return f"the tail of {self} stays above 2^-{bits} up to x = 2^{FARTHEST}; {why}"

    def __str__(self) -> str:
        s, p, b, q, r = (c.str(6, radius=False) for c in _fields(self))
        return f"{s} |x|^{p} exp({b} |x| + {q} x^2), |x| >= {r}"


_ZEROS = (arb(0), arb(0), arb(0))


def _fields(g: Growth) -> tuple[arb, ...]:
    return g.scale, g.power, g.linear, g.quadratic, g.start


def _eighths(c: arb) -> int:
    return int((8 * c).ceil().unique_fmpz())


def _doubled(k: int) -> Iterator[int]:
    while k <= 8 << FARTHEST:
        yield k
        k *= 2


def growth(e: Expr, x: Symbol, side: int, moment: int = 2) -> Growth:
    """Bound |e| on one side, far out.

    Args:
        e: a real expression in x alone.
        x: a real variable.
        side: 1 for x -> oo, -1 for x -> -oo.
        moment: m, where E|e(z)|^m is wanted.

    Raises:
        NotSquareIntegrable: if a bound from below proves that E|e(z)|^m is infinite.
        NoGrowthBound: if the rules find no bound; the message names the subexpression.
    """
    with ctx.workprec(BITS):
        best = None
        for k in range(1, FARTHEST + 1):
            line = HalfLine.beyond(2**k)
            found = Derivation(x, side, line).facts(e)
            if found.vanishes:
                return replace(Growth.constant(0), start=line.start)
            if found.lower and _is_too_large(found.lower, moment):
                raise NotSquareIntegrable(_too_large(e, x, side, moment))
            if found.upper and (best is None or is_below(found.upper, best[0])):
                best = found.upper, _certificate(found.upper, line)
                if _is_integrable(found.upper, moment):
                    break
        if best is None:
            raise NoGrowthBound(_resisting(e, x, side, found))
        return best[1]


def _certificate(upper: Curve, line: HalfLine) -> Growth:
    return Growth(upper.const.exp(), upper.log, upper.linear, upper.square, line.start)


def _is_integrable(upper: Curve, m: int) -> bool:
    """Whether the m-th power of x^l exp(b x + q x^2) certainly has a finite mean."""
    edge = upper.square * (2 * m)
    decays = upper.linear < 0 or (upper.linear <= 0 and upper.log * m < -1)
    return bool(edge < 1 or (edge <= 1 and decays))


def _is_too_large(lower: Curve, m: int) -> bool:
    """Whether the m-th power of x^l exp(b x + q x^2) has an infinite mean."""
    edge = lower.square * (2 * m)
    if edge == 1:
        return bool(lower.linear > 0 or (lower.linear == 0 and lower.log * m >= -1))
    return bool(edge > 1)


def _end(x: Symbol, side: int) -> str:
    return f"{x} -> {'-' * (side < 0)}oo"


def _too_large(e: Expr, x: Symbol, side: int, m: int) -> str:
    mean, what = (
        ("E[sigma(z)^2]", "no Hermite expansion exists")
        if m == 2
        else ("E[sigma(z)]", "it has no mean")
    )
    return (
        f"{mean} is infinite for sigma({x}) = {e!s:.200}: it outgrows exp({x}**2/{2 * m}) "
        f"as {_end(x, side)}; {what}"
    )


def _resisting(e: Expr, x: Symbol, side: int, found: Facts) -> str:
    part, reason = found.culprit or (e, "its bound is not finite")
    whole = "" if part == e else f" in {e!s:.200}"
    return (
        f"no growth bound as {_end(x, side)}: {part!s:.200}{whole} resisted, {reason} "
        f"(tried |{x}| >= 2, 4, ..., 2^{FARTHEST}); rewrite it with functions whose bound is "
        "known, or cut it off by a Piecewise"
    )
