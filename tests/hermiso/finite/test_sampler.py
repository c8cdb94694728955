"""`simulate`: its arguments, its limits, and what it must reproduce at large width."""

import math
from typing import Any

import numpy as np
import pytest
import torch

from hermiso import bounds, numeric
from hermiso.errors import FiniteError, GramError
from hermiso.finite import Architecture, Trajectory, input_gram, sampler, simulate
from hermiso.finite.architecture import KINDS, ORDERS
from hermiso.meanfield import mean_field

RELU = Architecture("relu")
Array = Any


def gram(n: int = 5, d: int = 9, seed: int = 0) -> Any:
    X = torch.empty((n, d), dtype=torch.float64)
    return input_gram(X.normal_(generator=torch.Generator().manual_seed(seed)))


def same(a: Trajectory, b: Trajectory, rtol: float = 0.0) -> bool:
    return list(a.parts) == list(b.parts) and all(
        np.allclose(x, y, rtol=rtol, atol=rtol, equal_nan=True)
        for part in a.parts
        for x, y in zip(vars(a.parts[part]).values(), vars(b.parts[part]).values(), strict=True)
    )


# Depths, widths, runs


def test_depth_0_is_the_input() -> None:
    found = simulate(gram(), RELU, 10, 0, runs=2, keep_gram=True)
    assert found.gap.shape == (2, 1)
    assert found.gram is not None
    assert np.allclose(found.gram, gram().numpy(), rtol=1e-15)


@pytest.mark.parametrize("widths", [[7, 7, 7], (7, 7, 7), np.array([7, 7, 7]), iter([7, 7, 7])])
def test_a_width_and_a_depth_are_a_list_of_widths(widths: Any) -> None:
    assert same(simulate(gram(), RELU, widths), simulate(gram(), RELU, 7, 3))


@pytest.mark.parametrize("seed", [0, 11])
def test_the_same_seed_gives_the_same_network(seed: int) -> None:
    first, again = (simulate(gram(), RELU, 30, 4, runs=2, seed=seed) for _ in range(2))
    assert same(first, again)
    assert not same(first, simulate(gram(), RELU, 30, 4, runs=2, seed=seed + 1))


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=["float32", "float64"])
@pytest.mark.parametrize("width", [9, 1000])
def test_a_run_is_the_same_whatever_their_number(width: int, dtype: Any) -> None:
    """Up to the order of sums in one matrix product of several runs."""
    net = Architecture("tanh")
    many = simulate(gram(), net, width, 3, runs=40, seed=3, dtype=dtype).gap
    for runs in (1, 7):
        few = simulate(gram(), net, width, 3, runs=runs, seed=3, dtype=dtype).gap
        assert few == pytest.approx(many[:runs], rel=1e3 * torch.finfo(dtype).eps)
    assert np.unique(many[:, 1]).size == 40


def test_every_run_may_have_an_input_of_its_own() -> None:
    grams = torch.stack([gram(seed=s) for s in range(3)])
    together = simulate(grams, RELU, 20, 2, runs=3).gap
    for run in range(3):
        alone = simulate(grams[run], RELU, 20, 2, runs=3).gap
        assert together[run] == pytest.approx(alone[run], rel=1e-5)


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("normalization", KINDS)
@pytest.mark.parametrize("centring", KINDS)
def test_recording_the_parts_changes_no_output(
    centring: Any, normalization: Any, order: Any
) -> None:
    net = Architecture("gelu", centring, normalization, order, bias=0.5)
    options: dict[str, Any] = {"runs": 2, "seed": 1, "dtype": torch.float64, "keep_gram": True}
    plain, parts = (simulate(gram(), net, 40, 3, parts=p, **options) for p in (False, True))
    assert plain.gram == pytest.approx(parts.gram, rel=1e-11, abs=1e-11, nan_ok=True)
    assert list(plain.parts) == ["output"]
    assert len(parts.parts) == 5


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("normalization", KINDS)
@pytest.mark.parametrize("centring", KINDS)
def test_which_runs_are_held_at_once_changes_nothing(
    centring: Any, normalization: Any, order: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Seven runs at once, or three, or one."""
    net = Architecture("gelu", centring, normalization, order, bias=0.5)
    options: dict[str, Any] = {"runs": 7, "dtype": torch.float64, "keep_gram": True, "tile": 16}
    expected = simulate(gram(), net, 40, 2, **options).gram
    for block in (3 * 5 * 16, 1):
        monkeypatch.setattr(sampler, "_BLOCK", {"cpu": block})
        found = simulate(gram(), net, 40, 2, **options).gram
        assert found == pytest.approx(expected, rel=1e-11, abs=1e-11)


def test_the_last_part_of_a_layer_is_its_output() -> None:
    found = simulate(gram(), RELU, 40, 3, parts=True).parts
    np.testing.assert_allclose(
        found["normalized"].gap[:, 1:], found["output"].gap[:, 1:], rtol=1e-12
    )


def test_gram_matrices_are_kept_for_every_run_and_layer() -> None:
    found = simulate(gram(), RELU, [9, 8], runs=3, keep_gram=True)
    assert found.gram is not None
    assert found.gram.shape == (3, 3, 5, 5)
    assert np.allclose(found.gram, found.gram.swapaxes(-1, -2), rtol=0)
    assert simulate(gram(), RELU, 9, 1).gram is None


def test_the_tile_decides_which_network_is_drawn() -> None:
    first, second = (simulate(gram(), RELU, 30, 2, tile=t).gap for t in (4, 5))
    assert not np.allclose(first[:, 1:], second[:, 1:], rtol=1e-3)
    assert same(simulate(gram(), RELU, 30, 2, tile=40), simulate(gram(), RELU, 30, 2))


def test_float32_and_float64_are_equal_in_law_not_in_numbers() -> None:
    first, second = (
        simulate(gram(), RELU, 30, 2, dtype=t).gap for t in (torch.float32, torch.float64)
    )
    assert not np.allclose(first[:, 1:], second[:, 1:], rtol=1e-3)


# Refused


@pytest.mark.parametrize("width", [0, -1, 2.5, "7", None, True], ids=repr)
def test_a_bad_width_is_shown(width: Any) -> None:
    if not isinstance(width, str):
        with pytest.raises(FiniteError, match=f"the width is {width!r}; .* integer >= 1"):
            simulate(gram(), RELU, width, 2)
    with pytest.raises(FiniteError, match=f"a width is {width!r}; .* integer >= 1"):
        simulate(gram(), RELU, [5, width])


@pytest.mark.parametrize("depth", [-1, 2.0, "3", True], ids=repr)
def test_a_bad_depth_is_shown(depth: Any) -> None:
    with pytest.raises(FiniteError, match=f"the depth is {depth!r}; .* integer >= 0"):
        simulate(gram(), RELU, 5, depth)


def test_a_width_without_a_depth_is_refused() -> None:
    with pytest.raises(FiniteError, match="depth is missing; give depth=, or a width for every"):
        simulate(gram(), RELU, 5)


def test_widths_that_contradict_the_depth_are_refused() -> None:
    with pytest.raises(FiniteError, match="depth is 3 and there are 2 widths; leave depth out"):
        simulate(gram(), RELU, [5, 6], 3)
    assert same(simulate(gram(), RELU, [5, 6], 2), simulate(gram(), RELU, [5, 6]))


@pytest.mark.parametrize("runs", [0, -2, 1.5, None, True], ids=repr)
def test_bad_runs_are_shown(runs: Any) -> None:
    with pytest.raises(FiniteError, match=f"runs is {runs!r}; .* integer >= 1"):
        simulate(gram(), RELU, 5, 1, runs=runs)


@pytest.mark.parametrize("shape", [(3,), (2, 3), (2, 3, 3), (1, 1, 3, 3)], ids=str)
def test_a_gram_matrix_of_another_shape_is_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(FiniteError, match=r"shape \(.*\); it must be \(n, n\), or \(4, n, n\)"):
        simulate(torch.ones(shape), RELU, 5, 1, runs=4)


@pytest.mark.parametrize(
    ("G", "says"),
    [
        ([[1, math.nan], [math.nan, 1]], "every entry must be finite"),
        ([[1, 2], [2, 1]], "G is indefinite: its smallest eigenvalue is -1"),
        ([[1, 0.5], [0, 1]], "symmetric"),
        ([[0, 0], [0, 0]], "zero"),
    ],
    ids=["nan", "indefinite", "asymmetric", "zero"],
)
def test_what_is_no_gram_matrix_is_refused(G: Any, says: str) -> None:
    with pytest.raises(GramError, match=says):
        simulate(G, RELU, 5, 1)


@pytest.mark.skipif(torch.cuda.is_available(), reason="about machines without a GPU")
def test_an_absent_gpu_is_refused() -> None:
    with pytest.raises(
        FiniteError, match="the device is 'cuda', and torch has none of that name here"
    ):
        simulate(gram(), RELU, 5, 1, device="cuda")


@pytest.mark.parametrize("form", ["list", "integers", "frozen", "float32", "gradient"])
def test_the_input_comes_in_any_form_and_is_left_alone(form: str) -> None:
    frozen = np.eye(3)
    frozen.flags.writeable = False
    tracked = torch.eye(3, dtype=torch.float64, requires_grad=True)
    forms: dict[str, Any] = {
        "list": np.eye(3).tolist(),
        "integers": np.eye(3, dtype=int),
        "frozen": frozen,
        "float32": torch.eye(3),
        "gradient": tracked,
    }
    found = simulate(forms[form], RELU, 20, 2)
    assert same(found, simulate(np.eye(3), RELU, 20, 2))
    assert np.array_equal(frozen, np.eye(3))


# Limits of floats


@pytest.mark.parametrize("normalization", ["none", "mean-field"])
def test_an_overflow_is_nan_from_there_on(normalization: Any) -> None:
    net = Architecture("exp", "none", normalization)
    found = simulate(gram(), net, 50, 12, runs=3, parts=True)
    for series in found.parts.values():
        gaps = series.gap[:, 1:]
        lost = np.isnan(gaps)
        assert lost[:, -1].all()
        assert not lost[:, 0].any()
        assert (np.diff(lost.astype(int)) >= 0).all()
    assert len(found.frame()) < 3 * (13 + 4 * 12)


def test_a_lost_network_does_not_come_back_by_a_function_that_hides_nan() -> None:
    def hides(x: Any) -> Any:
        return torch.where(x > 0, torch.exp(20 * x), 1.0)

    gap = simulate(gram(), Architecture(hides, "none", "none"), 50, 6, parts=True).gap[0]
    assert np.isnan(gap[3:]).all()


def test_an_overflow_of_one_run_leaves_the_others() -> None:
    net = Architecture("square", "none", "none")
    grams = torch.stack([gram(), 1e200 * gram(), gram()])
    found = simulate(grams, net, 50, 2, runs=3).gap
    assert np.isnan(found[1, 1:]).all()
    assert np.isfinite(found[[0, 2]]).all()
    expected = simulate(gram(), net, 50, 2, runs=3).gap
    assert found[[0, 2]] == pytest.approx(expected[[0, 2]], rel=1e-4)


@pytest.mark.parametrize("activation", ["relu", "tanh", "step"])
def test_dead_networks_are_nan_not_an_error(activation: str) -> None:
    """Of one neuron: centred by its mean it is 0."""
    gap = simulate(gram(), Architecture(activation), 1, 3, runs=5).gap
    assert np.isnan(gap[:, 1:]).all()


@pytest.mark.parametrize("centring", ["none", "mean-field", "batch"])
def test_a_layer_of_one_neuron_is_a_network_where_means_are_kept(centring: Any) -> None:
    norms = simulate(gram(), Architecture("tanh", centring, "none"), 1, 2, runs=5).parts["output"]
    assert np.isfinite(norms.norm_mean).all()


@pytest.mark.parametrize("normalization", KINDS)
@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=["float32", "float64"])
def test_duplicates_stay_duplicates(normalization: Any, order: Any, dtype: Any) -> None:
    G = gram(4)
    twice = [0, 1, 2, 3, 1]
    net = Architecture("gelu", "layer", normalization, order)
    found = simulate(G[twice][:, twice], net, 60, 8, runs=3, dtype=dtype, keep_gram=True)
    assert np.isinf(found.gap).all()
    assert found.gram is not None
    s = np.sqrt(np.diagonal(found.gram, axis1=-2, axis2=-1))
    R = found.gram / s[..., :, None] / s[..., None, :]
    assert np.abs(R[..., 1, 4] - 1).max() <= 1e-7
    assert np.abs(R[..., 0, 4] - R[..., 0, 1]).max() <= 1e-6


def test_opposites_stay_opposites_under_an_odd_activation() -> None:
    net = Architecture("tanh")
    found = simulate([[1.0, -1.0], [-1.0, 1.0]], net, 60, 8, keep_gram=True, dtype=torch.float64)
    assert found.gram is not None
    assert found.gram[..., 0, 1] == pytest.approx(-found.gram[..., 0, 0], rel=1e-7)


# Large width


@pytest.mark.parametrize("activation", ["relu", "tanh"])
def test_a_wide_network_follows_the_mean_field(activation: str) -> None:
    """Entry by entry within 6 sigma, sigma^2 = 3 C/d with C = 2.

    A layer adds noise of variance C/d to a correlation: E (h_i h_j)^2 less its square, 1 for
    independent samples. Earlier noise is passed on with kappa'(rho) <= 1, as |rho| < 0.8 here.
    """
    d, depth = 200_000, 3
    G0 = gram().numpy()
    found = simulate(G0, Architecture(activation), d, depth, keep_gram=True).gram
    expected = mean_field(G0, activation, depth).gram
    assert found is not None
    assert np.abs(G0 - np.eye(5)).max() < 0.8
    error = np.abs(found[0] - expected).max()
    assert 1e-4 < error <= 6 * math.sqrt(6 / d)  # not the mean field itself
    assert np.abs(expected[-1] - G0).max() > 2 * 6 * math.sqrt(6 / d)


def test_the_mean_field_is_approached_at_the_rate_of_one_over_the_root_of_d() -> None:
    """Root mean square errors at d and 64 d: 40 runs x 10 pairs know their ratio 8 to 25%."""
    expected = mean_field(gram().numpy(), "relu", 2).gram[-1]

    def error(d: int) -> float:
        G = simulate(gram(), RELU, d, 2, runs=40, keep_gram=True).gram
        assert G is not None
        return float(np.sqrt(np.mean((G[:, -1] - expected) ** 2)))

    assert error(200) / error(12_800) == pytest.approx(8, rel=0.25)


@pytest.mark.parametrize("activation", ["relu", "tanh", "gelu"])
def test_gaps_settle_at_the_floor(activation: str) -> None:
    """n = 10, d = 1000: within 10%, of which terms of relative order n/d = 1% are not in the law.

    The gap of one layer is a sum of 45 squares, of relative variance 2/45. Layers forget by
    q = (2 - beta)^2 <= 0.87: the 35 last ones are worth 35 (1 - q)/(1 + q) >= 2.4 each of 40 runs,
    so three standard errors are 6.5% or less; at layer 25 all but q^25 = 3% of the way is done.
    """
    n, d = 10, 1000
    beta = float(numeric.beta(activation))
    assert (2 - beta) ** 2 < 0.87
    gap = simulate(np.eye(n), Architecture(activation), d, 60, runs=40).gap
    assert gap[:, 26:].mean() == pytest.approx(bounds.floor(beta, n, d), rel=0.1)
