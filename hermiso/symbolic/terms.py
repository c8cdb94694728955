"""The term algebra: finite sums of Gaussian-integrable terms, closed under + and *.

A term is

    x^power |x|^modulus exp(quad x^2 + lin x) cos(freq x + phase) prod_j erf(a_j x + b_j) / den(x)

and a sum is a mapping from terms to coefficients, which are expressions in the parameters.
Sines are cosines with phase -pi/2, so that every product of trigonometric factors stays a sum
of cosines and no identity between sines and cosines is ever needed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import sympy as sp
from sympy import Expr, Integer, Symbol
from sympy.core.numbers import Half, One, Zero

from hermiso import algebra
from hermiso.budget import spend_terms
from hermiso.errors import NoClosedForm

__all__ = [
    "ONE",
    "ZERO",
    "Term",
    "Terms",
    "add",
    "collect",
    "cosine",
    "derivative",
    "multiply",
    "polynomial",
    "power",
    "scale",
    "terms",
]

ZERO: Zero = sp.S.Zero
ONE: One = sp.S.One
HALF: Half = sp.S.Half
MAX_TERMS = 600  # beyond this a closed form is of no use to anybody
MAX_POWER = 200


@dataclass(frozen=True, slots=True)
class Term:
    """One basis function of the algebra; see the module's docstring."""

    power: int = 0
    modulus: Expr = ZERO
    quad: Expr = ZERO
    lin: Expr = ZERO
    freq: Expr = ZERO
    phase: Expr = ZERO
    erfs: tuple[tuple[Expr, Expr], ...] = ()
    den: Expr = ONE


Terms = Mapping[Term, Expr]
UNIT = Term()


def collect(pairs: Any) -> Terms:
    """Sum (term, coefficient) pairs; terms whose coefficients cancel are dropped."""
    total: dict[Term, Expr] = {}
    for term, c in pairs:
        spend_terms()
        total[term] = total[term] + c if term in total else c
        if len(total) > MAX_TERMS:
            raise NoClosedForm(f"more than {MAX_TERMS} terms")
    return {term: c for term, c in total.items() if not _vanishes(c)}


def _vanishes(c: Expr) -> bool:
    return bool(c == 0 or (c.is_Add and algebra.expand(c) == 0))


def add(f: Terms, g: Terms) -> Terms:
    """Return f + g."""
    return collect([*f.items(), *g.items()])


def scale(f: Terms, c: Expr) -> Terms:
    """Return c f for a coefficient c."""
    return {term: c * v for term, v in f.items()} if c != 0 else {}


def multiply(f: Terms, g: Terms) -> Terms:
    """Return f g."""
    if len(f) * len(g) > 4 * MAX_TERMS:
        raise NoClosedForm(f"a product of {len(f)} by {len(g)} terms")
    return collect(
        pair for s, a in f.items() for t, b in g.items() for pair in _product(s, t, a * b)
    )


def _product(s: Term, t: Term, c: Expr) -> list[tuple[Term, Expr]]:
    if s.power + t.power > 2 * MAX_POWER:
        raise NoClosedForm(f"the power x^{s.power + t.power} is too high")
    base = Term(
        power=s.power + t.power,
        modulus=s.modulus + t.modulus,
        quad=s.quad + t.quad,
        lin=s.lin + t.lin,
        erfs=_merged(s.erfs, t.erfs),
        den=s.den * t.den,
    )
    if t.freq == 0 or s.freq == 0:
        wave = s if t.freq == 0 else t
        return [(replace(base, freq=wave.freq, phase=wave.phase), c)]
    up = cosine(s.freq + t.freq, s.phase + t.phase, base)
    down = cosine(s.freq - t.freq, s.phase - t.phase, base)
    return [(term, c * v / 2) for term, v in (*up.items(), *down.items())]


def _merged(
    a: tuple[tuple[Expr, Expr], ...], b: tuple[tuple[Expr, Expr], ...]
) -> tuple[tuple[Expr, Expr], ...]:
    return tuple(sorted(a + b, key=sp.default_sort_key)) if a and b else a or b


def power(f: Terms, n: int) -> Terms:
    """Return f^n for n >= 0 by repeated squaring."""
    if n > MAX_POWER:
        raise NoClosedForm(f"the power {n} is too high")
    result: Terms = {UNIT: ONE}
    while n:
        if n % 2:
            result = multiply(result, f)
        n //= 2
        f = multiply(f, f) if n else f
    return result


def cosine(freq: Expr, phase: Expr, base: Term = UNIT) -> Terms:
    """Return cos(freq x + phase) times a term, in canonical sign and phase."""
    if freq == 0:
        c = sp.cos(phase)
        return {base: c} if c != 0 else {}
    if freq.could_extract_minus_sign():
        freq, phase = -freq, -phase
    turns, rest = sp.sympify(phase).as_independent(sp.pi, as_Add=True)
    half_turns = sp.sympify(rest) / sp.pi
    if not half_turns.is_Rational:
        return {replace(base, freq=freq, phase=phase): ONE}
    whole = sp.floor(half_turns)
    sign = ONE if whole % 2 == 0 else -ONE
    return {replace(base, freq=freq, phase=turns + (half_turns - whole) * sp.pi): sign}


def terms(e: Expr, x: Symbol, side: int = 0) -> Terms:
    """Convert a smooth expression to a sum of terms.

    Args:
        e: an expression in x without switches.
        x: the variable.
        side: the sign of x where e is used, 0 if both: |x|^s needs it.

    Raises:
        NoClosedForm: names the subexpression that is outside the algebra.
    """
    if x not in e.free_symbols:
        return {UNIT: e} if e != 0 else {}
    if e == x:
        return {Term(power=1): ONE}
    if e.is_Add:
        return collect(pair for arg in e.args for pair in terms(arg, x, side).items())
    if e.is_Mul:
        return _mul_terms(e, x, side)
    if e.is_Pow or isinstance(e, sp.exp):
        return _pow_terms(e, x, side)
    convert = _FUNCTIONS.get(e.func)
    if convert is None:
        raise NoClosedForm(f"{e!s:.200} is outside the exact class")
    return convert(e.args[0], x)


def _mul_terms(e: Expr, x: Symbol, side: int) -> Terms:
    c, rest = e.as_independent(x, as_Add=False)
    product: Terms = {UNIT: ONE}
    for arg in sp.Mul.make_args(rest):
        product = multiply(product, terms(arg, x, side))
    return scale(product, c)


def _pow_terms(e: Expr, x: Symbol, side: int) -> Terms:
    base, n = e.as_base_exp()
    if x not in base.free_symbols:
        return _exponential(n * sp.log(base), x)
    if n.is_Integer and n >= 0:
        return power(terms(base, x, side), int(n))
    if n.is_Integer:
        return _reciprocal(base, n, x)
    if base == x * side and not n.free_symbols & {x}:
        return {Term(modulus=n): ONE}
    c, rest = base.as_independent(x, as_Add=False)
    if rest == x and side and (c * side).is_positive and x not in n.free_symbols:
        return {Term(modulus=n): (c * side) ** n}
    raise NoClosedForm(f"{e!s:.200} is outside the exact class")


def _reciprocal(base: Expr, n: Expr, x: Symbol) -> Terms:
    """Return base^n for n < 0 and a polynomial base, as 1/den."""
    if not base.is_polynomial(x):
        raise NoClosedForm(f"{base**n} is outside the exact class")
    p = algebra.poly(base, x)
    if p.degree() > 8:
        raise NoClosedForm(f"the denominator {base} has a degree above 8")
    lead, den = p.LC(), ONE
    if p.degree() == 1:
        return {Term(den=(x + algebra.cancel(p.TC() / lead)) ** -n): lead**n}
    for factor, k in sp.factor_list(algebra.require_small(p.as_expr() / lead), x)[1]:
        q = sp.Poly(factor, x)
        den *= algebra.expand(factor / q.LC()) ** k
    return {Term(den=den**-n): lead**n}


def _coefficients(u: Expr, x: Symbol, degree: int) -> list[Expr]:
    if not u.is_polynomial(x):
        raise NoClosedForm(f"the argument {u!s:.200} is no polynomial in {x}")
    p = algebra.poly(u, x)
    if p.degree() > degree:
        raise NoClosedForm(f"the argument {u!s:.200} has degree {p.degree()}, above {degree}")
    return [p.coeff_monomial(x**j) for j in range(degree + 1)]


def _exponential(u: Expr, x: Symbol) -> Terms:
    c, q, p = _coefficients(u, x, 2)
    return {Term(quad=p, lin=q): sp.exp(c)}


def _cos(u: Expr, x: Symbol, shift: Expr = ZERO) -> Terms:
    b, a = _coefficients(u, x, 1)
    return cosine(a, b + shift)


def _sin(u: Expr, x: Symbol) -> Terms:
    return _cos(u, x, -sp.pi / 2)


def _cosh(u: Expr, x: Symbol) -> Terms:
    return scale(add(_exponential(u, x), _exponential(-u, x)), HALF)


def _sinh(u: Expr, x: Symbol) -> Terms:
    return scale(add(_exponential(u, x), scale(_exponential(-u, x), -ONE)), HALF)


def _erf(u: Expr, x: Symbol) -> Terms:
    b, a = _coefficients(u, x, 1)
    if a.could_extract_minus_sign():  # erf is odd: one sign convention per factor
        return {Term(erfs=((-a, -b),)): -ONE}
    return {Term(erfs=((a, b),)): ONE}


def _erfc(u: Expr, x: Symbol) -> Terms:
    return add({UNIT: ONE}, scale(_erf(u, x), -ONE))


_FUNCTIONS = {
    sp.cos: _cos,
    sp.sin: _sin,
    sp.cosh: _cosh,
    sp.sinh: _sinh,
    sp.erf: _erf,
    sp.erfc: _erfc,
}


def polynomial(coefficients: Any) -> Terms:
    """Return the sum of c_j x^j from the coefficients c_0, c_1, ..."""
    return {Term(power=j): sp.sympify(c) for j, c in enumerate(coefficients) if c != Integer(0)}


def derivative(f: Terms) -> Terms:
    """Return f' for terms without |x|^s and denominators."""
    return collect(pair for term, c in f.items() for pair in _derivative(term, c))


def _derivative(t: Term, c: Expr) -> list[tuple[Term, Expr]]:
    if t.den != 1 or t.modulus != 0:
        raise NoClosedForm("derivatives of |x|^s and of rational functions are not in the algebra")
    found = [
        (replace(t, power=t.power + 1), 2 * t.quad * c),
        (t, t.lin * c),
    ]
    if t.power:
        found.append((replace(t, power=t.power - 1), t.power * c))
    if t.freq != 0:
        wave = cosine(t.freq, t.phase + sp.pi / 2, t)
        found += [(term, t.freq * c * v) for term, v in wave.items()]
    for j, (a, b) in enumerate(t.erfs):
        rest = t.erfs[:j] + t.erfs[j + 1 :]
        bell = replace(t, erfs=rest, quad=t.quad - a**2, lin=t.lin - 2 * a * b)
        found.append((bell, 2 * a * sp.exp(-(b**2)) / sp.sqrt(sp.pi) * c))
    return found
