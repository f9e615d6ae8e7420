"""Writing into arrays. A recorded value never changes: each write gives a new array, and the tracer takes that on.

What NumPy does to memory, a `Tracer` does to its handle on a node (see `chainrule.graph.tracer`): after
``x[i] = v`` the name x, and every view of x, stands for the new array, and the cotangent of what was overwritten ends.
"""

from typing import Any
from weakref import ref

import numpy as np

from chainrule.errors import RecordingError
from chainrule.graph.blame import at_user_line
from chainrule.graph.node import Array, Node
from chainrule.graph.overwritten import SHAPE_SUFFICES, Overwritten, let_go
from chainrule.graph.refusals import refuse_plain_out
from chainrule.graph.tracer import Tracer, has_values, value_of
from chainrule.rules import shapes
from chainrule.rules.indexing import GETITEM, filled, template_and_arrays
from chainrule.rules.kinds import Linear, unbroadcast
from chainrule.rules.operands import settled
from chainrule.rules.table import spells


class _SetItem(Linear):
    """``x`` with ``x[index] = v`` done: linear in v and x together.

    v comes first, so that on the way back its share is taken from the cotangent before that is emptied for x.
    """

    def pullback(self, i: int, cotangent: Array, node: Node) -> Array | None:
        if i > 1:
            return None
        v, x, *arrays = node.values
        index = node.parameters["index"]
        if i == 0:
            taken = GETITEM(cotangent, *arrays, index=index)
            taken = taken * _last_writes(taken, x, arrays, index)
            return unbroadcast(np.reshape(taken, _same_size(taken.shape, v.ndim)), v.shape)
        zero = np.zeros((), cotangent.dtype)[()]
        if type(x) is Overwritten and x.given() is cotangent and all(map(has_values, arrays)):
            cotangent[filled(index, tuple(map(value_of, arrays)))] = zero
        else:
            cotangent = self(zero, cotangent, *arrays, index=index)
        before = node.operands[1]
        if before.rule is self and type(before.values[1]) is Overwritten and type(cotangent) is np.ndarray:
            before.values[1].given = ref(cotangent)  # to that write alone, which may therefore change it
        return cotangent

    def pushforward(self, i: int, tangent: Array, node: Node) -> Array | None:
        if i > 1:
            return None
        v, x, *arrays = node.values
        pair = (tangent, np.zeros(x.shape, x.dtype)) if i == 0 else (np.zeros(v.shape, v.dtype), tangent)
        return self(*pair, *arrays, **node.parameters)


def _setitem(v: Array, x: Array, *arrays: Array, index: Any) -> Array:
    y = x.memory if type(x) is Overwritten else np.array(x, order="K")
    y[filled(index, arrays)] = v
    return y


def _last_writes(taken: Array, x: Array, arrays: list[Array], index: Any) -> Any:
    """Return 1 where a write stays and 0 where a later one of the same statement goes to the same place."""
    if not arrays:
        return 1
    arrays = [settled(array) for array in arrays]
    turns = np.arange(taken.size).reshape(taken.shape)
    order = SETITEM(turns, np.zeros(x.shape, np.intp), *arrays, index=index)
    stays = GETITEM(order, *arrays, index=index) == turns
    return 1 if has_values(stays) and np.all(stays) else np.astype(stays, x.dtype)


def _same_size(shape: tuple[int, ...], ndim: int) -> tuple[int, ...]:
    # NumPy lets a value with leading axes of size 1 be written into fewer axes.
    return (1,) * (ndim - len(shape)) + shape


SETITEM = _SetItem("setitem", _setitem, None, None)


@spells(Tracer.__setitem__)
def _written(x: Tracer, index: Any, value: Any) -> Array:
    """Return x with ``x[index] = value`` done, which x is to take on: it may be in x's own memory."""
    value = value if type(value) is Tracer else np.asarray(value)
    if type(index) is Tracer and index.dtype == np.bool_ and not has_values(index):
        return _masked(x, index, value)
    template, arrays = template_and_arrays(index)
    return _put(x, value if value.dtype == x.dtype else np.astype(value, x.dtype), *arrays, index=template)


def _masked(x: Tracer, mask: Array, v: Array) -> Array:
    """Write what is the same for all entries that a mask chooses, however many they are."""
    rest = x.ndim - mask.ndim
    if mask.shape != x.shape[: mask.ndim] or any(n != 1 for n in v.shape[: max(v.ndim - rest, 0)]):
        value_of(mask)  # which say how many values are needed
    v = np.reshape(v, v.shape[max(v.ndim - rest, 0) :])
    return np.where(np.reshape(mask, mask.shape + (1,) * rest), np.astype(v, x.dtype), x)


def _put(x: Tracer, v: Array, *arrays: Array, index: Any) -> Array:
    left = _let_go(x, (v, *arrays))
    try:
        y = SETITEM(v, x, *arrays, index=index)
    except BaseException:
        if left is not None:
            x._node.value = left.memory
        raise
    if left is not None:
        left.memory = None
    if type(v) is Tracer and v._owns:  # a view of x that was written into, and may be again, in its own memory
        y._node.values = (Overwritten(v.shape, v.dtype), *y._node.values[1:])
    y._owns = type(y._node.value) is np.ndarray
    return y


def _let_go(x: Tracer, others: tuple[Array, ...]) -> Overwritten | None:
    """Make x's memory free to be written into, or return None: its numbers may be asked for."""
    if not x._owns or x._recording.watch is not None:
        return None
    for y in others:
        if type(y) is Tracer and (y is x or y._recording is not x._recording or type(y._current().value) is Tracer):
            return None
    return let_go(x._node)


@spells(np.copyto)
def _copyto(dst: Array, src: Array, casting: Any = "same_kind", where: Any = True) -> Array:
    """Write src, broadcast, into dst; return dst."""
    if type(dst) is tuple:  # the form in which a ufunc is given its out=
        (dst,) = dst
    if type(dst) is not Tracer:
        refuse_plain_out()
    src = src._now() if type(src) is Tracer else np.array(src)
    if not np.can_cast(src.dtype, dst.dtype, casting):
        raise RecordingError(
            f"{at_user_line()}numbers of type {src.dtype} are written into an array of {dst.dtype}, which cannot hold "
            f"them; make the array with that type, as with x.astype({src.dtype})."
        )
    if where is not True:
        src = np.where(where, src, dst)
    if src.shape != dst.shape:
        src = np.broadcast_to(src, dst.shape)
    dst._write(src if src.dtype == dst.dtype else np.astype(src, dst.dtype))
    return dst


# Which rules give views, and how a view is put back into what it was taken from.

GETITEM.write_back = _put
shapes.RESHAPE.write_back = lambda x, view, **_: np.reshape(view, x.shape)
shapes.TRANSPOSE.write_back = lambda x, view, axes: np.transpose(view, np.argsort(axes))
shapes.FLIP.write_back = lambda x, view, axis: np.flip(view, axis)

SHAPE_SUFFICES.update((GETITEM, shapes.RESHAPE, shapes.TRANSPOSE, shapes.FLIP))
