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

from hermiso import algebra
from hermiso.errors import ActivationError
from hermiso.hermite import ProbabilistHermite
from hermiso.symbolic.laurent import (
    cancelled,
    cleared,
    factored,
    from_laurent,
    integral,
    laurent,
    primitive_part,
    with_hyperbolics,
)

__all__ = ["expanded", "fraction", "lowest_terms", "ratio", "strength", "tidy"]

MAX_TIDY = 80
MAX_PRODUCT = 200
MAX_GCD = 24
MAX_FACTOR = 4


def expanded(e: Expr) -> Expr:
    """Expand products and powers.

    Exponentials of a sum stay one exponential, and denominators stay powers of sums.
    """
    denominators = [p for p in e.atoms(sp.Pow) if _is_denominator(p)]
    roots = {p.base: sp.Dummy("r", positive=True) for p in denominators}
    flat = _expand(e.xreplace({p: roots[p.base] ** (-2 * p.exp) for p in denominators}))
    if _size(flat) <= MAX_TIDY and any(map(_many_waves, sp.Add.make_args(flat))):
        flat = _expand(TR8(flat))
    flat = flat.subs({r: base**-sp.S.Half for base, r in roots.items()}) if roots else flat
    return sp.Add(*map(_one_exponential, sp.Add.make_args(flat)))


def _is_denominator(p: Expr) -> bool:
    return bool(p.is_Pow and p.base.is_Add and (2 * p.exp).is_Integer and p.exp < 0)


def _expand(e: Expr) -> Expr:
    return algebra.expand(e, power_exp=False, power_base=False, log=False, complex=False)


def _many_waves(term: Expr) -> bool:
    """Whether a product has several sines and cosines; those are turned into sums."""
    powers = term.as_powers_dict()
    waves = [n for b, n in powers.items() if isinstance(b, (sp.sin, sp.cos)) and n.is_Integer]
    return bool(sum(waves) > 1)


def _one_exponential(term: Expr) -> Expr:
    """Merge the exponentials of a product; sympy merges only proportional exponents."""
    parts = [f for f in sp.Mul.make_args(term) if isinstance(f, sp.exp)]
    if not parts:
        return term
    over_sums = any(p.base.is_Add for f in parts for p in f.args[0].atoms(sp.Pow))
    if len(parts) == 1 and not over_sums:
        return term
    rest = sp.Mul(*(f for f in sp.Mul.make_args(term) if not isinstance(f, sp.exp)))
    total = sp.Add(*(f.args[0] for f in parts))
    return rest * sp.exp(algebra.factor(total) if over_sums else algebra.expand(total))


def tidy(e: Expr) -> Expr:
    """Return the shortest of a few equivalent forms."""
    if e.has(ProbabilistHermite):  # its coefficients come factored
        return _with_factors(e)
    flat = expanded(e)
    if flat.is_Atom or _size(flat) > MAX_TIDY:
        return flat
    flat = _with_erfc([flat])[0]
    flat = _with_hyperbolics(flat)
    candidates = [flat, sp.factor_terms(flat)]
    if _has_sum_denominators(flat):
        candidates.append(fraction(*lowest_terms(flat, Integer(1))))
    return _shortest(candidates)


def _with_factors(e: Expr) -> Expr:
    """Factor what Hermite polynomials are multiplied by, and the exponents."""
    parts = sp.Mul.make_args(sp.factor_terms(sp.powsimp(e)))
    powers = sp.Add(*(f.exp for f in parts if isinstance(f, sp.exp)))
    rest = (f if isinstance(f, sp.exp) else _each_factored(f) for f in parts)
    rest = (f for f in rest if not isinstance(f, sp.exp))
    return sp.Mul(*rest) * sp.exp(algebra.factor(algebra.together(powers)))


def _each_factored(e: Expr) -> Expr:
    if e.is_Add and e.has(ProbabilistHermite):
        return sp.factor_terms(sp.Add(*map(_each_factored, e.args)))
    factors = (algebra.factor(algebra.together(f)) if f.is_Add else f for f in sp.Mul.make_args(e))
    return sp.Mul(*factors)


def _shortest(candidates: Iterable[Expr]) -> Expr:
    return min(candidates, key=_nodes)


def _nodes(e: Expr) -> int:
    """The size of an expression's tree."""
    return 1 + sum(map(_nodes, e.args))


def _with_erfc(parts: list[Expr]) -> list[Expr]:
    """Replace erf by 1 - erfc wherever that drops terms: exp(1/2)(1 - erf(1/sqrt 2))/2."""
    parts = [expanded(_with_erf(p)) if p.has(sp.erfc) else p for p in parts]
    atoms = set().union(*(p.atoms(sp.erf) for p in parts))
    for f in sorted(atoms, key=sp.default_sort_key):
        complement = 1 - sp.erfc(f.args[0])
        others = [expanded(p.xreplace({f: complement})) for p in parts]
        if sum(map(_size, others)) < sum(map(_size, parts)):
            parts = others
    return parts


def _with_erf(e: Expr) -> Expr:
    """Write erfc as 1 - erf, so that equal things look equal."""
    return e.replace(sp.erfc, lambda u: 1 - sp.erf(u))


def _with_hyperbolics(e: Expr) -> Expr:
    polynomial = laurent(e)
    found = with_hyperbolics(polynomial)
    if found == polynomial:
        return e
    return sp.Add(*map(_one_exponential, sp.Add.make_args(from_laurent(found))))


def strength(c0: Expr, c1: Expr, second_moment: Expr) -> Expr:
    """Return 2 - c1^2/(second_moment - c0^2) as a person would write it.

    Raises:
        ActivationError: if the variance is 0.
    """
    c0, c1, second_moment = (expanded(_with_erf(m)) for m in (c0, c1, second_moment))
    if max(_size(c0), _size(c1)) ** 2 + _size(second_moment) > MAX_PRODUCT:
        return 2 - c1**2 / (second_moment - c0**2)  # expanding would fill pages
    variance = expanded(second_moment - c0**2)
    if variance == 0:
        raise ActivationError("Var sigma(z) is 0: a constant has no isometry strength")
    return _strength(c1, variance)


def _strength(c1: Expr, variance: Expr) -> Expr:
    first, second = _with_erfc([c1, variance])
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


def ratio(numerator: Expr, denominator: Expr, argument: Expr) -> Expr:
    """Return a function of an argument over a constant, in lowest terms."""
    top, bottom = lowest_terms(numerator, denominator, argument)
    return _short(_with_hyperbolics(top)) / _short(bottom)


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


def lowest_terms(
    numerator: Expr, denominator: Expr, fixed: Expr | None = None
) -> tuple[Expr, Expr]:
    """Cancel common factors of two expanded expressions.

    Generators that contain the symbol `fixed` (a kernel map's rho) are not moved across.
    """
    sums = _has_sum_denominators(numerator) or _has_sum_denominators(denominator)
    if sums and fixed is None:
        n1, d1 = _over_sums(numerator)
        n2, d2 = _over_sums(denominator)
        numerator, denominator = expanded(n1 * d2), expanded(d1 * n2)
    n, d = cleared(laurent(numerator), laurent(denominator), fixed)
    if fixed is None and min(len(n), len(d)) > 1 and len(n) + len(d) <= MAX_GCD:
        n, d = cancelled(n, d)
    return integral(from_laurent(n), from_laurent(d))


def _has_sum_denominators(e: Expr) -> bool:
    return any(p.base.is_Add and p.exp.is_Rational and p.exp < 0 for p in e.atoms(sp.Pow))


def _over_sums(e: Expr) -> tuple[Expr, Expr]:
    """Return e as a fraction without sums in its numerator's denominators."""
    lowest: dict[Expr, Rational] = {}
    for m in laurent(e):
        for base, n in m:
            if base.is_Add and n < 0:
                lowest[base] = min(lowest.get(base, Rational(0)), n)
    common = sp.Mul(*(base**-n for base, n in lowest.items()))
    return expanded(sp.Add(*(term * common for term in sp.Add.make_args(e)))), expanded(common)
