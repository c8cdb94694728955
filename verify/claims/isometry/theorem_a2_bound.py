"""The proof of Theorem A.2: the bound, (39) to (43)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Any, TypeAlias

import sympy as sp
from hypothesis import assume
from hypothesis import strategies as st

from verify import Claim, Evidence, Level, bounded, search
from verify.claims.isometry._mean_field import (
    apart,
    dynamics,
    kernel,
    odds,
    off_diagonal,
    potential,
    step,
    strength,
)
from verify.claims.isometry.potential import as_an_identity_of_series
from verify.exact import Matrix, Vector
from verify.strategies import correlations, exact_correlation_matrices, exact_spectra

eq_39 = Claim(
    label="isometry:eq-39",
    where="Theorem A.2, proof, (39)",
    says=r"\frac{|\bar\sigma(G_{ij})| / \bar\sigma(1)}{1 - |\bar\sigma(G_{ij})| / "
    r"\bar\sigma(1)} \leq \frac{|G_{ij}|}{1 - |G_{ij}|} \beta_\sigma^{-1}, \quad |G_{ij}| < 1",
    value=lambda before, beta: before / beta,
    mutants={
        "beta squared": lambda before, beta: before / beta**2,
        "p_1 in place of 1 / beta": lambda before, beta: before * (2 - beta),
        "beta in the exponent": lambda before, beta: before / 2**beta,
    },
    uses=("isometry:eq-39-range:corrected",),
)


@eq_39.check(Level.PROVED)
def for_every_entry(stated: Callable[[Any, Any], Any]) -> Evidence:
    """Lemma A.7 at |G_ij|, since |kappa(rho)| <= kappa(|rho|): negative entries too."""
    return as_an_identity_of_series(stated)


@eq_39.check(Level.SEARCHED)
def rational_entries(stated: Callable[[Any, Any], Any], *, seed: int) -> Evidence:
    """Both sides in rational arithmetic, entries of both signs."""

    def both(case: tuple[Vector, Fraction]) -> tuple[Fraction, Any]:
        p, r = case
        beta = strength(p)
        bound = stated(sp.Rational(odds(r)), sp.Rational(beta))
        assume(bound.is_Rational)
        return Fraction(odds(kernel(p, r))), bound

    domain = "exact, up to 12 orders, all families of spectra, -1 < G_ij < 1"
    cases = st.tuples(exact_spectra(orders=12), correlations())
    return bounded(both, cases, domain=domain, examples=120, seed=seed)


Aggregate: TypeAlias = Callable[[Sequence[Fraction]], Fraction]


def _mean(values: Sequence[Fraction]) -> Fraction:
    return sum(values, Fraction(0)) / len(values)


def _first(values: Sequence[Fraction]) -> Fraction:
    return values[0]


eq_41 = Claim(
    label="isometry:eq-41",
    where="Theorem A.2, proof, (40), (41)",
    says=r"\beta_\sigma^{-1} \frac{|G_{ij}|}{1 - |G_{ij}|} \leq \beta_\sigma^{-1} "
    r"\max_{i \neq j} \frac{|G_{ij}|}{1 - |G_{ij}|} = \beta_\sigma^{-1} \gamma(G)",
    value=max,
    mutants={"smallest": min, "mean": _mean, "first": _first, "sum": sum},
    uses=("isometry:eq-39",),
)


@eq_41.check(Level.SEARCHED)
def against_the_potential(stated: Aggregate, *, seed: int) -> Evidence:
    """Above every entry, and equal to gamma by the largest |G_ij| (26)."""

    def holds(G: Matrix) -> bool:
        assume(apart(G))
        entries = off_diagonal(G)
        aggregate = stated([Fraction(odds(entry)) for entry in entries])
        above = all(odds(entry) <= aggregate for entry in entries)
        return above and bool(aggregate == odds(max(map(abs, entries))))

    matrices = exact_correlation_matrices(smallest=3, largest=5)
    return search(holds, matrices, domain="exact, n = 3..5, all families", examples=80, seed=seed)


eq_43 = Claim(
    label="isometry:eq-43",
    where="Theorem A.2, proof, (43)",
    says=r"\gamma(\bar\sigma(G) / \bar\sigma(1)) = \max_{i \neq j} \frac{|\bar\sigma(G_{ij})| / "
    r"\bar\sigma(1)}{1 - |\bar\sigma(G_{ij})| / \bar\sigma(1)} \leq \beta_\sigma^{-1} \gamma(G)",
    value=max,
    mutants={"smallest": min, "mean": _mean, "first": _first, "sum": sum},
    uses=("isometry:eq-41", "isometry:eq-37"),
)


@eq_43.check(Level.SEARCHED)
def rational_layers(stated: Aggregate, *, seed: int) -> Evidence:
    """The potential of the next layer, by Definition 4, in rational arithmetic."""

    def holds(case: tuple[Vector, Matrix]) -> bool:
        p, G = case
        assume(apart(G) and 2 < len(G) < 6)
        after = step(p, G)
        aggregate = stated([Fraction(odds(entry)) for entry in off_diagonal(after)])
        below = bool(aggregate <= potential(G) / strength(p))
        return below and aggregate == odds(max(map(abs, off_diagonal(after))))

    domain = "exact, n = 3..5, up to 5 orders, all families"
    cases = dynamics(orders=5, largest=5)
    return search(holds, cases, domain=domain, examples=80, seed=seed)


claims = (eq_39, eq_41, eq_43)
