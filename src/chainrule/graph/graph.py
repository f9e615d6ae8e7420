"""A recorded function as a thing to hold: its inputs, its nodes in the order they ran, its result."""

import inspect
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from chainrule.errors import InputError
from chainrule.graph.node import Array, Item, Node
from chainrule.graph.structure import Rebuild, flatten
from chainrule.graph.tracer import CONSTANT, INPUT, Recording, Tracer, apply, sample_of
from chainrule.graph.uses import spent_after


class Graph:
    """A function of arrays, recorded once, to be run again, differentiated, compiled, derived and drawn.

    Attributes
    ----------
    inputs : list of Node
        The function's arguments, one node a leaf.
    nodes : list of Node
        Every node that the result depends on, operands before the nodes that use them.
    outputs : list
        The result's leaves: a `Node`, or a constant that depends on no input.
    names : list of str
        What the user calls the inputs.
    """

    def __init__(
        self,
        name: str,
        inputs: list[Node],
        nodes: Sequence[Node],
        outputs: list[Any],
        names: list[str],
        rebuild: Rebuild,
    ) -> None:
        self.name = name
        self.inputs = inputs
        self.nodes = _needed(nodes, inputs, outputs)
        self.outputs = outputs
        self.names = names
        self._rebuild = rebuild
        self._spent = spent_after(self.nodes, [x for x in outputs if type(x) is Node])

    def __call__(self, *args: Any) -> Any:
        """Run the graph on other values; it takes the same branches as when it was recorded.

        So does a count that Python asked for, as range(n), int(n) and plain[n] do for a traced number n: it stays.

        Parameters
        ----------
        *args : arrays, or nested structures of them
            As the recorded function took them, of the same shapes. Traced arrays are recorded anew.

        Returns
        -------
        The recorded function's result, in its own structure.
        """
        leaves = [leaf for arg in args for leaf in flatten(arg)[0]]
        if len(leaves) != len(self.inputs):
            raise InputError(
                f"{self.name} was recorded with {len(self.inputs)} arrays and is called with {len(leaves)}; "
                f"call it as {self.name}({', '.join(self.names)})."
            )
        values: dict[Node, Array] = dict(zip(self.inputs, leaves, strict=True))
        for node in self.nodes:
            if node.rule is CONSTANT:
                values[node] = node.value
            elif node.rule is not INPUT:
                operands = tuple(values[x] if type(x) is Node else x for x in node.operands)
                values[node] = _run(node, operands)
                for x in self._spent.get(node, ()):
                    del values[x]
        return self._rebuild([values[x] if type(x) is Node else x for x in self.outputs])

    def __str__(self) -> str:
        """Write the graph down, one node a line."""
        names: dict[Any, str] = dict(zip(self.inputs, self.names, strict=True))
        lines = [f"{self.name}({', '.join(_typed(names[x], x) for x in self.inputs)})"]
        for node in self.nodes:
            if node.rule is INPUT:
                continue
            names[node] = f"v{len(names) - len(self.inputs) + 1}"
            arguments = [names[x] if type(x) is Node else _constant(x) for x in node.operands]
            bodies = [value for value in node.parameters.values() if isinstance(value, Graph)]
            arguments += [f"{key}={x}" for key, x in node.parameters.items() if not isinstance(x, Graph)]
            lines.append(f"  {_typed(names[node], node)} = {node.rule.name}({', '.join(arguments)})")
            lines += [f"    {line}" for body in bodies for line in str(body).splitlines()]
        results = [names[x] if type(x) is Node else _constant(x) for x in self.outputs]
        return "\n".join([*lines, f"  return {', '.join(results)}"])


def record(function: Callable[..., Any], *args: Any) -> Graph:
    """Record a function written in ordinary NumPy.

    Parameters
    ----------
    function : callable
        Takes arrays, or nested lists, tuples, dicts and dataclasses of arrays, and returns the like.
    *args : arrays
        Values to run it on. Branches are taken as these values say.

    Returns
    -------
    Graph
        The function, as it ran.

    Examples
    --------
    >>> import numpy as np
    >>> def neuron(W, a, b):
    ...     return np.tanh(W @ a + b)
    >>> print(record(neuron, np.ones((2, 3)), np.ones(3), np.zeros(2)))
    neuron(W: float64 (2, 3), a: float64 (3,), b: float64 (2,))
      v1: float64 (2,) = matmul(W, a)
      v2: float64 (2,) = add(v1, b)
      v3: float64 (2,) = tanh(v2)
      return v3
    """
    return record_in(Recording(runs_again=True), function, *args)


def record_in(recording: Recording, function: Callable[..., Any], *args: Any) -> Graph:
    """Record a function as `record` does, in a recording that the caller made; its results may be of outer ones too."""
    inputs: list[Node] = []
    traced: list[Any] = []
    names: list[str] = []
    for name, arg in zip(argument_names(function, len(args)), args, strict=True):
        leaves, rebuild = flatten(arg)
        tracers = [recording.variable(as_array(leaf)) for leaf in leaves]
        inputs += [tracer._node for tracer in tracers]
        names += [name] if len(leaves) == 1 else [f"{name}_{i + 1}" for i in range(len(leaves))]
        traced.append(rebuild(tracers))
    with recording:
        leaves, rebuild = flatten(function(*traced))
    outputs = [recording.node_of(leaf) or leaf for leaf in leaves]
    return Graph(_name(function), inputs, recording.nodes, outputs, names, rebuild)


def _run(node: Node, operands: tuple[Any, ...]) -> Any:
    # What picks one of several results is recorded together with the rule that gives them.
    return (
        operands[0][node.rule.k] if isinstance(node.rule, Item) else apply(node.rule, operands, dict(node.parameters))
    )


def as_array(x: Any) -> Array:
    """Return x as something with a shape and a dtype; a Python number becomes a NumPy scalar."""
    return x if type(x) is Tracer or type(x) is np.ndarray else np.asarray(x)[()]


def _needed(nodes: Sequence[Node], inputs: Sequence[Node], outputs: Sequence[Any]) -> list[Node]:
    """Leave out the nodes that no output depends on; the inputs stay."""
    needed = {*inputs, *(x for x in outputs if type(x) is Node)}
    for node in reversed(nodes):
        if node in needed:
            needed.update(x for x in node.operands if type(x) is Node)
    return [node for node in nodes if node in needed]


def argument_names(function: Callable[..., Any], count: int) -> list[str]:
    """Return what a function calls its first arguments."""
    try:
        names = list(inspect.signature(function).parameters)
    except (TypeError, ValueError):  # some built-in functions have no signature to read
        names = []
    return (names + [f"x{i + 1}" for i in range(len(names), count)])[:count]


def _name(function: Callable[..., Any]) -> str:
    return getattr(function, "__name__", type(function).__name__)


def _typed(name: str, node: Node) -> str:
    value = sample_of(node.value)
    if isinstance(value, tuple):
        return f"{name}: {len(value)} arrays"
    return f"{name}: {value.dtype} {value.shape}"


def _constant(x: Any) -> str:
    x = sample_of(x)
    return f"{x.dtype} {x.shape}" if isinstance(x, np.ndarray) and x.ndim else str(x)
