"""The code of a large matrix product: blocks that stay in the caches, around the tiles that stay in registers.

The k products of a sum are taken in blocks; what a block gives is added to C (Goto, K., van de Geijn, R. A.: Anatomy of
high-performance matrix multiplication. ACM Transactions on Mathematical Software 34(3), 2008, article 12). Of a block,
as many rows of A as the second cache holds are copied, so that a tile reads them one after the other; then, of B, the
columns of a tile, which stay in the first cache while all those rows pass.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from llvmlite import ir

from chainrule.compiler.native.product_forms import Form
from chainrule.compiler.native.product_kernel import Kernel
from chainrule.compiler.native.product_loops import I32, I64, POINTER, repeat


class Blocks(Kernel):
    """Writes the code of one product, without its batch, in blocks; the form says how large they are."""

    def __init__(self, builder: ir.IRBuilder, form: Form, width: int) -> None:
        super().__init__(builder, form, width)
        self.a_strides, self.b_strides = (1, form.rows), (form.entries, 1)
        self.later = Kernel(builder, form._replace(product=replace(form.product, beta=1.0, bias=False)), width)
        # What is known while a block's code is written: how many terms its sums have, and whether it is the first one.
        self.depth: Any = None
        self.first: Any = None

    def tiles(self, pointers: Sequence[Any], begin: Any, end: Any) -> None:
        """Compute C's groups of columns, or of rows, from begin to end; all, if these are None."""
        p, form, builder = self.product, self.form, self.builder
        all_rows, all_columns = (I64(0), I64(-(-p.m // form.rows))), (I64(0), I64(-(-p.n // form.entries)))
        part = all_columns if form.by_columns else all_rows
        part = part if end is None else (begin, end)
        rows, columns = (all_rows, part) if form.by_columns else (part, all_columns)
        # Copies may pass the end of what is copied, by less than a square of vectors.
        slack = self.width * (max(form.entries, form.rows) + 1)
        block = self.stack(form.down * form.rows * form.deep + slack)
        panel = self.stack(form.deep * form.entries + slack)

        def terms(index: Any) -> None:
            left = builder.sub(I64(p.k), builder.mul(index, I64(form.deep)))
            self.depth = builder.select(builder.icmp_signed("<", left, I64(form.deep)), left, I64(form.deep))
            self.first = builder.icmp_signed("==", index, I64(0))
            here = self.move(pointers, index, form.deep * p.a_strides[1], form.deep * p.b_strides[0], 0, 0)

            def some_rows(first: Any) -> None:
                stop = builder.add(first, I64(form.down))
                stop = builder.select(builder.icmp_signed("<", stop, rows[1]), stop, rows[1])
                self.block(here, block, panel, (first, stop), columns)

            repeat(builder, *rows, some_rows, step=form.down)

        repeat(builder, 0, -(-p.k // form.deep), terms)

    def block(self, pointers: Sequence[Any], block: Any, panel: Any, rows: Any, columns: Any) -> None:
        """Add the terms of a block to some rows and columns of C."""
        p, form = self.product, self.form
        a, *others = pointers
        (block,) = self.move([block], rows[0], -form.rows * form.deep)

        def copy_a(here: Sequence[Any], size: int) -> None:
            source, to = here
            self.copy(source, to, self.depth, size, p.a_strides[::-1], form.rows)

        def group(outer: Sequence[Any], width: int) -> None:
            self.copy(outer[0], panel, self.depth, width, p.b_strides, form.entries)
            strides = (form.deep, 0, p.c_strides[0], self.bias_strides[0])
            tiles = [block, panel, *outer[1:]]
            self.groups(p.m, form.rows, strides, tiles, lambda here, height: self.tile(here, height, width), *rows)

        self.groups(p.m, form.rows, (p.a_strides[0], form.deep), [a, block], copy_a, *rows)
        strides = (p.b_strides[1], p.c_strides[1], self.bias_strides[1])
        self.groups(p.n, form.entries, strides, others, group, *columns)

    def tile(self, pointers: Sequence[Any], rows: int, columns: int) -> None:
        """Compute a tile; what it will be added to is fetched meanwhile."""
        kind = ir.FunctionType(ir.VoidType(), [POINTER, I32, I32, I32])
        name = "llvm.prefetch.p0"
        prefetch = self.builder.module.globals.get(name) or ir.Function(self.builder.module, kind, name)
        for i in range(rows):
            for first in range(0, columns, self.width):
                at = i * self.product.c_strides[0] + first
                self.builder.call(prefetch, [self.vectors.entry(pointers[2], at), I32(1), I32(3), I32(1)])
        super().tile(pointers, rows, columns)

    def finish(self, pointers: Sequence[Any], totals: Sequence[Any], rows: int, pieces: Sequence[int]) -> None:
        """Write a tile of the first block into C, or add one of a later block to it."""
        with self.builder.if_else(self.first) as (at_first, later):
            with at_first:
                super().finish(pointers, totals, rows, pieces)
            with later:
                self.later.finish(pointers[:1], totals, rows, pieces)
