"""Matrix products in native code of our own: C = α·A B + β·C.

C is computed in tiles of rows × columns, whose sums stay in registers while ``k`` runs. There are two forms:

- across: a vector holds neighbouring columns of C; an entry of A, broadcast, is multiplied by a vector of B's row;
- along: a vector runs along k (where both operands lie so), and the lanes of a tile's sums are added at its end.

Either form is also taken for Cᵀ = Bᵀ Aᵀ. Which of the four, and the tile's shape, is what costs the fewest vector
instructions (`product_forms`). All sizes are known, so that what remains at the edges has tiles of its own.
A large product is computed across, in blocks that stay in the caches (`product_blocks`).
In what order an entry of C is summed depends on the product alone: not on the data, nor on who computes which part.
"""

from llvmlite import ir

from chainrule.compiler.native.product_blocks import Blocks
from chainrule.compiler.native.product_forms import Target, arrange, host
from chainrule.compiler.native.product_kernel import Kernel
from chainrule.compiler.native.product_loops import begin_step, over_batch
from chainrule.compiler.plan import Product

__all__ = ["Product", "Target", "emit_product", "extent", "host", "is_fast"]


# The bytes of the three matrices of the largest product that is computed here, if not in blocks.
LARGEST_BYTES = 2**25


def is_fast(product: Product) -> bool:
    """Say whether `emit_product` is at least as fast as BLAS: where it computes in blocks, or the matrices are small.

    One thread then was never behind OpenBLAS's, mostly far ahead (measured by ``benchmarks/products.py``); and its
    parts are shared out without the waiting by which OpenBLAS's threads lose milliseconds where another program runs.
    What is large and thin takes as long as its matrices take to be read, and is left to BLAS.
    """
    entries = product.m * product.k + product.k * product.n + product.m * product.n
    return entries * product.dtype.itemsize <= LARGEST_BYTES or arrange(product, host()).deep > 0


def extent(product: Product, target: Target | None = None) -> int:
    """Give the number of parts of what `emit_product` writes: ``end``, when all of the product shall be computed."""
    if product.batch:
        return product.batch[0]
    form = arrange(product, target or host())
    return -(-form.product.n // form.entries) if form.by_columns else -(-form.product.m // form.rows)


def emit_product(module: ir.Module, name: str, product: Product, target: Target | None = None) -> ir.Function:
    """Write the function ``name(args, begin, end)`` that computes the parts from begin to end of a product.

    Parameters
    ----------
    module : llvmlite.ir.Module
        Where the function is put.
    name : str
        Its name.
    product : Product
        What it computes; ``args`` points to the pointers to A, B and C (and the bias). C overlaps none of the others.
    target : Target, optional
        The vectors to write it for; the host's if not given.

    Returns
    -------
    llvmlite.ir.Function
        The function; its parts are the first axis of the batch, or else groups of C's rows or columns: see `extent`.

    Examples
    --------
    >>> import numpy as np
    >>> module = ir.Module()
    >>> product = Product(np.dtype("float32"), m=2, n=3, k=4, a_strides=(4, 1), b_strides=(3, 1), c_strides=(3, 1))
    >>> emit_product(module, "product", product).name
    'product'
    """
    target = target or host()
    form = arrange(product, target)
    builder, (a, b, *others), part = begin_step(module, name, 4 if product.bias else 3)
    if product.m and product.n:
        kernel = (Blocks if form.deep else Kernel)(builder, form, target.bytes // product.dtype.itemsize)
        over_batch(builder, form.product, [b, a, *others] if form.turned else [a, b, *others], part, kernel.tiles)
    builder.ret_void()
    return builder.function
