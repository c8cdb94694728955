"""Grids and seeds as text: "width=100,1000" and "0-9"."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Any, get_origin, get_type_hints

from hermiso.errors import ExperimentError, SweepError
from hermiso.experiments.settings import parted, read
from hermiso.sweep.grid import MAX_CELLS, Experiment, known

__all__ = ["choices", "seed_list"]


def seed_list(text: str) -> tuple[int, ...]:
    """Read "0-9" or "0,3,10-12".

    >>> seed_list("0,3,10-12")
    (0, 3, 10, 11, 12)

    Raises:
        SweepError: if it is neither.
    """
    seeds: list[int] = []
    for part in text.split(","):
        found = re.fullmatch(r"\s*([0-9]{1,18})\s*(?:-\s*([0-9]{1,18})\s*)?", part)
        first, last = (int(found[1]), int(found[2] or found[1])) if found else (1, 0)
        if not 0 <= last - first < MAX_CELLS:
            raise SweepError(f"the seeds are {text!r}; write them like 0-9 or 0,3,10-12")
        seeds.extend(range(first, last + 1))
    return tuple(dict.fromkeys(seeds))


def choices(experiment: Experiment, texts: Iterable[str], *, quick: bool = False) -> dict[str, Any]:
    """Read a grid by the types of the config's fields.

    "width=100,1000" gives two values to width. A field that holds a tuple takes one of them,
    "activations=relu,tanh"; its singular, "activation=relu,tanh", takes tuples of one entry. What
    this cannot say is written as a JSON list of values: 'activation=["max(x, 0)", "tanh"]',
    "activations=[["relu"], ["relu", "tanh"]]".

    Args:
        experiment: the owner of the config.
        texts: one for each field.
        quick: read for the quick config.

    Raises:
        SweepError: if a field is unknown, set twice, or a text is no value of its type.
    """
    start = experiment.quick if quick else experiment.config
    hints = get_type_hints(type(start))
    grid: dict[str, Any] = {}
    for text in texts:
        name, equals, values = (part.strip() for part in text.partition("="))
        if not equals:
            raise SweepError(f"{text!r} sets nothing; write FIELD=VALUE or FIELD=VALUE,VALUE")
        singular = name not in hints and get_origin(hints.get(f"{name}s")) is tuple
        field = f"{name}s" if singular else name
        known(experiment, start, [field] if singular else [name])
        if field in grid:
            raise SweepError(f"{field} is set twice; give all its values at once")
        grid[field] = _values(name, values, hints[field], singular)
    return grid


def _values(name: str, text: str, hint: Any, singular: bool) -> list[Any]:
    """The values of a field; name is what messages call it."""
    if text.startswith("["):
        try:
            listed = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise SweepError(f"{name} is set to {text:.80}, no JSON list ({error})") from None
    else:
        listed = parted(text)
        if get_origin(hint) is tuple and not singular:
            listed = [listed]
    try:
        return [read(name, [entry] if singular else entry, hint) for entry in listed]
    except ExperimentError as error:
        raise SweepError(str(error)) from error
