"""What a claim is: a stated value, wrong versions of it, and checks that tell them apart.

A check is a function of the stated value. It returns Evidence, or it raises Refuted or
Undecided; anything else is an error. The runner gives it the statement and every mutant, so a
check that ignores its argument or drops a comparison cannot report success.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import IntEnum, StrEnum
from inspect import Parameter, signature
from typing import Any, TypeVar

from verify.profile import Profile

__all__ = [
    "TIME_LIMIT",
    "Check",
    "Claim",
    "Evidence",
    "Function",
    "Level",
    "Refuted",
    "Skipped",
    "Undecided",
    "Verdict",
]

TIME_LIMIT = 15.0  # seconds for one check in a quick run, its statement and all mutants together


class Level(IntEnum):
    """How much a piece of evidence says; a larger one says more."""

    MEASURED = 1  # a number with an error bar
    SEARCHED = 2  # no counterexample among so many cases
    CERTIFIED = 3  # rigorous, for the named instances
    PROVED = 4  # an identity or inequality over the whole domain


class Verdict(StrEnum):
    """What is known about a claim; only the first four support it."""

    PROVED = "proved"
    CERTIFIED = "certified"
    SEARCHED = "searched"
    MEASURED = "measured"
    REFUTED = "refuted"
    UNDECIDED = "undecided"
    TOOTHLESS = "toothless"
    ERROR = "error"
    SKIPPED = "skipped"

    @classmethod
    def of(cls, level: Level) -> Verdict:
        """Return the verdict that evidence of this level earns."""
        return cls[level.name]

    @property
    def supports(self) -> bool:
        """Whether this verdict speaks for the claim."""
        return self.name in Level.__members__


@dataclass(frozen=True)
class Evidence:
    """What a comparator found in favour of a statement.

    Attributes:
        level: the most that this evidence can be called.
        domain: what was quantified over.
        cases: how many cases were decided; None for a symbolic argument.
        tightness: the largest ratio of the smaller to the larger side that was seen.
        place: the case of that ratio, in print.
        close: how many further cases were too close to call; they are no support.
    """

    level: Level
    domain: str
    cases: int | None = None
    tightness: float | None = None
    place: str | None = None
    close: int = 0


class Refuted(Exception):
    """The statement is false; the message holds the counterexample."""


class Undecided(Exception):
    """The comparison came to no decision."""


class Skipped(Exception):
    """The check cannot run here; the message says what is missing."""


Function = TypeVar("Function", bound=Callable[..., Evidence])


@dataclass(frozen=True)
class Check:
    """One way to decide a claim.

    Attributes:
        name: the name of the function.
        level: what its evidence is declared to be; weaker evidence is an error.
        function: stated value -> Evidence; it may ask for a keyword `seed`.
        only: the part of the claim that is covered; None for the whole.
        time_limit: seconds until the check is killed, in a quick run.
        profile: the first profile in which the check runs.
    """

    name: str
    level: Level
    function: Callable[..., Evidence]
    only: str | None = None
    time_limit: float = TIME_LIMIT
    profile: Profile = Profile.QUICK

    def __call__(self, stated: Any, seed: int = 0) -> Evidence:
        """Decide about one stated value."""
        if "seed" in signature(self.function).parameters:
            return self.function(stated, seed=seed)
        return self.function(stated)


@dataclass(frozen=True, eq=False)
class Claim:
    r"""A statement with its place in a paper, wrong versions and checks.

    Attributes:
        label: "group:name", unique; the group is the folder that holds the claim.
        where: the place in the paper.
        says: the statement, LaTeX.
        value: what the checks receive: an expression, a bound as a function, ...
        mutants: slip -> wrong value of the same kind. Every check must refute every one.
        uses: labels of the claims that this one rests on.
        correction: for a claim that is false as printed, the corrected claim, with the label
            "<label>:corrected", the printed value among its mutants and the same checks.
        why: for a claim that is false as printed, one line that explains it.
        expected: the verdict this claim is known to have; by default the strongest level of
            the checks that cover it whole. REFUTED goes together with a correction.

    Example:
        >>> from sympy import Rational
        >>> from verify import Claim, Level, equal
        >>> claim = Claim(
        ...     label="school:half",
        ...     where="page 1",
        ...     says=r"\tfrac14 + \tfrac14 = \tfrac12",
        ...     value=Rational(1, 2),
        ...     mutants={"product": Rational(1, 16)},
        ... )
        >>> @claim.check(Level.PROVED)
        ... def added(stated):
        ...     return equal(Rational(1, 4) + Rational(1, 4), stated, domain="one number")
    """

    label: str
    where: str
    says: str
    value: Any
    mutants: Mapping[str, Any]
    uses: tuple[str, ...] = ()
    correction: Claim | None = None
    why: str = ""
    expected: Verdict | None = None
    checks: list[Check] = field(default_factory=list, init=False)  # filled at import only

    @property
    def group(self) -> str:
        """The part of the label before the colon."""
        return self.label.partition(":")[0]

    @property
    def expects(self) -> Verdict:
        """The verdict that a run of all checks must reproduce."""
        return self.expected_in(Profile.THOROUGH)

    def expected_in(self, profile: Profile) -> Verdict:
        """Return the verdict that a run of this profile must reproduce.

        It is SKIPPED if the profile leaves out every check that covers the whole claim.
        """
        whole = [check.level for check in self.due(profile) if check.only is None]
        if not whole:
            return Verdict.SKIPPED
        return Verdict.of(max(whole)) if self.expected is None else self.expected

    def due(self, profile: Profile) -> tuple[Check, ...]:
        """Return the checks that run in this profile."""
        return tuple(check for check in self.checks if check.profile <= profile)

    def check(
        self,
        level: Level,
        *,
        only: str | None = None,
        time_limit: float = TIME_LIMIT,
        profile: str | Profile = Profile.QUICK,
    ) -> Callable[[Function], Function]:
        """Register a check; use as a decorator.

        Args:
            level: what the evidence will be.
            only: the part of the claim that the check covers, if it is not the whole: such
                a check is reported, and does not lift the verdict.
            time_limit: seconds for the statement and all mutants together in a quick run;
                longer profiles allow a multiple of it (verify.profile).
            profile: "default" or "thorough" for a check that takes too long for the shorter
                profiles, which leave it out.

        Raises:
            TypeError: the function does not take one positional argument, or asks for a
                keyword other than `seed`.
            ValueError: there is no such profile.
        """
        first = Profile.named(profile)

        def register(function: Function) -> Function:
            _require_arity(self.label, function)
            name = function.__name__
            self.checks.append(Check(name, level, function, only, time_limit, first))
            return function

        return register


def _require_arity(label: str, function: Callable[..., Evidence]) -> None:
    parameters = tuple(signature(function).parameters.values())
    first = (Parameter.POSITIONAL_ONLY, Parameter.POSITIONAL_OR_KEYWORD)
    positional = bool(parameters) and parameters[0].kind in first
    keywords = all(p.kind is Parameter.KEYWORD_ONLY and p.name == "seed" for p in parameters[1:])
    if not (positional and keywords):
        raise TypeError(
            f"{label}: the check {function.__name__}{signature(function)} must take the stated "
            "value and at most the keyword-only argument `seed`"
        )
