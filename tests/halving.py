"""Gaussian moments of the functions of tests/compositions.py, by halving panels until they agree.

The arithmetic is numpy's longest; the estimate of the error counts what the last halving changed
and 10^4 roundings of the integrand's size.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.polynomial.legendre import leggauss

from tests.compositions import EPS, PI, Composition, Real

ORDER, INTERVALS = 20, 32
LEVELS = 130
MOST = 200_000  # panels at once
INSIDE = 1 - 2.0**-50


def gauss() -> tuple[Any, Any]:
    """Nodes and weights to more than double precision, by two steps of Newton's iteration."""
    t = leggauss(ORDER)[0].astype(Real)
    for _ in range(3):
        before, p = np.ones_like(t), t
        for k in range(2, ORDER + 1):
            before, p = p, ((2 * k - 1) * t * p - (k - 1) * before) / k
        slope = ORDER * (t * p - before) / (t * t - 1)
        t = t - p / slope
    return t, 2 / ((1 - t * t) * slope**2)


def clenshaw_curtis() -> tuple[Any, Any]:
    """A rule with nodes at the ends (a hair inside): a kink before Gauss's first node shows."""
    angles = PI * np.arange(INTERVALS + 1, dtype=Real) / INTERVALS
    w = np.ones_like(angles)
    for k in range(1, INTERVALS // 2 + 1):
        half = 1 if 2 * k == INTERVALS else 2
        w = w - half * np.cos(2 * k * angles) / (4 * k * k - 1)
    w = w * 2 / INTERVALS
    w[[0, -1]] /= 2
    t = np.cos(angles)
    t[[0, -1]] *= INSIDE
    return t, w


RULES = (gauss(), clenshaw_curtis())
NODES = np.concatenate([nodes for nodes, _ in RULES])


@dataclass(frozen=True)
class Truth:
    """E g, an estimate of its error, and E |g|."""

    value: float
    error: float
    size: float


def moments(u: Composition) -> tuple[Truth, Truth, Truth]:
    """Return E f, E f z and E f^2; panels are halved until both rules and the halves agree."""
    done, sizes, errors = np.zeros(3, Real), np.zeros(3, Real), np.zeros(3, Real)
    a, b = _first_panels(u)
    whole, _, _ = _integrals(u, a, b)
    for level in range(LEVELS):
        middle = (a + b) / 2
        left, right = _integrals(u, a, middle), _integrals(u, middle, b)
        gap = abs(whole - left[0] - right[0]) + left[1] + right[1]
        size = left[2] + right[2]
        total = sizes + size.sum(axis=1)
        stop = (middle <= a) | (middle >= b) | (level == LEVELS - 1)
        fine = (gap <= 3e-17 * total[:, None]).all(axis=0) | stop
        done += (left[0] + right[0])[:, fine].sum(axis=1)
        sizes += size[:, fine].sum(axis=1)
        errors += gap[:, fine].sum(axis=1)
        more = ~fine
        assert more.sum() < MOST, f"{u.expression} is too rough for the quadrature"
        if not more.any():
            break
        whole = np.concatenate([left[0][:, more], right[0][:, more]], axis=1)
        a, b = (
            np.concatenate([a[more], middle[more]]),
            np.concatenate([middle[more], b[more]]),
        )
    errors = errors + 1e4 * EPS * sizes
    first, second, third = (
        Truth(float(v), float(e), float(s)) for v, e, s in zip(done, errors, sizes, strict=True)
    )
    return first, second, third


def _first_panels(u: Composition) -> tuple[Any, Any]:
    end = 12 + 2 * u.rate
    kinks = {k for k in u.kinks if abs(k) < end}
    edges = np.array(sorted({*np.arange(-end, end + 0.125, 0.25).tolist(), *kinks}), Real)
    return edges[:-1], edges[1:]


def _integrals(u: Composition, a: Any, b: Any) -> tuple[Any, Any, Any]:
    """Integrals of f, f z, f^2 over panels, how far two rules differ, and of absolute values."""
    half = (b - a) / 2
    z = (a + b)[:, None] / 2 + half[:, None] * NODES
    f = _values(u, z)
    density = half[:, None] * np.exp(-z * z / 2) / np.sqrt(2 * PI)
    terms = np.stack([f * density, f * z * density, f * f * density])
    one, other = terms[:, :, :ORDER], terms[:, :, ORDER:]
    (_, weights), (_, others) = RULES
    value = one @ weights
    return value, abs(value - other @ others), abs(one) @ weights


def _values(u: Composition, z: Any) -> Any:
    """Values of f; 0 for an infinite one next to a point where f is unbounded."""
    with np.errstate(divide="ignore"):
        f = u.f(z)
    finite = np.isfinite(f)
    assert finite.all() or u.unbounded, f"{u.expression} overflows"
    return np.where(finite, f, 0)
