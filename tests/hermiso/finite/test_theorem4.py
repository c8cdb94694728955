"""Theorem 4 at finite width: verdicts, bounds, and the interval behind them."""

import math
from typing import Any

import numpy as np
import pytest
import torch
from scipy import stats

from hermiso import bounds, numeric
from hermiso.errors import FiniteError
from hermiso.finite import Report, check_theorem4, input_gram, simulate
from hermiso.finite.theorem4 import VERDICTS, _verdict, interval
from hermiso.gram import isometry_gap

BOUND, FLOOR, UNDECIDED, VIOLATION = VERDICTS


def samples(n: int = 6, d: int = 20, seed: int = 0) -> Any:
    return np.random.default_rng(seed).standard_normal((n, d)) + 1.5 * np.arange(d) / d


@pytest.fixture(scope="module")
def report() -> Report:
    """Deep and narrow: the bound falls below the floor on the way."""
    return check_theorem4("relu", samples(), 300, 60, runs=20, seed=1)


def test_the_bound_covers_early_layers_and_the_floor_late_ones(report: Report) -> None:
    assert report.verdicts[:8] == (BOUND,) * 8
    assert report.verdicts[-10:] == (FLOOR,) * 10
    assert report.verdict == FLOOR


def test_the_report_holds_the_bounds(report: Report) -> None:
    beta, layers = float(numeric.beta("relu")), np.arange(61)
    gap0 = float(isometry_gap(input_gram(samples())))
    assert report.gap[0] == pytest.approx(gap0, rel=1e-12)
    assert report.theorem4 == pytest.approx(bounds.theorem4(beta, 6, gap0, layers), rel=1e-10)
    assert report.all_layers == pytest.approx(bounds.all_layers(beta, 6, gap0, layers), rel=1e-10)
    assert report.floor == bounds.floor(beta, 6, 300)
    assert np.all((report.low <= report.gap) & (report.gap <= report.high))
    assert report.gap.shape == report.low.shape == report.high.shape == (61,)
    assert len(report.verdicts) == 61


def test_the_verdicts_are_those_of_the_rows(report: Report) -> None:
    rows = zip(report.low, report.high, report.all_layers, report.verdicts, strict=True)
    for low, high, bound, verdict in rows:
        assert verdict == _verdict(low, high, bound, report.floor, 0.1)


def test_a_report_is_one_sentence(report: Report) -> None:
    covered = sum(v == BOUND for v in report.verdicts)
    assert str(report) == (
        f"finite-width floor: of 61 layers {covered} by the mean-field bound, {61 - covered} by "
        f"the finite-width floor covered; last gap {report.gap[-1]:.4g} in "
        f"[{report.low[-1]:.4g}, {report.high[-1]:.4g}], bound {report.all_layers[-1]:.4g}, "
        f"floor {report.floor:.4g}"
    )


def test_violated_layers_are_named() -> None:
    one = np.ones(3)
    report = Report(one, one, one, one, one, 0.5, (BOUND, VIOLATION, VIOLATION))
    assert report.verdict == VIOLATION
    assert str(report).startswith(
        "violation: of 3 layers 1 by the mean-field bound covered; violated at layers [1, 2]; "
    )
    nowhere = Report(one, one, one, one, one, 0.5, (VIOLATION,) * 3)
    assert "of 3 layers none covered; violated at layers [0, 1, 2]" in str(nowhere)


@pytest.mark.parametrize(
    ("low", "verdict"),
    [
        (0.0, BOUND),
        (1.0, BOUND),
        (1.0 + 1e-13, BOUND),  # rounding
        (1.0 + 1e-9, FLOOR),
        (1.5, FLOOR),
        (1.55, FLOOR),
        (1.5501, VIOLATION),
        (math.inf, VIOLATION),
        (math.nan, VIOLATION),
    ],
    ids=str,
)
def test_a_verdict_compares_with_the_bound_then_the_floor(low: float, verdict: str) -> None:
    """Bound 1, floor 0.5, of which 110% is allowed."""
    assert _verdict(low, low, 1.0, 0.5, 0.55) == verdict


@pytest.mark.parametrize(
    ("low", "high", "verdict"),
    [(0.0, 2.0, BOUND), (0.0, 2.1, UNDECIDED), (1.2, 3.1, FLOOR), (1.2, 3.3, UNDECIDED),
     (1.6, 9.0, VIOLATION)],
)  # fmt: skip
def test_an_interval_that_covers_anything_decides_nothing(
    low: float, high: float, verdict: str
) -> None:
    assert _verdict(low, high, 1.0, 0.5, 0.55) == verdict


def test_an_infinite_bound_covers_an_infinite_gap() -> None:
    assert _verdict(math.inf, math.inf, math.inf, 0.5, 0.1) == BOUND


def test_networks_without_normalization_violate(monkeypatch: pytest.MonkeyPatch) -> None:
    """A wrong network is found: its gap grows with depth."""
    from hermiso.finite import theorem4

    architecture = theorem4.Architecture
    monkeypatch.setattr(theorem4, "Architecture", lambda a: architecture(a, "none", "none"))
    found = check_theorem4("relu", samples(), 300, 30)
    assert found.verdict == VIOLATION
    assert found.verdicts[-1] == VIOLATION


def test_a_narrower_network_than_stated_violates(monkeypatch: pytest.MonkeyPatch) -> None:
    """Half the width doubles the floor: far beyond the resolution of 10%."""
    from hermiso.finite import theorem4

    simulate = theorem4.simulate
    monkeypatch.setattr(
        theorem4, "simulate", lambda G, a, width, *rest, **o: simulate(G, a, width // 2, *rest, **o)
    )
    assert check_theorem4("relu", samples(), 300, 60, runs=20).verdict == VIOLATION


def test_a_fifth_of_missing_width_is_seen_with_many_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    """The floor at 4/5 of the width is 5/4 of the floor, beyond the resolution of a tenth."""
    from hermiso.finite import theorem4

    monkeypatch.setattr(
        theorem4,
        "simulate",
        lambda G, a, width, *rest, **o: simulate(G, a, 4 * width // 5, *rest, **o),
    )
    assert check_theorem4("relu", samples(), 300, 40, runs=1500).verdict == VIOLATION


def test_degenerate_samples_are_refused() -> None:
    X = samples()
    for degenerate in (np.concatenate([X, X[:1]]), samples(10, 2)):
        with pytest.raises(FiniteError, match="the input is degenerate"):
            check_theorem4("relu", degenerate, 50, 4)


def test_more_samples_than_neurons_are_refused() -> None:
    """A Gram matrix of rank d < n is singular: the floor law knows d >= n only."""
    with pytest.raises(
        FiniteError, match=r"the width is 6 for 12 samples; .* needs a width of 48 or more"
    ):
        check_theorem4("relu", samples(12, 20), 6, 3)


def test_a_network_that_is_lost_is_no_violation() -> None:
    with pytest.raises(FiniteError, match="left the range of floats at layer"):
        check_theorem4("relu", samples(2, 20), 8, 400)


def test_a_linear_network_is_refused() -> None:
    with pytest.raises(FiniteError, match="beta is 1"):
        check_theorem4("identity", samples(), 50, 20)


@pytest.mark.parametrize(
    ("activation", "n", "width"), [("relu", 4, 100), ("exp", 6, 300), ("tanh", 6, 24)]
)
def test_the_next_order_of_the_floor_is_no_violation(activation: str, n: int, width: int) -> None:
    found = check_theorem4(activation, samples(n, 50), width, 25, runs=400)
    assert found.gap[-1] > 1.05 * found.floor
    assert found.verdict == FLOOR


def test_a_function_without_a_formula_has_the_report_of_its_twin() -> None:
    found = check_theorem4(lambda z: z.clamp(min=0) if torch.is_tensor(z) else np.maximum(z, 0),
                           samples(), 100, 5)  # fmt: skip
    assert found.verdicts == check_theorem4("relu", samples(), 100, 5).verdicts


def test_depth_0_is_covered() -> None:
    assert check_theorem4("relu", samples(), 50, 0).verdicts == (BOUND,)


def test_a_callable_is_checked_with_its_estimated_strength() -> None:
    options: dict[str, Any] = {"seed": 3, "dtype": torch.float64}
    found = check_theorem4(lambda x: torch.relu(x), samples(), 100, 5, **options)
    expected = check_theorem4("relu", samples(), 100, 5, **options)
    assert found.gap == pytest.approx(expected.gap, rel=1e-9)
    assert found.all_layers == pytest.approx(expected.all_layers, rel=1e-7)


@pytest.mark.parametrize(
    "options",
    [
        {"runs": 1},
        {"confidence": 0.0},
        {"confidence": 1.0},
        {"confidence": math.nan},
        {"resolution": -0.1},
        {"resolution": math.nan},
    ],
    ids=str,
)
def test_bad_options_are_shown(options: dict[str, float]) -> None:
    ((name, value),) = options.items()
    with pytest.raises(FiniteError, match=f"{name} = {value}.*at least 2 runs"):
        check_theorem4("relu", samples(), 50, 2, **options)


@pytest.mark.parametrize(("width", "depth"), [(0, 2), (50, -1), (2.5, 2)], ids=str)
def test_bad_shapes_are_refused(width: Any, depth: Any) -> None:
    with pytest.raises(FiniteError, match="must be an integer >="):
        check_theorem4("relu", samples(), width, depth)


# The interval


@pytest.mark.parametrize("confidence", [0.5, 0.9, 0.99])
@pytest.mark.parametrize("runs", [2, 3, 10, 200])
def test_the_interval_is_student_s(runs: int, confidence: float) -> None:
    values = np.random.default_rng(runs).standard_normal((runs, 4)) * 3 + 1
    low, high = interval(values, confidence)
    expected = stats.t.interval(
        confidence, runs - 1, loc=values.mean(0), scale=stats.sem(values, axis=0)
    )
    assert low == pytest.approx(expected[0], rel=1e-12)
    assert high == pytest.approx(expected[1], rel=1e-12)


def test_the_interval_covers_the_mean_as_often_as_stated() -> None:
    """20 000 intervals of 90%: a standard error of 0.2%."""
    values = np.random.default_rng(5).standard_normal((4, 20_000))
    low, high = interval(values, 0.9)
    assert np.mean((low <= 0) & (high >= 0)) == pytest.approx(0.9, abs=4 * 0.0021)


def test_an_infinite_mean_has_no_width() -> None:
    values = np.array([[1.0, np.inf, np.inf, np.nan], [2.0, np.inf, 3.0, 1.0]])
    low, high = interval(values, 0.9)
    assert np.isfinite([low[0], high[0]]).all()
    assert low[1:3].tolist() == high[1:3].tolist() == [np.inf, np.inf]
    assert np.isnan([low[3], high[3]]).all()


def test_one_run_has_no_interval() -> None:
    with pytest.raises(FiniteError, match=r"there are 1 runs; .* at least 2"):
        interval(np.ones((1, 3)), 0.9)
