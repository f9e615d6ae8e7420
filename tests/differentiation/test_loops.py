"""scan: the loop it stands for, in every operator, with and without checkpoints; and memory that grows with √n."""

import tracemalloc
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.numerics import assert_derivatives

from chainrule import InputError, RecordingError, grad, hessian, jacobian, jvp, record, vjp
from chainrule.differentiation.loops import scan
from chainrule.graph.node import Node

random = np.random.default_rng(0)
W = random.normal(size=(2, 2))
A = random.normal(size=2)
XS = random.normal(size=(5, 2))
both = pytest.mark.parametrize("checkpoint", [False, True])


def scanned(W, a, xs, checkpoint):
    def step(a, x):
        a = np.tanh(W @ a + x)
        return a, (a * x, np.sum(a))

    return scan(step, a, xs, checkpoint=checkpoint)


def looped(W, a, xs):
    products, sums = [], []
    for x in xs:
        a = np.tanh(W @ a + x)
        products.append(a * x)
        sums.append(np.sum(a))
    return a, (np.stack(products), np.stack(sums))


def total(result):
    carry, (products, sums) = result
    return np.sum(carry**2) + np.sum(products**2) + np.sum(np.sin(sums))


@both
def test_on_plain_arrays_it_is_the_loop(checkpoint):
    carry, ys = scanned(W, A, XS, checkpoint)
    expected, expected_ys = looped(W, A, XS)
    np.testing.assert_array_equal(carry, expected)
    for y, expected_y in zip(ys, expected_ys, strict=True):
        np.testing.assert_array_equal(y, expected_y)


@both
@pytest.mark.parametrize("part", [lambda r: r[0], lambda r: r[1][0], lambda r: r[1][1]])
def test_derivatives_against_differences(checkpoint, part):
    assert_derivatives(lambda W, a, xs: part(scanned(W, a, xs, checkpoint)), W, A, XS[:3])


@both
@pytest.mark.parametrize("wrt", [0, 1, 2])
def test_every_operator_gives_what_it_gives_for_the_loop(checkpoint, wrt):
    f = lambda W, a, xs: total(scanned(W, a, xs, checkpoint))  # noqa: E731
    g = lambda *x: total(looped(*x))  # noqa: E731
    point = (W, A, XS)
    np.testing.assert_allclose(grad(f, wrt)(*point), grad(g, wrt)(*point), rtol=1e-10)
    np.testing.assert_allclose(hessian(f, wrt)(*point), hessian(g, wrt)(*point), rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(jvp(f, point, point)[1], jvp(g, point, point)[1], rtol=1e-10)
    for mode in ("reverse", "forward"):
        np.testing.assert_allclose(
            jacobian(lambda W, a, xs: scanned(W, a, xs, checkpoint)[1][0], wrt, mode)(*point),
            jacobian(lambda *x: looped(*x)[1][0], wrt, mode)(*point),
            rtol=1e-9,
            atol=1e-12,
        )


@both
def test_derivatives_nest(checkpoint):
    def power(x, wrap):
        return scan(lambda c, _: (c * x, None), x, length=4, checkpoint=wrap)[0]

    f, expected = lambda x: power(x, checkpoint), [1.5**5, 5 * 1.5**4, 20 * 1.5**3, 60 * 1.5**2, 120 * 1.5]
    for value in expected:
        assert f(1.5) == pytest.approx(value, rel=1e-12)
        f = grad(f)


@both
def test_a_loop_within_a_loop(checkpoint):
    def f(x, matrix):
        def outer(c, row):
            c, ys = scan(lambda c, y: (np.sin(c + y * x), c), c, row, checkpoint=checkpoint)
            return c, np.sum(ys)

        return scan(outer, x, matrix, checkpoint=checkpoint)[1]

    assert_derivatives(f, np.array(0.7), XS)


class State(NamedTuple):
    position: Any
    velocity: Any


@both
def test_structures_may_be_nested(checkpoint):
    """A pendulum: the symplectic Euler method, its length closed over."""

    def swing(length, forces):
        def step(state, row):
            velocity = state.velocity - 0.1 * np.sin(state.position) / length + row["force"] * row["on"][0]
            state = State(state.position + 0.1 * velocity, velocity)
            return state, {"state": state, "energy": None}

        state = State(0.5, 0.0)
        end, ys = scan(step, state, {"force": forces, "on": [np.arange(4) % 2]}, checkpoint=checkpoint)
        assert type(end) is State
        assert ys["energy"] is None
        return ys["state"].position + end.velocity

    assert_derivatives(swing, np.array(1.3), random.normal(size=4))


@both
@given(n=st.integers(1, 11), data=st.data())
def test_of_any_length_over_slices_of_any_shape(checkpoint, n, data):
    shape = data.draw(st.sampled_from([(), (1,), (0,), (2, 3)]))
    xs = np.random.default_rng(n).normal(size=(n, *shape))

    def f(xs):
        c, ys = scan(lambda c, x: (c + np.sum(x**2), c * x), 1.0, xs, length=n, checkpoint=checkpoint)
        return c + np.sum(ys)

    def g(xs):
        sums = 1.0 + np.concatenate([np.zeros(1), np.cumsum(np.sum(xs.reshape(n, -1) ** 2, axis=1))])
        return sums[-1] + np.sum(sums[:-1] * np.sum(xs.reshape(n, -1), axis=1))

    assert f(xs) == pytest.approx(g(xs), rel=1e-12)
    np.testing.assert_allclose(grad(f)(xs), grad(g)(xs), rtol=1e-10, atol=1e-12)


@both
def test_without_xs_or_without_ys(checkpoint):
    assert scan(lambda c, x: (c + 1, x), 0, length=3, checkpoint=checkpoint) == (3, None)
    carry, ys = scan(lambda c, x: (c * 2, c), 1.0, length=np.int64(3), checkpoint=checkpoint)
    assert carry == 8.0
    np.testing.assert_array_equal(ys, [1, 2, 4])
    carry, ys = scan(lambda c, x: (None, x), None, XS, checkpoint=checkpoint)
    assert carry is None
    np.testing.assert_array_equal(ys, XS)


@both
def test_float32_stays(checkpoint):
    xs = XS.astype(np.float32)
    f = lambda xs: np.sum(scan(lambda c, x: (c + x, c * x), np.zeros(2, np.float32), xs, checkpoint=checkpoint)[1])  # noqa: E731
    assert f(xs).dtype == np.float32
    assert grad(f)(xs).dtype == np.float32


def test_a_pullback_takes_cotangents_of_the_state_and_of_what_the_steps_gave():
    _, pullback = vjp(lambda x: scan(lambda c, x: (c + x, c), 0.0, x, checkpoint=True), np.ones(3))
    np.testing.assert_array_equal(pullback((1.0, np.zeros(3)))[0], [1, 1, 1])
    np.testing.assert_array_equal(pullback((0.0, np.array([0.0, 1.0, 1.0])))[0], [2, 1, 0])


def test_a_recorded_loop_runs_again():
    graph = record(lambda xs: scan(lambda c, x: (c + x, c * x), 1.0, xs), np.ones(3))
    carry, ys = graph(np.array([2.0, 3.0, 4.0]))
    assert carry == 10.0
    np.testing.assert_array_equal(ys, [2, 9, 24])


def test_many_threads_differentiate_loops_with_checkpoints_at_once():
    gradient = grad(lambda W: total(scanned(W, A, XS, True)))
    expected = gradient(W)
    with ThreadPoolExecutor(8) as pool:
        for found in pool.map(lambda _: gradient(W), range(100)):
            np.testing.assert_array_equal(found, expected)
    assert W.flags.writeable


# What it costs


def loop_of(n, checkpoint):
    """A chain of n products of matrices, of a cost by the factor."""

    def cost(factor):
        carry, _ = scan(lambda c, _: (np.sin(factor @ c), None), np.ones((4, 512)), length=n, checkpoint=checkpoint)
        return np.sum(carry)

    return cost


def peak(f, x):
    tracemalloc.start()
    try:
        f(x)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("second", [False, True])
def test_with_checkpoints_memory_grows_with_the_square_root_of_the_length(second):
    def growth(checkpoint):
        short, long = (grad(loop_of(n, checkpoint)) for n in (36, 576))
        if second:
            short, long = (grad(lambda x, g=g: np.sum(g(x) ** 2)) for g in (short, long))
        return peak(long, np.eye(4)) / peak(short, np.eye(4))

    assert growth(True) < 5  # 4, as of √16
    assert growth(False) > 12  # 16


def test_with_checkpoints_the_steps_run_twice():
    calls = 0

    def step(c, x):
        nonlocal calls
        calls += 1
        return c * x, c

    grad(lambda xs: scan(step, 1.0, xs, checkpoint=True)[0])(np.ones(10))
    assert calls == 20


@both
def test_reading_and_writing_rows_costs_n_and_not_n_squared(checkpoint, monkeypatch):
    def entries(n):
        total = 0
        make = Node.__init__

        def counted(self: Node, rule: Any, operands: Any, values: Any, parameters: Any, value: Any) -> None:
            nonlocal total
            total += 1 if isinstance(value, tuple) else np.size(value)
            make(self, rule, operands, values, parameters, value)

        def cost(xs):
            return np.sum(scan(lambda c, x: (c, x * x), 0.0, xs, checkpoint=checkpoint)[1] ** 2)

        with monkeypatch.context() as patch:
            patch.setattr(Node, "__init__", counted)
            grad(lambda xs: np.sum(grad(cost)(xs) ** 2))(np.ones(n))
        return total

    assert entries(256) < 4.5 * entries(64)


# What it refuses


def any_(x: Any) -> Any:
    """Let an argument be of a type that no type checker would allow."""
    return x


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda c: scan(lambda c, x: (c, x), 0.0, checkpoint=c), "neither xs nor length"),
        (lambda c: scan(lambda c, x: (c, x), 0.0, 1.0, checkpoint=c), "no axis to take rows from"),
        (lambda c: scan(lambda c, x: (c, x), 0.0, [np.ones(2), np.ones(3)], checkpoint=c), r"steps: \[2, 3\]"),
        (lambda c: scan(lambda c, x: (c, x), 0.0, np.ones(2), length=3, checkpoint=c), r"steps: \[2, 3\]"),
        (lambda c: scan(lambda c, x: (c, x), 0.0, np.ones(0), checkpoint=c), "given 0 steps"),
        (lambda c: scan(lambda c, x: (c, x), 0.0, length=-1, checkpoint=c), "given -1 steps"),
        (lambda c: scan(lambda c, x: (c, x), 0.0, length=any_(2.5), checkpoint=c), "length is 2.5; give .* an integer"),
        (lambda c: scan(lambda c, x: c, 0.0, np.ones(3), checkpoint=c), r"a pair \(carry, y\)"),
        (
            lambda c: scan(lambda c, x: (c + 1, np.ones(int(c) // 4)), 0.0, length=9, checkpoint=c),
            r"<lambda> gave a y of shape \(0,\) at first and of shape \(1,\) later",
        ),
        (
            lambda c: scan(lambda c, x: (c + 1, 1.0 if c < 1 else None), 0.0, length=9, checkpoint=c),
            r"of shape \(\) at first and of 0 arrays",
        ),
    ],
)
@both
def test_what_does_not_fit_is_refused_in_a_sentence(call, message, checkpoint):
    with pytest.raises(InputError, match=message):
        call(checkpoint)


def test_a_step_that_does_not_repeat_is_named():
    def noisy(c, x):
        return c + x * random.normal(), None

    with pytest.raises(RecordingError, match=r"checkpoint of noisy: run again .* another result"):
        grad(lambda xs: scan(noisy, 0.0, xs, checkpoint=True)[0])(np.ones(4))


def test_a_step_that_writes_what_it_closes_over_is_refused_with_checkpoints_only():
    def cost(xs, checkpoint):
        history = np.zeros_like(xs)

        def step(k, x):
            history[k] = x * x
            return k + 1, None

        scan(step, 0, xs, checkpoint=checkpoint)
        return np.sum(history)

    np.testing.assert_array_equal(grad(cost)(np.ones(4), False), 2 * np.ones(4))
    with pytest.raises(RecordingError, match="no longer kept"):
        grad(cost)(np.ones(4), True)
