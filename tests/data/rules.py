"""Gaussian quadrature for the reference data: on the line, and in the plane for duals.

See generate_certified.py for the method. All functions work at mpmath's current precision.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from typing import Any

from mpmath import mp, mpf

from tests.data.functions import Entry

DIGITS = 62
DEGREES = (2, 5, 20)
SMALLEST = mpf(10) ** -125


@dataclass(frozen=True)
class Rule:
    """Gauss-Legendre order, longest panel, and the ratio of panels at a singular point."""

    order: int
    panel: Any
    ratio: int


RULES = (Rule(48, mpf(1), 2), Rule(61, mpf(7) / 10, 3))


# --- quadrature on the line -----------------------------------------------------------------


@cache
def legendre(order: int, precision: int) -> tuple[tuple[Any, Any], ...]:
    """Return nodes and weights of the Gauss-Legendre rule on [-1, 1], by Newton's iteration."""
    rule = []
    for i in range(order):
        t = mp.cos(mp.pi * (i + mpf(3) / 4) / (order + mpf(1) / 2))
        for _ in range(2 + precision.bit_length()):
            p, derivative = _legendre_at(order, t)
            t -= p / derivative
        _, derivative = _legendre_at(order, t)
        rule.append((t, 2 / ((1 - t * t) * derivative**2)))
    return tuple(rule)


def _legendre_at(order: int, t: Any) -> tuple[Any, Any]:
    before, p = mpf(1), t
    for k in range(2, order + 1):
        before, p = p, ((2 * k - 1) * t * p - (k - 1) * before) / k
    return p, order * (t * p - before) / (t * t - 1)


def he(degrees: tuple[int, ...], z: Any) -> list[Any]:
    """Return the orthonormal Hermite polynomials of these degrees at z."""
    found, before, h = {0: mpf(1)}, mpf(0), mpf(1)
    for k in range(max(degrees)):
        before, h = h, z * h - k * before
        found[k + 1] = h
    return [found[k] / _root_factorial(k, mp.prec) for k in degrees]


@cache
def _root_factorial(k: int, precision: int) -> Any:
    return mp.sqrt(mp.factorial(k))


@dataclass(frozen=True)
class Node:
    """A node z, its weight times the normal density, f(z), and the integrands at z."""

    z: Any
    weight: Any
    value: Any
    integrands: tuple[Any, ...]


def node(e: Entry, z: Any, weight: Any) -> Node:
    value = e.f(z)
    return Node(
        z,
        weight * mp.npdf(z),
        value,
        (value, value * z, value * value, *(value * h for h in he(DEGREES, z))),
    )


def panel(e: Entry, rule: Rule, a: Any, b: Any) -> list[Node]:
    middle, half = (a + b) / 2, (b - a) / 2
    return [node(e, middle + half * t, half * w) for t, w in legendre(rule.order, mp.prec)]


def total(nodes: list[Node]) -> list[Any]:
    return [mp.fsum(n.weight * n.integrands[i] for n in nodes) for i in range(3 + len(DEGREES))]


def sizes(nodes: list[Node]) -> list[Any]:
    return [
        mp.fsum(n.weight * abs(n.integrands[i]) for n in nodes) for i in range(3 + len(DEGREES))
    ]


def halved(e: Entry, rule: Rule, a: Any, b: Any, allowed: list[Any], depth: int = 0) -> list[Node]:
    """Return the nodes of panels, halved until each agrees with its halves."""
    whole, middle = panel(e, rule, a, b), (a + b) / 2
    parts = panel(e, rule, a, middle) + panel(e, rule, middle, b)
    pairs = zip(total(whole), total(parts), allowed, strict=True)
    if all(abs(one - two) <= limit for one, two, limit in pairs):
        return parts
    if depth == 40:
        raise ArithmeticError(f"no agreement on [{a}, {b}]: is there a kink?")
    return halved(e, rule, a, middle, allowed, depth + 1) + halved(
        e, rule, middle, b, allowed, depth + 1
    )


def edges(e: Entry, rule: Rule, end: int) -> Iterator[tuple[Any, Any]]:
    """Yield the panels between -end and end before any is halved."""
    splits = {mpf(-end), mpf(end), *map(mpf, e.singular)}
    splits |= {k for k in e.kinks() if abs(k) < end}
    for a, b in pairwise(sorted(splits)):
        if a in e.singular:
            yield from _shrinking(a, b, rule.ratio)
        elif b in e.singular:
            yield from ((right, left) for left, right in _shrinking(b, a, rule.ratio))
        else:
            n = int(mp.ceil((b - a) / rule.panel))
            yield from pairwise([a + (b - a) * j / n for j in range(n)] + [b])


def _shrinking(singular: Any, far: Any, ratio: int) -> Iterator[tuple[Any, Any]]:
    size = far - singular
    while abs(size) > SMALLEST:
        yield singular + size / ratio, singular + size
        size /= ratio


def cut(e: Entry, digits: int, second_moment: Any) -> int:
    """Return L; beyond it A^2 (1 + x)^(2m + 20) exp(2 b x + 2 c x^2) phi(x) is log-concave."""
    size, m, b, c = map(mpf, e.growth)
    for end in range(10, 200):
        slope = (2 * m + 20) / (1 + end) + 2 * b + 4 * c * end - end
        height = 2 * mp.log(size) + (2 * m + 20) * mp.log(1 + end) + 2 * b * end
        height += (2 * c - mpf(1) / 2) * end**2
        if slope < -1 and height < -(digits + 8) * mp.log(10) + mp.log(second_moment):
            return end
    raise ArithmeticError(f"the growth bound {e.growth} leaves no finite interval")


def moments(e: Entry, rule: Rule) -> tuple[list[Any], list[Any]]:
    """Return E f, c_1, E f^2, c_2, c_5, c_20 and beta - 1, and the sizes of the integrands."""
    rough = [n for a, b in edges(e, Rule(20, mpf(1), 10), 30) for n in panel(e, RULES[0], a, b)]
    scale = sizes(rough)
    digits = DIGITS + 4 + e.extra
    allowed = [s * mpf(10) ** -digits for s in scale]
    end = cut(e, digits, scale[2])
    nodes = [n for a, b in edges(e, rule, end) for n in halved(e, rule, a, b, allowed)]
    _check_growth(e, end, nodes)
    values = total(nodes)
    c0, c1 = values[:2]
    residual = mp.fsum(n.weight * (n.value - c0 - c1 * n.z) ** 2 for n in nodes)
    return [*values, residual / (residual + c1**2)], [*scale, mpf(1)]


def _check_growth(e: Entry, end: int, nodes: list[Node]) -> None:
    """Refuse a growth bound that is already wrong inside the interval, near its ends."""
    size, m, b, c = map(mpf, e.growth)
    for n in nodes:
        x = abs(n.z)
        if x > end - 1 and abs(n.value) > size * (1 + x) ** m * mp.exp(b * x + c * x * x):
            raise ArithmeticError(f"growth bound {e.growth} of {e.text} fails at {n.z}")


def by_trapezoids(f: Callable[[Any], Any], rho: Any, step: Any, shift: Any, end: int) -> Any:
    a, b = mp.sqrt((1 + rho) / 2), mp.sqrt((1 - rho) / 2)
    n = int(end / step)
    us = [(j + shift) * step for j in range(-n, n + 1)]
    vs = [(j * step, 2 if j else 1) for j in range(n + 1)]  # even in v
    rows = (
        mp.fsum(
            multiple * mp.npdf(v) * f(a * u + b * v) * f(a * u - b * v)
            for v, multiple in vs
            if u * u + v * v < end * end
        )
        * mp.npdf(u)
        for u in us
    )
    return step**2 * mp.fsum(rows)


def by_panels(e: Entry, rho: Any, order: int, longest: Any, end: int) -> Any:
    """Gauss-Legendre in v >= 0, and for each v in u, between the lines of kinks."""
    a, b, kinks = mp.sqrt((1 + rho) / 2), mp.sqrt((1 - rho) / 2), e.kinks()
    crossings = {(k - m) / (2 * b) for k in kinks for m in kinks}
    terms = []
    for v, weight in _nodes({mpf(0), mpf(end), *crossings}, 0, end, order, longest):
        half = mp.sqrt(max(end**2 - v * v, mpf(1)))
        lines = {(k + s * b * v) / a for k in kinks for s in (-1, 1)}
        row = mp.fsum(
            w * mp.npdf(u) * e.f(a * u + b * v) * e.f(a * u - b * v)
            for u, w in _nodes({-half, half, *lines}, -half, half, order, longest)
        )
        terms.append(2 * weight * mp.npdf(v) * row)
    return mp.fsum(terms)


def _nodes(splits: set[Any], low: Any, high: Any, order: int, longest: Any) -> Iterator[Any]:
    inside = sorted(s for s in splits if low <= s <= high)
    for left, right in pairwise(inside):
        n = int(mp.ceil((right - left) / longest))
        half = (right - left) / (2 * n)
        for j in range(n):
            middle = left + (2 * j + 1) * half
            for t, w in legendre(order, mp.prec):
                yield middle + half * t, half * w


def on_the_diagonal(e: Entry, sign: int) -> Any:
    """E f(z) f(sign z), on the line."""
    product = Entry(
        e.text,
        lambda x: e.f(x) * e.f(sign * x),
        lambda: tuple({s * k for k in e.kinks() for s in (1, sign)}),
        growth=(100, 4, 0, 0),
    )
    return [moments(product, rule)[0][0] for rule in RULES]
