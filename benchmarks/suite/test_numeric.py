"""Float64 figures: the second call of each question, every cache warm."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from hermiso import numeric

CURVES = (
    *("relu", "leaky_relu", "elu", "selu", "celu", "gelu", "silu", "mish", "softplus", "sigmoid"),
    *("tanh", "arctan", "erf", "hardtanh", "hardswish", "softsign", "sin", "exp", "tanhshrink"),
    "snake",
)
GAINS = np.geomspace(1e-6, 1e3, 1000)
REPEATS = 50


@pytest.mark.parametrize("name", ["relu", "tanh", "gelu"])
def test_coefficients(benchmark: Any, name: str) -> None:
    """Ten thousand coefficients."""
    numeric.coefficients(name, 10_000)
    found = benchmark(numeric.coefficients, name, 10_000)
    assert found.shape == (10_000,)
    assert np.isfinite(found).all()


@pytest.mark.parametrize("name", ["relu", "tanh", "sigmoid"])
def test_beta_over_gains(benchmark: Any, name: str) -> None:
    """One curve of a thousand gains."""
    numeric.beta(name, gain=GAINS)
    found = benchmark(numeric.beta, name, gain=GAINS)
    assert ((found >= 1) & (found <= 2)).all()


def test_curves(benchmark: Any) -> None:
    """Twenty curves of a thousand gains (Figure B.1)."""

    def curves() -> list[Any]:
        return [numeric.beta_minus_one(name, gain=GAINS) for name in CURVES]

    benchmark.extra_info["target"] = 2.0
    found = benchmark.pedantic(curves, rounds=5, warmup_rounds=1)
    assert all((f >= 0).all() and (f <= 1).all() for f in found)


@pytest.mark.parametrize(("name", "target"), [("tanh", 0.050), ("relu", 0.020)])
def test_kernel_map(benchmark: Any, name: str, target: float) -> None:
    """A kernel map applied 50 times to the Gram matrix of 100 samples."""
    gram = np.clip(np.corrcoef(np.random.default_rng(0).normal(size=(100, 20))), -1, 1)
    np.fill_diagonal(gram, 1)
    kappa = numeric.kernel_map(name)

    def applied() -> Any:
        value = gram
        for _ in range(REPEATS):
            value = kappa(value)
        return value

    benchmark.extra_info["target"] = target
    found = benchmark(applied)
    assert np.allclose(np.diag(found), 1)
