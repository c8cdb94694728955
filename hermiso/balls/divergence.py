"""Proofs that a function is bounded on an interval, or that its square has no integral there.

Near a zero t of d, where d is holomorphic, |d(x)| <= L |x - t|: so |n/d^p| >= c/|x - t|^p if n
stays away from 0, and its square has no integral for 2p >= 1.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import sympy as sp
from flint import acb, arb, ctx
from sympy import Expr, Symbol

from hermiso import algebra
from hermiso.balls.compile import BallFunction, compiled
from hermiso.balls.curves import Curve, HalfLine
from hermiso.balls.growth_rules import Derivation
from hermiso.balls.plain import plain
from hermiso.errors import NoClosedForm

__all__ = ["MOST", "STARTS", "Interval", "diverges_at", "doubtful", "is_real", "pole", "poles"]

BITS = 64
CANCELLING = 2048  # 1 - erf(22) is 2^-704
MOST = 1000  # intervals to evaluate
NARROW = 2.0**-20
UNEVEN = 0.4931  # halves would meet at the zeros that formulas like
STARTS = (2, 6, 12, 20, 30)  # powers of 2
BISECTIONS = 30
Interval = tuple[float, float]


def doubtful(e: Expr, x: Symbol, low: float, high: float) -> list[Interval]:
    """Return short intervals outside which e is certainly real and bounded on [low, high].

    Raises:
        NoClosedForm: if a function in e has no ball version.
    """
    with ctx.workprec(BITS):
        f, bases = compiled(e, x).real, [compiled(b, x).real for b in _bases(e, x)]
        waiting, found = [(low, high)], []
        for _ in range(MOST):
            if not waiting:
                break
            a, b = waiting.pop()
            z = arb(a).union(arb(b))
            under = [base(z) for base in bases]
            if f(z).is_finite() and all(u >= 0 for u in under):
                continue
            if b - a < NARROW or any(u < 0 for u in under):
                found.append((a, b))
                continue
            middle = a + (b - a) * UNEVEN
            waiting += [(a, middle), (middle, b)]
        return _merged(found + waiting)


def _bases(e: Expr, x: Symbol) -> set[Expr]:
    """What has to be nonnegative for roots of it to be real; balls around 0 do not tell."""
    powers = (p for p in e.atoms(sp.Pow) if x in p.base.free_symbols and not p.exp.is_integer)
    return {p.base for p in powers if p.base is not sp.E and not p.base.is_nonnegative}


def _merged(intervals: list[Interval]) -> list[Interval]:
    found: list[Interval] = []
    for a, b in sorted(intervals):
        if found and found[-1][1] == a:
            a = found.pop()[0]
        found.append((a, b))
    return found


def is_real(e: Expr, x: Symbol, points: tuple[float, ...]) -> bool:
    """Whether e is certainly a real number at all points."""
    left = list(points)
    for bits in (BITS, CANCELLING):
        with ctx.workprec(bits):
            f = compiled(plain(e, x), x).real  # 1 + erf does not cancel far out
            left = [p for p in left if not f(arb(p)).is_finite()]
    return not left


# --- at a known point -------------------------------------------------------------------------


def diverges_at(e: Expr, x: Symbol, t: Expr) -> bool:
    """Whether E e(z)^2 is certainly infinite because of what e does near t."""
    return any(_diverges_beside(e, x, t, side) for side in (-1, 1))


def _diverges_beside(e: Expr, x: Symbol, t: Expr, side: int) -> bool:
    v = sp.Dummy("v", real=True)  # sympy takes roots to decide signs if it is positive
    near = e.subs(x, t + side / v)
    # x^2 - 2 near sqrt(2) must not look like a difference of constants
    near = near.replace(lambda u: u.is_Add and u.is_rational_function(v), algebra.expand)
    with ctx.workprec(BITS):
        lowers = (Derivation(v, 1, HalfLine.beyond(2**k)).facts(near).lower for k in STARTS)
        return any(lower is not None and _is_too_large(lower) for lower in lowers)


def _is_too_large(lower: Curve) -> bool:
    """Whether the square of v^l exp(b v + q v^2) has no integral against dv/v^2."""
    if lower.square.is_zero() and lower.linear.is_zero():
        return bool(2 * lower.log >= 1)
    return bool(lower.square > 0 or (lower.square.is_zero() and lower.linear > 0))


# --- at a pole that no formula shows ----------------------------------------------------------


def pole(e: Expr, x: Symbol, within: Interval) -> float | None:
    """Return about where in an interval a pole certainly makes E e(z)^2 infinite, else None."""
    with ctx.workprec(BITS):
        a, b = map(arb, within)
        z = a.union(b)
        try:
            factors = _factors(algebra.together(_with_denominators(e, x, z)), x)
            zeros = (_zero(factors, i, x, a, b) for i in range(len(factors)))
            return next((t for t in zeros if t is not None), None)
        except NoClosedForm:
            return None


@dataclass(frozen=True)
class _Factor:
    base: Expr
    power: Any
    function: BallFunction

    @property
    def is_strong(self) -> bool:
        """Whether a zero of the base is too much for a square."""
        return bool(self.power.is_number and 2 * self.power <= -1)


def _factors(quotient: Expr, x: Symbol) -> list[_Factor]:
    pairs = (p for p in _powers(quotient) if any(x in part.free_symbols for part in p))
    return [_Factor(b, p, compiled(b, x)) for b, p in pairs]


def _powers(e: Expr) -> Iterator[tuple[Expr, Expr]]:
    """The factors of |e| as (base, power); signs do not matter."""
    for factor in sp.Mul.make_args(e):
        base, power = factor.as_base_exp()
        if isinstance(base, sp.Abs):
            yield from ((b, p * power) for b, p in _powers(algebra.together(base.args[0])))
        else:
            yield base, power


def _zero(factors: list[_Factor], i: int, x: Symbol, a: arb, b: arb) -> float | None:
    """A zero of one denominator where the other factors stay away from 0."""
    d, others = factors[i].function, factors[:i] + factors[i + 1 :]
    if not (factors[i].is_strong and _changes_sign(d, a, b)):
        return None
    middle, half = (a + b) / 2, (b - a) / 2
    around = acb(middle + 1.25 * half * arb(0, 1), half * arb(0, 1))
    if not d.box(around).is_finite():
        return None
    t = _bisected(d, a, b)
    return t if all(_stays_away(f, x, a.union(b)) for f in others) else None


def _stays_away(f: _Factor, x: Symbol, z: arb) -> bool:
    """Whether |f| >= c > 0 on an interval."""
    value = f.function.real(z)
    bounded_below = bool(value.is_finite() and not value.contains(0))
    if f.power.is_number:
        return bool(value.is_finite()) if f.power.is_negative else bounded_below
    return bounded_below and compiled(f.power, x).real(z).is_finite()


def _changes_sign(d: BallFunction, a: arb, b: arb) -> bool:
    return bool(d.real(a) * d.real(b) < 0)


def _bisected(d: BallFunction, a: arb, b: arb) -> float:
    for _ in range(BISECTIONS):
        middle = ((a + b) / 2).mid()
        if _changes_sign(d, a, middle):
            b = middle
        elif _changes_sign(d, middle, b):
            a = middle
    return float((a + b) / 2)


def _with_denominators(e: Expr, x: Symbol, z: arb) -> Expr:
    """Write functions with poles as quotients of functions without, for x in z."""
    while isinstance(e, sp.Abs):  # sympy turns |sin/cos| back into |tan|
        e = e.args[0]
    for f in sorted(e.atoms(*_QUOTIENTS), key=sp.default_sort_key, reverse=True):
        e = e.xreplace({f: _QUOTIENTS[f.func](f.args[0])})
    for f in e.atoms(sp.gamma):
        lowest = compiled(f.args[0], x).real(z).lower()
        if lowest.is_finite() and lowest <= 0 and lowest > -MOST:
            e = e.xreplace({f: _raised(f.args[0], int(-float(lowest)) + 1)})
    return e


def _raised(u: Expr, n: int) -> Expr:
    """Gamma(u) = gamma(u + n)/(u (u + 1) ... (u + n - 1))."""
    return sp.gamma(u + n) / sp.Mul(*(u + j for j in range(n)))


_QUOTIENTS: dict[Any, Any] = {
    sp.tan: lambda u: sp.sin(u) / sp.cos(u),
    sp.cot: lambda u: sp.cos(u) / sp.sin(u),
    sp.sec: lambda u: 1 / sp.cos(u),
    sp.csc: lambda u: 1 / sp.sin(u),
    sp.coth: lambda u: sp.cosh(u) / sp.sinh(u),
    sp.csch: lambda u: 1 / sp.sinh(u),
}


def poles(e: Expr, x: Symbol, intervals: list[Interval], most: int) -> Iterator[float]:
    """Yield where, inside the given intervals, a pole is certain; those next to 0 first."""
    for within in sorted(intervals, key=lambda i: (round(abs(sum(i)), 3), i))[:most]:
        found = pole(e, x, within)
        if found is not None:
            yield found
