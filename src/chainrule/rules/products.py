"""Products of vectors, matrices and tensors: linear in each factor, stated by a transpose for each.

The transposes of a matrix product are the paper's IV.4: for y = W a, ∂C/∂a = Wᵀ ∂C/∂y and ∂C/∂W = ∂C/∂y aᵀ.
"""

import math
from typing import Any

import numpy as np

from chainrule.graph.node import Array
from chainrule.graph.table import TABLE
from chainrule.rules.kinds import Multilinear, unbroadcast
from chainrule.rules.table import spells


def _swap(x: Array) -> Array:
    """Transpose the last two axes."""
    return x.swapaxes(-1, -2)


def _matmul_left(g: Array, y: Array, a: Array, b: Array) -> Array:
    if b.ndim == 1:
        return unbroadcast(g[..., None] * b, a.shape)
    if a.ndim == 1:
        return unbroadcast(np.matmul(b, g[..., None])[..., 0], a.shape)
    if g.ndim > a.ndim:
        return _sum_of_products(_swap(g), _swap(b), a.shape)
    return unbroadcast(_product_of_all(g, _swap(b)), a.shape)


def _matmul_right(g: Array, y: Array, a: Array, b: Array) -> Array:
    if a.ndim == 1:
        return unbroadcast(a[:, None] * g[..., None, :] if b.ndim > 1 else a * g, b.shape)
    if b.ndim == 1:
        return _sum_of_products(a, g[..., None], (*b.shape, 1))[..., 0]
    if g.ndim > b.ndim:
        return _sum_of_products(a, g, b.shape)
    if g.ndim > a.ndim:
        return unbroadcast(_swap(_product_of_all(_swap(g), a)), b.shape)
    return unbroadcast(np.matmul(_swap(a), g), b.shape)


# A matrix that is multiplied with a whole stack of others meets them in one product, where NumPy would go through the
# stack one by one. The stack is along the leading axes, which are here laid beside the rows.


def _sum_of_products(u: Array, v: Array, shape: tuple[int, ...]) -> Array:
    """Return the sum of uᵀ v over the leading axes that an array of the given shape lacks."""
    extra, kept = u.ndim - len(shape), shape[:-2]
    if extra <= 0 or u.shape[:-2] != v.shape[:-2] or u.shape[extra:-2] != kept:
        return unbroadcast(np.matmul(_swap(u), v), shape)
    return np.matmul(_swap(_beside_rows(u, extra)), _beside_rows(v, extra))


def _product_of_all(u: Array, v: Array) -> Array:
    """Return u v, where v may lack leading axes of u."""
    extra, kept = u.ndim - v.ndim, v.shape[:-2]
    if extra <= 0 or u.shape[extra:-2] != kept or (kept and u.shape[-2] > 1):
        return np.matmul(u, v)
    product = np.matmul(_beside_rows(u, extra), v)
    stacked = product.reshape((*kept, *u.shape[:extra], u.shape[-2], v.shape[-1]))
    n = len(kept)
    return stacked.transpose((*range(n, n + extra), *range(n), n + extra, n + extra + 1)) if kept else stacked


def _beside_rows(x: Array, extra: int) -> Array:
    """Move so many leading axes of x behind the other axes of the stack, and join them with the rows."""
    kept = x.shape[extra:-2]
    if kept:
        x = x.transpose((*range(extra, x.ndim - 2), *range(extra), x.ndim - 2, x.ndim - 1))
    return x.reshape((*kept, math.prod(x.shape[len(kept) : -1]), x.shape[-1]))


MATMUL = Multilinear("matmul", np.matmul, _matmul_left, _matmul_right)
TABLE[np.matmul] = MATMUL


Axes = tuple[tuple[int, ...], tuple[int, ...]]
"""The axes of the left and of the right operand that are multiplied together and summed."""


def _contracted_left(g: Array, a: Array, b: Array, axes: Axes) -> Array:
    """Contract the cotangent of a contraction with its right operand, over what that one kept (paper, IV.2)."""
    from_a, from_b = axes
    kept_a = tuple(i for i in range(a.ndim) if i not in from_a)
    kept_b = tuple(i for i in range(b.ndim) if i not in from_b)
    # The result has a's kept axes, then b's contracted ones in their order in b; put them back where a has them.
    found = np.tensordot(g, b, axes=(tuple(range(len(kept_a), g.ndim)), kept_b))
    partner = {j: i for i, j in zip(from_a, from_b, strict=True)}
    return np.transpose(found, np.argsort([*kept_a, *(partner[j] for j in sorted(from_b))]))


def _contracted_right(g: Array, a: Array, b: Array, axes: Axes) -> Array:
    # The contraction with its operands exchanged has the same entries, the axes of b first.
    kept_a = a.ndim - len(axes[0])
    exchanged = np.transpose(g, (*range(kept_a, g.ndim), *range(kept_a)))
    return _contracted_left(exchanged, b, a, (axes[1], axes[0]))


TENSORDOT = Multilinear(
    "tensordot",
    np.tensordot,
    lambda g, y, a, b, axes: _contracted_left(g, a, b, axes),
    lambda g, y, a, b, axes: _contracted_right(g, a, b, axes),
)
DOT = Multilinear(
    "dot",
    np.dot,
    lambda g, y, a, b: _contracted_left(g, a, b, ((a.ndim - 1,), (max(b.ndim - 2, 0),))),
    lambda g, y, a, b: _contracted_right(g, a, b, ((a.ndim - 1,), (max(b.ndim - 2, 0),))),
)
INNER = Multilinear(
    "inner",
    np.inner,
    lambda g, y, a, b: _contracted_left(g, a, b, ((a.ndim - 1,), (b.ndim - 1,))),
    lambda g, y, a, b: _contracted_right(g, a, b, ((a.ndim - 1,), (b.ndim - 1,))),
)


@spells(np.dot)
def _dot(a: Array, b: Array, out: None = None) -> Array:
    if np.ndim(a) == 0 or np.ndim(b) == 0:
        return a * b
    return MATMUL(a, b) if np.ndim(b) <= 2 and np.ndim(a) <= 2 else DOT(a, b)


@spells(np.inner)
def _inner(a: Array, b: Array, /) -> Array:
    return a * b if np.ndim(a) == 0 or np.ndim(b) == 0 else INNER(a, b)


@spells(np.outer)
def _outer(a: Array, b: Array, out: None = None) -> Array:
    return np.reshape(a, (-1, 1)) * np.reshape(b, (1, -1))


@spells(np.tensordot)
def _tensordot(a: Array, b: Array, axes: Any = 2) -> Array:
    if isinstance(axes, int):
        from_a, from_b = tuple(range(np.ndim(a) - axes, np.ndim(a))), tuple(range(axes))
    else:
        from_a, from_b = ((axis,) if isinstance(axis, int) else axis for axis in axes)
    return TENSORDOT(a, b, axes=(tuple(i % np.ndim(a) for i in from_a), tuple(i % np.ndim(b) for i in from_b)))
