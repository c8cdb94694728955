"""Section 2: what batch and layer normalization do, as Table 1 and its centering define them.

Section 3 separates the centering from BN and LN; the two together are what section 2 describes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import sympy as sp

from verify import Claim, Evidence, Level, Refuted, Verdict, equal, together
from verify.claims.isometry._entries import ANY, CENTRED, Entries, Formula
from verify.searching import show

# "Batch normalization ensures that each feature ... has zero mean and unit variance"


@dataclass(frozen=True)
class Feature:
    """What becomes of a feature x, and of which ones it is said.

    Attributes:
        shifted: x and one entry of it -> the entry before it is divided.
        square: x -> square of the divisor.
        covers: x -> a number that is 0 if x is left out.
    """

    shifted: Formula
    square: Callable[[Entries], Any]
    covers: Callable[[Entries], Any]


def _mean_square(x: Entries) -> Any:
    return x.mean_square


def _centred(x: Entries, t: Any) -> Any:
    return t - x.mean


_printed = Feature(_centred, lambda x: x.variance, covers=lambda x: sp.S.One)
_corrected = replace(_printed, covers=_printed.square)


def _slips(right: Feature) -> dict[str, Feature]:
    return {
        "not centred: BN of Table 1 alone": replace(
            right, shifted=lambda x, t: t, square=_mean_square
        ),
        "root mean square of the uncentred feature": replace(right, square=_mean_square),
        "divided by the variance": replace(right, square=lambda x: x.variance**2),
        "twice the mean subtracted": replace(right, shifted=lambda x, t: t - 2 * x.mean),
    }


bn_corrected = Claim(
    label="isometry:sec-2-bn:corrected",
    where="section 2, 'zero mean and unit variance', with Table 1",
    says=r"X_{i\cdot} \text{ not constant} \implies \text{the feature } "
    r"\mathrm{BN}(X - \bar X)_{i\cdot} \text{ has mean } 0 \text{ and variance } 1",
    value=_corrected,
    mutants={
        "as printed": _printed,
        "all but zero features": replace(_printed, covers=_mean_square),
        **_slips(_corrected),
    },
    uses=("isometry:table-1-bn:corrected",),
)
bn = Claim(
    label="isometry:sec-2-bn",
    where="section 2, 'zero mean and unit variance', with Table 1",
    says=r"\text{each feature } \mathrm{BN}(X - \bar X)_{i\cdot} \text{ has mean } 0 "
    r"\text{ and variance } 1",
    value=_printed,
    mutants=_slips(_printed),
    correction=bn_corrected,
    why="a feature that is constant on the batch, as on a batch of one sample, becomes 0/0.",
    expected=Verdict.REFUTED,
)

_FIRST = ((1,), (1, -1), (0, 2), (1, 1), (0, 1, 2))


@bn.check(Level.PROVED)
@bn_corrected.check(Level.PROVED)
def moments_of_a_feature(stated: Feature) -> Evidence:
    """Short features first, where it may fail; then any, by the averages of its powers."""
    for row in _FIRST:
        moments = [sp.Rational(sum(t**k for t in row), len(row)) for k in range(3)]
        x = Entries(sp.Integer(len(row)), (moments[0], moments[1], moments[2]))
        if stated.covers(x) != 0:
            if stated.square(x) == 0:
                raise Refuted(f"the feature {show(row)} is divided by 0")
            _mean_and_variance(stated, x)
    found = [_mean_and_variance(stated, x) for x in (ANY, CENTRED)]
    return together(*found, domain="all n and all features that are not constant")


def _mean_and_variance(stated: Feature, x: Entries) -> Evidence:
    first = x.average(lambda t: stated.shifted(x, t))
    second = x.average(lambda t: stated.shifted(x, t) ** 2)
    return together(
        equal(first, 0, domain="mean"),
        equal((second - first**2) / stated.square(x), 1, domain="variance"),
    )


# "layer normalization centers and divides the output of each layer by its standard deviation"

ln = Claim(
    label="isometry:sec-2-ln",
    where="section 2, 'centers and divides', with Table 1",
    says=r"\mathrm{LN}(x - \bar x) = (x - \bar x) / \sqrt{\tfrac1d \sum_i (x_i - \bar x)^2}, "
    r"\text{ the standard deviation of } x",
    value=lambda x, t: (t - x.mean) / sp.sqrt(x.variance),
    mutants={
        "not centred: LN of Table 1 alone": lambda x, t: t / sp.sqrt(x.mean_square),
        "root mean square of the uncentred output": lambda x, t: (
            (t - x.mean) / sp.sqrt(x.mean_square)
        ),
        "divided by the variance": lambda x, t: (t - x.mean) / x.variance,
        "d - 1 in place of d": lambda x, t: (t - x.mean) / sp.sqrt(x.variance * x.d / (x.d - 1)),
    },
    uses=("isometry:table-1-ln", "isometry:eq-1-domain:corrected"),
)


@ln.check(Level.PROVED)
def table_1_after_centering(stated: Formula) -> Evidence:
    """The root mean square of Table 1, of the centred entries."""
    t = sp.Symbol("t", real=True)
    domain = "all d and all x that are not constant"
    return together(
        *(equal(_of_table_1(x, t), stated(x, t), domain=domain) for x in (ANY, CENTRED))
    )


def _of_table_1(x: Entries, t: Any) -> Any:
    return _centred(x, t) / sp.sqrt(x.average(lambda s: _centred(x, s) ** 2))


claims = (bn, bn_corrected, ln)
