"""Hypothesis for the whole suite: no deadlines, since a busy machine is no fault."""

from hypothesis import settings

settings.register_profile("suite", deadline=None)
settings.load_profile("suite")

# What mypy alone reads; the doctest collector would import it.
collect_ignore = ["typed.py"]
