"""Forward mode: the tangents of a recorded function, from its arguments on to its result.

The same rules as in reverse mode, read the other way: every node's tangent is the sum of what its rule makes of its
operands' tangents, ∂node/∂operand · tangent.
"""

from collections.abc import Iterable, Sequence

from chainrule.differentiation.reverse import of_type
from chainrule.graph.node import Array, Node
from chainrule.graph.uses import spent_after


def push_forward(nodes: Sequence[Node], tangents: dict[Node, Array], results: Iterable[Node]) -> dict[Node, Array]:
    """Carry tangents forward through the nodes of a recorded function.

    Parameters
    ----------
    nodes : sequence of Node
        From the first to the last.
    tangents : dict
        The tangents to begin with, each of its node's shape. It is consumed.
    results : iterable of Node
        Those whose tangents are asked for.

    Returns
    -------
    dict
        The tangents of the results, where any arrived.
    """
    spent = spent_after(nodes, results)
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
        for operand in spent.get(node, ()):
            tangents.pop(operand, None)
    return tangents
