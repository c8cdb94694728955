"""The proof of Lemma A.7, (44) to (46): the ratio of the odds after and before a step.

Every line is checked twice: as an identity of series, and with symbolic c_k of every order up
to 8. The bound of the ratio, (47) to (50), stands in lemma_a7_bound.py.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import cache
from typing import Any

import sympy as sp

from verify import Claim, Evidence, Level, Refuted, Verdict, equal, together
from verify.claims.isometry._quotients import (
    FINITE,
    ORDERS,
    J,
    Line,
    geometric,
    same_series,
    same_up_to_order_8,
    symbolic_squares,
    t,
)

# "Note the ratio is invariant to scaling of sum c_k^2", "we have sigma_bar(1) = 1"

Scaling = Callable[[Any, Any, Any], Any]

scaling = Claim(
    label="isometry:lem-a7-scaling",
    where="Lemma A.7, proof, first sentence",
    says=r"c_k^2 \to \lambda c_k^2 \text{ leaves (38) unchanged}",
    value=lambda square, k, factor: factor * square,
    mutants={
        "gain: lambda^k c_k^2": lambda square, k, factor: factor**k * square,
        "shift": lambda square, k, factor: square + factor,
        "linear part alone": lambda square, k, factor: square * (1 if k != 1 else factor),
    },
)


@scaling.check(Level.PROVED)
def by_a_common_factor(stated: Scaling) -> Evidence:
    """Both sides of (38) are functions of c_k^2 / c_1^2."""
    p, q, factor = sp.symbols("p q lambda", positive=True)
    found = []
    for k in (2, 3, J + 2):
        scaled = stated(q, sp.sympify(k), factor) / stated(p, sp.S.One, factor)
        found.append(equal(q / p, scaled, domain="all c_k, symbolic k, lambda > 0"))
    return together(*found)


unit = Claim(
    label="isometry:lem-a7-unit",
    where="Lemma A.7, proof, third sentence",
    says=r"\sum_{k=1}^\infty c_k^2 = 1 \implies \bar\sigma(1) = 1",
    value=lambda c, k: c**2 if k != 0 else sp.S.Zero,
    mutants={
        "sum from k = 0": lambda c, k: c**2,
        "c_k in place of its square": lambda c, k: c if k != 0 else sp.S.Zero,
        "k c_k^2, the derivative": lambda c, k: k * c**2,
    },
    uses=("isometry:lem-a6-reduced:corrected",),
)


@unit.check(Level.PROVED)
def terms_of_the_reduced_dual(stated: Callable[[Any, Any], Any]) -> Evidence:
    """The terms of sigma_bar at rho = 1, Lemma A.6."""
    from verify.claims.isometry.lemma_a6 import reduced_corrected

    series = reduced_corrected.value
    c = sp.Symbol("c_k", real=True)
    found = []
    for k in (sp.S.Zero, sp.S.One, sp.Integer(2), J + 1):
        term = sp.S.Zero if k == 0 else series.term(c, k, 1)
        found.append(equal(term, stated(c, k), domain="all c_k, symbolic k"))
    return together(*found)


# (44), "for the positive range rho in [0, 1]"


def _above_44(k: Any, r: Any) -> Any:
    return r**k / r


def _below_44(k: Any, r: Any) -> Any:
    return (1 - r**k) / (1 - r)


def _of_the_odds(squares: Sequence[Any], r: Any) -> Any:
    """(sigma_bar / (1 - sigma_bar)) (rho / (1 - rho))^-1 for sum c_k^2 = 1."""
    total = sum(squares)
    kernel = sum(square / total * r**k for k, square in enumerate(squares, 1))
    return (kernel / (1 - kernel)) * (r / (1 - r)) ** -1


ODDS = Line(lambda k, r: r**k * (1 - r), lambda k, r: (1 - r**k) * r)  # the same, cleared
LINE_44 = Line(_above_44, _below_44)
_CLOSED_44 = replace(LINE_44, range=sp.Interval(0, 1))
_SLIPS_44 = {
    "1/rho left out": Line(lambda k, r: r**k, _below_44),
    "1/(1 - rho) left out": Line(_above_44, lambda k, r: 1 - r**k),
    "(1 - rho)^k in place of 1 - rho^k": Line(_above_44, lambda k, r: (1 - r) ** (k - 1)),
}

eq_44_corrected = Claim(
    label="isometry:eq-44:corrected",
    where="Lemma A.7, proof, (44)",
    says=r"\rho \in (0, 1) \implies \frac{\bar\sigma(\rho)}{1 - \bar\sigma(\rho)} "
    r"\left(\frac{\rho}{1 - \rho}\right)^{-1} = \frac{\rho^{-1} \sum c_k^2 \rho^k}"
    r"{(1-\rho)^{-1} \sum c_k^2 (1-\rho^k)}",
    value=LINE_44,
    mutants={
        "as printed: rho in [0, 1]": _CLOSED_44,
        "rho = 0 too": replace(LINE_44, range=sp.Interval.Ropen(0, 1)),
        "rho = 1 too": replace(LINE_44, range=sp.Interval.Lopen(0, 1)),
        **_SLIPS_44,
    },
    uses=("isometry:lem-a7-unit", "isometry:lem-a6-reduced:corrected"),
)
eq_44 = Claim(
    label="isometry:eq-44",
    where="Lemma A.7, proof, (44)",
    says=r"\rho \in [0, 1] \implies \frac{\bar\sigma(\rho)}{1 - \bar\sigma(\rho)} "
    r"\left(\frac{\rho}{1 - \rho}\right)^{-1} = \frac{\rho^{-1} \sum c_k^2 \rho^k}"
    r"{(1-\rho)^{-1} \sum c_k^2 (1-\rho^k)}",
    value=_CLOSED_44,
    mutants={slip: replace(w, range=sp.Interval(0, 1)) for slip, w in _SLIPS_44.items()},
    correction=eq_44_corrected,
    why="at rho = 0 both sides are 0 / 0, at rho = 1 too; the range must be open.",
    expected=Verdict.REFUTED,
)


def _defined(before: Callable[[Sequence[Any], Any], Any], stated: Line) -> None:
    """Refute a range with an end where a side has no value; before is the left one."""
    squares = (sp.Rational(1, 2), sp.Rational(1, 2))
    for r in (sp.S.One, sp.S.Zero):
        for name, side in (("left", before), ("right", stated.at)):
            if r in stated.range and not side(squares, r).is_finite:
                raise Refuted(f"at rho = {r}: the {name} side is 0/0, for c_1^2 = c_2^2 = 1/2")


@eq_44.check(Level.PROVED)
@eq_44_corrected.check(Level.PROVED)
def term_by_term_44(stated: Line) -> Evidence:
    """1 - sigma_bar = sum c_k^2 (1 - rho^k) as sum c_k^2 = 1; then the ends of the range."""
    found = same_series(ODDS, stated)
    _defined(_of_the_odds, stated)
    return found


@eq_44.check(Level.PROVED, only=f"orders 1 to {ORDERS}")
@eq_44_corrected.check(Level.PROVED, only=f"orders 1 to {ORDERS}")
def symbolic_spectra_44(stated: Line) -> Evidence:
    """The left side from sigma_bar itself."""
    found = _symbolic_44(replace(stated, range=LINE_44.range))
    _defined(_of_the_odds, stated)
    return found


@cache  # the wrong ranges share a line
def _symbolic_44(stated: Line) -> Evidence:
    K, V = sp.symbols("K V", positive=True)  # sigma_bar before scaling, and sum c_k^2
    squares, r = symbolic_squares(3), t / (1 + t)
    return together(
        equal((K / V) / (1 - K / V), K / (V - K), domain="scaling"),
        equal(_of_the_odds(squares, r), ODDS.at(squares, r), domain="orders up to 3"),
        same_up_to_order_8(ODDS, stated),
        domain=FINITE,
    )


# (45) and (46)


def _below_46(k: Any, r: Any) -> Any:
    return geometric(0, k - 1, r)


def power(k: Any, r: Any) -> Any:
    """r^(k - 1)."""
    return r ** (k - 1)


LINE_45 = Line(power, _below_44)
LINE_46 = Line(power, _below_46)


def _on_the_open_interval(
    label: str,
    where: str,
    says: str,
    line: Line,
    slips: Mapping[str, Line],
    why: str,
    uses: tuple[str, ...],
) -> tuple[Claim, Claim]:
    """Return a line as printed, on [0, 1], and on (0, 1)."""
    closed = replace(line, range=sp.Interval(0, 1))
    corrected = Claim(
        label=f"{label}:corrected",
        where=where,
        says=rf"\rho \in (0, 1) \implies {says}",
        value=line,
        mutants={
            "as printed: rho in [0, 1]": closed,
            "rho = 1 too": replace(line, range=sp.Interval.Lopen(0, 1)),
            **slips,
        },
        uses=uses,
    )
    printed = Claim(
        label=label,
        where=where,
        says=rf"\rho \in [0, 1] \implies {says}",
        value=closed,
        mutants={slip: replace(wrong, range=sp.Interval(0, 1)) for slip, wrong in slips.items()},
        correction=corrected,
        why=why,
        expected=Verdict.REFUTED,
    )
    return printed, corrected


eq_45, eq_45_corrected = _on_the_open_interval(
    "isometry:eq-45",
    "Lemma A.7, proof, (45), 'for the positive range rho in [0, 1]'",
    r"(44) = \frac{\sum c_k^2 \rho^{k-1}}{\sum c_k^2 \frac{1-\rho^k}{1-\rho}}",
    LINE_45,
    {
        "rho^k above": Line(lambda k, r: r**k, _below_44),
        "1/(1 - rho) left out": Line(power, lambda k, r: 1 - r**k),
        "1 - rho^(k-1) below": Line(power, lambda k, r: (1 - r ** (k - 1)) / (1 - r)),
    },
    "at rho = 1 both sides are 0/0, at rho = 0 the left one; the range must be open.",
    ("isometry:eq-44:corrected",),
)
eq_46, eq_46_corrected = _on_the_open_interval(
    "isometry:eq-46",
    "Lemma A.7, proof, (46), 'for the positive range rho in [0, 1]'",
    r"(45) = \frac{\sum c_k^2 \rho^{k-1}}{\sum c_k^2 \left(\sum_{i=0}^{k-1} \rho^i\right)}",
    LINE_46,
    {
        "inner sum to k": Line(power, lambda k, r: geometric(0, k, r)),
        "inner sum from 1": Line(power, lambda k, r: geometric(1, k, r)),
        "inner sum of rho^(2i)": Line(power, lambda k, r: geometric(0, k - 1, r**2)),
    },
    "at rho = 1 the left side is 0/0; the right one is its continuation.",
    ("isometry:eq-45:corrected",),
)


@eq_45.check(Level.PROVED)
@eq_45_corrected.check(Level.PROVED)
def term_by_term_45(stated: Line) -> Evidence:
    """1/rho and 1/(1 - rho) move into the sums."""
    found = same_series(LINE_44, stated)
    _defined(LINE_44.at, stated)
    return found


@eq_45.check(Level.PROVED, only=f"orders 1 to {ORDERS}")
@eq_45_corrected.check(Level.PROVED, only=f"orders 1 to {ORDERS}")
def symbolic_spectra_45(stated: Line) -> Evidence:
    """Symbolic c_k."""
    found = same_up_to_order_8(LINE_44, stated)
    _defined(LINE_44.at, stated)
    return found


@eq_46.check(Level.PROVED)
@eq_46_corrected.check(Level.PROVED)
def term_by_term_46(stated: Line) -> Evidence:
    """The geometric sum for symbolic k."""
    found = same_series(LINE_45, stated)
    _defined(LINE_45.at, stated)
    return found


@eq_46.check(Level.PROVED, only=f"orders 1 to {ORDERS}")
@eq_46_corrected.check(Level.PROVED, only=f"orders 1 to {ORDERS}")
def symbolic_spectra_46(stated: Line) -> Evidence:
    """Symbolic c_k; the inner sums are written out."""
    found = same_up_to_order_8(LINE_45, stated)
    _defined(LINE_45.at, stated)
    return found


claims = (
    scaling,
    unit,
    eq_44,
    eq_44_corrected,
    eq_45,
    eq_45_corrected,
    eq_46,
    eq_46_corrected,
)
