"""What only a derivative heeds."""

from typing import Any

from chainrule.compiler.lowering.table import Lowered, as_value, lowers
from chainrule.compiler.simplify import Builder
from chainrule.differentiation.stopping import STOP
from chainrule.graph.node import Node


@lowers(STOP)
def _stop(builder: Builder, node: Node, x: Any) -> Lowered:
    return as_value(builder, x)
