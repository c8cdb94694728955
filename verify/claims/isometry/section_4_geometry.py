"""Section 4, Geometric Interpretation: volume, edges and angles of a parallelepiped."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from math import prod
from typing import Any

import sympy as sp

from verify import Claim, Evidence, Level, Refuted, bounded, equal, together
from verify.claims.isometry._gram import any_number, rational
from verify.claims.isometry._matrices import cleared
from verify.claims.isometry.theorem_1 import rational_samples
from verify.claims.isometry.theorem_1_proof import am_gm, by_the_tangent_of_the_logarithm
from verify.exact import Matrix, Vector

_N = sp.Symbol("n", integer=True, positive=True)

# "made scale and dimension-independent"

Isometry = Callable[[Any, Any, Any], Any]  # det(G), tr(G), n -> I(G)

dimension = Claim(
    label="isometry:sec-4-dimension",
    where="section 4, Geometric Interpretation, with (3)",
    says=r"I(c\,G) = I(G) = I(G \oplus G), \quad c > 0",
    value=lambda determinant, tr, n: determinant ** (1 / sp.S(n)) / (tr / n),
    mutants={
        "trace not divided by n": lambda determinant, tr, n: determinant ** (1 / sp.S(n)) / tr,
        "determinant without its root": lambda determinant, tr, n: determinant / (tr / n),
        "square root for every n": lambda determinant, tr, n: sp.sqrt(determinant) / (tr / n),
        "divided by n^2": lambda determinant, tr, n: determinant ** (1 / sp.S(n)) / (tr / n**2),
    },
)


@dimension.check(Level.PROVED)
def of_equal_blocks(stated: Isometry) -> Evidence:
    """On the diagonal stand k = 1 or 2 copies of cG: det = det(cG)^k and trace k tr(cG)."""
    G, c = sp.MatrixSymbol("G", _N, _N), sp.Symbol("c", positive=True)
    determinant, t = sp.symbols("Delta T", positive=True)
    known = {sp.Determinant(G): determinant, sp.Trace(G): t}
    blocks = sp.BlockDiagMatrix(c * G, c * G)
    found = []
    for k, matrix in ((1, c * G), (2, blocks)):
        tr = k * sp.trace(c * G)  # of the diagonal blocks
        seen = stated(sp.det(matrix).subs(known), tr.subs(known), k * _N)
        wanted = stated(determinant, t, _N)
        found.append(equal(cleared(seen), cleared(wanted), domain=f"{k}"))
    return together(*found, domain="all n, all G with det(G) > 0 and all c > 0")


# "makes the edge lengths equal while leaving the angles intact"

projection = Claim(
    label="isometry:sec-4-projection",
    where="section 4, Geometric Interpretation",
    says=r"x_i \to x_i / \|x_i\| \text{ makes the edges equal and keeps the angles}",
    value=lambda a: 1 / a,  # by what a vector of length a is multiplied
    mutants={
        "squared length": lambda a: 1 / a**2,
        "root of the length": lambda a: 1 / sp.sqrt(a),
        "with an offset": lambda a: 1 / (1 + a),
    },
)


@projection.check(Level.PROVED)
def lengths_and_cosines(stated: Callable[[Any], Any]) -> Evidence:
    """Two vectors of lengths a, b and inner product g, each multiplied by its factor."""
    a, b = sp.symbols("a b", positive=True)
    g = sp.Symbol("g", real=True)
    lengths = stated(a) * a, stated(b) * b
    cosine = stated(a) * stated(b) * g / (lengths[0] * lengths[1])
    return together(
        equal(lengths[0], lengths[1], domain="edges"),
        equal(cosine, g / (a * b), domain="angles"),
        domain="all pairs of vectors other than 0",
    )


# "the one with equal edge lengths has the highest volume"

Share = Callable[[Any, Any], Any]  # i, n -> a_i^2 as a part of sum a_i^2

_SHARES = {
    "arithmetic progression": lambda i, n: 2 * i / (n * (n + 1)),
    "geometric progression": lambda i, n: 2 ** (i - 1) / (2**n - 1),
    "total divided twice": lambda i, n: 1 / n**2,
}


def _equal_share(i: Any, n: Any) -> Any:
    return 1 / n


cube = Claim(
    label="isometry:sec-4-cube",
    where="section 4, Geometric Interpretation: vectors forming a cube",
    says=r"\max\Big\{\prod_i a_i : \sum_i a_i^2 = S\Big\} \text{ is reached by } "
    r"a_1 = \dots = a_n",
    value=_equal_share,
    mutants=_SHARES,
    uses=("isometry:eq-8-am-gm",),
)


@cube.check(Level.PROVED)
def largest_product(stated: Share) -> Evidence:
    """Shares w_i add up to 1, so prod w_i <= n^-n by AM-GM; small n first, where it may fail."""
    for n in map(sp.Integer, range(1, 5)):
        shares = [stated(sp.Integer(i), n) for i in range(1, n + 1)]
        if sum(shares) != 1 or sp.prod(shares) != n**-n:
            raise Refuted(f"shares {shares} have the sum {sum(shares)}, product {sp.prod(shares)}")
    i = sp.Symbol("i", integer=True, positive=True)
    total = sp.Sum(stated(i, _N), (i, 1, _N)).doit()
    found = [equal(total, 1, domain="sum of the shares")]
    found.append(equal(sp.Product(stated(i, _N), (i, 1, _N)).doit(), _N**-_N, domain="product"))
    means = by_the_tangent_of_the_logarithm(am_gm.value)
    return together(*found, means, domain="all n and all edge lengths a_i > 0")


volume = Claim(
    label="isometry:sec-4-volume",
    where="section 4, Geometric Interpretation",
    says=r"\text{for given angles and } \sum_i a_i^2 \text{ the volume } \det(G)^{1/2} "
    r"\text{ is largest for } a_1 = \dots = a_n",
    value=_equal_share,
    mutants=_SHARES,
    uses=("isometry:sec-4-cube", "isometry:eq-5-det", "isometry:sec-3-volume"),
)


@volume.check(Level.PROVED)
def the_angles_factor_out(stated: Share) -> Evidence:
    """det(G) = det(G~) prod a_i^2 and det(G~) >= 0 is given with the angles."""
    s = any_number()
    edges = equal(s.determinants[0] / s.determinants[1], s.product**2, domain="angles")
    return together(edges, largest_product(stated), domain="all n, all angles and edges a_i > 0")


@volume.check(Level.SEARCHED)
def exact_parallelepipeds(stated: Share, *, seed: int) -> Evidence:
    """Squared volumes with the given edges, and with the stated ones of the same total."""

    def sides(case: tuple[Matrix, Vector]) -> tuple[Fraction, Fraction]:
        s = rational(*case)
        shares = [Fraction(stated(Fraction(i), Fraction(s.n))) for i in range(1, s.n + 1)]
        return s.determinants[0], s.determinants[1] * prod(s.traces[0] * w for w in shares)

    covered = "exact, n = 2..5, all families of correlations, edges of all sizes"
    return bounded(sides, rational_samples(), domain=covered, examples=100, seed=seed)


claims = (dimension, projection, cube, volume)
