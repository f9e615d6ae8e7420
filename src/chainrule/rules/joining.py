"""Splitting arrays into parts, joining parts in other ways than `concatenate`, and grids of coordinates."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from chainrule.graph.node import Array
from chainrule.rules.operands import operand, untraced
from chainrule.rules.table import spells

# Splitting


@spells(np.array_split)
def _array_split(ary: Array, indices_or_sections: Any, axis: int = 0) -> list[Array]:
    n = ary.shape[axis]
    sections = untraced(indices_or_sections)
    if np.ndim(sections) == 0:
        if sections <= 0:
            raise ValueError("number sections must be larger than 0.")
        each, extra = divmod(n, int(sections))
        points = [i * each + min(i, extra) for i in range(1, int(sections))]
    else:
        points = list(sections)
    before = (slice(None),) * (axis % ary.ndim)
    return [ary[(*before, slice(a, b))] for a, b in zip([0, *points], [*points, n], strict=True)]


@spells(np.split)
def _split(ary: Array, indices_or_sections: Any, axis: int = 0) -> list[Array]:
    sections = untraced(indices_or_sections)
    if np.ndim(sections) == 0 and ary.shape[axis] % sections:
        raise ValueError("array split does not result in an equal division")
    return np.array_split(ary, sections, axis)


def _split_along(name: str, axis: int) -> Callable[..., list[Array]]:
    def split(ary: Array, indices_or_sections: Any) -> list[Array]:
        if ary.ndim < max(2, axis + 1):
            raise ValueError(f"{name} only works on arrays of {max(2, axis + 1)} or more dimensions")
        return np.split(ary, indices_or_sections, axis)

    return split


spells(np.vsplit)(_split_along("vsplit", 0))
spells(np.dsplit)(_split_along("dsplit", 2))


@spells(np.hsplit)
def _hsplit(ary: Array, indices_or_sections: Any) -> list[Array]:
    return np.split(ary, indices_or_sections, 1 if ary.ndim > 1 else 0)


def _unstack(x: Array, /, *, axis: int = 0) -> tuple[Array, ...]:
    return tuple(np.moveaxis(x, axis, 0))


if hasattr(np, "unstack"):  # since NumPy 2.1
    spells(np.unstack)(_unstack)


# Joining


@spells(np.column_stack)
def _column_stack(tup: Sequence[Array]) -> Array:
    return np.concatenate([x if x.ndim > 1 else np.reshape(x, (-1, 1)) for x in map(operand, tup)], axis=1)


@spells(np.dstack)
def _dstack(tup: Sequence[Array]) -> Array:
    return np.concatenate([np.atleast_3d(x) for x in tup], axis=2)


@spells(np.block)
def _block(arrays: Any) -> Array:
    depth = _depth(arrays)
    return np.copy(_joined(arrays, 0, depth, max(depth, _largest(arrays))))


def _depth(arrays: Any) -> int:
    """Return how deep the lists are nested."""
    if not isinstance(arrays, list):
        return 0
    depths = {_depth(part) for part in arrays}
    if len(depths) != 1:
        raise ValueError("the lists given to np.block are not equally deep, or one is empty; nest them alike.")
    return 1 + depths.pop()


def _largest(arrays: Any) -> int:
    return max(map(_largest, arrays)) if isinstance(arrays, list) else int(np.ndim(arrays))


def _joined(arrays: Any, level: int, depth: int, ndim: int) -> Array:
    """Join the lists at the deepest level along the last axis, those above along the one before, and so on."""
    if not isinstance(arrays, list):
        x = operand(arrays)
        return np.reshape(x, (1,) * (ndim - x.ndim) + x.shape)
    return np.concatenate([_joined(part, level + 1, depth, ndim) for part in arrays], axis=level - depth)


# Grids


@spells(np.broadcast_arrays)
def _broadcast_arrays(*args: Array, subok: bool = False) -> tuple[Array, ...]:
    arrays = [operand(x) for x in args]
    shape = np.broadcast_shapes(*(x.shape for x in arrays))
    return tuple(x if x.shape == shape else np.broadcast_to(x, shape) for x in arrays)


@spells(np.meshgrid)
def _meshgrid(*xi: Array, copy: bool = True, sparse: bool = False, indexing: str = "xy") -> Any:
    if indexing not in ("xy", "ij"):
        raise ValueError("Valid values for `indexing` are 'xy' and 'ij'.")
    axes = list(range(len(xi)))
    if indexing == "xy":
        axes[:2] = axes[:2][::-1]
    grids = [np.reshape(operand(x), (1,) * k + (-1,) + (1,) * (len(xi) - k - 1)) for k, x in zip(axes, xi, strict=True)]
    if not sparse:
        grids = list(np.broadcast_arrays(*grids))
    return tuple(np.copy(x) for x in grids) if copy else grids
