"""Lemma A.7: one step contracts the odds of a correlation by the factor beta."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import sympy as sp
from hypothesis import assume
from hypothesis import strategies as st

import hermiso
from verify import Claim, Evidence, Level, Refuted, bounded, nonnegative, together
from verify.claims.isometry._gauss import closed
from verify.exact import Vector
from verify.searching import show
from verify.strategies import activations, exact_spectra, unit_interval

Bound = Callable[[Any, Any], Any]

_ORDERS = 8
_RHO = sp.Symbol("rho", real=True)
_ALL = "all sum c_k^2 < oo, all rho in (0, 1)"

lemma = Claim(
    label="isometry:lem-a7",
    where="Lemma A.7, (38)",
    says=r"\rho \in (0, 1) \implies \frac{|\bar\sigma(\rho)| / \bar\sigma(1)}"
    r"{1 - |\bar\sigma(\rho)| / \bar\sigma(1)} \leq \beta_\sigma^{-1} \frac{|\rho|}{1 - |\rho|}",
    value=lambda rho, beta: abs(rho) / (1 - abs(rho)) / beta,
    mutants={
        "beta squared": lambda rho, beta: abs(rho) / (1 - abs(rho)) / beta**2,
        "1/2 in place of 1/beta": lambda rho, beta: abs(rho) / (1 - abs(rho)) / 2,
        "denominator forgotten": lambda rho, beta: abs(rho) / beta,
        "rho squared": lambda rho, beta: rho**2 / (1 - rho**2) / beta,
    },
    uses=("isometry:lem-a6-reduced:corrected",),
)


def kernel(p: Vector, rho: Any) -> Any:
    """sigma_bar(rho) / sigma_bar(1) = sum p_k rho^k."""
    return sum(weight * rho ** (k + 1) for k, weight in enumerate(p))


def strength(p: Vector) -> Any:
    """Beta = 2 - p_1."""
    return 2 - p[0]


def odds(s: Any) -> Any:
    """|s| / (1 - |s|)."""
    return abs(s) / (1 - abs(s))


@lemma.check(Level.PROVED)
def as_an_identity_of_series(stated: Bound) -> Evidence:
    """Finite orders first, where a negative value refutes; then the sums as symbols.

    With V = sum c_k^2, Q = V - c_1^2, A = sum c_k^2 rho^(k-1) and
    S = sum_{k>=2} c_k^2 (1 + ... + rho^(k-2)): sigma_bar = rho A and
    V - sigma_bar = (1 - rho) (A + S), 0 <= A <= V and S >= Q term by term.
    """
    finite = finite_orders(stated, 3)
    rho, beta, ratio, variables = series_variables()
    relaxed = nonnegative(stated(rho, beta) - ratio, variables, domain=_ALL, refutable=False)
    return together(finite, relaxed, domain=_ALL)


def series_variables() -> tuple[Any, Any, Any, list[Any]]:
    """Rho, beta and the left side of (38) in five variables that are >= 0.

    V - A = sum_{k>=2} c_k^2 (1 - rho^(k-1)) is 0 only if Q = 0: then u = 0, else u > 0.
    """
    first, Q, e, t, u = variables = list(sp.symbols("c1 Q e t u", positive=True))
    V, rho = first + Q, t / (1 + t)
    A, S = V / (1 + u), Q + e
    return rho, 1 + Q / V, rho * A / ((1 - rho) * (A + S)), variables


@lemma.check(Level.PROVED, only=f"orders up to {_ORDERS}")
def coefficient_by_coefficient(stated: Bound) -> Evidence:
    """All coefficients of the polynomial in c_k^2 and rho / (1 - rho) are >= 0."""
    return finite_orders(stated, _ORDERS)


def finite_orders(stated: Bound, orders: int) -> Evidence:
    """Prove (38) for symbolic c_k of so many orders; a negative value refutes."""
    squares = sp.symbols(f"c1:{orders + 1}_2", positive=True)
    t = sp.Symbol("t", positive=True)
    rho, total = t / (1 + t), sp.Add(*squares)
    p = tuple(square / total for square in squares)
    difference = stated(rho, strength(p)) - odds(kernel(p, rho))
    domain = f"symbolic c_k, k = 1..{orders}, all rho in (0, 1)"
    return nonnegative(difference, [t, *squares], domain=domain)


@lemma.check(Level.SEARCHED)
def rational_spectra(stated: Bound, *, seed: int) -> Evidence:
    """Both sides in rational arithmetic."""

    def sides(case: tuple[Vector, Fraction]) -> tuple[Fraction, Fraction]:
        p, rho = case
        return odds(kernel(p, rho)), stated(rho, strength(p))

    domain = "exact, up to 20 orders, all families of spectra, rho in (0, 1)"
    cases = st.tuples(exact_spectra(orders=20), unit_interval())
    return bounded(sides, cases, domain=domain, examples=300, seed=seed)


@lemma.check(Level.SEARCHED, only="activations with a closed form", profile="default")
def closed_kernel_maps(stated: Bound, *, seed: int) -> Evidence:
    """Kernel maps and strengths of actual activations."""
    x = sp.Symbol("x", real=True)

    def sides(case: tuple[Any, Fraction]) -> tuple[float, float]:
        sigma, rho = case[0], sp.Rational(case[1])
        kappa, beta = hermiso.kernel_map(sigma, _RHO, x), hermiso.beta(sigma, x)
        assume(closed(kappa) and closed(beta))
        kappa, beta = (sp.N(value.subs(_RHO, rho), 30) for value in (kappa, beta))
        return float(odds(kappa)), float(stated(rho, beta))

    domain = "hermiso.kernel_map and hermiso.beta, 30 digits, resolution 1e-12"
    cases = st.tuples(activations(x), unit_interval())
    return bounded(sides, cases, domain=domain, resolution=1e-12, examples=25, seed=seed)


# "the right hand-side is strictly larger if ... c_k != 0 for some k >= 2"


@dataclass(frozen=True)
class Strictness:
    """Strict inequality if c_k != 0 for some k >= order, for rho in (0, 1) or [0, 1)."""

    order: int
    zero: bool = False

    def covers(self, p: Vector, rho: Fraction) -> bool:
        """Whether strictness is claimed for the spectrum p_1, p_2, ... at rho."""
        return any(p[max(0, self.order - 1) :]) and (rho > 0 or (self.zero and rho == 0))


strict = Claim(
    label="isometry:lem-a7-strict",
    where="Lemma A.7, after (38)",
    says=r"c_k \neq 0 \text{ for some } k \geq 2 \implies \text{(38) is strict on } (0, 1)",
    value=Strictness(order=2),
    mutants={
        "k >= 1": Strictness(order=1),
        "k >= 0": Strictness(order=0),
        "rho = 0 too": Strictness(order=2, zero=True),
    },
    uses=("isometry:lem-a7",),
)


@strict.check(Level.PROVED)
def strictly_as_an_identity_of_series(stated: Strictness) -> Evidence:
    """Equality cases refute; for Q > 0 and rho in (0, 1), u > 0, while c_1 and e may be 0."""
    one, zero = Fraction(1), Fraction(0)
    for p, rho in (((one,), one / 2), ((zero, one), zero), ((zero, one), one / 2)):
        if stated.covers(p, rho) and odds(kernel(p, rho)) == _right(p, rho):
            raise Refuted(f"equality for p = {show(p)}, rho = {rho}")
    rho, beta, ratio, (first, Q, e, t, u) = series_variables()
    difference = lemma.value(rho, beta) - ratio
    found = []
    for zeros in ({}, {first: 0}, {e: 0}, {first: 0, e: 0}):
        free = [v for v in (first, Q, e, t, u) if v not in zeros]
        found.append(nonnegative(difference.subs(zeros), free, domain=_ALL, strict=True))
    return together(*found)


def _right(p: Vector, rho: Fraction) -> Fraction:
    return Fraction(lemma.value(rho, strength(p)))


@strict.check(Level.SEARCHED)
def rational_spectra_strictly(stated: Strictness, *, seed: int) -> Evidence:
    """Both sides in rational arithmetic, equality excluded."""

    def sides(case: tuple[Vector, Fraction]) -> tuple[Fraction, Fraction]:
        p, rho = case
        assume(stated.covers(p, rho))
        return odds(kernel(p, rho)), _right(p, rho)

    domain = "exact, up to 20 orders, all families of spectra, rho in (0, 1)"
    cases = st.tuples(exact_spectra(orders=20), st.one_of(unit_interval(), st.just(Fraction(0))))
    return bounded(sides, cases, domain=domain, strict=True, examples=300, seed=seed)


claims = (lemma, strict)
