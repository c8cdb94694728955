"""Which objects are real numbers, and which of those are rational."""

from __future__ import annotations

import math
from fractions import Fraction
from numbers import Rational
from typing import Any

import mpmath
import sympy as sp

__all__ = ["fraction", "infinite", "is_real", "rational"]


def is_real(number: Any) -> bool:
    """Return whether an object is a number of a kind that balls work with."""
    if isinstance(number, sp.Expr):
        return bool(number.is_number)
    return isinstance(number, (Rational, mpmath.mpf)) or hasattr(number, "as_integer_ratio")


def infinite(number: Any) -> bool:
    """Return whether a number is oo or -oo."""
    if isinstance(number, sp.Expr):
        return number in (sp.oo, -sp.oo)
    plain = isinstance(number, mpmath.mpf) or hasattr(number, "as_integer_ratio")
    return plain and not isinstance(number, Rational) and bool(abs(number) == math.inf)


def rational(number: Any) -> Fraction | None:
    """Return a number as a Fraction, None if it is irrational.

    Raises:
        TypeError: for objects of another kind.
        ValueError: for NaN, infinities, complex numbers, and text that is no number.
    """
    if isinstance(number, str):
        return _from_text(number)
    if isinstance(number, Rational):
        return Fraction(int(number.numerator), int(number.denominator))
    if isinstance(number, mpmath.mpf):
        return fraction(number)
    if isinstance(number, sp.Expr) and number.is_number:
        return _from_sympy(number)
    if hasattr(number, "as_integer_ratio"):
        if not abs(number) < math.inf:
            raise ValueError(f"{number!r} is no real number")
        return Fraction(*number.as_integer_ratio())
    raise TypeError(f"{number!r} is no real number")


def fraction(number: Any) -> Fraction:
    """Return an mpf as a Fraction."""
    if hasattr(number, "func"):
        raise TypeError(f"{number!r} is no finite mpf; give an irrational constant as sympy's")
    if not mpmath.isfinite(number):
        raise ValueError(f"{number!r} is no real number")
    sign, man, exp, _ = number._mpf_
    return Fraction(-int(man) if sign else int(man)) * Fraction(2) ** int(exp)


def _from_text(text: str) -> Fraction:
    try:
        return Fraction(text)
    except ValueError:
        raise ValueError(f"{text!r} is no number; write 1.5, 1e-3 or 2/3") from None


def _from_sympy(number: sp.Expr) -> Fraction | None:
    if number.is_Rational:
        return Fraction(int(number.p), int(number.q))
    if number.is_Float:
        return fraction(mpmath.mp.make_mpf(number._mpf_))
    if number.is_finite is False or number.is_extended_real is False or number is sp.nan:
        raise ValueError(f"{number} is no real number")
    return None
