"""Rows taken by number, and rows put back."""

from llvmlite import ir

from chainrule.compiler.native.kernels import STEP
from chainrule.compiler.native.machine import vectors
from chainrule.compiler.native.values import I1, I8, I64, POINTER, is_number
from chainrule.compiler.native.writer import repeat, write_nest
from chainrule.compiler.plan import Apply, Kernel, Read, Rows, Store


def takes_rows(rows: Rows) -> bool:
    """Whether rows can be emitted: copied they may be of any dtype without objects, added of those with native sums.

    Parameters
    ----------
    rows : Rows

    Returns
    -------
    bool

    Examples
    --------
    >>> import numpy as np
    >>> takes_rows(Rows(count=2, rows=5, length=3, dtype=np.dtype("complex128"))), takes_rows(
    ...     Rows(count=2, rows=5, length=3, dtype=np.dtype("complex128"), add=True)
    ... )
    (True, False)
    """
    return is_number(rows.dtype) if rows.add else not rows.dtype.hasobject


def emit_rows(module: ir.Module, name: str, rows: Rows) -> ir.Function:
    """Emit the step's function for rows: ``void name(ptr arguments, i64 begin, i64 end)``.

    The arguments are x, indices, y and the error word, an int64 that becomes 1 at an index out of range.

    Parameters
    ----------
    module : llvmlite.ir.Module
        Where it is put.
    name : str
        Its name.
    rows : Rows
        Those that the emitter takes.

    Returns
    -------
    llvmlite.ir.Function
        It takes the indices from `begin` to `end`; with `add` these are all of them.
    """
    function = ir.Function(module, STEP, name)
    function.attributes.add("nounwind")
    builder = ir.IRBuilder(function.append_basic_block("entry"))
    arguments, begin, end = function.args
    x, indices, y, error = (
        builder.load(builder.gep(arguments, [I64(i)], source_etype=POINTER), typ=POINTER) for i in range(4)
    )
    size = rows.length * rows.dtype.itemsize
    with repeat(builder, begin, end, 1) as i:
        index = builder.load(builder.gep(indices, [i], source_etype=I64), typ=I64, align=8)
        negative = builder.icmp_signed("<", index, I64(0))
        index = builder.select(negative, builder.add(index, I64(rows.rows)), index)
        with builder.if_then(builder.icmp_unsigned(">=", index, I64(rows.rows)), likely=False):
            builder.store(I64(1), error, align=8)
            builder.ret_void()
        taken, counted = builder.mul(index, I64(size)), builder.mul(i, I64(size))
        source = builder.gep(x, [counted if rows.add else taken], source_etype=I8)
        target = builder.gep(y, [taken if rows.add else counted], source_etype=I8)
        if rows.add and rows.length:
            write_nest(builder, _sum(rows), [source, target], None, vectors())
        elif not rows.add:
            copy = module.declare_intrinsic("llvm.memcpy", [POINTER, POINTER, I64])
            builder.call(copy, [target, source, I64(size), I1(0)])
    builder.ret_void()
    return function


def _sum(rows: Rows) -> Kernel:
    """Say what is done with one row of x and one of y."""
    x, y = (Read(argument, (1,), rows.dtype) for argument in range(2))
    return Kernel((rows.length,), (x, y, Apply("add", (1, 0), rows.dtype)), (Store(2, 1, (1,)),))
