"""From finitely many orders to all: what the tail of a spectrum does to the entries."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import sympy as sp
from hypothesis import strategies as st

from verify import Claim, Evidence, Level, bounded, equal, nonnegative, together
from verify.claims.beyond._correlations import kappa
from verify.exact import Vector
from verify.strategies import correlations, exact_spectra, unit_interval

Bound = Callable[[Any], Any]
Case = tuple[Vector, Vector, Fraction, Fraction]

claim = Claim(
    label="beyond:multiple-truncation",
    where="docs/bounds.md, Lemma 1, infinitely many orders",
    says=r"\kappa_K(\rho) = \frac{\sum_{k \leq K} p_k \rho^k}{1 - q},\ q = \sum_{k > K} p_k < 1 "
    r"\implies |\kappa(\rho) - \kappa_K(\rho)| \leq 2 q, \quad |\rho| \leq 1",
    value=lambda q: 2 * q,
    mutants={
        "q, which suffices for rho >= 0": lambda q: q,
        "q squared": lambda q: 2 * q**2,
        "q (1 - q)": lambda q: 2 * q * (1 - q),
    },
)


def _rational_tails(stated: Bound, seed: int, examples: int) -> Evidence:
    def sides(case: Case) -> tuple[Fraction, Fraction]:
        head, tail, q, rho = case
        whole = (*((1 - q) * v for v in head), *(q * v for v in tail))
        return abs(kappa(whole, rho) - kappa(head, rho)), Fraction(stated(q))

    parts, numbers = exact_spectra(orders=3), st.one_of(st.just(Fraction(-1)), correlations())
    return bounded(
        sides,
        st.tuples(parts, parts, unit_interval(), numbers),
        domain="exact, up to 3 orders kept and 3 left out, -1 <= rho < 1",
        examples=examples,
        seed=seed,
    )


@claim.check(Level.PROVED)
def as_a_mixture(stated: Bound) -> Evidence:
    """Write kappa = (1 - q) kappa_K + q t with a tail |t| <= 1, as |rho^k| <= 1; |kappa_K| <= 1."""
    _rational_tails(stated, 0, 25)
    q, u, v = sp.symbols("q u v", positive=True)
    head, tail = sp.symbols("h t", real=True)
    domain = "all spectra, every K, |rho| <= 1"
    widest = {head: 1 - 2 / (1 + u), tail: 1 - 2 / (1 + v)}  # both run over (-1, 1)
    difference = (1 - q) * head + q * tail - head
    share = q / (1 + q)
    room = [stated(share) - sign * share * (tail - head).subs(widest) for sign in (1, -1)]
    return together(
        equal(difference, q * (tail - head), domain="difference"),
        *(nonnegative(side, [q, u, v], domain=domain) for side in room),
        domain=domain,
    )


@claim.check(Level.SEARCHED, profile="default")
def rational_tails(stated: Bound, *, seed: int) -> Evidence:
    """Both sides in rational arithmetic."""
    return _rational_tails(stated, seed, 60)
