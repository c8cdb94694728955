"""Which normals are drawn is fixed by seed, run, layer, tile and n, and by nothing else."""

from typing import Any

import numpy as np
import pytest
import torch
from scipy.stats import kstest

from hermiso.errors import FiniteError
from hermiso.finite import Architecture, simulate, streams
from hermiso.finite.streams import Stream, split, stream

Tensor = Any


def normals(
    seed: int = 0,
    run: int = 0,
    layer: int = 0,
    *,
    n: int = 3,
    width: int = 10,
    tile: int = 4,
    dtype: Any = torch.float64,
) -> Tensor:
    """The normals of one layer of one run, shape (n, width)."""
    s = stream(seed, n, "cpu", dtype, tile)
    return torch.cat([Z[0].clone() for Z in s.drawn([s.key(run, layer)], width)], dim=-1)


def test_the_same_arguments_draw_the_same_numbers() -> None:
    assert torch.equal(normals(7, 2, 5), normals(7, 2, 5))


@pytest.mark.parametrize("other", ["seed", "run", "layer"])
def test_another_seed_run_or_layer_draws_all_other_numbers(other: str) -> None:
    first, second = normals(), normals(**{other: 1})
    assert not np.isin(second, first).any()


def test_seed_run_and_layer_do_not_stand_for_each_other() -> None:
    keys = {
        stream(seed, 3, "cpu", torch.float32).key(run, layer)
        for seed in range(10)
        for run in range(10)
        for layer in range(10)
    }
    assert len(keys) == 1000


def test_tiles_of_a_layer_are_different() -> None:
    Z = normals(width=400, tile=4)
    assert Z.unique().numel() == Z.numel()


def test_tiles_of_a_layer_differ_in_the_32_bits_that_a_cpu_generator_takes() -> None:
    lower = {streams._seed(key, tile) % 2**32 for key in (7 * 2**40 + 5,) for tile in range(50_000)}
    assert len(lower) == 50_000
    assert normals(n=1, width=20_000, tile=1, dtype=torch.float64).unique().numel() == 20_000


def test_layers_that_share_one_tile_do_not_share_the_next() -> None:
    """Two layers, each a walk through 32 bits, must not walk side by side."""
    first, other = 3 * 2**32 + 11, 9 * 2**32 + 12
    a, b = ([streams._seed(key, t) % 2**32 for t in range(20_000)] for key in (first, other))
    assert len(set(a) & set(b)) < 5


def test_a_run_does_not_depend_on_the_runs_beside_it() -> None:
    s = stream(3, 2, "cpu", torch.float32, 8)
    keys = [s.key(run, 1) for run in range(5)]
    together = torch.cat([Z.clone() for Z in s.drawn(keys, 20)], dim=-1)
    alone = torch.cat([Z.clone() for Z in s.drawn(keys[3:4], 20)], dim=-1)
    assert torch.equal(together[3:4], alone)


@pytest.mark.parametrize("world", [1, 2, 3, 7])
def test_the_processes_together_draw_every_tile_once(world: int) -> None:
    s = stream(0, 3, "cpu", torch.float64, 4)
    parts = {rank: [Z.clone() for Z in s.drawn([9], 18, rank, world)] for rank in range(world)}
    tiles = [parts[tile % world][tile // world] for tile in range(5)]
    assert sum(map(len, parts.values())) == 5
    alone = torch.cat([Z.clone() for Z in s.drawn([9], 18)], dim=-1)
    assert torch.equal(torch.cat(tiles, dim=-1), alone)


@pytest.mark.parametrize(
    ("width", "widths"),
    [(1, [1]), (3, [3]), (4, [4]), (5, [4, 1]), (8, [4, 4]), (11, [4, 4, 3])],
)
def test_the_last_tile_is_what_is_left(width: int, widths: list[int]) -> None:
    s = stream(0, 2, "cpu", torch.float32, 4)
    assert [Z.shape for Z in s.drawn([1, 2], width)] == [(2, 2, part) for part in widths]


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=["float32", "float64"])
def test_the_numbers_are_standard_normal_and_independent(dtype: Any) -> None:
    """20 000 numbers each; levels of 1e-4 on a seed that is fixed."""
    Z = normals(n=4, width=5000, tile=13, dtype=dtype).double().numpy()
    assert kstest(Z.ravel(), "norm").pvalue > 1e-4
    R = np.corrcoef(np.concatenate([Z, np.roll(Z, 13, axis=-1)]))  # the next tile's too
    off = np.abs(R[np.triu_indices(8, 1)])
    assert off.max() < 5 / np.sqrt(5000)  # 28 of them at 5 sigma: 2e-5


def test_the_default_tile_holds_as_many_normals_for_every_n() -> None:
    for n in (1, 3, 100, 2**16, 2**20):
        tile = stream(0, n, "cpu", torch.float32).tile
        assert tile == max(1, 2**16 // n)


@pytest.mark.parametrize("seed", [0, 2**70, np.int64(3)], ids=["zero", "large", "numpy"])
def test_every_integer_from_0_is_a_seed(seed: Any) -> None:
    assert isinstance(stream(seed, 2, "cpu", torch.float32), Stream)
    assert stream(seed, 2, "cpu", torch.float32).key(0, 0) >= 0


@pytest.mark.parametrize("seed", [-1, 1.5, "1", None, True], ids=repr)
def test_a_bad_seed_is_named(seed: Any) -> None:
    with pytest.raises(FiniteError, match=rf"the seed is {seed!r}; .* integer >= 0"):
        stream(seed, 2, "cpu", torch.float32)


@pytest.mark.parametrize("dtype", [torch.float16, torch.int64, "float32"], ids=str)
def test_a_bad_dtype_is_named(dtype: Any) -> None:
    with pytest.raises(FiniteError, match=f"dtype is {dtype}; .*torch.float32 or torch.float64"):
        stream(0, 2, "cpu", dtype)


@pytest.mark.parametrize("tile", [0, -4, 2.5, "8", True], ids=repr)
def test_a_bad_tile_is_named(tile: Any) -> None:
    with pytest.raises(FiniteError, match=rf"the tile is {tile!r}; .* integer >= 1"):
        stream(0, 2, "cpu", torch.float32, tile)


@pytest.mark.parametrize("most", [1, 2, 3, 5, 6, 100])
def test_split_covers_the_range_once(most: int) -> None:
    found = [i for part in split(6, most) for i in range(6)[part]]
    assert found == list(range(6))
    assert all(part.stop - part.start <= most for part in split(6, most))


@pytest.mark.parametrize("order", ["activation-first", "normalization-first"])
@pytest.mark.parametrize("normalization", ["layer", "batch"])
def test_runs_that_do_not_fit_one_batch_are_the_same_networks(
    order: Any, normalization: Any
) -> None:
    net = Architecture("tanh", normalization=normalization, order=order)
    many = simulate(np.eye(10), net, 1000, 2, runs=20)
    few = simulate(np.eye(10), net, 1000, 2, runs=3)
    np.testing.assert_allclose(many.gap[:3], few.gap, rtol=1e-9, atol=1e-12)
