"""Laurent polynomials in transcendental generators: the arithmetic behind `present`.

An expanded expression is a mapping from monomials to rational coefficients; a monomial is a
sorted tuple of (generator, rational exponent). exp(2 a^2) is the generator exp(a^2) squared,
sqrt(pi) is pi to the 1/2. Generators count as independent: a relation between them is missed,
never assumed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import gcd, lcm
from typing import Any

import sympy as sp
from sympy import Expr, Rational
from sympy.polys.domains import QQ
from sympy.polys.rings import ring

from hermiso import algebra

__all__ = [
    "MAX_DEGREE",
    "Laurent",
    "cancelled",
    "cleared",
    "factored",
    "from_laurent",
    "integral",
    "laurent",
    "primitive_part",
    "with_hyperbolics",
]

Monomial = tuple[tuple[Expr, Rational], ...]
Laurent = Mapping[Monomial, Rational]
ZERO = Rational(0)
MAX_GENERATORS = 2
MAX_DEGREE = 24  # beyond it a gcd or factors cost more than they are worth


def laurent(e: Expr) -> dict[Monomial, Rational]:
    """Return an expanded expression as {monomial: rational coefficient}."""
    return _summed(_monomial(term) for term in sp.Add.make_args(e))


def _summed(pairs: Iterable[tuple[Monomial, Rational]]) -> dict[Monomial, Rational]:
    total: dict[Monomial, Rational] = {}
    for m, c in pairs:
        total[m] = total.get(m, ZERO) + c
    return {m: c for m, c in total.items() if c}


def _monomial(term: Expr) -> tuple[Monomial, Rational]:
    c = Rational(1)
    powers: dict[Expr, Rational] = {}
    for f in sp.Mul.make_args(term):
        if f.is_Rational:
            c *= f
            continue
        for base, n in _base_powers(f):
            powers[base] = powers.get(base, ZERO) + n
    return _key(powers), c


def _key(powers: Mapping[Expr, Rational]) -> Monomial:
    kept = ((b, n) for b, n in powers.items() if n)
    return tuple(sorted(kept, key=lambda bn: sp.default_sort_key(bn[0])))


def _base_powers(f: Expr) -> Iterable[tuple[Expr, Rational]]:
    base, n = f.as_base_exp()
    if n.is_Rational:
        yield base, n
        return
    if any(p.base.is_Add for p in n.atoms(sp.Pow)):  # exp(1/(1 + rho)) is one generator
        yield f, Rational(1)
        return
    for u in sp.Add.make_args(sp.expand(n)):
        c, m = u.as_coeff_Mul()
        if not c.is_Rational:
            c, m = Rational(1), u
        if m.could_extract_minus_sign():
            c, m = -c, -m
        yield (base, c) if m == 1 else (base**m, c)


def from_laurent(p: Laurent) -> Expr:
    """Return the expression."""
    return sp.Add(*(c * sp.Mul(*(b**k for b, k in m)) for m, c in p.items()))


def with_hyperbolics(p: Laurent) -> Laurent:
    """Write c e^u + c e^{-u} as 2 c cosh(u), and the difference as sinh."""
    left, found = dict(p), {}
    for m in p:
        for u, k in m:
            partner = tuple((b, -j if b == u else j) for b, j in m)
            if not isinstance(u, sp.exp) or m not in left or partner not in left:
                continue
            c, d = left[m], left[partner]
            if abs(c) == abs(d):
                del left[m], left[partner]
                wave = (sp.cosh if c == d else sp.sinh)(k * u.args[0])
                found[_key({**{b: j for b, j in m if b != u}, wave: Rational(1)})] = 2 * c
    return {**left, **found}


def cleared(n: Laurent, d: Laurent, fixed: Expr | None = None) -> tuple[Laurent, Laurent]:
    """Divide both by their common monomial, so that every exponent is >= 0.

    Generators that contain the symbol `fixed` stay as they are.
    """
    powers = [dict(m) for m in (*n, *d)]
    bases = {b for m in powers for b in m if fixed is None or fixed not in b.free_symbols}
    lowest = {b: min(m.get(b, ZERO) for m in powers) for b in bases}
    return _shifted(n, lowest), _shifted(d, lowest)


def primitive_part(p: Laurent) -> tuple[Expr, Expr]:
    """Return (content, primitive part): a monomial and an integral polynomial without one."""
    powers = [dict(m) for m in p]
    lowest = {b: min(m.get(b, ZERO) for m in powers) for m in powers for b in m}
    rest = _shifted(p, lowest)
    scale = lcm(*(int(c.q) for c in rest.values()))
    content = Rational(gcd(*(int(c * scale) for c in rest.values())) or 1, scale)
    content *= _leading_sign(rest)
    monomial = sp.Mul(*(b**k for b, k in lowest.items()))
    return content * monomial, _scaled(rest, 1 / content)


def _shifted(p: Laurent, lowest: Mapping[Expr, Rational]) -> Laurent:
    return _summed(_divided(m, c, lowest) for m, c in p.items())


def _divided(
    m: Monomial, c: Rational, lowest: Mapping[Expr, Rational]
) -> tuple[Monomial, Rational]:
    powers = {b: -low for b, low in lowest.items()}
    for b, k in m:
        powers[b] = powers.get(b, ZERO) + k
    for b, k in powers.items():
        if b.is_Integer:  # 2^(3/2) = 2 sqrt(2)
            c, powers[b] = c * b ** sp.floor(k), k - sp.floor(k)
    return _key(powers), c


@dataclass(frozen=True)
class _Ring:
    """The generators of some Laurent polynomials, with integer exponents."""

    bases: tuple[Expr, ...]
    scale: tuple[int, ...]
    domain: Any

    @staticmethod
    def of(*polynomials: Laurent) -> _Ring:
        monomials = [m for p in polynomials for m in p]
        bases = tuple(sorted({b for m in monomials for b, _ in m}, key=sp.default_sort_key))
        scale = tuple(
            lcm(*(int(k.q) for m in monomials for b, k in m if b == base)) for base in bases
        )
        return _Ring(bases, scale, ring([f"g{i}" for i in range(len(bases))], QQ)[0])

    def is_small(self, *polynomials: Laurent) -> bool:
        """Whether gcd and factors are cheap: exp(1/5760) makes a degree large."""
        powers = [self._exponents(dict(m)) for p in polynomials for m in p]
        total = max(sum(map(abs, k)) for k in powers)
        bits = max(int(c.p * c.q).bit_length() for p in polynomials for c in p.values())
        return (
            max(map(max, powers)) <= MAX_DEGREE
            and algebra.monomials(total, len(self.bases)) <= algebra.MOST
            and bits <= algebra.LONGEST
        )

    def element(self, p: Laurent) -> Any:
        return self.domain.from_dict(
            {self._exponents(dict(m)): QQ(int(c.p), int(c.q)) for m, c in p.items()}
        )

    def _exponents(self, m: Mapping[Expr, Rational]) -> tuple[int, ...]:
        return tuple(int(m.get(b, ZERO) * s) for b, s in zip(self.bases, self.scale, strict=True))

    def laurent(self, element: Any) -> Laurent:
        return {
            tuple(
                (b, Rational(k, s)) for b, k, s in zip(self.bases, m, self.scale, strict=True) if k
            ): Rational(int(c.numerator), int(c.denominator))
            for m, c in element.terms()
        }


def cancelled(n: Laurent, d: Laurent) -> tuple[Laurent, Laurent]:
    """Divide both by their polynomial gcd in the generators."""
    generators = _Ring.of(n, d)
    if not generators.bases or not generators.is_small(n, d):
        return n, d
    top, bottom = generators.element(n).cancel(generators.element(d))
    return generators.laurent(top), generators.laurent(bottom)


def factored(p: Laurent) -> Expr:
    """Return the product of the irreducible factors over the rationals."""
    generators = _Ring.of(p)
    few = 0 < len(generators.bases) <= MAX_GENERATORS  # factoring is for looks, and costly
    if not few or any(k < 0 for m in p for _, k in m) or not generators.is_small(p):
        return from_laurent(p)
    c, factors = generators.element(p).factor_list()
    parts = [from_laurent(generators.laurent(f)) ** k for f, k in factors]
    return Rational(int(c.numerator), int(c.denominator)) * sp.Mul(*parts)


def integral(n: Expr, d: Expr) -> tuple[Expr, Expr]:
    """Make the coefficients coprime integers and the denominator's leading one positive."""
    top, bottom = laurent(n), laurent(d)
    coefficients = [*top.values(), *bottom.values()]
    scale = lcm(*(int(c.q) for c in coefficients))
    content = gcd(*(int(c * scale) for c in coefficients)) or 1
    factor = Rational(scale, content) * _leading_sign(bottom)
    return _scaled(top, factor), _scaled(bottom, factor)


def _scaled(p: Laurent, factor: Rational) -> Expr:
    return from_laurent({m: c * factor for m, c in p.items()})


def _leading_sign(d: Laurent) -> int:
    """The sign of the leading coefficient: by degree in the constants, then in the parameters."""
    degree = {m: (_total(m, symbols=False), _total(m, symbols=True)) for m in d}
    top = max(degree.values(), default=(ZERO, ZERO))
    leading = [c for m, c in d.items() if degree[m] == top]
    return 1 if 2 * sum(bool(c > 0) for c in leading) >= len(leading) else -1


def _total(m: Monomial, symbols: bool) -> Rational:
    return sum((k for b, k in m if b.is_Symbol == symbols and not b.is_Integer), ZERO)
