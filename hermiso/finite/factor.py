"""A factor F of a Gram matrix, G = F F^T, also where G is singular."""

from __future__ import annotations

import math
from typing import Any

import torch

__all__ = ["Tensor", "factor"]

Tensor = Any

_RESOLVED = 64.0  # eps of a squared distance, below which a sample depends on others
_INDEFINITE = 1e-6  # a residual above this, of a correlation matrix, is no rounding


def factor(G: Tensor) -> Tensor:
    """Return F with F F^T = G, row by row relative to the norms of the samples.

    Of the correlation matrix: its Cholesky factor, or, where a pivot is lost in rounding, that
    with diagonal pivoting, which stops where a squared distance to the samples before is below
    64 eps. So duplicates stay duplicates, whatever else is among the samples; no jitter is added.

    Args:
        G: positive semidefinite matrices in float64, shape (..., n, n). A zero on the diagonal
            gives a row of zeros; a matrix that is not finite, or indefinite beyond rounding, a
            factor of NaN.
    """
    scale = torch.diagonal(G, dim1=-2, dim2=-1).sqrt()
    L, failed = torch.linalg.cholesky_ex(G / scale[..., :, None] / scale[..., None, :])
    pivots = torch.diagonal(L, dim1=-2, dim2=-1)
    least = math.sqrt(8 * G.shape[-1] * torch.finfo(G.dtype).eps)
    kept = (failed == 0) & (pivots.amin(-1) > least)  # False for NaN
    F = scale[..., :, None] * L
    if not bool(kept.all()):
        F[~kept] = _singular(G[~kept])
    return F


def _singular(G: Tensor) -> Tensor:
    finite = torch.isfinite(G).all(dim=(-2, -1), keepdim=True)
    scale = torch.diagonal(G, dim1=-2, dim2=-1).clamp(min=0).sqrt()
    safe = torch.where(scale > 0, scale, 1.0)
    R = G / safe[..., :, None] / safe[..., None, :]
    eye = torch.eye(G.shape[-1], dtype=G.dtype, device=G.device)
    R = torch.where(finite, torch.where(eye > 0, 1.0, (R + R.mT) / 2), eye)
    return torch.where(finite, scale[..., :, None] * _pivoted(R), torch.nan)


def _pivoted(R: Tensor) -> Tensor:
    """The pivoted Cholesky factor of correlation matrices, shape (m, n, n); NaN if indefinite."""
    n, each = R.shape[-1], torch.arange(len(R), device=R.device)
    F, rest = torch.zeros_like(R), torch.ones_like(R[..., 0])
    for k in range(n):
        left, pivot = rest.max(-1)
        done = left <= _RESOLVED * torch.finfo(R.dtype).eps
        if bool(done.all()):
            break
        column = R[each, :, pivot] - (F @ F[each, pivot, :, None])[..., 0]
        column = torch.where(done[:, None], 0.0, column / left.sqrt()[:, None])
        column[each, pivot] = torch.where(done, 0.0, left.sqrt())
        F[..., k] = column
        rest = rest - column.square()
        rest[each, pivot] = torch.where(done, rest[each, pivot], 0.0)
    wrong = (F @ F.mT - R).abs().amax((-2, -1)) > _INDEFINITE
    return torch.where(wrong[:, None, None], torch.nan, F)
