"""Hermite coefficients of exact functions, for integer and for symbolic k.

With He_k the unnormalized polynomials and h_k[f] = E[f He_k], so that c_k = h_k/sqrt(k!):

- h_k[f] = E[f' He_{k-1}] + sum of jumps [f]_t He_{k-1}(t) phi(t)  (Rodrigues and parts), which
  ends for piecewise polynomials and turns polynomial times erf into polynomial times a bell;
- h_k[x^m e^{p x^2 + Q x}] = d^m/dQ^m of kappa^{-1/2} e^{Q^2/(2 kappa)} G_k(Q/kappa, 2p/kappa),
  with kappa = 1 - 2p and G_k(a, b) the k-th derivative of exp(a t + b t^2/2) at t = 0;
- h_k[x^s 1(x > 0)] = 2^{(k-s)/2 - 1} Gamma(s+1)/Gamma((s-k)/2 + 1), for any s > -1.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import sympy as sp
from sympy import Expr, Integer, Symbol, oo

from hermiso import algebra
from hermiso.errors import NoClosedForm
from hermiso.hermite import (
    ProbabilistHermite,
    coefficients,
    probabilist,
    probabilist_at_zero,
)
from hermiso.signs import sign_of
from hermiso.symbolic.exact import ExactFunction, exact
from hermiso.symbolic.jumps import edges
from hermiso.symbolic.moments import Moments, by_kernel
from hermiso.symbolic.present import tidy
from hermiso.symbolic.terms import ONE, ZERO, Term, Terms, derivative, polynomial

__all__ = ["Pair", "Rule", "hermite_mean", "polynomial_coefficient", "symbolic_hermite_mean"]

Pair = tuple[Expr, Expr]
ROOT_2PI = sp.sqrt(2 * sp.pi)
DIRECT = 8  # up to here the moments of f He_k are as short as any formula


def hermite_mean(f: ExactFunction, k: int) -> Expr:
    """Return h_k = E[f(z) He_k(z)] for an integer k >= 0."""
    if k <= DIRECT:
        return _direct(f, k)
    try:
        return sp.Add(*(_edge_mean(t, g, Integer(k), f.x) for t, g in edges(f)))
    except NoClosedForm:
        return _direct(f, k)


def _direct(f: ExactFunction, k: int) -> Expr:
    return f.expectation(polynomial(coefficients(k)))


def polynomial_coefficient(p: Expr, x: Symbol, k: int) -> Expr:
    """Return c_k of a polynomial."""
    return tidy(hermite_mean(exact(p, x), k) / sp.sqrt(sp.factorial(k))) if p else ZERO


def symbolic_hermite_mean(f: ExactFunction, k: Expr) -> tuple[Expr, int]:
    """Return (h_k, low) for a symbolic k: a formula valid for every k >= low."""
    parts = edges(f)
    low = max((_low_order(g) for _, g in parts), default=0)
    return sp.Add(*(_edge_mean(t, g, k, f.x) for t, g in parts)), low


def _low_order(g: Terms) -> int:
    """From which k on the formulas hold: above the degree, erf terms count their derivatives."""
    return max((term.power * (2 if term.erfs else 1) + 1 + len(term.erfs) for term in g), default=0)


def _edge_mean(t: Expr | None, g: Terms, k: Expr, x: Any) -> Expr:
    total = ZERO
    for kernel, powers in by_kernel(g).items():
        rule = _smooth_rule(kernel) if t is None else _half_line_rule(kernel, t, x)
        total += rule(kernel, powers, k)
    return total


Rule = Callable[[Term, dict[int, Expr], Expr], Expr]


def _smooth_rule(kernel: Term) -> Rule:
    if kernel.den != 1 or kernel.modulus != 0:
        raise NoClosedForm("no formula for every k: |x|^s or a rational function on the line")
    if not kernel.erfs:
        return _bell
    if len(kernel.erfs) == 1 and kernel.quad == kernel.lin == kernel.freq == 0:
        return _erf
    raise NoClosedForm("no formula for every k: erf times a wave, an exponential or erf")


def _half_line_rule(kernel: Term, t: Expr, x: Any) -> Rule:
    if kernel.den != 1 or kernel.erfs or kernel.quad != 0 or kernel.freq != 0:
        raise NoClosedForm("no formula for every k of this term on a half-line")
    if kernel.lin == 0 and t == 0:
        return _power_at_zero
    if kernel.modulus != 0:
        raise NoClosedForm("no formula for every k of |x|^s cut away from 0")
    if kernel.lin == 0:
        return lambda kernel, powers, k: _cut_polynomial(powers, k, t, x)
    return lambda kernel, powers, k: _cut_exponential(kernel, powers, k, t, x)


def _power_at_zero(kernel: Term, powers: dict[int, Expr], k: Expr) -> Expr:
    """x^s on (0, oo), any s."""
    total = ZERO
    for m, c in powers.items():
        s = kernel.modulus + m
        total += c * 2 ** ((k - s) / 2 - 1) * sp.gamma(s + 1) / sp.gamma((s - k) / 2 + 1)
    return total


def _cut_polynomial(powers: dict[int, Expr], k: Expr, t: Expr, x: Any) -> Expr:
    """A polynomial on (t, oo): sum_j p^(j)(t) He_{k-1-j}(t) phi(t) for k above the degree."""
    p = sp.Add(*(c * x**m for m, c in powers.items()))
    if k.is_Integer and k <= max(powers):
        return Moments(t, oo, x).expectation(_times_hermite(powers, int(k)))
    jets = [sp.diff(p, x, j).subs(x, t) for j in range(max(powers) + 1)]
    total = sp.Add(*(d * _hermite_at(k - 1 - j, t) for j, d in enumerate(jets)))
    return total * _density(t)


def _times_hermite(powers: dict[int, Expr], k: int) -> Terms:
    x = sp.Dummy("x")
    product = sp.Add(*(c * x**m for m, c in powers.items())) * probabilist(k, x)
    return polynomial(sp.Poly(product, x).all_coeffs()[::-1])


def _hermite_at(n: Expr, t: Expr) -> Expr:
    if n.is_Integer:
        return ProbabilistHermite(n, t) if n >= 0 else ZERO
    return ProbabilistHermite(n, t) if t != 0 else probabilist_at_zero(n)


def _density(t: Expr) -> Expr:
    return sp.exp(-(t**2) / 2) / ROOT_2PI


def _cut_exponential(kernel: Term, powers: dict[int, Expr], k: Expr, t: Expr, x: Any) -> Expr:
    """p(x) e^{q x} on (t, oo): the finite sum of its derivatives at t, and E[f^(k)]."""
    q, p = kernel.lin, sp.Add(*(c * x**m for m, c in powers.items()))
    jets = [sp.diff(p, x, i) for i in range(max(powers) + 1)]
    moments = Moments(t, oo, x).powers(kernel, max(powers))

    def jet(j: Expr) -> Expr:  # the j-th derivative of p e^{q x}, without e^{q x}
        return sp.Add(
            *(_falling(j, i) / sp.factorial(i) * q ** (j - i) * d for i, d in enumerate(jets))
        )

    def mean(e: Expr) -> Expr:
        return sp.Add(*(c * moments[m] for (m,), c in sp.Poly(e, x).terms()))

    size = sp.exp(q * t) * _density(t)
    if k.is_Integer:
        inner = sp.Add(
            *(jet(Integer(j)).subs(x, t) * _hermite_at(k - 1 - j, t) for j in range(int(k)))
        )
        return size * inner + mean(jet(k))
    j = sp.Dummy("j", integer=True, nonnegative=True)
    summand = jet(j).subs(x, t) * _hermite_at(k - 1 - j, t)
    return size * sp.Sum(summand, (j, 0, k - 1)) + mean(jet(k))


def _falling(k: Expr, j: int) -> Expr:
    return sp.Mul(*(k - i for i in range(j)))


def _erf(kernel: Term, powers: dict[int, Expr], k: Expr) -> Expr:
    """Polynomial times one erf: differentiate until only bells are left."""
    g: Terms = {replace(kernel, power=m): c for m, c in powers.items()}
    steps = max(powers) + 1
    for _ in range(steps):
        g = derivative(g)
    return sp.Add(*(_bell(bell, p, k - steps) for bell, p in by_kernel(g).items()))


def _bell(kernel: Term, powers: dict[int, Expr], k: Expr) -> Expr:
    """x^m exp(p x^2 + q x) cos(w x + theta) on the line."""
    kappa = 1 - 2 * kernel.quad
    q, w = kernel.lin, kernel.freq
    size = sp.exp(algebra.expand((q**2 - w**2) / (2 * kappa))) / sp.sqrt(kappa)
    psi = kernel.phase + q * w / kappa
    top = max(powers)
    if k.is_Integer and w == 0 and q.free_symbols:
        return size * sp.cos(psi) * _two_terms(_power_rows(top, q, w, kappa), powers, k, kernel)
    G = [_growth(k - j, q / kappa, w / kappa, 2 * kernel.quad / kappa) for j in range(top + 1)]
    re, im = ZERO, ZERO
    for m, row in enumerate(_power_rows(top, q, w, kappa)):
        if m not in powers:
            continue
        for j, (a, b) in enumerate(row):
            c = powers[m] * _falling(k, j)
            g_re, g_im = G[j] if c != 0 else (ZERO, ZERO)
            re, im = re + c * (a * g_re - b * g_im), im + c * (a * g_im + b * g_re)
    return size * (sp.cos(psi) * re - sp.sin(psi) * im)


def _two_terms(rows: list[list[Pair]], powers: dict[int, Expr], k: Expr, kernel: Term) -> Expr:
    """sum_j C_j G_{k-j}, in two of the G by G_{n+2} = a G_{n+1} + (n+1) b G_n."""
    kappa = 1 - 2 * kernel.quad
    a, b = kernel.lin / kappa, 2 * kernel.quad / kappa
    factors = [ZERO] * len(rows)
    for m, c in powers.items():
        for j, (d, _) in enumerate(rows[m]):
            factors[j] += c * _falling(k, j) * d
    while len(factors) > 2 and b != 0:
        last, n = factors.pop(), k - len(factors)
        if n >= 0:
            factors[-2] += last / ((n + 1) * b)
            factors[-1] -= last * a / ((n + 1) * b)
    return sp.Add(
        *(
            algebra.factor(algebra.together(c)) * _growth(k - j, a, ZERO, b)[0]
            for j, c in enumerate(factors)
        )
    )


def _power_rows(top: int, q: Expr, w: Expr, kappa: Expr) -> list[list[Pair]]:
    """d_{m,j} with h_k[x^m e^{Qx}] = size sum_j d_{m,j} k(k-1)...(k-j+1) G_{k-j}, Q = q + i w."""
    rows: list[list[Pair]] = [[(ONE, ZERO)]]
    for m in range(top):
        row: list[Pair] = [(ZERO, ZERO)] * (m + 2)
        for j, (a, b) in enumerate(rows[m]):
            row[j] = (row[j][0] + q * a - w * b, row[j][1] + q * b + w * a)
            row[j + 1] = (row[j + 1][0] + a, row[j + 1][1] + b)
        if m:
            for j, (a, b) in enumerate(rows[m - 1]):
                row[j] = (row[j][0] + m * a, row[j][1] + m * b)
        rows.append([(a / kappa, b / kappa) for a, b in row])
    return rows


def _growth(n: Expr, a: Expr, v: Expr, b: Expr) -> Pair:
    """G_n(a + i v, b): the n-th derivative of exp((a + i v) t + b t^2/2) at t = 0."""
    if n.is_Integer and (n < 0 or not _is_hermite(a, v, b)):
        return _growth_by_recurrence(int(n), a, v, b)
    if b == 0:
        return _power_of(n, a, v)
    if v == 0 and a == 0:
        even = sp.cos(n * sp.pi / 2) * probabilist_at_zero(n)  # (n-1)!! for even n
        if b.is_nonpositive:
            return (-b) ** (n / 2) * probabilist_at_zero(n), ZERO
        return (
            b ** (n / 2) * even if sign_of(b) > 0 else (-b) ** (n / 2) * probabilist_at_zero(n)
        ), ZERO
    if v == 0 and (b.is_nonpositive or sign_of(b) < 0):
        root = sp.powdenest(sp.sqrt(-b), force=True)  # r^n He_n(a/r) is even in r
        return root**n * ProbabilistHermite(n, a / root), ZERO
    if a == 0 and sign_of(b) > 0:
        size, turn = b ** (n / 2) * ProbabilistHermite(n, v / sp.sqrt(b)), n * sp.pi / 2
        return size * sp.cos(turn), size * sp.sin(turn)
    raise NoClosedForm("no real formula for every k of this Gaussian wave")


def _is_hermite(a: Expr, v: Expr, b: Expr) -> bool:
    """Whether G_n is an He_n at an expression with symbols, longer when it is written out."""
    return bool(v == 0 and b.is_nonpositive and a.free_symbols)


def _power_of(n: Expr, a: Expr, v: Expr) -> Pair:
    """(a + i v)^n; 0 for a = v = 0, which holds for n > 0."""
    if v == 0:
        return (a**n if a != 0 else ZERO), ZERO
    if a == 0:
        return v**n * sp.cos(n * sp.pi / 2), v**n * sp.sin(n * sp.pi / 2)
    size, turn = (a**2 + v**2) ** (n / 2), n * sp.atan2(v, a)
    return size * sp.cos(turn), size * sp.sin(turn)


def _growth_by_recurrence(n: int, a: Expr, v: Expr, b: Expr) -> Pair:
    """G_{j+1} = (a + i v) G_j + j b G_{j-1}."""
    if n < 0:
        return ZERO, ZERO
    last, now = (ZERO, ZERO), (ONE, ZERO)
    for j in range(n):
        re, im = now
        step = (a * re - v * im + j * b * last[0], a * im + v * re + j * b * last[1])
        last, now = now, (algebra.expand(step[0]), algebra.expand(step[1]))
    return now
