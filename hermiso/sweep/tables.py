"""Tables of experiments as text in a store, and all of them as one table.

The text is JSON, column by column with the type of each: floats in their shortest exact form,
NaN and infinities by name, so that a table comes back with the same bits.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from hermiso.errors import StoreError, SweepError
from hermiso.store import Cell, Record, read
from hermiso.sweep.packages import needed

_NUMBERS = "biuf"  # numpy's kinds: truth values, integers, floats
_TEXT = "str"
_ORIGIN = ("experiment", "version", "seed")


def encoded(table: Any) -> str:
    """Return a DataFrame as text; its index is not kept and must not have a name.

    Raises:
        SweepError: if it is no DataFrame of numbers, truth values and text.
    """
    pandas = needed("pandas")
    if not isinstance(table, pandas.DataFrame):
        raise SweepError(f"the experiment returned a {type(table).__name__}, not a DataFrame")
    names = list(table.columns)
    if not all(isinstance(name, str) for name in names) or len(set(names)) < len(names):
        raise SweepError(f"the columns are {names}; their names must be different texts")
    if any(name is not None for name in table.index.names):
        raise SweepError(f"the index has the names {list(table.index.names)}; call reset_index()")
    columns = {name: _column(name, table[name]) for name in names}
    return json.dumps({"rows": len(table), "columns": columns})


def _column(name: str, series: Any) -> dict[str, Any]:
    import numpy as np

    kind = series.dtype
    if isinstance(kind, np.dtype) and kind.kind in _NUMBERS and kind.itemsize <= 8:
        return {"type": str(kind), "values": series.tolist()}
    values = [None if absent else v for v, absent in zip(series, series.isna(), strict=True)]
    odd = next((v for v in values if not isinstance(v, str | None)), None)
    if odd is not None:
        raise SweepError(
            f"column {name} is {kind} and holds {odd!r:.40}; a column must hold numbers of at most"
            " 64 bits, truth values or text"
        )
    return {"type": _TEXT, "values": values}


def decoded(text: str) -> Any:
    """Return the DataFrame that `encoded` was given."""
    pandas = needed("pandas")
    data = json.loads(text)
    names = list(data["columns"])
    columns = {name: _series(**data["columns"][name]) for name in names}
    return pandas.DataFrame(columns, index=range(data["rows"]), columns=names)


def _series(type: str, values: list[Any]) -> Any:
    pandas = needed("pandas")
    if type == _TEXT:
        # The type that this release of pandas gives to text, also where nothing stands in it.
        return pandas.Series([*values, ""]).iloc[:-1]
    return pandas.Series(values, dtype=type)


def results(path: str | Path, experiment: str | None = None) -> Any:
    """Return the results of all finished cells as one table.

    Args:
        path: a store.
        experiment: a name; by default all.

    Returns:
        A pandas DataFrame: `experiment`, `version`, `seed`, the fields of the config as
        `config.width` and so on, then the columns of the experiment's own table. Of these, one
        named like a column before it is called `result.seed` and so on.
    """
    pandas = needed("pandas")
    found = [(r.cell, _table(r, path)) for r in read(path, experiment) if r.result is not None]
    found = [(cell, table) for cell, table in found if len(table)]
    if not found:
        return pandas.DataFrame(columns=list(_ORIGIN))
    origins = pandas.DataFrame([_origin(cell) for cell, _ in found])
    rows = origins.index.repeat([len(table) for _, table in found])
    own = pandas.concat([table for _, table in found], ignore_index=True)
    taken = {name: f"result.{name}" for name in own.columns if name in origins.columns}
    origins = origins.loc[rows].reset_index(drop=True)
    return pandas.concat([origins, own.rename(columns=taken)], axis="columns")


def _origin(cell: Cell) -> dict[str, Any]:
    fields = json.loads(cell.config)
    told = dict(zip(_ORIGIN, (cell.experiment, cell.version, cell.seed), strict=True))
    return told | {
        f"config.{name}": tuple(value) if isinstance(value, list) else value
        for name, value in fields.items()
    }


def _table(record: Record, path: str | Path) -> Any:
    try:
        return decoded(record.result or "")
    except (ValueError, KeyError, TypeError) as error:
        raise StoreError(f"{path}: the result of {record.cell} cannot be read ({error})") from None


def export(table: Any, path: str | Path) -> None:
    """Write a table to a .csv or .parquet file, which appears complete or not at all.

    Raises:
        SweepError: if the ending is another one or the place cannot be written.
    """
    path = Path(os.path.realpath(path))
    write = _writer(path.suffix)
    unfinished = path.with_name(f".{path.name}.{os.getpid()}.unfinished")
    try:
        write(_flat(table), unfinished)
        with open(unfinished, "rb+") as file:
            os.fsync(file.fileno())
        os.replace(unfinished, path)
    except OSError as error:
        raise SweepError(f"{path} cannot be written ({error}); choose another path") from None
    finally:
        with suppress(OSError):
            unfinished.unlink()


def _writer(suffix: str) -> Callable[[Any, Path], None]:
    writers: Mapping[str, Callable[[Any, Path], None]] = {
        ".csv": lambda table, path: table.to_csv(path, index=False),
        ".parquet": lambda table, path: table.to_parquet(path, index=False, engine="pyarrow"),
    }
    if suffix not in writers:
        raise SweepError(f"the output ends in {suffix!r}; it must end in .csv or .parquet")
    if suffix == ".parquet":
        needed("pyarrow")
    return writers[suffix]


def _flat(table: Any) -> Any:
    """Tuples of a config as text: a cell of these files holds one value."""
    tuples = [n for n in table.columns if any(isinstance(v, tuple) for v in table[n])]
    return table.assign(
        **{n: [json.dumps(v) if isinstance(v, tuple) else v for v in table[n]] for n in tuples}
    )
