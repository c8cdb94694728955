"""The explicit network against a transcription of eq. (1), entry by entry."""

import math
from typing import Any

import numpy as np
import pytest
import torch

from hermiso.errors import FiniteError
from hermiso.finite import MLP, Architecture, gram_trajectory, input_gram, simulate
from hermiso.finite.architecture import KINDS, ORDERS
from hermiso.gram import isometry_gap, potential

WIDTHS = [6, 7, 5, 8]
N = 4
Tensor = Any
Array = Any


def generator(seed: int = 0) -> Any:
    return torch.Generator().manual_seed(seed)


def inputs(n: int = N, d: int = WIDTHS[0], seed: int = 1) -> Tensor:
    return torch.empty((n, d), dtype=torch.float64).normal_(generator=generator(seed))


def model(architecture: Architecture | None = None, **options: Any) -> MLP:
    options = {"generator": generator(), "dtype": torch.float64} | options
    return MLP(architecture or Architecture("tanh", gain=1.2, bias=0.3), WIDTHS, **options)


# A literal transcription: columns are samples, as in the paper


def centred(H: Array, kind: str, constant: float) -> Array:
    d, n = H.shape
    C = np.array(H)
    for i in range(d):
        for j in range(n):
            match kind:
                case "layer":
                    C[i, j] -= sum(H[k, j] for k in range(d)) / d
                case "batch":
                    C[i, j] -= sum(H[i, k] for k in range(n)) / n
                case "mean-field":
                    C[i, j] -= constant
    return C


def normalized(H: Array, kind: str, constant: float) -> Array:
    """Table 1: LN(x) = x/sqrt(sum x_i^2/d), BN(X)_ij = X_ij/sqrt(sum_k X_ik^2/n)."""
    d, n = H.shape
    C = np.array(H)
    for i in range(d):
        for j in range(n):
            match kind:
                case "layer":
                    C[i, j] /= math.sqrt(sum(H[k, j] ** 2 for k in range(d)) / d)
                case "batch":
                    C[i, j] /= math.sqrt(sum(H[i, k] ** 2 for k in range(n)) / n)
                case "mean-field":
                    C[i, j] /= constant
    return C


def transcribed(
    X: Array, weights: list[Array], biases: list[Array], net: Architecture, sigma: Any
) -> Array:
    """Eq. (1), rows of X are samples; returns the same of the last layer."""
    x = normalized(centred(X.T, "layer", 0), "layer", 0) / math.sqrt(X.shape[1])
    c0, variance, square = net.constants
    for layer, (W, b) in enumerate(zip(weights, biases, strict=True)):
        h = W @ x + b[:, None]
        if net.order == "activation-first":
            h = centred(sigma(net.gain * h), net.centring, c0)
            h = normalized(h, net.normalization, math.sqrt(variance))
        else:
            scale = math.sqrt((square if layer else 1.0) + net.bias**2)
            h = normalized(centred(h, net.centring, 0.0), net.normalization, scale)
            h = sigma(net.gain * h)
        x = h / math.sqrt(len(W))
    return x.T


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("normalization", KINDS)
@pytest.mark.parametrize("centring", KINDS)
def test_forward_is_equation_1(centring: Any, normalization: Any, order: Any) -> None:
    net = Architecture("tanh", centring, normalization, order, gain=1.2, bias=0.3)
    mlp, X = model(net), inputs()
    weights, biases = ([p.detach().numpy() for p in ps] for ps in (mlp.weight, mlp.bias))
    expected = transcribed(X.numpy(), weights, biases, net, np.tanh)
    assert mlp(X).detach().numpy() == pytest.approx(expected, rel=1e-12, abs=1e-13)


def test_the_input_may_be_left_as_it_is() -> None:
    X = inputs()
    x0 = (X - X.mean(-1, keepdim=True)) / X.std(-1, keepdim=True, correction=0) / math.sqrt(6)
    assert torch.allclose(model(normalize_input=False)(x0), model()(X), rtol=1e-12)
    layer, part, first = next(model(normalize_input=False).parts(X))
    assert (layer, part) == (0, "output")
    assert first is X


def test_stacks_of_batches_go_through_one_by_one() -> None:
    X = torch.stack([inputs(seed=s) for s in range(6)]).reshape(2, 3, N, WIDTHS[0])
    mlp = model(Architecture("tanh", "batch", "batch"))
    found = mlp(X)
    assert found.shape == (2, 3, N, WIDTHS[-1])
    assert torch.allclose(found[1, 2], mlp(X[1, 2]), rtol=1e-12)


# Weights


def test_a_generator_fixes_all_weights() -> None:
    first, again, other = model(), model(), model(generator=generator(1))
    assert all(torch.equal(a, b) for a, b in zip(first.weight, again.weight, strict=True))
    assert all(torch.equal(a, b) for a, b in zip(first.bias, again.bias, strict=True))
    assert not any(torch.equal(a, b) for a, b in zip(first.weight, other.weight, strict=True))


def test_weights_are_standard_normal_and_biases_as_stated() -> None:
    """Standard errors of mean and mean square of 10^5 weights, 400 biases: 5 of them."""
    mlp = MLP(Architecture("relu", bias=0.5), [250, 400], generator=generator())
    W, b = mlp.weight[0].detach().double(), mlp.bias[0].detach().double() / 0.5
    for entries in (W, b):
        m = entries.numel()
        assert abs(float(entries.mean())) < 5 / math.sqrt(m)
        assert abs(float(entries.square().mean()) - 1) < 5 * math.sqrt(2 / m)


def test_shapes_and_dtype_are_as_asked_for() -> None:
    mlp = model(dtype=torch.float32)
    assert [tuple(W.shape) for W in mlp.weight] == [(7, 6), (5, 7), (8, 5)]
    assert [tuple(b.shape) for b in mlp.bias] == [(7,), (5,), (8,)]
    assert {p.dtype for p in mlp.parameters()} == {torch.float32}


def rademacher(W: Tensor) -> Tensor:
    return W.bernoulli_(generator=generator(4)).mul_(2).sub_(1)


def orthogonal(W: Tensor) -> Tensor:
    return torch.nn.init.orthogonal_(W, gain=math.sqrt(W.shape[1]), generator=generator(4))


@pytest.mark.parametrize("weights", [rademacher, orthogonal])
def test_an_initializer_fills_the_weights(weights: Any) -> None:
    mlp = model(weights=weights)
    for W in mlp.weight:
        assert torch.equal(W, weights(torch.empty_like(W)).detach())
    assert all(W.requires_grad for W in mlp.weight)
    assert mlp(inputs()).shape == (N, WIDTHS[-1])


def test_orthogonal_weights_without_activation_keep_the_gap() -> None:
    mlp = MLP(
        Architecture("identity", "none", "none"),
        [6, 6, 6],
        weights=orthogonal,
        dtype=torch.float64,
    )
    gap = gram_trajectory(mlp, inputs(4, 6)).gap[0]
    assert gap == pytest.approx([gap[0]] * 3, rel=1e-12)


def test_biases_are_parameters_only_if_there_are_any() -> None:
    assert all(b.requires_grad for b in model().bias)
    without = model(Architecture("tanh"))
    assert not any(b.requires_grad for b in without.bias)
    assert not any(b.detach().any() for b in without.bias)


@pytest.mark.parametrize("order", ORDERS)
def test_gradients_are_those_of_differences(order: Any) -> None:
    mlp, X = model(Architecture("tanh", "layer", "layer", order, bias=0.3)), inputs()

    def loss(*parameters: Tensor) -> Tensor:
        names = [name for name, _ in mlp.named_parameters()]
        found = torch.func.functional_call(mlp, dict(zip(names, parameters, strict=True)), X)
        return found.square().mul(torch.arange(8.0, dtype=torch.float64)).sum()

    parameters = [p.detach().clone().requires_grad_() for p in mlp.parameters()]
    assert torch.autograd.gradcheck(loss, parameters)


def test_training_lowers_a_loss() -> None:
    mlp, X = model(), inputs()
    optimizer = torch.optim.SGD(mlp.parameters(), lr=0.05)
    losses = []
    for _ in range(20):
        optimizer.zero_grad()
        loss = mlp(X)[:, 0].square().sum()
        loss.backward()
        optimizer.step()
        losses.append(float(loss.detach()))
    assert losses[-1] < 0.9 * losses[0]


def test_a_state_dict_carries_the_network() -> None:
    first, other = model(), model(generator=generator(9))
    assert not torch.allclose(first(inputs()), other(inputs()))
    other.load_state_dict(first.state_dict())
    assert all(torch.equal(a, b) for a, b in zip(first.weight, other.weight, strict=True))
    assert torch.allclose(first(inputs()), other(inputs()), rtol=1e-12)


@pytest.mark.parametrize("widths", [[], [4], [4, 0], [4, -1], [4, 2.5], [4, True]], ids=str)
def test_bad_widths_are_shown(widths: Any) -> None:
    with pytest.raises(FiniteError, match=r"widths is \[.*\]; give d_0, d_1, .*integers >= 1"):
        MLP(Architecture("relu"), widths)


def test_an_input_of_another_width_is_refused() -> None:
    with pytest.raises(FiniteError, match=r"shape \(4, 3\); its last axis must be 6"):
        model()(inputs(d=3))


# Inputs and trajectories


def test_input_gram_is_of_centred_samples_of_norm_1() -> None:
    X = inputs()
    K = X - X.mean(-1, keepdim=True)
    K /= torch.linalg.vector_norm(K, dim=-1, keepdim=True)
    assert torch.allclose(input_gram(X), K @ K.mT, rtol=1e-13)
    assert torch.allclose(input_gram(X, normalize=False), X @ X.mT, rtol=1e-13)


@pytest.mark.parametrize("form", ["list", "numpy", "frozen", "float32", "integers"])
def test_input_gram_takes_samples_in_any_form(form: str) -> None:
    X = [[1, 2, 4], [0, 3, -1]]
    frozen = np.array(X, float)
    frozen.flags.writeable = False
    forms = {
        "list": X,
        "numpy": np.array(X, float),
        "frozen": frozen,
        "float32": torch.tensor(X, dtype=torch.float32),
        "integers": torch.tensor(X),
    }
    found = input_gram(forms[form])
    assert found.dtype == torch.float64
    assert torch.equal(found, input_gram(torch.tensor(X, dtype=torch.float64)))


@pytest.mark.parametrize("shape", [(3,), (2, 3, 4)], ids=str)
def test_samples_are_the_rows_of_a_matrix(shape: tuple[int, ...]) -> None:
    for measure in (input_gram, lambda X: gram_trajectory(model(), X)):
        with pytest.raises(FiniteError, match="samples are the rows of a matrix"):
            measure(torch.ones(shape))


PARTS = {
    "activation-first": ["output", "preactivation", "activation", "centred", "normalized"],
    "normalization-first": ["output", "preactivation", "centred", "normalized", "activation"],
}


@pytest.mark.parametrize("order", ORDERS)
def test_a_trajectory_has_the_parts_in_order(order: Any) -> None:
    net = Architecture("tanh", order=order)
    explicit = gram_trajectory(model(net), inputs())
    assert list(explicit.parts) == PARTS[order]
    drawn = simulate(input_gram(inputs()), net, WIDTHS[1:], parts=True)
    assert list(drawn.parts) == PARTS[order]
    for series in explicit.parts.values():
        assert series.gap.shape == (1, len(WIDTHS))


@pytest.mark.parametrize("part", PARTS["activation-first"][1:])
def test_the_input_has_an_output_only(part: str) -> None:
    series = gram_trajectory(model(), inputs()).parts[part]
    for values in vars(series).values():
        assert np.isnan(values[:, 0]).all()
        assert np.isfinite(values[:, 1:]).all()


def test_a_trajectory_measures_the_features_of_each_part() -> None:
    """a_i = |h_i|/sqrt(d) of a part; |x_i| of an output, which has the root of d in it."""
    mlp, X = model(), inputs()
    found = gram_trajectory(mlp, X, keep_gram=True)
    assert found.gram is not None
    for layer, part, features in mlp.parts(X):
        H = features.detach().numpy() * math.sqrt(features.shape[-1] if part == "output" else 1)
        G, a = H @ H.T, np.linalg.norm(H, axis=1) / math.sqrt(H.shape[1])
        series = found.parts[part]
        got = [values[0, layer] for values in vars(series).values()]
        expected = [isometry_gap(G), potential(G), a.mean(), a.var()]
        assert got == pytest.approx(expected, rel=1e-9)
        if part == "output":
            assert found.gram[0, layer] == pytest.approx(G / H.shape[1], rel=1e-12)


def test_a_trajectory_leaves_no_graph_and_no_gradient() -> None:
    mlp = model()
    gram_trajectory(mlp, inputs())
    assert all(p.grad is None for p in mlp.parameters())


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("size", [0.1, 1.0, 20.0])
def test_layer_normalization_never_raises_the_gap(seed: int, size: float) -> None:
    """Theorem 1, for weights as training may leave them: any size, low rank added, biased rows."""
    g = generator(seed)

    def trained(W: Tensor) -> Tensor:
        W.normal_(generator=g).mul_(size)
        u, v = (torch.empty(k, dtype=W.dtype).normal_(generator=g) for k in W.shape)
        return W.add_(5 * u[:, None] * v).mul_(torch.exp(u)[:, None])

    mlp = MLP(
        Architecture("gelu", bias=0.5), [6, 20, 15, 30], weights=trained, generator=g,
        dtype=torch.float64,
    )  # fmt: skip
    parts = gram_trajectory(mlp, inputs(4, 6, seed)).parts
    before, after = (parts[part].gap[0, 1:] for part in ("centred", "normalized"))
    assert np.all(after <= before + 1e-12)
    assert np.any(after < before - 1e-6)
    assert parts["normalized"].norm_mean[0, 1:] == pytest.approx(1, rel=1e-12)
    assert parts["normalized"].norm_variance[0, 1:] == pytest.approx(0, abs=1e-15)
