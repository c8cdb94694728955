"""Stored counterexamples: replayed first, never needed, never trusted, never a crash."""

import json
import os
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from hypothesis import strategies as st

from verify import (
    Chart,
    Claim,
    Evidence,
    Level,
    Outcome,
    Profile,
    Store,
    Verdict,
    bounded,
    discover,
    run,
    search,
)
from verify import store as store_module
from verify.caches import default_folder
from verify.judging import Order, carried_out
from verify.memory import Counterexample
from verify.store import origin

TOYS = discover("tests.verify.toys")
ORIGIN = "seed 0, profile quick"


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def store(tmp_path: Path, said: list[str]) -> Store:
    return Store(tmp_path / "cache", said.append)


def test_a_folder_that_cannot_be_used_costs_one_warning(tmp_path: Path, said: list[str]) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("")
    store = Store(blocked / "cache", said.append)
    store.keep("toy:stored", "drawn", Counterexample(ORIGIN, 0, "draw", "x"))
    assert [store.known("toy:stored", name) for name in ("drawn", "other")] == [(), ()]
    (line,) = said
    assert line.startswith(f"{blocked / 'cache'}: no counterexample of this run is stored there: ")
    assert line.endswith(f"{blocked} is no folder")


def test_a_folder_that_may_not_be_written_to(
    tmp_path: Path, said: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    Store(tmp_path / "deep" / "cache", said.append)
    (line,) = said
    assert line.startswith(f"{tmp_path / 'deep' / 'cache'}: ")
    assert line.endswith(f"{tmp_path} cannot be written to")


def test_a_folder_that_cannot_be_made_costs_one_warning_at_the_start(
    tmp_path: Path, said: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*_: object) -> None:  # as /proc does, also to those who may write everywhere
        raise FileNotFoundError(2, "No such file or directory")

    monkeypatch.setattr(os, "mkdir", refused)
    folder = tmp_path / "cache"
    Store(folder, said.append)
    assert said == [
        f"{folder}: no counterexample of this run is stored there: it cannot be made or written "
        "to (No such file or directory)"
    ]


def test_a_folder_that_takes_no_file_costs_one_warning_at_the_start(
    tmp_path: Path, said: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*_: object) -> None:
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr(os, "open", refused)
    Store(tmp_path, said.append)
    (line,) = said
    assert line.endswith("it cannot be made or written to (Read-only file system)")


def test_a_disk_that_fills_up_costs_one_warning(
    store: Store, said: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(store_module, "_replace", full)
    for data in ("x", "y"):
        store.keep("toy:stored", "drawn", Counterexample(ORIGIN, 0, "draw", data))
    assert len(said) == 1
    assert "No space left on device" in said[0]


def claim(value: Any = 10) -> Claim:
    made = Claim(label="toy:stored", where="here", says="", value=value, mutants={"5": 5})
    made.check(Level.SEARCHED)(drawn)
    return made


CASES: list[int] = []


def drawn(stated: int, *, seed: int) -> Evidence:
    def holds(n: int) -> bool:
        CASES.append(n)
        return n < stated

    return search(holds, st.integers(0, 1000), domain="here", examples=50, seed=seed)


def judged(made: Claim, known: tuple[Counterexample, ...] = (), seed: int = 0) -> Outcome:
    CASES.clear()
    return carried_out(made, made.checks[0], Order(seed, mutants=False), known)


def test_a_counterexample_is_replayed_first() -> None:
    first = judged(claim())
    tried = len(CASES)
    assert first.verdict is Verdict.REFUTED
    assert first.found is not None
    again = judged(claim(), (first.found,))
    assert set(CASES) == {10}
    assert len(CASES) < tried
    assert replace(again, seconds=0.0) == replace(first, seconds=0.0)


def test_a_counterexample_of_a_climb_is_replayed_too() -> None:
    tried: list[Fraction] = []

    def sides(v: Fraction) -> tuple[Fraction, Fraction]:
        tried.append(v)
        return Fraction(999, 1000), (1 + (v - Fraction(1, 3)) ** 2) * Fraction(99, 100)

    made = Claim(label="toy:climb", where="here", says="", value=0, mutants={"1": 1})
    line = Chart[Fraction](point=lambda v: (v,), case=lambda t: t[0])

    @made.check(Level.SEARCHED)
    def climbed(stated: int) -> Evidence:
        return bounded(sides, st.integers(-9, 9).map(Fraction), domain="", chart=line)

    first = judged(made)
    assert first.found is not None
    assert first.found.method == "climb"
    tried.clear()
    again = judged(made, (first.found,))
    assert len(tried) == 1
    assert (again.verdict, again.detail) == (first.verdict, first.detail)


def test_one_that_holds_now_changes_nothing() -> None:
    found = judged(claim()).found
    assert found is not None
    mended = claim(2000)
    assert judged(mended, (found,)).verdict is Verdict.SEARCHED
    assert judged(mended, (found,)).contradicted == ""


@pytest.mark.parametrize(
    "data", ["", "6.0 AAAA", "6.0", "nonsense nonsense", '["1/0"]', "[", '{"a": 1}']
)
@pytest.mark.parametrize("method", ["draw", "climb", "dance"])
def test_one_that_cannot_be_drawn_changes_nothing(method: str, data: str) -> None:
    known = (Counterexample(ORIGIN, 0, method, data),)
    assert judged(claim(2000), known).verdict is Verdict.SEARCHED
    assert judged(claim(), known).detail == judged(claim()).detail


def rare(stated: int, *, seed: int) -> Evidence:
    """1 in 1000: 20 cases find none for most seeds."""
    cases = st.integers(0, 10**6)
    return search(lambda n: n % 1000 != 999, cases, domain="", examples=20, seed=seed)


def test_one_of_another_seed_is_reported_and_leaves_the_verdict_of_this_seed() -> None:
    made = Claim(label="toy:rare", where="here", says="", value=1, mutants={"2": 2})
    made.check(Level.SEARCHED)(rare)
    found = next(o.found for o in (judged(made, seed=seed) for seed in range(300)) if o.found)
    seed = next(s for s in range(300) if judged(made, seed=s).verdict is Verdict.SEARCHED)
    alone, reminded = judged(made, seed=seed), judged(made, (found,), seed=seed)
    assert reminded.verdict is alone.verdict
    assert reminded.evidence == alone.evidence
    assert "fails for" in reminded.contradicted
    assert found.origin in reminded.contradicted


# On disk


def test_what_is_kept_is_known(store: Store, said: list[str]) -> None:
    first, second = (Counterexample(f"seed {s}", 0, "draw", "1 AA==") for s in (1, 2))
    assert store.known("toy:a", "check") == ()
    for found in (first, second, first):
        store.keep("toy:a", "check", found)
    assert store.known("toy:a", "check") == (first, second)
    better = replace(first, data="1 BB==")
    store.keep("toy:a", "check", better)
    assert store.known("toy:a", "check") == (second, better)
    assert store.known("toy:a", "other") == ()
    assert said == []


def test_no_unfinished_file_is_left(store: Store) -> None:
    store.keep("toy:a", "check", Counterexample("", 0, "draw", ""))
    assert os.listdir(store.folder) == ["toy.a.check.json"]


def test_the_oldest_go_first(store: Store) -> None:
    for seed in range(60):
        store.keep("toy:a", "check", Counterexample(f"seed {seed}", 0, "draw", ""))
    known = store.known("toy:a", "check")
    assert [known[0].origin, known[-1].origin] == ["seed 10", "seed 59"]


BROKEN = [
    b"",
    b"{",
    b"\xff\xfe\x00",
    b"[]",
    b"null",
    b'{"format": 2, "counterexamples": []}',
    b'{"format": 1}',
    b'{"format": 1, "counterexamples": 7}',
    b'{"format": 1, "counterexamples": [7]}',
    b'{"format": 1, "counterexamples": [{"origin": "seed 0"}]}',
    b'{"format": 1, "counterexamples": [{"origin": 1, "search": 0, "method": "", "data": ""}]}',
    b'{"format": 1, "counterexamples": [{"origin": "", "search": "", "method": "", "data": ""}]}',
]


@pytest.mark.parametrize("content", BROKEN)
def test_a_broken_file_is_a_warning(store: Store, said: list[str], content: bytes) -> None:
    path = store.path("toy:a", "check")
    path.write_bytes(content)
    assert store.known("toy:a", "check") == ()
    (line,) = said
    assert str(path) in line
    assert "it is ignored" in line
    found = Counterexample("", 0, "draw", "")
    store.keep("toy:a", "check", found)
    assert store.known("toy:a", "check") == (found,)


def test_the_default_folder_is_among_the_caches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", "/somewhere")
    assert default_folder() == Path("/somewhere/hermiso-verify")
    monkeypatch.delenv("XDG_CACHE_HOME")
    assert default_folder() == Path.home() / ".cache" / "hermiso-verify"


# In a run

FALSE = """
from hypothesis import strategies as st
from verify import Claim, Level, search

claim = Claim(label="own:false", where="here", says="n < 10", value=10, mutants={"5": 5})

@claim.check(Level.SEARCHED)
def drawn(stated, *, seed):
    return search(lambda n: n < stated, st.integers(0, 99), domain="0..99", seed=seed)
"""


def outcomes(path: Path, store: Store | None, **options: Any) -> list[Outcome]:
    registry = discover("tests.verify.toys", path)
    found = run(registry, registry.select(["all"]), jobs=1, store=store, **options)
    return [replace(outcome, seconds=0.0) for outcome in found]


def test_runs_agree_with_and_without_the_store(store: Store, tmp_path: Path) -> None:
    path = tmp_path / "false.py"
    path.write_text(FALSE)
    without = outcomes(path, None)
    first, second = outcomes(path, store), outcomes(path, store)
    assert without == first == second
    assert without[0].verdict is Verdict.REFUTED
    (kept,) = store.known("own:false", "drawn")
    assert kept.origin == origin(Order(), str(path.resolve()))
    outcomes(path, store, seed=1)
    outcomes(path, store, profile=Profile.DEFAULT)
    assert len(store.known("own:false", "drawn")) == 3


def test_a_run_outlives_a_broken_store(store: Store, said: list[str], tmp_path: Path) -> None:
    path = tmp_path / "false.py"
    path.write_text(FALSE)
    without = outcomes(path, None)
    broken = store.path("own:false", "drawn")
    broken.write_text("{ broken")
    assert outcomes(path, store) == without
    assert len(said) >= 1
    assert json.loads(broken.read_text())["format"] == 1


def test_the_origin_follows_the_sources(tmp_path: Path) -> None:
    first, second = tmp_path / "first.py", tmp_path / "second.py"
    first.write_text(FALSE)
    second.write_text(FALSE.replace("99", "98"))
    names = [origin(Order(), str(path)) for path in (first, second)]
    assert names[0] != names[1]
    assert all(name.startswith("seed 0, profile quick, sources ") for name in names)
    assert origin(Order(), TOYS.modules["toy:half"]) == origin(Order(), TOYS.modules["toy:half"])
