"""The table of notations: by a primitive's name, what its formula looks like."""

from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np

from chainrule.document import Call, Expression, Matrix, Number, Symbol, Words
from chainrule.graph.graph import Graph
from chainrule.graph.node import Item, Node
from chainrule.graph.tracer import sample_of

Notation = Callable[..., Expression]
"""``notation(node, *operands)``, the operands written already."""

NOTATION: dict[str, Notation] = {}

FAMILIES: set[str] = set()
"""Names whose notation is a call, because that is how it is written."""

F = TypeVar("F", bound=Notation)

_SHOWN = 12  # entries of a constant array that are written within a formula


def writes(*names: str) -> Callable[[F], F]:
    """Enter a function as the notation of the primitives of these names."""

    def enter(notation: F) -> F:
        for name in names:
            NOTATION[name] = notation
        return notation

    return enter


def write(node: Node, *operands: Expression) -> Expression:
    """Write one application of a rule, its operands being written already."""
    notation = NOTATION.get("item" if isinstance(node.rule, Item) else node.rule.name)
    return call(node, *operands) if notation is None else notation(node, *operands)


def call(node: Node, *operands: Expression) -> Call:
    """Write a primitive as a call: its name, its operands, and what else was given."""
    options = tuple((key, option(value)) for key, value in node.parameters.items() if _says_something(value))
    return Call(node.rule.name, tuple(operands), options)


def _says_something(value: Any) -> bool:
    return value is not None and value is not False and not callable(value) and not isinstance(value, Graph)


def option(value: Any) -> str:
    """Write a parameter: a number, a shape, an index."""
    if isinstance(value, slice):
        return index_text(value)
    if isinstance(value, np.dtype):
        return value.name
    if isinstance(value, tuple):
        inner = ", ".join(option(x) for x in value)
        return f"({inner},)" if len(value) == 1 else f"({inner})"
    return str(value)


def index_text(index: Any) -> str:
    """Write an index as it stands between brackets in the source."""
    if isinstance(index, tuple):
        return ", ".join(index_text(part) for part in index)
    if isinstance(index, slice):
        bounds = [index.start, index.stop] + ([] if index.step is None else [index.step])
        return ":".join("" if bound is None else str(bound) for bound in bounds)
    if index is Ellipsis:
        return "…"
    if index is None:
        return "new"
    return str(index)


def constant(value: Any) -> Expression:
    """Write what depends on no argument: a number, a small array, or a large one by its shape."""
    value = sample_of(value)
    if value is None or isinstance(value, (str, bytes)):
        return Words(str(value))
    array = np.asarray(value)
    if array.dtype.kind not in "biufc":
        return Words(str(value))
    if array.ndim == 0:
        return Number(array.item())
    if array.size and not array.any():
        return Symbol("zeros")
    if array.size and (array == 1).all():
        return Symbol("ones")
    if array.ndim <= 2 and 0 < array.size <= _SHOWN:
        rows = array if array.ndim == 2 else array[:, np.newaxis]
        return Matrix(tuple(tuple(Number(x.item()) for x in row) for row in rows))
    return Words(f"array {'×'.join(str(n) for n in array.shape)}")
