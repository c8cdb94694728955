import pytest
import sympy as sp
from sympy import E, Rational, cos, erf, erfc, exp, pi, sin, sqrt

from hermiso.errors import ActivationError
from hermiso.symbolic.laurent import (
    cleared,
    factored,
    from_laurent,
    laurent,
    primitive_part,
    with_hyperbolics,
)
from hermiso.symbolic.present import expanded, lowest_terms, strength, tidy

a, b, r = sp.symbols("a b r", real=True)


@pytest.mark.parametrize(
    ("e", "expected"),
    [
        (exp(sp.S.Half) / 2 - exp(sp.S.Half) * erf(a) / 2, exp(sp.S.Half) * erfc(a) / 2),
        (exp(a) / 2 + exp(-a) / 2, sp.cosh(a)),
        (exp(2 * a + b) - exp(b - 2 * a), 2 * exp(b) * sp.sinh(2 * a)),
        (sin(a) ** 2 + cos(a) ** 2, 1),
        (exp(-(a**2) / 2) * exp(a**2 / 2 - b), exp(-b)),
        (1 / (1 + a**2) + a**2 / (1 + a**2), 1),
        (sqrt(2) * sqrt(pi) / 2 + sqrt(2) * sqrt(pi) / 2, sqrt(2) * sqrt(pi)),
    ],
    ids=str,
)
def test_tidy(e: sp.Expr, expected: sp.Expr) -> None:
    assert tidy(e) == expected


@pytest.mark.parametrize(
    ("moments", "expected"),
    [
        ((1 / sqrt(2 * pi), sp.S.Half, sp.S.Half), (3 * pi - 4) / (2 * pi - 2)),
        ((0, 1, 1), 1),
        ((0, 0, 1), 2),
        ((exp(sp.S.Half), exp(sp.S.Half), E**2), 2 - 1 / (E - 1)),
        ((0, 1 + a, 2 * (1 + a) ** 2), Rational(3, 2)),
    ],
    ids=str,
)
def test_strength(moments: tuple[sp.Expr, ...], expected: sp.Expr) -> None:
    assert strength(*map(sp.sympify, moments)) == expected


def test_strength_needs_a_variance() -> None:
    with pytest.raises(ActivationError, match=r"Var sigma\(z\) is 0"):
        strength(sp.S.One, sp.S.Zero, sp.S.One)


def test_strength_does_not_expand_what_would_fill_pages() -> None:
    many = sp.Add(*(erf(sp.Rational(1, j)) for j in range(1, 40)))
    assert strength(many, sp.S.One, many + 99).count_ops() < 1000


@pytest.mark.parametrize(
    "e",
    [
        sp.S.Zero,
        3 * sqrt(2) * exp(2 * a**2) / sqrt(pi) - a * erf(b),
        2 * exp(a + b) - exp(-a) / 3,
        exp(1 / (1 + r)) * a ** Rational(3, 2),
        2**a * a,
    ],
    ids=str,
)
def test_laurent_round_trip(e: sp.Expr) -> None:
    assert sp.expand(from_laurent(laurent(expanded(e))) - sp.expand(e)) == 0


def test_primitive_part() -> None:
    content, rest = primitive_part(laurent(expanded(6 * a * exp(b) - 4 * a**2 * exp(2 * b))))
    assert sp.expand(content * rest - 6 * a * exp(b) + 4 * a**2 * exp(2 * b)) == 0
    assert set(laurent(rest).values()) == {2, -3} or set(laurent(rest).values()) == {-2, 3}


def test_cleared_keeps_the_ratio_and_leaves_no_negative_power() -> None:
    n, d = exp(-a) + 1 / a, exp(-a) / a
    top, bottom = cleared(laurent(n), laurent(d))
    assert all(k >= 0 for m in (*top, *bottom) for _, k in m)
    assert sp.simplify(from_laurent(top) / from_laurent(bottom) - n / d) == 0


def test_lowest_terms_cancels_a_common_factor() -> None:
    n, d = expanded((exp(a) - 1) * (exp(a) + 2)), expanded((exp(a) - 1) * 3)
    assert lowest_terms(n, d) == (exp(a) + 2, 3)


def test_a_costly_gcd_is_skipped() -> None:
    n = exp(Rational(1, 5760)) + 1
    top, bottom = lowest_terms(expanded(n**2), expanded(n * (1 + exp(1))))
    assert abs((top / bottom - n / (1 + E)).evalf(30)) < Rational(1, 10**25)


def test_costly_factors_are_left_alone() -> None:
    p = expanded((exp(Rational(1, 5760)) + 1) * (exp(Rational(1, 7)) - 2))
    assert factored(laurent(p)) == p


def test_hyperbolics_need_equal_weights() -> None:
    p = laurent(exp(a) + 2 * exp(-a))
    assert with_hyperbolics(p) == p
