"""Steps on moments against the same steps on explicit features."""

from typing import Any

import pytest
import torch

from hermiso.finite.architecture import Step
from hermiso.finite.moments import Moments, linear, needs_moments, over_batch, resolved

RUNS, N, D = 3, 4, 7
OFFSETS = [0.0, 0.4, -3.0]
Tensor = Any


def features(seed: int = 0) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    H = torch.empty((RUNS, N, D), dtype=torch.float64).normal_(generator=generator)
    return H + torch.arange(1.0, N + 1, dtype=torch.float64)[:, None] / 3


def moments(H: Tensor, offset: float = 0.0) -> Moments:
    """Of features H: sums are taken of H - offset."""
    K = H - offset
    return Moments(K.mean(-1), K @ K.mT / H.shape[-1], offset)


def same(m: Moments, H: Tensor) -> bool:
    """Whether these are the moments of H, to 1e-13 of features of size 1 to 10."""
    gram = torch.allclose(m.gram, H @ H.mT / H.shape[-1], rtol=1e-13, atol=1e-13)
    mean = torch.allclose(m.mean + m.offset, H.mean(-1), rtol=1e-13, atol=1e-13)
    return gram and mean


def layer_normalized(H: Tensor) -> Tensor:
    return H / H.square().mean(-1, keepdim=True).sqrt()


@pytest.mark.parametrize("offset", OFFSETS)
def test_gram_and_norms_put_the_offset_back(offset: float) -> None:
    H = features()
    m = moments(H, offset)
    assert same(m, H)
    norms = torch.linalg.vector_norm(H, dim=-1) / D**0.5
    assert torch.allclose(m.norms, norms, rtol=1e-14)


@pytest.mark.parametrize("offset", OFFSETS)
@pytest.mark.parametrize("seed", [0, 1])
def test_each_step_is_the_step_on_features(offset: float, seed: int) -> None:
    H = features(seed)
    m = moments(H, offset)
    assert same(m.less_constant(0.7), H - 0.7)
    assert same(m.less_mean(), H - H.mean(-1, keepdim=True))
    assert same(m.less_batch_mean(), H - H.mean(-2, keepdim=True))
    assert same(m.over_norms(), layer_normalized(H))
    assert same(m.over_constant(0.3), H / 0.3)


@pytest.mark.parametrize("offset", OFFSETS)
def test_steps_in_a_row_are_the_row_on_features(offset: float) -> None:
    H = features()
    found = moments(H, offset).less_constant(0.2).over_constant(2.0).over_norms().less_batch_mean()
    K = layer_normalized((H - 0.2) / 2)
    assert same(found, K - K.mean(-2, keepdim=True))


STEPS = [
    Step("centred", "centre", "none"),
    Step("centred", "centre", "layer"),
    Step("centred", "centre", "batch"),
    Step("centred", "centre", "mean-field", 0.7),
    Step("normalized", "normalize", "none"),
    Step("normalized", "normalize", "layer"),
    Step("normalized", "normalize", "mean-field", 0.7),
]


@pytest.mark.parametrize("offset", OFFSETS)
@pytest.mark.parametrize("step", STEPS, ids=lambda s: f"{s.action}-{s.kind}")
def test_a_linear_step_does_the_same_to_features_and_moments(step: Step, offset: float) -> None:
    """Features come whole, their moments with an offset."""
    H = features()
    m = moments(H, offset)
    change = linear(step, m if needs_moments(step) else None)
    assert change is not None
    assert same(change.on_moments(m), change.on_features(H, slice(None)))


@pytest.mark.parametrize("step", STEPS, ids=lambda s: f"{s.action}-{s.kind}")
def test_a_linear_step_keeps_the_dtype_of_features(step: Step) -> None:
    change = linear(step, moments(features()))
    assert change is not None
    assert change.on_features(features().float(), slice(None)).dtype == torch.float32


@pytest.mark.parametrize(
    "step", [Step("activation", "activate"), Step("normalized", "normalize", "batch")], ids=str
)
def test_other_steps_are_not_linear_in_the_features(step: Step) -> None:
    assert linear(step, moments(features())) is None


def test_only_a_layer_step_needs_moments() -> None:
    assert [needs_moments(step) for step in STEPS] == [step.kind == "layer" for step in STEPS]
    assert not needs_moments(Step("activation", "activate", "layer"))


def test_batch_normalization_gives_every_neuron_the_mean_square_1() -> None:
    """Table 1: X_ij over the root of (1/n) sum_k X_ik^2, a neuron over the samples."""
    H = over_batch(features())
    assert torch.allclose(H.square().mean(-2), torch.ones(RUNS, D, dtype=torch.float64))
    assert torch.allclose(
        H / H.abs().amax(-2, keepdim=True), features() / features().abs().amax(-2, keepdim=True)
    )


def test_centring_by_the_offset_cancels_nothing() -> None:
    """1e-12 z around 0.4, as sums of 1e-12 z: 0.4^2 would leave no digit of 1e-24."""
    h = 1e-12 * features()
    m = Moments(h.mean(-1), h @ h.mT / D, 0.4).less_constant(0.4)
    assert m.offset == 0
    expected = layer_normalized(h)
    assert torch.allclose(m.over_norms().gram, expected @ expected.mT / D, rtol=0, atol=1e-14)
    centred = h - h.mean(-1, keepdim=True)
    assert torch.allclose(
        Moments(h.mean(-1), h @ h.mT / D, 0.4).less_mean().gram,
        centred @ centred.mT / D,
        rtol=1e-12,
        atol=1e-38,
    )


def lost(H: Tensor, offset: float, about_mean: bool, dtype: Any = torch.float64) -> list[bool]:
    found = resolved(moments(H, offset), dtype, about_mean)
    nan = torch.isnan(found.gram).all((-2, -1))
    assert torch.equal(nan, torch.isnan(found.mean).all(-1))
    assert torch.equal(nan, torch.isnan(found.gram).any(-1).any(-1))
    return [bool(run) for run in nan]


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=["float32", "float64"])
@pytest.mark.parametrize(("digits", "expected"), [(0.5, True), (2.0, False)])
def test_a_spread_below_100_roundings_of_the_mean_is_lost(
    dtype: Any, digits: float, expected: bool
) -> None:
    """One sample of one run of three has a spread of so many times 100 eps around 1."""
    H = features()
    z = torch.tensor([1.0, -1.0] * 3 + [0.0], dtype=torch.float64) * (7 / 6) ** 0.5
    tiny = digits * 100 * torch.finfo(dtype).eps
    H[1, 2] = 1 + tiny * z
    K = H - 1  # as sums would be kept: 1 + 1e-14 z has two digits of z
    K[1, 2] = tiny * z
    m = Moments(K.mean(-1), K @ K.mT / D, 1.0)
    nan = torch.isnan(resolved(m, dtype, about_mean=True).gram).all((-2, -1))
    assert nan.tolist() == [False, expected, False]


def test_samples_that_keep_their_mean_are_not_lost_for_want_of_spread() -> None:
    """A saturated sample, or a layer of one neuron."""
    H = features()
    H[0, 1] = 1.0
    assert lost(H, 0.0, about_mean=True) == [True, False, False]
    assert lost(H, 0.0, about_mean=False) == [False, False, False]
    assert lost(H, 1.0, about_mean=False) == [True, False, False]


def test_zero_features_are_not_lost() -> None:
    """Dead neurons: the recorder says what becomes of zero samples."""
    H = features()
    H[2, 0] = 0.0
    assert lost(H, 0.0, about_mean=True) == [False, False, False]


def test_a_mean_of_nan_loses_the_run() -> None:
    H = features()
    H[1, 0, 0] = torch.nan
    assert lost(H, 0.0, about_mean=False) == [False, True, False]
