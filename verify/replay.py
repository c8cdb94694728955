"""Counterexamples as text, and back: what Hypothesis drew, or where a climb had come to."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from fractions import Fraction
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from hypothesis import settings
    from hypothesis.strategies import SearchStrategy

__all__ = ["Case", "redrawn", "reread", "token", "written"]

Case = TypeVar("Case")

_NOTE = re.compile(r"@reproduce_failure\('([^']+)', b'([^']+)'\)")


def token(failure: BaseException) -> str:
    """Return what Hypothesis says of a failure: "version blob"; "" if it says nothing."""
    found = _NOTE.search("\n".join(getattr(failure, "__notes__", ())))
    return " ".join(found.groups()) if found else ""


def redrawn(
    said: str, decide: Callable[[Case], Any], strategy: SearchStrategy[Case], quiet: settings
) -> None:
    """Draw the case of a token again and decide it; any exception of either is raised."""
    import hypothesis

    def once(case: Case) -> None:
        decide(case)

    version, _, blob = said.partition(" ")
    again = hypothesis.reproduce_failure(version, blob.encode("ascii"))
    again(quiet(hypothesis.given(strategy)(once)))()


def written(point: Any) -> str:
    """Return nested tuples of rationals as JSON.

    >>> written((Fraction(1, 2), (Fraction(3),)))
    '["1/2", ["3"]]'
    """
    return json.dumps(point, default=str)


def reread(text: str) -> Any:
    """Return the nested tuples that `written` wrote.

    >>> reread('["1/2", ["3"]]')
    (Fraction(1, 2), (Fraction(3, 1),))
    """
    return _fractions(json.loads(text))


def _fractions(data: Any) -> Any:
    return tuple(map(_fractions, data)) if isinstance(data, list) else Fraction(data)
