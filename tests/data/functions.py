"""The functions of the reference data: formula, kinks, singular points and growth, by hand.

Each is written twice: as text for sympy, which only the tests read, and for mpmath.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from typing import Any

from mpmath import mp, mpf


@dataclass(frozen=True)
class Entry:
    """A function, written for sympy and for mpmath, and what its quadrature must know."""

    text: str
    f: Callable[[Any], Any]
    kinks: Callable[[], tuple[Any, ...]] = lambda: ()
    singular: tuple[int, ...] = ()
    growth: tuple[Any, ...] = (10, 2, 0, 0)  # A, m, b, c
    extra: int = 0  # digits lost to cancellation in beta - 1
    origin: str = "composition"


def q(text: str) -> Any:
    """Return a fraction such as -9/10 at the working precision."""
    top, _, bottom = text.partition("/")
    return mpf(int(top)) / int(bottom or 1)


def at(*texts: str) -> Callable[[], tuple[Any, ...]]:
    """Return kinks at these fractions."""
    return lambda: tuple(map(q, texts))


def decimal(text: str) -> Any:
    """Return a decimal at the working precision."""
    return mpf(text)


# --- the functions --------------------------------------------------------------------------


def sigmoid(x: Any) -> Any:
    return 1 / (1 + mp.exp(-x))


def softplus(x: Any) -> Any:
    return mp.log(1 + mp.exp(x))


def elu(x: Any) -> Any:
    return x if x > 0 else mp.exp(x) - 1


def clip(x: Any, low: Any, high: Any) -> Any:
    return min(max(x, mpf(low)), mpf(high))


def selu(x: Any) -> Any:
    alpha = decimal("1.6732632423543772848170429916717")
    scale = decimal("1.0507009873554804934193349852946")
    return scale * (x if x > 0 else alpha * (mp.exp(x) - 1))


def gelu_tanh(x: Any) -> Any:
    u = mp.sqrt(2 / mp.pi) * (x + decimal("0.044715") * x**3)
    return x * (1 + mp.tanh(u)) / 2


def softshrink(x: Any) -> Any:
    half = mpf(1) / 2
    return x + half if x < -half else x - half if x > half else mpf(0)


CATALOGUE: dict[str, Entry] = {
    "identity": Entry("x", lambda x: x),
    "relu": Entry("Max(x, 0)", lambda x: max(x, mpf(0)), at("0")),
    "relu6": Entry("Min(Max(x, 0), 6)", lambda x: clip(x, 0, 6), at("0", "6")),
    "leaky_relu": Entry(
        "Piecewise((x, x > 0), (x/100, True))", lambda x: x if x > 0 else x / 100, at("0")
    ),
    "prelu": Entry("Piecewise((x, x > 0), (x/4, True))", lambda x: x if x > 0 else x / 4, at("0")),
    "rrelu": Entry(
        "Piecewise((x, x > 0), (11*x/48, True))", lambda x: x if x > 0 else 11 * x / 48, at("0")
    ),
    "relu_squared": Entry("Max(x, 0)**2", lambda x: max(x, mpf(0)) ** 2, at("0")),
    "elu": Entry("Piecewise((x, x > 0), (exp(x) - 1, True))", elu, at("0")),
    "celu": Entry("Piecewise((x, x > 0), (exp(x) - 1, True))", elu, at("0")),
    "selu": Entry(
        "Rational('1.0507009873554804934193349852946')*Piecewise((x, x > 0), "
        "(Rational('1.6732632423543772848170429916717')*(exp(x) - 1), True))",
        selu,
        at("0"),
    ),
    "gelu": Entry("x*(1 + erf(x/sqrt(2)))/2", lambda x: x * mp.ncdf(x)),
    "gelu_tanh": Entry("x*(1 + tanh(sqrt(2/pi)*(x + Rational('0.044715')*x**3)))/2", gelu_tanh),
    "quick_gelu": Entry(
        "x/(1 + exp(-Rational('1.702')*x))", lambda x: x * sigmoid(decimal("1.702") * x)
    ),
    "silu": Entry("x/(1 + exp(-x))", lambda x: x * sigmoid(x)),
    "mish": Entry("x*tanh(log(1 + exp(x)))", lambda x: x * mp.tanh(softplus(x))),
    "sigmoid": Entry("1/(1 + exp(-x))", sigmoid),
    "logsigmoid": Entry("-log(1 + exp(-x))", lambda x: -softplus(-x)),
    "softplus": Entry("log(1 + exp(x))", softplus),
    "softsign": Entry("x/(1 + Abs(x))", lambda x: x / (1 + abs(x)), at("0")),
    "tanh": Entry("tanh(x)", mp.tanh),
    "tanhshrink": Entry("x - tanh(x)", lambda x: x - mp.tanh(x)),
    "arctan": Entry("atan(x)", mp.atan),
    "erf": Entry("erf(x)", mp.erf),
    "normal_cdf": Entry("(1 + erf(x/sqrt(2)))/2", mp.ncdf),
    "symlog": Entry("sign(x)*log(1 + Abs(x))", lambda x: mp.sign(x) * mp.log(1 + abs(x)), at("0")),
    "log_cosh": Entry("log(cosh(x))", lambda x: mp.log(mp.cosh(x))),
    "hardtanh": Entry("Max(-1, Min(x, 1))", lambda x: clip(x, -1, 1), at("-1", "1")),
    "hardsigmoid": Entry("Min(Max(x + 3, 0), 6)/6", lambda x: clip(x + 3, 0, 6) / 6, at("-3", "3")),
    "hardswish": Entry(
        "x*Min(Max(x + 3, 0), 6)/6", lambda x: x * clip(x + 3, 0, 6) / 6, at("-3", "3")
    ),
    "hardshrink": Entry(
        "Piecewise((x, x < -Rational(1, 2)), (0, x <= Rational(1, 2)), (x, True))",
        lambda x: x if 2 * abs(x) > 1 else mpf(0),
        at("-1/2", "1/2"),
    ),
    "softshrink": Entry(
        "Piecewise((x + Rational(1, 2), x < -Rational(1, 2)), (0, x <= Rational(1, 2)), "
        "(x - Rational(1, 2), True))",
        softshrink,
        at("-1/2", "1/2"),
    ),
    "threshold": Entry(
        "Piecewise((x, x > Rational(1, 2)), (Rational(1, 4), True))",
        lambda x: x if 2 * x > 1 else mpf(1) / 4,
        at("1/2"),
    ),
    "step": Entry("Piecewise((1, x > 0), (0, True))", lambda x: mpf(x > 0), at("0")),
    "sign": Entry("sign(x)", mp.sign, at("0")),
    "abs": Entry("Abs(x)", abs, at("0")),
    "square": Entry("x**2", lambda x: x * x),
    "he2": Entry("x**2 - 1", lambda x: x * x - 1),
    "sin": Entry("sin(x)", mp.sin),
    "cos": Entry("cos(x)", mp.cos),
    "snake": Entry("x + sin(x)**2", lambda x: x + mp.sin(x) ** 2),
    "exp": Entry("exp(x)", mp.exp, growth=(1, 0, 1, 0)),
    "shifted_exp": Entry("exp(x - 2)", lambda x: mp.exp(x - 2), growth=(1, 0, 1, 0)),
    "gaussian": Entry("exp(-x**2/2)", lambda x: mp.exp(-x * x / 2)),
    "damped_linear": Entry("x*exp(-Abs(x))", lambda x: x * mp.exp(-abs(x)), at("0")),
    "asinh": Entry("asinh(x)", mp.asinh),
    "log_ndtr": Entry("log((1 + erf(x/sqrt(2)))/2)", lambda x: mp.log(mp.ncdf(x))),
    "squareplus": Entry("(x + sqrt(x**2 + 4))/2", lambda x: (x + mp.sqrt(x**2 + 4)) / 2),
    "serf": Entry("x*erf(log(1 + exp(x)))", lambda x: x * mp.erf(softplus(x))),
    "smelu": Entry(
        "Piecewise((0, x <= -1), ((x + 1)**2/4, x <= 1), (x, True))",
        lambda x: clip(x + 1, 0, 2) ** 2 / 4 if x <= 1 else x,
        at("-1", "1"),
    ),
    "star_relu": Entry(
        "Rational('0.8944')*Max(x, 0)**2 - Rational('0.4472')",
        lambda x: decimal("0.8944") * max(x, mpf(0)) ** 2 - decimal("0.4472"),
        at("0"),
    ),
}

STEPS = tuple(f"{113 * j - 2840}/710" for j in range(50))  # -4 to 3.8, spacing 113/710

ADVERSARIES: dict[str, Entry] = {
    "narrow bump": Entry("exp(-1000*(x - 3)**2)", lambda x: mp.exp(-1000 * (x - 3) ** 2)),
    "steep exponential": Entry("exp(3*x)", lambda x: mp.exp(3 * x), growth=(1, 0, 3, 0)),
    "high power": Entry("x**40", lambda x: x**40, growth=(1, 40, 0, 0)),
    "steep arctan": Entry("atan(100*x)", lambda x: mp.atan(100 * x)),
    "narrow bell": Entry("1/(1 + 100*x**2)", lambda x: 1 / (1 + 100 * x * x)),
    "staircase": Entry(
        " + ".join(f"Heaviside(x - Rational({113 * j - 2840}, 710))" for j in range(50)),
        lambda x: mpf(sum(710 * x > 113 * j - 2840 for j in range(50))),
        at(*STEPS),
        growth=(50, 0, 0, 0),
    ),
    "steep tanh": Entry("tanh(50*x)", lambda x: mp.tanh(50 * x)),
    "fast sine": Entry("sin(40*x)", lambda x: mp.sin(40 * x)),
    "slow growth": Entry("log(1 + x**2)", lambda x: mp.log(1 + x * x)),
    "root": Entry("sqrt(Abs(x))", lambda x: mp.sqrt(abs(x)), singular=(0,)),
    "nearly no second moment": Entry(
        "exp(x**2/5)", lambda x: mp.exp(x * x / 5), growth=(1, 0, 0, mpf(1) / 5)
    ),
}


@cache
def _tanh_meets_line(precision: int) -> Any:
    """Return the positive root of tanh(x) = x/3, about 2.98."""
    return mp.findroot(lambda x: mp.tanh(x) - x / 3, 3)


def tanh_kinks() -> tuple[Any, ...]:
    root = _tanh_meets_line(mp.prec)
    return (-root, mpf(0), root)


def max_tanh(x: Any) -> Any:
    return max(mp.tanh(x), x / 3)


COMPOSITIONS: dict[str, Entry] = {
    "tanh above a line": Entry("Max(tanh(x), x/3)", max_tanh, tanh_kinks),
    "irrational kink": Entry(
        "Abs(x - sqrt(2))*tanh(x)",
        lambda x: abs(x - mp.sqrt(2)) * mp.tanh(x),
        lambda: (mp.sqrt(2),),
    ),
    "transcendental condition": Entry(
        "Piecewise((tanh(x), exp(x) < 2), (x/2, True))",
        lambda x: mp.tanh(x) if x < mp.log(2) else x / 2,
        lambda: (mp.log(2),),
    ),
    "silu above zero": Entry(
        "Max(x/(1 + exp(-x)), 0)", lambda x: max(x * sigmoid(x), mpf(0)), at("0")
    ),
    "softplus of relu": Entry(
        "log(1 + exp(Max(x, 0)))", lambda x: softplus(max(x, mpf(0))), at("0")
    ),
    "hyperbola": Entry("sqrt(1 + x**2)", lambda x: mp.sqrt(1 + x * x)),
    "log of cosh of 3x": Entry("log(cosh(3*x))", lambda x: mp.log(mp.cosh(3 * x))),
    "double exponential": Entry("exp(-exp(x))", lambda x: mp.exp(-mp.exp(x))),
    "tan of tanh": Entry("tan(tanh(x))", lambda x: mp.tan(mp.tanh(x))),
    "asinh": Entry("asinh(x)", mp.asinh),
    "erf squared times tanh": Entry("erf(x)**2*tanh(x)", lambda x: mp.erf(x) ** 2 * mp.tanh(x)),
    "x times arctan": Entry("x*atan(x)", lambda x: x * mp.atan(x)),
    "poles in a row": Entry("1/(2 + cos(x))", lambda x: 1 / (2 + mp.cos(x))),
    "exp of sine": Entry("exp(sin(x))", lambda x: mp.exp(mp.sin(x))),
    "softplus squared": Entry("log(1 + exp(x))**2", lambda x: softplus(x) ** 2),
    "cube root times tanh": Entry(
        "Abs(x)**Rational(1, 3)*tanh(x)", lambda x: mp.cbrt(abs(x)) * mp.tanh(x), singular=(0,)
    ),
    "logarithm": Entry("log(Abs(x))", lambda x: mp.log(abs(x)), singular=(0,)),
    "singular power": Entry(
        "Abs(x)**Rational(-1, 5)", lambda x: 1 / mp.root(abs(x), 5), singular=(0,)
    ),
    "kinks in a row": Entry(
        "Abs(sin(x))",
        lambda x: abs(mp.sin(x)),
        lambda: tuple(k * mp.pi for k in range(-20, 21)),
    ),
    "tiny tanh": Entry("tanh(x/10**6)", lambda x: mp.tanh(x / 10**6), extra=60),
    "tiny sigmoid": Entry("1/(1 + exp(-x/10**6))", lambda x: sigmoid(x / 10**6), extra=60),
    "tiny softplus": Entry("log(1 + exp(x/10**4))", lambda x: softplus(x / 10**4), extra=30),
    "relu times tanh": Entry("Max(x, 0)*tanh(x)", lambda x: max(x, mpf(0)) * mp.tanh(x), at("0")),
    "kink where tanh is a half": Entry(
        "Abs(tanh(x) - Rational(1, 2))",
        lambda x: abs(mp.tanh(x) - mpf(1) / 2),
        lambda: (mp.atanh(mpf(1) / 2),),
    ),
    "growing tanh": Entry(
        "exp(x/2)*tanh(3*x)", lambda x: mp.exp(x / 2) * mp.tanh(3 * x), growth=(1, 0, 1, 0)
    ),
    "chirp": Entry("cos(x**2)", lambda x: mp.cos(x * x)),
    "window over a curve": Entry(
        "Piecewise((exp(-x), (x > -1) & (x**2 < 2)), (atan(x), True))",
        lambda x: mp.exp(-x) if x > -1 and x * x < 2 else mp.atan(x),
        lambda: (mpf(-1), mp.sqrt(2)),
    ),
    "median of three": Entry(
        "Max(Min(sin(x), x/2), Min(Max(sin(x), x/2), 1/(1 + x**2)))",
        lambda x: sorted((mp.sin(x), x / 2, 1 / (1 + x * x)))[1],
        lambda: median_kinks(mp.prec),
    ),
    "erfc times a power": Entry(
        "erfc(2*x)*Abs(x)**Rational(5, 2)",
        lambda x: mp.erfc(2 * x) * abs(x) ** 2 * mp.sqrt(abs(x)),
        singular=(0,),
        growth=(2, 3, 0, 0),
    ),
}


@cache
def median_kinks(precision: int) -> tuple[Any, ...]:
    """Return where two of sin(x), x/2, 1/(1 + x^2) cross, whether or not the median bends there."""
    found = []
    pairs = (
        lambda x: mp.sin(x) - x / 2,
        lambda x: mp.sin(x) - 1 / (1 + x * x),
        lambda x: x / 2 - 1 / (1 + x * x),
    )
    for g in pairs:
        grid = [mpf(j) / 64 + mpf(1) / 1000 for j in range(-40 * 64, 40 * 64)]
        for a, b in pairwise(grid):
            if g(a) * g(b) < 0:
                found.append(mp.findroot(g, (a, b), solver="anderson"))
    return tuple(sorted(found))


SECTIONS = {"catalogue": CATALOGUE, "adversary": ADVERSARIES, "composition": COMPOSITIONS}
ENTRIES = {name: (section, e) for section, es in SECTIONS.items() for name, e in es.items()}
