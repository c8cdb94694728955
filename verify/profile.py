"""How much effort a run takes: quick, default or thorough.

A claim writes down how many examples each search needs to refute what is wrong in a quick run; the
profile in force multiplies them, and a quick run takes only a share where that will do. It travels
in a context variable, so that a check need not pass it on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from enum import IntEnum
from fractions import Fraction
from math import ceil

__all__ = ["Effort", "Profile", "alive", "briefly", "current_effort", "effort", "pulsing"]

CASES_A_CLAIM = 10**6  # in a thorough run, shared by the searches of a claim
_QUICK_CASES = 300
_DEFAULT_FACTOR = 4


class Profile(IntEnum):
    """How long a run may take; a larger one tries more."""

    QUICK = 1
    DEFAULT = 2
    THOROUGH = 3

    @classmethod
    def named(cls, name: str | Profile) -> Profile:
        """Return the profile of this name.

        Raises:
            ValueError: there is none; the message lists them.
        """
        if isinstance(name, Profile):
            return name
        try:
            return cls[name.upper()]
        except KeyError:
            words = ", ".join(profile.word for profile in cls)
            raise ValueError(f"no profile is called {name!r}; choose one of {words}") from None

    @property
    def word(self) -> str:
        """The name on the command line."""
        return self.name.lower()

    @property
    def patience(self) -> float:
        """Factor of every check's time limit."""
        return {Profile.QUICK: 1.0, Profile.DEFAULT: 4.0, Profile.THOROUGH: 40.0}[self]

    @property
    def renews(self) -> bool:
        """Whether the time limit of a check starts anew with every sign of life (`alive`).

        In a thorough run an honest search takes hours; one that hangs decides nothing.
        """
        return self is Profile.THOROUGH


@dataclass(frozen=True)
class Effort:
    """A profile, how many searches share the cases of a claim, and a quick run's share of them."""

    profile: Profile = Profile.QUICK
    searches: int = 1
    share: Fraction = Fraction(1)

    def cases(self, examples: int, most: int | None = None) -> int:
        """Return how many cases a search decides that was written with so many examples.

        Args:
            examples: the number written in the claim.
            most: a ceiling in every profile, for cases that take long.
        """
        match self.profile:
            case Profile.QUICK:
                wanted = ceil(self.share * min(examples, _QUICK_CASES))
            case Profile.DEFAULT:
                wanted = _DEFAULT_FACTOR * examples
            case Profile.THOROUGH:
                share = -(-CASES_A_CLAIM // self.searches)
                wanted = max(share, _DEFAULT_FACTOR * examples)
        return wanted if most is None else min(wanted, most)

    @property
    def climbs(self) -> tuple[int, int]:
        """From how many cases a directed search starts, and how many steps each may take."""
        return {
            Profile.QUICK: (1, 150),
            Profile.DEFAULT: (2, 400),
            Profile.THOROUGH: (20, 20_000),
        }[self.profile]


_EFFORT: ContextVar[Effort | None] = ContextVar("effort", default=None)


@contextmanager
def effort(profile: Profile, searches: int = 1) -> Iterator[None]:
    """Within this context every search takes the effort of the profile."""
    token = _EFFORT.set(Effort(profile, searches))
    try:
        yield
    finally:
        _EFFORT.reset(token)


@contextmanager
def briefly(share: Fraction) -> Iterator[None]:
    """Within this context a search of a quick run decides only this share of its cases."""
    token = _EFFORT.set(replace(current_effort(), share=share))
    try:
        yield
    finally:
        _EFFORT.reset(token)


def current_effort() -> Effort:
    """Return the effort in force; outside of a run it is that of the quick profile."""
    return _EFFORT.get() or Effort()


# Signs of life

_PULSE: ContextVar[Callable[[], None] | None] = ContextVar("pulse", default=None)


@contextmanager
def pulsing(pulse: Callable[[], None]) -> Iterator[None]:
    """Within this context every sign of life calls this function."""
    token = _PULSE.set(pulse)
    try:
        yield
    finally:
        _PULSE.reset(token)


def alive() -> None:
    """Show that the check in hand has come a step further: a case, or one more wrong version."""
    pulse = _PULSE.get()
    if pulse is not None:
        pulse()
