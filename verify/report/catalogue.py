"""The claims themselves, and what is false in them, for a terminal."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from rich.table import Table
from rich.text import Text

from verify.claim import Check, Claim, Verdict
from verify.judging import Outcome
from verify.profile import Profile

__all__ = ["conditions", "counterexamples", "errata", "listing", "portrait"]


def listing(claims: Iterable[Claim]) -> Table:
    """Return the claims with their places and expected verdicts."""
    grid = Table(box=None, pad_edge=False, header_style="bold")
    for name in ("claim", "place", "expected", "checks", "mutants"):
        grid.add_column(name, overflow="fold")
    for claim in claims:
        sizes = (str(len(claim.checks)), str(len(claim.mutants)))
        grid.add_row(Text(claim.label), Text(claim.where), Text(claim.expects), *sizes)
    return grid


def portrait(claim: Claim) -> Text:
    """Return all that a claim states about itself."""
    lines = [
        f"{claim.label}",
        f"place     {claim.where}",
        f"says      {claim.says}",
        f"expected  {claim.expects}{f': {claim.why}' if claim.why else ''}",
        f"corrected {claim.correction.label}" if claim.correction else "",
        f"uses      {', '.join(claim.uses)}" if claim.uses else "",
        *(f"check     {check.name} ({conditions(check)})" for check in claim.checks),
        *(f"mutant    {slip}" for slip in claim.mutants),
    ]
    return Text("\n".join(line for line in lines if line))


def conditions(check: Check) -> str:
    """Return the level of a check, the part that it covers and the profile it waits for."""
    parts = [check.level.name.lower()]
    if check.only:
        parts.append(f"only {check.only}")
    if check.profile > Profile.QUICK:
        parts.append(f"from profile {check.profile.word}")
    return ", ".join(parts)


def errata(claims: Sequence[Claim], outcomes: Sequence[Outcome]) -> Text:
    """Return every claim that is false as printed, with counterexample and correction."""
    found = counterexamples(outcomes)
    blocks = [_erratum(claim, found) for claim in claims if claim.correction is not None]
    total = f"{len(blocks)} of {len(claims)} claims are false as printed"
    return Text("\n\n".join([*blocks, total]))


def counterexamples(outcomes: Iterable[Outcome]) -> dict[str, str]:
    """Return the shortest counterexample that was found to each claim."""
    found: dict[str, str] = {}
    for outcome in outcomes:
        if outcome.verdict is Verdict.REFUTED:
            shortest = min(outcome.detail, found.get(outcome.claim, outcome.detail), key=len)
            found[outcome.claim] = shortest
    return found


def _erratum(claim: Claim, found: Mapping[str, str]) -> str:
    assert claim.correction is not None
    return "\n".join(
        [
            f"{claim.label} ({claim.where})",
            f"    printed         {claim.says}",
            f"    counterexample  {found.get(claim.label, 'NOT FOUND in this run')}",
            f"    because         {claim.why}",
            f"    corrected       {claim.correction.says}",
            f"                    checked as {claim.correction.label} ({claim.correction.where})",
        ]
    )
