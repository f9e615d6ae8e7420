"""Norms of vectors and matrices, and condition numbers: real numbers, each stated by its slope.

At a corner the slope is the mean of its sides: 0 for a vector of zeros, shared among equal extremes.
"""

from math import inf
from typing import Any

import numpy as np

from chainrule.graph.node import Array
from chainrule.rules.decompositions import singular_slope
from chainrule.rules.kinds import General
from chainrule.rules.matrices import conjugated, tolerance, transposed
from chainrule.rules.operands import normalized
from chainrule.rules.table import spells


def _kept(v: Array, x: Array, axes: tuple[int, ...]) -> Array:
    """Give a reduced array its axes back, with size 1."""
    return np.reshape(v, tuple(1 if i in axes else n for i, n in enumerate(x.shape)))


def _nonzero(x: Array) -> Array:
    """Return x with 1 in the place of 0, to divide by."""
    return np.where(x == 0, 1, x)


def _direction(x: Array) -> Array:
    """Return the cotangent of x to |x|."""
    return conjugated(x) / _nonzero(np.abs(x)) if x.dtype.kind == "c" else np.sign(x)


def _equal_shares(chosen: Array, like: Array, axis: Any) -> Array:
    """Return 1 where chosen, divided by how many are."""
    chosen = np.astype(chosen, like.dtype)
    return chosen / np.sum(chosen, axis=axis, keepdims=True)


def _slope(y: Array, x: Array, order: Any, axis: Any) -> Array:
    """Return the cotangent of x to its norm y."""
    axes = normalized(axis, x.ndim)
    y = _kept(y, x, axes)
    if order is None or order in ("fro", "f") or (order == 2 and len(axes) == 1):
        return conjugated(x) / _nonzero(y)
    if len(axes) == 1:
        return _vector_slope(y, x, float(order), axes[0])
    if order in (1, -1, inf, -inf):
        summed, chosen = axes if order in (1, -1) else axes[::-1]
        sums = np.sum(np.abs(x), axis=summed, keepdims=True)
        # Not y, whose sums may be rounded otherwise.
        find, start = (np.max, 0) if order > 0 else (np.min, inf)
        extreme = find(sums, axis=chosen, keepdims=True, initial=start)
        return _direction(x) * _equal_shares(sums == extreme, y, chosen)
    return np.moveaxis(_spectral_slope(np.moveaxis(x, axes, (-2, -1)), order), (-2, -1), axes)


def _vector_slope(y: Array, x: Array, order: float, axis: int) -> Array:
    size = np.abs(x)
    if order in (inf, -inf):
        return _direction(x) * _equal_shares(size == y, y, axis)
    if order == 0:  # a count
        return np.zeros(x.shape, x.dtype)
    # (|x| / y)^(p-1); where x is 0 the direction is, and where y is 0 all is (of p < 0, one entry is 0 then).
    ratio = np.where(size == 0, 1, size) / _nonzero(y)
    return _direction(x) * ratio ** (order - 1) * (y != 0)


def _spectral_slope(x: Array, order: Any) -> Array:
    s = np.linalg.svd(x, compute_uv=False)
    if order == "nuc":
        return singular_slope(x, s, np.ones(s.shape, s.dtype))
    return singular_slope(x, s, _extreme(s, largest=order == 2))


def _extreme(s: Array, largest: bool) -> Array:
    """Return the shares of the largest (or smallest) of singular values, which come sorted."""
    apart = np.abs(s - (s[..., :1] if largest else s[..., -1:]))
    return _equal_shares(apart <= tolerance(s), s, -1)


NORM = General(
    "norm",
    lambda x, order, axis, keepdims: np.linalg.norm(x, order, axis, keepdims),
    (lambda g, y, x, order, axis, keepdims: _kept(g, x, normalized(axis, x.ndim)) * _slope(y, x, order, axis),),
    (
        lambda t, y, x, order, axis, keepdims: np.sum(
            t * _slope(y, x, order, axis), axis=normalized(axis, x.ndim), keepdims=keepdims
        ),
    ),
)


@spells(np.linalg.norm)
def _norm(x: Array, ord: Any = None, axis: Any = None, keepdims: bool = False) -> Array:  # noqa: A002
    return NORM(x, order=ord, axis=axis, keepdims=keepdims)


@spells(np.linalg.matrix_norm)
def _matrix_norm(x: Array, /, *, keepdims: bool = False, ord: Any = "fro") -> Array:  # noqa: A002
    return NORM(x, order=ord, axis=(-2, -1), keepdims=keepdims)


@spells(np.linalg.vector_norm)
def _vector_norm(x: Array, /, *, axis: Any = None, keepdims: bool = False, ord: Any = 2) -> Array:  # noqa: A002
    axes = normalized(axis, x.ndim)
    if axis is None:
        flat = np.ravel(x)
    elif isinstance(axis, tuple):
        rest = tuple(i for i in range(x.ndim) if i not in axes)
        flat = np.reshape(
            np.transpose(x, axes + rest),
            (int(np.prod([x.shape[i] for i in axes], dtype=int)), *(x.shape[i] for i in rest)),
        )
    else:
        return NORM(x, order=ord, axis=axis, keepdims=keepdims)
    found = NORM(flat, order=ord, axis=0, keepdims=False)
    return _kept(found, x, axes) if keepdims else found


# Condition numbers: of the 2-norm s₁ / s_n, of any other ‖A‖ ‖A⁻¹‖.


def _condition_slope(y: Array, x: Array, order: Any) -> Array:
    y = y[..., None]
    if order is None or order in (2, -2):
        s = np.linalg.svd(x, compute_uv=False)
        weights = _extreme(s, largest=True) / s - _extreme(s, largest=False) / s
        return singular_slope(x, s, y * weights if order != -2 else -y * weights)
    inverse = np.linalg.inv(x)
    axes = (-2, -1)
    of_x, of_inverse = (np.linalg.norm(m, order, axes) for m in (x, inverse))
    by_inverse = transposed(inverse) @ _slope(of_inverse, inverse, order, axes) @ transposed(inverse)
    return of_inverse[..., None, None] * _slope(of_x, x, order, axes) - of_x[..., None, None] * by_inverse


COND = General(
    "cond",
    lambda x, order: np.linalg.cond(x, order),
    (lambda g, y, x, order: g[..., None, None] * _condition_slope(y, x, order),),
    (lambda t, y, x, order: np.sum(t * _condition_slope(y, x, order), axis=(-2, -1)),),
)


@spells(np.linalg.cond)
def _cond(x: Array, p: Any = None) -> Array:
    return COND(x, order=p)
