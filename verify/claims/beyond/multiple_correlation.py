"""The lemma behind the bounds for every layer: multiple correlations under Hadamard products.

Let A = [[A', a], [a^T, 1]] be a correlation matrix and s(A) = 1 - det(A)/det(A') the squared
multiple correlation of its last sample. s A' - a a^T is positive semidefinite exactly for
s >= s(A) (Schur complement), so a bound of s is shown by writing such a difference as a sum of
positive semidefinite matrices, entry by entry; a Hadamard product of two is one of them.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import sympy as sp
from hypothesis import strategies as st

from verify import Claim, Evidence, Level, bounded, equal, search, together
from verify.claims.beyond._correlations import hadamard, kappa, multiple, pairs, step, steps
from verify.exact import Matrix, Vector, gram
from verify.strategies import unit_interval

Bound = Callable[..., Any]

_ANY = "all n, entry by entry"

# Entry (i, j) of A', B' and entries i, j of a, b.
A, B, a_i, a_j, b_i, b_j = sp.symbols("A B a_i a_j b_i b_j", real=True)
s, t = sp.symbols("s t", positive=True)

schur = Claim(
    label="beyond:schur-product",
    where="docs/bounds.md, step 1",
    says=r"xx^\top \circ B = \mathrm{diag}(x)\, B\, \mathrm{diag}(x): A, B \succeq 0 "
    r"\implies A \circ B = \sum_k x_k x_k^\top \circ B \succeq 0",
    value=lambda x_i, x_j, b: x_i * b * x_j,
    mutants={
        "diag(x) on the left alone": lambda x_i, x_j, b: x_i * b,
        "diag(x) squared": lambda x_i, x_j, b: x_i**2 * b * x_j**2,
        "index i twice": lambda x_i, x_j, b: x_i * b * x_i,
    },
)


@schur.check(Level.PROVED)
def by_congruences(stated: Bound) -> Evidence:
    """Entry (i, j) of a a^T o B, for each of the rank-one terms of A = sum x_k x_k^T."""
    domain = "A of rank one, hence sums of such; all n, entry by entry"
    return equal((a_i * a_j) * B, stated(a_i, a_j, B), domain=domain)


@schur.check(Level.SEARCHED)
def rational_products(stated: Bound, *, seed: int) -> Evidence:
    """Add the terms up: the Gram matrix of tensor products is the product of the Gram matrices."""

    def holds(case: tuple[list[Vector], list[Vector]]) -> bool:
        xs, ys = case
        tensors = [tuple(u * v for u in x for v in y) for x, y in zip(xs, ys, strict=True)]
        second, entries = gram(ys), range(len(xs))
        return gram(tensors) == tuple(
            tuple(
                sum(stated(a, b, second[i][j]) for a, b in zip(xs[i], xs[j], strict=True))
                for j in entries
            )
            for i in entries
        )

    vector = st.lists(st.integers(-3, 3).map(Fraction), min_size=2, max_size=2).map(tuple)
    vectors = st.lists(vector, min_size=3, max_size=3)
    domain = "three vectors of small integers in the plane, twice"
    return search(holds, st.tuples(vectors, vectors), domain=domain, examples=40, seed=seed)


product = Claim(
    label="beyond:multiple-product",
    where="docs/bounds.md, step 2",
    says=r"s(A \circ B) \leq s(A)\, s(B)",
    value=lambda s, t: s * t,
    mutants={
        "square of the product": lambda s, t: (s * t) ** 2,
        "one factor squared": lambda s, t: s * t**2,
        "1 - s in place of s": lambda s, t: (1 - s) * (1 - t),
    },
    uses=("beyond:schur-product",),
)


def _refute_product(stated: Bound, seed: int, examples: int) -> Evidence:
    def sides(case: tuple[Matrix, Matrix]) -> tuple[Fraction, Fraction]:
        first, second = case
        bound = stated(multiple(first), multiple(second))
        return multiple(hadamard(first, second)), Fraction(bound)

    domain = "exact correlation matrices of all families, n = 2..4"
    return bounded(sides, pairs(), domain=domain, examples=examples, seed=seed)


@product.check(Level.SEARCHED)
def rational_pairs(stated: Bound, *, seed: int) -> Evidence:
    """Determinants in rational arithmetic."""
    return _refute_product(stated, seed, 50)


@product.check(Level.PROVED)
def by_two_positive_products(stated: Bound) -> Evidence:
    """Write bound A'B' - (ab)(ab)^T as (s A' - aa^T) o t B' + aa^T o (t B' - bb^T)."""
    _refute_product(stated, 0, 25)
    difference = stated(s, t) * A * B - a_i * b_i * a_j * b_j
    parts = (s * A - a_i * a_j) * t * B + a_i * a_j * (t * B - b_i * b_j)
    return equal(sp.expand(parts), sp.expand(difference), domain=_ANY)


mixture = Claim(
    label="beyond:multiple-mixture",
    where="docs/bounds.md, step 3",
    says=r"s(p A + (1-p) B) \leq p\, s(A) + (1-p)\, s(B), \quad 0 \leq p \leq 1",
    value=lambda p, s, t: p * s + (1 - p) * t,
    mutants={
        "product in place of the mean": lambda p, s, t: s * t,
        "weights squared": lambda p, s, t: p**2 * s + (1 - p) ** 2 * t,
        "weights exchanged": lambda p, s, t: (1 - p) * s + p * t,
    },
)


def _refute_mixture(stated: Bound, seed: int, examples: int) -> Evidence:
    def sides(case: tuple[tuple[Matrix, Matrix], Fraction]) -> tuple[Fraction, Fraction]:
        (first, second), p = case
        mixed = tuple(
            tuple(p * x + (1 - p) * y for x, y in zip(r, q, strict=True))
            for r, q in zip(first, second, strict=True)
        )
        return multiple(mixed), Fraction(stated(p, multiple(first), multiple(second)))

    cases = st.tuples(pairs(), unit_interval(closed=True))
    domain = "exact correlation matrices of all families, n = 2..4, p in [0, 1]"
    return bounded(sides, cases, domain=domain, examples=examples, seed=seed)


@mixture.check(Level.SEARCHED)
def rational_mixtures(stated: Bound, *, seed: int) -> Evidence:
    """Determinants in rational arithmetic."""
    return _refute_mixture(stated, seed, 50)


@mixture.check(Level.PROVED)
def by_a_square(stated: Bound) -> Evidence:
    """Bound (pA' + qB') - (pa + qb)(pa + qb)^T as multiples of the two differences and a square."""
    _refute_mixture(stated, 0, 25)
    p = sp.Symbol("p", positive=True)
    q = 1 - p
    mixed = (p * a_i + q * b_i) * (p * a_j + q * b_j)
    difference = stated(p, s, t) * (p * A + q * B) - mixed
    first, second = s * A - a_i * a_j, t * B - b_i * b_j
    square = (s * b_i - t * a_i) * (s * b_j - t * a_j) / (s * t)
    weights = (p**2 + p * q * t / s, q**2 + p * q * s / t, p * q)  # all >= 0
    parts = weights[0] * first + weights[1] * second + weights[2] * square
    return equal(sp.expand(parts), sp.expand(difference), domain=_ANY)


lemma = Claim(
    label="beyond:multiple-lemma",
    where="docs/bounds.md, Lemma 1",
    says=r"s(\kappa(G)) \leq \kappa(s(G)), \quad \kappa(\rho) = \sum_{k=1}^\infty p_k \rho^k",
    value=lambda p, s: kappa(p, s),
    mutants={
        "square of kappa": lambda p, s: kappa(p, s) ** 2,
        "orders counted from 2": lambda p, s: kappa(p, s) * s,
        "first order alone": lambda p, s: p[0] * s,
    },
    uses=("beyond:multiple-product", "beyond:multiple-mixture", "beyond:multiple-truncation"),
)


@lemma.check(Level.SEARCHED)
def rational_steps(stated: Bound, *, seed: int) -> Evidence:
    """One mean-field step in rational arithmetic."""
    return _rational_steps(stated, seed, 60)


def _rational_steps(stated: Bound, seed: int, examples: int) -> Evidence:
    def sides(case: tuple[Vector, Matrix]) -> tuple[Fraction, Fraction]:
        p, G = case
        return multiple(step(p, G)), stated(p, multiple(G))

    domain = "exact spectra of at most 5 orders, correlation matrices of all families, n = 2..4"
    return bounded(sides, steps(), domain=domain, examples=examples, seed=seed)


@lemma.check(Level.PROVED)
def by_induction_over_orders(stated: Bound) -> Evidence:
    """Powers by the product lemma, s(G^(k+1)) <= s^k s, and the mixture lemma, order by order.

    The orders up to k have the weight W and the sum S; the next one has the weight w. Infinitely
    many orders are the limit of their truncations: det kappa(G)' is at least lambda^(n-1) for
    them all, lambda the least eigenvalue of G', as the entrywise product of G' - lambda I with
    a correlation matrix is positive semidefinite.
    """
    _rational_steps(stated, 0, 25)
    x, S, W, w = sp.symbols("x S W w", positive=True)
    k = sp.Symbol("k", integer=True, positive=True)
    power = product.value(x**k, x)
    mixed = mixture.value(W / (W + w), S / W, power)
    p = sp.symbols("p1:5", positive=True)
    domain = "all n; spectra of any finite order by induction, infinite ones as their limits"
    return together(
        equal(kappa((Fraction(1),), x), x, domain="one order"),
        equal(mixed * (W + w), S + w * x ** (k + 1), domain="k -> k + 1"),
        equal(sum(v * x**j for j, v in enumerate(p, start=1)), stated(p, x), domain="kappa"),
        domain=domain,
    )


claims = (schur, product, mixture, lemma)
