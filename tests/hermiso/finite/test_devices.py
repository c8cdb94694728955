"""Devices that are not there, and sizes that do not fit: one line, before anything is begun."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

from hermiso.errors import FiniteError
from hermiso.experiments import Config, samples
from hermiso.finite import MLP, Architecture, check_theorem4, devices, input_gram, mlp, simulate
from hermiso.finite.devices import MOST_WORK, affordable, place

RELU = Architecture("relu")
EYE = torch.eye(4, dtype=torch.float64)


@pytest.mark.parametrize(
    "name", ["cuda:99", "gpu", "tpu", "", "cpu:x", None, 1.5, "a\nb"], ids=repr
)
@pytest.mark.parametrize(
    "ask",
    [
        place,
        lambda name: simulate(EYE, RELU, 5, 1, device=name),
        lambda name: MLP(RELU, [3, 3], device=name),
        lambda name: check_theorem4("relu", np.eye(2, 5), 50, 1, device=name),
    ],
    ids=["place", "simulate", "MLP", "check_theorem4"],
)
def test_a_device_that_is_not_there_is_one_line(ask: Callable[[Any], Any], name: Any) -> None:
    with pytest.raises(FiniteError, match="torch has none of that name here; it has cpu") as caught:
        ask(name)
    assert f"the device is {name!r}" in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("device", ["cpu", torch.device("cpu")], ids=repr)
def test_a_device_that_is_there_is_torchs(device: Any) -> None:
    assert place(device) == torch.device("cpu")


def test_weights_may_be_on_meta_and_simulations_may_not() -> None:
    mlp._check_size([10**6, 10**6, 10**6], torch.float32, place("meta"))
    with pytest.raises(FiniteError, match="'meta', which holds no numbers"):
        simulate(EYE, RELU, 5, 1, device="meta")


def test_the_figures_of_a_refusal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(devices, "available", lambda: 3e9)
    affordable("they", 3e9, MOST_WORK)
    with pytest.raises(FiniteError, match=r"^they need 5.1 GB of memory, and 3 GB are free on cpu"):
        affordable("they", 5.1e9)
    with pytest.raises(FiniteError, match=r"^they need 2e\+17 multiplications, and at most 1e\+17"):
        affordable("they", 1, 2 * 10**17)
    with pytest.raises(FiniteError, match=r"need 1e\+288 TB of memory"):
        affordable("they", 10**400)


X = np.eye(2, 5)
MEMORY = r"need [0-9.e+]+ [GT]B of memory, and 8 GB are free on cpu"
WORK = r"need [0-9.e+]+ multiplications, and at most 1e\+17 are begun"


@pytest.mark.parametrize(
    ("ask", "says"),
    [
        (lambda: simulate(EYE, RELU, 10, 10**9), MEMORY),
        (lambda: simulate(EYE, RELU, 10, 10**100), MEMORY),
        (lambda: simulate(EYE, RELU, 10**20, 1), WORK),
        (lambda: simulate(EYE, RELU, 10**400, 1), WORK),
        (lambda: simulate(EYE, RELU, [10, 10**20]), WORK),
        (lambda: simulate(EYE, RELU, 10, 100, runs=10**8), MEMORY),
        (lambda: simulate(EYE, RELU, 10, 10**6, runs=100, keep_gram=True), MEMORY),
        (lambda: simulate(EYE, RELU, 10**10, 1, tile=10**9), MEMORY),
        (lambda: simulate(torch.zeros(1).expand(20_000, 20_000), RELU, 10, 1), MEMORY),
        (lambda: check_theorem4("relu", X, 100, 10**9), MEMORY),
        (lambda: check_theorem4("relu", X, 10**20, 5), WORK),
        (lambda: check_theorem4("relu", torch.zeros(1).expand(20_000, 5), 10**5, 5), MEMORY),
        (
            lambda: check_theorem4("relu", torch.zeros(1).expand(20_000, 5), 1000, 5),
            "width of 80000",
        ),
        (lambda: input_gram(torch.zeros(1).expand(10**5, 3)), MEMORY),
        (lambda: MLP(RELU, [10**5, 10**5]), MEMORY),
        (lambda: MLP(RELU, [10**100, 10**100]), MEMORY),
        (lambda: samples(Config(("relu",), width=10**9)), MEMORY),
    ],
)
def test_what_does_not_fit_is_refused_with_the_figure(
    ask: Callable[[], Any], says: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(devices, "available", lambda: 8e9)
    with pytest.raises(FiniteError, match=says):
        ask()


def test_the_width_is_shared_among_workers(monkeypatch: pytest.MonkeyPatch) -> None:
    from hermiso.finite.sampler import plan
    from hermiso.finite.workers import Workers

    with pytest.raises(FiniteError, match=WORK):
        plan(4, 10**15, 1)
    layers, _ = plan(4, 10**15, 1, workers=Workers(0, 10))
    assert layers == [10**15]


def test_the_estimate_of_memory_is_of_the_right_size() -> None:
    """The Gram matrices that are kept are the most of it, and held twice when they are stacked."""
    asked: list[float] = []
    runs, n = 3, 60
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            "hermiso.finite.sampler.affordable", lambda what, size, *rest: asked.append(size)
        )
        found = simulate(torch.eye(n, dtype=torch.float64), RELU, 20, 4, runs=runs, keep_gram=True)
    assert found.gram is not None
    assert 2 * found.gram.nbytes <= asked[-1] <= 4 * found.gram.nbytes
