"""The sharp rate: in the mean field gap_{l+1}/gap_l -> (2 - beta)^2, not 1/beta.

That needs gap_l > 0 for every l: a kappa with a root other than 0 can end the gap in one step.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import mpmath
import sympy as sp
from hypothesis import assume
from hypothesis import strategies as st

from verify import Claim, Evidence, Level, Refuted, equal, nonnegative, search, together
from verify.claims.beyond._correlations import kappa, matrices, step, strength
from verify.claims.beyond.second_order import remainder
from verify.exact import Matrix, Vector, det, largest_correlation
from verify.searching import show
from verify.strategies import exact_spectra, shrunk

Rate = Callable[[Any], Any]
Ends = Callable[[Any, Any, Any], tuple[Any, Any]]

SMALL = Fraction(1, 10**12)  # correlations at which the limit is read off
NEAR = Fraction(1, 10**6)


def _ends(p1: Any, m: Any, c: Any) -> tuple[Any, Any]:
    low, high = p1 - (1 - p1) * m, p1 + (1 - p1) * m
    return low**2 * (1 - c) / (1 + c), high**2 * (1 + c) / (1 - c)


def _share(n: int, m: Any) -> Any:
    """2r/(3(1 - r)) for r = (n - 1) m, which is at least the spectral radius."""
    return 2 * remainder((n - 1) * m)


explicit = Claim(
    label="beyond:sharp-rate-explicit",
    where="docs/bounds.md, the sharp rate, step 3",
    says=r"m = \max_{i \neq j} |G_{ij}|,\ r = (n-1) m < \tfrac35,\ c = \tfrac{2r}{3(1-r)},\ "
    r"q = 1 - p_1,\ q m \leq p_1: \quad (p_1 - q m)^2 \frac{1-c}{1+c} \leq "
    r"\frac{\log I(\kappa(G))}{\log I(G)} \leq (p_1 + q m)^2 \frac{1+c}{1-c}",
    value=_ends,
    mutants={
        "kappa linear": lambda p1, m, c: _ends(p1, 0 * m, c),
        "log det of second order alone": lambda p1, m, c: _ends(p1, m, 0 * c),
        "not squared": lambda p1, m, c: _ends(sp.sqrt(p1), m, c),
        "ends swapped": lambda p1, m, c: _ends(p1, m, c)[::-1],
    },
    uses=("beyond:log-det-second-order", "beyond:kappa-first-order"),
)

_EXAMPLES = [
    (p, n, Fraction(sign, 100))
    for p in ((Fraction(1, 5), Fraction(4, 5)), (Fraction(4, 5), Fraction(1, 5)))
    for n in (2, 3)
    for sign in (1, -1)
]


@explicit.check(Level.PROVED)
def by_both_remainders(stated: Ends) -> Evidence:
    """Few equicorrelated samples first; then n gap = T (1 + a)/2, T = tr E^2, |a| <= c.

    Likewise for the next layer, whose correlations are no larger, and the T of the two layers
    are related like the squares of |kappa(rho)|, between p_1 - q m and p_1 + q m times |rho|.
    """
    for p, n, r in _EXAMPLES:
        _refute_quotient(stated, p, n, r)
    variables = list(sp.symbols("qm low s u v w", positive=True))
    qm, low, s, u, v, w = variables  # low = p_1 - q m >= 0
    c, p1, m = s / (1 + s), low + qm, qm / (1 - low - qm)
    least = (low**2 * (1 + u)) * ((1 - c) * (1 + v)) / ((1 + c) / (1 + w))
    most = ((low + 2 * qm) ** 2 / (1 + u)) * ((1 + c) / (1 + v)) / ((1 - c) * (1 + w))
    ends = stated(p1, m, c)
    domain = "all n, all spectra, all G with (n - 1) m < 3/5"
    return together(
        nonnegative(least - ends[0], variables, domain=domain, refutable=False),
        nonnegative(ends[1] - most, variables, domain=domain, refutable=False),
        domain=domain,
    )


def _refute_quotient(stated: Ends, p: Vector, n: int, r: Fraction) -> None:
    G = tuple(tuple(Fraction(1) if i == j else r for j in range(n)) for i in range(n))
    low, high = (_real(end) for end in stated(p[0], abs(r), _share(n, abs(r))))
    with mpmath.workdps(40):
        quotient = _log_det(step(p, G)) / _log_det(G)
        if not low <= quotient <= high:
            seen = f"{float(quotient):.8g} in [{float(low):.8g}, {float(high):.8g}]"
            raise Refuted(f"{seen} fails for p = {show(p)}, n = {n}, all G_ij = {r}")


rate = Claim(
    label="beyond:sharp-rate",
    where="docs/bounds.md, the sharp rate",
    says=r"G \to I,\ G \neq I: \quad \frac{\log I(\kappa(G))}{\log I(G)} \to (2 - \beta)^2; \quad "
    r"1 < \beta < 2,\ 0 < \mathrm{gap}_l \to 0 \text{ (positive for every } l) \implies "
    r"\frac{\mathrm{gap}_{l+1}}{\mathrm{gap}_l} \to (2 - \beta)^2",
    value=lambda beta: (2 - beta) ** 2,
    mutants={
        "rate of Theorem 4": lambda beta: 1 / beta,
        "rate of the correlations": lambda beta: 2 - beta,
        "rate of the potential, squared": lambda beta: 1 / beta**2,
    },
    uses=("beyond:sharp-rate-explicit", "isometry:lem-a4-upper"),
)


@rate.check(Level.PROVED)
def by_the_limits_of_both_ends(stated: Rate) -> Evidence:
    """The ends of the explicit bounds are continuous in m = max |G_ij| at 0, and meet there.

    The gap goes to 0 exactly if m does, since det G <= 1 - m^2. It must stay positive on the way
    (beyond:sharp-rate-end): at gap 0 there is no quotient.
    """
    n, q, m = sp.Symbol("n", integer=True, positive=True), _positive("q"), _positive("m")
    p1 = 1 / (1 + q)
    domain = "all n, all spectra with p_1 > 0"
    found = []
    for end in explicit.value(p1, m, _share(n, m)):
        below = sp.fraction(sp.cancel(end))[1].subs(m, 0)
        found.append(nonnegative(below**2, [q], domain="no pole at m = 0", strict=True))
        found.append(equal(end.subs(m, 0), stated(2 - p1), domain=domain))
    return together(*found, domain=domain)


def _positive(name: str) -> Any:
    return sp.Symbol(name, positive=True)


@rate.check(
    Level.PROVED,
    only="n = 2 and 3, along every ray I + t R, spectra of 4 orders",
    profile="default",
)
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


@rate.check(Level.SEARCHED)
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

    half = st.just((Fraction(1, 2), Fraction(1, 2)))
    cases = st.tuples(st.one_of(half, exact_spectra(orders=5)), matrices())
    domain = "spectra of at most 5 orders, n = 2..4, correlations of size 1e-12, to 1e-6"
    return search(holds, cases, domain=domain, examples=30, seed=seed)


def _log_det(G: Matrix) -> Any:
    return mpmath.log(_number(det(G)))


def _number(value: Fraction) -> Any:
    return mpmath.mpf(value.numerator) / value.denominator


def _real(value: Any) -> Any:
    """A rational or sympy number to 40 digits."""
    with mpmath.workdps(40):
        return mpmath.mpf(str(sp.N(sp.sympify(value), 40)))


ending = Claim(
    label="beyond:sharp-rate-end",
    where="docs/bounds.md, the sharp rate, why the gaps must be positive",
    says=r"\kappa(\rho) = p_1 \rho + (1 - p_1) \rho^2,\ 0 < p_1 < \tfrac12,\ "
    r"G_{12} = -\frac{p_1}{1 - p_1}: \quad \log I(\kappa(G)) = 0 > \log I(G), \quad n = 2",
    value=lambda p1: -p1 / (1 - p1),
    mutants={
        "sign": lambda p1: p1 / (1 - p1),
        "not divided": lambda p1: -p1,
        "upside down": lambda p1: -(1 - p1) / p1,
    },
)


@ending.check(Level.PROVED)
def by_the_root(stated: Rate) -> Evidence:
    """The determinants of both layers; p_1 = 1/3 comes first."""
    third, t = Fraction(1, 3), sp.Symbol("t", positive=True)
    root = Fraction(stated(third))
    if kappa((third, 1 - third), root) != 0 or not 0 < abs(root) < 1:
        raise Refuted(f"p = (1/3, 2/3), G_12 = {root} does not end the gap")
    p1 = t / (1 + 2 * t)  # runs over (0, 1/2)
    r, domain = stated(p1), "all spectra of the first two orders with 0 < p_1 < 1/2"
    return together(
        equal(p1 * r + (1 - p1) * r**2, 0, domain=domain),
        nonnegative(r**2, [t], domain=domain, strict=True),
        nonnegative(1 - r**2, [t], domain=domain, strict=True),
        domain=domain,
    )


claims = (explicit, rate, ending)
