"""The spectrum c_0, c_1, ... in one pass, and the dual activation sum c_k^2 rho^k (Lemma A.6).

What the first K coefficients leave of E sigma^2 bounds the rest of the series exactly, since
its terms are squares: after K terms the error is at most (E sigma^2 - sum_{k<K} c_k^2) |rho|^K.
For a function that is holomorphic around the line a few hundred terms do for every rho in
[-1, 1]; with kinks their number grows like digits/(1 - |rho|).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import ceil, log, log2

from flint import acb, arb, ctx

from hermiso.balls.line import Line
from hermiso.balls.moments import (
    GUARD,
    hermite,
    missing,
    power,
    recurrence_bits,
    refined,
    roots,
)
from hermiso.balls.panels import Goal
from hermiso.balls.rule import Rule
from hermiso.errors import PrecisionError

__all__ = ["coefficients", "complement", "dual", "kernel_map", "spectrum", "terms_needed"]

FIRST = 48
LAST = 4_000  # coefficients of one function
FOREVER = 10**9
SLOW = arb(2) ** -30
ATTEMPTS = 16


@dataclass(frozen=True)
class Spectrum:
    """Balls c_0, ..., c_{K-1} and E sigma^2."""

    coefficients: tuple[arb, ...]
    second_moment: arb

    @property
    def rest(self) -> arb:
        """A bound of the sum of c_k^2 from K on."""
        known = sum((c * c for c in self.coefficients), arb(0))
        return (self.second_moment - known).nonnegative_part().upper()

    @property
    def is_slow(self) -> bool:
        """Whether the rest decays as it does for kinks, not as for a holomorphic function."""
        return bool(self.rest > SLOW * self.second_moment)

    def series(self, term: Callable[[int], arb], first: int = 0) -> arb:
        """Return sum c_k^2 term(k) over the known coefficients."""
        rows = list(enumerate(self.coefficients))[first:]
        return sum((c * c * term(k) for k, c in rows), arb(0))


def coefficients(line: Line, degrees: Sequence[int], digits: int) -> tuple[arb, ...]:
    """Enclose c_k for some k, each to digits relative to itself unless it may be 0."""
    n = max(degrees, default=-1) + 1
    if not n:
        return ()

    def chosen(rule: Rule) -> tuple[arb, ...]:
        found = _coefficients(rule, n)
        return tuple(found[k] for k in degrees)

    weights = power(1), hermite(n - 1)
    return refined(line, weights, digits, chosen, recurrence_bits(n, digits))


def _coefficients(rule: Rule, n: int) -> tuple[arb, ...]:
    """Run the recurrence of he_k over the nodes."""
    error = rule.rest(hermite(n - 1))  # its bounds grow with the degree
    zs = [z for z, _, _ in rule.rows]
    values = [w * f for _, w, f in rule.rows]
    previous, root, found = [arb(0)] * len(zs), roots(n + 1, ctx.prec), []
    for k in range(n):
        found.append(sum(values, arb(0)) + error)
        below, above = root[k], 1 / root[k + 1]
        values, previous = (
            [(z * v - below * u) * above for z, v, u in zip(zs, values, previous, strict=True)],
            values,
        )
    return tuple(found)


@lru_cache(maxsize=64)
def spectrum(line: Line, n: int, bits: int) -> Spectrum:
    """Enclose n coefficients with errors of about 2^-bits of the size of sigma."""
    scale = ceil(line.scales((power(2),))[0] / 2)
    goal = Goal((hermite(n - 1), power(2)), (bits - scale, bits - 2 * scale), bits)
    with ctx.workprec(bits + 40 + recurrence_bits(n, ceil(bits / log2(10)))):
        rule = line.rule(goal)
        return Spectrum(_coefficients(rule, n), rule.mean(power(2)))


Partial = tuple[arb, arb]  # a value from the known coefficients, a bound of what the rest adds


def _summed(
    line: Line,
    at: arb,
    digits: int,
    enough: int,
    evaluate: Callable[[Spectrum, arb], Partial],
    what: str,
) -> arb:
    """Add coefficients and bits until the value at the middle of a ball is accurate."""
    target = bits = ceil(digits * log2(10)) + GUARD
    n = min(FIRST, enough)
    for _ in range(ATTEMPTS):
        known = spectrum(line, n, bits)
        with ctx.workprec(bits + 40):
            value, cut = evaluate(known, at.mid())
            lacking, rounded = (missing(v, digits, target) for v in (_within(value, cut), value))
            if lacking <= 0:
                return _within(*evaluate(known, at))
        if rounded > 0:
            bits += max(rounded, 8)
        else:
            n = min(enough if n >= 4 * FIRST and known.is_slow else 2 * n, enough)
            if n > LAST:
                break
    raise PrecisionError(
        f"{what} of {line.expression} at {at.str(8)}: {digits} digits need {n} Hermite "
        f"coefficients (at most {LAST} are used) or more than {bits} bits; so far it is "
        f"{_within(value, cut).str(10)}; ask for fewer digits"
    )


def _within(value: arb, cut: arb) -> arb:
    return value + arb(0, 1) * cut


def terms_needed(rho: arb, digits: int) -> int:
    """Return how many terms make |rho|^K negligible whatever the coefficients."""
    size = abs(rho.mid())
    if size.is_zero():
        return 2
    rate = -float(size.log())  # of decay per term
    return ceil(log(10) * (digits + 3) / rate) + 2 if rate > 1e-9 else FOREVER


def dual(line: Line, rho: arb, digits: int) -> arb:
    """Enclose E[sigma(x) sigma(y)] at a correlation in [-1, 1], digits relative for exact rho."""

    def evaluate(known: Spectrum, rho: arb) -> Partial:
        n = len(known.coefficients)
        return known.series(_powers(rho)), known.rest * _size(rho) ** n

    return _summed(line, rho, digits, terms_needed(rho, digits), evaluate, "the dual activation")


def kernel_map(line: Line, rho: arb, digits: int) -> arb:
    """Enclose kappa(rho) = sum_{k >= 1} c_k^2 rho^k / Var sigma(z)."""

    def evaluate(known: Spectrum, rho: arb) -> Partial:
        n, variance = len(known.coefficients), _variance(known)
        cut = known.rest * _size(rho) ** n / variance
        return known.series(_powers(rho), 1) / variance, cut.upper()

    return _summed(line, rho, digits, terms_needed(rho, digits), evaluate, "the kernel map")


def _powers(rho: arb) -> Callable[[int], arb]:
    """K -> rho^k, also for a ball around 0."""
    return lambda k: (acb(rho) ** k).real if rho.contains(0) else rho**k


def _size(rho: arb) -> arb:
    return arb(1).min(abs(rho).upper())


def _variance(known: Spectrum) -> arb:
    c0 = known.coefficients[0]
    return known.second_moment - c0 * c0


def complement(line: Line, slope: Line | None, delta: arb, digits: int) -> arb:
    """Enclose 1 - kappa(1 - delta) = sum p_k (1 - (1 - delta)^k), to relative digits.

    Args:
        line: the function.
        slope: its derivative, if it has no jumps: sum k c_k^2 = E sigma'^2 bounds the rest.
        delta: in [0, 2].
        digits: relative to the value.
    """
    square = power(2)
    moment = slope and refined(slope, (square,), digits, lambda rule: (rule.mean(square),))[0]

    def evaluate(known: Spectrum, delta: arb) -> Partial:
        variance, rest = _variance(known), 2 * known.rest
        if moment is not None:
            slopes = moment - known.series(lambda k: arb(k))
            rest = rest.min(delta.upper() * slopes.nonnegative_part().upper())
        return known.series(lambda k: _lost(delta, k), 1) / variance, (rest / variance).upper()

    return _summed(line, delta, digits, FOREVER, evaluate, "1 - kappa(1 - delta)")


def _lost(delta: arb, k: int) -> arb:
    """1 - (1 - delta)^k without cancellation."""
    if delta < 0.5:
        return -((-delta).log1p() * k).expm1()
    return 1 - _powers(1 - delta)(k)
