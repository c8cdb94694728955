"""The network of eq. (1) with its weights, as a torch module."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import torch
from torch import nn

from hermiso.errors import FiniteError
from hermiso.finite.architecture import Architecture, Step
from hermiso.finite.devices import affordable, place
from hermiso.finite.trajectory import Recorder, Trajectory

__all__ = ["MLP", "Tensor", "gram_trajectory", "input_gram"]

Tensor = Any


class MLP(nn.Module):
    """x^{l+1} = N(h - centre)/sqrt(d), h = sigma(g (W x^l + b)) (isometry paper, eq. 1).

    Args:
        architecture: what a layer does.
        widths: d_0, d_1, ..., d_L: of the input and of each layer.
        normalize_input: whether x^0 = LN(x - mean)/sqrt(d_0) as in the paper, or x itself.
        weights: fills a weight tensor in place; by default N(0, 1) from `generator`. Entries of
            mean 0 and variance 1 keep the scale of the mean field.
        generator: torch generator of weights and biases.
        dtype: of weights and biases.
        device: of weights and biases.

    Input and output have shape (..., n, d): samples are rows, as everywhere in torch.

    Raises:
        FiniteError: if a width or the device cannot be, or the weights do not fit its memory.
    """

    def __init__(
        self,
        architecture: Architecture,
        widths: Iterable[int],
        *,
        normalize_input: bool = True,
        weights: Callable[[Tensor], Any] | None = None,
        generator: Any = None,
        dtype: Any = torch.float32,
        device: Any = "cpu",
    ) -> None:
        super().__init__()
        self.architecture = architecture
        self.widths = _widths(widths)
        device = place(device)
        _check_size(self.widths, dtype, device)
        self.normalize_input = normalize_input
        self.weight, self.bias = nn.ParameterList(), nn.ParameterList()
        for before, after in pairwise(self.widths):
            W = torch.empty((after, before), dtype=dtype, device=device)
            b = torch.empty(after, dtype=dtype, device=device)
            with torch.no_grad():
                W.normal_(generator=generator) if weights is None else weights(W)
                b.normal_(generator=generator).mul_(architecture.bias)
            self.weight.append(nn.Parameter(W))
            self.bias.append(nn.Parameter(b, requires_grad=architecture.bias > 0))

    def forward(self, x: Tensor) -> Tensor:
        """Map samples, shape (..., n, d_0), to the last layer, shape (..., n, d_L)."""
        for _, part, features in self.parts(x):
            if part == "output":
                x = features
        return x

    def parts(self, x: Tensor) -> Iterator[tuple[int, str, Tensor]]:
        """Yield (layer, part, features), "output" of layer 0 first, which is x^0."""
        if x.shape[-1] != self.widths[0]:
            raise FiniteError(
                f"the input has shape {tuple(x.shape)}; its last axis must be {self.widths[0]}"
            )
        x = normalized_input(x) if self.normalize_input else x
        yield 0, "output", x
        for index, (W, b) in enumerate(zip(self.weight, self.bias, strict=True)):
            h = x @ W.mT + b
            yield index + 1, "preactivation", h
            for step in self.architecture.steps(index):
                h = _applied(step, self.architecture, h)
                yield index + 1, step.part, h
            x = h / math.sqrt(h.shape[-1])
            yield index + 1, "output", x


def normalized_input(x: Tensor) -> Tensor:
    """x^0 = LN(x - mean)/sqrt(d) for samples of shape (..., n, d) (isometry paper, eq. 1)."""
    centred = x - x.mean(-1, keepdim=True)
    return centred / torch.linalg.vector_norm(centred, dim=-1, keepdim=True)


def input_gram(X: Any, *, normalize: bool = True) -> Tensor:
    """Gram matrix of x^0 for samples of shape (n, d), in float64, for `simulate`.

    Args:
        X: the samples, one a row.
        normalize: whether they are centred and normalized as in eq. (1).
    """
    x = _samples(X)
    n, features = x.shape
    size = 8 * (2 * n**2 + 3 * n * features)
    affordable(f"the Gram matrix of {n} samples", size, n**2 * features, x.device)
    x = x.double()
    x = normalized_input(x) if normalize else x
    if not bool(torch.isfinite(x).all()):
        raise FiniteError(
            "X has samples that are not finite, or whose features are all equal, so that nothing "
            "is left of them once centred; leave them out"
        )
    return x @ x.mT


def _samples(X: Any) -> Tensor:
    """Samples as a real tensor of shape (n, d)."""
    x = X if torch.is_tensor(X) else torch.from_numpy(np.array(X))
    if x.ndim != 2 or x.is_complex():
        raise FiniteError(
            f"X has shape {tuple(x.shape)} and dtype {x.dtype}; real samples are the rows of a "
            "matrix"
        )
    return x


def gram_trajectory(model: MLP, X: Tensor, *, keep_gram: bool = False) -> Trajectory:
    """Record gap, potential and norms before and after each part of each layer of a network.

    Args:
        model: the network, trained or not.
        X: samples, shape (n, d_0).
        keep_gram: whether the Gram matrices of the outputs are kept.

    Raises:
        FiniteError: if the samples do not fit the network, or their features the memory.
    """
    weight = next(iter(model.weight))
    x = _samples(X).to(dtype=weight.dtype, device=weight.device)
    n, widest = len(x), max(model.widths)
    affordable(f"the features of {n} samples", 8 * n * (4 * n + 4 * widest), 0, x.device)
    recorder = Recorder(1, len(model.weight), keep_gram)
    with torch.no_grad():
        for layer, part, features in model.parts(x):
            H = features.double()
            G = H @ H.mT if part == "output" else H @ H.mT / H.shape[-1]
            recorder.note(part, layer, G[None])
    return recorder.trajectory()


def _applied(step: Step, architecture: Architecture, h: Tensor) -> Tensor:
    """One step on features of shape (..., n, d)."""
    if step.action == "activate":
        return architecture.function(h)
    if step.kind == "none":
        return h
    axis = {"layer": -1, "batch": -2}.get(step.kind)
    if step.action == "centre":
        return h - (step.constant if axis is None else h.mean(axis, keepdim=True))
    return h / (step.constant if axis is None else h.square().mean(axis, keepdim=True).sqrt())


def _check_size(widths: Sequence[int], dtype: Any, device: Any) -> None:
    numbers = sum((before + 1) * after for before, after in pairwise(widths))
    size = numbers * torch.empty(0, dtype=dtype).element_size()
    what = f"the weights of {len(widths) - 1} layers of up to {max(widths)} neurons"
    affordable(what, 0 if device.type == "meta" else size, numbers, device)


def _widths(widths: Any) -> Sequence[int]:
    found = list(widths) if isinstance(widths, Iterable) else [widths]
    whole = all(hasattr(w, "__index__") and not isinstance(w, bool) and w >= 1 for w in found)
    if len(found) < 2 or not whole:
        raise FiniteError(f"widths is {found}; give d_0, d_1, ..., d_L, all integers >= 1")
    return [int(w) for w in found]
