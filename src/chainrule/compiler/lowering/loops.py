"""Loops by `chainrule.scan`, and the bundles that carry their operands and results."""

from typing import Any

import numpy as np

from chainrule.compiler.lowering.graphs import lower
from chainrule.compiler.lowering.table import Lowered, as_value, lowers
from chainrule.compiler.simplify import Builder
from chainrule.compiler.values import Looped
from chainrule.differentiation.bundles import GATHER, ITEM
from chainrule.differentiation.scans import SCAN
from chainrule.graph.node import Node


@lowers(GATHER)
def _gather(builder: Builder, node: Node, *arrays: Any) -> Lowered:
    return [as_value(builder, np.asarray(x) if not hasattr(x, "kind") else x) for x in arrays]


@lowers(ITEM)
def _item(builder: Builder, node: Node, bundle: Any) -> Lowered:
    return bundle[node.parameters["index"]]  # type: ignore[no-any-return]


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
