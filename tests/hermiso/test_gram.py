"""hermiso.gram against 50-digit eigenvalues, across libraries, and on input it must refuse."""

import itertools
import math
from collections.abc import Callable
from typing import Any

import mpmath
import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from hermiso.errors import GramError
from hermiso.gram import isometry, isometry_gap, potential

EPS = 2.0**-52
FUNCTIONS = [isometry, isometry_gap, potential]


def gap_and_error(G: np.ndarray) -> tuple[float, float]:
    """-log I(G) from 50 digits, and what eigenvalues with backward error n eps may add."""
    n = len(G)
    with mpmath.workdps(50):
        a = [mpmath.mpf(float(G[i, i])) for i in range(n)]
        E = mpmath.zeros(n, n)
        for i, j in itertools.permutations(range(n), 2):
            E[i, j] = mpmath.mpf(float(G[i, j])) / mpmath.sqrt(a[i] * a[j])
        e = list(mpmath.eigsy(E, eigvals_only=True))
        spread = mpmath.log(mpmath.fsum(a) / n) - mpmath.fsum(map(mpmath.log, a)) / n
        gap = spread - mpmath.fsum(mpmath.log1p(x) for x in e) / n
        slope = mpmath.fsum(abs(x) / (1 + x) for x in e) / n
        return float(gap), float((n + 4) * EPS * (max(map(abs, e)) * slope + abs(gap)))


def potential_reference(G: np.ndarray) -> float:
    """max |r| / (1 - |r|) with 50 digits."""
    with mpmath.workdps(50):
        ratios = [mpmath.mpf(0)]
        for i, j in itertools.combinations(range(len(G)), 2):
            a, b, c = (mpmath.mpf(float(x)) for x in (G[i, i], G[i, j], G[j, j]))
            r = abs(b) / mpmath.sqrt(a * c)
            ratios.append(r / (1 - r))
        return float(max(ratios))


def gram_of(seed: int, n: int, d: int) -> np.ndarray:
    """X X^T of n samples in d dimensions with norms of various sizes."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, d)) * np.exp(rng.normal(size=(n, 1)))
    G = X @ X.T
    return (G + G.T) / 2


def equicorrelated(n: int, r: float, scale: float = 1.0) -> np.ndarray:
    return scale * np.where(np.eye(n) > 0, 1.0, r)


def pair(n: int, delta: float) -> np.ndarray:
    """Samples 0 and 1 with correlation 1 - delta, all others 0.25 apart from each other."""
    G = equicorrelated(n, 0.25)
    G[0, 1] = G[1, 0] = 1 - delta
    return G


MATRICES = {
    "one": np.array([[7.0]]),
    "two": np.array([[2.0, 1.0], [1.0, 3.0]]),
    "wishart_5": gram_of(0, 5, 8),
    "wishart_12": gram_of(1, 12, 13),
    "off_diagonal_1e-9": equicorrelated(4, 1e-9),
    "off_diagonal_1e-15": equicorrelated(3, 1e-15),
    "norms_within_1e-9": np.diag([1.0, 1 + 1e-9, 1 - 2e-9]),
    "norms_one_ulp_apart": np.diag([1.0, 1 + EPS]),
    "norms_from_1e-200": np.diag([1e-200, 1.0, 1e100]),
    "norms_from_1e-300": np.diag([1e-300, 1.0, 1e300]),
    "entries_1e300": equicorrelated(3, 0.1, 1e300),
    "entries_1e308": equicorrelated(3, 0.1, 1e308),
    "entries_1e-300": equicorrelated(3, 0.1, 1e-300),
    "pair_within_1e-6": pair(6, 1e-6),
    "pair_within_1e-12": pair(3, 1e-12),
    "pair_within_1e-12_of_0.7": 0.7 * pair(2, 1e-12),
    "two_within_1e-12": pair(2, 1e-12),
    "two_within_1e-15": pair(2, 2.0**-49),
    "hilbert_7": 1 / (1 + np.add.outer(np.arange(7.0), np.arange(7.0))),
}


@pytest.mark.parametrize("name", MATRICES)
def test_gap_agrees_with_50_digits(name: str) -> None:
    gap, error = gap_and_error(MATRICES[name])
    assert abs(isometry_gap(MATRICES[name]) - gap) <= error
    assert isometry(MATRICES[name]) == pytest.approx(math.exp(-gap), rel=error + 2 * EPS)


@pytest.mark.parametrize("name", MATRICES)
def test_potential_agrees_with_50_digits(name: str) -> None:
    expected = potential_reference(MATRICES[name])
    # The rounding of |r| by 2 eps moves r / (1 - r) by 2 eps / (1 - r)^2 at most.
    norms = np.diag(MATRICES[name])
    rounding = 0 if np.all(norms == norms[0]) else 2 * EPS * (1 + expected) ** 2
    error = rounding + 4 * EPS * expected
    assert abs(potential(MATRICES[name]) - expected) <= error


def test_pair_is_exact_where_float64_is() -> None:
    r = 1 - 1e-12
    expected = -(math.log(1 - r) + math.log1p(r)) / 2
    assert isometry_gap(pair(2, 1e-12)) == pytest.approx(expected, rel=4 * EPS)


@pytest.mark.parametrize("scale", [1e-300, 0.1, 0.3, 1.0, 1e300])
@pytest.mark.parametrize("n", [1, 2, 7, 10, 100, 300])
def test_multiples_of_the_identity_are_perfect(n: int, scale: float) -> None:
    G = scale * np.eye(n)
    assert (isometry(G), isometry_gap(G), potential(G)) == (1, 0, 0)


DUPLICATE = np.array([[1.0, 2.0, 0.5], [3.0, -1.0, 0.2], [1.0, 2.0, 0.5]])
SINGULAR = {
    "duplicate": DUPLICATE @ DUPLICATE.T,
    "opposite": np.array([[1.0, -1.0], [-1.0, 1.0]]),
    "parallel": np.array([[1.0, 3.0], [3.0, 9.0]]),
    "rank_1_rounded": np.outer([0.1, 0.7], [0.1, 0.7]),
    "rank_2_of_5": gram_of(2, 5, 2),
    "rank_5_of_200": gram_of(3, 200, 5),
    "zero_sample": np.diag([1.0, 0.0, 2.0]),
    "underflown_sample": np.array([[0.0, 1e-170], [1e-170, 1.0]]),
    "all_equal": np.ones((4, 4)),
    "entries_1e-300": 1e-300 * np.ones((3, 3)),
    "entries_1e300": 1e300 * np.ones((3, 3)),
}


@pytest.mark.parametrize("name", SINGULAR)
def test_singular_matrices_have_isometry_zero(name: str) -> None:
    assert isometry(SINGULAR[name]) == 0
    assert isometry_gap(SINGULAR[name]) == math.inf


def test_potential_is_infinite_for_parallel_or_zero_samples() -> None:
    infinite = {name: potential(G) == math.inf for name, G in SINGULAR.items()}
    rank_deficient = {"rank_2_of_5", "rank_5_of_200"}
    assert infinite == {name: name not in rank_deficient for name in SINGULAR}


def test_singular_means_an_eigenvalue_within_rounding_of_zero() -> None:
    assert isometry_gap(pair(2, 2 * EPS)) == math.inf
    assert isometry_gap(pair(2, 8 * EPS)) == pytest.approx(-math.log(16 * EPS) / 2, rel=8 * EPS)


@pytest.mark.parametrize("function", FUNCTIONS)
def test_batch_equals_loop(function: Callable[[Any], Any]) -> None:
    G = np.stack([gram_of(seed, 4, 3 + seed % 3) for seed in range(6)])
    G[2] = np.eye(4)
    looped = np.array([function(matrix) for matrix in G])
    batched = function(G.reshape(2, 3, 4, 4))
    assert batched.shape == (2, 3)
    # LAPACK sees the same matrices; sums and logarithms run along other axes.
    condition = max(np.linalg.cond(matrix) for matrix in G[np.isfinite(looped)])
    np.testing.assert_allclose(batched.ravel(), looped, rtol=8 * EPS * condition, atol=8 * EPS)


@pytest.mark.parametrize("function", FUNCTIONS)
@pytest.mark.parametrize(("dtype", "eps"), [("float32", 2.0**-23), ("float64", EPS)])
def test_torch_agrees_with_numpy(function: Callable[[Any], Any], dtype: str, eps: float) -> None:
    G = np.stack([gram_of(seed, 4, 9) for seed in range(5)]).astype(dtype)
    ours = function(G)
    theirs = function(torch.from_numpy(G))
    assert (ours.dtype, theirs.dtype) == (np.dtype(dtype), getattr(torch, dtype))
    condition = np.linalg.cond(G.astype("float64")).max()
    np.testing.assert_allclose(theirs.numpy(), ours, rtol=8 * eps * condition)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_half_precision_is_kept(dtype: torch.dtype) -> None:
    result = isometry(torch.tensor([[2.0, 1.0], [1.0, 2.0]], dtype=dtype))
    assert result.dtype == dtype
    assert float(result) == pytest.approx(math.sqrt(3) / 2, rel=float(torch.finfo(dtype).eps))


def test_integers_become_the_default_float() -> None:
    G = [[2, 1], [1, 2]]
    assert isometry(np.array(G)).dtype == np.float64
    assert isometry(torch.tensor(G)).dtype == torch.get_default_dtype()
    assert isometry_gap(np.array(G)) == isometry_gap(np.array(G, dtype=float))


def test_gradient_of_the_gap_is_that_of_its_formula() -> None:
    G = torch.tensor(gram_of(4, 5, 9), requires_grad=True)
    isometry_gap(G).backward()
    A = G.detach()
    expected = torch.eye(5, dtype=A.dtype) / torch.trace(A) - torch.linalg.inv(A) / 5
    assert G.grad is not None
    error = 16 * EPS * float(torch.linalg.cond(A)) * float(expected.abs().max())
    torch.testing.assert_close(G.grad, expected, rtol=0, atol=error)


@pytest.mark.parametrize("function", FUNCTIONS)
def test_gradients_are_finite_at_singular_matrices(function: Callable[[Any], Any]) -> None:
    G = torch.tensor([[[1.0, 1], [1, 1]], [[1, 0], [0, 0]], [[1, 0], [0, 1]], [[1, 0.5], [0.5, 2]]])
    result = function(G.requires_grad_())
    result[torch.isfinite(result)].sum().backward()
    assert G.grad is not None
    assert torch.all(torch.isfinite(G.grad))
    assert torch.any(G.grad[3] != 0)


grams = st.builds(gram_of, st.integers(0, 2**32), st.integers(1, 8), st.integers(1, 12))


@given(grams)
def test_isometry_is_between_zero_and_one(G: np.ndarray) -> None:
    assert 0 <= isometry(G) <= 1
    assert isometry_gap(G) >= 0
    assert potential(G) >= 0


@given(grams, st.integers(-480, 480))
def test_scale_does_not_matter(G: np.ndarray, k: int) -> None:
    c = 4.0**k  # the square root of c is exact too, so every digit stays
    for function in FUNCTIONS:
        assert function(c * G) == function(G)


@given(grams, st.randoms(use_true_random=False))
def test_order_of_samples_does_not_matter(G: np.ndarray, random: Any) -> None:
    order = list(range(len(G)))
    random.shuffle(order)
    permuted = G[np.ix_(order, order)]
    assert (isometry(permuted) == 0) == (isometry(G) == 0)
    if isometry(G) > 0:
        _, error = gap_and_error(G)
        assert abs(isometry_gap(permuted) - isometry_gap(G)) <= 2 * error


@given(st.integers(0, 2**32), st.integers(2, 8), st.integers(1, 7))
def test_fewer_dimensions_than_samples_are_singular(seed: int, n: int, d: int) -> None:
    G = gram_of(seed, n, min(d, n - 1))
    assert isometry(G) == 0


@given(st.integers(0, 2**32), st.integers(2, 8))
def test_normalizing_gains_the_mean_over_the_geometric_mean(seed: int, n: int) -> None:
    G = gram_of(seed, n, n + 3)
    a = np.diag(G)
    R = G / np.sqrt(np.outer(a, a))
    gain = np.log(np.mean(a)) - np.mean(np.log(a))
    error = gap_and_error(G)[1] + gap_and_error(R)[1] + 16 * EPS * np.max(np.abs(np.log(a)))
    assert abs(isometry_gap(G) - isometry_gap(R) - gain) <= error


@pytest.mark.parametrize("share", [0.9, 1.1])
def test_asymmetry_up_to_half_the_root_of_eps_is_rounding(share: float) -> None:
    """Half the difference is compared with sqrt(eps)/2, relative to the smaller entry of two."""
    off = share * math.sqrt(np.finfo(float).eps)
    G = np.eye(2) + np.array([[[0, 0], [0, 0]], [[0, off], [0, 0]]])
    if share < 1:
        assert isometry_gap(G).shape == (2,)
    else:
        with pytest.raises(GramError, match=r"G\[1, 0, 1\] = .* and G\[1, 1, 0\] = 0 differ by"):
            isometry_gap(G)


NAN, INF = math.nan, math.inf
BAD = {
    "list": ([[1.0]], "G is a list; give an array"),
    "vector": (np.ones(3), r"shape \(3,\); it must be \(\.\.\., n, n\)"),
    "oblong": (np.ones((3, 4)), r"shape \(3, 4\); it must be \(\.\.\., n, n\)"),
    "empty": (np.ones((0, 0)), r"shape \(0, 0\).* with n >= 1"),
    "complex": (np.eye(2) * 1j, "dtype complex128; it must be real"),
    "bool": (np.eye(2) > 0, "dtype bool; it must be real"),
    "object": (np.eye(2).astype(object), "dtype object; it must be real"),
    "nan": (np.array([np.eye(2), [[1, NAN], [NAN, 1]]]), r"G\[1, 0, 1\] is nan; every entry"),
    "inf": (np.diag([1.0, INF]), r"G\[1, 1\] is inf; every entry"),
    "negative": (np.diag([1.0, -2.5]), r"G\[1, 1\] is -2\.5; the diagonal"),
    "zero": (np.zeros((2, 2)), "trace 0"),
    "zero_in_batch": (np.array([np.eye(2), np.zeros((2, 2))]), r"G\[1\] has trace 0"),
    "asymmetric": (
        np.array([[1.0, 0.5, 0.1], [0.5, 1.0, 0.4], [0.2, 0.1, 1.0]]),
        r"G\[1, 2\] = 0\.4 and G\[2, 1\] = 0\.1 differ by 0\.3; .*\(G \+ G\.T\) / 2",
    ),
    "asymmetric_huge": (np.array([[1e308, 1e308], [-1e308, 1e308]]), "differ by"),
    "asymmetric_zero": (np.array([[0.0, 1.0], [0.0, 1.0]]), "differ by 1;"),
    "indefinite_2": (np.array([[1.0, 2.0], [2.0, 1.0]]), "smallest eigenvalue is -1;"),
    "indefinite_3": (
        np.array([[1.0, 0.9, -0.9], [0.9, 1.0, 0.9], [-0.9, 0.9, 1.0]]),
        r"smallest eigenvalue is -0\.8;",
    ),
    "indefinite_in_batch": (np.array([np.eye(2), [[1, 3], [3, 1]]]), r"G\[1\] is indefinite.*-2;"),
    "indefinite_zero": (np.array([[0.0, 1.0], [1.0, 0.0]]) + np.diag([0, 1]), r"-0\.618034;"),
    "indefinite_slightly": (equicorrelated(3, -0.5 - 1e-6), r"smallest eigenvalue is -2e-06;"),
    "indefinite_range": (np.array([[1e-300, 1e300], [1e300, 1e-300]]), r"is -1e\+300;"),
}


@pytest.mark.parametrize("function", FUNCTIONS)
@pytest.mark.parametrize("name", BAD)
def test_bad_input_is_named(function: Callable[[Any], Any], name: str) -> None:
    G, message = BAD[name]
    with pytest.raises(GramError, match=message):
        function(G)


def test_rounding_of_a_product_is_no_error() -> None:
    G = np.ones((3, 3)) + 1e-10 * np.array([[0, 1, -1], [1, 0, 1], [-1, 1, 0]])
    G[0, 1] += 1e-12
    assert isometry(G) == 0


def test_an_empty_batch_gives_an_empty_result() -> None:
    assert isometry(np.ones((0, 3, 3))).shape == (0,)


@pytest.mark.parametrize("f", FUNCTIONS)
def test_tensors_without_all_values_are_refused(f: Any) -> None:
    with pytest.raises(GramError, match="on the meta device: it has no values"):
        f(torch.eye(3, device="meta"))
    with pytest.raises(GramError, match=r"layout torch.sparse_coo; give G.to_dense\(\)"):
        f(torch.eye(3).to_sparse())
