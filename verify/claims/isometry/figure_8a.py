"""Figure 8 (a): activations that reach isometry by offset and scale alone, without ReLU."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from verify import Claim, Evidence, Level, Verdict
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

_ATTAINED = 15  # a layer


def _never(scaled: Curve, normalized: Curve) -> Finding:
    return every(misses(scaled, _ATTAINED), misses(scaled), reaches(normalized))


relu_corrected = Claim(
    label="isometry:fig-8a-relu:corrected",
    where="section 7, 'Self normalized activations', with Figure 8 (a)",
    says=r"\text{ReLU requires layer normalization to keep isometry: } "
    r"(a^\ell - c_0)/\sqrt{\bar\sigma(1)} \text{ has it at layer 15 and not at layer 100}",
    value=lambda scaled, normalized: every(
        reaches(scaled, _ATTAINED), misses(scaled), reaches(normalized)
    ),
    mutants={
        "as printed: to attain it": _never,
        "offset and scale keep it": lambda scaled, normalized: reaches(scaled),
        "attained at layer 3": lambda scaled, normalized: reaches(scaled, 3),
        "layer normalization does not keep it": lambda scaled, normalized: misses(normalized),
    },
    uses=("isometry:sec-6-2-limit",),
)
relu = Claim(
    label="isometry:fig-8a-relu",
    where="section 7, 'Self normalized activations', with Figure 8 (a)",
    says=r"\text{ReLU requires layer normalization to attain isometry}",
    value=_never,
    mutants={
        "offset and scale suffice": relu_corrected.mutants["offset and scale keep it"],
        "layer normalization does not suffice": lambda scaled, normalized: misses(normalized),
        "the other way round": lambda scaled, normalized: every(
            reaches(scaled), misses(normalized)
        ),
    },
    correction=relu_corrected,
    why="Offset and scale attain isometry at about layers 12 to 25; then the norms have drifted "
    "apart and it is lost. The same depth decides the sentence on Figure 6.",
    expected=Verdict.REFUTED,
)


@relu.check(Level.MEASURED, profile="default")
@relu_corrected.check(Level.MEASURED, profile="default")
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


claims = (relu, relu_corrected, others)
