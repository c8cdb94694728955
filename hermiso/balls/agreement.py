"""Compare the pieces of an expression with the expression itself, at points.

The expression is evaluated as it was given, switches and all: nothing here knows how it was cut.
What it is at a kink itself does not matter to any integral. Where balls do not know a function of
the expression, as acot, nothing is compared.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import sympy as sp
from flint import arb, ctx
from sympy import Expr, Symbol, oo

from hermiso.balls.compile import compiled, constant
from hermiso.errors import ConfirmationError, NoClosedForm
from hermiso.pieces import Piece

__all__ = ["confirm_pieces"]

BITS = 128
BESIDE = 2.0**-60  # of a piece, or in x: as close to a kink as points are laid
_INSIDE = (BESIDE, 0.0917, 0.3071)  # from either end
_OUTSIDE = (BESIDE, 0.1471, 0.9071, 2.3173, 5.8707)


def confirm_pieces(e: Expr, x: Symbol, pieces: Sequence[Piece]) -> None:
    """Compare at points inside of every piece and beside its ends.

    Raises:
        ConfirmationError: if a value of a piece is certainly not that of the expression.
    """
    with ctx.workprec(BITS):
        try:
            whole = compiled(e, x).real
            parts = [compiled(p.expression, x).real for p in pieces]
            points = [list(_points(p)) for p in pieces]
        except NoClosedForm:  # balls do not know a function of it
            return
        for p, part, inside in zip(pieces, parts, points, strict=True):
            for t in inside:
                a, b = whole(t), part(t)
                if a.is_finite() and b.is_finite() and not a.overlaps(b):
                    raise ConfirmationError(
                        f"{e!s:.200} is {a.str(10)} at {x} = {t.str(10, radius=False)}, but was "
                        f"taken for {p.expression!s:.200} on ({p.lower}, {p.upper}), which is "
                        f"{b.str(10)}; this is a bug of hermiso, please report it"
                    )


def _points(p: Piece) -> Iterator[arb]:
    """Points that are certainly inside."""
    lower, upper = (None if t in (-oo, oo) else constant(sp.sympify(t)) for t in (p.lower, p.upper))
    for t in (point.mid() for point in _near(lower, upper)):
        if (lower is None or lower < t) and (upper is None or t < upper):
            yield t


def _near(lower: arb | None, upper: arb | None) -> Iterator[arb]:
    if lower is not None and upper is not None:
        width = upper - lower
        yield from (end for t in _INSIDE for end in (lower + width * t, upper - width * t))
        return
    start = next((end for end in (lower, upper) if end is not None), arb(0))
    for side, end in ((1, upper), (-1, lower)):
        if end is None:
            yield from (start + side * t for t in _OUTSIDE)
