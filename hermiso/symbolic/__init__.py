"""Route 1, exact: the term algebra, its Gaussian integrals, coefficients and duals.

Reading order: `terms` (the algebra), `moments` and `rational` (the integrals), `exact` (pieces),
`coefficients`, `dual`, then `laurent` and `present` (how results are written) and `confirm`.
"""

__all__ = []
