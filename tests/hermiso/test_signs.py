import pytest
import sympy as sp
from sympy import Symbol, exp, pi, sqrt

from hermiso.errors import ActivationError, UnknownSign
from hermiso.signs import sign_of

a, b = sp.symbols("a b", positive=True)
r = Symbol("r", real=True)


@pytest.mark.parametrize(
    ("u", "sign"),
    [
        (3, 1),
        (sp.S.Zero, 0),
        (pi - sp.Rational(355, 113), -1),
        (sqrt(2) + sqrt(3) - sqrt(5 + 2 * sqrt(6)), 0),
        (exp(pi * sqrt(163)) - 262537412640768744, -1),  # -7.5e-13: needs 30 digits
        (a * b, 1),
        (-a / b, -1),
        (a**2 + 2 * a * b + b**2, 1),
        (1 + r**2, 1),
        (r**2 + 1 - (r - 1) * (r + 1), 1),
    ],
    ids=str,
)
def test_sign_of(u: sp.Expr, sign: int) -> None:
    assert sign_of(u) == sign


@pytest.mark.parametrize(
    ("u", "message"),
    [
        (r, r"r = Symbol\('r', positive=True\) or r = Symbol\('r', negative=True\)"),
        (1 - 2 * r, r"declare r = Symbol\('r', negative=True\)"),
        (a - b, "assumptions on a, b .* substitute numbers"),
    ],
    ids=str,
)
def test_an_unknown_sign_says_what_to_declare(u: sp.Expr, message: str) -> None:
    with pytest.raises(UnknownSign, match=message):
        sign_of(u)


def test_the_reason_is_given() -> None:
    with pytest.raises(UnknownSign, match=r"\(the kinks must be in order\)"):
        sign_of(r, because="the kinks must be in order")


def test_complex_numbers_have_no_sign() -> None:
    with pytest.raises(ActivationError, match="not real"):
        sign_of(sp.I)
