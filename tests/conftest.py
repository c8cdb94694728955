"""For the whole suite: a slow or busy machine is no fault."""

from collections.abc import Iterator

import pytest
from hypothesis import settings

from hermiso import budget

settings.register_profile("suite", deadline=None)
settings.load_profile("suite")

# What mypy alone reads; the doctest collector would import it.
collect_ignore = ["typed.py"]

PATIENCE = 100.0  # seconds; the slowest question of the suite takes 5


@pytest.fixture(autouse=True)
def patience() -> Iterator[None]:
    """Terms and boxes end a question wherever it runs; seconds would only where it runs slowly."""
    with budget.limited(seconds=PATIENCE):
        yield
