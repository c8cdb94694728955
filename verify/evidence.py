"""Comparators: each returns Evidence or raises Refuted or Undecided, none returns a bool.

A comparator knows the most that its evidence can be called: `equal` and `nonnegative` decide
over a whole domain (PROVED), `within_error` up to a declared resolution (MEASURED); `search` and
`bounded` in verify.searching over the cases they met (SEARCHED).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from itertools import islice, product
from random import Random
from typing import Any

import sympy as sp
from sympy import Expr, Symbol

from verify.claim import Evidence, Level, Refuted, Undecided
from verify.comparing import legible

__all__ = ["equal", "nonnegative", "sample_points", "together", "within_error"]

_DIGITS = 40
_TOLERANCE = sp.Rational(1, 10**20)  # far above the error of 40 digits, far below any slip
_STRIDE = 4  # one sample point in four is tried before a proof of `nonnegative`, all without one
_VALUES = [sp.Rational(*v) for v in ((1, 3), (-2, 5), (5, 7), (3, 2), (-7, 4), (3, 11), (9, 4))]
_INTEGERS = [sp.Integer(v) for v in (2, 3, 5, 1, 4, -3, 6, 0)]


def together(*found: Evidence, domain: str = "") -> Evidence:
    """Evidence of several steps that were all needed: the weakest level, summed cases."""
    cases = [evidence.cases for evidence in found if evidence.cases is not None]
    tightest = max(found, key=lambda e: -math.inf if e.tightness is None else e.tightness)
    return Evidence(
        min(evidence.level for evidence in found),
        domain or "; ".join(dict.fromkeys(evidence.domain for evidence in found)),
        sum(cases) if cases else None,
        tightest.tightness,
        tightest.place,
        sum(evidence.close for evidence in found),
    )


# Symbolic identities and inequalities


def equal(derived: Any, stated: Any, *, domain: str) -> Evidence:
    """Decide whether two expressions are identically equal.

    Args:
        derived: sympy expression or number.
        stated: sympy expression or number.
        domain: what the free symbols run over.

    Returns:
        Evidence at PROVED if the difference is brought to 0 by symbolic rules.

    Raises:
        Refuted: the two differ at sample values of the symbols, which are printed.
        Undecided: neither happened.
    """
    derived, stated = sp.sympify(derived), sp.sympify(stated)
    difference = derived - stated
    if difference == 0:
        return Evidence(Level.PROVED, domain)
    for point in sample_points(derived.free_symbols | stated.free_symbols):
        _refute_at(point, derived, stated)
    if _vanishes(difference):
        return Evidence(Level.PROVED, domain)
    raise Undecided(f"the difference {difference} is near 0 at all samples, yet not shown to be 0")


def sample_points(symbols: set[Symbol], count: int = 6) -> Iterator[dict[Symbol, Expr]]:
    """Yield values of the symbols that respect their assumptions."""
    names = sorted(symbols, key=str)
    for shift in range(count if names else 1):
        point = {}
        for position, symbol in enumerate(names):
            allowed = [v for v in _candidates(symbol) if _admits(symbol, v)]
            if not allowed:
                return
            point[symbol] = allowed[(shift + 2 * position) % len(allowed)]
        yield point


def _candidates(symbol: Symbol) -> list[Expr]:
    return _INTEGERS if symbol.is_integer else _VALUES


def _admits(symbol: Symbol, value: Expr) -> bool:
    known = ("positive", "negative", "nonnegative", "nonpositive", "zero", "even", "odd")
    wanted = {name: getattr(symbol, f"is_{name}") for name in known}
    return all(getattr(value, f"is_{name}") is w for name, w in wanted.items() if w is not None)


def _refute_at(point: dict[Symbol, Expr], derived: Expr, stated: Expr) -> None:
    a, b = (_number(side, point) for side in (derived, stated))
    if a is None or b is None:
        return
    if abs(a - b) > _TOLERANCE * (1 + abs(a) + abs(b)):
        where = f"at {_at(point)}: " if point else ""
        raise Refuted(f"{where}derived {_short(a)}, stated {_short(b)}")


def _number(expression: Expr, point: dict[Symbol, Expr]) -> Expr | None:
    """Return the value at a point: exact if rational, else to 40 digits; None if it has none."""
    value = expression.subs(point)
    if not value.is_Rational:
        value = sp.N(value, _DIGITS)
    return value if value.is_number and value.is_finite else None


def _at(point: dict[Symbol, Expr]) -> str:
    return ", ".join(f"{symbol} = {value}" for symbol, value in point.items())


def _short(value: Expr) -> str:
    return legible(value) if value.is_Rational else str(sp.N(value, 12))


def _vanishes(difference: Expr) -> bool:
    rules: tuple[Callable[[Expr], Expr], ...] = (
        sp.expand,
        lambda e: sp.expand(sp.fraction(sp.together(e))[0]),
        sp.simplify,
        lambda e: sp.simplify(e.rewrite(sp.exp)),
        lambda e: sp.simplify(sp.expand_func(e)),
    )
    return any(rule(difference) == 0 for rule in rules)


def nonnegative(
    expression: Any,
    variables: Sequence[Symbol],
    *,
    domain: str,
    strict: bool = False,
    refutable: bool = True,
) -> Evidence:
    """Decide whether a rational expression is >= 0 for all variables >= 0.

    It is if, brought to one fraction, all coefficients have one sign. A condition such as
    0 <= x <= m is brought to this form by x = m / (1 + s), s >= 0.

    Args:
        expression: rational in the variables, with rational coefficients.
        variables: each runs over the positive reals (over [0, oo) without `strict`).
        domain: what that means in the words of the claim.
        strict: decide > 0 for all variables > 0 instead.
        refutable: whether a negative value refutes the claim; not so where the variables
            were relaxed and a point may belong to no case of the claim.

    Returns:
        Evidence at PROVED.

    Raises:
        Refuted: there is a point with a negative value, which is printed.
        Undecided: neither happened.
    """
    expression = sp.sympify(expression)
    points = list(_points(variables, strict)) if refutable else []
    _refute_at_points(expression, points[::_STRIDE], strict)  # most slips end here, and cheaply
    numerator, denominator = sp.fraction(sp.cancel(sp.together(expression)))
    rational = expression.is_rational_function(*variables) and not (strict and numerator == 0)
    if rational and _one_sign(numerator, denominator, variables):
        return Evidence(Level.PROVED, domain)
    _refute_at_points(expression, points, strict)
    raise Undecided(f"the coefficients of {numerator} in {list(variables)} have both signs")


def _points(variables: Sequence[Symbol], strict: bool) -> Iterator[dict[Symbol, Expr]]:
    for values in _grid(len(variables), strict):
        yield dict(zip(variables, values, strict=True))


def _refute_at_points(expression: Expr, points: Sequence[dict[Symbol, Expr]], strict: bool) -> None:
    for point in points:
        value = expression.xreplace(point)  # exact, and nan for 0/0 rather than a limit
        if not value.is_Rational:
            value = sp.N(value, _DIGITS)
        if _fails(value, strict):
            sign = ">" if strict else ">="
            raise Refuted(f"at {_at(point)}: the difference is {_short(value)}, not {sign} 0")


def _fails(value: Expr, strict: bool) -> bool:
    """Whether a value is negative, beyond the rounding of an irrational one."""
    if value.is_Rational:
        return bool(value < 0 or (strict and value == 0))
    return bool(value.is_real and value.is_finite and value < -_TOLERANCE)


def _grid(dimension: int, strict: bool, count: int = 240) -> Iterator[tuple[Expr, ...]]:
    """Yield points of the orthant: corners, then all of a small grid or a fixed part of it."""
    ends = [sp.Rational(1, 10**6) if strict else sp.Integer(0), sp.Integer(10**6)]
    values = [*ends, sp.Integer(1), sp.Rational(1, 7), sp.Integer(9), sp.Rational(1, 2)]
    yield from islice(product(ends, repeat=dimension), count // 4)
    if len(values) ** dimension <= count:
        yield from product(values, repeat=dimension)
        return
    random = Random(dimension)
    for _ in range(count - count // 4):
        yield tuple(random.choice(values) for _ in range(dimension))


def _one_sign(numerator: Expr, denominator: Expr, variables: Sequence[Symbol]) -> bool:
    if numerator == 0:
        return True
    above, below = (
        {sp.sign(c) for c in sp.Poly(part, *variables).coeffs()}
        for part in (numerator, denominator)
    )
    return above == below and above in ({1}, {-1})


# Numbers with an error bar


def within_error(
    estimate: Any,
    error: Any,
    stated: Any,
    *,
    resolution: float,
    domain: str,
    sigmas: float = 5.0,
) -> Evidence:
    """Compare a stated number with an estimate that has an error bar.

    Args:
        estimate: the measured value.
        error: its standard error, or the difference of two independent precisions.
        stated: the claimed value, a number or a sympy constant.
        resolution: the smallest departure that must not go unseen.
        domain: what was measured, and how.
        sigmas: departures up to so many errors are put down to chance.

    Returns:
        Evidence at MEASURED.

    Raises:
        Undecided: the error bar is too wide to see a departure of one resolution.
        Refuted: the two differ by more than chance and rounding allow.
    """
    estimate, error = float(estimate), float(error)
    value = float(sp.N(sp.sympify(stated), _DIGITS))
    if not math.isfinite(estimate + error + value):
        raise Undecided(f"estimate {estimate}, error {error} and stated {value} must be finite")
    if 2 * sigmas * error > resolution:
        raise Undecided(f"an error of {error:.3g} cannot resolve {resolution:.3g}: {domain}")
    if abs(estimate - value) > resolution / 2:
        raise Refuted(f"measured {estimate:.12g} +- {error:.2g}, stated {value:.12g}: {domain}")
    return Evidence(Level.MEASURED, f"{domain}, resolution {resolution:.0e}", 1)
