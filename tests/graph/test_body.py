"""A loop's body as a recording of its own: what it closes over, and what it may write into."""

import numpy as np
import pytest

from chainrule import RecordingError, grad, scan
from chainrule.graph.body import Body
from chainrule.graph.graph import record_in
from chainrule.graph.node import Node
from chainrule.graph.tracer import OPEN, Recording

W = np.array([[1.0, 2.0], [3.0, 4.0]])
A = np.array([0.5, -0.5])
XS = np.arange(6.0).reshape(3, 2)


def recorded(g, *args):
    return record_in(Recording(for_all_values=True), g, *args)


def test_what_a_body_closes_over_is_an_input_of_it_once():
    with Recording(for_all_values=True) as outer, Recording() as inner:
        far, near = outer.variable(W), inner.variable(A)
        nearer = inner.variable(far)
        before = len(outer.nodes), len(inner.nodes)
        with Body() as body:
            graph = body.record("f", lambda x: [far @ x[0] + near, nearer @ x[0] + near, far[0], near], {"x": [A]})
            assert (len(outer.nodes), len(inner.nodes)) == (before[0] + 1, before[1])  # far[0] is not of the body
            assert [x._recording for x in body.captured] == [outer, inner, inner, outer]
        assert body.captured[0]._node is far._node
    assert graph.names == ["x", "captured_1", "captured_2", "captured_3", "captured_4"]
    assert all(type(x.value) is np.ndarray for x in graph.nodes)
    for found, expected in zip(graph(A, W, A, W, W[0]), [W @ A + A, W @ A + A, W[0], A], strict=True):
        np.testing.assert_array_equal(found, expected)


def test_what_does_not_change_from_step_to_step_is_computed_outside():
    graph = recorded(lambda W: scan(lambda a, _: (np.tanh(W.T @ W) @ a, None), A, length=3)[0], W)
    names = [node.rule.name for node in graph.nodes]
    assert names.count("tanh") == 1
    (body,) = (node.parameters["body"] for node in graph.nodes if "body" in node.parameters)
    assert [node.rule.name for node in body.nodes if node.operands] == ["matmul"]


def closing_over(write):
    def f(W, a, xs):
        total = a * 2
        view = total[:1]
        return scan(lambda c, x: write(W, total, view, c, x), a, xs)[0]

    return f


def into_captured(W, total, view, c, x):
    W[0] = x
    return c, None


def into_made_before(W, total, view, c, x):
    total += 1.0
    return c, None


def into_a_view(W, total, view, c, x):
    view[0] = 3.0
    return c, None


def into_a_new_view(W, total, view, c, x):
    total[1:][:] = x[0]
    return c, None


def into_the_carry(W, total, view, c, x):
    c[0] = 1.0
    return c, None


def into_the_row(W, total, view, c, x):
    x *= 2.0
    return c + x, None


@pytest.mark.parametrize(
    "write", [into_captured, into_made_before, into_a_view, into_a_new_view, into_the_carry, into_the_row]
)
@pytest.mark.parametrize("operator", [lambda f: f, lambda f: grad(lambda *x: np.sum(f(*x)))])
def test_a_step_writes_into_nothing_that_was_there_before(write, operator):
    with pytest.raises(RecordingError, match=r"In test_body.py, line \d+: .*a step of chainrule.scan writes into"):
        recorded(operator(closing_over(write)), W, A, XS)
    assert OPEN.get() == ()


def test_a_step_writes_into_what_it_makes():
    def step(W, c, x):
        buffer = np.zeros_like(W)  # of the outer recording, and made in the step
        buffer[0] = 1.0
        own = np.empty_like(c + x)
        own[:] = c
        own[0] += x[0]
        row = buffer[0]
        row *= 3.0
        return own + buffer[0], own

    def f(W, a, xs):
        c, ys = scan(lambda c, x: step(W, c, x), a, xs)
        return np.sum(c**2) + np.sum(ys * W[0])

    for g in (f, grad(f), grad(f, 2)):
        np.testing.assert_allclose(recorded(g, W, A, XS)(W + 1, A * 2, XS - 1), g(W + 1, A * 2, XS - 1))


def test_what_was_written_before_the_loop_is_seen_in_it():
    def f(a, xs):
        b = a.copy()
        view = b[::-1]
        b[0] = 7.0
        return scan(lambda c, x: (c * view + x, None), b, xs)[0]

    np.testing.assert_array_equal(recorded(f, A, XS)(A + 1, XS), f(A + 1, XS))


def test_plain_arrays_are_held_until_the_function_has_run():
    table = np.ones(2)

    def f(a, xs):
        c, _ = scan(lambda c, x: (c * table + x, None), a, xs)
        table[0] = 5.0
        return c

    with pytest.raises(RecordingError, match="a plain array is changed"):
        recorded(f, A, XS)
    assert table.flags.writeable
    with pytest.raises(RecordingError, match="a plain array is changed"):
        recorded(grad(lambda a, xs: np.sum(f(a, xs))), A, XS)
    assert table.flags.writeable
    assert OPEN.get() == ()


def test_a_loop_of_plain_arrays_is_run():
    table = np.array([1.0, 2.0])
    seen = []

    def f(x):
        powers = scan(lambda c, _: (c * table, c), np.ones(2), length=4)[1]
        seen.append(powers)
        return x @ powers

    graph = recorded(f, np.ones(4))
    np.testing.assert_array_equal(seen[0], [[1, 1], [1, 2], [1, 4], [1, 8]])
    np.testing.assert_array_equal(graph(np.arange(4.0)), np.arange(4.0) @ seen[0])
    assert all(type(node) is Node and node.rule.name != "scan" for node in graph.nodes)
    table[0] = 2.0  # it is not held any more


def test_a_value_within_a_step_is_refused():
    def step(c, x):
        return (c + x if x[0] > 0 else c), None

    with pytest.raises(RecordingError, match=r"line \d+: .*np.where\(condition, a, b\)"):
        recorded(lambda a, xs: scan(step, a, xs)[0], A, XS)


def test_a_value_that_leaked_is_refused():
    leaked = []

    def f(a, xs):
        def leak(c, x):
            leaked.append(c)
            return c, None

        scan(leak, a, xs)
        return scan(lambda c, x: (c + leaked[0], None), a, xs)[0]

    with pytest.raises(RecordingError, match="after the function it was traced in has returned"):
        recorded(f, A, XS)
