"""hermiso.meanfield against the recursion in closed form, at digits that hold every angle."""

import itertools
import math
from collections.abc import Callable
from typing import Any

import mpmath
import numpy as np
import pytest

import hermiso
from hermiso.errors import BoundError, GramError, HermisoError
from hermiso.meanfield import Trajectory, complements, mean_field
from hermiso.numeric import kernel_map

EPS = 2.0**-52
DIGITS = 60
Matrix = list[list[Any]]


def relu(rho: Any) -> Any:
    """The arc-cosine kernel, centred: (sin t + (pi - t) cos t - 1)/(pi - 1)."""
    t = mpmath.acos(rho)
    return (mpmath.sin(t) + (mpmath.pi - t) * rho - 1) / (mpmath.pi - 1)


KERNELS: dict[str, Callable[[Any], Any]] = {
    "relu": relu,
    "erf": lambda rho: mpmath.asin(2 * rho / 3) / mpmath.asin(mpmath.mpf(2) / 3),
    "exp": lambda rho: mpmath.expm1(rho) / mpmath.expm1(1),
    "sin": lambda rho: mpmath.sinh(rho) / mpmath.sinh(1),
    "step": lambda rho: 2 * mpmath.asin(rho) / mpmath.pi,
}
SIZES = [0.3, 1e-8, 1e-15, 1e-30, 1e-300]


def digits(C: np.ndarray) -> int:
    """Enough for the determinant and for arccos near 1: each doubles the smallest scale."""
    least = np.min(C[C > 0])
    return DIGITS + int(-2 * math.log10(least)) * (len(C) + 1)


def orbit(C: np.ndarray, name: str, depth: int) -> list[Matrix]:
    """Correlation matrices of the layers, from the floats C as exact numbers."""
    n, kappa = len(C), KERNELS[name]
    layers = [[[1 - mpmath.mpf(float(C[i, j])) for j in range(n)] for i in range(n)]]
    for _ in range(depth):
        last, rows = layers[-1], [[mpmath.mpf(1)] * n for _ in range(n)]
        for i, j in itertools.combinations(range(n), 2):
            rows[i][j] = rows[j][i] = kappa(last[i][j])
        layers.append(rows)
    return layers


def true_gap(R: Matrix) -> Any:
    return -mpmath.log(mpmath.det(mpmath.matrix(R))) / len(R)


def true_potential(R: Matrix) -> Any:
    pairs = itertools.combinations(range(len(R)), 2)
    return max(abs(R[i][j]) / (1 - abs(R[i][j])) for i, j in pairs)


def miss(value: float, truth: Any) -> float:
    return float(abs(mpmath.mpf(float(value)) - truth) / abs(truth))


def worst(found: Trajectory, layers: list[Matrix]) -> dict[str, float]:
    """The largest relative errors of complements, potential, gap over the layers."""
    pairs = list(itertools.combinations(range(len(layers[0])), 2))
    errors = {"complement": 0.0, "gap": 0.0, "potential": 0.0}
    for layer, R in enumerate(layers):
        C = found.complement[layer]
        seen = {
            "complement": max(miss(C[i, j], 1 - R[i][j]) for i, j in pairs),
            "gap": miss(found.gap[layer], true_gap(R)),
            "potential": miss(found.potential[layer], true_potential(R)),
        }
        errors = {key: max(errors[key], seen[key]) for key in errors}
    return errors


def two(C: float) -> np.ndarray:
    return np.array([[0.0, C], [C, 0.0]])


def cluster(size: float, seed: int = 3) -> np.ndarray:
    """Complements of five samples, all of about this size: of points on a small sphere."""
    rng = np.random.default_rng(seed)
    with mpmath.workdps(DIGITS + int(-4 * math.log10(size))):
        radius = mpmath.sqrt(mpmath.mpf(size))
        X = [[1, *(radius * mpmath.mpf(float(v)) for v in row)] for row in rng.normal(size=(5, 4))]
        return exact_complements(X)


def exact_complements(X: list[list[Any]]) -> np.ndarray:
    norms = [mpmath.sqrt(mpmath.fdot(x, x)) for x in X]
    n = len(X)
    rho = [[mpmath.fdot(X[i], X[j]) / norms[i] / norms[j] for j in range(n)] for i in range(n)]
    return np.array([[float(1 - rho[i][j]) if i != j else 0.0 for j in range(n)] for i in range(n)])


# --- accuracy -------------------------------------------------------------------------------


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("name", KERNELS)
def test_two_samples_are_right_to_the_last_digits(name: str, size: float) -> None:
    found = mean_field(two(size), name, 12, complement=True)
    with mpmath.workdps(digits(two(size))):
        errors = worst(found, orbit(two(size), name, 12))
    tolerance = 12 * max(8 * EPS, kernel_map(name).error)  # each layer adds its error
    assert errors["complement"] <= tolerance, errors
    assert errors["gap"] <= 2 * tolerance, errors
    assert errors["potential"] <= 2 * tolerance, errors
    assert np.all(found.resolved)


@pytest.mark.parametrize("size", [1e-2, *SIZES[1:]])
@pytest.mark.parametrize("name", ["relu", "erf", "exp"])
def test_a_cluster_is_right_to_the_last_digits(name: str, size: float) -> None:
    C = cluster(size)
    found = mean_field(C, name, 4, complement=True)
    with mpmath.workdps(digits(C)):
        errors = worst(found, orbit(C, name, 4))
    tolerance = 4 * max(8 * EPS, kernel_map(name).error)
    assert errors["complement"] <= tolerance, errors
    assert errors["gap"] <= 100 * tolerance, errors  # N is conditioned to about 100
    assert errors["potential"] <= 2 * tolerance, errors
    assert np.all(found.resolved)


@pytest.mark.parametrize("name", ["relu", "sin", "exp"])
def test_a_pair_among_others_is_right_as_far_as_its_angles_are_held(name: str) -> None:
    """One pair 1e-8 apart in complement: noise 8 eps/sqrt(2e-8), less than 1e-10."""
    x = np.random.default_rng(1).normal(size=(5, 6))
    x[4] = x[3] + 1e-4 * x[4]
    C = complements(x)
    found = mean_field(C, name, 4, complement=True)
    with mpmath.workdps(100):
        errors = worst(found, orbit(C, name, 4))
    assert errors["gap"] <= 1e-10, errors
    assert np.all(found.resolved)


@pytest.mark.parametrize("size", SIZES[1:])
def test_the_pair_separates_at_the_slope_at_one(size: float) -> None:
    found = mean_field(two(size), "erf", 9, complement=True).complement[:, 0, 1]
    slope = kernel_map("erf").slope_at_one
    assert slope == pytest.approx(2 / math.sqrt(5) / math.asin(2 / 3), rel=1e-14)
    below = found[:-1] * slope * (1 - 2 * found[:-1])
    assert np.all(
        (below <= found[1:] * (1 + 1e-14)) & (found[1:] <= found[:-1] * slope * (1 + 1e-14))
    )


def test_a_jump_separates_at_the_square_root() -> None:
    found = mean_field(two(1e-300), "step", 3, complement=True).complement[:, 0, 1]
    # 1 - 2 asin(rho)/pi = 2 t/pi with 1 - rho = 2 sin(t/2)^2
    expected = 4 / math.pi * np.arcsin(np.sqrt(found[:-1] / 2))
    assert found[1:] == pytest.approx(expected, rel=1e-13)


def test_a_deep_network_reaches_gaps_of_any_size() -> None:
    """Near I the correlations keep their digits: gap = rho^2/2 with rho -> p_1 rho."""
    found = mean_field(two(1e-30), "sin", 2000, complement=True)
    p1 = 1 / math.sinh(1)
    late = found.gap[(found.gap < 1e-8) & (found.gap > 1e-290)]
    assert len(late) > 1000
    assert late[1:] / late[:-1] == pytest.approx(np.full(len(late) - 1, p1**2), rel=1e-7)
    with mpmath.workdps(100):
        R = orbit(two(1e-30), "sin", 600)
        assert miss(found.gap[600], true_gap(R[-1])) < 1e-12
        assert miss(found.potential[600], true_potential(R[-1])) < 1e-12


@pytest.mark.parametrize("name", ["erf", "sin"])
def test_opposite_samples_of_an_odd_activation_are_as_good_as_equal_ones(name: str) -> None:
    """Flipping a sample flips signs of correlations, and changes no gap."""
    d = 2.0**-30
    straight = mean_field(two(d), name, 150, complement=True)
    mirrored = mean_field(two(2.0 - d), name, 150, complement=True)
    # the promised 2e-14 of either, for complements and so for what is made of them
    assert straight.gram[:, 0, 1] == pytest.approx(-mirrored.gram[:, 0, 1], rel=4e-14, abs=4e-14)
    assert straight.potential == pytest.approx(mirrored.potential, rel=4e-14)
    assert straight.gap == pytest.approx(mirrored.gap, rel=4e-14)
    assert np.all(mirrored.resolved)
    C = cluster(0.02)
    flip = np.array([1.0, -1.0, 1.0, 1.0, -1.0])
    other = np.where(np.outer(flip, flip) > 0, C, 2.0 - C)
    straight, mirrored = (mean_field(c, name, 5, complement=True) for c in (C, other))
    assert straight.gap == pytest.approx(mirrored.gap, rel=1e-12)


def test_an_even_part_parts_opposite_samples_at_once() -> None:
    found = mean_field(two(2.0), "relu", 2, complement=True)
    assert found.potential[0] == math.inf
    assert found.gap[0] == math.inf
    with mpmath.workdps(50):
        rho = [relu(mpmath.mpf(-1)), relu(relu(mpmath.mpf(-1)))]
    assert found.gram[1:, 0, 1] == pytest.approx([float(r) for r in rho], rel=1e-14)


# --- what float64 does not hold -------------------------------------------------------------


def close_pairs(distance: float) -> list[list[Any]]:
    """Two pairs at a distance, and a sample apart, in generic directions."""
    x = np.random.default_rng(8).normal(size=(5, 5)).tolist()
    X = [[mpmath.mpf(v) for v in row] for row in x]
    for i, j in [(0, 1), (2, 3)]:
        X[j] = [a + distance * b for a, b in zip(X[i], X[j], strict=True)]
    return X


@pytest.mark.parametrize("distance", [1e-7, 1e-9, 1e-15, 1e-100])
def test_lost_angles_make_the_gap_a_lower_estimate(distance: float) -> None:
    with mpmath.workdps(600):
        X = close_pairs(mpmath.mpf(distance))
        unit = [[v / mpmath.sqrt(mpmath.fdot(x, x)) for v in x] for x in X]
        R = [[mpmath.fdot(x, y) for y in unit] for x in unit]
        truth = float(true_gap(R))
        C = exact_complements(X)
    found = mean_field(C, "relu", 1, complement=True)
    assert found.gap[0] <= truth
    assert found.gap[0] >= truth - 0.5
    assert not found.resolved[0]


def test_a_chain_of_scales_keeps_the_angles_between_neighbours() -> None:
    """Differences of lengths 1e-5 and 1e-14: only the angle to the root's company is lost."""
    with mpmath.workdps(200):
        rows = [[1, 0, 0, 0], [1, "1e-5", 0, 0], [1, "1e-5", "1e-14", 0], ["0.3", "0.5", "0.2", 1]]
        X = [[mpmath.mpf(v) for v in row] for row in rows]
        C = exact_complements(X)
        unit = [[v / mpmath.sqrt(mpmath.fdot(x, x)) for v in x] for x in X]
        truth = float(true_gap([[mpmath.fdot(x, y) for y in unit] for x in unit]))
    gap = mean_field(C, "relu", 0, complement=True).gap[0]
    assert truth - 0.1 <= gap <= truth


def test_angles_within_a_cluster_are_kept_where_those_to_the_others_are_lost() -> None:
    """Differences (1, 0) and (1, 0.01): without their angle n gap is log 1e4 less."""
    with mpmath.workdps(200):
        e = mpmath.mpf("1e-15")
        rows = [[1, 0, 0, 0], [1, e, 0, 0], [1, 2 * e, e / 100, 0], [0.1, 0.2, 0.3, 1]]
        X = [[mpmath.mpf(v) for v in row] for row in rows]
        C = exact_complements(X)
        unit = [[v / mpmath.sqrt(mpmath.fdot(x, x)) for v in x] for x in X]
        truth = float(true_gap([[mpmath.fdot(x, y) for y in unit] for x in unit]))
    found = mean_field(C, "relu", 0, complement=True)
    assert truth - 0.1 <= found.gap[0] <= truth
    assert not found.resolved[0]


def test_a_gram_matrix_of_close_samples_says_that_it_does_not_hold_the_gap() -> None:
    R = 1 - cluster(1e-14)
    np.fill_diagonal(R, 1.0)
    found = mean_field(R, "relu", 2)
    assert not np.any(found.resolved)
    assert np.all(np.diff(found.gap) < 0)


# --- duplicates and degenerate input --------------------------------------------------------


@pytest.mark.parametrize("name", ["relu", "erf", "step"])
def test_duplicates_stay_duplicates(name: str) -> None:
    C = np.array([[0.0, 0.0, 0.7], [0.0, 0.0, 0.7], [0.7, 0.7, 0.0]])
    R = 1 - C
    for found in (mean_field(C, name, 60, complement=True), mean_field(R, name, 60)):
        assert np.all(found.complement[:, 0, 1] == 0)
        assert np.all(found.gram[:, 0, 1] == 1)
        assert np.all(found.gap == math.inf)
        assert np.all(found.potential == math.inf)
        assert np.all(found.resolved)


def test_duplicates_up_to_rounding_count_as_such_in_a_gram_matrix() -> None:
    R = np.array([[1.0, 1 - EPS], [1 - EPS, 1.0]])
    assert mean_field(R, "relu", 300).complement[-1, 0, 1] == 0
    assert mean_field(two(EPS), "relu", 300, complement=True).complement[-1, 0, 1] > 0.5


def test_dependent_samples_have_infinite_gap_until_the_first_layer() -> None:
    """Three directions at 120 degrees in the plane."""
    C = np.full((3, 3), 1.5) - 1.5 * np.eye(3)
    found = mean_field(C, "relu", 2, complement=True)
    assert found.gap[0] == math.inf
    assert np.all(np.isfinite(found.gap[1:]))
    assert np.isfinite(found.potential[0])


def test_one_sample_is_an_isometry() -> None:
    found = mean_field([[4.0]], "relu", 3)
    assert found.gap.tolist() == found.potential.tolist() == [0.0] * 4
    assert found.gram.shape == found.complement.shape == (4, 1, 1)


def test_both_inputs_agree() -> None:
    X = np.random.default_rng(0).normal(size=(6, 9))
    a, b = mean_field(X @ X.T, "gelu", 8), mean_field(complements(X), "gelu", 8, complement=True)
    assert a.gap == pytest.approx(b.gap, rel=1e-13)
    assert a.gap == pytest.approx(hermiso.isometry_gap(a.gram), rel=1e-13)
    assert a.potential == pytest.approx(hermiso.potential(a.gram), rel=1e-13)
    assert a.gram + a.complement == pytest.approx(np.ones((9, 6, 6)))
    assert np.array_equal(a.gram, np.swapaxes(a.gram, 1, 2))  # one number in two places


def test_gain_and_callables() -> None:
    found = mean_field(two(1e-30), np.tanh, 3, complement=True).complement[:, 0, 1]
    assert found[1:] / found[:-1] == pytest.approx(np.full(3, kernel_map("tanh").slope_at_one))
    found = mean_field(two(1e-30), "tanh", 1, gain=3.0, complement=True).complement[:, 0, 1]
    assert found[1] / found[0] == pytest.approx(kernel_map("tanh", gain=3.0).slope_at_one)


def test_a_large_mean_spoils_no_correlation() -> None:
    """Coefficients of 1e8 + tanh are rounded to 1e-7; its kernel map is that of tanh."""
    shifted = mean_field(two(0.9), hermiso.parse("tanh(x) + 10^8"), 20, complement=True)
    plain = mean_field(two(0.9), "tanh", 20, complement=True)
    assert shifted.gram == pytest.approx(plain.gram, abs=1e-14)


# --- complements of samples -----------------------------------------------------------------


@pytest.mark.parametrize("scale", [1.0, 1e-150, 1e150])
@pytest.mark.parametrize("size", [0.1, 1e-4, 1e-9, 1e-15])
def test_complements_of_samples(size: float, scale: float) -> None:
    rng = np.random.default_rng(5)
    X = rng.normal(size=(1, 7)) + size * rng.normal(size=(4, 7))
    X *= scale * np.array([[1.0], [3.0], [0.1], [7.0]])
    with mpmath.workdps(100):
        expected = exact_complements([[mpmath.mpf(float(v)) for v in row] for row in X])
    assert complements(X) == pytest.approx(expected, rel=1e-13, abs=0)


def test_complements_of_parallel_samples_are_exact() -> None:
    x = np.random.default_rng(2).normal(size=5)
    C = complements([x, 2 * x, -x, [0, 0, 0, 0, 1e-300]])
    assert C[0, 1] == 0
    assert C[0, 2] == 2
    assert np.all(np.diag(C) == 0)
    assert complements([[1.0, 0.0], [1.0, 1e-150]])[0, 1] == pytest.approx(5e-301, rel=1e-15)


# --- refusals -------------------------------------------------------------------------------

BAD: dict[str, tuple[Callable[[], Any], type[HermisoError], str]] = {
    "asymmetric": (
        lambda: mean_field([[0, 0.1], [0.2, 0]], "relu", 1, complement=True),
        GramError,
        "not symmetric",
    ),
    "slightly asymmetric": (
        lambda: mean_field([[0, 1e-30], [2e-30, 0]], "relu", 1, complement=True),
        GramError,
        "not symmetric",
    ),
    "above 2": (lambda: mean_field(two(2.1), "relu", 1, complement=True), GramError, r"\[0, 2\]"),
    "below 0": (
        lambda: mean_field(two(-1e-30), "relu", 1, complement=True),
        GramError,
        r"\[0, 2\]",
    ),
    "a diagonal": (
        lambda: mean_field(np.eye(2), "relu", 1, complement=True),
        GramError,
        "diagonal",
    ),
    "nan": (lambda: mean_field(two(math.nan), "relu", 1, complement=True), GramError, "finite"),
    "a vector": (lambda: mean_field([0.0], "relu", 1, complement=True), GramError, "shape"),
    "no sample": (
        lambda: mean_field(np.zeros((0, 0)), "relu", 1, complement=True),
        GramError,
        "shape",
    ),
    "complements as a Gram matrix": (lambda: mean_field(two(0.1), "relu", 1), GramError, "nonzero"),
    "text": (lambda: mean_field("G", "relu", 1), GramError, "real numbers"),
    "complex": (lambda: mean_field(np.eye(2) * (1 + 0j), "relu", 1), GramError, "real"),
    "correlation 2": (lambda: mean_field([[1, 2], [2, 1]], "relu", 1), GramError, "indefinite"),
    "an asymmetric Gram matrix": (
        lambda: mean_field([[1, 0.5], [0.1, 1]], "relu", 1),
        GramError,
        "symmetric",
    ),
    "a broken triangle": (
        lambda: mean_field(
            1e-30 * np.array([[0, 1, 9], [1, 0, 1], [9, 1, 0]]), "relu", 1, complement=True
        ),
        GramError,
        "indefinite",
    ),
    "indefinite at large": (
        lambda: mean_field(1.9 * (np.ones((3, 3)) - np.eye(3)), "relu", 1, complement=True),
        GramError,
        "indefinite",
    ),
    "depth -1": (lambda: mean_field(np.eye(2), "relu", -1), BoundError, "-1"),
    "depth 1.0": (lambda: mean_field(np.eye(2), "relu", 1.0), BoundError, "integer"),
    "depth True": (lambda: mean_field(np.eye(2), "relu", True), BoundError, "integer"),
    "a zero sample": (lambda: complements([[0.0, 0.0], [1.0, 0.0]]), GramError, "nonzero"),
    "samples in one dimension": (lambda: complements([1.0, 2.0]), GramError, "shape"),
    "infinite samples": (lambda: complements([[math.inf, 1.0]]), GramError, "finite"),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_input_is_named(name: str) -> None:
    call, error, seen = BAD[name]
    with pytest.raises(error, match=seen):
        call()


def test_many_layers_and_many_samples_fit() -> None:
    found = mean_field(two(1e-300), "erf", 10_000, complement=True)
    assert found.gram.shape == (10_001, 2, 2)
    assert np.all(np.diff(found.gap) <= 0)
    X = np.random.default_rng(0).normal(size=(100, 120))
    found = mean_field(complements(X), "relu", 50, complement=True)
    assert np.all(np.diff(found.gap) < 0)


def test_layers_that_memory_does_not_hold_are_refused() -> None:
    with pytest.raises(BoundError, match=r"with 2 samples its layers take 384 GB; at most 4 GB"):
        mean_field([[1.0, 0.5], [0.5, 1.0]], "relu", 10**9)
