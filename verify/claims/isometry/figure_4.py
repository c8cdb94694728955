"""Figure 4 and section 6.1: layer and mean-field centring, and neither."""

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

Stated: TypeAlias = Callable[..., Finding]

_DEPTHS = {"relu": 25, "gelu": 25, "tanh": 45}
_ODD = ("tanh",)  # c_0 = 0

both = Claim(
    label="isometry:fig-4",
    where="section 6.1, with Figure 4",
    says=r"x^{\ell+1} = \mathrm{LN}(a^\ell - \overline{a^\ell}) \text{ and } "
    r"x^{\ell+1} = \mathrm{LN}(a^\ell - c_0) \text{ both reach isometry}",
    value=lambda layer, field, none: every(reaches(layer), reaches(field)),
    mutants={
        "layer centring alone": lambda layer, field, none: every(reaches(layer), misses(field)),
        "mean-field centring alone": lambda layer, field, none: every(
            misses(layer), reaches(field)
        ),
        "without centring too": lambda layer, field, none: every(reaches(layer), reaches(none)),
    },
    uses=("isometry:sec-6-1-mean", "isometry:sec-6-scale:corrected"),
)


def _curves(seed: int, name: str) -> tuple[Curve, Curve, Curve]:
    depth = _DEPTHS[name]
    return (
        gaps(seed, name, depth, "LN(a - mean a)"),
        gaps(seed, name, depth, "LN(a - c_0)", centring="mean-field"),
        gaps(seed, name, depth, "LN(a)", centring="none"),
    )


@both.check(Level.MEASURED)
def with_either_centring(stated: Stated, *, seed: int) -> Evidence:
    """ReLU and tanh."""
    names = ("relu", "tanh")
    return decided([stated(*_curves(seed, name)) for name in names], networks(_DEPTHS["tanh"]))


# "the centering step in layer normalization is crucial in obtaining isometry"

crucial_corrected = Claim(
    label="isometry:sec-6-1-crucial:corrected",
    where="section 6.1",
    says=r"x^{\ell+1} = \mathrm{LN}(a^\ell) \text{ does not reach isometry if } c_0 \neq 0; "
    r"\text{ it does if } \sigma \text{ is odd}",
    value=lambda none, odd: reaches(none) if odd else misses(none),
    mutants={
        "as printed: whatever the activation": lambda none, odd: misses(none),
        "never": lambda none, odd: reaches(none),
        "for odd activations": lambda none, odd: misses(none) if odd else reaches(none),
    },
    uses=("isometry:sec-6-1-mean",),
)
crucial = Claim(
    label="isometry:sec-6-1-crucial",
    where="section 6.1",
    says=r"x^{\ell+1} = \mathrm{LN}(a^\ell) \text{ does not reach isometry}",
    value=crucial_corrected.mutants["as printed: whatever the activation"],
    mutants={
        "never": crucial_corrected.mutants["never"],
        "for odd activations": crucial_corrected.mutants["for odd activations"],
        "reaches it after all": lambda none, odd: every(reaches(none), reaches(none, -2)),
    },
    correction=crucial_corrected,
    why="An odd activation has c_0 = 0 and no offset to remove: tanh reaches isometry uncentred.",
    expected=Verdict.REFUTED,
)


@crucial.check(Level.MEASURED, profile="default")
@crucial_corrected.check(Level.MEASURED, profile="default")
def without_centring(stated: Stated, *, seed: int) -> Evidence:
    """ReLU, GELU and tanh."""
    found = [stated(_curves(seed, name)[2], name in _ODD) for name in _DEPTHS]
    return decided(found, networks(_DEPTHS["tanh"]))


claims = (both, crucial, crucial_corrected)
