"""Exact correlation and Gram matrices: tuples of rows of Fractions.

A correlation matrix is the Gram matrix of rational unit vectors, so it is positive semidefinite,
has a unit diagonal and a rational determinant, and an inequality about it is decided without
rounding.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from functools import cache
from typing import TypeAlias

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from verify.exact import Matrix, Vector, gram, largest_correlation, scaled
from verify.strategies.numbers import norms, unit_interval

__all__ = [
    "FAMILIES",
    "LARGE",
    "block",
    "clustered",
    "dominant_correlation_matrices",
    "dominated",
    "equicorrelated",
    "exact_correlation_matrices",
    "exact_gram_matrices",
    "generic",
    "large_correlation_matrices",
    "low_rank",
    "low_rank_plus_diagonal",
    "nearly_degenerate",
    "on_sphere",
    "shrunk",
    "simplex",
    "well_conditioned",
]

Family: TypeAlias = Callable[[int], SearchStrategy[Matrix]]

_SMALL = st.integers(-6, 6)


def on_sphere(t: Sequence[Fraction | int]) -> Vector:
    """Map R^(d-1) onto the unit sphere of R^d without a pole, rationally (stereographic)."""
    size = sum((Fraction(v) ** 2 for v in t), Fraction(0))
    return (*(2 * v / (1 + size) for v in map(Fraction, t)), (size - 1) / (1 + size))


@cache
def _points(n: int, d: int) -> SearchStrategy[list[list[int]]]:
    point = st.lists(_SMALL, min_size=d - 1, max_size=d - 1)
    return st.lists(point, min_size=n, max_size=n)


def _spheres(points: Sequence[Sequence[Fraction | int]]) -> Matrix:
    return gram([on_sphere(t) for t in points])


def shrunk(G: Matrix, s: Fraction) -> Matrix:
    """Return (1 - s) I + s G."""
    return tuple(
        tuple(entry if i == j else s * entry for j, entry in enumerate(row))
        for i, row in enumerate(G)
    )


@cache
def well_conditioned(n: int) -> SearchStrategy[Matrix]:
    """Smallest eigenvalue at least 1/2."""
    half = unit_interval().map(lambda s: s / 2)
    return st.builds(shrunk, _points(n, n).map(_spheres), half)


@cache
def generic(n: int) -> SearchStrategy[Matrix]:
    """Gram matrices of n arbitrary unit vectors of R^n."""
    return _points(n, n).map(_spheres)


@cache
def low_rank(n: int) -> SearchStrategy[Matrix]:
    """Gram matrices of n unit vectors of R^d, d < n: singular."""
    return st.integers(1, max(1, n - 1)).flatmap(lambda d: _points(n, d).map(_spheres))


@cache
@st.composite
def nearly_degenerate(draw: DrawFn, n: int) -> Matrix:
    """The last vector is within 10^-k of the first, k up to 8."""
    points: list[list[Fraction | int]] = [list(t) for t in draw(_points(n, n))]
    step = Fraction(1, 10 ** draw(st.integers(1, 8)))
    return _spheres([*points[:-1], [v + step for v in points[0]]])


@cache
@st.composite
def clustered(draw: DrawFn, n: int) -> Matrix:
    """All vectors lie near one of a few centres."""
    centres = draw(st.integers(1, max(1, n - 1)).flatmap(lambda c: _points(c, n)))
    width = Fraction(1, 10 ** draw(st.integers(1, 4)))
    offsets = draw(_points(n, n))
    return _spheres(
        [
            [c + width * o for c, o in zip(centres[i % len(centres)], offset, strict=True)]
            for i, offset in enumerate(offsets)
        ]
    )


@cache
def equicorrelated(n: int) -> SearchStrategy[Matrix]:
    """All correlations equal r, -1/(n - 1) <= r <= 1; the ends are singular."""

    def build(s: Fraction) -> Matrix:
        lowest = Fraction(-1, max(1, n - 1))
        r = lowest + s * (1 - lowest)
        return shrunk(((Fraction(1),) * n,) * n, r)

    return unit_interval(closed=True).map(build)


@cache
@st.composite
def simplex(draw: DrawFn, n: int) -> Matrix:
    """Some vectors form a regular simplex, or nearly; the rest is orthogonal to everything."""
    k = draw(st.integers(min(2, n), n))
    signs = draw(st.lists(st.sampled_from([1, -1]), min_size=n, max_size=n))
    steps = st.integers(1, 9).map(lambda j: 1 - Fraction(1, 10**j))
    inner = -draw(st.one_of(st.just(Fraction(1)), steps)) / max(1, k - 1)

    def entry(i: int, j: int) -> Fraction:
        if i == j:
            return Fraction(1)
        return signs[i] * signs[j] * inner if max(i, j) < k else Fraction(0)

    return tuple(tuple(entry(i, j) for j in range(n)) for i in range(n))


@cache
@st.composite
def block(draw: DrawFn, n: int) -> Matrix:
    """One correlation within each of up to three blocks, one between each two of them."""
    count = draw(st.integers(1, min(3, n)))
    centres = _spheres(draw(_points(count, max(2, count))))
    labels = draw(st.lists(st.integers(0, count - 1), min_size=n, max_size=n))
    rows = tuple(tuple(centres[a][b] for b in labels) for a in labels)
    return shrunk(rows, draw(unit_interval(closed=True)))


@cache
def low_rank_plus_diagonal(n: int) -> SearchStrategy[Matrix]:
    """(1 - s) I + s G with G the Gram matrix of n unit vectors of the plane or of space."""
    low = st.integers(2, 3).flatmap(lambda d: _points(n, d).map(_spheres))
    return st.builds(shrunk, low, unit_interval())


FAMILIES: Mapping[str, Family] = {
    "well-conditioned": well_conditioned,
    "generic": generic,
    "nearly degenerate": nearly_degenerate,
    "low-rank": low_rank,
    "clustered": clustered,
    "equicorrelated": equicorrelated,
    "simplex": simplex,
    "block": block,
    "low-rank plus diagonal": low_rank_plus_diagonal,
}
# Of small integers however large n is, so that a determinant stays cheap.
LARGE = ("equicorrelated", "simplex", "block", "low-rank plus diagonal")


def _sized(family: Family, smallest: int, largest: int) -> SearchStrategy[Matrix]:
    return st.integers(smallest, largest).flatmap(family)


def exact_correlation_matrices(
    *, smallest: int = 2, largest: int = 5, families: Sequence[str] = tuple(FAMILIES)
) -> SearchStrategy[Matrix]:
    """Exact correlation matrices of all families, n from `smallest` to `largest`."""
    return st.one_of([_sized(FAMILIES[name], smallest, largest) for name in families])


def large_correlation_matrices(*, smallest: int = 8, largest: int = 64) -> SearchStrategy[Matrix]:
    """Exact correlation matrices of the families that stay cheap, n up to 64."""
    return exact_correlation_matrices(smallest=smallest, largest=largest, families=LARGE)


def dominated(G: Matrix, s: Fraction) -> Matrix:
    """Return G with its correlations scaled down until (n - 1) max |G_ij| <= s."""
    excess = (len(G) - 1) * largest_correlation(G)
    return shrunk(G, s / max(excess, Fraction(1)))


def dominant_correlation_matrices(*, smallest: int = 2, largest: int = 5) -> SearchStrategy[Matrix]:
    """Exact correlation matrices with (n - 1) max |G_ij| <= 1; equality occurs."""
    matrices = exact_correlation_matrices(smallest=smallest, largest=largest)
    return st.builds(dominated, matrices, st.one_of(st.just(Fraction(1)), unit_interval()))


def exact_gram_matrices(*, smallest: int = 2, largest: int = 5) -> SearchStrategy[Matrix]:
    """D G D for an exact correlation matrix G and D = diag(a), a the norms of the samples."""
    return exact_correlation_matrices(smallest=smallest, largest=largest).flatmap(
        lambda G: norms(len(G)).map(lambda a: scaled(G, a))
    )
