"""Profiles: how many cases, which checks, how long, and that a seed fixes them all."""

from fractions import Fraction

import pytest
from hypothesis import strategies as st

from verify import Claim, Evidence, Level, Outcome, Profile, Refuted, Result, Verdict, judge, search
from verify import searching as engine
from verify.profile import Effort, briefly, current_effort, effort


@pytest.mark.parametrize(
    ("profile", "searches", "examples", "most", "cases"),
    [
        (Profile.QUICK, 1, 60, None, 60),
        (Profile.QUICK, 1, 5000, None, 300),
        (Profile.QUICK, 1, 60, 20, 20),
        (Profile.DEFAULT, 1, 60, None, 240),
        (Profile.DEFAULT, 1, 60, 100, 100),
        (Profile.THOROUGH, 1, 60, None, 10**6),
        (Profile.THOROUGH, 3, 60, None, 333_334),
        (Profile.THOROUGH, 1, 60, 2000, 2000),
    ],
)
def test_cases(
    profile: Profile, searches: int, examples: int, most: int | None, cases: int
) -> None:
    assert Effort(profile, searches).cases(examples, most) == cases


def test_longer_profiles_never_try_less() -> None:
    for examples in (1, 100, 10**7):
        counts = [Effort(profile).cases(examples) for profile in Profile]
        assert counts == sorted(counts)
    assert [p.patience for p in Profile] == sorted(p.patience for p in Profile)


def test_a_brief_search_is_shorter_in_a_quick_run_alone() -> None:
    with effort(Profile.QUICK), briefly(Fraction(1, 4)):
        assert [current_effort().cases(n) for n in (1, 100, 101)] == [1, 25, 26]
    for profile in (Profile.DEFAULT, Profile.THOROUGH):
        with effort(profile):
            full = current_effort().cases(100)
            with briefly(Fraction(1, 4)):
                assert current_effort().cases(100) == full


def test_a_wrong_version_may_take_all_cases_of_a_quick_run() -> None:
    counts: dict[int, int] = dict.fromkeys((1, 2, 3), 0)
    made = Claim(label="toy:late", where="here", says="1", value=1, mutants={"2": 2, "3": 3})

    @made.check(Level.SEARCHED)
    def counted(stated: int, *, seed: int) -> Evidence:
        def holds(n: int) -> bool:
            counts[stated] += 1
            return stated == 1 or counts[stated] < 35 * (stated - 1)

        return search(holds, st.integers(0, 10**6), domain="", examples=60, seed=seed)

    outcome = judge(made, made.checks[0])
    assert (outcome.rejected, outcome.survived) == (("2",), ("3",))
    assert (counts[1], counts[3]) == (30, 60)


def test_effort_holds_within_its_context() -> None:
    assert current_effort().profile is Profile.QUICK
    with effort(Profile.DEFAULT):
        assert current_effort().profile is Profile.DEFAULT
    assert current_effort().profile is Profile.QUICK


def test_names_of_profiles() -> None:
    assert [Profile.named(profile.word) for profile in Profile] == list(Profile)
    assert Profile.named(Profile.QUICK) is Profile.QUICK
    with pytest.raises(ValueError, match="'slow'; choose one of quick, default, thorough"):
        Profile.named("slow")


def claim() -> Claim:
    return Claim(label="toy:profiled", where="here", says="1", value=100, mutants={"50": 50})


def drawn(stated: int, *, seed: int) -> Evidence:
    strategy = st.integers(0, 99).flatmap(lambda n: st.tuples(st.just(n), st.integers(0, 999)))
    return search(lambda c: c[0] < stated, strategy, domain="", examples=30, seed=seed)


def test_a_judged_check_takes_the_effort_of_its_profile() -> None:
    made = claim()
    made.check(Level.SEARCHED)(drawn)
    found = {p: judge(made, made.checks[0], profile=p) for p in (Profile.QUICK, Profile.DEFAULT)}
    assert [o.evidence.cases for o in found.values() if o.evidence] == [15, 120]
    again = judge(made, made.checks[0], profile=Profile.DEFAULT)
    assert (again.verdict, again.evidence) == (
        found[Profile.DEFAULT].verdict,
        found[Profile.DEFAULT].evidence,
    )


# Rounds of a long search


@pytest.fixture
def _short_rounds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "ROUND", 100)


@pytest.mark.usefixtures("_short_rounds")
def test_a_long_search_goes_in_rounds_and_counts_cases_once() -> None:
    seen: list[int] = []
    found = search(lambda n: seen.append(n) is None, st.integers(0, 10**9), domain="", examples=300)
    assert found.cases == len(set(seen))
    assert 300 <= found.cases <= 310


@pytest.mark.usefixtures("_short_rounds")
def test_a_long_search_of_few_cases_ends() -> None:
    found = search(lambda n: n < 150, st.integers(0, 149), domain="", examples=300)
    assert found.cases is not None
    assert 90 <= found.cases <= 150


@pytest.mark.usefixtures("_short_rounds")
def test_later_rounds_refute_too() -> None:
    rare = st.integers(0, 9999)
    with pytest.raises(Refuted, match=r"^fails for"):
        search(lambda n: n % 97 != 96, rare, domain="", examples=300)
    search(lambda n: n % 97 != 96, rare, domain="", examples=2)


# Checks that wait for a profile


def supports(stated: int) -> Evidence:
    return Evidence(Level.PROVED, "all")


def of_profile(*profiles: str, only: str | None = None) -> Claim:
    made = claim()
    for number, profile in enumerate(profiles):
        level = Level.PROVED if number else Level.SEARCHED
        made.check(level, profile=profile, only=only if number == 0 else None)(supports)
    return made


def test_unknown_profiles_are_refused_at_registration() -> None:
    with pytest.raises(ValueError, match="no profile is called 'slow'"):
        claim().check(Level.PROVED, profile="slow")


def test_the_expected_verdict_follows_the_profile() -> None:
    made = of_profile("quick", "thorough")
    assert made.expected_in(Profile.QUICK) is Verdict.SEARCHED
    assert made.expected_in(Profile.THOROUGH) is Verdict.PROVED
    assert made.expects is Verdict.PROVED
    assert [len(made.due(profile)) for profile in Profile] == [1, 1, 2]


@pytest.mark.parametrize("only", [None, "n = 2"])
def test_a_claim_whose_whole_checks_are_left_out_is_skipped_as_expected(only: str | None) -> None:
    profiles = ("quick", "thorough") if only else ("thorough",)
    made = of_profile(*profiles, only=only)
    ran = tuple(
        Outcome(made.label, check.name, Verdict.SEARCHED, check.level, check.only)
        for check in made.due(Profile.QUICK)
    )
    result = Result(made, ran, profile=Profile.QUICK)
    assert made.expected_in(Profile.QUICK) is Verdict.SKIPPED
    assert result.verdict is Verdict.SKIPPED
    assert result.complete
    assert result.as_expected


@pytest.mark.parametrize("verdict", [Verdict.REFUTED, Verdict.ERROR, Verdict.UNDECIDED])
def test_a_part_that_fails_is_not_skipped(verdict: Verdict) -> None:
    made = of_profile("quick", "thorough", only="n = 2")
    outcome = Outcome(made.label, "supports", verdict, Level.SEARCHED, "n = 2")
    result = Result(made, (outcome,), profile=Profile.QUICK)
    assert result.verdict is verdict
    assert not result.as_expected


def test_an_erratum_that_no_check_of_the_profile_refutes_is_skipped() -> None:
    made = Claim(
        label="toy:late",
        where="here",
        says="1",
        value=1,
        mutants={"two": 2},
        expected=Verdict.REFUTED,
    )
    made.check(Level.PROVED, profile="thorough")(supports)
    assert made.expected_in(Profile.DEFAULT) is Verdict.SKIPPED
    assert made.expected_in(Profile.THOROUGH) is Verdict.REFUTED


def test_a_claim_that_is_both_shown_and_refuted_is_disputed() -> None:
    made = Claim(label="toy:both", where="", says="", value=1, mutants={}, expected=Verdict.REFUTED)
    made.check(Level.PROVED)(supports)
    outcomes = (
        Outcome("toy:both", "supports", Verdict.REFUTED, Level.PROVED),
        Outcome("toy:both", "supports", Verdict.PROVED, Level.PROVED),
    )
    assert Result(made, outcomes[:1]).as_expected
    found = Result(made, (outcomes[1], outcomes[0]))
    assert found.disputed
    assert not found.as_expected
