"""Random compositions against adaptive quadrature in numpy's longest floats.

The ordinary run draws a few; `make search` draws 4000.
"""

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
import sympy as sp
from hypothesis import HealthCheck, Phase, given, seed, settings

from hermiso import certified
from hermiso.errors import PrecisionError
from tests.compositions import Composition, Real, X, compositions
from tests.data.certified import assert_overlap, ends
from tests.halving import Truth, moments

CHUNKS, CHUNK = 40, 100
SHARP = 1e-11  # what the quadrature must reach, relative to the integrand's size

Enclosure = Any
ENCLOSURES: tuple[tuple[str, Enclosure], ...] = (
    ("E f", lambda e, n: certified.moment(e, X, digits=n)),
    ("c_1", lambda e, n: certified.coefficient(e, 1, X, digits=n)),
    ("E f^2", lambda e, n: certified.moment(e**2, X, digits=n)),
)


def assert_contains(ball: Any, truth: Truth, what: str) -> None:
    lower, upper = ends(ball)
    value, error = Fraction(truth.value), Fraction(truth.error)
    assert lower <= value + error, f"{what}: {ball} lies above {truth.value!r}"
    assert upper >= value - error, f"{what}: {ball} lies below {truth.value!r}"


def check(u: Composition) -> None:
    truths = moments(u)
    for (name, enclosure), truth in zip(ENCLOSURES, truths, strict=True):
        what = f"{name} of {u.expression}"
        assert truth.error <= SHARP * truth.size, f"{what}: the quadrature is blunt: {truth}"
        coarse, fine = (enclosure(u.expression, digits) for digits in (30, 60))
        assert_contains(coarse, truth, what)
        assert_contains(fine, truth, what)
        assert_overlap(coarse, fine, what)
        for ball, digits in ((coarse, 30), (fine, 60)):
            lower, upper = ends(ball)
            # the size is known to float precision only, so a digit is left to it
            assert (upper - lower) / 2 <= 2 * Fraction(truth.size) / 10**digits, f"{what}: {ball}"
    check_strength(u.expression, truths)


def check_strength(e: sp.Expr, truths: tuple[Truth, Truth, Truth]) -> None:
    """beta - 1, where the variance is not lost among the errors."""
    mean, first, second = truths
    variance = second.value - mean.value**2
    lost = second.error + 2 * abs(mean.value) * mean.error + mean.error**2
    if variance < 1e-6 * second.value:
        return
    lost_first = 2 * abs(first.value) * first.error + first.error**2
    gap = 1 - first.value**2 / variance
    error = (lost_first + lost * first.value**2 / variance) / (variance - lost) + 1e-15
    assert_contains(
        certified.beta_minus_one(e, X, digits=20), Truth(gap, error, 1.0), f"beta - 1 of {e}"
    )


def search(examples: int, start: int) -> None:
    @seed(start)
    @settings(
        max_examples=examples,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.generate],
    )
    @given(compositions())
    def run(u: Composition) -> None:
        check(u)

    run()


def test_a_few_compositions() -> None:
    search(6, 1)


def by_hand(e: sp.Expr, f: Callable[[Any], Any], kink: Any = None, **more: Any) -> Composition:
    return Composition(e, f, kinks=frozenset() if kink is None else frozenset({kink}), **more)


def singular(e: sp.Expr, f: Callable[[Any], Any], t: Any) -> Composition:
    return by_hand(e, f, t, unbounded=frozenset({t}))


# What the search has found, so that it stays found.
FOUND = (
    singular(sp.log(sp.Abs(3 * X / 2 + 1)), lambda x: np.log(abs(3 * x / 2 + 1)), -Real(2) / 3),
    by_hand(sp.asinh(sp.exp(3 * X / 8)), lambda x: np.arcsinh(np.exp(3 * x / 8)), degree=1),
    by_hand(
        sp.Min(sp.cos(X / 2 - 1), sp.cos(7 * X / 4 + 2)),
        lambda x: np.minimum(np.cos(x / 2 - 1), np.cos(7 * x / 4 + 2)),
    ),
    by_hand(
        sp.asinh(1 / (1 + sp.exp(-3 * X / 2))), lambda x: np.arcsinh((1 + np.tanh(3 * x / 4)) / 2)
    ),
)


@pytest.mark.parametrize("u", FOUND, ids=lambda u: str(u.expression))
def test_what_the_search_has_found(u: Composition) -> None:
    check(u)


def test_what_cannot_be_evaluated_at_its_kink_is_refused() -> None:
    """Bounded at 0, but exp(1/x) has no ball there: refused, not wrong."""
    with pytest.raises(PrecisionError, match=r"too rough near x = -?[0-9.]*e-.*atan\(exp\(1/x\)\)"):
        certified.moment(sp.atan(sp.exp(1 / X)), X)


@pytest.mark.search
@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_4000_compositions(chunk: int) -> None:
    search(CHUNK, 1000 + chunk)


@pytest.mark.parametrize("shift", [1e-10, -1e-10])
def test_the_comparison_refuses_a_wrong_truth(shift: float) -> None:
    ball = certified.moment(sp.exp(sp.tanh(X)), X)
    truth = Truth(float(ball) + shift, 1e-12, 1.0)
    with pytest.raises(AssertionError, match="lies"):
        assert_contains(ball, truth, "exp(tanh(x))")
