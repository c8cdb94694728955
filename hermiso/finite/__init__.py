"""Networks of finite width on torch: the paper's layers, explicit or exact in law.

`simulate` draws the Gram matrices of a random network of any width from their law, without its
weights; `MLP` is the network itself, for trained or other weights and as the reference.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from hermiso.extras import available, naming_extras

if TYPE_CHECKING:
    from hermiso.finite.architecture import Architecture
    from hermiso.finite.mlp import MLP, gram_trajectory, input_gram
    from hermiso.finite.sampler import simulate
    from hermiso.finite.theorem4 import Report, check_theorem4
    from hermiso.finite.trajectory import Series, Trajectory

# name -> its module; imported on first use, so that a --help does not wait for torch
_HOME = {
    "Architecture": "architecture",
    **dict.fromkeys(["MLP", "gram_trajectory", "input_gram"], "mlp"),
    "simulate": "sampler",
    **dict.fromkeys(["Report", "check_theorem4"], "theorem4"),
    **dict.fromkeys(["Series", "Trajectory"], "trajectory"),
}

__all__ = [
    "MLP",
    "Architecture",
    "Report",
    "Series",
    "Trajectory",
    "check_theorem4",
    "gram_trajectory",
    "input_gram",
    "simulate",
]


if not TYPE_CHECKING:  # a type checker flags every other name
    # What inspects every name, as help() does, must not stop at a missing extra.
    __all__ = __all__ if available("torch") else []

    def __getattr__(name: str) -> Any:
        if name not in _HOME:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        with naming_extras():
            value = getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
        globals()[name] = value
        return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
