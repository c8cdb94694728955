"""Enclosures of Gaussian moments, Hermite coefficients and the isometry strength.

Each function raises the precision until the radius is below 10^-digits of the value. A value
that may be 0 gets an enclosure of 0 that is 10^-digits below the natural size of the integral.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache, lru_cache
from itertools import pairwise
from math import ceil, log, log2, prod, sqrt
from typing import Any

from flint import acb, arb, ctx

from hermiso.balls.growth import Growth
from hermiso.balls.line import FLOOR, Line, Unseparated
from hermiso.balls.panels import Goal, TooRough
from hermiso.balls.rule import QUARTER, Rule, Weight
from hermiso.errors import PrecisionError

__all__ = [
    "GUARD",
    "MOST",
    "coefficient",
    "hermite",
    "mean",
    "missing",
    "normalized",
    "power",
    "recurrence_bits",
    "refined",
    "residual",
    "roots",
    "strength",
]

GUARD = 12
MOST, ENOUGH = 8, 4000  # bits are at most MOST times those of the digits, and ENOUGH
VANISHING = 3  # how many times the digits are spent on a value that stays around 0,
DEEP = 500  # and at least so many bits


@cache
def power(i: int, j: int = 0) -> Weight:
    """Return the integrand f^i z^j."""

    def value(f: Any, z: Any) -> Any:
        return prod([f] * i + [z] * j)  # arb ** 2 is nan around 0

    return Weight(value, lambda f, z, spread: (_power(f, i) * _power(z, j),))


def _power(g: Growth, n: int) -> Growth:
    return g**n if n else Growth.constant(arb(1))


def hermite(k: int) -> Weight:
    """Return the integrand f he_k(z), he_k normalized.

    |he_k(x + iy)| <= exp(x^2/4 + |y| sqrt(k)): on the line |he_k| <= exp(x^2/4), and
    he_k(x + iy) = sum_j C(k, j) sqrt(j!/k!) (iy)^(k - j) he_j(x).
    """
    return Weight(
        lambda f, z: f * normalized(k, z),
        lambda f, z, spread: (f * spread,),
        lambda F, Z: abs(F) * spread_bound(k, Z),
    )


def spread_bound(k: int, Z: acb) -> arb:
    """Return a bound of |he_k| on a box."""
    return (QUARTER * Z.real * Z.real + abs(Z.imag) * arb(k).sqrt()).exp().upper()


def normalized(k: int, z: arb) -> arb:
    """Return he_k(z)."""
    h, previous = arb(1), arb(0)
    for root, above in pairwise(roots(k + 1, ctx.prec)):
        h, previous = (z * h - root * previous) / above, h
    return h


@lru_cache(maxsize=4)
def roots(n: int, bits: int) -> tuple[arb, ...]:
    """Return the square roots of 0, ..., n - 1."""
    with ctx.workprec(bits):
        return tuple(arb(j).sqrt() for j in range(n))


def residual(a: arb, b: arb) -> Weight:
    """Return the integrand (f - a - b z)^2, for exact a and b."""

    def value(f: Any, z: Any) -> Any:
        r = f - a - b * z
        return r * r

    def tail(f: Growth, z: Growth, spread: Growth) -> tuple[Growth, ...]:
        """(f - a - b z)^2 <= 3 (f^2 + a^2 + b^2 z^2)."""
        three = Growth.constant(3)
        return three * f * f, three * Growth.constant(a * a), three * Growth.constant(b * b) * z * z

    return Weight(value, tail)


def mean(line: Line, weight: Weight, digits: int, extra: int = 0) -> arb:
    """Enclose E[g(f(z), z)] to digits relative to itself, or to its scale if it may vanish."""
    return refined(line, (weight,), digits, lambda rule: (rule.mean(weight),), extra)[0]


def refined(
    line: Line,
    weights: Sequence[Weight],
    digits: int,
    evaluate: Callable[[Rule], Sequence[arb]],
    extra: int = 0,
    vanishing: bool = True,
) -> tuple[arb, ...]:
    """Fit rules of growing precision until all values are accurate.

    Args:
        line: the function.
        weights: the integrands that the rule must serve.
        digits: relative, per value.
        evaluate: the values from a rule.
        extra: guard bits, for integrands that lose precision.
        vanishing: whether a value may stay around 0.

    Raises:
        PrecisionError: if a value does not become accurate.
    """
    scales = line.scales(weights)
    target = bits = ceil(digits * log2(10)) + GUARD
    values: tuple[arb, ...] = ()
    while bits <= MOST * target + ENOUGH:
        with ctx.workprec(bits + 40 + extra):
            try:
                values = tuple(evaluate(line.rule(_goal(weights, scales, bits))))
            except Unseparated:
                bits *= 2
                continue
            lacking = max(missing(v, digits, target) for v in values)
            slight = vanishing and _slight(values, arb(2) ** (max(scales) - target))
        if lacking <= 0 or (slight and bits >= max(VANISHING * target, DEEP)):
            return values
        bits += max(lacking, 8) if lacking < target else bits
    raise _unreached(line, digits, bits, values)


def _goal(weights: Sequence[Weight], scales: Sequence[float], bits: int) -> Goal:
    wanted = tuple(bits - ceil(s) for s in scales)
    # where sampling has seen nothing, the function may have any size up to 1
    return Goal(tuple(weights), wanted, max(wanted) if min(scales) <= -FLOOR else bits)


def _slight(values: Sequence[arb], size: arb) -> bool:
    return all(v.is_finite() and v.rad() < size for v in values)


def _unreached(line: Line, digits: int, bits: int, values: Sequence[arb]) -> PrecisionError:
    seen = f"the value is {values[0].str(5)}; " if values else ""
    return PrecisionError(
        f"{line.expression}: {digits} digits were not reached with {bits // 2} bits; {seen}"
        "ask for fewer digits"
    )


def missing(value: arb, digits: int, target: int) -> int:
    """Return how many bits a value lacks; the target if it may be 0."""
    if value.is_zero() or (
        value.is_finite() and value.rad() * arb(10) ** digits < value.abs_lower()
    ):
        return 0
    accurate = int(value.rel_accuracy_bits()) if value.is_finite() else 0
    return max(target - GUARD - accurate, 1) + 4 if accurate > 0 else target


def coefficient(line: Line, k: int, digits: int) -> arb:
    """Enclose c_k = E[f(z) he_k(z)]."""
    if k < 2:
        return mean(line, power(1, k), digits)
    return mean(line, hermite(k), digits, recurrence_bits(k, digits))


def recurrence_bits(k: int, digits: int) -> int:
    """Return what the recurrence loses: balls grow like exp(|z| sqrt(k))."""
    reach = sqrt(2 * log(10) * digits) + 8
    return ceil(reach * sqrt(k) / log(2)) + 10


def strength(line: Line, digits: int) -> arb:
    """Enclose beta - 1 = E[(f - c_0 - c_1 z)^2] / (that + c_1^2), to relative digits.

    The line fitted to f is subtracted before squaring; replacing c_0 and c_1 by numbers a and b
    close to them adds exactly (c_0 - a)^2 + (c_1 - b)^2, so nothing large cancels.
    """
    weights = _affine_weights(line)
    try:
        return refined(line, weights, digits, _strength, vanishing=False)[0]
    except TooRough:
        raise
    except PrecisionError:
        variance = refined(line, weights, digits, lambda rule: (sum(_parts(rule), arb(0)),))[0]
        if variance.contains(0):
            within = variance.abs_upper().str(2, radius=False)
            raise PrecisionError(
                f"{line.expression!s:.200}: Var sigma(z) is 0 to within {within}, so 2 - c_1^2/Var "
                "is not known; a constant has no isometry strength; where the function is nearly "
                "one, subtract it in the formula, and where its values are tiny, multiply them"
            ) from None
        raise


@lru_cache(maxsize=256)
def _affine_weights(line: Line) -> tuple[Weight, ...]:
    """The integrands of c_0, c_1 and about the residual."""
    return power(1), power(1, 1), residual(line.guess(power(1)), line.guess(power(1, 1)))


def _strength(rule: Rule) -> tuple[arb]:
    rest, linear = _parts(rule)
    return (rest / (rest + linear),)


def _parts(rule: Rule) -> tuple[arb, arb]:
    """Enclose E[(f - c_0 - c_1 z)^2] and c_1^2."""
    c0, c1 = rule.mean(power(1)), rule.mean(power(1, 1))
    a, b = c0.mid(), c1.mid()
    rest = rule.mean(residual(a, b)) - (c0 - a) * (c0 - a) - (c1 - b) * (c1 - b)
    return rest, c1 * c1
