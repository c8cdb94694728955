"""Directed search: uphill from the closest cases, so that the tightness of a bound is known.

A chart is a smooth way from coordinates to cases. A pattern search in rational coordinates
maximises the ratio of the two sides from the best cases of a random search on. Every case on
the way is decided like any other, so a counterexample found here is as exact as the sides are.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Generic, TypeAlias, TypeVar

from verify.claim import Refuted, Undecided
from verify.comparing import Ratio

__all__ = ["Case", "Chart", "Coordinates", "Fall", "Value", "climb", "flat"]

Case = TypeVar("Case")
Coordinates: TypeAlias = tuple[Fraction, ...]
Value: TypeAlias = Callable[[Case], Ratio | None]

_FIRST, _FINEST = Fraction(1, 2), Fraction(1, 2**24)
_DENOMINATOR = 10**8  # of the coordinates at the start
_SIMPLE = (1, 2, 3, 4, 5, 8, 10, 100, 1000, 10**6)  # denominators of simpler coordinates


@dataclass(frozen=True)
class Chart(Generic[Case]):
    """A smooth parametrisation of cases.

    Attributes:
        point: case -> numbers at which, or close to which, `case` gives it back. Nested
            tuples keep the parts of a case apart.
        case: the same nested tuples with any rationals in them -> case; total and smooth.

    Example:
        >>> slopes = Chart(point=lambda slope: (slope,), case=lambda t: t[0])
        >>> slopes.case(slopes.point(3))
        3
    """

    point: Callable[[Case], Any]
    case: Callable[[Any], Case]


def flat(point: Any) -> Coordinates:
    """Return the numbers in nested tuples, in order, as fractions.

    >>> flat((1, (0.5, (2,))))
    (Fraction(1, 1), Fraction(1, 2), Fraction(2, 1))
    """
    if isinstance(point, tuple | list):
        return tuple(leaf for part in point for leaf in flat(part))
    return (Fraction(point).limit_denominator(_DENOMINATOR),)


def shaped(like: Any, coordinates: Sequence[Fraction]) -> Any:
    """Return the coordinates in the nested tuples of a point.

    >>> shaped((0, (0, (0,))), (1, 2, 3))
    (1, (2, (3,)))
    """
    return _filled(like, iter(coordinates))


def _filled(like: Any, leaves: Iterator[Fraction]) -> Any:
    if isinstance(like, tuple | list):
        return tuple(_filled(part, leaves) for part in like)
    return next(leaves)


@dataclass(frozen=True)
class Summit(Generic[Case]):
    """Where a climb ended."""

    ratio: Ratio
    case: Case


class Fall(Exception):
    """A climb met a counterexample; it holds the nested coordinates and what was said of it."""

    def __init__(self, point: Any, refutation: Refuted) -> None:
        super().__init__(str(refutation))
        self.point = point
        self.refutation = refutation


def climb(
    value: Value[Case], chart: Chart[Case], start: Case, steps: int, *, simplify: bool = True
) -> Summit[Case] | None:
    """Maximise a ratio from a case on.

    Hooke and Jeeves: try a step along each axis; where that helps, leap on in the direction of
    the gain; where it does not, halve the step.

    Args:
        value: case -> ratio of its sides, None outside the hypothesis; raises Refuted for a
            counterexample and Undecided for a close call.
        chart: coordinates of the cases.
        start: a case of the random search.
        steps: how many cases to try at most.
        simplify: whether to look for a simpler counterexample near one that is met.

    Returns:
        The best case, None if there is no ratio near the start.

    Raises:
        Fall: a counterexample.
    """
    shape = chart.point(start)
    path = _Path(value, chart, shape, steps)
    try:
        return _ascended(path, flat(shape))
    except Refuted as refutation:
        if not simplify:
            raise Fall(shaped(shape, path.last), refutation) from None
        raise _simplified(value, chart, shape, path.last, refutation) from None


@dataclass
class _Path(Generic[Case]):
    """The ratio as a function of coordinates, with a budget."""

    value: Value[Case]
    chart: Chart[Case]
    shape: Any
    left: int
    last: Coordinates = ()

    def case(self, coordinates: Coordinates) -> Case:
        return self.chart.case(shaped(self.shape, coordinates))

    def height(self, coordinates: Coordinates) -> Ratio | None:
        self.left -= 1
        self.last = coordinates
        try:
            return self.value(self.case(coordinates))
        except Undecided:
            return None

    def better(self, coordinates: Coordinates, height: Ratio) -> Ratio | None:
        """Return the ratio there if it is larger and may still be asked for."""
        found = self.height(coordinates) if self.left > 0 else None
        return found if found is not None and found > height else None


def _ascended(path: _Path[Case], start: Coordinates) -> Summit[Case] | None:
    height = path.height(start)
    if height is None:
        return None
    best, step = start, _FIRST
    while path.left > 0 and step >= _FINEST:
        reached, higher = _explored(path, best, height, step)
        if higher == height:
            step /= 2
            continue
        leap = tuple(2 * r - b for r, b in zip(reached, best, strict=True))
        best, height = reached, higher
        further = path.better(leap, height)
        if further is not None:
            best, height = leap, further
    return Summit(height, path.case(best))


def _explored(
    path: _Path[Case], best: Coordinates, height: Ratio, step: Fraction
) -> tuple[Coordinates, Ratio]:
    """Keep every step along an axis that gains."""
    for axis in range(len(best)):
        for move in (step, -step):
            trial = (*best[:axis], best[axis] + move, *best[axis + 1 :])
            found = path.better(trial, height)
            if found is not None:
                best, height = trial, found
                break
    return best, height


def _simplified(
    value: Value[Case], chart: Chart[Case], shape: Any, at: Coordinates, refutation: Refuted
) -> Fall:
    """Round the coordinates of a counterexample, one by one, as long as it stays one."""
    while True:  # every round makes a coordinate simpler, or ends it
        before = at
        for axis, entry in enumerate(at):
            for simple in _simpler(entry):
                trial = (*at[:axis], simple, *at[axis + 1 :])
                found = _refutes(value, chart, shaped(shape, trial))
                if found is not None:
                    at, refutation = trial, found
                    break
        if at == before:
            return Fall(shaped(shape, at), refutation)


def _simpler(entry: Fraction) -> Iterator[Fraction]:
    """Yield 0, then roundings with small denominators, all simpler than the entry."""
    seen = {entry}
    for denominator in (0, *_SIMPLE):
        trial = entry.limit_denominator(denominator) if denominator else Fraction(0)
        if trial not in seen and _size(trial) < _size(entry):
            seen.add(trial)
            yield trial


def _size(entry: Fraction) -> tuple[int, int]:
    return entry.denominator, abs(entry.numerator)


def _refutes(value: Value[Case], chart: Chart[Case], point: Any) -> Refuted | None:
    try:
        value(chart.case(point))
    except Refuted as refutation:
        return refutation
    except Undecided:
        return None
    return None
