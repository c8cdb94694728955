"""Every check of every claim, one test each: the statement, and every wrong version of it.

Each outcome is also compared with its row in docs/claims.md, so that the table of claims cannot
say anything that a run does not; that the table holds all the claims, as they are stated now, is
shown without running any of them.
"""

from pathlib import Path

import pytest

from verify import Check, Claim, Profile, Verdict, discover, judge
from verify.report.document import stale, undocumented

DOCUMENT = Path(__file__).resolve().parents[1] / "docs" / "claims.md"
CLAIMS = tuple(discover().claims.values())


def document() -> str:
    return DOCUMENT.read_text(encoding="utf-8") if DOCUMENT.exists() else ""


def node(claim: Claim, check: Check) -> object:
    """A check that waits for a longer profile is a long random search."""
    marks = [pytest.mark.search] if check.profile > Profile.QUICK else []
    return pytest.param(claim, check, marks=marks, id=f"{claim.label}-{check.name}")


@pytest.mark.parametrize(
    ("claim", "check"), [node(claim, check) for claim in CLAIMS for check in claim.checks]
)
def test_check(claim: Claim, check: Check) -> None:
    outcome = judge(claim, check, profile=check.profile)
    expected = Verdict.REFUTED if claim.correction else Verdict.of(check.level)
    assert (outcome.verdict, outcome.rejected) == (expected, tuple(claim.mutants)), outcome.detail
    if check.profile <= Profile.DEFAULT:  # the profile of the table
        assert undocumented(document(), claim, outcome) == "", DOCUMENT


def test_the_table_of_claims_is_up_to_date() -> None:
    assert stale(document(), CLAIMS) == "", DOCUMENT
