"""Tables of experiments as text in a store, and all of them as one table.

The text is JSON, column by column with the type of each: floats in their shortest exact form,
NaN and infinities by name, so that a table comes back with the same bits.
"""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from hermiso.errors import SweepError
from hermiso.store import MAX_RESULT, Cell, Record, read
from hermiso.store.reading import warned
from hermiso.sweep.grid import Experiment, package_version
from hermiso.sweep.packages import needed
from hermiso.sweep.sources import digest, digest_of, has_source
from hermiso.writing import replacing

__all__ = ["current", "decoded", "encoded", "export", "results"]

_NUMBERS = "biuf"  # numpy's kinds: truth values, integers, floats
_TEXT = "str"
_ORIGIN = ("experiment", "version", "code", "seed")


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
    text = json.dumps({"rows": len(table), "columns": columns})
    if len(text) > MAX_RESULT:
        raise SweepError(f"the table has {len(text)} bytes as text; at most {MAX_RESULT} are kept")
    return text


def _column(name: str, series: Any) -> dict[str, Any]:
    import numpy as np

    kind = series.dtype
    if isinstance(kind, np.dtype) and kind.kind in _NUMBERS and kind.itemsize <= 8:
        return {"type": str(kind), "values": series.tolist()}
    values = [None if absent else v for v, absent in zip(series, series.isna(), strict=True)]
    odd = next((v for v in values if not _is_text(v)), None)
    if odd is not None:
        raise SweepError(
            f"column {name} is {kind} and holds {odd!r:.40}; a column must hold numbers of at most"
            " 64 bits, truth values or text"
        )
    return {"type": _TEXT, "values": values}


def decoded(text: str) -> Any:
    """Return the DataFrame that `encoded` was given.

    Raises:
        ValueError: if the text is none that it returns.
    """
    pandas = needed("pandas")
    try:
        data = json.loads(text)
        rows, held = int(data["rows"]), dict(data["columns"])
        columns = {name: _series(rows, **column) for name, column in held.items()}
        return pandas.DataFrame(columns, index=range(rows), columns=list(columns))
    except (ValueError, KeyError, TypeError, ArithmeticError, RecursionError) as error:
        raise ValueError(f"it is no table ({type(error).__name__}: {error!s:.80})") from None


def _series(rows: int, type: str, values: list[Any]) -> Any:
    import numpy as np

    pandas = needed("pandas")
    if len(values) != rows:
        raise ValueError(f"{len(values)} values in {rows} rows")
    if type == _TEXT:
        if not all(map(_is_text, values)):
            raise ValueError("a value is no text")
        # The type that this release of pandas gives to text, also where nothing stands in it.
        return pandas.Series([*values, ""]).iloc[:-1]
    kinds = {str(np.dtype(code)): np.dtype(code).kind for code in "?bBhHiIlLqQefd"}
    taken = {"b": bool, "i": int, "u": int, "f": float | int}[kinds[type]]
    if not all(isinstance(v, taken) and (taken is bool) == isinstance(v, bool) for v in values):
        raise ValueError(f"a value is no {type}")
    return pandas.Series(values, dtype=type)


def _is_text(value: Any) -> bool:
    """Whether it can also be written: half a character of UTF-16 cannot."""
    if not isinstance(value, str):
        return value is None
    return value.isascii() or not any("\ud800" <= sign <= "\udfff" for sign in value)


def current(
    records: Iterable[Record], experiment: str | Experiment | None = None
) -> tuple[list[Record], Counter[str]]:
    """Return the records that the code of today has computed, and how many other code has.

    Of an experiment that is known by its name alone and is none of hermiso, the code of today is
    that of the record written last.
    """
    records = list(records)
    today: dict[str, tuple[str, str]] = {}
    for record in sorted(records, key=lambda record: record.written):
        today[record.cell.experiment] = (record.cell.version, record.cell.code)
    for name in today:
        module = f"hermiso.experiments.{name.replace('-', '_')}"
        if has_source(module):
            today[name] = (package_version(), digest_of(module))
    if experiment is not None and not isinstance(experiment, str):
        today[experiment.name] = (package_version(), digest(experiment.run))
    ours = [r for r in records if (r.cell.version, r.cell.code) == today[r.cell.experiment]]
    other = Counter(r.cell.experiment for r in records)
    other.subtract(r.cell.experiment for r in ours)
    return ours, +other


def results(
    path: str | Path,
    experiment: str | Experiment | None = None,
    *,
    all_code: bool = False,
    warn: Callable[[str], None] = warned,
) -> Any:
    """Return the results of finished cells as one table.

    Args:
        path: a store.
        experiment: one, or its name; by default all.
        all_code: with the results that other code than today's has computed, see `current`.
        warn: is told what is left out: results of other code, and damaged ones.

    Returns:
        A pandas DataFrame: `experiment`, `version`, `code`, `seed`, the fields of the config as
        `config.width` and so on, then the columns of the experiment's own table. Of these, one
        named like a column before it is called `result.seed` and so on.
    """
    pandas = needed("pandas")
    name = experiment if isinstance(experiment, str | None) else experiment.name
    records = [r for r in read(path, name, warn) if r.result is not None]
    if not all_code:
        records, other = current(records, experiment)
        for of, count in other.items():
            told = f"{count} {'cell' if count == 1 else 'cells'}, not used"
            warn(f"results of {of} by other code: {told} (all_code, --all-code)")
    found = list(_tables(records, path, warn))
    if not found:
        return pandas.DataFrame(columns=list(_ORIGIN))
    origins = pandas.DataFrame([_origin(cell) for cell, _ in found])
    rows = origins.index.repeat([len(table) for _, table in found])
    own = pandas.concat([table for _, table in found], ignore_index=True)
    taken = {name: f"result.{name}" for name in own.columns if name in origins.columns}
    origins = origins.loc[rows].reset_index(drop=True)
    return pandas.concat([origins, own.rename(columns=taken)], axis="columns")


def _tables(
    records: Iterable[Record], path: str | Path, warn: Callable[[str], None]
) -> Iterable[tuple[Cell, Any]]:
    """The tables that have a value."""
    for record in records:
        try:
            table = decoded(record.result or "")
        except ValueError as error:
            warn(f"{path}: the result of {record.cell!s:.200} is damaged: {error}; it is left out")
            continue
        if table.size:
            yield record.cell, table


def _origin(cell: Cell) -> dict[str, Any]:
    fields = json.loads(cell.config)
    told = dict(zip(_ORIGIN, (cell.experiment, cell.version, cell.code, cell.seed), strict=True))
    return told | {
        f"config.{name}": tuple(value) if isinstance(value, list) else value
        for name, value in fields.items()
    }


def export(table: Any, path: str | Path) -> None:
    """Write a table to a .csv or .parquet file, which appears complete or not at all.

    Raises:
        SweepError: if the ending is another one or the place cannot be written.
    """
    path = Path(os.path.realpath(path))
    write = _writer(path.suffix)
    try:
        with replacing(path) as file:
            write(_flat(table), file)
    except (OSError, ValueError, TypeError, NotImplementedError, OverflowError) as error:
        told = " ".join(str(error).split())
        raise SweepError(f"{path} cannot be written ({told:.200}); choose another path") from None


def _writer(suffix: str) -> Callable[[Any, Any], None]:
    writers: Mapping[str, Callable[[Any, Any], None]] = {
        ".csv": lambda table, file: table.to_csv(file, index=False, mode="wb"),
        ".parquet": lambda table, file: table.to_parquet(file, index=False, engine="pyarrow"),
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
