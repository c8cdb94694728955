"""The cells of a grid: every combination of values and seeds, put into an experiment's config."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from itertools import product
from typing import Any, Protocol

from hermiso.errors import SweepError
from hermiso.store import MAX_TEXT, Cell
from hermiso.store.cell import is_plain
from hermiso.sweep.sources import digest

__all__ = ["MAX_CELLS", "Experiment", "Planned", "cells", "known", "package_version"]

MAX_CELLS = 1_000_000
_MAX_SEED = 2**63 - 1  # of an SQLite integer


class Experiment(Protocol):
    """What a sweep needs of an experiment: a frozen config with a `seed`, and a function of it.

    It may have a `check`, which raises a ValueError for a config that cannot be run.
    """

    @property
    def name(self) -> str: ...  # noqa: D102
    @property
    def config(self) -> Any: ...  # noqa: D102
    @property
    def quick(self) -> Any: ...  # noqa: D102
    @property
    def run(self) -> Any: ...  # noqa: D102


@dataclass(frozen=True)
class Planned:
    """A cell and the config that computes it."""

    cell: Cell
    config: Any


def cells(
    experiment: Experiment,
    grid: Mapping[str, Sequence[Any]] | None = None,
    seeds: Iterable[int] | None = None,
    *,
    quick: bool = False,
) -> tuple[Planned, ...]:
    """Return the cells of a sweep, seeds running fastest, none twice.

    Args:
        experiment: its config is the point that the grid departs from.
        grid: field -> values.
        seeds: by default the seed of the config.
        quick: depart from the quick config.

    Raises:
        SweepError: if a field is unknown, a value is refused by the config, or none is given.
    """
    start = experiment.quick if quick else experiment.config
    grid = dict(grid or {})
    known(experiment, start, grid)
    grid["seed"] = [start.seed] if seeds is None else list(seeds)
    _sized(grid)
    found: dict[str, Planned] = {}
    for values in product(*grid.values()):
        planned = _planned(experiment, start, dict(zip(grid, values, strict=True)))
        found.setdefault(planned.cell.key, planned)
    return tuple(found.values())


def known(experiment: Experiment, start: Any, given: Iterable[str]) -> None:
    """Refuse fields that a config does not have, or that no grid may set."""
    names = [field.name for field in fields(start) if field.init and field.name != "seed"]
    for name in given:
        if name == "seed":
            raise SweepError("seed is no field of a grid; give seeds of their own (--seeds 0-9)")
        if name not in names:
            raise SweepError(f"{experiment.name} has no field {name!r}; it has {', '.join(names)}")


def _sized(grid: Mapping[str, Sequence[Any]]) -> None:
    count = 1
    for name, values in grid.items():
        if not values:
            raise SweepError(f"no value is given for {name}; at least one is needed")
        count *= len(values)
    if count > MAX_CELLS:
        raise SweepError(f"the grid has {count} cells; at most {MAX_CELLS} can be in one sweep")
    for seed in grid["seed"]:
        if isinstance(seed, bool) or not isinstance(seed, int) or not 0 <= seed <= _MAX_SEED:
            raise SweepError(f"the seed is {seed!r}; it must be an integer from 0 to {_MAX_SEED}")


def _planned(experiment: Experiment, start: Any, point: Mapping[str, Any]) -> Planned:
    where = " ".join(f"{name}={value}" for name, value in point.items())
    try:
        config = replace(start, **point)
        getattr(experiment, "check", lambda config: None)(config)
    except (ValueError, TypeError, ArithmeticError) as error:
        raise SweepError(f"{experiment.name} cannot be run with {where}: {error}") from error
    held = {field.name: getattr(config, field.name) for field in fields(config)}
    seed = held.pop("seed")
    for name, value in held.items():
        if not is_plain(value):
            raise SweepError(
                f"{experiment.name}: {name} is {value!r}; a config must hold numbers, text, truth"
                " values, None, or tuples of these"
            )
    text = json.dumps(held)
    if len(text) > MAX_TEXT:
        raise SweepError(f"the config has {len(text)} characters; at most {MAX_TEXT} can be kept")
    cell = Cell(experiment.name, text, seed, package_version(), digest(experiment.run))
    return Planned(cell, config)


def package_version() -> str:
    """Return the version that a result is kept under."""
    # The package itself stands above its rooms, and is loaded before any of them.
    return str(sys.modules[__name__.partition(".")[0]].__version__)
