"""Theorem 1 is an inequality only because of AM-GM: the exact quotient of the isometries."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import sympy as sp

from verify import Claim, Evidence, Level, equal, search, together
from verify.claims.isometry._gram import Samples, any_number, isometry_powers, rational, symbolic
from verify.claims.isometry.theorem_1 import rational_samples
from verify.exact import Matrix, Vector

Power = Callable[[Samples], Any]

claim = Claim(
    label="beyond:thm-1-exact",
    where="docs/bounds.md, Theorem 1 of the paper",
    says=r"\left(\frac{I(\tilde G)}{I(G)}\right)^n "
    r"= \frac{\left(\frac1n\sum a_i^2\right)^n}{\prod_i a_i^2}",
    value=lambda s: s.mean_square**s.n / s.product**2,
    mutants={
        "norms not squared in the product": lambda s: s.mean_square**s.n / s.product,
        "Theorem 1's factor": lambda s: (s.mean_square / s.mean**2) ** s.n,
        "no power n": lambda s: s.mean_square / s.product**2,
    },
    uses=("isometry:eq-6",),
)


@claim.check(Level.PROVED)
def by_the_definition(stated: Power) -> Evidence:
    """Symbolic Gram matrices of 2 and 3 samples; any number by det(D G D) = det(D)^2 det(G)."""
    found = []
    for s in (symbolic(2), symbolic(3), any_number()):
        before, after = isometry_powers(s)
        quotient = sp.expand_power_base(after / before, force=True)
        stated_power = sp.expand_power_base(sp.sympify(stated(s)), force=True)
        found.append(equal(quotient, stated_power, domain="all n and all a_i > 0"))
    return together(*found)


@claim.check(Level.SEARCHED)
def rational_gram_matrices(stated: Power, *, seed: int) -> Evidence:
    """Both sides in rational arithmetic."""

    def holds(case: tuple[Matrix, Vector]) -> bool:
        s = rational(*case)
        before, after = isometry_powers(s)
        return bool(after == before * Fraction(stated(s)))

    domain = "exact, n = 2..5, all families of correlations, norms of all sizes"
    return search(holds, rational_samples(), domain=domain, examples=50, seed=seed)
