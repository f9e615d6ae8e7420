"""Matrix products in native code of our own, for the small and thin ones: C = α·A B + β·C.

The entries of C are computed in tiles of rows × columns, whose sums stay in registers while ``k`` runs. There are two forms:

- *across*: a vector holds neighbouring columns of C; an entry of A, broadcast, is multiplied by a vector of B's row;
- *along*: a vector runs along k (both operands lie contiguous along it); the lanes of a tile's sums are added at its end.

Either form is also taken for Cᵀ = Bᵀ Aᵀ. Which of the four, and the tile's shape, is what costs the fewest vector
instructions, counted by `arrange` and `shape_tile`. The number of rows, columns and vectors is known, so a remainder has
a tile of its own. Every entry of C is summed in an order that depends on the product alone, never on the data or on how
tiles are shared out among threads.
"""

import functools
import itertools
import platform
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np
from llvmlite import binding, ir

I64 = ir.IntType(64)
I32 = ir.IntType(32)
POINTER = ir.PointerType()
STEP = ir.FunctionType(ir.VoidType(), [POINTER, I64, I64])

# Sums that must be under way at once to hide the latency of a multiplication and addition (4 cycles, 2 a cycle).
SUMS_IN_FLIGHT = 8
# Loops over k of at most this many multiplications are written out.
WRITTEN_OUT = 48


@dataclass(frozen=True)
class Product:
    """C = α·A B + β·C, for each index of the batch; sizes, strides and factors are constants of the code.

    Parameters
    ----------
    dtype : numpy.dtype
        float32 or float64.
    m, n, k : int
        A is m × k, B is k × n, C is m × n.
    a_strides, b_strides, c_strides : (int, int)
        Strides along rows and columns, in entries. Those of A and B may be 0 or negative.
    batch : tuple of int
        Sizes of the batch's axes, and in ``a_batch``, ``b_batch``, ``c_batch`` the strides along them.
    alpha, beta : float
        Factors of the product and of what C holds. With beta = 0, C is not read.
    bias : bool
        Add a row of n entries, the fourth array, to each row of C. Takes the place of beta·C.
    """

    dtype: np.dtype[Any]
    m: int
    n: int
    k: int
    a_strides: tuple[int, int]
    b_strides: tuple[int, int]
    c_strides: tuple[int, int]
    batch: tuple[int, ...] = ()
    a_batch: tuple[int, ...] = ()
    b_batch: tuple[int, ...] = ()
    c_batch: tuple[int, ...] = ()
    alpha: float = 1.0
    beta: float = 0.0
    bias: bool = False

    @property
    def transposed(self) -> "Product":
        """The same product as Cᵀ = Bᵀ Aᵀ."""
        return replace(
            self,
            m=self.n,
            n=self.m,
            a_strides=self.b_strides[::-1],
            b_strides=self.a_strides[::-1],
            c_strides=self.c_strides[::-1],
            a_batch=self.b_batch,
            b_batch=self.a_batch,
        )


class Target(NamedTuple):
    """What a kernel must know of the processor: the bytes of a vector, and how many of them the registers hold."""

    vector: int
    registers: int


@functools.cache
def host() -> Target:
    """Tell the vectors of the processor that this runs on."""
    features = binding.get_host_cpu_features()
    if features.get("avx512f"):
        return Target(64, 32)
    if features.get("avx"):
        return Target(32, 16)
    return Target(16, 32 if platform.machine() in ("arm64", "aarch64") else 16)


class Form(NamedTuple):
    """How a product is computed: turned to Cᵀ = Bᵀ Aᵀ or not, across or along k, in tiles of rows × columns.

    Columns are counted in vectors where the form is across.
    """

    product: Product
    turned: bool
    along: bool
    rows: int
    columns: int


@functools.lru_cache(maxsize=1024)
def arrange(product: Product, target: Target) -> Form:
    """Choose the form and the tile of a product: the fewest vector instructions, roughly counted."""
    width = target.vector // product.dtype.itemsize

    def cost(way: tuple[bool, bool]) -> float:
        turned, along = way
        p = product.transposed if turned else product
        gathered_c = 1 if unit(p.c_strides[1], p.n) else 2 * min(width, p.n)
        if not along:
            vectors = -(-p.n // width)
            gathered_b = 1 if unit(p.b_strides[1], p.n) else 2 * min(width, p.n)
            return vectors * (p.k * (p.m + gathered_b * -(-p.m // 6)) + p.m * gathered_c)
        gathered_a = 1 if unit(p.a_strides[1], p.k) else 2 * min(width, p.k)
        gathered_b = 1 if unit(p.b_strides[0], p.k) else 2 * min(width, p.k)
        loads = gathered_a * p.m * -(-p.n // 4) + gathered_b * p.n * -(-p.m // 4)
        return -(-p.k // width) * (p.m * p.n + loads) + 3 * p.m * p.n + p.m * -(-p.n // 4) * gathered_c

    turned, along = min(itertools.product((False, True), repeat=2), key=cost)
    chosen = product.transposed if turned else product
    # Entries that are not neighbours are loaded and stored one by one: small tiles keep that code short.
    near = unit(chosen.c_strides[1], chosen.n) and unit(
        chosen.b_strides[0 if along else 1], chosen.k if along else chosen.n
    )
    registers = target.registers if near else min(target.registers, 10)
    if along:
        lanes = min(width, power_of_two(chosen.k))
        rows, columns = shape_tile(chosen.m, chosen.n, registers, [c for c in (1, 2, 4, 8, 16) if c <= lanes])
    else:
        rows, columns = shape_tile(chosen.m, -(-chosen.n // width), registers, range(1, 17))
    return Form(chosen, turned, along, rows, columns)


def shape_tile(m: int, n: int, registers: int, columns: Sequence[int]) -> tuple[int, int]:
    """Choose the rows and columns of a tile whose sums, and a row of B, fit the registers, to cover m × n the fastest."""

    def cycles(rows: int, columns: int) -> float:
        return max(rows * columns, rows + columns, SUMS_IN_FLIGHT / 2) + 1 if rows * columns else 0

    def cost(shape: tuple[int, int]) -> float:
        r, c = shape
        (down, last_r), (right, last_c) = divmod(m, r), divmod(n, c)
        kinds = (1 + (last_r > 0)) * (1 + (last_c > 0))
        whole = down * right * cycles(r, c) + down * cycles(r, last_c)
        return (whole + right * cycles(last_r, c) + cycles(last_r, last_c)) * (1 + 0.01 * kinds)

    shapes = [(r, c) for c in columns for r in range(1, 17) if r * c + c + 2 <= registers and r <= max(m, 1)]
    return min((shape for shape in shapes if shape[1] <= max(n, 1)), key=cost)


def unit(stride: int, size: int) -> bool:
    """Say whether the entries of an axis are neighbours."""
    return stride == 1 or size <= 1


def power_of_two(size: int) -> int:
    """Give the least power of two that is not below ``size``."""
    return 1 << max(size - 1, 0).bit_length()


def is_small(product: Product) -> bool:
    """Say whether the kernel here is faster than BLAS."""
    return product.m * product.n * product.k <= 262_144


def extent(product: Product, target: Target | None = None) -> int:
    """Give the number of parts that a product may be split into: what ``end`` is when all of it shall be computed."""
    if product.batch:
        return product.batch[0]
    form = arrange(product, target or host())
    return -(-form.product.m // form.rows)


def emit_product(module: ir.Module, name: str, product: Product, target: Target | None = None) -> ir.Function:
    """Write the function ``name(args, begin, end)`` that computes the parts from begin to end of a product.

    Parameters
    ----------
    module : llvmlite.ir.Module
        Where the function is put.
    name : str
        Its name.
    product : Product
        What it computes; ``args`` points to the pointers to A, B and C (and the bias).
    target : Target, optional
        The vectors to write it for; the host's if not given.

    Returns
    -------
    llvmlite.ir.Function
        The function; its parts are the first axis of the batch, or groups of rows: see `extent`.
    """
    form = arrange(product, target or host())
    function = ir.Function(module, STEP, name)
    builder = ir.IRBuilder(function.append_basic_block())
    if product.m and product.n:
        kernel = Kernel(builder, form, (target or host()).vector // product.dtype.itemsize)
        a, b, *others = arrays(builder, function.args[0], 4 if product.bias else 3)
        operands = [b, a] if form.turned else [a, b]
        over_batch(builder, form.product, [*operands, *others], function.args[1:], kernel.rows)
    builder.ret_void()
    return function


# Loops


def repeat(
    builder: ir.IRBuilder,
    begin: Any,
    end: Any,
    body: Callable[..., Sequence[Any] | None],
    *carried: Any,
    step: int = 1,
) -> Sequence[Any]:
    """Run ``body(index, *carried)`` for the indices from begin to end; it gives what is carried into the next round.

    The loop runs at least once, unless both bounds are numbers.
    """
    if isinstance(begin, int) and isinstance(end, int):
        if begin >= end:
            return carried
        if begin + step >= end:
            return body(I64(begin), *carried) or ()
    begin, end = (I64(bound) if isinstance(bound, int) else bound for bound in (begin, end))
    before = builder.block
    loop = builder.append_basic_block()
    builder.branch(loop)
    builder.position_at_end(loop)
    index = builder.phi(I64)
    phis = [builder.phi(value.type) for value in carried]
    results = body(index, *phis) or ()
    following = builder.add(index, I64(step))
    latch, after = builder.block, builder.append_basic_block()
    builder.cbranch(builder.icmp_signed("<", following, end), loop, after)
    for phi, first, next_ in zip([index, *phis], [begin, *carried], [following, *results], strict=True):
        phi.add_incoming(first, before)
        phi.add_incoming(next_, latch)
    builder.position_at_end(after)
    return results


def arrays(builder: ir.IRBuilder, args: Any, count: int) -> list[Any]:
    """Load the pointers to the arrays."""
    return [builder.load(builder.gep(args, [I64(i)], source_etype=POINTER), typ=POINTER) for i in range(count)]


def moved(builder: ir.IRBuilder, dtype: np.dtype[Any], pointer: Any, index: Any, stride: int) -> Any:
    """Move a pointer by an index times a stride, in entries."""
    return builder.gep(pointer, [builder.mul(index, I64(stride))], source_etype=scalar(dtype)) if stride else pointer


def scalar(dtype: np.dtype[Any]) -> ir.Type:
    """Give the type of an entry."""
    return ir.FloatType() if dtype == np.float32 else ir.DoubleType()


def over_batch(
    builder: ir.IRBuilder,
    product: Product,
    pointers: Sequence[Any],
    part: tuple[Any, Any],
    body: Callable[..., None],
) -> None:
    """Write ``body(pointers, begin, end)`` once for each index of the batch; the part is one of the batch's first axis."""
    strides = list(zip(product.a_batch, product.b_batch, product.c_batch, strict=True))

    def axis(depth: int, pointers: Sequence[Any], begin: Any, end: Any) -> None:
        if depth == len(product.batch):
            body(pointers, begin, end)
            return

        def one(index: Any) -> None:
            here = [
                moved(builder, product.dtype, p, index, s) for p, s in zip(pointers, (*strides[depth], 0), strict=False)
            ]
            axis(depth + 1, here, 0, product.batch[depth + 1] if depth + 1 < len(product.batch) else None)

        repeat(builder, begin, end, one)

    if 0 not in product.batch:
        with builder.if_then(builder.icmp_signed("<", *part)):
            axis(0, pointers, *part)


# The kernel


class Kernel:
    """The code of one product, without its batch."""

    def __init__(self, builder: ir.IRBuilder, form: Form, width: int) -> None:
        self.builder = builder
        self.form = form
        self.product = form.product
        self.bias_strides = (1, 0) if form.turned else (0, 1)
        self.width = min(width, power_of_two(self.product.k)) if form.along else width
        self.scalar = scalar(self.product.dtype)

    def rows(self, pointers: Sequence[Any], begin: Any, end: Any) -> None:
        """Compute the groups of rows from begin to end (all, if end is None)."""
        builder, (full, rest) = self.builder, divmod(self.product.m, self.form.rows)
        if end is None:
            repeat(builder, 0, full, lambda group: self.row_group(pointers, group, self.form.rows))
            if rest:
                self.row_group(pointers, I64(full), rest)
            return
        if full:
            with builder.if_then(builder.icmp_signed("<", begin, I64(full))):
                within = builder.icmp_signed("<", end, I64(full))
                stop = builder.select(within, end, I64(full))
                repeat(builder, begin, stop, lambda group: self.row_group(pointers, group, self.form.rows))
        if rest:
            with builder.if_then(builder.icmp_signed(">", end, I64(full))):
                self.row_group(pointers, I64(full), rest)

    def row_group(self, pointers: Sequence[Any], group: Any, rows: int) -> None:
        """Compute some rows of C, tile by tile."""
        p, form = self.product, self.form
        a, b, c, *bias = self.step(pointers, group, form.rows, p.a_strides[0], 0, p.c_strides[0], self.bias_strides[0])
        columns = form.columns * (1 if form.along else self.width)
        full, rest = divmod(p.n, columns)

        def tile(index: Any, active: int) -> None:
            strides = (0, p.b_strides[1], p.c_strides[1], self.bias_strides[1])
            self.tile(self.step([a, b, c, *bias], index, columns, *strides), rows, active)

        repeat(self.builder, 0, full, lambda index: tile(index, columns))
        if rest:
            tile(I64(full), rest)

    def step(self, pointers: Sequence[Any], index: Any, size: int, *strides: int) -> list[Any]:
        """Move each pointer by index · size · its stride."""
        pairs = zip(pointers, strides, strict=False)
        return [moved(self.builder, self.product.dtype, pointer, index, size * stride) for pointer, stride in pairs]

    def tile(self, pointers: Sequence[Any], rows: int, columns: int) -> None:
        """Compute a tile of C."""
        a, b, *addend = pointers
        if self.form.along:
            sums = self.sum_along(a, b, rows, columns)
            self.finish(addend, [[(row, columns)] for row in self.add_lanes(sums, rows, columns)])
        else:
            pieces = [min(self.width, columns - j) for j in range(0, columns, self.width)]
            sums = self.sum_across(a, b, rows, pieces)
            width = len(pieces)
            self.finish(addend, [list(zip(sums[i * width :][:width], pieces, strict=True)) for i in range(rows)])

    def sum_across(self, a: Any, b: Any, rows: int, pieces: Sequence[int]) -> list[Any]:
        """Sum over k the products of A's entries and B's vectors."""
        p = self.product

        def term(k: Any, sums: Sequence[Any]) -> list[Any]:
            a_here, b_here = self.step([a, b], k, 1, p.a_strides[1], p.b_strides[0])
            vectors = [
                self.load(self.entry(b_here, j * self.width * p.b_strides[1]), p.b_strides[1], active)
                for j, active in enumerate(pieces)
            ]
            factors = [
                self.builder.load(self.entry(a_here, i * p.a_strides[0]), typ=self.scalar, align=p.dtype.itemsize)
                for i in range(rows)
            ]
            pairs = [(self.splat(factor, vector.type.count), vector) for factor in factors for vector in vectors]
            return [self.multiply_add(x, y, s) for (x, y), s in zip(pairs, sums, strict=True)]

        zeros = [self.zero(power_of_two(active)) for _ in range(rows) for active in pieces]
        return self.sum_terms(p.k, term, zeros)

    def sum_along(self, a: Any, b: Any, rows: int, columns: int) -> list[Any]:
        """Sum over the vectors along k the products of A's rows and B's columns."""
        p = self.product

        def term(index: Any, sums: Sequence[Any], active: int = self.width) -> list[Any]:
            a_here, b_here = self.step([a, b], index, self.width, p.a_strides[1], p.b_strides[0])
            xs = [
                self.load(self.entry(a_here, i * p.a_strides[0]), p.a_strides[1], active, self.width)
                for i in range(rows)
            ]
            ys = [
                self.load(self.entry(b_here, j * p.b_strides[1]), p.b_strides[0], active, self.width)
                for j in range(columns)
            ]
            pairs = itertools.product(xs, ys)
            return [self.multiply_add(x, y, s) for (x, y), s in zip(pairs, sums, strict=True)]

        full, rest = divmod(p.k, self.width)
        sums = self.sum_terms(full, term, [self.zero(self.width)] * (rows * columns))
        return term(I64(full), sums, rest) if rest else sums

    def sum_terms(self, count: int, term: Callable[..., list[Any]], zeros: list[Any]) -> list[Any]:
        """Add ``count`` terms, in several sums where a tile has too few of them to keep the processor busy."""
        tile = len(zeros)
        depth = 1
        while 2 * depth <= count and depth * tile < SUMS_IN_FLIGHT:
            depth *= 2

        def several(index: Any, *sums: Any) -> list[Any]:
            return [
                total for d in range(depth) for total in term(self.builder.add(index, I64(d)), sums[d * tile :][:tile])
            ]

        rounds = count // depth * depth
        sums = list(zeros) * depth
        if count * tile <= WRITTEN_OUT:
            for index in range(0, rounds, depth):
                sums = several(I64(index), *sums)
        else:
            sums = list(repeat(self.builder, 0, rounds, several, *sums, step=depth))
        for index in range(rounds, count):
            d = index - rounds
            sums[d * tile : (d + 1) * tile] = term(I64(index), sums[d * tile : (d + 1) * tile])
        while len(sums) > tile:
            half = len(sums) // 2
            sums = [self.builder.fadd(x, y) for x, y in zip(sums[:half], sums[half:], strict=True)]
        return sums

    def add_lanes(self, sums: Sequence[Any], rows: int, columns: int) -> list[Any]:
        """Add the lanes of each sum; give a vector for each row, of the next power of two of columns."""
        padded = power_of_two(columns)
        slots: list[Any] = []
        for i in range(rows):
            slots += [*sums[i * columns :][:columns], *[None] * (padded - columns)]
        slots += [None] * (-len(slots) % self.width)
        totals = []
        for first in range(0, len(slots), self.width):
            group = slots[first : first + self.width]
            # After the round of a span, lanes whose numbers differ in its bit hold sums of different slots.
            span = self.width
            while span := span // 2:
                group = [self.fold(group[i], group[i + span], span) for i in range(span)]
            totals.append(group[0])
        at = [divmod(i * padded, self.width) for i in range(rows)]
        return [self.shuffle(totals[t], totals[t], range(lane, lane + padded)) for t, lane in at]

    def fold(self, x: Any, y: Any, span: int) -> Any:
        """Add lanes that lie ``span`` apart: x's sums where a lane's number lacks that bit, y's where it has it."""
        if x is None:
            return None
        if y is None:
            y = x
        lanes = range(self.width)
        kept = self.shuffle(x, y, [lane + (self.width if lane & span else 0) for lane in lanes])
        other = self.shuffle(x, y, [(lane ^ span) + (self.width if lane & span else 0) for lane in lanes])
        return self.builder.fadd(kept, other)

    def finish(self, pointers: Sequence[Any], rows: Sequence[Sequence[tuple[Any, int]]]) -> None:
        """Write α·sum + β·C, or α·sum + bias, into C."""
        p, (c, *bias) = self.product, pointers
        for i, row in enumerate(rows):
            first = 0
            for total, active in row:
                here = self.entry(c, i * p.c_strides[0] + first * p.c_strides[1])
                if bias:
                    down, right = self.bias_strides
                    addend = self.load(self.entry(bias[0], i * down + first * right), right, active)
                else:
                    addend = self.scaled(self.load(here, p.c_strides[1], active), p.beta) if p.beta else None
                self.store(self.combined(total, addend), here, p.c_strides[1], active)
                first += active

    def combined(self, total: Any, addend: Any) -> Any:
        """Give α·total + addend."""
        if addend is None:
            return self.scaled(total, self.product.alpha)
        if self.product.alpha == 1:
            return self.builder.fadd(total, addend)
        return self.multiply_add(total, self.constant(self.product.alpha, total.type.count), addend)

    def scaled(self, vector: Any, factor: float) -> Any:
        """Give a vector times a constant."""
        return vector if factor == 1 else self.builder.fmul(vector, self.constant(factor, vector.type.count))

    # Vectors

    def vector(self, width: int) -> ir.VectorType:
        return ir.VectorType(self.scalar, width)

    def constant(self, value: float, width: int) -> Any:
        return ir.Constant(
            self.vector(width), [ir.Constant(self.scalar, float(self.product.dtype.type(value)))] * width
        )

    def zero(self, width: int) -> Any:
        return self.constant(0.0, width)

    def shuffle(self, x: Any, y: Any, lanes: Sequence[int]) -> Any:
        """Pick lanes of x, and of y by numbers from x's width on."""
        mask = ir.Constant(ir.VectorType(I32, len(lanes)), [I32(lane) for lane in lanes])
        return self.builder.shuffle_vector(x, y, mask)

    def splat(self, value: Any, width: int) -> Any:
        undefined = ir.Constant(self.vector(width), ir.Undefined)
        first = self.builder.insert_element(undefined, value, I32(0))
        return self.shuffle(first, undefined, [0] * width)

    def multiply_add(self, x: Any, y: Any, z: Any) -> Any:
        """Give x·y + z, rounded once where the processor can (fmuladd; fma would call a function where it cannot)."""
        return self.call("fmuladd", x.type, [x.type] * 3, x, y, z)

    def call(self, name: str, result: ir.Type, kinds: Sequence[ir.Type], *values: Any, suffix: str = "") -> Any:
        vector = result if isinstance(result, ir.VectorType) else kinds[0]
        full = f"llvm.{name}.v{vector.count}{vector.element.intrinsic_name}{suffix}"
        module = self.builder.module
        function = module.globals.get(full) or ir.Function(module, ir.FunctionType(result, kinds), full)
        return self.builder.call(function, values)

    def entry(self, pointer: Any, offset: int) -> Any:
        return self.builder.gep(pointer, [I64(offset)], source_etype=self.scalar) if offset else pointer

    def load(self, pointer: Any, stride: int, active: int, width: int = 0) -> Any:
        """Load ``active`` entries into a vector of the next power of two, or of the width; the other lanes are 0."""
        builder, width, align = self.builder, width or power_of_two(active), self.product.dtype.itemsize
        kind = self.vector(width)
        if unit(stride, active) and active == width:
            return builder.load(pointer, typ=kind, align=align)
        if stride == 1:
            mask = self.mask(active, width)
            # How intrinsics spell alignment differs between LLVM's versions; they are told of it by an attribute.
            return self.call(
                "masked.load",
                kind,
                [POINTER, I32, mask.type, kind],
                pointer,
                I32(align),
                mask,
                self.zero(width),
                suffix=".p0",
            )
        if stride == 0:
            value = builder.load(pointer, typ=self.scalar, align=align)
            return self.splat(value, width) if active == width else self.gather([value] * active, width)
        entries = [builder.load(self.entry(pointer, i * stride), typ=self.scalar, align=align) for i in range(active)]
        return self.gather(entries, width)

    def gather(self, values: Sequence[Any], width: int) -> Any:
        """Put values into the first lanes of a vector of zeros."""
        vector = self.zero(width)
        for lane, value in enumerate(values):
            vector = self.builder.insert_element(vector, value, I32(lane))
        return vector

    def store(self, vector: Any, pointer: Any, stride: int, active: int) -> None:
        """Store the first ``active`` lanes of a vector."""
        builder, width, align = self.builder, vector.type.count, self.product.dtype.itemsize
        if unit(stride, active) and active == width:
            builder.store(vector, pointer, align=align)
        elif stride == 1:
            mask = self.mask(active, width)
            self.call(
                "masked.store",
                ir.VoidType(),
                [vector.type, POINTER, I32, mask.type],
                vector,
                pointer,
                I32(align),
                mask,
                suffix=".p0",
            )
        else:
            for lane in range(active):
                value = builder.extract_element(vector, I32(lane))
                builder.store(value, self.entry(pointer, lane * stride), align=align)

    def mask(self, active: int, width: int) -> Any:
        bit = ir.IntType(1)
        return ir.Constant(ir.VectorType(bit, width), [bit(int(lane < active)) for lane in range(width)])
