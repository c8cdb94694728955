"""Which of two sides is larger: exactly, or up to a resolution with a better method behind it."""

from __future__ import annotations

import math
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Generic, TypeVar

import mpmath
import sympy as sp

from verify.claim import Refuted, Undecided

__all__ = ["Case", "Comparison", "Ratio", "Suspect", "brief", "legible", "show"]

Case = TypeVar("Case")
Ratio = Fraction | float

_PLACE_LENGTH = 120
_LONGEST = 14_000  # bits, about 4200 digits; Python prints 4300


class Suspect(Undecided):
    """Floats contradict the statement beyond their resolution; balls neither confirm nor clear it.

    So it is no close call: a search that meets one case of this kind supports nothing.
    """


@dataclass(frozen=True)
class Comparison(Generic[Case]):
    """smaller <= larger, or smaller < larger, for the sides of every case.

    Attributes:
        sides: case -> (smaller, larger), rationals unless a resolution is given.
        strict: whether equality is a counterexample.
        resolution: relative error of the sides if they are floats.
        exactly: case -> the same sides as rationals or balls; decides what floats cannot, and
            confirms every counterexample of theirs.
    """

    sides: Callable[[Case], tuple[Any, Any]]
    strict: bool = False
    resolution: float | None = None
    exactly: Callable[[Case], tuple[Any, Any]] | None = None

    def ratio(self, case: Case) -> Ratio | None:
        """Return smaller / larger of a case for which it holds; None if that has no meaning.

        Raises:
            Refuted: it does not hold for this case.
            Undecided: the sides are too close.
            Suspect: floats say that it does not hold, and `exactly` does not decide it.
        """
        smaller, larger = self.sides(case)
        if self.resolution is None:
            holds = _exactly_ordered(smaller, larger, self.strict)
        elif self.exactly is None:
            holds = _ordered_floats(smaller, larger, self.resolution)
        else:
            holds, smaller, larger = self._confirmed(smaller, larger, case)
        if not holds:
            raise Refuted(self._failure(smaller, larger, case))
        return _quotient(smaller, larger)

    def _confirmed(self, smaller: Any, larger: Any, case: Case) -> tuple[bool, Any, Any]:
        """Decide floats, exactly unless they clearly show the order; return the sides used."""
        assert self.resolution is not None
        assert self.exactly is not None
        violated = False
        with suppress(Undecided):
            if _ordered_floats(smaller, larger, self.resolution):
                return True, smaller, larger
            violated = True
        try:
            exact = self.exactly(case)
            return _exactly_ordered(*exact, self.strict), *exact
        except Undecided as reason:
            if violated:
                raise Suspect(
                    f"{self._failure(smaller, larger, case)} in floats; {reason}"
                ) from None
            raise

    def _failure(self, smaller: Any, larger: Any, case: Case) -> str:
        sign = "<" if self.strict else "<="
        excess = _decimal(smaller - larger, 3)
        return f"{_side(smaller)} {sign} {_side(larger)} fails by {excess} for {show(case)}"


def _exactly_ordered(smaller: Any, larger: Any, strict: bool) -> bool:
    """Compare rationals, or balls: those that overlap and are not equal leave it undecided."""
    if hasattr(smaller, "less") or hasattr(larger, "less"):
        return _ordered_balls(smaller, larger, strict)
    if not all(isinstance(side, int | Fraction | sp.Rational) for side in (smaller, larger)):
        raise TypeError(
            f"the sides are {smaller!r} and {larger!r}; give rationals or balls, or floats with a "
            "resolution"
        )
    return bool(smaller < larger if strict else smaller <= larger)


def _ordered_balls(smaller: Any, larger: Any, strict: bool) -> bool:
    """Strictly: is smaller < larger? Else: is it not so that larger < smaller?"""
    answer = _less(smaller, larger) if strict else _less(larger, smaller)
    if answer is None:
        raise Undecided(f"{smaller} and {larger} overlap; more digits are needed")
    return answer if strict else not answer


def _less(a: Any, b: Any) -> bool | None:
    """Whether a < b where one of them is a ball; None if they overlap."""
    answer: bool | None = a.less(b) if hasattr(a, "less") else (-b).less(-a)
    return answer


def _ordered_floats(smaller: Any, larger: Any, resolution: float) -> bool:
    if not (math.isfinite(smaller) and math.isfinite(larger)):
        raise TypeError(f"the sides are {smaller!r} and {larger!r}; they must be finite")
    if abs(larger - smaller) <= resolution * max(abs(smaller), abs(larger)):
        raise Undecided(f"{smaller!r} and {larger!r} are closer than the resolution")
    return bool(smaller < larger)


def _quotient(smaller: Any, larger: Any) -> Ratio | None:
    if isinstance(smaller, int | Fraction | sp.Rational) and isinstance(
        larger, int | Fraction | sp.Rational
    ):
        return Fraction(smaller) / Fraction(larger) if larger > 0 and smaller >= 0 else None
    smaller, larger = float(smaller), float(larger)
    return smaller / larger if larger > 0 and smaller >= 0 else None


def show(case: object) -> str:
    """Print a case the way a reader writes it: fractions as 1/2, matrices as [[1, 0], [0, 1]]."""
    case = case.tolist() if hasattr(case, "tolist") else case
    if isinstance(case, tuple | list):
        return f"[{', '.join(map(show, case))}]"
    return legible(case)


def brief(case: object) -> str:
    """Print a case in one short line: long fractions as decimals, the rest cut off."""
    text = " ".join(_rounded(case).split())
    return text if len(text) <= _PLACE_LENGTH else f"{text[: _PLACE_LENGTH - 3]}..."


def _rounded(case: object) -> str:
    case = case.tolist() if hasattr(case, "tolist") else case
    if isinstance(case, tuple | list):
        return f"[{', '.join(map(_rounded, case))}]"
    text = legible(case)
    return text if not isinstance(case, Fraction | float) or len(text) <= 10 else _decimal(case, 6)


def _side(value: Any) -> str:
    text = legible(value)
    return text if len(text) <= 40 else _decimal(value, 12)


def legible(value: object) -> str:
    """Print a value; a number with more digits than Python prints, abbreviated."""
    if isinstance(value, int | Fraction | sp.Rational):
        sizes = (part.bit_length() for part in (value.numerator, value.denominator))
        return _decimal(value, 12) if max(sizes) > _LONGEST else str(value)
    try:
        return str(value)
    except ValueError:
        return f"a {type(value).__name__} with numbers too long to print"


def _decimal(value: Any, digits: int) -> str:
    """Print a number in so many digits: a rational even if no float is as large or as small."""
    with suppress(OverflowError):
        number = float(value)
        if math.isfinite(number) and (number or not value):
            return f"{number:.{digits}g}"
    if not isinstance(value, int | Fraction | sp.Rational):
        return f"{float(value):.{digits}g}"
    ratio = Fraction(value)
    with mpmath.workdps(digits + 5):
        return str(mpmath.nstr(mpmath.mpf(ratio.numerator) / ratio.denominator, digits))
