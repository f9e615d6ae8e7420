"""Taking entries out of an array, whose transpose puts the cotangents back where the entries came from."""

from typing import Any

import numpy as np

from chainrule.graph.node import Array
from chainrule.graph.tracer import Tracer
from chainrule.rules.kinds import Linear
from chainrule.rules.operands import operand
from chainrule.rules.table import spells

_ALL = slice(None)
_SIMPLE = {int, slice, type(None), type(Ellipsis)}


class Slot(int):
    """The place in an index of an array that is an operand of the node: the number of that operand."""


def filled(template: Any, arrays: tuple[Array, ...]) -> Any:
    """Put index arrays into their slots in the template of an index."""
    if not arrays:
        return template
    parts = template if isinstance(template, tuple) else (template,)
    index = tuple(arrays[part] if type(part) is Slot else part for part in parts)
    return index if isinstance(template, tuple) else index[0]


def is_basic(index: Any) -> bool:
    """Say whether an index takes every entry at most once, as integers and slices do."""
    if _is_simple(index):
        return True
    parts = index if isinstance(index, tuple) else (index,)
    return all(part is None or part is Ellipsis or isinstance(part, (int, np.integer, slice)) for part in parts)


def _takes_all(index: Any) -> bool:
    """Say whether an index does no more than add axes, as in ``x[:, None]``."""
    return type(index) is tuple and all(part is None or part == _ALL for part in index)


class _GetItem(Linear):
    """``x[index]``; index arrays are further operands, through which no derivative passes."""

    def pullback(self, i: int, cotangent: Array, node: Any) -> Array | None:
        if i > 0:
            return None
        x, *arrays = node.values
        index = node.parameters["index"]
        if _takes_all(index):
            return cotangent.reshape(x.shape)
        return SCATTER(cotangent, *arrays, index=index, shape=x.shape)

    def pushforward(self, i: int, tangent: Array, node: Any) -> Array | None:
        return None if i > 0 else self(tangent, *node.values[1:], **node.parameters)


class _Scatter(Linear):
    """Zeros with the entries of v added at the index: the transpose of taking entries."""

    def pullback(self, i: int, cotangent: Array, node: Any) -> Array | None:
        return None if i > 0 else GETITEM(cotangent, *node.values[1:], index=node.parameters["index"])

    def pushforward(self, i: int, tangent: Array, node: Any) -> Array | None:
        return None if i > 0 else self(tangent, *node.values[1:], **node.parameters)


def _getitem(x: Array, *arrays: Array, index: Any) -> Array:
    return x[filled(index, arrays)]


def _scatter(v: Array, *arrays: Array, index: Any, shape: tuple[int, ...]) -> Array:
    at = filled(index, arrays)
    whole = np.zeros(shape, v.dtype)
    if is_basic(at):
        whole[at] = v
    else:
        np.add.at(whole, at, v)
    return whole


GETITEM = _GetItem("getitem", _getitem)
SCATTER = _Scatter("scatter", _scatter)


def template_and_arrays(index: Any) -> tuple[Any, list[Array]]:
    """Part an index into what is known of it for good and the arrays in it, which become operands."""
    if _is_simple(index):
        return index, []
    parts = (
        [np.asarray(part) if type(part) is list else part for part in index]
        if isinstance(index, tuple)
        else [np.asarray(index) if type(index) is list else index]
    )
    arrays = [part for part in parts if isinstance(part, Tracer | np.ndarray)]
    slots = iter(range(len(arrays)))
    template = tuple(Slot(next(slots)) if isinstance(part, Tracer | np.ndarray) else part for part in parts)
    return template, arrays


def _is_simple(index: Any) -> bool:
    return _SIMPLE.issuperset(map(type, index)) if type(index) is tuple else type(index) in _SIMPLE


@spells(Tracer.__getitem__)
def _index(x: Array, index: Any) -> Array:
    template, arrays = template_and_arrays(index)
    return GETITEM(x, *arrays, index=template)


@spells(np.take)
def _take(a: Array, indices: Any, axis: int | None = None, out: None = None, mode: str = "raise") -> Array:
    a, indices = operand(a), operand(indices)
    if axis is None:
        a, axis = np.ravel(a), 0
    if mode == "clip":
        indices = np.clip(indices, 0, a.shape[axis] - 1)
    elif mode == "wrap":
        indices = np.remainder(indices, a.shape[axis])
    return _index(a, (slice(None),) * (axis % a.ndim) + (indices,))


@spells(np.diagonal)
def _diagonal(a: Array, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Array:
    a = np.moveaxis(a, (axis1, axis2), (-2, -1))
    rows, columns = a.shape[-2:]
    i = np.arange(max(0, -offset), max(0, -offset, min(rows, columns - offset)))
    return a[..., i, i + offset]


@spells(np.trace)
def _trace(a: Array, offset: int = 0, axis1: int = 0, axis2: int = 1, dtype: Any = None, out: None = None) -> Array:
    return np.sum(np.diagonal(a, offset, axis1, axis2), axis=-1, dtype=dtype)
