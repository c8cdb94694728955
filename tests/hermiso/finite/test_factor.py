"""F F^T = G, also where G is singular, and nothing but G in the law."""

from typing import Any

import pytest
import torch

from hermiso.finite.factor import factor

EPS = 2.0**-52
Tensor = Any


def generator(seed: int = 0) -> Any:
    return torch.Generator().manual_seed(seed)


def gram(n: int, d: int, seed: int = 0) -> Tensor:
    X = torch.empty((n, d), dtype=torch.float64).normal_(generator=generator(seed))
    return X @ X.mT


def of_rows(rows: list[list[float]]) -> Tensor:
    X = torch.tensor(rows, dtype=torch.float64)
    return X @ X.mT


def relative_error(G: Tensor) -> float:
    """Of F F^T, entry by entry relative to the norms of both samples."""
    F, s = factor(G), torch.diagonal(G, dim1=-2, dim2=-1).sqrt()
    return float(((F @ F.mT - G).abs() / (s[..., :, None] * s[..., None, :])).max())


CASES = {
    "one sample": gram(1, 1),
    "random": gram(6, 9),
    "square": gram(9, 9),
    "rank 1": gram(6, 1),
    "rank deficient": gram(7, 3),
    "identity": torch.eye(4, dtype=torch.float64),
    "duplicates": of_rows([[1, 2, 3], [1, 2, 3], [0, 1, -1]]),
    "opposites": of_rows([[1, 2, 3], [-1, -2, -3], [0, 1, -1]]),
    "distance 1e-6": of_rows([[1, 0], [1, 1e-6]]),
    "distance 1e-9": of_rows([[1, 0], [1, 1e-9]]),
    "norms apart": of_rows([[1e-150, 0], [1e150, 1e150], [0, 1]]),
}


@pytest.mark.parametrize("name", CASES)
def test_its_square_is_the_matrix(name: str) -> None:
    """8 n eps may be cut from each of n eigenvalues, the largest being at most n."""
    n = len(CASES[name])
    assert relative_error(CASES[name]) <= 16 * n**2 * EPS


def test_a_stack_of_any_shape_is_factored_matrix_by_matrix() -> None:
    stack = torch.stack([gram(4, 6, 1), gram(4, 2, 2), gram(4, 4, 3), gram(4, 1, 4)])
    G = stack.reshape(2, 2, 4, 4)
    assert factor(G).shape == (2, 2, 4, 4)
    assert relative_error(G) <= 16 * 16 * EPS
    for each, alone in zip(factor(stack), stack, strict=True):
        assert torch.allclose(each, factor(alone), rtol=0, atol=1e-14)


@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize("copies", [2, 5])
def test_duplicates_stay_and_no_jitter_parts_them(sign: int, copies: int) -> None:
    x, y = torch.empty((2, 8), dtype=torch.float64).normal_(generator=generator(3))
    X = torch.stack([x, y, *(sign * x for _ in range(copies - 1))])
    F = factor(X @ X.mT)
    apart = (F[2:] - sign * F[0]).abs().max() / torch.linalg.vector_norm(F[0])
    assert apart <= 1e-7


def test_a_small_distance_is_kept_to_rounding() -> None:
    """1 - rho = 5e-11 is known to 1e-6; a jitter of 1e-10 would drown it."""
    F = factor(of_rows([[1, 0], [1, 1e-5]]))
    distance = float(torch.linalg.vector_norm(F[0] - F[1]))
    assert distance == pytest.approx(1e-5, rel=1e-5)


def test_a_zero_sample_has_a_zero_row() -> None:
    F = factor(of_rows([[1, 2], [0, 0], [3, 4]]))
    assert torch.equal(F[1], torch.zeros(3, dtype=torch.float64))
    assert float((F @ F.mT - of_rows([[1, 2], [0, 0], [3, 4]])).abs().max()) < 1e-13


def test_all_zero_samples_have_zero_rows() -> None:
    zero = torch.zeros((3, 3), dtype=torch.float64)
    assert torch.equal(factor(zero), zero)


@pytest.mark.parametrize("size", [1e-300, 1e-150, 1e-3, 1e150, 1e300])
def test_the_scale_of_the_matrix_does_not_matter(size: float) -> None:
    G = gram(5, 3)
    scaled, plain = factor(size * G), factor(G)
    assert relative_error(size * G) <= 16 * 25 * EPS
    assert torch.allclose(scaled @ scaled.mT / size, plain @ plain.mT, rtol=1e-12)


@pytest.mark.parametrize("value", [torch.nan, torch.inf, -torch.inf])
def test_what_is_not_finite_gives_nan_and_leaves_the_others(value: float) -> None:
    bad = gram(3, 5)
    bad[0, 1] = bad[1, 0] = value
    F = factor(torch.stack([bad, gram(3, 5)]))
    assert torch.isnan(F[0]).all()
    torch.testing.assert_close(F[1], factor(gram(3, 5)), rtol=0, atol=1e-14)


def test_an_indefinite_matrix_gives_nan_and_leaves_the_others() -> None:
    bad = torch.tensor([[1.0, 2.0], [2.0, 1.0]], dtype=torch.float64)
    F = factor(torch.stack([bad, torch.eye(2, dtype=torch.float64)]))
    assert torch.isnan(F[0]).all()
    torch.testing.assert_close(F[1], torch.eye(2, dtype=torch.float64), rtol=0, atol=4 * EPS)


@pytest.mark.parametrize(("below", "refused"), [(1e-5, True), (1e-8, False)])
def test_indefinite_means_beyond_rounding(below: float, refused: bool) -> None:
    G = torch.tensor([[1.0, 1.0 + below], [1.0 + below, 1.0]], dtype=torch.float64)
    assert bool(torch.isnan(factor(G)).any()) == refused


def test_a_close_pair_keeps_its_distance_beside_duplicates_of_others() -> None:
    generator = torch.Generator().manual_seed(0)
    X = torch.randn(100, 200, generator=generator, dtype=torch.float64)
    X[1] = X[0] + 3e-6 * torch.randn(200, generator=generator, dtype=torch.float64)
    X[3] = X[2]
    X = X / X.norm(dim=1, keepdim=True)
    F = factor((X @ X.mT)[None])[0]
    distance = (X[0] - X[1]).square().sum()
    assert float((F[0] - F[1]).square().sum() / distance) == pytest.approx(1, abs=1e-3)
    assert float((F[2] - F[3]).norm()) < 1e-12
