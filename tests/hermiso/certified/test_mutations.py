"""Certificates are needed: without a bound the references of tests/data are missed.

Each mutation takes one certificate away and the checks against the references must fail by a
wrong value, not by a refusal; without it all of them pass. Where a bound also steers the rule
(where to cut, how many points), a control weakens the steering alone: the bound then makes up
for it and the checks pass.
"""

import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
import sympy as sp
from flint import acb, arb

from hermiso.balls import compile as compiling
from hermiso.balls import line, panels
from hermiso.balls.growth import Growth
from hermiso.balls.rule import Cell, Tail
from hermiso.errors import NoClosedForm
from tests.data.certified import check_quadrature

CHECKS = (
    ("relu", "moment"),
    ("silu", "coefficient 5"),
    ("tanh", "beta minus one"),
    ("steep tanh", "second moment"),
    ("kinks in a row", "moment"),
    ("kinks in a row", "second moment"),
    ("exp", "second moment"),
)

Mutation = Callable[[pytest.MonkeyPatch], None]


@pytest.fixture(autouse=True)
def _nothing_remembered() -> Iterator[None]:
    """A mutation must not meet, or leave behind, what was compiled before it."""
    _forget()
    yield
    _forget()


def _forget() -> None:
    for name, module in list(sys.modules.items()):
        if name.startswith("hermiso.balls"):
            for value in vars(module).values():
                if hasattr(value, "cache_clear"):
                    value.cache_clear()


def run(checks: tuple[tuple[str, str], ...]) -> list[str]:
    """Return what the failing checks say; any other error is an error."""
    said = []
    for name, key in checks:
        try:
            check_quadrature(name, key)
        except AssertionError as error:
            said.append(str(error))
    return said


# --- the mutations --------------------------------------------------------------------------


def no_tails(patch: pytest.MonkeyPatch) -> None:
    """The integrand is taken to vanish where its growth bound begins."""
    patch.setattr(Growth, "tail", lambda self, cut: arb(0))


def early_cuts(patch: pytest.MonkeyPatch) -> None:
    """Control: cut where a quarter of the bits is reached; the tails bound the rest."""
    cut_for = Growth.cut_for
    patch.setattr(Growth, "cut_for", lambda self, bits: cut_for(self, bits // 4))


def early_cuts_without_tails(patch: pytest.MonkeyPatch) -> None:
    early_cuts(patch)
    patch.setattr(Tail, "error", lambda self, weight: arb(0))


def fewer_points(patch: pytest.MonkeyPatch) -> None:
    """Control: two thirds of the points; the panels' error bounds say what is missing."""
    needed = panels.points_needed

    def fewer(r: float, size: float) -> int | None:
        n = needed(r, size)
        return n and 2 * n // 3

    patch.setattr(panels, "points_needed", fewer)


def fewer_points_without_bounds(patch: pytest.MonkeyPatch) -> None:
    fewer_points(patch)
    patch.setattr(Cell, "error", lambda self, weight: arb(0))


def unsplit(patch: pytest.MonkeyPatch) -> None:
    """Control: no kink is known beforehand; boxes that a kink crosses are not finite."""

    def unknown(e: Any, x: Any) -> Any:
        raise NoClosedForm("the kinks")

    patch.setattr(line, "split", unknown)
    patch.setattr(line, "has_switches", lambda e, x: False)


def no_analytic_flag(patch: pytest.MonkeyPatch) -> None:
    """Boxes that a kink crosses are enclosed as if f were holomorphic there."""
    unsplit(patch)
    blind = replace(
        compiling._BOX,
        unary={
            **compiling._BOX.unary,
            sp.Abs: lambda z: z.real_abs(analytic=False),
            sp.sign: lambda z: z.real_sgn(analytic=False),
        },
        larger=lambda a, b: acb(a).real_max(acb(b), analytic=False),
        smaller=lambda a, b: acb(a).real_min(acb(b), analytic=False),
        sign=lambda z: acb(z).real_sgn(analytic=False),
    )
    patch.setattr(compiling, "_BOX", blind)


CONTROLS: tuple[Mutation, ...] = (early_cuts, fewer_points, unsplit)
MUTATIONS: tuple[Mutation, ...] = (
    no_tails,
    early_cuts_without_tails,
    fewer_points_without_bounds,
    no_analytic_flag,
)


def name_of(mutation: Any) -> str:
    return str(mutation.__name__)


def test_all_checks_pass() -> None:
    assert run(CHECKS) == []


@pytest.mark.parametrize("mutation", CONTROLS, ids=name_of)
def test_weaker_steering_is_made_up_for(
    mutation: Mutation, monkeypatch: pytest.MonkeyPatch
) -> None:
    mutation(monkeypatch)
    assert run(CHECKS) == []


@pytest.mark.parametrize("mutation", MUTATIONS, ids=name_of)
def test_a_missing_certificate_gives_wrong_values(
    mutation: Mutation, monkeypatch: pytest.MonkeyPatch
) -> None:
    mutation(monkeypatch)
    said = run(CHECKS)
    assert any("lies above" in text or "lies below" in text for text in said), said
