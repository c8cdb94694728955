"""Compute the values in numeric.json: beta - 1 and kernel maps, by mpmath alone.

Means are Gauss-Legendre sums on panels between the kinks, in the standard normal variable, with
panels on the scale of the activation's argument as well; dual activations are such sums in the
plane, in u = (x + y)/(2 cos(t/2)) and v = (x - y)/(2 sin(t/2)), split where x or y is a kink.
Nothing is shared with hermiso but the formulas of the catalogue. Some minutes:

    python tests/data/generate_numeric.py
"""

from __future__ import annotations

import json
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import mpmath
from mpmath.calculus.quadrature import GaussLegendre

import hermiso
from hermiso.evaluate import over_mpmath

GAINS = (1e-6, 1e-4, 1e-2, 0.1, 1.0, 10.0, 1e3)
KINKS = {
    **dict.fromkeys(["relu_squared", "elu", "celu", "selu", "softsign", "symlog"], (0,)),
    **dict.fromkeys(["damped_linear", "relu", "leaky_relu", "prelu", "step"], (0,)),
    **dict.fromkeys(["hardswish", "hardsigmoid"], (-3, 3)),
    **dict.fromkeys(["hardshrink", "softshrink"], ("-0.5", "0.5")),
    "relu6": (0, 6),
    "hardtanh": (-1, 1),
    "threshold": ("0.5",),
}
STRENGTHS = (
    *("relu_squared", "elu", "selu", "gelu", "gelu_tanh", "quick_gelu", "silu", "mish"),
    *("sigmoid", "softplus", "softsign", "symlog", "tanh", "tanhshrink", "arctan", "erf"),
    *("normal_cdf", "damped_linear", "hardswish", "hardtanh", "hardsigmoid", "relu6"),
    *("hardshrink", "softshrink", "threshold", "sin", "snake"),
)
MAPS = ("tanh", "elu", "silu", "hardswish", "softshrink", "threshold")
DELTAS = ("1e-12", "1e-6", "0.1", "0.7", "1.5")
REACH = 15
NATURAL = (0.25, 0.5, 1, 1.5, 2, 3, 4, 5, 6, 8, 10, 12, 16, 24, 32, 64, 128, 256, 512, 2048, 8192)


def function(name: str) -> Callable[[Any], Any]:
    """Return the activation on mpmath numbers."""
    a = hermiso.catalogue.get(name)
    return lambda u: over_mpmath(a.expression, {a.variable: u})


def strength(name: str, gain: float, digits: int) -> Any:
    """Return beta - 1 of sigma(gain z): the mean square of the residual over the variance.

    0 stands for a residual that drowns in rounding.
    """
    f, g = function(name), mpmath.mpf(gain)
    marks = [mpmath.mpf(t) / g for t in KINKS.get(name, ())]
    marks += [s * mpmath.mpf(t) / g for t in NATURAL for s in (-1, 1)]
    waves = range(-5000, 5001) if name in ("sin", "snake") and gain > 1 else range(0)
    wavelength = [3 * j / g for j in waves]
    inner = [t for t in (*marks, *wavelength) if abs(t) < REACH]
    edges = sorted({*(mpmath.mpf(j) / 2 for j in range(-2 * REACH, 2 * REACH + 1)), *inner})
    rows = [
        (z, w * mpmath.npdf(z), f(g * z))
        for a, b in pairwise(edges)
        for z, w in panel(a, b, 6 if digits < 60 else 7)
    ]
    c0 = mpmath.fsum(w * v for _, w, v in rows)
    c1 = mpmath.fsum(w * v * z for z, w, v in rows)
    rest = mpmath.fsum(w * (v - c0 - c1 * z) ** 2 for z, w, v in rows)
    second = mpmath.fsum(w * v**2 for _, w, v in rows)
    # of the sums, and of the tails beyond 15: their probability is 1e-50
    noise = max(mpmath.mpf(10) ** (40 - 2 * digits), mpmath.mpf(10) ** -88)
    return rest / (rest + c1**2) if rest > noise * second else mpmath.mpf(0)


def panel(a: Any, b: Any, degree: int) -> list[tuple[Any, Any]]:
    """Return nodes and weights on [a, b]: 3 * 2^(degree - 1) of them."""
    half = (b - a) / 2
    return [((a + b) / 2 + half * t, half * w) for t, w in table(degree, mpmath.mp.prec)]


@cache
def table(degree: int, bits: int) -> list[tuple[Any, Any]]:
    """Return nodes and weights on [-1, 1]."""
    return list(GaussLegendre(mpmath.mp).calc_nodes(degree, bits))


def complement(name: str, delta: Any) -> Any:
    """Return 1 - kappa(1 - delta) = E[(sigma(x) - sigma(y))^2]/(2 Var)."""
    f, kinks = function(name), [mpmath.mpf(t) for t in KINKS.get(name, ())]
    d, c = mpmath.sqrt(delta / 2), mpmath.sqrt(1 - delta / 2)
    corners = {abs(s - t) / (2 * d) for s in kinks for t in kinks}
    layers = {(abs(t) + s * k * c) / d for t in kinks for s in (-1, 1) for k in (0, 2, 5, 9)}
    outer = sorted({mpmath.mpf(j) for j in range(10)} | {abs(v) for v in corners | layers})
    total = mpmath.mpf(0)
    for a, b in pairwise(v for v in outer if v <= 9):
        for v, w in panel(a, b, 4):
            edges = {(t + s * d * v) / c for t in kinks for s in (-1, 1)}
            grid = sorted({*map(mpmath.mpf, range(-9, 10)), *(u for u in edges if abs(u) < 9)})
            mean = mpmath.fsum(
                weight * mpmath.npdf(u) * (f(c * u + d * v) - f(c * u - d * v)) ** 2
                for left, right in pairwise(grid)
                for u, weight in panel(left, right, 4)
            )
            total += 2 * w * mpmath.npdf(v) * mean
    return total / (2 * variance(f, kinks))


def variance(f: Callable[[Any], Any], kinks: list[Any]) -> Any:
    """Return Var f(z)."""
    edges = sorted({*map(mpmath.mpf, range(-REACH, REACH + 1)), *kinks})
    rows = [(w * mpmath.npdf(z), f(z)) for a, b in pairwise(edges) for z, w in panel(a, b, 5)]
    mean = mpmath.fsum(w * v for w, v in rows)
    return mpmath.fsum(w * (v - mean) ** 2 for w, v in rows)


def strengths(name: str) -> dict[str, str]:
    """Return beta - 1 at every gain where quadrature on |z| < 15 sees it."""
    row = {}
    for gain in GAINS:
        digits = 70 if gain < 1e-3 else 36
        with mpmath.workdps(digits):
            value = strength(name, gain, digits)
            if value:
                row[repr(gain)] = mpmath.nstr(value, 20)
    return row


def complements(name: str) -> dict[str, str]:
    """Return 1 - kappa(1 - delta) at every delta."""
    with mpmath.workdps(34):
        return {d: mpmath.nstr(complement(name, mpmath.mpf(d)), 18) for d in DELTAS}


def main() -> None:
    """Write numeric.json beside this file."""
    with ProcessPoolExecutor() as pool:
        found = {
            "complement": dict(zip(MAPS, pool.map(complements, MAPS), strict=True)),
            "beta_minus_one": dict(zip(STRENGTHS, pool.map(strengths, STRENGTHS), strict=True)),
        }
    text = json.dumps(found, indent=1)
    Path(__file__).with_name("numeric.json").write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
