"""Which check kills which mutant."""

from __future__ import annotations

from collections.abc import Sequence

from rich.table import Table
from rich.text import Text

from verify.claim import Verdict
from verify.judging import Outcome
from verify.results import Result

__all__ = ["all_killed", "kill_summary", "kill_table"]


def kill_table(results: Sequence[Result]) -> Table:
    """Return one row per mutant: the checks that refute it, and those that do not."""
    grid = Table(box=None, pad_edge=False, header_style="bold")
    for name in ("claim", "mutant", "killed by", "survives"):
        grid.add_column(name, overflow="fold")
    for result in results:
        label = result.claim.label
        for slip in result.claim.mutants:
            by = [o.check for o in result.outcomes if slip in o.rejected]
            past = [_survival(o, slip) for o in result.outcomes if slip not in o.rejected]
            row = (", ".join(by) or "nothing", ", ".join(past))
            style = "bold red" if past or not by else ""
            grid.add_row(Text(label), Text(slip), *(Text(cell, style=style) for cell in row))
            label = ""
    return grid


def _survival(outcome: Outcome, slip: str) -> str:
    said = "" if slip in outcome.survived else f" (not tried: {outcome.verdict})"
    return f"{outcome.check}{said}"


def kill_summary(results: Sequence[Result]) -> Text:
    """Return how many mutants there are and whether every check kills every one."""
    total = sum(len(result.claim.mutants) for result in results)
    alive = [
        f"{r.claim.label}: {slip}" for r in results for slip in r.claim.mutants if _lives(r, slip)
    ]
    kills = sum(len(o.rejected) for result in results for o in result.outcomes)
    said = f"{len(alive)} survive: {'; '.join(alive)}" if alive else "every one by every check"
    return Text(
        f"{total} mutants of {len(results)} claims, killed {kills} times; {said}",
        style="bold red" if alive else "bold",
    )


def _lives(result: Result, slip: str) -> bool:
    """Whether a mutant got past a check that ran, or met none though some were to run."""
    ran = [o for o in result.outcomes if o.verdict is not Verdict.SKIPPED]
    none = not ran and result.expects is not Verdict.SKIPPED
    return none or any(slip not in o.rejected for o in ran)


def all_killed(results: Sequence[Result]) -> bool:
    """Whether every check that ran refutes every mutant of its claim."""
    return not any(_lives(result, slip) for result in results for slip in result.claim.mutants)
