"""Time `import hermiso` against `import sympy` in fresh interpreters, turn by turn.

The medians are printed with their ratio to sympy's; the aim is at most 1.15 for the import. The
last line also loads what `hermiso.beta` needs, which a lazy import only puts off.

Run on an idle machine: python benchmarks/imports.py [--runs N]
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys

TARGET = 1.15
STATEMENTS = ("import sympy", "import hermiso", "import hermiso; hermiso.beta")
TIMER = "from time import perf_counter as now; t = now(); {}; print(now() - t)"


def seconds(statement: str) -> float:
    """Return the seconds that the statement takes in a fresh interpreter."""
    command = [sys.executable, "-c", TIMER.format(statement)]
    return float(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def medians(statements: tuple[str, ...], runs: int) -> list[float]:
    """Return the median time of each statement, the statements taking turns."""
    for statement in statements:  # once unmeasured: byte code and disk cache
        seconds(statement)
    rounds = [[seconds(statement) for statement in statements] for _ in range(runs)]
    return [statistics.median(times) for times in zip(*rounds, strict=True)]


def main() -> None:
    """Print the medians and their ratios to the first."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--runs", type=int, default=15, help="interpreters per statement")
    runs = parser.parse_args().runs
    times = medians(STATEMENTS, runs)
    print(f"median of {runs} runs, aim for `import hermiso`: at most {TARGET} of sympy")
    for statement, time in zip(STATEMENTS, times, strict=True):
        print(f"{statement:30} {1000 * time:7.1f} ms   ratio {time / times[0]:5.3f}")


if __name__ == "__main__":
    main()
