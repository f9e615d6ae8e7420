"""Until when the nodes of a recorded function are asked for, so that what belongs to them can be let go in time."""

from collections.abc import Iterable, Sequence
from typing import Any

from chainrule.graph.node import Node


def spent_after(nodes: Sequence[Node], kept: Iterable[Any]) -> dict[Node, list[Node]]:
    """Find the operands that each node is the last one to use.

    Parameters
    ----------
    nodes : sequence of Node
        From the first to the last.
    kept : iterable
        Nodes that are never spent, since they are asked for at the end.

    Returns
    -------
    dict
        For a node, what is spent after it; where this is nothing, no entry.
    """
    last = {x: node for node in nodes for x in node.operands if type(x) is Node}
    for x in kept:
        last.pop(x, None)
    spent: dict[Node, list[Node]] = {}
    for x, node in last.items():
        spent.setdefault(node, []).append(x)
    return spent
