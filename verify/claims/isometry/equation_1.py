"""Section 3, MLP setup: the network (1) and the Gram matrices (2) of its features."""

from __future__ import annotations

from collections.abc import Callable
from math import sqrt
from typing import TYPE_CHECKING, Any

import sympy as sp
from hypothesis import assume
from hypothesis import strategies as st

from verify import Claim, Evidence, Level, Refuted, Undecided, Verdict, equal, search, together
from verify.claims.isometry._domains import unconditional
from verify.claims.isometry._entries import ANY, CENTRED, D, Formula, layer_norm
from verify.claims.isometry._matrices import vectors
from verify.exact import variance

if TYPE_CHECKING:
    from verify.strategies import Array

Factor = Callable[[Any], Any]

_ALL = "all d, all sigma, W and x such that no h_l is constant"

domain = unconditional(
    "isometry:eq-1-domain",
    where="section 3, MLP setup, (1)",
    says=r"x \in \mathbb R^d \text{ is mapped to } x^0 = \frac{1}{\sqrt d}"
    r"\mathrm{LN}(x - \bar x), \quad x^{\ell+1} = \frac{1}{\sqrt d}"
    r"\mathrm{LN}(h_\ell - \bar h_\ell)",
    mended=r"x^0 \text{ is defined} \iff x \text{ is not constant}, \quad x^{\ell+1} \iff "
    r"h_\ell = \sigma(W^\ell x^\ell) \text{ is not constant}",
    why="of a constant vector centering leaves 0; with ReLU, h = 0 has positive probability.",
    condition=lambda h: len(set(h)) > 1,
    defined=lambda h: variance(h) != 0,
    mutants={
        "h nonzero": any,
        "d >= 2": lambda h: len(h) >= 2,
        "nonzero mean": lambda h: sum(h) != 0,
        "all entries different": lambda h: 1 < len(h) == len(set(h)),
    },
    cases=vectors(),
    domain="exact vectors, d = 1..5",
)

# "Gaussian weights W^1, ..., W^L" in Table 1, and W^l for l = 0, ..., L - 1 in (1)

Indices = Callable[[Any], tuple[Any, Any]]  # L -> first and last index

weights_corrected = Claim(
    label="isometry:table-1-weights:corrected",
    where="Table 1, Gaussian weights, with (1)",
    says=r"\text{the weights of (1) are } W^0, \dots, W^{L-1}",
    value=lambda L: (0, L - 1),
    mutants={
        "as printed": (_printed_weights := lambda L: (1, L)),
        "W^0 to W^L": lambda L: (0, L),
        "W^1 to W^(L-1)": lambda L: (1, L - 1),
    },
)
weights = Claim(
    label="isometry:table-1-weights",
    where="Table 1, Gaussian weights, with (1)",
    says=r"\text{the weights of (1) are } W^1, \dots, W^L",
    value=_printed_weights,
    mutants={
        "W^0 to W^L": weights_corrected.mutants["W^0 to W^L"],
        "W^2 to W^L": lambda L: (2, L),
        "W^1 to W^(L+1)": lambda L: (1, L + 1),
    },
    correction=weights_corrected,
    why="(1) takes W^l for l = 0, ..., L - 1: the first layer needs W^0, and W^L is not used.",
    expected=Verdict.REFUTED,
)


@weights.check(Level.PROVED)
@weights_corrected.check(Level.PROVED)
def those_that_the_recursion_takes(stated: Indices) -> Evidence:
    """Run (1) on the indices: x^(l+1) needs W^l; depths up to 3, then a symbolic one."""
    for L in (1, 2, 3):
        first, last = stated(L)
        taken, listed = {*range(L)}, {*range(first, last + 1)}
        if taken != listed:
            names = [", ".join(f"W^{index}" for index in sorted(s)) for s in (taken, listed)]
            raise Refuted(f"L = {L}: (1) takes {names[0]}; listed: {names[1] or 'none'}")
    L = sp.Symbol("L", integer=True, positive=True)
    bounds = zip((sp.S.Zero, L - 1), stated(L), strict=True)
    return together(*(equal(taken, listed, domain="all L") for taken, listed in bounds))


norm = Claim(
    label="isometry:eq-1-norm",
    where="section 3, MLP setup, (1)",
    says=r"x^{\ell+1} = \frac{1}{\sqrt d}\mathrm{LN}(h_\ell - \bar h_\ell) \implies "
    r"\|x^{\ell+1}\| = 1",
    value=lambda d: 1 / sp.sqrt(d),
    mutants={
        "factor forgotten": lambda d: sp.Integer(1),
        "root forgotten": lambda d: 1 / sp.sympify(d),
        "d + 1 in place of d": lambda d: 1 / sp.sqrt(d + 1),
    },
    uses=("isometry:table-1-ln", "isometry:eq-1-domain:corrected"),
)


@norm.check(Level.PROVED)
def d_times_the_mean_square(stated: Factor) -> Evidence:
    """Centering leaves a vector of mean 0 and any variance v > 0."""
    derived = D * CENTRED.average(lambda t: (stated(D) * layer_norm(CENTRED, t)) ** 2)
    return equal(derived, 1, domain=_ALL)


@norm.check(Level.SEARCHED)
def in_random_networks(stated: Factor, *, seed: int) -> Evidence:
    """Norms of x^0, ..., x^4 in float64."""

    def holds(case: tuple[Any, int, int]) -> bool:
        sigma, d, start = case
        features = _features(sigma, float(stated(d)), d, start)
        return all(_close(sqrt(float(x @ x)), 1.0) for x in features)

    cases = st.tuples(st.sampled_from(_activations()), st.integers(2, 40), st.integers(0, 2**32))
    covered = "tanh, exp, ReLU, x^2; d = 2..40, 4 layers, float64, resolution 1e-9"
    return search(holds, cases, domain=covered, examples=60, seed=seed)


def _activations() -> list[Callable[[Array], Array]]:
    import numpy as np

    return [np.tanh, np.exp, lambda h: np.maximum(h, 0), np.square]


def _features(sigma: Callable[[Array], Array], factor: float, d: int, seed: int) -> list[Array]:
    import numpy as np

    generator = np.random.default_rng(seed)
    h, found = generator.standard_normal(d), []
    for _ in range(5):
        centred = h - h.mean()
        scale = np.sqrt(np.mean(centred**2))
        assume(scale > 1e-3)
        found.append(factor * centred / scale)
        h = sigma(generator.standard_normal((d, d)) @ found[-1])
    return found


def _close(seen: float, wanted: float) -> bool:
    """Equal up to rounding; between rounding and slip lies no decision."""
    gap = abs(seen - wanted)
    if 1e-12 < gap < 1e-9:
        raise Undecided(f"{seen} is neither close to {wanted} nor far from it")
    return gap <= 1e-12


centering = Claim(
    label="isometry:eq-1-mean",
    where="section 3, MLP setup, (1), with Table 1, Centering",
    says=r"x^{\ell+1} = \frac{1}{\sqrt d}\mathrm{LN}(h_\ell - \bar h_\ell) \implies "
    r"\overline{x^{\ell+1}} = 0",
    value=lambda x, t: t - x.mean,
    mutants={
        "not centred": lambda x, t: t,
        "sum in place of the mean": lambda x, t: t - x.d * x.mean,
        "added": lambda x, t: t + x.mean,
        "root mean square in place of the mean": lambda x, t: t - sp.sqrt(x.mean_square),
    },
    uses=("isometry:eq-1-domain:corrected",),
)


@centering.check(Level.PROVED)
def mean_of_the_normalized(stated: Formula) -> Evidence:
    """LN divides all entries by one number, so the mean of its argument decides."""
    scale = sp.sqrt(ANY.average(lambda t: stated(ANY, t) ** 2))
    derived = ANY.average(lambda t: stated(ANY, t)) / scale / sp.sqrt(D)
    return equal(derived, 0, domain=_ALL)


diagonal = Claim(
    label="isometry:eq-2-diagonal",
    where="section 3, (2)",
    says=r"G^\ell_{ii} = \langle x_i^\ell, x_i^\ell \rangle = 1",
    value=lambda d: sp.Integer(1),
    mutants={
        "norm of LN without the factor": lambda d: d,
        "mean square in place of the norm": lambda d: 1 / d,
        "zero": lambda d: sp.Integer(0),
    },
    uses=("isometry:eq-1-norm",),
)


@diagonal.check(Level.PROVED)
def squared_norm(stated: Factor) -> Evidence:
    """As for (1)."""
    derived = D * CENTRED.average(lambda t: layer_norm(CENTRED, t) ** 2 / D)
    return equal(derived, stated(D), domain=_ALL)


# The Gram matrix is positive semidefinite, as Definition 1 wants it

Form = Callable[[Any, Any], Any]  # X with the samples as columns, v -> scalar

psd = Claim(
    label="isometry:eq-2-psd",
    where="section 3, (2), with Definition 1",
    says=r"v^\top G v = \Big\|\sum_i v_i x_i\Big\|^2 \geq 0, "
    r"\quad G = [\langle x_i, x_j \rangle]",
    value=lambda X, v: (X * v).T * (X * v),
    mutants={
        "sum of squared norms": lambda X, v: v.T * v,
        "twice": lambda X, v: 2 * (X * v).T * (X * v),
        "sign": lambda X, v: -(X * v).T * (X * v),
    },
)


@psd.check(Level.PROVED)
def by_associativity(stated: Form) -> Evidence:
    """G = X^T X, for matrices of symbolic size; small integer ones first, where it may fail."""
    for X, v in ((sp.Matrix([[1, 2]]), sp.Matrix([1, 1])), (sp.eye(2), sp.Matrix([1, -1]))):
        if v.T * (X.T * X) * v != stated(X, v):
            raise Refuted(f"for X = {X.tolist()}, v = {list(v)}: v^T G v is {v.T * X.T * X * v}")
    n, d = sp.symbols("n d", integer=True, positive=True)
    X, v = sp.MatrixSymbol("X", d, n), sp.MatrixSymbol("v", n, 1)
    if (v.T * (X.T * X) * v).doit() != stated(X, v).doit():
        raise Undecided(f"{stated(X, v)} is not seen to be v^T X^T X v")
    return Evidence(Level.PROVED, "all n, d and all x_i")


claims = (*domain, weights, weights_corrected, norm, centering, diagonal, psd)
