"""The literal form: Jacobians and tensors really formed, and contracted: the paper's general algorithm (IV.3)."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from chainrule.derivation.groups import Group
from chainrule.derivation.pullbacks import Pullback
from chainrule.derivation.steps import Literal, Numbers, Price
from chainrule.differentiation.reverse import pull_back
from chainrule.document import Derivative, Expression, Fraction, Number, Power, Product
from chainrule.document.precedence import operands
from chainrule.errors import InputError
from chainrule.graph.node import Node, whole

LARGEST = 200_000_000
"""Bytes of the largest local derivative that is formed."""

_PRODUCTS = {"matmul", "dot", "inner", "vdot", "vecdot", "matvec", "vecmat", "outer"}
_MULTIPLIES = {"multiply", "divide", "square", "reciprocal", "power", "einsum"}


def local_derivative(node: Node, i: int) -> Numbers | None:
    """Form ∂y/∂x of one primitive by its operand i: an array of y's shape followed by x's; None where there is none."""
    rows = []
    shape = np.shape(node.value)
    for seed in _basis(shape, node.value.dtype):
        of_all = node.rule.pullbacks_of_all
        row = node.rule.pullback(i, seed, node) if of_all is None else of_all(seed, node)[i]
        if row is None:
            return None
        rows.append(np.array(whole(row, node.values[i])))
    return np.reshape(rows, (*shape, *np.shape(node.values[i]))) if rows else None


def derivative_of(group: Group, x: Node) -> Numbers:
    """Form ∂y/∂x of a quantity by one that its formula holds: an array of y's shape followed by x's.

    Raises
    ------
    InputError
        The array would be larger than `LARGEST`.
    """
    y = group.out.value
    shape_y, shape_x = np.shape(y), np.shape(x.value)
    size = math.prod(shape_y) * math.prod(shape_x) * np.dtype(x.value.dtype).itemsize
    if size > LARGEST:
        raise InputError(
            f"the literal form needs a derivative of shape {shape_y} by {shape_x}, {size / 1e9:.2g} GB; "
            f"leave full=True out, or derive at smaller arrays (up to {LARGEST / 1e6:.0f} MB)."
        )
    formed = np.zeros((math.prod(shape_y), *shape_x), x.value.dtype)
    for k, seed in enumerate(_basis(shape_y, y.dtype)):
        arrived = pull_back(reversed(group.members), {group.out: seed}).get(x)
        if arrived is not None:
            formed[k] = whole(arrived, x.value)
    return formed.reshape((*shape_y, *shape_x))


def literal(group: Group, x: Node, cotangent: Numbers, shortcut: Numbers, written: Expression) -> Literal:
    """Form ∂y/∂x, contract it with ∂C/∂y, and hold both the result and the price against the shortcut's.

    Parameters
    ----------
    group : Group
        The quantity y.
    x : Node
        One that its formula holds.
    cotangent : array
        ∂C/∂y.
    shortcut : array
        What the shortcut gives.
    written : Expression
        The shortcut as a formula.
    """
    derivative = derivative_of(group, x)
    # Σ_i ∂C/∂y_i ∂y_i/∂x over all entries i of y (IV.2)
    value = np.tensordot(cotangent, derivative, np.ndim(cotangent))
    scale = max(float(np.max(np.abs(shortcut), initial=0)), np.finfo(np.float64).tiny)
    difference = float(np.max(np.abs(value - shortcut), initial=0)) / scale
    price = Price(derivative.size, derivative.nbytes)
    return Literal(derivative, value, difference, price, shortcut_price(group, x, written))


def shortcut_price(group: Group, x: Node, written: Expression) -> Price:
    """Count what the shortcut takes: the multiplications of the pullbacks, and the bytes that they form on the way."""
    if group.found is not None:  # what was recognised is handed back by a formula of its own, entry by entry
        array = np.asarray(x.value)
        steps = _written_steps(written)
        return Price(steps * array.size, max(steps - 1, 0) * array.nbytes)
    multiplications = size = 0
    for node in group.members:
        for i, operand in enumerate(node.operands):
            if operand is not x or isinstance(node.value, tuple):
                continue
            pullback = Pullback(node, i, np.ones(np.shape(node.value), node.value.dtype))
            for inner in pullback.needed():
                if inner.operands and not isinstance(inner.value, tuple):
                    multiplications += _multiplications(inner)
                    size += np.asarray(inner.value).nbytes
    return Price(multiplications, max(size - np.asarray(x.value).nbytes, 0))


def _written_steps(written: Expression) -> int:
    """Count the products, quotients and powers in a formula; what has a value already is not computed again."""
    match written:
        case Derivative() | Fraction(Number(), Number()):
            return 0
        case Product(factors):
            own = len(factors) - 1
        case Fraction() | Power():
            own = 1
        case _:
            own = 0
    return own + sum(map(_written_steps, operands(written)))


def _multiplications(node: Node) -> int:
    if node.rule.name in _PRODUCTS:
        return math.prod(np.shape(node.value)) * (np.shape(node.values[0])[-1] if np.ndim(node.values[0]) else 1)
    return math.prod(np.shape(node.value)) if node.rule.name in _MULTIPLIES else 0


def _basis(shape: Sequence[int], dtype: Any) -> Any:
    for k in range(math.prod(shape)):
        seed = np.zeros(shape, dtype)
        seed.flat[k] = 1
        yield seed if seed.ndim else seed[()]
