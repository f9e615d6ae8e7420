"""The code of a matrix product: loops over the tiles of C, and within a tile the loop over k."""

from collections.abc import Callable, Sequence
from typing import Any

from llvmlite import ir

from chainrule.compiler.native.product_forms import SUMS_IN_FLIGHT, Form, power_of_two, unit
from chainrule.compiler.native.product_loops import I64, POINTER, move, repeat
from chainrule.compiler.native.product_vectors import Vectors

# Loops over k of at most this many multiplications are written out.
WRITTEN_OUT = 48
# Where vectors should begin: no access then needs two lines of the cache.
LINE = 64


class Kernel:
    """Writes the code of one product, without its batch."""

    def __init__(self, builder: ir.IRBuilder, form: Form, width: int) -> None:
        self.builder, self.form, self.product = builder, form, form.product
        self.width = min(width, power_of_two(form.product.k)) if form.along else width
        self.vectors = Vectors(builder, self.product.dtype)
        self.bias_strides = (1, 0) if form.turned else (0, 1)
        self.a_strides = self.product.a_strides
        self.b_strides = (form.entries, 1) if form.copied else self.product.b_strides
        self.depth: Any = self.product.k

    # Loops over tiles

    def tiles(self, pointers: Sequence[Any], begin: Any, end: Any) -> None:
        """Compute C in tiles, whose outer loop runs from begin to end; over all, if these are None."""
        p, form = self.product, self.form
        panel = self.stack((p.k + self.width) * form.entries) if form.copied else None
        rows = (p.m, form.rows, (p.a_strides[0], 0, p.c_strides[0], self.bias_strides[0]))
        columns = (p.n, form.entries, (0, p.b_strides[1], p.c_strides[1], self.bias_strides[1]))
        outer, inner = (columns, rows) if form.by_columns else (rows, columns)

        def group(outer_pointers: Sequence[Any], outer_size: int) -> None:
            def tile(tile_pointers: Sequence[Any], size: int) -> None:
                self.tile(tile_pointers, *((size, outer_size) if form.by_columns else (outer_size, size)))

            if panel:
                a, b, *others = outer_pointers
                self.copy(b, panel, p.k, outer_size, p.b_strides, form.entries)
                outer_pointers = [a, panel, *others]
            self.groups(*inner, outer_pointers, tile, None, None)

        self.groups(*outer, pointers, group, begin, end)

    def groups(
        self,
        size: int,
        most: int,
        strides: tuple[int, ...],
        pointers: Sequence[Any],
        body: Callable[[Sequence[Any], int], None],
        begin: Any,
        end: Any,
    ) -> None:
        """Run ``body(pointers, size)`` for groups of at most so many rows or columns, from group begin to group end."""
        builder, (full, rest) = self.builder, divmod(size, most)

        def one(index: Any, active: int = most) -> None:
            body(self.move(pointers, index, *(most * stride for stride in strides)), active)

        if end is None:
            repeat(builder, 0, full, one)
            if rest:
                one(I64(full), rest)
            return
        if full:
            with builder.if_then(builder.icmp_signed("<", begin, I64(full))):
                stop = builder.select(builder.icmp_signed("<", end, I64(full)), end, I64(full))
                repeat(builder, begin, stop, one)
        if rest:
            with builder.if_then(builder.icmp_signed(">", end, I64(full))):
                one(I64(full), rest)

    def move(self, pointers: Sequence[Any], index: Any, *strides: int) -> list[Any]:
        """Move each pointer by the index times its stride."""
        return move(self.builder, self.product.dtype, pointers, index, *strides)

    def stack(self, entries: int) -> Any:
        """Reserve room on the stack."""
        with self.builder.goto_entry_block():
            room = self.builder.alloca(ir.ArrayType(self.vectors.scalar, entries))
        room.align = LINE
        # To llvmlite the pointer still has the array's type, with which it would refuse to store vectors there.
        room.type = POINTER
        return room

    def copy(self, b: Any, panel: Any, depth: Any, columns: int, strides: tuple[int, int], entries: int) -> None:
        """Copy so many rows and columns of B into a panel whose rows are neighbours, and ``entries`` apart.

        It goes from row to row, as what is stored may pass a row's end; after the last one there is room for it.
        """
        if unit(strides[1], columns):
            self.copy_rows(b, panel, depth, columns, strides[0], entries)
        else:
            self.copy_columns(b, panel, depth, columns, strides[1], entries)

    def copy_rows(self, b: Any, panel: Any, depth: Any, columns: int, stride: int, entries: int) -> None:
        """Copy rows whose entries are neighbours."""

        def row(index: Any) -> None:
            source, to = self.move([b, panel], index, stride, entries)
            for first in range(0, columns, self.width):
                active = min(self.width, columns - first)
                vector = self.vectors.load(self.vectors.entry(source, first), 1, active)
                self.vectors.store(vector, self.vectors.entry(to, first), vector.type.count)

        repeat(self.builder, 0, depth, row)

    def copy_columns(self, b: Any, panel: Any, depth: Any, columns: int, stride: int, entries: int) -> None:
        """Copy columns whose entries are neighbours: square by square.

        Squares have much code, so the one there is fits the edges too. Its loads do not pass the end of a column, its
        last column may be read several times, and in the panel there is room for rows that do not exist.
        """
        vectors, builder, side = self.vectors, self.builder, self.side(columns)
        depth = I64(depth) if isinstance(depth, int) else depth
        across, down = -(-columns // side), builder.sdiv(builder.add(depth, I64(side - 1)), I64(side))

        def strip(index: Any) -> None:
            # The last columns come first: what they store beyond the row's end belongs to the first columns.
            first = builder.sub(I64((across - 1) * side), builder.mul(index, I64(side)))
            numbers = [builder.add(first, I64(j)) for j in range(side)]
            inside = [builder.icmp_signed("<", number, I64(columns)) for number in numbers]
            chosen = [builder.select(*each, I64(columns - 1)) for each in zip(inside, numbers, strict=True)]
            starts = [start for number in chosen for start in self.move([b], number, stride)]
            (to,) = self.move([panel], first, 1)

            def square(index_k: Any) -> None:
                left = builder.sub(depth, builder.mul(index_k, I64(side)))
                here = self.move([to, *starts], index_k, side * entries, *[side] * side)
                rows = vectors.transpose([vectors.load_some(start, left, side) for start in here[1:]])
                for i, row in enumerate(rows):
                    vectors.store(row, vectors.entry(here[0], i * entries), side)

            repeat(builder, 0, down, square)

        repeat(builder, 0, across, strip)

    def side(self, columns: int) -> int:
        """Give the side of the squares in which columns are copied."""
        return min(self.width, power_of_two(max(self.product.k, columns)))

    # One tile

    def tile(self, pointers: Sequence[Any], rows: int, columns: int) -> None:
        """Compute a tile of C: its rows as vectors of at most so many columns, then what is made of these."""
        a, b, *others = pointers
        if self.form.along:
            pieces = [columns]
            totals = self.add_lanes(self.sum_along(a, b, rows, columns), rows, columns)
        else:
            pieces = [min(self.width, columns - first) for first in range(0, columns, self.width)]
            totals = self.sum_across(a, b, rows, pieces)
        finish = self.finish if unit(self.product.c_strides[1], self.product.n) else self.finish_apart
        finish(others, totals, rows, pieces)

    def sum_across(self, a: Any, b: Any, rows: int, pieces: Sequence[int]) -> list[Any]:
        """Sum over k the products of A's entries and vectors of B's rows."""
        vectors = self.vectors

        def term(k: Any, sums: Sequence[Any]) -> list[Any]:
            a_k, b_k = self.move([a, b], k, self.a_strides[1], self.b_strides[0])
            offsets = [j * self.width * self.b_strides[1] for j in range(len(pieces))]
            ys = [
                vectors.load(vectors.entry(b_k, offset), self.b_strides[1], active)
                for offset, active in zip(offsets, pieces, strict=True)
            ]
            # Each x is loaded where it is used: all loaded at first, they would crowd the sums out of the registers.
            totals: list[Any] = []
            for i in range(rows):
                x = vectors.load_entry(vectors.entry(a_k, i * self.a_strides[0]))
                row = zip(ys, sums[len(totals) :], strict=False)
                totals += [vectors.multiply_add(vectors.splat(x, y.type.count), y, total) for y, total in row]
            return totals

        zeros = [vectors.constant(0.0, power_of_two(active)) for _ in range(rows) for active in pieces]
        return self.sum_terms(self.depth, term, zeros)

    def sum_along(self, a: Any, b: Any, rows: int, columns: int) -> list[Any]:
        """Sum over the vectors along k the products of A's rows and B's columns."""
        p, vectors = self.product, self.vectors

        def term(index: Any, sums: Sequence[Any], active: int = self.width) -> list[Any]:
            a_k, b_k = self.move([a, b], index, self.width * p.a_strides[1], self.width * p.b_strides[0])
            offsets = [j * p.b_strides[1] for j in range(columns)]
            ys = [vectors.load(vectors.entry(b_k, offset), p.b_strides[0], active, self.width) for offset in offsets]
            totals: list[Any] = []
            for i in range(rows):
                x = vectors.load(vectors.entry(a_k, i * p.a_strides[0]), p.a_strides[1], active, self.width)
                row = zip(ys, sums[len(totals) :], strict=False)
                totals += [vectors.multiply_add(x, y, total) for y, total in row]
            return totals

        full, rest = divmod(p.k, self.width)
        sums = self.sum_terms(full, term, [vectors.constant(0.0, self.width)] * (rows * columns))
        return term(I64(full), sums, rest) if rest else sums

    def sum_terms(self, count: Any, term: Callable[..., list[Any]], zeros: list[Any]) -> list[Any]:
        """Add ``count`` terms, in several sums where a tile has too few of them to keep the processor busy.

        Where the running code says how many terms there are, these are many, and added one after the other.
        """
        if not isinstance(count, int):
            return list(repeat(self.builder, 0, count, lambda k, *sums: term(k, sums), *zeros))
        tile, depth = len(zeros), 1
        while 2 * depth <= count and depth * tile < SUMS_IN_FLIGHT:
            depth *= 2

        def several(index: Any, *sums: Any) -> list[Any]:
            terms = (term(self.builder.add(index, I64(d)), sums[d * tile :][:tile]) for d in range(depth))
            return [total for totals in terms for total in totals]

        rounds, sums = count // depth * depth, list(zeros) * depth
        if count * tile <= WRITTEN_OUT:
            for index in range(0, rounds, depth):
                sums = several(I64(index), *sums)
        else:
            sums = list(repeat(self.builder, 0, rounds, several, *sums, step=depth))
        for d, index in enumerate(range(rounds, count)):
            sums[d * tile : (d + 1) * tile] = term(I64(index), sums[d * tile :][:tile])
        while len(sums) > tile:
            half = len(sums) // 2
            sums = [self.builder.fadd(x, y) for x, y in zip(sums[:half], sums[half:], strict=True)]
        return sums

    def add_lanes(self, sums: Sequence[Any], rows: int, columns: int) -> list[Any]:
        """Add the lanes of each sum; give a vector for each row, of the next power of two of columns.

        The sums are taken as the lanes-to-be of as many vectors as needed, with gaps between rows. In a round, two
        vectors become one, in which half the lanes belong to each; after the last one, lane i holds the total of sum i.
        """
        padded = power_of_two(columns)
        slots: list[Any] = []
        for i in range(rows):
            slots += [*sums[i * columns :][:columns], *[None] * (padded - columns)]
        slots += [None] * (-len(slots) % self.width)
        totals = []
        for first in range(0, len(slots), self.width):
            group, span = slots[first : first + self.width], self.width
            while span := span // 2:
                group = [self.fold(group[i], group[i + span], span) for i in range(span)]
            totals.append(group[0])
        places = [divmod(i * padded, self.width) for i in range(rows)]
        return [self.vectors.shuffle(totals[t], totals[t], range(lane, lane + padded)) for t, lane in places]

    def fold(self, x: Any, y: Any, span: int) -> Any:
        """Add lanes that lie ``span`` apart: x's where a lane's number lacks that bit, y's where it has it."""
        if x is None:
            return None
        y = x if y is None else y
        lanes = [(lane, self.width if lane & span else 0) for lane in range(self.width)]
        kept = self.vectors.shuffle(x, y, [lane + of_y for lane, of_y in lanes])
        moved = self.vectors.shuffle(x, y, [(lane ^ span) + of_y for lane, of_y in lanes])
        return self.builder.fadd(kept, moved)

    # The end of a tile

    def finish(self, pointers: Sequence[Any], totals: Sequence[Any], rows: int, pieces: Sequence[int]) -> None:
        """Write a tile into C, whose columns are neighbours."""
        (c_down, c_right), (bias_down, bias_right) = self.product.c_strides, self.bias_strides
        for i in range(rows):
            first = 0
            for total, active in zip(totals[i * len(pieces) :], pieces, strict=False):
                offsets = (i * c_down + first * c_right, i * bias_down + first * bias_right)
                here = [self.vectors.entry(*each) for each in zip(pointers, offsets, strict=False)]
                self.write(total, active, here)
                first += active

    def finish_apart(self, pointers: Sequence[Any], totals: Sequence[Any], rows: int, pieces: Sequence[int]) -> None:
        """Write a tile into C entry by entry, by way of the stack: in registers the code would be long."""
        vectors, width = self.vectors, sum(power_of_two(active) for active in pieces)
        stack = self.stack(rows * width)
        for i in range(rows):
            for j, total in enumerate(totals[i * len(pieces) :][: len(pieces)]):
                vectors.store(total, vectors.entry(stack, i * width + j * self.width), total.type.count)

        def column(j: Any) -> None:
            here = self.move([stack, *pointers], j, 1, self.product.c_strides[1], self.bias_strides[1])

            def one(i: Any) -> None:
                total, *others = self.move(here, i, width, self.product.c_strides[0], self.bias_strides[0])
                self.write(vectors.load(total, 1, 1), 1, others)

            repeat(self.builder, 0, rows, one)

        repeat(self.builder, 0, sum(pieces), column)

    def write(self, total: Any, active: int, pointers: Sequence[Any]) -> None:
        """Store α·total + β·C, or α·total + bias, of neighbouring columns."""
        p, vectors, (c, *bias) = self.product, self.vectors, pointers
        if bias:
            addend = vectors.load(bias[0], self.bias_strides[1], active)
        elif p.beta:
            addend = vectors.scale(vectors.load(c, 1, active), p.beta)
        if not (bias or p.beta):
            result = vectors.scale(total, p.alpha)
        elif p.alpha == 1:
            result = self.builder.fadd(total, addend)
        else:
            result = vectors.multiply_add(total, vectors.constant(p.alpha, total.type.count), addend)
        vectors.store(result, c, active)
