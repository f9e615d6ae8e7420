"""Forward mode: the tangents of a recorded function, from its arguments on to its result.

The same rules as in reverse mode, read the other way: every node's tangent is the sum of what its rule makes of its
operands' tangents, ∂node/∂operand · tangent.
"""

from collections.abc import Iterable
from typing import Any

from chainrule.differentiation.reverse import of_type
from chainrule.graph.node import Array, Node, added, whole


def push_forward(nodes: Iterable[Node], tangents: dict[Node, Array]) -> dict[Node, Array]:
    """Carry tangents forward through the nodes of a recorded function.

    Parameters
    ----------
    nodes : iterable of Node
        From the first to the last.
    tangents : dict
        The tangents to begin with, each of its node's shape; those of later nodes are added to it.

    Returns
    -------
    dict
        The tangents of all nodes that any tangent reached.
    """
    for node in nodes:
        rule = node.rule
        of_operands = {i: tangents[x] for i, x in enumerate(node.operands) if type(x) is Node and x in tangents}
        if not of_operands:
            continue
        tangent: Any = None
        if rule.pushforward_of_all is not None:
            tangent = rule.pushforward_of_all(of_operands, node)
        else:
            for i, of_operand in of_operands.items():
                contribution = rule.pushforward(i, of_operand, node)
                if contribution is not None:
                    tangent = contribution if tangent is None else added(tangent, contribution)
        if tangent is not None:
            tangent = whole(tangent, node.value)
            if type(node.value) is not tuple and tangent.dtype is not node.value.dtype:
                tangent = of_type(tangent, node.value.dtype)
            if tangent is not None:
                tangents[node] = tangent
    return tangents
