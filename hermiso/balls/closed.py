"""Enclose a closed form: a number written with the functions that hermiso's results use."""

from __future__ import annotations

from math import ceil, prod
from typing import Any

import sympy as sp
from flint import arb, ctx
from sympy import Expr

from hermiso import algebra
from hermiso.balls.ball import rounded
from hermiso.balls.compile import constant
from hermiso.errors import NoClosedForm, PrecisionError

__all__ = ["enclosed", "evaluated", "unlimited"]

BITS_PER_DIGIT = 3.3219280948873626
GUARD = 30
SIGN_DIGITS = 5
MOST_TERMS = 100_000
FAR = sp.S.Half  # where erf is nearer to 1 than to 0


def enclosed(e: Expr, digits: int, most: int | None = None) -> arb:
    """Enclose a number to a relative radius of 10^-digits.

    The precision rises until the radius is small enough. A value that still contains 0 at most
    bits looks like 0: it comes back with a radius below 10^(-2 digits) times the size of its
    terms.

    Args:
        e: an expression without free symbols.
        digits: the number of certain digits.
        most: bits; by default 10 digits + 2000.

    Raises:
        NoClosedForm: if a function in it has no ball version.
        PrecisionError: if the precision suffices for neither.
    """
    if e.free_symbols:
        raise NoClosedForm(
            f"{e!s:.200} is no number: it depends on {sorted(map(str, e.free_symbols))}"
        )
    plain = _plain(e)
    bits, last = ceil(BITS_PER_DIGIT * digits) + GUARD, most or 10 * digits + 2000
    with ctx.workprec(bits):
        value = constant(plain)
        if value.contains(0):
            plain = unlimited(plain)
            value = constant(plain)
    while not value.is_finite() or value.rad() * 10**digits > value.abs_lower():
        with ctx.workprec(bits):
            if bits >= last:
                return _like_zero(plain, value, digits)
        bits = min(2 * bits, last)
        with ctx.workprec(bits):
            value = constant(plain)
    return value


def evaluated(e: Expr, bits: int) -> Any:
    """Return a number as a sympy Float, right to its bits; arguments and errors as `enclosed`."""
    return rounded(enclosed(e, ceil(bits / BITS_PER_DIGIT) + 2), bits)


def _like_zero(e: Expr, value: arb, digits: int) -> arb:
    if value.contains(0) and value.rad() * 10 ** (2 * digits) < _size(e):
        return value
    raise PrecisionError(
        f"{e!s:.200} is enclosed by {value.str(10)} at {ctx.prec} bits, not to {digits} digits; "
        "ask for fewer digits"
    )


def _size(e: Expr) -> arb:
    """Return what |e| would be if its terms did not cancel; 1 for a function that looks like 0."""
    if e.is_Add:
        return sum(map(_size, e.args), arb(0))
    if e.is_Mul:
        return prod(map(_size, e.args), start=arb(1))
    if e.is_Pow and e.exp.is_Integer and e.exp > 0:
        return _size(e.base) ** int(e.exp)
    value = abs(constant(e))
    return value if value > 0 or value.is_zero() else arb(1)


def unlimited(e: Expr) -> Expr:
    """Write erf(t) as +-1 -+ erfc|t| and multiply out: what remains of 1 - 1 + e^-1000 shows.

    So are other functions whose `from_limit` tells how far they are from a limit.

    >>> t = sp.sqrt(2) * 500
    >>> unlimited(1 - sp.erf(t) ** 2)
    -erfc(500*sqrt(2))**2 + 2*erfc(500*sqrt(2))
    """
    changed = e.replace(_is_limited, _from_limit)
    if changed == e:
        return e
    numerator, denominator = sp.fraction(algebra.together(changed))
    return algebra.expand(numerator) / denominator


def _is_limited(f: Any) -> bool:
    return f.func in (sp.erf, sp.erfc) or hasattr(f, "from_limit")


def _from_limit(f: Any) -> Any:
    """A function near a limit other than 0, written by its distance from it."""
    if hasattr(f, "from_limit"):
        return f.from_limit()
    t = f.args[0]
    if not t.is_number or not abs(t) > FAR:
        return f
    if isinstance(f, sp.erfc):
        return f if t > 0 else 2 - sp.erfc(-t)
    return 1 - sp.erfc(t) if t > 0 else sp.erfc(-t) - 1


# --- what the table of functions on balls does not know ---------------------------------------


def _plain(e: Any) -> Any:
    """Choose the branches of Piecewise, write out sums, make floats exact."""
    if not e.has(sp.Piecewise, sp.Sum, sp.Float) or hasattr(e, "enclosure"):
        return e
    if e.is_Float:
        return sp.Rational(e)
    if isinstance(e, sp.Piecewise):
        return _plain(_branch(e))
    if isinstance(e, sp.Sum):
        return sp.Add(*map(_plain, _terms(e)))
    return e.func(*map(_plain, e.args))


def _terms(e: Any) -> list[Any]:
    """Return the terms of the outermost of a number's sums; its bounds must be integers."""
    *inner, (j, *bounds) = e.limits
    if len(bounds) != 2 or not all(b.is_Integer for b in bounds):
        raise NoClosedForm(f"{e!s:.200}: the bounds of the sum are no integers")
    low, high = map(int, bounds)
    if high - low >= MOST_TERMS:
        raise NoClosedForm(f"{e!s:.200}: a sum of more than {MOST_TERMS} terms")
    term = sp.Sum(e.function, *inner) if inner else e.function
    return [term.subs(j, i) for i in range(low, high + 1)]


def _branch(e: Any) -> Any:
    for value, condition in e.args:
        if _holds(condition):
            return value
    raise NoClosedForm(f"{e!s:.200}: no branch holds")


def _holds(c: Any) -> bool:
    """Decide a condition on numbers."""
    if c in (sp.true, sp.false):
        return bool(c)
    if isinstance(c, sp.Not):
        return not _holds(c.args[0])
    if isinstance(c, sp.And):
        return all(map(_holds, c.args))
    if isinstance(c, sp.Or):
        return any(map(_holds, c.args))
    if not isinstance(c, sp.core.relational.Relational):
        raise NoClosedForm(f"the condition {c} is not made of comparisons")
    return bool(c.func(_sign(c.lhs - c.rhs), 0))


def _sign(difference: Expr) -> int:
    """Return the sign of a number; 0 only if sympy proves it."""
    value = enclosed(difference, SIGN_DIGITS)
    if not value.contains(0):
        return 1 if value > 0 else -1
    if value.is_zero() or difference.equals(0):
        return 0
    raise PrecisionError(f"{difference} looks like 0, which nothing here proves")
