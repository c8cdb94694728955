"""Settings as text, "width=200", read by the type of the config's field."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import fields, replace
from typing import Any, TypeVar

from hermiso.errors import ExperimentError

Config = TypeVar("Config")


def changed(config: Config, settings: Iterable[str]) -> Config:
    """Return the config with these fields changed; of a tuple the entries are parted by commas.

    >>> from hermiso.experiments import Config
    >>> changed(Config(("relu",)), ["width=200", "activations=tanh,exp"])
    Config(activations=('tanh', 'exp'), samples=10, width=200, ...)

    Raises:
        ExperimentError: if there is no such field, or the value is not of its type.
    """
    values: dict[str, Any] = {}
    for setting in settings:
        name, text = parted(config, setting)
        values[name] = read(config, name, text)
    return replace(config, **values)  # type: ignore[type-var]


def parted(config: Any, setting: str) -> tuple[str, str]:
    """Part FIELD=VALUE."""
    name, sign, text = setting.partition("=")
    known = [field.name for field in fields(config)]
    if not sign or name not in known:
        raise ExperimentError(
            f"{setting!r} is no setting; write FIELD=VALUE with a field of {', '.join(known)}"
        )
    return name, text


def read(config: Any, name: str, text: str) -> Any:
    """Read a value of a field, of the type that the field has now."""
    now = getattr(config, name)
    if isinstance(now, tuple):
        return tuple(_number_or_text(name, type(now[0]), part) for part in text.split(","))
    return _number_or_text(name, type(now), text)


def _number_or_text(name: str, kind: type, text: str) -> Any:
    try:
        return kind(text.strip())
    except ValueError:
        raise ExperimentError(f"{name} is {text!r}; it must be of type {kind.__name__}") from None
