"""Time the float64 route against what one would write with numpy, in one run, as ratios.

1. The curves of Figure B.1: beta - 1 of 20 activations at 1000 gains from 1e-6 to 1e3, against
   Gauss-Hermite sums with 256 nodes; with the worst relative error of both, tanh by hermiso.beta.
2. Ten thousand coefficients, against one pass of numpy.tanh over the same number of nodes.
3. A kernel map, built and applied 50 times to a Gram matrix of 100 samples, against numpy.tanh
   applied as often.

Run on an idle machine: python benchmarks/numeric.py
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import mpmath
import numpy as np
import sympy as sp

import hermiso
from hermiso import numeric
from hermiso.numeric import route
from hermiso.numeric.model import model

CURVES = (
    *("relu", "leaky_relu", "elu", "selu", "celu", "gelu", "silu", "mish", "softplus", "sigmoid"),
    *("tanh", "arctan", "erf", "hardtanh", "hardswish", "softsign", "sin", "exp", "tanhshrink"),
    "snake",
)
GAINS = np.geomspace(1e-6, 1e3, 1000)
MAPS = ("tanh", "relu", "gelu", "elu", "hardtanh", "hardshrink", "softsign")


def seconds(function: Callable[[], Any], runs: int = 5) -> float:
    """Return the least time of several runs."""
    times = []
    for _ in range(runs):
        start = time.perf_counter()
        function()
        times.append(time.perf_counter() - start)
    return min(times)


def forget() -> None:
    """Clear the caches of the route."""
    for cached in (model, route._built, route._screened):
        cached.cache_clear()


def naive(name: str, gains: Any) -> Any:
    """Beta - 1 by Gauss-Hermite sums: 1 - c_1^2/(E[sigma^2] - c_0^2)."""
    z, w = np.polynomial.hermite_e.hermegauss(256)
    w = w / np.sqrt(2 * np.pi)
    with np.errstate(all="ignore"):
        s = hermiso.catalogue.get(name).numpy()(gains[:, None] * z)
        return 1 - (s @ (w * z)) ** 2 / (s**2 @ w - (s @ w) ** 2)


def curves() -> None:
    """Time the curves, cold and warm."""
    for name in CURVES:
        hermiso.catalogue.get(name).numpy()
    numeric.beta("relu")  # imports

    def all_curves() -> None:
        for name in CURVES:
            numeric.beta_minus_one(name, gain=GAINS)

    forget()
    cold = seconds(all_curves, 1)
    warm = seconds(all_curves, 3)
    gauss = seconds(lambda: [naive(name, GAINS) for name in CURVES], 3)
    print(
        f"{len(CURVES)} curves of {GAINS.size} gains: {cold:.2f} s cold, {warm:.2f} s warm (< 2 s)"
    )
    print(f"  Gauss-Hermite, 256 nodes: {gauss:.2f} s, ratio warm/naive {warm / gauss:.1f}")
    for gain in (1e-6, 1e-2, 1.0, 10.0):
        ours, theirs = errors("erf", gain)
        print(f"  erf at gain {gain:g}: relative error {ours:.0e}, Gauss-Hermite {theirs:.0e}")


def errors(name: str, gain: float) -> tuple[float, float]:
    """Relative errors of beta - 1 against the closed form."""
    exact = sp.N(hermiso.beta(name, gain=sp.Rational(gain)) - 1, 20, maxn=500)
    with mpmath.workdps(30):
        truth = mpmath.mpf(str(exact))
        values = numeric.beta_minus_one(name, gain=gain), naive(name, np.array([gain]))[0]
        ours, theirs = (float(abs(v / truth - 1)) for v in values)
    return ours, theirs


def coefficients() -> None:
    """Time ten thousand coefficients."""
    nodes = np.linspace(-13, 13, 4096)
    unit = seconds(lambda: np.tanh(nodes))
    for name in ("relu", "tanh", "elu"):
        took = seconds(lambda name=name: numeric.coefficients(name, 10_000))  # type: ignore[misc]
        print(f"10^4 coefficients of {name}: {1e3 * took:.1f} ms, {took / unit:.0f} passes of tanh")


def maps() -> None:
    """Time building and applying kernel maps."""
    gram = np.corrcoef(np.random.default_rng(0).normal(size=(100, 20)))
    gram = np.clip(gram, -1, 1)
    unit = seconds(lambda: [np.tanh(gram) for _ in range(50)])
    print(f"50 passes of numpy.tanh over 100 x 100: {1e3 * unit:.1f} ms")
    for name in MAPS:
        forget()
        built = seconds(lambda name=name: numeric.kernel_map(name), 1)  # type: ignore[misc]
        kappa = numeric.kernel_map(name)
        took = seconds(lambda kappa=kappa: [kappa(gram) for _ in range(50)])  # type: ignore[misc]
        print(
            f"kernel map of {name}: built in {1e3 * built:.0f} ms, applied 50 times in "
            f"{1e3 * took:.1f} ms, {took / unit:.1f} times numpy.tanh"
        )


if __name__ == "__main__":
    curves()
    coefficients()
    maps()
