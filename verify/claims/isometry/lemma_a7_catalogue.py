"""Lemma A.7 for each activation of the catalogue: balls over all correlations."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

import sympy as sp

from hermiso import catalogue, certified, kernel_map
from verify import Claim, Evidence, Level, Refuted, Undecided, nonnegative, together

Factor = Callable[[Any], Any]  # of beta: what the odds shrink by, at least

_DIGITS = 12
_MOST = 2000  # intervals for one activation
_ZERO, _ONE = Fraction(0), Fraction(1)
_POLYNOMIALS = ("identity", "square", "he2")  # equality for all rho, or as rho -> 1
_QUICK = (
    "relu", "leaky_relu", "prelu", "rrelu", "relu_squared", "gelu", "erf", "normal_cdf", "step",
    "sign", "abs", "sin", "cos", "snake", "exp", "shifted_exp", "gaussian", "tanh", "sigmoid",
)  # fmt: skip


lemma = Claim(
    label="isometry:lem-a7-catalogue",
    where="Lemma A.7, (38), for the activations of hermiso.catalogue",
    says=r"|\rho| < 1 \implies \frac{|\kappa(\rho)|}{1 - |\kappa(\rho)|} \leq "
    r"\beta_\sigma^{-1} \frac{|\rho|}{1 - |\rho|}, \quad \kappa = \bar\sigma / \bar\sigma(1)",
    value=lambda beta: 1 / beta,
    mutants={
        "beta squared": lambda beta: 1 / beta**2,
        "1/2 in place of 1/beta": lambda beta: 1 / sp.Integer(2),
        "2 - beta in place of 1/beta": lambda beta: 2 - beta,
        "1 / (2 beta - 1)": lambda beta: 1 / (2 * beta - 1),
    },
    uses=("isometry:lem-a6-reduced:corrected", "isometry:eq-52"),
)


@dataclass
class _Ratio:
    """(38) as A(r) / B(r) <= factor, A = kappa(r) / r and B = (1 - kappa(r)) / (1 - r).

    Both are power series with coefficients >= 0 (Lemma A.6), so they grow with r in (0, 1): on
    [a, b] the ratio is at most A(b) / B(a). B(a) is the slope of a chord of the convex kappa, and
    a lower bound of its derivatives up to r = 1. By (52) the sign of rho is free.
    """

    name: str
    known: dict[Fraction, Any] = field(default_factory=dict)

    def kappa(self, r: Fraction) -> Any:
        if r not in self.known:
            at = sp.Rational(r.numerator, r.denominator)
            self.known[r] = certified.kernel_map(self.name, at, digits=_DIGITS)
        return self.known[r]

    def above(self, b: Fraction) -> Any:
        return self.kappa(b) / b

    def below(self, a: Fraction) -> Any:
        return (1 - self.kappa(a)) / (1 - a)


def _covered(name: str, stated: Factor) -> tuple[int, float, str]:
    """Bisect [0, 1] until the bound holds on each part; return their number and the tightness."""
    factor = stated(certified.beta(name, digits=_DIGITS))
    ratio, open_parts = _Ratio(name), deque([(_ZERO, _ONE)])
    parts, tightest = 0, (0.0, "")
    while open_parts:
        a, b = open_parts.popleft()
        if ratio.above(b).less(ratio.below(a) * factor):
            parts += 1
            continue
        middle = (a + b) / 2
        here = ratio.above(middle) / ratio.below(middle)
        if (-(here - factor)).less(0):
            raise Refuted(f"{name}, rho = {middle}: the quotient of the odds is {here} > {factor}")
        tightest = max(tightest, (float(here / factor), f"{name}, rho = {middle}"))
        open_parts += [(a, middle), (middle, b)]
        if len(ratio.known) > _MOST:
            raise Undecided(f"{name}: open on [{a}, {b}] after {_MOST} correlations")
    return parts, *tightest


def _by_bisection(names: Iterable[str], stated: Factor) -> Evidence:
    names = tuple(names)
    found = [_covered(name, stated) for name in names]
    domain = f"{len(names)} activations, all rho in (-1, 1) by balls on intervals of |rho|"
    tightness, place = max((seen, where) for _, seen, where in found)
    parts = sum(number for number, _, _ in found)
    return Evidence(Level.CERTIFIED, domain, parts, tightness, place)


def _polynomial_maps(stated: Factor) -> Evidence:
    """Kernel maps that are polynomials, symbolically."""
    rho, t = sp.Symbol("rho", real=True), sp.Symbol("t", positive=True)
    found = []
    for name in _POLYNOMIALS:
        kappa = kernel_map(name, rho).subs(rho, t / (1 + t))
        beta = 1 + sp.Rational(str(certified.beta_minus_one(name)))  # exact balls: 0, 1, 1
        gap = stated(beta) * t - kappa / (1 - kappa)
        found.append(nonnegative(gap, [t], domain="identity, square, he2: symbolic rho"))
    return together(*found)


@lemma.check(Level.CERTIFIED, only=f"{len(_POLYNOMIALS) + len(_QUICK)} activations")
def quick_activations(stated: Factor) -> Evidence:
    """Kernel maps that take milliseconds."""
    return together(_polynomial_maps(stated), _by_bisection(_QUICK, stated))


@lemma.check(Level.CERTIFIED, profile="default", time_limit=120.0)
def whole_catalogue(stated: Factor) -> Evidence:
    """Every activation; those without a closed form too."""
    names = [n for n in catalogue.names() if n not in _POLYNOMIALS]
    return together(_polynomial_maps(stated), _by_bisection(names, stated))


strengths = Claim(
    label="isometry:def-3-catalogue",
    where="after Definition 3, (i), for the activations of hermiso.catalogue",
    says=r"1 \leq \beta_\sigma \leq 2",
    value=sp.Interval(1, 2),
    mutants={
        "open interval": sp.Interval.open(1, 2),
        "[1, 3/2]": sp.Interval(1, sp.Rational(3, 2)),
        "bounded away from 1": sp.Interval(sp.Rational(101, 100), 2),
        "[0, 1]": sp.Interval(0, 1),
    },
)


@strengths.check(Level.CERTIFIED)
def enclosed_strengths(stated: Any) -> Evidence:
    """A ball around each beta - 1; it is exact where beta is 1 or 2."""
    names = catalogue.names()
    for name in names:
        excess = certified.beta(name, digits=_DIGITS) - 1
        low, high = excess - (stated.start - 1), (stated.end - 1) - excess
        for gap, is_open in ((low, stated.left_open), (high, stated.right_open)):
            _require(gap, is_open, f"beta of {name} is {1 + excess}, not in {stated}")
    return Evidence(Level.CERTIFIED, f"{len(names)} activations, balls", len(names))


def _require(gap: Any, is_open: bool, said: str) -> None:
    """Refute a negative gap, or 0 where the interval is open."""
    below = gap.less(0)
    if below or (is_open and gap.is_exact and gap.contains(0)):
        raise Refuted(said)
    if below is None:
        raise Undecided(f"{said}, perhaps")


claims = (lemma, strengths)
