"""Means over the neurons of a layer: first and second moments of n samples, and affine steps.

All that a layer does after its last elementwise function is a function of these, so one pass
over the neurons suffices. Sums are kept in float64 whatever the dtype of the neurons.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch

from hermiso.finite.architecture import Step

__all__ = ["Linear", "Moments", "Tensor", "linear", "needs_moments", "over_batch", "resolved"]

Tensor = Any

_NOISE = 100.0  # roundings of a mean that a spread must exceed, for two digits of it


@dataclass(frozen=True)
class Moments:
    """Of a layer with features h_i(a) + offset, i <= n samples, a <= d neurons.

    The offset is what was subtracted before the sums, kept apart so that centring by it cancels
    nothing.

    Attributes:
        mean: (1/d) sum_a h_i(a), shape (runs, n).
        products: (1/d) sum_a h_i(a) h_j(a), shape (runs, n, n).
        offset: a number, for all samples.
    """

    mean: Tensor
    products: Tensor
    offset: float = 0.0

    @property
    def gram(self) -> Tensor:
        """Gram matrices of h + offset, over d."""
        if not self.offset:
            return self.products
        cross = self.offset * self.mean
        return self.products + cross[..., :, None] + cross[..., None, :] + self.offset**2

    @property
    def norms(self) -> Tensor:
        """|h_i + offset|/sqrt(d), shape (runs, n)."""
        return torch.diagonal(self.gram, dim1=-2, dim2=-1).clamp(min=0).sqrt()

    def less_constant(self, c: float) -> Moments:
        """Moments of h + offset - c."""
        return Moments(self.mean, self.products, self.offset - c)

    def less_mean(self) -> Moments:
        """Moments of each sample less its mean over the neurons."""
        outer = self.mean[..., :, None] * self.mean[..., None, :]
        return Moments(torch.zeros_like(self.mean), self.products - outer)

    def less_batch_mean(self) -> Moments:
        """Moments of each neuron less its mean over the samples."""
        G = self.products - self.products.mean(-1, keepdim=True)
        mean = self.mean - self.mean.mean(-1, keepdim=True)
        return Moments(mean, G - G.mean(-2, keepdim=True))

    def over_norms(self) -> Moments:
        """Moments of each sample over its norm."""
        s, G = self.norms, self.gram
        return Moments((self.mean + self.offset) / s, G / s[..., :, None] / s[..., None, :])

    def over_constant(self, c: float) -> Moments:
        """Moments of all features over a constant."""
        return Moments(self.mean / c, self.products / c**2, self.offset / c)


@dataclass(frozen=True)
class Linear:
    """A centring or normalization that is linear in the features, given their moments."""

    on_features: Callable[[Tensor, slice], Tensor]  # of shape (runs, n, neurons); which runs
    on_moments: Callable[[Moments], Moments]


def linear(step: Step, m: Moments | None) -> Linear | None:
    """The step as a linear map; None for an activation and for "batch" normalization."""
    match step.action, step.kind:
        case ("activate", _) | ("normalize", "batch"):
            return None
        case (_, "none"):
            return Linear(lambda H, _: H, lambda m: m)
        case ("centre", "batch"):
            return Linear(lambda H, _: H - H.mean(-2, keepdim=True), Moments.less_batch_mean)
        case ("centre", "mean-field"):
            c = step.constant
            return Linear(lambda H, _: H - c, lambda m: m.less_constant(c))
        case (_, "mean-field"):
            c = step.constant
            return Linear(lambda H, _: H / c, lambda m: m.over_constant(c))
    assert m is not None
    if step.action == "centre":
        means = (m.mean + m.offset)[..., None]
        return Linear(lambda H, runs: H - means[runs].to(H.dtype), Moments.less_mean)
    norms = m.norms[..., None]
    return Linear(lambda H, runs: H / norms[runs].to(H.dtype), Moments.over_norms)


def needs_moments(step: Step) -> bool:
    """Whether a centring or normalization depends on the mean or norm of each sample."""
    return step.action != "activate" and step.kind == "layer"


def over_batch(H: Tensor) -> Tensor:
    """Divide each neuron by the root of its mean square over the samples (Table 1, BN)."""
    return H / H.square().mean(-2, keepdim=True).sqrt()


def resolved(m: Moments, dtype: Any, about_mean: bool) -> Moments:
    """Replace by NaN the runs in which what is left of a sample lies in the rounding of its mean.

    What is left after centring by the sample's own mean, or by the offset only.
    """
    spread = torch.diagonal(m.products, dim1=-2, dim2=-1)
    spread = spread - m.mean.square() if about_mean else spread
    noise = _NOISE * torch.finfo(dtype).eps * (m.mean + m.offset).abs()
    lost = ~(spread >= noise.square()).all(-1)
    mean = torch.where(lost[:, None], torch.nan, m.mean)
    return Moments(mean, torch.where(lost[:, None, None], torch.nan, m.products), m.offset)
