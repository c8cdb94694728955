"""Section A.2: the limits of wide layers, after (19) and (20)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from itertools import islice
from math import factorial, perm, prod
from typing import Any

import sympy as sp
from hypothesis import strategies as st

from verify import (
    Claim,
    Evidence,
    Level,
    Refuted,
    Verdict,
    equal,
    search,
    together,
    within_error,
)
from verify.claims.isometry._mean_field import orbit, pair
from verify.exact import Matrix, Vector
from verify.strategies import exact_correlation_matrices

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

_WIDTH, _NARROW, _LAYERS = 20_000, 10, 20


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


# The display before (20)


@dataclass(frozen=True)
class Display:
    """Left side = (1/d) sum_k phi(A_row(k).)' phi(A_row(k).), up to the factor.

    Attributes:
        limit: whether the left side is the limit of G_d, or G_d up to what tends to 0.
        row: the k of the sum -> the row of A that is its summand.
        factor: d -> what the sum is multiplied with.
    """

    limit: bool
    row: Callable[[int], int]
    factor: Callable[[Any], Any]


def _over_d(d: Any) -> Any:
    return 1 / sp.sympify(d)


def _row_k(k: int) -> int:
    return k


def _row_i(k: int) -> int:
    return 0  # one i, whatever k


display_corrected = Claim(
    label="isometry:eq-20-display:corrected",
    where="section A.2, the display before (20)",
    says=r"G_d^{\ell+1} - \frac1d \sum_{k=1}^d \phi(A_{k\cdot}^\ell)^\top \phi(A_{k\cdot}^\ell) "
    r"\to 0 \quad (d \to \infty)",
    value=Display(False, _row_k, _over_d),
    mutants={
        "as printed": (_printed_display := Display(True, _row_i, _over_d)),
        "a limit on the left": Display(True, _row_k, _over_d),
        "row i": Display(False, _row_i, _over_d),
        "not divided by d": Display(False, _row_k, lambda d: sp.S.One),
        "divided by d - 1": Display(False, _row_k, lambda d: 1 / (sp.sympify(d) - 1)),
    },
    uses=("isometry:eq-19:corrected", "isometry:eq-19-limits"),
)
display = Claim(
    label="isometry:eq-20-display",
    where="section A.2, the display before (20)",
    says=r"\lim_{d \to \infty} G_d^\ell = \frac1d \sum_{k=1}^d "
    r"\phi(A_{i\cdot}^\ell)^\top \phi(A_{i\cdot}^\ell)",
    value=_printed_display,
    mutants={
        "row i, divided by d - 1": Display(True, _row_i, lambda d: 1 / (sp.sympify(d) - 1)),
        "a limit on the left": display_corrected.mutants["a limit on the left"],
        "not divided by d": display_corrected.mutants["not divided by d"],
    },
    correction=display_corrected,
    why="the sum runs over k and its summand has i, a limit over d stands on the left and d on the "
    "right, and A^l makes layer l + 1.",
    expected=Verdict.REFUTED,
)


@display.check(Level.PROVED)
@display_corrected.check(Level.PROVED)
def with_the_moments_of_the_sample(stated: Display) -> Evidence:
    """Rows with the exact moments first, where G_d is the sum; then how far apart the two are.

    For columns A_k1 and A_k2 with means mu_i and deviations s_i in the sample, m_i and v_i in
    expectation: the sum is (s_1 s_2 G_d + (mu_1 - m_1)(mu_2 - m_2)) / (v_1 v_2). It tends to G_d
    as mu_i tends to m_i and s_i to v_i.
    """
    rows = [(1, 1), (1, -1), (-1, 1), (-1, -1)]  # mean 0, variance 1, correlation 0
    summands = [rows[stated.row(k)] for k in range(4)]
    for i, j in ((0, 1), (0, 0)):
        total = stated.factor(4) * sum(row[i] * row[j] for row in summands)
        if total != (i == j):
            raise Refuted(
                f"d = 4, phi(A) with the rows {rows}: (G_d)_{i + 1}{j + 1} is {int(i == j)}, "
                f"the right side is {total}"
            )
    if stated.limit:
        raise Refuted("sigma(x) = x, d = 1: the limit of (G_d)_11 is 1, the right side is h_1^2")
    G, d = sp.symbols("G d", positive=True)
    m, v, mu, s = (sp.symbols(f"{name}1 {name}2", positive=True) for name in ("m", "v", "mu", "s"))
    # (A_k1 - m_1)(A_k2 - m_2) = (w_1 + mu_1 - m_1)(w_2 + mu_2 - m_2), w_i with mean 0 over k
    shifts = [a - b for a, b in zip(mu, m, strict=True)]
    total = d * (s[0] * s[1] * G + shifts[0] * shifts[1]) / (v[0] * v[1])
    found = stated.factor(d) * total
    limit = found.subs(dict(zip((*mu, *s), (*m, *v), strict=True)), simultaneous=True)
    return equal(limit, G, domain="all n and d, as mu_i and s_i tend to their limits")


# (20)


@dataclass(frozen=True)
class Limit:
    """lim G_d^(l + ahead) = E phi(sigma(h)) phi(sigma(h))' with h ~ N(0, G_*^l) or N(0, G_d^l)."""

    ahead: int
    mean_field: bool = True


limit_corrected = Claim(
    label="isometry:eq-20:corrected",
    where="section A.2, (20)",
    says=r"\lim_{d \to \infty} G_d^{\ell+1} = E_{h \sim N(0, G_*^\ell)} "
    r"\phi(\sigma(h)) \phi(\sigma(h))^\top =: G_*^{\ell+1}",
    value=Limit(1),
    mutants={
        "as printed: layer l, N(0, G^l)": (_printed_limit := Limit(0, mean_field=False)),
        "layer l": Limit(0),
        "N(0, G_d^l)": Limit(1, mean_field=False),
        "layer l + 2": Limit(2),
        "layer l - 1": Limit(-1),
    },
    uses=(
        "isometry:eq-10",
        "isometry:eq-15",
        "isometry:eq-19:corrected",
        "isometry:eq-19-limits",
        "isometry:eq-20-display:corrected",
    ),
)
limit = Claim(
    label="isometry:eq-20",
    where="section A.2, (20)",
    says=r"\lim_{d \to \infty} G_d^\ell = E_{h \sim N(0, G^\ell)} "
    r"\phi(\sigma(h)) \phi(\sigma(h))^\top =: G_*^\ell",
    value=_printed_limit,
    mutants={
        "layer l + 1": limit_corrected.mutants["N(0, G_d^l)"],
        "layer l + 2": Limit(2, mean_field=False),
        "layer l - 1": Limit(-1, mean_field=False),
    },
    correction=limit_corrected,
    why="A^l makes X^(l+1) in (17), so that the limit is layer l + 1, as in (10): x^2 takes the "
    "correlation 1/2 to 1/4; and G^l of a finite width is random, which no limit is: N(0, G_*^l).",
    expected=Verdict.REFUTED,
)


def _factorials(*orders: int) -> int:
    return prod(map(factorial, orders))


def _moment(i: int, j: int, r: Fraction) -> Fraction:
    """E X^i Y^j for standard normal X, Y with covariance r (Isserlis): pairings by their kind."""
    total = Fraction(0)
    for mixed in range(min(i, j) + 1):
        if (i - mixed) % 2 == (j - mixed) % 2 == 0:
            a, b = (i - mixed) // 2, (j - mixed) // 2
            below = _factorials(mixed, a, b) * 2 ** (a + b)
            total += Fraction(_factorials(i, j), below) * r**mixed
    return total


def _by_moments(sigma: Sequence[int], G: Matrix) -> Matrix:
    """E phi(sigma(h)) phi(sigma(h))' for h ~ N(0, G) and sigma(x) = sum_i sigma_i x^i."""

    def second(r: Fraction) -> Fraction:
        pairs = list(enumerate(sigma))
        return sum((a * b * _moment(i, j, r) for i, a in pairs for j, b in pairs), Fraction(0))

    centre = second(Fraction(0))  # the squared mean
    variance = second(Fraction(1)) - centre
    return tuple(tuple((second(entry) - centre) / variance for entry in row) for row in G)


def _spectrum(sigma: Sequence[int]) -> Vector:
    """p_1, p_2, ... by c_k = E sigma^(k)(X) / sqrt(k!)."""
    squares = []
    for k in range(1, len(sigma)):
        derivative = [a * perm(i, k) for i, a in enumerate(sigma)]  # of x^(i - k)
        mean = sum(a * _moment(i - k, 0, Fraction(0)) for i, a in enumerate(derivative) if i >= k)
        squares.append(Fraction(mean) ** 2 / factorial(k))
    return tuple(square / sum(squares) for square in squares)


@limit.check(Level.SEARCHED)
@limit_corrected.check(Level.SEARCHED)
def against_the_moments(stated: Limit, *, seed: int) -> Evidence:
    """The layers by the kernel of (10), the expectation of (20) by moments, exactly.

    For sigma(x) = x, d = 2 every X^l has columns +-(1, -1)/2^(1/2): G_d^1 has the correlation
    1 or -1, and the limit keeps that of the input.
    """

    def holds(case: tuple[tuple[int, ...], Matrix]) -> bool:
        sigma, G = case
        layers = list(islice(orbit(_spectrum(sigma), G), 4))
        return layers[1 + stated.ahead] == _by_moments(sigma, layers[1])

    coefficient = st.integers(-2, 2)
    sigmas = st.tuples(coefficient, coefficient, coefficient, coefficient)
    drawn = st.tuples(sigmas.filter(lambda s: any(s[1:])), exact_correlation_matrices(largest=3))
    cases = st.one_of(st.just(((0, 0, 1), pair(Fraction(1, 2)))), drawn)
    domain = "exact, polynomials of degree <= 3, n = 2, 3"
    found = search(holds, cases, domain=domain, examples=40, seed=seed)
    if not stated.mean_field:
        raise Refuted(
            "sigma(x) = x, d = 2, l = 1, G^0 = I_2: E over N(0, G_d^1) has the correlation 1 or "
            "-1, the limit has 0"
        )
    return found


@limit.check(Level.MEASURED)
@limit_corrected.check(Level.MEASURED)
def in_a_wide_network(stated: Limit, *, seed: int) -> Evidence:
    """Run (15) to (17) with sigma = He_1 + He_2, so that kappa = (rho + rho^2) / 2, and l = 1.

    G_d^1 is that of the narrow network that is farthest from G_*^1: (20) must hold for each.
    """
    import numpy as np

    values = np.array(_networks(seed, _WIDTH))[:, 1 + stated.ahead]
    error = values.std(ddof=1) / _LAYERS**0.5
    narrow = [found[1] for found in _networks(seed, _NARROW)]
    law = _kappa(0.9) if stated.mean_field else max(narrow, key=lambda r: abs(r - _kappa(0.9)))
    domain = f"G_12 = 9/10, {_LAYERS} networks of width {_WIDTH}, 5 standard errors"
    return within_error(values.mean(), error, _kappa(law), resolution=0.04, domain=domain)


def _kappa(r: float) -> float:
    return (r + r**2) / 2


@cache
def _networks(seed: int, width: int) -> tuple[tuple[float, ...], ...]:
    import numpy as np

    generator = np.random.default_rng(seed)
    return tuple(_network(generator, width, 0.9, 4) for _ in range(_LAYERS))


def _network(generator: Any, width: int, r: float, depth: int) -> tuple[float, ...]:
    """G_12 of the layers 0 to depth; the rows of H are i.i.d. N(0, G) given G (15)."""
    import numpy as np

    found = [r]
    for _ in range(depth):
        z = generator.standard_normal((2, width))
        h = np.stack([z[0], found[-1] * z[0] + max(0.0, 1 - found[-1] ** 2) ** 0.5 * z[1]])
        a = h + (h**2 - 1) / 2**0.5
        a -= a.mean(axis=1, keepdims=True)
        a /= np.sqrt((a**2).mean(axis=1, keepdims=True) * width)
        found.append(float(a[0] @ a[1]))
    return tuple(found)


claims = (limits, display, display_corrected, limit, limit_corrected)
