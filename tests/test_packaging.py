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
from hermiso import checker
from hermiso.extras import EXTRAS

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


# Where extras are missing

BARE = """
import sys

class Hidden:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {hidden}:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)

sys.meta_path.insert(0, Hidden())
"""
ENTRIES = """
import contextlib, inspect, io, pydoc, pkgutil
import hermiso
from hermiso import checker
from hermiso.extras import EXTRAS

def fails(ask, package, extra):
    try:
        ask()
    except hermiso.errors.MissingExtra as error:
        assert isinstance(error, ModuleNotFoundError) and error.name == package, error
        wanted = f'{package} is not installed; install it with: pip install "hermiso[{extra}]"'
        assert str(error) == wanted, error
    else:
        raise AssertionError(f"{ask} needs no {package}")

def imported(name):
    return lambda: __import__(name, fromlist=["_"])

def run(main, arguments, said):
    err = io.StringIO()
    with contextlib.redirect_stderr(err):
        status = main(arguments)
    lines = err.getvalue().splitlines()
    assert status == 2 and len(lines) == 1 and said in lines[0], lines

assert hermiso.beta("relu").is_number
gelu = hermiso.as_activation("gelu")
assert abs(hermiso.numeric.beta(gelu) - 1.2767124786594748) < 1e-12
fails(lambda: hermiso.finite.simulate, "torch", "torch")
fails(lambda: hermiso.experiments.Config, "torch", "experiments")
fails(lambda: hermiso.experiments.get("figure-3"), "torch", "experiments")
fails(lambda: hermiso.sweep.run("figure-3", store="f"), "torch", "experiments")
fails(lambda: hermiso.sweep.results("f"), "pandas", "experiments")
fails(gelu.torch, "torch", "torch")
fails(lambda: imported("hermiso.plots")().bounds(("relu",)), "matplotlib", "plot")
fails(imported("verify.strategies"), "hypothesis", "verify")
fails(imported("verify.charts"), "hypothesis", "verify")
fails(imported("verify.report"), "rich", "verify")
import verify
fails(lambda: verify.search(bool, None, domain=""), "hypothesis", "verify")

from hermiso.__main__ import main
import verify.__main__
for command in (["run", "figure-3"], ["sweep", "figure-3"], ["results", "f"]):
    run(main, command, 'pip install "hermiso[experiments]"')
run(main, ["theorem4", "relu"], 'pip install "hermiso[torch]"')
run(verify.__main__.main, ["list"], 'pip install "hermiso[verify]"')
run(main, ["verify", "all"], 'pip install "hermiso[verify]"')

members = dict(inspect.getmembers(hermiso))
assert "beta" in members and "finite" in members
for part in (hermiso.finite, hermiso.experiments, hermiso.sweep):
    inspect.getmembers(part)
    pydoc.render_doc(part)
assert "isometry" in pydoc.render_doc(hermiso)
everything = {}
exec("from hermiso import *", everything)
assert "kernel_map" in everything
assert len(list(pkgutil.walk_packages(hermiso.__path__, "hermiso."))) > 80
"""


def test_a_missing_extra_is_named_wherever_it_is_needed() -> None:
    hidden = BARE.format(hidden=sorted(EXTRAS))
    command = [sys.executable, "-c", hidden + ENTRIES]
    run = subprocess.run(command, capture_output=True, text=True, cwd=ROOT)
    assert run.returncode == 0, run.stderr


def test_extras_are_those_of_the_project() -> None:
    extras = tomllib.loads(text("pyproject.toml"))["project"]["optional-dependencies"]
    for package, extra in EXTRAS.items():
        lines = map(Requirement, extras[extra])
        assert package in {"dask", *(line.name for line in lines)}


@pytest.mark.search
def test_a_bare_environment_built_from_the_wheel(tmp_path: Path) -> None:
    """It takes a minute, and the packages from an index."""
    env, wheels = tmp_path / "env", tmp_path / "wheels"
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check"]
    subprocess.run([*pip, "wheel", "-q", "--no-deps", "-w", wheels, ROOT], check=True)
    subprocess.run([sys.executable, "-m", "venv", env], check=True)
    python = env / "bin/python"
    command = [python, "-m", "pip", "install", "-q", "-c", ROOT / "constraints.txt"]
    subprocess.run([*command, *wheels.glob("*.whl")], check=True)
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    for script in (ENTRIES, HOLDS):
        run = subprocess.run(
            [python, "-c", script], capture_output=True, text=True, cwd=tmp_path, env=environment
        )
        assert run.returncode == 0, run.stderr


# Another project's package of the name verify

HOLDS = """
import subprocess, sys
from pathlib import Path
import verify

ours = Path(verify.__file__)
script = str(Path(sys.executable).with_name("hermiso-verify"))
ways = [[script], [sys.executable, "-m", "hermiso", "verify"], [sys.executable, "-m", "verify"]]

def check(ways, said):
    for way in ways:
        run = subprocess.run([*way, "--version"], capture_output=True, text=True)
        assert (run.returncode, run.stdout[:8]) == (0, "hermiso "), (way, run)
        assert (said in run.stderr) if said else run.stderr == "", (way, run)

check(ways, "")
text = ours.read_text()
ours.write_text("def contracts(): pass")  # as another project's wheel leaves it
check(ways, "(__init__.py differs)")
ours.write_text(text)
ours.with_name("claim.py").unlink()
check(ways[:2], "(claim.py differs)")
Path("verify.py").write_text("raise SystemExit(7)")  # in the working folder
check(ways[1:2], "verify.py is not the checker of hermiso")
"""


@pytest.mark.parametrize("foreign", ["module", "package"])
def test_the_checker_runs_beside_a_foreign_package_of_its_name(
    tmp_path: Path, foreign: str
) -> None:
    place = tmp_path / ("verify.py" if foreign == "module" else "verify/__init__.py")
    place.parent.mkdir(exist_ok=True)
    place.write_text("raise RuntimeError('not ours')")
    (tmp_path / "own.py").write_text(OWN)
    environment = dict(os.environ, PYTHONPATH=f"{tmp_path}{os.pathsep}{ROOT}")
    command = [sys.executable, "-m", "hermiso", "verify", "all", "--from", "own.py", "--no-cache"]
    run = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, env=environment)
    assert run.returncode == 0, run.stderr
    assert "1 claims: 1 proved" in run.stdout
    assert f"{place} is not the checker of hermiso" in run.stderr
    assert "pip install --force-reinstall --no-deps hermiso" in run.stderr


OWN = """
from verify import Claim, Level, equal

claim = Claim(label="own:one", where="here", says="1 = 1", value=1, mutants={"two": 2})

@claim.check(Level.PROVED)
def compared(stated):
    return equal(1, stated, domain="one number")
"""


def test_our_own_checker_is_no_fault() -> None:
    assert checker.fault() == ""


def test_a_missing_checker_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checker, "find_spec", lambda name: None)
    assert "the package `verify` is missing" in checker.fault()
