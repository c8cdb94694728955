"""Section 7: another order of activation and normalization."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

import sympy as sp

from verify import Claim, Evidence, Level, equal, together
from verify.claims.isometry._spectral import Pair, Square, Total, exponentials, polynomial, rho

Entries: TypeAlias = Callable[[Square, Total], tuple[Any, Any]]

_DEGREE = 5

order = Claim(
    label="isometry:sec-7-order",
    where="section 7, 'Impact of the ordering of normalization and activation layers'",
    says=r"a = \sigma(h), h \sim N(0, I): \quad E a a^\top = \sum_{k \geq 1} c_k^2\, I + "
    r"c_0^2\, 1 1^\top: \text{ not isotropic if } c_0 \neq 0",
    value=lambda square, total: (square(0), total(square, 0)),
    mutants={
        "isotropic": lambda square, total: (sp.S.Zero, total(square, 0)),
        "diagonal without c_0": lambda square, total: (square(0), total(square, 1)),
        "c_1 in place of c_0": lambda square, total: (square(1), total(square, 0)),
    },
    uses=("isometry:proof-thm-a2-second", "isometry:sec-6-1-mean"),
)


def _entries(stated: Entries, pair: Pair, domain: str) -> Evidence:
    """Compare the entries off and on the diagonal."""
    derived = (pair.dual.subs(rho, 0), pair.product)
    found = [
        equal(sp.expand(own - other), 0, domain=domain)
        for own, other in zip(derived, stated(pair.square, pair.total), strict=True)
    ]
    return together(*found)


@order.check(Level.PROVED)
def gram_of_exponentials(stated: Entries) -> Evidence:
    """Activation after normalization: pre-activations of an isotropic layer are independent."""
    domain = "all square-integrable activations (exponentials are dense: cited)"
    return _entries(stated, exponentials(), domain)


@order.check(Level.PROVED, only=f"polynomials of degree <= {_DEGREE}")
def gram_of_polynomials(stated: Entries) -> Evidence:
    """Symbolic coefficients, by exact moments."""
    return _entries(stated, polynomial(_DEGREE), f"polynomials of degree <= {_DEGREE}")


claims = (order,)
