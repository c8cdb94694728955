"""Exact, certified mathematics of activations and normalization in random deep networks.

>>> import sympy, hermiso
>>> x = sympy.Symbol("x")
>>> hermiso.beta(sympy.Max(x, 0))
(-4 + 3*pi)/(-2 + 2*pi)
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from hermiso import (
        bounds,
        budget,
        catalogue,
        certified,
        checker,
        errors,
        experiments,
        extras,
        finite,
        gram,
        numeric,
        sweep,
    )
    from hermiso.activation import Activation, as_activation
    from hermiso.certified import moment as enclose
    from hermiso.closed_form import (
        beta,
        coefficient,
        coefficients,
        dual,
        kernel_map,
        moment,
        smoothing,
    )
    from hermiso.errors import HermisoError
    from hermiso.gram import isometry, isometry_gap, potential
    from hermiso.hermite import he
    from hermiso.meanfield import mean_field
    from hermiso.parsing import parse

# name -> its module; each is imported on first use, so that `import hermiso` stays light
_HOME = {
    **dict.fromkeys(
        ["beta", "coefficient", "coefficients", "dual", "kernel_map", "moment", "smoothing"],
        "hermiso.closed_form",
    ),
    **dict.fromkeys(["isometry", "isometry_gap", "potential"], "hermiso.gram"),
    **dict.fromkeys(["Activation", "as_activation"], "hermiso.activation"),
    "HermisoError": "hermiso.errors",
    "he": "hermiso.hermite",
    "mean_field": "hermiso.meanfield",
    "parse": "hermiso.parsing",
}
_MODULES = (
    "bounds", "budget", "catalogue", "certified", "checker", "errors", "experiments", "extras",
    "finite", "gram", "numeric", "sweep",
)  # fmt: skip

__all__ = [
    "Activation",
    "HermisoError",
    "as_activation",
    "beta",
    "bounds",
    "budget",
    "catalogue",
    "certified",
    "checker",
    "coefficient",
    "coefficients",
    "dual",
    "enclose",
    "errors",
    "experiments",
    "extras",
    "finite",
    "gram",
    "he",
    "isometry",
    "isometry_gap",
    "kernel_map",
    "mean_field",
    "moment",
    "numeric",
    "parse",
    "potential",
    "smoothing",
    "sweep",
]


if not TYPE_CHECKING:  # a type checker sees the imports above, and flags any other name

    def __getattr__(name: str) -> Any:
        if name in _MODULES:
            return import_module(f"hermiso.{name}")
        if name == "enclose":
            return import_module("hermiso.certified").moment
        if name in _HOME:
            value = getattr(import_module(_HOME[name]), name)
            globals()[name] = value
            return value
        raise AttributeError(f"module 'hermiso' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
