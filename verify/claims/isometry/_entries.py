"""Vectors of any length, known by the averages of polynomials over their entries."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

import sympy as sp

__all__ = ["ANY", "CENTRED", "D", "Entries", "Formula", "layer_norm"]

Formula: TypeAlias = Callable[["Entries", Any], Any]  # the vector and one entry of it


@dataclass(frozen=True)
class Entries:
    """A vector of d entries.

    Attributes:
        d: their number.
        moments: averages of 1, x_i and x_i^2.
    """

    d: Any
    moments: tuple[Any, Any, Any]

    def average(self, f: Callable[[Any], Any]) -> Any:
        """(1/d) sum_i f(x_i), for a polynomial of degree 2 at most."""
        t = sp.Dummy("t")
        terms = sp.Poly(f(t), t).terms()
        return sp.Add(*(factor * self.moments[k] for (k,), factor in terms))

    @property
    def mean(self) -> Any:
        """Arithmetic mean."""
        return self.moments[1]

    @property
    def mean_square(self) -> Any:
        """Mean of the squares."""
        return self.moments[2]

    @property
    def variance(self) -> Any:
        """Mean square minus squared mean."""
        return self.mean_square - self.mean**2


_MEAN = sp.Symbol("m", real=True, nonzero=True)
_VARIANCE = sp.Symbol("v", positive=True)

D = sp.Symbol("d", integer=True, positive=True)
ANY = Entries(D, (1, _MEAN, _MEAN**2 + _VARIANCE))
CENTRED = Entries(D, (1, 0, _VARIANCE))


def layer_norm(x: Entries, t: Any) -> Any:
    """LN(x)_i as printed in Table 1, t = x_i."""
    return t / sp.sqrt(x.average(lambda s: s**2))
