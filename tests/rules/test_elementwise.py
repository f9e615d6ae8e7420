"""Every elementwise rule against central differences: broadcast, empty, 0-d and strided operands, both orders."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from tests.numerics import arrays, assert_derivatives

from chainrule import grad, jacobian, vjp
from chainrule.graph.node import Node
from chainrule.graph.table import TABLE
from chainrule.rules.kinds import Elementwise

# Where each function's domain is not all of [-2, 2].
DOMAINS = {
    np.log: (0.2, 3),
    np.log2: (0.2, 3),
    np.log10: (0.2, 3),
    np.log1p: (-0.8, 3),
    np.sqrt: (0.2, 3),
    np.cbrt: (0.2, 3),
    np.reciprocal: (0.3, 3),
    np.arcsin: (-0.9, 0.9),
    np.arccos: (-0.9, 0.9),
    np.arctanh: (-0.9, 0.9),
    np.arccosh: (1.2, 3),
    np.tan: (-1.2, 1.2),
    np.power: (0.3, 2),
    np.float_power: (0.3, 2),
    np.true_divide: (0.4, 2),
    np.absolute: (0.1, 2),
    np.fabs: (-2, -0.1),
    np.remainder: (0.5, 2),
    np.fmod: (0.5, 2),
    np.arctan2: (0.3, 2),
    np.hypot: (0.3, 2),
    np.copysign: (0.3, 2),
}
# NumPy's own: the rules of SciPy's ufuncs stand in the same table, once one of them has met a tracer.
RULES = {
    f: rule
    for f, rule in TABLE.items()
    if type(rule) is Elementwise and f in vars(np).values() and isinstance(f, np.ufunc)
}
UNARY = sorted((f for f in RULES if f.nin == 1), key=lambda f: f.__name__)
BINARY = sorted((f for f in RULES if f.nin == 2 and f is not np.ldexp), key=lambda f: f.__name__)


@pytest.mark.parametrize("ufunc", UNARY, ids=lambda f: f.__name__)
@given(data=st.data())
def test_unary(ufunc, data):
    low, high = DOMAINS.get(ufunc, (-2, 2))
    assert_derivatives(ufunc, data.draw(arrays(low=low, high=high)))


@pytest.mark.parametrize("ufunc", BINARY, ids=lambda f: f.__name__)
@given(data=st.data())
def test_binary(ufunc, data):
    low, high = DOMAINS.get(ufunc, (-2, 2))
    shapes = data.draw(hnp.mutually_broadcastable_shapes(num_shapes=2, max_dims=3, min_side=0, max_side=3))
    a, b = (data.draw(arrays(shape=shape, low=low, high=high)) for shape in shapes.input_shapes)
    if ufunc in (np.remainder, np.fmod):
        b = b + 2.5  # away from the jumps
    if ufunc in (np.maximum, np.minimum, np.fmax, np.fmin):
        b = b * 1.01 + 0.001  # away from equals
    assert_derivatives(ufunc, a, b)


@pytest.mark.parametrize("ufunc", UNARY, ids=lambda f: f.__name__)
def test_second_derivatives(ufunc):
    low, high = DOMAINS.get(ufunc, (-2, 2))
    x = np.linspace(low, high, 9)[1:-1] + 0.013
    assert_derivatives(lambda x: vjp(ufunc, x)[1](np.cos(np.arange(7.0)))[0], x, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("ufunc", BINARY, ids=lambda f: f.__name__)
def test_second_derivatives_of_binary_functions(ufunc):
    low, high = DOMAINS.get(ufunc, (-2, 2))
    a, b = np.linspace(low, high, 5)[1:-1] + 0.013, np.linspace(high, low, 5)[1:-1] + (2.5 if low == 0.5 else 0.0)
    for wrt in (0, 1):
        assert_derivatives(lambda a, b, i=wrt: vjp(ufunc, a, b)[1](np.ones(3))[i], a, b, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("ufunc", UNARY + BINARY, ids=lambda f: f.__name__)
def test_pullback_and_pushforward_are_each_others_transpose(ufunc):
    low, high = DOMAINS.get(ufunc, (-2, 2))
    random = np.random.default_rng(1)
    operands = tuple(random.uniform(low, high, shape) for shape in [(2, 3), (3,)][: ufunc.nin])
    node = Node(RULES[ufunc], operands, operands, {}, ufunc(*operands))
    cotangent = random.normal(size=(2, 3))
    for i, x in enumerate(operands):
        tangent = random.normal(size=x.shape)
        forward = np.sum(cotangent * RULES[ufunc].pushforward(i, tangent, node))
        backward = np.sum(RULES[ufunc].pullback(i, cotangent, node) * tangent)
        assert forward == pytest.approx(backward, rel=1e-12)


def test_float32_stays_float32():
    x = np.linspace(0.1, 1, 4, dtype=np.float32)
    for ufunc in UNARY:
        with np.errstate(all="ignore"):
            assert vjp(ufunc, x)[1](np.ones(4))[0].dtype == np.float32, ufunc


def test_powers_at_zero():
    assert grad(lambda x: x**0)(0.0) == 0
    assert grad(lambda x: x**1)(0.0) == 1
    assert grad(lambda x: x**2)(0.0) == 0
    assert grad(grad(lambda x: x**2))(0.0) == 2
    assert grad(grad(lambda x: x**1))(0.0) == 0
    assert grad(lambda p: np.power(0.0, p))(2.0) == 0


def test_two_equals_share_the_gradient_of_their_maximum():
    assert grad(lambda x: np.maximum(x, x))(1.5) == 1
    assert grad(lambda x: np.maximum(x, 0.0))(0.0) == 0.5
    np.testing.assert_array_equal(grad(lambda x: np.sum(np.minimum(x, 1.0)))(np.array([0.0, 1.0, 2.0])), [1, 0.5, 0])


def test_steps_let_no_gradient_through():
    x = np.array([0.4, 1.6])
    for step in (np.floor, np.ceil, np.trunc, np.rint, np.sign, lambda x: x > 1, lambda x: np.isnan(x)):
        np.testing.assert_array_equal(grad(lambda x, step=step: np.sum(x * step(x)))(x), step(x))


def test_operators_take_numbers_and_plain_arrays_on_either_side():
    x, c = np.array([1.0, 2.0]), np.array([3.0, 5.0])
    functions = [
        lambda x: c + x * 2 - (1 - x) / c,
        lambda x: np.float64(2) * x + 2**x - x**2,
        lambda x: -x + +x + abs(x) + c % (x + 1.3) + (c @ x) * x + (x @ c),
    ]
    for f in functions:
        assert_derivatives(f, x)


def test_the_jacobian_of_an_elementwise_function_is_diagonal():
    x = np.array([0.5, 1.0, 2.0])
    np.testing.assert_allclose(jacobian(np.log)(x), np.diag(1 / x))


COMPLEX = np.array([0.3 + 0.4j, -0.6 + 1.2j, -1.3 - 0.7j, 0.8 - 2.1j])
"""A number in each quadrant, inside and outside the unit circle."""


@pytest.mark.parametrize(
    "ufunc",
    [
        *(np.sqrt, np.square, np.reciprocal, np.exp, np.exp2, np.expm1, np.log, np.log2, np.log10, np.log1p, np.sinc),
        *(np.sin, np.cos, np.tan, np.arcsin, np.arccos, np.arctan, np.sinh, np.cosh, np.tanh),
        *(np.arcsinh, np.arccosh, np.arctanh, np.absolute, np.sign, np.conjugate, np.angle),
    ],
    ids=lambda f: f.__name__,
)
def test_complex_numbers(ufunc):
    assert_derivatives(lambda z: ufunc(z), COMPLEX)


@pytest.mark.parametrize("ufunc", [np.arcsin, np.arccos, np.arccosh], ids=lambda f: f.__name__)
def test_on_a_branch_cut_the_side_is_the_one_that_the_zero_says(ufunc):
    assert_derivatives(lambda x: ufunc(x + 0j), np.array([-2.5, -1.7, 1.4, 3.0]))
