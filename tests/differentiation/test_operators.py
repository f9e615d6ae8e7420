"""grad, value_and_grad, vjp and jacobian: which arguments, which shapes, any nesting, and what they refuse."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.numerics import central_difference

from chainrule import (
    InputError,
    elementwise_grad,
    grad,
    hessian,
    hvp,
    jacobian,
    jvp,
    primitive,
    value_and_grad,
    vjp,
)
from chainrule.differentiation.tracing import owned
from chainrule.graph.structure import flatten


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


def any_(operator: Any) -> Any:
    """Let an operator be called as no type checker would allow."""
    return operator


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
        (lambda: vjp(np.sin, np.ones(2))[1]([np.ones(2)] * 2), "1 arrays are to have a cotangent each, and 2 came"),
        (lambda: vjp(np.sin, np.ones(2))[1](np.ones(2) * 1j), "the cotangent is complex"),
        (lambda: jvp(np.sin, (1.0,), (np.ones(2),)), r"the tangent has shape \(2,\)"),
        (lambda: any_(jvp)(np.sin, 1.0, 1.0), r"write jvp\(f, \(x,\), \(t,\)\)"),
        (lambda: any_(hvp)(np.sin, 1.0, 1.0), r"write hvp\(f, \(x,\), v\)"),
        (lambda: any_(hvp)(np.sin, (1.0,), 1.0, wrt=(0,)), "give one position or name"),
        (lambda: any_(jacobian)(np.sin, mode="backward"), '"auto", "reverse" or "forward"'),
        (lambda: any_(elementwise_grad)(np.sin, (0, 1)), "differentiates by one argument"),
        (lambda: any_(grad)(np.sin, 0.5)(1.0), "wrt is 0.5"),
        (lambda: grad(np.sin, has_aux=True)(1.0), r"was to return a pair \(value, aux\)"),
        (lambda: grad(lambda x: x * 1j)(1.0), "a gradient belongs to a real number"),
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


def test_forward_mode_agrees_with_reverse_mode():
    random = np.random.default_rng(0)
    tangents = tuple(random.normal(size=x.shape) for x in POINT)
    value, tangent = jvp(cost, POINT, tangents)
    assert value == cost(*POINT)
    assert tangent == pytest.approx(
        sum(np.sum(g * t) for g, t in zip(grad(cost, (0, 1, 2))(*POINT), tangents, strict=True))
    )


def test_a_tangent_comes_in_the_results_structure():
    value, tangent = jvp(lambda x: {"double": 2 * x, "constant": 5.0}, (np.ones(2),), (np.array([1.0, 3.0]),))
    np.testing.assert_array_equal(tangent["double"], [2, 6])
    assert tangent["constant"] == 0
    assert value["constant"] == 5


@pytest.mark.parametrize("f", [lambda x: np.tanh(x[:2]) * x[1], lambda x: np.outer(x, x**2), lambda x: x[:0], np.sum])
def test_a_jacobian_is_the_same_in_both_modes(f):
    x = np.array([0.5, -1.0, 2.0])
    reverse, forward = jacobian(f, mode="reverse")(x), jacobian(f, mode="forward")(x)
    assert reverse.shape == forward.shape == (*np.shape(f(x)), 3)
    np.testing.assert_allclose(reverse, forward, rtol=1e-14)


def test_a_jacobian_of_several_results_keeps_their_structure():
    found = jacobian(lambda p: {"u": p["a"] * 2, "v": np.sum(p["b"])})({"a": np.ones(2), "b": np.ones(3)})
    assert {k: {n: d.shape for n, d in v.items()} for k, v in found.items()} == {
        "u": {"a": (2, 2), "b": (2, 3)},
        "v": {"a": (2,), "b": (3,)},
    }


def test_hessians_and_their_products():
    def f(x, w):
        return np.sum(np.sin(x) * w) * x[0] ** 2

    x, w, v = np.array([0.3, -0.7]), np.array([1.5, 2.0]), np.array([1.0, -2.0])
    H = hessian(f)(x, w)
    np.testing.assert_allclose(H, H.T, rtol=1e-14)
    np.testing.assert_allclose(hvp(f, (x, w), v), H @ v, rtol=1e-13)
    np.testing.assert_allclose(hvp(f, (x, w), v, wrt="w"), [0, 0], atol=1e-15)
    by_both = hessian(f, (0, "w"))(x, w)
    np.testing.assert_allclose(by_both[0][0], H, rtol=1e-14)
    np.testing.assert_allclose(by_both[0][1], by_both[1][0].T, rtol=1e-13)


def test_operators_compose_in_any_order():
    x, v = 0.7, 1.0
    third = -np.cos(x)
    assert grad(lambda x: jvp(grad(np.sin), (x,), (v,))[1])(x) == pytest.approx(third)
    assert jvp(grad(grad(np.sin)), (x,), (v,))[1] == pytest.approx(third)
    assert jvp(lambda x: jvp(lambda x: jvp(np.sin, (x,), (v,))[1], (x,), (v,))[1], (x,), (v,))[1] == pytest.approx(
        third
    )
    assert grad(lambda x: hvp(np.sin, (x,), v))(x) == pytest.approx(third)
    assert grad(lambda x: vjp(grad(np.sin), x)[1](v)[0])(x) == pytest.approx(third)
    assert jacobian(hessian(np.sin))(x) == pytest.approx(third)


def test_elementwise_grad_is_the_diagonal_of_the_jacobian():
    z = np.linspace(-2, 2, 5)
    np.testing.assert_allclose(elementwise_grad(np.tanh)(z), np.diag(jacobian(np.tanh)(z)))
    np.testing.assert_allclose(elementwise_grad(elementwise_grad(np.sin))(z), -np.sin(z))


def test_what_is_returned_beside_the_value_is_handed_through():
    def f(x):
        y = x**2
        return np.sum(y), {"y": y, "note": "squares"}

    gradient, aux = grad(f, has_aux=True)(np.array([1.0, 2.0]))
    (value, same), again = value_and_grad(f, has_aux=True)(np.array([1.0, 2.0]))
    np.testing.assert_array_equal(gradient, [2, 4])
    np.testing.assert_array_equal(again, gradient)
    np.testing.assert_array_equal(aux["y"], [1, 4])
    assert type(aux["y"]) is np.ndarray
    assert (value, same["note"]) == (5, "squares")


def test_the_gradient_by_a_complex_number_points_uphill():
    assert grad(lambda z: np.sum((z * np.conj(z)).real))(3 + 4j) == 6 + 8j
    assert grad(lambda z: np.abs(z))(3 + 4j) == pytest.approx(0.6 + 0.8j)
    assert grad(lambda x: np.real(x * (2 + 5j)))(1.0) == 2.0


def arrays_in(tree):
    return [leaf for leaf in flatten(tree)[0] if isinstance(leaf, np.ndarray)]


X, Y, CLOSED_OVER = np.ones(3), np.full(3, 2.0), np.full(3, 5.0)


@primitive(pullbacks=lambda g, y, x: CLOSED_OVER, pushforwards=lambda t, y, x: CLOSED_OVER @ t)
def weighed(x):
    return CLOSED_OVER @ x


@primitive(pullbacks=lambda g, y, x: CLOSED_OVER, pushforwards=lambda t, y, x: CLOSED_OVER)
def shifted(x):
    return x + CLOSED_OVER


DERIVATIVES = {
    "a sum": lambda: grad(np.sum)(X),
    "a mean": lambda: value_and_grad(np.mean)(X)[1],
    "a scaled sum of a view": lambda: grad(lambda x: np.sum(x[None, :].T) * 2)(X),
    "two arguments": lambda: grad(lambda x, y: np.sum(x + y), (0, 1))(X, Y),
    "one array for two arguments": lambda: grad(lambda x, y: np.sum((x + y) ** 2), (0, 1))(X, X),
    "one argument twice": lambda: grad(lambda x: np.sum(x[0] + x[1]))([X, X]),
    "a structure": lambda: grad(lambda p: np.sum(p["a"] + p["b"][0].reshape(3)))({"a": X, "b": (Y[None],)}),
    "pieces of one": lambda: grad(lambda x, y: np.sum(np.concatenate([x, y])), (0, 1))(X, Y),
    "pieces of one, weighed": lambda: grad(lambda x, y: np.concatenate([x, y]) @ np.ones(6), (0, 1))(X, Y),
    "an identity's pullback": lambda: vjp(lambda x: x, X)[1](Y),
    "a pullback of views": lambda: vjp(lambda x: x.reshape(1, 3), X)[1](Y[None]),
    "a pullback to two": lambda: vjp(lambda x, y: (x + y, x - y), X, Y)[1]((Y, X)),
    "the arguments' own pullback": lambda: vjp(lambda x, y: (x, y), X, Y)[1]((X, X)),
    "an identity's tangent": lambda: jvp(lambda x: x, (X,), (Y,))[1],
    "tangents": lambda: jvp(lambda x, y: {"a": x, "b": [x[:, None], y.T]}, (X, Y), (Y, Y))[1],
    "a broadcast tangent": lambda: jvp(lambda x: np.broadcast_to(x, (2, 3)), (X,), (Y,))[1],
    "a Jacobian": lambda: jacobian(lambda x: x, mode="reverse")(X),
    "a Jacobian forward": lambda: jacobian(lambda x: [x, x], mode="forward")(X),
    "Jacobians by two": lambda: jacobian(lambda x, y: x + y, (0, 1))(X, Y),
    "a number's Jacobian": lambda: jacobian(np.sum)(X),
    "a Hessian": lambda: hessian(lambda x: np.sum(x**2))(X),
    "a Hessian's product": lambda: hvp(lambda x: 0.5 * np.sum(x * x), (X,), Y),
    "an elementwise derivative": lambda: elementwise_grad(lambda x: x)(X),
    "a derivative of a sum's": lambda: elementwise_grad(lambda x: x + CLOSED_OVER)(X),
    "of a constant": lambda: grad(lambda x, y: 1.0 * np.sum(CLOSED_OVER), (0, 1))(X, Y),
    "of a user's primitive": lambda: grad(weighed)(X),
    "a user's tangent": lambda: jvp(shifted, (X,), (Y,))[1],
}


@pytest.mark.parametrize("name", DERIVATIVES)
def test_derivatives_are_writable_and_share_no_memory(name):
    found = arrays_in(DERIVATIVES[name]())
    assert found
    for k, derivative in enumerate(found):
        assert derivative.flags.writeable
        for other in (X, Y, CLOSED_OVER, *found[:k]):
            assert not np.shares_memory(derivative, other)
        before = derivative.copy()
        derivative += np.arange(derivative.size).reshape(derivative.shape)  # each entry has a place of its own
        np.testing.assert_array_equal(derivative - before, np.arange(derivative.size).reshape(derivative.shape))
    for array in (X, Y, CLOSED_OVER):
        assert array.flags.writeable


def test_what_already_is_the_users_alone_is_not_copied():
    fresh, product = np.ones(3), np.ones(3)
    assert owned([fresh])[0] is fresh
    first, second = owned([product, product[::-1]])
    assert first is product
    assert not np.shares_memory(first, second)


def test_a_gradient_within_a_recording_may_be_written_into():
    def f(x):
        a, b = grad(lambda u, v: np.sum(u * v), (0, 1))(x, x)
        a[0] = 7.0
        b *= 3.0
        return np.sum(a * b)

    np.testing.assert_array_equal(grad(f)(Y), [3 * 7, 12, 12])
    np.testing.assert_array_equal(Y, [2, 2, 2])


def test_derivatives_within_a_recording_are_written_into_one_by_one():
    def one_for_two(x):
        a, b = vjp(np.add, X, X)[1](np.sin(x))
        a[0] = 7.0
        return np.sum(a) + np.sum(b)

    def the_argument_itself(x):
        (a,) = vjp(lambda u: u, X)[1](x)
        a[0] = 7.0
        return np.sum(a * x)

    np.testing.assert_allclose(grad(one_for_two)(Y), np.cos(Y) * [1, 2, 2])
    np.testing.assert_array_equal(grad(the_argument_itself)(Y), [7, 4, 4])
