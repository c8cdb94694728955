"""Figure 5: centred activations with and without layer normalization."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from verify import Claim, Evidence, Level
from verify.claims.isometry._figures import (
    Curve,
    Finding,
    above,
    below,
    decided,
    every,
    gaps,
    networks,
    some,
)

Pair: TypeAlias = tuple[Curve, Curve]  # a - c_0, LN(a - c_0)
Stated: TypeAlias = Callable[[dict[str, Pair]], Finding]

_NAMES, _DEPTH = ("relu", "tanh"), 20


def _grows(gap: Curve) -> Finding:
    return above(gap.growth(0, _DEPTH), 1)


def _falls(gap: Curve) -> Finding:
    return below(gap.growth(0, _DEPTH), 1)


claim = Claim(
    label="isometry:fig-5",
    where="section 6.2, with Figure 5",
    says=r"x^{\ell+1} = a^\ell - c_0: \ -\log I(G^\ell) \text{ may increase, as for ReLU; } "
    r"x^{\ell+1} = \mathrm{LN}(a^\ell - c_0): \text{ it decreases}",
    value=lambda seen: every(
        some(*(_grows(bare) for bare, _ in seen.values())),
        _grows(seen["relu"][0]),
        *(_falls(normalized) for _, normalized in seen.values()),
    ),
    mutants={
        "decreases without": lambda seen: every(*(_falls(bare) for bare, _ in seen.values())),
        "increases with layer normalization": lambda seen: some(
            *(_grows(normalized) for _, normalized in seen.values())
        ),
        "ReLU needs no normalization": lambda seen: below(seen["relu"][0].over(seen["relu"][1]), 2),
        "may not increase": lambda seen: every(_falls(seen["relu"][0]), _falls(seen["relu"][1])),
    },
    uses=("isometry:sec-6-scale:corrected",),
)


@claim.check(Level.MEASURED)
def relu_and_tanh(stated: Stated, *, seed: int) -> Evidence:
    """With the factor 1/sqrt(d) of (1)."""
    seen = {
        name: (
            gaps(seed, name, _DEPTH, "a - c_0", centring="mean-field", normalization="none"),
            gaps(seed, name, _DEPTH, "LN(a - c_0)", centring="mean-field"),
        )
        for name in _NAMES
    }
    return decided([stated(seen)], networks(_DEPTH))
