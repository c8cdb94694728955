"""Mean-field orbits G -> kappa(G): exact over the rationals, and in balls for many layers.

kappa(rho) = sum p_k rho^k acts on every entry of a correlation matrix; p_k >= 0 sum to 1.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import sympy as sp
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from verify import Claim, Evidence, Level, Refuted, Undecided, charts, nonnegative
from verify.claims.isometry._domains import (
    Stated,
    everywhere,
    require_values,
    restricted,
)
from verify.directed import Chart
from verify.exact import Matrix, Vector
from verify.strategies import (
    exact_correlation_matrices,
    exact_spectra,
)

__all__ = [
    "Layer",
    "apart",
    "ball",
    "by_monotony",
    "comparable",
    "dynamics",
    "kernel",
    "layer",
    "minus_log_det",
    "nearly_linear",
    "odds",
    "off_diagonal",
    "orbit",
    "orbit_chart",
    "pair",
    "potential",
    "refute_above",
    "require_potentials",
    "sides",
    "starts",
    "step",
    "strength",
    "without_parallel_samples",
]

_BITS = 256
_TINY = 1e-6  # a ratio below this is reported by its upper end


def kernel(p: Sequence[Any], rho: Any) -> Any:
    """Sum p_k rho^k, p_1 first."""
    total = 0 * rho
    for weight in reversed(p):
        total = (total + weight) * rho
    return total


def strength(p: Sequence[Any]) -> Any:
    """Beta = 2 - p_1."""
    return 2 - p[0]


def odds(s: Any) -> Any:
    """|s| / (1 - |s|)."""
    return abs(s) / (1 - abs(s))


def step(p: Vector, G: Matrix) -> Matrix:
    """One layer: kappa of every entry."""
    return tuple(tuple(Fraction(kernel(p, entry)) for entry in row) for row in G)


def orbit(p: Vector, G: Matrix) -> Iterator[Matrix]:
    """Yield G^0, G^1, ...; the entries grow fast."""
    while True:
        yield G
        G = step(p, G)


def off_diagonal(G: Matrix) -> list[Fraction]:
    """The entries with i < j."""
    return [entry for i, row in enumerate(G) for entry in row[i + 1 :]]


def apart(G: Matrix) -> bool:
    """Whether no two samples are parallel, so that the potential is finite."""
    return all(abs(entry) < 1 for entry in off_diagonal(G))


def comparable(G: Matrix) -> bool:
    """Whether gamma(G) is a finite maximum: two samples at least, no two of them parallel."""
    return len(G) >= 2 and apart(G)


def without_parallel_samples(
    label: str,
    *,
    where: str,
    says: str,
    value: Any,
    slips: Mapping[str, Any],
    uses: tuple[str, ...],
) -> tuple[Claim, Claim]:
    """Return a statement with gamma(G), printed for any correlation matrix, and the corrected one.

    Args:
        label: of the printed claim.
        where: the place in the paper.
        says: the statement, LaTeX.
        value: what is stated.
        slips: wrong values.
        uses: labels that the corrected claim rests on.
    """
    return restricted(
        label,
        where=where,
        says=says,
        given=r"n \geq 2,\ |G_{ij}| < 1 \text{ for all } i \neq j",
        why="two equal or opposite samples have |G_ij| = 1, where the odds are 1/0, and one sample "
        "has no pair; nothing in print excludes them.",
        value=value,
        condition=comparable,
        looser={
            "opposite samples too": lambda G: len(G) >= 2 and 1 not in off_diagonal(G),
            "one sample too": apart,
        },
        slips=slips,
        uses=uses,
    )


def require_potentials(stated: Stated[Any], *, early: bool = False) -> None:
    """Refute a statement that admits a correlation matrix without a potential.

    Args:
        stated: the statement.
        early: before a long search, which the printed statement takes first all the same: its
            slips are to fail by themselves.
    """
    if early and stated.condition is everywhere:
        return

    def missing(G: Matrix) -> str:
        if len(G) < 2:
            return "gamma(G) is a maximum over no pairs"
        return "" if apart(G) else "gamma(G) is 1/0, and so it is after a layer, sigma(x) = x"

    require_values(stated, (pair(Fraction(1)), pair(Fraction(-1)), _ONE_SAMPLE), missing, "G")


_ONE_SAMPLE = ((Fraction(1),),)


def potential(G: Matrix) -> Fraction:
    """Gamma(G) of a matrix with unit diagonal and finite potential (Definition 4)."""
    return max(Fraction(odds(entry)) for entry in off_diagonal(G))


# Cases


def starts(largest: int) -> SearchStrategy[Matrix]:
    """Correlation matrices of all families, and large ones of few entries with n up to 64."""
    few = ("equicorrelated", "simplex", "block")
    large = exact_correlation_matrices(smallest=8, largest=64, families=few)
    return st.one_of(exact_correlation_matrices(largest=largest), large)


def pair(r: Fraction) -> Matrix:
    """Two samples with correlation r."""
    return ((Fraction(1), r), (r, Fraction(1)))


def nearly_linear() -> SearchStrategy[Vector]:
    """Spectra with p_2 = 1/2, 1/10, ... or 0: the strength comes down to 1."""
    shares = [Fraction(1, 2), Fraction(1, 10), Fraction(1, 50), Fraction(0)]
    return st.sampled_from([(1 - share, share) for share in shares])


def dynamics(
    *, orders: int, largest: int, structured: bool = True
) -> SearchStrategy[tuple[Vector, Matrix]]:
    """A spectrum and a start; slow ones from nearly equal samples first.

    Args:
        orders: of the spectrum, at most.
        largest: number of samples, at most.
        structured: whether to add structured starts with n up to 64.
    """
    near = st.sampled_from([pair(1 - Fraction(1, 10**k)) for k in (1, 4, 9)])
    slow = st.tuples(nearly_linear(), near)
    matrices = starts(largest) if structured else exact_correlation_matrices(largest=largest)
    return st.one_of(slow, st.tuples(exact_spectra(orders=orders), matrices))


def orbit_chart() -> Chart[tuple[tuple[Vector, Matrix], int]]:
    """Coordinates of ((spectrum, start), layer) for a directed search."""
    layers = Chart[int](point=lambda ell: (ell,), case=lambda t: max(0, round(t[0])))
    return charts.product(charts.product(charts.spectrum(), charts.unit_vectors()), layers)


# Many layers, in balls


@dataclass(frozen=True)
class Layer:
    """Enclosures for one layer of an orbit; the gap is None if the determinant may be 0."""

    gap: Any
    potential: Any


def layer(p: Vector, G: Matrix, ell: int) -> Layer:
    """Enclose the gap and the potential of G^ell."""
    from flint import arb, arb_mat, ctx

    with ctx.workprec(_BITS):
        weights = [ball(weight) for weight in p]
        values = {entry: ball(entry) for entry in {*off_diagonal(G)}}
        for entry, value in values.items():
            for _ in range(ell):
                value = kernel(weights, value)
            values[entry] = value
        rows = [
            [arb(1) if i == j else values[G[min(i, j)][max(i, j)]] for j in range(len(G))]
            for i in range(len(G))
        ]
        determinant = arb_mat(rows).det()
        gap = -determinant.log() / len(G) if determinant > 0 else None
        return Layer(gap, _largest([odds(value) for value in values.values()]))


def ball(value: Fraction) -> Any:
    """Enclose a rational."""
    from flint import arb, fmpq

    return arb(fmpq(value.numerator, value.denominator))


def _largest(balls: Sequence[Any]) -> Any:
    largest = balls[0]
    for ball in balls[1:]:
        largest = largest.max(ball)
    return largest


def minus_log_det(G: Matrix) -> Any:
    """Enclose -log det G = -n log I(G); None if the determinant may be 0."""
    gap = layer((Fraction(1),), G, 0).gap
    return None if gap is None else gap * len(G)


def sides(smaller: Any, larger: Any) -> tuple[float, float]:
    """Turn two balls, larger > 0, into their ratio and 1: floats for `bounded`, to 1e-12.

    Raises:
        Undecided: the ratio is not known that well.
    """
    ratio = smaller / larger
    if not ratio.is_finite():
        raise Undecided(f"{smaller} / {larger} is not known")
    middle, upper = float(ratio.mid()), float(ratio.upper())
    if upper < _TINY:
        return upper, 1.0
    if float(ratio.rad()) > 1e-12 * abs(middle):
        raise Undecided(f"{smaller} / {larger} is known only as {ratio}")
    return middle, 1.0


# Inequalities over a whole domain


def refute_above(smaller: Any, larger: Any, points: Sequence[dict[Any, Any]]) -> None:
    """Raise Refuted if smaller <= larger fails at one of the points, to 40 digits."""
    for point in points:
        left, right = (sp.N(sp.sympify(side).subs(point), 40) for side in (smaller, larger))
        if left > right + sp.Rational(1, 10**20) * (1 + abs(right)):
            seen = ", ".join(f"{symbol} = {value}" for symbol, value in point.items())
            raise Refuted(f"at {seen}: {sp.N(left, 12)} <= {sp.N(right, 12)} fails")


def by_monotony(
    difference: Any, variable: Any, free: dict[Any, Any], variables: Sequence[Any], domain: str
) -> Evidence:
    """Prove difference >= 0: it is >= 0 at variable = 0, and its derivative is >= 0.

    Args:
        difference: an expression that vanishes or is positive at 0.
        variable: the symbol in which it is differentiated, from 0 upward.
        free: symbol -> rational expression in the variables that covers the domain.
        variables: run over the positive reals.
        domain: what that means in the words of the claim.
    """
    start = sp.simplify(difference.subs(variable, 0))
    if not (start.is_Rational and start >= 0):
        raise Undecided(f"the value {start} at {variable} = 0 is not shown to be >= 0")
    slope = sp.diff(difference, variable).subs(free, simultaneous=True)
    nonnegative(sp.simplify(slope), variables, domain=domain, refutable=False)
    return Evidence(Level.PROVED, domain)
