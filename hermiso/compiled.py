"""Compile an expression to stable functions on numpy arrays and torch tensors.

`pieces.split` cuts the line at the kinks, `hermiso.stable` makes the function of each smooth
piece, and the pieces are evaluated, each only where it applies, and joined. A value at a kink is
the expression's own, a value at infinity is the limit where one exists, and NaN stays NaN.
A single odd value inside a piece, like that of sign(x)^2 at 0, is dropped.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import pairwise
from typing import Any

import sympy as sp
from sympy import Expr, Symbol, oo

from hermiso.errors import ActivationError, NoClosedForm
from hermiso.extras import naming_extras
from hermiso.pieces import Piece, split
from hermiso.stable import Library, float_function, number, stabilized


@dataclass(frozen=True)
class _Plan:
    """What to compute: smooth pieces, the cuts between them and single values.

    A cut (t, True) gives the value at t to the piece on its left. A point (t, v) sets the value
    at t. A piece is evaluated at its inner point where it does not apply: there it can neither
    warn nor send NaN into a gradient.
    """

    smooth: tuple[Expr, ...]
    cuts: tuple[tuple[float, bool], ...]
    points: tuple[tuple[float, float], ...]

    @cached_property
    def inner(self) -> tuple[float | None, ...]:
        """A harmless argument for every piece; None for an affine one, harmless everywhere."""
        t = [c for c, _ in self.cuts] or [0.0]
        middles = [(a + b) / 2 for a, b in pairwise(t)]
        inner = [t[0] - max(1, abs(t[0])), *middles, t[-1] + max(1, abs(t[-1]))]
        affine = [not self.points and sp.degree(e) < 2 if e.is_polynomial() else False
                  for e in self.smooth]  # fmt: skip
        return tuple(None if a else float(m) for a, m in zip(affine, inner, strict=False))


@lru_cache(maxsize=256)
def _plan(expression: Expr, x: Symbol) -> _Plan:
    parts = _parts(expression, x)
    smooth = tuple(stabilized(p.expression) for p in parts)
    cuts, points = [], []
    for left, right in pairwise(parts):
        owner, t = _owner(expression, left, right, x), number(left.upper)
        cuts.append((t, owner is left))
        if owner is None:
            points.append((t, number(expression.subs(x, left.upper))))
    ends = (_limit(smooth[0], -math.inf), _limit(smooth[-1], math.inf))
    return _Plan(smooth, tuple(cuts), (*points, *(p for p in ends if p)))


def _parts(expression: Expr, x: Symbol) -> tuple[Piece, ...]:
    parameters = sorted(str(s) for s in expression.free_symbols - {x})
    if parameters:
        raise ActivationError(
            f"{expression} cannot be evaluated: {', '.join(parameters)} has no value; "
            "substitute a number for every parameter first, e.g. expression.subs(...)"
        )
    try:
        return split(expression, x)
    except NoClosedForm:  # infinitely many kinks, as in Abs(sin(x)): taken as they stand
        return (Piece(-oo, oo, expression),)


def _owner(expression: Expr, left: Piece, right: Piece, x: Symbol) -> Piece | None:
    """The neighbour that continues to the expression's value at the kink between them."""
    t = left.upper
    value = expression.subs(x, t).evalf(30)
    if not value.is_Float and not value.is_Integer:
        return right  # a pole: no value to keep
    for piece in (left, right):
        gap = (piece.expression.subs(x, t).evalf(30) - value).evalf(30)
        if gap.is_finite and abs(gap) <= sp.Float("1e-20") * (1 + abs(value)):
            return piece
    return None


def _limit(smooth: Expr, end: float) -> tuple[float, float] | None:
    """The point (end, limit) if plain evaluation at infinity gives NaN; NaN if none is seen."""
    import numpy as np

    f = float_function(smooth, _numpy_library())
    with np.errstate(all="ignore"):
        if not np.isnan(f(np.float64(end))):
            return None
        v = np.asarray(f(math.copysign(1, end) * 10.0 ** np.arange(25, 301, 25)))
        ratios = v[1:] / v[:-1]
    if v[-1] == v[-2]:
        return end, float(v[-1])
    if (ratios > 10).all():
        return end, math.copysign(math.inf, v[-1])
    return end, 0.0 if (abs(ratios) < 0.1).all() else math.nan


def _evaluate(plan: _Plan, functions: list[Callable[[Any], Any]], xp: Any, v: Any) -> Any:
    """Join the pieces from right to left; NaN ends up in the last one."""
    below = [v <= t if closed else v < t for t, closed in plan.cuts]
    known = [v == t for t, _ in plan.points]

    def piece(i: int) -> Any:
        inner, u = plan.inner[i], v
        if inner is not None:
            elsewhere = [*known, *below[i - 1 : i], *(~mask for mask in below[i : i + 1])]
            for mask in elsewhere:
                u = xp.where(mask, inner, u)
        return functions[i](u)

    last = len(functions) - 1
    out = piece(last)
    if not plan.smooth[last].free_symbols:
        out = xp.where(v == v, xp.full_like(v, out), v)  # NaN stays NaN
    for i in reversed(range(last)):
        out = xp.where(below[i], piece(i), out)
    for mask, (_, value) in zip(known, plan.points, strict=True):
        out = xp.where(mask, value, out)
    return out


def _numpy_library() -> Library:
    import numpy
    import scipy.special

    return Library(numpy, scipy.special)


@lru_cache(maxsize=256)
def numpy_function(expression: Expr, x: Symbol) -> Callable[[Any], Any]:
    """Return the function on numpy arrays of any real dtype; floats keep theirs.

    Raises:
        ActivationError: if a parameter has no value or a function no numerical form.
    """
    import numpy as np

    plan, lib = _plan(expression, x), _numpy_library()
    functions = [float_function(e, lib) for e in plan.smooth]

    def compiled(value: Any) -> Any:
        v = np.asarray(value)
        if v.dtype.kind not in "biuf":
            raise ActivationError(f"the input has dtype {v.dtype}; real numbers are required")
        dtype = v.dtype if v.dtype.kind == "f" else np.dtype(float)
        # a result beyond the largest float is inf, NaN stays NaN: no cause for a warning
        with np.errstate(over="ignore", under="ignore", invalid="ignore"):
            out = _evaluate(plan, functions, np, v.astype(np.result_type(dtype, np.float32)))
            return np.asarray(out, dtype=dtype)[()]

    return compiled


@lru_cache(maxsize=256)
def torch_function(expression: Expr, x: Symbol) -> Callable[[Any], Any]:
    """Return the differentiable function on torch tensors, on the device of its input.

    Raises:
        ActivationError: if a parameter has no value or a function no numerical form.
    """
    with naming_extras():
        import torch

    plan, lib = _plan(expression, x), Library(torch, torch.special)
    functions = [float_function(e, lib) for e in plan.smooth]

    def compiled(value: Any) -> Any:
        if value.is_complex():
            raise ActivationError(f"the input has dtype {value.dtype}; real numbers are required")
        dtype = value.dtype if value.is_floating_point() else torch.get_default_dtype()
        v = value.to(torch.promote_types(dtype, torch.float32))
        return _evaluate(plan, functions, torch, v).to(dtype)

    return compiled
