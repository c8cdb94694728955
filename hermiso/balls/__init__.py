"""Route 2, enclosures: rigorous Gaussian integrals in ball arithmetic (python-flint).

An expression becomes a function on balls, real and complex; quadrature rules carry a bound of
their own error, and the tails of the line are bounded by growth certificates. Precision is set
by `with ctx.workprec(bits)` alone; flint has one such setting per process, so parallel work
means processes.
"""

__all__ = []
