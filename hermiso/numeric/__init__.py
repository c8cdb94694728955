"""Route 3, numbers: quadrature split at kinks, evaluation of expressions over numpy and mpmath."""
