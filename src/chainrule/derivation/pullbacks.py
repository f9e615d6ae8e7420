"""The pullback of one primitive as a graph of its own, and as a formula: how a rule's transpose is written out.

A rule computes with NumPy on whatever it is given. Given tracers for the cotangent, the operands and the result, its
pullback is recorded like any function of the user's, and can be written, counted and printed like one.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from chainrule.derivation.notation import write
from chainrule.derivation.notation.table import constant
from chainrule.document import Call, Expression, Number
from chainrule.graph.node import Item, Node, Shares, whole
from chainrule.graph.overwritten import Overwritten
from chainrule.graph.tracer import CONSTANT, INPUT, Recording, Tracer
from chainrule.rules.kinds import Elementwise

LONGEST = 24  # nodes; a longer pullback is written as a call


class Pullback:
    """A recorded pullback.

    Attributes
    ----------
    nodes : list of Node
        What it computes, in order.
    inputs : list
        For each of its arguments its node: the cotangent first, then the operands, then the result. What is not traced
        is as it was; where an argument is several arrays, their nodes are in a dict by their places.
    output : Node, array, dict or None
        What the operand is handed: a node, or a constant, or several by their places.
    """

    def __init__(self, node: Node, i: int, cotangent: Any, *, whole_: bool = True) -> None:
        recording = Recording()
        g = _variables(recording, cotangent)
        operands: list[Any] = [
            value if isinstance(value, Overwritten) or not _is_array(value) else recording.variable(value)
            for value in node.values
        ]
        result = _variables(recording, node.value)
        copy = Node(node.rule, node.operands, tuple(operands), node.parameters, result)
        with recording:
            if whole_:
                of_all = node.rule.pullbacks_of_all
                handed = node.rule.pullback(i, g, copy) if of_all is None else of_all(g, copy)[i]
                value = node.values[i]
                self.output: Any = None if handed is None else whole(handed, value)
            else:
                partial = node.rule.partials[i] if isinstance(node.rule, Elementwise) else 1
                self.output = partial(*operands, result) if callable(partial) else partial
        self.nodes = recording.nodes
        self.inputs = [_node(x) for x in (g, *operands, result)]
        self.output = _node(self.output)

    def outputs(self) -> list[Node]:
        """Return the nodes of the output: several, where the operand is itself several arrays."""
        several = self.output.values() if isinstance(self.output, dict) else (self.output,)
        return [x for x in several if type(x) is Node]

    def needed(self) -> list[Node]:
        """Return the nodes that the output is computed from, in order."""
        needed = set(self.outputs())
        for node in reversed(self.nodes):
            if node in needed:
                needed.update(x for x in node.operands if type(x) is Node)
        return [node for node in self.nodes if node in needed]


def _variables(recording: Recording, value: Any) -> Any:
    """Make an array, or each array of several, an argument of the recording, in the structure that it came in."""
    if isinstance(value, Shares):
        return Shares({k: recording.variable(_array(x)) for k, x in value.items()})
    if isinstance(value, tuple):
        return type(value)(x if x is None else recording.variable(_array(x)) for x in value)
    return recording.variable(_array(value))


def _node(value: Any) -> Any:
    """Return the node behind a tracer, or those behind several by their places; what is not traced, as it is."""
    if isinstance(value, Shares):
        return {k: _node(x) for k, x in value.items()}
    if isinstance(value, tuple):
        return {k: _node(x) for k, x in enumerate(value)}
    return value._current() if type(value) is Tracer else value


def _is_array(value: Any) -> bool:
    return isinstance(value, np.ndarray | np.generic) and value.dtype.kind in "biufc"


def _array(value: Any) -> Any:
    return np.asarray(value)[()]


def written_pullback(
    node: Node, i: int, g: Expression, operands: Sequence[Expression], y: Expression, *, whole: bool = True
) -> Expression:
    """Write what a node hands to its operand i, in the symbols of the cotangent, the operands and the result.

    With ``whole=False``, of an elementwise rule, its partial derivative alone.
    """
    if isinstance(node.value, tuple):
        return _as_call(node, g, operands)
    pullback = Pullback(node, i, np.ones(np.shape(node.value), node.value.dtype), whole_=whole)
    symbols = zip(pullback.inputs, [g, *operands, y], strict=True)
    written: dict[Any, Expression] = {x: symbol for x, symbol in symbols if type(x) is Node}
    needed = pullback.needed()
    if len(needed) > LONGEST:
        return _as_call(node, g, operands)
    for inner in needed:
        if inner in written:
            continue
        if inner.rule is INPUT:
            return _as_call(node, g, operands)
        written[inner] = (
            constant(inner.value)
            if inner.rule is CONSTANT
            else _simple(inner, [written[x] if type(x) is Node else constant(x) for x in inner.operands])
        )
    if isinstance(pullback.output, dict):
        return _as_call(node, g, operands)
    if type(pullback.output) is Node:
        return written[pullback.output]
    return constant(pullback.output)


def _simple(inner: Node, operands: list[Expression]) -> Expression:
    """Write a node; a product with the number 1 is left out, as a person would."""
    if inner.rule.name == "multiply":
        for one, other in ((0, 1), (1, 0)):
            if operands[one] == Number(1) and np.ndim(inner.values[one]) <= np.ndim(inner.values[other]):
                return operands[other]
    if isinstance(inner.rule, Item):
        return operands[0]
    return write(inner, *operands)


def _as_call(node: Node, g: Expression, operands: Sequence[Expression]) -> Expression:
    return Call(f"pullback_{node.rule.name}", (g, *operands))
