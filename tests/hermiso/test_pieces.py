from itertools import pairwise

import pytest
import sympy as sp
from sympy import Rational, Symbol, exp, oo, sqrt

from hermiso.errors import ActivationError, NoClosedForm, UnknownSign
from hermiso.pieces import signs, split

x = Symbol("x", real=True)
a = Symbol("a", positive=True)
s, t = sp.symbols("s t", real=True)
half = Rational(1, 2)

CASES = {
    "smooth": (sp.tanh(x), [(-oo, oo, sp.tanh(x))]),
    "relu": (sp.Max(x, 0), [(-oo, 0, 0), (0, oo, x)]),
    "abs": (abs(x), [(-oo, 0, -x), (0, oo, x)]),
    "clip": (sp.Min(sp.Max(x, -1), 1), [(-oo, -1, -1), (-1, 1, x), (1, oo, 1)]),
    "symbolic kink": (sp.Max(x - t, 0), [(-oo, t, 0), (t, oo, x - t)]),
    "symbolic gain": (
        sp.Min(sp.Max(a * x, -1), 1),
        [(-oo, -1 / a, -1), (-1 / a, 1 / a, a * x), (1 / a, oo, 1)],
    ),
    "slope": (sp.Piecewise((x, x > 0), (s * x, True)), [(-oo, 0, s * x), (0, oo, x)]),
    "nested": (
        abs(x + abs(x) - 1),
        [(-oo, 0, 1), (0, half, 1 - 2 * x), (half, oo, 2 * x - 1)],
    ),
    "irrational": (
        abs(x**2 - 2),
        [(-oo, -sqrt(2), x**2 - 2), (-sqrt(2), sqrt(2), 2 - x**2), (sqrt(2), oo, x**2 - 2)],
    ),
    "through exp": (sp.Min(a * (exp(x) - 1), 0), [(-oo, 0, a * (exp(x) - 1)), (0, oo, 0)]),
    "through a shifted exp": (
        sp.Max(exp(x) - 2, 0),
        [(-oo, sp.log(2), 0), (sp.log(2), oo, exp(x) - 2)],
    ),
    "through tanh": (sp.Max(sp.tanh(x) - 2, 0), [(-oo, oo, 0)]),
    "three at once": (sp.Max(1, x, x**2), [(-oo, -1, x**2), (-1, 1, 1), (1, oo, x**2)]),
    "and": (
        sp.Piecewise((1, (x > 0) & (x < 1)), (0, True)),
        [(-oo, 0, 0), (0, 1, 1), (1, oo, 0)],
    ),
    "or": (
        sp.Piecewise((1, (x < 0) | (x > 1)), (0, True)),
        [(-oo, 0, 1), (0, 1, 0), (1, oo, 1)],
    ),
    "double root": (
        abs((x - 1) ** 2 * x),
        [(-oo, 0, -x * (x - 1) ** 2), (0, oo, x * (x - 1) ** 2)],
    ),
    "equality has no width": (sp.Piecewise((5, sp.Eq(x, 1)), (x, True)), [(-oo, oo, x)]),
    "half of a Heaviside": (sp.Heaviside(x - 1) * 2, [(-oo, 1, 0), (1, oo, 2)]),
    "parameter condition": (sp.Piecewise((x, a > 0), (-x, True)), [(-oo, oo, x)]),
}


@pytest.mark.parametrize(("expression", "expected"), CASES.values(), ids=CASES)
def test_split(expression: sp.Expr, expected: list[tuple[sp.Expr, sp.Expr, sp.Expr]]) -> None:
    found = [(p.lower, p.upper, sp.expand(p.expression)) for p in split(expression, x)]
    assert found == [(lo, hi, sp.expand(e)) for lo, hi, e in expected]


def test_roots_of_a_cubic_are_algebraic_numbers() -> None:
    kinks = [p.upper for p in split(abs(x**3 - 3 * x + 1), x)][:-1]
    assert [float(k) for k in kinks] == pytest.approx(
        [-1.8793852415718, 0.3472963553338, 1.5320888862379]
    )


@pytest.mark.parametrize(
    ("expression", "error", "message"),
    [
        (sp.Max(s * x, 0), UnknownSign, "sign of s"),
        (sp.Max(s * x, x), UnknownSign, "sign of 1 - s"),
        (sp.Min(sp.Max(x, t), s), UnknownSign, "s - t|s \\+ t"),
        (abs(x**2 - s), UnknownSign, "sign of"),
        (abs(sp.sin(x)), NoClosedForm, "sin"),
        (abs(x * exp(x) + 1), NoClosedForm, "sign changes"),
        (abs(x**3 + s * x + 1), NoClosedForm, "no closed form"),
        (abs(x**50 + x + 1), NoClosedForm, "no closed form"),
        (sp.floor(x), NoClosedForm, "infinitely many jumps"),
        (sp.Piecewise((x, x > 0)), ActivationError, r"undefined on \(-oo, 0\)"),
    ],
    ids=str,
)
def test_what_cannot_be_split_says_why(
    expression: sp.Expr, error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        split(expression, x)


def test_nesting_grows_linearly() -> None:
    e = x
    for i in range(40):
        e = sp.Piecewise((e, x > i), (x / (i + 2), True))
    assert len(split(e, x)) == 41 - 39  # the outermost branch hides the inner ones below its kink


def test_signs_cover_the_line() -> None:
    for u in (x, -x + 1, x**2 - 3, x**3, exp(x) - 5, sp.erf(x) - half, x * (x - 2) ** 3):
        intervals = signs(u, x)
        assert intervals[0][0] == -oo
        assert intervals[-1][1] == oo
        for (_, left, _), (right, _, _) in pairwise(intervals):
            assert left == right
        for lo, hi, sign in intervals:
            lower = lo if lo != -oo else sp.Min(hi, 0) - 7
            upper = hi if hi != oo else sp.Max(lo, 0) + 7
            assert sp.sign(u.subs(x, (lower + upper) / 2)) == sign
