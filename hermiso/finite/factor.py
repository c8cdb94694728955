"""A factor F of a Gram matrix, G = F F^T, also where G is singular."""

from __future__ import annotations

import math
from typing import Any

import torch

Tensor = Any

_INDEFINITE = 1e-6  # an eigenvalue below minus this, of a correlation matrix, is no rounding


def factor(G: Tensor) -> Tensor:
    """Return F with F F^T = G, row by row relative to the norms of the samples.

    Of the correlation matrix: its Cholesky factor, or, where a pivot is lost in rounding, the
    roots of its eigenvalues times its eigenvectors, with the eigenvalues that are lost set to 0.
    So duplicates stay duplicates and the law is changed by rounding only; no jitter is added.

    Args:
        G: positive semidefinite matrices in float64, shape (..., n, n). A zero on the diagonal
            gives a row of zeros; a matrix that is not finite, or indefinite beyond rounding, a
            factor of NaN.
    """
    scale = torch.diagonal(G, dim1=-2, dim2=-1).sqrt()
    L, failed = torch.linalg.cholesky_ex(G / scale[..., :, None] / scale[..., None, :])
    pivots = torch.diagonal(L, dim1=-2, dim2=-1)
    tolerance = 8 * G.shape[-1] * torch.finfo(G.dtype).eps
    kept = (failed == 0) & (pivots.amin(-1) > math.sqrt(tolerance))  # False for NaN
    if bool(kept.all()):
        return scale[..., :, None] * L
    F = scale[..., :, None] * L
    F[~kept] = _singular(G[~kept], tolerance)
    return F


def _singular(G: Tensor, tolerance: float) -> Tensor:
    finite = torch.isfinite(G).all(dim=(-2, -1), keepdim=True)
    scale = torch.diagonal(G, dim1=-2, dim2=-1).clamp(min=0).sqrt()
    safe = torch.where(scale > 0, scale, 1.0)
    R = G / safe[..., :, None] / safe[..., None, :]
    eye = torch.eye(G.shape[-1], dtype=G.dtype, device=G.device)
    R = torch.where(finite, torch.where(eye > 0, 1.0, (R + R.mT) / 2), eye)
    F = scale[..., :, None] * _by_eigenvalues(R, tolerance)
    return torch.where(finite, F, torch.nan)


def _by_eigenvalues(R: Tensor, tolerance: float) -> Tensor:
    e, V = torch.linalg.eigh(R)
    largest = e.amax(-1, keepdim=True)
    kept = torch.where(e > tolerance * largest, e, 0.0)
    indefinite = (e < -_INDEFINITE * largest).any(-1, keepdim=True)
    return V * torch.where(indefinite, torch.nan, kept.sqrt())[..., None, :]
