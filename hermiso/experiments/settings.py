"""Settings as text, "width=200", read by the type of the config's field."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from types import NoneType, UnionType
from typing import Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

from hermiso.errors import ExperimentError

__all__ = ["Config", "changed", "parted", "read"]

Config = TypeVar("Config")


def changed(config: Config, settings: Iterable[str]) -> Config:
    """Return the config with these fields changed; of a tuple the entries are parted by commas.

    They may be written as JSON: 'activations=["max(x, 0)", "tanh"]'.

    >>> from hermiso.experiments import Config
    >>> changed(Config(("relu",)), ["width=200", "activations=tanh,exp"])
    Config(activations=('tanh', 'exp'), samples=10, width=200, ...)

    Raises:
        ExperimentError: if there is no such field, or the value is not of its type.
    """
    hints = get_type_hints(type(config))
    values: dict[str, Any] = {}
    for setting in settings:
        name, sign, text = (part.strip() for part in setting.partition("="))
        if not sign or name not in hints:
            raise ExperimentError(
                f"{setting!r} is no setting; write FIELD=VALUE with a field of {', '.join(hints)}"
            )
        listed = get_origin(hints[name]) is tuple
        given = _listed(name, text) if listed else text
        values[name] = read(name, given, hints[name])
    return replace(config, **values)  # type: ignore[type-var]


def _listed(name: str, text: str) -> Any:
    if not text.startswith("["):
        return parted(text)
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ExperimentError(f"{name} is set to {text:.80}, no JSON list ({error})") from None


def parted(text: str) -> list[str]:
    """Cut a list at the commas outside of parentheses.

    >>> parted("tanh, max(x, 0)")
    ['tanh', 'max(x, 0)']
    """
    parts, depth = [""], 0
    for character in text:
        depth += (character == "(") - (character == ")")
        if character == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += character
    return [part.strip() for part in parts]


def read(name: str, given: Any, hint: Any) -> Any:
    """Read a text, a JSON value, or a list of texts, as a value of a field's type.

    Raises:
        ExperimentError: if it is none.
    """
    try:
        return _read(given, hint)
    except (ValueError, OverflowError):
        wanted = getattr(hint, "__name__", "") if get_origin(hint) is None else ""
        raise ExperimentError(
            f"{name} is set to {given!r}; it must be of type {wanted or hint}"
        ) from None


def _read(given: Any, hint: Any) -> Any:
    """Text or a JSON value as a value of the type, or ValueError."""
    origin, inner = get_origin(hint), get_args(hint)
    if origin in {Union, UnionType}:
        return _first(given, inner)
    if origin is Literal:
        return _first_of(inner, given)
    if origin is tuple and isinstance(given, list):
        kinds = [inner[0]] * len(given) if inner[1:] == (...,) else inner
        return tuple(_read(entry, kind) for entry, kind in zip(given, kinds, strict=True))
    if hint in _SCALARS and not isinstance(given, list | dict):
        return _SCALARS[hint](given)
    raise ValueError


def _first(given: Any, hints: Iterable[Any]) -> Any:
    for hint in sorted(hints, key=lambda hint: hint is str):  # text takes everything
        try:
            return _read(given, hint)
        except ValueError:
            continue
    raise ValueError


def _first_of(values: Iterable[Any], given: Any) -> Any:
    for value in values:
        if given == value or given == str(value):
            return value
    raise ValueError


def _integer(given: Any) -> int:
    # Only what is written as an integer, also as 1e9: neither 1.5 nor True nor 1_000.
    found = re.fullmatch(r"([+-]?[0-9]{1,4000})(?:[eE]\+?([0-9]{1,2}))?", str(given))
    if not found:
        raise ValueError
    return int(int(found[1]) * 10 ** int(found[2] or 0))


def _real(given: Any) -> float:
    if isinstance(given, bool) or given is None or "_" in str(given):
        raise ValueError
    return float(given)


def _truth(given: Any) -> bool:
    words = {"true": True, "false": False}
    if str(given).lower() not in words:
        raise ValueError
    return words[str(given).lower()]


def _text(given: Any) -> str:
    if not isinstance(given, str) or not given:
        raise ValueError
    return given


def _nothing(given: Any) -> None:
    if given not in (None, "None", "none"):
        raise ValueError


_SCALARS: Mapping[Any, Any] = {
    int: _integer,
    float: _real,
    bool: _truth,
    str: _text,
    NoneType: _nothing,
}
