"""Identities that take a cancellation out of a sum, a product or a logarithm.

Each returns None where it does not apply. `hermiso.stable` asks for them from the leaves up.
"""

from __future__ import annotations

from typing import Any

import sympy as sp

__all__ = [
    "conjugate",
    "expit",
    "expm1",
    "flat_product",
    "hyperbolic_quotient",
    "hyperbolic_sum",
    "less_one",
    "log1p",
    "near_one",
    "one_plus_exp",
    "plus_root",
    "power_less_one",
    "shifted_expit",
]

# Heads of the rewritten expressions, with an arithmetic of their own in `hermiso.stable`.
expm1, log1p, expit = sp.symbols("expm1 log1p expit", cls=sp.Function)
near_one, plus_root = sp.symbols("near_one plus_root", cls=sp.Function)

_HALF = sp.Rational(1, 2)
_SMALL, _LOW_DEGREE = 60, 24


def is_small_polynomial(e: Any) -> bool:
    """Whether algorithms for polynomials may look at e."""
    powers = (abs(p.exp) for p in e.atoms(sp.Pow))
    return bool(
        e.is_polynomial() and e.count_ops() < _SMALL and all(n <= _LOW_DEGREE for n in powers)
    )


def hyperbolic_sum(a: Any, b: Any) -> Any:
    """Join k exp(-u) + k exp(u) to 2 k cosh(u), k exp(u) - k exp(v) to k exp(v) expm1(u - v)."""
    (k, f), (c, g) = b.as_coeff_Mul(), a.as_coeff_Mul()
    if f.func is not sp.exp or g.func is not sp.exp or abs(c) != abs(k):
        return None
    u, v = f.args[0], g.args[0]
    if c == k:
        return 2 * k * sp.cosh(u) if u == -v else None
    return 2 * k * sp.sinh(u) if u == -v else k * sp.exp(v) * expm1(u - v)


def power_less_one(a: Any, b: Any) -> Any:
    """Write a + k (c + w)^p as -a ((1 + r)^p - 1), r = w/c, where it is that."""
    k, f = b.as_coeff_Mul()
    if not (a.is_number and f.is_Pow and f.exp.is_number and f.free_symbols):
        return None
    c, w = f.base.as_independent(*f.free_symbols, as_Add=True)
    whole = f.exp.is_Integer and f.exp > 0
    if whole or not c.is_positive or sp.expand(a + k * c**f.exp) != 0:
        return None
    r = w / c
    root = sp.sqrt(1 + r)
    known = {_HALF: r / (1 + root), -_HALF: -r / (1 + r + root), sp.S.NegativeOne: -r / (1 + r)}
    return -a * known.get(f.exp, expm1(f.exp * log1p(r)))


def conjugate(a: Any, b: Any) -> Any:
    """Write a + k sqrt(v) as k plus_root(t, v, v - t^2), t = a/k, if v - t^2 is shorter than v."""
    k, f = b.as_coeff_Mul()
    if not (f.is_Pow and f.exp == _HALF) or a.is_number:
        return None
    t, v = a / k, f.base
    if not (is_small_polynomial(t) and is_small_polynomial(v)):
        return None
    difference = sp.expand(v - t**2)
    shorter = len(sp.Add.make_args(difference)) < len(sp.Add.make_args(sp.expand(v)))
    return k * plus_root(t, v, difference) if shorter else None


def flat_product(e: Any) -> Any:
    """A product with one number in front, also of the factors inside 1/(2 f)."""
    number, factors, rest = sp.S.One, [], list(e.args)
    while rest:
        f = rest.pop(0)
        if f.is_Mul:
            rest = [*f.args, *rest]
        elif f.is_Number:
            number *= f
        elif f.is_Pow and f.exp.is_number and f.base.is_Mul and f.base.as_coeff_Mul()[0] > 0:
            c, g = f.base.as_coeff_Mul()
            number *= c**f.exp
            factors.append(g**f.exp)
        else:
            factors.append(f)
    kept = factors if number == 1 else [number, *factors]
    return kept[0] if len(kept) == 1 else sp.Mul(*kept, evaluate=False)


def hyperbolic_quotient(e: Any) -> Any:
    """Join sinh(u)^p cosh(u)^q, of opposite exponents, to a power of tanh(u)."""
    powers = dict(f.as_base_exp() for f in e.args)
    for f, p in powers.items():
        if f.func is not sp.sinh:
            continue
        g, u = sp.cosh(f.args[0]), f.args[0]
        q = powers.get(g, sp.S.Zero)
        if p.is_Integer and q.is_Integer and p * q < 0:
            n = sp.sign(p) * min(abs(p), abs(q))
            others = [h for h in e.args if h not in (f**p, g**q)]
            joined = [f ** (p - n), g ** (q + n), sp.tanh(u) ** n]
            return sp.Mul(*others, *(h for h in joined if h != 1), evaluate=False)
    return None


def shifted_expit(a: Any, b: Any) -> list[Any]:
    """Write exp(c + j u) expit(-u)^m as the factors exp(c), expit(u)^j and expit(-u)^(m - j)."""
    f, m = b.as_base_exp()
    if not (a.func is sp.exp and f.func is expit and m.is_Integer and 0 < m <= _LOW_DEGREE):
        return []
    u = -f.args[0]
    for j in range(int(m), 0, -1):
        c = a.args[0] - j * u
        if not c.free_symbols:
            return [h for h in (sp.exp(c), expit(u) ** j, expit(-u) ** (m - j)) if h != 1]
    return []


def one_plus_exp(v: Any) -> tuple[Any, Any] | None:
    """Return (a, u) if v is a (1 + exp(u)) with a number a > 0."""
    if not (v.is_Add and len(v.args) == 2):
        return None
    a, rest = v.as_independent(*v.free_symbols, as_Add=True)
    c, f = rest.as_coeff_Mul()
    if f.func is not sp.exp or not (a.is_positive and c.is_positive):
        return None
    return a, f.args[0] + sp.log(c / a)


def less_one(v: Any) -> Any:
    """Write v - 1 by expm1, for v = sum c_i exp(u_i) with c_i > 0 and sum c_i = 1."""
    terms = {f: c for c, f in (t.as_coeff_Mul() for t in sp.Add.make_args(v))}
    if sum(terms.values()) != 1 or not all(c.is_positive for c in terms.values()):
        return None
    parts = {sp.exp: expm1, sp.cosh: lambda u: 2 * sp.sinh(u / 2) ** 2}
    if not all(f == 1 or f.func in parts for f in terms):
        return None
    return sp.Add(*(c * parts[f.func](f.args[0]) for f, c in terms.items() if f != 1))
