import ctypes
import itertools

import numpy as np
import pytest

pytest.importorskip("llvmlite")

from llvmlite import ir

from chainrule.compiler.native.engine import compile_module
from chainrule.compiler.native.kernels import emit_kernel
from chainrule.compiler.native.values import BOOLEAN, COMPARISONS, INTEGER, LOGIC, supported
from chainrule.compiler.plan import Apply, Expression, Kernel, Read, Store

STEP = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_int64, ctypes.c_int64)
DTYPES = [np.dtype(each) for each in ("?", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "f4", "f8")]


def apply(function, arrays, dtype):
    """What the native code makes of arrays of one length."""
    reads = tuple(Read(number, (1,), array.dtype) for number, array in enumerate(arrays))
    expressions: tuple[Expression, ...] = (*reads, Apply(function, tuple(range(len(arrays))), dtype))
    result = np.zeros(len(arrays[0]), dtype)
    module = ir.Module()
    emit_kernel(module, "f", Kernel(result.shape, expressions, (Store(len(arrays), len(arrays), (1,)),)))
    code = compile_module(module)
    arguments = (ctypes.c_void_p * (len(arrays) + 1))(*[each.ctypes.data for each in (*arrays, result)])
    STEP(code.address("f"))(ctypes.addressof(arguments), 0, len(result))
    return result


def values(dtype):
    """Numbers that come near a dtype's limits."""
    if dtype.kind == "b":
        return np.array([False, True, True] * 7)
    if dtype.kind == "f":
        return np.array([-100.9, -1.5, -0.0, 0.0, 0.3, 1.0, 2.5, 100.7] * 4, dtype)
    limits = np.iinfo(dtype)
    return np.array([limits.min, limits.min + 1, 0, 1, 2, 5, limits.max // 2, limits.max] * 4, dtype)


@pytest.mark.parametrize(("old", "new"), list(itertools.product(DTYPES, DTYPES)), ids=str)
def test_conversions_are_numpys(old, new):
    numbers = values(old)
    if old.kind == "f" and new.kind == "u":
        numbers = np.abs(numbers)
    assert supported("astype", [old])
    np.testing.assert_array_equal(apply("astype", [numbers], new), numbers.astype(new))


@pytest.mark.parametrize("function", [*INTEGER, *LOGIC])
@pytest.mark.parametrize("dtype", [each for each in DTYPES if each.kind in "iu"], ids=str)
def test_integers_are_computed_as_by_numpy(function, dtype):
    check(function, dtype, (INTEGER | LOGIC)[function])


@pytest.mark.parametrize("function", [*BOOLEAN, *LOGIC])
def test_truth_values_are_computed_as_by_numpy(function):
    check(function, np.dtype(bool), (BOOLEAN | LOGIC)[function])


def check(function, dtype, arity):
    a = values(dtype)
    operands = [a, np.roll(a, 3)][:arity]
    with np.errstate(all="ignore"):
        expected = getattr(np, function)(*operands)
    assert supported(function, [dtype] * arity)
    boolean = function in COMPARISONS or function in LOGIC
    actual = apply(function, operands, np.dtype(bool) if boolean else dtype)
    np.testing.assert_array_equal(actual, expected)


@pytest.mark.parametrize(
    ("function", "dtypes"),
    [
        ("add", "i8 f8"),
        ("where", "f8 f8 f8"),
        ("where", "? f8 f4"),
        ("exp", "i8"),
        ("subtract", "? ?"),
        ("add", "i8"),
        ("absolute", "c16"),
        ("astype", "c16"),
        ("logical_and", "f8"),
    ],
)
def test_what_is_not_supported(function, dtypes):
    assert not supported(function, [np.dtype(each) for each in dtypes.split()])
