"""Malformed claims are rejected when they are loaded."""

from collections.abc import Callable
from typing import Any

import pytest

from verify import (
    Claim,
    Evidence,
    Level,
    RegistryError,
    UnknownLabel,
    Verdict,
    discover,
    equal,
    validate,
)
from verify.registry import find

TOYS = "tests.verify.toys"


def check(stated: Any) -> Evidence:
    return equal(1, stated, domain="one number")


def claim(label: str = "toy:one", *, checked: bool = True, **changes: Any) -> Claim:
    fields = {"where": "page 1", "says": "1 = 1", "value": 1, "mutants": {"two": 2}}
    made = Claim(label=label, **{**fields, **changes})
    if checked:
        made.check(Level.PROVED)(check)
    return made


def erratum(**changes: Any) -> tuple[Claim, Claim]:
    printed = 2.5
    corrected = claim("toy:one:corrected", mutants={"as printed": printed})
    fields = {
        "value": printed,
        "correction": corrected,
        "why": "it is 1.",
        "expected": Verdict.REFUTED,
    }
    return claim(**{**fields, **changes}), corrected


def test_sound_claims_pass() -> None:
    validate([claim(), claim("toy:two", uses=("toy:one",))])
    validate(erratum())


FAULTS: dict[str, tuple[Callable[[], list[Claim]], str]] = {
    "duplicate label": (lambda: [claim(), claim()], "toy:one: the label is used twice"),
    "label without group": (lambda: [claim("one")], '"group:name"'),
    "label in capitals": (lambda: [claim("toy:One")], '"group:name"'),
    "no place": (lambda: [claim(where=" ")], "must not be empty"),
    "no check": (lambda: [claim(checked=False)], "it has no check"),
    "no mutant": (lambda: [claim(mutants={})], "it has no mutant"),
    "unknown uses": (
        lambda: [claim(), claim("toy:two", uses=("toy:on",))],
        r"toy:two: it uses 'toy:on', which no claim is called; did you mean toy:one",
    ),
    "cycle": (
        lambda: [claim(uses=("toy:two",)), claim("toy:two", uses=("toy:one",))],
        "runs in a circle: toy:",
    ),
    "uses itself": (lambda: [claim(uses=("toy:one",))], "toy:one -> toy:one"),
    "refuted without correction": (
        lambda: [claim(expected=Verdict.REFUTED)],
        "a correction go together",
    ),
    "correction without refutation": (
        lambda: list(erratum(expected=Verdict.PROVED)),
        "a correction go together",
    ),
    "correction not registered": (lambda: [erratum()[0]], "is not registered"),
    "correction misnamed": (
        lambda: [erratum(correction=claim("toy:two"))[0], claim("toy:two")],
        "'toy:two', not 'toy:one:corrected'",
    ),
    "correction without the printed value": (
        lambda: list(erratum(value=7)),
        "does not list the printed value",
    ),
    "erratum without explanation": (lambda: list(erratum(why="")), "must say so in one line"),
}


@pytest.mark.parametrize(("claims", "message"), FAULTS.values(), ids=FAULTS)
def test_malformed_claims_are_rejected(claims: Callable[[], list[Claim]], message: str) -> None:
    with pytest.raises(RegistryError, match=message):
        validate(claims())


def test_every_fault_is_listed() -> None:
    with pytest.raises(RegistryError, match=r"no check[^$]*no mutant") as caught:
        validate([claim(checked=False, mutants={})])
    assert len(str(caught.value).splitlines()) == 2


def test_mutant_that_is_the_statement_is_rejected() -> None:
    value = [1]
    with pytest.raises(RegistryError, match="'same' is the statement itself"):
        validate([claim(value=value, mutants={"same": value})])


def test_two_checks_of_one_name_are_rejected() -> None:
    twice = claim()
    twice.check(Level.PROVED)(check)
    with pytest.raises(RegistryError, match="two checks are called check"):
        validate([twice])


def test_partial_checks_alone_are_rejected() -> None:
    partial = claim(checked=False)
    partial.check(Level.PROVED, only="n = 2")(check)
    with pytest.raises(RegistryError, match="no check covers the whole claim"):
        validate([partial])


def two_values(stated: Any, other: Any) -> Evidence:
    return equal(stated, other, domain="")


def no_value() -> Evidence:
    return equal(1, 1, domain="")


def unknown_keyword(stated: Any, *, samples: int) -> Evidence:
    return equal(stated, samples, domain="")


def keyword_alone(*, seed: int) -> Evidence:
    return equal(seed, seed, domain="")


@pytest.mark.parametrize("function", [two_values, no_value, unknown_keyword, keyword_alone])
def test_wrong_arity_is_rejected_at_registration(function: Callable[..., Evidence]) -> None:
    with pytest.raises(TypeError, match=f"toy:one: the check {function.__name__}"):
        claim().check(Level.PROVED)(function)


def test_discovery_finds_every_module() -> None:
    registry = discover(TOYS)
    assert registry.modules["toy:square"] == f"{TOYS}.toy.good"
    assert registry.modules["toy:hangs"] == f"{TOYS}.toy.bad"
    assert registry.groups == ("toy",)
    assert find(f"{TOYS}.toy.good", "toy:half") is registry.claims["toy:half"]


def test_module_without_claim_is_rejected() -> None:
    with pytest.raises(RegistryError, match="offer `claim`"):
        find("tests.verify.toys", "toy:square")


def test_selection() -> None:
    registry = discover(TOYS)
    assert registry.select(["toy"]) == registry.select(["all"]) == tuple(registry.claims.values())
    assert [claim.label for claim in registry.select(["toy:below", "toy:half"])] == [
        "toy:half",
        "toy:below",
    ]


def test_unknown_label_names_close_ones() -> None:
    with pytest.raises(UnknownLabel, match=r"is called 'toy:sqare'.*toy:square"):
        discover(TOYS).select(["toy:sqare"])


def test_ancestors_are_transitive() -> None:
    registry = discover(TOYS)
    assert registry.ancestors(registry.claims["toy:below"]) == {"toy:half:corrected", "toy:square"}


def test_claims_of_the_paper_are_sound() -> None:
    registry = discover()
    assert registry.groups == ("isometry",)
    few = [label for label, entry in registry.claims.items() if len(entry.mutants) < 2]
    assert few == []
