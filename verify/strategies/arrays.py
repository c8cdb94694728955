"""Correlation matrices, Gram matrices and samples as float64 arrays."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, TypeAlias

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from verify.exact import Matrix, Vector
from verify.strategies.matrices import FAMILIES, exact_correlation_matrices, exact_gram_matrices

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Array: TypeAlias = NDArray[np.float64]

__all__ = [
    "as_array",
    "correlation_matrices",
    "gram_matrices",
    "large_correlation_arrays",
    "sample_matrices",
]


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


def large_correlation_arrays(*, smallest: int = 2, largest: int = 64) -> SearchStrategy[Array]:
    """Correlation matrices of n vectors about a few centres, plus diagonal; n up to 64."""

    def build(n: int, centres: int, rank: int, width: float, share: float, seed: int) -> Array:
        import numpy as np

        generator = np.random.default_rng(seed)
        middle = generator.standard_normal((centres, rank))[np.arange(n) % centres]
        X = middle + width * generator.standard_normal((n, rank))
        X /= np.linalg.norm(X, axis=1, keepdims=True)
        G = (1 - share) * (X @ X.T)
        np.fill_diagonal(G, 1.0)
        return np.asarray((G + G.T) / 2)

    sizes, seeds = st.integers(smallest, largest), st.integers(0, 2**32 - 1)
    widths = st.sampled_from([0.0, 1e-6, 1e-3, 0.1, 1.0])
    shares = st.sampled_from([0.0, 1e-9, 1e-4, 0.1, 0.5, 0.9])
    small = st.integers(1, 8)
    return st.builds(build, sizes, small, small | st.just(largest), widths, shares, seeds)


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
