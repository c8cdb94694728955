"""Bounds against exact mean-field Gram matrices, against each other, and bad input."""

from __future__ import annotations

import math
import warnings
from fractions import Fraction
from functools import partial
from typing import Any

import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import hermiso
from hermiso import bounds, plots
from hermiso.errors import BoundError, GramError, HermisoError
from hermiso.layerwise import check_reach, logistic_step, oppenheim_step
from verify.exact import Matrix, Vector, det
from verify.strategies import exact_correlation_matrices, exact_spectra

LAYERS = np.arange(6)
BOUNDS = (bounds.theorem4, bounds.all_layers, bounds.logistic, bounds.oppenheim_schur)


def stepped(p: Vector, G: Matrix) -> Matrix:
    """One layer, in rational arithmetic."""
    return tuple(
        tuple(sum((w * r ** (k + 1) for k, w in enumerate(p)), Fraction(0)) for r in row)
        for row in G
    )


def exact_gap(G: Matrix) -> float:
    d = det(G)
    with mpmath.workdps(40):
        return float(-mpmath.log(mpmath.mpf(d.numerator) / d.denominator) / len(G))


@pytest.mark.parametrize("bound", BOUNDS)
@settings(max_examples=40, deadline=None)
@given(p=exact_spectra(orders=3), G=exact_correlation_matrices(largest=4).filter(det))
def test_no_layer_is_above_a_bound(bound: Any, p: Vector, G: Matrix) -> None:
    beta, gap0 = float(2 - p[0]), exact_gap(G)
    above = bound(beta, len(G), gap0, LAYERS[:4])
    for layer in range(4):
        assert exact_gap(G) <= above[layer] * (1 + 1e-9) + 1e-14
        G = stepped(p, G)


@settings(max_examples=40, deadline=None)
@given(p=exact_spectra(orders=3), G=exact_correlation_matrices(largest=4).filter(det))
def test_no_layer_is_above_the_bound_by_samples(p: Vector, G: Matrix) -> None:
    floats = np.array([[float(r) for r in row] for row in G])
    room = 1e-9 + 1e-13 / float(det(G))  # the Cholesky factor of a nearly singular matrix
    above = bounds.samplewise(float(2 - p[0]), floats, LAYERS[:3])
    for layer in range(3):
        assert exact_gap(G) <= above[layer] * (1 + room) + room
        G = stepped(p, G)


@given(
    beta=st.floats(1, 2), n=st.integers(2, 200), gap0=st.floats(0, 50), layer=st.integers(0, 300)
)
@settings(max_examples=200, deadline=None)
def test_the_order_of_the_bounds(beta: float, n: int, gap0: float, layer: int) -> None:
    theorem, closed, logistic, schur = (bound(beta, n, gap0, layer) for bound in BOUNDS)
    assert logistic <= closed * (1 + 1e-9) + 1e-300
    assert logistic <= schur * (1 + 1e-9) + 1e-300
    assert closed * 4 * n**2 <= theorem * (1 + 1e-9)
    assert closed <= gap0 * (1 + 1e-12)


def test_the_first_step_is_sharp() -> None:
    """Two samples at 1 - rho = delta: the odds shrink by beta in the limit."""
    p = (Fraction(1, 2), Fraction(1, 2))
    rho = 1 - Fraction(1, 10**12)
    G = ((Fraction(1), rho), (rho, Fraction(1)))
    after = 1 / det(stepped(p, G)) - 1
    assert abs(after / (1 / det(G) - 1) * Fraction(3, 2) - 1) < Fraction(1, 10**11)


def test_large_and_tiny_gaps_neither_overflow_nor_vanish() -> None:
    assert bounds.logistic(1.5, 10, 1e6, [0, 1])[1] == pytest.approx(1e6)
    assert bounds.all_layers(1.5, 2, 1e-300, [0])[0] == pytest.approx(1e-300)
    assert bounds.logistic(1.5, 2, 1e-200, [0, 1])[1] == pytest.approx(0.5e-200)
    assert bounds.oppenheim_schur(1.5, 2, 1e-200, [0, 1])[1] == pytest.approx(0.5e-200)
    assert bounds.oppenheim_schur(1.5, 2, 1e3, [0, 1])[1] == pytest.approx(1e3 - math.log(2) / 4)
    assert bounds.theorem4(1.5, 10, 1e6, 0) == math.inf
    for bound in BOUNDS:
        assert bound(1.5, 3, 0.0, [0, 5])[1] <= bounds.theorem4(1.5, 3, 0.0, 5)
        assert bound(1.5, 3, math.inf, 5) == math.inf


def test_without_nonlinearity_nothing_decays() -> None:
    assert bounds.all_layers(1.0, 5, 0.7, 1000) == pytest.approx(0.7)
    assert bounds.logistic(1.0, 5, 0.7, 1000) == pytest.approx(0.7)
    assert bounds.theorem4_threshold(1.0, 5, 0.7) == math.inf
    assert bounds.floor(1.0, 5, 100) == math.inf


THREE = [[1.0, 0.9, 0.2], [0.9, 1.0, 0.1], [0.2, 0.1, 1.0]]
STARTS: dict[str, tuple[Any, dict[str, Any]]] = {
    "theorem4": (bounds.theorem4, {"gap0": 2.0, "n": 8}),
    "all_layers": (bounds.all_layers, {"gap0": 2.0, "n": 8}),
    "logistic": (bounds.logistic, {"gap0": 2.0, "n": 8}),
    "oppenheim_schur": (bounds.oppenheim_schur, {"gap0": 2.0, "n": 8}),
    "its spectrum": (
        bounds.oppenheim_schur,
        {"gap0": 2.0, "n": 8, "spectrum": [0.7, 0.1, 0.2]},
    ),
    "by_potential": (bounds.by_potential, {"gap0": 2.0, "n": 8}),
    "its potential": (bounds.by_potential, {"gap0": 2.0, "n": 8, "potential0": 30.0}),
    "leading_order": (bounds.leading_order, {"gap0": 0.1, "n": 8}),
    "samplewise": (bounds.samplewise, {"gap0": None, "G0": THREE}),
    "corollary_a3": (bounds.corollary_a3, {"gap0": None, "potential0": 9.0}),
    "one's own": (lambda beta, gap0, layer: gap0 / beta**layer, {"gap0": 3.0}),
}


@pytest.mark.parametrize("target", [0.05, 1e-4, 1e-9])
@pytest.mark.parametrize("name", STARTS)
def test_depth_for_gap_is_the_first_layer_that_reaches_it(name: str, target: float) -> None:
    bound, start = STARTS[name]
    depth = bounds.depth_for_gap(1.3, target=target, bound=bound, **start)
    asked = {key: value for key, value in start.items() if value is not None}
    above = [float(bound(beta=1.3, layer=layer, **asked)) for layer in (depth - 1, depth)]
    assert above[1] <= target < above[0]
    assert bounds.depth_for_gap(1.3, target=math.inf, bound=bound, **start) == 0


def test_a_depth_of_many_layers_is_found() -> None:
    beta = 1 + 1e-9
    for bound in (bounds.all_layers, bounds.theorem4, bounds.by_potential):
        depth = bounds.depth_for_gap(beta, 0.3, 1e-6, 10, bound)
        assert bound(beta, 10, 0.3, depth) <= 1e-6 < bound(beta, 10, 0.3, depth - 1)
    slow = bounds.depth_for_gap(1.0005, 0.3, 1e-6, 10, bounds.logistic)
    assert slow < bounds.depth_for_gap(1.0005, 0.3, 1e-6, 10)


NEVER: dict[str, tuple[Any, str]] = {
    "no nonlinearity": (lambda: bounds.depth_for_gap(1.0, 0.7, 0.1, 5), "beta is 1"),
    "a degenerate input": (
        lambda: bounds.depth_for_gap(1.5, math.inf, 0.1, 5),
        "the input is degenerate: its gap is infinite at every layer",
    ),
    "degenerate samples": (
        lambda: bounds.depth_for_gap(1.5, None, 0.1, bound=bounds.samplewise, G0=np.ones((2, 2))),
        "the input is degenerate: its gap is infinite at every layer",
    ),
    "a pole of the potential": (
        lambda: bounds.depth_for_gap(
            1.5, 0.1, 0.1, 5, bound=bounds.by_potential, potential0=math.inf
        ),
        "the input is degenerate: its potential is infinite at every layer",
    ),
    "too many steps": (
        lambda: bounds.depth_for_gap(1 + 1e-5, 0.7, 0.1, 5, bounds.logistic),
        r"at layer 131072, .* all_layers needs no steps and reaches it at layer 390\d{3}$",
    ),
    "too many steps of samples": (
        lambda: bounds.depth_for_gap(1 + 1e-6, None, 0.1, bound=bounds.samplewise, G0=THREE),
        r"all_layers needs no steps and reaches it at layer \d{7}$",
    ),
    "more layers than there are": (
        lambda: bounds.depth_for_gap(1.5, 1e300, 0.1, 5),
        "at layer 4611686018427387904, .* the target must be larger",
    ),
    "more layers than either bound has": (
        lambda: bounds.depth_for_gap(1.5, 1e300, 0.1, 5, bounds.logistic),
        "at layer 131072, .* the target must be larger",
    ),
    "below the floor": (
        lambda: bounds.depth_for_gap(1.5, 0.7, 1e-4, 10, width=1000),
        "settles near 0.006",
    ),
    "below the floor of the samples": (
        lambda: bounds.depth_for_gap(
            1.5, None, 1e-4, bound=bounds.samplewise, G0=THREE, width=1000
        ),
        "settles near 0.00133",
    ),
    "a width without samples": (
        lambda: bounds.depth_for_gap(
            1.5, 0.7, 0.1, bound=lambda beta, gap0, layer: gap0 / beta**layer, width=1000
        ),
        "n must be given",
    ),
    "a width and a potential": (
        lambda: bounds.depth_for_gap(
            1.5, None, 0.1, 3, bounds.corollary_a3, potential0=9.0, width=1000
        ),
        "by_potential must be used",
    ),
    "another number of samples than in the matrix": (
        lambda: bounds.depth_for_gap(1.5, None, 0.1, 5, bounds.samplewise, G0=THREE, width=1000),
        "n is 5; it must be 3",
    ),
    "steps of a partial function": (
        lambda: bounds.depth_for_gap(
            1 + 1e-6, 0.7, 0.1, 5, partial(bounds.oppenheim_schur, spectrum=[1 - 1e-6, 1e-6])
        ),
        r"reaches it at layer 3902\d{3}$",
    ),
    "a rate": (
        lambda: bounds.depth_for_gap(1.5, 0.7, 0.1, 5, bounds.sharp_rate),
        "sharp_rate has no argument `layer`, .* leading_order has that rate",
    ),
    "a floor": (lambda: bounds.depth_for_gap(1.5, 0.7, 0.1, 5, bounds.floor), "no argument"),
    "no function": (lambda: bounds.depth_for_gap(1.5, 0.7, 0.1, 5, "logistic"), "a function"),
    "a bound that settles": (
        lambda: bounds.depth_for_gap(
            1.5, 0.7, 0.1, 5, lambda beta, n, gap0, layer: 0.2 + gap0 / (1 + np.asarray(layer))
        ),
        "above the target 0.1",
    ),
    "no matrix for samplewise": (
        lambda: bounds.depth_for_gap(1.5, None, 0.1, bound=bounds.samplewise),
        r"must be given \['G0'\]",
    ),
    "a gap beside the matrix": (
        lambda: bounds.depth_for_gap(1.5, 0.7, 0.1, bound=bounds.samplewise, G0=THREE),
        r"must not be given \['gap0'\]",
    ),
    "a spectrum for logistic": (
        lambda: bounds.depth_for_gap(1.5, 0.7, 0.1, 5, bounds.logistic, spectrum=[0.5, 0.5]),
        r"must not be given \['spectrum'\]",
    ),
}


@pytest.mark.parametrize("name", NEVER)
def test_a_depth_that_does_not_exist_is_refused(name: str) -> None:
    call, seen = NEVER[name]
    with pytest.raises(BoundError, match=seen):
        call()


def _above(gap0: float, beta: float, layer: Any) -> Any:
    return gap0 / beta**layer


@pytest.mark.parametrize(
    ("bound", "n", "start"),
    [
        (bounds.all_layers, 3, {"gap0": 0.7}),
        (bounds.logistic, 3, {"gap0": 0.7}),
        (bounds.samplewise, None, {"gap0": None, "G0": THREE}),
        (bounds.samplewise, 3, {"gap0": None, "G0": THREE}),
        (_above, 3, {"gap0": 0.7}),
    ],
)
@pytest.mark.parametrize("target", [0.1, 0.0014, 0.001334])
def test_a_width_adds_its_floor(bound: Any, n: Any, start: Any, target: float) -> None:
    depth = bounds.depth_for_gap(1.5, target=target, n=n, bound=bound, width=1000, **start)
    asked = {name: value for name, value in start.items() if value is not None}
    if bound in (bounds.all_layers, bounds.logistic):
        asked["n"] = n
    floor = bounds.floor(1.5, 3, 1000)
    above = [bound(beta=1.5, layer=layer, **asked) + floor for layer in (depth - 1, depth)]
    assert above[1] <= target < above[0]
    wide = bounds.depth_for_gap(1.5, target=target, n=n, bound=bound, width=10**9, **start)
    assert wide <= depth


def test_an_infinite_start_stays_infinite_without_warnings() -> None:
    layers = np.array([0, 1, 5000])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for beta in (1.0, 1.3, 2.0):
            found = [
                bounds.leading_order(beta, 3, math.inf, layers),
                bounds.by_potential(beta, 3, 1.0, layers, potential0=math.inf),
                bounds.corollary_a3(beta, math.inf, layers),
                bounds.all_layers(beta, 3, math.inf, layers),
                bounds.logistic(beta, 3, math.inf, layers),
                bounds.oppenheim_schur(beta, 3, math.inf, layers),
                bounds.theorem4(beta, 3, math.inf, layers),
            ]
            assert np.all(np.array(found) == math.inf)
        assert bounds.gap_of_potential(3, [0.0, math.inf]).tolist() == [0.0, math.inf]
        assert bounds.gap_of_potential(1, math.inf) == 0


def test_the_potential_bounds_the_gap() -> None:
    G0 = np.array(THREE)
    gap = hermiso.mean_field(G0, "relu", 12).gap
    beta, layers = float(hermiso.numeric.beta("relu")), np.arange(13)
    potential0 = float(hermiso.potential(G0))
    rough = bounds.by_potential(beta, 3, gap[0], layers)
    sharp = bounds.by_potential(beta, 3, gap[0], layers, potential0)
    assert np.all(gap <= sharp)
    assert np.all(sharp <= rough)
    assert bounds.by_potential(1.5, 3, math.inf, 4) == math.inf


def test_the_leading_order_is_where_the_mean_field_ends() -> None:
    gap = hermiso.mean_field(np.array(THREE), "tanh", 60).gap
    beta = float(hermiso.numeric.beta("tanh"))
    assert gap[60] == pytest.approx(bounds.leading_order(beta, 3, gap[50], 10), rel=1e-2)
    assert bounds.leading_order(2.0, 3, 0.5, [0, 1, 2]).tolist() == [0.5, 0.0, 0.0]


def test_the_spectrum_sharpens_oppenheim_schur() -> None:
    """ReLU's p_2 = 0.2267 of beta - 1 = 0.2665: the rest sits in higher orders."""
    c = np.array([float(v) for v in hermiso.numeric.coefficients("relu", 60)])
    p = c[1:] ** 2 / np.sum(c[1:] ** 2)
    beta = 2 - p[0]
    worst = bounds.oppenheim_schur(beta, 5, 1.0, 3)
    assert bounds.oppenheim_schur(beta, 5, 1.0, 3, p) < worst


def test_a_degenerate_start_has_no_bound() -> None:
    assert bounds.samplewise(1.5, np.ones((2, 2)), [0, 9]).tolist() == [math.inf, math.inf]


def test_the_paper() -> None:
    a = [1.0, 2.0, 4.0]
    assert bounds.theorem1(a) == pytest.approx(1 + np.var(a) / np.mean(a) ** 2)
    assert bounds.theorem1_exact(a) == pytest.approx(7 / 4)
    assert bounds.theorem1([1e-200, 1e-200]) == 1
    assert bounds.lemma_a4(3, 0.25) == (0.125, 0.9375)
    assert bounds.lemma_a4(4, 0.5) == (0.0, 0.75)
    assert bounds.lemma_a7(1.5, [-0.5, 0.0, 1.0]).tolist() == [1 / 1.5, 0.0, math.inf]
    assert bounds.corollary_a3(2.0, 8.0, [0, 3]).tolist() == pytest.approx([8.0, 1.0])
    assert bounds.gap_of_potential(3, [0.0, 0.25, 1.0, 5.0]).tolist() == pytest.approx(
        [0.0, -math.log(0.6), math.inf, math.inf]
    )
    assert bounds.gap_of_potential(2, 3.0) == pytest.approx(math.log(4))
    assert bounds.sharp_rate(1.25) == 0.5625
    assert bounds.floor(1.5, 11, 1000) == pytest.approx(10 / (2000 * 0.75))


def test_the_mean_field_decays_at_the_sharp_rate() -> None:
    G0 = np.array([[1.0, 0.3, 0.1], [0.3, 1.0, -0.2], [0.1, -0.2, 1.0]])
    gap = hermiso.mean_field(G0, "tanh", 60).gap
    assert gap[60] / gap[59] == pytest.approx(
        bounds.sharp_rate(float(hermiso.numeric.beta("tanh"))), rel=1e-3
    )


CALLS = {
    "beta below 1": lambda: bounds.theorem4(0.99, 5, 1.0, 3),
    "beta nan": lambda: bounds.all_layers(math.nan, 5, 1.0, 3),
    "n = 0": lambda: bounds.logistic(1.5, 0, 1.0, 3),
    "n = 2.5": lambda: bounds.logistic(1.5, 2.5, 1.0, 3),
    "a negative gap": lambda: bounds.all_layers(1.5, 5, -1.0, 3),
    "a gap of nan": lambda: bounds.all_layers(1.5, 5, math.nan, 3),
    "layer 1.5": lambda: bounds.all_layers(1.5, 5, 1.0, 1.5),
    "layer -1": lambda: bounds.all_layers(1.5, 5, 1.0, [0, -1]),
    "a zero norm": lambda: bounds.theorem1([1.0, 0.0]),
    "no norm": lambda: bounds.theorem1_exact([]),
    "a spectrum of sum 2": lambda: bounds.oppenheim_schur(1.5, 5, 1.0, 3, [1.0, 1.0]),
    "a spectrum of another beta": lambda: bounds.oppenheim_schur(1.5, 5, 1.0, 3, [0.4, 0.6]),
    "rho = 2": lambda: bounds.lemma_a7(1.5, 2.0),
    "a target of 0": lambda: bounds.depth_for_gap(1.5, 1.0, 0.0, 5),
    "a width of 0": lambda: bounds.floor(1.5, 5, 0),
    "a width of nan": lambda: bounds.floor(1.5, 5, math.nan),
    "a spectrum with nan": lambda: bounds.oppenheim_schur(1.5, 5, 1.0, 3, [0.5, math.nan]),
    "a negative potential": lambda: bounds.gap_of_potential(3, -5.0),
    "an indefinite matrix": lambda: bounds.samplewise(1.5, [[1.0, 2.0], [2.0, 1.0]], 1),
    "an asymmetric matrix": lambda: bounds.samplewise(1.5, [[1.0, 0.5], [0.1, 1.0]], 1),
    "a matrix with nan": lambda: bounds.samplewise(1.5, [[1.0, math.nan], [math.nan, 1.0]], 1),
    "a depth of -1": lambda: hermiso.mean_field(np.eye(2), "relu", -1),
    "no matrix": lambda: hermiso.mean_field([1.0], "relu", 1),
    "beta a word": lambda: bounds.all_layers("a", 5, 1.0, 3),
    "beta a number in quotes": lambda: bounds.sharp_rate("1.5"),
    "no beta": lambda: bounds.all_layers(None, 5, 1.0, 3),
    "a gap that is a list": lambda: bounds.all_layers(1.5, 5, [1.0, 2.0], 3),
    "n a word": lambda: bounds.all_layers(1.5, "a", 1.0, 3),
    "layer a word": lambda: bounds.all_layers(1.5, 5, 1.0, "a"),
    "ragged layers": lambda: bounds.all_layers(1.5, 5, 1.0, [[1], [1, 2]]),
    "a target that is a word": lambda: bounds.depth_for_gap(1.5, 1.0, "x", 5),
    "a gap that is a word": lambda: bounds.depth_for_gap(1.5, "x", 0.1, bound=_above),
    "a width that is a word": lambda: bounds.floor(1.5, 5, "a"),
    "a width that is a word, of a depth": lambda: bounds.depth_for_gap(1.5, 1, 0.1, 5, width="a"),
    "a spectrum that is a word": lambda: bounds.oppenheim_schur(1.5, 5, 1, 3, "ab"),
    "norms that are words": lambda: bounds.theorem1(["a", "b"]),
    "complex norms": lambda: bounds.theorem1([1j, 2]),
    "rho a word": lambda: bounds.lemma_a7(1.5, "0.5"),
    "a correlation that is a word": lambda: bounds.lemma_a4(3, "a"),
    "a potential that is a word": lambda: bounds.gap_of_potential(3, "a"),
    "a start that is a word": lambda: bounds.corollary_a3(1.5, "a", 3),
    "a matrix that is a word": lambda: bounds.samplewise(1.5, "a", 1),
    "a zero sample": lambda: bounds.samplewise(1.5, np.zeros((2, 2)), 1),
}


@pytest.mark.parametrize("name", CALLS)
def test_bad_input_is_named(name: str) -> None:
    with pytest.raises(
        (BoundError, GramError),
        match=r"must|lie|integer|required|shape|semidefinite|symmetric|finite|zero",
    ) as error:
        CALLS[name]()
    assert isinstance(error.value, HermisoError)


def test_the_picture_is_drawn(tmp_path: Any) -> None:
    figure = plots.bounds(["relu"], n=4, depth=5)
    assert len(figure.axes) == len(plots.STARTS)
    assert [len(axes.lines) for axes in figure.axes] == [5] * len(plots.STARTS)
    assert plots.main([str(tmp_path / "bounds.png"), "--activations", "tanh"]) == 0
    assert (tmp_path / "bounds.png").stat().st_size > 10_000
    assert plots.main([str(tmp_path / "nowhere" / "bounds.png")]) == 2
    assert plots.main([str(tmp_path / "bounds.xyz")]) == 2


@pytest.mark.parametrize("beta", [1.001, 1.3, 1.9])
def test_every_step_keeps_its_share(beta: float) -> None:
    """Why a depth that no step reaches is known before the first."""
    for layer in (1, 10, 1000):
        share = (2 - beta) ** layer * (1 - 1e-12)
        assert bounds.logistic(beta, 10, 0.3, layer) >= share * 0.3
        assert bounds.samplewise(beta, THREE, layer) >= share * bounds.samplewise(beta, THREE, 0)
        by_spectrum = partial(bounds.oppenheim_schur, beta, 10, 0.3)
        assert by_spectrum(layer=layer) >= share * by_spectrum(layer=0)


def test_what_no_step_reaches_is_said_at_once() -> None:
    with pytest.raises(BoundError, match=r"at least 0\.0808872 at layer 131072, the last"):
        check_reach(1 + 1e-5, 0.3, 1e-6)
    check_reach(1.5, 0.3, 1e-6)


@pytest.mark.parametrize("y", [-700.0, -30.0, -1e-9, 0.0, 1e-9, 3.0, 30.0, 700.0])
def test_single_numbers_step_as_arrays_do(y: float) -> None:
    """A few roundings of terms of size |y| + 1."""
    allowed = 4 * np.finfo(float).eps * (abs(y) + 1)
    assert logistic_step(1.3, y) == pytest.approx(
        float(logistic_step(1.3, np.array([y]))[0]), abs=allowed, rel=0
    )
    few, many = np.array([0.5, 0.2, 0.3]), np.array([0.5, 0.2, 0.3, *np.zeros(8)])
    g = math.exp(min(y, 3.6))
    assert oppenheim_step(few, g) == pytest.approx(oppenheim_step(many, g), rel=4e-15, abs=0)
