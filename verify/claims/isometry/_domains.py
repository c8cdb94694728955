"""Definitions that the paper states without a condition, and the condition that they need."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from hypothesis.strategies import SearchStrategy

from verify import Claim, Evidence, Level, Verdict, search

Condition = Callable[[Any], bool]


def everywhere(case: Any) -> bool:
    """No condition."""
    return True


def unconditional(
    label: str,
    *,
    where: str,
    says: str,
    mended: str,
    why: str,
    condition: Condition,
    defined: Condition,
    mutants: Mapping[str, Condition],
    cases: SearchStrategy[Any],
    domain: str,
    uses: tuple[str, ...] = (),
) -> tuple[Claim, Claim]:
    """Return the claim that something is always defined, false as printed, and its correction.

    Args:
        label: of the printed claim.
        where: the place in the paper.
        says: the printed statement, LaTeX.
        mended: the corrected statement, "defined if and only if ...", LaTeX.
        why: what goes wrong.
        condition: under which it is defined.
        defined: whether the denominators of the definition are different from 0.
        mutants: wrong conditions.
        cases: what the definition is applied to.
        domain: what these cover.
        uses: labels that the corrected claim rests on.
    """
    corrected = Claim(
        label=f"{label}:corrected",
        where=where,
        says=mended,
        value=condition,
        mutants={"as printed": everywhere, **mutants},
        uses=uses,
    )
    printed = Claim(
        label=label,
        where=where,
        says=says,
        value=everywhere,
        mutants=mutants,
        correction=corrected,
        why=why,
        expected=Verdict.REFUTED,
    )

    @printed.check(Level.SEARCHED)
    @corrected.check(Level.SEARCHED)
    def defined_exactly_there(stated: Condition, *, seed: int) -> Evidence:
        """Look at the denominators."""
        return search(
            lambda case: bool(stated(case)) == defined(case),
            cases,
            domain=domain,
            examples=100,
            seed=seed,
        )

    return printed, corrected
