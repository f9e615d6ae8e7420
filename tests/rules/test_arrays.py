"""Rules that sum, rearrange, join, index and multiply arrays, against central differences."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.numerics import arrays, assert_derivatives

from chainrule import NonFiniteError, checkpoint, grad, hvp, jacobian, jvp, record, vjp, watch_nonfinite
from chainrule.graph.node import Node, whole
from chainrule.rules import indexing, kinds, products, reductions, shapes

A = np.random.default_rng(5).normal(size=(2, 3, 4))
MASK = A > 0


@given(data=st.data())
@pytest.mark.parametrize("name", ["sum", "mean", "max", "min", "var", "std"])
def test_reductions_over_any_axes(name, data):
    x = data.draw(arrays(shape=data.draw(st.sampled_from([(), (3,), (1,), (2, 3), (2, 1, 4)]))))
    axes = (
        data.draw(st.none() | st.sets(st.integers(-x.ndim, x.ndim - 1), max_size=x.ndim).map(tuple)) if x.ndim else None
    )
    if axes is not None and len({axis % x.ndim for axis in axes}) < len(axes):
        axes = None
    keepdims = data.draw(st.booleans())
    if name == "std":
        x = x + np.arange(x.size).reshape(x.shape)  # away from the corner at equal entries
        if np.any(np.std(x, axis=axes) == 0):
            return
    assert_derivatives(lambda x: getattr(np, name)(x, axis=axes, keepdims=keepdims), x, rtol=1e-4, atol=1e-6)


@given(x=arrays())
def test_sums_and_means_of_any_shape(x):
    assert_derivatives(lambda x: x.sum(), x)
    if x.size:
        assert_derivatives(lambda x: x.mean(), x)


FUNCTIONS = {
    "sum, one axis": lambda x: x.sum(1),
    "sum, dtype": lambda x: np.sum(x, dtype=np.float64),
    "sum, negative axes": lambda x: np.sum(x, axis=(-1, 0)),
    "cumsum": lambda x: np.cumsum(x, axis=1),
    "cumsum, all": lambda x: np.cumsum(x),
    "var, ddof": lambda x: np.var(x, axis=0, ddof=1),
    "reshape": lambda x: x.reshape(4, -1) * np.arange(6),
    "reshape, tuple": lambda x: np.reshape(x, (6, 4)),
    "ravel": lambda x: x.ravel(),
    "flatten": lambda x: x.flatten(),
    "transpose": lambda x: x.T,
    "transpose, axes": lambda x: x.transpose(1, 2, 0),
    "transpose, tuple": lambda x: np.transpose(x, (2, -3, 1)),
    "swapaxes": lambda x: x.swapaxes(0, -1),
    "moveaxis": lambda x: np.moveaxis(x, 0, -1),
    "moveaxis, several": lambda x: np.moveaxis(x, (0, 1), (-1, 0)),
    "squeeze": lambda x: np.squeeze(x[:, :1]),
    "squeeze, axis": lambda x: x[:1].squeeze(0),
    "expand_dims": lambda x: np.expand_dims(x, (0, -1)),
    "broadcast_to": lambda x: np.broadcast_to(x[:, :1], (5, 2, 3, 4)),
    "flip": lambda x: np.flip(x, 1),
    "flip, all": lambda x: np.flip(x),
    "roll": lambda x: np.roll(x, 2, axis=1),
    "roll, several": lambda x: np.roll(x, (1, -1), axis=(0, 2)),
    "roll, all": lambda x: np.roll(x, 5),
    "copy": lambda x: x.copy() * np.copy(x),
    "concatenate": lambda x: np.concatenate([x, np.ones((2, 1, 4)), x * 2], axis=1),
    "concatenate, all": lambda x: np.concatenate([x, x], axis=None),
    "stack": lambda x: np.stack([x, x**2], axis=-1),
    "hstack": lambda x: np.hstack([x[0, 0], x[1, 1]]),
    "hstack, matrices": lambda x: np.hstack([x[0], x[1]]),
    "vstack": lambda x: np.vstack([x[0, 0], x[1, 1]]),
    "where": lambda x: np.where(MASK, x, x**2),
    "where, condition traced": lambda x: np.where(x > 0.2, x, 0.0),
    "where, broadcast": lambda x: np.where(MASK, x[0, 0], np.sum(x)),
    "zeros_like": lambda x: np.zeros_like(x) + x,
    "ones_like": lambda x: np.ones_like(x, dtype=np.float64) * x,
    "index, integer": lambda x: x[1],
    "index, slices": lambda x: x[:, ::-2, 1:3],
    "index, ellipsis and new axis": lambda x: x[..., None, 0],
    "index, integers twice": lambda x: x[[0, 1, 1, 0]],
    "index, mixed": lambda x: x[:, [0, 2, 2], 1:],
    "index, mask": lambda x: x[MASK],
    "index, mask traced": lambda x: x[x > 0],
    "index, argmax": lambda x: x[0, 0, np.argmax(x[0, 0])],
    "iteration": lambda x: sum(row.sum() ** 2 for row in x),
    "take": lambda x: np.take(x, [2, 0, 0], axis=1),
    "take, all": lambda x: x.take([5, 7]),
    "diagonal": lambda x: np.diagonal(x, 1, 1, 2),
    "diagonal, below": lambda x: np.diagonal(x[0], -1),
    "trace": lambda x: np.trace(x, axis1=2, axis2=1),
    "dot": lambda x: np.dot(x, x[0].T),
    "dot, vectors": lambda x: np.dot(x[0, 0], x[1, 2]),
    "dot, three axes": lambda x: np.dot(x[0], x.transpose(0, 2, 1)),
    "inner": lambda x: np.inner(x, x[0]),
    "outer": lambda x: np.outer(x[0], x[1, 0]),
    "tensordot": lambda x: np.tensordot(x, x, axes=([0, 2], [0, 2])),
    "tensordot, crossed axes": lambda x: np.tensordot(x, x.transpose(1, 2, 0), axes=([2, 0], [1, 2])),
    "tensordot, one axis": lambda x: np.tensordot(x, x[0, 0], axes=(2, 0)),
    "tensordot, none": lambda x: np.tensordot(x[0, 0], x[0, 1], axes=0),
    "dot, numbers": lambda x: np.dot(x[0, 0, 0], x),
    "dot, two stacks": lambda x: np.dot(x, x.transpose(0, 2, 1)),
    "inner, vectors": lambda x: np.inner(x[0, 0], x[1, 1]),
    "tensordot, number": lambda x: np.tensordot(x, x.transpose(1, 2, 0), axes=2),
    "astype": lambda x: x.astype(np.float64) ** 2,
    "norm": lambda x: np.sqrt(np.sum(x * x)),
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_function(name):
    assert_derivatives(FUNCTIONS[name], A, rtol=1e-5)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_second_derivative(name):
    f = FUNCTIONS[name]
    weights = np.random.default_rng(2).normal(size=np.shape(f(A)))
    assert_derivatives(grad(lambda x: np.sum(weights * f(x) ** 2)), A, rtol=1e-4, atol=1e-6)


@given(data=st.data())
@pytest.mark.parametrize(
    ("left", "right"),
    [
        ((3,), (3,)),
        ((2, 3), (3,)),
        ((3,), (3, 4)),
        ((2, 3), (3, 4)),
        ((5, 2, 3), (3,)),
        ((3,), (5, 3, 2)),
        ((5, 2, 3), (3, 4)),
        ((2, 3), (5, 3, 4)),
        ((5, 1, 2, 3), (6, 3, 4)),
        ((2, 0), (0, 3)),
    ],
)
def test_matmul(left, right, data):
    assert_derivatives(np.matmul, data.draw(arrays(shape=left)), data.draw(arrays(shape=right)), rtol=1e-4)


LINEAR = [
    *(reductions.SUM, reductions.MEAN, reductions.CUMSUM, shapes.RESHAPE, shapes.TRANSPOSE, shapes.BROADCAST),
    *(shapes.FLIP, shapes.ROLL, shapes.ASTYPE, shapes.COPY, shapes.CONCATENATE, shapes.WHERE, products.MATMUL),
    *(products.TENSORDOT, products.DOT, products.INNER),
    *(indexing.GETITEM, indexing.SCATTER, reductions.MAX, reductions.MIN),
]


def test_pullback_and_pushforward_are_each_others_transpose():
    """Reverse and forward agree for every rule that the functions above come to, at both orders."""
    seen = set()
    random = np.random.default_rng(3)
    graphs = [record(f, A) for f in FUNCTIONS.values()]
    graphs += [record(lambda x, f=f: vjp(f, x)[1](np.ones(np.shape(f(A))))[0], A) for f in FUNCTIONS.values()]
    graphs += [record(lambda x, f=f: f(x, axis=1), A) for f in (np.max, np.min)]
    for graph in graphs:
        for node in graph.nodes:
            if node.value.dtype.kind != "f":
                continue
            seen.add(node.rule)
            cotangent = random.normal(size=node.value.shape)
            for i, x in enumerate(node.values):
                if not isinstance(x, np.ndarray) or x.dtype.kind != "f":
                    continue
                tangent = random.normal(size=x.shape)
                pushed, pulled = node.rule.pushforward(i, tangent, node), node.rule.pullback(i, cotangent, node)
                pushed, pulled = whole(pushed, node.value), whole(pulled, x)
                if pulled is None:
                    assert pushed is None
                else:
                    assert np.sum(cotangent * pushed) == pytest.approx(np.sum(pulled * tangent), rel=1e-10, abs=1e-12)
    assert not [rule.name for rule in LINEAR if rule not in seen]


def test_equal_extremes_share_the_gradient():
    np.testing.assert_array_equal(grad(np.max)(np.array([1.0, 3.0, 3.0])), [0, 0.5, 0.5])


@given(x=arrays(shape=(2, 3)))
def test_a_pullback_leaves_the_type_alone(x):
    for dtype in (np.float32, np.float64):
        ones = np.ones((3, 2), dtype)
        assert jacobian(lambda x, ones=ones: np.mean(x, axis=0) @ ones)(x.astype(dtype)).dtype == dtype


def test_entries_that_are_taken_one_by_one_and_the_whole_are_added_up():
    def f(x):
        once, row = x[0, 1, 2], x[1]
        total = once * x[0, 1, 2] + np.sum(row[::2] ** 3) + np.sum(x[[0, 0, 1], 1] ** 2) + np.sum(x[MASK])
        for i in range(3):
            total = total + np.sum(x[1, i] * np.sin(x[0, i]))
        return total + np.sum(x**2) + np.sum(np.exp(x))

    assert_derivatives(f, A)
    assert_derivatives(grad(f), A)
    np.testing.assert_array_equal(grad(lambda x: x[1] + x[1] + x[2])(np.ones(4)), [0, 2, 1, 0])


def test_entries_taken_by_index_arrays_that_depend_on_the_argument_are_put_back():
    def f(x):
        order = np.argsort(x[:, 0])
        return np.sum(x[order][0] ** 3) + np.sum(x[order, 1] * x[0, order]) + np.sum(x[1:, order[:2]] ** 2)

    x = A[0]
    assert_derivatives(f, x)
    assert_derivatives(grad(f), x)
    again = record(grad(f), x)
    y = -x[::-1]
    np.testing.assert_allclose(again(y), grad(f)(y))


def test_pieces_go_through_checkpoints_and_are_watched():
    def f(x):
        return sum(x[i] * np.sin(x[i + 1]) for i in range(len(x) - 1)) + np.sum(x[::2] ** 3)

    def squared(f):
        return lambda x: np.sum(grad(f)(x) ** 2)

    x = np.arange(5.0)
    for g, again in ((f, checkpoint(f)), (squared(f), squared(checkpoint(f)))):
        np.testing.assert_allclose(grad(again)(x), grad(g)(x), rtol=1e-14)
        with watch_nonfinite():
            np.testing.assert_array_equal(grad(g)(x), grad(g)(x))
    with watch_nonfinite(), np.errstate(all="ignore"), pytest.raises(NonFiniteError, match="derivative of sqrt"):
        grad(lambda x: np.sum(np.sqrt(x[1:])) + np.sqrt(x[0]))(x)


def test_pieces_have_the_type_of_the_array():
    x = np.ones(2, np.float32)
    _, tangent = jvp(lambda x: np.concatenate([x, x * 1j])[::-1], (x,), (x,))
    np.testing.assert_array_equal(tangent, [1j, 1j, 1, 1])
    np.testing.assert_array_equal(grad(lambda z: np.sum(z[0].real + z[1].imag))(np.ones(2, complex)), [1, 1j])
    gradient = grad(lambda x: x[0] * np.float64(3) + np.sum(x * 1j * x[1]).imag)(x)
    assert gradient.dtype == np.float32
    np.testing.assert_array_equal(gradient, [4, 3])


@pytest.mark.parametrize("taken", [list, lambda x: np.split(x, len(x)), lambda x: [x[i] for i in range(len(x))]])
def test_an_array_read_in_many_pieces_is_put_together_once(taken, monkeypatch):
    def f(x):
        return np.sum(np.stack([piece * piece for piece in taken(x)]))

    def entries_made(n):
        total, wholes, make, put_together = 0, 0, Node.__init__, indexing.Pieces.whole

        def counted(node, rule, operands, values, parameters, value):
            nonlocal total
            total += np.size(value)
            make(node, rule, operands, values, parameters, value)

        def counted_whole(pieces, value):
            nonlocal wholes
            wholes += 1
            return put_together(pieces, value)

        monkeypatch.setattr(Node, "__init__", counted)
        monkeypatch.setattr(indexing.Pieces, "whole", counted_whole)
        np.testing.assert_array_equal(grad(f)(np.ones(n)), 2 * np.ones(n))
        assert wholes == 1
        hvp(f, (np.ones(n),), np.ones(n))
        grad(lambda x: np.sum(grad(f)(x) ** 2))(np.ones(n))
        monkeypatch.undo()
        return total

    assert entries_made(200) < 4.5 * entries_made(50)


def test_joining_n_arrays_finds_their_places_once(monkeypatch):
    calls, places = 0, shapes._places

    def counted(node):
        nonlocal calls
        calls += 1
        return places(node)

    monkeypatch.setattr(shapes, "_places", counted)
    x = np.arange(50.0)
    assert_derivatives(lambda x: np.concatenate([np.sin(part) for part in np.split(x, [1, 7, 7, 20])]), x[:25])
    calls = 0
    np.testing.assert_array_equal(grad(lambda x: np.sum(np.stack(list(x)) ** 2))(x), 2 * x)
    assert calls == 1
    np.testing.assert_array_equal(jvp(lambda x: np.stack(list(x)), (x,), (x,))[1], x)
    assert calls == 1


def test_an_array_times_itself_is_its_square():
    assert [node.rule.name for node in record(lambda x: x * x, A).nodes[1:]] == ["square"]
    for x in (A, A + 1j * A[::-1], np.float32(3), np.arange(3), np.array([True, False])):
        np.testing.assert_array_equal(record(lambda x: x * x, x)(x), x * x, strict=isinstance(x, np.ndarray))
    assert_derivatives(lambda x: x * x, A)
    assert_derivatives(lambda x: x * x, A + 1j * A[::-1])


STACKS = [
    ((5, 3, 4), (4, 2)),
    ((5, 1, 4), (4, 2)),
    ((3, 4), (5, 4, 1)),
    ((3, 4), (5, 4, 2)),
    ((2, 3, 4), (5, 2, 4, 1)),
    ((2, 3, 4), (6, 5, 2, 4, 2)),
    ((5, 2, 1, 4), (2, 4, 3)),
    ((5, 2, 3, 4), (2, 4, 3)),
    ((5, 2, 3, 4), (1, 4, 3)),
    ((1, 3, 4), (5, 2, 4, 1)),
    ((5, 1, 3, 4), (2, 4, 3)),
    ((5, 2, 3, 4), (4,)),
    ((4,), (5, 2, 4, 3)),
    ((0, 3, 4), (4, 2)),
    ((3, 4), (0, 4, 1)),
]


@pytest.mark.parametrize("shapes", STACKS)
def test_products_with_stacks_of_matrices(shapes):
    a, b = (np.random.default_rng(k).normal(size=shape) for k, shape in enumerate(shapes))
    assert_derivatives(np.matmul, a, b)
    assert_derivatives(np.matmul, a + 1j, b * 1j)


def test_a_matrix_that_meets_a_stack_gets_its_cotangent_without_a_stack_of_its_own():
    random = np.random.default_rng(0)
    for operands, stack in (
        (((50, 3, 4), (4, 2)), (50, 4, 2)),
        (((3, 4), (50, 4, 1)), (50, 3, 4)),
        (((50, 2, 3, 4), (2, 4, 5)), (50, 2, 4, 5)),
    ):
        a, b = (random.normal(size=shape) for shape in operands)
        graph = record(grad(lambda a, b: np.sum(np.sin(a @ b)), (0, 1)), a, b)
        assert stack not in [np.shape(node.value) for node in graph.nodes]


@pytest.mark.parametrize("dtype", [np.float32, np.float64, complex])
@pytest.mark.parametrize("axes", [(0,), (1,), (2,), (0, 1), (1, 2), (0, 2), (0, 1, 2)])
def test_sums_of_many_entries_over_any_axes(dtype, axes):
    x = np.random.default_rng(1).normal(size=(30, 8, 7)).astype(dtype)
    for y in (x, x.transpose(2, 0, 1), x[:, ::-1], np.broadcast_to(x[:1], (30, 8, 7))):
        found = kinds.summed(y, axes)
        assert found.dtype == dtype
        tolerance = 1e-5 if dtype is np.float32 else 1e-13
        np.testing.assert_allclose(found, np.sum(y, axes), rtol=tolerance, atol=tolerance)
