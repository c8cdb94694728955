"""Networks of finite width on torch: the paper's layers, explicit or exact in law.

`simulate` draws the Gram matrices of a random network of any width from their law, without its
weights; `MLP` is the network itself, for trained or other weights and as the reference.
"""

from hermiso.extras import naming_extras

with naming_extras():
    from hermiso.finite.architecture import Architecture
    from hermiso.finite.mlp import MLP, gram_trajectory, input_gram
    from hermiso.finite.sampler import simulate
    from hermiso.finite.theorem4 import Report, check_theorem4
    from hermiso.finite.trajectory import Series, Trajectory

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
