"""Functions of a correlation in balls: dual activation, kernel map, its complement.

At a number they are evaluated from a closed form or from the spectrum. Over a ball the exact
range of the even and the odd part is used: in rho both are power series with coefficients
c_k^2 >= 0 (Lemma A.6), so they grow with |rho|.
"""

from __future__ import annotations

from collections.abc import Callable
from math import ceil, log2
from typing import Any

import sympy as sp
from flint import arb, ctx
from sympy import Expr, Symbol

from hermiso.balls.ball import Ball
from hermiso.balls.closed import enclosed
from hermiso.balls.compile import constant
from hermiso.balls.line import Line
from hermiso.balls.moments import mean, power
from hermiso.balls.spectrum import complement, dual, kernel_map

At = Callable[[Expr], arb]
Formula = tuple[Expr, Symbol] | None  # of the correlation, if there is one


def dual_at(line: Line, formula: Formula, rho: Expr, digits: int) -> arb:
    """Enclose E[sigma(x) sigma(y)] at a correlation."""
    if formula is not None:
        return _evaluated(formula, rho, digits)
    if abs(rho) == 1:
        return _at_end(line, rho, digits)
    return dual(line, _ball(rho, digits), digits)


def kernel_map_at(line: Line, formula: Formula, rho: Expr, digits: int) -> arb:
    """Enclose kappa(rho)."""
    if formula is not None:
        return _evaluated(formula, rho, digits)
    return arb(1) if rho == 1 else kernel_map(line, _ball(rho, digits), digits)


def complement_at(line: Line, formula: Formula, delta: Expr, digits: int) -> arb:
    """Enclose 1 - kappa(1 - delta)."""
    if delta == 0:
        return arb(0)
    if formula is not None:
        kappa, rho = formula
        return enclosed(1 - kappa.subs(rho, 1 - delta), digits)
    if delta == 2:
        return 1 - kernel_map_at(line, formula, sp.Integer(-1), digits)
    return complement(line, line.slope, _ball(delta, digits), digits)


def _evaluated(formula: tuple[Expr, Symbol], rho: Expr, digits: int) -> arb:
    f, symbol = formula
    return enclosed(f.subs(symbol, rho), digits)


def _ball(number: Expr, digits: int) -> arb:
    """A number far more precisely than its function is wanted."""
    with ctx.workprec(4 * ceil(digits * log2(10)) + 256):
        return constant(number)


def _at_end(line: Line, rho: Expr, digits: int) -> arb:
    if rho == 1:
        return mean(line, power(2), digits)
    mirrored = line.expression * line.expression.subs(line.x, -line.x)
    return mean(Line(mirrored, line.x), power(1), digits)


def over_range(at: At, ball: Ball, low: int, high: int) -> arb:
    """Enclose a function of the correlation on a ball, clipped to [low, high]."""
    a, b = max(_rational(ball.lower), sp.Integer(low)), min(_rational(ball.upper), sp.Integer(high))
    with ctx.workprec(ball.value.bits() + 256):
        if low < 0:
            return _grown(at, a, b)
        return 1 - _grown(lambda rho: 1 - at(1 - rho), 1 - b, 1 - a)


def _rational(number: Any) -> Expr:
    sign, man, exp, _ = number._mpf_
    return sp.Integer((-1) ** sign * int(man)) * sp.Integer(2) ** int(exp)


def _grown(at: At, a: Expr, b: Expr) -> arb:
    """The range on [a, b]: even part plus odd part, each monotone in |rho|."""
    if a >= 0:
        return at(a).union(at(b))
    ends = {r: (at(r), at(-r)) for r in {-a, abs(b), sp.Integer(0)}}
    even = {r: (p + m) / 2 for r, (p, m) in ends.items()}
    odd = {r: (p - m) / 2 for r, (p, m) in ends.items()}
    if b <= 0:
        return even[-b].union(even[-a]) - odd[-b].union(odd[-a])
    largest = max(-a, b)
    return even[sp.Integer(0)].union(even[largest]) + (-odd[-a]).union(odd[b])
