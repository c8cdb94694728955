"""Polynomial algorithms behind a look at how large their polynomials would be.

To sympy, exp(0.3 x) and exp(0.1234567 x) are powers of exp(x/10) and exp(x/10^7): of degree
1234567, for which a gcd or factors take hours or all memory. So exponents are looked at first.
Where an algorithm would be too costly, `cancel`, `factor` and `together` return the expression as
it is: the value is the same.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import comb, gcd, lcm, prod
from typing import Any

import sympy as sp
from sympy import Expr, Symbol

from hermiso.budget import spend_terms
from hermiso.errors import NoClosedForm

HIGHEST = 100  # degree
MOST = 4000  # monomials of that degree in all generators
LONGEST = 4000  # bits of a coefficient
LARGEST = 5_000  # terms of a product that is multiplied out
SIMPLE = 100  # operations of a formula that is simplified
RATIO = 24  # of commensurable exponents that count as powers of one generator


def factor(e: Expr) -> Expr:
    """Return sp.factor(e) where it is cheap, else e."""
    return sp.factor(e) if is_small(e) else e


def together(e: Expr) -> Expr:
    """Return sp.together(e) where it is cheap, else e."""
    return sp.together(e) if is_small(e) else e


def cancel(e: Expr) -> Expr:
    """Return sp.cancel(e) where it is cheap, else e."""
    return sp.cancel(e) if is_small(e) else e


def expand(e: Expr, **hints: bool) -> Expr:
    """Return sp.expand(e) where it has few terms, else e."""
    n = expanded_terms(e)
    spend_terms(n)
    return sp.expand(e, **hints) if n <= LARGEST else e


def simplify(e: Expr) -> Expr:
    """Return sp.simplify(e) for a short formula of low degree, else e."""
    return sp.simplify(e) if e.count_ops() <= SIMPLE and is_small(e) else e


def poly(e: Expr, x: Symbol) -> Any:
    """Return e as a polynomial in x, or raise NoClosedForm if it is of a high degree."""
    return sp.Poly(require_small(e), x)


def require_small(e: Expr) -> Expr:
    """Return e, or raise NoClosedForm if a polynomial algorithm is too costly for it."""
    if not is_small(e):
        raise NoClosedForm(f"{e!s:.200} has too high a degree or too long numbers")
    return e


def is_small(e: Expr) -> bool:
    """Whether e as a fraction has a low degree in few generators, and short coefficients."""
    size = _size(e, _scales(e))
    return bool(
        size.degree <= HIGHEST
        and monomials(size.degree, len(size.bases)) <= MOST
        and size.bits <= LONGEST
    )


def monomials(degree: int, number: int) -> int:
    """Return how many monomials in some generators have at most a degree."""
    return comb(degree + number, number)


@dataclass(frozen=True)
class _Size:
    """Bounds for a fraction: degrees above and below, bits of coefficients, generators."""

    top: int = 0
    bottom: int = 0
    bits: int = 0
    bases: frozenset[Any] = frozenset()

    @property
    def degree(self) -> int:
        return max(self.top, self.bottom)


def _size(e: Any, scales: Mapping[Any, int]) -> _Size:
    if e.is_Rational:
        return _Size(bits=int(e.p).bit_length() + int(e.q).bit_length())
    if e.is_Add or e.is_Mul:
        parts = [_size(a, scales) for a in e.args]
        bottom, bits = sum(s.bottom for s in parts), sum(s.bits for s in parts)
        tops = (s.top + bottom - s.bottom for s in parts)
        top = max(tops) if e.is_Add else sum(s.top for s in parts)
        return _Size(top, bottom, bits, frozenset().union(*(s.bases for s in parts)))
    base, n = e.as_base_exp()
    if n.is_Integer and base.args and n != 1:
        s, k = _size(base, scales), abs(int(n))
        top, bottom = (s.top, s.bottom) if n > 0 else (s.bottom, s.top)
        return _Size(k * top, k * bottom, k * s.bits, s.bases)
    powers = [(key, int(c * scales[key])) for key, c in generators(e)]
    above, below = (sum(max(s * k, 0) for _, k in powers) for s in (1, -1))
    return _Size(above, below, 0, frozenset(key for key, _ in powers))


def _scales(e: Expr) -> dict[Any, int]:
    """The least common denominator of each generator's exponents."""
    found: dict[Any, int] = {}
    waiting = [e]
    while waiting:
        e = waiting.pop()
        if e.is_Add or e.is_Mul or (e.is_Pow and e.exp.is_Integer and e.base.args):
            waiting += e.args if not e.is_Pow else e.args[:1]
        elif not e.is_Rational:
            for key, c in generators(e):
                found[key] = lcm(found.get(key, 1), int(c.q))
    return found


def generators(e: Expr) -> Iterator[tuple[tuple[Expr, Expr], Any]]:
    """Yield ((b, m), c) for the factors b^(c m), c rational, of a power or another atom."""
    base, n = e.as_base_exp()
    for term in sp.Add.make_args(n):
        c, m = term.as_coeff_Mul()
        c, m = (c, m) if c.is_Rational else (sp.S.One, term)
        yield ((base, -m), -c) if m.could_extract_minus_sign() else ((base, m), c)


def expanded_terms(e: Expr) -> int:
    """Bound the number of terms of sp.expand(e)."""
    if e.is_Add:
        return sum(map(expanded_terms, e.args))
    if e.is_Mul:
        return prod(map(expanded_terms, e.args))
    if e.is_Pow and e.exp.is_Integer and e.exp > 0:
        k, n = expanded_terms(e.base), int(e.exp)
        return comb(n + k - 1, n) if k > 1 else 1
    return 1


def cancel_exponentials(e: Expr) -> Expr:
    """Cancel with exponentials as powers of one symbol for each family of small ratios.

    What cancels for independent symbols cancels for the exponentials, however long their
    decimals are.
    """
    symbols, flat = _with_symbols(e)
    back = {s: sp.exp(step * m) for (m, step), s in symbols.items()}
    return cancel(together(flat)).xreplace(back)


def _with_symbols(e: Expr) -> tuple[dict[tuple[Expr, Any], Expr], Expr]:
    found = sorted(e.atoms(sp.exp), key=sp.default_sort_key)
    families: dict[Expr, list[tuple[Any, Any]]] = {}
    for (_, m), c in (g for f in found for g in generators(f)):
        steps = families.setdefault(m, [])
        _join(steps, abs(c))
    symbols = {(m, s): sp.Dummy("E", positive=True) for m, f in families.items() for s, _ in f}

    def written(u: Expr) -> Expr:
        parts = (_as_power(families[m], m, c, symbols) for (_, m), c in generators(sp.exp(u)))
        return sp.Mul(*parts)

    return symbols, e.replace(sp.exp, written)


def _join(steps: list[tuple[Any, Any]], c: Any) -> None:
    """Add a coefficient to the first family (step, largest) that stays of low degree."""
    for i, (step, largest) in enumerate(steps):
        common = sp.Rational(gcd(int(step.p) * int(c.q), int(c.p) * int(step.q)), step.q * c.q)
        if max(largest, c) <= RATIO * common:
            steps[i] = common, max(largest, c)
            return
    steps.append((c, c))


def _as_power(steps: list[tuple[Any, Any]], m: Expr, c: Any, symbols: Any) -> Expr:
    for step, largest in steps:
        if abs(c) <= largest and (c / step).is_Integer:
            return symbols[m, step] ** (c / step)
    raise AssertionError(f"no family has exp({c * m})")


__all__ = ["cancel", "expand", "factor", "is_small", "require_small", "together"]
