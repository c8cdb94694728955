"""Activations by name, and the names of torch's activations.

Every entry is one line of the table `_FORMULAS`: its name and its formula, whose arguments are
its parameters with torch's default values. `catalogue.gelu` is the entry at its defaults.
`catalogue.get("leaky_relu", negative_slope=s)` and `catalogue.leaky_relu(negative_slope=s)` are the
entry at other numbers or symbols; `catalogue.leaky_relu(0.2)`, without the keyword, is its *value*
at x = 0.2.

Parameters are named as in torch.nn, so those of a module are read off by name. `inplace` is no part
of a formula. torch replaces log(1 + e^(beta x))/beta by x where beta x exceeds the `threshold` of
Softplus. Any threshold but the default of 20 is honoured; with that one the module is read as the
function without threshold, to which it is equal up to a jump of 2.1e-9/beta at x = 20/beta (nothing
in float32; in float64 get("softplus", beta=..., threshold=20) is the module's function exactly).
"""

from __future__ import annotations

import difflib
import inspect
import math
from collections.abc import Callable, Mapping
from functools import cache, partial
from numbers import Real
from typing import Any

import sympy as sp
from sympy import Expr, Max, Min, Piecewise, Rational, Symbol

from hermiso.activation import INSTEAD, Activation, as_activation, exact
from hermiso.errors import ActivationError

__all__ = ["ALIASES", "defaults", "from_torch", "get", "names"]

_ONE = sp.Integer(1)
_SELU_ALPHA = Rational("1.6732632423543772848170429916717")
_SELU_SCALE = Rational("1.0507009873554804934193349852946")
_STAR_SCALE = Rational("0.8944")
_x = Symbol("x", real=True)


def _leaky(slope: Any) -> Expr:
    return Piecewise((_x, _x > 0), (slope * _x, True))


def _gelu(approximate: str = "none") -> Expr:
    if approximate == "none":
        return _x * (1 + sp.erf(_x / sp.sqrt(2))) / 2
    if approximate == "tanh":
        return _x * (1 + sp.tanh(sp.sqrt(2 / sp.pi) * (_x + Rational("0.044715") * _x**3))) / 2
    raise ActivationError(f"approximate is {approximate!r}; it must be 'none' or 'tanh'")


def _softplus(beta: Any = _ONE, threshold: Any = sp.oo) -> Expr:
    smooth = sp.log(1 + sp.exp(beta * _x)) / beta
    return smooth if threshold is sp.oo else Piecewise((_x, beta * _x > threshold), (smooth, True))


_FORMULAS: dict[str, Callable[..., Expr]] = {
    "identity": lambda: _x,
    "relu": lambda: Max(_x, 0),
    "relu6": lambda: Min(Max(_x, 0), 6),
    "leaky_relu": lambda negative_slope=_ONE / 100: _leaky(negative_slope),
    "prelu": lambda weight=_ONE / 4: _leaky(weight),
    "rrelu": lambda lower=_ONE / 8, upper=_ONE / 3: _leaky((lower + upper) / 2),
    "relu_squared": lambda: Max(_x, 0) ** 2,
    "elu": lambda alpha=_ONE: Piecewise((_x, _x > 0), (alpha * (sp.exp(_x) - 1), True)),
    "celu": lambda alpha=_ONE: Piecewise((_x, _x > 0), (alpha * (sp.exp(_x / alpha) - 1), True)),
    "selu": lambda: _SELU_SCALE * Piecewise((_x, _x > 0), (_SELU_ALPHA * (sp.exp(_x) - 1), True)),
    "gelu": _gelu,
    "gelu_tanh": lambda: _gelu("tanh"),
    "quick_gelu": lambda: _x / (1 + sp.exp(-Rational("1.702") * _x)),
    "silu": lambda beta=_ONE: _x / (1 + sp.exp(-beta * _x)),
    "mish": lambda: _x * sp.tanh(sp.log(1 + sp.exp(_x))),
    "sigmoid": lambda: 1 / (1 + sp.exp(-_x)),
    "logsigmoid": lambda: -sp.log(1 + sp.exp(-_x)),
    "softplus": _softplus,
    "softsign": lambda: _x / (1 + abs(_x)),
    "tanh": lambda: sp.tanh(_x),
    "tanhshrink": lambda: _x - sp.tanh(_x),
    "arctan": lambda: sp.atan(_x),
    "erf": lambda: sp.erf(_x),
    "normal_cdf": lambda: (1 + sp.erf(_x / sp.sqrt(2))) / 2,
    "symlog": lambda: sp.sign(_x) * sp.log(1 + abs(_x)),
    "log_cosh": lambda: sp.log(sp.cosh(_x)),
    "hardtanh": lambda min_val=-_ONE, max_val=_ONE: Max(min_val, Min(_x, max_val)),
    "hardsigmoid": lambda: Min(Max(_x + 3, 0), 6) / 6,
    "hardswish": lambda: _x * Min(Max(_x + 3, 0), 6) / 6,
    "hardshrink": lambda lambd=_ONE / 2: Piecewise((_x, _x < -lambd), (0, _x <= lambd), (_x, True)),
    "softshrink": lambda lambd=_ONE / 2: Piecewise(
        (_x + lambd, _x < -lambd), (0, _x <= lambd), (_x - lambd, True)
    ),
    "threshold": lambda threshold=_ONE / 2, value=_ONE / 4: Piecewise(
        (_x, _x > threshold), (value, True)
    ),
    "step": lambda: Piecewise((1, _x > 0), (0, True)),
    "sign": lambda: sp.sign(_x),
    "abs": lambda: abs(_x),
    "square": lambda: _x**2,
    "he2": lambda: _x**2 - 1,
    "sin": lambda: sp.sin(_x),
    "cos": lambda: sp.cos(_x),
    "snake": lambda a=_ONE: _x + sp.sin(a * _x) ** 2 / a,
    "exp": lambda: sp.exp(_x),
    "shifted_exp": lambda shift=2 * _ONE: sp.exp(_x - shift),
    "gaussian": lambda: sp.exp(-(_x**2) / 2),
    "damped_linear": lambda: _x * sp.exp(-abs(_x)),
    "asinh": lambda: sp.asinh(_x),
    "log_ndtr": lambda: sp.log((1 + sp.erf(_x / sp.sqrt(2))) / 2),
    "squareplus": lambda b=4 * _ONE: (_x + sp.sqrt(_x**2 + b)) / 2,
    "serf": lambda: _x * sp.erf(sp.log(1 + sp.exp(_x))),
    "smelu": lambda beta=_ONE: Piecewise(
        (0, _x <= -beta), ((_x + beta) ** 2 / (4 * beta), _x <= beta), (_x, True)
    ),
    "star_relu": lambda scale=_STAR_SCALE, bias=-_STAR_SCALE / 2: scale * Max(_x, 0) ** 2 + bias,
}


ALIASES = {"swish": "silu", "linear": "identity", "logistic": "sigmoid", "ndtr": "normal_cdf"}


def names() -> tuple[str, ...]:
    """Return the names of the catalogue, in its order; `ALIASES` are further names of entries."""
    return tuple(_FORMULAS)


def defaults(name: str) -> dict[str, Any]:
    """Return the parameters of an entry, in their order, and their defaults."""
    return _defaults(name)


def get(name: str, **parameters: Any) -> Activation:
    """Return the activation of that name.

    >>> get("leaky_relu", negative_slope=Symbol("s")).expression
    Piecewise((x, x > 0), (s*x, True))

    Args:
        name: one of `names()` or of `ALIASES`.
        parameters: numbers or sympy expressions in place of the defaults.

    Raises:
        ActivationError: if the name or a parameter is unknown, or a value is no number.
    """
    name = ALIASES.get(name, name)
    if name not in _FORMULAS:
        raise ActivationError(_unknown(name))
    return _with(name, parameters) if parameters else _at_defaults(name)


def __getattr__(name: str) -> Activation:
    """Return an entry as an attribute: built when first asked for, so that import is cheap."""
    if name not in _FORMULAS and name not in ALIASES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return get(name)


def __dir__() -> list[str]:
    return sorted({*globals(), *_FORMULAS, *ALIASES})


@cache
def _at_defaults(name: str) -> Activation:
    return Activation(name, _FORMULAS[name](), _x)


def _unknown(name: str) -> str:
    by_key = {_key(n): n for n in (*_FORMULAS, *ALIASES)}
    close = [by_key[k] for k in difflib.get_close_matches(_key(name[:40]), by_key, n=3)]
    hint = f"did you mean {' or '.join(close)}? " if close else ""
    return (
        f"{name!r:.60} is no name of the catalogue; {hint}catalogue.names() lists them all, "
        "and hermiso.parse(...) reads formulas"
    )


def _with(name: str, given: Mapping[str, Any]) -> Activation:
    defaults = _defaults(name)
    for p in given:
        if p not in defaults:
            known = ", ".join(defaults) or "none"
            raise ActivationError(f"{name} has no parameter {p!r}; its parameters: {known}")
    values = {p: _value(name, p, v, defaults[p]) for p, v in given.items()}
    if ALIASES.get(name, name) == "softshrink" and values.get("lambd", sp.S.One).is_negative:
        raise ActivationError(f"lambd of softshrink is {values['lambd']}; it must be >= 0")
    if ALIASES.get(name, name) == "celu" and values.get("alpha") == 0:
        raise ActivationError("alpha of celu is 0; it must not be")
    for p, v in values.items():
        if isinstance(v, Expr) and "x" in map(str, v.free_symbols):
            raise ActivationError(f"{p} is {v}; it may not contain the variable x")
    text = ", ".join(f"{p}={v}" for p, v in values.items())
    formula = _FORMULAS[name](**values)
    if formula.has(sp.nan, sp.zoo):
        raise ActivationError(f"{name} has no value at {text}: it divides by 0 there")
    if "x" not in map(str, formula.free_symbols):
        raise ActivationError(f"{name} is constant at {text}: {formula}")
    checked = as_activation(formula, _x)
    return Activation(f"{name}({text})", checked.expression, _x)


def _value(name: str, parameter: str, value: Any, default: Any) -> Any:
    """An exact real number or expression; text only where the default is text."""
    if isinstance(value, str) and isinstance(default, str):
        return value
    try:
        number = exact(value)
    except (ActivationError, AttributeError):  # AttributeError: what sympify leaves as it is
        number = None
    if not isinstance(number, Expr) or number is sp.nan or number.is_extended_real is False:
        raise ActivationError(
            f"{parameter} of {name} is {value!r}; it must be a real number or a real sympy "
            "expression"
        )
    return number


def _defaults(name: str) -> dict[str, Any]:
    formula = _FORMULAS[ALIASES.get(name, name)]
    return {p: v.default for p, v in inspect.signature(formula).parameters.items()}


# --- torch ----------------------------------------------------------------------------------

# Keys of the classes and functions of torch, see _key. Everything else is refused.
_TORCH = {n.replace("_", ""): n for n in (
    "celu", "elu", "gelu", "hardshrink", "hardsigmoid", "hardswish", "hardtanh", "identity",
    "leaky_relu", "logsigmoid", "mish", "prelu", "relu", "relu6", "rrelu", "selu", "sigmoid",
    "silu", "softplus", "softshrink", "softsign", "tanh", "tanhshrink", "threshold",
    "abs", "arctan", "asinh", "cos", "erf", "exp", "log_ndtr", "sign", "sin", "square",
)} | {
    "arcsinh": "asinh",
    "atan": "arctan", "expit": "sigmoid", "ndtr": "normal_cdf", "clamp": "hardtanh",
    "clip": "hardtanh",
}  # fmt: skip
_CLAMPS = ("clamp", "clip")
_UNBOUNDED = {"min_val": -sp.oo, "max_val": sp.oo}  # what clamp takes for None, or no bound
_SOFTPLUS_THRESHOLD = 20  # of torch, see above

_NUMPY_KNOWS = ("torch.float16", "torch.float32", "torch.float64")
_WITHOUT_DEFAULT = {"prelu": ("weight",), "threshold": ("threshold", "value")}

_NOT_ELEMENTWISE = {
    "softmax": "normalizes over a whole dimension",
    "softmin": "normalizes over a whole dimension",
    "glu": "multiplies one half of its input by a function of the other half",
    "norm": "normalizes with statistics of its input",
    "dropout": "is random",
    "attention": "mixes the tokens of its input",
    "linear": "mixes the entries of its input",
    "conv": "mixes the entries of its input",
    "sequential": "is a chain of modules; pass the activation inside",
}


def _key(name: str) -> str:
    """LeakyReLU, leaky_relu and leaky_relu_ are one; so are erf and special_erf."""
    return name.lower().removeprefix("special_").replace("_", "")


def from_torch(source: Any) -> Activation | None:
    """Return the activation of a torch.nn module or torch function; None for anything else.

    A `functools.partial` of a torch function carries parameters, as in
    partial(torch.nn.functional.leaky_relu, negative_slope=0.2). torch is not imported.

    Raises:
        ActivationError: if the module or function is no elementwise activation, random, not
            the one of torch, or has parameters without values.
    """
    if isinstance(source, type) and _in_torch(source, "torch"):
        kind = source.__name__
        raise ActivationError(f"{kind} is a class; pass a module, e.g. torch.nn.{kind}()")
    base = next((b for b in type(source).__mro__ if _in_torch(b, "torch.nn.modules")), None)
    if base is not None:
        return _from_module(source, base)
    function = source.func if isinstance(source, partial) else source
    if callable(function) and _in_torch(function, "torch"):
        return _from_function(function, source)
    return None


def _in_torch(thing: Any, package: str) -> bool:
    module = getattr(thing, "__module__", None) or ""
    return f"{module}.".startswith(f"{package}.")


def _from_module(module: Any, base: type) -> Activation:
    kind = type(module).__name__
    if base.__name__ == "Module":
        raise ActivationError(f"the formula of the module {kind} is unknown; {INSTEAD}")
    name = _entry(base.__name__)
    if type(module).forward is not base.forward or "forward" in vars(module):  # type: ignore[attr-defined]
        raise ActivationError(
            f"{kind} overrides the forward of torch.nn.{base.__name__}, so its formula is unknown; "
            f"{INSTEAD}"
        )
    if any(getattr(module, hooks, None) for hooks in ("_forward_hooks", "_forward_pre_hooks")):
        raise ActivationError(f"{kind} has forward hooks, which may change its values; {INSTEAD}")
    if name == "rrelu" and module.training:
        raise ActivationError(
            f"{kind} is random in training mode; call .eval() to use its mean slope"
        )
    return _read(name, {p: getattr(module, p) for p in _defaults(name) if hasattr(module, p)})


def _from_function(function: Any, source: Any) -> Activation:
    name = _entry(function.__name__)
    arguments = dict(source.keywords) if isinstance(source, partial) else {}
    if isinstance(source, partial) and source.args:
        raise ActivationError(f"partial({name}, ...) fixes positional arguments; give keywords")
    if name == "rrelu" and arguments.pop("training", False):
        raise ActivationError("rrelu is random with training=True; use its mean slope without")
    missing = [p for p in _WITHOUT_DEFAULT.get(name, ()) if p not in arguments]
    if missing:
        raise ActivationError(
            f"the function {name} leaves {' and '.join(missing)} open; use catalogue.get({name!r}, "
            f"{', '.join(f'{p}=...' for p in _WITHOUT_DEFAULT[name])})"
        )
    arguments.pop("inplace", None)
    return _read(name, _bounds(arguments) if _key(function.__name__) in _CLAMPS else arguments)


def _bounds(arguments: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments min and max of torch.clamp as those of hardtanh."""
    others = set(arguments) - {"min", "max"}
    found = {f"{p}_val": v for p, v in arguments.items() if v is not None}
    if others or not found:
        raise ActivationError(f"clamp takes numbers min, max or both; seen: {dict(arguments)}")
    return _UNBOUNDED | found


def _entry(torch_name: str) -> str:
    key = _key(torch_name)
    if key in _TORCH:
        return _TORCH[key]
    for word, reason in _NOT_ELEMENTWISE.items():
        if word in key:
            raise ActivationError(f"{torch_name} is no elementwise activation: it {reason}")
    raise ActivationError(
        f"torch's {torch_name} is not among the activations of the catalogue "
        f"({', '.join(sorted(set(_TORCH.values())))}); {INSTEAD}"
    )


def _read(name: str, values: Mapping[str, Any]) -> Activation:
    """An entry with parameters read from torch; those at their defaults are left out."""
    numbers = {p: _number(name, p, v) for p, v in values.items()}
    defaults = _defaults(name)
    if name == "softplus":
        defaults = defaults | {"threshold": _SOFTPLUS_THRESHOLD}
    return get(name, **{p: v for p, v in numbers.items() if not _same(v, defaults.get(p))})


def _same(value: Any, default: Any) -> bool:
    if isinstance(value, Real | Rational) and isinstance(default, Real | Rational):
        return float(value) == float(default)
    return bool(value == default)


def _number(name: str, parameter: str, value: Any) -> Any:
    """A Python number; a tensor must hold one value, read as the decimal it prints as."""
    if not hasattr(value, "detach"):
        return value
    if value.is_meta:
        raise ActivationError(f"{parameter} of {name} is on the meta device: it has no values")
    numbers = value.detach().cpu().reshape(-1)
    if str(value.dtype) not in _NUMPY_KNOWS:
        numbers = numbers.float()
    entries = {str(v) for v in numbers.numpy()}
    if len(entries) != 1:
        raise ActivationError(
            f"{parameter} of {name} has {len(entries)} different values, so {len(entries)} "
            "activations; pass them one by one"
        )
    (entry,) = entries
    if not math.isfinite(float(entry)):
        raise ActivationError(f"{parameter} of {name} is {entry}; it must be finite")
    return Rational(entry)
