"""Sections 5.2 and A.2: the mean-field step, and the layers of a network, (10) to (19)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import sympy as sp

from verify import (
    Claim,
    Evidence,
    Level,
    Refuted,
    Verdict,
    equal,
    together,
)

Average: TypeAlias = Callable[[Any], Any]

_A, _M = sp.symbols("a m", real=True)
_V = sp.Symbol("v", positive=True)


def average(expression: Any) -> Any:
    """Mean over any law of a with mean m and variance v, for polynomials of degree 2 in a."""
    moments = (sp.S.One, _M, _M**2 + _V)
    terms = sp.Poly(expression, _A).terms()
    return sp.expand(sp.Add(*(factor * moments[j] for (j,), factor in terms)))


# (10) and (13)

step_claim = Claim(
    label="isometry:eq-10",
    where="section 5.2, (10); (13); 'the mean-field regime counterpart for layer normalization'",
    says=r"[\phi(a)]_i = (a_i - E a_i) / \sqrt{\mathrm{Var}\, a_i} \implies E \phi(a)_i = 0, "
    r"\quad E \phi(a)_i^2 = 1: \text{ the diagonal stays } 1",
    value=lambda a, m, v: (a - m) / sp.sqrt(v),
    mutants={
        "not centred": lambda a, m, v: a / sp.sqrt(v),
        "divided by the variance": lambda a, m, v: (a - m) / v,
        "root of the second moment": lambda a, m, v: (a - m) / sp.sqrt(m**2 + v),
        "not divided": lambda a, m, v: a - m,
    },
    uses=("isometry:def-3-defined:corrected",),
)


@step_claim.check(Level.PROVED)
def by_the_first_two_moments(stated: Callable[[Any, Any, Any], Any]) -> Evidence:
    """Any law with a mean and a positive variance."""
    phi = stated(_A, _M, _V)
    domain = "all activations that are not constant, any correlation matrix"
    return together(equal(average(phi), 0, domain=domain), equal(average(phi**2), 1, domain=domain))


# (15): "conditioned on the previous layer, rows of H are i.i.d."

rows = Claim(
    label="isometry:eq-15",
    where="section A.2, (15), with 'rows of H are i.i.d.' after (19)",
    says=r"H = W X, W \sim N(0, 1)^{d \times d} \implies "
    r"E H_{ki} H_{lj} = \delta_{kl} \langle x_i, x_j \rangle: \text{ rows i.i.d. } N(0, G)",
    value=lambda same, inner, d: same * inner,
    mutants={
        "rows not independent": lambda same, inner, d: inner,
        "divided by d": lambda same, inner, d: same * inner / d,
        "entries independent": lambda same, inner, d: same,
    },
)


@rows.check(Level.PROVED)
def by_the_covariance_of_the_weights(stated: Callable[[Any, Any, Any], Any]) -> Evidence:
    """Sum x_a y_b E W_ka W_lb over a and b <= d; H is Gaussian, being linear in W.

    Few dimensions in full; then the sum over b alone, for any a <= d: one summand of <x, y>.
    """
    a = sp.Symbol("a", integer=True, positive=True)
    e = sp.Symbol("e", integer=True, nonnegative=True)
    b, d, inner = sp.Symbol("b", integer=True), a + e, sp.Symbol("s", real=True)
    x, y = sp.Function("x", real=True), sp.Function("y", real=True)
    domain = "all d, all X, all pairs of entries of H"
    found = []
    for same in (sp.S.Zero, sp.S.One):
        found += [_in_full(stated, same, dimension) for dimension in (1, 2, 3)]
        terms = x(a) * y(b) * same * sp.KroneckerDelta(a, b)
        found.append(equal(sp.summation(terms, (b, 1, d)), same * x(a) * y(a), domain=domain))
        found.append(equal(same * inner, stated(same, inner, d), domain=domain))
    return together(*found, domain=domain)


def _in_full(stated: Callable[[Any, Any, Any], Any], same: Any, d: int) -> Evidence:
    x, y = (sp.symbols(f"{name}1:{d + 1}", real=True) for name in "xy")
    weights = [[same * sp.KroneckerDelta(a, b) for b in range(d)] for a in range(d)]
    derived = sp.Add(*(x[a] * y[b] * weights[a][b] for a in range(d) for b in range(d)))
    inner = sp.Add(*(u * v for u, v in zip(x, y, strict=True)))
    return equal(sp.expand(derived - stated(same, inner, sp.Integer(d))), 0, domain=f"d = {d}")


# (19)

Moments: TypeAlias = Callable[[Average, Any], tuple[Any, Any]]


def _centred_square(average: Average) -> Any:
    centre = average(_A)
    return average((_A - centre) ** 2)


sample_moments = Claim(
    label="isometry:eq-19-moments",
    where="section A.2, (17) to (19)",
    says=r"\mathrm{LN}(A - \overline A)_{ki} = (A_{ki} - \mu_i) / s_i, \quad "
    r"\mu_i = \frac1d \sum_k A_{ki}, \quad s_i^2 = \frac1d \sum_k (A_{ki} - \mu_i)^2",
    value=lambda average, d: (average(_A), _centred_square(average)),
    mutants={
        "d - 1 in place of d": lambda average, d: (
            average(_A),
            _centred_square(average) * d / (d - 1),
        ),
        "not centred": lambda average, d: (average(_A), average(_A**2)),
        "sum in place of the mean": lambda average, d: (average(_A), d * _centred_square(average)),
        "mean 0": lambda average, d: (sp.S.Zero, _centred_square(average)),
    },
)


@sample_moments.check(Level.PROVED)
def by_table_1(stated: Moments) -> Evidence:
    """Table 1 on the entries of one column, which have a mean m and a variance v > 0."""
    d = sp.Symbol("d", integer=True, positive=True) + 1
    mu, square = stated(average, d)
    domain = "all d >= 2, all columns that are not constant"
    derived = (_A - average(_A)) / sp.sqrt(average((_A - average(_A)) ** 2))
    return equal(sp.simplify(derived - (_A - mu) / sp.sqrt(square)), 0, domain=domain)


Product: TypeAlias = Callable[[Sequence[Any]], Any]


def _hadamard(v: Sequence[Any]) -> Any:
    return sp.Matrix([[entry * entry for entry in v]])


def _outer(v: Sequence[Any]) -> Any:
    return sp.Matrix(len(v), len(v), lambda i, j: v[i] * v[j])


tensor_corrected = Claim(
    label="isometry:eq-19:corrected",
    where="section A.2, (19), 'where (x) denotes'",
    says=r"X^\top X = \frac1d \sum_k v_k v_k^\top, \quad v_k = "
    r"\left(\tfrac{A_{k1} - \mu_1}{s_1}, \dots, \tfrac{A_{kn} - \mu_n}{s_n}\right)",
    value=_outer,
    mutants={
        "as printed: Hadamard product": _hadamard,
        "inner product": lambda v: sp.Matrix([[sp.Add(*(entry**2 for entry in v))]]),
        "Hadamard product on the diagonal": lambda v: sp.diag(*(entry**2 for entry in v)),
    },
    uses=("isometry:eq-19-moments",),
)
tensor = Claim(
    label="isometry:eq-19",
    where="section A.2, (19), 'where (x) denotes'",
    says=r"X^\top X = \frac1d \sum_k v_k^{\otimes 2} \text{ with the Hadamard product}",
    value=_hadamard,
    mutants={
        "inner product": tensor_corrected.mutants["inner product"],
        "diagonal": tensor_corrected.mutants["Hadamard product on the diagonal"],
        "Hadamard product as a column": lambda v: _hadamard(v).T,
    },
    correction=tensor_corrected,
    why="the Hadamard square of a row of n entries is a row, not an n x n matrix; the outer "
    "product is meant.",
    expected=Verdict.REFUTED,
)


@tensor.check(Level.PROVED)
@tensor_corrected.check(Level.PROVED)
def one_summand(stated: Product) -> Evidence:
    """Row k of X is v_k / sqrt(d), so that it adds v_ki v_kj / d to (X' X)_ij.

    The entries (i, i) and (i, j) of two samples are all there is, for any n and d.
    """
    d = sp.Symbol("d", positive=True)
    found = []
    for n in (2, 3):
        v = sp.symbols(f"v1:{n + 1}", real=True)
        row = sp.Matrix([list(v)]) / sp.sqrt(d)
        derived, summand = row.T * row, sp.Matrix(stated(v)) / d
        if summand.shape != (n, n):
            raise Refuted(f"n = {n}: (19) sums matrices of shape {summand.shape}, not ({n}, {n})")
        found += [
            equal(a, b, domain="all n, all d, entry by entry")
            for a, b in zip(derived, summand, strict=True)
        ]
    return together(*found)


claims = (
    step_claim,
    rows,
    sample_moments,
    tensor,
    tensor_corrected,
)
