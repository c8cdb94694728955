"""Functions whose growth bound used to hold, or to be useful, only far out: gains and bumps.

The reference is mpmath's quadrature, cut finely where the function is steep; the values are kept
(`tests.data.stored`). A budget of work
(`hermiso.budget`) refuses what would take minutes again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache, partial
from typing import Any

import mpmath
import pytest
import sympy as sp
from mpmath import mp

from hermiso import certified
from hermiso.balls.growth import NoGrowthBound
from hermiso.errors import PrecisionError
from tests.data.certified import Reference, X, assert_encloses, exact
from tests.data.stored import agree, stored

DIGITS = 20


def strength(f: Callable[[Any], Any], edges: Sequence[Any]) -> Any:
    """Beta by mpmath, from both ends of every cell between the edges."""
    with mp.workdps(DIGITS + 12):  # the variance may be 1e-4 of the second moment
        cells = sorted({mp.mpf(e) for e in (*range(-16, 17), *edges)})
        sampled = cache(lambda t: (f(t), mp.npdf(t)))  # three integrals at the same nodes

        def mean(g: Callable[[Any, Any], Any]) -> Any:
            def integrand(t: Any) -> Any:
                value, density = sampled(t)
                return g(value, t) * density

            return mp.quad(integrand, cells)

        c0, c1 = mean(lambda v, t: v), mean(lambda v, t: v * t)
        return 2 - c1**2 / (mean(lambda v, t: v * v) - c0**2)


def around(centre: Any, width: Any, steps: int = 14) -> list[Any]:
    return [centre + width * k for k in range(-steps, steps + 1)]


def silu(t: Any) -> Any:
    return t / (1 + mp.exp(-t))


def bumpy(f: Callable[[Any], Any], a: int, m: int) -> Callable[[Any], Any]:
    return lambda t: f(t) + mp.exp(-a * (t - m) ** 2)


def bump(a: int, m: int) -> sp.Expr:
    return sp.exp(-a * (X - m) ** 2)


TANH = sp.tanh(X)
BUMPS = [
    (TANH + bump(10**4, -3), bumpy(mp.tanh, 10**4, -3), around(-3, 0.01)),
    (TANH + bump(10**8, 3), bumpy(mp.tanh, 10**8, 3), around(3, 0.0001)),
    (TANH + X**2 * bump(10**4, 3), lambda t: mp.tanh(t) + t**2 * mp.exp(-(10**4) * (t - 3) ** 2),
     around(3, 0.01)),
    (TANH + 1 / (1 + (X - 10**6) ** 2), lambda t: mp.tanh(t) + 1 / (1 + (t - 10**6) ** 2), ()),
    (1 / sp.gamma(1 + X**2) + X, lambda t: mp.rgamma(1 + t * t) + t, ()),
    (sp.gamma(1 + sp.Abs(X)) + X, lambda t: mp.gamma(1 + abs(t)) + t, ()),
]  # fmt: skip


STEEP: dict[str, Callable[[Any], Any]] = {
    "sigmoid": lambda t: 1 / (1 + mp.exp(-t)),
    "silu": silu,
    "gelu": lambda t: t * mp.ncdf(t),
    "erf": mp.erf,
    "tanh": mp.tanh,
    "elu": lambda t: t if t > 0 else mp.expm1(t),
    "arctan": mp.atan,
    "softplus": lambda t: mp.log1p(mp.exp(t)) if t < 300 else t,
    "mish": lambda t: t * mp.tanh(mp.log1p(mp.exp(t))) if t < 300 else t,
}


GAIN = 10_000
EDGES = [s * 2.0**k / GAIN for k in range(-4, 16) for s in (-1, 1)]


def reference(f: Callable[[Any], Any], edges: Sequence[Any]) -> Reference:
    """Two digits fewer than the quadrature carries, after what the variance cancels."""
    value = exact(strength(f, edges))
    return Reference(value, abs(value) / 10**DIGITS)


COMPUTED = {str(e): partial(reference, f, edges) for e, f, edges in BUMPS} | {
    name: partial(reference, lambda t, f=f: f(GAIN * t), EDGES) for name, f in STEEP.items()
}


@pytest.mark.search
@pytest.mark.parametrize("name", COMPUTED)
def test_the_stored_values_are_those_of_mpmath(name: str) -> None:
    assert agree(stored("growth starts")[name], COMPUTED[name]())


@pytest.mark.parametrize("e", [e for e, *_ in BUMPS], ids=lambda e: str(e)[:60])
def test_bumps(e: sp.Expr) -> None:
    ball = certified.beta(e, digits=DIGITS)
    assert_encloses(ball, stored("growth starts")[str(e)], DIGITS - 1, str(e))


@pytest.mark.parametrize("name", STEEP)
def test_steep_activations(name: str) -> None:
    ball = certified.beta(name, gain=GAIN, digits=DIGITS)
    assert_encloses(ball, stored("growth starts")[name], DIGITS - 1, name)


# --- at the edge of integrability ---------------------------------------------------------------


@pytest.mark.parametrize(
    "e", [sp.exp(X**2 / 4) / (X**2 + X + 1), sp.exp(X**2 / 4) / sp.sqrt(X**2 + X + 1)], ids=str
)
def test_too_slow_a_decay_is_refused_as_such(e: sp.Expr) -> None:
    """These are square-integrable; no digit of them is known."""
    with pytest.raises(PrecisionError, match="is finite, but falls too slowly to be cut off"):
        certified.beta(e * sp.tanh(X + 1))


def test_a_decay_by_exp_is_computed() -> None:
    e = sp.exp(X**2 / 4 - sp.sqrt(1 + X**2))
    with mp.workdps(40):
        right = mp.quad(
            lambda t: mp.exp(-(t**2) / 4 - mp.sqrt(1 + t**2)) / mp.sqrt(2 * mp.pi),
            [-mp.inf, -9, -3, -1, 0, 1, 3, 9, mp.inf],
        )
    ball = certified.moment(e, digits=25)
    assert mpmath.almosteq(ball.mid, right, rel_eps=mp.mpf(10) ** -24)


@pytest.mark.parametrize("e", [sp.zeta(2 + X**2) * X, sp.polygamma(0, 1 + X**2) * X], ids=str)
def test_functions_without_a_rule_are_not_called_infinite(e: sp.Expr) -> None:
    with pytest.raises(NoGrowthBound, match=r"(zeta|polygamma)\(.*\) resisted, there is no rule"):
        certified.coefficient(e, 1)
