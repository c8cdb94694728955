"""The gap to second order, with remainders: what stands behind the sharp rate.

E is symmetric with diagonal 0 and spectral radius r < 1, kappa(rho) = sum p_k rho^k.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import sympy as sp
from hypothesis import strategies as st

from verify import Claim, Evidence, Level, bounded, charts, equal, nonnegative, together
from verify.claims.beyond._correlations import kappa
from verify.claims.isometry._mean_field import by_monotony, refute_above
from verify.exact import Vector
from verify.strategies import correlations, exact_spectra

Bound = Callable[..., Any]

_R, _S, _T = sp.symbols("r s t", positive=True)
_BELOW_ONE = {_R: _S / (1 + _S)}  # covers 0 < r < 1


def remainder(r: Any) -> Any:
    """r/(3 (1 - r)), in units of tr E^2."""
    return r / (3 * (1 - r))


log_det = Claim(
    label="beyond:log-det-second-order",
    where="docs/bounds.md, the sharp rate, step 1",
    says=r"\left|-\log\det(I + E) - \tfrac12 \mathrm{tr}\, E^2\right| \leq "
    r"\mathrm{tr}\, E^2 \cdot \frac{r}{3(1 - r)}, \quad E_{ii} = 0,\ r = \rho(E) < 1",
    value=remainder,
    mutants={
        "third order alone": lambda r: r / 3,
        "1/4 in place of 1/3": lambda r: r / (4 * (1 - r)),
        "r squared": lambda r: r**2 / (3 * (1 - r)),
        "sign in the denominator": lambda r: r / (3 * (1 + r)),
    },
)


@log_det.check(Level.PROVED)
def by_the_series_of_the_logarithm(stated: Bound) -> Evidence:
    """Eigenvalue by eigenvalue: the first order is tr E = 0, and all further ones add up.

    f(x) = -log(1 + x) + x - x^2/2 has |f(x)| <= x^2 stated(|x|), as both sides are 0 at 0 and the
    right one is steeper, on either side of 0; and stated(|x|) <= stated(r) for |x| <= r.
    """
    for n in (2, 3, 10):
        for r in (sp.Rational(1, 10), sp.Rational(1, 2), sp.Rational(9, 10)):
            _refute_one_pair_of_values(stated, n, r)
    bound, domain = _R**2 * stated(_R), "all n, all symmetric E of diagonal 0 and radius below 1"
    rising = stated(_S / (1 + _S)) - stated(_S / (1 + _S) / (1 + _T))
    return together(
        by_monotony(bound - _rest(-_R), _R, _BELOW_ONE, [_S], domain),
        by_monotony(bound + _rest(_R), _R, _BELOW_ONE, [_S], domain),
        nonnegative(rising, [_S, _T], domain=domain, refutable=False),
        domain=domain,
    )


def _rest(x: Any) -> Any:
    return -sp.log(1 + x) + x - x**2 / 2


def _refute_one_pair_of_values(stated: Bound, n: int, r: Any) -> None:
    """Entries -r/(n - 1): the eigenvalues are -r, once, and r/(n - 1), n - 1 times."""
    values = [-r] + [r / (n - 1)] * (n - 1)
    left = abs(sum(-sp.log(1 + x) for x in values) - sum(x**2 for x in values) / 2)
    refute_above(left, sum(x**2 for x in values) * stated(r), [{sp.Symbol("n"): n, _R: r}])


linear = Claim(
    label="beyond:kappa-first-order",
    where="docs/bounds.md, the sharp rate, step 2",
    says=r"|\kappa(\rho) - p_1 \rho| \leq (1 - p_1) \rho^2, \quad |\rho| \leq 1",
    value=lambda p1, rho: (1 - p1) * rho**2,
    mutants={
        "p_1 in place of 1 - p_1": lambda p1, rho: p1 * rho**2,
        "half, as in Taylor's formula": lambda p1, rho: (1 - p1) * rho**2 / 2,
        "third order": lambda p1, rho: (1 - p1) * abs(rho) ** 3,
        "1 - p_1 squared": lambda p1, rho: (1 - p1) ** 2 * rho**2,
    },
)


@linear.check(Level.PROVED)
def term_by_term(stated: Bound) -> Evidence:
    """|rho|^k <= rho^2 for k >= 2, order by order; the weights of these orders add up to 1 - p_1.

    With q = 1 - p_1 the left side is at most sum_{k>=2} p_k |rho|^k = q rho^2/(1 + t), t >= 0.
    """
    _rational_remainders(stated, 0, 25)
    k = sp.Symbol("k", integer=True, positive=True)
    rho, q = _S / (1 + _S), sp.Symbol("q", positive=True)
    share = q / (1 + q)
    domain = "all spectra, |rho| <= 1"
    return together(
        equal(_R**k - _R ** (k + 1), _R**k * (1 - _R), domain="|rho|^k falls with k"),
        nonnegative(1 - rho, [_S], domain="|rho| <= 1"),
        nonnegative(stated(1 - share, rho) - share * rho**2 / (1 + _T), [q, _S, _T], domain=domain),
        domain=domain,
    )


def _rational_remainders(stated: Bound, seed: int, examples: int) -> Evidence:
    def sides(case: tuple[Vector, Fraction]) -> tuple[Fraction, Fraction]:
        p, rho = case
        return abs(kappa(p, rho) - p[0] * rho), Fraction(stated(p[0], rho))

    return bounded(
        sides,
        st.tuples(exact_spectra(orders=6), correlations()),
        domain="exact, spectra of at most 6 orders, -1 < rho < 1",
        chart=charts.product(charts.spectrum(), charts.interval(-1, 1)),
        examples=examples,
        most=400,
        seed=seed,
    )


@linear.check(Level.SEARCHED, profile="default")
def rational_remainders(stated: Bound, *, seed: int) -> Evidence:
    """Both sides in rational arithmetic."""
    return _rational_remainders(stated, seed, 60)


claims = (log_det, linear)
