"""Bounds of the papers on isometry and its gap, one function per statement, and sharper ones.

Conventions: n samples with a correlation matrix G_0; gap = -log I, gap0 that of G_0, so that
det G_0 = e^(-n gap0); the mean-field step G -> kappa(G) with kappa(rho) = sum p_k rho^k and
p_1 = 2 - beta. Layers are counted from 0, the input. Everything is vectorised over layers.

The bounds of this project rest on one lemma. Let s be the squared multiple correlation of a
sample with some others, 1 - s = det(G)/det(G without it). Then (docs/bounds.md has the proof)

    s(kappa(G)) <= kappa(s(G)),

which for two samples is Jensen's inequality. It takes Lemma A.7 from pairs to any number of
samples and gives, for x = 1/det - 1 of every layer,

    x_{l+1} <= x_l (2 - beta + x_l)/(1 + beta x_l) <= x_l/beta.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from hermiso.errors import BoundError
from hermiso.gram import isometry_gap
from hermiso.layerwise import (
    DEEPEST,
    FARTHEST,
    Array,
    Bound,
    as_arguments,
    as_floats,
    as_gap,
    as_layers,
    as_matrix,
    as_norms,
    as_number,
    as_samples,
    as_spectrum,
    as_strength,
    asked_by,
    check_reach,
    check_start,
    first_layer,
    log_expm1,
    logistic_step,
    of_layer,
    oppenheim_step,
    walked,
)

__all__ = [
    "all_layers", "by_potential", "corollary_a3", "depth_for_gap", "floor", "gap_of_potential",
    "leading_order", "lemma_a4", "lemma_a7", "logistic", "oppenheim_schur", "samplewise",
    "sharp_rate", "theorem1", "theorem1_exact", "theorem4", "theorem4_threshold",
]  # fmt: skip

HUGE_LOG = 700.0  # e to this power is still a number


# --- the paper ------------------------------------------------------------------------------


def theorem1(norms: ArrayLike) -> float:
    """Return 1 + (1/n) sum (a_i - mean)^2/mean^2 <= I(G~)/I(G) (isometry paper, Theorem 1, eq. 4).

    Args:
        norms: a_1, ..., a_n > 0, the norms of the samples before normalization.

    >>> theorem1([1.0, 3.0])
    1.25
    """
    a = as_norms(norms)
    return 1 + float(np.var(a / np.mean(a)))


def theorem1_exact(norms: ArrayLike) -> float:
    """Return I(G~)/I(G) = mean(a_i^2)/(prod a_i^2)^(1/n), which Theorem 1 bounds from below.

    >>> round(theorem1_exact([1.0, 3.0]), 12)
    1.666666666667
    """
    a = as_norms(norms)
    scaled = a / np.max(a)
    return float(np.mean(scaled**2) / np.exp(2 * np.mean(np.log(scaled))))


def lemma_a4(n: int, largest: float) -> tuple[float, float]:
    """Enclose det G by the largest |G_ij|, i != j (isometry paper, Lemma A.4, eq. 24).

    Args:
        n: number of samples.
        largest: max |G_ij| of a correlation matrix, in [0, 1].

    Returns:
        (lower, upper); the lower bound is 0 where (n - 1) largest > 1.
    """
    n, largest = as_samples(n), as_number("the largest |correlation|", largest)
    if not 0 <= largest <= 1:
        raise BoundError(f"the largest |correlation| is {largest}; it must lie in [0, 1]")
    return max(0.0, 1 - (n - 1) * largest) ** n, 1 - largest**2


def lemma_a7(beta: float, rho: ArrayLike) -> Array:
    """Return beta^-1 |rho|/(1 - |rho|), a bound of |kappa|/(1 - |kappa|) (Lemma A.7, eq. 38).

    Args:
        beta: isometry strength, in [1, 2].
        rho: correlations in [-1, 1]; inf at the ends.
    """
    size = np.abs(as_floats("rho", rho))
    if not np.all(size <= 1):
        raise BoundError(f"rho is {rho!r}; correlations lie in [-1, 1]")
    with np.errstate(divide="ignore"):
        return np.asarray(size / (1 - size) / as_strength(beta))


def corollary_a3(beta: float, potential0: float, layer: ArrayLike) -> Array:
    """Return beta^-l gamma(G_0) >= gamma(G_l) (isometry paper, Corollary A.3, eq. 23)."""
    beta, layers, start = (
        as_strength(beta),
        as_layers(layer),
        as_number("the potential", potential0),
    )
    if not start >= 0:
        raise BoundError(f"the potential is {start}; it must be >= 0")
    if start == math.inf:
        return np.full(layers.shape, math.inf)
    return np.asarray(start * np.exp(-layers * math.log(beta)))


def gap_of_potential(n: int, potential: ArrayLike) -> Array:
    """Return -log(1 - (n - 1) gamma/(1 + gamma)) >= gap (isometry paper, eq. 28 with >=).

    inf where (n - 1) gamma/(1 + gamma) >= 1, where Lemma A.4 says nothing.
    """
    n, gamma = as_samples(n), as_floats("the potential", potential)
    if not np.all(gamma >= 0):
        raise BoundError(f"the potential is {potential!r}; it must be >= 0")
    with np.errstate(divide="ignore", invalid="ignore"):  # of the form that is not taken
        row = (n - 1) * np.where(gamma > 1, 1 / (1 + 1 / gamma), gamma / (1 + gamma))
    return np.where(row < 1, -np.log1p(-np.minimum(row, 1 - 2**-53)), np.inf)


def by_potential(
    beta: float, n: int, gap0: float, layer: ArrayLike, potential0: float | None = None
) -> Array:
    """Return `gap_of_potential` of `corollary_a3` >= gap of layer l: the proof of Theorem 4.

    Args:
        beta: isometry strength, in [1, 2].
        n: number of samples.
        gap0: gap of the input.
        layer: integers l >= 0.
        potential0: gamma(G_0); by default 2 e^(n gap0), which is at least that.
    """
    beta, n, gap0, layers = as_arguments(beta, n, gap0, layer)
    if potential0 is not None:
        return gap_of_potential(n, corollary_a3(beta, potential0, layer))
    log_odds = math.log(2) + n * gap0 - layers * math.log(beta)
    return gap_of_potential(n, np.exp(np.minimum(log_odds, HUGE_LOG)))


def theorem4(beta: float, n: int, gap0: float, layer: ArrayLike) -> Array:
    """Return 4n beta^-l e^(n gap0) >= gap of layer l (isometry paper, Theorem 4, eq. 12).

    The paper states it for large l; it holds for every l, as `all_layers` shows.

    Args:
        beta: isometry strength, in [1, 2].
        n: number of samples.
        gap0: gap of the input, >= 0.
        layer: integers l >= 0.
    """
    beta, n, gap0, layers = as_arguments(beta, n, gap0, layer)
    with np.errstate(over="ignore"):
        return np.asarray(np.exp(n * gap0 + math.log(4 * n) - layers * math.log(beta)))


def theorem4_threshold(beta: float, n: int, gap0: float) -> float:
    """Return (log 4n + n gap0)/log beta: from this layer on the proof of Theorem 4 works.

    The paper prints beta^-1 in place of 1/log beta, which is too early for beta near 1.
    """
    beta, n, gap0, _ = as_arguments(beta, n, gap0, 0)
    rate = math.log(beta)
    return (math.log(4 * n) + n * gap0) / rate if rate else math.inf


# --- sharper --------------------------------------------------------------------------------


def logistic(beta: float, n: int, gap0: float, layer: ArrayLike) -> Array:
    """Iterate x <- x (2 - beta + x)/(1 + beta x), x = 1/det G - 1: log(1 + x)/n >= gap.

    In d = det G it is d <- d (1 + (beta - 1)(1 - d)). The sharpest bound here that asks for beta
    and the gap of the input alone; the cost grows with the largest layer, which is at most 2^17.

    >>> logistic(1.5, 2, 0.3, [0, 1, 2]).round(12)
    array([0.3       , 0.19828711, 0.12248919])
    """
    beta, n, gap0, layers = as_arguments(beta, n, gap0, layer)
    y = walked(partial(logistic_step, beta), log_expm1(n * gap0), layers)
    return np.asarray(np.logaddexp(0, y) / n)


def all_layers(beta: float, n: int, gap0: float, layer: ArrayLike) -> Array:
    """Return (1/n) log(1 + beta^-l (e^(n gap0) - 1)) >= gap of layer l, for every l >= 0.

    Never above gap0, nor above a 4n^2-th of `theorem4`, whose inequality it proves for every
    layer. Arguments as there. One step is sharp if p_1 + p_2 = 1: two nearly parallel samples
    attain it.

    >>> all_layers(1.5, 10, 0.3, [0, 1, 2]).round(12)
    array([0.3       , 0.26191236, 0.22494439])
    """
    beta, n, gap0, layers = as_arguments(beta, n, gap0, layer)
    excess = log_expm1(n * gap0) - layers * math.log(beta)
    return np.asarray(np.logaddexp(0, excess) / n)


def samplewise(beta: float, G0: ArrayLike, layer: ArrayLike) -> Array:
    """Return (1/n) sum_i log(1 + x_i) >= gap of layer l, x_i by the step of `logistic`.

    At first x_i = s_i/(1 - s_i), s_i the squared multiple correlation of sample i with the
    samples before it: their order matters.

    Args:
        beta: isometry strength.
        G0: correlation or Gram matrix of the input, shape (n, n).
        layer: integers l >= 0, at most 2^17; the cost grows with the largest.
    """
    beta, layers = as_strength(beta), as_layers(layer)
    with np.errstate(divide="ignore"):
        start = np.log(_odds(G0))
    y = walked(partial(logistic_step, beta), start, layers)
    return np.asarray(np.mean(np.logaddexp(0, y), axis=-1))


def oppenheim_schur(
    beta: float, n: int, gap0: float, layer: ArrayLike, spectrum: Sequence[float] | None = None
) -> Array:
    """Iterate g <- -sum_k p_k log(1 - (1 - e^-g)^k), g = n gap: a bound for every layer.

    Args:
        beta: isometry strength.
        n: number of samples.
        gap0: gap of the input.
        layer: integers l >= 0, at most 2^17; the cost grows with the largest.
        spectrum: p_1, p_2, ... of sum 1 with p_1 = 2 - beta; by default p_2 = beta - 1, the
            worst case, where the step is g - (beta - 1) log(2 - e^-g).
    """
    beta, n, gap0, layers = as_arguments(beta, n, gap0, layer)
    p = as_spectrum(beta, spectrum)
    return np.asarray(walked(partial(oppenheim_step, p), n * gap0, layers) / n)


def sharp_rate(beta: float) -> float:
    """Return (2 - beta)^2, the limit of gap_{l+1}/gap_l in the mean field if 1 < beta < 2.

    That is where the gap goes to 0 with gap_l > 0 for every l. It may also end: p = (1/3, 2/3) and
    G_12 = -1/2 give kappa(-1/2) = 0 and the gap 0 from layer 1 on.

    Off-diagonal entries shrink by p_1 = 2 - beta a layer, and the gap is quadratic in them. At
    beta = 2, where c_1 = 0, gap_{l+1} <= n gap_l^2: faster than any geometric sequence.
    """
    return (2 - as_strength(beta)) ** 2


def leading_order(beta: float, n: int, gap0: float, layer: ArrayLike) -> Array:
    """Return (2 - beta)^(2l) gap0, the gap of layer l to leading order in small correlations.

    An estimate at the `sharp_rate`, not a bound. Arguments as for `theorem4`.
    """
    beta, _, gap0, layers = as_arguments(beta, n, gap0, layer)
    if gap0 == math.inf:  # a degenerate input stays one
        return np.full(layers.shape, math.inf)
    return np.where(layers > 0, gap0 * sharp_rate(beta) ** layers, gap0)


def floor(beta: float, n: int, width: int) -> float:
    """Return (n - 1)/(2 d (1 - (2 - beta)^2)), where the gap of a network of width d settles.

    The leading order in 1/d, layer normalization after the activation; inf at beta = 1.
    """
    n, rate, d = as_samples(n), sharp_rate(beta), as_number("the width", width)
    if not d >= 1:
        raise BoundError(f"the width is {width}; it must be at least 1")
    return (n - 1) / (2 * d * (1 - rate)) if rate < 1 else math.inf


def _odds(G0: ArrayLike) -> Array:
    """s_i/(1 - s_i) of each sample on those before it, from the Cholesky factor."""
    G = as_matrix(G0)
    if isometry_gap(G) == math.inf:  # this also refuses what is no Gram matrix
        return np.full(len(G), np.inf)
    scale = np.sqrt(np.diag(G))
    L = np.linalg.cholesky(G / np.multiply.outer(scale, scale))
    return np.asarray(np.sum(np.tril(L, -1) ** 2, axis=1) / np.diag(L) ** 2)


# --- depth ----------------------------------------------------------------------------------


def depth_for_gap(
    beta: float,
    gap0: float | None,
    target: float,
    n: int | None = None,
    bound: Bound = all_layers,
    *,
    width: int | None = None,
    **given: Any,
) -> int:
    """Return the first layer at which a bound, plus the floor of a network, is at most a target.

    Args:
        beta: isometry strength.
        gap0: gap of the input; None for a bound that does not ask for it.
        target: the wanted gap, > 0; for `corollary_a3` the wanted potential.
        n: number of samples; None for a bound that does not ask for it.
        bound: a function of this module with a layer, or one of your own, vectorised over
            layers, that never rises with depth. It gets what it asks for, by the names of its
            arguments.
        width: of a finite network, whose `floor` is then added to the bound; it asks for n, or
            for G0, and for a bound of the gap.
        given: what else the bound asks for: `spectrum`, `G0` or `potential0`.

    Raises:
        BoundError: an argument is missing, superfluous or out of range, or no layer reaches
            the target.

    >>> depth_for_gap(1.5, 0.3, 1e-6, 10), depth_for_gap(1.5, 0.3, 1e-6, 10, theorem4)
    (36, 51)
    >>> depth_for_gap(1.5, 0.3, 0.01, 10, width=1000)  # the floor is 0.006
    16
    >>> depth_for_gap(1.5, 0.3, 1e-6, 10, oppenheim_schur, spectrum=[0.5, 0.2, 0.3])
    23
    >>> depth_for_gap(1.5, None, 1e-6, bound=samplewise, G0=[[1, 0.9], [0.9, 1]])
    23
    """
    beta, target = as_strength(beta), as_number("the target gap", target)
    gap0 = None if gap0 is None else as_gap(gap0)
    if not target > 0:
        raise BoundError(f"the target gap is {target}; it must be > 0")
    least = 0.0 if width is None else _least(beta, n, width, bound, given.get("G0"))
    if width is not None and "n" not in asked_by(bound):
        n = None  # it was for the floor
    mean_field = of_layer(bound, beta=beta, gap0=gap0, n=n, **given)
    if mean_field(0) + least <= target:
        return 0
    if beta == 1:
        raise BoundError("beta is 1, the activation is linear and no gap shrinks; beta > 1 helps")
    if target <= least:
        raise BoundError(f"the gap settles near {least:.3g} at width {width}; ask for more")
    check_start(gap0, **given)
    steps = getattr(bound, "func", bound) in (logistic, oppenheim_schur, samplewise)
    try:
        if steps:
            check_reach(beta, float(mean_field(0)), target - least)
        last = DEEPEST if steps else FARTHEST
        return first_layer(lambda layer: mean_field(layer) + least, target, last)
    except BoundError as error:
        deep = _by_all_layers(beta, gap0, n, target - least, given.get("G0")) if steps else None
        closed = f"all_layers needs no steps and reaches it at layer {deep}"
        raise BoundError(f"{error}; {closed if deep else 'the target must be larger'}") from None


def _least(beta: float, n: int | None, width: int, bound: Bound, G0: ArrayLike | None) -> float:
    """The floor that is added to a bound of the gap."""
    if bound is corollary_a3:
        raise BoundError(
            "corollary_a3 bounds the potential, and the floor of a width is one of the gap; "
            "by_potential must be used with width="
        )
    if n is None and G0 is None:
        raise BoundError("the floor of a width depends on the number of samples; n must be given")
    size = n if G0 is None else len(as_matrix(G0))
    if n not in (None, size):
        raise BoundError(f"n is {n!r}; it must be {size}, the number of samples of G0")
    return floor(beta, size, width)  # type: ignore[arg-type]


def _by_all_layers(
    beta: float, gap0: float | None, n: int | None, target: float, G0: ArrayLike | None
) -> int | None:
    """Where the closed form reaches what the steps do not; None if it does not either."""
    if G0 is not None:
        gap0, n = float(isometry_gap(as_matrix(G0))), len(as_matrix(G0))
    try:
        return first_layer(of_layer(all_layers, beta=beta, gap0=gap0, n=n), target)
    except BoundError:
        return None
