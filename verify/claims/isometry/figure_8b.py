"""Figure 8 (b): normalization after or before the activation."""

from __future__ import annotations

from collections.abc import Callable, Mapping
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
    opposite,
    reaches,
    some,
)

Pair: TypeAlias = tuple[Curve, Curve]  # activation first, normalization first

_DEPTHS = {"relu": 25, "gelu": 25, "tanh": 60}
_ODD = ("tanh",)  # c_0 = 0
_RUNS = 12


def _pair(seed: int, name: str) -> Pair:
    depth = _DEPTHS[name]
    return (
        gaps(seed, name, depth, "activation first", runs=_RUNS),
        gaps(seed, name, depth, "normalization first", runs=_RUNS, order="normalization-first"),
    )


# "a different ordering can lead to a non-isotropic Gram matrix"

can = Claim(
    label="isometry:fig-8b",
    where="section 7, 'Impact of the ordering ...', with Figure 8 (b)",
    says=r"\exists \sigma: \text{ isometry is reached with the activation first, "
    r"and not with the normalization first}",
    value=lambda seen: some(*(every(reaches(a), misses(b)) for a, b in seen.values())),
    mutants={
        "the other way round": lambda seen: some(
            *(every(misses(a), reaches(b)) for a, b in seen.values())
        ),
        "cannot": lambda seen: every(*(reaches(b) for _, b in seen.values())),
        "with either order": lambda seen: some(
            *(every(misses(a), misses(b)) for a, b in seen.values())
        ),
    },
    uses=("isometry:sec-7-order",),
)


@can.check(Level.MEASURED)
def two_orders(stated: Callable[[Mapping[str, Pair]], Finding], *, seed: int) -> Evidence:
    """ReLU and GELU."""
    seen = {name: _pair(seed, name) for name in ("relu", "gelu")}
    return decided([stated(seen)], networks(_DEPTHS["relu"], runs=_RUNS))


# "the ordering ... has a critical impact on the isometry"

critical_corrected = Claim(
    label="isometry:sec-7-critical:corrected",
    where="section 7, 'Impact of the ordering ...'",
    says=r"\text{with the normalization first isometry is not reached if } c_0 \neq 0; "
    r"\text{ if } \sigma \text{ is odd it is, as with the activation first}",
    value=lambda first, last, odd: every(reaches(first), reaches(last) if odd else misses(last)),
    mutants={
        "as printed: whatever the activation": lambda first, last, odd: misses(last),
        "no impact": lambda first, last, odd: reaches(last),
        "for odd activations": lambda first, last, odd: opposite(
            reaches(last) if odd else misses(last)
        ),
        "with either order": lambda first, last, odd: every(misses(first), misses(last)),
    },
    uses=("isometry:sec-7-order",),
)
critical = Claim(
    label="isometry:sec-7-critical",
    where="section 7, 'Impact of the ordering ...'",
    says=r"\text{with the normalization first isometry is not reached}",
    value=critical_corrected.mutants["as printed: whatever the activation"],
    mutants={
        "no impact": critical_corrected.mutants["no impact"],
        "for odd activations": critical_corrected.mutants["for odd activations"],
        "with either order": critical_corrected.mutants["with either order"],
    },
    correction=critical_corrected,
    why="Off the diagonal E a a^T is c_0^2 (isometry:sec-7-order), and 0 for an odd activation: "
    "for tanh the order makes no difference.",
    expected=Verdict.REFUTED,
)


@critical.check(Level.MEASURED, profile="default")
@critical_corrected.check(Level.MEASURED, profile="default")
def three_activations(stated: Callable[[Curve, Curve, bool], Finding], *, seed: int) -> Evidence:
    """ReLU, GELU and tanh."""
    found = [stated(*_pair(seed, name), name in _ODD) for name in _DEPTHS]
    return decided(found, networks(_DEPTHS["tanh"], runs=_RUNS))


claims = (can, critical, critical_corrected)
