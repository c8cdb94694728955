"""What a search remembers of earlier runs: counterexamples, replayed before anything is tried.

A counterexample of the same seed, profile and sources is the one that the search would find
again: it decides at once. One of another seed, profile or source is replayed where the search
itself finds nothing; it never changes the verdict of this seed, and is reported beside it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field, replace

__all__ = ["Counterexample", "Memory", "begun_search", "remembering"]


@dataclass(frozen=True)
class Counterexample:
    """Where a search found a counterexample, and how to draw it again.

    Attributes:
        origin: seed, profile and sources of the run that found it.
        search: which search of the check it was, counted from 0.
        method: "draw" if Hypothesis drew it, "climb" if a directed search reached it.
        data: what Hypothesis needs to draw it again, or the coordinates of the chart.
    """

    origin: str
    search: int
    method: str
    data: str


@dataclass
class Memory:
    """The counterexamples known to one check, and what one run of it adds.

    Attributes:
        origin: of this run.
        known: counterexamples of earlier runs.
        found: the counterexample of this run, if the statement is refuted.
        contradictions: what counterexamples of other origins say against the statement.
        searches: how many searches the check has begun.
    """

    origin: str = ""
    known: tuple[Counterexample, ...] = ()
    found: Counterexample | None = None
    contradictions: list[str] = field(default_factory=list)
    searches: int = 0

    def own(self, search: int) -> list[Counterexample]:
        """Return what this very search found before."""
        return [k for k in self.known if k.search == search and k.origin == self.origin]

    def foreign(self, search: int) -> list[Counterexample]:
        """Return what the search found under another seed, profile or source."""
        return [k for k in self.known if k.search == search and k.origin != self.origin]

    def keep(self, found: Counterexample) -> None:
        """Remember a counterexample as this run's."""
        self.found = replace(found, origin=self.origin)


_MEMORY: ContextVar[Memory | None] = ContextVar("memory", default=None)


@contextmanager
def remembering(memory: Memory) -> Iterator[None]:
    """Within this context searches replay what the memory holds and add to it."""
    token = _MEMORY.set(memory)
    try:
        yield
    finally:
        _MEMORY.reset(token)


def begun_search() -> tuple[Memory, int]:
    """Return the memory in force and the number of the search that begins now."""
    memory = _MEMORY.get() or Memory()
    memory.searches += 1
    return memory, memory.searches - 1
