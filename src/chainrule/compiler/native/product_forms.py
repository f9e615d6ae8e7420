"""What a matrix product is, and how the code for it is to be arranged on a processor."""

import functools
import math
import platform
from typing import NamedTuple

from llvmlite import binding

from chainrule.compiler.plan import Product

# Sums that must be under way at once to hide a multiplication's latency: 4 cycles, of which each starts two.
SUMS_IN_FLIGHT = 8
# Bytes of an operand that stay in the first cache, and what it costs to fetch a vector from the second one, where 1 is
# a multiplication of vectors (both measured: tiles of known shapes, timed on operands of known sizes).
NEAR = 32_768
FAR_VECTOR = 4
# Bytes that a copy of some of B's columns may take on the stack.
PANEL = 32_768
# The rows, columns and terms of a product in blocks: for fewer of them copies do not repay (measured, each one alone).
FEWEST = (24, 96, 16)


class Target(NamedTuple):
    """What the code must know of a processor.

    The bytes of a vector, and how many vectors its registers hold; then what a product in blocks has at least: rows,
    columns and terms of a sum, and more than so many bytes in its three matrices; then the bytes of a block's copies in
    the first cache and in the second one. These are on the stack, where a thread may have but 512 KB.
    """

    bytes: int
    registers: int
    fewest: tuple[int, int, int] = FEWEST
    blocks_from: int = 2**20
    near: int = NEAR
    far: int = 2**18


class Form(NamedTuple):
    """How a product is computed.

    It is turned to Cᵀ = Bᵀ Aᵀ or not; its vectors lie along k or, if not, across it, along the columns of C; then
    B's columns may first be copied, so that its rows are vectors. A tile has ``rows`` × ``columns`` sums and
    ``entries`` columns of C: across, a sum holds a vector of them. The outer loop over tiles is by columns or by rows.

    A large product is computed in blocks of ``deep`` terms of its sums, and of the rows of ``down`` tiles; else these
    are 0, and the parts that it may be computed in are those of the outer loop.
    """

    product: Product
    turned: bool
    along: bool
    copied: bool
    rows: int
    columns: int
    entries: int
    by_columns: bool
    deep: int = 0
    down: int = 0


@functools.cache
def host() -> Target:
    """Tell the vectors of the processor that this runs on."""
    features = binding.get_host_cpu_features()
    if features.get("avx512f"):
        return Target(64, 32)
    if features.get("avx"):
        return Target(32, 16)
    return Target(16, 32 if platform.machine() in ("arm64", "aarch64") else 16)


@functools.lru_cache(maxsize=1024)
def arrange(product: Product, target: Target) -> Form:
    """Choose the form and the tiles of a product: what takes the fewest vector instructions, roughly counted."""
    width = target.bytes // product.dtype.itemsize

    def cost(way: tuple[bool, bool, bool]) -> float:
        turned, along, copied = way
        return count(product.turned if turned else product, along, copied, width)

    ways = [(turned, *form) for turned in (False, True) for form in ((False, False), (False, True), (True, False))]
    in_blocks = arrange_blocks(product, target, False) or arrange_blocks(product.turned, target, True)
    if in_blocks:
        return in_blocks
    turned, along, copied = min(ways, key=cost)
    p = product.turned if turned else product
    # Where entries of B are put into vectors one by one, small tiles keep the code short.
    near = copied or (unit(p.b_strides[0], p.k) if along else unit(p.b_strides[1], p.n))
    registers = target.registers if near else min(target.registers, 10)
    rows, columns, by_columns = shape_tile(p, along, copied, width, registers)
    return Form(p, turned, along, copied, rows, columns, columns * (1 if along else width), by_columns)


def arrange_blocks(p: Product, target: Target, turned: bool) -> Form | None:
    """Arrange a product in blocks; give None where they cannot be copied as vectors, or would not repay it."""
    entries = p.m * p.k + p.k * p.n + p.m * p.n
    thin = any(size < fewest for size, fewest in zip((p.m, p.n, p.k), target.fewest, strict=True))
    if thin or entries * p.dtype.itemsize <= target.blocks_from:
        return None
    if p.c_strides[1] != 1 or not all(1 in strides for strides in (p.a_strides, p.b_strides)):
        return None
    rows, columns = block_tile(target.registers * 7 // 8)
    entries = columns * target.bytes // p.dtype.itemsize
    deep = split(p.k, max(target.near // (columns * target.bytes), 1))
    down = split(-(-p.m // rows), max(target.far // (deep * rows * p.dtype.itemsize), 1))
    return Form(p, turned, False, False, rows, columns, entries, p.n >= p.m, deep, down)


def block_tile(registers: int) -> tuple[int, int]:
    """Choose the tile of a block, whose operands are near: the fewest loads for the sums that fit the registers."""
    shapes = [(rows, columns) for rows in range(1, 17) for columns in range(1, 5) if (rows + 1) * columns <= registers]
    return min(shapes, key=lambda shape: (1 + shape[0]) * (1 + shape[1]) / (shape[0] * shape[1]))


def split(size: int, most: int) -> int:
    """Give the size of equal pieces of at most so many."""
    return -(-size // -(-size // most))


def count(p: Product, along: bool, copied: bool, width: int) -> float:
    """Count the vector instructions of a form, with tiles of about 4 × 4."""
    vectors_k, vectors_n = -(-p.k // width), -(-p.n // width)
    stored = 1 if unit(p.c_strides[1], p.n) else 4 * min(width, p.n)
    if along:
        loaded_a = 1 if unit(p.a_strides[1], p.k) else 2 * min(width, p.k)
        loaded_b = 1 if unit(p.b_strides[0], p.k) else 2 * min(width, p.k)
        loads = loaded_a * p.m * -(-p.n // 4) + loaded_b * p.n * -(-p.m // 4)
        return vectors_k * (p.m * p.n + loads) + 3 * p.m * p.n + p.m * -(-p.n // 4) * stored
    loaded = 1 if copied or unit(p.b_strides[1], p.n) else 2 * min(width, p.n)
    work = vectors_n * (p.k * (p.m + loaded * -(-p.m // 4)) + p.m * stored)
    if not copied:
        return work
    possible = unit(p.b_strides[0], p.k) and p.k * width * p.dtype.itemsize <= PANEL
    # Each block of width × width entries is loaded, transposed in log₂ rounds, and stored.
    return work + vectors_k * vectors_n * width * (1 + width.bit_length()) if possible else math.inf


def shape_tile(p: Product, along: bool, copied: bool, width: int, registers: int) -> tuple[int, int, bool]:
    """Choose the rows and columns of a tile, whose sums and a row of B fit the registers, and the order of the tiles.

    A tile's time, for one step along k, is that of its multiplications, and a little for its loads; or of its loads
    from the second cache; or of the sums' latency: whichever is the longest.
    """
    entries = 1 if along else width
    n = -(-p.n // entries)
    row_bytes, column_bytes = p.k * p.dtype.itemsize, p.k * entries * p.dtype.itemsize
    vector_of_a = 1.0 if along else 1 / width

    def cost(shape: tuple[int, int, bool]) -> float:
        rows, columns, by_columns = shape
        # The inner loop passes over all of one operand, and stays in a tile's part of the other.
        far_a = (p.m if by_columns else rows) * row_bytes > NEAR
        far_b = not copied and (columns if by_columns else n) * column_bytes > NEAR

        def tile(r: int, c: int) -> float:
            far = FAR_VECTOR * (far_a * r * vector_of_a + far_b * c)
            return max(r * c + 0.1 * (r + c), SUMS_IN_FLIGHT / 2, far) + 1 if r * c else 0.0

        (down, last_r), (right, last_c) = divmod(p.m, rows), divmod(n, columns)
        kinds = (1 + (last_r > 0)) * (1 + (last_c > 0))
        whole = down * (right * tile(rows, columns) + tile(rows, last_c))
        return (whole + right * tile(last_r, columns) + tile(last_r, last_c)) * (1 + 0.01 * kinds)

    counts = [c for c in (1, 2, 4, 8, 16) if c <= min(width, power_of_two(p.k))] if along else range(1, 17)
    shapes = [
        (rows, columns, by_columns)
        for by_columns in ((True,) if copied else (False, True))
        for columns in counts
        if not copied or columns * column_bytes <= PANEL
        for rows in range(1, 17)
        if rows * columns + columns <= registers * 7 // 8 and rows <= max(p.m, 1) and columns <= max(n, 1)
    ]
    return min(shapes, key=cost)


def unit(stride: int, size: int) -> bool:
    """Say whether the entries of an axis are neighbours."""
    return stride == 1 or size <= 1


def power_of_two(size: int) -> int:
    """Give the least power of two that is not below a size."""
    return 1 << max(size - 1, 0).bit_length()
