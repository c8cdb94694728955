"""Seeded normals in tiles: every tile of a layer has a generator of its own.

The neurons of a layer are cut into tiles of equal width. Which process draws a tile, when, and
how often does not change what is drawn.
"""

from __future__ import annotations

import operator
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from hermiso.errors import FiniteError

__all__ = ["Stream", "Tensor", "split", "stream"]

Tensor = Any

_TILE = {"cpu": 2**16}  # normals a tile: they stay in the cache
_LARGE_TILE = 2**24  # on an accelerator
_WORD = 2**32


@dataclass(frozen=True)
class Stream:
    """The normals of a network: which are drawn is fixed by seed, run, layer, tile and n.

    On a CPU torch's generator takes 32 bits of a tile's seed. They differ within a layer; of 10^5
    tiles in all layers about one pair shares its normals.

    Attributes:
        seed: an integer >= 0.
        n: number of samples.
        device: where the normals are drawn; other kinds of device draw others.
        dtype: of the normals; float32 and float64 draw others.
        tile: neurons a tile; by default 2^16/n, on accelerators 2^24/n.
    """

    seed: int
    n: int
    device: Any
    dtype: Any
    tile: int

    def key(self, run: int, layer: int) -> int:
        """The 64 bits that a layer of a run starts from."""
        sequence = np.random.SeedSequence(self.seed, spawn_key=(run, layer))
        return int(sequence.generate_state(1, np.uint64)[0])

    def drawn(self, keys: list[int], width: int, rank: int = 0, world: int = 1) -> Iterator[Tensor]:
        """Yield this process's tiles of a layer, shape (runs, n, columns), a key for each run.

        A tile is overwritten by the next; of the tiles every `world`-th is this process's.
        """
        shape = (len(keys), self.n, min(self.tile, width))
        Z = torch.empty(shape, dtype=self.dtype, device=self.device)
        for tile in range(rank, -(-width // self.tile), world):
            if (rest := width - tile * self.tile) < self.tile:
                Z = torch.empty((*shape[:2], rest), dtype=self.dtype, device=self.device)
            for key, target in zip(keys, Z, strict=True):
                own = torch.Generator(self.device).manual_seed(_seed(key, tile))
                target.normal_(generator=own)
            yield Z


def _seed(key: int, tile: int) -> int:
    """64 bits for a tile. The lower 32 are a permutation of the tiles that the key chooses."""
    high, low = divmod(key, _WORD)
    lower = _scattered(_scattered((tile + low) % _WORD) ^ high)
    return _scattered(lower ^ low) * _WORD + lower


def _scattered(word: int) -> int:
    """A fixed permutation of 32 bits without structure (the last step of MurmurHash3)."""
    word = (word ^ (word >> 16)) * 0x85EBCA6B % _WORD
    word = (word ^ (word >> 13)) * 0xC2B2AE35 % _WORD
    return word ^ (word >> 16)


def stream(seed: Any, n: int, device: Any, dtype: Any, tile: int | None = None) -> Stream:
    """Check the arguments and choose the width of a tile."""
    try:
        number = operator.index(seed)
    except TypeError:
        number = -1
    if number < 0 or isinstance(seed, bool):
        raise FiniteError(f"the seed is {seed!r}; it must be an integer >= 0")
    if dtype not in (torch.float32, torch.float64):
        raise FiniteError(f"dtype is {dtype}; it must be torch.float32 or torch.float64")
    place = torch.device(device)
    if place.type == "meta":
        raise FiniteError("the device is 'meta', which holds no numbers; use device='cpu'")
    if tile is None:
        tile = max(1, _TILE.get(place.type, _LARGE_TILE) // n)
    if isinstance(tile, bool) or not hasattr(tile, "__index__") or tile < 1:
        raise FiniteError(f"the tile is {tile!r}; it must be an integer >= 1, in neurons")
    return Stream(number, n, place, dtype, tile)


def split(count: int, most: int) -> Iterator[slice]:
    """Cut range(count) into slices of at most so many."""
    for start in range(0, count, most):
        yield slice(start, min(start + most, count))
