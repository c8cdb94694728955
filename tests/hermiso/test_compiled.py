"""hermiso.compiled against mpmath on the whole range of floats, for numpy and torch."""

import math
from functools import cache

import mpmath
import numpy as np
import pytest
import sympy as sp
import torch

from hermiso import catalogue
from hermiso.activation import as_activation
from hermiso.errors import ActivationError

x = sp.Symbol("x", real=True)
oo, nan = math.inf, math.nan
EPS, TINY = 2.0**-52, np.finfo(float).tiny

# The longest chain, in the tail of gelu: x/2 exp(.) exp(.) erfcx(.), every function good to an ulp.
ULPS = 8
# Exponents that are rounded before exp is taken, where the function is like exp of them.
EXPONENT = {
    "gelu_tanh": lambda t: 1.6 * min(t, 0) * (1 + 0.044715 * t * t),
    "quick_gelu": lambda t: 1.702 * min(t, 0),
    "shifted_exp": lambda t: t - 2,
    "log_ndtr": lambda t: max(t, 0) ** 2 / 2,
}

SIZES = [
    0,
    1e-300,
    1e-100,
    1e-20,
    1e-8,
    1e-5,
    1e-3,
    0.07,
    0.1,
    0.3,
    0.4999,
    0.75,
    1 - 1e-9,
    1.2,
    1.9,
]
SIZES += [2.5, math.pi, 4.7, 6.5, 9.3, 14.2, 20.1, 26.6, 33.3, 37.2, 60.4, 88.9, 150.5, 345.6]
SIZES += [700.0, 745.5, 1e3, 1e5, 1e10, 1e150, 1e300]


@cache
def grid(name: str) -> np.ndarray:
    """Points of every size, the kinks and their neighbouring floats."""
    kinks = [float(t) for t in catalogue.get(name).kinks]
    near = [np.nextafter(t, side) for t in kinks for side in (-oo, oo)]
    return np.unique([*SIZES, *(-s for s in SIZES), *kinks, *near])


def log_ndtr(t: mpmath.mpf) -> mpmath.mpf:
    if abs(t) > 1000:  # too far for erfc: Mills' ratio to 1e-20
        ratio = 1 - 1 / t**2 + 3 / t**4 - 15 / t**6
        tail = -(t**2) / 2 - mpmath.log(abs(t) * mpmath.sqrt(2 * mpmath.pi)) + mpmath.log(ratio)
        return tail if t < 0 else mpmath.mpf(0)
    tail = mpmath.erfc(abs(t) / mpmath.sqrt(2)) / 2
    return mpmath.log(tail) if t < 0 else mpmath.log1p(-tail)


# The formula itself would need more than 350 digits.
WITHOUT_CANCELLATION = {
    "log_ndtr": lambda t: log_ndtr(t),
    "squareplus": lambda t: (
        2 / (mpmath.sqrt(t**2 + 4) - t) if t < 0 else (t + mpmath.sqrt(t**2 + 4)) / 2
    ),
}


@cache
def exact(name: str) -> list[mpmath.mpf]:
    """Values of the expression to 50 digits, even of 1 + 1e-300."""
    a = catalogue.get(name)
    f = WITHOUT_CANCELLATION.get(name) or sp.lambdify(a.variable, a.expression, "mpmath")
    with mpmath.workdps(350):
        return [mpmath.mpf(f(mpmath.mpf(t))) for t in grid(name)]


def roundings(name: str, t: float) -> float:
    # exp(-1000) is 0
    return ULPS * (1 + abs(EXPONENT[name](np.clip(t, -1e3, 1e3)))) if name in EXPONENT else ULPS


def assert_accurate(name: str, values: np.ndarray) -> None:
    largest = mpmath.mpf(float(np.finfo(float).max))
    for t, value, v in zip(grid(name), values, exact(name), strict=True):
        if abs(v) > largest:
            assert value == math.copysign(oo, v), (name, t)
            continue
        # next to underflow a factor of x may meet a subnormal number
        allowed = roundings(name, t) * EPS * abs(v) + 2 * max(abs(t), 1) * TINY
        error = abs(mpmath.mpf(float(value)) - v)
        assert error <= allowed, (name, t, value, mpmath.nstr(v, 20), float(error / allowed))


@pytest.mark.parametrize("name", catalogue.names())
def test_numpy_is_accurate_everywhere(name):
    assert_accurate(name, catalogue.get(name).numpy()(grid(name)))


@pytest.mark.parametrize("name", catalogue.names())
def test_torch_is_accurate_everywhere(name):
    assert_accurate(name, catalogue.get(name).torch()(torch.tensor(grid(name))).numpy())


@pytest.mark.parametrize("name", catalogue.names())
def test_single_precision_is_kept_and_accurate(name):
    t = grid(name)[np.abs(grid(name)) < 1e3].astype(np.float32)
    f, g = catalogue.get(name).numpy(), catalogue.get(name).torch()
    reference = f(t.astype(float))
    info = np.finfo(np.float32)
    allowed = np.array([roundings(name, float(s)) for s in t]) * info.eps * np.abs(reference)
    allowed += 2 * np.maximum(np.abs(t), 1) * info.tiny
    for values in (f(t), g(torch.tensor(t)).numpy()):
        assert values.dtype == np.float32
        finite = np.abs(reference) < info.max / 2
        assert (np.abs(values[finite] - reference[finite]) <= allowed[finite]).all()
        assert (np.abs(values[~finite]) > info.max / 3).all()


LIMITS = {
    "identity": (-oo, oo), "relu": (0, oo), "relu6": (0, 6), "leaky_relu": (-oo, oo),
    "prelu": (-oo, oo), "rrelu": (-oo, oo), "relu_squared": (0, oo), "elu": (-1, oo),
    "celu": (-1, oo), "selu": (-1.7580993408473769, oo), "gelu": (0, oo), "gelu_tanh": (0, oo),
    "quick_gelu": (0, oo), "silu": (0, oo), "mish": (0, oo), "sigmoid": (0, 1),
    "logsigmoid": (-oo, 0), "softplus": (0, oo), "softsign": (-1, 1), "tanh": (-1, 1),
    "tanhshrink": (-oo, oo), "arctan": (-math.pi / 2, math.pi / 2), "erf": (-1, 1),
    "normal_cdf": (0, 1), "symlog": (-oo, oo), "log_cosh": (oo, oo), "hardtanh": (-1, 1),
    "hardsigmoid": (0, 1), "hardswish": (0, oo), "hardshrink": (-oo, oo),
    "softshrink": (-oo, oo), "threshold": (0.25, oo), "step": (0, 1), "sign": (-1, 1),
    "abs": (oo, oo), "square": (oo, oo), "he2": (oo, oo), "sin": (nan, nan), "cos": (nan, nan),
    "snake": (-oo, oo), "exp": (0, oo), "shifted_exp": (0, oo), "gaussian": (0, 0),
    "damped_linear": (0, 0), "asinh": (-oo, oo), "log_ndtr": (-oo, 0), "squareplus": (0, oo),
    "serf": (0, oo), "smelu": (0, oo), "star_relu": (-0.4472, oo),
}  # fmt: skip


@pytest.mark.parametrize("name", catalogue.names())
def test_takes_its_limits_at_infinity_and_keeps_nan(name):
    ends = np.array([-oo, oo, nan])
    expected = np.array([*LIMITS[name], nan])
    for values in (
        catalogue.get(name).numpy()(ends),
        catalogue.get(name).torch()(torch.tensor(ends)).numpy(),
    ):
        # SELU's -scale alpha is a product of two rounded constants
        np.testing.assert_allclose(values, expected, rtol=2 * EPS)


@pytest.mark.parametrize(
    ("e", "t", "value", "slope"),
    [
        (sp.Piecewise((1, sp.Eq(x, 0)), (sp.sin(x) / x, True)), 0.0, 1.0, 0.0),
        (sp.Piecewise((1, sp.Eq(x, 0)), ((sp.exp(x) - 1) / x, True)), 0.0, 1.0, 0.5),
        (sp.Piecewise((7, sp.Eq(x**2, 4)), (x, True)), -2.0, 7.0, 0.0),
        (sp.Piecewise((x, sp.Ne(x, 1)), (5, True)), 1.0, 5.0, 0.0),
        (sp.sign(x) ** 2, 0.0, 0.0, 0.0),
    ],
    ids=str,
)
def test_a_value_at_a_single_point_is_kept(e, t, value, slope):
    f = as_activation(e)
    for dtype in (np.float32, np.float64):
        assert f(dtype(t)) == value
        v = torch.tensor(np.array([t - 1, t, t + 1], dtype), requires_grad=True)
        f(v).sum().backward()
        assert f(v)[1] == value
        assert v.grad[1] == slope
        assert v.grad.isfinite().all()


@pytest.mark.parametrize(
    ("e", "left", "right"),
    [
        (sp.log(1 + x**2), oo, oo),
        (sp.log(sp.exp(x) + sp.exp(-x) + 1), oo, oo),
        (x / sp.sqrt(1 + x**2), -1, 1),
        (sp.cosh(2 * x) / sp.cosh(x) ** 2, 2, 2),
        (x**2 * sp.exp(-(x**2)), 0, 0),
    ],
    ids=str,
)
def test_limits_where_floats_overflow_on_the_way(e, left, right):
    values = as_activation(e)(np.array([-oo, oo, nan]))
    np.testing.assert_allclose(values, [left, right, nan], rtol=64 * EPS)


def test_does_not_invent_a_limit():
    e = x * sp.sin(x)
    assert np.isnan(as_activation(e).numpy()(np.array([-oo, oo]))).all()


@pytest.mark.parametrize("name", catalogue.names())
def test_gradients_are_those_of_the_expression(name):
    a = catalogue.get(name)
    t = np.array([s for s in grid(name) if abs(s) < 30 and s not in map(float, a.kinks)])
    v = torch.tensor(t, requires_grad=True)
    a.torch()(v).sum().backward()
    slope = sp.lambdify(a.variable, derivative(a), "mpmath")
    with mpmath.workdps(350):
        expected = np.array([float(slope(mpmath.mpf(s))) for s in t])
    # automatic differentiation adds rounded terms of the size of f' and of f
    scale = np.maximum(1, np.abs(expected)) + np.abs(a.numpy()(t))
    allowed = 2 * np.array([roundings(name, s) for s in t]) * EPS * scale
    assert (np.abs(v.grad.numpy() - expected) <= allowed).all()


def derivative(a):
    """Piece by piece: sympy's derivative of a Max is a Heaviside, of a sign a Dirac mass."""
    from hermiso.pieces import split

    pieces = split(a.expression, a.variable)
    return sp.Piecewise(*((sp.diff(p.expression, x), x <= p.upper) for p in pieces))


@pytest.mark.parametrize("name", catalogue.names())
def test_no_gradient_is_nan(name):
    t = grid(name)[np.abs(grid(name)) <= 1e150]  # x^2 is finite
    v = torch.tensor(np.append(t, [-oo, oo])[: len(t)], requires_grad=True)
    a = catalogue.get(name)
    a.torch()(v).sum().backward()
    assert not v.grad.isnan().any()
    assert v.grad.isfinite()[a.torch()(v).isfinite()].all()


@pytest.mark.parametrize("name", [n for n in catalogue.names() if catalogue.get(n).kinks])
def test_values_at_kinks_are_those_of_the_expression(name):
    a = catalogue.get(name)
    for t in a.kinks:
        assert a(float(t)) == float(a.expression.subs(a.variable, t))


def test_a_kink_between_floats_takes_the_nearest_one():
    f = catalogue.get("hardshrink", lambd=sp.Rational(1, 10))
    assert f(0.1) == 0
    assert f(np.float32(0.1)) == 0
    assert f(torch.tensor(0.1)).item() == 0
    assert f(np.nextafter(0.1, 1)) > 0


@pytest.mark.parametrize(
    ("e", "t", "value"),
    [
        (sp.Heaviside(x), 0, 0.5),
        (sp.sign(x), 0, 0),
        (sp.Piecewise((1, x >= 1), (x, True)), 1, 1),
        (sp.Piecewise((x, x < sp.sqrt(2)), (5, True)), math.sqrt(2), 5),
        (sp.Max(sp.exp(x), 2), 0, 2),
        (sp.Abs(sp.sin(x)), 4, abs(math.sin(4))),
        (sp.Max(sp.sin(x), sp.Rational(1, 2)), 0, 0.5),
        (sp.Min(sp.sin(x), sp.Rational(1, 2)), 0, 0),
        (1 / sp.sqrt(sp.Abs(x)), 4, 0.5),
    ],
    ids=str,
)
def test_values_of_other_expressions(e, t, value):
    """At most one function of the libraries, good to an ulp or two."""
    f = as_activation(e)
    assert f(t) == pytest.approx(value, rel=4 * EPS, abs=0)
    assert f(torch.tensor(t, dtype=torch.float64)).item() == pytest.approx(
        value, rel=4 * EPS, abs=0
    )


def test_an_untaken_piece_neither_warns_nor_spoils_the_gradient():
    e = sp.Piecewise((sp.log(x), x > 1), (sp.sqrt(-x), x < 0), (x**3 - x, True))
    f = as_activation(e)
    values = [1e150, -0.375, math.log(1e300)]
    np.testing.assert_allclose(f(np.array([-1e300, 0.5, 1e300])), values, rtol=2 * EPS)
    v = torch.tensor([-4.0, 0.5, 2.0, 1e300], dtype=torch.float64, requires_grad=True)
    f(v).sum().backward()
    np.testing.assert_allclose(v.grad.numpy(), [-0.25, -0.25, 0.5, 1e-300], rtol=2 * EPS)


def test_shapes_and_types():
    f = catalogue.get("gelu")
    assert isinstance(f(1), float)
    assert isinstance(f(np.float32(1)), np.float32)
    assert f(np.ones((2, 3, 0))).shape == (2, 3, 0)
    assert f([[1, 2]]).dtype == np.float64
    assert f(np.ones(2, dtype=np.float16)).dtype == np.float16
    assert f(torch.ones(2, 3)).dtype == torch.float32
    assert f(torch.ones(2, dtype=torch.bfloat16)).dtype == torch.bfloat16
    assert f(torch.ones(2, dtype=torch.int64)).dtype == torch.get_default_dtype()


@pytest.mark.parametrize("name", ["identity", "relu", "gelu"])
def test_the_result_is_a_new_array(name):
    t = np.ones(3)
    catalogue.get(name)(t)[:] = 7
    assert (t == 1).all()


@pytest.mark.parametrize("name", catalogue.names())
def test_stays_on_the_device_of_its_input(name):
    # "meta" holds no data: anything moved to or made on another device would raise
    v = torch.ones(2, 3, device="meta", requires_grad=True)
    result = catalogue.get(name)(v)
    assert (result.device.type, result.shape) == ("meta", (2, 3))
    result.sum().backward()
    assert v.grad.shape == (2, 3)


def test_maps_over_a_batch():
    f = catalogue.get("elu").torch()
    t = torch.linspace(-2, 2, 6, dtype=torch.float64).reshape(2, 3)
    torch.testing.assert_close(torch.func.vmap(f)(t), f(t), rtol=4 * EPS, atol=0)


def test_is_compiled_once():
    assert catalogue.get("mish").numpy() is catalogue.get("mish").numpy()
    assert catalogue.get("mish").torch() is catalogue.get("mish").torch()


def test_names_parameters_without_value():
    a, b = sp.symbols("a b")
    with pytest.raises(ActivationError, match=r"a\*x \+ b cannot be evaluated: a, b has no value"):
        as_activation(a * x + b, x).numpy()


@pytest.mark.parametrize("value", [1j, np.array([1 + 0j]), torch.ones(1, dtype=torch.complex64)])
def test_refuses_complex_input(value):
    with pytest.raises(ActivationError, match=r"the input has dtype .*complex"):
        catalogue.get("relu")(value)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("name", catalogue.names())
def test_values_and_gradients_at_the_end_of_the_range(name, dtype):
    """Half of the largest float, of both signs: x Phi(x), (2x - 1)/2 and their slopes."""
    a = catalogue.get(name)
    t = np.array([-0.5, 0.5], dtype) * np.finfo(dtype).max
    with mpmath.workdps(700), np.errstate(over="ignore"):
        exact = [abs(EXACT_AT_THE_END.get(name, lambda s: s)(mpmath.mpf(float(s)))) for s in t]
        finite = np.array([e <= float(np.finfo(dtype).max) for e in exact])
        values = a.numpy()(t)
    v = torch.tensor(t, requires_grad=True)
    a.torch()(v).sum().backward()
    assert (np.isfinite(values) == finite).all()
    assert v.grad.isfinite().numpy()[finite].all()


EXACT_AT_THE_END = {  # of what grows faster than x, or in one direction
    **dict.fromkeys(["square", "he2"], lambda s: s**2),
    **dict.fromkeys(["relu_squared", "star_relu"], lambda s: max(s, 0) ** 2),
    **dict.fromkeys(["exp", "shifted_exp"], lambda s: mpmath.inf if s > 0 else 0),
    "log_ndtr": lambda s: min(s, 0) ** 2 / 2,
}
