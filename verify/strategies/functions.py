"""Activations as sympy expressions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import sympy as sp
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

__all__ = ["activations"]


def activations(x: Any = None) -> SearchStrategy[Any]:
    """Small sympy expressions in x: nonconstant, square-integrable, piecewise elementary."""
    x = sp.Symbol("x", real=True) if x is None else x
    gains = st.sampled_from([sp.Rational(1, 2), sp.Integer(1), sp.Rational(-3, 2), sp.Integer(2)])
    atoms: list[Callable[[Any], Any]] = [
        lambda u: u,
        lambda u: u**2,
        lambda u: u**3,
        lambda u: sp.Max(u, 0),
        sp.Abs,
        sp.sign,
        sp.sin,
        sp.cos,
        sp.erf,
        lambda u: sp.exp(u / 2),
        lambda u: sp.exp(-(u**2)),
        lambda u: u * (1 + sp.erf(u / sp.sqrt(2))) / 2,
        lambda u: sp.Piecewise((u, u > 0), (u / 100, True)),
    ]
    single = st.builds(lambda f, a: f(a * x), st.sampled_from(atoms), gains)
    weights = st.sampled_from([sp.Integer(-1), sp.Rational(1, 3), sp.Integer(2)])
    double = st.builds(lambda f, w, g: f + w * g, single, weights, single)
    return st.one_of(single, double.filter(lambda f: f.has(x)))
