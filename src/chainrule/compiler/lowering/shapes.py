"""Shapes and joins: most are views, which cost nothing; joins are writes into new memory."""

import math
from typing import Any

import numpy as np

from chainrule.compiler.lowering.table import Lowered, as_value, is_simple, lowers
from chainrule.compiler.simplify import Builder
from chainrule.compiler.values import Value
from chainrule.graph.node import Node
from chainrule.rules import shapes


def written(builder: Builder, x: Value, v: Value, index: tuple[int, ...]) -> Value:
    """Write v into x with its first entry at an index."""
    return builder.write(x, v, index, (1,) * len(index))


def joined(builder: Builder, arrays: list[Value], axis: int) -> Value:
    """Join arrays along an axis."""
    first = arrays[0]
    axis %= len(first.shape)
    total = sum(x.shape[axis] for x in arrays)
    shape = (*first.shape[:axis], total, *first.shape[axis + 1 :])
    whole, start = builder.empty(shape, first.dtype), 0
    for x in arrays:
        whole = written(builder, whole, x, tuple(start if i == axis else 0 for i in range(len(shape))))
        start += x.shape[axis]
    return whole


@lowers(shapes.RESHAPE)
def _reshape(builder: Builder, node: Node, x: Any, **_: Any) -> Lowered:
    x = as_value(builder, x)
    return builder.reshape(x, node.value.shape) if node.parameters.get("order", "C") == "C" else None


@lowers(shapes.TRANSPOSE)
def _transpose(builder: Builder, node: Node, x: Any) -> Lowered:
    x = as_value(builder, x)
    axes = node.parameters.get("axes")
    ndim = len(x.shape)
    order = tuple(range(ndim))[::-1] if axes is None else tuple(int(a) % ndim for a in axes)
    return builder.permute(x, order)


@lowers(shapes.BROADCAST)
def _broadcast(builder: Builder, node: Node, x: Any) -> Lowered:
    return builder.broadcast(as_value(builder, x), node.value.shape)


@lowers(shapes.FLIP)
def _flip(builder: Builder, node: Node, x: Any) -> Lowered:
    x = as_value(builder, x)
    axis = node.parameters["axis"]
    ndim = len(x.shape)
    axes = range(ndim) if axis is None else axis if isinstance(axis, tuple) else (axis,)
    turned = {int(a) % ndim for a in axes}
    starts = tuple(n - 1 if i in turned and n else 0 for i, n in enumerate(x.shape))
    return builder.slice(x, starts, tuple(-1 if i in turned else 1 for i in range(ndim)), x.shape)


@lowers(shapes.ROLL)
def _roll(builder: Builder, node: Node, x: Any) -> Lowered:
    x = as_value(builder, x)
    shift, axis = node.parameters["shift"], node.parameters["axis"]
    if axis is None:
        flat = builder.reshape(x, (math.prod(x.shape),))
        return builder.reshape(_rolled(builder, flat, int(np.sum(shift)), 0), x.shape)
    axes = np.atleast_1d(axis).tolist()
    shifts = np.broadcast_to(shift, len(axes))
    rolled: Value = x
    for a, s in zip(axes, shifts, strict=True):
        rolled = _rolled(builder, rolled, int(s), a)
    return rolled


def _rolled(builder: Builder, x: Value, shift: int, axis: int) -> Value:
    axis %= len(x.shape)
    n = x.shape[axis]
    if n == 0 or shift % n == 0:
        return x
    return joined(builder, [along(builder, x, axis, n - shift % n, n), along(builder, x, axis, 0, n - shift % n)], axis)


def along(builder: Builder, x: Value, axis: int, start: int, stop: int) -> Value:
    """Take the entries of x from start to stop along an axis."""
    starts = tuple(start if i == axis else 0 for i in range(len(x.shape)))
    shape = (*x.shape[:axis], stop - start, *x.shape[axis + 1 :])
    return builder.slice(x, starts, (1,) * len(x.shape), shape)


@lowers(shapes.ASTYPE)
def _astype(builder: Builder, node: Node, x: Any) -> Lowered:
    x = as_value(builder, x)
    dtype = np.dtype(node.parameters["dtype"])
    return builder.cast(x, dtype) if is_simple(x.dtype) and is_simple(dtype) else None


@lowers(shapes.COPY)
def _copy(builder: Builder, node: Node, x: Any) -> Lowered:
    return as_value(builder, x)


@lowers(shapes.CONCATENATE)
def _concatenate(builder: Builder, node: Node, *arrays: Any) -> Lowered:
    values = [as_value(builder, x) for x in arrays]
    dtype = np.result_type(*(x.dtype for x in values))
    if not all(is_simple(x.dtype) for x in values):
        return None
    return joined(builder, [builder.cast(x, dtype) for x in values], node.parameters["axis"])


@lowers(shapes.WHERE)
def _where(builder: Builder, node: Node, condition: Any, x: Any, y: Any) -> Lowered:
    numbers = (int, float, bool)
    dtype = np.result_type(*(v if type(v) in numbers else v.dtype for v in (x, y)))
    condition, x, y = (as_value(builder, v) for v in (condition, x, y))
    if not all(is_simple(v.dtype) for v in (condition, x, y)) or not is_simple(dtype):
        return None
    shape = np.broadcast_shapes(condition.shape, x.shape, y.shape)
    truth = builder.cast(condition, np.bool_)
    result = builder.map("where", truth, builder.cast(x, dtype), builder.cast(y, dtype), dtype=dtype)
    return builder.broadcast(result, shape)
