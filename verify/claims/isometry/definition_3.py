"""Definition 3: where the isometry strength is defined, its range, and its smallest value."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import product
from typing import Any

import sympy as sp

from verify import Claim, Evidence, Level, Refuted, Verdict, equal, nonnegative, together


@dataclass(frozen=True)
class Support:
    """Which coefficients are not 0: c_0, c_1, c_2, and some c_k with k >= 3."""

    constant: bool
    first: bool
    second: bool
    later: bool

    @property
    def nonlinear(self) -> bool:
        """Whether c_k != 0 for some k >= 2."""
        return self.second or self.later

    @property
    def example(self) -> str:
        """An activation with this support."""
        terms = ("1", "x", "(x^2 - 1)", "(x^3 - 3x)")
        kept = (self.constant, self.first, self.second, self.later)
        return " + ".join(t for t, k in zip(terms, kept, strict=True) if k) or "0"


Condition = Callable[[Support], bool]

_ALL = "all square-integrable activations, by the support of their coefficients"
_SQUARES = sp.symbols("c1_2 c2_2 q", positive=True)  # c_1^2, c_2^2, sum_{k >= 3} c_k^2


def supports() -> Iterator[Support]:
    """All 16, small ones first."""
    for flags in sorted(product((False, True), repeat=4), key=sum):
        yield Support(*flags)


def variance(support: Support) -> Any:
    """Sum of c_k^2 over k >= 1."""
    kept = (support.first, support.second, support.later)
    return sp.Add(*(square for square, k in zip(_SQUARES, kept, strict=True) if k))


def excess(support: Support) -> Any:
    """Beta - 1 = (V - c_1^2) / V for the variance V."""
    first = _SQUARES[0] if support.first else sp.S.Zero
    return sp.cancel(1 - first / variance(support))


def _decide(truth: Condition, stated: Condition, covered: Condition, what: str) -> Evidence:
    """Compare two conditions over all supports."""
    for support in supports():
        if covered(support) and truth(support) != stated(support):
            said = "" if stated(support) else "not "
            raise Refuted(f"sigma = {support.example}: {what} is {said}stated, wrongly")
    return Evidence(Level.PROVED, _ALL)


def _everywhere(support: Support) -> bool:
    return True


def _defined(support: Support) -> bool:
    return bool(variance(support) != 0)


def _strength_is_one(support: Support) -> bool:
    """Decide the sign of beta - 1, a quotient of sums of positive symbols, for all values."""
    value = excess(support)
    if not (value.is_zero or value.is_positive):
        raise TypeError(f"the sign of {value} is open")
    return bool(value.is_zero)


# (11)

defined_corrected = Claim(
    label="isometry:def-3-defined:corrected",
    where="Definition 3, (11)",
    says=r"\beta_\sigma \text{ is defined} \iff \sigma \text{ is not constant}",
    value=lambda s: s.first or s.nonlinear,
    mutants={
        "as printed: any Hermite expansion": _everywhere,
        "sigma != 0": lambda s: s.constant or s.first or s.nonlinear,
        "c_1 != 0": lambda s: s.first,
        "sigma not affine": lambda s: s.nonlinear,
    },
)
defined = Claim(
    label="isometry:def-3-defined",
    where="Definition 3, (11)",
    says=r"\sigma \text{ has a Hermite expansion} \implies \beta_\sigma \text{ is defined}",
    value=_everywhere,
    mutants={
        "sigma != 0": defined_corrected.mutants["sigma != 0"],
        "c_0 != 0": lambda s: s.constant,
        "c_1 != 0": lambda s: s.first,
    },
    correction=defined_corrected,
    why="a constant has an expansion, and 0/0 in (11); nor has it a variance to divide by in (10).",
    expected=Verdict.REFUTED,
)


@defined.check(Level.PROVED)
@defined_corrected.check(Level.PROVED)
def where_the_denominator_is_not_0(stated: Condition) -> Evidence:
    """Sum_{k >= 1} c_k^2 vanishes for constants alone."""
    return _decide(_defined, stated, _everywhere, "that beta is defined")


# (i) and (ii)

value_range = Claim(
    label="isometry:def-3-range",
    where="Definition 3, (i)",
    says=r"1 \leq \beta_\sigma \leq 2, \text{ and both ends occur}",
    value=(sp.Integer(1), sp.Integer(2)),
    mutants={
        "0 to 1": (sp.Integer(0), sp.Integer(1)),
        "0 to 2": (sp.Integer(0), sp.Integer(2)),
        "1 to 3/2": (sp.Integer(1), sp.Rational(3, 2)),
        "from 3/2": (sp.Rational(3, 2), sp.Integer(2)),
    },
    uses=("isometry:def-3-defined:corrected",),
)


@value_range.check(Level.PROVED)
def by_the_share_of_the_first_order(stated: tuple[Any, Any]) -> Evidence:
    """Write beta = 2 - c_1^2 / (c_1^2 + Q), Q >= 0, not both 0; x and He_2 attain the ends."""
    low, high = stated
    first, Q = sp.symbols("c1_2 Q", positive=True)
    found = []
    for variables, beta in (
        ([first, Q], 2 - first / (first + Q)),
        ([first], 2 - first / first),
        ([Q], sp.Integer(2)),
    ):
        found.append(nonnegative(beta - low, variables, domain=_ALL, strict=False))
        found.append(nonnegative(high - beta, variables, domain=_ALL, strict=False))
    ends = (equal(1, low, domain="sigma = x"), equal(2, high, domain="sigma = x^2 - 1"))
    return together(*found, *ends, domain=_ALL)


def _linear(s: Support) -> bool:
    return s.first and not (s.constant or s.nonlinear)


one_corrected = Claim(
    label="isometry:def-3-one:corrected",
    where="Definition 3, (ii)",
    says=r"\beta_\sigma = 1 \iff \sigma(x) = a x + b, a \neq 0",
    value=lambda s: s.first and not s.nonlinear,
    mutants={
        "as printed: linear": _linear,
        "c_2 = 0": lambda s: not s.second,
        "c_1 != 0": lambda s: s.first,
        "at most quadratic": lambda s: not s.later,
    },
    uses=("isometry:def-3-defined:corrected",),
)
one = Claim(
    label="isometry:def-3-one",
    where="Definition 3, (ii)",
    says=r"\beta_\sigma = 1 \iff \sigma(x) = a x",
    value=_linear,
    mutants={
        "c_1 != 0": lambda s: s.first,
        "c_0 = 0": lambda s: not s.constant,
        "odd of order 1 or 3": lambda s: not s.constant and not s.second,
    },
    correction=one_corrected,
    why="c_0 does not enter (11): x + 1 is not linear and has strength 1; affine is meant.",
    expected=Verdict.REFUTED,
)


@one.check(Level.PROVED)
@one_corrected.check(Level.PROVED)
def where_only_the_first_order_is_left(stated: Condition) -> Evidence:
    """Beta - 1 = Q / (c_1^2 + Q) is 0 for Q = 0 alone."""
    return _decide(_strength_is_one, stated, _defined, "that beta = 1")


# "the importance of non-linear Hermite coefficients (c_k, k >= 2) to ensure beta > 1"

nonlinear = Claim(
    label="isometry:sec-5-nonlinear",
    where="section 5.2, after (12)",
    says=r"\beta_\sigma > 1 \iff c_k \neq 0 \text{ for some } k \geq 2",
    value=lambda s: s.nonlinear,
    mutants={
        "c_2 != 0": lambda s: s.second,
        "k >= 3": lambda s: s.later,
        "c_1 = 0": lambda s: not s.first,
        "c_0 != 0": lambda s: s.constant,
    },
    uses=("isometry:def-3-one:corrected",),
)


@nonlinear.check(Level.PROVED)
def where_another_order_is_left(stated: Condition) -> Evidence:
    """Beta - 1 = Q / (c_1^2 + Q) is positive for Q > 0."""

    def above_one(support: Support) -> bool:
        return not _strength_is_one(support)

    return _decide(above_one, stated, _defined, "that beta > 1")


claims = (
    defined,
    defined_corrected,
    value_range,
    one,
    one_corrected,
    nonlinear,
)
