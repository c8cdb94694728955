"""The proof of Theorem 4, equations (29) to (32): the gap below the potential.

The condition gamma < 1/(2n - 2) stands beside (31), and is in force from there on.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import sympy as sp

from verify import Claim, Evidence, Level, Refuted, Verdict, equal, nonnegative, together
from verify.claims.isometry._late_layers import gap_below
from verify.claims.isometry._mean_field import ball, by_monotony, potential, refute_above
from verify.claims.isometry.potential import refute_by_examples
from verify.claims.isometry.theorem_4_proof import Conditional, base_28, everywhere, slack

Function = Callable[..., Any]

_K, _S = sp.symbols("k s", positive=True)
_N, _GAMMA = sp.symbols("n gamma", positive=True)
_BELOW_ONE = {_N: _K + 2, _GAMMA: 1 / ((_K + 1) * (1 + _S))}  # n >= 2, (n - 1) gamma <= 1
_SMALL = {_N: _K + 2, _GAMMA: 1 / (2 * (_K + 1) * (1 + _S))}  # n >= 2, gamma <= 1/(2n - 2)
_DOMAIN = "all n >= 2, all gamma < 1/(2n - 2)"
_POINTS = [
    {_N: sp.Integer(n), _GAMMA: share / (2 * n - 2)}
    for n in (2, 3, 10, 1000)
    for share in (sp.Rational(1, 100), sp.Rational(1, 2), sp.Rational(999, 1000))
]
_EQUICORRELATED = (  # n and G_ij; sigma(x) = x leaves them as they are at every layer
    (2, Fraction(1, 3)),
    (2, Fraction(3, 5)),
    (2, Fraction(2, 3)),
    (3, Fraction(3, 7)),
    (4, Fraction(1, 2)),
)

# (29)

_SLIPS_29: dict[str, Function] = {
    "half of gamma": lambda n, gamma: 1 - (n - 1) * gamma / 2,
    "n - 2 in place of n - 1": lambda n, gamma: 1 - (n - 2) * gamma,
    "gamma squared": lambda n, gamma: 1 - (n - 1) * gamma**2,
}

eq_29_corrected = Claim(
    label="isometry:eq-29:corrected",
    where="Theorem 4, proof, (29)",
    says=r"(n-1) \gamma \leq 1 \implies \left(1 - (n-1) \frac{\gamma}{1 + \gamma}\right)^n "
    r"\geq \left(1 - (n-1) \gamma\right)^n",
    value=Conditional(slack, slack),
    mutants={
        "as printed: no condition": (_printed_29 := Conditional(slack, everywhere)),
        "(n - 2) gamma <= 1": Conditional(slack, lambda n, gamma: 1 - (n - 2) * gamma),
        "gamma <= 1": Conditional(slack, lambda n, gamma: 1 - gamma),
        **{slip: Conditional(wrong, slack) for slip, wrong in _SLIPS_29.items()},
    },
    uses=("isometry:eq-28:corrected",),
)
eq_29 = Claim(
    label="isometry:eq-29",
    where="Theorem 4, proof, (29)",
    says=r"\left(1 - (n-1) \frac{\gamma}{1 + \gamma}\right)^n "
    r"\geq \left(1 - (n-1) \gamma\right)^n",
    value=_printed_29,
    mutants={slip: Conditional(wrong, everywhere) for slip, wrong in _SLIPS_29.items()},
    correction=eq_29_corrected,
    why="for (n-1) gamma > 1 the right side may be an even power of a negative number; the "
    "condition that helps stands two lines below, beside (31) alone.",
    expected=Verdict.REFUTED,
)


@eq_29.check(Level.PROVED)
@eq_29_corrected.check(Level.PROVED)
def by_comparing_the_bases(stated: Conditional) -> Evidence:
    """Few samples first; then 0 <= stated base <= base of (28), and x^n rises for x >= 0."""
    for n, r in _EQUICORRELATED:
        gamma = r / (1 - r)
        right, left = (Fraction(base(n, gamma)) ** n for base in (stated.bound, base_28))
        if stated.room(n, gamma) >= 0 and right > left:
            raise Refuted(f"n = {n}, G_ij = {r}, gamma = {gamma}: {left} >= {right} fails")
    domain = "all n >= 2, all gamma <= 1/(n - 1)"
    base, above = (side(_N, _GAMMA).subs(_BELOW_ONE) for side in (stated.bound, base_28))
    found = [
        nonnegative(side, [_K, _S], domain=domain, refutable=False) for side in (base, above - base)
    ]
    condition = equal(stated.room(_N, _GAMMA), slack(_N, _GAMMA), domain=domain)
    return together(condition, *found)


# (30)

_SLIPS_30: dict[str, Function] = {
    "plus": lambda base, n: sp.log(base),
    "n-th part": lambda base, n: -sp.log(base) / n,
    "first order": lambda base, n: 1 - base,
}


def _minus_log(base: Any, n: Any) -> Any:
    return -sp.log(base)


eq_30_corrected = Claim(
    label="isometry:eq-30:corrected",
    where="Theorem 4, proof, (30)",
    says=r"(n-1) \gamma < 1, \det(G_*^\ell) \geq (1 - (n-1) \gamma)^n \implies "
    r"-\frac1n \log \det(G_*^\ell) \leq -\log(1 - (n-1) \gamma)",
    value=Conditional(_minus_log, slack),
    mutants={
        "as printed: no condition": (_printed_30 := Conditional(_minus_log, everywhere)),
        "(n - 2) gamma < 1": Conditional(_minus_log, lambda n, gamma: 1 - (n - 2) * gamma),
        "gamma < 1": Conditional(_minus_log, lambda n, gamma: 1 - gamma),
        **{slip: Conditional(wrong, slack) for slip, wrong in _SLIPS_30.items()},
    },
    uses=("isometry:eq-29:corrected",),
)
eq_30 = Claim(
    label="isometry:eq-30",
    where="Theorem 4, proof, (30)",
    says=r"\det(G_*^\ell) \geq (1 - (n-1) \gamma)^n \implies "
    r"-\frac1n \log \det(G_*^\ell) \leq -\log(1 - (n-1) \gamma)",
    value=_printed_30,
    mutants={slip: Conditional(wrong, everywhere) for slip, wrong in _SLIPS_30.items()},
    correction=eq_30_corrected,
    why="for (n-1) gamma > 1 it has the logarithm of a negative number, though (29) may hold; the "
    "condition that helps stands a line below, beside (31) alone.",
    expected=Verdict.REFUTED,
)


@eq_30.check(Level.PROVED)
@eq_30_corrected.check(Level.PROVED)
def by_taking_logarithms(stated: Conditional) -> Evidence:
    """Few samples first; then equality at det = base^n, and -log det falls as det grows."""
    for size, r in _EQUICORRELATED:
        gamma, D = r / (1 - r), (1 - r) ** (size - 1) * (1 + (size - 1) * r)
        base = slack(size, gamma)
        if stated.room(size, gamma) > 0 and base**size <= D:
            right = sp.sympify(stated.bound(sp.Rational(base), size))
            if not right.is_real:
                raise Refuted(
                    f"n = {size}, G_ij = {r}, gamma = {gamma}: {D} >= ({base})^{size}, and "
                    f"log({base}) is not real"
                )
    x = sp.Symbol("x", positive=True)
    base = 1 / (1 + x)
    domain = "all n >= 2, all 0 <= gamma < 1/(n - 1)"
    points = [{x: sp.Integer(v), _N: sp.Integer(n)} for v in (1, 9) for n in (2, 5)]
    worst = -sp.expand_log(sp.log(base**_N), force=True) / _N
    refute_above(worst, stated.bound(base, _N), points)
    return together(
        equal(stated.room(_N, _GAMMA), slack(_N, _GAMMA), domain=domain),
        equal(worst, sp.expand_log(stated.bound(base, _N), force=True), domain=domain),
        nonnegative(sp.diff(sp.log(x), x), [x], domain=domain, strict=True),
    )


# (31) and (32)

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
    uses=("isometry:eq-30:corrected",),
)


@eq_31.check(Level.PROVED)
def by_comparing_the_slopes(stated: Function) -> Evidence:
    """Both sides are 0 at gamma = 0, and the right one is steeper up to 1/(2n - 2)."""
    left = -sp.log(1 - (_N - 1) * _GAMMA)
    refute_above(left, stated(_N, _GAMMA), _POINTS)
    return by_monotony(stated(_N, _GAMMA) - left, _GAMMA, _SMALL, [_K, _S], _DOMAIN)


eq_32 = Claim(
    label="isometry:eq-32",
    where="Theorem 4, proof, (32), the end of the chain (30), (31), with its condition",
    says=r"2 n \gamma(G_*^\ell) \leq 2 n \gamma(G_0) \beta_\sigma^{-\ell}, \quad "
    r"\gamma(G_*^\ell) < \frac{1}{2n-2} \implies "
    r"-\tfrac1n \log\det(G_*^\ell) \leq 2 n \gamma(G_0) \beta_\sigma^{-\ell}",
    value=lambda n, gamma, contraction: 2 * n * gamma * contraction,
    mutants={
        "three times the rate": lambda n, gamma, contraction: 2 * n * gamma * contraction**3,
        "no potential of the input": lambda n, gamma, contraction: 2 * n * contraction,
        "divided by the potential": lambda n, gamma, contraction: 2 * n / gamma * contraction,
    },
    uses=("isometry:eq-31", "isometry:cor-a3:corrected"),
)


@eq_32.check(Level.PROVED)
def by_corollary_a3(stated: Function) -> Evidence:
    """Two samples first; then gamma(G^l) <= gamma(G_0) beta^-l, at every layer.

    Behind (30) and (31), where gamma(G^l) < 1/(2n - 2), this is the bound of the gap.
    """
    for ell in (1, 2):
        refute_by_examples(lambda gamma, beta, ell: stated(2, gamma, 1 / beta**ell) / 4, ell)
    b = sp.Symbol("b", positive=True)
    later = _GAMMA * b / (1 + _S)
    difference = stated(_N, _GAMMA, b) - eq_31.value(_N, later)
    domain = "all n >= 2, all spectra; the first part at every layer"
    return nonnegative(difference, [_N, _GAMMA, b, _S], domain=domain, refutable=False)


@eq_32.check(Level.SEARCHED, only="the gap, where gamma(G^l) < 1/(2n - 2)")
def gaps_below_the_potential(stated: Function, *, seed: int) -> Evidence:
    """Gaps and potentials in balls."""
    return gap_below(lambda n, G, b: stated(n, ball(potential(G)), b), seed)


claims = (eq_29, eq_29_corrected, eq_30, eq_30_corrected, eq_31, eq_32)
