"""What code computes a cell: a digest of its sources and of the packages that it computes with.

The sources are those of the experiment's module and of all that it imports, in functions too, from
its own package and from hermiso. They are read, never run.
"""

from __future__ import annotations

import hashlib
import inspect
import re
import sys
from collections.abc import Callable, Iterator
from functools import cache, partial
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

__all__ = ["digest", "digest_of", "has_source"]

_OURS = __name__.partition(".")[0]
_PACKAGES = ("mpmath", "numpy", "python-flint", "scipy", "sympy", "torch")
_IMPORT = re.compile(
    r"^[ \t]*(?:from[ \t]+([.\w]+)[ \t]+import[ \t]*(\([^)]*\)|[^\n;]*)|import[ \t]+([^\n;]*))",
    re.MULTILINE,
)


def digest(function: Callable[..., Any]) -> str:
    """Return 16 hexadecimal digits that change with the code of a function of a config."""
    while isinstance(function, partial):
        function = function.func
    module = getattr(function, "__module__", None) or type(function).__module__
    if _file(module) is not None:
        return digest_of(module)
    # Typed in, not written to a file: what it imports is not known.
    return _digest((_source(function), *_all_of_ours()))


@cache
def digest_of(module: str) -> str:
    """Return the digest of a module's functions, without importing it."""
    return _digest(tuple(sorted(_reached(module))))


def has_source(module: str) -> bool:
    """Whether there is a file of that module."""
    return _file(module) is not None


@cache
def _digest(sources: tuple[str, ...]) -> str:
    """Of module names and of sources as text."""
    whole = hashlib.sha256()
    for entry in sources:
        path = _file(entry)
        whole.update(f"{entry}\0{_text(path) if path else ''}\0".encode())
    for name in _PACKAGES:
        whole.update(f"{name} {_version(name)}\n".encode())
    return whole.hexdigest()[:16]


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return ""


def _source(function: Any) -> str:
    try:
        return inspect.getsource(function)
    except (OSError, TypeError):
        code = getattr(function, "__code__", None)
        return f"{code.co_code!r} {code.co_names}" if code else type(function).__qualname__


def _all_of_ours() -> Iterator[str]:
    [folder] = _roots(_OURS)
    for path in sorted(folder.rglob("*.py")):
        yield ".".join((_OURS, *path.relative_to(folder).with_suffix("").parts))


def _reached(module: str) -> set[str]:
    """The modules with sources that a module imports, itself and packages on the way among them."""
    tops = {_OURS, module.partition(".")[0]}
    found: set[str] = set()
    ahead = [module]
    while ahead:
        name = ahead.pop()
        # The package itself loads its rooms by name, when they are asked for.
        if name in found or name.partition(".")[0] not in tops:
            continue
        path = _file(name)
        if path is None:
            continue
        found.add(name)
        package = name if path.name == "__init__.py" else name.rpartition(".")[0]
        if package not in {"", _OURS}:
            ahead.append(package)
        ahead += _imports(_text(path), package)
    return found


def _imports(source: str, package: str) -> Iterator[str]:
    """Every name that an import may load; of `from a import b` it is a, or a.b, or both."""
    for base, names, plain in _IMPORT.findall(source.replace("\\\n", " ")):
        given = re.sub(r"#[^\n]*", "", names or plain).strip("() \t\n")
        entries = [entry.split()[0] for entry in given.split(",") if entry.strip()]
        if plain:
            yield from entries
            continue
        home = _absolute(base, package)
        inner = [f"{home}.{entry}" for entry in entries]
        yield from inner
        if home != _OURS or not all(map(_file, inner)):
            yield home


def _absolute(base: str, package: str) -> str:
    name = base.lstrip(".")
    level = len(base) - len(name)
    if not level:
        return name
    parts = package.split(".")
    return ".".join([*parts[: len(parts) - level + 1], *filter(None, [name])])


@cache
def _file(module: str) -> Path | None:
    """The source of a module; None if there is none."""
    top, *inner = module.split(".")
    if not all(part.isidentifier() for part in (top, *inner)):
        return None
    if top == "__main__" or not inner:
        held = _held(top)
        if held:
            return held
    stems = [folder.joinpath(*inner) for folder in _roots(top)]
    places = [stem / "__init__.py" for stem in stems]
    places += [stem.with_suffix(".py") for stem in stems] if inner else []
    return next(filter(Path.is_file, places), None)


def _held(top: str) -> Path | None:
    origin = getattr(sys.modules.get(top), "__file__", None)
    return Path(origin) if origin and origin.endswith(".py") and Path(origin).is_file() else None


@cache
def _roots(top: str) -> tuple[Path, ...]:
    """The folders of a package."""
    held = getattr(sys.modules.get(top), "__path__", None)
    if held is None:
        try:
            spec = find_spec(top)
        except (ImportError, ValueError):
            return ()
        held = spec.submodule_search_locations if spec else None
    return tuple(map(Path, held or ()))


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8", errors="replace")  # newlines of any system are one
