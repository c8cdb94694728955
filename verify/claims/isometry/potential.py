"""The potential gamma: where it is finite, and its decay from layer to layer."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from itertools import islice, product
from typing import Any

import sympy as sp
from hypothesis import assume
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from verify import (
    Claim,
    Evidence,
    Level,
    Refuted,
    Verdict,
    bounded,
    equal,
    nonnegative,
    search,
    together,
)
from verify.claims.isometry._domains import Stated
from verify.claims.isometry._mean_field import (
    apart,
    ball,
    dynamics,
    kernel,
    layer,
    nearly_linear,
    odds,
    off_diagonal,
    orbit,
    pair,
    potential,
    require_potentials,
    sides,
    strength,
    without_parallel_samples,
)
from verify.exact import Matrix, Vector, det, gram, largest_correlation
from verify.searching import show
from verify.strategies import exact_correlation_matrices

Condition = Callable[[Matrix], bool]
OneLayer = Callable[[Any, Any], Any]
ManyLayers = Callable[[Any, Any, Any], Any]


# Definition 4


def small_grams() -> SearchStrategy[Matrix]:
    """Gram matrices of 1 to 4 short integer vectors, 0 and parallel ones among them."""
    entry = st.integers(-2, 2).map(Fraction)
    sizes = st.tuples(st.integers(1, 4), st.integers(1, 3))
    return sizes.flatmap(
        lambda s: st.lists(st.tuples(*[entry] * s[1]), min_size=s[0], max_size=s[0])
    ).map(gram)


def _no_two_parallel(G: Matrix) -> bool:
    return all(
        G[i][j] ** 2 != G[i][i] * G[j][j] for i, j in product(range(len(G)), repeat=2) if i != j
    )


def _two_or_more(G: Matrix) -> bool:
    return len(G) >= 2 and _no_two_parallel(G)


def _any_psd(G: Matrix) -> bool:
    return True


finite_corrected = Claim(
    label="isometry:def-4-range:corrected",
    where="Definition 4, (21)",
    says=r"\gamma(G) \in [0, \infty) \iff n \geq 2, "
    r"\text{ no two samples are parallel, and none is } 0",
    value=_two_or_more,
    mutants={
        "as printed: any positive semidefinite G": _any_psd,
        "one sample too": lambda G: G[0][0] > 0 and _no_two_parallel(G),
        "no sample is 0": lambda G: all(row[i] > 0 for i, row in enumerate(G)),
        "G is nonsingular": lambda G: len(G) >= 2 and det(G) > 0,
        "no duplicates": lambda G: (
            len(G) >= 2
            and all(
                G[i][j] != G[i][i] or G[i][i] != G[j][j]
                for i, j in product(range(len(G)), repeat=2)
                if i != j
            )
        ),
    },
)
finite = Claim(
    label="isometry:def-4-range",
    where="Definition 4, (21)",
    says=r"G \text{ positive semidefinite} \implies \gamma(G) \in [0, \infty)",
    value=_any_psd,
    mutants={
        "no sample is 0": finite_corrected.mutants["no sample is 0"],
        "no negative entry": lambda G: min(map(min, G)) >= 0,
        "only nonsingular G": lambda G: det(G) > 0,
    },
    correction=finite_corrected,
    why="two equal samples give 1/0, a sample 0 gives 0/0, and one sample has no pair i != j; two "
    "parallel ones must be left out.",
    expected=Verdict.REFUTED,
)


@finite.check(Level.SEARCHED)
@finite_corrected.check(Level.SEARCHED)
def integer_samples(stated: Condition, *, seed: int) -> Evidence:
    """Evaluate the quotients: G~_ij^2 is rational, and gamma is finite if it is < 1."""

    def holds(G: Matrix) -> bool:
        squares = range(len(G))
        pairs = [(i, j) for i in squares for j in squares if i != j]
        defined = all(row[i] > 0 for i, row in enumerate(G)) and all(
            G[i][j] ** 2 / (G[i][i] * G[j][j]) < 1 for i, j in pairs
        )
        return (bool(pairs) and defined) == stated(G)

    domain = "exact, 1 to 4 integer vectors of R^1 to R^3, 0 and parallel ones among them"
    return search(holds, small_grams(), domain=domain, examples=150, seed=seed)


# (26)

largest = Claim(
    label="isometry:eq-26",
    where="Theorem 4, proof, (26)",
    says=r"t = \frac{x}{1-x} \implies x = \frac{t}{t+1}, \quad "
    r"\max_{i \neq j} |G_{ij}| = \frac{\gamma(G)}{1 + \gamma(G)}",
    value=lambda t: t / (t + 1),
    mutants={
        "minus in the denominator": lambda t: t / (1 - t),
        "upside down": lambda t: 1 / (t + 1),
        "2 in place of 1": lambda t: t / (t + 2),
    },
    uses=("isometry:def-4-range:corrected",),
)


@largest.check(Level.PROVED)
def by_inverting_the_odds(stated: Callable[[Any], Any]) -> Evidence:
    """The inverse function; the odds rise, so that the largest belong to the largest |G_ij|."""
    s = sp.Symbol("s", positive=True)
    x = s / (1 + s)
    domain = "all x in [0, 1), any n"
    slope = sp.diff(s / (1 - s), s).subs(s, x)
    return together(
        equal(stated(x / (1 - x)), x, domain=domain),
        equal(stated(sp.S.Zero), 0, domain=domain),
        nonnegative(slope, [s], domain=domain, strict=True),
        domain=domain,
    )


@largest.check(Level.SEARCHED)
def rational_potentials(stated: Callable[[Any], Any], *, seed: int) -> Evidence:
    """Both maxima in rational arithmetic."""

    def holds(G: Matrix) -> bool:
        assume(apart(G))
        gamma = potential(G)
        assume(gamma != 1)  # where a wrong formula has no value
        return bool(largest_correlation(G) == stated(gamma))

    domain = "exact, n = 2..6, all families"
    matrices = exact_correlation_matrices(largest=6)
    return search(holds, matrices, domain=domain, examples=100, seed=seed)


# Theorem A.2

contraction, contraction_corrected = without_parallel_samples(
    "isometry:thm-a2",
    where="Theorem A.2, (22)",
    says=r"G_{ii} = 1 \implies \gamma\left(E_{h \sim N(0, G)}"
    r"[\phi(\sigma(h)) \phi(\sigma(h))^\top]\right) \leq \gamma(G) / \beta_\sigma",
    value=lambda gamma, beta: gamma / beta,
    slips={
        "beta squared": lambda gamma, beta: gamma / beta**2,
        "2 in place of beta": lambda gamma, beta: gamma / 2,
        "p_1 = 2 - beta in place of 1 / beta": lambda gamma, beta: (2 - beta) * gamma,
        "one more in the denominator": lambda gamma, beta: gamma / (gamma + beta),
    },
    uses=(
        "isometry:def-3-range",
        "isometry:def-4-range:corrected",
        "isometry:eq-37",
        "isometry:eq-43:corrected",
    ),
)


@contraction.check(Level.PROVED)
@contraction_corrected.check(Level.PROVED)
def as_an_identity_of_series(stated: Stated[OneLayer]) -> Evidence:
    """The bound, for the largest entry; then the matrices without a potential."""
    found = odds_below(stated.value)
    require_potentials(stated)
    return found


def odds_below(stated: OneLayer) -> Evidence:
    """Prove that the odds of a correlation after a layer are below a bound.

    Small orders first, where a violation refutes; then sums of any length, as symbols.

    |kappa(rho)| <= kappa(|rho|) = r for r = |rho| of the largest entry, since kappa rises.
    With V = sum p_k, Q = V - p_1, A = sum p_k r^(k-1), S = sum_{k>=2} p_k (1 + ... + r^(k-2)):
    the odds of kappa(r) are r A / ((1 - r) (A + S)), with 0 <= A <= V and S >= Q term by term.
    """
    refute_by_examples(lambda gamma, beta, ell: stated(gamma, beta), 1)
    first, Q, more, t, u = variables = list(sp.symbols("p1 Q e t u", positive=True))
    V = first + Q
    A, S = V / (1 + u), Q + more
    difference = stated(t, 1 + Q / V) - t * A / (A + S)
    domain = "all spectra, all G with unit diagonal and finite potential, any n >= 2"
    return nonnegative(difference, variables, domain=domain, refutable=False)


def refute_by_examples(stated: ManyLayers, ell: int) -> None:
    """Look at two samples and spectra with two orders, exactly."""
    for share, r in product((0, 1, 5, 10), (1, 9)):
        p, G = (1 - Fraction(share, 10), Fraction(share, 10)), pair(Fraction(r, 10))
        after = potential(next(islice(orbit(p, G), ell, None)))
        bound = stated(potential(G), strength(p), ell)
        if after > bound:
            raise Refuted(
                f"{float(after):.6g} <= {float(bound):.6g} fails at layer {ell} for p = {show(p)}, "
                f"G_12 = {show(G[0][1])}"
            )


@contraction.check(Level.SEARCHED)
@contraction_corrected.check(Level.SEARCHED)
def rational_layers(stated: Stated[OneLayer], *, seed: int) -> Evidence:
    """Both potentials in rational arithmetic."""
    require_potentials(stated, early=True)

    def both(case: tuple[Vector, Matrix]) -> tuple[Fraction, Fraction]:
        p, G = case
        assume(apart(G))
        after = max(Fraction(odds(kernel(p, entry))) for entry in {*off_diagonal(G)})
        return after, Fraction(stated.value(potential(G), strength(p)))

    domain = "exact, up to 12 orders, all families of spectra and matrices, n = 2..6 and to 64"
    cases = dynamics(orders=12, largest=6)
    found = bounded(both, cases, domain=domain, examples=100, seed=seed)
    require_potentials(stated)
    return found


# Corollary A.3

decay, decay_corrected = without_parallel_samples(
    "isometry:cor-a3",
    where="Corollary A.3, (23)",
    says=r"\gamma(G_*^\ell) \leq \gamma(G_*^0) \beta_\sigma^{-\ell}",
    value=lambda gamma, beta, ell: gamma / beta**ell,
    slips={
        "one layer more": lambda gamma, beta, ell: gamma / beta ** (ell + 1),
        "twice the rate": lambda gamma, beta, ell: gamma / beta ** (2 * ell),
        "2 in place of beta": lambda gamma, beta, ell: gamma / 2**ell,
        "p_1 in place of 1 / beta": lambda gamma, beta, ell: gamma * (2 - beta) ** ell,
    },
    uses=("isometry:thm-a2:corrected",),
)


@decay.check(Level.PROVED)
@decay_corrected.check(Level.PROVED)
def by_induction(stated: Stated[ManyLayers]) -> Evidence:
    """Layer 0 is equality, and a layer more divides by beta (Theorem A.2)."""
    bound = stated.value
    for ell in range(4):
        refute_by_examples(bound, ell)
    gamma, beta = sp.symbols("gamma beta", positive=True)
    ell = sp.Symbol("ell", integer=True, nonnegative=True)
    domain = "all layers, all spectra, all G with unit diagonal and finite potential"
    quotient = sp.powsimp(bound(gamma, beta, ell + 1) / bound(gamma, beta, ell))
    found = together(
        equal(bound(gamma, beta, sp.S.Zero), gamma, domain=domain),
        equal(quotient, 1 / beta, domain=domain),
    )
    require_potentials(stated)
    return found


@decay.check(Level.SEARCHED)
@decay_corrected.check(Level.SEARCHED)
def orbits_in_balls(stated: Stated[ManyLayers], *, seed: int) -> Evidence:
    """Up to 200 layers."""
    require_potentials(stated, early=True)

    def both(case: tuple[tuple[Vector, Matrix], int]) -> tuple[float, float]:
        (p, G), ell = case
        assume(apart(G))
        before = layer(p, G, 0).potential
        bound = stated.value(before, ball(strength(p)), ell)
        assume(bound > 0)
        return sides(layer(p, G, ell).potential, bound)

    domain = "256-bit balls, up to 200 layers, n = 2..6 and to 64"
    layers = st.one_of(st.integers(0, 4), st.sampled_from([20, 60, 200]))
    cases = st.tuples(_orbits(), layers)
    found = bounded(both, cases, domain=domain, resolution=1e-11, examples=80, seed=seed)
    require_potentials(stated)
    return found


def _orbits() -> SearchStrategy[tuple[Vector, Matrix]]:
    slow = st.tuples(nearly_linear(), st.just(pair(Fraction(9, 10))))
    return st.one_of(slow, dynamics(orders=8, largest=6))


claims = (
    finite,
    finite_corrected,
    largest,
    contraction,
    contraction_corrected,
    decay,
    decay_corrected,
)
