"""The sharp rate: in the mean field gap_{l+1}/gap_l -> (2 - beta)^2, not 1/beta."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import mpmath
import sympy as sp
from hypothesis import assume
from hypothesis import strategies as st

from verify import Claim, Evidence, Level, equal, search, together
from verify.claims.beyond._correlations import kappa, matrices, step, strength
from verify.exact import Matrix, Vector, det, largest_correlation
from verify.strategies import exact_spectra, shrunk

Rate = Callable[[Any], Any]

SMALL = Fraction(1, 10**12)  # correlations at which the limit is read off
NEAR = Fraction(1, 10**6)

claim = Claim(
    label="beyond:sharp-rate",
    where="docs/bounds.md, the sharp rate",
    says=r"G \to I: \quad \frac{\log I(\kappa(G))}{\log I(G)} \to (2 - \beta)^2",
    value=lambda beta: (2 - beta) ** 2,
    mutants={
        "rate of Theorem 4": lambda beta: 1 / beta,
        "rate of the correlations": lambda beta: 2 - beta,
        "rate of the potential, squared": lambda beta: 1 / beta**2,
    },
)


@claim.check(Level.PROVED, only="n = 2 and 3, along every ray I + t R, spectra of 4 orders")
def by_the_second_order(stated: Rate) -> Evidence:
    """-log det(I + t R) = t^2 sum_{i<j} r_ij^2 + O(t^3), and kappa(t r) = p_1 t r + O(t^2)."""
    t, beta = sp.symbols("t beta", positive=True)
    p = (2 - beta, *sp.symbols("p2:5", positive=True))
    found = []
    for n in (2, 3):
        entries = sp.symbols(f"r1:{n * (n - 1) // 2 + 1}", positive=True)
        before = _second_order([t * r for r in entries], n, t)
        after = _second_order([kappa(p, t * r) for r in entries], n, t)
        found.append(equal(after / before, stated(beta), domain=f"n = {n}"))
    return together(*found)


def _second_order(entries: list[Any], n: int, t: Any) -> Any:
    """The coefficient of t^2 in 1 - det G, which -log det G shares."""
    upper = iter(entries)
    G = sp.eye(n)
    for i in range(n):
        for j in range(i + 1, n):
            G[i, j] = G[j, i] = next(upper)
    return sp.Poly(sp.expand(1 - G.det()), t).coeff_monomial(t**2)


@claim.check(Level.SEARCHED)
def rational_steps_near_the_identity(stated: Rate, *, seed: int) -> Evidence:
    """Exact determinants of a matrix at distance 1e-12 from I and of its image."""

    def holds(case: tuple[Vector, Matrix]) -> bool:
        p, G = case
        assume(largest_correlation(G) > Fraction(1, 20))
        near = shrunk(G, SMALL)
        with mpmath.workdps(80):
            quotient = _log_det(step(p, near)) / _log_det(near)
            departure = abs(quotient - _number(Fraction(stated(strength(p)))))
            return bool(departure <= _number(NEAR))

    cases = st.tuples(exact_spectra(orders=5), matrices())
    domain = "spectra of at most 5 orders, n = 2..4, correlations of size 1e-12, to 1e-6"
    return search(holds, cases, domain=domain, examples=80, seed=seed)


def _log_det(G: Matrix) -> Any:
    return mpmath.log(_number(det(G)))


def _number(value: Fraction) -> Any:
    return mpmath.mpf(value.numerator) / value.denominator
