"""Every way in which a check can go wrong has its own verdict, and none of them is support."""

from dataclasses import replace
from pathlib import Path
from time import monotonic

import pytest

from verify import Claim, Level, Outcome, Profile, Result, Verdict, discover, judge, results, run
from verify.claim import TIME_LIMIT
from verify.report.terminal import surprise

TOYS = discover("tests.verify.toys")

EXPECTED = {
    "ignores-its-argument": (Verdict.TOOTHLESS, "does not refute the mutant 'two'"),
    "drops-the-comparison": (Verdict.TOOTHLESS, "does not refute the mutant 'two'"),
    "accepts-one-mutant": (Verdict.TOOTHLESS, "does not refute the mutant 'three'"),
    "returns-a-bool": (Verdict.ERROR, "returned True; a check returns Evidence"),
    "returns-nothing": (Verdict.ERROR, "returned None; a check returns Evidence"),
    "rounds-up": (Verdict.ERROR, "declared PROVED, but its evidence is MEASURED"),
    "crashes": (Verdict.ERROR, "ZeroDivisionError: by zero (crashes, line "),
    "crashes-on-a-mutant": (Verdict.ERROR, "on the mutant 'three': ZeroDivisionError"),
    "leaves-a-mutant-undecided": (Verdict.TOOTHLESS, "(undecided: who knows)"),
    "refutes-everything": (Verdict.REFUTED, "1 is odd or even"),
    "cannot-decide": (Verdict.UNDECIDED, "too close to call"),
    "cannot-run": (Verdict.SKIPPED, "needs a machine that is not here"),
}
ISOLATED = {
    "dies": "its process ended with exit code 7",
    "hangs": "killed at its time limit of 1 s",
    "hangs-on-a-mutant": "killed at its time limit of 1 s",
}


def alone(label: str) -> Outcome:
    claim = TOYS.claims[label]
    return judge(claim, claim.checks[0])


@pytest.mark.parametrize("name", EXPECTED)
def test_wrong_checks_are_found_out(name: str) -> None:
    outcome = alone(f"toy:{name}")
    verdict, detail = EXPECTED[name]
    assert outcome.verdict is verdict
    assert detail in outcome.detail
    assert not outcome.verdict.supports


def test_every_toy_is_tested() -> None:
    bad = {label for label, home in TOYS.modules.items() if home.endswith(".bad")}
    assert bad == {f"toy:{name}" for name in [*EXPECTED, *ISOLATED]}


def test_a_right_check_supports_its_claim_and_rejects_every_mutant() -> None:
    outcome = alone("toy:square")
    assert outcome.verdict is Verdict.PROVED
    assert outcome.rejected == ("no middle term", "sign")
    assert outcome.evidence is not None
    assert outcome.evidence.domain == "all x"


def test_a_false_claim_is_refuted_with_its_counterexample() -> None:
    outcome = alone("toy:half")
    assert outcome.verdict is Verdict.REFUTED
    assert outcome.detail == "derived 1/2, stated 1/8"
    assert outcome.rejected == ("product",)


def test_a_check_that_refutes_the_correction_too_is_toothless() -> None:
    half = TOYS.claims["toy:half"]
    everything = TOYS.claims["toy:refutes-everything"].checks[0]
    outcome = judge(half, everything)
    assert outcome.verdict is Verdict.TOOTHLESS
    assert "does not support the corrected statement either" in outcome.detail


def test_isolated_run_gives_every_verdict_and_goes_on() -> None:
    started = monotonic()
    found = {o.claim.removeprefix("toy:"): o for o in run(TOYS, TOYS.select(["toy"]), jobs=2)}
    assert len(found) == len(TOYS.claims)
    for name, (verdict, detail) in EXPECTED.items():
        assert found[name].verdict is verdict, name
        assert detail in found[name].detail
    for name, detail in ISOLATED.items():
        assert (found[name].verdict, found[name].detail) == (Verdict.ERROR, detail)
    assert found["square"].verdict is Verdict.PROVED
    assert found["below"].verdict is Verdict.SEARCHED
    assert monotonic() - started < 60


def test_time_limits_grow_with_the_profile() -> None:
    (outcome,) = run(TOYS, TOYS.select(["toy:hangs"]), profile=Profile.DEFAULT)
    assert (outcome.verdict, outcome.detail) == (Verdict.ERROR, "killed at its time limit of 4 s")
    assert 4 <= outcome.seconds < 30


def test_a_time_limit_may_be_given() -> None:
    claims = TOYS.select(["toy:hangs", "toy:square"])
    for profile in Profile:
        hung, fine = run(TOYS, claims, jobs=1, profile=profile, time_limit=0.5)
        if hung.claim == "toy:square":
            hung, fine = fine, hung
        assert fine.verdict is Verdict.PROVED
        assert (hung.verdict, hung.detail) == (Verdict.ERROR, "killed at its time limit of 0.5 s")
        assert hung.seconds < 5


def test_limits_of_the_profiles() -> None:
    limits = [TIME_LIMIT * profile.patience for profile in Profile]
    assert limits == [15, 60, 600]
    assert [profile.renews for profile in Profile] == [False, False, True]


SLOW = """
from time import sleep
from hypothesis import strategies as st
from verify import Claim, Level, search

steady = Claim(label="own:slow", where="here", says="n < 60", value=60, mutants={"one": 1})

@steady.check(Level.SEARCHED, time_limit=0.04)
def slow(stated, *, seed):
    def holds(n):
        sleep(0.05)
        return n < stated
    return search(holds, st.integers(0, 59), domain="", examples=60, most=60, seed=seed)

stuck = Claim(label="own:stuck", where="here", says="n < 60", value=60, mutants={"one": 1})

@stuck.check(Level.SEARCHED, time_limit=0.04)
def sleeps(stated, *, seed):
    return search(lambda n: sleep(60) is None, st.integers(0, 59), domain="", examples=2)

claims = (steady, stuck)
"""


def test_a_thorough_search_may_go_on_as_long_as_it_decides_cases(tmp_path: Path) -> None:
    path = tmp_path / "slow.py"
    path.write_text(SLOW)
    registry = discover(file=path)
    claims = registry.select(["all"])
    found = {o.claim: o for o in run(registry, claims, jobs=2, profile=Profile.THOROUGH)}
    assert found["own:slow"].verdict is Verdict.SEARCHED
    assert found["own:slow"].seconds > 0.04 * Profile.THOROUGH.patience
    assert found["own:stuck"].verdict is Verdict.ERROR
    assert found["own:stuck"].detail == "killed after 1.6 s without a sign of life"
    killed = {o.claim: o for o in run(registry, claims, jobs=2, profile=Profile.DEFAULT)}
    assert all("killed at its time limit of 0.16 s" in o.detail for o in killed.values())


def test_searches_come_last_in_a_thorough_run() -> None:
    claims = [TOYS.claims[label] for label in ("toy:below", "toy:square")]
    for profile, first in ((Profile.QUICK, "toy:below"), (Profile.THOROUGH, "toy:square")):
        outcomes = run(TOYS, claims, jobs=1, profile=profile)
        assert next(outcomes).claim == first
        outcomes.close()  # type: ignore[attr-defined]


def test_long_checks_are_begun_first() -> None:
    both = TOYS.select(["toy:crashes", "toy:square"])
    first = next(iter(run(TOYS, both, jobs=1)))
    assert first.claim == "toy:square"


def test_every_mutant_is_tried_though_one_survives() -> None:
    outcome = alone("toy:leaves-a-mutant-undecided")
    assert (outcome.survived, outcome.rejected) == (("two",), ("three",))
    outcome = alone("toy:ignores-its-argument")
    assert (outcome.survived, outcome.rejected) == (("two", "three"), ())


def test_statements_alone_may_be_run() -> None:
    labels = ["toy:half", "toy:ignores-its-argument"]
    found = list(run(TOYS, TOYS.select(labels), mutants=False))
    assert {o.claim: (o.verdict, o.rejected) for o in found} == {
        "toy:half": (Verdict.REFUTED, ()),
        "toy:ignores-its-argument": (Verdict.PROVED, ()),
    }


def test_isolated_and_direct_outcomes_agree() -> None:
    claims = TOYS.select(["toy:below", "toy:half", "toy:square"])
    isolated = {o.check: replace(o, seconds=0.0, found=None) for o in run(TOYS, claims, seed=5)}
    for claim in claims:
        direct = judge(claim, claim.checks[0], 5)
        assert isolated[direct.check] == replace(direct, seconds=0.0, found=None)


def test_closing_a_run_ends_its_processes() -> None:
    from multiprocessing import active_children

    outcomes = run(TOYS, TOYS.select(["toy:square", "toy:hangs"]), jobs=2)
    assert next(outcomes).claim == "toy:square"
    outcomes.close()  # type: ignore[attr-defined]
    assert active_children() == []


def test_same_seed_same_outcome() -> None:
    first, second = (alone("toy:below") for _ in range(2))
    assert (first.verdict, first.evidence, first.rejected) == (
        second.verdict,
        second.evidence,
        second.rejected,
    )


# From checks to claims


def made(claim: Claim, *verdicts: Verdict) -> Result:
    check = claim.checks[0]
    outcomes = tuple(Outcome(claim.label, check.name, v, Level.PROVED) for v in verdicts)
    return Result(claim, outcomes)


@pytest.mark.parametrize(
    ("verdicts", "expected"),
    [
        ((Verdict.PROVED,), Verdict.PROVED),
        ((Verdict.PROVED, Verdict.UNDECIDED), Verdict.PROVED),
        ((Verdict.PROVED, Verdict.REFUTED), Verdict.REFUTED),
        ((Verdict.REFUTED, Verdict.TOOTHLESS), Verdict.TOOTHLESS),
        ((Verdict.TOOTHLESS, Verdict.ERROR), Verdict.ERROR),
        ((Verdict.UNDECIDED, Verdict.SKIPPED), Verdict.UNDECIDED),
        ((Verdict.SKIPPED,), Verdict.SKIPPED),
        ((), Verdict.UNDECIDED),
    ],
)
def test_worst_verdict_wins(verdicts: tuple[Verdict, ...], expected: Verdict) -> None:
    assert made(TOYS.claims["toy:square"], *verdicts).verdict is expected


def test_a_partial_check_does_not_lift_the_verdict() -> None:
    claim = TOYS.claims["toy:below"]
    outcomes = (
        Outcome(claim.label, "drawn", Verdict.SEARCHED, Level.SEARCHED),
        Outcome(claim.label, "part", Verdict.PROVED, Level.PROVED, only="n = 2"),
    )
    assert Result(claim, outcomes).verdict is Verdict.SEARCHED
    assert Result(claim, outcomes[1:]).verdict is Verdict.UNDECIDED


def test_expectations() -> None:
    square, half = TOYS.claims["toy:square"], TOYS.claims["toy:half"]
    assert made(square, Verdict.PROVED).as_expected
    assert made(half, Verdict.REFUTED).as_expected
    assert not made(half, Verdict.PROVED).as_expected
    assert not made(square, Verdict.REFUTED).as_expected
    assert not made(square).as_expected


def test_a_contradicted_check_is_not_as_expected() -> None:
    claim = TOYS.claims["toy:below"]
    sound = Outcome(claim.label, "drawn", Verdict.SEARCHED, Level.SEARCHED)
    assert Result(claim, (sound,)).as_expected
    reminded = Result(claim, (replace(sound, contradicted="fails for 7 (found by seed 3)"),))
    assert reminded.verdict is Verdict.SEARCHED
    assert not reminded.as_expected
    assert "another run found: fails for 7" in surprise(reminded)


def test_an_undecided_check_is_not_as_expected() -> None:
    claim = TOYS.claims["toy:square"]
    outcomes = tuple(
        Outcome(claim.label, claim.checks[0].name, v, Level.PROVED)
        for v in (Verdict.PROVED, Verdict.UNDECIDED)
    )
    assert Result(claim, outcomes).verdict is Verdict.PROVED
    assert not Result(claim, outcomes).as_expected


@pytest.mark.parametrize(
    ("labels", "rests"),
    [
        (["toy:square", "toy:half:corrected", "toy:below"], True),
        (["toy:half:corrected", "toy:below"], None),
    ],
)
def test_support_of_ancestors(labels: list[str], rests: bool | None) -> None:
    claims = TOYS.select(labels)
    outcomes = [judge(claim, claim.checks[0]) for claim in claims]
    found = {result.claim.label: result.rests for result in results(TOYS, claims, outcomes)}
    assert found["toy:below"] is rests


def test_a_refuted_ancestor_is_no_support() -> None:
    claims = TOYS.select(["toy:square", "toy:half:corrected", "toy:below"])
    outcomes = [
        Outcome(
            claim.label,
            claim.checks[0].name,
            Verdict.REFUTED if claim.label == "toy:square" else Verdict.PROVED,
            Level.PROVED,
        )
        for claim in claims
    ]
    found = {result.claim.label: result.rests for result in results(TOYS, claims, outcomes)}
    assert found["toy:below"] is False
