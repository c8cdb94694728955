"""Section 3, isometry: Definition 1, the example in the plane, scale, range and gap."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import sympy as sp
from hypothesis import assume
from hypothesis import strategies as st

import hermiso
from verify import (
    Claim,
    Evidence,
    Level,
    Refuted,
    Undecided,
    Verdict,
    equal,
    nonnegative,
    search,
    together,
)
from verify.claims.isometry._domains import Stated, unconditional
from verify.claims.isometry._matrices import (
    cleared,
    isometry_power,
    matrices,
    psd_matrices,
    require_isometries,
    squared_volume,
    without_zero,
)
from verify.claims.isometry.theorem_1_proof import am_gm, by_the_tangent_of_the_logarithm
from verify.exact import Matrix, det, gram, trace
from verify.strategies import as_array, well_conditioned

_N = sp.Symbol("n", integer=True, positive=True)


domain = unconditional(
    "isometry:def-1-domain",
    where="Definition 1, (3)",
    says=r"I(G) = \det(G)^{1/n} / (\tfrac1n \mathrm{tr}\,G) \text{ for every } G \succeq 0",
    mended=r"I(G) \text{ is defined for } G \succeq 0 \iff G \neq 0",
    why="the zero matrix is positive semidefinite, and I(0) = 0/0 has no limit.",
    condition=lambda G: any(map(any, G)),
    defined=lambda G: trace(G) != 0,
    mutants={
        "nonsingular": lambda G: det(G) > 0,
        "no zero sample": lambda G: all(row[i] for i, row in enumerate(G)),
        "at least two samples": lambda G: len(G) >= 2,
        "not diagonal": lambda G: any(v for i, r in enumerate(G) for j, v in enumerate(r) if i - j),
    },
    cases=psd_matrices(),
    domain="exact positive semidefinite matrices, n = 1..5",
)

# "measuring the parallelepiped volume spanned by the feature vectors"

Volume = Callable[[Any, Any, Any], Any]  # squared volume, mean squared length, n

volume = Claim(
    label="isometry:sec-3-volume",
    where="section 3, after (3)",
    says=r"I(G)^n = \mathrm{vol}(x_1, \dots, x_n)^2 / \Big(\frac1n\sum_i \|x_i\|^2\Big)^n",
    value=lambda squared, mean_square, n: squared / mean_square**n,
    mutants={
        "volume squared twice": lambda squared, mean_square, n: squared**2 / mean_square**n,
        "sum in place of the mean": lambda squared, mean_square, n: (
            squared / (n * mean_square) ** n
        ),
        "mean square not to the power n": lambda squared, mean_square, n: squared / mean_square,
    },
    uses=("isometry:def-1-domain:corrected",),
)


@volume.check(Level.PROVED)
def of_coordinates_in_the_span(stated: Volume) -> Evidence:
    """Columns R_i of coordinates in an orthonormal basis: G = R^T R and vol = |det R|."""
    R = sp.MatrixSymbol("R", _N, _N)
    squared, t = sp.symbols("W T", positive=True)
    determinant = sp.Determinant(R.T * R).doit().doit().subs(sp.Determinant(R) ** 2, squared)
    covered = "all n and all x_i, not all 0; dependent ones have volume 0"
    return equal(determinant / (t / _N) ** _N, stated(squared, t / _N, _N), domain=covered)


@volume.check(Level.SEARCHED)
def by_orthogonalization(stated: Volume, *, seed: int) -> Evidence:
    """Heights by Gram-Schmidt against determinants by elimination."""

    def holds(X: Matrix) -> bool:
        G = gram(X)
        assume(trace(G) > 0)
        power = stated(squared_volume(X), trace(G) / len(G), len(G))
        return bool(isometry_power(G) == power)

    covered = "exact samples, n, d = 1..4, dependent ones too"
    return search(holds, matrices(), domain=covered, examples=120, seed=seed)


# "For example, consider two points on a plane"

Ratio = Callable[[Any, Any, Any], Any]


def _printed_ratio(a: Any, b: Any, theta: Any) -> Any:
    return a * b * sp.sin(theta) / (a**2 + b**2)


plane_corrected = Claim(
    label="isometry:sec-3-plane:corrected",
    where="section 3, after (3)",
    says=r"I(G) = 2ab\sin(\theta) / (a^2 + b^2) \text{ for } x_1, x_2 \in \mathbb R^2, "
    r"a, b > 0 \text{, so that there is an angle}",
    value=lambda a, b, theta: 2 * _printed_ratio(a, b, theta),
    mutants={
        "as printed": _printed_ratio,
        "cosine": lambda a, b, theta: 2 * a * b * sp.cos(theta) / (a**2 + b**2),
        "square of the sum": lambda a, b, theta: 4 * a * b * sp.sin(theta) / (a + b) ** 2,
        "area not rooted": lambda a, b, theta: 4 * _printed_ratio(a, b, theta) ** 2,
    },
)
plane = Claim(
    label="isometry:sec-3-plane",
    where="section 3, after (3)",
    says=r"I(G) = ab\sin(\theta) / (a^2 + b^2) \text{ for } x_1, x_2 \in \mathbb R^2",
    value=_printed_ratio,
    mutants={
        "cosine": lambda a, b, theta: a * b * sp.cos(theta) / (a**2 + b**2),
        "half of the area": lambda a, b, theta: _printed_ratio(a, b, theta) / 2,
        "square of the sum": lambda a, b, theta: a * b * sp.sin(theta) / (a + b) ** 2,
    },
    correction=plane_corrected,
    why="the trace is divided by n = 2, so a factor 2 is missing.",
    expected=Verdict.REFUTED,
)


@plane.check(Level.PROVED)
@plane_corrected.check(Level.PROVED)
def by_definition_in_the_plane(stated: Ratio) -> Evidence:
    """One point first; then squares, both sides being positive for 0 < theta < pi."""
    isometry, ratio = sp.sqrt(_plane_square(1, 1, sp.pi / 2)), stated(1, 1, sp.pi / 2)
    if isometry != ratio:
        raise Refuted(f"a = b = 1, theta = pi/2: I(G) = {isometry}, stated {ratio}")
    a, b, theta = sp.symbols("a b theta", positive=True)
    covered = "all a, b > 0 and 0 < theta < pi"
    return equal(_plane_square(a, b, theta), stated(a, b, theta) ** 2, domain=covered)


def _plane_square(a: Any, b: Any, theta: Any) -> Any:
    X = sp.Matrix([[a, b * sp.cos(theta)], [0, b * sp.sin(theta)]])
    G = X.T * X
    return sp.simplify(G.det() / (G.trace() / 2) ** 2)


largest = Claim(
    label="isometry:sec-3-plane-max",
    where="section 3, after (3)",
    says=r"ab\sin(\theta) / (a^2 + b^2) \text{ is largest exactly for } a = b, \theta = \pi/2",
    value=(sp.Integer(1), sp.pi / 2),  # b / a and theta
    mutants={
        "b = 2 a": (sp.Integer(2), sp.pi / 2),
        "theta = pi/3": (sp.Integer(1), sp.pi / 3),
        "parallel": (sp.Integer(1), sp.Integer(0)),
    },
)


@largest.check(Level.PROVED)
def above_all_others(stated: tuple[Any, Any]) -> Evidence:
    """With t = tan(theta / 2); b / a and t may be replaced by their inverses."""
    s, u, r, t = sp.symbols("s u r t", positive=True)
    other = r / (1 + r**2) * 2 * t / (1 + t**2)
    found = [equal(other, other.subs(v, 1 / v), domain="symmetry") for v in (r, t)]
    excess = _printed_ratio(1, *stated) - other.subs({r: 1 + s, t: 1 + u})
    found.append(nonnegative(excess, [s, u], domain="maximum"))
    for free, zero in (([s, u], {}), ([s], {u: 0}), ([u], {s: 0})):
        found.append(nonnegative(excess.subs(zero), free, domain="nowhere else", strict=True))
    return together(*found, domain="all a, b > 0 and 0 < theta < pi")


# (i), (ii) and the gap

scale, scale_corrected = without_zero(
    "isometry:sec-3-scale",
    where="section 3, (i)",
    says=r"c > 0 \implies I(cG) = I(G)",
    value=lambda c, n: sp.Integer(1),
    slips={
        "determinant without its root": lambda c, n: c ** (n - 1),
        "determinant of degree 1": lambda c, n: c ** (1 / sp.S(n) - 1),
        "trace not scaled": lambda c, n: c,
    },
    uses=("isometry:def-1-domain:corrected",),
    matrix="G",
)


@scale.check(Level.PROVED)
@scale_corrected.check(Level.PROVED)
def by_degrees(stated: Stated[Callable[[Any, Any], Any]]) -> Evidence:
    """det(cG) = c^n det(G) and tr(cG) = c tr(G), for matrices of symbolic size."""
    c, determinant, t = sp.symbols("c Delta T", positive=True)
    G = sp.MatrixSymbol("G", _N, _N)
    known = {sp.Determinant(G): determinant, sp.Trace(G): t}
    scaled = [f(c * G).subs(known) for f in (sp.det, sp.trace)]
    quotient = cleared((scaled[0] / determinant) ** (1 / _N)) / (scaled[1] / t)
    covered = "all n, c > 0 and G != 0; where det(G) = 0 both sides are 0"
    found = equal(quotient, stated.value(c, _N), domain=covered)
    require_isometries(stated)
    return found


span, span_corrected = without_zero(
    "isometry:sec-3-range",
    where="section 3, (ii)",
    says=r"I(G) \in [0, 1], \quad I(G) = 0 \text{ for degenerate } G, \quad I(I_n) = 1",
    value=(0, 1),
    slips={
        "up to n": (0, _N),
        "at most 1/n": (0, 1 / _N),
        "bounded away from 0": (1 / _N, 1),
        "signed": (-1, 1),
    },
    uses=("isometry:def-1-domain:corrected", "isometry:eq-8-am-gm"),
    matrix="G",
)


@span.check(Level.PROVED)
@span_corrected.check(Level.PROVED)
def ends_and_means(stated: Stated[tuple[Any, Any]]) -> Evidence:
    """0 <= det(G) and AM-GM over the eigenvalues give [0, 1]; I_n and det(G) = 0 reach the ends."""
    identity = sp.Identity(_N)
    top = sp.det(identity) ** (1 / _N) / (sp.trace(identity) / _N)
    bottom = sp.Integer(0) ** (1 / _N) / sp.Symbol("T", positive=True)
    found = [
        equal(seen, end, domain="ends")
        for seen, end in zip((bottom, top), stated.value, strict=True)
    ]
    means = by_the_tangent_of_the_logarithm(am_gm.value)
    require_isometries(stated)
    return together(*found, means, domain="all n and all positive semidefinite G != 0")


gap, gap_corrected = without_zero(
    "isometry:sec-3-gap",
    where="section 3, after (ii)",
    says=r"-\log I \in [0, \infty], \quad 0 \text{ for } I_n, "
    r"\quad \infty \text{ for degenerate } G",
    value=lambda isometry: -sp.log(isometry),
    slips={
        "sign": sp.log,
        "of the complement": lambda isometry: -sp.log(1 - isometry),
        "first order": lambda isometry: 1 - isometry,
    },
    uses=("isometry:sec-3-range:corrected",),
    matrix="G",
)


@gap.check(Level.PROVED)
@gap_corrected.check(Level.PROVED)
def decreasing_from_infinity_to_zero(stated: Stated[Callable[[Any], Any]]) -> Evidence:
    """Values at the ends of [0, 1], and the sign of the slope between."""
    t, s = sp.symbols("t s", positive=True)
    value = stated.value(t)
    ends = sp.limit(value, t, 0, "+"), sp.limit(value, t, 1, "-")
    if ends != (sp.oo, 0):
        raise Refuted(f"it tends to {ends[0]} at I = 0 and to {ends[1]} at I = 1")
    slope = sp.diff(value, t).subs(t, 1 / (1 + s))
    found = nonnegative(-slope, [s], domain="all values of I in [0, 1]", strict=True)
    require_isometries(stated)
    return found


@gap.check(Level.SEARCHED)
@gap_corrected.check(Level.SEARCHED)
def as_the_library_has_it(stated: Stated[Callable[[Any], Any]], *, seed: int) -> Evidence:
    """hermiso.isometry_gap against the exact isometry."""

    def holds(G: Matrix) -> bool:
        isometry = float(isometry_power(G)) ** (1 / len(G))
        assume(isometry < 1)
        wanted, seen = (
            float(stated.value(Fraction(isometry))),
            float(hermiso.isometry_gap(as_array(G))),
        )
        distance = abs(wanted - seen)
        if 1e-12 < distance < 1e-9:
            raise Undecided(f"{wanted} and {seen} are neither equal nor different")
        return distance <= 1e-12

    covered = "hermiso.isometry_gap, well-conditioned matrices, n = 2..5, resolution 1e-9"
    cases = st.integers(2, 5).flatmap(well_conditioned)
    found = search(holds, cases, domain=covered, examples=60, seed=seed)
    require_isometries(stated)
    return found


claims = (
    *domain,
    volume,
    plane,
    plane_corrected,
    largest,
    scale,
    scale_corrected,
    span,
    span_corrected,
    gap,
    gap_corrected,
)
