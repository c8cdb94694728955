"""Which of the bounds is sharper, and where one cannot be improved."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import sympy as sp
from hypothesis import strategies as st

from verify import Claim, Evidence, Level, Refuted, bounded, equal, nonnegative, together
from verify.claims.beyond._correlations import kappa, step
from verify.claims.isometry._mean_field import by_monotony, pair
from verify.exact import det
from verify.strategies import unit_interval

Bound = Callable[..., Any]

_HALF = Fraction(1, 2)
_Q, _U, _V, _R = sp.symbols("q u v rho", positive=True)

strength_alone = Claim(
    label="beyond:logistic-below-oppenheim-schur",
    where="docs/bounds.md, Oppenheim-Schur, with beta alone",
    says=r"(1 + u)^q \leq 1 + q u, \quad u = 1 - \det G_l,\ q = \beta - 1: \quad "
    r"\det G_l\, (2 - \det G_l)^{\beta - 1} \leq \det G_l\, (1 + (\beta - 1)(1 - \det G_l)), "
    r"\quad \text{both rising in } \det G_l \text{ and so in every layer}",
    value=lambda q, u: 1 + q * u,
    mutants={
        "q squared": lambda q, u: 1 + q**2 * u,
        "half of the slope": lambda q, u: 1 + q * u / 2,
        "u/(1 + u)": lambda q, u: 1 + q * u / (1 + u),
        "1 - q in place of q": lambda q, u: 1 + (1 - q) * u,
    },
    uses=("beyond:logistic", "beyond:oppenheim-schur-worst"),
)


def _rational_powers(stated: Bound, seed: int, examples: int) -> Evidence:
    def sides(case: tuple[Fraction, Fraction]) -> tuple[Fraction, Fraction]:
        q, u = case
        return (1 + u) ** q.numerator, Fraction(stated(q, u)) ** q.denominator

    shares = st.sampled_from([Fraction(k, 12) for k in range(13)])
    cases = st.tuples(shares, unit_interval(closed=True))
    domain = "exact, beta - 1 = 0, 1/12, ..., 1, all 0 <= det <= 1"
    return bounded(sides, cases, domain=domain, examples=examples, seed=seed)


@strength_alone.check(Level.SEARCHED)
def rational_powers(stated: Bound, *, seed: int) -> Evidence:
    """Both sides to the power of the denominator of q."""
    return _rational_powers(stated, seed, 50)


@strength_alone.check(Level.PROVED)
def by_the_logarithm(stated: Bound) -> Evidence:
    """log(1 + qu) - q log(1 + u) is 0 at u = 0 and rises; Theorem 1's step rises in d = 1 - u."""
    _rational_powers(stated, 0, 25)
    share, d = _V / (1 + _V), 1 / (1 + _U)
    difference = sp.log(stated(_Q, _U)) - _Q * sp.log(1 + _U)
    slope = sp.diff(_R * (1 + _Q * (1 - _R)), _R).subs({_R: d, _Q: share}, simultaneous=True)
    free = {_Q: share, _U: _U / (1 + _U)}
    return together(
        by_monotony(difference, _U, free, [_U, _V], "one step"),
        nonnegative(slope, [_U, _V], domain="steps rise"),
        domain="every layer, 1 <= beta <= 2, all determinants",
    )


whole_spectrum = Claim(
    label="beyond:oppenheim-schur-or-logistic",
    where="docs/bounds.md, Oppenheim-Schur, with the whole spectrum",
    says=r"p_1 = p_k = \tfrac12,\ \det G = \tfrac12: \quad "
    r"\prod_j (1 - (1 - \det G)^j)^{p_j} > \det G\, (1 + (\beta - 1)(1 - \det G)) "
    r"\iff k \geq 3",
    value=3,
    mutants={"from the second order": 2, "from the fourth": 4, "never": 10**9},
    uses=("beyond:logistic", "beyond:oppenheim-schur-layer"),
)


@whole_spectrum.check(Level.PROVED)
def by_squares(stated: int) -> Evidence:
    """The squares (1 - u)(1 - u^k) and ((1 - u)(1 + u/2))^2 at u = 1/2; the first rises with k."""
    for k in range(2, 9):
        left, right = _HALF * (1 - _HALF**k), (_HALF * Fraction(5, 4)) ** 2
        if (left > right) != (k >= stated):
            raise Refuted(f"k = {k}: the squares are {left} and {right}")
    k = sp.Symbol("k", integer=True, positive=True)
    u = sp.Rational(1, 2)
    rises = equal(u**k - u ** (k + 1), u ** (k + 1), domain="u^k falls with k")
    return together(rises, domain="every k >= 2: so neither bound implies the other")


sharp = Claim(
    label="beyond:odds-sharp",
    where="docs/bounds.md, Corollary 1, its sharpness",
    says=r"n = 2,\ p_1 + p_2 = 1,\ \rho \to 1: \quad \frac{x_{l+1}}{x_l} \to \frac1\beta, \quad "
    r"x = \tfrac1{\det G} - 1",
    value=lambda beta: 1 / beta,
    mutants={
        "square of beta": lambda beta: 1 / beta**2,
        "2 - beta, the rate of small correlations": lambda beta: 2 - beta,
        "half": lambda beta: 1 / (1 + 0 * beta) / 2,
    },
    uses=("beyond:odds",),
)


@sharp.check(Level.PROVED)
def by_cancelling(stated: Bound) -> Evidence:
    """1 - kappa(rho) = (1 - rho)(1 + q rho), so that the quotient is continuous at rho = 1.

    A pair of samples comes first, to five digits.
    """
    near = pair(1 - Fraction(1, 10**9))
    for q in (Fraction(0), _HALF, Fraction(1)):
        quotient = (1 / det(step((1 - q, q), near)) - 1) / (1 / det(near) - 1)
        if abs(quotient - Fraction(stated(1 + q))) > Fraction(1, 10**5):
            raise Refuted(f"q = {q}, rho = 1 - 1e-9: the quotient is {float(quotient):.8g}")
    after, domain = kappa((1 - _Q, _Q), _R), "all beta, spectra of the first two orders"
    odds = [value**2 / (1 - value**2) for value in (_R, after)]
    quotient = sp.cancel(odds[1] / odds[0])
    below = sp.fraction(quotient)[1].subs(_R, 1)
    return together(
        nonnegative(below**2, [_Q], domain="no pole at rho = 1", strict=True),
        equal(quotient.subs(_R, 1), stated(1 + _Q), domain=domain),
        domain=domain,
    )


claims = (strength_alone, whole_spectrum, sharp)
