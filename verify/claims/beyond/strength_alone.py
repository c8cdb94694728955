"""The isometry strength alone does not order the gaps of different activations.

It governs the last phase, near isometry (beyond:sharp-rate). From a degenerate input the whole
kernel map counts, and for a while the gap of an activation with the larger beta is the larger one.
"""

from __future__ import annotations

from collections.abc import Callable
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

_DEPTH, _RUNS = 10, 40
_PAIRS = ((("gelu", 1.0), ("relu", 1.0)), (("relu", 1.0), ("tanh", 4.0)))  # larger beta first

claim = Claim(
    label="beyond:strength-alone",
    where="docs/bounds.md, the sharp rate",
    says=r"\text{larger } \beta, \text{ larger gap at layer 10 from a degenerate input: GELU "
    r"against ReLU, ReLU against } \tanh(4x)",
    value=lambda quotient: above(quotient, 1.1),
    mutants={
        "the larger beta, the smaller the gap": lambda quotient: below(quotient, 1),
        "no difference": lambda quotient: between(quotient, 1 / 1.1, 1.1),
        "as the quotient of the rates": lambda quotient: between(quotient, 0.9, 1.05),
    },
    uses=("isometry:fig-3",),
)


@claim.check(Level.MEASURED, profile="default")
def two_pairs(stated: Stated, *, seed: int) -> Evidence:
    """The same input and weights for all."""
    found = []
    for (strong, a), (weak, b) in _PAIRS:
        assert numeric.beta(strong, gain=a) > numeric.beta(weak, gain=b)
        larger = gaps(seed, strong, _DEPTH, f"gain {a:g}", gain=a, runs=_RUNS)
        smaller = gaps(seed, weak, _DEPTH, f"gain {b:g}", gain=b, runs=_RUNS)
        found.append(stated(larger.over(smaller)))
    return decided(found, networks(_DEPTH, runs=_RUNS))
