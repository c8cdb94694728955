"""What a layer does: its words, its constants, its function."""

import math
from typing import Any

import numpy as np
import pytest
import torch

from hermiso import catalogue, parse
from hermiso.errors import ActivationError, FiniteError
from hermiso.finite import Architecture, simulate
from hermiso.finite.architecture import _NATIVE, KINDS, ORDERS

SPREADS = [(1.0, 0.0), (2.5, 0.0), (-0.4, 0.0), (1.0, 0.75), (0.3, 2.0)]
CUT = (10, 40)  # for |x| > 10 only: what grows as exp leaves the range of float32 at 88


@pytest.mark.parametrize(
    ("field", "choices"),
    [("centring", KINDS), ("normalization", KINDS), ("order", ORDERS)],
)
@pytest.mark.parametrize("value", ["Layer", "", None, 3], ids=repr)
def test_an_unknown_word_is_answered_by_the_choices(
    field: str, choices: tuple[str, ...], value: Any
) -> None:
    with pytest.raises(FiniteError, match=f"{field} is {value!r}; .* one of {', '.join(choices)}"):
        Architecture("relu", **{field: value})


@pytest.mark.parametrize("gain", [0.0, math.inf, math.nan], ids=repr)
def test_a_bad_gain_is_refused(gain: float) -> None:
    with pytest.raises(FiniteError, match=f"the gain is {gain}; .* finite number other than 0"):
        Architecture("relu", gain=gain)


@pytest.mark.parametrize("bias", [-1.0, math.inf, math.nan], ids=repr)
def test_a_bad_bias_is_refused(bias: float) -> None:
    with pytest.raises(FiniteError, match=f"bias is {bias}; .* >= 0"):
        Architecture("relu", bias=bias)


@pytest.mark.parametrize("activation", ["reluu", 3, ["relu"], torch.nn.Softmax], ids=str)
def test_what_is_no_activation_is_refused(activation: Any) -> None:
    with pytest.raises(ActivationError):
        _ = Architecture(activation).known


# Constants


@pytest.mark.parametrize(("gain", "bias"), SPREADS)
def test_constants_of_relu_are_its_closed_forms(gain: float, bias: float) -> None:
    """c_0 = s/sqrt(2 pi), Var = s^2 (1/2 - 1/(2 pi)), E sigma^2 = s^2/2, s = |g| sqrt(1 + b^2)."""
    s = abs(gain) * math.sqrt(1 + bias**2)
    expected = s / math.sqrt(2 * math.pi), s**2 * (1 / 2 - 1 / (2 * math.pi)), s**2 / 2
    assert Architecture("relu", gain=gain, bias=bias).constants == pytest.approx(
        expected, rel=1e-13
    )


@pytest.mark.parametrize(("gain", "bias"), SPREADS)
def test_constants_of_erf_are_its_closed_forms(gain: float, bias: float) -> None:
    """Var = (2/pi) arcsin(2 s^2/(1 + 2 s^2))."""
    s2 = gain**2 * (1 + bias**2)
    variance = 2 / math.pi * math.asin(2 * s2 / (1 + 2 * s2))
    found = Architecture("erf", gain=gain, bias=bias).constants
    assert found == pytest.approx((0.0, variance, variance), rel=1e-13, abs=1e-15)


@pytest.mark.parametrize(("gain", "bias"), [(0.5, 0.0), (-0.4, 1.0)])
def test_constants_of_exp_are_its_closed_forms(gain: float, bias: float) -> None:
    s2 = gain**2 * (1 + bias**2)
    expected = math.exp(s2 / 2), math.exp(s2) * math.expm1(s2), math.exp(2 * s2)
    assert Architecture("exp", gain=gain, bias=bias).constants == pytest.approx(expected, rel=1e-13)


def test_normalization_first_takes_in_the_bias() -> None:
    """What the activation is given there is N(0, 1), whatever the bias."""
    first, none = (
        Architecture("gelu", order="normalization-first", gain=1.5, bias=b) for b in (2.0, 0.0)
    )
    assert first.constants == none.constants


def test_shift_is_c0_where_it_will_be_subtracted() -> None:
    c0 = Architecture("relu").constants[0]
    shifts = {
        (centring, normalization): Architecture("relu", centring, normalization).shift
        for centring in KINDS
        for normalization in KINDS
    }
    for (centring, normalization), shift in shifts.items():
        centred = centring == "mean-field" or (centring == "layer" and normalization != "none")
        assert shift == (c0 if centred else 0.0)
    assert Architecture("relu", order="normalization-first").shift == 0.0


# Steps


def test_the_paper_activates_centres_normalizes() -> None:
    steps = Architecture("relu").steps(0)
    assert [step.part for step in steps] == ["activation", "centred", "normalized"]
    assert [step.action for step in steps] == ["activate", "centre", "normalize"]
    assert [step.kind for step in steps] == ["none", "layer", "layer"]


def test_normalization_first_activates_last() -> None:
    steps = Architecture("relu", "batch", "layer", "normalization-first").steps(3)
    assert [step.action for step in steps] == ["centre", "normalize", "activate"]
    assert [step.kind for step in steps] == ["batch", "layer", "none"]


def test_mean_field_constants_of_activation_first() -> None:
    net = Architecture("gelu", "mean-field", "mean-field", gain=1.3, bias=0.5)
    _, centre, scale = net.steps(0)
    c0, variance, _ = net.constants
    assert (centre.constant, scale.constant) == (c0, math.sqrt(variance))
    assert net.steps(5) == net.steps(0)


def test_mean_field_constants_of_normalization_first() -> None:
    """A preactivation has mean 0 and mean square |x|^2 + bias^2; |x^0| = 1, |x^l|^2 = E sigma^2."""
    net = Architecture("relu", "mean-field", "mean-field", "normalization-first", bias=0.5)
    first, later = (net.steps(layer)[:2] for layer in (0, 1))
    assert [first[0].constant, later[0].constant] == [0.0, 0.0]
    assert first[1].constant == pytest.approx(math.sqrt(1 + 0.25))
    assert later[1].constant == pytest.approx(math.sqrt(1 / 2 + 0.25))


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("activation", ["relu", "tanh"])
def test_the_mean_field_scale_keeps_norms_at_1(activation: str, order: Any) -> None:
    """Orthogonal samples, biased; 6/sqrt(d) a layer covers Var of h^2 up to 30 for these."""
    net = Architecture(activation, "mean-field", "mean-field", order, gain=0.8, bias=0.7)
    d, depth = 40_000, 4
    found = simulate(np.eye(2), net, d, depth, parts=True, runs=2).parts["normalized"].norm_mean
    assert np.abs(found[:, 1:] - 1).max() < 6 * depth / math.sqrt(d)


# Functions


@pytest.mark.parametrize("name", sorted(_NATIVE))
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=["float32", "float64"])
def test_torch_and_compiled_functions_agree(name: str, dtype: Any) -> None:
    """8 eps of the larger of |x|, |sigma(x)|: native gelu cancels in 1 + erf."""
    x = torch.cat([torch.linspace(-10, 10, 4001), torch.linspace(*CUT, 31)]).to(dtype)
    x = torch.cat([x, -x])
    own, compiled = Architecture(name).function(x), catalogue.get(name).torch()(x)
    eps = torch.finfo(dtype).eps
    assert own.dtype == compiled.dtype == dtype
    size = torch.maximum(x.abs().clamp(min=1), compiled.abs())
    exponent = x.abs() if name == "exp" else torch.ones(())  # exp(x (1 + eps))
    assert bool(((own - compiled).abs() <= 8 * eps * size * exponent).all())


@pytest.mark.parametrize("name", sorted(_NATIVE))
def test_named_functions_are_torch_s_own(name: str) -> None:
    own = getattr(torch, name, None) or getattr(torch.nn.functional, name)
    assert Architecture(name).function is own


def test_other_parameters_are_not_torch_s_defaults() -> None:
    slope = catalogue.get("leaky_relu", negative_slope=0.5)
    x = torch.tensor([-2.0, 3.0])
    assert Architecture(slope).function(x).tolist() == [-1.0, 3.0]
    assert Architecture(torch.nn.LeakyReLU(0.5)).function(x).tolist() == [-1.0, 3.0]


@pytest.mark.parametrize("gain", [0.5, -2.0])
def test_the_gain_stands_inside(gain: float) -> None:
    x = torch.linspace(-2, 2, 9, dtype=torch.float64)
    assert torch.equal(Architecture("tanh", gain=gain).function(x), torch.tanh(gain * x))


@pytest.mark.parametrize(
    "activation",
    [parse("max(x, 0)"), torch.nn.ReLU(), catalogue.get("relu"), torch.relu],
    ids=["formula", "module", "Activation", "function"],
)
def test_everything_beta_takes_is_an_activation(activation: Any) -> None:
    G = [[1.0, 0.5], [0.5, 1.0]]
    found = simulate(G, Architecture(activation), 50, 2, dtype=torch.float64).gap
    assert found == pytest.approx(simulate(G, Architecture("relu"), 50, 2, dtype=torch.float64).gap)


def shifted(x: Any) -> Any:
    return torch.relu(x) - 0.25 * torch.tanh(x)


def test_a_callable_without_a_formula_has_estimated_constants() -> None:
    """c_0 = 2/sqrt(2 pi), as tanh is odd; the rest as of the same formula."""
    net = Architecture(shifted, gain=2.0)
    assert net.known is None
    assert net.constants[0] == pytest.approx(2 / math.sqrt(2 * math.pi), rel=1e-9)
    expected = Architecture(parse("max(x, 0) - tanh(x)/4"), gain=2.0).constants
    assert net.constants == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("kind", ["layer", "mean-field"])
def test_a_callable_without_a_formula_makes_networks(kind: Any) -> None:
    formula = parse("max(x, 0) - tanh(x)/4")
    G = [[1.0, 0.5], [0.5, 1.0]]
    options: dict[str, Any] = {"dtype": torch.float64, "seed": 2}
    found, expected = (
        simulate(G, Architecture(a, kind, kind), 60, 3, **options).gap for a in (shifted, formula)
    )
    assert found == pytest.approx(expected, rel=1e-7)


def test_a_callable_needs_no_estimate_where_no_constant_is_used() -> None:
    def grows(x: Any) -> Any:
        return torch.exp(x.square())

    net = Architecture(grows, "none", "layer")
    assert np.isfinite(simulate([[1.0, 0.5], [0.5, 1.0]], net, 60, 2).gap).all()
