"""Functions on complex balls that certify holomorphy: a finite value is a proof.

Entire and meromorphic functions need no check, since a pole in the box makes its value infinite.
Where flint has no switch for a branch cut, the box is kept off the cut here.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import sympy as sp
from flint import acb, arb

from hermiso.balls.heads import OnePlusErf

__all__ = ["BOX_FUNCTIONS", "NAN", "Function", "logistic", "sharper", "softplus"]

Function = Callable[[Any], Any]
FAR = 3
NAN = acb("nan", "nan")


def _off_imaginary_cut(f: Function) -> Function:
    """Atan and asinh: cuts on the imaginary axis from i and -i outwards."""

    def checked(z: Any) -> Any:
        clear = not z.real.contains(0) or abs(z.imag) < 1
        return f(z) if clear else NAN

    return checked


def _asinh(z: Any) -> Any:
    """Asinh, by the mean value theorem where flint's own box is infinite."""
    value = z.asinh()
    if value.is_finite():
        return value
    m = acb(z.real.mid(), z.imag.mid())
    i = acb(0, 1)
    steepest = 1 / (abs(z - i).lower() * abs(z + i).lower()).sqrt()  # |asinh'| = |1 + z^2|^(-1/2)
    off = arb(0, 1) * (abs(z - m).upper() * steepest)
    return m.asinh() + acb(off, off)


def _off_real_cuts(f: Function) -> Function:
    """Asin, acos and atanh: cuts on the real axis from 1 and -1 outwards."""

    def checked(z: Any) -> Any:
        clear = not z.imag.contains(0) or abs(z.real) < 1
        return f(z) if clear else NAN

    return checked


def _off_left_cut(z: Any) -> Any:
    """Acosh: a cut on the real axis from 1 to the left."""
    return z.acosh() if not z.imag.contains(0) or z.real > 1 else NAN


def _tanh(z: Any) -> Any:
    """(sinh 2x + i sin 2y)/(cosh 2x + cos 2y); on wide boxes far out 1 - 2/(exp(2z) + 1)."""
    x, y = 2 * z.real, 2 * z.imag
    if x.rad() > 0.5 and abs(x) > 1:
        rest = arb(0, 1) * (2 / (abs(x).lower().exp() - 1))
        return acb(rest + (1 if x > 0 else -1), rest)
    below = x.cosh() + y.cos()
    return acb(x.sinh() / below, y.sin() / below) if below > 0 else NAN


def _tan(z: Any) -> Any:
    """(sin 2x + i sinh 2y)/(cos 2x + cosh 2y)."""
    w = _tanh(acb(-z.imag, z.real))  # tan z = -i tanh(i z)
    return acb(w.imag, -w.real)


def _lambertw(z: Any) -> Any:
    """The principal branch: a cut on the real axis from -1/e to the left."""
    return z.lambertw() if not z.imag.contains(0) or z.real > -arb(-1).exp() else NAN


NEWTON, INFLATIONS = 12, 6


def _erfinv(w: Any) -> Any:
    """The real branch, continued from w's shadow on the real line, by an interval Newton step.

    If N(Z) = m - (erf(m) - w)/erf'(Z) lies inside Z, then erf has one inverse in Z for every w
    and it is holomorphic; on the real line it is the real one if one of its values is in Z.
    """
    w = acb(w.real, w.imag.union(arb(0)))
    at = w.real.mid()
    if not abs(at) < 1:
        return NAN
    start = acb(arb(at).erfinv())
    slope = 2 / arb.pi().sqrt()
    m, middle = _middle(start), _middle(w)
    for _ in range(NEWTON):
        m = _middle(m - (m.erf() - middle) * (m * m).exp() / slope)
    miss = m.erf() - w
    step = miss * (m * m).exp() / slope
    for k in range(INFLATIONS):
        r = abs(step).upper() * (arb(2) ** k + 1) / 2 + arb(2) ** -30
        z = m + acb(arb(0, r), arb(0, r))
        steepness = slope * (-(z * z)).exp()
        found = m - miss / steepness
        if z.contains_interior(found) and z.contains(start):
            return found
    return NAN


def _middle(z: Any) -> Any:
    return acb(z.real.mid(), z.imag.mid())


softplus = sp.Function("softplus")


def _softplus(u: Any) -> Any:
    """log(1 + exp(u)), continued to the plane without the imaginary axis from +-i pi outwards.

    It is the principal branch for Re u < 0, and u + log(1 + exp(-u)) for Re u > 0: both are
    holomorphic there, and equal to each other near the real line.
    """
    if u.real > 0:
        return u + (1 + (-u).exp()).log(analytic=True)
    clear = u.real < 0 or abs(u.imag) < arb.pi()
    return (1 + u.exp()).log(analytic=True) if clear else NAN


logistic = sp.Function("logistic")


def _logistic(u: Any) -> Any:
    """1/(1 + exp(-u)); far out with the relative accuracy of the exponential."""
    if abs(u.real) > FAR:
        w = (-u if u.real > 0 else u).exp()
        return (1 if u.real > 0 else w) / (1 + w)
    return (1 + _tanh(u / 2)) / 2


def sharper(e: Any) -> Any:
    """Rewrite 1/(1 + exp(u)) as logistic, log(1 + exp(u)) as softplus: sharper boxes."""
    if e.is_Pow and e.exp == -1:
        u = _exponent_of_one_plus_exp(e.base)
        return e if u is None else logistic(-u)
    if isinstance(e, sp.log):
        u = _exponent_of_one_plus_exp(e.args[0])
        return e if u is None else softplus(u)
    return e


def _exponent_of_one_plus_exp(e: Any) -> Any:
    rest = e - 1 if e.is_Add and len(e.args) == 2 else e
    return rest.args[0] if rest is not e and rest.func is sp.exp else None


_UNCHECKED = ("sin", "cos", "sinh", "cosh", "erf", "erfc", "erfi", "gamma", "coth", "sech", "csch",
              "cot", "sec", "csc", "sinc")  # fmt: skip
BOX_FUNCTIONS: dict[Any, Function] = {
    **{getattr(sp, n): getattr(acb, n) for n in _UNCHECKED},
    softplus: _softplus,
    logistic: _logistic,
    OnePlusErf: lambda z: (-z).erfc(),
    sp.tan: _tan,
    sp.tanh: _tanh,
    sp.erfinv: _erfinv,
    sp.LambertW: _lambertw,
    sp.log: lambda z: z.log(analytic=True),
    sp.sqrt: lambda z: z.sqrt(analytic=True),
    sp.Abs: lambda z: z.real_abs(analytic=True),
    sp.sign: lambda z: z.real_sgn(analytic=True),
    sp.floor: lambda z: z.real_floor(analytic=True),
    sp.ceiling: lambda z: z.real_ceil(analytic=True),
    sp.atan: _off_imaginary_cut(acb.atan),
    sp.asinh: _off_imaginary_cut(_asinh),
    sp.asin: _off_real_cuts(acb.asin),
    sp.acos: _off_real_cuts(acb.acos),
    sp.atanh: _off_real_cuts(acb.atanh),
    sp.acosh: _off_left_cut,
}
