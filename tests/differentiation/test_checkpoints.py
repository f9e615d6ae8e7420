"""Functions that are run again on the way back: the same derivatives, whatever they close over, and less memory."""

import gc
import tracemalloc
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.numerics import assert_derivatives

from chainrule import RecordingError, grad, hessian, hvp, jacobian, jvp, record, value_and_grad, vjp, watch_nonfinite
from chainrule.differentiation.checkpoints import checkpoint
from chainrule.graph.tracer import OPEN

random = np.random.default_rng(0)
W = random.normal(size=(3, 3))
X = random.normal(size=3)


def layers(W, a, count=3):
    for _ in range(count):
        a = np.tanh(W @ a)
    return a


class Counted:
    """A function that counts its calls, and is told how many there were."""

    def __init__(self, f: Callable[..., Any]) -> None:
        self.f, self.calls = f, 0

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        self.calls += 1
        return self.f(*args, **kwargs)


def test_derivatives_in_both_modes_against_differences():
    assert_derivatives(checkpoint(layers), W, X)
    assert_derivatives(checkpoint(lambda z: np.exp(z) * z), np.array([0.3 + 0.2j, -1j]))


def test_values_and_gradients_are_those_of_the_function():
    value, gradients = value_and_grad(lambda W, a: np.sum(checkpoint(layers)(W, a)), (0, 1))(W, X)
    expected, expected_gradients = value_and_grad(lambda W, a: np.sum(layers(W, a)), (0, 1))(W, X)
    assert value == expected
    for got, gradient in zip(gradients, expected_gradients, strict=True):
        np.testing.assert_array_equal(got, gradient)


def test_without_a_derivative_it_is_the_function():
    f = Counted(layers)
    np.testing.assert_array_equal(checkpoint(f)(W, X, count=2), layers(W, X, 2))
    assert f.calls == 1
    assert checkpoint(layers).__name__ == "layers"


def test_it_runs_once_forward_and_once_for_each_way_back():
    f = Counted(layers)
    _, pullback = vjp(checkpoint(f), W, X)
    assert f.calls == 1
    pullback(np.ones(3))
    assert f.calls == 2
    pullback(np.ones(3))
    assert f.calls == 3
    f.calls = 0
    jvp(checkpoint(f), (W, X), (W, X))
    assert f.calls == 2


def closing(W, a, wrap):
    """Close over an argument, over a value computed from one, and within a checkpoint over the outer one's value."""
    V = W.T @ W

    def outer(a):
        shifted = V @ a
        return wrap(lambda b: np.tanh(b + W @ shifted) * V[0])(a) + shifted

    return np.sum(wrap(outer)(a) ** 2) + np.sum(wrap(lambda: np.sin(V))())


@pytest.mark.parametrize("i", [0, 1])
def test_what_it_closes_over_is_followed(i):
    np.testing.assert_allclose(grad(closing, i)(W, X, checkpoint), grad(closing, i)(W, X, lambda f: f))
    np.testing.assert_allclose(hessian(closing, i)(W, X, checkpoint), hessian(closing, i)(W, X, lambda f: f))
    np.testing.assert_allclose(
        hvp(closing, (W, X, checkpoint), (W, X)[i], i), hvp(closing, (W, X, lambda f: f), (W, X)[i], i)
    )


def test_derivatives_against_differences_by_what_it_closes_over():
    assert_derivatives(lambda W, a: checkpoint(lambda a: np.tanh(W @ a))(a) * W[0], W, X)


@given(x=st.floats(-1.5, 1.5), depth=st.integers(1, 4), inner=st.booleans())
def test_gradients_nest_to_any_depth(x, depth, inner):
    def f(wrap, t):
        if inner:  # a gradient inside a checkpoint that closes over the outer variable
            return wrap(lambda: grad(lambda s: wrap(lambda a: np.sin(a * t) * s)(s))(t * 2))()
        return grad(lambda s: wrap(lambda a: np.sin(a * t) * s)(s))(t * 2)

    checkpointed, plain = lambda t: f(checkpoint, t), lambda t: f(lambda g: g, t)
    for _ in range(depth):
        checkpointed, plain = grad(checkpointed), grad(plain)
    assert checkpointed(x) == pytest.approx(plain(x), rel=1e-9, abs=1e-9)


def test_forward_over_reverse_and_reverse_over_forward():
    f = lambda x: np.sum(checkpoint(lambda x: np.sin(x) * x**2)(x))  # noqa: E731
    g = lambda x: np.sum(np.sin(x) * x**2)  # noqa: E731
    v = np.ones(3)
    np.testing.assert_allclose(jvp(grad(f), (X,), (v,))[1], jvp(grad(g), (X,), (v,))[1])
    np.testing.assert_allclose(
        grad(lambda x: jvp(f, (x,), (v,))[1])(X), grad(lambda x: jvp(g, (x,), (v,))[1])(X), rtol=1e-12
    )
    np.testing.assert_allclose(jacobian(grad(f), mode="reverse")(X), hessian(g)(X), atol=1e-12)


def test_arguments_and_results_are_nested_structures():
    def f(pair, *, scale):
        return {"sum": pair["x"] + pair["y"], "both": [scale * pair["x"] * pair["y"], "a word", None]}

    def cost(x, y, scale):
        result = checkpoint(f)({"x": x, "y": y}, scale=scale)
        assert result["both"][1:] == ["a word", None]
        return result["sum"] * result["both"][0]

    # (x + y) s x y
    assert grad(cost, (0, 1, 2))(2.0, 3.0, 0.5) == (0.5 * 3 * (2 * 2 + 3), 0.5 * 2 * (2 + 2 * 3), 30.0)


def test_results_that_are_arguments_constants_or_given_twice():
    def f(x, y):
        z = x * y
        return x, z, z, np.zeros_like(x), 5.0

    def cost(x, y):
        x_again, z, z_again, zeros, five = checkpoint(f)(x, y)
        zeros[()] = x
        return x_again * z + z_again * five + zeros

    assert grad(cost, (0, 1))(2.0, 3.0) == (2 * 2 * 3 + 5 * 3 + 1, 4 + 5 * 2)


def test_no_derivative_is_lost_where_a_result_depends_on_nothing_traced():
    assert grad(lambda x: checkpoint(lambda y: 2.0 * y)(3.0) * x)(1.0) == 6.0
    np.testing.assert_array_equal(
        grad(lambda x: checkpoint(lambda x: np.argmax(x))(x) * x[0])(np.arange(3.0)), [2, 0, 0]
    )


def test_a_graph_records_what_is_within():
    graph = record(lambda x: checkpoint(np.sin)(x), 1.0)
    assert "sin(x)" in str(graph)
    assert grad(record(lambda x: grad(checkpoint(np.sin))(x), 1.0))(0.5) == -np.sin(0.5)


def test_a_recording_within_a_derivative():
    assert grad(lambda x: record(lambda y: checkpoint(lambda y: np.sin(y) * x)(y), 1.0)(x))(0.5) == pytest.approx(
        np.cos(0.5) * 0.5 + np.sin(0.5)
    )


def test_plain_arrays_are_kept_as_they_were():
    def cost(x):
        row = np.ones((2, 3))[0]
        y = checkpoint(lambda x, row: np.sin(x * row))(x, row)
        row[:] = 7  # a small view, of which the value of then is kept
        return np.sum(y)

    np.testing.assert_array_equal(grad(cost)(X), np.cos(X))
    buffer = np.ones(3)

    def refused(x):
        y = checkpoint(lambda x, row: np.sin(x * (row + 1)))(x, buffer)
        buffer[:] = 7
        return np.sum(y)

    with pytest.raises(RecordingError, match="a plain array is changed after it was used"):
        grad(refused)(X)
    buffer[:] = 7  # may be written again


def test_closed_over_arrays_are_free_again_after_the_way_back():
    constant = np.ones(3)
    _, pullback = vjp(checkpoint(lambda x: np.sin(x * constant)), X)
    pullback(np.ones(3))
    assert constant.flags.writeable


def test_an_error_within_leaves_the_recording_as_it_was():
    def broken(x):
        np.sin(x)
        raise KeyError("mine")

    def cost(x):
        with pytest.raises(KeyError, match="mine"):
            checkpoint(broken)(x)
        return np.sum(x**2)

    np.testing.assert_array_equal(grad(cost)(X), 2 * X)


def test_a_watch_for_what_is_not_finite_sees_what_is_within():
    with (
        np.errstate(all="ignore"),
        watch_nonfinite(),
        pytest.raises(ArithmeticError, match="on the way back, the derivative of sqrt"),
    ):
        grad(lambda x: np.sum(checkpoint(np.sqrt)(x)))(np.array([4.0, 0.0]))


# What cannot be differentiated says so, and never gives a wrong number.


def test_random_numbers_are_refused():
    with pytest.raises(RecordingError, match="another result; make it give the same each time"):
        grad(lambda x: checkpoint(lambda x: x * random.normal())(x))(1.0)


def test_another_shape_or_number_of_results_is_refused():
    lengths = iter([3, 2])
    with pytest.raises(RecordingError, match="another result"):
        vjp(checkpoint(lambda x: x[: next(lengths)] * 1.0), np.arange(9.0))[1](np.ones(3))
    results = iter([1, 2])
    with pytest.raises(RecordingError, match="another result"):
        vjp(checkpoint(lambda x: [x * (k + 1.0) for k in range(next(results))]), 1.0)[1]([1.0])


def test_a_loops_variable_that_went_on_is_refused():
    def cost(x):
        for k in range(1, 4):
            x = checkpoint(lambda x: x * k)(x)  # noqa: B023
        return x

    with pytest.raises(RecordingError, match="a loop's variable that it closes over"):
        grad(cost)(1.0)


def test_writing_into_an_argument_is_refused():
    def f(x):
        x[0] = 1.0
        return x * 2

    with pytest.raises(RecordingError, match="begin with a copy"):
        grad(lambda x: np.sum(checkpoint(f)(x * 1.0)))(X)
    assert_derivatives(lambda x: checkpoint(lambda x: f(x.copy()))(x), X)


def test_writing_into_what_it_closes_over_is_refused():
    def cost(x):
        history = np.zeros_like(x)

        def f(x):
            history[0] = x[0]
            return x * 2

        return np.sum(checkpoint(f)(x) + history)

    with pytest.raises(RecordingError, match="no longer kept; let that function return it"):
        grad(cost)(X)


@pytest.mark.parametrize("use", [lambda z: z[0], lambda z: z**2, np.sin, np.sum, lambda z: z @ z, len, bool, list])
def test_a_value_that_escapes_is_refused_whatever_is_done_with_it(use):
    def cost(x):
        escaped = []
        checkpoint(lambda x: escaped.append(x * 2))(x)
        use(escaped[0])
        return np.sum(x)

    with pytest.raises(RecordingError, match="no longer kept"):
        grad(cost)(X)


def test_a_closed_over_array_that_is_written_into_later_is_refused():
    def cost(x):
        scale = np.ones_like(x) * x
        y = checkpoint(lambda x: x * scale)(x)
        scale *= 1.0  # the same numbers, but another array to the derivative
        return np.sum(y)

    with pytest.raises(RecordingError, match="written into after it ran"):
        grad(cost)(X)


def test_an_argument_may_be_written_into_later():
    def cost(x):
        scale = np.ones_like(x) * x
        y = checkpoint(lambda x, scale: x * scale)(x, scale)
        scale *= 3.0
        return np.sum(y + scale)

    np.testing.assert_allclose(grad(cost)(X), 2 * X + 3)


# Memory


def peak(f, *args):
    tracemalloc.start()
    try:
        f(*args)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("order", [1, 2])
def test_what_is_computed_on_the_way_is_not_kept(order):
    def chain(x):
        for _ in range(20):
            x = np.sin(x)
        return x

    def cost(wrap):
        def of(x):
            for _ in range(5):
                x = wrap(chain)(x)
            return np.sum(x)

        first = grad(of)
        return first if order == 1 else grad(lambda x: np.sum(first(x) ** 2))

    x = np.linspace(0, 1, 10_000)
    assert peak(cost(checkpoint), x) < 0.45 * peak(cost(lambda f: f), x)


def test_no_cycles_are_left_behind():
    def cost(t):
        return np.sum(checkpoint(lambda a: np.sin(a * t))(t * X))

    grad(grad(cost))(1.0)
    gc.collect()
    gc.disable()
    try:
        for _ in range(20):
            grad(cost)(1.0)
            grad(grad(cost))(1.0)
            jvp(cost, (1.0,), (1.0,))
        assert gc.collect() == 0
    finally:
        gc.enable()


def test_a_checkpointed_call_belongs_to_the_derivative_it_is_made_in():
    """Not to one in whose function a generator began, nor to one that has failed, nor to another thread's."""
    f = checkpoint(np.sin)

    def steps(x):
        while True:
            x = f(x)
            yield x

    def outer(x):
        outside = steps(x)
        first = next(outside)
        inner = grad(lambda t: t * next(outside))(2.0)
        with pytest.raises(ZeroDivisionError):
            grad(lambda t: f(t) / (1 // 0))(1.0)
        with ThreadPoolExecutor(1) as pool:
            elsewhere = pool.submit(f, x).result()
        return first * inner * f(x) * elsewhere

    def plainly(x):
        return np.sin(x) ** 3 * np.sin(np.sin(x))

    assert outer(0.5) == pytest.approx(plainly(0.5), rel=1e-15)
    for derivative in (grad, lambda f: grad(grad(f))):
        assert derivative(outer)(0.5) == pytest.approx(derivative(plainly)(0.5), rel=1e-12)
    assert OPEN.get() == ()


def test_a_pullback_that_is_let_go_takes_its_checkpointed_calls_with_it():
    gc.collect()
    gc.disable()
    try:
        for _ in range(10):
            vjp(lambda x: checkpoint(lambda t: np.sin(t * x))(x), np.ones(3))[1](np.ones(3))
        assert gc.collect() == 0
    finally:
        gc.enable()
