"""Functions as what they are lowered to, written down."""

from typing import Any

import numpy as np

from chainrule.compiler.lowering import lower
from chainrule.compiler.simplify import Builder
from chainrule.compiler.values import Value
from chainrule.graph.graph import as_array, record_in
from chainrule.graph.tracer import Recording


def lowered(f: Any, *arguments: Any) -> tuple[Builder, list[Value], list[Value]]:
    """Record a function and lower it; return what made the values, the inputs and the outputs."""
    graph = record_in(Recording(for_all_values=True), f, *map(as_array, arguments))
    builder = Builder()
    inputs = [builder.input(k, np.shape(x.value), x.value.dtype) for k, x in enumerate(graph.inputs)]
    return builder, inputs, lower(builder, graph, inputs)


def text(value: Value) -> str:
    """Write a value down: arguments are x0, x1, …, and what is peculiar to a kind stands after the operands."""
    if value.kind == "input":
        return f"x{value.detail[0]}"
    if value.kind == "constant":
        return str(value.detail[0]) if value.shape == () else f"constant{value.shape}"
    operands = [text(x) for x in value.operands]
    if value.kind in ("reshape", "broadcast", "empty"):
        return f"{value.kind}({', '.join([*operands, str(value.shape)])})"
    if value.kind == "map":
        to = [str(value.dtype)] if value.detail == ("astype",) else []
        return f"{value.detail[0]}({', '.join([*operands, *to])})"
    if value.kind in ("call", "loop"):
        name = value.detail[0].name if value.kind == "call" else f"loop of {value.detail[0].length}"
        return f"{name}({', '.join(operands)})"
    details = [x for x in value.detail if not (value.kind == "dot" and x == 1.0) and x is not False]
    return f"{value.kind}({', '.join([*operands, *map(str, details)])})"


def texts(f: Any, *arguments: Any) -> str:
    """Write down what a function's results are lowered to."""
    return "; ".join(map(text, lowered(f, *arguments)[2]))
