"""Taking entries out of an array, whose transpose puts the cotangents back where the entries came from."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from chainrule.graph.node import Array, Collected
from chainrule.graph.tracer import Tracer, value_of
from chainrule.rules.kinds import Linear
from chainrule.rules.operands import operand
from chainrule.rules.table import spells

_ALL = slice(None)
_SIMPLE = {int, slice, type(None), type(Ellipsis)}


class Slot(int):
    """The place in an index of an array that is an operand of the node: the number of that operand."""


def filled(template: Any, arrays: Sequence[Array]) -> Any:
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


class Pieces(Collected):
    """The cotangent of an array that entries were taken of, or the tangent of one that was put together from pieces.

    All that is added up is of one type, that of the array.

    Parameters
    ----------
    v : array
        The first piece.
    index, arrays : index, sequence of array
        Where it belongs, as `GETITEM` is told it: the template of an index, and what goes into its slots.
    shape : tuple of int
        The whole array's.
    """

    __slots__ = ("dtype", "pieces", "rest", "shape", "traced")

    def __init__(self, v: Array, index: Any, arrays: Sequence[Array], shape: tuple[int, ...]) -> None:
        self.pieces: list[tuple[Array, Any, Sequence[Array]]] = [(v, index, arrays)]
        self.rest: Array | None = None
        self.shape, self.dtype = shape, v.dtype
        self.traced = type(v) is Tracer or Tracer in map(type, arrays)

    def add(self, other: Any) -> None:
        """Add further pieces, or a whole array."""
        if type(other) is Pieces:
            self.pieces += other.pieces
            self.traced = self.traced or other.traced
            rest = other.rest
        else:
            rest = other
        if rest is not None:
            self.rest = rest if self.rest is None else self.rest + rest

    def whole(self, value: Any) -> Array:
        """Put all pieces into their places."""
        if self.traced or type(self.rest) is Tracer:
            return self._recorded()
        whole = np.zeros(self.shape, self.dtype) if self.rest is None else np.array(self.rest, self.dtype)
        put = _put_at if self.rest is None else _add_at
        for v, index, arrays in self.pieces:
            put(whole, filled(index, arrays) if arrays else index, v)
            put = _add_at
        return whole

    def _recorded(self) -> Array:
        """Put them together in one step that is itself recorded."""
        pieces = self.pieces if self.rest is None else [(self.rest, ..., ()), *self.pieces]
        operands = [v for v, _, _ in pieces]
        indices = []
        for _, index, arrays in pieces:
            indices.append(_renumbered(index, len(operands)))
            operands += arrays
        return SCATTER(*operands, indices=tuple(indices), shape=self.shape)


class _GetItem(Linear):
    """``x[index]``; index arrays are further operands, through which no derivative passes."""

    def pullback(self, i: int, cotangent: Array, node: Any) -> Any:
        if i > 0:
            return None
        x, *arrays = node.values
        index = node.parameters["index"]
        if _takes_all(index):
            return cotangent.reshape(x.shape)
        return Pieces(cotangent, index, arrays, x.shape)

    def pushforward(self, i: int, tangent: Array, node: Any) -> Array | None:
        return None if i > 0 else self(tangent, *node.values[1:], **node.parameters)


class _Scatter(Linear):
    """Zeros with the entries of several arrays added, each at its index: the transpose of taking entries.

    The operands are these arrays, and then all the index arrays, by whose numbers the slots in the indices go.
    """

    def pullback(self, i: int, cotangent: Array, node: Any) -> Array | None:
        at = self._index(i, node)
        return None if at is None else GETITEM(cotangent, *at[1], index=at[0])

    def pushforward(self, i: int, tangent: Array, node: Any) -> Any:
        at = self._index(i, node)
        return None if at is None else Pieces(tangent, *at, node.parameters["shape"])

    def _index(self, i: int, node: Any) -> tuple[Any, list[Array]] | None:
        """Return the index of operand i and the arrays that go into it; None where i is an index array itself."""
        indices = node.parameters["indices"]
        if i >= len(indices):
            return None
        parts = indices[i] if type(indices[i]) is tuple else (indices[i],)
        slots = [part for part in parts if type(part) is Slot]
        return (_renumbered(indices[i], -slots[0]) if slots else indices[i]), [node.values[k] for k in slots]


def _renumbered(index: Any, by: int) -> Any:
    """Count the slots in the template of an index from another number on."""
    if type(index) is Slot:
        return Slot(index + by)
    return tuple(Slot(part + by) if type(part) is Slot else part for part in index) if type(index) is tuple else index


def _getitem(x: Array, *arrays: Array, index: Any) -> Array:
    return x[filled(index, arrays)]


def _scatter(*operands: Array, indices: tuple[Any, ...], shape: tuple[int, ...]) -> Array:
    arrays = operands[: len(indices)]
    whole = np.zeros(shape, arrays[0].dtype)
    put = _put_at
    for v, index in zip(arrays, indices, strict=True):
        put(whole, filled(index, operands), v)
        put = _add_at
    return whole


def _put_at(whole: Array, index: Any, v: Array) -> None:
    if is_basic(index):
        whole[index] = v
    else:
        np.add.at(whole, index, v)


def _add_at(whole: Array, index: Any, v: Array) -> None:
    if is_basic(index):
        part = whole[index]
        if type(part) is np.ndarray:
            part += v
        else:
            whole[index] = part + v
    else:
        np.add.at(whole, index, v)


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
    for array in arrays:
        if array.dtype == np.bool_:
            value_of(array)  # which say how many are taken
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
