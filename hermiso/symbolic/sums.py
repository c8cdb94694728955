"""Sums and products in results: terms may cancel, and `.evalf(n)` still has n digits."""

from __future__ import annotations

from typing import Any

import sympy as sp

from hermiso.errors import NoClosedForm, PrecisionError

__all__ = ["CertainSum", "certain"]


class _Certain:
    """What equals and behaves as sympy's own, but evaluates in balls.

    sympy stops at 100 digits of cancellation, and evaluates erfc(10^6) as though its argument
    were as good as its value. Here the precision rises until all digits asked for are certain;
    where they cannot be had, PrecisionError is raised.
    """

    __slots__ = ()
    args: tuple[Any, ...]
    _mhash: int | None
    func: Any  # sympy's class: every table has rules for it

    def _plain(self) -> Any:
        return self.func._from_args(self.args)

    def __eq__(self, other: object) -> bool:
        """Equal sympy's own of the same terms."""
        if self is other:
            return True
        return bool(self._plain() == (other._plain() if isinstance(other, _Certain) else other))

    def __ne__(self, other: object) -> bool:
        """Differ from everything else."""
        return not self == other

    def __hash__(self) -> int:
        """Hash as sympy's own of the same terms."""
        if self._mhash is None:  # sympy's own place for it
            self._mhash = hash(self._plain())  # type: ignore[misc]
        return self._mhash

    def _eval_subs(self, old: Any, new: Any) -> Any:
        return certain(self._plain()._subs(old, new))

    def _xreplace(self, rule: Any) -> tuple[Any, bool]:
        replaced, changed = self._plain()._xreplace(rule)
        return (certain(replaced), True) if changed else (self, False)

    def _eval_derivative(self, s: Any) -> Any:
        return certain(self._plain()._eval_derivative(s))

    def _eval_evalf(self, prec: int) -> Any:
        plain = self._plain()
        if plain.free_symbols:
            return plain._eval_evalf(prec)
        from hermiso.balls.closed import evaluated

        try:
            return evaluated(plain, prec)
        except NoClosedForm as error:  # a function that balls lack
            raise PrecisionError(f"{self}: {error}") from error


class CertainSum(_Certain, sp.Add):
    """A sum whose digits are certain."""

    __slots__ = ()
    func = property(lambda self: sp.Add)
    class_key = sp.Add.class_key  # sorted as a sum


class CertainProduct(_Certain, sp.Mul):
    """A product whose digits are certain."""

    __slots__ = ()
    func = property(lambda self: sp.Mul)
    class_key = sp.Mul.class_key  # sorted as a product


def certain(e: Any) -> Any:
    """Return an expression whose value, if it is a sum or a product, evaluates in balls."""
    if isinstance(e, sp.Add):
        return CertainSum._from_args(e.args)
    if isinstance(e, sp.Mul):
        return CertainProduct._from_args(e.args)
    if isinstance(e, sp.Piecewise):
        branches = [(certain(value), condition) for value, condition in e.args]
        return sp.Piecewise(*branches, evaluate=False)
    return e
