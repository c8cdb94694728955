"""Read certified.json, and compare enclosures with it in exact rational arithmetic.

Nothing here asks a ball about itself: only its two ends are read.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any

import sympy as sp

from hermiso import certified
from hermiso.balls import moments
from hermiso.balls.ball import Ball
from hermiso.balls.line import Line

X = sp.Symbol("x", real=True)
FILE = Path(__file__).with_name("certified.json")
TEN = Fraction(10)


@dataclass(frozen=True)
class Reference:
    """A number known to lie within `error` of `value`."""

    value: Fraction
    error: Fraction

    @property
    def nonzero(self) -> bool:
        """Whether the number is certainly not 0."""
        return abs(self.value) > self.error


def parsed(text: str) -> Reference:
    """Read 'value +/- error'."""
    value, error = text.split(" +/- ")
    return Reference(Fraction(value), Fraction(error))


@cache
def data() -> dict[str, Any]:
    """Return the file; every number is still text."""
    found: dict[str, Any] = json.loads(FILE.read_text())
    return found


def expression(entry: dict[str, str]) -> sp.Expr:
    """Return an entry's formula in X."""
    return sp.sympify(entry["expression"], locals={"x": X})


VALUES = tuple(data()["values"])
DUALS = tuple(data()["duals"])
RHOS = ("-1", "-9/10", "-1/3", "3/10", "99/100", "999999/1000000", "1")

Enclosure = Callable[[sp.Expr, int], Any]
ENCLOSURES: dict[str, Enclosure] = {
    "moment": lambda e, n: certified.moment(e, X, digits=n),
    "coefficient 1": lambda e, n: certified.coefficient(e, 1, X, digits=n),
    "second moment": lambda e, n: certified.dual(e, 1, X, digits=n),
    "coefficient 2": lambda e, n: certified.coefficient(e, 2, X, digits=n),
    "coefficient 5": lambda e, n: certified.coefficient(e, 5, X, digits=n),
    "coefficient 20": lambda e, n: certified.coefficient(e, 20, X, digits=n),
    "beta minus one": lambda e, n: certified.beta_minus_one(e, X, digits=n),
}


# The same by quadrature, also where the public functions would evaluate a closed form.
QUADRATURE: dict[str, Enclosure] = {
    "moment": lambda e, n: Ball(moments.mean(Line(e, X), moments.power(1), n)),
    "coefficient 1": lambda e, n: Ball(moments.coefficient(Line(e, X), 1, n)),
    "second moment": lambda e, n: Ball(moments.mean(Line(e, X), moments.power(2), n)),
    "coefficient 5": lambda e, n: Ball(moments.coefficient(Line(e, X), 5, n)),
    "beta minus one": lambda e, n: Ball(moments.strength(Line(e, X), n)),
}


def exact(number: Any) -> Fraction:
    """Return an mpf as a fraction."""
    sign, man, exp, _ = number._mpf_
    assert man or not exp, f"{number} is not finite"
    return (-1) ** sign * Fraction(int(man)) * Fraction(2) ** int(exp)


def ends(ball: Any) -> tuple[Fraction, Fraction]:
    """Return both ends of a ball."""
    lower, upper = exact(ball.lower), exact(ball.upper)
    assert lower <= upper, f"{ball} is turned round"
    return lower, upper


def assert_encloses(ball: Any, truth: Reference, digits: int, what: str) -> None:
    """The ball meets the reference, and is as narrow as was asked for.

    The reference is sharper than any ball it is compared with, or of the same width, so a ball
    that misses it is wrong.
    """
    lower, upper = ends(ball)
    assert lower <= truth.value + truth.error, f"{what}: {ball} lies above {float(truth.value)!r}"
    assert upper >= truth.value - truth.error, f"{what}: {ball} lies below {float(truth.value)!r}"
    radius, size = (upper - lower) / 2, abs(truth.value) if truth.nonzero else Fraction(1)
    assert radius <= size / TEN**digits, f"{what}: {ball} is too wide for {digits} digits"


def assert_overlap(first: Any, second: Any, what: str) -> None:
    """Two enclosures of one number have a point in common."""
    (a, b), (c, d) = ends(first), ends(second)
    assert a <= d, f"{what}: {first} lies above {second}"
    assert c <= b, f"{what}: {first} lies below {second}"


def check_value(name: str, key: str, most: int = 60) -> None:
    """Compare the enclosures of one value at 15 digits and at most with the reference."""
    entry = data()["values"][name]
    e, truth, what = expression(entry), parsed(entry[key]), f"{key} of {name}"
    coarse, fine = (ENCLOSURES[key](e, digits) for digits in (15, most))
    assert_encloses(coarse, truth, 15, what)
    assert_encloses(fine, truth, most, what)
    assert_overlap(coarse, fine, what)


def check_quadrature(name: str, key: str, digits: int = 30) -> None:
    """Compare an enclosure by quadrature with the reference."""
    entry = data()["values"][name]
    ball = QUADRATURE[key](expression(entry), digits)
    assert_encloses(ball, parsed(entry[key]), digits, f"{key} of {name} by quadrature")
