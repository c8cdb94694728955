"""THE normalization: he_k = He_k / sqrt(k!), orthonormal under N(0, 1).

He_k are the probabilists' polynomials, He_{k+1} = x He_k - k He_{k-1}. The isometry paper
writes He_k for the normalized ones (Definition 2). The `hermite` of sympy, mpmath and scipy is
the physicists' H_k(x) = 2^{k/2} He_k(sqrt(2) x): it is called nowhere in this project, and
neither is sympy's `hermite_prob`, whose value at 0 for a symbolic degree lacks 2^{k/2}.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import mpmath
import sympy as sp
from sympy import Expr, Integer

from hermiso.errors import ActivationError

__all__ = [
    "LONGEST",
    "ProbabilistHermite",
    "coefficients",
    "he",
    "isometry_strength",
    "probabilist",
    "probabilist_at_zero",
]

LONGEST = 5  # the degree up to which He_n is written out at an expression with symbols


def probabilist(k: int, x: Any) -> Any:
    """Return He_k(x), unnormalized, over any number type; 0 for negative k."""
    if k < 0:
        return x * 0
    if isinstance(x, Expr) and not x.is_Rational:  # the recurrence would nest k deep
        return sp.Add(*(c * x**j for j, c in enumerate(coefficients(k)) if c))
    previous, current = x * 0, x * 0 + 1
    for j in range(k):
        previous, current = current, x * current - j * previous
    return current


def coefficients(k: int) -> list[int]:
    """Return the integers a_j of He_k(x) = sum_j a_j x^j."""
    found = [0] * (k + 1)
    for m in range(k // 2 + 1):
        falling = math.factorial(k) // (math.factorial(m) * math.factorial(k - 2 * m))
        found[k - 2 * m] = (-1) ** m * falling // 2**m
    return found


def probabilist_at_zero(k: Expr | int) -> Expr:
    """Return He_k(0) = sqrt(pi) 2^{k/2} / Gamma((1 - k)/2), for symbolic k too."""
    n = sp.sympify(k)
    if n.is_Integer and n >= 0:
        half, odd = divmod(int(n), 2)
        return Integer(0) if odd else Integer((-1) ** half) * sp.factorial2(n - 1)
    return sp.sqrt(sp.pi) * 2 ** (n / 2) / sp.gamma((1 - n) / 2)


class ProbabilistHermite(sp.Function):
    """He_n(t) with a symbolic degree n >= 0; an integer degree evaluates."""

    @classmethod
    def eval(cls, n: Expr, t: Expr) -> Expr | None:
        """Evaluate at an integer degree, or at t = 0; at parameters up to degree LONGEST."""
        if n.is_Integer and not (n > LONGEST and t.free_symbols):
            return sp.expand(probabilist(int(n), t)) if n >= 0 else sp.nan
        if t.is_zero:
            return probabilist_at_zero(n)
        return (-1) ** n * cls(n, -t) if t.could_extract_minus_sign() else None

    def fdiff(self, argindex: int = 2) -> Expr:
        """Differentiate in t: He_n' = n He_{n-1}."""
        if argindex != 2:
            raise sp.function.ArgumentIndexError(self, argindex)
        n, t = self.args
        return n * ProbabilistHermite(n - 1, t)

    @staticmethod
    def numerical(n: Any, t: Any) -> Any:
        """Evaluate at numbers."""
        return probabilist(int(n), t)

    @staticmethod
    def over_balls(n: Any, t: Any) -> Any:
        """Enclose the value on balls, of which the degree must hold one integer."""
        from flint import arb

        degree = n.unique_fmpz()
        return arb("nan") if degree is None else probabilist(int(degree), t)

    def _latex(self, printer: Any, exp: str | None = None) -> str:
        n, t = (printer._print(a) for a in self.args)
        power = f"^{{{exp}}}" if exp else ""
        return rf"\mathrm{{He}}_{{{n}}}{power}\left({t}\right)"


def he(k: int, x: Any) -> Any:
    """Return the normalized Hermite polynomial he_k(x) = He_k(x)/sqrt(k!) (Definition 2).

    Args:
        k: degree, an integer >= 0.
        x: a sympy expression (the result is exact), an mpmath number, or a float or array.

    Raises:
        ValueError: if k is negative.
    """
    if k < 0:
        raise ValueError(f"he: the degree is {k}; it must be an integer >= 0")
    if isinstance(x, sp.Basic):
        return sp.expand(probabilist(k, x)) / sp.sqrt(sp.factorial(k))
    root: Callable[[int], Any] = mpmath.sqrt if isinstance(x, mpmath.mpf) else math.sqrt
    h, previous = x * 0 + 1, x * 0
    for j in range(k):
        # normalized recurrence: no overflow of He_k or k!
        h, previous = (x * h - root(j) * previous) / root(j + 1), h
    return h


def isometry_strength(c0: Any, c1: Any, second_moment: Any) -> Any:
    """Return beta = 2 - c_1^2 / (E sigma^2 - c_0^2), over any number type (eq. 11).

    Raises:
        ActivationError: if the variance is 0.
    """
    variance = second_moment - c0**2
    zero = variance == 0
    if zero.any() if hasattr(zero, "any") else zero:
        raise ActivationError(
            f"Var sigma(z) = E[sigma^2] - c_0^2 is {second_moment} - ({c0})^2 = 0: a constant has "
            "no isometry strength; if sigma is none, more digits are needed"
        )
    return 2 - c1**2 / variance
