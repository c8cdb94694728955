"""Expectations under N(0, 1) without the library: exact moments, and quadrature.

Quadrature is done twice, with 15 and with 30 digits; their difference is the error bar.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import Any, TypeAlias

import mpmath
import sympy as sp

from verify import Evidence, Refuted, equal, nonnegative

__all__ = [
    "COUPLINGS",
    "GAUSSIAN",
    "SIGN_FLIP",
    "Bell",
    "Coupling",
    "Estimate",
    "Piece",
    "closed",
    "gaussian_moment",
    "integrated_strength",
    "jointly_gaussian",
    "naming",
    "rodrigues",
    "same_polynomials",
    "scaled_pieces",
    "standard_marginals",
    "strength",
]

Estimate: TypeAlias = tuple[Any, Any]
Piece: TypeAlias = tuple[Any, Any, Any]  # expression, from, to


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
    coarse, fine = (_strength(activation, x, tuple(kinks), digits) for digits in (15, 30))
    return fine, abs(fine - coarse) + mpmath.mpf(10) ** -13


@cache  # mutants ask again
def _strength(activation: Any, x: Any, kinks: tuple[Any, ...], digits: int) -> Any:
    sigma = sp.lambdify(x, activation, "mpmath")
    with mpmath.workdps(digits):
        ends = [-mpmath.inf, *(mpmath.mpf(t) for t in kinks), mpmath.inf]
        c0, c1, square = (
            mpmath.quad(lambda z, f=f: f(z) * mpmath.npdf(z), ends)
            for f in (sigma, lambda z: z * sigma(z), lambda z: sigma(z) ** 2)
        )
        return 2 - c1**2 / (square - c0**2)


@cache
def integrated_strength(pieces: tuple[Piece, ...], x: Any) -> Any:
    """Beta = 2 - c_1^2 / Var by symbolic integration, for an activation given by its pieces."""
    c0, c1, square = (
        sum(_against_density(weight * f**power, x, low, high) for f, low, high in pieces)
        for weight, power in ((1, 1), (x, 1), (1, 2))
    )
    return 2 - c1**2 / (square - c0**2)


def _against_density(f: Any, x: Any, low: Any, high: Any) -> Any:
    density = sp.exp(-(x**2) / 2) / sp.sqrt(2 * sp.pi)
    return sp.simplify(sp.integrate(sp.expand(f) * density, (x, low, high)))


def scaled_pieces(pieces: Sequence[Piece], x: Any, gain: Any, sign: int) -> tuple[Piece, ...]:
    """Pieces of sigma(sign gain x), gain > 0; their ends are 0 and the infinities."""
    turned = [(f, low, high) if sign > 0 else (f, -high, -low) for f, low, high in pieces]
    return tuple((sp.sympify(f).subs(x, sign * gain * x), low, high) for f, low, high in turned)


def closed(expression: Any) -> bool:
    """Whether an expression is made of sympy's own functions: no node left unevaluated."""
    nodes = sp.preorder_traversal(expression)
    return all(
        isinstance(node, sp.Add | sp.Mul) or type(node).__module__.startswith("sympy.")
        for node in nodes
    )


# Integrals of factor * exp(exponent), the exponent quadratic


@dataclass(frozen=True)
class Bell:
    """factor * exp(exponent), the exponent a quadratic polynomial in some variables."""

    factor: Any
    exponent: Any

    def times(self, exponent: Any) -> Bell:
        """Multiply by exp(exponent)."""
        return Bell(self.factor, self.exponent + exponent)

    def integrated(self, x: Any, rho: Any) -> Bell:
        """Integrate x over the real line, for -1 < rho < 1, by completing the square.

        The integral of e^(a x^2 + b x + c) is sqrt(pi / -a) e^(c - b^2 / (4 a)) for a < 0: for
        real b, hence for complex b, as both sides are entire in b.

        Raises:
            Refuted: the integral diverges for some rho.
        """
        terms = sp.Poly(sp.expand(self.exponent), x)
        a, b, c = (sp.cancel(terms.coeff_monomial(x**k)) for k in (2, 1, 0))
        s = sp.Symbol("s", positive=True)
        with naming(f"the integral over {x} diverges, rho = (s - 1) / (s + 1)"):
            nonnegative(-a.subs(rho, (s - 1) / (s + 1)), [s], domain="-1 < rho < 1", strict=True)
        return Bell(self.factor * sp.sqrt(sp.pi / -a), sp.cancel(c - b**2 / (4 * a)))


def same_polynomials(derived: Any, stated: Any, *, domain: str) -> Evidence:
    """Compare by the difference, whose symbols alone take values in a counterexample."""
    return equal(sp.expand(derived - stated), 0, domain=domain)


@contextmanager
def naming(what: str) -> Iterator[None]:
    """Put the subject in front of a counterexample."""
    try:
        yield
    except Refuted as counterexample:
        raise Refuted(f"{what}: {counterexample}") from None


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
