"""Gaussian integrals of rational functions whose poles lie off their interval.

The weight is g(x) = exp(-kappa x^2/2)/sqrt(2 pi). Base integrals, times sqrt(2 pi):

    int_0^oo 1/(x + c) g    exp(-kappa c^2/2) (pi erfi(c sqrt(kappa/2)) - Ei(kappa c^2/2))/2
    int_R    1/(x - z) g    i pi w(z sqrt(kappa/2)) for Im z > 0, w the Faddeeva function
    int_0^oo x/(x^2 + d) g  exp(kappa d/2) E_1(kappa d/2)/2

(the first is the Goodwin-Staton integral, by Dawson's function and Ei). Higher orders follow
by parts.
"""

from __future__ import annotations

import sympy as sp
from sympy import Dummy, Expr, Integer, Symbol, oo

from hermiso.errors import NoClosedForm, NotSquareIntegrable
from hermiso.signs import sign_of
from hermiso.symbolic.special import erf_im, erf_re
from hermiso.symbolic.terms import ZERO, Term

ROOT_2PI = sp.sqrt(2 * sp.pi)


def rational_moments(kernel: Term, top: int, lower: Expr, upper: Expr, x: Symbol) -> list[Expr]:
    """Return the integrals of x^m/den against the Gaussian weight, m = 0..top."""
    if kernel.lin != 0 or kernel.freq != 0 or kernel.erfs or kernel.modulus != 0:
        raise NoClosedForm("a rational function times exp, a wave, erf or |x|^s")
    kappa = 1 - 2 * kernel.quad
    if sign_of(kappa) <= 0:
        raise NotSquareIntegrable(f"exp({kernel.quad}*x**2) grows too fast")
    if upper is not oo and lower is not -oo:
        raise NoClosedForm("a rational function on a finite interval")
    den, sign = kernel.den, 1
    if lower is -oo and upper is not oo:  # reflect a left half-line to the right one
        den, lower, sign = den.subs(x, -x), -upper, -1
    if lower not in (ZERO, -oo):
        raise NoClosedForm(f"a rational function on ({lower}, oo)")
    line = _Line(kappa, lower is -oo)
    return [sign**m * _integral(m, den, line, x) for m in range(top + 1)]


class _Line:
    """The half-line (0, oo), or the whole one, with its weight; integrals are kept."""

    def __init__(self, kappa: Expr, whole: bool) -> None:
        self.kappa, self.whole = kappa, whole
        self.known: dict[tuple[str, Expr, int], Expr] = {}

    def power(self, m: int) -> Expr:
        """The integral of x^m."""
        if self.whole and m % 2:
            return ZERO
        s = sp.Rational(m + 1, 2)
        half = (2 / self.kappa) ** s * sp.gamma(s) / (2 * ROOT_2PI)
        return 2 * half if self.whole else half

    def simple(self, c: Expr, n: int) -> Expr:
        """The integral of (x + c)^-n, c > 0, on the half-line."""
        key = ("simple", c, n)
        if key not in self.known:
            self.known[key] = self._simple(c, n)
        return self.known[key]

    def _simple(self, c: Expr, n: int) -> Expr:
        if n <= 0:
            return sp.Add(
                *(sp.binomial(-n, i) * c ** (-n - i) * self.power(i) for i in range(1 - n))
            )
        if n == 1:
            u = self.kappa * c**2 / 2
            dawson = sp.pi * sp.erfi(c * sp.sqrt(self.kappa / 2))
            return sp.exp(-u) * (dawson - sp.Ei(u)) / (2 * ROOT_2PI)
        lower = c * self.simple(c, n - 1) - self.simple(c, n - 2)
        return (c ** (1 - n) / ROOT_2PI + self.kappa * lower) / (n - 1)

    def even(self, d: Expr, n: int) -> Expr:
        """The integral of (x^2 + d)^-n, d > 0."""
        key = ("even", d, n)
        if key not in self.known:
            self.known[key] = self._even(d, n)
        return self.known[key]

    def _even(self, d: Expr, n: int) -> Expr:
        if n <= 0:
            return sp.Add(
                *(sp.binomial(-n, i) * d ** (-n - i) * self.power(2 * i) for i in range(1 - n))
            )
        if n == 1:
            u = self.kappa * d / 2
            full = sp.pi / sp.sqrt(d) * sp.exp(u) * sp.erfc(sp.sqrt(u)) / ROOT_2PI
            return full if self.whole else full / 2
        j = n - 1
        lower = (2 * j - 1 - self.kappa * d) * self.even(d, j) + self.kappa * self.even(d, j - 1)
        return lower / (2 * j * d)

    def odd(self, d: Expr, n: int) -> Expr:
        """The integral of x (x^2 + d)^-n, d > 0."""
        if self.whole:
            return ZERO
        if n <= 0:
            return sp.Add(
                *(sp.binomial(-n, i) * d ** (-n - i) * self.power(2 * i + 1) for i in range(1 - n))
            )
        if n == 1:
            u = self.kappa * d / 2
            return -sp.exp(u) * sp.Ei(-u) / (2 * ROOT_2PI)
        return (d ** (1 - n) / ROOT_2PI - self.kappa * self.odd(d, n - 1)) / (2 * (n - 1))


def _integral(m: int, den: Expr, line: _Line, x: Symbol) -> Expr:
    """Integrate x^m/den: one root directly, several by partial fractions."""
    base, n = den.as_base_exp()
    p = sp.Poly(base, x)
    if p.degree() <= 2:
        return _over_power(sp.Poly(x**m, x), p, int(n), line)
    total = ZERO
    for part in sp.Add.make_args(sp.apart(x**m / den, x)):
        top, bottom = sp.fraction(sp.together(part))
        lead, factors = sp.factor_list(bottom, x)
        if len(factors) > 1:
            raise NoClosedForm(f"the denominator {bottom} does not split into quadratics")
        root, n = factors[0] if factors else (Integer(1), 1)
        total += _over_power(sp.Poly(top / lead, x), sp.Poly(root, x), int(n), line)
    return total


def _over_power(top: sp.Poly, p: sp.Poly, n: int, line: _Line) -> Expr:
    """Integrate top/p^n for a p of degree 0, 1 or 2."""
    if p.degree() == 0:
        return sp.Add(*(c * line.power(i) for (i,), c in top.terms())) / p.LC() ** n
    lead = p.LC() ** n
    p = sp.Poly(sp.expand(p.as_expr() / p.LC()), p.gen)
    if p.degree() == 1:
        return _real_pole(top, p.coeff_monomial(1), n, line) / lead
    if p.degree() == 2:
        return _complex_poles(top, p, n, line) / lead
    raise NoClosedForm(f"the denominator {p.as_expr()} does not split into quadratics")


def _real_pole(top: sp.Poly, c: Expr, n: int, line: _Line) -> Expr:
    if line.whole or sign_of(c, because="a pole must be off its interval") <= 0:
        raise NotSquareIntegrable(f"1/({top.gen} + {c})^{n} has a pole on its interval")
    shifted = top.compose(sp.Poly(top.gen - c, top.gen))  # top = sum a_i (x + c)^i
    return sp.Add(*(a * line.simple(c, n - i) for (i,), a in shifted.terms()))


def _complex_poles(top: sp.Poly, p: sp.Poly, n: int, line: _Line) -> Expr:
    b, d = p.coeff_monomial(p.gen), p.coeff_monomial(1)
    delta = d - b**2 / 4
    if sign_of(delta) <= 0:
        raise NotSquareIntegrable(f"1/({p.as_expr()})^{n} may have a pole on its interval")
    if b == 0:
        return sp.Add(*(a * _centred(i, d, n, line) for (i,), a in top.terms()))
    if not line.whole:
        raise NoClosedForm(f"1/({p.as_expr()}) on a half-line")
    return _shifted_poles(top, p, n, line)


def _centred(m: int, d: Expr, n: int, line: _Line) -> Expr:
    """The integral of x^m/(x^2 + d)^n by x^2 = (x^2 + d) - d."""
    half, parity = divmod(m, 2)
    base = line.odd if parity else line.even
    return sp.Add(
        *(sp.binomial(half, i) * (-d) ** (half - i) * base(d, n - i) for i in range(half + 1))
    )


def _shifted_poles(top: sp.Poly, p: sp.Poly, n: int, line: _Line) -> Expr:
    """Peel off multiples of p, down to (e x + f)/p^j: derivatives of j = 1 in the constant."""
    total, rest, j = ZERO, top, n
    while j > 0 and not rest.is_zero:
        rest, low = sp.div(rest, p)
        total += _linear_over(low, p, j, line)
        j -= 1
    return total + sp.Add(*(c * line.power(i) for (i,), c in rest.terms()))


def _linear_over(low: sp.Poly, p: sp.Poly, n: int, line: _Line) -> Expr:
    b, d = p.coeff_monomial(p.gen), p.coeff_monomial(1)
    e, f = low.coeff_monomial(p.gen), low.coeff_monomial(1)
    y = Dummy("d", positive=True)
    derived = sp.diff(_faddeeva(e, f, b, y, line.kappa), y, n - 1)
    return (-1) ** (n - 1) * derived.subs(y, d - b**2 / 4) / sp.factorial(n - 1) / ROOT_2PI


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
