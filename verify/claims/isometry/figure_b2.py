"""Figures B.1 and B.2: isometry strength and the way to isometry at several gains."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import TypeAlias

from hermiso import numeric
from verify import Claim, Evidence, Level
from verify.claims.isometry._figures import (
    Finding,
    Interval,
    above,
    below,
    between,
    decided,
    gaps,
    networks,
)

Stated: TypeAlias = Callable[[Interval], Finding]

_DEPTH, _GAINS = 10, (0.5, 1.0, 2.0, 4.0)

relu = Claim(
    label="isometry:fig-b2-relu",
    where="section B.2, with Figures B.1 and B.2",
    says=r"\sigma(x) = \max(\alpha x, 0): \text{ the gap of every layer is that of } \alpha = 1",
    value=lambda quotient: between(quotient, 1 - 1e-4, 1 + 1e-4),
    mutants={
        "smaller with the gain": lambda quotient: below(quotient, 1 - 1e-4),
        "larger with the gain": lambda quotient: above(quotient, 1 + 1e-4),
        "twice": lambda quotient: between(quotient, 1.9, 2.1),
    },
    uses=("isometry:table-b1-relu",),
)


@relu.check(Level.MEASURED)
def relu_at_other_gains(stated: Stated, *, seed: int) -> Evidence:
    """The same weights, gains 1/2 and 4."""
    one = gaps(seed, "relu", _DEPTH)
    others = [gaps(seed, "relu", _DEPTH, f"gain {g}", gain=g) for g in (0.5, 4.0)]
    found = [stated(other.over(one, layer)) for other in others for layer in (1, _DEPTH)]
    return decided(found, networks(_DEPTH))


order = Claim(
    label="isometry:fig-b2",
    where="section B.2, with Figures B.1 and B.2",
    says=r"\beta(\alpha) > \beta(\alpha') \implies \text{smaller gap at layer 10 for } "
    r"\sigma(\alpha x): \text{ tanh, sigmoid, SELU, sine}",
    value=lambda quotient: below(quotient, 1),
    mutants={
        "the other way round": lambda quotient: above(quotient, 1),
        "whatever beta": lambda quotient: between(quotient, 0.9, 1.1),
        "a tenth": lambda quotient: below(quotient, 0.1),
    },
    uses=("isometry:fig-3",),
)


@order.check(Level.MEASURED, profile="default")
def gains_in_the_order_of_beta(stated: Stated, *, seed: int) -> Evidence:
    """Gains 1/2, 1, 2 and 4, of sine 1/2, 1 and 2; neighbours in the order of beta."""
    found = []
    for name in ("tanh", "sigmoid", "selu", "sin"):
        gains = [g for g in _GAINS if (name, g) != ("sin", 4.0)]  # there both are at the floor
        by_strength = sorted(gains, key=lambda g: float(numeric.beta(name, gain=g)))
        curves = [gaps(seed, name, _DEPTH, f"gain {g}", gain=g) for g in by_strength]
        found += [stated(strong.over(weak)) for weak, strong in pairwise(curves)]
    return decided(found, networks(_DEPTH))


claims = (relu, order)
