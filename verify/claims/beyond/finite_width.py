"""Networks of finite width: the bound for every layer down to the floor, and the floor law.

The mean field's part and the law of an autoregression are proved (beyond:thm-4-every-layer,
beyond:floor-law); that networks behave so is measured here.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING, Any, TypeAlias

import hermiso
from verify import Claim, Evidence, Level
from verify.claims.isometry._figures import (
    CONFIDENCE,
    Interval,
    below,
    between,
    decided,
    finite,
    student,
)

if TYPE_CHECKING:
    from verify.strategies import Array

Bound: TypeAlias = Callable[[Any, float], Any]
Law: TypeAlias = Callable[[float, int, int], float]

_NAMES = ("relu", "tanh", "gelu")

# gap <= bound + floor

_SLACK = 0.6  # how far above the floor law the interval of a mean may reach
_SIZES = ((5, 500, 200), (10, 1000, 40))  # n, d, networks
_DEPTH = 40

bound = Claim(
    label="beyond:finite-width-bound",
    where="docs/bounds.md, the floor",
    says=r"E \text{gap}_\ell \leq \tfrac1n \log(1 + \beta^{-\ell} (e^{n \text{gap}_0} - 1)) "
    r"+ 1.6 \cdot \frac{n - 1}{2 d (1 - (2 - \beta)^2)}, \quad \ell = 1..40, d \geq 500",
    value=lambda sharp, floor: sharp + (1 + _SLACK) * floor,
    mutants={
        "no floor": lambda sharp, floor: sharp,
        "a third of the floor": lambda sharp, floor: sharp + floor / 3,
        "floor alone": lambda sharp, floor: (1 + _SLACK) * floor + 0 * sharp,
        "the smaller of the two": lambda sharp, floor: (
            sharp * (sharp < floor) + floor * (sharp >= floor)
        ),
    },
    uses=("beyond:thm-4-every-layer", "beyond:floor-law"),
)


@cache
def _report(activation: str, n: int, d: int, runs: int, seed: int) -> Any:
    import numpy as np

    X = np.random.default_rng([seed, n]).standard_normal((n, 4 * n))
    options = {"runs": runs, "seed": seed, "confidence": CONFIDENCE}
    return finite().check_theorem4(activation, X, d, _DEPTH, **options)


@bound.check(Level.MEASURED, profile="default")
def every_layer(stated: Bound, *, seed: int) -> Evidence:
    """From independent Gaussian samples in 4n dimensions."""
    found = []
    for name in _NAMES:
        for n, d, runs in _SIZES:
            report = _report(name, n, d, runs, seed)
            claimed = stated(report.all_layers, report.floor)
            what = f"{name}, n = {n}, d = {d}: mean gap at layer"
            found += [
                below(Interval(report.low[k], report.high[k], f"{what} {k}"), claimed[k])
                for k in range(1, _DEPTH + 1)
            ]
    sizes = ", ".join(f"({n}, {d})" for n, d, _ in _SIZES)
    return decided(found, f"ReLU, tanh, GELU, (n, d) = {sizes}, intervals at 1 - 1e-07")


# the floor law

_RESOLUTION = 0.15
_CASES = (  # activation, n, d, networks, layers left out, layers
    ("relu", 4, 1000, 150, 15, 100),
    ("relu", 20, 500, 40, 15, 40),
    ("tanh", 10, 500, 40, 40, 120),
    ("tanh", 20, 500, 40, 40, 60),
    ("gelu", 10, 1000, 40, 15, 60),
    ("gelu", 20, 500, 40, 15, 40),
)

law = Claim(
    label="beyond:finite-width-floor",
    where="docs/bounds.md, the floor",
    says=r"E \text{gap}_\ell \to \frac{n - 1}{2 d (1 - (2 - \beta)^2)}, \quad "
    r"\ell \to \infty, \text{ up to } 15\,\%, d \geq 500",
    value=lambda beta, n, d: (n - 1) / (2 * d * (1 - (2 - beta) ** 2)),
    mutants={
        "n in place of n - 1": lambda beta, n, d: n / (2 * d * (1 - (2 - beta) ** 2)),
        "2 - beta not squared": lambda beta, n, d: (n - 1) / (2 * d * (beta - 1)),
        "rate of Theorem 4": lambda beta, n, d: (n - 1) / (2 * d * (1 - 1 / beta)),
        "noise of one layer": lambda beta, n, d: (n - 1) / (2 * d),
        "every pair twice": lambda beta, n, d: (n - 1) / (d * (1 - (2 - beta) ** 2)),
        "root of d": lambda beta, n, d: (n - 1) / (2 * d**0.5 * (1 - (2 - beta) ** 2)),
        "not divided by n": lambda beta, n, d: n * (n - 1) / (2 * d * (1 - (2 - beta) ** 2)),
    },
    uses=("beyond:floor-law",),
)


@cache
def _late(activation: str, n: int, d: int, runs: int, first: int, layers: int, seed: int) -> Array:
    """The mean gap of the late layers of each network; the input is orthonormal."""
    import numpy as np

    net = finite().Architecture(activation)
    found = finite().simulate(np.eye(n), net, d, first + layers, runs=runs, seed=seed)
    mean: Array = found.gap[:, first + 1 :].mean(1)
    return mean


@law.check(Level.MEASURED, profile="default", time_limit=30.0)
def late_layers(stated: Law, *, seed: int) -> Evidence:
    """The mean over late layers and networks, over the law."""
    found = []
    for activation, n, d, *size in _CASES:
        claimed = stated(float(hermiso.beta(activation)), n, d)
        low, high = student(_late(activation, n, d, *size, seed) / claimed)
        quotient = Interval(low, high, f"{activation}, n = {n}, d = {d}: gap/floor")
        found.append(between(quotient, 1 - _RESOLUTION, 1 + _RESOLUTION))
    domain = f"ReLU, tanh, GELU, n = 4 to 20, d = 500 and 1000, resolution {_RESOLUTION:.0%}"
    return decided(found, f"{domain}, intervals at 1 - 1e-07")


claims = (bound, law)
