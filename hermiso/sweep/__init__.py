"""Grids of experiments, cell by cell into one file: a sweep may be killed and goes on.

>>> import hermiso.sweep
>>> grid = {"width": (100, 1000), "activation": ("relu", "tanh")}
>>> done = hermiso.sweep.run("figure-3", grid, seeds=range(10))  # doctest: +SKIP
>>> table = hermiso.sweep.results("runs.sqlite")  # doctest: +SKIP
"""

from hermiso.sweep.engines import engine
from hermiso.sweep.grid import Experiment, cells
from hermiso.sweep.running import Failure, Tally, run
from hermiso.sweep.settings import choices, seed_list
from hermiso.sweep.tables import export, results
from hermiso.sweep.tasks import Limits

__all__ = [
    "Experiment",
    "Failure",
    "Limits",
    "Tally",
    "cells",
    "choices",
    "engine",
    "export",
    "results",
    "run",
    "seed_list",
]
