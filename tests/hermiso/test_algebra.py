"""Sizes are bounds, and what is too large stays as it is."""

from __future__ import annotations

import pytest
import sympy as sp

from hermiso import algebra
from hermiso.errors import NoClosedForm
from hermiso.parsing import parse

x, y = sp.symbols("x y", real=True)
LONG = parse("exp(0.3*x)/(1+exp(0.1234567891234*x))")


@pytest.mark.parametrize(
    ("formula", "small"),
    [
        ("exp(x) + exp(2*x) + 1/x", True),
        ("exp(x/3) + exp(x/7)", True),
        ("exp(0.3*x) + exp(0.1234567*x)", False),  # degree 3000000 in exp(x/10^7)
        ("1/(1 + exp(0.5*x)) + 1/(1 + exp(1.5*x))", True),
        ("(1 + x)^100", True),
        ("(1 + x)^101", False),
        ("1/(1 + x)^60 + 1/(2 + x)^60", False),  # over one denominator
        ("(x + a + b + c + d + f)^30", False),  # 1947792 monomials
        ("sqrt(x) + x^(1/1000)", False),
        ("sin(x)^3*tanh(x)^4", True),
    ],
)
def test_exponents_decide_what_is_small(formula: str, small: bool) -> None:
    assert algebra.is_small(parse(formula)) is small


def test_long_numbers_are_not_small() -> None:
    assert not algebra.is_small(x + sp.Integer(7) ** 3000)


def test_the_degree_of_a_fraction_is_bounded() -> None:
    e = parse("(x^3 + 1)/(x^2 + x) + x/(x - 1)^4 + (x + 1/x)^2")
    numerator, denominator = sp.fraction(sp.together(e))
    size = algebra._size(e, algebra._scales(e))
    assert size.top >= sp.degree(sp.expand(numerator), x)
    assert size.bottom >= sp.degree(sp.expand(denominator), x)


@pytest.mark.parametrize("change", [algebra.factor, algebra.cancel])
def test_large_expressions_stay_and_small_ones_change(change: object) -> None:
    small = (x**2 - 1) / (x - 1) + 1 / x
    assert change(LONG) is LONG  # type: ignore[operator]
    assert change(small) == getattr(sp, change.__name__)(small)  # type: ignore[operator,attr-defined]


def test_long_formulas_are_not_written_as_one_fraction() -> None:
    e = sp.exp(4_500_000) / (1 + x) + 1 / x  # the degree does not matter here
    assert algebra.together(e) == sp.together(e)
    long = sp.Add(*(1 / (x**2 + k) for k in range(1, 1000)))
    assert algebra.together(long) is long


def test_products_of_many_terms_are_not_multiplied_out() -> None:
    e = (1 + x + y + sp.sin(x)) ** 40
    assert algebra.expanded_terms(e) == 12341
    assert algebra.expand(e) is e
    assert algebra.expand((x + y) ** 3) == sp.expand((x + y) ** 3)
    assert algebra.expanded_terms((x + y) ** 3 * (1 + x) + 1) >= len(
        sp.expand((x + y) ** 3 * (1 + x) + 1).args
    )


def test_too_high_a_degree_is_no_polynomial() -> None:
    assert algebra.poly((x + 1) ** 3, x).degree() == 3
    with pytest.raises(NoClosedForm, match="too high a degree"):
        algebra.poly((x + 1) ** 300, x)


@pytest.mark.parametrize("rate", ["0.3", "0.1234567891234", "12/7"])
def test_exponentials_cancel_whatever_their_decimals_are(rate: str) -> None:
    u = parse(f"1/(1+exp({rate}*x)) + 1/(1+exp(0.7*x)) + 1/(1+exp(2.1*x))")
    assert algebra.cancel_exponentials(u + u.subs(x, -x)) == 3
    assert algebra.cancel_exponentials(sp.exp(x) * sp.exp(1)) == sp.E * sp.exp(x)
    assert algebra.cancel_exponentials(u).equals(u)
