"""Time the exact-in-law simulator beside the weights that it does without.

1. One layer: generating W (d x d), multiplying, activation, Gram matrix; against the same layer
   from its law. A layer of the simulator is a 20th of a network of 20 layers, with all that is
   recorded of it.
2. d = 10^6, n = 10: a layer against drawing its d n normals and nothing else.
3. Time against width from 10^5 on, and the peak memory of a process at the largest width.
4. All figures of the experiments at the paper's sizes, together.
5. With --device cuda: n = 100, d = 10^7, 50 layers; the part of the time that draws normals, and
   the time against reading and writing d n floats three times at the memory's bandwidth.

CPU seconds of one thread where not said otherwise, the least of --runs runs.

    python benchmarks/finite.py                   # about two minutes
    python benchmarks/finite.py --only layer draw
    python benchmarks/finite.py --only gpu --device cuda
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch

from hermiso import experiments
from hermiso.finite import Architecture, simulate
from hermiso.finite.streams import stream

LAYERS = 20
TARGETS = {(100, 5000): 20.0, (10, 5000): 200.0}
DRAW_TARGET, MEMORY_TARGET, FIGURES_TARGET = 2.0, 500.0, 60.0
WIDTHS = (10**5, 10**6, 10**7, 10**8)


def least(function: Callable[[], Any], runs: int, clock: Callable[[], float]) -> float:
    """Return the least time of several runs, after one that is not counted."""
    function()
    times = []
    for _ in range(runs):
        start = clock()
        function()
        times.append(clock() - start)
    return min(times)


def verdict(value: float, target: float, at_least: bool) -> str:
    """Say on which side of its target a figure is."""
    met = value >= target if at_least else value <= target
    return f"target {'>=' if at_least else '<='} {target:g}: {'met' if met else 'MISSED'}"


def layer(runs: int) -> None:
    """Compare one layer with its weights and without."""
    net = Architecture("relu")
    for (n, d), target in TARGETS.items():
        X = torch.randn(n, d) / d**0.5

        def explicit(n: int = n, d: int = d, X: Any = X) -> Any:
            h = torch.relu(X @ torch.randn(d, d).mT)
            h = h - h.mean(-1, keepdim=True)
            h = h / torch.linalg.vector_norm(h, dim=-1, keepdim=True)
            return h @ h.mT

        def direct(n: int = n, d: int = d) -> Any:
            return simulate(np.eye(n), net, d, LAYERS)

        with_weights = least(explicit, runs, time.process_time)
        without = least(direct, runs, time.process_time) / LAYERS
        print(
            f"layer n = {n:3}, d = {d}: with weights {1e3 * with_weights:7.2f} ms, "
            f"from its law {1e3 * without:6.3f} ms, ratio {with_weights / without:5.0f}; "
            + verdict(with_weights / without, target, True)
        )


def draw(runs: int, d: int = 10**6, n: int = 10) -> None:
    """Compare a layer with drawing its normals."""
    normals = stream(0, n, "cpu", torch.float32)

    def only() -> None:
        for _ in normals.drawn([normals.key(0, 0)], d):
            pass

    drawing = least(only, runs, time.process_time)
    for name in ("relu", "gelu", "tanh"):  # the tanh of torch takes as long as the normals
        net = Architecture(name)
        whole = least(lambda net=net: simulate(np.eye(n), net, d, 1), runs, time.process_time)
        ratio = whole / drawing
        print(
            f"draw n = {n}, d = {d}, {name}: layer {1e3 * whole:.1f} ms, normals alone "
            f"{1e3 * drawing:.1f} ms, ratio {ratio:.2f}; " + verdict(ratio, DRAW_TARGET, False)
        )


def width(runs: int, n: int = 10) -> None:
    """Time against width, and the memory of a fresh process."""
    net, start = Architecture("relu"), 0.0
    for d in WIDTHS:
        seconds = least(lambda d=d: simulate(np.eye(n), net, d, 1), 1, time.process_time) / d
        start = start or seconds
        print(f"width d = {d:.0e}: {1e9 * seconds:.1f} ns a neuron, {seconds / start:.2f} of 1e5")
    code = f"from benchmarks.finite import peak; print(peak({n}, {WIDTHS[-1]}))"
    command = [sys.executable, "-c", code]
    found = subprocess.run(command, check=True, capture_output=True, text=True)
    whole, before = map(float, found.stdout.split())
    print(
        f"width d = {WIDTHS[-1]:.0e}: peak memory {whole:.0f} MB, {before:.0f} MB of it before "
        "the layer; " + verdict(whole, MEMORY_TARGET, False)
    )


def peak(n: int, d: int) -> str:
    """Return the peak resident memory in MB after and before a layer, for a fresh process."""
    net = Architecture("relu")
    simulate(np.eye(n), net, 1000, 1)
    before = high_water()
    simulate(np.eye(n), net, d, 1)
    return f"{high_water()} {before}"


def high_water() -> float:
    """The peak resident memory of this process in MB; getrusage would count its parent's."""
    for line in Path("/proc/self/status").read_text(encoding="utf-8").splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) / 1024
    raise RuntimeError("/proc/self/status has no VmHWM: memory is measured on Linux only")


def figures(_: int) -> None:
    """Run every figure at the paper's sizes on all cores."""
    total = 0.0
    for name in experiments.names():
        experiment = experiments.get(name)
        start = time.perf_counter()
        experiment.run(experiment.config)
        seconds = time.perf_counter() - start
        total += seconds
        print(f"figures {name:10} {seconds:6.1f} s wall")
    print(f"figures total {total:.1f} s wall; " + verdict(total, FIGURES_TARGET, False))


def gpu(runs: int, device: str) -> None:
    """Time a wide deep network; on a CPU with a thousandth of the width."""
    n, depth = 100, 50
    d = 10**7 if device != "cpu" else 10**4
    place = torch.device(device)
    normals = stream(0, n, device, torch.float32)
    net = Architecture("relu")

    def finish() -> None:
        if place.type == "cuda":
            torch.cuda.synchronize(place)

    def whole() -> None:
        simulate(np.eye(n), net, d, depth, device=device)
        finish()

    def only() -> None:
        for index in range(depth):
            for _ in normals.drawn([normals.key(0, index)], d):
                pass
        finish()

    def copied(buffer: Any, target: Any) -> None:
        target.copy_(buffer)
        finish()

    seconds = least(whole, runs, time.perf_counter)
    drawing = least(only, runs, time.perf_counter)
    buffer = torch.empty(2**26, device=device)
    target = torch.empty_like(buffer)
    copying = least(lambda: copied(buffer, target), 5, time.perf_counter)
    bandwidth = 2 * 4 * buffer.numel() / copying
    limit = 6 * 4 * d * n * depth / bandwidth
    print(
        f"gpu {device}: n = {n}, d = {d:.0e}, {depth} layers: {seconds:.2f} s wall, "
        f"{drawing / seconds:.0%} of it normals; bandwidth {bandwidth / 1e9:.0f} GB/s, "
        f"{seconds / limit:.2f} of the time of three passes over d n floats a layer"
    )


def main() -> None:
    """Run the parts."""
    parts = {"layer": layer, "draw": draw, "width": width, "figures": figures}
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", nargs="+", choices=[*parts, "gpu"], default=[*parts])
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--device", default="cpu")
    options = parser.parse_args()
    for name in options.only:
        if name == "gpu":
            gpu(options.runs, options.device)
            continue
        threads = torch.get_num_threads()
        torch.set_num_threads(threads if name == "figures" else 1)
        parts[name](options.runs)
        torch.set_num_threads(threads)


if __name__ == "__main__":
    main()
