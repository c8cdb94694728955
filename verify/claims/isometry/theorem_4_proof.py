"""The proof of Theorem 4, equations (27) to (32): the gap below the potential."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from itertools import islice
from typing import Any

import sympy as sp
from hypothesis import assume
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from verify import Claim, Evidence, Level, Verdict, bounded, equal, nonnegative, search, together
from verify.claims.isometry._late_layers import gap_below, late_examples
from verify.claims.isometry._mean_field import (
    apart,
    ball,
    by_monotony,
    orbit,
    pair,
    potential,
    refute_above,
)
from verify.claims.isometry.lemma_a4 import below_by_gershgorin
from verify.exact import Matrix, Vector, det, largest_correlation
from verify.strategies import (
    dominant_correlation_matrices,
    exact_spectra,
)

Function = Callable[..., Any]

_K, _S = sp.symbols("k s", positive=True)
_N, _GAMMA = sp.symbols("n gamma", positive=True)
_SMALL = {_N: _K + 2, _GAMMA: 1 / (2 * (_K + 1) * (1 + _S))}  # n >= 2, gamma <= 1/(2n - 2)
_DOMAIN = "all n >= 2, all gamma < 1/(2n - 2)"
_POINTS = [
    {_N: sp.Integer(n), _GAMMA: share / (2 * n - 2)}
    for n in (2, 3, 10, 1000)
    for share in (sp.Rational(1, 100), sp.Rational(1, 2), sp.Rational(999, 1000))
]


def _orbits() -> SearchStrategy[tuple[Vector, Matrix, int]]:
    """Few layers that stay exact, from matrices with (n - 1) max |G_ij| <= 1."""
    matrices = dominant_correlation_matrices(largest=5)
    return st.tuples(exact_spectra(orders=4), matrices, st.integers(0, 2))


def _at(p: Vector, G: Matrix, ell: int) -> Matrix:
    return next(islice(orbit(p, G), ell, None))


# (27)

eq_27 = Claim(
    label="isometry:eq-27",
    where="Theorem 4, proof, (27)",
    says=r"(n-1) \max_{i \neq j} |G_{ij*}^\ell| \leq 1 \implies "
    r"\det(G_*^\ell) \geq \left(1 - (n-1) \max_{i \neq j} |G_{ij*}^\ell|\right)^n",
    value=lambda n, m: (1 - (n - 1) * m) ** n,
    mutants={
        "n - 2 in place of n - 1": lambda n, m: (1 - (n - 2) * m) ** n,
        "half of the maximum": lambda n, m: (1 - (n - 1) * m / 2) ** n,
        "plus": lambda n, m: (1 + (n - 1) * m) ** n,
    },
    uses=("isometry:lem-a4-lower", "isometry:eq-10"),
)


@eq_27.check(Level.PROVED)
def by_lemma_a4(stated: Function) -> Evidence:
    """Every G^l is a correlation matrix."""
    return below_by_gershgorin(stated)


@eq_27.check(Level.SEARCHED)
def rational_orbits(stated: Function, *, seed: int) -> Evidence:
    """Determinants of layers 0 to 2 in rational arithmetic."""

    def both(case: tuple[Vector, Matrix, int]) -> tuple[Fraction, Fraction]:
        G = _at(*case)
        return stated(len(G), largest_correlation(G)), det(G)

    domain = "exact, layers 0 to 2, up to 4 orders, n = 2..5"
    return bounded(both, _orbits(), domain=domain, examples=100, seed=seed)


# (28)


def _base(n: Any, gamma: Any) -> Any:
    return 1 - (n - 1) * (gamma / (1 + gamma))


eq_28_corrected = Claim(
    label="isometry:eq-28:corrected",
    where="Theorem 4, proof, (28)",
    says=r"\det(G_*^\ell) \geq \left(1 - (n-1) \frac{\gamma(G_*^\ell)}{1 + \gamma(G_*^\ell)}"
    r"\right)^n",
    value=lambda determinant, bound: determinant >= bound,
    mutants={
        "as printed: equality": lambda determinant, bound: determinant == bound,
        "<=": lambda determinant, bound: determinant <= bound,
        ">": lambda determinant, bound: determinant > bound,
    },
    uses=("isometry:eq-27", "isometry:eq-26"),
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


@eq_28.check(Level.SEARCHED)
@eq_28_corrected.check(Level.SEARCHED)
def rational_orbits_with_their_potential(
    stated: Callable[[Fraction, Fraction], bool], *, seed: int
) -> Evidence:
    """Determinants and potentials in rational arithmetic, where Lemma A.4 applies."""

    def holds(case: tuple[Vector, Matrix, int]) -> bool:
        G = _at(*case)
        assume(apart(G))
        return bool(stated(det(G), _base(len(G), potential(G)) ** len(G)))

    two = st.sampled_from([pair(Fraction(1, 2)), pair(Fraction(0))])
    pairs = st.tuples(st.just((Fraction(1),)), two, st.just(0))
    domain = "exact, layers 0 to 2, (n - 1) max |G_ij| <= 1, n = 2..5"
    cases = st.one_of(pairs, _orbits())
    return search(holds, cases, domain=domain, examples=100, seed=seed)


# (29) to (32), with the condition beside (31)

eq_29 = Claim(
    label="isometry:eq-29",
    where="Theorem 4, proof, (29), with the condition beside (31)",
    says=r"\gamma < \frac{1}{2n-2} \implies \left(1 - (n-1) \frac{\gamma}{1 + \gamma}\right)^n "
    r"\geq \left(1 - (n-1) \gamma\right)^n",
    value=lambda n, gamma: 1 - (n - 1) * gamma,
    mutants={
        "half of gamma": lambda n, gamma: 1 - (n - 1) * gamma / 2,
        "n - 2 in place of n - 1": lambda n, gamma: 1 - (n - 2) * gamma,
        "gamma squared": lambda n, gamma: 1 - (n - 1) * gamma**2,
    },
    uses=("isometry:eq-28:corrected",),
)


@eq_29.check(Level.PROVED)
def by_comparing_the_bases(stated: Function) -> Evidence:
    """0 <= stated base <= base of (28), and x^n rises for x >= 0."""
    refute_above(stated(_N, _GAMMA) ** _N, _base(_N, _GAMMA) ** _N, _POINTS)
    base, above = (side(_N, _GAMMA).subs(_SMALL) for side in (stated, _base))
    found = [
        nonnegative(side, [_K, _S], domain=_DOMAIN, refutable=False)
        for side in (base, above - base)
    ]
    return together(*found)


eq_30 = Claim(
    label="isometry:eq-30",
    where="Theorem 4, proof, (30)",
    says=r"\det(G_*^\ell) \geq (1 - (n-1) \gamma)^n \implies "
    r"-\frac1n \log \det(G_*^\ell) \leq -\log(1 - (n-1) \gamma)",
    value=lambda base, n: -sp.log(base),
    mutants={
        "plus": lambda base, n: sp.log(base),
        "n-th part": lambda base, n: -sp.log(base) / n,
        "first order": lambda base, n: 1 - base,
    },
    uses=("isometry:eq-29",),
)


@eq_30.check(Level.PROVED)
def by_taking_logarithms(stated: Function) -> Evidence:
    """Equality at det = base^n; the left side falls as the determinant grows."""
    x = sp.Symbol("x", positive=True)
    base = 1 / (1 + x)
    domain = "all n >= 2, all 0 < base < 1"
    points = [{x: sp.Integer(v), _N: sp.Integer(n)} for v in (1, 9) for n in (2, 5)]
    worst = -sp.expand_log(sp.log(base**_N), force=True) / _N
    refute_above(worst, stated(base, _N), points)
    return together(
        equal(worst, sp.expand_log(stated(base, _N), force=True), domain=domain),
        nonnegative(sp.diff(sp.log(x), x), [x], domain=domain, strict=True),
    )


eq_31 = Claim(
    label="isometry:eq-31",
    where="Theorem 4, proof, (31)",
    says=r"\gamma < \frac{1}{2n-2} \implies -\log(1 - (n-1) \gamma) \leq 2 n \gamma",
    value=lambda n, gamma: 2 * n * gamma,
    mutants={
        "no factor 2": lambda n, gamma: n * gamma,
        "gamma squared": lambda n, gamma: 2 * n * gamma**2,
        "no factor n": lambda n, gamma: 2 * gamma,
    },
    uses=("isometry:eq-30",),
)


@eq_31.check(Level.PROVED)
def by_comparing_the_slopes(stated: Function) -> Evidence:
    """Both sides are 0 at gamma = 0, and the right one is steeper up to 1/(2n - 2)."""
    left = -sp.log(1 - (_N - 1) * _GAMMA)
    refute_above(left, stated(_N, _GAMMA), _POINTS)
    return by_monotony(stated(_N, _GAMMA) - left, _GAMMA, _SMALL, [_K, _S], _DOMAIN)


eq_32 = Claim(
    label="isometry:eq-32",
    where="Theorem 4, proof, (32)",
    says=r"\gamma(G_*^\ell) < \frac{1}{2n-2} \implies "
    r"-\log I(G_*^\ell) \leq 2 n \gamma(G_0) \beta_\sigma^{-\ell}",
    value=lambda n, gamma, contraction: 2 * n * gamma * contraction,
    mutants={
        "three times the rate": lambda n, gamma, contraction: 2 * n * gamma * contraction**3,
        "no potential of the input": lambda n, gamma, contraction: 2 * n * contraction,
        "divided by the potential": lambda n, gamma, contraction: 2 * n / gamma * contraction,
    },
    uses=("isometry:eq-31", "isometry:cor-a3"),
)


@eq_32.check(Level.PROVED)
def by_corollary_a3(stated: Function) -> Evidence:
    """Examples first; then (31) with gamma(G^l) <= gamma(G_0) beta^-l."""
    late_examples(lambda n, G, b: stated(n, ball(potential(G)), b))
    b = sp.Symbol("b", positive=True)
    later = _GAMMA * b / (1 + _S)
    difference = stated(_N, _GAMMA, b) - eq_31.value(_N, later)
    variables = [_N, _GAMMA, b, _S]
    domain = "all n >= 2, all spectra, all layers with gamma(G^l) < 1/(2n - 2)"
    return nonnegative(difference, variables, domain=domain, refutable=False)


@eq_32.check(Level.SEARCHED)
def gaps_below_the_potential(stated: Function, *, seed: int) -> Evidence:
    """Gaps and potentials in balls."""
    return gap_below(lambda n, G, b: stated(n, ball(potential(G)), b), seed)


claims = (eq_27, eq_28, eq_28_corrected, eq_29, eq_30, eq_31, eq_32)
