"""The proof of Theorem 1, equations (5) to (9), line by line.

Lines are compared by their n-th powers: they are positive, and the powers have no roots.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import sympy as sp

from verify import Claim, Evidence, Level, Verdict, equal, nonnegative, together
from verify.claims.isometry._gram import Samples, any_number, isometry_powers, ordered, symbolic

_N = sp.Symbol("n", integer=True, positive=True)
_ALL = "independent samples, n = 2, 3 by symbolic matrices, any n by det(AB) = det A det B"


def _all_samples() -> list[Samples]:
    return [*(symbolic(n) for n in (2, 3)), any_number()]


def _same(first: Callable[[Samples], Any], second: Callable[[Samples], Any]) -> Evidence:
    """Compare the n-th powers of two lines."""
    found = [
        equal(_power(first(s), s.n), _power(second(s), s.n), domain=_ALL) for s in _all_samples()
    ]
    return together(*found)


def _power(line: Any, n: Any) -> Any:
    return sp.expand_power_base(sp.sympify(line) ** n, force=True)


def _quotient(s: Samples) -> Any:
    before, after = isometry_powers(s)
    return (after / before) ** (sp.Integer(1) / s.n)


# The lines as printed


def _line_5(s: Samples) -> Any:
    (tr, tr_after), (d, d_after), root = s.traces, s.determinants, sp.Integer(1) / s.n
    return (tr / s.n) / (tr_after / s.n) * d_after**root / d**root


def _line_6(s: Samples) -> Any:
    d_after, root = s.determinants[1], sp.Integer(1) / s.n
    return s.mean_square * d_after**root / (d_after**root * (s.product**2) ** root)


def _line_7(s: Samples) -> Any:
    return s.mean**2 / s.product ** (sp.Integer(2) / s.n) * (s.mean_square / s.mean**2)


def _line_8(s: Samples) -> Any:
    return s.mean_square / s.mean**2


def line_9(s: Samples) -> Any:
    """1 + variance / mean^2 of the norms, the factor of Theorem 1."""
    return 1 + s.variance / s.mean**2


eq_5 = Claim(
    label="isometry:eq-5",
    where="Theorem 1, proof, (5)",
    says=r"\frac{I(\tilde G)}{I(G)} = \frac{\frac1n \mathrm{tr}\,G}{\frac1n \mathrm{tr}\,\tilde G}"
    r"\frac{\det(\tilde G)^{1/n}}{\det(G)^{1/n}}",
    value=_line_5,
    mutants={
        "ratio upside down": lambda s: 1 / _line_5(s),
        "traces swapped": lambda s: _line_5(s) * (s.traces[1] / s.traces[0]) ** 2,
        "no n-th root": lambda s: s.traces[0] * s.determinants[1] / s.determinants[0] / s.n,
    },
    uses=("isometry:eq-5-condition:corrected",),
)


@eq_5.check(Level.PROVED)
def by_definition_of_isometry(stated: Callable[[Samples], Any]) -> Evidence:
    """Definition 1 on both Gram matrices."""
    return _same(_quotient, stated)


eq_6 = Claim(
    label="isometry:eq-6",
    where="Theorem 1, proof, (6)",
    says=r"(5) = \frac{\frac1n\sum a_i^2}{1} \frac{\det(\tilde G)^{1/n}}"
    r"{\det(\tilde G)^{1/n} (\prod a_i^2)^{1/n}}",
    value=_line_6,
    mutants={
        "det D in place of its square": lambda s: s.mean_square / s.product ** (1 / sp.S(s.n)),
        "sum in place of the mean": lambda s: s.n * _line_6(s),
        "determinants do not cancel": lambda s: _line_6(s) * s.determinants[1],
    },
    uses=("isometry:eq-5-det", "isometry:eq-5-trace"),
)


@eq_6.check(Level.PROVED)
def by_factoring_the_determinant(stated: Callable[[Samples], Any]) -> Evidence:
    """Traces and determinants of G = D G~ D."""
    return _same(_line_5, stated)


eq_7 = Claim(
    label="isometry:eq-7",
    where="Theorem 1, proof, (7)",
    says=r"(6) = \frac{(\frac1n\sum a_i)^2}{(\prod a_i)^{2/n}}"
    r"\frac{\frac1n\sum a_i^2}{(\frac1n\sum a_i)^2}",
    value=_line_7,
    mutants={
        "exponent 1/n": lambda s: s.mean_square / s.product ** (1 / sp.S(s.n)),
        "first factor upside down": lambda s: _line_8(s) ** 2 / _line_7(s),
        "mean not squared": lambda s: _line_7(s) * s.mean,
    },
)


@eq_7.check(Level.PROVED)
def by_extending_with_the_mean(stated: Callable[[Samples], Any]) -> Evidence:
    """The mean cancels."""
    return _same(_line_6, stated)


# The remark beside (7)


det_corrected = Claim(
    label="isometry:eq-7-det:corrected",
    where="Theorem 1, proof, beside (7)",
    says=r"\det(D) = \prod_i a_i, \quad D = \mathrm{diag}(a_1, \dots, a_n)",
    value=lambda s: s.product,
    mutants={
        "as printed": lambda s: s.product**2,
        "trace": lambda s: s.n * s.mean,
        "mean to the power n": lambda s: s.mean**s.n,
    },
)
eq_7_det = Claim(
    label="isometry:eq-7-det",
    where="Theorem 1, proof, beside (7)",
    says=r"\det(D) = \prod_i a_i^2, \quad D = \mathrm{diag}(a_1, \dots, a_n)",
    value=det_corrected.mutants["as printed"],
    mutants={
        "sum of squares": lambda s: s.n * s.mean_square,
        "trace": det_corrected.mutants["trace"],
        "mean square to the power n": lambda s: s.mean_square**s.n,
    },
    correction=det_corrected,
    why="prod a_i^2 is det(D)^2, which is what (6) and (7) use.",
    expected=Verdict.REFUTED,
)


@eq_7_det.check(Level.PROVED)
@det_corrected.check(Level.PROVED)
def block_by_block(stated: Callable[[Samples], Any]) -> Evidence:
    """One to three samples in full; then the determinant of blocks, for one sample more."""
    k, domain = sp.Symbol("k", integer=True, positive=True), "all n, all a_i > 0"
    found = []
    for n in (1, 2, 3):
        a = sp.symbols(f"a1:{n + 1}", positive=True)
        found.append(equal(sp.diag(*a).det(), stated(symbolic(n, a)), domain=domain))
    D, last = sp.MatrixSymbol("D", k, k), sp.MatrixSymbol("a", 1, 1)
    blocks = sp.BlockDiagMatrix(D, last).det()
    before, entry = sp.symbols("P a", positive=True)
    derived = blocks.subs({sp.Determinant(D): before, sp.Determinant(last): entry})
    found += [
        equal(before, stated(any_number(product=before)), domain="k samples"),
        equal(derived, stated(any_number(product=before * entry)), domain="k -> k + 1"),
    ]
    return together(*found, domain=domain)


# (8) and (9)

am_gm = Claim(
    label="isometry:eq-8-am-gm",
    where="Theorem 1, proof, beside (8)",
    says=r"\frac1n\sum_i a_i \geq \left(\prod_i a_i\right)^{1/n}",
    value=lambda n: 1 / sp.S(n),
    mutants={
        "exponent 2/n": lambda n: 2 / sp.S(n),
        "exponent 1/(n + 1)": lambda n: 1 / (sp.S(n) + 1),
        "no root": lambda n: sp.S(1),
    },
)


@am_gm.check(Level.PROVED)
def by_the_tangent_of_the_logarithm(stated: Callable[[Any], Any]) -> Evidence:
    """Use log t <= t - 1; the sum over t = a_i / mean gives log(prod t) <= 0."""
    s, t = sp.symbols("s t", positive=True)
    equal_norms = [nonnegative(t - t ** (k * stated(k)), [t], domain="a_i = t") for k in (2, 3, 5)]
    slope = sp.diff(t - 1 - sp.log(t), t)
    return together(
        *equal_norms,
        equal(_N * stated(_N), 1, domain="degree 1"),
        equal((t - 1 - sp.log(t)).subs(t, 1), 0, domain="contact at t = 1"),
        nonnegative(slope.subs(t, 1 + s), [s], domain="rising for t > 1"),
        nonnegative(-slope.subs(t, 1 / (1 + s)), [s], domain="falling for t < 1"),
        domain="all n and all a_i > 0",
    )


eq_8 = Claim(
    label="isometry:eq-8",
    where="Theorem 1, proof, (8)",
    says=r"(7) \geq 1 \cdot \frac{\frac1n\sum a_i^2}{(\frac1n\sum a_i)^2}",
    value=_line_8,
    mutants={
        "cubed": lambda s: _line_8(s) ** 3,
        "sum in place of the mean": lambda s: s.n * _line_8(s),
        "mean not squared": lambda s: s.mean_square / s.mean,
    },
    uses=("isometry:eq-8-am-gm",),
)


@eq_8.check(Level.PROVED)
def below_line_7(stated: Callable[[Samples], Any]) -> Evidence:
    """AM-GM on the first factor of (7)."""
    return below_quotient(stated)


def below_quotient(stated: Callable[[Samples], Any]) -> Evidence:
    """Prove stated <= mean(a^2) / prod(a)^(2/n), the quotient of isometries, for all norms.

    Few samples first, where a negative value refutes; then any number, with the geometric
    mean m / (1 + t), t >= 0, in place of prod(a)^(1/n).
    """
    found = []
    for n in (2, 3):
        y, a = ordered(n)
        s = symbolic(n, a)
        difference = s.mean_square**n / s.product**2 - stated(s) ** n
        found.append(nonnegative(difference, y, domain=f"n = {n}"))
    m, v, t = sp.symbols("m v t", positive=True)
    s = any_number(product=(m / (1 + t)) ** _N)
    difference = s.mean_square * (1 + t) ** 2 / m**2 - stated(s)
    found.append(nonnegative(difference, [m, v, t], domain="any n", refutable=False))
    return together(*found, domain="all n and all a_i > 0, by AM-GM")


eq_9 = Claim(
    label="isometry:eq-9",
    where="Theorem 1, proof, (9)",
    says=r"(8) = 1 + \frac{\frac1n\sum_i (a_i - \bar a)^2}{\bar a^2}",
    value=line_9,
    mutants={
        "n - 1 in place of n": lambda s: 1 + s.variance * s.n / (s.n - 1) / s.mean**2,
        "mean not squared": lambda s: 1 + s.variance / s.mean,
        "sum in place of the mean": lambda s: 1 + s.n * s.variance / s.mean**2,
    },
)


@eq_9.check(Level.PROVED)
def by_expanding_the_square(stated: Callable[[Samples], Any]) -> Evidence:
    """Variance = mean square - square of the mean."""
    cases = [symbolic(2), symbolic(3), any_number()]
    found = [equal(_line_8(s), stated(s), domain="all n, all a_i > 0") for s in cases]
    return together(*found)


claims = (eq_5, eq_6, eq_7, eq_7_det, det_corrected, am_gm, eq_8, eq_9)
