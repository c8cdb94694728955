"""Every check of every claim, one test each: the statement, and every wrong version of it."""

import pytest

from verify import Check, Claim, Verdict, discover, judge

CHECKS = [(claim, check) for claim in discover().claims.values() for check in claim.checks]


@pytest.mark.parametrize(
    ("claim", "check"), CHECKS, ids=[f"{claim.label}-{check.name}" for claim, check in CHECKS]
)
def test_check(claim: Claim, check: Check) -> None:
    outcome = judge(claim, check)
    expected = Verdict.REFUTED if claim.correction else Verdict.of(check.level)
    assert (outcome.verdict, outcome.rejected) == (expected, tuple(claim.mutants)), outcome.detail
