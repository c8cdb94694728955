"""The mean-field recursion of Gram matrices, G_{l+1} = kappa(G_l) entry by entry (eq. 10).

Every pair of samples is kept as three numbers, each to full relative accuracy: rho, the
complement 1 - rho and the supplement 1 + rho. The kernel map steps whichever is small:

- 1 - kappa(1 - delta) is `KernelMap.complement`;
- near 0, kappa is its power series sum_k p_k rho^k;
- near -1 an odd kappa is -kappa(-rho); any other has left -1 after one layer. It counts as odd
  if kappa(-1) = -1 within the error of the map.

The potential is max |rho| / min(1 - rho, 1 + rho). The gap is `isometry_gap` of R where it is
small, else it comes of the differences along a minimum spanning tree of the complements: with
u_i = x_i - x_p(i) for the parent p(i) of each sample but the root,

    n gap = -log det N - sum_i log |u_i|^2,     |u_i|^2 = 2 C_{i,p(i)},

where N is the Gram matrix of the root and all u_i/|u_i|, from

    <u_i, u_j> = C_{i,p(j)} + C_{p(i),j} - C_{i,j} - C_{p(i),p(j)}.

Samples are taken with the sign that makes 1 - |rho| the complement of each edge.

An entry of N is known to about eps max(C)/(|u_i| |u_j|), C over the four complements. Where
that exceeds 1e-3, as between a pair 1e-30 apart and a third sample, float64 does not hold the
angle, and the gap is the smallest that the others allow: see `Trajectory.resolved`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from operator import mul
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from hermiso.errors import GramError
from hermiso.gram import isometry_gap
from hermiso.layerwise import as_depth
from hermiso.numeric import coefficients, kernel_map

__all__ = ["Trajectory", "complements", "mean_field"]
Array = NDArray[np.float64]

_EPS = 2.0**-52
_PARALLEL = 4 * _EPS  # as in hermiso.gram
_ROUNDING = 8 * _EPS  # relative, of a complement
_OPEN = 2.0**-10  # noise above which an angle counts as unknown
_WILD = 1e9  # entries are cut there: norms do not overflow
_DIRECT = 0.6  # n gap up to this implies eigenvalues above 1/4
_CLOSE = 1 / 16  # complements below this are computed exactly
_SERIES = 0.25  # correlations up to this are stepped by the series
_TERMS = 40
_AGREEMENT = 1e-14
_ZERO = 1e-28  # below, a squared coefficient is rounding


@dataclass(frozen=True)
class Trajectory:
    """Layers 0, ..., L of a network of infinite width.

    Attributes:
        gram: correlation matrices, shape (L + 1, n, n).
        gap: isometry gaps -log I, shape (L + 1,).
        potential: potentials gamma, shape (L + 1,).
        complement: 1 - gram to full relative accuracy, shape (L + 1, n, n).
        resolved: whether the complements determine the gap (n gap to 1e-3, mostly to 1e-15);
            elsewhere it is a lower estimate, but for the rounding of G0; shape (L + 1,).
    """

    gram: Array
    gap: Array
    potential: Array
    complement: Array
    resolved: NDArray[np.bool_]


def mean_field(
    G0: ArrayLike, activation: Any, depth: int, *, gain: Any = None, complement: bool = False
) -> Trajectory:
    """Iterate the Gram matrix of an infinitely wide network (isometry paper, eq. 10).

    Each layer: Gaussian weights, activation, centring and normalization of every sample.

    >>> import numpy as np
    >>> mean_field(np.array([[1.0, 0.5], [0.5, 1.0]]), "sin", 2).gap.round(6)
    array([0.143841, 0.109459, 0.0824  ])
    >>> near = mean_field([[0, 1e-30], [1e-30, 0]], "sin", 2, complement=True)
    >>> near.complement[:, 0, 1]
    array([1.00000000e-30, 1.31303529e-30, 1.72406166e-30])

    Args:
        G0: Gram matrix of the input, shape (n, n); its samples are normalized first. Pairs with
            1 - |rho| <= 4 eps count as parallel and stay so; give closer ones by complements.
        activation: whatever `hermiso.beta` takes.
        depth: number of layers L >= 0.
        gain: g in sigma(g x).
        complement: whether G0 holds 1 - rho in place of rho; see `complements`.

    Raises:
        BoundError: the depth is no integer >= 0, or its layers take more than 4 GB.
        GramError: G0 is no Gram matrix, or no complement of one.
    """
    first, blur = _from_complement(G0) if complement else _from_gram(G0)
    layers = as_depth(depth, len(blur))
    pairs = [first]
    step = _Step.of(activation, gain)
    for _ in range(layers):
        pairs.append(step(pairs[-1]))
    gram, near, far = (_square(np.stack(a), len(blur)) for a in zip(*pairs, strict=True))
    _fill(gram, 1.0)
    _fill(far, 2.0)
    gap, resolved = _gaps(gram, near, far, step.blurs(blur, pairs[0], layers))
    return Trajectory(gram, gap, _potentials(gram, near, far), near, resolved)


def complements(X: ArrayLike) -> Array:
    """Return 1 - rho of samples, 1 - rho = sin(t)^2/(1 + cos t) by exact integers if t is small.

    >>> float(complements([[1.0, 0.0], [1.0, 2.0**-50]])[0, 1]) == 2.0**-101
    True

    Args:
        X: samples, shape (n, d), none of them zero.

    Raises:
        GramError: X has another shape, or an entry or a row that cannot be.
    """
    X = _real(X, "X")
    size = np.max(np.abs(X), axis=1, initial=0.0) if X.ndim == 2 else np.zeros(1)
    if X.ndim != 2 or not np.all(size > 0):
        raise GramError(f"X has shape {X.shape}; rows that are nonzero samples are required")
    U = np.ldexp(X, -np.frexp(size)[1][:, None])
    U /= np.linalg.norm(U, axis=1, keepdims=True)
    C = np.clip(1.0 - U @ U.T, 0.0, 2.0)
    close = np.argwhere(np.triu(C < _CLOSE, 1))
    rows = {i: _integers(X[i]) for i in np.unique(close)}
    for i, j in close:
        C[i, j] = C[j, i] = _exact_complement(rows[i], rows[j])
    np.fill_diagonal(C, 0.0)
    return np.asarray(np.triu(C) + np.triu(C, 1).T)


def _integers(x: Array) -> list[int]:
    """Proportional integers."""
    ratios = [float(v).as_integer_ratio() for v in x]
    common = max(q for _, q in ratios)  # all are powers of 2
    return [p * (common // q) for p, q in ratios]


def _exact_complement(x: list[int], y: list[int]) -> float:
    a, b, c = (sum(map(mul, *pair)) for pair in ((x, x), (y, y), (x, y)))
    sine: float = (a * b - c * c) / (a * b)
    return sine / (1.0 + math.sqrt(1.0 - sine))


# --- input: rho, 1 - rho, 1 + rho of the pairs i < j, and the relative error of 1 - |rho| -----


def _from_gram(G0: ArrayLike) -> tuple[tuple[Array, Array, Array], Array]:
    G = _real(G0, "G0")
    if G.ndim != 2 or G.shape[0] != G.shape[1] or not np.all(np.diag(G) > 0):
        raise GramError(f"G0 has shape {G.shape}; a Gram matrix of nonzero samples is required")
    isometry_gap(G)  # refuses what is no Gram matrix
    scale = np.sqrt(np.diag(G))
    R = G / scale[:, None] / scale
    rho = np.clip((R + R.T)[_upper(len(G))] / 2, -1.0, 1.0)
    near, far = (np.where(d <= _PARALLEL, 0.0, d) for d in (1.0 - rho, 1.0 + rho))
    least = np.minimum(near, far)
    return (rho, near, far), _square(2 * _EPS / np.where(least > 0, least, 1.0), len(G))


def _from_complement(C0: ArrayLike) -> tuple[tuple[Array, Array, Array], Array]:
    C = _real(C0, "the complement")
    if C.ndim != 2 or C.shape[0] != C.shape[1] or C.shape[0] == 0 or np.any(np.diag(C) != 0):
        raise GramError(
            f"the complement has shape {C.shape}; a matrix of 1 - rho with diagonal 0 is required"
        )
    if not 0 <= C.min() <= C.max() <= 2 + _ROUNDING:
        raise GramError(
            f"the complement has entries from {C.min():.6g} to {C.max():.6g}; 1 - rho must lie "
            "in [0, 2]"
        )
    if not np.all(np.abs(C - C.T) <= math.sqrt(_EPS) * np.minimum(C, C.T)):
        raise GramError("the complement is not symmetric; give a symmetric one, 1 - rho")
    near = np.minimum(C[_upper(len(C))], 2.0)
    far = 2.0 - near  # exact where it is small, but then the complement is rounded
    blur = _square(np.where((far < near) & (far > 0), _EPS / np.where(far > 0, far, 1), 0), len(C))
    isometry_gap(1.0 - C)
    _check_differences(_square(near[None], len(C)), _square(far[None], len(C)), blur)
    return (1.0 - near, near, far), blur


def _real(values: ArrayLike, what: str) -> Array:
    try:
        given = np.asarray(values)
        found = given if np.iscomplexobj(given) else np.asarray(given, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise GramError(f"{what} is no array of real numbers: {error}") from None
    if np.iscomplexobj(found):
        raise GramError(f"{what} has dtype {found.dtype}; it must be real")
    if not np.all(np.isfinite(found)):
        raise GramError(f"{what} has entries that are not finite; every entry must be finite")
    return found


def _upper(n: int) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    return np.triu_indices(n, 1)


def _square(pairs: Array, n: int) -> Array:
    """Symmetric matrices with diagonal 0 from the pairs i < j along the last axis."""
    out = np.zeros((*pairs.shape[:-1], n, n))
    i, j = _upper(n)
    out[..., i, j] = out[..., j, i] = pairs
    return out


def _fill(stack: Array, value: float) -> None:
    diagonal = np.arange(stack.shape[-1])
    stack[..., diagonal, diagonal] = value


# --- one layer ------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Step:
    """The kernel map on (rho, 1 - rho, 1 + rho); `series` holds the p_k, if they agree with it."""

    kappa: Any
    odd: bool
    series: Any

    @classmethod
    def of(cls, activation: Any, gain: Any) -> _Step:
        kappa = kernel_map(activation, gain=gain)
        odd = 1.0 + kappa(-1.0) <= max(_ROUNDING, 2 * kappa.error)
        return cls(kappa, odd, _series(kappa, activation, gain))

    def __call__(self, pairs: tuple[Array, Array, Array]) -> tuple[Array, Array, Array]:
        rho, near, far = pairs
        mirrored = self.odd & (rho < 0)
        small = np.clip(self.kappa.complement(np.where(mirrored, far, near)), 0.0, 2.0)
        large = 2.0 - small
        value = np.where(mirrored, small - 1.0, 1.0 - small)
        near, far = np.where(mirrored, large, small), np.where(mirrored, small, large)
        if self.series is None:
            return value, near, far
        use = np.abs(rho) <= _SERIES
        value = np.where(use, np.polynomial.polynomial.polyval(rho, self.series), value)
        return value, np.where(use, 1.0 - value, near), np.where(use, 1.0 + value, far)

    def blurs(self, blur: Array, first: tuple[Array, Array, Array], depth: int) -> Array:
        """The relative errors of 1 - |rho| at every layer that come from the input."""
        stays = _square(np.where((first[0] >= 0) | self.odd, 1.0, 0.0), len(blur))
        later = blur * stays  # a pair near -1 leaves it
        return np.concatenate([blur[None], np.broadcast_to(later, (depth, *blur.shape))])


def _series(kappa: Any, activation: Any, gain: Any) -> Array | None:
    p = np.asarray(coefficients(activation, _TERMS, gain=gain), float) ** 2
    p[0] = 0.0
    at = np.array([_SERIES, _SERIES / 2, -_SERIES])
    found, expected = np.polynomial.polynomial.polyval(at, p), kappa(at)
    if not found[0] > 0:
        return None
    scale = expected[0] / found[0]
    p = np.where(p * scale < _ZERO, 0.0, p * scale)
    return p if np.all(np.abs(scale * found - expected) <= _AGREEMENT) else None


# --- the gap --------------------------------------------------------------------------------


def _potentials(gram: Array, near: Array, far: Array) -> Array:
    """Max of |rho|/(1 - |rho|), shape (layers, n, n) -> (layers,)."""
    i, j = _upper(gram.shape[-1])
    room = np.minimum(near, far)[:, i, j]
    with np.errstate(divide="ignore", over="ignore"):
        return np.asarray(np.max(np.abs(gram[:, i, j]) / room, axis=1, initial=0.0))


def _gaps(gram: Array, near: Array, far: Array, blur: Array) -> tuple[Array, NDArray[np.bool_]]:
    gap = np.asarray(isometry_gap(gram))
    resolved = np.ones(gap.shape, bool)
    rest = gram.shape[-1] * gap > _DIRECT
    if np.any(rest):
        gap[rest], resolved[rest] = _tree_gaps(near[rest], far[rest], blur[rest])
    return gap, resolved


def _tree_gaps(near: Array, far: Array, blur: Array) -> tuple[Array, NDArray[np.bool_]]:
    n = near.shape[-1]
    N, noise, length = _differences(near, far, blur)
    distinct = np.all(length > 0, axis=1)
    logdet, resolved = _log_dets(N, noise)
    for layer in np.flatnonzero(distinct & np.any(noise > _OPEN, axis=(1, 2))):
        logdet[layer] = _chain(N[layer], noise[layer], length[layer])
        resolved[layer] = False
    lengths = 2 * np.sum(np.log(np.where(length > 0, length, 1.0)), axis=1)
    gap = np.where(distinct, -(logdet + lengths) / n, np.inf)
    return gap, resolved | np.isinf(gap)


def _log_dets(N: Array, noise: Array) -> tuple[Array, NDArray[np.bool_]]:
    """Log det of N, no eigenvalue below the noise; -inf if singular within rounding."""
    n = N.shape[-1]
    size = np.linalg.norm(noise * (1 - np.eye(n)), axis=(1, 2))
    total = np.linalg.norm(noise, axis=(1, 2))
    eigenvalues = np.linalg.eigvalsh(N)
    least, most = eigenvalues[:, 0], eigenvalues[:, -1]
    singular = (least <= n * _EPS * most) & (size <= 4 * n * _ROUNDING)
    logdet = np.sum(np.log(np.maximum(eigenvalues, size[:, None] + _EPS)), axis=1)
    return np.where(singular, -np.inf, logdet), total <= _OPEN * least


def _chain(N: Array, noise: Array, length: Array) -> float:
    """Largest log det of the matrices that agree with N where it is known.

    The product of 1 - s_k over the samples from the longest to the shortest, s_k being the
    squared multiple correlation with those before to which the angle is known: leaving out the
    others lowers s_k. So does a ridge of the size of the noise.
    """
    order = np.concatenate([[0], 1 + np.argsort(-length[1:], kind="stable")])
    total = 0.0
    for position, k in enumerate(order):
        known = order[:position][noise[k, order[:position]] <= _OPEN]
        b, block = N[k, known], np.ix_(known, known)
        ridge = float(np.linalg.norm(noise[block]) + np.linalg.norm(noise[k, known])) + _EPS
        s = b @ np.linalg.solve(N[block] + ridge * np.eye(len(known)), b)
        total += float(np.log(min(max(1.0 - float(s), ridge), 1.0)))
    return total


def _differences(near: Array, far: Array, blur: Array) -> tuple[Array, Array, Array]:
    """N, the noise of its entries, and the lengths |u_i|; the root is sample 0, of length 1."""
    parent, sign = _trees(near, far)
    same = sign[:, :, None] * sign[:, None, :] > 0
    C = np.where(same, near, far)
    _fill(C, 0.0)
    edge = np.take_along_axis(C, parent[:, :, None], 2)[:, :, 0]
    length = np.sqrt(2.0) * np.sqrt(edge)
    length[:, 0] = 1.0
    scale = np.where(length > 0, length, 1.0)
    inner, _ = _products(C, parent)
    _, size = _products(_ROUNDING * C + blur * np.minimum(near, far), parent)
    N, noise = (a / scale[:, :, None] / scale[:, None, :] for a in (inner, size))
    N, noise = np.clip(N, -_WILD, _WILD), np.minimum(noise, _WILD)
    lengths = np.diagonal(noise, axis1=1, axis2=2) / 2  # their relative errors
    noise += np.minimum(np.abs(N), 1.0) * (lengths[:, :, None] + lengths[:, None, :])
    _fill(N, 1.0)
    return N, noise, length


def _products(C: Array, parent: NDArray[np.intp]) -> tuple[Array, Array]:
    """<u_i, u_j>, its first row and column <x_root, u_j>; and the sum of sizes of its terms."""
    right = np.take_along_axis(C, parent[:, None, :], 2)  # C_{i,p(j)}
    left = np.swapaxes(right, 1, 2)
    both = np.take_along_axis(right, parent[:, :, None], 1)
    plus, minus = right + left, C + both
    plus[:, 0], minus[:, 0] = right[:, 0], C[:, 0]
    plus[:, :, 0], minus[:, :, 0] = right[:, 0], C[:, 0]
    return plus - minus, plus + minus


def _trees(near: Array, far: Array) -> tuple[NDArray[np.intp], Array]:
    """Parents in minimum spanning trees of min(near, far) from sample 0 (Prim), and signs."""
    D = np.minimum(near, far)
    layers, n = D.shape[:2]
    at = np.arange(layers)
    best, parent = D[:, 0].copy(), np.zeros((layers, n), np.intp)
    outside, sign = np.ones((layers, n), bool), np.ones((layers, n))
    outside[:, 0] = False
    for _ in range(n - 1):
        k = np.argmin(np.where(outside, best, np.inf), axis=1)
        p = parent[at, k]
        sign[at, k] = sign[at, p] * np.where(near[at, k, p] <= far[at, k, p], 1.0, -1.0)
        outside[at, k] = False
        closer = outside & (D[at, k] < best)
        best = np.where(closer, D[at, k], best)
        parent = np.where(closer, k[:, None], parent)
    return parent, sign


def _check_differences(near: Array, far: Array, blur: Array) -> None:
    """Refuse complements whose differences have correlations above 1, or are indefinite."""
    N, noise, length = _differences(near, far, blur)
    if not np.all(length > 0):
        return
    limit = np.sqrt(_EPS)
    known = noise <= _OPEN
    least = np.linalg.eigvalsh(N)[:, 0] if np.all(known) else np.zeros(1)
    wild = known & (np.abs(N) > 1 + limit + 2 * noise)
    if np.any(wild) or np.any(least < -limit * N.shape[-1] - 2 * np.linalg.norm(noise)):
        raise GramError(
            "the complement is indefinite: no samples have such distances from each other, "
            "|x_i - x_j|^2 = 2 (1 - rho_ij); `complements` computes them of samples"
        )
