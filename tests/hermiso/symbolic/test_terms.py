import pytest
import sympy as sp
from sympy import Symbol, cos, cosh, erf, erfc, exp, pi, sin, sinh

from hermiso.errors import NoClosedForm
from hermiso.symbolic.terms import Term, Terms, add, derivative, multiply, power, scale, terms

x = Symbol("x", real=True)
a = Symbol("a", positive=True)
b = Symbol("b", real=True)

EXPRESSIONS = {
    "polynomial": (x + b) ** 3,
    "exp": exp(a * x + b) * x,
    "bell": exp(-(x**2) + x),
    "power of a number": 2**x,
    "waves": sin(a * x + b) * cos(2 * x) + sin(x) ** 3,
    "shifted wave": cos(b - x) * sin(-x),
    "hyperbolic": sinh(x) * cosh(a * x),
    "erf": erf(x + 1) * erf(-a * x) * x**2,
    "erfc": erfc(2 * x - b) * exp(x),
    "reciprocal": (x + 1) / ((x**2 + a) * (2 * x + 3)),
    "nested": (exp(x) + sin(x) * erf(x)) ** 2,
}


def value(f: Terms, at: sp.Expr) -> sp.Expr:
    """The sum of terms, written out from the definition of a term."""
    total = sp.S.Zero
    for t, c in f.items():
        factor = at**t.power * abs(at) ** t.modulus * exp(t.quad * at**2 + t.lin * at)
        factor *= cos(t.freq * at + t.phase) / t.den.subs(x, at)
        for r, s in t.erfs:
            factor *= erf(r * at + s)
        total += c * factor
    return total


@pytest.mark.parametrize("e", EXPRESSIONS.values(), ids=EXPRESSIONS)
def test_terms_mean_their_expression(e: sp.Expr) -> None:
    values = {a: sp.Rational(3, 4), b: sp.Rational(-2, 7)}
    for at in (sp.Rational(-5, 3), sp.Rational(1, 8), sp.Rational(9, 4)):
        difference = value(terms(e, x), at) - e.subs(x, at)
        assert abs(difference.subs(values).evalf(30)) < sp.Rational(1, 10**25)


@pytest.mark.parametrize(
    "e", [v for k, v in EXPRESSIONS.items() if k != "reciprocal"], ids=lambda e: str(e)[:20]
)
def test_derivative(e: sp.Expr) -> None:
    values = {a: sp.Rational(3, 4), b: sp.Rational(-2, 7)}
    at = sp.Rational(7, 5)
    difference = value(derivative(terms(e, x)), at) - sp.diff(e, x).subs(x, at)
    assert abs(difference.subs(values).evalf(30)) < sp.Rational(1, 10**25)


def test_powers_of_x_keep_their_side() -> None:
    half = sp.S.Half
    assert terms(x**half, x, side=1) == {Term(modulus=half): 1}
    assert terms((-x) ** half, x, side=-1) == {Term(modulus=half): 1}
    with pytest.raises(NoClosedForm):
        terms(x**half, x)


def test_the_algebra_is_a_ring() -> None:
    f, g, h = (terms(e, x) for e in (x + sin(x), exp(x) - erf(x), x**2))
    assert add(f, g) == add(g, f)
    assert multiply(f, g) == multiply(g, f)
    assert multiply(f, add(g, h)) == add(multiply(f, g), multiply(f, h))
    assert power(f, 3) == multiply(f, multiply(f, f))
    assert add(f, scale(f, -sp.S.One)) == {}


def test_sine_squared_plus_cosine_squared_is_one() -> None:
    assert terms(sin(a * x + b) ** 2 + cos(a * x + b) ** 2, x) == {Term(): 1}


def test_phases_are_canonical() -> None:
    assert terms(cos(x + 3 * pi), x) == terms(-cos(x), x)
    assert terms(sin(-x), x) == terms(-sin(x), x)


@pytest.mark.parametrize(
    "e",
    [
        *(sp.tanh(x), sp.log(x**2 + 1), exp(x**3), sin(x**2), sp.sqrt(x**2 + 1), 1 / (1 + exp(x))),
        *((1 + x) ** 500, (sin(x) + exp(x) + x + erf(x)) ** 60),
    ],
    ids=lambda e: str(e)[:20],
)
def test_what_is_outside_is_refused(e: sp.Expr) -> None:
    with pytest.raises(NoClosedForm):
        terms(e, x)
