"""The end of the proof of Lemma A.7, (52) and (53): negative correlations."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import product
from typing import Any

import sympy as sp
from hypothesis import strategies as st

from verify import (
    Claim,
    Evidence,
    Level,
    Refuted,
    Verdict,
    bounded,
    equal,
    nonnegative,
    together,
)
from verify.claims.isometry.lemma_a7 import (
    Bound,
    odds,
    series_variables,
    strength,
)
from verify.exact import Vector
from verify.strategies import correlations, exact_spectra

_ORDERS = 8
_UNIT = sp.Interval(0, 1)
_BELOW_ONE = sp.Interval.Ropen(0, 1)
_ALL = "all sum c_k^2 < oo, all rho in (-1, 1)"


# (52)

Majorant = Callable[[Any, Any], Any]  # k and rho -> what c_k^2 is multiplied with

eq_52 = Claim(
    label="isometry:eq-52",
    where="Lemma A.7, proof, (52)",
    says=r"|\bar\sigma(\rho)| \leq \sum_{k=1}^\infty c_k^2 |\rho|^k = \bar\sigma(|\rho|)",
    value=lambda k, rho: abs(rho) ** k,
    mutants={
        "|rho|^(k + 1)": lambda k, rho: abs(rho) ** (k + 1),
        "rho in place of |rho|": lambda k, rho: rho**k,
        "even orders alone": lambda k, rho: (abs(rho) ** k + (-abs(rho)) ** k) / 2,
    },
    uses=("isometry:lem-a6-reduced:corrected",),
)


def _series(p: Sequence[Any], rho: Any, term: Majorant = lambda k, rho: rho**k) -> Any:
    return sum(weight * term(k, rho) for k, weight in enumerate(p, 1))


@eq_52.check(Level.PROVED)
def term_by_term(stated: Majorant) -> Evidence:
    """+-rho^k <= the stated term = |rho|^k, for even and odd k and both signs of rho.

    Two orders first, where a negative value refutes.
    """
    r, *squares = sp.symbols("r c1_2 c2_2", positive=True)
    k, power = sp.Symbol("k", integer=True, positive=True), sp.Symbol("w", positive=True)
    low, found = [], []
    for rho, sign in product((r, -r), (1, -1)):
        gap = _series(squares, rho, stated) - sign * _series(squares, rho)
        low.append(nonnegative(gap.subs(r, r / (1 + r)), [r, *squares], domain="two orders"))
        for order in (2 * k, 2 * k - 1):
            term = stated(order, rho)
            found.append(equal(r**order, term, domain="sigma_bar(|rho|), by Lemma A.6"))
            gap = sp.simplify(term - sign * rho**order).subs(r**order, power)
            found.append(nonnegative(gap, [power], domain="w = |rho|^k"))
    return together(*low, *found, domain="all sum c_k^2 < oo, symbolic k, |rho| <= 1")


@eq_52.check(Level.SEARCHED)
def rational_spectra_of_both_signs(stated: Majorant, *, seed: int) -> Evidence:
    """Both sides in rational arithmetic."""

    def sides(case: tuple[Vector, Fraction]) -> tuple[Fraction, Fraction]:
        p, rho = case
        return abs(Fraction(_series(p, rho))), Fraction(_series(p, rho, stated))

    domain = "exact, up to 20 orders, all families of spectra, rho in (-1, 1)"
    cases = st.tuples(exact_spectra(orders=20), correlations())
    return bounded(sides, cases, domain=domain, examples=100, seed=seed)


# "x -> x / (1 - x) is monotonically increasing for x in [0, 1]"


@dataclass(frozen=True)
class Increasing:
    """A function that increases strictly on an interval."""

    function: Callable[[Any], Any]
    interval: Any


def _odds(x: Any) -> Any:
    return x / (1 - x)


_printed_monotone = Increasing(_odds, _UNIT)

monotone_corrected = Claim(
    label="isometry:eq-53-monotone:corrected",
    where="Lemma A.7, proof, before (53)",
    says=r"x \mapsto x/(1-x) \text{ is increasing on } [0, 1)",
    value=Increasing(_odds, _BELOW_ONE),
    mutants={
        "as printed": _printed_monotone,
        "[0, oo), across the pole": Increasing(_odds, sp.Interval(0, sp.oo)),
        "(1 - x) / x": Increasing(lambda x: (1 - x) / x, sp.Interval.open(0, 1)),
        "x (1 - x)": Increasing(lambda x: x * (1 - x), _BELOW_ONE),
    },
)
monotone = Claim(
    label="isometry:eq-53-monotone",
    where="Lemma A.7, proof, before (53)",
    says=r"x \mapsto x/(1-x) \text{ is increasing on } [0, 1]",
    value=_printed_monotone,
    mutants={
        "x / (x - 1)": Increasing(lambda x: x / (x - 1), _UNIT),
        "(1 - x) / x": Increasing(lambda x: (1 - x) / x, _UNIT),
        "x (1 - x)": Increasing(lambda x: x * (1 - x), _UNIT),
    },
    correction=monotone_corrected,
    why="at x = 1 it is 1/0.",
    expected=Verdict.REFUTED,
)


@monotone.check(Level.PROVED)
@monotone_corrected.check(Level.PROVED)
def by_two_points(stated: Increasing) -> Evidence:
    """f(y) - f(x) > 0 for 0 <= x < y < 1, and a finite value at both ends."""
    _finite_at(stated, sp.S.Zero)
    a, d = sp.symbols("a d", positive=True)
    x, y = a / (1 + a), (a + d) / (1 + a + d)
    step = stated.function(y) - stated.function(x)
    domain = "all 0 <= x < y < 1"
    from_zero = stated.function(d / (1 + d)) - stated.function(sp.S.Zero)
    found = together(
        nonnegative(step, [a, d], domain=domain, strict=True),
        nonnegative(from_zero, [d], domain=domain, strict=True),
        domain=domain,
    )
    _finite_at(stated, sp.S.One)
    return found


def _finite_at(stated: Increasing, x: Any) -> None:
    if x in stated.interval and not sp.sympify(stated.function(x)).is_finite:
        raise Refuted(f"at x = {x}: the function is 1/0")


# (53)

Map = Callable[[Any], Any]


_OPEN, _CLOSED = sp.Interval.open(-1, 1), sp.Interval(-1, 1)


@dataclass(frozen=True)
class Chain:
    """|kappa(rho)| / (1 - |kappa(rho)|) <= middle <= right, for rho in a range."""

    middle: Callable[[Map, Any], Any]
    right: Bound
    range: Any = _OPEN


def _middle(kappa: Map, rho: Any) -> Any:
    return _odds(kappa(abs(rho)))


def _right(rho: Any, beta: Any) -> Any:
    return abs(rho) / (1 - abs(rho)) / beta


_SLIPS_53 = {
    "rho in place of |rho|, right": Chain(_middle, lambda rho, beta: rho / (1 - rho) / beta),
    "rho in place of |rho|, middle": Chain(lambda kappa, rho: _odds(kappa(rho)), _right),
    "sigma_bar(rho^2) in the middle": Chain(lambda kappa, rho: _odds(kappa(rho**2)), _right),
    "beta squared": Chain(_middle, lambda rho, beta: _right(rho, beta**2)),
    "1 + |rho| below": Chain(_middle, lambda rho, beta: abs(rho) / (1 + abs(rho)) / beta),
}
_SAYS_53 = (
    r"\frac{|\bar\sigma(\rho)|}{1-|\bar\sigma(\rho)|} \leq "
    r"\frac{\bar\sigma(|\rho|)}{1-\bar\sigma(|\rho|)} \leq "
    r"\frac{|\rho|}{1-|\rho|} \beta_\sigma^{-1}"
)

eq_53_corrected = Claim(
    label="isometry:eq-53:corrected",
    where="Lemma A.7, proof, (53)",
    says=rf"|\rho| < 1 \implies {_SAYS_53}",
    value=Chain(_middle, _right),
    mutants={
        "as printed: |rho| = 1 too": (_printed_53 := Chain(_middle, _right, _CLOSED)),
        **_SLIPS_53,
    },
    uses=("isometry:eq-51:corrected", "isometry:eq-52", "isometry:eq-53-monotone:corrected"),
)
eq_53 = Claim(
    label="isometry:eq-53",
    where="Lemma A.7, proof, (53), 'because |rho| in [0, 1]'",
    says=rf"|\rho| \in [0, 1] \implies {_SAYS_53}",
    value=_printed_53,
    mutants={slip: replace(wrong, range=_CLOSED) for slip, wrong in _SLIPS_53.items()},
    correction=eq_53_corrected,
    why="at |rho| = 1 the middle and the right side are 1/0, as sigma_bar(1) = 1.",
    expected=Verdict.REFUTED,
)


def _ends_left_out(stated: Chain) -> None:
    """Refute a range with a correlation at which a side has no value."""
    half = sp.Rational(1, 2)
    for rho in (sp.S.One, sp.S.NegativeOne):
        middle = stated.middle(lambda r: _series((half, half), r), rho)
        right = stated.right(rho, strength((half, half)))
        if rho in stated.range and not (middle.is_finite and right.is_finite):
            raise Refuted(f"at rho = {rho}: 1/0, for c_1^2 = c_2^2 = 1/2")


@eq_53.check(Level.PROVED)
@eq_53_corrected.check(Level.PROVED)
def for_both_signs(stated: Chain) -> Evidence:
    """Two orders, where a value may refute; then any series, and the ends of the range.

    kappa(+-r) = E +- O with the sums E, O >= 0 of the even and the odd terms, E + O < 1.
    """
    low = _two_orders(stated)
    r, e, o = sp.symbols("r e o", positive=True)
    even, odd = (part / (1 + e + o) for part in (e, o))
    kappa = {r: even + odd, -r: even - odd}
    first = []
    for rho, sign in product((r, -r), (1, -1)):
        gap = stated.middle(kappa.__getitem__, rho) - _odds(sign * kappa[rho])
        first.append(nonnegative(gap, [e, o], domain="all E, O"))
    same = [equal(_odds(even + odd), stated.middle(kappa.__getitem__, s), domain="") for s in kappa]
    rho, beta, ratio, variables = series_variables()
    second = [
        nonnegative(stated.right(s * rho, beta) - ratio, variables, domain=_ALL, refutable=False)
        for s in (1, -1)
    ]
    _ends_left_out(stated)
    return together(low, *first, *same, *second, domain=_ALL)


def _two_orders(stated: Chain) -> Evidence:
    squares = sp.symbols("c1_2 c2_2", positive=True)
    t, found = sp.Symbol("t", positive=True), []
    p = tuple(square / sp.Add(*squares) for square in squares)
    for rho in (t / (1 + t), -t / (1 + t)):
        middle = stated.middle(lambda r: _series(p, r), rho)
        steps = [stated.right(rho, strength(p)) - middle]
        steps += [middle - _odds(sign * _series(p, rho)) for sign in (1, -1)]
        found += [nonnegative(step, [t, *squares], domain="two orders") for step in steps]
    return together(*found)


@eq_53.check(Level.SEARCHED)
@eq_53_corrected.check(Level.SEARCHED)
def rational_chains(stated: Chain, *, seed: int) -> Evidence:
    """All three sides in rational arithmetic; the ratio is that of the outer ones."""

    def sides(case: tuple[Vector, Fraction]) -> tuple[Fraction, Fraction]:
        p, rho = case
        left = Fraction(odds(_series(p, rho)))
        middle = Fraction(stated.middle(lambda r: _series(p, r), rho))
        right = Fraction(stated.right(rho, strength(p)))
        return (left, right) if left <= middle <= right else (max(left, middle), min(middle, right))

    domain = "exact, up to 12 orders, all families of spectra, rho in (-1, 1)"
    cases = st.tuples(exact_spectra(), correlations())
    found = bounded(sides, cases, domain=domain, examples=100, seed=seed)
    _ends_left_out(stated)
    return found


claims = (eq_52, monotone, monotone_corrected, eq_53, eq_53_corrected)
