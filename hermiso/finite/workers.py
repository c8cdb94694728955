"""Several processes or GPUs that share the width of a layer, over torch.distributed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch

__all__ = ["ALONE", "Tensor", "Workers", "launched"]

Tensor = Any


@dataclass(frozen=True)
class Workers:
    """This process among those that share the neurons.

    Attributes:
        rank: number of this process.
        world: how many there are.
        group: their process group; None for the default one.
    """

    rank: int = 0
    world: int = 1
    group: Any = None

    def summed(self, *parts: Tensor) -> list[Tensor]:
        """The sums of these tensors over all processes, in one all-reduce."""
        if self.world == 1:
            return list(parts)
        flat = torch.cat([part.reshape(-1) for part in parts])
        torch.distributed.all_reduce(flat, group=self.group)
        sizes = [part.numel() for part in parts]
        return [f.reshape(p.shape) for f, p in zip(flat.split(sizes), parts, strict=True)]


ALONE = Workers()


@contextmanager
def launched(backend: str | None = None) -> Iterator[Workers]:
    """The processes that torchrun started; only this one if it did not.

    Args:
        backend: "gloo" or "nccl"; by default nccl where there are GPUs.
    """
    distributed = torch.distributed
    if not distributed.is_torchelastic_launched():
        yield ALONE
        return
    distributed.init_process_group(backend or ("nccl" if torch.cuda.is_available() else "gloo"))
    try:
        yield Workers(distributed.get_rank(), distributed.get_world_size())
    finally:
        distributed.destroy_process_group()
