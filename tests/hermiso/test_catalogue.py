"""hermiso.catalogue: its entries against torch's own functions, and the reading of torch."""

import inspect
import math
import re
import subprocess
import sys
from functools import partial

import numpy as np
import pytest
import sympy as sp
import torch
import torch.nn.functional as F
from sympy import Rational, Symbol
from torch import nn

import hermiso
from hermiso import catalogue, numeric
from hermiso.activation import Activation, as_activation
from hermiso.errors import ActivationError

x = Symbol("x", real=True)
EPS = 2.0**-52

MODULES = {
    "celu": nn.CELU(), "elu": nn.ELU(), "gelu": nn.GELU(), "hardshrink": nn.Hardshrink(),
    "hardsigmoid": nn.Hardsigmoid(), "hardswish": nn.Hardswish(), "hardtanh": nn.Hardtanh(),
    "identity": nn.Identity(), "leaky_relu": nn.LeakyReLU(), "logsigmoid": nn.LogSigmoid(),
    "mish": nn.Mish(), "prelu": nn.PReLU(dtype=torch.float64), "relu": nn.ReLU(),
    "relu6": nn.ReLU6(), "rrelu": nn.RReLU().eval(), "selu": nn.SELU(), "sigmoid": nn.Sigmoid(),
    "silu": nn.SiLU(), "softplus": nn.Softplus(), "softshrink": nn.Softshrink(),
    "softsign": nn.Softsign(), "tanh": nn.Tanh(), "tanhshrink": nn.Tanhshrink(),
    "threshold": nn.Threshold(0.5, 0.25),
}  # fmt: skip
CONFIGURED = [
    (nn.CELU(0.5), "celu(alpha=1/2)"),
    (nn.ELU(1.5), "elu(alpha=3/2)"),
    (nn.GELU(approximate="tanh"), "gelu(approximate=tanh)"),
    (nn.Hardshrink(0.1), "hardshrink(lambd=1/10)"),
    (nn.Hardtanh(-2, 0.3), "hardtanh(min_val=-2, max_val=3/10)"),
    (nn.Hardtanh(0, float("inf")), "hardtanh(min_val=0, max_val=oo)"),
    (nn.LeakyReLU(0.2), "leaky_relu(negative_slope=1/5)"),
    (nn.PReLU(init=-0.7, dtype=torch.float64), "prelu(weight=-7/10)"),
    (nn.RReLU(0.1, 0.3).eval(), "rrelu(lower=1/10, upper=3/10)"),
    (nn.Softplus(2.0, threshold=50), "softplus(beta=2, threshold=50)"),
    (nn.Softplus(10, 0.4), "softplus(beta=10, threshold=2/5)"),
    (nn.Softplus(-1.5, 3), "softplus(beta=-3/2, threshold=3)"),
    (nn.Softshrink(0.25), "softshrink(lambd=1/4)"),
    (nn.Threshold(0.1, 20), "threshold(threshold=1/10, value=20)"),
]
FUNCTIONS = {
    F.celu: "celu", F.elu: "elu", F.gelu: "gelu", F.hardshrink: "hardshrink",
    F.hardsigmoid: "hardsigmoid", F.hardswish: "hardswish", F.hardtanh: "hardtanh",
    F.leaky_relu: "leaky_relu", F.logsigmoid: "logsigmoid", F.mish: "mish", F.relu: "relu",
    F.relu6: "relu6", F.rrelu: "rrelu", F.selu: "selu", F.sigmoid: "sigmoid", F.silu: "silu",
    F.softplus: "softplus", F.softshrink: "softshrink", F.softsign: "softsign", F.tanh: "tanh",
    F.tanhshrink: "tanhshrink", torch.abs: "abs", torch.arctan: "arctan", torch.atan: "arctan",
    torch.celu: "celu", torch.cos: "cos", torch.erf: "erf", torch.exp: "exp", torch.relu: "relu",
    torch.selu: "selu", torch.sigmoid: "sigmoid", torch.sign: "sign", torch.sin: "sin",
    torch.special.erf: "erf", torch.special.expit: "sigmoid", torch.square: "square",
    torch.tanh: "tanh", torch.special.ndtr: "normal_cdf", torch.special.log_ndtr: "log_ndtr",
    torch.asinh: "asinh", torch.arcsinh: "asinh",
}  # fmt: skip
PARTIALS = [
    (partial(F.leaky_relu, negative_slope=0.2, inplace=False), "leaky_relu(negative_slope=1/5)"),
    (partial(F.gelu, approximate="tanh"), "gelu(approximate=tanh)"),
    (partial(F.threshold, threshold=1, value=0), "threshold(threshold=1, value=0)"),
    (partial(F.softplus, beta=2, threshold=5), "softplus(beta=2, threshold=5)"),
    (partial(F.softplus, threshold=20), "softplus"),
    (partial(torch.clamp, min=-2, max=2.5), "hardtanh(min_val=-2, max_val=5/2)"),
    (partial(torch.clip, max=0.5), "hardtanh(min_val=-oo, max_val=1/2)"),
    (partial(F.rrelu, training=False), "rrelu"),
]
KNOWN = [
    *((m, n) for n, m in MODULES.items()), *CONFIGURED, *FUNCTIONS.items(), *PARTIALS,
]  # fmt: skip


@pytest.mark.parametrize(("source", "name"), KNOWN, ids=[n for _, n in KNOWN])
def test_agrees_with_torch(source, name):
    activation = as_activation(source)
    assert activation.name == name
    t = torch.linspace(-19.9, 19.9, 797, dtype=torch.float64)  # Softplus switches at 20
    ours, theirs = activation(t), source(t).detach()
    # torch's own rounding is relative to the largest term; exp(20) is the largest value
    allowed = 16 * EPS * torch.maximum(theirs.abs(), t.abs().clamp(min=1))
    assert (ours - theirs).abs().le(allowed).all()
    assert (torch.tensor(activation(t.numpy())) - theirs).abs().le(allowed).all()


def test_every_elementwise_module_of_torch_is_known():
    others = {"GLU", "MultiheadAttention", "Softmin", "Softmax", "Softmax2d", "LogSoftmax"}
    mapped = {type(m).__name__ for m in MODULES.values()}
    assert set(nn.modules.activation.__all__) == mapped - {"Identity"} | others


# What a parameter that is not honoured does, and why that is no part of a function.
IRRELEVANT = {
    "inplace": "where the result is stored",
    "device": "where the weight is stored",
    "dtype": "how the weight is stored",
    "num_parameters": "several equal weights are one; different ones are refused",
    "min_value": "torch's own old name of min_val",
    "max_value": "torch's own old name of max_val",
    "training": "True is refused as random",
    "args": "ignored by torch",
    "kwargs": "ignored by torch",
    "_stacklevel": "for a warning",
}
OTHERS = {"init": ("weight", 0.7), "approximate": ("approximate", "tanh")}  # torch's name: ours
BUILT_IN = {  # functions in C have no signature
    "gelu": ("approximate",), "hardshrink": ("lambd",), "softshrink": ("lambd",),
    "softplus": ("beta", "threshold"), "prelu": ("weight",), "logsigmoid": (),
}  # fmt: skip


def parameters_of(thing):
    try:
        return list(inspect.signature(thing).parameters)
    except ValueError:
        return ["input", *BUILT_IN[thing.__name__.removeprefix("_")]]


def honoured(read, name, parameter, first):
    """Whether another value of the parameter is another activation."""
    ours, value = OTHERS.get(parameter, (parameter, 0.7))
    return (
        ours in catalogue.defaults(name)
        and read(value).name
        == f"{name}({ours}=" + (f"{value})" if isinstance(value, str) else "7/10)")
    ) or read(value).expression != first.expression


@pytest.mark.parametrize("kind", nn.modules.activation.__all__)
def test_every_parameter_of_every_module_is_honoured_refused_or_irrelevant(kind):
    build = getattr(nn, kind)
    needed = {"Threshold": {"threshold": 0.5, "value": 0.25}}.get(kind, {})
    if kind == "MultiheadAttention":
        needed = {"embed_dim": 2, "num_heads": 1}
    try:
        first = as_activation(build(**needed).eval())
    except ActivationError:  # the module is refused whatever its parameters are
        return
    entry = first.name.partition("(")[0]
    for p in parameters_of(build):
        if p not in IRRELEVANT:
            assert honoured(
                lambda v, p=p: as_activation(build(**needed | {p: v}).eval()), entry, p, first
            ), p


@pytest.mark.parametrize(
    "kind",
    sorted(
        {
            f.__name__
            for f in FUNCTIONS
            if f.__module__.startswith("torch.nn") or f.__name__ in BUILT_IN
        }
        | {"threshold", "prelu"}
    ),
)
def test_every_parameter_of_every_functional_is_honoured_refused_or_irrelevant(kind):
    function = getattr(F, kind)
    needed = {"threshold": {"threshold": 0.5, "value": 0.25}, "prelu": {"weight": 0.25}}.get(
        kind, {}
    )
    first = as_activation(partial(function, **needed))
    entry = first.name.partition("(")[0]
    for p in parameters_of(function)[1:]:  # the first is the input
        if p not in IRRELEVANT:
            assert honoured(
                lambda v, p=p: as_activation(partial(function, **needed | {p: v})), entry, p, first
            ), p


def test_no_functional_of_torch_is_forgotten():
    """Every function of torch.nn.functional named like a module is known, or refused by name."""
    kinds = {k.lower() for k in nn.modules.activation.__all__}
    found = [n for n in dir(F) if n.replace("_", "") in kinds and callable(getattr(F, n))]
    assert len(found) > 30
    outcomes = {name: outcome(getattr(F, name)) for name in found}
    refused = "is no elementwise activation|leaves (weight|threshold and value) open|^known$"
    assert [name for name, said in outcomes.items() if not re.search(refused, said)] == []


def outcome(function):
    try:
        as_activation(function)
    except ActivationError as error:
        return str(error)
    return "known"


@pytest.mark.parametrize("threshold", [20, 0.4])
def test_the_default_threshold_alone_is_left_out(threshold):
    """Exactly torch's function in float64 either way, but for 2.1e-9/beta beyond the default."""
    module = nn.Softplus(10, threshold)
    t = torch.linspace(-3, 3, 601, dtype=torch.float64)
    size = (as_activation(module)(t) - module(t)).abs().max()
    assert size <= (math.log1p(math.exp(-20)) / 10 if threshold == 20 else 8 * EPS)
    exact = catalogue.get("softplus", beta=10, threshold=threshold)
    assert (exact(t) - module(t)).abs().max() <= 8 * EPS


def test_a_threshold_moves_the_strength():
    beta = hermiso.certified.beta(nn.Softplus(10, 0.4), digits=14)
    assert abs(float(beta.mid) - 1.26065163953863) <= 1e-14
    assert hermiso.numeric.kernel_map(nn.Softplus(10, 0.4)).slope_at_one == math.inf


class Loud(nn.ReLU):
    def forward(self, t):
        return 2 * t


class Renamed(nn.LeakyReLU):
    pass


def patched() -> nn.Module:
    module = nn.ReLU()
    module.forward = lambda t: t
    return module


def varied() -> nn.Module:
    module = nn.PReLU(2)
    module.weight.data[1] = 0.5
    return module


REFUSED = [
    (nn.Softmax(-1), "Softmax is no elementwise activation: it normalizes over"),
    (F.log_softmax, "log_softmax is no elementwise activation"),
    (nn.GLU(), "GLU is no elementwise activation: it multiplies one half"),
    (nn.LayerNorm(3), "LayerNorm .* it normalizes with statistics of its input"),
    (nn.Dropout(), "Dropout .* it is random"),
    (nn.Linear(2, 2), "Linear .* it mixes the entries"),
    (nn.Sequential(nn.Tanh()), "Sequential .* pass the activation inside"),
    (nn.Flatten(), "torch's Flatten is not among the activations of the catalogue"),
    (torch.add, "torch's add is not among the activations"),
    (nn.ReLU, r"ReLU is a class; pass a module, e.g. torch.nn.ReLU\(\)"),
    (nn.RReLU(), r"RReLU is random in training mode; call .eval\(\)"),
    (partial(F.rrelu, training=True), "rrelu is random with training=True"),
    (Loud(), "Loud overrides the forward of torch.nn.ReLU"),
    (patched(), "ReLU overrides the forward"),
    (type("Mine", (nn.Module,), {})(), "the module Mine is unknown; .* hermiso.numeric"),
    (torch.round, "torch's round is not among .* hermiso.numeric"),
    (partial(torch.clamp, out=None), "clamp takes numbers min, max or both"),
    (torch.clamp, "clamp takes numbers min, max or both"),
    (varied(), "weight of prelu has 2 different values"),
    (F.prelu, r"the function prelu leaves weight open; use catalogue.get\('prelu', weight=...\)"),
    (F.threshold, "the function threshold leaves threshold and value open"),
    (partial(F.elu, 0), "partial.elu, .... fixes positional arguments; give keywords"),
    (nn.LeakyReLU("a"), "negative_slope of leaky_relu is 'a'; it must be a real number"),
    (nn.ELU(None), "alpha of elu is None; it must be a real number"),
    (nn.Softplus(2j), "beta of softplus is 2j; it must be a real number"),
    (partial(F.celu, alpha=[1]), r"alpha of celu is \[1\]; it must be a real number"),
    (nn.GELU(approximate=3), "approximate is 3; it must be 'none' or 'tanh'"),
    (partial(F.elu, slope=2), "elu has no parameter 'slope'; its parameters: alpha"),
]


@pytest.mark.parametrize(("source", "message"), REFUSED, ids=[m for _, m in REFUSED])
def test_refuses(source, message):
    with pytest.raises(ActivationError, match=message):
        as_activation(source)


def test_a_subclass_that_keeps_forward_is_known():
    assert as_activation(Renamed(0.2)) == as_activation(nn.LeakyReLU(0.2))


def test_single_precision_weights_are_the_decimals_they_print_as():
    module = nn.PReLU(3, init=0.1)
    assert as_activation(module).expression == sp.Piecewise((x, x > 0), (x / 10, True))


def test_names_are_attributes():
    assert catalogue.names()[:3] == ("identity", "relu", "relu6")
    assert len(set(catalogue.names())) == len(catalogue.names())
    for name in catalogue.names():
        entry = getattr(catalogue, name)
        assert isinstance(entry, Activation)
        assert entry is catalogue.get(name)
        assert entry is as_activation(name)
        assert entry.name == name
        assert entry.variable == x
        assert entry.expression.free_symbols == {x}
    assert set(catalogue.names()) <= set(dir(catalogue))


def test_further_names():
    for name, entry in catalogue.ALIASES.items():
        assert as_activation(name) is getattr(catalogue, name) is catalogue.get(entry)
    assert catalogue.get("swish", beta=2) == catalogue.get("silu", beta=2)


def test_parameters_are_given_by_keyword_and_a_point_is_not_one():
    steep = catalogue.leaky_relu(negative_slope=0.2)
    assert steep == catalogue.get("leaky_relu", negative_slope=0.2)
    assert catalogue.leaky_relu(-3.0, negative_slope=0.2) == steep(-3.0)
    assert catalogue.leaky_relu(0.2) == 0.2
    with pytest.raises(ActivationError, match="is no entry of the catalogue; substitute"):
        as_activation(x**2)(alpha=2)
    with pytest.raises(TypeError, match="needs the point"):
        catalogue.elu()
    with pytest.raises(TypeError, match="parameters are given by keyword, and"):
        catalogue.leaky_relu(x, 0.2)
    with pytest.raises(ActivationError, match=r"leaky_relu\(negative_slope=0.2\)"):
        as_activation(catalogue.leaky_relu(0.2))  # the value at 0.2, taken for an activation


def test_suggestions_are_few_and_different():
    for name in ("sine", "tahn", "relu7", "sof", "eluu", "hard"):
        message = catalogue._unknown(name)
        hints = message.partition("did you mean ")[2].partition("?")[0].split(" or ")
        assert len(hints) == len(set(hints)) <= 3


def test_selu_has_the_decimals_of_torch():
    scale, cases = catalogue.get("selu").expression.args
    assert scale == Rational("1.0507009873554804934193349852946")
    assert cases.args[1].expr.subs(sp.exp(x), 0) == -Rational("1.6732632423543772848170429916717")


def test_symbols_stay_symbolic():
    s = Symbol("s")
    activation = catalogue.get("leaky_relu", negative_slope=s)
    assert activation.expression == sp.Piecewise((x, x > 0), (s * x, True))
    assert activation.name == "leaky_relu(negative_slope=s)"


@pytest.mark.parametrize(
    ("name", "parameters", "message"),
    [
        ("gellu", {}, r"'gellu' is no name of the catalogue; did you mean gelu or .*hermiso.parse"),
        ("ReLU", {}, "did you mean relu or"),
        ("LeakyReLU", {}, "did you mean leaky_relu"),
        ("max(x, 0)", {}, r"no name of the catalogue; catalogue.names\(\) lists them all"),
        ("relu", {"slope": 1}, "relu has no parameter 'slope'; its parameters: none"),
        ("elu", {"alpha": x}, "alpha is x; it may not contain the variable x"),
        ("elu", {"alpha": []}, r"alpha of elu is \[\]; it must be a real number"),
        ("g" * 500, {}, "^'g{59} is no name of the catalogue"),
        ("softplus", {"beta": 0}, "softplus has no value at beta=0: it divides by 0 there"),
        ("snake", {"a": 0}, "snake has no value at a=0"),
        ("softshrink", {"lambd": -0.5}, "lambd of softshrink is -1/2; it must be >= 0"),
        ("celu", {"alpha": 0}, "alpha of celu is 0; it must not be"),
        (
            "leaky_relu",
            {"negative_slope": math.nan},
            "negative_slope of leaky_relu is nan; it must",
        ),
        ("hardtanh", {"min_val": 1, "max_val": 1}, "hardtanh is constant at min_val=1, max_val=1"),
        ("elu", {"alpha": "2"}, "alpha of elu is '2'; it must be a real number"),
        ("elu", {"alpha": True}, "alpha of elu is True; it must be a real number"),
        ("elu", {"alpha": Symbol("a", imaginary=True)}, "alpha of elu is a; it must be a real"),
        ("gelu", {"approximate": "erf"}, "approximate is 'erf'; it must be 'none' or 'tanh'"),
    ],
)
def test_refuses_unknown_names_and_parameters(name, parameters, message):
    with pytest.raises(ActivationError, match=message):
        catalogue.get(name, **parameters)


def test_an_unknown_attribute_is_an_attribute_error():
    with pytest.raises(AttributeError, match="has no attribute 'gellu'"):
        catalogue.gellu  # noqa: B018


def test_torch_is_recognized_without_importing_it():
    script = (
        "import sys, types; from hermiso.activation import as_activation;"
        "base = type('ReLU', (), {'__module__': 'torch.nn.modules.activation',"
        " 'forward': lambda self, t: t});"
        "print(as_activation(base()).name, 'torch' in sys.modules)"
    )
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert run.stdout.split() == ["relu", "False"]


def test_values_are_those_of_the_papers():
    assert catalogue.get("he2").expression == x**2 - 1
    assert catalogue.get("step")(np.array([-1.0, 0.0, 1.0])).tolist() == [0, 0, 1]
    assert catalogue.get("shifted_exp").expression == sp.exp(x - 2)


def test_a_parameter_without_a_finite_value_is_named() -> None:
    with pytest.raises(ActivationError, match="weight of prelu is on the meta device"):
        hermiso.beta(torch.nn.PReLU(device="meta"))
    broken = torch.nn.PReLU(init=math.nan)
    with pytest.raises(ActivationError, match="weight of prelu is nan; it must be finite"):
        hermiso.beta(broken)


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16, torch.float64])
def test_parameters_of_every_float_type(dtype: torch.dtype) -> None:
    assert hermiso.beta(torch.nn.PReLU(dtype=dtype)) == hermiso.beta("prelu")


def test_a_module_with_hooks_is_called_not_read() -> None:
    hooked = torch.nn.Tanh()
    hooked.register_forward_hook(lambda module, inputs, output: output.clamp(0, 1))
    with pytest.raises(ActivationError, match=r"Tanh has forward hooks, .*hermiso\.numeric"):
        hermiso.beta(hooked)
    called = numeric.beta(hooked)
    right = numeric.beta(sp.Max(0, sp.tanh(sp.Symbol("x", real=True))))
    assert called.value == pytest.approx(right, abs=1e-12)
    before = torch.nn.ReLU()
    before.register_forward_pre_hook(lambda module, inputs: (inputs[0] + 1,))
    with pytest.raises(ActivationError, match="forward hooks"):
        hermiso.beta(before)
