"""Isometry, isometry gap and potential of Gram matrices, on any array of the array API.

All three work on real arrays of shape (..., n, n), keep dtype and device, and are
differentiable where the array library is. With a_i = G_ii, m = mean(a) and the correlation
matrix R_ij = G_ij / sqrt(a_i a_j) the gap splits into two means of non-negative terms,

    gap(G) = mean_i h(a_i / m - 1) + mean_i h(e_i),    h(d) = d - log(1 + d),

where e_i are the eigenvalues of R - I: in both means the d add up to 0. The eigenvalues are
computed of R - I, not of R: near I those of R are 1 + e_i and round e_i to a multiple of eps.
So nothing of order 1 is subtracted, a gap of 1e-18 keeps its digits, and no scale of G
overflows.

What counts as what, with eps of the given dtype and lambda the eigenvalues of R:

- singular (isometry 0, gap inf): a zero on the diagonal, or lambda_min <= n eps lambda_max,
  the backward error of the eigenvalues;
- indefinite (an error): lambda_min < -sqrt(eps) lambda_max. Between the two the sign may come
  from rounding: a product X X^T has at most d eps for d columns, so sqrt(eps) admits all
  d <= 1/sqrt(eps). The same sqrt(eps) is the limit for |R_ij - R_ji|;
- zero (an error): a zero diagonal, of at least one matrix of the stack. Its isometry is 0/0 and
  has no limit: along s I it is 1, along s diag(1, 0) it is 0;
- parallel samples (potential inf): 1 - |R_ij| <= 4 eps, or a zero on the diagonal.

Elsewhere the absolute error of the gap is about eps lambda_max / lambda_min: what a change of
G in its last digit makes.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, TypeAlias, TypeVar

from hermiso.errors import GramError

__all__ = ["Array", "isometry", "isometry_gap", "potential"]

Array: TypeAlias = Any
_Given = TypeVar("_Given")  # an array of any library; the result is one of the same

# On |d| <= 1/2, s = d / (2 + d) has s^2 <= 1/9, and 9^-17 is below half an ulp of float64.
_SERIES_TERMS = 17


@dataclass(frozen=True)
class _Gram:
    """Checked input: squared norms a, scale sqrt(a_i a_j), sizes |G_ij|, eigenvalues of R - I.

    `zero` marks zero samples; their a is replaced by 1. `singular` marks singular matrices;
    their eigenvalues are replaced by 0, so that no log or gradient meets a pole.
    """

    xp: Any
    dtype: Any
    eps: float
    a: Array
    zero: Array
    scale: Array
    size: Array
    singular: Array
    eigenvalues: Array


def isometry(G: _Given) -> _Given:
    """Isometry I(G) = det(G)^(1/n) / (tr(G)/n) of Gram matrices (isometry paper, Def. 1, eq. 3).

    Args:
        G: symmetric positive semidefinite matrices, shape (..., n, n).

    Returns:
        Isometries in [0, 1], shape (...): 1 for multiples of I, 0 for singular matrices.

    Raises:
        GramError: G is not square, real, finite, symmetric and positive semidefinite, or is
            zero, where the value is 0/0.
    """
    gram = _checked(G)
    found: _Given = _returned(gram, gram.xp.exp(-_gap(gram)))
    return found


def isometry_gap(G: _Given) -> _Given:
    """Isometry gap -log I(G) of Gram matrices (isometry paper, after Def. 1).

    Args:
        G: symmetric positive semidefinite matrices, shape (..., n, n).

    Returns:
        Gaps in [0, inf], shape (...): 0 for multiples of I, inf for singular matrices.

    Raises:
        GramError: G is not square, real, finite, symmetric and positive semidefinite, or is
            zero, where the value is 0/0.
    """
    gram = _checked(G)
    found: _Given = _returned(gram, _gap(gram))
    return found


def potential(G: _Given) -> _Given:
    """Potential gamma(G) = max_{i != j} |R_ij| / (1 - |R_ij|) (isometry paper, Def. 4, eq. 21).

    Args:
        G: symmetric positive semidefinite matrices, shape (..., n, n).

    Returns:
        Potentials in [0, inf], shape (...): inf if two samples are parallel or one is zero;
        0 for n = 1, the maximum over no pair.

    Raises:
        GramError: G is not square, real, finite, symmetric and positive semidefinite, or is
            zero, where the value is 0/0.
    """
    gram = _checked(G)
    xp = gram.xp
    room = gram.scale - gram.size
    parallel = (room <= 4 * gram.eps * gram.scale) | _either(gram.zero)
    ratios = xp.where(parallel, math.inf, gram.size / xp.where(parallel, 1.0, room))
    off_diagonal = xp.where(_eye(xp, gram.size) > 0, 0.0, ratios)
    found: _Given = _returned(gram, xp.max(off_diagonal, axis=(-2, -1)))
    return found


def _returned(gram: _Gram, result: Array) -> Array:
    result = gram.xp.astype(result, gram.dtype)
    return result if result.ndim else result[()]  # a numpy scalar rather than a 0-d array


def _gap(gram: _Gram) -> Array:
    xp, e = gram.xp, gram.eigenvalues
    angles = xp.mean(_excess(xp, e, xp.log(1 + e)), axis=-1)
    return xp.where(gram.singular, math.inf, _norm_spread(xp, gram.a) + angles)


def _norm_spread(xp: Any, a: Array) -> Array:
    """Log of arithmetic over geometric mean of a, shape (..., n) -> (...)."""
    m = _mean(xp, a)
    # For any m: log(mean(a) / m) - mean(log(a / m)) = mean h(d) - h(mean d), d = a / m - 1.
    d = (a - m) / m
    shift = xp.mean(d, axis=-1)
    log_ratio = 2 * xp.log(xp.sqrt(a) / xp.sqrt(m))  # a / m itself may underflow
    spread = xp.mean(_excess(xp, d, log_ratio), axis=-1) - _excess(xp, shift, xp.log1p(shift))
    return xp.where(spread > 0, spread, 0.0)


def _mean(xp: Any, a: Array) -> Array:
    """Mean along the last axis (kept) of positive numbers, without overflow."""
    top = xp.max(a, axis=-1, keepdims=True)
    return xp.mean(a / top, axis=-1, keepdims=True) * top


def _excess(xp: Any, d: Array, log1p_d: Array) -> Array:
    """h(d) = d - log(1 + d) >= 0 to full relative accuracy, d > -1."""
    small = xp.abs(d) <= 0.5
    x = xp.where(small, d, 0.0)
    s = x / (2 + x)
    # log(1 + x) = 2 artanh(s) and x - 2 s = x s.
    tail = 0 * s
    for k in reversed(range(_SERIES_TERMS)):
        tail = tail * s**2 + 1 / (2 * k + 3)
    return xp.where(small, x * s - 2 * s**3 * tail, d - log1p_d)


def _checked(G: Array) -> _Gram:
    """Validate G once and compute what the three functions share."""
    xp, G, dtype, eps = _real(G)
    _check_entries(xp, G)
    a = xp.linalg.diagonal(G)
    zero = a == 0
    a = xp.where(zero, 1.0, a)
    s = xp.sqrt(a)
    # a_i sqrt(a_j / a_i): exact for equal norms, and within the range of floats.
    scale = a[..., :, None] * (s[..., None, :] / s[..., :, None])
    _check_pairs(xp, G, scale, _either(zero), eps)
    R = xp.where(_either(zero), 0.0, G / scale)
    eigenvalues, singular = _spectrum(xp, G, R, eps)
    singular = singular | xp.any(zero, axis=-1)
    eigenvalues = xp.where(singular[..., None], 0.0, eigenvalues)
    return _Gram(xp, dtype, eps, a, zero, scale, xp.abs(G), singular, eigenvalues)


def _real(G: Array) -> tuple[Any, Array, Any, float]:
    """Namespace, G in float32 or float64, the dtype to return and its eps."""
    from array_api_compat import array_namespace

    try:
        xp = array_namespace(G)
    except TypeError as error:
        seen = type(G).__name__
        raise GramError(f"G is a {seen}; give an array, such as numpy.asarray(G)") from error
    _check_dense(G)
    if G.ndim < 2 or G.shape[-1] != G.shape[-2] or G.shape[-1] == 0:
        raise GramError(f"G has shape {tuple(G.shape)}; it must be (..., n, n) with n >= 1")
    if xp.isdtype(G.dtype, "integral"):
        G = xp.astype(G, xp.__array_namespace_info__().default_dtypes()["real floating"])
    if not xp.isdtype(G.dtype, "real floating"):
        raise GramError(f"G has dtype {G.dtype}; it must be real floating or integer")
    working = xp.float64 if xp.finfo(G.dtype).bits >= 64 else xp.float32
    eps = max(float(xp.finfo(G.dtype).eps), float(xp.finfo(working).eps))
    return xp, xp.astype(G, working), G.dtype, eps


def _check_dense(G: Array) -> None:
    """Refuse tensors of torch that have no values, or not all."""
    if not type(G).__module__.startswith("torch"):
        return
    if G.is_meta:
        raise GramError("G is on the meta device: it has no values; put it on cpu or cuda")
    if str(G.layout) != "torch.strided":
        raise GramError(f"G has the layout {G.layout}; give G.to_dense()")


def _check_entries(xp: Any, G: Array) -> None:
    if (at := _first(xp, ~xp.isfinite(G))) is not None:
        raise GramError(f"G{_index(at)} is {float(G[at])}; every entry must be finite")
    a = xp.linalg.diagonal(G)
    if (at := _first(xp, a < 0)) is not None:
        at = (*at, at[-1])
        raise GramError(
            f"G{_index(at)} is {float(G[at]):.6g}; the diagonal of a Gram matrix holds squared "
            "norms, so it cannot be negative"
        )
    if (at := _first(xp, xp.all(a == 0, axis=-1))) is not None:
        raise GramError(
            f"G{_index(at)} has trace 0: the isometry of a zero matrix is 0/0; leave it out"
        )


def _check_pairs(xp: Any, G: Array, scale: Array, zero: Array, eps: float) -> None:
    """Symmetry, and the 2 x 2 minors |G_ij| <= sqrt(a_i a_j), which keep R finite."""
    transposed = xp.matrix_transpose(G)
    gap = xp.abs(G / 2 - transposed / 2)
    limit = xp.where(zero, 0.0, math.sqrt(eps) / 2 * scale)
    if (at := _largest(xp, gap, gap > limit)) is not None:
        mirror = (*at[:-2], at[-1], at[-2])
        raise GramError(
            f"G is not symmetric: G{_index(at)} = {float(G[at]):.6g} and G{_index(mirror)} = "
            f"{float(G[mirror]):.6g} differ by {2 * float(gap[at]):.6g}; give a symmetric matrix, "
            "such as (G + G.T) / 2"
        )
    # A zero on the diagonal may be an underflow of a square of less than sqrt(tiny).
    tiny = math.sqrt(float(xp.finfo(G.dtype).smallest_normal))
    size = xp.abs(G) * (1 - math.sqrt(eps))
    if (at := _first(xp, size > xp.where(zero, tiny * scale, scale))) is not None:
        raise _indefinite(xp, G, at[:-2])


def _spectrum(xp: Any, G: Array, R: Array, eps: float) -> tuple[Array, Array]:
    """Eigenvalues e of R - I, ascending, and whether R, with eigenvalues 1 + e, is singular."""
    off_diagonal = R * (1 - _eye(xp, R))
    e = xp.linalg.eigvalsh((off_diagonal + xp.matrix_transpose(off_diagonal)) / 2)
    smallest, largest = 1 + e[..., 0], 1 + e[..., -1]
    if (at := _first(xp, smallest < -math.sqrt(eps) * largest)) is not None:
        raise _indefinite(xp, G, at)
    return e, smallest <= R.shape[-1] * eps * largest


def _indefinite(xp: Any, G: Array, at: tuple[int, ...]) -> GramError:
    smallest = float(xp.linalg.eigvalsh(G[(*at, ...)])[0])
    return GramError(
        f"G{_index(at)} is indefinite: its smallest eigenvalue is {smallest:.6g}; a Gram matrix "
        f"X X^T has none below 0 (if it was formed in fewer digits than {G.dtype}, pass it so)"
    )


def _eye(xp: Any, like: Array) -> Array:
    from array_api_compat import device

    return xp.eye(like.shape[-1], dtype=like.dtype, device=device(like))


def _either(zero: Array) -> Array:
    return zero[..., :, None] | zero[..., None, :]


def _first(xp: Any, mask: Array) -> tuple[int, ...] | None:
    """Index of the first True, None if there is none."""
    return _largest(xp, xp.astype(mask, xp.float32), mask)


def _largest(xp: Any, values: Array, mask: Array) -> tuple[int, ...] | None:
    """Index of the largest non-negative value where mask is True, None if it never is."""
    if not xp.any(mask):
        return None
    flat = int(xp.argmax(xp.reshape(xp.where(mask, values, -1.0), (-1,))))
    index: list[int] = []
    for length in reversed(mask.shape):
        flat, position = divmod(flat, length)
        index.insert(0, position)
    return tuple(index)


def _index(at: tuple[int, ...]) -> str:
    return f"[{', '.join(map(str, at))}]" if at else ""
