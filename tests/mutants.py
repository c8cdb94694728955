"""Would the suite notice? A fixed sample of wrong versions of the code, each run against its tests.

    python tests/mutants.py                     the whole sample, seed and sizes as below
    python tests/mutants.py --rooms gram bounds --list

A mutant is one changed token of one function: a comparison, an operator, a sign, a constant, a
condition. Its tests are those that mirror its file, then those of its room; the first failure
kills it, and so does taking three times as long as the code as it is, which is run first and has
to pass. Printed are the survivors with their line, and kill rates with 95 % Wilson intervals.
"""

from __future__ import annotations

import argparse
import ast
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from itertools import islice
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SEED = 20
PATIENCE = 3  # times the time of the tests without a mutant
COUNTS = {
    "symbolic": 30, "balls": 30, "numeric": 30, "gram": 15, "bounds": 15, "meanfield": 15,
    "finite": 15,
}  # fmt: skip
TESTS = {  # of a room, besides the file that mirrors the mutant's
    "symbolic": ("symbolic", "test_closed_form.py"),
    "balls": ("balls", "certified"),
    "numeric": ("numeric",),
    "gram": ("test_gram.py",),
    "bounds": ("test_bounds.py",),
    "meanfield": ("test_meanfield.py",),
    "finite": ("finite",),
}
SWAPS: dict[type[ast.AST], tuple[type[ast.AST], str, str]] = {
    ast.Lt: (ast.LtE, "<", "<="), ast.LtE: (ast.Lt, "<=", "<"),
    ast.Gt: (ast.GtE, ">", ">="), ast.GtE: (ast.Gt, ">=", ">"),
    ast.Eq: (ast.NotEq, "==", "!="), ast.NotEq: (ast.Eq, "!=", "=="),
    ast.Is: (ast.IsNot, "is", "is not"), ast.IsNot: (ast.Is, "is not", "is"),
    ast.Add: (ast.Sub, "+", "-"), ast.Sub: (ast.Add, "-", "+"),
    ast.Mult: (ast.Div, "*", "/"), ast.Div: (ast.Mult, "/", "*"),
    ast.Pow: (ast.Mult, "**", "*"), ast.And: (ast.Or, "and", "or"), ast.Or: (ast.And, "or", "and"),
}  # fmt: skip


@dataclass(frozen=True)
class Mutant:
    """One changed place of one file."""

    room: str
    path: str
    line: int
    change: str
    number: int

    @property
    def source(self) -> str:
        """The changed file, without comments."""
        tree = parsed(self.path)
        next(islice(sites(tree), self.number, None))
        return ast.unparse(ast.fix_missing_locations(tree))

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.change}"


def parsed(path: str) -> ast.Module:
    """The tree of a file of the project."""
    return ast.parse((ROOT / path).read_text(encoding="utf-8"))


def sites(tree: ast.AST) -> Iterator[tuple[ast.AST, str]]:
    """Change the tree at one place after the other; it is whole again when resumed."""
    functions = [n for n in ast.walk(tree) if isinstance(n, ast.FunctionDef)]
    seen: set[int] = set()
    for node in (n for f in functions for statement in f.body for n in ast.walk(statement)):
        if id(node) not in seen and not isinstance(node, ast.FunctionDef):
            seen.add(id(node))
            yield from changes(node)


def changes(node: ast.AST) -> Iterator[tuple[ast.AST, str]]:
    """Change one node in every way."""
    if isinstance(node, ast.Compare) and type(node.ops[0]) in SWAPS:
        old, (new, a, b) = node.ops[0], SWAPS[type(node.ops[0])]
        node.ops[0] = new()  # type: ignore[call-overload]
        yield node, f"{a} -> {b}"
        node.ops[0] = old
    elif isinstance(node, ast.BinOp | ast.BoolOp) and type(node.op) in SWAPS:
        op, (new, a, b) = node.op, SWAPS[type(node.op)]
        node.op = new()
        yield node, f"{a} -> {b}"
        node.op = op
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub | ast.Not):
        op = node.op
        node.op = ast.UAdd()  # of a truth value too: +True is true
        yield node, "minus or not dropped"
        node.op = op
    elif isinstance(node, ast.Constant) and type(node.value) in (int, float):
        value = node.value
        node.value = value + 1
        yield node, f"{value} -> {value + 1}"
        node.value = value
    elif isinstance(node, ast.If | ast.IfExp):
        test = node.test
        node.test = ast.UnaryOp(ast.Not(), test)
        yield node, "condition negated"
        node.test = test


def mutants(room: str) -> list[Mutant]:
    """Every mutant of a room, in the order of its files and lines."""
    home = ROOT / "hermiso" / room
    found = []
    for file in sorted(home.glob("*.py")) if home.is_dir() else [home.with_suffix(".py")]:
        path = str(file.relative_to(ROOT))
        for number, (node, change) in enumerate(sites(parsed(path))):
            found.append(Mutant(room, path, getattr(node, "lineno", 0), change, number))
    return found


def tests_of(m: Mutant) -> list[str]:
    """The mirrored file first, then the room."""
    path = Path(m.path).relative_to("hermiso")
    mirror = Path("tests/hermiso") / path.parent / f"test_{path.name}"
    return [*([str(mirror)] if (ROOT / mirror).exists() else []), *rooms_of(m.room)]


def rooms_of(room: str) -> list[str]:
    """The tests of a room."""
    return [str(Path("tests/hermiso") / each) for each in TESTS[room]]


def survives(m: Mutant, limit: float) -> bool:
    """Whether no test fails within the limit (seconds)."""
    return ended(tests_of(m), {m.path: m.source}, limit)


def baseline(room: str) -> float:
    """The seconds that a room's tests take on the code as it is."""
    started = time.perf_counter()
    if not ended(rooms_of(room), {}, None):
        sys.exit(f"the tests of {room} fail without a mutant")
    return time.perf_counter() - started


def ended(tests: list[str], changed: dict[str, str], limit: float | None) -> bool:
    """Whether tests pass on a copy of the project with some files changed."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        for part in ("hermiso", "verify", "tests"):
            shutil.copytree(ROOT / part, home / part, ignore=shutil.ignore_patterns("__pycache__"))
        shutil.copy(ROOT / "pyproject.toml", home)
        for path, source in changed.items():
            (home / path).write_text(source, encoding="utf-8")
        options = ["-x", "-q", "-p", "no:cacheprovider"]
        command = [sys.executable, "-m", "pytest", *options, *tests]
        environment = {**os.environ, "PYTHONPATH": folder, "OMP_NUM_THREADS": "1"}
        try:
            return not subprocess.run(
                command, cwd=home, env=environment, capture_output=True, timeout=limit
            ).returncode
        except subprocess.TimeoutExpired:
            return False


def wilson(killed: int, total: int) -> tuple[float, float]:
    """The 95 % interval of a rate."""
    z, p = 1.96, killed / total
    middle, half = (
        p + z * z / (2 * total),
        z * (p * (1 - p) / total + z * z / (4 * total**2)) ** 0.5,
    )
    return (middle - half) / (1 + z * z / total), (middle + half) / (1 + z * z / total)


def reported(name: str, killed: int, total: int) -> str:
    """One line of the table."""
    low, high = wilson(killed, total)
    return f"{name:10} {killed:4} of {total:4} killed: {killed / total:.1%} [{low:.1%}, {high:.1%}]"


def main() -> None:
    """Draw the sample and print what it shows."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--rooms", nargs="+", choices=COUNTS, default=list(COUNTS))
    parser.add_argument("--jobs", type=int, default=1, help="mutants at once (1)")
    parser.add_argument("--list", action="store_true", help="print the sample and run nothing")
    options = parser.parse_args()
    counts: dict[str, int] = {}
    total = 0
    for room in options.rooms:
        sample = random.Random(f"{SEED} {room}").sample(mutants(room), COUNTS[room])
        total += len(sample)
        if options.list:
            print(*sample, sep="\n")
            continue
        limit = PATIENCE * baseline(room)
        counts[room] = 0
        with ThreadPoolExecutor(options.jobs) as pool:
            found = pool.map(partial(survives, limit=limit), sample)
            for m, alive in zip(sample, found, strict=True):
                counts[room] += not alive
                print(f"{'survives' if alive else 'killed':8}  {m}", flush=True)
        print(reported(room, counts[room], len(sample)), flush=True)
    if counts:
        print(reported("all", sum(counts.values()), total))


if __name__ == "__main__":
    main()
