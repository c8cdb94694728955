"""The table of claims: deterministic, complete, and found out when it is stale."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from verify import Claim, Evidence, Level, Outcome, Profile, Result, Verdict, discover, equal, judge
from verify.__main__ import main
from verify.report.document import document, registered, stale, undocumented

TOYS = discover("tests.verify.toys")
SOUND = TOYS.select(["toy:square", "toy:half", "toy:half:corrected", "toy:below"])


@pytest.fixture(autouse=True)
def _cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


def judged(*claims: Claim) -> list[Result]:
    return [
        Result(c, tuple(judge(c, check) for check in c.checks), profile=Profile.DEFAULT)
        for c in claims
    ]


@pytest.fixture(scope="module")
def text() -> str:
    return document(judged(*SOUND), seed=0)


def test_every_claim_has_its_rows(text: str) -> None:
    for row in (
        "| claim | place | verdict | check | level | domain |",
        "| `toy:square` | page 1 | proved | `expanded` | proved | all x |",
        "| `toy:half` | page 2 | refuted | `added` | proved | refuted: derived 1/2, stated 1/8 |",
        "| `toy:below` | page 3 | searched | `drawn` | searched | 0..99; 100 cases |",
    ):
        assert f"{row}\n" in text
    assert "4 claims: 2 proved, 1 searched, 1 refuted." in text


def test_errata_have_their_section(text: str) -> None:
    errata = text.partition("## False as printed\n")[2]
    assert "### page 2\n\n`toy:half` is printed as\n\n```math\n1/4 + 1/4 = 1/8\n```" in errata
    assert "the denominators were added. Counterexample: derived 1/2, stated 1/8." in errata
    assert "Corrected, `toy:half:corrected`:\n\n```math\n1/4 + 1/4 = 1/2\n```" in errata


def test_without_errata_there_is_no_section() -> None:
    assert "False as printed" not in document(judged(SOUND[0]), seed=0)


def test_equal_runs_give_equal_texts(text: str) -> None:
    assert document(judged(*SOUND), seed=0) == text


def odd_claim() -> Claim:
    claim = Claim(label="toy:odd", where="a|b\n*c*", says="1", value=1, mutants={"two": 2})

    @claim.check(Level.PROVED)
    def odd(stated: int) -> Evidence:
        return equal(1, stated, domain="|x| < 1, `y`,\n2*k, $z$")

    @claim.check(Level.PROVED, profile="thorough")
    def late(stated: int) -> Evidence:
        return equal(1, stated, domain="later")

    return claim


def test_special_characters_stay_in_their_cell() -> None:
    claim = odd_claim()
    outcome = judge(claim, claim.checks[0])
    text = document([Result(claim, (outcome,), profile=Profile.DEFAULT)], seed=0)
    assert r"| a\|b \*c\* |" in text
    assert r"| \|x\| \< 1, \`y\`, 2\*k, \$z\$ |" in text
    assert "| `late` | proved, from profile thorough | left out by the profile |" in text
    assert stale(text, [claim]) == ""
    assert undocumented(text, claim, outcome) == ""


# Stale


def test_a_fresh_document_is_not_stale(text: str) -> None:
    assert stale(text, SOUND) == ""


@pytest.mark.parametrize(
    "edit",
    [
        lambda text: "",
        lambda text: text.replace("all x", "all complex x"),
        lambda text: text.replace("page 3", "page 4"),
        lambda text: text[:-20],
        lambda text: f"{text}more\n",
        lambda text: text.replace("<!-- text", "<!-- test"),
    ],
)
def test_edits_by_hand_are_found(text: str, edit: Callable[[str], str]) -> None:
    assert "edited or cut off" in stale(edit(text), SOUND)


def copied(claim: Claim, **changes: Any) -> Claim:
    made = replace(claim, **changes)
    made.checks.extend(claim.checks)
    return made


def with_check(claim: Claim, **changes: Any) -> Claim:
    made = replace(claim)
    made.checks.extend(replace(check, **changes) for check in claim.checks)
    return made


CHANGES: dict[str, Callable[[Claim], Claim]] = {
    "label": lambda c: copied(c, label="toy:cube"),
    "place": lambda c: copied(c, where="page 9"),
    "statement": lambda c: copied(c, says="x = x"),
    "mutants": lambda c: copied(c, mutants={"sign": 0}),
    "uses": lambda c: copied(c, uses=("toy:below",)),
    "name of a check": lambda c: with_check(c, name="other"),
    "level": lambda c: with_check(c, level=Level.SEARCHED),
    "part": lambda c: with_check(c, only="x = 1"),
    "profile": lambda c: with_check(c, profile=Profile.THOROUGH),
}


@pytest.mark.parametrize("change", CHANGES)
def test_changed_claims_are_found(text: str, change: str) -> None:
    first, *others = SOUND
    assert registered([copied(first), *others]) == registered(SOUND)
    assert "have changed" in stale(text, [CHANGES[change](first), *others])


def test_added_removed_and_moved_claims_are_found(text: str) -> None:
    extra = TOYS.claims["toy:crashes"]
    for claims in ([*SOUND, extra], SOUND[1:], [*SOUND[1:], SOUND[0]]):
        assert "have changed" in stale(text, claims)


def test_outcomes_are_compared_with_their_rows(text: str) -> None:
    for result in judged(*SOUND):
        for outcome in result.outcomes:
            assert undocumented(text, result.claim, outcome) == ""


@pytest.mark.parametrize(
    "other",
    [
        {"evidence": Evidence(Level.PROVED, "some x")},
        {"evidence": Evidence(Level.PROVED, "all")},
        {"evidence": Evidence(Level.PROVED, "all x; y")},
        {"evidence": None, "verdict": Verdict.REFUTED},
    ],
)
def test_other_outcomes_are_found(text: str, other: dict[str, Any]) -> None:
    claim = TOYS.claims["toy:square"]
    outcome = replace(judge(claim, claim.checks[0]), **other)
    said = undocumented(text, claim, outcome)
    assert "found ' page 1 | proved | `expanded` | proved | all x |'" in said


def test_an_outcome_without_a_row_is_found(text: str) -> None:
    claim = TOYS.claims["toy:crashes"]
    assert "found 'no row'" in undocumented(text, claim, judge(claim, claim.checks[0]))
    assert "found 'no row'" in undocumented("", SOUND[0], judge(SOUND[0], SOUND[0].checks[0]))


def test_more_cases_are_no_difference(text: str) -> None:
    claim = TOYS.claims["toy:below"]
    outcome = judge(claim, claim.checks[0])
    assert isinstance(outcome, Outcome)
    assert outcome.evidence is not None
    more = replace(outcome, evidence=replace(outcome.evidence, cases=7, tightness=0.5, close=1))
    assert undocumented(text, claim, more) == ""


# The command


LABELS = [claim.label for claim in SOUND]


def test_the_command_writes_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str
) -> None:
    path = tmp_path / "claims.md"
    assert main(["table", *LABELS, "--output", str(path)], package="tests.verify.toys") == 0
    assert path.read_text(encoding="utf-8") == text
    assert [entry.name for entry in tmp_path.iterdir() if entry.is_file()] == ["claims.md"]
    assert main(["table", *LABELS], package="tests.verify.toys") == 0
    assert text in capsys.readouterr().out


def test_nothing_is_written_if_a_verdict_is_not_expected(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "claims.md"
    path.write_text("the old one")
    arguments = ["table", "toy:square", "toy:crashes", "--output", str(path)]
    assert main(arguments, package="tests.verify.toys") == 1
    assert path.read_text() == "the old one"
    assert "toy:crashes: error, expected proved" in capsys.readouterr().err
