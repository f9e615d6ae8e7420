"""Sums, means, products and extremes over axes, and what is counted or found rather than differentiated."""

from typing import Any

import numpy as np

from chainrule.graph.node import Array
from chainrule.rules.kinds import General, Linear
from chainrule.rules.table import flat, spells

Axis = int | tuple[int, ...] | None


def _keep(v: Array, x: Array, axis: Axis, keepdims: bool) -> Array:
    """Give a reduced array its summed axes back, with size 1."""
    if keepdims or (axis is None and v.ndim == x.ndim):
        return v
    if axis is None:
        return v.reshape((1,) * x.ndim)
    axes = {a % x.ndim for a in (axis if isinstance(axis, tuple) else (axis,))}
    return v.reshape(tuple(1 if a in axes else n for a, n in enumerate(x.shape)))


def _spread(v: Array, x: Array, axis: Axis, keepdims: bool) -> Array:
    """Broadcast a cotangent over the axes that were summed: the transpose of a sum."""
    return np.broadcast_to(_keep(v, x, axis, keepdims), x.shape)


def _count(x: Array, axis: Axis) -> int:
    """Return how many entries go into one entry of the reduced array."""
    if axis is None:
        return int(x.size)
    axes = axis if isinstance(axis, tuple) else (axis,)
    return int(np.prod([x.shape[a] for a in axes], dtype=int))


SUM = Linear("sum", np.sum, lambda g, y, x, axis, keepdims: _spread(g, x, axis, keepdims))
MEAN = Linear("mean", np.mean, lambda g, y, x, axis, keepdims: _spread(g, x, axis, keepdims) / _count(x, axis))
CUMSUM = Linear("cumsum", np.cumsum, lambda g, y, x, axis: np.flip(np.cumsum(np.flip(g, axis), axis), axis))


def _share_of_extreme(y: Array, x: Array, axis: Axis, keepdims: bool) -> Array:
    """Return 1 at the extreme entry, shared among equals: the derivative of max and min."""
    chosen = (x == _keep(y, x, axis, keepdims)).astype(x.dtype)
    return chosen / np.sum(chosen, axis=axis, keepdims=True)


def _extreme(name: str, function: Any) -> General:
    return General(
        name,
        function,
        (lambda g, y, x, axis, keepdims: _keep(g, x, axis, keepdims) * _share_of_extreme(y, x, axis, keepdims),),
        (
            lambda t, y, x, axis, keepdims: np.sum(
                t * _share_of_extreme(y, x, axis, keepdims), axis=axis, keepdims=keepdims
            ),
        ),
    )


MAX = _extreme("max", np.max)
MIN = _extreme("min", np.min)


@spells(np.sum)
def _sum(a: Array, axis: Axis = None, dtype: Any = None, out: None = None, keepdims: bool = False) -> Array:
    return SUM(a if dtype is None else a.astype(dtype), axis=axis, keepdims=keepdims)


@spells(np.mean)
def _mean(a: Array, axis: Axis = None, dtype: Any = None, out: None = None, keepdims: bool = False) -> Array:
    return MEAN(a if dtype is None else a.astype(dtype), axis=axis, keepdims=keepdims)


@spells(np.max, np.amax)
def _max(a: Array, axis: Axis = None, out: None = None, keepdims: bool = False) -> Array:
    return MAX(a, axis=axis, keepdims=keepdims)


@spells(np.min, np.amin)
def _min(a: Array, axis: Axis = None, out: None = None, keepdims: bool = False) -> Array:
    return MIN(a, axis=axis, keepdims=keepdims)


@spells(np.cumsum)
def _cumsum(a: Array, axis: int | None = None, dtype: Any = None, out: None = None) -> Array:
    a = a if dtype is None else a.astype(dtype)
    return CUMSUM(a.reshape(-1), axis=0) if axis is None else CUMSUM(a, axis=axis)


@spells(np.var)
def _var(
    a: Array, axis: Axis = None, dtype: Any = None, out: None = None, ddof: float = 0, keepdims: bool = False
) -> Array:
    deviation = a - np.mean(a, axis=axis, keepdims=True)
    return np.sum(deviation * deviation, axis=axis, keepdims=keepdims) / (_count(a, axis) - ddof)


@spells(np.std)
def _std(
    a: Array, axis: Axis = None, dtype: Any = None, out: None = None, ddof: float = 0, keepdims: bool = False
) -> Array:
    return np.sqrt(np.var(a, axis=axis, ddof=ddof, keepdims=keepdims))


flat(np.argmax, np.argmin, np.argsort, np.all, np.any, np.count_nonzero, np.searchsorted, np.around, np.round)


@spells(np.shape)
def _shape(a: Array) -> tuple[int, ...]:
    return a.shape  # type: ignore[no-any-return]


@spells(np.ndim)
def _ndim(a: Array) -> int:
    return a.ndim  # type: ignore[no-any-return]


@spells(np.size)
def _size(a: Array, axis: int | None = None) -> int:
    return a.size if axis is None else a.shape[axis]  # type: ignore[no-any-return]
