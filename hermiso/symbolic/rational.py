"""Gaussian integrals of rational functions whose poles lie off their interval.

Base integrals, with weight exp(-kappa x^2/2)/sqrt(2 pi):

    int_0^oo 1/(x + c)         exp(-kappa c^2/2) (pi erfi(c sqrt(kappa/2)) - Ei(kappa c^2/2))/2
    int_R    1/(x - z)         i pi w(z sqrt(kappa/2)) for Im z > 0, w the Faddeeva function
    int_0^oo x/(x^2 + d)       exp(kappa d/2) E_1(kappa d/2)/2

(the first is the Goodwin-Staton integral, by Dawson's function and Ei). Higher orders are
derivatives in c or d.
"""

from __future__ import annotations

import sympy as sp
from sympy import Dummy, Expr, Symbol, oo

from hermiso.errors import NoClosedForm, NotSquareIntegrable
from hermiso.signs import sign_of
from hermiso.symbolic.special import erf_im, erf_re
from hermiso.symbolic.terms import ZERO, Term

ROOT_2PI = sp.sqrt(2 * sp.pi)


def rational_moments(kernel: Term, top: int, lower: Expr, upper: Expr, x: Symbol) -> list[Expr]:
    """Return the integrals of x^m/den against the Gaussian weight, m = 0..top."""
    if kernel.lin != 0 or kernel.freq != 0 or kernel.erfs or kernel.modulus != 0:
        raise NoClosedForm(f"a rational function times exp, a wave, erf or |x|^s: {kernel}")
    kappa = 1 - 2 * kernel.quad
    if sign_of(kappa) <= 0:
        raise NotSquareIntegrable(f"exp({kernel.quad}*x**2) grows too fast")
    if upper is not oo and lower is not -oo:
        raise NoClosedForm("a rational function on a finite interval")
    return [_integral(x**m / kernel.den, kappa, lower, upper, x) for m in range(top + 1)]


def _integral(f: Expr, kappa: Expr, lower: Expr, upper: Expr, x: Symbol) -> Expr:
    """Integrate a rational function; a left half-line is reflected to the right one."""
    if lower is -oo and upper is not oo:
        return _integral(f.subs(x, -x), kappa, -upper, oo, x)
    if lower not in (ZERO, -oo):
        raise NoClosedForm(f"a rational function on ({lower}, oo)")
    parts = sp.Add.make_args(sp.apart(f, x))
    return sp.Add(*(_fraction(part, kappa, lower is -oo, x) for part in parts))


def _fraction(part: Expr, kappa: Expr, whole: bool, x: Symbol) -> Expr:
    numerator, denominator = sp.fraction(sp.together(part))
    if x not in denominator.free_symbols:
        return _monomials(sp.Poly(part, x), kappa, whole)
    (base, n), lead = _root_power(denominator, x)
    p, top = sp.Poly(base, x), sp.Poly(numerator / lead, x)
    if p.degree() == 1:
        return _real_pole(top, p, n, kappa, whole)
    if p.degree() == 2:
        return _complex_poles(top, p, n, kappa, whole)
    raise NoClosedForm(f"the denominator {denominator} does not factor into quadratics")


def _root_power(denominator: Expr, x: Symbol) -> tuple[tuple[Expr, int], Expr]:
    lead, factors = sp.factor_list(denominator, x)
    if len(factors) != 1:
        raise NoClosedForm(f"the denominator {denominator} does not split")
    base, n = factors[0]
    p = sp.Poly(base, x)
    return (sp.expand(base / p.LC()), n), lead * p.LC() ** n


def _monomials(p: sp.Poly, kappa: Expr, whole: bool) -> Expr:
    total = ZERO
    for (m,), c in p.terms():
        if whole and m % 2:
            continue
        half_line = (2 / kappa) ** sp.Rational(m + 1, 2) * sp.gamma(sp.Rational(m + 1, 2))
        total += c * half_line / (2 * ROOT_2PI) * (2 if whole else 1)
    return total


def _real_pole(top: sp.Poly, p: sp.Poly, n: int, kappa: Expr, whole: bool) -> Expr:
    c = p.coeff_monomial(1)
    if whole or sign_of(c, because="a pole must be off its interval") <= 0:
        raise NotSquareIntegrable(f"1/({p.as_expr()})^{n} has a pole on its interval")
    y = Dummy("c", positive=True)
    u = kappa * y**2 / 2
    base = sp.exp(-u) * (sp.pi * sp.erfi(y * sp.sqrt(kappa / 2)) - sp.Ei(u)) / 2
    return top.as_expr() * _derived(base, y, c, n) / ROOT_2PI


def _derived(base: Expr, y: Dummy, c: Expr, n: int) -> Expr:
    """1/(. + y)^n is (-1)^(n-1)/(n-1)! times the (n-1)-st derivative of 1/(. + y) in y."""
    derived = sp.diff(base, y, n - 1) if n > 1 else base
    return (-1) ** (n - 1) * derived.subs(y, c) / sp.factorial(n - 1)


def _complex_poles(top: sp.Poly, p: sp.Poly, n: int, kappa: Expr, whole: bool) -> Expr:
    b, d = p.coeff_monomial(p.gen), p.coeff_monomial(1)
    delta = d - b**2 / 4
    if sign_of(delta) <= 0:
        raise NotSquareIntegrable(f"1/({p.as_expr()})^{n} may have a pole on its interval")
    e, f = top.coeff_monomial(p.gen), top.coeff_monomial(1)
    y = Dummy("d", positive=True)
    if b == 0:
        return _derived(_centred(e, f, y, kappa, whole), y, d, n) / ROOT_2PI
    if not whole:
        raise NoClosedForm(f"1/({p.as_expr()}) on a half-line")
    return _derived(_faddeeva(e, f, b, y, kappa), y, delta, n) / ROOT_2PI


def _centred(e: Expr, f: Expr, y: Expr, kappa: Expr, whole: bool) -> Expr:
    """The integral of (e x + f)/(x^2 + y)."""
    u = kappa * y / 2
    even = sp.pi / sp.sqrt(y) * sp.exp(u) * sp.erfc(sp.sqrt(u)) * f
    return even if whole else even / 2 - e * sp.exp(u) * sp.Ei(-u) / 2


def _faddeeva(e: Expr, f: Expr, b: Expr, y: Expr, kappa: Expr) -> Expr:
    """The integral over the line of (e x + f)/((x + b/2)^2 + y), by w(z) = exp(-z^2) erfc(-iz)."""
    r, s = -b / 2, sp.sqrt(y)
    u, v = r * sp.sqrt(kappa / 2), s * sp.sqrt(kappa / 2)
    size, angle = sp.exp(v**2 - u**2), 2 * u * v
    er, ei = 1 - erf_re(v, u), erf_im(v, u)  # erfc(v - i u) = er + i ei
    w_re = size * (sp.cos(angle) * er + sp.sin(angle) * ei)
    w_im = size * (sp.cos(angle) * ei - sp.sin(angle) * er)
    # (e x + f)/((x-z)(x-z*)) = 2 Re[(e z + f)/(2 i s) / (x - z)], and int 1/(x-z) = i pi w
    return sp.pi / s * ((e * r + f) * w_re - e * s * w_im)
