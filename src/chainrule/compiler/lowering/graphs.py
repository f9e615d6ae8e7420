"""A graph, node by node: elementwise rules become maps, those in the table are taken apart, the others are calls."""

import operator
from typing import Any

import numpy as np

from chainrule.compiler import scalars
from chainrule.compiler.lowering.table import LOWERINGS, Lowered, as_value, is_simple
from chainrule.compiler.simplify import Builder
from chainrule.compiler.values import Called, Value
from chainrule.graph.graph import Graph
from chainrule.graph.node import Item, Node
from chainrule.graph.table import TABLE
from chainrule.graph.tracer import CONSTANT, INPUT, sample_of

POWER: Any = TABLE[operator.pow]
_WEAK = {bool: np.bool_, int: int, float: float, complex: complex}


def lower(builder: Builder, graph: Graph, inputs: list[Value]) -> list[Value]:
    """Take a graph apart.

    Parameters
    ----------
    builder : Builder
        Makes the values.
    graph : Graph
        Recorded for all values.
    inputs : list of Value
        What stands for its inputs.

    Returns
    -------
    list of Value
        Its outputs.
    """
    values: dict[Node, Any] = dict(zip(graph.inputs, inputs, strict=True))
    for node in graph.nodes:
        if node.rule is CONSTANT:
            values[node] = builder.constant(sample_of(node.value))
        elif node.rule is not INPUT:
            operands = [values[x] if type(x) is Node else x for x in node.operands]
            values[node] = _lowered(builder, node, operands)
    return [as_value(builder, values[x] if type(x) is Node else np.asarray(x)) for x in graph.outputs]


def _lowered(builder: Builder, node: Node, operands: list[Any]) -> Any:
    if isinstance(node.rule, Item):
        return operands[0][node.rule.k]
    lowering = LOWERINGS.get(node.rule)
    result: Lowered = None
    if node.rule is POWER:
        return mapped(builder, np.power, operands) or called(builder, node, operands)
    if lowering is not None:
        result = lowering(builder, node, *operands)
    elif isinstance(node.rule.function, np.ufunc) and not node.parameters:
        result = mapped(builder, node.rule.function, operands)
    return called(builder, node, operands) if result is None else result


def mapped(builder: Builder, ufunc: np.ufunc, operands: list[Any]) -> Value | None:
    """Return a ufunc of operands as a map, where kernels know it for their types; Python's numbers take on types."""
    if ufunc.nout != 1 or ufunc.signature is not None or any(isinstance(x, list) for x in operands):
        return None
    types = [_WEAK.get(type(x)) or np.dtype(getattr(x, "dtype", object)) for x in operands]
    try:
        *taken, given = ufunc.resolve_dtypes((*types, None))
    except TypeError:
        return None
    name = scalars.canonical(ufunc.__name__)
    if not all(scalars.is_known(name, t) for t in taken) or not is_simple(given):
        return None
    strong = [np.asarray(x, t) if type(x) in _WEAK else x for x, t in zip(operands, taken, strict=True)]
    values = [as_value(builder, x) for x in strong]
    if not all(is_simple(x.dtype) for x in values):
        return None
    return builder.map(name, *(builder.cast(x, t) for x, t in zip(values, taken, strict=True)), dtype=given)


def called(builder: Builder, node: Node, operands: list[Any]) -> Any:
    """Return a rule's value as computed by NumPy."""
    sample = sample_of(node.value)
    several = type(sample) is tuple
    results = tuple(_type_of(x) for x in (sample if several else (sample,)))
    flat: list[Value] = []
    places: list[Any] = []
    for x in operands:
        if isinstance(x, Value) or type(x) is np.ndarray:
            flat.append(as_value(builder, x))
            places.append(None)
        else:
            places.append((x,))
    # What is closed over may change when the program has been made.
    parameters = {key: x.copy() if type(x) is np.ndarray else x for key, x in node.parameters.items()}
    whole = Called(node.rule.name, node.rule.function, tuple(places), parameters, results, several)
    parts = builder.call(whole, tuple(flat))
    return parts if several else parts[0]


def _type_of(x: Any) -> tuple[tuple[int, ...], Any]:
    sample = x if hasattr(x, "dtype") else np.asarray(x)
    return tuple(sample.shape), sample.dtype


__all__ = ["called", "lower", "mapped"]
