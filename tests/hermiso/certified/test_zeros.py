"""Functions whose formula fails or bends at zeros of its parts, against mpmath in many panels.

The integrands are written again for mpmath; its panels end at the points where they bend. The
values are kept (`tests.data.stored`).
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from itertools import pairwise
from typing import Any

import pytest
import sympy as sp
from mpmath import mp, mpf

from hermiso import certified
from hermiso.errors import HermisoError
from tests.data.certified import Reference, X, assert_encloses, exact
from tests.data.stored import agree, stored

DPS, SPARE = 45, 70
END = 15
PI = mp.pi


@dataclass(frozen=True)
class Case:
    """A function twice, where it bends, and which moment of it is asked for."""

    expression: sp.Expr
    f: Callable[[Any], Any]
    bends: Callable[[], list[Any]] = lambda: [mpf(0)]
    degree: int = 0


def turns(step: Callable[[], Any], start: Callable[[], Any] = lambda: 0) -> Callable[[], list[Any]]:
    """Multiples of a step, beyond the ends too."""
    return lambda: [start() + k * step() for k in range(-2 * END, 2 * END + 1)]


def at(*points: Any) -> Callable[[], list[Any]]:
    return lambda: [p() if callable(p) else mpf(p) for p in points]


def steps_of_tanh() -> list[Any]:
    return [mp.atanh(mpf(k) / 5) for k in range(-4, 5)]


half = sp.Rational(1, 2)
golden = [lambda k=k: 2 * mp.cos(2 * PI * k / 9) for k in (1, 2, 4)]  # of x^3 - 3 x + 1

CASES = {
    # removable singularities
    "x coth x": Case(X * sp.coth(X), lambda x: x * mp.coth(x)),
    "x csch x": Case(X * sp.csch(X), lambda x: x * mp.csch(x)),
    "u cot u of tanh": Case(
        sp.tanh(X) * sp.cot(sp.tanh(X)), lambda x: mp.tanh(x) * mp.cot(mp.tanh(x))
    ),
    "Langevin": Case(sp.coth(X) - 1 / X, lambda x: mp.coth(x) - 1 / x, degree=1),
    "quotient at 1": Case(
        (sp.exp(X) - sp.E) / ((X - 1) * (1 + X**2)),
        lambda x: (mp.exp(x) - mp.e) / ((x - 1) * (1 + x * x)),
        at(1),
    ),
    "double zero": Case((sp.exp(X) - 1 - X) / X**2, lambda x: (mp.exp(x) - 1 - x) / x**2),
    "of |x|": Case(sp.sin(sp.Abs(X)) / sp.Abs(X) * sp.exp(X), lambda x: mp.sin(x) / x * mp.exp(x)),
    "sinc against a bend": Case(
        sp.Min(sp.sin(X) / X, sp.Abs(X - 1)),
        lambda x: min(mp.sinc(x), abs(x - 1)),
        lambda: [mpf(0), mpf(1), mp.findroot(lambda x: mp.sin(x) / x - x + 1, 1.5)],
    ),
    "the larger of a quotient": Case(
        sp.Max(sp.tanh(X) / X, sp.exp(X) / 3),
        lambda x: max(mp.tanh(x) / x if x else mpf(1), mp.exp(x) / 3),
        lambda: [mpf(0), mp.findroot(lambda x: mp.tanh(x) / x - mp.exp(x) / 3, 0.9)],
    ),
    # branch points
    "log x^2": Case(sp.log(X**2), lambda x: 2 * mp.log(abs(x))),
    "log of a product": Case(
        sp.log(X**2 * (1 + X**2)), lambda x: 2 * mp.log(abs(x)) + mp.log(1 + x * x)
    ),
    "log near cubic roots": Case(
        sp.log(sp.Abs(X**3 - 3 * X + 1)), lambda x: mp.log(abs(x**3 - 3 * x + 1)), at(*golden)
    ),
    "acosh": Case(sp.acosh(1 + X**2), lambda x: mp.acosh(1 + x * x)),
    "acosh of exp": Case(sp.acosh(sp.exp(X**2)), lambda x: mp.acosh(mp.exp(x * x))),
    "root of 1 - cos": Case(
        sp.sqrt(1 - sp.cos(X)), lambda x: mp.sqrt(2) * abs(mp.sin(x / 2)), turns(lambda: 2 * PI)
    ),
    "root of cosh - 1": Case(
        sp.sqrt(sp.cosh(X) - 1), lambda x: mp.sqrt(2) * abs(mp.sinh(x / 2))
    ),
    "root of 1 - tanh^2": Case(sp.sqrt(1 - sp.tanh(X) ** 2), mp.sech),
    "root of a square plus little": Case(
        sp.sqrt(sp.exp(X) - 1 - X), lambda x: mp.sqrt(mp.exp(x) - 1 - x)
    ),
    "asin of tanh": Case(sp.asin(sp.tanh(X)), lambda x: mp.atan(mp.sinh(x)), degree=1),
    "asin of sin": Case(
        sp.asin(sp.sin(X)), lambda x: mp.asin(mp.sin(x)), turns(lambda: PI, lambda: PI / 2), 1
    ),
    "acos of cos": Case(sp.acos(sp.cos(X)), lambda x: mp.acos(mp.cos(x)), turns(lambda: PI)),
    "asin, touching 1": Case(
        sp.asin(2 * X / (1 + X**2)), lambda x: mp.asin(2 * x / (1 + x * x)), at(-1, 1), 1
    ),
    "log(1 + erf)": Case(sp.log(1 + sp.erf(X)), lambda x: mp.log(mp.erfc(-x))),
    "log(1 + tanh)": Case(
        sp.log(1 + sp.tanh(X)), lambda x: mp.log(2) - mp.log1p(mp.exp(-2 * x))
    ),
    "a negative power in a minimum": Case(
        sp.Min(sp.Abs(X) ** sp.Rational(-1, 5), 2 * sp.Heaviside(X - 1)),
        lambda x: x ** (-mpf(1) / 5) if x > 1 else mpf(0),
        at(1),
    ),
    # steps and waves
    "floor of 5 tanh": Case(
        sp.floor(5 * sp.tanh(X)), lambda x: mp.floor(5 * mp.tanh(x)), steps_of_tanh, 1
    ),
    "ceiling of a fast tanh": Case(
        sp.ceiling(2 * sp.tanh(2 * X**2)),
        lambda x: mpf(1 if abs(x) < mp.sqrt(mp.atanh(mpf(1) / 2) / 2) else 2),
        lambda: [s * mp.sqrt(mp.atanh(mpf(1) / 2) / 2) for s in (-1, 1)],
    ),
    "floor of a wave": Case(
        sp.floor(3 * sp.sin(X)) * X,
        lambda x: mp.floor(3 * mp.sin(x)) * x,
        lambda: sorted(
            s * mp.asin(mpf(k) / 3) + n * PI
            for k in range(-3, 4) for n in range(-6, 7) for s in (-1, 1)
        ),
    ),
    "frac": Case(sp.frac(X), lambda x: x - mp.floor(x), turns(lambda: mpf(1)), 1),
    "Mod": Case(
        sp.Mod(X + 1, sp.Rational(3, 2)),
        lambda x: x + 1 - mpf(3) / 2 * mp.floor((x + 1) / 1.5),
        turns(lambda: mpf(3) / 2, lambda: -1),
    ),
    "acot": Case(sp.acot(X), lambda x: mp.atan(1 / x), degree=1),
    "atan of tan": Case(
        sp.atan(sp.tan(X)) * sp.tanh(X),
        lambda x: mp.atan(mp.tan(x)) * mp.tanh(x),
        turns(lambda: PI, lambda: PI / 2),
    ),
    "steep asinh": Case(
        sp.asinh(10 * sp.sinh(X)) * sp.tanh(X), lambda x: mp.asinh(10 * mp.sinh(x)) * mp.tanh(x)
    ),
}  # fmt: skip


def reference(case: Case) -> Reference:
    """Integrate between bends in panels of width at most 1; the rest is below 10^-40."""
    with mp.workdps(DPS):
        inner = [t for t in case.bends() if abs(t) < END]
        ends = sorted({mpf(-END), mpf(END), *(mpf(k) for k in range(-END, END)), *inner})

        def integrand(x: Any) -> Any:
            with mp.workdps(DPS + SPARE):
                return +(case.f(x) * x**case.degree * mp.npdf(x))

        parts = [mp.quad(integrand, [a, b], error=True) for a, b in pairwise(ends) if b - a > 1e-30]
        error = sum(exact(e) for _, e in parts)
        assert error < Fraction(1, 10**36), "the reference is blunt"
        return Reference(exact(mp.fsum(v for v, _ in parts)), error + Fraction(1, 10**36))


COMPUTED = {name: partial(reference, case) for name, case in CASES.items()}


@pytest.mark.search
@pytest.mark.parametrize("name", CASES)
def test_the_stored_values_are_those_of_mpmath(name: str) -> None:
    assert agree(stored("zeros")[name], COMPUTED[name]())


@pytest.mark.parametrize("name", CASES)
def test_zeros_and_bends(name: str) -> None:
    case = CASES[name]
    if case.degree:
        ball = certified.coefficient(case.expression, case.degree, X, digits=30)
    else:
        ball = certified.moment(case.expression, X, digits=30)
    assert_encloses(ball, stored("zeros")[name], 30, name)


def test_beta_of_a_gudermannian_is_that_of_its_other_formula() -> None:
    first, second = (
        certified.beta_minus_one(e, X) for e in (sp.asin(sp.tanh(X)), sp.atan(sp.sinh(X)))
    )
    assert first.overlaps(second)


@pytest.mark.parametrize(
    ("e", "part"),
    [
        (sp.log(sp.Abs(sp.tanh(X) - X / 3)), r"near x = -?2\.98"),
        (sp.asin(sp.tanh(X) ** 3) * X, r"asin\(tanh\(x\)\*\*3\)"),
        (sp.floor(sp.exp(X)), r"floor\(exp\(x\)\)"),
        (sp.sin(10**6 * X) * sp.tanh(X), r"near x = "),
        (sp.log(sp.Abs(sp.sin(X))), r"log\(Abs\(sin\(x\)\)\)"),
    ],
    ids=str,
)
def test_what_is_too_rough_is_refused_soon(e: sp.Expr, part: str) -> None:
    start = time.process_time()
    with pytest.raises(HermisoError, match=part):
        certified.moment(e, X)
    assert time.process_time() - start < 30  # 3 to 8 s on an idle core


@pytest.mark.parametrize("pole", [1 / sp.sinh(X), sp.coth(X), sp.csch(X) * sp.cos(X)], ids=str)
def test_a_true_pole_is_no_removable_singularity(pole: sp.Expr) -> None:
    with pytest.raises(HermisoError):
        certified.moment(pole, X)
