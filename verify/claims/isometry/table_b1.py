"""Table B.1: isometry strength as a function of the gain alpha."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import sympy as sp
from sympy import Rational, exp, pi

import hermiso
from verify import Claim, Evidence, Level, equal, together, within_error
from verify.claims.isometry._gauss import strength

x = sp.Symbol("x", real=True)
alpha = sp.Symbol("alpha", positive=True)

_GAINS = (Rational(1, 2), sp.Integer(1), sp.Integer(-2))


def column(
    name: str,
    activation: Callable[[Any], Any],
    beta: Any,
    mutants: Mapping[str, Any],
    uses: Sequence[str],
    kinks: Sequence[int] = (),
) -> Claim:
    """Return the claim of one column of the table."""
    sigma = sp.latex(activation(alpha * x))
    claim = Claim(
        label=f"isometry:table-b1-{name}",
        where=f"Table B.1, {name}",
        says=rf"\sigma(x) = {sigma} \implies \beta_\sigma(\alpha) = {sp.latex(beta)}",
        value=beta,
        mutants=mutants,
        uses=tuple(uses),
    )

    @claim.check(Level.PROVED)
    def derived_in_closed_form(stated: Any) -> Evidence:
        """The library's closed form, for both signs of the gain."""
        sides = [
            (hermiso.beta(activation(sign * alpha * x), x), stated.subs(alpha, sign * alpha))
            for sign in (1, -1)
        ]
        domain = "all real alpha != 0, derived by hermiso.beta"
        return together(*(equal(derived, side, domain=domain) for derived, side in sides))

    @claim.check(Level.MEASURED, only="alpha = 1/2, 1, -2")
    def integrated_numerically(stated: Any) -> Evidence:
        """Definition 3 by quadrature, without the library."""
        found = []
        for gain in _GAINS:
            estimate, error = strength(activation(gain * x), x, kinks)
            domain, value = "quadrature of c_0, c_1, E sigma^2", stated.subs(alpha, gain)
            found.append(within_error(estimate, error, value, resolution=1e-9, domain=domain))
        return together(*found)

    return claim


_e = exp(alpha**2)

claims = (
    column(
        "exp",
        exp,
        (2 - 2 * _e + alpha**2) / (1 - _e),
        {
            "gain not squared": (2 - 2 * exp(alpha) + alpha) / (1 - exp(alpha)),
            "sign of alpha^2": (2 - 2 * _e - alpha**2) / (1 - _e),
            "forgets to drop c_0": 2 - alpha**2 / _e,
        },
        ["isometry:table-2-exponential"],
    ),
    column(
        "sin",
        sp.sin,
        2 * (-1 + _e**2 - _e * alpha**2) / (-1 + _e**2),
        {
            "lost factor alpha^2": 2 * (-1 + _e**2 - _e) / (-1 + _e**2),
            "lost factor 2": (-2 + 2 * _e**2 - _e * alpha**2) / (-1 + _e**2),
            "cosine's constant": 2 * (1 + _e**2 - _e * alpha**2) / (1 + _e**2),
        },
        ["isometry:table-2-sine"],
    ),
    column(
        "relu",
        lambda u: sp.Max(u, 0),
        (4 - 3 * pi) / (2 - 2 * pi),
        {
            "forgets the 2 -": pi / (2 * pi - 2),
            "forgets to drop c_0": Rational(3, 2) + 0 * alpha,
            "gain does not cancel": 2 - alpha**2 * pi / (2 * pi - 2),
        },
        ["isometry:table-2-relu"],
        [0],
    ),
)
