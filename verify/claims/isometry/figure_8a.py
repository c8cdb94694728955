"""Figure 8 (a): activations that reach isometry by offset and scale alone, without ReLU."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from verify import Claim, Evidence, Level
from verify.claims.isometry._figures import (
    Curve,
    Finding,
    decided,
    every,
    gaps,
    misses,
    networks,
    reaches,
)

Stated: TypeAlias = Callable[[Curve, Curve], Finding]  # offset and scale, layer normalization

_DEEP, _RUNS = 100, 40
_SCALE = {"centring": "mean-field", "normalization": "mean-field"}

relu = Claim(
    label="isometry:fig-8a-relu",
    where="section 7, 'Self normalized activations', with Figure 8 (a)",
    says=r"\text{ReLU requires layer normalization to attain isometry: at layer 100 it has it, "
    r"and } (a^\ell - c_0)/\sqrt{\bar\sigma(1)} \text{ has not}",
    value=lambda scaled, normalized: every(misses(scaled), reaches(normalized)),
    mutants={
        "offset and scale suffice": lambda scaled, normalized: reaches(scaled),
        "layer normalization does not suffice": lambda scaled, normalized: misses(normalized),
        "at layer 15 already": lambda scaled, normalized: misses(scaled, 15),
        "the other way round": lambda scaled, normalized: every(
            reaches(scaled), misses(normalized)
        ),
    },
    uses=("isometry:sec-6-2-limit",),
)


@relu.check(Level.MEASURED, profile="default")
def relu_at_layer_100(stated: Stated, *, seed: int) -> Evidence:
    """Up to about layer 20 offset and scale do as well: isometry is reached, and lost again."""
    scaled = gaps(seed, "relu", _DEEP, "offset and scale", runs=_RUNS, **_SCALE)
    normalized = gaps(seed, "relu", _DEEP, "LN(a - mean a)")
    return decided([stated(scaled, normalized)], networks(_DEEP, runs=_RUNS))


_DEPTHS = {"tanh": 60, "selu": 150}

others = Claim(
    label="isometry:fig-8a-selu-tanh",
    where="section 7, 'Self normalized activations', with Figure 8 (a)",
    says=r"\text{SELU and tanh reach isometry with } (a^\ell - c_0)/\sqrt{\bar\sigma(1)}",
    value=lambda scaled, start: reaches(scaled),
    mutants={
        "they do not": lambda scaled, start: misses(scaled),
        "at layer 10 already": lambda scaled, start: reaches(scaled, 10),
        "they stay where they start": lambda scaled, start: every(
            misses(scaled), misses(scaled, start)
        ),
    },
    uses=("isometry:sec-6-2-limit",),
)


@others.check(Level.MEASURED, profile="default")
def selu_and_tanh(stated: Callable[[Curve, int], Finding], *, seed: int) -> Evidence:
    """Tanh to layer 60, SELU to layer 150."""
    curves = [gaps(seed, s, depth, "offset and scale", **_SCALE) for s, depth in _DEPTHS.items()]
    return decided([stated(curve, 0) for curve in curves], networks(max(_DEPTHS.values())))


claims = (relu, others)
