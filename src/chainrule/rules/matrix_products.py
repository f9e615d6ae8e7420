"""The products of vectors and matrices that `products` does not have, powers, and NumPy's second names for products."""

import operator
from collections.abc import Sequence
from typing import Any

import numpy as np

from chainrule.graph.node import Array, Node
from chainrule.rules.kinds import Multilinear, unbroadcast
from chainrule.rules.matrices import conjugated, transposed
from chainrule.rules.operands import operand
from chainrule.rules.table import spells


def _three(x: Array) -> Array:
    """Give vectors of the plane a third component."""
    return x if x.shape[-1] == 3 else np.concatenate([x, np.zeros((*x.shape[:-1], 1), x.dtype)], axis=-1)


def _cross_cotangent(g: Array, a: Array, b: Array) -> Array:
    if a.shape[-1] == b.shape[-1] == 2:  # of which NumPy gives the third component alone
        g = g[..., None]
        return np.concatenate([np.zeros((*g.shape[:-1], 2), g.dtype), g], axis=-1)
    return g


# g · (a × b) = a · (b × g) = b · (g × a)
CROSS = Multilinear(
    "cross",
    np.cross,
    lambda g, y, a, b: unbroadcast(np.cross(_three(b), _cross_cotangent(g, a, b))[..., : a.shape[-1]], a.shape),
    lambda g, y, a, b: unbroadcast(np.cross(_cross_cotangent(g, a, b), _three(a))[..., : b.shape[-1]], b.shape),
)
# The first operand is conjugated: Re(g conj(v) b) = Re(conj(g b) v).
VDOT = Multilinear(
    "vdot",
    np.vdot,
    lambda g, y, a, b: conjugated(g * np.reshape(b, a.shape)),
    lambda g, y, a, b: g * conjugated(np.reshape(a, b.shape)),
)


@spells(np.vdot)
def _vdot(a: Array, b: Array, /) -> Array:
    return VDOT(operand(a), operand(b))


@spells(np.cross)
def _cross(a: Array, b: Array, axisa: int = -1, axisb: int = -1, axisc: int = -1, axis: int | None = None) -> Array:
    if axis is not None:
        axisa = axisb = axisc = axis
    a, b = np.moveaxis(operand(a), axisa, -1), np.moveaxis(operand(b), axisb, -1)
    product = CROSS(a, b)
    return product if a.shape[-1] == b.shape[-1] == 2 else np.moveaxis(product, -1, axisc)


@spells(np.linalg.cross)
def _linalg_cross(x1: Array, x2: Array, /, *, axis: int = -1) -> Array:
    x1, x2 = operand(x1), operand(x2)
    if x1.shape[axis] != 3 or x2.shape[axis] != 3:
        raise ValueError(f"np.linalg.cross takes vectors of 3 components; got {x1.shape[axis]} and {x2.shape[axis]}.")
    return _cross(x1, x2, axis=axis)


@spells(np.kron)
def _kron(a: Array, b: Array) -> Array:
    a, b = operand(a), operand(b)
    ndim = max(a.ndim, b.ndim)
    left, right = ((1,) * (ndim - x.ndim) + x.shape for x in (a, b))
    apart = np.reshape(a, tuple(k for n in left for k in (n, 1))) * np.reshape(
        b, tuple(k for n in right for k in (1, n))
    )
    return np.reshape(apart, tuple(m * n for m, n in zip(left, right, strict=True)))


@spells(np.linalg.outer)
def _outer(x1: Array, x2: Array, /) -> Array:
    x1, x2 = operand(x1), operand(x2)
    if x1.ndim != 1 or x2.ndim != 1:
        raise ValueError(f"np.linalg.outer takes two vectors; got arrays of {x1.ndim} and {x2.ndim} dimensions.")
    return np.outer(x1, x2)


if hasattr(np, "vecdot"):
    VECDOT = Multilinear(
        "vecdot",
        np.vecdot,
        lambda g, y, a, b: unbroadcast(conjugated(g[..., None] * b), a.shape),
        lambda g, y, a, b: unbroadcast(g[..., None] * conjugated(a), b.shape),
    )

    @spells(np.vecdot, np.linalg.vecdot)
    def _vecdot(x1: Array, x2: Array, /, *, axis: int = -1, keepdims: bool = False) -> Array:
        x1, x2 = operand(x1), operand(x2)
        if axis != -1:
            x1, x2 = np.moveaxis(x1, axis, -1), np.moveaxis(x2, axis, -1)
        found = VECDOT(x1, x2)
        return np.expand_dims(found, axis) if keepdims else found


if hasattr(np, "matvec"):
    MATVEC = Multilinear(
        "matvec",
        np.matvec,
        lambda g, y, a, x: unbroadcast(g[..., :, None] * x[..., None, :], a.shape),
        lambda g, y, a, x: unbroadcast(np.matvec(transposed(a), g), x.shape),
    )
    VECMAT = Multilinear(
        "vecmat",
        np.vecmat,
        lambda g, y, x, a: unbroadcast(conjugated(np.matvec(a, g)), x.shape),
        lambda g, y, x, a: unbroadcast(conjugated(x)[..., :, None] * g[..., None, :], a.shape),
    )
    spells(np.matvec)(lambda x1, x2, /: MATVEC(operand(x1), operand(x2)))
    spells(np.vecmat)(lambda x1, x2, /: VECMAT(operand(x1), operand(x2)))


class _MultiDot(Multilinear):
    """The product of any number of matrices, in the order that costs least; vectors may stand at the ends."""

    def pullback(self, i: int, cotangent: Array, node: Node) -> Array:
        """Multiply by the transposes of what stands on the left, and of what stands on the right."""
        first, *_, last = node.values
        rows, columns = (first.shape[0] if first.ndim == 2 else 1), (last.shape[1] if last.ndim == 2 else 1)
        left = [transposed(np.reshape(x, (rows, -1)) if x is first else x) for x in node.values[:i]]
        right = [transposed(np.reshape(x, (-1, columns)) if x is last else x) for x in node.values[i + 1 :]]
        found = np.linalg.multi_dot([*left[::-1], np.reshape(cotangent, (rows, columns)), *right[::-1]])
        return np.reshape(found, node.values[i].shape)

    def pushforward(self, i: int, tangent: Array, node: Node) -> Array:
        """Multiply with the tangent in the place of operand i."""
        return self(*(tangent if j == i else x for j, x in enumerate(node.values)))


MULTI_DOT = _MultiDot("multi_dot", lambda *arrays: np.linalg.multi_dot(arrays))


@spells(np.linalg.multi_dot)
def _multi_dot(arrays: Sequence[Array]) -> Array:
    return MULTI_DOT(*map(operand, arrays))


@spells(np.linalg.matrix_power)
def _matrix_power(a: Array, n: int) -> Array:
    """Multiply in NumPy's own order: the powers a², a⁴, …, of which n is made."""
    n = operator.index(n)
    if n == 0:
        return np.zeros_like(a) + np.eye(a.shape[-1], dtype=a.dtype)
    a, n = (np.linalg.inv(a), -n) if n < 0 else (a, n)
    if n == 3:
        return np.matmul(np.matmul(a, a), a)
    square, result = a, None
    while True:
        n, odd = divmod(n, 2)
        if odd:
            result = square if result is None else np.matmul(result, square)
        if not n:
            return result
        square = np.matmul(square, square)


# NumPy's second names for what is known already


@spells(np.linalg.trace)
def _trace(x: Array, /, *, offset: int = 0, dtype: Any = None) -> Array:
    return np.trace(x, offset, axis1=-2, axis2=-1, dtype=dtype)


@spells(np.linalg.diagonal)
def _diagonal(x: Array, /, *, offset: int = 0) -> Array:
    return np.diagonal(x, offset, axis1=-2, axis2=-1)


@spells(np.matrix_transpose, np.linalg.matrix_transpose)
def _matrix_transpose(x: Array, /) -> Array:
    return transposed(x)


spells(np.linalg.matmul)(lambda x1, x2, /: np.matmul(x1, x2))
spells(np.linalg.tensordot)(lambda x1, x2, /, *, axes=2: np.tensordot(x1, x2, axes))
