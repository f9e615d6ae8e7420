"""Loops by `chainrule.scan`, and the bundles that carry their operands and results."""

from typing import Any

import numpy as np

from chainrule.compiler.lowering.graphs import lower
from chainrule.compiler.lowering.shapes import along, joined
from chainrule.compiler.lowering.table import Lowered, as_value, lowers
from chainrule.compiler.simplify import Builder
from chainrule.compiler.values import Looped, Value
from chainrule.differentiation.bundles import GATHER, ITEM, JOIN, SPLIT, STACK, UNSTACK
from chainrule.differentiation.scans import SCAN
from chainrule.graph.node import Node


@lowers(GATHER)
def _gather(builder: Builder, node: Node, *arrays: Any) -> Lowered:
    return [as_value(builder, np.asarray(x) if not hasattr(x, "kind") else x) for x in arrays]


@lowers(ITEM)
def _item(builder: Builder, node: Node, bundle: Any) -> Lowered:
    return bundle[node.parameters["index"]]  # type: ignore[no-any-return]


@lowers(UNSTACK)
def _unstack(builder: Builder, node: Node, x: Any) -> Lowered:
    x = as_value(builder, x)
    return [builder.reshape(along(builder, x, 0, i, i + 1), x.shape[1:]) for i in range(x.shape[0])]


@lowers(STACK)
def _stack(builder: Builder, node: Node, bundle: Any) -> Lowered:
    return joined(builder, [builder.reshape(x, (1, *x.shape)) for x in _alike(builder, bundle)], 0)


@lowers(SPLIT)
def _split(builder: Builder, node: Node, x: Any) -> Lowered:
    x = as_value(builder, x)
    ends = np.cumsum(node.parameters["sizes"]).tolist()
    return [along(builder, x, 0, start, end) for start, end in zip([0, *ends], ends, strict=False)]


@lowers(JOIN)
def _join(builder: Builder, node: Node, bundle: Any) -> Lowered:
    return joined(builder, _alike(builder, bundle), 0)


def _alike(builder: Builder, bundle: Any) -> list[Value]:
    """Return the arrays of a bundle in their common type."""
    dtype = np.result_type(*(x.dtype for x in bundle))
    return [builder.cast(x, dtype) for x in bundle]


@lowers(SCAN)
def _scan(builder: Builder, node: Node, operands: Any) -> Lowered:
    parameters = node.parameters
    carries, rows = parameters["carries"], parameters["rows"]
    inputs = tuple(
        builder.input(k, x.shape[1:] if carries <= k < carries + rows else x.shape, x.dtype)
        for k, x in enumerate(operands)
    )
    outputs = lower(builder, parameters["body"], list(inputs))
    # What the turns gave is followed by the carries that they began with.
    looped = Looped(inputs, (*outputs, *inputs[:carries]), parameters["length"], carries, rows, parameters["reverse"])
    return builder.loop(looped, tuple(operands))
