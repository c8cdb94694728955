"""Functions of a correlation in balls: dual activation, kernel map, its complement.

At a number they are evaluated from a closed form or from the spectrum. Over a ball the exact
range of the even and the odd part is used: in rho both are power series with coefficients
c_k^2 >= 0 (Lemma A.6), so they grow with |rho|.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from math import ceil, floor, log, log2
from typing import Any

import sympy as sp
from flint import arb, ctx
from sympy import Expr, Symbol

from hermiso.balls.ball import Ball
from hermiso.balls.closed import enclosed
from hermiso.balls.compile import constant
from hermiso.balls.line import Line
from hermiso.balls.moments import GUARD, mean, missing, power
from hermiso.balls.plane import product_mean
from hermiso.balls.spectrum import complement, dual, kernel_map, terms_needed
from hermiso.errors import PrecisionError

__all__ = ["At", "Formula", "complement_at", "dual_at", "kernel_map_at", "over_range"]

At = Callable[[Expr], arb]
Formula = tuple[Expr, Symbol] | None  # of the correlation, if there is one
SHARED = 20  # digits up to which the spectrum of a smooth function costs no more than the plane
FEW = 160  # terms up to which the series is cheaper than the plane
ATTEMPTS = 8
CLOSE = 15  # digits of delta beyond which the series is cheaper again


def dual_at(line: Line, formula: Formula, rho: Expr, digits: int) -> arb:
    """Enclose E[sigma(x) sigma(y)] at a correlation."""
    if formula is not None:
        return _evaluated(formula, rho, digits)
    if rho == 1:
        return mean(line, power(2), digits)
    if rho == 0:
        c0 = mean(line, power(1), digits + 1)
        return c0 * c0
    if rho == -1:
        mirrored = line.expression * line.expression.subs(line.x, -line.x)
        return mean(Line(mirrored, line.x, 1), power(1), digits)
    at = _ball(rho, digits)
    if terms_needed(at, digits) <= FEW:
        return dual(line, at, digits)
    if digits <= SHARED and line.slope is not None:  # one spectrum serves every rho, as in plots
        with suppress(PrecisionError):
            return dual(line, at, digits)
    try:
        return _on_the_plane(line, at, digits)
    except PrecisionError:
        return dual(line, at, digits)


def kernel_map_at(line: Line, formula: Formula, rho: Expr, digits: int) -> arb:
    """Enclose kappa(rho)."""
    if formula is not None:
        return _evaluated(formula, rho, digits)
    if rho in (0, 1):
        return arb(int(rho))
    at = _ball(rho, digits)
    if terms_needed(at, digits) <= FEW:
        return kernel_map(line, at, digits)
    close = _places(1 - rho, digits) if rho > 0 else 0
    if close > CLOSE and line.slope is not None:
        rest = complement(line, line.slope, _ball(1 - rho, digits), max(digits - close, 0) + 3)
        with ctx.workprec(ceil(digits * log2(10)) + 64):
            return 1 - rest

    def value(n: int) -> arb:
        c0, second = mean(line, power(1), n), mean(line, power(2), n)
        return (dual_at(line, None, rho, n) - c0 * c0) / (second - c0 * c0)

    return _refined(line, value, digits, digits + 3)


def complement_at(line: Line, formula: Formula, delta: Expr, digits: int) -> arb:
    """Enclose 1 - kappa(1 - delta)."""
    if delta == 0:
        return arb(0)
    if formula is not None:
        kappa, rho = formula
        return enclosed(1 - kappa.subs(rho, 1 - delta), digits)
    lost = _places(delta, digits)
    if line.slope is not None and lost > CLOSE:
        return complement(line, line.slope, _ball(delta, digits), digits)

    def value(n: int) -> arb:
        c0, second = mean(line, power(1), n), mean(line, power(2), n)
        return (second - dual_at(line, None, 1 - delta, n)) / (second - c0 * c0)

    return _refined(line, value, digits, digits + lost + 3)


def _places(delta: Expr, digits: int) -> int:
    """How many zeros a positive number has behind the point, about."""
    return max(0, -floor(float(_ball(delta, digits).log().mid()) / log(10)))


def _refined(line: Line, value: Callable[[int], arb], digits: int, n: int) -> arb:
    """Evaluate with more digits until a quotient of differences has its own."""
    target = ceil(digits * log2(10))
    for _ in range(ATTEMPTS):
        with ctx.workprec(ceil(n * log2(10)) + 64):
            found = value(n)
            lacking = missing(found, digits, target)
        if not lacking:
            return found
        n += ceil(lacking / log2(10))
    raise PrecisionError(
        f"{line.expression}: {digits} digits were not reached with {n}; so far {found.str(8)}"
    )


def _on_the_plane(line: Line, rho: arb, digits: int) -> arb:
    mirrored = Line(line.expression.subs(line.x, -line.x), line.x)
    other = line if rho > 0 else mirrored
    target = bits = ceil(digits * log2(10)) + GUARD
    scale = ceil(line.scales((power(2),))[0])
    for _ in range(ATTEMPTS):
        with ctx.workprec(bits + 60):
            found = product_mean(line, other, abs(rho), bits - scale, bits)
            lacking = missing(found, digits, target)
        if not lacking:
            return found
        bits += max(lacking, GUARD)
    raise PrecisionError(f"{line.expression}: {digits} digits were not reached with {bits} bits")


def _evaluated(formula: tuple[Expr, Symbol], rho: Expr, digits: int) -> arb:
    f, symbol = formula
    return enclosed(f.subs(symbol, rho), digits)


def _ball(number: Expr, digits: int) -> arb:
    """A number far more precisely than its function is wanted."""
    with ctx.workprec(4 * ceil(digits * log2(10)) + 256):
        return constant(number)


def over_range(at: At, ball: Ball, low: int, high: int) -> arb:
    """Enclose a function of the correlation on a ball, clipped to [low, high]."""
    a, b = max(_rational(ball.lower), sp.Integer(low)), min(_rational(ball.upper), sp.Integer(high))
    with ctx.workprec(ball.value.bits() + 256):
        if low < 0:
            return _grown(at, a, b)
        if b <= 1:  # 1 - kappa(1 - delta) grows with delta
            return at(a).union(at(b))
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
