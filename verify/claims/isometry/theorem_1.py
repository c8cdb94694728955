"""Theorem 1: normalization raises isometry by at least 1 + variance / mean^2 of the norms."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import sympy as sp
from hypothesis import assume
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

import hermiso
from verify import (
    Claim,
    Evidence,
    Level,
    Refuted,
    Undecided,
    Verdict,
    bounded,
    nonnegative,
    search,
    together,
)
from verify.claims.isometry._gram import Samples, any_number, isometry_powers, rational
from verify.claims.isometry._matrices import exactly
from verify.claims.isometry.theorem_1_proof import below_quotient, line_9
from verify.exact import Matrix, Vector, scaled
from verify.searching import show
from verify.strategies import exact_correlation_matrices, norms, sample_matrices

if TYPE_CHECKING:
    from verify.strategies import Array

Factor = Callable[[Samples], Any]
Condition = Callable[[Samples], bool]

_PROOF = tuple(f"isometry:eq-{line}" for line in (5, 6, 7, 8, 9))


def rational_samples() -> SearchStrategy[tuple[Matrix, Vector]]:
    """Correlation matrix and norms of 2 to 5 samples."""
    return exact_correlation_matrices().flatmap(lambda C: st.tuples(st.just(C), norms(len(C))))


theorem = Claim(
    label="isometry:thm-1",
    where="Theorem 1, (4)",
    says=r"I(\tilde G) \geq I(G) \left(1 + \frac{\frac1n\sum_i (a_i - \bar a)^2}{\bar a^2}\right)",
    value=line_9,
    mutants={
        "three times the variance": lambda s: 1 + 3 * s.variance / s.mean**2,
        "sum in place of the mean of squares": lambda s: 1 + s.n * s.variance / s.mean**2,
        "mean not squared": lambda s: 1 + s.variance / s.mean,
        "variance not divided by the mean": lambda s: 1 + s.variance,
    },
    uses=_PROOF,
)


@theorem.check(Level.PROVED)
def by_the_quotient_of_isometries(stated: Factor) -> Evidence:
    """I(G~) / I(G) = mean(a^2) / prod(a)^(2/n) by (5) and (6); a degenerate G gives 0 >= 0."""
    return below_quotient(stated)


@theorem.check(Level.SEARCHED)
def rational_gram_matrices(stated: Factor, *, seed: int) -> Evidence:
    """N-th powers of both sides in rational arithmetic."""

    def sides(case: tuple[Matrix, Vector]) -> tuple[Fraction, Fraction]:
        s = rational(*case)
        before, after = isometry_powers(s)
        return before * stated(s) ** s.n, after

    domain = "exact n-th powers, n = 2..5, all families of correlations, norms of all sizes"
    return bounded(sides, rational_samples(), domain=domain, examples=150, seed=seed)


@theorem.check(Level.SEARCHED)
def float_samples(stated: Factor, *, seed: int) -> Evidence:
    """Normalize vectors and ask the library for the isometries."""

    def sides(X: Array) -> tuple[float, float]:
        import numpy as np

        a = np.linalg.norm(X, axis=1)
        s = Samples(len(a), lambda f: float(np.mean(f(a))), None, (None, None), (None, None))
        before, after = (hermiso.isometry(Y @ Y.T) for Y in (X, X / a[:, None]))
        assume(after > 0)
        return float(before) * stated(s), float(after)

    domain = "hermiso.isometry of n = 2..32 random samples, resolution 1e-8"
    strategy = sample_matrices(smallest=2, largest=32)
    return bounded(sides, strategy, domain=domain, resolution=1e-8, examples=60, seed=seed)


# "as long as there is some variation in the sample norms ... strictly higher isometry"


def _norms_vary(s: Samples) -> bool:
    return bool(s.variance > 0)


def _norms_vary_and_independent(s: Samples) -> bool:
    return _norms_vary(s) and s.determinants[1] > 0


strict_corrected = Claim(
    label="isometry:thm-1-strict:corrected",
    where="section 4, after (9)",
    says=r"\det G > 0 \text{ and the } \|x_i\| \text{ not all equal} \implies I(\tilde G) > I(G)",
    value=_norms_vary_and_independent,
    mutants={
        "as printed": _norms_vary,
        "linear independence alone": lambda s: s.determinants[1] > 0,
        "at least three samples": lambda s: s.n >= 3,
    },
    uses=("isometry:thm-1",),
)
strict = Claim(
    label="isometry:thm-1-strict",
    where="section 4, after (9)",
    says=r"\text{the } \|x_i\| \text{ not all equal} \implies I(\tilde G) > I(G)",
    value=_norms_vary,
    mutants={
        "no condition": lambda s: True,
        "two samples": lambda s: s.n == 2,
        "linear independence alone": lambda s: s.determinants[1] > 0,
    },
    correction=strict_corrected,
    why="linearly dependent samples have isometry 0 before and after, whatever their norms.",
    expected=Verdict.REFUTED,
)


@strict.check(Level.PROVED)
@strict_corrected.check(Level.PROVED)
def by_the_factor_above_one(stated: Condition) -> Evidence:
    """Small samples first, then those of any number by class: dependent or not, varying or not.

    The condition must exclude all but one class, and there the factor of (4) is above 1.
    """
    small: tuple[Any, ...] = (
        (((1, 1), (1, 1)), (1, 2)),
        (((1, 0), (0, 1)), (1, 1)),
        (_AXES, (1, 1, 1)),
    )
    for rows, sizes in small:
        C, a = exactly(rows), tuple(map(Fraction, sizes))
        s = rational(C, a)
        before, after = isometry_powers(s)
        if stated(s) and not before < after:
            raise Refuted(f"fails for G = {show(scaled(C, a))}: I(G) = I(G~)")
    for s in _weak_classes():
        if stated(s):
            raise Undecided(f"the condition admits norms of variance {s.variance}")
    s = any_number()
    m, v = sp.symbols("m v", positive=True)
    above = nonnegative(sp.cancel(line_9(s) - 1), [m, v], domain="factor", strict=True)
    return together(above, below_quotient(line_9), domain="all n and all x_i of the condition")


_AXES = ((1, 0, 0), (0, 1, 0), (0, 0, 1))


def _weak_classes() -> list[Samples]:
    """Samples of any number that are dependent or have equal norms."""
    s = any_number()
    dependent = replace(s, determinants=(0, 0))
    return [dependent, _with_equal_norms(s), _with_equal_norms(dependent)]


def _with_equal_norms(s: Samples) -> Samples:
    v = sp.Symbol("v", positive=True)
    return replace(s, average=lambda f: s.average(f).subs(v, 0))


@strict.check(Level.SEARCHED)
@strict_corrected.check(Level.SEARCHED)
def rational_gram_matrices_strictly(stated: Condition, *, seed: int) -> Evidence:
    """N-th powers of both sides in rational arithmetic, equality excluded."""

    def holds(case: tuple[Matrix, Vector]) -> bool:
        s = rational(*case)
        assume(stated(s))
        before, after = isometry_powers(s)
        return bool(before < after)

    domain = "correlations and norms, exact n-th powers, n = 2..5, all families"
    return search(holds, rational_samples(), domain=domain, examples=80, seed=seed)


claims = (theorem, strict, strict_corrected)
