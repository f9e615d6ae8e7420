"""Vectors in LLVM's terms: loads and stores of some of their lanes, shuffles, multiplication and addition."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from llvmlite import ir

from chainrule.compiler.native.product_forms import power_of_two, unit
from chainrule.compiler.native.product_loops import I32, I64, scalar


class Vectors:
    """Writes operations on vectors of one dtype."""

    def __init__(self, builder: ir.IRBuilder, dtype: np.dtype[Any]) -> None:
        self.builder = builder
        self.dtype = dtype
        self.scalar = scalar(dtype)

    def constant(self, value: float, width: int) -> Any:
        """Give a vector whose lanes are all one number."""
        lane = ir.Constant(self.scalar, float(self.dtype.type(value)))
        return ir.Constant(ir.VectorType(self.scalar, width), [lane] * width)

    def entry(self, pointer: Any, offset: int) -> Any:
        """Point to the entry at an offset."""
        return self.builder.gep(pointer, [I64(offset)], source_etype=self.scalar) if offset else pointer

    def load_entry(self, pointer: Any) -> Any:
        """Load one entry."""
        return self.builder.load(pointer, typ=self.scalar, align=self.dtype.itemsize)

    def load(self, pointer: Any, stride: int, active: int, width: int = 0) -> Any:
        """Load entries into the first lanes of a vector of the width, or the next power of two; the others are 0."""
        width = width or power_of_two(active)
        kind = ir.VectorType(self.scalar, width)
        if unit(stride, active) and active == width:
            return self.builder.load(pointer, typ=kind, align=self.dtype.itemsize)
        if stride == 1:
            return self.load_masked(pointer, first_lanes(active, width), width)
        if stride == 0 and active == width:
            return self.splat(self.load_entry(pointer), width)
        vector = self.constant(0.0, width)
        for lane in range(active):
            value = self.load_entry(self.entry(pointer, lane * stride))
            vector = self.builder.insert_element(vector, value, I32(lane))
        return vector

    def load_some(self, pointer: Any, count: Any, width: int) -> Any:
        """Load as many neighbours as a count says, which is a value of the running code; the others are 0."""
        numbers = ir.VectorType(I32, width)
        lanes = ir.Constant(numbers, [I32(lane) for lane in range(width)])
        first = self.builder.insert_element(ir.Constant(numbers, ir.Undefined), self.builder.trunc(count, I32), I32(0))
        counts = self.builder.shuffle_vector(first, first, ir.Constant(numbers, [I32(0)] * width))
        mask = self.builder.icmp_signed("<", lanes, counts)
        return self.load_masked(pointer, mask, width)

    def load_masked(self, pointer: Any, mask: Any, width: int) -> Any:
        """Load the lanes of a mask; the others are 0."""
        kind, align = ir.VectorType(self.scalar, width), I32(self.dtype.itemsize)
        return self.intrinsic("masked.load", kind, kind, pointer, align, mask, self.constant(0.0, width))

    def store(self, vector: Any, pointer: Any, active: int) -> None:
        """Store the first lanes of a vector as neighbours."""
        width, align = vector.type.count, self.dtype.itemsize
        if active == width:
            self.builder.store(vector, pointer, align=align)
        else:
            mask = first_lanes(active, width)
            self.intrinsic("masked.store", ir.VoidType(), vector.type, vector, pointer, I32(align), mask)

    def splat(self, value: Any, width: int) -> Any:
        """Give a vector whose lanes are all one value."""
        undefined = ir.Constant(ir.VectorType(self.scalar, width), ir.Undefined)
        first = self.builder.insert_element(undefined, value, I32(0))
        return self.shuffle(first, undefined, [0] * width)

    def shuffle(self, x: Any, y: Any, lanes: Sequence[int]) -> Any:
        """Pick lanes of x, and of y by numbers from x's width on."""
        mask = ir.Constant(ir.VectorType(I32, len(lanes)), [I32(lane) for lane in lanes])
        return self.builder.shuffle_vector(x, y, mask)

    def transpose(self, vectors: Sequence[Any]) -> list[Any]:
        """Make the columns of a square of vectors its rows: in rounds, of 2 × 2 blocks whose sides are halved."""
        rows, width = list(vectors), len(vectors)
        span = width
        while span := span // 2:
            upper = [lane if not lane & span else width + lane - span for lane in range(width)]
            lower = [lane + span if not lane & span else width + lane for lane in range(width)]
            for i in range(width):
                if not i & span:
                    x, y = rows[i], rows[i + span]
                    rows[i], rows[i + span] = self.shuffle(x, y, upper), self.shuffle(x, y, lower)
        return rows

    def multiply_add(self, x: Any, y: Any, z: Any) -> Any:
        """Give x·y + z, rounded once if the processor can: ``fma`` would call a slow function where it cannot."""
        return self.intrinsic("fmuladd", x.type, x.type, x, y, z)

    def scale(self, vector: Any, factor: float) -> Any:
        """Give a vector times a number."""
        return vector if factor == 1 else self.builder.fmul(vector, self.constant(factor, vector.type.count))

    def intrinsic(self, name: str, result: ir.Type, of: ir.VectorType, *values: Any) -> Any:
        """Call LLVM's function of that name for a type of vectors."""
        place = ".p0" if name.startswith("masked") else ""
        full = f"llvm.{name}.v{of.count}{of.element.intrinsic_name}{place}"
        module = self.builder.module
        kind = ir.FunctionType(result, [value.type for value in values])
        return self.builder.call(module.globals.get(full) or ir.Function(module, kind, full), values)


def first_lanes(active: int, width: int) -> Any:
    """Give the mask of the first lanes."""
    bit = ir.IntType(1)
    return ir.Constant(ir.VectorType(bit, width), [bit(lane < active) for lane in range(width)])
