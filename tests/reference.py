"""The isometry paper's definitions, transcribed literally and slowly, without the library.

Numbers are mpmath's at the working precision of the caller (`with mpmath.workdps(n)`); an
activation is a function of an mpf, and its kinks are listed beside it, because quadrature is
split there. Polynomials and determinants are exact where their input is.
"""

from __future__ import annotations

import functools
import itertools
import math
from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import mpmath
import sympy as sp

Activation: TypeAlias = Callable[[Any], Any]
Matrix: TypeAlias = Sequence[Sequence[Any]]


# Gram matrices


def determinant(G: Matrix) -> Any:
    """Sum over permutations of signed products (Leibniz)."""
    n = len(G)
    return sum(
        _sign(order) * math.prod(G[i][order[i]] for i in range(n))
        for order in itertools.permutations(range(n))
    )


def _sign(order: Sequence[int]) -> int:
    return (-1) ** sum(a > b for a, b in itertools.combinations(order, 2))


def isometry(G: Matrix) -> Any:
    """I(G) = det(G)^(1/n) / ((1/n) tr(G)) (Definition 1, eq. 3)."""
    n = len(G)
    return mpmath.root(determinant(G), n) / (sum(G[i][i] for i in range(n)) / mpmath.mpf(n))


def isometry_gap(G: Matrix) -> Any:
    """-log I(G) (after Definition 1)."""
    return -mpmath.log(isometry(G))


def potential(G: Matrix) -> Any:
    """gamma(G) = max_{i != j} |G~_ij| / (1 - |G~_ij|) (Definition 4, eq. 21)."""
    ratios = []
    for i in range(len(G)):
        for j in range(len(G)):
            if i != j:
                r = abs(G[i][j] / mpmath.sqrt(mpmath.mpf(G[i][i]) * G[j][j]))
                ratios.append(r / (1 - r))
    return max(ratios)


# Hermite expansion


def he(k: int, x: Any) -> Any:
    """He_k(x) = (k!)^(-1/2) (-1)^k e^(x^2/2) d^k/dx^k e^(-x^2/2) (Definition 2), in sympy."""
    u = sp.Dummy("u", real=True)
    derivative = sp.diff(sp.exp(-(u**2) / 2), u, k)
    polynomial = sp.expand(sp.simplify((-1) ** k * sp.exp(u**2 / 2) * derivative))
    return polynomial.subs(u, x) / sp.sqrt(sp.factorial(k))


def expectation(f: Activation, kinks: Sequence[Any] = ()) -> Any:
    """E f(z), z ~ N(0, 1): Gauss-Legendre on panels of width <= 1 between the kinks.

    Beyond 2 sqrt(digits) + 4 the density, times e^(4 |z|), is below the working precision.
    """
    limit = math.ceil(2 * math.sqrt(mpmath.mp.dps)) + 4
    inside = [mpmath.mpf(t) for t in kinks if -limit < t < limit]
    ends = sorted({*map(mpmath.mpf, range(-limit, limit + 1)), *inside})
    return mpmath.fsum(
        (b - a) / 2 * w * f(z) * mpmath.npdf(z)
        for a, b in itertools.pairwise(ends)
        for x, w in _nodes(mpmath.mp.prec)
        for z in [(a + b) / 2 + (b - a) / 2 * x]
    )


@functools.cache
def _nodes(precision: int) -> list[tuple[Any, Any]]:
    """12 nodes on [-1, 1] leave errors near 1e-20 on such panels, 24 near 1e-40."""
    degree = 3 if precision <= 70 else 4
    return mpmath.calculus.quadrature.GaussLegendre(mpmath.mp).calc_nodes(degree, precision)


def coefficient(sigma: Activation, k: int, kinks: Sequence[Any] = ()) -> Any:
    """c_k = E[sigma(x) He_k(x)] (after Definition 2)."""
    u = sp.Symbol("u")
    basis = sp.lambdify(u, he(k, u), "mpmath")
    return expectation(lambda z: sigma(z) * basis(z), kinks)


def variance(sigma: Activation, kinks: Sequence[Any] = ()) -> Any:
    """sum_{k >= 1} c_k^2 = Var sigma(z) (section 6.2), by the definition of variance."""
    mean = expectation(sigma, kinks)
    return expectation(lambda z: (sigma(z) - mean) ** 2, kinks)


def beta(sigma: Activation, kinks: Sequence[Any] = ()) -> Any:
    """beta = 2 - c_1^2 / sum_{k >= 1} c_k^2 (Definition 3, eq. 11)."""
    return 2 - coefficient(sigma, 1, kinks) ** 2 / variance(sigma, kinks)


def beta_partial(sigma: Activation, orders: int, kinks: Sequence[Any] = ()) -> Any:
    """Definition 3 with the sum cut after `orders` terms: at most beta."""
    c = [coefficient(sigma, k, kinks) for k in range(1, orders + 1)]
    return 2 - c[0] ** 2 / sum(value**2 for value in c)
