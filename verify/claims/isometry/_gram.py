"""Samples, their norms and their Gram matrices before and after normalization.

The same formula of the paper is evaluated on three kinds of samples: symbolic ones of a given
number, with determinants of actual matrices; symbolic ones of any number; and rational ones.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import prod
from typing import Any, TypeAlias

import sympy as sp

from verify.exact import Matrix, det, mean, scaled, trace

__all__ = ["Average", "Samples", "any_number", "isometry_powers", "ordered", "rational", "symbolic"]

Average: TypeAlias = Callable[[Callable[[Any], Any]], Any]


@dataclass(frozen=True)
class Samples:
    """What the formulas of section 4 say about samples x_i with norms a_i.

    Attributes:
        n: number of samples.
        average: f -> (1/n) sum_i f(a_i).
        product: product of the a_i.
        traces: of G and of G~, the Gram matrices before and after normalization.
        determinants: of G and of G~.
    """

    n: Any
    average: Average
    product: Any
    traces: tuple[Any, Any]
    determinants: tuple[Any, Any]

    @property
    def mean(self) -> Any:
        """Mean of the a_i."""
        return self.average(lambda a: a)

    @property
    def mean_square(self) -> Any:
        """Mean of the a_i^2."""
        return self.average(lambda a: a**2)

    @property
    def variance(self) -> Any:
        """(1/n) sum_i (a_i - mean)^2."""
        centre = self.mean
        return self.average(lambda a: (a - centre) ** 2)


def symbolic(n: int, a: Sequence[Any] = ()) -> Samples:
    """Return n samples with symbolic norms (unless given) and correlations."""
    norms = tuple(a) or sp.symbols(f"a1:{n + 1}", positive=True)
    after = sp.Matrix(n, n, lambda i, j: _correlation(*sorted((i, j))))
    before = sp.diag(*norms) * after * sp.diag(*norms)
    return Samples(
        n,
        lambda f: sp.Add(*map(f, norms)) / n,
        sp.Mul(*norms),
        (before.trace(), after.trace()),
        tuple(G.det(method="berkowitz").expand() for G in (before, after)),
    )


def _correlation(i: int, j: int) -> Any:
    return sp.Integer(1) if i == j else sp.Symbol(f"r{i + 1}{j + 1}", real=True)


def ordered(n: int) -> tuple[list[Any], list[Any]]:
    """Return variables y_i >= 0 and norms a_1 <= ... <= a_n: a_i = y_1 + ... + y_i."""
    y = list(sp.symbols(f"y1:{n + 1}", positive=True))
    return y, [sp.Add(*y[: i + 1]) for i in range(n)]


def any_number(product: Any = None) -> Samples:
    """Return samples of a symbolic number n, with the moments of their norms as symbols.

    Here det(G) = det(D)^2 det(G~), which `symbolic` does not take for granted.
    """
    n = sp.Symbol("n", integer=True, positive=True)
    determinant, m, v = sp.symbols("Delta m v", positive=True)
    product = sp.Symbol("P", positive=True) if product is None else product
    average = _moments((1, m, m**2 + v))
    return Samples(
        n, average, product, (n * (m**2 + v), n), (product**2 * determinant, determinant)
    )


def _moments(moments: Sequence[Any]) -> Average:
    """Average of polynomials in a by linearity: a^k becomes the k-th moment."""

    def average(f: Callable[[Any], Any]) -> Any:
        a = sp.Dummy("a")
        terms = sp.Poly(f(a), a).terms()
        return sp.Add(*(coefficient * moments[k] for (k,), coefficient in terms))

    return average


def rational(correlation: Matrix, a: Sequence[Fraction]) -> Samples:
    """Return samples with rational norms and angles."""
    before = scaled(correlation, a)
    return Samples(
        len(a),
        lambda f: mean([f(entry) for entry in a]),
        prod(a),
        (trace(before), trace(correlation)),
        (det(before), det(correlation)),
    )


def isometry_powers(s: Samples) -> tuple[Any, Any]:
    """I(G)^n and I(G~)^n, with I(G) = det(G)^(1/n) / (tr(G) / n) (Definition 1)."""
    pairs = zip(s.determinants, s.traces, strict=True)
    before, after = (determinant / (trace / s.n) ** s.n for determinant, trace in pairs)
    return before, after
