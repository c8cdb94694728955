"""Growth bounds of f(u) from those of u, for the functions f of one argument.

Every rule is an inequality valid on the whole half line; one that finds none returns NOTHING.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import sympy as sp
from flint import arb

from hermiso.balls.curves import (
    FLAT,
    ONE,
    ZERO,
    Curve,
    HalfLine,
    constant_curve,
    greatest,
    least,
    log_of_sum,
)
from hermiso.balls.facts import (
    NOTHING,
    Facts,
    absolute,
    added,
    completed,
    interval,
    largest,
    number,
    powered,
    scaled,
    smallest,
    span,
)

__all__ = ["FUNCTIONS", "Ball", "Rule", "bessel", "exponential", "scaled_erfc"]

Rule = Callable[[Facts, HalfLine], Facts]
Ball = Callable[[arb], arb]


# --- exponentials -------------------------------------------------------------------------------


def exponential(u: Facts, line: HalfLine) -> Facts:
    """Return the facts of exp(u): the curves of u are those of the logarithm."""
    return completed(line, u.over, u.under, 1)


def _sinh(u: Facts, line: HalfLine) -> Facts:
    top, bottom, size = largest(u, line), smallest(u, line), absolute(u, line)
    if top is not None and top < 1:
        return _convex(u, arb.sinh, top, line)
    upper = size.over.raised(-arb(2).log()) if size.over else None
    lower = None
    if bottom is not None and size.under:
        lower = size.under.raised(((1 - (-2 * bottom).exp()) / 2).log())
    return completed(line, upper, lower, u.sign)


def _cosh(u: Facts, line: HalfLine) -> Facts:
    u = absolute(u, line)
    bottom = smallest(u, line)
    rest = ONE if bottom is None else (-2 * bottom).exp()
    upper = u.over.raised(((1 + rest) / 2).log()) if u.over else None
    lower = u.under.raised(-arb(2).log()) if u.under else None
    return completed(line, upper, greatest(lower, FLAT), 1)


# --- odd increasing functions -------------------------------------------------------------------


def _concave(u: Facts, f: Ball, slope: arb, bound: arb | None, line: HalfLine) -> Facts:
    """F odd, increasing, concave on u > 0: u f(K)/K <= f(u) <= slope u for u <= K."""
    top, bottom = largest(u, line), smallest(u, line)
    most = f(top) if top is not None else bound
    upper = least(
        constant_curve(most.log()) if most is not None else None,
        u.upper.raised(slope.log()) if u.upper else None,
    )
    lower = greatest(
        constant_curve(f(bottom).log()) if bottom is not None else None,
        u.lower.raised((f(top) / top).log()) if u.lower and top is not None else None,
    )
    return _monotone(u, f, upper, lower, line)


def _convex(u: Facts, f: Ball, top: arb, line: HalfLine, slope: arb = ONE) -> Facts:
    """F odd, increasing, convex on u > 0: slope u <= f(u) <= u f(K)/K for u <= K."""
    value = f(top)
    if not (u.upper and value.is_finite()):
        return NOTHING
    lower = u.lower.raised(slope.log()) if u.lower else None
    return _monotone(u, f, u.upper.raised((value / top).log()), lower, line)


def _monotone(u: Facts, f: Ball, upper: Curve | None, lower: Curve | None, line: HalfLine) -> Facts:
    low, high = span(u, line)
    return completed(
        line,
        upper,
        lower,
        u.sign,
        constant_curve(f(high)) if high is not None else None,
        constant_curve(f(low)) if low is not None else None,
    )


def _saturating(f: Ball, slope: Callable[[], arb], bound: Callable[[], arb]) -> Rule:
    return lambda u, line: _concave(u, f, slope(), bound(), line)


def _asinh(u: Facts, line: HalfLine) -> Facts:
    """log(2 |u|) <= asinh |u| <= log(2 |u| + 1)."""
    if largest(u, line) is not None:
        return _concave(u, arb.asinh, ONE, None, line)
    double = u.upper.raised(arb(2).log()) if u.upper else None
    over = log_of_sum([double, FLAT], line) if double else None
    under = u.lower.raised(arb(2).log()) if u.lower else None
    return _signed(completed(line, sign=1, over=over, under=under), u.sign, line)


def _signed(size: Facts, sign: int | None, line: HalfLine) -> Facts:
    """The facts of a function of known size and, perhaps, sign."""
    if sign:
        return scaled(size, arb(sign), line)
    over = size.over
    return completed(line, size.upper, size.lower, None, over, over.times(-ONE) if over else None)


def _bounded_argument(
    f: Ball, limit: Callable[[], arb], slope: Callable[[], arb] = lambda: ONE
) -> Rule:
    """Asin, atanh, tan and erfinv, of an argument certainly inside their domain."""

    def rule(u: Facts, line: HalfLine) -> Facts:
        top, inside = largest(u, line), limit()
        return _convex(u, f, top, line, slope()) if top is not None and top <= inside else NOTHING

    return rule


def _acos(u: Facts, line: HalfLine) -> Facts:
    top = largest(u, line)
    if top is None or not top <= 1:
        return NOTHING
    asin = _convex(u, arb.asin, top, line)
    return added([number(arb.pi() / 2, line), scaled(asin, -ONE, line)], line)


def _acosh(u: Facts, line: HalfLine) -> Facts:
    """0 <= acosh u <= log(2 u), and >= log u."""
    if u.sign != 1 or not u.upper:
        return NOTHING
    over = u.upper.raised(arb(2).log())
    return completed(line, sign=1, over=over, under=greatest(u.lower, FLAT))


def _acot(u: Facts, line: HalfLine) -> Facts:
    """Acot u = atan(1/u), as sympy has it."""
    return _concave(powered(u, -1, line), arb.atan, ONE, arb.pi() / 2, line)


# --- waves --------------------------------------------------------------------------------------


def _sin(u: Facts, line: HalfLine) -> Facts:
    """|sin u| <= min(1, |u|), and >= |u| sin(K)/K for |u| <= K < pi."""
    return _wave(u, line, sinc=False)


def _sinc(u: Facts, line: HalfLine) -> Facts:
    return _wave(u, line, sinc=True)


def _wave(u: Facts, line: HalfLine, sinc: bool) -> Facts:
    top = largest(u, line)
    lower, sign = None, None
    if top is not None and top < 3:
        sign = 1 if sinc else u.sign
        base = FLAT if sinc else u.lower
        lower = base.raised(top.sinc().log()) if base else None
    decay = (u.lower.times(-ONE) if u.lower else None) if sinc else u.upper
    return completed(line, least(FLAT, decay), lower, sign)


def _cos(u: Facts, line: HalfLine) -> Facts:
    top = largest(u, line)
    if top is not None and top < 1.5:
        return interval(top.cos(), ONE, line)
    return interval(-ONE, ONE, line)


def bessel(n: int, u: Facts, line: HalfLine) -> Facts:
    """|J_n(u)| <= min(1, |u/2|^n/n!), and >= |u|^n J_n(K)/K^n for |u| <= K < 2, n >= 0."""
    power, top = powered(u, n, line), largest(u, line)
    lower, sign = None, None
    if top is not None and top < 2:
        sign = power.sign
        lower = power.lower.raised((top.bessel_j(n) / top**n).log()) if power.lower else None
    decay = power.upper.raised(-(arb(2) ** n * arb(n + 1).gamma()).log()) if power.upper else None
    return completed(line, least(FLAT, decay), lower, sign)


# --- erfc ---------------------------------------------------------------------------------------


def _erfc(u: Facts, line: HalfLine) -> Facts:
    """For u >= 0: 2/sqrt(pi) exp(-u^2)/(2 u + sqrt 2) <= erfc u <= exp(-u^2)."""
    low, high = span(u, line)
    upper = constant_curve((arb(2) if low is None else low.erfc()).log())
    lower = constant_curve(high.erfc().log()) if high is not None else None
    if u.sign == 1:
        square = powered(u, 2, line)
        if square.under:
            upper = least(square.under.times(-ONE), upper) or upper
        if square.over and u.upper and lower is None:
            lower = square.over.times(-ONE).minus(_erfc_denominator(u.upper, line))
    return completed(line, upper, lower, 1)


def _erfc_denominator(upper: Curve, line: HalfLine) -> Curve:
    """log((2 u + sqrt 2) sqrt(pi)/2)."""
    root = constant_curve(arb(2).log() / 2)
    total = log_of_sum([upper.raised(arb(2).log()), root], line)
    return total.raised((arb.pi().sqrt() / 2).log())


def scaled_erfc(u: Facts, line: HalfLine) -> Facts:
    """Erfcx u = exp(u^2) erfc u, which falls: at most 1 and 1/(sqrt(pi) u) for u >= 0."""
    low, high = span(u, line)
    square = powered(u, 2, line)
    upper = constant_curve(_erfcx(low).log()) if low is not None else None
    if upper is None and square.over:
        upper = square.over.raised(arb(2).log())
    lower = constant_curve(_erfcx(high).log()) if high is not None else None
    if u.sign == 1:
        decay = u.lower.times(-ONE).raised(-arb.pi().log() / 2) if u.lower else None
        upper = least(FLAT, decay, upper)
        below = _erfc_denominator(u.upper, line).times(-ONE) if u.upper else None
        lower = greatest(below, lower)
    if u.sign == -1:
        lower = greatest(square.under, FLAT, lower)
    return completed(line, upper, lower, 1)


def _erfcx(c: arb) -> arb:
    return (c * c).exp() * c.erfc()


# --- the inverse of w exp(w) --------------------------------------------------------------------


def _lambertw(u: Facts, line: HalfLine) -> Facts:
    """For u >= 0: log(1 + u)/2 <= W(u) <= log(1 + u), and u/(1 + K) <= W(u) <= u for u <= K."""
    low, high = span(u, line)
    if u.sign != 1:
        if low is None or high is None or not low > -(-ONE).exp():
            return NOTHING
        return interval(low.lambertw(), high.lambertw(), line)
    over = log_of_sum([u.upper, FLAT], line) if u.upper else None
    under = u.lower.times(ONE / 2) if u.lower else None
    lower = u.lower.raised(-(1 + high).log()) if u.lower and high is not None else None
    slow = completed(line, sign=1, over=over)
    return completed(line, least(slow.upper, u.upper), lower, 1, over, under)


# --- gamma --------------------------------------------------------------------------------------

_BEND = 32  # log u <= u/32 + log 32 - 1


def _gamma(u: Facts, line: HalfLine) -> Facts:
    """Gamma u of u > 0, convex with its logarithm; at least 0.885, and 0.885/u."""
    if u.sign != 1 or not u.lower:
        return NOTHING
    slope, least_value = arb(2).digamma(), arb(0.885).log()
    lower = greatest(
        constant_curve(least_value),
        u.under.times(slope).raised(-2 * slope) if u.under else None,  # the tangent at 2
        u.upper.times(-ONE).raised(least_value) if u.upper else None,
    )
    return completed(line, _gamma_above(u, line), lower, 1)


def _gamma_above(u: Facts, line: HalfLine) -> Curve | None:
    """Gamma u <= max(1, Gamma(1 + K))/u for u <= K; log Gamma u <= u log u for u >= 1."""
    low, high = span(u, line)
    if low is not None and high is not None and low > 0:
        return constant_curve(low.gamma().max(high.gamma()).log())
    if high is not None and u.lower:
        return u.lower.times(-ONE).raised((1 + high).gamma().max(ONE).log())
    square = powered(u, 2, line).over
    if low is None or not low >= 1 or not square or not u.over:
        return None
    return square.times(ONE / _BEND).plus(u.over.times(arb(_BEND).log() - 1))


# --- kinks and jumps ----------------------------------------------------------------------------


def _sign(u: Facts, line: HalfLine) -> Facts:
    return number(arb(u.sign), line) if u.sign and u.lower else interval(-ONE, ONE, line)


def _rounded(down: int, up: int) -> Rule:
    """Floor and ceiling: at most `down` below and `up` above their argument."""

    def rule(u: Facts, line: HalfLine) -> Facts:
        upper = log_of_sum([u.upper, FLAT], line) if u.upper else None
        over = u.over.raised(arb(up)) if u.over else None
        under = u.under.raised(arb(-down)) if u.under else None
        return completed(line, upper, None, u.sign, over, under)

    return rule


# --- the table ----------------------------------------------------------------------------------


def _reciprocal(rule: Rule) -> Rule:
    return lambda u, line: powered(rule(u, line), -1, line)


_tanh = _saturating(arb.tanh, lambda: ONE, lambda: ONE)
_tan = _bounded_argument(arb.tan, lambda: arb.pi() / 2)

FUNCTIONS: dict[Any, Rule] = {
    sp.exp: exponential,
    sp.sinh: _sinh,
    sp.cosh: _cosh,
    sp.tanh: _tanh,
    sp.coth: _reciprocal(_tanh),
    sp.sech: _reciprocal(_cosh),
    sp.csch: _reciprocal(_sinh),
    sp.atan: _saturating(arb.atan, lambda: ONE, lambda: arb.pi() / 2),
    sp.erf: _saturating(arb.erf, lambda: 2 / arb.pi().sqrt(), lambda: ONE),
    sp.erfc: _erfc,
    sp.gamma: _gamma,
    sp.asinh: _asinh,
    sp.acosh: _acosh,
    sp.acot: _acot,
    sp.acos: _acos,
    sp.asin: _bounded_argument(arb.asin, lambda: ONE),
    sp.atanh: _bounded_argument(arb.atanh, lambda: ONE),
    sp.erfinv: _bounded_argument(arb.erfinv, lambda: ONE, lambda: arb.pi().sqrt() / 2),
    sp.LambertW: _lambertw,
    sp.tan: _tan,
    sp.cot: _reciprocal(_tan),
    sp.sin: _sin,
    sp.sinc: _sinc,
    sp.csc: _reciprocal(_sin),
    sp.cos: _cos,
    sp.sec: _reciprocal(_cos),
    sp.Abs: absolute,
    sp.sign: _sign,
    sp.floor: _rounded(1, 0),
    sp.ceiling: _rounded(0, 1),
    sp.frac: lambda u, line: interval(ZERO, ONE, line),
}
