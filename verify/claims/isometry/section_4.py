"""Section 4: the remarks after Theorem 1 on variation, orthogonality and the layers."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from itertools import combinations_with_replacement, permutations
from typing import Any

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
from verify.claims.isometry._entries import ANY, Entries
from verify.claims.isometry._gram import Samples, any_number, rational
from verify.claims.isometry._matrices import (
    diagonal,
    divided_power,
    exactly,
    isometry_power,
    matrices,
    orthogonal_matrices,
)
from verify.claims.isometry.theorem_1_proof import (
    am_gm,
    below_quotient,
    by_the_tangent_of_the_logarithm,
    line_9,
)
from verify.exact import Matrix, gram, mean
from verify.searching import show

_N = sp.Symbol("n", integer=True, positive=True)

# "a higher variation in the norms leads to a larger increase in isometry"

Increase = Callable[[Samples], Any]  # to the power n, which has no roots


def _increase(s: Samples) -> Any:
    return s.mean_square**s.n / s.product**2


variation_corrected = Claim(
    label="isometry:sec-4-variation:corrected",
    where="section 4, after (9)",
    says=r"\text{a higher variation } q = \mathrm{var}(a) / \bar a^2 \text{ leads to a larger "
    r"guaranteed increase: } \inf I(\tilde G) / I(G) = 1 + q \text{ over all samples with this } q",
    value=lambda s: line_9(s) ** s.n,
    mutants={
        "as printed": _increase,
        "divided by the variation": lambda s: line_9(s) ** -s.n,
        "half of the variation": lambda s: ((1 + line_9(s)) / 2) ** s.n,
        "twice the variation": lambda s: (2 * line_9(s) - 1) ** s.n,
    },
    uses=("isometry:thm-1",),
)
variation = Claim(
    label="isometry:sec-4-variation",
    where="section 4, after (9)",
    says=r"\text{a higher variation in the norms } a_i \text{ leads to a larger increase } "
    r"I(\tilde G) / I(G)",
    value=_increase,
    mutants={
        "inverse": lambda s: 1 / _increase(s),
        "geometric mean": lambda s: s.product**2,
        "geometric mean over mean": lambda s: s.product**2 / s.mean ** (2 * s.n),
    },
    correction=variation_corrected,
    why="from n = 3 the increase is mean(a^2) / prod(a)^(2/n), no function of the variance.",
    expected=Verdict.REFUTED,
)


@variation.check(Level.PROVED)
@variation_corrected.check(Level.PROVED)
def larger_for_a_higher_variation(stated: Increase) -> Evidence:
    """Small norms first: a higher variance and a higher variance / mean^2 must give more.

    Then any n: with var / mean^2 = q + e against q, by the n-th roots; below the increase, by
    AM-GM; and no larger guarantee, by one long sample among n.
    """
    for n in (2, 3):
        _refute_by_small_norms(stated, n)
    q, e, mean_a, mean_b = sp.symbols("q e m_a m_b", positive=True)
    roots = [_root(stated, m, v) for m, v in ((mean_a, q + e), (mean_b, q))]
    variables = [q, e, mean_a, mean_b]
    covered = "all n and all norms"
    return together(
        nonnegative(roots[0] - roots[1], variables, domain=covered, strict=True),
        below_quotient(lambda s: _root(stated, s.mean, s.variance / s.mean**2)),
        _no_larger_guarantee(stated),
        domain=covered,
    )


def _no_larger_guarantee(stated: Increase) -> Evidence:
    """Norms 1, ..., 1, 1 + c sqrt(n): their product is >= 1, so the increase is <= mean square.

    With t = 1/sqrt(n), mean = 1 + c t and mean square = 1 + 2 c t + c^2; as t goes to 0, q goes
    to c^2 and the increase to 1 + c^2 at most.
    """
    c, t = sp.symbols("c t", positive=True)
    mean_square = (1 - t**2) + t**2 * (1 + c / t) ** 2
    centre = (1 - t**2) + t**2 * (1 + c / t)
    q = sp.cancel(mean_square / centre**2 - 1)
    at_most = sp.expand(mean_square).subs(t, 0)
    return equal(at_most, _root(stated, sp.S.One, q.subs(t, 0)), domain="n to infinity")


def _refute_by_small_norms(stated: Increase, n: int) -> None:
    small = list(combinations_with_replacement(range(1, 6), n))
    samples = [rational(diagonal([1] * n), tuple(map(Fraction, a))) for a in small]
    variations = [(s.variance, s.variance / s.mean**2) for s in samples]
    increases = [stated(s) for s in samples]
    pairs = permutations(range(len(small)), 2)
    for i, j in sorted(pairs, key=lambda pair: sum(sum(small[k]) for k in pair)):
        higher = all(v > w for v, w in zip(variations[i], variations[j], strict=True))
        if higher and increases[i] <= increases[j]:
            raise Refuted(
                f"norms {show(small[i])} vary more than {show(small[j])}; "
                f"increase^{n}: {increases[i]} <= {increases[j]}"
            )


def _root(stated: Increase, m: Any, variation: Any) -> Any:
    s = any_number()
    known = dict(zip(sp.symbols("m v", positive=True), (m, variation * m**2), strict=True))
    return sp.cancel(sp.expand_power_base(stated(s) ** (1 / s.n)).subs(known, simultaneous=True))


# "orthogonal matrices have the maximum isometry"

orthogonal = Claim(
    label="isometry:sec-4-orthogonal",
    where="section 4.1, after Corollary 3",
    says=r"Q^\top Q = I_n \implies I(Q^\top Q) = 1 = \max I",
    value=lambda n: sp.Integer(1),
    mutants={
        "trace not divided by n": lambda n: 1 / sp.sympify(n),
        "trace divided by n twice": lambda n: sp.sympify(n),
        "Frobenius norm in place of the mean": lambda n: 1 / sp.sqrt(n),
    },
    uses=("isometry:lem-a1-range:corrected",),
)


@orthogonal.check(Level.PROVED)
def isometry_of_the_identity(stated: Callable[[Any], Any]) -> Evidence:
    """I(I_n) for a symbolic n, and AM-GM for all other Gram matrices."""
    identity = sp.Identity(_N)
    derived = sp.det(identity) ** (1 / _N) / (sp.trace(identity) / _N)
    means = by_the_tangent_of_the_logarithm(am_gm.value)
    found = equal(derived, stated(_N), domain="I_n")
    return together(found, means, domain="all n and all orthogonal Q")


@orthogonal.check(Level.SEARCHED)
def rational_rotations(stated: Callable[[Any], Any], *, seed: int) -> Evidence:
    """Gram matrices of products of rational reflections."""

    def holds(Q: Matrix) -> bool:
        return bool(sp.Rational(isometry_power(gram(Q))) == stated(len(Q)) ** len(Q))

    cases = st.integers(1, 5).flatmap(orthogonal_matrices)
    return search(holds, cases, domain="exact rotations, n = 1..5", examples=60, seed=seed)


# "isometry does not decrease under ... normalization"

Layer = Callable[[Entries], tuple[Any, Any]]  # what is subtracted, square of what divides

layer = Claim(
    label="isometry:sec-4-2-monotone",
    where="section 4.2, with Corollary 2",
    says=r"I(G(\mathrm{LN}(x_1), \dots, \mathrm{LN}(x_n))) \geq I(G(x_1, \dots, x_n))",
    value=lambda x: (0, x.mean_square),
    mutants={
        "with centering": lambda x: (x.mean, x.mean_square - x.mean**2),
        "standard deviation without centering": lambda x: (0, x.mean_square - x.mean**2),
        "root forgotten": lambda x: (0, x.mean_square**2),
    },
    uses=("isometry:thm-1", "isometry:table-1-ln"),
)


@layer.check(Level.PROVED)
def theorem_1_for_layer_norm(stated: Layer) -> Evidence:
    """LN(x) = sqrt(d) x / |x| gives the Gram matrix d G~, and the factor of (4) is >= 1."""
    for X in (exactly(rows) for rows in ([[1, 0], [0, 1]], [[5, 0], [3, 4]], _AXES)):
        before, after = isometry_power(gram(X)), _after(stated, X)
        if after is None or after < before:
            raise Refuted(f"X = {show(X)}: I(G)^{len(X)} falls from {before} to {after}")
    shift, square = stated(ANY)
    found = [equal(shift, 0, domain="direction"), equal(ANY.mean_square / square, 1, domain="norm")]
    s = any_number()
    m, v = sp.symbols("m v", positive=True)
    found.append(nonnegative(sp.cancel(line_9(s) - 1), [m, v], domain="factor"))
    return together(*found, below_quotient(line_9), domain="all n, d and all x_i != 0")


_AXES = ([1, 0, 0], [0, 2, 0], [0, 0, 2])


def _after(stated: Layer, X: Matrix) -> Fraction | None:
    """I^n of the Gram matrix of the normalized rows; None if one is divided by 0."""
    rows, squares = [], []
    for x in X:
        shift, square = stated(Entries(len(x), (Fraction(1), mean(x), mean([t**2 for t in x]))))
        rows.append(tuple(t - shift for t in x))
        squares.append(square)
    return None if 0 in squares else divided_power(rows, squares)


@layer.check(Level.SEARCHED)
def exact_samples(stated: Layer, *, seed: int) -> Evidence:
    """Determinants and traces before and after."""

    def sides(X: Matrix) -> tuple[Fraction, Fraction | None]:
        assume(all(map(any, X)))
        after = _after(stated, X)
        assume(after is not None)
        return isometry_power(gram(X)), after

    covered = "exact samples x_i != 0, n, d = 1..4"
    return bounded(sides, matrices(), domain=covered, examples=150, seed=seed)


claims = (variation, variation_corrected, orthogonal, layer)
