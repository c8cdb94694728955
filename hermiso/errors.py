"""Every error that hermiso raises on purpose.

A message says what was seen, what is required and what to do. Inner code raises one short
fact; public functions add the activation once.
"""

__all__ = [
    "ActivationError",
    "BoundError",
    "BudgetExceeded",
    "ConfirmationError",
    "ExperimentError",
    "FiniteError",
    "GramError",
    "HermisoError",
    "MissingExtra",
    "NoClosedForm",
    "NotSquareIntegrable",
    "ParseError",
    "PrecisionError",
    "StoreError",
    "SweepError",
    "UnknownSign",
]


class HermisoError(Exception):
    """Base class of all errors raised on purpose."""


class ActivationError(HermisoError, ValueError):
    """The given object is no activation: no variable, several candidates, complex values, NaN."""


class NotSquareIntegrable(ActivationError):
    """E[sigma(z)^2] is infinite for z ~ N(0, 1), so no Hermite expansion exists."""


class UnknownSign(ActivationError):
    """A closed form needs the sign of a parameter and the symbol does not declare it."""


class NoClosedForm(HermisoError):
    """The expression is outside the exact class; public functions turn it into a node."""


class ParseError(HermisoError, ValueError):
    """Text is not a formula of the whitelist grammar; the message carries the position."""


class GramError(HermisoError, ValueError):
    """The given array is no Gram matrix: not square, symmetric, finite or positive semidefinite."""


class PrecisionError(HermisoError, ArithmeticError):
    """The requested number of digits could not be reached within the limits."""


class BudgetExceeded(PrecisionError):
    """A question takes more work than it may; `hermiso.budget.limited` allows more."""


class ConfirmationError(HermisoError, RuntimeError):
    """A derived closed form disagrees with quadrature: a bug of hermiso, never an answer."""


class BoundError(HermisoError, ValueError):
    """An argument of a bound is outside its domain: beta, a gap, a number of samples, a layer."""


class FiniteError(HermisoError, ValueError):
    """A network of finite width is asked for that cannot be: a width, an option, an input."""


class ExperimentError(HermisoError, ValueError):
    """An experiment is unknown, or its config cannot be run."""


class StoreError(HermisoError, RuntimeError):
    """A file of results cannot be used: foreign, newer, damaged, locked, or its disk is full."""


class SweepError(HermisoError, ValueError):
    """A sweep is asked for that cannot be: an unknown field, a bad value, an absent package."""


class MissingExtra(HermisoError, ModuleNotFoundError):
    """A package that comes with an extra of hermiso is not installed; the message says which."""
