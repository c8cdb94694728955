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

from hermiso import algebra
from hermiso.errors import NoClosedForm
from hermiso.signs import sign_of
from hermiso.symbolic.special import erf_im, erf_re
from hermiso.symbolic.terms import ZERO, Term

__all__ = ["rational_moments"]

ROOT_2PI = sp.sqrt(2 * sp.pi)


def rational_moments(kernel: Term, top: int, lower: Expr, upper: Expr, x: Symbol) -> list[Expr]:
    """Return the integrals of x^m/den against the Gaussian weight, m = 0..top."""
    if kernel.lin != 0 or kernel.freq != 0 or kernel.erfs or kernel.modulus != 0:
        raise NoClosedForm("a rational function times exp, a wave, erf or |x|^s")
    kappa = 1 - 2 * kernel.quad
    if sign_of(kappa) <= 0:
        raise NoClosedForm(f"a rational function times exp({kernel.quad}*x**2)")
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
        self.known: dict[tuple[Expr, int], Expr] = {}
        self.poles: dict[tuple[Expr, Expr, int], tuple[Expr, Expr]] = {}

    def power(self, m: int) -> Expr:
        """The integral of x^m."""
        if self.whole and m % 2:
            return ZERO
        s = sp.Rational(m + 1, 2)
        half = (2 / self.kappa) ** s * sp.gamma(s) / (2 * ROOT_2PI)
        return 2 * half if self.whole else half

    def simple(self, c: Expr, n: int) -> Expr:
        """The integral of (x + c)^-n, c > 0, on the half-line."""
        key = (c, n)
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

    def quadratic(self, r: Expr, d: Expr, n: int) -> tuple[Expr, Expr]:
        """The integrals of 1/p^n and y/p^n for y = x - r, p = y^2 + d, d > 0, n >= 0.

        From the derivatives of g/p^n and y g/p^n; a half-line has r = 0.
        """
        key = (r, d, n)
        if key not in self.poles:
            self.poles[key] = self._quadratic(r, d, n)
        return self.poles[key]

    def _quadratic(self, r: Expr, d: Expr, n: int) -> tuple[Expr, Expr]:
        if n == 0:
            return self.power(0), self.power(1) - r * self.power(0)
        if n == 1:
            return self._half_pole(d) if not self.whole else _faddeeva(r, d, self.kappa)
        kappa, j = self.kappa, n - 1
        (a, b), (a_below, _) = self.quadratic(r, d, j), self.quadratic(r, d, j - 1)
        even = ((2 * j - 1 - kappa * d) * a + kappa * a_below + kappa * r * b) / (2 * j * d)
        edge = ZERO if self.whole else d**-j / ROOT_2PI
        return even, (edge - kappa * (b + r * a)) / (2 * j)

    def _half_pole(self, d: Expr) -> tuple[Expr, Expr]:
        u = self.kappa * d / 2
        size = sp.exp(u) / (2 * ROOT_2PI)
        return sp.pi / sp.sqrt(d) * size * sp.erfc(sp.sqrt(u)), -size * sp.Ei(-u)


def _faddeeva(r: Expr, d: Expr, kappa: Expr) -> tuple[Expr, Expr]:
    """The whole line, n = 1: int g/(x - z) = i pi w(z sqrt(kappa/2)), w(z) = e^{-z^2} erfc(-iz)."""
    s = sp.sqrt(d)
    u, v = r * sp.sqrt(kappa / 2), s * sp.sqrt(kappa / 2)
    size, angle = sp.exp(v**2 - u**2) * sp.pi / ROOT_2PI, 2 * u * v
    er, ei = (1 - erf_re(v, u), erf_im(v, u)) if r != 0 else (sp.erfc(v), ZERO)
    w_re = size * (sp.cos(angle) * er + sp.sin(angle) * ei)
    w_im = size * (sp.cos(angle) * ei - sp.sin(angle) * er)
    return w_re / s, -w_im


def _integral(m: int, den: Expr, line: _Line, x: Symbol) -> Expr:
    """Integrate x^m/den: one root directly, several by partial fractions."""
    base, n = den.as_base_exp()
    if not den.is_Mul and sp.degree(base, x) <= 2:
        return _over_power(sp.Poly(x**m, x), sp.Poly(base, x), int(n), line)
    total = ZERO
    for part in sp.Add.make_args(sp.apart(algebra.require_small(x**m / den), x)):
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
    p = sp.Poly(algebra.expand(p.as_expr() / p.LC()), p.gen)
    if p.degree() == 1:
        return _real_pole(top, p.coeff_monomial(1), n, line) / lead
    if p.degree() == 2:
        return _complex_poles(top, p, n, line) / lead
    raise NoClosedForm(f"the denominator {p.as_expr()} does not split into quadratics")


def _real_pole(top: sp.Poly, c: Expr, n: int, line: _Line) -> Expr:
    if line.whole or sign_of(c, because="a pole must be off its interval") <= 0:
        raise NoClosedForm(f"1/({top.gen + c})^{n} has a pole on its interval")
    shifted = top.compose(sp.Poly(top.gen - c, top.gen))  # top = sum a_i (x + c)^i
    return sp.Add(*(a * line.simple(c, n - i) for (i,), a in shifted.terms()))


def _complex_poles(top: sp.Poly, p: sp.Poly, n: int, line: _Line) -> Expr:
    b, d = p.coeff_monomial(p.gen), p.coeff_monomial(1)
    delta = d - b**2 / 4
    if sign_of(delta) <= 0:
        raise NoClosedForm(f"1/({p.as_expr()})^{n} may have a pole on its interval")
    if b != 0 and not line.whole:
        raise NoClosedForm(f"1/({p.as_expr()}) on a half-line")
    r = -b / 2
    shifted = top.compose(sp.Poly(top.gen + r, top.gen))  # in powers of y = x - r
    return sp.Add(*(a * _over_quadratic(i, r, delta, n, line) for (i,), a in shifted.terms()))


def _over_quadratic(m: int, r: Expr, d: Expr, n: int, line: _Line) -> Expr:
    """The integral of y^m/p^n by y^2 = p - d."""
    half, parity = divmod(m, 2)
    total = ZERO
    for i in range(half + 1):
        c = sp.binomial(half, i) * (-d) ** (half - i)
        if n - i >= 0:
            total += c * line.quadratic(r, d, n - i)[parity]
        else:
            x = Dummy("x")
            rest = sp.Poly((x - r) ** parity * ((x - r) ** 2 + d) ** (i - n), x)
            total += c * sp.Add(*(a * line.power(j) for (j,), a in rest.terms()))
    return total
