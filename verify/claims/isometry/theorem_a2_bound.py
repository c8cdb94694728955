"""The proof of Theorem A.2: the bound, (39) to (43)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from itertools import permutations
from typing import Any, TypeAlias

import sympy as sp
from hypothesis import assume
from hypothesis import strategies as st

from verify import (
    Claim,
    Evidence,
    Level,
    Refuted,
    Verdict,
    bounded,
    equal,
    nonnegative,
    search,
    together,
)
from verify.claims.isometry._domains import Stated
from verify.claims.isometry._mean_field import (
    apart,
    dynamics,
    kernel,
    odds,
    off_diagonal,
    potential,
    require_potentials,
    step,
    strength,
    without_parallel_samples,
)
from verify.claims.isometry.lemma_a7_bound import Ranged
from verify.claims.isometry.potential import odds_below
from verify.exact import Matrix, Vector
from verify.searching import show
from verify.strategies import correlations, exact_correlation_matrices, exact_spectra

# (39)


def _printed_bound(before: Any, beta: Any) -> Any:
    return before / beta


_SLIPS: dict[str, Callable[[Any, Any], Any]] = {
    "beta squared": lambda before, beta: before / beta**2,
    "p_1 in place of 1 / beta": lambda before, beta: before * (2 - beta),
    "beta in the exponent": lambda before, beta: before / 2**beta,
}
_SIDES = (
    r"\frac{|\bar\sigma(G_{ij})| / \bar\sigma(1)}{1 - |\bar\sigma(G_{ij})| / "
    r"\bar\sigma(1)} \leq \frac{|G_{ij}|}{1 - |G_{ij}|} \beta_\sigma^{-1}"
)
_CLOSED, _OPEN = sp.Interval(-1, 1), sp.Interval.open(-1, 1)

eq_39_corrected = Claim(
    label="isometry:eq-39:corrected",
    where="Theorem A.2, proof, (39)",
    says=rf"|G_{{ij}}| < 1 \implies {_SIDES}",
    value=Ranged(_printed_bound, _OPEN),
    mutants={
        "as printed: all i != j": (_printed_39 := Ranged(_printed_bound, _CLOSED)),
        "no duplicates: G_ij < 1": Ranged(_printed_bound, sp.Interval.Ropen(-1, 1)),
        **{slip: Ranged(bound, _OPEN) for slip, bound in _SLIPS.items()},
    },
    uses=("isometry:eq-39-range:corrected",),
)
eq_39 = Claim(
    label="isometry:eq-39",
    where="Theorem A.2, proof, (39), 'for all i != j'",
    says=rf"{_SIDES} \text{{ for all }} i \neq j",
    value=_printed_39,
    mutants={slip: Ranged(bound, _CLOSED) for slip, bound in _SLIPS.items()},
    correction=eq_39_corrected,
    why="two equal or opposite samples have |G_ij| = 1, where the right side is 1/0; Theorem A.2 "
    "admits them.",
    expected=Verdict.REFUTED,
)


@eq_39.check(Level.PROVED)
@eq_39_corrected.check(Level.PROVED)
def for_every_entry(stated: Ranged) -> Evidence:
    """Lemma A.7 at |G_ij|, since |kappa(rho)| <= kappa(|rho|): negative entries too."""
    found = odds_below(stated.bound)
    _defined(stated)
    return found


def _defined(stated: Ranged) -> None:
    """Refute a range with a correlation at which a side has no value."""
    for r in (1, -1):
        if r in stated.range:
            raise Refuted(f"n = 2, G_12 = {r}: the right side is 1/0; so is the left, sigma(x) = x")


@eq_39.check(Level.SEARCHED)
@eq_39_corrected.check(Level.SEARCHED)
def rational_entries(stated: Ranged, *, seed: int) -> Evidence:
    """Both sides in rational arithmetic, entries of both signs."""

    def both(case: tuple[Vector, Fraction]) -> tuple[Fraction, Any]:
        p, r = case
        beta = strength(p)
        bound = stated.bound(sp.Rational(odds(r)), sp.Rational(beta))
        assume(bound.is_Rational)
        return Fraction(odds(kernel(p, r))), bound

    domain = "exact, up to 12 orders, all families of spectra, -1 < G_ij < 1"
    cases = st.tuples(exact_spectra(orders=12), correlations())
    found = bounded(both, cases, domain=domain, examples=100, seed=seed)
    _defined(stated)
    return found


# (40) to (43)

Aggregate: TypeAlias = Callable[[Sequence[Any]], Any]


def _mean(values: Sequence[Fraction]) -> Fraction:
    return sum(values, Fraction(0)) / len(values)


def _first(values: Sequence[Fraction]) -> Fraction:
    return values[0]


eq_41, eq_41_corrected = without_parallel_samples(
    "isometry:eq-41",
    where="Theorem A.2, proof, (40), (41)",
    says=r"\beta_\sigma^{-1} \frac{|G_{ij}|}{1 - |G_{ij}|} \leq \beta_\sigma^{-1} "
    r"\max_{i \neq j} \frac{|G_{ij}|}{1 - |G_{ij}|} = \beta_\sigma^{-1} \gamma(G)",
    value=max,
    slips={"smallest": min, "mean": _mean, "first": _first, "sum": sum},
    uses=("isometry:eq-39:corrected",),
)


def _the_largest(stated: Aggregate, domain: str) -> Evidence:
    """Show that an aggregate is the largest, for any number of entries.

    Three entries in every order, as symbols; and entries may be merged one after the other.
    """
    s, t, u = sp.symbols("s t u", positive=True)
    chain = (s, s + t, s + t + u)
    found = []
    for entries in permutations(chain):
        found.append(equal(stated(entries), chain[-1], domain=domain))
        merged = stated((stated(entries[:2]), entries[2]))
        found.append(equal(merged, stated(entries), domain=domain))
    return together(*found, domain=domain)


@eq_41.check(Level.PROVED)
@eq_41_corrected.check(Level.PROVED)
def by_the_order_of_the_odds(stated: Stated[Aggregate]) -> Evidence:
    """The largest is above every entry, and it stays so when divided by beta.

    The odds |G_ij|/(1 - |G_ij|) rise with |G_ij|, so that theirs belongs to the largest |G_ij|.
    """
    s, t, b = sp.symbols("s t b", positive=True)
    domain = "all n, all G with gamma(G) finite, all beta"
    odds_of = (s + t) / (1 + s + t), s / (1 + s)  # two |G_ij|, the larger first
    more, less = (value / (1 - value) for value in odds_of)
    found = together(
        _the_largest(stated.value, domain),
        nonnegative((more - less) / (1 + b), [s, t, b], domain=domain),
        domain=domain,
    )
    require_potentials(stated)
    return found


@eq_41.check(Level.SEARCHED)
@eq_41_corrected.check(Level.SEARCHED)
def against_the_potential(stated: Stated[Aggregate], *, seed: int) -> Evidence:
    """Above every entry, and equal to gamma by the largest |G_ij| (26)."""
    require_potentials(stated, early=True)

    def holds(G: Matrix) -> bool:
        assume(apart(G))
        entries = off_diagonal(G)
        aggregate = stated.value([Fraction(odds(entry)) for entry in entries])
        above = all(odds(entry) <= aggregate for entry in entries)
        return above and bool(aggregate == odds(max(map(abs, entries))))

    matrices = exact_correlation_matrices(smallest=3, largest=5)
    domain = "exact, n = 3..5, all families"
    found = search(holds, matrices, domain=domain, examples=80, seed=seed)
    require_potentials(stated)
    return found


eq_43, eq_43_corrected = without_parallel_samples(
    "isometry:eq-43",
    where="Theorem A.2, proof, (43)",
    says=r"\gamma(\bar\sigma(G) / \bar\sigma(1)) = \max_{i \neq j} \frac{|\bar\sigma(G_{ij})| / "
    r"\bar\sigma(1)}{1 - |\bar\sigma(G_{ij})| / \bar\sigma(1)} \leq \beta_\sigma^{-1} \gamma(G)",
    value=max,
    slips={"smallest": min, "mean": _mean, "first": _first, "sum": sum},
    uses=("isometry:eq-41:corrected", "isometry:eq-37"),
)


@eq_43.check(Level.PROVED)
@eq_43_corrected.check(Level.PROVED)
def by_the_largest_entry(stated: Stated[Aggregate]) -> Evidence:
    """Every entry, the largest too, is below gamma(G)/beta by (39) and (41)."""
    domain = "all n, all spectra, all G with unit diagonal and gamma(G) finite"
    found = together(
        _the_largest(stated.value, domain),
        for_every_entry(eq_39_corrected.value),
        by_the_order_of_the_odds(eq_41_corrected.value),
        domain=domain,
    )
    require_potentials(stated)
    return found


@eq_43.check(Level.SEARCHED)
@eq_43_corrected.check(Level.SEARCHED)
def rational_layers(stated: Stated[Aggregate], *, seed: int) -> Evidence:
    """The potential of the next layer, by Definition 4, in rational arithmetic."""
    require_potentials(stated, early=True)

    def both(case: tuple[Vector, Matrix]) -> tuple[Fraction, Fraction]:
        p, G = case
        assume(apart(G) and 2 < len(G) < 6)
        after = step(p, G)
        aggregate = stated.value([Fraction(odds(entry)) for entry in off_diagonal(after)])
        if aggregate != odds(max(map(abs, off_diagonal(after)))):
            raise Refuted(f"{aggregate} is not the potential for p = {show(p)}, G = {show(G)}")
        return aggregate, potential(G) / strength(p)

    domain = "exact, n = 3..5, up to 5 orders, all families"
    cases = dynamics(orders=5, largest=5)
    found = bounded(both, cases, domain=domain, examples=60, seed=seed)
    require_potentials(stated)
    return found


claims = (
    eq_39,
    eq_39_corrected,
    eq_41,
    eq_41_corrected,
    eq_43,
    eq_43_corrected,
)
