"""What the claims about the figures decide by: intervals, and findings of three values."""

import math

import numpy as np
import pytest

from verify import Level, Refuted, Undecided
from verify.claims.isometry import _figures as figures
from verify.claims.isometry._figures import Curve, Finding, Interval

YES, NO, OPEN = Finding(True, "yes"), Finding(False, "no"), Finding(None, "open")
PART = Interval(1.0, 2.0, "part")


@pytest.mark.parametrize(("number", "truth"), [(3, True), (1.5, None), (0.5, False)])
def test_an_interval_decides_only_what_it_does_not_straddle(number: float, truth: object) -> None:
    assert figures.below(PART, number).truth is truth
    assert figures.opposite(figures.above(PART, number)).truth is truth


def test_between_needs_both_ends() -> None:
    assert figures.between(PART, 0.5, 3).truth is True
    assert figures.between(PART, 0.5, 1.5).truth is None
    assert figures.between(PART, 2.5, 3).truth is False


def test_and_or_not_of_three_values() -> None:
    assert figures.every(YES, YES).truth is True
    assert figures.every(YES, OPEN).truth is None
    assert figures.every(NO, OPEN, YES) == Finding(False, "no", 3)
    assert figures.some(NO, OPEN).truth is None
    assert figures.some(NO, OPEN, YES) == Finding(True, "yes", 3)
    assert figures.some(NO, NO).truth is False
    assert [figures.opposite(found).truth for found in (YES, NO, OPEN)] == [False, True, None]


def test_a_decision_names_what_is_false_or_open() -> None:
    assert figures.decided([YES, YES], "two").cases == 2
    assert figures.decided([YES], "one").level is Level.MEASURED
    with pytest.raises(Refuted, match=r"^no$"):
        figures.decided([YES, NO, OPEN], "three")
    with pytest.raises(Undecided, match=r"^open$"):
        figures.decided([YES, OPEN], "two")


def test_the_interval_covers_the_mean() -> None:
    low, high = figures.student(np.array([1.0, 2.0, 3.0, 4.0]))
    reach = 5 * math.sqrt(5 / 3) / 2  # five standard errors
    assert (low + high) / 2 == pytest.approx(2.5)
    assert low < 2.5 - reach


def test_quotients_are_taken_run_by_run() -> None:
    scatter = np.array([[1.0, 1e-3], [1.0, 10.0], [1.0, 5.0]])
    one, two = Curve("one", scatter), Curve("two", 2 * scatter)
    quotient = two.over(one)
    assert (quotient.low, quotient.high) == pytest.approx((2.0, 2.0))
    assert two.growth(0, 0).high == pytest.approx(1.0)


def test_a_network_out_of_range_has_a_large_gap() -> None:
    gap = figures.gaps(
        0, "exp", 5, width=50, runs=2, centring="mean-field", normalization="mean-field"
    )
    assert np.isfinite(gap.values).all()
    assert gap.values.max() <= 100
