"""A right claim, a false one with its correction, and one that is searched."""

from sympy import Rational, Symbol

from verify import Claim, Evidence, Level, Verdict, equal, search

x = Symbol("x", real=True)

square = Claim(
    label="toy:square",
    where="page 1",
    says="(x + 1)^2 = x^2 + 2 x + 1",
    value=x**2 + 2 * x + 1,
    mutants={"no middle term": x**2 + 1, "sign": x**2 - 2 * x + 1},
)


@square.check(Level.PROVED)
def expanded(stated: object) -> Evidence:
    return equal((x + 1) ** 2, stated, domain="all x")


half_corrected = Claim(
    label="toy:half:corrected",
    where="page 2",
    says="1/4 + 1/4 = 1/2",
    value=Rational(1, 2),
    mutants={"as printed": Rational(1, 8)},
    uses=("toy:square",),
)
half = Claim(
    label="toy:half",
    where="page 2",
    says="1/4 + 1/4 = 1/8",
    value=half_corrected.mutants["as printed"],
    mutants={"product": Rational(1, 16)},
    correction=half_corrected,
    why="the denominators were added.",
    expected=Verdict.REFUTED,
)


@half.check(Level.PROVED)
@half_corrected.check(Level.PROVED)
def added(stated: object) -> Evidence:
    return equal(Rational(1, 4) + Rational(1, 4), stated, domain="one number")


below = Claim(
    label="toy:below",
    where="page 3",
    says="n < 100 for n in 0..99",
    value=100,
    mutants={"50": 50},
    uses=("toy:half:corrected",),
)


@below.check(Level.SEARCHED)
def drawn(stated: int, *, seed: int) -> Evidence:
    from hypothesis import strategies as st

    return search(lambda n: n < stated, st.integers(0, 99), domain="0..99", seed=seed)


claims = (square, half, half_corrected, below)
