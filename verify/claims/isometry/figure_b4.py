"""Figure B.4: the decay of the gap at fixed, growing, narrowing and alternating widths.

The paper's inputs are MNIST and CIFAR10; here they are Gaussian with one strong direction, as such
images have in their mean.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeAlias

from verify import Claim, Evidence, Level
from verify.claims.isometry._figures import (
    WIDTH,
    Curve,
    Finding,
    above,
    below,
    between,
    decided,
    every,
    gaps,
    networks,
)

Stated: TypeAlias = Callable[[Mapping[str, Curve]], Finding]

_DEPTH, _RUNS = 30, 80
_FACTOR = 1.6  # gaps within it are called consistent
_WHILE_DECAYING = (2, 4, 6, 8, 10)


def _shapes() -> dict[str, tuple[int, ...]]:
    growing = tuple(round(WIDTH * 2 ** (2 * k / (_DEPTH - 1) - 1)) for k in range(_DEPTH))
    return {
        "growing": growing,
        "fixed": (WIDTH,) * _DEPTH,
        "narrowing": growing[::-1],
        "alternating": (WIDTH // 2, WIDTH * 2) * (_DEPTH // 2),
    }


def _consistent(seen: Mapping[str, Curve], *layers: int) -> Finding:
    growing, *others = seen.values()
    quotients = [other.over(growing, layer) for other in others for layer in layers]
    return every(*(between(q, 1 / _FACTOR, _FACTOR) for q in quotients))


def _own_floor(seen: Mapping[str, Curve]) -> Finding:
    return above(seen["narrowing"].over(seen["growing"]), 1.8)


claim = Claim(
    label="isometry:fig-b4",
    where="section B.3, with Figure B.4",
    says=r"\text{ReLU at fixed, growing, narrowing, alternating widths: gaps within a factor } 1.6 "
    r"\text{ while they decay (layers 2 to 10); then each stays at the floor of its width}",
    value=lambda seen: every(_consistent(seen, *_WHILE_DECAYING), _own_floor(seen)),
    mutants={
        "to the last layer": lambda seen: _consistent(seen, *_WHILE_DECAYING, _DEPTH),
        "narrowing widths end lower": lambda seen: below(
            seen["narrowing"].over(seen["growing"]), 1
        ),
        "no decay": lambda seen: every(*(above(c.growth(2, 10), 0.5) for c in seen.values())),
        "growing widths are slower": lambda seen: above(
            seen["growing"].over(seen["fixed"], 10), _FACTOR
        ),
    },
    uses=("isometry:thm-4", "beyond:floor-law"),
)


@claim.check(Level.MEASURED, profile="default")
def four_shapes(stated: Stated, *, seed: int) -> Evidence:
    """Widths of 500 to 2000."""
    seen = {
        shape: gaps(seed, "relu", _DEPTH, f"{shape} widths", width=widths, runs=_RUNS)
        for shape, widths in _shapes().items()
    }
    return decided([stated(seen)], networks(_DEPTH, "500 to 2000", _RUNS))
