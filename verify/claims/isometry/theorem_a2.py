"""The proof of Theorem A.2: moments of the activations, and (37)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

import sympy as sp

from verify import Claim, Evidence, Level, Refuted, Verdict, equal, together
from verify.claims.isometry._gauss import naming
from verify.claims.isometry._spectral import Pair, Square, Total, exponentials, polynomial, rho

Series: TypeAlias = Callable[[Square, Any, Total], Any]
Sums: TypeAlias = Callable[[Square, Total], tuple[Any, Any]]

_ALL = "all square-integrable activations (exponentials are dense: cited), all rho in [-1, 1]"
_DEGREE = 5
_ONLY = f"polynomials of degree <= {_DEGREE}"


def covariance(pair: Pair) -> Any:
    """E (f(X) - E f)(g(Y) - E g)."""
    return pair.dual - pair.means


# E a a' = [sigma_hat(G_ij)], centred: sigma_hat(G_ij) - c_0^2 = sigma_bar(G_ij)


def _dual(square: Square, rho: Any, total: Total) -> Any:
    return total(lambda k: square(k) * rho**k, 0)


def _reduced(square: Square, rho: Any, total: Total) -> Any:
    return total(lambda k: square(k) * rho**k, 1)


second = Claim(
    label="isometry:proof-thm-a2-second",
    where="Theorem A.2, proof, 'by definition of the dual-activation'",
    says=r"E a_i a_j = \hat\sigma(G_{ij}) = \sum_{k=0}^\infty c_k^2 G_{ij}^k",
    value=_dual,
    mutants={
        "mean-reduced": _reduced,
        "k + 1": lambda square, rho, total: rho * _dual(square, rho, total),
        "no rho": lambda square, rho, total: _dual(square, sp.S.One, total),
    },
    uses=("isometry:lem-a6-dual:corrected",),
)
centred = Claim(
    label="isometry:proof-thm-a2-centred",
    where="Theorem A.2, proof, 'implying that'",
    says=r"E (a_i - E a_i)(a_j - E a_j) = \hat\sigma(G_{ij}) - c_0^2 = \bar\sigma(G_{ij}) = "
    r"\sum_{k=1}^\infty c_k^2 G_{ij}^k",
    value=lambda square, rho, total: _dual(square, rho, total) - square(0),
    mutants={
        "mean not subtracted": _dual,
        "mean subtracted twice": lambda square, rho, total: (
            _dual(square, rho, total) - 2 * square(0)
        ),
        "c_0 in place of c_1": lambda square, rho, total: (
            _dual(square, rho, total) - square(1) * rho
        ),
        "no rho": lambda square, rho, total: _reduced(square, sp.S.One, total),
    },
    uses=("isometry:proof-thm-a2-second", "isometry:sec-6-1-mean"),
)


def _compared(stated: Series, pair: Pair, derived: Any, domain: str) -> Evidence:
    total = stated(pair.square, rho, pair.total)
    return equal(sp.expand(derived - total), 0, domain=domain)


@second.check(Level.PROVED)
def second_moment_of_exponentials(stated: Series) -> Evidence:
    """E e^(a X + b Y) against the sum of its series."""
    pair = exponentials()
    return equal(pair.dual, stated(pair.square, rho, pair.total), domain=_ALL)


@second.check(Level.PROVED, only=_ONLY)
def second_moment_of_polynomials(stated: Series) -> Evidence:
    """Symbolic coefficients, by exact moments."""
    pair = polynomial(_DEGREE)
    return _compared(stated, pair, pair.dual, _ONLY)


@centred.check(Level.PROVED)
def covariance_of_exponentials(stated: Series) -> Evidence:
    """E e^(a X + b Y) - E e^(a X) E e^(b Y) against both series."""
    pair = exponentials()
    series = _reduced(pair.square, rho, pair.total)
    return together(
        equal(covariance(pair), stated(pair.square, rho, pair.total), domain=_ALL),
        equal(covariance(pair), series, domain=_ALL),
    )


@centred.check(Level.PROVED, only=_ONLY)
def covariance_of_polynomials(stated: Series) -> Evidence:
    """Symbolic coefficients, by exact moments."""
    pair = polynomial(_DEGREE)
    return together(
        _compared(stated, pair, covariance(pair), _ONLY),
        _compared(_reduced, pair, covariance(pair), _ONLY),
    )


# Var(a_i) = E a_i^2 - (E a_i)^2 = sum_{k >= 0} c_k^2 = sum_{k >= 1} c_k^2


def _sum(square: Square, total: Total, start: int) -> Any:
    return total(square, start)


def _printed_sums(square: Square, total: Total) -> tuple[Any, Any]:
    return _sum(square, total, 0), _sum(square, total, 1)


variance_corrected = Claim(
    label="isometry:proof-thm-a2-variance:corrected",
    where="Theorem A.2, proof, 'the variance can be driven as'",
    says=r"\mathrm{Var}(a_i) = \sum_{k=0}^\infty c_k^2 - c_0^2 = \sum_{k=1}^\infty c_k^2",
    value=lambda square, total: (_sum(square, total, 0) - square(0), _sum(square, total, 1)),
    mutants={
        "as printed: c_0^2 not subtracted": _printed_sums,
        "from k = 2": lambda square, total: (_sum(square, total, 2),) * 2,
        "c_0^2 subtracted twice": lambda square, total: (
            _sum(square, total, 0) - 2 * square(0),
            _sum(square, total, 1),
        ),
    },
    uses=("isometry:proof-thm-a2-centred",),
)
variance = Claim(
    label="isometry:proof-thm-a2-variance",
    where="Theorem A.2, proof, 'the variance can be driven as'",
    says=r"\mathrm{Var}(a_i) = \sum_{k=0}^\infty c_k^2 = \sum_{k=1}^\infty c_k^2",
    value=_printed_sums,
    mutants={
        "from k = 2": variance_corrected.mutants["from k = 2"],
        "c_0^2 subtracted twice": variance_corrected.mutants["c_0^2 subtracted twice"],
        "k c_k^2": lambda square, total: (total(lambda k: k * square(k), 1),) * 2,
    },
    correction=variance_corrected,
    why="the first sum is E a_i^2; it lacks - c_0^2 and differs from the second unless c_0 = 0, by "
    "E a_i^2 - (E a_i)^2 before it; the term may have been lost in the copy that was read.",
    expected=Verdict.REFUTED,
)


@variance.check(Level.PROVED, only=_ONLY)
@variance_corrected.check(Level.PROVED, only=_ONLY)
def variance_of_polynomials(stated: Sums) -> Evidence:
    """Small degrees first: sigma = 1 has the variance 0 and c_0 = 1."""
    one = polynomial(0)
    for total in stated(one.square, one.total):
        of_one = total.subs(sp.Symbol("c0", real=True), 1)
        if of_one != 0:
            raise Refuted(f"sigma(x) = 1: the variance is 0, a sum is {of_one}")
    found = []
    for degree in (1, _DEGREE):
        pair = polynomial(degree)
        derived = pair.product - pair.means
        for total in stated(pair.square, pair.total):
            found.append(equal(sp.expand(derived - total), 0, domain=_ONLY))
    return together(*found)


@variance.check(Level.PROVED)
@variance_corrected.check(Level.PROVED)
def variance_of_exponentials(stated: Sums) -> Evidence:
    """Cov(e^(a X), e^(b X)) against the sums of the series."""
    pair = exponentials()
    derived = pair.product - pair.means
    sums = stated(pair.square, pair.total)
    with naming("e^(ax), e^(bx)"):
        return together(*(equal(derived, total, domain=_ALL) for total in sums))


# (37)

eq_37 = Claim(
    label="isometry:eq-37",
    where="Theorem A.2, proof, (37)",
    says=r"E \phi(a_i) \phi(a_j) = \bar\sigma(G_{ij}) / \bar\sigma(1)",
    value=lambda reduced: reduced(rho) / reduced(sp.S.One),
    mutants={
        "not divided": lambda reduced: reduced(rho),
        "root of the variance": lambda reduced: reduced(rho) / sp.sqrt(reduced(sp.S.One)),
        "variance squared": lambda reduced: reduced(rho) / reduced(sp.S.One) ** 2,
    },
    uses=(
        "isometry:eq-10",
        "isometry:proof-thm-a2-centred",
        "isometry:proof-thm-a2-variance:corrected",
    ),
)


@eq_37.check(Level.PROVED)
def by_dividing_by_the_roots(stated: Callable[[Any], Any]) -> Evidence:
    """One quadratic activation first; then any: the denominators are the same for i and j."""
    pair = polynomial(2)
    small = _normalized(stated, pair)
    s, v = sp.symbols("s v", positive=True)  # sigma_bar(G_ij), sigma_bar(1) = Var a_i = Var a_j

    def reduced(r: Any) -> Any:
        return s if r == rho else v

    quotient = equal(s / (sp.sqrt(v) * sp.sqrt(v)), stated(reduced), domain=_ALL)
    return together(small, quotient, domain=_ALL)


@eq_37.check(Level.PROVED, only=_ONLY)
def normalized_polynomials(stated: Callable[[Any], Any]) -> Evidence:
    """Symbolic coefficients, by exact moments."""
    return _normalized(stated, polynomial(_DEGREE))


def _normalized(stated: Callable[[Any], Any], pair: Pair) -> Evidence:
    def reduced(r: Any) -> Any:
        return _reduced(pair.square, r, pair.total)

    derived = covariance(pair) / (pair.product - pair.means)
    return equal(sp.cancel(derived), sp.sympify(stated(reduced)), domain=_ONLY)


claims = (
    second,
    centred,
    variance,
    variance_corrected,
    eq_37,
)
