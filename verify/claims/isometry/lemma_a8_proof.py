"""The proof of Lemma A.8, (59) to (62), from Mehler's formula and orthogonality."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product
from typing import Any

import sympy as sp

from verify import Claim, Evidence, Level, equal, together
from verify.claims.isometry._gauss import GAUSSIAN, Bell, naming, rodrigues
from verify.claims.isometry.mehler import (
    Weight,
    exponential,
    joint,
    kernel,
    marginals,
    ones,
    powers,
    rho,
    s,
    same,
    squares,
    t,
    x,
    y,
)

_LOW = 3

Moment = Callable[[Any, Any, Any], Any]

density = Claim(
    label="isometry:eq-59",
    where="Lemma A.8, proof, (59)",
    says=r"E_{X,Y} He_n(X) He_k(Y) = \int He_n(x) He_k(y) p(x, y) dx dy",
    value=joint,
    mutants={
        "independent: p(x) p(y)": lambda x, y, rho: marginals(x, y),
        "sign of rho": lambda x, y, rho: joint(x, -y, rho),
        "p(x) p(y) left out": kernel,
        "2 pi left out": lambda x, y, rho: Bell(
            2 * sp.pi * joint(x, y, rho).factor, joint(x, y, rho).exponent
        ),
    },
    uses=("isometry:eq-57:corrected",),
)


@density.check(Level.PROVED)
def by_generating_functions(stated: Callable[[Any, Any, Any], Bell]) -> Evidence:
    """Integrate e^(sx - s^2/2) e^(ty - t^2/2) against the density; E of it is e^(rho s t)."""
    generating = stated(x, y, rho).times(s * x - s**2 / 2 + t * y - t**2 / 2)
    derived = _generating_moment()
    integral = generating.integrated(x, rho).integrated(y, rho)
    return same(derived, integral, "all n, k >= 0, |rho| < 1, by generating functions in s, t")


def _generating_moment() -> Bell:
    """E e^(sX - s^2/2) e^(tY - t^2/2) for Y = rho X + sqrt(1 - rho^2) Z: integrate X, then Z."""
    z, root = sp.Symbol("z", real=True), sp.sqrt(1 - rho**2)
    exponent = s * x - s**2 / 2 + t * (rho * x + root * z) - t**2 / 2 - (x**2 + z**2) / 2
    return Bell(1 / (2 * sp.pi), exponent).integrated(x, rho).integrated(z, rho)


series = Claim(
    label="isometry:eq-60",
    where="Lemma A.8, proof, (60)",
    says=r"(59) = \sum_m \rho^m \int He_n(x) He_k(y) He_m(x) He_m(y) dp(x) dp(y)",
    value=powers,
    mutants={"no rho, as (58)": ones, "rho^(2m)": squares, "divided by m!": exponential},
    uses=("isometry:eq-58:corrected", "isometry:eq-59"),
)


@series.check(Level.PROVED)
def by_orthogonality(stated: Weight) -> Evidence:
    """The sum has the coefficients of e^(rho s t), which generates (59)."""
    j = sp.Symbol("j", integer=True, nonnegative=True)
    expanded = sp.Sum((rho * s * t) ** j / sp.factorial(j), (j, 0, sp.oo)).doit()
    return together(
        _lowest_orders(lambda n, k, r: stated(n, r) * sp.KroneckerDelta(n, k)),
        same(_generating_moment(), Bell(1, rho * s * t), "all s, t"),
        equal(expanded, sp.exp(rho * s * t), domain="coefficient rho^j of (st)^j / j!"),
        equal(rho**j, stated(j, rho), domain="n = k = j, and 0 = 0 for n != k"),
        domain="all n, k >= 0, |rho| < 1; in prose: sum and integral by convergence in L^2",
    )


def _lowest_orders(stated: Moment) -> Evidence:
    """Compare with E He_n(X) He_k(Y) for n, k < 3, by exact moments."""
    found = []
    for n, k in product(range(_LOW), repeat=2):
        derived = GAUSSIAN.expectation(rodrigues(n, x), rodrigues(k, x), x, rho)
        with naming(f"n = {n}, k = {k}"):
            found.append(equal(derived, stated(n, k, rho), domain="n, k < 3"))
    return together(*found)


Pairing = Callable[[Any, Any], Any]
Factored = Callable[[Pairing, Any, Any, Any, Any], Any]

factored = Claim(
    label="isometry:eq-61",
    where="Lemma A.8, proof, (61)",
    says=r"\int He_n(x) He_k(y) He_m(x) He_m(y) dp(x) dp(y) = "
    r"E[He_n(X) He_m(X)] E[He_k(Y) He_m(Y)]",
    value=lambda pair, n, k, m, other: pair(n, m) * pair(k, other),
    mutants={
        "pairs n with k": lambda pair, n, k, m, other: pair(n, k) * pair(m, other),
        "second factor left out": lambda pair, n, k, m, other: pair(n, m),
        "first factor squared": lambda pair, n, k, m, other: pair(n, m) ** 2,
    },
)


@factored.check(Level.PROVED)
def by_integrating_x_and_y(stated: Factored) -> Evidence:
    """Generating functions e^(sx - s^2/2) e^(ty - t^2/2) e^(ux - u^2/2) e^(vy - v^2/2)."""
    u, v = sp.symbols("u v", real=True)
    exponents = [a * b - a**2 / 2 for a, b in ((s, x), (t, y), (u, x), (v, y))]
    joint = marginals(x, y).times(sp.Add(*exponents)).integrated(x, rho).integrated(y, rho)
    found = stated(_pairing, s, t, u, v)
    return together(
        equal(joint.factor, 1, domain="factor"),
        equal(sp.exp(joint.exponent), found, domain="all s, t, u, v"),
        domain="all n, k, m >= 0, by generating functions in s, t, u, v",
    )


def _pairing(a: Any, b: Any) -> Any:
    """E e^(aX - a^2/2) e^(bX - b^2/2), which generates E He_i(X) He_j(X)."""
    bell = Bell(1 / sp.sqrt(2 * sp.pi), (a + b) * x - (a**2 + b**2) / 2 - x**2 / 2)
    done = bell.integrated(x, rho)
    return done.factor * sp.exp(done.exponent)


def _kronecker(n: Any, k: Any, rho: Any) -> Any:
    return rho**n * sp.KroneckerDelta(n, k)


result = Claim(
    label="isometry:eq-62",
    where="Lemma A.8, proof, (62)",
    says=r"\sum_m \rho^m \delta_{nm} \delta_{km} = \rho^n \delta_{nk}",
    value=_kronecker,
    mutants={
        "rho^(n + k)": lambda n, k, rho: rho**k * _kronecker(n, k, rho),
        "no rho": lambda n, k, rho: sp.KroneckerDelta(n, k),
        "delta left out": lambda n, k, rho: rho**n,
    },
    uses=("isometry:eq-60", "isometry:eq-61", "isometry:eq-62-orthogonality"),
)


@result.check(Level.PROVED)
def by_summing_over_m(stated: Moment) -> Evidence:
    """One term is left if n = k, none if n != k."""
    n, m = sp.symbols("n m", integer=True, nonnegative=True)
    more = sp.Symbol("more", integer=True, positive=True)
    found = [_lowest_orders(stated)]
    for i, k in ((n, n), (n, n + more), (n + more, n)):
        term = rho**m * sp.KroneckerDelta(i, m) * sp.KroneckerDelta(k, m)
        total = sp.summation(term, (m, 0, i + k))
        found.append(equal(total, stated(i, k, rho), domain="all n, k >= 0"))
    return together(*found, domain="all n, k >= 0, symbolic")


orthogonality = Claim(
    label="isometry:eq-62-orthogonality",
    where="Lemma A.8, proof, after (62), printed with H_k, H_n; He is meant",
    says=r"E_{X \sim N(0, 1)} He_k(X) He_n(X) = \delta_{nk}",
    value=sp.KroneckerDelta,
    mutants={
        "n! of the unnormalized ones": lambda n, k: sp.factorial(n) * sp.KroneckerDelta(n, k),
        "n = k + 1": lambda n, k: sp.KroneckerDelta(n, k + 1),
        "one for all n, k": lambda n, k: sp.S.One,
    },
)


@orthogonality.check(Level.PROVED)
def by_the_generating_function(stated: Callable[[Any, Any], Any]) -> Evidence:
    """e^(st) generates the moments: its coefficient at s^n t^k is delta_nk / n!."""
    n, j = sp.symbols("n j", integer=True, nonnegative=True)
    more = sp.Symbol("more", integer=True, positive=True)
    low = _lowest_orders(lambda i, k, r: stated(i, k) * r**i)
    found = [low, equal(sp.exp(s * t), _pairing(s, t), domain="all s, t")]
    for i, k in ((n, n), (n, n + more), (n + more, n)):
        term = sp.KroneckerDelta(i, j) * sp.KroneckerDelta(k, j) / sp.factorial(j)
        root = sp.sqrt(sp.factorial(i)) * sp.sqrt(sp.factorial(k))
        derived = root * sp.summation(term, (j, 0, i + k))
        found.append(equal(derived, stated(i, k), domain="all n, k >= 0"))
    return together(*found, domain="all n, k >= 0, by generating functions")


claims = (density, series, factored, result, orthogonality)
