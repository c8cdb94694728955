"""The checker of this library, whatever else stands under the import name `verify`.

Another project has that name too: its installation replaces files of ours without a word, and a
file verify.py in the working folder hides them. So a wheel holds the checker a second time, inside
hermiso, and that copy is run where the first is not what it should be.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from filecmp import cmp
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

__all__ = ["fault", "main"]

_NAME = "verify"
_CURE = "pip install --force-reinstall --no-deps hermiso"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the checker's command line, and say so if `import verify` gives something else.

    Args:
        arguments: what follows `hermiso-verify`; by default those of the process.
    """
    said = fault()
    if said:
        print(f"verify: warning: {said}", file=sys.stderr, flush=True)
        _become_ours(sys.argv[1:] if arguments is None else arguments)
    return int(import_module(f"{_NAME}.__main__").main(arguments))


def fault() -> str:
    """Say how what `import verify` gives differs from this library's checker; "" if it does not."""
    try:
        found = find_spec(_NAME)
    except ValueError:  # a module that has been made by hand
        found = None
    if found is None or found.origin is None:
        return f"the package `{_NAME}` is missing; to mend it: {_CURE}"
    ours, other = _home() / _NAME, Path(found.origin).parent
    if other == ours or not (changed := _changed(ours, other)):
        return ""
    return (
        f"{found.origin} is not the checker of hermiso, or it is damaged ({changed} differs), and "
        f"the copy inside hermiso is run; to mend `import {_NAME}`: {_CURE}"
    )


def _home() -> Path:
    """The folder that holds the checker: inside a wheel's hermiso, or the source tree."""
    here = Path(__file__).resolve().parent
    inner = here / "_checker"
    return inner if inner.is_dir() else here.parent


def _changed(ours: Path, other: Path) -> str:
    """Return the first of our files that is missing in the other folder or differs; "" if none."""
    for path in sorted(ours.rglob("*.py")):
        name = path.relative_to(ours)
        if not (other / name).is_file() or not cmp(path, other / name, shallow=False):
            return str(name)
    return ""


def _become_ours(arguments: Sequence[str]) -> None:
    """Replace this process by one in which, and in whose children, `verify` is this library's."""
    path = [str(_home()), os.environ.get("PYTHONPATH", ""), os.getcwd()]
    environment = dict(os.environ, PYTHONPATH=os.pathsep.join(filter(None, path)))
    script = f"import sys; from {_NAME}.__main__ import main; sys.exit(main())"
    os.execve(sys.executable, [sys.executable, "-P", "-c", script, *arguments], environment)
