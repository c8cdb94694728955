"""Charts for directed search (verify.directed): smooth rational ways onto the papers' objects."""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction
from typing import Any

from verify.directed import Chart
from verify.exact import Matrix, Vector, gram
from verify.strategies import dominated

__all__ = [
    "dominant_correlations",
    "interval",
    "positive_numbers",
    "product",
    "spectrum",
    "unit_vectors",
]


def product(*charts: Chart[Any]) -> Chart[tuple[Any, ...]]:
    """Cases that are tuples, a chart for each part."""
    return Chart(
        point=lambda case: tuple(c.point(part) for c, part in zip(charts, case, strict=True)),
        case=lambda t: tuple(c.case(part) for c, part in zip(charts, t, strict=True)),
    )


def interval(lower: Fraction | int = 0, upper: Fraction | int = 1) -> Chart[Fraction]:
    """Numbers in (lower, upper), by t -> t / (1 + |t|).

    >>> chart = interval(-1, 1)
    >>> chart.case(chart.point(Fraction(1, 3)))
    Fraction(1, 3)
    """
    middle, half = Fraction(lower + upper) / 2, Fraction(upper - lower) / 2

    def point(value: Fraction) -> tuple[Fraction]:
        u = (Fraction(value) - middle) / half
        u = max(min(u, Fraction(10**9 - 1, 10**9)), Fraction(1 - 10**9, 10**9))  # an end is at oo
        return (u / (1 - abs(u)),)

    return Chart(point=point, case=lambda t: middle + half * t[0] / (1 + abs(t[0])))


def positive_numbers() -> Chart[Vector]:
    """Vectors of positive numbers: t -> 1 + t, or 1 / (1 - t) for t < 0.

    >>> chart = positive_numbers()
    >>> chart.case(chart.point((Fraction(1, 3), Fraction(5))))
    (Fraction(1, 3), Fraction(5, 1))
    """
    return Chart(
        point=lambda a: tuple(v - 1 if v >= 1 else 1 - 1 / Fraction(v) for v in a),
        case=lambda t: tuple(1 + v if v >= 0 else 1 / (1 - v) for v in t),
    )


def spectrum() -> Chart[Vector]:
    """Nonnegative numbers of sum 1: p_k = t_k^2 / sum t_j^2."""

    def case(t: Sequence[Fraction]) -> Vector:
        total = sum((v * v for v in t), Fraction(0))
        return tuple(v * v / total if total else Fraction(1, len(t)) for v in t)

    return Chart(point=lambda p: tuple(math.sqrt(v) for v in p), case=case)


def unit_vectors() -> Chart[Matrix]:
    """Correlation matrices: Gram matrices of unit vectors x_i of R^i, each from a pole.

    The identity has coordinates 0; singular matrices lie where the last entry of a vector is 0.

    >>> chart = unit_vectors()
    >>> chart.case(((), (Fraction(1, 3),)))[0][1]
    Fraction(3, 5)
    >>> chart.point(chart.case(((), (Fraction(1, 3),))))
    ((), (0.333...,))
    """

    def case(t: Sequence[Sequence[Fraction]]) -> Matrix:
        return gram([_from_pole(row, len(t)) for row in t])

    return Chart(point=lambda G: tuple(map(_to_pole, _triangular(G))), case=case)


def dominant_correlations() -> Chart[Matrix]:
    """Correlation matrices with (n - 1) max |G_ij| <= 1; (G, t) -> G scaled to 1 / (1 + t^2)."""
    vectors = unit_vectors()
    return Chart(
        point=lambda G: (vectors.point(G), 0),
        case=lambda t: dominated(vectors.case(t[0]), 1 / (1 + t[1] ** 2)),
    )


def _from_pole(t: Sequence[Fraction], n: int) -> Vector:
    """Stereographic projection onto the unit sphere of R^(d+1), filled up to R^n."""
    size = sum((v * v for v in t), Fraction(0))
    ends = (*(2 * v / (1 + size) for v in t), (1 - size) / (1 + size))
    return ends + (Fraction(0),) * (n - len(ends))


def _to_pole(x: Sequence[float]) -> tuple[float, ...]:
    return tuple(v / (1 + x[-1]) for v in x[:-1])


def _triangular(G: Matrix) -> list[list[float]]:
    """Unit rows L with L L^T close to G, and exactly triangular; G may be singular."""
    rows: list[list[float]] = []
    for i, entries in enumerate(G):
        row: list[float] = []
        for j in range(i):
            rest = float(entries[j]) - sum(a * b for a, b in zip(row, rows[j][:j], strict=True))
            row.append(rest / rows[j][j] if rows[j][j] > 1e-7 else 0.0)
        row.append(math.sqrt(max(0.0, 1 - sum(v * v for v in row))))
        length = math.hypot(*row)
        rows.append([v / length for v in row])
    return rows
