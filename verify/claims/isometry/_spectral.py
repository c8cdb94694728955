"""Activations through what the formulas of the appendix see of them: coefficients and moments.

The formulas are bilinear in the activation and continuous in L^2(N(0, 1)), so that pairs of
exponentials e^(a x), e^(b x) decide them: their span is dense (the Laplace transform of a
finite measure determines it). Polynomials with symbolic coefficients decide them once more.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

import sympy as sp

from verify.claims.isometry._gauss import GAUSSIAN, rodrigues

__all__ = ["Pair", "Square", "Total", "exponentials", "polynomial", "rho", "transform", "x"]

x, rho, _s = sp.symbols("x rho s", real=True)

Square: TypeAlias = Callable[[Any], Any]
Total: TypeAlias = Callable[[Callable[[Any], Any], int], Any]


@dataclass(frozen=True)
class Pair:
    """Two activations f and g (or one, twice) and a Gaussian pair (X, Y) with E XY = rho.

    Attributes:
        name: what they are.
        square: k -> c_k(f) c_k(g), which is c_k^2 for f = g.
        total: term, first order -> sum of the terms over all orders.
        dual: E f(X) g(Y), an expression in rho.
        means: E f E g.
    """

    name: str
    square: Square
    total: Total
    dual: Any
    means: Any

    @property
    def product(self) -> Any:
        """E f(X) g(X)."""
        return self.dual.subs(rho, 1)


def exponentials() -> Pair:
    """Take f = e^(a x), g = e^(b x); E e^(aX) e^(tX - t^2/2) = e^(a^2/2 + at) gives c_k."""
    a, b = sp.symbols("a b", real=True)
    k = sp.Symbol("k", integer=True, nonnegative=True)

    def square(order: Any) -> Any:
        return sp.exp((a**2 + b**2) / 2) * (a * b) ** order / sp.factorial(order)

    def total(term: Callable[[Any], Any], start: int) -> Any:
        return sp.summation(
            sp.powsimp(sp.expand_power_base(term(k), force=True)), (k, start, sp.oo)
        )

    # e^(aX + bY) with Y = rho X + sqrt(1 - rho^2) Z
    dual = transform(a + b * rho) * transform(b * sp.sqrt(1 - rho**2))
    return Pair("exp(a x), exp(b x)", square, total, dual, transform(a) * transform(b))


def transform(a: Any) -> Any:
    """E e^(a X), X ~ N(0, 1): e^(s x) phi(x) is phi(x - s), of integral 1, times this factor."""
    factor = sp.expand(_s * x - x**2 / 2 + (x - _s) ** 2 / 2)  # of the exponents; free of x
    return sp.exp(factor).subs(_s, a)


def polynomial(degree: int) -> Pair:
    """Take f = g = sum c_k He_k with symbolic coefficients, by exact moments."""
    c = sp.symbols(f"c0:{degree + 1}", real=True)
    f = sp.Add(*(c[k] * rodrigues(k, x) for k in range(degree + 1)))

    def total(term: Callable[[Any], Any], start: int) -> Any:
        return sp.Add(*(term(k) for k in range(start, degree + 1)))

    dual = GAUSSIAN.expectation(f, f, x, rho)
    mean = GAUSSIAN.expectation(f, sp.S.One, x, rho)
    return Pair(f"polynomials of degree <= {degree}", lambda k: c[k] ** 2, total, dual, mean**2)
