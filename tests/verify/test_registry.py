"""Malformed claims are rejected when they are loaded."""

from collections.abc import Callable
from pathlib import Path
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
    assert "isometry" in registry.groups
    few = [label for label, entry in registry.claims.items() if len(entry.mutants) < 2]
    assert few == []


# Selections and single files


@pytest.mark.parametrize(
    ("names", "count"),
    [(["all"], 19), (["toy"], 19), (["toy:half*"], 2), (["*:square", "toy:half"], 2)],
)
def test_selections(names: list[str], count: int) -> None:
    assert len(discover(TOYS).select(names)) == count


@pytest.mark.parametrize("name", ["*:nothing", "toys", "toy:sqare", ""])
def test_a_name_that_fits_nothing_is_unknown(name: str) -> None:
    with pytest.raises(UnknownLabel, match="no claim or group is called"):
        discover(TOYS).select(["toy:square", name])


OWN = """
from verify import Claim, Level, equal

claim = Claim(
    label="toy:own", where="here", says="1", value=1, mutants={"two": 2}, uses=USES
)

@claim.check(Level.PROVED)
def one(stated):
    return equal(1, stated, domain="one number")
"""


def test_a_file_of_its_own_is_alone(tmp_path: Path) -> None:
    path = tmp_path / "own.py"
    path.write_text(OWN.replace("USES", "()"))
    registry = discover(TOYS, path)
    assert list(registry.claims) == ["toy:own"]
    assert find(registry.modules["toy:own"], "toy:own") is registry.claims["toy:own"]


def test_a_file_may_use_the_claims_of_the_package(tmp_path: Path) -> None:
    path = tmp_path / "own.py"
    path.write_text(OWN.replace("USES", "('toy:square',)"))
    registry = discover(TOYS, path)
    assert registry.ancestors(registry.claims["toy:own"]) == {"toy:square"}
    for names in (["all"], ["toy"], ["toy:*"]):
        assert [c.label for c in registry.select(names)] == ["toy:own"]
    assert [c.label for c in registry.select(["toy:square"])] == ["toy:square"]


def test_a_file_may_not_take_a_label_of_the_package(tmp_path: Path) -> None:
    path = tmp_path / "own.py"
    path.write_text(OWN.replace("USES", "('toy:half',)").replace("toy:own", "toy:square"))
    with pytest.raises(RegistryError, match="toy:square: the label is used twice"):
        discover(TOYS, path)


def test_two_files_of_one_name_are_two_modules(tmp_path: Path) -> None:
    labels = []
    for folder in ("a", "b"):
        path = tmp_path / folder / "own.py"
        path.parent.mkdir()
        path.write_text(OWN.replace("USES", "()").replace("toy:own", f"toy:{folder}"))
        labels += discover(TOYS, path).claims
    assert labels == ["toy:a", "toy:b"]


@pytest.mark.parametrize("name", ["nowhere.py", "folder", "text.txt"])
def test_what_is_no_file_of_claims_is_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "text.txt").write_text("no claims")
    with pytest.raises(RegistryError, match="there is no such file"):
        discover(TOYS, tmp_path / name)


@pytest.mark.parametrize("package", ["nowhere.at.all", "verify.claim"])
def test_what_is_no_package_of_claims_is_refused(package: str) -> None:
    with pytest.raises(RegistryError, match="is no package of claims"):
        discover(package)
