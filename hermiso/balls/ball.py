"""The public certified number: an interval [mid - rad, mid + rad] that contains the true value.

Comparisons are three-valued: `a.less(b)` is True, False or None, and `a < b` raises where the
balls do not decide. Nothing here depends on the precision that flint or mpmath is set to.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Context, Decimal
from fractions import Fraction
from typing import Any

import mpmath
import sympy as sp
from flint import acb, arb, ctx, fmpq
from mpmath import libmp

from hermiso.balls.compile import constant
from hermiso.balls.reals import fraction, infinite, is_real, rational
from hermiso.balls.widths import (
    EXTRA,
    GUARD,
    bits_of_product,
    bits_of_quotient,
    bits_of_sum,
    tamed,
    width,
)
from hermiso.errors import PrecisionError

__all__ = ["Ball", "Ends", "rounded"]

WIDEST = 100_000  # bits of an exact power
FEWEST = 5  # bits of a sympy Float that prints a digit


@dataclass(frozen=True, eq=False, repr=False)
class Ball:
    """A real number known to lie in [mid - rad, mid + rad].

    Args:
        value: flint's ball, or a number or text such as "[1.5 +/- 1e-3]".

    Raises:
        PrecisionError: if the value is not finite.
        ValueError: if text is neither a number nor a ball.

    Balls that are not decided to be equal have no hash: they are keys of no dict.

    >>> from fractions import Fraction
    >>> third = Ball("[0.33333333333333333333 +/- 1e-20]")
    >>> (1 - 3 * third).contains(0), third < Fraction(1, 2)
    (True, True)
    """

    value: arb

    _op_priority = 20.0  # sympy leaves arithmetic to the ball

    def _sympy_(self) -> Any:
        """Keep sympy from taking the midpoint for the number, as in Rational(1, 3) < ball."""
        raise sp.SympifyError(f"{self}: use to_sympy()")

    def __post_init__(self) -> None:
        value = self.value
        if not isinstance(value, arb):
            if value is None or isinstance(value, bool):
                raise TypeError(f"Ball({value!r}): a ball, a number or text is required")
            with ctx.workprec(64 + 4 * len(str(value))):
                value = _read(value)
        if not value.is_finite():
            raise PrecisionError("the ball is not finite: nothing is known about the number")
        object.__setattr__(self, "value", tamed(value))

    # --- what is known ----------------------------------------------------------------------

    @property
    def mid(self) -> Any:
        """The midpoint, exactly."""
        return _mpf(self.value.mid())

    @property
    def rad(self) -> Any:
        """The radius, exactly."""
        return _mpf(self.value.rad())

    @property
    def lower(self) -> Any:
        """The lower end, exactly."""
        return mpmath.mp.make_mpf(libmp.mpf_sub(self.mid._mpf_, self.rad._mpf_))

    @property
    def upper(self) -> Any:
        """The upper end, exactly."""
        return mpmath.mp.make_mpf(libmp.mpf_add(self.mid._mpf_, self.rad._mpf_))

    @property
    def is_exact(self) -> bool:
        """Whether the radius is 0."""
        return bool(self.value.is_exact())

    @property
    def digits(self) -> int | float:
        """The largest n with rad <= 10^-n |number|; inf if the radius is 0."""
        return math.inf if self.is_exact else int(self._certain_bits * math.log10(2))

    @property
    def _certain_bits(self) -> float:
        """Log2 of |number|/rad, rounded down, at least 0."""
        with ctx.workprec(64):
            ratio = (self.value.abs_lower() / self.value.rad()).lower()
        if ratio <= 1:
            return 0.0
        man, exp = ratio.man_exp()
        return (math.log2(int(man)) + int(exp)) * (1 - 1e-14)

    def contains(self, number: Any) -> bool | None:
        """Return whether the ball contains a number; None if that cannot be decided.

        Args:
            number: an int, Fraction, float, Decimal, mpmath or sympy number, decimal text, or a
                Ball, of which all is contained (True), nothing (False), or neither (None).
        """
        lower, upper = _ends(self)
        for low, high in _enclosures(number, self):
            if lower <= low and high <= upper:
                return True
            if high < lower or upper < low:
                return False
        return None

    def overlaps(self, other: Ball) -> bool:
        """Return whether two balls have a point in common."""
        return self.contains(other) is not False

    def less(self, other: Any) -> bool | None:
        """Return whether the number is certainly < other; None if that is undecided."""
        return self._compared(other, lambda a, b: a < b, lambda a, b: a >= b)

    def _compared(self, other: Any, surely: Any, never: Any) -> bool | None:
        """Compare: `surely(our upper, its lower)`, `never(our lower, its upper)`."""
        lower, upper = _ends(self)
        for low, high in _enclosures(other, self):
            if surely(upper, low):
                return True
            if never(lower, high):
                return False
        return None

    def _at_most(self, other: Any) -> bool | None:
        return self._compared(other, lambda a, b: a <= b, lambda a, b: a > b)

    def _same(self, other: Any) -> bool | None:
        inside = self.contains(other)
        return inside if inside is False or self.is_exact else None

    def _decided(self, other: Any, sign: str, verdict: Any, negated: bool = False) -> bool:
        """Return a verdict, which no comparison may leave open."""
        if not _is_number(other):
            return NotImplemented  # type: ignore[no-any-return]
        found = verdict(other)
        if found is None:
            raise PrecisionError(
                f"{self} {sign} {other}: undecided; ask for more digits, or use less() or "
                "overlaps()"
            )
        return found is not negated

    def __lt__(self, other: Any) -> bool:
        return self._decided(other, "<", self.less)

    def __ge__(self, other: Any) -> bool:
        return self._decided(other, ">=", self.less, negated=True)

    def __le__(self, other: Any) -> bool:
        return self._decided(other, "<=", self._at_most)

    def __gt__(self, other: Any) -> bool:
        return self._decided(other, ">", self._at_most, negated=True)

    def __eq__(self, other: object) -> bool:
        return self._decided(other, "==", self._same)

    def __bool__(self) -> bool:
        return self != 0

    # --- arithmetic -------------------------------------------------------------------------

    def __add__(self, other: Any) -> Ball:
        return _combined(self, other, bits_of_sum, lambda a, b: a + b)

    __radd__ = __add__

    def __sub__(self, other: Any) -> Ball:
        return _combined(self, other, bits_of_sum, lambda a, b: a - b)

    def __rsub__(self, other: Any) -> Ball:
        return _combined(self, other, bits_of_sum, lambda a, b: b - a)

    def __mul__(self, other: Any) -> Ball:
        return _combined(self, other, bits_of_product, lambda a, b: a * b)

    __rmul__ = __mul__

    def __truediv__(self, other: Any) -> Ball:
        return _combined(self, other, bits_of_quotient, _quotient)

    def __rtruediv__(self, other: Any) -> Ball:
        return _combined(self, other, bits_of_quotient, lambda a, b: _quotient(b, a))

    def __pow__(self, n: Any) -> Ball:
        if isinstance(n, sp.Integer):
            n = int(n)
        if not isinstance(n, int):
            return NotImplemented
        bits = width(self.value) + GUARD + n.bit_length()
        if self.is_exact:
            bits = min(bits * (abs(n) + 1), WIDEST) + (EXTRA if n < 0 else 0)
        with ctx.workprec(bits):
            base = self.value if n >= 0 else _quotient(arb(1), self.value)
            return Ball((acb(base) ** abs(n)).real)  # arb's own power of a ball around 0 is nan

    def __neg__(self) -> Ball:
        return Ball(self.value.neg(exact=True))

    def __pos__(self) -> Ball:
        return self

    def __abs__(self) -> Ball:
        with ctx.workprec(width(self.value) + GUARD):
            return Ball(abs(self.value))

    # --- conversions ------------------------------------------------------------------------

    def __float__(self) -> float:
        """Return the float nearest to the midpoint, even if the ball spans several floats."""
        return float(fraction(self.mid))

    def to_interval(self) -> Any:
        """Return an `mpmath.iv` interval with exactly the ends of the ball."""
        return mpmath.iv.make_mpf((self.lower._mpf_, self.upper._mpf_))

    def to_sympy(self) -> sp.Float:
        """Return a Float with at most as many bits as are certain; it prints certain digits.

        The last printed digit is right up to rounding; below 5 bits sympy prints none. 0 where
        the ball contains it.
        """
        if self.is_exact:
            return _float(self.mid, max(53, self.value.bits()))
        if self.contains(0):
            return sp.Float(0, precision=1)
        bits = max(int(self._certain_bits), 1)
        while bits > FEWEST and str(_float(self.lower, bits)) != str(_float(self.upper, bits)):
            bits -= 1
        return _float(self.mid, bits)

    def __str__(self) -> str:
        if self.is_exact:
            return _plain(fraction(self.mid))
        if self.digits < 4:  # few digits are certain: show two more of the midpoint
            return str(self.value.str(max(int(self.digits), 1) + 2, more=True))
        return str(self.value.str(int(self.digits) + 3))

    def __repr__(self) -> str:
        return f'Ball("{self}")'

    def _repr_latex_(self) -> str:
        powers = re.sub(r"e([+-]?)0*(\d+)", r" \\cdot 10^{\1\2}", str(self)).replace("{+", "{")
        return f"${powers.replace('+/-', chr(92) + 'pm')}$"

    def __reduce__(self) -> Any:
        mid, rad = self.value.mid().man_exp(), self.value.rad().man_exp()
        return _restored, tuple(int(n) for n in (*mid, *rad))


def _read(value: Any) -> arb:
    try:
        return arb(value)
    except ValueError:
        raise ValueError(f'Ball({value!r}): write a number or "[1.5 +/- 1e-3]"') from None
    except TypeError:
        raise TypeError(f"Ball({value!r}): a ball, a number or text is required") from None


def _restored(man: int, exp: int, radius: int, radius_exp: int) -> Ball:
    """Rebuild a ball; flint rounds radii up to the next 30-bit number, even those that fit."""
    if not radius:
        return Ball(arb((man, exp)))
    shift = 31 - radius.bit_length()
    below = arb(((radius << shift) - 1, radius_exp - shift))
    return Ball(arb(arb((man, exp)), below))


# --- numbers of all kinds -------------------------------------------------------------------

Ends = tuple[Fraction | float, Fraction | float]


def _is_number(number: Any) -> bool:
    return isinstance(number, Ball) or is_real(number)


def _enclosures(number: Any, ball: Ball) -> Iterator[Ends]:
    """Yield the ends of ever closer enclosures of a number; a single one if they are its own."""
    if isinstance(number, Ball):
        yield _ends(number)
        return
    if infinite(number):
        yield (math.inf, math.inf) if number > 0 else (-math.inf, -math.inf)
        return
    exact = rational(number)
    if exact is not None:
        yield exact, exact
        return
    for bits in (64 << j for j in range(4 + (width(ball.value) // 64).bit_length())):
        with ctx.workprec(bits):
            value = constant(number)
        if value.is_finite():
            yield _ends(Ball(value))


def _ends(ball: Ball) -> Ends:
    return fraction(ball.lower), fraction(ball.upper)


def _mpf(exact: arb) -> Any:
    man, exp = exact.man_exp()
    return mpmath.mp.make_mpf(libmp.from_man_exp(int(man), int(exp)))


def rounded(value: arb, bits: int) -> Any:
    """Return the midpoint as a sympy Float; 0 for a ball around 0, which has no certain digit."""
    return sp.S.Zero if value.contains(0) else _float(_mpf(value.mid()), bits)


def _float(value: Any, bits: int) -> sp.Float:
    return sp.Float._new(libmp.mpf_pos(value._mpf_, bits, "n"), bits)


def _plain(number: Fraction) -> str:
    """Write a dyadic number with all its decimals."""
    bits = number.numerator.bit_length() + number.denominator.bit_length()
    context = Context(prec=bits + 2, Emax=10**9, Emin=-(10**9))
    quotient = context.divide(Decimal(number.numerator), Decimal(number.denominator))
    shown = context.normalize(quotient)
    return format(shown, "f") if abs(shown.adjusted()) < 20 else str(shown)


# --- operations ------------------------------------------------------------------------------


def _combined(
    a: Ball, other: Any, bits: Callable[[arb, arb, bool], int], operation: Callable[[arb, arb], arb]
) -> Ball:
    """Apply an operation at a precision that loses nothing; NotImplemented for no number."""
    if not _is_number(other):
        return NotImplemented  # type: ignore[no-any-return]
    exact = None if isinstance(other, Ball) else rational(other)
    if isinstance(other, Ball):
        b, dyadic = other.value, True
    elif exact is not None and not exact.denominator & (exact.denominator - 1):
        b, dyadic = arb((exact.numerator, 1 - exact.denominator.bit_length())), True
    else:
        b, dyadic = _number(other, exact, 64), False
    working = bits(a.value, b, dyadic) + GUARD
    with ctx.workprec(working):
        return Ball(operation(a.value, b if dyadic else _number(other, exact, working)))


def _number(number: Any, exact: Fraction | None, bits: int) -> arb:
    with ctx.workprec(bits):
        if exact is not None:
            return arb(fmpq(exact.numerator, exact.denominator))
        return constant(number)


def _quotient(a: arb, b: arb) -> arb:
    if b.is_zero():
        raise ZeroDivisionError("division of a ball by 0")
    if b.contains(0):
        raise PrecisionError(f"division by {Ball(b)}, which contains 0; ask for more digits")
    return a / b
