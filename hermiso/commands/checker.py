"""python -m hermiso verify: the checker, whatever else may stand under the name `verify`."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module


def main(arguments: Sequence[str]) -> int:
    """Run the checker's own command line."""
    return int(import_module(f"{_ours()}.__main__").main(list(arguments)))


def _ours() -> str:
    """The import name of the checker that belongs to this library."""
    return "verify"
