"""The range of correlations in which (39) applies Lemma A.7."""

from __future__ import annotations

from typing import Any

import sympy as sp

from verify import Claim, Evidence, Level, Refuted, Verdict

# "Thus we can apply Lemma A.7 on each element i != j" (39)

_printed_range = sp.Interval.open(0, 1)

range_corrected = Claim(
    label="isometry:eq-39-range:corrected",
    where="Theorem A.2, proof, (39), with Lemma A.7",
    says=r"(38) \text{ for all } \rho \in (-1, 1) \text{ covers every } G_{ij}, i \neq j, "
    r"\text{ of samples no two of which are equal or opposite}",
    value=sp.Interval.open(-1, 1),
    mutants={
        "as printed": _printed_range,
        "[0, 1)": sp.Interval.Ropen(0, 1),
        "[-1, 1], where (38) is 1/0": sp.Interval(-1, 1),
        "(-1, 0) and (0, 1)": sp.Interval.open(-1, 1) - sp.FiniteSet(0),
    },
    uses=("isometry:eq-53:corrected",),
)
range_of_39 = Claim(
    label="isometry:eq-39-range",
    where="Theorem A.2, proof, (39), with Lemma A.7",
    says=r"(38) \text{ for all } \rho \in (0, 1) \text{ covers every } G_{ij}, i \neq j",
    value=_printed_range,
    mutants={
        "[0, 1]": sp.Interval(0, 1),
        "(-1, 0)": sp.Interval.open(-1, 0),
        "[1/2, 1)": sp.Interval.Ropen(sp.S.Half, 1),
    },
    correction=range_corrected,
    why="G_ij may be 0 or negative: the proof gives (38) for |rho| < 1; it may be 1 or -1 too, "
    "where (38) is 1/0, which is the slip of (39) itself.",
    expected=Verdict.REFUTED,
)


@range_of_39.check(Level.PROVED)
@range_corrected.check(Level.PROVED)
def by_the_smallest_matrices(stated: Any) -> Evidence:
    """[[1, r], [r, 1]] with samples apart is PSD iff 1 - r^2 > 0: these r and no others occur."""
    r = sp.Symbol("r", real=True)
    occur = sp.solveset(sp.Matrix([[1, r], [r, 1]]).det() > 0, r, sp.Reals)
    for value in (sp.S.One, sp.S.NegativeOne, sp.Rational(1, 4), sp.S.Zero, sp.Rational(-1, 2)):
        if (value in occur) != (value in stated):
            said = "is a correlation, and not covered" if value in occur else "makes (38) 1/0"
            raise Refuted(f"G_12 = {value} {said}")
    if occur != stated:
        raise Refuted(f"the correlations are {occur}, those covered {stated}")
    return Evidence(Level.PROVED, "all PSD G with unit diagonal, no two samples parallel")


claims = (range_of_39, range_corrected)
