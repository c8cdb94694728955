"""Where float64 does not decide what a formula means, the certified route is asked.

float64 rounds tanh(20) to 1, so that floor takes a step which is not there; 1/x inside atan hides
a jump; sin(x)/x loses its digits near 0. Expressions with such heads are answered by balls, or
compared with them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import sympy as sp

from hermiso import certified
from hermiso.activation import Activation
from hermiso.errors import HermisoError, PrecisionError
from hermiso.numeric.panels import Array

__all__ = ["POINT", "agree", "check_coefficients", "check_kernel", "doubtful", "strengths"]

DIGITS = 17
FIRST = 24  # coefficients compared
POINT = sp.Rational(3, 10)
_TOLERANCE = 1e-12
_STEPS = (sp.floor, sp.ceiling, sp.frac, sp.Mod)
_POLES = (sp.cot, sp.csc, sp.coth, sp.csch, sp.acot)


def doubtful(activation: Activation) -> bool:
    """Whether a formula has steps, or denominators that may vanish."""
    e, x = activation.expression, activation.variable
    return bool(e.has(*_STEPS, *_POLES)) or any(
        x in p.base.free_symbols
        and p.exp.could_extract_minus_sign()
        and not p.base.xreplace({x: sp.Dummy("x", real=True)}).is_positive
        for p in e.atoms(sp.Pow)
    )


def strengths(activation: Activation, gains: Array) -> Array | None:
    """Return beta - 1 at each gain by balls; None where they refuse."""
    try:
        return np.array(
            [
                float(
                    certified.beta_minus_one(activation, gain=sp.Rational(float(g)), digits=DIGITS)
                )
                for g in gains
            ]
        )
    except HermisoError:
        return None


def agree(found: Sequence[Any] | Array, certain: Sequence[Any], size: float) -> None:
    """Raise PrecisionError if floats are not what balls say."""
    for k, (value, ball) in enumerate(zip(found, certain, strict=False)):
        if not abs(float(value) - float(ball)) <= _TOLERANCE * size:
            raise PrecisionError(
                f"float64 gives {float(value):.15g}, the certified value is {ball}"
                f"{f' (order {k})' if len(certain) > 1 else ''}; use hermiso.certified"
            )


def check_coefficients(activation: Activation, gain: float, found: Array) -> None:
    """Compare the first coefficients with balls, where balls have them."""
    g = sp.Rational(gain)
    try:
        certain = certified.coefficients(activation, min(FIRST, found.size), gain=g, digits=DIGITS)
    except HermisoError:
        return
    agree(found, certain, float(np.linalg.norm(found)) or 1.0)


def check_kernel(activation: Activation, gain: float, value: float) -> None:
    """Compare kappa(3/10) with a ball, where there is one."""
    try:
        certain = certified.kernel_map(activation, POINT, gain=sp.Rational(gain), digits=DIGITS)
    except HermisoError:
        return
    agree([value], [certain], 1.0)
