"""Section A.2: the limits of wide layers, after (19) and (20)."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from functools import cache
from itertools import islice
from typing import Any

import sympy as sp
from hypothesis import strategies as st

from verify import (
    Claim,
    Evidence,
    Level,
    Verdict,
    search,
    together,
    within_error,
)
from verify.claims.isometry._mean_field import orbit, pair, step
from verify.exact import Matrix, Vector
from verify.strategies import exact_correlation_matrices, exact_spectra

# After (19): the limits of mu_i and s_i

limits = Claim(
    label="isometry:eq-19-limits",
    where="section A.2, after (19)",
    says=r"\lim_{d \to \infty} \mu_i = E A_{1i}, \quad "
    r"\lim_{d \to \infty} s_i = \sqrt{\mathrm{Var}(A_{1i})}",
    value=lambda c0, square: (c0, sp.sqrt(square - c0**2)),
    mutants={
        "variance without the root": lambda c0, square: (c0, square - c0**2),
        "second moment": lambda c0, square: (c0, sp.sqrt(square)),
        "mean 0": lambda c0, square: (sp.S.Zero, sp.sqrt(square - c0**2)),
    },
    uses=("isometry:eq-15", "isometry:eq-19-moments"),
)

_WIDTH, _LAYERS = 20_000, 20


@limits.check(Level.MEASURED)
def wide_layers(stated: Callable[[Any, Any], tuple[Any, Any]], *, seed: int) -> Evidence:
    """ReLU and x^2: c_0 = 1/sqrt(2 pi) and 1, E sigma^2 = 1/2 and 3."""
    import numpy as np

    generator = np.random.default_rng(seed)
    h = generator.standard_normal((_LAYERS, _WIDTH))
    found = []
    relu = (np.maximum(h, 0), 1 / sp.sqrt(2 * sp.pi), sp.S.Half)
    moments = (relu, (h**2, sp.S.One, sp.Integer(3)))
    domain = f"ReLU and x^2, {_LAYERS} layers of width {_WIDTH}, 5 standard errors"
    for a, c0, square in moments:
        measured = (a.mean(axis=1), a.std(axis=1))
        for values, expected in zip(measured, stated(c0, square), strict=True):
            error = values.std(ddof=1) / _LAYERS**0.5
            found.append(
                within_error(values.mean(), error, expected, resolution=0.05, domain=domain)
            )
    return together(*found)


# (20)

limit_corrected = Claim(
    label="isometry:eq-20:corrected",
    where="section A.2, (20), and the display before it",
    says=r"\lim_{d \to \infty} G_d^{\ell+1} = E_{h \sim N(0, G^\ell)} "
    r"\phi(\sigma(h)) \phi(\sigma(h))^\top =: G_*^{\ell+1}",
    value=1,
    mutants={"as printed: layer l": 0, "layer l + 2": 2, "layer l - 1": -1},
    uses=("isometry:eq-10", "isometry:eq-15", "isometry:eq-19:corrected", "isometry:eq-19-limits"),
)
limit = Claim(
    label="isometry:eq-20",
    where="section A.2, (20), and the display before it",
    says=r"\lim_{d \to \infty} G_d^\ell = E_{h \sim N(0, G^\ell)} "
    r"\phi(\sigma(h)) \phi(\sigma(h))^\top =: G_*^\ell",
    value=limit_corrected.mutants["as printed: layer l"],
    mutants={"layer l + 2": 2, "layer l + 3": 3, "layer l - 1": -1},
    correction=limit_corrected,
    why="A^l makes X^(l+1) in (17), so that the limit is layer l + 1, as in (10): x^2 takes the "
    "correlation 1/2 to 1/4.",
    expected=Verdict.REFUTED,
)


@limit.check(Level.SEARCHED)
@limit_corrected.check(Level.SEARCHED)
def against_the_dynamics(stated: int, *, seed: int) -> Evidence:
    """Layer 1 + offset is kappa of layer 1, for the orbit of (10), exactly."""

    def holds(case: tuple[Vector, Matrix]) -> bool:
        p, G = case
        layers = list(islice(orbit(p, G), 5))
        return layers[1 + stated] == step(p, layers[1])

    square = ((Fraction(0), Fraction(1)), pair(Fraction(1, 2)))
    cases = st.tuples(exact_spectra(orders=3), exact_correlation_matrices(largest=3))
    domain = "exact, up to 3 orders, n = 2, 3"
    return search(holds, st.one_of(st.just(square), cases), domain=domain, examples=60, seed=seed)


@limit.check(Level.MEASURED)
@limit_corrected.check(Level.MEASURED)
def in_a_wide_network(stated: int, *, seed: int) -> Evidence:
    """Run (15) to (17) with sigma = He_1 + He_2, so that kappa = (rho + rho^2) / 2."""
    import numpy as np

    values = np.array(_networks(seed))[:, 1 + stated]
    error = values.std(ddof=1) / _LAYERS**0.5
    half = Fraction(1, 2)
    expected = next(islice(orbit((half, half), pair(Fraction(9, 10))), 2, None))[0][1]
    domain = f"G_12 = 9/10, {_LAYERS} networks of width {_WIDTH}, 5 standard errors"
    return within_error(values.mean(), error, sp.Rational(expected), resolution=0.04, domain=domain)


@cache
def _networks(seed: int) -> tuple[tuple[float, ...], ...]:
    import numpy as np

    generator = np.random.default_rng(seed)
    return tuple(_network(generator, 0.9, 4) for _ in range(_LAYERS))


def _network(generator: Any, r: float, depth: int) -> tuple[float, ...]:
    """G_12 of the layers 0 to depth; the rows of H are i.i.d. N(0, G) given G (15)."""
    import numpy as np

    found = [r]
    for _ in range(depth):
        z = generator.standard_normal((2, _WIDTH))
        h = np.stack([z[0], found[-1] * z[0] + (1 - found[-1] ** 2) ** 0.5 * z[1]])
        a = h + (h**2 - 1) / 2**0.5
        a -= a.mean(axis=1, keepdims=True)
        a /= np.sqrt((a**2).mean(axis=1, keepdims=True) * _WIDTH)
        found.append(float(a[0] @ a[1]))
    return tuple(found)


claims = (limits, limit, limit_corrected)
