"""Patterns that one step computes as well as several: products added to an array, pieces added into their place."""

import math

from chainrule.compiler.simplify import Builder, _number
from chainrule.compiler.values import Value, in_order, uses


def fold(builder: Builder, outputs: list[Value]) -> list[Value]:
    """Rewrite values bottom-up where a pattern fits."""
    order = in_order(outputs)
    counts = uses(order, outputs)
    new: dict[Value, Value] = {}
    for value in order:
        operands = tuple(new[x] for x in value.operands)
        counts.update({new[x]: counts[x] for x in value.operands})
        again = value if operands == value.operands else rebuilt(builder, value, operands)
        new[value] = _folded(builder, again, counts) or again
        counts[new[value]] = counts.get(value, 0)
    return [new[x] for x in outputs]


def rebuilt(builder: Builder, value: Value, operands: tuple[Value, ...]) -> Value:
    """Return the same kind of value of other operands."""
    if value.kind in ("call", "loop"):
        return Value(value.kind, operands, value.shape, value.dtype, value.detail)
    return builder.make(value.kind, operands, value.shape, value.dtype, value.detail)


def _folded(builder: Builder, value: Value, counts: dict[Value, int]) -> Value | None:
    if value.kind == "permute" and len(value.shape) == 2 and value.operands[0].kind == "dot":
        (product,) = value.operands
        if len(product.operands) == 2 and counts.get(product) == 1:
            a, b = product.operands
            return builder.dot(builder.permute(b, (1, 0)), builder.permute(a, (1, 0)), None, product.detail[0])
    if value.kind != "map" or value.detail[0] not in ("add", "subtract", "multiply") or value.dtype.kind != "f":
        return None
    (function,), (x, y) = value.detail, value.operands
    if function == "multiply":
        return _scaled(builder, x, y, counts) or _scaled(builder, y, x, counts)
    if function == "add":
        return (
            _added(builder, x, y, 1.0, counts)
            or _added(builder, y, x, 1.0, counts)
            or _placed(builder, x, y, counts)
            or _placed(builder, y, x, counts)
        )
    return _added(builder, x, y, -1.0, counts)


def _scaled(builder: Builder, number: Value, product: Value, counts: dict[Value, int]) -> Value | None:
    """Take a factor into a product of matrices: into its alpha, or into an operand that is smaller than the product."""
    if product.kind != "dot" or len(product.operands) != 2 or counts.get(product) != 1:
        return None
    a, b = product.operands
    alpha = _number(number)
    if alpha is not None:
        return builder.dot(a, b, None, alpha * product.detail[0]) if number.shape in ((), product.shape) else None
    if math.prod(number.shape) != 1 or len(number.shape) > len(product.shape):
        return None
    size, of_a, of_b = (math.prod(x.shape) for x in (product, a, b))
    if size <= min(of_a, of_b):
        return None
    a, b = (_times(builder, number, a), b) if of_a < of_b else (a, _times(builder, number, b))
    return builder.dot(a, b, None, product.detail[0])


def _times(builder: Builder, number: Value, x: Value) -> Value:
    """Multiply a matrix by a number, as it lies: transposed, it is transposed afterwards."""
    if x.kind == "permute":
        return builder.permute(_times(builder, number, x.operands[0]), x.detail[0])
    return builder.map("multiply", builder.reshape(number, ()), x, dtype=x.dtype)


def _added(builder: Builder, c: Value, product: Value, sign: float, counts: dict[Value, int]) -> Value | None:
    """Add a product of matrices onto an array: C + alpha A B."""
    if product.kind != "dot" or len(product.operands) != 2 or counts.get(product) != 1 or c.shape != product.shape:
        return None
    a, b = product.operands
    return builder.dot(a, b, c, sign * product.detail[0])


def _placed(builder: Builder, piece: Value, rest: Value, counts: dict[Value, int]) -> Value | None:
    """Add a piece among zeros into its place in an array, rather than the zeros too."""
    if piece.kind != "write" or counts.get(piece) != 1 or piece.detail[2] or piece.shape != rest.shape:
        return None
    zeros, v = piece.operands
    if _number(zeros) != 0:
        return None
    starts, steps, _ = piece.detail
    return builder.write(rest, v, starts, steps, onto=True)
