"""Functions that sympy lacks or rewrites, for formulas that balls evaluate better."""

from __future__ import annotations

from typing import Any

import sympy as sp
from mpmath.libmp import prec_to_dps
from sympy import Expr, Symbol

__all__ = ["OnePlusErf", "Quotient", "restored"]


class Quotient(sp.Function):
    """n/d, holomorphic at t where d has a zero of order k; arguments n, d, t, k, t, k, ...

    If the zero of n at t has that order or a higher one, then by Taylor's formula

        n(z) (k - 1)!/(z - t)^k = int (1 - s)^(k-1) n^(k)(t + s(z - t)) ds,  0 < s < 1,

    and d likewise: on a box around t the quotient lies in n^(k)(box)/d^(k)(box).
    """

    @property
    def filled(self) -> tuple[tuple[Expr, int], ...]:
        """The zeros of the denominator at which the quotient is holomorphic, and their orders."""
        return tuple((t, int(k)) for t, k in zip(self.args[2::2], self.args[3::2], strict=True))

    def _eval_derivative(self, s: Symbol) -> Expr:
        n, d, *_ = self.args
        top = n.diff(s) * d - n * d.diff(s)  # has zeros of order 2 k again
        return Quotient(top, d**2, *(a for t, k in self.filled for a in (t, 2 * k)))


class OnePlusErf(sp.Function):
    """1 + erf(u), which is erfc(-u): sympy makes that a difference again."""

    def _eval_is_positive(self) -> bool | None:
        return True if self.args[0].is_real else None

    def _eval_evalf(self, prec: int) -> Expr | None:
        return None if self.free_symbols else sp.erfc(-self.args[0]).evalf(prec_to_dps(prec) + 2)

    def fdiff(self, argindex: int = 1) -> Expr:
        """Return the derivative."""
        return 2 / sp.sqrt(sp.pi) * sp.exp(-(self.args[0] ** 2))


def restored(e: Any) -> Any:
    """Return an expression without functions of this module."""
    plain = e.replace(Quotient, lambda n, d, *_: n / d)
    return plain.replace(OnePlusErf, lambda u: 1 + sp.erf(u))
