"""How many bits an operation on balls needs so that nothing known about the operands is lost."""

from __future__ import annotations

from flint import arb, ctx

from hermiso.errors import PrecisionError

__all__ = ["EXTRA", "GUARD", "bits_of_product", "bits_of_quotient", "bits_of_sum", "tamed", "width"]

GUARD = 32  # flint's radii have 30 bits
EXTRA = 333  # bits of a quotient of exact numbers: 100 digits

FARTHEST = 10**7  # exponents beyond are no longer exact: radii of e^(-1/r) would fill the memory


def tamed(value: arb) -> arb:
    """Return a ball whose ends have at most 2 * 10^7 bits: what is below 2^-10^7 widens it.

    Raises:
        PrecisionError: if the value is beyond 2^(10^7).
    """
    top = _top(value)
    if top > FARTHEST:
        raise PrecisionError(f"a number beyond 2^{FARTHEST} is too large for a ball")
    if value.is_zero() or _bottom(value) >= -FARTHEST:
        return value
    with ctx.workprec(max(top, -FARTHEST) + FARTHEST + GUARD):
        middle = value if top > -FARTHEST else arb(0)
        return middle + arb(0, arb((1, 1 - FARTHEST)))


def _top(value: arb) -> int:
    """Return n with |value| < 2^n."""
    return max((_bit(part) for part in (value.mid(), value.rad())), default=0) + 1


def _bit(exact: arb) -> int:
    man, exp = exact.man_exp()
    return int(man).bit_length() + int(exp) if man else -(10**18)


def _bottom(value: arb) -> int:
    """Return n such that 2^n is about the radius, or the last bit of an exact number."""
    if not value.is_exact():
        return _bit(value.rad())
    return int(value.man_exp()[1])


def width(value: arb) -> int:
    """Return how many bits of a ball mean something."""
    return 1 if value.is_zero() else max(_top(value) - _bottom(value), 1)


def bits_of_sum(a: arb, b: arb, dyadic: bool) -> int:
    """Return the precision for a + b; a b that is not dyadic can be had at any precision."""
    known = [v for v in ((a, b) if dyadic else (a,)) if not v.is_zero()]
    if not known:
        return EXTRA
    top = max(_top(v) for v in (a, b))
    spread = [_bottom(v) for v in known if not v.is_exact()]
    if spread:
        return max(top - max(spread), 1)
    return max(top - min(_bottom(v) for v in known), 1) + (0 if dyadic else EXTRA)


def bits_of_product(a: arb, b: arb, dyadic: bool) -> int:
    """Return the precision for a b, as in `bits_of_sum`."""
    known = (a, b) if dyadic else (a,)
    spread = [width(v) for v in known if not v.is_exact()]
    return min(spread) if spread else sum(map(width, known)) + (0 if dyadic else EXTRA)


def bits_of_quotient(a: arb, b: arb, dyadic: bool) -> int:
    """Return the precision for a/b or b/a, as in `bits_of_sum`."""
    exact = a.is_exact() and (b.is_exact() or not dyadic)
    return bits_of_product(a, b, dyadic) + (EXTRA if exact else 0)
