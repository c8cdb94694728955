"""The proof of Theorem 1 up to (5): G = D G~ D, its determinant, and when (5) is a quotient."""

from __future__ import annotations

from collections.abc import Callable
from itertools import combinations
from typing import Any

import sympy as sp
from hypothesis import strategies as st

from verify import Claim, Evidence, Level, Refuted, Undecided, equal, search, together
from verify.claims.isometry._domains import unconditional
from verify.claims.isometry._gram import rational
from verify.claims.isometry._matrices import heights, isometry_power, matrices
from verify.exact import Matrix, Vector, gram
from verify.strategies import exact_correlation_matrices, norms

_N, _D = sp.symbols("n d", integer=True, positive=True)
_ALL = "all n, d and all x_i != 0"

Product = Callable[[Any, Any], Any]

factor = Claim(
    label="isometry:eq-5-factor",
    where="Theorem 1, proof, before (5)",
    says=r"G = D \tilde G D, \quad D = \mathrm{diag}(a_1, \dots, a_n)",
    value=lambda D, after: D * after * D,
    mutants={
        "on one side only": lambda D, after: D * after,
        "squared on one side": lambda D, after: D**2 * after,
        "inverse": lambda D, after: D.inv() * after * D.inv(),
    },
)


@factor.check(Level.PROVED)
def by_scaling_the_columns(stated: Product) -> Evidence:
    """X = X~ D with the samples as columns, and D^T = D; two samples first, where it may fail."""
    unit, D = sp.Matrix([[1, sp.Rational(3, 5)], [0, sp.Rational(4, 5)]]), sp.diag(1, 2)
    G = (unit * D).T * (unit * D)
    if stated(D, unit.T * unit) != G:
        raise Refuted(f"x_1 = (1, 0), x_2 = (6/5, 8/5): G = {G.tolist()}")
    X = sp.MatrixSymbol("X", _D, _N)
    D = sp.MatrixSymbol("D", _N, _N)
    G = ((X * D).T * (X * D)).doit().subs(D.T, D).doit()
    if stated(D, X.T * X).doit() != G:
        raise Undecided(f"{G} is not seen to be {stated(D, X.T * X)}")
    return Evidence(Level.PROVED, _ALL)


determinant = Claim(
    label="isometry:eq-5-det",
    where="Theorem 1, proof, before (5)",
    says=r"\det(G) = \det(\tilde G) \det(D)^2",
    value=lambda of_d, of_after: of_after * of_d**2,
    mutants={
        "not squared": lambda of_d, of_after: of_after * of_d,
        "inverse": lambda of_d, of_after: of_after / of_d**2,
        "determinant of G~ squared too": lambda of_d, of_after: (of_after * of_d) ** 2,
    },
    uses=("isometry:eq-5-factor",),
)


@determinant.check(Level.PROVED)
def by_multiplicativity(stated: Product) -> Evidence:
    """det(AB) = det(A) det(B), for matrices of symbolic size."""
    D, after = (sp.MatrixSymbol(name, _N, _N) for name in ("D", "G"))
    of_d, of_after = sp.symbols("delta Delta", positive=True)
    derived = sp.Determinant(D * after * D).doit()
    derived = derived.subs({sp.Determinant(D): of_d, sp.Determinant(after): of_after})
    return equal(derived, stated(of_d, of_after), domain=f"{_ALL}; polynomial, so det G = 0 too")


@determinant.check(Level.SEARCHED)
def rational_determinants(stated: Product, *, seed: int) -> Evidence:
    """By elimination before and after; det(D) is the product of the norms."""

    def holds(case: tuple[Matrix, Vector]) -> bool:
        s = rational(*case)
        before, after = s.determinants
        return bool(before == stated(s.product, after))

    cases = exact_correlation_matrices().flatmap(lambda C: st.tuples(st.just(C), norms(len(C))))
    covered = "exact, n = 2..5, all families of correlations, norms of all sizes"
    return search(holds, cases, domain=covered, examples=100, seed=seed)


trace_after = Claim(
    label="isometry:eq-5-trace",
    where="Theorem 1, proof, before (5)",
    says=r"\tilde G_{ii} = 1, \quad \tfrac1n \mathrm{tr}(\tilde G) = 1",
    value=(sp.Integer(1), lambda n: sp.Integer(1)),
    mutants={
        "trace not divided by n": (sp.Integer(1), lambda n: n),
        "divided twice": (sp.Integer(1), lambda n: 1 / n),
        "norms sqrt(n)": (_N, lambda n: n),
    },
)


@trace_after.check(Level.PROVED)
def of_unit_vectors(stated: tuple[Any, Callable[[Any], Any]]) -> Evidence:
    """<x / |x|, x / |x|> = |x|^2 / |x|^2, and a sum of n ones."""
    entry, mean = stated
    a, i = sp.Symbol("a", positive=True), sp.Symbol("i", integer=True)
    derived = a**2 / (a * a)
    total = sp.Sum(derived, (i, 1, _N)).doit() / _N
    found = equal(derived, entry, domain="entry"), equal(total, mean(_N), domain="trace")
    return together(*found, domain=_ALL)


# (5) divides by I(G)


def _parallel(x: Vector, y: Vector) -> bool:
    return 0 in heights((x, y))


def _two_heights(X: Matrix) -> bool:
    return not any(_parallel(x, y) for x, y in combinations(X, 2))


condition = unconditional(
    "isometry:eq-5-condition",
    where="Theorem 1, proof, (5)",
    says=r"I(\tilde G) / I(G) \text{ is defined for all } x_i \in \mathbb R^d \setminus \{0\}",
    mended=r"I(\tilde G) / I(G) \text{ is defined} \iff x_1, \dots, x_n "
    r"\text{ are linearly independent}",
    why="dependent samples, n > d for one, make (5) to (9) 0/0; (4) itself is then 0 >= 0.",
    condition=lambda X: all(heights(X)),
    defined=lambda X: isometry_power(gram(X)) != 0,
    mutants={
        "no two samples equal": lambda X: len(set(X)) == len(X),
        "no two samples parallel": _two_heights,
        "n <= d": lambda X: len(X) <= len(X[0]),
    },
    cases=matrices().filter(lambda X: all(map(any, X))),
    domain="exact samples x_i != 0, n, d = 1..4",
)

claims = (factor, determinant, trace_after, *condition)
