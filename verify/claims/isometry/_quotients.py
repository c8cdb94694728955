"""Quotients of two series in c_1^2, c_2^2, ..., the lines of the proof of Lemma A.7.

Two lines are compared in two ways: with symbolic c_k of finitely many orders, by the
coefficients after cross-multiplication; and as series, term by term for symbolic k.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import sympy as sp

from verify import Evidence, equal, nonnegative, together

__all__ = [
    "FINITE",
    "KS",
    "ORDERS",
    "SERIES",
    "J",
    "Line",
    "Term",
    "below_at_order_2",
    "below_up_to_order_8",
    "geometric",
    "nonlinear",
    "nonnegative_terms",
    "rho",
    "same_series",
    "same_up_to_order_8",
    "symbolic_squares",
    "t",
]

ORDERS = 8
rho, t = sp.symbols("rho t", positive=True)
J = sp.Symbol("j", integer=True, nonnegative=True)
KS = (sp.S.One, J + 2)  # every order k >= 1; k >= 2 are the nonlinear ones
FINITE = f"c_1^2, ..., c_k^2 symbolic for each order k = 1..{ORDERS}, all rho in (0, 1)"
SERIES = "all sum c_k^2 < oo term by term, symbolic k, all rho in (0, 1)"

Term = Callable[[Any, Any], Any]


@dataclass(frozen=True)
class Line:
    """sum_k c_k^2 above(k, rho) / sum_k c_k^2 below(k, rho), k >= 1, for rho in a range."""

    above: Term
    below: Term
    range: Any = sp.Interval.open(0, 1)  # noqa: RUF009 - immutable

    def at(self, squares: Sequence[Any], r: Any) -> Any:
        """The value for finitely many c_1^2, c_2^2, ... at rho = r."""
        above, below = (
            sum(square * sp.cancel(term(sp.Integer(k), r)) for k, square in enumerate(squares, 1))
            for term in (self.above, self.below)
        )
        return above / below


def symbolic_squares(orders: int) -> tuple[Any, ...]:
    """c_1^2, ..., c_k^2 as positive symbols."""
    return sp.symbols(f"c1:{orders + 1}_2", positive=True)  # type: ignore[no-any-return]


def nonlinear(k: Any) -> int:
    """1 for k >= 2, else 0."""
    return 0 if k == 1 else 1


def geometric(first: Any, last: Any, r: Any) -> Any:
    """The sum of r^i, i = first..last, for r != 1."""
    i = sp.Symbol("i", integer=True)
    return sp.summation(r**i, (i, first, last)).subs(sp.Eq(r, 1), False)


@cache  # mutants share a line
def _terms(line: Line) -> list[tuple[Any, Any]]:
    """Both terms of each order up to 8 as rational functions of t, rho = t / (1 + t)."""
    r = t / (1 + t)
    return [
        (sp.cancel(line.above(k, r)), sp.cancel(line.below(k, r)))
        for k in map(sp.Integer, range(1, ORDERS + 1))
    ]


def _crossed(first: Line, second: Line) -> Iterator[Any]:
    """Coefficients of c_i^2 c_j^2 in second - first, cleared of the denominators, in t."""
    a, b = _terms(first), _terms(second)
    for i in range(ORDERS):
        for j in range(i + 1):
            parts = [b[k][0] * a[m][1] - a[k][0] * b[m][1] for k, m in ((i, j), (j, i))]
            yield sp.cancel(parts[0] + parts[1]) if i != j else sp.cancel(parts[0])


def same_up_to_order_8(first: Line, second: Line) -> Evidence:
    """Compare all coefficients of c_i^2 c_j^2, i, j <= 8, after cross-multiplication."""
    low = _same_at_order_2(first, second)
    found = [equal(crossed, 0, domain=FINITE) for crossed in _crossed(first, second)]
    return together(low, *found, domain=FINITE)


def _same_at_order_2(first: Line, second: Line) -> Evidence:
    squares, r = symbolic_squares(2), t / (1 + t)
    return equal(first.at(squares, r), second.at(squares, r), domain="two orders")


def same_series(first: Line, second: Line) -> Evidence:
    """Compare term by term: the terms of one line are a common multiple of the other's."""
    found = [_same_at_order_2(first, second)]
    a, b = first, second
    for k in KS:
        multiple = equal(a.above(k, rho) * b.above(1, rho), a.above(1, rho) * b.above(k, rho),
                         domain="above")  # fmt: skip
        ratios = equal(a.above(k, rho) * b.below(k, rho), b.above(k, rho) * a.below(k, rho),
                       domain="below")  # fmt: skip
        found += [multiple, ratios]
    return together(*found, domain=SERIES)


def below_up_to_order_8(first: Line, second: Line) -> Evidence:
    """Prove first <= second: all coefficients of c_i^2 c_j^2 in the difference are >= 0.

    It is cleared of the two denominators, which are positive.
    """
    found = [below_at_order_2(first, second)]
    for line in (first, second):
        for _, below in _terms(line):
            found.append(nonnegative(below, [t], domain="denominators", refutable=False))
    for crossed in _crossed(first, second):
        found.append(nonnegative(crossed, [t], domain=FINITE, refutable=False))
    return together(*found, domain=FINITE)


def below_at_order_2(first: Line, second: Line) -> Evidence:
    """Prove first <= second for symbolic c_1^2, c_2^2; a negative value refutes."""
    squares, r = symbolic_squares(2), t / (1 + t)
    difference = second.at(squares, r) - first.at(squares, r)
    return nonnegative(difference, [t, *squares], domain="two orders")


def nonnegative_terms(term: Term) -> Evidence:
    """Prove term(k, rho) >= 0 for every k >= 1; rho^j = 1 / (1 + v), j >= 0, v >= 0."""
    v = sp.Symbol("v", positive=True)
    found = []
    for k in KS:
        expanded = sp.expand(sp.expand_power_exp(term(k, rho)))
        relaxed = expanded.subs(rho**J, 1 / (1 + v)).subs(rho, t / (1 + t))
        found.append(nonnegative(relaxed, [t, v], domain=SERIES, refutable=False))
    return together(*found, domain=SERIES)
