"""From the outcomes of checks to verdicts on claims."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from verify.claim import Check, Claim, Verdict
from verify.judging import Outcome
from verify.profile import Profile
from verify.registry import Registry

__all__ = ["Result", "results"]


@dataclass(frozen=True)
class Result:
    """What a run says about one claim.

    Attributes:
        claim: the claim.
        outcomes: of its checks, in their order; fewer if the run was interrupted.
        rests: whether all ancestors have support; None if one of them was not run.
        profile: of the run; it may leave checks out.
    """

    claim: Claim
    outcomes: tuple[Outcome, ...]
    rests: bool | None = None
    profile: Profile = Profile.THOROUGH

    @property
    def left_out(self) -> tuple[Check, ...]:
        """The checks that wait for a longer profile; to leave them out is no surprise."""
        return tuple(check for check in self.claim.checks if check.profile > self.profile)

    @property
    def complete(self) -> bool:
        """Whether every check of the profile came to an end."""
        return len(self.outcomes) == len(self.claim.due(self.profile))

    @property
    def expects(self) -> Verdict:
        """The verdict that the run must reproduce."""
        return self.claim.expected_in(self.profile)

    @property
    def verdict(self) -> Verdict:
        """The worst of error, toothless and refuted; else the best level for the whole claim."""
        found = [outcome.verdict for outcome in self.outcomes]
        for verdict in (Verdict.ERROR, Verdict.TOOTHLESS, Verdict.REFUTED):
            if verdict in found:
                return verdict
        whole = [o.level for o in self.outcomes if o.verdict.supports and o.only is None]
        if whole:
            return Verdict.of(max(whole))
        return Verdict.SKIPPED if self._skipped(found) else Verdict.UNDECIDED

    def _skipped(self, found: Sequence[Verdict]) -> bool:
        """Whether nothing was undecided: all was skipped, or left out by the profile."""
        if self.expects is Verdict.SKIPPED:
            return Verdict.UNDECIDED not in found
        return bool(found) and all(verdict is Verdict.SKIPPED for verdict in found)

    @property
    def disputed(self) -> bool:
        """Whether one check shows the whole claim and another one refutes it."""
        shown = any(
            o.verdict in (Verdict.PROVED, Verdict.CERTIFIED) and o.only is None
            for o in self.outcomes
        )
        return shown and self.verdict is Verdict.REFUTED

    @property
    def as_expected(self) -> bool:
        """Whether the verdict is the known one and no check speaks against it."""
        sound = not any(o.verdict is Verdict.UNDECIDED or o.contradicted for o in self.outcomes)
        known = self.verdict is self.expects
        return self.complete and known and sound and not self.disputed


def results(
    registry: Registry,
    claims: Sequence[Claim],
    outcomes: Sequence[Outcome],
    profile: Profile = Profile.THOROUGH,
) -> tuple[Result, ...]:
    """Collect outcomes by claim."""
    found = {}
    for claim in claims:
        own = {o.check: o for o in outcomes if o.claim == claim.label}
        ordered = tuple(own[check.name] for check in claim.checks if check.name in own)
        found[claim.label] = Result(claim, ordered, profile=profile)
    supported = {label: r.complete and r.verdict.supports for label, r in found.items()}
    return tuple(
        replace(result, rests=_rests(registry.ancestors(result.claim), supported))
        for result in found.values()
    )


def _rests(ancestors: set[str], supported: dict[str, bool]) -> bool | None:
    if not ancestors <= supported.keys():
        return None
    return all(supported[label] for label in ancestors)
