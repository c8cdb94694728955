"""Reject functions without a Hermite expansion: complex, undefined, not square-integrable.

Outside the exact class integrability is judged from the growth of log|sigma| at large |x| and
near the zeros of denominators: a screen that names the trouble, not a proof of integrability.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import mpmath
import sympy as sp
from sympy import Expr, Symbol

from hermiso.errors import ActivationError, HermisoError, NotSquareIntegrable
from hermiso.evaluate import over_mpmath, over_numpy
from hermiso.pieces import signs, split

_FAR = (64.0, 256.0, 1024.0)
_POLES = (
    *(sp.tan, sp.cot, sp.sec, sp.csc),
    *(sp.gamma, sp.loggamma, sp.polygamma, sp.factorial, sp.zeta),
)
_GRIDS = (12, 15, 18)  # powers of 2
_GROWTH = 2.5  # of the peak, for a grid 8 times finer: |x - t|^-0.44


def screen(e: Expr, x: Symbol, sample: Mapping[Any, float]) -> None:
    """Raise if an expression, at sample parameters, is visibly no activation."""
    _screen_functions(e, x)
    _screen_values(e, x, sample)
    _screen_growth(e, x, sample)
    _screen_poles(e, x, sample)
    _screen_peaks(e, x, sample)


def _screen_functions(e: Expr, x: Symbol) -> None:
    if e.has(sp.DiracDelta):
        raise ActivationError(f"{e} contains DiracDelta, which is no function of {x}")
    for f in e.atoms(*_POLES):
        if f.args[-1].is_polynomial(x) and x in f.free_symbols:
            raise NotSquareIntegrable(f"E[sigma(z)^2] is infinite: {f} has poles on the line")


def _screen_values(e: Expr, x: Symbol, sample: Mapping[Any, float]) -> None:
    import numpy as np

    points = np.array([-31.7, -11.3, -3.3, -1.7, -0.61, -0.13, 0.17, 0.59, 1.6, 3.1, 12.1, 30.9])
    try:
        values = over_numpy(e, {**sample, x: points})
    except HermisoError:
        return
    values = np.broadcast_to(values, points.shape)
    for where in points[np.isnan(values)]:
        if _is_real(e, {**sample, x: where}):
            continue  # inf/inf in float64, a number in truth
        raise ActivationError(
            f"{e} is complex-valued or undefined at {x} = {where}{_at(sample)}; "
            "an activation is a real function of the whole line"
        )


def _is_real(e: Expr, values: Mapping[Any, Any]) -> bool:
    try:
        value = over_mpmath(e, {s: mpmath.mpf(float(v)) for s, v in values.items()})
    except (HermisoError, ArithmeticError, ValueError):
        return False
    return bool(mpmath.isfinite(value) and not mpmath.im(value))


def _at(sample: Mapping[Any, float]) -> str:
    return f" (tried {', '.join(f'{s} = {v:g}' for s, v in sample.items())})" if sample else ""


def _screen_growth(e: Expr, x: Symbol, sample: Mapping[Any, float]) -> None:
    for side, end in ((-1, _ends(e, x)[0]), (1, _ends(e, x)[1])):
        h = [2 * log_abs(end, x, side * far, sample) - far * far / 2 for far in _FAR]
        if h[-1] > h[-2] > 0 or h[-1] == math.inf:
            raise NotSquareIntegrable(
                f"E[sigma(z)^2] is infinite for sigma({x}) = {e}: it outgrows exp({x}**2/4) "
                f"as {x} -> {'-' * (side < 0)}oo; no Hermite expansion exists"
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


def _screen_poles(e: Expr, x: Symbol, sample: Mapping[Any, float]) -> None:
    for power in e.atoms(sp.Pow):
        if x in power.base.free_symbols and power.exp.could_extract_minus_sign():
            _screen_zeros(e, power.base, x, sample)


def _screen_zeros(e: Expr, base: Expr, x: Symbol, sample: Mapping[Any, float]) -> None:
    try:
        zeros = [hi for _, hi, _ in signs(base, x)[:-1]]
    except HermisoError:
        return
    for zero in zeros:
        t = _float(zero, x, 0.0, sample)
        for side in (-1, 1):
            near, far = (abs(_float(e, x, t + side * d, sample)) for d in (1e-7, 1e-4))
            if near > far * 1e3**0.49 > 0:  # at least like 1/sqrt|x - t|
                raise NotSquareIntegrable(
                    f"E[sigma(z)^2] is infinite for sigma({x}) = {e}: it has a pole at {x} = {zero}"
                )


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
        raise NotSquareIntegrable(
            f"E[sigma(z)^2] is infinite for sigma({x}) = {e}: it has a pole near {x} = {at:.4g}"
        )
