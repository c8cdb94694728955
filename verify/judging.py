"""What one check is worth: it gets the statement, then every mutant."""

from __future__ import annotations

import traceback
from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from time import monotonic
from typing import Any

from verify.claim import Check, Claim, Evidence, Level, Refuted, Skipped, Undecided, Verdict
from verify.memory import Counterexample, Memory, remembering
from verify.profile import Profile, alive, briefly, effort
from verify.searching import first_counterexample

__all__ = ["Order", "Outcome", "carried_out", "judge"]

# Shares of the cases in a quick run. A wrong version may take all of them, and seldom does.
_STATEMENT = Fraction(1, 2)
_CONTROL = Fraction(1, 4)  # of a correction, which is a claim of its own and searched there


@dataclass(frozen=True)
class Outcome:
    """What one check found.

    Attributes:
        claim: label of the claim.
        check: name of the check.
        verdict: what it says about the claim.
        level: the declared level.
        only: the part of the claim that the check covers, None for the whole.
        evidence: what was quantified over; None if nothing speaks for the statement.
        rejected: the mutants that were refuted.
        survived: the mutants that were not.
        detail: counterexample, accepted mutant or error message.
        contradicted: a counterexample of another seed or profile that this search missed.
        found: how to draw the counterexample again; None if no search found it.
        seconds: wall time.
    """

    claim: str
    check: str
    verdict: Verdict
    level: Level
    only: str | None = None
    evidence: Evidence | None = None
    rejected: tuple[str, ...] = ()
    survived: tuple[str, ...] = ()
    detail: str = ""
    contradicted: str = ""
    found: Counterexample | None = None
    seconds: float = 0.0


@dataclass(frozen=True)
class Order:
    """How checks are to be run.

    Attributes:
        seed: handed to checks that search.
        profile: how much effort they take.
        mutants: whether they get the mutants too, or the statement alone.
    """

    seed: int = 0
    profile: Profile = Profile.QUICK
    mutants: bool = True

    @property
    def origin(self) -> str:
        """Seed and profile in words."""
        return f"seed {self.seed}, profile {self.profile.word}"


def judge(
    claim: Claim,
    check: Check,
    seed: int = 0,
    *,
    profile: Profile = Profile.QUICK,
) -> Outcome:
    """Give a check the statement and every mutant, and say what it is worth.

    A check supports the claim if it returns evidence of its declared level for the statement
    and refutes every mutant. If it refutes a statement that has a correction, it must also
    support the corrected statement: a check that refutes everything shows nothing.

    Args:
        claim: the claim.
        check: one of its checks.
        seed: handed to checks that search.
        profile: how much effort they take.

    Returns:
        The outcome; no exception of the check escapes.
    """
    return carried_out(claim, check, Order(seed, profile))


def carried_out(
    claim: Claim, check: Check, order: Order, known: Sequence[Counterexample] = (), origin: str = ""
) -> Outcome:
    """Judge a check as ordered, replaying the counterexamples known from earlier runs."""
    started = monotonic()
    memory = Memory(origin or order.origin, tuple(known))
    searches = sum(entry.level is Level.SEARCHED for entry in claim.due(order.profile))
    share = _STATEMENT if claim.correction is None else Fraction(1)
    with effort(order.profile, max(1, searches)):
        with remembering(memory), briefly(share):
            outcome = _attempt(claim, check, claim.value, order.seed)
        if outcome.verdict is Verdict.REFUTED:
            outcome = replace(outcome, found=memory.found)
        outcome = replace(outcome, contradicted="; ".join(memory.contradictions))
        if order.mutants:
            outcome = _tried(outcome, claim, check, order.seed)
    return replace(outcome, seconds=monotonic() - started)


def _tried(outcome: Outcome, claim: Claim, check: Check, seed: int) -> Outcome:
    """Show that the check can tell right from wrong."""
    if outcome.verdict is Verdict.REFUTED and claim.correction is not None:
        outcome = _controlled(outcome, claim, check, seed)
        return _with_mutants(outcome, claim, check, seed)
    return _with_mutants(outcome, claim, check, seed) if outcome.verdict.supports else outcome


def _attempt(claim: Claim, check: Check, stated: Any, seed: int) -> Outcome:
    """Run a check on one value."""
    blank = Outcome(claim.label, check.name, Verdict.ERROR, check.level, check.only)
    alive()
    try:
        evidence: object = check(stated, seed)
    except Refuted as counterexample:
        return replace(blank, verdict=Verdict.REFUTED, detail=str(counterexample))
    except Undecided as reason:
        return replace(blank, verdict=Verdict.UNDECIDED, detail=str(reason))
    except Skipped as reason:
        return replace(blank, verdict=Verdict.SKIPPED, detail=str(reason))
    except MemoryError as error:
        said = f"it needs more memory than it is given (--memory-limit): {_described(error)}"
        return replace(blank, detail=said)
    except Exception as error:
        return replace(blank, detail=_described(error))
    if not isinstance(evidence, Evidence):
        return replace(blank, detail=f"returned {evidence!r}; a check returns Evidence")
    if evidence.level < check.level:
        seen = f"declared {check.level.name}, but its evidence is {evidence.level.name}"
        return replace(blank, detail=seen)
    return replace(blank, verdict=Verdict.of(check.level), evidence=evidence)


def _controlled(outcome: Outcome, claim: Claim, check: Check, seed: int) -> Outcome:
    assert claim.correction is not None
    with briefly(_CONTROL):
        control = _attempt(claim, check, claim.correction.value, seed)
    if control.verdict.supports:
        return outcome
    verdict = Verdict.ERROR if control.verdict is Verdict.ERROR else Verdict.TOOTHLESS
    detail = f"does not support the corrected statement either: {control.detail}"
    return replace(outcome, verdict=verdict, detail=detail)


def _with_mutants(outcome: Outcome, claim: Claim, check: Check, seed: int) -> Outcome:
    if outcome.verdict in (Verdict.ERROR, Verdict.TOOTHLESS):
        return outcome
    for slip, mutant in claim.mutants.items():
        with first_counterexample():
            answer = _attempt(claim, check, mutant, seed)
        if answer.verdict is Verdict.ERROR:
            return replace(answer, detail=f"on the mutant {slip!r}: {answer.detail}")
        if answer.verdict is Verdict.REFUTED:
            outcome = replace(outcome, rejected=(*outcome.rejected, slip))
        else:
            outcome = _survived(outcome, slip, answer)
    return outcome


def _survived(outcome: Outcome, slip: str, answer: Outcome) -> Outcome:
    """Return the outcome of a check that does not refute a mutant; the first one is named."""
    said = f"{answer.verdict}: {answer.detail}" if answer.detail else str(answer.verdict)
    first = f"does not refute the mutant {slip!r} ({said})"
    return replace(
        outcome,
        verdict=Verdict.TOOTHLESS,
        detail=outcome.detail if outcome.survived else first,
        survived=(*outcome.survived, slip),
    )


def _described(error: Exception) -> str:
    place = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__}: {error} ({place.name}, line {place.lineno})"
