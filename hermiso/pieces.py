"""Cut an expression at its kinks into smooth pieces.

Abs, Max, Min, sign, Heaviside and Piecewise are *switches*: their value depends on the sign of
a function of x. `split` resolves them all, from the leaves to the root, and returns the
expression as smooth pieces on intervals that cover the real line. Kinks are exact (numbers or
expressions in the parameters); a choice that needs an undeclared sign raises `UnknownSign`.
Values at the kinks themselves, a null set, are dropped.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import sympy as sp
from sympy import Expr, Symbol, oo
from sympy.logic.boolalg import Boolean, BooleanAtom
from sympy.polys.polyerrors import PolynomialError

from hermiso import algebra
from hermiso.errors import ActivationError, NoClosedForm, UnknownSign
from hermiso.signs import sign_of
from hermiso.vanishing import vanishes

__all__ = ["MAX_DEGREE", "Piece", "Pieces", "signs", "split"]

MAX_DEGREE = 24  # of polynomials whose roots become kinks
MAX_BITS = 14_000  # of a constant; Python prints integers of up to 4300 digits
_STEP_LIKE = (sp.Abs, sp.sign, sp.Heaviside)
_INCREASING = {  # functions F with F(0) = 0, their range and inverse
    sp.tanh: (-1, 1, sp.atanh),
    sp.erf: (-1, 1, sp.erfinv),
    sp.atan: (-sp.pi / 2, sp.pi / 2, sp.tan),
    sp.sinh: (-oo, oo, sp.asinh),
    sp.asinh: (-oo, oo, sp.sinh),
    sp.erfinv: (-oo, oo, sp.erf),
    sp.LambertW: (-1, oo, lambda d: d * sp.exp(d)),
}


@dataclass(frozen=True, slots=True)
class Piece:
    """An expression that is smooth on the open interval (lower, upper)."""

    lower: Expr
    upper: Expr
    expression: Any


Pieces = tuple[Piece, ...]


def split(expression: Expr, x: Symbol) -> Pieces:
    """Return the smooth pieces of an expression, from left to right, covering the line.

    Args:
        expression: a sympy expression in x; other symbols are real parameters.
        x: the variable, a real symbol.

    Raises:
        UnknownSign: if a kink's side or the order of two kinks depends on an undeclared sign.
        NoClosedForm: if the kinks cannot be found exactly, as in Abs(sin(x)).
        ActivationError: if the expression is undefined on an interval.
    """
    try:
        return _joined(_Splitter(x).pieces(expression))
    except RecursionError:
        raise ActivationError("the expression is nested too deeply; flatten it") from None


class _Splitter:
    """One run of `split`: the variable and the pieces of the subexpressions seen so far."""

    def __init__(self, x: Symbol) -> None:
        self.x = x
        self.seen: dict[Any, Pieces] = {}

    def pieces(self, e: Any) -> Pieces:
        if e not in self.seen:
            self.seen[e] = self._pieces(e)
        return self.seen[e]

    def _pieces(self, e: Any) -> Pieces:
        if self.x not in e.free_symbols:
            return _whole(self._choose(e) if isinstance(e, sp.Piecewise) else e)
        if isinstance(e, sp.Piecewise):
            return self._piecewise(e)
        if isinstance(e, _STEP_LIKE):
            return self._step_like(e)
        if isinstance(e, (sp.Max, sp.Min)):
            return self._extremum(e)
        if isinstance(e, sp.core.relational.Relational):
            return self._relation(e)
        if isinstance(e, (sp.floor, sp.ceiling, sp.frac, sp.Mod)):
            raise NoClosedForm(f"{e!s:.200} has infinitely many jumps")
        return self._apply(e.func, e.args, e)

    def _apply(self, func: Callable[..., Any], args: Iterable[Any], e: Any = None) -> Pieces:
        parts = [self.pieces(a) for a in args]
        if e is not None and all(len(p) == 1 for p in parts):
            same = all(p[0].expression is a for p, a in zip(parts, args, strict=True))
            return _whole(e if same else _built(func, [p[0].expression for p in parts]))
        return tuple(Piece(lo, hi, _built(func, values)) for lo, hi, values in _refined(parts))

    def _signs(self, u: Any) -> Pieces:
        """The sign of u as pieces with values 1, 0, -1."""
        found: list[Piece] = []
        for p in self.pieces(u):
            found += [Piece(lo, hi, s) for lo, hi, s in _clipped(signs(p.expression, self.x), p)]
        return tuple(found)

    def _step_like(self, e: Any) -> Pieces:
        u = e.args[0]
        s = self._signs(u)
        if isinstance(e, sp.sign):
            return tuple(Piece(p.lower, p.upper, sp.Integer(p.expression)) for p in s)
        if isinstance(e, sp.Heaviside):
            values = {-1: sp.S.Zero, 0: e.args[1], 1: sp.S.One}  # 0 where u is flat
            return tuple(Piece(p.lower, p.upper, values[p.expression]) for p in s)
        return tuple(Piece(lo, hi, sg * v) for lo, hi, (sg, v) in _refined([s, self.pieces(u)]))

    def _extremum(self, e: Any) -> Pieces:
        first, *rest = sorted(e.args, key=sp.default_sort_key)
        best = self.pieces(first)
        flip = 1 if isinstance(e, sp.Max) else -1
        for other in rest:
            best = self._larger(best, self.pieces(other), flip)
        return best

    def _larger(self, f: Pieces, g: Pieces, flip: int) -> Pieces:
        found: list[Piece] = []
        for lo, hi, (a, b) in _refined([f, g]):
            for l2, h2, s in _clipped(signs(a - b, self.x), Piece(lo, hi, a)):
                found.append(Piece(l2, h2, a if s * flip >= 0 else b))
        return _joined(tuple(found))

    def _relation(self, e: Any) -> Pieces:
        if isinstance(e, (sp.Eq, sp.Ne)):
            holds = isinstance(e, sp.Eq)
            return tuple(
                Piece(p.lower, p.upper, sp.sympify(vanishes(p.expression, self.x) == holds))
                for p in self.pieces(e.lhs - e.rhs)
            )
        strict = isinstance(e, (sp.StrictGreaterThan, sp.StrictLessThan))
        s = self._signs(e.gts - e.lts)
        return tuple(
            Piece(p.lower, p.upper, sp.sympify(p.expression >= (1 if strict else 0))) for p in s
        )

    def _piecewise(self, e: sp.Piecewise) -> Pieces:
        values = [self.pieces(v) for v, _ in e.args]
        conditions = [self.pieces(c) for _, c in e.args]
        n = len(values)
        found = []
        for lo, hi, row in _refined([*conditions, *values]):
            chosen = self._first_true(list(zip(row[:n], row[n:], strict=True)), e)
            if chosen is None:
                raise ActivationError(
                    f"{e!s:.200} is undefined on ({lo}, {hi}): no condition holds there; "
                    "add a last branch with the condition True"
                )
            found.append(Piece(lo, hi, chosen))
        return _joined(tuple(found))

    def _choose(self, e: sp.Piecewise) -> Any:
        chosen = self._first_true([(c, v) for v, c in e.args], e)
        return e if chosen is None else chosen

    def _first_true(self, branches: list[tuple[Any, Any]], e: Any) -> Any:
        for condition, value in branches:
            if condition is sp.true or condition is True:
                return value
            if condition is sp.false or condition is False:
                continue
            if _decided(condition):
                return value
        return None


def _built(func: Callable[..., Any], values: list[Any]) -> Any:
    """Apply a function, but for powers of numbers that would fill pages."""
    if func is sp.Pow and values[0].is_Rational and values[1].is_Integer:
        size = int(values[0].p).bit_length() + int(values[0].q).bit_length()
        if size * abs(values[1]) > MAX_BITS:
            raise NoClosedForm(f"a constant has more than {MAX_BITS} bits")
    return func(*values)


def _decided(condition: Boolean) -> bool:
    """Decide a condition on parameters alone, or raise UnknownSign."""
    if isinstance(condition, BooleanAtom):
        return bool(condition)
    if isinstance(condition, sp.And):
        return all(_decided(c) for c in condition.args)
    if isinstance(condition, sp.Or):
        return any(_decided(c) for c in condition.args)
    if isinstance(condition, sp.Not):
        return not _decided(condition.args[0])
    if isinstance(condition, sp.core.relational.Relational):
        s = sign_of(condition.lhs - condition.rhs)
        return bool(condition.func(s, 0))
    raise NoClosedForm(f"the condition {condition} is not a comparison")


def signs(u: Any, x: Symbol) -> list[tuple[Expr, Expr, int]]:
    """Return the sign of a smooth u as intervals (lower, upper, sign) covering the line."""
    if x not in u.free_symbols:
        return [(-oo, oo, sign_of(u))]
    if u.is_positive or isinstance(u, (sp.exp, sp.cosh)):
        return [(-oo, oo, 1)]
    if u.is_Mul:
        return _product([signs(f, x) for f in u.args])
    if u.is_Pow and x not in u.exp.free_symbols:
        return _power_signs(u, x)
    if type(u) in _INCREASING:
        return signs(u.args[0], x)
    if u.is_polynomial(x):
        return _polynomial_signs(u, x)
    return _affine_of_monotone(u, x)


def _power_signs(u: sp.Pow, x: Symbol) -> list[tuple[Expr, Expr, int]]:
    if u.exp.is_odd:
        return signs(u.base, x)
    if u.exp.is_integer and not u.exp.is_even:
        raise UnknownSign(f"the parity of {u.exp} is needed for the sign of {u!s:.200}; declare it")
    return [(-oo, oo, 1)]


def _product(parts: list[list[tuple[Expr, Expr, int]]]) -> list[tuple[Expr, Expr, int]]:
    rows = _refined([tuple(Piece(*interval) for interval in part) for part in parts])
    return [(lo, hi, _prod(values)) for lo, hi, values in rows]


def _prod(values: Iterable[int]) -> int:
    total = 1
    for v in values:
        total *= v
    return total


def _polynomial_signs(u: Expr, x: Symbol) -> list[tuple[Expr, Expr, int]]:
    p = algebra.poly(u, x)
    if p.degree() == 0:
        return [(-oo, oo, sign_of(p.LC()))]
    lead = sign_of(p.LC(), because=f"{u!s:.200} changes sign at a kink on the side of its sign")
    roots = _real_roots(p)
    ends = [-oo, *[r for r, _ in roots], oo]
    found, s = [], lead
    for i in range(len(roots), -1, -1):
        found.append((ends[i], ends[i + 1], s))
        if i and roots[i - 1][1] % 2:
            s = -s
    return found[::-1]


def _real_roots(p: sp.Poly) -> list[tuple[Expr, int]]:
    """Real roots in increasing order with multiplicities."""
    if p.degree() == 1:
        a, b = p.all_coeffs()
        return [(algebra.cancel(-b / a) if (b.free_symbols or a.free_symbols) else -b / a, 1)]
    if p.degree() == 2:
        return _quadratic_roots(*p.all_coeffs())
    if p.free_symbols_in_domain or p.degree() > MAX_DEGREE:
        raise NoClosedForm(f"the sign changes of {p.as_expr()} have no closed form")
    try:
        roots = sp.real_roots(p)
    except (PolynomialError, NotImplementedError) as error:
        raise NoClosedForm(f"the real roots of {p.as_expr()} cannot be found") from error
    return [(r, roots.count(r)) for r in dict.fromkeys(roots)]


def _quadratic_roots(a: Expr, b: Expr, c: Expr) -> list[tuple[Expr, int]]:
    delta = algebra.expand(b**2 - 4 * a * c)
    s = sign_of(delta)
    if s < 0:
        return []
    if s == 0:
        return [(-b / (2 * a), 2)]
    root = sp.sqrt(sp.factor_terms(delta)) * sign_of(a)
    return [(algebra.expand((-b - root) / (2 * a)), 1), (algebra.expand((-b + root) / (2 * a)), 1)]


def _affine_of_monotone(u: Any, x: Symbol) -> list[tuple[Expr, Expr, int]]:
    """Sign of a F(v) + c for an increasing F, through its inverse."""
    c, rest = u.as_independent(x, as_Add=True)
    a, f = rest.as_independent(x, as_Add=False)
    if isinstance(u, sp.log):
        return signs(u.args[0] - 1, x)
    if f.is_Add or (c == 0 and a == 1):
        raise NoClosedForm(f"the sign changes of {u!s:.200} cannot be found exactly")
    s, d = sign_of(a), -c / a
    if isinstance(f, sp.exp):
        if sign_of(d) <= 0:
            return [(-oo, oo, s)]
        return _flipped(signs(f.args[0] - sp.log(d), x), s)
    if isinstance(f, sp.log):
        return _flipped(signs(f.args[0] - sp.exp(d), x), s)
    if type(f) in _INCREASING:
        low, high, inverse = _INCREASING[type(f)]
        if high is not oo and sign_of(high - d) <= 0:
            return [(-oo, oo, -s)]
        if low is not -oo and sign_of(d - low) <= 0:
            return [(-oo, oo, s)]
        return _flipped(signs(f.args[0] - inverse(d), x), s)
    raise NoClosedForm(f"the sign changes of {u!s:.200} cannot be found exactly")


def _flipped(intervals: list[tuple[Expr, Expr, int]], s: int) -> list[tuple[Expr, Expr, int]]:
    return [(lo, hi, s * v) for lo, hi, v in intervals]


def _whole(e: Any) -> Pieces:
    return (Piece(-oo, oo, e),)


def _less(a: Expr, b: Expr) -> bool:
    if a == b or a is oo or b is -oo:
        return False
    if a is -oo or b is oo:
        return True
    return sign_of(b - a, because=f"the order of the kinks {a} and {b} is needed") > 0


def _clipped(intervals: list[tuple[Expr, Expr, int]], p: Piece) -> list[tuple[Expr, Expr, int]]:
    """The intervals inside a piece."""
    if p.lower is -oo and p.upper is oo:
        return intervals
    found = []
    for lo, hi, s in intervals:
        low = p.lower if _less(lo, p.lower) else lo
        high = hi if _less(hi, p.upper) else p.upper
        if _less(low, high):
            found.append((low, high, s))
    return found


def _refined(parts: list[Pieces]) -> list[tuple[Expr, Expr, list[Any]]]:
    """The common refinement: intervals with the values of every partition."""
    if all(len(p) == 1 for p in parts):
        return [(-oo, oo, [p[0].expression for p in parts])]
    at = [0] * len(parts)
    rows: list[tuple[Expr, Expr, list[Any]]] = []
    low: Expr = -oo
    while low is not oo:
        current = [p[i] for p, i in zip(parts, at, strict=True)]
        high: Expr = oo
        for p in current:
            high = p.upper if _less(p.upper, high) else high
        rows.append((low, high, [p.expression for p in current]))
        at = [
            i + (p[i].upper is not oo and not _less(high, p[i].upper))
            for p, i in zip(parts, at, strict=True)
        ]
        low = high
    return rows


def _joined(pieces: Pieces) -> Pieces:
    """Merge neighbours that carry the same expression."""
    found: list[Piece] = []
    for p in pieces:
        if found and found[-1].expression == p.expression:
            p = Piece(found.pop().lower, p.upper, p.expression)
        found.append(p)
    return tuple(found)
