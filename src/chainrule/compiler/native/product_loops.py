"""Loops, and what else the functions of matrix products have in common."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from llvmlite import ir

from chainrule.compiler.plan import Product

I32, I64 = ir.IntType(32), ir.IntType(64)
POINTER = ir.PointerType()
STEP = ir.FunctionType(ir.VoidType(), [POINTER, I64, I64])


def repeat(
    builder: ir.IRBuilder,
    begin: Any,
    end: Any,
    body: Callable[..., Sequence[Any] | None],
    *carried: Any,
    step: int = 1,
) -> Sequence[Any]:
    """Run ``body(index, *carried)`` from begin to end; what it gives is carried into the next round, and given at last.

    Unless both bounds are numbers, the loop runs at least once.
    """
    if isinstance(begin, int) and isinstance(end, int):
        if begin >= end:
            return carried
        if begin + step >= end:
            return body(I64(begin), *carried) or ()
    begin, end = (I64(bound) if isinstance(bound, int) else bound for bound in (begin, end))
    before, loop = builder.block, builder.append_basic_block()
    builder.branch(loop)
    builder.position_at_end(loop)
    index = builder.phi(I64)
    phis = [builder.phi(value.type) for value in carried]
    results = body(index, *phis) or ()
    following = builder.add(index, I64(step))
    last, after = builder.block, builder.append_basic_block()
    builder.cbranch(builder.icmp_signed("<", following, end), loop, after)
    for phi, first, later in zip([index, *phis], [begin, *carried], [following, *results], strict=True):
        phi.add_incoming(first, before)
        phi.add_incoming(later, last)
    builder.position_at_end(after)
    return results


def begin_step(module: ir.Module, name: str, count: int) -> tuple[ir.IRBuilder, list[Any], tuple[Any, Any]]:
    """Begin a function ``name(args, begin, end)``; give its builder, the pointers to its arrays, and the two bounds."""
    function = ir.Function(module, STEP, name)
    builder = ir.IRBuilder(function.append_basic_block())
    args, begin, end = function.args
    slots = (builder.gep(args, [I64(i)], source_etype=POINTER) for i in range(count))
    return builder, [builder.load(slot, typ=POINTER) for slot in slots], (begin, end)


def over_batch(
    builder: ir.IRBuilder,
    product: Product,
    pointers: Sequence[Any],
    part: tuple[Any, Any],
    body: Callable[..., None],
) -> None:
    """Write ``body(pointers, begin, end)`` for each index of the batch, of whose first axis a part is computed.

    Without a batch, the body is given the part; within one, it computes everything: there is no begin and no end.
    """
    strides = list(zip(product.a_batch, product.b_batch, product.c_batch, strict=True))

    def within(axis: int, pointers: Sequence[Any], begin: Any, end: Any) -> None:
        if axis == len(product.batch):
            body(pointers, begin, end)
            return
        inner = (0, product.batch[axis + 1]) if axis + 1 < len(product.batch) else (None, None)

        def one(index: Any) -> None:
            within(axis + 1, move(builder, product.dtype, pointers, index, *strides[axis], 0), *inner)

        repeat(builder, begin, end, one)

    if 0 not in product.batch:
        with builder.if_then(builder.icmp_signed("<", *part)):
            within(0, pointers, *part)


def move(builder: ir.IRBuilder, dtype: np.dtype[Any], pointers: Sequence[Any], index: Any, *strides: int) -> list[Any]:
    """Move each pointer by the index times its stride, in entries."""
    entry = scalar(dtype)
    return [
        builder.gep(pointer, [builder.mul(index, I64(stride))], source_etype=entry) if stride else pointer
        for pointer, stride in zip(pointers, strides, strict=False)
    ]


def scalar(dtype: np.dtype[Any]) -> ir.Type:
    """Give the type of an entry."""
    return ir.FloatType() if dtype == np.float32 else ir.DoubleType()
