"""Folders among the user's caches: counterexamples, and what Hypothesis keeps for itself."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

__all__ = ["default_folder", "hypothesis_folder", "kept_elsewhere"]


def default_folder() -> Path:
    """Return the folder for counterexamples among the user's caches."""
    home = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(home) / "hermiso-verify"


def hypothesis_folder() -> Path:
    """Return the folder for the tables that Hypothesis would put into the working folder."""
    return default_folder() / "hypothesis"


@contextmanager
def kept_elsewhere() -> Iterator[None]:
    """Within this context Hypothesis uses that folder, unless it has one already."""
    from hypothesis import configuration

    chosen = vars(configuration).get("__hypothesis_home_directory")
    if chosen or os.environ.get("HYPOTHESIS_STORAGE_DIRECTORY"):
        yield
        return
    configuration.set_hypothesis_home_dir(hypothesis_folder())
    try:
        yield
    finally:
        configuration.set_hypothesis_home_dir(None)
