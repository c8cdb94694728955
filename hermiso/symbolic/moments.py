"""Gaussian integrals of terms: the table that every closed form comes from.

For a kernel (a term without its power of x) on an interval, I_m is the integral of
x^m kernel(x) phi(x). With g(x) = exp(-kappa x^2/2 + q x), kappa = 1 - 2 quad, integration by
parts (Stein) gives, for a complex q = lin + i freq,

    kappa I_m = q I_{m-1} + (m-1) I_{m-2} - [x^{m-1} g(x) prod erf]_lower^upper
                + sum_j 2 a_j/sqrt(pi) I_{m-1}[erf_j replaced by exp(-(a_j x + b_j)^2)],

so only I_0 needs a table: erf for an interval, erf of a shifted argument or `binormal` for one
erf, `binormal` (arcsin when centred) for two. A complex value is a pair (real, imaginary).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import sympy as sp
from sympy import Expr, Symbol, oo

from hermiso import algebra
from hermiso.budget import spend_terms
from hermiso.errors import NoClosedForm
from hermiso.signs import sign_of
from hermiso.symbolic.rational import rational_moments
from hermiso.symbolic.special import Phi, binormal, erf_im, erf_re
from hermiso.symbolic.terms import ONE, ZERO, Term, Terms

__all__ = ["Moments", "Pair", "by_kernel"]

Pair = tuple[Expr, Expr]
ROOT_2PI = sp.sqrt(2 * sp.pi)


class Moments:
    """Integrals over one interval, each kernel's computed once."""

    def __init__(self, lower: Expr, upper: Expr, x: Symbol) -> None:
        self.lower, self.upper, self.x = lower, upper, x
        self.known: dict[Term, list[Pair]] = {}

    def expectation(self, f: Terms) -> Expr:
        """Return the integral of f phi over the interval."""
        parts = []
        for kernel, polynomial in by_kernel(f).items():
            values = self.powers(kernel, max(polynomial))
            parts += [c * values[m] for m, c in polynomial.items()]
        return sp.Add(*parts)

    def powers(self, kernel: Term, top: int) -> list[Expr]:
        """Return I_0, ..., I_top of a kernel."""
        if kernel.den != 1:
            return rational_moments(kernel, top, self.lower, self.upper, self.x)
        if kernel.modulus != 0:
            return self._modulus(kernel, top)
        return [pair[0] for pair in self._pairs(kernel, top)]

    def _pairs(self, kernel: Term, top: int) -> list[Pair]:
        known = self.known.setdefault(kernel, [])
        while len(known) <= top:
            m = len(known)
            spend_terms()
            known.append(self._base(kernel) if m == 0 else self._step(kernel, m, known))
        return known

    def _step(self, kernel: Term, m: int, known: list[Pair]) -> Pair:
        kappa = 1 - 2 * kernel.quad
        if kappa == 0:
            return self._flat_step(kernel, m, known)
        q, w = kernel.lin, kernel.freq
        re, im = known[m - 1]
        total = [q * re - w * im, q * im + w * re]
        if m > 1:
            total = [a + (m - 1) * b for a, b in zip(total, known[m - 2], strict=True)]
        for a, factor, rest in erf_derivatives(kernel):
            pair = self._pairs(rest, m - 1)[m - 1]
            total = [
                t + 2 * a * factor / sp.sqrt(sp.pi) * v for t, v in zip(total, pair, strict=True)
            ]
        edge = self._edge(kernel, m - 1)
        return _pair((t - b) / kappa for t, b in zip(total, edge, strict=True))

    def _flat_step(self, kernel: Term, m: int, known: list[Pair]) -> Pair:
        """For kappa = 0 on a finite interval: int x^m e^{q x}, by parts the other way."""
        q, w = kernel.lin, kernel.freq
        if q == 0 and w == 0:
            grown = replace(kernel, phase=ZERO)
            b = self._edge(grown, m + 1)[0]
            return (b / (m + 1), ZERO)
        b_re, b_im = self._edge(kernel, m)
        re, im = b_re - m * known[m - 1][0], b_im - m * known[m - 1][1]
        norm = q**2 + w**2
        return ((re * q + im * w) / norm, (im * q - re * w) / norm)

    def _edge(self, kernel: Term, m: int) -> Pair:
        """[x^m g(x) e^{i(freq x + phase)} prod erf] between the ends of the interval."""
        high, low = (_value_at(kernel, m, t) for t in (self.upper, self.lower))
        return high[0] - low[0], high[1] - low[1]

    def _base(self, kernel: Term) -> Pair:
        kappa = 1 - 2 * kernel.quad
        infinite = self.lower is -oo or self.upper is oo
        s = sign_of(kappa, because="E[sigma(z)^2] is finite only if it is positive")
        if infinite and s <= 0:  # exp(x^2/2 - |x|), or terms that cancel: the sum may have one
            raise NoClosedForm(f"a term exp({kernel.quad}*x**2) on an infinite interval")
        if s <= 0:
            return self._base_growing(kernel, -kappa)
        q, w = kernel.lin, kernel.freq
        size = sp.exp(algebra.expand((q**2 - w**2) / (2 * kappa))) / sp.sqrt(kappa)
        psi = kernel.phase + q * w / kappa
        re, im = _standard(kernel, self.lower, self.upper)
        if w == 0:
            return size * re, ZERO
        c, s_ = sp.cos(psi), sp.sin(psi)
        return size * (c * re - s_ * im), size * (s_ * re + c * im)

    def _base_growing(self, kernel: Term, growth: Expr) -> Pair:
        """I_0 on a finite interval for g = exp(growth x^2/2 + q x), growth >= 0."""
        if kernel.erfs or (kernel.freq != 0 and growth != 0):
            raise NoClosedForm("an incomplete growing Gaussian times erf or a wave")
        if growth == 0:
            return (
                self._flat_step(kernel, 0, [(ZERO, ZERO)])
                if kernel.lin or kernel.freq
                else (self._edge(replace(kernel, phase=ZERO), 1)[0], ZERO)
            )
        q = kernel.lin
        ends = [sp.erfi((growth * t + q) / sp.sqrt(2 * growth)) for t in (self.upper, self.lower)]
        return sp.exp(-(q**2) / (2 * growth)) / (2 * sp.sqrt(growth)) * (ends[0] - ends[1]), ZERO

    def _modulus(self, kernel: Term, top: int) -> list[Expr]:
        """|x|^s: incomplete gamma functions, on an interval that does not straddle 0."""
        if kernel.lin != 0 or kernel.freq != 0 or kernel.erfs:
            raise NoClosedForm(f"|x|^{kernel.modulus} times exp, a wave or erf")
        side = 1 if sign_of(self.lower) >= 0 else -1
        near, far = (self.lower, self.upper) if side > 0 else (-self.upper, -self.lower)
        kappa = 1 - 2 * kernel.quad
        if sign_of(kappa) <= 0:
            raise NoClosedForm("a growing Gaussian times |x|^s")
        return [
            side**m * _gamma_integral(kernel.modulus + m, kappa, near, far) for m in range(top + 1)
        ]


def by_kernel(f: Terms) -> dict[Term, dict[int, Expr]]:
    """Group a sum of terms as kernels times polynomials in x."""
    groups: dict[Term, dict[int, Expr]] = {}
    for term, c in f.items():
        groups.setdefault(replace(term, power=0), {})[term.power] = c
    return groups


def erf_derivatives(kernel: Term) -> Iterable[tuple[Expr, Expr, Term]]:
    """Each erf factor differentiated: (a_j, exp(-b_j^2), kernel with the Gaussian instead)."""
    for j, (a, b) in enumerate(kernel.erfs):
        rest = kernel.erfs[:j] + kernel.erfs[j + 1 :]
        gaussian = replace(kernel, erfs=rest, quad=kernel.quad - a**2, lin=kernel.lin - 2 * a * b)
        yield a, sp.exp(-(b**2)), gaussian


def _value_at(kernel: Term, m: int, t: Expr) -> Pair:
    if t in (oo, -oo) or (t == 0 and m > 0):
        return ZERO, ZERO
    size = (
        t**m * sp.exp(algebra.expand((kernel.quad - sp.S.Half) * t**2 + kernel.lin * t)) / ROOT_2PI
    )
    for a, b in kernel.erfs:
        size *= sp.erf(a * t + b)
    if kernel.freq == 0:
        return size, ZERO
    angle = kernel.freq * t + kernel.phase
    return size * sp.cos(angle), size * sp.sin(angle)


def _standard(kernel: Term, lower: Expr, upper: Expr) -> Pair:
    """I_0 without its size and phase: the integral against a (complex) shifted Gaussian."""
    kappa = 1 - 2 * kernel.quad
    root = sp.sqrt(kappa)
    mu, nu = kernel.lin / kappa, kernel.freq / kappa  # the mean is mu + i nu
    if not kernel.erfs:
        return _interval_mass(root * (lower - mu), root * (upper - mu), root * nu)
    scaled = [(a / root, a * mu + b, a * nu) for a, b in kernel.erfs]
    if lower is -oo and upper is oo:
        return _whole_line(scaled)
    if kernel.freq != 0:
        raise NoClosedForm("an incomplete integral of a wave times erf")
    h, k = root * (lower - mu), root * (upper - mu)
    return _erf_mass(h, scaled) - _erf_mass(k, scaled), ZERO


def _interval_mass(h: Expr, k: Expr, nu: Expr) -> Pair:
    """Mass of [h, k] under N(i nu, 1); real half-lines by erfc, which does not cancel."""
    if nu == 0 and k is oo and h is not -oo:
        return sp.erfc(h / sp.sqrt(2)) / 2, ZERO
    if nu == 0 and h is -oo and k is not oo:
        return sp.erfc(-k / sp.sqrt(2)) / 2, ZERO
    high, low = _complex_erf(k, nu), _complex_erf(h, nu)
    return (high[0] - low[0]) / 2, (high[1] - low[1]) / 2


def _complex_erf(t: Expr, nu: Expr) -> Pair:
    if t in (oo, -oo):
        return (ONE if t is oo else -ONE), ZERO
    u, v = t / sp.sqrt(2), -nu / sp.sqrt(2)
    return (sp.erf(u), ZERO) if nu == 0 else (erf_re(u, v), erf_im(u, v))


def _whole_line(scaled: list[tuple[Expr, Expr, Expr]]) -> Pair:
    if len(scaled) == 1:
        a, b, v = scaled[0]
        root = sp.sqrt(1 + 2 * a**2)
        u = b / root
        return (sp.erf(u), ZERO) if v == 0 else (erf_re(u, v / root), erf_im(u, v / root))
    if len(scaled) > 2 or any(v != 0 for *_, v in scaled):
        return _by_parity(scaled)
    (a, b, _), (c, d, _) = scaled
    A, C = 1 + 2 * a**2, 1 + 2 * c**2
    rho = 2 * a * c / (sp.sqrt(A) * sp.sqrt(C)) if a != c else 2 * a**2 / A
    if b == 0 and d == 0:
        return 2 * sp.asin(rho) / sp.pi, ZERO
    B, D = sp.sqrt(2) * b / sp.sqrt(A), sp.sqrt(2) * d / sp.sqrt(C)
    return 4 * binormal(B, D, rho) - 2 * Phi(B) - 2 * Phi(D) + 1, ZERO


def _by_parity(scaled: list[tuple[Expr, Expr, Expr]]) -> Pair:
    if len(scaled) % 2 and all(b == 0 and v == 0 for _, b, v in scaled):
        return ZERO, ZERO
    raise NoClosedForm(f"the mean of a product of {len(scaled)} error functions")


def _erf_mass(h: Expr, scaled: list[tuple[Expr, Expr, Expr]]) -> Expr:
    """E[prod erf(a y + b) 1(y > h)] for a standard Gaussian y."""
    if h in (oo, -oo):
        return ZERO if h is oo else _whole_line(scaled)[0]
    if len(scaled) == 2 and h == 0 and all(b == 0 for _, b, _ in scaled):
        return _whole_line(scaled)[0] / 2
    if len(scaled) > 1:
        raise NoClosedForm("an incomplete integral of two error functions")
    a, b, _ = scaled[0]
    if h == 0 and b == 0:
        return sp.atan(sp.sqrt(2) * a) / sp.pi
    root = sp.sqrt(1 + 2 * a**2)
    return 2 * binormal(-h, sp.sqrt(2) * b / root, sp.sqrt(2) * a / root) - Phi(-h)


def _gamma_integral(s: Expr, kappa: Expr, near: Expr, far: Expr) -> Expr:
    """The integral of x^s exp(-kappa x^2/2)/sqrt(2 pi) over [near, far], near >= 0."""
    alpha = (s + 1) / 2
    if near == 0 and sign_of(s + 1, because="integrability at 0") <= 0:
        raise NoClosedForm(f"a term |x|^({s}) at 0")  # (1 - cos(x)) |x|^-2 has an integral
    scale = (2 / kappa) ** alpha / (2 * ROOT_2PI)
    upper = [_upper_gamma(alpha, kappa * t**2 / 2) for t in (near, far)]
    return scale * (upper[0] - upper[1])


def _upper_gamma(alpha: Expr, y: Expr) -> Expr:
    if y is oo:
        return ZERO
    return sp.gamma(alpha) if y == 0 else sp.uppergamma(alpha, y)


def _pair(values: Iterable[Any]) -> Pair:
    re, im = values
    return re, im
