"""Corollary 3: Theorem 1 for batch normalization and the covariance of the features."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from math import prod
from typing import Any

import sympy as sp
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from verify import Claim, Evidence, Level, Refuted, Verdict, bounded, equal, together
from verify.claims.isometry._domains import unconditional
from verify.claims.isometry._gram import Samples, any_number, isometry_powers, symbolic
from verify.claims.isometry._matrices import inner, matrices, transposed
from verify.claims.isometry.theorem_1_proof import below_quotient
from verify.exact import Matrix, Vector, det, gram, mean, trace
from verify.searching import show
from verify.strategies import norms, on_sphere

Statement = Callable[[Samples, Any], tuple[Any, Any]]  # rows of X, n -> I(C~)^d, the factor

_N = sp.Symbol("n", integer=True, positive=True)
_SAYS = (
    r"I(\tilde C) \geq I(C) \left(1 + \frac{\frac1d\sum_i^d (a_i - \bar a)^2}{\bar a^2}\right), "
    r"\quad C = XX^\top"
)


def _factor(s: Samples, centre: Any, weight: int = 1) -> Any:
    return 1 + weight * s.average(lambda a: (a - centre) ** 2) / centre**2


def _corrected(s: Samples, n: Any) -> tuple[Any, Any]:
    return isometry_powers(s)[1], _factor(s, s.mean)


def _same_covariance(s: Samples, n: Any) -> tuple[Any, Any]:
    return isometry_powers(s)[0], _factor(s, s.mean)


def _sum_over_n(s: Samples, n: Any) -> tuple[Any, Any]:
    return isometry_powers(s)[1], _factor(s, s.n * s.mean / n)


def _both_slips(s: Samples, n: Any) -> tuple[Any, Any]:
    return isometry_powers(s)[0], _factor(s, s.n * s.mean / n)


_MUTANTS = {
    "three times the variance": lambda s, n: (isometry_powers(s)[1], _factor(s, s.mean, 3)),
    "mean not squared": lambda s, n: (
        isometry_powers(s)[1],
        1 + s.average(lambda a: (a - s.mean) ** 2) / s.mean,
    ),
    "centred at twice the mean": lambda s, n: (isometry_powers(s)[1], _factor(s, 2 * s.mean)),
}


def _erratum(
    label: str, printed: Statement, place: str, says: str, mended: str, why: str
) -> tuple[Claim, Claim]:
    where = f"Corollary 3{place}"
    corrected = Claim(
        label=f"{label}:corrected",
        where=where,
        says=rf"{_SAYS}, \quad {mended}",
        value=_corrected,
        mutants={"as printed": printed, **_MUTANTS},
        uses=("isometry:thm-1", "isometry:table-1-bn:corrected", "isometry:cor-3-rows:corrected"),
    )
    claim = Claim(
        label=label,
        where=where,
        says=rf"{_SAYS}, \quad {says}",
        value=printed,
        mutants=_MUTANTS,
        correction=corrected,
        why=why,
        expected=Verdict.REFUTED,
    )
    for entry in (claim, corrected):
        entry.check(Level.PROVED)(theorem_1_for_the_rows)
        entry.check(Level.SEARCHED)(exact_batches)
    return claim, corrected


# Batches X = diag(a) U with rational unit rows U, so that the norms a are rational


def _batch(U: Sequence[Vector], a: Sequence[Fraction]) -> tuple[Matrix, Samples]:
    X = tuple(tuple(norm * u for u in row) for norm, row in zip(a, U, strict=True))
    squares = [inner(row, row) / len(row) for row in X]  # BN(X)_ij = X_ij / sqrt(square_i)
    C = gram(X)
    after = sum((C[i][i] / square for i, square in enumerate(squares)), Fraction(0))
    samples = Samples(
        len(a),
        lambda f: mean([f(norm) for norm in a]),
        prod(a),
        (trace(C), after),
        (det(C), det(C) / prod(squares)),
    )
    return X, samples


def _sides(stated: Statement, X: Matrix, s: Samples) -> tuple[Fraction, Fraction]:
    after, factor = stated(s, Fraction(len(X[0])))
    return isometry_powers(s)[0] * factor**s.n, after


_FIRST = (
    (((1, 0),), (1,)),
    (((1, 0), (0, 1)), (1, 2)),
    (((1, 0), (0, 1)), (2, 4)),
    (((1, 0, 0), (0, 1, 0)), (1, 3)),
)


def theorem_1_for_the_rows(stated: Statement) -> Evidence:
    """BN gives each row the norm sqrt(n), so C~ = n G~ for the rows as samples.

    Small batches first, where it may fail; then any number of rows.
    """
    for U, a in _FIRST:
        X, s = _batch([tuple(map(Fraction, u)) for u in U], tuple(map(Fraction, a)))
        smaller, larger = _sides(stated, X, s)
        if smaller > larger:
            raise Refuted(f"X = {show(X)}: (I(C) factor)^d = {smaller} > I(C~)^d = {larger}")
    found = []
    for d in (2, 3):
        rows, correlation = isometry_powers(symbolic(d, (sp.sqrt(_N),) * d))
        found.append(equal(rows, correlation, domain="I(n G~) = I(G~)"))
    for s in (symbolic(2), symbolic(3), any_number()):
        found.append(equal(isometry_powers(s)[1], stated(s, _N)[0], domain="C~"))
    bound = below_quotient(lambda s: stated(s, _N)[1])
    return together(*found, bound, domain="all n, d and all X without a zero row, by Theorem 1")


def exact_batches(stated: Statement, *, seed: int) -> Evidence:
    """Batches with rational norms, d-th powers of both sides."""

    def sides(case: tuple[list[Vector], Vector]) -> tuple[Fraction, Fraction]:
        return _sides(stated, *_batch(*case))

    covered = "exact d-th powers, d, n = 1..4, d > n too, norms of all sizes"
    return bounded(sides, _batches(), domain=covered, examples=120, seed=seed)


def _batches() -> SearchStrategy[tuple[list[Vector], Vector]]:
    def build(shape: tuple[int, int]) -> SearchStrategy[tuple[list[Vector], Vector]]:
        d, n = shape
        point = st.lists(st.integers(-4, 4), min_size=n - 1, max_size=n - 1).map(on_sphere)
        small = st.lists(st.integers(1, 4).map(Fraction), min_size=d, max_size=d).map(tuple)
        return st.tuples(st.lists(point, min_size=d, max_size=d), st.one_of(small, norms(d)))

    return st.tuples(st.integers(1, 4), st.integers(1, 4)).flatmap(build)


printed = _erratum(
    "isometry:cor-3",
    _both_slips,
    "",
    r"\tilde C = XX^\top, \quad \bar a = \frac1n\sum_{i=1}^d a_i",
    r"\tilde C = \tilde X \tilde X^\top, \quad \bar a = \frac1d\sum_{i=1}^d a_i",
    "two slips: C~ is defined by X in place of X~ (isometry:cor-3-covariance), and the mean of d "
    "norms is divided by n (isometry:cor-3-mean).",
)
covariance = _erratum(
    "isometry:cor-3-covariance",
    _same_covariance,
    ", the definition of the covariance after normalization",
    r"\tilde C = XX^\top, \quad \bar a = \frac1d\sum_{i=1}^d a_i",
    r"\tilde C = \tilde X \tilde X^\top, \quad \bar a = \frac1d\sum_{i=1}^d a_i",
    "with C~ = XX^T the two sides hold the same matrix C; X~ = BN(X) is defined there for no other "
    "use, so that two tildes may have been lost in the copy that was read, not in print.",
)
centre = _erratum(
    "isometry:cor-3-mean",
    _sum_over_n,
    ", the definition of the mean norm",
    r"\tilde C = \tilde X \tilde X^\top, \quad \bar a = \frac1n\sum_{i=1}^d a_i",
    r"\tilde C = \tilde X \tilde X^\top, \quad \bar a = \frac1d\sum_{i=1}^d a_i",
    "a mean of d norms is divided by d, not by n.",
)
rows = unconditional(
    "isometry:cor-3-rows",
    where="Corollary 3, its hypothesis",
    says=r"I(\tilde C), \ \tilde C = \mathrm{BN}(X) \mathrm{BN}(X)^\top, "
    r"\text{ is defined for every } X \in \mathbb R^{d \times n}",
    mended=r"I(\tilde C) \text{ is defined} \iff X_{i\cdot} \neq 0 \text{ for all } i",
    why="BN divides a zero row by 0; Corollary 2 excludes x_i = 0, Corollary 3 does not.",
    condition=lambda X: all(map(any, X)),
    defined=lambda X: all(inner(row, row) != 0 for row in X),
    mutants={
        "X nonzero": lambda X: any(map(any, X)),
        "no zero column": lambda X: all(map(any, transposed(X))),
        "linearly independent rows": lambda X: det(gram(X)) != 0,
    },
    cases=matrices(),
    domain="exact matrices up to 4 x 4",
    uses=("isometry:sec-3-bn-domain:corrected",),
)

claims = (*printed, *covariance, *centre, *rows)
