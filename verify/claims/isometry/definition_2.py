"""Definition 2: the normalized Hermite polynomials, and the coefficients of an expansion."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import sympy as sp

from verify import Claim, Evidence, Level, Refuted, Verdict, equal, together
from verify.claims.isometry._gauss import GAUSSIAN, rodrigues
from verify.claims.isometry._spectral import exponentials, transform, x

Function = Callable[[Any], Any]

_K = sp.Symbol("k", integer=True, nonnegative=True)

# "Hermite polynomial of degree k"

degree = Claim(
    label="isometry:def-2-degree",
    where="Definition 2",
    says=r"\deg He_k = k, \quad He_k(x) = (k!)^{-1/2} (-1)^k e^{x^2/2} \frac{d^k}{dx^k} e^{-x^2/2}",
    value=lambda k: k,
    mutants={
        "k - 1": lambda k: k - 1,
        "k + 1": lambda k: k + 1,
        "2k": lambda k: 2 * k,
    },
)


@degree.check(Level.PROVED)
def by_the_recurrence(stated: Function) -> Evidence:
    """From k to k + 1 the formula turns f into x f - f', which adds 1 to the degree, for any f.

    The leading coefficient stays: it is 1 before the factor (k!)^(-1/2).
    """
    f, a = sp.Function("f")(x), sp.Symbol("a", positive=True)
    bell = sp.exp(-(x**2) / 2)
    after = -sp.diff(bell * f, x) / bell
    lead = a * x**_K
    quotient = sp.simplify((x * lead - sp.diff(lead, x)) / x ** (_K + 1))
    domain = "all k >= 0, by induction"
    small = [
        equal(sp.degree(rodrigues(k, x), x), stated(sp.Integer(k)), domain=domain)
        for k in range(1, 5)
    ]
    return together(
        *small,
        equal(sp.expand(after), x * f - sp.diff(f, x), domain=domain),
        equal(sp.limit(quotient, x, sp.oo), a, domain=domain),
        equal(stated(sp.S.Zero), 0, domain=domain),
        equal(stated(_K + 1) - stated(_K), 1, domain=domain),
        domain=domain,
    )


# sigma = sum c_k He_k


@dataclass(frozen=True)
class Expansion:
    """What c_k is, and in which sense the series is sigma.

    Attributes:
        factor: k -> c_k / E[sigma(x) He_k(x)].
        pointwise: whether the series is said to be sigma(x) at every x, not only in L^2.
    """

    factor: Function
    pointwise: bool = False


def _one(k: Any) -> Any:
    return sp.S.One


_SLIPS: dict[str, Function] = {
    "unnormalized polynomials": lambda k: 1 / sp.factorial(k),
    "integral without the density": lambda k: sp.sqrt(2 * sp.pi),
    "half normalized": lambda k: 1 / sp.sqrt(sp.factorial(k)),
    "alternating sign": lambda k: (-1) ** k,
}
_ONLY = "symbolic polynomials of degree <= 6, and a step at its jump"
_SAYS = (
    r"E \sigma^2 < \infty \implies \sigma(x) = \sum_k c_k He_k(x){}, "
    r"\quad c_k = E_{{x \sim N(0, 1)}}[\sigma(x) He_k(x)]"
)

expansion_corrected = Claim(
    label="isometry:def-2-coefficients:corrected",
    where="Definition 2, last display",
    says=_SAYS.format(r" \text{ in } L^2(N(0, 1))"),
    value=Expansion(_one),
    mutants={
        "as printed: at every x": (_printed := Expansion(_one, pointwise=True)),
        **{slip: Expansion(wrong) for slip, wrong in _SLIPS.items()},
    },
    uses=("isometry:def-2-degree",),
)
expansion = Claim(
    label="isometry:def-2-coefficients",
    where="Definition 2, last display",
    says=_SAYS.format(""),
    value=_printed,
    mutants={slip: Expansion(wrong, pointwise=True) for slip, wrong in _SLIPS.items()},
    correction=expansion_corrected,
    why="the series is sigma in L^2, not at every x: at the jump of the step of Table 2 it is 1/2, "
    "and sigma(0) = 0.",
    expected=Verdict.REFUTED,
)


@expansion.check(Level.PROVED)
@expansion_corrected.check(Level.PROVED)
def by_the_generating_function(stated: Expansion) -> Evidence:
    """Orthonormal by E e^(sX - s^2/2) e^(tX - t^2/2) = e^(st), complete by Parseval for e^(a x).

    sum_k He_k(x) t^k / sqrt(k!) = phi(x - t) / phi(x) = e^(t x - t^2/2) is Taylor's formula.
    The factor of E[sigma He_k] in c_k must be 1 / E He_k^2.
    """
    _refute_at_the_jump(stated)
    s, t = sp.symbols("s t", real=True)
    bells = sp.exp(-((x - t) ** 2) / 2) / sp.exp(-(x**2) / 2)
    joint = transform(s + t) * sp.exp(-(s**2) / 2 - t**2 / 2)
    # e^u is its own derivative, of any order k, and 1 at 0: (s t)^k has the coefficient 1/k!
    derivative = sp.diff(sp.exp(s), s) / sp.exp(s)
    norm = sp.factorial(_K) * (derivative * sp.exp(0) / sp.factorial(_K))
    pair = exponentials()
    total = pair.total(lambda k: stated.factor(k) * pair.square(k), 0)
    domain = "all k >= 0; all of L^2(N(0, 1)), where exponentials are dense (cited)"
    return together(
        equal(stated.factor(_K) * norm, 1, domain=domain),
        equal(bells, sp.exp(t * x - t**2 / 2), domain=domain),
        equal(joint, sp.exp(s * t), domain=domain),
        equal(total, pair.product, domain=domain),
        domain=domain,
    )


def _refute_at_the_jump(stated: Expansion) -> None:
    """The series of sigma = 1[x > 0] at 0: c_0 = 1/2, and no other order contributes.

    He_k(0) = 0 for odd k, as He_k is odd; for even k >= 2, sqrt(k!) c_k is the integral of
    -(He phi)' over x > 0, which is an odd He at 0.
    """
    at_0 = [rodrigues(k, x).subs(x, 0) for k in range(6)]
    root = sp.sqrt(2 * sp.pi)
    c = [sp.S.Half, *(at_0[k - 1] / sp.sqrt(k) / root for k in range(1, 6))]
    total = sp.Add(*(stated.factor(k) * c[k] * at_0[k] for k in range(6)))
    if stated.pointwise and total != 0:
        raise Refuted(f"sigma(x) = 1[x > 0] at x = 0: the series is {total}, sigma is 0")


@expansion.check(Level.PROVED, only=_ONLY)
@expansion_corrected.check(Level.PROVED, only=_ONLY)
def polynomials_from_their_coefficients(stated: Expansion) -> Evidence:
    """Expand symbolic polynomials, by exact moments; they hold at every x, the step does not."""
    _refute_at_the_jump(stated)
    a = sp.symbols("a0:7", real=True)
    sigma = sp.Add(*(a[k] * x**k for k in range(7)))
    basis = [rodrigues(k, x) for k in range(7)]
    c = [
        stated.factor(sp.Integer(k)) * GAUSSIAN.expectation(sigma, he, x, sp.S.One)
        for k, he in enumerate(basis)
    ]
    total = sp.Add(*(c_k * he for c_k, he in zip(c, basis, strict=True)))
    missing = sp.expand(sigma - total)
    return equal(missing, 0, domain=_ONLY)


claims = (degree, expansion, expansion_corrected)
