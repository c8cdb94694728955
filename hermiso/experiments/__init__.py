"""The figures of the papers as experiments: a config, a run, a tidy table, a picture."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from hermiso.errors import ExperimentError
from hermiso.extras import available, naming_extras

if TYPE_CHECKING:
    from hermiso.experiments.experiment import Config, Experiment, samples, summary

__all__ = ["Config", "Experiment", "get", "names", "samples", "summary"]

_NAMES = (
    "figure-3", "figure-4", "figure-5", "figure-6", "figure-8a", "figure-8b", "figure-9",
    "figure-a1", "figure-b1", "figure-b2", "figure-b3", "figure-b4",
)  # fmt: skip


def names() -> tuple[str, ...]:
    """Return the names of the experiments."""
    return _NAMES


def get(name: str) -> Experiment:
    """Return the experiment of that name.

    Raises:
        ExperimentError: if there is none.
    """
    if name not in _NAMES:
        raise ExperimentError(f"no experiment is called {name!r}; there are {', '.join(_NAMES)}")
    with naming_extras("experiments"):
        module = import_module(f"hermiso.experiments.{name.replace('-', '_')}")
        import_module("pandas")  # its table's, and missing it is to be said before the work
    found: Experiment = module.EXPERIMENT
    return found


if not TYPE_CHECKING:  # a type checker flags every other name
    _LATE = ("Config", "Experiment", "samples", "summary")
    # What inspects every name, as help() does, must not stop at a missing extra.
    __all__ = __all__ if available("torch") else ["get", "names"]

    def __getattr__(name: str) -> Any:
        if name not in _LATE:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        # Late, so that a --help does not wait for torch.
        with naming_extras("experiments"):
            return getattr(import_module("hermiso.experiments.experiment"), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
