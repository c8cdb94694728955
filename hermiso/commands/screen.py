"""The first screen: what hermiso is, and one list of its commands."""

from __future__ import annotations

__all__ = ["OTHERS", "QUESTIONS", "screen", "version"]

QUESTIONS = {
    "beta": "isometry strength 2 - c_1^2/Var sigma(z)",
    "coefficient": "Hermite coefficient c_k of integer or symbolic degree k",
    "coefficients": "the first Hermite coefficients c_0, c_1, ...",
    "dual": "dual activation E[sigma(x) sigma(y)] at correlation rho",
    "kernel-map": "map of a correlation rho through a normalized layer",
    "smoothing": "Gaussian smoothing E[sigma(z + t)]",
    "moment": "Gaussian mean E[sigma(z)]",
}
OTHERS = {
    "run": "figures of the papers: tables and pictures",
    "theorem4": "networks of finite width against Theorem 4",
    "sweep": "a grid of experiments, kept in one file",
    "results": "what such a file holds, as a table",
    "verify": "check the theorems of the papers",
}
_SCREEN = """\
{version}: exact and certified mathematics of activations and normalization

usage: python -m hermiso COMMAND ...

{commands}

  python -m hermiso beta gelu --digits 30          a name of the catalogue
  python -m hermiso beta "max(alpha*x, 0)" --positive alpha    or a formula in x
  python -m hermiso dual tanh --at 1/2 --digits 20
  python -m hermiso run figure-3 --quick

python -m hermiso COMMAND --help shows the options of a command; --version the version.
Questions end after 60 s or at 2 GB of memory; --time-limit and --memory-limit, behind the command,
say otherwise."""


def version() -> str:
    """Return "hermiso" and the version."""
    from hermiso import __version__

    return f"hermiso {__version__}"


def screen() -> str:
    """Return the first screen."""
    commands = "\n".join(f"    {name:13} {says}" for name, says in {**QUESTIONS, **OTHERS}.items())
    return _SCREEN.format(version=version(), commands=commands)
