"""A checker of theorems: claims with their place in a paper, checks, and evidence with a level.

A claim is a stated value plus wrong versions of it; a check is a function of the stated value.
`python -m verify all` runs every check on the statement and on every wrong version.
"""

from verify.claim import (
    Check,
    Claim,
    Evidence,
    Level,
    Refuted,
    Skipped,
    Undecided,
    Verdict,
)
from verify.directed import Chart
from verify.evidence import equal, nonnegative, sample_points, together, within_error
from verify.judging import Outcome, judge
from verify.profile import Profile
from verify.registry import Registry, RegistryError, UnknownLabel, discover, validate
from verify.results import Result, results
from verify.runner import run
from verify.searching import bounded, search
from verify.store import Store

__all__ = [
    "Chart",
    "Check",
    "Claim",
    "Evidence",
    "Level",
    "Outcome",
    "Profile",
    "Refuted",
    "Registry",
    "RegistryError",
    "Result",
    "Skipped",
    "Store",
    "Undecided",
    "UnknownLabel",
    "Verdict",
    "bounded",
    "discover",
    "equal",
    "judge",
    "nonnegative",
    "results",
    "run",
    "sample_points",
    "search",
    "together",
    "validate",
    "within_error",
]
