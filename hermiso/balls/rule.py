"""Quadrature of Gaussian integrals with a bound of its own error.

A rule is fitted to one function f and kept as data: nodes (z, weight times phi(z), f(z)), and
what its error is bounded by, for any integrand g(f(z), z):

- cells: ellipses around the panels, covered by boxes Z with enclosures of f(Z);
- slits: intervals too short, or too far out, to matter, each with an enclosure of f on it;
- tails: bounds of |f| from growth certificates, at both ends of the line and at singular points.

So one rule serves E f, E f z, E f^2, the residual, and every Hermite coefficient.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from flint import acb, arb, arb_mat

from hermiso.balls.growth import Growth
from hermiso.errors import PrecisionError

__all__ = ["QUARTER", "Box", "Cell", "Rule", "Slit", "Tail", "Weight", "dot"]

QUARTER = arb(1) / 4
UP_TO_ONE = arb(0.5, 0.5)
FARTHEST = 100_000
Box = tuple[acb, acb, arb]  # Z, f(Z), a bound of |phi| on Z


@dataclass(frozen=True)
class Weight:
    """An integrand g(f(z), z).

    Attributes:
        value: g on balls, real or complex.
        tail: bounds, from those of |f|, |z| and exp(z^2/4), whose sum bounds |g|.
        bound: a bound of |g(f(Z), Z)| on a box, if better than |value|.
    """

    value: Callable[[Any, Any], Any]
    tail: Callable[[Growth, Growth, Growth], tuple[Growth, ...]]
    bound: Callable[[acb, acb], arb] | None = None

    def size(self, F: acb, Z: acb) -> arb:
        """Return an upper bound of |g(F, Z)|."""
        return self.bound(F, Z) if self.bound else abs(self.value(F, Z)).upper()


@dataclass(frozen=True)
class Cell:
    """A panel's bound: |error| <= factor * max |g phi| over the boxes."""

    factor: arb
    boxes: tuple[Box, ...]

    def mirrored(self, sign: int) -> Cell:
        """Return the cell at -z of a function with f(-z) = sign f(z)."""
        return Cell(self.factor, tuple((-Z, sign * F, bell) for Z, F, bell in self.boxes))

    def error(self, weight: Weight) -> arb:
        """Return a bound of the panel's error."""
        worst = arb(0)
        for Z, F, bell in self.boxes:
            worst = worst.max(weight.size(F, Z) * bell)
        return (self.factor * worst).upper()


@dataclass(frozen=True)
class Slit:
    """An interval z of little mass, with an enclosure f of the function on it."""

    z: arb
    f: arb
    mass: arb  # a bound of its Gaussian measure

    def mean(self, weight: Weight) -> arb:
        """Return an enclosure of the interval's share."""
        if weight.bound:
            return arb(0, 1) * self.mass * weight.bound(acb(self.f), acb(self.z))
        return UP_TO_ONE * self.mass * weight.value(self.f, self.z)


@dataclass(frozen=True)
class Tail:
    """The rest beyond a cut: at infinity, or in v = 1/|z - t| at a singular point t."""

    growth: Growth
    cut: arb
    at: arb | None = None

    def error(self, weight: Weight) -> arb:
        """Return a bound of the integral of |g phi| over the rest."""
        parts = self.integrands(weight)
        return sum((self._integral(g, self.cut) for g in parts), arb(0)).upper()

    def _integral(self, g: Growth, cut: arb) -> arb:
        return g.tail(cut) if self.at is None else _integral_at_point(g, cut)

    def integrands(self, weight: Weight) -> tuple[Growth, ...]:
        """Return bounds whose sum bounds |g| beyond the cut."""
        if self.at is None:
            spread = Growth.constant(arb(1)).times_bell(QUARTER)
            return weight.tail(self.growth, Growth.monomial(1), spread)
        z = abs(self.at) + 1 / self.cut
        return weight.tail(self.growth, Growth.constant(z), Growth.constant((z * z / 4).exp()))

    def cut_for(self, weight: Weight, bits: int) -> arb:
        """Return a cut beyond which less than 2^-bits is left, not before the present one."""
        cut = self.cut
        for g in self.integrands(weight):
            cut = cut.max(g.cut_for(bits) if self.at is None else self._cut_at_point(g, bits))
        return cut

    def _cut_at_point(self, g: Growth, bits: int) -> arb:
        cut = self.cut.max(g.start).ceil()
        for _ in range(FARTHEST):
            if _integral_at_point(g, cut) < arb(2) ** -bits:
                return cut
            cut = 2 * cut
        raise PrecisionError(f"the singularity near x = {self.at} is too strong for {bits} bits")


def _integral_at_point(g: Growth, cut: arb) -> arb:
    """Bound the integral of scale w^-power over 0 < w < 1/cut, times phi(0)."""
    if not (g.power < 1 and g.linear <= 0 and g.quadratic <= 0 and cut >= g.start):
        return arb("inf")
    return g.scale * cut ** (g.power - 1) / (1 - g.power) / (2 * arb.pi()).sqrt()


def dot(a: Sequence[arb], b: Sequence[arb]) -> arb:
    """Return sum a_i b_i in one call of flint."""
    return (arb_mat(1, len(a), a) * arb_mat(len(b), 1, b))[0, 0] if a else arb(0)


@dataclass(frozen=True)
class Rule:
    """A certified rule for one function: nodes, and the sources of error."""

    rows: tuple[tuple[arb, arb, arb], ...]
    cells: tuple[Cell, ...]
    slits: tuple[Slit, ...]
    tails: tuple[Tail, ...]

    def mirrored(self, sign: int) -> Rule:
        """Return the rule of the line from that of its right half, for f(-z) = sign f(z)."""
        return Rule(
            self.rows + tuple((-z, w, sign * f) for z, w, f in self.rows),
            self.cells + tuple(c.mirrored(sign) for c in self.cells),
            self.slits + tuple(Slit(-s.z, sign * s.f, s.mass) for s in self.slits),
            self.tails,
        )

    def mean(self, weight: Weight) -> arb:
        """Enclose E[g(f(z), z)]."""
        value = weight.value
        return dot(self.weights, [value(f, z) for z, _, f in self.rows]) + self.rest(weight)

    @cached_property
    def weights(self) -> list[arb]:
        """The weights times phi, one a node."""
        return [w for _, w, _ in self.rows]

    def rest(self, weight: Weight) -> arb:
        """Enclose what the nodes miss."""
        error = sum((c.error(weight) for c in self.cells), arb(0))
        error = sum((t.error(weight) for t in self.tails), error)
        return sum((s.mean(weight) for s in self.slits), arb(0, 1) * error.upper())
