"""Searches: counted cases, smallest counterexamples, close calls, exact and float sides."""

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
import sympy as sp
from hypothesis import assume
from hypothesis import strategies as st

from verify import Chart, Level, Refuted, Undecided, bounded, equal, search
from verify.comparing import brief
from verify.searching import first_counterexample, show
from verify.strategies import large_correlation_matrices


def test_search_counts_its_cases() -> None:
    found = search(lambda n: n >= 0, st.integers(0, 10**6), domain="here", examples=50)
    assert (found.level, found.domain, found.cases) == (Level.SEARCHED, "here", 50)


def test_search_refutes_with_the_smallest_counterexample() -> None:
    with pytest.raises(Refuted, match=r"^fails for 10\b"):
        search(lambda n: n < 10, st.integers(0, 1000), domain="here")


def test_search_may_stop_at_the_first_counterexample() -> None:
    with first_counterexample(), pytest.raises(Refuted):
        search(lambda n: n < 10, st.integers(0, 1000), domain="here")


@pytest.mark.parametrize("answer", [None, 1, "yes"])
def test_a_predicate_that_returns_no_bool_is_an_error(answer: Any) -> None:
    with pytest.raises(TypeError, match="must return True or False"):
        search(lambda n: answer, st.integers(), domain="here")


def test_cases_outside_the_hypothesis_are_not_counted() -> None:
    def even_or_out(n: int) -> bool:
        assume(n % 2 == 0)
        return n % 2 == 0

    found = search(even_or_out, st.integers(0, 9), domain="here", examples=100)
    assert found.cases is not None
    assert found.cases <= 5


def too_close(case: object) -> bool:
    raise Undecided("too close")


def test_close_calls_are_counted_and_are_no_support() -> None:
    def one_in_two(n: int) -> bool:
        return too_close(n) if n % 2 else True

    found = search(one_in_two, st.integers(0, 9), domain="here")
    assert (found.cases, found.close, found.domain) == (5, 5, "here")
    with pytest.raises(Undecided, match="none of 10 cases could be decided"):
        search(too_close, st.integers(0, 9), domain="here")


def test_bounded_reports_the_largest_ratio() -> None:
    found = bounded(lambda n: (n, 20), st.integers(0, 10), domain="here")
    assert (found.level, found.cases, found.tightness) == (Level.SEARCHED, 11, 0.5)
    assert found.place == "10"


def test_bounded_decides_exactly() -> None:
    third = Fraction(1, 3)
    bounded(lambda n: (third + third + third, 1), st.just(0), domain="here")
    with pytest.raises(Refuted, match=r"^1 <= 1 fails by 1e-21 for 0"):
        bounded(lambda n: (1, 1 - Fraction(1, 10**21)), st.just(0), domain="here")


def test_bounded_strictly_excludes_equality() -> None:
    with pytest.raises(Refuted, match=r"^5 < 5 fails by 0 for 5\b"):
        bounded(lambda n: (n, 5), st.integers(0, 5), domain="here", strict=True)


def test_floats_need_a_resolution() -> None:
    with pytest.raises(TypeError, match="give rationals or balls, or floats"):
        bounded(lambda n: (0.5, 1.0), st.just(0), domain="here")
    sides: Callable[[float], tuple[float, float]] = lambda v: (v, 1.0)  # noqa: E731
    found = bounded(sides, st.sampled_from([0.5, 1.0, 1 + 1e-9]), domain="here", resolution=1e-6)
    assert (found.cases, found.close) == (1, 2)
    with pytest.raises(Refuted):
        bounded(sides, st.just(1 + 1e-5), domain="here", resolution=1e-6)


def test_sides_must_be_finite() -> None:
    with pytest.raises(TypeError, match="must be finite"):
        bounded(lambda n: (float("nan"), 1.0), st.just(0), domain="here", resolution=1e-6)


def test_cases_are_printed_for_readers() -> None:
    assert show(((Fraction(1), Fraction(1, 2)), [3])) == "[[1, 1/2], [3]]"


def test_large_counterexamples_are_no_trouble() -> None:
    with pytest.raises(Refuted, match=r"^fails for"):
        search(lambda G: False, large_correlation_matrices(smallest=60), domain="", examples=5)


def test_places_are_short() -> None:
    long = Fraction(10**30 + 1, 3 * 10**30)
    assert brief(((Fraction(1, 2), long), 0.123456789012)) == "[[1/2, 0.333333], 0.123457]"
    assert brief(np.array([[1.0, 0.5]])) == "[[1.0, 0.5]]"
    cut = brief((long,) * 100)
    assert len(cut) == 120
    assert cut.endswith("...")


def test_numbers_with_more_digits_than_python_prints_are_abbreviated() -> None:
    huge = Fraction(10**5000 + 1, 3)
    with pytest.raises(
        Refuted, match=r"^3\.33333333333e\+4999 <= 1 fails by 3\.33e\+4999 for \[3\.33333333333e"
    ):
        bounded(lambda v: (v[0], 1), st.just((huge,)), domain="here")
    with pytest.raises(Refuted, match=r"^3\.0e-5000 <= 0 fails by 3\.0e-5000 for 0"):
        bounded(lambda n: (1 / huge, 0), st.just(0), domain="here")
    with pytest.raises(Refuted, match=r"^-1 <= -1\.0e\+5000 fails by 1\.0e\+5000 for 0"):
        bounded(lambda n: (-1, sp.Integer(-(10**5000))), st.just(0), domain="here")
    found = bounded(lambda v: (v, 2 * huge), st.just(huge), domain="here")
    assert (found.tightness, found.place) == (0.5, "3.33333e+4999")
    assert show({"x": 10**5000}) == "a dict with numbers too long to print"
    with pytest.raises(Refuted, match=r"^derived 1\.0e\+5000, stated 1$"):
        equal(sp.Integer(10**5000), sp.Integer(1), domain="here")


def test_arrays_are_shown_whole() -> None:
    shown = show(np.eye(64))
    assert shown.count("1.0") == 64
    assert "..." not in shown


# Floats that contradict the statement


def overlapping(case: object) -> tuple[Any, Any]:
    from hermiso import certified

    excess = certified.beta("tanh") - certified.beta("tanh", digits=35)  # a ball around 0
    return 1 + excess, 1


def violating(case: int) -> tuple[float, float]:
    return (2.0 if case == 3 else 0.5), 1.0


def test_floats_beyond_their_resolution_are_a_counterexample_without_an_exact_route() -> None:
    with pytest.raises(Refuted, match=r"^2\.0 <= 1\.0 fails by 1 for 3"):
        bounded(violating, st.integers(0, 9), domain="here", resolution=1e-6)


def test_a_counterexample_of_floats_is_confirmed_or_cleared_exactly() -> None:
    def bound(sides: tuple[Any, Any]) -> Any:
        return bounded(
            violating,
            st.integers(0, 9),
            domain="here",
            resolution=1e-6,
            exactly=lambda case: sides,
        )

    assert bound((Fraction(1), Fraction(1))).cases == 10
    with pytest.raises(Refuted, match=r"^3 <= 1 fails by 2 for 3"):
        bound((3, 1))


@pytest.mark.parametrize("exact", [overlapping, too_close])
def test_one_that_the_exact_route_leaves_open_is_no_close_call(exact: Any) -> None:
    with pytest.raises(Undecided, match=r"^2\.0 <= 1\.0 fails by 1 for 3 in floats; "):
        bounded(violating, st.integers(0, 9), domain="here", resolution=1e-6, exactly=exact)


def test_a_climb_does_not_pass_it_by_either() -> None:
    def steep(v: Fraction) -> tuple[float, float]:
        return (2.0 if v > 4 else 0.5 + float(v) / 100), 1.0

    line = Chart[Fraction](point=lambda v: (v,), case=lambda t: t[0])
    with pytest.raises(Undecided, match="in floats; too close"):
        bounded(
            steep,
            st.integers(0, 3).map(Fraction),
            domain="here",
            resolution=1e-6,
            exactly=too_close,
            chart=line,
        )
