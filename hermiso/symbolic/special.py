"""The three special functions that closed forms need and sympy lacks.

`erf_re(u, v)` and `erf_im(u, v)` are the real and imaginary part of erf(u + i v); real
functions, so that results stay real. `binormal(h, k, rho)` is P(X <= h, Y <= k) for standard
Gaussians with correlation rho; Owen's T is a part of it.

Results that hold them go through `sympy.lambdify`: with "mpmath" at the working precision, with
"numpy" or "scipy" on floats and arrays (`_imp_` is where sympy looks for the function).
"""

from __future__ import annotations

from typing import Any

import mpmath
import sympy as sp
from sympy import Expr, oo

__all__ = ["Phi", "binormal", "binormal_density", "erf_im", "erf_re"]


def Phi(u: Expr) -> Expr:
    """Return P(Z <= u) = (1 + erf(u/sqrt(2)))/2."""
    return (1 + sp.erf(u / sp.sqrt(2))) / 2


def _tail(u: Expr) -> Expr:
    """Return P(Z > u) without cancellation."""
    return sp.erfc(u / sp.sqrt(2)) / 2


class _RealFunction(sp.Function):
    """A real function of real arguments, enclosed in balls to any relative precision."""

    is_extended_real = True
    is_finite = True

    def _eval_evalf(self, prec: int) -> Expr | None:
        if not all(a.is_comparable for a in self.args):
            return None
        from hermiso.balls.closed import evaluated

        return evaluated(self, prec)

    @classmethod
    def numerical(cls, *arguments: Any) -> Any:
        """Return the value at real mpmath numbers, right to the working precision."""
        from hermiso.balls.closed import evaluated

        if not all(map(mpmath.isfinite, arguments)):
            return mpmath.nan
        bits = mpmath.mp.prec
        exact = (sp.Float._new(mpmath.re(a)._mpf_, bits) for a in arguments)
        return mpmath.mpmathify(evaluated(cls(*exact, evaluate=False), bits))

    @staticmethod
    def over_balls(*arguments: Any) -> Any:
        """Enclose the value on balls."""
        raise NotImplementedError

    def _mpmathcode(self, printer: Any) -> str:
        """Print a call on mpf, so that exact arguments keep the working precision too."""
        mpf = printer._module_format("mpmath.mpf")
        arguments = ", ".join(f"{mpf}({printer._print(a)})" for a in self.args)
        return f"{type(self).__name__}({arguments})"


def _are_mpmath(*arguments: Any) -> bool:
    return all(isinstance(a, mpmath.mpf) for a in arguments)


class erf_re(_RealFunction):
    """Re erf(u + i v)."""

    nargs = 2

    @classmethod
    def eval(cls, u: Expr, v: Expr) -> Expr | None:
        """Reduce on the axes; even in v, odd in u."""
        if v.is_zero:
            return sp.erf(u)
        if u.is_zero:
            return sp.Integer(0)
        if v.could_extract_minus_sign():
            return cls(u, -v)
        return -cls(-u, v) if u.could_extract_minus_sign() else None

    def fdiff(self, argindex: int = 1) -> Expr:
        """Differentiate: erf' = 2/sqrt(pi) exp(-(u + i v)^2)."""
        u, v = self.args
        wave = sp.cos if argindex == 1 else sp.sin
        return 2 / sp.sqrt(sp.pi) * sp.exp(v**2 - u**2) * wave(2 * u * v)

    @staticmethod
    def _imp_(u: Any, v: Any) -> Any:
        """Evaluate on mpf or, with an error of 1e-14 |erf(u + i v)|, on floats and arrays."""
        return erf_re.numerical(u, v) if _are_mpmath(u, v) else _erf(u, v).real

    @staticmethod
    def over_balls(u: Any, v: Any) -> Any:
        """Enclose the value on balls."""
        from flint import acb

        return acb(u, v).erf().real

    def _latex(self, printer: Any) -> str:
        u, v = self.args
        return (
            rf"\operatorname{{Re}} \operatorname{{erf}}\left({printer._print(u + sp.I * v)}\right)"
        )


class erf_im(_RealFunction):
    """Im erf(u + i v)."""

    nargs = 2

    @classmethod
    def eval(cls, u: Expr, v: Expr) -> Expr | None:
        """Reduce on the axes; odd in v, even in u."""
        if v.is_zero:
            return sp.Integer(0)
        if u.is_zero:
            return sp.erfi(v)
        if v.could_extract_minus_sign():
            return -cls(u, -v)
        return cls(-u, v) if u.could_extract_minus_sign() else None

    def fdiff(self, argindex: int = 1) -> Expr:
        """Differentiate: erf' = 2/sqrt(pi) exp(-(u + i v)^2)."""
        u, v = self.args
        wave = -sp.sin(2 * u * v) if argindex == 1 else sp.cos(2 * u * v)
        return 2 / sp.sqrt(sp.pi) * sp.exp(v**2 - u**2) * wave

    @staticmethod
    def _imp_(u: Any, v: Any) -> Any:
        """Evaluate on mpf or, with an error of 1e-14 |erf(u + i v)|, on floats and arrays."""
        return erf_im.numerical(u, v) if _are_mpmath(u, v) else _erf(u, v).imag

    @staticmethod
    def over_balls(u: Any, v: Any) -> Any:
        """Enclose the value on balls."""
        from flint import acb

        return -acb(u, v).erfc().imag if u > 1 else acb(u, v).erf().imag

    def _latex(self, printer: Any) -> str:
        u, v = self.args
        return (
            rf"\operatorname{{Im}} \operatorname{{erf}}\left({printer._print(u + sp.I * v)}\right)"
        )


def _erf(u: Any, v: Any) -> Any:
    """Complex erf(u + i v) of floats or arrays."""
    import numpy as np
    from scipy.special import erf

    return erf(np.asarray(u, dtype=float) + 1j * np.asarray(v, dtype=float))


class binormal(_RealFunction):
    """P(X <= h, Y <= k) for standard Gaussians X, Y with correlation rho."""

    nargs = 3

    @classmethod
    def eval(cls, h: Expr, k: Expr, rho: Expr) -> Expr | None:
        """Reduce where an elementary form exists."""
        if h is -oo or k is -oo:
            return sp.Integer(0)
        if h is oo or k is oo:
            return Phi(k if h is oo else h)
        if rho.is_zero:
            return Phi(h) * Phi(k)
        if h.is_zero and k.is_zero:
            return sp.Rational(1, 4) + sp.asin(rho) / (2 * sp.pi)
        if h == k and rho == 1:
            return Phi(h)
        if sp.default_sort_key(k) < sp.default_sort_key(h):
            return cls(k, h, rho)
        return None

    def fdiff(self, argindex: int = 1) -> Expr:
        """Differentiate; the derivative in rho is the density (Plackett)."""
        h, k, rho = self.args
        if argindex == 3:
            return binormal_density(h, k, rho)
        s, t = (h, k) if argindex == 1 else (k, h)
        density = sp.exp(-(s**2) / 2) / sp.sqrt(2 * sp.pi)
        return density * Phi((t - rho * s) / sp.sqrt(1 - rho**2))

    def from_limit(self) -> Expr:
        """Return the form by tails of numbers (h, k, rho) near which P is no tail."""
        from hermiso.balls.compile import constant

        (h, k, rho), value = self.args, constant(self)
        if h.is_positive and k.is_positive and value > 0.5:
            return 1 - _tail(h) - _tail(k) + binormal(-h, -k, rho)
        for s, t in ((h, k), (k, h)):
            if s.is_positive and value > constant(_tail(-t) / 2):
                return _tail(-t) - binormal(-s, t, -rho)
        return self

    @staticmethod
    def _imp_(h: Any, k: Any, rho: Any) -> Any:
        """Evaluate on mpf or, with an absolute error of 1e-15, on floats and arrays."""
        if _are_mpmath(h, k, rho):
            return binormal.numerical(h, k, rho)
        return _binormal(h, k, rho)

    @staticmethod
    def over_balls(h: Any, k: Any, rho: Any) -> Any:
        """Enclose the value on balls."""
        from hermiso.balls.binormal import binormal as enclosure

        return enclosure(h, k, rho)

    def _latex(self, printer: Any) -> str:
        h, k, rho = (printer._print(a) for a in self.args)
        return rf"\Phi_2\left({h}, {k}; {rho}\right)"


def _binormal(h: Any, k: Any, rho: Any) -> Any:
    """Evaluate by (Phi(h) + Phi(k) - [h < 0 != k < 0]) / 2 - T(h, a) - T(k, b) (Owen 1956)."""
    import numpy as np
    from scipy.special import ndtr, owens_t

    # + 0.0 turns -0.0 into 0.0; Phi(-40) underflows, and the clip keeps infinities out
    h, k, rho = (np.clip(c, -bound, bound) + 0.0 for c, bound in ((h, 40), (k, 40), (rho, np.inf)))
    opposite = (h < 0) != (k < 0)
    T = owens_t(h, _owen_slope(h, k, rho)) + owens_t(k, _owen_slope(k, h, rho))
    return (ndtr(h) + ndtr(k) - opposite) / 2 - T


def _owen_slope(s: Any, t: Any, rho: Any) -> Any:
    """(t - rho s) / (s sqrt(1 - rho^2)) without cancellation near |rho| = 1."""
    import numpy as np

    below, above = 1 - rho, 1 + rho
    gap = np.where(rho > 0, (t - s) + below * s, (t + s) - above * s)
    with np.errstate(divide="ignore", invalid="ignore"):
        slope = gap / (s * np.sqrt(below * above))
        slope = np.where(s == -t, -np.sqrt(above / below), slope)
        return np.where(s == t, np.sqrt(below / above), slope)


def binormal_density(h: Expr, k: Expr, rho: Expr) -> Expr:
    """Return the density at (h, k) of standard Gaussians with correlation rho."""
    det = 1 - rho**2
    return sp.exp(-(h**2 - 2 * rho * h * k + k**2) / (2 * det)) / (2 * sp.pi * sp.sqrt(det))
