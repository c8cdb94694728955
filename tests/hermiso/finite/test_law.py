"""Networks drawn from their law against explicit ones: the same distribution of every statistic.

Sizes, level and power are stated, and no draw changes them:

- 500 drawn and 2000 explicit networks for each architecture, n = 3 samples, widths
  4, 6, 5 in tiles of 4;
- at each part of each layer: gap, log potential, mean and variance of the norms, and how the gap
  and the mean norm of a part change from one layer to the next, which sees dependence of layers;
- the two-sample Kolmogorov-Smirnov test of each. Bonferroni: a false alarm anywhere in this file
  has a probability of at most 1e-3, so each test has 1e-3/TESTS, and the seeds are fixed;
- power: CRITICAL = 0.140, so a statistic is rejected with probability 1 - 1e-3 where the two
  distribution functions differ by more than 0.140 + 0.137 anywhere (Dvoretzky-Kiefer-Wolfowitz).

The mutants at the end of the file are samplers with one error each. All must be rejected.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pytest
import torch
from scipy.stats import ks_2samp
from torch import nn

from hermiso import parse
from hermiso.finite import MLP, Architecture, Trajectory, input_gram, sampler, simulate, streams
from hermiso.finite.architecture import KINDS, ORDERS
from hermiso.finite.moments import Moments
from hermiso.finite.trajectory import Recorder

DRAWN, EXPLICIT = 500, 2000
WIDTHS = [4, 6, 5]  # of the input and of two layers
TILE = 4
TESTS = 3100  # at least those of this file
LEVEL = 1e-3 / TESTS
CRITICAL = math.sqrt(-math.log(LEVEL / 2) / 2 * (1 / DRAWN + 1 / EXPLICIT))
SINGULAR = 9.0  # a larger gap is rounding: det < 1e-11 of 3 samples
LOST = -1e3  # stands for NaN

Tensor = Any
Array = Any


def inputs() -> Tensor:
    """Three samples, two of them close: 1 - rho is about 1e-6."""
    x, y, z = torch.empty((3, WIDTHS[0]), dtype=torch.float64).normal_(
        generator=torch.Generator().manual_seed(3)
    )
    return torch.stack([x, x + 0.001 * y, z])


@cache
def explicit(net: Architecture, seed: int = 1) -> Trajectory:
    """That many networks of weights at once: `MLP` with a leading axis on every parameter."""
    generator = torch.Generator().manual_seed(seed)
    mlp = MLP(net, WIDTHS, dtype=torch.float64)
    for i, W in enumerate(mlp.weight):
        stack = torch.empty((EXPLICIT, *W.shape), dtype=W.dtype).normal_(generator=generator)
        bias = torch.empty((EXPLICIT, 1, len(W)), dtype=W.dtype).normal_(generator=generator)
        mlp.weight[i], mlp.bias[i] = nn.Parameter(stack), nn.Parameter(net.bias * bias)
    recorder = Recorder(EXPLICIT, len(WIDTHS) - 1)
    with torch.no_grad():
        for layer, part, H in mlp.parts(inputs()):
            G = H @ H.mT / (1 if part == "output" else H.shape[-1])
            recorder.note(part, layer, G.expand(EXPLICIT, *G.shape[-2:]))
    return recorder.trajectory()


def drawn(net: Architecture, **options: Any) -> Trajectory:
    options = {"runs": DRAWN, "seed": 2, "dtype": torch.float64, "tile": TILE} | options
    return simulate(input_gram(inputs()), net, WIDTHS[1:], parts=True, **options)


def statistics(found: Trajectory) -> Iterator[tuple[str, Array]]:
    """Statistics by name, a value for each network, rounded to what both sides can know."""
    for part, series in found.parts.items():
        with np.errstate(divide="ignore"):
            values = {
                "gap": np.minimum(series.gap, SINGULAR),
                "potential": np.clip(np.log(series.potential), -SINGULAR, 2 * SINGULAR),
                "norm mean": series.norm_mean,
                "norm variance": series.norm_variance,
            }
        steps = {f"step of {name}": np.diff(values[name]) for name in ("gap", "norm mean")}
        for name, table in (values | steps).items():
            for layer in range(1, table.shape[1]):
                column = np.nan_to_num(np.round(table[:, layer], 6), nan=LOST)
                yield f"{name} of {part}, {layer}", column


def rejected(found: Trajectory, expected: Trajectory) -> dict[str, float]:
    """The statistics whose laws differ at that level, with the KS distance."""
    others = dict(statistics(expected))
    tests = {name: ks_2samp(a, others[name], method="asymp") for name, a in statistics(found)}
    assert len(tests) == len(others)
    return {name: float(t.statistic) for name, t in tests.items() if t.pvalue < LEVEL}


NETS = {
    f"{order}-{centring}-{normalization}": Architecture(
        "gelu", centring, normalization, order, gain=1.3, bias=0.4
    )
    for order in ORDERS
    for centring in KINDS
    for normalization in KINDS
}
OTHERS = {
    "paper-relu": Architecture("relu"),
    "paper-tanh": Architecture("tanh", gain=3.0),
    "paper-callable": Architecture(lambda x: torch.relu(x) - 0.3 * torch.cos(x)),
    "exp": Architecture("exp", "mean-field", "layer", gain=0.5),
    "dead": Architecture("relu", "none", "layer"),
    "saturated": Architecture("hardtanh", "none", "layer", gain=20.0),
    "signs": Architecture("sign", "mean-field", "batch", bias=1.0),
}


def test_the_level_is_that_of_all_tests_of_this_file() -> None:
    assert len(list(statistics(drawn(NETS["activation-first-layer-layer"])))) == 50
    assert 50 * (len(NETS) + len(OTHERS) + len(OPTIONS) + len(MUTANTS) + len(CHANGES)) < TESTS
    assert pytest.approx(0.140, abs=0.001) == CRITICAL


@pytest.mark.parametrize("name", NETS)
def test_drawn_and_explicit_networks_have_one_law(name: str) -> None:
    assert rejected(drawn(NETS[name]), explicit(NETS[name])) == {}


@pytest.mark.parametrize("name", OTHERS)
def test_other_activations_have_one_law_too(name: str) -> None:
    assert rejected(drawn(OTHERS[name]), explicit(OTHERS[name])) == {}


OPTIONS: list[dict[str, Any]] = [{"dtype": torch.float32}, {"tile": None}]


@pytest.mark.parametrize("options", OPTIONS, ids=str)
def test_neither_precision_nor_tile_changes_the_law(options: dict[str, Any]) -> None:
    assert rejected(drawn(OTHERS["paper-tanh"], **options), explicit(OTHERS["paper-tanh"])) == {}


# The mutants: each breaks one thing in the sampler


class Mutations:
    """One error each, put into the sampler's modules by `patch`."""

    @staticmethod
    def no_root_of_d(patch: Any) -> None:
        streamed = sampler._Layer._streamed

        def grown(self: Any, *given: Any) -> Moments:
            m = streamed(self, *given)
            return Moments(m.mean * math.sqrt(self.width), m.products * self.width, m.offset)

        patch.setattr(sampler._Layer, "_streamed", grown)

    @staticmethod
    def one_key_for_all_layers(patch: Any) -> None:
        key = streams.Stream.key
        patch.setattr(streams.Stream, "key", lambda self, run, layer: key(self, run, 0))

    @staticmethod
    def one_key_for_all_runs(patch: Any) -> None:
        key = streams.Stream.key
        patch.setattr(streams.Stream, "key", lambda self, run, layer: key(self, 0, layer))

    @staticmethod
    def one_draw_for_all_tiles(patch: Any) -> None:
        seed = streams._seed
        patch.setattr(streams, "_seed", lambda key, tile: seed(key, 0))

    @staticmethod
    def other_normals_at_the_second_pass(patch: Any) -> None:
        key, calls = streams.Stream.key, iter(range(10**9))
        patch.setattr(streams.Stream, "key", lambda self, run, layer: key(self, next(calls), layer))

    @staticmethod
    def transposed_factor(patch: Any) -> None:
        factor = sampler.factor
        patch.setattr(sampler, "factor", lambda G: factor(G).mT)

    @staticmethod
    def jitter(patch: Any) -> None:
        factor = sampler.factor
        patch.setattr(
            sampler, "factor", lambda G: factor(G + 1e-6 * torch.eye(len(G[0]), dtype=G.dtype))
        )

    @staticmethod
    def bfloat16_features(patch: Any) -> None:
        elementwise = sampler._Layer._elementwise

        def coarse(self: Any, step: Any) -> Any:
            f = elementwise(self, step)
            return lambda H, runs: f(H, runs).bfloat16().to(H.dtype)

        patch.setattr(sampler._Layer, "_elementwise", coarse)

    @staticmethod
    def variance_over_d_less_1(patch: Any) -> None:
        over_norms = Moments.over_norms

        def biased(self: Moments) -> Moments:
            return over_norms(self).over_constant(math.sqrt(6 / 5))

        patch.setattr(Moments, "over_norms", biased)

    @staticmethod
    def mean_over_d_less_1(patch: Any) -> None:
        def biased(self: Moments) -> Moments:
            outer = self.mean[..., :, None] * self.mean[..., None, :]
            return Moments(torch.zeros_like(self.mean), self.products - (6 / 5) ** 2 * outer)

        patch.setattr(Moments, "less_mean", biased)

    @staticmethod
    def batch_mean_of_columns_only(patch: Any) -> None:
        def half(self: Moments) -> Moments:
            mean = self.mean - self.mean.mean(-1, keepdim=True)
            return Moments(mean, self.products - self.products.mean(-1, keepdim=True))

        patch.setattr(Moments, "less_batch_mean", half)


MUTANTS: dict[str, str] = {
    "no_root_of_d": "activation-first-none-none",
    "one_key_for_all_layers": "activation-first-layer-layer",
    "one_key_for_all_runs": "activation-first-layer-layer",
    "one_draw_for_all_tiles": "activation-first-layer-layer",
    "other_normals_at_the_second_pass": "normalization-first-layer-layer",
    "transposed_factor": "activation-first-layer-layer",
    "jitter": "activation-first-layer-layer",
    "bfloat16_features": "activation-first-layer-layer",
    "variance_over_d_less_1": "activation-first-layer-layer",
    "mean_over_d_less_1": "activation-first-layer-layer",
    "batch_mean_of_columns_only": "activation-first-batch-layer",
}


@pytest.mark.parametrize("name", MUTANTS)
def test_a_sampler_with_an_error_is_rejected(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    net = NETS[MUTANTS[name]]
    expected = explicit(net)
    getattr(Mutations, name)(monkeypatch)
    assert rejected(drawn(net), expected)


CHANGES: list[dict[str, Any]] = [
    {"centring": "none"},
    {"centring": "mean-field"},
    {"normalization": "none"},
    {"normalization": "mean-field"},
    {"order": "normalization-first"},
    {"gain": 1.0},
    {"bias": 0.0},
    {"activation": "tanh"},
]


@pytest.mark.parametrize("change", CHANGES, ids=str)
def test_another_architecture_is_rejected(change: dict[str, Any]) -> None:
    net = NETS["activation-first-layer-layer"]
    assert rejected(drawn(replace(net, **change)), explicit(net))


def test_a_network_leaves_the_range_of_floats_as_often() -> None:
    """Of exp(150 x) where a square overflows, at x > 2.4 in one of 18 features."""
    net = Architecture(parse("exp(150*x)"), "none", "none")
    found, expected = (np.isnan(t.gap[:, 1]).mean() for t in (drawn(net), explicit(net)))
    assert 0.03 < expected < 0.3
    assert abs(found - expected) < CRITICAL
