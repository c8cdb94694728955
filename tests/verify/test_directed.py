"""Directed search: climbs reach suprema, stay exact, and find counterexamples chance misses."""

from fractions import Fraction
from typing import Any

import pytest
import sympy as sp
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import hermiso
from verify import Chart, Profile, Refuted, Undecided, bounded
from verify.charts import (
    dominant_correlations,
    interval,
    positive_numbers,
    product,
    spectrum,
    unit_vectors,
)
from verify.comparing import Comparison
from verify.directed import climb
from verify.exact import Matrix, Vector, det, largest_correlation
from verify.profile import effort
from verify.searching import first_counterexample
from verify.strategies import (
    correlations,
    dominant_correlation_matrices,
    exact_correlation_matrices,
    exact_spectra,
    norms,
    unit_interval,
)

LINE = Chart[Fraction](point=lambda v: (v,), case=lambda t: t[0])
INTEGERS = st.integers(-9, 9).map(Fraction)


def bell(v: Fraction) -> tuple[Fraction, Fraction]:
    """1 / (1 + (v - 1/3)^2) <= 1, equal at 1/3 alone."""
    return Fraction(1), 1 + (v - Fraction(1, 3)) ** 2


def test_a_climb_closes_the_gap_that_chance_leaves() -> None:
    at_random = bounded(bell, INTEGERS, domain="here", examples=50)
    climbed = bounded(bell, INTEGERS, domain="here", examples=50, chart=LINE)
    assert at_random.tightness == pytest.approx(0.9)
    assert climbed.tightness is not None
    assert 1 - 1e-12 < climbed.tightness <= 1
    assert climbed.place is not None
    assert abs(float(Fraction(climbed.place)) - 1 / 3) < 1e-5
    assert climbed.cases == at_random.cases


def test_a_climb_is_the_same_every_time() -> None:
    first, second = (bounded(bell, INTEGERS, domain="here", chart=LINE, seed=3) for _ in range(2))
    assert first == second


def above(v: Fraction) -> tuple[Fraction, Fraction]:
    """A false bound, by one part in a thousand about 1/3."""
    smaller, larger = bell(v)
    return smaller, larger * Fraction(999, 1000)


def test_a_climb_refutes_with_a_simple_exact_counterexample() -> None:
    bounded(above, INTEGERS, domain="here", examples=50)
    with pytest.raises(Refuted, match=r"for 1/3$"):
        bounded(above, INTEGERS, domain="here", examples=50, chart=LINE)
    with first_counterexample(), pytest.raises(Refuted, match="fails by"):
        bounded(above, INTEGERS, domain="here", examples=50, chart=LINE)


def test_cases_outside_the_hypothesis_and_close_calls_are_passed_by() -> None:
    def sides(v: Fraction) -> tuple[Fraction, Fraction]:
        assume(v >= 1)
        if v > 5:
            raise Undecided("who knows")
        return bell(v)

    found = bounded(sides, INTEGERS, domain="here", chart=LINE)
    assert found.tightness == pytest.approx(9 / 13)  # at v = 1, where the hypothesis ends
    assert climb(lambda v: None, LINE, Fraction(0), 100) is None


def test_a_climb_keeps_to_its_budget() -> None:
    tried: list[Fraction] = []

    def value(v: Fraction) -> Fraction:
        tried.append(v)
        return 1 / (1 + v * v)

    climb(value, LINE, Fraction(100), 25)
    assert len(tried) == 25


def test_errors_of_the_sides_are_errors_of_the_search() -> None:
    def sides(v: Fraction) -> tuple[Fraction, Fraction]:
        return Fraction(1), 1 + v / (v > 1)

    with pytest.raises(ZeroDivisionError):
        bounded(sides, st.just(Fraction(2)), domain="here", chart=LINE)


def test_the_upper_bound_of_lemma_a4_is_refuted_only_by_climbing() -> None:
    """With 1 - 9/10 m^2 in its place it is false, for all m that come close to 1... or 0."""

    def sides(G: Matrix) -> tuple[Fraction, Fraction]:
        assume(largest_correlation(G) > Fraction(1, 10))
        return det(G), 1 - Fraction(1001, 1000) * largest_correlation(G) ** 2

    generic = exact_correlation_matrices(smallest=3, largest=3, families=("generic",))
    with pytest.raises(Refuted, match="fails by"):
        bounded(sides, generic, domain="here", examples=60, chart=unit_vectors())


@pytest.mark.parametrize("profile", [Profile.QUICK, Profile.DEFAULT])
def test_effort_decides_from_where_and_how_far_a_climb_goes(profile: Profile) -> None:
    tried = 0

    def sides(v: Fraction) -> tuple[Fraction, Fraction]:
        nonlocal tried
        tried += 1
        return Fraction(1), 2 + abs(v - Fraction(1, 3))

    with effort(profile):
        found = bounded(sides, st.integers(0, 10**6).map(Fraction), domain="", chart=LINE)
    assert found.cases is not None
    spent = tried - found.cases
    assert 0 < spent <= {Profile.QUICK: 150, Profile.DEFAULT: 800}[profile]


def test_a_ceiling_on_cases_is_one_on_steps() -> None:
    tried: list[Fraction] = []

    def sides(v: Fraction) -> tuple[Fraction, Fraction]:
        tried.append(v)
        return bell(v)

    with effort(Profile.DEFAULT):
        bounded(sides, st.just(Fraction(9)), domain="", chart=LINE, most=10)
    assert len(tried) == 11  # the one case there is, and ten steps


# Floats, decided anew


def float_sides(v: Fraction) -> tuple[float, float]:
    return float(v), 1.0


def exact_sides(v: Fraction) -> tuple[Fraction, int]:
    return v, 1


def ball_sides(v: Fraction) -> tuple[Any, Any]:
    return hermiso.certified.dual(X, sp.Rational(v / 2), digits=40), sp.Rational(1, 2)


X = sp.Symbol("x", real=True)


NEAR = [Fraction(1, 2), 1 - Fraction(1, 10**12), 1 - Fraction(1, 10**20)]


@pytest.mark.parametrize("exactly", [exact_sides, ball_sides])
def test_close_calls_are_decided_exactly(exactly: Any) -> None:
    cases = st.sampled_from(NEAR)
    floats = bounded(float_sides, cases, domain="", resolution=1e-6)
    assert (floats.cases, floats.close) == (1, 2)
    found = bounded(float_sides, cases, domain="", resolution=1e-6, exactly=exactly)
    assert (found.cases, found.close) == (3, 0)
    with pytest.raises(Refuted, match="fails by"):
        bounded(
            float_sides,
            st.just(1 + Fraction(1, 10**20)),
            domain="",
            resolution=1e-6,
            exactly=exactly,
        )


def test_rounding_is_no_counterexample() -> None:
    """Float sides that are wrong by more than was declared are overruled."""
    wrong = Comparison[Fraction](lambda v: (1.1, 1.0), resolution=1e-6, exactly=exact_sides)
    assert wrong.ratio(Fraction(1, 2)) == Fraction(1, 2)


def test_balls_that_overlap_are_undecided() -> None:
    third = hermiso.certified.beta_minus_one("tanh", digits=10)
    for strict in (False, True):
        with pytest.raises(Undecided, match="overlap"):
            Comparison[int](lambda _: (third, third), strict).ratio(0)
        assert Comparison[int](lambda _: (third, 1), strict).ratio(0) is not None
        with pytest.raises(Refuted):
            Comparison[int](lambda _: (1, third), strict).ratio(0)


# Charts lead back and stay inside

FEW = settings(max_examples=40, deadline=None)
COORDINATE = st.fractions(-50, 50, max_denominator=1000)


@given(exact_correlation_matrices(largest=6))
@FEW
def test_unit_vectors_lead_back(G: Matrix) -> None:
    chart = unit_vectors()
    H = chart.case(tuple(tuple(map(Fraction, row)) for row in chart.point(G)))
    assert max(abs(a - b) for x, y in zip(G, H, strict=True) for a, b in zip(x, y, strict=True)) < (
        1e-5
    )


@given(
    st.integers(2, 5).flatmap(
        lambda n: st.tuples(*(st.lists(COORDINATE, min_size=i, max_size=i) for i in range(n)))
    )
)
@FEW
def test_unit_vectors_are_correlation_matrices(t: Any) -> None:
    G = unit_vectors().case(t)
    assert all(G[i][i] == 1 for i in range(len(G)))
    assert all(det(tuple(row[:k] for row in G[:k])) >= 0 for k in range(1, len(G) + 1))


@given(dominant_correlation_matrices(largest=4), COORDINATE)
@FEW
def test_dominant_correlations_stay_dominant(G: Matrix, s: Fraction) -> None:
    chart = dominant_correlations()
    rows, _ = chart.point(G)
    H = chart.case((tuple(tuple(map(Fraction, row)) for row in rows), s))
    assert (len(H) - 1) * largest_correlation(H) <= 1


@given(unit_interval(), COORDINATE)
@FEW
def test_intervals_lead_back_and_stay_inside(v: Fraction, t: Fraction) -> None:
    chart = interval(Fraction(-1, 2), 2)
    assert abs(chart.case(chart.point(v)) - v) < Fraction(1, 10**8)
    assert Fraction(-1, 2) < chart.case((t,)) < 2
    assert abs(chart.case(chart.point(Fraction(2))) - 2) < Fraction(1, 10**8)


@given(norms(3), st.lists(COORDINATE, min_size=3, max_size=3))
@FEW
def test_positive_numbers_lead_back_and_stay_positive(a: Vector, t: list[Fraction]) -> None:
    chart = positive_numbers()
    assert chart.case(chart.point(a)) == a
    assert min(chart.case(t)) > 0


@given(exact_spectra(), st.lists(COORDINATE, min_size=1, max_size=9))
@FEW
def test_spectra_lead_back_and_have_sum_1(p: Vector, t: list[Fraction]) -> None:
    chart = spectrum()
    again = chart.case(tuple(map(Fraction, chart.point(p))))
    assert max(abs(a - b) for a, b in zip(p, again, strict=True)) < 1e-12
    assert sum(chart.case(t)) == 1
    assert min(chart.case(t)) >= 0


@given(exact_spectra(), correlations())
@FEW
def test_products_keep_the_parts_apart(p: Vector, rho: Fraction) -> None:
    chart = product(spectrum(), interval(-1, 1))
    parts = chart.point((p, rho))
    assert [len(part) for part in parts] == [len(p), 1]
    assert abs(chart.case(parts)[1] - rho) < Fraction(1, 10**8)
