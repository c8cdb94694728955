"""Packages that come with an extra of hermiso: where one is missing, the error says which."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec

from hermiso.errors import MissingExtra

__all__ = ["EXTRAS", "available", "naming_extras"]

# package -> the extra that brings it, as pyproject.toml has them
EXTRAS = {
    "torch": "torch",
    "matplotlib": "plot",
    "joblib": "experiments",
    "pandas": "experiments",
    "pyarrow": "experiments",
    "rich": "experiments",
    "hypothesis": "verify",
    "dask": "dask",
    "distributed": "dask",
    "ray": "ray",
}


@contextmanager
def naming_extras(extra: str = "") -> Iterator[None]:
    """Within this context the import of a package that is missing says how to install it.

    Args:
        extra: the one to name; by default the smallest that brings the package.

    Raises:
        MissingExtra: a package of an extra is missing. One that is there, and does not find what
            it needs itself, raises what it always raises.
    """
    try:
        yield
    except ModuleNotFoundError as error:
        if error.name not in EXTRAS or isinstance(error, MissingExtra):
            raise
        name = extra or EXTRAS[error.name]
        said = f'{error.name} is not installed; install it with: pip install "hermiso[{name}]"'
        raise MissingExtra(said, name=error.name) from None


def available(package: str) -> bool:
    """Whether a package can be imported; it is not imported."""
    try:
        return find_spec(package) is not None
    except (ImportError, ValueError):  # somebody hides it
        return False
