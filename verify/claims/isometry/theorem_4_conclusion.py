"""The end of the proof of Theorem 4: from the potential of the input to its determinant."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import sympy as sp
from hypothesis import assume

from verify import Claim, Evidence, Level, bounded, equal, nonnegative, together
from verify.claims.isometry._late_layers import gap_below, late_examples
from verify.claims.isometry._mean_field import (
    apart,
    minus_log_det,
    potential,
    refute_above,
)
from verify.claims.isometry.theorem_4 import exponent
from verify.exact import Matrix, det, largest_correlation
from verify.strategies import exact_correlation_matrices

Function = Callable[..., Any]

_T = sp.Symbol("t", positive=True)
_S = sp.Symbol("s", positive=True)
_ANY = "exact, n = 2..6, all families"

# "max |G_ij| <= sqrt(1 - det G) <= 1 - det(G) / 2, implying gamma(G_0) <= 2 / det(G_0)"

root = Claim(
    label="isometry:proof-thm-4-root",
    where="Theorem 4, proof, after (32)",
    says=r"\max_{i \neq j} |G_{ij}| \leq \sqrt{1 - \det G}",
    value=lambda D: 1 - D,
    mutants={
        "2 det": lambda D: 1 - 2 * D,
        "no root": lambda D: (1 - D) ** 2,
        "det squared added": lambda D: 1 - D - D**2,
    },
    uses=("isometry:lem-a4-upper",),
)


@root.check(Level.PROVED)
def by_lemma_a4(stated: Function) -> Evidence:
    """Square both sides: m = max |G_ij| and 0 <= det G <= 1 - m^2.

    Every such pair belongs to a matrix: two samples, and a simplex of further ones, shrunk.
    """
    m = 1 / (1 + _T)
    D = (1 - m**2) / (1 + _S)
    return nonnegative(stated(D) - m**2, [_T, _S], domain="all correlation matrices, any n")


@root.check(Level.SEARCHED)
def rational_maxima(stated: Function, *, seed: int) -> Evidence:
    """Both squares in rational arithmetic."""

    def both(G: Matrix) -> tuple[Fraction, Fraction]:
        return largest_correlation(G) ** 2, Fraction(stated(det(G)))

    matrices = exact_correlation_matrices(largest=6)
    return bounded(both, matrices, domain=_ANY, examples=100, seed=seed)


half = Claim(
    label="isometry:proof-thm-4-half",
    where="Theorem 4, proof, after (32)",
    says=r"\sqrt{1 - \det G} \leq 1 - \frac{\det G}{2}",
    value=lambda D: 1 - D / 2,
    mutants={
        "1 - det": lambda D: 1 - D,
        "1 - 3 det / 4": lambda D: 1 - 3 * D / 4,
        "second order added": lambda D: 1 - D / 2 - D**2 / 4,
    },
    uses=("isometry:lem-a4-upper",),
)


@half.check(Level.PROVED)
def by_squaring(stated: Function) -> Evidence:
    """The right side is >= 0, and its square exceeds 1 - det by det^2 / 4."""
    D = 1 / (1 + _S)
    domain = "all 0 <= det G <= 1"
    return together(
        nonnegative(stated(D) ** 2 - (1 - D), [_S], domain=domain),
        nonnegative(stated(D), [_S], domain=domain),
    )


gamma = Claim(
    label="isometry:proof-thm-4-gamma",
    where="Theorem 4, proof, after (32)",
    says=r"\gamma(G_0) \leq 2 \det(G_0)^{-1}",
    value=lambda D: 2 / D,
    mutants={
        "1 / det": lambda D: 1 / D,
        "2 in place of 2 / det": lambda D: 2 + 0 * D,
        "upside down": lambda D: D / 2,
        "3 / (2 det)": lambda D: sp.Rational(3, 2) / D,
    },
    uses=("isometry:proof-thm-4-root", "isometry:proof-thm-4-half"),
)


@gamma.check(Level.PROVED)
def by_the_odds_of_the_maximum(stated: Function) -> Evidence:
    """Two samples first; then x / (1 - x) rises, and is 2/D - 1 at x = 1 - D/2."""
    m = 1 / (1 + _S)
    two = nonnegative(stated(1 - m**2) - m / (1 - m), [_S], domain="n = 2")
    D = 1 / (1 + _S)
    x = (1 - D / 2) / (1 + _T)
    all_n = nonnegative(stated(D) - x / (1 - x), [_S, _T], domain="any n", refutable=False)
    return together(two, all_n, domain="all nonsingular correlation matrices, any n")


@gamma.check(Level.SEARCHED)
def rational_potentials(stated: Function, *, seed: int) -> Evidence:
    """Both sides in rational arithmetic."""

    def both(G: Matrix) -> tuple[Any, Any]:
        D = det(G)
        assume(D > 0)
        return potential(G), sp.Rational(stated(sp.Rational(D)))

    matrices = exact_correlation_matrices(largest=6)
    return bounded(both, matrices, domain=_ANY, examples=100, seed=seed)


# (33) and (34)

eq_33 = Claim(
    label="isometry:eq-33",
    where="Theorem 4, proof, (33)",
    says=r"-\log I(G_*^\ell) \leq 4 n \det(G_0)^{-1} \beta_\sigma^{-\ell}",
    value=lambda n, D, contraction: 4 * n / D * contraction,
    mutants={
        "three times the rate": lambda n, D, contraction: 4 * n / D * contraction**3,
        "no determinant": lambda n, D, contraction: 4 * n * contraction,
        "determinant upside down": lambda n, D, contraction: 4 * n * D * contraction,
    },
    uses=("isometry:eq-32", "isometry:proof-thm-4-gamma", "beyond:thm-4-every-layer"),
)


@eq_33.check(Level.PROVED)
def by_the_theorem_for_every_layer(stated: Function) -> Evidence:
    """Examples first; then n gap <= (1/D - 1) beta^-l, D = det G_0, without a condition.

    In print it is (32) with gamma(G_0) <= 2/D, for layers with the condition beside (31); so
    that must be below the stated bound, too.
    """
    late_examples(lambda n, G, b: stated(n, (-minus_log_det(G)).exp(), b))
    k, x, b = variables = list(sp.symbols("k x b", positive=True))
    n, D = k + 1, 1 / (1 + x)
    by_the_potential = 2 * n * gamma.value(D) * b / (1 + _S)
    domain = "all n, all spectra, all nonsingular G_0 with unit diagonal, every layer"
    return together(
        nonnegative(stated(n, D, b) - x * b / n, variables, domain=domain, refutable=False),
        nonnegative(
            stated(n, D, b) - by_the_potential, [*variables, _S], domain=domain, refutable=False
        ),
    )


@eq_33.check(Level.SEARCHED)
def gaps_below_the_determinant(stated: Function, *, seed: int) -> Evidence:
    """Gaps in balls."""

    def bound(n: int, G: Matrix, b: Any) -> Any:
        surprise = minus_log_det(G)
        assume(surprise is not None and apart(G))
        return stated(n, (-surprise).exp(), b)

    return gap_below(bound, seed, every=True)


eq_34 = Claim(
    label="isometry:eq-34",
    where="Theorem 4, proof, (34)",
    says=r"4 n \det(G_0)^{-1} \beta_\sigma^{-\ell} \leq "
    r"\exp(-\ell \log \beta_\sigma - n \log I(G_0) + \log 4n)",
    value=exponent,
    mutants={
        "plus n log I": lambda ell, beta, g, n, log: exponent(ell, beta, -g, n, log),
        "log n": lambda ell, beta, g, n, log: exponent(ell, beta, g, n, log) - log(4),
        "one layer more": lambda ell, beta, g, n, log: exponent(ell + 1, beta, g, n, log),
    },
)


@eq_34.check(Level.PROVED)
def by_the_trace(stated: Function) -> Evidence:
    """Equality: G_0 has the trace n, so that det(G_0) = I(G_0)^n."""
    ell, n = sp.symbols("ell n", integer=True, positive=True)
    shrink, growth = sp.symbols("u b", positive=True)
    isometry, beta = 1 / (1 + shrink), 1 + growth
    left = 4 * n / isometry**n / beta**ell
    right = sp.exp(stated(ell, beta, -n * sp.log(isometry), n, sp.log))
    points = [
        {ell: sp.Integer(3), n: sp.Integer(2), shrink: sp.Integer(1), growth: sp.Rational(1, 2)}
    ]
    refute_above(left, right, points)
    quotient = sp.expand_log(sp.log(left), force=True) - sp.expand_log(sp.log(right), force=True)
    domain = "all n, all layers, all beta > 1, all isometries in (0, 1)"
    return equal(sp.expand_log(sp.simplify(quotient), force=True), 0, domain=domain)


claims = (root, half, gamma, eq_33, eq_34)
