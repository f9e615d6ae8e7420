"""Graphs in program files, so that a program that is read can be looked at, and differentiated, as it was recorded."""

from typing import Any

import numpy as np

from chainrule.compiler.arguments import Result
from chainrule.compiler.files.values import READ, WRITTEN, Like, Reader, Writer
from chainrule.differentiation.bundles import Bundle
from chainrule.errors import InputError
from chainrule.graph.graph import Graph
from chainrule.graph.node import Node
from chainrule.graph.overwritten import Overwritten
from chainrule.graph.structure import flatten
from chainrule.graph.tracer import CONSTANT, INPUT, sample_of


def _write_graph(writer: Writer, graph: Graph) -> Any:
    numbers = {node: k for k, node in enumerate(graph.nodes)}

    def operand(x: Any) -> Any:
        return {"node": numbers[x]} if type(x) is Node else writer.write(sample_of(x))

    nodes = [
        {
            **writer.rule(node.rule),
            "operands": [operand(x) for x in node.operands],
            "parameters": {name: writer.write(x) for name, x in node.parameters.items()},
            "value": writer.write(sample_of(node.value) if node.rule is CONSTANT else like(sample_of(node.value))),
        }
        for node in graph.nodes
    ]
    return {
        "Graph": {
            "name": graph.name,
            "names": graph.names,
            "inputs": [numbers[x] for x in graph.inputs],
            "nodes": nodes,
            "outputs": [operand(x) for x in graph.outputs],
            "returned": writer.write(graph._rebuild([Result(k, False) for k in range(len(graph.outputs))])),
        }
    }


def _read_graph(reader: Reader, content: Any) -> Graph:
    nodes: list[Node] = []

    def operand(x: Any) -> Any:
        return nodes[x["node"]] if isinstance(x, dict) and "node" in x else reader.read(x)

    for each in content["nodes"]:
        operands = tuple([operand(x) for x in each["operands"]])
        values = tuple([x.value if type(x) is Node else x for x in operands])
        parameters = {name: reader.read(x) for name, x in each["parameters"].items()}
        rule = READ["rule"](reader, each["rule"])
        value = alike(reader.read(each["value"]))
        if not _is_value(value):
            raise TypeError("a node's value has no type")
        nodes.append(Node(rule, operands, values, parameters, value))
    inputs = [nodes[k] for k in content["inputs"]]
    outputs = [operand(x) for x in content["outputs"]]
    if {*inputs} != {x for x in nodes if x.rule is INPUT} or len(inputs) != len(content["names"]):
        raise ValueError("a graph's inputs are not those that it names")
    leaves, rebuild = flatten(reader.read(content["returned"]))
    if [x.number for x in leaves] != list(range(len(outputs))):
        raise ValueError("a graph's outputs are not its results")
    return Graph(str(content["name"]), inputs, nodes, outputs, [str(name) for name in content["names"]], rebuild)


def like(x: Any) -> Any:
    """Return what says the type and shape of a value, of each of several, and nothing else of it.

    Examples
    --------
    >>> like(np.float32(1.5)).dtype, like(2.0).dtype, like(np.ones((2, 3))).shape
    (dtype('float32'), 'float', (2, 3))
    """
    if isinstance(x, Bundle):
        return Bundle(like(part) for part in x)
    if type(x) is tuple:
        return tuple(like(part) for part in x)
    if type(x) in (float, complex):
        return Like(type(x).__name__)
    if isinstance(x, np.ndarray | np.generic | Overwritten):
        return Like(x.dtype, None if isinstance(x, np.generic) else x.shape)
    raise InputError(f"a program file cannot hold the value of a step that is a {type(x).__name__}.")


def alike(x: Any) -> Any:
    """Return a value of some type and shape; what is no `Like` stands for itself.

    Examples
    --------
    >>> alike(Like(np.dtype("float32"))), alike(Like("float")), alike(Like(np.dtype(bool), (2,)))
    (np.float32(0.0), 0.0, array([False, False]))
    """
    if isinstance(x, tuple):
        return type(x)(alike(part) for part in x) if type(x) in (tuple, Bundle) else x
    if type(x) is not Like:
        return x
    if isinstance(x.dtype, str):
        return 0j if x.dtype == "complex" else 0.0
    return x.dtype.type(0) if x.shape is None else np.broadcast_to(np.zeros((), x.dtype), x.shape)


def alike_within(tree: Any) -> Any:
    """Return arguments with values of the types and shapes that stand in them."""
    leaves, rebuild = flatten(tree)
    return rebuild([alike(leaf) for leaf in leaves])


def _is_value(x: Any) -> bool:
    if isinstance(x, tuple):
        return all(map(_is_value, x))
    return isinstance(x, np.ndarray | np.generic)


WRITTEN[Graph] = _write_graph
READ["Graph"] = _read_graph
WRITTEN[Bundle] = lambda writer, x: {"bundle": [writer.write(part) for part in x]}
READ["bundle"] = lambda reader, x: Bundle(reader.each(x))
