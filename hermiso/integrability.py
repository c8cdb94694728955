"""Reject functions without a Hermite expansion: complex, undefined, not square-integrable.

A function passes at once if balls bound it on the middle of the line and growth certificates
bound it outside. `NotSquareIntegrable` is raised with a proof only: a bound from below, or a pole.
Where neither is found but the values look infinite, the error says that nothing could be shown;
what merely resists passes here, and is named where its numbers are asked for.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any

import mpmath
import sympy as sp
from sympy import Expr, Symbol

from hermiso.errors import (
    ActivationError,
    BudgetExceeded,
    HermisoError,
    NoClosedForm,
    NotSquareIntegrable,
    PrecisionError,
)
from hermiso.evaluate import over_mpmath, over_numpy
from hermiso.pieces import signs, split

__all__ = ["Interval", "is_shown", "log_abs", "screen"]

_POINTS = (-31.7, -11.3, -3.3, -1.7, -0.61, -0.13, 0.17, 0.59, 1.6, 3.1, 12.1, 30.9)
_CANCELLING = 300  # digits; 1 - erf(22) is 1e-212
_MIDDLE = 9.0
_TRIED = 6  # intervals in which a pole is looked for
_CLOSEST = 10**6  # the largest denominator of a sample
_FAR = (64.0, 256.0, 1024.0)
_DISTANT = (1e2, 1e3, 1e4, 1e5, 1e6)
_INSIDE = (0.1031, 0.4931, 0.8831)  # parts of an interval where formulas have no zeros
_LOOKED_INTO = 20  # intervals
SHOWN = 2  # digits of E[sigma(z)^2]
_GRIDS = (12, 15, 18)  # powers of 2
_GROWTH = 2.5  # of the peak, for a grid 8 times finer: |x - t|^-0.44
Interval = tuple[float, float]


def screen(e: Expr, x: Symbol, sample: Mapping[Any, float]) -> bool:
    """Raise if an expression, at sample parameters, is no activation.

    Returns:
        Whether it certainly is one: real, and bounded as E[sigma(z)^2] needs.

    Raises:
        NotSquareIntegrable: if E[sigma(z)^2] is certainly infinite.
        ActivationError: if it is not real, or its values look as if E[sigma(z)^2] were infinite.
    """
    if e.has(sp.DiracDelta):
        raise ActivationError(f"{e!s:.200} contains DiracDelta, which is no function of {x}")
    f = e.xreplace({s: sp.Rational(v).limit_denominator(_CLOSEST) for s, v in sample.items()})
    _screen_values(e, f, x, sample)
    reach, resisting = _reach(f, x, sample)
    intervals = _unbounded(f, x, reach)
    inside = [a + (b - a) * t for a, b in (intervals or [])[:_LOOKED_INTO] for t in _INSIDE]
    _screen_doubtful(e, x, sample, inside)
    _screen_doubtful(e, x, sample, [side * far for side in resisting for far in _DISTANT])
    for at in _poles(f, x, intervals):
        raise NotSquareIntegrable(
            f"E[sigma(z)^2] is infinite for sigma({x}) = {e!s:.200}{_at(sample)}: it has a "
            f"pole {at}, and a function with poles on the line has no Hermite expansion"
        )
    for side, reason in resisting.items():
        _screen_growth(e, x, sample, side, reason)
    if intervals != []:
        _screen_peaks(e, x, sample)
    return not resisting and intervals == []


def is_shown(e: Expr, x: Symbol, moment: int = 2) -> bool:
    """Whether balls enclose E[e(z)^moment] of an expression without parameters."""
    from hermiso.balls.line import Line
    from hermiso.balls.moments import mean, power

    try:
        mean(Line(e, x, moment), power(moment), SHOWN)
    except BudgetExceeded:
        raise
    except HermisoError:
        return False
    return True


# --- proofs -----------------------------------------------------------------------------------


def _reach(f: Expr, x: Symbol, sample: Mapping[Any, float]) -> tuple[float, dict[int, str]]:
    """Where the growth certificates begin, and why there is none on a side.

    Raises:
        NotSquareIntegrable: if a bound from below shows that E f(z)^2 is infinite.
    """
    from hermiso.balls.growth import growth

    reach, resisting = _MIDDLE, {}
    for side in (-1, 1):
        try:
            bound = growth(f, x, side)
        except NotSquareIntegrable as error:
            raise NotSquareIntegrable(f"{error}{_at(sample)}") from None
        except PrecisionError as error:
            resisting[side] = str(error)
            continue
        reach = max(reach, float(bound.start))
        if not bound.has_moment(2):
            resisting[side] = f"it is only known to be below {bound}"
    return reach, resisting


def _unbounded(f: Expr, x: Symbol, reach: float) -> list[Interval] | None:
    """Short intervals outside which f is bounded in the middle; None if balls cannot tell."""
    from hermiso.balls.divergence import doubtful

    try:
        return doubtful(f, x, -reach, reach)
    except NoClosedForm:
        return None


def _poles(f: Expr, x: Symbol, intervals: list[Interval] | None) -> Iterator[str]:
    """Yield where a pole of f certainly is, too strong for a square."""
    from hermiso.balls.divergence import diverges_at, poles

    if intervals == []:
        return
    zeros = [t for power in f.atoms(sp.Pow) for t in _zeros(power, x)]
    yield from (f"at {x} = {t}" for t in zeros if diverges_at(f, x, t))
    found = poles(f, x, intervals or [], _TRIED)
    yield from (f"near {x} = {round(t, 6) + 0.0:.4g}" for t in found)
    if any(a <= 0 <= b for a, b in intervals or []) and diverges_at(f, x, sp.S.Zero):
        yield f"at {x} = 0"


def _zeros(power: Any, x: Symbol) -> list[Expr]:
    if x not in power.base.free_symbols or not power.exp.could_extract_minus_sign():
        return []
    try:
        return [hi for _, hi, _ in signs(power.base, x)[:-1]]
    except HermisoError:
        return []


# --- values -----------------------------------------------------------------------------------


def _screen_values(e: Expr, f: Expr, x: Symbol, sample: Mapping[Any, float]) -> None:
    from hermiso.balls.divergence import is_real

    with suppress(NoClosedForm):
        if is_real(f, x, _POINTS):
            return
    import numpy as np

    points = np.array(_POINTS)
    try:
        values = over_numpy(e, {**sample, x: points})
    except HermisoError:
        return
    values = np.broadcast_to(values, points.shape)
    for where in points[np.isnan(values)]:
        if _is_real(e, {**sample, x: where}):
            continue  # inf/inf in float64, a number in truth
        raise ActivationError(
            f"{e!s:.200} is complex-valued or undefined at {x} = {where}{_at(sample)}; "
            "an activation is a real function of the whole line"
        )


def _screen_doubtful(
    e: Expr, x: Symbol, sample: Mapping[Any, float], points: Sequence[float]
) -> None:
    """Raise if e is complex where balls could not tell."""
    for where in points:
        if _is_complex(e, {**sample, x: where}):
            raise ActivationError(
                f"{e!s:.200} is complex-valued at {x} = {where:.6g}{_at(sample)}; "
                "an activation is a real function of the whole line"
            )


def _is_complex(e: Expr, values: Mapping[Any, Any]) -> bool:
    """Whether the same complex value comes out of both precisions: no roundings, then."""
    found = []
    for digits in (_CANCELLING, 3 * _CANCELLING):
        try:
            with mpmath.workdps(digits):
                value = over_mpmath(e, {s: mpmath.mpf(float(v)) for s, v in values.items()})
        except (HermisoError, ArithmeticError, ValueError, TypeError):
            return False
        found.append(value)
    a, b = found
    if not (mpmath.isfinite(a) and mpmath.im(a) and mpmath.im(b)):
        return False
    return bool(mpmath.almosteq(a, b, 1e-12))


def _is_real(e: Expr, values: Mapping[Any, Any]) -> bool:
    try:
        with mpmath.workdps(_CANCELLING):
            value = over_mpmath(e, {s: mpmath.mpf(float(v)) for s, v in values.items()})
    except NoClosedForm:
        return True  # beyond what can be evaluated: no verdict
    except (HermisoError, ArithmeticError, ValueError):
        return False
    return bool(mpmath.isfinite(value) and not mpmath.im(value))


def _at(sample: Mapping[Any, float]) -> str:
    return f" (tried {', '.join(f'{s} = {v:g}' for s, v in sample.items())})" if sample else ""


# --- suspicions -------------------------------------------------------------------------------


def _screen_growth(e: Expr, x: Symbol, sample: Mapping[Any, float], side: int, reason: str) -> None:
    end = _ends(e, x)[max(side, 0)]
    h = [2 * log_abs(end, x, side * far, sample) - far * far / 2 for far in _FAR]
    if h[-1] > h[-2] > 0 or h[-1] == math.inf:
        raise ActivationError(_unknown(e, x, sample, reason))


def _unknown(e: Expr, x: Symbol, sample: Mapping[Any, float], reason: str) -> str:
    return (
        f"cannot show that E[sigma(z)^2] is finite for sigma({x}) = {e!s:.200}{_at(sample)}, "
        f"and its values look as if it were not: {reason}"
    )


def _ends(e: Expr, x: Symbol) -> tuple[Expr, Expr]:
    """The expression far to the left and far to the right."""
    try:
        pieces = split(e, x)
    except HermisoError:
        return e, e
    return pieces[0].expression, pieces[-1].expression


def log_abs(e: Expr, x: Symbol, at: float, sample: Mapping[Any, float]) -> float:
    """Return log|e(at)| without overflow: exponents are never exponentiated."""
    if isinstance(e, sp.exp):
        return _float(e.args[0], x, at, sample)
    if e.is_Mul:
        return sum(log_abs(a, x, at, sample) for a in e.args)
    if e.is_Add:
        return max(log_abs(a, x, at, sample) for a in e.args)
    if e.is_Pow and x not in e.exp.free_symbols:
        return _float(e.exp, x, at, sample) * log_abs(e.base, x, at, sample)
    if isinstance(e, (sp.cosh, sp.sinh)):
        return abs(_float(e.args[0], x, at, sample)) - math.log(2)
    value = log_abs(e.args[0], x, at, sample) if isinstance(e, sp.log) else _float(e, x, at, sample)
    if not math.isfinite(value):
        return 0.0  # overflow on the way to a value: no verdict
    return math.log(abs(value)) if value else -math.inf


def _float(e: Expr, x: Symbol, at: float, sample: Mapping[Any, float]) -> float:
    import numpy as np

    try:
        value = float(over_numpy(e, {**sample, x: np.float64(at)}))
    except HermisoError:
        return 0.0
    return 0.0 if math.isnan(value) else value


def _screen_peaks(e: Expr, x: Symbol, sample: Mapping[Any, float]) -> None:
    """Poles that no formula shows: the highest value keeps growing on finer grids."""
    import numpy as np

    peaks = []
    for power in _GRIDS:
        grid = np.linspace(-9.0, 9.0, 2**power + 1)[:-1] + 1 / np.e
        try:
            values = np.abs(over_numpy(e, {**sample, x: grid}))
        except HermisoError:
            return
        values = np.where(np.isfinite(values), values, 0.0) * np.exp(-(grid**2) / 4)
        peaks.append((float(np.max(values)), float(grid[np.argmax(values)])))
    (first, _), (second, _), (third, at) = peaks
    if second > _GROWTH * first > 0 and third > _GROWTH * second:
        reason = f"near {x} = {at:.4g} they grow without end on finer grids"
        raise ActivationError(_unknown(e, x, sample, reason))
