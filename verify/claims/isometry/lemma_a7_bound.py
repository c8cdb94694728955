"""The proof of Lemma A.7, (47) to (51): the ratio of the odds is at most 1/beta.

Every line is checked twice: as an inequality of series, and with symbolic c_k of every order up
to 8.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import sympy as sp

from verify import Claim, Evidence, Level, Refuted, Verdict, equal, nonnegative, together
from verify.claims.isometry._quotients import (
    FINITE,
    KS,
    ORDERS,
    SERIES,
    Line,
    below_at_order_2,
    below_up_to_order_8,
    nonlinear,
    nonnegative_terms,
    rho,
    same_series,
    same_up_to_order_8,
)
from verify.claims.isometry.lemma_a7 import (
    Bound,
    finite_orders,
    kernel,
    odds,
    series_variables,
)
from verify.claims.isometry.lemma_a7_proof import LINE_46, power

# (47)

LINE_47 = Line(power, lambda k, r: r ** (k - 1) + nonlinear(k))

eq_47 = Claim(
    label="isometry:eq-47",
    where="Lemma A.7, proof, (47)",
    says=r"(46) \leq \frac{\sum_{k \geq 1} c_k^2 \rho^{k-1}}"
    r"{\left(\sum_{k \geq 1} c_k^2 \rho^{k-1}\right) + \sum_{k \geq 2} c_k^2}",
    value=LINE_47,
    mutants={
        "last sum from k = 1": Line(power, lambda k, r: r ** (k - 1) + 1),
        "last sum doubled": Line(power, lambda k, r: r ** (k - 1) + 2 * nonlinear(k)),
        "last sum of k c_k^2": Line(power, lambda k, r: r ** (k - 1) + k * nonlinear(k)),
        "first sum of rho^(k-2)": Line(lambda k, r: r**k, LINE_47.below),
    },
    uses=("isometry:eq-46:corrected",),
)


@eq_47.check(Level.PROVED)
def term_by_term_47(stated: Line) -> Evidence:
    """The numerators agree, and 1 + rho + ... + rho^(k-2) >= 1 for k >= 2."""
    low = below_at_order_2(LINE_46, stated)
    above = [equal(LINE_46.above(k, rho), stated.above(k, rho), domain=SERIES) for k in KS]
    gap = nonnegative_terms(lambda k, r: LINE_46.below(k, r) - stated.below(k, r))
    return together(low, *above, gap, domain=SERIES)


@eq_47.check(Level.PROVED, only=f"orders 1 to {ORDERS}")
def symbolic_spectra_47(stated: Line) -> Evidence:
    """Symbolic c_k."""
    return below_up_to_order_8(LINE_46, stated)


# (48) and (49): the maximum over rho in [0, 1]

_RANGES = {
    "rho in [0, 1/2]": sp.Interval(0, sp.S.Half),
    "rho in [0, 1), where there is none": sp.Interval.Ropen(0, 1),
    "rho in [0, 9/10]": sp.Interval(0, sp.Rational(9, 10)),
}

eq_48 = Claim(
    label="isometry:eq-48",
    where="Lemma A.7, proof, (48)",
    says=r"(47) \leq \max_{\rho \in [0, 1]} (47)",
    value=sp.Interval(0, 1),
    mutants=_RANGES,
    uses=("isometry:eq-47",),
)
eq_49 = Claim(
    label="isometry:eq-49",
    where="Lemma A.7, proof, (49)",
    says=r"(48) = \frac{\sum c_k^2}{\sum c_k^2 + \sum c_k^2 - c_1^2}",
    value=Line(lambda k, r: sp.S.One, lambda k, r: sp.Integer(1 + nonlinear(k))),
    mutants={
        "c_1^2 not subtracted": Line(lambda k, r: sp.S.One, lambda k, r: sp.Integer(2)),
        "value at rho = 0": Line(lambda k, r: sp.Integer(k == 1), lambda k, r: sp.S.One),
        "c_1^2 in the numerator": Line(
            lambda k, r: sp.Integer(k == 1), lambda k, r: sp.Integer(1 + nonlinear(k))
        ),
    },
    uses=("isometry:eq-48",),
)


def _below_its_value_at(r_max: Any, of: Line) -> Evidence:
    """Prove that (47) is at most its value at r_max, for all rho in (0, 1), two orders."""
    top = Line(lambda k, r: of.above(k, r_max), lambda k, r: of.below(k, r_max))
    return below_at_order_2(of, top)


@eq_48.check(Level.PROVED)
def by_monotonicity(stated: Any) -> Evidence:
    """A / (A + Q) grows with A = sum c_k^2 rho^(k-1), and rho^(k-1) <= 1 = its value at rho = 1.

    So the maximum over a range is the value at its right end, if that belongs to it.
    """
    if stated.right_open:
        raise Refuted(f"for c_2 alone, (47) = rho / (rho + 1) has no maximum on {stated}")
    low = _below_its_value_at(stated.end, LINE_47)
    A, u, Q = sp.symbols("A u Q", positive=True)
    grows = nonnegative((A + u) / (A + u + Q) - A / (A + Q), [A, u, Q], domain="A + u = V")
    terms = nonnegative_terms(lambda k, r: stated.end ** (k - 1) - LINE_47.above(k, r))
    return together(low, grows, terms, domain=SERIES)


@eq_49.check(Level.PROVED)
def term_by_term_49(stated: Line) -> Evidence:
    """The value of (47) at rho = 1, where (48) is attained."""
    top = Line(lambda k, r: LINE_47.above(k, sp.S.One), lambda k, r: LINE_47.below(k, sp.S.One))
    low = _below_its_value_at(1, LINE_47)
    return together(low, same_series(top, stated), domain=SERIES)


@eq_49.check(Level.PROVED, only=f"orders 1 to {ORDERS}")
def symbolic_spectra_49(stated: Line) -> Evidence:
    """Symbolic c_k: an upper bound of (47) that equals its value at rho = 1."""
    top = Line(lambda k, r: LINE_47.above(k, sp.S.One), lambda k, r: LINE_47.below(k, sp.S.One))
    same = same_up_to_order_8(top, stated)
    return together(same, below_up_to_order_8(LINE_47, stated), domain=FINITE)


eq_50 = Claim(
    label="isometry:eq-50",
    where="Lemma A.7, proof, (50)",
    says=r"(49) = \frac{1}{\beta_\sigma}",
    value=lambda beta: 1 / beta,
    mutants={
        "1 / beta^2": lambda beta: 1 / beta**2,
        "2 - beta": lambda beta: 2 - beta,
        "1 / (2 - beta)": lambda beta: 1 / (2 - beta),
    },
    uses=("isometry:eq-49",),
)


@eq_50.check(Level.PROVED)
def by_definition_3(stated: Callable[[Any], Any]) -> Evidence:
    """Beta = 2 - c_1^2 / V with V = sum c_k^2."""
    first, V = sp.symbols("c1_2 V", positive=True)
    domain = "all c_1^2, V = sum c_k^2 > 0"
    return equal(V / (V + V - first), stated(2 - first / V), domain=domain)


# (51)


@dataclass(frozen=True)
class Ranged:
    """A bound of the odds after a step, for rho in a range."""

    bound: Bound
    range: Any


def _lemma(r: Any, beta: Any) -> Any:
    return r / (1 - r) / beta


_SLIPS: dict[str, Bound] = {
    "beta squared": lambda r, beta: r / (1 - r) / beta**2,
    "2 - beta in place of 1/beta": lambda r, beta: r / (1 - r) * (2 - beta),
    "denominator forgotten": lambda r, beta: r / beta,
}

eq_51_corrected = Claim(
    label="isometry:eq-51:corrected",
    where="Lemma A.7, proof, (51)",
    says=r"\rho \in [0, 1) \implies \frac{\bar\sigma(\rho)}{1 - \bar\sigma(\rho)} \leq "
    r"\frac{\rho}{1 - \rho} \beta_\sigma^{-1}",
    value=Ranged(_lemma, sp.Interval.Ropen(0, 1)),
    mutants={
        "as printed: rho = 1 too": (_printed_51 := Ranged(_lemma, sp.Interval(0, 1))),
        **{slip: Ranged(bound, sp.Interval.Ropen(0, 1)) for slip, bound in _SLIPS.items()},
    },
    uses=("isometry:eq-44:corrected", "isometry:eq-50"),
)
eq_51 = Claim(
    label="isometry:eq-51",
    where="Lemma A.7, proof, (51)",
    says=r"\rho \in [0, 1] \implies \frac{\bar\sigma(\rho)}{1 - \bar\sigma(\rho)} \leq "
    r"\frac{\rho}{1 - \rho} \beta_\sigma^{-1}",
    value=_printed_51,
    mutants={slip: Ranged(bound, sp.Interval(0, 1)) for slip, bound in _SLIPS.items()},
    correction=eq_51_corrected,
    why="at rho = 1 both sides are 1/0, as sigma_bar(1) = 1.",
    expected=Verdict.REFUTED,
)


@eq_51.check(Level.PROVED)
@eq_51_corrected.check(Level.PROVED)
def as_an_inequality_of_series(stated: Ranged) -> Evidence:
    """Finite orders, where a negative value refutes; then the sums as symbols; then the ends."""
    finite = finite_orders(stated.bound, 3)
    rho, beta, ratio, variables = series_variables()
    domain = "all sum c_k^2 < oo, all rho in [0, 1)"
    gap = stated.bound(rho, beta) - ratio
    relaxed = nonnegative(gap, variables, domain=domain, refutable=False)
    return together(finite, relaxed, _at_the_ends(stated), domain=domain)


@eq_51.check(Level.PROVED, only=f"orders 1 to {ORDERS}")
@eq_51_corrected.check(Level.PROVED, only=f"orders 1 to {ORDERS}")
def symbolic_spectra(stated: Ranged) -> Evidence:
    """Symbolic c_k."""
    return together(finite_orders(stated.bound, ORDERS), _at_the_ends(stated))


def _at_the_ends(stated: Ranged) -> Evidence:
    half = sp.Rational(1, 2)
    for r in (sp.S.Zero, sp.S.One):
        if r in stated.range:
            left, right = odds(kernel((half, half), r)), stated.bound(r, sp.Rational(3, 2))
            if not (left.is_finite and right.is_finite):
                raise Refuted(f"at rho = {r}: both sides are 1/0, for c_1^2 = c_2^2 = 1/2")
            if left > right:
                raise Refuted(f"at rho = {r}: the sides are {left} and {right}")
    return Evidence(Level.PROVED, "the ends of the range")


claims = (eq_47, eq_48, eq_49, eq_50, eq_51, eq_51_corrected)
