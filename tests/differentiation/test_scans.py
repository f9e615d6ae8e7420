"""A loop recorded as one node: on other values than those it was recorded with it is the loop, in every operator."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chainrule import grad, hessian, jacobian, jvp, record, value_and_grad, vjp
from chainrule.differentiation.bundles import GATHER, ITEM
from chainrule.differentiation.loops import scan
from chainrule.differentiation.scans import SCAN, run_turns
from chainrule.graph.graph import record_in
from chainrule.graph.node import Node
from chainrule.graph.tracer import Recording

RANDOM = np.random.default_rng(0)
TABLE = RANDOM.normal(size=(4, 2))


def recorded(g, *args):
    return record_in(Recording(for_all_values=True), g, *args)


def others(*args):
    """Other values of the same shapes and types; whole numbers stay what they are."""
    return [x if x.dtype.kind in "biu" else x + RANDOM.normal(size=x.shape) for x in map(np.asarray, args)]


def assert_holds_for_other_values(g, *args):
    graph = recorded(g, *args)
    point = others(*args)
    expected, found = g(*point), graph(*point)
    if not isinstance(expected, tuple):
        expected, found = (expected,), (found,)
    for x, y in zip(expected, found, strict=True):
        assert np.shape(x) == np.shape(y)
        assert np.asarray(x).dtype == np.asarray(y).dtype
        np.testing.assert_allclose(y, x, rtol=1e-9, atol=1e-9)
    return graph


def size(graph):
    """How many nodes a graph has, with those of all bodies in it."""
    inner = (x for node in graph.nodes for x in node.parameters.values() if hasattr(x, "nodes"))
    return len(graph.nodes) + sum(size(body) for body in inner)


def arrays(n):
    return RANDOM.normal(size=(2, 2)), RANDOM.normal(size=2), RANDOM.normal(size=(n, 2))


def cost(W, a, xs, checkpoint=False):
    """A recurrent layer; the carry is nested, and of its arrays one counts the steps."""

    def step(carry, x):
        state, (total, t) = carry["state"], carry["sums"]
        state = np.tanh(W @ state + x * W[t % 2] + TABLE[0])
        y = state * x
        return {"state": state, "sums": (total + np.sum(y**2), t + 1)}, (y, {"t": t, "nothing": None})

    carry, (ys, more) = scan(step, {"state": a, "sums": (0.0, 0)}, xs, checkpoint=checkpoint)
    return np.sum(carry["state"] ** 3) + carry["sums"][0] + np.sum(np.sin(ys)) + np.sum(ys.T * more["t"])


def along(f):
    return lambda W, a, xs: jvp(f, (W, a, xs), (W, a, xs))[1]


OPERATORS = {
    "value": lambda f: f,
    "grad by what the step closes over": grad,
    "grad by the first carry": lambda f: grad(f, 1),
    "grad by the rows": lambda f: grad(f, 2),
    "grad by all": lambda f: grad(f, (0, 1, 2)),
    "value_and_grad": value_and_grad,
    "jvp": along,
    "hessian by what the step closes over": hessian,
    "hessian by the rows": lambda f: hessian(f, 2),
    "jacobian of grad, backward": lambda f: jacobian(grad(f, 1), 0, "reverse"),
    "grad of grad": lambda f: grad(lambda W, a, xs: np.sum(np.sin(grad(f, 2)(W, a, xs)))),
    "grad of jvp": lambda f: grad(along(f), 1),
    "jvp of jvp": lambda f: along(along(f)),
    "grad of grad of grad": lambda f: grad(
        lambda W, a, xs: np.sum(grad(lambda *x: np.sum(grad(f)(*x) ** 2), 1)(W, a, xs) ** 2), 2
    ),
}


@pytest.mark.parametrize("checkpoint", [False, True])
@pytest.mark.parametrize("operator", OPERATORS.values(), ids=OPERATORS.keys())
def test_every_operator_holds_for_other_values(operator, checkpoint):
    for n in (1, 5):
        assert_holds_for_other_values(operator(lambda W, a, xs: cost(W, a, xs, checkpoint)), *arrays(n))


@pytest.mark.parametrize(
    "name", sorted(OPERATORS.keys() - {"hessian by the rows"})
)  # this takes a pass for every entry
def test_the_number_of_nodes_does_not_grow_with_the_length(name):
    g = OPERATORS[name](cost)
    assert size(recorded(g, *arrays(2))) == size(recorded(g, *arrays(40)))


@settings(deadline=None, max_examples=30)
@given(n=st.integers(1, 6), nested=st.booleans(), checkpoint=st.booleans(), wrt=st.sampled_from([0, 1, 2, None]))
def test_lengths_and_structures(n, nested, checkpoint, wrt):
    def f(W, a, xs):
        def step(carry, row):
            x = row["x"][0] if nested else row
            b, *rest = carry if nested else [carry]
            b = np.sin(W @ b) * x + b
            return ([b, *rest] if nested else b), ((None, b[::-1]) if nested else b[0])

        carry, ys = scan(step, [a, np.ones(3)] if nested else a, {"x": (xs,)} if nested else xs, checkpoint=checkpoint)
        final, y = (carry[0] * np.sum(carry[1]), ys[1]) if nested else (carry, ys)
        return np.sum(final**2) + np.sum(np.cos(y))

    assert_holds_for_other_values(f if wrt is None else grad(f, wrt), *arrays(n))


def test_what_a_node_looks_like():
    W, a, xs = arrays(3)
    graph = recorded(lambda W, a, xs: scan(lambda a, x: (W @ a, (a, x[0])), a, xs), W, a, xs)
    (node,) = [node for node in graph.nodes if node.rule is SCAN]
    (gather,) = node.operands
    assert gather.rule is GATHER
    assert gather.operands == (graph.inputs[1], graph.inputs[2], graph.inputs[0])
    body = node.parameters["body"]
    assert {k: x for k, x in node.parameters.items() if x is not body} == {
        "length": 3, "carries": 1, "rows": 1, "reverse": False,
    }  # fmt: skip
    assert [x.value.shape for x in body.inputs] == [(2,), (2,), (2, 2)]
    assert [x.value.shape for x in body.outputs] == [(2,), (2,), ()]
    assert body.outputs[1] is body.inputs[0]
    assert [x.shape for x in node.value] == [(2,), (3, 2), (3,), (3, 2)]
    assert all(x.rule is ITEM and x.operands == (node,) for x in graph.outputs)
    assert [x.parameters["index"] for x in graph.outputs] == [0, 1, 2]


def test_it_runs_backward_too():
    def turn(carry, row, same):
        return [carry[0] * same[0] + row[0]], [carry[0]]

    def horner(x, coefficients, weight):
        turns = run_turns("horner", turn, [weight], [coefficients], [x], 4, reverse=True)
        return turns.carry[0] + np.sum(turns.given[0] * np.arange(4.0)) + np.sum(turns.begun[0] ** 2)

    def by_hand(x, coefficients, weight):
        weights: list[np.ndarray] = []
        for c in coefficients[::-1]:
            weights.insert(0, weight)
            weight = weight * x + c
        begun = np.stack(weights)
        return weight + np.sum(begun * np.arange(4.0)) + np.sum(begun**2)

    args = (np.float64(0.7), RANDOM.normal(size=4), np.float64(0.3))
    np.testing.assert_allclose(horner(*args), by_hand(*args))
    for wrt in (0, 1, 2):
        for operator in (grad, hessian):
            graph = recorded(operator(horner, wrt), *args)
            point = others(*args)
            np.testing.assert_allclose(graph(*point), operator(by_hand, wrt)(*point), rtol=1e-9)
    np.testing.assert_allclose(along(horner)(*args), along(by_hand)(*args))


def test_scans_nest_and_close_over_every_level():
    def f(W, a, xs):
        def outer(a, x):
            b = np.sin(a)

            def inner(c, k):
                return np.tanh(W @ c + b * x + W[k % 2] * TABLE[1]), np.sum(a * c)

            c, ys = scan(inner, a, np.arange(4))
            return c, (ys, W)

        c, (ys, Ws) = scan(outer, a, xs)
        return np.sum(c) + np.sum(ys**2) + np.sum(Ws**3)

    for operator in (lambda f: f, lambda f: grad(f, (0, 1, 2)), lambda f: along(f), hessian):
        assert_holds_for_other_values(operator(f), *arrays(3))


def test_training_within_a_scan():
    """Mini-batches by number; the derivative of the training's result by its rate and its data is a graph too."""
    x, y = RANDOM.normal(size=(12, 2)), RANDOM.normal(size=12)
    batches = RANDOM.permutation(12).reshape(4, 3)

    def train(w, x, y, rate):
        def step(w, batch):
            def loss(w):
                return np.mean((np.tanh(x[batch] @ w) - y[batch]) ** 2)

            value, gradient = value_and_grad(loss)(w)
            return w - rate * gradient, value

        w, losses = scan(step, w, batches)
        return np.sum(w**2) + np.sum(losses)

    args = (np.zeros(2), x, y, np.float64(0.1))
    for g in (train, grad(train, 3), grad(train, 1), grad(train), hessian(train)):
        assert_holds_for_other_values(g, *args)


def test_rows_may_be_whole_numbers_that_are_traced():
    def f(W, numbers):
        return scan(lambda a, i: (a * W[i] + W[0], W[i] * i), np.ones(2), numbers)

    W, numbers = RANDOM.normal(size=(4, 2)), np.array([1, 3, 0])
    graph = recorded(lambda W, numbers: grad(lambda W: np.sum(f(W, numbers)[0] + f(W, numbers)[1]))(W), W, numbers)
    for other in (numbers, np.array([2, 2, 1])):
        expected = grad(lambda W, other=other: np.sum(f(W, other)[0] + f(W, other)[1]))(W)
        np.testing.assert_allclose(graph(W, other), expected)


def test_complex_and_single_precision():
    def f(z, x):
        c, ys = scan(lambda c, x: (c * z + x, np.abs(c) ** 2), np.complex128(1), x)
        return np.abs(c) ** 2 + np.sum(ys)

    z, x = np.complex128(0.3 + 0.4j), RANDOM.normal(size=3)
    graph = recorded(grad(f, (0, 1)), z, x)
    for found, expected in zip(graph(z * 1j, x + 1), grad(f, (0, 1))(z * 1j, x + 1), strict=True):
        np.testing.assert_allclose(found, expected)
        assert found.dtype == expected.dtype
    single = [x.astype(np.float32) for x in arrays(3)]
    g = grad(lambda W, a, xs: np.sum(scan(lambda a, x: (np.tanh(W @ a) + x, None), a, xs)[0]), (0, 1, 2))
    for found, expected in zip(recorded(g, *single)(*single), g(*single), strict=True):
        assert found.dtype == np.float32
        np.testing.assert_allclose(found, expected, rtol=1e-5)


def test_one_value_in_several_places():
    """A turn gives the same value as its next carry, as another array of it, and twice beside."""

    def f(W, a, xs):
        def step(c, x):
            new = np.tanh(W @ c[0] + x * c[1])
            return (new, new), (new, {"again": new, "old": c[0], "row": x, "W": W})

        (c, d), (ys, more) = scan(step, (a, a), xs)
        rest = np.sum(more["old"] * more["row"] * 2) + np.sum(np.sin(more["W"]))
        return np.sum(c * d**2) + np.sum(ys**2 * more["again"]) + rest

    for g in (f, *(grad(f, i) for i in range(3)), along(f), hessian(f)):
        assert_holds_for_other_values(g, *arrays(3))


def test_the_loop_is_not_run_while_it_is_recorded(monkeypatch):
    def run(*_, **__):
        raise AssertionError("the loop ran")

    args = arrays(3)
    with monkeypatch.context() as patch:
        patch.setattr(SCAN, "function", run)
        graph = recorded(grad(cost), *args)
        with pytest.raises(AssertionError, match="the loop ran"):
            graph(*args)
    np.testing.assert_allclose(graph(*args), grad(cost)(*args))


def test_what_carries_no_derivative_is_not_carried_back():
    """Of a constant that is captured beside what the derivative is by, no cotangent is computed."""
    W, a, xs = arrays(3)

    def f(W, V):
        return np.sum(scan(lambda c, x: ((W @ c[0], V @ c[1]), c[0]), (a, a), xs)[0][0])

    graph = recorded(lambda W, V: grad(f)(W, V), W, W)
    backward = [node for node in graph.nodes if node.rule is SCAN][-1]
    assert backward.parameters["reverse"]
    assert backward.parameters["carries"] == 2  # the cotangents of the one state, and of W


def test_a_graph_with_a_loop_is_differentiated_when_it_is_run():
    args = arrays(4)
    graph = recorded(cost, *args)
    point = others(*args)
    for wrt in (0, 1, 2):
        np.testing.assert_allclose(grad(graph, wrt)(*point), grad(cost, wrt)(*point), rtol=1e-10)
    value, pullback = vjp(graph, *point)
    np.testing.assert_allclose(value, cost(*point))
    np.testing.assert_allclose(pullback(2.0)[0], 2 * grad(cost)(*point), rtol=1e-10)
    np.testing.assert_allclose(hessian(graph, 1)(*point), hessian(cost, 1)(*point), rtol=1e-9, atol=1e-12)


def test_it_is_printed_with_its_body_indented():
    graph = recorded(lambda r, xs: scan(lambda c, x: (c * r + x, None), 0.0, xs)[0], np.float64(2.0), np.ones(3))
    assert str(graph) == "\n".join(
        [
            "<lambda>(r: float64 (), xs: float64 (3,))",
            "  v1: 3 arrays = gather(0.0, xs, r)",
            "  v2: 2 arrays = scan(v1, length=3, carries=1, rows=1, reverse=False)",
            "    <lambda>(carry: float64 (), row: float64 (), captured: float64 ())",
            "      v1: float64 () = multiply(carry, captured)",
            "      v2: float64 () = add(v1, row)",
            "      return v2",
            "  v3: float64 () = item(v2, index=0)",
            "  return v3",
        ]
    )


def test_elsewhere_the_steps_are_recorded_one_by_one():
    graph = record(cost, *arrays(3))
    assert SCAN not in {node.rule for node in graph.nodes}
    assert {type(node) for node in graph.nodes} == {Node}
