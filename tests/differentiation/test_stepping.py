"""A user's step as a loop's body: what it must keep as it is, and segments of √n steps."""

import math
from dataclasses import dataclass

import numpy as np
import pytest

from chainrule import InputError, checkpoint, grad, scan
from chainrule.differentiation.scans import SCAN
from chainrule.graph.graph import record_in
from chainrule.graph.structure import flatten
from chainrule.graph.tracer import Recording

XS = np.arange(6.0).reshape(3, 2)


def recorded(g, *args):
    return record_in(Recording(for_all_values=True), g, *args)


@pytest.mark.parametrize(
    ("step", "carry", "words"),
    [
        (lambda c, x: (c + x[0], None), 0, "the carry as int64 of shape \\(\\) .* float64 .* such as 0.0 for 0"),
        (lambda c, x: (c + x, None), 0.0, r"the carry as .* gives it as float64 of shape \(2,\).*np.zeros\(\(2,\)\)"),
        (lambda c, x: ((c[0], c[1] + x), None), (np.ones(2), np.ones(2, np.float32)), "array 2 .*astype\\(float32\\)"),
        (lambda c, x: ([c + x], None), np.ones(2), "a carry of another structure"),
        (lambda c, x: ({"b": c["a"], "a": c["b"]}, None), {"a": 1.0, "b": 2.0}, "a dict's keys in the same order"),
        (lambda c, x: c + x, np.ones(2), r"is to return a pair \(carry, y\)"),
    ],
)
@pytest.mark.parametrize("checkpoint", [False, True])
def test_a_step_does_the_same_each_time(step, carry, words, checkpoint):
    with pytest.raises(InputError, match=words):
        recorded(lambda xs: scan(step, carry, xs, checkpoint=checkpoint), XS)


@dataclass
class State:
    position: object
    speed: object


def test_structures_come_back_as_they_went():
    def f(xs):
        def step(state, row):
            speed = state.speed + row["force"]
            return State(state.position + speed, speed), {"speed": [speed, None]}

        return scan(step, State(np.zeros(2), 0.0), {"force": xs[:, 0]})

    state, ys = recorded(f, XS)(XS + 1)
    expected, expected_ys = f(XS + 1)
    assert type(state) is State
    np.testing.assert_array_equal(state.position, expected.position)
    np.testing.assert_array_equal(state.speed, expected.speed)
    assert ys["speed"][1] is None
    np.testing.assert_array_equal(ys["speed"][0], expected_ys["speed"][0])


def test_steps_without_rows_and_constants():
    def f(x):
        carry, ys = scan(lambda c, _: ((c[0] * x, np.float64(1.0)), (2.0, c[1])), (x, 3.0), length=4)
        return carry[0] + carry[1] + np.sum(ys[0] * ys[1])

    for g in (f, grad(f), grad(grad(f))):
        np.testing.assert_allclose(recorded(g, np.float64(2.0))(0.5), g(0.5))


def lengths(graph):
    found = [node.parameters["length"] for node in graph.nodes if node.rule is SCAN]
    for node in graph.nodes:
        if node.rule is SCAN:
            found += lengths(node.parameters["body"])
    return found


def cost(w, xs):
    c, ys = scan(lambda c, x: (np.tanh(w * c + x), (c * x, None)), np.ones(2), xs, checkpoint=True)
    return np.sum(c**2) + np.sum(ys[0] ** 2)


@pytest.mark.parametrize("n", range(1, 12))
def test_segments_of_any_length(n):
    xs = np.linspace(-1.0, 1.0, 2 * n).reshape(n, 2)
    for g in (cost, grad(cost), grad(cost, 1)):
        np.testing.assert_allclose(recorded(g, np.float64(0.5), xs)(1.5, xs**2), g(1.5, xs**2), rtol=1e-10)


def test_no_loop_is_longer_than_the_root():
    """A loop keeps what each of its turns begins with: so none may keep more than √n."""
    for g in (cost, grad(cost), grad(grad(cost))):
        found = lengths(recorded(g, np.float64(0.5), np.ones((99, 2))))
        assert max(found) <= math.isqrt(99) + 1
        assert max(lengths(recorded(g, np.float64(0.5), np.ones((100, 2))))) == 10


def blocks(w, x, plain):
    """A checkpointed function of nested arguments, named ones, plain ones and what it closes over, twice."""

    @checkpoint
    def block(parts, *, scale, times):
        y = np.tanh(w * parts["x"][0] + plain)
        return {"y": [scale * y], "sum": np.sum(y) * times, "count": 3, "plain": plain}

    first = block({"x": [x], "name": "x"}, scale=2.0, times=3)
    second = block({"x": [first["y"][0] * x]}, scale=w, times=first["count"])
    return np.sum(second["y"][0] ** 2) + second["sum"] * first["sum"] + second["plain"][0]


def test_a_checkpointed_function_is_a_loop_of_one_turn():
    plain = np.array([0.3, -0.2])
    for g in (blocks, grad(blocks), grad(blocks, (0, 1)), grad(lambda *x: np.sum(grad(blocks, 1)(*x) ** 2), 1)):
        graph = recorded(lambda w, x, g=g: g(w, x, plain), np.float64(0.5), np.ones(2))
        assert set(lengths(graph)) == {1}
        for found, expected in zip(flatten(graph(1.5, plain))[0], flatten(g(1.5, plain, plain))[0], strict=True):
            np.testing.assert_allclose(found, expected, rtol=1e-12)


def test_a_checkpointed_function_of_plain_arrays_is_not_recorded():
    graph = recorded(lambda x: x * checkpoint(np.sum)(XS), np.float64(1.0))
    assert graph(2.0) == 2 * np.sum(XS)
    assert not lengths(graph)


def test_a_checkpointed_function_within_a_step():
    def cost(w, xs):
        return np.sum(scan(lambda c, x: (checkpoint(np.sin)(w * c + x), c), np.ones(2), xs)[1] ** 2)

    for g in (cost, grad(cost), grad(cost, 1)):
        np.testing.assert_allclose(recorded(g, np.float64(0.5), XS)(1.5, XS**2), g(1.5, XS**2), rtol=1e-12)


def test_a_checkpointed_function_is_run_once_where_a_function_is_recorded():
    calls = []

    def f(x):
        calls.append(x)
        return x * x

    recorded(grad(checkpoint(f)), np.float64(1.0))
    assert len(calls) == 1
