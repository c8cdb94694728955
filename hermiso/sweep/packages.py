"""Packages that come with an extra, loaded when they are needed."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from hermiso.errors import SweepError

_EXTRAS = {
    "cloudpickle": "experiments",
    "joblib": "experiments",
    "pandas": "experiments",
    "pyarrow": "experiments",
    "distributed": "dask",
    "ray": "ray",
}


def needed(name: str) -> Any:
    """Return the package, or raise an error that says how to install it."""
    try:
        return import_module(name)
    except ModuleNotFoundError as error:
        if error.name != name:  # it is there, and something it needs is not
            raise
        raise SweepError(
            f"{name} is not installed; install it with: pip install 'hermiso[{_EXTRAS[name]}]'"
        ) from None
