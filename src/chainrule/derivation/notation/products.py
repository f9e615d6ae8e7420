"""Products of matrices and vectors, solutions, determinants, norms."""

import numpy as np

from chainrule.derivation.notation.table import call, writes
from chainrule.document import Call, Expression, Norm, Number, Power, Product, Total, Transposed
from chainrule.graph.node import Node


def transposed(x: Expression) -> Expression:
    """Write xᵀ, and (xᵀ)ᵀ as x."""
    return x.of if isinstance(x, Transposed) else Transposed(x)


def side_by_side(*factors: Expression) -> Expression:
    """Write a matrix product, its factors in one row; −1 times it is a minus before it."""
    flat = [f for x in factors for f in (x.factors if isinstance(x, Product) and x.sign == "" else (x,))]
    if isinstance(flat[0], Total) and len(flat[0].terms) == 1 and flat[0].minus[0]:
        return Total((Product((flat[0].terms[0], *flat[1:])),), (True,))
    return Product(tuple(flat))


@writes("matmul", "dot")
def _matmul(node: Node, x: Expression, y: Expression) -> Expression:
    ranks = tuple(np.ndim(value) for value in node.values)
    if 0 in ranks:
        return side_by_side(x, y)
    if ranks[0] == 1:
        return side_by_side(transposed(x), y)
    return side_by_side(x, y)


@writes("inner", "vdot", "vecdot")
def _inner(node: Node, x: Expression, y: Expression) -> Expression:
    if all(np.ndim(value) == 1 for value in node.values):
        return side_by_side(transposed(x), y)
    return call(node, x, y)


@writes("matvec")
def _matvec(node: Node, A: Expression, x: Expression) -> Expression:
    return side_by_side(A, x)


@writes("vecmat")
def _vecmat(node: Node, x: Expression, A: Expression) -> Expression:
    return side_by_side(transposed(x), A)


@writes("multi_dot")
def _multi_dot(node: Node, *factors: Expression) -> Expression:
    return side_by_side(*factors)


@writes("cross")
def _cross(node: Node, x: Expression, y: Expression, *_: Expression) -> Expression:
    return Product((x, y), "×")


@writes("inv", "inverse")
def _inv(node: Node, A: Expression) -> Expression:
    return Power(A, Number(-1))


@writes("solve", "quotient")
def _solve(node: Node, A: Expression, b: Expression) -> Expression:
    return side_by_side(Power(A, Number(-1)), b)


@writes("det")
def _det(node: Node, A: Expression) -> Expression:
    return Call("det", (A,))


@writes("norm")
def _norm(node: Node, x: Expression, *others: Expression) -> Expression:
    order = node.parameters.get("ord")
    axis = node.parameters.get("axis")
    if others or (axis is not None and np.ndim(node.value)):
        return call(node, x, *others)
    return Norm(x, "" if order is None else "∞" if order == np.inf else str(order))
