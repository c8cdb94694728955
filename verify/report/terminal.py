"""The results of a run for a terminal."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from rich.console import Console, Group
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from verify.claim import Verdict
from verify.judging import Outcome
from verify.results import Result

__all__ = ["progress", "summary", "surprise", "table"]

_COLOURS = {
    Verdict.PROVED: "bold green",
    Verdict.CERTIFIED: "green",
    Verdict.SEARCHED: "cyan",
    Verdict.MEASURED: "blue",
    Verdict.REFUTED: "magenta",
    Verdict.UNDECIDED: "yellow",
    Verdict.TOOTHLESS: "bold red",
    Verdict.ERROR: "bold red",
    Verdict.SKIPPED: "yellow",
}


def progress(console: Console) -> Progress:
    """Return a progress bar over checks; it refreshes when told, so it needs no thread."""
    return Progress(
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.description}"),
        console=console,
        auto_refresh=False,
        transient=True,
    )


def table(results: Iterable[Result]) -> Table:
    """Return one block of rows per claim, one row per check."""
    grid = Table(box=None, pad_edge=False, header_style="bold")
    for name in ("claim", "place", "verdict", "level", "domain"):
        grid.add_column(name, overflow="fold", ratio=3 if name == "domain" else None)
    grid.add_column("time", justify="right", no_wrap=True)
    for result in results:
        _block(grid, result)
    return grid


def _block(grid: Table, result: Result) -> None:
    head = (Text(result.claim.label), Text(result.claim.where), _verdict(result))
    for outcome in result.outcomes:
        level = Text(outcome.level.name.lower(), style="dim" if outcome.only else "")
        grid.add_row(*head, level, Text(_domain(outcome)), f"{outcome.seconds:.1f} s")
        head = (Text(), Text(), Text())
    for check in result.left_out:
        level = Text(check.level.name.lower(), style="dim")
        said = Text(f"not run: {check.name} needs --profile {check.profile.word}", style="yellow")
        grid.add_row(*head, level, said, "")
        head = (Text(), Text(), Text())
    if not result.outcomes and not result.left_out:
        grid.add_row(*head, "", Text("not decided"), "")


def _verdict(result: Result) -> Text:
    if not result.complete:
        return Text("...", style="yellow")
    verdict = result.verdict
    mark = "" if result.as_expected else " (!)"
    rests = " (an ancestor fails)" if verdict.supports and result.rests is False else ""
    return Text(f"{verdict}{mark}{rests}", style=_COLOURS[verdict])


def _domain(outcome: Outcome) -> str:
    evidence = outcome.evidence
    if evidence is None:
        return f"{outcome.verdict}: {outcome.detail}"
    parts = [f"only {outcome.only}: " if outcome.only else "", evidence.domain]
    if evidence.cases is not None and evidence.cases > 1:
        parts.append(f"; {evidence.cases} cases")
    if evidence.close:
        parts.append(f" ({evidence.close} close calls)")
    if evidence.tightness is not None:
        at = f" at {evidence.place}" if evidence.place else ""
        parts.append(f"; largest ratio seen {evidence.tightness:.6g}{at}")
    if not outcome.verdict.supports:
        parts.append(f"; {outcome.verdict}: {outcome.detail}")
    return "".join(parts)


def summary(results: Sequence[Result], seconds: float) -> Group:
    """Return the errata, everything unexpected, what was left out, and the totals."""
    lines = [*_errata(results), *_surprises(results), *_left_out(results)]
    return Group(*lines, _totals(results, seconds))


def _left_out(results: Sequence[Result]) -> list[Text]:
    """Count the checks that the profile leaves out; the table names them."""
    waiting = Counter(check.profile for result in results for check in result.left_out)
    lines = [
        f"not run in profile {results[0].profile.word}: {number} "
        f"check{'' if number == 1 else 's'}, {'it needs' if number == 1 else 'they need'} "
        f"--profile {profile.word}"
        for profile, number in sorted(waiting.items())
    ]
    return [Text(line, style="yellow") for line in lines]


def _errata(results: Sequence[Result]) -> list[Text]:
    return [
        Text.from_markup(
            f"[magenta]false as printed[/] {escape(r.claim.label)} ({escape(r.claim.where)}): "
            f"{escape(r.claim.why)} Corrected: {escape(r.claim.correction.label)}."
        )
        for r in results
        if r.claim.correction is not None and r.complete and r.verdict is Verdict.REFUTED
    ]


def _surprises(results: Sequence[Result]) -> list[Text]:
    lines = []
    for result in results:
        if not result.complete or result.as_expected:
            continue
        details = [
            f"    {o.check}: {o.verdict}{': ' if o.detail else ''}{o.detail}"
            for o in result.outcomes
        ]
        lines.append(Text("\n".join([surprise(result), *details]), style="bold red"))
    return lines


def surprise(result: Result) -> str:
    """Say in one line what is wrong with a result that is not as expected."""
    found, expected = result.verdict, result.expects
    if found is not expected:
        return f"{result.claim.label}: {found}, expected {expected}"
    missed = [o.contradicted for o in result.outcomes if o.contradicted]
    if missed:
        return f"{result.claim.label}: {found}, but another run found: {'; '.join(missed)}"
    if result.disputed:
        return f"{result.claim.label}: one check shows the whole claim, another one refutes it"
    return f"{result.claim.label}: {found}, but not every check came to a decision"


def _totals(results: Sequence[Result], seconds: float) -> Text:
    decided = [result for result in results if result.complete]
    counts = Counter(result.verdict for result in decided)
    rejected = sum(len(o.rejected) for result in results for o in result.outcomes)
    unexpected = sum(not result.as_expected for result in decided)
    words = ", ".join(
        f"{counts[verdict]} {verdict}" + (_remedy(decided) if verdict is Verdict.SKIPPED else "")
        for verdict in Verdict
        if counts[verdict]
    )
    undecided = len(results) - len(decided)
    return Text(
        f"{len(results)} claims: {words or 'none decided'}"
        + (f"; {undecided} interrupted" if undecided else "")
        + f"; wrong versions rejected {rejected} times"
        + f"; {unexpected or 'no'} unexpected verdict{'' if unexpected == 1 else 's'}"
        + f"; {seconds:.1f} s",
        style="bold red" if unexpected else "bold",
    )


def _remedy(decided: Sequence[Result]) -> str:
    """Say which profile decides what this one skips, if one does."""
    left_out = [result.left_out for result in decided if result.expects is Verdict.SKIPPED]
    needed = [min(c.profile for c in checks if c.only is None) for checks in left_out]
    return f" (needs --profile {max(needed).word})" if needed else ""
