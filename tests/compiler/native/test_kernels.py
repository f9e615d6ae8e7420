import ctypes
import itertools
from unittest import mock

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

pytest.importorskip("llvmlite")

from llvmlite import ir

from chainrule.compiler.native import nest
from chainrule.compiler.native.engine import compile_module
from chainrule.compiler.native.kernels import emit_kernel, splits, takes
from chainrule.compiler.native.machine import Vectors
from chainrule.compiler.plan import Apply, Expression, Kernel, Number, Read, Store

BOOL, I4, I8, U1, F4, F8 = (np.dtype(each) for each in (bool, np.int32, np.int64, np.uint8, np.float32, np.float64))
MACHINES = [None, Vectors(512, masked=True), Vectors(256, masked=False), Vectors(128, masked=False)]
STEP = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_int64, ctypes.c_int64)
RTOL = {"f": {4: 1e-5, 8: 1e-14}}

COMPARE = ["equal", "not_equal", "less", "less_equal", "greater", "greater_equal"]
LOGIC = ["logical_and", "logical_or", "logical_xor"]
ARITHMETIC = ["add", "subtract", "multiply", "maximum", "minimum", *COMPARE, *LOGIC]
BINARY = {"f": ARITHMETIC, "i": ARITHMETIC, "u": ARITHMETIC, "b": ["add", "multiply", "maximum", "minimum", *LOGIC]}
UNARY = {"f": ["negative", "square", "absolute", "logical_not"], "i": ["negative", "square", "absolute", "logical_not"],
         "u": ["square", "logical_not"], "b": ["logical_not"]}  # fmt: skip


class Memory:
    """An argument: a piece of memory with room for all entries that strides from its first one lead to."""

    def __init__(self, shape, strides, dtype, values=None):
        reach = [stride * (size - 1) for stride, size in zip(strides, shape, strict=True) if size]
        self.start = -sum(min(0, each) for each in reach)
        length = self.start + sum(max(0, each) for each in reach) + 1
        self.array = np.zeros(length, dtype) if values is None else np.resize(values, length).astype(dtype)

    def view(self, shape, strides):
        size = self.array.itemsize
        return np.lib.stride_tricks.as_strided(self.array[self.start :], shape, [size * each for each in strides])

    @property
    def address(self):
        return self.array.ctypes.data + self.start * self.array.itemsize


def compiled(kernel, machine=None):
    module = ir.Module()
    emit_kernel(module, "f", kernel, machine)
    return compile_module(module)


def run(kernel, memories, machine=None, parts=1):
    """Run the native code, in parts of axis 0."""
    code = compiled(kernel, machine)
    arguments = (ctypes.c_void_p * len(memories))(*[each.address for each in memories])
    size = kernel.shape[0] if kernel.shape else 1
    bounds = [size * part // parts for part in range(parts + 1)]
    for begin, end in itertools.pairwise(bounds):
        STEP(code.address("f"))(ctypes.addressof(arguments), begin, end)


def evaluate(kernel, memories):
    """Do with NumPy what the kernel says: what it computes, and how large the sums' terms are."""
    values: list[np.ndarray] = []
    for each in kernel.expressions:
        if isinstance(each, Read):
            value = memories[each.argument].view(kernel.shape, each.strides).copy()
        elif isinstance(each, Number):
            value = np.full(kernel.shape, each.value, each.dtype)
        else:
            operands = [values[operand] for operand in each.operands]
            if each.function == "astype":
                value = operands[0].astype(each.dtype)
            else:
                value = (np.where if each.function == "where" else getattr(np, each.function))(*operands)
            value = np.asarray(value, dtype=each.dtype)
        values.append(value)
    return [result(kernel, store, values[store.expression], memories) for store in kernel.stores]


def result(kernel, store, value, memories):
    """What a store leaves behind, and the places where."""
    shape = tuple(1 if axis in store.axes else size for axis, size in enumerate(kernel.shape))
    terms = np.abs(value) if value.dtype.kind == "f" else value
    if store.reduce is not None:
        reduce = getattr(np, store.reduce).reduce
        wide = value.astype(np.longdouble) if value.dtype.kind == "f" else value
        value = reduce(wide, axis=store.axes, keepdims=True, dtype=wide.dtype)
        terms = np.add.reduce(terms, axis=store.axes, keepdims=True, dtype=terms.dtype)
    if store.onto:
        held = memories[store.argument].view(shape, store.strides)
        value, terms = held + value, np.abs(held) + terms
    return shape, value, terms


def check(kernel, memories, machine=None, parts=1):
    with np.errstate(all="ignore"):
        expected = evaluate(kernel, memories)
        run(kernel, memories, machine, parts)
        for store, (shape, value, terms) in zip(kernel.stores, expected, strict=True):
            dtype = kernel.expressions[store.expression].dtype
            actual = memories[store.argument].view(shape, store.strides)
            if dtype.kind == "f" and store.reduce in ("add", "multiply"):
                scale = terms if store.reduce == "add" else np.abs(value)
                fine = np.abs(actual - value) <= RTOL["f"][dtype.itemsize] * scale
                fine |= ~np.isfinite(scale.astype(dtype)) | (actual == value)
                same = np.isnan(actual) == np.isnan(value.astype(dtype))
                assert fine.all(), (actual, value)
                assert (same | ~np.isfinite(scale.astype(dtype))).all()
            else:
                np.testing.assert_array_equal(actual, value)


@st.composite
def layouts(draw, shape, broadcast=True):
    """Strides: axes in any order, backwards, with gaps, repeated."""
    strides, step = [0] * len(shape), draw(st.sampled_from([1, 1, 1, 2]))
    orders = [list(reversed(range(len(shape)))), draw(st.permutations(range(len(shape))))]
    for axis in draw(st.sampled_from(orders)):
        if broadcast and draw(st.sampled_from([False, False, True])):
            continue
        strides[axis] = step * draw(st.sampled_from([1, 1, 1, -1]))
        step *= max(shape[axis], 1)
    return tuple(strides)


@st.composite
def shapes(draw):
    rank = draw(st.integers(0, 4))
    sizes = st.sampled_from([0, *range(1, 41)]) if rank < 3 else st.integers(1, 7)
    return tuple(draw(sizes) for _ in range(rank))


@st.composite
def kernels(draw):
    """A kernel and its arguments."""
    shape = draw(shapes())
    special = draw(st.booleans())
    numbers = [-3.0, -1.5, -1.0, -0.0, 0.5, 1.0, 2.0, 3.0, *([np.nan, np.inf, -np.inf] if special else [])]
    expressions: list[Expression] = []
    memories: list[Memory] = []
    for _ in range(draw(st.integers(1, 3))):
        dtype = draw(st.sampled_from([F4, F8, F8, I4, I8, U1, BOOL]))
        strides = draw(layouts(shape))
        choice = numbers if dtype.kind == "f" else range(4) if dtype.kind == "u" else range(-3, 4)
        values = draw(st.lists(st.sampled_from(choice), min_size=1, max_size=50))
        expressions.append(Read(len(memories), strides, dtype))
        memories.append(Memory(shape, strides, dtype, np.asarray(values)))
    for _ in range(draw(st.integers(0, 5))):
        expressions.append(draw(applications(expressions, special)))
    stores: list[Store] = []
    for _ in range(draw(st.integers(1, 3))):
        store, memory = draw(stored(shape, expressions, memories, stores))
        stores.append(store)
        if memory is not None:
            memories.append(memory)
    return Kernel(shape, tuple(expressions), tuple(stores)), memories


@st.composite
def applications(draw, expressions, special):
    """One more expression of those that there are."""
    number = draw(st.integers(0, len(expressions) - 1))
    dtype = expressions[number].dtype
    alike = [at for at, each in enumerate(expressions) if each.dtype == dtype]
    truths = [at for at, each in enumerate(expressions) if each.dtype == BOOL]
    kind = draw(st.sampled_from(["number", "unary", "binary", "binary", "astype", *(["where"] if truths else [])]))
    if kind == "number":
        return Number(draw(st.sampled_from([0, 1, 2])), dtype)
    if kind == "astype":
        targets = [F4, F8, BOOL, *([] if dtype.kind == "f" and special else [I4, I8])]
        return Apply("astype", (number,), draw(st.sampled_from(targets)))
    if kind == "where":
        return Apply("where", (draw(st.sampled_from(truths)), number, draw(st.sampled_from(alike))), dtype)
    if kind == "unary":
        function = draw(st.sampled_from(UNARY[dtype.kind]))
        return Apply(function, (number,), BOOL if "logical" in function else dtype)
    function = draw(st.sampled_from(BINARY[dtype.kind]))
    boolean = function in (*COMPARE, *LOGIC)
    return Apply(function, (number, draw(st.sampled_from(alike))), BOOL if boolean else dtype)


@st.composite
def stored(draw, shape, expressions, memories, stores):
    """One more store, and its argument, or none where it writes what it reads."""
    number = draw(st.integers(0, len(expressions) - 1))
    dtype = expressions[number].dtype
    written = {each.argument for each in stores}
    places = [
        each
        for each in expressions
        if isinstance(each, Read) and each.dtype == dtype and each.argument not in written
        and all(stride or size == 1 for stride, size in zip(each.strides, shape, strict=True))
    ]  # fmt: skip
    if places and draw(st.booleans()):
        place = draw(st.sampled_from(places))
        return Store(number, place.argument, place.strides), None
    axes = tuple(axis for axis in range(len(shape)) if draw(st.booleans()))
    strides = draw(layouts(shape, broadcast=False))
    reduce = None
    if axes:
        short = np.prod([shape[axis] for axis in axes]) <= 5
        empty = any(shape[axis] == 0 for axis in axes)
        names = {"b": ["logical_and", "logical_or"]}.get(dtype.kind, ["add", *(["multiply"] if short else [])])
        reduce = draw(st.sampled_from([*names, *([] if empty else ["maximum", "minimum"])]))
        strides = tuple(0 if axis in axes else stride for axis, stride in enumerate(strides))
    onto = reduce in (None, "add") and dtype != BOOL and draw(st.booleans())
    memory = Memory(shape, strides, dtype, np.arange(7))
    return Store(number, len(memories), strides, reduce, axes, onto), memory


@settings(max_examples=250)
@given(kernels(), st.sampled_from(MACHINES), st.integers(1, 3))
def test_a_kernel_does_what_numpy_does(case, machine, parts):
    kernel, memories = case
    assert takes(kernel)
    check(kernel, memories, machine, parts if splits(kernel) else 1)


@settings(max_examples=150)
@given(kernels(), st.sampled_from(MACHINES), st.integers(1, 3), st.integers(1, 3))
def test_the_same_where_loops_run_in_blocks(case, machine, rows, turns):
    kernel, memories = case
    with mock.patch.object(nest, "ROWS", rows), mock.patch.object(nest, "TURNS", turns):
        check(kernel, memories, machine)


def tight(shape):
    return tuple(int(np.prod(shape[axis + 1 :])) for axis in range(len(shape)))


def summing(shape, axes, dtype, onto=False):
    """The sums of an array over several choices of axes."""
    stores = []
    for number, each in enumerate(axes, start=1):
        kept = tight([1 if axis in each else size for axis, size in enumerate(shape)])
        strides = tuple(0 if axis in each else kept[axis] for axis in range(len(shape)))
        stores.append(Store(0, number, strides, "add", each, onto))
    return Kernel(shape, (Read(0, tight(shape), dtype),), tuple(stores))


SUMS = [
    ((1_000_003,), [(0,)]),
    ((1009, 1001), [(0,)]),
    ((1009, 1001), [(1,)]),
    ((1009, 1001), [(0, 1)]),
    ((1009, 1001), [(0,), (1,)]),
    ((5, 300, 7), [(1,), (0, 2), (0, 1)]),
    ((2, 200, 3, 40), [(1,), (2,)]),
    ((200_000, 3), [(0,)]),
]


@pytest.mark.parametrize(("shape", "axes"), SUMS)
@pytest.mark.parametrize("machine", MACHINES)
@pytest.mark.parametrize("dtype", [F4, F8])
@pytest.mark.parametrize("onto", [False, True])
def test_long_sums_are_accurate(shape, axes, machine, dtype, onto):
    x = np.random.default_rng(0).random(shape).astype(dtype)
    kernel = summing(shape, axes, dtype, onto)
    memories = [Memory(shape, store.strides, dtype, np.ones(1)) for store in kernel.stores]
    run(kernel, [Memory(shape, tight(shape), dtype, x.ravel()), *memories], machine)
    for each, memory in zip(axes, memories, strict=True):
        exact = x.sum(axis=each, dtype=np.longdouble).ravel() + onto
        assert np.abs(memory.array / exact - 1).max() <= 16 * np.finfo(dtype).eps


@pytest.mark.parametrize("shape", [(1000,), (37, 19), (1, 500), (64, 3, 5)])
@pytest.mark.parametrize("dtype", [F4, F8])
def test_parts_give_the_bits_of_the_whole(shape, dtype):
    last = len(shape) - 1
    sums = () if last == 0 else (Store(2, 2, (*tight(shape[:-1]), 0), "add", (last,)),)
    kernel = Kernel(
        shape,
        (Read(0, tight(shape), dtype), Apply("exp", (0,), dtype), Apply("divide", (0, 1), dtype)),
        (Store(2, 1, tight(shape)), *sums),
    )
    assert splits(kernel)
    x = Memory(shape, tight(shape), dtype, np.random.default_rng(0).standard_normal(shape).ravel())
    results = []
    for parts in (1, 2, 7, min(shape[0], 50)):
        outputs = [Memory(shape, store.strides, dtype) for store in kernel.stores]
        run(kernel, [x, *outputs], parts=parts)
        results.append(b"".join(each.array.tobytes() for each in outputs))
    assert len(set(results)) == 1


def test_a_part_leaves_the_rest_alone():
    kernel = Kernel((100,), (Read(0, (1,), F8),), (Store(0, 1, (1,)),))
    x, y = np.ones(100), np.zeros(100)
    arguments = (ctypes.c_void_p * 2)(x.ctypes.data, y.ctypes.data)
    code = compiled(kernel)
    STEP(code.address("f"))(ctypes.addressof(arguments), 13, 90)
    STEP(code.address("f"))(ctypes.addressof(arguments), 95, 95)
    assert y.nonzero()[0].tolist() == list(range(13, 90))


def test_what_is_put_onto_one_place_is_summed():
    kernel = Kernel((3, 50), (Read(0, (50, 1), F8),), (Store(0, 1, (1, 0), onto=True),))
    assert splits(kernel)
    assert not splits(Kernel((3, 50), kernel.expressions, (Store(0, 1, (0, 1), onto=True),)))
    x, y = Memory((3, 50), (50, 1), F8, np.arange(150.0)), Memory((3,), (1,), F8, np.ones(3))
    run(kernel, [x, y])
    np.testing.assert_allclose(y.array, 1 + np.arange(150.0).reshape(3, 50).sum(axis=1), rtol=1e-14)
    run(Kernel((3, 50), kernel.expressions, (Store(0, 1, (0, 0), "add", (0,), onto=True),)), [x, y])
    np.testing.assert_allclose(y.array[0], 1 + np.arange(50.0).sum() + np.arange(150.0).sum(), rtol=1e-14)


def test_a_sum_of_negative_zeros_is_one_and_a_sum_of_nothing_is_not():
    for size, sign in ((7, True), (300, True), (0, False)):
        kernel = summing((size,), [(0,)], F8)
        y = Memory((size,), (0,), F8, np.ones(1))
        run(kernel, [Memory((size,), (1,), F8, np.full(1, -0.0)), y])
        assert y.array[0] == 0
        assert np.signbit(y.array[0]) == sign


def test_nothing_is_touched_where_there_are_no_entries():
    kernel = Kernel((5, 0), (Read(0, (0, 0), F8), Read(1, (0, 1), F8)), (Store(0, 2, (0, 1)),))
    arguments = (ctypes.c_void_p * 3)(None, None, None)
    code = compiled(kernel)
    STEP(code.address("f"))(ctypes.addressof(arguments), 0, 5)


C16, F2 = np.dtype(np.complex128), np.dtype(np.float16)


@pytest.mark.parametrize(
    ("expressions", "store"),
    [
        ((Read(0, (1,), C16),), Store(0, 1, (1,))),
        ((Read(0, (1,), F2),), Store(0, 1, (1,))),
        ((Read(0, (1,), F8.newbyteorder()),), Store(0, 1, (1,))),
        ((Read(0, (1,), F8), Apply("no_such_function", (0,), F8)), Store(1, 1, (1,))),
        ((Read(0, (1,), I8), Apply("exp", (0,), F8)), Store(1, 1, (1,))),
        ((Read(0, (1,), I8), Read(1, (1,), F8), Apply("add", (0, 1), F8)), Store(2, 2, (1,))),
        ((Read(0, (1,), F8),), Store(0, 1, (0,), "multiply", (0,), onto=True)),
        ((Read(0, (1,), F8),), Store(0, 1, (0,), "logical_and", (0,))),
        ((Read(0, (1,), BOOL),), Store(0, 1, (0,), "add", (0,))),
        ((Read(0, (1,), BOOL),), Store(0, 1, (1,), onto=True)),
    ],
)
def test_what_is_left_to_numpy(expressions, store):
    assert not takes(Kernel((4,), expressions, (store,)))


def test_the_greatest_of_nothing_is_left_to_numpy():
    assert not takes(Kernel((3, 0), (Read(0, (0, 1), F8),), (Store(0, 1, (1, 0), "maximum", (1,)),)))
