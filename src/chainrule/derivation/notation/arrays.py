"""Sums over axes, rearranging, taking entries and putting them back."""

from collections.abc import Sequence

import numpy as np

from chainrule.derivation.notation.products import transposed
from chainrule.derivation.notation.table import call, index_text, writes
from chainrule.document import Call, Expression, Indexed, Product, Sum, Symbol
from chainrule.graph.node import Node

_LETTERS = "ijklmnpqrstuvw"


def axes_summed(axis: int | Sequence[int] | None, ndim: int) -> str:
    """Write the indices that a sum runs over, i for the first axis, j for the second; "" where it takes them all."""
    if axis is None:
        return ""
    axes = sorted(a % ndim for a in ((axis,) if isinstance(axis, int | np.integer) else axis))
    return "" if len(axes) == ndim else ", ".join(_LETTERS[a] for a in axes)


@writes("sum")
def _sum(node: Node, x: Expression, *others: Expression) -> Expression:
    if others:
        return call(node, x, *others)
    return Sum(x, axes_summed(node.parameters.get("axis"), np.ndim(node.values[0])))


@writes("mean")
def _mean(node: Node, x: Expression, *others: Expression) -> Expression:
    if others:
        return call(node, x, *others)
    over = axes_summed(node.parameters.get("axis"), np.ndim(node.values[0]))
    return Call("mean", (x,), (("over", over),) if over else ())


@writes("transpose")
def _transpose(node: Node, x: Expression) -> Expression:
    return transposed(x) if node.parameters["axes"] == (1, 0) else x if np.ndim(node.value) < 2 else call(node, x)


@writes("reshape")
def _reshape(node: Node, x: Expression) -> Expression:
    before, after = np.shape(node.values[0]), np.shape(node.value)
    if [n for n in before if n != 1] == [n for n in after if n != 1]:
        return x  # a column for a vector, a row for a vector: the same numbers in the same order of axes
    return Call("reshape", (x,), (("to", "×".join(str(n) for n in after) or "a number"),))


@writes("broadcast_to")
def _broadcast_to(node: Node, x: Expression) -> Expression:
    # A number, or a row, once for each entry that it stands for: a product with ones.
    return Product((x, Symbol("ones")))


@writes("getitem")
def _getitem(node: Node, x: Expression, *arrays: Expression) -> Expression:
    if arrays:
        return Call("take", (x, *arrays))
    index = node.parameters["index"]
    parts = index if isinstance(index, tuple) else (index,)
    if all(part is None or part is Ellipsis or part == slice(None) for part in parts):
        return x  # only axes of size 1 are added
    return Indexed(x, index_text(index))


@writes("item")
def _item(node: Node, x: Expression) -> Expression:
    return Indexed(x, str(getattr(node.rule, "k", "")))


@writes("scatter")
def _scatter(node: Node, *xs: Expression) -> Expression:
    return Call("put", xs[:1], (("into zeros of", "×".join(map(str, node.parameters.get("shape", ())))),))


@writes("setitem")
def _setitem(node: Node, v: Expression, x: Expression, *arrays: Expression) -> Expression:
    return (
        Call("put", (v, *arrays), (("into", "what was there"),))
        if arrays
        else Call("put", (v,), (("at", index_text(node.parameters["index"])),))
    )


@writes("concatenate", "join")
def _concatenate(node: Node, *xs: Expression) -> Expression:
    return Call("join", xs)


@writes("stack")
def _stack(node: Node, *xs: Expression) -> Expression:
    return Call("stack", xs)


@writes("split", "unstack")
def _split(node: Node, x: Expression) -> Expression:
    return x
