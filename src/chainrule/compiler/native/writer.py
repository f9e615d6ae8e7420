"""A kernel's nest of loops, written out in vectors.

`nest` has decided the order of the loops; here each is opened, what does not change inside it is computed once, and the
innermost turn computes one entry, or a few vectors of entries. Sums are kept in local variables, which LLVM puts into
registers.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, NamedTuple

from llvmlite import ir

from chainrule.compiler.native.machine import Vectors, unroll, width
from chainrule.compiler.native.nest import Loop, filling, identity, order, places, reduction, simplify
from chainrule.compiler.native.values import (
    I1,
    I64,
    Chunk,
    DType,
    apply,
    constant,
    read,
    shift,
    splat,
    value_type,
    write,
)  # fmt: skip
from chainrule.compiler.plan import Apply, Kernel, Number, Read, Store

STRAIGHT = 4  # vectors that are written out, rather than a loop over them


class Register(NamedTuple):
    """A local variable that holds a sum, or a vector of them."""

    pointer: ir.Value
    type: ir.Type
    width: int


def write_nest(
    builder: ir.IRBuilder, kernel: Kernel, pointers: Sequence[ir.Value], bounds: Any, machine: Vectors
) -> None:
    """Write a kernel that has at least one turn; `bounds` are axis 0's, where a part of it may be asked for."""
    Nest(builder, kernel, pointers, bounds, machine).write(0)


class Nest:
    """The loops of one kernel, while they are written."""

    def __init__(
        self, builder: ir.IRBuilder, kernel: Kernel, pointers: Sequence[ir.Value], bounds: Any, machine: Vectors
    ) -> None:
        kernel, scale = simplify(kernel)
        self.builder, self.kernel, self.machine = builder, kernel, machine
        self.bounds = tuple(_times(builder, each, scale) for each in bounds) if bounds and scale else None
        self.last = len(kernel.shape) - 1
        self.width = width(kernel, machine)
        self.unroll = unroll(kernel)
        self.loops = order(kernel, self.width * self.unroll)
        self.vector_loop = max((at for at, loop in enumerate(self.loops) if loop.axis == self.last), default=-1)
        self.depth, self.varies = _depths(kernel, self.loops)
        self.reductions = {
            number: reduction(store, kernel, self.loops, self.width * self.unroll)
            for number, store in enumerate(kernel.stores)
            if store.reduce is not None
        }
        # Where the writing is: what surrounds it has moved these pointers, begun these blocks, computed these values.
        self.places = {self.key(each): pointers[each.argument] for each in places(kernel)}
        self.blocks: dict[int, ir.Value] = {}
        self.lanes = [Chunk()]
        self.shared: dict[int, ir.Value] = {}
        self.values: list[dict[int, ir.Value]] = [{}]  # for each of the lanes
        self.registers: dict[tuple[int, int], list[Register]] = {}
        self.evaluate(-1)

    # Loops

    def write(self, position: int) -> None:
        """Write the loops from this one on, and what is in them."""
        if position == len(self.loops):
            self.turn()
            return
        for number, each in self.reductions.items():
            if each.partial and each.first == position and not self.kernel.stores[number].onto:
                self.clear(number, position)
        opened = [
            (number, each.levels.index(position)) for number, each in self.reductions.items() if position in each.levels
        ]
        for number, level in opened:
            self.open(number, level)
        self.loop(position)
        for number, level in opened:
            self.close(number, level)

    def loop(self, position: int) -> None:
        """Write one loop around those that follow."""
        loop = self.loops[position]
        start, stop = self.range(loop)
        if position == self.vector_loop:
            self.vector_axis(position, start, stop)
        elif loop.part == "blocks":
            with repeat(self.builder, start, stop, loop.block) as self.blocks[loop.axis]:
                self.write(position + 1)
        else:
            with repeat(self.builder, start, stop, 1) as index, self.moved(loop.axis, index):
                self.evaluate(position)
                self.write(position + 1)

    def range(self, loop: Loop) -> tuple[Any, Any]:
        """From where to where a loop runs: numbers, or values known at run time."""
        size = self.kernel.shape[loop.axis]
        if loop.part == "within":
            start = self.blocks[loop.axis]
            stop = self.builder.add(start, I64(loop.block))
            if size % loop.block:
                stop = self.builder.select(self.builder.icmp_signed("<", stop, I64(size)), stop, I64(size))
            return start, stop
        return self.bounds if self.bounds and loop.axis == 0 else (0, size)

    def vector_axis(self, position: int, start: Any, stop: Any) -> None:
        """Run the vector axis: several vectors a turn, then the rest."""
        step, builder = self.width * self.unroll, self.builder
        fixed = isinstance(start, int)
        if self.kernel.shape[self.last] >= (max(step, STRAIGHT * self.width) + 1 if fixed else step):
            if fixed:
                middle: Any = stop // step * step
            else:
                middle = builder.add(start, builder.and_(builder.sub(stop, start), I64(-step)))
            with repeat(builder, start, middle, step) as index:
                self.together(position, index, [Chunk(self.width, number) for number in range(self.unroll)])
            start = middle
        if fixed:
            self.fixed_rest(position, start, stop)
        elif self.machine.masked and self.width > 1:
            with repeat(builder, start, stop, self.width) as index:
                self.together(position, index, [Chunk(self.width, 0, self.mask(builder.sub(stop, index)))])
        else:
            with repeat(builder, start, stop, 1) as index:
                self.together(position, index, [Chunk()])

    def fixed_rest(self, position: int, start: int, stop: int) -> None:
        """Run the last few entries of a row whose length is known."""
        whole, rest = divmod(stop - start, self.width)
        lanes = [Chunk(self.width, number) for number in range(whole)]
        masked = self.machine.masked and rest > 1
        if masked:
            mask = ir.Constant(ir.VectorType(I1, self.width), [int(lane < rest) for lane in range(self.width)])
            lanes.append(Chunk(self.width, whole, mask))
        for first in range(0, len(lanes), self.unroll):
            some = [replace(each, offset=i) for i, each in enumerate(lanes[first : first + self.unroll])]
            self.together(position, I64(start + first * self.width), some)
        if rest and not masked:
            with repeat(self.builder, stop - rest, stop, 1) as index:
                self.together(position, index, [Chunk()])

    def mask(self, left: ir.Value) -> ir.Value:
        """Mark the lanes of the entries that are left, which may be more than a vector holds."""
        builder = self.builder
        left = builder.select(builder.icmp_signed("<", left, I64(self.width)), left, I64(self.width))
        ones = builder.sub(builder.shl(I64(1), left), I64(1))
        return builder.bitcast(builder.trunc(ones, ir.IntType(self.width)), ir.VectorType(I1, self.width))

    def together(self, position: int, index: ir.Value, lanes: list[Chunk]) -> None:
        """Write what runs for these lanes, from this index of the vector axis on."""
        outside = self.lanes, self.values
        self.lanes, self.values = lanes, [{} for _ in lanes]
        with self.moved(self.last, index):
            self.evaluate(position)
            self.write(position + 1)
        self.lanes, self.values = outside

    @contextmanager
    def moved(self, axis: int, index: ir.Value) -> Iterator[None]:
        """Inside, all arguments are at an index of an axis."""
        outside = self.places
        self.places = {
            (argument, strides, dtype): shift(self.builder, place, _times(self.builder, index, strides[axis]), dtype)
            for (argument, strides, dtype), place in outside.items()
        }
        yield
        self.places = outside

    def key(self, each: Read | Store) -> tuple[int, tuple[int, ...], DType]:
        """Name what shares a pointer."""
        return each.argument, each.strides, each.dtype if isinstance(each, Read) else self.dtype(each)

    def dtype(self, store: Store) -> DType:
        """Look up a store's dtype."""
        return self.kernel.expressions[store.expression].dtype

    def stride(self, each: Read | Store) -> int:
        """Along the vector axis."""
        return each.strides[self.last] if each.strides else 0

    # Expressions

    def evaluate(self, position: int) -> None:
        """Compute the expressions that belong into this loop."""
        for number, expression in enumerate(self.kernel.expressions):
            if self.depth[number] != position or isinstance(expression, Number):
                continue
            if self.varies[number]:
                for lanes, values in zip(self.lanes, self.values, strict=True):
                    values[number] = self.compute(expression, lanes, values)
            else:
                self.shared[number] = self.compute(expression, Chunk(), {})

    def compute(self, expression: Read | Apply, lanes: Chunk, values: dict[int, ir.Value]) -> ir.Value:
        """Compute one expression of a chunk from those before it."""
        if isinstance(expression, Read):
            place = self.places[self.key(expression)]
            return read(self.builder, place, self.stride(expression), expression.dtype, lanes)
        operands = [self.operand(each, lanes, values) for each in expression.operands]
        dtypes = [self.kernel.expressions[each].dtype for each in expression.operands]
        return apply(self.builder, expression.function, operands, dtypes, expression.dtype)

    def operand(self, number: int, lanes: Chunk, values: dict[int, ir.Value]) -> ir.Value:
        """Take an expression that has been computed, in all lanes."""
        expression = self.kernel.expressions[number]
        if isinstance(expression, Number):
            return constant(expression.value, expression.dtype, lanes.width)
        if self.varies[number]:
            return values[number]
        return splat(self.builder, self.shared[number], lanes.width)

    # Stores

    def turn(self) -> None:
        """All stores of one turn, for all lanes; everything has been read before."""
        for number, store in enumerate(self.kernel.stores):
            for at, (lanes, values) in enumerate(zip(self.lanes, self.values, strict=True)):
                value = self.operand(store.expression, lanes, values)
                if number in self.reductions and self.reductions[number].levels:
                    register = self.registers[number, len(self.reductions[number].levels) - 1][at]
                    self.accumulate(store, register, value, lanes)
                else:
                    self.put(number, value, lanes)

    def put(self, number: int, value: ir.Value, lanes: Chunk) -> None:
        """Bring entries, sums or parts of sums to memory."""
        store = self.kernel.stores[number]
        where = self.places[self.key(store)], self.stride(store), self.dtype(store), lanes
        if store.onto or (number in self.reductions and self.reductions[number].partial):
            value = self.combine(store, read(self.builder, *where), value)
        write(self.builder, value, *where)

    def clear(self, number: int, position: int) -> None:
        """Write what a reduction begins with where the loops from this one on will write its parts."""
        store = self.kernel.stores[number]
        inside = {loop.axis for loop in self.loops[position:]} - set(store.axes)
        shape = [size if axis in inside else 1 for axis, size in enumerate(self.kernel.shape)]
        dtype = self.dtype(store)
        kernel = filling(store, shape, Number(identity(store, dtype), dtype))
        pointers = [self.places[self.key(store)]] * (store.argument + 1)
        write_nest(self.builder, kernel, pointers, None, self.machine)

    def combine(self, store: Store, a: ir.Value, b: ir.Value) -> ir.Value:
        """Take two parts of a reduction together."""
        dtype = self.dtype(store)
        return apply(self.builder, store.reduce or "add", [a, b], [dtype, dtype], dtype)

    # Registers

    def open(self, number: int, level: int) -> None:
        """Clear the registers of a level."""
        store = self.kernel.stores[number]
        widths = [self.width] * self.unroll if self.last in store.axes else [each.width for each in self.lanes]
        dtype = self.dtype(store)
        types = [value_type(dtype, width) for width in widths]
        with self.builder.goto_entry_block():
            pointers = [self.builder.alloca(each) for each in types]
        self.registers[number, level] = list(map(Register, pointers, types, widths))
        for register in self.registers[number, level]:
            self.builder.store(constant(identity(store, dtype), dtype, register.width), register.pointer)

    def accumulate(self, store: Store, register: Register, value: ir.Value, lanes: Chunk) -> None:
        """Take entries into a register; a single one into its first lane."""
        builder = self.builder
        old = builder.load(register.pointer, typ=register.type)
        if lanes.width < register.width:
            one = self.combine(store, builder.extract_element(old, I64(0)), value)
            new = builder.insert_element(old, one, I64(0))
        else:
            new = self.combine(store, old, value)
        if lanes.mask is not None:
            new = builder.select(lanes.mask, new, old)
        builder.store(new, register.pointer)

    def close(self, number: int, level: int) -> None:
        """Empty the registers of a level into those of the level above, or into memory."""
        store = self.kernel.stores[number]
        values = [self.builder.load(each.pointer, typ=each.type) for each in self.registers[number, level]]
        if level:
            for above, value in zip(self.registers[number, level - 1], values, strict=True):
                self.accumulate(store, above, value, Chunk(above.width))
        elif self.last in store.axes:
            self.put(number, self.across(store, values), Chunk())
        else:
            for lanes, value in zip(self.lanes, values, strict=True):
                self.put(number, value, lanes)

    def across(self, store: Store, vectors: list[ir.Value]) -> ir.Value:
        """Reduce vectors to one entry, half by half."""
        while len(vectors) > 1:
            half = len(vectors) // 2
            vectors = [self.combine(store, *pair) for pair in zip(vectors[:half], vectors[half:], strict=True)]
        vector, width = vectors[0], self.width
        if width == 1:
            return vector
        while width > 1:
            width //= 2
            low, high = (
                ir.Constant(ir.VectorType(ir.IntType(32), width), list(range(first, first + width)))
                for first in (0, width)
            )
            halves = [self.builder.shuffle_vector(vector, vector, half) for half in (low, high)]
            vector = self.combine(store, *halves)
        return self.builder.extract_element(vector, I64(0))


def _depths(kernel: Kernel, loops: Sequence[Loop]) -> tuple[list[int], list[bool]]:
    """In which loop each expression is computed, and whether it differs from lane to lane."""
    depth: list[int] = []
    varies: list[bool] = []
    for expression in kernel.expressions:
        if isinstance(expression, Read):
            depth.append(max((at for at, loop in enumerate(loops) if expression.strides[loop.axis]), default=-1))
            varies.append(bool(expression.strides) and expression.strides[-1] != 0)
        else:
            operands = expression.operands if isinstance(expression, Apply) else ()
            depth.append(max((depth[each] for each in operands), default=-1))
            varies.append(any(varies[each] for each in operands))
    return depth, varies


def _times(builder: ir.IRBuilder, value: ir.Value, factor: int) -> ir.Value:
    """Multiply an index by a number, folded where that is simple."""
    if factor in (0, 1):
        return value if factor else I64(0)
    if isinstance(value, ir.Constant):
        return I64(value.constant * factor)
    return builder.mul(value, I64(factor))


@contextmanager
def repeat(builder: ir.IRBuilder, start: Any, stop: Any, step: int) -> Iterator[ir.Value]:
    """Write a loop around what is written inside, which gets the index.

    Where the bounds are numbers there is at least one turn.
    """
    if isinstance(start, int) and isinstance(stop, int):
        if start + step >= stop:
            yield I64(start)
            return
        start, stop = I64(start), I64(stop)
        before, body = builder.block, builder.append_basic_block()
        after = builder.append_basic_block()
        builder.branch(body)
    else:
        before, body = builder.block, builder.append_basic_block()
        after = builder.append_basic_block()
        builder.cbranch(builder.icmp_signed("<", start, stop), body, after)
    builder.position_at_end(body)
    index = builder.phi(I64)
    index.add_incoming(start, before)
    yield index
    following = builder.add(index, I64(step))
    index.add_incoming(following, builder.block)
    builder.cbranch(builder.icmp_signed("<", following, stop), body, after)
    builder.position_at_end(after)
