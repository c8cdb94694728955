"""Table B.1: isometry strength as a function of the gain alpha."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import sympy as sp
from sympy import Rational, exp, pi

import hermiso
from verify import Claim, Evidence, Level, Refuted, equal, together, within_error
from verify.claims.isometry._gauss import (
    Piece,
    integrated_strength,
    scaled_pieces,
    strength,
)

x = sp.Symbol("x", real=True)
alpha = sp.Symbol("alpha", positive=True)

_GAINS = (Rational(1, 2), sp.Integer(1), sp.Integer(-2))


def column(
    name: str,
    activation: Callable[[Any], Any],
    beta: Any,
    mutants: Mapping[str, Any],
    uses: Sequence[str],
    pieces: Sequence[Piece],
    kinks: Sequence[int] = (),
) -> Claim:
    """Return the claim of one column of the table; the pieces are those of the activation."""
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

    @claim.check(Level.PROVED)
    def integrated_symbolically(stated: Any) -> Evidence:
        """c_0, c_1 and E sigma^2 by sympy's integrals, without the library."""
        found = []
        for sign in (1, -1):
            derived = integrated_strength(scaled_pieces(pieces, x, alpha, sign), x)
            side = sp.sympify(stated).subs(alpha, sign * alpha)
            domain = "all real alpha != 0, sympy.integrate against the density"
            found.append(equal(derived, side, domain=domain))
        return together(*found)

    @claim.check(Level.MEASURED, only="alpha = 1/2, 1, -2", profile="default")
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

columns = (
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
        ((exp(x), -sp.oo, sp.oo),),
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
        ((sp.sin(x), -sp.oo, sp.oo),),
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
        ((x, 0, sp.oo),),
        [0],
    ),
)


# "in the case of ReLU activation, ... consistent across different values of alpha" (B.2)

invariance = Claim(
    label="isometry:sec-b2-relu",
    where="section B.2, after Table B.1",
    says=r"\sigma = \max(x, 0) \implies \beta_\sigma(\alpha) \text{ does not depend on } \alpha",
    value=((x, 0, sp.oo),),
    mutants={
        "exp": ((exp(x), -sp.oo, sp.oo),),
        "x + x^2": ((x + x**2, -sp.oo, sp.oo),),
        "rising from 1 instead of 0": ((1 + x, 0, sp.oo),),
    },
    uses=("isometry:table-b1-relu",),
)


@invariance.check(Level.PROVED)
def slope_in_the_gain(stated: tuple[Piece, ...]) -> Evidence:
    """The derivative of beta(alpha) is 0, and beta(-alpha) = beta(alpha)."""
    domain = "all real alpha != 0"
    ahead = integrated_strength(scaled_pieces(stated, x, alpha, 1), x)
    flat = equal(0, sp.diff(ahead, alpha), domain=domain)
    back = integrated_strength(scaled_pieces(stated, x, alpha, -1), x)
    return together(flat, equal(ahead, back, domain=domain))


# "ReLU and leaky ReLU. ... both activations have a significant offset term c_0" (B.2)

offset = Claim(
    label="isometry:sec-b2-offset",
    where="section B.2, last paragraph",
    says=r"c_0 \neq 0 \text{ for ReLU and leaky ReLU}",
    value=("relu", "leaky_relu"),
    mutants={
        "tanh": ("relu", "tanh"),
        "sine": ("relu", "sin"),
        "erf": ("erf", "leaky_relu"),
    },
)


@offset.check(Level.PROVED)
def closed_offsets(stated: tuple[str, ...]) -> Evidence:
    """c_0 in closed form; its sign is decided exactly."""
    for name in stated:
        c_0 = hermiso.coefficient(name, 0)
        if not sp.sympify(c_0).is_nonzero:
            raise Refuted(f"c_0 of {name} is {c_0}")
    return Evidence(Level.PROVED, "two activations at their default parameters", len(stated))


claims = (*columns, invariance, offset)
