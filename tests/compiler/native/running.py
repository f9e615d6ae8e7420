"""Products to be tested: their layouts, their arrays, and what should come out."""

import ctypes
from dataclasses import dataclass

import numpy as np
from hypothesis import strategies as st
from llvmlite import binding, ir
from numpy.lib.stride_tricks import as_strided

from chainrule.compiler.native.products import Product

binding.initialize_native_target()
binding.initialize_native_asmprinter()


def compiled(emit, product, *more):
    """Compile the function that ``emit`` writes."""
    module = ir.Module()
    module.triple = binding.get_default_triple()
    emit(module, "product", product, *more)
    parsed = binding.parse_assembly(str(module))
    parsed.verify()
    machine = binding.Target.from_default_triple().create_target_machine(
        cpu=binding.get_host_cpu_name(), features=binding.get_host_cpu_features().flatten(), opt=1, jit=True
    )
    options = binding.create_pipeline_tuning_options(speed_level=1)
    passes = binding.create_pass_builder(machine, options)
    passes.getModulePassManager().run(parsed, passes)
    engine = binding.create_mcjit_compiler(parsed, machine)
    engine.finalize_object()
    kind = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_int64, ctypes.c_int64)
    native = kind(engine.get_function_address("product"))

    def function(arrays, begin, end, _keeps_the_code=engine):
        native((ctypes.c_void_p * len(arrays))(*(array.view.ctypes.data for array in arrays)), begin, end)

    return function


@dataclass
class Array:
    """An array somewhere in a buffer whose other entries are NaN."""

    view: np.ndarray
    buffer: np.ndarray

    @staticmethod
    def make(dtype, shape, strides, values):
        buffer = np.full(1 + sum((n - 1) * abs(s) for n, s in zip(shape, strides, strict=True) if n), np.nan, dtype)
        start = sum((n - 1) * -s for n, s in zip(shape, strides, strict=True) if n and s < 0)
        view = as_strided(buffer[start:], shape, [s * buffer.itemsize for s in strides])
        view[...] = values
        return Array(view, buffer)


def arrays_of(product, seed=0):
    """Make A, B, C (and the bias) of a product; C is NaN where it must not be read."""
    random, p = np.random.default_rng(seed), product
    shapes = [(*p.batch, p.m, p.k), (*p.batch, p.k, p.n), (*p.batch, p.m, p.n), (p.n,)]
    strides = [(*p.a_batch, *p.a_strides), (*p.b_batch, *p.b_strides), (*p.c_batch, *p.c_strides), (1,)]
    values = [random.normal(size=shape) for shape in shapes]
    if p.beta == 0 or p.bias:
        values[2][...] = np.nan
    made = [Array.make(p.dtype, *each) for each in zip(shapes, strides, values, strict=True)]
    return made if p.bias else made[:3]


def expected(product, a, b, c, *bias):
    """Compute the product in extended precision, and the error that rounding may make."""
    p = product
    a, b, c = (array.view.astype(np.longdouble) for array in (a, b, c))
    rest = bias[0].view.astype(np.longdouble) if p.bias else p.beta * c if p.beta else np.zeros(())
    scale = np.abs(p.alpha) * (np.abs(a) @ np.abs(b)) + np.abs(rest)
    return p.alpha * (a @ b) + rest, (p.k + 3) * np.finfo(p.dtype).eps * scale + np.finfo(p.dtype).tiny


def check(product, function, parts, seed=0):
    """Check the result of running all parts, and that nothing but C was written."""
    arrays = arrays_of(product, seed)
    wanted, error = expected(product, *arrays)
    before = [array.buffer.copy() for array in arrays]
    for begin, end in parts:
        function(arrays, begin, end)
    c = arrays[2]
    assert np.all(np.abs(c.view - wanted) <= error)
    c_before = as_strided(before[2][c_start(c) :], c.view.shape, c.view.strides)
    c_before[...] = c.view
    for old, new in zip(before, arrays, strict=True):
        np.testing.assert_array_equal(old, new.buffer)
    return c.view.copy()


def c_start(array):
    """Find where the view starts in its buffer."""
    return (array.view.ctypes.data - array.buffer.ctypes.data) // array.buffer.itemsize


@st.composite
def strides_of(draw, rows, columns, kinds):
    """Draw strides: by rows or by columns, with padding; spread out, turned round or standing still by the kinds."""
    first = draw(st.sampled_from([1, 1, 1, 2, 3])) if len(set(kinds)) > 1 else 1
    second = first * (max(rows, 1) + draw(st.integers(0, 3)))
    if draw(st.booleans()):
        first, second = first * (max(columns, 1) + draw(st.integers(0, 3))), first
    return tuple(draw(st.sampled_from(kinds)) * stride for stride in (first, second))


@st.composite
def products(draw, *, for_blas=False):
    """Draw a product of any sizes and strides, or of such as BLAS takes."""
    sizes = st.one_of(st.integers(int(for_blas), 5), st.integers(int(for_blas), 40))
    m, n, k = draw(sizes), draw(sizes), draw(sizes)
    kinds = [1] if for_blas else [1, 1, 1, -1, 0]
    a, b = draw(strides_of(m, k, kinds)), draw(strides_of(k, n, kinds))
    c = draw(strides_of(m, n, [1] if for_blas else [1, 1, -1]))
    batch = tuple(draw(st.lists(st.integers(0, 3), max_size=2)))
    c_batch: list[int] = []
    size = 1 + sum((count - 1) * abs(s) for count, s in zip((m, n), c, strict=True) if count)
    for axis in reversed(batch):
        c_batch.insert(0, size * draw(st.sampled_from([1, -1])))
        size *= max(axis, 1)
    factors = [1.0, 1.0, -1.0, 0.3, -2.5] + [0.0] * (not for_blas)
    return Product(
        np.dtype(draw(st.sampled_from(["f4", "f8"]))),
        m,
        n,
        k,
        a,
        b,
        c,
        batch,
        tuple(draw(st.integers(-50, 50)) for _ in batch),
        tuple(draw(st.integers(-50, 50)) for _ in batch),
        tuple(c_batch),
        draw(st.sampled_from(factors)),
        draw(st.sampled_from([0.0, 0.0, 1.0, -1.0, 0.3])),
        not for_blas and draw(st.sampled_from([False, False, True])),
    )


def plain(dtype, m, n, k, layout="NN", **more):
    """Make a product of matrices without gaps; T is an operand that lies by columns, the third letter is C's."""
    a, b, c, *_ = layout + "N"
    lie = {"N": lambda rows, columns: (columns, 1), "T": lambda rows, columns: (1, rows)}
    return Product(np.dtype(dtype), m, n, k, lie[a](m, k), lie[b](k, n), lie[c](m, n), **more)
