"""Growth bounds of expressions, by recursion, on side * x >= R.

Here are the rules that look at the expression itself; those of functions of one argument stand
in growth_functions. Where no rule finds a bound, a larger R may help.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import sympy as sp
from flint import arb
from sympy import Expr, Symbol
from sympy.core.relational import Relational

from hermiso.balls.compile import constant
from hermiso.balls.curves import ONE, HalfLine, greatest, least
from hermiso.balls.facts import (
    NOTHING,
    NOUGHT,
    Facts,
    added,
    completed,
    largest,
    multiplied,
    number,
    order,
    polynomial,
    powered,
    scaled,
    united,
)
from hermiso.balls.growth_functions import FUNCTIONS, bessel, exponential, scaled_erfc
from hermiso.errors import NoClosedForm

__all__ = ["Derivation", "Verdict"]

Verdict = bool | None
FEW = 60  # operations of a polynomial that is expanded


@dataclass(frozen=True)
class Derivation:
    """Bounds of expressions at side * x >= R; subexpressions are bounded once."""

    x: Symbol
    side: int
    line: HalfLine
    memo: dict[Any, Facts] = field(default_factory=dict)

    def facts(self, e: Any) -> Facts:
        """Return what is known of e."""
        known = self.memo.get(e)
        if known is None:
            known = self.memo[e] = self._derived(e)
        return known

    def _derived(self, e: Any) -> Facts:
        if e == self.x:
            return polynomial({1: arb(self.side)}, self.line)
        found = self._by_rule(e) if self.x in e.free_symbols else _constant(e, self.line)
        return found if found.upper else replace(found, culprit=self._culprit(e))

    def _by_rule(self, e: Any) -> Facts:
        if e.func in FUNCTIONS:
            return FUNCTIONS[e.func](self.facts(e.args[0]), self.line)
        rule = RULES.get(e.func)
        return rule(self, e) if rule else NOTHING

    def _culprit(self, e: Any) -> tuple[Expr, str]:
        inside = (self.memo[a] for a in _operands(e) if a in self.memo)
        deeper = next((f.culprit for f in inside if f.culprit), None)
        return deeper or (e, _reason(e))


def _reason(e: Any) -> str:
    if e.is_Pow and not e.exp.is_integer:
        return "its base is not certainly positive"
    if e.func in REASONS or e.func in FUNCTIONS or e.func in RULES:
        return REASONS.get(e.func, "it is not bounded by what is known of its arguments")
    return f"there is no rule for {e.func.__name__}"


def _operands(e: Any) -> Iterator[Any]:
    for a in e.args:
        yield a.args[0] if isinstance(a, sp.functions.elementary.piecewise.ExprCondPair) else a


def _constant(e: Any, line: HalfLine) -> Facts:
    try:
        c = constant(sp.Rational(e) if e.is_Float else e)
    except NoClosedForm:
        return NOTHING
    return number(c, line) if isinstance(c, arb) and c.is_finite() else NOTHING


# --- arithmetic -------------------------------------------------------------------------------


def _add(d: Derivation, e: Any) -> Facts:
    terms = _without_cancellation(e)
    if terms:
        found = added([d.facts(t) for t in terms], d.line)
        if found.upper:
            return found
    return added([d.facts(t) for t in e.args], d.line)


def _without_cancellation(e: Any) -> list[Any] | None:
    """Write c + k f(u) without cancellation, for an f that may tend to -c/k."""
    c = e.args[0]
    if not c.is_Rational:
        return None
    for t in e.args[1:]:
        k, f = t.as_coeff_Mul()
        merged = _COMPLEMENTS.get((f.func, c / k))
        if merged is not None:
            return [k * merged(f.args[0]), *(a for a in e.args[1:] if a is not t)]
    return None


def _erfc_of(u: Any) -> Any:
    return sp.erfc(u, evaluate=False)  # sympy writes erfc(-x) as 2 - erfc(x), which cancels


_COMPLEMENTS: dict[tuple[Any, Any], Callable[[Any], Any]] = {
    (sp.erf, 1): lambda u: _erfc_of(-u),
    (sp.erf, -1): lambda u: -_erfc_of(u),
    (sp.erfc, -2): lambda u: -_erfc_of(-u),
    (sp.tanh, 1): lambda u: 2 / (1 + sp.exp(-2 * u)),
    (sp.tanh, -1): lambda u: -2 / (1 + sp.exp(2 * u)),
    (sp.exp, -1): lambda u: 2 * sp.exp(u / 2) * sp.sinh(u / 2),
    (sp.cos, -1): lambda u: -2 * sp.sin(u / 2) ** 2,
    (sp.cosh, -1): lambda u: 2 * sp.sinh(u / 2) ** 2,
}


def _mul(d: Derivation, e: Any) -> Facts:
    found = _scaled_tail(e, d.x)
    if found is None:
        return multiplied([d.facts(a) for a in e.args], d.line)
    u, rest = found
    return multiplied([scaled_erfc(d.facts(u), d.line), d.facts(rest)], d.line)


def _scaled_tail(e: Any, x: Symbol) -> tuple[Any, Any] | None:
    """U and r of a product exp(u^2) erfc(u) r: each factor alone would be bounded too widely."""
    power = next((b for b in e.args if b.func is sp.exp), None)
    if power is None:
        return None
    for a in e.args:
        (term, *more) = (_without_cancellation(a) if a.is_Add else None) or [a]
        c, t = term.as_coeff_Mul()
        if t.func is not sp.erfc or x not in t.free_symbols or more:
            continue
        u, w = t.args[0], power.args[0]
        left = w - u**2
        left = sp.expand(left) if left.is_polynomial(x) and sp.count_ops(left) < FEW else left
        if x not in left.free_symbols or sp.count_ops(left) < sp.count_ops(w):
            return u, sp.Mul(c, sp.exp(left), *(b for b in e.args if b is not a and b is not power))
    return None


def _pow(d: Derivation, e: Any) -> Facts:
    base, p = e.base, e.exp
    if p.is_Integer:
        return powered(d.facts(base), int(p), d.line)
    if d.x not in p.free_symbols:
        q, v = d.facts(p).polynomial, d.facts(base)
        return powered(v, q[0], d.line) if q and v.sign == 1 else NOTHING
    exponent = multiplied([d.facts(p), _log_of(d.facts(base), d)], d.line)
    return exponential(exponent, d.line)


# --- log --------------------------------------------------------------------------------------


def _log_of(v: Facts, d: Derivation) -> Facts:
    return completed(d.line, over=v.upper, under=v.lower) if v.sign == 1 else NOTHING


def _log(d: Derivation, e: Any) -> Facts:
    v = e.args[0]
    if v.is_Add and v.args[0] is sp.S.One:
        near = _log_near_one(d.facts(sp.Add(*v.args[1:])), d)
        if near is not None:
            return near
    return _log_of(d.facts(v), d)


def _log_near_one(w: Facts, d: Derivation) -> Facts | None:
    """|w|/(1 + K) <= |log(1 + w)| <= |w|/(1 - K) for |w| <= K < 1."""
    top = largest(w, d.line)
    if top is None or not top < 0.75 or not w.upper:
        return None
    upper = w.upper if w.sign == 1 else w.upper.raised(-(1 - top).log())
    lower = w.lower.raised(-(1 + top).log()) if w.lower else None
    return completed(d.line, upper, lower, w.sign)


# --- Bessel functions ---------------------------------------------------------------------------


def _besselj(d: Derivation, e: Any) -> Facts:
    n, u = e.args
    return bessel(int(n), d.facts(u), d.line) if n.is_Integer and n >= 0 else NOTHING


# --- kinks and jumps ----------------------------------------------------------------------------


def _heaviside(d: Derivation, e: Any) -> Facts:
    u = d.facts(e.args[0])
    if u.sign and u.lower:
        return number(arb(max(u.sign, 0)), d.line)
    choices = [NOUGHT, number(ONE, d.line), *(d.facts(a) for a in e.args[1:])]
    return united(choices, d.line)


def _extremum(sign: int) -> Any:
    """Max (1) and Min (-1): beaten arguments go, the others bound together."""

    def rule(d: Derivation, e: Any) -> Facts:
        left: list[Facts] = []
        for f in (scaled(d.facts(a), arb(sign), d.line) for a in e.args):
            if any(_beats(g, f, d.line) for g in left):
                continue
            left = [f, *(g for g in left if not _beats(f, g, d.line))]
        return scaled(_maximum(left, d.line), arb(sign), d.line)

    return rule


def _beats(f: Facts, g: Facts, line: HalfLine) -> bool:
    verdict = order(f, g, line)
    return verdict is not None and verdict[0] >= 0


def _maximum(choices: list[Facts], line: HalfLine) -> Facts:
    """The bounds of the choices, or those of a clipped function."""
    either = united(choices, line)
    if len(choices) == 1:
        return either
    positive = [f.lower for f in choices if f.sign == 1]  # |max| is no smaller than these
    sign, lower = (1 if positive else either.sign), greatest(either.lower, *positive)
    under = greatest(*(f.under for f in choices))
    clipped = completed(line, sign=sign, over=either.over, under=under)
    upper = least(either.upper, clipped.upper)
    return completed(line, upper, lower, sign, either.over, under)


def _piecewise(d: Derivation, e: Any) -> Facts:
    choices = []
    for value, condition in e.args:
        holds = _verdict(d, condition)
        if holds is not False:
            choices.append(d.facts(value))
        if holds:
            break
    return united(choices, d.line) if choices else NOTHING


def _verdict(d: Derivation, c: Any) -> Verdict:
    """Whether a condition holds, or fails, on the whole half line."""
    if c in (sp.true, sp.false):
        return bool(c)
    if isinstance(c, Relational):
        return _relation(d, c)
    inner = [_verdict(d, a) for a in c.args] if isinstance(c, (sp.And, sp.Or, sp.Not)) else []
    if isinstance(c, sp.Not):
        return None if inner[0] is None else not inner[0]
    if isinstance(c, sp.And):
        return False if False in inner else None if None in inner else True
    if isinstance(c, sp.Or):
        return True if True in inner else None if None in inner else False
    return None


def _relation(d: Derivation, c: Any) -> Verdict:
    found = order(d.facts(c.lhs), d.facts(c.rhs), d.line)
    if found is None:
        return None
    sign, strict = found
    if isinstance(c, (sp.Eq, sp.Ne)):
        equal = True if sign == 0 else False if strict else None
        return equal if isinstance(c, sp.Eq) or equal is None else not equal
    if isinstance(c, (sp.Lt, sp.Le)):
        sign = -sign
    if isinstance(c, (sp.Gt, sp.Lt)):
        return True if sign > 0 and strict else False if sign <= 0 else None
    return True if sign >= 0 else False if strict else None


# --- the tables ---------------------------------------------------------------------------------

RULES: dict[Any, Callable[[Derivation, Any], Facts]] = {
    sp.Add: _add,
    sp.Mul: _mul,
    sp.Pow: _pow,
    sp.log: _log,
    sp.besselj: _besselj,
    sp.Heaviside: _heaviside,
    sp.Max: _extremum(1),
    sp.Min: _extremum(-1),
    sp.Piecewise: _piecewise,
}

REASONS: dict[Any, str] = {
    sp.Pow: "its base is not certainly away from 0",
    sp.exp: "its exponent is not certainly below any quadratic polynomial",
    sp.log: "its argument is not certainly positive",
    sp.tan: "its argument does not certainly stay between the poles",
    sp.cot: "its argument does not certainly stay between the poles",
    sp.asin: "its argument is not certainly in [-1, 1]",
    sp.acos: "its argument is not certainly in [-1, 1]",
    sp.atanh: "its argument is not certainly inside (-1, 1)",
    sp.erfinv: "its argument is not certainly inside (-1, 1)",
    sp.LambertW: "its argument is not certainly above -1/e",
    sp.besselj: "its order is no integer, or nothing is known of its argument",
    sp.csc: "the sine is not certainly away from 0",
    sp.sec: "the cosine is not certainly away from 0",
    sp.gamma: "its argument is not certainly positive",
    sp.Piecewise: "no branch certainly holds",
}
