"""Pairs of Dirac masses: what the jumps of sigma add to E[sigma'(x) sigma'(y)] by themselves.

With c = cos(t/2) and d = sin(t/2), a pair at (s, u) adds J J' exp(-q)/(2 pi sin(t)), where

    8 q = (s + u)^2/c^2 + (s - u)^2/d^2.

Jumps that close together undo each other leave a difference of such terms. So the exponents are
taken less that of the likeliest pair, from the gaps between jumps, which are given to full relative
accuracy: jumps of +-10^6 at a distance of 10^-12 lose nothing.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from hermiso.numeric.panels import Array

__all__ = ["Masses"]

_CHUNK = 2**20  # pairs times angles


@dataclass(frozen=True)
class Masses:
    """Jumps of sigma: their points, their sizes and the differences of the points."""

    points: Array
    sizes: Array
    gaps: Array

    @classmethod
    def of(cls, jumps: tuple[tuple[float, float], ...], gaps: Array | None = None) -> Masses:
        """Read pairs (t, J); differences of the points are those of the floats if not given."""
        points, sizes = np.reshape(jumps, (-1, 2)).T.astype(float)
        return cls(points, sizes, np.subtract.outer(points, points) if gaps is None else gaps)

    def flux(self, theta: Array) -> Array:
        """The sum over pairs times sin(t), at angles t."""
        return self._summed(theta)[0]

    def size(self, theta: Array) -> Array:
        """What the rounding of `flux` is relative to: the sum of the sizes of its terms."""
        return self._summed(theta)[1]

    def _summed(self, theta: Array) -> tuple[Array, Array]:
        if not self.points.size:
            return np.zeros(theta.shape), np.zeros(theta.shape)
        flat = theta.ravel()
        step = max(1, _CHUNK // self._weights.size)
        parts = [self._chunk(flat[i : i + step]) for i in range(0, flat.size, step)]
        total, size = (np.concatenate(column) for column in zip(*parts, strict=True))
        return total.reshape(theta.shape), size.reshape(theta.shape)

    def _chunk(self, theta: Array) -> tuple[Array, Array]:
        c, d = np.cos(theta / 2) ** 2, np.sin(theta / 2) ** 2
        (i, j), sums, apart = self._pairs, self._sums, self._apart
        exponents = (_over(sums[:, None] ** 2, c) + _over(apart[:, None] ** 2, d)) / 8
        best = np.argmin(exponents, axis=0)
        nearer = self.gaps[i[:, None], i[best]] + self.gaps[j[:, None], j[best]]
        more = _over(nearer * (sums[:, None] + sums[best]), c)
        more += _over((apart[:, None] - apart[best]) * (apart[:, None] + apart[best]), d)
        terms = self._weights[:, None] * np.expm1(-np.maximum(more / 8, 0.0))
        whole = math.fsum(self.sizes) ** 2
        total, least = whole + np.sum(terms, axis=0), np.min(exponents, axis=0)
        density = np.exp(-least) / (2 * math.pi)
        rounded = whole + np.sum(np.abs(terms), axis=0)
        rounded += np.abs(total) * np.where(density > 0, least, 0.0)
        return total * density, rounded * density

    @cached_property
    def _pairs(self) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        return np.triu_indices(self.points.size)

    @cached_property
    def _weights(self) -> Array:
        i, j = self._pairs
        return np.where(i == j, 1.0, 2.0) * self.sizes[i] * self.sizes[j]

    @cached_property
    def _sums(self) -> Array:
        i, j = self._pairs
        return np.asarray(self.points[i] + self.points[j])

    @cached_property
    def _apart(self) -> Array:
        return np.abs(self.gaps[self._pairs])


def _over(a: Array, b: Array) -> Array:
    """a/b, and 0 where a is."""
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        return np.where(a == 0, 0.0, a / b)
