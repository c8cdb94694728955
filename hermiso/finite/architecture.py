"""What a layer does: activation, centring, normalization, and in which order."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from numbers import Real
from typing import Any, Literal, get_args

from sympy import Expr

from hermiso import catalogue
from hermiso.activation import Activation, as_activation
from hermiso.errors import ActivationError, FiniteError
from hermiso.numeric import mean_and_variance

__all__ = ["KINDS", "ORDERS", "Architecture", "Order", "Step"]

Kind = Literal["none", "layer", "batch", "mean-field"]
Order = Literal["activation-first", "normalization-first"]
KINDS, ORDERS = get_args(Kind), get_args(Order)
_LARGEST = 1e100  # its square, times a variance, is a float
_NATIVE = {"relu", "relu6", "leaky_relu", "elu", "selu", "gelu", "silu", "mish", "hardtanh",
           "hardswish", "softsign", "tanh", "sigmoid", "erf", "sin", "cos", "exp"}  # fmt: skip


@dataclass(frozen=True)
class Step:
    """One part of a layer: its name, what it does, and of which kind."""

    part: str
    action: Literal["activate", "centre", "normalize"]
    kind: Kind = "none"
    constant: float = 0.0  # what a mean-field step subtracts or divides by


@dataclass(frozen=True)
class Architecture:
    """A layer x -> N(h - centre)/sqrt(d), h = sigma(g (W x + b)) (isometry paper, eq. 1).

    W has entries N(0, 1) unless the network is given others, b entries N(0, bias^2).

    Attributes:
        activation: whatever `hermiso.beta` takes, or a function on torch tensors; of that the
            mean-field constants are estimates.
        centring: "none"; "layer", the mean of each sample over its features; "batch", the mean
            of each feature over the samples; "mean-field", c_0 = E sigma(g sqrt(1 + bias^2) z).
        normalization: "none"; "layer", the root of the mean square of each sample; "batch", that
            of each feature; "mean-field", the root of Var sigma(g sqrt(1 + bias^2) z).
        order: "activation-first" as in the paper, or "normalization-first": sigma(g N(W x + b)).
            There the mean-field constants are those of the preactivation: its mean is 0.
        gain: g.
        bias: standard deviation of the biases.
    """

    activation: Any
    centring: Kind = "layer"
    normalization: Kind = "layer"
    order: Order = "activation-first"
    gain: float = 1.0
    bias: float = 0.0

    def __post_init__(self) -> None:
        _one_of("centring", self.centring, KINDS)
        _one_of("normalization", self.normalization, KINDS)
        _one_of("order", self.order, ORDERS)
        if not isinstance(self.gain, Real) or not 0 < abs(self.gain) < _LARGEST:
            raise FiniteError(f"the gain is {self.gain!r}; it must be a finite number other than 0")
        if not isinstance(self.bias, Real) or not 0 <= self.bias < _LARGEST:
            raise FiniteError(f"bias is {self.bias!r}; a standard deviation >= 0 is required")

    @cached_property
    def known(self) -> Activation | None:
        """The activation as a formula; None for a function that has none."""
        try:
            return as_activation(self.activation)
        except ActivationError:
            if isinstance(self.activation, Expr | str | type) or not callable(self.activation):
                raise
            return None

    @cached_property
    def function(self) -> Callable[[Any], Any]:
        """X -> sigma(g x) on torch tensors."""
        sigma = self.activation if self.known is None else _torch_function(self.known)
        return sigma if self.gain == 1 else lambda x: sigma(self.gain * x)

    @cached_property
    def constants(self) -> tuple[float, float, float]:
        """c_0, Var sigma and E sigma^2 of what the activation is given in the mean field.

        That is N(0, 1 + bias^2), or N(0, 1) where normalization comes first and takes in the bias.
        """
        first = self.order == "activation-first"
        gain = self.gain * (math.sqrt(1 + self.bias**2) if first else 1)
        c0, variance = mean_and_variance(self.known or self.activation, gain=gain)
        return c0, variance, variance + c0**2

    @cached_property
    def shift(self) -> float:
        """What is subtracted from the activations before sums, against cancellation.

        Their mean in the mean field if they are centred; 0 where they keep their mean, or may
        shrink to nothing beside it for want of normalization.
        """
        shrinking = self.centring == "layer" and self.normalization == "none"
        kept = self.centring in ("none", "batch") or self.order == "normalization-first"
        return 0.0 if kept or shrinking else self.constants[0]

    @property
    def loses_mean(self) -> bool:
        """Whether every sample of activations is centred by its own mean."""
        return self.centring == "layer" and self.order == "activation-first"

    def steps(self, layer: int) -> tuple[Step, ...]:
        """The parts of a layer after the preactivation, in order; layers count from 0."""
        centre, scale = self._mean_field(layer)
        steps = (
            Step("activation", "activate"),
            Step("centred", "centre", self.centring, centre),
            Step("normalized", "normalize", self.normalization, scale),
        )
        return steps if self.order == "activation-first" else (*steps[1:], steps[0])

    def _mean_field(self, layer: int) -> tuple[float, float]:
        if "mean-field" not in (self.centring, self.normalization):
            return 0.0, 1.0
        c0, variance, square = self.constants
        if self.order == "activation-first":
            return c0, math.sqrt(variance)
        return 0.0, math.sqrt((square if layer else 1.0) + self.bias**2)


def _torch_function(activation: Activation) -> Callable[[Any], Any]:
    """Torch's own function where it has one without tricks of its own, else the compiled one."""
    if activation.name in _NATIVE and activation == catalogue.get(activation.name):
        import torch

        own = getattr(torch, activation.name, None)
        return own or getattr(torch.nn.functional, activation.name)  # type: ignore[no-any-return]
    return activation.torch()


def _one_of(name: str, value: str, choices: tuple[str, ...]) -> None:
    if value not in choices:
        raise FiniteError(f"{name} is {value!r}; it must be one of {', '.join(choices)}")
