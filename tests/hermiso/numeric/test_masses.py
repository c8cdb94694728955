"""Pairs of jumps that undo each other on several scales, against balls of 600 bits."""

from __future__ import annotations

import numpy as np
import pytest
from flint import arb, ctx

from hermiso.numeric.masses import Masses

BITS = 600
EPS = float(np.finfo(float).eps)
ANGLES = (1e-13, 1e-10, 1e-5, 1e-2, 1.0, 3.0)


def nested(gaps: tuple[float, ...]) -> tuple[list[arb], list[float]]:
    """A jump at 3/10; then again and again all jumps, shifted by a gap and turned round."""
    points, sizes = [arb(3) / 10], [1.0]
    for gap in gaps:
        points += [p + arb(gap) for p in points]
        sizes += [-j for j in sizes]
    order = sorted(range(len(points)), key=lambda i: float(points[i] - points[0]))
    return [points[i] for i in order], [sizes[i] for i in order]


def exact(points: list[arb], sizes: list[float], theta: float) -> float:
    """The sum over all pairs of J J' exp(-((s + u)^2/c^2 + (s - u)^2/d^2)/8)/(2 pi)."""
    c, d = (arb(theta) / 2).cos(), (arb(theta) / 2).sin()
    total = arb(0)
    for s, a in zip(points, sizes, strict=True):
        for u, b in zip(points, sizes, strict=True):
            near, far = (s + u) / c, (s - u) / d
            total += arb(a * b) * (-(near * near + far * far) / 8).exp()
    return float(total / (2 * arb.pi()))


@pytest.mark.parametrize(
    "gaps",
    [
        (1e-12,), (1e-12, 1e-6), (1e-12, 1e-9, 1e-6, 1e-3, 1.0), (1e-10, 1e-8, 1e-2, 1.0),
        (1e-11, 2e-10, 4e-9, 1e-7, 3e-6, 1e-4), (1e-3, 1e-2, 0.1, 1.0), (0.5, 1.25),
    ],
)  # fmt: skip
def test_flux_is_right_to_the_rounding_of_its_size(gaps: tuple[float, ...]) -> None:
    with ctx.workprec(BITS):
        points, sizes = nested(gaps)
        differences = np.array([[float(p - q) for q in points] for p in points])
        masses = Masses(np.array([float(p) for p in points]), np.array(sizes), differences)
        right = np.array([exact(points, sizes, theta) for theta in ANGLES])
    flux, size = masses.flux(np.array(ANGLES)), masses.size(np.array(ANGLES))
    assert (np.abs(flux - right) <= 4 * EPS * size).all()
    apart = np.array(ANGLES) < min(gaps) / 4  # every jump is alone with itself
    assert (size[apart] <= 2 * np.abs(right[apart])).all()
