"""grad, value_and_grad, vjp and jacobian: which arguments, which shapes, any nesting, and what they refuse."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.numerics import central_difference

from chainrule import InputError, grad, jacobian, value_and_grad, vjp


def cost(W, b, a, y=0.0):
    return 0.5 * np.sum((np.tanh(W @ a + b) - y) ** 2)


POINT = (np.array([[0.1, -0.2], [0.3, 0.4]]), np.array([0.5, -0.5]), np.array([1.0, 2.0]))


@pytest.mark.parametrize(
    ("wrt", "shapes"),
    [(0, (2, 2)), (2, (2,)), (-1, (2,)), ("b", (2,)), ((0, "a"), ((2, 2), (2,))), ((1,), ((2,),))],
)
def test_wrt_is_a_position_a_name_or_several(wrt, shapes):
    gradient = grad(cost, wrt)(*POINT)
    assert (tuple(g.shape for g in gradient) if isinstance(wrt, tuple) else gradient.shape) == shapes


def test_wrt_may_name_a_keyword_argument():
    gradient = grad(cost, "y")(*POINT, y=np.array([0.1, 0.2]))
    np.testing.assert_allclose(gradient, np.array([0.1, 0.2]) - np.tanh(POINT[0] @ POINT[2] + POINT[1]))


def test_value_and_gradient_come_together():
    value, gradient = value_and_grad(cost, 1)(*POINT)
    assert value == cost(*POINT)
    np.testing.assert_array_equal(gradient, grad(cost, 1)(*POINT))


@dataclass
class Layer:
    W: Any
    b: Any


def test_arguments_may_be_nested_structures():
    def f(layers):
        a = POINT[2]
        for layer in layers:
            a = np.tanh(layer.W @ a + layer.b)
        return a.sum()

    gradient = grad(f)([Layer(POINT[0], POINT[1]), Layer(POINT[0].T, POINT[1])])
    assert [type(layer) for layer in gradient] == [Layer, Layer]
    direction = np.ones(2)
    along = lambda b: f([Layer(POINT[0], b), Layer(POINT[0].T, POINT[1])])  # noqa: E731
    assert gradient[0].b.sum() == pytest.approx(central_difference(along, POINT[1], direction), rel=1e-6)


def test_the_kinds_of_derivative_have_the_papers_shapes():
    """Paper, IV.1: scalar by scalar, gradient, scalar by matrix, Jacobian, and the rank-3 tensor."""
    W, b, a = POINT[0][:, :1] * np.ones((1, 3)), POINT[1], np.array([1.0, 2.0, 3.0])

    def layer(W, a):
        return np.tanh(W @ a + b)

    assert grad(lambda x: x**2)(3.0).shape == ()
    assert grad(lambda a: a @ a)(a).shape == (3,)
    assert grad(lambda W: np.sum(W * W))(W).shape == (2, 3)
    assert jacobian(layer, "a")(W, a).shape == (2, 3)
    assert jacobian(layer)(W, a).shape == (2, 2, 3)


def test_the_rank_3_tensor_is_zero_off_its_diagonal():
    """∂a_i/∂w_jk = σ'(z_i) a_k where i = j, and 0 elsewhere: paper, IV.4, with the Kronecker delta it leaves out."""
    W, b, a = POINT
    tensor = jacobian(lambda W: np.tanh(W @ a + b))(W)
    slope = 1 - np.tanh(W @ a + b) ** 2
    np.testing.assert_allclose(tensor, np.einsum("ij,i,k->ijk", np.eye(2), slope, a), rtol=1e-14)


def test_a_jacobian_may_be_of_an_empty_result_and_by_several_arguments():
    assert jacobian(lambda x: x[:0])(np.ones(3)).shape == (0, 3)
    by_W, by_a = jacobian(lambda W, a: W @ a, (0, 1))(np.ones((2, 3)), np.ones(3))
    assert by_W.shape == (2, 2, 3)
    assert by_a.shape == (2, 3)


@given(x=st.floats(-2, 2), n=st.integers(1, 4))
def test_gradients_nest_to_any_depth(x, n):
    derivative = lambda x: np.exp(2 * x) * x  # noqa: E731
    for _ in range(n):
        derivative = grad(derivative)
    assert derivative(x) == pytest.approx(2**n * np.exp(2 * x) * x + n * 2 ** (n - 1) * np.exp(2 * x), rel=1e-12)


def test_an_inner_derivative_keeps_apart_from_the_outer_one():
    # d/dx [x · d/dy (x + y)] = 1: the inner derivative must not see x as its own variable.
    assert grad(lambda x: x * grad(lambda y: x + y)(1.0))(2.0) == 1.0
    assert grad(lambda x: grad(lambda y: x * y * y)(x))(3.0) == 12.0


def test_a_hessian_is_the_jacobian_of_the_gradient():
    hessian = jacobian(grad(lambda x: x[0] ** 2 * x[1] + np.sin(x[2])))(np.array([1.0, 2.0, 3.0]))
    np.testing.assert_allclose(hessian, [[4, 2, 0], [2, 0, 0], [0, 0, -np.sin(3.0)]])


def test_derivatives_of_a_residual_inside_a_cost():
    """A physics-informed cost (paper, I): the derivative by the input inside what is differentiated by the weights."""

    def u(w, t):
        return np.tanh(w[0] * t + w[1]) * w[2]

    def residual_cost(w):
        return sum((grad(u, 1)(w, t) + u(w, t)) ** 2 for t in (0.1, 0.7))

    w, direction = np.array([0.3, -0.4, 1.2]), np.array([1.0, -2.0, 0.5])
    assert grad(residual_cost)(w) @ direction == pytest.approx(
        central_difference(residual_cost, w, direction), rel=1e-7
    )


def test_a_pullback_may_be_called_again():
    _, pullback = vjp(lambda x: x**2, np.array([1.0, 2.0]))
    np.testing.assert_array_equal(pullback(np.ones(2))[0], [2, 4])
    np.testing.assert_array_equal(pullback(np.array([0.0, 1.0]))[0], [0, 4])


def test_a_pullback_takes_cotangents_in_the_results_structure():
    value, pullback = vjp(lambda x: {"double": 2 * x, "square": x * x, "constant": 5.0}, np.array([3.0]))
    assert sorted(value) == ["constant", "double", "square"]
    (cotangent,) = pullback({"double": np.ones(1), "square": np.ones(1), "constant": 0.0})
    np.testing.assert_array_equal(cotangent, [8])


def test_what_does_not_depend_on_the_argument_has_gradient_zero():
    np.testing.assert_array_equal(grad(lambda x: 3.0)(np.ones(2)), [0, 0])
    np.testing.assert_array_equal(grad(lambda x, y: y.sum())(np.ones(2), np.ones(3)), [0, 0])


def test_the_argument_itself_may_be_the_result():
    assert grad(lambda x: x)(2.0) == 1.0


@pytest.mark.parametrize(
    ("call", "told"),
    [
        (lambda: grad(lambda x: x**2)(3), r"which is 3 \(int\)"),
        (lambda: grad(np.sum)(np.arange(3)), "an array of int64 of shape"),
        (lambda: grad(np.sum)("three"), "pass floating-point numbers"),
        (lambda: grad(lambda x: x**2)(np.ones(2)), r"returned shape \(2,\); sum it up to one number"),
        (lambda: grad(lambda x: (x, x))(1.0), "returned 2 arrays"),
        (lambda: grad(cost, "z")(*POINT), "its arguments are W, b, a, y"),
        (lambda: grad(cost, 3)(*POINT), "called with 3 positional arguments"),
        (lambda: vjp(np.sin, np.ones(2))[1](np.ones(3)), r"the cotangent has shape \(3,\)"),
        (lambda: vjp(np.sin, np.ones(2))[1]([np.ones(2)] * 2), "the cotangent holds 2"),
        (lambda: jacobian(lambda x: (x, x))(1.0), "a Jacobian belongs to one array"),
    ],
)
def test_bad_input_is_told_in_one_sentence(call, told):
    with pytest.raises(InputError, match=told) as refused:
        call()
    assert "\n" not in str(refused.value)


def test_a_long_chain_needs_no_recursion():
    def f(x):
        for _ in range(20_000):
            x = x * 1.0
        return x

    assert grad(f)(1.0) == 1.0
