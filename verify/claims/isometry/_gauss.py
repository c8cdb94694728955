"""Expectations under N(0, 1) without the library: exact moments, and quadrature.

Quadrature is done twice, with 15 and with 30 digits; their difference is the error bar.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import mpmath
import sympy as sp

Estimate: TypeAlias = tuple[Any, Any]


def gaussian_moment(k: int) -> int:
    """E z^k = (k - 1)!! for even k, 0 for odd k."""
    return 0 if k % 2 else int(sp.factorial2(k - 1))


def rodrigues(k: int, x: Any) -> Any:
    """Normalized He_k(x) = (k!)^(-1/2) (-1)^k e^(x^2/2) d^k/dx^k e^(-x^2/2) (Definition 2)."""
    bell = sp.exp(-(x**2) / 2)
    derivative = sp.expand(sp.diff(bell, x, k) / bell)
    return (-1) ** k * derivative / sp.sqrt(sp.factorial(k))


def strength(activation: Any, x: Any, kinks: Sequence[Any] = ()) -> Estimate:
    """Estimate beta = 2 - c_1^2 / Var (Definition 3) and the error of the estimate."""
    coarse, fine = (_strength(activation, x, kinks, digits) for digits in (15, 30))
    return fine, abs(fine - coarse) + mpmath.mpf(10) ** -13


def _strength(activation: Any, x: Any, kinks: Sequence[Any], digits: int) -> Any:
    sigma = sp.lambdify(x, activation, "mpmath")
    with mpmath.workdps(digits):
        ends = [-mpmath.inf, *(mpmath.mpf(t) for t in kinks), mpmath.inf]
        c0, c1, square = (
            mpmath.quad(lambda z, f=f: f(z) * mpmath.npdf(z), ends)
            for f in (sigma, lambda z: z * sigma(z), lambda z: sigma(z) ** 2)
        )
        return 2 - c1**2 / (square - c0**2)


def closed(expression: Any) -> bool:
    """Whether an expression is made of sympy's own functions: no node left unevaluated."""
    nodes = sp.preorder_traversal(expression)
    return all(type(node).__module__.startswith("sympy.") for node in nodes)


# Pairs (X, Y) of standard normal variables with E XY = rho


@dataclass(frozen=True)
class Coupling:
    """A joint law of two standard normal variables, by its moments."""

    name: str
    jointly_gaussian: bool

    def moment(self, i: int, j: int, rho: Any) -> Any:
        """E X^i Y^j."""
        if self.jointly_gaussian:
            return _isserlis(i, j, rho)
        return gaussian_moment(i + j) * (rho if j % 2 else 1)  # Y = S X, E S = rho

    def expectation(self, f: Any, g: Any, x: Any, rho: Any) -> Any:
        """E f(X) g(Y) for polynomials f and g in x."""
        f, g = sp.Poly(f, x), sp.Poly(g, x)
        return sp.expand(
            sp.Add(
                *(a * b * self.moment(i, j, rho) for (i,), a in f.terms() for (j,), b in g.terms())
            )
        )


def _isserlis(i: int, j: int, rho: Any) -> Any:
    """Sum over the number m of pairs that join an X with a Y."""
    return sp.Add(
        *(
            sp.binomial(i, m)
            * sp.binomial(j, m)
            * sp.factorial(m)
            * rho**m
            * gaussian_moment(i - m)
            * gaussian_moment(j - m)
            for m in range(min(i, j) + 1)
        )
    )


GAUSSIAN = Coupling("(X, Y) jointly Gaussian", True)
SIGN_FLIP = Coupling("Y = S X, S = +-1 independent of X, E S = rho", False)
COUPLINGS = (GAUSSIAN, SIGN_FLIP)


def standard_marginals(coupling: Coupling) -> bool:
    """X, Y ~ N(0, 1) with covariance rho: all that the lemmas ask for in print."""
    return True


def jointly_gaussian(coupling: Coupling) -> bool:
    """(X, Y) is a Gaussian vector."""
    return coupling.jointly_gaussian
