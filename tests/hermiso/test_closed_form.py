import itertools

import mpmath
import pytest
import sympy as sp
from sympy import E, Rational, Symbol, cos, cosh, erf, exp, pi, sin, sinh, sqrt, tanh

import hermiso
import hermiso.closed_form
import hermiso.problem
from hermiso.errors import (
    ActivationError,
    ConfirmationError,
    NotSquareIntegrable,
    PrecisionError,
    UnknownSign,
)
from hermiso.symbolic.moments import Moments
from hermiso.symbolic.nodes import IsometryStrength, Unevaluated

x, y, a, s, t, k, rho, alpha = sp.symbols("x y a s t k rho alpha")
p = Symbol("p", positive=True)
RELU = (3 * pi - 4) / (2 * pi - 2)
GELU = x * (1 + erf(x / sqrt(2))) / 2
LEAKY = sp.Piecewise((x, x > 0), (s * x, True))
ELU = sp.Piecewise((x, x > 0), (p * (exp(x) - 1), True))


@pytest.mark.parametrize(
    ("sigma", "expected"),
    [
        (x, 1),
        (x**2 - 1, 2),
        (sin(x), 2 - 2 * E / (E**2 - 1)),
        (exp(x - 2), 2 - 1 / (E - 1)),
        (sp.Piecewise((1, x > 0), (0, True)), 2 - 2 / pi),
        (sp.Heaviside(x), 2 - 2 / pi),
        (sp.Max(x, 0), RELU),
        (sp.Max(p * x, 0), RELU),
        (sp.Max(0.5 * x, 0), RELU),
        (sp.Max(x, 0) ** 2, 2 - 8 / (5 * pi)),
        (GELU, (-6 + 4 * sqrt(3) + 5 * pi) / (-3 + 2 * sqrt(3) + 4 * pi)),
        (exp(alpha * x), 2 - alpha**2 / (exp(alpha**2) - 1)),
        (sin(alpha * x), 2 - 2 * alpha**2 * exp(alpha**2) / (exp(2 * alpha**2) - 1)),
        (LEAKY, 2 - pi * (s + 1) ** 2 / (-(s**2) + pi * s**2 + 2 * s - 1 + pi) / 2),
        (abs(x), 2),
        (abs(x) ** p, 2),
        (sp.log(cosh(x)), 2),
    ],
    ids=str,
)
def test_beta_is_what_a_person_would_write(sigma: sp.Expr, expected: sp.Expr) -> None:
    assert hermiso.beta(sigma, x) == expected


def test_beta_of_sin_is_no_longer_than_table_b1() -> None:
    printed = 2 * (-1 + exp(2 * alpha**2) - exp(alpha**2) * alpha**2) / (-1 + exp(2 * alpha**2))
    ours = hermiso.beta(sin(x), gain=alpha)
    assert ours.count_ops() <= printed.count_ops()
    assert sp.simplify(ours - printed) == 0


WITHOUT_CLOSED_FORM = {
    *("gelu_tanh", "quick_gelu", "silu", "mish", "sigmoid", "logsigmoid", "softplus"),
    *("tanh", "tanhshrink", "arctan", "symlog", "asinh", "log_ndtr", "squareplus", "serf"),
}


@pytest.mark.parametrize("name", hermiso.catalogue.names())
@pytest.mark.parametrize("gain", [None, Symbol("g", positive=True)], ids=["plain", "gain"])
def test_the_catalogue_has_closed_forms_but_for_the_transcendental_ones(
    name: str, gain: sp.Symbol | None
) -> None:
    result = hermiso.beta(name, gain=gain)
    assert result.has(Unevaluated) == (name in WITHOUT_CLOSED_FORM)
    if gain is not None and not result.has(Unevaluated):
        assert result.free_symbols <= {gain}
        at_two = hermiso.beta(name, gain=2)
        assert abs((result.subs(gain, 2) - at_two).evalf(30)) < Rational(1, 10**25)


COVERED = {
    "celu": sp.Piecewise((x, x > 0), (p * (exp(x / p) - 1), True)),
    "elu": ELU,
    "selu": alpha * ELU,
    "shifted relu": sp.Max(x - t, 0),
    "prelu": LEAKY,
    "snake": x + sin(a * x) ** 2 / a,
    "bump": exp(-p * (x - 1) ** 2),
    "gelu with gain": a * x * (1 + erf(a * x / sqrt(2))) / 2,
    "damped": x * exp(-abs(x)),
    "sin exp": sin(x) * exp(a * x),
    "He_5": sp.hermite_prob(5, x),
    "softsign": x / (1 + abs(x)),
    "lorentz": x / (1 + x**2),
    "shifted poles": 1 / (x**2 + x + 2),
    "two erfs": erf(x) * erf(x / 2),
    "shifted erf": erf(x + t),
    "half power": sp.Max(x, 0) ** p,
    "clip": sp.Min(sp.Max(x, -p), p),
    "half-line wave": sp.Piecewise((sin(x), x > 1), (cosh(x / 2), True)),
    "window of a growing bell": sp.Piecewise((exp(x**2), abs(x) < 1), (0, True)),
    "erf on a half-line": sp.Piecewise((erf(x), x > 0), (x, True)),
}


@pytest.mark.parametrize("sigma", COVERED.values(), ids=COVERED)
def test_the_covered_class_has_closed_forms(sigma: sp.Expr) -> None:
    assert not hermiso.beta(sigma, x).has(Unevaluated)
    assert not hermiso.moment(sigma, x).has(Unevaluated)


SYMBOLIC_K = {
    "relu": sp.Max(x, 0),
    "relu cubed": sp.Max(x, 0) ** 3,
    "abs": abs(x) * x,
    "step": sp.Heaviside(x),
    "leaky": LEAKY,
    "shifted relu": sp.Max(x - t, 0),
    "hardtanh": sp.Min(sp.Max(x, -1), 1),
    "hardswish": x * sp.Min(sp.Max(x + 3, 0), 6) / 6,
    "elu": ELU,
    "damped": x * exp(-abs(x)),
    "exp": exp(a * x),
    "sin": sin(a * x),
    "cos": x * cos(a * x),
    "sin exp": sin(x) * exp(x),
    "bell": x**2 * exp(-(x**2) / 2),
    "shifted bell": x * exp(-(x**2) / 2 + x),
    "growing bell": exp(x**2 / 8),
    "bell wave": exp(x**2 / 8) * cos(x),
    "erf": erf(a * x),
    "gelu": GELU,
    "polynomial": x**3 - 2 * x + 1,
    "half power": sp.Max(x, 0) ** Rational(3, 2),
    "sum": sp.Max(x, 0) + exp(x) + erf(x) + x**2,
}


@pytest.mark.parametrize("sigma", SYMBOLIC_K.values(), ids=SYMBOLIC_K)
def test_symbolic_k_agrees_with_every_integer_k(sigma: sp.Expr) -> None:
    general = hermiso.coefficient(sigma, k, x)
    assert not general.has(Unevaluated)
    values = {a: Rational(2, 3), p: Rational(4, 5), s: Rational(-1, 3), t: Rational(3, 7)}
    for j in (0, 1, 2, 3, 4, 7, 12):
        ours = general.subs(k, j).doit().subs(values)
        exact = hermiso.coefficient(sigma, j, x).subs(values)
        assert abs((ours - exact).evalf(25)) < Rational(1, 10**20), j


FAST = sp.Integer(10) ** 6


def test_waves_that_no_quadrature_resolves_have_their_closed_forms() -> None:
    """E exp(i w z) = exp(-w^2/2), whatever w."""
    w = FAST
    assert hermiso.moment(sp.cos(w * x) + x**2) == 1 + exp(-(w**2) / 2)
    assert hermiso.moment(sp.sin(1 - w * x)) == exp(-(w**2) / 2) * sp.sin(1)
    assert hermiso.coefficient(sp.sin(-w * x), 1) == -w * exp(-(w**2) / 2)
    assert hermiso.beta(sp.cos(w * x)) == 2
    assert hermiso.moment(sp.cos(1000 * pi * x)) == exp(-500000 * pi**2)
    both = hermiso.moment(sp.sin(w * x) * sp.sin(1000 * x) * exp(x))
    expected = [exp((1 - d**2) / 2) * sp.cos(d) / 2 for d in (w - 1000, w + 1000)]
    assert (both / (expected[0] - expected[1])).evalf(20) == pytest.approx(1, rel=1e-18)


def test_a_fast_wave_next_to_a_kink() -> None:
    value = hermiso.dual(sp.Max(x, 0) + sp.sin(FAST * x)).subs(rho, Rational(1, 2)).evalf(20)
    assert value == pytest.approx(
        hermiso.dual("relu").subs(rho, Rational(1, 2)).evalf(20), rel=1e-18
    )


def test_symbolic_k_of_relu_is_one_formula() -> None:
    expected = 2 ** (k / 2) / (
        2 * sqrt(2) * sp.gamma(Rational(3, 2) - k / 2) * sqrt(sp.factorial(k))
    )
    assert sp.simplify(hermiso.coefficient("relu", k) / expected) == 1


def test_c_1000_of_relu_is_exact() -> None:
    # c_k = He_{k-2}(0) / sqrt(2 pi k!) for k >= 2
    expected = -sp.factorial2(997) / sqrt(2 * pi * sp.factorial(1000))
    assert abs((hermiso.coefficient("relu", 1000) / expected - 1).evalf(40)) < Rational(1, 10**35)


@pytest.mark.parametrize("name", ["relu", "gelu", "elu", "sin", "hardtanh", "gaussian"])
def test_smoothing_generates_the_coefficients(name: str) -> None:
    T = hermiso.smoothing(name)
    for j, c in enumerate(hermiso.coefficients(name, 5)):
        derived = sp.diff(T, Symbol("t"), j).subs("t", 0) / sqrt(sp.factorial(j))
        assert abs((derived - c).evalf(30)) < Rational(1, 10**25)


DUALS = {
    "x": rho,
    "step": Rational(1, 4) + sp.asin(rho) / (2 * pi),
    "sign": 2 * sp.asin(rho) / pi,
    "relu": rho / 4 + (sqrt(1 - rho**2) + rho * sp.asin(rho)) / (2 * pi),
    "abs": 2 * (sqrt(1 - rho**2) + rho * sp.asin(rho)) / pi,
    "exp": exp(rho + 1),
    "sin": exp(-1) * sinh(rho),
    "cos": exp(-1) * cosh(rho),
    "erf": 2 * sp.asin(2 * rho / 3) / pi,
    "gelu": rho / 4 + rho * sp.asin(rho / 2) / (2 * pi) + 1 / (2 * pi * sqrt(4 - rho**2)),
    "gaussian": 1 / sqrt(4 - rho**2),
    "he2": 2 * rho**2,
}


@pytest.mark.parametrize(("name", "expected"), DUALS.items(), ids=DUALS)
def test_dual_activations(name: str, expected: sp.Expr) -> None:
    ours = hermiso.dual(x if name == "x" else name)
    assert sp.simplify(ours - expected) == 0


MORE_DUALS = {
    "leaky": LEAKY,
    "relu squared": sp.Max(x, 0) ** 2,
    "relu cubed": sp.Max(x, 0) ** 3,
    "abs x x": abs(x) * x,
    "shifted relu": sp.Max(x - 1, 0),
    "hardtanh": sp.Min(sp.Max(x, -1), 1),
    "elu": ELU,
    "gain of gelu": GELU.subs(x, p * x),
    "wave": sin(2 * x) + x * cos(x + 1),
    "bell": x * exp(-(x**2) + x),
    "shifted erf": x * erf(2 * x + 1),
    "power": abs(x) ** p,
    "half power": sp.Max(x, 0) ** Rational(1, 2),
    "sum": sp.Max(x, 0) + erf(x) + exp(-(x**2)),
}


@pytest.mark.parametrize("sigma", MORE_DUALS.values(), ids=MORE_DUALS)
def test_dual_is_the_series_of_squared_coefficients(sigma: sp.Expr) -> None:
    values = {p: Rational(3, 4), s: Rational(1, 5)}
    hat = hermiso.dual(sigma, x=x).subs(values)
    assert not hat.has(Unevaluated)
    r = Rational(1, 5)
    degree = 30  # (1/5)^30 = 1e-21
    squares = [c**2 for c in hermiso.coefficients(sigma.subs(values), degree, x)]
    series = sum(c * r**j for j, c in enumerate(squares))
    assert abs((hat.subs(rho, r) - series).evalf(25)) < Rational(1, 10**17)


@pytest.mark.parametrize("name", ["relu", "gelu", "sin", "step", "hardtanh", "leaky_relu"])
def test_kernel_map_starts_at_zero_and_ends_at_one(name: str) -> None:
    kappa = hermiso.kernel_map(name)
    assert abs(kappa.subs(rho, 0).evalf(30)) < Rational(1, 10**25)
    # the slope at 0 is p_1 = 2 - beta
    slope = sp.diff(kappa, rho).subs(rho, 0) - (2 - hermiso.beta(name))
    assert abs(slope.evalf(30)) < Rational(1, 10**25)
    near_one = kappa.subs(rho, 1 - Rational(1, 10**30)).evalf(20)
    assert abs(near_one - 1) < Rational(1, 10**12)


@pytest.mark.parametrize(
    ("sigma", "error", "message"),
    [
        (sp.Max(a * x, 0), UnknownSign, r"sign of a is needed.*Symbol\('a', positive=True\)"),
        (sp.Min(sp.Max(x, a), s), UnknownSign, r"sign of -a \+ s is needed"),
        (exp(a * x**2), UnknownSign, r"1 - 2\*a.*Symbol\('a', negative=True\)"),
        (exp(x**2 / 2), NotSquareIntegrable, r"outgrows exp\(x"),
        (exp(x**2 / 4), NotSquareIntegrable, r"outgrows exp\(x"),
        (1 / x, NotSquareIntegrable, "pole"),
        (tanh(x) / (x - 1), NotSquareIntegrable, "pole at x = 1"),
        (abs(x) ** Rational(-1, 2), NotSquareIntegrable, "pole near x = 0"),
        (x ** Rational(-1, 2), ActivationError, "complex-valued"),
        (sqrt(x), ActivationError, "complex-valued"),
        (exp(exp(x)), NotSquareIntegrable, "outgrows"),
        (exp(x**4), NotSquareIntegrable, "outgrows"),
        (exp(exp(exp(-x))), NotSquareIntegrable, "-> -oo"),
        (sp.tan(x), NotSquareIntegrable, "poles on the line"),
        (sp.gamma(x), NotSquareIntegrable, "poles on the line"),
        (sp.tan(abs(x)), NotSquareIntegrable, "pole near x = -1.57"),
        (1 / sin(x), NotSquareIntegrable, "pole near"),
        (1 / (x * exp(x) - 1), NotSquareIntegrable, "pole near x = 0.5671"),
        (x + sp.DiracDelta(x), ActivationError, "no function"),
        (sp.asin(x / 10), ActivationError, "complex-valued"),
        (sp.Integer(3), ActivationError, "no variable"),
        (a * y, ActivationError, "any of a, y; pass x="),
        (sp.I * x, ActivationError, "complex-valued"),
        (sp.nan * x, ActivationError, "nan"),
        (sp.Piecewise((x, x > 0)), ActivationError, "undefined"),
        (Symbol("x", positive=True), ActivationError, "whole real line"),
    ],
    ids=str,
)
def test_bad_input_gets_one_clear_error(
    sigma: sp.Expr, error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        hermiso.beta(sigma)


@pytest.mark.parametrize("degree", [-1, 1.5, "k", 10**9, None, [1]])
def test_a_bad_degree_is_refused(degree: object) -> None:
    with pytest.raises(ActivationError, match="degree"):
        hermiso.coefficient("relu", degree)


@pytest.mark.parametrize("n", [-1, 2.0, None, True])
def test_a_bad_number_of_coefficients_is_refused(n: object) -> None:
    with pytest.raises(ActivationError, match="n is"):
        hermiso.coefficients("relu", n)


def test_a_symbol_of_the_result_may_not_be_a_parameter() -> None:
    with pytest.raises(ActivationError, match="pass another one"):
        hermiso.dual(exp(rho * x), x=x)
    assert hermiso.dual(exp(rho * x), y, x) == exp(rho**2 * (y + 1))


def test_a_wrong_moment_never_leaves_the_library(monkeypatch: pytest.MonkeyPatch) -> None:
    right = Moments.expectation
    monkeypatch.setattr(
        Moments, "expectation", lambda self, f: right(self, f) * Rational(1001, 1000)
    )
    for question in (hermiso.beta, hermiso.moment, lambda e: hermiso.coefficient(e, 1)):
        with pytest.raises(ConfirmationError, match="bug of hermiso"):
            question(exp(x))


def test_a_wrong_dual_never_leaves_the_library(monkeypatch: pytest.MonkeyPatch) -> None:
    right = hermiso.closed_form.dual_of
    monkeypatch.setattr(hermiso.closed_form, "dual_of", lambda f, r: right(f, r) + r**5 / 10**6)
    with pytest.raises(ConfirmationError, match="bug of hermiso"):
        hermiso.dual("relu")


def test_deep_nesting_returns() -> None:
    nested = x
    for i in range(50):
        nested = sp.Piecewise((nested, x > Rational(i, 10) - 2), (x / (i + 2), True))
    assert 1 < hermiso.beta(nested).evalf(15) < 2


def test_high_powers_return() -> None:
    assert hermiso.beta(x**40) == 2
    assert isinstance(hermiso.beta((x + 1) ** 1000), IsometryStrength)


def test_parameters_keep_the_users_symbols() -> None:
    for symbol in (Symbol("a"), Symbol("a", real=True), Symbol("a", positive=True)):
        assert hermiso.beta(exp(symbol * x), x).free_symbols == {symbol}


@pytest.mark.parametrize(
    ("sigma", "g"), itertools.product([sp.Max(x, 0), exp(x), erf(x), GELU], [2, Rational(1, 3)])
)
def test_gain_is_substitution(sigma: sp.Expr, g: sp.Expr) -> None:
    assert hermiso.beta(sigma, gain=g) == hermiso.beta(sigma.subs(x, g * x))


def test_beta_ignores_scale_and_shift() -> None:
    assert hermiso.beta(3 * sp.Max(x, 0) - 7) == RELU


def test_values_against_another_library() -> None:
    # erf: c_1 = 2/sqrt(3 pi), E erf^2 = 2 asin(2/3)/pi
    with mpmath.workdps(40):
        expected = 2 - (4 / (3 * mpmath.pi)) / (2 * mpmath.asin(mpmath.mpf(2) / 3) / mpmath.pi)
        assert (
            abs(mpmath.mpf(str(hermiso.beta("erf").evalf(35))) - expected) < mpmath.mpf(10) ** -33
        )


def test_what_is_confirmed_is_what_is_returned(monkeypatch: pytest.MonkeyPatch) -> None:
    right = hermiso.closed_form.tidy
    for module in (hermiso.closed_form, hermiso.problem):
        monkeypatch.setattr(module, "tidy", lambda e: right(e) + Rational(1, 10**6))
    for question in (
        hermiso.moment,
        hermiso.dual,
        hermiso.smoothing,
        lambda e: hermiso.coefficient(e, 1),
    ):
        with pytest.raises(ConfirmationError, match="bug of hermiso"):
            question("gelu")


FAR = {
    "relu from 10": (sp.Max(x - 10, 0), None),
    "step at 12": (sp.Heaviside(x - 12), None),
    "steep elu": ("elu", 20),
    "flat clip": ("relu6", Rational(1, 10**6)),
    "steep damped": (x * exp(-20 * abs(x)), None),
    "steep exp": (exp(1000 * x), None),
    "steep erf": ("erf", 1000),
    "nearly divergent": (x * exp(10 * x**2 / 41), None),
}


@pytest.mark.parametrize(("sigma", "gain"), FAR.values(), ids=FAR)
def test_forms_that_cancel_many_digits_are_confirmed(sigma: object, gain: sp.Expr | None) -> None:
    beta = hermiso.beta(sigma, gain=gain)
    assert not beta.has(Unevaluated)
    assert 1 <= beta.evalf(15, maxn=5000) <= 2


@pytest.mark.parametrize("name", ["hardtanh", "hardswish", "relu", "gelu", "elu", "hardshrink"])
def test_kernel_maps_have_values_at_the_ends(name: str) -> None:
    kappa = hermiso.kernel_map(name)
    near = {1: 1 - Rational(1, 10**24), -1: Rational(1, 10**24) - 1}
    for end, inside in near.items():
        assert abs(kappa.subs(rho, end).evalf(20) - kappa.subs(rho, inside).evalf(20)) < 1e-11
    assert abs(kappa.subs(rho, 1).evalf(25) - 1) < Rational(1, 10**20)


def test_a_symbolic_threshold_has_high_coefficients() -> None:
    c = hermiso.coefficient(sp.Max(x - s, 0), 40, x)
    expected = hermiso.coefficient(sp.Max(x - Rational(1, 3), 0), 40)
    assert abs((c.subs(s, Rational(1, 3)) - expected).evalf(25)) < Rational(1, 10**22)


def test_symmetry_about_a_constant() -> None:
    assert hermiso.moment("sigmoid") == Rational(1, 2)
    assert hermiso.coefficient("sigmoid", 2) == 0
    assert hermiso.coefficient("softplus", 3).evalf(10) == 0


def test_symmetry_about_a_polynomial() -> None:
    """x sigmoid(x) - x/2 and log(1 + e^x) - x/2 are even, atan + x^2 is odd but for x^2."""
    for name in ("silu", "gelu_tanh", "softplus"):
        assert hermiso.coefficient(name, 1) == Rational(1, 2)
        assert hermiso.coefficient(name, 3) == 0
    e = sp.atan(x) + x**2
    assert hermiso.moment(e, x) == 1
    assert hermiso.coefficient(e, 2, x) == sp.sqrt(2)
    assert hermiso.coefficient(e, 4, x) == 0
    assert hermiso.beta(sp.exp(-(x**4)) + x, x).evalf(10) != 2


def test_a_variance_that_no_precision_shows() -> None:
    with pytest.raises(PrecisionError, match="symbolic parameter"):
        hermiso.beta("threshold", gain=1e-6)
