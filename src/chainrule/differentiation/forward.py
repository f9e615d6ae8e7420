"""Forward mode: the tangents of a recorded function, from its arguments on to its result.

The same rules as in reverse mode, read the other way: every node's tangent is the sum of what its rule makes of its
operands' tangents, ∂node/∂operand · tangent.
"""

from collections.abc import Iterable

from chainrule.differentiation.reverse import of_type
from chainrule.graph.node import Array, Node


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
        tangent: Array | None = None
        for i, operand in enumerate(node.operands):
            if type(operand) is Node and operand in tangents:
                contribution = node.rule.pushforward(i, tangents[operand], node)
                if contribution is not None:
                    tangent = contribution if tangent is None else tangent + contribution
        if tangent is not None:
            if type(node.value) is not tuple and tangent.dtype is not node.value.dtype:
                tangent = of_type(tangent, node.value.dtype)
            if tangent is not None:
                tangents[node] = tangent
    return tangents
