"""The digest of the code that computes a cell, and results that other code has computed."""

import re
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest

import hermiso
from hermiso import experiments
from hermiso.store import Cell, Store
from hermiso.sweep import results, sources
from hermiso.sweep.command import main
from hermiso.sweep.reporting import main as report
from hermiso.sweep.tables import encoded
from hermiso.sweep.tasks import Task, carried_out
from tests.toy_experiments import TOYS

TOY = TOYS["toy"]


def forget() -> None:
    for kept in (sources.digest_of, sources._digest, sources._file, sources._roots):
        kept.cache_clear()


@pytest.fixture
def _afresh() -> Iterator[None]:
    yield
    forget()


@pytest.mark.usefixtures("_afresh")
def test_a_digest_follows_what_is_imported_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(str(tmp_path))
    files = {
        "__init__": "",
        "figure": "from .near import (\n  a,  # that\n)\ndef run(c):\n  import lab_of_digests.late",
        "near": "from lab_of_digests import far",
        "far": "a = 1",
        "late": "b = 1",
        "other": "c = 1",
    }
    (tmp_path / "lab_of_digests").mkdir()

    def digested(**changes: str) -> str:
        for module, source in (files | changes).items():
            (tmp_path / "lab_of_digests" / f"{module}.py").write_text(source)
        forget()
        return sources.digest_of("lab_of_digests.figure")

    first = digested()
    assert re.fullmatch("[0-9a-f]{16}", first)
    changed = {digested(**{name: f"{files[name]}\n# more"}) for name in files if name != "other"}
    assert len(changed) == 5
    assert first not in changed
    assert digested(other="c = 2") == first
    monkeypatch.setattr(sources, "version", lambda name: "9.9")  # of numpy and others
    assert digested() != first


def test_the_code_of_a_figure_is_known_without_importing_it() -> None:
    reached = sources._reached("hermiso.experiments.figure_9")
    # What is imported at the top, in functions, and by `from hermiso import`.
    assert reached >= {
        "hermiso.experiments.figure_9", "hermiso.experiments.pictures", "hermiso.meanfield",
        "hermiso.finite.sampler", "hermiso.compiled", "hermiso.catalogue", "hermiso.parsing",
    }  # fmt: skip
    assert not {"hermiso", "hermiso.sweep.command", "hermiso.experiments.figure_3"} & reached
    for name in experiments.names():
        module = f"hermiso.experiments.{name.replace('-', '_')}"
        assert sources.digest(experiments.get(name).run) == sources.digest_of(module)


def test_results_of_other_code_are_listed_and_never_mixed(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = str(tmp_path / "runs.sqlite")
    monkeypatch.setattr("hermiso.sweep.command._installed", lambda: None)
    command = ["toy", "--set", "width=1,2", "--store", store, "--jobs", "1"]

    def swept() -> str:
        assert main(command, lambda name: TOY) == 0
        return capsys.readouterr().err

    assert "other code" not in swept()
    old = sources.digest(TOY.run)
    for place in ("grid", "tasks", "tables"):
        monkeypatch.setattr(f"hermiso.sweep.{place}.digest", lambda function: "f" * 16)
    said = swept()
    assert "2 cells, 2 finished in" in said
    assert said.endswith("results of other code: 2 cells, not used\n")
    assert "2 cells, 2 were finished before" in swept()
    assert report([store]) == 0
    printed = capsys.readouterr()
    assert "8 rows of 16 columns" in printed.out
    assert old not in printed.out
    assert printed.err.startswith("results of toy by other code: 2 cells, not used")
    assert report([store, "--all-code"]) == 0
    printed = capsys.readouterr()
    assert "16 rows of 16 columns" in printed.out
    assert printed.err == ""
    assert set(results(store, TOY, all_code=True)["code"]) == {old, "f" * 16}


def test_what_an_older_commit_has_kept_is_not_shown_as_of_today(tmp_path: Path) -> None:
    store = tmp_path / "runs.sqlite"
    with Store(store) as opened:
        old = Cell("figure-4", '{"width": 100}', 0, hermiso.__version__)
        opened.finish(old, encoded(pd.DataFrame({"gap": [1.34]})), 1.0)
    with pytest.warns(UserWarning, match="results of figure-4 by other code: 1 cell, not used"):
        assert results(store).empty
    assert list(results(store, all_code=True)["gap"]) == [1.34]


def test_a_worker_of_other_code_computes_nothing() -> None:
    done = carried_out(Task("k", TOY.run, TOY.config, "0" * 16))
    own = sources.digest(TOY.run)
    assert done.result is None
    assert f"the worker has code {own} and the sweep {'0' * 16}; have the same" in str(done.error)
    assert carried_out(Task("k", TOY.run, TOY.config, own)).error is None
