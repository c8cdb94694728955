"""Time certified beta (three moments) over the catalogue, next to its targets and to rivals.

1. hermiso.certified.beta: all entries; those without a closed form; and the quadrature alone,
   forced on every entry. Cold: every cache of sympy and hermiso empty, imports excluded; "nodes"
   is cold but for the Gauss-Legendre nodes, which all entries share. Warm: a later call.
2. mpmath.quad on the same three integrals at 50 digits, beside the quadrature alone: on the whole
   line split at the kinks, as its users write it; then cut where exp(-z^2/2) is tiny, and, where
   its beta is not right to 49 digits so, in 2, 4, 8 ... equal parts until it is.
3. flint's acb.integral on the same integrals, for four functions bounded by 1, their tails by
   hand. Its nodes are cached for good once used, so it is compared warm.
4. certified.dual at two correlations.

CPU seconds, the least of --runs runs (of one run where a run takes long).

    python benchmarks/certified.py                        # a few minutes
    python benchmarks/certified.py --digits 15 50 200 1000 --no-quad   # longer
    python benchmarks/certified.py --rows tanh mish       # a line per entry, these two only
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import pairwise
from math import ceil, log, log2, sqrt
from typing import Any

import mpmath
import numpy  # noqa: F401  (imports are not part of the figures)
import scipy.special  # noqa: F401
import sympy as sp
from flint import acb, arb, ctx
from sympy.core.cache import clear_cache

import hermiso
from hermiso import certified
from hermiso.balls import legendre
from hermiso.balls.line import Line
from hermiso.balls.moments import strength
from hermiso.errors import HermisoError
from hermiso.symbolic.nodes import Unevaluated

DIGITS = (15, 50, 200)
TARGETS = {50: {"warm": 0.006, "cold": 0.025}, 200: {"warm": 0.040}, 1000: {"warm": 3.0}}
FASTER = 50  # than mpmath.quad, at 50 digits
MOST_PARTS = 32
LONG = 0.5  # seconds, from which one run is enough
HAND_MADE: dict[str, Callable[[Any], Any]] = {
    "tanh": lambda z: z.tanh(),
    "sigmoid": lambda z: 1 / (1 + (-z).exp()),
    "erf": lambda z: z.erf(),
    "sin": lambda z: z.sin(),
}
MOMENTS: tuple[Callable[[Any, Any], Any], ...] = (
    lambda f, z: f,
    lambda f, z: f * z,
    lambda f, z: f * f,
)


# --- clocks and caches --------------------------------------------------------------------------


def least(function: Callable[[], Any], runs: int, before: Callable[[], None] | None = None) -> Any:
    """Return the last result and the least CPU seconds; `before` runs outside the clock."""
    times: list[float] = []
    result = None
    while len(times) < runs and sum(times) < LONG:
        if before:
            before()
        start = time.process_time()
        result = function()
        times.append(time.process_time() - start)
    return result, min(times)


def caches() -> Iterator[tuple[str, Any]]:
    """Yield the function caches of hermiso with their modules; entries of the catalogue stay."""
    for name, module in list(sys.modules.items()):
        if name.partition(".")[0] == "hermiso" and name != "hermiso.catalogue":
            yield from ((name, f) for f in vars(module).values() if hasattr(f, "cache_clear"))


def forget(nodes: bool = True) -> None:
    """Empty the caches of sympy and hermiso; nodes=False spares the Gauss-Legendre nodes."""
    clear_cache()
    for name, cached in caches():
        if nodes or name != legendre.__name__:
            cached.cache_clear()


# --- 1: hermiso ---------------------------------------------------------------------------------


def questions(name: str, digits: int) -> dict[str, Callable[[], Callable[[], Any]]]:
    """Return how to ask: each maker prepares a source that remembers nothing."""
    entry = hermiso.catalogue.get(name)

    def beta() -> Callable[[], Any]:
        fresh = replace(entry)
        return lambda: certified.beta(fresh, digits=digits)

    def quadrature() -> Callable[[], Any]:
        line = Line(entry.expression, entry.variable)
        return lambda: strength(line, digits)

    return {"beta": beta, "engine": quadrature}


def clocked(make: Callable[[], Callable[[], Any]], runs: int) -> dict[str, float]:
    """Return the CPU seconds of a question: cold, cold but for the nodes, warm."""
    ask: list[Callable[[], Any]] = []

    def fresh(nodes: bool) -> Callable[[], None]:
        def prepare() -> None:
            forget(nodes)
            ask[:] = [make()]

        return prepare

    found = {}
    for kind, before in (("cold", fresh(True)), ("nodes", fresh(False)), ("warm", None)):
        _, found[kind] = least(lambda: ask[0](), runs, before)
    return found


def measured(name: str, digits: int, runs: int) -> dict[str, dict[str, float]]:
    """Return the times of both questions; a question that is refused is left out."""
    found = {}
    for what, make in questions(name, digits).items():
        try:
            found[what] = clocked(make, runs)
        except HermisoError as error:
            print(f"  {name}, {what}: refused: {str(error).splitlines()[0][:100]}")
    return found


def summary(label: str, rows: Sequence[dict[str, float]], targets: dict[str, float]) -> None:
    """Print median and worst of every kind, and whether the targets are met."""
    if not rows:
        return
    parts = []
    for kind in ("cold", "nodes", "warm"):
        times = [row[kind] for row in rows]
        median = statistics.median(times)
        part = f"{kind} {1e3 * median:8.2f} (worst {1e3 * max(times):8.1f})"
        if kind in targets:
            verdict = "yes" if median <= targets[kind] else "NO"
            part += f" <= {1e3 * targets[kind]:g}: {verdict}"
        parts.append(part)
    print(f"  {label:22} {len(rows):2}  " + "   ".join(parts) + "  ms", flush=True)


def catalogue(names: Sequence[str], digits: int, runs: int, rows: bool) -> dict[str, float]:
    """Print section 1 for one number of digits; return the quadrature's warm times."""
    print(f"\nbeta to {digits} digits", flush=True)
    times = {}
    for name in names:
        times[name] = measured(name, digits, runs)
        for what, row in times[name].items() if rows else ():
            columns = (f"{kind} {1e3 * seconds:9.2f}" for kind, seconds in row.items())
            print(f"  {name:14} {what:7}", *columns, flush=True)
    targets = TARGETS.get(digits, {})
    all_beta = [f["beta"] for f in times.values() if "beta" in f]
    summary("certified.beta", all_beta, targets)
    open_ones = [f["beta"] for n, f in times.items() if "beta" in f and without_closed_form(n)]
    summary("- no closed form", open_ones, targets)
    engine = {n: f["engine"] for n, f in times.items() if "engine" in f}
    summary("quadrature, all", list(engine.values()), targets)
    return {name: row["warm"] for name, row in engine.items()}


def without_closed_form(name: str) -> bool:
    """Say whether the exact route leaves beta unevaluated."""
    return bool(hermiso.beta(name).has(Unevaluated))


# --- 2: mpmath ----------------------------------------------------------------------------------


def by_mpmath(name: str, digits: int, parts: int) -> Any:
    """Ask mpmath.quad for beta - 1, split at kinks: on the whole line, or cut in parts."""
    entry = hermiso.catalogue.get(name)
    f = sp.lambdify(entry.variable, entry.expression, "mpmath")
    kinks = [p.upper for p in Line(entry.expression, entry.variable).pieces[:-1]]

    def integrals() -> Any:
        with mpmath.workdps(digits + 10):
            cut = mpmath.sqrt(2 * digits * mpmath.log(10)) + 2
            cut = cut if parts else mpmath.inf
            ends = [-cut, *(mpmath.mpf(str(t.evalf(digits + 10))) for t in kinks), cut]
            points = (
                ends[:-1]
                if not parts
                else [a + (b - a) * j / parts for a, b in pairwise(ends) for j in range(parts)]
            )
            c0, c1, second = (
                mpmath.quad(lambda z, g=g: g(f(z), z) * mpmath.npdf(z), [*points, cut])
                for g in MOMENTS
            )
            return (second - c0**2 - c1**2) / (second - c0**2)

    return integrals


def agreeing(theirs: Any, name: str, digits: int) -> int:
    """Return to how many digits mpmath's beta is right."""
    with mpmath.workdps(digits + 10):
        error = abs(theirs - certified.beta_minus_one(name, digits=digits + 5).mid)
        return digits if error == 0 else min(digits, int(-mpmath.log10(error)))


def until_right(name: str, digits: int) -> tuple[float, int, float, int]:
    """Return mpmath's seconds and right digits as asked, and with as many parts as it needs."""
    value, first = least(by_mpmath(name, digits, 1), 1)
    known = right = agreeing(value, name, digits)
    took, parts = first, 1
    while right < digits - 1 and parts < MOST_PARTS:
        parts *= 2
        value, took = least(by_mpmath(name, digits, parts), 1)
        right = agreeing(value, name, digits)
    return first, known, took, (parts if right >= digits - 1 else 0)


def against_mpmath(ours: dict[str, float], digits: int) -> None:
    """Print the ratios of section 2."""
    print(f"\nmpmath.quad ({mpmath.libmp.BACKEND}) at {digits} digits, over the warm quadrature")
    with mpmath.workdps(digits + 10):
        mpmath.quad(lambda z: abs(z - 0.3), [-1, 1])  # it keeps the nodes of every level
    ratios: dict[str, dict[str, float]] = {
        k: {} for k in ("whole line", "split at kinks", "until right")
    }
    for name, seconds in ours.items():
        _, whole = least(by_mpmath(name, digits, 0), 1)
        first, right, took, parts = until_right(name, digits)
        ratios["whole line"][name] = whole / seconds
        ratios["split at kinks"][name] = first / seconds
        ratios["until right"][name] = took / seconds
        row = (
            f"  {name:14} {whole:7.3f} s, ratio {whole / seconds:6.1f}; "
            f"cut {first:7.3f} s, ratio {first / seconds:6.1f}, {right:2} digits right"
        )
        if right < digits - 1:
            row += (
                f"; {took:7.3f} s, ratio {took / seconds:6.1f}, in {parts or 'no number of'} parts"
            )
        print(row, flush=True)
    for kind, found in ratios.items():
        for label, chosen in (("all", list(found)), ("no closed form", open_names(found))):
            _verdict(f"{label}, {kind}", [found[n] for n in chosen])


def open_names(names: Iterable[str]) -> list[str]:
    """Return the names of those without a closed form."""
    return [n for n in names if without_closed_form(n)]


def _verdict(label: str, ratios: list[float]) -> None:
    if not ratios:
        return
    median = statistics.median(ratios)
    print(
        f"  {label:30} median {median:5.0f}, smallest {min(ratios):5.1f}; >= {FASTER}: "
        f"{'yes' if median >= FASTER else 'NO'} (median), "
        f"{sum(v >= FASTER for v in ratios)} of {len(ratios)} entries"
    )


# --- 3: flint -----------------------------------------------------------------------------------


def by_flint(f: Callable[[Any], Any], digits: int) -> Any:
    """Beta - 1 by acb.integral for |f| <= 1, where each tail is below 2 phi(cut) (cut >= 1)."""
    with ctx.workprec(ceil(digits * log2(10)) + 30):
        cut = acb(ceil(sqrt(2 * digits * log(10))) + 2)
        scale = 1 / (2 * arb.pi()).sqrt()
        tail = arb(0, 1) * (2 * scale * (-cut.real * cut.real / 2).exp()).upper()
        c0, c1, second = (
            scale * acb.integral(lambda z, _, g=g: g(f(z), z) * (-z * z / 2).exp(), -cut, cut).real
            + tail
            for g in MOMENTS
        )
        return (second - c0 * c0 - c1 * c1) / (second - c0 * c0)


def against_flint(digits: int, runs: int) -> None:
    """Print the ratios of section 3."""
    print(f"\nacb.integral at {digits} digits, warm, over the warm quadrature")
    for name, f in HAND_MADE.items():
        by_flint(f, digits)
        theirs, took = least(lambda f=f: by_flint(f, digits), runs)  # type: ignore[misc]
        ask = questions(name, digits)["engine"]()
        ask()
        ours, seconds = least(ask, runs)
        if not ours.overlaps(theirs):
            raise AssertionError(f"{name}: {ours} and {theirs} exclude each other")
        print(
            f"  {name:14} {1e3 * took:8.2f} ms; ours {1e3 * seconds:8.2f} ms, "
            f"ratio {took / seconds:5.2f}"
        )


# --- 4: the dual activation ---------------------------------------------------------------------


def duals(digits: int, runs: int) -> None:
    """Print section 4."""
    print(f"\ncertified.dual to {digits} digits")
    for name in ("tanh", "symlog"):
        for rho in ("0.5", "0.99"):
            entry = hermiso.catalogue.get(name)

            def make(entry: Any = entry, rho: str = rho) -> Callable[[], Any]:
                fresh = replace(entry)
                return lambda: certified.dual(fresh, sp.Rational(rho), digits=digits)

            row = clocked(make, runs)
            print(f"  {name:8} rho {rho:5}", *(f"{k} {1e3 * v:9.1f}" for k, v in row.items()), "ms")


def main(argv: list[str]) -> None:
    """Print the four sections."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("names", nargs="*", help="entries of the catalogue, default all")
    parser.add_argument("--digits", type=int, nargs="+", default=DIGITS)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--rows", action="store_true", help="print a line per entry")
    parser.add_argument("--no-quad", action="store_true", help="leave mpmath.quad out")
    options = parser.parse_args(argv)
    names = options.names or hermiso.catalogue.names()
    certified.beta("gelu_tanh"), certified.dual("tanh", 0.5)  # lazy imports
    warm = {d: catalogue(names, d, options.runs, options.rows) for d in options.digits}
    if not options.no_quad and 50 in warm:
        against_mpmath(warm[50], 50)
    for digits in (50, 200):
        against_flint(digits, options.runs)
    duals(30, options.runs)


if __name__ == "__main__":
    main(sys.argv[1:])
