"""Dual activations E[sigma(x) sigma(y)] of exact functions, in closed form in rho.

Write sigma as smooth terms and jumps (see `jumps`): the dual is then bilinear in terms

    x^m exp(p x^2 + q x) e(x),    e an *edge*: 1, the step 1(x > t), or erf(a x + b).

Under the weight of two such terms (x, y) is Gaussian with mean mu = S q and covariance
S = (Sigma^{-1} - 2 diag(p))^{-1}, and Stein's identity
E[x f] = mu_x E f + S_xx E d_x f + S_xy E d_y f lowers m and n down to edges alone, whose mean
is Phi or `binormal`. Where an edge is differentiated, a step leaves the density at t times a
conditional half-line moment, an erf leaves a bell.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import sympy as sp
from sympy import Dummy, Expr, oo

from hermiso import algebra
from hermiso.budget import spend_terms
from hermiso.errors import NoClosedForm
from hermiso.symbolic.exact import ExactFunction
from hermiso.symbolic.jumps import edges
from hermiso.symbolic.moments import Moments
from hermiso.symbolic.present import expanded
from hermiso.symbolic.special import Phi, binormal, erf_im, erf_re
from hermiso.symbolic.terms import ONE, ZERO, Term, Terms

__all__ = ["Pair", "dual"]

ROOT_2 = sp.sqrt(2)


def dual(f: ExactFunction, rho: Expr) -> Expr:
    """Return E[f(x) f(y)] for standard Gaussians with correlation rho.

    Raises:
        NoClosedForm: for rational functions, and |x|^s other than on half-lines from 0.
    """
    if any(term.modulus != 0 for s in f.segments for term in s.terms):
        return _dual_of_powers(f, rho)
    engine = _Engine(rho)
    factors = [(_Factor.of(t, term), c) for t, g in edges(f) for term, c in g.items()]
    total = ZERO
    for i, (u, a) in enumerate(factors):
        total += a**2 * engine.mean(u, u)
        for v, b in factors[i + 1 :]:
            total += 2 * a * b * engine.mean(u, v)
    return engine.finished(total)


@dataclass(frozen=True)
class _Factor:
    """A term with its edge: step=t stands for 1(x > t), bump=(a, b) for erf(a x + b)."""

    power: int
    quad: Expr
    lin: Expr
    freq: Expr
    phase: Expr
    step: Expr | None = None
    bump: tuple[Expr, Expr] | None = None

    @staticmethod
    def of(t: Expr | None, term: Term) -> _Factor:
        if term.den != 1 or len(term.erfs) > 1 or (t is not None and term.erfs):
            raise NoClosedForm("no closed dual for rational functions or erf on a half-line")
        bump = term.erfs[0] if term.erfs else None
        return _Factor(term.power, term.quad, term.lin, term.freq, term.phase, t, bump)

    @property
    def plain(self) -> bool:
        return self.step is None and self.bump is None


Pair = tuple[Expr, Expr]


class _Engine:
    """Means of products of two factors, at one symbolic rho; S stands for sqrt(1 - rho^2)."""

    def __init__(self, rho: Expr) -> None:
        self.rho = rho
        self.root = Dummy("S", positive=True)
        self.inverses: dict[Expr, Expr] = {}  # symbols for 1/Delta, put back at the end
        self.known: dict[tuple[_Factor, _Factor], Expr] = {}

    def finished(self, e: Expr) -> Expr:
        """Put 1/Delta and sqrt(1 - rho^2) back, with S^(2j+r) = (1 - rho^2)^j S^r."""
        joined = e.replace(
            lambda p: p.is_Pow and p.base.is_Add and p.base.has(self.root),
            lambda p: _over_one(p.base, p.exp),
        )
        flat = expanded(joined.replace(sp.erf, lambda u: sp.erf(self._slope(u))))
        reduced = flat.replace(
            lambda p: p.is_Pow and p.base == self.root and p.exp.is_Integer and p.exp >= 2,
            lambda p: (1 - self.rho**2) ** (p.exp // 2) * self.root ** (p.exp % 2),
        )
        found = expanded(reduced).xreplace({self.root: sp.sqrt(1 - self.rho**2)})
        inverses = {d: 1 / delta for d, delta in self.inverses.items()}
        return found.xreplace(inverses) if inverses else found

    def _slope(self, u: Expr) -> Expr:
        """(1 - rho)/S is sqrt((1 - rho)/(1 + rho)), finite at rho = 1; likewise with -rho."""
        if not u.has(self.root):
            return u
        up, down = sp.sqrt(1 + self.rho), sp.sqrt(1 - self.rho)
        factored = algebra.factor(u)
        for root, other, s in ((down, up, -1), (up, down, 1)):
            ratio = algebra.cancel(factored * self.root / (1 + s * self.rho))
            if not ratio.has(self.root) and not ratio.has(self.rho):
                return ratio * root / other
        return u

    def mean(self, u: _Factor, v: _Factor) -> Expr:
        """E[u(x) v(y)]; waves are sums of two complex exponentials."""
        if u.freq == 0 and v.freq == 0:
            return self._real_mean(u, v)
        both = [self._wave_mean(u, v, sign) for sign in (1, -1)]
        return (both[0] + both[1]) / 2

    def _gaussian(self, u: _Factor, v: _Factor) -> tuple[Expr, Expr, Expr, Expr]:
        """(Delta, S_xx, S_xy, S_yy) of the weight exp(p x^2 + p' y^2)."""
        p, r, rho = u.quad, v.quad, self.rho
        if p == 0 and r == 0:
            return ONE, ONE, rho, ONE
        delta = algebra.expand((1 - 2 * p) * (1 - 2 * r) - 4 * p * r * rho**2)
        d = self._inverse(delta)
        square = 1 - rho**2
        return delta, (1 - 2 * r * square) * d, rho * d, (1 - 2 * p * square) * d

    def _inverse(self, delta: Expr) -> Expr:
        if self.rho not in delta.free_symbols:
            return 1 / delta
        for d, known in self.inverses.items():
            if known == delta:
                return d
        d = Dummy("d", positive=True)
        self.inverses[d] = delta
        return d

    def _wave_mean(self, u: _Factor, v: _Factor, sign: int) -> Expr:
        """The mean is analytic in the exponents q: continue it to q + i w."""
        q = (Dummy("q", real=True), Dummy("q", real=True))
        still = [replace(f, lin=s, freq=ZERO, phase=ZERO) for f, s in zip((u, v), q, strict=True)]
        values = {q[0]: u.lin + sp.I * u.freq, q[1]: v.lin + sp.I * sign * v.freq}
        re, im = ZERO, ZERO
        for term in sp.Add.make_args(expanded(self._real_mean(*still))):
            a, b = _continued(term, values)
            re, im = re + a, im + b
        angle = u.phase + sign * v.phase
        return sp.cos(angle) * re - sp.sin(angle) * im

    def _real_mean(self, u: _Factor, v: _Factor) -> Expr:
        key = (u, v)
        if key not in self.known:
            spend_terms()
            self.known[key] = self._computed(u, v)
        return self.known[key]

    def _computed(self, u: _Factor, v: _Factor) -> Expr:
        if u.power == 0 and v.power == 0:
            return self._base(u, v)
        if u.power < v.power or u.power == 0:
            u, v = v, u
        _, xx, xy, _ = self._gaussian(u, v)
        lower = replace(u, power=u.power - 1)
        total = (xx * u.lin + xy * v.lin) * self._real_mean(lower, v)
        if u.power > 1:
            total += xx * (u.power - 1) * self._real_mean(replace(u, power=u.power - 2), v)
        if v.power:
            total += xy * v.power * self._real_mean(lower, replace(v, power=v.power - 1))
        total += xx * self._edge_derivative(lower, v) + xy * self._edge_derivative(v, lower)
        return algebra.expand(total, power_exp=False)

    def _edge_derivative(self, u: _Factor, v: _Factor) -> Expr:
        """E[u(x) v(y)] with the edge of u differentiated."""
        if u.bump is not None:
            a, b = u.bump
            bell = replace(u, bump=None, quad=u.quad - a**2, lin=u.lin - 2 * a * b)
            return 2 * a / sp.sqrt(sp.pi) * sp.exp(-(b**2)) * self._real_mean(bell, v)
        if u.step is None:
            return ZERO
        t = u.step
        if t == 0 and u.power:
            return ZERO
        height = t**u.power * sp.exp(algebra.expand((u.quad - sp.S.Half) * t**2 + u.lin * t))
        return height / sp.sqrt(2 * sp.pi) * self._given(t, v)

    def _given(self, t: Expr, v: _Factor) -> Expr:
        """E[v(y) | x = t]: y is Gaussian with mean rho t and variance 1 - rho^2."""
        variance, mean = self.root**2, self.rho * t
        kernel = Term(
            quad=v.quad + sp.S.Half - 1 / (2 * variance),
            lin=v.lin + mean / variance,
            erfs=(v.bump,) if v.bump else (),
        )
        lower = -oo if v.step is None else v.step
        value = Moments(lower, oo, Dummy("y")).powers(kernel, v.power)[v.power]
        return value * sp.exp(-(mean**2) / (2 * variance)) / self.root

    def _base(self, u: _Factor, v: _Factor) -> Expr:
        delta, xx, xy, yy = self._gaussian(u, v)
        mu = (xx * u.lin + xy * v.lin, xy * u.lin + yy * v.lin)
        form = u.lin * mu[0] + v.lin * mu[1]
        size = sp.exp(algebra.expand(form / 2)) / sp.sqrt(delta)
        return size * self._edges_mean(u, v, mu, (xx, xy, yy))

    def _edges_mean(self, u: _Factor, v: _Factor, mu: Any, S: Any) -> Expr:
        """The mean of two edges: each is a E[1(latent Gaussian > 0)] + b."""
        h, ku = _latent(u, mu[0], S[0])
        k, kv = _latent(v, mu[1], S[2])
        if u.plain or v.plain:
            return (ONE if u.plain else _affine(u, Phi(h))) * (
                ONE if v.plain else _affine(v, Phi(k))
            )
        r = ku * kv * S[1]
        both = binormal(h, k, r)
        if u.bump is None and v.bump is None:
            return both
        if u.bump is not None and v.bump is not None:
            return 4 * both - 2 * Phi(h) - 2 * Phi(k) + 1
        return 2 * both - (Phi(h) if v.bump is not None else Phi(k))


def _affine(u: _Factor, probability: Expr) -> Expr:
    return probability if u.bump is None else 2 * probability - 1


def _latent(u: _Factor, mu: Expr, variance: Expr) -> tuple[Expr, Expr]:
    """(h, s): the edge is P(latent <= h), and latent covaries by s with x."""
    if u.step is not None:
        scale = 1 / sp.sqrt(variance)
        return (mu - u.step) * scale, scale
    a, b = u.bump if u.bump is not None else (ZERO, ZERO)
    scale = ROOT_2 / sp.sqrt(algebra.cancel(1 + 2 * a**2 * variance))
    return (a * mu + b) * scale, a * scale


def _over_one(base: Expr, power: Expr) -> Expr:
    """(c + 1/S^2)^n as (1 + c S^2)^n/S^(2n)."""
    top, bottom = sp.fraction(algebra.together(base))
    return top**power / bottom**power


def _continued(term: Expr, values: dict[Expr, Expr]) -> Pair:
    """Real and imaginary part of a product of powers, exp and erf at complex arguments."""
    re, im = ONE, ZERO
    for f in sp.Mul.make_args(term):
        a, b = _continued_factor(f, values)
        re, im = re * a - im * b, re * b + im * a
    return re, im


def _continued_factor(f: Expr, values: dict[Expr, Expr]) -> Pair:
    if not f.free_symbols & values.keys():
        return f, ZERO
    if f.func not in (sp.exp, sp.erf):
        if f.is_polynomial(*values):
            return _split_complex(f.xreplace(values))
        raise NoClosedForm("no closed dual for a wave that meets two edges")
    a, b = _split_complex(f.args[0].xreplace(values))
    if isinstance(f, sp.erf):
        return erf_re(a, b), erf_im(a, b)
    return sp.exp(a) * sp.cos(b), sp.exp(a) * sp.sin(b)


def _split_complex(e: Expr) -> Pair:
    """Real and imaginary part of a polynomial in i with real coefficients."""
    flat = algebra.expand(e, power_exp=False)
    im = flat.coeff(sp.I)
    return algebra.expand(flat - sp.I * im, power_exp=False), im


def _dual_of_powers(f: ExactFunction, rho: Expr) -> Expr:
    """Sums of |x|^s and sgn(x)|x|^s: hypergeometric functions of rho^2."""
    if [(s.lower, s.upper) for s in f.segments] not in ([(-oo, 0), (0, oo)], [(-oo, oo)]):
        raise NoClosedForm("no closed dual for |x|^s cut away from 0")
    right = _exponents(f.segments[-1].terms, 1)
    left = _exponents(f.segments[0].terms, -1)
    total = ZERO
    for parity, mean in ((1, _even_mean), (-1, _odd_mean)):
        halves = [
            (s, (right.get(s, ZERO) + parity * left.get(s, ZERO)) / 2) for s in {**left, **right}
        ]
        total += sp.Add(
            *(a * b * mean(s, r, rho) for s, a in halves for r, b in halves if a != 0 and b != 0)
        )
    return total


def _exponents(g: Terms, side: int) -> dict[Expr, Expr]:
    found: dict[Expr, Expr] = {}
    for term, c in g.items():
        if replace(term, power=0, modulus=ZERO) != Term():
            raise NoClosedForm("no closed dual for |x|^s times exp, a wave, erf or 1/polynomial")
        s = term.modulus + term.power
        found[s] = found.get(s, ZERO) + c * side**term.power
    return found


def _even_mean(s: Expr, r: Expr, rho: Expr) -> Expr:
    size = 2 ** ((s + r) / 2) / sp.pi * sp.gamma((s + 1) / 2) * sp.gamma((r + 1) / 2)
    return size * sp.hyper((-s / 2, -r / 2), (sp.S.Half,), rho**2)


def _odd_mean(s: Expr, r: Expr, rho: Expr) -> Expr:
    size = 2 ** ((s + r) / 2 + 1) / sp.pi * sp.gamma(s / 2 + 1) * sp.gamma(r / 2 + 1)
    return size * rho * sp.hyper(((1 - s) / 2, (1 - r) / 2), (sp.Rational(3, 2),), rho**2)
