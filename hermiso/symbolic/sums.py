"""Sums in results: their terms may cancel, and `.evalf(n)` still has n digits."""

from __future__ import annotations

from typing import Any

import sympy as sp
from sympy import Expr

from hermiso.errors import NoClosedForm


class CertainSum(sp.Add):
    """A sum that equals and behaves as sympy's own, but evaluates in balls.

    sympy stops at 100 digits of cancellation and returns what is left. Here the precision rises
    until all digits asked for are certain; where they cannot be had, PrecisionError is raised.
    """

    @classmethod
    def class_key(cls) -> Any:
        """Sort as a sum."""
        return sp.Add.class_key()

    def _as_add(self) -> Any:
        return sp.Add._from_args(self.args)

    def __eq__(self, other: object) -> bool:
        """Equal the sum of the same terms."""
        return bool(self._as_add() == (other._as_add() if type(other) is type(self) else other))

    def __ne__(self, other: object) -> bool:
        """Differ from everything else."""
        return not self == other

    def __hash__(self) -> int:
        """Hash as the sum of the same terms."""
        return hash(self._as_add())

    def _eval_evalf(self, prec: int) -> Any:
        if not self.is_number:
            return self._as_add()._eval_evalf(prec)
        from hermiso.balls.closed import evaluated

        try:
            return evaluated(self, prec)
        except NoClosedForm:  # a node inside: its own digits are certain
            return self._as_add()._eval_evalf(prec)


def certain(e: Any) -> Any:
    """Return an expression whose outermost sums are `CertainSum`."""
    if isinstance(e, sp.Add):
        return CertainSum._from_args(e.args)
    if isinstance(e, sp.Mul):
        return e._new_rawargs(*map(certain, e.args))
    if isinstance(e, sp.Pow):
        return sp.Pow(certain(e.base), e.exp, evaluate=False)
    if isinstance(e, sp.Piecewise):
        branches = [(certain(value), condition) for value, condition in e.args]
        return sp.Piecewise(*branches, evaluate=False)
    return e


def plainly(e: Any) -> Any:
    """Return an expression with sympy's own sums."""
    return e.replace(CertainSum, lambda *terms: sp.Add(*terms)) if isinstance(e, Expr) else e
