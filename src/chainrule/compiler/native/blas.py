"""Matrix products by BLAS, called from native code: SciPy's, through the pointers in `scipy.linalg.cython_blas`.

The code names the routines (``chainrule.sgemm``, …) and holds no addresses, so that it can be kept on disk: `link`
tells LLVM where the names are, in each process anew. BLAS shares out large products among threads by itself.

BLAS knows matrices by columns, so a C that lies by rows is computed as Cᵀ = Bᵀ Aᵀ; operands are never copied.
"""

import ctypes
import functools
import importlib.util
import sys
from collections.abc import Callable, Sequence
from importlib.machinery import PathFinder
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from llvmlite import binding, ir

from chainrule.compiler.native import products
from chainrule.compiler.native.product_loops import I32, POINTER, begin_step, over_batch, scalar
from chainrule.compiler.native.products import emit_product, is_fast
from chainrule.compiler.plan import Product

ROUTINES = ("sgemm", "dgemm", "sgemv", "dgemv")
LARGEST = 2**31 - 1


class Matrix(NamedTuple):
    """How BLAS is told of a matrix: to read it as it lies (N) or transposed (T), and the stride between columns."""

    letter: str
    leading: int


@functools.cache
def link() -> None:
    """Tell LLVM where BLAS's routines are; to be called before code that names them is made ready to run."""
    name, pointer = ctypes.pythonapi.PyCapsule_GetName, ctypes.pythonapi.PyCapsule_GetPointer
    name.restype, name.argtypes = ctypes.c_char_p, [ctypes.py_object]
    pointer.restype, pointer.argtypes = ctypes.c_void_p, [ctypes.py_object, ctypes.c_char_p]
    for routine in ROUTINES:
        capsule = _cython_blas().__pyx_capi__[routine]
        binding.add_symbol(f"chainrule.{routine}", pointer(capsule, name(capsule)))


@functools.cache
def _cython_blas() -> Any:
    """Load `scipy.linalg.cython_blas` alone: the rest of SciPy's linear algebra takes three times as long."""
    name = "scipy.linalg.cython_blas"
    if name in sys.modules:
        return sys.modules[name]
    scipy = importlib.util.find_spec("scipy")
    places = [str(Path(place) / "linalg") for place in (scipy and scipy.submodule_search_locations) or ()]
    found = PathFinder.find_spec(name, places)
    if found is None or found.loader is None:
        return importlib.import_module(name)
    module = sys.modules[name] = importlib.util.module_from_spec(found)
    found.loader.exec_module(module)
    return module


def matrix(rows: int, columns: int, strides: tuple[int, int]) -> Matrix | None:
    """Tell how a matrix lies in memory, or None if BLAS cannot read it without a copy."""
    down, right = (stride if size > 1 else 0 for size, stride in zip((rows, columns), strides, strict=True))
    if max(rows, columns, abs(down), abs(right)) > LARGEST:
        return None
    if (down == 1 or rows == 1) and (right >= rows or columns == 1):
        return Matrix("N", max(right, rows))
    if (right == 1 or columns == 1) and (down >= columns or rows == 1):
        return Matrix("T", max(down, columns))
    return None


def blas_takes(product: Product) -> bool:
    """Say whether BLAS can compute a product: each matrix has an axis of neighbours, and no stride is 0 or negative.

    Where alpha is 0, BLAS does not look at A and B, and would lose their NaNs; a bias it does not know.
    """
    p = product
    sizes = [(p.m, p.k, p.a_strides), (p.k, p.n, p.b_strides), (p.m, p.n, p.c_strides)]
    if min(p.m, p.n, p.k) < 1 or p.alpha == 0 or p.bias:
        return False
    return all(matrix(*size) for size in sizes)


def choose(product: Product) -> Callable[[ir.Module, str, Product], ir.Function]:
    """Choose who computes a product: `emit_blas` where it can and is faster, else `emit_product`."""
    return emit_blas if blas_takes(product) and not is_fast(product) else emit_product


def extent(product: Product) -> int:
    """Give the number of parts of what `choose` chooses: ``end``, when all of the product shall be computed."""
    if choose(product) is emit_product:
        return products.extent(product)
    return product.batch[0] if product.batch else 1


def emit_blas(module: ir.Module, name: str, product: Product) -> ir.Function:
    """Write the function ``name(args, begin, end)`` that computes a product by BLAS, once for each index of its batch.

    Parameters
    ----------
    module : llvmlite.ir.Module
        Where the function is put; `link` is called before it runs.
    name : str
        Its name.
    product : Product
        What it computes: one that `blas_takes`.

    Returns
    -------
    llvmlite.ir.Function
        The function; its parts are the first axis of the batch, or there is one.
    """
    builder, (a, b, c), part = begin_step(module, name, 3)
    turned = is_turned(product)
    p = product.turned if turned else product
    write = write_gemv if p.n == 1 else write_gemm
    pointers = [b, a, c] if turned else [a, b, c]
    over_batch(builder, p, pointers, part, lambda here, begin, end: write(builder, p, here))
    builder.ret_void()
    return builder.function


def is_turned(product: Product) -> bool:
    """Say whether Cᵀ = Bᵀ Aᵀ is computed: a row as a column, a matrix that lies by rows as one that lies by columns."""
    if product.m == 1 or product.n == 1:
        return product.n != 1
    lies = matrix(product.m, product.n, product.c_strides)
    return lies is not None and lies.letter == "T"


def write_gemm(builder: ir.IRBuilder, p: Product, pointers: Sequence[Any]) -> None:
    """Call gemm; C lies by columns."""
    a, b, c = (
        matrix(p.m, p.k, p.a_strides) or Matrix("", 0),
        matrix(p.k, p.n, p.b_strides) or Matrix("", 0),
        matrix(p.m, p.n, p.c_strides) or Matrix("", 0),
    )
    at_a, at_b, at_c = pointers
    sizes = [a.letter, b.letter, p.m, p.n, p.k, p.alpha]
    write_call(builder, "gemm", p.dtype, [*sizes, at_a, a.leading, at_b, b.leading, p.beta, at_c, c.leading])


def write_gemv(builder: ir.IRBuilder, p: Product, pointers: Sequence[Any]) -> None:
    """Call gemv; B and C are columns."""
    a = matrix(p.m, p.k, p.a_strides) or Matrix("", 0)
    at_a, x, y = pointers
    rows, columns = (p.m, p.k) if a.letter == "N" else (p.k, p.m)
    step_x, step_y = (stride if size > 1 else 1 for size, stride in [(p.k, p.b_strides[0]), (p.m, p.c_strides[0])])
    sizes = [a.letter, rows, columns, p.alpha]
    write_call(builder, "gemv", p.dtype, [*sizes, at_a, a.leading, x, step_x, p.beta, y, step_y])


def write_call(builder: ir.IRBuilder, routine: str, dtype: np.dtype[Any], arguments: Sequence[Any]) -> None:
    """Call a routine of BLAS: like all of Fortran it takes pointers, also to numbers and letters."""
    module, name = builder.module, f"chainrule.{'s' if dtype == np.float32 else 'd'}{routine}"
    kind = ir.FunctionType(ir.VoidType(), [POINTER] * len(arguments))
    function = module.globals.get(name) or ir.Function(module, kind, name)
    builder.call(function, [constant(module, dtype, argument) for argument in arguments])


def constant(module: ir.Module, dtype: np.dtype[Any], argument: Any) -> Any:
    """Put a number or a letter where a pointer can find it."""
    if isinstance(argument, str):
        value = ir.IntType(8)(ord(argument))
    elif isinstance(argument, int):
        value = I32(argument)
    elif isinstance(argument, float):
        value = scalar(dtype)(float(dtype.type(argument)))
    else:
        return argument
    name = module.get_unique_name("constant")
    variable = ir.GlobalVariable(module, value.type, name)
    variable.initializer, variable.global_constant, variable.linkage = value, True, "private"
    return variable
