"""Checks that must not count: one claim for each way of going wrong."""

import os
import time
from collections.abc import Callable
from typing import Any

from verify import Claim, Evidence, Level, Refuted, Skipped, Undecided, equal, within_error


def toy(name: str, check: Callable[[Any], Any], level: Level = Level.PROVED) -> Claim:
    claim = Claim(
        label=f"toy:{name}",
        where="nowhere",
        says="1 = 1",
        value=1,
        mutants={"two": 2, "three": 3},
    )
    claim.check(level, time_limit=1.0)(check)
    return claim


def ignores_its_argument(stated: int) -> Evidence:
    return Evidence(Level.PROVED, "always")


def drops_the_comparison(stated: int) -> Evidence:
    stated == 1  # noqa: B015
    return Evidence(Level.PROVED, "dropped")


def accepts_one_mutant(stated: int) -> Evidence:
    return equal(stated % 2, 1, domain="odd numbers")


def returns_a_bool(stated: int) -> bool:
    return stated == 1


def returns_nothing(stated: int) -> None:
    return None


def rounds_up(stated: int) -> Evidence:
    return within_error(1.0, 1e-9, stated, resolution=0.1, domain="measured")


def crashes(stated: int) -> Evidence:
    raise ZeroDivisionError("by zero")


def dies(stated: int) -> Evidence:
    os._exit(7)


def hangs(stated: int) -> Evidence:
    while True:
        time.sleep(0.01)


def hangs_on_a_mutant(stated: int) -> Evidence:
    return hangs(stated) if stated == 3 else equal(stated, 1, domain="one number")


def crashes_on_a_mutant(stated: int) -> Evidence:
    return crashes(stated) if stated == 3 else equal(stated, 1, domain="one number")


def leaves_a_mutant_undecided(stated: int) -> Evidence:
    if stated == 2:
        raise Undecided("who knows")
    return equal(stated, 1, domain="one number")


def refutes_everything(stated: int) -> Evidence:
    raise Refuted(f"{stated} is odd or even")


def cannot_decide(stated: int) -> Evidence:
    raise Undecided("too close to call")


def cannot_run(stated: int) -> Evidence:
    raise Skipped("needs a machine that is not here")


CHECKS = (
    ignores_its_argument,
    drops_the_comparison,
    accepts_one_mutant,
    returns_a_bool,
    returns_nothing,
    rounds_up,
    crashes,
    dies,
    hangs,
    hangs_on_a_mutant,
    crashes_on_a_mutant,
    leaves_a_mutant_undecided,
    refutes_everything,
    cannot_decide,
    cannot_run,
)
claims = tuple(toy(check.__name__.replace("_", "-"), check) for check in CHECKS)
