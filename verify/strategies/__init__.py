"""Hypothesis strategies for the objects of the papers, adversarial ones among them.

Matrices and spectra come in two kinds. The exact ones are tuples of Fractions, so an inequality
about them is decided without rounding; the others are float64 numpy arrays of the same families.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hermiso.extras import naming_extras

with naming_extras("verify"):
    from verify.strategies.arrays import (
        as_array,
        correlation_matrices,
        gram_matrices,
        large_correlation_arrays,
        sample_matrices,
    )
    from verify.strategies.functions import activations
    from verify.strategies.matrices import (
        FAMILIES,
        LARGE,
        block,
        clustered,
        dominant_correlation_matrices,
        dominated,
        equicorrelated,
        exact_correlation_matrices,
        exact_gram_matrices,
        generic,
        large_correlation_matrices,
        low_rank,
        low_rank_plus_diagonal,
        nearly_degenerate,
        on_sphere,
        shrunk,
        simplex,
        well_conditioned,
    )
    from verify.strategies.numbers import correlations, norms, unit_interval
    from verify.strategies.spectral import (
        SPECTRA,
        arbitrary_spectra,
        concentrated_spectra,
        exact_spectra,
        heavy_tailed_spectra,
        spectra,
        two_order_spectra,
    )

if TYPE_CHECKING:
    from verify.strategies.arrays import Array as Array

__all__ = [
    "FAMILIES",
    "LARGE",
    "SPECTRA",
    "activations",
    "arbitrary_spectra",
    "as_array",
    "block",
    "clustered",
    "concentrated_spectra",
    "correlation_matrices",
    "correlations",
    "dominant_correlation_matrices",
    "dominated",
    "equicorrelated",
    "exact_correlation_matrices",
    "exact_gram_matrices",
    "exact_spectra",
    "generic",
    "gram_matrices",
    "heavy_tailed_spectra",
    "large_correlation_arrays",
    "large_correlation_matrices",
    "low_rank",
    "low_rank_plus_diagonal",
    "nearly_degenerate",
    "norms",
    "on_sphere",
    "sample_matrices",
    "shrunk",
    "simplex",
    "spectra",
    "two_order_spectra",
    "unit_interval",
    "well_conditioned",
]
