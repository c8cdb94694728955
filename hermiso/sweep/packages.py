"""Packages that come with an extra, loaded when they are needed."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from hermiso.extras import naming_extras

__all__ = ["needed"]


def needed(name: str) -> Any:
    """Return the package, or raise an error that says how to install it."""
    with naming_extras():
        return import_module(name)
