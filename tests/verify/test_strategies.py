"""Strategies give what they promise, and reach the corners they are there for."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
import sympy as sp
from hypothesis import HealthCheck, Phase, find, given, settings
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from verify import strategies as vs
from verify.exact import Matrix, Vector, det, largest_correlation

FEW = settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
REACH = settings(max_examples=2000, database=None, phases=[Phase.generate])


def leading_minors(G: Matrix) -> list[Fraction]:
    return [det(tuple(row[:k] for row in G[:k])) for k in range(1, len(G) + 1)]


def reaches(strategy: SearchStrategy[Any], corner: Callable[[Any], bool]) -> bool:
    return corner(find(strategy, corner, settings=REACH))


@pytest.mark.parametrize("name", vs.FAMILIES)
@given(data=st.data())
@FEW
def test_families_are_correlation_matrices(name: str, data: st.DataObject) -> None:
    n = data.draw(st.integers(2, 5))
    G = data.draw(vs.FAMILIES[name](n))
    assert len(G) == n
    assert all(G[i][i] == 1 for i in range(n))
    assert all(G[i][j] == G[j][i] for i in range(n) for j in range(n))
    assert all(minor >= 0 for minor in leading_minors(G))


@given(vs.well_conditioned(4))
@FEW
def test_well_conditioned_matrices_have_no_eigenvalue_below_one_half(G: Matrix) -> None:
    shifted = tuple(
        tuple(v - Fraction(i == j, 2) for j, v in enumerate(row)) for i, row in enumerate(G)
    )
    assert all(minor >= 0 for minor in leading_minors(shifted))


@given(vs.low_rank(4))
@FEW
def test_low_rank_matrices_are_singular(G: Matrix) -> None:
    assert det(G) == 0


@given(vs.nearly_degenerate(3))
@FEW
def test_nearly_degenerate_matrices_hold_a_near_duplicate(G: Matrix) -> None:
    assert G[0][2] > Fraction(1, 2)


def test_near_degeneracy_is_extreme() -> None:
    assert reaches(vs.nearly_degenerate(3), lambda G: 0 < 1 - G[0][2] < Fraction(1, 10**12))


@given(vs.clustered(4))
@FEW
def test_clusters_hold_close_pairs(G: Matrix) -> None:
    assert max(G[i][j] for i in range(4) for j in range(i)) > Fraction(-1, 2)


def test_equicorrelation_reaches_the_simplex_and_the_line() -> None:
    assert reaches(vs.equicorrelated(4), lambda G: G[0][1] == Fraction(-1, 3))
    assert reaches(vs.equicorrelated(4), lambda G: G[0][1] == 1)


def test_simplices_are_regular_up_to_signs_and_reach_the_whole_one() -> None:
    whole = {Fraction(1, 3), Fraction(-1, 3)}
    assert reaches(vs.simplex(4), lambda G: {G[i][j] for i in range(4) for j in range(i)} == whole)
    assert reaches(vs.simplex(4), lambda G: det(G) == 0)
    assert reaches(vs.simplex(4), lambda G: 0 < det(G) < Fraction(1, 10**6))


@given(vs.block(6))
@FEW
def test_blocks_hold_few_correlations(G: Matrix) -> None:
    assert len({G[i][j] for i in range(6) for j in range(i)}) <= 6  # 3 within, 3 between


@given(vs.low_rank_plus_diagonal(5))
@FEW
def test_low_rank_plus_diagonal_is_regular_and_low_rank_without_it(G: Matrix) -> None:
    assert det(G) > 0


def test_low_rank_plus_diagonal_comes_close_to_singular() -> None:
    strategy = vs.low_rank_plus_diagonal(5)
    assert reaches(strategy, lambda G: det(G) < Fraction(1, 10**15))


@given(vs.large_correlation_matrices())
@settings(FEW, max_examples=8)
def test_large_matrices_are_correlation_matrices(G: Matrix) -> None:
    n = len(G)
    assert 8 <= n <= 64
    assert all(G[i][i] == 1 for i in range(n))
    assert det(G) >= 0
    assert np.linalg.eigvalsh(vs.as_array(G)).min() > -1e-12 * n


@pytest.mark.filterwarnings("ignore:Generating overly large repr")
def test_large_matrices_reach_64() -> None:
    assert reaches(vs.large_correlation_arrays(), lambda G: len(G) == 64)


@given(vs.large_correlation_arrays())
@FEW
def test_large_arrays_are_correlation_matrices(G: vs.Array) -> None:
    assert (np.diag(G) == 1).all()
    assert (G == G.T).all()
    assert np.linalg.eigvalsh(G).min() > -1e-12


def test_large_arrays_reach_duplicates_and_the_nearly_orthogonal() -> None:
    several = vs.large_correlation_arrays(smallest=3)
    assert reaches(several, lambda G: bool(G[0, 1] > 1 - 1e-12))
    assert reaches(several, lambda G: bool(0 < np.abs(G - np.eye(len(G))).max() < 0.2))


@given(vs.exact_correlation_matrices(largest=4), vs.unit_interval(closed=True))
@FEW
def test_dominated_matrices_meet_the_condition(G: Matrix, s: Fraction) -> None:
    assert (len(G) - 1) * largest_correlation(vs.dominated(G, s)) <= s


def test_everything_public_is_there() -> None:
    assert all(hasattr(vs, name) for name in vs.__all__)
    assert set(vs.LARGE) < set(vs.FAMILIES)


@given(vs.dominant_correlation_matrices())
@FEW
def test_dominant_matrices_meet_the_condition(G: Matrix) -> None:
    assert (len(G) - 1) * largest_correlation(G) <= 1


def test_dominant_matrices_reach_equality() -> None:
    strategy = vs.dominant_correlation_matrices()
    assert reaches(strategy, lambda G: len(G) > 2 and (len(G) - 1) * largest_correlation(G) == 1)


@given(vs.correlation_matrices())
@FEW
def test_float_correlation_matrices(G: vs.Array) -> None:
    assert G.dtype == np.float64
    assert (np.diag(G) == 1).all()
    assert (G == G.T).all()
    assert np.linalg.eigvalsh(G).min() > -1e-13


@given(vs.gram_matrices())
@FEW
def test_float_gram_matrices(G: vs.Array) -> None:
    scale = np.sqrt(np.diag(G))
    assert (scale > 0).all()
    assert np.linalg.eigvalsh(G / np.outer(scale, scale)).min() > -1e-13


@given(vs.sample_matrices(smallest=3, largest=6))
@FEW
def test_samples_are_rows(X: vs.Array) -> None:
    n, d = X.shape
    assert 3 <= n <= 6
    assert n <= d
    assert (np.linalg.norm(X, axis=1) > 0).all()


@pytest.mark.parametrize("name", vs.SPECTRA)
@given(data=st.data())
@FEW
def test_spectra_are_probability_vectors(name: str, data: st.DataObject) -> None:
    p: Vector = data.draw(vs.SPECTRA[name](data.draw(st.integers(1, 9))))
    assert sum(p) == 1
    assert min(p) >= 0


def test_spectra_reach_the_linear_and_the_purely_nonlinear() -> None:
    assert reaches(vs.exact_spectra(), lambda p: len(p) > 1 and p[0] == 1)
    assert reaches(vs.exact_spectra(), lambda p: p[0] == 0)
    assert reaches(vs.exact_spectra(), lambda p: 0 < 1 - p[0] < Fraction(1, 10**8))


@given(vs.spectra())
@FEW
def test_float_spectra(p: vs.Array) -> None:
    assert p.dtype == np.float64
    assert abs(p.sum() - 1) < 1e-12


@given(vs.correlations())
@FEW
def test_correlations_are_open(rho: Fraction) -> None:
    assert -1 < rho < 1


def test_correlations_come_close_to_the_ends() -> None:
    assert reaches(vs.correlations(), lambda rho: 0 < 1 + rho < Fraction(1, 10**11))
    assert reaches(vs.correlations(), lambda rho: rho == 0)


@given(vs.activations())
@FEW
def test_activations_are_expressions_in_one_variable(sigma: Any) -> None:
    assert {str(symbol) for symbol in sigma.free_symbols} == {"x"}
    assert sp.N(sigma.subs(*sigma.free_symbols, sp.Rational(1, 3))).is_real
