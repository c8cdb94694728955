"""Compile an expression to stable functions on numpy arrays and torch tensors.

`pieces.split` cuts the line at the kinks, `hermiso.stable` makes the function of each smooth
piece (`hermiso.scaled`, where floats overflow on the way), and the pieces are evaluated, each only
where it applies, and joined. A value at a kink or at a single point is the expression's own, a
value at infinity is the limit where one exists, and NaN stays NaN.

What is promised for a formula, in float32 and float64: where the function and its derivative are
finite, so are the compiled ones, over the whole range, but for its last decades where a sum of x
and a root of x^2 is differentiated, one more for each of a coefficient; and the value is that of
the function within a few dozen roundings of its terms and its argument. Digits that a difference of
two terms cancels are kept where an identity of `hermiso.identities` or `hermiso.stable` knows it:
differences and quotients of exponentials, hyperbolic functions, powers, roots and error functions,
the logarithm of a sum of them (a difference of two logarithms has those of its terms). The
catalogue is held to more: a few units of the last place, relative to the value, everywhere
(`tests/hermiso/test_compiled.py`).
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import pairwise
from typing import Any

import mpmath
import sympy as sp
from sympy import Expr, Symbol, oo

from hermiso.errors import ActivationError, NoClosedForm, UnknownSign
from hermiso.evaluate import over_mpmath
from hermiso.extras import naming_extras
from hermiso.floats import Library
from hermiso.pieces import Piece, signs, split
from hermiso.scaled import fixed, overflows, scaled_function
from hermiso.stable import float_function, number, stabilized

__all__ = ["numpy_function", "torch_function"]

_SWITCHES = (sp.sign, sp.Heaviside, sp.core.relational.Relational)


@dataclass(frozen=True)
class _Plan:
    """What to compute: smooth pieces, the cuts between them and single values.

    A cut (t, True) gives the value at t to the piece on its left. A point (t, v, d) sets the
    value at t and the derivative there. A piece is evaluated at its inner point where it does not
    apply: there it can neither warn nor send NaN into a gradient.

    Attributes:
        scaled: for every piece, whether floats overflow on the way to its values.
    """

    smooth: tuple[Expr, ...]
    scaled: tuple[bool, ...]
    cuts: tuple[tuple[float, bool], ...]
    points: tuple[tuple[float, float, float], ...]

    def functions(self, lib: Library) -> list[Callable[[Any], Any]]:
        """The pieces on arrays of a library."""
        both = zip(self.smooth, self.scaled, strict=True)
        return [(scaled_function if s else float_function)(e, lib) for e, s in both]

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
    scaled = tuple(_overflows(p, e) for p, e in zip(parts, smooth, strict=True))
    cuts, points = [], list(_single_points(expression, parts, x))
    for left, right in pairwise(parts):
        owner, t = _owner(expression, left, right, x), number(left.upper)
        cuts.append((t, owner is left))
        if owner is None:
            points.append((t, number(expression.subs(x, left.upper)), 0.0))
    ends = (_limit(smooth[0], scaled[0], -math.inf), _limit(smooth[-1], scaled[-1], math.inf))
    return _Plan(smooth, scaled, tuple(cuts), (*points, *(p for p in ends if p)))


def _overflows(piece: Piece, smooth: Expr) -> bool:
    if not smooth.free_symbols:
        return False
    lower, upper = (
        float(number(t)) if t.is_finite else float(t) for t in (piece.lower, piece.upper)
    )
    return overflows(smooth, lower, upper, _numpy_library())


def _single_points(
    expression: Expr, parts: tuple[Piece, ...], x: Symbol
) -> Iterator[tuple[float, float, float]]:
    """Points inside a piece at which the expression has a value of its own, as from Eq(x, 0)."""
    kinks = {p.upper for p in parts}
    for t in sorted(_zeros_of_switches(expression, x) - kinks, key=float):
        piece = next(p for p in parts if p.upper is oo or float(t) < float(p.upper))
        if _owner(expression, piece, piece, x, t) is None:
            value = number(expression.subs(x, t))
            yield number(t), value, _slope(piece.expression, x, t, value)


def _zeros_of_switches(expression: Expr, x: Symbol) -> set[Any]:
    found: set[Any] = set()
    for e in expression.atoms(*_SWITCHES):
        u = e.args[0] if e.is_Function else e.lhs - e.rhs
        if x in u.free_symbols:
            found |= {t for f in sp.Mul.make_args(u) for t in _zeros(f.as_base_exp()[0], x)}
    return {t for t in found if t.is_finite and t.is_real}


def _zeros(u: Expr, x: Symbol) -> list[Any]:
    try:
        return [upper for _, upper, _ in signs(u, x)[:-1]]
    except (NoClosedForm, UnknownSign):  # no formula for them
        return []


def _slope(smooth: Expr, x: Symbol, t: Expr, value: float) -> float:
    """The derivative at a point that the smooth expression leaves out; 0 if it jumps there."""
    with mpmath.workdps(80):
        middle, h = mpmath.mpf(str(t.evalf(80))), mpmath.mpf("1e-20")
        try:
            a, b = (over_mpmath(smooth, {x: middle + s * h}) for s in (-1, 1))
        except (NoClosedForm, ValueError, ZeroDivisionError):
            return 0.0
        near = all(mpmath.isfinite(f) and abs(f - value) < 1e-15 * (1 + abs(value)) for f in (a, b))
        return float((b - a) / (2 * h)) if near else 0.0


def _parts(expression: Expr, x: Symbol) -> tuple[Piece, ...]:
    parameters = sorted(str(s) for s in expression.free_symbols - {x})
    if parameters:
        raise ActivationError(
            f"{expression!s:.200} cannot be evaluated: {', '.join(parameters)} has no value; "
            "substitute a number for every parameter first, e.g. expression.subs(...)"
        )
    try:
        return split(expression, x)
    except NoClosedForm:  # infinitely many kinks, as in Abs(sin(x)): taken as they stand
        return (Piece(-oo, oo, expression),)


def _owner(
    expression: Expr, left: Piece, right: Piece, x: Symbol, at: Expr | None = None
) -> Piece | None:
    """The neighbour that continues to the expression's value at the kink between them."""
    t = left.upper if at is None else at
    value = expression.subs(x, t).evalf(30)
    if not value.is_Float and not value.is_Integer:
        return right  # a pole: no value to keep
    for piece in (left, right):
        gap = (piece.expression.subs(x, t).evalf(30) - value).evalf(30)
        if gap.is_finite and abs(gap) <= sp.Float("1e-20") * (1 + abs(value)):
            return piece
    return None


def _limit(smooth: Expr, scaled: bool, end: float) -> tuple[float, float, float] | None:
    """The point (end, limit, 0) where the function of the piece does not take it by itself."""
    import numpy as np

    lib = _numpy_library()
    plain = float_function(smooth, lib)
    with np.errstate(all="ignore"):
        value = float(plain(np.float64(end)))
        if not math.isnan(value):
            return (end, value, 0.0) if scaled else None
        f = scaled_function(smooth, lib) if scaled else plain
        return (
            end,
            _seen_limit(np.asarray(f(math.copysign(1, end) * 10.0 ** np.arange(25, 301, 25)))),
            0.0,
        )


def _seen_limit(v: Any) -> float:
    """The limit of values at 1e25, 1e50, ..., 1e300; NaN if none is seen."""
    ratios, steps = v[1:] / v[:-1], v[1:] - v[:-1]
    if v[-1] == v[-2] or abs(ratios[-1] - 1) < 16 * sys.float_info.epsilon:
        return float(v[-1])
    if (ratios > 10).all() or (steps[1:] / steps[:-1] > 0.3).all():  # like a power; a logarithm
        return math.copysign(math.inf, steps[-1])
    return 0.0 if (abs(ratios) < 0.1).all() else math.nan


def _evaluate(plan: _Plan, functions: list[Callable[[Any], Any]], xp: Any, v: Any) -> Any:
    """Join the pieces from right to left; NaN ends up in the last one."""
    below = [v <= t if closed else v < t for t, closed in plan.cuts]
    known = [v == t for t, _, _ in plan.points]

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
    for mask, (_, value, slope) in zip(known, plan.points, strict=True):
        at = value + slope * (v - fixed(v)) if slope else value  # v - v carries the gradient
        out = xp.where(mask, at, out)
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
    functions = plan.functions(lib)

    def compiled(value: Any) -> Any:
        v = np.asarray(value)
        if v.dtype.kind not in "biuf":
            raise ActivationError(f"the input has dtype {v.dtype}; real numbers are required")
        dtype = v.dtype if v.dtype.kind == "f" else np.dtype(float)
        # a result beyond the largest float is inf, NaN stays NaN: no cause for a warning
        with np.errstate(all="ignore"):
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
    functions = plan.functions(lib)

    def compiled(value: Any) -> Any:
        if value.is_complex():
            raise ActivationError(f"the input has dtype {value.dtype}; real numbers are required")
        dtype = value.dtype if value.is_floating_point() else torch.get_default_dtype()
        v = value.to(torch.promote_types(dtype, torch.float32))
        return _evaluate(plan, functions, torch, v).to(dtype)

    return compiled
