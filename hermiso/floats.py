"""Functions on floats that keep their digits where those of numpy and torch do not.

The same code serves numpy and torch: a `Library` holds the two namespaces that differ.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import reduce
from typing import Any

__all__ = [
    "Library",
    "larger",
    "log_cosh",
    "log_erfc",
    "log_tail",
    "near_one",
    "plus_root",
    "smaller",
    "softplus",
    "tanhshrink",
]


@dataclass(frozen=True)
class Library:
    """numpy with scipy.special, or torch with torch.special."""

    array: Any
    special: Any


def softplus(lib: Library, u: Any) -> Any:
    """Return log(1 + e^u)."""
    return lib.array.logaddexp(lib.array.zeros_like(u), u)


def log_cosh(lib: Library, u: Any) -> Any:
    """Cosh u = 1 + 2 sinh^2(u/2) near 0; cosh u = e^|u| (1 + e^{-2|u|})/2 elsewhere."""
    xp, size = lib.array, abs(u)
    near = size < 1
    small = xp.log1p(2 * xp.sinh(xp.where(near, u, 0.0) / 2) ** 2)
    return xp.where(near, small, size + xp.log1p(xp.exp(-2 * size)) - math.log(2))


# u cosh u - sinh u = sum_k 2k u^{2k+1}/(2k+1)!: nine positive terms suffice on |u| < 1
_TANHSHRINK = tuple(2 * k / math.factorial(2 * k + 1) for k in range(9, 0, -1))


def tanhshrink(lib: Library, u: Any) -> Any:
    """Return u - tanh u."""
    xp = lib.array
    near = abs(u) < 1
    s = xp.where(near, u, 0.0)
    series = reduce(lambda total, c: total * s**2 + c, _TANHSHRINK)
    return xp.where(near, s**3 * series / xp.cosh(s), u - xp.tanh(u))


def near_one(lib: Library, w: Any, far: Any) -> Any:
    """Return log(1 + w), given w and that logarithm itself."""
    xp, near = lib.array, abs(w) < 0.5
    return xp.where(near, xp.log1p(xp.where(near, w, 0.0)), far)


def plus_root(lib: Library, t: Any, v: Any, difference: Any) -> Any:
    """Return t + sqrt(v), given v - t^2."""
    xp = lib.array
    far = xp.sqrt(v) + xp.where(t < 0, -t, t)  # unlike that of abs, its slope at 0 is 1
    return xp.where(t < 0, difference / far, far)


def larger(lib: Library, *values: Any) -> Any:
    """Return the maximum, also of arrays and numbers."""
    return reduce(lambda a, b: lib.array.where(a > b, a, b), values)


def smaller(lib: Library, *values: Any) -> Any:
    """Return the minimum, also of arrays and numbers."""
    return reduce(lambda a, b: lib.array.where(a < b, a, b), values)


def log_tail(lib: Library, u: Any) -> Any:
    """log(erfc(u)/2); in the tail through erfcx(u) = exp(u^2) erfc(u)."""
    xp, special, far = lib.array, lib.special, u > 0
    t, s = xp.where(far, u, 0.0), xp.where(far, 0.0, u)
    tail = xp.log(special.erfcx(t) / 2) - t**2
    return xp.where(far, tail, xp.log1p(-special.erfc(-s) / 2))


def log_erfc(lib: Library, u: Any) -> Any:
    """log(erfc(u)), which is 0 at 0."""
    xp, special, far = lib.array, lib.special, u > 0.5
    t, s = xp.where(far, u, 1.0), xp.where(far, 0.0, u)
    tail = xp.log(special.erfcx(t)) - t**2
    return xp.where(far, tail, xp.log1p(-special.erf(s)))
