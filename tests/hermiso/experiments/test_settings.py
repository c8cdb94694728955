"""Settings as text, read by the type of the field."""

from dataclasses import replace
from typing import Any

import pytest

from hermiso.errors import ExperimentError
from hermiso.experiments import Config, get
from hermiso.experiments.settings import changed

CONFIG = Config(("relu", "tanh"))


@pytest.mark.parametrize(
    ("setting", "field", "value"),
    [
        ("width=200", "width", 200),
        ("width= 200 ", "width", 200),
        ("width=1e9", "width", 10**9),
        ("degeneracy=2", "degeneracy", 2.0),
        ("degeneracy=1e3", "degeneracy", 1000.0),
        ("dtype=float32", "dtype", "float32"),
        ("activations=exp", "activations", ("exp",)),
        ("activations=exp, sin", "activations", ("exp", "sin")),
        ("activations=max(x, min(1, x)),tanh", "activations", ("max(x, min(1, x))", "tanh")),
    ],
)
def test_a_setting_is_read_by_the_type_of_its_field(setting: str, field: str, value: Any) -> None:
    found = changed(CONFIG, [setting])
    assert found == replace(CONFIG, **{field: value})
    assert type(getattr(found, field)) is type(value)


def test_numbers_in_a_tuple_are_numbers() -> None:
    config = get("figure-b2").quick
    assert changed(config, ["gains=0.5,3"]).gains == (0.5, 3.0)


def test_no_setting_changes_nothing_and_the_last_one_counts() -> None:
    assert changed(CONFIG, []) == CONFIG
    assert changed(CONFIG, ["width=5", "depth=3", "width=7"]) == replace(CONFIG, width=7, depth=3)


@pytest.mark.parametrize("setting", ["breadth=3", "width", "", "=3", "Width=3"], ids=repr)
def test_an_unknown_field_is_answered_by_the_fields(setting: str) -> None:
    with pytest.raises(ExperimentError, match=f"{setting!r} is no setting; .*activations, samples"):
        changed(CONFIG, [setting])


@pytest.mark.parametrize(
    ("setting", "kind"),
    [
        ("width=wide", "int"),
        ("width=2.5", "int"),
        ("width=1e-3", "int"),
        ("width=1e999", "int"),
        ("width=", "int"),
        ("degeneracy=x", "float"),
    ],
)
def test_a_value_of_another_type_is_refused(setting: str, kind: str) -> None:
    field, _, text = setting.partition("=")
    with pytest.raises(ExperimentError, match=f"{field} is set to {text!r}; .* of type {kind}"):
        changed(CONFIG, [setting])


def test_one_bad_number_in_a_tuple_is_named() -> None:
    with pytest.raises(ExperimentError, match=r"gains is set to \['1', 'two'\]; .* tuple\[float"):
        changed(get("figure-b2").quick, ["gains=1,two"])
