"""Figure 3: the isometry gap of networks of finite width against Theorem 4."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from itertools import pairwise
from typing import TYPE_CHECKING, Any, TypeAlias

import hermiso
from hermiso import bounds
from verify import Claim, Evidence, Level, Verdict
from verify.claims.isometry._figures import (
    Curve,
    Finding,
    Interval,
    above,
    below,
    between,
    decided,
    finite,
    gaps,
    input_gram,
    networks,
    student,
)

if TYPE_CHECKING:
    from verify.strategies import Array

Order: TypeAlias = Callable[[Interval], Finding]
Bound: TypeAlias = Callable[..., Any]

# "We observe beta_sigma predicts the decay rate in isometry of Gram matrices"

_LAYERS, _DEPTH = (5, 10), 10
_BY_STRENGTH = ("relu", "tanh", "sigmoid")

order = Claim(
    label="isometry:fig-3",
    where="section 5.2, before Figure 3",
    says=r"\beta_\sigma > \beta_\tau \implies -\log I(G^\ell_\sigma) < -\log I(G^\ell_\tau), \quad "
    r"\sigma, \tau \in \{\text{ReLU}, \tanh, \text{sigmoid}\}, \ell = 5, 10",
    value=lambda quotient: below(quotient, 1),
    mutants={
        "the other way round": lambda quotient: above(quotient, 1),
        "the same rate, whatever beta": lambda quotient: between(quotient, 0.9, 1.1),
        "more than ten times": lambda quotient: below(quotient, 0.1),
    },
    uses=("isometry:def-3-range", "isometry:thm-4"),
)


@order.check(Level.MEASURED)
def gaps_of_three_activations(stated: Order, *, seed: int) -> Evidence:
    """Neighbours in the order of beta."""
    curves = [gaps(seed, name, _DEPTH) for name in _BY_STRENGTH]
    strengths = [float(hermiso.beta(name)) for name in _BY_STRENGTH]
    assert strengths == sorted(strengths, reverse=True)
    found = [stated(a.over(b, layer)) for a, b in pairwise(curves) for layer in _LAYERS]
    return decided(found, networks(_DEPTH))


# "theoretical upper bounds given in Theorem 4, with constant C = 1"

_RUNS, _DEEP = 8, 20
_CASES = ((100, 5000, 10.0), (10, 1000, 1.0))  # samples, width, factor of the input


def _below_the_floor_too(beta: float, n: int, gap0: float, layers: Array, d: int) -> Any:
    return bounds.all_layers(beta, n, gap0, layers) + 2 * bounds.floor(beta, n, d)


def _dashed(beta: float, n: int, gap0: float, layers: Array, d: int) -> Any:
    return beta**-layers


bound_corrected = Claim(
    label="isometry:fig-3-bound:corrected",
    where="Figure 3, caption",
    says=r"-\log I(G^\ell) \leq \tfrac1n \log(1 + \beta^{-\ell} (I(G^0)^{-n} - 1)) "
    r"+ 2 \frac{n - 1}{2d(1 - (2 - \beta)^2)} \quad (d < \infty)",
    value=_below_the_floor_too,
    mutants={
        "as printed": _dashed,
        "no floor": lambda beta, n, gap0, layers, d: bounds.all_layers(beta, n, gap0, layers),
        "floor alone": lambda beta, n, gap0, layers, d: bounds.floor(beta, n, d) + 0 * layers,
        "floor of 1/d^2": lambda beta, n, gap0, layers, d: (
            bounds.all_layers(beta, n, gap0, layers) + bounds.floor(beta, n, d) / d
        ),
    },
    uses=("beyond:thm-4-every-layer", "beyond:floor-law"),
)
bound = Claim(
    label="isometry:fig-3-bound",
    where="Figure 3, caption",
    says=r"-\log I(G^\ell) \leq C \beta^{-\ell}, C = 1, \text{ in networks of width } d = 5000",
    value=_dashed,
    mutants={
        "beta squared": lambda beta, n, gap0, layers, d: beta ** (-2 * layers),
        "rate 2 - beta": lambda beta, n, gap0, layers, d: (2 - beta) ** layers,
        "C = 1/4": lambda beta, n, gap0, layers, d: beta**-layers / 4,
    },
    correction=bound_corrected,
    why="A network of width d stays at (n - 1)/(2d(1 - (2 - beta)^2)), which beta^-l falls below: "
    "for ReLU, n = 100 and d = 5000 from layer 17 on.",
    expected=Verdict.REFUTED,
)


@bound.check(Level.MEASURED, profile="default")
@bound_corrected.check(Level.MEASURED, profile="default")
def relu_to_layer_20(stated: Bound, *, seed: int) -> Evidence:
    """The paper's size and a degenerate input; and a smaller one with an independent input."""
    import numpy as np

    layers, beta = np.arange(_DEEP + 1), float(hermiso.beta("relu"))
    found = []
    for n, d, factor in _CASES:
        gap = _gap(seed, n, d, factor)
        claimed = stated(beta, n, float(gap.values[0, 0]), layers, d)
        found += [below(_mean(gap, layer), claimed[layer]) for layer in layers[1:]]
    return decided(found, networks(_DEEP, "5000 and 1000", _RUNS, samples="100 and 10"))


@cache
def _gap(seed: int, n: int, d: int, factor: float) -> Curve:
    net = finite().Architecture("relu")
    G0 = input_gram(seed, n, d, factor)
    found = finite().simulate(G0, net, d, _DEEP, runs=_RUNS if n > 10 else 4 * _RUNS, seed=seed)
    return Curve(f"gap of ReLU, n = {n}, d = {d},", found.gap)


def _mean(gap: Curve, layer: int) -> Interval:
    low, high = student(gap.values[:, layer])
    return Interval(low, high, f"{gap.name} at layer {layer}")


claims = (order, bound, bound_corrected)
