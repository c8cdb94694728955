"""Wrong pieces do not get through: the expression itself is asked at points."""

from __future__ import annotations

from typing import Any

import pytest
import sympy as sp

from hermiso import certified, numeric, pieces
from hermiso.balls.agreement import BESIDE, confirm_pieces
from hermiso.errors import ConfirmationError
from hermiso.pieces import Piece, split

x = sp.Symbol("x", real=True)
R = sp.Rational
oo = sp.oo


@pytest.mark.parametrize(
    ("e", "parts"),
    [
        (sp.Abs(x), ((-oo, 0, x), (0, oo, x))),
        (sp.Abs(x - 1), ((-oo, 1 + R(1, 10**17), 1 - x), (1 + R(1, 10**17), oo, x - 1))),
        (sp.Heaviside(sp.Max(x, 0), 0), ((-oo, 0, R(1, 2)), (0, oo, R(1)))),
        (sp.Max(x, x**2), ((-oo, 0, x**2), (0, 1, x**2), (1, oo, x**2))),
        (sp.tanh(x), ((-oo, oo, sp.tanh(x) + R(1, 10**30)),)),
    ],
    ids=str,
)
def test_wrong_pieces_are_seen(e: sp.Expr, parts: tuple[Any, ...]) -> None:
    confirm_pieces(e, x, split(e, x))
    wrong = [Piece(sp.sympify(a), sp.sympify(b), f) for a, b, f in parts]
    with pytest.raises(ConfirmationError, match=r"was taken for .* this is a bug of hermiso"):
        confirm_pieces(e, x, wrong)


def test_points_are_closer_to_a_kink_than_doubles() -> None:
    """A kink that is off by 2^-59 is off for a point beside it."""
    assert BESIDE < 2.0**-52
    off = 1 + R(1, 2**59)
    with pytest.raises(ConfirmationError):
        confirm_pieces(sp.Abs(x - 1), x, [Piece(-oo, off, 1 - x), Piece(off, oo, x - 1)])


@pytest.mark.parametrize(
    "question", [certified.moment, certified.beta, numeric.beta], ids=["moment", "beta", "floats"]
)
def test_a_mutant_of_the_cutting_is_caught(question: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    e = sp.Heaviside(sp.Max(x, 0) - sp.Min(x, R(1, 7)), 0) + x  # no other test may have it cached
    true_step = pieces._Splitter._step_like

    def mutant(self: Any, e: Any) -> Any:
        """1/2 on flat parts, whatever the second argument is."""
        return true_step(self, sp.Heaviside(e.args[0]) if isinstance(e, sp.Heaviside) else e)

    monkeypatch.setattr(pieces._Splitter, "_step_like", mutant)
    with pytest.raises(ConfirmationError):
        question(e)


def test_an_extremum_turned_round_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    true_choice = pieces._Splitter._larger

    def mutant(self: Any, f: Any, g: Any, flip: int) -> Any:
        return true_choice(self, f, g, -flip)

    monkeypatch.setattr(pieces._Splitter, "_larger", mutant)
    with pytest.raises(ConfirmationError):
        certified.moment(sp.tanh(sp.Max(x - R(3, 11), x / 9)))


def test_kinks_that_the_points_do_not_separate_are_no_alarm() -> None:
    e = sp.Heaviside(x - 1, 0) + sp.Heaviside(x - 1 - R(1, 10**36), 0)
    confirm_pieces(e, x, split(e, x))
    many = sp.Add(*(sp.Heaviside(x - R(k, 10)) for k in range(-25, 25)))
    confirm_pieces(many, x, split(many, x))
