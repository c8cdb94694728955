"""What a user gets: a light import, one version, types, the commands of the README."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tomllib
from importlib import metadata
from importlib.resources import files
from pathlib import Path

import pytest
from packaging.requirements import Requirement

import hermiso

ROOT = Path(__file__).resolve().parents[1]
HEAVY = {
    "array_api_compat",
    "flint",
    "hypothesis",
    "matplotlib",
    "numpy",
    "rich",
    "scipy",
    "torch",
    "verify",
}


def text(path: str) -> str:
    return (ROOT / path).read_text(encoding="utf-8")


def loaded_by(statement: str) -> set[str]:
    """Return the heavy packages that a fresh interpreter holds after the statement."""
    script = f"import sys\n{statement}\nprint(*sys.modules)"
    command = [sys.executable, "-c", script]
    run = subprocess.run(command, check=True, capture_output=True, text=True, cwd=ROOT)
    return HEAVY & set(run.stdout.split())


def test_import_is_light() -> None:
    assert loaded_by("import hermiso") == set()


def test_a_heavy_import_would_be_seen() -> None:
    assert loaded_by("import hermiso, numpy") == {"numpy"}


def test_every_public_name_can_be_had() -> None:
    assert [name for name in hermiso.__all__ if not hasattr(hermiso, name)] == []


def test_version_is_stated_once() -> None:
    project = tomllib.loads(text("pyproject.toml"))
    assert "version" in project["project"]["dynamic"]
    assert project["tool"]["hatch"]["version"]["path"] == "hermiso/__init__.py"


def test_version_is_the_same_everywhere() -> None:
    cited = re.findall(r"(?m)^version: (\S+)$", text("CITATION.cff"))
    logged = re.findall(r"(?m)^## \[(\d\S*)\]", text("CHANGELOG.md"))
    assert cited == [hermiso.__version__]
    assert logged[:1] == [hermiso.__version__]
    installed = metadata.version("hermiso")
    assert installed == hermiso.__version__, "the install is stale: rm .venv/.ready, then make venv"


@pytest.mark.parametrize("package", ["hermiso", "verify"])
def test_types_are_shipped(package: str) -> None:
    assert files(package).joinpath("py.typed").is_file()


@pytest.mark.parametrize("command", ["make verify", "make test", "pip install"])
def test_readme_shows_how_to_start(command: str) -> None:
    assert command in text("README.md")


def test_both_ci_entries_run_the_readmes_command() -> None:
    assert os.access(ROOT / ".ci/run", os.X_OK)
    assert "make test" in text(".ci/run").splitlines()
    assert ".ci/run" in text(".github/workflows/ci.yml")


def pins() -> dict[str, str]:
    """Return the versions of constraints.txt by lower-case name."""
    return dict(re.findall(r"(?m)^([a-z][\w-]*)==(\S+)$", text("constraints.txt").lower()))


def ranges() -> list[Requirement]:
    """Return every requirement of pyproject.toml on another project."""
    project = tomllib.loads(text("pyproject.toml"))["project"]
    lines = sum(project["optional-dependencies"].values(), project["dependencies"])
    return [entry for entry in map(Requirement, lines) if entry.name != "hermiso"]


@pytest.mark.parametrize("requirement", ranges(), ids=lambda entry: entry.name)
def test_every_dependency_is_pinned_within_its_range(requirement: Requirement) -> None:
    assert requirement.specifier, "state the oldest release that works"
    assert pins()[requirement.name] in requirement.specifier


def test_pins_are_public_versions() -> None:
    assert [pin for pin in pins().values() if "+" in pin] == []
