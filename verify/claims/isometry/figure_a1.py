"""Figure A.1: the potential of networks of finite width against Corollary A.3."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

import hermiso
from hermiso import bounds
from verify import Claim, Evidence, Level, Verdict
from verify.claims.isometry._figures import (
    Curve,
    Finding,
    below,
    between,
    decided,
    input_gram,
    networks,
    trajectory,
)

Bound: TypeAlias = Callable[..., float]

_WIDTH = 10_000


def _potentials(seed: int, activation: str, depth: int, runs: int) -> Curve:
    found = trajectory(seed, activation, depth, width=_WIDTH, runs=runs)
    return Curve(f"potential of {activation}", found.potential)


# "the mean-field analysis well predicts the decay in gamma"

_DEPTH, _RUNS = 12, 20
_FACTOR = 1.4  # of a good prediction

decay = Claim(
    label="isometry:fig-a1",
    where="section A.3, after Corollary A.3, with Figure A.1",
    says=r"\gamma(G^\ell) \approx \gamma(G_*^\ell) \text{ up to a factor } 1.4, "
    r"\text{ tanh, ReLU, sigmoid, } \ell = 6, 12",
    value=lambda G, beta, layer: hermiso.potential(G[layer]),
    mutants={
        "the bound of Corollary A.3": lambda G, beta, layer: hermiso.potential(G[0]) * beta**-layer,
        "2 - beta a layer": lambda G, beta, layer: hermiso.potential(G[0]) * (2 - beta) ** layer,
        "beta squared": lambda G, beta, layer: hermiso.potential(G[0]) * beta ** (-2 * layer),
        "no decay": lambda G, beta, layer: hermiso.potential(G[0]),
    },
    uses=("isometry:cor-a3:corrected", "isometry:eq-20:corrected"),
)


@decay.check(Level.MEASURED, profile="default")
def three_activations(stated: Callable[..., Any], *, seed: int) -> Evidence:
    """Before the noise 1/sqrt(d) of finite width is reached."""
    found: list[Finding] = []
    for name in ("relu", "tanh", "sigmoid"):
        G = hermiso.mean_field(input_gram(seed), name, _DEPTH).gram
        curve, beta = _potentials(seed, name, _DEPTH, _RUNS), float(hermiso.beta(name))
        for layer in (_DEPTH // 2, _DEPTH):
            predicted = float(stated(G, beta, layer))
            found.append(between(curve.at(layer), predicted / _FACTOR, predicted * _FACTOR))
    return decided(found, networks(_DEPTH, _WIDTH))


# "we experimentally validated the above equation for MLPs with a finite width"

_DEEP = 40
_COMPARED = (5, 10, 20, 30, _DEEP)


def _noise(beta: float, d: int) -> float:
    """Standard deviation of a correlation that has settled (beyond:floor-variance)."""
    return float((d * (1 - (2 - beta) ** 2)) ** -0.5)


def _bound(beta: float, gamma0: float, layer: int, d: int) -> float:
    return float(bounds.corollary_a3(beta, gamma0, layer))


bound_corrected = Claim(
    label="isometry:fig-a1-bound:corrected",
    where="section A.3, after Corollary A.3, with Figure A.1",
    says=r"\gamma(G^\ell) \leq \gamma(G^0) \beta^{-\ell} + 6/\sqrt{d (1 - (2 - \beta)^2)} "
    r"\quad (d < \infty)",
    value=lambda beta, gamma0, layer, d: _bound(beta, gamma0, layer, d) + 6 * _noise(beta, d),
    mutants={
        "as printed: no noise": _bound,
        "noise 1/d": lambda beta, gamma0, layer, d: (
            _bound(beta, gamma0, layer, d) + 6 * _noise(beta, d) ** 2
        ),
        "noise alone": lambda beta, gamma0, layer, d: 6 * _noise(beta, d),
        "half a standard deviation": lambda beta, gamma0, layer, d: (
            _bound(beta, gamma0, layer, d) + _noise(beta, d) / 2
        ),
    },
    uses=("isometry:cor-a3:corrected", "beyond:floor-variance"),
)
bound = Claim(
    label="isometry:fig-a1-bound",
    where="section A.3, after Corollary A.3, with Figure A.1",
    says=r"\gamma(G^\ell) \leq \gamma(G^0) \beta^{-\ell} \text{ in networks of width } 10000",
    value=_bound,
    mutants={
        "beta squared": lambda beta, gamma0, layer, d: gamma0 * beta ** (-2 * layer),
        "2 - beta a layer": lambda beta, gamma0, layer, d: gamma0 * (2 - beta) ** layer,
        "one layer more": lambda beta, gamma0, layer, d: _bound(beta, gamma0, layer + 1, d) / 2,
    },
    correction=bound_corrected,
    why="Correlations of finite width keep a noise of order 1/sqrt(d): for ReLU at d = 10000 the "
    "largest is above gamma_0 beta^-l from about layer 30 on.",
    expected=Verdict.REFUTED,
)


@bound.check(Level.MEASURED, profile="default")
@bound_corrected.check(Level.MEASURED, profile="default")
def relu_to_layer_40(stated: Bound, *, seed: int) -> Evidence:
    """ReLU, from a degenerate input."""
    curve, beta = _potentials(seed, "relu", _DEEP, _RUNS), float(hermiso.beta("relu"))
    gamma0 = float(curve.values[0, 0])
    found = [below(curve.at(k), stated(beta, gamma0, k, _WIDTH)) for k in _COMPARED]
    return decided(found, f"ReLU, {networks(_DEEP, _WIDTH, _RUNS)}")


claims = (decay, bound, bound_corrected)
