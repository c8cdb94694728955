"""Nodes in code that `sympy.lambdify` generates: values at numbers and arrays.

The generated code calls `node_values` with a function that builds the node's arguments, so that
the balls behind `.evalf` are behind the compiled form too. Seconds a value at a kinked dual near
|rho| = 1; the spectrum of a smooth one serves all points of an array.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import mpmath
import sympy as sp
from sympy import Expr, Symbol
from sympy.functions.elementary.piecewise import ExprCondPair

from hermiso.activation import exact

__all__ = ["Build", "code"]

Build = Callable[..., tuple[Any, ...]]
BITS = 60  # of a float64 with room to round


def code(node: Any, printer: Any) -> str:
    """Return the call of `node_values` that stands for a node, its free symbols as arguments."""
    symbols = sorted(node.free_symbols, key=sp.default_sort_key)
    names = {s: f"p{i}" for i, s in enumerate(symbols)}
    parts = ", ".join(_built(a, names) for a in node.args)
    call = printer._module_format("hermiso.symbolic.points.node_values")
    kind = printer._module_format(f"hermiso.symbolic.nodes.{type(node).__name__}")
    build = f"lambda {', '.join(('S', *names.values()))}: ({parts},)"
    values = "".join(f", {printer._print(s)}" for s in symbols)
    return f"{call}({kind}, {build}{values})"


def _built(e: Any, names: Mapping[Symbol, str]) -> str:
    """Return the code that builds an expression from the module S = sympy."""
    if e in names:
        return names[e]
    if isinstance(e, Symbol):
        return f"S.Symbol({e.name!r}, real=True)"
    if e in (sp.true, sp.false):
        return f"S.{str(e).lower()}"
    if e.is_Rational:
        return f"S.Rational({e.p}, {e.q})"
    if not e.args:
        return f"S.S.{type(e).__name__}"
    head = "Tuple" if isinstance(e, ExprCondPair) else e.func.__name__
    return f"S.{head}({', '.join(_built(a, names) for a in e.args)})"


def node_values(kind: Any, build: Build, *points: Any) -> Any:
    """Return the values of a node: of an array its shape, of mpf an mpf, else a float."""
    if any(isinstance(p, Expr) for p in points):
        return kind(*build(sp, *points))
    if any(isinstance(p, mpmath.mpf) for p in points):
        from hermiso.balls.reals import fraction

        numbers = (sp.Rational(fraction(mpmath.mpf(p))) for p in points)
        return mpmath.mpmathify(_at(kind, build, numbers, mpmath.mp.prec))
    import numpy as np

    arrays = np.broadcast_arrays(*(np.real(np.asarray(p)).astype(float) for p in points))
    shape = arrays[0].shape if arrays else ()
    rows = list(zip(*(map(float, a.flat) for a in arrays), strict=True)) or [()]
    found = [_at(kind, build, map(exact, row), BITS) for row in rows]
    return np.array([float(v) for v in found]).reshape(shape)[()]


def _at(kind: Any, build: Build, numbers: Any, bits: int) -> Any:
    return kind(*build(sp, *numbers))._eval_evalf(bits)
