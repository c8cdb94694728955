"""Pairs of Dirac masses: what the jumps of sigma add to E[sigma'(x) sigma'(y)] by themselves.

With c = cos(t/2) and d = sin(t/2), a pair at (s, u) adds J J' exp(-q)/(2 pi sin(t)), where

    8 q = (s + u)^2/c^2 + (s - u)^2/d^2.

Jumps that close together undo each other leave a difference of such terms. So jumps are taken in
clusters, and for two clusters the exponents less that of the likeliest pair, from the gaps between
jumps, which are given to full relative accuracy: jumps of +-10^6 at a distance of 10^-12 lose
nothing, nor do two such pulses far from each other.
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
_APART = 4.0  # ratio of gaps within clusters and between them
_LEVELS = 4  # ways to form clusters, besides one cluster and single jumps
Indices = NDArray[np.intp]


@dataclass(frozen=True)
class Masses:
    """Jumps of sigma: their points in order, their sizes and the differences of the points."""

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
        step = max(1, 2 * _CHUNK // self.points.size**2)
        parts = [self._chunk(flat[i : i + step]) for i in range(0, flat.size, step)]
        total, size = (np.concatenate(column) for column in zip(*parts, strict=True))
        return total.reshape(theta.shape), size.reshape(theta.shape)

    def _chunk(self, theta: Array) -> tuple[Array, Array]:
        """The clusters whose terms are the smallest at each angle."""
        c, d = np.cos(theta / 2) ** 2, np.sin(theta / 2) ** 2
        found = np.array([grouped.summed(c, d) for grouped in self._grouped])
        best = np.argmin(found[:, 1], axis=0)
        total, size = np.take_along_axis(found, best[None, None], axis=0)[0]
        return total, size

    @cached_property
    def _grouped(self) -> list[_Grouped]:
        """Single jumps, one cluster, and clusters at the gaps that are much wider than others."""
        between = np.abs(np.diagonal(self.gaps, 1))
        widths = np.unique(between[between > 0])
        ratios = widths[1:] / widths[:-1]
        wide = widths[1:][np.argsort(-ratios)[:_LEVELS]]
        wide = wide[wide > _APART * widths[np.searchsorted(widths, wide) - 1]]
        cuts = [between >= width for width in (0.0, *wide, math.inf)][: self.points.size or 1]
        return [_Grouped.of(self, np.append(0, np.cumsum(cut))) for cut in cuts]


@dataclass(frozen=True)
class _Grouped:
    """All pairs i <= j of jumps, by the clusters of both.

    Attributes:
        starts: where the pairs of each two clusters begin.
        whole: the sum of the weights of each two clusters.
    """

    masses: Masses
    first: Indices
    second: Indices
    starts: Indices
    whole: Array

    @classmethod
    def of(cls, m: Masses, cluster: Indices) -> _Grouped:
        """Order the pairs; the clusters are numbered from 0."""
        i, j = np.triu_indices(m.points.size)
        key = cluster[i] * m.points.size + cluster[j]
        order = np.argsort(key, kind="stable")
        keys, starts = np.unique(key[order], return_index=True)
        a, b = np.divmod(keys, m.points.size)
        sums = np.array([math.fsum(m.sizes[cluster == k]) for k in range(cluster[-1] + 1)])
        whole = np.where(a == b, 1.0, 2.0) * sums[a] * sums[b]
        return cls(m, i[order], j[order], starts, whole)

    def summed(self, c: Array, d: Array) -> tuple[Array, Array]:
        """The sum over pairs times sin(t), and the sizes of its terms."""
        sums, apart = self._sums[:, None], self._apart[:, None]
        exponents = (_over(sums**2, c) + _over(apart**2, d)) / 8
        least = np.minimum.reduceat(exponents, self.starts)
        likeliest = self._likeliest(exponents, least)
        terms = self._weights[:, None] * np.expm1(-self._more(likeliest, c, d))
        total = self.whole[:, None] + np.add.reduceat(terms, self.starts)
        size = np.abs(self.whole)[:, None] + np.add.reduceat(np.abs(terms), self.starts)
        density = np.exp(-least) / (2 * math.pi)
        size += np.abs(total) * np.where(density > 0, least, 0.0)
        return np.sum(total * density, axis=0), np.sum(size * density, axis=0)

    def _likeliest(self, exponents: Array, least: Array) -> Indices:
        """For every pair, the pair of the same clusters with the least exponent."""
        at, n = np.arange(self.first.size), self.first.size
        equal = np.where(exponents <= least[self._group], at[:, None], n)
        found: Indices = np.minimum.reduceat(equal, self.starts)[self._group]
        return found

    def _more(self, k: Indices, c: Array, d: Array) -> Array:
        """By how much exponents are larger than those of the pairs k."""
        i, j, gaps = self.first, self.second, self.masses.gaps
        left, right = gaps[i[:, None], i[k]], gaps[j[:, None], j[k]]
        more = _over((left + right) * (self._sums[:, None] + self._sums[k]), c)
        more += _over((left - right) * (self._apart[:, None] + self._apart[k]), d)
        return np.maximum(more / 8, 0.0)

    @cached_property
    def _group(self) -> Indices:
        counts = np.diff(np.append(self.starts, self.first.size))
        return np.repeat(np.arange(self.starts.size), counts)

    @cached_property
    def _weights(self) -> Array:
        i, j = self.first, self.second
        return np.where(i == j, 1.0, 2.0) * self.masses.sizes[i] * self.masses.sizes[j]

    @cached_property
    def _sums(self) -> Array:
        return np.asarray(self.masses.points[self.first] + self.masses.points[self.second])

    @cached_property
    def _apart(self) -> Array:
        return np.asarray(self.masses.gaps[self.first, self.second])


def _over(a: Array, b: Array) -> Array:
    """a/b, and 0 where a is."""
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        return np.where(a == 0, 0.0, a / b)
