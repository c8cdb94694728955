"""The proof of Lemma A.4, lower bound: the disc of the eigenvalues."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import sympy as sp

from verify import Claim, Evidence, Level, nonnegative, search, together
from verify.exact import Matrix, largest_correlation
from verify.strategies import exact_correlation_matrices, shrunk

Radius = Callable[[Any, Any], Any]
Function = Callable[..., Any]


# Lower bound: Gershgorin's disc

disc = Claim(
    label="isometry:lem-a4-disc",
    where="Lemma A.4, proof, lower bound",
    says=r"\text{every eigenvalue of } G \text{ is in } "
    r"\left[1 - (n-1) \max_{i \neq j} |G_{ij}|, 1 + (n-1) \max_{i \neq j} |G_{ij}|\right]",
    value=lambda n, m: (n - 1) * m,
    mutants={
        "n - 2 in place of n - 1": lambda n, m: (n - 2) * m,
        "square of the maximum": lambda n, m: (n - 1) * m**2,
        "half of the row": lambda n, m: (n - 1) * m / 2,
    },
)


@disc.check(Level.PROVED)
def at_the_largest_entry_of_an_eigenvector(stated: Radius) -> Evidence:
    """Equal correlations m first, with the eigenvalue 1 + (n-1) m; then any G, any n.

    With |v_i| = 1 the largest entry of an eigenvector, the eigenvalue differs from 1 by n - 1
    terms |G_ij v_j| <= m.
    """
    k, s, t, u = sp.symbols("k s t u", positive=True)
    m = 1 / (1 + s)
    ones = [
        nonnegative(stated(n, m) - (n - 1) * m, [s], domain="equal correlations") for n in (2, 3, 5)
    ]
    domain = "all n >= 2, all correlation matrices"
    return together(
        *ones,
        nonnegative(m - m / ((1 + t) * (1 + u)), [s, t, u], domain=domain),
        nonnegative(stated(k + 2, m) - (k + 1) * m, [k, s], domain=domain, refutable=False),
        domain=domain,
    )


@disc.check(Level.SEARCHED)
def definite_up_to_the_radius(stated: Radius, *, seed: int) -> Evidence:
    """Both r I - (G - I) and r I + (G - I) are positive semidefinite, by elimination."""

    def holds(G: Matrix) -> bool:
        r = stated(len(G), largest_correlation(G))
        return all(_semidefinite(shrunk(G, s), r) for s in (Fraction(1), Fraction(-1)))

    domain = "exact, n = 2..6, all families"
    matrices = exact_correlation_matrices(largest=6)
    return search(holds, matrices, domain=domain, examples=100, seed=seed)


def _semidefinite(G: Matrix, r: Fraction) -> bool:
    """Whether r I + (G - I) is positive semidefinite, for a matrix G with unit diagonal."""
    n = len(G)
    rows = [[entry if i != j else r for j, entry in enumerate(row)] for i, row in enumerate(G)]
    for k in range(n):
        pivot = rows[k][k]
        if pivot < 0 or (pivot == 0 and any(rows[k][k:])):
            return False
        if pivot > 0:
            _eliminate(rows, k)
    return True


def _eliminate(rows: list[list[Fraction]], k: int) -> None:
    for i in range(k + 1, len(rows)):
        factor = rows[i][k] / rows[k][k]
        for j in range(k, len(rows)):
            rows[i][j] -= factor * rows[k][j]


claims = (disc,)
