"""The proof of Lemma A.4, upper bound: volumes and distances."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Any

import sympy as sp
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from verify import (
    Claim,
    Evidence,
    Level,
    Refuted,
    Verdict,
    bounded,
    equal,
    nonnegative,
    search,
    together,
)
from verify.claims.isometry.lemma_a4 import bordered
from verify.exact import Matrix, Vector, det, gram, largest_correlation
from verify.searching import show
from verify.strategies import on_sphere

Function = Callable[..., Any]


def _unit_vectors(largest: int = 5) -> SearchStrategy[list[Vector]]:
    """Sets of n rational unit vectors of R^n, n = 2..5, dependent ones among them."""
    entry = st.integers(-3, 3)
    return st.integers(2, largest).flatmap(
        lambda n: st.lists(
            st.lists(entry, min_size=n - 1, max_size=n - 1).map(on_sphere), min_size=n, max_size=n
        )
    )


volume = Claim(
    label="isometry:lem-a4-volume",
    where="Lemma A.4, proof, upper bound",
    says=r"\det(G) = \mathrm{vol}(X)^2, \quad G = X^\top X",
    value=lambda vol: vol**2,
    mutants={
        "not squared": lambda vol: vol,
        "cubed": lambda vol: vol**3,
        "simplex in place of parallelepiped": lambda vol: vol**2 / 2,
    },
)


@volume.check(Level.PROVED)
def by_multiplying_determinants(stated: Function) -> Evidence:
    """The volume of n vectors of R^n is |det X|: two and three in full, then det(X' X) of any."""
    domain = "all X, any n"
    found = []
    for size in (2, 3):
        X = sp.Matrix(size, size, sp.symbols(f"x:{size * size}", real=True))
        volumes = stated(sp.Abs(X.det(method="berkowitz")))
        derived = (X.T * X).det(method="berkowitz")
        found.append(equal(derived, volumes, domain=domain))
    n, vol = sp.Symbol("n", integer=True, positive=True), sp.Symbol("vol", nonnegative=True)
    X = sp.MatrixSymbol("X", n, n)
    derived = sp.Determinant(X.T * X).doit().doit().subs(sp.Determinant(X), vol)
    return together(*found, equal(derived, stated(vol), domain=domain))


@volume.check(Level.SEARCHED)
def rational_vectors(stated: Function, *, seed: int) -> Evidence:
    """Determinants of X and of G, by elimination."""

    def holds(X: Sequence[Vector]) -> bool:
        return bool(det(gram(X)) == stated(abs(det(tuple(X)))))

    domain = "exact, unit vectors, n = 2..5"
    return search(holds, _unit_vectors(), domain=domain, examples=100, seed=seed)


recursion = Claim(
    label="isometry:lem-a4-recursion",
    where="Lemma A.4, proof, upper bound, display",
    says=r"\mathrm{vol}(x_1, \dots, x_n) = "
    r"\mathrm{dist}(x_n, \mathrm{span}(x_1, \dots, x_{n-1}))\,\mathrm{vol}(x_1, \dots, x_{n-1})",
    value=lambda distance_2, volume_2: distance_2 * volume_2,
    mutants={
        "sum": lambda distance_2, volume_2: distance_2 + volume_2,
        "distance alone": lambda distance_2, volume_2: distance_2,
        "simplex in place of parallelepiped": lambda distance_2, volume_2: (
            distance_2 * volume_2 / 4
        ),
    },
    uses=("isometry:lem-a4-volume",),
)


@recursion.check(Level.PROVED)
def by_bordering(stated: Function) -> Evidence:
    """Squares: det G = det(A) (1 - g' A^-1 g), and A^-1 g are the coefficients of the foot.

    |x_n - X c|^2 = 1 - 2 g' c + c' A c is 1 - g' A^-1 g at c = A^-1 g, where x_n - X c is
    orthogonal to X. If A is singular, both volumes are 0.
    """
    D, q = sp.symbols("D q", positive=True)
    domain = "all n >= 2, all unit vectors"
    distance = 1 - 2 * q + q  # g' c = c' A c = q
    return together(
        bordered(domain), equal(D * (1 - q), stated(distance, D), domain=domain), domain=domain
    )


@recursion.check(Level.SEARCHED)
def by_projecting(stated: Function, *, seed: int) -> Evidence:
    """Project the last vector step by step (Gram-Schmidt)."""

    def holds(X: Sequence[Vector]) -> bool:
        before = det(gram(X[:-1]))
        return bool(det(gram(X)) == stated(_distance_2(X), before))

    domain = "exact squares, unit vectors, n = 2..5"
    return search(holds, _unit_vectors(), domain=domain, examples=100, seed=seed)


def _distance_2(X: Sequence[Vector]) -> Fraction:
    """Squared distance of the last vector from the span of the others."""
    basis: list[Vector] = []
    for x in X:
        rest = x
        for y in basis:
            factor = _inner(rest, y) / _inner(y, y)
            rest = tuple(a - factor * b for a, b in zip(rest, y, strict=True))
        if any(rest):
            basis.append(rest)
    return _inner(rest, rest)


def _inner(x: Vector, y: Vector) -> Fraction:
    return sum((a * b for a, b in zip(x, y, strict=True)), Fraction(0))


sine = Claim(
    label="isometry:lem-a4-sine",
    where="Lemma A.4, proof, upper bound",
    says=r"\mathrm{dist}(x_i, x_j) = \sin\angle(x_i, x_j) = \sqrt{1 - G_{ij}^2}",
    value=lambda g: 1 - g**2,
    mutants={
        "not squared": lambda g: 1 - g,
        "square of 1 - G_ij": lambda g: (1 - g) ** 2,
        "chord": lambda g: 2 - 2 * g,
    },
)


@sine.check(Level.PROVED)
def by_expanding_the_square(stated: Function) -> Evidence:
    """Squares: |x - g y|^2 = 1 - 2 g^2 + g^2 for unit vectors with <x, y> = g = cos."""
    g, angle = sp.symbols("g theta", real=True)
    domain = "all unit vectors of any dimension"
    return together(
        equal(1 - 2 * g * g + g**2 * 1, stated(g), domain=domain),
        equal(sp.sin(angle) ** 2, stated(sp.cos(angle)), domain=domain),
    )


# "the projection distance onto the span cannot be greater than that onto a single vector,
# which is bounded by sqrt(1 - max_{i != j} G_ij^2)"


def _any_pair(G: Matrix) -> Fraction:
    return 1 - largest_correlation(G) ** 2


def _pairs_with_the_last(G: Matrix) -> Fraction:
    return 1 - max(entry**2 for entry in G[-1][:-1])


distance_corrected = Claim(
    label="isometry:lem-a4-distance:corrected",
    where="Lemma A.4, proof, upper bound",
    says=r"\mathrm{dist}(x_n, \mathrm{span}(x_1, \dots, x_{n-1})) \leq "
    r"\sqrt{1 - \max_{j < n} G_{nj}^2}",
    value=_pairs_with_the_last,
    mutants={
        "as printed: all pairs": _any_pair,
        "sum in place of the maximum": lambda G: 1 - sum(entry**2 for entry in G[-1][:-1]),
        "not squared": lambda G: 1 - max(abs(entry) for entry in G[-1][:-1]),
    },
    uses=("isometry:lem-a4-sine",),
)
distance = Claim(
    label="isometry:lem-a4-distance",
    where="Lemma A.4, proof, upper bound",
    says=r"\mathrm{dist}(x_n, \mathrm{span}(x_1, \dots, x_{n-1})) \leq "
    r"\sqrt{1 - \max_{i \neq j} G_{ij}^2}",
    value=_any_pair,
    mutants={
        "twice the square": lambda G: 1 - 2 * largest_correlation(G) ** 2,
        "not squared": lambda G: 1 - largest_correlation(G),
        "zero": lambda G: Fraction(0),
    },
    correction=distance_corrected,
    why="x_n need not belong to the pair with the largest |G_ij|; the samples can be labelled "
    "so that it does.",
    expected=Verdict.REFUTED,
)


@distance.check(Level.PROVED)
@distance_corrected.check(Level.PROVED)
def below_the_distance_to_one_vector(stated: Callable[[Matrix], Any]) -> Evidence:
    """Two small cases first; then squares, q(c) = |x_n - X c|^2 = 1 - 2 g'c + c'Ac.

    With the coefficients f of the foot, A f = g, q(c) - q(f) = (c - f)'A(c - f) = |X (c - f)|^2.
    So q(f), the squared distance, is at most q(G_nj e_j) = 1 - G_nj^2, for every j < n, and the
    least of these belongs to the largest G_nj^2.
    """
    for X in (_PAIR_AND_ONE, _PAIR_AND_SLANTED):
        if _distance_2(X) > stated(gram(X)):
            seen = f"{_distance_2(X)} <= {stated(gram(X))}"
            raise Refuted(f"squares: {seen} fails for G = {show(gram(X))}")
    c_i, c_j, f_i, f_j, g, a = sp.symbols("c_i c_j f_i f_j g a", real=True)
    y, z = sp.symbols("y z", positive=True)  # G_n1^2 <= G_n2^2
    entry = a * (c_i * c_j - f_i * c_j - c_i * f_j + f_i * f_j)
    last = (sp.sqrt(y), sp.sqrt(y + z))
    domain = "all n >= 2, all unit vectors"
    rows = [((sp.S.One,), (*order, sp.S.One)) for order in (last, last[::-1])]
    return together(
        equal(entry, a * (c_i - f_i) * (c_j - f_j), domain="entry by entry, any n"),
        equal(1 - 2 * g * g + g**2, sine.value(g), domain="c = G_nj e_j"),
        *(equal(stated(G), sine.value(last[1]), domain="the least of them") for G in rows),
        domain=domain,
    )


@distance.check(Level.SEARCHED)
@distance_corrected.check(Level.SEARCHED)
def rational_distances(stated: Callable[[Matrix], Fraction], *, seed: int) -> Evidence:
    """Squares of both sides."""

    def both(X: Sequence[Vector]) -> tuple[Fraction, Fraction]:
        return _distance_2(X), Fraction(stated(gram(X)))

    domain = "exact squares, unit vectors, n = 2..5"
    vectors = st.one_of(st.just(_PAIR_AND_ONE), _unit_vectors())
    return bounded(both, vectors, domain=domain, examples=100, seed=seed)


_PAIR_AND_ONE = [on_sphere(t) for t in ([1, 0], [1, 0], [0, 1])]
"""Two equal vectors and one that is orthogonal to them."""
_PAIR_AND_SLANTED = [*_PAIR_AND_ONE[:2], on_sphere([Fraction(1, 2), 0])]


# The factor that is left out

factor = Claim(
    label="isometry:lem-a4-factor",
    where="Lemma A.4, proof, 'This concludes the upper bound'",
    says=r"\mathrm{vol}(x_1, \dots, x_{n-1}) \leq 1",
    value=lambda n: sp.S.One,
    mutants={
        "1 - 1/n": lambda n: 1 - 1 / sp.S(n),
        "1/2": lambda n: sp.S.Half,
        "1/(n - 1)!": lambda n: 1 / sp.factorial(n),
    },
    uses=("isometry:lem-a4-recursion",),
)


@factor.check(Level.PROVED)
def by_the_recursion(stated: Function) -> Evidence:
    """Orthogonal vectors first; then every further one multiplies by 1 - q <= 1."""
    D, q, s = sp.symbols("D q s", positive=True)
    domain = "all n, all unit vectors"
    cube = [nonnegative(stated(sp.Integer(n)) - 1, [s], domain=domain) for n in (2, 3, 7)]
    n = sp.Symbol("n", integer=True, positive=True)
    return together(
        *cube,
        bordered(domain),
        nonnegative(D - D * (1 - q), [D, q], domain=domain),
        equal(stated(n), 1, domain=domain),
        domain=domain,
    )


claims = (
    volume,
    recursion,
    sine,
    distance,
    distance_corrected,
    factor,
)
