"""Nests of loops: their axes joined and put in order, their numbers known, their long sums parted."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chainrule.compiler.kernels import copied, filled, joined, known_number, ordered, parted
from chainrule.compiler.numpy_executor import work
from chainrule.compiler.plan import Apply, Kernel, Number, Place, Read, Step, Store
from chainrule.compiler.simplify import Builder

F8, F4 = np.dtype(float), np.dtype(np.float32)


def run(kernel, *arrays):
    """Run a kernel on the memory of arrays that lie entry after entry."""

    def at(k, layout):
        shape, strides, dtype = layout
        flat = arrays[k].reshape(-1)
        first = sum((1 - n) * s for n, s in zip(shape, strides, strict=True) if s < 0)
        return np.lib.stride_tricks.as_strided(flat[first:], shape, [s * dtype.itemsize for s in strides])

    work(Step(kernel, tuple(Place(k) for k in range(len(arrays)))), at)


def doubled(shape, source, target, reduce=None, axes=()):
    """The kernel that writes or reduces twice the entries of its first argument."""
    two = Number(2.0, F8)
    expressions = (Read(0, source, F8), two, Apply("multiply", (0, 1), F8))
    return Kernel(shape, expressions, (Store(2, 1, target, reduce, axes),))


@pytest.mark.parametrize(
    ("kernel", "shape"),
    [
        (doubled((2, 3, 4), (12, 4, 1), (12, 4, 1)), (24,)),
        (doubled((2, 3, 4), (12, 4, 1), (1, 2, 6)), (2, 3, 4)),
        (doubled((2, 3, 4), (12, 4, 1), (24, 4, 1)), (2, 12)),
        (doubled((2, 3, 4), (12, -4, -1), (12, 4, 1)), (2, 12)),
        (doubled((2, 3, 4), (0, 0, 1), (12, 4, 1)), (6, 4)),
        (doubled((2, 3, 4), (0, 0, 0), (12, 4, 1)), (24,)),
        (doubled((2, 3, 4), (12, 4, 1), (0, 0, 0), "add", (0, 1, 2)), (24,)),
        (doubled((2, 3, 4), (12, 4, 1), (4, 0, 0), "add", (1, 2)), (2, 12)),
        (doubled((2, 3, 4), (12, 4, 1), (0, 4, 1), "add", (0,)), (2, 12)),
        (doubled((), (), ()), ()),
    ],
)
def test_neighbours_along_which_all_goes_on_in_equal_steps_are_one_axis(kernel, shape):
    result = joined(kernel)
    assert result.shape == shape
    x = np.arange(24.0) + 1
    before, after = np.zeros(36), np.zeros(36)
    run(kernel, x, before)
    run(result, x, after)
    np.testing.assert_allclose(after, before, rtol=1e-15)


def test_the_axes_of_a_sum_follow_those_of_the_shape():
    kernel = joined(doubled((2, 3, 4, 5), (60, 20, 5, 1), (5, 0, 0, 1), "add", (1, 2)))
    assert (kernel.shape, kernel.stores[0].axes, kernel.stores[0].strides) == ((2, 12, 5), (1,), (5, 0, 1))


@pytest.mark.parametrize(
    ("source", "target", "shape"),
    [
        ((8, 1), (8, 1), (64,)),
        ((1, 8), (1, 8), (64,)),
        ((1, 8), (8, 1), (8, 8)),
        ((1, 9), (1, 10), (8, 8)),
        ((1, 9), (0, 8), (8, 8)),
    ],
)
def test_the_last_axis_is_that_along_which_most_lies_entry_after_entry(source, target, shape):
    assert ordered(joined(copied((8, 8), source, target, F8))).shape == shape


def test_the_order_of_axes():
    kernel = ordered(doubled((5, 6, 7), (1, 100, 1000), (1, 200, 2000)))
    assert kernel.shape == (6, 7, 5)
    assert kernel.expressions[0] == Read(0, (100, 1000, 1), F8)
    kernel = ordered(doubled((5, 6, 7), (1, 100, 1000), (0, 200, 2000), "add", (0,)))
    assert (kernel.shape, kernel.stores[0].axes) == ((6, 7, 5), (2,))
    assert ordered(doubled((2, 6), (1, 100), (1, 200))).shape == (6, 2)
    assert ordered(doubled((6, 2), (1, 3), (3, 1))).shape == (2, 6)  # where it matters not, the longer one


@given(st.permutations(range(3)), st.permutations(range(3)), st.lists(st.sampled_from([1, -1]), min_size=6, max_size=6))
def test_a_copy_is_one_whatever_the_layouts(source, target, signs):
    shape = (2, 1, 3)

    def walk(axes, signs):
        """The strides of an array whose axes lie in an order, each forwards or backwards."""
        inner = np.empty([shape[a] for a in axes], np.int8)
        return tuple(s * sign for s, sign in zip(np.transpose(inner, np.argsort(axes)).strides, signs, strict=True))

    def places(walk):
        grid = sum(np.arange(n).reshape([-1 if a == k else 1 for a in range(3)]) * walk[k] for k, n in enumerate(shape))
        return np.broadcast_to(grid - np.min(grid), shape)

    walks = walk(source, signs[:3]), walk(target, signs[3:])
    for onto in (False, True):
        x, y = np.arange(6.0), np.arange(6.0) * 10
        expected = x[places(walks[0])] + (y[places(walks[1])] if onto else 0)
        run(copied(shape, *walks, F8, onto), x, y)
        np.testing.assert_array_equal(y[places(walks[1])], expected)


def test_a_number_is_written_or_added_everywhere():
    y = np.ones((3, 4))
    run(filled((3, 2), Number(2.5, F8), (4, 2)), y)
    assert y.tolist() == [[2.5, 1, 2.5, 1]] * 3
    run(filled((12,), Number(1.0, F8), (1,), onto=True), y)
    assert y.tolist() == [[3.5, 2, 3.5, 2]] * 3


def test_numbers_are_equal_by_their_bits():
    assert Number(0.0, F8) != Number(-0.0, F8)
    assert Number(np.nan, F8) == Number(np.nan, F8)
    assert Number(1.0, F8) != Number(1.0, F4)


def test_what_is_one_known_number():
    builder = Builder()
    assert known_number(builder.full(3.0, (2, 2))) == Number(3.0, F8)
    assert known_number(builder.reshape(builder.constant(np.array([[2.0]])), (1,))) == Number(2.0, F8)
    assert known_number(builder.constant(np.full((2, 3), 4.0))) == Number(4.0, F8)
    assert known_number(builder.constant(np.arange(2.0))) is None
    assert known_number(builder.input(0, (), F8)) is None


@pytest.mark.parametrize(
    ("shape", "axes", "parts"),
    [
        ((1 << 16,), (0,), 16),
        ((1 << 15,), (0,), 0),  # too short to be worth it
        ((30, 1 << 12), (0,), 6),
        ((30, 1 << 12), (0, 1), 6),
        ((30, 1 << 12), (1,), 0),  # another axis is reduced
        ((31, 1 << 12), (0,), 0),  # a prime number
        ((6, 1 << 14), (0,), 0),  # parts would have no four rows
    ],
)
@pytest.mark.parametrize(("reduce", "numpys"), [("add", np.sum), ("maximum", np.max)])
@pytest.mark.parametrize("onto", [False, True])
def test_long_reductions_are_parted(shape, axes, parts, reduce, numpys, onto):
    if onto and reduce != "add":
        return
    x = np.random.default_rng(0).normal(size=shape)
    strides = tuple(s // 8 for s in x.strides)
    kept = tuple(0 if i in axes else 1 for i in range(len(shape)))
    store = Store(0, 1, kept, reduce, axes, onto)
    kernel, rest = parted(Kernel(shape, (Read(0, strides, F8),), (store,)))
    total = np.ones(np.sum(x, axis=axes).shape)
    expected = numpys(x, axis=axes) + onto
    assert len(rest) == (1 if parts else 0)
    if not parts:
        assert kernel.stores == (store,)
        return
    assert kernel.shape == (parts, shape[0] // parts, *shape[1:])
    partial = np.full((parts, *total.shape), np.nan)
    run(kernel, x, np.full(1, np.nan), partial)  # the result's own argument is not touched
    ((argument, last),) = rest
    assert argument == 1
    run(last, partial, total)
    np.testing.assert_allclose(total, expected, rtol=1e-12, atol=1e-10)


def test_what_is_not_reduced_over_the_first_axis_is_written_as_it_was():
    n = 1 << 12
    stores = (Store(0, 1, (n, 1)), Store(0, 2, (0, 1), "add", (0,)), Store(0, 3, (1, 0), "add", (1,)))
    kernel, rest = parted(Kernel((32, n), (Read(0, (n, 1), F8),), stores))
    x = np.random.default_rng(0).normal(size=(32, n))
    y, rows, columns, partial = np.empty_like(x), np.empty(32), np.empty(n), np.empty((16, n))
    run(kernel, x, y, columns, rows, partial)
    ((argument, last),) = rest
    assert argument == 2
    run(last, partial, columns)
    assert np.array_equal(y, x)
    np.testing.assert_allclose(rows, x.sum(axis=1), rtol=1e-10, atol=1e-12)
    np.testing.assert_allclose(columns, x.sum(axis=0), rtol=1e-10, atol=1e-12)
