"""Values that mpmath takes seconds to integrate, kept in quadrature.json.

`python -m tests.data.stored` computes them again and writes the file; `make search` computes them
again and compares. How each is integrated, and its error, stands in the test that uses it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from fractions import Fraction
from functools import cache
from pathlib import Path

from tests.data.certified import Reference, parsed

FILE = Path(__file__).with_name("quadrature.json")
SHOWN = 45  # digits, more than any value has right


@cache
def stored(group: str) -> Mapping[str, Reference]:
    """The values of a group by name."""
    found: dict[str, dict[str, str]] = json.loads(FILE.read_text(encoding="utf-8"))
    return {name: parsed(text) for name, text in found[group].items()}


def agree(one: Reference, other: Reference) -> bool:
    """Whether both may be the same number."""
    return abs(one.value - other.value) <= one.error + other.error


def groups() -> dict[str, Mapping[str, Callable[[], Reference]]]:
    """How the values of each group are computed."""
    from tests.hermiso.certified import test_growth_starts, test_zeros

    return {"zeros": test_zeros.COMPUTED, "growth starts": test_growth_starts.COMPUTED}


def written(number: Reference) -> str:
    """'value +/- error', rounded; the error covers the rounding."""
    size = max(len(str(abs(number.value).numerator // abs(number.value).denominator)), 1)
    unit = Fraction(10) ** (size - SHOWN)
    value = round(number.value / unit) * unit
    error = number.error + abs(number.value - value)
    return f"{decimal(value, SHOWN)} +/- {float(error) * 1.001:.3e}"


def decimal(value: Fraction, places: int) -> str:
    """A fraction with that many decimals at most, exactly."""
    scaled = value * 10**places
    assert scaled.denominator == 1
    sign, digits = "-" * (scaled < 0), str(abs(scaled.numerator)).rjust(places + 1, "0")
    return f"{sign}{digits[:-places]}.{digits[-places:]}"


def main() -> None:
    """Compute all values and write the file."""
    found = {
        group: {name: written(compute()) for name, compute in computed.items()}
        for group, computed in groups().items()
    }
    FILE.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
