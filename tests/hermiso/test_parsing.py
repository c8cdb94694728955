"""hermiso.parsing: what formulas mean, what is refused and where, and that nothing hangs."""

import random
import re
from functools import partial
from typing import Any

import pytest
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st
from sympy import Abs, And, Heaviside, Max, Min, Or, Piecewise, Rational, Symbol, erf, exp, pi

from hermiso import catalogue
from hermiso.errors import ParseError
from hermiso.parsing import MAX_LENGTH, MAX_NESTING, parse
from hermiso.tokens import MAX_TOKENS
from hermiso.vocabulary import CUTS, FUNCTIONS, MAX_NODES

x, a, alpha = (Symbol(name, real=True) for name in ("x", "a", "alpha"))

cut = partial(Piecewise, evaluate=False)

GOOD = {
    "x": x,
    "max(alpha*x, 0)": Max(alpha * x, 0),
    "-x^2": -(x**2),
    "2^-x^2": 2 ** (-(x**2)),
    "2^3^2": sp.Integer(512),
    "x**2 - -x": x**2 + x,
    "- - + x": x,
    "x/2/3*4": 2 * x / 3,
    "1 - x - 2": -1 - x,
    "0.1*x + 1e-3 + .5 + 2.": x / 10 + Rational(2501, 1000),
    "1E2": sp.Integer(100),
    "e^x + E^(2*x) + pi": exp(x) + exp(2 * x) + pi,
    " x \n * \t ( x + 1 ) ": x * (x + 1),
    "lambda*x": Symbol("lambda", real=True) * x,
    "x_1*X2": Symbol("x_1", real=True) * Symbol("X2", real=True),
    "sqrt(x^2 + 1)": sp.sqrt(x**2 + 1),
    "exp(-x^2/2)": exp(-(x**2) / 2),
    "ln(1 + exp(x)) - log(2)": sp.log(1 + exp(x)) - sp.log(2),
    "sin(x)*cos(x) + tan(x)": sp.sin(x) * sp.cos(x) + sp.tan(x),
    "sinh(x) + cosh(x) + tanh(x)": sp.sinh(x) + sp.cosh(x) + sp.tanh(x),
    "asinh(x) + atan(x)": sp.asinh(x) + sp.atan(x),
    "erf(x) + erfc(x) + erfi(x)": erf(x) + sp.erfc(x) + sp.erfi(x),
    "x*Phi(x)": x * (1 + erf(x / sp.sqrt(2))) / 2,
    "abs(x) + sign(x)": Abs(x) + sp.sign(x),
    "min(x, a, 1)": Min(x, a, 1),
    "max(x)": x,
    "clip(x, -1, 1)": Min(Max(x, -1), 1),
    "heaviside(x)": Heaviside(x),
    "indicator(x > 0)*x": x * Piecewise((1, x > 0), (0, True)),
    "where(x >= 0, x, a*x)": Piecewise((x, x >= 0), (a * x, True)),
    "where(-1 < x < 1, x, 0)": cut((x, And(sp.Lt(-1, x), x < 1)), (0, True)),
    "where(x < 0 or x > 1 and x < 2, 1, x)": Piecewise(
        (1, Or(x < 0, And(x > 1, x < 2))), (x, True)
    ),
    "where((x < 0 | x > 1) & (x + 1)*2 < 3, 1, x)": cut(
        (1, And(Or(x < 0, x > 1), 2 * x + 2 < 3)), (x, True)
    ),
    "piecewise((x, x > 0), (a, x > -1), (0, true))": Piecewise((x, x > 0), (a, x > -1), (0, True)),
    "where(1 > 2, x, x^2)": x**2,
    "where(true, x, x^2)": x,
    "relu(x - 1)": Max(x - 1, 0),
    "gelu(2*x)": 2 * x * (1 + erf(sp.sqrt(2) * x)) / 2,
    "sigmoid(-x)": 1 / (1 + exp(x)),
    "(x + 1)^1000": (x + 1) ** 1000,
}


@pytest.mark.parametrize("text", GOOD)
def test_meaning(text: str) -> None:
    assert sp.expand(parse(text) - GOOD[text]) == 0


@pytest.mark.parametrize("text", GOOD)
def test_symbols_are_real_and_numbers_exact(text: str) -> None:
    expression = parse(text)
    assert all(s.is_real for s in expression.free_symbols)
    assert not expression.has(sp.Float)


def test_a_composed_activation_is_cut_at_its_own_kinks() -> None:
    composed = parse("elu(1 - elu(x))")
    expected = sp.lambdify(x, parse("elu(x)"), "math")
    value = sp.lambdify(x, composed, "math")
    points = [-3.0, -0.5, 0.25, 0.75, 1.5, 4.0]
    assert [value(p) for p in points] == pytest.approx([expected(1 - expected(p)) for p in points])


BAD = {
    "": "expected a number, a symbol, a function .*found the end (position 1)",
    "x +": "found the end (position 4)",
    "(x": "expected ')', found the end (position 3)",
    "x)": "expected the end, found ')' (position 2)",
    "x, a": "expected the end, found ',' (position 2)",
    "*x": "expected a number.*found '*' (position 1)",
    "2x": "an operator is missing before 'x'; products need a * (position 2)",
    "x (a)": "there is no function 'x'; .*exp, .*the names of hermiso.catalogue (position 1)",
    "x a": "an operator is missing before 'a'.*(position 3)",
    "(x)(a)": "an operator is missing before '('.*(position 4)",
    "relo(x)": "there is no function 'relo'; did you mean relu.*(position 1)",
    "1 + sin": "sin is a function; write sin(...) (position 5)",
    "2*gelu": "gelu is a function; write gelu(...) (position 3)",
    "sin(x, a)": "sin takes 1 argument, not 2 (position 1)",
    "clip(x)": "clip takes 3 arguments, not 1 (position 1)",
    "max()": "found ')' (position 5)",
    "x > 0": "'>' belongs in a condition: where(c, a, b).*(position 3)",
    "x and a": "'and' belongs in a condition.*(position 3)",
    "x*true": "'true' belongs in a condition.*(position 3)",
    "where(x, 1, 0)": "expected a condition such as x > 0 (position 7)",
    "where(x > 0, 1)": "expected ',', found ')' (position 15)",
    "where(x > 0, x > 1, 1)": "'>' belongs in a condition.*(position 16)",
    "where(x and x > 0, 1, 0)": "'and' and 'or' join conditions.*(position 7)",
    "where((x > 0) + 1 > 0, 1, 0)": "a condition is no number; indicator(c).*(position 7)",
    "where(-(x > 0), 1, 0)": "a condition is no number.*(position 7)",
    "where((x > 0)^2 > 0, 1, 0)": "a condition is no number.*(position 14)",
    "where(x > (a < 1), 1, 0)": "a condition is no number.*(position 9)",
    "where(where(x > 0, 1, 0) > 0, 1, 0)": "where may not stand in a condition (position 7)",
    "where(elu(x) > 0, 1, 0)": "a condition may not contain a function cut.*(position 7)",
    "where(not x, 1, 0)": "found 'not' (position 7)",
    "piecewise((x, x > 0))": "the last condition of piecewise must be true.*(position 21)",
    "piecewise(x, x > 0)": "expected '(', found 'x' (position 11)|an operator.*(position 11)",
    "x!": "the character '!' is not allowed (position 2)",
    "x == 1": "the character '=' is not allowed; use <= or >= (position 3)",
    "x.diff": "the character '.' is not allowed (position 2)",
    "x[0]": "the character '[' is not allowed; use ( (position 2)",
    "__import__('os')": "the character '_' is not allowed (position 1)",
    "x; a": "the character ';' is not allowed (position 2)",
    "\u03c0*x": "the character '\u03c0' is not allowed; use pi (position 1)",
    "x \u2212 1": "the character '\u2212' is not allowed; use - (position 3)",
    "\u0661*x": "the character '\u0661' is not allowed (position 1)",
    "x\x00": r"the character '\x00' is not allowed (position 2)",
    "1_000": "the character '_' is not allowed (position 2)",
    "I*x": "I is not allowed: a formula is real and finite (position 1)",
    "x + oo": "oo is not allowed.*(position 5)",
    "1/0": "division by zero (position 2)",
    "x + 0^-1": "division by zero (position 6)",
    "log(0)": "the value is not finite here (position 1)",
    "tan(pi/2)": "the value is not finite here (position 1)",
    "sqrt(-1)*x": "the value is not real here (position 1)",
    "log(-2)": "the value is not real here (position 1)",
    "(-8)^(1/3)": "the value is not real here (position 5)",
    "9^9^9^9": "an exponent is larger than 1000 (position 4)",
    "2^(10^9)": "an exponent is larger than 1000 (position 2)",
    "x^1001": "an exponent is larger than 1000 (position 2)",
    "x^-1001": "an exponent is larger than 1000 (position 2)",
    "(x^1000)^1000": "an exponent is larger than 1000 (position 9)",
    "square(x^600)": "an exponent is larger than 1000 (position 1)",
    "exp(10^9*log(2)*x)": "an exponent is larger than 1000 (position 1)",
    "2^(10^9*log(1.5)/log(2))": "an exponent is larger than 1000 (position 2)",
    "((9^999)^999)": "numbers of the formula have more than 4214 digits (position 9)",
    "floor(softplus(1000))": "a number is too close to a jump of floor or ceil to tell",
    "1e1001": "a decimal exponent is larger than 1000 (position 1)",
    "x*" + "7" * 101: "a number has 101 characters; at most 100 (position 3)",
    "exp(exp(exp(exp(10))))": "the constant argument of exp is larger than 7000 (position 9)",
    "pi^(exp(9))": "the constant argument of exp is larger than 7000 (position 3)",
    "erfi(100)": "the constant argument of erfi is larger than 80 (position 1)",
    "gelu(2000)": "the constant argument of gelu is larger than 1000 (position 1)",
    f"({'7' * 99}*{'7' * 99}*{'7' * 99}*{'7' * 99})^0.5": "a root is taken of a number with too",
    "sin(" * 20 + "1" + ")" * 20: "a constant is nested too deeply",
    "gelu(" * 20 + "x" + ")" * 20: "the formula grows beyond 10000 operations",
    "elu(" * 10 + "x" + ")" * 10: "functions cut into pieces are nested too deeply",
    "(" * 101 + "x" + ")" * 101: "the formula is nested more than 100 deep (position 102)",
    "1/(1 + " * 80 + "x" + ")" * 80: "the formula is nested too deeply",
    "+".join("x" * 1001): "the formula has 2001 parts; at most 2000 (position 2001)",
    "x" * 10_001: "the formula has 10001 characters; at most 10000",
}


@pytest.mark.parametrize("text", BAD, ids=lambda text: ascii(text)[:40])
def test_refusal_names_what_and_where(text: str) -> None:
    message = re.escape(BAD[text]).replace(r"\.\*", ".*").replace(r"\|", "|")
    with pytest.raises(ParseError, match=message):
        parse(text)


def test_refusal_shows_the_place() -> None:
    with pytest.raises(ParseError) as refusal:
        parse("max(x,\n$)")
    assert str(refusal.value).splitlines()[1:] == ["  max(x, $)", "         ^"]


def test_refusal_shows_a_part_of_a_long_text() -> None:
    with pytest.raises(ParseError) as refusal:
        parse("x + " * 100 + "?" + " + x" * 100)
    _, line, caret = str(refusal.value).splitlines()
    assert line[caret.index("^")] == "?"
    assert len(line) <= 62


@pytest.mark.parametrize("text", [b"x", None, 3, x])
def test_only_text_is_read(text: Any) -> None:
    with pytest.raises(ParseError, match=f"a formula is text, and this is a {type(text).__name__}"):
        parse(text)


def test_assumptions_are_declared() -> None:
    expression = parse("max(alpha*x, 0)", {"alpha": {"positive": True}})
    assert expression == Max(Symbol("alpha", positive=True) * x, 0)


def test_assumptions_of_no_symbol_are_refused() -> None:
    with pytest.raises(ParseError, match=r"given for alhpa, no symbol .* its symbols: alpha, x"):
        parse("alpha*x", {"alhpa": {"positive": True}})


def test_assumptions_that_contradict_each_other_are_refused() -> None:
    with pytest.raises(ParseError, match="of a contradict each other"):
        parse("a*x", {"a": {"positive": True, "negative": True}})


NESTED = [
    ("(", ")"), ("sin(", ")"), ("log(1 + ", ")"), ("abs(x - ", ")"), ("max(x, 2*", " - 1)"),
    ("min(a + ", "*2, 1)"), ("where(x > 0, ", ", 1)"), ("where(", " > 0, x, 1)"),
    ("where(sin(", ") > 0, x, 1)"), ("heaviside(x - ", ")"), ("sqrt(x + ", "^2)"), ("x^(", ")"),
    ("(1 + 2*3^(", ")^x)"), ("clip(2*", " + a, -1, 1)"), ("Phi(", ")"), ("-(", ")"),
    ("piecewise((", ", x > 0), (1, true))"), ("max(sin(", "), x)"), ("relu(", "*2 - 1)"),
    ("relu_squared(", ")"), ("hardswish(", ")"), ("elu(", ")"), ("square(", ")"),
]  # fmt: skip
HOSTILE = {
    **{f"{pre}...{post}": pre * 50 + "x" + post * 50 for pre, post in NESTED},
    **{f"{pre}0.3{post}": pre * 100 + "0.3" + post * 100 for pre, post in NESTED},
    "sum": "+".join(["x"] * (MAX_TOKENS // 2)),
    "primes": "+".join(f"1/{10007 + 2 * i}" for i in range(490)),
    "powers": "*".join(["9^999"] * 490),
    "radicals": "*".join(f"sqrt({i})" for i in range(2, 390)),
    "maximum": f"max({','.join(f'sin({i}*x)' for i in range(280))})",
    "constants": f"max({','.join(f'sin(exp({i}))' for i in range(240))})",
    "absolute": f"abs({'+'.join(f'log(x+{i})' for i in range(280))})",
    "conditions": f"where({' or '.join(f'x>{i} and x<{i}+a' for i in range(199))},1,0)",
    "huge": f"abs(sin({'*'.join(['exp(5000)'] * 390)}))",
    "near_one": "exp(10^90*log((10^99+1)/10^99)*x)",
    "signs": "-" * (MAX_TOKENS - 1) + "x",
    "tower": "^".join(["x"] * (MAX_TOKENS // 2)),
    "activations": "+".join(f"elu(elu(x+{i}))" for i in range(100)),
    "name": "a" * MAX_LENGTH,
    "deep": "(" * MAX_NESTING + "x" + ")" * MAX_NESTING,
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_formulas_end_refused_or_of_limited_size(name: str) -> None:
    expression = read_or_refused(HOSTILE[name])
    assert expression is None or sum(1 for _ in sp.preorder_traversal(expression)) <= MAX_NODES


@pytest.mark.parametrize("name", ["radicals", "maximum", "constants", "absolute", "conditions"])
def test_the_longest_formulas_are_read(name: str) -> None:
    assert read_or_refused(HOSTILE[name]) is not None


def read_or_refused(text: str) -> Any:
    try:
        expression = parse(text)
    except ParseError:
        return None
    assert isinstance(expression, sp.Expr)
    return expression


WORDS = [
    *"xak019.,()+-*/^<>&| \n", "**", "<=", ">=", "1e3", "0.5", "pi", "e", "and", "or", "true",
    "where(", "piecewise((", "indicator(", "max(", "abs(", "exp(", "log(", "sin(", "elu(", "gelu(",
    "sqrt(", "$", "_", "I", "x > 0", "x^2", "(x)", "2*x", "=", "|x|", "floor(", "besselj(1,",
    "leaky_relu(x, 0.2)",
]  # fmt: skip


@given(st.text(max_size=60))
def test_any_text_is_read_or_refused(text: str) -> None:
    read_or_refused(text)


@settings(deadline=10_000, max_examples=300)
@given(st.lists(st.sampled_from(WORDS), max_size=30).map("".join))
def test_any_words_are_read_or_refused(text: str) -> None:
    read_or_refused(text)


UNARY = [
    "-{}", "exp({})", "sin({})", "tanh({})", "erf({})", "abs({})", "sign({})", "sqrt({})",
    "log({})", "heaviside({})", "relu({})", "softplus({})", "{}^2", "{}^-1", "{}^0.5", "Phi({})",
    "|{}|", "floor({})", "ceil({})", "round({})", "sinc({})", "sech({})", "lambertw({})",
    "besselj(2, {})", "erfcx({})", "erfinv({})", "log1p({})", "expm1({})", "softplus({}, 3)",
]  # fmt: skip
BINARY = [
    "{} + {}", "{} - {}", "{}*{}", "{}/{}", "({})^({})", "max({}, {})", "min({}, {})",
    "where({} > 0, {}, 1)", "where(x < 1 and {} <= {}, x, 0)", "indicator({} < {})",
]  # fmt: skip


def grow(smaller: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    part = smaller.map("({})".format)
    one = st.tuples(st.sampled_from(UNARY), part).map(lambda u: u[0].format(u[1]))
    two = st.tuples(st.sampled_from(BINARY), part, part).map(lambda b: b[0].format(b[1], b[2]))
    return one | two


formulas = st.recursive(st.sampled_from(["x", "a", "b", "2", "0.3", "pi"]), grow, max_leaves=12)


@settings(deadline=10_000)
@given(formulas)
def test_what_sympy_prints_is_read_back(text: str) -> None:
    expression = read_or_refused(text)
    if expression is not None:
        assert same(parse(str(expression)), expression)


# --- random formulas of every function ---------------------------------------------------------

LEAVES = [
    *("x", "x", "a", "t", "0", "1", "2", "3", "0.5", "1e3", "1e-3", "10", "999", "1000", "7e999"),
    *("pi", "e", "true", "false", "I", "oo", "0.3333333", "1/3"),
]  # fmt: skip
JOINED = [
    *("{}+{}", "{}-{}", "{}*{}", "{}/{}", "{}^{}", "({})^({})", "({})*({})", "({})/({})"),
    "|{}|*{}",
    *("where({} > {}, 2, x)", "where({} < 1 and {} > 0, x, 1)", "indicator({} <= {})"),
    "piecewise(({}, {} >= 1), (x, true))",
]  # fmt: skip
NAMES = [*FUNCTIONS, *CUTS, *catalogue.names()]
SYMBOLS = [*"+-*/^,()<>&|= ", "**", "<=", "and", "not"]


def random_formula(draw: random.Random, depth: int) -> str:
    if depth == 0 or draw.random() < 0.25:
        return draw.choice(LEAVES)
    if draw.random() < 0.5:
        parts = (random_formula(draw, depth - 1) for _ in range(2))
        return draw.choice(JOINED).format(*parts)
    name = draw.choice(NAMES)
    known = FUNCTIONS[name].arity or draw.randint(1, 3) if name in FUNCTIONS else 1
    count = known if draw.random() < 0.9 else draw.randint(1, 3)
    return f"{name}({', '.join(random_formula(draw, depth - 1) for _ in range(count))})"


def random_text(draw: random.Random) -> str:
    """A formula, perhaps with a wrong character, or a row of words."""
    text = random_formula(draw, draw.randint(1, 4))
    kind = draw.random()
    if kind < 0.1:
        at = draw.randrange(len(text))
        return text[:at] + draw.choice(SYMBOLS) + text[at + 1 :]
    if kind < 0.3:
        words = (draw.choice(draw.choice([SYMBOLS, LEAVES, NAMES])) for _ in range(12))
        return "".join(words)
    return text


@pytest.mark.parametrize(
    ("seed", "count"), [(1, 400), pytest.param(2, 20_000, marks=pytest.mark.search)]
)
def test_random_formulas_are_read_or_refused_in_a_line(seed: int, count: int) -> None:
    draw, longest, read = random.Random(seed), "", 0
    for _ in range(count):
        try:
            read += isinstance(parse(random_text(draw)), sp.Expr)
        except ParseError as refusal:
            longest = max(longest, str(refusal), key=len)
    assert count / 5 < read < count
    assert 0 < len(longest) < 700


@pytest.mark.parametrize("text", [
    "selu(1/ceil(piecewise((1e-3, x >= 1), (0.5, true))))",  # pieces that fold to one number
    "elu(min(piecewise((1, x > 0), (1, true)), x))",
])  # fmt: skip
def test_pieces_that_fold_into_one(text: str) -> None:
    assert read_or_refused(text) is not None


def same(one: Any, other: Any) -> bool:
    """Equal, or equal once sympy has simplified what the parser left as written."""
    return bool(one == other or sp.simplify(one.doit() - other.doit()) == 0)
