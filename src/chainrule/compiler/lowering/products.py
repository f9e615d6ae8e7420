"""Products of vectors, matrices and tensors: all become batched products of matrices, or maps that are summed."""

import math
from typing import Any

import numpy as np

from chainrule.compiler.lowering.table import Lowered, as_value, lowers
from chainrule.compiler.simplify import Builder
from chainrule.compiler.values import Value
from chainrule.graph.node import Node
from chainrule.rules import products
from chainrule.rules.einsum import EINSUM, _terms


def _operands(builder: Builder, *operands: Any) -> list[Value] | None:
    """Return the operands in their common type, where that is a floating-point one."""
    values = [as_value(builder, x) for x in operands]
    dtype = np.result_type(*(x.dtype for x in values))
    if dtype.name not in ("float32", "float64") or any(x.dtype.kind not in "fb" for x in values):
        return None
    return [builder.cast(x, dtype) for x in values]


@lowers(products.MATMUL)
def _matmul(builder: Builder, node: Node, a: Any, b: Any) -> Lowered:
    if node.parameters or (pair := _operands(builder, a, b)) is None:
        return None
    left, right = pair
    x = builder.reshape(left, (1, *left.shape)) if len(left.shape) == 1 else left
    y = builder.reshape(right, (*right.shape, 1)) if len(right.shape) == 1 else right
    batch = np.broadcast_shapes(x.shape[:-2], y.shape[:-2])
    if y.shape[:-2] == () and batch:  # many rows, one matrix: one product
        rows = builder.reshape(x, (math.prod(x.shape[:-1]), x.shape[-1]))
        result = builder.dot(rows, y)
    else:
        result = builder.dot(
            builder.broadcast(x, (*batch, *x.shape[-2:])), builder.broadcast(y, (*batch, *y.shape[-2:]))
        )
    return builder.reshape(result, node.value.shape)


def _contracted(builder: Builder, a: Value, b: Value, axes: tuple[Any, Any]) -> Value:
    """Sum over pairs of axes; the others of a come first, then those of b."""
    from_a, from_b = ([int(i) % len(x.shape) for i in side] for x, side in zip((a, b), axes, strict=True))
    kept_a = [i for i in range(len(a.shape)) if i not in from_a]
    kept_b = [i for i in range(len(b.shape)) if i not in from_b]
    shape = (*(a.shape[i] for i in kept_a), *(b.shape[i] for i in kept_b))
    k = math.prod(a.shape[i] for i in from_a)
    left = builder.reshape(builder.permute(a, (*kept_a, *from_a)), (math.prod(a.shape[i] for i in kept_a), k))
    right = builder.reshape(builder.permute(b, (*from_b, *kept_b)), (k, math.prod(b.shape[i] for i in kept_b)))
    return builder.reshape(builder.dot(left, right), shape)


@lowers(products.TENSORDOT)
def _tensordot(builder: Builder, node: Node, a: Any, b: Any) -> Lowered:
    pair = _operands(builder, a, b)
    if pair is None:
        return None
    axes = node.parameters["axes"]
    if isinstance(axes, int):
        axes = (tuple(range(len(pair[0].shape) - axes, len(pair[0].shape))), tuple(range(axes)))
    sides = tuple((side,) if isinstance(side, int) else tuple(side) for side in axes)
    return _contracted(builder, pair[0], pair[1], (sides[0], sides[1]))


@lowers(products.DOT)
def _dot(builder: Builder, node: Node, a: Any, b: Any) -> Lowered:
    pair = _operands(builder, a, b)
    if pair is None or () in (pair[0].shape, pair[1].shape):
        return None
    return _contracted(builder, pair[0], pair[1], ((-1,), (max(len(pair[1].shape) - 2, 0),)))


@lowers(products.INNER)
def _inner(builder: Builder, node: Node, a: Any, b: Any) -> Lowered:
    pair = _operands(builder, a, b)
    if pair is None or () in (pair[0].shape, pair[1].shape):
        return None
    return _contracted(builder, pair[0], pair[1], ((-1,), (-1,)))


@lowers(EINSUM)
def _einsum(builder: Builder, node: Node, *operands: Any) -> Lowered:
    values = _operands(builder, *operands)
    if values is None:
        return None
    terms, output = _terms(node.parameters["subscripts"], tuple(len(x.shape) for x in values))
    if any(len(set(term)) != len(term) for term in terms) or len(set(output)) != len(output):
        return None  # a diagonal
    size: dict[str, int] = {}
    for term, x in zip(terms, values, strict=True):
        for letter, n in zip(term, x.shape, strict=True):
            size[letter] = max(n, size.get(letter, 0)) if n else 0
    if any(x.shape != tuple(size[letter] for letter in term) for term, x in zip(terms, values, strict=True)):
        return None  # axes of size 1 that are repeated
    parts = list(zip(terms, values, strict=True))
    while len(parts) > 2:
        left, right = parts.pop(0), parts.pop(0)
        needed = set(output).union(*(term for term, _ in parts))
        term = "".join(x for x in dict.fromkeys(left[0] + right[0]) if x in needed)
        parts.insert(0, (term, _pair(builder, left, right, term, size)))
    if len(parts) == 2:
        return _pair(builder, parts[0], parts[1], output, size)
    ((term, x),) = parts
    summed = builder.reduce("add", x, tuple(i for i, letter in enumerate(term) if letter not in output))
    left_over = [letter for letter in term if letter in output]
    return builder.permute(summed, tuple(left_over.index(letter) for letter in output))


def _pair(
    builder: Builder, left: tuple[str, Value], right: tuple[str, Value], output: str, size: dict[str, int]
) -> Value:
    """Multiply two tensors: letters of both and of the result are batch axes, letters of both alone are summed."""
    (s, a), (t, b) = _alone(builder, left, right[0] + output), _alone(builder, right, left[0] + output)
    batch = [x for x in output if x in s and x in t]
    m, n = [x for x in s if x not in t], [x for x in t if x not in s]
    k = [x for x in s if x in t and x not in output]

    def matrix(term: str, x: Value, rows: list[str], columns: list[str]) -> Value:
        ordered = builder.permute(x, tuple(term.index(letter) for letter in (*batch, *rows, *columns)))
        sizes = [math.prod(size[letter] for letter in letters) for letters in (rows, columns)]
        return builder.reshape(ordered, (*(size[letter] for letter in batch), *sizes))

    if not k and (not m or not n):  # nothing is summed: a product entry by entry
        letters = [*batch, *m, *n]
        x, y = (_spread_over(builder, letters, term, v) for term, v in ((s, a), (t, b)))
        result = builder.map("multiply", x, y, dtype=a.dtype)
    else:
        result = builder.dot(matrix(s, a, m, k), matrix(t, b, k, n))
        letters = [*batch, *m, *n]
        result = builder.reshape(result, tuple(size[letter] for letter in letters))
    return builder.permute(result, tuple(letters.index(letter) for letter in output))


def _alone(builder: Builder, part: tuple[str, Value], elsewhere: str) -> tuple[str, Value]:
    """Sum an operand over the letters that it alone has."""
    term, x = part
    axes = tuple(i for i, letter in enumerate(term) if letter not in elsewhere)
    return "".join(letter for letter in term if letter in elsewhere), builder.reduce("add", x, axes)


def _spread_over(builder: Builder, letters: list[str], term: str, x: Value) -> Value:
    ordered = [letter for letter in letters if letter in term]
    y = builder.permute(x, tuple(term.index(letter) for letter in ordered))
    sizes = dict(zip(ordered, y.shape, strict=True))
    return builder.reshape(y, tuple(sizes.get(letter, 1) for letter in letters))
