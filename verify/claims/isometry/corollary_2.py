"""Corollary 2: Theorem 1 for the layer normalization of Table 1."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import sympy as sp
from hypothesis import assume
from hypothesis import strategies as st

import hermiso
from verify import Claim, Evidence, Level, bounded, equal, together
from verify.claims.isometry._gram import Samples, isometry_powers, rational, symbolic
from verify.claims.isometry.theorem_1 import rational_samples
from verify.claims.isometry.theorem_1_proof import below_quotient, line_9
from verify.exact import Matrix, Vector
from verify.strategies import sample_matrices

if TYPE_CHECKING:
    from verify.strategies import Array

Factor = Callable[[Samples], Any]


def layer_norm(x: Any) -> Any:
    """LN(x) = x / sqrt((1/d) sum_i x_i^2), of norm sqrt(d) (Table 1); rows of x."""
    import numpy as np

    return x / np.sqrt(np.mean(x**2, axis=-1, keepdims=True))


claim = Claim(
    label="isometry:cor-2",
    where="Corollary 2",
    says=r"\tilde x_i = \mathrm{LN}(x_i) \implies "
    r"I(\tilde G) \geq I(G) \left(1 + \frac{\frac1n\sum_i (a_i - \bar a)^2}{\bar a^2}\right)",
    value=line_9,
    mutants={
        "three times the variance": lambda s: 1 + 3 * s.variance / s.mean**2,
        "norms sqrt(d) forgotten: times the mean": lambda s: s.mean * line_9(s),
        "mean not squared": lambda s: 1 + s.variance / s.mean,
    },
    uses=("isometry:thm-1",),
)


@claim.check(Level.PROVED)
def by_scale_invariance(stated: Factor) -> Evidence:
    """LN(x_i) = sqrt(d) x_i / |x_i|, so its Gram matrix is d G~ and I(d G~) = I(G~)."""
    x, d = sp.symbols("x d", positive=True)
    length = sp.Symbol("a", positive=True)
    scale = 1 / sp.sqrt(length**2 / d)  # (1/d) sum x_i^2 = a^2 / d
    found = [equal(scale * x, sp.sqrt(d) * x / length, domain="LN")]
    for n in (2, 3):
        normalized, correlation = isometry_powers(symbolic(n, (sp.sqrt(d),) * n))
        found.append(equal(normalized, correlation, domain="I(d G) = I(G)"))
    domain = "all n, d and all x_i != 0, by symbolic matrices for n = 2, 3 and by Theorem 1"
    return together(*found, below_quotient(stated), domain=domain)


@claim.check(Level.SEARCHED)
def rational_gram_matrices(stated: Factor, *, seed: int) -> Evidence:
    """N-th powers of both sides in rational arithmetic."""

    def sides(case: tuple[tuple[Matrix, Vector], int]) -> tuple[Fraction, Fraction]:
        (correlation, a), d = case
        s = rational(correlation, a)
        normalized = rational(correlation, (Fraction(d),) * s.n)  # d^2 G~: d stays rational
        return isometry_powers(s)[0] * stated(s) ** s.n, isometry_powers(normalized)[0]

    cases = st.tuples(rational_samples(), st.integers(1, 50))
    domain = "exact n-th powers, n = 2..5, all families of correlations, norms of all sizes"
    return bounded(sides, cases, domain=domain, examples=100, seed=seed)


@claim.check(Level.SEARCHED)
def layer_norm_of_float_samples(stated: Factor, *, seed: int) -> Evidence:
    """Normalize vectors by LN and ask the library for the isometries."""

    def sides(X: Array) -> tuple[float, float]:
        import numpy as np

        a, normalized = np.linalg.norm(X, axis=1), layer_norm(X)
        s = Samples(len(a), lambda f: float(np.mean(f(a))), None, (None, None), (None, None))
        before, after = (hermiso.isometry(Y @ Y.T) for Y in (X, normalized))
        assume(after > 0)
        return float(before) * stated(s), float(after)

    domain = "LN of n = 2..32 random samples, hermiso.isometry, resolution 1e-8"
    strategy = sample_matrices(smallest=2, largest=32)
    return bounded(sides, strategy, domain=domain, resolution=1e-8, examples=60, seed=seed)
