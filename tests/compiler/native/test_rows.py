import ctypes

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

pytest.importorskip("llvmlite")

from llvmlite import ir

from chainrule.compiler.native.engine import compile_module
from chainrule.compiler.native.rows import emit_rows, takes_rows
from chainrule.compiler.plan import Rows

STEP = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_int64, ctypes.c_int64)


def run(rows, x, indices, y, begin=0, end=None):
    """Run the native code; what comes back is the error word."""
    module = ir.Module()
    emit_rows(module, "f", rows)
    code = compile_module(module)
    error = np.zeros(1, dtype=np.int64)
    arguments = (ctypes.c_void_p * 4)(*[each.ctypes.data for each in (x, indices, y, error)])
    STEP(code.address("f"))(ctypes.addressof(arguments), begin, rows.count if end is None else end)
    return error[0]


def numbers(count, rows):
    """Index arrays."""
    each = st.integers(-rows, rows - 1)
    return st.lists(each, min_size=count, max_size=count).map(lambda found: np.array(found, dtype=np.int64))


dtypes = st.sampled_from([np.dtype(each) for each in ("f4", "f8", "i8", "?", "c16")])


@given(st.integers(0, 6), st.integers(1, 5), st.integers(0, 40), dtypes, st.data())
def test_rows_are_taken(count, rows, length, dtype, data):
    indices = data.draw(numbers(count, rows))
    x = np.arange(rows * length).reshape(rows, length).astype(dtype)
    y = np.zeros((count, length), dtype)
    work = Rows(count, rows, length, dtype)
    assert takes_rows(work)
    part = data.draw(st.integers(0, count))
    assert run(work, x, indices, y, 0, part) == 0
    np.testing.assert_array_equal(y[:part], x[indices[:part]])
    assert not y[part:].any()


@given(st.integers(0, 6), st.integers(1, 5), st.integers(0, 40), dtypes, st.data())
def test_rows_are_put_back(count, rows, length, dtype, data):
    indices = data.draw(numbers(count, rows))
    work = Rows(count, rows, length, dtype, add=True)
    if dtype.kind == "c":
        assert not takes_rows(work)
        return
    x = np.arange(count * length).reshape(count, length).astype(dtype)
    y = np.arange(rows * length).reshape(rows, length).astype(dtype)
    expected = y.copy()
    np.add.at(expected, indices, x)
    assert run(work, x, indices, y) == 0
    np.testing.assert_array_equal(y, expected)


@pytest.mark.parametrize("add", [False, True])
@pytest.mark.parametrize("wrong", [4, -5, 2**40, -(2**63)])
def test_a_number_out_of_range_stops_the_program(add, wrong):
    x, y, indices = np.ones((4, 3)), np.zeros((4, 3)), np.array([2, wrong, 1])
    rows = Rows(3, 4, 3, np.dtype(np.float64), add)
    assert run(rows, x, indices, y) == 1
    assert y.sum(axis=1).tolist() == ([0, 0, 3, 0] if add else [3, 0, 0, 0])
