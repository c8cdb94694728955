"""hermiso.activation: what is read as an activation, and what is refused and why."""

import pickle
import subprocess
import sys

import numpy as np
import pytest
import sympy as sp
import torch
from sympy import Abs, Eq, Function, I, Max, Piecewise, Rational, Symbol, exp, log, sin, sqrt

import hermiso
from hermiso import catalogue
from hermiso.activation import Activation, as_activation, exact
from hermiso.errors import ActivationError, HermisoError

a, b, x, y = sp.symbols("a b x y")
real = Symbol("x", real=True)
positive = Symbol("x", positive=True)


@pytest.mark.parametrize(
    ("source", "expression"),
    [
        (x**2, real**2),
        (Symbol("u") ** 2, Symbol("u", real=True) ** 2),
        (a * x, a * real),
        (sqrt(x**2), Abs(real)),
        (0.01 * x + x**0.5 * 0, real / 100),
        (Max(x, 0) ** 2.0, Max(real, 0) ** 2),
        ((exp(I * x) + exp(-I * x)) / 2, sp.cos(real)),
        (sp.Dummy("x") ** 3, real**3),
        (Symbol("x", complex=True) ** 2, real**2),
        (sin(x) * positive.func("p", positive=True), sin(real) * Symbol("p", positive=True)),
    ],
    ids=str,
)
def test_reads_expressions(source, expression):
    activation = as_activation(source)
    assert activation.expression == expression
    assert activation.variable.is_real


@pytest.mark.parametrize(
    ("text", "expression"),
    [
        ("max(x,0)", Max(real, 0)),
        ("x", real),
        ("gelu(2*x) ", catalogue.get("gelu").expression.subs(real, 2 * real)),
        ("silu", catalogue.get("silu").expression),  # a name comes first
        ("a*x", a * real),
    ],
)
def test_reads_formulas_as_text(text, expression):
    e = as_activation(text).expression
    assert e.xreplace({Symbol("a", real=True): a}) == expression


def test_the_variable_of_a_text_is_known_by_name():
    assert as_activation("a*x", a).variable == Symbol("a", real=True)
    assert as_activation("max(x, 0)", x, gain=2).expression == Max(2 * real, 0)


def test_the_given_variable_comes_first():
    assert as_activation(a * x, a).variable == Symbol("a", real=True)
    assert as_activation(a * b, b).expression == a * Symbol("b", real=True)


def test_an_activation_is_kept_and_its_variable_may_be_named():
    relu = catalogue.get("relu")
    assert as_activation(relu) is relu
    assert as_activation("relu", x) is relu


@pytest.mark.parametrize("number", [0.1, 0.1 + 0.2, 1e-300, 1.0507009873554805])
def test_floats_are_the_decimals_they_print_as(number):
    assert exact(number * x) == Rational(repr(number)) * x
    assert float(exact(number)) == number


@pytest.mark.parametrize(
    ("gain", "expression"),
    [(2, Max(2 * real, 0)), (0.5, Max(real / 2, 0)), (a, Max(a * real, 0)), (-1, Max(-real, 0))],
)
def test_gains(gain, expression):
    assert as_activation("relu", gain=gain).expression == expression


@pytest.mark.parametrize("gain", [0, I, sp.oo, "2", None, Symbol("g", imaginary=True), True])
def test_refuses_gains_that_are_not_real_and_nonzero(gain):
    if gain is None:
        assert as_activation("relu", gain=gain) is catalogue.get("relu")
        return
    with pytest.raises(ActivationError, match=r"gain is|neither a number nor"):
        as_activation("relu", gain=gain)


def test_refuses_a_gain_with_the_variable():
    with pytest.raises(ActivationError, match="gain is x; it may not contain the variable x"):
        as_activation("relu", gain=x)


REFUSED = [
    (a * b, r"the variable of a\*b may be any of a, b; pass x=\.\.\."),
    (x * positive, r"may be any of x, x \(positive=True\); pass x"),
    (sp.Integer(3), "3 is constant: there is no variable"),
    (x - x, "0 is constant: there is no variable"),
    (3, "3 is constant: there is no variable"),
    (sp.re(I * x), "constant on the real line"),
    (I * x, r"I\*x is complex-valued: .*\*I at x = .*; it must be real"),
    (sqrt(x), r"sqrt\(x\) is complex-valued"),
    (sqrt(1 - x**2), "is complex-valued"),
    (log(x), r"log\(x\) is complex-valued.*say, with Abs\(x\)"),
    (x**a, r"x\*\*a is complex-valued: .* at x = .*, a = 7/10"),
    (Symbol("c", complex=True) * x, r"the parameter is c \(complex=True\); .*Symbol\('c', real"),
    (x + sp.nan, "the expression is nan; every number in it must be finite"),
    (sp.oo * x, r"oo\*x contains oo"),
    (x / sp.Mul(0, 1, evaluate=False), "contains zoo"),
    (Function("f")(x), r"contains the unknown function f\(x\); give its formula"),
    (Piecewise((x, x > 0)), "is undefined at x = "),
    (positive**2, r"the variable is x \(positive=True\); it must run over the whole real line"),
    (Symbol("n", integer=True) ** 2, r"n \(integer=True\).*declare Symbol\('n', real=True\)"),
    (Symbol("x", imaginary=True) ** 2, r"x \(imaginary=True\)"),
    (sp.MatrixSymbol("A", 2, 2), "A is not a scalar"),
    (Symbol("X", commutative=False) ** 2, "is not a scalar"),
    (sp.Matrix([x]), "is of type MutableDenseMatrix; required: a sympy expression"),
    (Eq(x, 1), r"Eq\(x, 1\) is a condition; write Piecewise"),
    (x > 0, r"x > 0 is a condition; write Piecewise\(\(1, x > 0\), \(0, True\)\)"),
    (None, "None is of type NoneType"),
    ([x], r"\[x\] is of type list"),
    (np.tanh, "the formula of the function <ufunc 'tanh'> is unknown; .* hermiso.numeric, which"),
    ("max(x", r"the formula cannot be read: expected '\)', found the end \(position 6\)"),
    ("geluu", "'geluu' is no name of the catalogue; did you mean gelu or"),
    ("geluu(x)", r"no function 'geluu'; did you mean gelu or .*\(position 1\)"),
    ("a*b", r"the variable of a\*b may be any of a .*, b .*; pass x="),
    ("", "is no name of the catalogue"),
    (np.ones(2), "is of type ndarray"),
    (torch.ones(2), "is of type Tensor"),
]


@pytest.mark.parametrize(("source", "message"), REFUSED, ids=[m for _, m in REFUSED])
def test_refuses(source, message):
    with pytest.raises(ActivationError, match=message):
        as_activation(source)


def test_refuses_a_variable_that_is_not_there():
    with pytest.raises(ActivationError, match=r"a\*x does not contain x=y; its symbols are a, x"):
        as_activation(a * x, y)
    with pytest.raises(ActivationError, match=r"does not contain x=x \(real=True\); its symbols"):
        as_activation(x**2, real)
    with pytest.raises(ActivationError, match="x is y, but the variable of relu is x"):
        as_activation("relu", y)
    with pytest.raises(ActivationError, match="x is 'x'; it must be a sympy Symbol"):
        as_activation(x**2, "x")


def test_refuses_a_parameter_with_the_name_of_the_variable():
    with pytest.raises(ActivationError, match="has two symbols named x; rename the parameter"):
        as_activation(x * positive, x)


def test_a_huge_expression_fails_at_once():
    e = x
    for i in range(50):  # written out, 2^50 pieces
        e = Piecewise((e, x < 50 - i), (e + 1, True))
    with pytest.raises(ActivationError, match=r"has \d{17} nodes when written out; at most 10000"):
        as_activation(e)


def test_a_deep_expression_fails_at_once():
    e = x
    for _ in range(sys.getrecursionlimit()):
        e = sin(e, evaluate=False)
    with pytest.raises(ActivationError, match="nested too deeply; flatten it"):
        as_activation(e)


def test_fifty_nested_cases_are_read_and_compiled():
    e = x
    for i in range(50):
        e = Piecewise((i * x, x < 50 - i), (e, True))
    f = as_activation(e)
    assert f.kinks == tuple(map(sp.Integer, range(1, 51)))
    assert (f(np.array([0.5, 1.5, 50.5])) == [24.5, 72, 50.5]).all()


def test_kinks_are_the_ends_of_pieces():
    t = Symbol("t", positive=True)
    assert as_activation(Max(x - t, 0), x).kinks == (t,)
    assert as_activation(Max(-1, sp.Min(x, 1))).kinks == (-1, 1)
    assert as_activation(sin(x)).kinks == ()


def test_evaluates_expressions_numbers_arrays_and_tensors():
    f = as_activation(Max(x, 0) ** 2)
    assert f(a + 1) == Max(0, a + 1) ** 2
    assert f(sp.Integer(3)) == 9
    assert f(3) == 9
    assert (f(np.array([-1.0, 3.0])) == [0, 9]).all()
    assert torch.equal(f(torch.nn.Parameter(torch.tensor([-1.0, 3.0]))), torch.tensor([0.0, 9.0]))


def test_is_a_value():
    f = as_activation(sin(x) + Max(x, 0))
    assert f == as_activation(sin(x) + Max(x, 0))
    assert f.numpy()(1.0) > f.kinks[0]  # fill what is cached
    assert pickle.loads(pickle.dumps(f)) == f
    assert isinstance(f, Activation)
    with pytest.raises(AttributeError):
        f.name = "g"


def test_reading_and_naming_needs_neither_numpy_nor_torch():
    script = (
        "import sys; from hermiso.activation import as_activation as read; from sympy.abc import x;"
        "read('gelu'); read(x**2, gain=2); "
        "print([m for m in ('numpy', 'scipy', 'torch') if m in sys.modules])"
    )
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"


def test_a_spike_far_out_is_not_called_constant():
    with pytest.raises(ActivationError, match="constant, or so small that its square underf"):
        hermiso.numeric.beta("exp(-1000*(x - 60)^2)")


def test_a_long_formula_is_shortened_in_messages():
    long = 10**900 * x
    for ask in (hermiso.beta, hermiso.numeric.beta, lambda e: hermiso.beta(e + sp.oo)):
        with pytest.raises(HermisoError) as refused:
            ask(sp.exp(long**2))
        assert len(str(refused.value)) < 1000


def test_arrays_and_twins_among_the_symbols_are_named() -> None:
    x = sp.Symbol("x", real=True)
    for array in (sp.IndexedBase("z")[0], sp.MatrixSymbol("z", 2, 2)[0, 0]):  # z sorts after x
        with pytest.raises(ActivationError, match=r"contains the array z.*; put a symbol there"):
            as_activation(array * x)
    free, positive = sp.Symbol("a", real=True), sp.Symbol("a", positive=True)
    with pytest.raises(ActivationError, match="has two symbols named a; rename the parameter"):
        as_activation(free * x + sp.tanh(positive * x))
