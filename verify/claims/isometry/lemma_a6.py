"""Lemma A.6: the dual activation and its mean-reduced version as power series."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import sympy as sp
from hypothesis import assume
from hypothesis import strategies as st

import hermiso
from verify import (
    Claim,
    Evidence,
    Level,
    Verdict,
    bounded,
    equal,
    together,
    within_error,
)
from verify.claims.isometry._gauss import (
    COUPLINGS,
    Coupling,
    closed,
    jointly_gaussian,
    naming,
    rodrigues,
    standard_marginals,
)
from verify.claims.isometry.lemma_a8 import CORRECTED
from verify.strategies import activations, correlations

if TYPE_CHECKING:
    from verify.strategies import Array

x, rho = sp.symbols("x rho", real=True)

_POLYNOMIALS = "polynomials of degree <= 6"
_CUT = 16


@dataclass(frozen=True)
class Series:
    """E f(X) f(Y) = sum_{k >= start} term(c_k, k, rho) for all admitted couplings.

    Attributes:
        admits: the joint laws of (X, Y) that are covered.
        centred: whether f = sigma - E sigma (the mean-reduced dual) or f = sigma.
        start: first order of the sum.
        term: coefficient, order, correlation -> summand.
    """

    admits: Callable[[Coupling], bool]
    centred: bool
    start: int
    term: Callable[[Any, Any, Any], Any]

    def total(self, c: Any, rho: Any) -> Any:
        """Sum over the given coefficients c_0, c_1, ..."""
        return sum(self.term(c[k], k, rho) for k in range(self.start, len(c)))


def _square(c: Any, k: Any, rho: Any) -> Any:
    return c**2 * rho**k


def _claims(name: str, hat: str, centred: bool) -> tuple[Claim, Claim]:
    """Return the claim as printed and the corrected one."""
    start = int(centred)
    printed = Series(standard_marginals, centred, start, _square)
    right = replace(printed, admits=jointly_gaussian)
    formula = rf"{hat}(\rho) = \sum_{{k={start}}}^\infty c_k^2 \rho^k"
    slips = {
        "sum starts one off": replace(right, start=1 - start),
        "exponent k + 1": replace(right, term=lambda c, k, rho: c**2 * rho ** (k + 1)),
        "c_k not squared": replace(right, term=lambda c, k, rho: c * rho**k),
    }
    corrected = Claim(
        label=f"isometry:lem-a6-{name}:corrected",
        where="Lemma A.6, (36)",
        says=rf"(X, Y) \text{{ jointly Gaussian}}, E XY = \rho \implies {formula}",
        value=right,
        mutants={"as printed: any joint law": printed, **slips},
        uses=("isometry:lem-a8:corrected",),
    )
    claim = Claim(
        label=f"isometry:lem-a6-{name}",
        where="Lemma A.6, (36)",
        says=rf"X, Y \sim N(0, 1), E XY = \rho \implies {formula}",
        value=printed,
        mutants={slip: replace(wrong, admits=standard_marginals) for slip, wrong in slips.items()},
        correction=corrected,
        why="(X, Y) must be jointly Gaussian: Y = S X with a random sign S, E S = rho, "
        "gives 1 for sigma = He_2.",
        expected=Verdict.REFUTED,
    )
    return claim, corrected


dual, dual_corrected = _claims("dual", r"\hat\sigma", centred=False)
reduced, reduced_corrected = _claims("reduced", r"\bar\sigma", centred=True)


def _polynomial(stated: Series, c: Any) -> Evidence:
    """Compare for sigma = sum c_k He_k, for every admitted coupling."""
    sigma = sp.Add(*(c[k] * rodrigues(k, x) for k in range(int(stated.centred), len(c))))
    alone = f"He_{len(c) - 1}" if c[-1] == 1 else f"{c[-1]} He_{len(c) - 1}"
    name = "sum c_k He_k" if sigma.free_symbols - {x} else alone
    found = []
    for coupling in filter(stated.admits, COUPLINGS):
        derived = coupling.expectation(sigma, sigma, x, rho)
        domain = f"{coupling.name}, {len(c)} coefficients"
        with naming(f"sigma = {name}, {coupling.name}"):
            found.append(equal(derived, stated.total(c, rho), domain=domain))
    return together(*found)


def _lowest_orders(stated: Series) -> Evidence:
    """He_0, 2 He_1, He_2 alone: the smallest counterexamples, and every admitted coupling."""
    alone = ((0, 1), (1, 1), (1, 2), (2, 1))
    return together(*(_polynomial(stated, [sp.S.Zero] * k + [sp.Integer(c)]) for k, c in alone))


@dual.check(Level.PROVED, only=_POLYNOMIALS)
@dual_corrected.check(Level.PROVED, only=_POLYNOMIALS)
@reduced.check(Level.PROVED, only=_POLYNOMIALS)
@reduced_corrected.check(Level.PROVED, only=_POLYNOMIALS)
def by_gaussian_moments(stated: Series) -> Evidence:
    """Symbolic coefficients, for every admitted joint law."""
    _lowest_orders(stated)  # the smallest counterexamples
    found = _polynomial(stated, sp.symbols("c0:7", real=True))
    return together(found, domain="symbolic c_0, ..., c_6 and rho, exact moments")


@dual.check(Level.PROVED)
@dual_corrected.check(Level.PROVED)
@reduced.check(Level.PROVED)
@reduced_corrected.check(Level.PROVED)
def term_by_term(stated: Series) -> Evidence:
    """(54)-(56): sum the rows of the double sum of c_n c_k E He_n(X) He_k(Y) (Lemma A.8).

    From polynomials to L^2: |E f(X) f(Y) - E p(X) p(Y)| <= (|f| + |p|) |f - p|
    (Cauchy-Schwarz), and the He_k are complete.
    """
    c, n = sp.Symbol("c_n", real=True), sp.Symbol("n", integer=True, nonnegative=True)
    found = []
    for order in (sp.S.Zero, n + 1):
        derived = _row(order, c) if order >= int(stated.centred) else sp.S.Zero
        summand = stated.term(c, order, rho) if order >= stated.start else sp.S.Zero
        found.append(equal(derived, summand, domain="every row"))
    domain = (
        "polynomials of any degree, by Lemma A.8; in prose: all of L^2(N(0, 1)), by "
        "Cauchy-Schwarz and completeness of the He_k (cited)"
    )
    return together(*found, _lowest_orders(stated), domain=domain)


def _row(n: Any, c_n: Any) -> Any:
    """Sum c_n c_k E He_n(X) He_k(Y) over all k <= N, for symbolic N >= n."""
    k, more = sp.symbols("k more", integer=True, nonnegative=True)
    c = sp.Function("c", real=True)
    terms = c(n) * c(k) * CORRECTED.moment(n, k, rho)
    return sp.summation(terms, (k, 0, n + more)).subs(c(n), c_n)


# The closed forms of the library against the series


def _expectation(stated: Series, sigma: Any) -> Any:
    """E f(X) f(Y) in closed form, for a Gaussian pair."""
    constant = hermiso.coefficient(sigma, 0, x) ** 2 if stated.centred else 0
    return hermiso.dual(sigma, rho, x) - constant


@dual_corrected.check(Level.PROVED, only="exp(a x)")
@reduced_corrected.check(Level.PROVED, only="exp(a x)")
def series_of_the_exponential(stated: Series) -> Evidence:
    """The library's coefficient for symbolic k, summed, against its dual activation."""
    a, k = sp.Symbol("a", real=True), sp.Symbol("k", integer=True, nonnegative=True)
    sigma = sp.exp(a * x)
    c = hermiso.coefficient(sigma, k, x)
    terms = sp.powsimp(sp.expand_power_base(sp.simplify(stated.term(c, k, rho)), force=True))
    total = sp.summation(terms, (k, stated.start, sp.oo))
    domain = "symbolic gain, all orders summed"
    found = equal(_expectation(stated, sigma), total, domain=domain)
    return together(found, _lowest_orders(stated), domain=domain)


@dual_corrected.check(Level.PROVED, only="orders <= 7 of sin(a x), ReLU, |x|, step, erf, GELU")
@reduced_corrected.check(Level.PROVED, only="orders <= 7 of sin(a x), ReLU, |x|, step, erf, GELU")
def taylor_coefficients(stated: Series) -> Evidence:
    """Derivatives of the library's dual activation at 0 against its coefficients."""
    a = sp.Symbol("a", positive=True)
    step = sp.Piecewise((1, x > 0), (0, True))
    gelu = x * (1 + sp.erf(x / sp.sqrt(2))) / 2
    found = []
    for sigma in (sp.sin(a * x), sp.Max(x, 0), sp.Abs(x), step, sp.erf(x), gelu):
        derived = _expectation(stated, sigma)
        total = sp.expand(stated.total(hermiso.coefficients(sigma, 8, x), rho))
        for k in range(8):
            taylor = derived.subs(rho, 0) / sp.factorial(k)
            found.append(equal(taylor, total.coeff(rho, k), domain="hermiso.dual at rho = 0"))
            derived = sp.diff(derived, rho)
    domain = "Taylor coefficients of hermiso.dual at 0"
    return together(*found, _lowest_orders(stated), domain=domain)


@dual_corrected.check(Level.SEARCHED, only="activations with a closed form", profile="default")
@reduced_corrected.check(Level.SEARCHED, only="activations with a closed form", profile="default")
def closed_forms_within_the_tail(stated: Series, *, seed: int) -> Evidence:
    """|dual - sum_{k <= K}| <= |rho|^(K+1) (E sigma^2 - sum_{k <= K} c_k^2)."""

    def sides(case: tuple[Any, Fraction]) -> tuple[float, float]:
        sigma, r = case[0], sp.Rational(case[1]) / 2
        derived = _expectation(stated, sigma)
        assume(closed(derived))
        c = [sp.N(value, 30) for value in hermiso.coefficients(sigma, _CUT, x)]
        left = sp.N(derived.subs(rho, r), 30)
        tail = sp.N(hermiso.moment(sigma**2, x), 30) - sum(value**2 for value in c)
        return float(abs(left - stated.total(c, r))), float(abs(r) ** _CUT * tail) + 1e-20

    domain = "hermiso.dual against 16 coefficients and the bound of the tail, |rho| < 1/2"
    cases = st.tuples(activations(x), correlations())
    found = bounded(sides, cases, domain=domain, resolution=1e-9, examples=25, most=1000, seed=seed)
    _lowest_orders(stated)  # the joint law, which the library takes for granted
    return found


# Activations without a closed form, on a grid


@dual_corrected.check(Level.MEASURED, only="tanh, sigmoid, softplus")
@reduced_corrected.check(Level.MEASURED, only="tanh, sigmoid, softplus")
def on_a_grid(stated: Series) -> Evidence:
    """Expectations in the plane against coefficients on the line."""
    import numpy as np

    found = []
    for sigma in (np.tanh, lambda z: 1 / (1 + np.exp(-z)), lambda z: np.logaddexp(0, z)):
        for r in (-0.5, 0.25, 0.6):
            coarse, fine = (_double_sum(stated, sigma, r, h) for h in (0.2, 0.1))
            total = stated.total(_coefficients(sigma), r)
            domain = "trapezoidal sums in the plane, rho = -0.5, 0.25, 0.6"
            error = abs(fine - coarse) + 1e-14
            found.append(within_error(fine, error, total, resolution=1e-10, domain=domain))
    _lowest_orders(stated)  # the joint law, which the sums take for granted
    return together(*found)


def _nodes(h: float) -> tuple[Array, Array]:
    """Trapezoidal rule for N(0, 1): for analytic f its error falls like exp(-c / h)."""
    import numpy as np

    z = np.arange(-12.0, 12.0 + h / 2, h)
    return z, h * np.exp(-(z**2) / 2) / np.sqrt(2 * np.pi)


def _double_sum(stated: Series, sigma: Callable[[Array], Array], r: float, h: float) -> float:
    z, w = _nodes(h)
    second = r * z[:, None] + (1 - r**2) ** 0.5 * z
    centre = w @ sigma(z) if stated.centred else 0.0
    return float(w @ ((sigma(z)[:, None] - centre) * (sigma(second) - centre)) @ w)


def _coefficients(sigma: Callable[[Array], Array]) -> list[float]:
    """c_0, ..., c_59 with the recurrence of the normalized polynomials."""
    z, w = _nodes(0.1)
    before, current, found = 0 * z, 0 * z + 1, []
    for k in range(60):
        found.append(float(w @ (sigma(z) * current)))
        before, current = current, (z * current - k**0.5 * before) / (k + 1) ** 0.5
    return found


claims = (dual, dual_corrected, reduced, reduced_corrected)
