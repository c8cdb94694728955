"""The proof of Theorem 4, equations (27) and (28): the determinant above the potential."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from itertools import islice
from typing import Any

import sympy as sp
from hypothesis import assume
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from verify import (
    Claim,
    Evidence,
    Level,
    Refuted,
    Undecided,
    Verdict,
    bounded,
    equal,
    together,
)
from verify.claims.isometry._mean_field import apart, orbit, pair, potential
from verify.claims.isometry.lemma_a4 import below_by_gershgorin
from verify.claims.isometry.potential import largest
from verify.exact import Matrix, Vector, det, largest_correlation
from verify.searching import show
from verify.strategies import dominant_correlation_matrices, exact_spectra, shrunk

Function = Callable[..., Any]

_N, _M = sp.symbols("n m", positive=True)


def _orbits() -> SearchStrategy[tuple[Vector, Matrix, int]]:
    """Few layers that stay exact, from matrices with (n - 1) max |G_ij| <= 1."""
    matrices = dominant_correlation_matrices(largest=5)
    return st.tuples(exact_spectra(orders=4), matrices, st.integers(0, 2))


def _at(p: Vector, G: Matrix, ell: int) -> Matrix:
    return next(islice(orbit(p, G), ell, None))


def slack(n: Any, m: Any) -> Any:
    """1 - (n - 1) m, the base of (27) and (29), for m = max |G_ij| or gamma."""
    return 1 - (n - 1) * m


# (27)


@dataclass(frozen=True)
class Conditional:
    """A bound, and under which condition it is stated.

    Attributes:
        bound: what is stated.
        room: n and max |G_ij| (or gamma) -> a number that is negative where nothing is stated.
    """

    bound: Function
    room: Callable[[Any, Any], Any]


def everywhere(n: Any, m: Any) -> Any:
    """Room for a statement without a condition."""
    return 1


def _gershgorin(n: Any, m: Any) -> Any:
    return (1 - (n - 1) * m) ** n


_SLIPS_27: dict[str, Function] = {
    "n - 2 in place of n - 1": lambda n, m: (1 - (n - 2) * m) ** n,
    "half of the maximum": lambda n, m: (1 - (n - 1) * m / 2) ** n,
    "plus": lambda n, m: (1 + (n - 1) * m) ** n,
}

eq_27_corrected = Claim(
    label="isometry:eq-27:corrected",
    where="Theorem 4, proof, (27), with the condition of Lemma A.4",
    says=r"(n-1) \max_{i \neq j} |G_{ij*}^\ell| \leq 1 \implies "
    r"\det(G_*^\ell) \geq \left(1 - (n-1) \max_{i \neq j} |G_{ij*}^\ell|\right)^n",
    value=Conditional(_gershgorin, slack),
    mutants={
        "as printed: no condition": (_printed_27 := Conditional(_gershgorin, everywhere)),
        "(n - 2) max |G_ij| <= 1": Conditional(_gershgorin, lambda n, m: 1 - (n - 2) * m),
        **{slip: Conditional(wrong, slack) for slip, wrong in _SLIPS_27.items()},
    },
    uses=("isometry:lem-a4-lower", "isometry:eq-10"),
)
eq_27 = Claim(
    label="isometry:eq-27",
    where="Theorem 4, proof, (27)",
    says=r"\det(G_*^\ell) \geq \left(1 - (n-1) \max_{i \neq j} |G_{ij*}^\ell|\right)^n",
    value=_printed_27,
    mutants={slip: Conditional(wrong, everywhere) for slip, wrong in _SLIPS_27.items()},
    correction=eq_27_corrected,
    why="Lemma A.4, cited beside it, needs (n-1) max |G_ij| <= 1, else an even power of a negative "
    "number may be large; that l is large does not help: sigma(x) = x leaves G as it is.",
    expected=Verdict.REFUTED,
)

_FIRST = (
    pair(Fraction(1, 2)),
    shrunk(((Fraction(1),) * 4,) * 4, Fraction(2, 3)),
    tuple(
        tuple(Fraction(2 * (i == j) - (3 not in (i, j)), 2) for j in range(4)) for i in range(4)
    ),  # a triangle, and a sample that is orthogonal to it
)


@eq_27.check(Level.PROVED)
@eq_27_corrected.check(Level.PROVED)
def by_lemma_a4(stated: Conditional) -> Evidence:
    """Small matrices first, where it may fail; then Lemma A.4, as G^l is a correlation matrix."""
    for G in _FIRST:
        n, m, D = len(G), largest_correlation(G), det(G)
        if stated.room(n, m) >= 0 and stated.bound(n, m) > D:
            raise Refuted(f"sigma(x) = x, G^l = G^0 = {show(G)}: {D} >= {stated.bound(n, m)} fails")
    domain = "all n >= 2, all G with (n - 1) max |G_ij| <= 1"
    condition = equal(stated.room(_N, _M), slack(_N, _M), domain=domain)
    return together(condition, below_by_gershgorin(stated.bound), domain=domain)


@eq_27.check(Level.SEARCHED)
@eq_27_corrected.check(Level.SEARCHED)
def rational_orbits(stated: Conditional, *, seed: int) -> Evidence:
    """Determinants of layers 0 to 2 in rational arithmetic."""

    def both(case: tuple[Vector, Matrix, int]) -> tuple[Fraction, Fraction]:
        G = _at(*case)
        n, m = len(G), largest_correlation(G)
        assume(stated.room(n, m) >= 0)
        return stated.bound(n, m), det(G)

    small = st.sampled_from([((Fraction(1),), G, 0) for G in _FIRST])
    domain = "exact, layers 0 to 2, up to 4 orders, n = 2..5"
    cases = st.one_of(small, _orbits())
    return bounded(both, cases, domain=domain, examples=60, seed=seed)


# (28)


def base_28(n: Any, gamma: Any) -> Any:
    """The n-th root of the right side of (28)."""
    return 1 - (n - 1) * (gamma / (1 + gamma))


eq_28_corrected = Claim(
    label="isometry:eq-28:corrected",
    where="Theorem 4, proof, (28)",
    says=r"(n-1) \max_{i \neq j} |G_{ij*}^\ell| \leq 1 \implies \det(G_*^\ell) \geq "
    r"\left(1 - (n-1) \frac{\gamma(G_*^\ell)}{1 + \gamma(G_*^\ell)}\right)^n",
    value=lambda determinant, bound: determinant >= bound,
    mutants={
        "as printed: equality": lambda determinant, bound: determinant == bound,
        "<=": lambda determinant, bound: determinant <= bound,
        ">": lambda determinant, bound: determinant > bound,
    },
    uses=("isometry:eq-27:corrected", "isometry:eq-26"),
)
eq_28 = Claim(
    label="isometry:eq-28",
    where="Theorem 4, proof, (28)",
    says=r"\det(G_*^\ell) = \left(1 - (n-1) \frac{\gamma(G_*^\ell)}{1 + \gamma(G_*^\ell)}"
    r"\right)^n",
    value=eq_28_corrected.mutants["as printed: equality"],
    mutants={
        "<=": eq_28_corrected.mutants["<="],
        ">": eq_28_corrected.mutants[">"],
        "<": lambda determinant, bound: determinant < bound,
    },
    correction=eq_28_corrected,
    why="(26) turns the right side of (27) into this one; the determinant is above both.",
    expected=Verdict.REFUTED,
)


@eq_28.check(Level.PROVED)
@eq_28_corrected.check(Level.PROVED)
def by_lemma_a4_and_26(stated: Callable[[Any, Any], Any]) -> Evidence:
    """Two samples first; then the base of (27) at max |G_ij| = gamma/(1 + gamma), by (26).

    So the determinant is the bound plus an excess >= 0, and 0 is taken: by orthogonal samples.
    """
    for G in (pair(Fraction(1, 2)), pair(Fraction(0))):
        bound = base_28(len(G), potential(G)) ** len(G)
        if not stated(det(G), bound):
            raise Refuted(f"G^l = {show(G)}: the determinant is {det(G)}, the bound {bound}")
    gamma, base = sp.symbols("gamma B", positive=True)
    excess = sp.Symbol("e", nonnegative=True)
    if stated(base + excess, base) is not sp.true:
        raise Undecided(f"it is not shown that {stated(base + excess, base)}")
    domain = "all n >= 2, all spectra and layers, (n - 1) max |G_ij| <= 1"
    inserted = slack(_N, largest.value(gamma))
    return together(
        by_lemma_a4(eq_27_corrected.value),
        equal(inserted, base_28(_N, gamma), domain=domain),
        domain=domain,
    )


@eq_28.check(Level.SEARCHED)
@eq_28_corrected.check(Level.SEARCHED)
def rational_orbits_with_their_potential(
    stated: Callable[[Fraction, Fraction], bool], *, seed: int
) -> Evidence:
    """Determinants and potentials in rational arithmetic, where Lemma A.4 applies."""

    def both(case: tuple[Vector, Matrix, int]) -> tuple[Fraction, Fraction]:
        G = _at(*case)
        assume(apart(G))
        bound = base_28(len(G), potential(G)) ** len(G)
        if not stated(det(G), bound):
            raise Refuted(f"fails for G^l = {show(G)}: {det(G)} and {bound}")
        return bound, det(G)

    two = st.sampled_from([pair(Fraction(1, 2)), pair(Fraction(0))])
    pairs = st.tuples(st.just((Fraction(1),)), two, st.just(0))
    domain = "exact, layers 0 to 2, (n - 1) max |G_ij| <= 1, n = 2..5"
    cases = st.one_of(pairs, _orbits())
    return bounded(both, cases, domain=domain, examples=60, seed=seed)


claims = (eq_27, eq_27_corrected, eq_28, eq_28_corrected)
