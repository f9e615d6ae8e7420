"""Sums, means, products and extremes."""

import math
from typing import Any

import numpy as np

from chainrule.compiler.lowering.table import Lowered, as_value, is_simple, lowers
from chainrule.compiler.simplify import Builder
from chainrule.compiler.values import Value
from chainrule.graph.node import Node
from chainrule.rules import reductions, statistics
from chainrule.rules.operands import normalized


def _kept(shape: tuple[int, ...], axes: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(1 if i in axes else n for i, n in enumerate(shape))


def _reduced(builder: Builder, function: str, x: Value, node: Node, dtype: Any = None) -> Value | None:
    axes = normalized(node.parameters["axis"], len(x.shape))
    keepdims = node.parameters.get("keepdims", False)
    if dtype is not None:
        x = builder.cast(x, dtype)
    result = builder.reduce(function, x, axes)
    return builder.reshape(result, _kept(x.shape, axes)) if keepdims else result


def _chosen(builder: Builder, x: Value, where: Any, neutral: float) -> Value:
    if where is True:
        return x
    condition = builder.cast(as_value(builder, where), np.bool_)
    other = builder.full(np.asarray(neutral, x.dtype), x.shape)
    return builder.map("where", condition, x, other, dtype=x.dtype)


def _summed(name: str, neutral: float) -> Any:
    def lowering(builder: Builder, node: Node, x: Any, where: Any = True, initial: Any = None) -> Lowered:
        x = as_value(builder, x)
        dtype = node.parameters.get("dtype") or x.dtype
        if x.dtype.kind != "f" or not is_simple(dtype) or not is_simple(x.dtype) or np.dtype(dtype).kind != "f":
            return None
        result = _reduced(builder, name, _chosen(builder, x, where, neutral), node, dtype)
        if initial is None or result is None:
            return result
        start = builder.cast(as_value(builder, initial), dtype)
        return builder.broadcast(builder.map(name, result, start, dtype=dtype), result.shape)

    return lowering


lowers(reductions.SUM)(_summed("add", 0))
lowers(reductions.PROD)(_summed("multiply", 1))


def mean(builder: Builder, x: Value, axes: tuple[int, ...]) -> Value:
    """Return the mean over axes, which are kept with size 1."""
    total = builder.reshape(builder.reduce("add", x, axes), _kept(x.shape, axes))
    count = math.prod(x.shape[a] for a in axes)
    return builder.map("divide", total, builder.constant(np.asarray(count, x.dtype)), dtype=x.dtype)


@lowers(reductions.MEAN)
def _mean(builder: Builder, node: Node, x: Any, where: Any = True) -> Lowered:
    x = as_value(builder, x)
    if where is not True or x.dtype.kind != "f" or not is_simple(x.dtype) or "dtype" in node.parameters:
        return None
    axes = normalized(node.parameters["axis"], len(x.shape))
    return builder.reshape(mean(builder, x, axes), node.value.shape)


def _extreme(name: str) -> Any:
    def lowering(builder: Builder, node: Node, x: Any) -> Lowered:
        x = as_value(builder, x)
        return _reduced(builder, name, x, node) if x.dtype.kind == "f" and is_simple(x.dtype) else None

    return lowering


lowers(reductions.MAX)(_extreme("maximum"))
lowers(reductions.MIN)(_extreme("minimum"))


def _spread(root: bool) -> Any:
    def lowering(builder: Builder, node: Node, x: Any, where: Any = True, given: Any = None) -> Lowered:
        x = as_value(builder, x)
        if where is not True or given is not None or x.dtype.kind != "f" or not is_simple(x.dtype):
            return None
        axes = normalized(node.parameters["axis"], len(x.shape))
        free = math.prod(x.shape[a] for a in axes) - node.parameters.get("ddof", 0)
        if free <= 0 or "dtype" in node.parameters:
            return None
        centred = builder.map("subtract", x, mean(builder, x, axes), dtype=x.dtype)
        total = builder.reduce("add", builder.map("square", centred, dtype=x.dtype), axes)
        result = builder.map("divide", total, builder.constant(np.asarray(free, x.dtype)), dtype=x.dtype)
        if root:
            result = builder.map("sqrt", result, dtype=x.dtype)
        return builder.reshape(result, node.value.shape)

    return lowering


lowers(statistics.VAR)(_spread(root=False))
lowers(statistics.STD)(_spread(root=True))
