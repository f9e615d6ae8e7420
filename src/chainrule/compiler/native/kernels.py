"""Kernels: nests of loops that compute entry by entry, written out in vectors.

The text is made for one shape: sizes, strides and constants are in the code. `nest` decides the order of the loops.
What does not change along a loop is computed before it. A row's end is a masked vector where the processor has them,
and single entries elsewhere; entries are computed in the same way either way.
"""

from collections.abc import Iterator, Sequence

from llvmlite import ir

from chainrule.compiler.native.machine import Vectors, vectors
from chainrule.compiler.native.nest import filling, identity, places
from chainrule.compiler.native.values import I64, POINTER, is_number, supported
from chainrule.compiler.native.writer import write_nest
from chainrule.compiler.plan import Apply, Expression, Kernel, Number, Store

STEP = ir.FunctionType(ir.VoidType(), [POINTER, I64, I64])


def splits(kernel: Kernel) -> bool:
    """Whether parts of axis 0 can be run at the same time.

    Parameters
    ----------
    kernel : Kernel

    Returns
    -------
    bool
        False where parts would write to the same place.
    """
    return bool(kernel.shape) and not any(
        0 in store.axes or (store.onto and store.strides[0] == 0 and kernel.shape[0] != 1) for store in kernel.stores
    )


def takes(kernel: Kernel) -> bool:
    """Whether a kernel can be emitted.

    Parameters
    ----------
    kernel : Kernel

    Returns
    -------
    bool
        False where it has a dtype or a function that only NumPy knows.
    """
    return all(_takes(each, kernel.expressions) for each in kernel.expressions) and all(
        _takes_store(store, kernel) for store in kernel.stores
    )


def _takes(expression: Expression, expressions: Sequence[Expression]) -> bool:
    known = is_number(expression.dtype)
    if isinstance(expression, Apply):
        return known and supported(expression.function, [expressions[each].dtype for each in expression.operands])
    return known


def _takes_store(store: Store, kernel: Kernel) -> bool:
    truths = kernel.expressions[store.expression].dtype.kind == "b"
    if store.reduce is None:
        return not (store.onto and truths)
    if store.reduce in ("logical_and", "logical_or"):
        return truths and not store.onto
    if store.reduce in ("maximum", "minimum"):
        return not store.onto and all(kernel.shape[axis] for axis in store.axes)
    return store.reduce in ("add", "multiply") and not truths and (store.reduce == "add" or not store.onto)


def emit_kernel(module: ir.Module, name: str, kernel: Kernel, machine: Vectors | None = None) -> ir.Function:
    """Emit the step's function for a kernel: ``void name(ptr arguments, i64 begin, i64 end)``.

    Parameters
    ----------
    module : llvmlite.ir.Module
        Where it is put.
    name : str
        Its name.
    kernel : Kernel
        One that the emitter `takes`.
    machine : Vectors, optional
        The processor's vectors. Left out: this machine's.

    Returns
    -------
    llvmlite.ir.Function
        It runs the turns of axis 0 from `begin` to `end`; where axis 0 is reduced they are all of them.
    """
    function = ir.Function(module, STEP, name)
    function.attributes.add("nounwind")
    builder = ir.IRBuilder(function.append_basic_block("entry"))
    arguments, begin, end = function.args
    count = 1 + max((each.argument for each in places(kernel)), default=-1)
    pointers = [builder.load(builder.gep(arguments, [I64(i)], source_etype=POINTER), typ=POINTER) for i in range(count)]
    for part in [kernel] if all(kernel.shape) else _clearings(kernel):
        if splits(kernel):
            with builder.if_then(builder.icmp_signed("<", begin, end)):
                write_nest(builder, part, pointers, (begin, end), machine or vectors())
        else:
            write_nest(builder, part, pointers, None, machine or vectors())
    builder.ret_void()
    return function


def _clearings(kernel: Kernel) -> Iterator[Kernel]:
    """Give what is left of a kernel without turns: the sums of nothing."""
    for store in kernel.stores:
        shape = [1 if axis in store.axes else size for axis, size in enumerate(kernel.shape)]
        if store.axes and not store.onto and all(shape):
            dtype = kernel.expressions[store.expression].dtype
            value = 0 if store.reduce == "add" else identity(store, dtype)
            yield filling(store, shape, Number(value, dtype))
