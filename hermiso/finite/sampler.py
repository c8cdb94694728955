"""Random networks exact in law, without their weights.

Given the Gram matrix G of the layer before, the rows of W X are independent N(0, G): a layer of
width d is Z F^T with F F^T = G and Z of shape (d, n), drawn tile by tile. Work O(d n^2), memory
O(tile n + n^2), at any width. Not for trained, orthogonal or other non-Gaussian weights.
"""

from __future__ import annotations

import logging
import operator
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from hermiso.errors import FiniteError
from hermiso.finite.architecture import Architecture, Step
from hermiso.finite.devices import affordable, place
from hermiso.finite.factor import factor
from hermiso.finite.moments import Linear, Moments, linear, needs_moments, over_batch, resolved
from hermiso.finite.streams import Stream, split, stream
from hermiso.finite.trajectory import Recorder, Trajectory
from hermiso.finite.workers import ALONE, Workers
from hermiso.gram import isometry_gap

__all__ = ["Tensor", "plan", "simulate"]

Tensor = Any
OnTile = Callable[[Tensor, slice], Tensor]  # features of these runs

_BLOCK = {"cpu": 2**17}  # normals held at once: they stay in the cache
_LARGE_BLOCK = 2**26  # on an accelerator
_GRAMS = 6  # matrices of a run held at once: G, its factor, sums, what is measured
_NORMAL = 30  # multiplications that drawing a normal and a function of it are worth
_LOG = logging.getLogger(__name__)


def simulate(
    G0: Any,
    architecture: Architecture,
    widths: int | Iterable[int],
    depth: int | None = None,
    *,
    runs: int = 1,
    seed: int = 0,
    device: Any = "cpu",
    dtype: Any = torch.float32,
    parts: bool = False,
    keep_gram: bool = False,
    tile: int | None = None,
    workers: Workers = ALONE,
) -> Trajectory:
    """Draw the Gram matrices of random Gaussian networks from their law (isometry paper, eq. 1).

    Args:
        G0: Gram matrix of the inputs x^0, shape (n, n), or one for each run, shape (runs, n, n);
            `input_gram` makes it of samples.
        architecture: what a layer does.
        widths: d of every layer, or of each.
        depth: number of layers, if the width is one number.
        runs: number of independent networks. Run r is the same whatever their number.
        seed: of the weights.
        device: where it runs.
        dtype: float32 or float64, of the neurons; sums are float64 in any case. In float32 a
            distance of samples below about 1e-6 of their norm is lost in rounding.
        parts: whether every part of each layer is recorded, not its output only; the normals
            are then drawn twice.
        keep_gram: whether the Gram matrices of the outputs are kept.
        tile: neurons that share a generator; another tile draws another network.
        workers: processes that share the width, see `hermiso.finite.workers`.

    Returns:
        The `Trajectory`, on every process the same.

    Raises:
        FiniteError: if an argument is out of its domain.
        GramError: if G0 is no Gram matrix.
    """
    if not isinstance(architecture, Architecture):
        raise FiniteError(
            f"the architecture is {architecture!r}; give finite.Architecture({architecture!r})"
        )
    count = _positive("runs", runs)
    n = _samples(G0, count)
    layers, normals = plan(
        n,
        widths,
        depth,
        runs=count,
        seed=seed,
        device=device,
        dtype=dtype,
        parts=parts,
        keep_gram=keep_gram,
        tile=tile,
        workers=workers,
    )
    G = _grams(G0, count, normals.device)
    recorder = Recorder(count, len(layers), keep_gram)
    recorder.note("output", 0, G)
    for index, width in enumerate(layers):
        _LOG.info("layer %s of %s", index + 1, len(layers))
        covariance = factor(G + architecture.bias**2)
        layer = _Layer(architecture, index, width, normals, workers, covariance)
        m = layer.output(recorder if parts else None)
        G = m.gram
        recorder.note("output", index + 1, G)
    return recorder.trajectory()


def plan(
    n: int,
    widths: int | Iterable[int],
    depth: int | None = None,
    *,
    runs: int = 1,
    seed: int = 0,
    device: Any = "cpu",
    dtype: Any = torch.float32,
    parts: bool = False,
    keep_gram: bool = False,
    tile: int | None = None,
    workers: Workers = ALONE,
) -> tuple[list[int], Stream]:
    """The widths and normals of what `simulate` is asked for on n samples, once it can be.

    Raises:
        FiniteError: if an argument is out of its domain, or nobody would see the end: the networks
            do not fit into memory, or take more work than is ever begun.
    """
    count = _positive("runs", runs)
    layers = _widths(widths, depth, count)
    normals = stream(seed, n, place(device), dtype, tile)
    widest = max(layers, default=0)
    kept = _GRAMS + (2 * (len(layers) + 1) if keep_gram else 0)
    recorded = count * (len(layers) + 1) * 4 * (5 if parts else 1)
    size = 8 * (count * kept * n**2 + 4 * n * min(normals.tile, widest) + recorded)
    drawn = sum(layers) * n * (n + _NORMAL) * (2 if parts else 1) // workers.world
    what = f"{count} runs of {len(layers)} layers of {widest} neurons on {n} samples"
    affordable(what, size, count * (drawn + len(layers) * n**3), normals.device)
    return layers, normals


@dataclass(frozen=True)
class _Layer:
    """One layer of all runs: its width, its normals and the factor of its preactivations."""

    architecture: Architecture
    index: int
    width: int
    normals: Stream
    workers: Workers
    F: Tensor

    def output(self, recorder: Recorder | None) -> Moments:
        """Go through the steps; stream over the neurons where their moments are needed.

        `on_tiles` leads to the last function that is not linear, `pending` on from there.
        """
        on_tiles: list[OnTile] = []
        pending: list[Linear] = []
        shift, known = 0.0, None
        if recorder:
            known = self._noted(recorder, "preactivation", self._streamed(on_tiles, shift))
        for step in self.architecture.steps(self.index):
            if needs_moments(step) and known is None:
                known = _through(pending, self._streamed(on_tiles, shift))
            change = linear(step, known)
            if change:
                pending.append(change)
                known = known and change.on_moments(known)
            else:
                on_tiles += [*(p.on_features for p in pending), self._elementwise(step)]
                pending, known = [], None
                shift = self.architecture.shift if step.action == "activate" else 0.0
            if recorder:
                known = known or _through(pending, self._streamed(on_tiles, shift))
                self._noted(recorder, step.part, known)
        return known or _through(pending, self._streamed(on_tiles, shift))

    def _noted(self, recorder: Recorder, part: str, m: Moments) -> Moments:
        recorder.note(part, self.index + 1, m.gram)
        return m

    def _elementwise(self, step: Step) -> OnTile:
        function = self.architecture.function if step.action == "activate" else over_batch
        return lambda H, _: function(H)

    def _streamed(self, on_tiles: Sequence[OnTile], shift: float) -> Moments:
        """Moments of the features after these functions: one pass over the neurons."""
        with torch.no_grad():
            totals = [self._sums(run, on_tiles, shift) for run in self._runs()]
        mean, products = (torch.cat(t) / self.width for t in zip(*totals, strict=True))
        mean, products = self.workers.summed(mean, (products + products.mT) / 2)
        given = torch.isfinite(self.F).all((-2, -1))  # not every function hands a NaN on
        mean = torch.where(given[:, None], mean, torch.nan)
        m = Moments(mean, products, offset=shift)
        return resolved(m, self.normals.dtype, about_mean=self.architecture.loses_mean)

    def _runs(self) -> Iterable[slice]:
        """Batches of runs whose tiles are held at once."""
        n, width = self.normals.n, min(self.normals.tile, self.width)
        block = _BLOCK.get(self.normals.device.type, _LARGE_BLOCK)
        return split(len(self.F), max(1, block // (n * width)))

    def _sums(self, runs: slice, on_tiles: Sequence[OnTile], shift: float) -> tuple[Tensor, Tensor]:
        """Sums over this process's neurons of h - shift and of its products, in float64."""
        F = self.F[runs].to(self.normals.dtype)
        keys = [self.normals.key(run, self.index) for run in range(runs.start, runs.stop)]
        r, n, _ = F.shape
        first = torch.zeros((r, n), dtype=torch.float64, device=F.device)
        second = torch.zeros((r, n, n), dtype=torch.float64, device=F.device)
        buffer = F.new_empty((r, n, min(self.normals.tile, self.width)), dtype=torch.float64)
        for Z in self.normals.drawn(keys, self.width, self.workers.rank, self.workers.world):
            H = F @ Z
            for on_tile in on_tiles:
                H = on_tile(H, runs)
            K = buffer[..., : H.shape[-1]].copy_(H)
            K -= shift
            first += K.sum(-1)
            second.baddbmm_(K, K.mT)
        return first, second


def _through(pending: Sequence[Linear], m: Moments) -> Moments:
    for change in pending:
        m = change.on_moments(m)
    return m


# --- reading arguments ----------------------------------------------------------------------


def _widths(widths: int | Iterable[int], depth: int | None, runs: int) -> list[int]:
    if isinstance(widths, Iterable):
        found = [_positive("a width", width) for width in widths]
        if depth is not None and depth != len(found):
            raise FiniteError(
                f"depth is {depth} and there are {len(found)} widths; leave depth out"
            )
        return found
    width = _positive("the width", widths)
    if depth is None:
        raise FiniteError("the depth is missing; give depth=, or a width for every layer")
    count = _positive("the depth", depth, least=0)
    affordable(f"{count} layers in {runs} runs", 8 * count * (4 * runs + 1))
    return [width] * count


def _positive(name: str, value: Any, least: int = 1) -> int:
    try:
        number = operator.index(value)
    except TypeError:
        number = least - 1
    if number < least or isinstance(value, bool):
        raise FiniteError(f"{name} is {value!r}; it must be an integer >= {least}")
    return number


def _samples(G0: Any, runs: int) -> int:
    """Their number n; nothing of G0 is copied yet."""
    shape = tuple(np.shape(G0))
    if shape[:-2] not in ((), (runs,)) or len(shape) < 2 or shape[-1] != shape[-2]:
        raise FiniteError(
            f"G0 has shape {shape}; it must be (n, n), or ({runs}, n, n) for {runs} runs"
        )
    return int(shape[-1])


def _grams(G0: Any, runs: int, device: Any) -> Tensor:
    G = G0.detach() if torch.is_tensor(G0) else torch.from_numpy(np.array(G0))
    G = G.to(dtype=torch.float64, device=device)
    isometry_gap(G.cpu().numpy())  # refuses what is no Gram matrix
    return G.expand(runs, *G.shape[-2:]).clone()
