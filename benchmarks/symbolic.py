"""Time closed forms of beta against sympy.integrate on the same three integrals.

For every catalogue entry, plain and with a symbolic gain: one cold derivation by hermiso (all
caches cleared, imports excluded, confirmation included), and, side by side, sympy.integrate for
E sigma, E z sigma, E sigma^2 in a process of its own under a time limit.

    python benchmarks/symbolic.py                 # hermiso alone: seconds
    python benchmarks/symbolic.py --sympy         # side by side: most of an hour
    python benchmarks/symbolic.py --sympy --limit 20 relu sin
"""

from __future__ import annotations

import argparse
import multiprocessing as mp
import statistics
import sys
import time
from collections.abc import Callable
from typing import Any

import scipy.special  # noqa: F401  (imports are not part of the figures)
import sympy as sp
from sympy.core.cache import clear_cache

import hermiso
from hermiso.symbolic.nodes import Unevaluated

GAIN = sp.Symbol("alpha", positive=True)


def cold(function: Callable[[], Any]) -> tuple[Any, float]:
    """Run once with empty caches; return the result and the CPU seconds."""
    clear_cache()
    start = time.process_time()
    result = function()
    return result, time.process_time() - start


def integrate_all(name: str, gain: Any, send: Any) -> None:
    """Let sympy do the three integrals in a child process."""
    activation = hermiso.catalogue.get(name)
    x = activation.variable
    e = activation.expression if gain is None else activation.expression.subs(x, gain * x)
    phi = sp.exp(-(x**2) / 2) / sp.sqrt(2 * sp.pi)
    clear_cache()  # as cold as ours
    start = time.process_time()
    results = [sp.integrate(f * phi, (x, -sp.oo, sp.oo)) for f in (e, x * e, e**2)]
    solved = not any(r.has(sp.Integral, sp.meijerg) for r in results)
    send.send((solved, time.process_time() - start))


def by_sympy(name: str, gain: Any, limit: float) -> tuple[str, float]:
    """Return sympy's verdict (solved, unsolved, timeout) and its CPU seconds."""
    receive, send = mp.Pipe(duplex=False)
    child = mp.get_context("fork").Process(target=integrate_all, args=(name, gain, send))
    child.start()
    if not receive.poll(limit):
        child.kill()
        return "timeout", limit
    solved, seconds = receive.recv()
    child.join()
    return ("solved" if solved else "unsolved"), seconds


def main(argv: list[str]) -> None:
    """Print one row per entry and gain, then the summary."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", default=[])
    parser.add_argument("--sympy", action="store_true", help="run sympy.integrate side by side")
    parser.add_argument("--limit", type=float, default=120, help="seconds for sympy, default 120")
    options = parser.parse_args(argv)
    names = options.names or hermiso.catalogue.names()
    hermiso.beta("elu")  # lazy imports are not part of the figures
    times, ratios = [], []
    for name in names:
        for gain in (None, GAIN):
            result, seconds = cold(lambda name=name, gain=gain: hermiso.beta(name, gain=gain))
            if result.has(Unevaluated):
                continue
            times.append(seconds)
            row = f"{name:14} {'gain' if gain else '':5} {1000 * seconds:7.1f} ms"
            if options.sympy:
                verdict, theirs = by_sympy(name, gain, options.limit)
                row += f"   sympy {verdict:8} {theirs:7.2f} s   ratio {theirs / seconds:8.0f}"
                if verdict == "solved":
                    ratios.append(theirs / seconds)
            print(row, flush=True)
    median, worst = (1000 * t for t in (statistics.median(times), max(times)))
    print(f"\n{len(times)} closed forms: median {median:.1f} ms, worst {worst:.1f} ms")
    if ratios:
        print(
            f"where sympy succeeds ({len(ratios)}): ratio median {statistics.median(ratios):.0f}, "
            f"smallest {min(ratios):.0f}"
        )
    relu, seconds = cold(lambda: hermiso.coefficient("relu", 1000))
    print(f"c_1000 of ReLU, exactly: {1000 * seconds:.1f} ms ({len(str(relu))} characters)")


if __name__ == "__main__":
    main(sys.argv[1:])
