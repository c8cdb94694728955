"""Comparators that look for counterexamples: at random with Hypothesis, then uphill on a chart.

Like those of verify.evidence they return Evidence or raise, and never return a bool. What they
find is SEARCHED: no counterexample among so many cases, and how close the closest came. How
many cases a search decides is the business of the profile in force (verify.profile).
"""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from itertools import count
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from hermiso.extras import naming_extras
from verify.caches import kept_elsewhere
from verify.claim import Evidence, Level, Refuted, Undecided
from verify.comparing import Comparison, Ratio, Suspect, brief, show
from verify.directed import Chart, Fall, climb
from verify.memory import Counterexample, Memory, begun_search
from verify.profile import alive, current_effort
from verify.replay import redrawn, reread, token, written

if TYPE_CHECKING:
    from hypothesis import settings
    from hypothesis.strategies import SearchStrategy

__all__ = ["bounded", "first_counterexample", "search", "show"]

Case = TypeVar("Case")

ROUND = 10_000  # cases that Hypothesis keeps in memory at once

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
    most: int | None = None,
    seed: int = 0,
) -> Evidence:
    """Look for a counterexample with Hypothesis.

    Args:
        holds: case -> whether the statement is true of it, decided exactly; it may call
            `hypothesis.assume`, and raise Undecided for a close call, which is counted.
        strategy: where the cases come from.
        domain: what the strategy covers.
        examples: how many cases a wrong version may take in a quick run; the statement takes
            half of them, and longer profiles try more of both.
        most: how many to try at most in any profile, for cases that take long.
        seed: of the generator; the same seed gives the same cases.

    Returns:
        Evidence at SEARCHED with the number of cases that were decided.

    Raises:
        Refuted: a case for which it does not hold, the smallest that was found.
        Undecided: every case was a close call.
    """

    def value(case: Case) -> None:
        if not _truth(holds(case)):
            raise Refuted(f"fails for {show(case)}")

    wanted = current_effort().cases(examples, most)
    return _Search(value, strategy, domain, wanted, seed).evidence()


def bounded(
    sides: Callable[[Case], tuple[Any, Any]],
    strategy: SearchStrategy[Case],
    *,
    domain: str,
    strict: bool = False,
    resolution: float | None = None,
    exactly: Callable[[Case], tuple[Any, Any]] | None = None,
    chart: Chart[Case] | None = None,
    examples: int = 200,
    most: int | None = None,
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
        exactly: case -> the same sides as rationals or as balls (`hermiso.certified`). It
            decides the close calls of floats, and confirms their counterexamples: one that it
            can neither confirm nor clear leaves the search undecided. Without it, sides that
            are further apart than the resolution are decided by it.
        chart: coordinates of the cases; the closest cases are then improved by a directed
            search for the largest ratio.
        examples: how many cases a wrong version may take in a quick run; the statement takes
            half of them, and longer profiles try more of both.
        most: how many to try at most in any profile, and how many steps to climb from each
            of the closest ones, for cases that take long.
        seed: of the generator.

    Returns:
        Evidence at SEARCHED, with the largest ratio smaller / larger that was seen, and where.

    Raises:
        Refuted: a case with smaller > larger, the smallest that was found.
        Undecided: every case was a close call, or `exactly` could not decide one in which
            floats have smaller > larger by more than the resolution.
    """
    comparison = Comparison(sides, strict, resolution, exactly)
    wanted = current_effort().cases(examples, most)
    return _Search(comparison.ratio, strategy, domain, wanted, seed, chart, most).evidence()


def _truth(answer: object) -> bool:
    if not isinstance(answer, bool):
        raise TypeError(f"holds returned {answer!r}; it must return True or False")
    return answer


@dataclass
class _Tally(Generic[Case]):
    """What a search has seen so far: counts, and the cases with the largest ratios."""

    keep: int
    decided: int = 0
    close: int = 0
    best: list[tuple[Ratio, Case]] = field(default_factory=list)

    def add(self, ratio: Ratio | None, case: Case) -> None:
        self.decided += 1
        if ratio is None or (len(self.best) == self.keep and ratio <= self.best[-1][0]):
            return
        self.best.append((ratio, case))
        self.best.sort(key=lambda entry: -entry[0])  # stable: of equals the first stays
        del self.best[self.keep :]


@dataclass
class _Search(Generic[Case]):
    """One search: replayed counterexamples, random cases in rounds, then climbs.

    Attributes:
        value: case -> ratio of its sides or None; raises Refuted and Undecided.
        wanted: how many cases to decide.
    """

    value: Callable[[Case], Ratio | None]
    strategy: SearchStrategy[Case]
    domain: str
    wanted: int
    seed: int
    chart: Chart[Case] | None = None
    most: int | None = None
    tally: _Tally[Case] = field(init=False)
    suspect: str = field(init=False, default="")

    def __post_init__(self) -> None:
        self.tally = _Tally(current_effort().climbs[0])

    def evidence(self) -> Evidence:
        with naming_extras("verify"):
            import hypothesis  # noqa: F401
        memory, number = begun_search()
        for known in memory.own(number):
            self._replay(known, memory)
        self._draw_all(memory, number)
        if not self.tally.decided and not self.suspect:
            raise Undecided(f"none of {self.tally.close} cases could be decided: {self.domain}")
        self._climb_all(memory, number)
        if self.suspect:
            raise Undecided(self.suspect)
        for known in memory.foreign(number):
            try:
                self._replay(known, None)
            except Refuted as refutation:
                memory.contradictions.append(f"{refutation} (found by {known.origin})")
        return self._found()

    def _found(self) -> Evidence:
        tally, ratio, place = self.tally, None, None
        if tally.best:
            largest, case = tally.best[0]
            ratio, place = float(largest), brief(case)
        return Evidence(Level.SEARCHED, self.domain, tally.decided, ratio, place, tally.close)

    def _decided(self, case: Case) -> Ratio | None:
        """Return the ratio of a case; a suspect is remembered, for no close call excuses it."""
        alive()
        try:
            return self.value(case)
        except Suspect as suspect:
            self.suspect = self.suspect or str(suspect)
            raise

    # At random

    def _draw_all(self, memory: Memory, number: int) -> None:
        seen: set[int] | None = set() if self.wanted > ROUND else None
        for turn in count():
            missing = self.wanted - self.tally.decided
            size = missing if seen is None else min(ROUND, max(missing, ROUND // 10))
            before = self.tally.decided
            try:
                self._draw(size, self.seed if turn == 0 else f"{self.seed}:{turn}", seen)
            except Refuted as refutation:
                blob = token(refutation)
                if blob:
                    memory.keep(Counterexample("", number, "draw", blob))
                raise
            found = self.tally.decided - before
            if seen is None or self.tally.decided >= self.wanted or found < size // 10:
                return  # one round is all, or enough, or the strategy has hardly anything new

    def _draw(self, size: int, seed: int | str, seen: set[int] | None) -> None:
        """Decide so many cases; those seen in an earlier round do not count."""
        import hypothesis

        def decide(case: Case) -> None:
            try:
                ratio = self._decided(case)
            except Undecided:
                self.tally.close += 1
                return
            if ratio is not None:
                hypothesis.target(float(ratio))
            if seen is not None:
                mark = hash(show(case))
                if mark in seen:
                    return
                seen.add(mark)
            self.tally.add(ratio, case)

        quiet = _settings(size)
        with _undisturbed():
            hypothesis.seed(seed)(quiet(hypothesis.given(self.strategy)(decide)))()

    # Uphill

    def _climb_all(self, memory: Memory, number: int) -> None:
        if self.chart is None:
            return
        steps = current_effort().climbs[1]
        steps = steps if self.most is None else min(steps, self.most)
        for _, case in tuple(self.tally.best):
            try:
                with _undisturbed():
                    summit = climb(self._height, self.chart, case, steps, simplify=_SHRINKS.get())
            except Fall as fall:
                memory.keep(Counterexample("", number, "climb", written(fall.point)))
                raise fall.refutation from None
            if summit is not None and summit.ratio > self.tally.best[0][0]:
                self.tally.best.insert(0, (summit.ratio, summit.case))

    def _height(self, case: Case) -> Ratio | None:
        from hypothesis.errors import UnsatisfiedAssumption

        try:
            return self._decided(case)
        except UnsatisfiedAssumption:
            return None

    # Once more

    def _replay(self, known: Counterexample, memory: Memory | None) -> None:
        """Raise Refuted if a counterexample of an earlier run still is one."""
        try:
            with _undisturbed():
                if known.method == "draw":
                    redrawn(known.data, self.value, self.strategy, _settings(1))
                elif self.chart is not None:
                    self._height(self.chart.case(reread(known.data)))
        except Refuted:
            if memory is not None:
                memory.keep(known)
            raise
        except Undecided:
            return
        except Exception:  # drawn by another version, or for another statement: it says nothing
            return


def _settings(size: int) -> settings:
    from hypothesis import HealthCheck, Phase, Verbosity, settings

    phases = [Phase.explicit, Phase.generate, Phase.target]
    return settings(
        phases=[*phases, Phase.shrink] if _SHRINKS.get() else phases,
        max_examples=size,
        database=None,
        deadline=None,
        derandomize=False,
        print_blob=True,  # a counterexample then carries what draws it again
        report_multiple_bugs=False,
        suppress_health_check=list(HealthCheck),
        verbosity=Verbosity.quiet,
    )


@contextmanager
def _undisturbed() -> Iterator[None]:
    """Let a counterexample be large, and sides call `assume` where Hypothesis draws no cases."""
    from hypothesis.errors import HypothesisWarning

    digits = sys.get_int_max_str_digits()
    sys.set_int_max_str_digits(0)  # Hypothesis prints every counterexample, whether read or not
    try:
        with warnings.catch_warnings(), kept_elsewhere():
            for expected in ("Generating overly large repr", "Using `assume` outside"):
                warnings.filterwarnings("ignore", expected, HypothesisWarning)
            yield
    finally:
        sys.set_int_max_str_digits(digits)
