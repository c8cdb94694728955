"""No wrong closed form: random expressions against brute quadrature, to 25 digits.

The ordinary run draws a few dozen; `make search` draws 10 000 (see tests/README.md).
"""

from typing import Any

import mpmath
import pytest
import sympy as sp
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

import hermiso
from hermiso.balls.ball import Ball
from hermiso.balls.closed import enclosed
from hermiso.errors import ActivationError, NoClosedForm
from hermiso.symbolic.exact import exact
from hermiso.symbolic.nodes import Unevaluated
from hermiso.symbolic.terms import polynomial
from tests.expressions import Case, X, brute_moments, covered, mixed

DIGITS = 25
WEIGHTS = [lambda f, z: f, lambda f, z: f * z, lambda f, z: f * f]
CHUNKS, CHUNK = 40, 250


def value(e: sp.Expr) -> Any:
    return Ball(enclosed(sp.sympify(e), DIGITS + 10)).mid


def closed_moments(e: sp.Expr, must_close: bool) -> list[sp.Expr | None]:
    """E f as the public function writes it, E z f and E f^2 as the engine derives them."""
    public = hermiso.moment(e, X)
    found: list[sp.Expr | None] = [None if public.has(Unevaluated) else public]
    for derive in (lambda f: f.expectation(polynomial([0, 1])), lambda f: f.second_moment()):
        try:
            found.append(derive(exact(e, X)))
        except NoClosedForm:
            found.append(None)
    assert not (must_close and None in found), f"no closed form for a mean of {e}: {found}"
    return found


def check(case: Case, must_close: bool) -> None:
    """Compare E f, E z f, E f^2 and beta of one expression with quadrature."""
    e = case.expression
    if X not in e.free_symbols:
        return
    truth = brute_moments(case, WEIGHTS)
    if truth[2][0] - truth[0][0] ** 2 < truth[2][1] * mpmath.mpf(10) ** -30:  # erf + erfc, say
        with pytest.raises(ActivationError, match="constant"):
            hermiso.beta(e, X)
        return
    beta = hermiso.beta(e, X)
    with mpmath.workdps(DIGITS + 10):
        for closed, (number, scale) in zip(closed_moments(e, must_close), truth, strict=True):
            if closed is not None:
                assert abs(value(closed) - number) <= scale * mpmath.mpf(10) ** -DIGITS, e
        (c0, _), (c1, _), (second, size) = truth
        assert not (must_close and beta.has(Unevaluated)), f"no closed form for beta of {e}"
        if not beta.has(Unevaluated):
            variance = second - c0**2
            # E f^2 is known to 10^-35 of its size, so beta to that over the variance
            bound = mpmath.mpf(10) ** -DIGITS * max(1, size / variance)
            assert abs(value(beta) - (2 - c1**2 / variance)) <= bound, e


def search(cases: st.SearchStrategy[Case], examples: int, start: int, must_close: bool) -> None:
    @seed(start)
    @settings(
        max_examples=examples,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.generate],
    )
    @given(cases)
    def run(case: Case) -> None:
        check(case, must_close)

    run()


def test_no_wrong_closed_form_in_a_few() -> None:
    search(covered(), 12, 1, must_close=True)


def test_no_wrong_closed_form_in_a_few_sums() -> None:
    search(mixed(), 3, 2, must_close=False)


@pytest.mark.search
@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_no_wrong_closed_form_in_10000(chunk: int) -> None:
    if chunk % 4:
        search(covered(), CHUNK, 1000 + chunk, must_close=True)
    else:
        search(mixed(), CHUNK, 1000 + chunk, must_close=False)


def test_a_constant_in_disguise_is_refused() -> None:
    check(Case(sp.erf(5 * X - 2) + sp.erfc(5 * X - 2)), must_close=True)
