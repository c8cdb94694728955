"""Table 2: the isometry strength of six activations in closed form."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import sympy as sp
from sympy import E, Rational, pi

import hermiso
from verify import Claim, Evidence, Level, Refuted, Verdict, equal, within_error
from verify.claims.isometry._gauss import (
    Piece,
    integrated_strength,
    rodrigues,
    scaled_pieces,
    strength,
)

x = sp.Symbol("x", real=True)
_gain = sp.Symbol("alpha", positive=True)  # integrals with a symbol are quicker than with 1
_LINE = (-sp.oo, sp.oo)


def row(
    name: str,
    column: str,
    activation: Any,
    beta: Any,
    mutants: Mapping[str, Any],
    pieces: Sequence[Piece],
    kinks: Sequence[int] = (),
) -> Claim:
    """Return the claim of one column of the table; the pieces are those of the activation."""
    claim = Claim(
        label=f"isometry:table-2-{name}",
        where=f"Table 2, {column}",
        says=rf"\sigma(x) = {sp.latex(activation)} \implies \beta_\sigma = {sp.latex(beta)}",
        value=sp.sympify(beta),
        mutants={slip: sp.sympify(value) for slip, value in mutants.items()},
    )

    @claim.check(Level.PROVED)
    def derived_in_closed_form(stated: Any) -> Evidence:
        """The closed form of hermiso.beta, which is not checked here."""
        return equal(
            hermiso.beta(activation, x), stated, domain="one number, derived by hermiso.beta"
        )

    @claim.check(Level.PROVED)
    def integrated_symbolically(stated: Any) -> Evidence:
        """c_0, c_1 and E sigma^2 by sympy's integrals, without the library."""
        derived = integrated_strength(scaled_pieces(pieces, x, _gain, 1), x)
        domain = "one number, sympy.integrate against the density"
        return equal(derived.subs(_gain, 1), stated, domain=domain)

    @claim.check(Level.MEASURED)
    def integrated_numerically(stated: Any) -> Evidence:
        """Definition 3 by quadrature, without the library."""
        estimate, error = strength(activation, x, kinks)
        domain = "quadrature of c_0, c_1, E sigma^2"
        return within_error(estimate, error, stated, resolution=1e-10, domain=domain)

    return claim


rows = (
    row(
        "he1",
        "He_1",
        x,
        1,
        {
            "c_2 in place of c_1": 2,
            "fourth moment in place of the second": 2 - Rational(1, 3),
            "integrals over the half line, c_0 not dropped": 2 - Rational(1, 2),
        },
        ((x, *_LINE),),
    ),
    row(
        "he2",
        "He_2",
        x**2 - 1,
        2,
        {
            "c_2 in place of c_1": 1,
            "c_2 in place of c_1, divided by 2! in place of its root": 2 - Rational(1, 2),
            "|x| in place of x in c_1": 2 - 1 / pi,
        },
        ((x**2 - 1, *_LINE),),
    ),
    row(
        "sine",
        "Sine",
        sp.sin(x),
        2 - 2 * E / (E**2 - 1),
        {
            "forgets the 2 -": 2 * E / (E**2 - 1),
            "lost factor 2": 2 - E / (E**2 - 1),
            "variance of the cosine's sign": 2 - 2 * E / (E**2 + 1),
        },
        ((sp.sin(x), *_LINE),),
    ),
    row(
        "exponential",
        "Exponential",
        sp.exp(x - 2),
        2 - 1 / (E - 1),
        {
            "forgets the 2 -": 1 / (E - 1),
            "forgets to drop c_0": 2 - 1 / E,
            "shift of the argument kept": 2 - sp.exp(-4) / (E - 1),
        },
        ((sp.exp(x) / E**2, *_LINE),),
    ),
    row(
        "step",
        "Step",
        sp.Piecewise((1, x > 0), (0, True)),
        2 - 2 / pi,
        {
            "forgets the 2 -": 2 / pi,
            "forgets to drop c_0": 2 - 1 / pi,
            "sign function's c_1, step's variance": 2 - 8 / pi,
        },
        ((sp.S.One, 0, sp.oo),),
        [0],
    ),
    row(
        "relu",
        "ReLU",
        sp.Max(x, 0),
        (3 * pi - 4) / (2 * pi - 2),
        {
            "forgets the 2 -": pi / (2 * pi - 2),
            "misplaced bracket": 2 - pi / (2 * pi - 1),
            "forgets to drop c_0": Rational(3, 2),
        },
        ((x, 0, sp.oo),),
        [0],
    ),
)


# The head of the second column

_PRINTED = x**2 - 1

he2_corrected = Claim(
    label="isometry:table-2-he2-name:corrected",
    where="Table 2, head of the second column, with Definition 2",
    says=r"He_2(x) = (x^2 - 1) / \sqrt 2",
    value=(x**2 - 1) / sp.sqrt(2),
    mutants={
        "as printed": _PRINTED,
        "physicists' polynomial": 4 * x**2 - 2,
        "divided by 2!": (x**2 - 1) / 2,
    },
)
he2_name = Claim(
    label="isometry:table-2-he2-name",
    where="Table 2, head of the second column, with Definition 2",
    says=r"He_2(x) = x^2 - 1",
    value=_PRINTED,
    mutants={
        "sign": 1 - x**2,
        "physicists' polynomial": 4 * x**2 - 2,
        "divided by 2!": (x**2 - 1) / 2,
    },
    correction=he2_corrected,
    why="Definition 2 divides by sqrt(k!); beta does not see the factor, so the column stands.",
    expected=Verdict.REFUTED,
)


@he2_name.check(Level.PROVED)
@he2_corrected.check(Level.PROVED)
def by_the_formula_of_rodrigues(stated: Any) -> Evidence:
    """Differentiate e^(-x^2/2) twice; two points first, where it may fail."""
    derived = rodrigues(2, x)
    for point in (1, 0):
        value, said = (sp.sympify(side).subs(x, point) for side in (derived, stated))
        if value != said:
            raise Refuted(f"x = {point}: He_2(x) = {value}, stated {said}")
    return equal(derived, stated, domain="all x")


claims = (*rows, he2_name, he2_corrected)
