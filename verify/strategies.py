"""Hypothesis strategies for the objects of the papers, adversarial ones among them.

Matrices and spectra come in two kinds. The exact ones are tuples of Fractions: a correlation
matrix is the Gram matrix of rational unit vectors, so it is positive semidefinite, has a unit
diagonal and a rational determinant, and an inequality about it is decided without rounding.
The others are float64 numpy arrays of the same families.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from functools import cache
from typing import TYPE_CHECKING, Any, TypeAlias

import sympy as sp
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from verify.exact import Matrix, Vector, gram, largest_correlation, scaled

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Array: TypeAlias = NDArray[np.float64]

Family: TypeAlias = Callable[[int], SearchStrategy[Matrix]]

_SMALL = st.integers(-6, 6)


# Numbers


@cache
def unit_interval(*, closed: bool = False) -> SearchStrategy[Fraction]:
    """Rationals in (0, 1), or [0, 1]; close to both ends too."""
    tiny = st.integers(1, 12).map(lambda k: Fraction(1, 10**k))
    middle = st.integers(2, 60).flatmap(
        lambda d: st.integers(1, d - 1).map(lambda n: Fraction(n, d))
    )
    inner = st.one_of(middle, tiny, tiny.map(lambda t: 1 - t))
    return st.one_of(inner, st.sampled_from([Fraction(0), Fraction(1)])) if closed else inner


@cache
def correlations() -> SearchStrategy[Fraction]:
    """Rationals in (-1, 1); close to -1, 0 and 1 too."""
    signs = st.sampled_from([1, -1])
    return st.builds(lambda r, s: s * r, st.one_of(unit_interval(), st.just(Fraction(0))), signs)


@cache
def norms(n: int) -> SearchStrategy[Vector]:
    """Norms of n samples: equal, nearly equal, or many orders of magnitude apart."""
    equal = st.integers(1, 9).map(lambda a: (Fraction(a),) * n)
    near = st.lists(st.integers(-3, 3), min_size=n, max_size=n).map(
        lambda a: tuple(1 + Fraction(v, 100) for v in a)
    )
    small = st.builds(Fraction, st.integers(1, 12), st.integers(1, 12))
    spread = st.builds(_shifted, small, st.integers(-4, 4))
    lists = [st.lists(entry, min_size=n, max_size=n).map(tuple) for entry in (small, spread)]
    shapes = st.one_of(equal, near, *lists)
    return st.builds(lambda a, k: tuple(_shifted(v, k) for v in a), shapes, st.integers(-3, 3))


def _shifted(value: Fraction, power: int) -> Fraction:
    return value * Fraction(10) ** power


# Exact correlation matrices


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


FAMILIES: Mapping[str, Family] = {
    "well-conditioned": well_conditioned,
    "generic": generic,
    "nearly degenerate": nearly_degenerate,
    "low-rank": low_rank,
    "clustered": clustered,
    "equicorrelated": equicorrelated,
}


def _sized(family: Family, smallest: int, largest: int) -> SearchStrategy[Matrix]:
    return st.integers(smallest, largest).flatmap(family)


def exact_correlation_matrices(
    *, smallest: int = 2, largest: int = 5, families: Sequence[str] = tuple(FAMILIES)
) -> SearchStrategy[Matrix]:
    """Exact correlation matrices of all families, n from `smallest` to `largest`."""
    return st.one_of([_sized(FAMILIES[name], smallest, largest) for name in families])


def dominant_correlation_matrices(*, smallest: int = 2, largest: int = 5) -> SearchStrategy[Matrix]:
    """Exact correlation matrices with (n - 1) max |G_ij| <= 1; equality occurs."""

    def dominate(G: Matrix, s: Fraction) -> Matrix:
        excess = (len(G) - 1) * largest_correlation(G)
        return shrunk(G, s / max(excess, Fraction(1)))

    matrices = exact_correlation_matrices(smallest=smallest, largest=largest)
    return st.builds(dominate, matrices, st.one_of(st.just(Fraction(1)), unit_interval()))


def exact_gram_matrices(*, smallest: int = 2, largest: int = 5) -> SearchStrategy[Matrix]:
    """D G D for an exact correlation matrix G and D = diag(a), a the norms of the samples."""
    return exact_correlation_matrices(smallest=smallest, largest=largest).flatmap(
        lambda G: norms(len(G)).map(lambda a: scaled(G, a))
    )


# The same in float64


def as_array(rows: Matrix | Vector) -> Array:
    """Return a float64 array with every entry rounded once."""
    import numpy as np

    return np.array(rows, dtype=np.float64)


def correlation_matrices(
    *, smallest: int = 2, largest: int = 12, families: Sequence[str] = tuple(FAMILIES)
) -> SearchStrategy[Array]:
    """Correlation matrices of all families as float64 arrays of shape (n, n)."""
    exact = exact_correlation_matrices(smallest=smallest, largest=largest, families=families)
    return exact.map(as_array)


def gram_matrices(*, smallest: int = 2, largest: int = 12) -> SearchStrategy[Array]:
    """Gram matrices of samples with norms of many sizes, float64 arrays of shape (n, n)."""
    return exact_gram_matrices(smallest=smallest, largest=largest).map(as_array)


def sample_matrices(*, smallest: int = 2, largest: int = 32) -> SearchStrategy[Array]:
    """Samples as rows, float64 arrays of shape (n, d), n <= d, of norms 1e-5 to 1e5."""

    def build(n: int, extra: int, spread: float, scale: int, seed: int) -> Array:
        import numpy as np

        generator = np.random.default_rng(seed)
        X = generator.standard_normal((n, n + extra))
        sizes = 10.0 ** (scale + generator.uniform(-spread, spread, (n, 1)))
        return np.asarray(X / np.linalg.norm(X, axis=1, keepdims=True) * sizes)

    sizes, seeds = st.integers(smallest, largest), st.integers(0, 2**32 - 1)
    spreads = st.sampled_from([0.0, 0.01, 0.3, 2.0])
    return st.builds(build, sizes, st.integers(0, 32), spreads, st.integers(-3, 3), seeds)


# Hermite spectra p_1, p_2, ... (nonnegative, of sum 1; entry k - 1 is p_k)


def _normalized(weights: Sequence[Fraction | int]) -> Vector:
    total = sum((Fraction(w) for w in weights), Fraction(0))
    return tuple(Fraction(w) / total for w in weights)


def _unit(k: int, value: Fraction, orders: int) -> list[Fraction]:
    return [value if j == k else Fraction(0) for j in range(1, orders + 1)]


@cache
def arbitrary_spectra(orders: int) -> SearchStrategy[Vector]:
    """Any weights."""
    weights = st.lists(st.integers(0, 20), min_size=orders, max_size=orders)
    return weights.filter(any).map(_normalized)


@cache
@st.composite
def concentrated_spectra(draw: DrawFn, orders: int) -> Vector:
    """All weight on one order, but for at most one part in ten."""
    rest = draw(arbitrary_spectra(orders))
    peak = _unit(draw(st.integers(1, orders)), Fraction(1), orders)
    share = Fraction(1, 10 ** draw(st.integers(1, 9)))
    return tuple((1 - share) * p + share * r for p, r in zip(peak, rest, strict=True))


@cache
@st.composite
def two_order_spectra(draw: DrawFn, orders: int) -> Vector:
    """Weight on at most two orders."""
    j, k = draw(st.integers(1, orders)), draw(st.integers(1, orders))
    s = draw(unit_interval(closed=True))
    first, second = _unit(j, s, orders), _unit(k, 1 - s, orders)
    return tuple(p + q for p, q in zip(first, second, strict=True))


@cache
def heavy_tailed_spectra(orders: int) -> SearchStrategy[Vector]:
    """p_k proportional to k^-s, s = 1, 2, 3, possibly on odd or even orders alone."""

    def build(s: int, start: int, step: int) -> Vector:
        kept = range(start, orders + 1, step)
        return _normalized([Fraction(1, k**s) if k in kept else 0 for k in range(1, orders + 1)])

    return st.builds(build, st.integers(1, 3), st.integers(1, min(2, orders)), st.integers(1, 2))


SPECTRA: Mapping[str, Callable[[int], SearchStrategy[Vector]]] = {
    "arbitrary": arbitrary_spectra,
    "concentrated": concentrated_spectra,
    "two orders": two_order_spectra,
    "heavy-tailed": heavy_tailed_spectra,
}


def exact_spectra(*, orders: int = 12) -> SearchStrategy[Vector]:
    """Exact Hermite spectra of all kinds with up to `orders` orders."""
    lengths = st.integers(1, orders)
    return st.one_of([lengths.flatmap(kind) for kind in SPECTRA.values()])


def spectra(*, orders: int = 40) -> SearchStrategy[Array]:
    """Hermite spectra of all kinds as float64 arrays of shape (orders,), p_1 first."""
    return exact_spectra(orders=orders).map(as_array)


# Activations


def activations(x: Any = None) -> SearchStrategy[Any]:
    """Small sympy expressions in x: nonconstant, square-integrable, piecewise elementary."""
    x = sp.Symbol("x", real=True) if x is None else x
    gains = st.sampled_from([sp.Rational(1, 2), sp.Integer(1), sp.Rational(-3, 2), sp.Integer(2)])
    atoms: list[Callable[[Any], Any]] = [
        lambda u: u,
        lambda u: u**2,
        lambda u: u**3,
        lambda u: sp.Max(u, 0),
        sp.Abs,
        sp.sign,
        sp.sin,
        sp.cos,
        sp.erf,
        lambda u: sp.exp(u / 2),
        lambda u: sp.exp(-(u**2)),
        lambda u: u * (1 + sp.erf(u / sp.sqrt(2))) / 2,
        lambda u: sp.Piecewise((u, u > 0), (u / 100, True)),
    ]
    single = st.builds(lambda f, a: f(a * x), st.sampled_from(atoms), gains)
    weights = st.sampled_from([sp.Integer(-1), sp.Rational(1, 3), sp.Integer(2)])
    double = st.builds(lambda f, w, g: f + w * g, single, weights, single)
    return st.one_of(single, double.filter(lambda f: f.has(x)))
