"""Certified figures: the second call of each question, every cache warm."""

from __future__ import annotations

from typing import Any

import pytest

import hermiso
from hermiso import certified
from hermiso.balls.ball import Ball
from hermiso.balls.line import Line
from hermiso.balls.moments import strength

OPEN = ("tanh", "sigmoid", "silu", "mish", "softplus", "symlog", "gelu_tanh")
CLOSED = ("relu", "gelu", "elu", "sin")
TARGETS = {50: 0.006, 200: 0.040}  # seconds, for the median over the catalogue


@pytest.mark.parametrize("digits", [50, 200])
@pytest.mark.parametrize("name", [*OPEN, *CLOSED])
def test_beta(benchmark: Any, name: str, digits: int) -> None:
    """Beta with its three moments; a closed form in balls where there is one."""
    benchmark.extra_info["target"] = TARGETS[digits]
    certified.beta(name, digits=digits)
    found = benchmark(certified.beta, name, digits=digits)
    assert found.digits >= digits - 2


@pytest.mark.parametrize("digits", [50, 200])
@pytest.mark.parametrize("name", CLOSED)
def test_quadrature(benchmark: Any, name: str, digits: int) -> None:
    """The quadrature alone, where a closed form would spare it."""
    entry = hermiso.catalogue.get(name)
    line = Line(entry.expression, entry.variable)
    strength(line, digits)
    found = benchmark(strength, line, digits)
    assert certified.beta_minus_one(name, digits=digits).overlaps(Ball(found))


def test_coefficients(benchmark: Any) -> None:
    """A hundred coefficients in one pass."""
    certified.coefficients("tanh", 100)
    found = benchmark(certified.coefficients, "tanh", 100)
    assert found[1].overlaps(certified.coefficient("tanh", 1))


@pytest.mark.parametrize("rho", [0.5, 0.99])
@pytest.mark.parametrize("name", ["tanh", "symlog"])
def test_dual(benchmark: Any, name: str, rho: float) -> None:
    """The dual activation to 30 digits."""
    certified.dual(name, rho)
    found = benchmark(certified.dual, name, rho)
    assert found.digits >= 30
