"""The results of a run as plain data, for JSON."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from verify.judging import Outcome
from verify.profile import Profile
from verify.results import Result
from verify.writing import encodable

__all__ = ["record"]


def record(
    results: Sequence[Result], *, seed: int, profile: Profile, seconds: float, complete: bool
) -> dict[str, Any]:
    """Return a run as nested dictionaries of strings and numbers."""
    found = {
        "as_expected": complete and all(result.as_expected for result in results),
        "complete": complete,
        "seed": seed,
        "profile": profile.word,
        "seconds": round(seconds, 3),
        "claims": [_claim(result) for result in results],
    }
    return {key: _encodable(value) for key, value in found.items()}


def _encodable(data: Any) -> Any:
    """Return data whose strings are text that every reader of JSON takes."""
    match data:
        case str():
            return encodable(data)
        case list():
            return [_encodable(entry) for entry in data]
        case dict():
            return {key: _encodable(entry) for key, entry in data.items()}
    return data


def _claim(result: Result) -> dict[str, Any]:
    claim = result.claim
    return {
        "label": claim.label,
        "where": claim.where,
        "says": claim.says,
        "uses": list(claim.uses),
        "verdict": str(result.verdict) if result.complete else None,
        "expected": str(result.expects),
        "as_expected": result.as_expected,
        "ancestors_supported": result.rests,
        "why": claim.why,
        "corrected": claim.correction.label if claim.correction else None,
        "checks": [_check(outcome) for outcome in result.outcomes],
        "left_out": [
            {"name": check.name, "needs_profile": check.profile.word} for check in result.left_out
        ],
    }


def _check(outcome: Outcome) -> dict[str, Any]:
    evidence = outcome.evidence
    return {
        "name": outcome.check,
        "verdict": str(outcome.verdict),
        "level": outcome.level.name.lower(),
        "only": outcome.only,
        "domain": evidence.domain if evidence else None,
        "cases": evidence.cases if evidence else None,
        "close_calls": evidence.close if evidence else None,
        "tightness": evidence.tightness if evidence else None,
        "place": evidence.place if evidence else None,
        "mutants_rejected": list(outcome.rejected),
        "mutants_survived": list(outcome.survived),
        "detail": outcome.detail,
        "contradicted": outcome.contradicted,
        "seconds": round(outcome.seconds, 3),
    }
