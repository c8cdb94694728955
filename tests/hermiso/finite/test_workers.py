"""Two processes that share the width of a layer give what one process gives."""

import json
import os
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from hermiso.finite import Architecture, simulate
from hermiso.finite.workers import ALONE, Workers, launched

ROOT = Path(__file__).resolve().parents[3]
G0 = [[1.0, 0.5, 0.2], [0.5, 1.0, -0.1], [0.2, -0.1, 2.0]]
NETS: dict[str, dict[str, Any]] = {
    "layer": {"activation": "relu"},
    "batch": {"activation": "tanh", "centring": "batch", "normalization": "batch", "bias": 0.3},
    "last": {"activation": "gelu", "order": "normalization-first"},
}
WIDTHS = [50, 7, 33, 1000]  # tiles of 8: partial last ones, and a layer with one tile only
PROGRAM = """
import json, sys, warnings
warnings.simplefilter("error")
import torch
torch.set_num_threads(1)
from hermiso.finite import Architecture, simulate
from hermiso.finite.workers import launched
G0, nets, widths = json.loads(sys.argv[1])
with launched("gloo") as workers:
    found = {
        name: simulate(
            G0, Architecture(**net), widths, runs=3, seed=5, dtype=torch.float64, tile=8,
            parts=True, keep_gram=True, workers=workers,
        ).gram.tolist()
        for name, net in nets.items()
    }
    told = {"rank": workers.rank, "world": workers.world, "gram": found}
print(json.dumps(told), flush=True)
"""


def free_port() -> int:
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return int(s.getsockname()[1])


def torchrun(rank: int, port: int) -> dict[str, str]:
    """The environment that torchrun gives to one of two processes."""
    return os.environ | {
        "MASTER_ADDR": "127.0.0.1",
        "MASTER_PORT": str(port),
        "RANK": str(rank),
        "LOCAL_RANK": str(rank),
        "WORLD_SIZE": "2",
        "TORCHELASTIC_RUN_ID": "test",
        "GLOO_SOCKET_IFNAME": "lo",
        "OMP_NUM_THREADS": "1",
    }


def both(program: str, *arguments: str) -> list[tuple[int, str, str]]:
    """Exit status, output and errors of two gloo processes."""
    port = free_port()
    command = [sys.executable, "-c", program, *arguments]
    started = [
        subprocess.Popen(
            command,
            env=torchrun(rank, port),
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for rank in range(2)
    ]
    try:
        ended = [process.communicate(timeout=120) for process in started]
    finally:
        for process in started:
            process.kill()
    return [(p.returncode, *told) for p, told in zip(started, ended, strict=True)]


@pytest.fixture(scope="module")
def pair() -> list[Any]:
    """What two gloo processes print."""
    ended = both(PROGRAM, json.dumps([G0, NETS, WIDTHS]))
    for status, _, complaint in ended:
        assert status == 0, complaint
    return [json.loads(told.splitlines()[-1]) for _, told, _ in ended]


DIES = """
import os
import torch
from hermiso.finite.workers import launched
with launched("gloo") as workers:
    workers.summed(torch.ones(3))
    if workers.rank == 1:
        os._exit(7)
    while True:
        workers.summed(torch.ones(3))
"""


def test_a_process_whose_partner_dies_ends_with_an_error() -> None:
    (first, _, complaint), (second, _, _) = both(DIES)  # within its guard against hanging
    assert (first, second) == (1, 7)
    assert "RuntimeError" in complaint


def test_launched_joins_the_processes_of_torchrun(pair: list[Any]) -> None:
    assert [(told["rank"], told["world"]) for told in pair] == [(0, 2), (1, 2)]


@pytest.mark.parametrize("name", NETS)
def test_all_processes_have_the_same_result(pair: list[Any], name: str) -> None:
    first, second = (told["gram"][name] for told in pair)
    assert first == second


@pytest.mark.parametrize("name", NETS)
def test_two_processes_give_what_one_gives(pair: list[Any], name: str) -> None:
    """Sums in another order: 1e-12 of the norms, after four layers."""
    net = Architecture(**NETS[name])
    options: dict[str, Any] = {"runs": 3, "seed": 5, "dtype": torch.float64, "tile": 8}
    alone = simulate(G0, net, WIDTHS, keep_gram=True, **options).gram
    assert alone is not None
    scale = np.abs(alone).max((-2, -1), keepdims=True)
    assert np.all(np.abs(np.array(pair[0]["gram"][name]) - alone) <= 1e-12 * scale)


def test_without_torchrun_a_process_is_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TORCHELASTIC_RUN_ID", raising=False)
    with launched() as workers:
        assert workers is ALONE
        assert (workers.rank, workers.world) == (0, 1)


def test_alone_sums_are_the_parts() -> None:
    parts = torch.ones(2), torch.zeros(3, 3)
    assert all(a is b for a, b in zip(ALONE.summed(*parts), parts, strict=True))


def test_one_all_reduce_takes_all_parts_in_their_shapes(monkeypatch: pytest.MonkeyPatch) -> None:
    calls = []

    def all_reduce(flat: Any, group: Any = None) -> None:
        calls.append(group)
        flat *= 2

    monkeypatch.setattr(torch.distributed, "all_reduce", all_reduce)
    a, b = torch.arange(6.0).reshape(2, 3), torch.arange(4.0).reshape(1, 2, 2)
    found = Workers(0, 2, "group").summed(a, b)
    assert calls == ["group"]
    assert torch.equal(found[0], 2 * a)
    assert torch.equal(found[1], 2 * b)


def test_more_processes_than_tiles_add_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rank 3 of 4 has no tile of 5 neurons: its sums are zeros, not missing."""
    seen = []
    monkeypatch.setattr(torch.distributed, "all_reduce", lambda flat, group: seen.append(flat + 0))
    simulate(G0, Architecture("relu", "none", "none"), 5, 1, tile=4, workers=Workers(3, 4))
    assert len(seen) == 1
    assert torch.count_nonzero(seen[0]) == 0
