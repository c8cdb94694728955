"""The house rules of docs/design.md that a syntax tree can show to be broken.

Each rule is a function from a module to the list of its breaches. The last part of the file
feeds every rule sources that break it and sources that keep it.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from itertools import chain
from pathlib import Path

import pytest

import hermiso

ROOT = Path(__file__).resolve().parents[1]

# Lowest first. A module imports lower rooms and its own, never a higher one.
ROOMS = (
    {"errors"},
    {"memory", "terminal"},
    {"budget"},
    {"algebra"},
    {"writing"},
    {"extras", "checker"},
    {"hermite"},
    {"signs"},
    {"vanishing"},
    {"pieces"},
    {"evaluate"},
    {"quadrature"},
    {"balls"},
    {"integrability"},
    {"identities"},
    {"floats"},
    {"stable"},
    {"scaled"},
    {"compiled"},
    {"tokens"},
    {"activation", "catalogue", "vocabulary", "parsing"},  # names and formulas are read late
    {"symbolic"},
    {"problem"},
    {"gram"},
    {"layerwise"},
    {"bounds"},
    {"closed_form"},
    {"certified"},
    {"numeric"},
    {"meanfield"},
    {"plots"},
    {"finite"},
    {"experiments"},
    {"store"},
    {"sweep"},
    {"__init__"},
    {"commands"},
    {"__main__"},
)
TORCH_MODULES = {"hermiso.compiled", "hermiso.numeric.kernel"}
NEVER_EAGER = {"torch", "flint", "matplotlib", "pandas", "joblib", "distributed", "ray"}
WELCOME = {  # rooms that are loaded only when they are asked for
    "flint": {"balls"},
    "torch": {"finite", "experiments"},
}
LINE_LIMIT = 400

STATEFUL_CALLS = {
    "seterr",
    "seterrcall",
    "setrecursionlimit",
    "manual_seed",
    "set_default_device",
    "set_default_dtype",
    "set_printoptions",
    "use_deterministic_algorithms",
}
# Its processes read the tasks that their own parent writes to their pipe; no text of a user.
OWN_BYTES = {"hermiso.sweep.processes"}
EVALUATORS = {"exec", "parse_expr", "pickle", "marshal", "shelve", "dill", "cloudpickle"}
LOCAL_RANDOM = {"Random", "Generator", "SeedSequence", "default_rng"}
SHARED_CONTEXTS = {"mp", "iv", "fp", "mpmath"}


@dataclass(frozen=True)
class Module:
    """One source file: dotted name, syntax tree, number of lines, whether it is a package."""

    name: str
    tree: ast.Module
    lines: int
    package: bool = False

    @property
    def room(self) -> str:
        parts = self.name.split(".")
        return parts[1] if len(parts) > 1 else "__init__"


@dataclass(frozen=True)
class Import:
    """An imported module; late means inside a function."""

    target: str
    line: int
    late: bool


def module(name: str, source: str, package: bool = False) -> Module:
    return Module(name, ast.parse(source), len(source.splitlines()), package)


def read(path: Path) -> Module:
    parts = path.relative_to(ROOT).with_suffix("").parts
    package = parts[-1] == "__init__"
    name = ".".join(parts[:-1] if package else parts)
    return module(name, path.read_text(encoding="utf-8"), package)


def sources(folder: str) -> list[Module]:
    return [read(path) for path in sorted((ROOT / folder).rglob("*.py"))]


HERMISO, VERIFY = sources("hermiso"), sources("verify")
PACKAGES = [*HERMISO, *VERIFY]
EVERYTHING = [*PACKAGES, *sources("tests"), *sources("benchmarks")]
NAMES = {entry.name for entry in PACKAGES}


# Reading imports


def dotted(node: ast.expr) -> str:
    """Return "a.b.c" for nested attributes of a name, "" for anything else."""
    parts = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    if not isinstance(node, ast.Name):
        return ""
    return ".".join([node.id, *reversed(parts)])


def nodes(tree: ast.AST, late: bool = False) -> Iterator[tuple[ast.AST, bool]]:
    """Yield every node below the tree and whether a function encloses it."""
    for child in ast.iter_child_nodes(tree):
        yield child, late
        inside = late or isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
        yield from nodes(child, inside)


def base(source: Module, node: ast.ImportFrom) -> str:
    """Return the absolute name of the module after `from`."""
    if not node.level:
        return node.module or ""
    parts = source.name.split(".")
    kept = parts[: len(parts) - node.level + source.package]
    return ".".join([*kept, *([node.module] if node.module else [])])


def targets(source: Module, node: ast.AST, known: set[str]) -> list[str]:
    """Return the modules that one node imports."""
    match node:
        case ast.Import():
            return [alias.name for alias in node.names]
        case ast.ImportFrom():
            start = base(source, node)
            members = [f"{start}.{alias.name}" for alias in node.names]
            return [member if member in known else start for member in members]
        case ast.Call(func=func, args=[ast.Constant(value=str(name)), *_]):
            loader = dotted(func).rpartition(".")[2]
            return [name] if loader in {"import_module", "__import__"} else []
    return []


def imports(source: Module, known: set[str] = NAMES) -> list[Import]:
    return [
        Import(target, getattr(node, "lineno", 0), late)
        for node, late in nodes(source.tree)
        for target in targets(source, node, known)
    ]


def top(name: str) -> str:
    return name.partition(".")[0]


# The rules


def level(room: str) -> int:
    """Return the height of a room of hermiso; an unknown one must be given a place first."""
    places = [height for height, rooms in enumerate(ROOMS) if room in rooms]
    if len(places) != 1:
        raise AssertionError(f"room {room!r} stands {len(places)} times in ROOMS, not once")
    return places[0]


def upward(source: Module, known: set[str] = NAMES) -> list[str]:
    """Imports of a higher room of hermiso."""
    found = []
    for entry in imports(source, known):
        if top(entry.target) != "hermiso":
            continue
        room = Module(entry.target, source.tree, 0).room
        if level(room) > level(source.room):
            found.append(f"{source.name}:{entry.line} imports the higher {entry.target}")
    return found


def outward(source: Module, known: set[str] = NAMES) -> list[str]:
    """Imports of the checker, the tests or the benchmarks from the library."""
    forbidden = {"verify", "tests", "benchmarks"}
    return [
        f"{source.name}:{entry.line} imports {entry.target}"
        for entry in imports(source, known)
        if top(entry.target) in forbidden
    ]


def heavy(source: Module, known: set[str] = NAMES) -> list[str]:
    """Heavy packages at module level, and torch where it has no business."""
    found = []
    for entry in imports(source, known):
        package = top(entry.target)
        welcome = source.room in WELCOME.get(package, ())
        if package in NEVER_EAGER and not entry.late and not welcome:
            found.append(f"{source.name}:{entry.line} imports {package} at module level")
        if package == "torch" and not welcome and source.name not in TORCH_MODULES:
            found.append(f"{source.name}:{entry.line} imports torch")
    return found


def private(source: Module, public: set[str]) -> list[str]:
    """Ways of the checker into hermiso that a user does not have."""
    return [
        f"{source.name}:{getattr(node, 'lineno', 0)} uses {name}, which hermiso does not offer"
        for node, _ in nodes(source.tree)
        for name in inner_names(source, node)
        if name.split(".")[1] not in public
    ]


def inner_names(source: Module, node: ast.AST) -> list[str]:
    """Return the names inside hermiso, as "hermiso.name", that one node reaches for."""
    match node:
        case ast.Import():
            return [alias.name for alias in node.names if alias.name.startswith("hermiso.")]
        case ast.ImportFrom() if top(base(source, node)) == "hermiso":
            return [f"{base(source, node)}.{alias.name}" for alias in node.names]
        case ast.Attribute(value=ast.Name(id="hermiso"), attr=name):
            return [f"hermiso.{name}"]
    return []


def stateful(source: Module) -> list[str]:
    """Settings of the whole process: precision, float errors, seeds, defaults."""
    modules = {
        alias.asname or alias.name
        for node, _ in nodes(source.tree)
        if isinstance(node, ast.Import)
        for alias in node.names
    }
    return [
        f"{source.name}:{node.lineno} {what}"
        for node, _ in nodes(source.tree)
        if isinstance(node, ast.Call | ast.Assign | ast.AugAssign)
        for what in chain(stateful_calls(node, modules), stateful_assignments(node))
    ]


def stateful_calls(node: ast.AST, modules: set[str]) -> Iterator[str]:
    if not isinstance(node, ast.Call):
        return
    owner, _, name = dotted(node.func).rpartition(".")
    shared = owner.endswith(".random") or (owner == "random" and "random" in modules)
    if (owner and name in STATEFUL_CALLS) or (shared and name not in LOCAL_RANDOM):
        yield f"calls {owner}.{name}"


def stateful_assignments(node: ast.AST) -> Iterator[str]:
    written = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
    for target in written:
        if isinstance(target, ast.Attribute):
            owner = dotted(target.value).rpartition(".")[2]
            if owner in SHARED_CONTEXTS and target.attr in {"dps", "prec", "pretty"}:
                yield f"sets {owner}.{target.attr}"
        elif isinstance(target, ast.Subscript) and dotted(target.value) == "os.environ":
            yield "sets os.environ"


def too_long(source: Module) -> list[str]:
    over = source.lines - LINE_LIMIT
    return [f"{source.name} is {over} lines over {LINE_LIMIT}"] if over > 0 else []


def evaluating(source: Module) -> list[str]:
    """Ways from text or bytes to code that runs."""
    calls = [
        (dotted(node.func), node.lineno)
        for node, _ in nodes(source.tree)
        if isinstance(node, ast.Call)
    ]
    loaded = [(top(entry.target), entry.line) for entry in imports(source)]
    return [
        f"{source.name}:{line} uses {name}"
        for name, line in [*calls, *loaded]
        if name in {"eval", *EVALUATORS} or name.rpartition(".")[2] in EVALUATORS
    ]


def unlisted(source: Module) -> list[str]:
    """A module that does not say which of its names are public; claims and commands have one."""
    names = {
        target.id
        for node in source.tree.body
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    told = {"__all__", "claim", "claims"} if ".claims." in source.name else {"__all__"}
    exempt = source.name.endswith("__main__") or names & told
    return [] if exempt else [f"{source.name} has no __all__"]


def cycle(modules: list[Module], known: set[str] = NAMES) -> list[str]:
    """Return the modules of one import cycle at module level, [] if there is none."""
    graph = {
        entry.name: {
            found.target
            for found in imports(entry, known)
            if not found.late and found.target in known and found.target != entry.name
        }
        for entry in modules
    }
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        return list(error.args[1])
    return []


# The house keeps them


def test_every_source_is_seen() -> None:
    assert {"hermiso", "hermiso.errors"} <= NAMES
    assert any(entry.name == "tests.test_architecture" for entry in EVERYTHING)


@pytest.mark.parametrize("source", HERMISO, ids=lambda entry: entry.name)
@pytest.mark.parametrize("rule", [upward, outward])
def test_library_imports_point_downward(source: Module, rule: Callable[..., list[str]]) -> None:
    assert rule(source) == []


@pytest.mark.parametrize("source", PACKAGES, ids=lambda entry: entry.name)
@pytest.mark.parametrize("rule", [heavy, too_long])
def test_modules_are_light(source: Module, rule: Callable[..., list[str]]) -> None:
    assert rule(source) == []


@pytest.mark.parametrize("source", PACKAGES, ids=lambda entry: entry.name)
def test_text_is_not_code(source: Module) -> None:
    found = [said for said in evaluating(source) if source.name not in OWN_BYTES]
    assert found == []


@pytest.mark.parametrize("source", PACKAGES, ids=lambda entry: entry.name)
def test_every_module_lists_its_public_names(source: Module) -> None:
    assert unlisted(source) == []


@pytest.mark.parametrize("source", VERIFY, ids=lambda entry: entry.name)
def test_checker_uses_public_names(source: Module) -> None:
    assert private(source, {"__version__", *hermiso.__all__}) == []


@pytest.mark.parametrize("source", EVERYTHING, ids=lambda entry: entry.name)
def test_nobody_sets_process_wide_state(source: Module) -> None:
    assert stateful(source) == []


def test_no_import_cycles() -> None:
    assert cycle(PACKAGES) == []


# The rules have teeth


KNOWN = {"hermiso", "hermiso.gram", "hermiso.errors", "hermiso.symbolic", "hermiso.symbolic.terms"}


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("hermiso.hermite", "from hermiso.closed_form import beta"),
        ("hermiso.hermite", "import hermiso.gram"),
        ("hermiso.hermite", "from hermiso import gram"),
        ("hermiso.hermite", "from hermiso import beta"),
        ("hermiso.hermite", "from . import gram"),
        ("hermiso.symbolic.terms", "from ..gram import isometry"),
        ("hermiso.symbolic.terms", "def f():\n    from hermiso.gram import isometry"),
        ("hermiso.hermite", "import importlib\nimportlib.import_module('hermiso.gram')"),
    ],
)
def test_upward_imports_are_found(name: str, line: str) -> None:
    assert len(upward(module(name, line), KNOWN)) == 1


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("hermiso.gram", "from hermiso.errors import GramError"),
        ("hermiso.gram", "from hermiso import errors"),
        ("hermiso.gram", "from .errors import GramError"),
        ("hermiso.gram", "import sympy"),
        ("hermiso.symbolic.terms", "from .moments import moment"),
        ("hermiso.__main__", "from hermiso import beta"),
    ],
)
def test_downward_imports_are_left_alone(name: str, line: str) -> None:
    assert upward(module(name, line), KNOWN) == []


def test_relative_imports_of_a_package_start_at_itself() -> None:
    source = module("hermiso.symbolic", "from .terms import Term", package=True)
    assert [entry.target for entry in imports(source, KNOWN)] == ["hermiso.symbolic.terms"]


def test_a_room_without_a_place_is_refused() -> None:
    with pytest.raises(AssertionError, match="'attic' stands 0 times in ROOMS"):
        upward(module("hermiso.attic", "import hermiso.errors"))


@pytest.mark.parametrize("line", ["import verify", "from verify import Claim", "import tests.x"])
def test_outward_imports_are_found(line: str) -> None:
    assert len(outward(module("hermiso.gram", line))) == 1


@pytest.mark.parametrize(
    ("name", "line", "breaches"),
    [
        ("hermiso.compiled", "import torch", 1),
        ("hermiso.compiled", "if True:\n    from torch import nn", 1),
        ("hermiso.compiled", "class A:\n    import torch.nn", 1),
        ("hermiso.compiled", "def f():\n    import torch", 0),
        ("hermiso.gram", "def f():\n    import torch", 1),
        ("hermiso.gram", "import torch", 2),
        ("verify.runner", "import matplotlib.pyplot as plt", 1),
        ("hermiso.gram", "from flint import arb", 1),
        ("hermiso.gram", "def f():\n    import numpy", 0),
    ],
)
def test_heavy_imports_are_found(name: str, line: str, breaches: int) -> None:
    assert len(heavy(module(name, line))) == breaches


@pytest.mark.parametrize(
    ("line", "breaches"),
    [
        ("import hermiso", 0),
        ("from hermiso import beta", 0),
        ("from hermiso.errors import GramError", 0),
        ("from hermiso import _confirm", 1),
        ("from hermiso.symbolic import terms", 1),
        ("import hermiso.symbolic.terms", 1),
        ("hermiso.beta", 0),
        ("hermiso.symbolic.terms", 1),
    ],
)
def test_private_ways_are_found(line: str, breaches: int) -> None:
    assert len(private(module("verify.runner", line), {"beta", "errors"})) == breaches


@pytest.mark.parametrize(
    "line",
    [
        "mpmath.mp.dps = 50",
        "mp.prec += 10",
        "mpmath.iv.dps = 30",
        "np.seterr(all='ignore')",
        "import random; random.seed(0)",
        "np.random.normal(size=3)",
        "torch.manual_seed(0)",
        "torch.set_default_dtype(torch.float64)",
        "sys.setrecursionlimit(10**6)",
        "os.environ['X'] = '1'",
    ],
)
def test_process_wide_state_is_found(line: str) -> None:
    assert len(stateful(module("hermiso.gram", f"def f():\n    {line}"))) == 1


@pytest.mark.parametrize(
    "line",
    [
        "rng = np.random.default_rng(0)",
        "import random; rng = random.Random(0)",
        "from random import Random\ndef f(random: Random): random.shuffle([])",
        "with np.errstate(all='ignore'): pass",
        "with mpmath.workdps(30): pass",
        "context.dps = 30",
        "seed(0)",
    ],
)
def test_local_state_is_left_alone(line: str) -> None:
    assert stateful(module("hermiso.gram", line)) == []


def test_long_modules_are_found() -> None:
    assert too_long(module("hermiso.gram", "\n" * (LINE_LIMIT + 1)))
    assert not too_long(module("hermiso.gram", "\n" * LINE_LIMIT))


@pytest.mark.parametrize(
    ("line", "breaches"),
    [
        ("eval('1')", 1),
        ("exec('1')", 1),
        ("import pickle", 1),
        ("def f():\n    from pickle import loads", 1),
        ("sp.parse_expr(text)", 1),
        ("value.evalf(15)", 0),
        ("torch.nn.RReLU().eval()", 0),
    ],
)
def test_ways_to_run_text_are_found(line: str, breaches: int) -> None:
    assert len(evaluating(module("hermiso.gram", line))) == breaches


@pytest.mark.parametrize(
    ("name", "line", "breaches"),
    [
        ("hermiso.gram", "def isometry(): ...", 1),
        ("hermiso.gram", "__all__ = ['isometry']", 0),
        ("hermiso.__main__", "def main(): ...", 0),
        ("verify.claims.isometry.lemma_1", "claim = Claim()", 0),
        ("verify.claims.isometry._shared", "def shared(): ...", 1),
        ("hermiso.gram", "claim = 1", 1),
    ],
)
def test_modules_without_a_list_are_found(name: str, line: str, breaches: int) -> None:
    assert len(unlisted(module(name, line))) == breaches


def test_cycles_are_found() -> None:
    one = module("hermiso.gram", "import hermiso.errors")
    two = module("hermiso.errors", "import hermiso.gram")
    late = module("hermiso.errors", "def f():\n    import hermiso.gram")
    assert set(cycle([one, two], KNOWN)) == {"hermiso.gram", "hermiso.errors"}
    assert cycle([one, late], KNOWN) == []
