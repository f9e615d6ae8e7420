"""Taking entries and writing them: slices are views, and rows by number are gathered; other indices are NumPy's."""

from typing import Any

import numpy as np

from chainrule.compiler.lowering.table import Lowered, as_value, is_simple, lowers
from chainrule.compiler.simplify import Builder
from chainrule.compiler.values import Value
from chainrule.graph.node import Node
from chainrule.rules.indexing import GETITEM, SCATTER, Slot, is_basic
from chainrule.rules.writing import SETITEM

Region = tuple[tuple[int, ...], tuple[int, ...], tuple[int, ...], tuple[int, ...]]


def region(shape: tuple[int, ...], index: Any) -> Region:
    """Return what a basic index of an array takes: starts, steps and sizes along its axes, and the result's shape."""
    parts = list(index) if isinstance(index, tuple) else [index]
    taking = sum(part is not None and part is not Ellipsis for part in parts)
    if Ellipsis not in [part if part is Ellipsis else 0 for part in parts]:
        parts.append(Ellipsis)
    taken: list[tuple[int, int, int]] = []
    result: list[int] = []
    axis = 0
    for part in parts:
        if part is None:
            result.append(1)
        elif part is Ellipsis:
            whole = shape[axis : axis + len(shape) - taking]
            taken += [(0, 1, n) for n in whole]
            result += whole
            axis += len(whole)
        elif isinstance(part, slice):
            start, stop, step = part.indices(shape[axis])
            n = len(range(start, stop, step))
            taken.append((start if n else 0, step, n))
            result.append(n)
            axis += 1
        else:
            taken.append((int(part) % shape[axis], 1, 1))
            axis += 1
    starts, steps, sizes = (tuple(column) for column in zip(*taken, strict=True)) if taken else ((), (), ())
    return starts, steps, sizes, tuple(result)


def _numbers_rows(template: Any, x: Value, arrays: tuple[Value, ...]) -> bool:
    """Say whether an index is one array of whole numbers along the first axis."""
    parts = template if isinstance(template, tuple) else (template,)
    rest = [part for part in parts[1:] if part is not Ellipsis and not (type(part) is slice and part == slice(None))]
    return (
        len(arrays) == 1 and type(parts[0]) is Slot and not rest and arrays[0].dtype.kind in "iu" and is_simple(x.dtype)
    )


def _indices(builder: Builder, array: Value) -> Value | None:
    return array if array.dtype == np.int64 else None


@lowers(GETITEM)
def _getitem(builder: Builder, node: Node, x: Any, *arrays: Any) -> Lowered:
    x = as_value(builder, x)
    template = node.parameters["index"]
    if not arrays and is_basic(template):
        starts, steps, sizes, shape = region(x.shape, template)
        return builder.reshape(builder.slice(x, starts, steps, sizes), shape)
    values = tuple(as_value(builder, array) for array in arrays)
    if _numbers_rows(template, x, values) and (indices := _indices(builder, values[0])) is not None:
        return builder.take(x, indices)
    return None


@lowers(SCATTER)
def _scatter(builder: Builder, node: Node, *operands: Any) -> Lowered:
    values = [as_value(builder, x) for x in operands]
    shape = tuple(node.parameters["shape"])
    whole = builder.full(np.zeros((), values[0].dtype), shape)
    if not is_simple(whole.dtype):
        return None
    for k, index in enumerate(node.parameters["indices"]):
        added = _added(builder, whole, values[k], index, values, first=k == 0)
        if added is None:
            return None
        whole = added
    return whole


def _added(builder: Builder, x: Value, v: Value, index: Any, values: list[Value], first: bool) -> Value | None:
    """Add a piece to x, which is zero before the first one."""
    slots = [part for part in (index if isinstance(index, tuple) else (index,)) if type(part) is Slot]
    if not slots and is_basic(index):
        starts, steps, sizes, _ = region(x.shape, index)
        return builder.write(x, builder.reshape(v, sizes), starts, steps, onto=not first)
    arrays = tuple(values[k] for k in slots)
    if _numbers_rows(index, x, arrays) and (indices := _indices(builder, arrays[0])) is not None:
        return builder.add_rows(x, v, indices)
    return None


@lowers(SETITEM)
def _setitem(builder: Builder, node: Node, x: Any, v: Any, *arrays: Any) -> Lowered:
    x, v = as_value(builder, x), as_value(builder, v)
    template = node.parameters["index"]
    if arrays or not is_basic(template) or not is_simple(x.dtype):
        return None
    starts, steps, sizes, shape = region(x.shape, template)
    surplus = len(v.shape) - len(shape)
    if surplus > 0:
        v = builder.reshape(v, v.shape[surplus:])
    return builder.write(x, builder.reshape(builder.broadcast(v, shape), sizes), starts, steps)
