"""Mehler's formula, (57)-(58), as the proof of Lemma A.8 cites it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import sympy as sp

from verify import Claim, Evidence, Level, Refuted, Verdict, equal, together
from verify.claims.isometry._gauss import Bell, naming, rodrigues

x, y, rho = sp.symbols("x y rho", real=True)
s, t = sp.symbols("s t", real=True)

_LOW = 3
_APART = sp.Interval.open(-1, 1)
_OPEN = "all real x, y, all rho in (-1, 1)"

Weight = Callable[[Any, Any], Any]


def kernel(x: Any, y: Any, rho: Any) -> Bell:
    """(57)."""
    above = rho**2 * (x**2 + y**2) - 2 * x * y * rho
    return Bell(1 / sp.sqrt(1 - rho**2), -above / (2 * (1 - rho**2)))


def marginals(x: Any, y: Any) -> Bell:
    """p(x) p(y)."""
    return Bell(1 / (2 * sp.pi), -(x**2 + y**2) / 2)


def same(derived: Bell, stated: Bell, domain: str) -> Evidence:
    """Compare squared factors, which have no roots, and exponents."""
    return together(
        equal(derived.factor**2, stated.factor**2, domain=domain),
        equal(derived.exponent, stated.exponent, domain=domain),
    )


# "the left hand side is equal to p(x, y) / p(x) p(y), where p(x, y) is the joint PDF of (X, Y)"


@dataclass(frozen=True)
class Ratio:
    """p(x, y) / (p(x) p(y)) = bell(x, y, rho) for all correlations rho in a set."""

    bell: Callable[[Any, Any, Any], Bell]
    correlations: Any = _APART


_printed_ratio = Ratio(kernel, sp.Interval(-1, 1))


def _cross_term_flipped(x: Any, y: Any, rho: Any) -> Bell:
    return kernel(x, -y, rho)


def joint(x: Any, y: Any, rho: Any) -> Bell:
    """p(x, y): (57) times p(x) p(y)."""
    ratio, product = kernel(x, y, rho), marginals(x, y)
    return Bell(ratio.factor * product.factor, ratio.exponent + product.exponent)


def _without_root(x: Any, y: Any, rho: Any) -> Bell:
    return Bell(1 / (1 - rho**2), kernel(x, y, rho).exponent)


def _rho_for_its_square(x: Any, y: Any, rho: Any) -> Bell:
    above = rho * (x**2 + y**2) - 2 * x * y * rho
    return Bell(kernel(x, y, rho).factor, -above / (2 * (1 - rho**2)))


ratio_corrected = Claim(
    label="isometry:eq-57:corrected",
    where="Lemma A.8, proof, (57) with the sentence after (58)",
    says=r"|\rho| < 1 \implies \frac{1}{\sqrt{1-\rho^2}} "
    r"e^{-\frac{\rho^2(x^2+y^2) - 2xy\rho}{2(1-\rho^2)}} = \frac{p(x, y)}{p(x) p(y)}",
    value=Ratio(kernel),
    mutants={
        "as printed: rho = 1 and -1 too": _printed_ratio,
        "sign of the cross term": Ratio(_cross_term_flipped),
        "not divided by p(x) p(y)": Ratio(joint),
        "no root": Ratio(_without_root),
        "rho in place of its square": Ratio(_rho_for_its_square),
    },
)
ratio = Claim(
    label="isometry:eq-57",
    where="Lemma A.8, proof, (57) with the sentence after (58)",
    says=r"E XY = \rho \implies \frac{1}{\sqrt{1-\rho^2}} "
    r"e^{-\frac{\rho^2(x^2+y^2) - 2xy\rho}{2(1-\rho^2)}} = \frac{p(x, y)}{p(x) p(y)}",
    value=_printed_ratio,
    mutants={
        "sign of the cross term": Ratio(_cross_term_flipped, sp.Interval(-1, 1)),
        "not divided by p(x) p(y)": Ratio(joint, sp.Interval(-1, 1)),
        "no root": Ratio(_without_root, sp.Interval(-1, 1)),
    },
    correction=ratio_corrected,
    why="for rho = 1 or -1 there is no joint PDF and (57) is 1/0; Lemma A.8 itself holds there.",
    expected=Verdict.REFUTED,
)


@ratio.check(Level.PROVED)
@ratio_corrected.check(Level.PROVED)
def by_the_density_of_a_gaussian_vector(stated: Ratio) -> Evidence:
    """Invert the covariance matrix, where it has an inverse."""
    covariance = sp.Matrix([[1, rho], [rho, 1]])
    v, product = sp.Matrix([x, y]), marginals(x, y)
    exponent = -(v.T * covariance.inv() * v)[0] / 2 - product.exponent
    factor = 1 / (2 * sp.pi * sp.sqrt(covariance.det())) / product.factor
    found = same(Bell(factor, exponent), stated.bell(x, y, rho), _OPEN)
    for r in (sp.S.One, sp.S.NegativeOne):
        if r in stated.correlations and covariance.det().subs(rho, r) == 0:
            raise Refuted(f"at rho = {r}: the covariance matrix is singular, there is no p(x, y)")
    return found


# (58): the sum


def powers(m: Any, rho: Any) -> Any:
    """rho^m."""
    return rho**m


def ones(m: Any, rho: Any) -> Any:
    """No factor, as (58) is printed."""
    return sp.S.One


def squares(m: Any, rho: Any) -> Any:
    """rho^(2m)."""
    return rho ** (2 * m)


def exponential(m: Any, rho: Any) -> Any:
    """rho^m / m!."""
    return rho**m / sp.factorial(m)


formula_corrected = Claim(
    label="isometry:eq-58:corrected",
    where="Lemma A.8, proof, (57) = (58)",
    says=r"|\rho| < 1 \implies (57) = \sum_{m=0}^\infty \rho^m He_m(x) He_m(y)",
    value=powers,
    mutants={
        "as printed": ones,
        "rho^(2m)": squares,
        "divided by m!, as for the unnormalized ones": exponential,
        "exponent m + 1": lambda m, rho: rho ** (m + 1),
    },
)
formula = Claim(
    label="isometry:eq-58",
    where="Lemma A.8, proof, (57) = (58)",
    says=r"(57) = \sum_{m=0}^\infty He_m(x) He_m(y)",
    value=ones,
    mutants={
        "divided by m!": lambda m, rho: 1 / sp.factorial(m),
        "alternating": lambda m, rho: (-1) ** m,
        "one power of rho": lambda m, rho: rho,
    },
    correction=formula_corrected,
    why="the factor rho^m is missing (it stands in (60)): the right side does not depend on rho.",
    expected=Verdict.REFUTED,
)


@formula.check(Level.PROVED)
@formula_corrected.check(Level.PROVED)
def by_hermite_polynomials_as_moments(stated: Weight) -> Evidence:
    """He_m(x) sqrt(m!) = E (x + iz)^m, so the sum is an expectation of one exponential.

    sum_m rho^m He_m(x) He_m(y) = E exp(rho (x + iz)(y + iw)) with independent z, w; the double
    sum converges absolutely, as E exp(|rho zw|) < oo for |rho| < 1.
    """
    projections = _projected(stated)
    z, w = sp.symbols("z w", real=True)
    m = sp.Symbol("m", integer=True, nonnegative=True)
    u = sp.Symbol("u", positive=True)
    generating = Bell(1 / sp.sqrt(2 * sp.pi), s * (x + sp.I * z) - z**2 / 2).integrated(z, rho)
    sums = sp.summation(stated(m, rho) * u**m / sp.factorial(m), (m, 0, sp.oo))
    both = Bell(1 / (2 * sp.pi), rho * (x + sp.I * z) * (y + sp.I * w) - (z**2 + w**2) / 2)
    return together(
        projections,
        same(Bell(1, s * x - s**2 / 2), generating, "E e^{s(x + iz)} generates Definition 2"),
        equal(sp.exp(rho * u), sums, domain="all u"),
        same(both.integrated(w, rho).integrated(z, rho), kernel(x, y, rho), _OPEN),
        domain=f"{_OPEN}; in prose: E term by term, by absolute convergence",
    )


def _projected(stated: Weight) -> Evidence:
    """Integrals of both sides against He_n(x) He_n(y) p(x) p(y), for the lowest orders."""
    left = joint(x, y, rho).times(s * x + t * y).integrated(x, rho).integrated(y, rho)
    transform = sp.exp(left.exponent) * sp.sqrt(sp.simplify(left.factor**2))
    found = []
    for n in range(_LOW):
        terms = sp.Poly(sp.expand(rodrigues(n, x) * rodrigues(n, y)), x, y).terms()
        moment = sum(a * _derivative(transform, i, k) for (i, k), a in terms)
        with naming(f"against He_{n}(x) He_{n}(y)"):
            found.append(equal(moment, stated(n, rho), domain="projections"))
    return together(*found)


def _derivative(transform: Any, i: int, k: int) -> Any:
    return sp.diff(transform, s, i, t, k).subs({s: 0, t: 0})


# "the m! factor difference is due to the ... additional 1/sqrt(m!)"

factorial = Claim(
    label="isometry:eq-58-factorial",
    where="Lemma A.8, proof, after (58)",
    says=r"\text{with } h_m = \sqrt{m!}\, He_m: \quad He_m(x) He_m(y) = h_m(x) h_m(y) / m!",
    value=sp.factorial,
    mutants={
        "sqrt(m!)": lambda m: sp.sqrt(sp.factorial(m)),
        "(m!)^2": lambda m: sp.factorial(m) ** 2,
        "2^m m!, as for the physicists' polynomials": lambda m: 2**m * sp.factorial(m),
    },
)


@factorial.check(Level.PROVED)
def by_definition_2(stated: Callable[[Any], Any]) -> Evidence:
    """The factor of Definition 2, for the lowest orders and for symbolic m."""
    f, g = sp.symbols("f g", real=True)  # (-1)^m e^(x^2/2) (d/dx)^m e^(-x^2/2), also at y
    m = sp.Symbol("m", integer=True, nonnegative=True)
    found = []
    for order in (sp.Integer(2), sp.Integer(3), m):
        normalized = f * g * sp.factorial(order) ** (-sp.S.Half - sp.S.Half)
        found.append(equal(normalized, f * g / stated(order), domain="all m >= 0"))
    return together(*found)


claims = (ratio, ratio_corrected, formula, formula_corrected, factorial)
