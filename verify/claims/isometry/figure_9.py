"""Figure 9: how far networks of finite width depart from their mean field."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import hermiso
from verify import Claim, Evidence, Level, within_error
from verify.claims.isometry._figures import (
    Curve,
    Finding,
    above,
    below,
    decided,
    every,
    input_gram,
    networks,
    trajectory,
)

_EARLY, _DEPTH, _RUNS = 15, 60, 40

depth = Claim(
    label="isometry:fig-9",
    where="section 7, 'Normalization's role ...', with Figure 9",
    says=r"\frac{\|G^\ell - G_*^\ell\|_F}{\|G_*^\ell\|_F} \text{ of ReLU grows with } "
    r"(a^\ell - c_0)/\sqrt{\bar\sigma(1)} \text{ from layer 15 to 60, not with } "
    r"\mathrm{LN}(a^\ell - c_0)",
    value=lambda scaled, normalized: every(above(scaled, 5), below(normalized, 1.5)),
    mutants={
        "neither grows": lambda scaled, normalized: below(scaled, 1.5),
        "both grow": lambda scaled, normalized: above(normalized, 1.5),
        "the other way round": lambda scaled, normalized: every(
            above(normalized, 5), below(scaled, 1.5)
        ),
        "grows as the root of the depth": lambda scaled, normalized: below(scaled, 2),
        "layer normalization lets it grow as the root of the depth": lambda scaled, normalized: (
            above(normalized, 1.8)
        ),
    },
    uses=("isometry:sec-6-2-limit", "isometry:eq-20:corrected"),
)


def _errors(seed: int, layers: int, runs: int, **options: Any) -> Curve:
    import numpy as np

    options |= {"centring": "mean-field", "keep_gram": True}
    G = trajectory(seed, "relu", layers, runs=runs, **options).gram
    expected = hermiso.mean_field(input_gram(seed), "relu", layers).gram
    errors = np.linalg.norm(G - expected, axis=(-2, -1)) / np.linalg.norm(expected, axis=(-2, -1))
    name = options.get("normalization", "layer")
    return Curve(f"error of ReLU, {name} normalization,", errors)


@depth.check(Level.MEASURED, profile="default")
def errors_with_depth(stated: Callable[..., Finding], *, seed: int) -> Evidence:
    """Quotients of the errors at layers 60 and 15, from the same input."""
    scaled = _errors(seed, _DEPTH, _RUNS, normalization="mean-field")
    normalized = _errors(seed, _DEPTH, _RUNS // 2)
    found = stated(scaled.growth(_EARLY, _DEPTH), normalized.growth(_EARLY, _DEPTH))
    return decided([found], networks(_DEPTH, runs=_RUNS))


# "a O(1/sqrt(width)) error per layer"

_NARROW, _WIDE, _MANY = 100, 1600, 400

width = Claim(
    label="isometry:fig-9-width",
    where="section 7, 'Normalization's role ...'",
    says=r"\|G^1 - G_*^1\|_F = O(1/\sqrt d)",
    value=lambda d: d**-0.5,
    mutants={
        "1/d": lambda d: 1 / d,
        "fourth root": lambda d: d**-0.25,
        "d^(-2/3)": lambda d: d ** (-2 / 3),
        "whatever the width": lambda d: 1.0,
    },
    uses=("isometry:eq-20:corrected",),
)


@width.check(Level.MEASURED, profile="default")
def errors_of_one_layer(stated: Callable[[int], float], *, seed: int) -> Evidence:
    """The logarithm of the quotient of the errors at widths 100 and 1600."""
    import numpy as np

    layer = [np.log(_errors(seed, 1, _MANY, width=d).values[:, 1]) for d in (_NARROW, _WIDE)]
    error = np.hypot(*(v.std(ddof=1) / _MANY**0.5 for v in layer))
    expected = np.log(stated(_NARROW) / stated(_WIDE))
    domain = f"ReLU, n = 10, d = {_NARROW} and {_WIDE}, {_MANY} networks each"
    difference = layer[0].mean() - layer[1].mean()
    return within_error(difference, error, expected, resolution=0.6, domain=domain)


claims = (depth, width)
