"""Comparators that look for counterexamples with Hypothesis.

Like those of verify.evidence they return Evidence or raise, and never return a bool. What they
find is SEARCHED: no counterexample among so many cases, and how close the closest came.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from fractions import Fraction
from typing import TYPE_CHECKING, Any, TypeVar

import sympy as sp

from verify.claim import Evidence, Level, Refuted, Undecided

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy

Case = TypeVar("Case")

_SHRINKS = ContextVar("shrinks", default=True)


@contextmanager
def first_counterexample() -> Iterator[None]:
    """Within this context a search stops at its first counterexample, be it large."""
    token = _SHRINKS.set(False)
    try:
        yield
    finally:
        _SHRINKS.reset(token)


def search(
    holds: Callable[[Case], bool],
    strategy: SearchStrategy[Case],
    *,
    domain: str,
    examples: int = 200,
    seed: int = 0,
) -> Evidence:
    """Look for a counterexample with Hypothesis.

    Args:
        holds: case -> whether the statement is true of it, decided exactly; it may call
            `hypothesis.assume`, and raise Undecided for a close call, which is counted.
        strategy: where the cases come from.
        domain: what the strategy covers.
        examples: how many cases to try.
        seed: of the generator; the same seed gives the same cases.

    Returns:
        Evidence at SEARCHED with the number of cases that were decided.

    Raises:
        Refuted: a case for which it does not hold, the smallest that was found.
        Undecided: every case was a close call.
    """

    def decide(case: Case) -> None:
        if not _truth(holds(case)):
            raise Refuted(f"fails for {show(case)}")

    return _searched(decide, strategy, domain, examples, seed)


def bounded(
    sides: Callable[[Case], tuple[Any, Any]],
    strategy: SearchStrategy[Case],
    *,
    domain: str,
    strict: bool = False,
    resolution: float | None = None,
    examples: int = 200,
    seed: int = 0,
) -> Evidence:
    """Look for a case whose first side exceeds the second; the search is drawn to close ones.

    Args:
        sides: case -> (smaller, larger), rationals unless a resolution is given.
        strategy: where the cases come from.
        domain: what the strategy covers.
        strict: look for equality too.
        resolution: relative error of the sides if they are floats; sides closer than that
            are close calls: counted, and no support.
        examples: how many cases to try.
        seed: of the generator.

    Returns:
        Evidence at SEARCHED, with the largest ratio smaller / larger that was seen.

    Raises:
        Refuted: a case with smaller > larger, the smallest that was found.
        Undecided: every case was a close call.
    """
    from hypothesis import target

    def ratio(case: Case) -> float | None:
        smaller, larger = sides(case)
        holds = _ordered(smaller, larger, strict, resolution)
        if not holds:
            sides_seen = f"{_side(smaller)} {'<' if strict else '<='} {_side(larger)}"
            excess = float(smaller - larger)
            raise Refuted(f"{sides_seen} fails by {excess:.3g} for {show(case)}")
        if larger <= 0 or smaller < 0:
            return None
        target(float(smaller / larger))
        return float(smaller / larger)

    return _searched(ratio, strategy, domain, examples, seed)


def _ordered(smaller: Any, larger: Any, strict: bool, resolution: float | None) -> bool:
    if resolution is None:
        if not all(isinstance(side, int | Fraction | sp.Rational) for side in (smaller, larger)):
            raise TypeError(
                f"the sides are {smaller!r} and {larger!r}; give rationals, or a resolution"
            )
        return bool(smaller < larger if strict else smaller <= larger)
    room = resolution * max(abs(smaller), abs(larger))
    if not (math.isfinite(smaller) and math.isfinite(larger)):
        raise TypeError(f"the sides are {smaller!r} and {larger!r}; they must be finite")
    if abs(larger - smaller) <= room:
        raise Undecided(f"{smaller!r} and {larger!r} are closer than the resolution")
    return bool(smaller < larger)


def _truth(answer: object) -> bool:
    if not isinstance(answer, bool):
        raise TypeError(f"holds returned {answer!r}; it must return True or False")
    return answer


def _searched(
    ratio: Callable[[Case], float | None],
    strategy: SearchStrategy[Case],
    domain: str,
    examples: int,
    seed: int,
) -> Evidence:
    import hypothesis
    from hypothesis import HealthCheck, Phase, settings

    ratios: list[float | None] = []
    close = 0

    def decide(case: Case) -> None:
        nonlocal close
        try:
            ratios.append(ratio(case))
        except Undecided:
            close += 1

    phases = [Phase.explicit, Phase.generate, Phase.target]
    quiet = settings(
        phases=[*phases, Phase.shrink] if _SHRINKS.get() else phases,
        max_examples=examples,
        database=None,
        deadline=None,
        derandomize=False,
        print_blob=False,
        report_multiple_bugs=False,
        suppress_health_check=list(HealthCheck),
    )
    hypothesis.seed(seed)(quiet(hypothesis.given(strategy)(decide)))()
    if not ratios:
        raise Undecided(f"none of {close} cases could be decided: {domain}")
    seen = [r for r in ratios if r is not None]
    note = f" ({close} close calls)" if close else ""
    return Evidence(Level.SEARCHED, domain + note, len(ratios), max(seen) if seen else None)


def show(case: object) -> str:
    """Print a case the way a reader writes it: fractions as 1/2, matrices as [[1, 0], [0, 1]]."""
    if isinstance(case, tuple | list):
        return f"[{', '.join(map(show, case))}]"
    return str(case)


def _side(value: Any) -> str:
    text = str(value)
    return text if len(text) <= 40 else f"{float(value):.12g}"
