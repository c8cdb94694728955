"""What is known of a function f on a half line, and how sums, products and powers inherit it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import reduce

from flint import arb
from sympy import Expr

from hermiso.balls.curves import (
    FLAT,
    ONE,
    ZERO,
    Curve,
    HalfLine,
    constant_curve,
    exp_above,
    exp_below,
    greatest,
    infimum,
    least,
    log_above,
    log_of_sum,
    parts,
    peak,
    supremum,
    valley,
)

__all__ = [
    "NOTHING", "NOUGHT", "Facts", "Polynomial", "absolute", "added", "completed", "dominated",
    "interval", "largest", "multiplied", "number", "order", "polynomial", "powered", "scaled",
    "smallest", "span", "united",
]  # fmt: skip

Polynomial = Mapping[int, arb]
_LONGEST = 16


@dataclass(frozen=True, slots=True)
class Facts:
    """Bounds of a function f on a half line; None where nothing is known.

    Attributes:
        upper: log|f| <= upper.
        lower: log|f| >= lower, so f has no zero.
        sign: 1 for f >= 0, -1 for f <= 0.
        over: f <= over.
        under: f >= under.
        polynomial: the coefficients of f by power, if f is a (Laurent) polynomial.
        culprit: the subexpression that left f without an upper bound, and why.
    """

    upper: Curve | None = None
    lower: Curve | None = None
    sign: int | None = None
    over: Curve | None = None
    under: Curve | None = None
    polynomial: Polynomial | None = None
    culprit: tuple[Expr, str] | None = None

    @property
    def vanishes(self) -> bool:
        """Say whether f is 0 everywhere."""
        return self.polynomial is not None and not self.polynomial


NOTHING = Facts()
NOUGHT = Facts(upper=FLAT, sign=1, over=FLAT, under=FLAT, polynomial={})


def completed(
    line: HalfLine,
    upper: Curve | None = None,
    lower: Curve | None = None,
    sign: int | None = None,
    over: Curve | None = None,
    under: Curve | None = None,
    polynomial: Polynomial | None = None,
) -> Facts:
    """Derive from the given bounds those that are missing, and improve them by each other."""
    upper, lower, over, under = (_finite(c) for c in (upper, lower, over, under))
    sign = sign or _sign(over, under, line)
    upper = upper or _finite(_upper(sign, over, under, line))
    lower = lower or _finite(_lower(sign, over, under, line))
    top = _finite(exp_above(upper, line)) if upper else None
    bottom = (_finite(exp_below(lower, line)) if lower else None) or FLAT
    over = least(over, _negative(bottom) if sign == -1 else top)
    under = greatest(under, bottom if sign == 1 else _negative(top))
    return Facts(upper, lower, sign, over, under, polynomial)


def _finite(f: Curve | None) -> Curve | None:
    return f if f is not None and f.finite() else None


def _negative(f: Curve | None) -> Curve | None:
    return None if f is None else f.times(-ONE)


def _sign(over: Curve | None, under: Curve | None, line: HalfLine) -> int | None:
    if under is not None and (low := infimum(under, line)) is not None and low >= 0:
        return 1
    if over is not None and (high := supremum(over, line)) is not None and high <= 0:
        return -1
    return None


def _upper(
    sign: int | None, over: Curve | None, under: Curve | None, line: HalfLine
) -> Curve | None:
    needed = [over] * (sign != -1) + [_negative(under)] * (sign != 1)
    known = [log_above(f, line) for f in needed if f is not None]
    return peak(known, line) if len(known) == len(needed) else None


def _lower(
    sign: int | None, over: Curve | None, under: Curve | None, line: HalfLine
) -> Curve | None:
    inner = under if sign == 1 else _negative(over)
    if sign is None or inner is None:
        return None
    found = [_scaled_part(p.coefficient, p.upper, p.lower) for p in parts(inner, line)]
    lower, side = dominated(found, line)
    return lower if side == 1 else None


def _scaled_part(c: arb, upper: Curve, lower: Curve | None) -> Facts:
    """The bare facts of c exp(...); an uncertain sign of c costs the lower bound."""
    sign = 1 if c > 0 else -1 if c < 0 else None
    low = lower.raised(abs(c).log()) if sign and lower is not None else None
    return Facts(upper=upper.raised(c.abs_upper().log()), lower=low, sign=sign)


def number(c: arb, line: HalfLine) -> Facts:
    """Return the facts of a constant."""
    return polynomial({0: c}, line)


def interval(a: arb, b: arb, line: HalfLine) -> Facts:
    """Return the facts of a function with values in [a, b]."""
    return completed(line, over=constant_curve(b), under=constant_curve(a))


def polynomial(p: Polynomial, line: HalfLine) -> Facts:
    """Return the facts of the sum of p[k] x^k; powers 0, 1 and 2 are their own curves."""
    p = {k: c for k, c in p.items() if not c.is_zero()}
    if not p:
        return NOUGHT
    terms = [_monomial(k, c, line) for k, c in p.items()]
    return replace(_sum(terms, line), polynomial=p)


def _monomial(k: int, c: arb, line: HalfLine) -> Facts:
    shape = Curve(ZERO, arb(k), ZERO, ZERO)
    bare = _scaled_part(c, shape, shape)
    exact = None
    if k in (0, 1, 2):
        exact = Curve(c * (k == 0), ZERO, c * (k == 1), c * (k == 2))
    return completed(line, bare.upper, bare.lower, bare.sign, exact, exact)


def dominated(terms: Sequence[Facts], line: HalfLine) -> tuple[Curve | None, int | None]:
    """Return a lower bound of log|sum| and the sign of the sum.

    The term with the greatest lower bound must outweigh all terms of another sign.
    """
    common = terms[0].sign if terms and all(t.sign == terms[0].sign for t in terms) else None
    lower = greatest(*(t.lower for t in terms))
    if lower is None:
        return None, common
    best = next(i for i, t in enumerate(terms) if t.lower is lower)
    sign, ratio = terms[best].sign, ZERO
    for t in (t for i, t in enumerate(terms) if i != best and (not sign or t.sign != sign)):
        share = supremum(t.upper.minus(lower), line) if t.upper else None
        if share is None:
            return None, common
        ratio += share.exp()
    if not ratio < 1:
        return None, common
    return (lower if ratio.is_zero() else lower.raised((1 - ratio).log())), sign


def _sum(terms: Sequence[Facts], line: HalfLine) -> Facts:
    if len(terms) == 1:
        return terms[0]
    uppers, overs, unders = (
        [c for c in curves if c is not None]
        for curves in (
            [t.upper for t in terms],
            [t.over for t in terms],
            [t.under for t in terms],
        )
    )
    n = len(terms)
    return completed(
        line,
        log_of_sum(uppers, line) if len(uppers) == n else None,
        *dominated(terms, line),
        reduce(Curve.plus, overs) if len(overs) == n else None,
        reduce(Curve.plus, unders) if len(unders) == n else None,
    )


def added(terms: Iterable[Facts], line: HalfLine) -> Facts:
    """Return the facts of a sum."""
    total: dict[int, arb] = {}
    others = []
    for t in terms:
        if t.polynomial is None:
            others.append(t)
            continue
        for k, c in t.polynomial.items():
            total[k] = total.get(k, ZERO) + c
    p = polynomial(total, line)
    if not others:
        return p
    return _sum(others if p.vanishes else [p, *others], line)


def scaled(f: Facts, c: arb, line: HalfLine) -> Facts:
    """Return the facts of c f."""
    if c == 1 or f.vanishes:
        return f
    if f.polynomial is not None:
        return polynomial({k: c * a for k, a in f.polynomial.items()}, line)
    if not (c > 0 or c < 0):
        return multiplied([number(c, line), f], line, keep=False)
    size, sign = abs(c).log(), 1 if c > 0 else -1
    over, under = (f.over, f.under) if c > 0 else (f.under, f.over)
    return Facts(
        f.upper.raised(size) if f.upper else None,
        f.lower.raised(size) if f.lower else None,
        f.sign * sign if f.sign else None,
        over.times(c) if over else None,
        under.times(c) if under else None,
    )


def multiplied(factors: Iterable[Facts], line: HalfLine, keep: bool = True) -> Facts:
    """Return the facts of a product; `keep` has constants scale the curves of the rest."""
    p: Polynomial = {0: ONE}
    others = []
    for f in factors:
        if f.vanishes:
            return NOUGHT
        joined = _product(p, f.polynomial)
        if joined is None or not keep:
            others.append(f)
        else:
            p = joined
    if not others:
        return polynomial(p, line)
    if set(p) == {0}:
        rest = others[0] if len(others) == 1 and keep else _combined(others, line)
        return scaled(rest, p[0], line)
    return _combined([polynomial(p, line), *others], line)


def _product(p: Polynomial, q: Polynomial | None) -> Polynomial | None:
    if q is None or len(p) * len(q) > _LONGEST:
        return None
    found: dict[int, arb] = {}
    for j, a in p.items():
        for k, b in q.items():
            found[j + k] = found.get(j + k, ZERO) + a * b
    return found


def _combined(factors: Sequence[Facts], line: HalfLine) -> Facts:
    uppers = [f.upper for f in factors if f.upper]
    lowers = [f.lower for f in factors if f.lower]
    sign: int | None = 1
    for f in factors:
        sign = sign * f.sign if sign and f.sign else None
    n = len(factors)
    return completed(
        line,
        reduce(Curve.plus, uppers) if len(uppers) == n else None,
        reduce(Curve.plus, lowers) if len(lowers) == n else None,
        sign,
    )


def powered(f: Facts, p: int | arb, line: HalfLine) -> Facts:
    """Return the facts of f^p; |f^p| = |f|^p also where f is negative."""
    if f.vanishes and p > 0:
        return NOUGHT
    exact = _power(f.polynomial, p) if isinstance(p, int) and f.polynomial else None
    if exact is not None:
        return polynomial(exact, line)
    q = arb(p)
    if not (q > 0 or q < 0):
        return NOTHING
    upper, lower = (f.upper, f.lower) if q > 0 else (f.lower, f.upper)
    even = isinstance(p, int) and p % 2 == 0
    return completed(
        line,
        upper.times(q) if upper else None,
        lower.times(q) if lower else None,
        1 if even or f.sign == 1 else f.sign if isinstance(p, int) else None,
    )


def _power(base: Polynomial, p: int) -> Polynomial | None:
    if len(base) == 1:
        ((k, c),) = base.items()
        return {k * p: c**p} if p >= 0 or not c.contains(0) else None
    found: Polynomial | None = {0: ONE}
    for _ in range(p):
        found = _product(found, base) if found is not None else None
    return found if p >= 0 else None


def absolute(f: Facts, line: HalfLine) -> Facts:
    """Return the facts of |f|."""
    if f.sign:
        return scaled(f, arb(f.sign), line)
    over = None if f.over is None or f.under is None else peak([f.over, f.under.times(-ONE)], line)
    return completed(line, f.upper, f.lower, 1, over)


def united(choices: Sequence[Facts], line: HalfLine) -> Facts:
    """Return the facts of a function that equals, at each x, one of several."""
    if len(choices) == 1:
        return choices[0]
    visible = [f for f in choices if not f.vanishes]
    if not visible:
        return NOUGHT
    uppers = [f.upper for f in visible if f.upper]
    lowers = [f.lower for f in choices if f.lower]
    overs = [f.over for f in choices if f.over]
    unders = [f.under for f in choices if f.under]
    n = len(choices)
    return completed(
        line,
        peak(uppers, line) if len(uppers) == len(visible) else None,
        valley(lowers, line) if len(lowers) == n else None,
        visible[0].sign if all(f.sign == visible[0].sign for f in visible) else None,
        peak(overs, line) if len(overs) == n else None,
        valley(unders, line) if len(unders) == n else None,
    )


def order(f: Facts, g: Facts, line: HalfLine) -> tuple[int, bool] | None:
    """Return the sign of f - g and whether f = g is excluded; None if undecided."""
    if f.polynomial is not None and g.polynomial is not None:
        d = added([f, scaled(g, -ONE, line)], line)
        if d.vanishes:
            return 0, False
        return (d.sign, d.lower is not None) if d.sign else None
    for a, b, s in ((f, g, 1), (g, f, -1)):
        if a.sign == 1 and (b.sign == -1 or b.vanishes):
            return s, bool(a.lower or b.lower)
        gap = infimum(a.under.minus(b.over), line) if a.under and b.over else None
        if gap is not None and gap >= 0:
            return s, bool(gap > 0)
        if a.sign == 1 and a.lower and b.upper:
            share = supremum(b.upper.minus(a.lower), line)
            if share is not None and share < 0:
                return s, True
    return None


def largest(f: Facts, line: HalfLine) -> arb | None:
    """Return a bound of |f| from above."""
    top = supremum(f.upper, line) if f.upper else None
    return None if top is None else top.exp()


def smallest(f: Facts, line: HalfLine) -> arb | None:
    """Return a positive bound of |f| from below."""
    low = infimum(f.lower, line) if f.lower else None
    found = None if low is None else low.exp()
    return found if found is not None and found > 0 else None


def span(f: Facts, line: HalfLine) -> tuple[arb | None, arb | None]:
    """Return bounds of f from below and from above."""
    size = largest(f, line)
    low = infimum(f.under, line) if f.under else None
    high = supremum(f.over, line) if f.over else None
    if size is None:
        return low, high
    return (-size if low is None else low.max(-size)), (size if high is None else high.min(size))
