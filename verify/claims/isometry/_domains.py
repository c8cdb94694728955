"""Definitions that the paper states without a condition, and the condition that they need."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from hypothesis.strategies import SearchStrategy

from verify import Claim, Evidence, Level, Refuted, Verdict, search
from verify.comparing import show

__all__ = [
    "Condition",
    "Stated",
    "Value",
    "everywhere",
    "require_values",
    "restricted",
    "unconditional",
]

Condition = Callable[[Any], bool]
Value = TypeVar("Value")


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


# A statement that is true wherever its quotients have a value, and is printed for more


@dataclass(frozen=True)
class Stated(Generic[Value]):
    """A stated value, and the inputs for which it is stated."""

    value: Value
    condition: Condition = everywhere


def restricted(
    label: str,
    *,
    where: str,
    says: str,
    given: str,
    why: str,
    value: Any,
    condition: Condition,
    looser: Mapping[str, Condition],
    slips: Mapping[str, Any],
    uses: tuple[str, ...] = (),
) -> tuple[Claim, Claim]:
    """Return a statement with an input for which it has no value, and the corrected one.

    Both are to be given the same checks, whose value is a Stated.

    Args:
        label: of the printed claim.
        where: the place in the paper.
        says: the printed statement, LaTeX.
        given: the condition that it lacks, LaTeX.
        why: what goes wrong.
        value: what is stated.
        condition: the condition that it lacks.
        looser: wrong conditions that still admit an input without a value.
        slips: wrong values.
        uses: labels that the corrected claim rests on.
    """
    printed_value = Stated(value)
    corrected = Claim(
        label=f"{label}:corrected",
        where=where,
        says=rf"{given} \implies {says}",
        value=Stated(value, condition),
        mutants={
            "as printed": printed_value,
            **{slip: Stated(value, wrong) for slip, wrong in looser.items()},
            **{slip: Stated(wrong, condition) for slip, wrong in slips.items()},
        },
        uses=uses,
    )
    printed = Claim(
        label=label,
        where=where,
        says=says,
        value=printed_value,
        mutants={slip: Stated(wrong) for slip, wrong in slips.items()},
        correction=corrected,
        why=why,
        expected=Verdict.REFUTED,
    )
    return printed, corrected


def require_values(
    stated: Stated[Any], cases: Iterable[Any], missing: Callable[[Any], str], name: str
) -> None:
    """Raise Refuted at the first case that a statement admits and that has no value.

    Args:
        stated: the statement.
        cases: small inputs at the edge.
        missing: what has no value for a case; "" if all has.
        name: of a case.
    """
    for case in cases:
        if stated.condition(case) and (what := missing(case)):
            raise Refuted(f"{name} = {show(case)}: {what}")
