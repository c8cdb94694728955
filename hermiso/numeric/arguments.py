"""Reading numbers that callers give: gains, degrees."""

from __future__ import annotations

import operator
from typing import Any

import numpy as np
from sympy import Expr

from hermiso.errors import ActivationError
from hermiso.numeric.panels import Array

__all__ = ["degree", "gains", "one_gain", "quoted"]

MAX_COEFFICIENTS = 10_000
_LARGEST_GAIN = 1e6
_SMALLEST_GAIN = 1e-100
_LONGEST = 100  # characters of what is quoted


def degree(n: Any) -> int:
    """Return how many coefficients are asked for.

    Raises:
        ActivationError: if n is no integer in 0..10000.
    """
    try:
        found = -1 if isinstance(n, bool | np.bool_) else operator.index(n)
    except (TypeError, ValueError, RuntimeError):  # torch raises the last
        found = -1
    if not 0 <= found <= MAX_COEFFICIENTS:
        raise ActivationError(
            f"coefficients: n is {quoted(n)}; it must be an integer in 0..{MAX_COEFFICIENTS}"
        )
    return found


def one_gain(gain: Any) -> float:
    """Return one gain as a float; arguments as in `gains`."""
    found = gains(gain)
    if found.ndim:
        raise ActivationError(f"gain has shape {found.shape}; one number is required here")
    return float(found)


def gains(gain: Any) -> Array:
    """Return gains as float64, 1 for None.

    Raises:
        ActivationError: if one is no real number, 0, infinite or out of range.
    """
    if gain is None:
        return np.ones(())
    if isinstance(gain, Expr) and gain.free_symbols:
        names = ", ".join(sorted(map(str, gain.free_symbols)))
        raise ActivationError(f"gain is {gain}: {names} has no value; a number is required")
    found = _floats(gain)
    if found is None:
        raise ActivationError(
            f"gain is {quoted(gain)}; it must be a nonzero number, or an array of them"
        )
    size = np.abs(found)
    bad = ~((size >= _SMALLEST_GAIN) & (size <= _LARGEST_GAIN))
    if bad.any():
        raise ActivationError(
            f"gain is {found[bad].flat[0]}; it must be nonzero and finite, its size between "
            f"{_SMALLEST_GAIN:g} and {_LARGEST_GAIN:g}"
        )
    return found


def _floats(value: Any) -> Array | None:
    """Real numbers of any type as float64; None if there are others."""
    try:
        found = np.asarray(value.detach() if hasattr(value, "detach") else value)
        if found.dtype.kind == "O" and not any(isinstance(v, str | bool) for v in found.flat):
            return found.astype(float)  # fractions, decimals, numbers of sympy and mpmath
    except (TypeError, ValueError, OverflowError, RuntimeError):
        return None
    return found.astype(float) if found.dtype.kind in "iuf" else None


def quoted(value: Any) -> str:
    """What was given, on one line of moderate length."""
    text = " ".join(repr(value).split())
    return text if len(text) <= _LONGEST else text[: _LONGEST - 3] + "..."
