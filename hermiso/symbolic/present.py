"""Write results the way a person would.

Results are polynomials, with rational exponents, in transcendental generators: pi, sqrt(2),
exp(a^2), erf(...), parameters. `tidy` expands one into that form and picks the shortest
equivalent; `strength` writes 2 - N/D in lowest terms, as 2 - N/D where N/D is proper and as
one fraction where that is shorter: 2 - 2/pi, but (3 pi - 4)/(2 pi - 2).
"""

from __future__ import annotations

from collections.abc import Iterable

import sympy as sp
from sympy import Expr, Integer, Rational
from sympy.simplify.fu import TR8

from hermiso.symbolic.laurent import (
    cancelled,
    cleared,
    factored,
    from_laurent,
    integral,
    laurent,
    primitive_part,
)

MAX_TIDY = 80
MAX_GCD = 24
MAX_FACTOR = 10


def expanded(e: Expr) -> Expr:
    """Expand products and powers; exponentials of a sum stay one exponential."""
    flat = sp.expand(e, power_exp=False, power_base=False, log=False, complex=False)
    if any(_wave_degree(term) > 1 for term in sp.Add.make_args(flat)):
        flat = sp.expand(TR8(flat), power_exp=False, power_base=False, log=False, complex=False)
    return flat


def _wave_degree(term: Expr) -> int:
    """How many sines and cosines a product has; two or more are turned into sums."""
    powers = term.as_powers_dict()
    return sum(int(n) for b, n in powers.items() if isinstance(b, (sp.sin, sp.cos)) and n.is_Integer)


def tidy(e: Expr) -> Expr:
    """Return the shortest of a few equivalent forms."""
    flat = expanded(e)
    if flat.is_Atom or _size(flat) > MAX_TIDY:
        return flat
    flat = _with_erfc([flat])[0]
    candidates = [flat, sp.factor_terms(flat)]
    if _has_sum_denominators(flat):
        candidates.append(fraction(*lowest_terms(flat, Integer(1))))
    return _shortest(candidates)


def _shortest(candidates: Iterable[Expr]) -> Expr:
    return min(candidates, key=lambda e: (e.count_ops(), len(str(e))))


def _with_erfc(parts: list[Expr]) -> list[Expr]:
    """Replace erf by 1 - erfc wherever that drops terms: exp(1/2)(1 - erf(1/sqrt 2))/2."""
    atoms = set().union(*(p.atoms(sp.erf) for p in parts))
    for f in sorted(atoms, key=sp.default_sort_key):
        complement = 1 - sp.erfc(f.args[0])
        others = [expanded(p.xreplace({f: complement})) for p in parts]
        if sum(map(_size, others)) < sum(map(_size, parts)):
            parts = others
    return parts


def strength(c1: Expr, variance: Expr) -> Expr:
    """Return 2 - c1^2/variance as a person would write it."""
    first, second = _with_erfc([expanded(c1), expanded(variance)])
    numerator, denominator = lowest_terms(expanded(first**2), second)
    if numerator == 0:
        return Integer(2)
    if numerator == denominator:
        return Integer(1)
    ratios = (fraction(numerator, denominator), _squared_fraction(first, second))
    separate = 2 - _shortest(r for r in ratios if r is not None)
    if _degree(numerator) < _degree(denominator):
        return separate
    single, denominator = integral(expanded(2 * denominator - numerator), denominator)
    if not numerator.free_symbols and _size(single) > _size(denominator):
        return separate
    joined = fraction(single, denominator)
    return _shortest([separate, joined]) if numerator.free_symbols else joined


def _squared_fraction(c1: Expr, variance: Expr) -> Expr | None:
    """Return c1^2/variance with the numerator kept as a square, if it is one of a sum."""
    content, primitive = primitive_part(laurent(c1))
    if not primitive.is_Add:
        return None
    square = sp.Dummy()
    numerator, denominator = lowest_terms(expanded(content**2) * square, variance)
    return fraction(numerator, denominator).xreplace({square: primitive**2})


def fraction(numerator: Expr, denominator: Expr) -> Expr:
    """Return numerator/denominator with each side factored where that is shorter."""
    return _short(numerator) / _short(denominator)


def _short(e: Expr) -> Expr:
    candidates = [e, sp.factor_terms(e)]
    if 1 < _size(e) <= MAX_FACTOR:
        candidates.append(factored(laurent(e)))
    return _shortest(candidates)


def _size(e: Expr) -> int:
    return len(sp.Add.make_args(e))


def _degree(e: Expr) -> Rational:
    """Total degree in the transcendental constants and exponentials, parameters left out."""
    return max(
        sum((n for b, n in m if not b.is_Symbol and not b.is_Integer), Rational(0))
        for m in laurent(e)
    )


def lowest_terms(numerator: Expr, denominator: Expr) -> tuple[Expr, Expr]:
    """Cancel common factors of two expanded expressions."""
    if _has_sum_denominators(numerator) or _has_sum_denominators(denominator):
        n1, d1 = _over_sums(numerator)
        n2, d2 = _over_sums(denominator)
        numerator, denominator = expanded(n1 * d2), expanded(d1 * n2)
    n, d = cleared(laurent(numerator), laurent(denominator))
    if 1 < min(len(n), len(d)) and len(n) + len(d) <= MAX_GCD:
        n, d = cancelled(n, d)
    return integral(from_laurent(n), from_laurent(d))


def _has_sum_denominators(e: Expr) -> bool:
    return any(
        p.base.is_Add and p.exp.is_Rational and p.exp < 0 for p in e.atoms(sp.Pow)
    )


def _over_sums(e: Expr) -> tuple[Expr, Expr]:
    """Return e as a fraction without sums in its numerator's denominators."""
    lowest: dict[Expr, Rational] = {}
    for m in laurent(e):
        for base, n in m:
            if base.is_Add and n < 0:
                lowest[base] = min(lowest.get(base, Rational(0)), n)
    common = sp.Mul(*(base**-n for base, n in lowest.items()))
    return expanded(sp.Add(*(term * common for term in sp.Add.make_args(e)))), expanded(common)
